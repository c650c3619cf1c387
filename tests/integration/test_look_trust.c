/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks under policies that want chains and CRLs, in a real directory: they take what the full pass has read of
 * authorities, and nothing of it that has changed since.
 */
#include "run/past.h"
#include "support/dirtest.h"
#include "support/program.h"

#include "run/pass.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>

enum { LOG_ROOM = 1 << 20, FROM_UTC = 1577836800, DAY = 86400 };
static const int64_t until_utc = 4102444800;

#define A           SERVER("a")
#define B           SERVER("b")
#define PASSWORD    "only for this test"
#define AUTHORITIES "ou=authorities," SLAPD_SUFFIX
#define ANCHOR      "cn=Sample CA," AUTHORITIES
#define OTHER       "cn=Other CA," AUTHORITIES
#define POINT       "cn=crl," AUTHORITIES
#define POINT_URI   "ldap:///cn=crl,ou=authorities,dc=example,dc=com?certificateRevocationList?base"
#define JUDGED                                                                                                         \
    ENFORCE VERSION_REISSUE "dircertTrustAnchor: " ANCHOR "\ndircertRevocationCheck: crl\n"                            \
                            "dircertOnFinding: chain reissue\ndircertOnFinding: revoked reissue\n"                     \
                            "dircertMinSubjectsPercent: 0\n"
#define OF_AUTHORITIES "SRCH base=\"" SLAPD_SUFFIX "\" scope=2 deref=0 filter=\"(objectClass=pkiCA)\""
#define OF_ANCHOR      "SRCH base=\"" ANCHOR "\" scope=0"
#define OF_POINT       "SRCH base=\"" POINT "\" scope=0"

static struct fixture {
    struct program *p;
    struct dir *dir;
    struct second_reader *second;
    struct past *past;
    struct memo *memo;
    struct arena arena;
    int64_t ahead_s, jump_s; /* of both clocks, of the wall clock alone */
    const char *followed;
    const char *log;
    enum escalation escalation;
} f;

static int64_t wall(void *context)
{
    return log_system_clock(context) + f.ahead_s + f.jump_s;
}

static int64_t steady(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec + f.ahead_s;
}

/* The directory. */

static const char *line_of(const char *attribute, struct slice der)
{
    char *encoded = arena_alloc(&f.arena, der.n * 4 / 3 + 8);
    EVP_EncodeBlock((unsigned char *)encoded, der.p, (int)der.n);
    return (const char *)arena_format(&f.arena, "%s;binary:: %s\n", attribute, encoded).p;
}

static struct slice issue(const char *name, int version, const char *issuer, const char *serial, struct slice points)
{
    struct cert_text cn = {0, slice_of(name)};
    struct cert_name dns = {NAME_DNS, slice_of(name)};
    struct cert_extension extension = {.oid = "2.5.29.31", .value = points};
    return cert_make(f.p->maker, &f.arena,
                     &(struct cert_options){.version = version,
                                            .serial = slice_of(serial),
                                            .issuer = issuer,
                                            .not_before_utc = FROM_UTC,
                                            .not_after_utc = until_utc,
                                            .common_names = &cn,
                                            .common_name_count = 1,
                                            .names = &dns,
                                            .name_count = version == 3,
                                            .extensions = &extension,
                                            .extension_count = points.n > 0});
}

static struct slice plain(const char *name, int version, const char *serial)
{
    return issue(name, version, NULL, serial, (struct slice){NULL, 0});
}

static void add_authority(const char *dn, const char *name)
{
    program_change(f.p, "dn: %s\nchangetype: add\nobjectClass: device\nobjectClass: pkiCA\ncn: %s\n%s", dn, name,
                   line_of("cACertificate", cert_authority(f.p->maker, &f.arena, name, CERT_EC_P256)));
}

static void publish_crl(const char *dn, const char *serial, int64_t from_days)
{
    const int64_t now_utc = time(NULL);
    const struct cert_revoked revoked = {slice_of(serial), now_utc - 20 * DAY, 1};
    struct slice crl = cert_crl(f.p->maker, &f.arena,
                                &(struct cert_crl_options){.this_update_utc = now_utc + from_days * DAY,
                                                           .next_update_utc = now_utc + 30 * DAY,
                                                           .revoked = &revoked,
                                                           .revoked_count = 1});
    program_change(f.p, "dn: %s\nchangetype: modify\nreplace: certificateRevocationList;binary\n%s", dn,
                   line_of("certificateRevocationList", crl));
}

static void publish(const char *dn, struct slice der)
{
    program_publish(f.p, dn, 1, &der);
}

static int enter(void **state)
{
    struct fault fault = {{0}};
    if (program_enter_with(state, NULL, "index dircertRequestId,dircertSubjectId eq") != 0)
        return -1;
    f = (struct fixture){.p = *state, .past = past_open(), .memo = memo_open(), .followed = SLAPD_SUFFIX};
    f.dir = open_as(f.p->server, DAEMON, PASSWORD, 10);
    program_change(f.p, "dn: " AUTHORITIES "\nchangetype: add\nobjectClass: organizationalUnit\nou: authorities\n");
    add_authority(ANCHOR, "Sample CA");
    publish_crl(ANCHOR, "\x77", -10);
    program_add_server(f.p, "a", "a.example.com", plain("a.example.com", 3, "\x11"));
    program_add_server(f.p, "b", "b.example.com", plain("b.example.com", 3, "\x12"));
    return f.dir && second_open(&f.second, &fault) == RC_OK ? 0 : -1;
}

static int leave(void **state)
{
    past_close(f.past);
    second_close(f.second);
    dir_close(f.dir);
    memo_close(f.memo);
    arena_free(&f.arena);
    return program_leave(state);
}

/* Passes and looks. */

static enum pass_result run(struct pass_settings *settings, struct slice *plan)
{
    int fd = memfd_create("log", MFD_CLOEXEC);
    struct log *log = log_open(
        &(struct log_settings){.fd = fd, .instance = "test", .clock = log_system_clock, .least = SEVERITY_DEBUG});
    settings->base = BASE;
    settings->instance = "default";
    settings->interval_s = 1;
    settings->clock = wall;
    settings->steady_clock = steady;
    enum pass_result result = pass_run(f.dir, f.second, log, settings, &f.arena, plan);
    log_close(log);
    char *text = arena_alloc(&f.arena, LOG_ROOM);
    ssize_t n = pread(fd, text, LOG_ROOM - 1, 0);
    close(fd);
    assert_true(n >= 0);
    f.log = text;
    return result;
}

static void full(enum pass_result expected)
{
    struct slice plan;
    struct pass_settings settings = {.past = f.past, .memory = f.memo};
    enum pass_result result = run(&settings, &plan);
    if (result != expected)
        fail_msg("a full pass ended with %d:\n%s", (int)result, f.log);
}

static void begin(const char *policy)
{
    program_add_policy(f.p, "servers", policy);
    full(PASS_COMPLETE);
}

/* A full pass has nothing to do. */
static void expect_nothing_left(void)
{
    struct slice plan;
    struct pass_settings settings = {.dry_run = true};
    run(&settings, &plan);
    assert_int_equal(plan.n, 0);
}

static struct slice id_of(const char *dn)
{
    const char *id =
        program_value(f.p, program_search(f.p, dn, "base", "(objectClass=*)", "entryUUID"), "entryUUID", 0);
    assert_non_null(id);
    return arena_format(&f.arena, "entryUUID:%s", id);
}

static void look_at(struct slice first, struct slice second, enum escalation expected)
{
    struct slice plan, followed = slice_of(f.followed);
    const struct slice ids[] = {first, second};
    const struct focus focus = {
        .subjects = ids, .subject_count = second.n ? 2 : 1, .followed = &followed, .followed_count = followed.n > 0};
    struct pass_settings settings = {.past = f.past, .memory = f.memo, .focus = &focus, .escalation = &f.escalation};
    f.escalation = ESCALATION_NONE;
    run(&settings, &plan);
    if (f.escalation != expected)
        fail_msg("the look says %s and not %s:\n%s", escalation_text(f.escalation), escalation_text(expected), f.log);
}

static void look(const char *dn, enum escalation expected)
{
    look_at(id_of(dn), (struct slice){NULL, 0}, expected);
}

static size_t searches(const char *pattern)
{
    char *log = slapd_log(f.p->server);
    size_t n = 0;
    for (const char *at = log; (at = strstr(at, pattern)); at++)
        n++;
    free(log);
    return n;
}

/* A new certificate for a.example.com of that version and serial number, and a look that reads so much. */
static void change_and_look(int version, const char *serial, size_t expected)
{
    publish(A, plain("a.example.com", version, serial));
    size_t pools = searches(OF_AUTHORITIES), anchors = searches(OF_ANCHOR);
    look(A, ESCALATION_NONE);
    assert_int_equal(searches(OF_AUTHORITIES) - pools, expected);
    assert_int_equal(searches(OF_ANCHOR) - anchors, expected);
}

/* Cases. */

static void test_what_was_read_stays(void **state)
{
    (void)state;
    begin(JUDGED);
    change_and_look(1, "\x21", 0);
    program_expect_state(f.p, "reissue", A, "pending");
    expect_nothing_left();
    change_and_look(3, "\x22", 0);
    program_expect_state(f.p, "reissue", A, "withdrawn");
    expect_nothing_left();
    change_and_look(3, "\x77", 0); /* it is on the CRL */
    program_expect_state(f.p, "reissue", A, "pending");
    expect_nothing_left();
    publish(B, issue("b.example.com", 3, "Foreign CA", "\x23", (struct slice){NULL, 0}));
    look(B, ESCALATION_NONE);
    program_expect_state(f.p, "reissue", B, "pending");
    expect_nothing_left();
}

/* Nobody says that all changes are told, or not of this naming context; and after that it is not there any more. */
static void test_without_following_it_is_read_anew(void **state)
{
    (void)state;
    begin(JUDGED);
    f.followed = "";
    change_and_look(1, "\x21", 1);
    program_expect_state(f.p, "reissue", A, "pending");
    f.followed = SLAPD_SUFFIX;
    change_and_look(3, "\x22", 1);
    full(PASS_COMPLETE);
    f.followed = "dc=elsewhere";
    change_and_look(1, "\x23", 1);
    expect_nothing_left();
}

static void test_new_crl(void **state)
{
    (void)state;
    begin(JUDGED);
    publish_crl(ANCHOR, "\x11", -5);
    look_at(id_of(ANCHOR), id_of(A), ESCALATION_POLICY);
    program_expect_state(f.p, "reissue", A, "pending");
    assert_non_null(strstr(f.log, "keyCompromise"));
    full(PASS_COMPLETE);
    change_and_look(3, "\x31", 0);
    program_expect_state(f.p, "reissue", A, "withdrawn");
    change_and_look(3, "\x11", 0);
    program_expect_state(f.p, "reissue", A, "pending");
    expect_nothing_left();
}

/* As long as the full pass that a look asked for has not come, later looks read for themselves. */
static void test_change_is_not_forgotten(void **state)
{
    (void)state;
    begin(JUDGED);
    publish_crl(ANCHOR, "\x11", -5);
    look(ANCHOR, ESCALATION_POLICY);
    publish_crl(ANCHOR, "\x12", -4);
    change_and_look(3, "\x12", 1);
    program_expect_state(f.p, "reissue", A, "pending");
}

/* A look that ended before it saw that it is about an authority. */
static void test_change_is_not_overlooked(void **state)
{
    (void)state;
    begin(JUDGED);
    publish_crl(ANCHOR, "\x11", -5);
    f.jump_s = 60;
    look(ANCHOR, ESCALATION_TIME);
    f.jump_s = 0;
    change_and_look(3, "\x11", 1);
    program_expect_state(f.p, "reissue", A, "pending");
}

/* Without its CRL nobody is good; it was the only thing that said of the entry that it matters. */
static void test_crl_is_taken_away(void **state)
{
    (void)state;
    begin(JUDGED);
    change_and_look(1, "\x21", 0);
    program_expect_state(f.p, "reissue", A, "pending");
    program_change(f.p, "dn: " ANCHOR "\nchangetype: modify\ndelete: certificateRevocationList;binary\n");
    publish(A, plain("a.example.com", 3, "\x22"));
    look_at(id_of(ANCHOR), id_of(A), ESCALATION_POLICY);
    program_expect_state(f.p, "reissue", A, "pending");
    assert_non_null(strstr(f.log, "event=undecided"));
    full(PASS_COMPLETE);
    program_expect_state(f.p, "reissue", A, "pending");
}

/* As time goes by a CRL becomes stale in memory too. */
static void test_crl_becomes_stale(void **state)
{
    (void)state;
    begin(JUDGED);
    change_and_look(1, "\x21", 0);
    f.ahead_s = 40 * (int64_t)DAY;
    change_and_look(3, "\x22", 0);
    program_expect_state(f.p, "reissue", A, "pending");
    assert_non_null(strstr(f.log, "stale"));
}

static void test_other_anchors(void **state)
{
    (void)state;
    add_authority(OTHER, "Other CA");
    begin(JUDGED);
    program_change(f.p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertTrustAnchor\n"
                                                 "dircertTrustAnchor: " OTHER "\n-\ndelete: dircertRevocationCheck\n");
    look(A, ESCALATION_POLICY);
    program_expect_state(f.p, "reissue", A, NULL);
    full(PASS_COMPLETE);
    program_expect_state(f.p, "reissue", A, "pending");
    publish(A, issue("a.example.com", 3, "Other CA", "\x24", (struct slice){NULL, 0}));
    size_t pools = searches(OF_AUTHORITIES);
    look(A, ESCALATION_NONE);
    assert_int_equal(searches(OF_AUTHORITIES), pools);
    program_expect_state(f.p, "reissue", A, "withdrawn");
    program_change(f.p, "dn: " POLICY("servers") "\nchangetype: modify\ndelete: dircertTrustAnchor\n");
    look(B, ESCALATION_POLICY);
    full(PASS_COMPLETE);
    program_expect_state(f.p, "reissue", B, "withdrawn");
    expect_nothing_left();
}

/* The anchor's entry goes away, alone or with all that is above it. */
static void test_anchor_is_removed(void **state)
{
    (void)state;
    begin(JUDGED);
    change_and_look(1, "\x21", 0);
    program_change(f.p, "dn: " AUTHORITIES "\nchangetype: modrdn\nnewrdn: ou=moved\ndeleteoldrdn: 1\n");
    publish(A, plain("a.example.com", 3, "\x22"));
    look_at(id_of("ou=moved," SLAPD_SUFFIX), id_of(A), ESCALATION_TREE);
    program_expect_state(f.p, "reissue", A, "pending");
    program_change(f.p, "dn: ou=moved," SLAPD_SUFFIX "\nchangetype: modrdn\nnewrdn: ou=authorities\ndeleteoldrdn: 1\n");
    full(PASS_COMPLETE);
    program_expect_state(f.p, "reissue", A, "withdrawn");
    change_and_look(1, "\x23", 0);
    struct slice gone = id_of(ANCHOR);
    program_change(f.p, "dn: " ANCHOR "\nchangetype: delete\n");
    publish(A, plain("a.example.com", 3, "\x24"));
    look_at(gone, id_of(A), ESCALATION_POLICY);
    program_expect_state(f.p, "reissue", A, "pending");
    full(PASS_INCOMPLETE);
    size_t pools = searches(OF_AUTHORITIES); /* what is missing may come in any way */
    look(A, ESCALATION_NONE);
    assert_int_equal(searches(OF_AUTHORITIES) - pools, 1);
}

/* GeneralName [6] in fullName [0] of distributionPoint [0]. */
static struct slice point(const char *uri)
{
    struct slice name = cert_der(&f.arena, 0x86, slice_of(uri));
    struct slice full_name = cert_der(&f.arena, 0xa0, cert_der(&f.arena, 0xa0, name));
    return cert_der(&f.arena, DER_SEQUENCE, cert_der(&f.arena, DER_SEQUENCE, full_name));
}

/* A look that needs another CRL reads that one, and once. */
static void test_distribution_point(void **state)
{
    (void)state;
    program_change(f.p, "dn: " ANCHOR "\nchangetype: modify\ndelete: certificateRevocationList;binary\n");
    program_change(f.p, "dn: " POINT "\nchangetype: add\nobjectClass: cRLDistributionPoint\ncn: crl\n");
    publish_crl(POINT, "\x77", -10);
    begin(JUDGED);
    change_and_look(1, "\x21", 0);
    size_t points = searches(OF_POINT);
    for (int i = 0; i < 2; i++) {
        publish(A, issue("a.example.com", 3, NULL, i ? "\x23" : "\x22", point(POINT_URI)));
        look(A, ESCALATION_NONE);
        program_expect_state(f.p, "reissue", A, "withdrawn");
    }
    assert_int_equal(searches(OF_POINT) - points, 1);
    struct slice id = id_of(POINT);
    program_change(f.p, "dn: " POINT "\nchangetype: delete\n");
    publish(A, issue("a.example.com", 3, NULL, "\x77", point(POINT_URI)));
    look_at(id, id_of(A), ESCALATION_POLICY);
    assert_null(strstr(f.log, "keyCompromise"));
    assert_non_null(strstr(f.log, "event=undecided"));
}

/* The shortest time of several looks, with and without. */
static double shortest_s(const char *followed)
{
    enum { TIMES = 9 };
    double best_s = 0;
    for (int i = 0; i < TIMES; i++) {
        f.followed = followed;
        double begun_s = seconds_now();
        look(A, ESCALATION_NONE);
        double took_s = seconds_now() - begun_s;
        best_s = i == 0 || took_s < best_s ? took_s : best_s;
    }
    return best_s;
}

static void test_cost(void **state)
{
    (void)state;
    begin(JUDGED);
    double kept_s = shortest_s(SLAPD_SUFFIX), anew_s = shortest_s("");
    print_message("a look with what was read: %.1f ms; that reads anew: %.1f ms\n", kept_s * 1000, anew_s * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_read_stays, enter, leave),
        cmocka_unit_test_setup_teardown(test_without_following_it_is_read_anew, enter, leave),
        cmocka_unit_test_setup_teardown(test_new_crl, enter, leave),
        cmocka_unit_test_setup_teardown(test_change_is_not_forgotten, enter, leave),
        cmocka_unit_test_setup_teardown(test_change_is_not_overlooked, enter, leave),
        cmocka_unit_test_setup_teardown(test_crl_is_taken_away, enter, leave),
        cmocka_unit_test_setup_teardown(test_crl_becomes_stale, enter, leave),
        cmocka_unit_test_setup_teardown(test_other_anchors, enter, leave),
        cmocka_unit_test_setup_teardown(test_anchor_is_removed, enter, leave),
        cmocka_unit_test_setup_teardown(test_distribution_point, enter, leave),
        cmocka_unit_test_setup_teardown(test_cost, enter, leave),
    };
    if (!slapd_available()) {
        print_message("skipped: slapd is not installed\n");
        return 0;
    }
    return cmocka_run_group_tests_name("looks under trust", tests, NULL, NULL);
}
