/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mirror that is kept by content synchronization alone, beside a slapd where entries come, change, move and go at
 * random and which restarts: at every checkpoint it holds just what the directory holds, and whoever changed was named.
 */
#include "integration/syncworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROUNDS = 16, CHANGES = 12, NAMES = 40, SEED = 20240601 };

#define INSIDE  "ou=inside," SLAPD_SUFFIX
#define OUTSIDE "ou=outside," SLAPD_SUFFIX

static unsigned long seed;

static unsigned draw(unsigned below)
{
    seed = seed * 6364136223846793005UL + 1442695040888963407UL;
    return (unsigned)(seed >> 33) % below;
}

struct world {
    struct slapd *server;
    struct mirror m;
    enum { NOWHERE, IN, OUT } at[NAMES];
    bool touched[NAMES]; /* inside, and since the last checkpoint */
};

static const char *below(int at)
{
    return at == IN ? INSIDE : OUTSIDE;
}

/* Adds the text of one change to LDIF; the names of entries tell them apart. */
static size_t change_one(struct world *w, char *ldif, size_t room)
{
    unsigned i = draw(NAMES);
    int at = w->at[i], to = draw(3) ? IN : OUT;
    w->touched[i] |= (at == NOWHERE ? to : at) == IN;
    if (at == NOWHERE) {
        w->at[i] = to;
        return (size_t)snprintf(ldif, room, "dn: cn=%u,%s\nchangetype: add\nobjectClass: device\n\n", i, below(to));
    }
    switch (draw(4)) {
    case 0:
        w->at[i] = NOWHERE;
        return (size_t)snprintf(ldif, room, "dn: cn=%u,%s\nchangetype: delete\n\n", i, below(at));
    case 1:
        if (to == at)
            break;
        w->at[i] = to;
        w->touched[i] = true;
        return (size_t)snprintf(ldif, room,
                                "dn: cn=%u,%s\nchangetype: modrdn\nnewrdn: cn=%u\ndeleteoldrdn: 1\nnewsuperior: %s\n\n",
                                i, below(at), i, below(to));
    default:
        break;
    }
    return (size_t)snprintf(ldif, room, "dn: cn=%u,%s\nchangetype: modify\nreplace: serialNumber\nserialNumber: %u\n\n",
                            i, below(at), draw(1000));
}

static void change_some(struct world *w)
{
    char ldif[CHANGES * 256];
    size_t n = 0;
    for (int i = 0; i < CHANGES; i++)
        n += change_one(w, ldif + n, sizeof ldif - n);
    assert_int_equal(slapd_modify_ldif(w->server, ldif), 0);
}

/*
 * A slapd that crashed after a delete has forgotten its time, finds our cookie newer than itself, and refuses it.
 */
static void begin(struct world *w, const char *cookies, bool has_crashed)
{
    struct dir_sync_settings how = {.persists = true, .cookies = cookies};
    struct fault fault = {0};
    enum rc rc = mirror_try(&w->m, w->server, NULL, &how, INSIDE, &fault);
    if (rc == RC_OK)
        rc = mirror_refresh(&w->m, &fault);
    if (rc == RC_OK)
        return;
    if (rc != RC_CONFLICT || !has_crashed)
        fail_msg("%s", fault.text);
    mirror_close(&w->m);
    how.cookies = NULL;
    mirror_open(&w->m, w->server, &how, INSIDE);
}

static bool was_told(const struct world *w, size_t from, const char *dn)
{
    for (size_t i = from; i < w->m.told.count; i++)
        if (w->m.told.items[i].event == DIR_SYNC_CHANGED && slice_eq(w->m.told.items[i].dn, slice_of(dn)))
            return true;
    return false;
}

/* Whoever was touched and is still inside must have been told as changed since `from`. */
static void check_names(struct world *w, size_t from)
{
    for (unsigned i = 0; i < NAMES; i++) {
        char dn[64];
        snprintf(dn, sizeof dn, "cn=%u," INSIDE, i);
        if (w->touched[i] && w->at[i] == IN && !was_told(w, from, dn))
            fail_msg("%s was not told", dn);
        w->touched[i] = false;
    }
}

/* A last change of its own kind: when it has been told, so has everything before it. */
static void catch_up(struct world *w, int round)
{
    char ldif[256];
    snprintf(ldif, sizeof ldif, "dn: cn=mark%d," INSIDE "\nchangetype: add\nobjectClass: device\n", round);
    assert_int_equal(slapd_modify_ldif(w->server, ldif), 0);
    snprintf(ldif, sizeof ldif, "cn=mark%d," INSIDE, round);
    struct slice mark = mirror_id_of(&w->m, w->server, ldif);
    for (int i = 0; !mirror_has(&w->m, mark); i++) {
        mirror_linger(&w->m, 20);
        assert_true(i < 500);
    }
}

/* A round away (with or without a restart of the server), or a round beside it. */
static void run_round(struct world *w, int round)
{
    size_t from = w->m.told.count;
    unsigned kind = draw(6);
    if (kind == 0)
        change_some(w);
    else {
        const char *cookies = mirror_cookies(&w->m);
        mirror_close(&w->m);
        change_some(w);
        bool crashes = kind == 1 && draw(2);
        if (crashes)
            slapd_kill(w->server);
        if (kind == 1)
            assert_true(slapd_restart(w->server));
        begin(w, cookies, crashes);
        change_some(w);
    }
    catch_up(w, round);
    assert_int_equal(w->m.doubts, 0);
    check_names(w, from);
    mirror_check(&w->m, w->server, INSIDE);
}

static void run(bool with_log)
{
    struct world w = {0};
    seed = SEED;
    w.server = slapd_start(&(struct slapd_options){
        .schema = SLAPD_SCHEMA_PLAIN, .syncprov = with_log, .database = with_log ? "" : "overlay syncprov"});
    assert_non_null(w.server);
    assert_int_equal(slapd_add_ldif(w.server, "dn: " INSIDE "\nobjectClass: organizationalUnit\n\ndn: " OUTSIDE
                                              "\nobjectClass: organizationalUnit\n"),
                     0);
    begin(&w, NULL, false);
    for (int round = 0; round < ROUNDS; round++)
        run_round(&w, round);
    mirror_free(&w.m);
    slapd_stop(w.server);
}

static void the_mirror_stays_right_with_a_session_log(void **state)
{
    (void)state;
    run(true);
}

static void the_mirror_stays_right_without_a_session_log(void **state)
{
    (void)state;
    run(false);
}

int main(void)
{
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mirror_stays_right_with_a_session_log),
        cmocka_unit_test(the_mirror_stays_right_without_a_session_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
