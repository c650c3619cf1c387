/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/slice.h"

/* Lower-case hexadecimal of s into out, which holds 2 * s.n octets; no NUL. */
void hex_write(struct slice s, uint8_t *out);
/* True when s is lower-case hexadecimal of exactly `octets` octets. */
bool hex_is(struct slice s, size_t octets);
/* The value of one hexadecimal digit of either case, or -1. */
int hex_digit(uint8_t c);

#endif
