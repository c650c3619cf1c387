/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Foreign text made safe to store and to print: printable UTF-8 passes, everything else (control characters,
 * octets that are not UTF-8, bidirectional controls, line separators, the backslash itself) becomes \xx.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/arena.h"

/* Room for the worst case: each octet becomes three. */
#define ESCAPE_ROOM(n) (3 * (n))

/*
 * Writes the escaped form of s into out, at most `room` octets, never half an escape or half a character; where it
 * did not fit, it ends in "...".  Octets in `also` (a C string) are escaped too.  Returns the octets written; no NUL.
 */
size_t escape_write(struct slice s, const char *also, uint8_t *out, size_t room);
/* The same into the arena, capped at `cap` octets. */
struct slice escape_text(struct arena *a, struct slice s, size_t cap);

/*
 * The same for a text whose backslashes begin escapes already: a DN as RFC 4514 writes it, and what the functions
 * above wrote, such as a finding's detail.  Those escapes stay as they are, and everything else that does not print
 * becomes \xx; a backslash that begins no escape becomes \5c.  A DN stays a DN, of the same entry, and doing it twice
 * changes nothing.
 * @source RFC 4514 section 3 (pair)
 */
size_t escape_rest_write(struct slice s, uint8_t *out, size_t room);
struct slice escape_rest(struct arena *a, struct slice s, size_t cap);
/* The length of the well-formed UTF-8 character that begins s (RFC 3629), or 0; *code is its code point. */
size_t utf8_read(struct slice s, uint32_t *code);

#endif
