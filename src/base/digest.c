/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include "base/hex.h"

#include <openssl/sha.h>

_Static_assert(DIGEST_OCTETS == SHA256_DIGEST_LENGTH, "a digest is SHA-256");

struct digest digest_of(struct slice s)
{
    struct digest d;
    SHA256(s.p ? s.p : (const uint8_t *)"", s.n, d.octets);
    return d;
}

int digest_order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct digest));
}

void digest_to_hex(const struct digest *d, uint8_t out[DIGEST_HEX])
{
    hex_write(slice_make(d->octets, DIGEST_OCTETS), out);
}

bool digest_from_hex(struct slice s, struct digest *d)
{
    if (!hex_is(s, DIGEST_OCTETS))
        return false;
    for (size_t i = 0; i < DIGEST_OCTETS; i++)
        d->octets[i] = (uint8_t)(hex_digit(s.p[2 * i]) << 4 | hex_digit(s.p[2 * i + 1]));
    return true;
}
