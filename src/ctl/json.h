/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as it is written, piece by piece, two blanks a level.  Text is foreign: control characters, and those that
 * hide or reorder what is beside them, are written as \u escapes; an octet that is not UTF-8 becomes U+FFFD.
 * @source RFC 8259
 */
#ifndef CTL_JSON_H
#define CTL_JSON_H

#include "base/slice.h"

#include <stdio.h>

struct json {
    FILE *to;
    unsigned depth;
    bool filled; /* the innermost object or array has a member */
};

struct json json_open(FILE *to);
/* Ends the line; everything has to be closed. */
void json_close(struct json *j);

/* `key` names the member of an object; NULL in an array and at the top. */
void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);
void json_text(struct json *j, const char *key, struct slice text);
/* A DN, or another text whose backslashes are escapes (base/escape.h): what does not print is escaped in it too. */
void json_escaped(struct json *j, const char *key, struct slice text);
void json_number(struct json *j, const char *key, uint64_t n);
void json_bool(struct json *j, const char *key, bool b);
void json_null(struct json *j, const char *key);
/* "2026-01-31T23:59:59Z" (RFC 3339); 0 is null. */
void json_time(struct json *j, const char *key, int64_t at_utc);
void json_texts(struct json *j, const char *key, const struct slice *items, size_t count);

#endif
