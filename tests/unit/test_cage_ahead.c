/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions asked ahead: in whatever order they are read, and whatever becomes of a worker meanwhile, each certificate
 * has the answer that it would have had alone.
 */
#include "support/cageworld.h"
#include "support/derbuild.h"
#include "x509/cage_private.h"
#include "x509/reader.h"
#include "x509/second.h"
#include "x509/second_local.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

enum { MANY = 400, FEW = 20, VICTIM = 7, WHY_ROOM = 1100, LARGE_FROM = 4096 };

struct expected {
    struct slice der;
    struct facts facts;
    enum second answer;
    char why[WHY_ROOM];
};

struct world {
    struct arena arena;
    struct second_reader *second;
    struct second_local *local;
    struct expected items[MANY];
};

static int enter(void **state)
{
    struct fault fault = {""};
    struct world *w = calloc(1, sizeof *w);
    *state = w;
    return !w || cageworld_enter(NULL) != 0 || second_open(&w->second, &fault) != RC_OK ||
           second_local_open(&w->local, &fault) != RC_OK;
}

static int leave(void **state)
{
    struct world *w = *state;
    second_close(w->second);
    second_local_close(w->local);
    arena_free(&w->arena);
    free(w);
    return cageworld_leave(NULL);
}

/* A type that OpenSSL does not take for a name's text, and our reader does. */
static struct slice odd_name(struct arena *a)
{
    return DER(a, DER_SEQUENCE, DER(a, DER_SET, der_attribute(a, 11, DER_OCTET_STRING, SLICE_LITERAL("x"))));
}

/* Another serial number in each. */
static struct slice make(struct arena *a, unsigned n, bool odd)
{
    struct recipe r;
    recipe_everyday(a, &r);
    if (odd)
        r.subject = odd_name(a);
    r.serial = DER(a, DER_INTEGER, slice_make((uint8_t[]){1, (uint8_t)(n >> 8), (uint8_t)n}, 3));
    return recipe_build(a, &r);
}

static void expect(struct world *w, unsigned i, struct slice der)
{
    struct expected *e = &w->items[i];
    e->der = der;
    facts_read(der, &e->facts);
    e->answer = second_local_read(w->local, der, &e->facts, e->why, sizeof e->why);
}

/* Good ones and some that the readers disagree about, in no regular order; some have a bit turned, some are cut. */
static void expect_many(struct world *w)
{
    unsigned answers[3] = {0};
    srandom(1);
    for (unsigned i = 0; i < MANY; i++) {
        struct slice der = make(&w->arena, i, random() % 3 == 0);
        uint8_t *octets = (uint8_t *)(uintptr_t)der.p;
        if (random() % 4 == 0)
            octets[(size_t)random() % der.n] ^= (uint8_t)(1u << random() % 8);
        expect(w, i, random() % 20 == 0 ? slice_upto(der, (size_t)random() % der.n) : der);
        answers[w->items[i].answer]++;
    }
    print_message("%u agree, %u disagree\n", answers[SECOND_AGREES], answers[SECOND_DISAGREES]);
    assert_true(answers[SECOND_AGREES] > 100 && answers[SECOND_DISAGREES] > 50);
}

static void expect_good(struct world *w, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        expect(w, i, make(&w->arena, i, false));
        assert_int_equal(w->items[i].answer, SECOND_AGREES);
    }
}

static enum second read_it(struct world *w, unsigned i, char why[WHY_ROOM])
{
    return second_read(w->second, w->items[i].der, &w->items[i].facts, why, WHY_ROOM);
}

static void check(struct world *w, unsigned i)
{
    char why[WHY_ROOM];
    assert_int_equal(read_it(w, i, why), w->items[i].answer);
    assert_string_equal(why, w->items[i].why);
}

static void ask_ahead(struct world *w, unsigned i)
{
    (void)second_ask_ahead(w->second, w->items[i].der);
}

static unsigned workers_most(void)
{
    cpu_set_t ours;
    return sched_getaffinity(0, sizeof ours, &ours) == 0 && CPU_COUNT(&ours) > 1 ? 2 : 1;
}

/* As a scan does it: a window of so many, read in turn. */
static void in_turn(struct world *w, unsigned window)
{
    unsigned asked = cageworld->asked;
    for (unsigned i = 0; i < MANY + window; i++) {
        if (i < MANY)
            ask_ahead(w, i);
        if (i >= window)
            check(w, i - window);
    }
    assert_int_equal(cageworld->asked - asked, MANY); /* each once */
}

static void test_in_turn(void **state)
{
    struct world *w = *state;
    expect_many(w);
    in_turn(w, 1);
    assert_int_equal(cageworld->workers, 1); /* one keeps up */
    in_turn(w, SECOND_AHEAD / 2);
    in_turn(w, SECOND_AHEAD);
    assert_int_equal(cageworld->workers, workers_most());
    assert_int_equal(cageworld->done, 0);
}

static void test_in_any_order(void **state)
{
    struct world *w = *state;
    expect_many(w);
    for (unsigned i = 0; i < MANY; i += SECOND_AHEAD) {
        unsigned end = i + SECOND_AHEAD < MANY ? i + SECOND_AHEAD : MANY;
        for (unsigned k = i; k < end; k++)
            ask_ahead(w, k);
        for (unsigned k = end; k-- > i;)
            check(w, k);
    }
    /* More than there is room for, some that are read twice or never, and others in between. */
    srandom(4711);
    for (unsigned i = 0; i < 20 * (unsigned)MANY; i++) {
        if (random() % 2)
            ask_ahead(w, (unsigned)random() % MANY);
        else
            check(w, (unsigned)random() % MANY);
        if (random() % 500 == 0)
            second_forget_ahead(w->second);
    }
}

static void test_too_large(void **state)
{
    struct world *w = *state;
    struct recipe r;
    recipe_everyday(&w->arena, &r);
    expect_good(w, 2);
    r.serial = DER(&w->arena, DER_INTEGER, der_fill(&w->arena, 0x11, LARGE_FROM));
    expect(w, 2, recipe_build(&w->arena, &r));
    unsigned asked = cageworld->asked;
    ask_ahead(w, 2);
    assert_int_equal(cageworld->workers, 0); /* not even begun */
    for (unsigned i = 0; i < 2; i++)
        ask_ahead(w, i);
    check(w, 2);
    check(w, 0);
    check(w, 1);
    assert_int_equal(cageworld->asked - asked, 3);
}

/* Workers that fail. */

static const struct misdeed_row {
    const char *name;
    void (*misdeed)(void);
    const char *why;
} misdeeds[] = {
    {"a trap, others waiting", cageworld_trap, "the worker died by signal 4 while it read this: quarantined"},
    {"a fault, others waiting", cageworld_fault, "the worker died by signal 11 while it read this: quarantined"},
    {"silence, others waiting", cageworld_hang,
     "the worker did not answer within 1500 ms while it read this: quarantined"},
    {"an end, others waiting", cageworld_leave_early, "the worker ended with code 7 while it read this: quarantined"},
};

static void test_failure(void **state)
{
    const struct misdeed_row *row = *state;
    void *own = NULL;
    char why[WHY_ROOM];
    assert_int_equal(enter(&own), 0);
    struct world *w = own;
    expect_good(w, FEW);
    const struct digest victim = digest_of(w->items[VICTIM].der);
    cageworld_betray(row->misdeed, w->items[VICTIM].der);
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < FEW; i++)
            ask_ahead(w, i);
        for (unsigned i = 0; i < FEW; i++) {
            if (i != VICTIM) {
                check(w, i);
                continue;
            }
            assert_int_equal(read_it(w, i, why), SECOND_FAULT);
            assert_string_equal(why, row->why);
        }
        for (unsigned i = 0; i < FEW; i++) {
            const struct digest d = digest_of(w->items[i].der);
            assert_int_equal(second_trouble(w->second, &d), digest_eq(&d, &victim) ? SECOND_QUARANTINED : SECOND_WELL);
        }
        assert_in_range(cageworld->done, 2,
                        3); /* ahead, and with a new one; one that is gone early takes another along */
    }
    assert_int_equal(leave(&own), 0);
}

/* What comes too much is found at the next answer: it costs the worker, and nobody an answer. */
static void test_more_than_it_says(void **state)
{
    struct world *w = *state;
    const struct cage_head head = {{SECOND_DISAGREES, 0}, {3, 0}};
    char why[WHY_ROOM];
    expect_good(w, FEW);
    memcpy(cageworld->words, &head, sizeof head);
    memcpy(cageworld->words + sizeof head,
           "why"
           "\1\2\3\4",
           7);
    cageworld->word_octets = sizeof head + 7;
    cageworld_betray(cageworld_say, w->items[VICTIM].der);
    for (unsigned i = 0; i < FEW; i++)
        ask_ahead(w, i);
    for (unsigned i = 0; i < FEW; i++)
        if (i == VICTIM)
            assert_int_not_equal(read_it(w, i, why), SECOND_AGREES);
        else
            check(w, i);
}

static void test_forgotten(void **state)
{
    struct world *w = *state;
    struct timespec before, after;
    expect_good(w, FEW);
    cageworld_betray(cageworld_hang, w->items[0].der);
    for (unsigned i = 0; i < FEW; i++)
        ask_ahead(w, i);
    clock_gettime(CLOCK_MONOTONIC, &before);
    second_forget_ahead(w->second);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true(after.tv_sec - before.tv_sec <= 1); /* nobody waits for what hangs */
    cageworld->misdeed = NULL;
    for (unsigned i = 0; i < FEW; i++)
        check(w, i); /* nor is it quarantined */
}

/* The same certificate in both lanes: what one has learnt the other one does not wait for. */
static void test_copies(void **state)
{
    struct world *w = *state;
    char why[WHY_ROOM];
    expect_good(w, FEW);
    cageworld_betray(cageworld_hang, w->items[VICTIM].der);
    for (unsigned i = 0; i < SECOND_AHEAD; i++)
        ask_ahead(w, i < VICTIM ? i : VICTIM);
    for (unsigned i = 0; i < FEW; i++) {
        if (i != VICTIM)
            check(w, i);
        else
            assert_int_equal(read_it(w, i, why), SECOND_FAULT);
    }
    assert_in_range(cageworld->done, 2, workers_most() + 1);
}

/* A second worker that can't be started is tried once, and the first one goes on, also when it has to be replaced. */
static void test_no_second_worker(void **state)
{
    struct world *w = *state;
    char why[WHY_ROOM];
    expect_good(w, FEW);
    ask_ahead(w, 0);
    cageworld->point = CAGE_AFTER_FILTER;
    cageworld_betray(cageworld_trap, SLICE_LITERAL(""));
    for (unsigned i = 1; i < FEW; i++)
        ask_ahead(w, i);
    assert_int_equal(cageworld->done, workers_most() - 1);
    cageworld->point = CAGE_AT_QUESTION; /* of one for which no room was left ahead */
    cageworld_betray(cageworld_trap, w->items[FEW - 1].der);
    for (unsigned i = 0; i < FEW; i++)
        if (i != FEW - 1)
            check(w, i);
        else
            assert_int_equal(read_it(w, i, why), SECOND_FAULT);
}

/* The fork server and its workers end while answers are out: a fault, and nobody's certificate is to blame. */
static void test_server_gone(void **state)
{
    struct world *w = *state;
    char why[WHY_ROOM];
    expect_good(w, FEW);
    cageworld_betray(cageworld_hang, w->items[VICTIM].der);
    for (unsigned i = 0; i < FEW; i++)
        ask_ahead(w, i);
    while (cageworld->done == 0)
        usleep(1000);
    assert_int_equal(kill(cageworld->server, SIGKILL), 0);
    assert_int_equal(read_it(w, VICTIM, why), SECOND_FAULT);
    assert_string_equal(why, "the cage for OpenSSL: its fork server is gone; start the program anew");
    assert_true(cage_is_gone());
    const struct digest d = digest_of(w->items[VICTIM].der);
    assert_int_equal(second_trouble(w->second, &d), SECOND_BROKEN);
    assert_false(cage_has_quarantined());
}

#define AHEAD_TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest others[] = {AHEAD_TEST(test_in_turn),   AHEAD_TEST(test_in_any_order),
                                        AHEAD_TEST(test_too_large), AHEAD_TEST(test_more_than_it_says),
                                        AHEAD_TEST(test_forgotten), AHEAD_TEST(test_server_gone),
                                        AHEAD_TEST(test_copies),    AHEAD_TEST(test_no_second_worker)};
    struct CMUnitTest tests[COUNT(misdeeds) + COUNT(others)];
    for (size_t i = 0; i < COUNT(misdeeds); i++)
        tests[i] = (struct CMUnitTest){
            .name = misdeeds[i].name, .test_func = test_failure, .initial_state = (void *)(uintptr_t)&misdeeds[i]};
    memcpy(tests + COUNT(misdeeds), others, sizeof others);
    return cmocka_run_group_tests_name("cage_ahead", tests, NULL, NULL);
}
