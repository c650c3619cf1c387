/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Daemons that want the lease at the same time, and operations whose answers are lost: at every moment that there is,
 * at most one of them is active, and some time later exactly one is.
 */
#include "dir/dir_private.h"
#include "integration/keeperworld.h"
#include "support/dirtest.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A directory in front of another one: something happens at the n-th moment, which is before or after an operation. */
struct staged {
    struct dir dir; /* first */
    struct dir *real;
    unsigned after; /* moments */
    bool done;
    bool loses_answer; /* the operation after that moment is carried out, and nobody learns of it */
    bool losing;
    struct program *rival; /* not NULL: that moment brings a lease of somebody on another host, and not a beat of a */
};

static void moment(struct staged *s)
{
    if (s->done || s->after-- > 0)
        return;
    s->done = true;
    s->losing = s->loses_answer;
    if (s->rival)
        put_lease(s->rival, "rival", lease_text(s->rival, "there.example.com", BEFORE, 7, NOW + 86400));
    else if (!s->loses_answer)
        keeper_beat(world.a.k, world.a.d, NULL);
}

static enum rc outcome(struct staged *s, enum rc rc, struct fault *fault)
{
    bool lost = s->losing;
    s->losing = false;
    moment(s);
    return lost ? fault_set(fault, RC_FAULT, "the answer was lost") : rc;
}

static enum rc staged_search(struct dir *d, const struct dir_search *search, const struct dir_sink *sink,
                             struct fault *fault)
{
    struct staged *s = (struct staged *)d;
    moment(s);
    return outcome(s, dir_search(s->real, search, sink, fault), fault);
}

static void unheard(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    (void)context, (void)index, (void)rc, (void)fault;
}

static enum rc staged_apply(struct dir *d, const struct dir_change *changes, size_t count, dir_written_fn *written,
                            void *context, struct fault *fault)
{
    struct staged *s = (struct staged *)d;
    moment(s);
    return outcome(s, dir_apply(s->real, changes, count, s->losing ? unheard : written, context, fault), fault);
}

static bool staged_knows(const struct dir *d, struct slice name)
{
    return dir_knows_attribute(((const struct staged *)d)->real, name);
}

static const struct dir_operations staged_operations = {
    .search = staged_search, .apply = staged_apply, .knows_attribute = staged_knows};

static void expect_one_at_most(unsigned n)
{
    if (keeper_may_write(world.a.k) && keeper_may_write(world.b.k))
        fail_msg("both are active after moment %u", n);
}

/* However it began, in the end one is active and stays so, and the directory says which. */
static void expect_one_at_last(struct program *p, const char *first, const char *second, unsigned n)
{
    for (unsigned i = 0; i < 20 * HEARTBEAT_S; i++, later(1)) {
        bool a = keeper_beat(world.a.k, world.a.d, NULL) == KEEPER_HELD;
        expect_one_at_most(n);
        bool b = keeper_beat(world.b.k, world.b.d, NULL) == KEEPER_HELD;
        expect_one_at_most(n);
        if (a || b) {
            const char *winner = a ? first : second;
            assert_non_null(lease_at(p, (const char *)arena_format(&p->arena, "cn=%s," STATUS, winner).p));
            return;
        }
    }
    fail_msg("nobody is active after moment %u", n);
}

/* Something happens at the n-th moment of b's beats; false: there is no such moment. */
static bool play(struct program *p, const char *first, const char *second, unsigned n, bool loses_answer)
{
    enum { BEATS = 3 };
    both_open(p, first, second);
    struct staged staged = {.dir = *world.b.d, .real = world.b.d, .after = n, .loses_answer = loses_answer};
    staged.dir.operations = &staged_operations;
    for (unsigned i = 0; i < (loses_answer ? BEATS : 1); i++) {
        keeper_beat(world.b.k, &staged.dir, NULL);
        expect_one_at_most(n);
        later(loses_answer ? HEARTBEAT_S : 0);
    }
    expect_one_at_last(p, first, second, n);
    keeper_release(world.a.k, world.a.d);
    keeper_release(world.b.k, world.b.d);
    side_close(&world.a);
    side_close(&world.b);
    return staged.done;
}

static void play_all(struct program *p, const char *first, const char *second, bool loses_answer)
{
    unsigned n = 0;
    while (play(p, first, second, n, loses_answer))
        n++;
    assert_in_range(n, 10, 100); /* five operations acquire */
}

static void one_of_another_name_comes_between(void **state)
{
    play_all(*state, "a", "b", false);
}

static void one_of_the_same_name_comes_between(void **state)
{
    play_all(*state, "default", "default", false);
}

static void answers_are_lost(void **state)
{
    play_all(*state, "a", "b", true);
}

static void answers_are_lost_under_one_name(void **state)
{
    play_all(*state, "default", "default", true);
}

/* Who gives way tries again at another time than the one who gave way too. */
static void who_gives_way_waits_as_chance_will(void **state)
{
    enum { TIMES = 16, AFTER_THE_WRITE = 5 };
    struct program *p = *state;
    unsigned first = 0, differ = 0;
    for (unsigned i = 0; i < TIMES; i++) {
        side_open(p, &world.b, "default", getpid());
        struct staged staged = {.dir = *world.b.d, .real = world.b.d, .after = AFTER_THE_WRITE, .rival = p};
        staged.dir.operations = &staged_operations;
        assert_int_equal(keeper_beat(world.b.k, &staged.dir, NULL), KEEPER_STANDBY);
        assert_false(keeper_may_write(world.b.k));
        assert_true(staged.done);
        assert_null(lease_at(p, INSTANCE));
        unsigned wait_ms = keeper_next_ms(world.b.k);
        assert_in_range(wait_ms, 1000, 1000 * HEARTBEAT_S);
        first = i ? first : wait_ms;
        differ += wait_ms != first;
        side_close(&world.b);
        program_change(p, "dn: cn=rival," STATUS "\nchangetype: delete\n");
    }
    assert_true(differ > 0);
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
    struct dir *d = connect_as_daemon(p);
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
    close(r->answers[1]); /* so that racers who end too early are noticed */
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, keeper_enter, keeper_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_of_another_name_comes_between),
        TEST(one_of_the_same_name_comes_between),
        TEST(answers_are_lost),
        TEST(answers_are_lost_under_one_name),
        TEST(who_gives_way_waits_as_chance_will),
        TEST(of_many_at_once_one_wins),
    };
    if (!slapd_available()) {
        fprintf(stderr, "skipped: there is no slapd on this machine\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
