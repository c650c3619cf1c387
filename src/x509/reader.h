/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first reader: our own strict DER reader of one certificate.  It allocates nothing, follows no pointer in the
 * input, and its time is linear in the size of the input.  What is merely forbidden is noted in f->malformed and the
 * reading goes on; where the structure itself breaks, f->readable stays false.
 *
 * Taken as readable and malformed: octets after the certificate, version outside 1..3 (f->version 0), an encoded
 * DEFAULT, extensions or unique identifiers that the version forbids, differing AlgorithmIdentifiers, wrong padding of
 * a BIT STRING, an empty or unordered RDN, a string in subject or issuer that is not of its type, be it only for a
 * character (an ampersand in a PrintableString), an RSA, EC or EdDSA key that does not
 * decode, an extension that is there twice or does not decode (which a list without elements, a key usage without a
 * bit, a path length that is negative or over 2^31 - 1, half of an authority's issuer and serial number and a
 * distribution point that names nothing do not), no or over READER_EXTENSIONS extensions,
 * over READER_OCTETS octets.
 * Not readable: everything that is not DER, a wrong order or type of the parts, a time not in RFC 5280's form.
 * Unusual, as it decodes and says what it means: a GeneralizedTime before 2050, notBefore after notAfter, a key usage
 * with zero bits at the end, a path length without cA, an empty key identifier, a name constraint or keyCertSign
 * without cA, parameters that a signature algorithm does not have (all UNUSUAL_VALUE), an RSA key without parameters, a
 * curve that is described or that we do not know (UNUSUAL_KEY), characters that a string's type does not have in a
 * directoryName (UNUSUAL_NAME), an unknown critical extension (UNUSUAL_CRITICAL): an authority may have agreed on it
 * with who uses its certificates.
 * Let pass: an encoded cA FALSE, which is too widespread to look at each twice.
 * @source RFC 5280 section 4.1 and 4.2, RFC 3279, RFC 5480, RFC 8410, ITU-T X.690
 */
#ifndef X509_READER_H
#define X509_READER_H

#include "core/facts.h"

struct parts;

/* More extensions than this are malformed: no certificate has a use for them, and looking for pairs stays cheap. */
enum { READER_EXTENSIONS = 64 };
/* A larger certificate is malformed, although it is read: nobody's software takes it, and nothing is done about it. */
enum { READER_OCTETS = 1000 * 1000 };

/*
 * Reads the certificate `der` into *f, which needs no initial value.  Input that is empty, PEM
 * or of 2^31 octets and more is refused by name.
 */
void facts_read(struct slice der, struct facts *f);
/*
 * The same, for one certificate after the other: what many have in common is in `parts` (x509/parts.h) after the first
 * of them.  The facts are the same whatever was read before.
 */
void facts_read_next(struct parts *parts, struct slice der, struct facts *f);

#endif
