/* SPDX-License-Identifier: Apache-2.0 */
/* Chains and CRLs with authorities made for each test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/certmaker.h"
#include "x509/reader.h"
#include "x509/trust.h"

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

enum { ANCHORS_MOST = 4 };
static const int64_t now = 1767225600, day = 86400; /* 2026-01-01 */

struct world {
    struct arena arena;
    struct certmaker *maker, *other; /* authorities of the same names, with other keys */
    struct trust_pool *pool;
    struct slice anchors[ANCHORS_MOST];
    size_t anchor_count;
    int64_t now_utc, crl_max_age_s;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct fault fault = {""};
    *state = w;
    if (!w || trust_pool_open(&w->pool, &fault) != RC_OK)
        return -1;
    w->maker = certmaker_new(NULL);
    w->other = certmaker_new(NULL);
    w->now_utc = now;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    trust_pool_close(w->pool);
    certmaker_free(w->maker);
    certmaker_free(w->other);
    arena_free(&w->arena);
    free(w);
    return 0;
}

/* A root in the pool of anchors. */
static struct slice add_root(struct world *w, const char *name, enum cert_key key)
{
    struct slice der = cert_authority(w->maker, &w->arena, name, key);
    w->anchors[w->anchor_count++] = der;
    return der;
}

/* What an authority `name` below `issuer` has; tests change it before they make it. */
static struct cert_options below(struct world *w, const char *name, const char *issuer)
{
    struct cert_text *common_name = ARENA_NEW(&w->arena, struct cert_text);
    common_name->octets = slice_of(name);
    (void)cert_authority(w->maker, &w->arena, name, CERT_EC_P256); /* so that it has a key */
    return (struct cert_options){
        .issuer = issuer,
        .not_before_utc = now - 100 * day,
        .not_after_utc = now + 100 * day,
        .organisation = "Example",
        .common_names = common_name,
        .common_name_count = 1,
        .key_id = (const char *)arena_format(&w->arena, "authority %s", name).p,
        .key_usage = CERT_KEY_CERT_SIGN | CERT_CRL_SIGN,
        .basic = CERT_BASIC_CA,
    };
}

static void add(struct world *w, const struct cert_options *o)
{
    assert_null(trust_pool_add_certificate(w->pool, cert_make(w->maker, &w->arena, o)));
}

static void add_below(struct world *w, const char *name, const char *issuer)
{
    struct cert_options o = below(w, name, issuer);
    add(w, &o);
}

static const struct cert_text leaf_name = CERT_CN("h1.example.com");
static const struct cert_name leaf_alternative = CERT_DNS("h1.example.com");

static struct cert_options leaf_options(const char *issuer)
{
    return (struct cert_options){
        .issuer = issuer,
        .serial = S("\x12\x34"),
        .not_before_utc = now - day,
        .not_after_utc = now + day,
        .common_names = &leaf_name,
        .common_name_count = 1,
        .names = &leaf_alternative,
        .name_count = 1,
    };
}

static struct slice leaf_of(struct world *w, const char *issuer)
{
    struct cert_options o = leaf_options(issuer);
    return cert_make(w->maker, &w->arena, &o);
}

static struct trust judge(struct world *w, struct slice der, bool asks_chain, bool asks_crl)
{
    struct trust_anchors *t = NULL;
    struct fault fault = {""};
    struct facts f;
    struct trust out;
    facts_read(der, &f);
    if (asks_chain)
        assert_int_equal(trust_anchors_open(w->pool, w->anchors, w->anchor_count, &t, &fault), RC_OK);
    trust_judge(w->pool, &w->arena,
                &(struct trust_question){.der = der,
                                         .facts = &f,
                                         .anchors = t,
                                         .asks_crl = asks_crl,
                                         .crl_max_age_s = w->crl_max_age_s,
                                         .now_utc = w->now_utc},
                &out);
    assert_int_equal(ERR_peek_error(), 0);
    trust_anchors_close(t);
    return out;
}

static void assert_chain(struct world *w, struct slice der, enum chain_answer answer, const char *why)
{
    struct trust out = judge(w, der, true, false);
    bool same = slice_eq(out.chain_why, slice_of(why));
    if (out.chain != answer || !same)
        print_message("answer %d: %.*s\n", (int)out.chain, SLICE_ARGS(out.chain_why));
    assert_int_equal(out.chain, answer);
    assert_true(same);
    assert_int_equal(out.revocation, REVOCATION_NOT_ASKED);
}

static void assert_chain_begins(struct world *w, struct slice der, enum chain_answer answer, const char *why)
{
    struct trust out = judge(w, der, true, false);
    if (out.chain != answer || !slice_starts(out.chain_why, slice_of(why)))
        print_message("answer %d: %.*s\n", (int)out.chain, SLICE_ARGS(out.chain_why));
    assert_int_equal(out.chain, answer);
    assert_true(slice_starts(out.chain_why, slice_of(why)));
}

static void test_nothing_asked(void **state)
{
    struct world *w = *state;
    struct trust out = judge(w, leaf_of(w, "Root"), false, false);
    assert_int_equal(out.chain, CHAIN_NOT_ASKED);
    assert_int_equal(out.revocation, REVOCATION_NOT_ASKED);
}

static void test_verified_by_each_kind_of_key(void **state)
{
    struct world *w = *state;
    static const enum cert_key kinds[] = {CERT_EC_P256, CERT_RSA_2048, CERT_ED25519};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct slice name = arena_format(&w->arena, "Root %zu", i);
        struct cert_options o = leaf_options((const char *)name.p);
        o.issuer_key = kinds[i];
        add_root(w, (const char *)name.p, kinds[i]);
        struct slice why = arena_format(&w->arena, "CN=%.*s,O=Example", SLICE_ARGS(name));
        assert_chain(w, cert_make(w->maker, &w->arena, &o), CHAIN_VERIFIED, (const char *)why.p);
    }
}

static void test_verified_over_intermediates(void **state)
{
    struct world *w = *state;
    add_root(w, "Root", CERT_EC_P256);
    add_below(w, "Inner", "Root");
    add_below(w, "Outer", "Inner");
    assert_chain(w, leaf_of(w, "Outer"), CHAIN_VERIFIED, "CN=Root,O=Example");
}

static void test_anchor_may_be_an_intermediate(void **state)
{
    struct world *w = *state;
    struct cert_options o = below(w, "Inner", "Root");
    w->anchors[w->anchor_count++] = cert_make(w->maker, &w->arena, &o);
    assert_chain(w, leaf_of(w, "Inner"), CHAIN_VERIFIED, "CN=Inner,O=Example");
}

static void test_anchor_is_its_own_chain(void **state)
{
    struct world *w = *state;
    assert_chain(w, add_root(w, "Root", CERT_EC_P256), CHAIN_VERIFIED, "CN=Root,O=Example");
}

static void test_pool_alone_trusts_nothing(void **state)
{
    struct world *w = *state;
    add_root(w, "Elsewhere", CERT_EC_P256);
    assert_null(trust_pool_add_certificate(w->pool, cert_authority(w->maker, &w->arena, "Root", CERT_EC_P256)));
    assert_chain(w, leaf_of(w, "Root"), CHAIN_REFUSED, "CN=Root,O=Example is self-signed, and not an anchor");
}

static void test_self_signed(void **state)
{
    struct world *w = *state;
    add_root(w, "Root", CERT_EC_P256);
    assert_chain(w, cert_authority(w->maker, &w->arena, "Lonely", CERT_EC_P256), CHAIN_REFUSED,
                 "self-signed, and not an anchor");
}

static void test_unknown_issuer(void **state)
{
    struct world *w = *state;
    add_root(w, "Root", CERT_EC_P256);
    assert_chain(w, leaf_of(w, "Nobody"), CHAIN_REFUSED,
                 "issued by CN=Nobody,O=Example, and no certificate of that name is known");
}

static void test_signature_of_another_key(void **state)
{
    struct world *w = *state;
    struct cert_options o = leaf_options("Root");
    add_root(w, "Root", CERT_EC_P256);
    assert_chain(w, cert_make(w->other, &w->arena, &o), CHAIN_REFUSED,
                 "signed, but the signature does not verify with the key of CN=Root,O=Example");
}

/* One octet further back than the end, so that the signature still decodes. */
static struct slice bent(struct world *w, struct slice der)
{
    struct slice copy = arena_copy(&w->arena, der);
    uint8_t *p = (uint8_t *)(uintptr_t)copy.p;
    p[copy.n - 3] ^= 1;
    return copy;
}

static void test_bent_signature(void **state)
{
    struct world *w = *state;
    static const enum cert_key kinds[] = {CERT_EC_P256, CERT_RSA_2048, CERT_ED25519};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct cert_options o = leaf_options((const char *)arena_format(&w->arena, "Root %zu", i).p);
        o.issuer_key = kinds[i];
        add_root(w, o.issuer, kinds[i]);
        assert_chain_begins(w, bent(w, cert_make(w->maker, &w->arena, &o)), CHAIN_REFUSED, "signed, but");
    }
}

/* RFC 5280 section 4.1.2.5: both ends belong to the validity period. */
static void test_period_of_authorities(void **state)
{
    struct world *w = *state;
    add_root(w, "Root", CERT_EC_P256);
    struct cert_options o = below(w, "Inner", "Root");
    struct slice leaf = leaf_of(w, "Inner");
    add(w, &o);
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
    struct world *w = *state;
    add_root(w, "Root", CERT_EC_P256);
    w->now_utc = now + 50 * day;
    assert_chain(w, leaf_of(w, "Root"), CHAIN_VERIFIED, "CN=Root,O=Example");
}

static void add_with_path_length(struct world *w, const char *name, const char *issuer, struct slice value)
{
    struct cert_options o = below(w, name, issuer);
    const struct cert_extension basic = {"2.5.29.19", true, value};
    o.basic = CERT_BASIC_NONE;
    o.extensions = &basic;
    o.extension_count = 1;
    add(w, &o);
}

static void test_path_length(void **state)
{
    struct world *w = *state;
    add_root(w, "Root", CERT_EC_P256);
    add_with_path_length(w, "Last", "Root", S("\x30\x06\x01\x01\xff\x02\x01\x00"));
    add_below(w, "One too many", "Last");
    assert_chain(w, leaf_of(w, "Last"), CHAIN_VERIFIED, "CN=Root,O=Example");
    assert_chain_begins(w, leaf_of(w, "One too many"), CHAIN_REFUSED,
                        "CN=Last,O=Example allows fewer authorities below it");
}

static void test_not_an_authority(void **state)
{
    struct world *w = *state;
    struct cert_options o[] = {below(w, "End", "Root"), below(w, "Bare", "Root"), below(w, "Idle", "Root"),
                               below(w, "Old", "Root")};
    add_root(w, "Root", CERT_EC_P256);
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
        add(w, &o[i]);
    assert_chain_begins(w, leaf_of(w, "End"), CHAIN_REFUSED, "CN=End,O=Example is not the certificate of an authority");
    assert_chain_begins(w, leaf_of(w, "Bare"), CHAIN_REFUSED, "CN=Bare,O=Example is not the certificate of an auth");
    assert_chain_begins(w, leaf_of(w, "Idle"), CHAIN_REFUSED, "CN=Idle,O=Example may not sign certificates");
    assert_chain_begins(w, leaf_of(w, "Old"), CHAIN_REFUSED, "CN=Old,O=Example is not the certificate of an authority");
}

static void test_anchor_of_version_1(void **state)
{
    struct world *w = *state;
    static const char *const issuers[] = {"Old", "Older"}; /* self-signed, and an intermediate */
    for (size_t i = 0; i < COUNT(issuers); i++) {
        struct cert_options o = below(w, "Old", issuers[i]);
        o.version = 1;
        o.key_usage = 0;
        o.basic = CERT_BASIC_NONE;
        w->anchors[0] = cert_make(w->maker, &w->arena, &o);
        w->anchor_count = 1;
        assert_chain(w, leaf_of(w, "Old"), CHAIN_VERIFIED, "CN=Old,O=Example");
    }
}

static void test_name_constraints(void **state)
{
    struct world *w = *state;
    /* permittedSubtrees: dNSName example.com */
    const struct cert_extension constraints = {"2.5.29.30", true,
                                               S("\x30\x11\xa0\x0f\x30\x0d\x82\x0b"
                                                 "example.com")};
    static const struct cert_name foreign = CERT_DNS("h1.example.org");
    struct cert_options inner = below(w, "Inner", "Root"), leaf = leaf_options("Inner");
    add_root(w, "Root", CERT_EC_P256);
    inner.extensions = &constraints;
    inner.extension_count = 1;
    add(w, &inner);
    assert_chain(w, leaf_of(w, "Inner"), CHAIN_VERIFIED, "CN=Root,O=Example");
    leaf.names = &foreign;
    assert_chain_begins(w, cert_make(w->maker, &w->arena, &leaf), CHAIN_REFUSED,
                        "the certificate is outside the name constraints");
}

static void test_critical_extensions(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *oid;
        bool critical;
        enum chain_answer answer;
    } rows[] = {{"1.2.3.4", true, CHAIN_REFUSED},
                {"1.2.3.4", false, CHAIN_VERIFIED},
                {"1.3.6.1.4.1.311.25.2", true, CHAIN_VERIFIED},
                {"1.3.6.1.4.1.311.21.10", true, CHAIN_REFUSED}, /* without extKeyUsage it alone says the purposes */
                {"1.3.6.1.4.1.11129.2.4.3", true, CHAIN_REFUSED}};
    add_root(w, "Root", CERT_EC_P256);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct cert_extension e = {rows[i].oid, rows[i].critical, S("\x05\x00")};
        struct cert_options o = leaf_options("Root");
        o.extensions = &e;
        o.extension_count = 1;
        struct trust out = judge(w, cert_make(w->maker, &w->arena, &o), true, false);
        if (out.chain != rows[i].answer)
            fail_msg("%s: %d %.*s", rows[i].oid, (int)out.chain, SLICE_ARGS(out.chain_why));
    }
}

/* Neither leads the other's certificates astray, whichever comes first. */
static void test_two_authorities_of_one_name(void **state)
{
    struct world *w = *state;
    struct cert_options o = leaf_options("Root");
    struct slice mine = leaf_of(w, "Root"), theirs = cert_make(w->other, &w->arena, &o);
    assert_null(trust_pool_add_certificate(w->pool, cert_authority(w->other, &w->arena, "Root", CERT_EC_P256)));
    add_root(w, "Root", CERT_EC_P256);
    assert_chain(w, mine, CHAIN_VERIFIED, "CN=Root,O=Example");
    assert_chain(w, theirs, CHAIN_REFUSED, "CN=Root,O=Example is self-signed, and not an anchor");
    w->anchors[0] = cert_authority(w->other, &w->arena, "Root", CERT_EC_P256);
    assert_chain(w, theirs, CHAIN_VERIFIED, "CN=Root,O=Example");
    assert_chain(w, mine, CHAIN_REFUSED, "CN=Root,O=Example is self-signed, and not an anchor");
}

static void test_cross_signed(void **state)
{
    struct world *w = *state;
    struct cert_options expired = below(w, "Inner", "New root");
    add_root(w, "Old root", CERT_EC_P256);
    expired.not_after_utc = now - day;
    add(w, &expired);
    add_below(w, "Inner", "New root");
    add_below(w, "Inner", "Old root");
    assert_null(trust_pool_add_certificate(w->pool, cert_authority(w->maker, &w->arena, "Inner", CERT_EC_P256)));
    struct slice leaf = leaf_of(w, "Inner");
    assert_chain(w, leaf, CHAIN_VERIFIED, "CN=Old root,O=Example");
    w->anchors[0] = cert_authority(w->maker, &w->arena, "New root", CERT_EC_P256);
    assert_chain(w, leaf, CHAIN_VERIFIED, "CN=New root,O=Example");
}

static void test_loop(void **state)
{
    struct world *w = *state;
    add_root(w, "Root", CERT_EC_P256);
    add_below(w, "Hen", "Egg");
    add_below(w, "Egg", "Hen");
    assert_chain_begins(w, leaf_of(w, "Hen"), CHAIN_REFUSED, "CN=Egg,O=Example is issued by CN=Hen,O=Example, which");
    add_below(w, "Egg", "Root");
    assert_chain(w, leaf_of(w, "Hen"), CHAIN_VERIFIED, "CN=Root,O=Example");
}

static void test_undecided(void **state)
{
    struct world *w = *state;
    struct slice leaf = leaf_of(w, "Root");
    assert_chain(w, leaf, CHAIN_UNDECIDED, "none of the policy's anchors could be read");
    assert_chain(w, S("garbage"), CHAIN_UNDECIDED, "the certificate cannot be read");
    add_root(w, "Elsewhere", CERT_EC_P256);
    w->anchors[w->anchor_count++] = S("garbage");
    assert_chain(w, leaf, CHAIN_UNDECIDED, "not all of the policy's anchors could be read");
    add_root(w, "Root", CERT_EC_P256);
    assert_chain(w, leaf, CHAIN_VERIFIED, "CN=Root,O=Example");
}

/* Ed25519's OID becomes that of an algorithm that nobody has. */
static void test_unknown_algorithm(void **state)
{
    struct world *w = *state;
    struct cert_options o = leaf_options("Root");
    static const uint8_t oid[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
    add_root(w, "Root", CERT_ED25519);
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
    struct world *w = *state;
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
    add_root(w, "Elsewhere", CERT_EC_P256);
    assert_chain_begins(w, leaf_of(w, "Nobody"), CHAIN_UNDECIDED, "issued by CN=Nobody,O=Example, and no certificate");
}

/* As many certificates as a pool takes, all of one name: some share a key, some have one each. */
static void test_crowd(void **state)
{
    struct world *w = *state;
    add_root(w, "Root", CERT_EC_P256);
    struct slice leaf = leaf_of(w, "Crowd"), stranger;
    struct cert_options o = below(w, "Crowd", "Crowd"), theirs = leaf_options("Crowd");
    const char *own_key = o.key_id;
    stranger = cert_make(w->other, &w->arena, &theirs);
    for (unsigned i = 0; i < TRUST_CERTIFICATES - 8; i++) {
        struct arena_mark mark = arena_mark(&w->arena);
        o.key_id = i % 2 ? own_key : (const char *)arena_format(&w->arena, "key %u", i % 64).p;
        add(w, &o);
        arena_reset(&w->arena, mark);
    }
    clock_t start = clock();
    assert_int_equal(judge(w, leaf, true, false).chain, CHAIN_UNDECIDED);
    clock_t first = clock();
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(judge(w, leaf, true, false).chain, CHAIN_UNDECIDED);
    print_message("%d certificates of one name: %.1f ms for the first question, then %.2f ms each\n",
                  TRUST_CERTIFICATES, (double)(first - start) * 1e3 / CLOCKS_PER_SEC,
                  (double)(clock() - first) * 1e3 / CLOCKS_PER_SEC / 10);
    assert_int_equal(judge(w, stranger, true, false).chain, CHAIN_UNDECIDED);
    /* among all of them, the anchor is found */
    add_root(w, "Crowd", CERT_EC_P256);
    assert_chain(w, leaf, CHAIN_VERIFIED, "CN=Crowd,O=Example");
}

/* Each signed by each: ways without number, and none to an anchor. */
static void test_web(void **state)
{
    struct world *w = *state;
    enum { NODES = 12 };
    char names[NODES][8];
    add_root(w, "Root", CERT_EC_P256);
    for (unsigned i = 0; i < NODES; i++)
        snprintf(names[i], sizeof names[i], "N%u", i);
    for (unsigned i = 0; i < NODES; i++)
        for (unsigned j = 0; j < NODES; j++)
            if (i != j)
                add_below(w, names[i], names[j]);
    assert_int_equal(judge(w, leaf_of(w, "N0"), true, false).chain, CHAIN_UNDECIDED);
}

/* CRLs. */

static struct cert_crl_options fresh(const char *issuer)
{
    return (struct cert_crl_options){.issuer = issuer, .this_update_utc = now - day, .next_update_utc = now + 6 * day};
}

static void add_crl(struct world *w, const struct cert_crl_options *o)
{
    assert_null(trust_pool_add_crl(w->pool, cert_crl(w->maker, &w->arena, o)));
}

static void assert_revocation(struct world *w, struct slice der, enum revocation_answer answer, const char *why)
{
    for (unsigned i = 0; i < 2; i++) { /* with anchors, and without */
        struct trust out = judge(w, der, i == 0, true);
        bool same = slice_eq(out.revocation_why, slice_of(why));
        if (out.revocation != answer || !same)
            print_message("answer %d: %.*s\n", (int)out.revocation, SLICE_ARGS(out.revocation_why));
        assert_int_equal(out.revocation, answer);
        assert_true(same);
    }
}

static void test_entries(void **state)
{
    static const struct {
        struct slice serial;
        int reason;
        enum revocation_answer answer;
        const char *why;
    } rows[] = {
        {S("\x12\x34"), -1, REVOCATION_REVOKED, "unspecified, 20251231000000Z"},
        {S("\x12\x34"), 1, REVOCATION_REVOKED, "keyCompromise, 20251231000000Z"},
        {S("\x12\x34"), 2, REVOCATION_REVOKED, "cACompromise, 20251231000000Z"},
        {S("\x12\x34"), 6, REVOCATION_ON_HOLD, "certificateHold, 20251231000000Z"},
        {S("\x12\x34"), 8, REVOCATION_UNDECIDED, "removeFromCRL, 20251231000000Z"},
        {S("\x12\x34"), 10, REVOCATION_REVOKED, "aACompromise, 20251231000000Z"},
        {S("\x12\x35"), 1, REVOCATION_GOOD, ""},
        {S("\x34"), 1, REVOCATION_GOOD, ""},
        {S("\x12\x34\x00"), 1, REVOCATION_GOOD, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        void *own = NULL;
        assert_int_equal(setup(&own), 0);
        struct world *w = own;
        const struct cert_revoked lines[] = {{S("\x01"), now - day, 1}, {rows[i].serial, now - day, rows[i].reason}};
        struct cert_crl_options o = fresh("Root");
        o.revoked = lines;
        o.revoked_count = COUNT(lines);
        add_root(w, "Root", CERT_EC_P256);
        assert_null(trust_pool_add_certificate(w->pool, w->anchors[0]));
        add_crl(w, &o);
        assert_revocation(w, leaf_of(w, "Root"), rows[i].answer, rows[i].why);
        teardown(&own);
    }
    (void)state;
}

static void test_ages(void **state)
{
    static const struct {
        int64_t this_update_s, next_update_s, max_age_s; /* from now */
        enum revocation_answer answer;
        const char *why;
    } rows[] = {
        {-86400, 0, 0, REVOCATION_GOOD, ""},
        {0, 86400, 0, REVOCATION_GOOD, ""},
        {-86400, -1, 0, REVOCATION_UNDECIDED, "the CRL of CN=Root,O=Example is stale: nextUpdate was 20251231235959Z"},
        {1, 86400, 0, REVOCATION_UNDECIDED,
         "the CRL of CN=Root,O=Example is from the future: thisUpdate is 20260101000001Z"},
        {-86400, 86400, 86400, REVOCATION_GOOD, ""},
        {-86401, 86400, 86400, REVOCATION_UNDECIDED,
         "the CRL of CN=Root,O=Example is older than policy allows: thisUpdate was 20251230235959Z"},
        {-86400, INT64_MIN, 0, REVOCATION_UNDECIDED,
         "the CRL of CN=Root,O=Example has no nextUpdate, and policy states no greatest age"},
        {-86400, INT64_MIN, 86400, REVOCATION_GOOD, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        void *own = NULL;
        assert_int_equal(setup(&own), 0);
        struct world *w = own;
        const struct cert_crl_options o = {.issuer = "Root",
                                           .this_update_utc = now + rows[i].this_update_s,
                                           .next_update_utc =
                                               rows[i].next_update_s == INT64_MIN ? 0 : now + rows[i].next_update_s};
        w->crl_max_age_s = rows[i].max_age_s;
        add_root(w, "Root", CERT_EC_P256);
        assert_null(trust_pool_add_certificate(w->pool, w->anchors[0]));
        add_crl(w, &o);
        assert_revocation(w, leaf_of(w, "Root"), rows[i].answer, rows[i].why);
        teardown(&own);
    }
    (void)state;
}

static void test_extensions_of_a_list(void **state)
{
    static const struct {
        struct cert_extension extension;
        const char *objection; /* NULL: it answers */
    } rows[] = {
        {{"2.5.29.27", true, S("\x02\x01\x01")}, "says only what changed (deltaCRLIndicator)"},
        {{"1.2.3.4", true, S("\x05\x00")}, "has a critical extension that is not known here"},
        {{"1.2.3.4", false, S("\x05\x00")}, NULL},
        {{"2.5.29.28", true, S("\x30\x03\x81\x01\xff")}, NULL},
        {{"2.5.29.28", true, S("\x30\x03\x82\x01\xff")}, "is about certificates of another kind"},
        {{"2.5.29.28", true, S("\x30\x03\x85\x01\xff")}, "is about certificates of another kind"},
        {{"2.5.29.28", true, S("\x30\x03\x84\x01\xff")}, "is an indirect one"},
        {{"2.5.29.28", true, S("\x30\x04\x83\x02\x06\x40")}, "is about some reasons only"},
        {{"2.5.29.28", true,
          S("\x30\x0b\xa0\x09\xa0\x07\x86\x05"
            "x:a/b")},
         "is for another distribution point"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        void *own = NULL;
        assert_int_equal(setup(&own), 0);
        struct world *w = own;
        struct cert_crl_options o = fresh("Root");
        o.extensions = &rows[i].extension;
        o.extension_count = 1;
        add_root(w, "Root", CERT_EC_P256);
        assert_null(trust_pool_add_certificate(w->pool, w->anchors[0]));
        add_crl(w, &o);
        struct slice why = arena_format(&w->arena, "the CRL of CN=Root,O=Example %s", rows[i].objection);
        assert_revocation(w, leaf_of(w, "Root"), rows[i].objection ? REVOCATION_UNDECIDED : REVOCATION_GOOD,
                          rows[i].objection ? (const char *)why.p : "");
        teardown(&own);
    }
    (void)state;
}

static void test_point_of_the_certificate(void **state)
{
    struct world *w = *state;
    static const struct cert_extension listed = {"2.5.29.28", true,
                                                 S("\x30\x0b\xa0\x09\xa0\x07\x86\x05"
                                                   "x:a/b")},
                                       points = {"2.5.29.31", false,
                                                 S("\x30\x0d\x30\x0b\xa0\x09\xa0\x07\x86\x05"
                                                   "x:a/b")};
    struct cert_crl_options o = fresh("Root");
    struct cert_options leaf = leaf_options("Root");
    o.extensions = &listed;
    o.extension_count = 1;
    leaf.extensions = &points;
    leaf.extension_count = 1;
    assert_null(trust_pool_add_certificate(w->pool, add_root(w, "Root", CERT_EC_P256)));
    add_crl(w, &o);
    assert_revocation(w, cert_make(w->maker, &w->arena, &leaf), REVOCATION_GOOD, "");
}

static void test_lists_that_do_not_count(void **state)
{
    struct world *w = *state;
    struct cert_crl_options o = fresh("Root"), elsewhere = fresh("Elsewhere");
    const struct cert_revoked line = {S("\x12\x34"), now - day, 1};
    struct slice leaf = leaf_of(w, "Root");
    o.revoked = elsewhere.revoked = &line;
    o.revoked_count = elsewhere.revoked_count = 1;
    struct facts f;
    facts_read(leaf, &f);
    assert_null(trust_pool_add_certificate(w->pool, add_root(w, "Root", CERT_EC_P256)));
    assert_revocation(w, leaf, REVOCATION_UNDECIDED, "no CRL of CN=Root,O=Example is known");
    add_crl(w, &elsewhere);
    assert_false(trust_pool_has_crl(w->pool, leaf, &f));
    assert_revocation(w, leaf, REVOCATION_UNDECIDED, "no CRL of CN=Root,O=Example is known");
    /* somebody else's authority of that name, first unknown and then known */
    assert_null(trust_pool_add_crl(w->pool, cert_crl(w->other, &w->arena, &o)));
    assert_true(trust_pool_has_crl(w->pool, leaf, &f));
    assert_revocation(w, leaf, REVOCATION_UNDECIDED,
                      "the CRL of CN=Root,O=Example has a signature that does not verify");
    assert_null(trust_pool_add_certificate(w->pool, cert_authority(w->other, &w->arena, "Root", CERT_EC_P256)));
    assert_int_equal(judge(w, leaf, true, true).revocation, REVOCATION_UNDECIDED);
    assert_int_equal(judge(w, leaf, false, true).revocation, REVOCATION_UNDECIDED);
    assert_null(trust_pool_add_crl(w->pool, bent(w, cert_crl(w->maker, &w->arena, &o))));
    assert_int_equal(judge(w, leaf, true, true).revocation, REVOCATION_UNDECIDED);
    add_crl(w, &o);
    assert_revocation(w, leaf, REVOCATION_REVOKED, "keyCompromise, 20251231000000Z");
}

static void test_newest_usable_counts(void **state)
{
    struct world *w = *state;
    struct cert_crl_options older = fresh("Root"), newer = fresh("Root"), forged = fresh("Root");
    const struct cert_revoked line = {S("\x12\x34"), now - 2 * day, 6};
    struct slice leaf = leaf_of(w, "Root");
    assert_null(trust_pool_add_certificate(w->pool, add_root(w, "Root", CERT_EC_P256)));
    older.this_update_utc = now - 2 * day;
    older.revoked = &line;
    older.revoked_count = 1;
    add_crl(w, &older);
    assert_revocation(w, leaf, REVOCATION_ON_HOLD, "certificateHold, 20251230000000Z");
    add_crl(w, &newer);
    assert_revocation(w, leaf, REVOCATION_GOOD, "");
    forged = older;
    forged.this_update_utc = now;
    assert_null(trust_pool_add_crl(w->pool, cert_crl(w->other, &w->arena, &forged)));
    assert_revocation(w, leaf, REVOCATION_GOOD, "");
}

static void test_issuer_that_may_not_sign_lists(void **state)
{
    struct world *w = *state;
    struct cert_options o = below(w, "Inner", "Root");
    struct cert_crl_options list = fresh("Inner");
    add_root(w, "Root", CERT_EC_P256);
    o.key_usage = CERT_KEY_CERT_SIGN;
    add(w, &o);
    add_crl(w, &list);
    assert_revocation(w, leaf_of(w, "Inner"), REVOCATION_UNDECIDED,
                      "the CRL of CN=Inner,O=Example has an issuer that may not sign CRLs (RFC 5280 section 4.2.1.3)");
}

static void test_issuer_not_verified(void **state)
{
    struct world *w = *state;
    struct cert_crl_options list = fresh("Inner");
    struct slice leaf = leaf_of(w, "Inner");
    add_root(w, "Elsewhere", CERT_EC_P256);
    add_below(w, "Inner", "Root");
    add_crl(w, &list);
    struct trust out = judge(w, leaf, true, true);
    assert_int_equal(out.chain, CHAIN_REFUSED);
    assert_int_equal(out.revocation, REVOCATION_UNDECIDED);
    assert_int_equal(judge(w, leaf, false, true).revocation, REVOCATION_GOOD);
}

/* A critical extension in any entry spoils the whole list (RFC 5280 section 5.3). */
static void test_unknown_critical_entry(void **state)
{
    struct world *w = *state;
    struct arena *a = &w->arena;
    static const uint8_t tail[] = "\x17\x0d"
                                  "251231000000Z"
                                  "\x17\x0d"
                                  "260105000000Z" /* the two times */
                                  "\x30\x26\x30\x24\x02\x01\x01\x17\x0d"
                                  "251231000000Z"
                                  "\x30\x10\x30\x0e\x06\x03\x2a\x03\x04\x01\x01\xff\x04\x04\x04\x02\x05\x00";
    struct slice algorithm = cert_algorithm(a, CERT_EC_P256), name = cert_authority_name(a, "Root");
    uint8_t *p = arena_alloc(a, 3 + algorithm.n + name.n + sizeof tail);
    size_t n = 3;
    memcpy(p, "\x02\x01\x01", 3);
    memcpy(p + n, algorithm.p, algorithm.n);
    n += algorithm.n;
    memcpy(p + n, name.p, name.n);
    n += name.n;
    memcpy(p + n, tail, sizeof tail - 1);
    n += sizeof tail - 1;
    assert_null(trust_pool_add_certificate(w->pool, add_root(w, "Root", CERT_EC_P256)));
    struct slice tbs = cert_der(a, DER_SEQUENCE, slice_make(p, n));
    assert_null(trust_pool_add_crl(w->pool, cert_signed(w->maker, a, "Root", CERT_EC_P256, tbs)));
    assert_revocation(w, leaf_of(w, "Root"), REVOCATION_UNDECIDED,
                      "the CRL of CN=Root,O=Example has a critical extension that is not known here");
}

static void test_large_list(void **state)
{
    struct world *w = *state;
    enum { LINES = 100000 };
    struct cert_crl_options o = fresh("Root");
    struct cert_revoked *lines = ARENA_ARRAY(&w->arena, LINES, struct cert_revoked);
    for (uint32_t i = 0; i < LINES; i++) {
        uint32_t serial = i * 7919 % LINES * 2 + 0x100000; /* even numbers, in no order */
        uint8_t *p = arena_alloc(&w->arena, 3);
        p[0] = (uint8_t)(serial >> 16), p[1] = (uint8_t)(serial >> 8), p[2] = (uint8_t)serial;
        lines[i] = (struct cert_revoked){slice_make(p, 3), now - day, 4};
    }
    o.revoked = lines;
    o.revoked_count = LINES;
    assert_null(trust_pool_add_certificate(w->pool, add_root(w, "Root", CERT_EC_P256)));
    add_crl(w, &o);
    for (uint32_t serial = 0x100000; serial < 0x100000 + 2 * LINES; serial += 9973) {
        const uint8_t octets[] = {(uint8_t)(serial >> 16), (uint8_t)(serial >> 8), (uint8_t)serial};
        struct cert_options leaf = leaf_options("Root");
        leaf.serial = slice_make(octets, 3);
        struct trust out = judge(w, cert_make(w->maker, &w->arena, &leaf), false, true);
        assert_int_equal(out.revocation, serial % 2 ? REVOCATION_GOOD : REVOCATION_REVOKED);
    }
}

#define TRUST_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_ages),
        cmocka_unit_test(test_extensions_of_a_list),
        TRUST_TEST(test_point_of_the_certificate),
        TRUST_TEST(test_lists_that_do_not_count),
        TRUST_TEST(test_newest_usable_counts),
        TRUST_TEST(test_issuer_that_may_not_sign_lists),
        TRUST_TEST(test_issuer_not_verified),
        TRUST_TEST(test_unknown_critical_entry),
        TRUST_TEST(test_large_list),
    };
    return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
