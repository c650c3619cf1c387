/* SPDX-License-Identifier: Apache-2.0 */
/* A transaction ends when slapd's monitor shows that nothing is carried out any more for its connection. */
#include "support/dirtest.h"
#include "support/mockldap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define BASE "ou=requests," SLAPD_SUFFIX

static struct dir *open_like(const char *uri, unsigned writes_per_transaction, const struct dir *like)
{
    const char *const uris[] = {uri, NULL};
    const struct dir_settings settings = {.uris = uris,
                                          .bind = DIR_BIND_SIMPLE,
                                          .bind_dn = SLAPD_ADMIN,
                                          .password = slice_of(SLAPD_PASSWORD),
                                          .timeout_s = 5,
                                          .writes_per_transaction = writes_per_transaction,
                                          .like = like};
    struct dir *d = NULL;
    struct fault fault = {0};
    if (dir_open(&settings, &d, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    return d;
}

static struct dir *open_at(const char *uri, unsigned writes_per_transaction)
{
    return open_like(uri, writes_per_transaction, NULL);
}

static enum rc add_many(struct dir *d, const char *prefix, size_t count, struct written *w)
{
    static const struct slice class = SLICE_LITERAL("device");
    struct arena a = {0};
    struct fault fault = {0};
    struct dir_change *changes = ARENA_ARRAY(&a, count, struct dir_change);
    for (size_t i = 0; i < count; i++) {
        struct slice *cn = ARENA_ARRAY(&a, 1, struct slice);
        struct dir_mod *mods = ARENA_ARRAY(&a, 2, struct dir_mod);
        *cn = arena_format(&a, "%s%zu", prefix, i);
        mods[0] = (struct dir_mod){DIR_MOD_ADD, "objectClass", &class, 1};
        mods[1] = (struct dir_mod){DIR_MOD_ADD, "cn", cn, 1};
        changes[i] = (struct dir_change){DIR_ADD, arena_format(&a, "cn=%s%zu,%s", prefix, i, BASE), mods, 2};
    }
    *w = (struct written){0};
    enum rc rc = dir_apply(d, changes, count, count_written, w, &fault);
    assert_int_equal(w->calls, count);
    arena_free(&a);
    return rc;
}

/* A real slapd. */

/* The access that README.md recommends, and none. */
#define MONITOR "\ndatabase monitor\n"
#define SHOWN                                                                                                          \
    MONITOR                                                                                                            \
    "access to dn.subtree=\"cn=Connections,cn=Monitor\" "                                                              \
    "attrs=entry,children,monitorConnectionOpsReceived,monitorConnectionOpsExecuting "                                 \
    "by dn.exact=\"" SLAPD_ADMIN "\" read by * break\n"
#define HIDDEN MONITOR "access to * by * none\n"

enum { ADDS = 400, AT_ONCE = 10 };

struct counts {
    size_t ends, unasked; /* transactions that ended; without a look after the last add */
    size_t looks, at_all; /* of these, such as make the server go through all connections */
};

static struct counts count_looks(const struct slapd *s)
{
    struct counts c = {0};
    bool looked = false;
    char *log = slapd_log(s), *rest = log;
    assert_non_null(log);
    for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strstr(line, " ADD dn="))
            looked = false;
        if (strstr(line, " SRCH base=\"cn=Connection")) {
            looked = true;
            c.looks++;
            c.at_all += strstr(line, "base=\"cn=Connections,cn=Monitor\"") != NULL;
        }
        if (strstr(line, "EXT oid=1.3.6.1.1.21.3")) {
            c.ends++;
            c.unasked += !looked;
        }
    }
    free(log);
    return c;
}

static struct counts write_on(const char *database, bool is_like_another)
{
    struct written w;
    struct slapd *s = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN, .database = database});
    assert_non_null(s);
    assert_int_equal(slapd_add_ldif(s, "dn: " BASE "\nobjectClass: organizationalUnit\nou: requests\n"), 0);
    struct dir *first = open_at(slapd_ldapi_uri(s), AT_ONCE), *d = first;
    if (is_like_another)
        d = open_like(slapd_ldapi_uri(s), AT_ONCE, first);
    assert_true(dir_capabilities(d)->offers_transactions);
    assert_int_equal(dir_capabilities(d)->shows_quiet, database && strcmp(database, HIDDEN) != 0);
    assert_int_equal(add_many(d, "a", ADDS, &w), RC_OK);
    assert_int_equal(w.well, ADDS);
    if (is_like_another)
        dir_close(d);
    dir_close(first);
    struct counts c = count_looks(s);
    slapd_stop(s);
    return c;
}

/* Once it is known which connection is ours, only that one is looked at. */
static void each_end_waits_for_what_the_monitor_shows(void **state)
{
    (void)state;
    for (int is_like = 0; is_like < 2; is_like++) {
        struct counts c = write_on(SHOWN, is_like);
        assert_int_equal(c.ends, ADDS / AT_ONCE);
        assert_int_equal(c.unasked, 0);
        assert_in_range(c.looks, c.ends, SIZE_MAX);
        assert_in_range(c.at_all, 1, 4);
    }
}

static void a_hidden_monitor_is_asked_once(void **state)
{
    (void)state;
    struct counts c = write_on(HIDDEN, false);
    assert_int_equal(c.ends, ADDS / AT_ONCE);
    assert_int_equal(c.looks, 1);
}

static void without_a_monitor_nobody_asks(void **state)
{
    (void)state;
    struct counts c = write_on(NULL, false);
    assert_int_equal(c.ends, ADDS / AT_ONCE);
    assert_int_equal(c.looks, 0);
}

/* Looks to order: of a transaction of two adds. */

#define READ                                                                                                           \
    {                                                                                                                  \
        .verb = MOCK_READ                                                                                              \
    }
#define DONE                                                                                                           \
    {                                                                                                                  \
        .verb = MOCK_ANSWER                                                                                            \
    }
#define SEE(n)                                                                                                         \
    {                                                                                                                  \
        .verb = MOCK_ENTRY, .dn = "cn=Connection 7,cn=Connections,cn=Monitor", .pairs = executing_##n                  \
    }
#define SLOWLY(milliseconds)                                                                                           \
    {                                                                                                                  \
        .verb = MOCK_WAIT, .ms = milliseconds                                                                          \
    }
/* The number of the first look tells that of the second. */
#define OPENED  {.verb = MOCK_OPEN, .pairs = root}, READ, DONE, READ, SEE(1), DONE
#define STARTED READ, DONE, READ, DONE, READ, DONE
#define BEGUN   OPENED, STARTED
#define ENDED   READ, DONE
#define CLOSE                                                                                                          \
    {                                                                                                                  \
        0                                                                                                              \
    }
#define END ENDED, CLOSE

static const struct mock_pair root[] = {{"subschemaSubentry", "cn=Subschema"},
                                        {"supportedExtension", "1.3.6.1.1.21.1"},
                                        {"monitorContext", "cn=Monitor"},
                                        {0}};
static const struct mock_pair executing_0[] = {{"monitorConnectionOpsExecuting", "0"}, {0}};
static const struct mock_pair executing_1[] = {{"monitorConnectionOpsExecuting", "1"}, {0}};
static const struct mock_pair executing_2[] = {{"monitorConnectionOpsExecuting", "2"}, {0}};
static const struct mock_pair executing_11[] = {{"monitorConnectionOpsExecuting", "11"}, {0}};
static const struct mock_pair executing_odd[] = {{"monitorConnectionOpsExecuting", "x"}, {0}};
static const struct mock_pair executing_nothing[] = {{"cn", "7"}, {0}};

#define REFUSED(number)                                                                                                \
    {                                                                                                                  \
        .verb = MOCK_ANSWER, .code = number                                                                            \
    }

/* An end that comes while a look is expected would get an entry for its answer, and the handle would die of it. */
static const struct looks {
    const char *what;
    struct mock_step steps[40];
} looks[] = {
    {"quiet at once", {BEGUN, READ, SEE(1), DONE, END}},
    {"busy, then quiet", {BEGUN, READ, SEE(2), DONE, READ, SEE(11), DONE, READ, SEE(1), DONE, END}},
    {"another one that is idle", {BEGUN, READ, SEE(0), SEE(1), DONE, END}},
    {"another one that is not",
     {BEGUN, READ, SEE(1), SEE(1), DONE, READ, SEE(2), SEE(1), DONE, READ, SEE(1), DONE, END}},
    {"no number", {BEGUN, READ, SEE(odd), DONE, READ, SEE(nothing), DONE, READ, SEE(1), DONE, END}},
    {"not ours", {BEGUN, READ, SEE(0), DONE, READ, SEE(0), DONE, READ, SEE(0), DONE, END}},
    {"none", {BEGUN, READ, DONE, READ, DONE, READ, DONE, END}},
    {"none at first", {BEGUN, READ, DONE, READ, DONE, READ, SEE(2), DONE, READ, SEE(1), DONE, END}},
    {"no right any more", {BEGUN, READ, REFUSED(50), READ, REFUSED(50), END}},
    {"too many at first", {BEGUN, READ, SEE(1), REFUSED(4), READ, SEE(1), DONE, END}},
    {"no right from the beginning", {{.verb = MOCK_OPEN, .pairs = root}, READ, REFUSED(50), STARTED, END}},
};

static void what_is_seen_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        struct mockldap *m = mockldap_start(looks[i].steps);
        struct dir *d = open_at(mockldap_uri(m), 2);
        struct written w;
        if (add_many(d, "a", 2, &w) != RC_OK || w.well != 2)
            fail_msg("%s: %s", looks[i].what, w.last.text);
        dir_close(d);
        mockldap_stop(m);
    }
}

/* The connection ends at a look: nobody knows what became of it, and nothing is sent again. */
static void a_connection_that_breaks_at_a_look_leaves_it_unknown(void **state)
{
    (void)state;
    static const struct mock_step steps[] = {BEGUN, READ, {0}};
    struct mockldap *m = mockldap_start(steps);
    struct dir *d = open_at(mockldap_uri(m), 2);
    struct written w;
    assert_int_equal(add_many(d, "a", 2, &w), RC_FAULT);
    assert_int_equal(w.faults, 2);
    assert_non_null(strstr(w.last.text, "may or may not have been carried out"));
    assert_false(dir_is_alive(d));
    dir_close(d);
    mockldap_stop(m);
}

/* A watch that says stop from some time on. */

static int64_t stop_at_ms;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool goes_on(void *context)
{
    (void)context;
    return now_ms() < stop_at_ms;
}

/* The watch ends it in the middle of something slow; then two more adds go well. */
static void stop_and_add_again(const struct mock_step *steps)
{
    struct mockldap *m = mockldap_start(steps);
    struct dir *d = open_at(mockldap_uri(m), 2);
    struct written w;
    stop_at_ms = now_ms() + 200;
    dir_set_watch(d, goes_on, NULL);
    assert_int_equal(add_many(d, "a", 2, &w), RC_FAULT);
    assert_int_equal(w.well, 0);
    assert_int_equal(w.faults, 2);
    assert_non_null(strstr(w.last.text, "not sent"));
    assert_true(dir_is_alive(d));
    dir_set_watch(d, NULL, NULL);
    if (add_many(d, "b", 2, &w) != RC_OK || w.well != 2)
        fail_msg("%s", w.last.text);
    dir_close(d);
    mockldap_stop(m);
}

/* What was taken up is not carried out, whatever the monitor shows, and nobody waits for that any longer. */
static void who_stops_while_it_waits_commits_nothing(void **state)
{
    (void)state;
    static const struct mock_step quiet[] = {BEGUN,   READ, SLOWLY(600), SEE(1), DONE, ENDED,
                                             STARTED, READ, SEE(1),      DONE,   END},
                                  busy[] = {BEGUN,   READ, SLOWLY(600), SEE(2), DONE, ENDED,
                                            STARTED, READ, SEE(1),      DONE,   END};
    stop_and_add_again(quiet);
    stop_and_add_again(busy);
}

/* No add was sent, so there is nothing to wait for, and the monitor is asked as ever the next time. */
static void who_stops_at_the_start_keeps_the_monitor(void **state)
{
    (void)state;
    static const struct mock_step steps[] = {OPENED, READ, SLOWLY(600), DONE,   ENDED, STARTED, READ,
                                             SEE(2), DONE, READ,        SEE(1), DONE,  END};
    stop_and_add_again(steps);
}

/* A thread is seen at work all the time: an end would be what crashes the server.  What follows goes one by one. */
static void a_thread_that_does_not_get_done_ends_all_transactions(void **state)
{
    (void)state;
    static const struct mock_step steps[] = {BEGUN,        READ,   SLOWLY(1600), SEE(2), DONE, READ,
                                             SLOWLY(1600), SEE(2), DONE,         READ,   DONE, READ,
                                             DONE,         READ,   DONE,         READ,   DONE, CLOSE};
    struct mockldap *m = mockldap_start(steps);
    struct dir *d = open_at(mockldap_uri(m), 2);
    struct written w;
    for (size_t i = 0; i < 2; i++) {
        if (add_many(d, i ? "b" : "a", 2, &w) != RC_OK || w.well != 2)
            fail_msg("%zu: %s", i, w.last.text);
    }
    dir_close(d);
    mockldap_stop(m);
}

static void a_monitor_without_end_is_left(void **state)
{
    (void)state;
    enum { ENTRIES = 100 };
    static const struct mock_step begun[] = {BEGUN, READ}, entry = SEE(1);
    struct mock_step steps[sizeof begun / sizeof *begun + ENTRIES + 1] = {CLOSE};
    memcpy(steps, begun, sizeof begun);
    for (size_t i = 0; i < ENTRIES; i++)
        steps[sizeof begun / sizeof *begun + i] = entry;
    struct mockldap *m = mockldap_start(steps);
    struct dir *d = open_at(mockldap_uri(m), 2);
    struct written w;
    assert_int_equal(add_many(d, "a", 2, &w), RC_FAULT);
    assert_non_null(strstr(w.last.text, "more than was asked for"));
    dir_close(d);
    mockldap_stop(m);
}

int main(void)
{
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_waits_for_what_the_monitor_shows),
        cmocka_unit_test(a_hidden_monitor_is_asked_once),
        cmocka_unit_test(without_a_monitor_nobody_asks),
        cmocka_unit_test(what_is_seen_decides),
        cmocka_unit_test(a_connection_that_breaks_at_a_look_leaves_it_unknown),
        cmocka_unit_test(who_stops_while_it_waits_commits_nothing),
        cmocka_unit_test(who_stops_at_the_start_keeps_the_monitor),
        cmocka_unit_test(a_thread_that_does_not_get_done_ends_all_transactions),
        cmocka_unit_test(a_monitor_without_end_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
