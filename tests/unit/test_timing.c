/* SPDX-License-Identifier: Apache-2.0 */
/* Back-off and intervals: their bounds, their growth, and that chance has its part in them. */
#include "daemon/timing.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { DRAWS = 500, WHOLE_MOST_MS = 300000 };

static void test_the_clock_goes_forward(void **state)
{
    (void)state;
    int64_t last = timing_now_ms();
    for (int i = 0; i < DRAWS; i++) {
        int64_t now = timing_now_ms();
        assert_true(now >= last);
        last = now;
    }
}

static void test_chance_is_within_its_limits_and_reaches_them(void **state)
{
    (void)state;
    int seen[3] = {0};
    for (int i = 0; i < DRAWS; i++) {
        int64_t n = timing_chance(2);
        assert_in_range(n, 0, 2);
        seen[n]++;
        assert_int_equal(timing_chance(0), 0);
        assert_int_equal(timing_chance(-1), 0);
    }
    assert_true(seen[0] && seen[1] && seen[2]);
}

/* Between `least` and `most`, and with five hundred draws from thousands of numbers not always the same one. */
static void expect_spread(int64_t (*draw)(unsigned), unsigned of, int64_t least, int64_t most)
{
    int64_t lowest = INT64_MAX, highest = 0;
    for (int i = 0; i < DRAWS; i++) {
        int64_t ms = draw(of);
        lowest = ms < lowest ? ms : lowest;
        highest = ms > highest ? ms : highest;
    }
    assert_true(lowest >= least && highest <= most);
    assert_true(highest > lowest);
    assert_true(lowest < least + (most - least) / 2 && highest > most - (most - least) / 2);
}

static void test_backoff_doubles_up_to_five_minutes(void **state)
{
    (void)state;
    int64_t whole = 1000;
    assert_int_equal(timing_backoff_ms(0), 0);
    for (unsigned failures = 1; failures < 40; failures++) {
        expect_spread(timing_backoff_ms, failures, whole / 2, whole);
        whole = 2 * whole < WHOLE_MOST_MS ? 2 * whole : WHOLE_MOST_MS;
    }
    assert_int_equal(whole, WHOLE_MOST_MS);
    expect_spread(timing_backoff_ms, UINT_MAX, WHOLE_MOST_MS / 2, WHOLE_MOST_MS);
}

static void test_intervals_are_a_tenth_longer_at_most(void **state)
{
    (void)state;
    static const unsigned intervals_s[] = {1, 60, 3600, 604800, UINT_MAX};
    for (size_t i = 0; i < sizeof intervals_s / sizeof *intervals_s; i++) {
        int64_t whole = (int64_t)intervals_s[i] * 1000;
        expect_spread(timing_interval_ms, intervals_s[i], whole, whole + whole / 10);
        assert_int_equal(timing_interval_most_ms(intervals_s[i]), whole + whole / 10);
    }
    assert_int_equal(timing_interval_ms(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_clock_goes_forward),
        cmocka_unit_test(test_chance_is_within_its_limits_and_reaches_them),
        cmocka_unit_test(test_backoff_doubles_up_to_five_minutes),
        cmocka_unit_test(test_intervals_are_a_tenth_longer_at_most),
    };
    return cmocka_run_group_tests_name("timing", tests, NULL, NULL);
}
