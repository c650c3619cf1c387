/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_NAME_H
#define CORE_NAME_H

#include "base/arena.h"

/*
 * A certificate's Name as text, most specific RDN first, as RFC 4514 writes it, with every octet that is not
 * printable escaped, at most `cap` octets.  For people and for dircertIssuer: names that certificates hold need not
 * be names that a directory accepts.
 */
struct slice name_text(struct arena *a, struct slice name, size_t cap);
/* A serial number's content octets as lower-case hexadecimal of its magnitude, with "-" before a negative one. */
struct slice serial_text(struct arena *a, struct slice serial);

#endif
