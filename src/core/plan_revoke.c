/* SPDX-License-Identifier: Apache-2.0 */
/* One case for each certificate that is to be revoked, or was asked to be. */
#include "core/plan_private.h"

#include "base/der.h"
#include "core/name.h"

#include <stdlib.h>

enum { ISSUER_SHOWN = 1024 };
/* Where nothing else is wrong, it may be the entry that has the wrong name. */
#define NAME_CHECKS (CHECK_BIT(CHECK_CN_MISMATCH) | CHECK_BIT(CHECK_SAN_MISMATCH))

static int compare_wants(const void *a, const void *b)
{
    const struct revoke_want *x = a, *y = b;
    int c = memcmp(&x->digest, &y->digest, sizeof x->digest);
    c = c ? c : (int)x->unpublished - (int)y->unpublished;
    return c ? c : slice_compare(x->subject->id, y->subject->id);
}

static struct basis basis_of_wants(struct planner *p, const struct revoke_want *wants, size_t count,
                                   const struct revoke_want *leader)
{
    LIST_OF(struct slice) findings = {0};
    struct digest *digest = ARENA_NEW(p->arena, struct digest);
    *digest = leader->digest;
    struct basis b = {.certificates = digest,
                      .certificate_count = 1,
                      .subject_dn = leader->subject->dn,
                      .policy_dn = leader->subject->policy->dn,
                      .policy_revision = leader->subject->policy->revision,
                      .supersedes = leader->supersedes,
                      .certificate = leader->certificate->der};
    for (size_t i = 0; i < count; i++) {
        b.checks |= wants[i].checks;
        b.reason = reason_stronger(b.reason, wants[i].reason);
        for (size_t k = 0; k < wants[i].finding_count; k++)
            *LIST_ADD(p->arena, &findings) = wants[i].findings[k];
    }
    b.findings = findings.items;
    b.finding_count = sort_slices(findings.items, findings.count);
    return b;
}

static void describe(struct planner *p, struct plan_case *c, const struct certificate *certificate)
{
    c->issuer = name_text(p->arena, facts_slice(certificate->der, certificate->facts.issuer), ISSUER_SHOWN);
    c->serial = serial_text(p->arena, facts_slice(certificate->der, certificate->facts.serial));
}

static bool enforces(const struct policy *policy)
{
    return policy && !policy->disabled && policy->mode == MODE_ENFORCE;
}

/*
 * Policy approves only what is wrong with more than a name, and only where the issuer's signature leads to an anchor
 * now.  Where that can't be decided for a while nothing follows: what was approved stays so as long as it rests on the
 * same (now NULL: on what is recorded), and nothing else becomes it.
 */
static unsigned approved_by_policy(const struct plan_case *c, const struct trust *t, unsigned checks,
                                   const struct basis *now)
{
    const struct record *d = c->existing ? &c->existing->request.record : NULL;
    if (!enforces(c->policy) || !c->policy->automatic[REQUEST_REVOKE] || !(checks & ~NAME_CHECKS))
        return 0;
    bool stays = t->chain == CHAIN_UNDECIDED && d &&
                 state_in(d->state, STATE_BIT(STATE_APPROVED) | STATES_AT_AUTHORITY) &&
                 !(now && basis_changed(&d->basis, now));
    return t->chain == CHAIN_VERIFIED || stays ? SEEN_AUTOMATIC : 0;
}

/* What the CRL says of it, and what is said where that fulfils nothing. */
static unsigned see_crl(struct planner *p, struct plan_case *c, const struct trust *t)
{
    struct slice why = SLICE_LITERAL("no CRL is read");
    switch (t->revocation) {
    case REVOCATION_REVOKED:
        return SEEN_ON_CRL;
    case REVOCATION_NOT_ASKED:
        break;
    case REVOCATION_GOOD:
        why = SLICE_LITERAL("the issuer's CRL does not list it");
        break;
    case REVOCATION_ON_HOLD:
        why = SLICE_LITERAL("the issuer's CRL has it on hold, which may be lifted again");
        break;
    case REVOCATION_UNDECIDED:
        why = t->revocation_why;
        break;
    }
    c->unverified = (const char *)arena_format(p->arena, LIFECYCLE_UNVERIFIED "%.*s", SLICE_ARGS(why)).p;
    return 0;
}

/* Among several subjects the one on record speaks; for a new request, the first by id. */
static const struct revoke_want *leader_of(const struct revoke_want *wants, size_t count, const struct plan_request *q)
{
    for (size_t i = 0; i < count && q; i++)
        if (slice_eq(wants[i].subject->id, q->request.record.subject_id))
            return &wants[i];
    return &wants[0];
}

/*
 * Where the certificate is published.  What the subject on record shows decides; another entry counts only where the
 * certificate complies there, or where nobody can tell.
 */
struct published {
    bool here, complies_here;
    bool complies_elsewhere, undecided;
    bool may_comply;  /* undecided, and nothing is surely wrong with it there */
    unsigned doubted; /* see certificate_doubts() */
    bool waived;      /* wherever: all that is found there is tolerated, and revoking it there would act on that */
};

static bool is_waived(const struct certificate *c)
{
    for (size_t i = 0; i < c->finding_count; i++)
        if (!c->findings[i].waiver.n)
            return false;
    return c->finding_count > 0;
}

static bool surely_violates(const struct certificate *c)
{
    for (size_t i = 0; i < c->finding_count; i++)
        if (!c->findings[i].undecided && !c->findings[i].report_only)
            return c->opinion == OPINION_AGREES;
    return false;
}

static void look_at(struct published *seen, const struct publication *at, const struct plan_request *q)
{
    const struct certificate *c = at->certificate;
    bool here = q && slice_eq(at->subject->id, q->request.record.subject_id);
    seen->here |= here;
    seen->waived |= is_waived(c);
    seen->undecided |= certificate_is_undecided(c) || at->subject->undecided;
    seen->may_comply |= (certificate_is_undecided(c) && !surely_violates(c)) || at->subject->undecided;
    seen->doubted |= certificate_doubts(c);
    if (certificate_complies(c) && !at->subject->undecided)
        *(here ? &seen->complies_here : &seen->complies_elsewhere) = true;
}

static struct published look(const struct planner *p, const struct digest *digest, const struct plan_request *q)
{
    struct published seen = {0};
    size_t low = 0, high = p->publication_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(&p->publications[middle].certificate->digest, digest, sizeof *digest) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < p->publication_count && digest_eq(&p->publications[low].certificate->digest, digest); low++)
        look_at(&seen, &p->publications[low], q);
    return seen;
}

static bool every_policy_is_complete(const struct planner *p)
{
    for (size_t i = 0; i < p->in->policy_count; i++)
        if (!p->in->policies[i].complete &&
            (p->in->policies[i].policy->disabled || p->in->policies[i].policy->mode != MODE_OFF))
            return false;
    return true;
}

static bool has_ended(const struct plan_request *q)
{
    return state_in(q->request.record.state, STATES_FINAL);
}

static bool is_approved_by_a_person(const struct request *q)
{
    return state_in(q->record.state, STATE_BIT(STATE_APPROVED) | STATES_AT_AUTHORITY) &&
           q->decision == DECISION_APPROVE && q->decision_generation == q->record.generation;
}

/* What policy has nothing against any more, as far as the certificate tells by itself: it may have been corrected. */
static unsigned checks_met(struct planner *p, const struct plan_request *q, const struct policy *policy)
{
    const struct certificate *c = &q->stored[0];
    const struct check_input in = {
        .policy = policy, .der = c->der, .facts = &c->facts, .trust = &c->trust, .now_utc = p->in->now_utc};
    unsigned met = 0;
    for (unsigned id = 0; id < CHECK_COUNT; id++) {
        struct check_result r;
        if (!(q->request.record.basis.checks & ~NAME_CHECKS & CHECK_BIT(id)) || check_get(id)->of_subject)
            continue;
        check_answer(p->arena, &in, (enum check_id)id, &r);
        met |= r.answer == ANSWER_MEETS ? CHECK_BIT(id) : 0;
    }
    return met;
}

/* What of the request's reasons policy still answers with a revocation, and no waiver covers. */
static unsigned checks_left(struct planner *p, const struct plan_request *q, const struct policy *policy)
{
    unsigned checks = q->request.record.basis.checks & ~q->waived;
    if (!enforces(policy))
        return 0;
    if (!is_approved_by_a_person(&q->request))
        checks &= ~checks_met(p, q, policy);
    return plan_checks_asking(policy, checks, ACTION_REVOKE) |
           plan_checks_asking(policy, checks, ACTION_REISSUE_THEN_REVOKE);
}

/* The subject on record does not show it: unpublishing cures nothing, so what is on record stands, if it had not ended.
 */
static unsigned see_unpublished(struct planner *p, const struct plan_request *q, struct plan_case *c)
{
    if (has_ended(q))
        return 0;
    if (!checks_left(p, q, c->policy))
        return SEEN_POLICY_WEAK;
    struct digest *digest = ARENA_NEW(p->arena, struct digest);
    *digest = q->stored[0].digest; /* whatever was made of the recorded one by hand */
    c->basis = q->request.record.basis;
    c->basis.certificates = digest;
    c->basis.certificate_count = 1;
    return SEEN_WANTED | SEEN_ENFORCED;
}

/* All that it was made for is covered, whether or not the certificate is still published. */
static bool is_covered(const struct plan_request *q)
{
    unsigned checks = q->request.record.basis.checks;
    return checks && !(checks & ~q->waived);
}

static unsigned see_published(const struct published *at)
{
    if (at->complies_here)
        return SEEN_CURED | SEEN_ENFORCED;
    return SEEN_POLICY_WEAK; /* audited, or policy asks for another action now, or the replacement is there no more */
}

/* Sorted: all reissues were planned before. */
static bool is_doubted(const struct planner *p, const struct digest *d)
{
    return p->doubted.count && bsearch(d, p->doubted.items, p->doubted.count, sizeof *d, digest_order);
}

static void plan_existing(struct planner *p, const struct plan_request *q)
{
    const struct policy_pass *pass = planner_policy(p, q->request.record.basis.policy_dn);
    struct plan_case c = {.type = REQUEST_REVOKE,
                          .id = q->request.record.id,
                          .existing = q,
                          .policy = pass ? pass->policy : NULL,
                          .subject_id = q->request.record.subject_id};
    const struct certificate *old = q->stored_count ? &q->stored[0] : NULL;
    if (!old || !old->facts.readable || q->request.foreign || q->request.identity_damaged)
        return;
    describe(p, &c, old);
    struct published at = look(p, &old->digest, q);
    unsigned expired = old->facts.not_after_utc < p->in->now_utc ? SEEN_EXPIRED : 0;
    if (expired)
        c.seen = SEEN_EXPIRED;
    else if (!every_policy_is_complete(p) && !(c.policy && c.policy->disabled))
        return;
    else if (is_covered(q) && !at.complies_here)
        c.seen = SEEN_WAIVED | SEEN_POLICY_WEAK; /* what is approved waits: it may not be carried out, nor forgotten */
    else if (!at.undecided && !(at.here && is_doubted(p, &old->digest)))
        c.seen = (at.here ? see_published(&at) : see_unpublished(p, q, &c)) |
                 (at.complies_elsewhere || at.waived ? SEEN_COMPLIANT_ELSEWHERE : 0);
    if (!expired)
        c.seen |= see_crl(p, &c, &old->trust);
    if (c.seen)
        c.seen |= approved_by_policy(&c, &old->trust, checks_left(p, q, c.policy), NULL);
    if (has_ended(q) && !(c.seen & SEEN_WANTED))
        *LIST_ADD(p->arena, &p->ended) = c;
    else if (c.seen)
        planner_settle(p, &c);
}

/* The certificates that reissues will hold for their revocation, once the plan is carried out. */
static struct digest *held_by_reissues(struct planner *p, size_t *count)
{
    LIST_OF(struct digest) held = {0};
    struct der_element e;
    for (size_t i = 0; i < p->in->request_count; i++) {
        bool reissue = p->in->requests[i].request.record.type == REQUEST_REISSUE && p->after[i].state != STATE_PURGED;
        struct slice rest = p->after[i].certificate;
        while (reissue && rest.n && der_next(&rest, &e))
            *LIST_ADD(p->arena, &held) = digest_of(e.whole);
    }
    *count = sort_digests(held.items, held.count);
    return held.items;
}

/* While a reissue still holds the certificate, its revocation would only be asked for again. */
void plan_ended_revokes(struct planner *p)
{
    size_t count = 0;
    const struct digest *held = p->ended.count ? held_by_reissues(p, &count) : NULL;
    for (size_t i = 0; i < p->ended.count; i++) {
        struct plan_case *c = &p->ended.items[i];
        if (c->type != REQUEST_REVOKE)
            continue;
        if (count && bsearch(&c->existing->stored[0].digest, held, count, sizeof *held, digest_order))
            c->seen |= SEEN_STILL_NEEDED;
        planner_settle(p, c);
    }
}

/* Where the wants decide nothing, an existing request is not taken, and looked at by itself. */
static void plan_wanted(struct planner *p, const struct revoke_want *wants, size_t count)
{
    struct slice id = request_id_of_revoke(p->arena, &wants[0].digest);
    const struct plan_request *q = planner_find(p, id);
    if (wants[0].unpublished && q)
        return; /* an existing request goes its own way: plan_existing */
    const struct revoke_want *leader = leader_of(wants, count, q);
    if (!every_policy_is_complete(p) || leader->certificate->facts.not_after_utc < p->in->now_utc)
        return;
    struct plan_case c = {.type = REQUEST_REVOKE,
                          .id = id,
                          .existing = q,
                          .policy = leader->subject->policy,
                          .subject_id =
                              q && q->request.record.subject_id.n ? q->request.record.subject_id : leader->subject->id,
                          .seen = SEEN_WANTED | SEEN_ENFORCED,
                          .basis = basis_of_wants(p, wants, count, leader)};
    describe(p, &c, leader->certificate);
    if (q && !leader->supersedes.n)
        c.basis.supersedes = q->request.record.basis.supersedes;
    struct published at = look(p, &wants[0].digest, q);
    if (q)
        p->taken[q - p->in->requests] = true;
    bool may_comply = at.may_comply && !at.complies_elsewhere && !at.waived; /* elsewhere nobody can tell */
    bool undecided = may_comply || (q && (q->request.record.basis.checks & at.doubted));
    unsigned on_crl = see_crl(p, &c, &leader->certificate->trust);
    if (undecided && !(q && on_crl))
        return;
    c.seen = undecided ? on_crl : c.seen | on_crl;
    c.seen |= approved_by_policy(&c, &leader->certificate->trust, leader->checks, &c.basis);
    if (at.complies_elsewhere || at.waived)
        c.seen |= SEEN_COMPLIANT_ELSEWHERE;
    planner_settle(p, &c);
}

void plan_revokes(struct planner *p)
{
    p->doubted.count = sort_digests(p->doubted.items, p->doubted.count);
    if (p->wants.count)
        qsort(p->wants.items, p->wants.count, sizeof *p->wants.items, compare_wants);
    for (size_t i = 0, next; i < p->wants.count; i = next) {
        /* A certificate that is published is judged where it stands; what its reissue still holds adds nothing. */
        size_t published = i;
        for (next = i; next < p->wants.count && digest_eq(&p->wants.items[next].digest, &p->wants.items[i].digest);
             next++)
            published += !p->wants.items[next].unpublished;
        plan_wanted(p, &p->wants.items[i], published > i ? published - i : next - i);
    }
    for (size_t i = 0; i < p->in->request_count; i++)
        if (p->in->requests[i].request.record.type == REQUEST_REVOKE && !p->taken[i])
            plan_existing(p, &p->in->requests[i]);
}
