/* SPDX-License-Identifier: Apache-2.0 */
#include "support/daemon.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SLICE_MS = 10 };

void daemon_rest(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

_Noreturn static void become(const struct program *p, const char *path, const char *log,
                             const char *const environment[], pid_t parent)
{
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int in = open("/dev/null", O_RDWR | O_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (out < 0 || in < 0 || getppid() != parent)
        _exit(127);
    dup2(in, STDIN_FILENO);
    dup2(in, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    setenv("LSAN_OPTIONS", "suppressions=" SOURCE_DIR "/tests/support/lsan.supp:print_suppressions=0", 0);
    for (size_t i = 0; environment && environment[i]; i++)
        putenv(strdup(environment[i]));
    execl(path, "dircertd", "-c", p->configuration, "--foreground", (char *)NULL);
    _exit(127);
}

struct daemon_process daemon_start_program(struct program *p, const char *name, const char *const environment[])
{
    static unsigned number;
    struct slice path = arena_format(&p->arena, "%s/daemon-%u.log", slapd_folder(p->server), ++number);
    struct daemon_process d = {.program = p, .log = (const char *)path.p};
    const char *program = (const char *)arena_format(&p->arena, BINARY_DIR "/bin/%s", name).p;
    pid_t parent = getpid();
    fflush(NULL);
    d.pid = fork();
    if (d.pid == 0)
        become(p, program, d.log, environment, parent);
    assert_true(d.pid > 0);
    return d;
}

struct daemon_process daemon_start(struct program *p, const char *const environment[])
{
    return daemon_start_program(p, "dircertd", environment);
}

/* The log so far; the caller frees it. */
static char *load(const struct daemon_process *d)
{
    char *text = NULL;
    size_t room = 0;
    FILE *f = fopen(d->log, "re");
    if (!f || getdelim(&text, &room, '\0', f) < 0) {
        free(text);
        text = strdup("");
    }
    if (f)
        fclose(f);
    assert_non_null(text);
    return text;
}

/* How many whole lines from there on have all the words; *end is behind the first of them. */
static size_t count(const char *text, const char *const words[], const char **end)
{
    size_t n = 0;
    for (const char *next; (next = strchr(text, '\n')); text = next + 1) {
        bool has_all = true;
        for (const char *const *word = words; *word; word++)
            has_all &= memmem(text, (size_t)(next - text), *word, strlen(*word)) != NULL;
        if (has_all && n++ == 0 && end)
            *end = next + 1;
    }
    return n;
}

static bool find_next(struct daemon_process *d, const char *const words[])
{
    const char *end = NULL;
    char *text = load(d);
    bool found = strlen(text) > d->read && count(text + d->read, words, &end);
    if (found)
        d->read = (size_t)(end - text);
    free(text);
    return found;
}

void daemon_wait(struct daemon_process *d, const char *const words[])
{
    for (unsigned i = 0; i < DAEMON_LIMIT_S * 1000 / SLICE_MS; i++) {
        if (find_next(d, words))
            return;
        daemon_rest(SLICE_MS);
    }
    fprintf(stderr, "the log has no further line with:");
    for (; *words; words++)
        fprintf(stderr, " [%s]", *words);
    char *text = load(d);
    fprintf(stderr, "\n%.*s--- passed so far ---\n%s", (int)d->read, text, text + d->read);
    free(text);
    daemon_kill(d);
    fail();
}

size_t daemon_lines(const struct daemon_process *d, const char *const words[])
{
    char *text = load(d);
    size_t n = count(text, words, NULL);
    free(text);
    return n;
}

void daemon_signal(const struct daemon_process *d, int number)
{
    assert_true(d->pid > 0);
    assert_int_equal(kill(d->pid, number), 0);
}

int daemon_join(struct daemon_process *d)
{
    int status = 0;
    for (unsigned i = 0; i < DAEMON_LIMIT_S * 1000 / SLICE_MS; i++) {
        if (waitpid(d->pid, &status, WNOHANG) == d->pid) {
            d->pid = 0;
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        daemon_rest(SLICE_MS);
    }
    daemon_kill(d);
    fail_msg("dircertd did not end");
    return -1;
}

void daemon_stop(struct daemon_process *d)
{
    daemon_signal(d, SIGTERM);
    int code = daemon_join(d);
    if (code) {
        char *text = load(d);
        fprintf(stderr, "dircertd ended with %d:\n%s", code, text);
        free(text);
    }
    assert_int_equal(code, 0);
}

void daemon_kill(struct daemon_process *d)
{
    if (d->pid > 0) {
        kill(d->pid, SIGKILL);
        waitpid(d->pid, NULL, 0);
    }
    d->pid = 0;
}
