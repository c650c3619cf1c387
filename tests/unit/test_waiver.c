/* SPDX-License-Identifier: Apache-2.0 */
/* Waivers: what of an entry is understood, what is wrong with it, and what it covers then. */
#include "core/waiver.h"

#include "core/schema.h"
#include "support/entrytext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW = 1800000000 }; /* 20270115080000Z */

#define HEAD     "dn: cn=w,ou=waivers,ou=dircertd,dc=x\nobjectClass: dircertWaiver\ncn: w\n"
#define TARGET   "dircertTarget: ldap:///dc=x??sub?(cn=a)\n"
#define DIGEST   "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define BY_NAME  "dircertCertificateSHA256: " DIGEST "\n"
#define VERSION  "dircertCheck: version\n"
#define UNTIL    "dircertWaiverUntil: 20270201000000Z\n"
#define REASON   "dircertWaiverReason: agreed\n"
#define COUNT(x) (sizeof(x) / sizeof *(x))

enum reach { KNOWN, UNKNOWN };

static bool knows_not_nonsense(void *context, struct slice attribute)
{
    (void)context;
    return !slice_eq(attribute, SLICE_LITERAL("nonsense"));
}

static const struct waiver *compile(struct arena *a, const char *text, problem_list *problems)
{
    struct entry e = entrytext_of(a, text);
    return waiver_compile(a, &e, knows_not_nonsense, NULL, NOW, problems);
}

static bool contains(struct slice text, const char *piece)
{
    struct slice p = slice_of(piece);
    for (size_t i = 0; i + p.n <= text.n; i++)
        if (memcmp(text.p + i, p.p, p.n) == 0)
            return true;
    return false;
}

static void a_whole_one_has_no_problem(void **state)
{
    (void)state;
    struct arena a = {0};
    problem_list problems = {0};
    const struct waiver *w = compile(&a, HEAD TARGET BY_NAME VERSION "dircertCheck: Weak-Key\n" UNTIL REASON, &problems);
    struct digest d;
    memcpy(d.octets, "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
    memcpy(d.octets + 16, d.octets, 16);
    assert_int_equal(problems.count, 0);
    assert_false(w->malformed || w->reach_unknown || w->ended);
    assert_int_equal(w->target_count, 1);
    assert_true(slice_eq(w->targets[0].filter, SLICE_LITERAL("(cn=a)")));
    assert_true(slice_eq(w->reason, SLICE_LITERAL("agreed")));
    assert_true(waiver_covers_check(w, CHECK_VERSION) && waiver_covers_check(w, CHECK_WEAK_KEY));
    assert_false(waiver_covers_check(w, CHECK_EXPIRED));
    assert_true(waiver_names_certificate(w, &d));
    d.octets[31]++;
    assert_false(waiver_names_certificate(w, &d));
    arena_free(&a);
}

static const struct {
    const char *name, *text, *attribute, *reason; /* a part of it */
    enum reach reach;
    unsigned checks; /* bits that it covers all the same */
} wrong[] = {
    {"no reach", HEAD VERSION UNTIL REASON, ATTR_TARGET, "needs a dircertTarget or a", UNKNOWN, CHECK_BIT(CHECK_VERSION)},
    {"no URL", HEAD "dircertTarget: everybody\n" VERSION UNTIL REASON, ATTR_TARGET, "must begin with ldap:///", UNKNOWN,
     CHECK_BIT(CHECK_VERSION)},
    {"a filter that is none", HEAD "dircertTarget: ldap:///dc=x??sub?(cn=\n" VERSION UNTIL REASON, ATTR_TARGET,
     "no request is written at all", UNKNOWN, CHECK_BIT(CHECK_VERSION)},
    {"an unknown attribute type", HEAD "dircertTarget: ldap:///dc=x??sub?(nonsense=1)\n" VERSION UNTIL REASON,
     ATTR_TARGET, "no attribute type nonsense", UNKNOWN, CHECK_BIT(CHECK_VERSION)},
    {"one target of two", HEAD TARGET "dircertTarget: x\n" VERSION UNTIL REASON, ATTR_TARGET, "ldap:///", UNKNOWN,
     CHECK_BIT(CHECK_VERSION)},
    {"a short digest", HEAD "dircertCertificateSHA256: abc\n" VERSION UNTIL REASON, ATTR_CERTIFICATE_SHA256,
     "64 hexadecimal digits", UNKNOWN, CHECK_BIT(CHECK_VERSION)},
    {"no check", HEAD TARGET UNTIL REASON, ATTR_CHECK, "covers every check", KNOWN, ~0u},
    {"a check that is none", HEAD TARGET VERSION "dircertCheck: versoin\n" UNTIL REASON, ATTR_CHECK,
     "no check has this name", KNOWN, ~0u},
    {"all", HEAD TARGET "dircertCheck: all\n" UNTIL REASON, ATTR_CHECK, "no check has this name", KNOWN, ~0u},
    {"no end", HEAD TARGET VERSION REASON, ATTR_WAIVER_UNTIL, "has no end", KNOWN, CHECK_BIT(CHECK_VERSION)},
    {"an end that is no time", HEAD TARGET VERSION "dircertWaiverUntil: next June\n" REASON, ATTR_WAIVER_UNTIL,
     "not a Generalized Time", KNOWN, CHECK_BIT(CHECK_VERSION)},
    {"two ends", HEAD TARGET VERSION UNTIL "dircertWaiverUntil: 20200101000000Z\n" REASON, ATTR_WAIVER_UNTIL,
     "one of several values", KNOWN, CHECK_BIT(CHECK_VERSION)},
    {"no reason", HEAD TARGET VERSION UNTIL, ATTR_WAIVER_REASON, "gives no reason", KNOWN, CHECK_BIT(CHECK_VERSION)},
    {"a blank reason", HEAD TARGET VERSION UNTIL "dircertWaiverReason:  \n", ATTR_WAIVER_REASON, "gives no reason", KNOWN,
     CHECK_BIT(CHECK_VERSION)},
};

static void what_is_wrong_is_named_and_nobody_is_acted_on(void **state)
{
    const size_t i = (size_t)(uintptr_t)*state;
    struct arena a = {0};
    problem_list problems = {0};
    const struct waiver *w = compile(&a, wrong[i].text, &problems);
    assert_int_equal(problems.count, 1);
    assert_true(slice_eq(problems.items[0].dn, SLICE_LITERAL("cn=w,ou=waivers,ou=dircertd,dc=x")));
    assert_true(slice_eq(problems.items[0].attribute, slice_of(wrong[i].attribute)));
    if (!contains(problems.items[0].reason, wrong[i].reason))
        fail_msg("%.*s", SLICE_ARGS(problems.items[0].reason));
    assert_true(w->malformed);
    assert_false(w->ended);
    assert_int_equal(w->reach_unknown, wrong[i].reach == UNKNOWN);
    for (unsigned id = 0; id < CHECK_COUNT; id++)
        assert_int_equal(waiver_covers_check(w, (enum check_id)id), (wrong[i].checks & CHECK_BIT(id)) != 0);
    arena_free(&a);
}

static void both_ends_belong_to_it(void **state)
{
    (void)state;
    struct arena a = {0};
    problem_list problems = {0};
    const struct waiver *w = compile(&a, HEAD TARGET VERSION "dircertWaiverUntil: 20270115080000Z\n" REASON, &problems);
    assert_int_equal(problems.count, 0);
    assert_true(waiver_covers_check(w, CHECK_VERSION));
    w = compile(&a, HEAD TARGET BY_NAME VERSION "dircertWaiverUntil: 20270115075959Z\n" REASON, &problems);
    assert_true(w->ended);
    assert_int_equal(problems.count, 1);
    assert_true(contains(problems.items[0].reason, "ended 20270115075959Z; delete it or give it a later"));
    assert_false(waiver_covers_check(w, CHECK_VERSION));
    assert_false(waiver_names_certificate(w, &w->certificates[0]));
    arena_free(&a);
}

/* One that has ended holds nothing back, whatever else is wrong with it. */
static void of_an_ended_one_only_the_end_is_told(void **state)
{
    (void)state;
    struct arena a = {0};
    problem_list problems = {0};
    const struct waiver *w = compile(&a, HEAD "dircertTarget: nonsense\ndircertWaiverUntil: 20200101000000Z\n", &problems);
    assert_int_equal(problems.count, 1);
    assert_true(slice_eq(problems.items[0].attribute, slice_of(ATTR_WAIVER_UNTIL)));
    assert_true(w->ended);
    assert_false(w->reach_unknown);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(wrong) + 3] = {
        cmocka_unit_test(a_whole_one_has_no_problem),
        cmocka_unit_test(both_ends_belong_to_it),
        cmocka_unit_test(of_an_ended_one_only_the_end_is_told),
    };
    for (size_t i = 0; i < COUNT(wrong); i++)
        tests[3 + i] = (struct CMUnitTest){.name = wrong[i].name,
                                           .test_func = what_is_wrong_is_named_and_nobody_is_acted_on,
                                           .initial_state = (void *)(uintptr_t)i};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
