/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names against certificates as other projects' own tests judge them.  Where those agree with one another we
 * have to agree too; where they differ, the score against a small independent reading of RFC 9525 is printed.
 */
#include "base/hex.h"
#include "core/policy.h"
#include "support/jsonl.h"
#include "support/score.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CORPORA SOURCE_DIR "/../shared/corpora"
#define S(text) SLICE_LITERAL(text)

/* One row of the corpus under the policy that its verdict holds for. */
struct matching {
    struct slice id, expect, strength, reference, policy, host, der;
    struct facts facts;
    bool matches;
};

static struct slice unhex(struct arena *a, struct slice hex)
{
    uint8_t *out = arena_alloc(a, hex.n / 2 + 1);
    for (size_t i = 0; i + 1 < hex.n; i += 2)
        out[i / 2] = (uint8_t)(hex_digit(hex.p[i]) << 4 | hex_digit(hex.p[i + 1]));
    return slice_make(out, hex.n / 2);
}

static bool name_found_wrong(const struct finding *findings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (findings[i].check == CHECK_CN_MISMATCH || findings[i].check == CHECK_SAN_MISMATCH)
            return true;
    return false;
}

static bool judge(struct arena *a, struct slice der, struct slice host, enum name_match rule)
{
    const struct policy policy = {.name_match = rule, .wildcard = true};
    struct host h = host_compile(a, host);
    struct facts f;
    struct finding findings[FINDINGS_MAX];
    facts_read(der, &f);
    struct check_input in = {
        .policy = &policy, .hosts = &h, .host_count = 1, .der = der, .facts = &f, .now_utc = 1750000000};
    size_t count = check_run(a, &in, findings);
    return f.readable && !name_found_wrong(findings, count);
}

static struct matching match_row(struct arena *a, struct slice line)
{
    struct slice policy = jsonl_member(line, "policy"), facts = jsonl_member(line, "facts");
    bool fallback = slice_eq(policy, S("cn-fallback"));
    struct slice path = arena_format(a, "%s/%.*s", CORPORA, SLICE_ARGS(jsonl_member(line, "cert")));
    struct matching m = {
        .id = jsonl_member(line, "id"),
        .expect = jsonl_member(line, "expect"),
        .strength = jsonl_member(line, "strength"),
        .policy = policy,
        .reference = jsonl_member(facts, fallback ? "ref_rfc6125_cnfallback" : "ref_rfc9525_san"),
        .host = unhex(a, jsonl_member(line, "host_hex")),
        .der = jsonl_load(a, (const char *)path.p),
    };
    if (!m.der.p)
        fail_msg("%s can't be read", (const char *)path.p);
    facts_read(m.der, &m.facts);
    m.matches = judge(a, m.der, m.host, fallback ? MATCH_CN_OR_SAN : MATCH_SAN);
    return m;
}

static bool says_match(struct slice verdict)
{
    return slice_eq(verdict, S("match")) || slice_eq(verdict, S("match-legacy-cn"));
}

/*
 * What is contested among implementations, and the one rule that decides it here.  The first that applies to a row is
 * the one; README, "Decisions where the standards are silent".
 */
enum rule {
    RULE_NO_HOST,
    RULE_ADDRESS,
    RULE_TRAILING_DOT,
    RULE_PARTIAL_WILDCARD,
    RULE_SHORT_WILDCARD,
    RULE_PRESENTED_DOT,
    RULE_SAN_DECIDES,
    RULE_COMMON_NAMES,
    RULE_COUNT
};
static const struct {
    const char *what, *reason;
} rules[RULE_COUNT] = {
    [RULE_NO_HOST] = {"the host is no DNS name", "matches nothing, whatever is presented: RFC 9525 section 2"},
    [RULE_ADDRESS] = {"the host is an address", "only an iPAddress of the same octets: RFC 9525 section 6.2"},
    [RULE_TRAILING_DOT] = {"the host ends in a dot", "the same name without it: RFC 1034 section 3.1"},
    [RULE_PARTIAL_WILDCARD] = {"a wildcard within a label", "equals nothing: RFC 9525 section 6.3"},
    [RULE_SHORT_WILDCARD] = {"a wildcard before one label",
                             "covers one more label, no list of suffixes: RFC 9525 section 6.3"},
    [RULE_PRESENTED_DOT] = {"a presented name that is none", "equals nothing: RFC 5280 section 4.2.1.6"},
    [RULE_SAN_DECIDES] = {"names beside the subjectAltName",
                          "a dNSName, iPAddress or URI decides, the Common Name does not: RFC 9525 section 2"},
    [RULE_COMMON_NAMES] = {"Common Names alone", "each has to be the host where they count: RFC 6125 section 6.4.4"},
};

static bool ends_in_dot(struct slice name)
{
    return name.n && name.p[name.n - 1] == '.';
}

static bool is_plain_name(struct slice name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '.' && (i == 0 || i + 1 == name.n || name.p[i + 1] == '.'))
            return false;
    return memchr(name.p, ':', name.n) == NULL && name.n > 0;
}

/* The rule that a presented DNS name calls for, or RULE_COUNT. */
static enum rule rule_of_name(struct slice name)
{
    const uint8_t *star = memchr(name.p, '*', name.n), *dot = memchr(name.p, '.', name.n);
    if (!is_plain_name(name))
        return RULE_PRESENTED_DOT;
    if (!star)
        return RULE_COUNT;
    if (star != name.p || !dot || dot != star + 1)
        return RULE_PARTIAL_WILDCARD;
    return memchr(dot + 1, '.', (size_t)(name.p + name.n - dot - 1)) ? RULE_COUNT : RULE_SHORT_WILDCARD;
}

static enum rule rule_of(struct arena *a, const struct matching *m)
{
    struct host h = host_compile(a, m->host);
    if (h.kind != HOST_DNS)
        return h.kind == HOST_IP ? RULE_ADDRESS : RULE_NO_HOST;
    if (ends_in_dot(m->host))
        return RULE_TRAILING_DOT;
    struct slice cursor = facts_san(m->der, &m->facts), value;
    enum general_name kind;
    enum rule found = RULE_COUNT;
    bool decides = false;
    uint8_t tag;
    while (found == RULE_COUNT && facts_next_name(&cursor, &kind, &value)) {
        decides |= kind == NAME_DNS || kind == NAME_IP || kind == NAME_URI;
        found = kind == NAME_DNS ? rule_of_name(value) : RULE_COUNT;
    }
    cursor = facts_subject(m->der, &m->facts);
    while (found == RULE_COUNT && !decides && facts_next_common_name(&cursor, &tag, &value))
        found = rule_of_name(value);
    return found != RULE_COUNT ? found : decides ? RULE_SAN_DECIDES : RULE_COMMON_NAMES;
}

/* One kind of row: how many there are, and how many are as they should be. */
struct count {
    unsigned right, total;
};

static void add(struct count *c, bool right)
{
    c->right += right;
    c->total++;
}

struct tally {
    struct count consensus[3], upstream, rule[RULE_COUNT];
};
static const char *const policies[3] = {"any", "cn-fallback", "san-only"};

static void judge_row(struct arena *a, struct slice line, struct tally *t)
{
    struct matching m = match_row(a, line);
    bool upstream = m.matches == says_match(m.expect);
    if (slice_eq(m.strength, S("consensus"))) {
        for (size_t i = 0; i < 3; i++)
            if (slice_eq(m.policy, slice_of(policies[i])))
                add(&t->consensus[i], upstream);
        if (!upstream)
            print_message("  %.*s: wanted %.*s\n", SLICE_ARGS(m.id), SLICE_ARGS(m.expect));
    } else if (slice_eq(m.strength, S("contested"))) {
        assert_true(m.reference.n > 0);
        bool as_reference = m.matches == says_match(m.reference);
        add(&t->upstream, upstream);
        add(&t->rule[rule_of(a, &m)], as_reference);
        if (!as_reference)
            print_message("  contested, unlike the reference: %.*s (%s here)\n", SLICE_ARGS(m.id),
                          m.matches ? "match" : "no match");
    }
}

static void test_hostmatch(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice rest = jsonl_load(&a, CORPORA "/hostmatch.jsonl"), line;
    struct tally t = {0};
    if (!rest.p) {
        score_absent("hostmatch.jsonl");
        skip();
    }
    struct arena_mark mark = arena_mark(&a);
    for (; slice_split(&rest, '\n', &line); arena_reset(&a, mark))
        if (line.n)
            judge_row(&a, line, &t);
    arena_free(&a);
    unsigned required = 0;
    for (size_t i = 0; i < 3; i++) {
        char category[64];
        snprintf(category, sizeof category, "consensus, %s", policies[i]);
        if (t.consensus[i].total)
            score_tell("hostmatch.jsonl", category, t.consensus[i].right, t.consensus[i].total, "required");
        assert_int_equal(t.consensus[i].right, t.consensus[i].total);
        required += t.consensus[i].total;
    }
    for (size_t i = 0; i < RULE_COUNT; i++) {
        char category[128];
        snprintf(category, sizeof category, "contested, %s", rules[i].what);
        score_tell("hostmatch.jsonl", category, t.rule[i].right, t.rule[i].total, rules[i].reason);
        assert_int_equal(t.rule[i].right, t.rule[i].total); /* where others differ, RFC 9525 decides */
    }
    score_tell("hostmatch.jsonl", "contested, as its own project has it", t.upstream.right, t.upstream.total, NULL);
    assert_true(required > 300);
}

/* Strings as host names of an entry, as addresses, and as presented names. */
static void test_syntax(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice rest = jsonl_load(&a, CORPORA "/hostname-syntax.jsonl"), line;
    struct count address = {0}, presented = {0};
    unsigned excepted = 0;
    if (!rest.p) {
        score_absent("hostname-syntax.jsonl");
        skip();
    }
    while (slice_split(&rest, '\n', &line)) {
        if (line.n == 0)
            continue;
        struct slice value = unhex(&a, jsonl_member(line, "value_hex")),
                     as_address = jsonl_member(line, "valid_reference");
        struct host h = host_compile(&a, value);
        if (slice_eq(jsonl_member(line, "kind"), S("ip"))) {
            bool valid = slice_eq(as_address, S("true"));
            bool right = valid == (h.kind == HOST_IP) &&
                         (!valid || slice_eq(h.name, unhex(&a, jsonl_member(line, "address_hex"))));
            add(&address, right);
            if (!right)
                print_message("  %.*s\n", SLICE_ARGS(jsonl_member(line, "id")));
            continue;
        }
        /* Upstream's guess at what is meant as a DNS name is kinder than the syntax: a dot at the end, colons, and
         * labels that end in a hyphen make no DNS name here. */
        bool valid = slice_eq(jsonl_member(line, "valid_presented"), S("true"));
        bool kinder = ends_in_dot(value) || memchr(value.p, ':', value.n) || memmem(value.p, value.n, "-.", 2);
        struct slice name = value.n > 1 && value.p[0] == '*' ? slice_from(value, 2) : value;
        struct host host = host_compile(&a, name);
        bool taken = host.kind == HOST_DNS && host_covered_by_dns(&host, name, true) &&
                     (name.n == value.n || (value.p[1] == '.' && host.kind == HOST_DNS));
        if (valid && kinder)
            excepted++;
        else
            add(&presented, taken == valid);
        if (!(valid && kinder) && taken != valid)
            print_message("  %.*s\n", SLICE_ARGS(jsonl_member(line, "id")));
    }
    arena_free(&a);
    score_tell("hostname-syntax.jsonl", "addresses", address.right, address.total, "required");
    score_tell("hostname-syntax.jsonl", "presented names", presented.right, presented.total, "required");
    score_tell("hostname-syntax.jsonl", "presented names that RFC 1123 section 2.1 does not know", 0, excepted,
               "a dot at the end, a colon, a hyphen at the end of a label: they equal nothing");
    assert_int_equal(address.right, address.total);
    assert_int_equal(presented.right, presented.total);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hostmatch), cmocka_unit_test(test_syntax)};
    return score_result(cmocka_run_group_tests_name("hostmatch", tests, NULL, NULL));
}
