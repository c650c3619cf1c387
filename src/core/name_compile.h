/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A distinguished name as an administrator writes it, for comparing with the names in certificates.  Blanks around
 * "=", "," and "+" are passed over; quotation marks and ";" between RDNs, which RFC 4514 no longer has, are refused.
 * @source RFC 4514 section 3
 */
#ifndef CORE_NAME_COMPILE_H
#define CORE_NAME_COMPILE_H

#include "base/arena.h"

/* What one RDN may hold, one name, and one value in octets; more is refused, so that it never silently equals nothing.
 */
enum { NAME_RDN_MOST = 32, NAME_VALUES_MOST = 256, NAME_VALUE_OCTETS = 4096 };

/* One AttributeTypeAndValue. */
struct name_value {
    struct slice type;   /* content octets of the OID */
    uint8_t tag;         /* the identifier octet: UTF8String for text, anything for "#" and hexadecimal */
    struct slice octets; /* content octets */
    bool joined;         /* by "+" to the one before it: the same RDN */
};
struct name_values {
    struct name_value *items; /* as they were written: the most specific RDN first */
    size_t count, room;
};

/* Compiles one name of at least one RDN into the arena; false: it does not parse, and *values is good for nothing. */
bool name_compile(struct arena *a, struct slice text, struct name_values *values);
/* Does it parse?  For policies: what does not is a problem there. */
bool name_parse_ok(struct slice text);

#endif
