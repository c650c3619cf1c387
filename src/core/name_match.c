/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name_match.h"

#include "base/der.h"
#include "base/escape.h"
#include "core/facts.h"

enum { TEXT_END = UINT32_MAX };

struct text {
    uint8_t utf8[NAME_VALUE_OCTETS];
    struct slice rest;
    bool begun;
};

/* White space as RFC 4518 section 2.2 maps it to SPACE. */
static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= 0x09 && c <= 0x0d) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* Capital letters and how far their small ones are; `step` 2: every other code point is a capital. */
static const struct {
    uint16_t first, last;
    uint8_t step;
    int16_t distance;
} capitals[] = {
    {'A', 'Z', 1, 32},     {0xc0, 0xd6, 1, 32},   {0xd8, 0xde, 1, 32},     {0x100, 0x12e, 2, 1},  {0x132, 0x136, 2, 1},
    {0x139, 0x147, 2, 1},  {0x14a, 0x176, 2, 1},  {0x178, 0x178, 1, -121}, {0x179, 0x17d, 2, 1},  {0x218, 0x21a, 2, 1},
    {0x386, 0x386, 1, 38}, {0x388, 0x38a, 1, 37}, {0x38c, 0x38c, 1, 64},   {0x38e, 0x38f, 1, 63}, {0x391, 0x3a1, 1, 32},
    {0x3a3, 0x3ab, 1, 32}, {0x3c2, 0x3c2, 1, 1},  {0x400, 0x40f, 1, 80},   {0x410, 0x42f, 1, 32}, {0x490, 0x490, 1, 1},
};

static uint32_t fold(uint32_t c)
{
    for (size_t i = 0; i < sizeof capitals / sizeof *capitals && c >= capitals[i].first; i++)
        if (c <= capitals[i].last && (c - capitals[i].first) % capitals[i].step == 0)
            return (uint32_t)((int32_t)c + capitals[i].distance);
    return c;
}

/* The next character of the prepared string: outer white space is gone, inner is one SPACE. */
static uint32_t text_next(struct text *t)
{
    uint32_t c = 0;
    size_t n;
    bool blank = false;
    while ((n = utf8_read(t->rest, &c)) && is_space(c)) {
        t->rest = slice_from(t->rest, n);
        blank = true;
    }
    if (n == 0)
        return TEXT_END;
    if (blank && t->begun)
        return ' ';
    t->begun = true;
    t->rest = slice_from(t->rest, n);
    return fold(c);
}

static bool text_begin(struct text *t, uint8_t tag, struct slice octets)
{
    size_t n;
    t->begun = false;
    if (!facts_text(tag, octets, t->utf8, sizeof t->utf8, &n))
        return false;
    t->rest = slice_make(t->utf8, n);
    return true;
}

static bool same_text(uint8_t tag, struct slice octets, const struct name_value *v)
{
    struct text ours, theirs;
    if (!text_begin(&ours, v->tag, v->octets) || !text_begin(&theirs, tag, octets))
        return false;
    uint32_t c;
    do {
        c = text_next(&ours);
        if (c != text_next(&theirs))
            return false;
    } while (c != TEXT_END);
    return true;
}

static bool value_equals(uint8_t tag, struct slice octets, const struct name_value *v)
{
    return (tag == v->tag && slice_eq(octets, v->octets)) || same_text(tag, octets, v);
}

static bool rdn_equals(struct slice pairs, const struct name_value *values, size_t count)
{
    struct der_element pair, type, value;
    uint32_t found = 0;
    size_t n = 0;
    for (; der_expect(&pairs, DER_SEQUENCE, &pair); n++) {
        struct slice parts = pair.content;
        size_t i = 0;
        if (n == count || !der_expect(&parts, DER_OID, &type) || !der_next(&parts, &value))
            return false;
        while (i < count && ((found & 1u << i) || !slice_eq(values[i].type, type.content) ||
                             !value_equals(value.tag, value.content, &values[i])))
            i++;
        if (i == count)
            return false;
        found |= 1u << i;
    }
    return n == count && pairs.n == 0;
}

bool name_equals(struct slice name, const struct name_values *values)
{
    struct der_element sequence, set;
    if (!der_expect(&name, DER_SEQUENCE, &sequence))
        return false;
    struct slice rdns = sequence.content;
    size_t end = values->count; /* a certificate has the most specific RDN last */
    while (end && der_expect(&rdns, DER_SET, &set)) {
        size_t begin = end - 1;
        while (values->items[begin].joined)
            begin--;
        if (!rdn_equals(set.content, values->items + begin, end - begin))
            return false;
        end = begin;
    }
    return end == 0 && rdns.n == 0;
}

bool name_equals_text(struct arena *a, struct slice name, struct slice text)
{
    struct arena_mark mark = arena_mark(a);
    struct name_values values;
    bool equal = name_compile(a, text, &values) && name_equals(name, &values);
    arena_reset(a, mark);
    return equal;
}
