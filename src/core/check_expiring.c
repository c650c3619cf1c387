/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the validity period end soon?  Both ends belong to it, so that in its last second a certificate has one second
 * left.  What is not valid now is said by other checks.
 */
#include "core/check_names.h"

#include "core/check_shown.h"
#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->renew_before.kind != RENEW_NEVER;
}

static bool is_near(const struct policy *p, const struct facts *f, int64_t now_utc)
{
    switch (p->renew_before.kind) {
    case RENEW_NEVER:
        break;
    case RENEW_SECONDS:
        return f->not_after_utc - now_utc <= p->renew_before.value;
    case RENEW_PERCENT: /* ten thousand years in seconds, times a hundred, are far from what the type holds */
        return (f->not_after_utc - now_utc + 1) * 100 <
               (f->not_after_utc - f->not_before_utc + 1) * p->renew_before.value;
    }
    return false;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    const struct facts *f = in->facts;
    if (!f->readable || in->now_utc < f->not_before_utc || in->now_utc > f->not_after_utc) {
        out->answer = ANSWER_NOT_APPLICABLE;
    } else if (is_near(in->policy, f, in->now_utc)) {
        out->answer = ANSWER_VIOLATES;
        out->detail = arena_format(a, "notAfter %.*s", SLICE_ARGS(shown_time(a, f->not_after_utc)));
    }
}

static struct slice wanted(struct arena *a, const struct policy *p)
{
    if (p->renew_before.kind == RENEW_PERCENT)
        return arena_format(a, "with less than %d per cent of its life left", (int)p->renew_before.value);
    return arena_format(a, "%.*s before that", SLICE_ARGS(shown_duration(a, p->renew_before.value)));
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    const struct facts *f = in->facts;
    return arena_format(
        a, "notBefore %.*s, %.*s; policy wants it renewed %.*s", SLICE_ARGS(shown_time(a, f->not_before_utc)),
        SLICE_ARGS(names_times_shown(a, "notAfter", f->not_after_utc, in->now_utc)), SLICE_ARGS(wanted(a, in->policy)));
}

const struct check check_expiring = {
    .id = CHECK_EXPIRING,
    .name = "expiring",
    .title = "the validity period ends soon",
    .severity = SEVERITY_NOTICE,
    .citation = "RFC 5280 section 4.1.2.5",
    .fix = "renew the certificate before its notAfter; for short lives, have policy state a per cent and no days",
    .policy_attributes = ATTR_RENEW_BEFORE,
    .hidden_by = CHECK_BIT(CHECK_EXPIRED),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
