/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second reader sees each field on its own: certificates that OpenSSL made agree, facts with one field changed do
 * not, and over every mutation of an everyday certificate the two readers never part unexplained.
 */
#include "support/derbuild.h"
#include "x509/reader.h"
#include "x509/second_local.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <cmocka.h>

#define O(...)      DER_OCTETS(__VA_ARGS__)
#define COUNT(list) (sizeof(list) / sizeof *(list))

static struct second_local *second;

static enum second read_twice(struct slice der, struct facts *f, char *why, size_t room)
{
    facts_read(der, f);
    enum second verdict = second_local_read(second, der, f, why, room);
    assert_int_equal(ERR_peek_error(), 0);
    return verdict;
}

static void add_extension(X509 *x, int nid, const char *value)
{
    X509V3_CTX context;
    CONF *empty = NCONF_new(NULL); /* which certificatePolicies wants */
    X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
    X509V3_set_nconf(&context, empty);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(e);
    assert_true(X509_add_ext(x, e, -1));
    X509_EXTENSION_free(e);
    NCONF_free(empty);
}

/* A certificate by OpenSSL, in memory that it allocated. */
static struct slice make(EVP_PKEY *key, long version, const char *name, const char *san)
{
    X509 *x = X509_new();
    unsigned char *der = NULL;
    assert_non_null(x);
    assert_true(X509_set_version(x, version));
    assert_true(ASN1_INTEGER_set(X509_get_serialNumber(x), 4711));
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "O", MBSTRING_UTF8, (const unsigned char *)"Example", -1, -1,
                               0);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    assert_true(X509_set_issuer_name(x, X509_get_subject_name(x)));
    assert_true(X509_set_pubkey(x, key));
    if (san) {
        add_extension(x, NID_subject_alt_name, san);
        add_extension(x, NID_ext_key_usage, "serverAuth,clientAuth");
        add_extension(x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
        add_extension(x, NID_key_usage, "critical,digitalSignature,keyCertSign");
        add_extension(x, NID_crl_distribution_points, "URI:http://ca.example.com/crl");
        add_extension(x, NID_certificate_policies, "1.2.3.4");
        add_extension(x, NID_info_access, "OCSP;URI:http://ca.example.com/ocsp");
        add_extension(x, NID_name_constraints, "permitted;DNS:example.com");
    }
    assert_true(X509_sign(x, key, EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256()));
    int n = i2d_X509(x, &der);
    assert_true(n > 0);
    X509_free(x);
    return slice_make(der, (size_t)n);
}

static const struct made {
    const char *name;
    const char *key; /* as in EVP_PKEY_Q_keygen */
    long version;
    const char *common_name, *san;
    enum key_family family;
} made_rows[] = {
    {"OpenSSL's EC certificate", "EC", X509_VERSION_3, "h1.example.com", "DNS:h1.example.com,IP:192.0.2.1", KEY_EC},
    {"OpenSSL's RSA certificate", "RSA", X509_VERSION_3, "h1.example.com", "DNS:h1.example.com,DNS:h2.example.com",
     KEY_RSA},
    {"OpenSSL's Ed25519 certificate", "ED25519", X509_VERSION_3,
     "b\xc3\xbc"
     "cher.example",
     "DNS:x.example", KEY_ED25519},
    {"OpenSSL's version 1", "EC", X509_VERSION_1, "h1.example.com", NULL, KEY_EC},
    {"OpenSSL's names of all kinds", "EC", X509_VERSION_3, "h1",
     "DNS:h1,IP:::1,URI:https://h1/,email:a@b,RID:1.2.3,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:upn@example.com", KEY_EC},
};

static EVP_PKEY *make_key(const char *type)
{
    if (strcmp(type, "EC") == 0)
        return EVP_EC_gen("P-256");
    return strcmp(type, "RSA") == 0 ? EVP_RSA_gen(1024) : EVP_PKEY_Q_keygen(NULL, NULL, type);
}

static void test_made(void **state)
{
    const struct made *row = *state;
    EVP_PKEY *key = make_key(row->key);
    assert_non_null(key);
    struct slice der = make(key, row->version, row->common_name, row->san);
    struct facts f;
    char why[512];
    ERR_clear_error();
    if (read_twice(der, &f, why, sizeof why) != SECOND_AGREES)
        fail_msg("%s", why);
    assert_null(f.malformed);
    assert_int_equal(f.version, row->version + 1);
    assert_int_equal(f.common_names, 1);
    assert_int_equal(f.san.presence, row->san ? FIELD_PRESENT : FIELD_ABSENT);
    assert_int_equal(facts_key_family(der, &f), row->family);
    OPENSSL_free((void *)(uintptr_t)der.p);
    EVP_PKEY_free(key);
}

/* Names and purposes of another extension, as many as the true ones. */
static struct span other_names, other_purposes;

/* Each changes one field of true facts. */
static void lie_version(struct facts *f)
{
    f->version = 1;
}
static void lie_serial(struct facts *f)
{
    f->serial.at++;
}
static void lie_issuer(struct facts *f)
{
    f->issuer = f->subject;
}
static void lie_subject(struct facts *f)
{
    f->subject = f->issuer;
}
static void lie_not_before(struct facts *f)
{
    f->not_before_utc--;
}
static void lie_not_after(struct facts *f)
{
    f->not_after_utc++;
}
static void lie_spki(struct facts *f)
{
    f->spki.n--;
}
static void lie_key_algorithm(struct facts *f)
{
    f->key_algorithm = f->signature_algorithm;
}
static void lie_signature_algorithm(struct facts *f)
{
    f->signature_algorithm = f->key_algorithm;
}
static void lie_common_names(struct facts *f)
{
    f->common_names = 2;
}
static void lie_no_san(struct facts *f)
{
    f->san.presence = FIELD_ABSENT;
}
static void lie_bad_san(struct facts *f)
{
    f->san.presence = FIELD_MALFORMED;
}
static void lie_critical(struct facts *f)
{
    f->san.critical = true;
}
static void lie_other_san(struct facts *f)
{
    f->san.value = f->eku.value;
}
static void lie_no_eku(struct facts *f)
{
    f->eku.presence = FIELD_ABSENT;
}
static void lie_other_eku(struct facts *f)
{
    f->eku.value = f->san.value;
}
static void lie_names(struct facts *f)
{
    f->san.value = other_names;
}
static void lie_purposes(struct facts *f)
{
    f->eku.value = other_purposes;
}
static void lie_malformed(struct facts *f)
{
    f->malformed = "a lie: RFC 1 section 1: nothing is wrong";
}
static void lie_unreadable(struct facts *f)
{
    f->malformed = "a lie: RFC 1 section 1: nothing is wrong";
    f->readable = false;
}

static void lie_key_parameters(struct facts *f)
{
    f->key_parameters = (struct span){0, 0};
}
static void lie_key_bits(struct facts *f)
{
    f->key_bits++;
}
static void lie_key_malformed(struct facts *f)
{
    f->key_malformed = true;
}
static void lie_outer_algorithm(struct facts *f)
{
    f->outer_signature_algorithm = f->key_algorithm;
}
static void lie_signature_parameters(struct facts *f)
{
    f->signature_parameters = f->serial;
}
static void lie_issuer_unique_id(struct facts *f)
{
    f->issuer_unique_id = f->serial;
}
static void lie_subject_unique_id(struct facts *f)
{
    f->subject_unique_id = f->serial;
}
static void lie_trailing(struct facts *f)
{
    f->trailing = 1;
}
static void lie_no_key_usage(struct facts *f)
{
    f->key_usage.presence = FIELD_ABSENT;
}
static void lie_key_usage_value(struct facts *f)
{
    f->key_usage.value = f->san.value;
}
static void lie_key_usage_critical(struct facts *f)
{
    f->key_usage.critical = !f->key_usage.critical;
}
static void lie_key_usage_bits(struct facts *f)
{
    f->key_usage_bits ^= 0x100;
}
static void lie_a_sid(struct facts *f)
{
    f->ms_sid.presence = FIELD_DUPLICATE;
}
static void lie_constraints(struct facts *f)
{
    f->name_constraints.presence = FIELD_MALFORMED;
}
static void lie_ca(struct facts *f)
{
    f->is_ca = true;
}
static void lie_path_length(struct facts *f)
{
    f->path_length = 0;
}
static void lie_unknown_critical(struct facts *f)
{
    f->unknown_critical = 1;
}

static const struct lie {
    const char *field; /* how `why` begins */
    void (*tell)(struct facts *f);
} lies[] = {
    {"version", lie_version},
    {"serialNumber", lie_serial},
    {"issuer", lie_issuer},
    {"subject", lie_subject},
    {"notBefore", lie_not_before},
    {"notAfter", lie_not_after},
    {"subjectPublicKeyInfo", lie_spki},
    {"key algorithm", lie_key_algorithm},
    {"signature", lie_signature_algorithm},
    {"number of commonNames", lie_common_names},
    {"subjectAltName presence", lie_no_san},
    {"subjectAltName presence", lie_bad_san},
    {"critical", lie_critical},
    {"number of subjectAltNames", lie_other_san},
    {"extKeyUsage presence", lie_no_eku},
    {"number of extKeyUsages", lie_other_eku},
    {"subjectAltName:", lie_names},
    {"extKeyUsage:", lie_purposes},
    {"key parameters", lie_key_parameters},
    {"key bits", lie_key_bits},
    {"key malformed", lie_key_malformed},
    {"signatureAlgorithm", lie_outer_algorithm},
    {"signature parameters", lie_signature_parameters},
    {"issuerUniqueID", lie_issuer_unique_id},
    {"subjectUniqueID", lie_subject_unique_id},
    {"octets after", lie_trailing},
    {"keyUsage presence", lie_no_key_usage},
    {"keyUsage presence", lie_key_usage_value},
    {"critical", lie_key_usage_critical},
    {"key usage bits", lie_key_usage_bits},
    {"szOID_NTDS_CA_SECURITY_EXT presence", lie_a_sid},
    {"nameConstraints presence", lie_constraints},
    {"cA", lie_ca},
    {"path length", lie_path_length},
    {"unknown critical extensions", lie_unknown_critical},
    {"malformed", lie_malformed},
    {"malformed", lie_unreadable},
};

static struct span find(struct slice der, struct slice part)
{
    const uint8_t *at = memmem(der.p, der.n, part.p, part.n);
    assert_non_null(at);
    return (struct span){(uint32_t)(at - der.p), (uint32_t)part.n};
}

static void test_lies(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts truth;
    char why[512];
    recipe_everyday(&a, &r);
    struct slice none = slice_make(NULL, 0);
    struct slice names = DER(&a, DER_SEQUENCE, DER_TEXT(&a, 0x82, "h1.example.com"), DER_TEXT(&a, 0x82, "other"));
    struct slice purposes = DER(&a, DER_SEQUENCE, DER(&a, DER_OID, O(0x2b, 6, 1, 5, 5, 7, 3, 2)));
    r.extensions =
        DER_JOIN(&a, r.extensions, der_extension(&a, 98, none, names), der_extension(&a, 99, none, purposes));
    struct slice der = recipe_build(&a, &r);
    other_names = find(der, names);
    other_purposes = find(der, purposes);
    assert_int_equal(read_twice(der, &truth, why, sizeof why), SECOND_AGREES);
    assert_string_equal(why, "");
    for (size_t i = 0; i < COUNT(lies); i++) {
        struct facts f = truth;
        lies[i].tell(&f);
        assert_int_equal(second_local_read(second, der, &f, why, sizeof why), SECOND_DISAGREES);
        if (strncmp(why, lies[i].field, strlen(lies[i].field)) != 0)
            fail_msg("expected %s, found %s", lies[i].field, why);
    }
    arena_free(&a);
}

/* Facts held against octets that they were not read from. */
static void test_other_certificate(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    char why[512];
    recipe_everyday(&a, &r);
    struct slice der = recipe_build(&a, &r);
    facts_read(der, &f);
    assert_int_equal(second_local_read(second, DER_JOIN(&a, der, O(0)), &f, why, sizeof why), SECOND_DISAGREES);
    assert_non_null(strstr(why, "octets after"));
    assert_int_equal(second_local_read(second, slice_upto(der, der.n - 1), &f, why, sizeof why), SECOND_DISAGREES);
    r.serial = DER(&a, DER_INTEGER, O(1, 2));
    assert_int_equal(second_local_read(second, recipe_build(&a, &r), &f, why, sizeof why), SECOND_DISAGREES);
    recipe_everyday(&a, &r);
    r.extensions = slice_upto(r.extensions, 0);
    assert_int_equal(second_local_read(second, recipe_build(&a, &r), &f, why, sizeof why), SECOND_DISAGREES);
    arena_free(&a);
}

/* The reasons of `why` fit into whatever room there is. */
static void test_little_room(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    char why[1] = {'x'};
    recipe_everyday(&a, &r);
    struct slice der = recipe_build(&a, &r);
    facts_read(der, &f);
    f.version = 2;
    assert_int_equal(second_local_read(second, der, &f, why, sizeof why), SECOND_DISAGREES);
    assert_int_equal(why[0], 0);
    arena_free(&a);
}

static void test_size_bound(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe r;
    struct facts f;
    char why[256];
    recipe_everyday(&a, &r);
    size_t rest = recipe_build(&a, &r).n - r.signature.n;
    r.signature = DER(&a, DER_BIT_STRING, O(0), der_fill(&a, 7, SECOND_OCTETS_MOST - rest - 10));
    assert_int_equal(read_twice(recipe_build(&a, &r), &f, why, sizeof why), SECOND_AGREES);
    r.signature = DER(&a, DER_BIT_STRING, O(0), der_fill(&a, 7, SECOND_OCTETS_MOST));
    assert_int_equal(read_twice(recipe_build(&a, &r), &f, why, sizeof why), SECOND_FAULT);
    arena_free(&a);
}

/* Mutations over which the readers may part, by how `why` begins, and the reason.  Parting is safe: nothing is done. */
static const struct {
    const char *why, *reason;
} partings[] = {
    {"malformed: ours is \"no\", OpenSSL's \"a string of no string type\"",
     "OpenSSL takes only string types for a name attribute; X.501 allows any"},
};

static bool is_known_parting(const char *why)
{
    for (size_t i = 0; i < COUNT(partings); i++)
        if (strncmp(why, partings[i].why, strlen(partings[i].why)) == 0)
            return true;
    return false;
}

static struct slice everyday(struct arena *a)
{
    struct recipe r;
    recipe_everyday(a, &r);
    return recipe_build(a, &r);
}

/* All the extensions that OpenSSL can make, unique identifiers, and an EC key. */
static struct slice elaborate(struct arena *a)
{
    EVP_PKEY *key = make_key("EC");
    struct slice made = make(key, X509_VERSION_3, "h1.example.com",
                             "DNS:h1,IP:::1,URI:https://h1/,email:a@b,RID:1.2.3,otherName:1.2.3;UTF8:upn@example.com");
    struct slice der = arena_copy(a, made);
    OPENSSL_free((void *)(uintptr_t)made.p);
    EVP_PKEY_free(key);
    return der;
}

/* In the middle of many that are the same: those say nothing that their neighbours do not. */
static bool is_filler(struct slice der, size_t at)
{
    for (size_t i = at < 4 ? 0 : at - 4; i < at + 4 && i < der.n; i++)
        if (der.p[i] != der.p[at])
            return false;
    return true;
}

/* Every octet, every bit of it turned, and a few values that are special in DER. */
static void mutate(struct arena *a, struct slice der)
{
    static const uint8_t special[] = {0x00, 0x7f, 0x80, 0x81, 0x84, 0xff, 0x30, 0x31, 0x1f};
    char why[512];
    unsigned tried = 0, malformed = 0, known = 0, unknown = 0;
    uint8_t *copy = malloc(der.n); /* of its own, so that the sanitizer sees the end */
    assert_non_null(copy);
    memcpy(copy, der.p, der.n);
    for (size_t at = 0; at < der.n; at++) {
        if (is_filler(der, at))
            continue;
        for (size_t i = 0; i < 8 + COUNT(special); i++, tried++) {
            struct facts f;
            copy[at] = i < 8 ? (uint8_t)(der.p[at] ^ (1u << i)) : special[i - 8];
            enum second verdict = read_twice(slice_make(copy, der.n), &f, why, sizeof why);
            malformed += f.malformed != NULL;
            if (verdict == SECOND_AGREES)
                continue;
            known += is_known_parting(why);
            if (!is_known_parting(why) && unknown++ < 20)
                print_message("  octet %zu = %#x: %s\n", at, copy[at], why);
        }
        copy[at] = der.p[at];
    }
    print_message("%u mutations, %u malformed, %u known partings, %u unknown\n", tried, malformed, known, unknown);
    assert_true(malformed > 0 && malformed < tried);
    assert_int_equal(unknown, 0);
    free(copy);
    arena_free(a);
}

static void test_mutations(void **state)
{
    (void)state;
    struct arena a = {0};
    mutate(&a, everyday(&a));
    mutate(&a, elaborate(&a));
}

static int open_second(void **state)
{
    (void)state;
    struct fault fault = {""};
    return second_local_open(&second, &fault) == RC_OK ? 0 : -1;
}

static int close_second(void **state)
{
    (void)state;
    second_local_close(second);
    second_local_close(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_lies),       cmocka_unit_test(test_other_certificate), cmocka_unit_test(test_little_room),
        cmocka_unit_test(test_size_bound), cmocka_unit_test(test_mutations),
    };
    struct CMUnitTest tests[COUNT(made_rows) + COUNT(others)];
    for (size_t i = 0; i < COUNT(made_rows); i++)
        tests[i] = (struct CMUnitTest){
            .name = made_rows[i].name,
            .test_func = test_made,
            .initial_state = (void *)(uintptr_t)&made_rows[i], /* which cmocka does not change */
        };
    memcpy(tests + COUNT(made_rows), others, sizeof others);
    return cmocka_run_group_tests_name("second reader", tests, open_second, close_second);
}
