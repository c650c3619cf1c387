/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hostname.h"

#include "base/idn.h"

#include <arpa/inet.h>

enum { NAME_MAX_OCTETS = 253, LABEL_MAX_OCTETS = 63 };

/* Letters, digits, and the underscore, which is no host name's but common in directories. */
static bool is_letter(uint8_t c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26 || c == '_';
}

static bool is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') < 10;
}

/*
 * Labels of letters, digits and hyphens that neither begin nor end one.  A last label of digits alone would be an
 * address, never a name (RFC 1123 section 2.1).
 */
static bool dns_name_ok(struct slice name)
{
    size_t label = 0; /* where it begins */
    bool digits_only = true;
    if (name.n == 0 || name.n > NAME_MAX_OCTETS)
        return false;
    for (size_t i = 0; i <= name.n; i++) {
        uint8_t c = i < name.n ? name.p[i] : '.';
        if (c == '.') {
            if (i == label || i - label > LABEL_MAX_OCTETS || name.p[i - 1] == '-')
                return false;
            if (i == name.n)
                break;
            label = i + 1;
            digits_only = true;
        } else if (!is_digit(c)) {
            if (!is_letter(c) && (c != '-' || i == label))
                return false;
            digits_only = false;
        }
    }
    return !digits_only;
}

static bool read_address(struct slice text, uint8_t out[16], size_t *n)
{
    char c_text[INET6_ADDRSTRLEN];
    if (text.n && !is_digit(text.p[text.n - 1]) && !memchr(text.p, ':', text.n))
        return false; /* as most are */
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

struct host host_compile(struct arena *a, struct slice value)
{
    struct host h = {.kind = HOST_INVALID, .written = value};
    uint8_t address[16];
    size_t octets;
    if (read_address(value, address, &octets)) {
        char text[INET6_ADDRSTRLEN];
        inet_ntop(octets == 4 ? AF_INET : AF_INET6, address, text, sizeof text);
        h.kind = HOST_IP;
        h.name = arena_copy(a, slice_make(address, octets));
        h.shown = arena_copy(a, slice_of(text));
        return h;
    }
    struct slice name = value;
    if (name.n && name.p[name.n - 1] == '.')
        name.n--;
    uint8_t ascii[IDN_ROOM];
    if (!is_ascii(name))
        name = slice_make(ascii, idn_to_ascii(name, ascii));
    if (dns_name_ok(name)) {
        h.kind = HOST_DNS;
        h.name = h.shown = lower_copy(a, name);
    }
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
