/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocations: one for each certificate; make before break in its three ways; what cures them and what does not; the
 * same certificate under two entries.
 */
#include "support/planworld.h"

#include "base/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DAY = 86400 };

#define RULES  PLANWORLD_RULES "dircertConfirmations: 1\n"
#define REVOKE RULES "dircertOnFinding: version revoke\n"
#define THEN   RULES "dircertOnFinding: version reissue-then-revoke\n" /* make before break */
#define LAX    "dircertMode: enforce\ndircertConfirmations: 1\n"       /* all versions comply */
#define R      "revoke v1"

static void assert_has(struct planworld *w, const char *request, const char *attribute, const char *value)
{
    assert_string_equal(planworld_value(w, request, attribute), value);
}

static void assert_der(struct planworld *w, const char *request, const char *label)
{
    struct slice stored = entry_first(&planworld_request(w, request)->entry, "dircertCertificate");
    assert_true(slice_eq(stored, label ? planworld_der(w, label) : (struct slice){NULL, 0}));
}

static void revoke_at(struct planworld *w, enum state to)
{
    planworld_begin_with(w, REVOKE, "v1");
    planworld_assert_pass(w, 0, "create revoke v1 version");
    if (to == STATE_PENDING)
        return;
    planworld_decide(w, R, to == STATE_REJECTED ? "reject" : "approve");
    planworld_pass(w, 0);
    if (to == STATE_SUBMITTED || to == STATE_FAILED)
        planworld_report(w, R, to == STATE_FAILED ? "failed" : "revoked");
    planworld_pass(w, 0);
    assert_has(w, R, "dircertState", state_name(to));
    assert_string_equal(planworld_plan(w), "");
}

static void the_identity_is_the_digest_of_the_certificate(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REVOKE, "v1 v1b good");
    planworld_assert_pass(&w, 0, "create revoke v1 version; create revoke v1b version");
    struct digest d = digest_of(planworld_der(&w, "v1"));
    uint8_t text[7 + DIGEST_HEX] = "revoke"; /* and its NUL */
    digest_to_hex(&d, text + 7);
    struct digest id = digest_of(slice_make(text, sizeof text));
    uint8_t hex[DIGEST_HEX + 1] = {0};
    digest_to_hex(&id, hex);
    assert_has(&w, R, "dircertRequestId", (const char *)hex);
    digest_to_hex(&d, hex);
    assert_has(&w, R, "dircertCertificateSHA256", (const char *)hex);
    assert_has(&w, R, "dircertRequestType", "revoke");
    assert_has(&w, R, "dircertSubjectId", "entryUUID:h1");
    assert_has(&w, R, "dircertIssuer", "CN=Example CA");
    assert_has(&w, R, "dircertSerialNumber", "01");
    assert_has(&w, R, "dircertReason", "unspecified");
    assert_has(&w, R, "dircertState", "pending");
    assert_der(&w, R, "v1");
    planworld_end(&w);
}

static void a_certificate_under_two_entries_is_revoked_once(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REVOKE, "v1");
    planworld_policy(&w, "strict", RULES "dircertOnFinding: version revoke keyCompromise\n");
    planworld_subject(&w, "a1", "strict", "h1.x", "v1");
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    assert_has(&w, R, "dircertSubjectId", "entryUUID:a1"); /* the first by id */
    assert_has(&w, R, "dircertReason", "keyCompromise");   /* the stronger */
    planworld_hide(&w, "a1");
    planworld_assert_pass(&w, 0, "revise revoke v1 version"); /* still the same one; h1 gives the reason now */
    assert_has(&w, R, "dircertReason", "unspecified");
    assert_has(&w, R, "dircertGeneration", "2");
    assert_int_equal(w.request_count, 1);
    planworld_end(&w);
}

static void the_subject_on_record_speaks(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REVOKE, "v1");
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    planworld_subject(&w, "a1", "p", "h1.x", "v1");
    planworld_assert_pass(&w, 0, "");
    assert_has(&w, R, "dircertSubjectId", "entryUUID:h1");
    planworld_end(&w);
}

/* Make before break. */

static void reissue_then(struct planworld *w, enum state to)
{
    planworld_begin_with(w, THEN, "v1");
    planworld_assert_pass(w, 0, "create reissue h1 version");
    assert_der(w, "reissue h1", "v1");
    if (to == STATE_PENDING)
        return;
    planworld_decide(w, "reissue h1", "approve");
    planworld_assert_pass(w, 0, "move-approved reissue h1 version");
    planworld_report(w, "reissue h1", "submitted");
    planworld_assert_pass(w, 0, "move-submitted reissue h1 version");
}

static void assert_superseded(struct planworld *w)
{
    assert_der(w, R, "v1");
    assert_has(w, R, "dircertReason", "superseded");
    assert_has(w, R, "dircertFinding", "version version 1, policy allows 3");
    assert_true(slice_eq(slice_of(planworld_value(w, R, "dircertSupersedes")), planworld_id(w, "reissue h1")));
    assert_string_equal(planworld_plan(w), "");
}

static void revoked_when_the_reissue_is_fulfilled(void **state)
{
    (void)state;
    struct planworld w;
    reissue_then(&w, STATE_SUBMITTED);
    planworld_assert_pass(&w, 60, ""); /* not before */
    planworld_show(&w, "v1 good");
    planworld_assert_pass(&w, 0, "create revoke v1 version; move-fulfilled reissue h1 -");
    assert_superseded(&w);
    planworld_end(&w);
}

static void revoked_when_fulfilled_and_unpublished_by_then(void **state)
{
    (void)state;
    struct planworld w;
    reissue_then(&w, STATE_SUBMITTED);
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "create revoke v1 version; move-fulfilled reissue h1 -");
    assert_superseded(&w);
    planworld_end(&w);
}

static void revoked_when_the_reissue_is_withdrawn_for_a_stand_in(void **state)
{
    (void)state;
    static const char *const shown[] = {"good", "v1 good"};
    for (size_t i = 0; i < 2; i++) {
        struct planworld w;
        reissue_then(&w, STATE_PENDING);
        planworld_show(&w, shown[i]);
        planworld_assert_pass(&w, 0, "create revoke v1 version; move-withdrawn reissue h1 -");
        assert_superseded(&w);
        planworld_end(&w);
    }
}

static void revoked_at_once_where_a_stand_in_is_there_already(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, THEN, "v1 good");
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    assert_has(&w, R, "dircertSupersedes", "");
    assert_has(&w, R, "dircertReason", "superseded");
    planworld_end(&w);
}

/* By the time that each is shown there is no stand-in, or nothing is left to be revoked. */
static void never_revoked_before_the_stand_in(void **state)
{
    (void)state;
    static const char *const shown[][3] = {
        {"none", "move-withdrawn reissue h1 -", ""},
        {"", "", "create revoke v1 version; move-withdrawn reissue h1 -"},
        {"v1b", "revise reissue h1 version",
         "create revoke v1 version; create revoke v1b version; move-withdrawn reissue h1 -"},
        {"v1 v1b", "revise reissue h1 version",
         "create revoke v1 version; create revoke v1b version; move-withdrawn reissue h1 -"},
        {"?v1", "", "create revoke v1 version; move-withdrawn reissue h1 -"},
        {"v1 ?good", "", "create revoke v1 version; move-withdrawn reissue h1 -"},
        {"v1 good-h2", "revise reissue h1 version", "create revoke v1 version; move-withdrawn reissue h1 -"},
    };
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        struct planworld w;
        reissue_then(&w, STATE_PENDING);
        if (i == 6)
            planworld_policy(&w, "p", LAX "dircertAllowedVersion: 3\ndircertOnFinding: version reissue-then-revoke\n");
        planworld_show(&w, shown[i][0]);
        const char *plan = planworld_pass(&w, 0);
        if (i != 6)
            assert_string_equal(plan, shown[i][1]);
        assert_false(planworld_has(&w, R));
        planworld_show(&w, "good");
        planworld_assert_pass(&w, 0, shown[i][2]);
        planworld_end(&w);
    }
}

static void not_revoked_once_it_has_expired(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, THEN, "v1soon");
    planworld_assert_pass(&w, 0, "create reissue h1 version");
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 11 * DAY, "move-withdrawn reissue h1 -");
    planworld_assert_pass(&w, 90 * DAY, "purge reissue h1 -"); /* nothing waits for it */
    planworld_end(&w);
}

static void not_revoked_when_policy_asks_for_it_no_more(void **state)
{
    (void)state;
    struct planworld w;
    reissue_then(&w, STATE_SUBMITTED);
    planworld_policy(&w, "p", RULES "dircertOnFinding: version reissue\n");
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "move-fulfilled reissue h1 -");
    planworld_end(&w);
}

static void a_reissue_that_is_gone_is_still_named(void **state)
{
    (void)state;
    struct planworld w;
    reissue_then(&w, STATE_PENDING);
    planworld_show(&w, "v1 good");
    planworld_assert_pass(&w, 0, "create revoke v1 version; move-withdrawn reissue h1 -");
    *planworld_request(&w, "reissue h1") = w.requests[--w.request_count]; /* deleted by hand */
    planworld_assert_pass(&w, 0, "");
    assert_superseded(&w);
    planworld_end(&w);
}

static void the_reissue_is_kept_while_its_revocation_is_open(void **state)
{
    (void)state;
    struct planworld w;
    reissue_then(&w, STATE_SUBMITTED);
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "create revoke v1 version; move-fulfilled reissue h1 -");
    planworld_assert_pass(&w, 200 * DAY, "");
    planworld_decide(&w, R, "approve");
    planworld_assert_pass(&w, 0, "move-approved revoke v1 version");
    planworld_report(&w, R, "revoked");
    planworld_assert_pass(&w, 0, "move-submitted revoke v1 version");
    planworld_assert_pass(&w, 200 * DAY, ""); /* not verified: it stays */
    planworld_assert_pass(&w, 3300 * (int64_t)DAY, "move-withdrawn revoke v1 -; purge reissue h1 -");
    planworld_assert_pass(&w, 90 * DAY, "purge revoke v1 -");
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

/* What cures a revocation. */

static void unpublishing_or_deleting_cures_nothing(void **state)
{
    (void)state;
    static const enum state from[] = {STATE_PENDING, STATE_APPROVED, STATE_SUBMITTED, STATE_FAILED, STATE_REJECTED};
    static const char *const shown[] = {"good", "none", ""};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        struct planworld w;
        revoke_at(&w, from[i]);
        for (size_t k = 0; k < 3; k++) {
            planworld_show(&w, shown[k]);
            planworld_assert_pass(&w, 0, "");
        }
        planworld_hide(&w, "h1");
        planworld_request(&w, R)->where = WHERE_GONE;
        planworld_assert_pass(&w, 0, "");
        planworld_end(&w);
    }
}

static void it_goes_on_when_unpublished(void **state)
{
    (void)state;
    struct planworld w;
    revoke_at(&w, STATE_PENDING);
    planworld_hide(&w, "h1");
    planworld_decide(&w, R, "approve");
    planworld_assert_pass(&w, DAY, "move-approved revoke v1 version");
    planworld_report(&w, R, "failed");
    planworld_assert_pass(&w, 0, "move-failed revoke v1 version");
    planworld_assert_pass(&w, 3600, "move-approved revoke v1 version");
    assert_has(&w, R, "dircertAttempt", "2");
    planworld_end(&w);
}

static void it_ends_with_the_certificate(void **state)
{
    (void)state;
    static const char *const shown[] = {"v1soon", "good"};
    for (size_t i = 0; i < 2; i++) {
        struct planworld w;
        planworld_begin_with(&w, REVOKE, "v1soon");
        planworld_assert_pass(&w, 0, "create revoke v1soon version");
        planworld_show(&w, shown[i]);
        planworld_assert_pass(&w, 10 * DAY, ""); /* notAfter belongs to it */
        planworld_assert_pass(&w, 1, "move-withdrawn revoke v1soon -");
        planworld_assert_pass(&w, 90 * DAY, "purge revoke v1soon -");
        planworld_end(&w);
    }
}

static void an_expired_certificate_is_not_revoked(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REVOKE, "v1soon");
    planworld_assert_pass(&w, 11 * DAY, "");
    planworld_end(&w);
}

static void compliant_now_counts_before_approval_only(void **state)
{
    (void)state;
    struct planworld w;
    revoke_at(&w, STATE_PENDING);
    planworld_policy(&w, "p", LAX);
    planworld_assert_pass(&w, 0, "move-withdrawn revoke v1 -");
    planworld_policy(&w, "p", REVOKE);
    planworld_assert_pass(&w, 0, "reopen revoke v1 version");
    assert_has(&w, R, "dircertGeneration", "2");
    planworld_end(&w);
    static const enum state from[] = {STATE_APPROVED, STATE_FAILED};
    for (size_t i = 0; i < 2; i++) {
        revoke_at(&w, from[i]);
        planworld_policy(&w, "p", LAX);
        planworld_assert_pass(&w, 0, "");
        planworld_end(&w);
    }
}

static void a_submitted_revocation_says_that_its_reason_went_away(void **state)
{
    (void)state;
    struct planworld w;
    revoke_at(&w, STATE_APPROVED);
    planworld_report(&w, R, "submitted");
    planworld_assert_pass(&w, 0, "move-submitted revoke v1 version");
    planworld_policy(&w, "p", LAX);
    planworld_assert_pass(&w, 0, "revise revoke v1 -");
    assert_has(&w, R, "dircertState", "submitted");
    assert_has(&w, R, "dircertStateMessage", "its reason went away; waits for the outcome");
    planworld_end(&w);
}

static void what_cannot_be_verified_stays_submitted_and_says_so(void **state)
{
    (void)state;
    struct planworld w;
    revoke_at(&w, STATE_SUBMITTED);
    assert_has(&w, R, "dircertStateMessage", "carried out as the fulfiller says, not verified: no CRL is read");
    planworld_assert_pass(&w, 1000 * DAY, "");
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

static void undecided_certificates_are_not_revoked(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REVOKE, "?v1");
    planworld_assert_pass(&w, 0, "");
    planworld_show(&w, "v1");
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    planworld_show(&w, "?v1");
    planworld_decide(&w, R, "approve");
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

/* The same certificate elsewhere. */

static void compliant_under_another_entry_is_held(void **state)
{
    (void)state;
    static const enum state from[] = {STATE_PENDING, STATE_APPROVED, STATE_FAILED};
    for (size_t i = 0; i < 3; i++) {
        struct planworld w;
        revoke_at(&w, from[i]);
        planworld_policy(&w, "lax", LAX);
        planworld_subject(&w, "h2", "lax", "h2.x", "v1");
        planworld_assert_pass(&w, 0, "move-held revoke v1 version");
        assert_string_equal(planworld_plan(&w), "");
        planworld_subject(&w, "h2", "lax", "h2.x", "good");
        planworld_assert_pass(&w, 0, "reopen revoke v1 version");
        assert_has(&w, R, "dircertGeneration", "2");
        planworld_end(&w);
    }
}

static void compliant_under_another_entry_from_the_beginning(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REVOKE, "v1");
    planworld_policy(&w, "lax", LAX);
    planworld_subject(&w, "h2", "lax", "h2.x", "v1");
    planworld_assert_pass(&w, 0, "create revoke v1 version");
    assert_has(&w, R, "dircertState", "held");
    assert_false(planworld_operation(&w, R)->opens);
    assert_string_equal(planworld_plan(&w), "");
    planworld_end(&w);
}

static void unpublished_here_and_compliant_there(void **state)
{
    (void)state;
    struct planworld w;
    revoke_at(&w, STATE_PENDING);
    planworld_policy(&w, "lax", LAX);
    planworld_subject(&w, "h2", "lax", "h2.x", "v1");
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "move-held revoke v1 version");
    planworld_end(&w);
}

static void where_the_readers_disagree_about_the_other_entry(void **state)
{
    struct planworld w;
    if (*state)
        reissue_then(&w, STATE_PENDING);
    else
        revoke_at(&w, STATE_PENDING);
    planworld_show(&w, "good");
    planworld_pass(&w, 0); /* unpublished; where its reissue asked for it, it is made now */
    planworld_policy(&w, "lax", LAX);
    planworld_subject(&w, "h2", "lax", "h2.x", "?v1");
    /* nobody can tell about h2: nothing is decided */
    planworld_decide(&w, R, "approve");
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

int main(void)
{
    static bool after_a_reissue = true;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_identity_is_the_digest_of_the_certificate),
        cmocka_unit_test(a_certificate_under_two_entries_is_revoked_once),
        cmocka_unit_test(the_subject_on_record_speaks),
        cmocka_unit_test(revoked_when_the_reissue_is_fulfilled),
        cmocka_unit_test(revoked_when_fulfilled_and_unpublished_by_then),
        cmocka_unit_test(revoked_when_the_reissue_is_withdrawn_for_a_stand_in),
        cmocka_unit_test(revoked_at_once_where_a_stand_in_is_there_already),
        cmocka_unit_test(never_revoked_before_the_stand_in),
        cmocka_unit_test(not_revoked_once_it_has_expired),
        cmocka_unit_test(not_revoked_when_policy_asks_for_it_no_more),
        cmocka_unit_test(a_reissue_that_is_gone_is_still_named),
        cmocka_unit_test(the_reissue_is_kept_while_its_revocation_is_open),
        cmocka_unit_test(unpublishing_or_deleting_cures_nothing),
        cmocka_unit_test(it_goes_on_when_unpublished),
        cmocka_unit_test(it_ends_with_the_certificate),
        cmocka_unit_test(an_expired_certificate_is_not_revoked),
        cmocka_unit_test(compliant_now_counts_before_approval_only),
        cmocka_unit_test(a_submitted_revocation_says_that_its_reason_went_away),
        cmocka_unit_test(what_cannot_be_verified_stays_submitted_and_says_so),
        cmocka_unit_test(undecided_certificates_are_not_revoked),
        cmocka_unit_test(compliant_under_another_entry_is_held),
        cmocka_unit_test(compliant_under_another_entry_from_the_beginning),
        cmocka_unit_test(unpublished_here_and_compliant_there),
        cmocka_unit_test(where_the_readers_disagree_about_the_other_entry),
        {"the same after a reissue", where_the_readers_disagree_about_the_other_entry, NULL, NULL, &after_a_reissue},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
