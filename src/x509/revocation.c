/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a certificate on a CRL of its issuer?  The newest one counts that is about certificates like this, fresh, and
 * signed by the issuer.  A date of revocation in the future revokes too: the issuer has said it (section 6.3.3 (i)).
 * @source RFC 5280 section 6.3
 */
#include "x509/trust_private.h"

#include "base/der.h"
#include "base/gentime.h"

#include <stdlib.h>

/* CRLReason, RFC 5280 section 5.3.1; 7 is not used. */
static const char *const reasons[] = {"unspecified",   "keyCompromise",        "cACompromise",    "affiliationChanged",
                                      "superseded",    "cessationOfOperation", "certificateHold", "(not assigned)",
                                      "removeFromCRL", "privilegeWithdrawn",   "aACompromise"};

static struct slice date_text(struct arena *a, int64_t at_utc)
{
    uint8_t text[GENTIME_LEN];
    gentime_write(at_utc, text);
    return arena_copy(a, slice_make(text, sizeof text));
}

static struct slice points_of(const X509 *x)
{
    int at = X509_get_ext_by_NID(x, NID_crl_distribution_points, -1);
    if (at < 0)
        return slice_make(NULL, 0);
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(x, at));
    return slice_make(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
}

/* Why the list cannot say anything about this certificate; NULL: it can. */
static const char *scope_objection(const struct crl *c, const struct authority *end)
{
    bool is_ca = X509_get_extension_flags(end->x) & EXFLAG_CA;
    if (c->is_delta)
        return "says only what changed (deltaCRLIndicator)";
    if (c->is_unknown)
        return "has a critical extension that is not known here";
    if (c->is_indirect)
        return "is an indirect one";
    if (c->some_reasons)
        return "is about some reasons only";
    if (c->attributes || (c->users && (is_ca || end->f.version != 3)) || (c->authorities && !is_ca))
        return "is about certificates of another kind";
    if (!crl_is_for_point(c, points_of(end->x), facts_slice(end->der, end->f.issuer)))
        return "is for another distribution point";
    return NULL;
}

/* Its time has been: an older one knows less than it does, whatever nextUpdate that one has. */
static bool is_over(const struct trust_local_question *q, const struct crl *c)
{
    return c->has_next_update && c->next_update_utc < q->now_utc;
}

/* Empty: it is fresh. */
static struct slice age_objection(struct arena *a, const struct trust_local_question *q, const struct crl *c)
{
    if (c->this_update_utc > q->now_utc)
        return arena_format(a, "is from the future: thisUpdate is %.*s", SLICE_ARGS(date_text(a, c->this_update_utc)));
    if (is_over(q, c))
        return arena_format(a, "is stale: nextUpdate was %.*s", SLICE_ARGS(date_text(a, c->next_update_utc)));
    if (q->crl_max_age_s > 0 && q->now_utc - c->this_update_utc > q->crl_max_age_s)
        return arena_format(a, "is older than policy allows: thisUpdate was %.*s",
                            SLICE_ARGS(date_text(a, c->this_update_utc)));
    if (!c->has_next_update && q->crl_max_age_s <= 0)
        return slice_of("has no nextUpdate, and policy states no greatest age");
    return slice_of("");
}

static bool has_key_of(const struct trust_local *p, const struct issuers *issuers, const struct authority *c)
{
    for (unsigned i = 0; i < issuers->count; i++)
        if (digest_eq(&p->authorities.items[issuers->items[i]]->key_digest, &c->key_digest))
            return true;
    return false;
}

/* Without anchors: its key signed the certificate itself, or the certificate of a new key for the same name. */
static bool is_issuer_itself(struct trust_local *p, struct authority *end, struct authority *c)
{
    const struct issuers *issuers = chain_issuers(p, end);
    if (has_key_of(p, issuers, c))
        return true;
    const struct issuers *above = chain_issuers(p, c);
    for (unsigned i = 0; i < above->count; i++)
        if (has_key_of(p, issuers, p->authorities.items[above->items[i]]))
            return true;
    return false;
}

/* Kept until the pool grows or time goes on: many certificates ask for the same few authorities. */
static bool is_verified(struct trust_local *p, struct arena *a, const struct trust_local_question *q, size_t place)
{
    struct trust_local_anchors *t =
        (struct trust_local_anchors *)(uintptr_t)q->anchors; /* its memory is ours to write */
    if (t->seen_generation != p->generation || t->seen_now_utc != q->now_utc) {
        memset(t->seen, 0, sizeof t->seen);
        t->seen_generation = p->generation;
        t->seen_now_utc = q->now_utc;
    }
    if (t->seen[place] == CHAIN_NOT_ASKED) {
        struct chain chain;
        chain_find(p, t, a, p->authorities.items[place], true, q->now_utc, &chain);
        t->seen[place] = (uint8_t)chain.answer;
    }
    return t->seen[place] == CHAIN_VERIFIED;
}

static bool may_sign_crls(const struct authority *c)
{
    return !(X509_get_extension_flags(c->x) & EXFLAG_KUSAGE) || (X509_get_key_usage(c->x) & KU_CRL_SIGN);
}

/* False when no more keys may be tried on this CRL. */
static bool try_key(struct trust_local *p, struct pool_crl *c, const struct authority *by, enum signature *answer)
{
    for (size_t i = 0; i < c->memo_count; i++)
        if (digest_eq(&c->memos[i].key, &by->key_digest)) {
            *answer = c->memos[i].answer;
            return true;
        }
    if (c->memo_count == ISSUER_KEYS)
        return false;
    *answer = signature_on_crl(p, &c->c, by);
    c->memos[c->memo_count++] = (struct signature_memo){by->key_digest, *answer};
    return true;
}

/* Who may sign is asked first: it is cheaper than the signature, and keeps strangers' keys away from it. */
static const char *signature_objection(struct trust_local *p, struct arena *a, const struct trust_local_question *q,
                                       struct authority *end, struct pool_crl *c)
{
    const char *objection = "has an issuer of whom no certificate is known";
    for (size_t i = 0; i < p->authorities.count; i++) {
        struct authority *by = p->authorities.items[i];
        enum signature answer;
        if (by->subject_hash != c->issuer_hash || X509_NAME_cmp(X509_get_subject_name(by->x), c->issuer) != 0)
            continue;
        p->signatures_spent = 0;
        if (!may_sign_crls(by)) {
            objection = "has an issuer that may not sign CRLs (RFC 5280 section 4.2.1.3)";
        } else if (q->anchors ? !is_verified(p, a, q, i) : !is_issuer_itself(p, end, by)) {
            objection = "has an issuer that is not verified";
        } else if (!try_key(p, c, by, &answer)) {
            objection = "has too many issuers of one name";
        } else if (answer == SIGNATURE_GOOD) {
            return NULL;
        } else {
            objection = answer == SIGNATURE_BAD ? "has a signature that does not verify"
                                                : "has a signature that cannot be verified here";
        }
    }
    return objection;
}

/* Looking up.  An entry was checked when the CRL was read: its first element is the serial number. */

static struct slice serial_at(const uint8_t *entry)
{
    struct slice rest = slice_make(entry, SIZE_MAX >> 1);
    struct der_element e, serial;
    if (!der_next(&rest, &e) || !der_next(&e.content, &serial))
        return slice_make(NULL, 0);
    return serial.content;
}

static int entry_order(const void *a, const void *b)
{
    return slice_compare(serial_at(*(const uint8_t *const *)a), serial_at(*(const uint8_t *const *)b));
}

static int serial_order(const void *key, const void *entry)
{
    return slice_compare(*(const struct slice *)key, serial_at(*(const uint8_t *const *)entry));
}

static void sort_entries(struct trust_local *p, struct pool_crl *c)
{
    struct slice cursor = c->c.revoked;
    struct crl_entry e;
    size_t n = 0;
    if (c->sorted || c->c.entry_count == 0)
        return;
    c->sorted = arena_array(&p->arena, c->c.entry_count, sizeof *c->sorted);
    for (const uint8_t *at = cursor.p; n < c->c.entry_count && crl_next_entry(&cursor, &e); at = cursor.p)
        c->sorted[n++] = at;
    qsort(c->sorted, n, sizeof *c->sorted, entry_order);
}

static struct crl_entry entry_at(const struct pool_crl *c, const uint8_t *at)
{
    struct slice cursor = slice_make(at, (size_t)(c->c.revoked.p + c->c.revoked.n - at));
    struct crl_entry e = {.reason = CRL_REASON_ABSENT};
    (void)crl_next_entry(&cursor, &e);
    return e;
}

static enum revocation_answer answer_of(const struct crl_entry *e)
{
    if (e->reason == CRL_REASON_HOLD)
        return REVOCATION_ON_HOLD;
    return e->reason == CRL_REASON_REMOVE ? REVOCATION_UNDECIDED : REVOCATION_REVOKED;
}

/* Where a serial number is there twice, revoked for good counts more than on hold. */
static void look_up(struct trust_local *p, struct arena *a, struct pool_crl *c, struct slice serial, struct trust *out)
{
    out->revocation = REVOCATION_GOOD;
    sort_entries(p, c);
    const uint8_t **end = c->sorted ? c->sorted + c->c.entry_count : NULL;
    const uint8_t **at =
        c->sorted ? bsearch(&serial, c->sorted, c->c.entry_count, sizeof *c->sorted, serial_order) : NULL;
    while (at && at > c->sorted && slice_eq(serial_at(at[-1]), serial))
        at--;
    for (; at && at < end && slice_eq(serial_at(*at), serial); at++) {
        struct crl_entry e = entry_at(c, *at);
        enum revocation_answer answer = answer_of(&e);
        if (out->revocation == REVOCATION_REVOKED ||
            (out->revocation == REVOCATION_ON_HOLD && answer != REVOCATION_REVOKED))
            continue;
        out->revocation = answer;
        out->revocation_why = arena_format(a, "%s, %.*s", reasons[e.reason == CRL_REASON_ABSENT ? 0 : e.reason],
                                           SLICE_ARGS(date_text(a, e.revoked_utc)));
    }
}

/* Of two numbers without a sign; empty: none. */
static int compare_numbers(struct slice a, struct slice b)
{
    return a.n != b.n ? (a.n > b.n) - (a.n < b.n) : slice_compare(a, b);
}

/*
 * Later thisUpdate first, within a second the higher cRLNumber (RFC 5280 section 5.2.3); then by octets, so that the
 * order of the pool makes no difference.
 */
static bool is_newer(const struct pool_crl *a, const struct pool_crl *b)
{
    if (a->c.this_update_utc != b->c.this_update_utc)
        return a->c.this_update_utc > b->c.this_update_utc;
    int number = compare_numbers(a->c.number, b->c.number);
    return number ? number > 0 : digest_order(&a->digest, &b->digest) > 0;
}

/* The newest of this issuer that is older than `before` (NULL: any). */
static struct pool_crl *next_crl(const struct trust_local *p, const struct authority *end,
                                 const struct pool_crl *before)
{
    struct pool_crl *best = NULL;
    for (size_t i = 0; i < p->crls.count; i++) {
        struct pool_crl *c = p->crls.items[i];
        if (c->issuer_hash == end->issuer_hash && (!before || is_newer(before, c)) && (!best || is_newer(c, best)) &&
            X509_NAME_cmp(c->issuer, X509_get_issuer_name(end->x)) == 0)
            best = c;
    }
    return best;
}

void revocation_find(struct trust_local *p, struct arena *a, const struct trust_local_question *q,
                     struct authority *end, struct trust *out)
{
    struct slice issuer = authority_issuer_name(a, end), first = slice_of("");
    for (struct pool_crl *c = next_crl(p, end, NULL); c; c = next_crl(p, end, c)) {
        struct slice objection = slice_of(scope_objection(&c->c, end));
        if (objection.n == 0)
            objection = age_objection(a, q, &c->c);
        if (objection.n == 0)
            objection = slice_of(signature_objection(p, a, q, end, c));
        if (objection.n == 0) {
            look_up(p, a, c, facts_slice(end->der, end->f.serial), out);
            return;
        }
        if (first.n == 0)
            first = objection;
        if (!scope_objection(&c->c, end) && is_over(q, &c->c) && !signature_objection(p, a, q, end, c)) {
            first = objection;
            break;
        }
    }
    out->revocation = REVOCATION_UNDECIDED;
    out->revocation_why = first.n ? arena_format(a, "the CRL of %.*s %.*s", SLICE_ARGS(issuer), SLICE_ARGS(first))
                                  : arena_format(a, "no CRL of %.*s is known", SLICE_ARGS(issuer));
}
