/* SPDX-License-Identifier: Apache-2.0 */
/* Host names of entries, and the names of certificates against them. */
#include "core/hostname.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))
#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct host_row {
    const char *name;
    struct slice value;
    enum host_kind kind;
    struct slice compiled;
    const char *shown;
};

static const struct host_row host_rows[] = {
    {"a name", S("h1.example.com"), HOST_DNS, S("h1.example.com"), "h1.example.com"},
    {"upper case", S("H1.Example.COM"), HOST_DNS, S("h1.example.com"), "h1.example.com"},
    {"one label", S("localhost"), HOST_DNS, S("localhost"), "localhost"},
    {"a trailing dot", S("h1.example.com."), HOST_DNS, S("h1.example.com"), "h1.example.com"},
    {"two trailing dots", S("h1.example.com.."), HOST_INVALID, S(""), ""},
    {"a dot alone", S("."), HOST_INVALID, S(""), ""},
    {"nothing", S(""), HOST_INVALID, S(""), ""},
    {"an underscore", S("_sip.example.com"), HOST_DNS, S("_sip.example.com"), "_sip.example.com"},
    {"U-labels", S("b\xc3\xbc" "cher.example"), HOST_DNS, S("xn--bcher-kva.example"), "xn--bcher-kva.example"},
    {"U-labels in capitals", S("B\xc3\x9c" "CHER.Example"), HOST_DNS, S("xn--bcher-kva.example"),
     "xn--bcher-kva.example"},
    {"U-labels and a dot", S("b\xc3\xbc" "cher.example."), HOST_DNS, S("xn--bcher-kva.example"),
     "xn--bcher-kva.example"},
    {"A-labels in capitals", S("XN--BCHER-KVA.example"), HOST_DNS, S("xn--bcher-kva.example"), "xn--bcher-kva.example"},
    {"not UTF-8", S("h\xff.example"), HOST_INVALID, S(""), ""},
    {"NUL inside", S("h1.example.com\0.evil.example"), HOST_INVALID, S(""), ""},
    {"NUL at the end", S("h1.example.com\0"), HOST_INVALID, S(""), ""},
    {"NUL among U-labels", S("b\xc3\xbc\0.example"), HOST_INVALID, S(""), ""},
    {"a blank", S("h1 .example.com"), HOST_INVALID, S(""), ""},
    {"a blank at the end", S("h1.example.com "), HOST_INVALID, S(""), ""},
    {"an empty label", S("h1..example.com"), HOST_INVALID, S(""), ""},
    {"a leading dot", S(".example.com"), HOST_INVALID, S(""), ""},
    {"a leading hyphen", S("-h1.example.com"), HOST_INVALID, S(""), ""},
    {"a trailing hyphen", S("h1-.example.com"), HOST_INVALID, S(""), ""},
    {"a wildcard", S("*.example.com"), HOST_INVALID, S(""), ""},
    {"a URL", S("https://h1.example.com"), HOST_INVALID, S(""), ""},
    {"a port", S("h1.example.com:443"), HOST_INVALID, S(""), ""},
    {"a label of 63", S(A63 ".example"), HOST_DNS, S(A63 ".example"), A63 ".example"},
    {"a label of 64", S("a" A63 ".example"), HOST_INVALID, S(""), ""},
    {"253 octets", S(A63 "." A63 "." A63 "." A61), HOST_DNS, S(A63 "." A63 "." A63 "." A61),
     A63 "." A63 "." A63 "." A61},
    {"254 octets", S(A63 "." A63 "." A63 ".a" A61), HOST_INVALID, S(""), ""},
    {"digits and letters", S("1h.2.example"), HOST_DNS, S("1h.2.example"), "1h.2.example"},
    {"a last label of digits", S("h1.example.1"), HOST_INVALID, S(""), ""},
    {"an address", S("192.0.2.1"), HOST_IP, S("\xc0\x00\x02\x01"), "192.0.2.1"},
    {"an address too large", S("192.0.2.256"), HOST_INVALID, S(""), ""},
    {"an address too short", S("192.0.2"), HOST_INVALID, S(""), ""},
    {"an address in octal", S("192.0.02.01"), HOST_INVALID, S(""), ""},
    {"an address and a dot", S("192.0.2.1."), HOST_INVALID, S(""), ""},
    {"an address in wide digits", S("\xef\xbc\x91.2.3.4"), HOST_INVALID, S(""), ""},
    {"an address and NUL", S("192.0.2.1\0"), HOST_INVALID, S(""), ""},
    {"an address of IPv6", S("2001:DB8:0::1"), HOST_IP, S("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"), "2001:db8::1"},
    {"IPv6 in brackets", S("[2001:db8::1]"), HOST_INVALID, S(""), ""},
    {"IPv6 with a zone", S("fe80::1%eth0"), HOST_INVALID, S(""), ""},
};

static void test_host(void **state)
{
    const struct host_row *row = *state;
    struct arena a = {0};
    struct host h = host_compile(&a, row->value);
    assert_int_equal(h.kind, row->kind);
    assert_true(slice_eq(h.name, row->compiled));
    assert_true(slice_eq(h.shown, slice_of(row->shown)));
    assert_true(slice_eq(h.written, row->value));
    arena_free(&a);
}

struct cover_row {
    const char *name;
    const char *host;
    struct slice presented;
    bool exactly, with_wildcards;
};

static const struct cover_row cover_rows[] = {
    {"the same", "h1.example.com", S("h1.example.com"), true, true},
    {"another case", "h1.example.com", S("H1.EXAMPLE.com"), true, true},
    {"another name", "h1.example.com", S("h2.example.com"), false, false},
    {"a shorter name", "h1.example.com", S("example.com"), false, false},
    {"a longer name", "h1.example.com", S("a.h1.example.com"), false, false},
    {"a trailing dot", "h1.example.com", S("h1.example.com."), false, false},
    {"a leading dot", "h1.example.com", S(".example.com"), false, false},
    {"NUL and more", "h1.example.com", S("h1.example.com\0.evil.example"), false, false},
    {"NUL at the end", "h1.example.com", S("h1.example.com\0"), false, false},
    {"a blank", "h1.example.com", S("h1.example.com "), false, false},
    {"a newline", "h1.example.com", S("h1.example.com\n"), false, false},
    {"nothing", "h1.example.com", S(""), false, false},
    {"A-labels", "b\xc3\xbc" "cher.example", S("xn--bcher-kva.example"), true, true},
    {"U-labels as octets", "b\xc3\xbc" "cher.example", S("b\xc3\xbc" "cher.example"), false, false},
    {"a wildcard", "h1.example.com", S("*.example.com"), false, true},
    {"a wildcard in capitals", "h1.example.com", S("*.EXAMPLE.COM"), false, true},
    {"a wildcard over two labels", "a.h1.example.com", S("*.example.com"), false, false},
    {"a wildcard over none", "example.com", S("*.example.com"), false, false},
    {"a wildcard not left-most", "h1.example.com", S("h1.*.com"), false, false},
    {"two wildcards", "h1.example.com", S("*.*.com"), false, false},
    {"a partial wildcard", "h1.example.com", S("h*.example.com"), false, false},
    {"a partial wildcard before", "h1.example.com", S("*1.example.com"), false, false},
    {"a wildcard alone", "localhost", S("*"), false, false},
    {"a wildcard and a dot", "localhost", S("*."), false, false},
    {"a wildcard before one label", "example.com", S("*.com"), false, true},
    {"a wildcard and a trailing dot", "h1.example.com", S("*.example.com."), false, false},
    {"a wildcard and NUL", "h1.example.com", S("*.example.com\0"), false, false},
    {"a wildcard inside an A-label", "xn--bcher-kva.example", S("xn--*.example"), false, false},
    {"a wildcard for an A-label", "xn--bcher-kva.example", S("*.example"), false, true},
    {"an address as a name", "192.0.2.1", S("192.0.2.1"), false, false},
    {"a wildcard for an address", "192.0.2.1", S("*.0.2.1"), false, false},
    {"an invalid host", "h1..example.com", S("h1..example.com"), false, false},
};

static void test_cover(void **state)
{
    const struct cover_row *row = *state;
    struct arena a = {0};
    struct host h = host_compile(&a, slice_of(row->host));
    assert_int_equal(host_covered_by_dns(&h, row->presented, false), row->exactly);
    assert_int_equal(host_covered_by_dns(&h, row->presented, true), row->with_wildcards);
    arena_free(&a);
}

static void test_addresses(void **state)
{
    (void)state;
    struct arena a = {0};
    struct host four = host_compile(&a, S("192.0.2.1")), six = host_compile(&a, S("::ffff:192.0.2.1"));
    struct host name = host_compile(&a, S("h1.example.com")), invalid = host_compile(&a, S("a b"));
    assert_true(host_covered_by_ip(&four, S("\xc0\x00\x02\x01")));
    assert_false(host_covered_by_ip(&four, S("\xc0\x00\x02\x02")));
    assert_false(host_covered_by_ip(&four, S("\xc0\x00\x02")));
    assert_false(host_covered_by_ip(&four, S("\xc0\x00\x02\x01\xff\xff\xff\xff"))); /* an address with its mask */
    assert_false(host_covered_by_ip(&four, S("192.0.2.1")));
    assert_false(host_covered_by_ip(&four, S("")));
    assert_true(host_covered_by_ip(&six, S("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01")));
    assert_false(host_covered_by_ip(&six, S("\xc0\x00\x02\x01")));
    assert_false(host_covered_by_ip(&name, S("h1.example.com")));
    assert_false(host_covered_by_ip(&invalid, S("")));
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(host_rows) + COUNT(cover_rows) + 1];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(host_rows); i++)
        tests[n++] = (struct CMUnitTest){host_rows[i].name, test_host, NULL, NULL, (void *)(uintptr_t)&host_rows[i]};
    for (size_t i = 0; i < COUNT(cover_rows); i++)
        tests[n++] = (struct CMUnitTest){cover_rows[i].name, test_cover, NULL, NULL, (void *)(uintptr_t)&cover_rows[i]};
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_addresses);
    return cmocka_run_group_tests_name("hostname", tests, NULL, NULL);
}
