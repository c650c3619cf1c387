/* SPDX-License-Identifier: Apache-2.0 */
#include "core/facts.h"

#include "base/der.h"
#include "base/escape.h"

static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t oid_rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const uint8_t oid_ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
static const uint8_t oid_ed25519[] = {0x2b, 0x65, 0x70};
static const uint8_t oid_ed448[] = {0x2b, 0x65, 0x71};

#define OID_IS(s, oid) slice_eq((s), slice_make((oid), sizeof(oid)))

struct slice facts_subject(struct slice der, const struct facts *f)
{
    return facts_in_sequence(facts_slice(der, f->subject));
}

/* The sets lie end to end, so stepping into each header makes one flat list of attributes of the whole name. */
static bool next_attribute(struct slice *cursor, struct der_element *attribute)
{
    struct slice rest = *cursor;
    while (der_next(&rest, attribute)) {
        size_t header = attribute->whole.n - attribute->content.n;
        if (attribute->tag == DER_SET)
            rest = slice_from(*cursor, header);
        *cursor = rest;
        if (attribute->tag == DER_SEQUENCE)
            return true;
        if (attribute->tag != DER_SET)
            break;
    }
    *cursor = slice_make(cursor->p, 0);
    return false;
}

bool facts_next_common_name(struct slice *cursor, uint8_t *tag, struct slice *value)
{
    struct der_element attribute, type, string;
    while (next_attribute(cursor, &attribute)) {
        struct slice inside = attribute.content;
        if (!der_expect(&inside, DER_OID, &type) || !OID_IS(type.content, oid_common_name))
            continue;
        if (!der_next(&inside, &string))
            continue;
        *tag = string.tag;
        *value = string.content;
        return true;
    }
    return false;
}

struct text {
    uint8_t *out;
    size_t room, n;
};

/* One code point as UTF-8 (RFC 3629 section 3). */
static bool put(struct text *t, uint32_t c)
{
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return false;
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (n > t->room - t->n)
        return false;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        t->out[t->n + i] = (uint8_t)(0x80 | (c & 0x3f));
    t->out[t->n] = (uint8_t)(lead[n] | c);
    t->n += n;
    return true;
}

/* Characters of `width` octets each, big-endian; one octet means ASCII. */
static bool put_wide(struct text *t, struct slice s, size_t width)
{
    if (s.n % width)
        return false;
    for (size_t i = 0; i < s.n; i += width) {
        uint32_t c = 0;
        for (size_t k = 0; k < width; k++)
            c = c << 8 | s.p[i + k];
        if ((width == 1 && c > 0x7f) || !put(t, c))
            return false;
    }
    return true;
}

static bool put_utf8(struct text *t, struct slice s)
{
    uint32_t code;
    for (size_t n; s.n; s = slice_from(s, n)) {
        n = utf8_read(s, &code);
        if (n == 0 || !put(t, code))
            return false;
    }
    return true;
}

bool facts_text(uint8_t tag, struct slice value, uint8_t *out, size_t room, size_t *written)
{
    struct text t = {out, room, 0};
    bool ok = false;
    switch (tag) {
    case DER_UTF8_STRING:
        ok = put_utf8(&t, value);
        break;
    case DER_PRINTABLE_STRING:
    case DER_IA5_STRING:
    case DER_VISIBLE_STRING:
    case DER_TELETEX_STRING:
        ok = put_wide(&t, value, 1);
        break;
    case DER_BMP_STRING:
        ok = put_wide(&t, value, 2);
        break;
    case DER_UNIVERSAL_STRING:
        ok = put_wide(&t, value, 4);
        break;
    }
    *written = ok ? t.n : 0;
    return ok;
}

enum key_family facts_key_family(struct slice der, const struct facts *f)
{
    struct slice oid = facts_slice(der, f->key_algorithm);
    if (OID_IS(oid, oid_rsa))
        return KEY_RSA;
    if (OID_IS(oid, oid_ec))
        return KEY_EC;
    if (OID_IS(oid, oid_ed25519))
        return KEY_ED25519;
    return OID_IS(oid, oid_ed448) ? KEY_ED448 : KEY_OTHER;
}

struct slice facts_crl_points(struct slice der, const struct facts *f)
{
    return facts_in_extension(der, &f->crl_points);
}

enum { TAG_NAME = 0xa0, TAG_FULL_NAME = 0xa0, TAG_URI = 0x80 | NAME_URI };

/*
 * The names of a DistributionPoint that has nothing but a fullName, up to where the list of points ends: after the last
 * name stands the next point, which no name can be mistaken for.
 */
static void step_into_point(struct slice *cursor, struct slice point)
{
    struct der_element name, full;
    const uint8_t *end = cursor->p + cursor->n;
    if (!der_expect(&point, TAG_NAME, &name) || point.n || !der_expect(&name.content, TAG_FULL_NAME, &full))
        return;
    *cursor = slice_make(full.content.p, (size_t)(end - full.content.p));
}

bool facts_next_crl_uri(struct slice *cursor, struct slice *uri)
{
    struct der_element e;
    while (der_next(cursor, &e)) {
        if (e.tag == DER_SEQUENCE) {
            step_into_point(cursor, e.content);
        } else if (e.tag == TAG_URI) {
            *uri = e.content;
            return true;
        }
    }
    *cursor = slice_make(cursor->p, 0);
    return false;
}
