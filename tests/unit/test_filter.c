/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: each row is what is written and how the tree reads back, or why it is refused. */
#include "core/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Good filters, in Polish notation: kind, attribute, and the value in brackets. */
static const struct {
    struct slice text;
    const char *tree;
} good[] = {
    {S("(cn=x)"), "EQUAL cn[x]"},
    {S("(cn=)"), "EQUAL cn[]"},
    {S("(cn=a=b)"), "EQUAL cn[a=b]"},
    {S("(cn= x )"), "EQUAL cn[ x ]"},
    {S("(cn=*)"), "PRESENT cn[*]"},
    {S("(cn=\\2a)"), "EQUAL cn[*]"},
    {S("(cn=a*b)"), "SUBSTRING cn[a*b]"},
    {S("(cn=a\\2a*)"), "SUBSTRING cn[a\\2a*]"},
    {S("(cn=\\28\\29\\5C)"), "EQUAL cn[()\\]"},
    {S("(cn=\xc3\xa4)"), "EQUAL cn[\xc3\xa4]"},
    {S("(cn~=x)"), "APPROX cn[x]"},
    {S("(cn>=x)"), "GREATER cn[x]"},
    {S("(cn<=x)"), "LESS cn[x]"},
    {S("(cn:caseExactMatch:=x)"), "EXTENSIBLE cn[x]"},
    {S("(cn:dn:2.5.13.5:=x)"), "EXTENSIBLE cn[x]"},
    {S("(cn:=x)"), "EXTENSIBLE cn[x]"},
    {S("(:dn:2.5.13.5:=x)"), "EXTENSIBLE [x]"},
    {S("(userAccountControl:1.2.840.113556.1.4.803:=2)"), "EXTENSIBLE userAccountControl[2]"},
    {S("(2.5.4.3=x)"), "EQUAL 2.5.4.3[x]"},
    {S("(userCertificate;binary=*)"), "PRESENT userCertificate[*]"},
    {S("(&(a=1)(b=2))"), "AND(EQUAL a[1] EQUAL b[2] )"},
    {S("(|(a=1))"), "OR(EQUAL a[1] )"},
    {S("(!(a=1))"), "NOT(EQUAL a[1] )"},
    {S("(&(|(a=1)(!(b=*)))(c=2))"), "AND(OR(EQUAL a[1] NOT(PRESENT b[*] ) ) EQUAL c[2] )"},
};

static const struct {
    struct slice text;
    const char *reason; /* a part of it */
} bad[] = {
    {S(""), "\"(\" is missing"},
    {S("cn=x"), "\"(\" is missing"},
    {S(" (cn=x)"), "\"(\" is missing"},
    {S("("), "no \"=\""},
    {S("()"), "no \"=\""},
    {S("(cn)"), "no \"=\""},
    {S("(cn=x"), "\")\" is missing"},
    {S("(cn=(x))"), "\")\" is missing"},
    {S("(cn=x))"), "text follows"},
    {S("(cn=x)(sn=y)"), "text follows"},
    {S("(cn=x) "), "text follows"},
    {S("(&)"), "an empty"},
    {S("(|)"), "an empty"},
    {S("(!)"), "exactly one"},
    {S("(!(a=1)(b=2))"), "exactly one"},
    {S("(&(a=1)b=2)"), "\")\" is missing"},
    {S("(& (a=1))"), "an empty"},
    {S("(=x)"), "attribute name"},
    {S("(;binary=x)"), "attribute name"}, /* or it would name no attribute that could be looked up */
    {S("(~=x)"), "attribute name"},
    {S("(cn =x)"), "attribute name"},
    {S("(c_n=x)"), "attribute name"},
    {S("(c\\6e=x)"), "attribute name"},
    {S("(:=x)"), "attribute name"},
    {S("(cn=\\)"), "hexadecimal"},
    {S("(cn=\\2)"), "hexadecimal"},
    {S("(cn=\\2g)"), "hexadecimal"},
    {S("(cn=a*\\zz)"), "hexadecimal"},
    {S("(cn=a\0b)"), "NUL"}, /* libldap would see its end there */
    {S("(cn=a*\0)"), "NUL"},
    {S("(c\0n=a)"), "attribute name"},
};

static const char *const kinds[] = {
    [FILTER_AND] = "AND",           [FILTER_OR] = "OR",
    [FILTER_NOT] = "NOT",           [FILTER_PRESENT] = "PRESENT",
    [FILTER_EQUAL] = "EQUAL",       [FILTER_APPROX] = "APPROX",
    [FILTER_GREATER] = "GREATER",   [FILTER_LESS] = "LESS",
    [FILTER_SUBSTRING] = "SUBSTRING", [FILTER_EXTENSIBLE] = "EXTENSIBLE",
};

static struct slice show(struct arena *a, const struct filter *f)
{
    if (f->part_count == 0)
        return arena_format(a, "%s %.*s[%.*s]", kinds[f->kind], (int)f->attribute.n,
                            f->attribute.n ? (const char *)f->attribute.p : "", SLICE_ARGS(f->value));
    struct slice all = arena_format(a, "%s(", kinds[f->kind]);
    for (size_t i = 0; i < f->part_count; i++)
        all = arena_format(a, "%.*s%.*s ", SLICE_ARGS(all), SLICE_ARGS(show(a, &f->parts[i])));
    return arena_format(a, "%.*s)", SLICE_ARGS(all));
}

static void good_filters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct arena a = {0};
        const char *reason = NULL;
        const struct filter *f = filter_compile(&a, good[i].text, &reason);
        if (!f)
            fail_msg("%s: %s", (const char *)good[i].text.p, reason);
        struct slice shown = show(&a, f);
        if (!slice_eq(shown, slice_of(good[i].tree)))
            fail_msg("%s: %s", (const char *)good[i].text.p, (const char *)shown.p);
        arena_free(&a);
    }
}

static void bad_filters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct arena a = {0};
        const char *reason = NULL;
        if (filter_compile(&a, bad[i].text, &reason) || !reason || !strstr(reason, bad[i].reason))
            fail_msg("%s: %s", (const char *)bad[i].text.p, reason ? reason : "accepted");
        arena_free(&a);
    }
}

/* Every beginning of a filter is refused, and so is every filter with one octet too many. */
static void cut_filters(void **state)
{
    (void)state;
    const struct slice whole = S("(&(|(a=1*\\2a)(!(b;binary=*)))(c:dn:2.5.13.5:=2))");
    for (size_t n = 0; n < whole.n; n++) {
        struct arena a = {0};
        uint8_t *cut = malloc(n ? n : 1);
        const char *reason;
        assert_non_null(cut);
        memcpy(cut, whole.p, n);
        assert_null(filter_compile(&a, slice_make(cut, n), &reason));
        free(cut);
        arena_free(&a);
    }
}

static struct slice nested(struct arena *a, size_t depth)
{
    uint8_t *text = arena_alloc(a, 3 * depth + 5);
    for (size_t i = 0; i < depth; i++)
        memcpy(text + 2 * i, "(!", 2);
    memcpy(text + 2 * depth, "(a=1)", 5);
    memset(text + 2 * depth + 5, ')', depth);
    return slice_make(text, 3 * depth + 5);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    struct arena a = {0};
    const char *reason = NULL;
    assert_non_null(filter_compile(&a, nested(&a, 32), &reason));
    assert_null(filter_compile(&a, nested(&a, 33), &reason));
    assert_non_null(strstr(reason, "32 deep"));
    assert_null(filter_compile(&a, nested(&a, 100000), &reason));
    arena_free(&a);
}

struct collected {
    struct arena *arena;
    struct slice all;
};

static void collect(void *context, struct slice attribute)
{
    struct collected *c = context;
    c->all = arena_format(c->arena, "%.*s %.*s", SLICE_ARGS(c->all), SLICE_ARGS(attribute));
}

static void every_attribute_is_named(void **state)
{
    (void)state;
    struct arena a = {0};
    const char *reason;
    struct collected c = {&a, S("")};
    const struct filter *f =
        filter_compile(&a, S("(&(a=1)(|(b;binary=*)(!(c>=1)))(d:dn:=x)(:caseExactMatch:=x)(e=x*)(f~=1)(g<=1))"),
            &reason);
    assert_non_null(f);
    filter_attributes(f, collect, &c);
    assert_string_equal((const char *)c.all.p, " a b c d e f g");
    arena_free(&a);
}

/* Whatever is escaped reads back as one equality with that very value. */
static void escapes_round_trip(void **state)
{
    (void)state;
    struct arena a = {0};
    uint8_t every[256];
    for (size_t i = 0; i < sizeof every; i++)
        every[i] = (uint8_t)i;
    struct slice value = slice_make(every, sizeof every), escaped = filter_escape(&a, value);
    struct slice text = arena_format(&a, "(cn=%.*s)", SLICE_ARGS(escaped));
    const char *reason;
    const struct filter *f = filter_compile(&a, text, &reason);
    assert_non_null(f);
    assert_int_equal(f->kind, FILTER_EQUAL);
    assert_true(slice_eq(f->value, value));
    assert_true(slice_eq(filter_escape(&a, S("a(*)\\\0z")), S("a\\28\\2a\\29\\5c\\00z")));
    arena_free(&a);
}

static void pieces_are_decoded(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice out;
    assert_true(filter_decode(&a, S("a\\00\\fFb"), &out));
    assert_true(slice_eq(out, S("a\0\xff" "b")));
    assert_true(filter_decode(&a, S(""), &out));
    assert_int_equal(out.n, 0);
    assert_false(filter_decode(&a, S("\\"), &out));
    assert_false(filter_decode(&a, S("a\\4"), &out));
    assert_false(filter_decode(&a, S("\\g0"), &out));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_filters),       cmocka_unit_test(bad_filters),
        cmocka_unit_test(cut_filters),        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(every_attribute_is_named), cmocka_unit_test(escapes_round_trip),
        cmocka_unit_test(pieces_are_decoded),
    };
    return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
