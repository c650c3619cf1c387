/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/name.h"

#include "base/escape.h"
#include "x509/value.h"

enum { TAG_NUMERIC_STRING = 0x12, COMMON_NAME = 3 };

/* id-at is 2.5.4, and the types in it, as most are, one octet more. */
static const uint8_t id_at[] = {0x55, 0x04};
static bool is_attribute_type(struct slice oid)
{
    return oid.n == 3 && memcmp(oid.p, id_at, sizeof id_at) == 0 && oid.p[2] < 0x80;
}

static void flaw(struct name *name, enum name_flaw what, const uint8_t *where)
{
    if (what <= name->flaw)
        return;
    name->flaw = what;
    name->where = where;
}

static bool broken(struct name *name, const uint8_t *where)
{
    flaw(name, NAME_BROKEN, where);
    return false;
}

/* What all octets of a string are: PrintableString and NumericString by X.680 section 41.4 and 41.2. */
enum { OCTETS_ASCII = 1, OCTETS_PLAIN = 2, OCTETS_PRINTABLE = 4, OCTETS_NUMERIC = 8 };

enum { A = OCTETS_ASCII, P = A | OCTETS_PLAIN, L = P | OCTETS_PRINTABLE, N = L | OCTETS_NUMERIC };
/* clang-format off */
static const uint8_t octets[256] = {
    A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* 0x00 */
    A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A,
    N, P, P, P, P, P, P, L, L, L, P, L, L, L, L, L, /* 0x20: space ' ( ) + , - . / */
    N, N, N, N, N, N, N, N, N, N, L, P, P, L, P, L, /* 0x30: digits : = ? */
    P, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, /* 0x40 */
    L, L, L, L, L, L, L, L, L, L, L, P, P, P, P, P,
    P, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, /* 0x60 */
    L, L, L, L, L, L, L, L, L, L, L, P, P, P, P, A,
};
/* clang-format on */

static bool all_are(unsigned what, struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(octets[s.p[i]] & what))
            return false;
    return true;
}

static bool is_utf8(struct slice s)
{
    uint32_t code;
    for (size_t n; s.n; s = slice_from(s, n)) {
        n = utf8_read(s, &code);
        if (n == 0)
            return false;
    }
    return true;
}

/* BMPString has no surrogates (it is UCS-2), UniversalString nothing beyond U+10FFFF. */
static bool is_wide(struct slice s, size_t width)
{
    if (s.n % width)
        return false;
    for (size_t i = 0; i < s.n; i += width) {
        uint32_t c = 0;
        for (size_t k = 0; k < width; k++)
            c = c << 8 | s.p[i + k];
        if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
            return false;
    }
    return true;
}

/* Whether the octets are of the string's type, and whether the type is an everyday one. */
static enum name_flaw flaw_of(uint8_t tag, struct slice s, bool plain, bool *odd_encoding)
{
    switch (tag) {
    case DER_UTF8_STRING:
        return plain || is_utf8(s) ? NAME_FINE : NAME_STRING;
    case DER_PRINTABLE_STRING:
        return all_are(OCTETS_PRINTABLE, s) ? NAME_FINE : NAME_CHARACTERS;
    case DER_IA5_STRING:
        *odd_encoding |= !plain;
        return plain || all_are(OCTETS_ASCII, s) ? NAME_FINE : NAME_CHARACTERS;
    }
    *odd_encoding = true;
    switch (tag) {
    case DER_BMP_STRING:
        return is_wide(s, 2) ? NAME_FINE : NAME_STRING;
    case DER_UNIVERSAL_STRING:
        return is_wide(s, 4) ? NAME_FINE : NAME_STRING;
    case TAG_NUMERIC_STRING:
        return all_are(OCTETS_NUMERIC, s) ? NAME_FINE : NAME_CHARACTERS;
    case DER_VISIBLE_STRING:
        return plain ? NAME_FINE : NAME_CHARACTERS;
    }
    return NAME_FINE;
}

static void read_value(struct name *name, uint8_t tag, struct slice s)
{
    bool plain = slice_is_plain(s), odd_encoding = s.n == 0;
    if (tag == DER_UTF8_STRING && plain && s.n)
        return; /* as most do */
    enum name_flaw found = flaw_of(tag, s, plain, &odd_encoding);
    name->odd_octets |= !plain;
    name->odd_encoding |= odd_encoding || found != NAME_FINE;
    flaw(name, found, s.p);
}

static bool read_attribute(struct name *name, struct slice attribute)
{
    struct der_element type, value;
    if (!der_expect(&attribute, DER_OID, &type))
        return broken(name, attribute.p);
    bool everyday = is_attribute_type(type.content);
    if (!everyday && !der_oid_ok(type.content))
        return broken(name, attribute.p);
    if (!der_next(&attribute, &value) || attribute.n || !value_any_ok(&value))
        return broken(name, attribute.p);
    if (everyday && type.content.p[2] == COMMON_NAME)
        name->common_names++;
    read_value(name, value.tag, value.content);
    return true;
}

static bool read_rdn(struct name *name, struct slice rdn)
{
    struct der_element e;
    struct slice before = {NULL, 0};
    if (rdn.n == 0)
        flaw(name, NAME_EMPTY_RDN, rdn.p);
    while (rdn.n) {
        if (!der_expect(&rdn, DER_SEQUENCE, &e))
            return broken(name, rdn.p);
        if (before.n && slice_compare(before, e.whole) > 0)
            flaw(name, NAME_ORDER, e.whole.p);
        if (!read_attribute(name, e.content))
            return false;
        before = e.whole;
    }
    return true;
}

/* Nothing that is ever asked about a name came of what was read of it. */
static bool says_nothing(const struct name *name)
{
    return name->flaw == NAME_FINE && name->common_names == 0 && !name->odd_encoding && !name->odd_octets;
}

void name_read(struct slice content, struct parts *parts, struct name *name)
{
    struct der_element rdn;
    *name = (struct name){.flaw = NAME_FINE};
    while (content.n) {
        if (!der_expect(&content, DER_SET, &rdn)) {
            flaw(name, NAME_BROKEN, content.p);
            return;
        }
        if (parts_find(parts, PART_RDN, rdn.whole))
            continue;
        if (!read_rdn(name, rdn.content))
            return;
        if (says_nothing(name))
            parts_keep(parts, PART_RDN, rdn.whole, &(struct part){.kind = PART_RDN});
    }
}
