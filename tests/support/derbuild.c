/* SPDX-License-Identifier: Apache-2.0 */
#include "support/derbuild.h"

struct slice der_join(struct arena *a, size_t count, const struct slice *parts)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < count; i++)
        n += parts[i].n;
    uint8_t *out = arena_alloc(a, n + 1);
    for (size_t i = 0; i < count; at += parts[i++].n)
        if (parts[i].n)
            memcpy(out + at, parts[i].p, parts[i].n);
    return slice_make(out, n);
}

static struct slice header(struct arena *a, uint8_t tag, size_t n)
{
    uint8_t *out = arena_alloc(a, 8);
    size_t octets = 0;
    for (size_t rest = n; rest; rest >>= 8)
        octets++;
    out[0] = tag;
    if (n < 0x80) {
        out[1] = (uint8_t)n;
        return slice_make(out, 2);
    }
    out[1] = (uint8_t)(0x80 | octets);
    for (size_t i = 0; i < octets; i++)
        out[2 + i] = (uint8_t)(n >> (8 * (octets - 1 - i)));
    return slice_make(out, 2 + octets);
}

struct slice der_build(struct arena *a, uint8_t tag, size_t count, const struct slice *parts)
{
    struct slice content = der_join(a, count, parts);
    return DER_JOIN(a, header(a, tag, content.n), content);
}

struct slice der_fill(struct arena *a, uint8_t octet, size_t n)
{
    uint8_t *out = arena_alloc(a, n + 1);
    memset(out, octet, n);
    return slice_make(out, n);
}

struct slice der_attribute(struct arena *a, uint8_t arc, uint8_t tag, struct slice value)
{
    struct slice type = DER(a, DER_OID, DER_OCTETS(0x55, 0x04, arc));
    return DER(a, DER_SEQUENCE, type, DER(a, tag, value));
}

struct slice der_common_name(struct arena *a, uint8_t tag, struct slice value)
{
    return DER(a, DER_SEQUENCE, DER(a, DER_SET, der_attribute(a, 3, tag, value)));
}

struct slice der_extension(struct arena *a, uint8_t arc, struct slice critical, struct slice value)
{
    struct slice type = DER(a, DER_OID, DER_OCTETS(0x55, 0x1d, arc));
    return DER(a, DER_SEQUENCE, type, critical, DER(a, DER_OCTET_STRING, value));
}

static struct slice rsa_key(struct arena *a)
{
    struct slice oid = DER(a, DER_OID, DER_OCTETS(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01));
    struct slice modulus = DER_JOIN(a, DER_OCTETS(0x00, 0xc3), der_fill(a, 0x5b, 255));
    struct slice key = DER(a, DER_SEQUENCE, DER(a, DER_INTEGER, modulus), DER(a, DER_INTEGER, DER_OCTETS(1, 0, 1)));
    return DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, oid, DER_EMPTY(a, DER_NULL)),
               DER(a, DER_BIT_STRING, DER_OCTETS(0), key));
}

static struct slice everyday_extensions(struct arena *a)
{
    struct slice none = {NULL, 0}, critical = DER(a, DER_BOOLEAN, DER_OCTETS(0xff));
    struct slice names =
        DER(a, DER_SEQUENCE, DER_TEXT(a, 0x82, "h1.example.com"), DER_TEXT(a, 0x82, "alias.example.com"));
    struct slice server = DER(a, DER_OID, DER_OCTETS(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01));
    return DER_JOIN(a, der_extension(a, 15, critical, DER(a, DER_BIT_STRING, DER_OCTETS(0x05, 0xa0))),
                    der_extension(a, 37, none, DER(a, DER_SEQUENCE, server)), der_extension(a, 17, none, names));
}

void recipe_everyday(struct arena *a, struct recipe *r)
{
    struct slice sha256_rsa = DER(a, DER_OID, DER_OCTETS(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b));
    struct slice algorithm = DER(a, DER_SEQUENCE, sha256_rsa, DER_EMPTY(a, DER_NULL));
    *r = (struct recipe){
        .version = DER(a, 0xa0, DER(a, DER_INTEGER, DER_OCTETS(2))),
        .serial = DER(a, DER_INTEGER, DER_OCTETS(1)),
        .inner_algorithm = algorithm,
        .issuer = der_common_name(a, DER_UTF8_STRING, SLICE_LITERAL("Example CA")),
        .validity = DER(a, DER_SEQUENCE, DER_TEXT(a, DER_UTC_TIME, "240101000000Z"),
                        DER_TEXT(a, DER_UTC_TIME, "340101000000Z")),
        .subject = der_common_name(a, DER_UTF8_STRING, SLICE_LITERAL("h1.example.com")),
        .spki = rsa_key(a),
        .extensions = everyday_extensions(a),
        .outer_algorithm = algorithm,
        .signature = DER(a, DER_BIT_STRING, DER_OCTETS(0), der_fill(a, 0x77, 256)),
    };
}

struct slice recipe_build(struct arena *a, const struct recipe *r)
{
    struct slice list = r->extension_list, wrapper = r->extension_wrapper;
    if (!list.n && r->extensions.n)
        list = DER(a, DER_SEQUENCE, r->extensions);
    if (!wrapper.n && list.n)
        wrapper = DER(a, 0xa3, list);
    struct slice tbs = DER(a, DER_SEQUENCE, r->version, r->serial, r->inner_algorithm, r->issuer, r->validity, r->subject,
                           r->spki, r->issuer_id, r->subject_id, wrapper, r->tbs_tail);
    struct slice certificate = DER(a, DER_SEQUENCE, tbs, r->outer_algorithm, r->signature, r->certificate_tail);
    return DER_JOIN(a, certificate, r->after);
}
