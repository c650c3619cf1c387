/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and signatures: weak-key, weak-signature, post-quantum. */
#include "core/algorithm.h"
#include "core/policy.h"
#include "support/sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

#define RSA        "1.2.840.113549.1.1.1"
#define PSS        "1.2.840.113549.1.1.10"
#define SHA1_RSA   "1.2.840.113549.1.1.5"
#define SHA256_RSA "1.2.840.113549.1.1.11"
#define EC         "1.2.840.10045.2.1"
#define P256       "1.2.840.10045.3.1.7"
#define P384       "1.3.132.0.34"
#define K256       "1.3.132.0.10"
#define ED25519    "1.3.101.112"
#define X25519     "1.3.101.110"
#define DSA        "1.2.840.10040.4.1"
#define MLDSA44    "2.16.840.1.101.3.4.3.17"
#define NOBODYS    "1.3.6.1.4.1.99999.7"

enum parameters { NONE, CURVE, EXPLICIT, PSS_NONE, PSS_EMPTY, PSS_HASH, PSS_TWICE, PSS_BROKEN };

static const struct row {
    const char *name;
    enum check_id check;
    unsigned min_rsa_bits;
    const char *allowed[3]; /* curves or signatures */
    const char *key, *signature;
    enum parameters parameters;
    const char *parameter; /* the curve or the hash */
    unsigned bits;
    bool malformed, unreadable;
    const char *answer, *detail;
} rows[] = {
#define KEY       .check = CHECK_WEAK_KEY
#define MIN       KEY, .min_rsa_bits = 2048
#define CURVES    KEY, .allowed = {P256, ED25519}
#define BOTH      MIN, .allowed = {P256, ED25519}
#define ON(curve) .key = EC, .parameters = CURVE, .parameter = (curve)
    {"RSA: as long as asked for", MIN, .key = RSA, .bits = 2048, .answer = "meets"},
    {"RSA: one bit shorter", MIN, .key = RSA, .bits = 2047, .answer = "violates",
     .detail = "RSA key of 2047 bits, policy asks for 2048"},
    {"RSA: one bit longer", MIN, .key = RSA, .bits = 2049, .answer = "meets"},
    {"RSA: 16 Mbit", MIN, .key = RSA, .bits = 16777216, .answer = "meets"},
    {"RSA: of RSASSA-PSS, shorter", MIN, .key = PSS, .bits = 1024, .answer = "violates"},
    {"RSA: of RSASSA-PSS", MIN, .key = PSS, .bits = 3072, .answer = "meets"},
    {"RSA: of RSAES-OAEP, shorter", MIN, .key = "1.2.840.113549.1.1.7", .bits = 1024, .answer = "violates"},
    {"RSA: does not decode", MIN, .key = RSA, .malformed = true, .answer = "violates", .detail = "does not decode"},
    {"RSA: only curves are stated", CURVES, .key = RSA, .bits = 512, .answer = "n/a"},
    {"RSA: does not decode, only curves are stated", CURVES, .key = RSA, .malformed = true, .answer = "n/a"},
    {"RSA: under both", BOTH, .key = RSA, .bits = 1024, .answer = "violates"},
    {"curve: allowed", CURVES, ON(P256), .bits = 256, .answer = "meets"},
    {"curve: another", CURVES, ON(P384), .bits = 384, .answer = "violates",
     .detail = "key on the curve P-384, policy allows P-256, Ed25519"},
    {"curve: as long, another", CURVES, ON(K256), .bits = 256, .answer = "violates"},
    {"curve: one that nobody knows", CURVES, ON(NOBODYS), .answer = "violates", .detail = NOBODYS},
    {"curve: explicit parameters", CURVES, .key = EC, .parameters = EXPLICIT, .answer = "violates",
     .detail = "in explicit parameters"},
    {"curve: no parameters", CURVES, .key = EC, .answer = "violates"},
    {"curve: does not decode", CURVES, ON(P256), .malformed = true, .answer = "violates", .detail = "does not decode"},
    {"curve: only RSA is stated", MIN, ON(K256), .answer = "n/a"},
    {"curve: Ed25519 allowed", CURVES, .key = ED25519, .bits = 256, .answer = "meets"},
    {"curve: Ed448 not allowed", CURVES, .key = "1.3.101.113", .answer = "violates", .detail = "Ed448"},
    {"curve: X25519 is not Ed25519", CURVES, .key = X25519, .answer = "violates"},
    {"key: DSA, of which no rule speaks", BOTH, .key = DSA, .answer = "n/a"},
    {"key: ML-DSA, of which no rule speaks", BOTH, .key = MLDSA44, .answer = "n/a"},
    {"key: unknown, under both rules", BOTH, .key = NOBODYS, .answer = "undecided",
     .detail = "a key of the unknown algorithm 1.3.6.1.4.1.99999.7"},
    {"key: unknown, under one rule", MIN, .key = NOBODYS, .answer = "n/a"},
    {"key: unknown, under the other rule", CURVES, .key = NOBODYS, .answer = "n/a"},
    {"key: not readable", BOTH, .key = RSA, .bits = 512, .unreadable = true, .answer = "n/a"},

#define SIGNATURE .check = CHECK_WEAK_SIGNATURE
#define SHA256S   SIGNATURE, .allowed = {SHA256_RSA, PSS}
    {"signature: allowed", SHA256S, .signature = SHA256_RSA, .answer = "meets"},
    {"signature: SHA-1", SHA256S, .signature = SHA1_RSA, .answer = "violates",
     .detail = "signed with sha1WithRSAEncryption, policy allows sha256WithRSAEncryption"},
    {"signature: SHA-1 where allowed", SIGNATURE, .allowed = {SHA1_RSA}, .signature = SHA1_RSA, .answer = "meets"},
    {"signature: unknown", SHA256S, .signature = NOBODYS, .answer = "violates", .detail = NOBODYS},
    {"signature: unknown where allowed", SIGNATURE, .allowed = {NOBODYS}, .signature = NOBODYS, .answer = "meets"},
    {"signature: the key is not looked at", SHA256S, .key = DSA, .signature = SHA256_RSA, .answer = "meets"},
#define WITH(hash) .signature = PSS, .parameters = PSS_HASH, .parameter = (hash)
    {"PSS: SHA-256", SHA256S, WITH("2.16.840.1.101.3.4.2.1"), .answer = "meets"},
    {"PSS: SHA3-512", SHA256S, WITH("2.16.840.1.101.3.4.2.10"), .answer = "meets"},
    {"PSS: SHA-1 written out", SHA256S, WITH("1.3.14.3.2.26"), .answer = "violates", .detail = "with SHA-1,"},
    {"PSS: SHA-224", SHA256S, WITH("2.16.840.1.101.3.4.2.4"), .answer = "violates", .detail = "with SHA-224"},
    {"PSS: SHA-512/224", SHA256S, WITH("2.16.840.1.101.3.4.2.5"), .answer = "violates"},
    {"PSS: a hash that nobody knows", SHA256S, WITH(NOBODYS), .answer = "violates", .detail = NOBODYS},
    {"PSS: SHA-1 by default", SHA256S, .signature = PSS, .parameters = PSS_EMPTY, .answer = "violates",
     .detail = "with SHA-1, policy allows"},
    {"PSS: no parameters", SHA256S, .signature = PSS, .parameters = PSS_NONE, .answer = "violates",
     .detail = "without parameters that decode"},
    {"PSS: parameters that do not decode", SHA256S, .signature = PSS, .parameters = PSS_BROKEN, .answer = "violates",
     .detail = "without parameters that decode"},
    {"PSS: two hashes", SHA256S, .signature = PSS, .parameters = PSS_TWICE, .parameter = "2.16.840.1.101.3.4.2.1",
     .answer = "violates", .detail = "without parameters that decode"},
    {"PSS: not allowed", SIGNATURE, .allowed = {SHA256_RSA}, WITH("2.16.840.1.101.3.4.2.1"), .answer = "violates",
     .detail = "with SHA-256, policy allows sha256WithRSAEncryption"},
    {"signature: not readable", SHA256S, .signature = SHA1_RSA, .unreadable = true, .answer = "n/a"},

#define QUANTUM .check = CHECK_POST_QUANTUM
    {"quantum: both classical", QUANTUM, .key = RSA, .signature = SHA256_RSA, .answer = "violates",
     .detail = "(classical), signature sha256WithRSAEncryption (classical)"},
    {"quantum: both post-quantum", QUANTUM, .key = MLDSA44, .signature = MLDSA44, .answer = "meets"},
    {"quantum: a key of ML-KEM", QUANTUM, .key = "2.16.840.1.101.3.4.4.2", .signature = MLDSA44, .answer = "meets"},
    {"quantum: a classical signature", QUANTUM, .key = MLDSA44, .signature = SHA256_RSA, .answer = "violates",
     .detail = "(post-quantum), signature sha256WithRSAEncryption (classical)"},
    {"quantum: a classical key", QUANTUM, .key = ED25519, .signature = MLDSA44, .answer = "violates"},
    {"quantum: an unknown key", QUANTUM, .key = NOBODYS, .signature = MLDSA44, .answer = "undecided",
     .detail = "(unknown)"},
    {"quantum: an unknown signature", QUANTUM, .key = MLDSA44, .signature = NOBODYS, .answer = "undecided"},
    {"quantum: an unknown key under a classical signature", QUANTUM, .key = NOBODYS, .signature = SHA256_RSA,
     .answer = "violates"},
    {"quantum: not readable", QUANTUM, .key = RSA, .signature = SHA256_RSA, .unreadable = true, .answer = "n/a"},
};

static struct slice parameters_of(struct arena *a, const struct row *row)
{
    struct slice oid = row->parameter ? DER(a, DER_OID, sketch_oid(a, row->parameter)) : (struct slice){NULL, 0};
    switch (row->parameters) {
    case NONE:
    case PSS_NONE:
        break;
    case CURVE:
        return oid;
    case EXPLICIT:
        return DER(a, DER_SEQUENCE, DER(a, DER_INTEGER, DER_OCTETS(1)));
    case PSS_EMPTY:
        return DER_EMPTY(a, DER_SEQUENCE);
    case PSS_HASH:
        return DER(a, DER_SEQUENCE, DER(a, 0xa0, DER(a, DER_SEQUENCE, oid, DER_EMPTY(a, DER_NULL))),
                   DER(a, 0xa2, DER(a, DER_INTEGER, DER_OCTETS(32))));
    case PSS_TWICE:
        return DER(a, DER_SEQUENCE, DER(a, 0xa0, DER(a, DER_SEQUENCE, oid)), DER(a, 0xa0, DER(a, DER_SEQUENCE, oid)));
    case PSS_BROKEN:
        return DER(a, DER_SEQUENCE, DER(a, 0xa0, DER_EMPTY(a, DER_SEQUENCE)));
    }
    return (struct slice){NULL, 0};
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct arena a = {0};
    struct slice allowed[COUNT(row->allowed)], parameters = parameters_of(&a, row);
    struct oid_list list = {allowed, 0};
    while (list.count < COUNT(row->allowed) && row->allowed[list.count]) {
        allowed[list.count] = sketch_oid(&a, row->allowed[list.count]);
        list.count++;
    }
    struct policy p = {.min_rsa_bits = row->min_rsa_bits};
    *(row->check == CHECK_WEAK_KEY ? &p.allowed_curves : &p.allowed_signatures) = list;
    p.on_finding[CHECK_POST_QUANTUM].stated = row->check == CHECK_POST_QUANTUM;
    struct sketch s;
    sketch_begin(&s, &a);
    s.facts.readable = !row->unreadable;
    s.facts.key_bits = row->bits;
    s.facts.key_malformed = row->malformed;
    s.facts.key_algorithm = sketch_place(&s, sketch_oid(&a, row->key ? row->key : RSA));
    s.facts.signature_algorithm = sketch_place(&s, sketch_oid(&a, row->signature ? row->signature : SHA256_RSA));
    if (parameters.n)
        *(row->check == CHECK_WEAK_KEY ? &s.facts.key_parameters : &s.facts.signature_parameters) =
            sketch_place(&s, parameters);
    sketch_expect(&s, &p, 0, row->check, row->answer, row->detail);
    arena_free(&a);
}

/* Numbers that are no RSA key's (RFC 8017 section 3.1), as long as they may be. */
static void impossible_rsa_keys(void **state)
{
    (void)state;
    static const struct {
        uint8_t modulus, exponent;
        const char *answer, *detail;
    } keys[] = {
        {0x35, 3, "meets", NULL},
        {0x34, 3, "violates", "whose modulus is even"},
        {0x35, 2, "violates", "whose exponent is even or 1"},
        {0x35, 1, "violates", "whose exponent is even or 1"},
    };
    for (size_t i = 0; i < COUNT(keys); i++) {
        struct arena a = {0};
        struct sketch s;
        const struct policy p = {.min_rsa_bits = 2048};
        sketch_begin(&s, &a);
        s.facts.key_bits = 2048;
        s.facts.key_algorithm = sketch_place(&s, sketch_oid(&a, RSA));
        s.facts.rsa_modulus = sketch_place(&s, slice_make(&keys[i].modulus, 1));
        s.facts.rsa_exponent = sketch_place(&s, slice_make(&keys[i].exponent, 1));
        sketch_expect(&s, &p, 0, CHECK_WEAK_KEY, keys[i].answer, keys[i].detail);
        arena_free(&a);
    }
}

/* Every algorithm that policies can name is judged by its own name, and by no other. */
static void every_signature_by_its_name(void **state)
{
    (void)state;
    unsigned signatures = 0;
    const struct algorithm *row;
    for (size_t i = 0; (row = algorithm_at(i)); i++) {
        struct arena a = {0};
        struct sketch s;
        struct slice detail, other = sketch_oid(&a, NOBODYS);
        struct policy allows = {.allowed_signatures = {&row->oid, 1}}, refuses = {.allowed_signatures = {&other, 1}};
        sketch_begin(&s, &a);
        s.facts.signature_algorithm = sketch_place(&s, row->oid);
        s.facts.signature_parameters = sketch_place(
            &s, DER(&a, DER_SEQUENCE,
                    DER(&a, 0xa0, DER(&a, DER_SEQUENCE, DER(&a, DER_OID, sketch_oid(&a, "2.16.840.1.101.3.4.2.1"))))));
        if (row->kind == ALGORITHM_SIGNATURE) {
            signatures++;
            assert_string_equal(sketch_answer(&s, &allows, 0, CHECK_WEAK_SIGNATURE, &detail), "meets");
            assert_string_equal(sketch_answer(&s, &refuses, 0, CHECK_WEAK_SIGNATURE, &detail), "violates");
        }
        arena_free(&a);
    }
    assert_true(signatures > 20);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(rows) + 2];
    for (size_t i = 0; i < COUNT(rows); i++)
        tests[i] = (struct CMUnitTest){rows[i].name, test_row, NULL, NULL, (void *)(uintptr_t)&rows[i]};
    tests[COUNT(rows)] = (struct CMUnitTest)cmocka_unit_test(every_signature_by_its_name);
    tests[COUNT(rows) + 1] = (struct CMUnitTest)cmocka_unit_test(impossible_rsa_keys);
    return cmocka_run_group_tests_name("checks of keys and signatures", tests, NULL, NULL);
}
