/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life cycle, row by row.  Each row of DESIGN's table is run for every state and type that it names; then each of
 * its conditions is taken away, each condition that forbids it is added, and each number in a decision or outcome made
 * stale: then nothing moves.  A second run over what came out changes nothing.
 */
#include "core/lifecycle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW = 1800000000, DAY = 86400, INTERVAL = 300, RETENTION = 90 * DAY, GENERATION = 3, ATTEMPT = 2 };

#define REISSUE (1u << REQUEST_REISSUE)
#define REVOKE  (1u << REQUEST_REVOKE)
#define BOTH    (REISSUE | REVOKE)
#define S(name) STATE_BIT(STATE_##name)
#define OPEN    (S(PROPOSED) | S(PENDING) | S(APPROVED) | S(FAILED))

/* Conditions: the bits of enum seen that an observation gives, and above them what the request itself holds. */
#define C(n) (UINT64_C(1) << (n))
#define CHECKS_CHANGED       C(32)
#define CERTIFICATES_CHANGED C(33)
#define NAMES_CHANGED        C(34)
#define REASON_CHANGED       C(35)
#define INTERVAL_OVER        C(36)
#define ONE_CONFIRMATION     C(37)
#define APPROVE              C(38)
#define REJECT               C(39)
#define NO_DECISION          C(40)
#define SAYS_SUBMITTED       C(41)
#define SAYS_ISSUED          C(42)
#define SAYS_REVOKED         C(43)
#define SAYS_FAILED          C(44)
#define CLAIMED              C(45)
#define CLAIM_OVER           C(46)
#define NO_TRANSACTION       C(47)
#define DUE                  C(48)
#define RETENTION_PASSED     C(49)
#define END_NOTED            C(50)
#define DECISIONS (APPROVE | REJECT)
#define OUTCOMES  (SAYS_SUBMITTED | SAYS_ISSUED | SAYS_REVOKED | SAYS_FAILED | CLAIM_OVER)
#define CHANGES   (CHECKS_CHANGED | CERTIFICATES_CHANGED | NAMES_CHANGED | REASON_CHANGED)
#define LAST_CONDITION 50

struct row {
    const char *seen;
    unsigned types, from;
    uint64_t with;  /* always there */
    uint64_t needs; /* without any one of these, nothing moves */
    uint64_t but;   /* with any one of these, nothing moves */
    enum state to;
    unsigned generations, attempts; /* added */
};

static const struct row rows[] = {
    {"wanted", BOTH, S(NONE), 0, SEEN_WANTED, SEEN_GUARDED, STATE_PROPOSED, 0, 0},
    {"wanted, one confirmation is enough", BOTH, S(NONE), ONE_CONFIRMATION, SEEN_WANTED, SEEN_GUARDED, STATE_PENDING, 0, 0},
    {"wanted, one confirmation, policy approves", BOTH, S(NONE), ONE_CONFIRMATION | SEEN_AUTOMATIC, SEEN_WANTED,
     SEEN_GUARDED, STATE_APPROVED, 0, 0},

    {"wanted again an interval later", BOTH, S(PROPOSED), 0, SEEN_WANTED | INTERVAL_OVER, 0, STATE_PENDING, 0, 0},
    {"wanted again, and policy approves", BOTH, S(PROPOSED), SEEN_AUTOMATIC, SEEN_WANTED | INTERVAL_OVER, 0,
     STATE_APPROVED, 0, 0},
    {"policy approves this type", BOTH, S(PENDING), 0, SEEN_WANTED | SEEN_AUTOMATIC, SEEN_GUARDED, STATE_APPROVED, 0, 0},
    {"approved by a person", BOTH, S(PENDING), 0, SEEN_WANTED | APPROVE, 0, STATE_APPROVED, 0, 0},
    {"approved by a person while a guard holds", BOTH, S(PENDING), SEEN_GUARDED, SEEN_WANTED | APPROVE, 0, STATE_APPROVED,
     0, 0},
    {"rejected by a person", BOTH, S(PENDING), SEEN_WANTED, REJECT, 0, STATE_REJECTED, 0, 0},
    {"rejected by a person although policy approves", BOTH, S(PENDING), SEEN_WANTED | SEEN_AUTOMATIC | SEEN_GUARDED,
     REJECT, 0, STATE_REJECTED, 0, 0},

    {"claimed and submitted", BOTH, S(APPROVED), SEEN_WANTED, SAYS_SUBMITTED | CLAIMED, 0, STATE_SUBMITTED, 0, 0},
    {"issued", REISSUE, S(APPROVED), SEEN_WANTED, SAYS_ISSUED, 0, STATE_SUBMITTED, 0, 0},
    {"carried out", REVOKE, S(APPROVED), SEEN_WANTED, SAYS_REVOKED, 0, STATE_SUBMITTED, 0, 0},
    {"failed at once", BOTH, S(APPROVED), SEEN_WANTED, SAYS_FAILED, 0, STATE_FAILED, 0, 0},
    {"the claim ran out without a transaction", BOTH, S(SUBMITTED), SEEN_WANTED, CLAIM_OVER | NO_TRANSACTION, 0,
     STATE_APPROVED, 0, 0},
    {"a stand-in is seen", REISSUE, S(APPROVED) | S(SUBMITTED), SEEN_ENFORCED, SEEN_STAND_IN, 0, STATE_FULFILLED, 0, 0},
    {"the serial is on a fresh CRL", REVOKE, S(APPROVED) | S(SUBMITTED), SEEN_WANTED, SEEN_ON_CRL, 0, STATE_FULFILLED, 0, 0},
    {"the fulfiller failed", BOTH, S(SUBMITTED), SEEN_WANTED, SAYS_FAILED, 0, STATE_FAILED, 0, 0},
    {"issued, and it violates policy", REISSUE, S(SUBMITTED), SEEN_WANTED, SAYS_ISSUED | SEEN_ISSUED_BAD, 0, STATE_FAILED, 0,
     0},
    {"the next attempt is due", BOTH, S(FAILED), 0, SEEN_WANTED | DUE, 0, STATE_APPROVED, 0, 1},
    {"due, and another certificate violates by now", BOTH, S(FAILED), CERTIFICATES_CHANGED, SEEN_WANTED | DUE, 0,
     STATE_APPROVED, 0, 1},

    {"a stand-in appeared", REISSUE, S(PROPOSED) | S(PENDING) | S(REJECTED) | S(FAILED), SEEN_ENFORCED, SEEN_STAND_IN, 0,
     STATE_WITHDRAWN, 0, 0},
    {"cured otherwise", REISSUE, OPEN | S(REJECTED), SEEN_ENFORCED, SEEN_CURED, 0, STATE_WITHDRAWN, 0, 0},
    {"waived", REISSUE, OPEN | S(REJECTED), SEEN_ENFORCED, SEEN_WAIVED, 0, STATE_WITHDRAWN, 0, 0},
    {"policy off", REISSUE, OPEN | S(REJECTED), 0, SEEN_POLICY_OFF, 0, STATE_WITHDRAWN, 0, 0},
    {"subject gone", REISSUE, OPEN | S(REJECTED), 0, SEEN_GONE, 0, STATE_WITHDRAWN, 0, 0},

    {"notAfter passed", REVOKE, OPEN | S(SUBMITTED), 0, SEEN_EXPIRED, 0, STATE_WITHDRAWN, 0, 0},
    {"compliant now, before approval", REVOKE, S(PROPOSED) | S(PENDING), SEEN_ENFORCED, SEEN_CURED, 0, STATE_WITHDRAWN, 0, 0},
    {"compliant now, and policy alone approved it", REVOKE, S(APPROVED) | S(FAILED), SEEN_AUTOMATIC | SEEN_ENFORCED,
     SEEN_CURED, APPROVE, STATE_WITHDRAWN, 0, 0},
    {"waived, before approval", REVOKE, S(PROPOSED) | S(PENDING), SEEN_ENFORCED, SEEN_WAIVED, 0, STATE_WITHDRAWN, 0, 0},

    {"policy does not enforce", BOTH, OPEN, 0, SEEN_POLICY_WEAK, 0, STATE_HELD, 0, 0},
    {"compliant under another entry", REVOKE, OPEN, SEEN_WANTED | SEEN_ENFORCED, SEEN_COMPLIANT_ELSEWHERE, 0, STATE_HELD, 0,
     0},

    {"certificates changed", BOTH, S(PROPOSED) | S(PENDING) | S(APPROVED), SEEN_ENFORCED, SEEN_WANTED | CERTIFICATES_CHANGED,
     0, STATE_PROPOSED, 1, 0},
    {"checks changed", BOTH, S(PROPOSED) | S(PENDING) | S(APPROVED), SEEN_ENFORCED, SEEN_WANTED | CHECKS_CHANGED, 0,
     STATE_PROPOSED, 1, 0},
    {"names changed", BOTH, S(PROPOSED) | S(PENDING) | S(APPROVED), SEEN_ENFORCED, SEEN_WANTED | NAMES_CHANGED, 0,
     STATE_PROPOSED, 1, 0},
    {"reason changed", BOTH, S(PROPOSED) | S(PENDING) | S(APPROVED), SEEN_ENFORCED, SEEN_WANTED | REASON_CHANGED, 0,
     STATE_PROPOSED, 1, 0},
    {"certificates changed", BOTH, S(HELD), 0, SEEN_WANTED | CERTIFICATES_CHANGED, SEEN_GUARDED, STATE_PROPOSED, 1, 0},
    {"checks changed", BOTH, S(HELD), 0, SEEN_WANTED | CHECKS_CHANGED, SEEN_GUARDED, STATE_PROPOSED, 1, 0},
    {"names changed", BOTH, S(HELD), 0, SEEN_WANTED | NAMES_CHANGED, SEEN_GUARDED, STATE_PROPOSED, 1, 0},
    {"reason changed", BOTH, S(HELD), 0, SEEN_WANTED | REASON_CHANGED, SEEN_GUARDED, STATE_PROPOSED, 1, 0},
    {"its policy enforces again", BOTH, S(HELD), 0, SEEN_WANTED | SEEN_ENFORCED,
     SEEN_GUARDED | SEEN_POLICY_WEAK | SEEN_COMPLIANT_ELSEWHERE, STATE_PROPOSED, 1, 0},
    {"its policy enforces again, and it is cured", BOTH, S(HELD), 0, SEEN_CURED | SEEN_ENFORCED, SEEN_GUARDED,
     STATE_WITHDRAWN, 1, 0},
    {"its policy enforces again, and a stand-in is there", REISSUE, S(HELD), 0, SEEN_STAND_IN | SEEN_ENFORCED, SEEN_GUARDED,
     STATE_WITHDRAWN, 1, 0},
    {"its policy enforces again, and the subject is gone", REISSUE, S(HELD), 0, SEEN_GONE | SEEN_ENFORCED, SEEN_GUARDED,
     STATE_WITHDRAWN, 1, 0},
    {"certificates changed", BOTH, S(REJECTED), REASON_CHANGED, SEEN_WANTED | CERTIFICATES_CHANGED, SEEN_GUARDED,
     STATE_PROPOSED, 1, 0},
    {"checks changed", BOTH, S(REJECTED), 0, SEEN_WANTED | CHECKS_CHANGED, SEEN_GUARDED, STATE_PROPOSED, 1, 0},
    {"names changed", BOTH, S(REJECTED), 0, SEEN_WANTED | NAMES_CHANGED, SEEN_GUARDED, STATE_PROPOSED, 1, 0},
    {"wanted", BOTH, S(WITHDRAWN), 0, SEEN_WANTED, SEEN_GUARDED, STATE_PROPOSED, 1, 0},
    {"wanted, one confirmation is enough", BOTH, S(WITHDRAWN), ONE_CONFIRMATION, SEEN_WANTED, SEEN_GUARDED, STATE_PENDING, 1,
     0},
    {"wanted", REISSUE, S(FULFILLED), 0, SEEN_WANTED, SEEN_GUARDED, STATE_PROPOSED, 1, 0},

    {"nobody approved it", BOTH, S(APPROVED), SEEN_WANTED, NO_DECISION, SEEN_AUTOMATIC, STATE_PENDING, 0, 0},
    {"nobody rejected it", BOTH, S(REJECTED), 0, SEEN_WANTED | NO_DECISION, 0, STATE_PENDING, 0, 0},

    {"retention passed", BOTH, S(WITHDRAWN), 0, RETENTION_PASSED, SEEN_STILL_NEEDED, STATE_PURGED, 0, 0},
    {"retention passed", REISSUE, S(FULFILLED), 0, RETENTION_PASSED, SEEN_STILL_NEEDED, STATE_PURGED, 0, 0},
    {"retention passed after its end", REVOKE, S(FULFILLED), 0, RETENTION_PASSED | END_NOTED, SEEN_STILL_NEEDED,
     STATE_PURGED, 0, 0},
    {"retention passed after its end", BOTH, S(REJECTED), 0, RETENTION_PASSED | END_NOTED, SEEN_STILL_NEEDED, STATE_PURGED, 0,
     0},
};

/* What never moves: the sentences of the table that leave a state out. */
static const struct row stays[] = {
    {"nothing", BOTH, ~0u, 0, 0, 0, STATE_NONE, 0, 0},
    {"its policy enforces", BOTH, ~0u, SEEN_ENFORCED, 0, 0, STATE_NONE, 0, 0},
    {"cured or waived after approval", REVOKE, S(APPROVED) | S(FAILED) | S(SUBMITTED), SEEN_CURED | SEEN_WAIVED, 0, 0,
     STATE_NONE, 0, 0},
    {"subject gone, or policy off", REVOKE, ~0u & ~S(HELD), SEEN_GONE | SEEN_POLICY_OFF, 0, 0, STATE_NONE, 0, 0},
    {"cured, waived, policy off, gone", REISSUE, S(SUBMITTED) | S(FULFILLED) | S(WITHDRAWN),
     SEEN_CURED | SEEN_WAIVED | SEEN_POLICY_OFF | SEEN_GONE, 0, 0, STATE_NONE, 0, 0},
    {"policy does not enforce", BOTH, S(SUBMITTED) | S(REJECTED) | S(FULFILLED) | S(WITHDRAWN) | S(HELD), SEEN_POLICY_WEAK,
     0, 0, STATE_NONE, 0, 0},
    {"compliant elsewhere", REISSUE, ~0u, SEEN_COMPLIANT_ELSEWHERE, 0, 0, STATE_NONE, 0, 0},
    {"compliant elsewhere", REVOKE, S(SUBMITTED) | S(REJECTED) | S(FULFILLED), SEEN_COMPLIANT_ELSEWHERE, 0, 0, STATE_NONE, 0,
     0},
    {"changed", BOTH, S(SUBMITTED) | S(FAILED), SEEN_WANTED | SEEN_ENFORCED | CHANGES, 0, 0, STATE_NONE, 0, 0},
    {"the reason alone changed", BOTH, S(REJECTED), SEEN_WANTED | SEEN_ENFORCED | REASON_CHANGED, 0, 0, STATE_NONE, 0, 0},
    {"wanted", REVOKE, S(FULFILLED), SEEN_WANTED | SEEN_ENFORCED | CHANGES, 0, 0, STATE_NONE, 0, 0},
    {"notAfter passed", REISSUE, ~0u, SEEN_EXPIRED, 0, 0, STATE_NONE, 0, 0},
    {"a stand-in for a revocation", REVOKE, ~0u & ~S(HELD), SEEN_STAND_IN, 0, 0, STATE_NONE, 0, 0},
    {"on a CRL before approval", REVOKE, S(PROPOSED) | S(PENDING) | S(REJECTED) | S(FAILED), SEEN_ON_CRL, 0, 0, STATE_NONE, 0,
     0},
    {"on a CRL", REISSUE, ~0u, SEEN_ON_CRL, 0, 0, STATE_NONE, 0, 0},
    {"approved while a person rejects nothing", BOTH, S(REJECTED), SEEN_AUTOMATIC | SEEN_WANTED, 0, 0, STATE_NONE, 0, 0},
    {"an outcome before approval", BOTH, S(PROPOSED) | S(PENDING) | S(HELD) | S(WITHDRAWN), SAYS_FAILED | CLAIMED, 0, 0,
     STATE_NONE, 0, 0},
    {"a decision after approval", BOTH, S(APPROVED) | S(SUBMITTED) | S(FAILED), APPROVE | SEEN_WANTED, 0, 0,
     STATE_NONE, 0, 0},
    {"a late rejection", BOTH, S(SUBMITTED) | S(FAILED), REJECT | SEEN_WANTED, 0, 0, STATE_NONE, 0, 0},
    {"issued well, and not published yet", REISSUE, S(SUBMITTED), SAYS_ISSUED | SEEN_WANTED, 0, 0, STATE_NONE, 0, 0},
    {"carried out, and not verified", REVOKE, S(SUBMITTED), SAYS_REVOKED | SEEN_WANTED, 0, 0, STATE_NONE, 0, 0},
    {"retention of what goes on", BOTH, OPEN | S(SUBMITTED) | S(HELD), RETENTION_PASSED, 0, 0, STATE_NONE, 0, 0},
    {"retention of what is wanted, held by a guard", BOTH, S(WITHDRAWN) | S(REJECTED),
     RETENTION_PASSED | END_NOTED | SEEN_WANTED | SEEN_GUARDED, 0, 0, STATE_NONE, 0, 0},
};

/* One request on the stage. */

struct stage {
    struct request q;
    struct basis now;
    struct lifecycle_input in;
};

static const struct digest certificates[2] = {{{1}}, {{2}}};
static const struct slice names[2] = {{(const uint8_t *)"a.example", 9}, {(const uint8_t *)"b.example", 9}};
static struct slice ended_message; /* what the daemon writes when a rejected violation has ended; seen in set_up */

static uint64_t with_defaults(enum state from, uint64_t c)
{
    bool rests_on_approval = S(APPROVED) & STATE_BIT(from) || from == STATE_SUBMITTED || from == STATE_FAILED;
    if (!(c & (DECISIONS | NO_DECISION | SEEN_AUTOMATIC)) && rests_on_approval)
        c |= APPROVE;
    if (!(c & (DECISIONS | NO_DECISION)) && from == STATE_REJECTED)
        c |= REJECT;
    if (!(c & (OUTCOMES & ~CLAIM_OVER)) && from == STATE_SUBMITTED)
        c |= SAYS_SUBMITTED | CLAIMED;
    if (!(c & OUTCOMES) && from == STATE_FAILED)
        c |= SAYS_FAILED;
    return c;
}

static void stage_basis(struct stage *s, uint64_t c)
{
    struct basis then = {.certificates = certificates, .certificate_count = 1, .checks = 1, .names = names,
                         .name_count = 1, .reason = REASON_SUPERSEDED};
    s->q.record.basis = s->now = then;
    s->now.certificate_count += (c & CERTIFICATES_CHANGED) != 0;
    s->now.checks = c & CHECKS_CHANGED ? 2 : 1;
    s->now.names = c & NAMES_CHANGED ? names + 1 : names;
    s->now.reason = c & REASON_CHANGED ? REASON_KEY_COMPROMISE : REASON_SUPERSEDED;
}

static void stage_others(struct request *q, uint64_t c)
{
    q->decision = c & APPROVE ? DECISION_APPROVE : c & REJECT ? DECISION_REJECT : DECISION_NONE;
    q->decision_generation = GENERATION;
    q->outcome = c & SAYS_SUBMITTED ? OUTCOME_SUBMITTED
                 : c & SAYS_ISSUED  ? OUTCOME_ISSUED
                 : c & SAYS_REVOKED ? OUTCOME_REVOKED
                 : c & SAYS_FAILED  ? OUTCOME_FAILED
                                    : OUTCOME_NONE;
    q->outcome_generation = GENERATION;
    q->outcome_attempt = ATTEMPT;
    q->claimed = c & CLAIMED;
    q->claimed_until_utc = c & CLAIM_OVER ? NOW - 1 : NOW;
    q->has_transaction = !(c & NO_TRANSACTION);
}

static void stage_set(struct stage *s, enum request_type type, enum state from, uint64_t given)
{
    uint64_t c = with_defaults(from, given);
    *s = (struct stage){0};
    stage_basis(s, c);
    stage_others(&s->q, c);
    struct record *d = &s->q.record;
    d->type = type;
    d->state = from;
    d->generation = GENERATION;
    d->attempt = ATTEMPT;
    d->opened_utc = NOW - 200 * DAY;
    d->confirmed_passes = from == STATE_PROPOSED ? 1 : 2;
    d->confirmed_utc = c & INTERVAL_OVER ? NOW - INTERVAL : NOW - INTERVAL + 1;
    d->state_changed_utc = c & RETENTION_PASSED ? NOW - RETENTION : NOW - RETENTION + 1;
    d->next_attempt_utc = from != STATE_FAILED ? 0 : c & DUE ? NOW : NOW + 1;
    d->message = c & END_NOTED ? ended_message : (struct slice){NULL, 0};
    s->in = (struct lifecycle_input){.request = from == STATE_NONE ? NULL : &s->q, .type = type, .seen = (unsigned)c,
                                     .basis = &s->now, .confirmations = c & ONE_CONFIRMATION ? 1 : 2,
                                     .interval_s = INTERVAL, .retention_s = RETENTION, .now_utc = NOW};
}

static bool same_record(const struct record *a, const struct record *b)
{
    return a->state == b->state && a->generation == b->generation && a->attempt == b->attempt &&
           a->confirmed_passes == b->confirmed_passes && a->confirmed_utc == b->confirmed_utc &&
           a->state_changed_utc == b->state_changed_utc && a->next_attempt_utc == b->next_attempt_utc &&
           slice_eq(a->message, b->message) && !basis_changed(&a->basis, &b->basis);
}

/* The result is stored, and looked at again at the same moment. */
static struct lifecycle_result run_again(const struct stage *s, const struct lifecycle_result *first)
{
    struct stage next = *s;
    next.q.record = first->record;
    next.in.request = &next.q;
    next.in.basis = &next.now;
    return lifecycle_run(&next.in);
}

static void assert_settled(const struct stage *s, const struct lifecycle_result *first)
{
    if (first->record.state == STATE_PURGED || first->record.state == STATE_NONE)
        return;
    struct lifecycle_result second = run_again(s, first);
    assert_true(same_record(&first->record, &second.record));
    assert_int_equal(second.effects, 0);
    assert_false(second.confirmed);
}

/* One state and type of one row. */

struct instance {
    const struct row *row;
    enum request_type type;
    enum state from;
    char name[160];
};

static void assert_stands(const struct stage *s, const struct instance *t, const char *why)
{
    struct lifecycle_result r = lifecycle_run(&s->in);
    if (r.record.state != t->from || r.effects)
        fail_msg("%s: %s: moved to %s", t->name, why, state_name(r.record.state));
    if (t->from != STATE_NONE) {
        assert_int_equal(r.record.generation, GENERATION);
        assert_int_equal(r.record.attempt, ATTEMPT);
    }
    assert_settled(s, &r);
}

static void moves_with_all(const struct instance *t)
{
    const struct row *row = t->row;
    struct stage s;
    stage_set(&s, t->type, t->from, row->with | row->needs);
    struct lifecycle_result r = lifecycle_run(&s.in);
    bool is_new = t->from == STATE_NONE;
    assert_string_equal(state_name(r.record.state), state_name(row->to));
    assert_int_equal(r.record.state, row->to);
    assert_int_equal(r.first_from, t->from);
    assert_int_equal(r.record.generation, is_new ? 1 : GENERATION + row->generations);
    assert_int_equal(r.record.attempt, is_new || row->generations ? 1 : ATTEMPT + row->attempts);
    assert_int_equal(r.record.state_changed_utc, NOW);
    if (is_new)
        assert_int_equal(r.record.opened_utc, NOW);
    if ((row->needs & SEEN_WANTED) && (row->to == STATE_PROPOSED || row->attempts))
        assert_false(basis_changed(&r.record.basis, &s.now));
    if (row->to != STATE_PURGED)
        assert_true(r.record.message.n > 0);
    assert_settled(&s, &r);
}

static void stands_without_any(const struct instance *t)
{
    const struct row *row = t->row;
    struct stage s;
    for (unsigned bit = 0; bit <= LAST_CONDITION; bit++) {
        if (row->needs & C(bit)) {
            stage_set(&s, t->type, t->from, (row->with | row->needs) & ~C(bit));
            assert_stands(&s, t, "a condition is missing");
        }
        if (row->but & C(bit)) {
            stage_set(&s, t->type, t->from, row->with | row->needs | C(bit));
            assert_stands(&s, t, "a condition forbids it");
        }
    }
}

static void stands_when_stale(const struct instance *t)
{
    static const int by[] = {-1, 1};
    uint64_t all = t->row->with | t->row->needs;
    /* A claim that ran out returns the request whatever the outcome says, so long as it is not of this attempt. */
    bool rests_on_outcome = (t->row->needs & OUTCOMES) && !(t->row->needs & CLAIM_OVER);
    struct stage s;
    for (unsigned i = 0; i < 2; i++) {
        stage_set(&s, t->type, t->from, all);
        s.q.decision_generation += (unsigned)by[i];
        if (t->row->needs & DECISIONS)
            assert_stands(&s, t, "the decision is of another generation");
        stage_set(&s, t->type, t->from, all);
        s.q.outcome_generation += (unsigned)by[i];
        if (rests_on_outcome)
            assert_stands(&s, t, "the outcome is of another generation");
        stage_set(&s, t->type, t->from, all);
        s.q.outcome_attempt += (unsigned)by[i];
        if (rests_on_outcome)
            assert_stands(&s, t, "the outcome is of another attempt");
    }
}

static void moves(void **state)
{
    const struct instance *t = *state;
    moves_with_all(t);
    stands_without_any(t);
    stands_when_stale(t);
}

static void stands(void **state)
{
    const struct instance *t = *state;
    struct stage s;
    stage_set(&s, t->type, t->from, t->row->with);
    assert_stands(&s, t, "nothing should move it");
}

/* Coverage: the rows above against the table in the code. */

/* What the life cycle derives, said once more in the words of the rows. */
static unsigned seen_of(const struct instance *t)
{
    uint64_t c = with_defaults(t->from, t->row->with | t->row->needs);
    unsigned seen = (unsigned)c;
    bool outcome = c & OUTCOMES && (!(c & SAYS_SUBMITTED) || c & CLAIMED);
    seen |= (c & CHANGES && c & SEEN_WANTED) ? SEEN_BASIS_CHANGED : 0;
    seen |= (c & CHANGES) == REASON_CHANGED && c & SEEN_WANTED ? SEEN_ONLY_REASON_CHANGED : 0;
    seen |= t->from == STATE_PROPOSED && !(c & INTERVAL_OVER) ? 0 : SEEN_CONFIRMED;
    seen |= (c & APPROVE ? SEEN_APPROVED : 0) | (c & REJECT ? SEEN_REJECTED : 0);
    seen |= (outcome ? SEEN_SUBMITTED : 0) | (c & SAYS_FAILED ? SEEN_FAILED : 0);
    seen |= c & CLAIM_OVER && c & NO_TRANSACTION ? SEEN_CLAIM_LAPSED : 0;
    seen |= (c & DUE ? SEEN_ATTEMPT_DUE : 0) | (c & RETENTION_PASSED ? SEEN_RETENTION_OVER : 0);
    return seen;
}

static size_t first_of_table(const struct instance *t, const struct transition *table, size_t count)
{
    unsigned seen = seen_of(t);
    for (size_t i = 0; i < count; i++)
        if (table[i].types & 1u << t->type && table[i].from & STATE_BIT(t->from) && (seen & table[i].all) == table[i].all &&
            (!table[i].any || seen & table[i].any) && !(seen & table[i].none))
            return i;
    return count;
}

enum { INSTANCES = 600, TABLE_MOST = 64 };
static struct instance instances[INSTANCES];
static size_t instance_count, moving_count;

static void every_row_of_the_table_is_hit(void **state)
{
    (void)state;
    size_t count;
    const struct transition *table = lifecycle_table(&count);
    unsigned hit[TABLE_MOST][REQUEST_TYPES] = {{0}};
    assert_in_range(count, 1, TABLE_MOST);
    for (size_t i = 0; i < moving_count; i++) {
        size_t at = first_of_table(&instances[i], table, count);
        if (at == count)
            fail_msg("%s: no row of the table fits", instances[i].name);
        hit[at][instances[i].type] |= STATE_BIT(instances[i].from);
    }
    for (size_t i = 0; i < count; i++)
        for (unsigned type = 0; type < REQUEST_TYPES; type++) {
            unsigned missed = table[i].types & 1u << type ? table[i].from & ~hit[i][type] : 0;
            for (unsigned from = 0; from < STATE_COUNT; from++)
                if (missed & STATE_BIT(from))
                    fail_msg("row %zu (to %s) is not tested for a %s that is %s", i, state_name(table[i].to),
                             request_type_name((enum request_type)type), state_name((enum state)from));
        }
}

static void add_instances(const struct row *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (unsigned from = 0; from < STATE_PURGED; from++)
            for (unsigned type = 0; type < REQUEST_TYPES; type++) {
                if (!(all[i].from & STATE_BIT(from)) || !(all[i].types & 1u << type))
                    continue;
                struct instance *t = &instances[instance_count++];
                t->row = &all[i];
                t->type = (enum request_type)type;
                t->from = (enum state)from;
                const char *to = all[i].to == STATE_PURGED ? "deleted" : state_name(all[i].to);
                snprintf(t->name, sizeof t->name, "%s, %s: %s -> %s", request_type_name(t->type),
                         from ? state_name(t->from) : "none", all[i].seen, *to ? to : "the same");
            }
}

static void set_up(void)
{
    struct stage s;
    stage_set(&s, REQUEST_REVOKE, STATE_REJECTED, SEEN_CURED);
    ended_message = lifecycle_run(&s.in).record.message;
    add_instances(rows, sizeof rows / sizeof *rows);
    moving_count = instance_count;
    add_instances(stays, sizeof stays / sizeof *stays);
}

int main(void)
{
    static struct CMUnitTest tests[INSTANCES + 1];
    set_up();
    for (size_t i = 0; i < instance_count; i++)
        tests[i] = (struct CMUnitTest){.name = instances[i].name, .test_func = i < moving_count ? moves : stands,
                                       .initial_state = &instances[i]};
    tests[instance_count] = (struct CMUnitTest)cmocka_unit_test(every_row_of_the_table_is_hit);
    return _cmocka_run_group_tests("lifecycle", tests, instance_count + 1, NULL, NULL);
}
