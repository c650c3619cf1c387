/* SPDX-License-Identifier: Apache-2.0 */
/* Waivers in a real directory: whom they name, what follows for requests, and what is wrong with them. */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define A      SERVER("a")
#define B      SERVER("b")
#define W      "cn=w," WAIVERS
#define ON_A   "dircertTarget: ldap:///" SERVERS "??sub?(cn=a)\n"
#define LATER  "dircertWaiverUntil: 20990101000000Z\n"
#define REASON "dircertWaiverReason: agreed\n"
#define WHOLE  ON_A "dircertCheck: version\n" LATER REASON

static void waive(struct program *p, const char *lines)
{
    program_change(p, "dn: " W "\nchangetype: add\nobjectClass: dircertWaiver\ncn: w\n%s", lines);
}

static void unwaive(struct program *p)
{
    program_change(p, "dn: " W "\nchangetype: delete\n");
}

/* Two servers with version 1. */
static void begin(struct program *p)
{
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_server(p, "b", "b.example.com", program_version_1(p, "b.example.com"));
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
}

static void expect_requests(struct program *p, const char *a, const char *b)
{
    program_expect_state(p, "reissue", A, a);
    program_expect_state(p, "reissue", B, b);
}

static void test_by_target(void **state)
{
    struct program *p = *state;
    begin(p);
    waive(p, WHOLE);
    assert_null(strstr(program_plan(p, PROGRAM_COMPLETE), A));
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, NULL, "pending");
    program_expect(p, WORDS("event=finding ", A, "check=version", "action=report", "waiver=\"" W "\""));
    program_expect(p, WORDS("event=pass ", POLICY("servers"), "findings=1 ", "waived=1 "));
    assert_int_equal(program_lines(p, WORDS("event=finding ", B, "waiver=")), 0);
    assert_int_equal(program_lines(p, WORDS("event=problem")), 0);
}

static void test_by_digest(void **state)
{
    struct program *p = *state;
    begin(p);
    struct slice der = program_version_1(p, "a.example.com");
    char upper[65];
    snprintf(upper, sizeof upper, "%s", program_digest(p, der));
    for (char *c = upper; *c; c++)
        *c = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
    program_publish(p, A, 1, &der);
    const char *lines = (const char *)arena_format(&p->arena, "dircertCertificateSHA256: %s\ndircertCheck: version\n" LATER REASON, upper).p;
    waive(p, lines);
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, NULL, "pending");
    assert_int_equal(program_lines(p, WORDS("event=problem")), 0);
    der = program_version_1(p, "a.example.com"); /* another one, that nobody agreed to */
    program_publish(p, A, 1, &der);
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, "pending", "pending");
    program_expect(p, WORDS("event=problem", W, "attribute=dircertCertificateSHA256", "names nothing"));
}

static void test_one_that_has_ended_covers_nothing(void **state)
{
    struct program *p = *state;
    begin(p);
    waive(p, ON_A "dircertCheck: version\ndircertWaiverUntil: 20200101000000Z\n" REASON);
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, "pending", "pending");
    program_expect(p, WORDS("event=problem", W, "attribute=dircertWaiverUntil", "ended 20200101000000Z"));
}

static void test_a_malformed_one_still_covers(void **state)
{
    struct program *p = *state;
    begin(p);
    waive(p, ON_A "dircertCheck: versoin\n");
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, NULL, "pending");
    program_expect(p, WORDS("event=problem", W, "attribute=dircertCheck", "value=versoin", "covers every check"));
    program_expect(p, WORDS("event=problem", W, "attribute=dircertWaiverUntil", "has no end"));
    program_expect(p, WORDS("event=problem", W, "attribute=dircertWaiverReason"));
}

static void test_nobody_knows_whom_it_names(void **state)
{
    static const char *const reaches[] = {
        "",
        "dircertTarget: everybody\n",
        "dircertTarget: ldap:///" SERVERS "??sub?(dNSHostNam=*)\n",
        "dircertCertificateSHA256: abc\n",
    };
    struct program *p = *state;
    begin(p);
    for (size_t i = 0; i < sizeof reaches / sizeof *reaches; i++) {
        waive(p, (const char *)arena_format(&p->arena, "%sdircertCheck: version\n" LATER REASON, reaches[i]).p);
        assert_non_null(strstr(program_plan(p, PROGRAM_INCOMPLETE), "held-create reissue"));
        program_pass(p, PROGRAM_INCOMPLETE);
        expect_requests(p, NULL, NULL);
        program_expect(p, WORDS("event=problem", W, "no request is written at all"));
        program_expect(p, WORDS("event=pass ", POLICY("servers"), "result=incomplete"));
        unwaive(p);
    }
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, "pending", "pending");
}

static void test_one_that_names_nothing(void **state)
{
    struct program *p = *state;
    begin(p);
    waive(p, "dircertTarget: ldap:///" SERVERS "??sub?(cn=nobody)\ndircertTarget: ldap:///cn=gone," SERVERS "\n"
             "dircertCertificateSHA256: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
             "dircertCheck: version\n" LATER REASON);
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, "pending", "pending");
    program_expect(p, WORDS("event=problem", W, "(cn=nobody)", "no entry that this account may see matches"));
    program_expect(p, WORDS("event=problem", W, "cn=gone", "its base is not there"));
    program_expect(p, WORDS("event=problem", W, "00112233445566778899aabbccddeeff", "names nothing"));
}

static void test_a_request_is_withdrawn_and_comes_back(void **state)
{
    struct program *p = *state;
    begin(p);
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, "pending", "pending");
    program_decide(p, "reissue", A, "approve 1");
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, "approved", "pending");
    waive(p, WHOLE);
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, "withdrawn", "pending");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertStateMessage"), "a waiver covers the violation");
    program_expect(p, WORDS("event=finding ", A, "waiver=\"" W "\""));
    assert_int_equal(program_lines(p, WORDS("event=finding-ended")), 0); /* it is still there */
    size_t before = program_writes(p, REQUESTS);
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_writes(p, REQUESTS), before);
    unwaive(p);
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, "pending", "pending");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertGeneration"), "2");
}

/* A filter is not true of what this account may not see: that the waiver does not name the entry is not sure. */
static void test_what_its_filter_asks_for_is_hidden(void **state)
{
    struct program *p = *state;
    begin(p);
    program_change(p, "dn: " A "\nchangetype: modify\nadd: description\ndescription: to be kept\n");
    waive(p, "dircertTarget: ldap:///" SERVERS "??sub?(description=to be kept)\ndircertCheck: version\n" LATER REASON);
    program_rule(p, "to dn.exact=\"" A "\" attrs=description by dn.exact=\"" DAEMON "\" none by * break");
    program_rule(p, "to dn.subtree=\"" SERVERS "\" attrs=description by dn.exact=\"" DAEMON "\" read by * break");
    program_drop_rule(p);
    program_rule(p, "to dn.exact=\"" B "\" attrs=description by dn.exact=\"" DAEMON "\" read by * break");
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, NULL, "pending");
    program_expect(p, WORDS("event=undecided", A, "a waiver may name it"));
    program_drop_rule(p);
    program_drop_rule(p);
    program_rule(p, "to dn.subtree=\"" SERVERS "\" attrs=description by dn.exact=\"" DAEMON "\" read by * break");
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, NULL, "pending");
    program_expect(p, WORDS("event=finding ", A, "waiver=\"" W "\""));
}

static void test_an_attribute_of_it_is_hidden(void **state)
{
    static const char *const hidden[] = {"dircertTarget", "dircertCertificateSHA256", "dircertCheck", "dircertWaiverUntil"};
    struct program *p = *state;
    begin(p);
    waive(p, WHOLE);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        program_rule(p, (const char *)arena_format(&p->arena, "to dn.one=\"" WAIVERS "\" attrs=%s by dn.exact=\"" DAEMON "\" none by * break", hidden[i]).p);
        program_pass(p, PROGRAM_INCOMPLETE);
        expect_requests(p, NULL, NULL);
        program_expect(p, WORDS("event=fault", "what=\"read ou=waivers\"", W, "may not read all"));
        program_drop_rule(p);
    }
    program_pass(p, PROGRAM_COMPLETE);
    expect_requests(p, NULL, "pending");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, program_enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_by_target),
        CASE(test_by_digest),
        CASE(test_one_that_has_ended_covers_nothing),
        CASE(test_a_malformed_one_still_covers),
        CASE(test_nobody_knows_whom_it_names),
        CASE(test_one_that_names_nothing),
        CASE(test_a_request_is_withdrawn_and_comes_back),
        CASE(test_what_its_filter_asks_for_is_hidden),
        CASE(test_an_attribute_of_it_is_hidden),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
