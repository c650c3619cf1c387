/* SPDX-License-Identifier: Apache-2.0 */
/* Validity periods: expiring, validity-too-long; to the second at both ends. */
#include "base/gentime.h"
#include "core/policy.h"
#include "support/sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct row {
    const char *name;
    struct policy policy;
    const char *begin, *end; /* notBefore, notAfter */
    const char *now;         /* NULL: validity-too-long, which has no clock */
    bool unreadable;
    const char *answer, *detail;
} rows[] = {
#define SECONDS(s) .policy = {.renew_before = {RENEW_SECONDS, (s)}}
#define PERCENT(p) .policy = {.renew_before = {RENEW_PERCENT, (p)}}
#define YEAR       .begin = "20260101000000Z", .end = "20261231235959Z" /* 31,536,000 seconds */
#define DAYS(d)    .policy = {.max_validity = {VALIDITY_AT_MOST, (d)*86400LL}}
#define CABF       .policy = {.max_validity = {VALIDITY_CABF, 0}}

    {"expiring: long before", SECONDS(30 * 86400), YEAR, .now = "20260601000000Z", .answer = "meets"},
    {"expiring: a second too early", SECONDS(86400), YEAR, .now = "20261230235958Z", .answer = "meets"},
    {"expiring: exactly that long before", SECONDS(86400), YEAR, .now = "20261230235959Z", .answer = "violates",
     .detail = "notAfter 20261231235959Z"},
    {"expiring: in the last second", SECONDS(86400), YEAR, .now = "20261231235959Z", .answer = "violates"},
    {"expiring: over", SECONDS(86400), YEAR, .now = "20270101000000Z", .answer = "n/a"},
    {"expiring: a second before it begins", SECONDS(400 * 86400LL), YEAR, .now = "20251231235959Z", .answer = "n/a"},
    {"expiring: shorter than the time before", SECONDS(400 * 86400LL), YEAR, .now = "20260101000000Z",
     .answer = "violates"},
    {"expiring: zero seconds before", SECONDS(0), YEAR, .now = "20261231235959Z", .answer = "violates"},
    {"expiring: zero seconds, one before", SECONDS(0), YEAR, .now = "20261231235958Z", .answer = "meets"},
    {"expiring: half of it left and one second", PERCENT(50), YEAR, .now = "20260702115959Z", .answer = "meets"},
    {"expiring: exactly half of it left", PERCENT(50), YEAR, .now = "20260702120000Z", .answer = "meets"},
    {"expiring: less than half of it left", PERCENT(50), YEAR, .now = "20260702120001Z", .answer = "violates",
     .detail = "notAfter 20261231235959Z"},
    {"expiring: a hundred per cent, at the begin", PERCENT(100), YEAR, .now = "20260101000000Z", .answer = "meets"},
    {"expiring: a hundred per cent, a second later", PERCENT(100), YEAR, .now = "20260101000001Z",
     .answer = "violates"},
    {"expiring: zero per cent, in the last second", PERCENT(0), YEAR, .now = "20261231235959Z", .answer = "meets"},
    {"expiring: until the end of time", PERCENT(33), .begin = "00000101000000Z", .end = "99991231235959Z",
     .now = "99991231235959Z", .answer = "violates"},
    {"expiring: until the end of time, now", SECONDS(30 * 86400), .begin = "00000101000000Z", .end = "99991231235959Z",
     .now = "20260101000000Z", .answer = "meets"},
    {"expiring: one second of life", PERCENT(99), .begin = "20260101000000Z", .end = "20260101000000Z",
     .now = "20260101000000Z", .answer = "meets"},
    {"expiring: ends before it begins", SECONDS(86400), .begin = "20260201000000Z", .end = "20260101000000Z",
     .now = "20260115000000Z", .answer = "n/a"},
    {"expiring: not readable", SECONDS(86400), YEAR, .now = "20261231235959Z", .unreadable = true, .answer = "n/a"},

    {"days: exactly as many", DAYS(365), YEAR, .answer = "meets"},
    {"days: a second more", DAYS(365), .begin = "20260101000000Z", .end = "20270101000000Z", .answer = "violates",
     .detail = "valid for 365 days and 1 second, policy allows 365 days"},
    {"days: one more", DAYS(364), YEAR, .answer = "violates", .detail = "valid for 365 days, policy allows 364 days"},
    {"days: hours of policy", .policy = {.max_validity = {VALIDITY_AT_MOST, 3600}}, YEAR, .answer = "violates",
     .detail = "policy allows 3600 seconds"},
    {"days: over a leap day", DAYS(366), .begin = "20280101000000Z", .end = "20281231235959Z", .answer = "meets"},
    {"days: ten thousand years", DAYS(825), .begin = "00000101000000Z", .end = "99991231235959Z", .answer = "violates",
     .detail = "valid for 3652425 days,"},
    {"days: one second of life", DAYS(1), .begin = "20260101000000Z", .end = "20260101000000Z", .answer = "meets"},
    {"days: ends before it begins", DAYS(1), .begin = "20270101000000Z", .end = "20260101000000Z", .answer = "n/a"},
    {"days: ends the second before it begins", DAYS(1), .begin = "20260101000001Z", .end = "20260101000000Z",
     .answer = "n/a"},
    {"days: not readable", DAYS(1), YEAR, .unreadable = true, .answer = "n/a"},

    {"cabf: 47 days in 2029", CABF, .begin = "20290315000000Z", .end = "20290430235959Z", .answer = "meets"},
    {"cabf: 47 days and a second in 2029", CABF, .begin = "20290315000000Z", .end = "20290501000000Z",
     .answer = "violates", .detail = "the CA/Browser Forum allows 47 days from 20290315 on"},
    {"cabf: 100 days the second before", CABF, .begin = "20290314235959Z", .end = "20290622235958Z", .answer = "meets"},
    {"cabf: 100 days and a second the second before", CABF, .begin = "20290314235959Z", .end = "20290622235959Z",
     .answer = "violates", .detail = "allows 100 days"},
    {"cabf: 100 days in 2027", CABF, .begin = "20270315000000Z", .end = "20270622235959Z", .answer = "meets"},
    {"cabf: 101 days in 2027", CABF, .begin = "20270315000000Z", .end = "20270623235959Z", .answer = "violates",
     .detail = "valid for 101 days"},
    {"cabf: 200 days the second before", CABF, .begin = "20270314235959Z", .end = "20270930235958Z", .answer = "meets"},
    {"cabf: 200 days and a second in 2026", CABF, .begin = "20260315000000Z", .end = "20261001000000Z",
     .answer = "violates", .detail = "allows 200 days"},
    {"cabf: 398 days the second before", CABF, .begin = "20260314235959Z", .end = "20270416235958Z", .answer = "meets"},
    {"cabf: 398 days and a second the second before", CABF, .begin = "20260314235959Z", .end = "20270416235959Z",
     .answer = "violates", .detail = "allows 398 days from 20200901 on"},
    {"cabf: 825 days before September 2020", CABF, .begin = "20200831235959Z", .end = "20221204235958Z",
     .answer = "meets"},
    {"cabf: 825 days and a second before September 2020", CABF, .begin = "20200831235959Z", .end = "20221204235959Z",
     .answer = "violates", .detail = "allows 825 days"},
    {"cabf: 39 months before March 2018", CABF, .begin = "20180228235959Z", .end = "20210528235959Z",
     .answer = "meets"},
    {"cabf: 39 months and a second before March 2018", CABF, .begin = "20180228235959Z", .end = "20210529000000Z",
     .answer = "violates", .detail = "allows 39 months"},
    {"cabf: 39 months into a shorter month", CABF, .begin = "20171130000000Z", .end = "20210302000000Z",
     .answer = "meets"},
    {"cabf: 39 months into a shorter month and a second", CABF, .begin = "20171130000000Z", .end = "20210302000001Z",
     .answer = "violates"},
    {"cabf: 60 months before July 2016", CABF, .begin = "20160630235959Z", .end = "20210630235959Z", .answer = "meets"},
    {"cabf: 60 months and a second before July 2016", CABF, .begin = "20160630235959Z", .end = "20210701000000Z",
     .answer = "violates", .detail = "allows 60 months"},
    {"cabf: before there was a limit", CABF, .begin = "20120630235959Z", .end = "20420630235959Z", .answer = "n/a"},
    {"cabf: ends before it begins", CABF, .begin = "20290315000000Z", .end = "20290314000000Z", .answer = "n/a"},
};

static int64_t at(const char *text)
{
    int64_t at_utc = 0;
    assert_true(gentime_read(slice_of(text), &at_utc));
    return at_utc;
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct arena a = {0};
    struct sketch s;
    sketch_begin(&s, &a);
    s.facts.readable = !row->unreadable;
    s.facts.not_before_utc = at(row->begin);
    s.facts.not_after_utc = at(row->end);
    sketch_expect(&s, &row->policy, row->now ? at(row->now) : 0, row->now ? CHECK_EXPIRING : CHECK_VALIDITY_TOO_LONG,
                  row->answer, row->detail);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(rows)];
    for (size_t i = 0; i < COUNT(rows); i++)
        tests[i] = (struct CMUnitTest){rows[i].name, test_row, NULL, NULL, (void *)(uintptr_t)&rows[i]};
    return cmocka_run_group_tests_name("checks of validity periods", tests, NULL, NULL);
}
