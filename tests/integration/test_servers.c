/* SPDX-License-Identifier: Apache-2.0 */
/* How often a server is asked: a further connection during a pass, one that refuses the password, and what is told. */
#include "daemon/timing.h"
#include "daemon/watch.h"
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { INTERVAL_S = 600, TIMEOUT_S = 5, LOOK_EVERY_MS = 10 };

static int log_fd;
static struct log *the_log;

static int enter(void **state)
{
    log_fd = memfd_create("log", MFD_CLOEXEC);
    the_log = log_open(
        &(struct log_settings){.fd = log_fd, .least = SEVERITY_DEBUG, .instance = "test", .clock = log_system_clock});
    return log_fd < 0 ? -1 : program_enter(state);
}

static int leave(void **state)
{
    log_close(the_log);
    close(log_fd);
    return program_leave(state);
}

static struct servers *open_servers(const char *const uris[])
{
    const struct servers_settings settings = {.directory = {.uris = uris,
                                                            .bind = DIR_BIND_SIMPLE,
                                                            .bind_dn = DAEMON,
                                                            .password = SLICE_LITERAL(PROGRAM_PASSWORD),
                                                            .timeout_s = TIMEOUT_S},
                                              .interval_s = INTERVAL_S,
                                              .tells = true,
                                              .log = the_log};
    return servers_open(&settings);
}

static void set_password(struct program *p, const char *password)
{
    program_change(p, "dn: " DAEMON "\nchangetype: modify\nreplace: userPassword\nuserPassword: %s\n", password);
}

/* How often the password was said: slapd logs what it is asked before it answers, and the answer only afterwards. */
static unsigned count_said(const struct program *p)
{
    char *log = slapd_log(p->server);
    unsigned said = 0;
    for (const char *at = log; (at = strstr(at, "BIND dn=\"" DAEMON "\" method=128")); at++)
        said++;
    free(log);
    return said;
}

/* The second connection of the servers that were opened last: its socket is the last one that was made. */
static void break_keep(const struct servers *s)
{
    enum { LAST_FD = 255 };
    int fd = LAST_FD, type;
    while (fd > STDERR_FILENO && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &(socklen_t){sizeof type}) != 0)
        fd--;
    assert_int_equal(shutdown(fd, SHUT_RDWR), 0);
    assert_false(dir_is_alive(servers_keep(s)));
    assert_true(dir_is_alive(servers_work(s)));
}

/* As a pass does while it lasts. */
static void watch_for(struct watch *w, int64_t ms)
{
    const struct progress progress = {.begun_utc = log_system_clock(NULL)};
    for (int64_t end_ms = timing_now_ms() + ms; timing_now_ms() < end_ms;) {
        assert_true(watch_pass(w, &progress));
        nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_MS * 1000000}, NULL);
    }
}

/* How often the password is refused in a pass whose second connection broke. */
static void refused_in_a_pass(struct program *p, unsigned heartbeat_s, int64_t lasts_ms, unsigned expected)
{
    const char *const uris[] = {slapd_ldapi_uri(p->server), NULL};
    struct signals signals = {.fd = -1};
    struct servers *s = open_servers(uris);
    struct keeper *k = keeper_open(&(struct keeper_settings){
        .base = BASE, .instance = "default", .heartbeat_s = heartbeat_s, .log = the_log, .clock = log_system_clock});
    struct watch w = {.signals = &signals, .servers = s, .keeper = k};
    assert_true(servers_connect(s, timing_now_ms()));
    assert_int_equal(keeper_beat(k, servers_keep(s), NULL), KEEPER_HELD);
    set_password(p, "another one");
    unsigned before = count_said(p);
    break_keep(s);
    watch_for(&w, lasts_ms);
    assert_int_equal(count_said(p) - before, expected);
    if (expected) { /* nor is it said again by whoever finds the connections lost */
        assert_false(servers_check(s, timing_now_ms()));
        assert_false(servers_connect(s, timing_now_ms()));
        assert_int_equal(count_said(p) - before, expected);
    }
    keeper_close(k);
    servers_close(s);
}

static void a_broken_connection_is_renewed_when_a_heartbeat_is_due(void **state)
{
    refused_in_a_pass(*state, 3600, 500, 0);
}

static void a_refused_renewal_waits_an_interval(void **state)
{
    refused_in_a_pass(*state, 1, 3500, 1);
}

static void what_is_renewed_is_renewed(void **state)
{
    struct program *p = *state;
    const char *const uris[] = {slapd_ldapi_uri(p->server), NULL};
    struct servers *s = open_servers(uris);
    assert_true(servers_connect(s, timing_now_ms()));
    break_keep(s);
    servers_renew_keep(s);
    assert_true(servers_check(s, timing_now_ms()));
    servers_close(s);
}

/* An earlier server, beside one that is in use. */

static struct servers *open_beside(struct program *p, const char *uris[3], struct program **second, void **state)
{
    assert_int_equal(program_enter(state), 0);
    *second = *state;
    uris[0] = slapd_ldapi_uri(p->server);
    uris[1] = slapd_ldapi_uri((*second)->server);
    uris[2] = NULL;
    slapd_kill(p->server);
    struct servers *s = open_servers(uris);
    assert_true(servers_connect(s, timing_now_ms()));
    assert_string_equal(servers_uri(s), uris[1]);
    return s;
}

/* Of the last line that tells of a server beside another. */
static long long told_retry_s(struct program *p)
{
    off_t size = lseek(log_fd, 0, SEEK_END);
    char *text = arena_alloc(&p->arena, (size_t)size + 1), *last = NULL;
    assert_true(pread(log_fd, text, (size_t)size, 0) == size);
    for (char *at = text; (at = strstr(at, "retry_s=")); at++)
        last = at + strlen("retry_s=");
    assert_non_null(last);
    return atoll(last);
}

#define ABOUT(value, least) assert_in_range((value), (least), (least) + (least) / 10)

static void a_server_beside_another_is_tried_when_it_says(void **state)
{
    void *second_state = NULL;
    struct program *second;
    const char *uris[3];
    struct servers *s = open_beside(*state, uris, &second, &second_state);
    ABOUT(told_retry_s(*state), INTERVAL_S);
    assert_in_range(servers_improve_ms(s) - timing_now_ms(), (told_retry_s(*state) - TIMEOUT_S) * 1000,
                    told_retry_s(*state) * 1000);
    servers_close(s);
    program_leave(&second_state);
}

/* Its refusals may count for an account that works elsewhere. */
static void an_earlier_server_that_refuses_is_asked_more_and_more_rarely(void **state)
{
    enum { DAY_S = 86400, DOUBLINGS = 12 };
    struct program *p = *state, *second;
    void *second_state = NULL;
    const char *uris[3];
    struct servers *s = open_beside(p, uris, &second, &second_state);
    assert_true(slapd_restart(p->server));
    set_password(p, "another one");
    unsigned before = count_said(p);
    int64_t wait_s = INTERVAL_S;
    for (unsigned i = 1; i <= DOUBLINGS; i++) {
        int64_t due_ms = servers_improve_ms(s);
        servers_improve(s, due_ms);
        wait_s = 2 * wait_s < DAY_S ? 2 * wait_s : DAY_S;
        ABOUT(servers_improve_ms(s) - due_ms, wait_s * 1000);
        assert_int_equal(count_said(p) - before, i);
    }
    set_password(p, PROGRAM_PASSWORD);
    servers_improve(s, servers_improve_ms(s));
    assert_string_equal(servers_uri(s), uris[0]);
    servers_close(s);
    program_leave(&second_state);
}

/* Whoever was away, or refused, is asked once in an interval again when it is away. */
static void an_earlier_server_that_is_away_is_asked_in_each_interval(void **state)
{
    struct program *p = *state, *second;
    void *second_state = NULL;
    const char *uris[3];
    struct servers *s = open_beside(p, uris, &second, &second_state);
    assert_true(slapd_restart(p->server));
    set_password(p, "another one");
    servers_improve(s, servers_improve_ms(s));
    slapd_kill(p->server);
    for (unsigned i = 0; i < 4; i++) {
        int64_t due_ms = servers_improve_ms(s);
        servers_improve(s, due_ms);
        ABOUT(servers_improve_ms(s) - due_ms, INTERVAL_S * 1000);
    }
    servers_close(s);
    program_leave(&second_state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
    const struct CMUnitTest tests[] = {
        TEST(a_broken_connection_is_renewed_when_a_heartbeat_is_due),
        TEST(a_refused_renewal_waits_an_interval),
        TEST(what_is_renewed_is_renewed),
        TEST(a_server_beside_another_is_tried_when_it_says),
        TEST(an_earlier_server_that_refuses_is_asked_more_and_more_rarely),
        TEST(an_earlier_server_that_is_away_is_asked_in_each_interval),
    };
    return slapd_available() ? cmocka_run_group_tests_name("servers", tests, NULL, NULL) : 77;
}
