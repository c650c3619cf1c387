/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody at a terminal sees of a pass that takes its time. */
#include "support/program.h"

#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SERVERS_MANY = 80, WAIT_MS = 5000, ROOM = 1 << 18, COLUMNS = 100 };

struct terminal {
    struct program *program;
    int fd;
    pid_t child;
    char text[ROOM];
    size_t used;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void begin(struct terminal *t, struct program *p, const char *mode)
{
    const struct winsize size = {.ws_row = 24, .ws_col = COLUMNS};
    *t = (struct terminal){.program = p};
    t->child = forkpty(&t->fd, NULL, NULL, &size);
    assert_true(t->child >= 0);
    if (t->child == 0) {
        execl(BINARY_DIR "/bin/dircertd", "dircertd", "-c", p->configuration, mode, "--foreground", (char *)NULL);
        _exit(127);
    }
}

/* Reads until that text came, or the time is up, or (text NULL) the program has closed its terminal. */
static bool wait_for(struct terminal *t, const char *text)
{
    int64_t until_ms = now_ms() + (text ? WAIT_MS : 2 * WAIT_MS);
    while (!text || !strstr(t->text, text)) {
        int64_t left_ms = until_ms - now_ms();
        struct pollfd wait = {.fd = t->fd, .events = POLLIN};
        if (left_ms <= 0 || poll(&wait, 1, (int)left_ms) <= 0)
            return false;
        ssize_t n = read(t->fd, t->text + t->used, ROOM - 1 - t->used);
        if (n <= 0)
            return text == NULL;
        t->used += (size_t)n;
    }
    return true;
}

static int end(struct terminal *t)
{
    int status = -1;
    bool ended = wait_for(t, NULL);
    if (!ended)
        kill(t->child, SIGKILL);
    close(t->fd);
    assert_int_equal(waitpid(t->child, &status, 0), t->child);
    assert_true(ended);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* No line of the log is mixed with what was drawn, and nothing drawn is left at the end. */
static void expect_clean_lines(const char *text)
{
    size_t lines = 0;
    for (const char *at = text; (at = strstr(at, "time=")); at++, lines++)
        assert_true(at == text || at[-1] == '\r' || at[-1] == '\n');
    assert_true(lines > 1);
    for (const char *at = text; (at = strstr(at, "/s, ")); at++)
        assert_null(memmem(at, strcspn(at, "\r"), "time=", 5));
}

/*
 * The pass waits for its terminal, which takes a few lines only while nobody reads: so it surely stands in the middle
 * of its entries when the line is due.
 */
static void expect_a_bar(struct program *p, const char *mode, const char *shown)
{
    struct terminal *t = calloc(1, sizeof *t);
    assert_non_null(t);
    begin(t, p, mode);
    bool began = wait_for(t, "event=finding ");
    nanosleep(&(struct timespec){.tv_nsec = 700000000}, NULL);
    int code = end(t);
    if (!began || code != PROGRAM_COMPLETE || !strstr(t->text, shown))
        fail_msg("%d, \"%s\" was not shown:\n%s", code, shown, t->text);
    expect_clean_lines(t->text);
    free(t);
}

static void test_a_slow_pass_on_a_terminal(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", SERVERS_MANY, program_version_1);
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\n");
    expect_a_bar(p, "--dry-run", " entries, ");
    program_pass(p, PROGRAM_COMPLETE);
    expect_a_bar(p, "--once", " %  "); /* it is known how many there were last time */
}

/* A daemon in the foreground shows the same, and takes it away before a line of its own. */
static void test_a_daemon_on_a_terminal(void **state)
{
    struct program *p = *state;
    struct terminal *t = calloc(1, sizeof *t);
    assert_non_null(t);
    program_add_servers(p, "bad", SERVERS_MANY, program_version_1);
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\n");
    program_configure(p, &(struct program_conf){.interval_s = 3600});
    begin(t, p, "--foreground");
    bool began = wait_for(t, "event=finding ");
    nanosleep(&(struct timespec){.tv_nsec = 700000000}, NULL);
    bool passed = wait_for(t, "policy=- ");
    kill(t->child, SIGTERM);
    int code = end(t);
    if (!began || !passed || code != 0 || !strstr(t->text, " entries, "))
        fail_msg("%d, no line was shown:\n%s", code, t->text);
    expect_clean_lines(t->text);
    free(t);
}

/* Where standard error is no terminal nothing is drawn, however long it takes. */
static void test_no_bar_in_a_pipe(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 2, program_version_1);
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\n");
    program_pass(p, PROGRAM_COMPLETE);
    assert_null(strchr(p->log, '\r'));
    assert_null(strstr(p->log, "entries, "));
}

int main(void)
{
    if (!slapd_available()) {
        puts("skipped: this machine has no slapd");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_slow_pass_on_a_terminal, program_enter, program_leave),
        cmocka_unit_test_setup_teardown(test_a_daemon_on_a_terminal, program_enter, program_leave),
        cmocka_unit_test_setup_teardown(test_no_bar_in_a_pipe, program_enter, program_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
