/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon by itself: its rhythm, its signals, its background, what it tells the service manager, its exit codes. */
#include "support/daemon.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WHOLE_PASS WORDS("event=pass", "policy=-", "result=complete")

static const char *in_folder(struct program *p, const char *name)
{
    return (const char *)arena_format(&p->arena, "%s/%s", slapd_folder(p->server), name).p;
}

/* With a policy and an entry that it governs: without them a pass is not complete. */
static int enter(void **state)
{
    int failed = program_enter(state);
    struct program *p = *state;
    if (failed)
        return failed;
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\n");
    program_add_server(p, "fine", "fine.example.com", program_good(p, "fine.example.com"));
    return 0;
}

/* A configuration of its own for these tests: passes at debug are told each, steady or not. */
static void configure(struct program *p, unsigned interval_s, const char *level, const char *more)
{
    program_configure(p,
                      &(struct program_conf){.interval_s = interval_s, .level = level, .more = more, .timeout_s = 3});
}

static const char *lease(struct program *p)
{
    return program_value(p, program_search(p, STATUS, "one", "(dircertLease=*)", "dircertLease"), "dircertLease", 0);
}

static void passes_come_at_the_interval(void **state)
{
    struct program *p = *state;
    configure(p, 1, "debug", NULL);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=start", "mode=daemon"));
    daemon_wait(&d, WORDS("event=connected"));
    daemon_wait(&d, WORDS("event=lease", "state=held"));
    for (int i = 0; i < 3; i++)
        daemon_wait(&d, WHOLE_PASS);
    assert_non_null(lease(p));
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=stop", "reason=SIGTERM")), 1);
    assert_int_equal(daemon_lines(&d, WORDS("event=lease", "state=released")), 1);
    assert_null(lease(p));
}

/* Where transactions are asked for and the server has no monitor, that is told. */
static void unwatched_transactions_are_told(void **state)
{
    struct program *p = *state;
    static const struct {
        unsigned at_once;
        const char *told;
    } rows[] = {{50, "transactions=unwatched"}, {0, "transactions=off"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        program_configure(p, &(struct program_conf){.interval_s = 3600, .writes_per_transaction = rows[i].at_once});
        struct daemon_process d = daemon_start(p, NULL);
        daemon_wait(&d, WORDS("event=connected", rows[i].told));
        daemon_stop(&d);
    }
}

static void a_pass_now(void **state)
{
    struct program *p = *state;
    configure(p, 3600, "debug", NULL);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    daemon_rest(300);
    assert_int_equal(daemon_lines(&d, WHOLE_PASS), 1);
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    daemon_signal(&d, SIGUSR1);
    daemon_wait(&d, WORDS("event=finding", "check=version", "cn=a,"));
    daemon_wait(&d, WHOLE_PASS);
    daemon_stop(&d);
}

static void hangup_takes_a_good_configuration(void **state)
{
    struct program *p = *state;
    configure(p, 3600, "debug", NULL);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    configure(p, 1, "debug", NULL);
    daemon_signal(&d, SIGHUP);
    daemon_wait(&d, WORDS("event=reload", "result=taken"));
    for (int i = 0; i < 3; i++)
        daemon_wait(&d, WHOLE_PASS);
    assert_int_equal(daemon_lines(&d, WORDS("event=lease")), 1);
    daemon_stop(&d);
}

static void hangup_refuses_a_bad_configuration(void **state)
{
    struct program *p = *state;
    configure(p, 3600, "debug", NULL);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    configure(p, 1, "debug", "nonsense: 1\n");
    daemon_signal(&d, SIGHUP);
    daemon_wait(&d, WORDS("event=config", "key=nonsense"));
    daemon_wait(&d, WORDS("event=reload", "result=refused"));
    daemon_signal(&d, SIGUSR1);
    daemon_wait(&d, WHOLE_PASS);
    daemon_rest(1300);
    assert_int_equal(daemon_lines(&d, WHOLE_PASS), 2);
    daemon_stop(&d);
}

static void another_instance_is_another_lease(void **state)
{
    struct program *p = *state;
    configure(p, 3600, "debug", NULL);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    configure(p, 3600, "debug", "instance: other\n");
    daemon_signal(&d, SIGHUP);
    daemon_wait(&d, WORDS("event=lease", "state=released"));
    daemon_wait(&d, WORDS("event=lease", "state=held"));
    daemon_wait(&d, WHOLE_PASS);
    const char *found = program_search(p, STATUS, "one", "(dircertLease=*)", "cn");
    assert_string_equal(program_value(p, found, "cn", 0), "other");
    assert_null(program_value(p, found, "cn", 1));
    daemon_stop(&d);
}

static void the_end_comes_during_a_pass(void **state)
{
    struct program *p = *state;
    configure(p, 3600, "debug", NULL);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    slapd_pause(p->server);
    daemon_signal(&d, SIGUSR1);
    daemon_rest(300);
    daemon_signal(&d, SIGTERM);
    daemon_rest(300);
    slapd_continue(p->server);
    assert_int_equal(daemon_join(&d), 0);
    assert_int_equal(daemon_lines(&d, WORDS("event=stop", "reason=SIGTERM")), 1);
    assert_null(lease(p));
}

/* A server that answers nobody can't keep the daemon from ending. */
static void the_end_comes_beside_a_silent_server(void **state)
{
    struct program *p = *state;
    configure(p, 3600, "debug", NULL);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    slapd_pause(p->server);
    daemon_signal(&d, SIGINT);
    assert_int_equal(daemon_join(&d), 0);
    slapd_continue(p->server);
    assert_int_equal(daemon_lines(&d, WORDS("event=stop", "reason=SIGINT")), 1);
}

static void steady_state_is_silent(void **state)
{
    struct program *p = *state;
    configure(p, 1, "info", NULL);
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=finding", "check=version"));
    daemon_wait(&d, WORDS("event=pass", "policy=-"));
    daemon_wait(&d, WORDS("event=summary", "subjects=2"));
    daemon_rest(1500); /* the second pass may still see something for the first time: its own figures */
    size_t before = daemon_lines(&d, WORDS("event="));
    daemon_rest(2500);
    assert_int_equal(daemon_lines(&d, WORDS("event=")), before);
    assert_int_equal(daemon_lines(&d, WORDS("event=finding")), 1);
    assert_int_equal(daemon_lines(&d, WORDS("event=summary")), 1);
    daemon_stop(&d);
}

/* Once a day. */

enum { DAY_S = 86400, BEFORE_MIDNIGHT_S = 7, SERVERS_LEAD_S = 60 };

/* What makes a program's clock so many seconds short of midnight. */
static void set_clock(int64_t short_of_midnight_s)
{
    char offset[32];
    snprintf(offset, sizeof offset, "+%llds", (long long)(DAY_S - time(NULL) % DAY_S - short_of_midnight_s));
    setenv("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1", 1);
    setenv("FAKETIME", offset, 1);
    setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
}

static int leave_clock(void **state)
{
    unsetenv("LD_PRELOAD");
    unsetenv("FAKETIME");
    unsetenv("FAKETIME_DONT_FAKE_MONOTONIC");
    unsetenv("ASAN_OPTIONS");
    return program_leave(state);
}

/* The server's is near enough to the daemon's. */
static int enter_before_midnight(void **state)
{
    if (access("/usr/bin/faketime", X_OK) == 0)
        set_clock(SERVERS_LEAD_S);
    return enter(state);
}

/* A week between full passes, and the next day's summary comes all the same. */
static void each_day_has_its_summary(void **state)
{
    struct program *p = *state;
    if (access("/usr/bin/faketime", X_OK) != 0) {
        print_message("skipped: faketime is not installed\n");
        skip();
    }
    configure(p, 3600, "debug", "full_interval_s: 604800\n");
    set_clock(BEFORE_MIDNIGHT_S);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    daemon_wait(&d, WORDS("event=summary", "subjects=1", "T23:59:"));
    daemon_wait(&d, WORDS("event=summary", "subjects=1", "T00:00:"));
    daemon_rest(300);
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WHOLE_PASS), 1);
    assert_int_equal(daemon_lines(&d, WORDS("event=summary")), 2);
}

/* A policy that can't be read whole at first is told of once more when it can, and then no more. */
static void a_summary_without_figures_is_told_again(void **state)
{
    struct program *p = *state;
    program_add_policy(p, "late", "dircertAllowedVersion: 3\ndircertTarget: ldap:///ou=late," SERVERS "??sub?\n");
    configure(p, 3600, "debug", NULL);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=pass", "policy=-", "result=incomplete"));
    daemon_wait(&d, WORDS("event=summary", "cn=servers"));
    assert_int_equal(daemon_lines(&d, WORDS("event=summary", "subjects=")), 0);
    program_change(p, "dn: ou=late," SERVERS "\nchangetype: add\nobjectClass: organizationalUnit\nou: late\n");
    for (int i = 0; i < 2; i++) {
        daemon_signal(&d, SIGUSR1);
        daemon_wait(&d, WHOLE_PASS);
        if (i == 0)
            daemon_wait(&d, WORDS("event=summary", "cn=servers", "subjects=1"));
    }
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=summary", "cn=late", "subjects=1")), 1);
    assert_int_equal(daemon_lines(&d, WORDS("event=summary", "cn=servers", "subjects=1")), 1);
    assert_int_equal(daemon_lines(&d, WORDS("event=summary")), 4);
}

/* Passes by a timer have figures, too. */
static void one_pass_writes_its_figures(void **state)
{
    struct program *p = *state;
    const char *figures = in_folder(p, "once.prom"), *nowhere = in_folder(p, "nowhere/once.prom");
    configure(p, 3600, "info", (const char *)arena_format(&p->arena, "metrics: {textfile: \"%s\"}\n", figures).p);
    program_plan(p, PROGRAM_COMPLETE);
    assert_int_not_equal(access(figures, F_OK), 0);
    program_pass(p, PROGRAM_COMPLETE);
    const char *const argv[] = {"grep",  "-c", "-E", "^dircertd_(subjects[{]|pass_result.*complete).* 1$",
                                figures, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 10);
    assert_string_equal(r.output, "2\n");
    command_free(&r);
    configure(p, 3600, "info", (const char *)arena_format(&p->arena, "metrics: {textfile: \"%s\"}\n", nowhere).p);
    program_pass(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "write the metrics", "is not there; make it"));
}

/* The log as a file: renamed by others, on a disk that is full for a while; and the figures beside it. */
static void a_log_file_is_reopened_and_survives_a_full_disk(void **state)
{
    struct program *p = *state;
    const char *log = in_folder(p, "own.log"), *old = in_folder(p, "own.log.1"), *figures = in_folder(p, "d.prom");
    struct program_conf c = {.interval_s = 3600, .level = "debug", .log_to = log, .timeout_s = 3};
    c.more = (const char *)arena_format(&p->arena, "metrics: {textfile: \"%s\"}\n", figures).p;
    program_configure(p, &c);
    struct daemon_process d = daemon_start(p, NULL);
    d.log = log;
    daemon_wait(&d, WHOLE_PASS);
    assert_int_equal(rename(log, old), 0);
    daemon_signal(&d, SIGHUP);
    d.read = 0;
    daemon_wait(&d, WORDS("event=reload", "result=taken"));
    daemon_wait(&d, WHOLE_PASS);
    assert_int_equal(access(figures, R_OK), 0);
    const struct rlimit full = {.rlim_cur = 1, .rlim_max = RLIM_INFINITY};
    const struct rlimit free_again = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    assert_int_equal(prlimit(d.pid, RLIMIT_FSIZE, &full, NULL), 0);
    size_t before = daemon_lines(&d, WHOLE_PASS);
    daemon_signal(&d, SIGUSR1);
    daemon_rest(700);
    assert_int_equal(daemon_lines(&d, WHOLE_PASS), before);
    assert_int_equal(prlimit(d.pid, RLIMIT_FSIZE, &free_again, NULL), 0);
    daemon_signal(&d, SIGUSR1);
    daemon_wait(&d, WORDS("event=log-lost", "lines="));
    daemon_wait(&d, WHOLE_PASS);
    daemon_stop(&d);
}

/* The background. */

static pid_t read_pid(const char *path)
{
    long pid = 0;
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%ld", &pid) != 1)
        pid = 0;
    if (f)
        fclose(f);
    return (pid_t)pid;
}

static struct command_result start_in_background(struct program *p)
{
    const char *const argv[] = {BINARY_DIR "/bin/dircertd", "-c", p->configuration, NULL};
    return command_run(argv, NULL, NULL, DAEMON_LIMIT_S);
}

/* What no server can cure is told by the exit code before the shell has its prompt again. */
static void the_background_does_not_begin_with_what_can_not_work(void **state)
{
    struct program *p = *state;
    configure(p, 3600, "info", "");
    assert_int_equal(chmod(in_folder(p, "password"), 0644), 0);
    struct command_result r = start_in_background(p);
    assert_int_equal(r.status, 1);
    command_free(&r);
}

static void the_background_has_a_pid_file(void **state)
{
    struct program *p = *state;
    const char *pid_file = in_folder(p, "dircertd.pid");
    struct stat st;
    configure(p, 3600, "info", (const char *)arena_format(&p->arena, "pid_file: \"%s\"\n", pid_file).p);
    struct command_result r = start_in_background(p);
    pid_t pid = read_pid(pid_file);
    bool is_there = pid > 1 && kill(pid, 0) == 0 && stat(pid_file, &st) == 0;
    struct command_result second = start_in_background(p); /* would take the first one's file */
    bool still_there = read_pid(pid_file) == pid && second.status == 1;
    command_free(&second);
    bool other_session = pid > 1 && getsid(pid) != getsid(0);
    bool ended = false;
    if (pid > 1) {
        for (int i = 0; i < 300 && !lease(p); i++)
            daemon_rest(10);
        kill(pid, SIGTERM);
        for (int i = 0; i < 1000 && !ended; i++) {
            ended = kill(pid, 0) != 0;
            daemon_rest(10);
        }
        if (!ended)
            kill(pid, SIGKILL);
    }
    assert_int_equal(r.status, 0);
    assert_true(is_there && still_there && other_session && ended);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_not_equal(access(pid_file, F_OK), 0);
    assert_null(lease(p));
    command_free(&r);
}

static void what_can_not_begin_says_so(void **state)
{
    struct program *p = *state;
    const char *missing = in_folder(p, "no-such-folder/dircertd.pid");
    configure(p, 3600, "info", (const char *)arena_format(&p->arena, "pid_file: \"%s\"\n", missing).p);
    struct command_result r = start_in_background(p);
    assert_int_equal(r.status, PROGRAM_USAGE);
    assert_non_null(strstr(r.errors, "no-such-folder"));
    command_free(&r);
    configure(p, 3600, "info", "interval_s: never\n");
    r = start_in_background(p);
    assert_int_equal(r.status, PROGRAM_USAGE);
    assert_non_null(strstr(r.errors, "event=config"));
    command_free(&r);
}

static void settings_that_can_not_work_end_it(void **state)
{
    struct program *p = *state;
    configure(p, 3600, "info", NULL);
    assert_int_equal(chmod(in_folder(p, "password"), 0644), 0);
    struct daemon_process d = daemon_start(p, NULL);
    assert_int_equal(daemon_join(&d), PROGRAM_USAGE);
    assert_int_equal(daemon_lines(&d, WORDS("event=config", "password")), 1);
}

/* The service manager. */

static int listen_at(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    assert_true(strlen(path) < sizeof at.sun_path);
    memcpy(at.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    struct timeval limit = {.tv_sec = DAEMON_LIMIT_S};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    return fd;
}

/* Reads datagrams until one has that text; those before it are passed over. */
static void expect_datagram(int fd, const char *text)
{
    char datagram[2048];
    for (ssize_t n; (n = recv(fd, datagram, sizeof datagram - 1, 0)) > 0;) {
        datagram[n] = '\0';
        if (strstr(datagram, text))
            return;
    }
    fail_msg("the service manager was not told %s", text);
}

static void the_service_manager_is_told(void **state)
{
    struct program *p = *state;
    const char *path = in_folder(p, "notify");
    int fd = listen_at(path);
    const char *name = (const char *)arena_format(&p->arena, "NOTIFY_SOCKET=%s", path).p;
    configure(p, 3600, "info", NULL);
    struct daemon_process d = daemon_start(p, (const char *const[]){name, "WATCHDOG_USEC=400000", NULL});
    expect_datagram(fd, "READY=1");
    expect_datagram(fd, "STATUS=last pass complete ");
    for (int i = 0; i < 3; i++)
        expect_datagram(fd, "WATCHDOG=1");
    daemon_signal(&d, SIGHUP);
    expect_datagram(fd, "RELOADING=1");
    expect_datagram(fd, "READY=1");
    daemon_signal(&d, SIGTERM);
    expect_datagram(fd, "STOPPING=1");
    assert_int_equal(daemon_join(&d), 0);
    close(fd);
}

static struct daemon_process start_under_manager(struct program *p, int *fd)
{
    const char *path = in_folder(p, "notify");
    *fd = listen_at(path);
    return daemon_start(
        p, WORDS((const char *)arena_format(&p->arena, "NOTIFY_SOCKET=%s", path).p, "WATCHDOG_USEC=400000"));
}

static void configure_patient(struct program *p, unsigned timeout_s)
{
    program_configure(p, &(struct program_conf){
                             .interval_s = 3600, .level = "debug", .more = "heartbeat_s: 1\n", .timeout_s = timeout_s});
}

/* Who is patient with a silent server is alive all the same, and ends when it is told to. */
static void signs_of_life_go_on_while_it_connects(void **state)
{
    struct program *p = *state;
    int fd;
    configure_patient(p, 3600);
    slapd_pause(p->server);
    struct daemon_process d = start_under_manager(p, &fd);
    expect_datagram(fd, "READY=1");
    for (int i = 0; i < 8; i++)
        expect_datagram(fd, "WATCHDOG=1");
    daemon_signal(&d, SIGTERM);
    assert_int_equal(daemon_join(&d), 0);
    slapd_continue(p->server);
    assert_int_equal(daemon_lines(&d, WORDS("event=disconnected")), 0);
    close(fd);
}

/* Within a second it renews its lease, and waits for that. */
static void signs_of_life_go_on_while_the_lease_is_renewed(void **state)
{
    struct program *p = *state;
    int fd;
    configure_patient(p, 60);
    struct daemon_process d = start_under_manager(p, &fd);
    daemon_wait(&d, WHOLE_PASS);
    slapd_pause(p->server);
    for (int i = 0; i < 30; i++) /* more than came before and within that second */
        expect_datagram(fd, "WATCHDOG=1");
    slapd_continue(p->server);
    daemon_stop(&d);
    close(fd);
}

/* From the first line on it is said why. */
static void the_status_says_why_no_server_can_be_used(void **state)
{
    static const char said[] = "STATUS=no server can be used: ";
    struct program *p = *state;
    char datagram[2048] = "";
    int fd;
    configure_patient(p, 2);
    struct daemon_process d = start_under_manager(p, &fd);
    daemon_wait(&d, WHOLE_PASS);
    slapd_pause(p->server);
    for (ssize_t n; !strstr(datagram, said) && (n = recv(fd, datagram, sizeof datagram - 1, 0)) > 0;)
        datagram[n] = '\0';
    slapd_continue(p->server);
    daemon_stop(&d);
    assert_non_null(strstr(datagram, said));
    assert_non_null(strstr(datagram, ": the connection was lost"));
    close(fd);
}

/* Two of them. */

static void a_second_daemon_stands_by(void **state)
{
    struct program *p = *state;
    configure(p, 1, "debug", "instance: one\nheartbeat_s: 1\n");
    struct daemon_process one = daemon_start(p, NULL);
    daemon_wait(&one, WHOLE_PASS);
    configure(p, 1, "debug", "instance: two\nheartbeat_s: 1\n");
    struct daemon_process two = daemon_start(p, NULL);
    daemon_wait(&two, WORDS("event=lease", "state=standby"));
    daemon_rest(1500);
    assert_int_equal(daemon_lines(&two, WORDS("event=pass")), 0);
    daemon_stop(&one);
    daemon_wait(&two, WORDS("event=lease", "state=held"));
    daemon_wait(&two, WHOLE_PASS);
    configure(p, 1, "debug", "instance: three\nheartbeat_s: 1\n");
    struct daemon_process three = daemon_start(p, NULL);
    daemon_wait(&three, WORDS("event=lease", "state=standby"));
    daemon_kill(&two); /* dead on this host: no need to wait for its time to be up */
    daemon_wait(&three, WORDS("event=lease", "state=held"));
    daemon_wait(&three, WHOLE_PASS);
    daemon_stop(&three);
}

static void once_leaves_a_running_daemon_alone(void **state)
{
    struct program *p = *state;
    configure(p, 3600, "debug", NULL);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    program_add_policy(p, "enforcing", "dircertPrecedence: 1\n" ENFORCE VERSION_REISSUE);
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    size_t writes = program_writes(p, BASE);
    configure(p, 1, "info", "instance: once\n");
    program_pass(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=lease", "state=standby"));
    program_expect(p, WORDS("event=fault", "what=\"take the lease\""));
    assert_int_equal(program_writes(p, BASE), writes);
    assert_non_null(strstr(program_plan(p, PROGRAM_COMPLETE), "create reissue"));
    assert_int_equal(program_writes(p, BASE), writes);
    daemon_stop(&d);
    program_pass(p, PROGRAM_COMPLETE);
    assert_null(lease(p));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, program_leave)
    const struct CMUnitTest tests[] = {
        TEST(passes_come_at_the_interval),
        TEST(unwatched_transactions_are_told),
        TEST(a_pass_now),
        TEST(hangup_takes_a_good_configuration),
        TEST(hangup_refuses_a_bad_configuration),
        TEST(another_instance_is_another_lease),
        TEST(the_end_comes_during_a_pass),
        TEST(the_end_comes_beside_a_silent_server),
        TEST(steady_state_is_silent),
        cmocka_unit_test_setup_teardown(each_day_has_its_summary, enter_before_midnight, leave_clock),
        TEST(a_summary_without_figures_is_told_again),
        TEST(one_pass_writes_its_figures),
        TEST(a_log_file_is_reopened_and_survives_a_full_disk),
        TEST(the_background_does_not_begin_with_what_can_not_work),
        TEST(the_background_has_a_pid_file),
        TEST(what_can_not_begin_says_so),
        TEST(settings_that_can_not_work_end_it),
        TEST(the_service_manager_is_told),
        TEST(signs_of_life_go_on_while_it_connects),
        TEST(signs_of_life_go_on_while_the_lease_is_renewed),
        TEST(the_status_says_why_no_server_can_be_used),
        TEST(a_second_daemon_stands_by),
        TEST(once_leaves_a_running_daemon_alone),
    };
    return slapd_available() ? cmocka_run_group_tests_name("daemon", tests, NULL, NULL) : 77;
}
