/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy governs, what its mode does to requests, and what becomes of those of a malformed one. */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define A SERVER("a")
#define MAY_SHRINK "dircertMinSubjectsPercent: 0\n"
#define ONE(cn) "dircertTarget: ldap:///" SERVERS "??sub?(cn=" cn ")\n"

static void replace(struct program *p, const char *dn, const char *attribute, const char *value)
{
    program_change(p, "dn: %s\nchangetype: modify\nreplace: %s\n%s: %s\n", dn, attribute, attribute, value);
}

static void expect_silence(struct program *p, int code)
{
    size_t before = program_writes(p, REQUESTS);
    program_pass(p, code);
    assert_int_equal(program_writes(p, REQUESTS), before);
}

static const char *policy_of(struct program *p, const char *subject)
{
    return program_request_value(p, "reissue", subject, "dircertPolicyDN");
}

static void begin(struct program *p)
{
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_server(p, "b", "b.example.com", program_good(p, "b.example.com"));
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
}

static void test_audit_reports_and_writes_nothing(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_policy(p, "servers", VERSION_REISSUE);
    expect_silence(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=finding", "dn=\"" A "\"", "check=version"));
    program_expect(p, WORDS("event=pass ", "mode=audit", "subjects=1 ", "findings=1 ", "requests-open=0 ",
                            "result=complete"));
}

static void test_back_to_audit_holds_and_enforce_reopens(void **state)
{
    struct program *p = *state;
    begin(p);
    program_decide(p, "reissue", A, "approve 1");
    replace(p, POLICY("servers"), "dircertMode", "audit");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "held");
    expect_silence(p, PROGRAM_COMPLETE);
    replace(p, POLICY("servers"), "dircertMode", "enforce");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertGeneration"), "2");
}

static void test_off_withdraws(void **state)
{
    struct program *p = *state;
    begin(p);
    replace(p, POLICY("servers"), "dircertMode", "off");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
    program_expect(p, WORDS("event=pass ", "mode=off", "result=off"));
}

static void test_deleted_policy_holds(void **state)
{
    struct program *p = *state;
    begin(p);
    program_add_policy(p, "other", "dircertTarget: ldap:///" PEOPLE "??sub?(objectClass=person)\ndircertMode: off\n");
    program_change(p, "dn: " POLICY("servers") "\nchangetype: delete\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "held");
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
}

static void test_malformed_policy_holds_its_requests(void **state)
{
    struct program *p = *state;
    begin(p);
    replace(p, POLICY("servers"), "dircertAllowedVersion", "4");
    program_pass(p, PROGRAM_INCOMPLETE);
    program_expect_state(p, "reissue", A, "held");
    program_expect(p, WORDS("event=problem", "dn=\"" POLICY("servers") "\"", "attribute=dircertAllowedVersion",
                            "value=4", "from 1 to 3"));
    program_expect(p, WORDS("event=pass ", POLICY("servers"), "result=disabled"));
    replace(p, POLICY("servers"), "dircertAllowedVersion", "3");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
}

static void test_the_lower_precedence_number_governs(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "a", 2, program_version_1);
    program_add_policy(p, "all", ENFORCE VERSION_REISSUE "dircertPrecedence: 50\n");
    program_add_policy(p, "some", ENFORCE VERSION_REISSUE MAY_SHRINK "dircertPrecedence: 5\n" ONE("a1"));
    program_pass(p, PROGRAM_COMPLETE);
    assert_string_equal(policy_of(p, SERVER("a1")), POLICY("some"));
    assert_string_equal(policy_of(p, SERVER("a2")), POLICY("all"));
    program_expect(p, WORDS("event=pass ", POLICY("all"), " subjects=1 ", "created=1 "));
    program_expect(p, WORDS("event=pass ", POLICY("some"), " subjects=1 ", "created=1 "));
    replace(p, POLICY("some"), "dircertPrecedence", "500");
    program_pass(p, PROGRAM_COMPLETE);
    assert_string_equal(policy_of(p, SERVER("a1")), POLICY("all"));
    expect_silence(p, PROGRAM_COMPLETE);
}

static void test_policy_that_is_off_governs_too(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "a", 2, program_version_1);
    program_add_policy(p, "all", ENFORCE VERSION_REISSUE "dircertPrecedence: 50\n");
    program_add_policy(p, "none", "dircertMode: off\ndircertPrecedence: 5\n" ONE("a1"));
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", SERVER("a1"), NULL);
    program_expect_state(p, "reissue", SERVER("a2"), "pending");
}

static void test_excluded_entry_falls_to_the_next_policy(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "a", 3, program_version_1);
    program_add_policy(p, "first", ENFORCE VERSION_REISSUE "dircertPrecedence: 1\n"
                                   "dircertExclude: ldap:///" SERVERS "??sub?(|(cn=a1)(cn=a2))\n");
    program_add_policy(p, "next", ENFORCE VERSION_REISSUE MAY_SHRINK "dircertPrecedence: 2\n"
                                  "dircertExclude: ldap:///" SERVERS "??sub?(cn=a2)\n");
    program_pass(p, PROGRAM_COMPLETE);
    assert_string_equal(policy_of(p, SERVER("a1")), POLICY("next"));
    assert_string_equal(policy_of(p, SERVER("a3")), POLICY("first"));
    program_expect_state(p, "reissue", SERVER("a2"), NULL);
    program_change(p, "dn: " POLICY("next") "\nchangetype: modify\nadd: dircertExclude\n"
                      "dircertExclude: ldap:///" SERVERS "??sub?(cn=a1)\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", SERVER("a1"), "withdrawn");
}

static void test_two_targets_show_an_entry_once(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "a", 2, program_version_1);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE ONE("a1") ONE("*"));
    program_pass(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=pass ", POLICY("servers"), " subjects=2 ", "findings=2 ", "created=2 "));
}

static void test_tie_leaves_the_entry_alone(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "a", 2, program_version_1);
    program_add_policy(p, "one", ENFORCE VERSION_REISSUE);
    program_add_policy(p, "two", ENFORCE VERSION_REISSUE ONE("a1"));
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", SERVER("a1"), NULL);
    program_expect_state(p, "reissue", SERVER("a2"), "pending");
    program_expect(p, WORDS("event=problem", "attribute=dircertPrecedence", POLICY("one"), POLICY("two")));
    const char *uuid = program_value(p, program_search(p, SERVER("a1"), "base", "(objectClass=*)", "entryUUID"),
                                     "entryUUID", 0);
    program_expect(p, WORDS("event=problem", "attribute=dircertPrecedence", uuid));
}

/* Nobody knows what it governs: whoever comes after it might be given its entries. */
static void test_policy_of_unknown_reach_stops_those_after_it(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "a", 3, program_version_1);
    program_add_policy(p, "before", ENFORCE VERSION_REISSUE "dircertPrecedence: 1\n" ONE("a1"));
    program_add_policy(p, "broken", ENFORCE VERSION_REISSUE "dircertPrecedence: 2\ndircertTarget: not an URL\n");
    program_add_policy(p, "after", ENFORCE VERSION_REISSUE "dircertPrecedence: 3\n");
    program_pass(p, PROGRAM_INCOMPLETE);
    program_expect_state(p, "reissue", SERVER("a1"), "pending");
    program_expect_state(p, "reissue", SERVER("a2"), NULL);
    program_expect(p, WORDS("event=problem", POLICY("broken"), "attribute=dircertTarget", "value=\"not an URL\""));
    program_expect(p, WORDS("event=pass ", POLICY("after"), "result=suspended"));
    replace(p, POLICY("broken"), "dircertTarget", "ldap:///" SERVERS "??sub?(cn=a2)");
    program_pass(p, PROGRAM_COMPLETE);
    assert_string_equal(policy_of(p, SERVER("a2")), POLICY("broken"));
    assert_string_equal(policy_of(p, SERVER("a3")), POLICY("after"));
}

/* What else is wrong with a policy leaves its reach known, and those after it at work. */
static void test_other_problems_stop_only_the_policy_itself(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "a", 2, program_version_1);
    program_add_policy(p, "broken", "dircertMode: perhaps\ndircertPrecedence: 2\n" ONE("a1"));
    program_add_policy(p, "after", ENFORCE VERSION_REISSUE "dircertPrecedence: 3\n");
    program_pass(p, PROGRAM_INCOMPLETE);
    program_expect_state(p, "reissue", SERVER("a1"), NULL);
    program_expect_state(p, "reissue", SERVER("a2"), "pending");
    program_expect(p, WORDS("event=problem", POLICY("broken"), "value=perhaps", "off audit enforce"));
}

/* Read-only: the pass over subjects changes no entry but the daemon's own. */
static void test_nothing_but_requests_and_status_is_written(void **state)
{
    struct program *p = *state;
    size_t servers, policies;
    program_add_servers(p, "a", 2, program_version_1);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    servers = program_writes(p, SERVERS);
    policies = program_writes(p, POLICIES);
    size_t all = program_writes(p, SLAPD_SUFFIX), own = program_writes(p, REQUESTS) + program_writes(p, STATUS);
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_writes(p, SERVERS), servers);
    assert_int_equal(program_writes(p, POLICIES), policies);
    assert_int_equal(program_writes(p, SLAPD_SUFFIX) - all, program_writes(p, REQUESTS) + program_writes(p, STATUS) - own);
    assert_int_equal(program_count_requests(p, "(dircertState=pending)"), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, program_enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_audit_reports_and_writes_nothing),
        CASE(test_back_to_audit_holds_and_enforce_reopens),
        CASE(test_off_withdraws),
        CASE(test_deleted_policy_holds),
        CASE(test_malformed_policy_holds_its_requests),
        CASE(test_the_lower_precedence_number_governs),
        CASE(test_policy_that_is_off_governs_too),
        CASE(test_excluded_entry_falls_to_the_next_policy),
        CASE(test_two_targets_show_an_entry_once),
        CASE(test_tie_leaves_the_entry_alone),
        CASE(test_policy_of_unknown_reach_stops_those_after_it),
        CASE(test_other_problems_stop_only_the_policy_itself),
        CASE(test_nothing_but_requests_and_status_is_written),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
