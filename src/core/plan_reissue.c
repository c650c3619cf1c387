/* SPDX-License-Identifier: Apache-2.0 */
/* One case for each subject: what of it has to be issued anew, and what has to be revoked on its account. */
#include "core/plan_private.h"

#include <stdlib.h>

/* What was read of a request is in order. */
static bool is_recorded(const struct basis *b, const struct digest *d)
{
    return b->certificate_count &&
           bsearch(d, b->certificates, b->certificate_count, sizeof *b->certificates, digest_order);
}

/*
 * A certificate that the request holds, judged as if the entry still showed it.  With whom it shared its key can't be
 * seen any more; there the record stands.
 */
static struct certificate recall(const struct gathering *g, const struct certificate *old)
{
    struct arena *a = g->planner->arena;
    unsigned recorded =
        g->existing->request.record.basis.checks & (CHECK_BIT(CHECK_SHARED_KEY) | CHECK_BIT(CHECK_SHARED_CERTIFICATE));
    struct certificate c = *old;
    if (!old->facts.readable)
        return c;
    subject_judge_certificate(a, g->subject, &c, g->planner->in->now_utc);
    struct finding *findings = ARENA_ARRAY(a, c.finding_count, struct finding);
    for (size_t i = 0; i < c.finding_count; i++) {
        findings[i] = c.findings[i];
        if (CHECK_BIT(findings[i].check) & recorded)
            findings[i].undecided = false;
    }
    c.findings = findings;
    return c;
}

/*
 * What the request waits for has come: a certificate that stands in for one of those that the request holds, as far as
 * they are known.  What an authority issued badly in between need not be of the kind that was asked for, so one is
 * enough; each is revoked only when something stands in for it.
 */
static const struct certificate *replacement_of(const struct gathering *g)
{
    const struct plan_request *q = g->existing;
    const struct basis *b = &q->request.record.basis;
    const struct stand_ins others =
        stand_ins_of(g->planner->arena, g->subject, b->certificates, b->certificate_count, g->planner->in->now_utc);
    const struct certificate *found = q->stored_count ? NULL : stand_ins_find(&others, NULL);
    for (size_t i = 0; i < q->stored_count && !found; i++) {
        struct certificate old = recall(g, &q->stored[i]);
        found = stand_ins_find(&others, &old);
    }
    return found;
}

static bool violates(const struct certificate *c)
{
    for (size_t i = 0; i < c->finding_count; i++)
        if (!c->findings[i].undecided && !c->findings[i].report_only && !c->findings[i].informs &&
            !c->findings[i].waiver.n)
            return true;
    return false;
}

/* Does what the authority issued violate policy: the certificate it handed in, or else the new ones on the entry? */
static bool issued_badly(const struct gathering *g)
{
    const struct plan_request *q = g->existing;
    if (q->result.der.n) {
        struct certificate result = q->result;
        if (result.opinion != OPINION_AGREES)
            return false;
        subject_judge_certificate(g->planner->arena, g->subject, &result, g->planner->in->now_utc);
        return violates(&result);
    }
    for (size_t i = 0; i < g->certificates.count; i++)
        if (!is_recorded(&q->request.record.basis, &g->certificates.items[i]))
            return true;
    return false;
}

static bool is_published(struct gathering *g, const struct certificate *c)
{
    const struct subject *s = g->subject;
    if (!g->published) {
        g->published = ARENA_ARRAY(g->planner->arena, s->certificate_count, struct slice);
        for (size_t i = 0; i < s->certificate_count; i++)
            g->published[i] = s->certificates[i].der;
        sort_slices(g->published, s->certificate_count);
    }
    return s->certificate_count &&
           bsearch(&c->der, g->published, s->certificate_count, sizeof *g->published, slice_order);
}

/*
 * A certificate that the request holds and the entry no longer shows, judged as if it did: true when policy still
 * wants it revoked once it is replaced.
 */
static bool judge_stored(struct gathering *g, const struct certificate *old, struct certificate *judged)
{
    const struct subject *s = g->subject;
    int64_t now_utc = g->planner->in->now_utc;
    if (!old->facts.readable || old->facts.not_after_utc < now_utc || is_published(g, old))
        return false;
    *judged = recall(g, old);
    for (size_t i = 0; i < judged->finding_count; i++)
        if (finding_action(s->policy, judged, &judged->findings[i]) == ACTION_REISSUE_THEN_REVOKE)
            return true;
    return false;
}

static bool wants_revocation_of_stored(struct gathering *g, const struct certificate *old, struct certificate *judged)
{
    return judge_stored(g, old, judged) && gathering_stand_in(g, judged) != NULL;
}

/* What an earlier replacement took from the entry without standing in for it is not forgotten. */
static void carry_stored(struct gathering *g)
{
    struct arena *a = g->planner->arena;
    for (size_t i = 0; g->existing && i < g->existing->stored_count; i++) {
        const struct certificate *old = &g->existing->stored[i];
        struct certificate judged;
        if (!judge_stored(g, old, &judged))
            continue;
        *LIST_ADD(a, &g->to_revoke) = old->der;
    }
}

/* A revocation that follows from this reissue is open, or is yet to be made. */
static bool a_revocation_waits(struct gathering *g)
{
    const struct plan_request *q = g->existing;
    for (size_t i = 0; i < q->stored_count; i++) {
        struct certificate judged;
        struct slice id = request_id_of_revoke(g->planner->arena, &q->stored[i].digest);
        const struct plan_request *revoke = planner_find(g->planner, id);
        if (revoke ? !state_in(g->planner->after[revoke - g->planner->in->requests].state, STATES_FINAL)
                   : g->subject && wants_revocation_of_stored(g, &q->stored[i], &judged))
            return true;
    }
    return false;
}

static void want_stored_revocations(struct gathering *g)
{
    const struct plan_request *q = g->existing;
    for (size_t i = 0; i < q->stored_count; i++) {
        struct certificate *judged = ARENA_NEW(g->planner->arena, struct certificate);
        if (!wants_revocation_of_stored(g, &q->stored[i], judged))
            continue;
        for (size_t k = 0; k < judged->finding_count; k++)
            if (finding_action(g->subject->policy, judged, &judged->findings[k]) == ACTION_REISSUE_THEN_REVOKE)
                gathering_want(g, judged, &judged->findings[k], true)->unpublished = true;
    }
}

/* What is left of what a request was made for; the last one says most. */
enum left { LEFT_NOTHING, LEFT_WAIVED, LEFT_UNWAIVED };

static enum left left_of(const struct finding *findings, size_t count, unsigned checks)
{
    enum left left = LEFT_NOTHING;
    for (size_t i = 0; i < count && left != LEFT_UNWAIVED; i++)
        if (checks & CHECK_BIT(findings[i].check))
            left = findings[i].waiver.n ? LEFT_WAIVED : LEFT_UNWAIVED;
    return left;
}

/* Of the subject itself, and of the published certificates that nothing replaces. */
static enum left look_for_left(struct gathering *g)
{
    const struct subject *s = g->subject;
    unsigned checks = g->existing->request.record.basis.checks;
    enum left left = left_of(s->findings, s->finding_count, checks);
    for (size_t i = 0; i < s->certificate_count; i++) {
        const struct certificate *c = &s->certificates[i];
        enum left here = left_of(c->findings, c->finding_count, checks);
        if (here > left && !gathering_stand_in(g, c))
            left = here;
    }
    return left;
}

static unsigned see_sighted(struct gathering *g, struct plan_case *c)
{
    const struct subject *s = g->subject;
    unsigned seen = s->policy->automatic[REQUEST_REISSUE] ? SEEN_AUTOMATIC : 0;
    if (s->policy->mode != MODE_ENFORCE)
        return seen | SEEN_POLICY_WEAK;
    seen |= SEEN_ENFORCED;
    if (g->findings.count) {
        bool badly = g->existing && issued_badly(g);
        carry_stored(g);
        c->basis = gathering_basis(g);
        return seen | SEEN_WANTED | (badly ? SEEN_ISSUED_BAD : 0);
    }
    if (g->existing && issued_badly(g))
        seen |= SEEN_ISSUED_BAD;
    c->replacement = g->existing ? replacement_of(g) : NULL;
    switch (g->existing && !c->replacement ? look_for_left(g) : LEFT_NOTHING) {
    case LEFT_UNWAIVED: /* policy asks for nothing any more: that cures nothing */
        return (seen & ~(unsigned)SEEN_ENFORCED) | SEEN_POLICY_WEAK;
    case LEFT_WAIVED:
        return seen | SEEN_WAIVED;
    case LEFT_NOTHING:
        break;
    }
    return seen | (c->replacement ? SEEN_STAND_IN : SEEN_CURED);
}

/* Nothing may be concluded: readers disagree, a host name is not one, or values may only be hidden. */
static bool is_undecided(struct gathering *g)
{
    const struct subject *s = g->subject;
    if (s->undecided)
        return true;
    if (s->policy->mode != MODE_ENFORCE)
        return false;
    if (g->existing && ((g->existing->request.record.basis.checks & g->doubted) || g->stand_in_doubted))
        return true;
    if (g->existing && !g->findings.count && look_for_left(g) == LEFT_WAIVED)
        return false; /* whatever else there is: what the request was made for is tolerated, and that is sure */
    return !g->findings.count && (g->undecided || (s->certificate_count == 0 && !s->shows_no_certificate));
}

static const struct subject *sighted_twice(const struct planner *p, size_t i)
{
    struct subject *const *all = p->in->subjects;
    bool before = i > 0 && slice_eq(all[i - 1]->id, all[i]->id);
    bool after = i + 1 < p->in->subject_count && slice_eq(all[i + 1]->id, all[i]->id);
    return before || after ? all[i] : NULL;
}

/* Nothing needs to be seen of it to delete it in time. */
static bool has_ended(const struct plan_request *q)
{
    return state_in(q->request.record.state, STATES_ENDED);
}

/* What has ended and stays so can only be deleted, which waits until the revocations are settled. */
static enum state settle_unless_ended(struct planner *p, const struct plan_case *c)
{
    if (!c->existing || !has_ended(c->existing) || (c->seen & SEEN_WANTED))
        return planner_settle(p, c);
    *LIST_ADD(p->arena, &p->ended) = *c;
    return c->existing->request.record.state;
}

static void plan_sighted(struct planner *p, const struct subject *s, const struct plan_request *existing,
                         struct slice id)
{
    struct gathering g = {.planner = p, .subject = s, .existing = existing, .id = id};
    gathering_take(&g);
    bool undecided = is_undecided(&g);
    if ((undecided && !(existing && has_ended(existing))) || (!existing && !g.findings.count))
        return;
    struct plan_case c = {.type = REQUEST_REISSUE,
                          .id = id,
                          .existing = existing,
                          .subject = s,
                          .policy = s->policy,
                          .subject_id = s->id};
    c.seen = undecided ? 0 : see_sighted(&g, &c);
    enum state state = settle_unless_ended(p, &c);
    if (existing && state_in(state, STATES_ENDED))
        want_stored_revocations(&g);
}

static unsigned see_unsighted(const struct policy_pass *pass, enum whereabouts where)
{
    bool disabled = pass && pass->policy->disabled;
    unsigned enforced = pass && !disabled && pass->policy->mode == MODE_ENFORCE ? SEEN_ENFORCED : 0;
    unsigned automatic = pass && !disabled && pass->policy->automatic[REQUEST_REISSUE] ? SEEN_AUTOMATIC : 0;
    switch (where) {
    case WHERE_GONE:
        return SEEN_GONE | enforced | automatic;
    case WHERE_OFF:
        return SEEN_POLICY_OFF;
    case WHERE_WEAK:
        return SEEN_POLICY_WEAK;
    case WHERE_UNGOVERNED:
        return !pass || disabled ? SEEN_POLICY_WEAK : SEEN_POLICY_OFF;
    case WHERE_UNKNOWN:
        break;
    }
    return disabled ? SEEN_POLICY_WEAK : 0;
}

static void plan_unsighted(struct planner *p, const struct plan_request *q)
{
    const struct policy_pass *pass = planner_policy(p, q->request.record.basis.policy_dn);
    struct plan_case c = {.type = REQUEST_REISSUE,
                          .id = q->request.record.id,
                          .existing = q,
                          .policy = pass ? pass->policy : NULL,
                          .subject_id = q->request.record.subject_id,
                          .seen = see_unsighted(pass, q->where)};
    if (c.seen == 0 && !has_ended(q))
        return;
    settle_unless_ended(p, &c);
}

void plan_ended_reissues(struct planner *p)
{
    for (size_t i = 0; i < p->ended.count; i++) {
        struct plan_case *c = &p->ended.items[i];
        if (c->type != REQUEST_REISSUE)
            continue;
        struct gathering g = {.planner = p, .subject = c->subject, .existing = c->existing, .id = c->id};
        if (a_revocation_waits(&g))
            c->seen |= SEEN_STILL_NEEDED;
        planner_settle(p, c);
    }
}

void plan_reissues(struct planner *p)
{
    for (size_t i = 0; i < p->in->subject_count; i++) {
        const struct subject *s = p->in->subjects[i];
        struct slice id = request_id_of_reissue(p->arena, s->id);
        const struct plan_request *existing = planner_find(p, id);
        if (existing)
            p->taken[existing - p->in->requests] = true;
        if (!sighted_twice(p, i))
            plan_sighted(p, s, existing, id);
    }
    for (size_t i = 0; i < p->in->request_count; i++)
        if (!p->taken[i] && p->in->requests[i].request.record.type == REQUEST_REISSUE &&
            !p->in->requests[i].request.foreign)
            plan_unsighted(p, &p->in->requests[i]);
}
