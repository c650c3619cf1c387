/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values whose type is only known from their tag, and BIT STRINGs: is what they hold what DER allows there?
 * @source ITU-T X.690 (2021) sections 8, 10 and 11
 */
#ifndef X509_VALUE_H
#define X509_VALUE_H

#include "base/der.h"

/* The content octets of a BIT STRING: the unused bits are there and zero (section 11.2.1). */
bool value_bit_string_ok(struct slice content);
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

#endif
