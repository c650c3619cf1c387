/* SPDX-License-Identifier: Apache-2.0 */
/* What the service manager is told: a socket of the test's own stands for it. */
#include "daemon/notify.h"

#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROOM = 2048, WAIT_MS = 5000 };

struct manager {
    char folder[256], path[300], text[ROOM];
    int fd;
};

static void forget_environment(void)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static int enter(void **state)
{
    struct manager *m = calloc(1, sizeof *m);
    const char *tmp = getenv("TMPDIR");
    if (!m)
        return -1;
    snprintf(m->folder, sizeof m->folder, "%s/notify-XXXXXX", tmp ? tmp : "/tmp");
    m->fd = -1;
    forget_environment();
    *state = m;
    return mkdtemp(m->folder) ? 0 : -1;
}

static int leave(void **state)
{
    struct manager *m = *state;
    if (m->fd >= 0)
        close(m->fd);
    unlink(m->path);
    rmdir(m->folder);
    free(m);
    forget_environment();
    return 0;
}

/* As the environment names it: a path, or @name. */
static void listen_at(struct manager *m, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(name);
    assert_true(size < sizeof address.sun_path);
    memcpy(address.sun_path, name, size);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(m->fd >= 0);
    assert_int_equal(
        bind(m->fd, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)), 0);
    setenv("NOTIFY_SOCKET", name, 1);
}

static void listen_in_folder(struct manager *m)
{
    snprintf(m->path, sizeof m->path, "%s/s", m->folder);
    listen_at(m, m->path);
}

static const char *message(struct manager *m)
{
    struct pollfd p = {.fd = m->fd, .events = POLLIN};
    if (poll(&p, 1, WAIT_MS) != 1)
        fail_msg("no message came");
    ssize_t n = recv(m->fd, m->text, sizeof m->text - 1, 0);
    assert_true(n >= 0);
    m->text[n] = '\0';
    return m->text;
}

static void expect_silence(struct manager *m)
{
    struct pollfd p = {.fd = m->fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 0), 0);
}

static void tell_everything(struct manager *m)
{
    struct notify *n = notify_open();
    assert_true(notify_is_on(n));
    notify_ready(n);
    assert_string_equal(message(m), "READY=1");
    notify_status(n, "active; 5 findings");
    assert_string_equal(message(m), "STATUS=active; 5 findings");
    notify_stopping(n);
    assert_string_equal(message(m), "STOPPING=1");
    notify_close(n);
}

static void a_socket_in_a_folder(void **state)
{
    listen_in_folder(*state);
    tell_everything(*state);
}

static void an_abstract_socket(void **state)
{
    char name[64];
    snprintf(name, sizeof name, "@dircertd-test-%ld", (long)getpid());
    listen_at(*state, name);
    tell_everything(*state);
}

static void a_reload_bears_the_time(void **state)
{
    struct manager *m = *state;
    struct timespec t;
    uint64_t us;
    listen_in_folder(m);
    struct notify *n = notify_open();
    clock_gettime(CLOCK_MONOTONIC, &t);
    uint64_t before = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
    notify_reloading(n);
    clock_gettime(CLOCK_MONOTONIC, &t);
    assert_int_equal(sscanf(message(m), "RELOADING=1\nMONOTONIC_USEC=%" SCNu64, &us), 1);
    assert_true(us >= before && us <= (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000);
    notify_close(n);
}

/* A second line would be a second message. */
static void a_status_is_one_line(void **state)
{
    char text[4 * ROOM];
    struct manager *m = *state;
    listen_in_folder(m);
    struct notify *n = notify_open();
    notify_status(n, "cn=x\nREADY=1\x1b[2J");
    assert_string_equal(message(m), "STATUS=cn=x\\0aREADY=1\\1b[2J");
    notify_status(n, "the bind as cn=a\\2cb was refused");
    assert_string_equal(message(m), "STATUS=the bind as cn=a\\2cb was refused"); /* escaped already */
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    notify_status(n, text);
    assert_true(strlen(message(m)) < 600);
    assert_string_equal(m->text + strlen(m->text) - 3, "...");
    notify_close(n);
}

static void the_environment_is_cleared(void **state)
{
    listen_in_folder(*state);
    setenv("WATCHDOG_USEC", "1000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    struct notify *n = notify_open();
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    notify_close(n);
}

static void the_watchdog_is_fed_in_time(void **state)
{
    struct manager *m = *state;
    char pid[32];
    listen_in_folder(m);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("WATCHDOG_USEC", "400000", 1);
    setenv("WATCHDOG_PID", pid, 1);
    struct notify *n = notify_open();
    assert_int_equal(notify_next_ms(n), 0);
    notify_alive(n);
    assert_string_equal(message(m), "WATCHDOG=1");
    int left = notify_next_ms(n);
    assert_in_range(left, 0, 201);
    nanosleep(&(struct timespec){.tv_nsec = 202000000}, NULL);
    assert_int_equal(notify_next_ms(n), 0);
    notify_alive(n);
    assert_string_equal(message(m), "WATCHDOG=1");
    notify_close(n);
}

static void a_long_interval_is_not_spent_early(void **state)
{
    struct manager *m = *state;
    listen_in_folder(m);
    setenv("WATCHDOG_USEC", "3600000000", 1);
    struct notify *n = notify_open();
    notify_alive(n);
    assert_string_equal(message(m), "WATCHDOG=1");
    notify_alive(n);
    expect_silence(m);
    assert_in_range(notify_next_ms(n), 1, 1800001);
    notify_close(n);
}

static void no_watchdog(void **state)
{
    static const char *const settings[][2] = {{NULL, NULL},     {"0", NULL},       {"soon", NULL}, {"-5", NULL},
                                              {"1000000", "1"}, {"1000000", "we"}, {"", ""}};
    struct manager *m = *state;
    listen_in_folder(m);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        setenv("NOTIFY_SOCKET", m->path, 1);
        if (settings[i][0])
            setenv("WATCHDOG_USEC", settings[i][0], 1);
        if (settings[i][1])
            setenv("WATCHDOG_PID", settings[i][1], 1);
        struct notify *n = notify_open();
        assert_int_equal(notify_next_ms(n), -1);
        notify_alive(n);
        expect_silence(m);
        notify_close(n);
    }
}

static void nobody_listens(void **state)
{
    struct manager *m = *state;
    char path[400], names[3][300] = {"relative", "@", "vsock:2:1234"};
    snprintf(path, sizeof path, "%s/absent", m->folder);
    notify_close(NULL);
    for (size_t i = 0; i < 5; i++) {
        char endless[200] = "/";
        memset(endless + 1, 'x', sizeof endless - 2);
        forget_environment();
        if (i < 3)
            setenv("NOTIFY_SOCKET", names[i], 1);
        else if (i == 3)
            setenv("NOTIFY_SOCKET", endless, 1);
        setenv("WATCHDOG_USEC", "1000", 1);
        struct notify *n = notify_open();
        assert_false(notify_is_on(n));
        assert_int_equal(notify_next_ms(n), -1);
        notify_ready(n);
        notify_alive(n);
        notify_close(n);
    }
    setenv("NOTIFY_SOCKET", path, 1);
    struct notify *n = notify_open();
    notify_ready(n);
    notify_stopping(n);
    notify_close(n);
}

/* The manager's queue is full and stays so: each message costs a bounded time, and the daemon goes on. */
static void a_manager_that_does_not_read(void **state)
{
    struct manager *m = *state;
    struct timespec begun, ended;
    listen_in_folder(m);
    struct notify *n = notify_open();
    int full = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(strlen(m->path) < sizeof address.sun_path);
    memcpy(address.sun_path, m->path, strlen(m->path));
    while (sendto(full, "x", 1, 0, (const struct sockaddr *)&address, sizeof address) == 1)
        ;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    notify_ready(n);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    assert_true(ended.tv_sec - begun.tv_sec < 30);
    close(full);
    notify_close(n);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_socket_in_a_folder),
        TEST(an_abstract_socket),
        TEST(a_reload_bears_the_time),
        TEST(a_status_is_one_line),
        TEST(the_environment_is_cleared),
        TEST(the_watchdog_is_fed_in_time),
        TEST(a_long_interval_is_not_spent_early),
        TEST(no_watchdog),
        TEST(nobody_listens),
        TEST(a_manager_that_does_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
