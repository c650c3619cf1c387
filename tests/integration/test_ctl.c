/* SPDX-License-Identifier: Apache-2.0 */
/* dircertctl by its output: the frame, status, requests, approve, reject, release, against a real slapd. */
#include "support/program.h"

#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS = 24, LIMIT_S = 30 };
#define CTL             BINARY_DIR "/bin/dircertctl"
#define ARGS(...)       ((const char *const[]){__VA_ARGS__, NULL})
#define ASKS            "dircertMode: enforce\ndircertConfirmations: 1\n" VERSION_REISSUE
#define APPROVER        "cn=approver,ou=daemons," SLAPD_SUFFIX
#define APPROVER_SECRET "only for this test"

static const char *text(struct slice s)
{
    return (const char *)s.p;
}

/* Running it: as somebody, or with exactly these arguments. */

static void run(struct program *p, const char *const arguments[], const char *const environment[])
{
    const char *argv[ARGUMENTS] = {CTL};
    for (size_t i = 0; arguments[i] && i + 2 < ARGUMENTS; i++)
        argv[i + 1] = arguments[i];
    struct command_result r = command_run(argv, environment, NULL, LIMIT_S);
    p->code = r.status;
    p->output = text(arena_copy(&p->arena, slice_of(r.output)));
    p->log = text(arena_copy(&p->arena, slice_of(r.errors)));
    command_free(&r);
}

static const char *password_file(struct program *p, const char *name, const char *content, mode_t mode)
{
    const char *path = text(arena_format(&p->arena, "%s/%s", slapd_folder(p->server), name));
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(content, f);
    assert_int_equal(fchmod(fileno(f), mode), 0);
    fclose(f);
    return path;
}

static void run_as(struct program *p, const char *dn, const char *password, const char *const arguments[])
{
    const char *argv[ARGUMENTS] = {
        "-H", slapd_ldapi_uri(p->server), "-b", BASE, "-D", dn, "-y", password_file(p, "person", password, 0600)};
    size_t n = 8;
    for (size_t i = 0; arguments[i] && n + 1 < ARGUMENTS; i++)
        argv[n++] = arguments[i];
    run(p, argv, NULL);
}

static void expect_code(const struct program *p, int code)
{
    if (p->code != code)
        fprintf(stderr, "dircertctl ended with %d and not %d:\n%s%s", p->code, code, p->output, p->log);
    assert_int_equal(p->code, code);
}

static void as_admin(struct program *p, int code, const char *const arguments[])
{
    run_as(p, SLAPD_ADMIN, SLAPD_PASSWORD, arguments);
    expect_code(p, code);
}

static void as_approver(struct program *p, int code, const char *const arguments[])
{
    run_as(p, APPROVER, APPROVER_SECRET, arguments);
    expect_code(p, code);
}

static void expect_in(const char *haystack, const char *needle)
{
    if (!strstr(haystack, needle))
        fprintf(stderr, "[%s] is not in:\n%s", needle, haystack);
    assert_non_null(strstr(haystack, needle));
}
#define EXPECT_OUTPUT(p, needle) expect_in((p)->output, needle)
#define EXPECT_ERROR(p, needle)  expect_in((p)->log, needle)

/* What a program would read: python evaluates `expression` over the document `d`; prints with str(). */
static const char *json(struct program *p, const char *expression)
{
    const char *code =
        text(arena_format(&p->arena, "import json,sys\nd=json.load(sys.stdin)\nprint((%s))", expression));
    struct command_result r = command_run(ARGS("python3", "-c", code), NULL, p->output, LIMIT_S);
    if (r.status)
        fprintf(stderr, "%s: %s\n%s", expression, r.errors, p->output);
    assert_int_equal(r.status, 0);
    const char *answer = text(arena_copy(&p->arena, slice_upto(slice_of(r.output), r.output_length - 1)));
    command_free(&r);
    return answer;
}

static const char *id_of(struct program *p, const char *subject)
{
    return program_request_value(p, "reissue", subject, "dircertRequestId");
}

/* Two bad servers, asked for. */
static void begin(struct program *p)
{
    program_add_servers(p, "bad", 2, program_version_1);
    program_add_policy(p, "servers", ASKS);
    program_pass(p, PROGRAM_COMPLETE);
}

/* The frame. */

static void test_help_and_usage(void **state)
{
    struct program *p = *state;
    static const char *const commands[] = {"status",  "requests", "approve", "reject",
                                           "release", "checks",   "events",  "attributes"};
    run(p, ARGS("--help"), NULL);
    expect_code(p, 0);
    const char *help = p->output;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        expect_in(help, text(arena_format(&p->arena, "\n  %s ", commands[i])));
        run(p, ARGS(commands[i], "--help"), NULL);
        expect_code(p, 0);
        EXPECT_OUTPUT(p, text(arena_format(&p->arena, "usage: dircertctl [OPTION...] %s", commands[i])));
    }
    expect_in(help, "Exit codes: 0 done; 1 usage");
    run(p, ARGS("--version"), NULL);
    assert_memory_equal(p->output, "dircertctl ", 11);
    static const struct {
        const char *arguments[6], *complaint;
    } wrong[] = {
        {{NULL}, "dircertctl: expected a command; try --help\n"},
        {{"nonsense"}, "dircertctl: no such command: nonsense; try --help\n"},
        {{"non\033sense"}, "dircertctl: no such command: non\\1bsense; try --help\n"},
        {{"--nonsense"}, "dircertctl: no such option, or not a whole one: --nonsense; try --help\n"},
        {{"checks", "--nonsense"}, "dircertctl: checks: no such option, or not a whole one: --nonsense; try --help\n"},
        {{"checks", "-H"}, "dircertctl: checks: -H needs a value; try --help\n"},
        {{"checks", "--json=1"}, "--json takes no value"},
        {{"checks", "more"}, "unexpected argument \"more\""},
        {{"checks", "--color=pink"}, "--color: expected auto, always or never, found \"pink\""},
        {{"status", "-b", BASE}, "no directory is named"},
        {{"status", "-H", "ldapi:///"}, "the base is not known"},
        {{"status", "-H", "ldapi:///", "-b", "nonsense"}, "-b: \"nonsense\" is not a distinguished name"},
        {{"status", "-c", "/nonexistent/dircertd.yaml"}, "/nonexistent/dircertd.yaml"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        run(p, wrong[i].arguments, NULL);
        expect_code(p, 1);
        EXPECT_ERROR(p, wrong[i].complaint);
        assert_string_equal(p->output, "");
    }
}

static void test_who_you_are(void **state)
{
    struct program *p = *state;
    const char *uri = slapd_ldapi_uri(p->server), *right = password_file(p, "right", SLAPD_PASSWORD "\n", 0600);
    const struct {
        const char *arguments[10];
        int code;
        const char *complaint;
    } rows[] = {
        {{"status", "-H", "ldap://127.0.0.1", "-b", BASE}, 1, "who are you?"},
        {{"status", "-H", uri, "-b", BASE, "-D", SLAPD_ADMIN}, 1, "-D needs the password: -W, -y FILE or -w PASSWORD"},
        {{"status", "-H", uri, "-b", BASE, "-y", right}, 1, "a password is of no use without -D"},
        {{"status", "-H", uri, "-b", BASE, "-x"}, 1, "a password is of no use without -D"},
        {{"status", "-H", uri, "-b", BASE, "-D", SLAPD_ADMIN, "-Wy", right}, 1, "give one of -W, -y and -w"},
        {{"status", "-H", uri, "-b", BASE, "-Y", "GSSAPI"}, 1, "-Y GSSAPI: of SASL this version has EXTERNAL only"},
        {{"status", "-H", uri, "-b", BASE, "-Y", "EXTERNAL", "-x"}, 1, "-Y EXTERNAL goes without"},
        {{"status", "-H", "ldap://127.0.0.1", "-b", BASE, "-D", SLAPD_ADMIN, "-y", right}, 1, "in the clear"},
        {{"status", "-H", uri, "-b", BASE, "-D", SLAPD_ADMIN, "-y", "/nonexistent/password"},
         1,
         "/nonexistent/password"},
        {{"status", "-H", uri, "-b", BASE, "-D", SLAPD_ADMIN, "-y", password_file(p, "open", "x", 0644)}, 1, "open"},
        {{"status", "-H", uri, "-b", BASE, "-D", SLAPD_ADMIN, "-y", password_file(p, "wrong", "x", 0600)},
         2,
         SLAPD_ADMIN},
        {{"status", "-H", "ldapi://%2Fnonexistent%2Fsocket", "-b", BASE}, 2, "nonexistent"},
        {{"status", "-H", uri, "-b", "ou=nowhere," SLAPD_SUFFIX, "-D", SLAPD_ADMIN, "-y", right}, 2, "the base: "},
        {{"-H", uri, "-b", BASE, "-xD", SLAPD_ADMIN, "-y", right, "status"}, 0, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        run(p, rows[i].arguments, NULL);
        expect_code(p, rows[i].code);
        EXPECT_ERROR(p, rows[i].complaint);
    }
}

/* Of the daemon's configuration it takes the place, and never the account: as ourselves we may read nothing there. */
static void test_the_daemons_password_is_never_used(void **state)
{
    struct program *p = *state;
    run(p, ARGS("-c", p->configuration, "status"), NULL);
    expect_code(p, 2);
    run(p, ARGS("-c", p->configuration, "-D", DAEMON, "status"), NULL);
    expect_code(p, 1);
    run(p,
        ARGS("-c", p->configuration, "-D", SLAPD_ADMIN, "-y", password_file(p, "person", SLAPD_PASSWORD, 0600),
             "status"),
        NULL);
    expect_code(p, 0);
    char *log = slapd_log(p->server);
    assert_null(strstr(log, "BIND dn=\"" DAEMON "\""));
    free(log);
    unlink(text(arena_format(&p->arena, "%s/password", slapd_folder(p->server))));
    run(p,
        ARGS("-c", p->configuration, "-D", SLAPD_ADMIN, "-y", password_file(p, "person", SLAPD_PASSWORD, 0600),
             "status"),
        NULL);
    expect_code(p, 0);
}

static void test_tables_of_the_program(void **state)
{
    struct program *p = *state;
    run(p, ARGS("checks"), NULL);
    EXPECT_OUTPUT(p, "version\n  what      ");
    run(p, ARGS("checks", "--json"), NULL);
    assert_string_equal(json(p, "[c['severity'] for c in d if c['name'] == 'malformed'][0]"), "err");
    run(p, ARGS("--json", "events"), NULL);
    assert_string_equal(json(p, "[e['severity'] for e in d if e['name'] == 'hold'][0]"), "err");
    run(p, ARGS("attributes", "--json"), NULL);
    assert_string_equal(json(p, "[a['default'] for a in d if a['name'] == 'dircertMode'][0]"), "audit");
}

/* Status. */

static void test_status_of_nothing(void **state)
{
    struct program *p = *state;
    as_admin(p, 0, ARGS("status"));
    EXPECT_OUTPUT(p, "\nNo daemon has written a status that you may see.\n\nThere is no policy that you may see.\n\n"
                     "Nothing is held.\n\nThere is no request that you may see.\n");
    as_admin(p, 0, ARGS("status", "--json"));
    assert_string_equal(json(p, "d['base'], d['paused'], d['daemons'], d['holds']"), "('" BASE "', False, [], [])");
    as_admin(p, 0, ARGS("status", "--watch", "--interval", "1", "--count", "2"));
    assert_non_null(strstr(strstr(p->output, "No daemon") + 1, "No daemon"));
    as_admin(p, 1, ARGS("status", "--watch", "--interval", "0"));
    EXPECT_ERROR(p, "--interval: expected a whole number from 1 to ");
}

/* The number of times that it stands there. */
static size_t times(const char *haystack, const char *needle)
{
    size_t n = 0;
    for (; (haystack = strstr(haystack, needle)); haystack++)
        n++;
    return n;
}

/* What was written to the file so far. */
static const char *content(struct program *p, const char *path)
{
    struct command_result r = command_run(ARGS("cat", path), NULL, NULL, LIMIT_S);
    const char *all = text(arena_copy(&p->arena, slice_of(r.output)));
    command_free(&r);
    return all;
}

/* Until it was written at least so often; the program may be slow. */
static void wait_for(struct program *p, const char *path, const char *needle, size_t count)
{
    for (int tries = 0; times(content(p, path), needle) < count; tries++) {
        if (tries == 10 * LIMIT_S)
            fail_msg("[%s] was not written %zu times:\n%s", needle, count, content(p, path));
        usleep(100000);
    }
}

static pid_t start_watching(struct program *p, const char *dn, const char *password, const char *out, const char *err)
{
    const char *uri = slapd_ldapi_uri(p->server);
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen(out, "w", stdout) || !freopen(err, "w", stderr))
            _exit(126);
        execl(CTL, CTL, "-H", uri, "-b", BASE, "-D", dn, "-w", password, "status", "--watch", "--interval", "1",
              (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

/* The server goes, which is told once a look, and comes back, which is seen; only a signal ends it. */
static void test_watching_outlasts_the_server(void **state)
{
    struct program *p = *state;
    const char *out = text(arena_format(&p->arena, "%s/out", slapd_folder(p->server)));
    const char *err = text(arena_format(&p->arena, "%s/err", slapd_folder(p->server)));
    pid_t pid = start_watching(p, SLAPD_ADMIN, SLAPD_PASSWORD, out, err);
    wait_for(p, out, "Nothing is held.", 1);
    slapd_kill(p->server);
    wait_for(p, err, " now)\n", 2);
    const char *told = content(p, err);
    expect_in(told, " (for ");
    assert_int_equal(times(told, " d now)"), 0); /* not since 1970 */
    size_t looks = times(told, " now)\n"), lines = times(told, "\n");
    assert_in_range(lines - looks, 0, 1); /* the look in which it went: once, whatever could not be read */
    size_t before = times(content(p, out), "Nothing is held.");
    assert_true(slapd_restart(p->server));
    wait_for(p, out, "Nothing is held.", before + 2);
    int status;
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    assert_int_equal(kill(pid, SIGINT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

/* How often it was asked with the password: slapd logs that before it answers. */
static size_t said_by_approver(const struct program *p)
{
    char *log = slapd_log(p->server);
    size_t said = times(log, "BIND dn=\"" APPROVER "\" method=128");
    free(log);
    return said;
}

/* A password that holds no more is refused once, and not at each look: an account may be locked by that. */
static void test_watching_ends_with_a_refused_bind(void **state)
{
    struct program *p = *state;
    const char *out = text(arena_format(&p->arena, "%s/out", slapd_folder(p->server)));
    const char *err = text(arena_format(&p->arena, "%s/err", slapd_folder(p->server)));
    pid_t pid = start_watching(p, APPROVER, APPROVER_SECRET, out, err);
    wait_for(p, out, "Nothing is held.", 1);
    assert_int_equal(slapd_modify_ldif(p->server, "dn: " APPROVER "\nchangetype: modify\nreplace: userPassword\n"
                                                  "userPassword: another\n"),
                     0);
    size_t before = said_by_approver(p);
    assert_true(slapd_restart(p->server));
    int status = 0;
    for (int tries = 0; waitpid(pid, &status, WNOHANG) == 0; tries++) {
        if (tries == 10 * LIMIT_S)
            fail_msg("it goes on:\n%s", content(p, err));
        usleep(100000);
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 2);
    expect_in(content(p, err), "the bind as " APPROVER " was refused: Invalid credentials (49)");
    assert_int_equal(said_by_approver(p) - before, 1);
}

static void test_watching_is_bounded(void **state)
{
    struct program *p = *state;
    slapd_kill(p->server);
    as_admin(p, 2, ARGS("status", "--watch", "--interval", "1", "--count", "2"));
    assert_int_equal(times(p->log, "dircertctl: "), 1); /* nothing was reached to begin with */
    assert_true(slapd_restart(p->server));
    as_admin(p, 0, ARGS("status", "--watch", "--interval", "1", "--count", "2"));
    assert_int_equal(times(p->output, "Nothing is held."), 2);
}

static void test_status(void **state)
{
    struct program *p = *state;
    begin(p);
    program_add_policy(p, "broken", "dircertMode: perhaps\n");
    as_admin(p, 0, ARGS("status"));
    EXPECT_OUTPUT(p, "INSTANCE  STATE  HEARTBEAT  LEASE");
    EXPECT_OUTPUT(p, "POLICY   MODE       PRECEDENCE  SUBJECTS  WITH CERTIFICATE  FINDINGS  UNVERIFIED\n");
    EXPECT_OUTPUT(p, "servers  enforce           100         2                 2         2           0\n");
    EXPECT_OUTPUT(p, "broken   malformed           -");
    EXPECT_OUTPUT(p, "STATE    REISSUE  REVOKE\npending        2       0\n");
    assert_null(strchr(p->output, '\033'));
    as_admin(p, 0, ARGS("status", "--json"));
    assert_string_equal(json(p, "d['daemons'][0]['instance'], d['daemons'][0]['pass_result']"),
                        "('default', 'complete')");
    assert_string_equal(json(p, "d['requests']"), "[{'state': 'pending', 'reissue': 2, 'revoke': 0}]");
    as_admin(p, 0, ARGS("status", "--instance", "another", "--json"));
    assert_string_equal(json(p, "d['daemons']"), "[]");
    program_change(p, "dn: " BASE "\nchangetype: modify\nreplace: dircertPause\ndircertPause: TRUE\n\n"
                      "dn: " INSTANCE "\nchangetype: modify\nreplace: dircertHeartbeat\n"
                      "dircertHeartbeat: 20200101000000Z\n-\nreplace: dircertLease\n"
                      "dircertLease: host1 b00t 17 20200101000000Z\n");
    as_admin(p, 0, ARGS("status", "--color", "always"));
    EXPECT_OUTPUT(p, "paused: dircertPause is TRUE");
    EXPECT_OUTPUT(p, "\033[1;31mlate\033[0m");
    EXPECT_OUTPUT(p, "host1 pid 17, ran out");
}

static void test_what_is_hidden_is_told(void **state)
{
    struct program *p = *state;
    begin(p);
    run_as(p, "cn=fulfiller,ou=daemons," SLAPD_SUFFIX, APPROVER_SECRET, ARGS("status"));
    expect_code(p, 0);
    program_rule(p, "to dn.subtree=\"" REQUESTS "\" by dn.exact=\"" APPROVER "\" none by * break");
    as_approver(p, 2, ARGS("status"));
    EXPECT_ERROR(p, "dircertctl: ou=requests: ");
    EXPECT_OUTPUT(p, "\nThis could not be read.\n");
    EXPECT_OUTPUT(p, "servers  enforce");
    program_drop_rule(p);
}

/* Requests. */

static void test_requests(void **state)
{
    struct program *p = *state;
    as_approver(p, 0, ARGS("requests"));
    assert_string_equal(p->output, "There is no such request that you may see.\n");
    begin(p);
    const char *id = id_of(p, SERVER("bad1"));
    as_approver(p, 0, ARGS("requests"));
    assert_memory_equal(p->output, "ID            TYPE     STATE    GENERATION  SINCE (UTC)          SUBJECT", 70);
    EXPECT_OUTPUT(p, text(arena_format(&p->arena, "%.12s  reissue  pending           1  ", id)));
    assert_null(strstr(p->output, id));
    as_approver(p, 0, ARGS("requests", "--full"));
    EXPECT_OUTPUT(p, id);
    as_approver(p, 0, ARGS("requests", "--json"));
    assert_string_equal(json(p, "len(d), d[0]['state'], d[0]['generation'], d[0]['checks'], d[0]['policy']"),
                        "(2, 'pending', 1, ['version'], 'servers')");
    assert_string_equal(json(p, "sorted(r['subject'] for r in d)[0]"), SERVER("bad1"));
    static const char *const some[][2] = {{"--state", "pending"}, {"--type", "reissue"}, {"--policy", "SERVERS"}};
    static const char *const none[][2] = {{"--state", "failed"}, {"--type", "revoke"}, {"--policy", "others"}};
    for (size_t i = 0; i < 3; i++) {
        as_approver(p, 0, ARGS("requests", "--json", some[i][0], some[i][1]));
        assert_string_equal(json(p, "len(d)"), "2");
        as_approver(p, 0, ARGS("requests", "--json", none[i][0], none[i][1]));
        assert_string_equal(p->output, "[]\n");
    }
    as_approver(p, 1, ARGS("requests", "--state", "*"));
    EXPECT_ERROR(p, "--state: \"*\" is none");
    as_approver(p, 1, ARGS("requests", "--type", "other"));
    as_approver(p, 1, ARGS("requests", "list"));
}

static void test_requests_show(void **state)
{
    struct program *p = *state;
    begin(p);
    const char *id = id_of(p, SERVER("bad1")), *prefix = text(arena_format(&p->arena, "%.8s", id));
    as_approver(p, 0, ARGS("requests", "show", prefix));
    EXPECT_OUTPUT(p, "reissue of " SERVER("bad1") ": pending\nnext: Somebody decides: dircertctl approve ");
    EXPECT_OUTPUT(p, text(arena_format(&p->arena, "\nWritten once by the daemon\n  dircertRequestId: %s\n", id)));
    EXPECT_OUTPUT(p, "  dircertState: pending\n      proposed, pending, approved,");
    EXPECT_OUTPUT(p, "  dircertWantedName: bad1.example.com\n");
    as_approver(p, 0, ARGS("requests", "show", id, "--json"));
    assert_string_equal(json(p, "d['state'], d['basis']['dircertSubjectDN'], d['progress']['dircertState']"),
                        "('pending', '" SERVER("bad1") "', 'pending')");
    as_approver(p, 1, ARGS("requests", "show", "12345"));
    EXPECT_ERROR(p, "12345: not the id of a request, nor its first 6 digits or more");
    as_approver(p, 1, ARGS("requests", "show", "abc*)(x=*"));
    as_approver(p, 2, ARGS("requests", "show", "00000000000000"));
    EXPECT_ERROR(p, "00000000000000: there is no such request, or you may not see it");
    as_approver(p, 1, ARGS("requests", "show"));
}

/* A revocation carries its certificate, which is shown decoded. */
static void test_requests_show_a_certificate(void **state)
{
    struct program *p = *state;
    struct slice der = program_version_1(p, "old.example.com");
    const char *digest = program_digest(p, der), *id = program_id(p, "revoke", digest);
    program_add_server(p, "old", "old.example.com", der);
    program_add_policy(p, "servers",
                       "dircertMode: enforce\ndircertConfirmations: 1\ndircertAllowedVersion: 3\n"
                       "dircertOnFinding: version revoke superseded\n");
    program_pass(p, PROGRAM_COMPLETE);
    as_approver(p, 0, ARGS("requests", "show", id));
    EXPECT_OUTPUT(p, "  dircertCertificate: version 1, serial ");
    EXPECT_OUTPUT(p, ", CN old.example.com, SHA-256 ");
    EXPECT_OUTPUT(p, digest);
}

/* Two ids that begin alike: made by hand. */
static void test_ambiguous_prefix(void **state)
{
    struct program *p = *state;
    static const char tail[] = "3456789abcdef0123456789abcdef0123456789abcdef0123456789abc";
    for (int i = 0; i < 2; i++)
        program_change(p,
                       "dn: dircertRequestId=abcdef%d%s," REQUESTS "\nchangetype: add\n"
                       "objectClass: dircertRequest\ndircertRequestType: reissue\ndircertSubjectId: entryUUID:x\n"
                       "dircertOpened: 20200101000000Z\ndircertState: perhaps\ndircertRequestId: abcdef%d%s\n",
                       i, tail + 1, i, tail + 1);
    as_admin(p, 2, ARGS("requests", "show", "abcdef"));
    EXPECT_ERROR(p, "abcdef: 2 requests begin so: give more digits");
    as_admin(p, 0, ARGS("requests"));
    EXPECT_OUTPUT(p, "unreadable");
}

/* Decisions. */

static void test_approve(void **state)
{
    struct program *p = *state;
    begin(p);
    const char *id = id_of(p, SERVER("bad1"));
    as_approver(p, 0, ARGS("approve", id, "--reason", "was agreed on the phone"));
    EXPECT_OUTPUT(p, text(arena_format(&p->arena,
                                       "%.12s  approved           1  " SERVER(
                                           "bad1") "  the daemon takes it up at its next look or pass\n",
                                       id)));
    assert_string_equal(program_request_value(p, "reissue", SERVER("bad1"), "dircertDecision"), "approve 1");
    assert_string_equal(program_request_value(p, "reissue", SERVER("bad1"), "dircertDecisionReason"),
                        "was agreed on the phone");
    assert_string_equal(program_request_value(p, "reissue", SERVER("bad1"), "dircertDecisionBy"), APPROVER);
    as_approver(p, 0, ARGS("requests", "show", id));
    EXPECT_OUTPUT(p, "\nThe decision, written by an approver\n  dircertDecision: approve 1\n");
    EXPECT_OUTPUT(p, "  dircertDecisionReason: was agreed on the phone\n");
    as_approver(p, 0, ARGS("approve", id));
    EXPECT_OUTPUT(p, "unchanged");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", SERVER("bad1"), "approved");
    as_approver(p, 2, ARGS("approve", id, "--json"));
    assert_string_equal(json(p, "d[0]['id'], d[0]['result'], d[0]['generation']"),
                        text(arena_format(&p->arena, "('%s', 'refused', 1)", id)));
    EXPECT_OUTPUT(p, "it is approved already, and may be on its way");
}

static void test_reject(void **state)
{
    struct program *p = *state;
    begin(p);
    const char *one = id_of(p, SERVER("bad1")), *two = id_of(p, SERVER("bad2"));
    as_approver(p, 1, ARGS("reject", one));
    EXPECT_ERROR(p, "say why");
    as_approver(p, 1, ARGS("approve"));
    as_approver(p, 0, ARGS("approve", one));
    as_approver(p, 0, ARGS("reject", one, two, "--reason", "these are to be switched off"));
    assert_string_equal(program_request_value(p, "reissue", SERVER("bad1"), "dircertDecision"), "reject 1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", SERVER("bad1"), "rejected");
    program_expect_state(p, "reissue", SERVER("bad2"), "rejected");
}

static void test_a_decision_is_refused(void **state)
{
    struct program *p = *state;
    begin(p);
    const char *id = id_of(p, SERVER("bad1")), *moved = text(arena_format(&p->arena, "%.10s@7", id));
    as_approver(p, 2, ARGS("approve", moved));
    EXPECT_OUTPUT(p, "this is generation 1, not 7; look at it again");
    as_approver(p, 2, ARGS("approve", "0000000", "nonsense", id));
    EXPECT_OUTPUT(p, "there is no such request, or you may not see it");
    EXPECT_OUTPUT(p, "nonsense      refused ");
    EXPECT_OUTPUT(p, "  approved  ");
    run_as(p, "cn=fulfiller,ou=daemons," SLAPD_SUFFIX, APPROVER_SECRET, ARGS("approve", id_of(p, SERVER("bad2"))));
    expect_code(p, 2);
    EXPECT_OUTPUT(p, "refused");
    assert_string_equal(program_request_value(p, "reissue", SERVER("bad2"), "dircertDecision"), "");
}

/* Whoever was first wins: here the decision that stands can't even be seen. */
static void test_a_decision_that_stands_is_not_overwritten(void **state)
{
    struct program *p = *state;
    begin(p);
    program_decide(p, "reissue", SERVER("bad1"), "reject 1");
    program_rule(p, "to dn.one=\"" REQUESTS "\" attrs=dircertDecision by dn.exact=\"" APPROVER "\" =w by * break");
    as_approver(p, 2, ARGS("approve", id_of(p, SERVER("bad1"))));
    EXPECT_OUTPUT(p, "somebody else decided at the same time, or you may not see the decision that stands");
    program_drop_rule(p);
    assert_string_equal(program_request_value(p, "reissue", SERVER("bad1"), "dircertDecision"), "reject 1");
}

static void test_what_is_only_proposed(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 1, program_version_1);
    program_add_policy(p, "servers", "dircertMode: enforce\n" VERSION_REISSUE);
    program_pass(p, PROGRAM_COMPLETE);
    const char *id = id_of(p, SERVER("bad1"));
    as_approver(p, 2, ARGS("approve", id));
    EXPECT_OUTPUT(p, "it is only proposed: further passes confirm it; --early decides already");
    as_approver(p, 0, ARGS("approve", "--early", id));
    program_next_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", SERVER("bad1"), "approved");
}

/* Holds. */

static void test_release(void **state)
{
    struct program *p = *state;
    as_admin(p, 2, ARGS("release", "servers"));
    EXPECT_ERROR(p, "there is no policy \"servers\"");
    program_add_servers(p, "bad", 2, program_version_1);
    program_add_policy(p, "servers", ASKS "dircertMaxRequests: 1\n");
    program_add_policy(p, "others", "dircertPrecedence: 200\n");
    program_pass(p, PROGRAM_HELD);
    const char *value = program_field(p, WORDS("event=hold "), "release");
    const char *line =
        text(arena_format(&p->arena, "servers  too-many      2      1  default   dircertRelease: %s\n", value));
    as_admin(p, 3, ARGS("status"));
    EXPECT_OUTPUT(p, line);
    as_admin(p, 3, ARGS("status", "--json"));
    assert_string_equal(json(p, "d['holds'][0]['release']"), value);
    as_admin(p, 0, ARGS("release", "others"));
    assert_string_equal(p->output, "Nothing of that policy is held.\n");
    as_admin(p, 1, ARGS("release", "servers"));
    EXPECT_ERROR(p, "there is no terminal to ask on");
    as_approver(p, 2, ARGS("release", "servers", "--yes"));
    as_admin(p, 0, ARGS("release", "servers", "--yes"));
    EXPECT_OUTPUT(p,
                  text(arena_format(&p->arena, "too-many      2      1  dircertRelease: %s  not released\n", value)));
    EXPECT_OUTPUT(p, "\nWritten; the next pass goes on.\n");
    as_admin(p, 0, ARGS("release", POLICY("servers"), "--yes"));
    EXPECT_OUTPUT(p, "released; waits for the next pass\nNothing was written.\n");
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(dircertState=pending)"), 2);
    as_admin(p, 0, ARGS("release", "servers", "--json"));
    assert_string_equal(p->output, "[]\n");
}

/* A terminal. */

static void on_terminal(struct program *p, const char *const arguments[], const char *answer)
{
    static char seen[65536];
    int master, status;
    size_t n = 0;
    fflush(NULL);
    pid_t pid = forkpty(&master, NULL, NULL, NULL);
    assert_true(pid >= 0);
    if (pid == 0) {
        char *argv[ARGUMENTS] = {(char *)(uintptr_t)CTL};
        for (size_t i = 0; arguments[i] && i + 2 < ARGUMENTS; i++)
            argv[i + 1] = (char *)(uintptr_t)arguments[i];
        alarm(LIMIT_S);
        unsetenv("NO_COLOR");
        setenv("TERM", "xterm", 1);
        execv(CTL, argv);
        _exit(127);
    }
    for (ssize_t r; n < sizeof seen - 1 && (r = read(master, seen + n, sizeof seen - 1 - n)) > 0;) {
        seen[n += (size_t)r] = '\0';
        if (answer && (strstr(seen, "Password: ") || strstr(seen, "[y/N] "))) {
            assert_true(write(master, answer, strlen(answer)) > 0);
            answer = NULL;
        }
    }
    seen[n] = '\0';
    close(master);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    p->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    p->output = text(arena_copy(&p->arena, slice_make(seen, n)));
    p->log = "";
}

static void test_on_a_terminal(void **state)
{
    struct program *p = *state;
    const char *uri = slapd_ldapi_uri(p->server), *file = password_file(p, "person", SLAPD_PASSWORD, 0600);
    program_add_servers(p, "bad", 2, program_version_1);
    program_add_policy(p, "servers", ASKS "dircertMaxRequests: 1\n");
    program_pass(p, PROGRAM_HELD);
    on_terminal(p, ARGS("-H", uri, "-b", BASE, "-D", SLAPD_ADMIN, "-y", file, "status"), NULL);
    expect_code(p, 3);
    EXPECT_OUTPUT(p, "\033[1;31mtoo-many\033[0m");
    on_terminal(p, ARGS("-H", uri, "-b", BASE, "-D", SLAPD_ADMIN, "-y", file, "status", "--json"), NULL);
    assert_null(strchr(p->output, '\033'));
    on_terminal(p, ARGS("-H", uri, "-b", BASE, "-D", SLAPD_ADMIN, "-y", file, "status", "--watch", "--count", "1"),
                NULL);
    EXPECT_OUTPUT(p, "\033[H\033[2J");
    on_terminal(p, ARGS("-H", uri, "-b", BASE, "-D", SLAPD_ADMIN, "-y", file, "release", "servers"), "n\n");
    expect_code(p, 1);
    EXPECT_OUTPUT(p, "nothing was written");
    on_terminal(p, ARGS("-H", uri, "-b", BASE, "-D", SLAPD_ADMIN, "-y", file, "release", "servers"), "y\n");
    expect_code(p, 0);
    program_pass(p, PROGRAM_COMPLETE);
}

static void test_password_by_terminal_and_argument(void **state)
{
    struct program *p = *state;
    const char *uri = slapd_ldapi_uri(p->server);
    run(p, ARGS("-H", uri, "-b", BASE, "-D", SLAPD_ADMIN, "-w", SLAPD_PASSWORD, "status"), NULL);
    expect_code(p, 0);
    on_terminal(p, ARGS("-H", uri, "-b", BASE, "-D", SLAPD_ADMIN, "-W", "status"), SLAPD_PASSWORD "\n");
    expect_code(p, 0);
    EXPECT_OUTPUT(p, "Password: ");
    assert_null(strstr(p->output, SLAPD_PASSWORD));
    on_terminal(p, ARGS("-H", uri, "-b", BASE, "-D", SLAPD_ADMIN, "-W", "status"), "wrong\n");
    expect_code(p, 2);
}

/* Completion. */

static const char *completed(struct program *p, const char *words, unsigned at)
{
    const char *script = text(arena_format(
        &p->arena,
        "source " SOURCE_DIR "/contrib/completion/dircertctl.bash; complete -p dircertctl >/dev/null || exit 9; "
        "COMP_WORDS=(" CTL " %s); COMP_CWORD=%u; _dircertctl; echo \" ${COMPREPLY[*]} \"",
        words, at));
    struct command_result r = command_run(ARGS("bash", "-c", script), NULL, NULL, LIMIT_S);
    assert_int_equal(r.status, 0);
    const char *answer = text(arena_copy(&p->arena, slice_of(r.output)));
    command_free(&r);
    return answer;
}

static void test_completion(void **state)
{
    struct program *p = *state;
    run(p, ARGS("--complete"), NULL);
    struct slice rest = slice_of(p->output), word;
    const char *all = completed(p, "''", 1);
    unsigned commands = 0;
    for (; slice_split(&rest, '\n', &word) && word.n; commands++)
        expect_in(all, text(arena_format(&p->arena, " %.*s ", SLICE_ARGS(word))));
    assert_true(commands >= 8);
    assert_string_equal(completed(p, "-c /etc/x rel", 3), " release \n");
    assert_string_equal(completed(p, "requests --state pr", 3), " proposed \n");
    assert_string_equal(completed(p, "requests sh", 2), " show \n");
    assert_string_equal(completed(p, "release --ye", 2), " --yes \n");
    expect_in(completed(p, "approve --", 2), " --reason --early --uri ");
}

/* For what needs no server. */
static int enter_without_server(void **state)
{
    *state = calloc(1, sizeof(struct program));
    return *state ? 0 : -1;
}

static int leave_without_server(void **state)
{
    struct program *p = *state;
    arena_free(&p->arena);
    free(p);
    return 0;
}

int main(void)
{
    if (!slapd_available()) {
        puts("skipped: this machine has no slapd");
        return 77;
    }
#define LIGHT(name) cmocka_unit_test_setup_teardown(name, enter_without_server, leave_without_server)
#define TEST(name)  cmocka_unit_test_setup_teardown(name, program_enter, program_leave)
    const struct CMUnitTest tests[] = {
        LIGHT(test_help_and_usage),
        TEST(test_who_you_are),
        TEST(test_the_daemons_password_is_never_used),
        LIGHT(test_tables_of_the_program),
        TEST(test_status_of_nothing),
        TEST(test_watching_outlasts_the_server),
        TEST(test_watching_ends_with_a_refused_bind),
        TEST(test_watching_is_bounded),
        TEST(test_status),
        TEST(test_what_is_hidden_is_told),
        TEST(test_requests),
        TEST(test_requests_show),
        TEST(test_requests_show_a_certificate),
        TEST(test_ambiguous_prefix),
        TEST(test_approve),
        TEST(test_reject),
        TEST(test_a_decision_is_refused),
        TEST(test_a_decision_that_stands_is_not_overwritten),
        TEST(test_what_is_only_proposed),
        TEST(test_release),
        TEST(test_on_a_terminal),
        TEST(test_password_by_terminal_and_argument),
        LIGHT(test_completion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
