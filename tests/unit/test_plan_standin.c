/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in for a bad certificate, clause by clause: the subject shows the old certificate and a candidate; where
 * the candidate stands in, no reissue is asked for.
 */
#include "support/planworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ANSWERS "dircertMode: enforce\ndircertAllowedVersion: 3\ndircertOnFinding: version reissue\n"
#define NAMED   ANSWERS "dircertNameMatch: san\ndircertOnFinding: san-mismatch reissue\n"
#define UNNAMED ANSWERS "dircertNameMatch: none\n"

struct row {
    const char *name, *policy, *hosts, *certificates, *plan;
};

static const struct row rows[] = {
    {"nothing stands in", NAMED, "h1.x", "old", "create reissue h1 san-mismatch"},
    {"another certificate with everything", NAMED, "h1.x", "old both-usages", ""},
    {"whichever of them is first", NAMED, "h1.x", "both-usages old", ""},
    {"the same serial", NAMED, "h1.x", "old same-serial", "create reissue h1 san-mismatch"},
    {"an old extended key usage is missing", NAMED, "h1.x", "old server-only", "create reissue h1 san-mismatch"},
    {"anyExtendedKeyUsage covers both", NAMED, "h1.x", "old any-usage", ""},
    {"without extended key usages it may be used for all", NAMED, "h1.x", "old no-usage", ""},
    {"another key family: EC for RSA", NAMED, "h1.x", "old ec-key", "create reissue h1 san-mismatch"},
    {"another key family: Ed25519 for RSA", NAMED, "h1.x", "old ed-key", "create reissue h1 san-mismatch"},
    {"another key family: RSA for EC", NAMED, "h1.x", "old-ec both-usages", "create reissue h1 san-mismatch"},
    {"the same key family: EC", NAMED, "h1.x", "old-ec ec-key", ""},
    {"the candidate expired", NAMED, "h1.x", "old expired", "create reissue h1 san-mismatch"},
    {"the candidate is not valid yet", NAMED, "h1.x", "old not-yet", "create reissue h1 san-mismatch"},
    {"the candidate has another name", NAMED, "h1.x", "old other-name", "create reissue h1 san-mismatch"},
    {"the candidate is of version 1", NAMED, "h1.x", "old v1", "create reissue h1 san-mismatch,version"},
    {"the candidate is malformed", NAMED, "h1.x", "old broken", "create reissue h1 san-mismatch"},
    {"the readers disagree about the candidate", NAMED, "h1.x", "old ?both-usages", "create reissue h1 san-mismatch"},
    {"the entry has a name more", NAMED, "h1.x alias.x", "v1 good", "create reissue h1 san-mismatch,version"},
    {"no name rule: the wanted name is covered", UNNAMED, "h1.x", "v1 good", ""},
    {"no name rule: another name", UNNAMED, "h1.x", "v1 good-h2", "create reissue h1 version"},
    {"no name rule: one of two names", UNNAMED, "h1.x alias.x", "v1 good", "create reissue h1 version"},
    {"one for several", UNNAMED, "h1.x", "v1 good v1b", ""},
    {"two, one each", NAMED, "h1.x", "old old-ec both-usages ec-key", ""},
    {"one of two has none", NAMED, "h1.x", "old old-ec ec-key", "create reissue h1 san-mismatch"},
    {"what the old one does not say is not asked for", NAMED, "h1.x", "v1 ed-key", "create reissue h1 version"},
    {"an old certificate without usages asks for none", NAMED, "h1.x", "v1 server-only", ""},
};

static void stands_in(void **state)
{
    const struct row *row = *state;
    struct planworld w;
    planworld_begin(&w);
    planworld_policy(&w, "p", row->policy);
    planworld_subject(&w, "h1", "p", row->hosts, row->certificates);
    assert_string_equal(planworld_plan(&w), row->plan);
    planworld_end(&w);
}

/* The row "one of two has none" once more: only the one without is on record. */
static void only_what_is_not_replaced_is_asked_for(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin(&w);
    planworld_policy(&w, "p", NAMED);
    planworld_subject(&w, "h1", "p", "h1.x", "old old-ec ec-key");
    planworld_pass(&w, 0);
    const struct operation *o = planworld_operation(&w, "reissue h1");
    struct digest old = digest_of(planworld_der(&w, "old"));
    assert_int_equal(o->record.basis.certificate_count, 1);
    assert_true(digest_eq(&o->record.basis.certificates[0], &old));
    planworld_end(&w);
}

/* The old certificate is unpublished when the candidate comes; its reissue remembers it for the revocation. */
static const struct row remembered[] = {
    {"remembered: everything", NULL, "h1.x", "both-usages",
     "create revoke old san-mismatch; move-fulfilled reissue h1 -"},
    {"remembered: any usage", NULL, "h1.x", "any-usage", "create revoke old san-mismatch; move-fulfilled reissue h1 -"},
    {"remembered: the second of two", NULL, "h1.x", "server-only both-usages",
     "create revoke old san-mismatch; move-fulfilled reissue h1 -"},
    {"remembered: the same serial", NULL, "h1.x", "same-serial", "revise reissue h1 -"},
    {"remembered: an old usage is missing", NULL, "h1.x", "server-only", "revise reissue h1 -"},
    {"remembered: another key family", NULL, "h1.x", "ec-key", "revise reissue h1 -"},
    {"remembered: expired", NULL, "h1.x", "expired", "revise reissue h1 -"},
    {"remembered: the readers disagree", NULL, "h1.x", "?both-usages", ""},
};

static void stands_in_for_what_is_remembered(void **state)
{
    const struct row *row = *state;
    struct planworld w;
    planworld_begin(&w);
    planworld_policy(&w, "p",
                     PLANWORLD_RULES "dircertConfirmations: 1\ndircertOnFinding: san-mismatch reissue-then-revoke\n");
    planworld_subject(&w, "h1", "p", "h1.x", "old");
    assert_string_equal(planworld_pass(&w, 0), "create reissue h1 san-mismatch");
    planworld_decide(&w, "reissue h1", "approve");
    planworld_report(&w, "reissue h1", "submitted");
    assert_string_equal(planworld_pass(&w, 0), "move-submitted reissue h1 san-mismatch");
    planworld_subject(&w, "h1", "p", row->hosts, row->certificates);
    assert_string_equal(planworld_pass(&w, 0), row->plan);
    assert_string_equal(planworld_plan(&w), "");
    planworld_end(&w);
}

/* That policy wants to know who is not ready for quantum computers keeps nobody from being replaced. */
static void what_is_only_to_be_known_is_no_fault(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin(&w);
    planworld_policy(&w, "p",
                     PLANWORLD_RULES "dircertConfirmations: 1\ndircertOnFinding: san-mismatch reissue-then-revoke\n"
                                     "dircertOnFinding: post-quantum report\n");
    planworld_subject(&w, "h1", "p", "h1.x", "old both-usages");
    assert_string_equal(planworld_pass(&w, 0), "create revoke old san-mismatch");
    planworld_policy(&w, "p",
                     PLANWORLD_RULES "dircertConfirmations: 1\ndircertOnFinding: san-mismatch reissue-then-revoke\n"
                                     "dircertOnFinding: post-quantum reissue\n");
    planworld_subject(&w, "h1", "p", "h1.x", "old both-usages");
    assert_non_null(strstr(planworld_pass(&w, 0), "create reissue h1 post-quantum,san-mismatch"));
    planworld_end(&w);
}

int main(void)
{
    enum { ROWS = sizeof rows / sizeof *rows, REMEMBERED = sizeof remembered / sizeof *remembered };
    static struct CMUnitTest tests[ROWS + REMEMBERED + 2];
    for (size_t i = 0; i < REMEMBERED; i++)
        tests[ROWS + 1 + i] = (struct CMUnitTest){.name = remembered[i].name,
                                                  .test_func = stands_in_for_what_is_remembered,
                                                  .initial_state = (void *)(uintptr_t)&remembered[i]};
    for (size_t i = 0; i < ROWS; i++)
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name, .test_func = stands_in, .initial_state = (void *)(uintptr_t)&rows[i]};
    tests[ROWS + REMEMBERED + 1] = (struct CMUnitTest)cmocka_unit_test(what_is_only_to_be_known_is_no_fault);
    tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(only_what_is_not_replaced_is_asked_for);
    return _cmocka_run_group_tests("stand-in", tests, ROWS + REMEMBERED + 2, NULL, NULL);
}
