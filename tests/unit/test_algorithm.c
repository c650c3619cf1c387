/* SPDX-License-Identifier: Apache-2.0 */
/* The table of algorithms against OpenSSL's own objects, and object identifiers as text both ways. */
#include "core/algorithm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/objects.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

static struct arena arena;

static int empty_arena(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static const char *text_of(struct slice s)
{
    return (const char *)arena_copy(&arena, s).p;
}

/* What OpenSSL makes of a dotted identifier; NULL: nothing. */
static struct slice openssl_octets(const char *dotted)
{
    ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);
    struct slice octets = {0};
    if (object)
        octets = arena_copy(&arena, slice_make(OBJ_get0_data(object), OBJ_length(object)));
    ASN1_OBJECT_free(object);
    return octets;
}

static int openssl_nid(const char *dotted)
{
    ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);
    int nid = object ? OBJ_obj2nid(object) : NID_undef;
    ASN1_OBJECT_free(object);
    return nid;
}

/* Rows that OpenSSL 3.0 has no name for, with the numbers of their standards. */
static const struct {
    enum algorithm_kind kind;
    const char *dotted, *name;
} cited[] = {
    {ALGORITHM_KEY, "1.3.132.1.12", "id-ecDH"},
    {ALGORITHM_KEY, "1.3.132.1.13", "id-ecMQV"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.30", "id-RSASSA-PSS-SHAKE128"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.31", "id-RSASSA-PSS-SHAKE256"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.32", "id-ecdsa-with-shake128"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.33", "id-ecdsa-with-shake256"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.17", "id-ml-dsa-44"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.17", "id-ml-dsa-44"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.18", "id-ml-dsa-65"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.18", "id-ml-dsa-65"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.19", "id-ml-dsa-87"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.19", "id-ml-dsa-87"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.32", "id-hash-ml-dsa-44-with-sha512"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.32", "id-hash-ml-dsa-44-with-sha512"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.33", "id-hash-ml-dsa-65-with-sha512"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.33", "id-hash-ml-dsa-65-with-sha512"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.34", "id-hash-ml-dsa-87-with-sha512"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.34", "id-hash-ml-dsa-87-with-sha512"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.20", "id-slh-dsa-sha2-128s"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.20", "id-slh-dsa-sha2-128s"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.21", "id-slh-dsa-sha2-128f"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.21", "id-slh-dsa-sha2-128f"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.22", "id-slh-dsa-sha2-192s"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.22", "id-slh-dsa-sha2-192s"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.23", "id-slh-dsa-sha2-192f"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.23", "id-slh-dsa-sha2-192f"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.24", "id-slh-dsa-sha2-256s"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.24", "id-slh-dsa-sha2-256s"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.25", "id-slh-dsa-sha2-256f"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.25", "id-slh-dsa-sha2-256f"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.26", "id-slh-dsa-shake-128s"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.26", "id-slh-dsa-shake-128s"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.27", "id-slh-dsa-shake-128f"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.27", "id-slh-dsa-shake-128f"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.28", "id-slh-dsa-shake-192s"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.28", "id-slh-dsa-shake-192s"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.29", "id-slh-dsa-shake-192f"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.29", "id-slh-dsa-shake-192f"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.30", "id-slh-dsa-shake-256s"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.30", "id-slh-dsa-shake-256s"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.31", "id-slh-dsa-shake-256f"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.31", "id-slh-dsa-shake-256f"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.35", "id-hash-slh-dsa-sha2-128s-with-sha256"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.35", "id-hash-slh-dsa-sha2-128s-with-sha256"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.36", "id-hash-slh-dsa-sha2-128f-with-sha256"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.36", "id-hash-slh-dsa-sha2-128f-with-sha256"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.37", "id-hash-slh-dsa-sha2-192s-with-sha512"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.37", "id-hash-slh-dsa-sha2-192s-with-sha512"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.38", "id-hash-slh-dsa-sha2-192f-with-sha512"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.38", "id-hash-slh-dsa-sha2-192f-with-sha512"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.39", "id-hash-slh-dsa-sha2-256s-with-sha512"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.39", "id-hash-slh-dsa-sha2-256s-with-sha512"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.40", "id-hash-slh-dsa-sha2-256f-with-sha512"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.40", "id-hash-slh-dsa-sha2-256f-with-sha512"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.41", "id-hash-slh-dsa-shake-128s-with-shake128"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.41", "id-hash-slh-dsa-shake-128s-with-shake128"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.42", "id-hash-slh-dsa-shake-128f-with-shake128"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.42", "id-hash-slh-dsa-shake-128f-with-shake128"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.43", "id-hash-slh-dsa-shake-192s-with-shake256"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.43", "id-hash-slh-dsa-shake-192s-with-shake256"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.44", "id-hash-slh-dsa-shake-192f-with-shake256"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.44", "id-hash-slh-dsa-shake-192f-with-shake256"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.45", "id-hash-slh-dsa-shake-256s-with-shake256"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.45", "id-hash-slh-dsa-shake-256s-with-shake256"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.3.46", "id-hash-slh-dsa-shake-256f-with-shake256"},
    {ALGORITHM_SIGNATURE, "2.16.840.1.101.3.4.3.46", "id-hash-slh-dsa-shake-256f-with-shake256"},
    {ALGORITHM_KEY, "1.2.840.113549.1.9.16.3.17", "id-alg-hss-lms-hashsig"},
    {ALGORITHM_SIGNATURE, "1.2.840.113549.1.9.16.3.17", "id-alg-hss-lms-hashsig"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.34", "id-alg-xmss-hashsig"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.34", "id-alg-xmss-hashsig"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.35", "id-alg-xmssmt-hashsig"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.35", "id-alg-xmssmt-hashsig"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.37", "id-MLDSA44-RSA2048-PSS-SHA256"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.37", "id-MLDSA44-RSA2048-PSS-SHA256"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.38", "id-MLDSA44-RSA2048-PKCS15-SHA256"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.38", "id-MLDSA44-RSA2048-PKCS15-SHA256"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.39", "id-MLDSA44-Ed25519-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.39", "id-MLDSA44-Ed25519-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.40", "id-MLDSA44-ECDSA-P256-SHA256"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.40", "id-MLDSA44-ECDSA-P256-SHA256"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.41", "id-MLDSA65-RSA3072-PSS-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.41", "id-MLDSA65-RSA3072-PSS-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.42", "id-MLDSA65-RSA3072-PKCS15-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.42", "id-MLDSA65-RSA3072-PKCS15-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.43", "id-MLDSA65-RSA4096-PSS-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.43", "id-MLDSA65-RSA4096-PSS-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.44", "id-MLDSA65-RSA4096-PKCS15-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.44", "id-MLDSA65-RSA4096-PKCS15-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.45", "id-MLDSA65-ECDSA-P256-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.45", "id-MLDSA65-ECDSA-P256-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.46", "id-MLDSA65-ECDSA-P384-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.46", "id-MLDSA65-ECDSA-P384-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.47", "id-MLDSA65-ECDSA-brainpoolP256r1-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.47", "id-MLDSA65-ECDSA-brainpoolP256r1-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.48", "id-MLDSA65-Ed25519-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.48", "id-MLDSA65-Ed25519-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.49", "id-MLDSA87-ECDSA-P384-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.49", "id-MLDSA87-ECDSA-P384-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.50", "id-MLDSA87-ECDSA-brainpoolP384r1-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.50", "id-MLDSA87-ECDSA-brainpoolP384r1-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.51", "id-MLDSA87-Ed448-SHAKE256"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.51", "id-MLDSA87-Ed448-SHAKE256"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.52", "id-MLDSA87-RSA3072-PSS-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.52", "id-MLDSA87-RSA3072-PSS-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.53", "id-MLDSA87-RSA4096-PSS-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.53", "id-MLDSA87-RSA4096-PSS-SHA512"},
    {ALGORITHM_KEY, "1.3.6.1.5.5.7.6.54", "id-MLDSA87-ECDSA-P521-SHA512"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.54", "id-MLDSA87-ECDSA-P521-SHA512"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.4.1", "id-alg-ml-kem-512"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.4.2", "id-alg-ml-kem-768"},
    {ALGORITHM_KEY, "2.16.840.1.101.3.4.4.3", "id-alg-ml-kem-1024"},
    {ALGORITHM_SIGNATURE, "1.3.6.1.5.5.7.6.36", "id-alg-unsigned"},
    {ALGORITHM_CURVE, "1.2.250.1.223.101.256.1", "FRP256v1"},
    {ALGORITHM_PURPOSE, "1.3.6.1.5.5.7.3.13", "eapOverPPP"},
    {ALGORITHM_PURPOSE, "1.3.6.1.5.5.7.3.14", "eapOverLAN"},
    {ALGORITHM_PURPOSE, "1.3.6.1.5.5.7.3.20", "sipDomain"},
    {ALGORITHM_PURPOSE, "1.3.6.1.5.5.7.3.33", "rpcTLSClient"},
    {ALGORITHM_PURPOSE, "1.3.6.1.5.5.7.3.34", "rpcTLSServer"},
    {ALGORITHM_PURPOSE, "1.3.6.1.5.5.7.3.35", "bundleSecurity"},
    {ALGORITHM_PURPOSE, "1.3.6.1.5.5.7.3.36", "documentSigning"},
    {ALGORITHM_PURPOSE, "1.3.6.1.5.5.8.2.2", "iKEIntermediate"},
    {ALGORITHM_PURPOSE, "1.3.6.1.4.1.311.10.3.4.1", "msEFSRecovery"},
    {ALGORITHM_PURPOSE, "1.3.6.1.4.1.311.10.3.12", "msDocumentSigning"},
    {ALGORITHM_PURPOSE, "1.3.6.1.4.1.311.10.3.13", "msLifetimeSigning"},
    {ALGORITHM_PURPOSE, "1.3.6.1.4.1.311.20.2.1", "msEnrollmentAgent"},
    {ALGORITHM_PURPOSE, "1.3.6.1.4.1.311.21.5", "msCAExchange"},
    {ALGORITHM_PURPOSE, "1.3.6.1.4.1.311.21.6", "msKeyRecoveryAgent"},
    {ALGORITHM_PURPOSE, "1.3.6.1.4.1.311.21.19", "msDSEmailReplication"},
    {ALGORITHM_PURPOSE, "1.3.6.1.4.1.311.54.1.2", "msRemoteDesktop"},
    {ALGORITHM_PURPOSE, "1.3.6.1.4.1.311.67.1.1", "msBitLockerDriveEncryption"},
    {ALGORITHM_PURPOSE, "1.3.6.1.4.1.311.67.1.2", "msBitLockerDataRecoveryAgent"},
    {ALGORITHM_PURPOSE, "1.2.840.113583.1.1.5", "adobePDFSigning"},
    {ALGORITHM_PURPOSE, "2.16.840.1.101.3.6.7", "id-PIV-content-signing"},
    {ALGORITHM_PURPOSE, "2.16.840.1.101.3.6.8", "id-PIV-cardAuth"},
};

static const char *cited_dotted(const struct algorithm *row)
{
    for (size_t i = 0; i < COUNT(cited); i++)
        if (row->kind == cited[i].kind && strcmp(row->name, cited[i].name) == 0)
            return cited[i].dotted;
    return NULL;
}

static void expect_compiles(enum algorithm_kind kind, const char *name, struct slice oid)
{
    struct slice compiled;
    if (!algorithm_compile(&arena, kind, slice_of(name), &compiled) || !slice_eq(compiled, oid))
        fail_msg("%s does not name %s", name, text_of(oid_text(&arena, oid)));
}

/*
 * A name of OpenSSL's that could stand in a policy (one word) names the same row here.  But for two: others write
 * these, whatever the case, for the algorithms of PKCS #1, so here they name nothing.
 */
static void expect_openssl_name(const struct algorithm *row, const char *name)
{
    static const char *const ambiguous[] = {"md5WithRSA", "sha1WithRSA"};
    struct slice oid;
    for (size_t i = 0; i < COUNT(ambiguous); i++)
        if (name && strcmp(name, ambiguous[i]) == 0) {
            assert_false(algorithm_compile(&arena, row->kind, slice_of(name), &oid));
            return;
        }
    if (name && !strchr(name, ' '))
        expect_compiles(row->kind, name, row->oid);
}

static void test_table_against_openssl(void **state)
{
    (void)state;
    const struct algorithm *row;
    size_t known = 0, total = 0;
    for (; (row = algorithm_at(total)); total++) {
        const char *dotted = text_of(oid_text(&arena, row->oid)), *also = cited_dotted(row);
        if (!slice_eq(openssl_octets(dotted), row->oid))
            fail_msg("%s: OpenSSL has other octets for %s", row->name, dotted);
        int nid = openssl_nid(dotted);
        if (also) {
            assert_string_equal(also, dotted);
            continue;
        }
        if (nid == NID_undef)
            fail_msg("%s, %s: neither OpenSSL knows it nor is it cited", row->name, dotted);
        known++;
        expect_openssl_name(row, OBJ_nid2sn(nid));
        expect_openssl_name(row, OBJ_nid2ln(nid));
    }
    assert_int_equal(total, known + COUNT(cited));
    assert_true(known > 120);
}

/* No identifier twice in a kind, no name for two, and each name leads back to its row whatever its case. */
static void test_table_is_unambiguous(void **state)
{
    (void)state;
    const struct algorithm *row;
    for (size_t i = 0; (row = algorithm_at(i)); i++) {
        assert_ptr_equal(algorithm_by_oid(row->kind, row->oid), row);
        expect_compiles(row->kind, row->name, row->oid);
        struct slice rest = slice_of(row->also), word;
        while (slice_word(&rest, &word))
            expect_compiles(row->kind, text_of(word), row->oid);
        char upper[96] = {0};
        for (size_t k = 0; row->name[k]; k++)
            upper[k] = row->name[k] >= 'a' && row->name[k] <= 'z' ? (char)(row->name[k] - 32) : row->name[k];
        expect_compiles(row->kind, upper, row->oid);
        assert_string_equal(text_of(algorithm_text(&arena, row->kind, row->oid)), row->name);
        assert_true((row->bits > 0) == (row->kind == ALGORITHM_CURVE));
    }
}

static const struct {
    const char *dotted;
    const char *octets; /* hexadecimal */
} identifiers[] = {
    {"0.0", "00"},
    {"0.39", "27"},
    {"1.0", "28"},
    {"1.39", "4f"},
    {"2.0", "50"},
    {"2.39", "77"},
    {"2.40", "78"},
    {"2.47", "7f"},
    {"2.48", "8100"},
    {"2.999", "8837"},
    {"2.999.3", "883703"},
    {"1.2.840.113549.1.1.11", "2a864886f70d01010b"},
    {"1.3.6.1.4.1.4294967295", "2b060104018fffffff7f"},
    {"1.3.6.1.4.1.4294967296", "2b060104019080808000"},
    {"1.3.6.1.4.1.18446744073709551616", "2b0601040182808080808080808000"},
    {"2.25.55681588546566178156800763727008109958", NULL},
    {"2.25.340282366920938463463374607431768211455.1", NULL},
    {"2.340282366920938463463374607431768211455.1", NULL},
    {"2.100000000000000000000000000000000000000.0.1000", NULL},
};

static struct slice octets_of(const char *hex)
{
    size_t n = strlen(hex) / 2;
    uint8_t *out = arena_alloc(&arena, n);
    for (size_t i = 0; i < n; i++) {
        char pair[] = {hex[2 * i], hex[2 * i + 1], 0};
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return slice_make(out, n);
}

static void test_identifiers_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(identifiers); i++) {
        struct slice theirs = openssl_octets(identifiers[i].dotted), ours;
        assert_true(theirs.n > 0);
        if (identifiers[i].octets)
            assert_true(slice_eq(theirs, octets_of(identifiers[i].octets)));
        assert_true(algorithm_compile(&arena, ALGORITHM_PURPOSE, slice_of(identifiers[i].dotted), &ours));
        assert_true(slice_eq(ours, theirs));
        assert_string_equal(text_of(oid_text(&arena, theirs)), identifiers[i].dotted);
    }
}

/* Octets by chance: OpenSSL prints the same, or takes it for no identifier where we print hexadecimal. */
static void test_identifiers_by_chance(void **state)
{
    (void)state;
    uint32_t seed = 20260101;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t octets[2 + 24] = {0x06};
        seed = seed * 1664525u + 1013904223u;
        octets[1] = (uint8_t)(1 + (seed >> 24) % 24);
        for (size_t i = 0; i < octets[1]; i++) {
            seed = seed * 1664525u + 1013904223u;
            octets[2 + i] = (uint8_t)(seed >> 23);
        }
        struct slice oid = slice_make(octets + 2, octets[1]), compiled;
        const char *ours = text_of(oid_text(&arena, oid));
        const unsigned char *at = octets;
        ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &at, octets[1] + 2);
        char theirs[256];
        if (object)
            OBJ_obj2txt(theirs, sizeof theirs, object, 1);
        assert_int_equal(object == NULL, ours[0] == '#');
        if (object)
            assert_string_equal(ours, theirs);
        assert_int_equal(algorithm_compile(&arena, ALGORITHM_KEY, slice_of(ours), &compiled), object != NULL);
        if (object)
            assert_true(slice_eq(compiled, oid));
        ASN1_OBJECT_free(object);
        arena_free(&arena);
    }
}

static void test_octets_that_are_no_identifier(void **state)
{
    (void)state;
    assert_string_equal(text_of(oid_text(&arena, S(""))), "#");
    assert_string_equal(text_of(oid_text(&arena, S("\x80"))), "#80");
    assert_string_equal(text_of(oid_text(&arena, S("\x2a\x86"))), "#2a86");             /* the last arc does not end */
    assert_string_equal(text_of(oid_text(&arena, S("\x80\x2a"))), "#802a");             /* a digit that says nothing */
    assert_string_equal(text_of(oid_text(&arena, S("\x2a\x80\x01"))), "#2a8001");       /* likewise, further on */
    assert_string_equal(text_of(oid_text(&arena, S("\x2a\x81\x80\x01"))), "1.2.16385"); /* a zero inside is a digit */
    uint8_t longest[129];
    memset(longest, 0xff, sizeof longest);
    longest[127] = longest[128] = 0x7f;
    struct slice text = oid_text(&arena, slice_make(longest, 128));
    assert_true(slice_starts(text, S("2.")) && text.n > 260);
    struct slice back;
    assert_true(algorithm_compile(&arena, ALGORITHM_KEY, text, &back));
    assert_true(slice_eq(back, slice_make(longest, 128)));
    text = oid_text(&arena, slice_make(longest, 129));
    assert_true(text.n == 1 + 256 + 3 && text.p[0] == '#' && text.p[text.n - 1] == '.');
    static uint8_t huge[1 << 20];
    memset(huge, 0xff, sizeof huge);
    assert_true(oid_text(&arena, slice_make(huge, sizeof huge)).n < 300);
}

static void test_text_that_is_no_identifier(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "1",     ".",    "1.",          ".1",          "1..2",  "3.1",  "0.40",
                                      "1.40",  "01.2",  "1.02", "1.2.",        "1.2 ",        "1.2.x", "-1.2", "+1.2",
                                      "1.2.-", "1,2,3", "0.x",  "serverauth2", "server Auth", "TLS",   "10.1", "1.100"};
    struct slice oid;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (algorithm_compile(&arena, ALGORITHM_PURPOSE, slice_of(bad[i]), &oid))
            fail_msg("\"%s\" was taken for an identifier", bad[i]);
    static char digits[4096];
    memset(digits, '9', sizeof digits);
    memcpy(digits, "1.2.", 4);
    assert_false(algorithm_compile(&arena, ALGORITHM_PURPOSE, slice_make(digits, sizeof digits), &oid));
    /* A name counts in its kind only. */
    assert_false(algorithm_compile(&arena, ALGORITHM_CURVE, S("serverAuth"), &oid));
    assert_false(algorithm_compile(&arena, ALGORITHM_SIGNATURE, S("rsaEncryption"), &oid));
    assert_null(algorithm_by_oid(ALGORITHM_CURVE, S("\x2a")));
    assert_null(algorithm_by_oid(ALGORITHM_CURVE, S("")));
}

static enum algorithm_class class_of(enum algorithm_kind kind, const char *name)
{
    struct slice oid;
    assert_true(algorithm_compile(&arena, kind, slice_of(name), &oid));
    return algorithm_by_oid(kind, oid)->class_;
}

static void test_classes(void **state)
{
    (void)state;
    static const char *const classical[] = {"RSA", "EC", "Ed25519", "Ed448", "X25519", "DSA", "DH", "gost2012_256"};
    static const char *const pq[] = {"ML-DSA-44", "mldsa87", "SLH-DSA-SHA2-128s", "HashSLH-DSA-SHAKE-256f", "XMSS"};
    for (size_t i = 0; i < COUNT(classical); i++)
        assert_int_equal(class_of(ALGORITHM_KEY, classical[i]), CLASS_CLASSICAL);
    for (size_t i = 0; i < COUNT(pq); i++) {
        assert_int_equal(class_of(ALGORITHM_KEY, pq[i]), CLASS_POST_QUANTUM);
        assert_int_equal(class_of(ALGORITHM_SIGNATURE, pq[i]), CLASS_POST_QUANTUM);
    }
    assert_int_equal(class_of(ALGORITHM_KEY, "ML-KEM-768"), CLASS_POST_QUANTUM);
    assert_int_equal(class_of(ALGORITHM_SIGNATURE, "rsassaPss"), CLASS_CLASSICAL);
    assert_int_equal(class_of(ALGORITHM_SIGNATURE, "MLDSA65-ECDSA-P256-SHA512"), CLASS_HYBRID);
    assert_int_equal(class_of(ALGORITHM_KEY, "MLDSA65-ECDSA-P256-SHA512"), CLASS_HYBRID);
    assert_string_equal(algorithm_class_name(CLASS_POST_QUANTUM), "post-quantum");
    assert_string_equal(algorithm_class_name(CLASS_UNKNOWN), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_table_against_openssl, empty_arena),
        cmocka_unit_test_teardown(test_table_is_unambiguous, empty_arena),
        cmocka_unit_test_teardown(test_identifiers_both_ways, empty_arena),
        cmocka_unit_test_teardown(test_identifiers_by_chance, empty_arena),
        cmocka_unit_test_teardown(test_octets_that_are_no_identifier, empty_arena),
        cmocka_unit_test_teardown(test_text_that_is_no_identifier, empty_arena),
        cmocka_unit_test_teardown(test_classes, empty_arena),
    };
    return cmocka_run_group_tests_name("algorithm", tests, NULL, NULL);
}
