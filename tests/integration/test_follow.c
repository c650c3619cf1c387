/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon between full passes: what changes in the directory is looked at as it happens, and so is what the time
 * alone changes.  Full passes are an hour apart here, and every one that comes nevertheless is counted.
 */
#include <openssl/evp.h>

#include "followworld.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define ANCHOR "cn=Sample CA," SLAPD_SUFFIX

static void a_change_is_answered_at_once(void **state)
{
    struct program *p = *state;
    struct daemon_process d = follow_start(p);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=finding", "check=version", "cn=a,"));
    daemon_wait(&d, WORDS("event=request", "verb=create", "cn=a,"));
    program_expect_state(p, "reissue", A, "pending");
    follow_publish(p, A, program_good(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "state=withdrawn", "cn=a,"));
    follow_publish(p, A, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "verb=reopen", "cn=a,"));
    follow_stop(&d, 1);
    assert_int_equal(daemon_lines(&d, WORDS("event=request")), 3);
}

/* What the approver and the fulfiller write counts at once; so does the certificate that follows. */
static void a_request_goes_its_way(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    struct daemon_process d = follow_start(p);
    program_expect_state(p, "reissue", A, "pending");
    program_decide(p, "reissue", A, "approve 1");
    daemon_wait(&d, WORDS("event=request", "state=approved", "cn=a,"));
    program_claim(p, "reissue", A, "20991231235959Z", "submitted 1.1");
    daemon_wait(&d, WORDS("event=request", "state=submitted", "cn=a,"));
    follow_publish(p, A, program_good(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "state=fulfilled", "cn=a,"));
    follow_stop(&d, 1);
}

static void a_confirmation_comes_by_itself(void **state)
{
    struct program *p = *state;
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertConfirmations\n"
                                               "dircertConfirmations: 2\n");
    program_configure(p, &(struct program_conf){.interval_s = 2, .level = "debug", .more = "full_interval_s: 3600\n"});
    struct daemon_process d = follow_start(p);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "state=proposed", "cn=a,"));
    daemon_wait(&d, WORDS("event=request", "state=pending", "cn=a,"));
    follow_stop(&d, 1);
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
    struct daemon_process d = follow_start(p);
    program_add_server(p, "b", "b.example.com", until(p, "b.example.com", time(NULL) + 4));
    assert_int_equal(daemon_lines(&d, WORDS("event=request")), 0);
    follow_wait_state(p, A, "pending");
    follow_wait_state(p, SERVER("b"), "pending");
    follow_stop(&d, 1);
    assert_int_equal(daemon_lines(&d, WORDS("event=request", "verb=create", "checks=expired")), 2);
}

static void policies_count_at_once(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    struct daemon_process d = follow_start(p);
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
    follow_stop(&d, 4);
}

static void a_pause_counts_at_once(void **state)
{
    struct program *p = *state;
    struct daemon_process d = follow_start(p);
    program_change(p, "dn: " BASE "\nchangetype: modify\nreplace: dircertPause\ndircertPause: TRUE\n");
    daemon_wait(&d, WORDS("event=pause"));
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=finding", "check=version", "cn=a,"));
    daemon_rest(FOLLOW_SETTLE_MS);
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
    struct daemon_process d = follow_start(p);
    program_change(p, "dn: " SERVER("s1") "\nchangetype: delete\n");
    follow_wait_state(p, SERVER("s1"), "withdrawn");
    program_change(p, "dn: " SERVER("s2") "\nchangetype: modrdn\nnewrdn: cn=t2\ndeleteoldrdn: 1\n");
    follow_wait_state(p, SERVER("t2"), "pending");
    program_change(p, "dn: " SERVER("s3") "\nchangetype: modrdn\nnewrdn: cn=s3\ndeleteoldrdn: 1\nnewsuperior: " PEOPLE
                                          "\n");
    daemon_wait(&d, WORDS("event=request", "state=withdrawn", "cn=s3,"));
    program_change(p, "dn: " SERVER("s4") "\nchangetype: modify\ndelete: objectClass\nobjectClass: dircertHost\n-\n"
                                          "delete: dNSHostName\n-\ndelete: userCertificate;binary\n-\n"
                                          "add: objectClass\nobjectClass: pkiUser\n");
    daemon_wait(&d, WORDS("event=request", "state=withdrawn", "cn=s4,"));
    follow_stop(&d, 1);
}

static void a_full_pass_finds_nothing_new(void **state)
{
    struct program *p = *state;
    const char *figures = (const char *)arena_format(&p->arena, "%s/d.prom", slapd_folder(p->server)).p;
    const char *more = (const char *)arena_format(&p->arena, "metrics: {textfile: \"%s\"}\n", figures).p;
    program_configure(p, &(struct program_conf){.interval_s = FOLLOW_HOUR_S, .level = "debug", .more = more});
    program_add_servers(p, "s", 20, program_good);
    struct daemon_process d = follow_start(p);
    for (int i = 1; i <= 20; i++) {
        const char *cn = (const char *)arena_format(&p->arena, "s%d", i).p;
        follow_publish(p, (const char *)arena_format(&p->arena, "cn=%s," SERVERS, cn).p, program_version_1(p, cn));
    }
    follow_wait_state(p, SERVER("s20"), "pending");
    program_change(p, "dn: " SERVER("s1") "\nchangetype: delete\n");
    follow_wait_state(p, SERVER("s1"), "withdrawn");
    daemon_signal(&d, SIGUSR1);
    daemon_wait(&d, WHOLE_PASS);
    follow_stop(&d, 2);
    assert_int_equal(daemon_lines(&d, WORDS("event=request")), 21);
    const char *const argv[] = {"grep", "-c", "-E", "^dircertd_(following|drift_total).* [10]$", figures, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 10);
    assert_string_equal(r.output, "2\n");
    command_free(&r);
}

/* The number behind it in the file of figures; -1: it is not there. */
static long long figure(const char *path, const char *series)
{
    char line[512];
    long long value = -1;
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, series, strlen(series)) == 0)
            value = atoll(line + strlen(series));
    if (f)
        fclose(f);
    return value;
}

static void wait_figure(const char *path, const char *series, long long value)
{
    for (unsigned i = 0; figure(path, series) != value; i++) {
        if (i == 150)
            fail_msg("%s %lld, not %lld", series, figure(path, series), value);
        daemon_rest(100);
    }
}

#define REQUESTS_IN(state)                                                                                             \
    "dircertd_requests{daemon=\"default\",policy=\"servers\",type=\"reissue\",state=\"" state "\"} "

/* What looks read and write is in the figures without a full pass. */
static void figures_of_requests_are_carried_on(void **state)
{
    static const char contact[] = "dircertd_last_contact_timestamp_seconds{daemon=\"default\"} ";
    struct program *p = *state;
    const char *figures = (const char *)arena_format(&p->arena, "%s/d.prom", slapd_folder(p->server)).p;
    const char *more =
        (const char *)arena_format(&p->arena, "heartbeat_s: 5\nmetrics: {textfile: \"%s\"}\n", figures).p;
    program_configure(p, &(struct program_conf){.interval_s = FOLLOW_HOUR_S, .level = "debug", .more = more});
    program_add_servers(p, "s", 3, program_version_1);
    struct daemon_process d = follow_start(p);
    wait_figure(figures, REQUESTS_IN("pending"), 3);
    assert_int_equal(figure(figures, "dircertd_full_interval_seconds{daemon=\"default\"} "), FOLLOW_HOUR_S);
    long long first = figure(figures, contact);
    program_decide(p, "reissue", SERVER("s1"), "approve 1");
    follow_wait_state(p, SERVER("s1"), "approved");
    follow_publish(p, SERVER("s2"), program_good(p, "s2"));
    follow_wait_state(p, SERVER("s2"), "withdrawn");
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    follow_wait_state(p, A, "pending");
    wait_figure(figures, REQUESTS_IN("approved"), 1);
    wait_figure(figures, REQUESTS_IN("withdrawn"), 1);
    wait_figure(figures, REQUESTS_IN("pending"), 2);
    for (int i = 0; i < 150 && figure(figures, contact) <= first; i++)
        daemon_rest(100);
    assert_true(first > 0 && figure(figures, contact) > first);
    follow_stop(&d, 1);
}

/* Nothing of what it writes is seen to be there, so each look at it writes it once more. */
static void writing_in_a_circle_ends(void **state)
{
    enum { FEW = 50 };
    struct program *p = *state;
    struct daemon_process d = follow_start(p);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    follow_wait_state(p, A, "pending");
    program_rule(p, "to dn.subtree=\"" REQUESTS "\" attrs=dircertReason by dn.exact=\"" DAEMON "\" =wx by * break");
    program_change(p, "dn: " A "\nchangetype: modify\nreplace: description\ndescription: something else\n");
    daemon_wait(&d, WORDS("event=request-problem", "once an interval"));
    program_drop_rule(p);
    follow_publish(p, A, program_good(p, A_HOST));
    daemon_wait(&d, WORDS("event=request", "state=withdrawn", "cn=a,"));
    follow_stop(&d, 1);
    assert_in_range(daemon_lines(&d, WORDS("event=request", "verb=revise")), 1, FEW);
}

/* Each look, and each full pass that they ask for, would find few enough to withdraw. */
static void withdrawals_count_by_the_interval(void **state)
{
    enum { MANY = 30, ALLOWED = 10 };
    struct program *p = *state;
    program_add_servers(p, "s", MANY, program_version_1);
    struct daemon_process d = follow_start(p);
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMaxPercent\n"
                                               "dircertMaxPercent: 10\n");
    daemon_wait(&d, WHOLE_PASS);
    for (int i = 1; i <= MANY; i++) {
        const char *host = (const char *)arena_format(&p->arena, "s%d.example.com", i).p;
        follow_publish(p, (const char *)arena_format(&p->arena, "cn=s%d," SERVERS, i).p, program_good(p, host));
        daemon_rest(10);
    }
    daemon_wait(&d, WORDS("event=hold", "too-many-withdrawals", "within an interval"));
    daemon_rest(2 * FOLLOW_SETTLE_MS);
    daemon_stop(&d);
    assert_int_equal(program_count_requests(p, "(dircertState=withdrawn)"), ALLOWED);
    assert_int_equal(daemon_lines(&d, WORDS("event=drift")), 0);
}

static void often(struct program *p)
{
    program_configure(p, &(struct program_conf){.interval_s = 1, .level = "debug", .more = "full_interval_s: 3600\n"});
}

/* What full passes can't do is tried again once in interval_s, and is done when it can be. */
static void what_was_refused_is_tried_again(void **state)
{
    struct program *p = *state;
    often(p);
    program_rule(p, "to dn.subtree=\"" REQUESTS "\" by dn.exact=\"" DAEMON "\" read by * break");
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    struct daemon_process d = follow_start(p);
    daemon_wait(&d, WORDS("event=fault", "write a request"));
    daemon_wait(&d, WHOLE_PASS);
    program_drop_rule(p);
    follow_wait_state(p, A, "pending");
    daemon_rest(2 * FOLLOW_SETTLE_MS);
    size_t passes = daemon_lines(&d, WHOLE_PASS);
    daemon_rest(2000);
    assert_int_equal(daemon_lines(&d, WHOLE_PASS), passes); /* an hour apart again */
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=drift")), 0);
}

/* Nobody has to wait for the next full pass in its own time to be rid of a hold. */
static void a_hold_ends_with_its_cause(void **state)
{
    enum { MANY = 12 };
    struct program *p = *state;
    often(p);
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMaxRequests\n"
                                               "dircertMaxRequests: 10\n");
    program_add_servers(p, "s", MANY, program_version_1);
    struct daemon_process d = follow_start(p);
    daemon_wait(&d, WORDS("event=pass", "policy=-", "result=held"));
    for (int i = 1; i <= MANY; i++) {
        const char *host = (const char *)arena_format(&p->arena, "s%d.example.com", i).p;
        follow_publish(p, (const char *)arena_format(&p->arena, "cn=s%d," SERVERS, i).p, program_good(p, host));
    }
    daemon_wait(&d, WORDS("event=hold-ended"));
    daemon_wait(&d, WORDS("event=pass", "policy=-", "result=complete"));
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=drift")), 0);
}

/* Full passes are an hour apart, whatever becomes of them. */
static void subjects_that_were_hidden_are_found_when_they_change(void **state)
{
    struct program *p = *state;
    program_rule(p, "to dn.subtree=\"" SERVERS "\" by dn.exact=\"" DAEMON "\" none by * break");
    struct daemon_process d = follow_start(p);
    assert_int_equal(daemon_lines(&d, WORDS("event=pass", "policy=-", "result=incomplete")), 1);
    program_drop_rule(p);
    program_add_server(p, "a", A_HOST, program_version_1(p, A_HOST));
    daemon_wait(&d, WORDS("event=look", "escalation=no-past"));
    follow_wait_state(p, A, "pending");
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=drift")), 0);
}

/* Every single change asks for a full pass, which is given more and more rarely. */
static void full_passes_out_of_turn_grow_rare(void **state)
{
    enum { MANY = 60, FEW = 12 };
    struct program *p = *state;
    struct daemon_process d = follow_start(p);
    for (int i = 0; i < MANY; i++)
        program_change(p, "dn: " SERVERS "\nchangetype: modify\nreplace: description\ndescription: %d\n", i);
    daemon_stop(&d);
    assert_in_range(daemon_lines(&d, WHOLE_PASS), 2, FEW);
}

static const char *line_of(struct program *p, const char *attribute, struct slice der)
{
    char *encoded = arena_alloc(&p->arena, der.n * 4 / 3 + 8);
    EVP_EncodeBlock((unsigned char *)encoded, der.p, (int)der.n);
    return (const char *)arena_format(&p->arena, "%s;binary:: %s\n", attribute, encoded).p;
}

/* Each octet is a serial number. */
static void list_as_revoked(struct program *p, const char *serials, int64_t age_s)
{
    const int64_t now_utc = time(NULL);
    const size_t count = strlen(serials);
    struct cert_revoked *revoked = ARENA_ARRAY(&p->arena, count, struct cert_revoked);
    for (size_t i = 0; i < count; i++)
        revoked[i] = (struct cert_revoked){slice_make(serials + i, 1), now_utc - age_s, 1};
    struct slice crl = cert_crl(p->maker, &p->arena,
                                &(struct cert_crl_options){.this_update_utc = now_utc - age_s,
                                                           .next_update_utc = now_utc + FOLLOW_HOUR_S,
                                                           .revoked = revoked,
                                                           .revoked_count = count});
    program_change(p, "dn: " ANCHOR "\nchangetype: modify\nreplace: certificateRevocationList;binary\n%s",
                   line_of(p, "certificateRevocationList", crl));
}

static struct slice issued(struct program *p, int version, const char *serial)
{
    struct cert_text cn = {0, slice_of(A_HOST)};
    const struct cert_options o = {.version = version,
                                   .serial = slice_of(serial),
                                   .not_before_utc = 1577836800,
                                   .not_after_utc = 4102444800,
                                   .common_names = &cn,
                                   .common_name_count = 1};
    return cert_make(p->maker, &p->arena, &o);
}

static size_t readings_of_authorities(struct program *p)
{
    static const char pattern[] = "SRCH base=\"" SLAPD_SUFFIX "\" scope=2 deref=0 filter=\"(objectClass=pkiCA)\"";
    char *log = slapd_log(p->server);
    size_t n = 0;
    for (const char *at = log; (at = strstr(at, pattern)); at++)
        n++;
    free(log);
    return n;
}

/* They are read once, until they change; and whoever publishes what a CRL lists already is never taken for good. */
static void authorities_are_read_when_they_change(void **state)
{
    enum { TIMES = 5 };
    char listed[TIMES + 2] = "\x77";
    struct program *p = *state;
    program_change(p, "dn: " ANCHOR "\nchangetype: add\nobjectClass: device\nobjectClass: pkiCA\ncn: Sample CA\n%s",
                   line_of(p, "cACertificate", cert_authority(p->maker, &p->arena, "Sample CA", CERT_EC_P256)));
    list_as_revoked(p, listed, 900);
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nadd: dircertTrustAnchor\n"
                                               "dircertTrustAnchor: " ANCHOR "\n-\nadd: dircertRevocationCheck\n"
                                               "dircertRevocationCheck: crl\n-\nadd: dircertOnFinding\n"
                                               "dircertOnFinding: revoked reissue\n");
    struct daemon_process d = follow_start(p);
    size_t before = readings_of_authorities(p);
    program_add_server(p, "a", A_HOST, issued(p, 1, "\x21"));
    follow_wait_state(p, A, "pending");
    follow_publish(p, A, issued(p, 3, "\x22"));
    follow_wait_state(p, A, "withdrawn");
    follow_publish(p, A, issued(p, 1, "\x23"));
    follow_wait_state(p, A, "pending");
    assert_int_equal(readings_of_authorities(p), before);
    for (int i = 0; i < TIMES; i++) {
        const char serial[] = {(char)(0x30 + i), '\0'};
        listed[1 + i] = serial[0]; /* what was listed stays so: else a pass between the two writes takes it for good */
        list_as_revoked(p, listed, 800 - 100 * i);
        follow_publish(p, A, issued(p, 3, serial));
        daemon_rest(FOLLOW_SETTLE_MS);
        program_expect_state(p, "reissue", A, "pending");
    }
    assert_true(readings_of_authorities(p) > before);
    daemon_wait(&d, WORDS("event=finding", "check=revoked", "cn=a,"));
    daemon_stop(&d);
    assert_int_equal(daemon_lines(&d, WORDS("event=request", "state=withdrawn")), 1);
    assert_int_equal(daemon_lines(&d, WORDS("event=drift")), 0);
    assert_int_equal(daemon_lines(&d, WORDS("event=fault")), 0);
}

#define FOLLOW_TEST(function) cmocka_unit_test_setup_teardown(function, follow_enter, program_leave)

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
        FOLLOW_TEST(a_full_pass_finds_nothing_new),
        FOLLOW_TEST(figures_of_requests_are_carried_on),
        FOLLOW_TEST(writing_in_a_circle_ends),
        FOLLOW_TEST(withdrawals_count_by_the_interval),
        FOLLOW_TEST(what_was_refused_is_tried_again),
        FOLLOW_TEST(a_hold_ends_with_its_cause),
        FOLLOW_TEST(subjects_that_were_hidden_are_found_when_they_change),
        FOLLOW_TEST(full_passes_out_of_turn_grow_rare),
        FOLLOW_TEST(authorities_are_read_when_they_change),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return slapd_available() ? cmocka_run_group_tests_name("follow", tests, NULL, NULL) : 77;
}
