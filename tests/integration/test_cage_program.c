/* SPDX-License-Identifier: Apache-2.0 */
/* The built daemon, its fork server and its workers, beside a real slapd: who there is, and what killing them costs. */
#include "support/daemon.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { SERVERS_BAD = 40, KILLS = 3, STEP_MS = 2, PATIENCE_MS = 15000, SERVER_SILENT_MS = 10000 };

#define WHOLE_PASS WORDS("event=pass", "policy=-", "result=complete")

/* A process of that name and parent, that has not ended; 0: there is none. */
static pid_t find_child(pid_t parent, const char *name)
{
    DIR *d = opendir("/proc");
    pid_t found = 0;
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        char path[300], line[512] = "", state = 'Z';
        int its_parent = 0;
        if (e->d_name[0] < '1' || e->d_name[0] > '9')
            continue;
        snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        FILE *f = fopen(path, "r");
        if (!f)
            continue;
        const char *open = fgets(line, sizeof line, f) ? strchr(line, '(') : NULL, *close = strrchr(line, ')');
        fclose(f);
        if (open && close && sscanf(close + 1, " %c %d", &state, &its_parent) == 2 && state != 'Z' &&
            its_parent == parent && strncmp(open + 1, name, strlen(name)) == 0)
            found = (pid_t)atoi(e->d_name);
    }
    if (d)
        closedir(d);
    return found;
}

static bool is_there(pid_t pid, pid_t parent, const char *name)
{
    return find_child(parent, name) == pid;
}

static pid_t wait_for_child(pid_t parent, const char *name)
{
    pid_t pid = 0;
    for (int ms = 0; !pid && ms < PATIENCE_MS; ms += STEP_MS) {
        pid = find_child(parent, name);
        usleep(STEP_MS * 1000);
    }
    assert_int_not_equal(pid, 0);
    return pid;
}

static int enter(void **state)
{
    int failed = program_enter(state);
    struct program *p = *state;
    if (failed)
        return failed;
    program_add_policy(p, "servers",
                       ENFORCE VERSION_REISSUE "dircertMinSubjectsPercent: 0\ndircertMaxRequests: 1000\n");
    return 0;
}

/* A worker that somebody kills between two passes is replaced, and nobody notices. */
static void test_worker_killed(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_configure(p, &(struct program_conf){.interval_s = 1, .level = "debug"});
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=request", "verb=create", SERVER("a")));
    daemon_wait(&d, WHOLE_PASS);
    pid_t server = wait_for_child(d.pid, "cage-server"), worker = wait_for_child(server, "cage-second");
    assert_int_equal(kill(worker, SIGKILL), 0);
    program_add_server(p, "b", "b.example.com", program_version_1(p, "b.example.com"));
    daemon_wait(&d, WORDS("event=request", "verb=create", SERVER("b")));
    daemon_wait(&d, WHOLE_PASS);
    assert_int_not_equal(wait_for_child(server, "cage-second"), worker);
    assert_int_equal(daemon_lines(&d, WORDS("event=quarantine")), 0);
    assert_int_equal(daemon_lines(&d, WORDS("event=fault")), 0);
    daemon_stop(&d);
    for (int ms = 0; ms < PATIENCE_MS && kill(server, 0) == 0; ms += STEP_MS)
        usleep(STEP_MS * 1000);
    assert_false(is_there(server, 1, "cage-server"));
}

/* Workers are killed in the middle of a pass, a few times: each certificate gets its request or is quarantined. */
static void test_killed_in_a_pass(void **state)
{
    struct program *p = *state;
    unsigned kills = 0;
    program_add_servers(p, "bad", SERVERS_BAD, program_version_1);
    program_configure(p, &(struct program_conf){.interval_s = 60, .level = "debug"});
    struct daemon_process d = daemon_start(p, NULL);
    pid_t server = wait_for_child(d.pid, "cage-server"), last = 0;
    for (int ms = 0; kills < KILLS && ms < PATIENCE_MS; ms += STEP_MS) {
        pid_t worker = find_child(server, "cage-second");
        if (worker && worker != last && kill(worker, SIGKILL) == 0) {
            last = worker;
            kills++;
        }
        if (daemon_lines(&d, WHOLE_PASS) > 0)
            break;
        usleep(STEP_MS * 1000);
    }
    daemon_wait(&d, WHOLE_PASS);
    print_message("%u killed, %zu quarantined\n", kills, daemon_lines(&d, WORDS("event=quarantine")));
    assert_int_equal(daemon_lines(&d, WORDS("event=request", "verb=create")) +
                         daemon_lines(&d, WORDS("event=quarantine")),
                     SERVERS_BAD);
    assert_int_equal(daemon_lines(&d, WORDS("event=fault")), 0);
    daemon_stop(&d);
}

/* A daemon that is killed leaves nobody behind. */
static void test_daemon_killed(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_configure(p, &(struct program_conf){.interval_s = 60});
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    pid_t server = wait_for_child(d.pid, "cage-server"), worker = wait_for_child(server, "cage-second");
    daemon_kill(&d);
    for (int ms = 0; ms < PATIENCE_MS && (kill(server, 0) == 0 || kill(worker, 0) == 0); ms += STEP_MS)
        usleep(STEP_MS * 1000);
    assert_false(is_there(server, 1, "cage-server"));
    assert_false(is_there(worker, server, "cage-second") || is_there(worker, 1, "cage-second"));
}

static void expect_end_without_server(struct program *p, struct daemon_process *d, pid_t server)
{
    assert_int_equal(daemon_join(d), 2);
    assert_int_equal(daemon_lines(d, WORDS("event=fault")), 1);
    assert_int_equal(daemon_lines(d, WORDS("event=fault", "fork server of the cage is gone")), 1);
    assert_int_equal(daemon_lines(d, WORDS("event=stop", "no fork server")), 1);
    assert_int_equal(daemon_lines(d, WORDS("event=quarantine")), 0);
    assert_int_equal(find_child(server, "cage-second"), 0);
    struct daemon_process next = daemon_start(p, NULL); /* no lease keeps it waiting */
    daemon_wait(&next, WHOLE_PASS);
    daemon_stop(&next);
}

/* The fork server is killed, by the kernel where memory is short: the daemon ends, and whoever started it does again.
 */
static void test_server_killed(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_configure(p, &(struct program_conf){.interval_s = 1, .level = "debug"});
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    pid_t server = wait_for_child(d.pid, "cage-server");
    assert_int_equal(kill(server, SIGKILL), 0);
    program_add_server(p, "b", "b.example.com", program_version_1(p, "b.example.com"));
    expect_end_without_server(p, &d, server);
}

/* The same in the middle of a pass, which is cut short. */
static void test_server_killed_in_a_pass(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", SERVERS_BAD, program_version_1);
    program_configure(p, &(struct program_conf){.interval_s = 1, .level = "debug"});
    struct daemon_process d = daemon_start(p, NULL);
    pid_t server = wait_for_child(d.pid, "cage-server");
    wait_for_child(server, "cage-second");
    assert_int_equal(kill(server, SIGKILL), 0);
    expect_end_without_server(p, &d, server);
}

/* The fork server does not answer any more: the daemon ends all the same, and leaves nobody behind. */
static void test_server_stopped(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_configure(p, &(struct program_conf){.interval_s = 60});
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    pid_t server = wait_for_child(d.pid, "cage-server");
    assert_int_equal(kill(server, SIGSTOP), 0);
    daemon_signal(&d, SIGTERM);
    usleep(SERVER_SILENT_MS * 1000); /* until the daemon gives it up */
    assert_int_equal(daemon_join(&d), 0);
    (void)kill(server, SIGCONT);
    for (int ms = 0; ms < PATIENCE_MS && is_there(server, 1, "cage-server"); ms += STEP_MS)
        usleep(STEP_MS * 1000);
    assert_false(is_there(server, 1, "cage-server"));
}

/* Whoever starts it has closed standard input, output and error: nothing of ours gets their numbers. */
static void test_closed_descriptors(void **state)
{
    struct program *p = *state;
    const char *log = (const char *)arena_format(&p->arena, "%s.log", p->configuration).p;
    const char *line = (const char *)arena_format(&p->arena, "exec \"%s\" -c \"%s\" --once <&- >&- 2>&-",
                                                  BINARY_DIR "/bin/dircertd", p->configuration)
                           .p;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    for (int to_file = 0; to_file < 2; to_file++) {
        program_configure(p, &(struct program_conf){.log_to = to_file ? log : NULL});
        struct command_result r = command_run((const char *const[]){"sh", "-c", line, NULL}, NULL, NULL, 60);
        assert_int_equal(r.status, PROGRAM_COMPLETE);
        command_free(&r);
    }
    assert_int_equal(program_count_requests(p, "(dircertState=pending)"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_worker_killed, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_killed_in_a_pass, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_daemon_killed, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_server_killed, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_server_killed_in_a_pass, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_server_stopped, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_closed_descriptors, enter, program_leave),
    };
    return cmocka_run_group_tests_name("cage_program", tests, NULL, NULL);
}
