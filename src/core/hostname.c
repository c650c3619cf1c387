/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hostname.h"

#include "base/idn.h"

#include <arpa/inet.h>

enum { NAME_MAX_OCTETS = 253, LABEL_MAX_OCTETS = 63 };

/* What octets of a label are; the underscore is no host name's, but common in directories. */
enum { D = 1 << 0, L = 1 << 1, H = 1 << 2, C = 1 << 3, DIGITS = D, HYPHEN = H, CAPITALS = C };
/* clang-format off */
static const uint8_t label_octets[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0x00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, H, 0, 0, /* 0x20: - */
    D, D, D, D, D, D, D, D, D, D, 0, 0, 0, 0, 0, 0, /* 0x30: digits */
    0, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, /* 0x40: capital letters _ */
    C, C, C, C, C, C, C, C, C, C, C, 0, 0, 0, 0, L,
    0, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, /* 0x60: letters */
    L, L, L, L, L, L, L, L, L, L, L, 0, 0, 0, 0, 0,
};
/* clang-format on */

/* Takes one label off *rest, up to a dot or the end; *kinds is what its octets are. */
static bool next_label(struct slice *rest, unsigned *kinds)
{
    size_t n = 0;
    *kinds = 0;
    for (unsigned kind; n < rest->n && (kind = label_octets[rest->p[n]]); n++)
        *kinds |= kind;
    if (n == 0 || n > LABEL_MAX_OCTETS || label_octets[rest->p[0]] == HYPHEN || label_octets[rest->p[n - 1]] == HYPHEN)
        return false;
    *rest = slice_from(*rest, n);
    return true;
}

/*
 * Labels of letters, digits and hyphens that neither begin nor end one.  A last label of digits alone would be an
 * address, never a name (RFC 1123 section 2.1).  *all_kinds: what the octets of all labels are.
 */
static bool dns_name_read(struct slice name, unsigned *all_kinds)
{
    unsigned kinds;
    if (name.n > NAME_MAX_OCTETS || !next_label(&name, &kinds))
        return false;
    *all_kinds = kinds;
    while (name.n) {
        if (name.p[0] != '.')
            return false;
        name = slice_from(name, 1);
        if (!next_label(&name, &kinds))
            return false;
        *all_kinds |= kinds;
    }
    return kinds != DIGITS;
}

static bool dns_name_ok(struct slice name)
{
    unsigned kinds;
    return dns_name_read(name, &kinds);
}

static bool read_address(struct slice text, uint8_t out[16], size_t *n)
{
    char c_text[INET6_ADDRSTRLEN];
    if (text.n == 0 || text.n >= sizeof c_text || memchr(text.p, 0, text.n))
        return false;
    memcpy(c_text, text.p, text.n);
    c_text[text.n] = '\0';
    *n = inet_pton(AF_INET, c_text, out) == 1 ? 4 : inet_pton(AF_INET6, c_text, out) == 1 ? 16 : 0;
    return *n > 0;
}

static bool is_ascii(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 0x80)
            return false;
    return true;
}

static struct slice lower_copy(struct arena *a, struct slice s)
{
    uint8_t *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = ascii_lower(s.p[i]);
    return slice_make(p, s.n);
}

static void set_dns(struct host *h, struct slice name)
{
    h->kind = HOST_DNS;
    h->name = h->shown = name;
}

static void set_address(struct arena *a, struct host *h, const uint8_t *address, size_t n)
{
    char text[INET6_ADDRSTRLEN];
    inet_ntop(n == 4 ? AF_INET : AF_INET6, address, text, sizeof text);
    h->kind = HOST_IP;
    h->name = arena_copy(a, slice_make(address, n));
    h->shown = arena_copy(a, slice_of(text));
}

/* Most names are in lower case, and stay where they are.  No address is a name too: one has digits alone behind its
 * last dot, the other a colon. */
struct host host_compile(struct arena *a, struct slice value)
{
    struct host h = {.kind = HOST_INVALID, .written = value};
    struct slice name = slice_upto(value, value.n - (value.n && value.p[value.n - 1] == '.'));
    uint8_t address[16], ascii[IDN_ROOM];
    size_t n;
    unsigned kinds;
    if (dns_name_read(name, &kinds))
        set_dns(&h, kinds & CAPITALS ? lower_copy(a, name) : name);
    else if (read_address(value, address, &n))
        set_address(a, &h, address, n);
    else if (!is_ascii(name) && dns_name_ok(name = slice_make(ascii, idn_to_ascii(name, ascii))))
        set_dns(&h, lower_copy(a, name));
    return h;
}

bool host_covered_by_dns(const struct host *h, struct slice presented, bool wildcard)
{
    if (h->kind != HOST_DNS)
        return false;
    if (slice_starts(presented, SLICE_LITERAL("*."))) {
        const uint8_t *dot = memchr(h->name.p, '.', h->name.n);
        struct slice parent = slice_from(presented, 2);
        return wildcard && dot && dns_name_ok(parent) &&
               slice_eq_nocase(parent, slice_from(h->name, (size_t)(dot - h->name.p) + 1));
    }
    return slice_eq_nocase(presented, h->name); /* which is one by itself */
}

bool host_covered_by_ip(const struct host *h, struct slice octets)
{
    return h->kind == HOST_IP && slice_eq(h->name, octets);
}
