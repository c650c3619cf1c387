/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows in an arena, piece by piece; it lives as long as the arena. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/arena.h"

/* Begin with {.arena = a}. */
struct buffer {
    struct arena *arena;
    uint8_t *p;
    size_t n, room;
};

void buffer_add(struct buffer *b, struct slice s);
void buffer_format(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What is in it so far; good until the next piece is added. */
static inline struct slice buffer_slice(const struct buffer *b)
{
    return slice_make(b->p, b->n);
}

#endif
