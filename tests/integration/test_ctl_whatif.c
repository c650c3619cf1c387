/* SPDX-License-Identifier: Apache-2.0 */
/* dircertctl what-if against a real slapd: what it prints, that it comes true, and that nothing is written. */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HELD = 3, DIFFERS = 4, ARGUMENTS = 24 };

#define DRAFT(cn)                                                                                                      \
    "dn: " POLICY(cn) "\nobjectClass: dircertPolicy\ncn: " cn "\n"                                                     \
                      "dircertTarget: ldap:///" SERVERS "??sub?(objectClass=dircertHost)\n"
#define NAMES "dircertAllowedVersion: 3\ndircertNameMatch: cn-or-san\n"

/* As the administrator, with the drafts on standard input. */
static void run_with(struct program *p, const char *drafts, const char *option)
{
    const char *argv[] = {BINARY_DIR "/bin/dircertctl",
                          "-H",
                          slapd_ldapi_uri(p->server),
                          "-D",
                          SLAPD_ADMIN,
                          "-w",
                          SLAPD_PASSWORD,
                          "-b",
                          BASE,
                          "what-if",
                          "-",
                          option,
                          NULL};
    struct command_result r = command_run(argv, NULL, drafts, 60);
    p->code = r.status;
    p->output = (const char *)arena_copy(&p->arena, slice_of(r.output)).p;
    p->log = (const char *)arena_copy(&p->arena, slice_of(r.errors)).p;
    command_free(&r);
}

static void expect(struct program *p, const char *drafts, int code, const char *const pieces[])
{
    run_with(p, drafts, NULL);
    bool all = p->code == code;
    for (size_t i = 0; pieces[i]; i++)
        if (!strstr(p->output, pieces[i])) {
            fprintf(stderr, "not in the output: [%s]\n", pieces[i]);
            all = false;
        }
    if (!all)
        fprintf(stderr, "ended with %d, expected %d:\n%s%s", p->code, code, p->output, p->log);
    assert_true(all);
}
#define EXPECT(p, drafts, code, ...) expect((p), (drafts), (code), WORDS(__VA_ARGS__))

static void expect_python(struct program *p, const char *expression, const char *printed)
{
    struct slice script = arena_format(&p->arena, "import json,sys; d=json.load(sys.stdin); print(%s)", expression);
    const char *const argv[] = {"python3", "-c", (const char *)script.p, NULL};
    struct command_result r = command_run(argv, NULL, p->output, 30);
    assert_true(r.status == 127 || r.status == 0);
    if (r.status == 0)
        assert_string_equal(r.output, printed);
    command_free(&r);
}

static void fill(struct program *p)
{
    program_add_server(p, "good", "good.example.com", program_good(p, "good.example.com"));
    program_add_server(p, "old", "old.example.com", program_version_1(p, "old.example.com"));
    program_add_server(p, "other", "other.example.com", program_common_name(p, "elsewhere.example.com"));
    program_add_server(p, "bare", "bare.example.com", (struct slice){NULL, 0});
}

/* Everything that is stored, with its stamps: whatever is written shows. */
static const char *everything(struct program *p)
{
    char *text = slapd_search(p->server, NULL, SLAPD_SUFFIX, "sub", "(objectClass=*)", "* +", NULL);
    const char *kept = (const char *)arena_copy(&p->arena, slice_of(text)).p;
    free(text);
    return kept;
}

static void findings_come_and_go(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\n");
    EXPECT(
        p, DRAFT("servers") "dircertNameMatch: cn-or-san\n", DIFFERS, "  changed    " POLICY("servers") "\n",
        "\nFindings: 1 new, 1 gone; 1 now, 1 then\n",
        "  + cn-mismatch: " SERVER("other") ": Common Name \"elsewhere.example.com\" is not a host name of the entry "
                                            "(other.example.com) [report]\n",
        "  - version: " SERVER("old") ": version 1, policy allows 3 [report]\n",
        "\nRequests: 0 operations more, 0 fewer\n", "\nGuards: none trips\n");
    run_with(p, DRAFT("servers") NAMES "dircertOnFinding: missing report\n", "--json");
    assert_int_equal(p->code, DIFFERS);
    expect_python(p,
                  "[(f['dn'], f['check']) for f in d['findings']['new']], d['findings']['gone'], d['complete'], "
                  "[(q['dn'], q['change']) for q in d['policies']]",
                  "[('" SERVER("bare") "', 'missing'), ('" SERVER("other") "', 'cn-mismatch')] [] True [('" POLICY(
                      "servers") "', 'changed')]\n");
}

static void no_difference(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\n");
    EXPECT(p, DRAFT("servers") "dircertAllowedVersion: 3\n", 0, "  unchanged  " POLICY("servers") "\n",
           "Findings: 0 new, 0 gone; 1 now, 1 then\n");
}

static void the_first_policy(void **state)
{
    struct program *p = *state;
    fill(p);
    EXPECT(p, DRAFT("first") NAMES, DIFFERS, "  new        " POLICY("first") "\n",
           "Findings: 2 new, 0 gone; 0 now, 2 then\n");
}

static void a_policy_goes(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "first", "dircertPrecedence: 1\ndircertAllowedVersion: 3\n");
    program_add_policy(p, "second", "dircertPrecedence: 2\ndircertNameMatch: cn-or-san\n");
    EXPECT(p, "dn: " POLICY("first") "\nchangetype: delete\n", DIFFERS, "  deleted    " POLICY("first") "\n",
           "  unchanged  " POLICY("second") "\n", "  + cn-mismatch: ", "  - version: ");
    EXPECT(p, DRAFT("first") "dircertPrecedence: 1\ndircertMode: off\n", DIFFERS, "  - version: ", "1 now, 0 then");
}

/* What it says is what the next passes do. */
static void requests_are_those_of_a_pass(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\n");
    program_pass(p, PROGRAM_COMPLETE);
    static const char drafts[] = DRAFT("servers") ENFORCE VERSION_REISSUE;
    const char *before = everything(p);
    run_with(p, drafts, NULL);
    const char *said = p->output;
    assert_int_equal(p->code, DIFFERS);
    assert_string_equal(everything(p), before);
    program_change(
        p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMode\ndircertMode: enforce\n-\n"
                                    "add: dircertConfirmations\ndircertConfirmations: 1\n-\nadd: dircertMaxPercent\n"
                                    "dircertMaxPercent: 100\n-\nadd: dircertOnFinding\ndircertOnFinding: version "
                                    "reissue superseded\n");
    struct slice plan = slice_of(program_plan(p, PROGRAM_COMPLETE)), line;
    size_t lines = 0;
    while (slice_split(&plan, '\n', &line)) {
        if (line.n == 0)
            continue;
        lines++;
        assert_non_null(strstr(said, (const char *)arena_format(&p->arena, "  + %.*s\n", SLICE_ARGS(line)).p));
    }
    assert_int_equal(lines, 1);
    program_pass(p, PROGRAM_COMPLETE);
    run_with(p, DRAFT("servers") ENFORCE VERSION_REISSUE "dircertRetentionDays: 30\n", NULL);
    assert_null(strstr(p->output, "revise")); /* another revision alone is no news about an open request */
    EXPECT(p, DRAFT("servers") "dircertMode: enforce\ndircertNameMatch: none\n", DIFFERS, "  + move-withdrawn reissue ",
           "  - version: ");
}

static void guards_that_would_trip(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "old", 12, program_version_1);
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\n");
    program_pass(p, PROGRAM_COMPLETE);
    EXPECT(p, DRAFT("servers") "dircertMode: enforce\ndircertConfirmations: 1\n" VERSION_REISSUE, HELD,
           "  + too-many: " POLICY("servers") ": count 12, limit 10",
           "      dircertRelease: ", "  + held-create reissue ");
    run_with(p, DRAFT("servers") "dircertMode: enforce\ndircertConfirmations: 1\n" VERSION_REISSUE, "--json");
    expect_python(p,
                  "[(g['guard'], g['change'], g['count'], g['limit']) for g in d['guards']], "
                  "len([q for q in d['requests']['new'] if q['held']])",
                  "[('too-many', 'new', 12, 10)] 12\n");
    EXPECT(p,
           "dn: " POLICY("servers") "\nobjectClass: dircertPolicy\ncn: servers\ndircertTarget: ldap:///" SERVERS
                                    "??sub?(cn=old1)\n" ENFORCE VERSION_REISSUE,
           HELD, "  + too-few-subjects: " POLICY("servers") ": count 1, limit ");
}

static void nothing_is_written(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_pass(p, PROGRAM_COMPLETE);
    const char *before = everything(p);
    EXPECT(p, DRAFT("servers") ENFORCE VERSION_REISSUE_THEN_REVOKE "dircertNameMatch: san\ndircertPrecedence: 7\n",
           DIFFERS, "Requests: ");
    EXPECT(p, "dn: " POLICY("servers") "\nchangetype: delete\n\n" DRAFT("other"), DIFFERS, "  new        ");
    assert_string_equal(everything(p), before);
}

static void drafts_with_problems(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\n");
    static const char *const drafts[] = {
        DRAFT("servers") "dircertMode: perhaps\n",
        DRAFT("servers") "dircertExclude: ldap:///" SERVERS "??sub?(noSuchAttributeAnywhere=1)\n",
        "dn: cn=x," SERVERS "\nobjectClass: dircertPolicy\ncn: x\ndircertTarget: ldap:///" SERVERS "??sub?(cn=*)\n",
        DRAFT("servers") "\ndn: " POLICY("servers") "\nchangetype: delete\n",
        DRAFT("servers") "\n" DRAFT("servers"),
        "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMode\ndircertMode: off\n-\n",
        "dn: ou=x," BASE "\nobjectClass: organizationalUnit\nou: x\n",
        "",
    };
    for (size_t i = 0; i < sizeof drafts / sizeof *drafts; i++) {
        run_with(p, drafts[i], NULL);
        if (p->code != PROGRAM_USAGE || *p->output || !*p->log)
            fail_msg("%s\nended with %d: %s%s", drafts[i], p->code, p->output, p->log);
    }
}

static void what_is_not_read_is_not_told(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\n");
    run_with(p, "dn: " POLICY("servers") "\nchangetype: delete\n", NULL);
    assert_int_equal(p->code, PROGRAM_INCOMPLETE);
    assert_string_equal(p->output, "");
    assert_non_null(strstr(p->log, "no policy is left"));
    run_with(p, "dn: " POLICY("servers") "\nchangetype: delete\n", "--json");
    assert_int_equal(p->code, PROGRAM_INCOMPLETE);
    expect_python(p, "d['complete'], d['findings'], d['requests'], d['guards']",
                  "False {'now': None, 'then': None, 'new': [], 'gone': []} {'new': [], 'gone': []} []\n");
    program_rule(p, "to attrs=userCertificate by * none");
    program_rule(p, "to dn.subtree=\"" BASE "\" by * read");
    const char *const argv[] = {BINARY_DIR "/bin/dircertctl",
                                "-H",
                                slapd_ldapi_uri(p->server),
                                "-D",
                                "cn=approver,ou=daemons," SLAPD_SUFFIX,
                                "-w",
                                "only for this test",
                                "-b",
                                BASE,
                                "what-if",
                                "-",
                                NULL};
    struct command_result r = command_run(argv, NULL, DRAFT("servers"), 60);
    assert_int_equal(r.status, PROGRAM_INCOMPLETE);
    assert_string_equal(r.output, "");
    command_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ONE(test) cmocka_unit_test_setup_teardown(test, program_enter, program_leave)
        ONE(findings_come_and_go),
        ONE(no_difference),
        ONE(the_first_policy),
        ONE(a_policy_goes),
        ONE(requests_are_those_of_a_pass),
        ONE(guards_that_would_trip),
        ONE(nothing_is_written),
        ONE(drafts_with_problems),
        ONE(what_is_not_read_is_not_told),
    };
    if (!slapd_available()) {
        print_message("SKIPPED: there is no slapd here\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
