/* SPDX-License-Identifier: Apache-2.0 */
/* One extension at a time, as OpenSSL decodes it, and what it lets pass there that RFC 5280 forbids. */
#include "x509/view.h"

static const char otherwise[] = "octets that OpenSSL would encode otherwise";

/* OpenSSL decodes these and then lets them hold what RFC 5280 section 4.2.1 forbids: nothing, or less than nothing. */
static bool is_negative(const ASN1_INTEGER *number)
{
    return number && ASN1_STRING_type(number) == V_ASN1_NEG_INTEGER;
}

static bool has_empty_qualifiers(const CERTIFICATEPOLICIES *policies)
{
    for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
        const POLICYINFO *policy = sk_POLICYINFO_value(policies, i);
        if (policy->qualifiers && sk_POLICYQUALINFO_num(policy->qualifiers) == 0)
            return true;
    }
    return sk_POLICYINFO_num(policies) == 0;
}

static bool has_negative_distance(const STACK_OF(GENERAL_SUBTREE) * subtrees)
{
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); i++) {
        const GENERAL_SUBTREE *subtree = sk_GENERAL_SUBTREE_value(subtrees, i);
        if (is_negative(subtree->minimum) || is_negative(subtree->maximum))
            return true;
    }
    return false;
}

static bool has_empty_subtrees(const NAME_CONSTRAINTS *names)
{
    if (!names->permittedSubtrees && !names->excludedSubtrees)
        return true;
    return sk_GENERAL_SUBTREE_num(names->permittedSubtrees) == 0 ||
           sk_GENERAL_SUBTREE_num(names->excludedSubtrees) == 0;
}

static bool is_empty_list(const GENERAL_NAMES *names)
{
    return names && sk_GENERAL_NAME_num(names) == 0;
}

static bool has_empty_points(const CRL_DIST_POINTS *points)
{
    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        const DIST_POINT *point = sk_DIST_POINT_value(points, i);
        if (is_empty_list(point->CRLissuer) || (!point->distpoint && !point->CRLissuer))
            return true;
        if (!point->distpoint)
            continue;
        if (point->distpoint->type == 0 ? is_empty_list(point->distpoint->name.fullname)
                                        : sk_X509_NAME_ENTRY_num(point->distpoint->name.relativename) == 0)
            return true;
    }
    return sk_DIST_POINT_num(points) == 0;
}

static bool has_odd_path_length(const BASIC_CONSTRAINTS *basic)
{
    int64_t n = 0;
    return basic->pathlen && (!ASN1_INTEGER_get_int64(&n, basic->pathlen) || n < 0 || n > INT32_MAX);
}

/* Of those that KeyUsage has a place for: two octets. */
static bool has_no_bit(const ASN1_BIT_STRING *bits)
{
    struct slice s = slice_upto(view_octets(bits), 2);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i])
            return false;
    return true;
}

static bool is_forbidden_value(int nid, const void *decoded)
{
    const BASIC_CONSTRAINTS *basic = decoded;
    const POLICY_CONSTRAINTS *policy = decoded;
    const AUTHORITY_KEYID *authority = decoded;
    const NAME_CONSTRAINTS *names = decoded;
    switch (nid) {
    case NID_basic_constraints:
        return (basic->ca != 0 && basic->ca != 0xff) || has_odd_path_length(basic);
    case NID_key_usage:
        return has_no_bit(decoded);
    case NID_authority_key_identifier:
        return is_empty_list(authority->issuer) || !authority->issuer != !authority->serial;
    case NID_name_constraints:
        return has_empty_subtrees(names) || has_negative_distance(names->permittedSubtrees) ||
               has_negative_distance(names->excludedSubtrees);
    case NID_policy_constraints:
        return (!policy->requireExplicitPolicy && !policy->inhibitPolicyMapping) ||
               is_negative(policy->requireExplicitPolicy) || is_negative(policy->inhibitPolicyMapping);
    case NID_inhibit_any_policy:
        return is_negative(decoded);
    case NID_certificate_policies:
        return has_empty_qualifiers(decoded);
    case NID_crl_distribution_points:
    case NID_freshest_crl:
        return has_empty_points(decoded);
    case NID_issuer_alt_name:
    case NID_policy_mappings:
    case NID_info_access:
    case NID_sinfo_access:
        return OPENSSL_sk_num(decoded) == 0;
    }
    return false;
}

/* BasicConstraints with cA encoded FALSE, which is let pass, are those without it and three octets more. */
static bool is_encoded_false(struct slice value, struct slice renewed)
{
    static const uint8_t false_octets[] = {0x01, 0x01, 0x00};
    return renewed.n >= 2 && value.n == renewed.n + sizeof false_octets && value.p[1] == renewed.p[1] + 3 &&
           memcmp(value.p + 2, false_octets, sizeof false_octets) == 0 &&
           slice_eq(slice_from(value, 5), slice_from(renewed, 2));
}

static const char *odd_subtrees(const STACK_OF(GENERAL_SUBTREE) * subtrees)
{
    const char *odd = NULL;
    for (int i = 0; !odd && i < sk_GENERAL_SUBTREE_num(subtrees); i++)
        odd = view_odd_general_name(sk_GENERAL_SUBTREE_value(subtrees, i)->base);
    return odd;
}

static const char *odd_point(const DIST_POINT *point)
{
    const char *odd = view_odd_general_names(point->CRLissuer);
    const DIST_POINT_NAME *name = point->distpoint;
    if (name && name->type == 0)
        return odd ? odd : view_odd_general_names(name->name.fullname);
    for (int i = 0; name && !odd && i < sk_X509_NAME_ENTRY_num(name->name.relativename); i++)
        odd = view_odd_attribute(sk_X509_NAME_ENTRY_value(name->name.relativename, i));
    return odd;
}

static const char *odd_points(const CRL_DIST_POINTS *points)
{
    const char *odd = NULL;
    for (int i = 0; !odd && i < sk_DIST_POINT_num(points); i++)
        odd = odd_point(sk_DIST_POINT_value(points, i));
    return odd;
}

static const char *odd_accesses(const AUTHORITY_INFO_ACCESS *accesses)
{
    const char *odd = NULL;
    for (int i = 0; !odd && i < sk_ACCESS_DESCRIPTION_num(accesses); i++)
        odd = view_odd_general_name(sk_ACCESS_DESCRIPTION_value(accesses, i)->location);
    return odd;
}

/* What is odd within the names that an extension holds. */
static const char *odd_names_in(int nid, const void *decoded)
{
    const NAME_CONSTRAINTS *constraints = decoded;
    const char *odd;
    switch (nid) {
    case NID_authority_key_identifier:
        return view_odd_general_names(((const AUTHORITY_KEYID *)decoded)->issuer);
    case NID_subject_alt_name:
    case NID_issuer_alt_name:
        return view_odd_general_names(decoded);
    case NID_name_constraints:
        odd = odd_subtrees(constraints->permittedSubtrees);
        return odd ? odd : odd_subtrees(constraints->excludedSubtrees);
    case NID_crl_distribution_points:
    case NID_freshest_crl:
        return odd_points(decoded);
    case NID_info_access:
    case NID_sinfo_access:
        return odd_accesses(decoded);
    }
    return NULL;
}

const char *view_odd_value(X509_EXTENSION *e, bool lets_false_pass)
{
    const X509V3_EXT_METHOD *method = X509V3_EXT_get(e);
    if (!method || !method->it)
        return NULL;
    void *decoded = X509V3_EXT_d2i(e);
    struct slice value = view_octets(X509_EXTENSION_get_data(e));
    if (!decoded)
        return view_decoding_error(value);
    unsigned char *encoded = NULL;
    int n = ASN1_item_i2d(decoded, &encoded, ASN1_ITEM_ptr(method->it));
    struct slice renewed = slice_make(encoded, n > 0 ? (size_t)n : 0);
    const char *odd = odd_names_in(method->ext_nid, decoded);
    if (!odd && !(n > 0 && (slice_eq(value, renewed) || (lets_false_pass && method->ext_nid == NID_basic_constraints &&
                                                         is_encoded_false(value, renewed)))))
        odd = otherwise;
    if (!odd && is_forbidden_value(method->ext_nid, decoded))
        odd = "what RFC 5280 forbids";
    OPENSSL_free(encoded);
    ASN1_item_free(decoded, ASN1_ITEM_ptr(method->it));
    return odd;
}

static void free_list(ASN1_SEQUENCE_ANY *list)
{
    sk_ASN1_TYPE_pop_free(list, ASN1_TYPE_free);
}

/* The elements of a SEQUENCE; NULL when it is none, or OpenSSL would encode it otherwise. */
static ASN1_SEQUENCE_ANY *read_list(struct slice s)
{
    const unsigned char *p = s.p;
    unsigned char *renewed = NULL;
    ASN1_SEQUENCE_ANY *list = d2i_ASN1_SEQUENCE_ANY(NULL, &p, (long)s.n);
    int n = list ? i2d_ASN1_SEQUENCE_ANY(list, &renewed) : -1;
    bool same = n > 0 && slice_eq(s, slice_make(renewed, (size_t)n));
    OPENSSL_free(renewed);
    if (same)
        return list;
    free_list(list);
    return NULL;
}

/* The octets of element i, which is a SEQUENCE; empty when it is not. */
static struct slice nested(const ASN1_SEQUENCE_ANY *list, int i)
{
    const ASN1_TYPE *t = sk_ASN1_TYPE_value(list, i);
    return t && ASN1_TYPE_get(t) == V_ASN1_SEQUENCE ? view_octets(t->value.sequence) : slice_make(NULL, 0);
}

static bool begins_with_oid(const ASN1_SEQUENCE_ANY *list)
{
    return sk_ASN1_TYPE_num(list) > 0 && ASN1_TYPE_get(sk_ASN1_TYPE_value(list, 0)) == V_ASN1_OBJECT;
}

/* NULL for a SEQUENCE of SEQUENCEs, at least one, each of which `odd_in` has nothing against. */
static const char *odd_list(struct slice s, const char *(*odd_in)(struct slice element))
{
    ASN1_SEQUENCE_ANY *list = read_list(s);
    const char *odd = sk_ASN1_TYPE_num(list) > 0 ? NULL : otherwise;
    for (int i = 0; !odd && i < sk_ASN1_TYPE_num(list); i++)
        odd = odd_in(nested(list, i));
    free_list(list);
    return odd;
}

static const char *odd_qualifier(struct slice element)
{
    const unsigned char *p = element.p;
    ASN1_SEQUENCE_ANY *pair = d2i_ASN1_SEQUENCE_ANY(NULL, &p, (long)element.n), *renewed = read_list(element);
    const char *odd = pair ? otherwise : view_decoding_error(element);
    if (begins_with_oid(pair) && sk_ASN1_TYPE_num(pair) == 2)
        odd = view_odd_any(sk_ASN1_TYPE_value(pair, 1));
    if (!odd && !renewed)
        odd = otherwise;
    free_list(pair);
    free_list(renewed);
    return odd;
}

/* An OID and perhaps a list of qualifiers, of which it counts only that they are an OID and a value. */
static const char *odd_policy(struct slice element)
{
    ASN1_SEQUENCE_ANY *parts = read_list(element);
    int n = sk_ASN1_TYPE_num(parts);
    const char *odd = begins_with_oid(parts) && n <= 2 ? NULL : otherwise;
    if (!odd && n == 2)
        odd = odd_list(nested(parts, 1), odd_qualifier);
    free_list(parts);
    return odd;
}

/*
 * Whether the octets are of the extension's type.  OpenSSL's own decoder of policies refuses texts for people of
 * another string type, which some authorities write and on which nothing hangs.
 */
static const char *odd_field(X509_EXTENSION *e)
{
    if (OBJ_obj2nid(X509_EXTENSION_get_object(e)) == NID_certificate_policies)
        return odd_list(view_octets(X509_EXTENSION_get_data(e)), odd_policy);
    return view_odd_value(e, true);
}

/* GeneralNames in an extension that OpenSSL does not know. */
static const char *odd_names(X509_EXTENSION *e)
{
    struct slice value = view_octets(X509_EXTENSION_get_data(e));
    const unsigned char *p = value.p;
    unsigned char *encoded = NULL;
    GENERAL_NAMES *names = d2i_GENERAL_NAMES(NULL, &p, (long)value.n);
    if (!names)
        return view_decoding_error(value);
    int n = i2d_GENERAL_NAMES(names, &encoded);
    const char *odd = view_odd_general_names(names);
    if (!odd && (n < 0 || !slice_eq(value, slice_make(encoded, (size_t)n)) || sk_GENERAL_NAME_num(names) == 0))
        odd = otherwise;
    OPENSSL_free(encoded);
    GENERAL_NAMES_free(names);
    return odd;
}

bool view_has_odd_path_length(const struct view *v)
{
    BASIC_CONSTRAINTS *basic = X509_get_ext_d2i(v->x, NID_basic_constraints, NULL, NULL);
    bool odd = basic && has_odd_path_length(basic);
    BASIC_CONSTRAINTS_free(basic);
    return odd;
}

X509_EXTENSION *view_extension(const struct view *v, const char *oid, struct seen *seen)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int at = X509_get_ext_by_OBJ(v->x, object, -1);
    X509_EXTENSION *first = at < 0 ? NULL : X509_get_ext(v->x, at);
    *seen = (struct seen){.presence = FIELD_ABSENT};
    if (first && X509_get_ext_by_OBJ(v->x, object, at) >= 0)
        seen->presence = FIELD_DUPLICATE;
    else if (first) {
        seen->because = strcmp(oid, VIEW_MS_SID) == 0 ? odd_names(first) : odd_field(first);
        seen->presence = seen->because ? FIELD_MALFORMED : FIELD_PRESENT;
    }
    seen->critical = first && X509_EXTENSION_get_critical(first) > 0;
    ASN1_OBJECT_free(object);
    return first;
}

static bool is_known_extension(const ASN1_OBJECT *oid)
{
    static const int known[] = {
        NID_subject_key_identifier,
        NID_key_usage,
        NID_subject_alt_name,
        NID_issuer_alt_name,
        NID_basic_constraints,
        NID_name_constraints,
        NID_crl_distribution_points,
        NID_certificate_policies,
        NID_policy_mappings,
        NID_authority_key_identifier,
        NID_policy_constraints,
        NID_ext_key_usage,
        NID_freshest_crl,
        NID_inhibit_any_policy,
        NID_info_access,
        NID_sinfo_access,
    };
    char text[64];
    int nid = OBJ_obj2nid(oid);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (nid == known[i])
            return true;
    return OBJ_obj2txt(text, sizeof text, oid, 1) > 0 && strcmp(text, VIEW_MS_SID) == 0;
}

int64_t view_unknown_critical(const struct view *v)
{
    int64_t count = 0;
    for (int i = 0; i < X509_get_ext_count(v->x); i++) {
        X509_EXTENSION *e = X509_get_ext(v->x, i);
        count += X509_EXTENSION_get_critical(e) > 0 && !is_known_extension(X509_EXTENSION_get_object(e));
    }
    return count;
}
