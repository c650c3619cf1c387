/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/value.h"

#include "base/gentime.h"
#include "base/octets.h"

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

static unsigned pair(const uint8_t *p)
{
    return 10u * p[0] + p[1] - 11u * '0';
}

/* YYMMDDHHMMSSZ after the century. */
static bool read_in(unsigned century, const uint8_t *p, int64_t *at_utc)
{
    return octets_are_digits(octets_at(p)) && octets_are_digits(octets_at(p + 4)) && p[12] == 'Z' &&
           gentime_from_fields(100 * century + pair(p), pair(p + 2), pair(p + 4), pair(p + 6), pair(p + 8),
                               pair(p + 10), at_utc);
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* UTCTime lacks the century: 50 and above are years of the 20th. */
bool value_read_time(uint8_t tag, struct slice content, int64_t *at_utc)
{
    enum { UTC_TIME_OCTETS = 13, CENTURY_OCTETS = 2 };
    const uint8_t *p = content.p;
    if (tag == DER_UTC_TIME)
        return content.n == UTC_TIME_OCTETS && read_in(p[0] < '5' ? 20 : 19, p, at_utc);
    return tag == DER_GENERALIZED_TIME && content.n == CENTURY_OCTETS + UTC_TIME_OCTETS && is_digit(p[0]) &&
           is_digit(p[1]) && read_in(pair(p), p + CENTURY_OCTETS, at_utc);
}
