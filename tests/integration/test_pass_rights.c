/* SPDX-License-Identifier: Apache-2.0 */
/* What an account may not see of the daemon's own tree must not pass for what is not there. */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define A SERVER("a")
#define HIDE(what) "to " what " by dn.exact=\"" DAEMON "\" none by * break"

static void expect_no_write(struct program *p, int code)
{
    size_t before = program_writes(p, REQUESTS);
    program_pass(p, code);
    assert_int_equal(program_writes(p, REQUESTS), before);
}

static void replace(struct program *p, const char *dn, const char *attribute, const char *value)
{
    program_change(p, "dn: %s\nchangetype: modify\nreplace: %s\n%s: %s\n", dn, attribute, attribute, value);
}

static const char *status_value(struct program *p, const char *attribute)
{
    return program_value(p, program_search(p, INSTANCE, "base", "(objectClass=*)", attribute), attribute, 0);
}

/* One violation, which the next pass would write a request about. */
static void begin(struct program *p)
{
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
}

/* Nothing is written while the rule is there, a fault says these words, and afterwards the request is made. */
static void expect_blind(struct program *p, const char *rule, const char *const words[])
{
    program_rule(p, rule);
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, words);
    assert_string_equal(program_plan(p, PROGRAM_INCOMPLETE), "");
    program_drop_rule(p);
}

/* Holds. */

static void hold(struct program *p)
{
    program_add_servers(p, "bad", 2, program_version_1);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE "dircertMaxRequests: 1\n");
    program_pass(p, PROGRAM_HELD);
    assert_non_null(strstr(status_value(p, "dircertHold"), "guard=too-many count=2 limit=1 "));
}

static void expect_kept(struct program *p, const char *recorded)
{
    assert_non_null(strstr(program_search(p, INSTANCE, "base", "(objectClass=*)", "dircertHold"), recorded));
    assert_int_equal(program_lines(p, WORDS("event=hold-ended")), 0);
}

static void expect_lifted(struct program *p)
{
    replace(p, POLICY("servers"), "dircertMaxRequests", "2");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=hold-ended", "guard=too-many", POLICY("servers")));
    assert_null(status_value(p, "dircertHold"));
}

static void test_hold_stays_where_policies_are_not_read(void **state)
{
    struct program *p = *state;
    hold(p);
    const char *recorded = status_value(p, "dircertHold");
    program_rule(p, HIDE("dn.subtree=\"" POLICIES "\""));
    expect_no_write(p, PROGRAM_INCOMPLETE);
    expect_kept(p, recorded);
    program_drop_rule(p);
    expect_lifted(p);
}

static void test_hold_stays_where_the_policy_is_not_judged(void **state)
{
    struct program *p = *state;
    hold(p);
    const char *recorded = status_value(p, "dircertHold");
    program_rule(p, HIDE("dn.subtree=\"" SERVERS "\""));
    expect_no_write(p, PROGRAM_INCOMPLETE);
    expect_kept(p, recorded);
    program_drop_rule(p);
    expect_lifted(p);
}

/* The clock's hold comes beside it, and ends alone. */
static void test_hold_stays_under_the_clocks(void **state)
{
    struct program *p = *state;
    hold(p);
    const char *recorded = status_value(p, "dircertHold");
    replace(p, INSTANCE, "dircertLastPass", "20900101000000Z");
    expect_no_write(p, PROGRAM_HELD);
    expect_kept(p, recorded);
    expect_kept(p, "guard=clock");
    program_change(p, "dn: " INSTANCE "\nchangetype: modify\ndelete: dircertLastPass\n");
    expect_no_write(p, PROGRAM_HELD);
    program_expect(p, WORDS("event=hold-ended", "guard=clock"));
    assert_int_equal(program_lines(p, WORDS("event=hold-ended")), 1);
    expect_lifted(p);
}

static void test_hold_stays_where_it_is_hidden(void **state)
{
    struct program *p = *state;
    hold(p);
    const char *recorded = status_value(p, "dircertHold");
    program_rule(p, "to dn.subtree=\"" STATUS "\" attrs=dircertHold by dn.exact=\"" DAEMON "\" =w by * break");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    expect_kept(p, recorded);
    program_drop_rule(p);
    expect_lifted(p);
}

static void test_hold_goes_with_its_policy(void **state)
{
    struct program *p = *state;
    hold(p);
    program_add_policy(p, "people", "dircertTarget: ldap:///" PEOPLE "??sub?(objectClass=inetOrgPerson)\n");
    program_change(p, "dn: " POLICY("servers") "\nchangetype: delete\n");
    program_run(p, WORDS("--once"), NULL);
    assert_null(status_value(p, "dircertHold"));
}

/* The clock. */

static void test_server_time_hidden(void **state)
{
    struct program *p = *state;
    begin(p);
    program_rule(p, HIDE("dn.subtree=\"" STATUS "\" attrs=modifyTimestamp"));
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", INSTANCE, "modifyTimestamp"));
    assert_null(status_value(p, "dircertLastPass")); /* nobody compared that time with anything */
    program_drop_rule(p);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
}


static void test_own_record_hidden(void **state)
{
    static const char *const rules[] = {
        HIDE("dn.subtree=\"" STATUS "\" attrs=dircertLastPass"),
        HIDE("dn.subtree=\"" STATUS "\" attrs=dircertHold"),
        "to dn.subtree=\"" STATUS "\" attrs=dircertPolicyFigures by dn.exact=\"" DAEMON "\" =w by * break",
    };
    struct program *p = *state;
    program_add_servers(p, "good", 1, program_good);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_pass(p, PROGRAM_COMPLETE);
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        expect_blind(p, rules[i], WORDS("event=fault", INSTANCE, "may not read all that it writes there"));
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
}

/* The pause. */

static void begin_paused(struct program *p)
{
    begin(p);
    replace(p, BASE, "dircertPause", "TRUE");
}

static void end_paused(struct program *p)
{
    expect_no_write(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=pause"));
    program_expect_state(p, "reissue", A, NULL);
}

static void test_pause_hidden(void **state)
{
    struct program *p = *state;
    begin_paused(p);
    expect_blind(p, HIDE("dn.exact=\"" BASE "\" attrs=dircertPause"),
                 WORDS("event=fault", BASE, "may not read", "dircertPause"));
    end_paused(p);
}

static void test_base_entry_only_searched(void **state)
{
    struct program *p = *state;
    begin_paused(p);
    expect_blind(p, "to dn.exact=\"" BASE "\" attrs=entry by dn.exact=\"" DAEMON "\" search by * break",
                 WORDS("event=fault", "what=\"read the base entry\"", "is not shown"));
    end_paused(p);
}

/* To compare is enough to know that there is none, not to know what it says. */
static void test_pause_only_searched(void **state)
{
    struct program *p = *state;
    const char *rule = "to dn.exact=\"" BASE "\" attrs=dircertPause by dn.exact=\"" DAEMON "\" search by * break";
    begin_paused(p);
    expect_blind(p, rule, WORDS("event=fault", BASE, "may not read", "dircertPause"));
    end_paused(p);
    program_change(p, "dn: " BASE "\nchangetype: modify\ndelete: dircertPause\n");
    program_rule(p, rule);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
}

/* Waivers. */

static void test_waivers_hidden(void **state)
{
    struct program *p = *state;
    begin(p);
    program_change(p, "dn: cn=w," WAIVERS "\nchangetype: add\nobjectClass: dircertWaiver\ncn: w\n"
                      "dircertCheck: version\ndircertTarget: ldap:///" SERVERS "??sub\n"
                      "dircertWaiverUntil: 20900101000000Z\ndircertWaiverReason: agreed\n");
    expect_blind(p, HIDE("dn.one=\"" WAIVERS "\""), WORDS("event=fault", "may not see what is below ou=waivers"));
    expect_blind(p, HIDE("dn.one=\"" WAIVERS "\" attrs=objectClass"), WORDS("event=fault", "below ou=waivers"));
    program_change(p, "dn: cn=w," WAIVERS "\nchangetype: delete\n");
    expect_blind(p, HIDE("dn.exact=\"" WAIVERS "\" attrs=hasSubordinates"), WORDS("event=fault", "below ou=waivers"));
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
}

/* Policies. */

static const char *const policy_rules[] = {
    HIDE("dn.exact=\"" POLICY("servers") "\" attrs=dircertMaxRequests"),
    HIDE("dn.exact=\"" POLICY("servers") "\" attrs=dircertExclude"),
    HIDE("dn.exact=\"" POLICY("servers") "\" attrs=dircertPrecedence"),
    HIDE("dn.exact=\"" POLICY("servers") "\" attrs=dircertRelease"), /* which it has not: nobody could tell */
};

static void test_policy_attributes_hidden(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "s", 15, program_version_1);
    program_add_policy(p, "other", "dircertMode: off\ndircertTarget: ldap:///" PEOPLE "??sub?(uid=*)\n");
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE "dircertMaxRequests: 8\ndircertPrecedence: 7\n"
                                     "dircertExclude: ldap:///" SERVERS "??sub?(cn=s1*)\n");
    for (size_t i = 0; i < sizeof policy_rules / sizeof *policy_rules; i++) {
        expect_blind(p, policy_rules[i], WORDS("event=fault", POLICY("servers"), "may not read all of its attributes"));
        assert_int_equal(program_lines(p, WORDS("event=fault", POLICY("other"))), 0);
    }
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(objectClass=dircertRequest)"), 8);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, program_enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_hold_stays_where_policies_are_not_read),
        CASE(test_hold_stays_where_the_policy_is_not_judged),
        CASE(test_hold_stays_under_the_clocks),
        CASE(test_hold_stays_where_it_is_hidden),
        CASE(test_hold_goes_with_its_policy),
        CASE(test_server_time_hidden),
        CASE(test_own_record_hidden),
        CASE(test_pause_hidden),
        CASE(test_base_entry_only_searched),
        CASE(test_pause_only_searched),
        CASE(test_waivers_hidden),
        CASE(test_policy_attributes_hidden),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
