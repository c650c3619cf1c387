/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a full pass does although the looks before it should have done it.  It counts only where a look could have: not
 * where one asked for this full pass, where a guard held, where entries are compared with each other, and not for what
 * became due only now.  What becomes of revocations, and of requests that they keep, follows from whoever publishes the
 * certificate: looks leave that to full passes.
 */
#include "run/past_private.h"

enum {
    BLINDING = 1 << ESCALATION_NO_PAST | 1 << ESCALATION_POLICY | 1 << ESCALATION_TREE | 1 << ESCALATION_TIME |
               1 << ESCALATION_REQUEST | 1 << ESCALATION_FAULT,
};

/* One policy takes entries from another, and what one tolerates another may not revoke: all have to be the same. */
static bool has_same_policies(struct pass *p)
{
    const struct past *past = p->settings->past;
    bool same = p->policy_count == past->policy_count;
    for (size_t i = 0; same && i < p->policy_count; i++) {
        struct digest print = past_print_of(p, i);
        same = digest_eq(&print, &past->policies[i].print);
    }
    return same;
}

/* Did looks have everything that this full pass has? */
static bool is_watched(struct pass *p)
{
    const struct past *past = p->settings->past;
    if (!p->settings->drift || !past || !past->ready || p->look || p->settings->dry_run)
        return false;
    struct digest waivers = waivers_print(p);
    int64_t jump = (p->now_utc - past->wall_utc) - (p->steady_s - past->steady_s);
    return !(past->escalated & BLINDING) && past->paused == p->paused && digest_eq(&waivers, &past->waivers) &&
           !waivers_hold_all(p) && jump <= PAST_JUMP_S && jump >= -PAST_JUMP_S && has_same_policies(p);
}

/* A look could do all that has to be done for this policy. */
static bool is_followed(struct pass *p, const struct policy *policy)
{
    const struct past_policy *before = policy ? past_find(p->settings->past, policy->dn) : NULL;
    return before && before->complete && !before->blind && !before->guarded && !before->compares &&
           before->hold == HOLD_NOTHING;
}

/* It became due, and nobody has looked since. */
static bool is_due(struct pass *p, const struct subject *s, const struct operation *o, struct slice id)
{
    const struct past *past = p->settings->past;
    int64_t until = past->until_utc, at = DEADLINE_NEVER;
    if (deadlines_has_due(&past->now.deadlines, id, p->now_utc))
        return true;
    if (until == 0 || until > p->now_utc)
        return false;
    if (s && (at = deadline_of_subject(s, until)) != DEADLINE_NEVER && at <= p->now_utc)
        return true;
    if (o && o->existing)
        at = deadline_of_request(o->existing, o->policy, p->settings->interval_s, until);
    return o && o->existing && at != DEADLINE_NEVER && at <= p->now_utc;
}

static void tell(struct pass *p, struct slice dn, struct slice id, const char *what, const struct policy *policy)
{
    p->settings->drift->missed++;
    LOG_EVENT(pass_log(p), EVENT_DRIFT, log_dn("dn", dn), log_slice("id", id), log_text("what", what),
              log_dn("policy", policy->dn));
}

static bool is_expected(struct pass *p, struct slice subject_id, struct slice request_id)
{
    const struct drift_watch *w = p->settings->drift;
    return w->is_expected && w->is_expected(w->context, subject_id, request_id);
}

void drift_of_operation(struct pass *p, const struct operation *o)
{
    const struct record *d = &o->record;
    if (d->type == REQUEST_REVOKE || o->verb == VERB_PURGE || pace_is_slowed(p, d->id) || !is_followed(p, o->policy) ||
        is_due(p, pass_find_subject(p, d->subject_id), o, d->subject_id) || is_expected(p, d->subject_id, d->id))
        return;
    tell(p, d->basis.subject_dn, d->id, (const char *)plan_verb(p->arena, o).p, o->policy);
}

void drift_of_finding(struct pass *p, const struct subject *s, const struct finding *f)
{
    if (!p->settings->memory || memo_is_full(p->settings->memory) || !is_followed(p, s->policy) ||
        is_due(p, s, NULL, s->id) || is_expected(p, s->id, (struct slice){NULL, 0}))
        return;
    tell(p, s->dn, (struct slice){NULL, 0}, check_get(f->check)->name, s->policy);
}

void drift_begin(struct pass *p)
{
    p->watches_drift = is_watched(p);
}
