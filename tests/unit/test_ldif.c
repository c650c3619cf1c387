/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of LDIF: each row is a file, and what has to be read in it. */
#include "ctl/ldif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Records as "<line> <dn>[ changetype=…]{<line> attribute=value|…}", faults as "!<line> reason", between newlines. */
static struct slice render(struct arena *a, struct slice text)
{
    struct ldif_reader r = ldif_open(text);
    struct ldif_record record;
    struct ldif_complaint complaint;
    struct slice all = slice_of("");
    for (enum ldif_result result; (result = ldif_next(a, &r, &record, &complaint)) != LDIF_END;) {
        if (result == LDIF_BROKEN) {
            all = arena_format(a, "%.*s!%u %s\n", SLICE_ARGS(all), complaint.line, complaint.reason);
            continue;
        }
        all = arena_format(a, "%.*s%u %.*s%s%.*s{", SLICE_ARGS(all), record.line, SLICE_ARGS(record.dn),
                           record.change.n ? " changetype=" : "", SLICE_ARGS(record.change));
        for (size_t i = 0; i < record.count; i++)
            all = arena_format(a, "%.*s%s%u %.*s=%.*s", SLICE_ARGS(all), i ? "|" : "", record.values[i].line,
                               SLICE_ARGS(record.values[i].attribute), SLICE_ARGS(record.values[i].value));
        all = arena_format(a, "%.*s}\n", SLICE_ARGS(all));
    }
    return all;
}

static const struct row {
    const char *name, *text, *read;
} rows[] = {
    {"empty", "", ""},
    {"blank lines and comments only", "\n# one\n\n# two\n  folded\n\n", ""},
    {"one entry", "dn: cn=a\ncn: a\n", "1 cn=a{2 cn=a}\n"},
    {"no newline at the end", "dn: cn=a\ncn: a", "1 cn=a{2 cn=a}\n"},
    {"carriage returns", "dn: cn=a\r\ncn: a\r\n\r\ndn: cn=b\r\n", "1 cn=a{2 cn=a}\n4 cn=b{}\n"},
    {"version", "version: 1\n\ndn: cn=a\n", "3 cn=a{}\n"},
    {"version without an empty line", "version: 1\ndn: cn=a\n", "2 cn=a{}\n"},
    {"another version", "version: 2\ndn: cn=a\n\ndn: cn=b\n", "!1 only version 1 of LDIF is known\n4 cn=b{}\n"},
    {"folded lines", "dn: cn=a,\n dc=b\ndescr\n iption: one \n  two\ncn: a\n",
     "1 cn=a,dc=b{3 description=one  two|6 cn=a}\n"},
    {"comments within, and folded", "dn: cn=a\n# x: 1\n y: 2\ncn: a\n", "1 cn=a{4 cn=a}\n"},
    {"base64", "dn:: Y249YQ==\ncn:: YWI=\nsn::YWJj\nx::\n", "1 cn=a{2 cn=ab|3 sn=abc|4 x=}\n"},
    {"no blank after the colon, empty value", "dn:cn=a\ncn:a\nsn:\n", "1 cn=a{2 cn=a|3 sn=}\n"},
    {"options", "dn: cn=a\nuserCertificate;binary:: MA==\n", "1 cn=a{2 userCertificate;binary=0}\n"},
    {"changetype add", "dn: cn=a\nchangetype: add\ncn: a\n", "1 cn=a changetype=add{3 cn=a}\n"},
    {"controls", "dn: cn=a\ncontrol: 1.2.3 true\nchangetype: ADD\ncn: a\n", "1 cn=a changetype=ADD{4 cn=a}\n"},
    {"changetype modify", "dn: cn=a\nchangetype: modify\nadd: x\nx: 1\n-\n\ndn: cn=b\n",
     "1 cn=a changetype=modify{}\n7 cn=b{}\n"},
    {"bad base64", "dn: cn=a\ncn:: YW*=\nsn: b\n\ndn: cn=b\n",
     "!2 the value after \"::\" is not base64\n5 cn=b{}\n"},
    {"base64 of odd length", "dn: cn=a\ncn:: YWI\n", "!2 the value after \"::\" is not base64\n"},
    {"a URL", "dn: cn=a\ncn:< file:///etc/passwd\n", "!2 a value that a URL names is not read: write the value itself\n"},
    {"no colon", "dn: cn=a\ncn a\n", "!2 expected \"attribute: value\"\n"},
    {"no attribute", "dn: cn=a\n: a\n", "!2 expected \"attribute: value\"\n"},
    {"odd attribute", "dn: cn=a\nc n: a\n", "!2 expected \"attribute: value\"\n"},
    {"a record without dn", "cn: a\nsn: b\n\ndn: cn=b\n", "!1 a record begins with \"dn:\"\n4 cn=b{}\n"},
    {"two dn", "dn: cn=a\ndn: cn=b\n", "!2 a second \"dn:\": an empty line ends a record\n"},
    {"begins with a folded line", " x\ndn: cn=a\n", "!1 expected \"attribute: value\"\n"},
};

static void reads(void **state)
{
    const struct row *row = *state;
    struct arena a = {0};
    struct slice read = render(&a, slice_of(row->text));
    assert_string_equal((const char *)read.p, row->read);
    arena_free(&a);
}

static void refuses_nul(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice read = render(&a, SLICE_LITERAL("dn: cn=a\ncn: a\0b\n"));
    assert_string_equal((const char *)read.p, "!2 a NUL in the value: write it as base64, after \"::\"\n");
    arena_free(&a);
}

/* Whatever a file is cut at, reading ends and stays within it. */
static void survives_every_cut(void **state)
{
    (void)state;
    struct arena a = {0};
    static const char text[] = "version: 1\ndn:: Y249YQ==\n# c\n d\ncn: a\n b\nx;y:: MA==\n\ndn: b\nchangetype: modify\n-\n";
    for (size_t n = 0; n < sizeof text; n++) {
        uint8_t *exact = arena_alloc(&a, n + 1);
        memcpy(exact, text, n);
        render(&a, slice_make(exact, n));
    }
    arena_free(&a);
}

static void groups_values_and_finds_lines(void **state)
{
    (void)state;
    struct arena a = {0};
    struct ldif_reader r = ldif_open(slice_of("dn: cn=a\ncn: a\nsn: x\nCN: b\nsn;lang-de: y\ncn: a\n"));
    struct ldif_record record;
    struct ldif_complaint complaint;
    assert_int_equal(ldif_next(&a, &r, &record, &complaint), LDIF_RECORD);
    struct entry e = ldif_entry(&a, &record);
    assert_int_equal(e.count, 3);
    assert_int_equal(entry_count(&e, "cn"), 3);
    assert_int_equal(e.attributes[2].options.n, 7);
    assert_int_equal(ldif_line_of(&record, slice_of("cn"), slice_of("b")), 4);
    assert_int_equal(ldif_line_of(&record, slice_of("cn"), slice_of("a")), 6);
    assert_int_equal(ldif_line_of(&record, slice_of("sn"), slice_of("y")), 5);
    assert_int_equal(ldif_line_of(&record, slice_of("sn"), slice_of("")), 3);
    assert_int_equal(ldif_line_of(&record, slice_of("ou"), slice_of("z")), 1);
    arena_free(&a);
}

enum { ROWS = sizeof rows / sizeof *rows };

int main(void)
{
    struct CMUnitTest tests[ROWS + 3];
    for (size_t i = 0; i < ROWS; i++)
        tests[i] = (struct CMUnitTest){.name = rows[i].name, .test_func = reads, .initial_state = (void *)(uintptr_t)&rows[i]};
    tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(refuses_nul);
    tests[ROWS + 1] = (struct CMUnitTest)cmocka_unit_test(survives_every_cut);
    tests[ROWS + 2] = (struct CMUnitTest)cmocka_unit_test(groups_values_and_finds_lines);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
