/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 back to octets.
 * @source RFC 4648 section 4
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/arena.h"

/* False when it is not base64, whole and with its padding, or has anything else between; *out is in the arena. */
bool base64_read(struct arena *a, struct slice text, struct slice *out);

#endif
