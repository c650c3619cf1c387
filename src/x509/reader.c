/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/reader.h"

#include "x509/extension.h"
#include "x509/key.h"
#include "x509/name.h"
#include "x509/value.h"

enum { SIZE_MOST = 0x7fffffff, SIZE_UNUSUAL = 64 * 1024, SERIAL_MOST = 20 };

struct reading {
    struct slice der;
    struct facts *f;
    struct slice inner_algorithm; /* the AlgorithmIdentifier in tbsCertificate, header included */
    bool version_left_out;
    bool times_hold;
    struct slice list;   /* of extensions */
    uint32_t extensions; /* that were read, READER_EXTENSIONS at most */
    uint64_t seen;       /* a bit for each last octet of an OID in them, so that pairs are rarely looked for */
};

static void note(struct reading *r, const uint8_t *where, const char *what)
{
    if (r->f->malformed)
        return;
    r->f->malformed = what;
    r->f->malformed_at = (uint32_t)(where - r->der.p);
}

static bool broken(struct reading *r, struct slice where, const char *what)
{
    note(r, where.p, what);
    return false;
}

static struct span span_of(const struct reading *r, struct slice s)
{
    return (struct span){(uint32_t)(s.p - r->der.p), (uint32_t)s.n};
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

/* Section 4.1.2.3. */
static bool read_inner_algorithm(struct reading *r, struct slice *tbs)
{
    if (!read_algorithm(r, tbs, &r->inner_algorithm, &r->f->signature_algorithm, &r->f->signature_parameters))
        return broken(r, *tbs, "signature: RFC 5280 section 4.1.2.3: not an AlgorithmIdentifier");
    if (key_signature_is_odd(r->der, r->f))
        r->f->unusual |= UNUSUAL_VALUE;
    return true;
}

static bool read_name(struct reading *r, struct slice *tbs, const char *const flaws[], struct span *span,
                      struct name *name)
{
    struct der_element e;
    if (!der_expect(tbs, DER_SEQUENCE, &e))
        return broken(r, *tbs, flaws[NAME_BROKEN]);
    *span = span_of(r, e.whole);
    name_read(e.content, name);
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
    return read_name(r, tbs, flaws, &r->f->issuer, &name);
}

/* From 2050-01-01 on, times are GeneralizedTime; up to then they have to be UTCTime. */
#define YEAR_2050 INT64_C(2524608000)

static bool read_time(struct reading *r, struct slice *validity, const char *flaw, int64_t *at_utc)
{
    struct der_element e;
    if (!der_next(validity, &e))
        return broken(r, *validity, flaw);
    if (!value_read_time(&e, at_utc)) {
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
    if (!read_algorithm(r, &inside, &algorithm, &r->f->key_algorithm, &r->f->key_parameters) ||
        !der_expect(&inside, DER_BIT_STRING, &key) || inside.n)
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

/* An extension that does not count, because of `what`. */
static void spoil(struct reading *r, const uint8_t *where, const char *what)
{
    note(r, where, what);
    r->f->unusual |= UNUSUAL_EXTENSION;
}

/* Is one of the extensions that were read of this type? */
static bool was_read(const struct reading *r, struct slice oid)
{
    struct slice list = r->list;
    struct der_element e, id;
    for (uint32_t i = 0; i < r->extensions && der_next(&list, &e); i++)
        if (der_next(&e.content, &id) && slice_eq(id.content, oid))
            return true;
    return false;
}

static bool is_second(struct reading *r, struct slice oid)
{
    uint64_t bit = UINT64_C(1) << (oid.p[oid.n - 1] & 63), seen = r->seen;
    r->seen = seen | bit;
    return (seen & bit) && was_read(r, oid);
}

/* Keeps what the extensions that core looks into hold. */
static void keep(struct extension *x, bool ok, bool critical, struct span value)
{
    x->critical |= critical;
    if (x->presence != FIELD_ABSENT)
        *x = (struct extension){FIELD_DUPLICATE, x->critical, {0, 0}};
    else if (!ok)
        x->presence = FIELD_MALFORMED;
    else
        *x = (struct extension){FIELD_PRESENT, critical, value};
}

static struct extension *field_of(struct facts *f, const struct extension_type *type)
{
    return (struct extension *)(void *)((char *)f + type->field);
}

/* What an extension says that counts; nothing as soon as it is there twice. */
static void look_into(struct facts *f, enum extension_kind kind, bool counts, const struct extension_value *v)
{
    switch (kind) {
    case EXTENSION_KEY_USAGE:
        f->key_usage_bits = counts ? v->key_usage_bits : 0;
        break;
    case EXTENSION_BASIC_CONSTRAINTS:
        f->is_ca = counts && v->is_ca;
        f->path_length = counts ? v->path_length : -1;
        break;
    case EXTENSION_SAN:
    case EXTENSION_PLAIN:
        break;
    }
}

static void read_value(struct reading *r, const struct extension_type *type, bool critical, struct slice value)
{
    struct extension_value v = {.odd = 0};
    if (!type) {
        r->f->unusual |= critical ? UNUSUAL_CRITICAL : 0;
        r->f->unknown_critical += critical;
        return;
    }
    bool ok = type->read(value, &v);
    if (!ok)
        spoil(r, value.p, type->flaw);
    if (v.odd)
        r->f->unusual |= (v.odd & ODD_VALUE ? UNUSUAL_VALUE : 0u) | (type->kind == EXTENSION_SAN ? UNUSUAL_NAME : 0u);
    if (!type->field)
        return;
    struct extension *x = field_of(r->f, type);
    keep(x, ok, critical, span_of(r, value));
    look_into(r->f, type->kind, x->presence == FIELD_PRESENT, &v);
}

static bool read_critical(struct reading *r, struct slice *extension, bool *critical)
{
    struct der_element e;
    *critical = false;
    if (!der_is(*extension, DER_BOOLEAN))
        return true;
    if (!der_next(extension, &e) || e.content.n != 1)
        return false;
    if (!der_boolean_ok(e.content, critical)) {
        *critical = true;
        spoil(r, e.content.p, "extensions: RFC 5280 section 4.1: critical is neither TRUE nor FALSE in DER");
    } else if (!*critical) {
        spoil(r, e.content.p, "extensions: RFC 5280 section 4.1: critical is encoded although FALSE is its default");
    }
    return true;
}

static bool read_extension(struct reading *r, struct slice *list)
{
    static const char form[] = "extensions: RFC 5280 section 4.1.2.9: not an Extension";
    struct der_element e, id, value;
    bool critical;
    if (!der_expect(list, DER_SEQUENCE, &e))
        return broken(r, *list, form);
    struct slice inside = e.content;
    if (!der_expect(&inside, DER_OID, &id))
        return broken(r, inside, form);
    const struct extension_type *type = extension_find(id.content);
    if ((!type && !der_oid_ok(id.content)) || !read_critical(r, &inside, &critical) ||
        !der_expect(&inside, DER_OCTET_STRING, &value) || inside.n)
        return broken(r, inside, form);
    if (r->extensions == READER_EXTENSIONS)
        spoil(r, e.whole.p, "extensions: RFC 5280 section 4.2: more than 64, which is our limit");
    else if (is_second(r, id.content))
        spoil(r, e.whole.p, "extensions: RFC 5280 section 4.2: one extension is there twice");
    r->extensions += r->extensions < READER_EXTENSIONS;
    read_value(r, type, critical, value.content);
    return true;
}

/* Sections 4.2.1.3 and 4.2.1.10: only an authority may have these. */
static bool says_more_than_it_is(const struct facts *f)
{
    enum { KEY_CERT_SIGN = 1 << 5 };
    return !f->is_ca && (f->key_usage_bits & KEY_CERT_SIGN || f->name_constraints.presence == FIELD_PRESENT);
}

/* Section 4.1.2.9: [3] EXPLICIT SEQUENCE SIZE (1..MAX) OF Extension. */
static bool read_extensions(struct reading *r, struct slice *tbs)
{
    static const char form[] = "extensions: RFC 5280 section 4.1.2.9: not a SEQUENCE of extensions";
    struct der_element wrapper, list;
    if (!der_is(*tbs, DER_CONTEXT | DER_CONSTRUCTED | 3))
        return true;
    if (!der_next(tbs, &wrapper))
        return broken(r, *tbs, form);
    struct slice inside = wrapper.content;
    if (!der_expect(&inside, DER_SEQUENCE, &list) || inside.n)
        return broken(r, wrapper.content, form);
    if (r->f->version == 1 || r->f->version == 2)
        note(r, wrapper.whole.p, "extensions: RFC 5280 section 4.1.2.9: only version 3 has them");
    if (list.content.n == 0)
        spoil(r, wrapper.whole.p, "extensions: RFC 5280 section 4.1.2.9: the SEQUENCE is empty");
    r->list = list.content;
    while (list.content.n)
        if (!read_extension(r, &list.content))
            return false;
    if (says_more_than_it_is(r->f))
        r->f->unusual |= UNUSUAL_VALUE;
    return true;
}

/* Section 4.1.1.1, in the order of section 4.1. */
static bool read_tbs(struct reading *r, struct slice tbs)
{
    if (!read_version(r, &tbs) || !read_serial(r, &tbs) || !read_inner_algorithm(r, &tbs) || !read_issuer(r, &tbs) ||
        !read_validity(r, &tbs) || !read_subject(r, &tbs) || !read_spki(r, &tbs) || !read_unique_ids(r, &tbs) ||
        !read_extensions(r, &tbs))
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

void facts_read(struct slice der, struct facts *f)
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
    r.version_left_out = false;
    r.times_hold = false;
    r.extensions = 0;
    r.seen = 0;
    f->readable = read_certificate(&r) && r.times_hold;
    if (!f->readable && r.version_left_out)
        f->version = 0;
}
