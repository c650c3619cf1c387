/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extensions that we know, and whether what they hold decodes.  Values are not judged here, only their form.
 * @source RFC 5280 section 4.2, ITU-T X.690
 */
#ifndef X509_EXTENSION_H
#define X509_EXTENSION_H

#include "base/slice.h"

enum extension_kind { EXTENSION_OTHER = 0, EXTENSION_SAN, EXTENSION_EKU };

/* What is odd about a GeneralName although it decodes. */
enum {
    ODD_NAME = 1 << 0, /* control or non-ASCII octets, an address of an odd length, an empty or unordered RDN */
    ODD_IA5 = 1 << 1,  /* an IA5String that is not ASCII: only in the subjectAltName does that make it malformed */
};

struct extension_type {
    enum extension_kind kind;
    /* Whether `value`, the content of the extension's OCTET STRING, decodes.  Linear in value.n.  Adds bits to *odd. */
    bool (*ok)(struct slice value, unsigned *odd);
    const char *flaw; /* what to say when it does not: a static string, as in struct facts */
};

/* By the content octets of the OID; NULL when we do not know it. */
const struct extension_type *extension_find(struct slice oid);

#endif
