/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of octets with its length.  Nothing that comes from a directory or a certificate is ever a C string:
 * NUL is an octet like any other.  A slice owns nothing; whoever made the octets says how long they live.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const uint8_t *p;
    size_t n;
};

#define SLICE_LITERAL(text) ((struct slice){(const uint8_t *)(text), sizeof(text) - 1})
/* For printf's "%.*s". */
#define SLICE_ARGS(s) (int)(s).n, (const char *)(s).p

static inline struct slice slice_make(const void *p, size_t n)
{
    return (struct slice){(const uint8_t *)p, n};
}

/* The octets of a C string without its NUL; text may be NULL (an empty slice). */
static inline struct slice slice_of(const char *text)
{
    return (struct slice){(const uint8_t *)text, text ? strlen(text) : 0};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Equal but for the case of ASCII letters. */
bool slice_eq_nocase_slowly(struct slice a, struct slice b);
/* Most names that differ do so in their length or their last octet, and most that are equal are so in their case. */
static inline bool slice_eq_nocase(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || (ascii_lower(a.p[a.n - 1]) == ascii_lower(b.p[b.n - 1]) &&
                                       (memcmp(a.p, b.p, a.n) == 0 || slice_eq_nocase_slowly(a, b))));
}
/* Every octet is printable ASCII, 0x20 to 0x7e. */
bool slice_is_plain(struct slice s);
/* Order by octets, the shorter first where one begins the other. */
int slice_compare(struct slice a, struct slice b);
/* The same for qsort and bsearch over arrays of slices. */
int slice_order(const void *a, const void *b);
/* Without leading and trailing ASCII white space. */
struct slice slice_trim(struct slice s);
/* Cuts the next word (separated by spaces and tabs) off *rest; false when there is none. */
bool slice_word(struct slice *rest, struct slice *word);
/* Cuts *rest at the first `separator`; false when *rest was used up before. An empty last part counts. */
bool slice_split(struct slice *rest, uint8_t separator, struct slice *part);
/* An unsigned decimal without sign, leading zeros (but "0") or blanks, at most max. */
bool slice_to_uint(struct slice s, uint64_t max, uint64_t *value);

static inline struct slice slice_from(struct slice s, size_t at)
{
    size_t cut = at < s.n ? at : s.n;
    return cut ? (struct slice){s.p + cut, s.n - cut} : s; /* NULL + 0 would be undefined */
}

static inline struct slice slice_upto(struct slice s, size_t n)
{
    return (struct slice){s.p, n < s.n ? n : s.n};
}

static inline bool slice_starts(struct slice s, struct slice with)
{
    return s.n >= with.n && slice_eq(slice_upto(s, with.n), with);
}

#endif
