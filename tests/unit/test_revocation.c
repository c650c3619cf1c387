/* SPDX-License-Identifier: Apache-2.0 */
/* CRLs, with authorities made for each test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/trustworld.h"
#include "x509/reader.h"

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

static struct cert_crl_options fresh(const char *issuer)
{
    return (struct cert_crl_options){.issuer = issuer, .this_update_utc = now - day, .next_update_utc = now + 6 * day};
}

static void add_crl(struct trustworld *w, const struct cert_crl_options *o)
{
    assert_null(trust_pool_add_crl(w->pool, cert_crl(w->maker, &w->arena, o)));
}

static void assert_revocation(struct trustworld *w, struct slice der, enum revocation_answer answer, const char *why)
{
    for (unsigned i = 0; i < 2; i++) { /* with anchors, and without */
        struct trust out = trustworld_judge(w, der, i == 0, true);
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
        assert_int_equal(trustworld_open(&own), 0);
        struct trustworld *w = own;
        const struct cert_revoked lines[] = {{S("\x01"), now - day, 1}, {rows[i].serial, now - day, rows[i].reason}};
        struct cert_crl_options o = fresh("Root");
        o.revoked = lines;
        o.revoked_count = COUNT(lines);
        trustworld_root(w, "Root", CERT_EC_P256);
        assert_null(trust_pool_add_certificate(w->pool, w->anchors[0]));
        add_crl(w, &o);
        assert_revocation(w, trustworld_leaf(w, "Root"), rows[i].answer, rows[i].why);
        trustworld_close(&own);
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
        assert_int_equal(trustworld_open(&own), 0);
        struct trustworld *w = own;
        const struct cert_crl_options o = {.issuer = "Root",
                                           .this_update_utc = now + rows[i].this_update_s,
                                           .next_update_utc =
                                               rows[i].next_update_s == INT64_MIN ? 0 : now + rows[i].next_update_s};
        w->crl_max_age_s = rows[i].max_age_s;
        trustworld_root(w, "Root", CERT_EC_P256);
        assert_null(trust_pool_add_certificate(w->pool, w->anchors[0]));
        add_crl(w, &o);
        assert_revocation(w, trustworld_leaf(w, "Root"), rows[i].answer, rows[i].why);
        trustworld_close(&own);
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
        assert_int_equal(trustworld_open(&own), 0);
        struct trustworld *w = own;
        struct cert_crl_options o = fresh("Root");
        o.extensions = &rows[i].extension;
        o.extension_count = 1;
        trustworld_root(w, "Root", CERT_EC_P256);
        assert_null(trust_pool_add_certificate(w->pool, w->anchors[0]));
        add_crl(w, &o);
        struct slice why = arena_format(&w->arena, "the CRL of CN=Root,O=Example %s", rows[i].objection);
        assert_revocation(w, trustworld_leaf(w, "Root"), rows[i].objection ? REVOCATION_UNDECIDED : REVOCATION_GOOD,
                          rows[i].objection ? (const char *)why.p : "");
        trustworld_close(&own);
    }
    (void)state;
}

static void test_point_of_the_certificate(void **state)
{
    struct trustworld *w = *state;
    static const struct cert_extension listed = {"2.5.29.28", true,
                                                 S("\x30\x0b\xa0\x09\xa0\x07\x86\x05"
                                                   "x:a/b")},
                                       points = {"2.5.29.31", false,
                                                 S("\x30\x0d\x30\x0b\xa0\x09\xa0\x07\x86\x05"
                                                   "x:a/b")};
    struct cert_crl_options o = fresh("Root");
    struct cert_options leaf = trustworld_leaf_options("Root");
    o.extensions = &listed;
    o.extension_count = 1;
    leaf.extensions = &points;
    leaf.extension_count = 1;
    assert_null(trust_pool_add_certificate(w->pool, trustworld_root(w, "Root", CERT_EC_P256)));
    add_crl(w, &o);
    assert_revocation(w, cert_make(w->maker, &w->arena, &leaf), REVOCATION_GOOD, "");
}

static void test_lists_that_do_not_count(void **state)
{
    struct trustworld *w = *state;
    struct cert_crl_options o = fresh("Root"), elsewhere = fresh("Elsewhere");
    const struct cert_revoked line = {S("\x12\x34"), now - day, 1};
    struct slice leaf = trustworld_leaf(w, "Root");
    o.revoked = elsewhere.revoked = &line;
    o.revoked_count = elsewhere.revoked_count = 1;
    struct facts f;
    facts_read(leaf, &f);
    assert_null(trust_pool_add_certificate(w->pool, trustworld_root(w, "Root", CERT_EC_P256)));
    assert_revocation(w, leaf, REVOCATION_UNDECIDED, "no CRL of CN=Root,O=Example is known");
    add_crl(w, &elsewhere);
    assert_revocation(w, leaf, REVOCATION_UNDECIDED, "no CRL of CN=Root,O=Example is known");
    /* somebody else's authority of that name, first unknown and then known */
    assert_null(trust_pool_add_crl(w->pool, cert_crl(w->other, &w->arena, &o)));
    assert_revocation(w, leaf, REVOCATION_UNDECIDED,
                      "the CRL of CN=Root,O=Example has a signature that does not verify");
    assert_null(trust_pool_add_certificate(w->pool, cert_authority(w->other, &w->arena, "Root", CERT_EC_P256)));
    assert_int_equal(trustworld_judge(w, leaf, true, true).revocation, REVOCATION_UNDECIDED);
    assert_int_equal(trustworld_judge(w, leaf, false, true).revocation, REVOCATION_UNDECIDED);
    assert_null(trust_pool_add_crl(w->pool, trustworld_bent(w, cert_crl(w->maker, &w->arena, &o))));
    assert_int_equal(trustworld_judge(w, leaf, true, true).revocation, REVOCATION_UNDECIDED);
    add_crl(w, &o);
    assert_revocation(w, leaf, REVOCATION_REVOKED, "keyCompromise, 20251231000000Z");
}

static void test_newest_usable_counts(void **state)
{
    struct trustworld *w = *state;
    struct cert_crl_options older = fresh("Root"), newer = fresh("Root"), forged = fresh("Root");
    const struct cert_revoked line = {S("\x12\x34"), now - 2 * day, 6};
    struct slice leaf = trustworld_leaf(w, "Root");
    assert_null(trust_pool_add_certificate(w->pool, trustworld_root(w, "Root", CERT_EC_P256)));
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

/* Two of one second: their numbers say which came later. */
static void test_number_counts_within_a_second(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        void *own = NULL;
        assert_int_equal(trustworld_open(&own), 0);
        struct trustworld *w = own;
        const struct cert_extension before = {"2.5.29.20", false, i < 2 ? S("\x02\x01\x7f") : S("\x02\x01\x01")},
                                    after = {"2.5.29.20", false, i < 2 ? S("\x02\x02\x00\x80") : S("\x02\x01\x02")};
        const struct cert_revoked line = {S("\x12\x34"), now - 2 * day, 1};
        struct cert_crl_options older = fresh("Root"), newer = fresh("Root");
        older.extensions = &before;
        newer.extensions = &after;
        older.extension_count = newer.extension_count = newer.revoked_count = 1;
        newer.revoked = &line;
        assert_null(trust_pool_add_certificate(w->pool, trustworld_root(w, "Root", CERT_EC_P256)));
        add_crl(w, i % 2 ? &older : &newer);
        add_crl(w, i % 2 ? &newer : &older);
        assert_revocation(w, trustworld_leaf(w, "Root"), REVOCATION_REVOKED, "keyCompromise, 20251230000000Z");
        trustworld_close(&own);
    }
}

/* An older list that lasts longer does not know what the newer one knew; a forged one takes nothing from it. */
static void test_stale_list_ends_those_before_it(void **state)
{
    struct trustworld *w = *state;
    struct cert_crl_options older = fresh("Root"), newer = fresh("Root");
    struct slice leaf = trustworld_leaf(w, "Root");
    assert_null(trust_pool_add_certificate(w->pool, trustworld_root(w, "Root", CERT_EC_P256)));
    older.this_update_utc = now - 3 * day;
    newer.next_update_utc = now - 1;
    add_crl(w, &older);
    assert_null(trust_pool_add_crl(w->pool, cert_crl(w->other, &w->arena, &newer)));
    assert_revocation(w, leaf, REVOCATION_GOOD, "");
    add_crl(w, &newer);
    assert_revocation(w, leaf, REVOCATION_UNDECIDED,
                      "the CRL of CN=Root,O=Example is stale: nextUpdate was 20251231235959Z");
}

static void test_issuer_that_may_not_sign_lists(void **state)
{
    struct trustworld *w = *state;
    struct cert_options o = trustworld_below(w, "Inner", "Root");
    struct cert_crl_options list = fresh("Inner");
    trustworld_root(w, "Root", CERT_EC_P256);
    o.key_usage = CERT_KEY_CERT_SIGN;
    trustworld_add(w, &o);
    add_crl(w, &list);
    assert_revocation(w, trustworld_leaf(w, "Inner"), REVOCATION_UNDECIDED,
                      "the CRL of CN=Inner,O=Example has an issuer that may not sign CRLs (RFC 5280 section 4.2.1.3)");
}

static void test_issuer_not_verified(void **state)
{
    struct trustworld *w = *state;
    struct cert_crl_options list = fresh("Inner");
    struct slice leaf = trustworld_leaf(w, "Inner");
    trustworld_root(w, "Elsewhere", CERT_EC_P256);
    trustworld_add_below(w, "Inner", "Root");
    add_crl(w, &list);
    struct trust out = trustworld_judge(w, leaf, true, true);
    assert_int_equal(out.chain, CHAIN_REFUSED);
    assert_int_equal(out.revocation, REVOCATION_UNDECIDED);
    assert_int_equal(trustworld_judge(w, leaf, false, true).revocation, REVOCATION_GOOD);
}

/* A critical extension in any entry spoils the whole list (RFC 5280 section 5.3). */
static void test_unknown_critical_entry(void **state)
{
    struct trustworld *w = *state;
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
    assert_null(trust_pool_add_certificate(w->pool, trustworld_root(w, "Root", CERT_EC_P256)));
    struct slice tbs = cert_der(a, DER_SEQUENCE, slice_make(p, n));
    assert_null(trust_pool_add_crl(w->pool, cert_signed(w->maker, a, "Root", CERT_EC_P256, tbs)));
    assert_revocation(w, trustworld_leaf(w, "Root"), REVOCATION_UNDECIDED,
                      "the CRL of CN=Root,O=Example has a critical extension that is not known here");
}

static void test_large_list(void **state)
{
    struct trustworld *w = *state;
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
    assert_null(trust_pool_add_certificate(w->pool, trustworld_root(w, "Root", CERT_EC_P256)));
    add_crl(w, &o);
    for (uint32_t serial = 0x100000; serial < 0x100000 + 2 * LINES; serial += 9973) {
        const uint8_t octets[] = {(uint8_t)(serial >> 16), (uint8_t)(serial >> 8), (uint8_t)serial};
        struct cert_options leaf = trustworld_leaf_options("Root");
        leaf.serial = slice_make(octets, 3);
        struct trust out = trustworld_judge(w, cert_make(w->maker, &w->arena, &leaf), false, true);
        assert_int_equal(out.revocation, serial % 2 ? REVOCATION_GOOD : REVOCATION_REVOKED);
    }
}

#define TRUST_TEST(name) cmocka_unit_test_setup_teardown(name, trustworld_open, trustworld_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_ages),
        cmocka_unit_test(test_extensions_of_a_list),
        TRUST_TEST(test_point_of_the_certificate),
        TRUST_TEST(test_lists_that_do_not_count),
        TRUST_TEST(test_newest_usable_counts),
        cmocka_unit_test(test_number_counts_within_a_second),
        TRUST_TEST(test_stale_list_ends_those_before_it),
        TRUST_TEST(test_issuer_that_may_not_sign_lists),
        TRUST_TEST(test_issuer_not_verified),
        TRUST_TEST(test_unknown_critical_entry),
        TRUST_TEST(test_large_list),
    };
    return cmocka_run_group_tests_name("revocation", tests, NULL, NULL);
}
