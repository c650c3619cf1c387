/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts that OpenSSL keeps as they stand: a Name, a SEQUENCE whose type is not known before.  Whether they are DER is
 * asked of OpenSSL here, header by header.
 */
#include "x509/view.h"

#include <openssl/asn1err.h>
#include <openssl/err.h>

enum { DEPTH_MOST = 12, TAG_MOST = 30, TAG_EMBEDDED_PDV = 11, TAG_CHARACTER_STRING = 29 };

static const char not_der[] = "octets that are not DER";
static const char unknown_type[] = "a value of a type that OpenSSL takes for another";

/* Takes one element off *cursor, of which the header is DER; *tag is -1 for one outside the universal class. */
static bool take(struct slice *cursor, int *tag, bool *constructed, struct slice *content)
{
    const unsigned char *p = cursor->p;
    long length = 0;
    int class = 0, number = 0, flags = ASN1_get_object(&p, &length, &number, &class, (long)cursor->n);
    size_t header = (size_t)(p - cursor->p);
    if (flags & 0x81 || number > TAG_MOST) /* an error, or the indefinite length */
        return false;
    if (ASN1_object_size(0, (int)length, number) != (int)header + (int)length)
        return false;
    *tag = class == V_ASN1_UNIVERSAL ? number : -1;
    *constructed = flags & V_ASN1_CONSTRUCTED;
    *content = slice_make(p, (size_t)length);
    *cursor = slice_from(*cursor, header + (size_t)length);
    return true;
}

/* One element of that type, which is constructed. */
static bool take_list(struct slice *cursor, int type, struct slice *content)
{
    int tag;
    bool constructed;
    return take(cursor, &tag, &constructed, content) && tag == type && constructed;
}

/* ORAddress, of which OpenSSL holds identifier and length too. */
static bool is_x400_address(struct slice s)
{
    int tag;
    bool constructed;
    struct slice inside, content;
    if (!take(&s, &tag, &constructed, &inside) || !constructed || s.n)
        return false;
    while (inside.n)
        if (!take(&inside, &tag, &constructed, &content))
            return false;
    return true;
}

static bool is_element(struct slice s)
{
    int tag;
    bool constructed;
    struct slice content;
    return take(&s, &tag, &constructed, &content) && s.n == 0;
}

static bool is_taken_for_another(int type)
{
    return type == V_ASN1_EXTERNAL || type == TAG_EMBEDDED_PDV || type == TAG_CHARACTER_STRING;
}

/* `kept`: what OpenSSL holds of it; the whole element where it does not know the type, or does not look inside. */
static const char *odd_type(int type, struct slice kept)
{
    bool constructed;
    int tag;
    struct slice content;
    if (is_taken_for_another(type & ~V_ASN1_NEG))
        return unknown_type;
    switch (type & ~V_ASN1_NEG) {
    case V_ASN1_EOC:
        return not_der;
    case V_ASN1_SEQUENCE:
    case V_ASN1_SET:
        return take(&kept, &tag, &constructed, &content) && constructed && kept.n == 0 ? NULL : not_der;
    }
    if (type == V_ASN1_OTHER)
        return is_element(kept) ? NULL : not_der;
    return (type & ~V_ASN1_NEG) > TAG_MOST ? not_der : NULL;
}

const char *view_odd_any(const ASN1_TYPE *value)
{
    int type = value->type; /* ASN1_TYPE_get says 0 of values that it does not know */
    if (type == V_ASN1_BOOLEAN)
        return value->value.boolean == 0 || value->value.boolean == 0xff ? NULL : not_der;
    if (type == V_ASN1_NULL || type == V_ASN1_OBJECT || !value->value.ptr)
        return odd_type(type, slice_make(NULL, 0));
    return odd_type(type, view_octets(value->value.asn1_string));
}

const char *view_odd_algorithm(const X509_ALGOR *algorithm)
{
    const void *value = NULL;
    int type = V_ASN1_UNDEF;
    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (type == V_ASN1_UNDEF || type == V_ASN1_NULL || type == V_ASN1_OBJECT)
        return NULL;
    if (type == V_ASN1_BOOLEAN) /* which stands in the place of the pointer: algorithm->parameter has it whole */
        return view_odd_any(algorithm->parameter);
    return odd_type(type, value ? view_octets(value) : slice_make(NULL, 0));
}

const char *view_odd_attribute(const X509_NAME_ENTRY *e)
{
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(e);
    return odd_type(ASN1_STRING_type(value), view_octets(value));
}

/* Takes that attribute off *rdn, encoded as OpenSSL does it. */
static const char *take_attribute(struct slice *rdn, const X509_NAME_ENTRY *e)
{
    unsigned char *encoded = NULL;
    const char *odd = e ? view_odd_attribute(e) : not_der;
    int n = odd ? -1 : i2d_X509_NAME_ENTRY(e, &encoded);
    if (n > 0 && slice_starts(*rdn, slice_make(encoded, (size_t)n)))
        *rdn = slice_from(*rdn, (size_t)n);
    else if (!odd)
        odd = not_der;
    OPENSSL_free(encoded);
    return odd;
}

static const char *odd_rdns(const X509_NAME *name, struct slice rdns)
{
    const char *odd = NULL;
    struct slice rdn;
    int at = 0;
    while (rdns.n) {
        if (!take_list(&rdns, V_ASN1_SET, &rdn))
            return not_der;
        for (; rdn.n && !odd; at++)
            odd = take_attribute(&rdn, X509_NAME_get_entry(name, at));
        if (odd)
            return odd;
    }
    return NULL;
}

const char *view_odd_name(X509_NAME *name)
{
    unsigned char *octets = NULL;
    int n = i2d_X509_NAME(name, &octets);
    struct slice rest = slice_make(octets, n > 0 ? (size_t)n : 0), rdns;
    const char *odd = take_list(&rest, V_ASN1_SEQUENCE, &rdns) && rest.n == 0 ? odd_rdns(name, rdns) : not_der;
    OPENSSL_free(octets);
    return odd;
}

const char *view_odd_general_name(const GENERAL_NAME *name)
{
    switch (name->type) {
    case GEN_OTHERNAME:
        return view_odd_any(name->d.otherName->value);
    case GEN_X400:
        return is_x400_address(view_octets(name->d.x400Address)) ? NULL : not_der;
    case GEN_DIRNAME:
        return view_odd_name(name->d.directoryName);
    }
    return NULL;
}

const char *view_odd_general_names(const GENERAL_NAMES *names)
{
    const char *odd = NULL;
    for (int i = 0; !odd && i < sk_GENERAL_NAME_num(names); i++)
        odd = view_odd_general_name(sk_GENERAL_NAME_value(names, i));
    return odd;
}

/* OpenSSL takes them for strings in parts, and fails where the parts are none. */
static bool holds_what_is_taken_for_another(struct slice s, unsigned depth)
{
    int tag;
    bool constructed;
    struct slice content;
    while (s.n) {
        if (!take(&s, &tag, &constructed, &content))
            return false;
        if (constructed &&
            (is_taken_for_another(tag) || (depth > 0 && holds_what_is_taken_for_another(content, depth - 1))))
            return true;
    }
    return false;
}

const char *view_decoding_error(struct slice octets)
{
    bool exhausted = false, no_string = false;
    for (unsigned long e = ERR_get_error(); e; e = ERR_get_error()) {
        exhausted |= ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
        no_string |= ERR_GET_LIB(e) == ERR_LIB_ASN1 && (ERR_GET_REASON(e) == ASN1_R_MSTRING_WRONG_TAG ||
                                                        ERR_GET_REASON(e) == ASN1_R_MSTRING_NOT_UNIVERSAL);
    }
    bool taken = !no_string && holds_what_is_taken_for_another(octets, DEPTH_MOST);
    ERR_clear_error();
    if (exhausted)
        ERR_raise(ERR_LIB_ASN1, ERR_R_MALLOC_FAILURE);
    return no_string ? "a string of no string type" : taken ? unknown_type : "octets that do not decode";
}
