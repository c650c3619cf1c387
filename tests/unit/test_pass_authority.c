/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An authority that issues version 1 whatever it is asked for, over two weeks: each time an event and a longer wait,
 * never a loop, and a good end once it issues version 3.
 */
#include "support/passworld.h"

#include "base/gentime.h"
#include "core/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HOUR = 3600, ATTEMPTS = 8 };

static const char *request_dn(struct passworld *w)
{
    struct slice id = arena_format(&w->arena, "entryUUID:%s", passworld_value(w, PASSWORLD_HOST("h1"), "entryUUID"));
    struct slice request = request_id_of_reissue(&w->arena, id);
    return (const char *)arena_format(&w->arena, "dircertRequestId=%.*s," PASSWORLD_REQUESTS, SLICE_ARGS(request)).p;
}

static void expect_state(struct passworld *w, const char *state)
{
    assert_string_equal(passworld_value(w, request_dn(w), "dircertState"), state);
}

static int64_t time_of(struct passworld *w, const char *attribute)
{
    int64_t at_utc;
    assert_true(gentime_read(slice_of(passworld_value(w, request_dn(w), attribute)), &at_utc));
    return at_utc;
}

/* The test authority: claims what is approved, says that it has issued, and publishes. */
static void fulfil(struct passworld *w, int version)
{
    static unsigned serial = 100;
    const char *dn = request_dn(w);
    struct slice der = passworld_certificate(w, version, ++serial);
    struct slice outcome = arena_format(&w->arena, "issued %s.%s", passworld_value(w, dn, "dircertGeneration"),
                                        passworld_value(w, dn, "dircertAttempt"));
    expect_state(w, "approved");
    passworld_replace(w, dn, "dircertClaimedBy", "the test");
    passworld_replace(w, dn, "dircertClaimedUntil", "20900101000000Z");
    passworld_replace(w, dn, "dircertOutcome", (const char *)outcome.p);
    passworld_publish(w, "h1", 1, &der);
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
}

static void begin(struct passworld *w)
{
    struct slice bad = passworld_certificate(w, 1, 1);
    passworld_replace(w, PASSWORLD_POLICY, "dircertMode", "enforce");
    passworld_replace(w, PASSWORLD_POLICY, "dircertConfirmations", "1");
    passworld_replace(w, PASSWORLD_POLICY, "dircertApproval", "reissue auto");
    passworld_replace(w, PASSWORLD_POLICY, "dircertOnFinding", "version reissue");
    passworld_publish(w, "h1", 1, &bad);
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
}

/* It waits as long as it should and no longer, and writes nothing meanwhile. */
static void wait_for_the_next_attempt(struct passworld *w, int64_t wait_s)
{
    int64_t due_utc = time_of(w, "dircertNextAttempt");
    assert_int_equal(due_utc - time_of(w, "dircertStateChanged"), wait_s);
    for (int64_t share = 1; share <= 3; share++) {
        w->now_utc = due_utc - wait_s + wait_s * share / 4 - PASSWORLD_INTERVAL_S;
        assert_int_equal(passworld_pass(w), PASS_COMPLETE);
        passworld_expect(w, 0, PASSWORLD_WORDS("event=request "));
        passworld_expect(w, 0, PASSWORLD_WORDS("event=authority-noncompliant"));
        expect_state(w, "failed");
    }
    w->now_utc = due_utc - PASSWORLD_INTERVAL_S;
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
}

static void test_it_is_asked_later_each_time(void **state)
{
    struct passworld *w = *state;
    begin(w);
    for (unsigned attempt = 1; attempt <= ATTEMPTS; attempt++) {
        char text[32];
        snprintf(text, sizeof text, "attempt=%u", attempt);
        fulfil(w, 1);
        expect_state(w, "failed");
        passworld_expect(w, 1, PASSWORLD_WORDS("event=authority-noncompliant", PASSWORLD_HOST("h1"), text));
        wait_for_the_next_attempt(w, (int64_t)HOUR << (attempt < 6 ? attempt - 1 : 5));
    }
    assert_string_equal(passworld_value(w, request_dn(w), "dircertGeneration"), "1");
    fulfil(w, 3);
    expect_state(w, "fulfilled");
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    passworld_expect(w, 0, PASSWORLD_WORDS("event=request "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_is_asked_later_each_time, passworld_enter, passworld_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
