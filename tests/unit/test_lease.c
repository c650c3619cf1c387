/* SPDX-License-Identifier: Apache-2.0 */
/* The lease as text, and who may take one over: each row is one situation. */
#include "core/lease.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))
#define BOOT        "0b4e6f2a-13a9-4d0c-9a51-6f5d9f0e7c11"
#define BEFORE      "9c1d2f30-77aa-4b1e-8f2f-0d3c5b7a9e22"

/* 2025-06-15T15:06:40Z */
enum { NOW = 1750000000 };
#define EARLIER "20250615150639Z"
#define THIS    "20250615150640Z"
#define LATER   "20250615150641Z"

static void values_round_trip(void **state)
{
    (void)state;
    static const struct lease all[] = {
        {{S("host.example.com"), S(BOOT), 1}, NOW},
        {{S("h"), S(BOOT "/4026532448"), INT32_MAX}, 4102444800},
        {{S("two\\20words"), S("-"), 77}, 0},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct arena a = {0};
        struct lease back;
        assert_true(lease_read(lease_write(&a, &all[i]), &back));
        assert_true(slice_eq(back.owner.host, all[i].owner.host));
        assert_true(slice_eq(back.owner.boot_id, all[i].owner.boot_id));
        assert_int_equal(back.owner.pid, all[i].owner.pid);
        assert_int_equal(back.until_utc, all[i].until_utc);
        arena_free(&a);
    }
}

static void malformed_values_are_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "host",
        "host " BOOT,
        "host " BOOT " 5",
        "host " BOOT " " LATER,
        "host " BOOT " 5 " LATER " more",
        "host " BOOT " 0 " LATER,
        "host " BOOT " -5 " LATER,
        "host " BOOT " 05 " LATER,
        "host " BOOT " 2147483648 " LATER,
        "host " BOOT " five " LATER,
        "host " BOOT " 5 tomorrow",
        "host " BOOT " 5 20250615150660",
        "host " BOOT " 5 20251315150641Z",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct lease lease;
        if (lease_read(slice_of(texts[i]), &lease))
            fail_msg("\"%s\" was read", texts[i]);
    }
}

struct row {
    const char *what, *value;
    const char *host, *boot; /* ours; NULL: host, BOOT */
    bool alive;
    enum lease_standing standing;
};
enum { OURS = 500 };

static const struct row rows[] = {
    {"no value", NULL, NULL, NULL, false, LEASE_FREE},
    {"our own", "host " BOOT " 500 " LATER, NULL, NULL, true, LEASE_MINE},
    {"our own, whatever the signal says", "host " BOOT " 500 " LATER, NULL, NULL, false, LEASE_MINE},
    {"our own, in other letters", "HOST " BOOT " 500 " LATER, NULL, NULL, true, LEASE_MINE},
    {"our own, its time is up", "host " BOOT " 500 " THIS, NULL, NULL, true, LEASE_DEAD},
    {"our own, long ago", "host " BOOT " 500 " EARLIER, NULL, NULL, true, LEASE_DEAD},
    {"a living process here", "host " BOOT " 499 " LATER, NULL, NULL, true, LEASE_HELD},
    {"a living process here, its time is up", "host " BOOT " 499 " THIS, NULL, NULL, true, LEASE_DEAD},
    {"a process here that is gone", "host " BOOT " 499 " LATER, NULL, NULL, false, LEASE_DEAD},
    {"this host before it was started anew", "host " BEFORE " 499 " LATER, NULL, NULL, true, LEASE_DEAD},
    {"the same, and our own number", "host " BEFORE " 500 " LATER, NULL, NULL, true, LEASE_DEAD},
    {"another host", "other " BOOT " 499 " LATER, NULL, NULL, false, LEASE_HELD},
    {"another host, another boot", "other " BEFORE " 499 " LATER, NULL, NULL, false, LEASE_HELD},
    {"another host, our own number", "other " BEFORE " 500 " LATER, NULL, NULL, true, LEASE_HELD},
    {"another host, its time is up", "other " BEFORE " 499 " THIS, NULL, NULL, true, LEASE_DEAD},
    {"a longer name", "host.example.com " BEFORE " 499 " LATER, NULL, NULL, false, LEASE_HELD},
    {"a name that many hosts have", "localhost " BEFORE " 499 " LATER, "localhost", NULL, false, LEASE_HELD},
    {"the same with a domain", "localhost.localdomain " BEFORE " 499 " LATER, "localhost.localdomain", NULL, false,
     LEASE_HELD},
    {"the same in one boot", "localhost " BOOT " 499 " LATER, "localhost", NULL, false, LEASE_DEAD},
    {"no name at all", "- " BEFORE " 499 " LATER, "-", NULL, false, LEASE_HELD},
    {"a boot that it did not know", "host - 499 " LATER, NULL, NULL, false, LEASE_HELD},
    {"a boot that we do not know", "host " BOOT " 499 " LATER, NULL, "-", false, LEASE_HELD},
    {"neither knows", "host - 500 " LATER, NULL, "-", false, LEASE_HELD},
    {"neither knows, and its time is up", "host - 500 " THIS, NULL, "-", false, LEASE_DEAD},
    {"a process in a container", "host " BOOT "/7 500 " LATER, NULL, NULL, false, LEASE_HELD},
    {"we are in a container", "host " BOOT " 500 " LATER, NULL, BOOT "/7", false, LEASE_HELD},
    {"two containers", "host " BOOT "/8 500 " LATER, NULL, BOOT "/7", false, LEASE_HELD},
    {"our own in a container", "host " BOOT "/7 500 " LATER, NULL, BOOT "/7", true, LEASE_MINE},
    {"gone in our container", "host " BOOT "/7 499 " LATER, NULL, BOOT "/7", false, LEASE_DEAD},
    {"a container of an earlier boot", "host " BEFORE "/7 500 " LATER, NULL, BOOT "/7", true, LEASE_DEAD},
};

static void who_may_take_over(void **state)
{
    const struct row *row = *state;
    struct lease_owner self = {slice_of(row->host ? row->host : "host"), slice_of(row->boot ? row->boot : BOOT), OURS};
    struct lease lease;
    if (row->value)
        assert_true(lease_read(slice_of(row->value), &lease));
    assert_int_equal(lease_judge(row->value ? &lease : NULL, &self, row->alive, NOW), row->standing);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(rows) + 2] = {cmocka_unit_test(values_round_trip),
                                                cmocka_unit_test(malformed_values_are_none)};
    for (size_t i = 0; i < COUNT(rows); i++)
        tests[i + 2] = (struct CMUnitTest){
            .name = rows[i].what, .test_func = who_may_take_over, .initial_state = (void *)(uintptr_t)&rows[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
