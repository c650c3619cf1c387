/* SPDX-License-Identifier: Apache-2.0 */
/* Content synchronization when the server restarts, forgets, refuses or is silent, and with the rights of conf/. */
#include "dir/memory.h"
#include "integration/syncworld.h"
#include "support/tlsfiles.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct dir_sync_settings once = {0}, lasting = {.persists = true};

static struct slapd *start(const char *database, bool with_overlay)
{
    struct slapd *s = slapd_start(
        &(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN, .database = database, .syncprov = with_overlay});
    assert_non_null(s);
    return s;
}

static void add_device(const struct slapd *s, const char *name)
{
    char ldif[256];
    snprintf(ldif, sizeof ldif, "dn: cn=%s,%s\nobjectClass: device\n", name, SLAPD_SUFFIX);
    assert_int_equal(slapd_add_ldif(s, ldif), 0);
}

static void delete_device(const struct slapd *s, const char *name)
{
    char ldif[256];
    snprintf(ldif, sizeof ldif, "dn: cn=%s,%s\nchangetype: delete\n", name, SLAPD_SUFFIX);
    assert_int_equal(slapd_modify_ldif(s, ldif), 0);
}

static void assert_says(const struct fault *fault, const char *part)
{
    if (!strstr(fault->text, part))
        fail_msg("the fault does not say \"%s\": %s", part, fault->text);
}

/* Steps until it is not well; fails the test after ten seconds. */
static enum rc await_end(struct mirror *m, struct fault *fault)
{
    enum rc rc = RC_OK;
    for (double begin = seconds_now(); rc == RC_OK;) {
        rc = dir_sync_step(m->s, 100, fault);
        if (seconds_now() - begin > 10)
            fail_msg("it goes on");
    }
    return rc;
}

/* Both ways to end, several times, with changes while nobody looks; after each the mirror is right again. */
static void a_restart_is_overcome_with_the_cookie(void **state)
{
    (void)state;
    struct slapd *s = start("checkpoint 0 0", true);
    struct mirror m = {0};
    add_device(s, "stays");
    mirror_open(&m, s, &lasting, SLAPD_SUFFIX);
    for (int round = 0; round < 3; round++) {
        char name[32];
        snprintf(name, sizeof name, "seen%d", round);
        size_t from = m.told.count;
        add_device(s, name);
        mirror_await(&m, from, 1);
        snprintf(name, sizeof name, "unseen%d", round);
        add_device(s, name); /* perhaps nobody looks at its message before the end */
        if (round == 1)
            slapd_kill(s);
        assert_true(slapd_restart(s));
        struct fault fault = {0};
        assert_int_equal(await_end(&m, &fault), RC_FAULT);
        assert_int_equal(dir_sync_step(m.s, 0, &fault), RC_FAULT);
        const struct dir_sync_settings again = {.persists = true, .cookies = mirror_cookies(&m)};
        assert_non_null(again.cookies);
        mirror_close(&m);
        snprintf(name, sizeof name, "seen%d", round);
        delete_device(s, name);
        mirror_open(&m, s, &again, SLAPD_SUFFIX);
        if (m.doubts)
            fail_msg("round %d is in doubt", round);
        mirror_check(&m, s, SLAPD_SUFFIX);
    }
    mirror_free(&m);
    slapd_stop(s);
}

static void what_is_not_a_cookie_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *cookies;
        bool is_sent;
    } rows[] = {{"", false},
                {"gg", false},
                {"61 62", false},
                {"6", false},
                {"00", true},
                {"6869", true},
                {"7269643d3030302c63736e3d78", true}}; /* rid=000,csn=x */
    struct slapd *s = start("", true);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mirror m = {0};
        struct fault fault = {0};
        const struct dir_sync_settings how = {.cookies = rows[i].cookies, .persists = true};
        enum rc rc = mirror_try(&m, s, NULL, &how, SLAPD_SUFFIX, &fault);
        if (rc != (rows[i].is_sent ? RC_OK : RC_CONFLICT))
            fail_msg("\"%s\": %d %s", rows[i].cookies, rc, fault.text);
        if (rc == RC_OK)
            rc = mirror_refresh(&m, &fault);
        if (rc != RC_CONFLICT && (rc != RC_OK || m.wholes + m.doubts == 0))
            fail_msg("\"%s\": %d %s", rows[i].cookies, rc, fault.text);
        if (rc == RC_OK && m.doubts == 0)
            mirror_check(&m, s, SLAPD_SUFFIX);
        mirror_free(&m);
    }
    slapd_stop(s);
}

/* The cookie of another database, older or newer than this one: it is refused, or the mirror becomes right. */
static void the_cookie_of_a_database_that_is_no_more_misleads_nobody(void **state)
{
    (void)state;
    for (int newer = 0; newer < 2; newer++) {
        struct mirror m = {0};
        struct fault fault = {0};
        struct slapd *one = start("", true);
        struct slapd *other = newer ? start("", true) : NULL;
        if (newer)
            add_device(other, "else");
        add_device(one, "gone");
        mirror_open(&m, one, &once, SLAPD_SUFFIX);
        const struct dir_sync_settings again = {.cookies = mirror_cookies(&m), .persists = true};
        mirror_close(&m);
        if (!newer) {
            other = start("", true);
            add_device(other, "else");
        }
        enum rc rc = mirror_try(&m, other, NULL, &again, SLAPD_SUFFIX, &fault);
        if (rc == RC_OK)
            rc = mirror_refresh(&m, &fault);
        if (rc == RC_OK && m.doubts == 0)
            mirror_check(&m, other, SLAPD_SUFFIX);
        else if (rc != RC_OK && rc != RC_CONFLICT)
            fail_msg("%d %s", rc, fault.text);
        mirror_free(&m);
        slapd_stop(one);
        slapd_stop(other);
    }
}

static void without_the_overlay_it_says_what_to_do(void **state)
{
    (void)state;
    struct slapd *s = start("", false);
    for (int now = 0; now < 2; now++) {
        struct mirror m = {0};
        struct fault fault = {0};
        const struct dir_sync_settings how = {.persists = true, .begins_now = now};
        enum rc rc = mirror_try(&m, s, NULL, &how, SLAPD_SUFFIX, &fault);
        if (rc == RC_OK)
            rc = mirror_refresh(&m, &fault);
        assert_int_equal(rc, RC_INVALID);
        assert_says(&fault, "overlay syncprov");
        assert_int_equal(m.told.count, 0);
        mirror_free(&m);
    }
    slapd_stop(s);
}

static void a_directory_in_memory_offers_nothing(void **state)
{
    (void)state;
    struct dir *d = memory_open(SLICE_LITERAL(SLAPD_SUFFIX));
    struct mirror m = {.d = d};
    struct fault fault = {0};
    assert_false(dir_sync_is_offered(d));
    assert_false(dir_sync_begins_now(d));
    assert_int_equal(mirror_begin(&m, &once, SLAPD_SUFFIX, &fault), RC_INVALID);
    assert_says(&fault, "offers no content synchronization");
    mirror_free(&m);
}

static bool say_no(void *context)
{
    return ++*(int *)context < 3;
}

static void who_watches_ends_a_step_and_it_goes_on_later(void **state)
{
    (void)state;
    struct slapd *s = start("", true);
    struct mirror m = {0};
    struct fault fault = {0};
    int calls = 0;
    mirror_open(&m, s, &lasting, SLAPD_SUFFIX);
    dir_set_watch(m.d, say_no, &calls);
    double begin = seconds_now();
    assert_int_equal(dir_sync_step(m.s, 5000, &fault), RC_FAULT);
    assert_true(seconds_now() - begin < 2);
    assert_says(&fault, "interrupted");
    dir_set_watch(m.d, NULL, NULL);
    size_t from = m.told.count;
    add_device(s, "later");
    mirror_await(&m, from, 1);
    mirror_check(&m, s, SLAPD_SUFFIX);
    mirror_free(&m);
    slapd_stop(s);
}

static void a_step_waits_as_long_as_it_is_told(void **state)
{
    (void)state;
    struct slapd *s = start("", true);
    struct mirror m = {0};
    struct fault fault = {0};
    mirror_open(&m, s, &lasting, SLAPD_SUFFIX);
    mirror_linger(&m, 50);
    double begin = seconds_now();
    assert_int_equal(dir_sync_step(m.s, 0, &fault), RC_OK);
    assert_int_equal(dir_sync_step(m.s, 300, &fault), RC_OK);
    double took = seconds_now() - begin;
    assert_true(took > 0.29);
    assert_true(took < 3);
    mirror_free(&m);
    slapd_stop(s);
}

/* Before the refresh is over silence ends; afterwards it is the usual state. */
static void silence_ends_a_refresh_only(void **state)
{
    (void)state;
    struct slapd *s = start("", true);
    struct mirror m = {0}, idle = {0};
    struct fault fault = {0};
    const struct slice base = SLICE_LITERAL(SLAPD_SUFFIX);
    idle.d = open_as(s, SLAPD_ADMIN, SLAPD_PASSWORD "\n", 1);
    assert_int_equal(mirror_begin(&idle, &lasting, SLAPD_SUFFIX, &fault), RC_OK);
    assert_int_equal(mirror_refresh(&idle, &fault), RC_OK);
    m.d = open_as(s, SLAPD_ADMIN, SLAPD_PASSWORD "\n", 1);
    (void)base;
    slapd_pause(s);
    assert_int_equal(mirror_begin(&m, &lasting, SLAPD_SUFFIX, &fault), RC_OK);
    double begin = seconds_now();
    assert_int_equal(await_end(&m, &fault), RC_FAULT);
    assert_true(seconds_now() - begin > 0.9);
    assert_true(seconds_now() - begin < 4);
    assert_says(&fault, "no word of a content synchronization for 1 s");
    assert_false(dir_is_alive(m.d));
    mirror_linger(&idle, 1200);
    slapd_continue(s);
    size_t from = idle.told.count;
    add_device(s, "later");
    mirror_await(&idle, from, 1);
    mirror_free(&m);
    mirror_free(&idle);
    slapd_stop(s);
}

enum { BULK = 300 };

/* As a caller does it who waits for other things too: no step waits, and what the socket hides is asked for. */
static void poll_until(struct mirror *m, size_t count)
{
    struct fault fault = {0};
    for (double begin = seconds_now(); m->told.count < count;) {
        struct pollfd p = {.fd = dir_sync_fd(m->s), .events = POLLIN};
        if (!dir_sync_has_message(m->s) && poll(&p, 1, 10000) == 0)
            fail_msg("%zu of %zu were told, and the socket is silent", m->told.count, count);
        if (dir_sync_step(m->s, 0, &fault) != RC_OK)
            fail_msg("%s", fault.text);
        if (seconds_now() - begin > 10)
            fail_msg("%zu of %zu were told", m->told.count, count);
    }
}

static void poll_while_things_change(const struct slapd *s, const struct dir_settings *settings, const char *name)
{
    static const struct slice class = SLICE_LITERAL("device");
    struct mirror m = {0};
    struct fault fault = {0};
    struct written written = {0};
    struct dir *other = open_as(s, SLAPD_ADMIN, SLAPD_PASSWORD "\n", 10);
    const struct dir_mod mod = {DIR_MOD_ADD, "objectClass", &class, 1};
    struct dir_change *adds = ARENA_ARRAY(&m.arena, BULK, struct dir_change);
    for (size_t i = 0; i < BULK; i++)
        adds[i] = (struct dir_change){DIR_ADD, arena_format(&m.arena, "cn=%s%zu,%s", name, i, SLAPD_SUFFIX), &mod, 1};
    if (dir_open(settings, &m.d, &fault) != RC_OK || mirror_begin(&m, &lasting, SLAPD_SUFFIX, &fault) != RC_OK ||
        mirror_refresh(&m, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    size_t from = m.told.count;
    for (size_t i = 0; i < BULK; i += BULK / 3) {
        assert_int_equal(dir_apply(other, adds + i, BULK / 3, count_written, &written, &fault), RC_OK);
        poll_until(&m, from + written.well);
    }
    assert_int_equal(written.well, BULK);
    assert_int_equal(m.told.count, from + BULK);
    dir_close(other);
    mirror_free(&m);
}

static void who_polls_misses_nothing_over_tcp_and_tls(void **state)
{
    (void)state;
    struct tlsfiles *files = tlsfiles_new();
    tlsfiles_authority(files, "ca");
    tlsfiles_issue(files, "ca", "server", "IP:127.0.0.1", 30);
    const struct slapd_tls tls = {.ca_file = tlsfiles_path(files, "ca.pem"),
                                  .cert_file = tlsfiles_path(files, "server.pem"),
                                  .key_file = tlsfiles_path(files, "server.key")};
    struct slapd *s =
        slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN, .tcp = true, .tls = &tls, .syncprov = true});
    assert_non_null(s);
    const char *const secret[] = {slapd_tls_uri(s), NULL}, *const open[] = {slapd_tcp_uri(s), NULL};
    struct dir_settings settings = {.uris = secret,
                                    .tls = {.ca_file = tlsfiles_path(files, "ca.pem")},
                                    .bind = DIR_BIND_SIMPLE,
                                    .bind_dn = SLAPD_ADMIN,
                                    .password = SLICE_LITERAL(SLAPD_PASSWORD),
                                    .timeout_s = 10};
    poll_while_things_change(s, &settings, "ldaps");
    settings.uris = open;
    settings.allow_plaintext = true;
    poll_while_things_change(s, &settings, "tcp");
    settings.tls.start_tls = true;
    poll_while_things_change(s, &settings, "starttls");
    slapd_stop(s);
    tlsfiles_free(files);
}

static char *file_text(const char *name)
{
    char path[4096], *text = NULL;
    size_t room = 0;
    snprintf(path, sizeof path, "%s/conf/%s", SOURCE_DIR, name);
    FILE *f = fopen(path, "r");
    if (!f || getdelim(&text, &room, '\0', f) < 0)
        fail_msg("%s can't be read", path);
    fclose(f);
    return text;
}

#define DAEMON "cn=dircertd,ou=daemons," SLAPD_SUFFIX
#define OTHER  "cn=fulfiller,ou=daemons," SLAPD_SUFFIX

static void populate(const struct slapd *s)
{
    char *tree = file_text("tree.ldif");
    assert_int_equal(slapd_add_ldif(s, tree), 0);
    free(tree);
    assert_int_equal(slapd_modify_ldif(s, "dn: " DAEMON "\nchangetype: modify\nreplace: userPassword\n"
                                          "userPassword: " SLAPD_PASSWORD "\n"),
                     0);
    assert_int_equal(slapd_add_ldif(s, "dn: cn=nobody," SLAPD_SUFFIX "\nobjectClass: applicationProcess\n"
                                       "objectClass: simpleSecurityObject\nuserPassword: " SLAPD_PASSWORD "\n"),
                     0);
    add_device(s, "host");
}

/* The daemon's account sees all changes, also below ou=dircertd; one without rights sees no base, which is no result.
 */
static void check_rights(const struct slapd *s)
{
    struct mirror m = {0};
    struct fault fault = {0};
    if (mirror_try(&m, s, DAEMON, &lasting, SLAPD_SUFFIX, &fault) != RC_OK || mirror_refresh(&m, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    mirror_check(&m, s, SLAPD_SUFFIX);
    size_t from = m.told.count;
    add_device(s, "fresh");
    delete_device(s, "host");
    assert_int_equal(slapd_modify_ldif(s, "dn: ou=policies,ou=dircertd," SLAPD_SUFFIX
                                          "\nchangetype: modify\nreplace: description\ndescription: x\n"),
                     0);
    mirror_await(&m, from, 3);
    mirror_check(&m, s, SLAPD_SUFFIX);
    const struct dir_sync_settings again = {.cookies = mirror_cookies(&m)};
    mirror_close(&m);
    delete_device(s, "fresh");
    mirror_open(&m, s, &again, SLAPD_SUFFIX);
    mirror_check(&m, s, SLAPD_SUFFIX);
    mirror_close(&m);
    enum rc rc = mirror_try(&m, s, "cn=nobody," SLAPD_SUFFIX, &lasting, SLAPD_SUFFIX, &fault);
    if (rc == RC_OK)
        rc = mirror_refresh(&m, &fault);
    assert_int_equal(rc, RC_NOT_FOUND);
    mirror_free(&m);
}

static void the_recipe_for_slapd_conf_is_enough(void **state)
{
    (void)state;
    struct slapd *s = slapd_start(&(struct slapd_options){
        .no_index = true,
        .database = "include \"" SOURCE_DIR "/conf/slapd-acl.conf\"\ninclude \"" SOURCE_DIR "/conf/slapd-sync.conf\""});
    assert_non_null(s);
    populate(s);
    check_rights(s);
    slapd_stop(s);
}

static void the_recipe_for_cn_config_is_enough(void **state)
{
    (void)state;
    static const struct slapd_identity config = {.dn = "cn=config", .password = SLAPD_PASSWORD};
    struct slapd *s = slapd_start(
        &(struct slapd_options){.no_index = true, .database = "include \"" SOURCE_DIR "/conf/slapd-acl.conf\""});
    assert_non_null(s);
    populate(s);
    char *ldif = file_text("slapd-sync.ldif");
    /* The list of modules of this server has it already, so that entry is told apart here. */
    char *rest = strstr(ldif, "\ndn: olcDatabase=");
    assert_non_null(rest);
    assert_non_null(strstr(ldif, "olcModuleLoad: syncprov\n"));
    assert_int_equal(slapd_try_ldif(s, &config, rest), 0);
    free(ldif);
    check_rights(s);
    slapd_stop(s);
}

int main(void)
{
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_is_overcome_with_the_cookie),
        cmocka_unit_test(what_is_not_a_cookie_is_refused),
        cmocka_unit_test(the_cookie_of_a_database_that_is_no_more_misleads_nobody),
        cmocka_unit_test(without_the_overlay_it_says_what_to_do),
        cmocka_unit_test(a_directory_in_memory_offers_nothing),
        cmocka_unit_test(who_watches_ends_a_step_and_it_goes_on_later),
        cmocka_unit_test(a_step_waits_as_long_as_it_is_told),
        cmocka_unit_test(silence_ends_a_refresh_only),
        cmocka_unit_test(who_polls_misses_nothing_over_tcp_and_tls),
        cmocka_unit_test(the_recipe_for_slapd_conf_is_enough),
        cmocka_unit_test(the_recipe_for_cn_config_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
