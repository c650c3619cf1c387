/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ids.h"

enum { SLOTS_FIRST = 64 };

/* FNV-1a.  Ids are the server's; with IDS_MOST of them, even all in one chain are no harm. */
static size_t hash(struct slice id)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < id.n; i++)
        h = (h ^ id.p[i]) * UINT64_C(0x100000001b3);
    return (size_t)(h ^ (h >> 32));
}

/* Where it is, or where it would be. */
static uint32_t *slot_of(const struct ids *s, struct slice id)
{
    size_t at = hash(id) & (s->slot_count - 1);
    while (s->slots[at] && !slice_eq(s->items[s->slots[at] - 1], id))
        at = (at + 1) & (s->slot_count - 1);
    return &s->slots[at];
}

/* At most half full. */
static void grow(struct ids *s)
{
    size_t room = s->slot_count ? 2 * s->slot_count : SLOTS_FIRST;
    struct slice *items = ARENA_ARRAY(&s->arena, room / 2, struct slice);
    for (size_t i = 0; i < s->count; i++)
        items[i] = s->items[i];
    s->items = items;
    s->slots = ARENA_ARRAY(&s->arena, room, uint32_t);
    s->slot_count = room;
    for (size_t i = 0; i < s->count; i++)
        *slot_of(s, items[i]) = (uint32_t)i + 1;
}

bool ids_add(struct ids *s, struct slice id)
{
    if (ids_has(s, id))
        return true;
    if (s->count >= IDS_MOST)
        return false;
    if (2 * (s->count + 1) > s->slot_count)
        grow(s);
    uint32_t *slot = slot_of(s, id);
    s->items[s->count++] = arena_copy(&s->arena, id);
    *slot = (uint32_t)s->count;
    return true;
}

bool ids_add_all(struct ids *s, const struct ids *more)
{
    bool all = true;
    for (size_t i = 0; i < more->count; i++)
        all &= ids_add(s, more->items[i]);
    return all;
}

bool ids_has(const struct ids *s, struct slice id)
{
    return s->count && *slot_of(s, id);
}

void ids_move(struct ids *from, size_t most, struct ids *to)
{
    struct ids rest = {.count = 0};
    if (from->count <= most) {
        *to = *from;
        *from = rest;
        return;
    }
    for (size_t i = 0; i < from->count; i++)
        (void)ids_add(i < most ? to : &rest, from->items[i]); /* no more than there were */
    ids_clear(from);
    *from = rest;
}

void ids_clear(struct ids *s)
{
    arena_free(&s->arena);
    *s = (struct ids){.count = 0};
}
