/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the second reader only: one certificate under both readers, and what OpenSSL has against it.
 */
#ifndef X509_VIEW_H
#define X509_VIEW_H

#include "core/facts.h"

#include <openssl/x509v3.h>

/* One extension that core looks into, as OpenSSL sees it. */
struct seen {
    enum presence presence;
    bool critical;
    const char *because; /* of FIELD_MALFORMED, in a few words: a static string */
};

/* The public key as OpenSSL decodes it. */
struct seen_key {
    bool is_known; /* RSA, EdDSA, or EC: and then also over a curve that both know, or malformed before that matters */
    bool malformed;
    uint32_t bits; /* as in struct facts */
};

/* Sizes of curves that were asked for before: OpenSSL computes a whole group for each answer. */
struct curve_sizes {
    struct {
        int nid;
        uint32_t bits;
    } items[8];
    unsigned count;
};

/* What is OpenSSL's in it belongs to second_local_read, which frees it. */
struct view {
    struct slice der;
    const struct facts *f;
    X509 *x;            /* NULL when OpenSSL could not read a certificate: then nothing below counts */
    const char *unread; /* why it could not: a static string */
    size_t consumed;    /* octets of der */
    GENERAL_NAMES *names;
    EXTENDED_KEY_USAGE *purposes;
    struct seen san, eku;
    struct seen_key key;
    struct curve_sizes *curves;
    char *why;
    size_t room;
};

/* Fills san, eku, names, purposes and key from v->x. */
void view_look_up(struct view *v);
/* False when OpenSSL reads none of the versions 1, 2 and 3. */
bool view_has_version(const struct view *v);
/* A time in RFC 5280's form (section 4.1.2.5), as OpenSSL reads it. */
bool view_time(const ASN1_TIME *t, int64_t *at_utc);

#define VIEW_MS_SID "1.3.6.1.4.1.311.25.2"

/* The first extension of that OID in dotted decimal, or NULL; it belongs to v->x. */
X509_EXTENSION *view_extension(const struct view *v, const char *oid, struct seen *seen);
/*
 * NULL, or why an extension of a type that OpenSSL knows does not decode, has more in it than decodes, or what RFC 5280
 * forbids: a static string.  lets_false_pass: not for an encoded cA FALSE.
 */
const char *view_odd_value(X509_EXTENSION *e, bool lets_false_pass);
/* Only the decoding knows that a path length is beyond all bounds. */
bool view_has_odd_path_length(const struct view *v);
/* How many critical extensions there are that neither RFC 5280 nor we know. */
int64_t view_unknown_critical(const struct view *v);

/*
 * NULL, or what is odd about a part of which OpenSSL keeps the octets, or loses what they were, and so would never
 * object: a static string.
 */
const char *view_odd_any(const ASN1_TYPE *value);
const char *view_odd_algorithm(const X509_ALGOR *algorithm);
/* RDNs without attributes, and attributes out of order, are not odd in this sense. */
const char *view_odd_name(X509_NAME *name);
const char *view_odd_attribute(const X509_NAME_ENTRY *e);
const char *view_odd_general_names(const GENERAL_NAMES *names); /* NULL is fine */
const char *view_odd_general_name(const GENERAL_NAME *name);
/* What a decoding of these octets that failed just now did not like.  Empties OpenSSL's queue of errors, but for lack
 * of memory. */
const char *view_decoding_error(struct slice octets);

/* Needs no provider. */
void view_key(const struct view *v, struct seen_key *key);

/* NULL, or what OpenSSL has against the certificate, in a few words: a static string.  Changes v->x: ask it last. */
const char *view_objection(const struct view *v);

static inline struct slice view_octets(const ASN1_STRING *s)
{
    return slice_make(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

#endif
