/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values whose type is only known from their tag, BIT STRINGs, and times: is what they hold what is allowed there?
 * @source ITU-T X.690 (2021) sections 8, 10 and 11, RFC 5280 section 4.1.2.5
 */
#ifndef X509_VALUE_H
#define X509_VALUE_H

#include "base/der.h"

/* The content octets of a BIT STRING: the unused bits are there and zero (section 11.2.1). */
static inline bool value_bit_string_ok(struct slice c)
{
    if (c.n == 0 || c.p[0] > 7)
        return false;
    return c.n == 1 ? c.p[0] == 0 : (c.p[c.n - 1] & ((1u << c.p[0]) - 1)) == 0;
}
/* value_any_ok of any element. */
bool value_ok_slowly(uint8_t tag, struct slice content);
/* An element of any type: primitive or constructed as its type wants, and simple types well-formed.  Not what is
 * inside. */
static inline bool value_any_ok(const struct der_element *e)
{
    /* Strings of octets that have no form to get wrong, as most values are. */
    return e->tag == DER_UTF8_STRING || e->tag == DER_PRINTABLE_STRING || e->tag == DER_IA5_STRING ||
           value_ok_slowly(e->tag, e->content);
}

/* A UTCTime or GeneralizedTime in the form of RFC 5280 section 4.1.2.5: with seconds, in UTC, and nothing else. */
bool value_read_time(uint8_t tag, struct slice content, int64_t *at_utc);

#endif
