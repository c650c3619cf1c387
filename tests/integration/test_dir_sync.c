/* SPDX-License-Identifier: Apache-2.0 */
/* Content synchronization with a real slapd, with and without a log of its sessions: refreshes and what comes after. */
#include "integration/syncworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 1000 };

static const struct dir_sync_settings once = {0}, lasting = {.persists = true};

/* A subtree of its own for each test: ou=<name>, and below it cn=0 to cn=<count - 1>. */
static const char *plant(struct mirror *m, const struct slapd *server, const char *name, size_t count)
{
    struct slice ldif =
        arena_format(&m->arena, "dn: ou=%s,%s\nobjectClass: organizationalUnit\n\n", name, SLAPD_SUFFIX);
    for (size_t i = 0; i < count; i++)
        ldif = arena_format(&m->arena, "%.*sdn: cn=%zu,ou=%s,%s\nobjectClass: device\n\n", SLICE_ARGS(ldif), i, name,
                            SLAPD_SUFFIX);
    assert_int_equal(slapd_add_ldif(server, (const char *)ldif.p), 0);
    return (const char *)arena_format(&m->arena, "ou=%s,%s", name, SLAPD_SUFFIX).p;
}

__attribute__((format(printf, 3, 4))) static void change(struct mirror *m, const struct slapd *server,
                                                         const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)m;
    assert_int_equal(slapd_modify_ldif(server, text), 0);
}

static struct slice id_of(struct mirror *m, const struct slapd *server, const char *rdn, const char *base)
{
    return mirror_id_of(m, server, (const char *)arena_format(&m->arena, "%s,%s", rdn, base).p);
}

static void everything_is_named_without_a_cookie(void **state)
{
    struct mirror m = {0};
    const char *base = plant(&m, *state, "nothing", 5);
    mirror_open(&m, *state, &once, base);
    assert_int_equal(m.changed, 6);
    assert_int_equal(m.told.count, 6);
    assert_int_equal(m.refreshes, 1);
    assert_int_equal(m.beginnings, 1);
    assert_int_equal(m.doubts, 0);
    struct slice id = id_of(&m, *state, "cn=3", base);
    for (size_t i = 0; i < m.told.count; i++)
        if (slice_eq(m.told.items[i].id, id))
            assert_memory_equal(m.told.items[i].dn.p, "cn=3,ou=nothing," SLAPD_SUFFIX,
                                strlen("cn=3,ou=nothing," SLAPD_SUFFIX));
    assert_true(mirror_was_told(&m, 0, DIR_SYNC_CHANGED, id));
    mirror_check(&m, *state, base);
    assert_non_null(dir_sync_cookies(m.s));
    assert_false(dir_sync_has_message(m.s));
    mirror_free(&m);
}

static void nothing_is_named_where_nothing_changed(void **state)
{
    struct mirror m = {0};
    const char *base = plant(&m, *state, "idle", 3);
    mirror_open(&m, *state, &once, base);
    struct dir_sync_settings again = {.cookies = mirror_cookies(&m)};
    mirror_close(&m);
    for (int persists = 0; persists < 2; persists++) {
        size_t from = m.told.count;
        again.persists = persists;
        mirror_open(&m, *state, &again, base);
        assert_int_equal(m.told.count, from);
        assert_int_equal(m.refreshes, 2 + persists);
        assert_int_equal(m.beginnings, 1);
        assert_int_equal(m.wholes, 1);
        assert_int_equal(m.doubts, 0);
        again.cookies = mirror_cookies(&m);
        assert_non_null(again.cookies);
        mirror_check(&m, *state, base);
        mirror_close(&m);
    }
    mirror_free(&m);
}

/* An add, a modify, a rename, a move away, a move in, a delete. */
static void change_all(struct mirror *m, const struct slapd *server, const char *base, const char *outside)
{
    change(m, server, "dn: cn=new,%s\nchangetype: add\nobjectClass: device\n", base);
    change(m, server, "dn: cn=0,%s\nchangetype: modify\nreplace: description\ndescription: x\n", base);
    change(m, server, "dn: cn=1,%s\nchangetype: modrdn\nnewrdn: cn=one\ndeleteoldrdn: 1\n", base);
    change(m, server, "dn: cn=2,%s\nchangetype: modrdn\nnewrdn: cn=2\ndeleteoldrdn: 1\nnewsuperior: %s\n", base,
           outside);
    change(m, server, "dn: cn=in,%s\nchangetype: modrdn\nnewrdn: cn=in\ndeleteoldrdn: 1\nnewsuperior: %s\n", outside,
           base);
    change(m, server, "dn: cn=3,%s\nchangetype: delete\n", base);
}

static void check_all(struct mirror *m, const struct slapd *server, size_t from, const char *base)
{
    static const char *const rdns[] = {"cn=new", "cn=0", "cn=one", "cn=in"};
    for (size_t i = 0; i < sizeof rdns / sizeof *rdns; i++)
        if (!mirror_was_told(m, from, DIR_SYNC_CHANGED, id_of(m, server, rdns[i], base)))
            fail_msg("%s was not told", rdns[i]);
    assert_false(mirror_was_told(m, from, DIR_SYNC_CHANGED, id_of(m, server, "cn=4", base)));
    assert_int_equal(m->doubts, 0);
    mirror_check(m, server, base);
}

static void what_changed_meanwhile_is_told(void **state)
{
    for (int persists = 0; persists < 2; persists++) {
        struct mirror m = {0};
        const char *base = plant(&m, *state, persists ? "away-p" : "away", 6);
        const char *outside = plant(&m, *state, persists ? "outside-p" : "outside", 1);
        change(&m, *state, "dn: cn=in,%s\nchangetype: add\nobjectClass: device\n", outside);
        mirror_open(&m, *state, &once, base);
        struct dir_sync_settings again = {.cookies = mirror_cookies(&m), .persists = persists};
        mirror_close(&m);
        change_all(&m, *state, base, outside);
        size_t from = m.told.count;
        mirror_open(&m, *state, &again, base);
        check_all(&m, *state, from, base);
        mirror_free(&m);
    }
}

/* All are gone: nothing is there that could be named as present. */
static void a_subtree_that_was_emptied_is_empty(void **state)
{
    struct mirror m = {0};
    const char *base = plant(&m, *state, "emptied", 3);
    mirror_open(&m, *state, &once, base);
    struct dir_sync_settings again = {.cookies = mirror_cookies(&m)};
    mirror_close(&m);
    for (int i = 0; i < 3; i++)
        change(&m, *state, "dn: cn=%d,%s\nchangetype: delete\n", i, base);
    mirror_open(&m, *state, &again, base);
    if (m.doubts == 0)
        mirror_check(&m, *state, base);
    mirror_free(&m);
}

struct step {
    enum dir_sync_event event;
    const char *ldif;
};

#define BELOW "ou=order," SLAPD_SUFFIX

static const struct step ten[] = {
    {DIR_SYNC_CHANGED, "dn: cn=a," BELOW "\nchangetype: add\nobjectClass: device\n"},
    {DIR_SYNC_CHANGED, "dn: cn=0," BELOW "\nchangetype: modify\nreplace: description\ndescription: x\n"},
    {DIR_SYNC_GONE, "dn: cn=1," BELOW "\nchangetype: delete\n"},
    {DIR_SYNC_CHANGED, "dn: cn=2," BELOW "\nchangetype: modrdn\nnewrdn: cn=two\ndeleteoldrdn: 1\n"},
    {DIR_SYNC_GONE, "dn: cn=3," BELOW "\nchangetype: modrdn\nnewrdn: cn=3\ndeleteoldrdn: 1\nnewsuperior: "
                    "ou=beside," SLAPD_SUFFIX "\n"},
    {DIR_SYNC_CHANGED, "dn: cn=in,ou=beside," SLAPD_SUFFIX "\nchangetype: modrdn\nnewrdn: cn=in\ndeleteoldrdn: 1\n"
                       "newsuperior: " BELOW "\n"},
    {DIR_SYNC_CHANGED, "dn: cn=b," BELOW "\nchangetype: add\nobjectClass: device\n"},
    {DIR_SYNC_CHANGED, "dn: cn=4," BELOW "\nchangetype: modify\nadd: serialNumber\nserialNumber: 7\n"},
    {DIR_SYNC_GONE, "dn: cn=5," BELOW "\nchangetype: delete\n"},
    {DIR_SYNC_CHANGED, "dn: cn=a," BELOW "\nchangetype: modify\nadd: description\ndescription: y\n"},
};

/* Another handle searches and writes elsewhere meanwhile. */
static void bustle(struct dir *other, size_t i)
{
    static const struct slice class = SLICE_LITERAL("device");
    struct collected c = {0};
    struct written written = {0};
    struct fault fault = {0};
    char dn[128];
    const struct dir_mod mod = {DIR_MOD_ADD, "objectClass", &class, 1};
    snprintf(dn, sizeof dn, "cn=bustle%zu,ou=beside," SLAPD_SUFFIX, i);
    const struct dir_change add = {DIR_ADD, slice_of(dn), &mod, 1};
    assert_int_equal(dir_apply(other, &add, 1, count_written, &written, &fault), RC_OK);
    assert_int_equal(written.well, 1);
    assert_int_equal(collect(other, SLAPD_SUFFIX, DIR_SUBTREE, "(objectClass=device)", 0, NULL, &c, &fault), RC_OK);
    collected_free(&c);
}

static void ten_changes_arrive_as_themselves_and_in_order(void **state)
{
    enum { TEN = sizeof ten / sizeof *ten };
    struct mirror m = {0};
    const char *base = plant(&m, *state, "order", 6);
    const char *beside = plant(&m, *state, "beside", 0);
    struct slice before[TEN];
    change(&m, *state, "dn: cn=in,%s\nchangetype: add\nobjectClass: device\n", beside);
    mirror_open(&m, *state, &lasting, base);
    struct dir *other = open_as(*state, SLAPD_ADMIN, SLAPD_PASSWORD "\n", 10);
    size_t from = m.told.count;
    before[1] = id_of(&m, *state, "cn=0", base);
    before[2] = id_of(&m, *state, "cn=1", base);
    before[3] = id_of(&m, *state, "cn=2", base);
    before[4] = id_of(&m, *state, "cn=3", base);
    before[5] = id_of(&m, *state, "cn=in", beside);
    before[7] = id_of(&m, *state, "cn=4", base);
    before[8] = id_of(&m, *state, "cn=5", base);
    for (size_t i = 0; i < TEN; i++) {
        change(&m, *state, "%s", ten[i].ldif);
        bustle(other, i);
        struct fault fault = {0};
        if (i % 3 == 0) /* else they gather */
            assert_int_equal(dir_sync_step(m.s, 0, &fault), RC_OK);
    }
    before[0] = before[9] = id_of(&m, *state, "cn=a", base);
    before[6] = id_of(&m, *state, "cn=b", base);
    mirror_await(&m, from, TEN);
    mirror_linger(&m, 100);
    assert_int_equal(m.told.count, from + TEN);
    for (size_t i = 0; i < TEN; i++)
        if (m.told.items[from + i].event != ten[i].event || !slice_eq(m.told.items[from + i].id, before[i]))
            fail_msg("change %zu was told as %d %.*s", i, (int)m.told.items[from + i].event,
                     SLICE_ARGS(m.told.items[from + i].dn));
    assert_memory_equal(m.told.items[from + 3].dn.p, "cn=two,", 7);
    mirror_check(&m, *state, base);
    dir_close(other);
    mirror_free(&m);
}

static void a_thousand_changes_at_once_are_all_told(void **state)
{
    static const struct slice class = SLICE_LITERAL("device");
    struct mirror m = {0};
    const char *base = plant(&m, *state, "many", 0);
    mirror_open(&m, *state, &lasting, base);
    struct dir *other = open_as(*state, SLAPD_ADMIN, SLAPD_PASSWORD "\n", 10);
    const struct dir_mod mod = {DIR_MOD_ADD, "objectClass", &class, 1};
    struct dir_change *adds = ARENA_ARRAY(&m.arena, MANY, struct dir_change);
    struct written written = {0};
    for (size_t i = 0; i < MANY; i++)
        adds[i] = (struct dir_change){DIR_ADD, arena_format(&m.arena, "cn=%zu,%s", i, base), &mod, 1};
    size_t from = m.told.count;
    assert_int_equal(dir_apply(other, adds, MANY, count_written, &written, NULL), RC_OK);
    assert_int_equal(written.well, MANY);
    mirror_await(&m, from, MANY);
    mirror_linger(&m, 50);
    assert_int_equal(m.changed, 1 + MANY);
    assert_int_equal(m.told.count, from + MANY);
    const struct dir_sync_settings again = {.cookies = mirror_cookies(&m)};
    mirror_check(&m, *state, base);
    mirror_close(&m);
    mirror_open(&m, *state, &again, base); /* and the cookie of the last one knows them all */
    assert_int_equal(m.told.count, from + MANY);
    dir_close(other);
    mirror_free(&m);
}

/* Whoever is renamed takes along all below, who are not named: sync.h says so to the caller. */
static void of_a_renamed_subtree_the_top_is_named(void **state)
{
    struct mirror m = {0};
    const char *base = plant(&m, *state, "tree", 2);
    change(&m, *state, "dn: ou=branch,%s\nchangetype: add\nobjectClass: organizationalUnit\n", base);
    change(&m, *state, "dn: cn=leaf,ou=branch,%s\nchangetype: add\nobjectClass: device\n", base);
    mirror_open(&m, *state, &lasting, base);
    size_t from = m.told.count;
    struct slice leaf = id_of(&m, *state, "cn=leaf,ou=branch", base);
    change(&m, *state, "dn: ou=branch,%s\nchangetype: modrdn\nnewrdn: ou=twig\ndeleteoldrdn: 1\n", base);
    mirror_await(&m, from, 1);
    mirror_linger(&m, 100);
    assert_int_equal(m.told.count, from + 1);
    assert_true(mirror_was_told(&m, from, DIR_SYNC_CHANGED, id_of(&m, *state, "ou=twig", base)));
    assert_true(slice_eq(leaf, id_of(&m, *state, "cn=leaf,ou=twig", base)));
    mirror_check(&m, *state, base);
    mirror_free(&m);
}

struct writer {
    struct mirror *m;
    const struct slapd *server;
    const char *base;
    int calls;
};

/* Called between any two messages of dir_sync_open, for the last time just before the search is sent that lasts. */
static bool write_meanwhile(void *context)
{
    struct writer *w = context;
    if (w->calls < 20)
        change(w->m, w->server, "dn: cn=w%d,%s\nchangetype: add\nobjectClass: device\n", w->calls, w->base);
    w->calls++;
    return true;
}

static void beginning_with_now_lists_nothing_and_misses_nothing(void **state)
{
    struct mirror m = {0};
    struct fault fault = {0};
    const char *base = plant(&m, *state, "now", 8);
    const struct dir_sync_settings now = {.persists = true, .begins_now = true};
    struct writer w = {&m, *state, base, 0};
    m.d = open_as(*state, SLAPD_ADMIN, SLAPD_PASSWORD "\n", 10);
    assert_true(dir_sync_begins_now(m.d));
    dir_set_watch(m.d, write_meanwhile, &w);
    if (mirror_begin(&m, &now, base, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    dir_set_watch(m.d, NULL, NULL);
    char last[32];
    assert_in_range(w.calls, 2, 20);
    snprintf(last, sizeof last, "cn=w%d", w.calls - 1);
    assert_int_equal(mirror_refresh(&m, &fault), RC_OK);
    assert_true(mirror_was_told(&m, 0, DIR_SYNC_CHANGED, id_of(&m, *state, last, base)));
    assert_false(mirror_was_told(&m, 0, DIR_SYNC_CHANGED, id_of(&m, *state, "cn=0", base)));
    assert_int_equal(m.beginnings, 0);
    size_t from = m.told.count;
    change(&m, *state, "dn: cn=later,%s\nchangetype: add\nobjectClass: device\n", base);
    mirror_await(&m, from, 1);
    assert_true(mirror_was_told(&m, from, DIR_SYNC_CHANGED, id_of(&m, *state, "cn=later", base)));
    assert_non_null(dir_sync_cookies(m.s));
    mirror_free(&m);
}

static void two_bases_have_a_cookie_each(void **state)
{
    struct mirror m = {0};
    const char *left = plant(&m, *state, "left", 2), *right = plant(&m, *state, "right", 3);
    const char *both = (const char *)arena_format(&m.arena, "%s|%s", left, right).p;
    mirror_open(&m, *state, &once, both);
    assert_int_equal(m.changed, 7);
    assert_int_equal(m.refreshes, 2);
    struct dir_sync_settings again = {.cookies = mirror_cookies(&m), .persists = true};
    assert_non_null(strchr(again.cookies, ' '));
    assert_null(strchr(again.cookies, '\n'));
    mirror_close(&m);
    change(&m, *state, "dn: cn=1,%s\nchangetype: modify\nreplace: description\ndescription: x\n", right);
    size_t from = m.told.count;
    mirror_open(&m, *state, &again, both);
    assert_true(mirror_was_told(&m, from, DIR_SYNC_CHANGED, id_of(&m, *state, "cn=1", right)));
    assert_int_equal(m.changed, 8);
    from = m.told.count;
    change(&m, *state, "dn: cn=1,%s\nchangetype: modify\nreplace: description\ndescription: x\n", left);
    change(&m, *state, "dn: cn=2,%s\nchangetype: delete\n", right);
    mirror_await(&m, from, 2);
    assert_true(mirror_was_told(&m, from, DIR_SYNC_CHANGED, id_of(&m, *state, "cn=1", left)));
    mirror_free(&m);
}

static int start_with_log(void **state)
{
    *state = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN, .syncprov = true});
    return *state ? 0 : -1;
}

static int start_without_log(void **state)
{
    *state = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN, .database = "overlay syncprov"});
    return *state ? 0 : -1;
}

static int stop(void **state)
{
    slapd_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_named_without_a_cookie),
        cmocka_unit_test(nothing_is_named_where_nothing_changed),
        cmocka_unit_test(what_changed_meanwhile_is_told),
        cmocka_unit_test(a_subtree_that_was_emptied_is_empty),
        cmocka_unit_test(ten_changes_arrive_as_themselves_and_in_order),
        cmocka_unit_test(a_thousand_changes_at_once_are_all_told),
        cmocka_unit_test(of_a_renamed_subtree_the_top_is_named),
        cmocka_unit_test(beginning_with_now_lists_nothing_and_misses_nothing),
        cmocka_unit_test(two_bases_have_a_cookie_each),
    };
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    return cmocka_run_group_tests_name("with a session log", tests, start_with_log, stop) +
           cmocka_run_group_tests_name("without a session log", tests, start_without_log, stop);
}
