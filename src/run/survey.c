/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of a pass, once it has ended. */
#include "run/pass_private.h"

#include "base/dn.h"

bool survey_is_open(enum state s)
{
    return s != STATE_NONE && !state_in(s, STATES_FINAL);
}

void survey_note_open(struct policy_survey *s, enum state state, int64_t opened_utc)
{
    if (survey_is_open(state) && (s->oldest_open_utc == 0 || opened_utc < s->oldest_open_utc))
        s->oldest_open_utc = opened_utc;
}

static bool is_unverified(const struct record *d)
{
    return d->type == REQUEST_REVOKE && d->state == STATE_SUBMITTED &&
           slice_starts(d->message, SLICE_LITERAL(LIFECYCLE_UNVERIFIED));
}

record_list survey_requests(struct pass *p)
{
    record_list after = {0};
    bool *replaced = ARENA_ARRAY(p->arena, p->request_count, bool);
    for (size_t i = 0; p->written && i < p->plan.count; i++) {
        const struct operation *o = &p->plan.operations[i];
        if (!p->written[i])
            continue;
        if (o->existing)
            replaced[o->existing - p->requests] = true;
        if (o->verb != VERB_PURGE)
            *LIST_ADD(p->arena, &after) = &o->record;
    }
    for (size_t i = 0; i < p->request_count; i++)
        if (!replaced[i] && !p->requests[i].request.foreign)
            *LIST_ADD(p->arena, &after) = &p->requests[i].request.record;
    return after;
}

/* Those of which nothing was read in full. */
static void count_besides(struct pass *p, struct policy_survey *s, size_t policy)
{
    for (size_t i = 0; i < p->index.count; i++) {
        const struct request_mark *m = marks_at(&p->index, i);
        if (!requests_counts_besides(m) || m->policy != policy)
            continue;
        s->requests[m->flags & MARK_REVOKE ? REQUEST_REVOKE : REQUEST_REISSUE][m->state]++;
        survey_note_open(s, (enum state)m->state, m->opened_utc);
    }
}

static void count_requests(struct policy_survey *s, const record_list *records)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct record *d = records->items[i];
        if (!slice_eq_nocase(d->basis.policy_dn, s->policy_dn))
            continue;
        s->requests[d->type][d->state]++;
        s->unverified += is_unverified(d);
        survey_note_open(s, d->state, d->opened_utc);
    }
}

size_t survey_unverified(struct pass *p, const struct policy *policy)
{
    record_list records = survey_requests(p);
    struct policy_survey s = {.policy_dn = policy->dn};
    count_requests(&s, &records);
    return s.unverified;
}

size_t survey_open_requests(const struct policy_survey *s)
{
    size_t n = 0;
    for (unsigned type = 0; type < REQUEST_TYPES; type++)
        for (unsigned state = 0; state < STATE_COUNT; state++)
            n += survey_is_open((enum state)state) ? s->requests[type][state] : 0;
    return n;
}

static const char *result_of(const struct pass *p, size_t i)
{
    const struct governed *g = &p->governed[i];
    if (g->policy->disabled)
        return "disabled";
    if (g->suspended)
        return "suspended";
    if (g->policy->mode == MODE_OFF)
        return "off";
    if (!p->policies[i].complete || g->failed)
        return "incomplete";
    if (p->holds && p->holds[i] != HOLD_NOTHING)
        return "held";
    return g->blind || waivers_hold_all(p) ? "incomplete" : p->paused ? "paused" : "complete";
}

static struct slice holds_of(struct pass *p, const struct policy *policy)
{
    struct slice list = {NULL, 0};
    for (size_t i = 0; i < p->held.count; i++)
        if (p->held.items[i].policy == policy)
            list = arena_format(p->arena, "%.*s%s%s", SLICE_ARGS(list), list.n ? "," : "",
                                guard_name(p->held.items[i].guard));
    return list;
}

/* A policy that does not parse may have no name of its own. */
static struct slice name_of(const struct policy *policy)
{
    struct slice rdn = dn_first_rdn(policy->dn), attribute;
    if (policy->name.n || !slice_split(&rdn, '=', &attribute))
        return policy->name;
    return rdn;
}

static void survey_policy(struct pass *p, size_t i, const record_list *records, struct policy_survey *s)
{
    const struct governed *g = &p->governed[i];
    const struct policy_pass *seen = &p->policies[i];
    *s = (struct policy_survey){.policy_dn = g->policy->dn,
                                .name = name_of(g->policy),
                                .revision = g->policy->revision,
                                .mode = g->policy->mode,
                                .complete = seen->complete && !g->blind,
                                .result = result_of(p, i),
                                .subjects = seen->subjects,
                                .with_certificate = seen->with_certificate,
                                .compliant = g->tally.compliant,
                                .undecided = g->undecided,
                                .waived = g->tally.waived,
                                .holds = holds_of(p, g->policy)};
    memcpy(s->findings, g->tally.findings, sizeof s->findings);
    count_requests(s, records);
    count_besides(p, s, i);
}

struct survey survey_take(struct pass *p, const char *result, int64_t duration_ms)
{
    struct survey s = {
        .result = result, .begun_utc = p->now_utc, .duration_ms = duration_ms, .entries = p->progress.entries};
    for (size_t i = 0; p->written && i < p->plan.count; i++)
        s.wrote |= p->written[i];
    if (p->interrupted)
        return s;
    record_list records = survey_requests(p);
    for (size_t i = 0; i < records.count; i++)
        s.requests_open += survey_is_open(records.items[i]->state);
    for (size_t i = 0; i < p->index.count; i++) {
        const struct request_mark *m = marks_at(&p->index, i);
        s.requests_open += requests_counts_besides(m) && survey_is_open((enum state)m->state);
    }
    struct policy_survey *policies = ARENA_ARRAY(p->arena, p->policy_count, struct policy_survey);
    for (size_t i = 0; i < p->policy_count; i++)
        survey_policy(p, i, &records, &policies[i]);
    s.policies = policies;
    s.policy_count = p->policy_count;
    return s;
}
