/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker of the cage can do: answer, and nothing else.  Each thing is tried in a worker of its own. */
#include "support/cageworld.h"
#include "support/derbuild.h"
#include "x509/reader.h"
#include "x509/second.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

enum { PATIENCE_MS = 10000 };

static struct slice everyday(struct arena *a)
{
    struct recipe r;
    recipe_everyday(a, &r);
    return recipe_build(a, &r);
}

static enum second ask(struct second_reader *s, struct slice der, char why[512])
{
    struct facts f;
    facts_read(der, &f);
    return second_read(s, der, &f, why, 512);
}

static struct second_reader *open_second(void)
{
    struct second_reader *s;
    struct fault fault = {""};
    assert_int_equal(second_open(&s, &fault), RC_OK);
    return s;
}

/* System calls as they are, so that no wrapper comes between.  One that returns leaves with code 9. */
#define TRY(name, ...)                                                                                                 \
    static void name(void)                                                                                             \
    {                                                                                                                  \
        __VA_ARGS__;                                                                                                   \
        _exit(9);                                                                                                      \
    }
TRY(try_open, syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY))
TRY(try_socket, syscall(SYS_socket, AF_INET, SOCK_STREAM, 0))
TRY(try_socketpair, int fds[2]; syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, fds))
TRY(try_connect, syscall(SYS_connect, 3, NULL, 0))
TRY(try_fork, syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))
TRY(try_execve, char *const none[] = {NULL}; syscall(SYS_execve, "/bin/true", none, none))
TRY(try_ptrace, syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0))
TRY(try_kill, syscall(SYS_kill, cageworld->server, SIGKILL))
TRY(try_read_elsewhere, char c; syscall(SYS_read, 0, &c, 1))
TRY(try_write_elsewhere, syscall(SYS_write, 2, "x", 1))
TRY(try_send, syscall(SYS_sendto, 3, "x", 1, 0, NULL, 0))
TRY(try_dup, syscall(SYS_dup, 3))
TRY(try_setrlimit, struct rlimit l = {10, 10}; syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &l, NULL))
TRY(try_unshare, syscall(SYS_unshare, 0))
TRY(try_prctl, syscall(SYS_prctl, 4, 1, 0, 0, 0))
TRY(try_map_code, syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
TRY(try_map_file, syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0))
TRY(try_make_code, static char page[8192]; syscall(SYS_mprotect, ((uintptr_t)page + 4095) & ~4095UL, 4096, PROT_EXEC))

static const struct forbidden_row {
    const char *name;
    void (*call)(void);
} forbidden[] = {
    {"open", try_open},
    {"socket", try_socket},
    {"socketpair", try_socketpair},
    {"connect", try_connect},
    {"fork", try_fork},
    {"execve", try_execve},
    {"ptrace", try_ptrace},
    {"kill", try_kill},
    {"read from another descriptor", try_read_elsewhere},
    {"write to another descriptor", try_write_elsewhere},
    {"sendto", try_send},
    {"dup", try_dup},
    {"setrlimit", try_setrlimit},
    {"unshare", try_unshare},
    {"prctl", try_prctl},
    {"map memory that can be run", try_map_code},
    {"map a file", try_map_file},
    {"make memory that can be run", try_make_code},
};

static void test_forbidden(void **state)
{
    const struct forbidden_row *row = *state;
    struct arena a = {0};
    char why[512], expected[512];
    cageworld_enter(NULL);
    struct second_reader *s = open_second();
    cageworld_betray(row->call, slice_of(NULL));
    assert_int_equal(ask(s, everyday(&a), why), SECOND_FAULT);
    snprintf(expected, sizeof expected, "the worker died by signal %d while it read this: quarantined", SIGSYS);
    assert_string_equal(why, expected);
    second_close(s);
    cageworld_leave(NULL);
    arena_free(&a);
}

/* Only where the kernel lets us look: a worker can't be traced, and then its folder is root's. */
static void look_at_descriptors(pid_t pid)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    DIR *d = opendir(path);
    if (!d) {
        print_message("%s can't be read\n", path);
        return;
    }
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.') {
            assert_string_equal(e->d_name, "3");
            count++;
        }
    closedir(d);
    assert_int_equal(count, 1);
}

static void test_nothing_inherited(void **state)
{
    (void)state;
    struct arena a = {0};
    char why[512];
    int ends[2], file = open("/etc/passwd", O_RDONLY); /* without close-on-exec, as a careless program has them */
    assert_int_equal(pipe(ends), 0);
    cageworld_enter(NULL);
    struct second_reader *s = open_second();
    assert_int_equal(ask(s, everyday(&a), why), SECOND_AGREES);
    assert_int_equal(cageworld->open_fds, 1);
    for (size_t i = 0; i < COUNT(cageworld->limits); i++)
        assert_int_equal(cageworld->limits[i], 1);
    assert_int_equal(cageworld->no_new_privs, 1);
    if (geteuid() == 0)
        assert_int_not_equal(cageworld->user, 0);
    look_at_descriptors(cageworld->worker);
    look_at_descriptors(cageworld->server);
    second_close(s);
    cageworld_leave(NULL);
    close(file);
    close(ends[0]);
    close(ends[1]);
    arena_free(&a);
}

/* Gone, or a zombie that whoever inherited it has not looked at yet. */
static bool has_ended(pid_t pid)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return true;
    char *got = fgets(line, sizeof line, f), *state = got ? strrchr(line, ')') : NULL;
    fclose(f);
    return !state || state[2] == 'Z' || state[2] == 'X';
}

static void wait_for_end(pid_t pid)
{
    for (int ms = 0; ms < PATIENCE_MS && !has_ended(pid); ms += 10)
        usleep(10000);
    assert_true(has_ended(pid));
}

/* A program that is killed leaves nobody behind, not even one that hangs. */
static void ends_with_program(void (*misdeed)(void))
{
    struct arena a = {0};
    char why[512];
    cageworld_enter(NULL);
    cage_stop();
    cageworld_betray(misdeed, slice_of(NULL));
    pid_t program = fork();
    if (program == 0) {
        cageworld_start();
        struct second_reader *s = NULL;
        struct fault fault = {""};
        if (second_open(&s, &fault) != RC_OK)
            _exit(1);
        for (;;)
            (void)!ask(s, everyday(&a), why);
    }
    for (int ms = 0; ms < PATIENCE_MS && cageworld->asked == 0; ms += 10)
        usleep(10000);
    assert_true(cageworld->asked > 0);
    assert_false(has_ended(cageworld->server));
    kill(program, SIGKILL);
    waitpid(program, NULL, 0);
    wait_for_end(cageworld->server);
    wait_for_end(cageworld->worker);
    cageworld_leave(NULL);
    arena_free(&a);
}

static void test_ends_with_program(void **state)
{
    (void)state;
    ends_with_program(NULL);
    ends_with_program(cageworld_hang);
}

/* A terminal's or a service manager's signal to everybody is the program's to answer. */
static void test_deaf(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGQUIT};
    struct arena a = {0};
    char why[512];
    cageworld_enter(NULL);
    struct second_reader *s = open_second();
    assert_int_equal(ask(s, everyday(&a), why), SECOND_AGREES);
    for (size_t i = 0; i < COUNT(signals); i++) {
        kill(cageworld->worker, signals[i]);
        kill(cageworld->server, signals[i]);
    }
    assert_int_equal(ask(s, everyday(&a), why), SECOND_AGREES);
    assert_int_equal(cageworld->workers, 1);
    second_close(s);
    cageworld_leave(NULL);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest others[] = {cmocka_unit_test(test_nothing_inherited),
                                        cmocka_unit_test(test_ends_with_program), cmocka_unit_test(test_deaf)};
    struct CMUnitTest tests[COUNT(forbidden) + COUNT(others)];
    for (size_t i = 0; i < COUNT(forbidden); i++)
        tests[i] = (struct CMUnitTest){
            .name = forbidden[i].name, .test_func = test_forbidden, .initial_state = (void *)(uintptr_t)&forbidden[i]};
    memcpy(tests + COUNT(forbidden), others, sizeof others);
    return cmocka_run_group_tests_name("cage_jail", tests, NULL, NULL);
}
