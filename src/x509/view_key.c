/* SPDX-License-Identifier: Apache-2.0 */
/* The public key, by OpenSSL's ASN.1 and curves alone: the null provider has nothing that decodes a key whole. */
#include "x509/view.h"

#include <openssl/ec.h>
#include <openssl/objects.h>

struct raw_key {
    int algorithm, parameters_type;
    const void *parameters;
    struct slice octets;
    bool is_whole; /* no bit of the last octet is unused */
};

/* The octets stand last in the encoding, and before them how many bits of the last one are unused. */
static bool is_whole(const X509_PUBKEY *key, size_t octets)
{
    unsigned char *encoded = NULL;
    int n = i2d_X509_PUBKEY(key, &encoded);
    bool whole = n > 0 && (size_t)n > octets && encoded[(size_t)n - octets - 1] == 0;
    OPENSSL_free(encoded);
    return whole;
}

static void read_raw(const struct view *v, struct raw_key *raw)
{
    const X509_PUBKEY *key = X509_get_X509_PUBKEY(v->x);
    const unsigned char *octets = NULL;
    X509_ALGOR *algorithm = NULL;
    ASN1_OBJECT *oid = NULL;
    int n = 0;
    X509_PUBKEY_get0_param(&oid, &octets, &n, &algorithm, key);
    X509_ALGOR_get0(NULL, &raw->parameters_type, &raw->parameters, algorithm);
    raw->algorithm = OBJ_obj2nid(oid);
    raw->octets = slice_make(octets, n > 0 ? (size_t)n : 0);
    raw->is_whole = is_whole(key, raw->octets.n);
}

/* Bits of a number above zero, else 0. */
static uint32_t number_bits(const ASN1_TYPE *t)
{
    if (ASN1_TYPE_get(t) != V_ASN1_INTEGER || ASN1_STRING_type(t->value.integer) != V_ASN1_INTEGER)
        return 0;
    BIGNUM *number = ASN1_INTEGER_to_BN(t->value.integer, NULL);
    uint32_t bits = number ? (uint32_t)BN_num_bits(number) : 0;
    BN_free(number);
    return bits;
}

static void free_elements(ASN1_SEQUENCE_ANY *elements)
{
    sk_ASN1_TYPE_pop_free(elements, ASN1_TYPE_free);
}

/* Bits of the modulus; 0: not an RSAPublicKey. */
static uint32_t modulus_bits(struct slice octets)
{
    const unsigned char *p = octets.p;
    unsigned char *renewed = NULL;
    ASN1_SEQUENCE_ANY *elements = d2i_ASN1_SEQUENCE_ANY(NULL, &p, (long)octets.n);
    int n = elements ? i2d_ASN1_SEQUENCE_ANY(elements, &renewed) : -1;
    uint32_t bits = 0;
    if (n > 0 && slice_eq(octets, slice_make(renewed, (size_t)n)) && sk_ASN1_TYPE_num(elements) == 2 &&
        number_bits(sk_ASN1_TYPE_value(elements, 1)))
        bits = number_bits(sk_ASN1_TYPE_value(elements, 0));
    OPENSSL_free(renewed);
    free_elements(elements);
    return bits;
}

static void see_rsa(const struct raw_key *raw, int other_parameters, struct seen_key *key)
{
    key->is_known = true;
    if (raw->is_whole && (raw->parameters_type == V_ASN1_UNDEF || raw->parameters_type == other_parameters))
        key->bits = modulus_bits(raw->octets);
    key->malformed = key->bits == 0;
}

static bool is_point(struct slice octets, uint32_t degree)
{
    size_t field = (degree + 7) / 8;
    if (octets.n == 0)
        return false;
    switch (octets.p[0]) {
    case POINT_CONVERSION_UNCOMPRESSED:
        return octets.n == 2 * field + 1;
    case POINT_CONVERSION_COMPRESSED:
    case POINT_CONVERSION_COMPRESSED + 1:
        return octets.n == field + 1;
    }
    return false;
}

static uint32_t curve_bits(struct curve_sizes *curves, int nid)
{
    for (unsigned i = 0; i < curves->count; i++)
        if (curves->items[i].nid == nid)
            return curves->items[i].bits;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(nid);
    uint32_t bits = group ? (uint32_t)EC_GROUP_get_degree(group) : 0;
    EC_GROUP_free(group);
    if (group && curves->count < sizeof curves->items / sizeof *curves->items) {
        curves->items[curves->count].nid = nid;
        curves->items[curves->count++].bits = bits;
    }
    return bits;
}

static void see_ec(const struct view *v, const struct raw_key *raw, struct seen_key *key)
{
    bool named = raw->parameters_type == V_ASN1_OBJECT;
    key->malformed = !raw->is_whole || raw->octets.n == 0 || (!named && raw->parameters_type != V_ASN1_SEQUENCE);
    key->is_known = key->malformed || !named;
    if (key->is_known)
        return;
    uint32_t degree = curve_bits(v->curves, OBJ_obj2nid(raw->parameters));
    key->is_known = degree && (v->f->key_bits || v->f->key_malformed);
    key->malformed = degree && !is_point(raw->octets, degree);
    key->bits = key->malformed ? 0 : degree;
}

static void see_eddsa(const struct raw_key *raw, size_t octets, uint32_t field_bits, struct seen_key *key)
{
    key->is_known = true;
    key->malformed = !raw->is_whole || raw->octets.n != octets || raw->parameters_type != V_ASN1_UNDEF;
    key->bits = key->malformed ? 0 : field_bits;
}

void view_key(const struct view *v, struct seen_key *key)
{
    struct raw_key raw = {.parameters_type = V_ASN1_UNDEF};
    *key = (struct seen_key){.is_known = false};
    read_raw(v, &raw);
    switch (raw.algorithm) {
    case NID_rsaEncryption:
        see_rsa(&raw, V_ASN1_NULL, key);
        break;
    case NID_rsassaPss:
    case NID_rsaesOaep:
        see_rsa(&raw, V_ASN1_SEQUENCE, key);
        break;
    case NID_X9_62_id_ecPublicKey:
        see_ec(v, &raw, key);
        break;
    case NID_ED25519:
        see_eddsa(&raw, 32, 255, key);
        break;
    case NID_ED448:
        see_eddsa(&raw, 57, 448, key);
        break;
    }
}
