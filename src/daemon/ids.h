/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded set of ids in the order in which they came. */
#ifndef DAEMON_IDS_H
#define DAEMON_IDS_H

#include "base/arena.h"

enum { IDS_MOST = 10000 };

/* All zero is an empty set. */
struct ids {
    struct arena arena;
    struct slice *items;
    size_t count;
    uint32_t *slots; /* 1 + the index in items, by the id's hash; 0: free */
    size_t slot_count;
};

/* The id is copied; one that is there already stays where it is.  False: there are IDS_MOST already. */
bool ids_add(struct ids *s, struct slice id);
/* All of them; false: not all found room. */
bool ids_add_all(struct ids *s, const struct ids *more);
bool ids_has(const struct ids *s, struct slice id);
/* The first `most` of `from` are in `to`, which was empty, and no longer in `from`. */
void ids_move(struct ids *from, size_t most, struct ids *to);
/* Empty again; nothing is left to free. */
void ids_clear(struct ids *s);

#endif
