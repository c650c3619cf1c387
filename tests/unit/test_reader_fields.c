/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both readers say of keys and of the extensions that core looks into: good, absent, malformed, twice, and at the
 * edges of what RFC 5280 allows.
 */
#include "support/derbuild.h"
#include "x509/reader.h"
#include "x509/second.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define O(...)      DER_OCTETS(__VA_ARGS__)
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct slice nothing;
static struct second_reader *second;

static void read_both(struct slice der, struct facts *f)
{
    char why[512];
    facts_read(der, f);
    if (second_read(second, der, f, why, sizeof why) != SECOND_AGREES)
        fail_msg("the second reader: %s", why);
}

/* Keys. */

enum key_oid { RSA, PSS, EC, ED25519, ED448, X25519 };
enum parameters { NONE, NIL, CURVE_256, CURVE_521, CURVE_UNKNOWN, DESCRIBED };

static struct slice key_oid(struct arena *a, enum key_oid oid)
{
    switch (oid) {
    case RSA:
        return DER(a, DER_OID, O(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01));
    case PSS:
        return DER(a, DER_OID, O(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a));
    case EC:
        return DER(a, DER_OID, O(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01));
    case ED25519:
        return DER(a, DER_OID, O(0x2b, 0x65, 0x70));
    case ED448:
        return DER(a, DER_OID, O(0x2b, 0x65, 0x71));
    case X25519:
        return DER(a, DER_OID, O(0x2b, 0x65, 0x6e));
    }
    return nothing;
}

static struct slice key_parameters(struct arena *a, enum parameters parameters)
{
    switch (parameters) {
    case NONE:
        return nothing;
    case NIL:
        return DER_EMPTY(a, DER_NULL);
    case CURVE_256:
        return DER(a, DER_OID, O(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07));
    case CURVE_521:
        return DER(a, DER_OID, O(0x2b, 0x81, 0x04, 0x00, 0x23));
    case CURVE_UNKNOWN:
        return DER(a, DER_OID, O(0x2a, 0x03, 0x04));
    case DESCRIBED:
        return DER(a, DER_SEQUENCE, DER(a, DER_INTEGER, O(1)));
    }
    return nothing;
}

static struct slice number(struct arena *a, struct slice octets)
{
    return DER(a, DER_INTEGER, octets);
}

static struct slice rsa(struct arena *a, struct slice modulus, struct slice exponent)
{
    return DER(a, DER_SEQUENCE, number(a, modulus), number(a, exponent));
}

/* What the BIT STRING holds, by name. */
static struct slice rsa_1024(struct arena *a)
{
    return rsa(a, DER_JOIN(a, O(0), der_fill(a, 0x81, 128)), O(1, 0, 1));
}
static struct slice rsa_1017(struct arena *a)
{
    return rsa(a, DER_JOIN(a, O(1), der_fill(a, 0x81, 127)), O(3));
}
static struct slice rsa_1_bit(struct arena *a)
{
    return rsa(a, O(1), O(3));
}
static struct slice rsa_negative(struct arena *a)
{
    return rsa(a, der_fill(a, 0x81, 128), O(1, 0, 1));
}
static struct slice rsa_zero(struct arena *a)
{
    return rsa(a, O(0), O(1, 0, 1));
}
static struct slice rsa_padded(struct arena *a)
{
    return rsa(a, O(0, 0x55), O(3));
}
static struct slice rsa_exponent_zero(struct arena *a)
{
    return rsa(a, O(0x55), O(0));
}
static struct slice rsa_exponent_negative(struct arena *a)
{
    return rsa(a, O(0x55), O(0xfd));
}
static struct slice rsa_three(struct arena *a)
{
    return DER(a, DER_SEQUENCE, number(a, O(0x55)), number(a, O(3)), number(a, O(3)));
}
static struct slice rsa_modulus_only(struct arena *a)
{
    return DER(a, DER_SEQUENCE, number(a, O(0x55)));
}
static struct slice rsa_tail(struct arena *a)
{
    return DER_JOIN(a, rsa_1024(a), O(0));
}
static struct slice rsa_even_end(struct arena *a)
{
    return rsa(a, O(0x55), O(2));
}
static struct slice rsa_bare(struct arena *a)
{
    return number(a, O(0x55));
}
static struct slice no_octets(struct arena *a)
{
    return DER_JOIN(a, nothing);
}
static struct slice point_65(struct arena *a)
{
    return DER_JOIN(a, O(4), der_fill(a, 0x33, 64));
}
static struct slice point_33(struct arena *a)
{
    return DER_JOIN(a, O(3), der_fill(a, 0x33, 32));
}
static struct slice point_133(struct arena *a)
{
    return DER_JOIN(a, O(4), der_fill(a, 1, 132));
}
static struct slice point_hybrid(struct arena *a)
{
    return DER_JOIN(a, O(6), der_fill(a, 0x33, 64));
}
static struct slice point_at_infinity(struct arena *a)
{
    return DER_JOIN(a, O(0));
}
static struct slice octets_32(struct arena *a)
{
    return der_fill(a, 0x33, 32);
}
static struct slice octets_57(struct arena *a)
{
    return der_fill(a, 0x33, 57);
}

static const struct key_row {
    const char *name;
    enum key_oid oid;
    enum parameters parameters;
    struct slice (*key)(struct arena *a);
    uint32_t bits;
    bool malformed, unusual;
    uint8_t unused_bits;
} key_rows[] = {
    {"RSA of 1024 bits", RSA, NIL, rsa_1024, .bits = 1024},
    {"RSA of 1017 bits", RSA, NIL, rsa_1017, .bits = 1017},
    {"RSA of one bit", RSA, NIL, rsa_1_bit, .bits = 1},
    {"RSA without parameters", RSA, NONE, rsa_1024, .bits = 1024, .unusual = true},
    {"RSA with an OID for parameters", RSA, CURVE_256, rsa_1024, .malformed = true},
    {"RSA with a SEQUENCE for parameters", RSA, DESCRIBED, rsa_1024, .malformed = true},
    {"RSA with a negative modulus", RSA, NIL, rsa_negative, .malformed = true},
    {"RSA with modulus 0", RSA, NIL, rsa_zero, .malformed = true},
    {"RSA with a padded modulus", RSA, NIL, rsa_padded, .malformed = true},
    {"RSA with exponent 0", RSA, NIL, rsa_exponent_zero, .malformed = true},
    {"RSA with a negative exponent", RSA, NIL, rsa_exponent_negative, .malformed = true},
    {"RSA of three numbers", RSA, NIL, rsa_three, .malformed = true},
    {"RSA without an exponent", RSA, NIL, rsa_modulus_only, .malformed = true},
    {"RSA with octets after", RSA, NIL, rsa_tail, .malformed = true},
    {"RSA as a bare number", RSA, NIL, rsa_bare, .malformed = true},
    {"RSA without octets", RSA, NIL, no_octets, .malformed = true},
    {"RSA with unused bits", RSA, NIL, rsa_even_end, .malformed = true, .unused_bits = 1},
    {"RSASSA-PSS", PSS, NONE, rsa_1024, .bits = 1024, .unusual = true},
    {"RSASSA-PSS with parameters", PSS, DESCRIBED, rsa_1024, .bits = 1024, .unusual = true},
    {"RSASSA-PSS with NULL", PSS, NIL, rsa_1024, .malformed = true},
    {"RSASSA-PSS that is no key", PSS, NONE, point_65, .malformed = true},
    {"P-256", EC, CURVE_256, point_65, .bits = 256},
    {"P-256 compressed", EC, CURVE_256, point_33, .bits = 256},
    {"P-521", EC, CURVE_521, point_133, .bits = 521},
    {"P-521 with a point of P-256", EC, CURVE_521, point_65, .malformed = true},
    {"P-256 in hybrid form", EC, CURVE_256, point_hybrid, .malformed = true},
    {"P-256 at infinity", EC, CURVE_256, point_at_infinity, .malformed = true},
    {"P-256 without octets", EC, CURVE_256, no_octets, .malformed = true},
    {"an unknown curve", EC, CURVE_UNKNOWN, point_65, .unusual = true},
    {"an unknown curve without octets", EC, CURVE_UNKNOWN, no_octets, .malformed = true},
    {"a curve that is described", EC, DESCRIBED, point_65, .unusual = true},
    {"EC without parameters", EC, NONE, point_65, .malformed = true},
    {"EC with NULL", EC, NIL, point_65, .malformed = true},
    {"P-256 with an unused bit", EC, CURVE_256, point_at_infinity, .malformed = true, .unused_bits = 1},
    {"Ed25519", ED25519, NONE, octets_32, .bits = 255},
    {"Ed25519 with NULL", ED25519, NIL, octets_32, .malformed = true},
    {"Ed25519 of 57 octets", ED25519, NONE, octets_57, .malformed = true},
    {"Ed448", ED448, NONE, octets_57, .bits = 448},
    {"Ed448 of 32 octets", ED448, NONE, octets_32, .malformed = true},
    {"X25519, which cannot sign", X25519, NONE, octets_32, .unusual = true},
};

static void test_key(void **state)
{
    const struct key_row *row = *state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    recipe_everyday(&a, &r);
    struct slice parameters = key_parameters(&a, row->parameters);
    r.spki = DER(&a, DER_SEQUENCE, DER(&a, DER_SEQUENCE, key_oid(&a, row->oid), parameters),
                 DER(&a, DER_BIT_STRING, slice_make(&row->unused_bits, 1), row->key(&a)));
    struct slice der = recipe_build(&a, &r);
    read_both(der, &f);
    assert_true(f.readable);
    assert_int_equal(f.key_bits, row->bits);
    assert_int_equal(f.key_malformed, row->malformed);
    assert_int_equal(f.malformed != NULL, row->malformed);
    assert_int_equal((f.unusual & UNUSUAL_KEY) != 0, row->unusual || row->malformed);
    assert_true(slice_eq(facts_slice(der, f.key_parameters), parameters));
    bool has_numbers = (row->oid == RSA || row->oid == PSS) && !row->malformed;
    assert_int_equal(f.rsa_modulus.n > 0, has_numbers);
    assert_int_equal(f.rsa_exponent.n > 0, has_numbers);
    arena_free(&a);
}

/* Extensions. */

static struct slice extension(struct arena *a, struct slice oid, bool critical, struct slice value)
{
    return DER(a, DER_SEQUENCE, DER(a, DER_OID, oid), critical ? DER(a, DER_BOOLEAN, O(0xff)) : nothing,
               DER(a, DER_OCTET_STRING, value));
}

static struct slice uri(struct arena *a, const char *text)
{
    return DER(a, 0x86, slice_of(text));
}

static struct slice good_key_usage(struct arena *a)
{
    return DER(a, DER_BIT_STRING, O(5, 0xa0));
}
static struct slice good_basic_constraints(struct arena *a)
{
    return DER(a, DER_SEQUENCE, DER(a, DER_BOOLEAN, O(0xff)), number(a, O(1)));
}
static struct slice good_octets(struct arena *a)
{
    return DER(a, DER_OCTET_STRING, O(1, 2, 3));
}
static struct slice good_authority_key_id(struct arena *a)
{
    return DER(a, DER_SEQUENCE, DER(a, 0x80, O(1, 2, 3)));
}
static struct slice good_policies(struct arena *a)
{
    struct slice cps = DER(a, DER_OID, O(0x2b, 6, 1, 5, 5, 7, 2, 1)),
                 notice = DER(a, DER_OID, O(0x2b, 6, 1, 5, 5, 7, 2, 2));
    /* A notice in a PrintableString, which RFC 5280 does not offer and some authorities write. */
    struct slice text = DER(a, DER_SEQUENCE, DER_TEXT(a, DER_PRINTABLE_STRING, "for tests"));
    struct slice qualifiers = DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, cps, DER_TEXT(a, DER_IA5_STRING, "x:y")),
                                  DER(a, DER_SEQUENCE, notice, text));
    return DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2a, 3)), qualifiers),
               DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2a, 4))));
}
static struct slice good_crl_points(struct arena *a)
{
    return DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, DER(a, 0xa0, DER(a, 0xa0, uri(a, "http://ca.example/1")))));
}
static struct slice good_authority_info(struct arena *a)
{
    return DER(a, DER_SEQUENCE,
               DER(a, DER_SEQUENCE, DER(a, DER_OID, O(0x2b, 6, 1, 5, 5, 7, 0x30, 1)), uri(a, "http://x/")));
}
static struct slice good_name_constraints(struct arena *a)
{
    return DER(a, DER_SEQUENCE, DER(a, 0xa0, DER(a, DER_SEQUENCE, DER_TEXT(a, 0x82, "example.com"))));
}
static struct slice good_ms_sid(struct arena *a)
{
    struct slice oid = DER(a, DER_OID, O(0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x19, 2, 1));
    return DER(a, DER_SEQUENCE, DER(a, 0xa0, oid, DER(a, 0xa0, DER_TEXT(a, DER_OCTET_STRING, "S-1-5-21-1-2-3-500"))));
}

static const struct field_row {
    const char *name;
    struct slice oid;
    size_t at;
    struct slice (*good)(struct arena *a);
    const char *flaw;
} field_rows[] = {
    {"key usage", SLICE_LITERAL("\x55\x1d\x0f"), offsetof(struct facts, key_usage), good_key_usage, "keyUsage: "},
    {"basic constraints", SLICE_LITERAL("\x55\x1d\x13"), offsetof(struct facts, basic_constraints),
     good_basic_constraints, "basicConstraints: "},
    {"subject key identifier", SLICE_LITERAL("\x55\x1d\x0e"), offsetof(struct facts, subject_key_id), good_octets,
     "subjectKeyIdentifier: "},
    {"authority key identifier", SLICE_LITERAL("\x55\x1d\x23"), offsetof(struct facts, authority_key_id),
     good_authority_key_id, "authorityKeyIdentifier: "},
    {"certificate policies", SLICE_LITERAL("\x55\x1d\x20"), offsetof(struct facts, policies), good_policies,
     "certificatePolicies: "},
    {"CRL distribution points", SLICE_LITERAL("\x55\x1d\x1f"), offsetof(struct facts, crl_points), good_crl_points,
     "cRLDistributionPoints: "},
    {"authority information access", SLICE_LITERAL("\x2b\x06\x01\x05\x05\x07\x01\x01"),
     offsetof(struct facts, authority_info), good_authority_info, "authorityInfoAccess: "},
    {"name constraints", SLICE_LITERAL("\x55\x1d\x1e"), offsetof(struct facts, name_constraints), good_name_constraints,
     "nameConstraints: "},
    {"Microsoft's SID", SLICE_LITERAL("\x2b\x06\x01\x04\x01\x82\x37\x19\x02"), offsetof(struct facts, ms_sid),
     good_ms_sid, "szOID_NTDS_CA_SECURITY_EXT: "},
};

static const struct extension *field_of(const struct facts *f, const struct field_row *row)
{
    return (const void *)((const char *)f + row->at);
}

static void test_field(void **state)
{
    const struct field_row *row = *state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    recipe_everyday(&a, &r);
    struct slice good = row->good(&a), oid = row->oid;
    r.extensions = extension(&a, O(0x2a, 3), false, O(1));
    read_both(recipe_build(&a, &r), &f);
    assert_int_equal(field_of(&f, row)->presence, FIELD_ABSENT);
    for (int critical = 0; critical < 2; critical++) {
        r.extensions = extension(&a, oid, critical, good);
        struct slice der = recipe_build(&a, &r);
        read_both(der, &f);
        assert_null(f.malformed);
        assert_int_equal(f.unusual, row->good == good_name_constraints ? UNUSUAL_VALUE : 0);
        assert_int_equal(f.unknown_critical, 0);
        assert_int_equal(field_of(&f, row)->presence, FIELD_PRESENT);
        assert_int_equal(field_of(&f, row)->critical, critical);
        assert_true(slice_eq(facts_slice(der, field_of(&f, row)->value), good));
    }
    const struct slice bad[] = {nothing, O(1, 2, 3), DER_JOIN(&a, good, O(5, 0)), slice_upto(good, good.n - 1)};
    for (size_t i = 0; i < COUNT(bad); i++) {
        r.extensions = extension(&a, oid, true, bad[i]);
        read_both(recipe_build(&a, &r), &f);
        assert_non_null(f.malformed);
        assert_int_equal(strncmp(f.malformed, row->flaw, strlen(row->flaw)), 0);
        assert_int_equal(field_of(&f, row)->presence, FIELD_MALFORMED);
        assert_true(field_of(&f, row)->critical);
    }
    r.extensions = DER_JOIN(&a, extension(&a, oid, false, good), extension(&a, oid, false, good));
    read_both(recipe_build(&a, &r), &f);
    assert_non_null(f.malformed);
    assert_int_equal(field_of(&f, row)->presence, FIELD_DUPLICATE);
    assert_int_equal(f.key_usage_bits, 0);
    assert_false(f.is_ca);
    assert_int_equal(f.path_length, -1);
    arena_free(&a);
}

static void read_extension(struct arena *a, uint8_t arc, struct slice value, struct facts *f)
{
    struct recipe r;
    recipe_everyday(a, &r);
    r.extensions = der_extension(a, arc, nothing, value);
    read_both(recipe_build(a, &r), f);
}

static void test_key_usage(void **state)
{
    (void)state;
    struct arena a = {0};
    const struct {
        struct slice bits;
        uint16_t usage;
        bool unusual;
    } rows[] = {
        {O(7, 0x80), 1, false},          {O(5, 0xa0), 5, false},           {O(0, 0xff), 0xff, true},
        {O(7, 0xff, 0x80), 0x1ff, true}, {O(7, 0x00, 0x80), 0x100, false}, {O(0, 0xa0), 5, true},
        {O(0, 0x80, 0x00), 1, true},     {O(0, 0, 1, 1), 0x8000, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct facts f;
        read_extension(&a, 15, DER(&a, DER_BIT_STRING, rows[i].bits), &f);
        assert_null(f.malformed);
        assert_int_equal(f.key_usage_bits, rows[i].usage);
        assert_int_equal(f.unusual, rows[i].unusual ? UNUSUAL_VALUE : 0);
    }
    arena_free(&a);
}

static void test_basic_constraints(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice yes = DER(&a, DER_BOOLEAN, O(0xff)), no = DER(&a, DER_BOOLEAN, O(0));
    const struct {
        struct slice content;
        bool ca, malformed, unusual;
        int64_t path_length;
    } rows[] = {
        {nothing, false, false, false, -1},
        {no, false, false, false, -1},
        {yes, true, false, false, -1},
        {DER_JOIN(&a, yes, number(&a, O(0))), true, false, false, 0},
        {DER_JOIN(&a, yes, number(&a, O(1, 44))), true, false, false, 300},
        {DER_JOIN(&a, yes, number(&a, O(0x7f, 0xff, 0xff, 0xff))), true, false, false, INT32_MAX},
        {DER_JOIN(&a, yes, number(&a, O(0, 0x80, 0, 0, 0))), false, true, false, -1},
        {DER_JOIN(&a, yes, number(&a, der_fill(&a, 0x7f, 24))), false, true, false, -1},
        {DER_JOIN(&a, yes, number(&a, O(0xff))), false, true, false, -1},
        {number(&a, O(3)), false, false, true, 3},
        {DER_JOIN(&a, no, number(&a, O(3))), false, false, true, 3},
        {DER(&a, DER_BOOLEAN, O(1)), false, true, false, -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct facts f;
        read_extension(&a, 19, DER(&a, DER_SEQUENCE, rows[i].content), &f);
        assert_int_equal(f.malformed != NULL, rows[i].malformed);
        assert_int_equal(f.is_ca, rows[i].ca);
        assert_int_equal(f.path_length, rows[i].path_length);
        assert_int_equal((f.unusual & UNUSUAL_VALUE) != 0, rows[i].unusual);
    }
    arena_free(&a);
}

static void test_odd_values(void **state)
{
    (void)state;
    struct arena a = {0};
    struct facts f;
    struct slice directory = DER(&a, 0xa4, der_common_name(&a, DER_UTF8_STRING, SLICE_LITERAL("CA")));
    read_extension(&a, 14, DER_EMPTY(&a, DER_OCTET_STRING), &f);
    assert_int_equal(f.unusual, UNUSUAL_VALUE);
    assert_null(f.malformed);
    read_extension(&a, 35, DER(&a, DER_SEQUENCE, DER(&a, 0xa1, directory)), &f);
    assert_int_equal(f.authority_key_id.presence, FIELD_MALFORMED);
    read_extension(&a, 35, DER(&a, DER_SEQUENCE, DER(&a, 0xa1, directory), DER(&a, 0x82, O(1))), &f);
    assert_int_equal(f.unusual, 0);
    read_extension(&a, 31, DER(&a, DER_SEQUENCE, DER(&a, DER_SEQUENCE, DER(&a, 0x81, O(1, 0x80)))), &f);
    assert_int_equal(f.crl_points.presence, FIELD_MALFORMED);
    arena_free(&a);
}

/* The rest of the certificate. */

static void test_signature_and_ids(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    recipe_everyday(&a, &r);
    struct slice oid = O(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c);
    r.outer_algorithm = DER(&a, DER_SEQUENCE, DER(&a, DER_OID, oid), DER_EMPTY(&a, DER_NULL));
    r.issuer_id = DER(&a, 0x81, O(0, 0xf0));
    r.after = O(0, 0, 0);
    r.extensions = DER_JOIN(&a, extension(&a, O(0x2a, 3), true, O(1)), extension(&a, O(0x2a, 4), true, O(1)),
                            extension(&a, O(0x2a, 5), false, O(1)));
    struct slice der = recipe_build(&a, &r);
    read_both(der, &f);
    assert_true(slice_eq(facts_slice(der, f.outer_signature_algorithm), oid));
    assert_int_equal(facts_slice(der, f.signature_algorithm).p[8], 0x0b);
    assert_true(slice_eq(facts_slice(der, f.signature_parameters), O(5, 0)));
    assert_true(slice_eq(facts_slice(der, f.issuer_unique_id), r.issuer_id));
    assert_int_equal(f.subject_unique_id.n, 0);
    assert_int_equal(f.trailing, 3);
    assert_int_equal(f.unknown_critical, 2);
    recipe_everyday(&a, &r);
    r.inner_algorithm = r.outer_algorithm = DER(&a, DER_SEQUENCE, DER(&a, DER_OID, oid));
    r.subject_id = DER(&a, 0x82, O(4, 0xf0));
    der = recipe_build(&a, &r);
    read_both(der, &f);
    assert_int_equal(f.signature_parameters.n, 0);
    assert_int_equal(f.signature_parameters.at, 0);
    assert_int_equal(f.issuer_unique_id.n, 0);
    assert_true(slice_eq(facts_slice(der, f.subject_unique_id), r.subject_id));
    assert_int_equal(f.trailing, 0);
    assert_int_equal(f.path_length, -1);
    arena_free(&a);
}

/* Only what says where this issuer's whole CRL is. */
static void test_crl_uris(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    recipe_everyday(&a, &r);
    struct slice full =
        DER(&a, 0xa0, DER(&a, 0xa0, uri(&a, "ldap://1"), DER_TEXT(&a, 0x81, "a@b"), uri(&a, "ldap://2")));
    struct slice other = DER(&a, 0xa0, DER(&a, 0xa0, uri(&a, "ldap://not")));
    struct slice relative = DER(&a, 0xa0, DER(&a, 0xa1, der_attribute(&a, 3, DER_UTF8_STRING, SLICE_LITERAL("x"))));
    struct slice issuer = DER(&a, 0xa2, DER(&a, 0xa4, der_common_name(&a, DER_UTF8_STRING, SLICE_LITERAL("CA"))));
    r.extensions = der_extension(&a, 31, nothing,
                                 DER(&a, DER_SEQUENCE, DER(&a, DER_SEQUENCE, other, DER(&a, 0x81, O(1, 0x80))),
                                     DER(&a, DER_SEQUENCE, full), DER(&a, DER_SEQUENCE, other, issuer),
                                     DER(&a, DER_SEQUENCE, relative),
                                     DER(&a, DER_SEQUENCE, DER(&a, 0xa0, DER(&a, 0xa0, uri(&a, "http://3"))))));
    struct slice der = recipe_build(&a, &r), found;
    read_both(der, &f);
    assert_null(f.malformed);
    struct slice cursor = facts_crl_points(der, &f);
    const char *const expected[] = {"ldap://1", "ldap://2", "http://3"};
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_true(facts_next_crl_uri(&cursor, &found));
        assert_true(slice_eq(found, slice_of(expected[i])));
    }
    assert_false(facts_next_crl_uri(&cursor, &found));
    assert_false(facts_next_crl_uri(&cursor, &found));
    r.extensions = DER_JOIN(&a, r.extensions, r.extensions);
    der = recipe_build(&a, &r);
    read_both(der, &f);
    cursor = facts_crl_points(der, &f);
    assert_false(facts_next_crl_uri(&cursor, &found));
    arena_free(&a);
}

static int open_second(void **state)
{
    (void)state;
    struct fault fault = {""};
    return second_open(&second, &fault) == RC_OK ? 0 : -1;
}

static int close_second(void **state)
{
    (void)state;
    second_close(second);
    return 0;
}

static struct CMUnitTest row_test(const char *name, CMUnitTestFunction test, const void *row)
{
    return (struct CMUnitTest){.name = name, .test_func = test, .initial_state = (void *)(uintptr_t)row};
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_key_usage),  cmocka_unit_test(test_basic_constraints),
        cmocka_unit_test(test_odd_values), cmocka_unit_test(test_signature_and_ids),
        cmocka_unit_test(test_crl_uris),
    };
    struct CMUnitTest tests[COUNT(key_rows) + COUNT(field_rows) + COUNT(others)];
    for (size_t i = 0; i < COUNT(key_rows); i++)
        tests[i] = row_test(key_rows[i].name, test_key, &key_rows[i]);
    for (size_t i = 0; i < COUNT(field_rows); i++)
        tests[COUNT(key_rows) + i] = row_test(field_rows[i].name, test_field, &field_rows[i]);
    memcpy(tests + COUNT(key_rows) + COUNT(field_rows), others, sizeof others);
    return cmocka_run_group_tests_name("reader's fields", tests, open_second, close_second);
}
