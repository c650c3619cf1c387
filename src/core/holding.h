/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates of an entry side by side: each is taken once, however often it stands there, and what stands there
 * twice is said.  The work grows with n log n in the number of values.
 * @source RFC 4512 section 2.2 (the values of an attribute are a set), RFC 4522 section 3 (";binary" is no other
 * attribute), RFC 5280 section 4.1.2.2 (issuer and serial number name one certificate)
 */
#ifndef CORE_HOLDING_H
#define CORE_HOLDING_H

#include "core/subject.h"

/* Fills the subject's certificates, which of its attributes showed none, and the holding but for `repeated`. */
void holding_take(struct arena *a, const struct entry *e, struct subject *s);
/* Fills holding.repeated, where policy asks for it, once the facts of the certificates are read. */
void holding_describe(struct arena *a, struct subject *s);

#endif
