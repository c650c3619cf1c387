/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What zlint's own tests say of their certificates, held against the checks of ours that judge the same: each lint with
 * a counterpart under the policy that states what the lint does.  A lint's "not applicable" and "not effective" are no
 * verdicts on the certificate, and no rows here.
 */
#include "base/der.h"
#include "core/algorithm.h"
#include "core/policy.h"
#include "support/jsonl.h"
#include "support/score.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CORPORA     SOURCE_DIR "/../shared/corpora"
#define COUNT(list) (sizeof(list) / sizeof *(list))
#define S(text)     SLICE_LITERAL(text)
#define DAYS(n)     ((n)*86400LL)

/* What of ours stands for a lint. */
enum ours {
    OF_CHECK,     /* the check violates */
    OF_MALFORMED, /* malformed; where the lint is content, about something else than `about` */
    OF_UNUSUAL,   /* the bit in `unusual` is set */
    OF_WILDCARD,  /* no name of the entry that a misplaced wildcard might be meant for is covered */
    OF_EMPTY_LIFE /* it is expired when it begins */
};

static const struct lint {
    const char *name;
    enum ours ours;
    enum check_id check;
    struct policy policy;
    const char *curves, *signatures, *required, *forbidden; /* names between blanks */
    const char *about;
    unsigned unusual;
    const char *wrong; /* what the lint calls a violation; NULL: "Error" */
} lints[] = {
#define LIFE(...) OF_CHECK, CHECK_VALIDITY_TOO_LONG, .policy = {.max_validity = {__VA_ARGS__}}
    {"e_server_cert_valid_time_longer_than_200_days", LIFE(VALIDITY_CABF, 0)},
    {"e_server_cert_valid_time_longer_than_100_days", LIFE(VALIDITY_CABF, 0)},
    {"e_server_cert_valid_time_longer_than_47_days", LIFE(VALIDITY_CABF, 0)},
    {"w_server_cert_valid_time_longer_than_199_days", LIFE(VALIDITY_AT_MOST, DAYS(199)), .wrong = "Warn"},
    {"w_server_cert_valid_time_longer_than_99_days", LIFE(VALIDITY_AT_MOST, DAYS(99)), .wrong = "Warn"},
    {"w_server_cert_valid_time_longer_than_46_days", LIFE(VALIDITY_AT_MOST, DAYS(46)), .wrong = "Warn"},
    {"e_sub_cert_valid_time_longer_than_825_days", LIFE(VALIDITY_CABF, 0)},
    {"e_sub_cert_valid_time_longer_than_39_months", LIFE(VALIDITY_CABF, 0)},
    {"e_cs_max_validity_period_460_days", LIFE(VALIDITY_AT_MOST, DAYS(460))},
    {"e_validity_time_not_positive", .ours = OF_EMPTY_LIFE},

#define BITS(n) OF_CHECK, CHECK_WEAK_KEY, .policy = {.min_rsa_bits = (n)}
    {"e_rsa_mod_less_than_2048_bits", BITS(2048)},
    {"e_mp_modulus_must_be_2048_bits_or_more", BITS(2048)},
    {"e_old_sub_cert_rsa_mod_less_than_1024_bits", BITS(1024)},
    {"e_old_sub_ca_rsa_mod_less_than_1024_bits", BITS(1024)},
    {"w_rsa_mod_not_odd", BITS(1024), .wrong = "Warn"},
    {"e_rsa_public_exponent_not_odd", BITS(1024)},
    {"e_ec_improper_curves", OF_CHECK, CHECK_WEAK_KEY, .curves = "P-256 P-384 P-521"},
    {"e_cs_ecdsa_prohibited_curve", OF_CHECK, CHECK_WEAK_KEY, .curves = "P-256 P-384 P-521"},

#define SHA2                                                                                                           \
    "sha256WithRSAEncryption sha384WithRSAEncryption sha512WithRSAEncryption rsassaPss ecdsa-with-SHA256 "             \
    "ecdsa-with-SHA384 ecdsa-with-SHA512"
    {"e_cs_signature_algorithm_not_supported", OF_CHECK, CHECK_WEAK_SIGNATURE, .signatures = SHA2},
    {"e_signature_algorithm_not_supported", OF_CHECK, CHECK_WEAK_SIGNATURE,
     .signatures = SHA2 " sha1WithRSAEncryption"},

#define NO_CA OF_CHECK, CHECK_CA_CERTIFICATE, .policy = {.ca_rule = CA_REFUSED}
    {"e_sub_cert_not_is_ca", NO_CA},
    {"e_ca_is_ca", NO_CA},
    {"e_ext_key_usage_cert_sign_without_ca", NO_CA},

#define USAGE(bits) OF_CHECK, CHECK_KEY_USAGE, .policy = {.key_usage = (bits)}
    {"e_cs_key_usage_required", USAGE(1 << 0)},
    {"e_ca_key_usage_missing", USAGE(1 << 5)},
    {"e_root_ca_key_usage_present", USAGE(1 << 5)},
    {"e_ext_key_usage_without_bits", .ours = OF_MALFORMED, .about = "keyUsage"},
    {"e_key_usage_incorrect_length", .ours = OF_MALFORMED, .about = "keyUsage"},
    {"e_incorrect_ku_encoding", .ours = OF_MALFORMED, .about = "keyUsage"},
    {"e_superfluous_ku_encoding", .ours = OF_MALFORMED, .about = "keyUsage"},

#define PURPOSE OF_CHECK, CHECK_EXTENDED_KEY_USAGE
    {"e_sub_cert_eku_missing", PURPOSE, .required = "serverAuth"},
    {"e_sub_cert_eku_server_auth_client_auth_missing", PURPOSE, .required = "serverAuth"},
    {"e_sub_cert_eku_check", PURPOSE, .required = "serverAuth",
     .forbidden = "codeSigning emailProtection timeStamping OCSPSigning 1.3.6.1.4.1.11129.2.4.4"},
    {"e_smime_legacy_multipurpose_eku_check", PURPOSE, .required = "emailProtection",
     .forbidden = "serverAuth codeSigning timeStamping"},

#define VERSION(bits) OF_CHECK, CHECK_VERSION, .policy = {.allowed_versions = (bits)}
    {"e_invalid_certificate_version", VERSION(1 << 3)},
    {"e_cert_extensions_version_not_3", .ours = OF_MALFORMED, .about = "extensions"},
    {"e_cert_unique_identifier_version_not_2_or_3", .ours = OF_MALFORMED, .about = "uniqueIdentifiers"},
    {"e_cert_contains_unique_identifier", .ours = OF_UNUSUAL, .unusual = UNUSUAL_UNIQUE_ID},

#define SAN_RULE OF_CHECK, CHECK_SAN_MISMATCH, .policy = {.name_match = MATCH_SAN, .wildcard = true}
    {"e_ext_san_missing", SAN_RULE},
    {"e_ext_san_no_entries", SAN_RULE},
    {"e_subject_common_name_not_from_san", OF_CHECK, CHECK_CN_MISMATCH,
     .policy = {.name_match = MATCH_CN, .wildcard = true}},
    {"e_san_bare_wildcard", .ours = OF_WILDCARD},
    {"e_san_wildcard_not_first", .ours = OF_WILDCARD},
    {"e_dnsname_wildcard_only_in_left_label", .ours = OF_WILDCARD},

    {"e_ext_san_dns_not_ia5_string", .ours = OF_MALFORMED, .about = "subjectAltName"},
    {"e_ext_san_uri_not_ia5", .ours = OF_MALFORMED, .about = "subjectAltName"},
    {"e_ext_ian_dns_not_ia5_string", .ours = OF_MALFORMED, .about = "issuerAltName"},
    {"e_ext_ian_uri_not_ia5", .ours = OF_MALFORMED, .about = "issuerAltName"},
    {"e_ext_ian_no_entries", .ours = OF_MALFORMED, .about = "issuerAltName"},
    {"e_ext_duplicate_extension", .ours = OF_MALFORMED, .about = "one extension is there twice"},
    {"e_cert_ext_invalid_der", .ours = OF_MALFORMED, .about = ""},
    {"e_basic_constr_invalid_der", .ours = OF_MALFORMED, .about = "basicConstraints"},
    {"e_ext_policy_constraints_empty", .ours = OF_MALFORMED, .about = "policyConstraints"},
    {"e_name_constraint_empty", .ours = OF_MALFORMED, .about = "nameConstraints"},
    {"e_utc_time_does_not_include_seconds", .ours = OF_MALFORMED, .about = "section 4.1.2.5"},
    {"e_utc_time_not_in_zulu", .ours = OF_MALFORMED, .about = "section 4.1.2.5"},
    {"e_wrong_time_format_pre2050", .ours = OF_MALFORMED, .about = "section 4.1.2.5"},
    {"e_ext_cannot_be_empty_sequence", .ours = OF_MALFORMED, .about = ""},
    {"e_spki_rsa_encryption_parameter_not_null", .ours = OF_UNUSUAL, .unusual = UNUSUAL_KEY},
    {"e_algorithm_identifier_improper_encoding", .ours = OF_UNUSUAL, .unusual = UNUSUAL_KEY},
    {"e_subject_empty_without_san", .ours = OF_UNUSUAL, .unusual = UNUSUAL_SUBJECT},
};

/* Rows where we are of another opinion: the lint, the certificate, and why. */
static const struct exception {
    const char *lint, *id, *why;
} exceptions[] = {
    {"e_key_usage_incorrect_length", "zl-incorrect_ku_length.pem",
     "the lint wants exactly eight bits; KeyUsage has nine, and no upper bound (RFC 5280 section 4.2.1.3)"},
    {"e_ext_policy_constraints_empty", "zl-policyConstGoodBoth.pem",
     "not empty, but its tags are explicit where RFC 5280 appendix A.2 has implicit ones: OpenSSL refuses it too"},
};

static struct oid_list oids_of(struct arena *a, enum algorithm_kind kind, const char *names)
{
    struct slice rest = slice_of(names), word, *items = ARENA_ARRAY(a, 16, struct slice);
    size_t n = 0;
    while (names && slice_word(&rest, &word)) {
        if (n == 16 || !algorithm_compile(a, kind, word, &items[n++]))
            fail_msg("%.*s", SLICE_ARGS(word));
    }
    return (struct oid_list){items, n};
}

static struct policy policy_of(struct arena *a, const struct lint *l)
{
    struct policy p = l->policy;
    p.allowed_curves = oids_of(a, ALGORITHM_CURVE, l->curves);
    p.allowed_signatures = oids_of(a, ALGORITHM_SIGNATURE, l->signatures);
    p.required_ekus = oids_of(a, ALGORITHM_PURPOSE, l->required);
    p.forbidden_ekus = oids_of(a, ALGORITHM_PURPOSE, l->forbidden);
    return p;
}

/* A host name that a presented name might be meant for: "w" stands for each asterisk. */
static struct host host_meant(struct arena *a, struct slice presented)
{
    uint8_t *octets = arena_alloc(a, presented.n + 1);
    for (size_t i = 0; i < presented.n; i++)
        octets[i] = presented.p[i] == '*' ? 'w' : presented.p[i];
    return host_compile(a, slice_make(octets, presented.n));
}

/* Host names that the entry might have: those that the certificate's dNSNames are meant for, or one that nobody has. */
static size_t hosts_of(struct arena *a, struct slice der, const struct facts *f, struct host hosts[64])
{
    struct slice cursor = facts_san(der, f), value;
    enum general_name kind;
    size_t n = 0;
    while (n < 64 && facts_next_name(&cursor, &kind, &value))
        if (kind == NAME_DNS)
            hosts[n++] = host_meant(a, value);
    if (!n)
        hosts[n++] = host_compile(a, S("host.example.net"));
    return n;
}

/* An asterisk that is not the whole left-most label of several. */
static bool is_misplaced(struct slice name)
{
    const uint8_t *star = name.n ? memchr(name.p, '*', name.n) : NULL;
    if (!star)
        return false;
    return star != name.p || name.n < 3 || name.p[1] != '.' || memchr(name.p + 1, '*', name.n - 1);
}

static bool wildcard_covers_nothing(struct arena *a, struct slice der, const struct facts *f)
{
    const struct policy p = {.name_match = MATCH_SAN, .wildcard = true};
    struct slice cursor = facts_san(der, f), value;
    enum general_name kind;
    bool found = false;
    while (facts_next_name(&cursor, &kind, &value)) {
        if (kind != NAME_DNS || !is_misplaced(value))
            continue;
        struct host h = host_meant(a, value);
        struct check_input in = {.policy = &p, .hosts = &h, .host_count = 1, .der = der, .facts = f};
        struct check_result r;
        check_answer(a, &in, CHECK_SAN_MISMATCH, &r);
        if (r.answer != ANSWER_VIOLATES)
            return false;
        found = true;
    }
    return found;
}

static bool violates(struct arena *a, const struct lint *l, struct slice der, const struct facts *f,
                     enum check_id check)
{
    struct host hosts[64];
    struct policy p = policy_of(a, l);
    struct check_input in = {.policy = &p, .hosts = hosts, .der = der, .facts = f, .now_utc = f->not_before_utc};
    struct check_result r;
    in.host_count = hosts_of(a, der, f, hosts);
    check_answer(a, &in, check, &r);
    return r.answer == ANSWER_VIOLATES;
}

/*
 * Only the first thing that is wrong is told.  So where the lint finds something, whatever is told will do; where it
 * finds nothing, the finding must not be about the same.
 */
static bool is_malformed(const struct facts *f, const char *about, bool wanted)
{
    return f->malformed && (wanted || strstr(f->malformed, about));
}

static bool judge(struct arena *a, const struct lint *l, struct slice der, bool wanted)
{
    struct facts f;
    facts_read(der, &f);
    switch (l->ours) {
    case OF_CHECK:
        return violates(a, l, der, &f, l->check);
    case OF_MALFORMED:
        return is_malformed(&f, l->about, wanted);
    case OF_UNUSUAL:
        return f.unusual & l->unusual;
    case OF_WILDCARD:
        return wildcard_covers_nothing(a, der, &f);
    case OF_EMPTY_LIFE:
        return f.readable && violates(a, l, der, &f, CHECK_EXPIRED);
    }
    return false;
}

/* The corpus: each line a certificate, each with an array of lints. */

struct score {
    unsigned right[COUNT(lints)], wrong[COUNT(lints)], excepted[COUNT(lints)], not_ours, no_verdict;
};

static const struct exception *exception_find(struct slice lint, struct slice id)
{
    for (size_t i = 0; i < COUNT(exceptions); i++)
        if (slice_eq(lint, slice_of(exceptions[i].lint)) && slice_eq(id, slice_of(exceptions[i].id)))
            return &exceptions[i];
    return NULL;
}

static const struct lint *lint_find(struct slice name)
{
    for (size_t i = 0; i < COUNT(lints); i++)
        if (slice_eq(name, slice_of(lints[i].name)))
            return &lints[i];
    return NULL;
}

static void score_lint(struct arena *a, struct score *s, struct slice id, struct slice der, struct slice object)
{
    struct slice name = jsonl_member(object, "lint"), expect = jsonl_member(object, "expect");
    const struct lint *l = lint_find(name);
    if (!l) {
        s->not_ours++;
        return;
    }
    bool wrong = slice_eq(expect, slice_of(l->wrong ? l->wrong : "Error"));
    if (!wrong && !slice_eq(expect, S("Pass"))) {
        s->no_verdict++;
        return;
    }
    bool found = judge(a, l, der, wrong);
    const struct exception *e = found != wrong ? exception_find(name, id) : NULL;
    if (e) {
        s->excepted[l - lints]++;
        print_message("  %.*s, %.*s: %s\n", SLICE_ARGS(name), SLICE_ARGS(id), e->why);
        return;
    }
    (found == wrong ? s->right : s->wrong)[l - lints]++;
    if (found != wrong)
        print_message("  %.*s, %.*s: wanted %.*s\n", SLICE_ARGS(name), SLICE_ARGS(id), SLICE_ARGS(expect));
}

static void score_line(struct arena *a, struct score *s, struct slice line)
{
    struct slice path = arena_format(a, "%s/%.*s", CORPORA, SLICE_ARGS(jsonl_member(line, "cert")));
    struct slice der = jsonl_load(a, (const char *)path.p), id = jsonl_member(line, "id");
    const uint8_t *from = memmem(line.p, line.n, "\"lints\": [", 10);
    if (!der.p || !from)
        fail_msg("%.*s: no certificate or no lints", SLICE_ARGS(id));
    struct slice rest = slice_make(from, line.n - (size_t)(from - line.p)), part;
    const uint8_t *end = memchr(rest.p, ']', rest.n);
    rest = slice_upto(rest, (size_t)(end - rest.p));
    while (slice_split(&rest, '}', &part)) {
        const uint8_t *begin = memchr(part.p, '{', part.n);
        if (begin)
            score_lint(a, s, id, der, arena_format(a, "%.*s}", (int)(part.p + part.n - begin), (const char *)begin));
    }
}

static void zlint(void **state)
{
    (void)state;
    struct arena a = {0};
    struct score s = {0};
    unsigned right = 0, wrong = 0, excepted = 0;
    struct slice rest = jsonl_load(&a, CORPORA "/zlint.jsonl"), line;
    if (!rest.p) {
        score_absent("zlint.jsonl");
        skip();
    }
    struct arena_mark mark = arena_mark(&a);
    for (; slice_split(&rest, '\n', &line); arena_reset(&a, mark))
        if (line.n)
            score_line(&a, &s, line);
    for (size_t i = 0; i < COUNT(lints); i++) {
        right += s.right[i];
        wrong += s.wrong[i];
        excepted += s.excepted[i];
        score_tell("zlint.jsonl", lints[i].name, s.right[i], s.right[i] + s.wrong[i] + s.excepted[i],
                   s.excepted[i] ? "the others with a reason" : NULL);
        assert_true(s.right[i] + s.wrong[i] + s.excepted[i] > 0); /* a lint that is named here occurs */
    }
    print_message(
        "zlint.jsonl: %u of %u verdicts on what we judge too, %u excepted; %u without a verdict, %u not ours\n", right,
        right + wrong, excepted, s.no_verdict, s.not_ours);
    arena_free(&a);
    assert_int_equal(wrong, 0);
    assert_true(excepted <= COUNT(exceptions));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(zlint)};
    return score_result(cmocka_run_group_tests_name("zlint", tests, NULL, NULL));
}
