/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What years bring, in one life: one daemon process, and two servers that are copies of each other by replication,
 * the first behind ldaps, the second behind StartTLS.  Servers restart and fail over, certificates, authority and
 * password change, the log's disk is full, its file is renamed; at the end the process is killed, and the one that
 * stood by goes on.  Requests that were written once never change in all of it.
 */
#include "support/daemon.h"
#include "support/tlsfiles.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WHOLE_PASS   WORDS("event=pass", "policy=-", "result=complete")
#define NEW_PASSWORD "another one, years later"

enum { SLICE_MS = 20, KNOWN_MAX = 8, TORN_AFTER = 20 };

struct life {
    struct program *p;
    struct slapd *first, *second;
    struct tlsfiles *files;
    struct daemon_process daemon;
    struct program_conf conf;
    const char *log; /* the daemon's own, a file */
    const char *first_uri, *second_uri;
    const char *known_cn[KNOWN_MAX], *known[KNOWN_MAX]; /* subjects, and their settled requests as they were */
    size_t known_count;
};

static const char *format_one(struct life *l, const char *format, const char *word)
{
    const char *at = strstr(format, "%s");
    assert_non_null(at);
    return (const char *)arena_format(&l->p->arena, "%.*s%s%s", (int)(at - format), format, word, at + 2).p;
}

/* Two servers with the same content. */

static struct slapd_tls tls_of(struct tlsfiles *files)
{
    return (struct slapd_tls){.ca_file = tlsfiles_path(files, "ca.pem"),
                              .cert_file = tlsfiles_path(files, "server.pem"),
                              .key_file = tlsfiles_path(files, "server.key")};
}

/* A new authority, and by it what both servers present from their next start on. */
static void issue(struct tlsfiles *files, const char *authority)
{
    tlsfiles_authority(files, authority);
    tlsfiles_issue(files, authority, "server", "IP:127.0.0.1", 30);
}

static void run(const char *const argv[])
{
    struct command_result r = command_run(argv, NULL, NULL, DAEMON_LIMIT_S);
    if (r.status)
        fail_msg("%s ended with %d: %s%s", argv[0], r.status, r.output, r.errors);
    command_free(&r);
}

static void trust(struct life *l, const char *authority)
{
    run((const char *const[]){"cp", tlsfiles_path(l->files, authority), tlsfiles_path(l->files, "trusted.pem"), NULL});
}

static void follow(const struct slapd *s, const struct slapd *provider)
{
    char path[512];
    snprintf(path, sizeof path, "%s/slapd.conf", slapd_folder(s));
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    fprintf(f,
            "\noverlay syncprov\nsyncrepl rid=1 provider=\"%s\" type=refreshAndPersist retry=\"1 +\" "
            "searchbase=\"" SLAPD_SUFFIX "\" bindmethod=simple binddn=\"" SLAPD_ADMIN "\" "
            "credentials=" SLAPD_PASSWORD "\nmultiprovider on\n",
            slapd_ldapi_uri(provider));
    assert_int_equal(fclose(f), 0);
}

static void join(struct life *l)
{
    slapd_kill(l->first);
    slapd_kill(l->second);
    const char *from = format_one(l, "%s/data/data.mdb", slapd_folder(l->first));
    const char *to = format_one(l, "%s/data/data.mdb", slapd_folder(l->second));
    run((const char *const[]){"cp", from, to, NULL});
    follow(l->first, l->second);
    follow(l->second, l->first);
    assert_true(slapd_restart(l->first) && slapd_restart(l->second));
}

static void configure(struct life *l)
{
    program_configure(l->p, &l->conf);
}

static void choose_configuration(struct life *l)
{
    struct arena *a = &l->p->arena;
    const char *first = slapd_tls_uri(l->first), *second = slapd_tcp_uri(l->second);
    l->first_uri = format_one(l, "uri=%s", first);
    l->second_uri = format_one(l, "uri=%s", second);
    l->log = format_one(l, "%s/own.log", slapd_folder(l->first));
    l->conf = (struct program_conf){
        .uri = (const char *)arena_format(a, "%s\", \"%s", first, second).p,
        .tls = format_one(l, "start_tls: required, ca_file: \"%s\"", tlsfiles_path(l->files, "trusted.pem")),
        .interval_s = 1,
        .timeout_s = 5,
        .level = "debug",
        .log_to = l->log,
        .more = "heartbeat_s: 2\n"};
    configure(l);
}

static int enter(void **state)
{
    struct life *l = calloc(1, sizeof *l);
    void *program = NULL;
    if (!l)
        abort();
    *state = l;
    l->files = tlsfiles_new();
    issue(l->files, "ca");
    trust(l, "ca.pem");
    const struct slapd_tls tls = tls_of(l->files);
    struct slapd_options options = {.tcp = true, .tls = &tls, .accesslog = true, .global = "serverID 1\n"};
    int failed = program_enter_on(&program, &options);
    l->p = program;
    if (failed)
        return failed;
    l->first = l->p->server;
    options.global = "serverID 2\n";
    options.database = format_one(l, "include \"%s/conf/slapd-acl.conf\"", SOURCE_DIR);
    l->second = slapd_start(&options);
    if (!l->second)
        return -1;
    program_add_policy(l->p, "servers", ENFORCE VERSION_REISSUE);
    program_add_server(l->p, "fine", "fine.example.com", program_good(l->p, "fine.example.com"));
    join(l);
    choose_configuration(l);
    return 0;
}

static int leave(void **state)
{
    struct life *l = *state;
    void *program = l->p;
    daemon_kill(&l->daemon);
    slapd_stop(l->second);
    l->p->server = l->first;
    program_leave(&program);
    tlsfiles_free(l->files);
    free(l);
    return 0;
}

/* What is looked at. */

/* Two passes that end from now on, so that one of them began from now on; without a wait for the interval. */
static void pass_on(struct daemon_process *d)
{
    struct stat st;
    assert_int_equal(stat(d->log, &st), 0);
    d->read = (size_t)st.st_size;
    for (int i = 0; i < 2; i++) {
        daemon_signal(d, SIGUSR1);
        daemon_wait(d, WHOLE_PASS);
    }
}

static const char *requests(struct life *l, const struct slapd *s, const char *cn)
{
    int rc = 0;
    const char *filter = format_one(l, "(dircertSubjectDN=cn=%s," SERVERS ")", cn);
    char *found = slapd_search(s, NULL, REQUESTS, "one", filter, "dircertState entryUUID entryCSN", &rc);
    assert_int_equal(rc, 0);
    const char *copy = (const char *)arena_copy(&l->p->arena, slice_of(found)).p;
    free(found);
    return copy;
}

static void add_bad(struct life *l, const char *cn)
{
    const char *host = format_one(l, "%s.example.com", cn);
    program_add_server(l->p, cn, host, program_version_1(l->p, host));
}

/* Waits for the request about that subject on the server that is asked now. */
static void await_pending(struct life *l, const char *cn)
{
    for (unsigned i = 0; i < DAEMON_LIMIT_S * 1000 / SLICE_MS; i++) {
        if (strstr(requests(l, l->p->server, cn), "dircertState: pending\n"))
            return;
        daemon_rest(SLICE_MS);
    }
    fail_msg("there is no pending request about %s:\n%s", cn, requests(l, l->p->server, cn));
}

static void remember(struct life *l, const char *cn)
{
    assert_true(l->known_count < KNOWN_MAX);
    l->known_cn[l->known_count] = cn;
    l->known[l->known_count++] = requests(l, l->p->server, cn);
}

/* Each subject has its one request, with the entryUUID, entryCSN and state that it had when it had settled. */
static void nothing_changed(struct life *l)
{
    assert_int_equal(program_count_requests(l->p, "(objectClass=dircertRequest)"), l->known_count);
    for (size_t i = 0; i < l->known_count; i++)
        assert_string_equal(requests(l, l->p->server, l->known_cn[i]), l->known[i]);
}

static void await_copies(struct life *l)
{
    const char *differs = "";
    for (unsigned i = 0; differs && i < DAEMON_LIMIT_S * 1000 / SLICE_MS; i++) {
        differs = NULL;
        for (size_t k = 0; !differs && k < l->known_count; k++)
            if (strcmp(requests(l, l->first, l->known_cn[k]), requests(l, l->second, l->known_cn[k])) != 0)
                differs = l->known_cn[k];
        if (differs)
            daemon_rest(SLICE_MS);
    }
    if (differs)
        fail_msg("the servers don't agree about %s", differs);
}

/* Still the process that was started, it passes, and it wrote nothing. */
static void still_lives(struct life *l)
{
    assert_int_equal(waitpid(l->daemon.pid, NULL, WNOHANG), 0);
    pass_on(&l->daemon);
    nothing_changed(l);
}

static void reload(struct life *l)
{
    daemon_signal(&l->daemon, SIGHUP);
    daemon_wait(&l->daemon, WORDS("event=reload", "result=taken"));
}

static void stop_both(struct life *l)
{
    slapd_kill(l->second);
    slapd_kill(l->first);
}

static void start_both(struct life *l)
{
    assert_true(slapd_restart(l->first) && slapd_restart(l->second));
}

/* The years. */

static void it_begins(struct life *l)
{
    add_bad(l, "a");
    l->daemon = daemon_start(l->p, NULL);
    l->daemon.log = l->log;
    daemon_wait(&l->daemon, WORDS("event=connected", l->first_uri, "secure=yes"));
    await_pending(l, "a");
    pass_on(&l->daemon);
    remember(l, "a");
    still_lives(l);
}

static void servers_restart(struct life *l)
{
    stop_both(l);
    daemon_wait(&l->daemon, WORDS("event=disconnected"));
    assert_true(slapd_restart(l->first));
    daemon_wait(&l->daemon, WORDS("event=connected", l->first_uri));
    still_lives(l);
    assert_true(slapd_restart(l->second));
    await_copies(l);
}

/* What is written on the second is there when the daemon is back on the first: it rests while replication carries it.
 */
static void it_fails_over_and_returns(struct life *l)
{
    slapd_kill(l->first);
    l->p->server = l->second;
    daemon_wait(&l->daemon, WORDS("event=connected", l->second_uri, "secure=yes"));
    add_bad(l, "b");
    await_pending(l, "b");
    pass_on(&l->daemon);
    remember(l, "b");
    still_lives(l);
    daemon_signal(&l->daemon, SIGSTOP);
    assert_true(slapd_restart(l->first));
    await_copies(l);
    daemon_signal(&l->daemon, SIGCONT);
    l->p->server = l->first;
    daemon_wait(&l->daemon, WORDS("event=connected", l->first_uri, "secure=yes"));
    still_lives(l);
}

/* Why it can't connect is told although it was away already: then for another reason. */
static void certificates_change(struct life *l)
{
    issue(l->files, "successor");
    stop_both(l);
    daemon_wait(&l->daemon, WORDS("event=disconnected", l->first_uri + strlen("uri="), l->second_uri + strlen("uri=")));
    start_both(l);
    daemon_wait(&l->daemon,
                WORDS("event=disconnected", "vouches for the server's certificate (issuer \\\"successor\\\")",
                      "trusted.pem", "directory.tls.ca_file"));
    trust(l, "successor.pem");
    reload(l);
    daemon_wait(&l->daemon, WORDS("event=connected", l->first_uri, "secure=yes"));
    still_lives(l);
}

/* Else the daemon gets on with the old one at the server that comes back first. */
static void await_password(const struct slapd *s, const char *password)
{
    char *found = NULL;
    for (unsigned i = 0; i < DAEMON_LIMIT_S * 1000 / SLICE_MS && !(found && *found); i++) {
        char filter[128];
        int rc = 0;
        free(found);
        snprintf(filter, sizeof filter, "(userPassword=%s)", password);
        found = slapd_search(s, NULL, DAEMON, "base", filter, "cn", &rc);
        assert_int_equal(rc, 0);
        daemon_rest(SLICE_MS);
    }
    assert_true(found && *found);
    free(found);
}

static void the_password_changes(struct life *l)
{
    program_change(l->p, "dn: " DAEMON "\nchangetype: modify\nreplace: userPassword\nuserPassword: " NEW_PASSWORD "\n");
    await_password(l->second, NEW_PASSWORD);
    still_lives(l); /* connections outlive the password that they were made with */
    stop_both(l);
    start_both(l);
    daemon_wait(&l->daemon, WORDS("event=disconnected", "password"));
    l->conf.password = NEW_PASSWORD;
    configure(l);
    reload(l);
    daemon_wait(&l->daemon, WORDS("event=connected", l->first_uri, "secure=yes"));
    still_lives(l);
}

static void limit_files(const struct life *l, rlim_t octets)
{
    const struct rlimit limit = {.rlim_cur = octets, .rlim_max = RLIM_INFINITY};
    assert_int_equal(prlimit(l->daemon.pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

/* No line stands behind another one that was cut off. */
static void lines_are_whole(const struct life *l)
{
    const char *const argv[] = {"grep", "^time=.*time=", l->log, NULL};
    struct command_result r = command_run(argv, NULL, NULL, DAEMON_LIMIT_S);
    if (r.status != 1)
        fail_msg("two lines in one: %s%s", r.output, r.errors);
    command_free(&r);
}

static void the_log_disk_is_full(struct life *l)
{
    struct stat full, later;
    assert_int_equal(stat(l->log, &full), 0);
    limit_files(l, (rlim_t)full.st_size + TORN_AFTER);
    add_bad(l, "c");
    await_pending(l, "c");
    daemon_rest(1500); /* a further pass, of which nobody is told */
    assert_int_equal(stat(l->log, &later), 0);
    assert_true(later.st_size <= full.st_size + TORN_AFTER);
    remember(l, "c");
    limit_files(l, RLIM_INFINITY);
    daemon_wait(&l->daemon, WORDS("event=log-lost", "lines=", "since="));
    assert_int_equal(daemon_lines(&l->daemon, WORDS("event=log-lost", "lines=0")), 0);
    still_lives(l);
    lines_are_whole(l);
}

static void the_log_is_renamed(struct life *l)
{
    struct stat before, after;
    const char *old = format_one(l, "%s.1", l->log);
    assert_int_equal(rename(l->log, old), 0);
    daemon_signal(&l->daemon, SIGHUP);
    l->daemon.read = 0;
    daemon_wait(&l->daemon, WORDS("event=reload", "result=taken"));
    assert_int_equal(stat(old, &before), 0);
    still_lives(l);
    assert_int_equal(stat(old, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
}

/* The lease lasts longer than anything is waited for here: it is taken because its holder is dead. */
static void another_takes_over(struct life *l)
{
    struct daemon_process two;
    l->conf.log_to = format_one(l, "%s/two.log", slapd_folder(l->first));
    configure(l);
    two = daemon_start(l->p, NULL);
    two.log = l->conf.log_to;
    daemon_wait(&two, WORDS("event=lease", "state=standby"));
    still_lives(l);
    assert_int_equal(daemon_lines(&two, WORDS("event=pass")), 0);
    daemon_kill(&l->daemon);
    l->daemon = two;
    daemon_wait(&l->daemon, WORDS("event=lease", "state=held"));
    still_lives(l);
    add_bad(l, "d");
    await_pending(l, "d");
    pass_on(&l->daemon);
    remember(l, "d");
    still_lives(l);
    await_copies(l);
    daemon_stop(&l->daemon);
    nothing_changed(l);
}

static void one_daemon_lives_through_it_all(void **state)
{
    struct life *l = *state;
    it_begins(l);
    servers_restart(l);
    it_fails_over_and_returns(l);
    certificates_change(l);
    the_password_changes(l);
    the_log_disk_is_full(l);
    the_log_is_renamed(l);
    another_takes_over(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_daemon_lives_through_it_all, enter, leave),
    };
    return slapd_available() ? cmocka_run_group_tests_name("daemon_years", tests, NULL, NULL) : 77;
}
