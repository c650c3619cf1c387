/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extensions that we know, and whether what they hold decodes.  Values are not judged here, only their form.
 * @source RFC 5280 section 4.2, MS-WCCE section 2.2.2.7.7.4, ITU-T X.690
 */
#ifndef X509_EXTENSION_H
#define X509_EXTENSION_H

#include "core/facts.h"

/* Those of which core wants more than the octets. */
enum extension_kind { EXTENSION_PLAIN = 0, EXTENSION_SAN, EXTENSION_KEY_USAGE, EXTENSION_BASIC_CONSTRAINTS };

/* What is odd about a value although it decodes. */
enum {
    ODD_NAME = 1 << 0,  /* control or non-ASCII octets, an address of an odd length, an empty or unordered RDN */
    ODD_IA5 = 1 << 1,   /* an IA5String that is not ASCII: only in the subjectAltName does that make it malformed */
    ODD_VALUE = 1 << 2, /* RFC 5280 forbids it, and it says what it means */
};

/* What core wants of a value that decodes. */
struct extension_value {
    unsigned odd;            /* bits from above */
    uint16_t key_usage_bits; /* keyUsage: bit n is the n-th; those after the 16th are left out */
    bool is_ca;              /* basicConstraints */
    int64_t path_length;     /* basicConstraints: -1 is none */
};

struct extension_type {
    enum extension_kind kind;
    size_t field; /* where in struct facts its struct extension is; 0: core does not look into it */
    /*
     * Whether `value`, the content of the extension's OCTET STRING, decodes.  Linear in value.n.  Adds bits to v->odd,
     * which the caller sets to 0, and of the other fields fills those of its extension.
     */
    bool (*read)(struct slice value, struct extension_value *v);
    const char *flaw; /* what to say when it does not: a static string, as in struct facts */
    bool differs;     /* it is another one in each certificate */
};

/* By the content octets of the OID; NULL when we do not know it. */
const struct extension_type *extension_find(struct slice oid);

#endif
