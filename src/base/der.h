/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading DER, strictly and without allocation: a cursor over octets from which one element after the other is
 * taken.  Refused: the indefinite length, lengths not in their shortest form, tag numbers above 30, anything that
 * reaches past its container.
 * @source ITU-T X.690 (2021) sections 8.1 and 10.1
 */
#ifndef BASE_DER_H
#define BASE_DER_H

#include "base/slice.h"

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_TELETEX_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_VISIBLE_STRING = 0x1a,
    DER_UNIVERSAL_STRING = 0x1c,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT = 0x80,
    DER_CONSTRUCTED = 0x20,
};

struct der_element {
    uint8_t tag;          /* the identifier octet, class and constructed bit included */
    struct slice content; /* without header */
    struct slice whole;   /* header and content */
};

/* Octets of an element.  What is not DER has SIZE_MAX octets of content, which fit nowhere. */
struct der_extent {
    size_t header, content;
};
/* Of the element that begins s, which has two octets and more, where its length takes several. */
struct der_extent der_extent_long(struct slice s);
static inline struct der_extent der_extent(struct slice s)
{
    if (s.p[1] < 0x80)
        return (struct der_extent){2, s.p[1]};
    if (s.p[1] == 0x82 && s.n >= 4 && s.p[2]) /* of 256 octets to 65,535, as most of the long ones are */
        return (struct der_extent){4, (size_t)s.p[2] << 8 | s.p[3]};
    return der_extent_long(s);
}
/* Takes an element of that extent off *cursor, if it fits. */
static inline bool der_take(struct slice *cursor, struct der_extent x, struct der_element *e)
{
    const uint8_t *p = cursor->p;
    size_t n = cursor->n;
    if (x.content > n - x.header)
        return false;
    *e = (struct der_element){p[0], {p + x.header, x.content}, {p, x.header + x.content}};
    *cursor = (struct slice){p + x.header + x.content, n - x.header - x.content};
    return true;
}
/* Takes the next element off *cursor; false, and *cursor untouched, when it is not DER or does not fit. */
static inline bool der_next(struct slice *cursor, struct der_element *e)
{
    if (cursor->n < 2 || (cursor->p[0] & 0x1f) == 0x1f)
        return false;
    return der_take(cursor, der_extent(*cursor), e);
}
/* True when the next element has that tag. */
static inline bool der_is(struct slice cursor, uint8_t tag)
{
    return cursor.n && cursor.p[0] == tag;
}
/* As der_next, and false when the element's tag is another. */
static inline bool der_expect(struct slice *cursor, uint8_t tag, struct der_element *e)
{
    return cursor->n >= 2 && cursor->p[0] == tag && der_next(cursor, e);
}
/* INTEGER content octets in their shortest form (X.690 section 8.3.2). */
static inline bool der_integer_ok(struct slice c)
{
    if (c.n == 0)
        return false;
    return c.n == 1 || !((c.p[0] == 0x00 && c.p[1] < 0x80) || (c.p[0] == 0xff && c.p[1] >= 0x80));
}
/* OBJECT IDENTIFIER content octets: every arc in its shortest form and ended (X.690 section 8.19.2). */
bool der_oid_ok(struct slice content);
/* BOOLEAN content: 0x00 or 0xff only (X.690 section 11.1). */
bool der_boolean_ok(struct slice content, bool *value);
/* An OID's content octets as dotted decimal into out (no NUL); returns the octets written, "?" where it is not one. */
size_t der_oid_write(struct slice content, char *out, size_t room);

#endif
