/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory by lifetime: an arena belongs to one generation of policy, one pass or one batch, and its caller drops
 * it whole.  Allocation never returns NULL: out of memory ends the process with exit code 2 through one handler,
 * which is safe anywhere because the next pass derives everything anew from the directory.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

struct arena_block;

struct arena {
    struct arena_block *head;
};

/* A place to return to; everything allocated after it is dropped together. */
struct arena_mark {
    struct arena_block *block;
    size_t used;
};

/* Zeroed memory, aligned for any type, which lives until the arena is reset to before it, or freed. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((alloc_size(2), returns_nonnull));
void *arena_array(struct arena *a, size_t count, size_t size) __attribute__((alloc_size(2, 3), returns_nonnull));
#define ARENA_NEW(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, count, type) ((type *)arena_array((a), (count), sizeof(type)))

/* A copy that ends in a NUL which is not counted. */
struct slice arena_copy(struct arena *a, struct slice s);
struct slice arena_format(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct arena_mark arena_mark(const struct arena *a);
/* Memory may stay with the arena until arena_free. */
void arena_reset(struct arena *a, struct arena_mark mark);
void arena_free(struct arena *a);

/* A growing array in an arena: `list` is any struct {T *items; size_t count, room;}.  Returns the new, zeroed item. */
#define LIST_OF(type)                                                                                                  \
    struct {                                                                                                           \
        type *items;                                                                                                   \
        size_t count, room;                                                                                            \
    }
#define LIST_ADD(a, list)                                                                                              \
    ((list)->items = arena_grow((a), (list)->items, (list)->count, &(list)->room, sizeof *(list)->items),              \
     &(list)->items[(list)->count++])
void *arena_grow(struct arena *a, void *items, size_t count, size_t *room, size_t size);

/* Says so on standard error and ends the process with exit code 2. */
_Noreturn void arena_exhausted(size_t size);

#endif
