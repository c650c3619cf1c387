/* SPDX-License-Identifier: Apache-2.0 */
/* The guards on a real server: what each holds, how it is told, what lifts it, and what goes on meanwhile. */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define ALL "(objectClass=dircertRequest)"
#define GUARDED "dircertMode: enforce\ndircertConfirmations: 1\n" VERSION_REISSUE

static void replace(struct program *p, const char *dn, const char *attribute, const char *value)
{
    program_change(p, "dn: %s\nchangetype: modify\nreplace: %s\n%s: %s\n", dn, attribute, attribute, value);
}

static void expect_no_write(struct program *p, int code)
{
    size_t before = program_writes(p, REQUESTS);
    program_pass(p, code);
    assert_int_equal(program_writes(p, REQUESTS), before);
}

static const char *status_value(struct program *p, const char *attribute, size_t n)
{
    return program_value(p, program_search(p, INSTANCE, "base", "(objectClass=*)", "*"), attribute, n);
}

/* Pastes what the hold names into the policy. */
static void release(struct program *p, const char *guard)
{
    replace(p, POLICY("servers"), "dircertRelease",
            program_field(p, WORDS("event=hold ", guard, POLICY("servers")), "release"));
}

static void test_too_many_by_share(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 12, program_version_1);
    program_add_policy(p, "servers", GUARDED);
    expect_no_write(p, PROGRAM_HELD);
    program_expect(p, WORDS("event=hold ", "severity=err", "guard=too-many ", "counts=\"count=12 limit=10\"",
                            "dircertMaxPercent 10"));
    program_expect(p, WORDS("event=pass ", POLICY("servers"), "created=0", "held=12", "result=held"));
    assert_non_null(strstr(status_value(p, "dircertHold", 0), "guard=too-many count=12 limit=10 "));
    assert_non_null(strstr(status_value(p, "dircertHold", 0), POLICY("servers")));
    assert_string_equal(status_value(p, "dircertPassResult", 0), "held");
    const char *plan = program_plan(p, PROGRAM_HELD);
    assert_memory_equal(plan, "held-create reissue ", 20);
    program_pass(p, PROGRAM_HELD);
    release(p, "too-many");
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, ALL), 12);
    program_expect(p, WORDS("event=hold-ended", "guard=too-many", POLICY("servers")));
    assert_null(status_value(p, "dircertHold", 0));
    expect_no_write(p, PROGRAM_COMPLETE);
    assert_int_equal(program_lines(p, WORDS("event=hold-ended")), 0);
}

static void test_ten_are_no_share(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 10, program_version_1);
    program_add_policy(p, "servers", GUARDED);
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, ALL), 10);
}

/* The absolute cap counts what was opened today already; what is open goes its way. */
static void test_too_many_within_a_day(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 3, program_version_1);
    program_add_policy(p, "servers", GUARDED "dircertMaxRequests: 4\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_add_servers(p, "more", 2, program_version_1);
    program_decide(p, "reissue", SERVER("bad1"), "approve 1");
    struct slice good = program_good(p, "bad2.example.com");
    program_publish(p, SERVER("bad2"), 1, &good);
    program_pass(p, PROGRAM_HELD);
    program_expect(p, WORDS("event=hold ", "counts=\"count=5 limit=4\"", "dircertMaxRequests 4"));
    program_expect_state(p, "reissue", SERVER("more1"), NULL);
    program_expect_state(p, "reissue", SERVER("bad1"), "approved");
    program_expect_state(p, "reissue", SERVER("bad2"), "withdrawn");
}

static void test_release_is_for_one_revision_count_and_time(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 2, program_version_1);
    program_add_policy(p, "servers", GUARDED "dircertMaxRequests: 1\n");
    program_pass(p, PROGRAM_HELD);
    const char *revision = program_field(p, WORDS("event=pass ", POLICY("servers")), "revision");
    const char *const useless[] = {"0123456789abcdef 2 20900101000000Z",
                                   (const char *)arena_format(&p->arena, "%s 1 20900101000000Z", revision).p,
                                   (const char *)arena_format(&p->arena, "%s 2 20200101000000Z", revision).p};
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
        replace(p, POLICY("servers"), "dircertRelease", useless[i]);
        expect_no_write(p, PROGRAM_HELD);
    }
    release(p, "too-many");
    replace(p, POLICY("servers"), "dircertWildcard", "allow"); /* another revision: the release is for what was held */
    expect_no_write(p, PROGRAM_HELD);
    release(p, "too-many");
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, ALL), 2);
}

/* Automatic approval is held with the opening; a person's approval is not. */
static void test_approval_by_policy_counts(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 2, program_version_1);
    program_add_policy(p, "servers", GUARDED "dircertMaxRequests: 1\ndircertApproval: reissue auto\n");
    expect_no_write(p, PROGRAM_HELD);
    release(p, "too-many");
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(dircertState=approved)"), 2);
}

#define HIDE_HALF                                                                                                      \
    "to dn.regex=\"^cn=good[1-5]," SERVERS "$\" by dn.exact=\"" DAEMON "\" none by * break"

static void begin_half(struct program *p)
{
    program_add_servers(p, "good", 9, program_good);
    program_add_servers(p, "bad", 1, program_version_1);
    program_add_policy(p, "servers", GUARDED);
    program_pass(p, PROGRAM_COMPLETE);
    program_rule(p, HIDE_HALF);
    struct slice good = program_good(p, "bad1.example.com");
    program_publish(p, SERVER("bad1"), 1, &good);
}

static void test_too_few_subjects_holds_everything_and_keeps_the_baseline(void **state)
{
    struct program *p = *state;
    begin_half(p);
    const char *figures = status_value(p, "dircertPolicyFigures", 0);
    for (int i = 0; i < 2; i++) {
        expect_no_write(p, PROGRAM_HELD);
        program_expect(p, WORDS("event=hold ", "guard=too-few-subjects", "counts=\"count=5 limit=9\"",
                                "dircertMinSubjectsPercent 90"));
        assert_string_equal(status_value(p, "dircertPolicyFigures", 0), figures);
    }
    program_expect_state(p, "reissue", SERVER("bad1"), "pending");
    program_drop_rule(p);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=hold-ended", "guard=too-few-subjects"));
    program_expect_state(p, "reissue", SERVER("bad1"), "withdrawn");
}

static void test_too_few_subjects_released(void **state)
{
    struct program *p = *state;
    begin_half(p);
    program_pass(p, PROGRAM_HELD);
    release(p, "too-few-subjects");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", SERVER("bad1"), "withdrawn");
    assert_non_null(strstr(status_value(p, "dircertPolicyFigures", 0), "subjects=5 "));
    program_pass(p, PROGRAM_COMPLETE);
}

/* A pass that could not read everything leaves the figures of the one before it. */
static void test_incomplete_pass_leaves_the_baseline(void **state)
{
    struct program *p = *state;
    begin_half(p);
    const char *figures = status_value(p, "dircertPolicyFigures", 0);
    program_change(p, "dn: cn=elsewhere," SERVERS "\nchangetype: add\nobjectClass: referral\n"
                      "objectClass: extensibleObject\ncn: elsewhere\nref: ldap://127.0.0.1:9/cn=elsewhere\n");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    assert_string_equal(status_value(p, "dircertPolicyFigures", 0), figures);
    program_expect_state(p, "reissue", SERVER("bad1"), "pending");
}

static void test_certificates_of_half_hidden(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "good", 9, program_good);
    program_add_servers(p, "bad", 1, program_version_1);
    program_add_policy(p, "servers", GUARDED);
    program_pass(p, PROGRAM_COMPLETE);
    program_rule(p, "to dn.regex=\"^cn=good[1-5]," SERVERS "$\" attrs=userCertificate by dn.exact=\"" DAEMON
                    "\" none by * break");
    expect_no_write(p, PROGRAM_HELD);
    program_expect(p, WORDS("event=hold ", "guard=too-few-certificates", "counts=\"count=5 limit=9\""));
    assert_int_equal(program_lines(p, WORDS("event=hold ", "guard=too-few-subjects")), 0);
}

static void test_too_many_withdrawals(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 12, program_version_1);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_pass(p, PROGRAM_COMPLETE);
    replace(p, POLICY("servers"), "dircertMaxPercent", "10");
    for (unsigned i = 1; i <= 12; i++) {
        const char *cn = (const char *)arena_format(&p->arena, "bad%u", i).p;
        struct slice good = program_good(p, (const char *)arena_format(&p->arena, "%s.example.com", cn).p);
        program_publish(p, (const char *)arena_format(&p->arena, "cn=%s," SERVERS, cn).p, 1, &good);
    }
    expect_no_write(p, PROGRAM_HELD);
    program_expect(p, WORDS("event=hold ", "guard=too-many-withdrawals", "counts=\"count=12 limit=1\""));
    release(p, "too-many-withdrawals");
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(dircertState=withdrawn)"), 12);
}

/* The policy is searched no more; how many subjects it had is on record. */
static void test_turning_a_policy_off_may_be_a_slip(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 11, program_version_1);
    program_add_servers(p, "good", 4, program_good);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_pass(p, PROGRAM_COMPLETE);
    replace(p, POLICY("servers"), "dircertMaxPercent", "10");
    replace(p, POLICY("servers"), "dircertMode", "off");
    expect_no_write(p, PROGRAM_HELD);
    program_expect(p, WORDS("event=hold ", "guard=too-many-withdrawals", "counts=\"count=11 limit=1\""));
    expect_no_write(p, PROGRAM_HELD); /* it was not forgotten in the pass before */
    program_expect(p, WORDS("event=hold ", "guard=too-many-withdrawals", "counts=\"count=11 limit=1\""));
    assert_int_equal(program_count_requests(p, "(dircertState=pending)"), 11);
    release(p, "too-many-withdrawals");
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(dircertState=withdrawn)"), 11);
}

static void test_turning_a_policy_off_withdraws_a_few(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 10, program_version_1);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_pass(p, PROGRAM_COMPLETE);
    replace(p, POLICY("servers"), "dircertMode", "off");
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(dircertState=withdrawn)"), 10);
}

/* One policy's hold does not stop another; and what was not read outranks what is held. */
static void test_guard_is_for_one_policy_and_incomplete_outranks_held(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 2, program_version_1);
    program_add_servers(p, "other", 1, program_version_1);
    program_add_policy(p, "servers", GUARDED "dircertMaxRequests: 1\n");
    program_add_policy(p, "other", GUARDED "dircertPrecedence: 1\ndircertTarget: ldap:///" SERVERS "??sub?(cn=other1)\n");
    program_pass(p, PROGRAM_HELD);
    program_expect_state(p, "reissue", SERVER("other1"), "pending");
    program_expect_state(p, "reissue", SERVER("bad1"), NULL);
    program_add_policy(p, "broken", "dircertMode: perhaps\ndircertPrecedence: 200\n");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=hold ", "guard=too-many", POLICY("servers")));
}

static void test_pause(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 2, program_version_1);
    program_add_policy(p, "servers", GUARDED);
    replace(p, BASE, "dircertPause", "TRUE");
    expect_no_write(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=pause", "dn=\"" BASE "\""));
    program_expect(p, WORDS("event=finding ", SERVER("bad1")));
    program_expect(p, WORDS("event=pass ", POLICY("servers"), "result=paused"));
    assert_memory_equal(program_plan(p, PROGRAM_COMPLETE), "held-create reissue ", 20);
    replace(p, BASE, "dircertPause", "FALSE");
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, ALL), 2);
}

static void test_clock_before_the_last_pass(void **state)
{
    struct program *p = *state;
    program_add_policy(p, "servers", GUARDED);
    program_add_servers(p, "good", 1, program_good);
    program_pass(p, PROGRAM_COMPLETE);
    program_add_servers(p, "bad", 1, program_version_1);
    replace(p, INSTANCE, "dircertLastPass", "20900101000000Z");
    expect_no_write(p, PROGRAM_HELD);
    program_expect(p, WORDS("event=hold ", "policy=- ", "guard=clock", "dircertLastPass"));
    assert_string_equal(status_value(p, "dircertLastPass", 0), "20900101000000Z");
    assert_string_equal(program_plan(p, PROGRAM_HELD), "");
    assert_non_null(strstr(status_value(p, "dircertHold", 0), "guard=clock"));
    program_change(p, "dn: " INSTANCE "\nchangetype: modify\ndelete: dircertLastPass\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=hold-ended", "guard=clock"));
    program_expect_state(p, "reissue", SERVER("bad1"), "pending");
}

static void run_at(struct program *p, const char *offset)
{
    const char *faketime = (const char *)arena_format(&p->arena, "FAKETIME=%s", offset).p;
    program_run(p, WORDS("--once"),
                WORDS("LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1", faketime, "FAKETIME_DONT_FAKE_MONOTONIC=1",
                      "ASAN_OPTIONS=verify_asan_link_order=0"));
}

static void test_clock_away_from_the_servers(void **state)
{
    struct program *p = *state;
    if (access("/usr/bin/faketime", X_OK) != 0) {
        print_message("skipped: faketime is not installed\n");
        skip();
    }
    program_add_servers(p, "bad", 1, program_version_1);
    program_add_policy(p, "servers", GUARDED);
    size_t before = program_writes(p, REQUESTS);
    static const char *const offsets[] = {"+10m", "-10m"};
    for (size_t i = 0; i < 2; i++) {
        run_at(p, offsets[i]);
        assert_int_equal(p->code, PROGRAM_HELD);
        program_expect(p, WORDS("event=hold ", "guard=clock", "from the directory server's"));
    }
    assert_int_equal(program_writes(p, REQUESTS), before);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", SERVER("bad1"), "pending");
    run_at(p, "+2m");
    assert_int_equal(p->code, PROGRAM_COMPLETE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, program_enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_too_many_by_share),
        CASE(test_ten_are_no_share),
        CASE(test_too_many_within_a_day),
        CASE(test_release_is_for_one_revision_count_and_time),
        CASE(test_approval_by_policy_counts),
        CASE(test_too_few_subjects_holds_everything_and_keeps_the_baseline),
        CASE(test_too_few_subjects_released),
        CASE(test_incomplete_pass_leaves_the_baseline),
        CASE(test_certificates_of_half_hidden),
        CASE(test_too_many_withdrawals),
        CASE(test_turning_a_policy_off_may_be_a_slip),
        CASE(test_turning_a_policy_off_withdraws_a_few),
        CASE(test_guard_is_for_one_policy_and_incomplete_outranks_held),
        CASE(test_pause),
        CASE(test_clock_before_the_last_pass),
        CASE(test_clock_away_from_the_servers),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
