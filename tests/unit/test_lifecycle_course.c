/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life cycle over time: confirmations, attempts and their back-off, generations, retention, what the message says;
 * and a sweep over every state with everything that can be seen, in which nothing may circle, contradict itself or
 * move a second time.
 */
#include "core/lifecycle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW = 1800000000, HOUR = 3600, DAY = 86400, INTERVAL = 300 };

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* A request that lives on: each step is one pass. */
struct life {
    struct request q;
    struct basis now;
    struct lifecycle_input in;
    struct lifecycle_result last;
};

static const struct digest certificates[2] = {{{1}}, {{2}}};

static void life_begin(struct life *l, enum request_type type)
{
    *l = (struct life){0};
    l->now = (struct basis){.certificates = certificates, .certificate_count = 1, .checks = 1, .reason = REASON_SUPERSEDED};
    l->in = (struct lifecycle_input){.type = type, .confirmations = 2, .interval_s = INTERVAL, .retention_s = 90 * DAY,
                                     .now_utc = NOW};
}

static enum state pass(struct life *l, int64_t after_s, unsigned seen)
{
    l->in.now_utc += after_s;
    l->in.seen = seen;
    l->in.basis = &l->now;
    l->last = lifecycle_run(&l->in);
    l->q.record = l->last.record;
    if (l->q.record.state != STATE_NONE)
        l->in.request = &l->q;
    return l->q.record.state;
}

static void decide(struct life *l, enum decision d)
{
    l->q.decision = d;
    l->q.decision_generation = l->q.record.generation;
}

static void report(struct life *l, enum outcome o)
{
    l->q.outcome = o;
    l->q.outcome_generation = l->q.record.generation;
    l->q.outcome_attempt = l->q.record.attempt;
    l->q.claimed = true;
    l->q.claimed_until_utc = l->in.now_utc + HOUR;
}

/* From nothing to approved by a person. */
static void life_approve(struct life *l)
{
    l->in.confirmations = 1;
    assert_int_equal(pass(l, 0, SEEN_WANTED | SEEN_ENFORCED), STATE_PENDING);
    decide(l, DECISION_APPROVE);
    assert_int_equal(pass(l, INTERVAL, SEEN_WANTED | SEEN_ENFORCED), STATE_APPROVED);
}

static void assert_says(const struct life *l, const char *words)
{
    struct slice m = l->q.record.message, w = slice_of(words);
    for (size_t i = 0; i + w.n <= m.n; i++)
        if (slice_eq(slice_upto(slice_from(m, i), w.n), w))
            return;
    fail_msg("the message is \"%.*s\", without \"%s\"", SLICE_ARGS(m), words);
}

static void confirmations_need_passes_an_interval_apart(void **state)
{
    (void)state;
    struct life l;
    life_begin(&l, REQUEST_REISSUE);
    l.in.confirmations = 3;
    assert_int_equal(pass(&l, 0, SEEN_WANTED), STATE_PROPOSED);
    assert_int_equal(l.q.record.confirmed_passes, 1);
    assert_int_equal(l.q.record.confirmed_utc, NOW);
    assert_int_equal(pass(&l, INTERVAL - 1, SEEN_WANTED), STATE_PROPOSED);
    assert_int_equal(l.q.record.confirmed_passes, 1);
    assert_false(l.last.confirmed);
    assert_int_equal(pass(&l, 1, SEEN_WANTED), STATE_PROPOSED);
    assert_int_equal(l.q.record.confirmed_passes, 2);
    assert_true(l.last.confirmed);
    assert_int_equal(l.q.record.confirmed_utc, NOW + INTERVAL);
    assert_int_equal(pass(&l, INTERVAL - 1, SEEN_WANTED), STATE_PROPOSED);
    assert_int_equal(pass(&l, 1, SEEN_WANTED), STATE_PENDING);
    assert_int_equal(l.q.record.confirmed_passes, 3);
    assert_int_equal(pass(&l, INTERVAL, SEEN_WANTED), STATE_PENDING);
    assert_int_equal(l.q.record.confirmed_passes, 3);
}

static void a_pass_that_decides_nothing_confirms_nothing(void **state)
{
    (void)state;
    struct life l;
    life_begin(&l, REQUEST_REVOKE);
    pass(&l, 0, SEEN_WANTED);
    assert_int_equal(pass(&l, DAY, 0), STATE_PROPOSED);
    assert_int_equal(l.q.record.confirmed_passes, 1);
    assert_int_equal(l.q.record.confirmed_utc, NOW);
    assert_int_equal(pass(&l, 1, SEEN_WANTED), STATE_PENDING);
}

static void a_change_is_confirmed_from_the_beginning(void **state)
{
    (void)state;
    struct life l;
    life_begin(&l, REQUEST_REISSUE);
    pass(&l, 0, SEEN_WANTED);
    l.now.checks = 2;
    assert_int_equal(pass(&l, INTERVAL, SEEN_WANTED), STATE_PROPOSED);
    assert_int_equal(l.q.record.generation, 2);
    assert_int_equal(l.q.record.confirmed_passes, 1);
    assert_int_equal(l.q.record.confirmed_utc, NOW + INTERVAL);
    assert_int_equal(pass(&l, INTERVAL - 1, SEEN_WANTED), STATE_PROPOSED);
    assert_int_equal(pass(&l, 1, SEEN_WANTED), STATE_PENDING);
    assert_int_equal(l.q.record.generation, 2);
}

static void fewer_confirmations_asked_for_let_it_go_on(void **state)
{
    (void)state;
    struct life l;
    life_begin(&l, REQUEST_REISSUE);
    pass(&l, 0, SEEN_WANTED);
    l.in.confirmations = 1;
    assert_int_equal(pass(&l, 1, SEEN_WANTED), STATE_PENDING);
}

static void back_off_doubles_from_one_hour_to_thirty_two(void **state)
{
    (void)state;
    static const int64_t hours[] = {1, 2, 4, 8, 16, 32, 32, 32, 32};
    for (unsigned i = 0; i < COUNT(hours); i++)
        assert_int_equal(lifecycle_back_off_s(i + 1), hours[i] * HOUR);
    assert_int_equal(lifecycle_back_off_s(0), HOUR);
    assert_int_equal(lifecycle_back_off_s(UINT32_MAX), 32 * HOUR);
}

static void each_attempt_waits_longer_and_keeps_the_generation(void **state)
{
    (void)state;
    static const int64_t hours[] = {1, 2, 4, 8, 16, 32, 32};
    struct life l;
    life_begin(&l, REQUEST_REISSUE);
    life_approve(&l);
    for (unsigned i = 0; i < COUNT(hours); i++) {
        assert_int_equal(l.q.record.attempt, i + 1);
        report(&l, OUTCOME_FAILED);
        assert_int_equal(pass(&l, 60, SEEN_WANTED), STATE_FAILED);
        assert_int_equal(l.q.record.next_attempt_utc, l.in.now_utc + hours[i] * HOUR);
        assert_int_equal(pass(&l, hours[i] * HOUR - 1, SEEN_WANTED), STATE_FAILED);
        assert_int_equal(pass(&l, 1, SEEN_WANTED), STATE_APPROVED);
        assert_int_equal(l.q.record.generation, 1);
        assert_int_equal(l.q.record.next_attempt_utc, 0);
        assert_int_equal(pass(&l, 1, SEEN_WANTED), STATE_APPROVED); /* the old outcome is stale now */
    }
}

static void a_new_generation_begins_with_the_first_attempt(void **state)
{
    (void)state;
    struct life l;
    life_begin(&l, REQUEST_REISSUE);
    life_approve(&l);
    report(&l, OUTCOME_FAILED);
    pass(&l, 0, SEEN_WANTED);
    pass(&l, HOUR, SEEN_WANTED);
    assert_int_equal(l.q.record.attempt, 2);
    l.in.confirmations = 2;
    l.now.certificate_count = 2;
    assert_int_equal(pass(&l, HOUR, SEEN_WANTED), STATE_PROPOSED);
    assert_int_equal(l.q.record.generation, 2);
    assert_int_equal(l.q.record.attempt, 1);
    assert_int_equal(pass(&l, INTERVAL, SEEN_WANTED), STATE_PENDING); /* approved before, but not this */
}

static void a_replacement_found_once_is_forgotten_in_the_next_generation(void **state)
{
    (void)state;
    struct life l;
    life_begin(&l, REQUEST_REISSUE);
    life_approve(&l);
    assert_int_equal(pass(&l, 0, SEEN_STAND_IN | SEEN_ENFORCED), STATE_FULFILLED);
    l.q.record.has_replacement = true;
    assert_int_equal(pass(&l, 0, SEEN_WANTED), STATE_PENDING);
    assert_false(l.q.record.has_replacement);
    assert_int_equal(l.q.record.generation, 2);
    assert_int_equal(l.q.record.attempt, 1);
}

static void retention_is_counted_from_the_end(void **state)
{
    (void)state;
    struct life l;
    life_begin(&l, REQUEST_REISSUE);
    pass(&l, 0, SEEN_WANTED);
    assert_int_equal(pass(&l, DAY, SEEN_CURED), STATE_WITHDRAWN);
    assert_int_equal(pass(&l, 90 * DAY - 1, SEEN_CURED), STATE_WITHDRAWN);
    assert_int_equal(pass(&l, 1, SEEN_CURED | SEEN_STILL_NEEDED), STATE_WITHDRAWN);
    assert_int_equal(pass(&l, 0, SEEN_WANTED | SEEN_GUARDED), STATE_WITHDRAWN);
    assert_int_equal(pass(&l, 0, 0), STATE_PURGED);
}

static void no_retention_at_all_still_shows_the_end_once(void **state)
{
    (void)state;
    struct life l;
    life_begin(&l, REQUEST_REISSUE);
    l.in.retention_s = 0;
    pass(&l, 0, SEEN_WANTED);
    assert_int_equal(pass(&l, 0, SEEN_CURED), STATE_WITHDRAWN);
    assert_int_equal(pass(&l, 0, SEEN_CURED), STATE_PURGED);
}

/* A rejected request stays while its violation does, however old it is. */
static void a_rejected_revocation_is_kept_until_its_violation_has_ended(void **state)
{
    (void)state;
    struct life l;
    life_begin(&l, REQUEST_REVOKE);
    l.in.confirmations = 1;
    pass(&l, 0, SEEN_WANTED);
    decide(&l, DECISION_REJECT);
    assert_int_equal(pass(&l, 0, SEEN_WANTED), STATE_REJECTED);
    assert_says(&l, "rejected");
    assert_int_equal(pass(&l, 400 * DAY, SEEN_WANTED), STATE_REJECTED);
    assert_int_equal(pass(&l, 0, SEEN_CURED), STATE_REJECTED);
    assert_says(&l, "violation has ended");
    assert_int_equal(l.q.record.state_changed_utc, l.in.now_utc);
    assert_int_equal(pass(&l, 89 * DAY, SEEN_WANTED), STATE_REJECTED); /* it is back: not ended */
    assert_says(&l, "rejected");
    assert_int_equal(pass(&l, 2 * DAY, SEEN_WANTED), STATE_REJECTED);
    assert_int_equal(pass(&l, 0, SEEN_CURED), STATE_REJECTED);
    assert_int_equal(pass(&l, 90 * DAY - 1, SEEN_CURED), STATE_REJECTED);
    assert_int_equal(pass(&l, 1, SEEN_CURED), STATE_PURGED);
}

static void a_fulfilled_revocation_is_kept_until_its_violation_has_ended(void **state)
{
    (void)state;
    static const unsigned ends[] = {SEEN_CURED, SEEN_EXPIRED, SEEN_GONE, SEEN_POLICY_OFF, SEEN_WAIVED};
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct life l;
        life_begin(&l, REQUEST_REVOKE);
        life_approve(&l);
        assert_int_equal(pass(&l, 0, SEEN_WANTED | SEEN_ON_CRL), STATE_FULFILLED);
        assert_int_equal(pass(&l, 400 * DAY, SEEN_WANTED), STATE_FULFILLED);
        assert_int_equal(pass(&l, 0, 0), STATE_FULFILLED); /* undecided */
        assert_int_equal(pass(&l, 0, ends[i]), STATE_FULFILLED);
        assert_int_equal(pass(&l, 90 * DAY - 1, ends[i]), STATE_FULFILLED);
        assert_int_equal(pass(&l, 1, ends[i] | SEEN_STILL_NEEDED), STATE_FULFILLED);
        assert_int_equal(pass(&l, 0, ends[i]), STATE_PURGED);
    }
}

static void messages_say_what_is_waited_for(void **state)
{
    (void)state;
    struct life l;
    life_begin(&l, REQUEST_REVOKE);
    pass(&l, 0, SEEN_WANTED);
    assert_says(&l, "confirmation");
    pass(&l, INTERVAL, SEEN_WANTED);
    assert_says(&l, "approval by a person");
    decide(&l, DECISION_APPROVE);
    pass(&l, 0, SEEN_WANTED);
    assert_says(&l, "fulfiller");
    report(&l, OUTCOME_SUBMITTED);
    assert_int_equal(pass(&l, 0, SEEN_WANTED), STATE_SUBMITTED);
    assert_says(&l, "outcome");
    report(&l, OUTCOME_REVOKED);
    assert_int_equal(pass(&l, 0, SEEN_WANTED), STATE_SUBMITTED);
    assert_says(&l, "not verified");
    assert_int_equal(pass(&l, 1000 * DAY, SEEN_WANTED), STATE_SUBMITTED);
    assert_int_equal(pass(&l, 0, SEEN_EXPIRED), STATE_WITHDRAWN);
    assert_says(&l, "notAfter");
}

static void a_submitted_request_says_that_its_reason_went_away(void **state)
{
    (void)state;
    static const unsigned cures[] = {SEEN_CURED, SEEN_GONE, SEEN_WAIVED, SEEN_POLICY_OFF};
    for (size_t i = 0; i < COUNT(cures); i++) {
        struct life l;
        life_begin(&l, REQUEST_REISSUE);
        life_approve(&l);
        report(&l, OUTCOME_SUBMITTED);
        pass(&l, 0, SEEN_WANTED);
        assert_int_equal(pass(&l, 0, cures[i]), STATE_SUBMITTED);
        assert_says(&l, "reason went away");
        assert_int_equal(pass(&l, 0, SEEN_WANTED), STATE_SUBMITTED); /* and back */
        assert_says(&l, "waits for the outcome");
        pass(&l, 0, cures[i]);
        report(&l, OUTCOME_FAILED);
        assert_int_equal(pass(&l, 0, cures[i]), STATE_WITHDRAWN); /* failed, and then nothing is left to be done */
    }
}

/* The fulfiller may be quicker than the daemon: what it has begun ends by its outcome. */
static void what_was_submitted_between_two_passes_ends_by_its_outcome(void **state)
{
    (void)state;
    static const unsigned meanwhile[] = {SEEN_WANTED, SEEN_CURED, SEEN_WAIVED, SEEN_GONE, SEEN_POLICY_OFF, SEEN_POLICY_WEAK};
    for (size_t i = 0; i < COUNT(meanwhile); i++) {
        struct life l;
        life_begin(&l, REQUEST_REISSUE);
        life_approve(&l);
        l.now.certificate_count = 2;
        report(&l, OUTCOME_SUBMITTED);
        assert_int_equal(pass(&l, 0, meanwhile[i]), STATE_SUBMITTED);
        assert_int_equal(l.q.record.generation, 1);
    }
}

/* The sweep. */

/* What an observation may give; the other bits follow from the record. */
static const unsigned observed[] = {SEEN_WANTED,      SEEN_CURED,       SEEN_STAND_IN,   SEEN_ON_CRL,
                                    SEEN_WAIVED,      SEEN_POLICY_OFF,  SEEN_GONE,       SEEN_POLICY_WEAK,
                                    SEEN_COMPLIANT_ELSEWHERE, SEEN_ENFORCED, SEEN_EXPIRED, SEEN_AUTOMATIC,
                                    SEEN_ISSUED_BAD,  SEEN_GUARDED,     SEEN_STILL_NEEDED};

/* Wanted is, by its definition, none of these. */
static bool contradicts_itself(unsigned seen)
{
    unsigned ends = SEEN_CURED | SEEN_STAND_IN | SEEN_WAIVED | SEEN_POLICY_OFF | SEEN_GONE | SEEN_EXPIRED;
    return (seen & SEEN_WANTED) && (seen & ends);
}

/* What others wrote, in the numbers of the request or beside them. */
struct others {
    enum decision decision;
    enum outcome outcome;
    bool claimed, lapsed;
    unsigned old; /* generations behind */
};
static const struct others others[] = {
    {0},
    {.decision = DECISION_APPROVE},
    {.decision = DECISION_REJECT},
    {.decision = DECISION_APPROVE, .outcome = OUTCOME_FAILED, .old = 1},
    {.decision = DECISION_APPROVE, .outcome = OUTCOME_SUBMITTED},
    {.decision = DECISION_APPROVE, .outcome = OUTCOME_SUBMITTED, .claimed = true},
    {.decision = DECISION_APPROVE, .outcome = OUTCOME_SUBMITTED, .claimed = true, .lapsed = true},
    {.decision = DECISION_APPROVE, .outcome = OUTCOME_ISSUED},
    {.decision = DECISION_APPROVE, .outcome = OUTCOME_REVOKED},
    {.decision = DECISION_APPROVE, .outcome = OUTCOME_FAILED},
    {.decision = DECISION_REJECT, .outcome = OUTCOME_FAILED, .claimed = true},
};

static void stage(struct life *l, enum request_type type, enum state from, const struct others *o, unsigned variant)
{
    int64_t age_s = variant & 1 ? 100 * DAY : 0;
    life_begin(l, type);
    l->in.basis = &l->now;
    l->in.request = from == STATE_NONE ? NULL : &l->q;
    l->in.confirmations = variant & 2 ? 1 : 2;
    l->q = (struct request){.decision = o->decision, .outcome = o->outcome, .claimed = o->claimed,
                            .decision_generation = 4 - o->old, .outcome_generation = 4 - o->old, .outcome_attempt = 2,
                            .claimed_until_utc = o->lapsed ? NOW - 1 : NOW};
    l->q.record = (struct record){.type = type, .state = from, .generation = 4, .attempt = 2, .basis = l->now,
                                  .opened_utc = NOW - 200 * DAY, .state_changed_utc = NOW - age_s, .confirmed_passes = 1,
                                  .confirmed_utc = NOW - age_s, .next_attempt_utc = NOW + 1 - age_s};
    l->now.checks = variant & 4 ? 2 : 1;
    l->now.reason = variant & 8 ? REASON_KEY_COMPROMISE : REASON_SUPERSEDED;
}

static void assert_possible(const struct life *l, unsigned seen)
{
    const struct record *was = &l->q.record, *d = &l->last.record;
    bool is_new = !l->in.request, moved = is_new || d->state != was->state;
    bool ours = l->q.decision_generation == d->generation && !is_new;
    bool outcome = !is_new && l->q.outcome && l->q.outcome_generation == d->generation && l->q.outcome_attempt == d->attempt;
    assert_in_range(d->state, is_new ? STATE_NONE : STATE_PROPOSED, STATE_PURGED);
    if (!is_new)
        assert_true(d->generation == was->generation || (d->generation == was->generation + 1 && (seen & (SEEN_WANTED | SEEN_ENFORCED))));
    if (!is_new)
        assert_true(d->attempt == was->attempt || (d->attempt == was->attempt + 1 && was->state == STATE_FAILED) ||
                    (d->attempt == 1 && d->generation > was->generation));
    assert_true((d->next_attempt_utc != 0) == (d->state == STATE_FAILED) || !moved);
    if (moved && d->state == STATE_APPROVED)
        assert_true((seen & SEEN_AUTOMATIC) || (ours && l->q.decision == DECISION_APPROVE) || was->state == STATE_SUBMITTED ||
                    was->state == STATE_FAILED);
    if (moved && d->state == STATE_REJECTED)
        assert_true(ours && l->q.decision == DECISION_REJECT);
    if (moved && (d->state == STATE_SUBMITTED || d->state == STATE_FAILED))
        assert_true(outcome);
    if (moved && d->state == STATE_FULFILLED)
        assert_true(seen & (d->type == REQUEST_REVOKE ? SEEN_ON_CRL : SEEN_STAND_IN));
    if (d->state == STATE_PURGED)
        assert_true(was->state == STATE_WITHDRAWN || was->state == STATE_FULFILLED || was->state == STATE_REJECTED);
    if (seen & SEEN_GUARDED) /* nothing opens */
        assert_true(!(l->last.effects & (EFFECT_OPENS | EFFECT_BY_POLICY)));
    if (d->type == REQUEST_REVOKE && was->state == STATE_FULFILLED && !is_new)
        assert_true(d->state == STATE_FULFILLED || d->state == STATE_PURGED);
}

static void assert_stands_still(struct life *l)
{
    struct record first = l->last.record;
    if (first.state == STATE_NONE || first.state == STATE_PURGED)
        return;
    if (!l->in.request) /* others can't have written about what was not there yet */
        l->q = (struct request){0};
    l->q.record = first;
    l->in.request = &l->q;
    struct lifecycle_result again = lifecycle_run(&l->in);
    const struct record *d = &again.record;
    assert_int_equal(again.effects, 0);
    assert_int_equal(d->state, first.state);
    assert_true(d->generation == first.generation && d->attempt == first.attempt &&
                d->confirmed_passes == first.confirmed_passes && d->confirmed_utc == first.confirmed_utc &&
                d->state_changed_utc == first.state_changed_utc && d->next_attempt_utc == first.next_attempt_utc &&
                slice_eq(d->message, first.message));
}

static void sweep(unsigned seen, enum request_type type, enum state from)
{
    struct life l;
    for (size_t o = 0; o < COUNT(others); o++)
        for (unsigned variant = 0; variant < 16; variant++) {
            stage(&l, type, from, &others[o], variant);
            l.in.seen = seen;
            l.last = lifecycle_run(&l.in);
            assert_possible(&l, seen);
            assert_stands_still(&l);
        }
}

/* All single bits, pairs and triples. */
static void nothing_circles_or_contradicts_itself(void **state)
{
    (void)state;
    size_t n = COUNT(observed), swept = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = i; k < n; k++)
            for (size_t m = k; m < n; m++) {
                unsigned seen = observed[i] | observed[k] | observed[m];
                for (unsigned from = STATE_NONE; from < STATE_PURGED && !contradicts_itself(seen); from++, swept++) {
                    sweep(seen, REQUEST_REISSUE, (enum state)from);
                    sweep(seen, REQUEST_REVOKE, (enum state)from);
                }
            }
    assert_true(swept > 4000);
    sweep(0, REQUEST_REISSUE, STATE_NONE);
    sweep(0, REQUEST_REVOKE, STATE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(confirmations_need_passes_an_interval_apart),
        cmocka_unit_test(a_pass_that_decides_nothing_confirms_nothing),
        cmocka_unit_test(a_change_is_confirmed_from_the_beginning),
        cmocka_unit_test(fewer_confirmations_asked_for_let_it_go_on),
        cmocka_unit_test(back_off_doubles_from_one_hour_to_thirty_two),
        cmocka_unit_test(each_attempt_waits_longer_and_keeps_the_generation),
        cmocka_unit_test(a_new_generation_begins_with_the_first_attempt),
        cmocka_unit_test(a_replacement_found_once_is_forgotten_in_the_next_generation),
        cmocka_unit_test(retention_is_counted_from_the_end),
        cmocka_unit_test(no_retention_at_all_still_shows_the_end_once),
        cmocka_unit_test(a_rejected_revocation_is_kept_until_its_violation_has_ended),
        cmocka_unit_test(a_fulfilled_revocation_is_kept_until_its_violation_has_ended),
        cmocka_unit_test(messages_say_what_is_waited_for),
        cmocka_unit_test(a_submitted_request_says_that_its_reason_went_away),
        cmocka_unit_test(what_was_submitted_between_two_passes_ends_by_its_outcome),
        cmocka_unit_test(nothing_circles_or_contradicts_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
