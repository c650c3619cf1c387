/* SPDX-License-Identifier: Apache-2.0 */
#include "base/der.h"

#include "base/octets.h"

#include <inttypes.h>
#include <stdio.h>

struct der_extent der_extent_long(struct slice s)
{
    static const struct der_extent not_der = {2, SIZE_MAX};
    size_t count = s.p[1] & 0x7f, length = 0;
    if (count == 0 || count > 4 || s.n < 2 + count || s.p[2] == 0)
        return not_der;
    for (size_t i = 0; i < count; i++)
        length = length << 8 | s.p[2 + i];
    return length < 0x80 ? not_der : (struct der_extent){2 + count, length};
}

/* Of four octets and more. */
static bool holds_0x80(struct slice c)
{
    if (c.n < 8)
        return octets_hold(octets_of_few(c.p, c.n), 0x80);
    const uint8_t *last = c.p + c.n - 8; /* some of which are looked at before */
    for (const uint8_t *p = c.p; p < last; p += 8)
        if (octets_hold(octets_at(p), 0x80))
            return true;
    return octets_hold(octets_at(last), 0x80);
}

bool der_oid_ok(struct slice c)
{
    if (c.n == 0 || (c.p[c.n - 1] & 0x80))
        return false;
    if (c.n >= 4 && !holds_0x80(c))
        return true;
    for (size_t i = 0; i < c.n; i++) /* 0x80 may not begin an arc, which is where none is open */
        if (c.p[i] == 0x80 && (i == 0 || c.p[i - 1] < 0x80))
            return false;
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
