/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon and its servers: away, back, away for good, refused, and one after the other. */
#include "support/daemon.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define WHOLE_PASS WORDS("event=pass", "policy=-", "result=complete")

/* With a policy and an entry that it governs: without them a pass is not complete. */
static int enter_with(void **state, const char *global)
{
    int failed = program_enter_with(state, global, NULL);
    struct program *p = *state;
    if (failed)
        return failed;
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\n");
    program_add_server(p, "fine", "fine.example.com", program_good(p, "fine.example.com"));
    return 0;
}

static int enter(void **state)
{
    return enter_with(state, NULL);
}

static void configure_with(struct program *p, const char *uri, const char *password, const char *more)
{
    program_configure(
        p, &(struct program_conf){
               .uri = uri, .password = password, .interval_s = 1, .timeout_s = 3, .level = "debug", .more = more});
}

static void configure(struct program *p, const char *uri, const char *password)
{
    configure_with(p, uri, password, "heartbeat_s: 1\n");
}

static void a_server_restarts(void **state)
{
    struct program *p = *state;
    configure(p, NULL, NULL);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    slapd_kill(p->server);
    daemon_wait(&d, WORDS("event=disconnected", "detail="));
    assert_true(slapd_restart(p->server));
    daemon_wait(&d, WORDS("event=connected"));
    daemon_wait(&d, WHOLE_PASS);
    daemon_stop(&d);
    /* Once more at most: while the server makes its socket anew, the reason is another. */
    assert_in_range(daemon_lines(&d, WORDS("event=disconnected")), 1, 2);
    assert_int_equal(daemon_lines(&d, WORDS("event=connected")), 2);
}

static void a_server_that_is_away_at_the_start(void **state)
{
    struct program *p = *state;
    configure(p, NULL, NULL);
    slapd_kill(p->server);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=disconnected"));
    daemon_rest(2500);
    assert_int_equal(daemon_lines(&d, WORDS("event=disconnected")), 1);
    assert_true(slapd_restart(p->server));
    daemon_wait(&d, WORDS("event=connected"));
    daemon_wait(&d, WHOLE_PASS);
    daemon_stop(&d);
}

static void a_wrong_password_is_tried_no_more_than_once_an_interval(void **state)
{
    struct program *p = *state;
    program_configure(p, &(struct program_conf){.password = "not this one", .interval_s = 3600, .level = "debug"});
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=disconnected"));
    daemon_rest(1500);
    char *log = slapd_log(p->server);
    unsigned refused = 0;
    for (const char *at = log; (at = strstr(at, "err=49")); at++)
        refused++;
    free(log);
    assert_int_equal(refused, 1);
    program_configure(p, &(struct program_conf){.interval_s = 3600, .level = "debug"});
    daemon_signal(&d, SIGHUP);
    daemon_wait(&d, WORDS("event=reload", "result=taken"));
    daemon_wait(&d, WORDS("event=connected"));
    daemon_wait(&d, WHOLE_PASS);
    daemon_stop(&d);
}

static const char *one_after_the_other(struct program *p, const char *first, const char *second)
{
    return (const char *)arena_format(&p->arena, "%s\", \"%s", first, second).p;
}

/* To the second server and back; each is a server of its own with a tree of its own, which is nothing to the daemon. */
static void take_over(struct program *p, const char *more)
{
    struct program *other;
    void *other_state = NULL;
    assert_int_equal(enter(&other_state), 0);
    other = other_state;
    const char *first = slapd_ldapi_uri(p->server), *second = slapd_ldapi_uri(other->server);
    configure_with(p, one_after_the_other(p, first, second), NULL, more);
    const char *first_word = (const char *)arena_format(&p->arena, "uri=%s", first).p;
    const char *second_word = (const char *)arena_format(&p->arena, "uri=%s", second).p;
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=connected", first_word));
    daemon_wait(&d, WHOLE_PASS);
    slapd_kill(p->server);
    daemon_wait(&d, WORDS("event=connected", second_word));
    daemon_wait(&d, WHOLE_PASS);
    assert_true(slapd_restart(p->server));
    daemon_wait(&d, WORDS("event=connected", first_word));
    daemon_wait(&d, WHOLE_PASS);
    daemon_stop(&d);
    /* There was one that could be used all the time; while the first makes its socket anew, the reason is another. */
    size_t told = daemon_lines(&d, WORDS("event=disconnected", first_word, "detail=", "retry_s="));
    assert_in_range(told, 1, 5);
    assert_int_equal(daemon_lines(&d, WORDS("event=disconnected")), told);
    program_leave(&other_state);
}

static void the_second_server_takes_over(void **state)
{
    take_over(*state, "heartbeat_s: 1\n");
}

/* The next full pass is a day away. */
static void the_first_server_is_returned_to_between_full_passes(void **state)
{
    take_over(*state, "heartbeat_s: 1\nfull_interval_s: 86400\n");
}

/* The next heartbeat is far away when the first server is back, on which another daemon is the active one. */
static void the_lease_of_one_server_is_none_on_another(void **state)
{
    struct program *p = *state, *other;
    void *other_state = NULL;
    assert_int_equal(enter(&other_state), 0);
    other = other_state;
    program_add_policy(p, "strict", ENFORCE VERSION_REISSUE);
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_change(p,
                   "dn: cn=elsewhere," STATUS "\nchangetype: add\nobjectClass: dircertInstance\ncn: elsewhere\n"
                   "dircertLease: elsewhere.example.com 9c1d2f30-77aa-4b1e-8f2f-0d3c5b7a9e22 4242 20991231235959Z\n");
    slapd_kill(p->server);
    const char *first = slapd_ldapi_uri(p->server), *second = slapd_ldapi_uri(other->server);
    configure_with(p, one_after_the_other(p, first, second), NULL, "heartbeat_s: 60\n");
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=lease", "state=held"));
    daemon_wait(&d, WHOLE_PASS);
    assert_true(slapd_restart(p->server));
    daemon_wait(&d, WORDS("event=connected", (const char *)arena_format(&p->arena, "uri=%s", first).p));
    daemon_wait(&d, WORDS("event=lease", "state=standby", "holder=elsewhere.example.com"));
    daemon_rest(1500);
    daemon_stop(&d);
    assert_int_equal(program_count_requests(p, "(objectClass=dircertRequest)"), 0);
    program_leave(&other_state);
}

/* It is told once for each reason, by whoever connects. */
static void a_server_that_can_not_be_used_is_told_beside_one_that_can(void **state)
{
    struct program *p = *state;
    const char *nobody = "ldapi://%2Fnonexistent%2Fldapi", *good = slapd_ldapi_uri(p->server);
    const char *unusable = (const char *)arena_format(&p->arena, "uri=%s", nobody).p;
    configure(p, one_after_the_other(p, nobody, good), NULL);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=disconnected", unusable, "No such file"));
    daemon_wait(&d, WORDS("event=connected", (const char *)arena_format(&p->arena, "uri=%s", good).p));
    daemon_wait(&d, WHOLE_PASS);
    daemon_rest(2500);
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=disconnected")), 1);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=disconnected", unusable, "No such file"));
    assert_int_equal(program_lines(p, WORDS("event=disconnected")), 1);
    assert_int_equal(program_lines(p, WORDS("event=disconnected", "retry_s=")), 0); /* nor is anything tried again */
}

/* Frozen, not dead: what waits for an answer ends after timeout_s. */
static void a_silent_server_is_left(void **state)
{
    struct program *p = *state;
    configure(p, NULL, NULL);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    slapd_pause(p->server);
    daemon_wait(&d, WORDS("event=disconnected"));
    slapd_continue(p->server);
    daemon_wait(&d, WORDS("event=connected"));
    daemon_wait(&d, WHOLE_PASS);
    daemon_stop(&d);
}

/* The lease's connection is idle for longer than this server likes, each time. */
static void a_server_that_ends_what_is_idle(void **state)
{
    struct program *p = *state;
    program_configure(p, &(struct program_conf){.interval_s = 3600, .level = "debug", .more = "heartbeat_s: 3\n"});
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    daemon_rest(7500);
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=fault", "renew the lease")), 0);
    assert_int_equal(daemon_lines(&d, WORDS("event=lease", "state=held")), 1);
    assert_int_equal(daemon_lines(&d, WORDS("event=lease", "state=lost")), 0);
}

static int enter_impatient(void **state)
{
    return enter_with(state, "idletimeout 1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, program_leave)
    const struct CMUnitTest tests[] = {
        TEST(a_server_restarts),
        TEST(a_server_that_is_away_at_the_start),
        TEST(a_wrong_password_is_tried_no_more_than_once_an_interval),
        TEST(the_second_server_takes_over),
        TEST(the_first_server_is_returned_to_between_full_passes),
        TEST(the_lease_of_one_server_is_none_on_another),
        TEST(a_server_that_can_not_be_used_is_told_beside_one_that_can),
        TEST(a_silent_server_is_left),
        cmocka_unit_test_setup_teardown(a_server_that_ends_what_is_idle, enter_impatient, program_leave),
    };
    return slapd_available() ? cmocka_run_group_tests_name("daemon_servers", tests, NULL, NULL) : 77;
}
