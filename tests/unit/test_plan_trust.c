/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cryptography adds to the plan: revocations that policy approves by itself, those that a CRL fulfils, and keys
 * that must not go on.
 */
#include "support/planworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define RULES  PLANWORLD_RULES "dircertConfirmations: 1\n"
#define REVOKE RULES "dircertOnFinding: version revoke\n"
#define AUTO   REVOKE "dircertApproval: revoke auto\n"
#define R      "revoke v1"

static const struct trust verified = {.chain = CHAIN_VERIFIED}, refused = {.chain = CHAIN_REFUSED},
                          undecided = {.chain = CHAIN_UNDECIDED}, unasked = {.chain = CHAIN_NOT_ASKED};

static void assert_state(struct planworld *w, const char *request, const char *state)
{
    assert_string_equal(planworld_value(w, request, "dircertState"), state);
}

static void begin(struct planworld *w, const char *policy, const char *certificates, struct trust trust)
{
    planworld_begin_with(w, policy, certificates);
    w->trust = trust;
}

/* Policy's approval. */

static void verified_chain_is_approved_by_policy(void **state)
{
    (void)state;
    struct planworld w;
    begin(&w, AUTO, "v1", verified);
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    assert_state(&w, R, "approved");
    assert_true(planworld_operation(&w, R)->opens);
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

static void nothing_else_is(void **state)
{
    (void)state;
    static const struct {
        const char *policy, *certificate, *request;
        const struct trust *trust;
    } rows[] = {
        {AUTO, "v1", R, &refused},
        {AUTO, "v1", R, &undecided},
        {AUTO, "v1", R, &unasked},
        {REVOKE, "v1", R, &verified},
        /* A name alone: the entry may be wrong, and not the certificate. */
        {RULES "dircertApproval: revoke auto\ndircertOnFinding: san-mismatch revoke\n", "other-name",
         "revoke other-name", &verified},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct planworld w;
        begin(&w, rows[i].policy, rows[i].certificate, *rows[i].trust);
        planworld_pass(&w, 0);
        assert_state(&w, rows[i].request, "pending");
        planworld_assert_pass(&w, 0, "");
        planworld_end(&w);
    }
}

static void guard_holds_what_policy_approves(void **state)
{
    (void)state;
    struct planworld w;
    begin(&w, AUTO, "v1", refused);
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    w.trust = verified;
    planworld_hold(&w, "p", HOLD_OPENING);
    planworld_assert_pass(&w, 0, "held-move-approved revoke v1 version");
    assert_state(&w, R, "pending");
    planworld_hold(&w, "p", HOLD_NOTHING);
    planworld_assert_pass(&w, 0, "move-approved revoke v1 version");
    planworld_end(&w);
}

/* An anchor that can't be read for a while takes nothing back; one that no longer leads there does. */
static void approval_stands_while_nobody_can_tell(void **state)
{
    (void)state;
    struct planworld w;
    begin(&w, AUTO, "v1", verified);
    planworld_pass(&w, 0);
    w.trust = undecided;
    planworld_assert_pass(&w, 0, "");
    assert_state(&w, R, "approved");
    planworld_show(&w, "good"); /* unpublished: likewise */
    planworld_assert_pass(&w, 0, "");
    w.trust = refused;
    planworld_assert_pass(&w, 0, "repair revoke v1 version");
    assert_state(&w, R, "pending");
    planworld_end(&w);
}

/* What changes meanwhile is not what was approved. */
static void undecided_chain_approves_no_new_generation(void **state)
{
    (void)state;
    struct planworld w;
    begin(&w, AUTO, "v1", verified);
    planworld_pass(&w, 0);
    w.trust = undecided;
    planworld_policy(&w, "p", RULES "dircertOnFinding: version revoke keyCompromise\ndircertApproval: revoke auto\n");
    planworld_pass(&w, 0);
    assert_state(&w, R, "pending");
    assert_string_equal(planworld_value(&w, R, "dircertGeneration"), "2");
    planworld_end(&w);
}

static void unpublished_certificate_is_approved_by_policy_too(void **state)
{
    (void)state;
    struct planworld w;
    begin(&w, AUTO, "v1", refused);
    planworld_pass(&w, 0);
    planworld_show(&w, "none");
    planworld_assert_pass(&w, 0, "");
    w.trust = verified;
    planworld_assert_pass(&w, 0, "move-approved revoke v1 version");
    planworld_end(&w);
}

#define ANCHOR "dircertTrustAnchor: cn=ca,dc=x\n"

/* What a request rests on can't be told for a while: its approval and its number stay. */
static void doubt_about_the_basis_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *policy, *request, *created;
    } rows[] = {
        {REVOKE ANCHOR "dircertOnFinding: chain revoke\n", R, "create revoke v1 chain,version"},
        {RULES ANCHOR "dircertOnFinding: version reissue\ndircertOnFinding: chain reissue\n", "reissue h1",
         "create reissue h1 chain,version"},
    };
    for (size_t i = 0; i < 2; i++) {
        struct planworld w;
        begin(&w, rows[i].policy, "v1", refused);
        planworld_assert_pass(&w, 0, rows[i].created);
        planworld_decide(&w, rows[i].request, "approve");
        planworld_pass(&w, 0);
        w.trust = undecided;
        planworld_assert_pass(&w, 0, "");
        assert_state(&w, rows[i].request, "approved");
        w.trust = verified; /* now it is another finding */
        planworld_pass(&w, 0);
        assert_string_equal(planworld_value(&w, rows[i].request, "dircertGeneration"), "2");
        planworld_end(&w);
    }
}

/* What is surely wrong does not wait for what can't be told. */
static void doubt_about_something_else_hinders_nothing(void **state)
{
    (void)state;
    struct planworld w;
    begin(&w, REVOKE ANCHOR, "v1", undecided);
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    planworld_end(&w);
}

/* CRLs. */

static void revoke_at(struct planworld *w, enum state to)
{
    planworld_begin_with(w, REVOKE, "v1");
    planworld_pass(w, 0);
    if (to == STATE_PENDING)
        return;
    planworld_decide(w, R, "approve");
    planworld_pass(w, 0);
    if (to == STATE_SUBMITTED)
        planworld_report(w, R, "revoked");
    planworld_pass(w, 0);
    assert_state(w, R, state_name(to));
}

static void serial_on_the_crl_fulfils(void **state)
{
    (void)state;
    static const enum state from[] = {STATE_APPROVED, STATE_SUBMITTED};
    for (size_t i = 0; i < 4; i++) {
        struct planworld w;
        revoke_at(&w, from[i % 2]);
        w.trust = (struct trust){.revocation = REVOCATION_REVOKED};
        if (i >= 2)
            planworld_show(&w, "good"); /* published or not */
        planworld_assert_pass(&w, 0, "move-fulfilled revoke v1 version");
        planworld_assert_pass(&w, 0, "");
        planworld_end(&w);
    }
}

static void nobody_has_to_know_where_else_it_is(void **state)
{
    (void)state;
    struct planworld w;
    revoke_at(&w, STATE_SUBMITTED);
    w.trust = (struct trust){.revocation = REVOCATION_REVOKED};
    planworld_subject(&w, "a1", "p", "h1.x", "?v1");
    planworld_assert_pass(&w, 0, "move-fulfilled revoke v1 -");
    planworld_end(&w);
}

static void before_approval_the_crl_fulfils_nothing(void **state)
{
    (void)state;
    struct planworld w;
    revoke_at(&w, STATE_PENDING);
    w.trust = (struct trust){.revocation = REVOCATION_REVOKED};
    planworld_assert_pass(&w, 0, "");
    assert_state(&w, R, "pending");
    planworld_end(&w);
}

static void what_is_not_verified_stays_and_says_why(void **state)
{
    (void)state;
    static const struct {
        struct trust trust;
        const char *why;
    } rows[] = {
        {{.revocation = REVOCATION_NOT_ASKED}, "not verified: no CRL is read"},
        {{.revocation = REVOCATION_GOOD}, "not verified: the issuer's CRL does not list it"},
        {{.revocation = REVOCATION_ON_HOLD}, "on hold"},
        {{.revocation = REVOCATION_UNDECIDED, .revocation_why = SLICE_LITERAL("the CRL is stale")},
         "not verified: the CRL is stale"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct planworld w;
        revoke_at(&w, STATE_SUBMITTED);
        w.trust = rows[i].trust;
        planworld_pass(&w, 0);
        assert_state(&w, R, "submitted");
        assert_non_null(strstr(planworld_value(&w, R, "dircertStateMessage"), rows[i].why));
        planworld_assert_pass(&w, 0, "");
        planworld_show(&w, "none"); /* the certificate on record says the same */
        planworld_assert_pass(&w, 0, "");
        planworld_end(&w);
    }
}

/* Keys. */

static struct certificate read(struct planworld *w, const char *label)
{
    struct slice der = planworld_der(w, label);
    return planworld_read(w, der);
}

/* Every RSA certificate of that world has the same key. */
static void key_that_was_the_finding_does_not_go_on(void **state)
{
    (void)state;
    static const struct {
        struct finding finding;
        bool stands_in;
    } rows[] = {
        {{.check = CHECK_WEAK_KEY}, false},
        {{.check = CHECK_SHARED_KEY}, false},
        {{.check = CHECK_SHARED_KEY, .undecided = true}, true},
        {{.check = CHECK_VERSION}, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct planworld w;
        planworld_begin_with(&w, RULES, "good");
        struct certificate old = read(&w, "good"), candidate = read(&w, "good2");
        struct host host = host_compile(&w.arena, SLICE_LITERAL("h1.x"));
        struct subject s = {.policy = w.policies[0].policy, .hosts = &host, .host_count = 1};
        old.findings = &rows[i].finding;
        old.finding_count = 1;
        assert_int_equal(subject_stands_in(&s, &candidate, &old, w.now_utc), rows[i].stands_in);
        planworld_end(&w);
    }
}

/* What stands in for the old one may be doubted for a while: nobody is issued anything anew, and nothing is taken back.
 */
static void doubted_stand_in_changes_nothing(void **state)
{
    (void)state;
    struct planworld w;
    begin(&w, RULES ANCHOR "dircertOnFinding: version reissue-then-revoke\n", "v1 good", verified);
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    planworld_decide(&w, R, "approve");
    planworld_pass(&w, 0);
    w.trust = undecided;
    planworld_assert_pass(&w, 0, "");
    assert_state(&w, R, "approved");
    planworld_end(&w);

    begin(&w, RULES ANCHOR "dircertOnFinding: version reissue\n", "v1 good", undecided);
    planworld_assert_pass(&w, 0, "");
    w.trust = verified;
    planworld_assert_pass(&w, 0, "");
    w.trust = refused; /* surely none */
    planworld_assert_pass(&w, 0, "create reissue h1 version");
    planworld_end(&w);
}

/* What was approved for more than a name may rest on a name alone later, or on nothing. */
#define NAMES                                                                                                          \
    "dircertMode: enforce\ndircertConfirmations: 1\ndircertNameMatch: cn\ndircertApproval: revoke auto\n"              \
    "dircertOnFinding: cn-mismatch revoke\ndircertOnFinding: version revoke\n"
#define R_OTHER "revoke v1other"

static void what_is_left_is_what_policy_approves(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct planworld w;
        begin(&w, NAMES "dircertAllowedVersion: 3\n", "v1other", verified);
        planworld_assert_pass(&w, 0, "create revoke v1other cn-mismatch,version");
        assert_state(&w, R_OTHER, "approved");
        planworld_show(&w, "none");
        planworld_assert_pass(&w, 0, "");
        if (i == 0)
            planworld_waive(&w, "h1", "version");
        else
            planworld_policy(&w, "p", NAMES);
        planworld_pass(&w, 0);
        assert_state(&w, R_OTHER, "pending");
        planworld_end(&w);
    }
}

/* Somebody notices what he asked for: what nobody but policy has approved is not carried out. */
static void corrected_policy_takes_its_approval_back(void **state)
{
    (void)state;
    for (int by_person = 0; by_person < 2; by_person++) {
        struct planworld w;
        begin(&w, NAMES "dircertAllowedVersion: 3\n", "v1", by_person ? refused : verified);
        planworld_pass(&w, 0);
        if (by_person)
            planworld_decide(&w, R, "approve");
        planworld_pass(&w, 0);
        assert_state(&w, R, "approved");
        planworld_policy(&w, "p", NAMES "dircertAllowedVersion: 1\ndircertAllowedVersion: 3\n");
        planworld_assert_pass(&w, 0, by_person ? "" : "move-withdrawn revoke v1 -");
        planworld_assert_pass(&w, 0, "");
        planworld_end(&w);
    }
}

/* The same where nobody publishes it any more. */
static void corrected_policy_revokes_nothing_unpublished(void **state)
{
    (void)state;
    for (int by_person = 0; by_person < 2; by_person++) {
        struct planworld w;
        begin(&w, NAMES "dircertAllowedVersion: 3\n", "v1", by_person ? refused : verified);
        planworld_pass(&w, 0);
        if (by_person)
            planworld_decide(&w, R, "approve");
        planworld_show(&w, "none");
        planworld_pass(&w, 0);
        assert_state(&w, R, "approved");
        planworld_policy(&w, "p", NAMES "dircertAllowedVersion: 1\ndircertAllowedVersion: 3\n");
        planworld_assert_pass(&w, 0, by_person ? "" : "move-held revoke v1 -");
        planworld_assert_pass(&w, 0, "");
        planworld_policy(&w, "p", NAMES "dircertAllowedVersion: 3\n");
        planworld_assert_pass(&w, 0, by_person ? "" : "reopen revoke v1 version");
        planworld_end(&w);
    }
}

/* Unpublished by whom it was asked for, and tolerated where it still stands. */
static void what_is_waived_elsewhere_is_not_revoked(void **state)
{
    (void)state;
    struct planworld w;
    begin(&w, AUTO, "v1", verified);
    planworld_pass(&w, 0);
    planworld_show(&w, "none");
    planworld_subject(&w, "h2", "p", "h1.x", "v1");
    planworld_waive(&w, "h2", "version");
    planworld_pass(&w, 0);
    assert_state(&w, R, "held");
    planworld_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verified_chain_is_approved_by_policy),
        cmocka_unit_test(nothing_else_is),
        cmocka_unit_test(guard_holds_what_policy_approves),
        cmocka_unit_test(approval_stands_while_nobody_can_tell),
        cmocka_unit_test(undecided_chain_approves_no_new_generation),
        cmocka_unit_test(unpublished_certificate_is_approved_by_policy_too),
        cmocka_unit_test(doubt_about_the_basis_changes_nothing),
        cmocka_unit_test(doubt_about_something_else_hinders_nothing),
        cmocka_unit_test(doubted_stand_in_changes_nothing),
        cmocka_unit_test(what_is_left_is_what_policy_approves),
        cmocka_unit_test(corrected_policy_takes_its_approval_back),
        cmocka_unit_test(corrected_policy_revokes_nothing_unpublished),
        cmocka_unit_test(what_is_waived_elsewhere_is_not_revoked),
        cmocka_unit_test(serial_on_the_crl_fulfils),
        cmocka_unit_test(nobody_has_to_know_where_else_it_is),
        cmocka_unit_test(before_approval_the_crl_fulfils_nothing),
        cmocka_unit_test(what_is_not_verified_stays_and_says_why),
        cmocka_unit_test(key_that_was_the_finding_does_not_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
