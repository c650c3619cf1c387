/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include "base/arena.h"
#include "base/hex.h"

#include <openssl/evp.h>

/* SHA256() looks the algorithm up by its name each time, which takes longer than a certificate's digest. */
static EVP_MD_CTX *context_of_sha256(void)
{
    static EVP_MD_CTX *context; /* as long as the process, which has one thread */
    static EVP_MD *sha256;
    if (!context) {
        OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL); /* a file that could load other code, and takes time */
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
        context = EVP_MD_CTX_new();
        if (!sha256 || EVP_MD_get_size(sha256) != DIGEST_OCTETS || !context ||
            EVP_DigestInit_ex2(context, sha256, NULL) != 1)
            arena_exhausted(sizeof(struct digest));
    }
    return context;
}

struct digest digest_of(struct slice s)
{
    struct digest d;
    EVP_MD_CTX *c = context_of_sha256();
    if (EVP_DigestInit_ex2(c, NULL, NULL) != 1 || EVP_DigestUpdate(c, s.p, s.n) != 1 ||
        EVP_DigestFinal_ex(c, d.octets, NULL) != 1)
        arena_exhausted(sizeof d);
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

/* Of a lower-case digit. */
static unsigned value_of(uint8_t digit)
{
    return digit <= '9' ? digit - (unsigned)'0' : digit - (unsigned)'a' + 10;
}

bool digest_from_hex(struct slice s, struct digest *d)
{
    if (!hex_is(s, DIGEST_OCTETS))
        return false;
    for (size_t i = 0; i < DIGEST_OCTETS; i++)
        d->octets[i] = (uint8_t)(value_of(s.p[2 * i]) << 4 | value_of(s.p[2 * i + 1]));
    return true;
}
