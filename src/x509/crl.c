/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/crl.h"

#include "base/der.h"
#include "base/gentime.h"
#include "x509/name.h"
#include "x509/value.h"

enum { EXTENSIONS_MOST = 32, TAG_ENUMERATED = 0x0a, TAG_POINT = 0xa0, TAG_ISSUER = 0xa2, TAG_EXTENSIONS = 0xa0 };

#define OID_NUMBER        SLICE_LITERAL("\x55\x1d\x14")
#define OID_REASON        SLICE_LITERAL("\x55\x1d\x15")
#define OID_INVALIDITY    SLICE_LITERAL("\x55\x1d\x18")
#define OID_DELTA         SLICE_LITERAL("\x55\x1d\x1b")
#define OID_ISSUING_POINT SLICE_LITERAL("\x55\x1d\x1c")
#define OID_AUTHORITY_KEY SLICE_LITERAL("\x55\x1d\x23")
#define OID_ISSUER_NAMES  SLICE_LITERAL("\x55\x1d\x12")

static bool digit_pair(struct slice s, size_t at, unsigned *value)
{
    unsigned high = (unsigned)s.p[at] - '0', low = (unsigned)s.p[at + 1] - '0';
    *value = high * 10 + low;
    return high <= 9 && low <= 9;
}

/* RFC 5280 section 5.1.2.4 to 5.1.2.6: to the second, and in Z. */
static bool read_time(struct slice *cursor, int64_t *at_utc)
{
    struct der_element e;
    unsigned century = 20, part[6];
    if (!der_next(cursor, &e) || (e.tag != DER_UTC_TIME && e.tag != DER_GENERALIZED_TIME))
        return false;
    struct slice s = e.content;
    if (s.n != (e.tag == DER_UTC_TIME ? 13u : 15u) || s.p[s.n - 1] != 'Z')
        return false;
    if (e.tag == DER_GENERALIZED_TIME) {
        if (!digit_pair(s, 0, &century))
            return false;
        s = slice_from(s, 2);
    }
    for (size_t i = 0; i < 6; i++)
        if (!digit_pair(s, 2 * i, &part[i]))
            return false;
    if (e.tag == DER_UTC_TIME && part[0] >= 50)
        century = 19;
    return gentime_from_fields(century * 100 + part[0], part[1], part[2], part[3], part[4], part[5], at_utc);
}

static bool is_time(struct slice cursor)
{
    return der_is(cursor, DER_UTC_TIME) || der_is(cursor, DER_GENERALIZED_TIME);
}

static bool algorithm_ok(const struct der_element *algorithm)
{
    struct slice cursor = algorithm->content;
    struct der_element oid, parameters;
    if (!der_expect(&cursor, DER_OID, &oid) || !der_oid_ok(oid.content))
        return false;
    return cursor.n == 0 || (der_next(&cursor, &parameters) && value_any_ok(&parameters) && cursor.n == 0);
}

struct field {
    struct slice oid, value;
    bool critical;
};

/* Takes one Extension off the cursor. */
static bool next_field(struct slice *cursor, struct field *f)
{
    struct der_element sequence, oid, flag, value;
    if (!der_expect(cursor, DER_SEQUENCE, &sequence))
        return false;
    struct slice parts = sequence.content;
    if (!der_expect(&parts, DER_OID, &oid) || !der_oid_ok(oid.content))
        return false;
    f->critical = false;
    if (der_expect(&parts, DER_BOOLEAN, &flag) && !der_boolean_ok(flag.content, &f->critical))
        return false;
    f->oid = oid.content;
    if (!der_expect(&parts, DER_OCTET_STRING, &value) || parts.n)
        return false;
    f->value = value.content;
    return true;
}

/* The one element that the value is, of that tag. */
static bool only_element(struct slice value, uint8_t tag, struct der_element *e)
{
    return der_expect(&value, tag, e) && value.n == 0;
}

/* [n] IMPLICIT BOOLEAN DEFAULT FALSE: absent, or TRUE. */
static bool read_flag(struct slice *cursor, uint8_t tag, bool *flag)
{
    struct der_element e;
    *flag = false;
    if (!der_is(*cursor, tag))
        return true;
    return der_next(cursor, &e) && der_boolean_ok(e.content, flag) && *flag;
}

/* DistributionPointName: GeneralNames in [0], or the RDN in [1], and nothing after it. */
static bool point_ok(struct slice point)
{
    struct der_element outer, choice, name;
    if (!only_element(point, TAG_POINT, &outer))
        return false;
    struct slice cursor = outer.content;
    if (!der_next(&cursor, &choice) || cursor.n || (choice.tag != 0xa0 && choice.tag != 0xa1))
        return false;
    cursor = choice.content;
    size_t count = 0;
    for (; cursor.n; count++)
        if (!der_next(&cursor, &name) || (choice.tag == 0xa0 && (name.tag & 0xc0) != DER_CONTEXT))
            return false;
    return count > 0;
}

/* @source RFC 5280 section 5.2.5 */
static bool read_issuing_point(struct slice value, struct crl *c)
{
    struct der_element sequence, e;
    if (!only_element(value, DER_SEQUENCE, &sequence))
        return false;
    struct slice cursor = sequence.content;
    if (der_is(cursor, TAG_POINT)) {
        if (!der_next(&cursor, &e) || !point_ok(e.whole))
            return false;
        c->point = e.whole;
    }
    if (!read_flag(&cursor, 0x81, &c->users) || !read_flag(&cursor, 0x82, &c->authorities))
        return false;
    if (der_is(cursor, 0x83)) {
        if (!der_next(&cursor, &e) || !value_bit_string_ok(e.content))
            return false;
        c->some_reasons = true;
    }
    if (!read_flag(&cursor, 0x84, &c->is_indirect) || !read_flag(&cursor, 0x85, &c->attributes))
        return false;
    return cursor.n == 0 && c->users + c->authorities + c->attributes <= 1;
}

static bool read_list_field(const struct field *f, struct crl *c)
{
    struct der_element e;
    if (slice_eq(f->oid, OID_NUMBER)) {
        if (!only_element(f->value, DER_INTEGER, &e) || !der_integer_ok(e.content))
            return false;
        c->number = e.content;
    } else if (slice_eq(f->oid, OID_DELTA)) {
        c->is_delta = true;
    } else if (slice_eq(f->oid, OID_ISSUING_POINT)) {
        return read_issuing_point(f->value, c);
    } else if (!slice_eq(f->oid, OID_AUTHORITY_KEY) && !slice_eq(f->oid, OID_ISSUER_NAMES)) {
        c->is_unknown |= f->critical;
    }
    return true;
}

static bool read_list_fields(struct slice wrapped, struct crl *c)
{
    struct der_element sequence;
    struct slice seen[EXTENSIONS_MOST];
    size_t count = 0;
    if (!only_element(wrapped, DER_SEQUENCE, &sequence) || sequence.content.n == 0)
        return false;
    for (struct slice cursor = sequence.content; cursor.n; count++) {
        struct field f;
        if (count == EXTENSIONS_MOST || !next_field(&cursor, &f))
            return false;
        for (size_t i = 0; i < count; i++)
            if (slice_eq(seen[i], f.oid))
                return false;
        seen[count] = f.oid;
        if (!read_list_field(&f, c))
            return false;
    }
    return true;
}

static bool read_reason(struct slice value, int *reason)
{
    struct der_element e;
    if (!only_element(value, TAG_ENUMERATED, &e) || e.content.n != 1)
        return false;
    *reason = e.content.p[0];
    return *reason <= 10 && *reason != 7;
}

/* `unknown` gets set where a critical extension is not processed: also certificateIssuer, for indirect CRLs only. */
static bool read_entry(struct slice *cursor, struct crl_entry *e, bool *has_fields, bool *unknown)
{
    struct der_element entry, serial, fields;
    if (!der_expect(cursor, DER_SEQUENCE, &entry))
        return false;
    struct slice parts = entry.content;
    if (!der_expect(&parts, DER_INTEGER, &serial) || !der_integer_ok(serial.content) ||
        !read_time(&parts, &e->revoked_utc))
        return false;
    e->serial = serial.content;
    e->reason = CRL_REASON_ABSENT;
    *has_fields = parts.n > 0;
    if (!*has_fields)
        return true;
    if (!der_expect(&parts, DER_SEQUENCE, &fields) || parts.n || fields.content.n == 0)
        return false;
    for (struct slice rest = fields.content; rest.n;) {
        struct field f;
        if (!next_field(&rest, &f))
            return false;
        if (slice_eq(f.oid, OID_REASON)) {
            if (e->reason != CRL_REASON_ABSENT || !read_reason(f.value, &e->reason))
                return false;
        } else if (!slice_eq(f.oid, OID_INVALIDITY)) {
            *unknown |= f.critical;
        }
    }
    return true;
}

static const char *read_entries(struct slice revoked, bool is_first_version, struct crl *c)
{
    struct crl_entry e;
    bool has_fields;
    if (revoked.n == 0)
        return "revokedCertificates: RFC 5280 section 5.1.2.6: present and empty";
    c->revoked = revoked;
    for (struct slice cursor = revoked; cursor.n; c->entry_count++)
        if (!read_entry(&cursor, &e, &has_fields, &c->is_unknown) || (has_fields && is_first_version))
            return "revokedCertificates: RFC 5280 section 5.3: an entry does not decode";
    return NULL;
}

static const char *read_times(struct slice *cursor, struct crl *c)
{
    if (!read_time(cursor, &c->this_update_utc))
        return "thisUpdate: RFC 5280 section 5.1.2.4: not a time in the form of section 4.1.2.5";
    c->has_next_update = is_time(*cursor);
    if (c->has_next_update && !read_time(cursor, &c->next_update_utc))
        return "nextUpdate: RFC 5280 section 5.1.2.5: not a time in the form of section 4.1.2.5";
    return NULL;
}

/* TBSCertList. */
static const char *read_signed_part(struct slice cursor, struct crl *c)
{
    struct der_element e;
    struct name name;
    bool is_first_version = !der_is(cursor, DER_INTEGER);
    if (!is_first_version && (!der_next(&cursor, &e) || !slice_eq(e.content, SLICE_LITERAL("\x01"))))
        return "version: RFC 5280 section 5.1.2.1: neither absent nor 2";
    if (!der_expect(&cursor, DER_SEQUENCE, &e) || !algorithm_ok(&e) || !slice_eq(e.whole, c->algorithm))
        return "signature: RFC 5280 section 5.1.2.2: not the same as signatureAlgorithm";
    if (!der_expect(&cursor, DER_SEQUENCE, &e))
        return "issuer: RFC 5280 section 5.1.2.3: not a Name";
    name_read(e.content, NULL, &name);
    if (name.flaw == NAME_BROKEN || e.content.n == 0)
        return "issuer: RFC 5280 section 5.1.2.3: not a Name, or an empty one";
    c->issuer = e.whole;
    const char *wrong = read_times(&cursor, c);
    if (!wrong && der_is(cursor, DER_SEQUENCE))
        wrong = der_next(&cursor, &e) ? read_entries(e.content, is_first_version, c)
                                      : "revokedCertificates: RFC 5280 section 5.1.2.6: does not decode";
    if (wrong || cursor.n == 0)
        return wrong;
    if (is_first_version || !der_expect(&cursor, TAG_EXTENSIONS, &e) || cursor.n || !read_list_fields(e.content, c))
        return "crlExtensions: RFC 5280 section 5.1.2.7: do not decode, are there twice or contradict each other";
    return NULL;
}

const char *crl_read(struct slice der, struct crl *c)
{
    struct der_element list, tbs, algorithm, signature;
    *c = (struct crl){0};
    if (!only_element(der, DER_SEQUENCE, &list))
        return "CRL: RFC 5280 section 5.1: not one DER sequence, or something follows it";
    struct slice cursor = list.content;
    if (!der_expect(&cursor, DER_SEQUENCE, &tbs) || !der_expect(&cursor, DER_SEQUENCE, &algorithm) ||
        !algorithm_ok(&algorithm) || !der_expect(&cursor, DER_BIT_STRING, &signature) || cursor.n ||
        !value_bit_string_ok(signature.content) || signature.content.p[0] != 0)
        return "CRL: RFC 5280 section 5.1.1: not a tbsCertList, an algorithm and a signature";
    c->tbs = tbs.whole;
    c->algorithm = algorithm.whole;
    c->signature = slice_from(signature.content, 1);
    return read_signed_part(tbs.content, c);
}

bool crl_next_entry(struct slice *cursor, struct crl_entry *e)
{
    bool has_fields, unknown = false;
    return cursor->n && read_entry(cursor, e, &has_fields, &unknown);
}

/* Do two DistributionPointNames, whole and well-formed, have a name in common? */
static bool points_meet(struct slice a, struct slice b)
{
    struct der_element outer_a, outer_b, choice_a, choice_b, x, y;
    if (!only_element(a, TAG_POINT, &outer_a) || !only_element(b, TAG_POINT, &outer_b) ||
        !der_next(&outer_a.content, &choice_a) || !der_next(&outer_b.content, &choice_b) ||
        choice_a.tag != choice_b.tag)
        return false;
    if (choice_a.tag != 0xa0)
        return slice_eq(choice_a.content, choice_b.content);
    for (struct slice i = choice_a.content; der_next(&i, &x);)
        for (struct slice j = choice_b.content; der_next(&j, &y);)
            if (slice_eq(x.whole, y.whole))
                return true;
    return false;
}

/* Section 6.3.3: without a distribution point, the one to assume is named by the certificate's issuer. */
static bool is_named_by_issuer(const struct crl *c, struct slice issuer)
{
    struct der_element outer, choice, name;
    if (!only_element(c->point, TAG_POINT, &outer) || !der_expect(&outer.content, 0xa0, &choice))
        return false;
    for (struct slice i = choice.content; der_next(&i, &name);)
        if (name.tag == 0xa4 && slice_eq(name.content, issuer))
            return true;
    return false;
}

bool crl_is_for_point(const struct crl *c, struct slice points, struct slice issuer)
{
    struct der_element sequence, point, name;
    if (c->point.n == 0)
        return true;
    if (!only_element(points, DER_SEQUENCE, &sequence))
        return is_named_by_issuer(c, issuer);
    for (struct slice i = sequence.content; der_expect(&i, DER_SEQUENCE, &point);) {
        struct slice parts = point.content;
        if (der_expect(&parts, TAG_POINT, &name) && parts.n == 0 && points_meet(c->point, name.whole))
            return true;
    }
    return false;
}
