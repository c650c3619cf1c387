/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When time alone changes a verdict, by brute force: whatever the certificates, the policy and the waivers, nothing
 * that a check says changes between a moment and the deadline that was given for it.
 */
#include "core/deadline.h"
#include "core/lifecycle.h"
#include "core/waiver.h"
#include "support/sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BEGIN = 1700000000, SPAN = 240, CERTIFICATES = 3, ROUNDS = 250 };

static uint64_t seed = 20261123;

static unsigned pick(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

struct scene {
    struct arena arena;
    struct sketch sketch;
    struct policy policy;
    struct waiver waivers[2];
    const struct waiver *all[2];
    struct certificate certificates[CERTIFICATES];
    struct subject subject;
};

static void draw_policy(struct policy *p)
{
    *p = (struct policy){.dn = SLICE_LITERAL("cn=p"), .mode = MODE_ENFORCE, .allowed_versions = 1u << 3};
    p->renew_before.kind = (enum renew_kind)pick(3);
    p->renew_before.value = p->renew_before.kind == RENEW_PERCENT ? 1 + pick(99) : 1 + pick(SPAN);
}

static void draw(struct scene *s)
{
    sketch_begin(&s->sketch, &s->arena);
    draw_policy(&s->policy);
    for (size_t i = 0; i < CERTIFICATES; i++) {
        struct certificate *c = &s->certificates[i];
        *c = (struct certificate){.der = s->sketch.der, .facts = s->sketch.facts, .opinion = OPINION_AGREES};
        c->facts.not_before_utc = BEGIN + pick(SPAN);
        c->facts.not_after_utc = BEGIN + pick(SPAN);
        c->digest.octets[0] = (uint8_t)i;
        c->has_digest = true;
    }
    for (size_t i = 0; i < 2; i++) {
        s->waivers[i] = (struct waiver){.dn = i ? SLICE_LITERAL("cn=w1") : SLICE_LITERAL("cn=w0"),
                                        .checks = 1 + pick((1u << CHECK_COUNT) - 1),
                                        .until_utc = pick(4) ? BEGIN + pick(SPAN) : 0};
        s->all[i] = &s->waivers[i];
    }
    size_t waived = pick(3);
    s->subject = (struct subject){.dn = SLICE_LITERAL("cn=s"),
                                  .id = SLICE_LITERAL("entryUUID:s"),
                                  .policy = &s->policy,
                                  .certificates = s->certificates,
                                  .certificate_count = 1 + pick(CERTIFICATES),
                                  .waivers = s->all,
                                  .waiver_count = waived,
                                  .waivers_of_entry = waived};
}

/* All that is said of the subject at that moment. */
static struct slice verdict(struct scene *s, int64_t now_utc)
{
    struct slice text = {NULL, 0};
    for (size_t i = 0; i < 2; i++)
        s->waivers[i].ended = s->waivers[i].until_utc && now_utc > s->waivers[i].until_utc;
    subject_judge(&s->arena, &s->subject, now_utc);
    waiver_mark_subject(&s->arena, &s->subject);
    for (size_t i = 0; i < s->subject.certificate_count; i++) {
        struct certificate *c = &s->certificates[i];
        subject_judge_certificate(&s->arena, &s->subject, c, now_utc);
        waiver_mark_certificate(&s->arena, &s->subject, c);
        for (size_t k = 0; k < c->finding_count; k++)
            text = arena_format(&s->arena, "%.*s%zu %d %.*s %.*s\n", SLICE_ARGS(text), i, (int)c->findings[k].check,
                                SLICE_ARGS(c->findings[k].detail), SLICE_ARGS(c->findings[k].waiver));
    }
    return text;
}

static void test_nothing_changes_before(void **state)
{
    static struct scene s;
    size_t sharp = 0;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        draw(&s);
        for (int64_t now = BEGIN - 2 + pick(20); now < BEGIN + SPAN + 4; now += 1 + pick(40)) {
            struct slice before = verdict(&s, now);
            int64_t deadline = deadline_of_subject(&s.subject, now);
            int64_t end = deadline == DEADLINE_NEVER ? BEGIN + 2 * SPAN : deadline;
            assert_true(deadline == DEADLINE_NEVER || deadline > now);
            for (int64_t t = now + 1; t < end; t++) {
                struct slice then = verdict(&s, t);
                if (!slice_eq(before, then))
                    fail_msg("round %d: at %+d another verdict than at %+d, and the deadline is %+d\n%.*s--\n%.*s",
                             round, (int)(t - BEGIN), (int)(now - BEGIN), (int)(end - BEGIN), SLICE_ARGS(before),
                             SLICE_ARGS(then));
            }
            sharp += deadline != DEADLINE_NEVER && !slice_eq(before, verdict(&s, deadline));
            verdict(&s, now);
        }
        arena_free(&s.arena);
    }
    assert_true(sharp > ROUNDS); /* and most deadlines are real ones */
}

static void test_a_third_of_its_life(void **state)
{
    static struct scene s;
    (void)state;
    draw(&s);
    s.policy.renew_before.kind = RENEW_PERCENT;
    s.policy.renew_before.value = 33;
    s.subject.certificate_count = 1;
    s.subject.waiver_count = s.subject.waivers_of_entry = 0;
    s.certificates[0].facts.not_before_utc = BEGIN;
    s.certificates[0].facts.not_after_utc = BEGIN + 90 * 86400 - 1;
    verdict(&s, BEGIN + 1);
    int64_t at = deadline_of_subject(&s.subject, BEGIN + 1);
    assert_int_equal(verdict(&s, at - 1).n, 0);
    assert_true(verdict(&s, at).n > 0);
    arena_free(&s.arena);
}

static void test_crls_grow_old(void **state)
{
    static struct scene s;
    (void)state;
    draw(&s);
    verdict(&s, BEGIN - 5000);
    s.certificates[0].trust.revocation = REVOCATION_GOOD;
    assert_int_equal(deadline_of_subject(&s.subject, BEGIN - 5000), BEGIN - 5000 + DEADLINE_TRUST_S);
    arena_free(&s.arena);
}

/* A request that nothing is seen of moves by itself at the deadline, and not before. */
static void test_requests(void **state)
{
    static const struct {
        enum state state;
        enum request_type type;
        int64_t after;
        bool nameless; /* the claim names nobody, and the outcome says that it was submitted */
    } rows[] = {
        {STATE_PROPOSED, REQUEST_REISSUE, 300, false},        {STATE_FAILED, REQUEST_REISSUE, 3600, false},
        {STATE_SUBMITTED, REQUEST_REISSUE, 501, false},       {STATE_SUBMITTED, REQUEST_REISSUE, 501, true},
        {STATE_WITHDRAWN, REQUEST_REISSUE, 7 * 86400, false}, {STATE_FULFILLED, REQUEST_REISSUE, 7 * 86400, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy policy = {.retention_days = 7, .confirmations = 3};
        struct plan_request q = {.request = {.claimed = !rows[i].nameless,
                                             .claimed_until_utc = BEGIN + 500,
                                             .outcome = rows[i].nameless ? OUTCOME_SUBMITTED : OUTCOME_NONE,
                                             .outcome_generation = 1,
                                             .outcome_attempt = 1}};
        struct record *d = &q.request.record;
        *d = (struct record){.type = rows[i].type,
                             .state = rows[i].state,
                             .generation = 1,
                             .attempt = 1,
                             .confirmed_passes = 1,
                             .opened_utc = BEGIN,
                             .confirmed_utc = BEGIN,
                             .state_changed_utc = BEGIN,
                             .next_attempt_utc = BEGIN + 3600};
        int64_t at = deadline_of_request(&q, &policy, 300, BEGIN);
        assert_int_equal(at, BEGIN + rows[i].after);
        struct lifecycle_input in = {.request = &q.request,
                                     .type = d->type,
                                     .seen = rows[i].state == STATE_FULFILLED || rows[i].state == STATE_WITHDRAWN
                                                 ? 0
                                                 : SEEN_WANTED | SEEN_ENFORCED,
                                     .basis = &d->basis,
                                     .confirmations = 3,
                                     .interval_s = 300,
                                     .retention_s = 7 * 86400,
                                     .now_utc = at - 1};
        struct lifecycle_result r = lifecycle_run(&in);
        assert_true(r.record.state == rows[i].state && !r.confirmed);
        in.now_utc = at;
        r = lifecycle_run(&in);
        assert_true(r.record.state != rows[i].state || r.confirmed);
    }
}

static struct slice id_of(char text[32], unsigned n)
{
    snprintf(text, 32, "entryUUID:%u", n);
    return slice_of(text);
}

static void test_in_order(void **state)
{
    struct deadlines d = {0};
    struct slice id;
    char text[32];
    (void)state;
    assert_int_equal(deadlines_next(&d), 0);
    deadlines_add(&d, id_of(text, 1), DEADLINE_NEVER, 0);
    deadlines_add(&d, id_of(text, 1), 500, 400);
    assert_int_equal(d.count, 0);
    for (unsigned i = 0; i < 1000; i++)
        deadlines_add(&d, id_of(text, i), 1 + (int64_t)((i * 7919u) % 1000), 0);
    assert_int_equal(deadlines_next(&d), 1);
    assert_true(deadlines_has_due(&d, id_of(text, 0), 1));
    assert_false(deadlines_has_due(&d, id_of(text, 1), 1));
    for (int64_t now = 1; now <= 1000; now++) {
        assert_true(deadlines_take(&d, now, &id));
        assert_false(deadlines_take(&d, now, &id));
    }
    assert_int_equal(d.count, 0);
    assert_int_equal(d.horizon_utc, 0);
    deadlines_free(&d);
}

/* The same subject again and again fills nothing. */
static void test_once_each(void **state)
{
    struct deadlines d = {0};
    struct slice id;
    char text[32];
    (void)state;
    for (unsigned i = 0; i < 20 * DEADLINES_KEPT; i++)
        deadlines_add(&d, id_of(text, i % 10), 1000 + i % 10, 0);
    assert_int_equal(d.horizon_utc, 0);
    assert_true(deadlines_take(&d, 1000, &id));
    assert_true(slice_eq(id, id_of(text, 0)));
    deadlines_free(&d);
}

/* What does not fit shortens the horizon: whatever is due before it is there. */
static void test_horizon(void **state)
{
    enum { MANY = 5 * DEADLINES_KEPT };
    struct deadlines d = {0};
    struct slice id;
    char text[32];
    static bool seen[MANY];
    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        deadlines_add(&d, id_of(text, i), 1 + (int64_t)((i * 7919u) % MANY), 0);
    assert_true(d.horizon_utc > 1 && d.count <= DEADLINES_KEPT);
    int64_t horizon = d.horizon_utc;
    while (deadlines_take(&d, horizon - 1, &id))
        seen[strtoul((const char *)id.p + strlen("entryUUID:"), NULL, 10)] = true;
    for (unsigned i = 0; i < MANY; i++)
        assert_true(seen[i] || 1 + (int64_t)((i * 7919u) % MANY) >= horizon);
    assert_int_equal(deadlines_next(&d), horizon);
    deadlines_clear(&d);
    assert_int_equal(deadlines_next(&d), 0);
    static uint8_t long_id[200];
    deadlines_add(&d, slice_make(long_id, sizeof long_id), 77, 0);
    assert_int_equal(deadlines_next(&d), 77);
    assert_false(deadlines_take(&d, 77, &id));
    deadlines_free(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_changes_before),
        cmocka_unit_test(test_a_third_of_its_life),
        cmocka_unit_test(test_crls_grow_old),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_once_each),
        cmocka_unit_test(test_horizon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
