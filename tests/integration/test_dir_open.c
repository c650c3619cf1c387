/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a directory: binds, refusals, what is read from the rootDSE and the schema, an environment that is ignored.
 */
#include "dir/sync.h"
#include "support/command.h"
#include "support/dirtest.h"

#include <dirent.h>
#include <ldap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define READER "cn=reader," SLAPD_SUFFIX

static struct slapd *server;

static int start_server(void **state)
{
    (void)state;
    server = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_MSUSER, .tcp = true});
    return server && slapd_add_ldif(server, "dn: " READER "\nobjectClass: person\ncn: reader\nsn: r\n"
                                            "userPassword: let me in\n") == 0
               ? 0
               : -1;
}

static int stop_server(void **state)
{
    (void)state;
    slapd_stop(server);
    return 0;
}

/* Opens with these settings; returns the outcome and closes again. */
static enum rc outcome(const struct dir_settings *settings, struct fault *fault)
{
    struct dir *d = NULL;
    *fault = (struct fault){0};
    enum rc rc = dir_open(settings, &d, fault);
    assert_int_equal(rc == RC_OK, d != NULL);
    assert_int_equal(rc == RC_OK, fault->text[0] == '\0');
    dir_close(d);
    return rc;
}

static struct dir_settings simple(const char *const *uris, const char *password)
{
    return (struct dir_settings){.uris = uris,
                                 .bind = DIR_BIND_SIMPLE,
                                 .bind_dn = READER,
                                 .password_file = password_file(slapd_folder(server), password),
                                 .allow_plaintext = true,
                                 .timeout_s = 5};
}

static void assert_says(const struct fault *fault, const char *part)
{
    if (!strstr(fault->text, part))
        fail_msg("the fault does not say \"%s\": %s", part, fault->text);
}

static void external_over_the_socket(void **state)
{
    (void)state;
    struct dir *d = open_as(server, NULL, NULL, 5);
    assert_non_null(d);
    const struct dir_capabilities *c = dir_capabilities(d);
    assert_string_equal(c->kind, "OpenLDAP");
    assert_string_equal(c->stable_id_attribute, "entryUUID"); /* although msuser.schema defines objectGUID */
    assert_int_equal(c->suffix_count, 1);
    assert_true(slice_eq(c->suffixes[0], SLICE_LITERAL(SLAPD_SUFFIX)));
    dir_close(d);
    char *log = slapd_log(server);
    assert_non_null(strstr(log, "BIND dn=\"gidNumber="));
    free(log);
}

static void simple_over_both_kinds_of_uri(void **state)
{
    (void)state;
    struct fault fault;
    const char *const local[] = {slapd_ldapi_uri(server), NULL}, *const tcp[] = {slapd_tcp_uri(server), NULL};
    struct dir_settings settings = simple(local, "let me in\nthe second line does not count\n");
    assert_int_equal(outcome(&settings, &fault), RC_OK);
    settings.uris = tcp;
    assert_int_equal(outcome(&settings, &fault), RC_OK);
    settings = simple(tcp, "let me in"); /* no line end */
    assert_int_equal(outcome(&settings, &fault), RC_OK);
    settings = simple(tcp, "let me in\r\n");
    assert_int_equal(outcome(&settings, &fault), RC_OK);
}

static void a_wrong_password_is_denied(void **state)
{
    (void)state;
    struct fault fault;
    const char *const uris[] = {slapd_ldapi_uri(server), slapd_tcp_uri(server), NULL};
    struct dir_settings settings = simple(uris, "guess\n");
    assert_int_equal(outcome(&settings, &fault), RC_DENIED);
    assert_says(&fault, slapd_ldapi_uri(server));
    assert_says(&fault, READER);
    assert_says(&fault, "(49)");
    assert_null(strstr(fault.text, "guess"));
    assert_null(strstr(fault.text, slapd_tcp_uri(server))); /* not tried: it would count towards a lock */
}

static void uris_are_tried_in_order_and_each_failure_is_named(void **state)
{
    (void)state;
    struct fault fault;
    const char *const dead[] = {"ldapi://%2Fnowhere%2Fldapi", "ldap://127.0.0.1:1", NULL};
    const char *const last[] = {"ldapi://%2Fnowhere%2Fldapi", "ldap://127.0.0.1:1", slapd_tcp_uri(server), NULL};
    struct dir_settings settings = simple(dead, "let me in\n");
    assert_int_equal(outcome(&settings, &fault), RC_FAULT);
    assert_says(&fault, "ldapi://%2Fnowhere%2Fldapi: can't connect to the socket /nowhere/ldapi: No such file");
    assert_says(&fault, "ldap://127.0.0.1:1: can't connect to 127.0.0.1 port 1: Connection refused");
    settings.uris = last;
    assert_int_equal(outcome(&settings, &fault), RC_OK);
}

static void settings_that_cannot_work_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name, *uri, *dn;
        bool external, plaintext;
        unsigned timeout_s;
        const char *says;
    } rows[] = {
        {"plaintext", "ldap://127.0.0.1:1", READER, false, false, 5, "allow_plaintext"},
        {"external over ldaps", "ldaps://127.0.0.1:1", NULL, true, true, 5, "a client certificate"},
        {"base in an ldaps URI", "ldaps://127.0.0.1:1/dc=x", READER, false, true, 5, "not the URI of a server"},
        {"http", "http://127.0.0.1:1", READER, false, true, 5, "unknown kind of URI"},
        {"base in the URI", "ldap://127.0.0.1:1/dc=x", READER, false, true, 5, "not the URI of a server"},
        {"no URI", NULL, READER, false, true, 5, "directory.uri"},
        {"external over TCP", "ldap://127.0.0.1:1", NULL, true, true, 5, "needs ldapi://"},
        {"no bind DN", "ldapi://%2Fx", "", false, true, 5, "as nobody"},
        {"bind DN without form", "ldapi://%2Fx", "reader", false, true, 5, "RFC 4514"},
        {"no time", "ldapi://%2Fx", READER, false, true, 0, "timeout_s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fault fault;
        const char *const uris[] = {rows[i].uri, NULL};
        struct dir_settings settings = simple(uris, "let me in\n");
        settings.bind = rows[i].external ? DIR_BIND_EXTERNAL : DIR_BIND_SIMPLE;
        settings.bind_dn = rows[i].dn;
        settings.allow_plaintext = rows[i].plaintext;
        settings.timeout_s = rows[i].timeout_s;
        if (outcome(&settings, &fault) != RC_INVALID)
            fail_msg("%s was not refused", rows[i].name);
        assert_says(&fault, rows[i].says);
    }
}

static void password_files_that_are_not_safe_are_refused(void **state)
{
    (void)state;
    struct fault fault;
    const char *const uris[] = {slapd_ldapi_uri(server), NULL};
    struct dir_settings settings = simple(uris, "\nlet me in\n");
    assert_int_equal(outcome(&settings, &fault), RC_INVALID);
    assert_says(&fault, "its first line is empty");
    settings = simple(uris, "");
    assert_int_equal(outcome(&settings, &fault), RC_INVALID);
    settings = simple(uris, "let me in\n");
    assert_int_equal(chmod(settings.password_file, 0640), 0);
    assert_int_equal(outcome(&settings, &fault), RC_INVALID);
    assert_says(&fault, "0640");
    assert_int_equal(chmod(settings.password_file, 0604), 0);
    assert_int_equal(outcome(&settings, &fault), RC_INVALID);
    settings.password_file = slapd_folder(server);
    assert_int_equal(outcome(&settings, &fault), RC_INVALID);
    assert_says(&fault, "a directory");
    settings.password_file = "/nowhere/password";
    assert_int_equal(outcome(&settings, &fault), RC_INVALID);
    assert_says(&fault, "No such file");
    char line[1100];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    settings = simple(uris, line);
    assert_int_equal(outcome(&settings, &fault), RC_INVALID);
    assert_says(&fault, "over 1023 octets");
}

/* Only root can give a file away, and only root can read one that is somebody else's. */
static void a_password_file_of_somebody_else_is_refused(void **state)
{
    (void)state;
    enum { OWN = 0, SOMEBODY = 12345 };
    if (geteuid() != 0) {
        puts("SKIPPED: only root can give a file away");
        skip();
    }
    struct fault fault;
    const char *const uris[] = {slapd_ldapi_uri(server), NULL};
    struct dir_settings settings = simple(uris, SLAPD_PASSWORD "\n");
    settings.bind_dn = SLAPD_ADMIN;
    assert_int_equal(chown(settings.password_file, SOMEBODY, 0), 0);
    assert_int_equal(outcome(&settings, &fault), RC_INVALID);
    assert_says(&fault, "belongs to user 12345");
    assert_says(&fault, "user 0, who runs this program: chown it");
    setenv("CREDENTIALS_DIRECTORY", slapd_folder(server), 1); /* there it is systemd that says whose they are */
    settings.password_credential = "password";
    assert_int_equal(outcome(&settings, &fault), RC_OK);
    unsetenv("CREDENTIALS_DIRECTORY");
    settings.password_credential = NULL;
    assert_int_equal(chown(settings.password_file, OWN, SOMEBODY), 0);
    assert_int_equal(outcome(&settings, &fault), RC_OK);
}

static void an_unreadable_password_file_is_refused(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        puts("SKIPPED: root may read every file");
        skip();
    }
    struct fault fault;
    const char *const uris[] = {slapd_ldapi_uri(server), NULL};
    struct dir_settings settings = simple(uris, "let me in\n");
    assert_int_equal(chmod(settings.password_file, 0), 0);
    assert_int_equal(outcome(&settings, &fault), RC_INVALID);
    assert_says(&fault, "Permission denied");
}

static void the_schema_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool known;
    } rows[] = {
        {"userCertificate", true},
        {"USERCERTIFICATE", true},
        {"2.5.4.36", true},
        {"cn", true},
        {"commonName", true},
        {"entryUUID", true},
        {"modifyTimestamp", true},
        {"userCertificat", false},
        {"userCertificatex", false},
        {"", false},
        {"2.5.4.3600", false},
        {"objectGUID", true},
        {"userCertificate;binary", false},
    };
    struct dir *d = open_as(server, NULL, NULL, 5);
    assert_non_null(d);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (dir_knows_attribute(d, slice_of(rows[i].name)) != rows[i].known)
            fail_msg("%s should be %s", rows[i].name, rows[i].known ? "known" : "unknown");
    dir_close(d);
}

/* A second connection need not read it again, and outlives the first. */
static void what_a_server_says_of_itself_is_copied(void **state)
{
    (void)state;
    struct dir *first = open_as(server, NULL, NULL, 5), *second = NULL;
    const char *const uris[] = {slapd_tcp_uri(server), NULL};
    struct dir_settings settings = simple(uris, "let me in");
    struct fault fault = {{0}};
    assert_non_null(first);
    settings.like = first;
    assert_int_equal(dir_open(&settings, &second, &fault), RC_OK);
    bool syncs = dir_sync_is_offered(first);
    dir_close(first);
    const struct dir_capabilities *c = dir_capabilities(second);
    assert_string_equal(c->uri, uris[0]);
    assert_false(c->is_secure);
    assert_string_equal(c->kind, "OpenLDAP");
    assert_string_equal(c->stable_id_attribute, "entryUUID");
    assert_int_equal(c->suffix_count, 1);
    assert_true(slice_eq(c->suffixes[0], SLICE_LITERAL(SLAPD_SUFFIX)));
    assert_true(dir_knows_attribute(second, SLICE_LITERAL("userCertificate")));
    assert_true(dir_knows_attribute(second, SLICE_LITERAL("2.5.4.3")));
    assert_false(dir_knows_attribute(second, SLICE_LITERAL("userCertificat")));
    assert_int_equal(dir_sync_is_offered(second), syncs);
    dir_close(second);
}

/* A plug-in is code that nobody asked for, and each brings libraries of its own. */
static void no_plug_in_of_sasl_is_loaded(void **state)
{
    (void)state;
    char *line = NULL;
    size_t room = 0;
    struct dir *d = open_as(server, NULL, NULL, 5);
    assert_non_null(d);
    FILE *maps = fopen("/proc/self/maps", "re");
    assert_non_null(maps);
    while (getline(&line, &room, maps) > 0)
        if (strstr(line, "/sasl2/"))
            fail_msg("%s", line);
    fclose(maps);
    free(line);
    dir_close(d);
}

static void no_right_to_the_schema_is_said(void **state)
{
    (void)state;
    struct slapd *s = slapd_start(&(struct slapd_options){
        .schema = SLAPD_SCHEMA_PLAIN, .global = "access to dn.base=\"cn=Subschema\" by * none\naccess to * by * read"});
    assert_non_null(s);
    struct fault fault;
    const char *const uris[] = {slapd_ldapi_uri(s), NULL};
    const struct dir_settings settings = {.uris = uris, .bind = DIR_BIND_EXTERNAL, .timeout_s = 5};
    assert_int_equal(outcome(&settings, &fault), RC_FAULT);
    assert_says(&fault, "may not read the schema at \"cn=Subschema\"");
    slapd_stop(s);
}

static void no_right_to_the_root_is_said(void **state)
{
    (void)state;
    struct slapd *s = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN,
                                                          .global = "access to dn.base=\"\" by dn.exact=\"" SLAPD_ADMIN
                                                                    "\" read by * none\naccess to * by * read"});
    assert_non_null(s);
    struct fault fault;
    const char *const uris[] = {slapd_ldapi_uri(s), NULL};
    const struct dir_settings settings = {.uris = uris, .bind = DIR_BIND_EXTERNAL, .timeout_s = 5};
    assert_int_equal(outcome(&settings, &fault), RC_FAULT);
    assert_says(&fault, "may not read the rootDSE");
    slapd_stop(s);
}

static void a_stopped_server_is_left_after_the_time(void **state)
{
    (void)state;
    struct fault fault;
    const char *const uris[] = {slapd_ldapi_uri(server), NULL};
    struct dir_settings settings = simple(uris, "let me in\n");
    settings.timeout_s = 1;
    slapd_pause(server);
    double begin = seconds_now();
    enum rc rc = outcome(&settings, &fault);
    double took = seconds_now() - begin;
    slapd_continue(server);
    assert_int_equal(rc, RC_FAULT);
    assert_says(&fault, "no answer for 1 s");
    assert_true(took > 0.9 && took < 2.5);
}

static size_t open_files(void)
{
    size_t n = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static void nothing_stays_open(void **state)
{
    (void)state;
    struct fault fault;
    const char *const uris[] = {"ldap://127.0.0.1:1", slapd_tcp_uri(server), NULL};
    struct dir_settings good = simple(uris, "let me in\n");
    assert_int_equal(outcome(&good, &fault), RC_OK);
    size_t before = open_files();
    for (int i = 0; i < 5; i++)
        assert_int_equal(outcome(&good, &fault), RC_OK);
    struct dir_settings bad = simple(uris, "guess\n");
    for (int i = 0; i < 5; i++)
        assert_int_equal(outcome(&bad, &fault), RC_DENIED);
    assert_int_equal(open_files(), before);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* The hostile settings would send us elsewhere, size-limit us to one entry, and require TLS. */
static const char hostile[] = "URI ldap://127.0.0.1:1\nBASE dc=nowhere\nSIZELIMIT 1\nTIMELIMIT 1\nDEREF always\n"
                              "REFERRALS on\nNETWORK_TIMEOUT 1\nBINDDN cn=nobody\n";

/* In a process of its own, because libldap reads its environment once: this program, told what to do by its argument.
 */
static void the_environment_is_ignored(void **state)
{
    (void)state;
    char home[512], folder[512], path[600], self[512] = {0};
    snprintf(home, sizeof home, "%s/home", slapd_folder(server));
    snprintf(folder, sizeof folder, "%s/cwd", slapd_folder(server));
    assert_int_equal(mkdir(home, 0700) | mkdir(folder, 0700), 0);
    snprintf(path, sizeof path, "%s/.ldaprc", home);
    write_text(path, hostile);
    snprintf(path, sizeof path, "%s/ldaprc", folder);
    write_text(path, hostile);
    char conf[600], set_home[600], set_conf[700], set_cwd[600], set_rc[700];
    snprintf(conf, sizeof conf, "%s/ldap.conf", home);
    write_text(conf, hostile);
    snprintf(set_home, sizeof set_home, "HOME=%s", home);
    snprintf(set_conf, sizeof set_conf, "LDAPCONF=%s", conf);
    snprintf(set_rc, sizeof set_rc, "LDAPRC=%s", conf);
    snprintf(set_cwd, sizeof set_cwd, "TEST_CWD=%s", folder);
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    const char *const environment[] = {
        set_home,           set_conf,          set_rc, set_cwd, "LDAPSIZELIMIT=1", "LDAPURI=ldap://127.0.0.1:1",
        "LDAPDEREF=always", "LDAPTIMELIMIT=1", NULL};
    const char *const argv[] = {self, "count", slapd_ldapi_uri(server), NULL};
    struct command_result r = command_run(argv, environment, NULL, 20);
    if (r.status != 0)
        fail_msg("%d: %s%s", r.status, r.output, r.errors);
    assert_string_equal(r.output, "2\n");
    command_free(&r);
}

/* The child of the test above: how many entries there are. */
static int count_entries(const char *uri)
{
    const char *const uris[] = {uri, NULL};
    const struct dir_settings settings = {.uris = uris, .bind = DIR_BIND_EXTERNAL, .timeout_s = 5};
    struct dir *d = NULL;
    struct fault fault = {0};
    struct collected c = {0};
    if (chdir(getenv("TEST_CWD")) != 0)
        return 1;
    if (dir_open(&settings, &d, &fault) != RC_OK ||
        collect(d, SLAPD_SUFFIX, DIR_SUBTREE, "(objectClass=*)", 0, NULL, &c, &fault) != RC_OK) {
        fprintf(stderr, "%s\n", fault.text);
        return 1;
    }
    char *base = NULL; /* what the hostile files say, if libldap has read one */
    if (ldap_get_option(NULL, LDAP_OPT_DEFBASE, &base) == LDAP_OPT_SUCCESS && base)
        printf("libldap has read its files: %s\n", base);
    ldap_memfree(base);
    printf("%zu\n", c.entries.count);
    collected_free(&c);
    dir_close(d);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "count") == 0)
        return count_entries(argv[2]);
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(external_over_the_socket),
        cmocka_unit_test(simple_over_both_kinds_of_uri),
        cmocka_unit_test(a_wrong_password_is_denied),
        cmocka_unit_test(uris_are_tried_in_order_and_each_failure_is_named),
        cmocka_unit_test(settings_that_cannot_work_are_refused),
        cmocka_unit_test(password_files_that_are_not_safe_are_refused),
        cmocka_unit_test(a_password_file_of_somebody_else_is_refused),
        cmocka_unit_test(an_unreadable_password_file_is_refused),
        cmocka_unit_test(the_schema_is_known),
        cmocka_unit_test(what_a_server_says_of_itself_is_copied),
        cmocka_unit_test(no_plug_in_of_sasl_is_loaded),
        cmocka_unit_test(no_right_to_the_schema_is_said),
        cmocka_unit_test(no_right_to_the_root_is_said),
        cmocka_unit_test(a_stopped_server_is_left_after_the_time),
        cmocka_unit_test(nothing_stays_open),
        cmocka_unit_test(the_environment_is_ignored),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
