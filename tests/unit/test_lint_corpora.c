/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dircertctl lint against truth that others wrote: ../shared/corpora and ../shared/labs/hostile beside the checkout.
 * What the corpora say of the readers and the checks themselves is in the suites of these; here the built program has
 * to say the same from the command line.
 */
#include "base/hex.h"
#include "support/command.h"
#include "support/jsonl.h"
#include "support/score.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CORPORA SOURCE_DIR "/../shared/corpora"
#define HOSTILE SOURCE_DIR "/../shared/labs/hostile"
#define POLICY                                                                                                         \
    "dn: cn=a,ou=policies,ou=dircertd,dc=example,dc=com\nobjectClass: dircertPolicy\ncn: a\n"                          \
    "dircertTarget: ldap:///ou=servers,dc=example,dc=com??sub?(cn=*)\n"

enum { FOUND = 4, FILES_MOST = 100 };

/* A row of the corpus; what is judged in one run are rows with the same host name under the same policy. */
struct row {
    struct slice id, host, expect;
    const char *path, *policy;
    bool taken;
};
typedef LIST_OF(struct row) row_list;

static struct slice unhex(struct arena *a, struct slice hex)
{
    uint8_t *out = arena_alloc(a, hex.n / 2 + 1);
    for (size_t i = 0; i + 1 < hex.n; i += 2)
        out[i / 2] = (uint8_t)(hex_digit(hex.p[i]) << 4 | hex_digit(hex.p[i + 1]));
    return slice_make(out, hex.n / 2);
}

static bool is_word(struct slice s, const char *word)
{
    return slice_eq(s, slice_of(word));
}

/* Each line of the table; without the table the test is skipped. */
static struct slice table_of(struct arena *a, const char *file)
{
    struct slice rest = jsonl_load(a, (const char *)arena_format(a, CORPORA "/%s", file).p);
    if (!rest.p) {
        char name[128];
        snprintf(name, sizeof name, "%s, from the command line", file);
        score_absent(name);
        arena_free(a);
        skip();
    }
    return rest;
}

static struct row *add_row(struct arena *a, row_list *rows, struct slice line, const char *file, const char *expect)
{
    struct row *r = LIST_ADD(a, rows);
    *r = (struct row){.id = jsonl_member(line, "id"),
                      .expect = jsonl_member(line, expect),
                      .path = (const char *)arena_format(a, CORPORA "/%.*s", SLICE_ARGS(jsonl_member(line, file))).p,
                      .policy = POLICY "dircertAllowedVersion: 3\n"};
    return r;
}

static bool has_line(struct arena *a, const struct command_result *result, const struct row *r, const char *check)
{
    return strstr(result->output, (const char *)arena_format(a, "%s: %s: ", r->path, check).p) != NULL;
}

/* Is what was printed right for that row?  Both are asked once for each row. */
typedef bool is_right_fn(struct arena *a, const struct row *r, const struct command_result *result);

/* All rows like the first of these, in one run; how many were judged wrongly. */
static unsigned judge_like(struct arena *a, row_list *rows, size_t first, is_right_fn *is_right)
{
    const struct row *one = &rows->items[first];
    const char *argv[FILES_MOST + 16] = {
        BINARY_DIR "/bin/dircertctl", "lint", "--at", "2025-06-15", "--policy", "-", "--"};
    size_t words = 7, members[FILES_MOST], count = 0;
    unsigned wrong = 0;
    if (one->host.p) {
        argv[words - 1] = "--host";
        argv[words++] = (const char *)arena_copy(a, one->host).p;
        argv[words++] = "--";
    }
    for (size_t i = first; i < rows->count && count < FILES_MOST; i++) {
        struct row *r = &rows->items[i];
        if (r->taken || r->policy != one->policy || !slice_eq(r->host, one->host))
            continue;
        r->taken = true;
        argv[words++] = r->path;
        members[count++] = i;
    }
    struct command_result result = command_run(argv, NULL, one->policy, 60);
    bool ended = result.status == 0 || result.status == FOUND;
    for (size_t i = 0; i < count; i++) {
        bool right = ended && is_right(a, &rows->items[members[i]], &result);
        wrong += !right;
        if (!right)
            print_message("  wrong: %.*s (%s)\n", SLICE_ARGS(rows->items[members[i]].id), result.errors);
    }
    command_free(&result);
    return wrong;
}

static void judge_all(struct arena *a, row_list *rows, const char *file, const char *category, is_right_fn *is_right)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (!rows->items[i].taken)
            wrong += judge_like(a, rows, i, is_right);
    score_tell(file, category, (unsigned)rows->count - wrong, (unsigned)rows->count, NULL);
    assert_true(rows->count > 0);
    assert_int_equal(wrong, 0);
}

/* Host names. */

/* A certificate that is malformed covers no name. */
static bool host_is_right(struct arena *a, const struct row *r, const struct command_result *result)
{
    bool mismatch = has_line(a, result, r, "cn-mismatch") || has_line(a, result, r, "san-mismatch");
    return slice_starts(r->expect, SLICE_LITERAL("match")) ? !mismatch
                                                           : mismatch || has_line(a, result, r, "malformed");
}

static void host_names(void **state)
{
    static const char by_san[] = POLICY "dircertNameMatch: san\ndircertWildcard: allow\n",
                      by_cn[] = POLICY "dircertNameMatch: cn-or-san\ndircertWildcard: allow\n";
    (void)state;
    struct arena a = {0};
    struct slice rest = table_of(&a, "hostmatch.jsonl"), line;
    row_list rows = {0};
    while (slice_split(&rest, '\n', &line)) {
        struct slice host = unhex(&a, jsonl_member(line, "host_hex"));
        /* No argument of a program holds a NUL. */
        if (!is_word(jsonl_member(line, "strength"), "consensus") || (host.n && memchr(host.p, '\0', host.n)))
            continue;
        struct row *r = add_row(&a, &rows, line, "cert", "expect");
        r->policy = is_word(jsonl_member(line, "policy"), "cn-fallback") ? by_cn : by_san;
        r->host = host;
    }
    judge_all(&a, &rows, "hostmatch.jsonl", "consensus, from the command line", host_is_right);
    arena_free(&a);
}

/* Versions. */

/* A version that no standard knows is malformed. */
static bool version_is_right(struct arena *a, const struct row *r, const struct command_result *result)
{
    bool refused = has_line(a, result, r, "version");
    uint64_t version;
    if (!slice_to_uint(r->expect, 100, &version))
        return has_line(a, result, r, "malformed");
    return refused == (version != 3);
}

static void versions(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice rest = table_of(&a, "version.jsonl"), line;
    row_list rows = {0};
    while (slice_split(&rest, '\n', &line))
        if (line.n && !is_word(jsonl_member(line, "expect_version"), "null"))
            add_row(&a, &rows, line, "cert", "expect_version");
    judge_all(&a, &rows, "version.jsonl", "version, from the command line", version_is_right);
    arena_free(&a);
}

/* Malformed. */

/* Which rows are excepted, and why, is said where the reader is scored. */
static bool says_what_the_reader_says(struct arena *a, const struct row *r, const struct command_result *result)
{
    struct facts f;
    facts_read(jsonl_load(a, r->path), &f);
    return has_line(a, result, r, "malformed") == (f.malformed != NULL);
}

static void malformed(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice rest = table_of(&a, "malformed.jsonl"), line;
    row_list rows = {0};
    while (slice_split(&rest, '\n', &line))
        if (is_word(jsonl_member(line, "kind"), "cert"))
            add_row(&a, &rows, line, "file", "expect_parse");
    judge_all(&a, &rows, "malformed.jsonl", "from the command line as by the reader", says_what_the_reader_says);
    arena_free(&a);
}

/* Each file ends with a verdict, all of them in one run. */
static void hostile(void **state)
{
    (void)state;
    if (access(HOSTILE, R_OK) != 0) {
        score_absent("labs/hostile, from the command line");
        skip();
    }
    const char *const argv[] = {"sh", "-c", "exec \"$0\" lint --host a.example.com " HOSTILE "/*.der",
                                BINARY_DIR "/bin/dircertctl", NULL};
    struct command_result r = command_run(argv, NULL, NULL, 60);
    assert_int_equal(r.status, FOUND);
    assert_non_null(strstr(r.output, ": malformed: "));
    command_free(&r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_names),
        cmocka_unit_test(versions),
        cmocka_unit_test(malformed),
        cmocka_unit_test(hostile),
    };
    return score_result(cmocka_run_group_tests_name("lint over the corpora", tests, NULL, NULL));
}
