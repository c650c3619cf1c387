/* SPDX-License-Identifier: Apache-2.0 */
/* The maker of test certificates, held to what OpenSSL reads in what it makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "support/certmaker.h"

struct fixture {
    struct arena arena;
    struct certmaker *maker;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    if (!f)
        return -1;
    f->maker = certmaker_new(NULL);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    certmaker_free(f->maker);
    arena_free(&f->arena);
    free(f);
    return 0;
}

static X509 *read_whole(struct slice der)
{
    const unsigned char *p = der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    assert_non_null(x);
    assert_ptr_equal(p, der.p + der.n);
    return x;
}

static X509 *make(struct fixture *f, const struct cert_options *o)
{
    return read_whole(cert_make(f->maker, &f->arena, o));
}

static bool is_signed_by(struct fixture *f, X509 *x, const char *authority, enum cert_key kind)
{
    X509 *ca = read_whole(cert_authority(f->maker, &f->arena, authority, kind));
    bool ok = X509_verify(x, X509_get0_pubkey(ca)) == 1 && X509_verify(ca, X509_get0_pubkey(ca)) == 1 &&
              X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(ca)) == 0 && X509_check_ca(ca) == 1;
    X509_free(ca);
    return ok;
}

static void test_versions(void **state)
{
    static const struct {
        int asked;
        long read; /* as OpenSSL counts: version 1 is 0 */
    } rows[] = {{0, 2}, {1, 0}, {2, 1}, {3, 2}, {10, 9}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        X509 *x = make(*state, &(struct cert_options){.version = rows[i].asked});
        assert_int_equal(X509_get_version(x), rows[i].read);
        assert_true(is_signed_by(*state, x, "Sample CA", CERT_EC_P256));
        X509_free(x);
    }
}

static void test_common_names_keep_order_type_and_octets(void **state)
{
    static const struct cert_text names[] = {CERT_CN("first"), CERT_CN("nul\0inside"),
                                             {DER_BMP_STRING, CERT_OCTETS("\0a\0b")},
                                             {DER_TELETEX_STRING, CERT_OCTETS("\xe4")}};
    static const int types[] = {V_ASN1_UTF8STRING, V_ASN1_UTF8STRING, V_ASN1_BMPSTRING, V_ASN1_T61STRING};
    X509 *x = make(*state, &(struct cert_options){.organisation = "Example", .common_names = names,
                                                  .common_name_count = 4});
    const X509_NAME *subject = X509_get_subject_name(x);
    assert_int_equal(X509_NAME_entry_count(subject), 5);
    for (int i = 0; i < 4; i++) {
        const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i + 1));
        assert_int_equal(ASN1_STRING_type(s), types[i]);
        assert_int_equal(ASN1_STRING_length(s), names[i].octets.n);
        assert_memory_equal(ASN1_STRING_get0_data(s), names[i].octets.p, names[i].octets.n);
    }
    X509_free(x);
}

static void test_alternative_names(void **state)
{
    static const struct cert_name names[] = {CERT_DNS("www.example.com"), CERT_IP("\xc0\x00\x02\x01"),
                                             CERT_EMAIL("a@example.com"), CERT_URI("ldap://h/"),
                                             CERT_DNS("nul\0.example.com")};
    static const int types[] = {GEN_DNS, GEN_IPADD, GEN_EMAIL, GEN_URI, GEN_DNS};
    X509 *x = make(*state, &(struct cert_options){.names = names, .name_count = 5});
    int critical = -1;
    GENERAL_NAMES *san = X509_get_ext_d2i(x, NID_subject_alt_name, &critical, NULL);
    assert_non_null(san);
    assert_int_equal(critical, 1); /* the subject is empty */
    assert_int_equal(sk_GENERAL_NAME_num(san), 5);
    for (int i = 0; i < 5; i++) {
        int type;
        const ASN1_STRING *s = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(san, i), &type);
        assert_int_equal(type, types[i]);
        assert_int_equal(ASN1_STRING_length(s), names[i].octets.n);
        assert_memory_equal(ASN1_STRING_get0_data(s), names[i].octets.p, names[i].octets.n);
    }
    GENERAL_NAMES_free(san);
    X509_free(x);
}

static void test_usages_and_constraints(void **state)
{
    static const char *const ekus[] = {CERT_SERVER_AUTH, CERT_CLIENT_AUTH};
    X509 *x = make(*state, &(struct cert_options){.ekus = ekus, .eku_count = 2, .basic = CERT_BASIC_END_ENTITY,
                                                  .key_usage = CERT_DIGITAL_SIGNATURE | CERT_CRL_SIGN});
    assert_int_equal(X509_check_purpose(x, -1, 0), 1);
    assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_SERVER | XKU_SSL_CLIENT);
    assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE | KU_CRL_SIGN);
    assert_int_equal(X509_check_ca(x), 0);
    assert_int_equal(X509_get_ext_count(x), 3);
    assert_int_equal(X509_get_extension_flags(x) & EXFLAG_INVALID, 0);
    X509_free(x);
}

static void test_no_extensions_unless_asked_for(void **state)
{
    X509 *x = make(*state, &(struct cert_options){0});
    assert_int_equal(X509_get_ext_count(x), 0);
    X509_free(x);
}

static void test_raw_extensions_as_they_stand(void **state)
{
    static const struct cert_name names[] = {CERT_DNS("www.example.com")};
    static const struct cert_extension raw[] = {{"2.5.29.17", false, CERT_OCTETS("\x30\x20\x82")},
                                                {"1.2.3.4", true, CERT_OCTETS("\x05\x00")}};
    X509 *once = make(*state, &(struct cert_options){.extensions = raw, .extension_count = 2});
    int critical = -9;
    assert_null(X509_get_ext_d2i(once, NID_subject_alt_name, &critical, NULL));
    assert_int_equal(critical, 0); /* there, and it does not decode */
    assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(once, 1)), 1);
    X509_free(once);
    X509 *twice = make(*state, &(struct cert_options){.names = names, .name_count = 1, .extensions = raw,
                                                      .extension_count = 1});
    assert_null(X509_get_ext_d2i(twice, NID_subject_alt_name, &critical, NULL));
    assert_int_equal(critical, -2); /* there twice */
    X509_free(twice);
}

static void test_serial_numbers(void **state)
{
    static const uint8_t octets[20] = {0x7f, 1, 2, 3};
    X509 *given = make(*state, &(struct cert_options){.serial = slice_make(octets, sizeof octets)});
    X509 *first = make(*state, &(struct cert_options){0}), *second = make(*state, &(struct cert_options){0});
    assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(given)), 20);
    assert_memory_equal(ASN1_STRING_get0_data(X509_get0_serialNumber(given)), octets, 20);
    assert_int_equal(ASN1_INTEGER_get(X509_get0_serialNumber(first)), 1000);
    assert_int_equal(ASN1_INTEGER_get(X509_get0_serialNumber(second)), 1001);
    X509_free(given);
    X509_free(first);
    X509_free(second);
}

static void test_times(void **state)
{
    static const struct {
        int64_t at_utc;
        const char *text;
        int type;
    } rows[] = {
        {0, "700101000000Z", V_ASN1_UTCTIME},
        {-631152000, "500101000000Z", V_ASN1_UTCTIME},
        {-631152001, "19491231235959Z", V_ASN1_GENERALIZEDTIME},
        {2524607999, "491231235959Z", V_ASN1_UTCTIME},
        {2524608000, "20500101000000Z", V_ASN1_GENERALIZEDTIME},
        {253402300799, "99991231235959Z", V_ASN1_GENERALIZEDTIME},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        X509 *x = make(*state, &(struct cert_options){.not_before_utc = 1, .not_after_utc = rows[i].at_utc});
        const ASN1_TIME *t = X509_get0_notAfter(x);
        assert_int_equal(ASN1_STRING_type(t), rows[i].type);
        assert_int_equal(ASN1_STRING_length(t), strlen(rows[i].text));
        assert_memory_equal(ASN1_STRING_get0_data(t), rows[i].text, strlen(rows[i].text));
        X509_free(x);
    }
}

static bool same_key(struct fixture *f, const struct cert_options *one, const struct cert_options *other)
{
    X509 *a = make(f, one), *b = make(f, other);
    bool same = EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)) == 1;
    X509_free(a);
    X509_free(b);
    return same;
}

static void test_keys(void **state)
{
    const struct cert_options one = {.key_id = "one"}, other = {.key_id = "other"}, none = {0};
    assert_true(same_key(*state, &one, &one));
    assert_false(same_key(*state, &one, &other));
    assert_false(same_key(*state, &none, &none));
    static const int kinds[] = {[CERT_EC_P256] = EVP_PKEY_EC, [CERT_RSA_2048] = EVP_PKEY_RSA,
                                [CERT_ED25519] = EVP_PKEY_ED25519};
    for (int kind = CERT_EC_P256; kind <= CERT_ED25519; kind++) {
        X509 *x = make(*state, &(struct cert_options){.key = (enum cert_key)kind, .issuer = "Another CA",
                                                      .issuer_key = (enum cert_key)kind});
        assert_int_equal(EVP_PKEY_get_base_id(X509_get0_pubkey(x)), kinds[kind]);
        assert_true(is_signed_by(*state, x, "Another CA", (enum cert_key)kind));
        assert_false(is_signed_by(*state, x, "Sample CA", (enum cert_key)kind));
        X509_free(x);
    }
}

static void test_long_content(void **state)
{
    struct fixture *f = *state;
    uint8_t *text = arena_alloc(&f->arena, 70000);
    memset(text, 'x', 70000);
    const struct cert_text name = {0, slice_make(text, 70000)};
    X509 *x = make(f, &(struct cert_options){.common_names = &name, .common_name_count = 1});
    const X509_NAME_ENTRY *e = X509_NAME_get_entry(X509_get_subject_name(x), 0);
    assert_int_equal(ASN1_STRING_length(X509_NAME_ENTRY_get_data(e)), 70000);
    X509_free(x);
}

static void test_authorities_are_found_again(void **state)
{
    struct fixture *f = *state;
    const char *tmp = getenv("TMPDIR");
    char *folder = (char *)(uintptr_t)arena_format(&f->arena, "%s/certmaker-XXXXXX", tmp && *tmp ? tmp : "/tmp").p;
    assert_non_null(mkdtemp(folder));
    struct certmaker *before = certmaker_new(folder), *after;
    X509 *x = read_whole(cert_make(before, &f->arena, &(struct cert_options){.issuer = "Kept CA"}));
    certmaker_free(before);
    after = certmaker_new(folder);
    X509 *ca = read_whole(cert_authority(after, &f->arena, "Kept CA", CERT_EC_P256));
    assert_int_equal(X509_verify(x, X509_get0_pubkey(ca)), 1);
    certmaker_free(after);
    X509_free(x);
    X509_free(ca);
    struct slice key = arena_format(&f->arena, "%s/authority-kept-ca-0.pem", folder);
    assert_int_equal(unlink((const char *)key.p), 0);
    assert_int_equal(rmdir(folder), 0); /* a subject's key is not kept */
}

static void test_hundreds_a_second(void **state)
{
    struct fixture *f = *state;
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    for (int i = 0; i < 500; i++)
        cert_make(f->maker, &f->arena, &(struct cert_options){.key_id = "shared"});
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    print_message("500 certificates in %.3f s of processor time\n", seconds);
    assert_true(seconds < 2.5);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_versions),
        TEST(test_common_names_keep_order_type_and_octets),
        TEST(test_alternative_names),
        TEST(test_usages_and_constraints),
        TEST(test_no_extensions_unless_asked_for),
        TEST(test_raw_extensions_as_they_stand),
        TEST(test_serial_numbers),
        TEST(test_times),
        TEST(test_keys),
        TEST(test_long_content),
        TEST(test_authorities_are_found_again),
        TEST(test_hundreds_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
