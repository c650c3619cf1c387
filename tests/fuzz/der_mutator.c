/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mutation that knows DER: one element of the tree is changed, repeated, swapped, dropped or given another tag, and
 * the lengths around it are put right, so that the change reaches the depth of a reader.  OCTET STRINGs that hold DER
 * count as constructed.  One in four mutations is libFuzzer's own, on the raw octets.
 */
#include "fuzz/fuzz.h"

#include "base/der.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

enum { DEPTH_MOST = 24, NODES_MOST = 4096 };

struct node {
    uint8_t tag;
    struct slice content; /* of one without parts */
    struct node *first, *next;
    bool nests;
};

struct tree {
    struct arena arena;
    struct node *nodes[NODES_MOST];
    struct node *parents[NODES_MOST];
    size_t count;
};

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static bool is_all_der(struct slice s)
{
    struct der_element e;
    if (s.n == 0)
        return false;
    while (s.n)
        if (!der_next(&s, &e))
            return false;
    return true;
}

static struct node *parse(struct tree *t, struct slice s, struct node *parent, unsigned depth)
{
    struct node *first = NULL, **at = &first;
    struct der_element e;
    while (s.n && t->count < NODES_MOST && der_next(&s, &e)) {
        struct node *n = ARENA_NEW(&t->arena, struct node);
        n->tag = e.tag;
        n->content = e.content;
        n->nests =
            depth < DEPTH_MOST && is_all_der(e.content) && ((e.tag & DER_CONSTRUCTED) || e.tag == DER_OCTET_STRING);
        t->parents[t->count] = parent;
        t->nodes[t->count++] = n;
        if (n->nests)
            n->first = parse(t, e.content, n, depth + 1);
        *at = n;
        at = &n->next;
    }
    return first;
}

static size_t length_of(const struct node *n);

static size_t parts_length(const struct node *n)
{
    size_t total = 0;
    for (const struct node *p = n->first; p; p = p->next)
        total += length_of(p);
    return total;
}

static size_t content_length(const struct node *n)
{
    return n->nests ? parts_length(n) : n->content.n;
}

static size_t header_length(size_t content)
{
    return content < 0x80 ? 2 : content < 0x100 ? 3 : content < 0x10000 ? 4 : content < 0x1000000 ? 5 : 6;
}

static size_t length_of(const struct node *n)
{
    size_t content = content_length(n);
    return header_length(content) + content;
}

static uint8_t *write_node(const struct node *n, uint8_t *out)
{
    size_t content = content_length(n), header = header_length(content);
    *out++ = n->tag;
    if (header == 2)
        *out++ = (uint8_t)content;
    else {
        *out++ = (uint8_t)(0x80 | (header - 2));
        for (size_t i = header - 2; i-- > 0;)
            *out++ = (uint8_t)(content >> 8 * i);
    }
    if (!n->nests) {
        if (content)
            memcpy(out, n->content.p, content);
        return out + content;
    }
    for (const struct node *p = n->first; p; p = p->next)
        out = write_node(p, out);
    return out;
}

static void change_content(struct tree *t, struct node *n)
{
    size_t room = n->content.n + 64;
    uint8_t *copy = arena_alloc(&t->arena, room);
    if (n->content.n)
        memcpy(copy, n->content.p, n->content.n);
    n->content = slice_make(copy, LLVMFuzzerMutate(copy, n->content.n, room));
    n->nests = false;
}

static void unlink_node(struct node *parent, struct node *n)
{
    for (struct node **at = &parent->first; *at; at = &(*at)->next)
        if (*at == n) {
            *at = n->next;
            return;
        }
}

static void mutate(struct tree *t, uint32_t *random)
{
    size_t i = next_random(random) % t->count;
    struct node *n = t->nodes[i], *parent = t->parents[i], *other = t->nodes[next_random(random) % t->count];
    switch (next_random(random) % 8) {
    case 0:
        n->tag = other->tag;
        break;
    case 1:
        n->tag ^= (uint8_t)(1u << next_random(random) % 8);
        break;
    case 2:
        if (parent)
            unlink_node(parent, n);
        break;
    case 3: { /* once more, behind itself */
        struct node *again = ARENA_NEW(&t->arena, struct node);
        *again = *n;
        n->next = again;
        break;
    }
    case 4: /* as some other element that has no parts */
        if (!other->nests) {
            n->content = other->content;
            n->nests = false;
        }
        break;
    default:
        if (!n->nests || next_random(random) % 8 == 0)
            change_content(t, n);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    uint32_t random = seed * 2654435761u + 1;
    static struct tree t; /* large: not cleared each time */
    t.count = 0;
    struct node *root = next_random(&random) % 4 ? parse(&t, slice_make(data, size), NULL, 0) : NULL;
    if (!root) {
        arena_free(&t.arena);
        return LLVMFuzzerMutate(data, size, most);
    }
    for (unsigned times = 1 + next_random(&random) % 3; times > 0; times--)
        mutate(&t, &random);
    size_t total = 0;
    for (struct node *n = root; n; n = n->next)
        total += length_of(n);
    if (total <= most) {
        uint8_t *whole = arena_alloc(&t.arena, total + 1), *end = whole;
        for (struct node *n = root; n; n = n->next)
            end = write_node(n, end);
        memcpy(data, whole, total);
        size = total;
    }
    arena_free(&t.arena);
    return size;
}
