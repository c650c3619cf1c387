/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon takes from itself: tried one by one in a program that hardens itself as dircertd does, and with the
 * whole daemon from its start to its end.  Both are built without sanitizers, whose leak check needs what is forbidden.
 */
#include "support/daemon.h"
#include "support/tlsfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define OTHER_USER "nobody"
#define WHOLE_PASS WORDS("event=pass", "policy=-", "result=complete")

enum { LIMIT_S = 20, VERSION_FLAG = 1, NAMES_TCP = 4 };

/* The kernel's version of Landlock; 0: it has none, and this suite says so. */
static long landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
    return version > 0 ? version : 0;
}

static int tell_landlock(void **state)
{
    (void)state;
    if (!landlock_version())
        print_message("SKIPPED: this kernel has no Landlock (%s): nothing is shown of what it forbids\n",
                      strerror(errno));
    return 0;
}

/* The probe in a world of its own: folders logs, figures, run and outside. */

struct world {
    struct arena arena;
    char folder[256];
    const char *configuration, *outside;
    struct command_result result;
};

static const char *in_world(struct world *w, const char *name)
{
    return (const char *)arena_format(&w->arena, "%s/%s", w->folder, name).p;
}

static void make_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static int world_enter(void **state)
{
    static const char *const folders[] = {"logs", "figures", "run", "outside"};
    const char *base = getenv("TMPDIR");
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    *state = w;
    snprintf(w->folder, sizeof w->folder, "%s/harden-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(w->folder));
    assert_int_equal(chmod(w->folder, 0755), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(mkdir(in_world(w, folders[i]), 0700), 0);
    make_file(in_world(w, "outside/there"), "stays\n");
    make_file(in_world(w, "run/pid"), "1\n");
    w->outside = in_world(w, "outside");
    return 0;
}

static int world_leave(void **state)
{
    struct world *w = *state;
    const char *const argv[] = {"rm", "-rf", "--", w->folder, NULL};
    struct command_result r = command_run(argv, NULL, NULL, LIMIT_S);
    int failed = r.status;
    command_free(&r);
    command_free(&w->result);
    arena_free(&w->arena);
    free(w);
    return failed;
}

static void run_probe(struct world *w, const char *more)
{
    const char *path = in_world(w, "dircertd.yaml");
    struct slice text = arena_format(
        &w->arena,
        "directory: {uri: \"ldapi:///\", bind: {method: external}}\nbase: dc=example\n"
        "log: {to: \"%s/logs/own.log\"}\nmetrics: {textfile: \"%s/figures/d.prom\"}\npid_file: \"%s/run/pid\"\n%s",
        w->folder, w->folder, w->folder, more);
    make_file(path, (const char *)text.p);
    const char *const argv[] = {BINARY_DIR "/bin/harden_probe", path, w->outside, NULL};
    w->result = command_run(argv, NULL, NULL, LIMIT_S);
    if (w->result.status != 0)
        print_message("%s%s", w->result.output, w->result.errors);
    assert_int_equal(w->result.status, 0);
}

static void expect(struct world *w, const char *line)
{
    const char *whole = (const char *)arena_format(&w->arena, "\n%s\n", line).p;
    const char *all = (const char *)arena_format(&w->arena, "\n%s", w->result.output).p;
    if (strstr(all, whole))
        return;
    fprintf(stderr, "%s%s", w->result.output, w->result.errors);
    fail_msg("there is no line \"%s\"", line);
}

static void expect_all(struct world *w, size_t count, const char *const lines[])
{
    for (size_t i = 0; i < count; i++)
        expect(w, lines[i]);
}

/* With Landlock that line, without it the other. */
static void expect_with_landlock(struct world *w, long since, const char *with, const char *without)
{
    expect(w, landlock_version() >= since ? with : without);
}

/* What holds whoever it runs as. */
static void expect_sandbox(struct world *w)
{
    static const char *const lines[] = {"execve EPERM",
                                        "execveat EPERM",
                                        "fork EPERM",
                                        "spawn EPERM",
                                        "clone3 ENOSYS",
                                        "ptrace EPERM",

                                        "signal-process EPERM",
                                        "thread ok",
                                        "raise ok",
                                        "setuid EPERM",
                                        "setgroups EPERM",
                                        "setrlimit ENOSYS",
                                        "getrlimit ok",
                                        "dumpable ENOSYS",
                                        "unshare EPERM",
                                        "mount EPERM",
                                        "keyctl EPERM",
                                        "bpf EPERM",
                                        "io_uring EPERM",
                                        "of-the-future ENOSYS",
                                        "memory ok",
                                        "memory-turns-executable ENOSYS",
                                        "memory-write-and-execute ENOSYS",
                                        "memory-of-a-library ok",
                                        "memfd EPERM",
                                        "read-outside ok",
                                        "mkdir EPERM",
                                        "append-to-log ok",
                                        "replace-metrics ok",
                                        "remove-pid-file ok",
                                        "null ok",
                                        "lookup ok",
                                        "tcp ok",
                                        "listen EPERM",
                                        "unix ok",
                                        "packet ENOSYS",
                                        "CapInh:\t0000000000000000",
                                        "CapAmb:\t0000000000000000",
                                        "NoNewPrivs:\t1",
                                        "Seccomp:\t2"};
    expect_all(w, sizeof lines / sizeof *lines, lines);
    assert_null(strstr(w->result.output, "is-dumpable ok"));
    expect_with_landlock(w, NAMES_TCP, "bind EACCES", "bind ok");
    expect_with_landlock(w, 1, "remove-log EACCES", "remove-log ok");
    const char *landlock =
        (const char *)arena_format(&w->arena, "seccomp=on landlock=\"on (ABI %ld)\"", landlock_version()).p;
    assert_non_null(strstr(w->result.errors, landlock_version() ? landlock : "seccomp=on landlock=\"off: "));
}

static void the_sandbox_holds(void **state)
{
    struct world *w = *state;
    bool root = geteuid() == 0;
    run_probe(w, "");
    expect_sandbox(w);
    expect(w, "look-for-process ok");
    expect_with_landlock(w, 1, "write-outside EACCES", "write-outside ok");
    expect_with_landlock(w, 1, "make-outside EACCES", "make-outside ok");
    expect_with_landlock(w, 1, "remove-outside EACCES", "remove-outside ok");
    expect(w, root ? "CapEff:\t0000000000000002" : "CapEff:\t0000000000000000");
    expect(w, root ? "CapPrm:\t0000000000000002" : "CapPrm:\t0000000000000000");
    if (root)
        expect(w, "CapBnd:\t0000000000000000");
    assert_non_null(strstr(w->result.errors, root ? "severity=notice user=root capabilities=dac_override"
                                                  : "capabilities=none seccomp=on"));
}

/* Everybody may pass through the folders above that one. */
static bool is_reachable(const char *folder)
{
    char path[512];
    struct stat st;
    snprintf(path, sizeof path, "%s", folder);
    for (char *slash; (slash = strrchr(path, '/')) && slash != path; *slash = '\0')
        if (stat(path, &st) != 0 || !(st.st_mode & S_IXOTH))
            return false;
    return true;
}

/* Root can become somebody else, and does, with nothing left of root. */
static const struct passwd *other_user(const char *folder)
{
    const struct passwd *account = geteuid() == 0 ? getpwnam(OTHER_USER) : NULL;
    if (!account || !is_reachable(folder)) {
        print_message("SKIPPED: only root can become another user, \"" OTHER_USER "\", in a folder that everybody can "
                      "reach\n");
        skip();
    }
    return account;
}

static void root_becomes_the_user(void **state)
{
    struct world *w = *state;
    const struct passwd *account = other_user(w->folder);
    static const char *const own[] = {"logs", "figures", "run"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(chown(in_world(w, own[i]), account->pw_uid, account->pw_gid), 0);
    assert_int_equal(chmod(w->outside, 0777), 0);
    assert_int_equal(chmod(in_world(w, "outside/there"), 0666), 0);
    run_probe(w, "user: " OTHER_USER "\n");
    expect_sandbox(w);
    expect(w, "look-for-process EPERM"); /* it is there, and root's */
    expect_with_landlock(w, 1, "write-outside EACCES", "write-outside ok");
    unsigned uid = account->pw_uid, gid = account->pw_gid;
    expect(w, (const char *)arena_format(&w->arena, "Uid:\t%u\t%u\t%u\t%u", uid, uid, uid, uid).p);
    expect(w, (const char *)arena_format(&w->arena, "Gid:\t%u\t%u\t%u\t%u", gid, gid, gid, gid).p);
    expect(w, "CapEff:\t0000000000000000");
    expect(w, "CapPrm:\t0000000000000000");
    expect(w, "CapBnd:\t0000000000000000");
    assert_non_null(strstr(w->result.errors, "severity=info user=" OTHER_USER " capabilities=none"));
}

static void who_is_not_root_stays_what_he_is(void **state)
{
    struct world *w = *state;
    if (geteuid() == 0)
        skip();
    run_probe(w, "user: root\n");
    expect_sandbox(w);
    assert_non_null(strstr(w->result.errors, "severity=notice"));
    assert_non_null(strstr(w->result.errors, ", and not root, whom only root can become\""));
}

/* The daemon. */

struct tls_world {
    struct tlsfiles *files;
    struct slapd_tls tls;
} tls;

static int daemon_enter(void **state)
{
    tls.files = tlsfiles_new();
    tlsfiles_authority(tls.files, "ca");
    tlsfiles_issue(tls.files, "ca", "server", "IP:127.0.0.1,DNS:localhost", 30);
    tls.tls = (struct slapd_tls){.ca_file = tlsfiles_path(tls.files, "ca.pem"),
                                 .cert_file = tlsfiles_path(tls.files, "server.pem"),
                                 .key_file = tlsfiles_path(tls.files, "server.key")};
    int failed = program_enter_on(state, &(struct slapd_options){.tcp = true, .tls = &tls.tls});
    struct program *p = *state;
    if (failed)
        return failed;
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\ndircertNameMatch: cn-and-san\n");
    program_add_server(p, "fine", "fine.example.com", program_good(p, "fine.example.com"));
    program_add_server(p, "old", "old.example.com", program_version_1(p, "old.example.com"));
    return 0;
}

static int daemon_leave(void **state)
{
    int failed = program_leave(state);
    tlsfiles_free(tls.files);
    return failed;
}

static const char *in_folder(struct program *p, const char *name)
{
    return (const char *)arena_format(&p->arena, "%s/%s", slapd_folder(p->server), name).p;
}

/* By TLS, and by a name that has to be looked up; log, figures and process id each in a folder of its own. */
static void configure(struct program *p, const char *log, const char *figures, const char *user)
{
    const char *port = strrchr(slapd_tcp_uri(p->server), ':') + 1;
    struct program_conf c = {.interval_s = 3600, .level = "debug", .timeout_s = 5, .log_to = log};
    c.uri =
        (const char *)arena_format(&p->arena, "%s\", \"ldap://localhost:%d", slapd_tls_uri(p->server), atoi(port)).p;
    c.tls = (const char *)arena_format(&p->arena, "ca_file: \"%s\"", tls.tls.ca_file).p;
    c.more = (const char *)arena_format(&p->arena, "metrics: {textfile: \"%s\"}\npid_file: \"%s\"\n%s", figures,
                                        in_folder(p, "run/pid"), user)
                 .p;
    program_configure(p, &c);
}

static void make_folders(struct program *p)
{
    static const char *const folders[] = {"logs", "figures", "run", "elsewhere"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(mkdir(in_folder(p, folders[i]), 0755), 0);
}

static bool status_has(pid_t pid, const char *line)
{
    char path[64], text[8192] = "";
    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    return n > 0 && strstr(text, line);
}

/* Figures are written after the pass was told. */
static void wait_for(const char *path)
{
    for (unsigned i = 0; i < LIMIT_S * 100 && access(path, R_OK) != 0; i++)
        daemon_rest(10);
    if (access(path, R_OK) != 0)
        fail_msg("%s does not come", path);
}

static void hang_up(struct daemon_process *d, const char *result)
{
    daemon_signal(d, SIGHUP);
    daemon_wait(d, WORDS("event=reload", result));
}

/* What it wrote to at the start it can make anew; what it did not, it can't, and says what to do. */
static void files_move(struct daemon_process *d, const char *user)
{
    struct program *p = d->program;
    assert_int_equal(rename(in_folder(p, "logs/own.log"), in_folder(p, "logs/own.log.1")), 0);
    d->read = 0;
    hang_up(d, "result=taken");
    daemon_wait(d, WHOLE_PASS);
    configure(p, in_folder(p, "logs/two.log"), in_folder(p, "figures/two.prom"), user);
    daemon_signal(d, SIGHUP);
    d->log = in_folder(p, "logs/two.log");
    d->read = 0;
    daemon_wait(d, WORDS("event=reload", "result=taken"));
    daemon_wait(d, WHOLE_PASS);
    wait_for(in_folder(p, "figures/two.prom"));
    if (!landlock_version())
        return;
    configure(p, in_folder(p, "elsewhere/own.log"), in_folder(p, "figures/two.prom"), user);
    daemon_signal(d, SIGHUP);
    daemon_wait(d, WORDS("event=config", "key=log.to", "restart dircertd"));
    daemon_wait(d, WORDS("event=reload", "result=refused"));
    configure(p, in_folder(p, "logs/two.log"), in_folder(p, "elsewhere/d.prom"), user);
    daemon_signal(d, SIGHUP);
    daemon_wait(d, WORDS("event=config", "key=metrics.textfile", "restart dircertd"));
    daemon_wait(d, WORDS("event=reload", "result=refused"));
    daemon_signal(d, SIGUSR1);
    daemon_wait(d, WHOLE_PASS);
}

static struct daemon_process start(struct program *p)
{
    struct daemon_process d = daemon_start_program(p, "dircertd_plain", NULL);
    d.log = in_folder(p, "logs/own.log");
    daemon_wait(&d, WORDS("event=sandbox", "seccomp=on", landlock_version() ? "landlock=\"on" : "landlock=\"off"));
    daemon_wait(&d, WORDS("event=start"));
    daemon_wait(&d, WORDS("event=connected", slapd_tls_uri(p->server), "secure=yes"));
    daemon_wait(&d, WORDS("event=finding", "check=version"));
    daemon_wait(&d, WHOLE_PASS);
    return d;
}

static void the_daemon_lives_in_it(void **state)
{
    struct program *p = *state;
    make_folders(p);
    configure(p, in_folder(p, "logs/own.log"), in_folder(p, "figures/d.prom"), "");
    struct daemon_process d = start(p);
    assert_true(status_has(d.pid, "\nSeccomp:\t2\n") && status_has(d.pid, "\nNoNewPrivs:\t1\n"));
    wait_for(in_folder(p, "figures/d.prom"));
    assert_int_equal(access(in_folder(p, "run/pid"), R_OK), 0);
    files_move(&d, "");
    daemon_stop(&d);
    assert_int_equal(access(in_folder(p, "run/pid"), F_OK), -1);
}

static void by_name_too(void **state)
{
    struct program *p = *state;
    const char *port = strrchr(slapd_tcp_uri(p->server), ':') + 1;
    program_configure(
        p, &(struct program_conf){.interval_s = 3600,
                                  .uri = (const char *)arena_format(&p->arena, "ldap://localhost:%d", atoi(port)).p,
                                  .level = "debug"});
    struct daemon_process d = daemon_start_program(p, "dircertd_plain", NULL);
    daemon_wait(&d, WORDS("event=sandbox", "seccomp=on"));
    daemon_wait(&d, WORDS("event=connected", "localhost"));
    daemon_wait(&d, WHOLE_PASS);
    slapd_kill(p->server);
    daemon_signal(&d, SIGUSR1);
    daemon_wait(&d, WORDS("event=disconnected"));
    assert_true(slapd_restart(p->server));
    daemon_wait(&d, WORDS("event=connected"));
    daemon_stop(&d);
}

static void give(struct program *p, const char *name, const struct passwd *account)
{
    assert_int_equal(chown(in_folder(p, name), account->pw_uid, account->pw_gid), 0);
}

static void the_daemon_becomes_its_user(void **state)
{
    struct program *p = *state;
    static const char *const own[] = {"logs", "figures", "run", "password", "dircertd.yaml"};
    const struct passwd *account = other_user("/");
    assert_int_equal(chmod(slapd_folder(p->server), 0711), 0);
    char authority[512];
    snprintf(authority, sizeof authority, "%s", tls.tls.ca_file);
    *strrchr(authority, '/') = '\0';
    assert_int_equal(chmod(authority, 0711), 0);
    account = other_user(slapd_folder(p->server));
    make_folders(p);
    configure(p, in_folder(p, "logs/own.log"), in_folder(p, "figures/d.prom"), "user: " OTHER_USER "\n");
    for (size_t i = 0; i < 5; i++)
        give(p, own[i], account);
    struct daemon_process d = start(p);
    char uid[64];
    snprintf(uid, sizeof uid, "\nUid:\t%u\t%u\t%u\t%u\n", account->pw_uid, account->pw_uid, account->pw_uid,
             account->pw_uid);
    assert_true(status_has(d.pid, uid));
    assert_true(status_has(d.pid, "\nCapEff:\t0000000000000000\n"));
    files_move(&d, "user: " OTHER_USER "\n");
    daemon_stop(&d);
    assert_int_equal(access(in_folder(p, "run/pid"), F_OK), -1);
}

static void nobody_becomes_who_is_not_there(void **state)
{
    struct program *p = *state;
    if (geteuid() != 0)
        skip();
    static const char *const bad[] = {"no-such-account-here", "root"}, *const why[] = {"no account", "is root"};
    for (size_t i = 0; i < 2; i++) {
        configure(p, "stderr", in_folder(p, "d.prom"), (const char *)arena_format(&p->arena, "user: %s\n", bad[i]).p);
        const char *const argv[] = {BINARY_DIR "/bin/dircertd_plain", "-c", p->configuration, "--once", NULL};
        struct command_result r = command_run(argv, NULL, NULL, LIMIT_S);
        assert_int_equal(r.status, PROGRAM_USAGE);
        assert_non_null(strstr(r.errors, "key=user"));
        assert_non_null(strstr(r.errors, why[i]));
        command_free(&r);
    }
}

/* One pass and the check of the configuration are in it as well; so is the build that other suites run. */
static void what_is_done_once_is_in_it(void **state)
{
    struct program *p = *state;
    const char *const programs[] = {"dircertd_plain", "dircertd"}, *const modes[] = {"--once", "--check-config"};
    program_configure(p, &(struct program_conf){.interval_s = 1});
    for (size_t i = 0; i < 4; i++) {
        const char *path = (const char *)arena_format(&p->arena, BINARY_DIR "/bin/%s", programs[i / 2]).p;
        const char *const argv[] = {path, "-c", p->configuration, modes[i % 2], NULL};
        struct command_result r = command_run(argv, NULL, NULL, LIMIT_S);
        if (r.status != 0 || !strstr(r.errors, "event=sandbox"))
            fail_msg("%s %s ended with %d:\n%s%s", programs[i / 2], modes[i % 2], r.status, r.output, r.errors);
        command_free(&r);
    }
}

static void a_folder_that_comes_later_needs_a_restart(void **state)
{
    struct program *p = *state;
    if (!landlock_version())
        skip();
    assert_int_equal(mkdir(in_folder(p, "logs"), 0755), 0);
    assert_int_equal(mkdir(in_folder(p, "run"), 0755), 0);
    configure(p, in_folder(p, "logs/own.log"), in_folder(p, "figures/d.prom"), "");
    struct daemon_process d = daemon_start_program(p, "dircertd_plain", NULL);
    d.log = in_folder(p, "logs/own.log");
    daemon_wait(&d, WORDS("event=fault", "write the metrics", "is not there", "then restart dircertd"));
    hang_up(&d, "result=taken");
    assert_int_equal(mkdir(in_folder(p, "figures"), 0755), 0);
    daemon_signal(&d, SIGHUP);
    daemon_wait(&d, WORDS("event=config", "key=metrics.textfile", "restart dircertd"));
    daemon_wait(&d, WORDS("event=reload", "result=refused"));
    daemon_stop(&d);
    d = daemon_start_program(p, "dircertd_plain", NULL);
    wait_for(in_folder(p, "figures/d.prom"));
    daemon_stop(&d);
}

/* On a kernel that has less; strace plays it. */
static void where_the_kernel_has_less_it_goes_on(void **state)
{
    static const struct {
        const char *call, *error, *told;
    } rows[] = {
        {"landlock_create_ruleset", "ENOSYS", "seccomp=on landlock=\"off: not in this kernel\""},
        {"landlock_create_ruleset", "EOPNOTSUPP", "landlock=\"off: not enabled in this kernel\""},
        {"landlock_restrict_self", "EPERM", "landlock=\"off: Operation not permitted\""},
        {"seccomp", "EINVAL", "seccomp=\"off: Invalid argument\" landlock="},
        {"seccomp,prctl", "EINVAL", "severity=notice"},
        {"capset", "EPERM", "seccomp=on"},
    };
    struct program *p = *state;
    const char *const version[] = {"strace", "-V", NULL};
    struct command_result r = command_run(version, NULL, NULL, LIMIT_S);
    bool there = r.status == 0;
    command_free(&r);
    if (!there) {
        print_message("SKIPPED: no strace here, which plays a kernel that has less\n");
        skip();
    }
    program_configure(p, &(struct program_conf){.interval_s = 1});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *what = (const char *)arena_format(&p->arena, "%s:error=%s", rows[i].call, rows[i].error).p;
        const char *inject = (const char *)arena_format(&p->arena, "inject=%s", what).p;
        const char *const argv[] = {
            "strace",         "-qq",    "-o", "/dev/null", "-e", inject, BINARY_DIR "/bin/dircertd_plain", "-c",
            p->configuration, "--once", NULL};
        r = command_run(argv, NULL, NULL, LIMIT_S);
        if (r.status != 0 || !strstr(r.errors, rows[i].told))
            fail_msg("with %s it ended with %d:\n%s", what, r.status, r.errors);
        command_free(&r);
    }
}

int main(void)
{
#define PROBE(name)   cmocka_unit_test_setup_teardown(name, world_enter, world_leave)
#define DAEMON_(name) cmocka_unit_test_setup_teardown(name, daemon_enter, daemon_leave)
    const struct CMUnitTest probes[] = {PROBE(the_sandbox_holds), PROBE(root_becomes_the_user),
                                        PROBE(who_is_not_root_stays_what_he_is)};
    const struct CMUnitTest daemons[] = {DAEMON_(the_daemon_lives_in_it),
                                         DAEMON_(by_name_too),
                                         DAEMON_(the_daemon_becomes_its_user),
                                         DAEMON_(nobody_becomes_who_is_not_there),
                                         DAEMON_(what_is_done_once_is_in_it),
                                         DAEMON_(where_the_kernel_has_less_it_goes_on),
                                         DAEMON_(a_folder_that_comes_later_needs_a_restart)};
    int failed = cmocka_run_group_tests_name("harden", probes, tell_landlock, NULL);
    if (slapd_available())
        failed += cmocka_run_group_tests_name("hardened daemon", daemons, NULL, NULL);
    else
        print_message("SKIPPED: no slapd here: the daemon is not tried\n");
    return failed;
}
