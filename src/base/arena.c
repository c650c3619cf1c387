/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARENA_BLOCK_SIZE = 64 * 1024, ARENA_ALIGN = 16, FORMAT_ROOM = 512 };

struct arena_block {
    struct arena_block *previous;
    size_t used, size;
    _Alignas(ARENA_ALIGN) uint8_t data[];
};

_Noreturn void arena_exhausted(size_t size)
{
    char text[160];
    int n = snprintf(text, sizeof text,
                     "event=fault severity=err what=\"out of memory\" bytes=%zu detail=\"nothing was concluded; the "
                     "next pass starts anew\"\n",
                     size);
    if (write(STDERR_FILENO, text, (size_t)n) < 0)
        _exit(2);
    _exit(2);
}

static struct arena_block *block_new(struct arena_block *previous, size_t at_least)
{
    size_t size = at_least > ARENA_BLOCK_SIZE ? at_least : ARENA_BLOCK_SIZE;
    struct arena_block *b = malloc(sizeof *b + size);
    if (!b)
        arena_exhausted(size);
    *b = (struct arena_block){.previous = previous, .size = size};
    return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        arena_exhausted(size);
    size_t rounded = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if (rounded == 0)
        rounded = ARENA_ALIGN;
    if (!a->head || a->head->size - a->head->used < rounded)
        a->head = block_new(a->head, rounded);
    void *p = a->head->data + a->head->used;
    a->head->used += rounded;
    return memset(p, 0, rounded);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        arena_exhausted(SIZE_MAX);
    return arena_alloc(a, count * size);
}

struct slice arena_copy(struct arena *a, struct slice s)
{
    uint8_t *p = arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    return slice_make(p, s.n);
}

struct slice arena_format(struct arena *a, const char *format, ...)
{
    va_list args, again;
    char text[FORMAT_ROOM]; /* most texts are short: formatted once */
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *p = arena_alloc(a, n < 0 ? 1 : (size_t)n + 1);
    if (n >= 0 && (size_t)n < sizeof text)
        memcpy(p, text, (size_t)n);
    else if (n >= 0)
        vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return slice_make(p, n < 0 ? 0 : (size_t)n);
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){a->head, a->head ? a->head->used : 0};
}

static void drop_head(struct arena *a)
{
    struct arena_block *b = a->head;
    a->head = b->previous;
    free(b);
}

/* One block of the usual size stays where the mark is of an empty arena: a loop that resets needs it at once again. */
void arena_reset(struct arena *a, struct arena_mark mark)
{
    while (a->head != mark.block && a->head->previous)
        drop_head(a);
    if (a->head && a->head != mark.block && a->head->size > ARENA_BLOCK_SIZE)
        drop_head(a);
    if (a->head)
        a->head->used = mark.used;
}

void arena_free(struct arena *a)
{
    while (a->head)
        drop_head(a);
}

void *arena_grow(struct arena *a, void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room ? *room * 2 : 8;
    void *grown = arena_array(a, *room, size);
    if (count)
        memcpy(grown, items, count * size);
    return grown;
}
