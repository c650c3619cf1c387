/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/second.h"

#include "base/hex.h"
#include "x509/view.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_OCTETS = 24, SHOWN_ROOM = 2 * SHOWN_OCTETS + 8 };

struct second_reader {
    OSSL_LIB_CTX *ctx;
    OSSL_PROVIDER *null_provider;
};

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

static bool same_key(struct view *v)
{
    const X509_PUBKEY *key = X509_get_X509_PUBKEY(v->x);
    ASN1_OBJECT *oid = NULL;
    unsigned char *encoded = NULL;
    X509_PUBKEY_get0_param(&oid, NULL, NULL, NULL, key);
    if (!same_octets(v, "key algorithm", facts_slice(v->der, v->f->key_algorithm), oid_octets(oid)))
        return false;
    struct slice ours = facts_slice(v->der, v->f->spki);
    if (v->f->malformed) /* perhaps for its padding, which OpenSSL mends */
        return true;
    int n = i2d_X509_PUBKEY(key, &encoded);
    return same_encoding(v, "subjectPublicKeyInfo", ours, encoded, n);
}

static bool same_signature_algorithm(struct view *v)
{
    const ASN1_OBJECT *oid = NULL;
    X509_ALGOR_get0(&oid, NULL, NULL, X509_get0_tbs_sigalg(v->x));
    return same_octets(v, "signature", facts_slice(v->der, v->f->signature_algorithm), oid_octets(oid));
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
    if (!same_number(v, field, ours->presence, theirs->presence))
        return false;
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

static bool same_fields(struct view *v)
{
    if (!v->x)
        return true;
    if (!v->f->readable)
        return v->f->version == 0 || same_version(v);
    return same_version(v) && same_serial(v) && same_names(v) && same_times(v) && same_key(v) &&
           same_signature_algorithm(v) && same_common_names(v) && same_alternative_names(v) && same_purposes(v);
}

static enum second compare(struct view *v)
{
    if (!same_fields(v))
        return SECOND_DISAGREES;
    const char *theirs = view_objection(v);
    if (!theirs == !v->f->malformed)
        return SECOND_AGREES;
    snprintf(v->why, v->room, "malformed: ours is \"%s\", OpenSSL's \"%s\"", v->f->malformed ? v->f->malformed : "no",
             theirs ? theirs : "no");
    return SECOND_DISAGREES;
}

/* Empties the queue of errors on the way. */
static bool is_out_of_memory(void)
{
    bool found = false;
    for (unsigned long e = ERR_get_error(); e; e = ERR_get_error())
        found |= ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
    return found;
}

enum rc second_open(struct second_reader **out, struct fault *fault)
{
    *out = NULL;
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    struct second_reader *s = calloc(1, sizeof *s);
    if (!s)
        return fault_set(fault, RC_FAULT, "second reader: out of memory");
    s->ctx = OSSL_LIB_CTX_new();
    s->null_provider = s->ctx ? OSSL_PROVIDER_load(s->ctx, "null") : NULL;
    if (!s->null_provider) {
        second_close(s);
        return fault_set(fault, RC_FAULT, "second reader: OpenSSL's null provider could not be loaded");
    }
    *out = s;
    return RC_OK;
}

void second_close(struct second_reader *s)
{
    if (!s)
        return;
    if (s->null_provider)
        OSSL_PROVIDER_unload(s->null_provider);
    OSSL_LIB_CTX_free(s->ctx);
    ERR_clear_error();
    free(s);
}

enum second second_read(struct second_reader *s, struct slice der, const struct facts *f, char *why, size_t room)
{
    struct view v = {.der = der, .f = f, .why = why, .room = room};
    enum second result = SECOND_FAULT;
    const unsigned char *p = der.p;
    why[0] = '\0';
    if (der.n > SECOND_OCTETS_MOST) {
        snprintf(why, room, "over %d octets: too large for the second reader", SECOND_OCTETS_MOST);
        return SECOND_FAULT;
    }
    ERR_clear_error();
    v.x = X509_new_ex(s->ctx, NULL);
    if (!v.x)
        goto out;
    if (d2i_X509(&v.x, &p, (long)der.n)) { /* else it freed and cleared v.x */
        v.consumed = (size_t)(p - der.p);
        view_look_up(&v);
    }
    result = compare(&v);
out:
    GENERAL_NAMES_free(v.names);
    EXTENDED_KEY_USAGE_free(v.purposes);
    X509_free(v.x);
    if (is_out_of_memory() || result == SECOND_FAULT) {
        snprintf(why, room, "out of memory in the second reader");
        result = SECOND_FAULT;
    }
    return result;
}
