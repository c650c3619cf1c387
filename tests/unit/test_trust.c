/* SPDX-License-Identifier: Apache-2.0 */
/* Chains, with authorities made for each test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "support/trustworld.h"

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

static void assert_chain(struct trustworld *w, struct slice der, enum chain_answer answer, const char *why)
{
    struct trust out = trustworld_judge(w, der, true, false);
    bool same = slice_eq(out.chain_why, slice_of(why));
    if (out.chain != answer || !same)
        print_message("answer %d: %.*s\n", (int)out.chain, SLICE_ARGS(out.chain_why));
    assert_int_equal(out.chain, answer);
    assert_true(same);
    assert_int_equal(out.revocation, REVOCATION_NOT_ASKED);
}

static void assert_chain_begins(struct trustworld *w, struct slice der, enum chain_answer answer, const char *why)
{
    struct trust out = trustworld_judge(w, der, true, false);
    if (out.chain != answer || !slice_starts(out.chain_why, slice_of(why)))
        print_message("answer %d: %.*s\n", (int)out.chain, SLICE_ARGS(out.chain_why));
    assert_int_equal(out.chain, answer);
    assert_true(slice_starts(out.chain_why, slice_of(why)));
}

static void test_nothing_asked(void **state)
{
    struct trustworld *w = *state;
    struct trust out = trustworld_judge(w, trustworld_leaf(w, "Root"), false, false);
    assert_int_equal(out.chain, CHAIN_NOT_ASKED);
    assert_int_equal(out.revocation, REVOCATION_NOT_ASKED);
}

static void test_verified_by_each_kind_of_key(void **state)
{
    struct trustworld *w = *state;
    static const enum cert_key kinds[] = {CERT_EC_P256, CERT_RSA_2048, CERT_ED25519};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct slice name = arena_format(&w->arena, "Root %zu", i);
        struct cert_options o = trustworld_leaf_options((const char *)name.p);
        o.issuer_key = kinds[i];
        trustworld_root(w, (const char *)name.p, kinds[i]);
        struct slice why = arena_format(&w->arena, "CN=%.*s,O=Example", SLICE_ARGS(name));
        assert_chain(w, cert_make(w->maker, &w->arena, &o), CHAIN_VERIFIED, (const char *)why.p);
    }
}

static void test_verified_over_intermediates(void **state)
{
    struct trustworld *w = *state;
    trustworld_root(w, "Root", CERT_EC_P256);
    trustworld_add_below(w, "Inner", "Root");
    trustworld_add_below(w, "Outer", "Inner");
    assert_chain(w, trustworld_leaf(w, "Outer"), CHAIN_VERIFIED, "CN=Root,O=Example");
}

static void test_anchor_may_be_an_intermediate(void **state)
{
    struct trustworld *w = *state;
    struct cert_options o = trustworld_below(w, "Inner", "Root");
    w->anchors[w->anchor_count++] = cert_make(w->maker, &w->arena, &o);
    assert_chain(w, trustworld_leaf(w, "Inner"), CHAIN_VERIFIED, "CN=Inner,O=Example");
}

static void test_anchor_is_its_own_chain(void **state)
{
    struct trustworld *w = *state;
    assert_chain(w, trustworld_root(w, "Root", CERT_EC_P256), CHAIN_VERIFIED, "CN=Root,O=Example");
}

static void test_pool_alone_trusts_nothing(void **state)
{
    struct trustworld *w = *state;
    trustworld_root(w, "Elsewhere", CERT_EC_P256);
    assert_null(trust_pool_add_certificate(w->pool, cert_authority(w->maker, &w->arena, "Root", CERT_EC_P256)));
    assert_chain(w, trustworld_leaf(w, "Root"), CHAIN_REFUSED, "CN=Root,O=Example is self-signed, and not an anchor");
}

static void test_self_signed(void **state)
{
    struct trustworld *w = *state;
    trustworld_root(w, "Root", CERT_EC_P256);
    assert_chain(w, cert_authority(w->maker, &w->arena, "Lonely", CERT_EC_P256), CHAIN_REFUSED,
                 "self-signed, and not an anchor");
}

static void test_unknown_issuer(void **state)
{
    struct trustworld *w = *state;
    trustworld_root(w, "Root", CERT_EC_P256);
    assert_chain(w, trustworld_leaf(w, "Nobody"), CHAIN_REFUSED,
                 "issued by CN=Nobody,O=Example, and no certificate of that name is known");
}

static void test_signature_of_another_key(void **state)
{
    struct trustworld *w = *state;
    struct cert_options o = trustworld_leaf_options("Root");
    trustworld_root(w, "Root", CERT_EC_P256);
    assert_chain(w, cert_make(w->other, &w->arena, &o), CHAIN_REFUSED,
                 "signed, but the signature does not verify with the key of CN=Root,O=Example");
}

static void test_bent_signature(void **state)
{
    struct trustworld *w = *state;
    static const enum cert_key kinds[] = {CERT_EC_P256, CERT_RSA_2048, CERT_ED25519};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct cert_options o = trustworld_leaf_options((const char *)arena_format(&w->arena, "Root %zu", i).p);
        o.issuer_key = kinds[i];
        trustworld_root(w, o.issuer, kinds[i]);
        assert_chain_begins(w, trustworld_bent(w, cert_make(w->maker, &w->arena, &o)), CHAIN_REFUSED, "signed, but");
    }
}

/* RFC 5280 section 4.1.2.5: both ends belong to the validity period. */
static void test_period_of_authorities(void **state)
{
    struct trustworld *w = *state;
    trustworld_root(w, "Root", CERT_EC_P256);
    struct cert_options o = trustworld_below(w, "Inner", "Root");
    struct slice leaf = trustworld_leaf(w, "Inner");
    trustworld_add(w, &o);
    w->now_utc = o.not_after_utc;
    assert_chain(w, leaf, CHAIN_VERIFIED, "CN=Root,O=Example");
    w->now_utc = o.not_after_utc + 1;
    assert_chain(w, leaf, CHAIN_REFUSED, "CN=Inner,O=Example has expired");
    w->now_utc = o.not_before_utc;
    assert_chain(w, leaf, CHAIN_VERIFIED, "CN=Root,O=Example");
    w->now_utc = o.not_before_utc - 1;
    assert_chain(w, leaf, CHAIN_REFUSED, "CN=Inner,O=Example is not valid yet");
}

static void test_own_period_is_another_check(void **state)
{
    struct trustworld *w = *state;
    trustworld_root(w, "Root", CERT_EC_P256);
    w->now_utc = now + 50 * day;
    assert_chain(w, trustworld_leaf(w, "Root"), CHAIN_VERIFIED, "CN=Root,O=Example");
}

static void add_with_path_length(struct trustworld *w, const char *name, const char *issuer, struct slice value)
{
    struct cert_options o = trustworld_below(w, name, issuer);
    const struct cert_extension basic = {"2.5.29.19", true, value};
    o.basic = CERT_BASIC_NONE;
    o.extensions = &basic;
    o.extension_count = 1;
    trustworld_add(w, &o);
}

static void test_path_length(void **state)
{
    struct trustworld *w = *state;
    trustworld_root(w, "Root", CERT_EC_P256);
    add_with_path_length(w, "Last", "Root", S("\x30\x06\x01\x01\xff\x02\x01\x00"));
    trustworld_add_below(w, "One too many", "Last");
    assert_chain(w, trustworld_leaf(w, "Last"), CHAIN_VERIFIED, "CN=Root,O=Example");
    assert_chain_begins(w, trustworld_leaf(w, "One too many"), CHAIN_REFUSED,
                        "CN=Last,O=Example allows fewer authorities below it");
}

static void test_not_an_authority(void **state)
{
    struct trustworld *w = *state;
    struct cert_options o[] = {trustworld_below(w, "End", "Root"), trustworld_below(w, "Bare", "Root"),
                               trustworld_below(w, "Idle", "Root"), trustworld_below(w, "Old", "Root")};
    trustworld_root(w, "Root", CERT_EC_P256);
    o[0].basic = CERT_BASIC_END_ENTITY;
    o[1].basic = CERT_BASIC_NONE;
    o[2].key_usage = CERT_CRL_SIGN;
    o[3] = (struct cert_options){.version = 1,
                                 .issuer = "Root",
                                 .not_before_utc = now - day,
                                 .not_after_utc = now + day,
                                 .organisation = "Example",
                                 .common_names = o[3].common_names,
                                 .common_name_count = 1,
                                 .key_id = o[3].key_id};
    for (size_t i = 0; i < COUNT(o); i++)
        trustworld_add(w, &o[i]);
    assert_chain_begins(w, trustworld_leaf(w, "End"), CHAIN_REFUSED,
                        "CN=End,O=Example is not the certificate of an authority");
    assert_chain_begins(w, trustworld_leaf(w, "Bare"), CHAIN_REFUSED,
                        "CN=Bare,O=Example is not the certificate of an auth");
    assert_chain_begins(w, trustworld_leaf(w, "Idle"), CHAIN_REFUSED, "CN=Idle,O=Example may not sign certificates");
    assert_chain_begins(w, trustworld_leaf(w, "Old"), CHAIN_REFUSED,
                        "CN=Old,O=Example is not the certificate of an authority");
}

static void test_anchor_of_version_1(void **state)
{
    struct trustworld *w = *state;
    static const char *const issuers[] = {"Old", "Older"}; /* self-signed, and an intermediate */
    for (size_t i = 0; i < COUNT(issuers); i++) {
        struct cert_options o = trustworld_below(w, "Old", issuers[i]);
        o.version = 1;
        o.key_usage = 0;
        o.basic = CERT_BASIC_NONE;
        w->anchors[0] = cert_make(w->maker, &w->arena, &o);
        w->anchor_count = 1;
        assert_chain(w, trustworld_leaf(w, "Old"), CHAIN_VERIFIED, "CN=Old,O=Example");
    }
}

static void test_name_constraints(void **state)
{
    struct trustworld *w = *state;
    /* permittedSubtrees: dNSName example.com */
    const struct cert_extension constraints = {"2.5.29.30", true,
                                               S("\x30\x11\xa0\x0f\x30\x0d\x82\x0b"
                                                 "example.com")};
    static const struct cert_name foreign = CERT_DNS("h1.example.org");
    struct cert_options inner = trustworld_below(w, "Inner", "Root"), leaf = trustworld_leaf_options("Inner");
    trustworld_root(w, "Root", CERT_EC_P256);
    inner.extensions = &constraints;
    inner.extension_count = 1;
    trustworld_add(w, &inner);
    assert_chain(w, trustworld_leaf(w, "Inner"), CHAIN_VERIFIED, "CN=Root,O=Example");
    leaf.names = &foreign;
    assert_chain_begins(w, cert_make(w->maker, &w->arena, &leaf), CHAIN_REFUSED,
                        "the certificate is outside the name constraints");
}

static void test_critical_extensions(void **state)
{
    struct trustworld *w = *state;
    static const struct {
        const char *oid;
        bool critical;
        enum chain_answer answer;
    } rows[] = {{"1.2.3.4", true, CHAIN_REFUSED},
                {"1.2.3.4", false, CHAIN_VERIFIED},
                {"1.3.6.1.4.1.311.25.2", true, CHAIN_VERIFIED},
                {"1.3.6.1.4.1.311.21.10", true, CHAIN_REFUSED}, /* without extKeyUsage it alone says the purposes */
                {"1.3.6.1.4.1.11129.2.4.3", true, CHAIN_REFUSED}};
    trustworld_root(w, "Root", CERT_EC_P256);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct cert_extension e = {rows[i].oid, rows[i].critical, S("\x05\x00")};
        struct cert_options o = trustworld_leaf_options("Root");
        o.extensions = &e;
        o.extension_count = 1;
        struct trust out = trustworld_judge(w, cert_make(w->maker, &w->arena, &o), true, false);
        if (out.chain != rows[i].answer)
            fail_msg("%s: %d %.*s", rows[i].oid, (int)out.chain, SLICE_ARGS(out.chain_why));
    }
}

/* Neither leads the other's certificates astray, whichever comes first. */
static void test_two_authorities_of_one_name(void **state)
{
    struct trustworld *w = *state;
    struct cert_options o = trustworld_leaf_options("Root");
    struct slice mine = trustworld_leaf(w, "Root"), theirs = cert_make(w->other, &w->arena, &o);
    assert_null(trust_pool_add_certificate(w->pool, cert_authority(w->other, &w->arena, "Root", CERT_EC_P256)));
    trustworld_root(w, "Root", CERT_EC_P256);
    assert_chain(w, mine, CHAIN_VERIFIED, "CN=Root,O=Example");
    assert_chain(w, theirs, CHAIN_REFUSED, "CN=Root,O=Example is self-signed, and not an anchor");
    w->anchors[0] = cert_authority(w->other, &w->arena, "Root", CERT_EC_P256);
    assert_chain(w, theirs, CHAIN_VERIFIED, "CN=Root,O=Example");
    assert_chain(w, mine, CHAIN_REFUSED, "CN=Root,O=Example is self-signed, and not an anchor");
}

static void test_cross_signed(void **state)
{
    struct trustworld *w = *state;
    struct cert_options expired = trustworld_below(w, "Inner", "New root");
    trustworld_root(w, "Old root", CERT_EC_P256);
    expired.not_after_utc = now - day;
    trustworld_add(w, &expired);
    trustworld_add_below(w, "Inner", "New root");
    trustworld_add_below(w, "Inner", "Old root");
    assert_null(trust_pool_add_certificate(w->pool, cert_authority(w->maker, &w->arena, "Inner", CERT_EC_P256)));
    struct slice leaf = trustworld_leaf(w, "Inner");
    assert_chain(w, leaf, CHAIN_VERIFIED, "CN=Old root,O=Example");
    w->anchors[0] = cert_authority(w->maker, &w->arena, "New root", CERT_EC_P256);
    assert_chain(w, leaf, CHAIN_VERIFIED, "CN=New root,O=Example");
}

static void test_loop(void **state)
{
    struct trustworld *w = *state;
    trustworld_root(w, "Root", CERT_EC_P256);
    trustworld_add_below(w, "Hen", "Egg");
    trustworld_add_below(w, "Egg", "Hen");
    assert_chain_begins(w, trustworld_leaf(w, "Hen"), CHAIN_REFUSED,
                        "CN=Egg,O=Example is issued by CN=Hen,O=Example, which");
    trustworld_add_below(w, "Egg", "Root");
    assert_chain(w, trustworld_leaf(w, "Hen"), CHAIN_VERIFIED, "CN=Root,O=Example");
}

static void test_undecided(void **state)
{
    struct trustworld *w = *state;
    struct slice leaf = trustworld_leaf(w, "Root");
    assert_chain(w, leaf, CHAIN_UNDECIDED, "none of the policy's anchors could be read");
    assert_chain(w, S("garbage"), CHAIN_UNDECIDED, "the certificate cannot be read");
    trustworld_root(w, "Elsewhere", CERT_EC_P256);
    w->anchors[w->anchor_count++] = S("garbage");
    assert_chain(w, leaf, CHAIN_UNDECIDED, "not all of the policy's anchors could be read");
    trustworld_root(w, "Root", CERT_EC_P256);
    assert_chain(w, leaf, CHAIN_VERIFIED, "CN=Root,O=Example");
}

/* Ed25519's OID becomes that of an algorithm that nobody has. */
static void test_unknown_algorithm(void **state)
{
    struct trustworld *w = *state;
    struct cert_options o = trustworld_leaf_options("Root");
    static const uint8_t oid[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
    trustworld_root(w, "Root", CERT_ED25519);
    o.issuer_key = CERT_ED25519;
    struct slice leaf = arena_copy(&w->arena, cert_make(w->maker, &w->arena, &o));
    unsigned found = 0;
    for (size_t i = 0; i + sizeof oid <= leaf.n; i++)
        if (memcmp(leaf.p + i, oid, sizeof oid) == 0) {
            ((uint8_t *)(uintptr_t)leaf.p)[i + 4] = 0x7f;
            found++;
        }
    assert_int_equal(found, 2);
    assert_chain(w, leaf, CHAIN_UNDECIDED,
                 "issued by CN=Root,O=Example, with a signature algorithm or key that cannot be "
                 "verified here");
}

static void test_refused_by_the_pool(void **state)
{
    struct trustworld *w = *state;
    struct slice good = cert_authority(w->maker, &w->arena, "Root", CERT_EC_P256);
    struct slice longer = arena_format(&w->arena, "%.*s", 0, "");
    uint8_t *more = arena_alloc(&w->arena, good.n + 1);
    memcpy(more, good.p, good.n);
    longer = slice_make(more, good.n + 1);
    assert_non_null(trust_pool_add_certificate(w->pool, S("")));
    assert_non_null(trust_pool_add_certificate(w->pool, longer));
    assert_non_null(trust_pool_add_crl(w->pool, good));
    assert_non_null(trust_pool_add_crl(w->pool, S("")));
    assert_null(trust_pool_add_certificate(w->pool, good));
    assert_null(trust_pool_add_certificate(w->pool, good));
    /* what is too large may have been the missing one */
    uint8_t *large = arena_alloc(&w->arena, TRUST_CERTIFICATE_OCTETS + 1);
    assert_string_equal(trust_pool_add_certificate(w->pool, slice_make(large, TRUST_CERTIFICATE_OCTETS + 1)),
                        "too large");
    trustworld_root(w, "Elsewhere", CERT_EC_P256);
    assert_chain_begins(w, trustworld_leaf(w, "Nobody"), CHAIN_UNDECIDED,
                        "issued by CN=Nobody,O=Example, and no certificate");
}

/* As many certificates as a pool takes, all of one name: some share a key, some have one each. */
static void test_crowd(void **state)
{
    struct trustworld *w = *state;
    trustworld_root(w, "Root", CERT_EC_P256);
    struct slice leaf = trustworld_leaf(w, "Crowd"), stranger;
    struct cert_options o = trustworld_below(w, "Crowd", "Crowd"), theirs = trustworld_leaf_options("Crowd");
    const char *own_key = o.key_id;
    stranger = cert_make(w->other, &w->arena, &theirs);
    for (unsigned i = 0; i < TRUST_CERTIFICATES - 8; i++) {
        struct arena_mark mark = arena_mark(&w->arena);
        o.key_id = i % 2 ? own_key : (const char *)arena_format(&w->arena, "key %u", i % 64).p;
        trustworld_add(w, &o);
        arena_reset(&w->arena, mark);
    }
    clock_t start = clock();
    assert_int_equal(trustworld_judge(w, leaf, true, false).chain, CHAIN_UNDECIDED);
    clock_t first = clock();
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(trustworld_judge(w, leaf, true, false).chain, CHAIN_UNDECIDED);
    print_message("%d certificates of one name: %.1f ms for the first question, then %.2f ms each\n",
                  TRUST_CERTIFICATES, (double)(first - start) * 1e3 / CLOCKS_PER_SEC,
                  (double)(clock() - first) * 1e3 / CLOCKS_PER_SEC / 10);
    assert_int_equal(trustworld_judge(w, stranger, true, false).chain, CHAIN_UNDECIDED);
    /* among all of them, the anchor is found */
    trustworld_root(w, "Crowd", CERT_EC_P256);
    assert_chain(w, leaf, CHAIN_VERIFIED, "CN=Crowd,O=Example");
}

/* Each signed by each: ways without number, and none to an anchor. */
static void test_web(void **state)
{
    struct trustworld *w = *state;
    enum { NODES = 12 };
    char names[NODES][8];
    trustworld_root(w, "Root", CERT_EC_P256);
    for (unsigned i = 0; i < NODES; i++)
        snprintf(names[i], sizeof names[i], "N%u", i);
    for (unsigned i = 0; i < NODES; i++)
        for (unsigned j = 0; j < NODES; j++)
            if (i != j)
                trustworld_add_below(w, names[i], names[j]);
    assert_int_equal(trustworld_judge(w, trustworld_leaf(w, "N0"), true, false).chain, CHAIN_UNDECIDED);
}

#define TRUST_TEST(name) cmocka_unit_test_setup_teardown(name, trustworld_open, trustworld_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUST_TEST(test_nothing_asked),
        TRUST_TEST(test_verified_by_each_kind_of_key),
        TRUST_TEST(test_verified_over_intermediates),
        TRUST_TEST(test_anchor_may_be_an_intermediate),
        TRUST_TEST(test_anchor_is_its_own_chain),
        TRUST_TEST(test_pool_alone_trusts_nothing),
        TRUST_TEST(test_self_signed),
        TRUST_TEST(test_unknown_issuer),
        TRUST_TEST(test_signature_of_another_key),
        TRUST_TEST(test_bent_signature),
        TRUST_TEST(test_period_of_authorities),
        TRUST_TEST(test_own_period_is_another_check),
        TRUST_TEST(test_path_length),
        TRUST_TEST(test_not_an_authority),
        TRUST_TEST(test_anchor_of_version_1),
        TRUST_TEST(test_name_constraints),
        TRUST_TEST(test_critical_extensions),
        TRUST_TEST(test_two_authorities_of_one_name),
        TRUST_TEST(test_cross_signed),
        TRUST_TEST(test_loop),
        TRUST_TEST(test_undecided),
        TRUST_TEST(test_unknown_algorithm),
        TRUST_TEST(test_refused_by_the_pool),
        TRUST_TEST(test_crowd),
        TRUST_TEST(test_web),
    };
    return cmocka_run_group_tests_name("chains", tests, NULL, NULL);
}
