/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/key.h"

#include "base/der.h"
#include "core/algorithm.h"

static const char not_rsa[] = "subjectPublicKeyInfo: RFC 3279 section 2.3.1: not an RSA public key";
static const char not_bound_rsa[] =
    "subjectPublicKeyInfo: RFC 4055 section 1.2: not an RSASSA-PSS or RSAES-OAEP public key";
static const char not_ec[] = "subjectPublicKeyInfo: RFC 5480 section 2: not an elliptic curve's public key";
static const char not_eddsa[] = "subjectPublicKeyInfo: RFC 8410 sections 3 and 4: not an EdDSA public key";

static const struct slice oid_pss = SLICE_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a");
static const struct slice oid_oaep = SLICE_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07");

static uint8_t parameters_tag(struct slice der, const struct facts *f)
{
    return f->key_parameters.n ? facts_slice(der, f->key_parameters).p[0] : 0;
}

/* Takes an INTEGER above zero off *s. */
static bool next_positive(struct slice *s, struct slice der, struct span *number)
{
    struct der_element e;
    if (!der_expect(s, DER_INTEGER, &e) || !der_integer_ok(e.content) || e.content.p[0] & 0x80)
        return false;
    *number = (struct span){(uint32_t)(e.content.p - der.p), (uint32_t)e.content.n};
    return e.content.n > 1 || e.content.p[0] != 0;
}

/* Of a number above zero, as an INTEGER holds it; a limit where the number is beyond what a field can hold. */
static uint32_t bit_length(struct slice number)
{
    if (number.p[0] == 0)
        number = slice_from(number, 1);
    uint64_t bits = (uint64_t)number.n * 8;
    for (unsigned top = number.p[0]; top < 0x80; top <<= 1)
        bits--;
    return bits < UINT32_MAX ? (uint32_t)bits : UINT32_MAX;
}

/* RSAPublicKey: SEQUENCE of modulus and publicExponent. */
static bool read_rsa(struct slice der, struct facts *f, struct slice key)
{
    struct der_element e;
    struct span modulus, exponent;
    if (!der_expect(&key, DER_SEQUENCE, &e) || key.n || !next_positive(&e.content, der, &modulus) ||
        !next_positive(&e.content, der, &exponent) || e.content.n)
        return false;
    f->rsa_modulus = modulus;
    f->rsa_exponent = exponent;
    f->key_bits = bit_length(facts_slice(der, modulus));
    return true;
}

/* The uncompressed and the compressed form (SEC 1 section 2.3.3); RFC 5480 section 2.2 forbids the hybrid one. */
static bool is_point(struct slice key, unsigned field_bits)
{
    size_t field_octets = (field_bits + 7) / 8;
    if (key.n == 0)
        return false;
    if (key.p[0] == 0x04)
        return key.n == 1 + 2 * field_octets;
    return (key.p[0] == 0x02 || key.p[0] == 0x03) && key.n == 1 + field_octets;
}

static bool read_ec(struct slice der, struct facts *f, struct slice key)
{
    struct slice parameters = facts_slice(der, f->key_parameters);
    struct der_element e;
    const struct algorithm *curve = NULL;
    if (der_expect(&parameters, DER_OID, &e))
        curve = algorithm_by_oid(ALGORITHM_CURVE, e.content);
    if (curve && !is_point(key, curve->bits))
        return false;
    f->key_bits = curve ? curve->bits : 0;
    if (!curve)
        f->unusual |= UNUSUAL_KEY;
    return key.n > 0;
}

static bool read_eddsa(struct facts *f, struct slice key, size_t octets, uint32_t field_bits)
{
    if (key.n != octets || f->key_parameters.n)
        return false;
    f->key_bits = field_bits;
    return true;
}

/* What a key of no family that we reissue for may still be. */
static const char *read_other(struct slice der, struct facts *f, struct slice key, bool whole)
{
    uint8_t tag = parameters_tag(der, f);
    f->unusual |= UNUSUAL_KEY;
    struct slice oid = facts_slice(der, f->key_algorithm);
    if (!slice_eq(oid, oid_pss) && !slice_eq(oid, oid_oaep))
        return NULL;
    return whole && (tag == 0 || tag == DER_SEQUENCE) && read_rsa(der, f, key) ? NULL : not_bound_rsa;
}

static const char *read_family(struct slice der, struct facts *f, struct slice key, bool whole)
{
    uint8_t tag = parameters_tag(der, f);
    switch (facts_key_family(der, f)) {
    case KEY_RSA: /* parameters are NULL; many lack them, and everybody can read those keys */
        if (tag == 0)
            f->unusual |= UNUSUAL_KEY;
        return whole && (tag == 0 || tag == DER_NULL) && read_rsa(der, f, key) ? NULL : not_rsa;
    case KEY_EC: /* a curve by its OID, or described in a SEQUENCE */
        return whole && (tag == DER_OID || tag == DER_SEQUENCE) && read_ec(der, f, key) ? NULL : not_ec;
    case KEY_ED25519:
        return whole && read_eddsa(f, key, 32, 255) ? NULL : not_eddsa;
    case KEY_ED448:
        return whole && read_eddsa(f, key, 57, 448) ? NULL : not_eddsa;
    case KEY_OTHER:
        break;
    }
    return read_other(der, f, key, whole);
}

const char *key_read(struct slice der, struct facts *f, struct slice bits)
{
    bool whole = bits.n > 0 && bits.p[0] == 0; /* no bit of the last octet is unused */
    const char *flaw = read_family(der, f, slice_from(bits, 1), whole);
    f->key_malformed = flaw != NULL;
    if (flaw)
        f->unusual |= UNUSUAL_KEY;
    return flaw;
}

/* ECDSA and EdDSA have none (RFC 5758 section 3.2, RFC 8410 section 3), RSA NULL or none (RFC 4055 section 2.1). */
bool key_signature_is_odd(struct slice der, const struct facts *f)
{
    static const uint8_t ecdsa[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04}, eddsa[] = {0x2b, 0x65};
    static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01}, pss = 0x0a;
    if (f->signature_parameters.n == 0)
        return false;
    struct slice oid = facts_slice(der, f->signature_algorithm);
    if (slice_starts(oid, slice_make(rsa, sizeof rsa)))
        return oid.p[oid.n - 1] != pss && facts_slice(der, f->signature_parameters).p[0] != DER_NULL;
    return slice_starts(oid, slice_make(ecdsa, sizeof ecdsa)) || slice_starts(oid, slice_make(eddsa, sizeof eddsa));
}
