/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/second.h"

#include "x509/cage_private.h"

#include <stdio.h>
#include <stdlib.h>

struct second_reader {
    struct cage_place place;
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
    s->place = CAGE_PLACE(CAGE_SECOND);
    *out = s;
    return RC_OK;
}

void second_close(struct second_reader *s)
{
    if (!s)
        return;
    cage_end(&s->place);
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

static bool ask(struct second_reader *s, struct slice der, struct cage_answer *a, struct cage_failure *failure)
{
    const struct cage_question q = {.verb = CAGE_READ};
    if (!cage_ask(&s->place, &q, der, a, failure))
        return false;
    if (is_answer(a))
        return true;
    cage_refuse(&s->place, failure);
    return false;
}

/* A worker that has read others may have been harmed by one of those: only what harms a new one is to blame. */
static enum second ask_twice(struct second_reader *s, struct slice der, char *why, size_t room)
{
    struct cage_answer a;
    struct cage_failure failure;
    struct fault fault = {{0}};
    bool is_new, alone;
    do {
        s->broken = cage_begin(&s->place, &is_new, &fault) != RC_OK;
        if (s->broken) {
            snprintf(why, room, "%s", fault.text);
            return SECOND_FAULT;
        }
        alone = s->place.asked == 0;
        if (ask(s, der, &a, &failure)) {
            snprintf(why, room, "%.*s", SLICE_ARGS(a.text[0]));
            return (enum second)a.head.answer[0];
        }
    } while (!alone || cage_is_gone()); /* with its server a worker ends over nothing */
    const struct digest digest = digest_of(der);
    cage_quarantine(&digest, &failure);
    cage_write_failure(&failure, why, room);
    return SECOND_FAULT;
}

enum second second_read(struct second_reader *s, struct slice der, const struct facts *f, char *why, size_t room)
{
    struct cage_failure failure;
    (void)f; /* the worker makes the same of the same octets */
    why[0] = '\0';
    if (der.n > SECOND_OCTETS_MOST) {
        snprintf(why, room, "over %d octets: too large for the second reader", SECOND_OCTETS_MOST);
        return SECOND_FAULT;
    }
    if (cage_has_quarantined()) {
        const struct digest digest = digest_of(der);
        if (cage_is_quarantined(&digest, &failure)) {
            cage_write_failure(&failure, why, room);
            return SECOND_FAULT;
        }
    }
    return ask_twice(s, der, why, room);
}
