/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_IDN_H
#define BASE_IDN_H

#include "base/slice.h"

enum { IDN_ROOM = 256 };

/*
 * The A-label form of a domain name in UTF-8 (IDNA2008 with the non-transitional mapping of UTS 46, so that upper
 * case and width forms are folded first), lower-case, into out; no NUL.  Returns its octets, or 0 when the name has
 * none (not UTF-8, an embedded NUL, a forbidden code point, one that UTS 46 would drop, a label over 63 octets).
 * @source RFC 5890 section 2.3.2.1, RFC 5891 section 5
 */
size_t idn_to_ascii(struct slice name, uint8_t out[IDN_ROOM]);

#endif
