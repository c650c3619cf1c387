/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon that follows two databases, and one that is ended, or loses its lease, in the middle of a look: nothing is
 * half written, nothing is written after, and whoever comes next does the rest.
 */
#include <openssl/evp.h>

#include "followworld.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define OTHER        "dc=example,dc=net"
#define OTHER_SERVER "cn=b," OTHER
#define OTHER_HOST   "b.example.net"

enum { MANY = 400, HEARTBEAT_MS = 1200, TRIES = 10000 };

/* Two databases. */

static char other_folder[128];

static int enter_with_two(void **state)
{
    char database[512];
    const char *below = getenv("TMPDIR");
    snprintf(other_folder, sizeof other_folder, "%s/dcd-other-XXXXXX", below && *below ? below : "/tmp");
    if (!mkdtemp(other_folder))
        return -1;
    snprintf(database, sizeof database,
             "database mdb\nsuffix \"" OTHER "\"\ndirectory %s\nmaxsize 1073741824\ndbnosync\nrootdn \"" SLAPD_ADMIN
             "\"\nindex objectClass,entryUUID,entryCSN eq\noverlay syncprov\nsyncprov-sessionlog 1000\n",
             other_folder);
    int failed = program_enter_on(state, &(struct slapd_options){.syncprov = true, .global = database});
    struct program *p = *state;
    if (failed)
        return failed;
    program_change(p, "dn: " OTHER "\nchangetype: add\nobjectClass: dcObject\nobjectClass: organization\n"
                      "dc: example\no: Other\n");
    program_add_server(p, "fine", "fine.example.com", program_good(p, "fine.example.com"));
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_configure(p, &(struct program_conf){.interval_s = FOLLOW_HOUR_S, .level = "debug", .timeout_s = 3});
    return 0;
}

static int leave_two(void **state)
{
    const char *const argv[] = {"rm", "-r", other_folder, NULL};
    int rc = program_leave(state);
    struct command_result r = command_run(argv, NULL, NULL, 10);
    command_free(&r);
    return rc;
}

static void add_other(struct program *p, const char *cn, const char *host, struct slice der)
{
    program_change(p,
                   "dn: cn=%s," OTHER "\nchangetype: add\nobjectClass: device\nobjectClass: dircertHost\ncn: %s\n"
                   "dNSHostName: %s\n",
                   cn, cn, host);
    follow_publish(p, (const char *)arena_format(&p->arena, "cn=%s," OTHER, cn).p, der);
}

/* One policy over both, and each database has a cookie of its own. */
static void both_databases_are_followed(void **state)
{
    struct program *p = *state;
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nadd: dircertTarget\n"
                                               "dircertTarget: ldap:///" OTHER "??sub?(objectClass=dircertHost)\n");
    add_other(p, "fine", "fine.example.net", program_good(p, "fine.example.net"));
    struct daemon_process d = follow_start(p);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    follow_wait_state(p, A, "pending");
    add_other(p, "b", OTHER_HOST, program_version_1(p, OTHER_HOST));
    follow_wait_state(p, OTHER_SERVER, "pending");
    follow_publish(p, A, program_good(p, A_HOST));
    follow_publish(p, OTHER_SERVER, program_good(p, OTHER_HOST));
    follow_wait_state(p, A, "withdrawn");
    follow_wait_state(p, OTHER_SERVER, "withdrawn");
    follow_stop(&d, 1);
}

/* The server restarts, and both have changed meanwhile. */
static void both_databases_go_on_where_they_were(void **state)
{
    struct program *p = *state;
    program_add_policy(p, "others",
                       ENFORCE VERSION_REISSUE "dircertTarget: ldap:///" OTHER "??sub?(objectClass=dircertHost)\n");
    add_other(p, "fine", "fine.example.net", program_good(p, "fine.example.net"));
    struct daemon_process d = follow_start(p);
    daemon_signal(&d, SIGSTOP);
    assert_true(slapd_restart(p->server));
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    add_other(p, "b", OTHER_HOST, program_version_1(p, OTHER_HOST));
    daemon_signal(&d, SIGCONT);
    follow_wait_state(p, A, "pending");
    follow_wait_state(p, OTHER_SERVER, "pending");
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=drift")), 0);
}

/* In the middle. */

static const char *line_of(struct program *p, struct slice der)
{
    char *encoded = arena_alloc(&p->arena, der.n * 4 / 3 + 8);
    EVP_EncodeBlock((unsigned char *)encoded, der.p, (int)der.n);
    return (const char *)arena_format(&p->arena, "userCertificate;binary:: %s\n", encoded).p;
}

static const char *lease(struct program *p)
{
    const char *value =
        program_value(p, program_search(p, INSTANCE, "base", "(objectClass=*)", "dircertLease"), "dircertLease", 0);
    return value ? value : "";
}

static size_t requests(struct program *p)
{
    return program_count_requests(p, "(objectClass=dircertRequest)");
}

/* A full pass of another process finds what is left to do, and does it. */
static void finish(struct program *p, size_t count)
{
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(&(objectClass=dircertRequest)(dircertState=pending))"), count);
    assert_int_equal(requests(p), count);
}

static int enter_with_heartbeats(void **state)
{
    int failed = follow_enter(state);
    if (!failed)
        program_configure(
            *state, &(struct program_conf){
                        .interval_s = FOLLOW_HOUR_S, .level = "debug", .timeout_s = 3, .more = "heartbeat_s: 1\n"});
    return failed;
}

/* The look has sent its first search, and the server does not answer. */
static struct daemon_process in_a_waiting_look(struct program *p)
{
    struct daemon_process d = follow_start(p);
    daemon_signal(&d, SIGSTOP);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_rest(FOLLOW_SETTLE_MS); /* the server tells it a moment later */
    slapd_pause(p->server);
    daemon_signal(&d, SIGCONT);
    daemon_rest(FOLLOW_SETTLE_MS);
    return d;
}

static void an_end_while_a_look_waits(void **state)
{
    struct program *p = *state;
    struct daemon_process d = in_a_waiting_look(p);
    daemon_signal(&d, SIGTERM);
    daemon_rest(FOLLOW_SETTLE_MS);
    slapd_continue(p->server);
    assert_int_equal(daemon_join(&d), 0);
    assert_int_equal(daemon_lines(&d, WORDS("event=request ")), 0);
    assert_int_equal(daemon_lines(&d, WORDS("event=stop")), 1);
    assert_int_equal(requests(p), 0);
    assert_string_equal(lease(p), "");
    finish(p, 1);
}

/* It does not wait for ever to give the lease back, which then ends by its own time. */
static void an_end_while_the_server_stands_still(void **state)
{
    struct program *p = *state;
    struct daemon_process d = in_a_waiting_look(p);
    daemon_signal(&d, SIGTERM);
    assert_int_equal(daemon_join(&d), 0);
    slapd_continue(p->server);
    daemon_rest(FOLLOW_SETTLE_MS);
    assert_int_equal(requests(p), 0);
    finish(p, 1);
}

/* Everybody's certificate is of version 1 now. */
static void spoil_all(struct program *p)
{
    struct slice all = {NULL, 0};
    const char *line = line_of(p, program_version_1(p, "s.example.com"));
    for (unsigned i = 1; i <= MANY; i++)
        all = arena_format(&p->arena,
                           "%.*sdn: cn=s%u," SERVERS "\nchangetype: modify\nreplace: userCertificate;binary\n%s\n",
                           SLICE_ARGS(all), i, line);
    program_change(p, "%.*s", SLICE_ARGS(all));
}

/* What the server has already, it carries out. */
static void await_quiet(struct program *p)
{
    enum { LOOKS_ALIKE = 5 };
    size_t count = requests(p);
    for (int alike = 0, i = 0; alike < LOOKS_ALIKE && i < TRIES; i++) {
        daemon_rest(FOLLOW_SETTLE_MS / 2);
        size_t now = requests(p);
        alike = now == count ? alike + 1 : 0;
        count = now;
    }
}

/* It stands still after it has written some requests, and before it has written all. */
static struct daemon_process in_a_writing_look(struct program *p)
{
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMaxRequests\n"
                                               "dircertMaxRequests: 100000\n");
    program_add_servers(p, "s", MANY, program_good);
    struct daemon_process d = follow_start(p);
    daemon_signal(&d, SIGSTOP);
    spoil_all(p);
    daemon_signal(&d, SIGCONT);
    for (int i = 0; i < TRIES && daemon_lines(&d, WORDS("event=request ", "verb=create")) == 0; i++)
        daemon_rest(1);
    daemon_signal(&d, SIGSTOP);
    await_quiet(p);
    assert_in_range(requests(p), 1, MANY - 1);
    return d;
}

/* It may have been stopped where it had just looked whether it may write, and then that one is written. */
static void expect_no_more_than_one_more(struct program *p, const struct daemon_process *d, size_t before)
{
    size_t now = requests(p);
    assert_in_range(now, before, before + 1);
    assert_int_equal(daemon_lines(d, WORDS("event=request ", "verb=create")), now);
}

static void an_end_while_a_look_writes(void **state)
{
    struct program *p = *state;
    struct daemon_process d = in_a_writing_look(p);
    size_t before = requests(p);
    daemon_signal(&d, SIGTERM);
    daemon_signal(&d, SIGCONT);
    assert_int_equal(daemon_join(&d), 0);
    expect_no_more_than_one_more(p, &d, before);
    assert_string_equal(lease(p), "");
    finish(p, MANY);
}

static void give_lease_away(struct program *p)
{
    program_change(p, "dn: " INSTANCE "\nchangetype: modify\nreplace: dircertLease\n"
                      "dircertLease: there.example.com 9c1d2f30-77aa-4b1e-8f2f-0d3c5b7a9e22 7 20991231235959Z\n");
    daemon_rest(HEARTBEAT_MS); /* a heartbeat is due */
}

static void a_lease_that_is_lost_while_a_look_writes(void **state)
{
    struct program *p = *state;
    struct daemon_process d = in_a_writing_look(p);
    size_t before = requests(p);
    give_lease_away(p);
    const char *theirs = lease(p);
    daemon_signal(&d, SIGCONT);
    daemon_wait(&d, WORDS("event=lease", "state=lost"));
    daemon_rest(FOLLOW_SETTLE_MS);
    assert_in_range(requests(p), before, before + 1);
    assert_string_equal(lease(p), theirs);
    daemon_stop(&d);
    expect_no_more_than_one_more(p, &d, before);
    assert_string_equal(lease(p), theirs);
}

/* How many lines of the figures begin so. */
static size_t figures_of(const char *path, const char *series)
{
    char line[512];
    size_t n = 0;
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        n += strncmp(line, series, strlen(series)) == 0;
    if (f)
        fclose(f);
    return n;
}

/* The figures stay those of the last full pass that came to its end. */
static void a_lease_that_is_lost_while_a_full_pass_writes(void **state)
{
    struct program *p = *state;
    const char *path = (const char *)arena_format(&p->arena, "%s/d.prom", slapd_folder(p->server)).p;
    program_configure(p, &(struct program_conf){
                             .interval_s = FOLLOW_HOUR_S,
                             .level = "debug",
                             .timeout_s = 3,
                             .more = (const char *)arena_format(
                                         &p->arena, "heartbeat_s: 1\nfollow: off\nmetrics: {textfile: \"%s\"}\n", path)
                                         .p});
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMaxRequests\n"
                                               "dircertMaxRequests: 100000\n");
    program_add_servers(p, "s", MANY, program_good);
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WHOLE_PASS);
    spoil_all(p);
    daemon_signal(&d, SIGUSR1);
    for (int i = 0; i < TRIES && daemon_lines(&d, WORDS("event=request ", "verb=create")) == 0; i++)
        daemon_rest(1);
    daemon_signal(&d, SIGSTOP);
    await_quiet(p);
    assert_in_range(requests(p), 1, MANY - 1);
    give_lease_away(p);
    daemon_signal(&d, SIGCONT);
    daemon_wait(&d, WORDS("event=lease", "state=lost"));
    for (int i = 0; i < TRIES / 50 && !figures_of(path, "dircertd_lease_held{daemon=\"default\"} 0"); i++)
        daemon_rest(FOLLOW_SETTLE_MS / 5);
    assert_int_equal(figures_of(path, "dircertd_lease_held{daemon=\"default\"} 0"), 1);
    assert_int_equal(figures_of(path, "dircertd_subjects{daemon=\"default\",policy=\"servers\"} 401"), 1);
    assert_int_equal(figures_of(path, "dircertd_hold{"), 1);
    daemon_stop(&d);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_databases_are_followed, enter_with_two, leave_two),
        cmocka_unit_test_setup_teardown(both_databases_go_on_where_they_were, enter_with_two, leave_two),
        cmocka_unit_test_setup_teardown(an_end_while_a_look_waits, enter_with_heartbeats, program_leave),
        cmocka_unit_test_setup_teardown(an_end_while_the_server_stands_still, enter_with_heartbeats, program_leave),
        cmocka_unit_test_setup_teardown(an_end_while_a_look_writes, enter_with_heartbeats, program_leave),
        cmocka_unit_test_setup_teardown(a_lease_that_is_lost_while_a_look_writes, enter_with_heartbeats, program_leave),
        cmocka_unit_test_setup_teardown(a_lease_that_is_lost_while_a_full_pass_writes, enter_with_heartbeats,
                                        program_leave),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return slapd_available() ? cmocka_run_group_tests_name("follow-midway", tests, NULL, NULL) : 77;
}
