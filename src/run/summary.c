/* SPDX-License-Identifier: Apache-2.0 */
#include "run/summary.h"

#include "base/arena.h"
#include "base/gentime.h"

/* "name:number" after a comma, unless there is none. */
static struct slice add(struct arena *a, struct slice list, const char *name, size_t count)
{
    return count ? arena_format(a, "%.*s%s%s:%zu", SLICE_ARGS(list), list.n ? "," : "", name, count) : list;
}

static struct slice or_none(struct slice list)
{
    return list.n ? list : SLICE_LITERAL("-");
}

static struct slice findings_of(struct arena *a, const struct policy_survey *s)
{
    struct slice list = {NULL, 0};
    for (unsigned i = 0; i < CHECK_COUNT; i++)
        list = add(a, list, check_get((enum check_id)i)->name, s->findings[i]);
    return or_none(list);
}

static struct slice requests_of(struct arena *a, const struct policy_survey *s)
{
    struct slice list = {NULL, 0};
    for (unsigned state = 0; state < STATE_COUNT; state++) {
        size_t count = 0;
        for (unsigned type = 0; type < REQUEST_TYPES; type++)
            count += s->requests[type][state];
        list = add(a, list, state_name((enum state)state), count);
    }
    return or_none(list);
}

static void summarise(struct log *log, struct arena *a, const struct policy_survey *s)
{
    struct log_field fields[10];
    size_t n = 0;
    fields[n++] = log_dn("policy", s->policy_dn);
    fields[n++] = log_text("mode", mode_name(s->mode));
    if (s->complete) {
        fields[n++] = log_uint("subjects", s->subjects);
        fields[n++] = log_uint("with-certificate", s->with_certificate);
        fields[n++] = log_uint("compliant", s->compliant);
        fields[n++] = log_slice("findings", findings_of(a, s));
        fields[n++] = log_uint("waived", s->waived);
    }
    fields[n++] = log_slice("requests", requests_of(a, s));
    fields[n++] = s->oldest_open_utc ? log_time("oldest-open", s->oldest_open_utc) : log_text("oldest-open", "-");
    fields[n++] = log_slice("holds", or_none(s->holds));
    log_event(log, EVENT_SUMMARY, fields, n);
}

void summary_log(struct log *log, const struct survey *survey)
{
    struct arena a = {0};
    for (size_t i = 0; i < survey->policy_count; i++)
        summarise(log, &a, &survey->policies[i]);
    arena_free(&a);
}
