/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks in a real directory: after a full pass one thing changes, a look at it does what a full pass would do, and then
 * a full pass has nothing to do.
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

enum { LOG_ROOM = 1 << 20 };

#define A        SERVER("a")
#define B        SERVER("b")
#define PASSWORD "only for this test"
#define DN_NAME                                                                                                        \
    "dircertAllowedVersion: 3\ndircertNameMatch: san\ndircertOnFinding: version reissue\n"                             \
    "dircertOnFinding: san-mismatch reissue\n"

static struct fixture {
    struct program *p;
    struct dir *dir;
    struct second_reader *second;
    struct past *past;
    struct memo *memo;
    struct arena arena;
    int64_t steady_behind_s;
    bool is_followed;     /* each change comes to a look */
    size_t missed;        /* by all full passes */
    struct survey survey; /* of the last full pass */
    const char *log;
    enum escalation escalation;
} f;

static int64_t steady(void *context)
{
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec - f.steady_behind_s;
}

static int enter(void **state)
{
    struct fault fault = {{0}};
    if (program_enter_with(state, NULL, "index dircertRequestId,dircertSubjectId eq") != 0)
        return -1;
    f = (struct fixture){.p = *state, .past = past_open(), .memo = memo_open()};
    f.dir = open_as(f.p->server, DAEMON, PASSWORD, 10);
    return f.dir && second_open(&f.second, &fault) == RC_OK ? 0 : -1;
}

static int leave(void **state)
{
    second_close(f.second);
    dir_close(f.dir);
    past_close(f.past);
    memo_close(f.memo);
    arena_free(&f.arena);
    return program_leave(state);
}

static enum pass_result run(struct pass_settings *settings, struct slice *plan)
{
    int fd = memfd_create("log", MFD_CLOEXEC);
    struct log *log = log_open(
        &(struct log_settings){.fd = fd, .instance = "test", .clock = log_system_clock, .least = SEVERITY_DEBUG});
    settings->base = BASE;
    settings->instance = "default";
    settings->interval_s = 1;
    settings->clock = log_system_clock;
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

/* Nothing is expected: whatever a full pass does but the first is drift. */
static void full(enum pass_result expected)
{
    struct slice plan;
    struct drift_watch drift = {0};
    struct pass_settings settings = {.past = f.past, .memory = f.memo, .drift = &drift, .survey = &f.survey};
    enum pass_result result = run(&settings, &plan);
    if (result != expected)
        fail_msg("a full pass ended with %d:\n%s", (int)result, f.log);
    f.missed += drift.missed;
}

/* What a full pass would do. */
static const char *left_over(void)
{
    struct slice plan;
    struct pass_settings settings = {.dry_run = true};
    run(&settings, &plan);
    return (const char *)arena_copy(&f.arena, plan).p;
}

static struct slice id_of(const char *dn)
{
    const char *id =
        program_value(f.p, program_search(f.p, dn, "base", "(objectClass=*)", "entryUUID"), "entryUUID", 0);
    assert_non_null(id);
    return arena_format(&f.arena, "entryUUID:%s", id);
}

static void look_at(const struct slice *subjects, size_t count, const struct slice *requests, size_t request_count,
                    size_t gone)
{
    struct slice plan;
    const struct slice suffix = SLICE_LITERAL(SLAPD_SUFFIX);
    const struct focus focus = {.subjects = subjects,
                                .subject_count = count,
                                .requests = requests,
                                .request_count = request_count,
                                .gone_count = gone,
                                .followed = &suffix,
                                .followed_count = f.is_followed};
    struct pass_settings settings = {.past = f.past, .memory = f.memo, .focus = &focus, .escalation = &f.escalation};
    f.escalation = ESCALATION_NONE;
    run(&settings, &plan);
}

static void look(const char *dn)
{
    struct slice id = id_of(dn);
    look_at(&id, 1, NULL, 0, 0);
}

static void look_at_request(const char *type, const char *dn)
{
    struct slice id = slice_of(program_request_value(f.p, type, dn, "dircertRequestId"));
    look_at(NULL, 0, &id, 1, 0);
}

/* It asked for nothing more, and a full pass has nothing to do. */
static void expect_settled(void)
{
    if (f.escalation != ESCALATION_NONE)
        fail_msg("the look asks for a full pass (%s):\n%s", escalation_text(f.escalation), f.log);
    assert_string_equal(left_over(), "");
    const struct survey before = f.survey;
    struct policy_survey *counted = ARENA_ARRAY(&f.arena, before.policy_count, struct policy_survey);
    memcpy(counted, before.policies, before.policy_count * sizeof *counted);
    past_count_requests(f.past, counted, before.policy_count);
    full(PASS_COMPLETE);
    assert_int_equal(before.policy_count, f.survey.policy_count);
    for (size_t i = 0; i < before.policy_count; i++) { /* the figures that were carried on are those of a full pass */
        assert_memory_equal(counted[i].requests, f.survey.policies[i].requests, sizeof counted[i].requests);
        assert_int_equal(counted[i].oldest_open_utc, f.survey.policies[i].oldest_open_utc);
    }
    assert_int_equal(f.missed, 0);
}

static void expect_escalation(enum escalation expected)
{
    if (f.escalation != expected)
        fail_msg("the look says %s and not %s:\n%s", escalation_text(f.escalation), escalation_text(expected), f.log);
}

static void publish(const char *dn, struct slice der)
{
    program_publish(f.p, dn, der.n != 0, &der);
}

/* Two servers that comply, one policy, a full pass. */
static void begin(const char *policy)
{
    program_add_server(f.p, "a", "a.example.com", program_good(f.p, "a.example.com"));
    program_add_server(f.p, "b", "b.example.com", program_good(f.p, "b.example.com"));
    program_add_policy(f.p, "servers", policy);
    full(PASS_COMPLETE);
}

static void begin_bad(const char *policy)
{
    program_add_server(f.p, "a", "a.example.com", program_version_1(f.p, "a.example.com"));
    program_add_server(f.p, "b", "b.example.com", program_good(f.p, "b.example.com"));
    program_add_policy(f.p, "servers", policy);
    full(PASS_COMPLETE);
    program_expect_state(f.p, "reissue", A, "pending");
}

static void test_certificates(void **state)
{
    (void)state;
    begin(ENFORCE DN_NAME "dircertMinSubjectsPercent: 0\n");
    publish(A, program_version_1(f.p, "a.example.com"));
    look(A);
    program_expect_state(f.p, "reissue", A, "pending");
    expect_settled();
    publish(A, program_good(f.p, "other.example.com"));
    look(A);
    assert_string_equal(program_request_value(f.p, "reissue", A, "dircertGeneration"), "2");
    expect_settled();
    publish(A, program_good(f.p, "a.example.com"));
    look(A);
    program_expect_state(f.p, "reissue", A, "withdrawn");
    assert_non_null(strstr(f.log, "event=finding-ended"));
    expect_settled();
    publish(A, (struct slice){NULL, 0});
    look(A);
    expect_settled();
}

static void test_host_names(void **state)
{
    (void)state;
    begin(ENFORCE DN_NAME);
    program_change(f.p, "dn: " A "\nchangetype: modify\nreplace: dNSHostName\ndNSHostName: new.example.com\n");
    look(A);
    program_expect_state(f.p, "reissue", A, "pending");
    expect_settled();
    program_change(f.p, "dn: " A "\nchangetype: modrdn\nnewrdn: cn=c\ndeleteoldrdn: 1\n");
    look(SERVER("c"));
    program_expect_state(f.p, "reissue", SERVER("c"), "pending");
    expect_settled();
}

static void test_entries_come_and_go(void **state)
{
    (void)state;
    begin(ENFORCE DN_NAME "dircertMinSubjectsPercent: 10\n");
    program_add_server(f.p, "c", "c.example.com", program_version_1(f.p, "c.example.com"));
    look(SERVER("c"));
    program_expect_state(f.p, "reissue", SERVER("c"), "pending");
    expect_settled();
    struct slice id = id_of(SERVER("c"));
    program_change(f.p, "dn: " SERVER("c") "\nchangetype: delete\n");
    look_at(&id, 1, NULL, 0, 1);
    program_expect_state(f.p, "reissue", SERVER("c"), "withdrawn");
    expect_settled();
    look_at(&id, 1, NULL, 0, 1); /* once more */
    expect_settled();
}

#define OVER(filter) "dircertTarget: ldap:///" SERVERS "??sub?" filter "\n"

static void describe(const char *dn, const char *text)
{
    program_change(f.p, "dn: %s\nchangetype: modify\nreplace: description\ndescription: %s\n", dn, text);
}

static void test_who_governs(void **state)
{
    (void)state;
    program_rule(f.p, "to dn.subtree=\"" SERVERS "\" attrs=description,l by dn.exact=\"" DAEMON "\" read by * break");
    program_add_policy(f.p, "first",
                       ENFORCE DN_NAME OVER("(description=first)") "dircertPrecedence: 10\n"
                                                                   "dircertExclude: ldap:///" SERVERS
                                                                   "??sub?(l=out)\ndircertMinSubjectsPercent: 0\n");
    program_add_policy(f.p, "second",
                       ENFORCE "dircertNameMatch: san\ndircertOnFinding: san-mismatch reissue\n" OVER(
                           "(description=*)") "dircertMinSubjectsPercent: 0\n");
    program_add_server(f.p, "a", "a.example.com", program_version_1(f.p, "a.example.com"));
    program_add_server(f.p, "b", "b.example.com", program_good(f.p, "b.example.com"));
    describe(A, "none");
    describe(B, "first");
    full(PASS_COMPLETE);
    assert_int_equal(program_count_requests(f.p, "(dircertSubjectDN=" A ")"), 1); /* by the second: it has no SAN */
    describe(A, "first");
    look(A);
    assert_string_equal(program_request_value(f.p, "reissue", A, "dircertPolicyDN"), POLICY("first"));
    expect_settled();
    program_change(f.p, "dn: " A "\nchangetype: modify\nadd: l\nl: out\n");
    look(A);
    assert_string_equal(program_request_value(f.p, "reissue", A, "dircertPolicyDN"), POLICY("second"));
    expect_settled();
    program_change(f.p, "dn: " A "\nchangetype: modify\ndelete: description\n");
    look(A);
    program_expect_state(f.p, "reissue", A, "withdrawn");
    expect_settled();
    describe(B, "none");
    look(B);
    expect_settled();
}

static void show_description(void)
{
    program_rule(f.p, "to dn.subtree=\"" SERVERS "\" attrs=description by dn.exact=\"" DAEMON "\" read by * break");
}

/*
 * What the first policy's filter names is hidden after the full pass, so that its entries seem to be the second's:
 * their requests stay as they are, and a full pass has to see why.
 */
static void test_what_targets_name_is_hidden(void **state)
{
    static const char *const modes[] = {"enforce", "audit"};
    (void)state;
    show_description();
    program_add_policy(f.p, "first",
                       ENFORCE VERSION_REISSUE OVER("(description=first)") "dircertPrecedence: 10\n"
                                                                           "dircertMinSubjectsPercent: 0\n");
    program_add_policy(f.p, "second",
                       ENFORCE "dircertOnFinding: expired reissue\n" OVER("(cn=*)") "dircertMinSubjectsPercent: 0\n");
    program_add_server(f.p, "a", "a.example.com", program_version_1(f.p, "a.example.com"));
    program_add_server(f.p, "b", "b.example.com", program_good(f.p, "b.example.com"));
    describe(A, "first");
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        program_change(f.p, "dn: " POLICY("second") "\nchangetype: modify\nreplace: dircertMode\ndircertMode: %s\n",
                       modes[i]);
        full(PASS_COMPLETE);
        program_expect_state(f.p, "reissue", A, "pending");
        program_drop_rule(f.p);
        program_change(f.p, "dn: " A "\nchangetype: modify\nreplace: dNSHostName\ndNSHostName: new.example.com\n");
        look(A);
        expect_escalation(ESCALATION_POLICY);
        program_expect_state(f.p, "reissue", A, "pending");
        full(PASS_INCOMPLETE);
        program_expect_state(f.p, "reissue", A, "pending");
        show_description();
    }
    full(PASS_COMPLETE);
    describe(A, "other");
    publish(A, program_good(f.p, "a.example.com"));
    look(A); /* it is the second's in truth */
    expect_settled();
    assert_int_equal(f.missed, 0);
}

static void test_people(void **state)
{
    (void)state;
    begin_bad(ENFORCE DN_NAME);
    program_decide(f.p, "reissue", A, "approve 1");
    look_at_request("reissue", A);
    program_expect_state(f.p, "reissue", A, "approved");
    expect_settled();
    program_claim(f.p, "reissue", A, "20990101000000Z", "submitted 1.1");
    look_at_request("reissue", A);
    program_expect_state(f.p, "reissue", A, "submitted");
    expect_settled();
    struct slice der = program_good(f.p, "a.example.com");
    publish(A, der);
    look(A);
    program_expect_state(f.p, "reissue", A, "fulfilled");
    expect_settled();
    const char *id = program_request_value(f.p, "reissue", A, "dircertRequestId");
    program_change(f.p,
                   "dn: dircertRequestId=%s," REQUESTS "\nchangetype: modify\nreplace: dircertState\n"
                   "dircertState: pending\n",
                   id);
    look_at_request("reissue", A);
    assert_int_equal(f.escalation, ESCALATION_NONE);
    assert_string_equal(left_over(), "");
    struct slice given = slice_of(id);
    program_change(f.p, "dn: dircertRequestId=%s," REQUESTS "\nchangetype: delete\n", id);
    look_at(NULL, 0, &given, 1, 0);
    expect_escalation(ESCALATION_REQUEST);
}

static void test_what_is_for_full_passes(void **state)
{
    (void)state;
    struct slice id;
    program_add_server(f.p, "a", "a.example.com", program_good(f.p, "a.example.com"));
    id = id_of(A);
    look_at(&id, 1, NULL, 0, 0);
    expect_escalation(ESCALATION_NO_PAST);
    program_add_server(f.p, "b", "b.example.com", program_good(f.p, "b.example.com"));
    program_add_policy(f.p, "servers", ENFORCE DN_NAME "dircertOnFinding: expired report\n");
    full(PASS_COMPLETE);
    publish(A, program_version_1(f.p, "a.example.com"));

    f.steady_behind_s = 60; /* the wall clock ran ahead */
    look(A);
    expect_escalation(ESCALATION_TIME);
    program_expect_state(f.p, "reissue", A, NULL);
    f.steady_behind_s = 0;

    program_change(f.p, "dn: " BASE "\nchangetype: modify\nreplace: dircertPause\ndircertPause: TRUE\n");
    look(A);
    expect_escalation(ESCALATION_POLICY);
    program_change(f.p, "dn: " BASE "\nchangetype: modify\ndelete: dircertPause\n");

    program_change(f.p, "dn: cn=w," WAIVERS "\nchangetype: add\nobjectClass: dircertWaiver\ncn: w\n"
                        "dircertTarget: ldap:///" SERVERS "??sub?(cn=a)\ndircertCheck: version\n"
                        "dircertWaiverUntil: 20990101000000Z\ndircertWaiverReason: agreed\n");
    look(A);
    expect_escalation(ESCALATION_POLICY);
    program_expect_state(f.p, "reissue", A, NULL);
    full(PASS_COMPLETE); /* with the waiver */
    program_change(f.p, "dn: " A "\nchangetype: modify\nreplace: description\ndescription: same\n");
    look(A);
    expect_settled();
    program_expect_state(f.p, "reissue", A, NULL);

    program_change(f.p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMode\ndircertMode: audit\n");
    look(A);
    expect_escalation(ESCALATION_POLICY);
    full(PASS_COMPLETE);

    look(SERVERS);
    expect_escalation(ESCALATION_TREE);
    look(A); /* nothing is below it */
    expect_settled();
    program_change(f.p, "dn: ou=below," A "\nchangetype: add\nobjectClass: organizationalUnit\nou: below\n");
    look(A);
    expect_escalation(ESCALATION_TREE);
    program_rule(f.p, "to dn.subtree=\"" SERVERS "\" attrs=hasSubordinates by dn.exact=\"" DAEMON "\" =s by * break");
    look(A); /* it does not say so itself, but matches */
    expect_escalation(ESCALATION_TREE);
    program_drop_rule(f.p);
    assert_int_equal(f.missed, 0);
}

static void test_revocations(void **state)
{
    (void)state;
    begin(ENFORCE VERSION_REISSUE_THEN_REVOKE);
    struct slice ders[2] = {program_version_1(f.p, "a.example.com"), program_good(f.p, "a.example.com")};
    publish(A, ders[0]);
    look(A);
    expect_settled();
    program_publish(f.p, A, 2, ders);
    look(A);
    expect_escalation(ESCALATION_REVOCATION);
    program_expect_state(f.p, "reissue", A, "withdrawn"); /* what is no revocation goes on */
    program_expect_state(f.p, "revoke", A, NULL);
    full(PASS_COMPLETE);
    program_expect_state(f.p, "revoke", A, "pending");
    assert_int_equal(f.missed, 0);
}

/* Confirmations: a look an interval later is one. */
static void test_time(void **state)
{
    (void)state;
    begin("dircertMode: enforce\ndircertMaxPercent: 100\n" DN_NAME);
    publish(A, program_version_1(f.p, "a.example.com"));
    look(A);
    program_expect_state(f.p, "reissue", A, "proposed");
    int64_t next = deadlines_next(past_deadlines(f.past)), now = log_system_clock(NULL);
    assert_true(next >= now && next <= now + 2);
    struct slice id;
    for (int i = 0; i < 300 && !deadlines_take(past_deadlines(f.past), log_system_clock(NULL), &id); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    id = arena_copy(&f.arena, id);
    assert_true(slice_eq(id, id_of(A)));
    look_at(&id, 1, NULL, 0, 0);
    program_expect_state(f.p, "reissue", A, "pending");
    expect_settled();
}

static size_t count_in(const char *state)
{
    return program_count_requests(f.p, (const char *)arena_format(&f.arena, "(dircertState=%s)", state).p);
}

static const char *server(unsigned i)
{
    return (const char *)arena_format(&f.arena, "cn=s%u," SERVERS, i).p;
}

/* Each look alone would be allowed. */
static void test_guards(void **state)
{
    enum { MANY = 16, ALLOWED = 10 };
    (void)state;
    program_add_servers(f.p, "s", MANY, program_good);
    program_add_policy(f.p, "servers",
                       "dircertMode: enforce\ndircertConfirmations: 1\ndircertMaxPercent: 30\n"
                       "dircertMaxRequests: 1000\n" DN_NAME);
    full(PASS_COMPLETE);
    for (unsigned i = 1; i <= MANY; i++) {
        publish(server(i), program_version_1(f.p, "x.example.com"));
        look(server(i));
        assert_int_equal(f.escalation, i <= ALLOWED ? ESCALATION_NONE : ESCALATION_GUARD);
    }
    assert_int_equal(count_in("pending"), ALLOWED);
    full(PASS_HELD);
    assert_int_equal(count_in("pending"), ALLOWED);
    publish(server(MANY), program_version_1(f.p, "y.example.com"));
    look(server(MANY));
    expect_escalation(ESCALATION_GUARD);

    program_change(f.p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMaxPercent\n"
                                                 "dircertMaxPercent: 100\n");
    full(PASS_COMPLETE);
    assert_int_equal(count_in("pending"), MANY);
    program_change(f.p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMaxPercent\n"
                                                 "dircertMaxPercent: 30\n");
    full(PASS_COMPLETE);
    for (unsigned i = 1; i <= MANY; i++) {
        const char *name = (const char *)arena_format(&f.arena, "s%u.example.com", i).p;
        publish(server(i), program_good(f.p, name));
        look(server(i));
        assert_int_equal(f.escalation, i <= ALLOWED ? ESCALATION_NONE : ESCALATION_GUARD);
    }
    assert_int_equal(count_in("withdrawn"), ALLOWED);
    assert_int_equal(f.missed, 0);
}

/* Nor is it allowed to look at those alone who lost their certificates. */
static void test_lost_certificates(void **state)
{
    enum { MANY = 20, ALLOWED = 2 };
    (void)state;
    program_add_servers(f.p, "s", MANY, program_good);
    program_add_policy(f.p, "servers",
                       "dircertMode: enforce\ndircertConfirmations: 1\ndircertMaxRequests: 1000\n"
                       "dircertMaxPercent: 100\ndircertOnFinding: missing reissue\n");
    full(PASS_COMPLETE);
    for (unsigned i = 1; i <= MANY / 2; i++) {
        program_publish(f.p, server(i), 0, NULL);
        look(server(i));
        assert_int_equal(f.escalation, i <= ALLOWED ? ESCALATION_NONE : ESCALATION_GUARD);
    }
    assert_int_equal(count_in("pending"), ALLOWED);
    full(PASS_HELD);
    assert_int_equal(count_in("pending"), ALLOWED);
    assert_int_equal(f.missed, 0);
}

/* It is told once, not with every change. */
static void test_denied(void **state)
{
    (void)state;
    begin(ENFORCE DN_NAME);
    program_rule(f.p, "to dn.subtree=\"" REQUESTS "\" by dn.exact=\"" DAEMON "\" read by * break");
    publish(A, program_version_1(f.p, "a.example.com"));
    look(A);
    assert_non_null(strstr(f.log, "event=fault"));
    assert_int_equal(f.escalation, ESCALATION_FAULT);
    look(A);
    assert_null(strstr(f.log, "event=fault"));
    assert_int_equal(f.escalation, ESCALATION_FAULT);
    program_drop_rule(f.p);
    look(A);
    expect_settled();
}

static size_t searches(void)
{
    char *log = slapd_log(f.p->server);
    size_t n = 0;
    for (const char *at = log; (at = strstr(at, " SRCH base=")); at++)
        n++;
    free(log);
    return n;
}

/* The searches of one look, and the shortest time of several. */
static size_t cost_of(const struct slice *ids, size_t count, double *best_s)
{
    enum { TIMES = 9 };
    size_t before = searches();
    for (int i = 0; i < TIMES; i++) {
        double begun = seconds_now();
        look_at(ids, count, NULL, 0, 0);
        double took = seconds_now() - begun;
        *best_s = i == 0 || took < *best_s ? took : *best_s;
    }
    return (searches() - before) / TIMES;
}

/* A hundred compliant ones cost no more searches than one. */
static void test_cost(void **state)
{
    enum { MANY = 100 };
    (void)state;
    struct slice ids[MANY];
    program_add_servers(f.p, "s", MANY, program_good);
    program_add_policy(f.p, "servers", ENFORCE DN_NAME);
    full(PASS_COMPLETE);
    for (unsigned i = 0; i < MANY; i++)
        ids[i] = id_of(server(i + 1));
    double one_s = 0, many_s = 0;
    size_t one = cost_of(ids, 1, &one_s), many = cost_of(ids, MANY, &many_s);
    print_message("a look at one: %zu searches, %.1f ms; at %d: %zu searches, %.1f ms\n", one, one_s * 1000, (int)MANY,
                  many, many_s * 1000);
    assert_true(one > 0 && one <= 12);
    assert_int_equal(one, many);
    expect_settled();
}

/* What rests on other entries waits for a full pass, and nothing is opened, withdrawn or told for it meanwhile. */
static void test_what_is_shared(void **state)
{
    (void)state;
    begin(ENFORCE VERSION_REISSUE "dircertUnique: key\ndircertOnFinding: shared-key reissue\n");
    struct slice der = program_good(f.p, "b.example.com");
    publish(A, der);
    publish(B, der);
    look(A);
    assert_int_equal(f.escalation, ESCALATION_NONE);
    assert_null(strstr(f.log, "event=undecided"));
    program_expect_state(f.p, "reissue", A, NULL);
    full(PASS_COMPLETE);
    program_expect_state(f.p, "reissue", A, "pending");
    look(A);
    assert_int_equal(f.escalation, ESCALATION_NONE);
    program_expect_state(f.p, "reissue", A, "pending");
    full(PASS_COMPLETE);
    assert_null(strstr(f.log, "event=finding"));
    assert_int_equal(f.missed, 0);
}

/* Nobody looked at what changed: that is drift. */
static void test_drift(void **state)
{
    (void)state;
    begin(ENFORCE DN_NAME);
    publish(A, program_version_1(f.p, "a.example.com"));
    full(PASS_COMPLETE);
    assert_true(f.missed >= 1);
    assert_non_null(strstr(f.log, "event=drift"));
    program_expect_state(f.p, "reissue", A, "pending");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_certificates, enter, leave),
        cmocka_unit_test_setup_teardown(test_host_names, enter, leave),
        cmocka_unit_test_setup_teardown(test_entries_come_and_go, enter, leave),
        cmocka_unit_test_setup_teardown(test_who_governs, enter, leave),
        cmocka_unit_test_setup_teardown(test_what_targets_name_is_hidden, enter, leave),
        cmocka_unit_test_setup_teardown(test_people, enter, leave),
        cmocka_unit_test_setup_teardown(test_what_is_for_full_passes, enter, leave),
        cmocka_unit_test_setup_teardown(test_revocations, enter, leave),
        cmocka_unit_test_setup_teardown(test_time, enter, leave),
        cmocka_unit_test_setup_teardown(test_guards, enter, leave),
        cmocka_unit_test_setup_teardown(test_lost_certificates, enter, leave),
        cmocka_unit_test_setup_teardown(test_denied, enter, leave),
        cmocka_unit_test_setup_teardown(test_cost, enter, leave),
        cmocka_unit_test_setup_teardown(test_what_is_shared, enter, leave),
        cmocka_unit_test_setup_teardown(test_drift, enter, leave),
    };
    if (!slapd_available()) {
        print_message("skipped: slapd is not installed\n");
        return 0;
    }
    return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}
