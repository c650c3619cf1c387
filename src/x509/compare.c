/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/compare.h"

#include "base/der.h"
#include "base/hex.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum { SHOWN_OCTETS = 24, SHOWN_ROOM = 2 * SHOWN_OCTETS + 8 };

/* Text where the octets are printable ASCII, else hexadecimal; cut. */
static void show(struct slice s, char out[SHOWN_ROOM])
{
    struct slice part = slice_upto(s, SHOWN_OCTETS);
    const char *more = part.n < s.n ? "..." : "";
    bool is_text = part.n > 0;
    for (size_t i = 0; i < part.n; i++)
        is_text &= part.p[i] >= 0x20 && part.p[i] <= 0x7e;
    if (is_text) {
        snprintf(out, SHOWN_ROOM, "\"%.*s\"%s", SLICE_ARGS(part), more);
        return;
    }
    uint8_t digits[2 * SHOWN_OCTETS];
    hex_write(part, digits);
    snprintf(out, SHOWN_ROOM, "%.*s%s", (int)(2 * part.n), (const char *)digits, part.n ? more : "nothing");
}

static bool same_octets(struct view *v, const char *field, struct slice ours, struct slice theirs)
{
    if (slice_eq(ours, theirs))
        return true;
    char a[SHOWN_ROOM], b[SHOWN_ROOM];
    show(ours, a);
    show(theirs, b);
    snprintf(v->why, v->room, "%s: ours is %s, OpenSSL's %s", field, a, b);
    return false;
}

static bool same_number(struct view *v, const char *field, int64_t ours, int64_t theirs)
{
    if (ours == theirs)
        return true;
    snprintf(v->why, v->room, "%s: ours is %" PRId64 ", OpenSSL's %" PRId64, field, ours, theirs);
    return false;
}

/* `encoded` came from an i2d function with its result n, and is freed. */
static bool same_encoding(struct view *v, const char *field, struct slice ours, unsigned char *encoded, int n)
{
    bool same = same_octets(v, field, ours, slice_make(encoded, n > 0 ? (size_t)n : 0));
    OPENSSL_free(encoded);
    return same;
}

/* What follows identifier and length octets, in what OpenSSL encoded. */
static struct slice content_of(const unsigned char *encoded, int n)
{
    struct slice s = slice_make(encoded, n > 0 ? (size_t)n : 0);
    if (s.n < 2)
        return slice_make(encoded, 0);
    return slice_from(s, encoded[1] < 0x80 ? 2 : 2u + (encoded[1] & 0x7fu));
}

static struct slice oid_octets(const ASN1_OBJECT *oid)
{
    return oid ? slice_make(OBJ_get0_data(oid), OBJ_length(oid)) : slice_make(NULL, 0);
}

/* The comparisons: each is false, and v->why filled, when the readers differ. */

static bool same_version(struct view *v)
{
    long theirs = X509_get_version(v->x) + 1;
    return (v->f->version == 0 && !view_has_version(v)) || same_number(v, "version", v->f->version, theirs);
}

static bool same_serial(struct view *v)
{
    unsigned char *encoded = NULL;
    int n = i2d_ASN1_INTEGER(X509_get0_serialNumber(v->x), &encoded);
    bool same = same_octets(v, "serialNumber", facts_slice(v->der, v->f->serial), content_of(encoded, n));
    OPENSSL_free(encoded);
    return same;
}

static bool same_names(struct view *v)
{
    unsigned char *issuer = NULL, *subject = NULL;
    int in = i2d_X509_NAME(X509_get_issuer_name(v->x), &issuer);
    int sn = i2d_X509_NAME(X509_get_subject_name(v->x), &subject);
    bool same = same_encoding(v, "issuer", facts_slice(v->der, v->f->issuer), issuer, in);
    return same_encoding(v, "subject", facts_slice(v->der, v->f->subject), subject, sn) && same;
}

static bool same_times(struct view *v)
{
    int64_t before = INT64_MIN, after = INT64_MIN;
    view_time(X509_get0_notBefore(v->x), &before);
    view_time(X509_get0_notAfter(v->x), &after);
    return same_number(v, "notBefore", v->f->not_before_utc, before) &&
           same_number(v, "notAfter", v->f->not_after_utc, after);
}

/*
 * Parameters of an AlgorithmIdentifier, header included; nothing where there are none.  What OpenSSL has something
 * against (view_objection) it may have read as something else.
 */
static bool same_parameters(struct view *v, const char *field, struct span ours, const X509_ALGOR *algorithm)
{
    unsigned char *encoded = NULL;
    const void *value = NULL;
    int type = V_ASN1_UNDEF, n = 0;
    if (view_odd_algorithm(algorithm))
        return true;
    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    ASN1_TYPE *copy = type == V_ASN1_UNDEF ? NULL : ASN1_TYPE_new();
    if (copy && ASN1_TYPE_set1(copy, type, value))
        n = i2d_ASN1_TYPE(copy, &encoded);
    ASN1_TYPE_free(copy);
    return same_encoding(v, field, ours.n ? facts_slice(v->der, ours) : slice_make(NULL, 0), encoded, n);
}

static bool same_key_size(struct view *v)
{
    struct seen_key theirs = v->key;
    if (!theirs.is_known) /* nor ours, or of a curve that only one of us knows */
        return true;
    return same_number(v, "key malformed", v->f->key_malformed, theirs.malformed) &&
           same_number(v, "key bits", v->f->key_bits, theirs.bits);
}

static bool same_key(struct view *v)
{
    const X509_PUBKEY *key = X509_get_X509_PUBKEY(v->x);
    ASN1_OBJECT *oid = NULL;
    X509_ALGOR *algorithm = NULL;
    unsigned char *encoded = NULL;
    X509_PUBKEY_get0_param(&oid, NULL, NULL, &algorithm, key);
    if (!same_octets(v, "key algorithm", facts_slice(v->der, v->f->key_algorithm), oid_octets(oid)) ||
        !same_parameters(v, "key parameters", v->f->key_parameters, algorithm) || !same_key_size(v))
        return false;
    struct slice ours = facts_slice(v->der, v->f->spki);
    if (v->f->malformed) /* perhaps for its padding, which OpenSSL mends */
        return true;
    int n = i2d_X509_PUBKEY(key, &encoded);
    return same_encoding(v, "subjectPublicKeyInfo", ours, encoded, n);
}

static bool same_signature_algorithms(struct view *v)
{
    const ASN1_OBJECT *inner = NULL, *outer = NULL;
    const X509_ALGOR *algorithm = NULL;
    X509_ALGOR_get0(&inner, NULL, NULL, X509_get0_tbs_sigalg(v->x));
    X509_get0_signature(NULL, &algorithm, v->x);
    X509_ALGOR_get0(&outer, NULL, NULL, algorithm);
    return same_octets(v, "signature", facts_slice(v->der, v->f->signature_algorithm), oid_octets(inner)) &&
           same_octets(v, "signatureAlgorithm", facts_slice(v->der, v->f->outer_signature_algorithm),
                       oid_octets(outer)) &&
           same_parameters(v, "signature parameters", v->f->signature_parameters, X509_get0_tbs_sigalg(v->x));
}

/* Ours is the whole element; theirs lacks the octet with the number of unused bits, and those bits. */
static bool same_unique_id(struct view *v, const char *field, struct span ours, const ASN1_BIT_STRING *theirs)
{
    struct slice whole = facts_slice(v->der, ours);
    struct der_element e = {0};
    if (!same_number(v, field, ours.n > 0, theirs != NULL) || !theirs || v->f->malformed)
        return v->why[0] == '\0';
    return der_next(&whole, &e) && same_octets(v, field, slice_from(e.content, 1), view_octets(theirs));
}

static bool same_unique_ids(struct view *v)
{
    const ASN1_BIT_STRING *issuer = NULL, *subject = NULL;
    X509_get0_uids(v->x, &issuer, &subject);
    return same_unique_id(v, "issuerUniqueID", v->f->issuer_unique_id, issuer) &&
           same_unique_id(v, "subjectUniqueID", v->f->subject_unique_id, subject);
}

static bool same_common_name(struct view *v, const X509_NAME_ENTRY *e, uint8_t tag, struct slice ours)
{
    unsigned char *encoded = NULL;
    int n = i2d_ASN1_PRINTABLE(X509_NAME_ENTRY_get_data(e), &encoded);
    bool same = same_number(v, "commonName type", tag, n > 0 ? encoded[0] : -1) &&
                same_octets(v, "commonName", ours, content_of(encoded, n));
    OPENSSL_free(encoded);
    return same;
}

static bool same_common_names(struct view *v)
{
    const X509_NAME *subject = X509_get_subject_name(v->x);
    struct slice cursor = facts_subject(v->der, v->f), value;
    uint8_t tag;
    uint32_t count = 0;
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    for (; at >= 0; at = X509_NAME_get_index_by_NID(subject, NID_commonName, at), count++)
        if (facts_next_common_name(&cursor, &tag, &value) &&
            !same_common_name(v, X509_NAME_get_entry(subject, at), tag, value))
            return false;
    return same_number(v, "number of commonNames", v->f->common_names, count) &&
           same_number(v, "commonName after the last", facts_next_common_name(&cursor, &tag, &value), false);
}

static bool same_extension(struct view *v, const char *field, const struct extension *ours, const struct seen *theirs)
{
    if (!same_number(v, field, ours->presence, theirs->presence)) {
        size_t n = strlen(v->why);
        if (theirs->because)
            snprintf(v->why + n, v->room - n, ", for %s", theirs->because);
        return false;
    }
    if (ours->presence != FIELD_PRESENT && ours->presence != FIELD_MALFORMED)
        return true;
    return same_number(v, "critical", ours->critical, theirs->critical);
}

static bool same_name(struct view *v, GENERAL_NAME *theirs, enum general_name kind, struct slice value)
{
    unsigned char *encoded = NULL;
    int n = i2d_GENERAL_NAME(theirs, &encoded);
    bool same = same_number(v, "kind of subjectAltName", kind, theirs->type) &&
                same_octets(v, "subjectAltName", value, content_of(encoded, n));
    OPENSSL_free(encoded);
    return same;
}

static bool same_alternative_names(struct view *v)
{
    if (!same_extension(v, "subjectAltName presence", &v->f->san, &v->san))
        return false;
    if (v->san.presence != FIELD_PRESENT)
        return true;
    struct slice cursor = facts_san(v->der, v->f), value;
    enum general_name kind;
    int count = 0, theirs = sk_GENERAL_NAME_num(v->names);
    for (; facts_next_name(&cursor, &kind, &value); count++)
        if (count < theirs && !same_name(v, sk_GENERAL_NAME_value(v->names, count), kind, value))
            return false;
    return same_number(v, "number of subjectAltNames", count, theirs);
}

static bool same_purposes(struct view *v)
{
    if (!same_extension(v, "extKeyUsage presence", &v->f->eku, &v->eku))
        return false;
    if (v->eku.presence != FIELD_PRESENT)
        return true;
    struct slice cursor = facts_eku(v->der, v->f), oid;
    int count = 0, theirs = sk_ASN1_OBJECT_num(v->purposes);
    for (; facts_next_eku(&cursor, &oid); count++)
        if (count < theirs && !same_octets(v, "extKeyUsage", oid, oid_octets(sk_ASN1_OBJECT_value(v->purposes, count))))
            return false;
    return same_number(v, "number of extKeyUsages", count, theirs);
}

/* The other extensions that core looks into. */
static const struct field {
    const char *name, *oid;
    size_t at; /* of its struct extension in struct facts */
} fields[] = {
    {"keyUsage presence", "2.5.29.15", offsetof(struct facts, key_usage)},
    {"basicConstraints presence", "2.5.29.19", offsetof(struct facts, basic_constraints)},
    {"subjectKeyIdentifier presence", "2.5.29.14", offsetof(struct facts, subject_key_id)},
    {"authorityKeyIdentifier presence", "2.5.29.35", offsetof(struct facts, authority_key_id)},
    {"certificatePolicies presence", "2.5.29.32", offsetof(struct facts, policies)},
    {"cRLDistributionPoints presence", "2.5.29.31", offsetof(struct facts, crl_points)},
    {"authorityInfoAccess presence", "1.3.6.1.5.5.7.1.1", offsetof(struct facts, authority_info)},
    {"nameConstraints presence", "2.5.29.30", offsetof(struct facts, name_constraints)},
    {"szOID_NTDS_CA_SECURITY_EXT presence", VIEW_MS_SID, offsetof(struct facts, ms_sid)},
};

static bool same_field(struct view *v, const struct field *field)
{
    struct seen theirs = {.presence = FIELD_ABSENT};
    const struct extension *ours = (const void *)((const char *)v->f + field->at);
    X509_EXTENSION *e = view_extension(v, field->oid, &theirs);
    if (!same_extension(v, field->name, ours, &theirs))
        return false;
    return theirs.presence != FIELD_PRESENT ||
           same_octets(v, field->name, facts_slice(v->der, ours->value), view_octets(X509_EXTENSION_get_data(e)));
}

static bool same_other_extensions(struct view *v)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!same_field(v, &fields[i]))
            return false;
    return same_number(v, "unknown critical extensions", v->f->unknown_critical, view_unknown_critical(v));
}

static bool same_key_usage(struct view *v)
{
    ASN1_BIT_STRING *bits =
        v->f->key_usage.presence == FIELD_PRESENT ? X509_get_ext_d2i(v->x, NID_key_usage, NULL, NULL) : NULL;
    uint16_t theirs = 0;
    for (int n = 0; bits && n < 16; n++)
        theirs |= ASN1_BIT_STRING_get_bit(bits, n) ? (uint16_t)(1u << n) : 0;
    ASN1_BIT_STRING_free(bits);
    return same_number(v, "key usage bits", v->f->key_usage_bits, theirs);
}

static bool same_basic_constraints(struct view *v)
{
    BASIC_CONSTRAINTS *basic = v->f->basic_constraints.presence == FIELD_PRESENT
                                   ? X509_get_ext_d2i(v->x, NID_basic_constraints, NULL, NULL)
                                   : NULL;
    int64_t path_length = -1;
    bool ca = basic && basic->ca;
    if (basic && basic->pathlen && !ASN1_INTEGER_get_int64(&path_length, basic->pathlen))
        path_length = INT64_MAX;
    BASIC_CONSTRAINTS_free(basic);
    return same_number(v, "cA", v->f->is_ca, ca) && same_number(v, "path length", v->f->path_length, path_length);
}

/* The URIs of one point that facts_next_crl_uri walks too. */
static bool same_point(struct view *v, const DIST_POINT *point, struct slice *cursor)
{
    if (point->reasons || point->CRLissuer || !point->distpoint || point->distpoint->type != 0)
        return true;
    const GENERAL_NAMES *names = point->distpoint->name.fullname;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int kind;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &kind);
        struct slice ours = slice_make(NULL, 0);
        if (kind != GEN_URI)
            continue;
        if (!same_number(v, "URI in cRLDistributionPoints", facts_next_crl_uri(cursor, &ours), true) ||
            !same_octets(v, "URI in cRLDistributionPoints", ours, view_octets(value)))
            return false;
    }
    return true;
}

static bool same_crl_uris(struct view *v)
{
    struct slice cursor = facts_crl_points(v->der, v->f), none;
    CRL_DIST_POINTS *points = v->f->crl_points.presence == FIELD_PRESENT
                                  ? X509_get_ext_d2i(v->x, NID_crl_distribution_points, NULL, NULL)
                                  : NULL;
    bool same = true;
    for (int i = 0; same && i < sk_DIST_POINT_num(points); i++)
        same = same_point(v, sk_DIST_POINT_value(points, i), &cursor);
    CRL_DIST_POINTS_free(points);
    return same &&
           same_number(v, "URI in cRLDistributionPoints after the last", facts_next_crl_uri(&cursor, &none), false);
}

static bool same_trailing(struct view *v)
{
    return same_number(v, "octets after", v->f->trailing, (int64_t)(v->der.n - v->consumed));
}

bool compare_fields(struct view *v)
{
    static bool (*const comparisons[])(struct view * v) = {
        same_version,
        same_serial,
        same_names,
        same_times,
        same_key,
        same_unique_ids,
        same_signature_algorithms,
        same_common_names,
        same_alternative_names,
        same_purposes,
        same_other_extensions,
        same_key_usage,
        same_basic_constraints,
        same_crl_uris,
        same_trailing,
    };
    if (!v->x)
        return true;
    if (!v->f->readable)
        return v->f->version == 0 || same_version(v);
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++)
        if (!comparisons[i](v))
            return false;
    return true;
}
