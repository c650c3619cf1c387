/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of which policy, type and state each request on record is, so that the figures stay true between full passes: a look
 * reads a few requests and knows nothing of what they were before.  Two ids that begin alike count as one request here,
 * and nothing but a figure rests on it.  Between full passes that is 16 octets for each request.
 */
#include "run/past_private.h"

#include "base/octets.h"

#include <stdlib.h>

typedef LIST_OF(struct census_row) row_list;

static int compare(const void *a, const void *b)
{
    const struct census_row *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static void make_room(struct census *c, size_t count)
{
    if (count <= c->room)
        return;
    size_t room = count + count / 8 + 64;
    struct census_row *rows = realloc(c->rows, room * sizeof *rows);
    if (!rows)
        arena_exhausted(room * sizeof *rows);
    c->rows = rows;
    c->room = room;
}

void census_free(struct census *c)
{
    free(c->rows);
    *c = (struct census){0};
}

static uint32_t second_of(int64_t utc)
{
    return utc < 0 ? 0 : utc > UINT32_MAX ? UINT32_MAX : (uint32_t)utc;
}

/* False where it counts nowhere: no id of ours, or a policy that there is not. */
static bool row_of(const struct past *past, const struct record *d, struct census_row *row)
{
    struct digest id;
    const struct past_policy *policy = past_find(past, d->basis.policy_dn);
    if (!policy || !digest_from_hex(d->id, &id))
        return false;
    *row = (struct census_row){.key = octets_at(id.octets),
                               .opened_utc = second_of(d->opened_utc),
                               .policy = (uint16_t)(policy - past->policies),
                               .type = (uint8_t)d->type,
                               .state = (uint8_t)d->state};
    return true;
}

void census_take(struct pass *p)
{
    struct past *past = p->settings->past;
    struct census *c = &past->census;
    record_list records = survey_requests(p);
    make_room(c, records.count + p->index.count);
    c->count = 0;
    for (size_t i = 0; i < records.count; i++)
        c->count += row_of(past, records.items[i], &c->rows[c->count]);
    for (size_t i = 0; i < p->index.count; i++) {
        const struct request_mark *m = marks_at(&p->index, i);
        if (!requests_counts_besides(m) || m->policy >= past->policy_count)
            continue;
        c->rows[c->count++] = (struct census_row){.key = octets_at(m->id.octets),
                                                  .opened_utc = second_of(m->opened_utc),
                                                  .policy = m->policy,
                                                  .type = m->flags & MARK_REVOKE ? REQUEST_REVOKE : REQUEST_REISSUE,
                                                  .state = m->state};
    }
    if (c->count)
        qsort(c->rows, c->count, sizeof *c->rows, compare);
    c->changed = false;
}

/* A row that is there is replaced; the others come to *fresh. */
static void put(struct pass *p, struct census *c, const struct census_row *row, row_list *fresh)
{
    struct census_row *there = c->count ? bsearch(row, c->rows, c->count, sizeof *row, compare) : NULL;
    if (there)
        *there = *row;
    else if (row->state != STATE_NONE)
        *LIST_ADD(p->arena, fresh) = *row;
}

static void put_gone(struct pass *p, struct census *c, struct slice id, row_list *fresh)
{
    struct digest d;
    if (!digest_from_hex(id, &d))
        return;
    const struct census_row row = {.key = octets_at(d.octets), .state = STATE_NONE};
    put(p, c, &row, fresh);
}

/* From behind, so that each row is moved once. */
static void merge(struct census *c, row_list *fresh)
{
    size_t old = c->count, new = fresh->count;
    if (new == 0)
        return;
    qsort(fresh->items, new, sizeof *fresh->items, compare);
    make_room(c, old + new);
    c->count = old + new;
    for (size_t i = c->count; new; i--)
        c->rows[i - 1] =
            old && compare(&c->rows[old - 1], &fresh->items[new - 1]) > 0 ? c->rows[--old] : fresh->items[--new];
}

void census_update(struct pass *p)
{
    const struct focus *f = p->settings->focus;
    struct census *c = &p->settings->past->census;
    row_list fresh = {0};
    record_list records = survey_requests(p);
    struct census_row row;
    for (size_t i = 0; i < records.count; i++)
        if (row_of(p->settings->past, records.items[i], &row))
            put(p, c, &row, &fresh);
        else
            put_gone(p, c, records.items[i]->id, &fresh);
    for (size_t i = 0; p->written && i < p->plan.count; i++)
        if (p->written[i] && p->plan.operations[i].verb == VERB_PURGE)
            put_gone(p, c, p->plan.operations[i].record.id, &fresh);
    /* It says so once it has read them. */
    for (size_t i = 0; p->look->escalation == ESCALATION_REQUEST && i < f->request_count; i++)
        if (!pass_find_request(p, f->requests[i]))
            put_gone(p, c, f->requests[i], &fresh);
    c->changed |= records.count || p->plan.count || p->look->escalation == ESCALATION_REQUEST;
    merge(c, &fresh);
}

bool past_count_requests(struct past *past, struct policy_survey *policies, size_t count)
{
    struct census *c = &past->census;
    if (!past->ready || !c->changed || count != past->policy_count)
        return false;
    for (size_t i = 0; i < count; i++) {
        memset(policies[i].requests, 0, sizeof policies[i].requests);
        policies[i].oldest_open_utc = 0;
    }
    for (size_t i = 0; i < c->count; i++) {
        const struct census_row *row = &c->rows[i];
        struct policy_survey *s = &policies[row->policy];
        if (row->state == STATE_NONE)
            continue;
        s->requests[row->type][row->state]++;
        survey_note_open(s, (enum state)row->state, row->opened_utc);
    }
    c->changed = false;
    return true;
}
