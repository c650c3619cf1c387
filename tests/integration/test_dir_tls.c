/* SPDX-License-Identifier: Apache-2.0 */
/* TLS with a real slapd: both ways to it, who is trusted, client certificates, and an environment without influence. */
#include "dir/ldap_private.h"
#include "support/command.h"
#include "support/dirtest.h"
#include "support/leaks.h"
#include "support/tlsfiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define READER "cn=reader," SLAPD_SUFFIX
#define ROBOT  "cn=robot," SLAPD_SUFFIX

enum { CHILD_S = 20, BULK = 100 };

static struct tlsfiles *files;
static struct slapd *server, *strict; /* strict demands client certificates */

static struct slapd *start(const char *verify_client)
{
    const struct slapd_tls tls = {.ca_file = tlsfiles_path(files, "ca.pem"),
                                  .cert_file = tlsfiles_path(files, "server.pem"),
                                  .key_file = tlsfiles_path(files, "server.key"),
                                  .verify_client = verify_client};
    struct slapd *s = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN,
                                                          .tcp = true,
                                                          .tls = &tls,
                                                          .global = "authz-regexp \"^cn=client$\" \"" ROBOT "\"\n"});
    if (s && slapd_add_ldif(s, "dn: " READER "\nobjectClass: person\ncn: reader\nsn: r\nuserPassword: x\n\n"
                               "dn: " ROBOT "\nobjectClass: person\ncn: robot\nsn: r\n") == 0)
        return s;
    slapd_stop(s);
    return NULL;
}

static int start_servers(void **state)
{
    (void)state;
    files = tlsfiles_new();
    tlsfiles_authority(files, "ca");
    tlsfiles_authority(files, "stranger");
    tlsfiles_issue(files, "ca", "server", "IP:127.0.0.1", 30);
    tlsfiles_issue(files, "ca", "client", NULL, 30);
    server = start(NULL);
    strict = start("demand");
    return server && strict ? 0 : -1;
}

static int stop_servers(void **state)
{
    (void)state;
    slapd_stop(server);
    slapd_stop(strict);
    tlsfiles_free(files);
    return 0;
}

/* A simple bind over ldaps:// or StartTLS, trusting our authority. */
static struct dir_settings settings_for(const char *const *uris, bool start_tls)
{
    return (struct dir_settings){.uris = uris,
                                 .tls = {.start_tls = start_tls, .ca_file = tlsfiles_path(files, "ca.pem")},
                                 .bind = DIR_BIND_SIMPLE,
                                 .bind_dn = READER,
                                 .password = SLICE_LITERAL("x"),
                                 .timeout_s = 5};
}

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

static void assert_says(const struct fault *fault, const char *part)
{
    if (!strstr(fault->text, part))
        fail_msg("the fault does not say \"%s\": %s", part, fault->text);
}

static struct dir *open_well(const struct dir_settings *settings)
{
    struct dir *d = NULL;
    struct fault fault = {0};
    if (dir_open(settings, &d, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    assert_string_equal(dir_capabilities(d)->uri, settings->uris[0]);
    return d;
}

static size_t count_in_log(const struct slapd *s, const char *part)
{
    char *log = slapd_log(s);
    size_t n = 0;
    for (const char *at = log; (at = strstr(at, part)); at++)
        n++;
    free(log);
    return n;
}

static void both_ways_to_tls_are_secure(void **state)
{
    (void)state;
    const char *const ldaps[] = {slapd_tls_uri(server), NULL}, *const ldap[] = {slapd_tcp_uri(server), NULL};
    size_t before = count_in_log(server, " TLS established "), asked = count_in_log(server, "1.3.6.1.4.1.1466.20037");
    for (int start_tls = 0; start_tls < 2; start_tls++) {
        const struct dir_settings settings = settings_for(start_tls ? ldap : ldaps, start_tls);
        struct dir *d = open_well(&settings);
        struct collected c = {0};
        assert_true(dir_capabilities(d)->is_secure);
        assert_int_equal(collect(d, SLAPD_SUFFIX, DIR_SUBTREE, "(objectClass=*)", 0, NULL, &c, NULL), RC_OK);
        assert_int_equal(c.entries.count, 3);
        collected_free(&c);
        dir_close(d);
    }
    assert_int_equal(count_in_log(server, " TLS established ") - before, 2);
    assert_true(count_in_log(server, "1.3.6.1.4.1.1466.20037") > asked);
}

static void what_is_secure_is_known(void **state)
{
    (void)state;
    const char *const ldapi[] = {slapd_ldapi_uri(server), NULL}, *const ldap[] = {slapd_tcp_uri(server), NULL};
    struct dir_settings settings = settings_for(ldapi, true); /* StartTLS is for ldap:// */
    struct dir *d = open_well(&settings);
    assert_true(dir_capabilities(d)->is_secure);
    dir_close(d);
    settings = settings_for(ldap, false);
    settings.allow_plaintext = true;
    d = open_well(&settings);
    assert_false(dir_capabilities(d)->is_secure);
    assert_true(dir_is_alive(d));
    dir_close(d);
    struct fault fault;
    settings.allow_plaintext = false;
    assert_int_equal(outcome(&settings, &fault), RC_INVALID);
    assert_says(&fault, "in the clear");
}

static void a_directory_of_authorities_is_trusted(void **state)
{
    (void)state;
    const char *folder = tlsfiles_path(files, "authorities");
    char path[512];
    assert_int_equal(mkdir(folder, 0700), 0);
    snprintf(path, sizeof path, "%s/ca.pem", folder);
    assert_int_equal(symlink(tlsfiles_path(files, "ca.pem"), path), 0);
    struct command_result r =
        command_run((const char *const[]){"openssl", "rehash", folder, NULL}, NULL, NULL, CHILD_S);
    assert_int_equal(r.status, 0);
    command_free(&r);
    const char *const uris[] = {slapd_tls_uri(server), NULL};
    struct dir_settings settings = settings_for(uris, false);
    struct fault fault;
    settings.tls.ca_file = NULL;
    settings.tls.ca_directory = folder;
    if (outcome(&settings, &fault) != RC_OK)
        fail_msg("%s", fault.text);
}

/* The order of the TLS options decides it: with a context made too early an untrusted server is bound to. */
static void an_untrusted_server_is_never_bound_to(void **state)
{
    (void)state;
    const char *const ldaps[] = {slapd_tls_uri(server), NULL}, *const ldap[] = {slapd_tcp_uri(server), NULL};
    size_t before = count_in_log(server, " BIND ");
    for (int row = 0; row < 4; row++) {
        struct fault fault;
        struct dir_settings settings = settings_for(row % 2 ? ldap : ldaps, row % 2);
        settings.allow_plaintext = true; /* is no reason to go on without */
        settings.tls.ca_file = row < 2 ? tlsfiles_path(files, "stranger.pem") : NULL; /* NULL: the system's */
        if (row >= 2 && access("/etc/ssl/certs/ca-certificates.crt", R_OK) != 0)
            continue;
        assert_int_equal(outcome(&settings, &fault), RC_FAULT);
        assert_says(&fault, "vouches for the server's certificate (issuer \"ca\")");
        assert_says(&fault, row < 2 ? "stranger.pem" : "/etc/ssl/certs/ca-certificates.crt");
        assert_says(&fault, "directory.tls.ca_file");
    }
    assert_int_equal(count_in_log(server, " BIND "), before);
}

static void a_client_certificate_is_an_identity(void **state)
{
    (void)state;
    struct slapd *const servers[] = {server, strict};
    for (int row = 0; row < 2; row++) {
        const char *const ldaps[] = {slapd_tls_uri(strict), NULL}, *const ldap[] = {slapd_tcp_uri(strict), NULL};
        struct dir_settings settings = settings_for(row ? ldap : ldaps, row);
        settings.bind = DIR_BIND_EXTERNAL;
        settings.bind_dn = NULL;
        settings.tls.cert_file = tlsfiles_path(files, "client.pem");
        settings.tls.key_file = tlsfiles_path(files, "client.key");
        size_t before = count_in_log(strict, "BIND dn=\"" ROBOT "\" mech=EXTERNAL");
        /* libldap 2.5 over GnuTLS never frees a client's certificate and key. */
        forgive_leaks(true);
        dir_close(open_well(&settings));
        forgive_leaks(false);
        assert_int_equal(count_in_log(strict, "BIND dn=\"" ROBOT "\" mech=EXTERNAL"), before + 1);
    }
    const char *const uris[] = {slapd_tls_uri(servers[0]), NULL}; /* does not ask for one, so we are nobody to it */
    struct dir_settings settings = settings_for(uris, false);
    struct fault fault;
    settings.bind = DIR_BIND_EXTERNAL;
    settings.tls.cert_file = tlsfiles_path(files, "client.pem");
    settings.tls.key_file = tlsfiles_path(files, "client.key");
    forgive_leaks(true);
    enum rc rc = outcome(&settings, &fault);
    forgive_leaks(false);
    assert_int_not_equal(rc, RC_OK);
    assert_says(&fault, "as our own account (SASL EXTERNAL)");
}

static void a_missing_client_certificate_is_named(void **state)
{
    (void)state;
    const char *const uris[] = {slapd_tls_uri(strict), NULL};
    const struct dir_settings settings = settings_for(uris, false);
    struct fault fault;
    assert_int_equal(outcome(&settings, &fault), RC_FAULT);
    assert_says(&fault, "client certificate");
    assert_says(&fault, "tls.cert_file");
}

/* Requests far over a TLS record and a socket's buffer, and answers of many records. */
static void bulk_goes_both_ways(void **state)
{
    (void)state;
    const char *const uris[] = {slapd_tls_uri(server), NULL};
    struct dir_settings settings = settings_for(uris, false);
    settings.bind_dn = SLAPD_ADMIN;
    settings.password = SLICE_LITERAL(SLAPD_PASSWORD);
    settings.timeout_s = 10;
    struct dir *d = open_well(&settings);
    static uint8_t text[100000];
    memset(text, 'x', sizeof text);
    const struct slice long_value = slice_make(text, sizeof text), class = SLICE_LITERAL("device");
    struct written written = {0};
    struct arena a = {0};
    struct dir_change *changes = ARENA_ARRAY(&a, BULK, struct dir_change);
    for (size_t i = 0; i < BULK; i++) {
        struct slice *cn = ARENA_ARRAY(&a, 1, struct slice);
        struct dir_mod *mods = ARENA_ARRAY(&a, 3, struct dir_mod);
        *cn = arena_format(&a, "bulk%zu", i);
        mods[0] = (struct dir_mod){DIR_MOD_ADD, "objectClass", &class, 1};
        mods[1] = (struct dir_mod){DIR_MOD_ADD, "cn", cn, 1};
        mods[2] = (struct dir_mod){DIR_MOD_ADD, "description", &long_value, 1};
        changes[i] = (struct dir_change){DIR_ADD, arena_format(&a, "cn=bulk%zu,%s", i, SLAPD_SUFFIX), mods, 3};
    }
    struct fault fault = {0};
    if (dir_apply(d, changes, BULK, count_written, &written, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    assert_int_equal(written.well, BULK);
    struct collected c = {0};
    assert_int_equal(collect(d, SLAPD_SUFFIX, DIR_ONE, "(cn=bulk*)", 0, NULL, &c, &fault), RC_OK);
    assert_int_equal(c.entries.count, BULK);
    for (size_t i = 0; i < BULK; i++)
        assert_true(c.entries.items[i].n > 2 * sizeof text);
    struct ldap_dir *l = (struct ldap_dir *)d;
    struct collected again = {0};
    assert_ptr_not_equal(l->ahead, l->wire);
    assert_int_equal(ldap_ahead_entries(l->ahead), BULK - 1); /* of what TLS decrypted; the first is libldap's */
    l->by_libldap = true;
    assert_int_equal(collect(d, SLAPD_SUFFIX, DIR_ONE, "(cn=bulk*)", 0, NULL, &again, &fault), RC_OK);
    assert_int_equal(again.entries.count, BULK);
    for (size_t i = 0; i < BULK; i++)
        assert_true(slice_eq(c.entries.items[i], again.entries.items[i]));
    collected_free(&again);
    collected_free(&c);
    arena_free(&a);
    dir_close(d);
}

/* What would weaken or break every handshake, if libldap read it. */
static const char hostile_rc[] = "TLS_REQCERT never\nTLS_REQSAN never\nTLS_CACERT /nowhere/ca.pem\n"
                                 "TLS_CERT /nowhere/cert.pem\nTLS_KEY /nowhere/key.pem\n";

static int child_outcome(bool trusted)
{
    static const char *const variables[] = {"LDAPTLS_REQCERT=never", "LDAPTLS_REQSAN=never",
                                            "LDAPTLS_CACERT=/nowhere/ca.pem", "LDAPTLS_CIPHER_SUITE=NONE",
                                            "LDAPTLS_PROTOCOL_MIN=3.9"};
    char home[600], cwd[600], self[512] = {0};
    const char *environment[8] = {home, cwd};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        environment[i + 2] = variables[i];
    snprintf(home, sizeof home, "HOME=%s", tlsfiles_path(files, "home"));
    snprintf(cwd, sizeof cwd, "TEST_CWD=%s", tlsfiles_path(files, "cwd"));
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    const char *const argv[] = {self, "open", slapd_tls_uri(server),
                                tlsfiles_path(files, trusted ? "ca.pem" : "stranger.pem"), NULL};
    struct command_result r = command_run(argv, environment, NULL, CHILD_S);
    if (r.status > RC_FAULT)
        fail_msg("%d: %s%s", r.status, r.output, r.errors);
    int status = r.status;
    command_free(&r);
    return status;
}

static void the_environment_has_no_influence(void **state)
{
    (void)state;
    assert_int_equal(mkdir(tlsfiles_path(files, "home"), 0700) | mkdir(tlsfiles_path(files, "cwd"), 0700), 0);
    tlsfiles_write(files, "home/.ldaprc", hostile_rc, 0600);
    tlsfiles_write(files, "home/ldaprc", hostile_rc, 0600);
    tlsfiles_write(files, "cwd/ldaprc", hostile_rc, 0600);
    assert_int_equal(child_outcome(false), RC_FAULT);
    assert_int_equal(child_outcome(true), RC_OK);
}

/* The child of the test above. */
static int open_as_told(const char *uri, const char *ca_file)
{
    const char *const uris[] = {uri, NULL};
    const struct dir_settings settings = {.uris = uris,
                                          .tls = {.ca_file = ca_file},
                                          .bind = DIR_BIND_SIMPLE,
                                          .bind_dn = READER,
                                          .password = SLICE_LITERAL("x"),
                                          .timeout_s = 5};
    struct dir *d = NULL;
    struct fault fault = {0};
    if (chdir(getenv("TEST_CWD")) != 0)
        return 100;
    enum rc rc = dir_open(&settings, &d, &fault);
    dir_close(d);
    return (int)rc;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "open") == 0)
        return open_as_told(argv[2], argv[3]);
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_to_tls_are_secure),
        cmocka_unit_test(what_is_secure_is_known),
        cmocka_unit_test(a_directory_of_authorities_is_trusted),
        cmocka_unit_test(an_untrusted_server_is_never_bound_to),
        cmocka_unit_test(a_client_certificate_is_an_identity),
        cmocka_unit_test(a_missing_client_certificate_is_named),
        cmocka_unit_test(bulk_goes_both_ways),
        cmocka_unit_test(the_environment_has_no_influence),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
