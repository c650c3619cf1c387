/* SPDX-License-Identifier: Apache-2.0 */
/* Who watches an operation may end it: in waiting, between entries, between writes; on a server and in memory. */
#include "dir/memory.h"
#include "support/dirtest.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 400 };

static struct slapd *server;

static int start_server(void **state)
{
    (void)state;
    server = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN});
    return server ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    slapd_stop(server);
    return 0;
}

/* Says no from the call of that number, or that second, on; 0: never. */
struct watcher {
    size_t calls, last_call;
    double last_s, begin_s;
};

static bool watch(void *context)
{
    struct watcher *w = context;
    w->calls++;
    return !(w->last_call && w->calls >= w->last_call) && !(w->last_s > 0 && seconds_now() - w->begin_s >= w->last_s);
}

static struct watcher watcher(size_t last_call, double last_s)
{
    return (struct watcher){.last_call = last_call, .last_s = last_s, .begin_s = seconds_now()};
}

static void assert_says(const struct fault *fault, const char *part)
{
    if (!strstr(fault->text, part))
        fail_msg("the fault does not say \"%s\": %s", part, fault->text);
}

static struct dir *open_admin(unsigned timeout_s)
{
    struct dir *d = open_as(server, SLAPD_ADMIN, SLAPD_PASSWORD "\n", timeout_s);
    assert_non_null(d);
    return d;
}

static struct dir *open_memory(void)
{
    static const struct slice class = SLICE_LITERAL("domain");
    const struct dir_mod mod = {DIR_MOD_ADD, "objectClass", &class, 1};
    const struct dir_change root = {DIR_ADD, SLICE_LITERAL(SLAPD_SUFFIX), &mod, 1};
    struct dir *d = memory_open(SLICE_LITERAL(SLAPD_SUFFIX));
    struct written written = {0};
    assert_int_equal(dir_apply(d, &root, 1, count_written, &written, NULL), RC_OK);
    assert_int_equal(written.well, 1);
    return d;
}

static struct dir_change *make_adds(struct arena *a, const char *prefix, size_t count)
{
    static const struct slice class = SLICE_LITERAL("device");
    struct dir_change *changes = ARENA_ARRAY(a, count, struct dir_change);
    for (size_t i = 0; i < count; i++) {
        struct slice *cn = ARENA_ARRAY(a, 1, struct slice);
        struct dir_mod *mods = ARENA_ARRAY(a, 2, struct dir_mod);
        *cn = arena_format(a, "%s%zu", prefix, i);
        mods[0] = (struct dir_mod){DIR_MOD_ADD, "objectClass", &class, 1};
        mods[1] = (struct dir_mod){DIR_MOD_ADD, "cn", cn, 1};
        changes[i] = (struct dir_change){DIR_ADD, arena_format(a, "cn=%s%zu,%s", prefix, i, SLAPD_SUFFIX), mods, 2};
    }
    return changes;
}

static size_t count_there(struct dir *d, const char *filter)
{
    static const char *const none[] = {"1.1", NULL};
    struct collected c = {0};
    struct fault fault = {0};
    if (collect(d, SLAPD_SUFFIX, DIR_ONE, filter, 0, none, &c, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    size_t n = c.entries.count;
    collected_free(&c);
    return n;
}

/* What was not sent says so, what was sent is answered, and the directory holds just what was answered well. */
static void writes_end_between_two(struct dir *d, const char *prefix)
{
    struct arena a = {0};
    struct written written = {0};
    struct fault fault = {0};
    struct watcher w = watcher(50, 0);
    char filter[64];
    snprintf(filter, sizeof filter, "(cn=%s*)", prefix);
    const struct dir_change *changes = make_adds(&a, prefix, MANY);
    dir_set_watch(d, watch, &w);
    assert_int_equal(dir_apply(d, changes, MANY, count_written, &written, &fault), RC_FAULT);
    assert_says(&fault, "interrupted");
    assert_int_equal(written.calls, MANY);
    assert_in_range(written.well, 10, 49);
    assert_int_equal(written.well + written.faults, MANY);
    assert_says(&written.last, "not sent: interrupted");
    assert_int_equal(w.calls, 50); /* it is not asked again */
    assert_true(dir_is_alive(d));
    dir_set_watch(d, NULL, NULL);
    assert_int_equal(count_there(d, filter), written.well);
    written = (struct written){0};
    assert_int_equal(dir_apply(d, changes, MANY, count_written, &written, &fault), RC_OK);
    assert_int_equal(count_there(d, filter), MANY);
    arena_free(&a);
}

/* The watch is asked with each entry, or with each so many. */
static void searches_end_between_entries(struct dir *d, size_t least, size_t last_call)
{
    struct collected c = {0};
    struct fault fault = {0};
    struct watcher w = watcher(last_call, 0);
    dir_set_watch(d, watch, &w);
    assert_int_equal(collect(d, SLAPD_SUFFIX, DIR_ONE, "(objectClass=device)", 0, NULL, &c, &fault), RC_FAULT);
    assert_says(&fault, "interrupted");
    assert_in_range(c.entries.count, 10, MANY / 2);
    assert_int_equal(w.calls, last_call);
    assert_true(dir_is_alive(d));
    w = watcher(1, 0); /* not even begun */
    collected_free(&c);
    c = (struct collected){0};
    fault = (struct fault){0};
    assert_int_equal(collect(d, SLAPD_SUFFIX, DIR_ONE, "(objectClass=device)", 0, NULL, &c, &fault), RC_FAULT);
    assert_int_equal(c.entries.count, 0);
    collected_free(&c);
    w = watcher(0, 0);
    assert_true(count_there(d, "(objectClass=device)") >= least); /* nothing of the abandoned search comes in between */
    assert_true(w.calls >= last_call);
    dir_set_watch(d, NULL, NULL);
}

static void on_a_server(void **state)
{
    (void)state;
    struct dir *d = open_admin(10);
    writes_end_between_two(d, "w");
    searches_end_between_entries(d, MANY, 36);
    dir_close(d);
}

static void in_memory(void **state)
{
    (void)state;
    struct dir *d = open_memory();
    writes_end_between_two(d, "w");
    searches_end_between_entries(d, MANY, 50);
    dir_close(d);
}

static void who_watches_ends_waiting(void **state)
{
    (void)state;
    struct dir *d = open_admin(20);
    struct collected c = {0};
    struct fault fault = {0};
    struct watcher w = watcher(0, 0.5);
    dir_set_watch(d, watch, &w);
    slapd_pause(server);
    enum rc rc = collect(d, SLAPD_SUFFIX, DIR_BASE, "(objectClass=*)", 0, NULL, &c, &fault);
    double took = seconds_now() - w.begin_s;
    slapd_continue(server);
    assert_int_equal(rc, RC_FAULT);
    assert_says(&fault, "interrupted");
    assert_true(took < 3);
    assert_true(w.calls >= 5);
    assert_true(dir_is_alive(d));
    dir_set_watch(d, NULL, NULL);
    assert_int_equal(collect(d, SLAPD_SUFFIX, DIR_BASE, "(objectClass=*)", 0, NULL, &c, NULL), RC_OK);
    assert_int_equal(c.entries.count, 1);
    collected_free(&c);
    dir_close(d);
}

/* What is in flight is waited for, but not for ever. */
static void a_silent_server_ends_waiting_for_writes(void **state)
{
    (void)state;
    struct arena a = {0};
    struct dir *d = open_admin(1);
    struct written written = {0};
    struct fault fault = {0};
    struct watcher w = watcher(0, 0.3);
    const struct dir_change *changes = make_adds(&a, "s", 60);
    dir_set_watch(d, watch, &w);
    slapd_pause(server);
    enum rc rc = dir_apply(d, changes, 60, count_written, &written, &fault);
    slapd_continue(server);
    assert_int_equal(rc, RC_FAULT);
    assert_says(&fault, "interrupted");
    assert_int_equal(written.faults, 60);
    assert_false(dir_is_alive(d));
    dir_close(d);
    arena_free(&a);
}

/* A server that is silent from the first octet on: while it is bound to, and within the handshake of TLS. */
static void who_watches_ends_connecting(void **state)
{
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0 && bind(listener, (const struct sockaddr *)&a, n) == 0 && listen(listener, 8) == 0 &&
                getsockname(listener, (struct sockaddr *)&a, &n) == 0);
    static const char *const schemes[] = {"ldap", "ldaps"};
    for (size_t i = 0; i < 2; i++) {
        char uri[64];
        snprintf(uri, sizeof uri, "%s://127.0.0.1:%u", schemes[i], ntohs(a.sin_port));
        struct watcher w = watcher(0, 0.5);
        const struct dir_settings settings = {.uris = (const char *const[]){uri, uri, NULL},
                                              .bind_dn = SLAPD_ADMIN,
                                              .password = SLICE_LITERAL(SLAPD_PASSWORD),
                                              .allow_plaintext = true,
                                              .timeout_s = 60,
                                              .watch = watch,
                                              .watch_context = &w};
        struct dir *d;
        struct fault fault = {0};
        assert_int_equal(dir_open(&settings, &d, &fault), RC_FAULT);
        assert_null(d);
        assert_says(&fault, "interrupted");
        assert_in_range(w.calls, 3, 50);
        assert_true(seconds_now() - w.begin_s < 30);
    }
    close(listener);
}

/* What watched the connecting is asked no more afterwards. */
static void who_watches_connecting_watches_nothing_else(void **state)
{
    (void)state;
    struct watcher w = watcher(0, 0);
    const struct dir_settings settings = {.uris = (const char *const[]){slapd_ldapi_uri(server), NULL},
                                          .bind_dn = SLAPD_ADMIN,
                                          .password = SLICE_LITERAL(SLAPD_PASSWORD),
                                          .timeout_s = 10,
                                          .watch = watch,
                                          .watch_context = &w};
    struct dir *d;
    struct fault fault = {0};
    assert_int_equal(dir_open(&settings, &d, &fault), RC_OK);
    size_t calls = w.calls;
    assert_true(calls > 0);
    (void)count_there(d, "(objectClass=*)");
    assert_int_equal(w.calls, calls);
    dir_close(d);
}

int main(void)
{
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_server),
        cmocka_unit_test(in_memory),
        cmocka_unit_test(who_watches_ends_waiting),
        cmocka_unit_test(a_silent_server_ends_waiting_for_writes),
        cmocka_unit_test(who_watches_ends_connecting),
        cmocka_unit_test(who_watches_connecting_watches_nothing_else),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
