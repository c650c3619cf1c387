/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names against certificates as other projects' own tests judge them.  Where those agree with one another we
 * have to agree too; where they differ, the score against a small independent reading of RFC 9525 is printed.
 */
#include "base/hex.h"
#include "core/policy.h"
#include "support/jsonl.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CORPORA SOURCE_DIR "/../shared/corpora"
#define S(text) SLICE_LITERAL(text)

/* One row of the corpus under the policy that its verdict holds for. */
struct matching {
    struct slice id, expect, strength, reference;
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
    struct check_input in = {.policy = &policy, .hosts = &h, .host_count = 1, .der = der, .facts = &f,
        .now_utc = 1750000000};
    size_t count = check_run(a, &in, findings);
    return f.readable && !name_found_wrong(findings, count);
}

static struct matching match_row(struct arena *a, struct slice line)
{
    struct slice policy = jsonl_member(line, "policy"), facts = jsonl_member(line, "facts");
    bool fallback = slice_eq(policy, S("cn-fallback"));
    struct slice path = arena_format(a, "%s/%.*s", CORPORA, SLICE_ARGS(jsonl_member(line, "cert")));
    struct slice der = jsonl_load(a, (const char *)path.p);
    if (!der.p)
        fail_msg("%s can't be read", (const char *)path.p);
    struct slice host = unhex(a, jsonl_member(line, "host_hex"));
    return (struct matching){
        .id = jsonl_member(line, "id"),
        .expect = jsonl_member(line, "expect"),
        .strength = jsonl_member(line, "strength"),
        .reference = jsonl_member(facts, fallback ? "ref_rfc6125_cnfallback" : "ref_rfc9525_san"),
        .matches = judge(a, der, host, fallback ? MATCH_CN_OR_SAN : MATCH_SAN),
    };
}

static bool says_match(struct slice verdict)
{
    return slice_eq(verdict, S("match")) || slice_eq(verdict, S("match-legacy-cn"));
}

static void test_hostmatch(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice rest = jsonl_load(&a, CORPORA "/hostmatch.jsonl"), line;
    unsigned required = 0, wrong = 0, open = 0, as_reference = 0, as_upstream = 0;
    if (!rest.p) {
        print_message("skipped: the optional corpus of host names is not beside the source tree\n");
        skip();
    }
    struct arena_mark mark = arena_mark(&a);
    for (; slice_split(&rest, '\n', &line); arena_reset(&a, mark)) {
        if (line.n == 0)
            continue;
        struct matching m = match_row(&a, line);
        bool upstream = m.matches == says_match(m.expect);
        if (slice_eq(m.strength, S("consensus"))) {
            required++;
            wrong += !upstream;
            if (!upstream)
                print_message("  %.*s: wanted %.*s\n", SLICE_ARGS(m.id), SLICE_ARGS(m.expect));
        } else if (slice_eq(m.strength, S("contested"))) {
            open++;
            assert_true(m.reference.n > 0);
            as_upstream += upstream;
            as_reference += m.matches == says_match(m.reference);
            if (m.matches != says_match(m.reference))
                print_message("  contested, unlike the reference: %.*s (%s here)\n", SLICE_ARGS(m.id),
                              m.matches ? "match" : "no match");
        }
    }
    print_message("host names: %u of %u consensus rows right; of %u contested ones %u as the reference, %u as upstream\n",
                  required - wrong, required, open, as_reference, as_upstream);
    arena_free(&a);
    assert_true(required > 300);
    assert_int_equal(wrong, 0);
    assert_int_equal(as_reference, open); /* where others differ, RFC 9525 decides */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hostmatch)};
    return cmocka_run_group_tests_name("hostmatch", tests, NULL, NULL);
}
