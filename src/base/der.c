/* SPDX-License-Identifier: Apache-2.0 */
#include "base/der.h"

#include <inttypes.h>
#include <stdio.h>

/* The length octets at s; returns how many there are, or 0 when they are not DER. */
static size_t read_length(struct slice s, size_t *length)
{
    if (s.n == 0)
        return 0;
    uint8_t first = s.p[0];
    if (first < 0x80) {
        *length = first;
        return 1;
    }
    size_t count = first & 0x7f;
    if (count == 0 || count > 4 || s.n < 1 + count || s.p[1] == 0)
        return 0;
    size_t value = s.p[1];
    for (size_t i = 2; i <= count; i++)
        value = value << 8 | s.p[i];
    if (value < 0x80)
        return 0;
    *length = value;
    return 1 + count;
}

bool der_next_long(struct slice *cursor, struct der_element *e)
{
    if (cursor->n < 2 || (cursor->p[0] & 0x1f) == 0x1f)
        return false;
    size_t length, octets = read_length(slice_from(*cursor, 1), &length);
    if (octets == 0 || length > cursor->n - 1 - octets)
        return false;
    e->tag = cursor->p[0];
    e->content = slice_make(cursor->p + 1 + octets, length);
    e->whole = slice_make(cursor->p, 1 + octets + length);
    *cursor = slice_from(*cursor, e->whole.n);
    return true;
}

bool der_integer_ok(struct slice c)
{
    if (c.n == 0)
        return false;
    return c.n == 1 || !((c.p[0] == 0x00 && c.p[1] < 0x80) || (c.p[0] == 0xff && c.p[1] >= 0x80));
}

bool der_oid_ok(struct slice c)
{
    if (c.n == 0 || (c.p[c.n - 1] & 0x80))
        return false;
    if (!memchr(c.p, 0x80, c.n))
        return true;
    uint8_t before = 0; /* 0x80 may not begin an arc, which is where the octet before it had no high bit */
    for (size_t i = 0; i < c.n; i++) {
        if (c.p[i] == 0x80 && before < 0x80)
            return false;
        before = c.p[i];
    }
    return true;
}

bool der_boolean_ok(struct slice c, bool *value)
{
    if (c.n != 1 || (c.p[0] != 0x00 && c.p[0] != 0xff))
        return false;
    *value = c.p[0] == 0xff;
    return true;
}

size_t der_oid_write(struct slice c, char *out, size_t room)
{
    size_t written = 0;
    uint64_t arc = 0;
    if (!der_oid_ok(c))
        goto unknown;
    for (size_t i = 0, arcs = 0; i < c.n; i++) {
        if (arc > UINT64_MAX >> 7)
            goto unknown;
        arc = arc << 7 | (c.p[i] & 0x7fu);
        if (c.p[i] & 0x80)
            continue;
        char text[48];
        uint64_t first = arc < 40 ? 0 : arc < 80 ? 1 : 2;
        int n = arcs++ ? snprintf(text, sizeof text, ".%" PRIu64, arc)
                       : snprintf(text, sizeof text, "%" PRIu64 ".%" PRIu64, first, arc - 40 * first);
        if (written + (size_t)n > room)
            goto unknown;
        memcpy(out + written, text, (size_t)n);
        written += (size_t)n;
        arc = 0;
    }
    return written;
unknown:
    if (room)
        out[0] = '?';
    return room ? 1 : 0;
}
