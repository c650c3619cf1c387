/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that need escapes: wherever one is told, who undoes the quotes of the form has a DN which `dircertctl explain`
 * takes, and which is that same entry; and nothing that is told holds an octet that a terminal would obey.
 */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ARGUMENTS = 20, LIMIT_S = 60 };

/* As a DN has them, and the octets in base64. */
static const struct {
    const char *rdn, *octets;
} names[] = {
    {"Smith\\2c John \\2b \\22x\\22", "U21pdGgsIEpvaG4gKyAieCI="},
    {"back\\5cslash \\5c2c", "YmFja1xzbGFzaCBcMmM="},
    {"M\xc3\xbcller", "TcO8bGxlcg=="},
    {"bell\\07\\1b[31mred\\0aevent=x", "YmVsbAcbWzMxbXJlZApldmVudD14"},
    {"\\23turned \\e2\\80\\aexslx", "I3R1cm5lZCDigK54c2x4"},
    {"plain", "cGxhaW4="},
};
enum { NAMES = sizeof names / sizeof *names };

static const char *text(struct slice s)
{
    return (const char *)s.p;
}

static void keep(struct program *p, struct command_result *r)
{
    p->code = r->status;
    p->output = text(arena_copy(&p->arena, slice_make(r->output, r->output_length)));
    p->log = text(arena_copy(&p->arena, slice_of(r->errors)));
    command_free(r);
}

static void run(struct program *p, const char *const arguments[])
{
    const char *argv[ARGUMENTS] = {BINARY_DIR "/bin/dircertctl",
                                   "-H",
                                   slapd_ldapi_uri(p->server),
                                   "-b",
                                   BASE,
                                   "-D",
                                   SLAPD_ADMIN,
                                   "-w",
                                   SLAPD_PASSWORD};
    for (size_t n = 9, i = 0; arguments[i] && n + 1 < ARGUMENTS; i++)
        argv[n++] = arguments[i];
    struct command_result r = command_run(argv, NULL, NULL, LIMIT_S);
    keep(p, &r);
}

/* What python3 prints, a name a line, for a list made of the text t. */
static const char *listed(struct program *p, const char *told, const char *expression)
{
    const char *code = text(arena_format(&p->arena,
                                         "import json,sys,re,html\n"
                                         "t=sys.stdin.buffer.read().decode()\n"
                                         "bad=[c for c in t if not c.isprintable() and c!='\\n']\n"
                                         "assert not bad, bad\n"
                                         "print('\\n'.join(sorted(set(%s))))",
                                         expression));
    const char *const argv[] = {"python3", "-c", code, NULL};
    const char *const environment[] = {"PYTHONIOENCODING=utf-8", NULL};
    struct command_result r = command_run(argv, environment, told, LIMIT_S);
    if (r.status)
        fail_msg("%s: %s\n%s", expression, r.errors, told);
    const char *answer = text(arena_copy(&p->arena, slice_make(r.output, r.output_length)));
    command_free(&r);
    return answer;
}

/* All but the name, which is told as it was asked for, and the time. */
static const char *explained(struct program *p, const char *dn)
{
    run(p, WORDS("explain", dn, "--json"));
    if (p->code != 4)
        fail_msg("[%s] ended with %d and not 4:\n%s%s", dn, p->code, p->output, p->log);
    const char *rest = strstr(p->output, "\"id\": \"entryUUID:");
    assert_non_null(rest);
    char *answer = (char *)(uintptr_t)text(arena_copy(&p->arena, slice_of(rest)));
    for (char *now = answer; (now = strstr(now, ", now 2")); now += 6)
        memset(now + 6, '0', strspn(now + 6, "0123456789"));
    return answer;
}

static int order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each of the names is an entry of its own, and explained as under the name that the test gave it. */
static void expect_names(struct program *p, const char *what, const char *lines)
{
    const char *found[NAMES], *wanted[NAMES];
    struct slice rest = slice_trim(slice_of(lines)), line;
    size_t count = 0;
    while (slice_split(&rest, '\n', &line)) {
        if (count == NAMES)
            fail_msg("%s: there are more names than entries:\n%s", what, lines);
        found[count++] = explained(p, text(arena_copy(&p->arena, line)));
    }
    if (count != NAMES)
        fail_msg("%s: there are %zu names:\n%s", what, count, lines);
    for (size_t i = 0; i < NAMES; i++)
        wanted[i] = explained(p, text(arena_format(&p->arena, "cn=%s," SERVERS, names[i].rdn)));
    qsort(found, NAMES, sizeof *found, order);
    qsort(wanted, NAMES, sizeof *wanted, order);
    for (size_t i = 0; i < NAMES; i++)
        if (strcmp(found[i], wanted[i]) != 0)
            fail_msg("%s:\n%s\nis not\n%s", what, found[i], wanted[i]);
}

static void begin(struct program *p, const char *lines)
{
    for (size_t i = 0; i < NAMES; i++) {
        const char *host = text(arena_format(&p->arena, "host%zu.example.com", i));
        struct slice der = program_version_1(p, host);
        program_change(p,
                       "dn: cn=%s," SERVERS "\nchangetype: add\nobjectClass: device\nobjectClass: dircertHost\n"
                       "cn:: %s\ndNSHostName: %s\n",
                       names[i].rdn, names[i].octets, host);
        program_publish(p, text(arena_format(&p->arena, "cn=%s," SERVERS, names[i].rdn)), 1, &der);
    }
    program_add_policy(p, "servers", lines);
}

#define AUDIT "dircertMode: audit\ndircertAllowedVersion: 3\n"

static void test_what_people_read(void **state)
{
    static const char rows[] =
        "[m.group() for l in t.splitlines() for c in re.split('  +', l) for m in [re.match('cn=.*,ou=servers,.*', c)] "
        "if m]";
    struct program *p = *state;
    begin(p, AUDIT);
    run(p, WORDS("findings"));
    expect_names(p, "findings", listed(p, p->output, rows));
    run(p, WORDS("report"));
    expect_names(p, "report", listed(p, p->output, rows));
    run(p, WORDS("report", "--html", "-"));
    expect_names(
        p, "page",
        listed(p, p->output, "[html.unescape(re.sub('<[^>]*>', '', h)) for h in re.findall('<h3>(.*?)</h3>', t)]"));
}

static void test_what_programs_read(void **state)
{
    struct program *p = *state;
    begin(p, AUDIT);
    run(p, WORDS("findings", "--json"));
    expect_names(p, "findings --json", listed(p, p->output, "[f['dn'] for f in json.loads(t)]"));
    run(p, WORDS("report", "--json"));
    expect_names(p, "report --json", listed(p, p->output, "[e['dn'] for e in json.loads(t)['worst']]"));
}

/* The configuration, with the log in the other format. */
static void log_json(struct program *p)
{
    const char *const argv[] = {"sed", "-i", "s/format: logfmt/format: json/", p->configuration, NULL};
    struct command_result r = command_run(argv, NULL, NULL, LIMIT_S);
    assert_int_equal(r.status, 0);
    command_free(&r);
}

static void test_the_log(void **state)
{
    struct program *p = *state;
    begin(p, AUDIT);
    program_pass(p, PROGRAM_COMPLETE);
    expect_names(p, "logfmt",
                 listed(p, p->log,
                        "[json.loads(q) if q[0]=='\"' else q for l in t.splitlines() if ' event=finding ' in l "
                        "for q in re.findall(r' dn=(\"(?:[^\"\\\\]|\\\\.)*\"|\\S+)', l)]"));
    log_json(p);
    program_pass(p, PROGRAM_COMPLETE);
    expect_names(
        p, "JSON",
        listed(p, p->log, "[o['dn'] for l in t.splitlines() for o in [json.loads(l)] if o['event']=='finding']"));
}

/* What a request holds, and what a dry run prints. */
static void test_requests(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE);
    expect_names(p, "dry run",
                 listed(p, program_plan(p, PROGRAM_COMPLETE),
                        "[l.split(' ', 4)[4] for l in t.splitlines() if l.startswith('create')]"));
    program_pass(p, PROGRAM_COMPLETE);
    run(p, WORDS("requests"));
    const char *table = p->output;
    run(p, WORDS("requests", "--json"));
    const char *objects = p->output;
    expect_names(p, "requests --json", listed(p, objects, "[q['subject'] for q in json.loads(t)]"));
    expect_names(p, "requests",
                 listed(p, table, "[c for l in t.splitlines() for c in re.split('  +', l) if ',ou=servers,' in c]"));
}

/* A name from a certificate is told once escaped, and everywhere alike. */
static void test_details(void **state)
{
    struct program *p = *state;
    begin(p, "dircertMode: audit\ndircertNameMatch: cn\ndircertAllowedVersion: 1\n");
    struct slice der = program_version_1(p, "odd\x01name\\");
    program_publish(p, SERVER("plain"), 1, &der);
    static const char wanted[] = "odd\\01name\\5c";
    static const char *const forms[][3] = {
        {"findings"}, {"findings", "--json"}, {"report"}, {"report", "--json"}, {"report", "--html", "-"}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        run(p, WORDS(forms[i][0], forms[i][1], forms[i][2]));
        bool json = forms[i][1] && strcmp(forms[i][1], "--json") == 0;
        const char *found = listed(p, p->output, json ? "[str(json.loads(t)).replace('\\\\\\\\', '\\\\')]" : "[t]");
        if (!strstr(found, wanted))
            fail_msg("%s %s does not say %s:\n%s", forms[i][0], forms[i][1] ? forms[i][1] : "", wanted, found);
    }
    program_pass(p, PROGRAM_COMPLETE);
    assert_non_null(strstr(p->log, "odd\\\\01name\\\\5c"));
    assert_null(strstr(p->log, "5c01"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, program_enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_people_read), TEST(what_programs_read), TEST(the_log), TEST(requests), TEST(details),
    };
    return slapd_available() ? cmocka_run_group_tests_name("names that need escapes", tests, NULL, NULL) : 1;
}
