/* SPDX-License-Identifier: Apache-2.0 */
#include "support/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STATUS_TIMEOUT = 124, STATUS_NOT_STARTED = 127, WAIT_SLICE_NS = 2000000 };

static int memory_file(const char *text)
{
    int fd = memfd_create("command", MFD_CLOEXEC);
    size_t n = text ? strlen(text) : 0;
    if (fd < 0)
        return -1;
    for (size_t done = 0; done < n;) {
        ssize_t w = write(fd, text + done, n - done);
        if (w <= 0)
            break;
        done += (size_t)w;
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static char *memory_file_read(int fd, size_t *length)
{
    struct stat st;
    size_t n = fd >= 0 && fstat(fd, &st) == 0 ? (size_t)st.st_size : 0;
    char *text = malloc(n + 1);
    if (!text)
        abort();
    ssize_t got = n ? pread(fd, text, n, 0) : 0;
    *length = got > 0 ? (size_t)got : 0;
    text[*length] = '\0';
    return text;
}

_Noreturn static void child(const char *const argv[], const char *const environment[], const int fds[3], pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(STATUS_NOT_STARTED);
    for (int i = 0; i < 3; i++)
        dup2(fds[i], i);
    for (size_t i = 0; environment && environment[i]; i++)
        putenv(strdup(environment[i]));
    char **copy;
    memcpy(&copy, &argv, sizeof copy); /* execvp's parameter has lost its const; it changes nothing */
    execvp(argv[0], copy);
    char path[256];
    snprintf(path, sizeof path, "/usr/sbin/%s", argv[0]);
    execv(path, copy);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(STATUS_NOT_STARTED);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int wait_bounded(pid_t pid, unsigned timeout_s)
{
    double until = now_s() + timeout_s;
    int status;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (now_s() > until) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return STATUS_TIMEOUT;
        }
        nanosleep(&(struct timespec){.tv_nsec = WAIT_SLICE_NS}, NULL);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct command_result command_run(const char *const argv[], const char *const environment[], const char *input,
                                  unsigned timeout_s)
{
    const int fds[3] = {memory_file(input), memory_file(NULL), memory_file(NULL)};
    struct command_result r = {.status = STATUS_NOT_STARTED};
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        child(argv, environment, fds, parent);
    if (pid > 0)
        r.status = wait_bounded(pid, timeout_s);
    size_t ignored;
    r.output = memory_file_read(fds[1], &r.output_length);
    r.errors = memory_file_read(fds[2], &ignored);
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return r;
}

void command_free(struct command_result *r)
{
    free(r->output);
    free(r->errors);
    *r = (struct command_result){0};
}
