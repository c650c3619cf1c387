/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon between full passes: what changes in the directory is looked at as it happens, and so is what the time
 * alone changes.  Full passes are an hour apart here, and every one that comes nevertheless is counted.
 */
#include "support/daemon.h"

#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WHOLE_PASS WORDS("event=pass", "policy=-")
#define FOLLOWING  WORDS("event=sync", "state=following")
#define A          SERVER("a")
#define A_HOST     "a.example.com"

enum { HOUR_S = 3600, SETTLE_MS = 400 };

static const char overlay[] = "overlay syncprov\n", with_log[] = "overlay syncprov\nsyncprov-sessionlog 1000\n";

static int enter_with(void **state, const char *database)
{
    int failed = program_enter_on(state, &(struct slapd_options){.accesslog = true, .database = database});
    struct program *p = *state;
    if (failed)
        return failed;
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_add_server(p, "fine", "fine.example.com", program_good(p, "fine.example.com"));
    program_configure(p, &(struct program_conf){.interval_s = HOUR_S, .level = "debug", .timeout_s = 3});
    return 0;
}

static int enter(void **state)
{
    return enter_with(state, with_log);
}

static int enter_without_log(void **state)
{
    return enter_with(state, overlay);
}

static int enter_without_overlay(void **state)
{
    return enter_with(state, NULL);
}

static struct daemon_process start(struct program *p)
{
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, FOLLOWING);
    daemon_wait(&d, WHOLE_PASS);
    return d;
}

/* No further full pass came, and nothing goes round in circles. */
static void stop(struct daemon_process *d, size_t full_passes)
{
    daemon_rest(SETTLE_MS);
    size_t looks = daemon_lines(d, WORDS("event=look"));
    daemon_rest(SETTLE_MS);
    assert_int_equal(daemon_lines(d, WORDS("event=look")), looks);
    daemon_stop(d);
    assert_int_equal(daemon_lines(d, WHOLE_PASS), full_passes);
    assert_int_equal(daemon_lines(d, WORDS("event=drift")), 0);
    assert_int_equal(daemon_lines(d, WORDS("event=fault")), 0);
}

static void publish(struct program *p, const char *dn, struct slice der)
{
    program_publish(p, dn, 1, &der);
}

/* The reissue of the entry is in that state, or gets there soon; state NULL: there is none. */
static void wait_state(struct program *p, const char *subject, const char *state)
{
    for (int i = 0; i < 100; i++) {
        if (strcmp(program_request_value(p, "reissue", subject, "dircertState"), state) == 0)
            return;
        daemon_rest(50);
    }
    program_expect_state(p, "reissue", subject, state);
}

static void a_change_is_answered_at_once(void **state)
{
    struct program *p = *state;
    struct daemon_process d = start(p);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=finding", "check=version", "cn=a,"));
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=a,"));
    program_expect_state(p, "reissue", A, "pending");
    publish(p, A, program_good(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "state=withdrawn", "cn=a,"));
    publish(p, A, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "verb=reopen", "cn=a,"));
    stop(&d, 1);
    assert_int_equal(daemon_lines(&d, WORDS("event=request")), 3);
}

/* What the approver and the fulfiller write counts at once; so does the certificate that follows. */
static void a_request_goes_its_way(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    struct daemon_process d = start(p);
    program_expect_state(p, "reissue", A, "pending");
    program_decide(p, "reissue", A, "approve 1");
    daemon_wait(&d, WORDS("event=request", "state=approved", "cn=a,"));
    program_claim(p, "reissue", A, "20991231235959Z", "submitted 1.1");
    daemon_wait(&d, WORDS("event=request", "state=submitted", "cn=a,"));
    publish(p, A, program_good(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "state=fulfilled", "cn=a,"));
    stop(&d, 1);
}

static void a_confirmation_comes_by_itself(void **state)
{
    struct program *p = *state;
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertConfirmations\n"
                                               "dircertConfirmations: 2\n");
    program_configure(p, &(struct program_conf){.interval_s = 2, .level = "debug", .more = "full_interval_s: 3600\n"});
    struct daemon_process d = start(p);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "state=proposed", "cn=a,"));
    daemon_wait(&d, WORDS("event=request", "state=pending", "cn=a,"));
    stop(&d, 1);
}

static struct slice until(struct program *p, const char *name, int64_t not_after_utc)
{
    struct cert_text cn = {0, slice_of(name)};
    struct cert_name dns = {NAME_DNS, slice_of(name)};
    const struct cert_options o = {.not_before_utc = 1577836800,
                                   .not_after_utc = not_after_utc,
                                   .common_names = &cn,
                                   .common_name_count = 1,
                                   .names = &dns,
                                   .name_count = 1};
    return cert_make(p->maker, &p->arena, &o);
}

/* Once it was there before the full pass, once it was published after it. */
static void a_certificate_expires(void **state)
{
    struct program *p = *state;
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nadd: dircertOnFinding\n"
                                               "dircertOnFinding: expired reissue\n");
    program_add_server(p, "a", A_HOST, until(p, A_HOST, time(NULL) + 4));
    struct daemon_process d = start(p);
    program_add_server(p, "b", "b.example.com", until(p, "b.example.com", time(NULL) + 4));
    assert_int_equal(daemon_lines(&d, WORDS("event=request")), 0);
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=a,", "checks=expired"));
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=b,", "checks=expired"));
    stop(&d, 1);
}

static void policies_count_at_once(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    struct daemon_process d = start(p);
    program_expect_state(p, "reissue", A, "pending");
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMode\ndircertMode: audit\n");
    daemon_wait(&d, WORDS("event=request", "state=held", "cn=a,"));
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMode\ndircertMode: enforce\n");
    daemon_wait(&d, WORDS("event=request", "verb=reopen", "cn=a,"));
    program_change(p,
                   "dn: cn=w," WAIVERS "\nchangetype: add\nobjectClass: dircertWaiver\ncn: w\n"
                   "dircertTarget: ldap:///%s??base?(objectClass=*)\ndircertCheck: version\n"
                   "dircertWaiverUntil: 20991231235959Z\ndircertWaiverReason: a test\n",
                   A);
    daemon_wait(&d, WORDS("event=request", "state=withdrawn", "cn=a,"));
    stop(&d, 4);
}

static void a_pause_counts_at_once(void **state)
{
    struct program *p = *state;
    struct daemon_process d = start(p);
    program_change(p, "dn: " BASE "\nchangetype: modify\nreplace: dircertPause\ndircertPause: TRUE\n");
    daemon_wait(&d, WORDS("event=pause"));
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=finding", "check=version", "cn=a,"));
    daemon_rest(SETTLE_MS);
    assert_int_equal(program_count_requests(p, "(objectClass=dircertRequest)"), 0);
    program_change(p, "dn: " BASE "\nchangetype: modify\nreplace: dircertPause\ndircertPause: FALSE\n");
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=a,"));
    daemon_stop(&d);
}

static void who_leaves_is_noticed(void **state)
{
    struct program *p = *state;
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMinSubjectsPercent\n"
                                               "dircertMinSubjectsPercent: 1\n");
    program_add_servers(p, "s", 4, program_version_1);
    struct daemon_process d = start(p);
    program_change(p, "dn: " SERVER("s1") "\nchangetype: delete\n");
    wait_state(p, SERVER("s1"), "withdrawn");
    program_change(p, "dn: " SERVER("s2") "\nchangetype: modrdn\nnewrdn: cn=t2\ndeleteoldrdn: 1\n");
    wait_state(p, SERVER("t2"), "pending");
    program_change(p, "dn: " SERVER("s3") "\nchangetype: modrdn\nnewrdn: cn=s3\ndeleteoldrdn: 1\nnewsuperior: " PEOPLE
                                          "\n");
    daemon_wait(&d, WORDS("event=request", "state=withdrawn", "cn=s3,"));
    program_change(p, "dn: " SERVER("s4") "\nchangetype: modify\ndelete: objectClass\nobjectClass: dircertHost\n-\n"
                                          "delete: dNSHostName\n-\ndelete: userCertificate;binary\n-\n"
                                          "add: objectClass\nobjectClass: pkiUser\n");
    daemon_wait(&d, WORDS("event=request", "state=withdrawn", "cn=s4,"));
    stop(&d, 1);
}

/* The daemon stands still while the server restarts and the entries change. */
static void restart_and_change(struct program *p, const struct daemon_process *d)
{
    daemon_signal(d, SIGSTOP);
    assert_true(slapd_restart(p->server));
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    program_change(p, "dn: " SERVER("old") "\nchangetype: delete\n");
    daemon_signal(d, SIGCONT);
}

static void a_server_restarts(void **state)
{
    struct program *p = *state;
    program_add_server(p, "old", "old.example.com", program_version_1(p, "old.example.com"));
    struct daemon_process d = start(p);
    restart_and_change(p, &d);
    wait_state(p, A, "pending");
    wait_state(p, SERVER("old"), "withdrawn");
    publish(p, A, program_good(p, A_HOST));
    wait_state(p, A, "withdrawn");
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=drift")), 0);
}

/* Older than what the daemon has seen: its cookie is refused, or means nothing. */
static int copied_from, copied;

static int copy_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    char name[4096];
    if (kind != FTW_F)
        return 0;
    snprintf(name, sizeof name, "%s.saved", path + at->base);
    const char *dot = strrchr(path + at->base, '.');
    if (dot && strcmp(dot, ".saved") == 0)
        return 0;
    copied_from++;
    char target[8192];
    snprintf(target, sizeof target, "%s.saved", path);
    const char *const argv[] = {"cp", "--sparse=always", path, target, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 20);
    copied += r.status == 0;
    command_free(&r);
    return 0;
}

static void a_directory_comes_back_from_a_backup(void **state)
{
    struct program *p = *state;
    const char *data = (const char *)arena_format(&p->arena, "%s/data", slapd_folder(p->server)).p;
    const char *file = (const char *)arena_format(&p->arena, "%s/data.mdb", data).p;
    const char *saved = (const char *)arena_format(&p->arena, "%s/data.mdb.saved", data).p;
    assert_true(slapd_restart(p->server)); /* so that all of it is in the file */
    slapd_kill(p->server);
    copied = copied_from = 0;
    assert_int_equal(nftw(data, copy_one, 16, FTW_PHYS), 0);
    assert_true(copied > 0 && copied == copied_from);
    assert_true(slapd_restart(p->server));
    struct daemon_process d = start(p);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=a,"));
    daemon_signal(&d, SIGSTOP);
    slapd_kill(p->server);
    assert_int_equal(rename(saved, file), 0);
    assert_true(slapd_restart(p->server));
    daemon_signal(&d, SIGCONT);
    daemon_wait(&d, WORDS("event=finding-ended", "cn=a,"));
    program_add_server(p, "b", "b.example.com", program_version_1(p, "b.example.com"));
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=b,"));
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=drift")), 0);
}

static void without_the_overlay_changes_are_searched_for(void **state)
{
    struct program *p = *state;
    program_configure(p, &(struct program_conf){.interval_s = 1, .level = "debug", .more = "full_interval_s: 3600\n"});
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=sync", "state=fallback", "syncprov"));
    daemon_wait(&d, WHOLE_PASS);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=a,"));
    publish(p, A, program_good(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "state=withdrawn", "cn=a,"));
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMode\ndircertMode: audit\n");
    daemon_wait(&d, WHOLE_PASS);
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WHOLE_PASS), 2);
    assert_int_equal(daemon_lines(&d, WORDS("event=sync")), 1);
    assert_int_equal(daemon_lines(&d, WORDS("event=fault")), 0);
}

static void the_configuration_can_say_no(void **state)
{
    struct program *p = *state;
    program_configure(p, &(struct program_conf){.interval_s = HOUR_S, .level = "debug", .more = "follow: off\n"});
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, WORDS("event=sync", "state=fallback", "follow: off"));
    daemon_wait(&d, WHOLE_PASS);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_rest(SETTLE_MS);
    assert_int_equal(daemon_lines(&d, WORDS("event=look")), 0);
    daemon_signal(&d, SIGUSR1);
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=a,"));
    daemon_wait(&d, WHOLE_PASS);
    daemon_stop(&d);
}

static void who_stands_by_does_not_follow(void **state)
{
    struct program *p = *state;
    struct daemon_process first = start(p);
    program_configure(p, &(struct program_conf){.interval_s = HOUR_S,
                                                .level = "debug",
                                                .more = "heartbeat_s: 1\n"
                                                        "instance: other\n"});
    struct daemon_process second = daemon_start(p, NULL);
    daemon_wait(&second, WORDS("event=lease", "state=standby"));
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&first, WORDS("event=request", "verb=create", "cn=a,"));
    stop(&first, 1);
    daemon_wait(&second, WORDS("event=lease", "state=held"));
    daemon_wait(&second, FOLLOWING);
    daemon_wait(&second, WHOLE_PASS);
    publish(p, A, program_good(p, A_HOST));
    daemon_wait(&second, WORDS("event=request", "state=withdrawn", "cn=a,"));
    stop(&second, 1);
}

static void a_full_pass_finds_nothing_new(void **state)
{
    struct program *p = *state;
    const char *figures = (const char *)arena_format(&p->arena, "%s/d.prom", slapd_folder(p->server)).p;
    const char *more = (const char *)arena_format(&p->arena, "metrics: {textfile: \"%s\"}\n", figures).p;
    program_configure(p, &(struct program_conf){.interval_s = HOUR_S, .level = "debug", .more = more});
    program_add_servers(p, "s", 20, program_good);
    struct daemon_process d = start(p);
    for (int i = 1; i <= 20; i++) {
        const char *cn = (const char *)arena_format(&p->arena, "s%d", i).p;
        publish(p, (const char *)arena_format(&p->arena, "cn=%s," SERVERS, cn).p, program_version_1(p, cn));
    }
    wait_state(p, SERVER("s20"), "pending");
    program_change(p, "dn: " SERVER("s1") "\nchangetype: delete\n");
    wait_state(p, SERVER("s1"), "withdrawn");
    daemon_signal(&d, SIGUSR1);
    daemon_wait(&d, WHOLE_PASS);
    stop(&d, 2);
    assert_int_equal(daemon_lines(&d, WORDS("event=request")), 21);
    const char *const argv[] = {"grep", "-c", "-E", "^dircertd_(following|drift_total).* [10]$", figures, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 10);
    assert_string_equal(r.output, "2\n");
    command_free(&r);
}

#define FOLLOW_TEST(function) cmocka_unit_test_setup_teardown(function, enter, program_leave)

/* With an argument, the tests of that name alone. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FOLLOW_TEST(a_change_is_answered_at_once),
        FOLLOW_TEST(a_request_goes_its_way),
        FOLLOW_TEST(a_confirmation_comes_by_itself),
        FOLLOW_TEST(a_certificate_expires),
        FOLLOW_TEST(policies_count_at_once),
        FOLLOW_TEST(a_pause_counts_at_once),
        FOLLOW_TEST(who_leaves_is_noticed),
        FOLLOW_TEST(a_server_restarts),
        {"a_server_restarts_without_a_session_log", a_server_restarts, enter_without_log, program_leave, NULL},
        FOLLOW_TEST(a_directory_comes_back_from_a_backup),
        cmocka_unit_test_setup_teardown(without_the_overlay_changes_are_searched_for, enter_without_overlay,
                                        program_leave),
        FOLLOW_TEST(the_configuration_can_say_no),
        FOLLOW_TEST(who_stands_by_does_not_follow),
        FOLLOW_TEST(a_full_pass_finds_nothing_new),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return slapd_available() ? cmocka_run_group_tests_name("follow", tests, NULL, NULL) : 77;
}
