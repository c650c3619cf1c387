/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/value.h"

#include "base/gentime.h"

enum {
    CLASS_BITS = 0xc0,
    TAG_NUMBER = 0x1f,
    TAG_END = 0x00,
    TAG_EXTERNAL = 0x08,
    TAG_ENUMERATED = 0x0a,
    TAG_EMBEDDED_PDV = 0x0b,
    TAG_UNRESTRICTED = 0x1d,
};

/* Whether the constructed bit is as the type wants it (X.690 sections 8 and 10.2). */
static bool is_constructed_rightly(uint8_t tag)
{
    bool constructed = tag & DER_CONSTRUCTED;
    switch (tag & TAG_NUMBER) {
    case DER_SEQUENCE &TAG_NUMBER:
    case DER_SET &TAG_NUMBER:
    case TAG_EXTERNAL:
    case TAG_EMBEDDED_PDV:
    case TAG_UNRESTRICTED:
        return constructed;
    }
    return !constructed;
}

bool value_ok_slowly(uint8_t tag, struct slice content)
{
    bool ignored;
    if (tag & CLASS_BITS)
        return true;
    if (!is_constructed_rightly(tag))
        return false;
    switch (tag) {
    case TAG_END:
        return false;
    case DER_BOOLEAN:
        return der_boolean_ok(content, &ignored);
    case DER_INTEGER:
    case TAG_ENUMERATED:
        return der_integer_ok(content);
    case DER_BIT_STRING:
        return value_bit_string_ok(content);
    case DER_NULL:
        return content.n == 0;
    case DER_OID:
        return der_oid_ok(content);
    case DER_BMP_STRING:
        return content.n % 2 == 0;
    case DER_UNIVERSAL_STRING:
        return content.n % 4 == 0;
    }
    return true;
}

/* Two digits; where they are none 100, which is no part of a time. */
static unsigned read_pair(const uint8_t *p)
{
    unsigned tens = p[0] - (unsigned)'0', ones = p[1] - (unsigned)'0';
    return tens > 9 || ones > 9 ? 100 : 10 * tens + ones;
}

/* [YY]YYMMDDHHMMSSZ; UTCTime lacks the century: 50 and above are years of the 20th. */
bool value_read_time(const struct der_element *e, int64_t *at_utc)
{
    enum { UTC_TIME_OCTETS = 13, CENTURY_OCTETS = 2 };
    const uint8_t *p = e->content.p;
    unsigned century = 0;
    if (e->tag == DER_GENERALIZED_TIME && e->content.n == CENTURY_OCTETS + UTC_TIME_OCTETS) {
        century = read_pair(p);
        p += CENTURY_OCTETS;
    } else if (e->tag != DER_UTC_TIME || e->content.n != UTC_TIME_OCTETS) {
        return false;
    }
    unsigned year = read_pair(p);
    if (e->tag == DER_UTC_TIME)
        century = year < 50 ? 20 : 19;
    return century < 100 && year < 100 && p[12] == 'Z' &&
           gentime_from_fields(100 * century + year, read_pair(p + 2), read_pair(p + 4), read_pair(p + 6),
                               read_pair(p + 8), read_pair(p + 10), at_utc);
}
