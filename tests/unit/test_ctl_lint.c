/* SPDX-License-Identifier: Apache-2.0 */
/* dircertctl lint and checks, by what the built program prints; it needs no directory. */
#include "core/policy.h"
#include "ctl/moment.h"
#include "support/certmaker.h"
#include "support/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { FOUND = 4, WORDS_MOST = 24 };

struct world {
    struct arena arena;
    struct certmaker *maker;
    const char *folder;
    struct slice good, old; /* a.example.com, version 3 and version 1 */
};

static struct slice make(struct world *w, int version, const char *name)
{
    struct cert_text cn = {0, slice_of(name)};
    struct cert_name dns = {NAME_DNS, slice_of(name)};
    struct cert_options o = {.version = version,
                             .not_before_utc = 1577836800, /* 2020 */
                             .not_after_utc = 4102444800,  /* 2100 */
                             .common_names = &cn,
                             .common_name_count = 1,
                             .names = &dns,
                             .name_count = version == 3};
    return cert_make(w->maker, &w->arena, &o);
}

static int enter(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    const char *temporary = getenv("TMPDIR");
    struct slice folder = arena_format(&w->arena, "%s/lint-XXXXXX", temporary ? temporary : "/tmp");
    w->folder = mkdtemp((char *)(uintptr_t)folder.p);
    assert_non_null(w->folder);
    w->maker = certmaker_new(NULL);
    w->good = make(w, 3, "a.example.com");
    w->old = make(w, 1, "a.example.com");
    *state = w;
    return 0;
}

static int leave(void **state)
{
    struct world *w = *state;
    const char *const argv[] = {"rm", "-rf", w->folder, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 20);
    command_free(&r);
    certmaker_free(w->maker);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static const char *put(struct world *w, const char *name, struct slice octets)
{
    const char *path = (const char *)arena_format(&w->arena, "%s/%s", w->folder, name).p;
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(octets.p, 1, octets.n, file), octets.n);
    assert_int_equal(fclose(file), 0);
    return path;
}

static struct slice pem_of(struct world *w, const char *label, struct slice der)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = arena_alloc(&w->arena, der.n * 2 + 200), *end = text + sprintf(text, "-----BEGIN %s-----\n", label);
    for (size_t i = 0; i < der.n; i += 3) {
        uint32_t bits = (uint32_t)der.p[i] << 16;
        bits |= i + 1 < der.n ? (uint32_t)der.p[i + 1] << 8 : 0;
        bits |= i + 2 < der.n ? der.p[i + 2] : 0;
        *end++ = digits[bits >> 18];
        *end++ = digits[bits >> 12 & 63];
        *end++ = i + 1 < der.n ? digits[bits >> 6 & 63] : '=';
        *end++ = i + 2 < der.n ? digits[bits & 63] : '=';
        if (i % 48 == 45)
            *end++ = '\n';
    }
    end += sprintf(end, "\n-----END %s-----\n", label);
    return slice_make(text, (size_t)(end - text));
}

static struct slice joined(struct world *w, struct slice a, struct slice b)
{
    uint8_t *p = arena_alloc(&w->arena, a.n + b.n + 1);
    memcpy(p, a.p, a.n);
    memcpy(p + a.n, b.p, b.n);
    return slice_make(p, a.n + b.n);
}

static struct command_result lint(const char *input, const char *const words[])
{
    const char *argv[WORDS_MOST + 3] = {BINARY_DIR "/bin/dircertctl", "lint"};
    for (size_t i = 0; words[i] && i < WORDS_MOST; i++)
        argv[i + 2] = words[i];
    return command_run(argv, NULL, input, 60);
}

/* Ends with that code, prints that; %s in it is the path. */
static void expect(struct world *w, int code, const char *output, const char *path, const char *const words[])
{
    struct command_result r = lint(NULL, words);
    struct slice rest = slice_of(output), part, wanted = SLICE_LITERAL("");
    for (bool more = false; slice_split(&rest, '%', &part); more = true)
        wanted = arena_format(&w->arena, "%.*s%s%.*s", SLICE_ARGS(wanted), more ? path : "", SLICE_ARGS(part));
    if (r.status != code)
        fprintf(stderr, "ended with %d: %s%s", r.status, r.output, r.errors);
    assert_int_equal(r.status, code);
    assert_string_equal(r.output, (const char *)arena_copy(&w->arena, wanted).p);
    command_free(&r);
}
#define EXPECT(w, code, output, path, ...) expect(w, code, output, path, (const char *const[]){__VA_ARGS__, NULL})

#define POLICY_HEAD                                                                                                    \
    "dn: cn=a,ou=policies,ou=dircertd,dc=example,dc=com\nobjectClass: dircertPolicy\ncn: a\n"                          \
    "dircertTarget: ldap:///ou=servers,dc=example,dc=com??sub?(cn=*)\n"
#define VERSION_LINE "version 1, policy allows 3 [RFC 5280 section 4.1.2.1]\n"

static const char *policy(struct world *w, const char *lines)
{
    return put(w, "policy.ldif", arena_format(&w->arena, POLICY_HEAD "%s", lines));
}

static void one_line_a_finding(void **state)
{
    struct world *w = *state;
    const char *by = policy(w, "dircertAllowedVersion: 3\n"), *good = put(w, "good.der", w->good),
               *old = put(w, "old.der", w->old);
    EXPECT(w, 0, "", good, "--policy", by, good);
    EXPECT(w, 0, "", old, old);
    EXPECT(w, FOUND, "%: version: " VERSION_LINE, old, "-P", by, old);
    EXPECT(w, FOUND, "%: version: " VERSION_LINE, old, "--policy", by, good, old);
}

static void judges_as_at_a_time(void **state)
{
    struct world *w = *state;
    const char *good = put(w, "good.der", w->good);
    static const char *const late[] = {"2200-01-01T00:00:00Z", "22000101000000Z", "2200-01-01", "@7258118400",
                                       "2200-01-01T01:30:00+01:30"};
    for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
        struct command_result r = lint(NULL, (const char *const[]){"--at", late[i], good, NULL});
        assert_int_equal(r.status, FOUND);
        assert_non_null(strstr(r.output, ": expired: "));
        command_free(&r);
    }
    struct command_result r = lint(NULL, (const char *const[]){"--at", "@0", good, NULL});
    assert_non_null(strstr(r.output, ": not-yet-valid: "));
    command_free(&r);
    EXPECT(w, 1, "", good, "--at", "yesterday", good);
}

static void moments(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t at_utc;
    } rows[] = {{"1970-01-01T00:00:00Z", 0},
                {"@12", 12},
                {"1970-01-02", 86400},
                {"1970-01-01t00:00:01.75z", 1},
                {"1970-01-01 00:01Z", 60},
                {"19700101000002Z", 2},
                {"1970-01-01T00:00:00-01:00", 3600},
                {"2024-02-29", 1709164800}};
    static const char *const wrong[] = {"",
                                        "now",
                                        "@",
                                        "@-1",
                                        "@1x",
                                        "2023-02-29",
                                        "1970-01-01T00:00:00",
                                        "1970-01-01T25:00Z",
                                        "1970-1-1",
                                        "1970-01-01T00:00:00.Z",
                                        "1970-01-01Tz",
                                        "1970-01-01T00:00:00+1:00"};
    int64_t at_utc;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(moment_read(slice_of(rows[i].text), &at_utc));
        assert_int_equal(at_utc, rows[i].at_utc);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (moment_read(slice_of(wrong[i]), &at_utc))
            fail_msg("\"%s\" is taken for a time", wrong[i]);
}

static void names_are_compared_with_hosts(void **state)
{
    struct world *w = *state;
    const char *good = put(w, "good.der", w->good), *old = put(w, "old.der", w->old),
               *wild = put(w, "wild.der", make(w, 3, "*.example.com"));
    EXPECT(w, 0, "", good, "--host", "A.example.com", good, old);
    EXPECT(w, 0, "", wild, "--host", "b.example.com", wild);
    struct command_result r = lint(NULL, (const char *const[]){"--host", "b.example.com", good, old, NULL});
    assert_int_equal(r.status, FOUND);
    assert_non_null(strstr(r.output, "good.der: san-mismatch: "));
    assert_non_null(strstr(r.output, "old.der: cn-mismatch: "));
    command_free(&r);
    r = lint(NULL, (const char *const[]){"--host", "a.example.com", "--host", "b.example.com", good, NULL});
    assert_int_equal(r.status, FOUND);
    assert_non_null(strstr(r.output, "b.example.com"));
    command_free(&r);
    r = lint(NULL, (const char *const[]){"--host", "a b", good, NULL});
    assert_int_equal(r.status, FOUND);
    assert_non_null(strstr(r.errors, "no certificate can carry it"));
    command_free(&r);
}

/* How names are compared is the policy's to say, where it says it. */
static void the_policy_rules_names(void **state)
{
    struct world *w = *state;
    const char *old = put(w, "old.der", w->old), *wild = put(w, "wild.der", make(w, 3, "*.example.com"));
    const char *by = policy(w, "dircertNameMatch: san\n");
    struct command_result r = lint(NULL, (const char *const[]){"-P", by, old, NULL});
    assert_int_equal(r.status, 0);
    assert_string_equal(r.output, "");
    assert_non_null(strstr(r.errors, "no --host was given: names are not judged"));
    command_free(&r);
    r = lint(NULL, (const char *const[]){"-P", by, "--host", "a.example.com", old, wild, NULL});
    assert_int_equal(r.status, FOUND);
    assert_non_null(strstr(r.output, "old.der: san-mismatch: "));
    assert_non_null(strstr(r.output, "wild.der: san-mismatch: "));
    command_free(&r);
    by = policy(w, "dircertNameMatch: san\ndircertWildcard: allow\n");
    EXPECT(w, 0, "", wild, "-P", by, "--host", "a.example.com", wild);
    by = policy(w, "dircertWildcard: refuse\n");
    r = lint(NULL, (const char *const[]){"-P", by, "--host", "a.example.com", wild, NULL});
    assert_non_null(strstr(r.output, "san-mismatch"));
    command_free(&r);
    by = policy(w, "dircertNameMatch: none\n");
    EXPECT(w, 0, "", wild, "-P", by, "--host", "b.example.org", wild);
}

/* Files. */

static void several_in_one_file(void **state)
{
    struct world *w = *state;
    const char *by = policy(w, "dircertAllowedVersion: 3\n");
    struct slice good = pem_of(w, "CERTIFICATE", w->good), old = pem_of(w, "X509 CERTIFICATE", w->old),
                 key = pem_of(w, "PRIVATE KEY", w->good);
    struct slice text = joined(w, slice_of("0 s:CN = a\r\n-----BEGIN of a story\nsubject=\n"), good);
    text = joined(w, joined(w, joined(w, text, key), slice_of("\n i:CN = b\n")), old);
    const char *path = put(w, "chain.pem", text);
    EXPECT(w, FOUND, "%: version: certificate 2: " VERSION_LINE, path, "-P", by, path);
    const char *row = put(w, "two.der", joined(w, w->old, w->good));
    EXPECT(w, FOUND, "%: version: certificate 1: " VERSION_LINE, row, "-P", by, row);
    struct slice trusted = joined(w, w->old, SLICE_LITERAL("\x30\x03\x02\x01\x05"));
    const char *aux = put(w, "trusted.pem", pem_of(w, "TRUSTED CERTIFICATE", trusted));
    EXPECT(w, FOUND, "%: version: " VERSION_LINE, aux, "-P", by, aux);
}

static void standard_input(void **state)
{
    struct world *w = *state;
    const char *by = policy(w, "dircertAllowedVersion: 3\n");
    const char *text = (const char *)arena_copy(&w->arena, pem_of(w, "CERTIFICATE", w->old)).p;
    struct command_result r = lint(text, (const char *const[]){"-P", by, "-", NULL});
    assert_int_equal(r.status, FOUND);
    assert_string_equal(r.output, "-: version: " VERSION_LINE);
    command_free(&r);
}

static void garbage_is_malformed(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *name;
        struct slice octets;
    } rows[] = {
        {"empty", SLICE_LITERAL("")},
        {"text", SLICE_LITERAL("hello\n")},
        {"zeros", SLICE_LITERAL("\0\0\0\0")},
        {"short", SLICE_LITERAL("\x30")},
        {"claims-much", SLICE_LITERAL("\x30\x84\xff\xff\xff\xff\x30\x00")},
        {"no-base64", SLICE_LITERAL("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n")},
        {"no-end", SLICE_LITERAL("-----BEGIN CERTIFICATE-----\nMAAA\n")},
        {"wrong-end", SLICE_LITERAL("-----BEGIN CERTIFICATE-----\nMAAA\n-----END X-----\n")},
        {"nothing-in-it", SLICE_LITERAL("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")},
        {"only-a-key", SLICE_LITERAL("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *path = put(w, rows[i].name, rows[i].octets);
        struct command_result r = lint(NULL, (const char *const[]){path, NULL});
        if (r.status != FOUND || !strstr(r.output, ": malformed: "))
            fail_msg("%s: ended with %d: %s%s", rows[i].name, r.status, r.output, r.errors);
        command_free(&r);
    }
    const char *path = put(w, "trailing.der", joined(w, w->good, SLICE_LITERAL("x")));
    struct command_result r = lint(NULL, (const char *const[]){path, NULL});
    assert_non_null(strstr(r.output, "trailing.der: malformed: "));
    command_free(&r);
}

/* A block without an end does not swallow the next one. */
static void a_broken_block_stands_alone(void **state)
{
    struct world *w = *state;
    struct slice text = joined(w, slice_of("-----BEGIN CERTIFICATE-----\nMAAA\n"), pem_of(w, "CERTIFICATE", w->good));
    const char *path = put(w, "broken.pem", text);
    EXPECT(w, FOUND,
           "%: malformed: certificate 1: PEM block: RFC 7468 section 2: it has no END of its own [RFC 5280 section "
           "4.1]\n",
           path, path);
}

static void what_cannot_be_read_outranks(void **state)
{
    struct world *w = *state;
    const char *by = policy(w, "dircertAllowedVersion: 3\n"), *old = put(w, "old.der", w->old);
    EXPECT(w, 2, "%: version: " VERSION_LINE, old, "-P", by, "/nonexistent/x.der", old, w->folder);
    EXPECT(w, 2, "", old, "-P", "/nonexistent/x.ldif", old);
    const char *large = put(w, "large.der", w->good);
    assert_int_equal(truncate(large, (64 << 20) + 1), 0);
    EXPECT(w, 2, "", large, large);
}

static void names_of_files_are_escaped(void **state)
{
    struct world *w = *state;
    const char *path = put(w, "\x1b[31m\n", SLICE_LITERAL("x"));
    struct command_result r = lint(NULL, (const char *const[]){path, NULL});
    assert_int_equal(r.status, FOUND);
    assert_non_null(strstr(r.output, "/\\1b[31m\\0a: malformed: "));
    command_free(&r);
}

/* What is asked. */

static void usage(void **state)
{
    struct world *w = *state;
    const char *good = put(w, "good.der", w->good);
    static const char *const problems[] = {"dircertMode: perhaps\n", "dircertNonsense: 1\n", "no LDIF\n",
                                           "\n" POLICY_HEAD};
    struct command_result r = lint(NULL, (const char *const[]){NULL});
    assert_int_equal(r.status, 1);
    command_free(&r);
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        r = lint(NULL, (const char *const[]){"-P", policy(w, problems[i]), good, NULL});
        assert_int_equal(r.status, 1);
        assert_string_equal(r.output, "");
        assert_non_null(strstr(r.errors, "--policy"));
        command_free(&r);
    }
    EXPECT(w, 0, "", good, "-P", policy(w, "dircertMode: off\n"), good);
}

static void what_takes_a_directory_is_named(void **state)
{
    struct world *w = *state;
    const char *good = put(w, "good.der", w->good);
    struct command_result r = lint(NULL, (const char *const[]){good, NULL});
    assert_string_equal(r.errors, "");
    command_free(&r);
    r = lint(NULL, (const char *const[]){"-P", policy(w, "dircertOnFinding: missing report\n"), good, good, NULL});
    assert_int_equal(r.status, 0);
    assert_string_equal(r.errors, "dircertctl: not judged, because it takes the directory: missing\n");
    command_free(&r);
}

static const char *python(struct world *w, const char *expression, const char *input)
{
    struct slice script = arena_format(&w->arena, "import json,sys; d=json.load(sys.stdin); print(%s)", expression);
    const char *const argv[] = {"python3", "-c", (const char *)script.p, NULL};
    struct command_result r = command_run(argv, NULL, input, 30);
    assert_true(r.status == 0 || r.status == 127);
    const char *printed = (const char *)arena_copy(&w->arena, slice_of(r.status ? "" : r.output)).p;
    command_free(&r);
    return printed;
}

static void json_tells_the_same(void **state)
{
    struct world *w = *state;
    const char *by = policy(w, "dircertAllowedVersion: 3\n"), *old = put(w, "o\"ld.der", w->old),
               *good = put(w, "good.der", w->good);
    struct command_result r = lint(NULL, (const char *const[]){"--json", "-P", by, old, NULL});
    assert_int_equal(r.status, FOUND);
    const char *printed =
        python(w,
               "[(f['file'][-8:], f['certificate'], f['check'], f['severity'], f['detail'], f['citation'], "
               "f['undecided'], len(f['fix'])>9) for f in d]",
               r.output);
    if (*printed)
        assert_string_equal(printed, "[('o\"ld.der', 1, 'version', 'err', 'version 1, policy allows 3', 'RFC 5280 "
                                     "section 4.1.2.1', False, True)]\n");
    command_free(&r);
    r = lint(NULL, (const char *const[]){"--json", good, NULL});
    assert_int_equal(r.status, 0);
    assert_string_equal(r.output, "[]\n");
    command_free(&r);
}

static void many_in_one_file(void **state)
{
    struct world *w = *state;
    enum { MANY = 2000 };
    struct slice one = pem_of(w, "CERTIFICATE", w->old);
    uint8_t *text = arena_alloc(&w->arena, MANY * one.n + 1);
    for (size_t i = 0; i < MANY; i++)
        memcpy(text + i * one.n, one.p, one.n);
    const char *path = put(w, "many.pem", slice_make(text, MANY * one.n));
    struct command_result r =
        lint(NULL, (const char *const[]){"-P", policy(w, "dircertAllowedVersion: 3\n"), path, NULL});
    assert_int_equal(r.status, FOUND);
    assert_non_null(strstr(r.output, ": version: certificate 2000: "));
    command_free(&r);
}

/* checks */

static void checks_tell_the_table(void **state)
{
    struct world *w = *state;
    const char *const argv[] = {BINARY_DIR "/bin/dircertctl", "checks", "--json", NULL}, *const text[] = {
                                                                                             BINARY_DIR
                                                                                             "/bin/dircertctl",
                                                                                             "checks", NULL};
    struct command_result r = command_run(argv, NULL, NULL, 20);
    assert_int_equal(r.status, 0);
    const char *printed = python(w,
                                 "len(d), [(c['default'], c['actions'], c['turned on']) for c in d if c['name'] in "
                                 "('malformed','version','cn-mismatch')], all(set(c) == {'name','what','severity',"
                                 "'turned on','default','actions','citation','fix'} for c in d)",
                                 r.output);
    struct slice wanted = arena_format(
        &w->arena,
        "%d [('always on', 'report reissue', '-'), ('off', 'report reissue revoke reissue-then-revoke', "
        "'dircertAllowedVersion'), ('off; dircertNameMatch: none; dircertHostAttribute: dNSHostName; dircertWildcard: "
        "refuse', 'report reissue revoke reissue-then-revoke', 'dircertNameMatch dircertHostAttribute "
        "dircertWildcard')] True\n",
        CHECK_COUNT);
    if (*printed)
        assert_string_equal(printed, (const char *)wanted.p);
    command_free(&r);
    r = command_run(text, NULL, NULL, 20);
    for (unsigned id = 0; id < CHECK_COUNT; id++)
        assert_non_null(strstr(r.output, check_get((enum check_id)id)->name));
    command_free(&r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_a_finding),
        cmocka_unit_test(judges_as_at_a_time),
        cmocka_unit_test(moments),
        cmocka_unit_test(names_are_compared_with_hosts),
        cmocka_unit_test(the_policy_rules_names),
        cmocka_unit_test(several_in_one_file),
        cmocka_unit_test(standard_input),
        cmocka_unit_test(garbage_is_malformed),
        cmocka_unit_test(a_broken_block_stands_alone),
        cmocka_unit_test(what_cannot_be_read_outranks),
        cmocka_unit_test(names_of_files_are_escaped),
        cmocka_unit_test(usage),
        cmocka_unit_test(what_takes_a_directory_is_named),
        cmocka_unit_test(json_tells_the_same),
        cmocka_unit_test(many_in_one_file),
        cmocka_unit_test(checks_tell_the_table),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
