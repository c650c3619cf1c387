/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains and CRLs as other projects' own tests judge them.  A row is ours when it asks for what we do; what it asks
 * beyond that is read off the row and its certificates, never off a list of ids.
 */
#include "base/gentime.h"
#include "core/policy.h"
#include "support/jsonl.h"
#include "support/score.h"
#include "x509/crl.h"
#include "x509/reader.h"
#include "x509/trust.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CORPORA SOURCE_DIR "/../shared/corpora"
#define S(text) SLICE_LITERAL(text)

enum { FILES_MOST = 32 };
/* For rows without a time: the corpora were put together and judged around then. */
static const int64_t default_now_utc = 1788220800;

static bool is_there(const char *path, const char *file)
{
    if (access(path, R_OK) == 0)
        return true;
    print_message("SKIPPED: %s is not there\n", path);
    score_absent(file);
    return false;
}

static bool is_word(struct slice s, const char *word)
{
    return slice_eq(s, slice_of(word));
}

static bool holds(struct slice s, const char *word)
{
    return s.n && memmem(s.p, s.n, word, strlen(word)) != NULL;
}

static struct slice load(struct arena *a, struct slice file)
{
    struct slice path = arena_format(a, "%s/%.*s", CORPORA, SLICE_ARGS(file));
    struct slice content = jsonl_load(a, (const char *)path.p);
    if (!content.p)
        fail_msg("%s can't be read", (const char *)path.p);
    return content;
}

/* The files that a JSON array of strings names. */
static size_t load_all(struct arena *a, struct slice array, struct slice out[FILES_MOST])
{
    size_t n = 0;
    struct slice part;
    for (bool inside = false; slice_split(&array, '"', &part); inside = !inside)
        if (inside && n < FILES_MOST)
            out[n++] = load(a, part);
    return n;
}

/* 2021-10-05T12:00:00+00:00 */
static int64_t read_time(struct slice text)
{
    uint8_t digits[GENTIME_LEN] = {0};
    size_t n = 0;
    int64_t at_utc;
    for (size_t i = 0; i < text.n && n < 14; i++)
        if (text.p[i] >= '0' && text.p[i] <= '9')
            digits[n++] = text.p[i];
    digits[n] = 'Z';
    return n == 14 && gentime_read(slice_make(digits, 15), &at_utc) ? at_utc : default_now_utc;
}

/* The number after "-attime" among the options, or `otherwise`. */
static int64_t read_option_time(struct slice argv, int64_t otherwise)
{
    struct slice word;
    uint64_t at_utc;
    for (bool follows = false; slice_split(&argv, '"', &word);) {
        if (follows && slice_to_uint(word, UINT32_MAX, &at_utc))
            return (int64_t)at_utc;
        follows = is_word(word, "-attime") || (follows && holds(word, ","));
    }
    return otherwise;
}

struct row {
    struct slice id, opts, host, target;
    struct slice above[FILES_MOST], roots[FILES_MOST], crls[FILES_MOST];
    size_t above_count, root_count, crl_count;
    struct facts facts; /* of target */
    int64_t now_utc;
    bool expects_ok;
};

struct verdict {
    bool ok;
    bool undecided;
    struct slice reason; /* of not ok */
};

static struct slice option(const struct row *r, const char *name)
{
    return jsonl_member(r->opts, name);
}

static bool is_of(const struct row *r, const char *source)
{
    return slice_starts(slice_from(r->id, 3), slice_of(source));
}

static bool is_null(struct slice s)
{
    return s.n == 0 || is_word(s, "null");
}

static void read_row(struct arena *a, struct slice line, struct row *r)
{
    *r = (struct row){.id = jsonl_member(line, "id"),
                      .opts = jsonl_member(line, "opts"),
                      .host = jsonl_member(line, "host"),
                      .target = load(a, jsonl_member(line, "target")),
                      .expects_ok = is_word(jsonl_member(line, "expect"), "ok")};
    r->now_utc = read_option_time(option(r, "argv"), read_time(jsonl_member(line, "time")));
    r->above_count = load_all(a, jsonl_member(line, "intermediates"), r->above);
    r->root_count = load_all(a, jsonl_member(line, "roots"), r->roots);
    r->crl_count = load_all(a, jsonl_member(line, "crls"), r->crls);
    facts_read(r->target, &r->facts);
}

/* Host name and purpose are other checks here, where a verifier gives one verdict: NULL, or the one that complains. */
static const char *find_other(struct arena *a, const struct row *r)
{
    static const struct slice server = S("\x2b\x06\x01\x05\x05\x07\x03\x01"),
                              client = S("\x2b\x06\x01\x05\x05\x07\x03\x02");
    struct policy policy = {.wildcard = true, .name_match = is_null(r->host) ? MATCH_NONE : MATCH_SAN};
    struct slice kind = option(r, "validation_kind"), key_purpose = option(r, "key_purpose");
    if (is_of(r, "mbedtls") && policy.name_match)
        policy.name_match = MATCH_CN_OR_SAN;
    if (r->facts.eku.presence != FIELD_ABSENT) {
        if (slice_starts(key_purpose, S("SERVER")) || is_word(option(r, "purpose"), "sslserver") ||
            is_word(kind, "SERVER"))
            policy.required_ekus = (struct oid_list){&server, 1};
        if (slice_starts(key_purpose, S("CLIENT")) || is_word(option(r, "purpose"), "sslclient") ||
            is_word(kind, "CLIENT"))
            policy.required_ekus = (struct oid_list){&client, 1};
    }
    struct host h = host_compile(a, r->host);
    struct check_input in = {.policy = &policy,
                             .hosts = &h,
                             .host_count = policy.name_match ? 1 : 0,
                             .der = r->target,
                             .facts = &r->facts,
                             .now_utc = r->now_utc};
    struct finding findings[FINDINGS_MAX];
    return check_run(a, &in, findings) ? check_get(findings[0].check)->name : NULL;
}

/*
 * The CRLs of an authority are asked as if it were a subject too.  PKITS demands one for each certificate of a path;
 * elsewhere they only count where they are.
 */
static bool has_crl(const struct row *r, struct slice issuer)
{
    struct crl c;
    bool found = false;
    for (size_t i = 0; i < r->crl_count && !found; i++)
        found = !crl_read(r->crls[i], &c) && slice_eq(c.issuer, issuer);
    return found;
}

static void judge_revocation(struct trust_pool *p, const struct trust_anchors *t, struct arena *a, const struct row *r,
                             struct slice der, struct verdict *v)
{
    struct facts f;
    struct trust trust;
    bool is_target = slice_eq(der, r->target);
    facts_read(der, &f);
    const struct trust_question q = {.der = der,
                                     .facts = &f,
                                     .anchors = t,
                                     .asks_crl = true,
                                     .now_utc = r->now_utc,
                                     .crl_max_age_s = (int64_t)100 * 365 * 86400};
    for (size_t i = 0; i < r->root_count; i++)
        if (slice_eq(der, r->roots[i]))
            return;
    if (!is_of(r, "pkits") && !has_crl(r, facts_slice(der, f.issuer)))
        return;
    trust_judge(p, a, &q, &trust);
    if (trust.revocation == REVOCATION_GOOD ||
        (!is_target && !is_of(r, "pkits") && trust.revocation == REVOCATION_UNDECIDED))
        return;
    *v = (struct verdict){false, trust.revocation == REVOCATION_UNDECIDED, trust.revocation_why};
}

static void judge(struct arena *a, const struct row *r, struct verdict *v)
{
    struct trust_pool *p;
    struct trust_anchors *t;
    struct trust trust;
    struct fault fault = {""};
    assert_int_equal(trust_pool_open(&p, &fault), RC_OK);
    for (size_t i = 0; i < r->above_count; i++)
        (void)trust_pool_add_certificate(p, r->above[i]);
    for (size_t i = 0; i < r->crl_count; i++)
        (void)trust_pool_add_crl(p, r->crls[i]);
    assert_int_equal(trust_anchors_open(p, r->roots, r->root_count, &t, &fault), RC_OK);
    trust_judge(p, a,
                &(struct trust_question){.der = r->target, .facts = &r->facts, .anchors = t, .now_utc = r->now_utc},
                &trust);
    *v = (struct verdict){trust.chain == CHAIN_VERIFIED, trust.chain == CHAIN_UNDECIDED, trust.chain_why};
    if (v->ok && r->crl_count)
        judge_revocation(p, t, a, r, r->target, v);
    for (size_t i = 0; v->ok && r->crl_count && i < r->above_count; i++)
        judge_revocation(p, t, a, r, r->above[i], v);
    const char *other = v->ok ? find_other(a, r) : NULL;
    if (other)
        *v = (struct verdict){.ok = false, .reason = slice_of(other)};
    trust_anchors_close(t);
    trust_pool_close(p);
}

/* Why a row asks for something else than we do; each has a rule below that decides it from the row. */
enum reason_kind {
    ASKS_TRUST_SETTINGS,
    ASKS_OPTION,
    ASKS_INITIAL_POLICY,
    ASKS_ANCHOR_POLICY,
    ASKS_BARE_ANCHOR,
    ASKS_OTHER_ANCHOR,
    ASKS_AUTHORITY_PURPOSE,
    ASKS_STRENGTH,
    ASKS_CRL_KIND,
    ASKS_WEB_PROFILE,
    ASKS_ISSUER_DUTY,
    ASKS_NAME_RULE,
    ASKS_BER,
    ASKS_MORE_THAN_OPENSSL,
    ASKS_NOTHING
};
#define ASKS_COUNT ASKS_NOTHING
static const char *const asked[ASKS_COUNT] = {
    [ASKS_TRUST_SETTINGS] = "trust settings beside the anchor, in a format that only OpenSSL has",
    [ASKS_OPTION] = "an option of that verifier: a depth, strictness, proxy certificates",
    [ASKS_INITIAL_POLICY] = "an initial set of certificate policies: ours is any (RFC 5280 section 6.1.1)",
    [ASKS_ANCHOR_POLICY] = "policies in the certificate of an anchor: not an input of RFC 5280 section 6.1.1 (d)",
    [ASKS_BARE_ANCHOR] = "an anchor as a bare key: its path length and basic constraints hold here",
    [ASKS_OTHER_ANCHOR] = "that an anchor is not its own chain: here it is",
    [ASKS_AUTHORITY_PURPOSE] = "key purposes of authorities: RFC 5280 section 4.2.1.12 gives them to end entities",
    [ASKS_STRENGTH] = "strong keys and digests: checks of their own, by policy",
    [ASKS_CRL_KIND] = "a delta or indirect CRL, one for some reasons, or a point named relative to the issuer",
    [ASKS_WEB_PROFILE] = "the profile of the Web PKI: private authorities have their own",
    [ASKS_ISSUER_DUTY] = "what RFC 5280 demands of issuers in sections 4 and 5, and section 6 does not look at",
    [ASKS_NAME_RULE] = "a host name rule that is contested, or a host that is a URI",
    [ASKS_BER] = "an encoded DEFAULT value to pass: not DER, and so malformed here, though its chain verifies",
    [ASKS_MORE_THAN_OPENSSL] = "a name constraint that this OpenSSL cannot judge: undecided",
};

typedef bool certificate_test(const struct row *r, struct slice der, const struct facts *f, bool is_target);

/* Of the certificate and its authorities. */
static bool any_certificate(const struct row *r, certificate_test *test)
{
    const struct slice *lists[] = {&r->target, r->above, r->roots};
    const size_t counts[] = {1, r->above_count, r->root_count};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < counts[i]; j++) {
            struct facts f;
            facts_read(lists[i][j], &f);
            if (test(r, lists[i][j], &f, i == 0))
                return true;
        }
    return false;
}

static bool has_trailing(const struct row *r, struct slice der, const struct facts *f, bool is_target)
{
    (void)r, (void)der;
    return !is_target && f->trailing > 0;
}

static bool asks_trust_settings(const struct row *r)
{
    static const char *const settings[] = {"+serverAuth", "-serverAuth", "+clientAuth", "-clientAuth", "-anyEKU"};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (holds(option(r, "trusted"), settings[i]))
            return true;
    return any_certificate(r, has_trailing);
}

static bool asks_option(const struct row *r)
{
    struct slice argv = option(r, "argv"), trust = option(r, "last_cert_trust");
    return holds(argv, "-verify_depth") || holds(argv, "-x509_strict") || holds(argv, "-allow_proxy_certs") ||
           !is_null(option(r, "max_chain_depth")) || holds(option(r, "key_purpose"), "STRICT") ||
           holds(trust, "REQUIRE_SELF_SIGNED");
}

static bool asks_initial_policy(const struct row *r)
{
    return holds(r->opts, "SetInitial");
}

static bool is_anchor_with_policies(const struct row *r, struct slice der, const struct facts *f, bool is_target)
{
    static const uint8_t constraints[] = {0x55, 0x1d, 0x24}, mappings[] = {0x55, 0x1d, 0x21},
                         any[] = {0x55, 0x1d, 0x36};
    bool is_root = false;
    for (size_t i = 0; i < r->root_count; i++)
        is_root |= slice_eq(der, r->roots[i]);
    return is_root && !is_target &&
           (f->policies.presence != FIELD_ABSENT || memmem(der.p, der.n, constraints, 3) ||
            memmem(der.p, der.n, mappings, 3) || memmem(der.p, der.n, any, 3));
}

static bool asks_other_anchor(const struct row *r)
{
    return r->root_count && slice_eq(r->target, r->roots[0]);
}

static bool is_authority_with_purpose(const struct row *r, struct slice der, const struct facts *f, bool is_target)
{
    (void)r, (void)der;
    return !is_target && f->eku.presence != FIELD_ABSENT;
}

static bool is_weak(const struct row *r, struct slice der, const struct facts *f, bool is_target)
{
    (void)r, (void)is_target;
    static const struct slice md5 = S("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04");
    enum key_family family = facts_key_family(der, f);
    return slice_eq(facts_slice(der, f->signature_algorithm), md5) || family == KEY_OTHER ||
           (family == KEY_RSA && (f->key_bits < 2048 || f->key_bits % 8)) || (family == KEY_EC && f->key_bits < 224);
}

static bool asks_strength(const struct row *r)
{
    return is_word(option(r, "profile"), "suite_b") || any_certificate(r, is_weak);
}

static bool asks_crl_kind(const struct row *r)
{
    for (size_t i = 0; i < r->crl_count; i++) {
        struct crl c;
        if (!crl_read(r->crls[i], &c) && (c.is_delta || c.is_indirect || c.some_reasons || c.point.n))
            return true;
    }
    return false;
}

static bool lacks_duty(const struct row *r, struct slice der, const struct facts *f, bool is_target)
{
    bool self_issued = slice_eq(facts_slice(der, f->issuer), facts_slice(der, f->subject));
    (void)r;
    return f->subject_key_id.critical || f->authority_key_id.critical || f->authority_info.critical ||
           (f->unusual & UNUSUAL_SERIAL) || (!is_target && f->subject_key_id.presence == FIELD_ABSENT) ||
           (!self_issued && f->authority_key_id.presence == FIELD_ABSENT) ||
           (!f->is_ca && f->name_constraints.presence != FIELD_ABSENT);
}

static bool asks_issuer_duty(const struct row *r)
{
    static const uint8_t critical_number[] = {0x55, 0x1d, 0x14, 0x01, 0x01, 0xff};
    for (size_t i = 0; i < r->crl_count; i++) {
        struct crl c;
        if (!crl_read(r->crls[i], &c) && (c.number.n == 0 || memmem(r->crls[i].p, r->crls[i].n, critical_number, 6)))
            return true;
    }
    return any_certificate(r, lacks_duty);
}

static bool asks_name_rule(const struct row *r)
{
    struct arena a = {0};
    bool is_name = is_null(r->host) || host_compile(&a, r->host).kind != HOST_INVALID;
    arena_free(&a);
    return !is_name || holds(r->host, "_");
}

/* A certificate that we accept and upstream does not needs a reason of the first kinds; strangeness alone is none. */
static enum reason_kind find_reason(const struct row *r, const struct verdict *v, struct slice source_case)
{
    struct slice trust = option(r, "last_cert_trust");
    if (asks_trust_settings(r))
        return ASKS_TRUST_SETTINGS;
    if (asks_option(r))
        return ASKS_OPTION;
    if (asks_initial_policy(r))
        return ASKS_INITIAL_POLICY;
    if (!v->ok && is_word(trust, "TRUSTED_ANCHOR") && holds(v->reason, "CN=Root"))
        return ASKS_BARE_ANCHOR;
    if (asks_crl_kind(r))
        return ASKS_CRL_KIND;
    if (asks_name_rule(r))
        return ASKS_NAME_RULE;
    if (!v->ok && is_word(v->reason, "malformed") && r->facts.readable &&
        holds(slice_of(r->facts.malformed), "is its default"))
        return ASKS_BER;
    if (!v->ok)
        return v->undecided && holds(v->reason, "could not be judged") ? ASKS_MORE_THAN_OPENSSL : ASKS_NOTHING;
    if (holds(trust, "WITH_CONSTRAINTS") && any_certificate(r, is_anchor_with_policies))
        return ASKS_ANCHOR_POLICY;
    if (asks_other_anchor(r))
        return ASKS_OTHER_ANCHOR;
    if (slice_starts(source_case, S("webpki::")))
        return ASKS_WEB_PROFILE;
    if ((option(r, "key_purpose").n || option(r, "purpose").n) && any_certificate(r, is_authority_with_purpose))
        return ASKS_AUTHORITY_PURPOSE;
    if (asks_strength(r))
        return ASKS_STRENGTH;
    return asks_issuer_duty(r) ? ASKS_ISSUER_DUTY : ASKS_NOTHING;
}

struct tally {
    unsigned total, agreed, undecided, accepted, refused, excepted_accepted[ASKS_COUNT], excepted_refused[ASKS_COUNT];
};

static void count_row(struct arena *a, struct slice line, struct tally *all, struct tally *mine)
{
    struct row r;
    struct verdict v;
    read_row(a, line, &r);
    judge(a, &r, &v);
    all->total++, mine->total++;
    if (v.ok == r.expects_ok) {
        all->agreed++, mine->agreed++;
        all->undecided += v.undecided;
        return;
    }
    enum reason_kind kind = find_reason(&r, &v, jsonl_member(line, "source_case"));
    if (kind != ASKS_NOTHING) {
        (v.ok ? all->excepted_accepted : all->excepted_refused)[kind]++;
        mine->total--;
        return;
    }
    *(v.ok ? &all->accepted : &all->refused) += 1;
    print_message("  %.*s %s, expected %s: %.*s (%.*s)\n", SLICE_ARGS(r.id), v.ok ? "accepted" : "not accepted",
                  r.expects_ok ? "ok" : "fail", SLICE_ARGS(v.reason), SLICE_ARGS(jsonl_member(line, "source_case")));
}

static void tell(const struct tally *t)
{
    print_message("chain.jsonl: %u rows, %u agree (%u of them undecided), %u accepted and %u not accepted against the "
                  "row\n",
                  t->total, t->agreed, t->undecided, t->accepted, t->refused);
    for (size_t i = 0; i < ASKS_COUNT; i++)
        if (t->excepted_accepted[i] || t->excepted_refused[i])
            print_message("  asks for %s: %u accepted here, %u not\n", asked[i], t->excepted_accepted[i],
                          t->excepted_refused[i]);
}

static void test_chains(void **state)
{
    (void)state;
    static const char *const sources[] = {"limbo", "pkits", "boringssl", "openssl", "mbedtls"};
    struct arena table = {0};
    struct tally all = {0}, mine[5] = {{0}};
    if (!is_there(CORPORA "/chain.jsonl", "chain.jsonl"))
        skip();
    struct slice rest = jsonl_load(&table, CORPORA "/chain.jsonl"), line;
    while (slice_split(&rest, '\n', &line)) {
        struct arena a = {0};
        size_t i = 0;
        while (line.n && i < 4 && !slice_starts(slice_from(jsonl_member(line, "id"), 3), slice_of(sources[i])))
            i++;
        if (line.n)
            count_row(&a, line, &all, &mine[i]);
        arena_free(&a);
    }
    tell(&all);
    for (size_t i = 0; i < 5; i++)
        score_tell("chain.jsonl", sources[i], mine[i].agreed, mine[i].total, "rows that ask for what is done here");
    arena_free(&table);
    assert_true(all.agreed > 0);
    assert_int_equal(all.accepted, 0);
    assert_int_equal(all.refused, 0);
}

static enum revocation_answer expected_status(struct slice word)
{
    if (is_word(word, "good"))
        return REVOCATION_GOOD;
    return is_word(word, "revoked") ? REVOCATION_REVOKED : REVOCATION_UNDECIDED;
}

static void judge_crl(struct arena *a, struct slice line, struct trust *out)
{
    struct trust_pool *p;
    struct trust_anchors *t;
    struct facts f;
    struct fault fault = {""};
    uint64_t max_age_s = 0;
    bool has_second = !is_null(jsonl_member(line, "issuer2"));
    struct slice der = load(a, jsonl_member(line, "cert")), issuers[2] = {load(a, jsonl_member(line, "issuer"))};
    if (has_second)
        issuers[1] = load(a, jsonl_member(line, "issuer2"));
    facts_read(der, &f);
    assert_true(slice_to_uint(jsonl_member(line, "max_age_s"), INT32_MAX, &max_age_s));
    assert_int_equal(trust_pool_open(&p, &fault), RC_OK);
    assert_int_equal(trust_anchors_open(p, issuers, has_second ? 2 : 1, &t, &fault), RC_OK);
    (void)trust_pool_add_crl(p, load(a, jsonl_member(line, "crl")));
    trust_judge(p, a,
                &(struct trust_question){.der = der,
                                         .facts = &f,
                                         .anchors = t,
                                         .asks_crl = true,
                                         .crl_max_age_s = (int64_t)max_age_s,
                                         .now_utc = read_time(jsonl_member(line, "time"))},
                out);
    trust_anchors_close(t);
    trust_pool_close(p);
}

static void test_crls(void **state)
{
    (void)state;
    struct arena table = {0};
    unsigned agreed = 0, total = 0;
    if (!is_there(CORPORA "/crl.jsonl", "crl.jsonl"))
        skip();
    struct slice rest = jsonl_load(&table, CORPORA "/crl.jsonl"), line;
    while (slice_split(&rest, '\n', &line)) {
        struct arena a = {0};
        struct trust out;
        if (line.n == 0)
            continue;
        judge_crl(&a, line, &out);
        bool same = out.revocation == expected_status(jsonl_member(line, "expect_status"));
        total++;
        agreed += same;
        if (!same)
            print_message("  %.*s: expected %.*s, ours is %d %.*s\n", SLICE_ARGS(jsonl_member(line, "source_case")),
                          SLICE_ARGS(jsonl_member(line, "expect_status")), (int)out.revocation,
                          SLICE_ARGS(out.revocation_why));
        arena_free(&a);
    }
    score_tell("crl.jsonl", "status", agreed, total, NULL);
    arena_free(&table);
    assert_true(total > 0);
    assert_int_equal(agreed, total);
}

/* Every octet string that any row calls a CRL, good or not: it is read or refused, and nothing breaks. */
static void test_crls_survive(void **state)
{
    (void)state;
    struct arena table = {0};
    unsigned total = 0, agreed = 0, judged = 0;
    if (!is_there(CORPORA "/malformed.jsonl", "malformed.jsonl"))
        skip();
    struct slice rest = jsonl_load(&table, CORPORA "/malformed.jsonl"), line;
    while (slice_split(&rest, '\n', &line)) {
        struct arena a = {0};
        struct crl c;
        if (is_word(jsonl_member(line, "kind"), "crl")) {
            const char *wrong = crl_read(load(&a, jsonl_member(line, "file")), &c);
            struct slice expected = jsonl_member(line, "expect_parse");
            bool wants_bad = is_word(expected, "bad"), has_verdict = wants_bad || is_word(expected, "ok");
            total++;
            judged += has_verdict;
            agreed += has_verdict && wants_bad == (wrong != NULL);
            if (has_verdict && wants_bad != (wrong != NULL))
                print_message("  %.*s: expected %.*s, ours is %s\n", SLICE_ARGS(jsonl_member(line, "id")),
                              SLICE_ARGS(expected), wrong ? wrong : "ok");
        }
        arena_free(&a);
    }
    print_message("malformed.jsonl: %u CRLs read, %u with a verdict, %u agree\n", total, judged, agreed);
    arena_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_crls),
        cmocka_unit_test(test_crls_survive),
    };
    return score_result(cmocka_run_group_tests_name("trust corpora", tests, NULL, NULL));
}
