/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/slice.h"

enum { DIGEST_OCTETS = 32, DIGEST_HEX = 2 * DIGEST_OCTETS };

/* A SHA-256 value (FIPS 180-4). */
struct digest {
    uint8_t octets[DIGEST_OCTETS];
};

struct digest digest_of(struct slice s);
static inline bool digest_eq(const struct digest *a, const struct digest *b)
{
    return memcmp(a->octets, b->octets, DIGEST_OCTETS) == 0;
}
/* For qsort and bsearch over arrays of digests. */
int digest_order(const void *a, const void *b);
/* 64 lower-case digits into out; no NUL. */
void digest_to_hex(const struct digest *d, uint8_t out[DIGEST_HEX]);
/* False unless s is 64 lower-case digits. */
bool digest_from_hex(struct slice s, struct digest *d);

#endif
