/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name.h"

#include "base/der.h"
#include "base/escape.h"
#include "base/hex.h"
#include "core/facts.h"
#include "core/name_type.h"

static struct slice type_text(struct arena *a, struct slice oid)
{
    const char *name = name_type_text(oid);
    if (name)
        return slice_of(name);
    char dotted[200];
    size_t n = der_oid_write(oid, dotted, sizeof dotted);
    return arena_copy(a, slice_make(dotted, n));
}

static struct slice value_text(struct arena *a, const struct der_element *value, size_t cap)
{
    uint8_t utf8[512];
    size_t n;
    struct slice text =
        facts_text(value->tag, value->content, utf8, sizeof utf8, &n) ? slice_make(utf8, n) : value->content;
    uint8_t *out = arena_alloc(a, cap + 1);
    bool like_hexadecimal = text.n && text.p[0] == '#';
    return slice_make(out, escape_write(text, like_hexadecimal ? ",+\"<>;=#" : ",+\"<>;=", out, cap));
}

struct slice name_text(struct arena *a, struct slice name, size_t cap)
{
    struct der_element sequence, set, pair, type, value;
    struct slice text = {NULL, 0};
    if (!der_expect(&name, DER_SEQUENCE, &sequence))
        return slice_of("?");
    struct slice rdns = sequence.content;
    while (der_expect(&rdns, DER_SET, &set) && text.n < cap) {
        struct slice pairs = set.content, rdn = {NULL, 0};
        while (der_expect(&pairs, DER_SEQUENCE, &pair) && rdn.n < cap) {
            struct slice parts = pair.content;
            if (!der_expect(&parts, DER_OID, &type) || !der_next(&parts, &value))
                return slice_of("?");
            rdn = arena_format(a, "%.*s%s%.*s=%.*s", SLICE_ARGS(rdn), rdn.n ? "+" : "",
                               SLICE_ARGS(type_text(a, type.content)), SLICE_ARGS(value_text(a, &value, 200)));
        }
        text = arena_format(a, "%.*s%s%.*s", SLICE_ARGS(rdn), text.n ? "," : "", SLICE_ARGS(text));
    }
    if (text.n <= cap)
        return text;
    size_t cut = cap - 3;
    while (cut && (text.p[cut] & 0xc0) == 0x80) /* never in the middle of a character */
        cut--;
    return arena_format(a, "%.*s...", (int)cut, (const char *)text.p);
}

struct slice serial_text(struct arena *a, struct slice serial)
{
    bool negative = serial.n && (serial.p[0] & 0x80);
    uint8_t *magnitude = arena_alloc(a, serial.n + 1);
    unsigned carry = 1; /* two's complement: invert and add one, from the last octet on */
    for (size_t i = serial.n; i > 0; i--) {
        unsigned octet = negative ? (uint8_t)~serial.p[i - 1] + carry : serial.p[i - 1];
        magnitude[i - 1] = (uint8_t)octet;
        carry = octet >> 8;
    }
    struct slice m = slice_make(magnitude, serial.n);
    while (m.n > 1 && m.p[0] == 0)
        m = slice_from(m, 1);
    uint8_t *hex = arena_alloc(a, 2 * m.n + 2);
    hex[0] = '-';
    hex_write(m, hex + negative);
    return slice_make(hex, 2 * m.n + negative);
}
