/* SPDX-License-Identifier: Apache-2.0 */
#include "core/request.h"

#include "base/gentime.h"
#include "base/hex.h"
#include "core/schema.h"

#include <stdlib.h>

static const char *const state_names[STATE_COUNT] = {
    [STATE_NONE] = "",
    [STATE_PROPOSED] = "proposed",
    [STATE_PENDING] = "pending",
    [STATE_APPROVED] = "approved",
    [STATE_REJECTED] = "rejected",
    [STATE_SUBMITTED] = "submitted",
    [STATE_FAILED] = "failed",
    [STATE_FULFILLED] = "fulfilled",
    [STATE_WITHDRAWN] = "withdrawn",
    [STATE_HELD] = "held",
    [STATE_PURGED] = "",
};

const char *state_name(enum state s)
{
    return state_names[s];
}

enum state state_find(struct slice name)
{
    for (unsigned s = 0; s < STATE_COUNT; s++)
        if (state_names[s][0] && slice_eq_nocase(name, slice_of(state_names[s])))
            return (enum state)s;
    return STATE_NONE;
}

static bool same_slices(const struct slice *a, size_t a_count, const struct slice *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (!slice_eq(a[i], b[i]))
            return false;
    return true;
}

bool basis_changed(const struct basis *r, const struct basis *n)
{
    return r->checks != n->checks || r->reason != n->reason || r->certificate_count != n->certificate_count ||
           (n->certificate_count &&
            memcmp(r->certificates, n->certificates, n->certificate_count * sizeof *n->certificates) != 0) ||
           !same_slices(r->names, r->name_count, n->names, n->name_count);
}

/* In whatever place both are. */
static bool same_basis(const struct basis *a, const struct basis *b)
{
    return !basis_changed(a, b) && same_slices(a->findings, a->finding_count, b->findings, b->finding_count) &&
           slice_eq(a->subject_dn, b->subject_dn) && slice_eq(a->policy_dn, b->policy_dn) &&
           slice_eq(a->policy_revision, b->policy_revision) && slice_eq(a->supersedes, b->supersedes) &&
           slice_eq(a->certificate, b->certificate);
}

bool record_same(const struct record *a, const struct record *b)
{
    return slice_eq(a->id, b->id) && a->type == b->type && slice_eq(a->subject_id, b->subject_id) &&
           a->opened_utc == b->opened_utc && slice_eq(a->issuer, b->issuer) && slice_eq(a->serial, b->serial) &&
           same_basis(&a->basis, &b->basis) && a->generation == b->generation && a->state == b->state &&
           slice_eq(a->message, b->message) && a->state_changed_utc == b->state_changed_utc &&
           a->confirmed_passes == b->confirmed_passes && a->confirmed_utc == b->confirmed_utc &&
           a->attempt == b->attempt && a->next_attempt_utc == b->next_attempt_utc &&
           a->has_replacement == b->has_replacement &&
           (!a->has_replacement || digest_eq(&a->replacement, &b->replacement));
}

/* Texts with their lengths, one after the other. */
struct writing {
    uint8_t *at; /* NULL: only measured */
    size_t n;
};

static void write_octets(struct writing *w, const void *octets, size_t n)
{
    if (w->at && n)
        memcpy(w->at + w->n, octets, n);
    w->n += n;
}

static void write_slice(struct writing *w, struct slice s)
{
    write_octets(w, &s.n, sizeof s.n);
    write_octets(w, s.p, s.n);
}

static void write_slices(struct writing *w, const struct slice *items, size_t count)
{
    write_octets(w, &count, sizeof count);
    for (size_t i = 0; i < count; i++)
        write_slice(w, items[i]);
}

static void write_basis(struct writing *w, const struct basis *b, struct slice subject_id)
{
    write_slice(w, subject_id);
    write_slice(w, slice_make(b->certificates, b->certificate_count * sizeof *b->certificates));
    write_octets(w, &b->checks, sizeof b->checks);
    write_slices(w, b->findings, b->finding_count);
    write_slices(w, b->names, b->name_count);
    write_octets(w, &b->reason, sizeof b->reason);
    write_slice(w, b->subject_dn);
    write_slice(w, b->policy_dn);
    write_slice(w, b->policy_revision);
    write_slice(w, b->supersedes);
    write_slice(w, b->certificate);
}

struct fingerprint basis_fingerprint(const struct basis *b, struct slice subject_id)
{
    enum { USUAL = 1024 };
    uint8_t room[USUAL];
    struct arena scratch = {0};
    struct writing w = {0};
    write_basis(&w, b, subject_id);
    w = (struct writing){.at = w.n <= USUAL ? room : arena_alloc(&scratch, w.n)};
    write_basis(&w, b, subject_id);
    struct digest d = digest_of(slice_make(w.at, w.n));
    struct fingerprint print;
    memcpy(print.halves, d.octets, sizeof print.halves);
    arena_free(&scratch);
    return print;
}

static struct slice identity(struct arena *a, struct slice type, struct slice of)
{
    uint8_t *text = arena_alloc(a, type.n + 1 + of.n);
    memcpy(text, type.p, type.n);
    if (of.n)
        memcpy(text + type.n + 1, of.p, of.n);
    struct digest d = digest_of(slice_make(text, type.n + 1 + of.n));
    uint8_t hex[DIGEST_HEX];
    digest_to_hex(&d, hex);
    return arena_copy(a, slice_make(hex, DIGEST_HEX));
}

struct slice request_id_of_reissue(struct arena *a, struct slice subject_id)
{
    return identity(a, SLICE_LITERAL("reissue"), subject_id);
}

struct slice request_id_of_revoke(struct arena *a, const struct digest *certificate)
{
    uint8_t hex[DIGEST_HEX];
    digest_to_hex(certificate, hex);
    return identity(a, SLICE_LITERAL("revoke"), slice_make(hex, DIGEST_HEX));
}

/* Rendering. */

static const char *const rendered[] = {ATTR_REQUEST_ID,
                                       ATTR_REQUEST_TYPE,
                                       ATTR_SUBJECT_ID,
                                       ATTR_OPENED,
                                       ATTR_ISSUER,
                                       ATTR_SERIAL_NUMBER,
                                       ATTR_CERTIFICATE,
                                       ATTR_SUBJECT_DN,
                                       ATTR_CERTIFICATE_SHA256,
                                       ATTR_FINDING,
                                       ATTR_WANTED_NAME,
                                       ATTR_REASON,
                                       ATTR_POLICY_DN,
                                       ATTR_POLICY_REVISION,
                                       ATTR_GENERATION,
                                       ATTR_SUPERSEDES,
                                       ATTR_STATE,
                                       ATTR_STATE_MESSAGE,
                                       ATTR_STATE_CHANGED,
                                       ATTR_CONFIRMED_PASSES,
                                       ATTR_CONFIRMED_AT,
                                       ATTR_ATTEMPT,
                                       ATTR_NEXT_ATTEMPT,
                                       ATTR_REPLACEMENT_SHA256,
                                       NULL};

const char *const *record_attributes(void)
{
    return rendered;
}

struct rendering {
    struct arena *arena;
    struct attribute *attributes;
    size_t count;
};

static void put_many(struct rendering *r, const char *name, const struct slice *values, size_t count)
{
    if (count)
        r->attributes[r->count++] = (struct attribute){.name = slice_of(name), .values = values, .count = count};
}

static void put(struct rendering *r, const char *name, struct slice value)
{
    struct slice *values = ARENA_NEW(r->arena, struct slice);
    *values = value;
    put_many(r, name, values, value.n > 0);
}

static void put_number(struct rendering *r, const char *name, unsigned value)
{
    put(r, name, arena_format(r->arena, "%u", value));
}

static void put_time(struct rendering *r, const char *name, int64_t at_utc)
{
    uint8_t text[GENTIME_LEN];
    gentime_write(at_utc, text);
    put(r, name, at_utc ? arena_copy(r->arena, slice_make(text, GENTIME_LEN)) : (struct slice){NULL, 0});
}

static struct slice digest_text(struct arena *a, const struct digest *d)
{
    uint8_t hex[DIGEST_HEX];
    digest_to_hex(d, hex);
    return arena_copy(a, slice_make(hex, DIGEST_HEX));
}

static void put_basis(struct rendering *r, const struct basis *b)
{
    struct slice *digests = ARENA_ARRAY(r->arena, b->certificate_count, struct slice);
    for (size_t i = 0; i < b->certificate_count; i++)
        digests[i] = digest_text(r->arena, &b->certificates[i]);
    put(r, ATTR_CERTIFICATE, b->certificate);
    put(r, ATTR_SUBJECT_DN, b->subject_dn);
    put_many(r, ATTR_CERTIFICATE_SHA256, digests, b->certificate_count);
    put_many(r, ATTR_FINDING, b->findings, b->finding_count);
    put_many(r, ATTR_WANTED_NAME, b->names, b->name_count);
    put(r, ATTR_REASON, slice_of(reason_name(b->reason)));
    put(r, ATTR_POLICY_DN, b->policy_dn);
    put(r, ATTR_POLICY_REVISION, b->policy_revision);
}

/* In the order of record_attributes: plan.c compares the two. */
struct entry record_render(struct arena *a, const struct record *d)
{
    struct rendering r = {.arena = a,
                          .attributes = ARENA_ARRAY(a, sizeof rendered / sizeof *rendered, struct attribute)};
    put(&r, ATTR_REQUEST_ID, d->id);
    put(&r, ATTR_REQUEST_TYPE, slice_of(request_type_name(d->type)));
    put(&r, ATTR_SUBJECT_ID, d->subject_id);
    put_time(&r, ATTR_OPENED, d->opened_utc);
    put(&r, ATTR_ISSUER, d->issuer);
    put(&r, ATTR_SERIAL_NUMBER, d->serial);
    put_basis(&r, &d->basis);
    put_number(&r, ATTR_GENERATION, d->generation);
    put(&r, ATTR_SUPERSEDES, d->basis.supersedes);
    put(&r, ATTR_STATE, slice_of(state_name(d->state)));
    put(&r, ATTR_STATE_MESSAGE, d->message);
    put_time(&r, ATTR_STATE_CHANGED, d->state_changed_utc);
    put_number(&r, ATTR_CONFIRMED_PASSES, d->confirmed_passes);
    put_time(&r, ATTR_CONFIRMED_AT, d->confirmed_utc);
    put_number(&r, ATTR_ATTEMPT, d->attempt);
    put_time(&r, ATTR_NEXT_ATTEMPT, d->next_attempt_utc);
    if (d->has_replacement)
        put(&r, ATTR_REPLACEMENT_SHA256, digest_text(a, &d->replacement));
    return (struct entry){.attributes = r.attributes, .count = r.count};
}
