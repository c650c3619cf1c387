/* SPDX-License-Identifier: Apache-2.0 */
/* TLS that must not come about: wrong certificates, silent and foreign servers, files that can't be used. */
#include "support/dirtest.h"
#include "support/leaks.h"
#include "support/tlsfiles.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define READER "cn=reader," SLAPD_SUFFIX

static struct tlsfiles *files;

static int make_files(void **state)
{
    (void)state;
    files = tlsfiles_new();
    tlsfiles_authority(files, "ca");
    tlsfiles_issue(files, "ca", "good", "IP:127.0.0.1", 30);
    tlsfiles_issue(files, "ca", "other", "IP:127.0.0.2,DNS:ldap.example.com", 30);
    tlsfiles_issue(files, "ca", "127.0.0.1", NULL, 30); /* the host is its Common Name only */
    tlsfiles_issue(files, "ca", "expired", "IP:127.0.0.1", -1);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    tlsfiles_free(files);
    return 0;
}

static struct dir_settings settings_for(const char *const *uris, bool start_tls)
{
    return (struct dir_settings){.uris = uris,
                                 .tls = {.start_tls = start_tls, .ca_file = tlsfiles_path(files, "ca.pem")},
                                 .bind = DIR_BIND_SIMPLE,
                                 .bind_dn = READER,
                                 .password = SLICE_LITERAL("x"),
                                 .allow_plaintext = true,
                                 .timeout_s = 1};
}

static enum rc outcome(const struct dir_settings *settings, struct fault *fault)
{
    struct dir *d = NULL;
    *fault = (struct fault){0};
    enum rc rc = dir_open(settings, &d, fault);
    assert_int_equal(rc == RC_OK, d != NULL);
    dir_close(d);
    return rc;
}

static void assert_says(const char *name, const struct fault *fault, const char *part)
{
    if (!strstr(fault->text, part))
        fail_msg("%s: the fault does not say \"%s\": %s", name, part, fault->text);
}

static void certificates_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *cert, *key, *says, *also;
    } rows[] = {
        {"good.pem", "good.key", NULL, NULL},
        {"expired.pem", "expired.key", "expired on 2", "renew it"},
        {"other.pem", "other.key", "is not made out to \"127.0.0.1\"", "directory.uri"},
        {"127.0.0.1.pem", "127.0.0.1.key", "is not made out to \"127.0.0.1\"", "a Common Name alone does not count"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct slapd_tls tls = {.ca_file = tlsfiles_path(files, "ca.pem"),
                                      .cert_file = tlsfiles_path(files, rows[i].cert),
                                      .key_file = tlsfiles_path(files, rows[i].key)};
        struct slapd *s = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN, .tcp = true, .tls = &tls});
        assert_non_null(s);
        const char *const ldaps[] = {slapd_tls_uri(s), NULL}, *const ldap[] = {slapd_tcp_uri(s), NULL};
        for (int start_tls = 0; start_tls < 2; start_tls++) {
            struct fault fault;
            struct dir_settings settings = settings_for(start_tls ? ldap : ldaps, start_tls);
            settings.bind_dn = SLAPD_ADMIN;
            settings.password = SLICE_LITERAL(SLAPD_PASSWORD);
            settings.timeout_s = 5;
            assert_int_equal(outcome(&settings, &fault), rows[i].says ? RC_FAULT : RC_OK);
            if (rows[i].says) {
                assert_says(rows[i].cert, &fault, rows[i].says);
                assert_says(rows[i].cert, &fault, rows[i].also);
            }
        }
        char *log = slapd_log(s);
        if (rows[i].says)
            assert_null(strstr(strstr(log, "slapd starting"), "BIND dn=\"" SLAPD_ADMIN "\" method=128 ssf=256"));
        free(log);
        slapd_stop(s);
    }
}

static void a_server_without_tls_is_left_alone(void **state)
{
    (void)state;
    struct slapd *s = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN, .tcp = true});
    assert_non_null(s);
    char as_ldaps[80];
    snprintf(as_ldaps, sizeof as_ldaps, "ldaps://%s", slapd_tcp_uri(s) + strlen("ldap://"));
    const char *const ldap[] = {slapd_tcp_uri(s), NULL}, *const ldaps[] = {as_ldaps, NULL};
    struct fault fault;
    struct dir_settings settings = settings_for(ldap, true);
    assert_int_equal(outcome(&settings, &fault), RC_FAULT); /* although allow_plaintext is set */
    assert_says("StartTLS", &fault, "the server refuses StartTLS");
    settings = settings_for(ldaps, false);
    assert_int_equal(outcome(&settings, &fault), RC_FAULT);
    assert_says("ldaps to a plain port", &fault, "does the server speak TLS");
    char *log = slapd_log(s);
    assert_null(strstr(log, "BIND dn=\"" READER));
    free(log);
    slapd_stop(s);
}

/* A listener of ours; the kernel takes connections to it although nobody accepts them. */
static int listen_somewhere(char uri[64], const char *scheme)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (const struct sockaddr *)&a, n) == 0 && listen(fd, 8) == 0 &&
                getsockname(fd, (struct sockaddr *)&a, &n) == 0);
    snprintf(uri, 64, "%s://127.0.0.1:%u", scheme, (unsigned)ntohs(a.sin_port));
    return fd;
}

static double processor_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Opening ends when the time is up, and has slept meanwhile. */
static void assert_bounded(const char *name, const struct dir_settings *settings, const char *says)
{
    struct fault fault;
    double begin = seconds_now(), busy = processor_seconds();
    assert_int_equal(outcome(settings, &fault), RC_FAULT);
    double took = seconds_now() - begin;
    assert_says(name, &fault, says);
    if (took < 0.9 || took > 3 || processor_seconds() - busy > 0.7 * took)
        fail_msg("%s: took %.1f s, %.1f of them busy", name, took, processor_seconds() - busy);
}

static void a_silent_handshake_ends_in_time(void **state)
{
    (void)state;
    char uri[64];
    int fd = listen_somewhere(uri, "ldaps");
    const char *const uris[] = {uri, NULL};
    const struct dir_settings settings = settings_for(uris, false);
    assert_bounded("silent", &settings, "the TLS handshake was not finished within 1 s");
    close(fd);
}

/* Accepts one connection after the other in a process of its own, and plays the script on it. */
static pid_t play(int listener, void (*script)(int fd))
{
    pid_t parent = getpid(), child = fork();
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            _exit(1);
        script(fd);
        close(fd);
    }
}

static void stop(pid_t child, int listener)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(listener);
}

static void rest_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* The header of a handshake record of 16,000 octets, and then those, slowly. */
static void drip(int fd)
{
    static const uint8_t header[] = {0x16, 3, 3, 0x3e, 0x80, 2, 0, 0x3e, 0x7c, 3, 3};
    if (send(fd, header, sizeof header, MSG_NOSIGNAL) < 0)
        return;
    while (send(fd, "", 1, MSG_NOSIGNAL) == 1)
        rest_ms(20);
}

/* Grants StartTLS, and says no more. */
static void grant(int fd)
{
    char request[256];
    static const uint8_t granted[] = {0x30, 0x0c, 2, 1, 1, 0x78, 7, 0x0a, 1, 0, 4, 0, 4, 0};
    if (read(fd, request, sizeof request) <= 0 || send(fd, granted, sizeof granted, MSG_NOSIGNAL) < 0)
        return;
    while (read(fd, request, sizeof request) > 0)
        ;
}

/* Does not answer StartTLS. */
static void ignore(int fd)
{
    char request[256];
    while (read(fd, request, sizeof request) > 0)
        ;
}

static void chat(int fd)
{
    char request[512];
    static const char hello[] = "220 mail.example.com ESMTP\r\n";
    if (send(fd, hello, sizeof hello - 1, MSG_NOSIGNAL) > 0 && read(fd, request, sizeof request) > 0)
        rest_ms(100);
}

static void hostile_handshakes_end_in_time(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*script)(int fd);
        bool start_tls;
        const char *says;
    } rows[] = {
        {"dripping", drip, false, "the TLS handshake was not finished within 1 s"},
        {"silent after StartTLS", grant, true, "the TLS handshake was not finished within 1 s"},
        {"silent about StartTLS", ignore, true, "StartTLS was not answered: no answer for 1 s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char uri[64];
        int fd = listen_somewhere(uri, rows[i].start_tls ? "ldap" : "ldaps");
        const char *const uris[] = {uri, NULL};
        const struct dir_settings settings = settings_for(uris, rows[i].start_tls);
        pid_t child = play(fd, rows[i].script);
        assert_bounded(rows[i].name, &settings, rows[i].says);
        stop(child, fd);
    }
}

static void another_protocol_is_told(void **state)
{
    (void)state;
    char uri[64];
    int fd = listen_somewhere(uri, "ldaps");
    const char *const uris[] = {uri, NULL};
    const struct dir_settings settings = settings_for(uris, false);
    struct fault fault;
    pid_t child = play(fd, chat);
    assert_int_equal(outcome(&settings, &fault), RC_FAULT);
    stop(child, fd);
    assert_says("SMTP", &fault, "does the server speak TLS 1.2 or later on this port");
}

/* `openssl s_server` that speaks this version only. */
static pid_t serve(const char *port, const char *version)
{
    const char *cert = tlsfiles_path(files, "good.pem"), *key = tlsfiles_path(files, "good.key");
    pid_t parent = getpid(), child = fork();
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || !freopen("/dev/null", "r", stdin) || !freopen("/dev/null", "w", stdout) ||
        !freopen("/dev/null", "w", stderr))
        _exit(1);
    setenv("OPENSSL_CONF", "/dev/null", 1);
    execlp("openssl", "openssl", "s_server", "-accept", port, "-cert", cert, "-key", key, version, "-cipher",
           "ALL:@SECLEVEL=0", "-quiet", (char *)NULL);
    _exit(1);
}

static bool is_up(const char *port)
{
    const struct sockaddr_in a = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    bool up = false;
    for (int i = 0; i < 250 && !up; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        up = connect(fd, (const struct sockaddr *)&a, sizeof a) == 0;
        close(fd);
        if (!up)
            rest_ms(20);
    }
    return up;
}

static void old_versions_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *version, *says;
    } rows[] = {
        {"-tls1_1", "the server speaks TLS1.1; have it speak TLS 1.2"},
        {"-tls1_2", "the bind was not answered"}, /* TLS came about; it is no LDAP server */
        {"-tls1_3", "the bind was not answered"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char uri[64];
        close(listen_somewhere(uri, "ldaps"));
        const char *const uris[] = {uri, NULL};
        const char *port = strrchr(uri, ':') + 1;
        pid_t child = serve(port, rows[i].version);
        struct fault fault;
        const struct dir_settings settings = settings_for(uris, false);
        assert_true(is_up(port));
        enum rc rc = outcome(&settings, &fault);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        assert_int_equal(rc, RC_FAULT);
        assert_says(rows[i].version, &fault, rows[i].says);
    }
}

/* Nobody listens at the URI: the files are looked at before. */
static void files_that_cannot_be_used_are_named(void **state)
{
    (void)state;
    static const char *const uris[] = {"ldaps://127.0.0.1:1", NULL};
    const char *ca = tlsfiles_path(files, "ca.pem"), *cert = tlsfiles_path(files, "good.pem"),
               *key = tlsfiles_path(files, "good.key"), *nothing = tlsfiles_path(files, "nothing"),
               *text = tlsfiles_write(files, "text", "no PEM\n", 0600), *open = tlsfiles_path(files, "open.key");
    const struct {
        struct dir_tls tls;
        const char *says, *also;
    } rows[] = {
        {{.ca_file = nothing}, "directory.tls.ca_file", "No such file"},
        {{.ca_file = text}, "directory.tls.ca_file", "PEM"},
        {{.ca_file = key}, "directory.tls.ca_file", "-----BEGIN CERTIFICATE-----"},
        {{.ca_directory = nothing}, "directory.tls.ca_directory", "No such file"},
        {{.ca_directory = ca}, "directory.tls.ca_directory", "Not a directory"},
        {{.ca_file = ca, .cert_file = nothing, .key_file = key}, "directory.tls.cert_file", "No such file"},
        {{.ca_file = ca, .cert_file = cert, .key_file = nothing}, "directory.tls.key_file", "No such file"},
        {{.ca_file = ca, .cert_file = cert, .key_file = text}, "directory.tls.key_file", "PEM"},
        {{.ca_file = ca, .cert_file = cert, .key_file = open}, "directory.tls.key_file", "mode 0640"},
        {{.ca_file = ca, .cert_file = cert}, "come together", "key_file"},
    };
    tlsfiles_write(files, "open.key", "-----BEGIN PRIVATE KEY-----\n", 0640);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fault fault;
        struct dir_settings settings = settings_for(uris, false);
        settings.tls = rows[i].tls;
        assert_int_equal(outcome(&settings, &fault), RC_INVALID);
        assert_says(rows[i].also, &fault, rows[i].says);
        assert_says(rows[i].says, &fault, rows[i].also);
    }
}

static void a_key_of_another_certificate_is_refused(void **state)
{
    (void)state;
    char uri[64];
    int fd = listen_somewhere(uri, "ldaps");
    const char *const uris[] = {uri, NULL};
    struct dir_settings settings = settings_for(uris, false);
    struct fault fault;
    settings.tls.cert_file = tlsfiles_path(files, "good.pem");
    settings.tls.key_file = tlsfiles_path(files, "other.key");
    /* libldap 2.5 over GnuTLS never frees a client's certificate and key. */
    forgive_leaks(true);
    enum rc rc = outcome(&settings, &fault);
    forgive_leaks(false);
    assert_int_equal(rc, RC_INVALID);
    assert_says("foreign key", &fault, "the key must be the one of the certificate");
    close(fd);
}

int main(void)
{
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_that_do_not_fit_are_refused),
        cmocka_unit_test(a_server_without_tls_is_left_alone),
        cmocka_unit_test(a_silent_handshake_ends_in_time),
        cmocka_unit_test(hostile_handshakes_end_in_time),
        cmocka_unit_test(another_protocol_is_told),
        cmocka_unit_test(old_versions_are_refused),
        cmocka_unit_test(files_that_cannot_be_used_are_named),
        cmocka_unit_test(a_key_of_another_certificate_is_refused),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
