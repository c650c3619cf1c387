/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight octets at once, as one number: the short strings and identifiers of certificates are looked at two or three
 * times as fast.  Which octet is the lowest in the number does not matter: up to the first one that is looked for,
 * none carries into the next.
 */
#ifndef BASE_OCTETS_H
#define BASE_OCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OCTETS_EACH(octet) ((octet)*UINT64_C(0x0101010101010101))

static inline uint64_t octets_at(const uint8_t *p)
{
    uint64_t eight;
    memcpy(&eight, p, sizeof eight);
    return eight;
}

/* Of n octets, 4 to 8: the first four and the last four, of which some are the same. */
static inline uint64_t octets_of_few(const uint8_t *p, size_t n)
{
    uint32_t first, last;
    memcpy(&first, p, sizeof first);
    memcpy(&last, p + n - sizeof last, sizeof last);
    return (uint64_t)first << 32 | last;
}

/* The lowest octet that becomes 0 borrows, so that its top bit is set which was not; without one, none does. */
static inline bool octets_hold(uint64_t eight, uint8_t octet)
{
    uint64_t differing = eight ^ OCTETS_EACH(octet);
    return (differing - OCTETS_EACH(1)) & ~differing & OCTETS_EACH(0x80);
}

/*
 * Printable ASCII, 0x20 to 0x7e.  The lowest octet that is none shows it in its top bit: under 0x20 and 0xff in the
 * first number, all others in the second.
 */
static inline bool octets_are_plain(uint64_t eight)
{
    return (((eight - OCTETS_EACH(0x20)) | (eight + OCTETS_EACH(1))) & OCTETS_EACH(0x80)) == 0;
}

/* '0' to '9': what is over 9 then comes to 0x80 and above, and no octet carries that was not. */
static inline bool octets_are_digits(uint64_t eight)
{
    uint64_t values = eight ^ OCTETS_EACH('0');
    return (((values + OCTETS_EACH(0x76)) | values) & OCTETS_EACH(0x80)) == 0;
}

#endif
