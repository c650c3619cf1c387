/* SPDX-License-Identifier: Apache-2.0 */
#include "run/told.h"

#include "base/digest.h"

static bool insert(struct told *t, const uint64_t key[2])
{
    size_t at = key[0] & (t->room - 1);
    while (t->slots[at][0] || t->slots[at][1]) {
        if (t->slots[at][0] == key[0] && t->slots[at][1] == key[1])
            return false;
        at = (at + 1) & (t->room - 1);
    }
    t->slots[at][0] = key[0];
    t->slots[at][1] = key[1];
    t->count++;
    return true;
}

static void grow(struct arena *a, struct told *t)
{
    struct told larger = {.room = t->room ? 2 * t->room : 64};
    larger.slots = (uint64_t(*)[2])arena_array(a, larger.room, sizeof *larger.slots);
    for (size_t i = 0; i < t->room; i++)
        if (t->slots[i][0] || t->slots[i][1])
            insert(&larger, t->slots[i]);
    *t = larger;
}

bool told_first_time(struct arena *a, struct told *t, struct slice one, struct slice two, struct slice three)
{
    struct arena scratch = {0};
    struct slice all = arena_format(&scratch, "%zu %zu %.*s%.*s%.*s", one.n, two.n, SLICE_ARGS(one), SLICE_ARGS(two),
                                    SLICE_ARGS(three));
    struct digest d = digest_of(all);
    arena_free(&scratch);
    uint64_t key[2];
    memcpy(key, d.octets, sizeof key);
    key[0] |= 1; /* 0 marks a free slot */
    if (4 * t->count >= 3 * t->room)
        grow(a, t);
    return insert(t, key);
}
