/* SPDX-License-Identifier: Apache-2.0 */
/* dircertctl's findings, explain and policy check against a real slapd, by what they print. */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { FINDINGS = 4, ARGUMENTS = 24 };

#define NAMES "dircertAllowedVersion: 3\ndircertNameMatch: cn-or-san\n"

/* As the administrator; `input` is its standard input, may be NULL. */
static void run_with(struct program *p, const char *input, const char *const arguments[])
{
    const char *argv[ARGUMENTS] = {BINARY_DIR "/bin/dircertctl", "-H", slapd_ldapi_uri(p->server), "-D", SLAPD_ADMIN,
                                   "-w", SLAPD_PASSWORD, "-b", BASE};
    for (size_t i = 0; arguments[i] && i < ARGUMENTS - 10; i++)
        argv[i + 9] = arguments[i];
    struct command_result r = command_run(argv, NULL, input, 60);
    p->code = r.status;
    p->output = (const char *)arena_copy(&p->arena, slice_of(r.output)).p;
    p->log = (const char *)arena_copy(&p->arena, slice_of(r.errors)).p;
    command_free(&r);
}
#define RUN(p, ...) run_with((p), NULL, WORDS(__VA_ARGS__))

static void expect(const struct program *p, int code, const char *const pieces[])
{
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
#define EXPECT(p, code, ...) expect((p), (code), WORDS(__VA_ARGS__))

/* What a line of Python prints about the JSON `d` of the last run; "" where there is no Python. */
static const char *python(struct program *p, const char *expression)
{
    struct slice script = arena_format(&p->arena, "import json,sys; d=json.load(sys.stdin); print(%s)", expression);
    const char *const argv[] = {"python3", "-c", (const char *)script.p, NULL};
    struct command_result r = command_run(argv, NULL, p->output, 30);
    if (r.status != 127 && r.status != 0)
        fprintf(stderr, "%s%s", r.errors, p->output);
    assert_true(r.status == 127 || r.status == 0);
    const char *printed = (const char *)arena_copy(&p->arena, slice_of(r.status ? "" : r.output)).p;
    command_free(&r);
    return printed;
}

static void expect_python(struct program *p, const char *expression, const char *printed)
{
    const char *is = python(p, expression);
    if (*is)
        assert_string_equal(is, printed);
}

/* One of each: good, version 1, another's name, none at all. */
static void fill(struct program *p)
{
    program_add_server(p, "good", "good.example.com", program_good(p, "good.example.com"));
    program_add_server(p, "old", "old.example.com", program_version_1(p, "old.example.com"));
    program_add_server(p, "other", "other.example.com", program_common_name(p, "elsewhere.example.com"));
    program_add_server(p, "bare", "bare.example.com", (struct slice){NULL, 0});
}

static const char *digits(struct program *p, struct slice der)
{
    return (const char *)arena_copy(&p->arena, slice_make(program_digest(p, der), 12)).p;
}

/* findings */

static void findings_are_one_row_each(void **state)
{
    struct program *p = *state;
    struct slice old = program_version_1(p, "old.example.com"), other = program_common_name(p, "elsewhere.example.com");
    program_add_server(p, "good", "good.example.com", program_good(p, "good.example.com"));
    program_add_server(p, "old", "old.example.com", old);
    program_add_server(p, "other", "other.example.com", other);
    program_add_server(p, "bare", "bare.example.com", (struct slice){NULL, 0});
    program_add_policy(p, "servers", NAMES "dircertOnFinding: missing report\n");
    RUN(p, "findings");
    struct slice wanted = arena_format(
        &p->arena,
        "SEVERITY  CHECK        ENTRY                                    POLICY   ACTION  CERTIFICATE   DETAIL\n"
        "err       version      cn=old,ou=servers,dc=example,dc=com      servers  report  %s  version 1, policy allows 3\n"
        "err       cn-mismatch  cn=other,ou=servers,dc=example,dc=com    servers  report  %s  Common Name "
        "\"elsewhere.example.com\" is not a host name of the entry (other.example.com)\n"
        "warning   missing      cn=bare,ou=servers,dc=example,dc=com     servers  report  -             the entry has no certificate\n",
        digits(p, old), digits(p, other));
    /* Widths are the table's business: compare words. */
    struct slice a = slice_of(p->output), b = wanted, x, y;
    while (slice_split(&b, '\n', &y)) {
        assert_true(slice_split(&a, '\n', &x));
        for (struct slice u, v; slice_word(&y, &v);) {
            assert_true(slice_word(&x, &u));
            assert_string_equal((const char *)arena_copy(&p->arena, u).p, (const char *)arena_copy(&p->arena, v).p);
        }
    }
    assert_int_equal(p->code, FINDINGS);
    assert_string_equal(p->log, "");
}

static void findings_can_be_narrowed(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "first", "dircertPrecedence: 1\n" NAMES "dircertTarget: ldap:///" SERVERS "??sub?(cn=old)\n");
    program_add_policy(p, "second", "dircertPrecedence: 2\n" NAMES);
    RUN(p, "findings", "--policy", "FIRST", "--json");
    assert_int_equal(p->code, FINDINGS);
    expect_python(p, "[(f['dn'], f['check']) for f in d]", "[('" SERVER("old") "', 'version')]\n");
    RUN(p, "findings", "--policy", POLICY("second"), "--json");
    expect_python(p, "[(f['dn'], f['check'], f['severity'], f['action'], f['undecided'], len(f['certificate'])) for f in d]",
                  "[('" SERVER("other") "', 'cn-mismatch', 'err', 'report', False, 64)]\n");
    RUN(p, "--json", "findings", "--check", "version");
    expect_python(p, "[(f['dn'], f['check'], f['policy']) for f in d]",
                  "[('" SERVER("old") "', 'version', '" POLICY("first") "')]\n");
    RUN(p, "findings", "--check", "expired");
    assert_int_equal(p->code, 0);
    assert_string_equal(p->output, "no findings\n");
    RUN(p, "findings", "--check", "expired", "--json");
    expect_python(p, "d", "[]\n");
}

static void findings_refuse_what_is_not_there(void **state)
{
    struct program *p = *state;
    program_add_policy(p, "servers", NAMES);
    RUN(p, "findings", "--check", "nonsense");
    assert_int_equal(p->code, 1);
    assert_non_null(strstr(p->log, "no check has that name"));
    RUN(p, "findings", "--policy", "nonsense");
    assert_int_equal(p->code, 2);
    assert_string_equal(p->log, "dircertctl: find the policy: no policy has the name or DN \"nonsense\"\n");
    RUN(p, "findings", "more");
    assert_int_equal(p->code, 1);
}

static void findings_tell_the_action_and_what_is_undecided(void **state)
{
    struct program *p = *state;
    program_add_server(p, "old", "old.example.com", program_version_1(p, "old.example.com"));
    program_add_server(p, "nameless", NULL, program_common_name(p, "x.example.com"));
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE "dircertNameMatch: cn\n");
    RUN(p, "findings", "--json");
    assert_int_equal(p->code, FINDINGS);
    expect_python(p, "[(f['check'], f['action'], f['undecided']) for f in d]",
                  "[('cn-mismatch', 'report', True), ('version', 'reissue', False)]\n");
    RUN(p, "findings");
    EXPECT(p, FINDINGS, " undecided ", " reissue ", "the entry shows no host name");
    assert_int_equal(program_count_requests(p, "(objectClass=dircertRequest)"), 0);
}

static void findings_say_when_not_all_was_read(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "broken", "dircertPrecedence: 1\ndircertMode: perhaps\ndircertTarget: ldap:///" SERVERS "??sub?(cn=old)\n");
    program_add_policy(p, "servers", NAMES);
    RUN(p, "findings");
    assert_int_equal(p->code, 2);
    EXPECT(p, 2, "cn-mismatch");
    assert_non_null(strstr(p->log, "problem: " POLICY("broken") ": dircertMode: \"perhaps\": expected one of"));
    assert_non_null(strstr(p->log, "policy " POLICY("broken") " is disabled"));
    RUN(p, "findings", "--policy", "servers");
    assert_int_equal(p->code, FINDINGS);
}

static void findings_as_somebody_who_may_not_look(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "servers", NAMES);
    program_rule(p, "to dn.subtree=\"" SERVERS "\" by * read");
    program_rule(p, "to attrs=userCertificate by dn.exact=\"cn=approver,ou=daemons," SLAPD_SUFFIX "\" none by * break");
    const char *const argv[] = {BINARY_DIR "/bin/dircertctl", "-H", slapd_ldapi_uri(p->server), "-D",
                                "cn=approver,ou=daemons," SLAPD_SUFFIX, "-w", "only for this test", "-b", BASE, "findings",
                                NULL};
    struct command_result r = command_run(argv, NULL, NULL, 60);
    assert_int_equal(r.status, 2);
    assert_string_equal(r.output, "");
    assert_non_null(strstr(r.errors, "show no certificate"));
    command_free(&r);
}

/* explain */

static void explain_tells_every_check(void **state)
{
    struct program *p = *state;
    struct slice old = program_version_1(p, "old.example.com");
    program_add_server(p, "old", "old.example.com", old);
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\ndircertNameMatch: cn-and-san\n");
    RUN(p, "explain", SERVER("old"));
    EXPECT(p, FINDINGS, "entry       " SERVER("old") "\n", "id          entryUUID:", "policy      " POLICY("servers") "\n",
           "because     its target ldap:///" SERVERS "??sub?(objectClass=dircertHost) matches\n",
           "mode        audit\n", "host names  old.example.com\n", "waivers     none\n",
           "\nPolicies, by precedence:\n", "\nCertificate 1 of 1:\n", "2020-01-01 00:00:00 to 2100-01-01 00:00:00\n",
           "CN=old.example.com\n", program_digest(p, old), "agree\n",
           "  malformed: meets\n", "  version: violates\n    finding   version 1, policy allows 3\n"
           "    compared  version 1; policy allows 3\n    cited     RFC 5280 section 4.1.2.1\n    fix       have the",
           "    action    report\n",
           "  cn-mismatch: meets\n    compared  Common Names \"old.example.com\"; host names old.example.com; wildcards refused\n",
           "  san-mismatch: hidden\n    because  hidden by version, which explains it\n",
           "  expired: meets\n    compared  notAfter 21000101000000Z, now ",
           "  not-yet-valid: meets\n    compared  notBefore 20200101000000Z, now ",
           "\nThe entry itself:\n  duplicate-host-name: off\n", "  missing: off\n    because  turned on by dircertOnFinding dircertCertificateAttribute\n",
           "\nNo request is about it.\n");
    assert_string_equal(p->log, "");
}

static void explain_as_json(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "servers", NAMES);
    RUN(p, "--json", "explain", SERVER("other"));
    assert_int_equal(p->code, FINDINGS);
    expect_python(p, "(d['dn'], d['policy'], d['undecided'], d['hostNames'], d['requests'], d['waivers'])",
                  "('" SERVER("other") "', '" POLICY("servers") "', False, ['other.example.com'], [], [])\n");
}

static void explain_json_checks(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "servers", NAMES);
    RUN(p, "--json", "explain", SERVER("other"));
    expect_python(p, "[(c['check'], c['answer']) for c in d['certificates'][0]['checks'] if c['answer'] != 'off']",
                  "[('malformed', 'meets'), ('version', 'meets'), ('cn-mismatch', 'violates'), ('san-mismatch', 'not "
                  "applicable'), ('expired', 'meets'), ('not-yet-valid', 'meets')]\n");
    expect_python(p, "(d['certificates'][0]['notAfter'], d['certificates'][0]['version'], "
                     "d['certificates'][0]['readersAgree'])", "('2100-01-01T00:00:00Z', 3, True)\n");
}

static void explain_tells_who_governs(void **state)
{
    struct program *p = *state;
    program_add_server(p, "good", "good.example.com", program_good(p, "good.example.com"));
    program_add_policy(p, "off", "dircertPrecedence: 1\ndircertMode: off\ndircertTarget: ldap:///" SERVERS "??sub?(cn=x)\n");
    program_add_policy(p, "people", "dircertPrecedence: 2\ndircertTarget: ldap:///" PEOPLE "??sub?(cn=*)\n");
    program_add_policy(p, "not-this", "dircertPrecedence: 3\ndircertExclude: ldap:///" SERVERS "??sub?(cn=good)\n");
    program_add_policy(p, "this", "dircertPrecedence: 4\n" NAMES);
    program_add_policy(p, "later", "dircertPrecedence: 5\n" NAMES);
    RUN(p, "explain", SERVER("good"));
    EXPECT(p, 0, "policy      " POLICY("this") "\n", "the filter (cn=x) is not true of the entry\n",
           "the entry is outside the base and scope of its targets\n",
           "excluded by ldap:///" SERVERS "??sub?(cn=good)\n", POLICY("this") " comes first with precedence 4\n",
           "  filter ", "  outside ", "  excluded ", "  governs ", "  outranked ");
    RUN(p, "--json", "explain", SERVER("good"));
    expect_python(p, "[e['verdict'] for e in d['policies']]",
                  "['filter', 'outside', 'excluded', 'governs', 'outranked']\n");
}

static void explain_tells_ties_and_doubts(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "one", NAMES);
    program_add_policy(p, "two", NAMES);
    RUN(p, "explain", SERVER("old"));
    EXPECT(p, 0, "policy      none governs this entry\n", "  tied ", "neither acts on it\n", "Certificate 1 of 1:\n");
    assert_null(strstr(p->output, "version: "));
    program_add_policy(p, "zero", "dircertPrecedence: 1\ndircertTarget: nonsense\n");
    RUN(p, "explain", SERVER("old"));
    EXPECT(p, 2, "policy      could not be decided\n", "  suspended ", "  unknown ", "nobody knows what it governs\n");
    assert_non_null(strstr(p->log, "problem: " POLICY("zero") ": dircertTarget: \"nonsense\""));
}

/* The daemon and the explanation agree on whom a policy governs that is off. */
static void explain_of_a_policy_that_is_off(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "off", "dircertMode: off\n" NAMES);
    RUN(p, "explain", SERVER("old"));
    EXPECT(p, 0, "policy      " POLICY("off") "\n", "off: it judges nothing\n", "Certificate 1 of 1:\n");
    assert_null(strstr(p->output, "  version: "));
}

static void explain_shows_requests_and_waivers(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", SERVER("old"), "pending");
    const char *id = program_request_value(p, "reissue", SERVER("old"), "dircertRequestId");
    program_change(p, "dn: cn=w," WAIVERS "\nchangetype: add\nobjectClass: dircertWaiver\ncn: w\n"
                      "dircertCheck: version\ndircertWaiverUntil: 20990101000000Z\n"
                      "dircertWaiverReason: to be replaced\n"
                      "dircertTarget: ldap:///" SERVERS "??sub?(cn=old)\n");
    RUN(p, "explain", SERVER("old"));
    EXPECT(p, 0, "\nRequests about it:\n", "reissue  pending ", "version: violates\n", "    action     report\n",
           "waiver      cn=w," WAIVERS ": version until 2099-01-01 00:00:00: to be replaced\n",
           "    waived by  cn=w," WAIVERS "\n");
    RUN(p, "--json", "explain", SERVER("old"));
    expect_python(p, "d['requests'][0]['id'] + ' ' + d['requests'][0]['state']",
                  (const char *)arena_format(&p->arena, "%s pending\n", id).p);
    expect_python(p, "(d['waivers'], [c['waiver'] for c in d['certificates'][0]['checks'] if c['check'] == 'version'])",
                  "([{'waiver': 'cn=w," WAIVERS "', 'checks': ['version'], 'until': '2099-01-01T00:00:00Z', 'reason': "
                  "'to be replaced'}], ['cn=w," WAIVERS "'])\n");
    RUN(p, "findings");
    EXPECT(p, 0, " waived ");
    RUN(p, "findings", "--json");
    expect_python(p, "[(f['check'], f['action'], f['waiver']) for f in d]", "[('version', 'report', 'cn=w," WAIVERS "')]\n");
    RUN(p, "explain", SERVER("good"));
    EXPECT(p, 0, "No request is about it.\n", "waivers     none of them covers it\n");
}

static void explain_of_an_entry_without_certificate(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "servers", NAMES "dircertOnFinding: missing report\n");
    RUN(p, "explain", SERVER("bare"));
    EXPECT(p, FINDINGS, "\nNo certificate is shown.\n", "  missing: violates\n", "the entry has no certificate\n",
           "userCertificate: the entry surely has no value\n");
}

static void explain_refuses(void **state)
{
    struct program *p = *state;
    program_add_policy(p, "servers", NAMES);
    RUN(p, "explain", "nonsense");
    assert_int_equal(p->code, 1);
    RUN(p, "explain");
    assert_int_equal(p->code, 1);
    RUN(p, "explain", SERVER("nobody"));
    assert_int_equal(p->code, 2);
    assert_string_equal(p->log, "dircertctl: " SERVER("nobody") ": there is no such entry, or you may not see it\n");
}

/* Two ways through the same rooms: what explain says of each entry is what findings lists. */
static void explain_agrees_with_findings(void **state)
{
    struct program *p = *state;
    static const char *const entries[] = {SERVER("good"), SERVER("old"), SERVER("other"), SERVER("bare")};
    fill(p);
    program_add_policy(p, "first", "dircertPrecedence: 1\ndircertNameMatch: san\n"
                                   "dircertTarget: ldap:///" SERVERS "??sub?(|(cn=other)(cn=bare))\n"
                                   "dircertExclude: ldap:///" SERVERS "??sub?(cn=bare)\n");
    program_add_policy(p, "second", "dircertPrecedence: 2\ndircertOnFinding: missing report\n" NAMES
                                    "dircertTarget: ldap:///" SERVERS "??one?(!(cn=old))\n");
    program_add_policy(p, "third", "dircertPrecedence: 3\n" VERSION_REISSUE);
    RUN(p, "--json", "findings");
    assert_int_equal(p->code, FINDINGS);
    const char *listed = python(p, "sorted((f['dn'], f['policy'], f['check'], f['detail']) for f in d)");
    const char *found = p->output;
    struct slice explained = SLICE_LITERAL("[]");
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        RUN(p, "--json", "explain", entries[i]);
        assert_true(p->code == 0 || p->code == FINDINGS);
        const char *of = python(p, "[(d['dn'], d['policy'], c['check'], c['detail']) for l in [d['checks']] + [x['checks'] for "
                                   "x in d['certificates']] for c in l if c['answer'] == 'violates']");
        explained = arena_format(&p->arena, "%.*s+%s", SLICE_ARGS(explained), of);
        explained = slice_trim(explained);
    }
    p->output = found;
    if (*listed)
        expect_python(p, (const char *)arena_format(&p->arena, "sorted(%.*s)", SLICE_ARGS(explained)).p, listed);
}

/* On what the person may not see a filter is neither true nor false: no answer is better than a wrong one. */
static void explain_doubts_what_is_hidden(void **state)
{
    struct program *p = *state;
    fill(p);
    program_add_policy(p, "described", "dircertPrecedence: 1\ndircertTarget: ldap:///" SERVERS "??sub?(description=x)\n");
    program_add_policy(p, "servers", NAMES);
    RUN(p, "explain", SERVER("good"));
    EXPECT(p, 0, "policy      " POLICY("servers") "\n");
    program_rule(p, "to dn.subtree=\"" SERVERS "\" by * read");
    program_rule(p, "to attrs=description by dn.exact=\"cn=approver,ou=daemons," SLAPD_SUFFIX "\" none by * break");
    const char *const argv[] = {BINARY_DIR "/bin/dircertctl", "-H", slapd_ldapi_uri(p->server), "-D",
                                "cn=approver,ou=daemons," SLAPD_SUFFIX, "-w", "only for this test", "-b", BASE, "explain",
                                SERVER("good"), NULL};
    struct command_result r = command_run(argv, NULL, NULL, 60);
    if (r.status != 2)
        fprintf(stderr, "%s%s", r.output, r.errors);
    assert_int_equal(r.status, 2);
    assert_non_null(strstr(r.output, "policy      could not be decided\n"));
    assert_non_null(strstr(r.errors, "may not see every attribute that the filter names (description)"));
    command_free(&r);
}

/* A certificate that breaks readers is explained, and what it holds does not reach the terminal. */
static void explain_escapes_what_is_foreign(void **state)
{
    struct program *p = *state;
    static const struct cert_text cn = CERT_CN("a\033[31m\0b");
    struct cert_options o = {.version = 3, .not_before_utc = 1577836800, .not_after_utc = 4102444800,
                             .common_names = &cn, .common_name_count = 1};
    program_add_server(p, "odd", "odd.example.com", cert_make(p->maker, &p->arena, &o));
    program_add_policy(p, "servers", "dircertNameMatch: cn\n");
    RUN(p, "explain", SERVER("odd"));
    EXPECT(p, FINDINGS, "  cn-mismatch: violates\n");
    assert_null(strchr(p->output, '\033'));
    RUN(p, "--json", "explain", SERVER("odd"));
    expect_python(p, "len(d['certificates'])", "1\n");
    RUN(p, "findings");
    assert_null(strchr(p->output, '\033'));
}

/* policy check */

#define DRAFT "dn: " POLICY("draft") "\nobjectClass: dircertPolicy\ncn: draft\n"

static void policy_check_asks_the_directory(void **state)
{
    struct program *p = *state;
    program_add_policy(p, "servers", NAMES "dircertPrecedence: 7\n");
    run_with(p, DRAFT "dircertTarget: ldap:///" SERVERS "??sub?(noSuchAttribute=1)\n", WORDS("policy", "check", "-"));
    assert_int_equal(p->code, FINDINGS);
    assert_string_equal(p->output, "standard input:4: " POLICY("draft") ": dircertTarget: ldap:///" SERVERS
                                   "??sub?(noSuchAttribute=1): the directory's schema has no attribute type "
                                   "noSuchAttribute\n");
    run_with(p, DRAFT "dircertTarget: ldap:///" SERVERS "??sub?(cn=*)\ndircertPrecedence: 7\n", WORDS("policy", "check", "-"));
    assert_int_equal(p->code, 0);
    assert_string_equal(p->output, "standard input:5: warning: " POLICY("draft") ": dircertPrecedence: 7: the same as that of "
                                   POLICY("servers") " (stored): an entry that both govern is left alone by both\n"
                                   "1 policy, no problems\n");
    assert_string_equal(p->log, "");
}

/* The stored one is what the file replaces: nothing to compare with.  And what is stored elsewhere is not read. */
static void policy_check_knows_its_own_entry_and_place(void **state)
{
    struct program *p = *state;
    program_add_policy(p, "draft", NAMES);
    run_with(p, DRAFT "dircertTarget: ldap:///" SERVERS "??sub?(cn=*)\n", WORDS("policy", "check", "-"));
    assert_string_equal(p->output, "1 policy, no problems\n");
    run_with(p, "dn: cn=draft," SLAPD_SUFFIX "\nobjectClass: dircertPolicy\ncn: draft\ndircertPrecedence: 1\n"
                "dircertTarget: ldap:///" SERVERS "??sub?(cn=*)\n", WORDS("policy", "check", "-"));
    EXPECT(p, 0, "standard input:1: warning: ", "not directly below " POLICIES);
}

/* What the template prints, the server takes, and then it governs. */
static void template_can_be_stored(void **state)
{
    struct program *p = *state;
    fill(p);
    RUN(p, "policy", "template", "servers");
    assert_int_equal(p->code, 0);
    assert_int_equal(slapd_add_ldif(p->server, p->output), 0);
    RUN(p, "explain", SERVER("good"));
    EXPECT(p, 0, "policy      " POLICY("servers") "\n");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, program_enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(findings_are_one_row_each),
        CASE(findings_can_be_narrowed),
        CASE(findings_refuse_what_is_not_there),
        CASE(findings_tell_the_action_and_what_is_undecided),
        CASE(findings_say_when_not_all_was_read),
        CASE(findings_as_somebody_who_may_not_look),
        CASE(explain_tells_every_check),
        CASE(explain_as_json),
        CASE(explain_json_checks),
        CASE(explain_tells_who_governs),
        CASE(explain_tells_ties_and_doubts),
        CASE(explain_of_a_policy_that_is_off),
        CASE(explain_shows_requests_and_waivers),
        CASE(explain_of_an_entry_without_certificate),
        CASE(explain_refuses),
        CASE(explain_agrees_with_findings),
        CASE(explain_doubts_what_is_hidden),
        CASE(explain_escapes_what_is_foreign),
        CASE(policy_check_asks_the_directory),
        CASE(policy_check_knows_its_own_entry_and_place),
        CASE(template_can_be_stored),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
