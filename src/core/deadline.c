/* SPDX-License-Identifier: Apache-2.0 */
#include "core/deadline.h"

#include "core/waiver.h"

#include <stdlib.h>

/* The earliest that is still to come. */
static void consider(int64_t *first, int64_t at_utc, int64_t now_utc)
{
    if (at_utc > now_utc && (*first == DEADLINE_NEVER || at_utc < *first))
        *first = at_utc;
}

/* From when on it is so near its end that policy wants it renewed: the first moment where check_expiring says so. */
static int64_t renewal_of(const struct facts *f, const struct policy *p)
{
    switch (p->renew_before.kind) {
    case RENEW_NEVER:
        break;
    case RENEW_SECONDS:
        return f->not_after_utc - p->renew_before.value;
    case RENEW_PERCENT: {
        int64_t part = (f->not_after_utc - f->not_before_utc + 1) * p->renew_before.value;
        return f->not_after_utc + 2 - (part + 99) / 100;
    }
    }
    return DEADLINE_NEVER;
}

static void consider_facts(int64_t *first, const struct facts *f, const struct policy *p, int64_t now_utc)
{
    if (!f->readable)
        return;
    consider(first, f->not_before_utc, now_utc);
    consider(first, f->not_after_utc + 1, now_utc); /* notAfter belongs to the period */
    if (p)
        consider(first, renewal_of(f, p), now_utc);
}

static void consider_waiver(int64_t *first, const struct subject *s, const struct finding *f, int64_t now_utc)
{
    for (size_t i = 0; f->waiver.n && i < s->waiver_count; i++)
        if (s->waivers[i]->until_utc && slice_eq(s->waivers[i]->dn, f->waiver))
            consider(first, s->waivers[i]->until_utc + 1, now_utc);
}

int64_t deadline_of_subject(const struct subject *s, int64_t now_utc)
{
    int64_t first = DEADLINE_NEVER;
    for (size_t i = 0; i < s->certificate_count; i++) {
        const struct certificate *c = &s->certificates[i];
        consider_facts(&first, &c->facts, s->policy, now_utc);
        if (c->trust.chain != CHAIN_NOT_ASKED || c->trust.revocation != REVOCATION_NOT_ASKED)
            consider(&first, now_utc + DEADLINE_TRUST_S, now_utc);
        for (size_t k = 0; k < c->finding_count; k++)
            consider_waiver(&first, s, &c->findings[k], now_utc);
    }
    for (size_t k = 0; k < s->finding_count; k++)
        consider_waiver(&first, s, &s->findings[k], now_utc);
    return first;
}

enum { RETENTION_DAYS = 90, DAY_S = 86400 }; /* the attribute's default */

static int64_t retention_of(const struct record *d, const struct policy *policy)
{
    unsigned days = policy && !policy->disabled ? policy->retention_days : RETENTION_DAYS;
    return d->state_changed_utc + (int64_t)days * DAY_S;
}

static void consider_claim(int64_t *first, const struct request *q, int64_t now_utc)
{
    if (!q->has_transaction && q->claimed_until_utc < INT64_MAX) /* also where nobody is named who claims it */
        consider(first, q->claimed_until_utc + 1, now_utc);
}

static void consider_state(int64_t *first, const struct request *q, const struct policy *policy, int64_t interval_s,
                           int64_t now_utc)
{
    const struct record *d = &q->record;
    switch (d->state) {
    case STATE_PROPOSED:
        consider(first, d->confirmed_utc + interval_s, now_utc);
        break;
    case STATE_APPROVED:
    case STATE_SUBMITTED:
        consider_claim(first, q, now_utc);
        break;
    case STATE_FAILED:
        consider(first, d->next_attempt_utc, now_utc);
        break;
    case STATE_REJECTED:
    case STATE_FULFILLED:
    case STATE_WITHDRAWN:
        consider(first, retention_of(d, policy), now_utc);
        break;
    case STATE_NONE:
    case STATE_PENDING:
    case STATE_HELD:
    case STATE_PURGED:
    case STATE_COUNT:
        break;
    }
}

int64_t deadline_of_request(const struct plan_request *q, const struct policy *policy, int64_t interval_s,
                            int64_t now_utc)
{
    const struct record *d = &q->request.record;
    int64_t first = DEADLINE_NEVER;
    bool asks = policy && (policy->trust_anchor_count || policy->check_crl);
    if (q->request.foreign)
        return DEADLINE_NEVER;
    consider_state(&first, &q->request, policy, interval_s, now_utc);
    for (size_t i = 0; i < q->stored_count; i++)
        consider_facts(&first, &q->stored[i].facts, policy, now_utc);
    if (q->result.der.n)
        consider_facts(&first, &q->result.facts, policy, now_utc);
    if (asks && d->type == REQUEST_REVOKE && !state_in(d->state, STATES_FINAL))
        consider(&first, now_utc + DEADLINE_TRUST_S, now_utc);
    return first;
}

/* Many. */

void deadlines_shorten(struct deadlines *d, int64_t at_utc)
{
    if (at_utc != DEADLINE_NEVER && (d->horizon_utc == 0 || at_utc < d->horizon_utc))
        d->horizon_utc = at_utc;
}

static bool same_subject(const struct deadline *x, const struct deadline *y)
{
    return x->id_length == y->id_length && memcmp(x->id, y->id, x->id_length) == 0;
}

static int order_by_time(const void *a, const void *b)
{
    const struct deadline *x = a, *y = b;
    return (x->at_utc > y->at_utc) - (x->at_utc < y->at_utc);
}

static int order_by_subject(const void *a, const void *b)
{
    const struct deadline *x = a, *y = b;
    int c = (x->id_length > y->id_length) - (x->id_length < y->id_length);
    c = c ? c : memcmp(x->id, y->id, x->id_length);
    return c ? c : order_by_time(a, b);
}

/* Of each subject the earliest stays; where that makes too little room, the later half shortens the horizon. */
static void make_less(struct deadlines *d)
{
    size_t kept = 0;
    qsort(d->items, d->count, sizeof *d->items, order_by_subject);
    for (size_t i = 0; i < d->count; i++)
        if (kept == 0 || !same_subject(&d->items[i], &d->items[kept - 1]))
            d->items[kept++] = d->items[i];
    qsort(d->items, kept, sizeof *d->items, order_by_time); /* which is a heap, too */
    if (kept > (size_t)DEADLINES_KEPT * 3 / 4) {
        deadlines_shorten(d, d->items[kept / 2].at_utc);
        kept /= 2;
    }
    d->count = kept;
}

static void make_room(struct deadlines *d)
{
    if (d->count < d->room)
        return;
    if (d->room == DEADLINES_KEPT) {
        make_less(d);
        return;
    }
    size_t room = d->room ? 4 * d->room : 64;
    struct deadline *items = ARENA_ARRAY(&d->arena, room, struct deadline);
    if (d->count)
        memcpy(items, d->items, d->count * sizeof *items);
    d->items = items;
    d->room = room;
}

static void swap(struct deadline *x, struct deadline *y)
{
    struct deadline was = *x;
    *x = *y;
    *y = was;
}

void deadlines_add(struct deadlines *d, struct slice subject_id, int64_t at_utc, int64_t until_utc)
{
    if (at_utc == DEADLINE_NEVER || (until_utc && at_utc > until_utc) || (d->horizon_utc && at_utc >= d->horizon_utc))
        return;
    if (subject_id.n == 0 || subject_id.n > sizeof d->items->id) {
        deadlines_shorten(d, at_utc);
        return;
    }
    make_room(d);
    if (d->horizon_utc && at_utc >= d->horizon_utc)
        return; /* since just now */
    size_t i = d->count++;
    d->items[i] = (struct deadline){.at_utc = at_utc, .id_length = (uint8_t)subject_id.n};
    memcpy(d->items[i].id, subject_id.p, subject_id.n);
    for (; i && d->items[i].at_utc < d->items[(i - 1) / 2].at_utc; i = (i - 1) / 2)
        swap(&d->items[i], &d->items[(i - 1) / 2]);
}

int64_t deadlines_next(const struct deadlines *d)
{
    if (d->count && (d->horizon_utc == 0 || d->items[0].at_utc < d->horizon_utc))
        return d->items[0].at_utc;
    return d->horizon_utc;
}

static void sift_down(struct deadlines *d)
{
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < d->count; i = child) {
        if (child + 1 < d->count && d->items[child + 1].at_utc < d->items[child].at_utc)
            child++;
        if (d->items[i].at_utc <= d->items[child].at_utc)
            return;
        swap(&d->items[i], &d->items[child]);
    }
}

bool deadlines_take(struct deadlines *d, int64_t now_utc, struct slice *subject_id)
{
    if (d->count == 0 || d->items[0].at_utc > now_utc)
        return false;
    d->taken = d->items[0];
    d->items[0] = d->items[--d->count];
    sift_down(d);
    *subject_id = slice_make(d->taken.id, d->taken.id_length);
    return true;
}

bool deadlines_has_due(const struct deadlines *d, struct slice subject_id, int64_t now_utc)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].at_utc <= now_utc && slice_eq(slice_make(d->items[i].id, d->items[i].id_length), subject_id))
            return true;
    return d->horizon_utc && d->horizon_utc <= now_utc;
}

void deadlines_clear(struct deadlines *d)
{
    d->count = 0;
    d->horizon_utc = 0;
}

void deadlines_free(struct deadlines *d)
{
    arena_free(&d->arena);
    *d = (struct deadlines){0};
}
