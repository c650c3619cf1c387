/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/second.h"

#include "x509/cage_private.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

/* A second worker helps where one can't keep up and a processor is free for it; more than that was not seen to pay. */
enum { LANES = 2, LANE_MOST = SECOND_AHEAD / LANES };
/* So that the questions and answers of a lane fit into its socket, whose two ends never wait for each other then. */
enum { AHEAD_OCTETS_MOST = 4096, WHY_MOST = 1024 };

struct asked {
    struct digest digest;
    enum second answer;
    char why[WHY_MOST];
};

struct second_reader {
    struct lane {
        struct cage_place place;
        struct asked asked[LANE_MOST]; /* ahead, in the order of asking */
        size_t count, answered;        /* the first ones */
        bool is_off;                   /* its worker could not be started beside another one: not tried again */
    } lanes[LANES];
    bool broken;
};

enum rc second_open(struct second_reader **out, struct fault *fault)
{
    *out = NULL;
    cage_start(NULL);
    enum rc rc = cage_works(fault);
    if (rc != RC_OK)
        return rc;
    struct second_reader *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(fault, RC_FAULT, "second reader: out of memory");
    for (size_t i = 0; i < LANES; i++)
        s->lanes[i].place = CAGE_PLACE(CAGE_SECOND);
    *out = s;
    return RC_OK;
}

void second_close(struct second_reader *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < LANES; i++)
        cage_end(&s->lanes[i].place);
    free(s);
}

enum second_trouble second_trouble(const struct second_reader *s, const struct digest *certificate)
{
    struct cage_failure ignored;
    if (s->broken)
        return SECOND_BROKEN;
    return cage_is_quarantined(certificate, &ignored) ? SECOND_QUARANTINED : SECOND_WELL;
}

/* Whoever took a worker over may have it say one of three words, and what is wrong in letters. */
static bool is_answer(const struct cage_answer *a)
{
    uint32_t word = a->head.answer[0];
    for (size_t i = 0; i < a->text[0].n; i++)
        if (a->text[0].p[i] >= 0x80)
            return false;
    return (word == SECOND_AGREES || word == SECOND_DISAGREES || word == SECOND_FAULT) &&
           (word == SECOND_AGREES) == (a->text[0].n == 0) && a->head.answer[1] == 0 && a->text[1].n == 0;
}

static bool take(struct lane *l, struct cage_answer *a, struct cage_failure *failure)
{
    if (!cage_take(&l->place, a, failure))
        return false;
    if (is_answer(a))
        return true;
    cage_refuse(&l->place, failure);
    return false;
}

/* Ahead. */

static bool is_waiting(const struct lane *l)
{
    return l->answered < l->count;
}

/* The next answer.  False: the worker is gone, and what waited is as if it had not been asked ahead. */
static bool take_next(struct lane *l)
{
    struct cage_answer a;
    struct cage_failure ignored; /* whoever is to blame fails once more, with a worker of its own */
    if (!take(l, &a, &ignored)) {
        l->count = l->answered;
        return false;
    }
    struct asked *q = &l->asked[l->answered++];
    q->answer = (enum second)a.head.answer[0];
    snprintf(q->why, sizeof q->why, "%.*s", SLICE_ARGS(a.text[0]));
    return true;
}

static void drop(struct lane *l, size_t at)
{
    l->count--;
    l->answered--;
    memmove(&l->asked[at], &l->asked[at + 1], (l->count - at) * sizeof *l->asked);
}

/* False: nobody asked ahead, or it came to nothing; then *empty is the lane that lost its worker. */
static bool take_asked(struct second_reader *s, const struct digest *d, enum second *answer, char *why, size_t room,
                       struct lane **empty)
{
    for (struct lane *l = s->lanes; l < s->lanes + LANES; l++)
        for (size_t i = 0; i < l->count; i++) {
            if (!digest_eq(&l->asked[i].digest, d))
                continue;
            while (l->answered <= i)
                if (!take_next(l)) {
                    *empty = l;
                    return false;
                }
            *answer = l->asked[i].answer;
            snprintf(why, room, "%s", l->asked[i].why);
            drop(l, i);
            return true;
        }
    return false;
}

static bool has_asked(const struct second_reader *s)
{
    for (size_t i = 0; i < LANES; i++)
        if (s->lanes[i].count)
            return true;
    return false;
}

/* Has room, and a worker that is not about to be replaced.  Beside another one a worker is tried for once. */
static bool is_ready(struct lane *l, bool beside)
{
    bool is_new;
    struct fault ignored = {{0}}; /* second_read will be told */
    if (l->count == LANE_MOST || l->is_off || (is_waiting(l) && cage_is_due(&l->place)))
        return false;
    if (is_waiting(l) || (l->place.fd >= 0 && !cage_is_due(&l->place)))
        return true;
    if (!beside)
        return cage_begin(&l->place, &is_new, &ignored) == RC_OK;
    l->is_off = cage_try(&l->place, &ignored) != RC_OK;
    return !l->is_off;
}

static size_t lanes_here(void)
{
    static size_t lanes;
    cpu_set_t ours;
    if (!lanes)
        lanes = sched_getaffinity(0, sizeof ours, &ours) == 0 && CPU_COUNT(&ours) > 1 ? LANES : 1;
    return lanes;
}

bool second_ask_ahead(struct second_reader *s, struct slice der)
{
    const struct cage_question q = {.verb = CAGE_READ};
    struct cage_failure ignored;
    if (der.n > AHEAD_OCTETS_MOST)
        return false;
    const struct digest digest = digest_of(der);
    if (cage_is_quarantined(&digest, &ignored))
        return false;
    for (struct lane *l = s->lanes; l < s->lanes + lanes_here(); l++)
        if (is_ready(l, l != s->lanes)) {
            l->asked[l->count++].digest = digest;
            if (cage_put(&l->place, &q, der, &ignored))
                return true;
            l->count = l->answered;
            return false;
        }
    return false;
}

void second_forget_ahead(struct second_reader *s)
{
    for (struct lane *l = s->lanes; l < s->lanes + LANES; l++) {
        if (is_waiting(l))
            cage_end(&l->place);
        l->count = l->answered = 0;
        l->is_off = false;
    }
}

/* At once. */

/* One that nothing waits in. */
static struct lane *free_lane(struct second_reader *s)
{
    for (struct lane *l = s->lanes; l < s->lanes + LANES; l++)
        if (l->place.fd >= 0 && !is_waiting(l))
            return l;
    while (is_waiting(&s->lanes[0]) && take_next(&s->lanes[0])) {
    }
    return &s->lanes[0];
}

/* A copy of what is quarantined would have its worker fail, too. */
static void quarantine(struct second_reader *s, const struct digest *d, const struct cage_failure *failure)
{
    cage_quarantine(d, failure);
    for (struct lane *l = s->lanes; l < s->lanes + LANES; l++)
        for (size_t i = l->answered; i < l->count; i++)
            if (digest_eq(&l->asked[i].digest, d)) {
                cage_end(&l->place);
                l->count = l->answered;
            }
}

/*
 * A worker that has read others may have been harmed by one of those: only what harms a new one is to blame.  `empty`
 * is a lane without a worker, or NULL.
 */
static enum second ask_twice(struct second_reader *s, struct slice der, struct lane *empty, char *why, size_t room)
{
    const struct cage_question q = {.verb = CAGE_READ};
    struct lane *l = empty ? empty : free_lane(s);
    struct cage_answer a;
    struct cage_failure failure;
    struct fault fault = {{0}};
    bool is_new, alone;
    do {
        s->broken = cage_begin(&l->place, &is_new, &fault) != RC_OK;
        if (s->broken) {
            snprintf(why, room, "%s", fault.text);
            return SECOND_FAULT;
        }
        alone = l->place.asked == 0;
        if (cage_put(&l->place, &q, der, &failure) && take(l, &a, &failure)) {
            snprintf(why, room, "%.*s", SLICE_ARGS(a.text[0]));
            return (enum second)a.head.answer[0];
        }
    } while (!alone || cage_is_gone()); /* with its server a worker ends over nothing */
    const struct digest digest = digest_of(der);
    quarantine(s, &digest, &failure);
    cage_write_failure(&failure, why, room);
    return SECOND_FAULT;
}

enum second second_read(struct second_reader *s, struct slice der, const struct facts *f, char *why, size_t room)
{
    struct cage_failure failure;
    struct lane *empty = NULL;
    enum second answer;
    (void)f; /* the worker makes the same of the same octets */
    why[0] = '\0';
    if (der.n > SECOND_OCTETS_MOST) {
        snprintf(why, room, "over %d octets: too large for the second reader", SECOND_OCTETS_MOST);
        return SECOND_FAULT;
    }
    if (cage_has_quarantined() || has_asked(s)) {
        const struct digest digest = digest_of(der);
        if (cage_is_quarantined(&digest, &failure)) {
            cage_write_failure(&failure, why, room);
            return SECOND_FAULT;
        }
        if (take_asked(s, &digest, &answer, why, room, &empty)) {
            s->broken = false;
            return answer;
        }
    }
    return ask_twice(s, der, empty, why, room);
}
