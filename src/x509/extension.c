/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/extension.h"

#include "x509/name.h"
#include "x509/value.h"

#include <stddef.h>

/* Context tags; NEST_n: constructed, whether tagged explicitly or a SEQUENCE or CHOICE inside. */
enum { TAG_0 = 0x80, TAG_1, TAG_2, TAG_DNS_NAME = TAG_2, NEST_0 = 0xa0, NEST_1, NEST_2 };

/* The whole of s is one element of that tag, and *content what it holds. */
static bool only(struct slice s, uint8_t tag, struct slice *content)
{
    struct der_element e;
    if (!der_expect(&s, tag, &e) || s.n)
        return false;
    *content = e.content;
    return true;
}

/* The next element, which may be missing, has that tag: taken off, and *there set. */
static bool optional(struct slice *s, uint8_t tag, struct der_element *e, bool *there)
{
    *there = der_is(*s, tag);
    return !*there || der_next(s, e);
}

static bool oid_next(struct slice *s)
{
    struct der_element e;
    return der_expect(s, DER_OID, &e) && der_oid_ok(e.content);
}

/* INTEGER (0..MAX). */
static bool is_count(struct slice content)
{
    return der_integer_ok(content) && content.p[0] < 0x80;
}

/* All of s is elements of that tag, at least one, each of which `ok` accepts. */
static bool each(struct slice s, uint8_t tag, bool (*ok)(struct slice content, unsigned *odd), unsigned *odd)
{
    struct der_element e;
    if (s.n == 0)
        return false;
    while (s.n)
        if (!der_expect(&s, tag, &e) || !ok(e.content, odd))
            return false;
    return true;
}

/* IA5String is ASCII (X.680 section 41.1); its control characters are odd. */
static bool is_ia5(struct slice s, unsigned *odd)
{
    if (slice_is_plain(s))
        return true;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7e)
            *odd |= s.p[i] > 0x7f ? ODD_NAME | ODD_IA5 : ODD_NAME;
    return true;
}

/* OtherName: an OID and one value, explicitly tagged. */
static bool is_other_name(struct slice s)
{
    struct der_element e;
    struct slice value;
    return oid_next(&s) && only(s, NEST_0, &value) && der_next(&value, &e) && value.n == 0 && value_any_ok(&e);
}

static bool is_directory_name(struct slice s, unsigned *odd)
{
    struct slice rdns;
    struct name name;
    if (!only(s, DER_SEQUENCE, &rdns))
        return false;
    name_read(rdns, NULL, &name);
    if (name.odd_octets || name.flaw != NAME_FINE)
        *odd |= ODD_NAME;
    return name.flaw < NAME_STRING;
}

static bool is_directory_string(struct slice s)
{
    struct der_element e;
    if (!der_next(&s, &e) || s.n)
        return false;
    switch (e.tag) {
    case DER_TELETEX_STRING:
    case DER_PRINTABLE_STRING:
    case DER_UNIVERSAL_STRING:
    case DER_UTF8_STRING:
    case DER_BMP_STRING:
        return value_any_ok(&e);
    }
    return false;
}

/* EDIPartyName: [0] EXPLICIT DirectoryString OPTIONAL, [1] EXPLICIT DirectoryString. */
static bool is_edi_name(struct slice s)
{
    struct der_element e;
    bool there;
    if (!optional(&s, NEST_0, &e, &there) || (there && !is_directory_string(e.content)))
        return false;
    struct slice party;
    return only(s, NEST_1, &party) && is_directory_string(party);
}

static bool is_elements(struct slice s)
{
    struct der_element e;
    while (s.n)
        if (!der_next(&s, &e))
            return false;
    return true;
}

/* One GeneralName (RFC 5280 section 4.2.1.6). */
static bool is_general_name(const struct der_element *e, unsigned *odd)
{
    struct slice s = e->content;
    switch (e->tag) {
    case 0xa0:
        return is_other_name(s);
    case 0x81: /* rfc822Name */
    case 0x82: /* dNSName */
    case 0x86: /* uniformResourceIdentifier */
        return is_ia5(s, odd);
    case 0xa3:
        return is_elements(s);
    case 0xa4:
        return is_directory_name(s, odd);
    case 0xa5:
        return is_edi_name(s);
    case 0x87:
        *odd |= s.n != 4 && s.n != 16 ? ODD_NAME : 0;
        return true;
    case 0x88:
        return der_oid_ok(s);
    }
    return false;
}

/* The content octets of GeneralNames: SIZE (1..MAX). */
static bool is_general_names(struct slice s, unsigned *odd)
{
    struct der_element e;
    if (s.n == 0)
        return false;
    while (s.n) {
        if (!der_next(&s, &e))
            return false;
        if (e.tag == TAG_DNS_NAME && slice_is_plain(e.content))
            continue; /* as most are */
        if (!is_general_name(&e, odd))
            return false;
    }
    return true;
}

static bool is_alt_names(struct slice value, struct extension_value *v)
{
    struct slice names;
    return only(value, DER_SEQUENCE, &names) && is_general_names(names, &v->odd);
}

static bool is_san(struct slice value, struct extension_value *v)
{
    return is_alt_names(value, v) && !(v->odd & ODD_IA5);
}

static bool is_eku(struct slice value, struct extension_value *v)
{
    (void)v;
    struct slice oids;
    if (!only(value, DER_SEQUENCE, &oids) || oids.n == 0)
        return false;
    while (oids.n)
        if (!oid_next(&oids))
            return false;
    return true;
}

static bool is_ski(struct slice value, struct extension_value *v)
{
    struct slice id;
    if (!only(value, DER_OCTET_STRING, &id))
        return false;
    v->odd |= id.n == 0 ? ODD_VALUE : 0;
    return true;
}

/* A BIT STRING has its first bit on top, and we count bits from below. */
static uint8_t reversed(uint8_t octet)
{
    unsigned x = octet;
    x = (x & 0x0f) << 4 | x >> 4;
    x = (x & 0x33) << 2 | (x >> 2 & 0x33);
    return (uint8_t)((x & 0x55) << 1 | (x >> 1 & 0x55));
}

/* X.690 section 11.2.2 wants zero bits at the end left off; with them it still says the same. */
/* All of its bits have their place in two octets; one that is set only behind them says nothing. */
static bool is_key_usage(struct slice value, struct extension_value *v)
{
    struct slice bits;
    if (!only(value, DER_BIT_STRING, &bits) || !value_bit_string_ok(bits))
        return false;
    if (bits.n > 1 && !(bits.p[bits.n - 1] >> bits.p[0] & 1))
        v->odd |= ODD_VALUE;
    unsigned first = bits.n > 1 ? reversed(bits.p[1]) : 0, second = bits.n > 2 ? reversed(bits.p[2]) : 0;
    v->key_usage_bits = (uint16_t)(second << 8 | first);
    return v->key_usage_bits != 0;
}

/*
 * cA encoded although it is FALSE is let pass: it is widespread and says nothing else.  A path length that no chain can
 * have is none: it would only be cut to a number that it is not.
 */
static bool is_basic_constraints(struct slice value, struct extension_value *v)
{
    struct slice s;
    struct der_element e;
    bool there;
    v->is_ca = false;
    v->path_length = -1;
    if (!only(value, DER_SEQUENCE, &s) || !optional(&s, DER_BOOLEAN, &e, &there))
        return false;
    if (there && !der_boolean_ok(e.content, &v->is_ca))
        return false;
    if (!optional(&s, DER_INTEGER, &e, &there) || s.n || (there && (!is_count(e.content) || e.content.n > 4)))
        return false;
    if (there)
        v->path_length = 0;
    for (size_t i = 0; there && i < e.content.n; i++)
        v->path_length = v->path_length << 8 | e.content.p[i];
    v->odd |= v->path_length >= 0 && !v->is_ca ? ODD_VALUE : 0;
    return true;
}

/* GeneralSubtree: a name, and distances that RFC 5280 allows only to be absent; they need only decode. */
static bool is_subtree(struct slice s, unsigned *odd)
{
    struct der_element e;
    bool there;
    if (!der_next(&s, &e) || !is_general_name(&e, odd))
        return false;
    if (!optional(&s, TAG_0, &e, &there) || (there && !is_count(e.content)))
        return false;
    if (!optional(&s, TAG_1, &e, &there) || (there && !is_count(e.content)))
        return false;
    return s.n == 0;
}

static bool is_name_constraints(struct slice value, struct extension_value *v)
{
    struct slice s;
    struct der_element e;
    bool there;
    if (!only(value, DER_SEQUENCE, &s) || s.n == 0)
        return false;
    if (!optional(&s, NEST_0, &e, &there) || (there && !each(e.content, DER_SEQUENCE, is_subtree, &v->odd)))
        return false;
    if (!optional(&s, NEST_1, &e, &there) || (there && !each(e.content, DER_SEQUENCE, is_subtree, &v->odd)))
        return false;
    return s.n == 0;
}

/* PolicyQualifierInfo and AttributeTypeAndValue: an OID and a value defined by it. */
static bool is_oid_and_value(struct slice s, unsigned *odd)
{
    (void)odd;
    struct der_element e;
    return oid_next(&s) && der_next(&s, &e) && s.n == 0 && value_any_ok(&e);
}

/* A RelativeDistinguishedName: a SET OF, so in order (X.690 section 11.6). */
static bool is_relative_name(struct slice s, unsigned *odd)
{
    struct der_element e;
    struct slice before = {NULL, 0};
    for (struct slice rest = s; rest.n && der_next(&rest, &e); before = e.whole)
        if (before.n && slice_compare(before, e.whole) > 0)
            return false;
    return each(s, DER_SEQUENCE, is_oid_and_value, odd);
}

/* DistributionPointName: fullName [0] GeneralNames or nameRelativeToCRLIssuer [1] RDN. */
static bool is_point_name(struct slice s, unsigned *odd)
{
    struct der_element e;
    if (!der_next(&s, &e) || s.n)
        return false;
    if (e.tag == NEST_0)
        return is_general_names(e.content, odd);
    return e.tag == NEST_1 && is_relative_name(e.content, odd);
}

static bool is_distribution_point(struct slice s, unsigned *odd)
{
    struct der_element e;
    bool there, is_named;
    if (!optional(&s, NEST_0, &e, &is_named) || (is_named && !is_point_name(e.content, odd)))
        return false;
    if (!optional(&s, TAG_1, &e, &there) || (there && !value_bit_string_ok(e.content)))
        return false;
    if (!optional(&s, NEST_2, &e, &there) || (there && !is_general_names(e.content, odd)))
        return false;
    return (is_named || there) && s.n == 0;
}

static bool is_crl_points(struct slice value, struct extension_value *v)
{
    struct slice s;
    return only(value, DER_SEQUENCE, &s) && each(s, DER_SEQUENCE, is_distribution_point, &v->odd);
}

static bool is_policy(struct slice s, unsigned *odd)
{
    struct slice qualifiers;
    if (!oid_next(&s))
        return false;
    return s.n == 0 || (only(s, DER_SEQUENCE, &qualifiers) && each(qualifiers, DER_SEQUENCE, is_oid_and_value, odd));
}

static bool is_policies(struct slice value, struct extension_value *v)
{
    struct slice s;
    return only(value, DER_SEQUENCE, &s) && each(s, DER_SEQUENCE, is_policy, &v->odd);
}

static bool is_mapping(struct slice s, unsigned *odd)
{
    (void)odd;
    bool issuer_domain = oid_next(&s), subject_domain = oid_next(&s);
    return issuer_domain && subject_domain && s.n == 0;
}

static bool is_mappings(struct slice value, struct extension_value *v)
{
    struct slice s;
    return only(value, DER_SEQUENCE, &s) && each(s, DER_SEQUENCE, is_mapping, &v->odd);
}

static bool is_aki(struct slice value, struct extension_value *v)
{
    struct slice s;
    struct der_element e;
    bool there, has_issuer;
    if (!only(value, DER_SEQUENCE, &s) || !optional(&s, TAG_0, &e, &there))
        return false;
    if (!optional(&s, NEST_1, &e, &has_issuer) || (has_issuer && !is_general_names(e.content, &v->odd)))
        return false;
    if (!optional(&s, TAG_2, &e, &there) || (there && !der_integer_ok(e.content)))
        return false;
    return has_issuer == there && s.n == 0; /* both or neither */
}

static bool is_policy_constraints(struct slice value, struct extension_value *v)
{
    (void)v;
    struct slice s;
    struct der_element e;
    bool there;
    if (!only(value, DER_SEQUENCE, &s) || s.n == 0)
        return false;
    if (!optional(&s, TAG_0, &e, &there) || (there && !is_count(e.content)))
        return false;
    if (!optional(&s, TAG_1, &e, &there) || (there && !is_count(e.content)))
        return false;
    return s.n == 0;
}

static bool is_any_policy(struct slice value, struct extension_value *v)
{
    (void)v;
    struct slice n;
    return only(value, DER_INTEGER, &n) && is_count(n);
}

static bool is_access(struct slice s, unsigned *odd)
{
    struct der_element e;
    return oid_next(&s) && der_next(&s, &e) && s.n == 0 && is_general_name(&e, odd);
}

static bool is_accesses(struct slice value, struct extension_value *v)
{
    struct slice s;
    return only(value, DER_SEQUENCE, &s) && each(s, DER_SEQUENCE, is_access, &v->odd);
}

#define FIELD(member) offsetof(struct facts, member)
/* id-ce is 2.5.29, id-pe is 1.3.6.1.5.5.7.1; the tables are indexed by the one octet that follows. */
static const uint8_t id_ce[] = {0x55, 0x1d};
static const uint8_t id_pe[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01};
static const uint8_t id_ms_sid[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x19, 0x02};

static const struct extension_type ce_types[64] = {
    [14] = {EXTENSION_PLAIN, FIELD(subject_key_id), is_ski,
            "subjectKeyIdentifier: RFC 5280 section 4.2.1.2: not an OCTET STRING", true},
    [15] = {EXTENSION_KEY_USAGE, FIELD(key_usage), is_key_usage,
            "keyUsage: RFC 5280 section 4.2.1.3: not a BIT STRING with a bit set", false},
    [17] = {EXTENSION_SAN, FIELD(san), is_san, "subjectAltName: RFC 5280 section 4.2.1.6: not GeneralNames", true},
    [18] = {EXTENSION_PLAIN, 0, is_alt_names, "issuerAltName: RFC 5280 section 4.2.1.7: not GeneralNames", false},
    [19] = {EXTENSION_BASIC_CONSTRAINTS, FIELD(basic_constraints), is_basic_constraints,
            "basicConstraints: RFC 5280 section 4.2.1.9: not BasicConstraints", false},
    [30] = {EXTENSION_PLAIN, FIELD(name_constraints), is_name_constraints,
            "nameConstraints: RFC 5280 section 4.2.1.10: not NameConstraints", false},
    [31] = {EXTENSION_PLAIN, FIELD(crl_points), is_crl_points,
            "cRLDistributionPoints: RFC 5280 section 4.2.1.13: not CRLDistributionPoints", false},
    [32] = {EXTENSION_PLAIN, FIELD(policies), is_policies,
            "certificatePolicies: RFC 5280 section 4.2.1.4: not CertificatePolicies", false},
    [33] = {EXTENSION_PLAIN, 0, is_mappings, "policyMappings: RFC 5280 section 4.2.1.5: not PolicyMappings", false},
    [35] = {EXTENSION_PLAIN, FIELD(authority_key_id), is_aki,
            "authorityKeyIdentifier: RFC 5280 section 4.2.1.1: not an AuthorityKeyIdentifier", false},
    [36] = {EXTENSION_PLAIN, 0, is_policy_constraints,
            "policyConstraints: RFC 5280 section 4.2.1.11: not PolicyConstraints", false},
    [37] = {EXTENSION_PLAIN, FIELD(eku), is_eku,
            "extKeyUsage: RFC 5280 section 4.2.1.12: not a list of OBJECT IDENTIFIERs", false},
    [46] = {EXTENSION_PLAIN, 0, is_crl_points, "freshestCRL: RFC 5280 section 4.2.1.15: not CRLDistributionPoints",
            false},
    [54] = {EXTENSION_PLAIN, 0, is_any_policy,
            "inhibitAnyPolicy: RFC 5280 section 4.2.1.14: not a number of certificates", false},
};
static const struct extension_type pe_types[16] = {
    [1] = {EXTENSION_PLAIN, FIELD(authority_info), is_accesses,
           "authorityInfoAccess: RFC 5280 section 4.2.2.1: not a list of AccessDescriptions", false},
    [11] = {EXTENSION_PLAIN, 0, is_accesses,
            "subjectInfoAccess: RFC 5280 section 4.2.2.2: not a list of AccessDescriptions", false},
};
/* An otherName that holds the SID of the account. */
static const struct extension_type ms_sid_type = {
    EXTENSION_PLAIN, FIELD(ms_sid), is_alt_names,
    "szOID_NTDS_CA_SECURITY_EXT: MS-WCCE section 2.2.2.7.7.4: not a list of names", true};

const struct extension_type *extension_find(struct slice oid)
{
    const struct extension_type *type = NULL;
    if (oid.n == sizeof id_ce + 1 && memcmp(oid.p, id_ce, sizeof id_ce) == 0 && oid.p[2] < 64)
        type = &ce_types[oid.p[2]];
    else if (oid.n == sizeof id_pe + 1 && memcmp(oid.p, id_pe, sizeof id_pe) == 0 && oid.p[7] < 16)
        type = &pe_types[oid.p[7]];
    else if (slice_eq(oid, slice_make(id_ms_sid, sizeof id_ms_sid)))
        type = &ms_sid_type;
    return type && type->read ? type : NULL;
}
