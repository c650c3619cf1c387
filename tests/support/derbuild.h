/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates made octet by octet, so that a test can make every malformation.  Nothing here reads or checks: what
 * goes in comes out.  Everything lives in the caller's arena.
 * @source ITU-T X.690 section 8.1, RFC 5280 section 4.1
 */
#ifndef TESTS_SUPPORT_DERBUILD_H
#define TESTS_SUPPORT_DERBUILD_H

#include "base/arena.h"
#include "base/der.h"

/* One element: the identifier octet, the shortest length, and the parts one after the other. */
struct slice der_build(struct arena *a, uint8_t tag, size_t count, const struct slice *parts);
/* The parts one after the other, without a header. */
struct slice der_join(struct arena *a, size_t count, const struct slice *parts);

#define DER_PARTS(...)      sizeof((struct slice[]){__VA_ARGS__}) / sizeof(struct slice), (struct slice[]){__VA_ARGS__}
#define DER(a, tag, ...)    der_build((a), (tag), DER_PARTS(__VA_ARGS__))
#define DER_JOIN(a, ...)    der_join((a), DER_PARTS(__VA_ARGS__))
#define DER_EMPTY(a, tag)   der_build((a), (tag), 0, NULL)
#define DER_TEXT(a, tag, s) DER(a, tag, SLICE_LITERAL(s))
/* Lives as long as the block around it. */
#define DER_OCTETS(...)     slice_make((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
/* n octets of the same value. */
struct slice der_fill(struct arena *a, uint8_t octet, size_t n);

/* An AttributeTypeAndValue: commonName, or any other X.520 attribute by the last arc of its OID. */
struct slice der_attribute(struct arena *a, uint8_t arc, uint8_t tag, struct slice value);
/* A Name of one commonName. */
struct slice der_common_name(struct arena *a, uint8_t tag, struct slice value);
/* An Extension of 2.5.29.<arc>; `critical` is an encoded BOOLEAN or empty. */
struct slice der_extension(struct arena *a, uint8_t arc, struct slice critical, struct slice value);

/* The parts of a certificate, each encoded as it will stand; an empty one is left out. */
struct recipe {
    struct slice version, serial, inner_algorithm, issuer, validity, subject, spki;
    struct slice issuer_id, subject_id;
    struct slice extensions; /* the Extension elements one after the other */
    struct slice extension_list, extension_wrapper; /* when not empty: in the place of what is made of `extensions` */
    struct slice tbs_tail, outer_algorithm, signature, certificate_tail, after;
};

/*
 * Version 3, serial 1, CN=h1.example.com, SAN dNSName h1.example.com and alias.example.com, EKU serverAuth, key usage,
 * an RSA key, 2024-01-01 to 2034-01-01.
 */
void recipe_everyday(struct arena *a, struct recipe *r);
struct slice recipe_build(struct arena *a, const struct recipe *r);

#endif
