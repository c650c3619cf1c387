/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slice.h"

#include "base/octets.h"

bool slice_eq_nocase_slowly(struct slice a, struct slice b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return false;
    return true;
}

static bool few_are_plain(struct slice s)
{
    if (s.n >= 4)
        return octets_are_plain(octets_of_few(s.p, s.n));
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7e)
            return false;
    return true;
}

bool slice_is_plain(struct slice s)
{
    if (s.n < 8)
        return few_are_plain(s);
    const uint8_t *last = s.p + s.n - 8; /* some of which are looked at before */
    for (const uint8_t *p = s.p; p < last; p += 8)
        if (!octets_are_plain(octets_at(p)))
            return false;
    return octets_are_plain(octets_at(last));
}

int slice_compare(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

int slice_order(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct slice slice_trim(struct slice s)
{
    while (s.n && is_blank(s.p[0]))
        s = slice_from(s, 1);
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool slice_word(struct slice *rest, struct slice *word)
{
    *rest = slice_trim(*rest);
    size_t n = 0;
    while (n < rest->n && !is_blank(rest->p[n]))
        n++;
    *word = slice_upto(*rest, n);
    *rest = slice_from(*rest, n);
    return n > 0;
}

bool slice_split(struct slice *rest, uint8_t separator, struct slice *part)
{
    if (!rest->p)
        return false;
    const uint8_t *at = rest->n ? memchr(rest->p, separator, rest->n) : NULL;
    if (!at) {
        *part = *rest;
        *rest = (struct slice){NULL, 0};
        return true;
    }
    size_t n = (size_t)(at - rest->p);
    *part = slice_upto(*rest, n);
    *rest = slice_make(at + 1, rest->n - n - 1);
    return true;
}

bool slice_to_uint(struct slice s, uint64_t max, uint64_t *value)
{
    if (s.n == 0 || (s.n > 1 && s.p[0] == '0'))
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (digit > max || v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    if (v > max)
        return false;
    *value = v;
    return true;
}
