/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for kinds of key, from the SubjectPublicKeyInfo.
 * @source RFC 3279 section 2.3.1, RFC 5480 section 2.1.1, RFC 8410 section 3
 */
#include "base/der.h"
#include "ctl/report_data.h"

enum { OID_ROOM = 64 };

static struct slice dotted(struct arena *a, struct slice oid)
{
    char text[OID_ROOM];
    return arena_copy(a, slice_make(text, der_oid_write(oid, text, sizeof text)));
}

/* The bits of the modulus of the RSAPublicKey in the BIT STRING; 0: it does not decode. */
static size_t modulus_bits(struct slice bits)
{
    struct der_element key, modulus;
    if (bits.n == 0 || bits.p[0] != 0)
        return 0;
    bits = slice_from(bits, 1);
    if (!der_expect(&bits, DER_SEQUENCE, &key) || !der_expect(&key.content, DER_INTEGER, &modulus))
        return 0;
    struct slice n = modulus.content;
    while (n.n && n.p[0] == 0)
        n = slice_from(n, 1);
    if (n.n == 0)
        return 0;
    size_t count = 8 * n.n;
    for (unsigned first = n.p[0]; !(first & 0x80); first <<= 1)
        count--;
    return count;
}

static struct slice curve_name(struct arena *a, struct slice parameters)
{
    static const struct {
        const char *oid, *name;
    } curves[] = {{"1.2.840.10045.3.1.7", "P-256"},
                  {"1.3.132.0.34", "P-384"},
                  {"1.3.132.0.35", "P-521"},
                  {"1.3.132.0.10", "secp256k1"},
                  {"1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"},
                  {"1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"}};
    struct der_element oid;
    if (!der_expect(&parameters, DER_OID, &oid))
        return SLICE_LITERAL("without a named curve");
    struct slice text = dotted(a, oid.content);
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (slice_eq(text, slice_of(curves[i].oid)))
            return slice_of(curves[i].name);
    return text;
}

struct slice report_key_name(struct arena *a, struct slice der, const struct facts *f)
{
    struct slice spki = facts_slice(der, f->spki);
    struct der_element whole, algorithm, oid, bits;
    bool read = der_expect(&spki, DER_SEQUENCE, &whole) && der_expect(&whole.content, DER_SEQUENCE, &algorithm) &&
                der_expect(&algorithm.content, DER_OID, &oid) && der_expect(&whole.content, DER_BIT_STRING, &bits);
    if (!read)
        return SLICE_LITERAL("does not decode");
    switch (facts_key_family(der, f)) {
    case KEY_RSA:
        return arena_format(a, "RSA %zu", modulus_bits(bits.content));
    case KEY_EC:
        return arena_format(a, "EC %.*s", SLICE_ARGS(curve_name(a, algorithm.content)));
    case KEY_ED25519:
        return SLICE_LITERAL("Ed25519");
    case KEY_ED448:
        return SLICE_LITERAL("Ed448");
    case KEY_OTHER:
        break;
    }
    return dotted(a, oid.content);
}
