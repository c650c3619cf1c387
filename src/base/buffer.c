/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

/* Room for n more octets and a NUL that vsnprintf writes. */
static uint8_t *make_room(struct buffer *b, size_t n)
{
    if (b->n + n + 1 > b->room) {
        size_t room = b->room ? 2 * b->room : 4096;
        while (room < b->n + n + 1)
            room *= 2;
        uint8_t *grown = arena_alloc(b->arena, room);
        if (b->n)
            memcpy(grown, b->p, b->n);
        b->p = grown;
        b->room = room;
    }
    return b->p + b->n;
}

void buffer_add(struct buffer *b, struct slice s)
{
    if (s.n)
        memcpy(make_room(b, s.n), s.p, s.n);
    b->n += s.n;
}

void buffer_format(struct buffer *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n > 0) {
        vsnprintf((char *)make_room(b, (size_t)n), (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(args);
}
