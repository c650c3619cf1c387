/* SPDX-License-Identifier: Apache-2.0 */
/* What a waiver covers is never asked for, what was asked for is taken back, and comes back when the waiver ends. */
#include "support/planworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define RULES  PLANWORLD_RULES "dircertConfirmations: 1\n"
#define REVOKE RULES "dircertOnFinding: version revoke\n"
#define THEN   RULES "dircertOnFinding: version reissue-then-revoke\n"
#define I      "reissue h1"
#define R      "revoke v1"
#define S(s)   STATE_BIT(STATE_##s)

static const char *state_of(struct planworld *w, const char *request)
{
    return planworld_value(w, request, "dircertState");
}

static void nothing_is_asked_for(void **state)
{
    static const char *const waived[] = {"h1", "#v1"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct planworld w;
        planworld_begin_with(&w, PLANWORLD_ASKS_ONCE, "v1");
        planworld_waive(&w, waived[i], "version");
        planworld_assert_pass(&w, 0, "");
        planworld_waive(&w, waived[i], "expired"); /* another check */
        planworld_assert_pass(&w, 0, "create reissue h1 version");
        planworld_end(&w);
    }
}

static void another_certificate_is_still_asked_for(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, PLANWORLD_ASKS_ONCE, "v1 v1b");
    planworld_waive(&w, "#v1", "version");
    planworld_assert_pass(&w, 0, "create reissue h1 version");
    struct slice stored = entry_first(&planworld_request(&w, I)->entry, "dircertCertificateSHA256");
    uint8_t hex[DIGEST_HEX];
    struct digest d = digest_of(planworld_der(&w, "v1b"));
    digest_to_hex(&d, hex);
    assert_true(slice_eq(stored, slice_make(hex, DIGEST_HEX)));
    planworld_end(&w);
}

static void a_reissue_is_withdrawn_and_comes_back(void **state)
{
    static const enum state from[] = {STATE_PROPOSED, STATE_PENDING, STATE_APPROVED, STATE_REJECTED, STATE_FAILED};
    (void)state;
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        struct planworld w;
        planworld_reissue_at(&w, from[i]);
        planworld_waive(&w, i % 2 ? "h1" : "#v1", "version");
        planworld_assert_pass(&w, 0, "move-withdrawn reissue h1 -");
        assert_true(planworld_operation(&w, I)->waived);
        assert_string_equal(planworld_value(&w, I, "dircertStateMessage"), "a waiver covers the violation");
        planworld_assert_pass(&w, 300, "");
        planworld_waive(&w, NULL, NULL);
        planworld_assert_pass(&w, 300, "reopen reissue h1 version");
        planworld_end(&w);
    }
}

/* It ends by its outcome, whatever is tolerated meanwhile; and a replacement that is tolerated is no failure. */
static void what_was_submitted_goes_on(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_SUBMITTED);
    planworld_waive(&w, "h1", "version");
    planworld_assert_pass(&w, 0, "revise reissue h1 -"); /* it says that nobody needs it any more */
    planworld_assert_pass(&w, 0, "");
    planworld_report(&w, I, "issued");
    planworld_put_der(&w, I, "dircertResultCertificate", planworld_der(&w, "v1b"));
    planworld_pass(&w, 0);
    assert_string_equal(state_of(&w, I), "submitted");
    planworld_report(&w, I, "failed");
    planworld_put(&w, I, "dircertResultCertificate", NULL);
    planworld_pass(&w, 0);
    planworld_pass(&w, 0);
    assert_string_equal(state_of(&w, I), "withdrawn");
    planworld_end(&w);
}

static void a_held_one_is_withdrawn(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_HELD);
    planworld_policy(&w, "p", PLANWORLD_ASKS_ONCE);
    planworld_waive(&w, "h1", "version");
    planworld_pass(&w, 0);
    assert_string_equal(state_of(&w, I), "withdrawn");
    assert_false(planworld_operation(&w, I)->opens);
    planworld_end(&w);
}

/* A waiver is a person's word: doubts about something else do not keep what it covers going. */
static void doubts_about_something_else_do_not_matter(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_APPROVED);
    planworld_subject(&w, "h1", "p", "h1.x", "v1 ?good2");
    planworld_assert_pass(&w, 0, "");
    planworld_waive(&w, "h1", "version");
    planworld_assert_pass(&w, 0, "move-withdrawn reissue h1 -");
    planworld_end(&w);
}

/* The certificate is waived, but the entry shows another for which the request is wanted. */
static void cured_is_still_cured(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_APPROVED);
    planworld_waive(&w, "h1", "version");
    planworld_show(&w, "v1 good");
    planworld_assert_pass(&w, 0, "move-fulfilled reissue h1 -");
    planworld_end(&w);
}

static void a_waived_certificate_stands_in_for_none(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, RULES "dircertOnFinding: expired reissue\ndircertOnFinding: version reissue\n", "expired v1");
    planworld_waive(&w, "#v1", "version");
    planworld_assert_pass(&w, 0, "create reissue h1 expired");
    planworld_end(&w);
}

/* Revocations. */

static void a_revocation_is_withdrawn_before_approval_and_held_after(void **state)
{
    static const char *const decisions[] = {NULL, "approve"}, *const ends[] = {"withdrawn", "held"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct planworld w;
        planworld_begin_with(&w, REVOKE, "v1");
        planworld_assert_pass(&w, 0, "create revoke v1 version");
        if (decisions[i % 2])
            planworld_decide(&w, R, decisions[i % 2]);
        planworld_pass(&w, 0);
        planworld_waive(&w, i < 2 ? "h1" : "#v1", "version");
        planworld_pass(&w, 0);
        assert_string_equal(state_of(&w, R), ends[i % 2]);
        planworld_assert_pass(&w, 300, "");
        planworld_waive(&w, NULL, NULL);
        planworld_assert_pass(&w, 300, "reopen revoke v1 version");
        planworld_end(&w);
    }
}

/* Unpublishing cures nothing, so a waiver has to reach what is no longer shown. */
static void an_unpublished_certificate_is_covered(void **state)
{
    static const char *const waived[] = {"h1", "#v1"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct planworld w;
        planworld_begin_with(&w, REVOKE, "v1");
        planworld_pass(&w, 0);
        planworld_show(&w, "none");
        planworld_assert_pass(&w, 300, "");
        planworld_waive(&w, waived[i], "version");
        planworld_assert_pass(&w, 300, "move-withdrawn revoke v1 -");
        planworld_end(&w);
    }
}

/* What another entry tolerates would be acted on there too. */
static void a_certificate_that_is_waived_elsewhere_is_not_revoked(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REVOKE, "v1");
    planworld_subject(&w, "h2", "p", "h1.x", "v1");
    planworld_waive(&w, "h2", "version");
    planworld_pass(&w, 0);
    planworld_pass(&w, 300);
    assert_true(!planworld_has(&w, R) || strcmp(state_of(&w, R), "held") == 0);
    planworld_waive(&w, NULL, NULL);
    planworld_pass(&w, 300);
    planworld_pass(&w, 300);
    assert_string_equal(state_of(&w, R), "pending");
    planworld_end(&w);
}

/* Make before break: the old certificate is waived once it was replaced, so it is not revoked. */
static void a_stored_certificate_is_covered(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, THEN, "v1");
    planworld_pass(&w, 0);
    planworld_decide(&w, I, "approve");
    planworld_pass(&w, 0);
    planworld_waive(&w, "#v1", "version");
    planworld_show(&w, "good");
    planworld_pass(&w, 0);
    assert_string_equal(state_of(&w, I), "fulfilled");
    assert_false(planworld_has(&w, R));
    planworld_waive(&w, NULL, NULL);
    planworld_assert_pass(&w, 300, "create revoke v1 version");
    planworld_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_asked_for),
        cmocka_unit_test(another_certificate_is_still_asked_for),
        cmocka_unit_test(a_reissue_is_withdrawn_and_comes_back),
        cmocka_unit_test(what_was_submitted_goes_on),
        cmocka_unit_test(a_held_one_is_withdrawn),
        cmocka_unit_test(doubts_about_something_else_do_not_matter),
        cmocka_unit_test(cured_is_still_cured),
        cmocka_unit_test(a_waived_certificate_stands_in_for_none),
        cmocka_unit_test(a_revocation_is_withdrawn_before_approval_and_held_after),
        cmocka_unit_test(an_unpublished_certificate_is_covered),
        cmocka_unit_test(a_certificate_that_is_waived_elsewhere_is_not_revoked),
        cmocka_unit_test(a_stored_certificate_is_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
