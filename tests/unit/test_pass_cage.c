/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pass over a certificate that crashes OpenSSL's worker: it is told once, nothing is asked for because of it, and
 * everybody else gets what is due.
 */
#include "support/cageworld.h"
#include "support/passworld.h"

#include "run/memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define REASON "the worker died by signal 4 while it read this: quarantined"

static int enter(void **state)
{
    if (cageworld_enter(NULL) != 0 || passworld_enter(state) != 0)
        return -1;
    struct passworld *w = *state;
    w->settings.memory = memo_open();
    passworld_replace(w, PASSWORLD_POLICY, "dircertMode", "enforce");
    passworld_replace(w, PASSWORLD_POLICY, "dircertConfirmations", "1");
    passworld_replace(w, PASSWORLD_POLICY, "dircertMinSubjectsPercent", "0");
    passworld_replace(w, PASSWORLD_POLICY, "dircertOnFinding", "version reissue superseded");
    return 0;
}

static int leave(void **state)
{
    passworld_leave(state);
    return cageworld_leave(NULL);
}

static void expect_requests(struct passworld *w, size_t created, size_t quarantined)
{
    passworld_expect(w, created, PASSWORLD_WORDS("event=request", "verb=create"));
    passworld_expect(w, quarantined, PASSWORLD_WORDS("event=quarantine"));
    passworld_expect(w, 0, PASSWORLD_WORDS("event=fault"));
    passworld_expect(w, 0, PASSWORLD_WORDS("event=readers-disagree"));
}

static void test_crash(void **state)
{
    struct passworld *w = *state;
    struct slice bad = passworld_certificate(w, 1, 1), other = passworld_certificate(w, 1, 2);
    passworld_publish(w, "h1", 1, &bad);
    passworld_publish(w, "h2", 1, &other);
    cageworld_betray(cageworld_trap, bad);
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    expect_requests(w, 1, 1);
    passworld_expect(w, 1,
                     PASSWORLD_WORDS("event=quarantine",
                                     "dn="
                                     "\"" PASSWORLD_HOST("h1"),
                                     PASSWORLD_POLICY, "certificate=", REASON));
    passworld_expect(w, 1, PASSWORLD_WORDS("event=request", "verb=create", PASSWORLD_HOST("h2")));
    passworld_expect(w, 1, PASSWORLD_WORDS("event=undecided", PASSWORLD_HOST("h1"), "check=version", "quarantined"));
    unsigned done = cageworld->done;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(passworld_pass(w), PASS_COMPLETE);
        expect_requests(w, 0, 0);
    }
    assert_int_equal(cageworld->done, done);
    bad = passworld_certificate(w, 1, 3);
    passworld_publish(w, "h1", 1, &bad);
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    expect_requests(w, 1, 0);
}

/* A request that is there neither ends nor changes for what only our own reader has read. */
static void test_request_stays(void **state)
{
    struct passworld *w = *state;
    struct slice bad = passworld_certificate(w, 1, 1), hostile = passworld_certificate(w, 3, 2);
    passworld_publish(w, "h1", 1, &bad);
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    expect_requests(w, 1, 0);
    cageworld_betray(cageworld_trap, hostile);
    passworld_publish(w, "h1", 1, &hostile);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(passworld_pass(w), PASS_COMPLETE);
        passworld_expect(w, 0, PASSWORLD_WORDS("event=request"));
        passworld_expect(w, i == 0, PASSWORLD_WORDS("event=quarantine"));
    }
    assert_true(cageworld->done > 0);
    struct slice good = passworld_certificate(w, 3, 3);
    passworld_publish(w, "h1", 1, &good);
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    passworld_expect(w, 1, PASSWORLD_WORDS("event=request", PASSWORLD_HOST("h1")));
}

/* Nobody reads in the place of workers: what can't be asked is not done, and that is a fault. */
static void test_broken(void **state)
{
    struct passworld *w = *state;
    struct slice bad = passworld_certificate(w, 1, 1), other = passworld_certificate(w, 1, 2);
    passworld_publish(w, "h1", 1, &bad);
    passworld_publish(w, "h2", 1, &other);
    cageworld->point = CAGE_AFTER_FILTER;
    cageworld_betray(cageworld_trap, SLICE_LITERAL(""));
    assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
    passworld_expect(w, 1,
                     PASSWORLD_WORDS("event=fault", "ask the second reader", "the cage for OpenSSL does not work"));
    passworld_expect(w, 0, PASSWORLD_WORDS("event=request"));
    passworld_expect(w, 0, PASSWORLD_WORDS("event=quarantine"));
    for (int i = 0; i < 2; i++) { /* told once, and the same to the end */
        assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
        passworld_expect(w, 0, PASSWORLD_WORDS("event=fault"));
        passworld_expect(w, 0, PASSWORLD_WORDS("event=request"));
    }
    cageworld_betray(NULL, SLICE_LITERAL(""));
    cageworld_start();
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    expect_requests(w, 2, 0);
    cageworld_betray(cageworld_trap, SLICE_LITERAL(""));
    cageworld_start();
    other = passworld_certificate(w, 1, 3);
    passworld_publish(w, "h3", 1, &other);
    assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
    passworld_expect(w, 1, PASSWORLD_WORDS("event=fault", "ask the second reader"));
}

/* The same of chains and CRLs. */
static void test_broken_trust(void **state)
{
    struct passworld *w = *state;
    struct slice der = passworld_certificate(w, 3, 1);
    passworld_publish(w, "h1", 1, &der);
    passworld_replace(w, PASSWORLD_POLICY, "dircertRevocationCheck", "crl");
    cageworld->point = CAGE_AFTER_FILTER;
    cageworld_betray(cageworld_trap, SLICE_LITERAL(""));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
        passworld_expect(w, i == 0, PASSWORLD_WORDS("event=fault", "read the authorities"));
    }
    cageworld_betray(NULL, SLICE_LITERAL(""));
    cageworld_start();
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    cageworld_betray(cageworld_trap, SLICE_LITERAL(""));
    cageworld_start();
    assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
    passworld_expect(w, 1, PASSWORLD_WORDS("event=fault", "read the authorities"));
}

/* Far more subjects than are asked about ahead.  The bare one is found by a search of its own. */

enum { MANY = 150, BARE = 61 };
static const unsigned crashing[] = {5, 40, 41, 120};

static bool crashes(unsigned i)
{
    for (size_t k = 0; k < sizeof crashing / sizeof *crashing; k++)
        if (crashing[k] == i)
            return true;
    return false;
}

static const char *host(struct passworld *w, unsigned i)
{
    return (const char *)arena_format(&w->arena, "m%03u", i).p;
}

/* Each of them has a line, but these, in the order in which the directory shows them. */
static void expect_in_order(struct passworld *w, const char *event)
{
    const char *at = w->log;
    for (unsigned i = 0; i < MANY; i++) {
        const char *dn = (const char *)arena_format(&w->arena, "event=%s severity=", event).p;
        const char *who = (const char *)arena_format(&w->arena, "cn=%s,ou=hosts", host(w, i)).p;
        if (crashes(i) || i == BARE)
            continue;
        at = strstr(at, dn);
        if (!at || strncmp(strstr(at, "cn="), who, strlen(who)) != 0)
            fail_msg("not %s next:\n%.400s", who, at ? at : "nothing");
        at++;
    }
}

static void test_many(void **state)
{
    struct passworld *w = *state;
    struct slice one, victim = passworld_certificate(w, 1, 9999);
    passworld_replace(w, PASSWORLD_POLICY, "dircertOnFinding", "missing report");
    passworld_replace(w, PASSWORLD_POLICY, "dircertMode", "audit");
    for (unsigned i = 0; i < MANY; i++) {
        one = crashes(i) ? victim : passworld_certificate(w, 1, i + 1);
        passworld_publish(w, host(w, i), i != BARE, &one);
    }
    cageworld_betray(cageworld_trap, victim);
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    expect_in_order(w, "finding");
    passworld_expect(w, MANY - 4, PASSWORLD_WORDS("event=finding"));
    passworld_expect(w, 1, PASSWORLD_WORDS("event=finding", "check=missing"));
    passworld_expect(w, 4, PASSWORLD_WORDS("event=undecided", "check=version", "quarantined"));
    unsigned asked = cageworld->asked;
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    passworld_expect(w, 0, PASSWORLD_WORDS("event=finding"));
    assert_int_equal(cageworld->asked, asked); /* what was told is not asked again, ahead neither */
    passworld_replace(w, PASSWORLD_POLICY, "dircertOnFinding", "version reissue superseded");
    passworld_replace(w, PASSWORLD_POLICY, "dircertMaxRequests", "1000");
    passworld_replace(w, PASSWORLD_POLICY, "dircertMaxPercent", "100");
    passworld_replace(w, PASSWORLD_POLICY, "dircertMode", "enforce");
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    expect_requests(w, MANY - 5, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_crash, enter, leave),
                                       cmocka_unit_test_setup_teardown(test_request_stays, enter, leave),
                                       cmocka_unit_test_setup_teardown(test_broken, enter, leave),
                                       cmocka_unit_test_setup_teardown(test_broken_trust, enter, leave),
                                       cmocka_unit_test_setup_teardown(test_many, enter, leave)};
    return cmocka_run_group_tests_name("pass_cage", tests, NULL, NULL);
}
