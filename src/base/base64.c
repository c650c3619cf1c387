/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

static int digit_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_read(struct arena *a, struct slice text, struct slice *out)
{
    size_t padding = 0, n = 0;
    while (padding < 2 && text.n > padding && text.p[text.n - 1 - padding] == '=')
        padding++;
    if (text.n % 4)
        return false;
    uint8_t *octets = arena_alloc(a, text.n / 4 * 3 + 1);
    uint32_t bits = 0;
    for (size_t i = 0; i < text.n; i++) {
        int digit = i < text.n - padding ? digit_of(text.p[i]) : 0;
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 == 3) {
            octets[n++] = (uint8_t)(bits >> 16);
            octets[n++] = (uint8_t)(bits >> 8);
            octets[n++] = (uint8_t)bits;
        }
    }
    *out = slice_make(octets, n - (text.n ? padding : 0));
    return true;
}
