/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running daemon beside a directory that changes at random: entries come, go, move and change, policies and
 * waivers are edited, approvers and fulfillers write, the server restarts.  At every checkpoint a full pass of another
 * process must find nothing left to do, and one of the daemon's own nothing that it should have seen before.
 *
 * As a test it is short.  `test_drift SEED CHANGES` is as long as one wants, and the same each time but for the time.
 */
#include "support/daemon.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define WHOLE_PASS WORDS("event=pass", "policy=-")
#define ATTIC      "ou=attic," SLAPD_SUFFIX

enum {
    HOSTS = 30,
    FINE = 40, /* that never change: what a guard's share is of, which no interval of a long run may use up */
    CHANGES_A_FINE = 8,
    SHORT_CHANGES = 90,
    CHANGES_A_CHECKPOINT = 30,
    TRIES = 40,
    TRY_MS = 250,
};

enum place { NOWHERE, IN_SERVERS, IN_PEOPLE, IN_ATTIC, PLACES };
static const char *const places[PLACES] = {"", SERVERS, PEOPLE, ATTIC};

struct host {
    enum place place;
    unsigned name;      /* h<name> is its cn */
    bool leaves_filter; /* it is no dircertHost */
};

struct drift {
    struct program *p;
    struct daemon_process daemon;
    uint64_t seed, state;
    unsigned changes, next_name;
    struct host hosts[HOSTS];
    bool has_second_policy, has_waiver;
};

static uint64_t seed = 1;
static unsigned changes_wanted = SHORT_CHANGES;

/* splitmix64 */
static unsigned chance(struct drift *d, unsigned limit)
{
    uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((z ^ (z >> 31)) % limit);
}

static const char *text(struct slice s)
{
    return (const char *)s.p;
}

static const char *name_of(struct drift *d, const struct host *h)
{
    return text(arena_format(&d->p->arena, "h%u", h->name));
}

static const char *dn_of(struct drift *d, const struct host *h)
{
    return text(arena_format(&d->p->arena, "cn=h%u,%s", h->name, places[h->place]));
}

static const char *host_name_of(struct drift *d, const struct host *h)
{
    return text(arena_format(&d->p->arena, "h%u.example.com", h->name));
}

/* Certificates. */

static struct slice short_lived(struct drift *d, const char *name)
{
    struct cert_text cn = {0, slice_of(name)};
    struct cert_name dns = {NAME_DNS, slice_of(name)};
    const struct cert_options o = {.not_before_utc = 1577836800,
                                   .not_after_utc = time(NULL) + 1 + chance(d, 4),
                                   .common_names = &cn,
                                   .common_name_count = 1,
                                   .names = &dns,
                                   .name_count = 1};
    return cert_make(d->p->maker, &d->p->arena, &o);
}

static struct slice any_certificate(struct drift *d, const char *name)
{
    switch (chance(d, 6)) {
    case 0:
    case 1:
        return program_version_1(d->p, name);
    case 2:
        return program_expired(d->p, name);
    case 3:
        return short_lived(d, name);
    case 4:
        return program_good(d->p, "other.example.com");
    default:
        return program_good(d->p, name);
    }
}

/* Entries. */

static struct host *any_host(struct drift *d, bool there)
{
    unsigned first = chance(d, HOSTS);
    for (unsigned i = 0; i < HOSTS; i++) {
        struct host *h = &d->hosts[(first + i) % HOSTS];
        if ((h->place != NOWHERE) == there)
            return h;
    }
    return NULL;
}

static void add_host(struct drift *d)
{
    struct host *h = any_host(d, false);
    if (!h)
        return;
    *h = (struct host){.place = IN_SERVERS, .name = d->next_name++};
    struct slice der = chance(d, 8) ? any_certificate(d, host_name_of(d, h)) : (struct slice){NULL, 0};
    program_add_server(d->p, name_of(d, h), host_name_of(d, h), der);
}

static void delete_host(struct drift *d)
{
    struct host *h = any_host(d, true);
    if (!h)
        return;
    program_change(d->p, "dn: %s\nchangetype: delete\n", dn_of(d, h));
    h->place = NOWHERE;
}

static void publish(struct drift *d)
{
    struct host *h = any_host(d, true);
    if (!h || h->leaves_filter)
        return;
    const struct slice ders[] = {any_certificate(d, host_name_of(d, h)), any_certificate(d, host_name_of(d, h))};
    program_publish(d->p, dn_of(d, h), chance(d, 8) ? 1 + chance(d, 5) / 4 : 0, ders);
}

static void change_name(struct drift *d)
{
    struct host *h = any_host(d, true);
    if (h && !h->leaves_filter)
        program_change(d->p, "dn: %s\nchangetype: modify\nreplace: dNSHostName\ndNSHostName: %s%s\n", dn_of(d, h),
                       chance(d, 2) ? "new-" : "", host_name_of(d, h));
}

static void rename_host(struct drift *d)
{
    struct host *h = any_host(d, true);
    if (!h)
        return;
    const char *dn = dn_of(d, h);
    h->name = d->next_name++;
    program_change(d->p, "dn: %s\nchangetype: modrdn\nnewrdn: cn=%s\ndeleteoldrdn: 1\n", dn, name_of(d, h));
}

static void move_host(struct drift *d)
{
    struct host *h = any_host(d, true);
    if (!h)
        return;
    const char *dn = dn_of(d, h);
    h->place = (enum place)(1 + ((unsigned)h->place - 1 + 1 + chance(d, 2)) % 3);
    program_change(d->p, "dn: %s\nchangetype: modrdn\nnewrdn: cn=%s\ndeleteoldrdn: 1\nnewsuperior: %s\n", dn,
                   name_of(d, h), places[h->place]);
}

/* Out of the policy's filter, and back without a certificate. */
static void change_class(struct drift *d)
{
    struct host *h = any_host(d, true);
    if (!h)
        return;
    if (h->leaves_filter)
        program_change(d->p,
                       "dn: %s\nchangetype: modify\nadd: objectClass\nobjectClass: dircertHost\n-\n"
                       "replace: dNSHostName\ndNSHostName: %s\n",
                       dn_of(d, h), host_name_of(d, h));
    else
        program_change(d->p,
                       "dn: %s\nchangetype: modify\nreplace: userCertificate;binary\n-\nreplace: dNSHostName\n-\n"
                       "delete: objectClass\nobjectClass: dircertHost\n",
                       dn_of(d, h));
    h->leaves_filter = !h->leaves_filter;
}

/* Policies and waivers. */

#define EDIT "dn: " POLICY("servers") "\nchangetype: modify\n"

static void edit_policy(struct drift *d)
{
    static const char *const edits[] = {
        EDIT "replace: dircertMode\ndircertMode: audit\n",
        EDIT "replace: dircertMode\ndircertMode: enforce\n",
        EDIT "replace: dircertMode\ndircertMode: enforce\n",
        EDIT "replace: dircertAllowedVersion\ndircertAllowedVersion: 3\n",
        EDIT "replace: dircertAllowedVersion\ndircertAllowedVersion: 3\ndircertAllowedVersion: 1\n",
        EDIT "replace: dircertApproval\ndircertApproval: reissue auto\n",
        EDIT "replace: dircertApproval\n",
        EDIT "replace: dircertNameMatch\ndircertNameMatch: cn\n",
        EDIT "replace: dircertNameMatch\ndircertNameMatch: none\n",
        EDIT "replace: dircertExclude\ndircertExclude: ldap:///" SERVERS "??sub?(cn=h*1)\n",
        EDIT "replace: dircertExclude\n",
        EDIT "replace: dircertTarget\ndircertTarget: ldap:///" SERVERS "??sub?(objectClass=dircertHost)\n"
             "dircertTarget: ldap:///" ATTIC "??sub?(objectClass=dircertHost)\n",
    };
    program_change(d->p, "%s", edits[chance(d, sizeof edits / sizeof *edits)]);
}

static void second_policy(struct drift *d)
{
    if (d->has_second_policy)
        program_change(d->p, "dn: " POLICY("people") "\nchangetype: delete\n");
    else
        program_add_policy(d->p, "people",
                           "dircertTarget: ldap:///" PEOPLE "??sub?(objectClass=dircertHost)\n" ENFORCE
                           "dircertMaxRequests: 100000\ndircertMinSubjectsPercent: 1\n" VERSION_REISSUE);
    d->has_second_policy = !d->has_second_policy;
}

static void waiver(struct drift *d)
{
    if (d->has_waiver)
        program_change(d->p, "dn: cn=w," WAIVERS "\nchangetype: delete\n");
    else
        program_change(d->p, "dn: cn=w," WAIVERS "\nchangetype: add\nobjectClass: dircertWaiver\ncn: w\n"
                             "dircertTarget: ldap:///" SERVERS "??sub?(cn=h*2)\ndircertCheck: version\n"
                             "dircertWaiverUntil: 20991231235959Z\ndircertWaiverReason: a test\n");
    d->has_waiver = !d->has_waiver;
}

/* Requests: one in that state, with its numbers. */

static const char *any_request(struct drift *d, const char *filter, const char **generation, const char **attempt)
{
    const char *found =
        program_search(d->p, REQUESTS, "one", filter, "dircertGeneration dircertAttempt dircertRequestId");
    size_t count = 0;
    while (program_value(d->p, found, "dn", count))
        count++;
    if (!count)
        return NULL;
    const char *dn = program_value(d->p, found, "dn", chance(d, (unsigned)count));
    const char *one = program_search(d->p, dn, "base", "(objectClass=*)", "dircertGeneration dircertAttempt");
    *generation = program_value(d->p, one, "dircertGeneration", 0);
    *attempt = program_value(d->p, one, "dircertAttempt", 0);
    return dn;
}

/* The request may go on while the test looks at it: what is written for an earlier generation counts for nothing. */
static void decide(struct drift *d)
{
    const char *generation, *attempt, *dn = any_request(d, "(dircertState=pending)", &generation, &attempt);
    if (dn && generation)
        program_change_as(d->p, "approver",
                          "dn: %s\nchangetype: modify\nreplace: dircertDecision\ndircertDecision: %s %s\n", dn,
                          chance(d, 4) ? "approve" : "reject", generation);
}

static void fulfil(struct drift *d)
{
    const char *generation, *attempt,
        *dn = any_request(d, "(|(dircertState=approved)(dircertState=submitted))", &generation, &attempt);
    if (dn && generation && attempt)
        program_change_as(d->p, "fulfiller",
                          "dn: %s\nchangetype: modify\nreplace: dircertClaimedBy\ndircertClaimedBy: the test\n-\n"
                          "replace: dircertClaimedUntil\ndircertClaimedUntil: 20991231235959Z\n-\n"
                          "replace: dircertOutcome\ndircertOutcome: %s %s.%s\n",
                          dn, chance(d, 3) ? "submitted" : "failed", generation, attempt);
}

static void spoil(struct drift *d)
{
    const char *generation, *attempt, *dn = any_request(d, "(objectClass=dircertRequest)", &generation, &attempt);
    if (!dn)
        return;
    if (chance(d, 2))
        program_change(d->p, "dn: %s\nchangetype: delete\n", dn);
    else
        program_change(d->p, "dn: %s\nchangetype: modify\nreplace: dircertStateMessage\ndircertStateMessage: mine\n",
                       dn);
}

/* With changes that the daemon does not hear of until it is back. */
static void restart(struct drift *d)
{
    if (chance(d, 4))
        return;
    daemon_signal(&d->daemon, SIGSTOP);
    if (chance(d, 2))
        publish(d);
    assert_true(slapd_restart(d->p->server));
    publish(d);
    delete_host(d);
    daemon_signal(&d->daemon, SIGCONT);
}

static void change(struct drift *d)
{
    static void (*const often[])(struct drift * d) = {
        add_host, add_host, add_host,    publish,     publish,   publish,      publish, change_name,
        decide,   fulfil,   delete_host, rename_host, move_host, change_class, spoil,
    };
    static void (*const seldom[])(struct drift * d) = {edit_policy, edit_policy, waiver, second_policy, restart};
    if (chance(d, 16))
        often[chance(d, sizeof often / sizeof *often)](d);
    else
        seldom[chance(d, sizeof seldom / sizeof *seldom)](d);
    d->changes++;
}

/* Checkpoints. */

static void show(struct drift *d, const char *what, const char *plan)
{
    fprintf(stderr, "seed %llu, after %u changes: %s\n%s", (unsigned long long)d->seed, d->changes, what, plan);
    const char *const argv[] = {"tail", "-n", "60", d->daemon.log, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 10);
    fprintf(stderr, "--- the daemon's last lines ---\n%s", r.output);
    command_free(&r);
    daemon_kill(&d->daemon);
}

/* What a guard holds is held in both. */
static bool has_work(const char *plan)
{
    struct slice rest = slice_of(plan), line;
    while (slice_split(&rest, '\n', &line))
        if (line.n && !slice_starts(line, slice_of("held-")))
            return true;
    return false;
}

static void full_pass(struct drift *d)
{
    size_t passes = daemon_lines(&d->daemon, WHOLE_PASS);
    daemon_signal(&d->daemon, SIGUSR1);
    for (int i = 0; i < 1000 && daemon_lines(&d->daemon, WHOLE_PASS) == passes; i++)
        daemon_rest(10);
    assert_true(daemon_lines(&d->daemon, WHOLE_PASS) > passes);
}

/* What follows `name="` in that line, up to the next quotation mark. */
static struct slice value_in(struct slice line, const char *name)
{
    const uint8_t *at = memmem(line.p, line.n, name, strlen(name));
    struct slice rest = at ? slice_from(line, (size_t)(at - line.p) + strlen(name)) : slice_make(line.p, 0), value;
    return slice_split(&rest, '"', &value) ? value : rest;
}

/*
 * Withdrawals count by the interval, which is longer than the test; a dry run knows of its own alone.  What the guard
 * holds is released as a person would do it, with the value that the latest hold names.
 */
static void release_withdrawals(struct drift *d)
{
    const char *const argv[] = {"grep", "guard=too-many-withdrawals", d->daemon.log, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 10);
    struct slice rest = slice_of(r.output), line, last = {NULL, 0};
    while (slice_split(&rest, '\n', &line))
        last = line.n ? line : last;
    if (last.n)
        program_change(d->p, "dn: %.*s\nchangetype: modify\nreplace: dircertRelease\ndircertRelease: %.*s\n",
                       SLICE_ARGS(value_in(last, "policy=\"")), SLICE_ARGS(value_in(last, "release=\"")));
    command_free(&r);
}

/* Whether what a guard held is still too much is for a full pass to see. */
static void end_holds(struct drift *d)
{
    release_withdrawals(d);
    if (daemon_lines(&d->daemon, WORDS("event=pass", "policy=-", "result=held")))
        full_pass(d);
}

static void expect_nothing_to_do(struct drift *d)
{
    for (int i = 0; i < TRIES; i++) {
        if (i == TRIES / 2)
            end_holds(d);
        daemon_rest(TRY_MS);
        program_run(d->p, WORDS("--dry-run"), NULL);
        if ((d->p->code == PROGRAM_COMPLETE || d->p->code == PROGRAM_HELD) && !has_work(d->p->output))
            return;
    }
    show(d, "a full pass would do something", d->p->output);
    fprintf(stderr, "--- its log, code %d ---\n%s", d->p->code, d->p->log);
    fail();
}

static void checkpoint(struct drift *d)
{
    expect_nothing_to_do(d);
    full_pass(d);
    if (daemon_lines(&d->daemon, WORDS("event=drift"))) {
        show(d, "drift", "");
        fail();
    }
}

/* Without anybody in it a target counts as hidden. */
static void move_new(struct program *p, const char *cn, const char *to)
{
    program_add_server(p, cn, "fine1.example.com", program_good(p, "fine1.example.com"));
    program_change(p, "dn: cn=%s," SERVERS "\nchangetype: modrdn\nnewrdn: cn=%s\ndeleteoldrdn: 1\nnewsuperior: %s\n",
                   cn, cn, to);
}

static void begin(struct drift *d)
{
    struct program *p = d->p;
    program_change(p, "dn: " ATTIC "\nchangetype: add\nobjectClass: organizationalUnit\nou: attic\n");
    program_add_policy(p, "servers",
                       ENFORCE "dircertMaxRequests: 100000\ndircertMinSubjectsPercent: 1\n" VERSION_REISSUE
                               "dircertOnFinding: expired reissue\ndircertOnFinding: cn-mismatch reissue\n");
    program_add_servers(p, "fine", FINE + changes_wanted / CHANGES_A_FINE, program_good);
    move_new(p, "person", PEOPLE);
    move_new(p, "shelf", ATTIC);
    program_configure(p, &(struct program_conf){.interval_s = 3600, .level = "debug", .timeout_s = 5});
    d->daemon = daemon_start(p, NULL);
    daemon_wait(&d->daemon, WORDS("event=sync", "state=following"));
    daemon_wait(&d->daemon, WHOLE_PASS);
}

static void nothing_is_missed(void **state)
{
    struct drift d = {.p = *state, .seed = seed, .state = seed, .next_name = 1};
    begin(&d);
    while (d.changes < changes_wanted) {
        unsigned burst = 1 + chance(&d, 6);
        for (unsigned i = 0; i < burst; i++)
            change(&d);
        daemon_rest(chance(&d, 60));
        if (d.changes % CHANGES_A_CHECKPOINT < burst)
            checkpoint(&d);
    }
    checkpoint(&d);
    daemon_stop(&d.daemon);
    print_message("seed %llu: %u changes, %zu looks, %zu full passes, %zu writes\n", (unsigned long long)seed,
                  d.changes, daemon_lines(&d.daemon, WORDS("event=look")), daemon_lines(&d.daemon, WHOLE_PASS),
                  daemon_lines(&d.daemon, WORDS("event=request ")));
}

static int enter(void **state)
{
    return program_enter_on(state, &(struct slapd_options){.database = "overlay syncprov\nsyncprov-sessionlog 1000\n"});
}

static int enter_without_log(void **state)
{
    return program_enter_on(state, &(struct slapd_options){.database = "overlay syncprov\n"});
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        {"nothing_is_missed", nothing_is_missed, enter, program_leave, NULL},
        {"nothing_is_missed_without_a_session_log", nothing_is_missed, enter_without_log, program_leave, NULL},
    };
    if (!slapd_available())
        return 77;
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        changes_wanted = (unsigned)strtoul(argv[2], NULL, 10);
    return cmocka_run_group_tests_name("drift", tests, NULL, NULL);
}
