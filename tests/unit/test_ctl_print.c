/* SPDX-License-Identifier: Apache-2.0 */
/* How dircertctl prints: tables, JSON, times, holds; foreign text above all. */
#include "ctl/hold.h"
#include "ctl/json.h"
#include "ctl/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text) SLICE_LITERAL(text)

struct printing {
    struct arena arena;
    struct ctl ctl;
    char *text;
    size_t n;
};

static void begin(struct printing *p, bool json, bool color)
{
    *p = (struct printing){.ctl = {.json = json, .color = color}};
    p->ctl.arena = &p->arena;
    p->ctl.out = open_memstream(&p->text, &p->n);
    assert_non_null(p->ctl.out);
}

static void end(struct printing *p, const char *expected)
{
    fclose(p->ctl.out);
    assert_string_equal(p->text, expected);
    free(p->text);
    arena_free(&p->arena);
}

static const struct column columns[] = {
    {"name", "NAME", COLUMN_BOTH}, {"count", "COUNT", COLUMN_BOTH}, {"dn", NULL, COLUMN_JSON_ONLY},
    {"seen", "SEEN", COLUMN_BOTH}, {"old", "OLD", COLUMN_BOTH},     {"words", "WORDS", COLUMN_BOTH},
};

static struct table sample(struct arena *a)
{
    static const struct slice words[] = {SLICE_LITERAL("one"), SLICE_LITERAL("t\nwo")};
    struct table t = table_make(a, columns, sizeof columns / sizeof *columns);
    struct cell *cells = table_row(&t);
    cells[0] = cell_text(S("z\xc3\xbcrich\033[31m"));
    cells[1] = cell_number(7);
    cells[2] = cell_text(S("cn=x"));
    cells[3] = cell_time(0x7fffffff);
    cells[4] = cell_bool(true);
    cells[5] = cell_list(words, 2);
    cells = table_row(&t);
    cells[0] = cell_word("b", TONE_BAD);
    cells[0].shown = S("B");
    cells[1] = cell_number(1234);
    return t;
}

static void test_table(void **state)
{
    (void)state;
    struct printing p;
    begin(&p, false, false);
    struct table t = sample(&p.arena);
    table_print(&p.ctl, &t, "none");
    end(&p, "NAME           COUNT  SEEN                 OLD  WORDS\n"
            "z\xc3\xbcrich\\1b[31m      7  2038-01-19 03:14:07  yes  one, t\\0awo\n"
            "B               1234  -                    -    -\n");
}

static void test_table_in_colour(void **state)
{
    (void)state;
    struct printing p;
    begin(&p, false, true);
    struct table t = table_make(&p.arena, columns, 1);
    *table_row(&t) = cell_word("b", TONE_BAD);
    table_print_text(&p.ctl, &t, false, 2);
    end(&p, "  \033[1;31mb\033[0m\n");
}

static void test_table_without_rows(void **state)
{
    (void)state;
    struct printing p;
    begin(&p, false, false);
    struct table t = table_make(&p.arena, columns, 1);
    table_print(&p.ctl, &t, "none");
    end(&p, "none\n");
    begin(&p, true, false);
    t = table_make(&p.arena, columns, 1);
    table_print(&p.ctl, &t, "none");
    end(&p, "[]\n");
}

static void test_table_as_json(void **state)
{
    (void)state;
    struct printing p;
    begin(&p, true, false);
    struct table t = sample(&p.arena);
    table_print(&p.ctl, &t, "none");
    end(&p, "[\n  {\n    \"name\": \"z\xc3\xbcrich\\u001b[31m\",\n    \"count\": 7,\n    \"dn\": \"cn=x\",\n"
            "    \"seen\": \"2038-01-19T03:14:07Z\",\n    \"old\": true,\n"
            "    \"words\": [\n      \"one\",\n      \"t\\u000awo\"\n    ]\n  },\n"
            "  {\n    \"name\": \"b\",\n    \"count\": 1234,\n    \"dn\": null,\n    \"seen\": null,\n"
            "    \"old\": null,\n    \"words\": null\n  }\n]\n");
}

static void test_json_text(void **state)
{
    (void)state;
    static const struct {
        struct slice in;
        const char *out;
    } rows[] = {
        {SLICE_LITERAL(""), "\"\"\n"},
        {SLICE_LITERAL("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"\n"},
        {SLICE_LITERAL("nul\0tab\t"), "\"nul\\u0000tab\\u0009\"\n"},
        {SLICE_LITERAL("\xff\xc3"), "\"\\ufffd\\ufffd\"\n"},
        {SLICE_LITERAL("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"\n"}, /* a surrogate is no character */
        {SLICE_LITERAL("\xe2\x80\xae\xc2\x9b\x7f"), "\"\\u202e\\u009b\\u007f\"\n"},
        {SLICE_LITERAL("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"\n"},
        {SLICE_LITERAL("\xf3\xa0\x80\x81"), "\"\\udb40\\udc01\"\n"}, /* a tag character: hidden, so a pair of escapes */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct printing p;
        begin(&p, true, false);
        struct json j = json_open(p.ctl.out);
        json_text(&j, NULL, rows[i].in);
        json_close(&j);
        end(&p, rows[i].out);
    }
}

static void test_json_nests(void **state)
{
    (void)state;
    struct printing p;
    begin(&p, true, false);
    struct json j = json_open(p.ctl.out);
    json_object(&j, NULL);
    json_object(&j, "empty");
    json_object_end(&j);
    json_array(&j, "list");
    json_number(&j, NULL, UINT64_MAX);
    json_bool(&j, NULL, false);
    json_array_end(&j);
    json_time(&j, "never", 0);
    json_object_end(&j);
    json_close(&j);
    end(&p, "{\n  \"empty\": {},\n  \"list\": [\n    18446744073709551615,\n    false\n  ],\n  \"never\": null\n}\n");
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(table_width(S("abc")), 3);
    assert_int_equal(table_width(S("z\xc3\xbcrich")), 6);
    assert_int_equal(table_width(S("e\xcc\x81")), 1);
    assert_int_equal(table_width(S("\xe6\x97\xa5\xe6\x9c\xac")), 4);
    assert_int_equal(table_width(S("")), 0);
}

static void test_age(void **state)
{
    (void)state;
    static const struct {
        int64_t from, now;
        const char *text;
    } rows[] = {{0, 0, "0 s"},    {0, 119, "119 s"},   {0, 120, "2 min"},  {0, 7199, "119 min"},
                {0, 7200, "2 h"}, {0, 172799, "47 h"}, {0, 172800, "2 d"}, {30, 0, "in 30 s"}};
    struct arena a = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal((const char *)age_text(&a, rows[i].from, rows[i].now).p, rows[i].text);
    arena_free(&a);
}

static void test_hold_values(void **state)
{
    (void)state;
    struct hold_value h;
    assert_true(hold_value_read(S("guard=too-many count=2 limit=1 revision=ab release=\"ab 2 20300101000000Z\" "
                                  "policy=cn=a b,ou=policies"),
                                &h));
    assert_true(slice_eq(h.release, S("ab 2 20300101000000Z")) && slice_eq(h.policy, S("cn=a b,ou=policies")));
    assert_true(slice_eq(h.guard, S("too-many")) && slice_eq(h.count, S("2")) && slice_eq(h.limit, S("1")));
    assert_true(hold_value_read(S("guard=clock count=900 limit=300"), &h));
    assert_int_equal(h.policy.n + h.release.n, 0);
    static const char *const broken[] = {"", "nonsense", "guard=too-many", "guard=a count=1 limit=2 revision=x",
                                         "guard=a count=1 limit=2 revision=x release=\"open policy=cn=a"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_false(hold_value_read(slice_of(broken[i]), &h));
        assert_true(slice_eq(h.guard, slice_of(broken[i])));
        assert_int_equal(h.release.n + h.policy.n, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_in_colour),
        cmocka_unit_test(test_table_without_rows),
        cmocka_unit_test(test_table_as_json),
        cmocka_unit_test(test_json_text),
        cmocka_unit_test(test_json_nests),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_hold_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
