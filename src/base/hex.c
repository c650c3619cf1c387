/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hex.h"

void hex_write(struct slice s, uint8_t *out)
{
    static const uint8_t digits[16] = "0123456789abcdef";
    for (size_t i = 0; i < s.n; i++) {
        out[2 * i] = digits[s.p[i] >> 4];
        out[2 * i + 1] = digits[s.p[i] & 15];
    }
}

int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_is(struct slice s, size_t octets)
{
    if (s.n != 2 * octets)
        return false;
    unsigned others = 0; /* to the end in any case, which compilers do many at once */
    for (size_t i = 0; i < s.n; i++)
        others |= (unsigned)((uint8_t)(s.p[i] - '0') >= 10) & (unsigned)((uint8_t)(s.p[i] - 'a') >= 6);
    return !others;
}
