/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plan must not forget, and what it must not conclude: certificates that a bad replacement took away,
 * stand-ins that vanish, approvals given for other names, policies that ask no more, values that may only be hidden.
 */
#include "support/planworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DAY = 86400, HOUR = 3600 };

#define RULES  PLANWORLD_RULES "dircertConfirmations: 1\n"
#define REVOKE RULES "dircertOnFinding: version revoke\n"
#define THEN   RULES "dircertOnFinding: version reissue-then-revoke\n"
#define BOTH   THEN "dircertOnFinding: san-mismatch reissue-then-revoke\n"
#define ASKS   PLANWORLD_ASKS_ONCE
#define LAX    "dircertMode: enforce\ndircertConfirmations: 1\n" /* all versions comply */
#define BROKEN LAX "dircertWildcard: perhaps\n"
#define R      "reissue h1"
#define V      "revoke v1"

static void doubt(struct planworld *w, const char *subject)
{
    planworld_find_subject(w, subject)->undecided = true;
}

static void assert_has(struct planworld *w, const char *request, const char *attribute, const char *value)
{
    assert_string_equal(planworld_value(w, request, attribute), value);
}

static void assert_state(struct planworld *w, const char *request, const char *state, const char *number)
{
    struct slice now = arena_format(&w->arena, "%s.%s", planworld_value(w, request, "dircertGeneration"),
                                    planworld_value(w, request, "dircertAttempt"));
    assert_has(w, request, "dircertState", state);
    assert_string_equal((const char *)now.p, number);
}

static void assert_only_finding(struct planworld *w, const char *request, const char *check)
{
    assert_int_equal(entry_count(&planworld_request(w, request)->entry, "dircertFinding"), 1);
    struct slice finding = slice_of(planworld_value(w, request, "dircertFinding")), word;
    assert_true(slice_word(&finding, &word));
    assert_true(slice_eq(word, slice_of(check)));
}

/* Approved, and the authority issues this: what the entry shows from then on. */
static void approve_and_issue(struct planworld *w, const char *shown)
{
    planworld_decide(w, R, "approve");
    planworld_pass(w, 0);
    assert_has(w, R, "dircertState", "approved");
    planworld_report(w, R, "issued");
    planworld_show(w, shown);
}

/* Certificates that are no longer there. */

static void a_bad_replacement_makes_no_certificate_forgotten(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, THEN, "v1");
    planworld_assert_pass(&w, 0, "create reissue h1 version");
    approve_and_issue(&w, "v1b");
    planworld_assert_pass(&w, 0, "move-failed reissue h1 version");
    planworld_assert_pass(&w, HOUR, "move-approved reissue h1 version");
    assert_state(&w, R, "approved", "1.2");
    planworld_report(&w, R, "issued");
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "create revoke v1 version; create revoke v1b version; move-fulfilled reissue h1 -");
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

/* ... not even one that is gone again before the next attempt is due. */
static void nor_one_that_was_seen_while_it_waits(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, THEN, "v1");
    planworld_assert_pass(&w, 0, "create reissue h1 version");
    approve_and_issue(&w, "v1b");
    planworld_assert_pass(&w, 0, "move-failed reissue h1 version");
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 60, "create revoke v1 version; create revoke v1b version; move-withdrawn reissue h1 -");
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

/* What replaces the first certificate ends the request, whatever kind of key the authority handed out in between. */
static void nor_does_another_kind_of_key_in_between_block_the_end(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, BOTH, "v1");
    planworld_assert_pass(&w, 0, "create reissue h1 version");
    approve_and_issue(&w, "old-ec");
    planworld_assert_pass(&w, 0, "move-failed reissue h1 san-mismatch");
    planworld_assert_pass(&w, HOUR, "move-approved reissue h1 san-mismatch");
    planworld_report(&w, R, "issued");
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "create revoke v1 version; move-fulfilled reissue h1 -");
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

static void nor_do_two_bad_replacements(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, THEN, "v1");
    planworld_assert_pass(&w, 0, "create reissue h1 version");
    approve_and_issue(&w, "v1b");
    planworld_pass(&w, 0);
    planworld_pass(&w, HOUR);
    planworld_report(&w, R, "issued");
    planworld_show(&w, "v1other");
    planworld_assert_pass(&w, 0, "move-failed reissue h1 version");
    planworld_assert_pass(&w, 2 * HOUR, "move-approved reissue h1 version");
    planworld_report(&w, R, "issued");
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0,
                          "create revoke v1 version; create revoke v1b version; create revoke v1other version; "
                          "move-fulfilled reissue h1 -");
    planworld_end(&w);
}

static void each_revocation_says_what_its_own_certificate_violates(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, BOTH, "v1 old");
    planworld_assert_pass(&w, 0, "create reissue h1 san-mismatch,version");
    planworld_show(&w, "both-usages");
    planworld_assert_pass(&w, 0,
                          "create revoke old san-mismatch; create revoke v1 version; move-withdrawn reissue h1 -");
    assert_only_finding(&w, V, "version");
    assert_only_finding(&w, "revoke old", "san-mismatch");
    planworld_end(&w);
}

static void and_not_what_its_successor_violates(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, BOTH, "v1");
    planworld_pass(&w, 0);
    approve_and_issue(&w, "old");
    planworld_pass(&w, 0);
    planworld_pass(&w, HOUR);
    assert_state(&w, R, "approved", "1.2");
    planworld_report(&w, R, "issued");
    planworld_show(&w, "both-usages");
    planworld_assert_pass(&w, 0,
                          "create revoke old san-mismatch; create revoke v1 version; move-fulfilled reissue h1 -");
    assert_only_finding(&w, V, "version");
    assert_only_finding(&w, "revoke old", "san-mismatch");
    planworld_end(&w);
}

/* Approved or pending: the certificate is to be broken only while something stands in for it. */
static void a_revocation_waits_while_its_stand_in_is_gone(void **state)
{
    (void)state;
    for (int approved = 0; approved < 2; approved++) {
        struct planworld w;
        planworld_begin_with(&w, THEN, "v1 good");
        planworld_assert_pass(&w, 0, "create revoke v1 version");
        if (approved) {
            planworld_decide(&w, V, "approve");
            planworld_assert_pass(&w, 0, "move-approved revoke v1 version");
        }
        planworld_show(&w, "v1");
        planworld_assert_pass(&w, 0, "create reissue h1 version; move-held revoke v1 -");
        planworld_assert_pass(&w, DAY, "");
        planworld_show(&w, "v1 good");
        planworld_assert_pass(&w, 0, "move-withdrawn reissue h1 -; reopen revoke v1 version");
        assert_state(&w, V, "pending", "2.1"); /* the old approval counts no more */
        planworld_assert_pass(&w, 0, "");
        planworld_end(&w);
    }
}

/* At the authority. */

static void an_outcome_that_was_taken_back_gives_it_back_when_the_claim_ran_out(void **state)
{
    (void)state;
    static const char *const outcomes[] = {NULL, "issued 1.2", "submitted 2.1", "nonsense"};
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        struct planworld w;
        planworld_reissue_at(&w, STATE_SUBMITTED);
        planworld_put(&w, R, "dircertOutcome", outcomes[i]);
        planworld_assert_pass(&w, HOUR, ""); /* the claim still runs */
        planworld_put(&w, R, "dircertTransactionId", "77");
        planworld_assert_pass(&w, 1, ""); /* it is with the authority */
        planworld_put(&w, R, "dircertTransactionId", NULL);
        planworld_assert_pass(&w, 0, "move-approved reissue h1 version");
        assert_state(&w, R, "approved", "1.1");
        planworld_assert_pass(&w, 0, "");
        planworld_end(&w);
    }
}

static void a_claim_that_was_taken_back_with_its_outcome_gives_it_back_at_once(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_SUBMITTED);
    planworld_put(&w, R, "dircertOutcome", NULL);
    planworld_put(&w, R, "dircertClaimedBy", NULL);
    planworld_put(&w, R, "dircertClaimedUntil", NULL);
    planworld_assert_pass(&w, 0, "move-approved reissue h1 version");
    planworld_end(&w);
}

/* Approval was given for the names that the request showed. */
static void no_approval_is_carried_to_other_names(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_FAILED);
    planworld_subject(&w, "h1", "p", "other.x", "v1");
    planworld_assert_pass(&w, HOUR - 1, "");
    assert_has(&w, R, "dircertWantedName", "h1.x");
    planworld_pass(&w, 1);
    assert_state(&w, R, "pending", "2.1");
    assert_has(&w, R, "dircertWantedName", "other.x");
    planworld_assert_pass(&w, DAY, ""); /* it waits for a decision about this generation */
    planworld_end(&w);
}

static void nor_to_another_reason(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_FAILED);
    planworld_policy(&w, "p", RULES "dircertOnFinding: version reissue keyCompromise\n");
    planworld_pass(&w, HOUR);
    assert_state(&w, R, "pending", "2.1");
    assert_has(&w, R, "dircertReason", "keyCompromise");
    planworld_end(&w);
}

static void other_certificates_and_checks_are_another_attempt(void **state)
{
    (void)state;
    static const char *const shown[][2] = {
        {"v1 v1b", "move-approved reissue h1 version"},
        {"v1b", "move-approved reissue h1 version"},
        {"v1 old", "move-approved reissue h1 san-mismatch,version"},
    };
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        struct planworld w;
        planworld_reissue_at(&w, STATE_FAILED);
        planworld_show(&w, shown[i][0]);
        planworld_assert_pass(&w, HOUR, shown[i][1]);
        assert_state(&w, R, "approved", "1.2");
        planworld_assert_pass(&w, 0, "");
        planworld_end(&w);
    }
}

/* Policies. */

static void a_disabled_policy_lets_no_held_revocation_go_on(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REVOKE, "v1");
    planworld_policy(&w, "q", LAX);
    planworld_subject(&w, "h2", "q", "h2.x", "v1");
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    assert_has(&w, V, "dircertState", "held"); /* it complies at h2 */
    planworld_policy(&w, "q", BROKEN);
    planworld_hide(&w, "h2"); /* whom a policy that is disabled governs, nobody sees */
    planworld_assert_pass(&w, 0, "");
    planworld_decide(&w, V, "approve");
    planworld_assert_pass(&w, DAY, "");
    assert_state(&w, V, "held", "1.1");
    planworld_forget_policy(&w, "q"); /* gone: nobody complies there any more */
    planworld_assert_pass(&w, 0, "reopen revoke v1 version");
    planworld_end(&w);
}

static void policy_that_asks_no_more_cures_nothing(void **state)
{
    (void)state;
    static const enum state from[] = {STATE_PENDING, STATE_APPROVED, STATE_FAILED};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        struct planworld w;
        planworld_reissue_at(&w, from[i]);
        planworld_policy(&w, "p", RULES "dircertOnFinding: version report\n");
        planworld_pass(&w, 0);
        assert_state(&w, R, "held", "1.1");
        planworld_assert_pass(&w, DAY, "");
        planworld_policy(&w, "p", ASKS);
        planworld_assert_pass(&w, 0, "reopen reissue h1 version");
        assert_state(&w, R, "pending", "2.1");
        planworld_end(&w);
    }
}

static void nor_where_no_certificate_is_there(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, RULES "dircertOnFinding: missing reissue\n", "none");
    planworld_assert_pass(&w, 0, "create reissue h1 missing");
    planworld_policy(&w, "p", RULES "dircertOnFinding: missing report\n");
    planworld_assert_pass(&w, 0, "move-held reissue h1 -");
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "move-withdrawn reissue h1 -");
    planworld_policy(&w, "p", RULES "dircertOnFinding: missing reissue\n");
    planworld_show(&w, "none");
    planworld_assert_pass(&w, 0, "reopen reissue h1 missing");
    planworld_end(&w);
}

static void turning_a_policy_off_withdraws_unless_held(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_APPROVED);
    planworld_policy(&w, "p", "dircertMode: off\n");
    planworld_hide(&w, "h1");
    planworld_request(&w, R)->where = WHERE_OFF;
    planworld_hold(&w, "p", HOLD_EVERYTHING);
    planworld_assert_pass(&w, 0, "held-move-withdrawn reissue h1 -");
    assert_has(&w, R, "dircertState", "approved");
    planworld_hold(&w, "p", HOLD_NOTHING);
    planworld_assert_pass(&w, 0, "move-withdrawn reissue h1 -");
    planworld_end(&w);
}

/* What may only be hidden. */

static void nothing_is_opened_for_an_undecided_subject(void **state)
{
    (void)state;
    static const struct {
        const char *policy, *certificates, *then;
    } rows[] = {
        {ASKS, "v1", "create reissue h1 version"},
        {REVOKE, "v1", "create revoke v1 version"},
        {THEN, "v1 good", "create revoke v1 version"},
        {RULES "dircertOnFinding: missing reissue\n", "none", "create reissue h1 missing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct planworld w;
        planworld_begin_with(&w, rows[i].policy, rows[i].certificates);
        doubt(&w, "h1");
        planworld_assert_pass(&w, 0, "");
        planworld_show(&w, rows[i].certificates);
        planworld_assert_pass(&w, 0, rows[i].then);
        planworld_end(&w);
    }
}

static void nothing_ends_or_goes_on_for_an_undecided_subject(void **state)
{
    (void)state;
    static const enum state from[] = {STATE_PROPOSED, STATE_PENDING, STATE_APPROVED, STATE_FAILED, STATE_HELD};
    static const char *const shown[] = {"v1", "v1b", "good", "none", ""};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++)
        for (size_t k = 0; k < sizeof shown / sizeof *shown; k++) {
            struct planworld w;
            planworld_reissue_at(&w, from[i]);
            planworld_show(&w, shown[k]);
            doubt(&w, "h1");
            planworld_policy(&w, "p", ASKS);
            planworld_decide(&w, R, "approve");
            planworld_assert_pass(&w, DAY, "");
            planworld_end(&w);
        }
}

static void a_revocation_stands_still_where_its_subject_is_undecided(void **state)
{
    (void)state;
    static const char *const policies[] = {REVOKE, LAX, RULES};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        struct planworld w;
        planworld_begin_with(&w, REVOKE, "v1");
        planworld_assert_pass(&w, 0, "create revoke v1 version");
        planworld_policy(&w, "p", policies[i]);
        doubt(&w, "h1");
        planworld_decide(&w, V, "approve");
        planworld_assert_pass(&w, 0, "");
        planworld_end(&w);
    }
}

/* Nobody can tell whether the certificate complies under the other entry. */
static void undecided_elsewhere(struct planworld *w, const char *policy, bool readers)
{
    planworld_policy(w, "q", policy);
    planworld_subject(w, "h2", "q", "h1.x", readers ? "?v1" : "v1");
    w->subjects[1].undecided = !readers;
}

static void nothing_is_revoked_that_is_undecided_elsewhere(void **state)
{
    (void)state;
    static const char *const policies[] = {LAX, REVOKE};
    for (size_t i = 0; i < 4; i++) {
        struct planworld w;
        planworld_begin_with(&w, REVOKE, "v1");
        undecided_elsewhere(&w, policies[i / 2], i % 2);
        planworld_assert_pass(&w, 0, "");
        assert_false(planworld_has(&w, V));
        planworld_subject(&w, "h2", "q", "h1.x", "good");
        planworld_assert_pass(&w, 0, "create revoke v1 version");
        planworld_decide(&w, V, "approve");
        undecided_elsewhere(&w, policies[i / 2], i % 2);
        planworld_assert_pass(&w, 0, ""); /* nor does it go on */
        planworld_end(&w);
    }
}

/* That it complies under another entry holds only what is wanted, and of an undecided subject nothing is. */
static void nothing_is_held_for_an_undecided_subject(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REVOKE, "v1");
    planworld_policy(&w, "q", LAX);
    planworld_subject(&w, "h2", "q", "h2.x", "v1");
    doubt(&w, "h1");
    planworld_assert_pass(&w, 0, "");
    planworld_show(&w, "v1");
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    assert_has(&w, V, "dircertState", "held");
    planworld_end(&w);
}

/* A request whose state this account may not read: what stands there can't be known, so it is not written over. */
static void a_request_that_hides_its_state_is_left_alone(void **state)
{
    (void)state;
    static const char *const names[] = {R, V};
    for (size_t i = 0; i < 2; i++) {
        struct planworld w;
        planworld_begin_with(&w, i ? REVOKE : ASKS, "v1");
        planworld_pass(&w, 0);
        planworld_decide(&w, names[i], "approve");
        planworld_pass(&w, 0);
        planworld_put(&w, names[i], "dircertState", NULL);
        planworld_assert_pass(&w, 0, "");
        assert_true(planworld_has(&w, names[i]));
        assert_has(&w, names[i], "dircertState", "");
        planworld_show(&w, "good"); /* and where it is not wanted */
        planworld_assert_pass(&w, DAY, "");
        planworld_put(&w, names[i], "dircertState", "nonsense"); /* what is seen is mended */
        planworld_show(&w, "v1");
        assert_string_not_equal(planworld_pass(&w, 0), "");
        planworld_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_replacement_makes_no_certificate_forgotten),
        cmocka_unit_test(nor_one_that_was_seen_while_it_waits),
        cmocka_unit_test(nor_does_another_kind_of_key_in_between_block_the_end),
        cmocka_unit_test(nor_do_two_bad_replacements),
        cmocka_unit_test(each_revocation_says_what_its_own_certificate_violates),
        cmocka_unit_test(and_not_what_its_successor_violates),
        cmocka_unit_test(a_revocation_waits_while_its_stand_in_is_gone),
        cmocka_unit_test(an_outcome_that_was_taken_back_gives_it_back_when_the_claim_ran_out),
        cmocka_unit_test(a_claim_that_was_taken_back_with_its_outcome_gives_it_back_at_once),
        cmocka_unit_test(no_approval_is_carried_to_other_names),
        cmocka_unit_test(nor_to_another_reason),
        cmocka_unit_test(other_certificates_and_checks_are_another_attempt),
        cmocka_unit_test(a_disabled_policy_lets_no_held_revocation_go_on),
        cmocka_unit_test(policy_that_asks_no_more_cures_nothing),
        cmocka_unit_test(nor_where_no_certificate_is_there),
        cmocka_unit_test(turning_a_policy_off_withdraws_unless_held),
        cmocka_unit_test(nothing_is_opened_for_an_undecided_subject),
        cmocka_unit_test(nothing_ends_or_goes_on_for_an_undecided_subject),
        cmocka_unit_test(a_revocation_stands_still_where_its_subject_is_undecided),
        cmocka_unit_test(nothing_is_revoked_that_is_undecided_elsewhere),
        cmocka_unit_test(nothing_is_held_for_an_undecided_subject),
        cmocka_unit_test(a_request_that_hides_its_state_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
