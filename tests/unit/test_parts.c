/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was read before never changes what a certificate says: thousands of certificates, put together of the same few
 * parts in all orders, some of them with a few octets changed, are read beside each other and each by itself.
 */
#include "support/derbuild.h"
#include "x509/parts.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define O(...)      DER_OCTETS(__VA_ARGS__)
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct slice nothing;

static uint64_t random_state;

static unsigned below(unsigned limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % limit;
}

/* Field by field: between them is what nobody filled in. */

static bool same_span(struct span a, struct span b)
{
    return a.at == b.at && a.n == b.n;
}

static bool same_extension(const struct extension *a, const struct extension *b)
{
    return a->presence == b->presence && a->critical == b->critical && same_span(a->value, b->value);
}

static bool same_outline(const struct facts *a, const struct facts *b)
{
    return a->readable == b->readable && a->malformed == b->malformed && a->malformed_at == b->malformed_at &&
           a->version == b->version && same_span(a->serial, b->serial) && same_span(a->issuer, b->issuer) &&
           same_span(a->subject, b->subject) && a->not_before_utc == b->not_before_utc &&
           a->not_after_utc == b->not_after_utc && same_span(a->issuer_unique_id, b->issuer_unique_id) &&
           same_span(a->subject_unique_id, b->subject_unique_id) && a->common_names == b->common_names &&
           a->trailing == b->trailing && a->unusual == b->unusual;
}

static bool same_keys(const struct facts *a, const struct facts *b)
{
    return same_span(a->spki, b->spki) && same_span(a->key_algorithm, b->key_algorithm) &&
           same_span(a->key_parameters, b->key_parameters) && a->key_bits == b->key_bits &&
           a->key_malformed == b->key_malformed && same_span(a->rsa_modulus, b->rsa_modulus) &&
           same_span(a->rsa_exponent, b->rsa_exponent) && same_span(a->signature_algorithm, b->signature_algorithm) &&
           same_span(a->outer_signature_algorithm, b->outer_signature_algorithm) &&
           same_span(a->signature_parameters, b->signature_parameters);
}

static bool same_extensions(const struct facts *a, const struct facts *b)
{
    static const size_t at[] = {
        offsetof(struct facts, san),
        offsetof(struct facts, eku),
        offsetof(struct facts, key_usage),
        offsetof(struct facts, basic_constraints),
        offsetof(struct facts, subject_key_id),
        offsetof(struct facts, authority_key_id),
        offsetof(struct facts, policies),
        offsetof(struct facts, crl_points),
        offsetof(struct facts, authority_info),
        offsetof(struct facts, name_constraints),
        offsetof(struct facts, ms_sid),
    };
    for (size_t i = 0; i < COUNT(at); i++)
        if (!same_extension((const void *)((const char *)a + at[i]), (const void *)((const char *)b + at[i])))
            return false;
    return a->key_usage_bits == b->key_usage_bits && a->is_ca == b->is_ca && a->path_length == b->path_length &&
           a->unknown_critical == b->unknown_critical;
}

static void read_both(struct parts *parts, struct slice der, struct facts *f)
{
    struct facts alone;
    facts_read(der, &alone);
    facts_read_next(parts, der, f);
    if (!same_outline(&alone, f))
        fail_msg("alone: %s at %u, unusual %x; after others: %s at %u, unusual %x",
                 alone.malformed ? alone.malformed : "nothing", alone.malformed_at, alone.unusual,
                 f->malformed ? f->malformed : "nothing", f->malformed_at, f->unusual);
    assert_true(same_keys(&alone, f));
    assert_true(same_extensions(&alone, f));
}

/* What certificates are put together of.  Some is malformed or unusual: it may come first, and come again. */

static struct slice extension_at(struct arena *a, unsigned which)
{
    static const uint8_t pe_1[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01};
    struct slice yes = DER(a, DER_BOOLEAN, O(0xff)), server_auth = O(0x2b, 6, 1, 5, 5, 7, 3, 1), key_id = O(1, 2, 3, 4);
    struct slice uri = DER_TEXT(a, 0x86, "http://pki.example/ca.crl");
    switch (which) {
    case 0:
        return der_extension(a, 15, yes, DER(a, DER_BIT_STRING, O(7, 0x80)));
    case 1:
        return der_extension(a, 15, nothing, DER(a, DER_BIT_STRING, O(5, 0xa0)));
    case 2:
        return der_extension(a, 15, yes, DER(a, DER_BIT_STRING, O(0, 0)));
    case 3:
        return der_extension(a, 19, yes, DER_EMPTY(a, DER_SEQUENCE));
    case 4:
        return der_extension(a, 19, yes, DER(a, DER_SEQUENCE, DER(a, DER_BOOLEAN, O(0xff)), DER(a, DER_INTEGER, O(3))));
    case 5:
        return der_extension(a, 19, nothing, DER(a, DER_SEQUENCE, DER(a, DER_INTEGER, O(1))));
    case 6:
        return der_extension(a, 37, nothing, DER(a, DER_SEQUENCE, DER(a, DER_OID, server_auth)));
    case 7:
        return der_extension(a, 37, nothing, DER_EMPTY(a, DER_SEQUENCE));
    case 8:
        return der_extension(a, 14, nothing, DER(a, DER_OCTET_STRING, key_id));
    case 9:
        return der_extension(a, 17, nothing, DER(a, DER_SEQUENCE, DER_TEXT(a, 0x82, "h1.example.com")));
    case 10:
        return der_extension(a, 17, nothing, DER(a, DER_SEQUENCE, DER(a, 0x82, O('a', 0, 'b'))));
    case 11:
        return der_extension(a, 35, nothing, DER(a, DER_SEQUENCE, DER(a, 0x80, key_id)));
    case 12:
        return der_extension(a, 31, nothing,
                             DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, DER(a, 0xa0, DER(a, 0xa0, uri)))));
    case 13:
        return der_extension(a, 32, nothing, DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, DER(a, DER_OID, server_auth))));
    case 14: /* of another branch, with the same last octet as none of the above; AIA */
        return DER(
            a, DER_SEQUENCE, DER(a, DER_OID, slice_make(pe_1, sizeof pe_1)),
            DER(a, DER_OCTET_STRING,
                DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2b, 6, 1, 5, 5, 7, 48, 2)), uri))));
    case 15: /* unknown, with the last octet of the key usage's OID */
        return DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2a, 3, 15)), DER(a, DER_OCTET_STRING, O(5, 0)));
    case 16:
        return DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2a, 3, 4)), yes, DER(a, DER_OCTET_STRING, O(5, 0)));
    case 17:
        return der_extension(a, 18, DER(a, DER_BOOLEAN, O(0)), DER(a, DER_SEQUENCE, uri));
    case 19:
        return der_extension(a, 14, nothing, DER(a, DER_OCTET_STRING, der_fill(a, 7, 20)));
    case 20:
        return der_extension(a, 14, yes, DER(a, DER_OCTET_STRING, der_fill(a, 7, 20)));
    case 18:
        return der_extension(a, 36, yes, DER(a, DER_SEQUENCE, DER(a, 0x80, O(0))));
    default:
        return DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2a, (uint8_t)(which % 128))),
                   DER(a, DER_OCTET_STRING, O(5, 0)));
    }
}
enum { EXTENSIONS = 21, UNKNOWN = 100 /* and above */ };

static struct slice rdn_at(struct arena *a, unsigned which)
{
    switch (which) {
    case 0:
        return DER(a, DER_SET, der_attribute(a, 6, DER_PRINTABLE_STRING, SLICE_LITERAL("DE")));
    case 1:
        return DER(a, DER_SET, der_attribute(a, 10, DER_UTF8_STRING, SLICE_LITERAL("Example")));
    case 2:
        return DER(a, DER_SET, der_attribute(a, 10, DER_PRINTABLE_STRING, SLICE_LITERAL("Ex & Ample")));
    case 3:
        return DER(a, DER_SET, der_attribute(a, 11, DER_TELETEX_STRING, SLICE_LITERAL("Unit")));
    case 4:
        return DER(a, DER_SET, der_attribute(a, 3, DER_UTF8_STRING, SLICE_LITERAL("h1.example.com")));
    default:
        return DER(a, DER_SET, der_attribute(a, 11, DER_UTF8_STRING, O('a', 0xc3, 0xa4)));
    }
}

static struct slice name_of(struct arena *a)
{
    struct slice rdns = nothing;
    for (unsigned n = below(4); n > 0; n--)
        rdns = DER_JOIN(a, rdns, rdn_at(a, below(3) ? below(2) : below(6)));
    return DER(a, DER_SEQUENCE, DER_JOIN(a, rdns, rdn_at(a, 4)));
}

static struct slice algorithm_of(struct arena *a)
{
    static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b};
    static const uint8_t ecdsa[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
    switch (below(4)) {
    case 0:
        return DER(a, DER_SEQUENCE, DER(a, DER_OID, slice_make(rsa, sizeof rsa)), DER_EMPTY(a, DER_NULL));
    case 1:
        return DER(a, DER_SEQUENCE, DER(a, DER_OID, slice_make(ecdsa, sizeof ecdsa)), DER_EMPTY(a, DER_NULL));
    default:
        return DER(a, DER_SEQUENCE, DER(a, DER_OID, slice_make(ecdsa, sizeof ecdsa)));
    }
}

static struct slice extensions_of(struct arena *a)
{
    struct slice list = nothing;
    static const uint8_t usual[] = {11, 19, 0, 3, 6, 12, 14, 13, 9};
    for (size_t i = 0, from = below(3) ? 0 : below(COUNT(usual)); i < COUNT(usual); i++)
        if (below(12))
            list = DER_JOIN(a, list, extension_at(a, usual[(i + from) % COUNT(usual)]));
    for (unsigned more = below(3) ? 0 : below(4); more > 0; more--)
        list = below(2) ? DER_JOIN(a, list, extension_at(a, below(EXTENSIONS)))
                        : DER_JOIN(a, extension_at(a, below(EXTENSIONS)), list);
    for (unsigned n = below(60) ? 0 : 50 + below(12), i = 0; i < n; i++)
        list = DER_JOIN(a, extension_at(a, UNKNOWN + i), list);
    return list;
}

static struct slice certificate_of(struct arena *a)
{
    struct recipe r;
    recipe_everyday(a, &r);
    r.issuer = name_of(a);
    r.subject = name_of(a);
    r.inner_algorithm = r.outer_algorithm = algorithm_of(a);
    r.extensions = extensions_of(a);
    if (below(20) == 0)
        r.version = DER(a, 0xa0, DER(a, DER_INTEGER, O((uint8_t)below(3))));
    if (below(20) == 0)
        r.outer_algorithm = algorithm_of(a);
    if (below(30) == 0)
        r.serial = DER(a, DER_INTEGER, O(0));
    return recipe_build(a, &r);
}

static void change_some(uint8_t *p, size_t n)
{
    for (unsigned i = 1 + below(3); i > 0; i--)
        p[below((unsigned)n)] = (uint8_t)(below(2) ? below(256) : 0x30 + below(8));
}

static void test_many(void **state)
{
    (void)state;
    enum { ROUNDS = 12000 };
    struct arena a = {0}, all = {0};
    struct parts *parts = ARENA_NEW(&all, struct parts);
    size_t good = 0;
    random_state = 5;
    for (size_t i = 0; i < ROUNDS; i++) {
        struct arena_mark mark = arena_mark(&a);
        struct slice der = certificate_of(&a);
        struct facts f;
        read_both(parts, der, &f);
        good += !f.malformed;
        struct slice changed = arena_copy(&a, der);
        change_some((uint8_t *)(uintptr_t)changed.p, changed.n);
        read_both(parts, changed, &f);
        read_both(parts, slice_upto(der, below((unsigned)der.n)), &f);
        arena_reset(&a, mark);
    }
    assert_in_range(good, ROUNDS / 20, ROUNDS);
    assert_int_equal(parts->count, RUNS);
    arena_free(&a);
    arena_free(&all);
}

static struct slice with_extensions(struct arena *a, size_t count, const uint8_t *which)
{
    struct recipe r;
    recipe_everyday(a, &r);
    r.extensions = nothing;
    for (size_t i = 0; i < count; i++)
        r.extensions = DER_JOIN(a, r.extensions, extension_at(a, which[i]));
    return recipe_build(a, &r);
}

/* The first is read twice, so that its extensions are known; what the second then is. */
static void read_after(const uint8_t *first, size_t first_count, const uint8_t *second, size_t second_count,
                       struct facts *f)
{
    struct arena a = {0};
    struct parts *parts = ARENA_NEW(&a, struct parts);
    struct slice der = with_extensions(&a, first_count, first);
    read_both(parts, der, f);
    assert_int_equal(parts->count, 1);
    const struct run *run = parts_find_run(parts, facts_slice(der, (struct span){0, (uint32_t)der.n}));
    assert_null(run);
    read_both(parts, der, f);
    assert_int_equal(parts->count, 1); /* nothing new was read */
    read_both(parts, with_extensions(&a, second_count, second), f);
    arena_free(&a);
}

static void test_run_twice(void **state)
{
    (void)state;
    static const uint8_t run[] = {0, 3, 6}, twice[] = {0, 3, 6, 8, 0, 3, 6};
    struct facts f;
    read_after(run, COUNT(run), twice, COUNT(twice), &f);
    assert_int_equal(f.eku.presence, FIELD_DUPLICATE);
    assert_non_null(f.malformed);
}

static void test_one_before_the_run(void **state)
{
    (void)state;
    static const uint8_t run[] = {0, 3, 6}, before[] = {4, 0, 3, 6};
    struct facts f;
    read_after(run, COUNT(run), before, COUNT(before), &f);
    assert_int_equal(f.basic_constraints.presence, FIELD_DUPLICATE);
    assert_false(f.is_ca);
}

static void test_one_after_the_run(void **state)
{
    (void)state;
    static const uint8_t run[] = {0, 3, 6}, after[] = {0, 3, 6, 1};
    struct facts f;
    read_after(run, COUNT(run), after, COUNT(after), &f);
    assert_int_equal(f.key_usage.presence, FIELD_DUPLICATE);
    assert_int_equal(f.key_usage_bits, 0);
}

static void test_same_last_octet(void **state)
{
    (void)state;
    static const uint8_t run[] = {0, 3, 6}, other[] = {15, 0, 3, 6};
    struct facts f;
    read_after(run, COUNT(run), other, COUNT(other), &f);
    assert_null(f.malformed);
    assert_int_equal(f.key_usage.presence, FIELD_PRESENT);
    assert_true(f.key_usage.critical);
    assert_int_equal(f.key_usage_bits, 1);
}

static void test_over_the_limit(void **state)
{
    (void)state;
    static const uint8_t run[] = {0, 3, 6};
    uint8_t many[READER_EXTENSIONS + 1];
    struct facts f;
    for (size_t i = 0; i < READER_EXTENSIONS - 2; i++)
        many[i] = (uint8_t)(UNKNOWN + i);
    memcpy(many + READER_EXTENSIONS - 2, run, sizeof run);
    read_after(run, COUNT(run), many, COUNT(many), &f);
    assert_non_null(f.malformed);
    read_after(run, COUNT(run), many + 1, COUNT(many) - 1, &f);
    assert_null(f.malformed);
}

/* Remarks are made each time: nothing of a certificate that was remarked on is kept. */
static void test_remarks_are_not_kept(void **state)
{
    (void)state;
    static const uint8_t odd[] = {0, 5, 6};
    struct arena a = {0};
    struct parts *parts = ARENA_NEW(&a, struct parts);
    struct facts f;
    for (int i = 0; i < 3; i++) {
        read_both(parts, with_extensions(&a, COUNT(odd), odd), &f);
        assert_int_equal(f.unusual, UNUSUAL_VALUE);
    }
    assert_int_equal(parts->count, 0);
    arena_free(&a);
}

static void test_parts_are_kept(void **state)
{
    (void)state;
    struct arena a = {0};
    struct parts *parts = ARENA_NEW(&a, struct parts);
    struct recipe r;
    struct facts f;
    recipe_everyday(&a, &r);
    r.issuer = DER(&a, DER_SEQUENCE, rdn_at(&a, 0), rdn_at(&a, 4));
    assert_null(parts_find(parts, PART_ISSUER, r.issuer));
    facts_read_next(parts, recipe_build(&a, &r), &f);
    assert_non_null(parts_find(parts, PART_ISSUER, r.issuer));
    assert_non_null(parts_find(parts, PART_SIGNATURE, r.inner_algorithm));
    assert_non_null(parts_find(parts, PART_RDN, rdn_at(&a, 0)));
    assert_null(parts_find(parts, PART_RDN, rdn_at(&a, 4))); /* Common Names are counted each time */
    assert_null(parts_find(parts, PART_KEY, r.issuer));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_run_twice),
        cmocka_unit_test(test_one_before_the_run),
        cmocka_unit_test(test_one_after_the_run),
        cmocka_unit_test(test_same_last_octet),
        cmocka_unit_test(test_over_the_limit),
        cmocka_unit_test(test_remarks_are_not_kept),
        cmocka_unit_test(test_parts_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
