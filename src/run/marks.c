/* SPDX-License-Identifier: Apache-2.0 */
#include "run/requests.h"

enum { MARKS_IN_BLOCK = 744 }; /* with the arena's own header just below 64 KiB */

/* Whose mark it is says its id, which is compared where two have one key; this only has to tell most subjects apart. */
uint64_t marks_key(struct slice id)
{
    uint64_t key = id.n * 0x9e3779b97f4a7c15u, word;
    for (size_t i = 0; i < id.n; i += sizeof word) {
        word = 0;
        memcpy(&word, id.p + i, id.n - i < sizeof word ? id.n - i : sizeof word);
        key = (key ^ word) * 0xd6e8feb86659fd93u;
        key ^= key >> 32;
    }
    return key ? key : 1;
}

struct request_mark *marks_at(const struct request_index *x, size_t i)
{
    return &x->blocks.items[i / MARKS_IN_BLOCK][i % MARKS_IN_BLOCK];
}

struct request_mark *marks_add(struct arena *a, struct request_index *x)
{
    if (x->count == x->blocks.count * MARKS_IN_BLOCK)
        *LIST_ADD(a, &x->blocks) = ARENA_ARRAY(a, MARKS_IN_BLOCK, struct request_mark);
    x->in_order = false;
    struct request_mark *m = marks_at(x, x->count++);
    *m = (struct request_mark){.policy = MARK_NO_POLICY};
    return m;
}

static void put_in_order(struct arena *a, struct request_index *x)
{
    size_t room = 64;
    while (3 * room < 4 * x->count)
        room *= 2;
    if (room > x->room)
        x->slots = ARENA_ARRAY(a, room, unsigned);
    else
        memset(x->slots, 0, x->room * sizeof *x->slots);
    x->room = room > x->room ? room : x->room;
    x->has_twins = false;
    for (size_t i = 0; i < x->count; i++) {
        const struct request_mark *m = marks_at(x, i);
        size_t at = m->subject & (x->room - 1);
        if (m->flags & (MARK_REVOKE | MARK_FOREIGN))
            continue;
        for (; x->slots[at]; at = (at + 1) & (x->room - 1))
            x->has_twins |= marks_at(x, x->slots[at] - 1)->subject == m->subject;
        x->slots[at] = (unsigned)i + 1;
    }
    x->in_order = true;
}

static struct digest id_of(struct arena *a, struct slice subject_id)
{
    struct digest id = {{0}};
    struct arena_mark before = arena_mark(a);
    digest_from_hex(request_id_of_reissue(a, subject_id), &id);
    arena_reset(a, before);
    return id;
}

struct request_mark *marks_find(struct arena *a, struct request_index *x, struct slice subject_id)
{
    struct digest id;
    bool has_id = false;
    if (x->count == 0)
        return NULL;
    if (!x->in_order)
        put_in_order(a, x);
    uint64_t key = marks_key(subject_id);
    for (size_t at = key & (x->room - 1); x->slots[at]; at = (at + 1) & (x->room - 1)) {
        struct request_mark *m = marks_at(x, x->slots[at] - 1);
        if (m->subject != key)
            continue;
        if (x->has_twins && !has_id)
            id = id_of(a, subject_id);
        has_id = x->has_twins;
        if (!has_id || digest_order(&m->id, &id) == 0)
            return m;
    }
    return NULL;
}

void marks_begin_scan(struct request_index *x)
{
    for (size_t i = 0; i < x->count; i++) {
        struct request_mark *m = marks_at(x, i);
        m->first = m->second = 0;
        m->kept = 0;
        m->flags &= (uint8_t)~MARK_SETTLED;
    }
}

bool marks_sight(struct request_mark *m, unsigned search, bool settled)
{
    if (m->first) {
        m->second = (uint16_t)search;
        return true;
    }
    m->first = (uint16_t)search;
    m->flags |= settled ? MARK_SETTLED : 0;
    return false;
}

void marks_forget(struct request_index *x, unsigned search)
{
    for (size_t i = 0; i < x->count; i++) {
        struct request_mark *m = marks_at(x, i);
        if (m->second == search)
            m->second = 0;
        if (m->first != search)
            continue;
        m->first = 0;
        m->flags &= (uint8_t)~MARK_SETTLED;
    }
}
