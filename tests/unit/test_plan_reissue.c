/* SPDX-License-Identifier: Apache-2.0 */
/* Reissue requests: their identity and course, evidence, stale numbers, bad replacements, what asks for a new
 * generation. */
#include "support/planworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DAY = 86400, HOUR = 3600 };

#define RULES  PLANWORLD_RULES
#define ASKS   PLANWORLD_ASKS
#define POLICY PLANWORLD_ASKS_ONCE
#define R      "reissue h1"

static void assert_has(struct planworld *w, const char *attribute, const char *value)
{
    assert_string_equal(planworld_value(w, R, attribute), value);
}

/* Once written, a second pass at the same moment plans nothing. */
static void assert_settled(struct planworld *w)
{
    assert_string_equal(planworld_plan(w), "");
}

static void the_identity_is_the_digest_of_the_subject_id(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, POLICY, "v1");
    planworld_pass(&w, 0);
    /* printf 'reissue\0entryUUID:h1' | sha256sum */
    assert_has(&w, "dircertRequestId", "7fb6320bd3f8fa0737848f5f7f1e4c6c3b507bc7b9df41ff9d8686c3e321e34a");
    assert_has(&w, "dircertRequestType", "reissue");
    assert_has(&w, "dircertSubjectId", "entryUUID:h1");
    assert_has(&w, "dircertGeneration", "1");
    assert_has(&w, "dircertAttempt", "1");
    assert_has(&w, "dircertOpened", "20270115080000Z");
    planworld_find_subject(&w, "h1")->dn = slice_of("cn=h1,ou=elsewhere,dc=x"); /* renamed: the same request */
    planworld_assert_pass(&w, 0, "revise reissue h1 version");
    assert_has(&w, "dircertSubjectDN", "cn=h1,ou=elsewhere,dc=x");
    assert_has(&w, "dircertGeneration", "1");
    assert_settled(&w);
    planworld_end(&w);
}

static void one_reissue_for_a_subject_with_several_bad_certificates(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, POLICY, "v1 old v1b");
    planworld_assert_pass(&w, 0, "create reissue h1 san-mismatch,version");
    const struct basis *b = &planworld_operation(&w, R)->record.basis;
    assert_int_equal(b->certificate_count, 3);
    for (size_t i = 1; i < 3; i++)
        assert_true(memcmp(&b->certificates[i - 1], &b->certificates[i], sizeof(struct digest)) < 0);
    assert_int_equal(b->finding_count, 2); /* two certificates have the same */
    assert_true(slice_eq(b->findings[1], SLICE_LITERAL("version version 1, policy allows 3")));
    assert_int_equal(b->name_count, 1);
    assert_true(slice_eq(b->names[0], SLICE_LITERAL("h1.x")));
    assert_int_equal(w.request_count, 1);
    assert_settled(&w);
    planworld_end(&w);
}

static void a_whole_life(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, ASKS, "v1");
    planworld_assert_pass(&w, 0, "create reissue h1 version");
    planworld_assert_pass(&w, PLANWORLD_INTERVAL_S - 1, "");
    planworld_assert_pass(&w, 1, "move-pending reissue h1 version");
    planworld_assert_pass(&w, DAY, "");
    planworld_decide(&w, R, "approve");
    planworld_assert_pass(&w, 0, "move-approved reissue h1 version");
    assert_settled(&w);
    planworld_report(&w, R, "submitted");
    planworld_assert_pass(&w, 0, "move-submitted reissue h1 version");
    planworld_show(&w, "good");
    planworld_assert_pass(&w, HOUR, "move-fulfilled reissue h1 -");
    struct digest good = digest_of(planworld_der(&w, "good"));
    uint8_t hex[DIGEST_HEX + 1] = {0};
    digest_to_hex(&good, hex);
    assert_has(&w, "dircertReplacementSHA256", (const char *)hex);
    planworld_assert_pass(&w, 90 * DAY - 1, "");
    planworld_assert_pass(&w, 1, "purge reissue h1 -");
    assert_int_equal(w.request_count, 0);
    assert_settled(&w);
    planworld_end(&w);
}

static void an_ended_reissue_is_reopened_when_wanted_again(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_PENDING);
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "move-withdrawn reissue h1 -");
    planworld_show(&w, "v1");
    planworld_assert_pass(&w, 0, "reopen reissue h1 version");
    assert_has(&w, "dircertGeneration", "2");
    planworld_put(&w, R, "dircertDecision", "approve 1"); /* given too late */
    planworld_assert_pass(&w, 0, "");
    planworld_decide(&w, R, "approve");
    planworld_assert_pass(&w, 0, "move-approved reissue h1 version");
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "move-fulfilled reissue h1 -");
    planworld_show(&w, "v1b");
    planworld_assert_pass(&w, 0, "reopen reissue h1 version");
    assert_has(&w, "dircertGeneration", "3");
    assert_has(&w, "dircertReplacementSHA256", "");
    planworld_end(&w);
}

/* Stale numbers. */

static void decisions_and_outcomes_of_other_numbers_are_ignored(void **state)
{
    (void)state;
    static const char *const decisions[] = {"approve 0", "approve 2", "reject 2", "reject 0", "approve", "yes 1"};
    static const char *const outcomes[] = {"submitted 1.2", "submitted 2.1", "failed 1.0",
                                           "issued 0.1",    "issued 1",      "done 1.1"};
    struct planworld w;
    planworld_reissue_at(&w, STATE_PENDING);
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
        planworld_put(&w, R, "dircertDecision", decisions[i]);
        planworld_assert_pass(&w, 0, "");
    }
    planworld_decide(&w, R, "approve");
    planworld_pass(&w, 0);
    planworld_report(&w, R, "submitted");
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        planworld_put(&w, R, "dircertOutcome", outcomes[i]);
        planworld_assert_pass(&w, 0, "");
    }
    planworld_put(&w, R, "dircertOutcome", "submitted 1.1");
    planworld_assert_pass(&w, 0, "move-submitted reissue h1 version");
    planworld_end(&w);
}

static void submitted_without_a_claim_does_not_count(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_APPROVED);
    planworld_put(&w, R, "dircertOutcome", "submitted 1.1");
    planworld_assert_pass(&w, 0, "");
    planworld_put(&w, R, "dircertClaimedBy", "cn=fulfiller");
    planworld_assert_pass(&w, 0, "move-submitted reissue h1 version");
    planworld_end(&w);
}

static void a_claim_that_ran_out_gives_it_back_unless_it_is_with_the_authority(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_SUBMITTED);
    planworld_put(&w, R, "dircertTransactionId", "77");
    planworld_assert_pass(&w, 2 * HOUR, "");
    planworld_put(&w, R, "dircertTransactionId", NULL);
    planworld_assert_pass(&w, 0, "move-approved reissue h1 version");
    assert_settled(&w);
    planworld_end(&w);
}

/* Bad replacements. */

static void assert_fails_and_comes_back(struct planworld *w)
{
    planworld_assert_pass(w, 0, "move-failed reissue h1 version");
    assert_true(planworld_operation(w, R)->noncompliant);
    assert_has(w, "dircertGeneration", "1");
    assert_has(w, "dircertNextAttempt", "20270115090000Z");
    assert_settled(w);
    planworld_assert_pass(w, HOUR - 1, "");
    planworld_assert_pass(w, 1, "move-approved reissue h1 version");
    assert_has(w, "dircertGeneration", "1");
    assert_has(w, "dircertAttempt", "2");
    assert_has(w, "dircertNextAttempt", "");
    assert_settled(w);
}

static void a_bad_replacement_beside_the_old_certificate(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_SUBMITTED);
    planworld_report(&w, R, "issued");
    planworld_show(&w, "v1 v1b");
    assert_fails_and_comes_back(&w);
    assert_int_equal(planworld_operation(&w, R), NULL); /* the last plan was empty */
    assert_int_equal(entry_count(&planworld_request(&w, R)->entry, "dircertCertificateSHA256"), 2);
    planworld_end(&w);
}

static void a_bad_replacement_in_the_place_of_the_old_certificate(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_SUBMITTED);
    planworld_report(&w, R, "issued");
    planworld_show(&w, "v1b");
    assert_fails_and_comes_back(&w);
    planworld_report(&w, R, "issued");
    planworld_show(&w, "v1other");
    planworld_assert_pass(&w, 0, "move-failed reissue h1 version");
    assert_has(&w, "dircertNextAttempt", "20270115110000Z"); /* two hours now */
    planworld_end(&w);
}

static void a_bad_replacement_that_the_fulfiller_hands_in(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_SUBMITTED);
    planworld_put_der(&w, R, "dircertResultCertificate", planworld_der(&w, "v1b"));
    planworld_assert_pass(&w, 0, ""); /* nothing is said to be issued */
    planworld_report(&w, R, "issued");
    w.result_doubted = true;
    planworld_assert_pass(&w, 0,
                          "revise reissue h1 version"); /* the message; the readers disagree, so nothing follows */
    assert_has(&w, "dircertState", "submitted");
    w.result_doubted = false;
    assert_fails_and_comes_back(&w);
    planworld_end(&w);
}

static void a_good_replacement_that_is_not_published_yet(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_SUBMITTED);
    planworld_report(&w, R, "issued");
    planworld_put_der(&w, R, "dircertResultCertificate", planworld_der(&w, "good"));
    planworld_assert_pass(&w, 0, "revise reissue h1 version");
    assert_has(&w, "dircertState", "submitted"); /* verified, not requested */
    planworld_assert_pass(&w, DAY, "");
    planworld_show(&w, "v1 good");
    planworld_assert_pass(&w, 0, "move-fulfilled reissue h1 -");
    planworld_end(&w);
}

/* What asks for a new generation. */

static void assert_new_generation(struct planworld *w, const char *plan)
{
    planworld_assert_pass(w, 0, plan);
    assert_has(w, "dircertGeneration", "2");
    assert_has(w, "dircertConfirmedPasses", "1");
    assert_settled(w);
}

static void changed_certificates_checks_names_or_reason(void **state)
{
    (void)state;
    static const enum state from[] = {STATE_PROPOSED, STATE_PENDING, STATE_APPROVED};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        struct planworld w;
        planworld_reissue_at(&w, from[i]);
        planworld_show(&w, "v1 v1b"); /* certificates */
        assert_new_generation(&w, "revise reissue h1 version");
        planworld_end(&w);

        planworld_reissue_at(&w, from[i]);
        planworld_show(&w, "v1 old"); /* checks */
        assert_new_generation(&w, "revise reissue h1 san-mismatch,version");
        planworld_end(&w);

        planworld_reissue_at(&w, from[i]);
        planworld_subject(&w, "h1", "p", "h1.x h2.x", "v1"); /* names */
        assert_new_generation(&w, "revise reissue h1 version");
        planworld_end(&w);

        planworld_reissue_at(&w, from[i]);
        planworld_policy(
            &w, "p", RULES "dircertConfirmations: 1\ndircertOnFinding: version reissue keyCompromise\n"); /* reason */
        assert_new_generation(&w, "revise reissue h1 version");
        assert_has(&w, "dircertReason", "keyCompromise");
        planworld_end(&w);
    }
}

static void a_decision_does_not_outlive_its_generation(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_APPROVED);
    planworld_show(&w, "v1 v1b");
    assert_new_generation(&w, "revise reissue h1 version");
    assert_has(&w, "dircertState", "pending");
    assert_has(&w, "dircertDecision", "approve 1");
    planworld_end(&w);
}

static void a_rejection_stands_until_certificates_checks_or_names_change(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_REJECTED);
    planworld_assert_pass(&w, 400 * DAY, "");
    planworld_policy(&w, "p", RULES "dircertConfirmations: 1\ndircertOnFinding: version reissue keyCompromise\n");
    planworld_assert_pass(&w, 0, "");
    assert_has(&w, "dircertGeneration", "1");
    planworld_policy(&w, "p", POLICY);
    planworld_show(&w, "v1 v1b");
    assert_new_generation(&w, "reopen reissue h1 version");
    planworld_end(&w);
}

static void another_revision_of_the_policy_alone_is_only_noted(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_PENDING);
    planworld_policy(&w, "p", POLICY "dircertRetentionDays: 91\n");
    planworld_assert_pass(&w, 0, "revise reissue h1 version");
    assert_has(&w, "dircertGeneration", "1");
    assert_true(slice_eq(slice_of(planworld_value(&w, R, "dircertPolicyRevision")),
                         planworld_policy_pass(&w, "p")->policy->revision));
    assert_settled(&w);
    planworld_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_identity_is_the_digest_of_the_subject_id),
        cmocka_unit_test(one_reissue_for_a_subject_with_several_bad_certificates),
        cmocka_unit_test(a_whole_life),
        cmocka_unit_test(an_ended_reissue_is_reopened_when_wanted_again),
        cmocka_unit_test(decisions_and_outcomes_of_other_numbers_are_ignored),
        cmocka_unit_test(submitted_without_a_claim_does_not_count),
        cmocka_unit_test(a_claim_that_ran_out_gives_it_back_unless_it_is_with_the_authority),
        cmocka_unit_test(a_bad_replacement_beside_the_old_certificate),
        cmocka_unit_test(a_bad_replacement_in_the_place_of_the_old_certificate),
        cmocka_unit_test(a_bad_replacement_that_the_fulfiller_hands_in),
        cmocka_unit_test(a_good_replacement_that_is_not_published_yet),
        cmocka_unit_test(changed_certificates_checks_names_or_reason),
        cmocka_unit_test(a_decision_does_not_outlive_its_generation),
        cmocka_unit_test(a_rejection_stands_until_certificates_checks_or_names_change),
        cmocka_unit_test(another_revision_of_the_policy_alone_is_only_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
