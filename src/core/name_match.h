/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the Name in a certificate the one that an administrator wrote?  Strings are compared whatever their type
 * (PrintableString, UTF8String, ...), their case, and their insignificant white space; values of other types, octet
 * by octet.  The values of one RDN may stand in any order.
 *
 * Not all that RFC 4518 asks for, and on the strict side: case is folded in the Latin, Greek and Cyrillic alphabets; a
 * composed character is not the same as its parts; invisible and control characters are not dropped, so that a name
 * with a NUL in it is not the name without.  A string that does not decode in its type equals nothing, but what was
 * written as "#" and hexadecimal with the same octets.
 * @source RFC 5280 section 7.1, RFC 4518 section 2
 */
#ifndef CORE_NAME_MATCH_H
#define CORE_NAME_MATCH_H

#include "core/name_compile.h"

/* `name` is the whole Name, header included. */
bool name_equals(struct slice name, const struct name_values *values);
/* The same with RFC 4514 text; false too where that does not parse.  Nothing stays in the arena. */
bool name_equals_text(struct arena *a, struct slice name, struct slice text);

#endif
