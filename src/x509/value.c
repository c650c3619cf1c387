/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/value.h"

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

bool value_bit_string_ok(struct slice c)
{
    if (c.n == 0 || c.p[0] > 7)
        return false;
    return c.n == 1 ? c.p[0] == 0 : (c.p[c.n - 1] & ((1u << c.p[0]) - 1)) == 0;
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
