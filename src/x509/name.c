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

static bool is_plain_ascii(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7e)
            return false;
    return true;
}

/* X.680 section 41.4, table 10. */
static bool is_printable_string(struct slice s)
{
    static const char others[] = " '()+,-./:=?";
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i], lower = ascii_lower(c);
        if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && !memchr(others, c, sizeof others - 1))
            return false;
    }
    return true;
}

/* Section 41.2, table 9. */
static bool is_numeric_string(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ' ' && (s.p[i] < '0' || s.p[i] > '9'))
            return false;
    return true;
}

static bool is_ascii(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] > 0x7f)
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

/* Whether a string of a type with few characters has no others; true for the other types. */
static bool has_right_characters(const struct der_element *e)
{
    switch (e->tag) {
    case DER_PRINTABLE_STRING:
        return is_printable_string(e->content);
    case TAG_NUMERIC_STRING:
        return is_numeric_string(e->content);
    case DER_VISIBLE_STRING:
        return is_plain_ascii(e->content);
    case DER_IA5_STRING:
        return is_ascii(e->content);
    }
    return true;
}

static void read_value(struct name *name, const struct der_element *e)
{
    struct slice s = e->content;
    bool plain = is_plain_ascii(s), whole = true;
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
    if (whole && has_right_characters(e))
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
