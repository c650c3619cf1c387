/* SPDX-License-Identifier: Apache-2.0 */
/* Requests whose policy is held by a guard, incomplete, off, auditing, malformed or gone, and what comes back with it.
 */
#include "support/planworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DAY = 86400 };

#define ASKS   PLANWORLD_ASKS_ONCE
#define AUTO   ASKS "dircertApproval: reissue auto\n"
#define REVOKE PLANWORLD_RULES "dircertConfirmations: 1\ndircertOnFinding: version revoke\n"
#define THEN   PLANWORLD_RULES "dircertConfirmations: 1\ndircertOnFinding: version reissue-then-revoke\n"
#define AUDIT  "dircertMode: audit\ndircertAllowedVersion: 3\ndircertOnFinding: version reissue\n"
#define OFF    "dircertMode: off\n"
#define BROKEN ASKS "dircertWildcard: perhaps\n"
#define R      "reissue h1"

static void assert_state(struct planworld *w, const char *request, const char *state, const char *generation)
{
    assert_string_equal(planworld_value(w, request, "dircertState"), state);
    assert_string_equal(planworld_value(w, request, "dircertGeneration"), generation);
}

/* Guards. */

static void opening_is_held(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, ASKS, "v1");
    planworld_hold(&w, "p", HOLD_OPENING);
    planworld_assert_pass(&w, 0, "held-create reissue h1 version");
    assert_int_equal(w.request_count, 0);
    planworld_hold(&w, "p", HOLD_NOTHING);
    planworld_assert_pass(&w, 0, "create reissue h1 version");
    planworld_end(&w);
}

static void reopening_is_held(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_PENDING);
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "move-withdrawn reissue h1 -");
    planworld_show(&w, "v1");
    planworld_hold(&w, "p", HOLD_OPENING);
    planworld_assert_pass(&w, 0, "held-reopen reissue h1 version");
    planworld_assert_pass(&w, 400 * DAY, "held-reopen reissue h1 version"); /* wanted, so never deleted meanwhile */
    assert_state(&w, R, "withdrawn", "1");
    planworld_end(&w);
}

static void approval_by_policy_is_held_and_by_a_person_is_not(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_PROPOSED);
    planworld_policy(&w, "p", PLANWORLD_ASKS "dircertApproval: reissue auto\n");
    planworld_hold(&w, "p", HOLD_OPENING);
    planworld_assert_pass(&w, PLANWORLD_INTERVAL_S,
                          "held-move-approved reissue h1 version; move-pending reissue h1 version");
    planworld_assert_pass(&w, 0, "held-move-approved reissue h1 version");
    assert_state(&w, R, "pending", "1");
    planworld_decide(&w, R, "approve");
    planworld_assert_pass(&w, 0, "move-approved reissue h1 version");
    planworld_end(&w);
}

static void withdrawals_fulfilments_and_failures_go_on(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_PENDING);
    planworld_hold(&w, "p", HOLD_OPENING);
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "move-withdrawn reissue h1 -");
    planworld_end(&w);
    planworld_reissue_at(&w, STATE_SUBMITTED);
    planworld_hold(&w, "p", HOLD_OPENING);
    planworld_report(&w, R, "failed");
    planworld_assert_pass(&w, 0, "move-failed reissue h1 version");
    planworld_assert_pass(&w, 3600, "move-approved reissue h1 version"); /* opened long ago */
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "move-fulfilled reissue h1 -");
    planworld_assert_pass(&w, 90 * DAY, "purge reissue h1 -");
    planworld_end(&w);
}

static void the_revocation_after_a_reissue_is_held(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, THEN, "v1");
    planworld_assert_pass(&w, 0, "create reissue h1 version");
    planworld_show(&w, "good");
    planworld_hold(&w, "p", HOLD_OPENING);
    planworld_assert_pass(&w, 0, "held-create revoke v1 version; move-withdrawn reissue h1 -");
    planworld_assert_pass(&w, 200 * DAY, "held-create revoke v1 version"); /* and not forgotten */
    planworld_hold(&w, "p", HOLD_NOTHING);
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    planworld_end(&w);
}

static void a_revocation_that_was_held_is_forgotten_when_policy_audits(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, THEN, "v1");
    planworld_assert_pass(&w, 0, "create reissue h1 version");
    planworld_show(&w, "good");
    planworld_hold(&w, "p", HOLD_OPENING);
    planworld_assert_pass(&w, 0, "held-create revoke v1 version; move-withdrawn reissue h1 -");
    planworld_policy(&w, "p",
                     "dircertMode: audit\ndircertAllowedVersion: 3\n"
                     "dircertOnFinding: version reissue-then-revoke\n");
    planworld_assert_pass(&w, DAY, "");
    planworld_assert_pass(&w, 90 * DAY, "purge reissue h1 -");
    planworld_end(&w);
}

static void everything_of_that_policy_is_held(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_PENDING);
    planworld_policy(&w, "q", ASKS);
    planworld_subject(&w, "h2", "q", "h1.x", "v1b");
    planworld_hold(&w, "p", HOLD_EVERYTHING);
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "create reissue h2 version; held-move-withdrawn reissue h1 -");
    assert_state(&w, R, "pending", "1");
    planworld_show(&w, "v1 v1b");
    planworld_assert_pass(&w, 0, "held-revise reissue h1 version");
    planworld_end(&w);
}

/* Policies that do not enforce. */

static void audit_opens_nothing(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, AUDIT, "v1");
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

struct weakness {
    const char *name, *policy; /* NULL: the entry is deleted */
    enum whereabouts where;    /* of the subject; WHERE_UNKNOWN: it is seen as before */
    const char *plan, *state;
};
static const struct weakness weaknesses[] = {
    {"audit", AUDIT, WHERE_UNKNOWN, "move-held reissue h1 -", "held"},
    {"malformed", BROKEN, WHERE_WEAK, "move-held reissue h1 -", "held"},
    {"malformed, and the next one governs nobody", BROKEN, WHERE_UNGOVERNED, "move-held reissue h1 -", "held"},
    {"vanished", NULL, WHERE_UNGOVERNED, "move-held reissue h1 -", "held"},
    {"off", OFF, WHERE_OFF, "move-withdrawn reissue h1 -", "withdrawn"},
};

/* Held, silent, and back: a new generation which has to be approved anew. */
static void weak_and_back(const struct weakness *row, enum state from)
{
    struct planworld w;
    planworld_reissue_at(&w, from);
    if (row->policy)
        planworld_policy(&w, "p", row->policy);
    else
        planworld_forget_policy(&w, "p");
    if (row->where != WHERE_UNKNOWN)
        planworld_hide(&w, "h1");
    planworld_request(&w, R)->where = row->where;
    planworld_assert_pass(&w, 0, row->plan);
    assert_state(&w, R, row->state, "1");
    planworld_assert_pass(&w, DAY, "");
    planworld_policy(&w, "p", ASKS);
    planworld_show(&w, "v1");
    planworld_assert_pass(&w, 0, "reopen reissue h1 version");
    assert_state(&w, R, "pending", "2");
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

static void policy_does_not_enforce(void **state)
{
    weak_and_back(*state, STATE_PENDING);
    weak_and_back(*state, STATE_APPROVED);
    weak_and_back(*state, STATE_FAILED);
}

static void held_and_cured_meanwhile(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_HELD);
    planworld_policy(&w, "p", ASKS);
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "move-withdrawn reissue h1 -");
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

static void held_until_the_guard_lets_it_go(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_HELD);
    planworld_policy(&w, "p", ASKS);
    planworld_hold(&w, "p", HOLD_OPENING);
    planworld_assert_pass(&w, 0, "held-reopen reissue h1 version");
    assert_state(&w, R, "held", "1");
    planworld_end(&w);
}

static void what_is_submitted_or_rejected_is_not_held(void **state)
{
    (void)state;
    static const enum state from[] = {STATE_SUBMITTED, STATE_REJECTED};
    for (size_t i = 0; i < 2; i++) {
        struct planworld w;
        planworld_reissue_at(&w, from[i]);
        planworld_policy(&w, "p", AUDIT);
        planworld_assert_pass(&w, 0, "");
        planworld_end(&w);
    }
}

static void a_subject_that_another_policy_governs_now(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_PENDING);
    planworld_policy(&w, "q", AUTO "dircertPrecedence: 1\n");
    planworld_subject(&w, "h1", "q", "h1.x", "v1");
    planworld_assert_pass(&w, 0, "move-approved reissue h1 version"); /* the same request, on the same grounds */
    assert_state(&w, R, "approved", "1");
    assert_string_equal(planworld_value(&w, R, "dircertPolicyDN"), "cn=q,ou=policies,ou=dircertd,dc=x");
    planworld_end(&w);
}

/* Searches that did not end: their subjects are not seen, and where they are is not known. */
static void nothing_is_planned_for_an_incomplete_policy(void **state)
{
    (void)state;
    static const enum state from[] = {STATE_PROPOSED,  STATE_PENDING, STATE_APPROVED, STATE_REJECTED,
                                      STATE_SUBMITTED, STATE_FAILED,  STATE_HELD};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        struct planworld w;
        planworld_reissue_at(&w, from[i]);
        planworld_policy(&w, "p", ASKS);
        planworld_policy_pass(&w, "p")->complete = false;
        planworld_hide(&w, "h1");
        planworld_assert_pass(&w, 400 * DAY, "");
        assert_state(&w, R, state_name(from[i]), "1");
        planworld_end(&w);
    }
}

/* Revocations. */

static void a_revocation_whose_policy_does_not_enforce(void **state)
{
    (void)state;
    static const char *const weak[] = {"dircertMode: audit\ndircertAllowedVersion: 3\n",
                                       PLANWORLD_RULES "dircertOnFinding: version report\n", NULL};
    for (size_t i = 0; i < 3; i++) {
        struct planworld w;
        planworld_begin_with(&w, REVOKE, "v1");
        planworld_assert_pass(&w, 0, "create revoke v1 version");
        planworld_decide(&w, "revoke v1", "approve");
        planworld_assert_pass(&w, 0, "move-approved revoke v1 version");
        if (weak[i])
            planworld_policy(&w, "p", weak[i]);
        else
            planworld_forget_policy(&w, "p");
        w.subjects[0].hidden = !weak[i];
        planworld_assert_pass(&w, 0, "move-held revoke v1 -");
        assert_string_equal(planworld_plan(&w), "");
        planworld_policy(&w, "p", REVOKE);
        w.subjects[0].hidden = false;
        planworld_assert_pass(&w, 0, "reopen revoke v1 version");
        assert_state(&w, "revoke v1", "pending", "2");
        planworld_end(&w);
    }
}

static void a_search_that_did_not_end_revokes_nothing(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REVOKE, "v1");
    planworld_policy(&w, "other", "dircertMode: enforce\n");
    planworld_policy_pass(&w, "other")->complete = false; /* who knows who publishes it there */
    planworld_assert_pass(&w, 0, "");
    planworld_policy_pass(&w, "other")->complete = true;
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    planworld_policy_pass(&w, "other")->complete = false;
    planworld_decide(&w, "revoke v1", "approve");
    planworld_assert_pass(&w, 0, "");
    planworld_policy(&w, "other", "dircertMode: off\n"); /* off: it is not searched at all */
    planworld_assert_pass(&w, 0, "move-approved revoke v1 version");
    planworld_end(&w);
}

static void a_rejected_revocation_is_deleted_once_its_violation_has_ended(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REVOKE, "v1soon");
    planworld_assert_pass(&w, 0, "create revoke v1soon version");
    planworld_decide(&w, "revoke v1soon", "reject");
    planworld_assert_pass(&w, 0, "move-rejected revoke v1soon version");
    planworld_show(&w, "good"); /* unpublishing ends nothing */
    planworld_assert_pass(&w, 5 * DAY, "");
    planworld_show(&w, "v1soon");
    planworld_policy(&w, "p", "dircertMode: enforce\n"); /* complies now */
    planworld_assert_pass(&w, 0, "revise revoke v1soon -");
    assert_state(&w, "revoke v1soon", "rejected", "1");
    planworld_policy(&w, "p", REVOKE); /* and violates again */
    planworld_assert_pass(&w, 0, "revise revoke v1soon version");
    planworld_assert_pass(&w, 5 * DAY + 1, "revise revoke v1soon -"); /* expired */
    planworld_assert_pass(&w, 90 * DAY - 1, "");
    planworld_assert_pass(&w, 1, "purge revoke v1soon -");
    planworld_end(&w);
}

int main(void)
{
    static const struct CMUnitTest plain[] = {
        cmocka_unit_test(opening_is_held),
        cmocka_unit_test(reopening_is_held),
        cmocka_unit_test(approval_by_policy_is_held_and_by_a_person_is_not),
        cmocka_unit_test(withdrawals_fulfilments_and_failures_go_on),
        cmocka_unit_test(the_revocation_after_a_reissue_is_held),
        cmocka_unit_test(a_revocation_that_was_held_is_forgotten_when_policy_audits),
        cmocka_unit_test(everything_of_that_policy_is_held),
        cmocka_unit_test(audit_opens_nothing),
        cmocka_unit_test(held_and_cured_meanwhile),
        cmocka_unit_test(held_until_the_guard_lets_it_go),
        cmocka_unit_test(what_is_submitted_or_rejected_is_not_held),
        cmocka_unit_test(a_subject_that_another_policy_governs_now),
        cmocka_unit_test(nothing_is_planned_for_an_incomplete_policy),
        cmocka_unit_test(a_revocation_whose_policy_does_not_enforce),
        cmocka_unit_test(a_search_that_did_not_end_revokes_nothing),
        cmocka_unit_test(a_rejected_revocation_is_deleted_once_its_violation_has_ended),
    };
    enum { PLAIN = sizeof plain / sizeof *plain, WEAK = sizeof weaknesses / sizeof *weaknesses };
    static struct CMUnitTest tests[PLAIN + WEAK];
    memcpy(tests, plain, sizeof plain);
    for (size_t i = 0; i < WEAK; i++)
        tests[PLAIN + i] = (struct CMUnitTest){.name = weaknesses[i].name,
                                               .test_func = policy_does_not_enforce,
                                               .initial_state = (void *)(uintptr_t)&weaknesses[i]};
    return _cmocka_run_group_tests("plan: policies and guards", tests, PLAIN + WEAK, NULL, NULL);
}
