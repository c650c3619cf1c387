/* SPDX-License-Identifier: Apache-2.0 */
/* Adds in transactions (RFC 5805) on a real slapd: all of one or nothing of it, and an answer for each. */
#include "support/dirtest.h"
#include "support/mockldap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BASE "ou=requests," SLAPD_SUFFIX

enum { MANY_MAX = 400 };

static struct slapd *server;

static int start_server(void **state)
{
    (void)state;
    server = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN});
    return server && slapd_add_ldif(server, "dn: " BASE "\nobjectClass: organizationalUnit\nou: requests\n") == 0 ? 0
                                                                                                                  : -1;
}

static int stop_server(void **state)
{
    (void)state;
    slapd_stop(server);
    return 0;
}

static struct dir *open_at(const char *uri, unsigned writes_per_transaction, unsigned timeout_s)
{
    const char *const uris[] = {uri, NULL};
    const struct dir_settings settings = {.uris = uris,
                                          .bind = DIR_BIND_SIMPLE,
                                          .bind_dn = SLAPD_ADMIN,
                                          .password = slice_of(SLAPD_PASSWORD),
                                          .timeout_s = timeout_s,
                                          .writes_per_transaction = writes_per_transaction};
    struct dir *d = NULL;
    struct fault fault = {0};
    if (dir_open(&settings, &d, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    return d;
}

static struct dir *open_with(unsigned writes_per_transaction, unsigned timeout_s)
{
    return open_at(slapd_ldapi_uri(server), writes_per_transaction, timeout_s);
}

/* What came back, by the change's index. */
struct outcomes {
    size_t calls, count[MANY_MAX];
    enum rc rc[MANY_MAX];
    struct fault fault[MANY_MAX];
    size_t strike_at; /* the answer at which something is done to the server; 0: never */
    void (*strike)(struct slapd *s);
};

static void note(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    struct outcomes *o = context;
    assert_true(index < MANY_MAX);
    o->count[index]++;
    o->rc[index] = rc;
    o->fault[index] = *fault;
    assert_int_equal(rc == RC_OK, fault->text[0] == '\0');
    if (++o->calls == o->strike_at)
        o->strike(server);
}

static struct outcomes outcomes;

static enum rc apply(struct dir *d, const struct dir_change *changes, size_t count, struct fault *fault)
{
    struct outcomes fresh = {.strike_at = outcomes.strike_at, .strike = outcomes.strike};
    outcomes = fresh;
    *fault = (struct fault){0};
    enum rc rc = dir_apply(d, changes, count, note, &outcomes, fault);
    assert_int_equal(outcomes.calls, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(outcomes.count[i], 1);
    outcomes.strike_at = 0;
    return rc;
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
        changes[i] = (struct dir_change){DIR_ADD, arena_format(a, "cn=%s%zu,%s", prefix, i, BASE), mods, 2};
    }
    return changes;
}

static size_t count_there(struct dir *d, const char *prefix)
{
    static const char *const none[] = {"1.1", NULL};
    char filter[64];
    struct collected c = {0};
    struct fault fault = {0};
    snprintf(filter, sizeof filter, "(cn=%s*)", prefix);
    if (collect(d, BASE, DIR_ONE, filter, 0, none, &c, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    size_t n = c.entries.count;
    collected_free(&c);
    return n;
}

static size_t count_rc(size_t count, enum rc rc)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += outcomes.rc[i] == rc;
    return n;
}

/* How often a word was logged since `from`, which is then the log's end. */
static size_t count_logged(const char *word, size_t *from)
{
    char *log = slapd_log(server);
    size_t n = 0;
    assert_non_null(log);
    for (const char *at = log + *from; (at = strstr(at, word)); at++)
        n++;
    *from = strlen(log);
    free(log);
    return n;
}

#define TXN_END "EXT oid=1.3.6.1.1.21.3"

static void all_are_committed(void **state)
{
    (void)state;
    struct arena a = {0};
    struct fault fault;
    struct dir *d = open_with(100, 10);
    size_t from = 0;
    assert_true(dir_capabilities(d)->offers_transactions);
    count_logged(TXN_END, &from);
    assert_int_equal(apply(d, make_adds(&a, "good", 250), 250, &fault), RC_OK);
    assert_int_equal(count_rc(250, RC_OK), 250);
    assert_int_equal(count_there(d, "good"), 250);
    assert_int_equal(count_logged(TXN_END, &from), 3);
    dir_close(d);
    arena_free(&a);
}

static void nobody_asks_for_transactions_unless_told(void **state)
{
    (void)state;
    static const unsigned numbers[] = {0, 1};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct arena a = {0};
        struct fault fault;
        struct dir *d = open_with(numbers[i], 10);
        size_t from = 0;
        count_logged(TXN_END, &from);
        assert_int_equal(apply(d, make_adds(&a, i ? "one" : "plain", 20), 20, &fault), RC_OK);
        assert_int_equal(count_rc(20, RC_OK), 20);
        assert_int_equal(count_logged(TXN_END, &from), 0);
        dir_close(d);
        arena_free(&a);
    }
}

static void a_server_without_them_is_written_to_as_ever(void **state)
{
    (void)state;
    static const struct mock_step steps[] = {{.verb = MOCK_OPEN},
                                             {.verb = MOCK_READ},
                                             {.verb = MOCK_ANSWER},
                                             {.verb = MOCK_READ},
                                             {.verb = MOCK_ANSWER},
                                             {.verb = MOCK_READ},
                                             {0}};
    struct arena a = {0};
    struct fault fault;
    struct mockldap *m = mockldap_start(steps);
    struct dir *d = open_at(mockldap_uri(m), 50, 3);
    assert_false(dir_capabilities(d)->offers_transactions);
    assert_int_equal(apply(d, make_adds(&a, "without", 2), 2, &fault), RC_OK);
    assert_int_equal(count_rc(2, RC_OK), 2);
    dir_close(d);
    mockldap_stop(m);
    arena_free(&a);
}

/* It says that it has them, and grants none. */
static void a_server_that_refuses_them_is_written_to_as_ever(void **state)
{
    (void)state;
    struct arena a = {0};
    struct fault fault;
    struct slapd *ours = server;
    server = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN, .global = "restrict extended\n"});
    assert_non_null(server);
    assert_int_equal(slapd_add_ldif(server, "dn: " BASE "\nobjectClass: organizationalUnit\nou: requests\n"), 0);
    struct dir *d = open_with(10, 5);
    assert_true(dir_capabilities(d)->offers_transactions);
    assert_int_equal(apply(d, make_adds(&a, "refused", 40), 40, &fault), RC_OK);
    assert_int_equal(count_rc(40, RC_OK), 40);
    assert_int_equal(count_there(d, "refused"), 40);
    dir_close(d);
    slapd_stop(server);
    server = ours;
    arena_free(&a);
}

/* The others of its transaction are written all the same, and it has the answer that it has without one. */
static void a_bad_add_has_its_own_answer(void **state)
{
    (void)state;
    static const struct slice nowhere = SLICE_LITERAL("cn=x,ou=nowhere," BASE);
    static const struct slice with_nul = SLICE_LITERAL("cn=x\0y," BASE);
    static const struct {
        const char *prefix;
        enum rc rc;
        const char *says;
    } rows[] = {
        {"exists", RC_EXISTS, "(68)"},
        {"class", RC_INVALID, "(65)"},
        {"nowhere", RC_NOT_FOUND, "(32)"},
        {"nul", RC_INVALID, "NUL"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct fault fault;
        struct dir *d = open_with(10, 10);
        struct dir_change *changes = make_adds(&a, rows[i].prefix, 30);
        if (i == 0)
            assert_int_equal(apply(d, &changes[15], 1, &fault), RC_OK);
        else if (i == 1)
            changes[15] = (struct dir_change){DIR_ADD, changes[15].dn, changes[15].mods + 1, 1};
        else
            changes[15].dn = i == 2 ? nowhere : with_nul;
        assert_int_equal(apply(d, changes, 30, &fault), RC_OK);
        for (size_t k = 0; k < 30; k++)
            if (outcomes.rc[k] != (k == 15 ? rows[i].rc : RC_OK))
                fail_msg("%s %zu: rc %d: %s", rows[i].prefix, k, outcomes.rc[k], outcomes.fault[k].text);
        if (!strstr(outcomes.fault[15].text, rows[i].says))
            fail_msg("it does not say \"%s\": %s", rows[i].says, outcomes.fault[15].text);
        assert_int_equal(count_there(d, rows[i].prefix), i == 0 ? 30 : 29);
        dir_close(d);
        arena_free(&a);
    }
}

/* Adds among other writes: those are written as ever. */
static void others_are_written_as_before(void **state)
{
    (void)state;
    static const struct slice text = SLICE_LITERAL("changed");
    static const struct dir_mod mod = {DIR_MOD_REPLACE, "description", &text, 1};
    struct arena a = {0};
    struct fault fault;
    struct dir *d = open_with(4, 10);
    struct dir_change *old = make_adds(&a, "old", 20), *new = make_adds(&a, "new", 20), mixed[40];
    assert_int_equal(apply(d, old, 20, &fault), RC_OK);
    for (size_t i = 0; i < 20; i++) {
        mixed[2 * i] = new[i];
        mixed[2 * i + 1] = (struct dir_change){i % 2 ? DIR_DELETE : DIR_MODIFY, old[i].dn, &mod, i % 2 ? 0 : 1};
    }
    assert_int_equal(apply(d, mixed, 40, &fault), RC_OK);
    assert_int_equal(count_rc(40, RC_OK), 40);
    assert_int_equal(count_there(d, "new"), 20);
    assert_int_equal(count_there(d, "old"), 10);
    dir_close(d);
    arena_free(&a);
}

/* Says no from the call of that number on, or does something to the server then. */
struct watcher {
    size_t calls, last_call, strike_at;
    void (*strike)(struct slapd *s);
};

static bool watch(void *context)
{
    struct watcher *w = context;
    w->calls++;
    if (w->calls == w->strike_at)
        w->strike(server);
    return !(w->last_call && w->calls >= w->last_call);
}

static void who_watches_ends_it_and_nothing_half_is_left(void **state)
{
    (void)state;
    static const size_t calls[] = {1, 2, 3, 20, 60, 61, 62, 63, 64, 65, 66};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct arena a = {0};
        struct fault fault;
        struct dir *d = open_with(20, 10);
        char prefix[16];
        struct watcher w = {.last_call = calls[i]};
        snprintf(prefix, sizeof prefix, "w%zux", calls[i]);
        dir_set_watch(d, watch, &w);
        assert_int_equal(apply(d, make_adds(&a, prefix, 100), 100, &fault), RC_FAULT);
        assert_non_null(strstr(fault.text, "interrupted"));
        assert_int_equal(w.calls, calls[i]); /* it is not asked again */
        dir_set_watch(d, NULL, NULL);
        assert_true(dir_is_alive(d));
        size_t well = count_rc(100, RC_OK);
        assert_int_equal(well % 20, 0);
        assert_int_equal(count_rc(100, RC_FAULT), 100 - well);
        assert_non_null(strstr(outcomes.fault[99].text, "not sent"));
        assert_int_equal(count_there(d, prefix), well);
        dir_close(d);
        arena_free(&a);
    }
}

static void a_server_killed_leaves_it_unknown(void **state)
{
    (void)state;
    static const size_t calls[] = {2, 30, 90};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct arena a = {0};
        struct fault fault;
        struct dir *d = open_with(20, 3);
        char prefix[16];
        struct watcher w = {.strike_at = calls[i], .strike = slapd_kill};
        snprintf(prefix, sizeof prefix, "k%zux", calls[i]);
        dir_set_watch(d, watch, &w);
        assert_int_equal(apply(d, make_adds(&a, prefix, 100), 100, &fault), RC_FAULT);
        assert_non_null(strstr(fault.text, "the connection broke"));
        size_t well = count_rc(100, RC_OK), unknown = 0;
        assert_int_equal(well % 20, 0);
        for (size_t k = 0; k < 100; k++)
            unknown += strstr(outcomes.fault[k].text, "may or may not have been carried out") != NULL;
        assert_true(unknown == 20 || (i == 0 && unknown == 0));
        assert_non_null(strstr(outcomes.fault[99].text, "not sent"));
        dir_close(d);
        assert_true(slapd_restart(server));
        d = open_with(0, 3);
        assert_in_range(count_there(d, prefix), well, well + unknown);
        dir_close(d);
        arena_free(&a);
    }
}

static void a_silent_server_is_left_in_time(void **state)
{
    (void)state;
    struct arena a = {0};
    struct fault fault;
    struct dir *d = open_with(20, 1);
    outcomes.strike_at = 20;
    outcomes.strike = slapd_pause;
    double begin = seconds_now();
    enum rc rc = apply(d, make_adds(&a, "silent", 60), 60, &fault);
    double took = seconds_now() - begin;
    slapd_continue(server);
    assert_int_equal(rc, RC_FAULT);
    assert_non_null(strstr(fault.text, "no answer for 1 s"));
    assert_true(took < 5);
    assert_int_equal(count_rc(60, RC_OK), 20);
    assert_false(dir_is_alive(d));
    dir_close(d);
    arena_free(&a);
}

int main(void)
{
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_committed),
        cmocka_unit_test(nobody_asks_for_transactions_unless_told),
        cmocka_unit_test(a_server_without_them_is_written_to_as_ever),
        cmocka_unit_test(a_server_that_refuses_them_is_written_to_as_ever),
        cmocka_unit_test(a_bad_add_has_its_own_answer),
        cmocka_unit_test(others_are_written_as_before),
        cmocka_unit_test(who_watches_ends_it_and_nothing_half_is_left),
        cmocka_unit_test(a_server_killed_leaves_it_unknown),
        cmocka_unit_test(a_silent_server_is_left_in_time),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
