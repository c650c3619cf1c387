/* SPDX-License-Identifier: Apache-2.0 */
/* Where the password comes from: given, a credential of the service manager, a file; and which of them is refused. */
#include "support/dirtest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct slapd *server;
static char folder[512];

static void write_credential(const char *name, const char *text, mode_t mode)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static int start_server(void **state)
{
    (void)state;
    server = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN});
    if (!server)
        return -1;
    snprintf(folder, sizeof folder, "%s/credentials", slapd_folder(server));
    if (mkdir(folder, 0700) != 0)
        return -1;
    write_credential("right", SLAPD_PASSWORD "\n", 0400);
    write_credential("masked", SLAPD_PASSWORD, 0440);
    write_credential("open", SLAPD_PASSWORD "\n", 0444);
    write_credential("empty", "\n", 0400);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    unsetenv("CREDENTIALS_DIRECTORY");
    slapd_stop(server);
    return 0;
}

static void each_source_has_its_outcome(void **state)
{
    (void)state;
    char long_password[1100];
    memset(long_password, 'x', sizeof long_password);
    const char *good = password_file(slapd_folder(server), SLAPD_PASSWORD "\n");
    const struct {
        const char *name;
        struct slice password;
        const char *credential, *file;
        bool has_folder;
        enum rc rc;
        const char *says;
    } rows[] = {
        {"given", SLICE_LITERAL(SLAPD_PASSWORD), NULL, NULL, false, RC_OK, NULL},
        {"given before all", SLICE_LITERAL("guess"), "right", good, true, RC_DENIED, "(49)"},
        {"given, too long", slice_make(long_password, sizeof long_password), NULL, NULL, false, RC_INVALID, "1023"},
        {"credential", {NULL, 0}, "right", NULL, true, RC_OK, NULL},
        {"credential before file", {NULL, 0}, "right", "/nowhere", true, RC_OK, NULL},
        {"credential behind a mask", {NULL, 0}, "masked", NULL, true, RC_OK, NULL},
        {"credential open to others", {NULL, 0}, "open", good, true, RC_INVALID, "mode 0444"},
        {"credential missing", {NULL, 0}, "missing", good, true, RC_INVALID, "LoadCredential=missing"},
        {"credential empty", {NULL, 0}, "empty", good, true, RC_INVALID, "its first line is empty"},
        {"credential elsewhere", {NULL, 0}, "../password", good, true, RC_INVALID, "not a file's name"},
        {"credential upwards", {NULL, 0}, "..", good, true, RC_INVALID, "not a file's name"},
        {"no service, file", {NULL, 0}, "right", good, false, RC_OK, NULL},
        {"no service, no file", {NULL, 0}, "right", NULL, false, RC_INVALID, "$CREDENTIALS_DIRECTORY is not set"},
        {"nothing named", {NULL, 0}, NULL, NULL, true, RC_INVALID, "bind.password_file or bind.password_credential"},
        {"file", {NULL, 0}, NULL, good, true, RC_OK, NULL},
    };
    const char *const uris[] = {slapd_ldapi_uri(server), NULL};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct dir_settings settings = {.uris = uris,
                                              .bind = DIR_BIND_SIMPLE,
                                              .bind_dn = SLAPD_ADMIN,
                                              .password = rows[i].password,
                                              .password_credential = rows[i].credential,
                                              .password_file = rows[i].file,
                                              .timeout_s = 5};
        struct dir *d = NULL;
        struct fault fault = {0};
        if (rows[i].has_folder)
            setenv("CREDENTIALS_DIRECTORY", folder, 1);
        else
            unsetenv("CREDENTIALS_DIRECTORY");
        enum rc rc = dir_open(&settings, &d, &fault);
        dir_close(d);
        if (rc != rows[i].rc || (rows[i].says && !strstr(fault.text, rows[i].says)))
            fail_msg("%s: %d: %s", rows[i].name, rc, fault.text);
        assert_null(strstr(fault.text, SLAPD_PASSWORD));
    }
}

int main(void)
{
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_source_has_its_outcome)};
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
