/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look: the rooms of a pass in their order, at a few subjects alone.  What can't be known of them without all others
 * is left to a full pass, which is asked for.
 */
#include "run/past_private.h"

#include "core/schema.h"

#include <stdlib.h>

enum {
    IDS_IN_FILTER = 100,
    ROUNDS = 3, /* a revocation leads to its subject, which may lead to another one */
};

size_t look_parts(const struct pass *p)
{
    return p->look ? p->look->filter_count : 1;
}

/* The ids come last: a server that goes from left to right need not compare all of them where the rest is not true. */
struct slice look_narrow(struct pass *p, size_t part, struct slice filter)
{
    if (!p->look)
        return filter;
    return arena_format(p->arena, "(&%.*s%.*s)", SLICE_ARGS(filter), SLICE_ARGS(p->look->filters[part]));
}

bool look_is_about(const struct pass *p, struct slice subject_id)
{
    return id_set_has(&p->look->subjects, subject_id);
}

void look_note_certificates(struct pass *p, struct subject *s)
{
    if (!p->look || !p->settings->past->now.has_revocations)
        return;
    for (size_t i = 0; i < s->certificate_count; i++) {
        certificate_hash(&s->certificates[i]);
        *LIST_ADD(p->arena, &p->look->shown) = s->certificates[i].digest;
    }
}

void look_escalate(struct pass *p, enum escalation why)
{
    if (p->look->escalation == ESCALATION_NONE)
        p->look->escalation = why;
    p->settings->past->escalated |= 1u << why;
}

/* Whom it is about. */

/* True when somebody came who was not there. */
static bool add_subjects(struct pass *p, const struct slice *ids, size_t count)
{
    struct id_set *all = &p->look->subjects;
    struct slice *joined = ARENA_ARRAY(p->arena, all->count + count, struct slice);
    size_t n = all->count, kept = 0;
    if (n)
        memcpy(joined, all->ids, n * sizeof *joined);
    for (size_t i = 0; i < count; i++)
        if (ids[i].n)
            joined[n++] = ids[i];
    if (n)
        qsort(joined, n, sizeof *joined, slice_order);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !slice_eq(joined[i], joined[kept - 1]))
            joined[kept++] = joined[i];
    bool grown = kept > all->count;
    *all = (struct id_set){joined, kept};
    return grown;
}

/* "(|" and all of them and ")". */
static struct slice any_of(struct arena *a, const struct slice *parts, size_t count)
{
    size_t total = 3;
    for (size_t i = 0; i < count; i++)
        total += parts[i].n;
    uint8_t *text = arena_alloc(a, total + 1), *end = text;
    *end++ = '(';
    *end++ = '|';
    for (size_t i = 0; i < count; end += parts[i++].n)
        memcpy(end, parts[i].p, parts[i].n);
    *end = ')';
    return slice_make(text, total);
}

void look_make_filters(struct pass *p)
{
    struct looking *l = p->look;
    struct slice parts[IDS_IN_FILTER];
    size_t n = 0;
    l->filters = ARENA_ARRAY(p->arena, l->subjects.count / IDS_IN_FILTER + 1, struct slice);
    l->filter_count = 0;
    for (size_t i = 0; i < l->subjects.count; i++) {
        struct slice one = pass_id_filter(p, l->subjects.ids[i]);
        if (one.n)
            parts[n++] = one;
        if (n == IDS_IN_FILTER || (n && i + 1 == l->subjects.count)) {
            l->filters[l->filter_count++] = any_of(p->arena, parts, n);
            n = 0;
        }
    }
}

/* Those that requests at hand are about, and who published a certificate that is to be revoked. */
static bool add_subjects_of_requests(struct pass *p)
{
    id_list ids = {0};
    for (size_t i = 0; i < p->request_count; i++) {
        const struct plan_request *q = &p->requests[i];
        if (q->request.foreign)
            continue;
        *LIST_ADD(p->arena, &ids) = q->request.record.subject_id;
        for (size_t k = 0; q->request.record.type == REQUEST_REVOKE && k < q->stored_count; k++)
            past_recall_subjects(p, &q->stored[k].digest, &ids);
    }
    return add_subjects(p, ids.items, ids.count);
}

static struct slice filter_of_request(struct pass *p, struct slice id)
{
    return arena_format(p->arena, "(" ATTR_REQUEST_ID "=%.*s)", SLICE_ARGS(filter_escape(p->arena, id)));
}

static bool was_purged(const struct past *past, struct slice id)
{
    struct digest d;
    bool found = false;
    if (!digest_from_hex(id, &d))
        return true; /* no request of ours */
    for (size_t i = 0; i < past->now.purged.count && !found; i++)
        found = digest_eq(&past->now.purged.items[i], &d);
    return found;
}

/* Somebody edited what says whom or what it is about: only who sees everybody can put that right. */
static bool is_mistaken(struct pass *p, const struct plan_request *q)
{
    const struct record *d = &q->request.record;
    if (q->request.foreign)
        return false; /* none of ours: it stays as it is */
    if (d->type == REQUEST_REISSUE)
        return !slice_eq(d->id, request_id_of_reissue(p->arena, d->subject_id));
    return q->stored_count != 1 || !slice_eq(d->id, request_id_of_revoke(p->arena, &q->stored[0].digest));
}

/* The requests that changed, and whom they are about.  Of one that somebody deleted nobody knows whom it was about. */
static bool read_given(struct pass *p)
{
    const struct focus *f = p->settings->focus;
    struct slice *filters = ARENA_ARRAY(p->arena, f->request_count, struct slice);
    for (size_t i = 0; i < f->request_count; i++)
        filters[i] = filter_of_request(p, f->requests[i]);
    if (f->request_count && !requests_fetch(p, filters, f->request_count))
        return false;
    for (size_t i = 0; i < f->request_count; i++)
        if (!pass_find_request(p, f->requests[i]) && !was_purged(p->settings->past, f->requests[i]))
            look_escalate(p, ESCALATION_REQUEST);
    for (size_t i = 0; i < p->request_count; i++)
        if (is_mistaken(p, &p->requests[i]))
            look_escalate(p, ESCALATION_REQUEST);
    add_subjects(p, f->subjects, f->subject_count);
    add_subjects_of_requests(p);
    return true;
}

/* Requests about the subjects. */
static bool read_theirs(struct pass *p)
{
    const struct id_set *all = &p->look->subjects;
    bool revocations = p->settings->past->now.has_revocations;
    struct slice *filters = ARENA_ARRAY(p->arena, 2 * all->count, struct slice);
    size_t n = 0;
    for (size_t i = 0; i < all->count; i++) {
        filters[n++] = filter_of_request(p, request_id_of_reissue(p->arena, all->ids[i]));
        if (revocations)
            filters[n++] =
                arena_format(p->arena, "(" ATTR_SUBJECT_ID "=%.*s)", SLICE_ARGS(filter_escape(p->arena, all->ids[i])));
    }
    return n == 0 || requests_fetch(p, filters, n);
}

/* Revocations of what subjects show, and of what their reissues hold. */
static bool read_revocations(struct pass *p)
{
    struct looking *l = p->look;
    LIST_OF(struct slice) filters = {0};
    if (!p->settings->past->now.has_revocations)
        return true;
    for (size_t i = 0; i < l->subjects.count; i++)
        past_recall_certificates(p, l->subjects.ids[i]);
    for (size_t i = 0; i < p->request_count; i++)
        for (size_t k = 0; k < p->requests[i].stored_count; k++)
            *LIST_ADD(p->arena, &l->shown) = p->requests[i].stored[k].digest;
    l->shown.count = sort_digests(l->shown.items, l->shown.count);
    for (size_t i = 0; i < l->shown.count; i++) {
        struct slice id = request_id_of_revoke(p->arena, &l->shown.items[i]);
        if (!pass_find_request(p, id))
            *LIST_ADD(p->arena, &filters) = filter_of_request(p, id);
    }
    return filters.count == 0 || requests_fetch(p, filters.items, filters.count);
}

/* Is everything as the full pass saw it? */

static bool is_time_trusted(struct pass *p)
{
    const struct past *past = p->settings->past;
    int64_t jump = (p->now_utc - past->wall_utc) - (p->steady_s - past->steady_s);
    bool due = past->now.deadlines.horizon_utc && past->now.deadlines.horizon_utc <= p->now_utc;
    if (jump <= PAST_JUMP_S && jump >= -PAST_JUMP_S && !due)
        return true;
    look_escalate(p, ESCALATION_TIME);
    return false;
}

static bool is_policy_known(struct pass *p)
{
    const struct past *past = p->settings->past;
    struct digest waivers = waivers_print(p);
    bool same =
        p->policy_count == past->policy_count && digest_eq(&waivers, &past->waivers) && p->paused == past->paused;
    for (size_t i = 0; same && i < p->policy_count; i++) {
        struct digest print = past_print_of(p, i);
        same = digest_eq(&print, &past->policies[i].print);
    }
    if (!same)
        look_escalate(p, ESCALATION_POLICY);
    return same;
}

static void take_over(struct pass *p)
{
    const struct past *past = p->settings->past;
    for (size_t i = 0; i < p->policy_count; i++) {
        p->governed[i].bases = past->policies[i].bases;
        p->governed[i].reachable = past->policies[i].reachable;
        p->governed[i].blind = past->policies[i].blind;
    }
}

/*
 * A policy whose searches did not end whole in the full pass has no looks either.  What changed may be a subject of it,
 * so another full pass is asked for.
 */
static void leave_incomplete(struct pass *p)
{
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct governed *g = &p->governed[i];
        bool judged = !g->policy->disabled && g->policy->mode != MODE_OFF && !g->suspended;
        if (p->settings->past->policies[i].complete)
            continue;
        p->policies[i].complete = false;
        if (judged)
            look_escalate(p, ESCALATION_NO_PAST);
    }
}

/* *seen: whom the last round was about; others may have been added since. */
static bool see_in_rounds(struct pass *p, struct id_set *seen)
{
    for (int round = 0; round < ROUNDS; round++) {
        look_make_filters(p);
        *seen = p->look->subjects;
        p->look->sights.count = 0;
        governance_resolve(p);
        leave_incomplete(p);
        waivers_resolve(p);
        if (round == 0)
            authority_read_all(p);
        crossing_survey(p);
        pass_see_subjects(p);
        size_t before = p->request_count;
        if (!pass_goes_on(p) || (round == 0 && !look_below_unseen(p)) || !read_revocations(p))
            return false;
        bool grown = add_subjects_of_requests(p);
        if (!grown && p->request_count == before)
            return true;
        if (grown && !read_theirs(p))
            return false;
    }
    look_escalate(p, ESCALATION_REVOCATION);
    return true;
}

/* Of whom nobody has looked at nothing is concluded, nor told that a finding has ended. */
static bool see(struct pass *p)
{
    struct id_set seen = {0};
    bool whole = see_in_rounds(p, &seen);
    p->look->subjects = seen;
    if (whole)
        pace_note_leaving(p);
    return whole;
}

/* The plan, under the guards of a full pass. */

/* How many subjects a full pass would most likely see, at least. */
static struct policy_pass *estimates(struct pass *p)
{
    const struct past *past = p->settings->past;
    struct policy_pass *all = ARENA_ARRAY(p->arena, p->policy_count, struct policy_pass);
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct figures *f = &past->policies[i].figures;
        size_t gone = p->settings->focus->gone_count, left = pace_left(p, &past->policies[i]);
        gone = gone > left ? gone : left; /* who was deleted was not seen either */
        all[i] = p->policies[i];
        all[i].subjects = f->subjects > gone ? f->subjects - gone : 0;
        gone += past->policies[i].bare.count;
        all[i].with_certificate = f->with_certificate > gone ? f->with_certificate - gone : 0;
    }
    return all;
}

static void judge_guards(struct pass *p, const struct plan_input *in, enum hold_scope *scopes)
{
    const struct past *past = p->settings->past;
    struct plan_input seen = *in;
    struct figures *last = ARENA_ARRAY(p->arena, p->policy_count, struct figures);
    hold_list holds = {0};
    seen.policies = estimates(p);
    for (size_t i = 0; i < p->policy_count; i++)
        last[i] = past->policies[i].figures;
    struct guard_input guard = {.seen = &seen,
                                .plan = &p->plan,
                                .last = last,
                                .last_count = p->policy_count,
                                .recent_besides = past_recent_besides(p),
                                .withdrawn_before = pace_withdrawn(p)};
    guard_judge(p->arena, &guard, &holds, scopes);
    for (size_t i = 0; i < p->policy_count; i++) {
        if (past->policies[i].hold > scopes[i])
            scopes[i] = past->policies[i].hold;
        if (past->policies[i].blind)
            scopes[i] = HOLD_EVERYTHING; /* there are no figures to compare with */
    }
}

/* Would that guard stop something of this plan? */
static bool is_stopped(const struct pass *p, size_t policy, enum hold_scope scope)
{
    bool stopped = false;
    for (size_t i = 0; i < p->plan.count; i++) {
        const struct operation *o = &p->plan.operations[i];
        if (o->policy == p->policies[policy].policy)
            stopped |= scope == HOLD_EVERYTHING || (scope == HOLD_OPENING && o->opens);
    }
    return stopped;
}

static void hold_revocations(struct pass *p)
{
    for (size_t i = 0; i < p->plan.count; i++)
        if (p->plan.operations[i].record.type == REQUEST_REVOKE) {
            p->plan.operations[i].held = true;
            look_escalate(p, ESCALATION_REVOCATION);
        }
}

static void plan_look(struct pass *p)
{
    struct plan_input in = pass_input(p, false);
    bool held = false;
    p->plan = plan_build(p->arena, &in);
    if (evidence_of_changes(p, &p->plan)) {
        look_escalate(p, ESCALATION_POLICY);
        p->plan = plan_build(p->arena, &in);
    }
    p->holds = ARENA_ARRAY(p->arena, p->policy_count, enum hold_scope);
    if (p->plan.count == 0)
        return;
    judge_guards(p, &in, p->holds);
    for (size_t i = 0; i < p->policy_count; i++) {
        bool stopped = is_stopped(p, i, p->holds[i]);
        p->settings->past->policies[i].guarded |= stopped;
        p->holds[i] = stopped ? HOLD_EVERYTHING : p->holds[i]; /* what opens nothing is held as the full pass held it */
        held |= p->holds[i] != HOLD_NOTHING;
        if (stopped)
            look_escalate(p, ESCALATION_GUARD);
    }
    if (held) {
        in = pass_input(p, true);
        p->plan = plan_build(p->arena, &in);
    }
    for (size_t i = 0; (p->paused || waivers_hold_all(p)) && i < p->plan.count; i++)
        p->plan.operations[i].held = true;
    if (!p->paused)
        hold_revocations(p);
    pace_hold_echoes(p);
}

static bool derive(struct pass *p)
{
    if (!p->settings->past || !p->settings->past->ready) {
        p->look->escalation = ESCALATION_NO_PAST;
        return false;
    }
    if (!is_time_trusted(p) || !pass_read_control(p) || !pass_read_policies(p) || !is_policy_known(p))
        return false;
    take_over(p);
    if (!read_given(p))
        return false;
    look_make_filters(p);
    if (p->look->filter_count == 0)
        return false; /* nothing is left to look at */
    if (!look_around(p) || !look_at_blind(p) || !read_theirs(p) || !see(p))
        return false;
    plan_look(p);
    return true;
}

enum pass_result look_run(struct pass *p, struct slice *plan)
{
    bool derived = derive(p);
    if (derived && p->settings->dry_run)
        *plan = plan_text(p->arena, &p->plan);
    else if (derived)
        write_plan(p);
    if (p->faults || p->interrupted)
        p->look->escalation = p->look->escalation ? p->look->escalation : ESCALATION_FAULT;
    return p->faults || p->interrupted ? PASS_INCOMPLETE : PASS_COMPLETE;
}

void report_look(struct pass *p, int64_t duration_ms)
{
    size_t operations = 0;
    for (size_t i = 0; p->written && i < p->plan.count; i++)
        operations += p->written[i];
    LOG_EVENT(pass_log(p), EVENT_LOOK, log_uint("subjects", p->look->subjects.count),
              log_uint("requests-read", p->request_count), log_uint("operations", operations),
              log_text("escalation", escalation_text(p->look->escalation)), log_int("duration_ms", duration_ms));
}
