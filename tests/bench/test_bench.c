/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark's certificates are what it says they are: otherwise its figures would be about something else. */
#include "bench/certificates.h"

#include "base/digest.h"
#include "core/subject.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { SERVERS = 200, NOW = 1798761600 /* 2027-01-01 */ };

struct world {
    struct bench_authority *authority;
    struct arena arena;
};

static int enter(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    w->authority = bench_authority_new(1);
    *state = w;
    return 0;
}

static int leave(void **state)
{
    struct world *w = *state;
    bench_authority_free(w->authority);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static const struct policy policy = {.allowed_versions = 1u << 3,
                                     .name_match = MATCH_CN_OR_SAN,
                                     .wildcard = true,
                                     .min_rsa_bits = 2048,
                                     .ca_rule = CA_REFUSED};

/* The only finding, or CHECK_COUNT where there is none. */
static enum check_id judge(struct world *w, unsigned server, struct slice der)
{
    struct host host = host_compile(&w->arena, bench_host(&w->arena, server));
    struct subject subject = {.policy = &policy, .hosts = &host, .host_count = 1};
    struct certificate c = {.der = der};
    facts_read(der, &c.facts);
    assert_true(c.facts.readable);
    assert_null(c.facts.malformed);
    assert_int_equal(c.facts.unusual, 0);
    subject_judge_certificate(&w->arena, &subject, &c, NOW);
    assert_in_range(c.finding_count, 0, 1);
    return c.finding_count ? c.findings[0].check : CHECK_COUNT;
}

static void test_each_kind_has_its_one_finding(void **state)
{
    static const enum check_id expected[] = {[BENCH_GOOD] = CHECK_COUNT,
                                             [BENCH_VERSION_1] = CHECK_VERSION,
                                             [BENCH_OTHER_NAME] = CHECK_CN_MISMATCH,
                                             [BENCH_OTHER_SAN] = CHECK_SAN_MISMATCH,
                                             [BENCH_EXPIRED] = CHECK_EXPIRED};
    struct world *w = *state;
    for (unsigned i = 0; i < SERVERS; i++)
        for (enum bench_kind kind = BENCH_GOOD; kind <= BENCH_EXPIRED; kind++)
            assert_int_equal(judge(w, i, bench_certificate(w->authority, &w->arena, i, kind)), expected[kind]);
}

static void test_signatures_are_right(void **state)
{
    struct world *w = *state;
    struct slice key = bench_authority_key(w->authority);
    const unsigned char *at = key.p;
    EVP_PKEY *public_key = d2i_PUBKEY(NULL, &at, (long)key.n);
    assert_non_null(public_key);
    for (unsigned i = 0; i < SERVERS; i++) {
        struct slice der = bench_certificate(w->authority, &w->arena, i, bench_kind_of(i, 50));
        at = der.p;
        X509 *x = d2i_X509(NULL, &at, (long)der.n);
        assert_non_null(x);
        assert_int_equal(X509_verify(x, public_key), 1);
        assert_int_equal(X509_get_extension_flags(x) & EXFLAG_INVALID, 0);
        X509_free(x);
    }
    EVP_PKEY_free(public_key);
}

/* Of a thousand servers the stated share violates, each kind as often as the others. */
static void test_the_share_is_as_stated(void **state)
{
    unsigned kinds[BENCH_EXPIRED + 1] = {0};
    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        kinds[bench_kind_of(i, 4)]++;
    assert_int_equal(kinds[BENCH_GOOD], 960);
    for (enum bench_kind kind = BENCH_VERSION_1; kind <= BENCH_EXPIRED; kind++)
        assert_int_equal(kinds[kind], 10);
}

static struct digest digest_of_some(struct world *w, unsigned seed)
{
    struct bench_authority *b = bench_authority_new(seed);
    uint8_t all[32 * DIGEST_OCTETS];
    for (unsigned i = 0; i < 32; i++) {
        struct digest d = digest_of(bench_certificate(b, &w->arena, i, bench_kind_of(i, 17)));
        memcpy(all + (size_t)i * DIGEST_OCTETS, d.octets, DIGEST_OCTETS);
    }
    bench_authority_free(b);
    return digest_of(slice_make(all, sizeof all));
}

static void test_the_seed_decides_each_octet(void **state)
{
    struct world *w = *state;
    struct digest first = digest_of_some(w, 1), again = digest_of_some(w, 1), other = digest_of_some(w, 2);
    assert_true(digest_eq(&first, &again));
    assert_false(digest_eq(&first, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_has_its_one_finding),
        cmocka_unit_test(test_signatures_are_right),
        cmocka_unit_test(test_the_share_is_as_stated),
        cmocka_unit_test(test_the_seed_decides_each_octet),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
