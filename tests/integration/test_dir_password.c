/* SPDX-License-Identifier: Apache-2.0 */
/* Where the password comes from: given, a credential of the service manager, a file; and which of them is refused. */
#include "support/command.h"
#include "support/dirtest.h"

#include <fcntl.h>
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

/* Wiped after use. */

enum { SECRET_MOST = 64, TAG_SIMPLE = 0x80 };
#define SECRET_MASK 0x5au

/* A password that this process has not seen: a program makes it, gives it to the server and writes it to a file. */
static void make_secret(const char *path)
{
    static const char script[] = "umask 077; p=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \\n'); echo \"$p\" >\"$2\"\n"
                                 "printf 'dn: cn=once,%s\\nobjectClass: person\\ncn: once\\nsn: once\\n"
                                 "userPassword: %s\\n' \"$3\" \"$p\" | ldapadd -x -H \"$1\" -D \"$4\" -w \"$5\"";
    const char *const argv[] = {"sh", "-c",         script,      "sh",           slapd_ldapi_uri(server),
                                path, SLAPD_SUFFIX, SLAPD_ADMIN, SLAPD_PASSWORD, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 20);
    if (r.status != 0)
        fail_msg("%s", r.errors);
    command_free(&r);
}

/* Octet by octet, and never as it is: what looks for it must not be found. */
static size_t read_masked(const char *path, volatile uint8_t *masked)
{
    size_t n = 0;
    uint8_t octet = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    while (n < SECRET_MOST && read(fd, &octet, 1) == 1 && octet != '\n')
        masked[n++] = octet ^ SECRET_MASK;
    close(fd);
    return n;
}

static size_t count_in(const uint8_t *p, size_t size, const volatile uint8_t *masked, size_t n)
{
    size_t found = 0;
    for (size_t i = 0; i + n <= size; i++) {
        size_t k = 0;
        while (k < n && (p[i + k] ^ SECRET_MASK) == masked[k])
            k++;
        /* libldap frees the message of the bind, where this stands, and does not wipe it: that one is not ours. */
        bool in_message = i >= 2 && p[i - 2] == TAG_SIMPLE && p[i - 1] == n;
        found += k == n && !in_message;
    }
    return found;
}

/* In what this process can write to, by /proc; each place is told. */
static size_t count_in_memory(const volatile uint8_t *masked, size_t n)
{
    enum { CHUNK = 1 << 16, SANITIZERS_LEAST = 1 << 28 }; /* what they know of memory takes terabytes */
    static uint8_t chunk[CHUNK];                          /* it holds what was read last, which is not counted */
    size_t found = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    char line[512];
    assert_true(maps && mem >= 0);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char mode[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || strncmp(mode, "rw", 2) != 0)
            continue;
        if (to - from > SANITIZERS_LEAST)
            continue;
        for (unsigned long at = from; at < to; at += CHUNK - SECRET_MOST) {
            unsigned long own = (unsigned long)(uintptr_t)chunk;
            ssize_t got = pread(mem, chunk, to - at < CHUNK ? to - at : CHUNK, (off_t)at);
            if (got <= 0)
                break; /* kept for later, or nobody may look at it */
            size_t here = at + CHUNK > own && at < own + CHUNK ? 0 : count_in(chunk, (size_t)got, masked, n);
            if (here)
                print_message("the password is at %lx+%zu of %s", at, (size_t)got, line);
            found += here;
        }
    }
    fclose(maps);
    close(mem);
    explicit_bzero(chunk, sizeof chunk);
    return found;
}

static void nothing_is_left_of_it_in_memory(void **state)
{
    (void)state;
    char path[600];
    volatile uint8_t masked[SECRET_MOST];
    snprintf(path, sizeof path, "%s/once", folder);
    make_secret(path);
    size_t n = read_masked(path, masked);
    assert_int_equal(n, 32);
    assert_int_equal(count_in_memory(masked, n), 0);
    const char *const uris[] = {slapd_ldapi_uri(server), NULL};
    const struct dir_settings settings = {.uris = uris,
                                          .bind = DIR_BIND_SIMPLE,
                                          .bind_dn = "cn=once," SLAPD_SUFFIX,
                                          .password_file = path,
                                          .timeout_s = 5};
    struct dir *d = NULL;
    struct fault fault = {0};
    if (dir_open(&settings, &d, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    assert_int_equal(count_in_memory(masked, n), 0);
    dir_close(d);
    assert_int_equal(count_in_memory(masked, n), 0);
    uint8_t *copy = malloc(n); /* and it would be found */
    assert_non_null(copy);
    for (size_t i = 0; i < n; i++)
        ((volatile uint8_t *)copy)[i] = masked[i] ^ SECRET_MASK;
    assert_int_equal(count_in_memory(masked, n), 1);
    explicit_bzero(copy, n);
    free(copy);
}

int main(void)
{
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_source_has_its_outcome),
                                       cmocka_unit_test(nothing_is_left_of_it_in_memory)};
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
