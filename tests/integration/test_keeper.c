/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lease on a real slapd, as the account of the daemon under the access control of conf/: who becomes the active
 * daemon, who stands by, who takes over and when, and what is left where something fails.
 */
#include "base/gentime.h"
#include "daemon/keeper.h"
#include "support/dirtest.h"
#include "support/program.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PASSWORD "only for this test"
#define HOST     "here.example.com"
#define BOOT     "0b4e6f2a-13a9-4d0c-9a51-6f5d9f0e7c11"
#define BEFORE   "9c1d2f30-77aa-4b1e-8f2f-0d3c5b7a9e22"
#define ENTRY(i) "cn=" i "," STATUS

/* 2025-06-15T15:06:40Z */
enum { NOW = 1750000000, HEARTBEAT_S = 10, LEASE_S = 40, TIMEOUT_S = 5 };

/* One daemon: its keeper, its connection, its clock. */
struct side {
    struct keeper *k;
    struct dir *d;
    int64_t now_utc;
};

static struct {
    struct log *log;
    int log_fd;
    struct side a, b;
} world;

static int64_t clock_of_side(void *context)
{
    return ((const struct side *)context)->now_utc;
}

static int enter(void **state)
{
    int rc = program_enter(state);
    world.log_fd = memfd_create("log", MFD_CLOEXEC);
    world.log = log_open(&(struct log_settings){
        .fd = world.log_fd, .least = SEVERITY_DEBUG, .instance = "test", .clock = log_system_clock});
    return world.log_fd < 0 ? -1 : rc;
}

static void side_close(struct side *s)
{
    keeper_close(s->k);
    dir_close(s->d);
    *s = (struct side){0};
}

static int leave(void **state)
{
    side_close(&world.a);
    side_close(&world.b);
    log_close(world.log);
    close(world.log_fd);
    return program_leave(state);
}

static void side_connect(const struct program *p, struct side *s)
{
    dir_close(s->d);
    s->d = open_as(p->server, DAEMON, PASSWORD, TIMEOUT_S);
    assert_non_null(s->d);
}

/* Every side is on the same host in the same boot. */
static void side_open(const struct program *p, struct side *s, const char *instance, int64_t pid)
{
    const struct lease_owner owner = {SLICE_LITERAL(HOST), SLICE_LITERAL(BOOT), pid};
    s->now_utc = NOW;
    s->k = keeper_open(&(struct keeper_settings){.base = BASE,
                                                 .instance = instance,
                                                 .heartbeat_s = HEARTBEAT_S,
                                                 .log = world.log,
                                                 .clock = clock_of_side,
                                                 .clock_context = s,
                                                 .owner = &owner});
    side_connect(p, s);
}

/* Both are alive: this process, and the one that started it. */
static void both_open(const struct program *p, const char *first, const char *second)
{
    side_open(p, &world.a, first, getpid());
    side_open(p, &world.b, second, getppid());
}

static void expect_beat(struct side *s, enum keeper_state wanted)
{
    assert_int_equal(keeper_beat(s->k, s->d, NULL), wanted);
    assert_int_equal(keeper_may_write(s->k), wanted == KEEPER_HELD);
}

/* At the next heartbeat of both; the same instant for each. */
static void later(int64_t s)
{
    world.a.now_utc += s;
    world.b.now_utc += s;
}

static const char *lease_at(struct program *p, const char *entry)
{
    const char *ldif = program_search(p, STATUS, "one", "(objectClass=dircertInstance)", "dircertLease");
    const char *at = strstr(ldif, (const char *)arena_format(&p->arena, "dn: %s\n", entry).p);
    const char *end = at ? strstr(at, "\n\n") : NULL;
    if (!at)
        return NULL;
    struct slice one = arena_copy(&p->arena, end ? slice_make(at, (size_t)(end - at)) : slice_of(at));
    return program_value(p, (const char *)one.p, "dircertLease", 0);
}

static void put_lease(struct program *p, const char *cn, const char *value)
{
    program_change(p, "dn: cn=%s," STATUS "\nchangetype: add\nobjectClass: dircertInstance\ncn: %s\ndircertLease: %s\n",
                   cn, cn, value);
}

static void replace_lease(struct program *p, const char *cn, const char *value)
{
    program_change(p, "dn: cn=%s," STATUS "\nchangetype: modify\nreplace: dircertLease\n%s%s\n", cn,
                   value ? "dircertLease: " : "", value ? value : "");
}

static const char *lease_text(struct program *p, const char *host, const char *boot, int64_t pid, int64_t until_utc)
{
    const struct lease lease = {{slice_of(host), slice_of(boot), pid}, until_utc};
    return (const char *)lease_write(&p->arena, &lease).p;
}

/* A process that was, and is no more. */
static pid_t dead_pid(void)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return pid;
}

static void read_log(struct program *p)
{
    off_t size = lseek(world.log_fd, 0, SEEK_END);
    char *text = arena_alloc(&p->arena, (size_t)size + 1);
    assert_true(pread(world.log_fd, text, (size_t)size, 0) == size);
    p->log = text;
}

static void expect_events(struct program *p, const char *const words[], size_t count)
{
    read_log(p);
    if (program_lines(p, words) != count)
        fail_msg("%zu lines with %s and not %zu:\n%s", program_lines(p, words), words[0], count, p->log);
}
#define LEASE_EVENTS(p, state, count) expect_events(p, WORDS("event=lease", "state=" state), count)

/* One, and then the other. */

static void the_first_one_is_active(void **state)
{
    struct program *p = *state;
    both_open(p, "a", "b");
    expect_beat(&world.a, KEEPER_HELD);
    expect_beat(&world.b, KEEPER_STANDBY);
    assert_string_equal(lease_at(p, ENTRY("a")), lease_text(p, HOST, BOOT, getpid(), NOW + LEASE_S));
    assert_null(lease_at(p, ENTRY("b")));
    const char *entry = program_search(p, ENTRY("a"), "base", "(objectClass=dircertInstance)", NULL);
    assert_string_equal(program_value(p, entry, "dircertHeartbeat", 0), "20250615150640Z");
    assert_string_equal(program_value(p, entry, "dircertVersion", 0), DIRCERTD_VERSION);
    assert_null(program_value(p, entry, "dircertPassResult", 0));
    assert_string_equal(keeper_holder(world.a.k), HOST " until 20250615150720Z");
    assert_string_equal(keeper_holder(world.b.k), HOST " until 20250615150720Z");
    expect_events(p, WORDS("event=lease", "state=held", "dn=\"cn=a,", "holder=" HOST, "until=2025-06-15T15:07:20Z"), 1);
    expect_events(p, WORDS("event=lease", "state=standby", "dn=\"cn=b,", "holder=" HOST), 1);
}

static void of_one_name_only_one_is_active(void **state)
{
    struct program *p = *state;
    both_open(p, "default", "default");
    expect_beat(&world.a, KEEPER_HELD);
    expect_beat(&world.b, KEEPER_STANDBY);
    for (unsigned i = 0; i < 6; i++) {
        later(HEARTBEAT_S);
        expect_beat(&world.a, KEEPER_HELD);
        expect_beat(&world.b, KEEPER_STANDBY);
    }
    assert_string_equal(lease_at(p, INSTANCE), lease_text(p, HOST, BOOT, getpid(), NOW + 60 + LEASE_S));
    LEASE_EVENTS(p, "held", 1);
    LEASE_EVENTS(p, "standby", 1);
    LEASE_EVENTS(p, "lost", 0);
}

static void nothing_is_sent_before_it_is_due(void **state)
{
    struct program *p = *state;
    side_open(p, &world.a, "default", getpid());
    assert_int_equal(keeper_next_ms(world.a.k), 0);
    expect_beat(&world.a, KEEPER_HELD);
    assert_int_equal(keeper_next_ms(world.a.k), 1000 * HEARTBEAT_S);
    size_t before = program_writes(p, STATUS);
    slapd_pause(p->server); /* a beat that sends anything would not come back */
    world.a.now_utc += HEARTBEAT_S - 1;
    expect_beat(&world.a, KEEPER_HELD);
    slapd_continue(p->server);
    assert_int_equal(program_writes(p, STATUS), before);
    assert_int_equal(keeper_next_ms(world.a.k), 1000);
    world.a.now_utc++;
    expect_beat(&world.a, KEEPER_HELD);
    assert_int_equal(program_writes(p, STATUS), before + 1);
}

static void a_clock_set_back_puts_nothing_off(void **state)
{
    struct program *p = *state;
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    world.a.now_utc -= 86400;
    assert_int_equal(keeper_next_ms(world.a.k), 0);
    expect_beat(&world.a, KEEPER_HELD);
    assert_string_equal(lease_at(p, INSTANCE), lease_text(p, HOST, BOOT, getpid(), NOW - 86400 + LEASE_S));
}

static void what_is_released_is_taken_at_the_next_heartbeat(void **state)
{
    struct program *p = *state;
    both_open(p, "a", "b");
    expect_beat(&world.a, KEEPER_HELD);
    expect_beat(&world.b, KEEPER_STANDBY);
    keeper_release(world.a.k, world.a.d);
    assert_false(keeper_may_write(world.a.k));
    assert_null(lease_at(p, ENTRY("a")));
    assert_string_equal(keeper_holder(world.a.k), "-");
    later(HEARTBEAT_S);
    expect_beat(&world.b, KEEPER_HELD);
    expect_beat(&world.a, KEEPER_STANDBY);
    keeper_release(world.a.k, world.a.d); /* nothing of it is held */
    assert_non_null(lease_at(p, ENTRY("b")));
    LEASE_EVENTS(p, "released", 1);
}

/* It is gone only where the directory still has that value. */
static void release_takes_nothing_from_others(void **state)
{
    struct program *p = *state;
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    const char *other = lease_text(p, "other", BEFORE, 7, NOW + 3600);
    replace_lease(p, "default", other);
    keeper_release(world.a.k, world.a.d);
    assert_string_equal(lease_at(p, INSTANCE), other);
    assert_false(keeper_may_write(world.a.k));
    LEASE_EVENTS(p, "released", 0);
}

/* Taking over. */

static void a_dead_process_here_is_succeeded_at_once(void **state)
{
    struct program *p = *state;
    put_lease(p, "default", lease_text(p, HOST, BOOT, dead_pid(), NOW + 3600));
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    assert_string_equal(lease_at(p, INSTANCE), lease_text(p, HOST, BOOT, getpid(), NOW + LEASE_S));
}

/* What it left goes, so that it would notice if it were alive after all. */
static void a_dead_one_of_another_name_too(void **state)
{
    struct program *p = *state;
    put_lease(p, "old", lease_text(p, HOST, BOOT, dead_pid(), NOW + 3600));
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    assert_null(lease_at(p, ENTRY("old")));
    assert_non_null(lease_at(p, INSTANCE));
}

static void an_earlier_boot_here_is_succeeded_at_once(void **state)
{
    struct program *p = *state;
    put_lease(p, "default", lease_text(p, HOST, BEFORE, getpid(), NOW + 3600));
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
}

static void another_host_is_succeeded_when_its_time_is_up(void **state)
{
    struct program *p = *state;
    put_lease(p, "other", lease_text(p, "there.example.com", BEFORE, dead_pid(), NOW + 3 * HEARTBEAT_S));
    side_open(p, &world.a, "default", getpid());
    for (unsigned i = 0; i < 3; i++, later(HEARTBEAT_S))
        expect_beat(&world.a, KEEPER_STANDBY);
    expect_beat(&world.a, KEEPER_HELD);
    assert_null(lease_at(p, ENTRY("other")));
    expect_events(p, WORDS("event=lease", "state=standby", "holder=there.example.com"), 1);
}

/* A value that nobody understands may be somebody's. */
static void what_does_not_parse_is_held_and_told_once(void **state)
{
    struct program *p = *state;
    put_lease(p, "other", "somebody, until tomorrow");
    side_open(p, &world.a, "default", getpid());
    for (unsigned i = 0; i < 3; i++, later(1000))
        expect_beat(&world.a, KEEPER_STANDBY);
    assert_string_equal(keeper_holder(world.a.k), "-");
    assert_string_equal(lease_at(p, ENTRY("other")), "somebody, until tomorrow");
    expect_events(p, WORDS("event=problem", "attribute=dircertLease", "somebody, until tomorrow"), 1);
    LEASE_EVENTS(p, "standby", 1);
    replace_lease(p, "other", NULL);
    expect_beat(&world.a, KEEPER_HELD);
}

/* Losing. */

static void whose_value_was_replaced_has_lost(void **state)
{
    struct program *p = *state;
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    const char *other = lease_text(p, "there.example.com", BEFORE, 7, NOW + 3600);
    replace_lease(p, "default", other);
    later(HEARTBEAT_S);
    expect_beat(&world.a, KEEPER_STANDBY);
    assert_string_equal(lease_at(p, INSTANCE), other);
    LEASE_EVENTS(p, "lost", 1);
    expect_events(p, WORDS("event=lease", "state=standby", "holder=there.example.com"), 1);
}

static void whose_value_was_deleted_begins_anew(void **state)
{
    struct program *p = *state;
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    replace_lease(p, "default", NULL);
    later(HEARTBEAT_S);
    expect_beat(&world.a, KEEPER_UNKNOWN);
    LEASE_EVENTS(p, "lost", 1);
    later(HEARTBEAT_S);
    expect_beat(&world.a, KEEPER_HELD);
    program_change(p, "dn: " INSTANCE "\nchangetype: delete\n");
    later(HEARTBEAT_S);
    expect_beat(&world.a, KEEPER_UNKNOWN);
    later(HEARTBEAT_S);
    expect_beat(&world.a, KEEPER_HELD);
    LEASE_EVENTS(p, "held", 3);
}

/* The renewal before was carried out, and its answer never came. */
static void an_answer_that_was_lost_costs_nothing(void **state)
{
    struct program *p = *state;
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    replace_lease(p, "default", lease_text(p, HOST, BOOT, getpid(), NOW + 50));
    later(HEARTBEAT_S + 1);
    expect_beat(&world.a, KEEPER_HELD);
    assert_string_equal(lease_at(p, INSTANCE), lease_text(p, HOST, BOOT, getpid(), NOW + 11 + LEASE_S));
    LEASE_EVENTS(p, "held", 1);
    LEASE_EVENTS(p, "lost", 0);
}

static void without_a_server_it_is_held_until_shortly_before_the_end(void **state)
{
    struct program *p = *state;
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    slapd_kill(p->server);
    for (unsigned i = 0; i < 3; i++) {
        later(HEARTBEAT_S);
        assert_int_equal(keeper_beat(world.a.k, i == 2 ? NULL : world.a.d, NULL), KEEPER_UNKNOWN);
        assert_true(keeper_may_write(world.a.k));
        assert_int_equal(keeper_next_ms(world.a.k), 1000 * HEARTBEAT_S);
    }
    later(4);
    assert_true(keeper_may_write(world.a.k));
    later(1);
    assert_false(keeper_may_write(world.a.k));
    LEASE_EVENTS(p, "lost", 0);
    assert_int_equal(keeper_beat(world.a.k, world.a.d, NULL), KEEPER_UNKNOWN);
    LEASE_EVENTS(p, "lost", 1);
    keeper_release(world.a.k, NULL);
    assert_true(slapd_restart(p->server));
    side_connect(p, &world.a);
    later(HEARTBEAT_S);
    expect_beat(&world.a, KEEPER_HELD);
    LEASE_EVENTS(p, "held", 2);
}

/* As after a long sleep. */
static void who_overslept_acquires_anew(void **state)
{
    struct program *p = *state;
    both_open(p, "a", "b");
    expect_beat(&world.a, KEEPER_HELD);
    later(LEASE_S);
    expect_beat(&world.b, KEEPER_HELD); /* its time is up, although its process is alive */
    assert_null(lease_at(p, ENTRY("a")));
    expect_beat(&world.a, KEEPER_STANDBY);
    LEASE_EVENTS(p, "lost", 1);
}

static void a_refused_renewal_is_told_once(void **state)
{
    struct program *p = *state;
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    program_rule(p, "to dn.children=\"" STATUS "\" by dn.exact=\"" DAEMON "\" read by * break");
    for (unsigned i = 0; i < 2; i++) {
        later(HEARTBEAT_S);
        assert_int_equal(keeper_beat(world.a.k, world.a.d, NULL), KEEPER_UNKNOWN);
        assert_true(keeper_may_write(world.a.k));
    }
    expect_events(p, WORDS("event=fault", "what=\"renew the lease\""), 1);
    program_drop_rule(p);
    later(HEARTBEAT_S);
    expect_beat(&world.a, KEEPER_HELD);
    LEASE_EVENTS(p, "held", 1);
    LEASE_EVENTS(p, "lost", 0);
}

/* Hidden values. */

#define HIDDEN(right) "to dn.children=\"" STATUS "\" attrs=dircertLease by dn.exact=\"" DAEMON "\" " right " by * break"

static void what_is_hidden_is_not_taken_as_none(void **state)
{
    struct program *p = *state;
    const char *other = lease_text(p, "there.example.com", BEFORE, 7, NOW + 3600);
    put_lease(p, "other", other);
    side_open(p, &world.a, "default", getpid());
    program_rule(p, HIDDEN("=w"));
    for (unsigned i = 0; i < 3; i++, later(HEARTBEAT_S))
        expect_beat(&world.a, KEEPER_UNKNOWN);
    assert_null(lease_at(p, INSTANCE));
    assert_string_equal(lease_at(p, ENTRY("other")), other);
    expect_events(p, WORDS("event=fault", "what=\"read the leases\"", "may not read dircertLease"), 1);
    LEASE_EVENTS(p, "held", 0);
    program_drop_rule(p);
    expect_beat(&world.a, KEEPER_STANDBY);
}

/* Nothing is there yet that could be seen to be hidden. */
static void who_can_not_read_its_own_is_never_active(void **state)
{
    static const char *const rules[] = {HIDDEN("=w"), HIDDEN("none")};
    struct program *p = *state;
    side_open(p, &world.a, "default", getpid());
    for (size_t i = 0; i < 2; i++) {
        program_rule(p, rules[i]);
        for (unsigned k = 0; k < 2; k++, later(HEARTBEAT_S))
            expect_beat(&world.a, KEEPER_UNKNOWN);
        assert_null(lease_at(p, INSTANCE));
        program_drop_rule(p);
    }
    LEASE_EVENTS(p, "held", 0);
    expect_beat(&world.a, KEEPER_HELD);
}

static void without_the_tree_nothing_is_held(void **state)
{
    struct program *p = *state;
    program_change(p, "dn: " STATUS "\nchangetype: delete\n");
    side_open(p, &world.a, "default", getpid());
    for (unsigned i = 0; i < 2; i++, later(HEARTBEAT_S))
        expect_beat(&world.a, KEEPER_UNKNOWN);
    expect_events(p, WORDS("event=fault", "what=\"read the leases\""), 1);
}

/* An entry of that name that is something else. */
static void a_name_that_is_taken_is_told(void **state)
{
    struct program *p = *state;
    program_change(p, "dn: " INSTANCE "\nchangetype: add\nobjectClass: organizationalRole\n");
    side_open(p, &world.a, "default", getpid());
    for (unsigned i = 0; i < 2; i++, later(HEARTBEAT_S))
        expect_beat(&world.a, KEEPER_UNKNOWN);
    expect_events(p, WORDS("event=fault", "what=\"acquire the lease\""), 1);
}

/* Beside the work of others. */

static void a_pass_that_writes_its_status_disturbs_nothing(void **state)
{
    struct program *p = *state;
    put_lease(p, "default", lease_text(p, HOST, BOOT, dead_pid(), NOW));
    program_change(p,
                   "dn: " INSTANCE "\nchangetype: modify\nreplace: dircertLastPass\ndircertLastPass: 20200101000000Z\n"
                   "-\nreplace: dircertPassResult\ndircertPassResult: complete\n-\nreplace: dircertHold\n"
                   "dircertHold: guard=clock policy=-\n");
    side_open(p, &world.a, "default", getpid());
    for (unsigned i = 0; i < 3; i++, later(HEARTBEAT_S)) {
        expect_beat(&world.a, KEEPER_HELD);
        program_change(p,
                       "dn: " INSTANCE "\nchangetype: modify\nreplace: dircertHeartbeat\n"
                       "dircertHeartbeat: 20200101000000Z\n-\nreplace: dircertVersion\ndircertVersion: %u\n",
                       i);
    }
    const char *entry = program_search(p, INSTANCE, "base", "(objectClass=dircertInstance)", NULL);
    assert_string_equal(program_value(p, entry, "dircertLastPass", 0), "20200101000000Z");
    assert_string_equal(program_value(p, entry, "dircertPassResult", 0), "complete");
    assert_string_equal(program_value(p, entry, "dircertHold", 0), "guard=clock policy=-");
    LEASE_EVENTS(p, "held", 1);
}

static const char *pass_result(struct program *p)
{
    const char *entry = program_search(p, INSTANCE, "base", "(objectClass=dircertInstance)", "dircertPassResult");
    return program_value(p, entry, "dircertPassResult", 0);
}

static void a_long_pass_shows_how_far_it_is(void **state)
{
    struct program *p = *state;
    struct progress progress = {.entries = 5, .findings = 1, .begun_utc = NOW};
    side_open(p, &world.a, "default", getpid());
    for (unsigned i = 0; i < 2; i++, later(HEARTBEAT_S)) {
        assert_int_equal(keeper_beat(world.a.k, world.a.d, &progress), KEEPER_HELD);
        assert_null(pass_result(p));
    }
    progress.entries = 123456;
    progress.findings = 78;
    assert_int_equal(keeper_beat(world.a.k, world.a.d, &progress), KEEPER_HELD);
    assert_string_equal(pass_result(p), "running entries=123456 findings=78 since=20250615150640Z");
    later(HEARTBEAT_S);
    expect_beat(&world.a, KEEPER_HELD); /* whoever ends the pass says how it ended */
    assert_string_equal(pass_result(p), "running entries=123456 findings=78 since=20250615150640Z");
}

/* Without an owner in the settings. */
static void this_process_is_named(void **state)
{
    struct program *p = *state;
    struct lease lease;
    char host[256] = "";
    struct side *s = &world.a;
    s->now_utc = NOW;
    s->k = keeper_open(&(struct keeper_settings){.base = BASE,
                                                 .instance = "default",
                                                 .heartbeat_s = 1,
                                                 .log = world.log,
                                                 .clock = clock_of_side,
                                                 .clock_context = s});
    side_connect(p, s);
    expect_beat(s, KEEPER_HELD);
    assert_int_equal(gethostname(host, sizeof host - 1), 0);
    assert_true(lease_read(slice_of(lease_at(p, INSTANCE)), &lease));
    assert_true(slice_eq(lease.owner.host, slice_of(host)));
    assert_int_equal(lease.owner.pid, getpid());
    assert_true(lease.owner.boot_id.n >= 36);
    assert_int_equal(lease.until_utc, NOW + KEEPER_LEASE_LEAST_S);
}

/* Races. */

struct between {
    unsigned after; /* calls */
    bool done;
};

static bool let_a_acquire(void *context)
{
    struct between *between = context;
    if (!between->done && between->after-- == 0) {
        between->done = true;
        keeper_beat(world.a.k, world.a.d, NULL);
    }
    return true;
}

/* One acquires at the n-th moment of the other's doing so; false: there is no such moment. */
static bool comes_between(struct program *p, const char *first, const char *second, unsigned n)
{
    struct between between = {.after = n};
    both_open(p, first, second);
    dir_set_watch(world.b.d, let_a_acquire, &between);
    keeper_beat(world.b.k, world.b.d, NULL);
    dir_set_watch(world.b.d, NULL, NULL);
    bool a = keeper_may_write(world.a.k), b = keeper_may_write(world.b.k);
    if (a && b)
        fail_msg("both are active, when the first one acquires at moment %u of the second", n);
    if (between.done && (a || b))
        assert_non_null(lease_at(p, (const char *)arena_format(&p->arena, "cn=%s," STATUS, a ? first : second).p));
    for (unsigned i = 0; i < 20 * HEARTBEAT_S && !a && !b; i++, later(1)) {
        a = keeper_beat(world.a.k, world.a.d, NULL) == KEEPER_HELD;
        b = keeper_beat(world.b.k, world.b.d, NULL) == KEEPER_HELD;
    }
    assert_true(a != b);
    keeper_release(world.a.k, world.a.d);
    keeper_release(world.b.k, world.b.d);
    side_close(&world.a);
    side_close(&world.b);
    return between.done;
}

static void one_of_another_name_comes_between(void **state)
{
    unsigned n = 0;
    while (comes_between(*state, "a", "b", n))
        n++;
    assert_in_range(n, 4, 1000);
}

static void one_of_the_same_name_comes_between(void **state)
{
    unsigned n = 0;
    while (comes_between(*state, "default", "default", n))
        n++;
    assert_in_range(n, 4, 1000);
}

enum { RACERS = 4, ROUNDS = 6, RACE_MS = 10000, STEP_MS = 20 };

/* Ten seconds pass in each. */
static int64_t fast_clock(void *context)
{
    (void)context;
    return NOW + (int64_t)(seconds_now() * 10);
}

/* A process of its own: waits for the start, tries until `stop` is shut, and says how it ended. */
static int race(const struct program *p, const char *instance, int start, int stop, int answers)
{
    char octet = '-', won = 'H';
    const struct lease_owner owner = {SLICE_LITERAL(HOST), SLICE_LITERAL(BOOT), getpid()};
    struct dir *d = open_as(p->server, DAEMON, PASSWORD, TIMEOUT_S);
    struct keeper *k = keeper_open(&(struct keeper_settings){
        .base = BASE, .instance = instance, .heartbeat_s = 5, .log = world.log, .clock = fast_clock, .owner = &owner});
    if (!d || write(answers, "R", 1) != 1 || read(start, &octet, 1) != 0)
        return 1;
    for (unsigned waited = 0; waited < 2 * RACE_MS; waited += STEP_MS) {
        if (keeper_beat(k, d, NULL) == KEEPER_HELD && won && write(answers, &won, 1) == 1)
            won = '\0';
        if (read(stop, &octet, 1) == 0)
            break;
        usleep(STEP_MS * 1000);
    }
    keeper_release(k, d);
    return 0;
}

struct race {
    int start[2], stop[2], answers[2];
    pid_t pids[RACERS];
};

static void race_begin(struct race *r, struct program *p, bool same_name)
{
    char name[16] = "default", octet;
    assert_int_equal(pipe2(r->start, O_CLOEXEC) | pipe2(r->stop, O_CLOEXEC | O_NONBLOCK) | pipe2(r->answers, O_CLOEXEC),
                     0);
    for (unsigned i = 0; i < RACERS; i++) {
        if (!same_name)
            snprintf(name, sizeof name, "racer%u", i);
        r->pids[i] = fork();
        assert_true(r->pids[i] >= 0);
        if (r->pids[i] == 0) {
            close(r->start[1]);
            close(r->stop[1]);
            _exit(race(p, name, r->start[0], r->stop[0], r->answers[1]));
        }
    }
    for (unsigned i = 0; i < RACERS; i++) {
        assert_int_equal(read(r->answers[0], &octet, 1), 1);
        assert_int_equal(octet, 'R');
    }
    close(r->start[1]);
}

static void race_end(struct race *r)
{
    int status;
    close(r->stop[1]);
    for (unsigned i = 0; i < RACERS; i++) {
        assert_int_equal(waitpid(r->pids[i], &status, 0), r->pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    close(r->start[0]);
    close(r->stop[0]);
    close(r->answers[0]);
    close(r->answers[1]);
}

/* Somebody wins in bounded time, and while that one goes on nobody else does. */
static void of_many_at_once_one_wins(void **state)
{
    struct program *p = *state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct race r;
        char octet;
        race_begin(&r, p, round % 2);
        struct pollfd answer = {.fd = r.answers[0], .events = POLLIN};
        assert_int_equal(poll(&answer, 1, RACE_MS), 1);
        assert_int_equal(read(r.answers[0], &octet, 1), 1);
        assert_int_equal(octet, 'H');
        if (poll(&answer, 1, 300) != 0)
            fail_msg("round %u: a second one became active", round);
        race_end(&r);
        const char *left = program_search(p, STATUS, "one", "(dircertLease=*)", "dircertLease");
        assert_null(strstr(left, HOST));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_one_is_active),
        TEST(of_one_name_only_one_is_active),
        TEST(nothing_is_sent_before_it_is_due),
        TEST(a_clock_set_back_puts_nothing_off),
        TEST(what_is_released_is_taken_at_the_next_heartbeat),
        TEST(release_takes_nothing_from_others),
        TEST(a_dead_process_here_is_succeeded_at_once),
        TEST(a_dead_one_of_another_name_too),
        TEST(an_earlier_boot_here_is_succeeded_at_once),
        TEST(another_host_is_succeeded_when_its_time_is_up),
        TEST(what_does_not_parse_is_held_and_told_once),
        TEST(whose_value_was_replaced_has_lost),
        TEST(whose_value_was_deleted_begins_anew),
        TEST(an_answer_that_was_lost_costs_nothing),
        TEST(without_a_server_it_is_held_until_shortly_before_the_end),
        TEST(who_overslept_acquires_anew),
        TEST(a_refused_renewal_is_told_once),
        TEST(what_is_hidden_is_not_taken_as_none),
        TEST(who_can_not_read_its_own_is_never_active),
        TEST(without_the_tree_nothing_is_held),
        TEST(a_name_that_is_taken_is_told),
        TEST(a_pass_that_writes_its_status_disturbs_nothing),
        TEST(a_long_pass_shows_how_far_it_is),
        TEST(this_process_is_named),
        TEST(one_of_another_name_comes_between),
        TEST(one_of_the_same_name_comes_between),
        TEST(of_many_at_once_one_wins),
    };
    if (!slapd_available()) {
        fprintf(stderr, "skipped: there is no slapd on this machine\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
