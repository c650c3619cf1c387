/* SPDX-License-Identifier: Apache-2.0 */
#include "run/memo_private.h"

#include "base/digest.h"

#include <stdlib.h>

struct item {
    uint64_t key[2]; /* of kind, policy and key */
    uint64_t value;
    unsigned pass; /* that saw it last */
    unsigned policy;
    enum memo_kind kind;
    bool is_finding;
    struct slice subject_dn, subject_id, check, certificate;
};

/* What it is made of when nothing is known: a pass that forgets something copies the rest into a new one. */
struct contents {
    struct arena arena;
    LIST_OF(struct item) items;
    LIST_OF(struct slice) policies; /* each DN once */
    unsigned *slots;                /* index + 1 of an item; 0: free */
    size_t room;
};

struct memo {
    struct contents now;
    unsigned pass;
    bool paused, full, full_told, troubles[MEMO_TROUBLES];
};

struct memo *memo_open(void)
{
    struct memo *m = calloc(1, sizeof *m);
    if (!m)
        arena_exhausted(sizeof *m);
    return m;
}

void memo_close(struct memo *m)
{
    if (m)
        arena_free(&m->now.arena);
    free(m);
}

size_t memo_count(const struct memo *m)
{
    return m->now.items.count;
}

static unsigned find_policy(struct contents *c, struct slice dn)
{
    for (size_t i = 0; i < c->policies.count; i++)
        if (slice_eq_nocase(c->policies.items[i], dn))
            return (unsigned)i;
    *LIST_ADD(&c->arena, &c->policies) = arena_copy(&c->arena, dn);
    return (unsigned)c->policies.count - 1;
}

static void key_of(const struct memo_fact *f, unsigned policy, uint64_t key[2])
{
    struct arena scratch = {0};
    struct slice all = arena_format(&scratch, "%d %u %zu %zu %.*s%.*s%.*s", (int)f->kind, policy, f->key[0].n,
                                    f->key[1].n, SLICE_ARGS(f->key[0]), SLICE_ARGS(f->key[1]), SLICE_ARGS(f->key[2]));
    struct digest d = digest_of(all);
    arena_free(&scratch);
    memcpy(key, d.octets, 2 * sizeof key[0]);
}

/* The slot of that key, or the free one where it belongs. */
static unsigned *slot_of(const struct contents *c, const uint64_t key[2])
{
    size_t at = key[0] & (c->room - 1);
    while (c->slots[at] && memcmp(c->items.items[c->slots[at] - 1].key, key, sizeof c->items.items->key) != 0)
        at = (at + 1) & (c->room - 1);
    return &c->slots[at];
}

static void make_room(struct contents *c)
{
    if (4 * (c->items.count + 1) < 3 * c->room)
        return;
    c->room = c->room ? 2 * c->room : 64;
    c->slots = ARENA_ARRAY(&c->arena, c->room, unsigned);
    for (size_t i = 0; i < c->items.count; i++)
        *slot_of(c, c->items.items[i].key) = (unsigned)i + 1;
}

static struct item *add(struct contents *c, const uint64_t key[2])
{
    make_room(c);
    struct item *item = LIST_ADD(&c->arena, &c->items);
    memcpy(item->key, key, sizeof item->key);
    *slot_of(c, key) = (unsigned)c->items.count;
    return item;
}

static void take_texts(struct contents *c, struct item *item, const struct memo_fact *f)
{
    item->is_finding = true;
    item->subject_dn = arena_copy(&c->arena, f->subject_dn);
    item->subject_id = arena_copy(&c->arena, f->subject_id);
    item->check = arena_copy(&c->arena, f->check);
    item->certificate = arena_copy(&c->arena, f->certificate);
}

static struct item *find(struct memo *m, const struct memo_fact *f, uint64_t key[2], unsigned *policy)
{
    *policy = find_policy(&m->now, f->policy_dn);
    key_of(f, *policy, key);
    unsigned *slot = m->now.room ? slot_of(&m->now, key) : NULL;
    return slot && *slot ? &m->now.items.items[*slot - 1] : NULL;
}

static bool has_room(struct memo *m, enum memo_kind kind)
{
    if (m->now.items.count < MEMO_MOST || kind == MEMO_HOLD || kind == MEMO_PASS)
        return true;
    m->full = true;
    return false;
}

bool memo_is_new(struct memo *m, const struct memo_fact *f)
{
    uint64_t key[2], value;
    unsigned policy;
    struct digest said = digest_of(f->value);
    memcpy(&value, said.octets, sizeof value);
    struct item *item = find(m, f, key, &policy);
    bool known = item && item->value == value;
    if (!item) {
        if (!has_room(m, f->kind))
            return true;
        item = add(&m->now, key);
        item->kind = f->kind;
        item->policy = policy;
    }
    item->value = value;
    item->pass = m->pass;
    if (f->is_finding && !(known || item->is_finding))
        take_texts(&m->now, item, f);
    return !known;
}

bool memo_knows(struct memo *m, const struct memo_fact *f)
{
    uint64_t key[2], value;
    unsigned policy;
    struct digest said = digest_of(f->value);
    memcpy(&value, said.octets, sizeof value);
    const struct item *item = find(m, f, key, &policy);
    return item && item->value == value;
}

void memo_end_is_told(struct memo *m, const struct memo_fact *f)
{
    uint64_t key[2];
    unsigned policy;
    struct item *item = find(m, f, key, &policy);
    if (item)
        item->is_finding = false;
}

bool memo_is_full(const struct memo *m)
{
    return m->full;
}

bool memo_ran_full(struct memo *m)
{
    bool first = m->full && !m->full_told;
    m->full_told |= m->full;
    return first;
}

bool memo_pause(struct memo *m, bool paused)
{
    bool changed = m->paused != paused;
    m->paused = paused;
    return changed;
}

bool memo_trouble(struct memo *m, enum memo_trouble trouble, bool lasts)
{
    bool changed = m->troubles[trouble] != lasts;
    m->troubles[trouble] = lasts;
    return changed;
}

void memo_begin_pass(struct memo *m)
{
    m->pass++;
}

/* The rest, in a new place: what is forgotten leaves nothing behind, however long the process lives. */
static void copy_rest(struct memo *m, const bool *gone)
{
    struct contents old = m->now;
    m->now = (struct contents){0};
    for (size_t i = 0; i < old.items.count; i++) {
        const struct item *from = &old.items.items[i];
        if (gone[i])
            continue;
        struct item *to = add(&m->now, from->key);
        struct slice dn = to->subject_dn;
        *to = *from;
        to->subject_dn = dn;
        if (from->is_finding)
            take_texts(&m->now, to,
                       &(struct memo_fact){.subject_dn = from->subject_dn,
                                           .subject_id = from->subject_id,
                                           .check = from->check,
                                           .certificate = from->certificate});
    }
    for (size_t i = 0; i < old.policies.count; i++) /* their numbers are part of the keys */
        *LIST_ADD(&m->now.arena, &m->now.policies) = arena_copy(&m->now.arena, old.policies.items[i]);
    arena_free(&old.arena);
}

static struct memo_fact finding_of(const struct memo *m, const struct item *item)
{
    return (struct memo_fact){.kind = item->kind,
                              .policy_dn = m->now.policies.items[item->policy],
                              .is_finding = true,
                              .subject_dn = item->subject_dn,
                              .subject_id = item->subject_id,
                              .check = item->check,
                              .certificate = item->certificate};
}

/* about NULL: it is about everything. */
static bool may_end(const struct memo *m, const struct item *item, memo_about_fn *about, void *context)
{
    if (!about)
        return true;
    struct memo_fact f = finding_of(m, item);
    return item->is_finding && about(context, &f);
}

void memo_end_look(struct memo *m, memo_judge_fn *judge, memo_about_fn *about, memo_ended_fn *ended, void *context)
{
    struct arena scratch = {0};
    size_t gone_count = 0;
    bool *gone = ARENA_ARRAY(&scratch, m->now.items.count + 1, bool);
    enum memo_verdict *verdicts = ARENA_ARRAY(&scratch, m->now.policies.count * MEMO_KINDS + 1, enum memo_verdict);
    for (size_t i = 0; i < m->now.policies.count * MEMO_KINDS; i++)
        verdicts[i] = judge(context, (enum memo_kind)(i % MEMO_KINDS), m->now.policies.items[i / MEMO_KINDS]);
    for (size_t i = 0; i < m->now.items.count; i++) {
        const struct item *item = &m->now.items.items[i];
        enum memo_verdict verdict = verdicts[item->policy * MEMO_KINDS + item->kind];
        bool ends = verdict == MEMO_LOOKED && item->pass != m->pass && may_end(m, item, about, context);
        gone[i] = ends || (verdict == MEMO_DROP && !about);
        gone_count += gone[i];
        if (ends && item->is_finding) {
            struct memo_fact f = finding_of(m, item);
            ended(context, &f);
        }
    }
    if (gone_count)
        copy_rest(m, gone);
    if (m->now.items.count < MEMO_MOST)
        m->full = m->full_told = false;
    arena_free(&scratch);
}

void memo_end_pass(struct memo *m, memo_judge_fn *judge, memo_ended_fn *ended, void *context)
{
    memo_end_look(m, judge, NULL, ended, context);
}
