/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/name.h"

#include "base/escape.h"
#include "x509/value.h"

enum { TAG_NUMERIC_STRING = 0x12 };

static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};

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

static unsigned octets_of(struct slice s)
{
    unsigned all = N;
    for (size_t i = 0; i < s.n; i++)
        all &= octets[s.p[i]];
    return all;
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

/* Whether a string of a type with few characters has no others; true for the other types. */
static bool has_right_characters(uint8_t tag, unsigned are)
{
    switch (tag) {
    case DER_PRINTABLE_STRING:
        return are & OCTETS_PRINTABLE;
    case TAG_NUMERIC_STRING:
        return are & OCTETS_NUMERIC;
    case DER_VISIBLE_STRING:
        return are & OCTETS_PLAIN;
    case DER_IA5_STRING:
        return are & OCTETS_ASCII;
    }
    return true;
}

static void read_value(struct name *name, const struct der_element *e)
{
    struct slice s = e->content;
    unsigned are = octets_of(s);
    bool plain = are & OCTETS_PLAIN, whole = true;
    name->odd_octets |= !plain;
    name->odd_encoding |= s.n == 0;
    switch (e->tag) {
    case DER_UTF8_STRING:
        whole = plain || is_utf8(s);
        break;
    case DER_PRINTABLE_STRING:
        break;
    case DER_IA5_STRING:
        name->odd_encoding |= !plain;
        break;
    case DER_BMP_STRING:
        name->odd_encoding = true;
        whole = is_wide(s, 2);
        break;
    case DER_UNIVERSAL_STRING:
        name->odd_encoding = true;
        whole = is_wide(s, 4);
        break;
    default:
        name->odd_encoding = true;
    }
    if (whole && has_right_characters(e->tag, are))
        return;
    name->odd_encoding = true;
    flaw(name, whole ? NAME_CHARACTERS : NAME_STRING, s.p);
}

static bool read_attribute(struct name *name, struct slice attribute)
{
    struct der_element type, value;
    if (!der_expect(&attribute, DER_OID, &type) || !der_oid_ok(type.content))
        return broken(name, attribute.p);
    if (!der_next(&attribute, &value) || attribute.n || !value_any_ok(&value))
        return broken(name, attribute.p);
    if (slice_eq(type.content, slice_make(oid_common_name, sizeof oid_common_name)))
        name->common_names++;
    read_value(name, &value);
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

void name_read(struct slice content, struct name *name)
{
    struct der_element rdn;
    *name = (struct name){.flaw = NAME_FINE};
    while (content.n) {
        if (!der_expect(&content, DER_SET, &rdn)) {
            flaw(name, NAME_BROKEN, content.p);
            return;
        }
        if (!read_rdn(name, rdn.content))
            return;
    }
}
