/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/reader_private.h"

#include "x509/key.h"
#include "x509/name.h"
#include "x509/value.h"

enum { SIZE_MOST = 0x7fffffff, SIZE_UNUSUAL = 64 * 1024, SERIAL_MOST = 20 };

/* The next element as it was read before, which is taken off; NULL: it has to be read. */
static const struct part *known(const struct reading *r, enum part_kind kind, struct slice *cursor)
{
    struct slice rest = *cursor;
    struct der_element e;
    if (!r->parts || !der_expect(&rest, DER_SEQUENCE, &e))
        return NULL;
    const struct part *part = parts_find(r->parts, kind, e.whole);
    if (part)
        *cursor = rest;
    return part;
}

/* Section 4.1.2.1: [0] EXPLICIT INTEGER DEFAULT v1. */
static bool read_version(struct reading *r, struct slice *tbs)
{
    static const char form[] = "version: RFC 5280 section 4.1.2.1: not one INTEGER";
    struct der_element wrapper, number;
    r->f->version = 0;
    if (!der_is(*tbs, DER_CONTEXT | DER_CONSTRUCTED | 0)) {
        r->version_left_out = der_is(*tbs, DER_INTEGER); /* else something else is in its place */
        r->f->version = r->version_left_out ? 1 : 0;
        return true;
    }
    if (!der_next(tbs, &wrapper))
        return broken(r, *tbs, form);
    struct slice inside = wrapper.content;
    if (!der_expect(&inside, DER_INTEGER, &number) || inside.n || !der_integer_ok(number.content))
        return broken(r, wrapper.content, form);
    uint8_t value = number.content.p[0];
    if (number.content.n != 1 || value > 2) {
        note(r, number.content.p, "version: RFC 5280 section 4.1.2.1: neither 1, 2 nor 3");
        return true;
    }
    r->f->version = (uint8_t)(value + 1);
    if (value == 0)
        note(r, number.content.p, "version: RFC 5280 section 4.1: version 1 is encoded although it is the default");
    if (value == 1)
        r->f->unusual |= UNUSUAL_VERSION;
    return true;
}

/* Section 4.1.2.2. */
static bool read_serial(struct reading *r, struct slice *tbs)
{
    struct der_element e;
    if (!der_expect(tbs, DER_INTEGER, &e) || !der_integer_ok(e.content))
        return broken(r, *tbs, "serialNumber: RFC 5280 section 4.1.2.2: not an INTEGER");
    r->f->serial = span_of(r, e.content);
    bool is_zero = e.content.n == 1 && e.content.p[0] == 0;
    if (is_zero || e.content.n > SERIAL_MOST || e.content.p[0] & 0x80)
        r->f->unusual |= UNUSUAL_SERIAL;
    return true;
}

/* Section 4.1.1.2: SEQUENCE of an OID and, perhaps, one parameter. */
static bool read_algorithm(const struct reading *r, struct slice *cursor, struct slice *whole, struct span *oid,
                           struct span *parameters)
{
    struct der_element sequence, e;
    if (!der_expect(cursor, DER_SEQUENCE, &sequence))
        return false;
    struct slice inside = sequence.content;
    if (!der_expect(&inside, DER_OID, &e) || !der_oid_ok(e.content))
        return false;
    *whole = sequence.whole;
    *oid = span_of(r, e.content);
    if (inside.n == 0)
        return true;
    if (!der_next(&inside, &e) || inside.n || !value_any_ok(&e))
        return false;
    *parameters = span_of(r, e.whole);
    return true;
}

/* An AlgorithmIdentifier that many certificates have; false: it has to be read. */
static bool take_algorithm(const struct reading *r, enum part_kind kind, struct slice *cursor, struct slice *whole,
                           struct span *oid, struct span *parameters)
{
    const uint8_t *at = cursor->p;
    const struct part *part = known(r, kind, cursor);
    if (!part)
        return false;
    *whole = slice_make(at, part->n);
    *oid = moved(r, at, part->oid);
    *parameters = moved(r, at, part->parameters);
    return true;
}

static void keep_algorithm(const struct reading *r, enum part_kind kind, struct slice whole, struct span oid,
                           struct span parameters)
{
    if (is_plain_so_far(r))
        parts_keep(r->parts, kind, whole,
                   &(struct part){.oid = within(r, whole, oid), .parameters = within(r, whole, parameters)});
}

/* Section 4.1.2.3. */
static bool read_inner_algorithm(struct reading *r, struct slice *tbs)
{
    if (take_algorithm(r, PART_SIGNATURE, tbs, &r->inner_algorithm, &r->f->signature_algorithm,
                       &r->f->signature_parameters))
        return true;
    if (!read_algorithm(r, tbs, &r->inner_algorithm, &r->f->signature_algorithm, &r->f->signature_parameters))
        return broken(r, *tbs, "signature: RFC 5280 section 4.1.2.3: not an AlgorithmIdentifier");
    if (key_signature_is_odd(r->der, r->f))
        r->f->unusual |= UNUSUAL_VALUE;
    keep_algorithm(r, PART_SIGNATURE, r->inner_algorithm, r->f->signature_algorithm, r->f->signature_parameters);
    return true;
}

static bool read_name(struct reading *r, struct slice *tbs, const char *const flaws[], struct span *span,
                      struct name *name)
{
    struct der_element e;
    if (!der_expect(tbs, DER_SEQUENCE, &e))
        return broken(r, *tbs, flaws[NAME_BROKEN]);
    *span = span_of(r, e.whole);
    name_read(e.content, r->parts, name);
    if (name->flaw != NAME_FINE)
        note(r, name->where, flaws[name->flaw]);
    return name->flaw != NAME_BROKEN;
}

/* Section 4.1.2.4. */
static bool read_issuer(struct reading *r, struct slice *tbs)
{
    static const char *const flaws[] = {
        [NAME_BROKEN] = "issuer: RFC 5280 section 4.1.2.4: not a Name",
        [NAME_EMPTY_RDN] = "issuer: RFC 5280 section 4.1.2.4: an RDN without attributes",
        [NAME_ORDER] = "issuer: RFC 5280 section 4.1: the attributes of an RDN are not in DER's order",
        [NAME_CHARACTERS] = "issuer: RFC 5280 section 4.1.2.4: a string with characters that its type does not have",
        [NAME_STRING] = "issuer: RFC 5280 section 4.1.2.4: a string whose octets are not of its type",
    };
    struct name name;
    const uint8_t *at = tbs->p;
    const struct part *part = known(r, PART_ISSUER, tbs);
    if (part) {
        r->f->issuer = span_of(r, slice_make(at, part->n));
        return true;
    }
    if (!read_name(r, tbs, flaws, &r->f->issuer, &name))
        return false;
    if (is_plain_so_far(r))
        parts_keep(r->parts, PART_ISSUER, facts_slice(r->der, r->f->issuer), &(struct part){.kind = PART_ISSUER});
    return true;
}

/* From 2050-01-01 on, times are GeneralizedTime; up to then they have to be UTCTime. */
#define YEAR_2050 INT64_C(2524608000)

static inline bool read_time(struct reading *r, struct slice *validity, const char *flaw, int64_t *at_utc)
{
    struct der_element e;
    if (!der_next(validity, &e))
        return broken(r, *validity, flaw);
    if (!value_read_time(e.tag, e.content, at_utc)) {
        note(r, e.whole.p, flaw);
        r->times_hold = false;
    } else if (e.tag == DER_GENERALIZED_TIME && *at_utc < YEAR_2050) {
        r->f->unusual |= UNUSUAL_VALUE;
    }
    return true;
}

static bool read_validity(struct reading *r, struct slice *tbs)
{
    static const char form[] = "validity: RFC 5280 section 4.1.2.5: not a SEQUENCE of two times";
    struct der_element e;
    if (!der_expect(tbs, DER_SEQUENCE, &e))
        return broken(r, *tbs, form);
    struct slice inside = e.content;
    r->times_hold = true;
    if (!read_time(r, &inside, "notBefore: RFC 5280 section 4.1.2.5: not a time with seconds and Z",
                   &r->f->not_before_utc) ||
        !read_time(r, &inside, "notAfter: RFC 5280 section 4.1.2.5: not a time with seconds and Z",
                   &r->f->not_after_utc))
        return false;
    if (r->times_hold && r->f->not_after_utc < r->f->not_before_utc)
        r->f->unusual |= UNUSUAL_VALUE;
    return inside.n == 0 || broken(r, inside, form);
}

/* Section 4.1.2.6. */
static bool read_subject(struct reading *r, struct slice *tbs)
{
    static const char *const flaws[] = {
        [NAME_BROKEN] = "subject: RFC 5280 section 4.1.2.6: not a Name",
        [NAME_EMPTY_RDN] = "subject: RFC 5280 section 4.1.2.6: an RDN without attributes",
        [NAME_ORDER] = "subject: RFC 5280 section 4.1: the attributes of an RDN are not in DER's order",
        [NAME_CHARACTERS] = "subject: RFC 5280 section 4.1.2.6: a string with characters that its type does not have",
        [NAME_STRING] = "subject: RFC 5280 section 4.1.2.6: a string whose octets are not of its type",
    };
    struct name name;
    struct slice before = *tbs;
    if (!read_name(r, tbs, flaws, &r->f->subject, &name))
        return false;
    bool is_empty = before.n - tbs->n == 2;
    r->f->common_names = name.common_names;
    if (is_empty || name.common_names > 1 || name.odd_encoding)
        r->f->unusual |= UNUSUAL_SUBJECT;
    if (name.odd_octets)
        r->f->unusual |= UNUSUAL_NAME;
    return true;
}

/* Section 4.1.2.7. */
static bool read_spki(struct reading *r, struct slice *tbs)
{
    static const char form[] = "subjectPublicKeyInfo: RFC 5280 section 4.1.2.7: not a SubjectPublicKeyInfo";
    struct der_element e, key;
    struct slice algorithm;
    if (!der_expect(tbs, DER_SEQUENCE, &e))
        return broken(r, *tbs, form);
    struct slice inside = e.content;
    if (!take_algorithm(r, PART_KEY, &inside, &algorithm, &r->f->key_algorithm, &r->f->key_parameters)) {
        if (!read_algorithm(r, &inside, &algorithm, &r->f->key_algorithm, &r->f->key_parameters))
            return broken(r, inside, form);
        keep_algorithm(r, PART_KEY, algorithm, r->f->key_algorithm, r->f->key_parameters);
    }
    if (!der_expect(&inside, DER_BIT_STRING, &key) || inside.n)
        return broken(r, inside, form);
    r->f->spki = span_of(r, e.whole);
    if (!value_bit_string_ok(key.content))
        note(r, key.whole.p, "subjectPublicKeyInfo: RFC 5280 section 4.1: the padding of the BIT STRING is not DER");
    const char *flaw = key_read(r->der, r->f, key.content);
    if (flaw)
        note(r, key.whole.p, flaw);
    return true;
}

/* Section 4.1.2.8: [1] and [2] IMPLICIT BIT STRING. */
static bool read_unique_ids(struct reading *r, struct slice *tbs)
{
    struct der_element e;
    for (int tag = DER_CONTEXT | 1; tag <= (DER_CONTEXT | 2); tag++) {
        if (!der_is(*tbs, (uint8_t)tag))
            continue;
        if (!der_next(tbs, &e) || e.content.n == 0 || e.content.p[0] > 7)
            return broken(r, *tbs, "uniqueIdentifiers: RFC 5280 section 4.1.2.8: not a BIT STRING");
        r->f->unusual |= UNUSUAL_UNIQUE_ID;
        *(tag == (DER_CONTEXT | 1) ? &r->f->issuer_unique_id : &r->f->subject_unique_id) = span_of(r, e.whole);
        if (!value_bit_string_ok(e.content))
            note(r, e.whole.p, "uniqueIdentifiers: RFC 5280 section 4.1: the padding of the BIT STRING is not DER");
        if (r->f->version == 1)
            note(r, e.whole.p, "uniqueIdentifiers: RFC 5280 section 4.1.2.8: version 1 has none");
    }
    return true;
}

/* Section 4.1.1.1, in the order of section 4.1. */
static bool read_tbs(struct reading *r, struct slice tbs)
{
    if (!read_version(r, &tbs) || !read_serial(r, &tbs) || !read_inner_algorithm(r, &tbs) || !read_issuer(r, &tbs) ||
        !read_validity(r, &tbs) || !read_subject(r, &tbs) || !read_spki(r, &tbs) || !read_unique_ids(r, &tbs) ||
        !reader_extensions(r, &tbs))
        return false;
    return tbs.n == 0 || broken(r, tbs, "tbsCertificate: RFC 5280 section 4.1: more than its parts, or out of order");
}

/* Sections 4.1.1.2 and 4.1.1.3. */
static bool read_signature(struct reading *r, struct slice *certificate)
{
    struct der_element bits;
    struct slice outer = slice_upto(*certificate, r->inner_algorithm.n);
    struct span parameters;
    if (slice_eq(outer, r->inner_algorithm)) { /* as it has to be: then it was read */
        r->f->outer_signature_algorithm = r->f->signature_algorithm;
        r->f->outer_signature_algorithm.at += (uint32_t)(outer.p - r->inner_algorithm.p);
        *certificate = slice_from(*certificate, outer.n);
    } else if (!read_algorithm(r, certificate, &outer, &r->f->outer_signature_algorithm, &parameters)) {
        return broken(r, *certificate, "signatureAlgorithm: RFC 5280 section 4.1.1.2: not an AlgorithmIdentifier");
    } else {
        note(r, outer.p, "signatureAlgorithm: RFC 5280 section 4.1.1.2: not the same as in tbsCertificate");
    }
    if (!der_expect(certificate, DER_BIT_STRING, &bits))
        return broken(r, *certificate, "signatureValue: RFC 5280 section 4.1.1.3: not a BIT STRING");
    if (!value_bit_string_ok(bits.content))
        note(r, bits.whole.p, "signatureValue: RFC 5280 section 4.1: the padding of the BIT STRING is not DER");
    return certificate->n == 0 ||
           broken(r, *certificate, "certificate: RFC 5280 section 4.1: more than its three parts");
}

static bool read_certificate(struct reading *r)
{
    struct slice rest = r->der;
    struct der_element certificate, tbs;
    if (!der_expect(&rest, DER_SEQUENCE, &certificate))
        return broken(r, rest, "certificate: RFC 5280 section 4.1: not a SEQUENCE in DER, or cut short");
    struct slice inside = certificate.content;
    if (!der_expect(&inside, DER_SEQUENCE, &tbs))
        return broken(r, inside, "tbsCertificate: RFC 5280 section 4.1: not a SEQUENCE");
    if (!read_tbs(r, tbs.content) || !read_signature(r, &inside))
        return false;
    r->f->trailing = (uint32_t)rest.n;
    if (rest.n)
        note(r, rest.p, "certificate: RFC 5280 section 4.1: octets after its end");
    if (r->der.n > READER_OCTETS)
        note(r, r->der.p, "certificate: RFC 5280 section 4.1: over 1,000,000 octets, which is our limit");
    return true;
}

/* What people put into userCertificate by mistake, by name; NULL when it may be a certificate. */
static const char *mistake(struct slice der)
{
    if (der.n == 0)
        return "certificate: RFC 5280 section 4.1: the value is empty";
    if (der.n > SIZE_MOST)
        return "certificate: RFC 5280 section 4.1: 2^31 octets or more, which is our limit";
    if (der.p[0] == DER_SEQUENCE)
        return NULL;
    struct slice text = slice_trim(slice_upto(der, SIZE_UNUSUAL));
    if (slice_starts(text, SLICE_LITERAL("-----BEGIN ")))
        return "certificate: RFC 5280 section 4.1: PEM text where DER is wanted";
    if (slice_starts(text, SLICE_LITERAL("MII")))
        return "certificate: RFC 5280 section 4.1: base64 text where DER is wanted";
    return NULL;
}

void facts_read_next(struct parts *parts, struct slice der, struct facts *f)
{
    struct reading r;
    memset(f, 0, sizeof *f);
    f->path_length = -1;
    f->malformed = mistake(der);
    if (f->malformed)
        return;
    if (der.n > SIZE_UNUSUAL)
        f->unusual |= UNUSUAL_SIZE;
    r.der = der;
    r.f = f;
    r.parts = parts;
    r.version_left_out = false;
    r.times_hold = false;
    r.extensions = 0;
    r.seen = 0;
    f->readable = read_certificate(&r) && r.times_hold;
    if (!f->readable && r.version_left_out)
        f->version = 0;
}

void facts_read(struct slice der, struct facts *f)
{
    facts_read_next(NULL, der, f);
}
