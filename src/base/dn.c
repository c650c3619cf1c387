/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dn.h"

#include "base/hex.h"

static bool is_separator(uint8_t c)
{
    return c == ',' || c == ';';
}

/* The octets up to the next RDN separator that is neither escaped nor quoted. */
static size_t rdn_length(struct slice s)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            quoted = !quoted;
        else if (!quoted && is_separator(s.p[i]))
            break;
    }
    return i < s.n ? i : s.n;
}

struct slice dn_first_rdn(struct slice dn)
{
    return slice_upto(dn, rdn_length(dn));
}

struct slice dn_parent(struct slice dn)
{
    return slice_trim(slice_from(dn, rdn_length(dn) + 1));
}

/* @source RFC 4514 section 3: attributeType = descr / numericoid */
static bool type_ok(struct slice type)
{
    type = slice_trim(type);
    for (size_t i = 0; i < type.n; i++) {
        uint8_t c = ascii_lower(type.p[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
            return false;
    }
    return type.n > 0;
}

static bool rdn_ok(struct slice rdn)
{
    const uint8_t *equals = rdn.n ? memchr(rdn.p, '=', rdn.n) : NULL;
    if (!equals || !type_ok(slice_upto(rdn, (size_t)(equals - rdn.p))))
        return false;
    bool quoted = false;
    for (size_t i = (size_t)(equals - rdn.p) + 1; i < rdn.n; i++) {
        if (rdn.p[i] == 0)
            return false;
        if (rdn.p[i] == '"')
            quoted = !quoted;
        if (rdn.p[i] != '\\')
            continue;
        if (++i >= rdn.n)
            return false;
        if (hex_digit(rdn.p[i]) >= 0) {
            if (i + 1 >= rdn.n || hex_digit(rdn.p[i + 1]) < 0)
                return false;
            i++;
        }
    }
    return !quoted;
}

bool dn_ok(struct slice s)
{
    s = slice_trim(s);
    while (s.n) {
        size_t n = rdn_length(s);
        if (!rdn_ok(slice_upto(s, n)))
            return false;
        if (n < s.n && slice_trim(slice_from(s, n + 1)).n == 0)
            return false;
        s = slice_trim(slice_from(s, n + 1));
    }
    return true;
}

static size_t rdn_count(struct slice dn)
{
    size_t n = 0;
    for (dn = slice_trim(dn); dn.n; dn = dn_parent(dn))
        n++;
    return n;
}

/* Plain: letters, digits and the like, one value, so that its spelling alone says what it is. */
static bool rdn_is_plain(struct slice rdn)
{
    for (size_t i = 0; i < rdn.n; i++)
        if (rdn.p[i] >= 0x80 || rdn.p[i] < 0x20 || strchr("\\\"+#<>", rdn.p[i]))
            return false;
    return true;
}

static bool rdn_may_equal(struct slice a, struct slice b)
{
    if (!rdn_is_plain(a) || !rdn_is_plain(b))
        return true;
    const uint8_t *ea = memchr(a.p, '=', a.n), *eb = memchr(b.p, '=', b.n);
    if (!ea || !eb)
        return true;
    /* The attribute types may be two names of one type (cn, commonName, 2.5.4.3): only the values decide. */
    struct slice va = slice_trim(slice_from(a, (size_t)(ea - a.p) + 1));
    struct slice vb = slice_trim(slice_from(b, (size_t)(eb - b.p) + 1));
    size_t i = 0, j = 0;
    while (i < va.n && j < vb.n) {
        if (va.p[i] == ' ' && vb.p[j] == ' ') {
            while (i < va.n && va.p[i] == ' ')
                i++;
            while (j < vb.n && vb.p[j] == ' ')
                j++;
        } else if (ascii_lower(va.p[i++]) != ascii_lower(vb.p[j++])) {
            return false;
        }
    }
    return i == va.n && j == vb.n;
}

bool dn_may_be_within(struct slice dn, struct slice above)
{
    size_t deep = rdn_count(dn), high = rdn_count(above);
    if (deep < high)
        return false;
    for (; deep > high; deep--)
        dn = dn_parent(slice_trim(dn));
    for (dn = slice_trim(dn), above = slice_trim(above); high; high--) {
        if (!rdn_may_equal(slice_trim(dn_first_rdn(dn)), slice_trim(dn_first_rdn(above))))
            return false;
        dn = dn_parent(dn);
        above = dn_parent(above);
    }
    return true;
}

struct slice dn_child(struct arena *a, const char *attribute, struct slice value, struct slice parent)
{
    return arena_format(a, "%s=%.*s,%.*s", attribute, SLICE_ARGS(value), SLICE_ARGS(parent));
}
