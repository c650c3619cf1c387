/* SPDX-License-Identifier: Apache-2.0 */
/* How the daemon learns of changes when servers restart, come back from a backup or do not tell; and when it may not.
 */
#include "followworld.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The daemon stands still while the server restarts and the entries change. */
static void restart_and_change(struct program *p, const struct daemon_process *d)
{
    daemon_signal(d, SIGSTOP);
    assert_true(slapd_restart(p->server));
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    program_change(p, "dn: " SERVER("old") "\nchangetype: delete\n");
    daemon_signal(d, SIGCONT);
}

static void a_server_restarts(void **state)
{
    struct program *p = *state;
    program_add_server(p, "old", "old.example.com", program_version_1(p, "old.example.com"));
    struct daemon_process d = follow_start(p);
    restart_and_change(p, &d);
    follow_wait_state(p, A, "pending");
    follow_wait_state(p, SERVER("old"), "withdrawn");
    follow_publish(p, A, program_good(p, A_HOST));
    follow_wait_state(p, A, "withdrawn");
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=drift")), 0);
}

static void copy(const char *from, const char *to)
{
    const char *const argv[] = {"cp", "--sparse=always", from, to, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 20);
    assert_int_equal(r.status, 0);
    command_free(&r);
}

/* Older than what the daemon has seen: its cookie is refused, or means nothing. */
static void a_directory_comes_back_from_a_backup(void **state)
{
    struct program *p = *state;
    const char *file = (const char *)arena_format(&p->arena, "%s/data/data.mdb", slapd_folder(p->server)).p;
    const char *saved = (const char *)arena_format(&p->arena, "%s/saved.mdb", slapd_folder(p->server)).p;
    slapd_kill(p->server);
    copy(file, saved);
    assert_true(slapd_restart(p->server));
    struct daemon_process d = follow_start(p);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=a,"));
    daemon_signal(&d, SIGSTOP);
    slapd_kill(p->server);
    copy(saved, file);
    assert_true(slapd_restart(p->server));
    daemon_signal(&d, SIGCONT);
    daemon_wait(&d, WORDS("event=finding-ended", "cn=a,"));
    program_add_server(p, "b", "b.example.com", program_version_1(p, "b.example.com"));
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=b,"));
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=drift")), 0);
}

static void without_the_overlay_changes_are_searched_for(void **state)
{
    struct program *p = *state;
    program_configure(p, &(struct program_conf){.interval_s = 1, .level = "debug", .more = "full_interval_s: 3600\n"});
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=sync", "state=fallback", "syncprov"));
    daemon_wait(&d, WHOLE_PASS);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=a,"));
    follow_publish(p, A, program_good(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "state=withdrawn", "cn=a,"));
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMode\ndircertMode: audit\n");
    daemon_wait(&d, WHOLE_PASS);
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WHOLE_PASS), 2);
    assert_int_equal(daemon_lines(&d, WORDS("event=sync")), 1);
    assert_int_equal(daemon_lines(&d, WORDS("event=fault")), 0);
}

/* The daemon stands still while the other server gets the same data, and an entry that this one never sees. */
static void copy_to_other(struct program *p, struct program *other, const struct daemon_process *d)
{
    const char *from = (const char *)arena_format(&p->arena, "%s/data/data.mdb", slapd_folder(p->server)).p;
    const char *to = (const char *)arena_format(&p->arena, "%s/data/data.mdb", slapd_folder(other->server)).p;
    daemon_signal(d, SIGSTOP);
    slapd_kill(p->server);
    copy(from, to);
    assert_true(slapd_restart(other->server));
    program_add_server(other, "a", A_HOST, program_version_1(other, A_HOST));
    slapd_kill(other->server);
    assert_true(slapd_restart(p->server));
    daemon_signal(d, SIGCONT);
}

/* It is older than what was searched for last, and as if it had been replicated late. */
static void an_earlier_server_knows_an_old_change(void **state)
{
    enum { OLD_MS = 5000 };
    struct program *p = *state, *other;
    void *other_state = NULL;
    assert_int_equal(follow_enter_without_overlay(&other_state), 0);
    other = other_state;
    const char *first = slapd_ldapi_uri(other->server), *second = slapd_ldapi_uri(p->server);
    program_configure(
        p, &(struct program_conf){.uri = (const char *)arena_format(&p->arena, "%s\", \"%s", first, second).p,
                                  .interval_s = 1,
                                  .timeout_s = 3,
                                  .level = "debug",
                                  .more = "heartbeat_s: 1\nfull_interval_s: 3600\nfollow: off\n"});
    slapd_kill(other->server);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    copy_to_other(p, other, &d);
    daemon_rest(OLD_MS);
    assert_int_equal(daemon_lines(&d, WHOLE_PASS), 1); /* the same server again is no other one */
    assert_true(slapd_restart(other->server));
    daemon_wait(&d, WORDS("event=connected", (const char *)arena_format(&p->arena, "uri=%s", first).p));
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=a,"));
    daemon_wait(&d, WHOLE_PASS);
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WHOLE_PASS), 2);
    assert_int_equal(daemon_lines(&d, WORDS("event=lease", "state=lost")), 0);
    program_leave(&other_state);
}

static void the_configuration_can_say_no(void **state)
{
    struct program *p = *state;
    program_configure(p,
                      &(struct program_conf){.interval_s = FOLLOW_HOUR_S, .level = "debug", .more = "follow: off\n"});
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=sync", "state=fallback", "follow: off"));
    daemon_wait(&d, WHOLE_PASS);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_rest(FOLLOW_SETTLE_MS);
    assert_int_equal(daemon_lines(&d, WORDS("event=look")), 0);
    daemon_signal(&d, SIGUSR1);
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=a,"));
    daemon_wait(&d, WHOLE_PASS);
    daemon_stop(&d);
}

static void who_stands_by_does_not_follow(void **state)
{
    struct program *p = *state;
    struct daemon_process first = follow_start(p);
    program_configure(p, &(struct program_conf){.interval_s = FOLLOW_HOUR_S,
                                                .level = "debug",
                                                .more = "heartbeat_s: 1\n"
                                                        "instance: other\n"});
    struct daemon_process second = daemon_start(p, NULL);
    daemon_wait(&second, WORDS("event=lease", "state=standby"));
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&first, WORDS("event=request", "verb=create", "cn=a,"));
    follow_stop(&first, 1);
    daemon_wait(&second, WORDS("event=lease", "state=held"));
    daemon_wait(&second, FOLLOWING);
    daemon_wait(&second, WHOLE_PASS);
    follow_publish(p, A, program_good(p, A_HOST));
    daemon_wait(&second, WORDS("event=request", "state=withdrawn", "cn=a,"));
    follow_stop(&second, 1);
}

#define FOLLOW_TEST(function) cmocka_unit_test_setup_teardown(function, follow_enter, program_leave)

/* With an argument, the tests of that name alone. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FOLLOW_TEST(a_server_restarts),
        {"a_server_restarts_without_a_session_log", a_server_restarts, follow_enter_without_log, program_leave, NULL},
        FOLLOW_TEST(a_directory_comes_back_from_a_backup),
        cmocka_unit_test_setup_teardown(without_the_overlay_changes_are_searched_for, follow_enter_without_overlay,
                                        program_leave),
        cmocka_unit_test_setup_teardown(an_earlier_server_knows_an_old_change, follow_enter_without_overlay,
                                        program_leave),
        FOLLOW_TEST(the_configuration_can_say_no),
        FOLLOW_TEST(who_stands_by_does_not_follow),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return slapd_available() ? cmocka_run_group_tests_name("follow-server", tests, NULL, NULL) : 77;
}
