/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates that are huge in one place, under a policy that turns on every check of a certificate: both readers and
 * the engine end, take memory that does not depend on the size, and a person hears of it.
 */
#include "core/policy.h"
#include "support/derbuild.h"
#include "x509/reader.h"
#include "x509/second.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__)
#define COUNTS_BY_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COUNTS_BY_SANITIZER 1
#endif
#endif
#ifdef COUNTS_BY_SANITIZER
size_t __sanitizer_get_current_allocated_bytes(void); /* gcc ships no header for it */
#endif

#define O(...)      DER_OCTETS(__VA_ARGS__)
#define COUNT(list) (sizeof(list) / sizeof *(list))

enum {
    NAMES = 500 * 1000,
    NAME_OCTETS = 20 * 1000 * 1000,
    KEY_OCTETS = 2 * 1024 * 1024, /* 16 Mbit */
    SERIAL_OCTETS = 1000 * 1000,
    ATTRIBUTES = 200 * 1000,
    MEMORY_MOST = 1024 * 1024,
    DETAIL_MOST = 16 * 1024,
    SECONDS_MOST = 120, /* a bound, not a measure: with sanitizers on a slow machine */
};

static const struct slice nothing;
static struct second_reader *second;

static size_t allocated(void)
{
#ifdef COUNTS_BY_SANITIZER
    return __sanitizer_get_current_allocated_bytes();
#else
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
#endif
}

static void many_names(struct arena *a, struct recipe *r)
{
    static const char one[] = "\x82\x06h.test";
    enum { EACH = sizeof one - 1 };
    uint8_t *names = arena_alloc(a, (size_t)NAMES * EACH);
    for (size_t i = 0; i < NAMES; i++)
        memcpy(names + i * EACH, one, EACH);
    r->extensions = der_extension(a, 17, nothing, DER(a, DER_SEQUENCE, slice_make(names, (size_t)NAMES * EACH)));
}

static void long_common_name(struct arena *a, struct recipe *r)
{
    r->subject = der_common_name(a, DER_UTF8_STRING, der_fill(a, 'h', NAME_OCTETS));
}

static void large_key(struct arena *a, struct recipe *r)
{
    struct slice oid = DER(a, DER_OID, O(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01));
    struct slice key =
        DER(a, DER_SEQUENCE, DER(a, DER_INTEGER, O(0), der_fill(a, 0xd5, KEY_OCTETS)), DER(a, DER_INTEGER, O(1, 0, 1)));
    r->spki =
        DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, oid, DER_EMPTY(a, DER_NULL)), DER(a, DER_BIT_STRING, O(0), key));
}

static void large_serial(struct arena *a, struct recipe *r)
{
    r->serial = DER(a, DER_INTEGER, der_fill(a, 0x55, SERIAL_OCTETS));
}

static void many_common_names(struct arena *a, struct recipe *r)
{
    struct slice one = DER(a, DER_SET, der_attribute(a, 3, DER_UTF8_STRING, SLICE_LITERAL("h.test")));
    uint8_t *names = arena_alloc(a, ATTRIBUTES * one.n);
    for (size_t i = 0; i < ATTRIBUTES; i++)
        memcpy(names + i * one.n, one.p, one.n);
    r->subject = DER(a, DER_SEQUENCE, slice_make(names, ATTRIBUTES * one.n));
}

static void many_purposes(struct arena *a, struct recipe *r)
{
    struct slice one = DER(a, DER_OID, O(0x2b, 6, 1, 5, 5, 7, 3, 2));
    uint8_t *oids = arena_alloc(a, ATTRIBUTES * one.n);
    for (size_t i = 0; i < ATTRIBUTES; i++)
        memcpy(oids + i * one.n, one.p, one.n);
    r->extensions = der_extension(a, 37, nothing, DER(a, DER_SEQUENCE, slice_make(oids, ATTRIBUTES * one.n)));
}

static void long_purpose(struct arena *a, struct recipe *r)
{
    r->extensions =
        der_extension(a, 37, nothing, DER(a, DER_SEQUENCE, DER(a, DER_OID, der_fill(a, 0x81, SERIAL_OCTETS), O(1))));
}

static void long_algorithm(struct arena *a, struct recipe *r)
{
    r->inner_algorithm = r->outer_algorithm =
        DER(a, DER_SEQUENCE, DER(a, DER_OID, der_fill(a, 0x81, SERIAL_OCTETS), O(1)));
}

static const struct huge {
    const char *name;
    void (*spoil)(struct arena *a, struct recipe *r);
    uint32_t key_bits;
    enum check_id found; /* which check would say so of a smaller one; CHECK_COUNT: none */
} rows[] = {
    {"500,000 alternative names", many_names, 2048, CHECK_SAN_MISMATCH},
    {"a Common Name of 20 MB", long_common_name, 2048, CHECK_CN_MISMATCH},
    {"an RSA key of 16 Mbit", large_key, 8u * KEY_OCTETS, CHECK_COUNT},
    {"a serial number of 1 MB", large_serial, 2048, CHECK_COUNT},
    {"200,000 Common Names", many_common_names, 2048, CHECK_CN_MISMATCH},
    {"200,000 key purposes", many_purposes, 2048, CHECK_EXTENDED_KEY_USAGE},
    {"a key purpose of 1 MB", long_purpose, 2048, CHECK_EXTENDED_KEY_USAGE},
    {"a signature algorithm of 1 MB", long_algorithm, 2048, CHECK_WEAK_SIGNATURE},
};

/* Everything that a certificate can be judged by on its own. */
static size_t judge(struct arena *a, struct slice der, const struct facts *f, enum check_id found,
                    struct finding findings[FINDINGS_MAX])
{
    static const uint8_t server[] = {0x2b, 6, 1, 5, 5, 7, 3, 1}, p256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7};
    static const uint8_t sha256[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b};
    const struct slice purpose = {server, sizeof server}, curve = {p256, sizeof p256},
                       signature = {sha256, sizeof sha256};
    const struct slice issuer = SLICE_LITERAL("CN=Example CA"), anchor = SLICE_LITERAL("cn=ca,dc=example");
    const struct policy policy = {
        .allowed_versions = 1u << 3,
        .name_match = MATCH_CN_AND_SAN,
        .wildcard = true,
        .renew_before = {RENEW_PERCENT, 30},
        .max_validity = {VALIDITY_CABF, 0},
        .min_rsa_bits = 2048,
        .allowed_curves = {&curve, 1},
        .allowed_signatures = {&signature, 1},
        .key_usage = 1,
        .required_ekus = {&purpose, 1},
        .forbidden_ekus = {&purpose, 0},
        .ca_rule = CA_REFUSED,
        .allowed_issuers = {&issuer, 1},
        .trust_anchors = &anchor,
        .trust_anchor_count = 1,
        .check_crl = true,
        .max_values = 1,
        .unique = UNIQUE_HOST_NAME | UNIQUE_KEY | UNIQUE_CERTIFICATE,
    };
    struct host host = host_compile(a, SLICE_LITERAL("h1.example.com"));
    struct check_input in = {
        .policy = &policy, .hosts = &host, .host_count = 1, .der = der, .facts = f, .now_utc = 1750000000};
    bool seen = found == CHECK_COUNT;
    for (int id = 0; id < CHECK_COUNT; id++) {
        const struct check *check = check_get((enum check_id)id);
        struct check_result result = {.answer = ANSWER_MEETS};
        if (!check->is_on(&policy) || check->of_subject)
            continue;
        check_answer(a, &in, check->id, &result);
        seen |= check->id == found && result.answer == ANSWER_VIOLATES;
        assert_true(result.detail.n <= DETAIL_MOST);
        if (check->compared)
            assert_true(check->compared(a, &in).n <= DETAIL_MOST);
    }
    assert_true(seen);
    return check_run(a, &in, findings);
}

static void test_huge(void **state)
{
    const struct huge *row = *state;
    struct arena a = {0}, work = {0};
    struct recipe r;
    struct facts f;
    struct finding findings[FINDINGS_MAX];
    char why[256];
    recipe_everyday(&a, &r);
    row->spoil(&a, &r);
    struct slice der = recipe_build(&a, &r);
    alarm(SECONDS_MOST);
    size_t before = allocated();
    facts_read(der, &f);
    size_t count = judge(&work, der, &f, row->found, findings);
    enum second verdict = second_read(second, der, &f, why, sizeof why);
    size_t after = allocated();
    alarm(0);
    assert_true(f.readable);
    assert_true(f.unusual & UNUSUAL_SIZE);
    assert_int_equal(f.key_bits, row->key_bits);
    assert_true(after < before + MEMORY_MOST);
    assert_true(count > 0);
    assert_int_equal(findings[0].check, CHECK_MALFORMED);
    /* Whoever is not certain does nothing: what the second reader does not take is never acted on. */
    assert_int_equal(verdict, der.n > SECOND_OCTETS_MOST ? SECOND_FAULT : SECOND_AGREES);
    arena_free(&work);
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

int main(void)
{
    struct CMUnitTest tests[COUNT(rows)];
    for (size_t i = 0; i < COUNT(rows); i++)
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name,
            .test_func = test_huge,
            .initial_state = (void *)(uintptr_t)&rows[i], /* which cmocka does not change */
        };
    return cmocka_run_group_tests_name("huge", tests, open_second, close_second);
}
