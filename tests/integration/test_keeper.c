/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lease on a real slapd, as the account of the daemon under the access control of conf/: who becomes the active
 * daemon, who stands by, who takes over and when, and what is left where something fails.
 */
#include "integration/keeperworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

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

static void note_rc(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    (void)index, (void)fault;
    *(enum rc *)context = rc;
}

/* A write of somebody else to our entry, with the farewell in it. */
static enum rc write_with_farewell(struct side *s, struct dir_mod farewell)
{
    const struct slice text = SLICE_LITERAL("complete");
    const struct dir_mod mods[] = {farewell, {DIR_MOD_REPLACE, "dircertPassResult", &text, 1}};
    const struct dir_change change = {.verb = DIR_MODIFY, .dn = slice_of(INSTANCE), .mods = mods, .count = 2};
    enum rc rc = RC_FAULT;
    struct fault fault = {{0}};
    assert_int_equal(dir_apply(s->d, &change, 1, note_rc, &rc, &fault), RC_OK);
    return rc;
}

static void the_lease_goes_with_another_write(void **state)
{
    struct program *p = *state;
    struct dir_mod farewell;
    side_open(p, &world.a, "default", getpid());
    assert_false(keeper_farewell(world.a.k, &farewell));
    expect_beat(&world.a, KEEPER_HELD);
    later(HEARTBEAT_S);
    expect_beat(&world.a, KEEPER_HELD); /* renewed: another value */
    assert_true(keeper_farewell(world.a.k, &farewell));
    assert_int_equal(write_with_farewell(&world.a, farewell), RC_OK);
    keeper_is_released(world.a.k);
    assert_null(lease_at(p, INSTANCE));
    assert_false(keeper_may_write(world.a.k));
    assert_false(keeper_farewell(world.a.k, &farewell));
    keeper_release(world.a.k, world.a.d); /* nothing of it is held */
    LEASE_EVENTS(p, "released", 1);
}

/* The write was carried out, and its answer never came: it is said once that the lease is free, and no fault. */
static void a_farewell_whose_answer_was_lost_is_found_out(void **state)
{
    struct program *p = *state;
    struct dir_mod farewell;
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    assert_true(keeper_farewell(world.a.k, &farewell));
    assert_int_equal(write_with_farewell(&world.a, farewell), RC_OK);
    keeper_release(world.a.k, world.a.d);
    LEASE_EVENTS(p, "released", 1);
    expect_events(p, WORDS("event=fault"), 0);
}

static void the_lease_of_another_does_not_go_with_a_write(void **state)
{
    struct program *p = *state;
    struct dir_mod farewell;
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    const char *other = lease_text(p, "other", BEFORE, 7, NOW + 3600);
    replace_lease(p, "default", other);
    assert_true(keeper_farewell(world.a.k, &farewell));
    assert_int_equal(write_with_farewell(&world.a, farewell), RC_CONFLICT);
    keeper_release(world.a.k, world.a.d);
    assert_string_equal(lease_at(p, INSTANCE), other);
    expect_events(p, WORDS("event=fault", "release the lease"), 1);
    LEASE_EVENTS(p, "released", 0);
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

/* Another server may have an older value of ours, or none. */
static void over_another_connection_it_is_acquired_first(void **state)
{
    struct program *p = *state;
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    replace_lease(p, "default", lease_text(p, HOST, BOOT, getpid(), NOW + 30));
    keeper_doubt(world.a.k);
    assert_false(keeper_may_write(world.a.k));
    assert_int_equal(keeper_next_ms(world.a.k), 0);
    assert_string_equal(keeper_holder(world.a.k), "-");
    assert_int_equal(keeper_beat(world.a.k, NULL, NULL), KEEPER_UNKNOWN);
    assert_int_equal(keeper_next_ms(world.a.k), 0);
    later(1);
    expect_beat(&world.a, KEEPER_HELD);
    assert_string_equal(lease_at(p, INSTANCE), lease_text(p, HOST, BOOT, getpid(), NOW + 1 + LEASE_S));
    assert_int_equal(keeper_next_ms(world.a.k), 1000 * HEARTBEAT_S);
    replace_lease(p, "default", NULL);
    keeper_doubt(world.a.k);
    expect_beat(&world.a, KEEPER_HELD);
    later(HEARTBEAT_S);
    expect_beat(&world.a, KEEPER_HELD);
    LEASE_EVENTS(p, "held", 1);
    LEASE_EVENTS(p, "lost", 0);
}

/* Even where ours is there as it was. */
static void over_another_connection_it_gives_way(void **state)
{
    struct program *p = *state;
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    put_lease(p, "other", lease_text(p, "elsewhere.example.com", BEFORE, 4242, NOW + 3600));
    keeper_doubt(world.a.k);
    expect_beat(&world.a, KEEPER_STANDBY);
    keeper_doubt(world.a.k); /* nothing is held that could be doubted */
    assert_int_not_equal(keeper_next_ms(world.a.k), 0);
    LEASE_EVENTS(p, "lost", 0);
    LEASE_EVENTS(p, "standby", 1);
}

/* Until its time is up, and then it is told as lost. */
static void what_can_not_be_looked_at_stays_in_doubt(void **state)
{
    struct program *p = *state;
    side_open(p, &world.a, "default", getpid());
    expect_beat(&world.a, KEEPER_HELD);
    slapd_kill(p->server);
    keeper_doubt(world.a.k);
    expect_beat(&world.a, KEEPER_UNKNOWN);
    LEASE_EVENTS(p, "lost", 0);
    assert_true(slapd_restart(p->server));
    side_connect(p, &world.a);
    assert_false(keeper_may_write(world.a.k));
    later(HEARTBEAT_S);
    expect_beat(&world.a, KEEPER_HELD);
    keeper_doubt(world.a.k);
    later(LEASE_S);
    assert_int_equal(keeper_beat(world.a.k, NULL, NULL), KEEPER_UNKNOWN);
    LEASE_EVENTS(p, "lost", 1);
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
        assert_int_equal(keeper_next_ms(world.a.k), i == 2 ? 0 : 1000 * HEARTBEAT_S);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, keeper_enter, keeper_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_one_is_active),
        TEST(of_one_name_only_one_is_active),
        TEST(nothing_is_sent_before_it_is_due),
        TEST(a_clock_set_back_puts_nothing_off),
        TEST(what_is_released_is_taken_at_the_next_heartbeat),
        TEST(release_takes_nothing_from_others),
        TEST(a_farewell_whose_answer_was_lost_is_found_out),
        TEST(the_lease_goes_with_another_write),
        TEST(the_lease_of_another_does_not_go_with_a_write),
        TEST(a_dead_process_here_is_succeeded_at_once),
        TEST(a_dead_one_of_another_name_too),
        TEST(an_earlier_boot_here_is_succeeded_at_once),
        TEST(another_host_is_succeeded_when_its_time_is_up),
        TEST(what_does_not_parse_is_held_and_told_once),
        TEST(whose_value_was_replaced_has_lost),
        TEST(whose_value_was_deleted_begins_anew),
        TEST(an_answer_that_was_lost_costs_nothing),
        TEST(over_another_connection_it_is_acquired_first),
        TEST(over_another_connection_it_gives_way),
        TEST(what_can_not_be_looked_at_stays_in_doubt),
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
    };
    if (!slapd_available()) {
        fprintf(stderr, "skipped: there is no slapd on this machine\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
