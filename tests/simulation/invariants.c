/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/invariants.h"

#include <stdlib.h>

enum { DAY = 86400 };

/* The model's own judgement; it shares nothing with core/check. */

static int policy_of(const struct world *w, int i)
{
    const struct model_policy *first = &w->policies[0], *second = &w->policies[1];
    if (!w->subjects[i].moved && first->exists)
        return 0;
    return second->exists ? 1 : -1;
}

static bool breaks_version(const struct sample *c)
{
    return c->kind == KIND_V1;
}

static bool breaks_name(const struct world *w, int i, const struct model_policy *p, const struct sample *c)
{
    return p->names && !breaks_version(c) && c->host != w->subjects[i].host;
}

/* ... and nobody tolerates it. */
static bool acts_on_version(const struct world *w, int i, const struct sample *c)
{
    return breaks_version(c) && !world_tolerates(w, i, c);
}

static bool is_expired(const struct world *w, const struct sample *c)
{
    return w->now_utc > c->not_after_utc;
}

static bool is_good(const struct world *w, int i, const struct model_policy *p, const struct sample *c)
{
    bool named =
        c->host == w->subjects[i].host; /* under no name rule a replacement covers the host name all the same */
    return !breaks_version(c) && !is_expired(w, c) && !breaks_name(w, i, p, c) && named;
}

static bool same_serial(const struct sample *a, const struct sample *b)
{
    return a->host == b->host && a->kind == b->kind && a->serial == b->serial;
}

static bool is_replaced(const struct world *w, int i, const struct model_policy *p, const struct sample *old)
{
    for (int k = 0; k < VALUES; k++) {
        const struct sample *c = w->subjects[i].values[k];
        if (c && c != old && !same_serial(c, old) && is_good(w, i, p, c))
            return true;
    }
    return false;
}

static bool asks(enum model_action action, bool reissue)
{
    return reissue ? action == DO_REISSUE || action == DO_RTR : action == DO_REVOKE;
}

static bool wants_reissue(const struct world *w, int i, const struct model_policy *p, const struct sample *c)
{
    bool bad = (acts_on_version(w, i, c) && asks(p->on_version, true)) ||
               (breaks_name(w, i, p, c) && asks(p->on_name, true)) || (is_expired(w, c) && p->on_expired);
    return bad && !is_replaced(w, i, p, c);
}

static bool wants_revoke(const struct world *w, int i, const struct model_policy *p, const struct sample *c)
{
    if (is_expired(w, c))
        return false;
    bool at_once = (acts_on_version(w, i, c) && asks(p->on_version, false)) ||
                   (breaks_name(w, i, p, c) && asks(p->on_name, false));
    bool after =
        (acts_on_version(w, i, c) && p->on_version == DO_RTR) || (breaks_name(w, i, p, c) && p->on_name == DO_RTR);
    return at_once || (after && is_replaced(w, i, p, c));
}

/* Comparing. */

static const struct request *find(const struct request_list *list, struct slice id)
{
    for (size_t i = 0; i < list->count; i++)
        if (slice_eq(list->items[i].record.id, id))
            return &list->items[i];
    return NULL;
}

static bool is_sound(const struct request *q)
{
    /* Whose subject's name was edited by hand, and never wanted since, can't tell where its siblings would be. */
    bool misplaced = slice_eq(q->record.basis.subject_dn, SLICE_LITERAL("cn=elsewhere"));
    return !q->foreign && !request_is_damaged(q) && !misplaced;
}

static bool is_open(enum state s)
{
    return s == STATE_PROPOSED || s == STATE_PENDING || s == STATE_APPROVED || s == STATE_SUBMITTED ||
           s == STATE_FAILED || s == STATE_HELD;
}

static const struct sample *sample_of(const struct world *w, const struct digest *d)
{
    for (int i = 0; i < HOSTS * KIND_COUNT * SERIALS; i++)
        if (digest_eq(&w->samples[i].digest, d))
            return &w->samples[i];
    return NULL;
}

static int policy_index(struct slice dn)
{
    return slice_starts(dn, SLICE_LITERAL("cn=first")) ? 0 : slice_starts(dn, SLICE_LITERAL("cn=second")) ? 1 : -1;
}

static struct slice world_or_no_id(struct arena *a, struct world *w, int i)
{
    return w->subjects[i].exists ? world_subject_id(a, w, i) : (struct slice){NULL, 0};
}

static bool shows(const struct model_subject *s, const struct sample *c)
{
    for (int k = 0; k < VALUES; k++)
        if (s->values[k] == c)
            return true;
    return false;
}

/* One identity, one open request. */
static void check_identities(struct world *w, const struct request_list *after)
{
    for (size_t i = 0; i < after->count; i++)
        for (size_t k = i + 1; k < after->count; k++) {
            const struct request *x = &after->items[i], *y = &after->items[k];
            if (!is_sound(x) || !is_sound(y) || x->record.type != y->record.type || !is_open(x->record.state) ||
                !is_open(y->record.state))
                continue;
            bool same = x->record.type == REQUEST_REISSUE
                            ? slice_eq(x->record.subject_id, y->record.subject_id)
                            : slice_eq(x->record.basis.certificate, y->record.basis.certificate);
            if (same)
                world_fail(w, "two open requests for one identity: %.*s", SLICE_ARGS(x->record.id));
        }
}

/* A revocation whose only ground is reissue-then-revoke appears only while its stand-in is there. */
static void check_make_before_break(struct world *w, struct arena *a, const struct request *was,
                                    const struct request *is)
{
    bool opened = is->record.type == REQUEST_REVOKE && is_sound(is) && is_open(is->record.state) &&
                  is->record.state != STATE_HELD && (!was || was->record.state == STATE_WITHDRAWN);
    if (!opened || w->disturbed || is->record.basis.certificate_count == 0)
        return;
    const struct sample *c = sample_of(w, &is->record.basis.certificates[0]);
    for (int i = 0; c && i < SUBJECTS; i++) {
        int p = w->subjects[i].exists ? policy_of(w, i) : -1;
        const struct model_policy *policy = p < 0 ? NULL : &w->policies[p];
        bool at_once = policy && ((acts_on_version(w, i, c) && policy->on_version == DO_REVOKE) ||
                                  (breaks_name(w, i, policy, c) && policy->on_name == DO_REVOKE));
        bool speaks = slice_eq(world_or_no_id(a, w, i), is->record.subject_id) || shows(&w->subjects[i], c);
        if (policy && speaks && ((at_once && shows(&w->subjects[i], c)) || is_replaced(w, i, policy, c)))
            return;
    }
    world_fail(w, "a revocation before its stand-in, or of nobody's certificate: %.*s", SLICE_ARGS(is->record.id));
}

/* Nothing stale counts: approved and rejected rest on a decision of that very generation, or on policy. */
static void check_decisions(struct world *w, const struct request *was, const struct request *is)
{
    if (!is_sound(is) || (was && was->record.state == is->record.state))
        return;
    int p = policy_index(is->record.basis.policy_dn);
    bool automatic = p >= 0 && w->policies[p].exists && w->policies[p].automatic && is->record.type == REQUEST_REISSUE;
    bool of_now = is->decision_generation == is->record.generation;
    if (is->record.state == STATE_APPROVED && !automatic && !(is->decision == DECISION_APPROVE && of_now))
        world_fail(w, "approved by nobody: %.*s", SLICE_ARGS(is->record.id));
    if (is->record.state == STATE_REJECTED && !(is->decision == DECISION_REJECT && of_now))
        world_fail(w, "rejected by nobody: %.*s", SLICE_ARGS(is->record.id));
    bool outcome_of_now = is->outcome != OUTCOME_NONE && is->outcome_generation == is->record.generation &&
                          is->outcome_attempt == is->record.attempt;
    if ((is->record.state == STATE_SUBMITTED || is->record.state == STATE_FAILED) && !outcome_of_now)
        world_fail(w, "%s without an outcome of this attempt: %.*s", state_name(is->record.state),
                   SLICE_ARGS(is->record.id));
    if (is->record.type == REQUEST_REVOKE && is->record.state == STATE_FULFILLED)
        world_fail(w, "a revocation fulfilled although no CRL is read: %.*s", SLICE_ARGS(is->record.id));
}

static bool is_opening(const struct request *was, const struct request *is)
{
    if (!is_sound(is) || !is_open(is->record.state) || is->record.state == STATE_HELD)
        return false;
    if (!was)
        return true;
    enum state s = was->record.state;
    /* A rejection that its approver took back by hand is not opened by the daemon. */
    bool stays_rejected = is->decision == DECISION_REJECT && is->decision_generation == was->record.generation;
    bool reopened = s == STATE_WITHDRAWN || s == STATE_HELD ||
                    (s == STATE_FULFILLED && is->record.type == REQUEST_REISSUE) ||
                    (s == STATE_REJECTED && stays_rejected && is->record.generation > was->record.generation);
    bool by_policy = s != STATE_APPROVED && s != STATE_FAILED && s != STATE_SUBMITTED &&
                     is->record.state == STATE_APPROVED &&
                     !(is->decision == DECISION_APPROVE && is->decision_generation == is->record.generation);
    return reopened || by_policy;
}

/* Nothing is opened for what is tolerated: the version alone is, here. */
static void check_waivers(struct world *w, struct arena *a, const struct request *is)
{
    const struct basis *b = &is->record.basis;
    bool fair = w->disturbed || b->checks != CHECK_BIT(CHECK_VERSION);
    for (size_t k = 0; k < b->certificate_count && !fair; k++) {
        const struct sample *c = sample_of(w, &b->certificates[k]);
        fair = is->record.type == REQUEST_REVOKE && !(w->waived && w->waived == c);
        for (int i = 0; i < SUBJECTS && is->record.type == REQUEST_REISSUE; i++)
            fair |= slice_eq(world_or_no_id(a, w, i), is->record.subject_id) && acts_on_version(w, i, c);
    }
    if (!fair)
        world_fail(w, "a request about what a waiver covers was opened: %.*s", SLICE_ARGS(is->record.id));
}

/* An opening counts for the policy that governs its request now. */
static int owner_of(const struct opening *o, const struct request_list *after)
{
    const struct request *q = find(after, o->id);
    return q ? policy_index(q->record.basis.policy_dn) : o->policy;
}

static void check_guard(struct world *w, const struct ledger *ledger, const struct request_list *after, int policy)
{
    size_t count = 0;
    for (size_t i = 0; i < ledger->openings.count; i++) {
        const struct opening *o = &ledger->openings.items[i];
        bool first = owner_of(o, after) == policy && o->at_utc > w->now_utc - DAY;
        for (size_t k = 0; k < i && first; k++)
            first =
                !(ledger->openings.items[k].at_utc > w->now_utc - DAY && slice_eq(ledger->openings.items[k].id, o->id));
        count += first;
    }
    if (count > w->policies[policy].max_requests)
        world_fail(w, "policy %d opened %zu requests in a day, %u are allowed", policy, count,
                   w->policies[policy].max_requests);
}

void invariants_after_pass(struct world *w, struct arena *ledger_arena, struct ledger *ledger,
                           const struct request_list *before, const struct request_list *after)
{
    struct arena a = {0};
    bool opened[POLICIES] = {false};
    check_identities(w, after);
    for (size_t i = 0; i < after->count; i++) {
        const struct request *is = &after->items[i], *was = find(before, is->record.id);
        check_make_before_break(w, &a, was, is);
        check_decisions(w, was, is);
        if (was && !is_sound(was))
            was = is_sound(is) && is->record.generation != was->record.generation ? NULL : was; /* it began anew */
        int p = policy_index(is->record.basis.policy_dn);
        if (is_opening(was, is))
            check_waivers(w, &a, is);
        if (p >= 0 && is_opening(was, is)) {
            *LIST_ADD(ledger_arena, &ledger->openings) =
                (struct opening){w->now_utc, p, arena_copy(ledger_arena, is->record.id)};
            opened[p] = true;
        }
    }
    for (int p = 0; p < POLICIES; p++)
        if (opened[p])
            check_guard(w, ledger, after, p);
    for (size_t i = 0; i < before->count; i++) /* only what had ended may be deleted */
        if (!find(after, before->items[i].record.id) && is_sound(&before->items[i]) &&
            is_open(before->items[i].record.state))
            world_fail(w, "an open request was lost: %.*s", SLICE_ARGS(before->items[i].record.id));
    arena_free(&a);
}

void invariants_settled(struct world *w)
{
    size_t before = memory_writes_below(w->dir, slice_of(world_requests));
    world_pass(w);
    size_t written = memory_writes_below(w->dir, slice_of(world_requests)) - before;
    if (written)
        world_fail(w, "a second pass at the same moment wrote %zu times", written);
}

/* The end. */

static void settle(struct world *w)
{
    for (int i = 0; i < 8; i++) {
        w->now_utc += INTERVAL_S;
        world_pass(w);
    }
}

static bool stands(enum state s)
{
    return is_open(s) || s == STATE_REJECTED;
}

/* Does the model want this identity? */
static bool model_wants(struct world *w, struct arena *a, const struct request *q)
{
    for (int i = 0; i < SUBJECTS; i++) {
        int p = w->subjects[i].exists ? policy_of(w, i) : -1;
        for (int k = 0; p >= 0 && k < VALUES; k++) {
            const struct sample *c = w->subjects[i].values[k];
            if (!c)
                continue;
            if (q->record.type == REQUEST_REISSUE && slice_eq(q->record.subject_id, world_subject_id(a, w, i)) &&
                wants_reissue(w, i, &w->policies[p], c))
                return true;
            if (q->record.type == REQUEST_REVOKE && slice_eq(q->record.basis.certificate, c->der) &&
                wants_revoke(w, i, &w->policies[p], c))
                return true;
        }
    }
    return false;
}

static void check_model(struct world *w, const struct request_list *now)
{
    struct arena a = {0};
    for (int i = 0; i < SUBJECTS; i++) {
        int p = w->subjects[i].exists ? policy_of(w, i) : -1;
        if (p < 0)
            continue;
        struct slice id = world_subject_id(&a, w, i);
        for (int k = 0; k < VALUES; k++) {
            const struct sample *c = w->subjects[i].values[k];
            if (!c)
                continue;
            const struct request *reissue = find(now, request_id_of_reissue(&a, id));
            const struct request *revoke = find(now, request_id_of_revoke(&a, &c->digest));
            if (wants_reissue(w, i, &w->policies[p], c) && !(reissue && stands(reissue->record.state)))
                world_fail(w, "subject %d has no reissue request", i);
            if (wants_revoke(w, i, &w->policies[p], c) && !(revoke && stands(revoke->record.state)))
                world_fail(w, "the certificate at %d of subject %d has no revocation request", k, i);
        }
    }
    for (size_t i = 0; i < now->count; i++) {
        const struct request *q = &now->items[i];
        bool moving = q->record.state == STATE_PROPOSED || q->record.state == STATE_PENDING ||
                      (q->record.type == REQUEST_REISSUE &&
                       (q->record.state == STATE_APPROVED || q->record.state == STATE_FAILED));
        /* Only of reissues: an unpublished certificate's revocation stands. */
        if (is_sound(q) && moving && !model_wants(w, &a, q) && q->record.type == REQUEST_REISSUE)
            world_fail(w, "a reissue request that nothing wants: %.*s is %s", SLICE_ARGS(q->record.id),
                       state_name(q->record.state));
    }
    arena_free(&a);
}

static void delete_requests(struct world *w, const struct request_list *all)
{
    for (size_t i = 0; i < all->count; i++)
        world_write(w, &(struct dir_change){DIR_DELETE, all->items[i].dn, NULL, 0});
}

/* Everything that a directory without requests asks for must be asked for here too, on the same checks. */
static void check_fresh(struct world *w, struct arena *a, const struct request_list *now)
{
    delete_requests(w, now);
    settle(w);
    struct request_list fresh = world_requests_read(a, w);
    for (size_t i = 0; i < fresh.count; i++) {
        const struct request *want = &fresh.items[i], *have = find(now, want->record.id);
        if (!stands(want->record.state) || (have && !is_sound(have)))
            continue;
        if (!have || !stands(have->record.state))
            world_fail(w, "a fresh pass asks for %.*s (%s), which is %s", SLICE_ARGS(want->record.id),
                       request_type_name(want->record.type), have ? state_name(have->record.state) : "not there");
        bool comparable = have->record.state == STATE_PROPOSED || have->record.state == STATE_PENDING ||
                          have->record.state == STATE_APPROVED;
        if (comparable && want->record.state != STATE_HELD && have->record.basis.checks != want->record.basis.checks)
            world_fail(w, "%.*s stands on other checks than a fresh pass finds", SLICE_ARGS(want->record.id));
    }
    for (size_t i = 0; i < now->count; i++) {
        const struct request *have = &now->items[i], *want = find(&fresh, have->record.id);
        bool moving = have->record.state == STATE_PROPOSED || have->record.state == STATE_PENDING ||
                      have->record.state == STATE_APPROVED || have->record.state == STATE_FAILED;
        if (is_sound(have) && have->record.type == REQUEST_REISSUE && moving && !(want && stands(want->record.state)))
            world_fail(w, "%.*s is %s, and a fresh pass does not want it", SLICE_ARGS(have->record.id),
                       state_name(have->record.state));
    }
}

void invariants_end(struct world *w)
{
    struct arena a = {0};
    world_calm(w);
    settle(w);
    struct request_list now = world_requests_read(&a, w);
    invariants_settled(w);
    check_model(w, &now);
    check_fresh(w, &a, &now);
    arena_free(&a);
}
