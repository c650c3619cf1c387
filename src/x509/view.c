/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/view.h"

#include <openssl/x509.h>
#include <time.h>

enum { EXTENSIONS_MOST = 64, OCTETS_MOST = 1000 * 1000 };

/* Whether what OpenSSL made of an extension is all that the extension holds. */
static bool is_whole(const struct view *v, int nid, unsigned char *encoded, int n)
{
    X509_EXTENSION *e = X509_get_ext(v->x, X509_get_ext_by_NID(v->x, nid, -1));
    bool same = e && n >= 0 && slice_eq(view_octets(X509_EXTENSION_get_data(e)), slice_make(encoded, (size_t)n));
    OPENSSL_free(encoded);
    return same;
}

static void *look_up(const struct view *v, int nid, struct seen *seen)
{
    int critical = -1;
    void *decoded = X509_get_ext_d2i(v->x, nid, &critical, NULL);
    seen->critical = critical > 0;
    if (critical == -1)
        seen->presence = FIELD_ABSENT;
    else if (critical == -2)
        seen->presence = FIELD_DUPLICATE;
    else
        seen->presence = decoded ? FIELD_PRESENT : FIELD_MALFORMED;
    X509_EXTENSION *e = X509_get_ext(v->x, X509_get_ext_by_NID(v->x, nid, -1));
    if (!decoded && e)
        seen->because = view_decoding_error(view_octets(X509_EXTENSION_get_data(e)));
    return decoded;
}

static bool is_seven_bit(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] > 0x7f)
            return false;
    return true;
}

/* OpenSSL lets an IA5String hold any octets; ASCII is all there is (X.680 section 41.1). */
static bool is_ascii_name(const GENERAL_NAME *name)
{
    int kind;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);
    if (kind != GEN_EMAIL && kind != GEN_DNS && kind != GEN_URI)
        return true;
    return is_seven_bit(view_octets(value));
}

static void look_up_names(struct view *v)
{
    v->names = look_up(v, NID_subject_alt_name, &v->san);
    if (!v->names)
        return;
    unsigned char *encoded = NULL;
    int n = i2d_GENERAL_NAMES(v->names, &encoded), count = sk_GENERAL_NAME_num(v->names);
    bool whole = is_whole(v, NID_subject_alt_name, encoded, n) && count > 0;
    v->san.because = view_odd_general_names(v->names);
    if (!v->san.because && !whole)
        v->san.because = "octets that OpenSSL would encode otherwise";
    for (int i = 0; !v->san.because && i < count; i++)
        if (!is_ascii_name(sk_GENERAL_NAME_value(v->names, i)))
            v->san.because = "an IA5String that is not ASCII";
    if (v->san.because)
        v->san.presence = FIELD_MALFORMED;
}

static void look_up_purposes(struct view *v)
{
    v->purposes = look_up(v, NID_ext_key_usage, &v->eku);
    if (!v->purposes)
        return;
    unsigned char *encoded = NULL;
    int n = i2d_EXTENDED_KEY_USAGE(v->purposes, &encoded);
    if (!is_whole(v, NID_ext_key_usage, encoded, n) || sk_ASN1_OBJECT_num(v->purposes) == 0)
        v->eku.presence = FIELD_MALFORMED;
}

/* The objections: what makes OpenSSL call a certificate malformed.  Each is true when it objects. */

static bool has_octets_after(const struct view *v)
{
    return v->consumed != v->der.n;
}

static bool has_too_many_octets(const struct view *v)
{
    return v->der.n > OCTETS_MOST;
}

static bool has_no_version(const struct view *v)
{
    return !view_has_version(v);
}

static bool has_parts_of_later_version(const struct view *v)
{
    const ASN1_BIT_STRING *issuer = NULL, *subject = NULL;
    long version = X509_get_version(v->x);
    X509_get0_uids(v->x, &issuer, &subject);
    return (version == X509_VERSION_1 && (issuer || subject)) ||
           ((version == X509_VERSION_1 || version == X509_VERSION_2) && X509_get0_extensions(v->x));
}

static bool has_odd_extensions(const struct view *v)
{
    int count = X509_get_ext_count(v->x);
    if (X509_get0_extensions(v->x) && count == 0)
        return true;
    if (count > EXTENSIONS_MOST)
        return true;
    for (int i = 0; i < count; i++)
        if (X509_get_ext_by_OBJ(v->x, X509_EXTENSION_get_object(X509_get_ext(v->x, i)), i) >= 0)
            return true;
    return false;
}

/* The flag is about these too, which RFC 5280 does not have and nobody here reads; then it tells nothing. */
static bool has_extension_of_others(const struct view *v)
{
    static const int others[] = {NID_netscape_cert_type, NID_proxyCertInfo, NID_sbgp_ipAddrBlock,
                                 NID_sbgp_autonomousSysNum};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (X509_get_ext_by_NID(v->x, others[i], -1) >= 0)
            return true;
    return false;
}

static bool has_invalid_extension(const struct view *v)
{
    return X509_get_extension_flags(v->x) & EXFLAG_INVALID && !has_extension_of_others(v);
}

static bool has_bad_names_or_purposes(const struct view *v)
{
    return v->san.presence > FIELD_PRESENT || v->eku.presence > FIELD_PRESENT;
}

static bool has_two_algorithms(const struct view *v)
{
    const X509_ALGOR *outer;
    X509_get0_signature(NULL, &outer, v->x);
    unsigned char *a = NULL, *b = NULL;
    int an = i2d_X509_ALGOR(X509_get0_tbs_sigalg(v->x), &a), bn = i2d_X509_ALGOR(outer, &b);
    bool differ = an < 0 || an != bn || memcmp(a, b, (size_t)an) != 0;
    OPENSSL_free(a);
    OPENSSL_free(b);
    return differ;
}

static bool has_odd_time(const struct view *v)
{
    int64_t ignored;
    return !view_time(X509_get0_notBefore(v->x), &ignored) || !view_time(X509_get0_notAfter(v->x), &ignored);
}

/*
 * Takes the last entry off and puts it back, so that OpenSSL forgets the octets that it read and encodes the name anew.
 * A name of RDNs without attributes has no entry, and is none of an empty name's two octets.
 */
static bool renew_name(X509_NAME *name)
{
    int last = X509_NAME_entry_count(name) - 1;
    if (last < 0)
        return i2d_X509_NAME(name, NULL) == 2; /* view_odd_name looked at them */
    X509_NAME_ENTRY *e = X509_NAME_delete_entry(name, last), *before = X509_NAME_get_entry(name, last - 1);
    bool shares_rdn = before && X509_NAME_ENTRY_set(before) == X509_NAME_ENTRY_set(e);
    bool done = X509_NAME_add_entry(name, e, -1, shares_rdn ? -1 : 0);
    X509_NAME_ENTRY_free(e);
    return done;
}

/* An encoded version 1, which is the default, is forgotten too; OpenSSL skips a change that it thinks is none. */
static bool renew_version(X509 *x)
{
    return X509_get_version(x) != X509_VERSION_1 ||
           (X509_set_version(x, X509_VERSION_2) && X509_set_version(x, X509_VERSION_1));
}

/* NULL, or what is odd about a part that no encoding shows. */
static const char *odd_part(const struct view *v)
{
    const X509_ALGOR *outer = NULL;
    X509_ALGOR *key = NULL;
    X509_get0_signature(NULL, &outer, v->x);
    X509_PUBKEY_get0_param(NULL, NULL, NULL, &key, X509_get_X509_PUBKEY(v->x));
    const X509_ALGOR *algorithms[] = {X509_get0_tbs_sigalg(v->x), outer, key};
    const char *odd = view_odd_name(X509_get_issuer_name(v->x));
    if (!odd)
        odd = view_odd_name(X509_get_subject_name(v->x));
    for (size_t i = 0; !odd && i < sizeof algorithms / sizeof *algorithms; i++)
        odd = view_odd_algorithm(algorithms[i]);
    return odd;
}

/* Encodes the certificate anew: BER, defaults, padding, empty and unordered RDNs do not come back as they were. */
static bool has_odd_encoding(const struct view *v)
{
    unsigned char *encoded = NULL;
    if (!renew_version(v->x) || !renew_name(X509_get_issuer_name(v->x)) || !renew_name(X509_get_subject_name(v->x)) ||
        i2d_re_X509_tbs(v->x, NULL) < 0)
        return true;
    int n = i2d_X509(v->x, &encoded);
    bool odd = n < 0 || !slice_eq(slice_upto(v->der, v->consumed), slice_make(encoded, (size_t)n));
    OPENSSL_free(encoded);
    return odd;
}

/* Whether OpenSSL writes the flag otherwise: it keeps an encoded FALSE, and any octet for TRUE. */
static bool is_odd_critical(X509_EXTENSION *e)
{
    unsigned char *read = NULL, *renewed = NULL;
    X509_EXTENSION *copy = X509_EXTENSION_create_by_OBJ(NULL, X509_EXTENSION_get_object(e),
                                                        X509_EXTENSION_get_critical(e), X509_EXTENSION_get_data(e));
    int n = i2d_X509_EXTENSION(e, &read);
    bool odd = !copy || n < 0 || i2d_X509_EXTENSION(copy, &renewed) != n || memcmp(read, renewed, (size_t)n) != 0;
    OPENSSL_free(read);
    OPENSSL_free(renewed);
    X509_EXTENSION_free(copy);
    return odd;
}

static bool is_odd_extension(X509_EXTENSION *e)
{
    return is_odd_critical(e) || view_odd_value(e, false);
}

static bool has_odd_extension_value(const struct view *v)
{
    for (int i = 0; i < X509_get_ext_count(v->x); i++)
        if (is_odd_extension(X509_get_ext(v->x, i)))
            return true;
    return false;
}

static bool has_other_than(const ASN1_STRING *s, const char *characters)
{
    struct slice octets = view_octets(s);
    for (size_t i = 0; i < octets.n; i++)
        if (octets.p[i] == '\0' || !strchr(characters, octets.p[i]))
            return true;
    return false;
}

/* OpenSSL takes any octets in these types, and only when it writes it looks at what each has (X.680 section 41). */
static bool has_odd_characters_in(const X509_NAME *name)
{
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));
        struct slice octets = view_octets(s);
        bool has_nul = octets.n && memchr(octets.p, 0, octets.n);
        switch (ASN1_STRING_type(s)) {
        case V_ASN1_PRINTABLESTRING:
            if (has_nul || ASN1_PRINTABLE_type(octets.p, (int)octets.n) != V_ASN1_PRINTABLESTRING)
                return true;
            break;
        case V_ASN1_NUMERICSTRING:
            if (has_other_than(s, "0123456789 "))
                return true;
            break;
        case V_ASN1_IA5STRING:
            if (!is_seven_bit(octets))
                return true;
            break;
        }
    }
    return false;
}

static bool has_odd_characters(const struct view *v)
{
    return has_odd_characters_in(X509_get_issuer_name(v->x)) || has_odd_characters_in(X509_get_subject_name(v->x));
}

static bool has_bad_key(const struct view *v)
{
    return v->key.is_known && v->key.malformed;
}

static bool has_bad_sid(const struct view *v)
{
    struct seen seen;
    view_extension(v, VIEW_MS_SID, &seen);
    return seen.presence == FIELD_MALFORMED;
}

static const struct objection {
    bool (*objects)(const struct view *v);
    bool supports_only; /* counts when our reader objects too, but is not asked of a certificate that it accepts */
    const char *text;
} objections[] = {
    {.objects = has_octets_after, .text = "octets after the certificate"},
    {.objects = has_too_many_octets, .text = "more octets than anybody takes"},
    {.objects = has_no_version, .text = "a version outside 1..3"},
    {.objects = has_parts_of_later_version, .text = "parts that its version does not have"},
    {.objects = has_odd_extensions, .text = "an extension twice, none or too many"},
    {.objects = has_invalid_extension, .text = "an invalid extension"},
    {.objects = has_bad_names_or_purposes, .text = "an undecodable subjectAltName or extKeyUsage"},
    {.objects = has_odd_characters, .text = "a string with characters that its type does not have"},
    {.objects = has_bad_key, .text = "a public key that does not decode"},
    {.objects = has_bad_sid, .text = "an undecodable szOID_NTDS_CA_SECURITY_EXT"},
    {.objects = view_has_odd_path_length, .text = "a path length out of range"},
    {.objects = has_two_algorithms, .text = "two signature algorithms"},
    {.objects = has_odd_time, .text = "a time not in RFC 5280's form"},
    {.objects = has_odd_extension_value,
     .supports_only = true,
     .text = "an extension that is not DER or holds what RFC 5280 forbids"},
    {.objects = has_odd_encoding, .text = "an encoding that is not DER"}, /* last: it changes v->x */
};

void view_look_up(struct view *v)
{
    look_up_names(v);
    look_up_purposes(v);
    view_key(v, &v->key);
}

bool view_has_version(const struct view *v)
{
    long version = X509_get_version(v->x);
    return version >= X509_VERSION_1 && version <= X509_VERSION_3;
}

/* RFC 5280 section 4.1.2.5, as OpenSSL checks it; on top, the tag must be that of the form. */
bool view_time(const ASN1_TIME *t, int64_t *at_utc)
{
    struct slice s = view_octets(t);
    struct tm tm;
    if (s.n != (ASN1_STRING_type(t) == V_ASN1_UTCTIME ? 13 : 15) || memchr(s.p, 0, s.n))
        return false;
    if (!ASN1_TIME_set_string_X509(NULL, (const char *)s.p) || !ASN1_TIME_to_tm(t, &tm))
        return false;
    *at_utc = timegm(&tm);
    return true;
}

const char *view_objection(const struct view *v)
{
    if (!v->x)
        return v->unread;
    const char *odd = odd_part(v);
    if (odd)
        return odd;
    for (size_t i = 0; i < sizeof objections / sizeof *objections; i++)
        if ((v->f->malformed || !objections[i].supports_only) && objections[i].objects(v))
            return objections[i].text;
    return NULL;
}
