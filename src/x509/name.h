/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading one Name: its structure, and how ordinary the attribute values in it are.
 * @source RFC 5280 section 4.1.2.4 and appendix A.1, ITU-T X.680 section 41
 */
#ifndef X509_NAME_H
#define X509_NAME_H

#include "x509/parts.h"

/* In the order of their weight. */
enum name_flaw {
    NAME_FINE = 0,
    NAME_EMPTY_RDN,  /* a RelativeDistinguishedName without attributes */
    NAME_ORDER,      /* the attributes of an RDN are not in DER's order (X.690 section 11.6) */
    NAME_CHARACTERS, /* a PrintableString, NumericString, IA5String or VisibleString with other characters */
    NAME_STRING,     /* a UTF8String, BMPString or UniversalString whose octets are none */
    NAME_BROKEN,     /* the structure does not decode: nothing about the name holds */
};

struct name {
    enum name_flaw flaw;   /* the heaviest one */
    const uint8_t *where;  /* the octet of it */
    uint32_t common_names; /* commonName attributes */
    bool odd_encoding;     /* an old, empty, broken or unexpected string type, or octets that its type lacks */
    bool odd_octets;       /* NUL, control or non-ASCII octets in a value */
};

/*
 * Reads the content octets of an RDNSequence into *name.  Linear in content.n.  `parts`: what was read before, and what
 * is worth it is kept there; or NULL.
 */
void name_read(struct slice content, struct parts *parts, struct name *name);

#endif
