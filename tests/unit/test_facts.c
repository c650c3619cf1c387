/* SPDX-License-Identifier: Apache-2.0 */
/* What core reads out of a certificate's facts: names in order, their text, key purposes, key families. */
#include "core/facts.h"
#include "support/derbuild.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define O(...) DER_OCTETS(__VA_ARGS__)
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct slice nothing;

static struct slice read_recipe(struct arena *a, const struct recipe *r, struct facts *f)
{
    struct slice der = recipe_build(a, r);
    facts_read(der, f);
    return der;
}

static void test_names_in_order(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    recipe_everyday(&a, &r);
    struct slice address = O(192, 0, 2, 1);
    r.extensions = der_extension(&a, 17, nothing,
                                 DER(&a, DER_SEQUENCE, DER_TEXT(&a, 0x82, "b.example"), DER(&a, 0x87, address),
                                     DER_TEXT(&a, 0x82, "a.example"), DER_TEXT(&a, 0x81, "x@y")));
    struct slice der = read_recipe(&a, &r, &f), cursor = facts_san(der, &f), value;
    enum general_name kind;
    assert_true(facts_next_name(&cursor, &kind, &value));
    assert_int_equal(kind, NAME_DNS);
    assert_true(slice_eq(value, SLICE_LITERAL("b.example")));
    assert_true(facts_next_name(&cursor, &kind, &value));
    assert_int_equal(kind, NAME_IP);
    assert_true(slice_eq(value, address));
    assert_true(facts_next_name(&cursor, &kind, &value));
    assert_true(slice_eq(value, SLICE_LITERAL("a.example")));
    assert_true(facts_next_name(&cursor, &kind, &value));
    assert_int_equal(kind, NAME_EMAIL);
    assert_false(facts_next_name(&cursor, &kind, &value));
    assert_false(facts_next_name(&cursor, &kind, &value));
    arena_free(&a);
}

/* An extension that is there twice or does not decode shows no names: nothing in it may count. */
static void test_no_names_of_a_bad_extension(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    struct slice value;
    enum general_name kind;
    recipe_everyday(&a, &r);
    r.extensions = DER_JOIN(&a, r.extensions, r.extensions);
    struct slice der = read_recipe(&a, &r, &f), cursor = facts_san(der, &f), purposes = facts_eku(der, &f);
    assert_int_equal(f.san.presence, FIELD_DUPLICATE);
    assert_false(facts_next_name(&cursor, &kind, &value));
    assert_false(facts_next_eku(&purposes, &value));
    r.extensions = der_extension(&a, 17, nothing, DER(&a, DER_SEQUENCE, DER_TEXT(&a, 0x82, "ok"), O(0x82, 0x7f)));
    der = read_recipe(&a, &r, &f);
    cursor = facts_san(der, &f);
    assert_int_equal(f.san.presence, FIELD_MALFORMED);
    assert_false(facts_next_name(&cursor, &kind, &value));
    arena_free(&a);
}

static void test_common_names_in_order(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    uint8_t tag;
    struct slice value;
    recipe_everyday(&a, &r);
    struct slice first = der_attribute(&a, 3, DER_UTF8_STRING, SLICE_LITERAL("one"));
    struct slice other = der_attribute(&a, 10, DER_UTF8_STRING, SLICE_LITERAL("not a CN"));
    struct slice second = der_attribute(&a, 3, DER_PRINTABLE_STRING, SLICE_LITERAL("three"));
    r.subject = DER(&a, DER_SEQUENCE, DER(&a, DER_SET, other), DER(&a, DER_SET, first, other),
                    DER(&a, DER_SET, second));
    struct slice der = read_recipe(&a, &r, &f), cursor = facts_subject(der, &f);
    assert_int_equal(f.common_names, 2);
    assert_true(facts_next_common_name(&cursor, &tag, &value));
    assert_int_equal(tag, DER_UTF8_STRING);
    assert_true(slice_eq(value, SLICE_LITERAL("one")));
    assert_true(facts_next_common_name(&cursor, &tag, &value));
    assert_int_equal(tag, DER_PRINTABLE_STRING);
    assert_true(slice_eq(value, SLICE_LITERAL("three")));
    assert_false(facts_next_common_name(&cursor, &tag, &value));
    arena_free(&a);
}

static void test_empty_subject(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    uint8_t tag;
    struct slice value;
    recipe_everyday(&a, &r);
    r.subject = DER_EMPTY(&a, DER_SEQUENCE);
    struct slice der = read_recipe(&a, &r, &f), cursor = facts_subject(der, &f);
    assert_int_equal(f.common_names, 0);
    assert_false(facts_next_common_name(&cursor, &tag, &value));
    arena_free(&a);
}

static void test_purposes_in_order(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    struct slice oid;
    recipe_everyday(&a, &r);
    struct slice x = O(0x2a, 0x03), y = O(0x2a, 0x04, 0x05);
    r.extensions =
        der_extension(&a, 37, nothing, DER(&a, DER_SEQUENCE, DER(&a, DER_OID, y), DER(&a, DER_OID, x)));
    struct slice der = read_recipe(&a, &r, &f), cursor = facts_eku(der, &f);
    assert_true(facts_next_eku(&cursor, &oid));
    assert_true(slice_eq(oid, y));
    assert_true(facts_next_eku(&cursor, &oid));
    assert_true(slice_eq(oid, x));
    assert_false(facts_next_eku(&cursor, &oid));
    arena_free(&a);
}

#define TEXT(s) s, sizeof(s) - 1
static const struct text_row {
    const char *name;
    uint8_t tag;
    const char *octets;
    size_t n;
    const char *text; /* NULL: no text */
    size_t text_n;
} text_rows[] = {
    {"UTF8String", DER_UTF8_STRING, TEXT("b\xc3\xbc"), TEXT("b\xc3\xbc")},
    {"UTF8String of four octets a character", DER_UTF8_STRING, TEXT("\xf0\x9f\x94\x91"), TEXT("\xf0\x9f\x94\x91")},
    {"UTF8String with NUL", DER_UTF8_STRING, TEXT("a\0b"), TEXT("a\0b")},
    {"UTF8String cut", DER_UTF8_STRING, TEXT("b\xc3"), NULL, 0},
    {"UTF8String overlong", DER_UTF8_STRING, TEXT("\xc0\xaf"), NULL, 0},
    {"UTF8String with a surrogate", DER_UTF8_STRING, TEXT("\xed\xa0\x80"), NULL, 0},
    {"PrintableString", DER_PRINTABLE_STRING, TEXT("h1"), TEXT("h1")},
    {"PrintableString not ASCII", DER_PRINTABLE_STRING, TEXT("h\xe4"), NULL, 0},
    {"IA5String", DER_IA5_STRING, TEXT("a@b"), TEXT("a@b")},
    {"TeletexString of ASCII", DER_TELETEX_STRING, TEXT("h1"), TEXT("h1")},
    {"TeletexString over 0x7f", DER_TELETEX_STRING, TEXT("h\xe4"), NULL, 0},
    {"BMPString", DER_BMP_STRING, TEXT("\0h\0\xfc\x20\xac"), TEXT("h\xc3\xbc\xe2\x82\xac")},
    {"BMPString odd", DER_BMP_STRING, TEXT("\0h\0"), NULL, 0},
    {"BMPString with surrogates", DER_BMP_STRING, TEXT("\xd8\x3d\xdd\x11"), NULL, 0},
    {"UniversalString", DER_UNIVERSAL_STRING, TEXT("\0\x01\xf5\x11"), TEXT("\xf0\x9f\x94\x91")},
    {"UniversalString too large", DER_UNIVERSAL_STRING, TEXT("\0\x11\0\0"), NULL, 0},
    {"UniversalString cut", DER_UNIVERSAL_STRING, TEXT("\0\0\0"), NULL, 0},
    {"an empty string", DER_UTF8_STRING, TEXT(""), TEXT("")},
    {"no string", DER_OCTET_STRING, TEXT("h1"), NULL, 0},
};

static void test_text(void **state)
{
    const struct text_row *row = *state;
    uint8_t out[64];
    size_t n = 99;
    bool ok = facts_text(row->tag, slice_make(row->octets, row->n), out, sizeof out, &n);
    assert_int_equal(ok, row->text != NULL);
    assert_int_equal(n, row->text_n);
    if (row->text)
        assert_memory_equal(out, row->text, n);
}

static void test_text_that_does_not_fit(void **state)
{
    (void)state;
    uint8_t out[4];
    size_t n;
    assert_true(facts_text(DER_UTF8_STRING, SLICE_LITERAL("four"), out, sizeof out, &n));
    assert_false(facts_text(DER_UTF8_STRING, SLICE_LITERAL("five!"), out, sizeof out, &n));
    assert_false(facts_text(DER_BMP_STRING, SLICE_LITERAL("\x20\xac\x20\xac"), out, sizeof out, &n));
    assert_false(facts_text(DER_UTF8_STRING, SLICE_LITERAL("x"), out, 0, &n));
}

static void test_key_families(void **state)
{
    (void)state;
    const struct {
        struct slice oid;
        enum key_family family;
    } keys[] = {
        {O(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01), KEY_RSA},
        {O(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01), KEY_EC},
        {O(0x2b, 0x65, 0x70), KEY_ED25519},
        {O(0x2b, 0x65, 0x71), KEY_ED448},
        {O(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a), KEY_OTHER}, /* RSASSA-PSS only */
        {O(0x2b, 0x65), KEY_OTHER},
    };
    for (size_t i = 0; i < COUNT(keys); i++) {
        struct facts f = {.key_algorithm = {0, (uint32_t)keys[i].oid.n}};
        assert_int_equal(facts_key_family(keys[i].oid, &f), keys[i].family);
    }
}

/* Facts that lie about another certificate's octets must not make anything read beyond them. */
static void test_foreign_octets(void **state)
{
    (void)state;
    struct facts f = {.subject = {4, 100}, .san = {FIELD_PRESENT, false, {UINT32_MAX, UINT32_MAX}}};
    uint8_t tag;
    struct slice der = SLICE_LITERAL("short"), value, subject = facts_subject(der, &f), san = facts_san(der, &f);
    enum general_name kind;
    assert_false(facts_next_common_name(&subject, &tag, &value));
    assert_false(facts_next_name(&san, &kind, &value));
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_names_in_order),        cmocka_unit_test(test_no_names_of_a_bad_extension),
        cmocka_unit_test(test_common_names_in_order), cmocka_unit_test(test_empty_subject),
        cmocka_unit_test(test_purposes_in_order),     cmocka_unit_test(test_text_that_does_not_fit),
        cmocka_unit_test(test_key_families),          cmocka_unit_test(test_foreign_octets),
    };
    struct CMUnitTest tests[COUNT(text_rows) + COUNT(others)];
    for (size_t i = 0; i < COUNT(text_rows); i++)
        tests[i] = (struct CMUnitTest){
            .name = text_rows[i].name,
            .test_func = test_text,
            .initial_state = (void *)(uintptr_t)&text_rows[i], /* which cmocka does not change */
        };
    memcpy(tests + COUNT(text_rows), others, sizeof others);
    return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
