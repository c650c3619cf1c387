/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/certificates.h"

#include "base/digest.h"
#include "support/derbuild.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

enum { RSA_KEYS = 10, EC_KEYS = 64, NONCES = 256, PRIME_OCTETS = 128, SCALAR_OCTETS = 32, POINT_OCTETS = 65 };

/* k, as what a signature needs of it: r, 1/k, and r times the authority's key. */
struct nonce {
    BIGNUM *r, *inverse, *r_key;
};

struct bench_authority {
    unsigned seed;
    struct arena arena;
    struct slice rsa[RSA_KEYS], ec[EC_KEYS], key; /* SubjectPublicKeyInfo; the last is its own */
    struct slice algorithm, name, tail;           /* what all certificates share: ..., and the extensions that do */
    struct nonce nonces[NONCES];
    const BIGNUM *order;
    EC_GROUP *group;
    BN_CTX *context;
};

#define S(text) SLICE_LITERAL(text)

/* libcrypto refuses only where memory or the program is broken. */
static void must(bool done)
{
    if (done)
        return;
    fprintf(stderr, "bench: libcrypto refused\n");
    exit(1);
}

/* The seed's octets of that label and number. */
static void draw(const struct bench_authority *b, const char *label, unsigned number, size_t n, uint8_t *out)
{
    for (size_t at = 0; at < n; at += DIGEST_OCTETS) {
        char text[64];
        int length = snprintf(text, sizeof text, "%u %s %u %zu", b->seed, label, number, at);
        struct digest d = digest_of(slice_make(text, (size_t)length));
        memcpy(out + at, d.octets, n - at < DIGEST_OCTETS ? n - at : DIGEST_OCTETS);
    }
}

/* Keys. */

static BIGNUM *draw_prime(struct bench_authority *b, unsigned number)
{
    uint8_t octets[PRIME_OCTETS];
    draw(b, "prime", number, sizeof octets, octets);
    octets[0] |= 0xc0;
    octets[PRIME_OCTETS - 1] |= 1;
    BIGNUM *p = BN_bin2bn(octets, sizeof octets, NULL);
    must(p != NULL);
    for (int is; (is = BN_check_prime(p, b->context, NULL)) != 1; must(BN_add_word(p, 2) == 1))
        must(is == 0);
    return p;
}

static struct slice number_octets(struct arena *a, const BIGNUM *n)
{
    size_t length = (size_t)BN_num_bytes(n);
    uint8_t *out = arena_alloc(a, length + 1); /* arena memory is zeroed: the sign octet */
    must(BN_bn2bin(n, out + 1) == (int)length);
    return out[1] & 0x80 ? slice_make(out, length + 1) : slice_make(out + 1, length);
}

static struct slice rsa_key(struct bench_authority *b, unsigned number)
{
    struct arena *a = &b->arena;
    BIGNUM *p = draw_prime(b, 2 * number), *q = draw_prime(b, 2 * number + 1), *n = BN_new();
    must(n && BN_mul(n, p, q, b->context) == 1);
    struct slice oid = DER_OCTETS(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01);
    struct slice key = DER(a, DER_SEQUENCE, DER(a, DER_INTEGER, number_octets(a, n)),
                           DER(a, DER_INTEGER, DER_OCTETS(0x01, 0x00, 0x01)));
    BN_free(p);
    BN_free(q);
    BN_free(n);
    return DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, DER(a, DER_OID, oid), DER_EMPTY(a, DER_NULL)),
               DER(a, DER_BIT_STRING, DER_OCTETS(0), key));
}

static BIGNUM *draw_scalar(struct bench_authority *b, const char *label, unsigned number)
{
    uint8_t octets[SCALAR_OCTETS];
    draw(b, label, number, sizeof octets, octets);
    octets[0] &= 0x7f; /* below the order of P-256 */
    BIGNUM *scalar = BN_bin2bn(octets, sizeof octets, NULL);
    must(scalar != NULL);
    return scalar;
}

static struct slice ec_key(struct bench_authority *b, const char *label, unsigned number)
{
    struct arena *a = &b->arena;
    uint8_t point[POINT_OCTETS];
    BIGNUM *scalar = draw_scalar(b, label, number);
    EC_POINT *p = EC_POINT_new(b->group);
    must(p && EC_POINT_mul(b->group, p, scalar, NULL, NULL, b->context) == 1 &&
         EC_POINT_point2oct(b->group, p, POINT_CONVERSION_UNCOMPRESSED, point, sizeof point, b->context) ==
             sizeof point);
    EC_POINT_free(p);
    BN_free(scalar);
    struct slice type = DER(a, DER_OID, DER_OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01));
    struct slice curve = DER(a, DER_OID, DER_OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07));
    return DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, type, curve),
               DER(a, DER_BIT_STRING, DER_OCTETS(0), slice_make(point, sizeof point)));
}

/* Signatures: ecdsa-with-SHA256. */

static void make_nonce(struct bench_authority *b, unsigned number, const BIGNUM *key)
{
    struct nonce *nonce = &b->nonces[number];
    BIGNUM *k = draw_scalar(b, "nonce", number), *x = BN_new();
    EC_POINT *p = EC_POINT_new(b->group);
    nonce->r = BN_new();
    nonce->r_key = BN_new();
    must(x && p && nonce->r && nonce->r_key && EC_POINT_mul(b->group, p, k, NULL, NULL, b->context) == 1 &&
         EC_POINT_get_affine_coordinates(b->group, p, x, NULL, b->context) == 1 &&
         BN_nnmod(nonce->r, x, b->order, b->context) == 1 &&
         BN_mod_mul(nonce->r_key, nonce->r, key, b->order, b->context) == 1);
    nonce->inverse = BN_mod_inverse(NULL, k, b->order, b->context);
    must(nonce->inverse != NULL);
    EC_POINT_free(p);
    BN_free(k);
    BN_free(x);
}

static struct slice sign(struct bench_authority *b, struct arena *a, unsigned server, struct slice tbs)
{
    const struct nonce *nonce = &b->nonces[server % NONCES];
    struct digest d = digest_of(tbs);
    BIGNUM *s = BN_bin2bn(d.octets, DIGEST_OCTETS, NULL);
    must(s && BN_mod_add(s, s, nonce->r_key, b->order, b->context) == 1 &&
         BN_mod_mul(s, s, nonce->inverse, b->order, b->context) == 1);
    struct slice value =
        DER(a, DER_SEQUENCE, DER(a, DER_INTEGER, number_octets(a, nonce->r)), DER(a, DER_INTEGER, number_octets(a, s)));
    BN_free(s);
    return DER(a, DER_BIT_STRING, DER_OCTETS(0), value);
}

/* The authority. */

static struct slice name_of(struct arena *a, struct slice common_name)
{
    return DER(a, DER_SEQUENCE, DER(a, DER_SET, der_attribute(a, 6, DER_PRINTABLE_STRING, S("DE"))),
               DER(a, DER_SET, der_attribute(a, 10, DER_UTF8_STRING, S("Example Organisation"))),
               DER(a, DER_SET, der_attribute(a, 3, DER_UTF8_STRING, common_name)));
}

/* The extensions that are the same in each: where its issuer's CRL and certificate are, and a policy. */
static struct slice common_extensions(struct arena *a)
{
    enum { URI = DER_CONTEXT | 6, ZERO = DER_CONTEXT | DER_CONSTRUCTED };
    struct slice crl = DER_TEXT(a, URI, "http://pki.example.com/benchmark-ca.crl");
    struct slice points = DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, DER(a, ZERO, DER(a, ZERO, crl))));
    struct slice method = DER(a, DER_OID, DER_OCTETS(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02));
    struct slice issuers = DER(a, DER_SEQUENCE, method, DER_TEXT(a, URI, "http://pki.example.com/benchmark-ca.crt"));
    struct slice access = DER(a, DER_OID, DER_OCTETS(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01));
    struct slice domain = DER(a, DER_OID, DER_OCTETS(0x67, 0x81, 0x0c, 0x01, 0x02, 0x02));
    struct slice policies = DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, domain));
    struct slice none = {NULL, 0};
    return DER_JOIN(a, der_extension(a, 31, none, points),
                    DER(a, DER_SEQUENCE, access, DER(a, DER_OCTET_STRING, DER(a, DER_SEQUENCE, issuers))),
                    der_extension(a, 32, none, policies));
}

struct bench_authority *bench_authority_new(unsigned seed)
{
    struct bench_authority *b = calloc(1, sizeof *b);
    must(b != NULL);
    b->seed = seed;
    b->context = BN_CTX_new();
    b->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    must(b->context && b->group);
    b->order = EC_GROUP_get0_order(b->group);
    for (unsigned i = 0; i < RSA_KEYS; i++)
        b->rsa[i] = rsa_key(b, i);
    for (unsigned i = 0; i < EC_KEYS; i++)
        b->ec[i] = ec_key(b, "key", i);
    b->key = ec_key(b, "authority", 0);
    BIGNUM *key = draw_scalar(b, "authority", 0);
    for (unsigned i = 0; i < NONCES; i++)
        make_nonce(b, i, key);
    BN_free(key);
    b->algorithm = DER(&b->arena, DER_SEQUENCE,
                       DER(&b->arena, DER_OID, DER_OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)));
    b->name = name_of(&b->arena, S("Benchmark CA"));
    b->tail = common_extensions(&b->arena);
    return b;
}

struct slice bench_authority_key(const struct bench_authority *b)
{
    return b->key;
}

void bench_authority_free(struct bench_authority *b)
{
    for (unsigned i = 0; i < NONCES; i++) {
        BN_free(b->nonces[i].r);
        BN_free(b->nonces[i].inverse);
        BN_free(b->nonces[i].r_key);
    }
    EC_GROUP_free(b->group);
    BN_CTX_free(b->context);
    arena_free(&b->arena);
    free(b);
}

/* Certificates. */

enum bench_kind bench_kind_of(unsigned server, unsigned per_cent)
{
    static const enum bench_kind kinds[] = {BENCH_VERSION_1, BENCH_OTHER_NAME, BENCH_OTHER_SAN, BENCH_EXPIRED};
    unsigned within = server % 100;
    return within < per_cent ? kinds[(server / 100 + within) % 4] : BENCH_GOOD;
}

struct slice bench_host(struct arena *a, unsigned server)
{
    return arena_format(a, "h%07u.dc.example.com", server);
}

/* One name, two, five, or for some a wildcard beside a name of another domain; the host's is not always the first. */
static struct slice alternative_names(struct arena *a, unsigned server, struct slice name)
{
    enum { DNS = DER_CONTEXT | 2, OTHERS = 4 };
    struct slice own = DER(a, DNS, name), others[OTHERS];
    if (server % 16 == 7 && name.p[0] == 'h')
        own = DER_TEXT(a, DNS, "*.dc.example.com");
    for (unsigned i = 0; i < OTHERS; i++)
        others[i] = DER(a, DNS, arena_format(a, "alias-%u.svc%u.example.com", server % 1000, i));
    switch (server % 4) {
    case 0:
        return DER(a, DER_SEQUENCE, own);
    case 1:
        return DER(a, DER_SEQUENCE, own, others[0]);
    case 2:
        return DER(a, DER_SEQUENCE, others[0], own, others[1], others[2], others[3]);
    default:
        return DER(a, DER_SEQUENCE, others[0], own);
    }
}

static struct slice extensions_of(const struct bench_authority *b, struct arena *a, unsigned server, bool named,
                                  struct slice name)
{
    static const uint8_t server_auth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
    static const uint8_t client_auth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};
    const struct slice none = {NULL, 0}, critical = DER(a, DER_BOOLEAN, DER_OCTETS(0xff));
    struct slice id = slice_make(b->rsa[server % RSA_KEYS].p + 40, 20), issuer_id = slice_make(b->ec[0].p + 30, 20);
    struct slice purposes = DER(a, DER_SEQUENCE, DER(a, DER_OID, slice_make(server_auth, sizeof server_auth)),
                                DER(a, DER_OID, slice_make(client_auth, sizeof client_auth)));
    struct slice list = DER_JOIN(a, der_extension(a, 35, none, DER(a, DER_SEQUENCE, DER(a, DER_CONTEXT, issuer_id))),
                                 der_extension(a, 14, none, DER(a, DER_OCTET_STRING, id)),
                                 der_extension(a, 15, critical, DER(a, DER_BIT_STRING, DER_OCTETS(0x07, 0x80))),
                                 der_extension(a, 19, critical, DER_EMPTY(a, DER_SEQUENCE)),
                                 der_extension(a, 37, none, purposes), b->tail);
    struct slice names = named ? der_extension(a, 17, none, alternative_names(a, server, name)) : none;
    return DER(a, DER_CONTEXT | DER_CONSTRUCTED | 3, DER(a, DER_SEQUENCE, list, names));
}

struct slice bench_certificate(struct bench_authority *b, struct arena *a, unsigned server, enum bench_kind kind)
{
    const bool old = kind == BENCH_VERSION_1, expired = kind == BENCH_EXPIRED;
    struct slice host = bench_host(a, server), other = arena_format(a, "old-%u.example.com", server);
    struct slice san = kind == BENCH_OTHER_SAN ? other : host, cn = kind == BENCH_OTHER_NAME ? other : host;
    uint8_t serial[16];
    draw(b, "serial", server, sizeof serial, serial);
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
    struct slice version = {NULL, 0}, extensions = {NULL, 0};
    if (!old) {
        version = DER(a, DER_CONTEXT | DER_CONSTRUCTED, DER(a, DER_INTEGER, DER_OCTETS(2)));
        extensions = extensions_of(b, a, server, kind != BENCH_OTHER_NAME, san);
    }
    struct slice life = DER(a, DER_SEQUENCE, DER(a, DER_UTC_TIME, expired ? S("240101000000Z") : S("260101000000Z")),
                            DER(a, DER_UTC_TIME, expired ? S("251231235959Z") : S("351231235959Z")));
    struct slice key = server % 10 < 6 ? b->rsa[server % RSA_KEYS] : b->ec[server % EC_KEYS];
    struct slice tbs = DER(a, DER_SEQUENCE, version, DER(a, DER_INTEGER, slice_make(serial, sizeof serial)),
                           b->algorithm, b->name, life, name_of(a, cn), key, extensions);
    return DER(a, DER_SEQUENCE, tbs, b->algorithm, sign(b, a, server, tbs));
}
