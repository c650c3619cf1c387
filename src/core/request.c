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

/* Reading.  One small function for each kind of value; each says whether the stored value is good. */

struct reading {
    struct arena *arena;
    const struct entry *entry;
    struct request *request;
    problem_list *problems;
};

static void damaged(struct reading *r, bool *flag, const char *attribute, struct slice value, const char *expected)
{
    *flag = true;
    problem_add(r->arena, r->problems, r->entry->dn, attribute, value, slice_of(expected));
}

static struct slice text_of(struct reading *r, const char *attribute)
{
    return arena_copy(r->arena, entry_first(r->entry, attribute));
}

static unsigned number_of(struct reading *r, const char *attribute, unsigned absent, bool *flag)
{
    struct slice value = entry_first(r->entry, attribute);
    uint64_t v;
    if (!value.p)
        return absent;
    if (slice_to_uint(value, UINT32_MAX / 2, &v))
        return (unsigned)v;
    damaged(r, flag, attribute, value, "not a whole number");
    return absent;
}

static int64_t time_of(struct reading *r, const char *attribute, bool *flag)
{
    struct slice value = entry_first(r->entry, attribute);
    int64_t at_utc = 0;
    if (value.p && !gentime_read(value, &at_utc))
        damaged(r, flag, attribute, value, "not a Generalized Time");
    return at_utc;
}

static void read_certificates(struct reading *r, struct basis *b)
{
    size_t count = entry_count(r->entry, ATTR_CERTIFICATE_SHA256);
    struct digest *digests = ARENA_ARRAY(r->arena, count, struct digest);
    struct slice value;
    for (struct entry_cursor at = {0}; entry_next_value(r->entry, ATTR_CERTIFICATE_SHA256, &at, &value);)
        if (digest_from_hex(value, &digests[b->certificate_count]))
            b->certificate_count++;
    if (b->certificate_count)
        qsort(digests, b->certificate_count, sizeof *digests, digest_order);
    b->certificates = digests;
}

static size_t read_texts(struct reading *r, const char *attribute, const struct slice **out)
{
    size_t count = entry_count(r->entry, attribute), n = 0;
    struct slice *texts = ARENA_ARRAY(r->arena, count, struct slice), value;
    for (struct entry_cursor at = {0}; entry_next_value(r->entry, attribute, &at, &value);)
        texts[n++] = arena_copy(r->arena, value);
    if (n)
        qsort(texts, n, sizeof *texts, slice_order);
    *out = texts;
    return n;
}

static void read_basis(struct reading *r, struct basis *b)
{
    read_certificates(r, b);
    b->finding_count = read_texts(r, ATTR_FINDING, &b->findings);
    b->name_count = read_texts(r, ATTR_WANTED_NAME, &b->names);
    for (size_t i = 0; i < b->finding_count; i++) {
        struct slice rest = b->findings[i], word;
        enum check_id check = slice_word(&rest, &word) ? check_find(word) : CHECK_COUNT;
        if (check != CHECK_COUNT)
            b->checks |= CHECK_BIT(check);
    }
    if (!reason_find(entry_first(r->entry, ATTR_REASON), &b->reason))
        b->reason = REASON_NONE;
    b->subject_dn = text_of(r, ATTR_SUBJECT_DN);
    b->policy_dn = text_of(r, ATTR_POLICY_DN);
    b->policy_revision = text_of(r, ATTR_POLICY_REVISION);
    b->supersedes = text_of(r, ATTR_SUPERSEDES);
    b->certificate = text_of(r, ATTR_CERTIFICATE);
}

/* RDN, type and what the id is the digest of have to fit together. */
static void read_identity(struct reading *r)
{
    struct request *q = r->request;
    struct record *d = &q->record;
    struct slice type = entry_first(r->entry, ATTR_REQUEST_TYPE);
    d->id = text_of(r, ATTR_REQUEST_ID);
    d->subject_id = text_of(r, ATTR_SUBJECT_ID);
    d->issuer = text_of(r, ATTR_ISSUER);
    d->serial = text_of(r, ATTR_SERIAL_NUMBER);
    d->opened_utc = time_of(r, ATTR_OPENED, &q->identity_damaged);
    if (d->opened_utc == 0 && !q->identity_damaged)
        damaged(r, &q->identity_damaged, ATTR_OPENED, entry_first(r->entry, ATTR_OPENED), "no time is given");
    d->type = slice_eq_nocase(type, SLICE_LITERAL("revoke")) ? REQUEST_REVOKE : REQUEST_REISSUE;
    if (d->type == REQUEST_REISSUE && !slice_eq_nocase(type, SLICE_LITERAL("reissue"))) {
        damaged(r, &q->identity_damaged, ATTR_REQUEST_TYPE, type, "neither reissue nor revoke");
        /* The id tells: a revocation carries its certificate. */
        struct digest c = digest_of(d->basis.certificate);
        if (d->basis.certificate.n && slice_eq(d->id, request_id_of_revoke(r->arena, &c)))
            d->type = REQUEST_REVOKE;
    }
    if (d->type == REQUEST_REISSUE) {
        if (!slice_eq(d->id, request_id_of_reissue(r->arena, d->subject_id)))
            damaged(r, &q->identity_damaged, ATTR_SUBJECT_ID, d->subject_id,
                    "the request id is not the digest of this subject id");
        return;
    }
    struct digest c = digest_of(d->basis.certificate);
    if (!slice_eq(d->id, request_id_of_revoke(r->arena, &c)))
        damaged(r, &q->identity_damaged, ATTR_CERTIFICATE, slice_of("(DER)"),
                "the request id is not the digest of this certificate");
}

static void read_progress(struct reading *r)
{
    struct request *q = r->request;
    struct record *d = &q->record;
    struct slice state = entry_first(r->entry, ATTR_STATE);
    bool *detail = &q->detail_damaged;
    d->state = state_find(state);
    if (!state.p) /* the schema demands one, so it is not absent but hidden: what can't be seen can't be mended */
        damaged(r, &q->foreign, ATTR_STATE, state, "not shown: let the daemon read what it writes; left alone");
    else if (d->state == STATE_NONE)
        damaged(r, &q->progress_damaged, ATTR_STATE, state, "not a state of the life cycle");
    d->generation = number_of(r, ATTR_GENERATION, 0, &q->progress_damaged);
    if (d->generation == 0)
        damaged(r, &q->progress_damaged, ATTR_GENERATION, entry_first(r->entry, ATTR_GENERATION),
                "not a whole number from 1");
    d->attempt = number_of(r, ATTR_ATTEMPT, 0, detail);
    if (d->attempt == 0)
        damaged(r, detail, ATTR_ATTEMPT, entry_first(r->entry, ATTR_ATTEMPT), "not a whole number from 1");
    d->confirmed_passes = number_of(r, ATTR_CONFIRMED_PASSES, 0, detail);
    d->confirmed_utc = time_of(r, ATTR_CONFIRMED_AT, detail);
    d->state_changed_utc = time_of(r, ATTR_STATE_CHANGED, detail);
    if (!entry_first(r->entry, ATTR_STATE_CHANGED).p)
        damaged(r, detail, ATTR_STATE_CHANGED, (struct slice){NULL, 0}, "missing");
    d->next_attempt_utc = time_of(r, ATTR_NEXT_ATTEMPT, detail);
    if (d->state == STATE_FAILED && !entry_first(r->entry, ATTR_NEXT_ATTEMPT).p)
        damaged(r, detail, ATTR_NEXT_ATTEMPT, (struct slice){NULL, 0}, "missing in a failed request");
    d->message = text_of(r, ATTR_STATE_MESSAGE);
    d->has_replacement = digest_from_hex(entry_first(r->entry, ATTR_REPLACEMENT_SHA256), &d->replacement);
}

/* "<word> <generation>" */
static void read_decision(struct reading *r)
{
    struct request *q = r->request;
    struct slice rest = q->decision_text = text_of(r, ATTR_DECISION), verb, number;
    uint64_t generation = 0;
    if (!rest.n)
        return;
    bool ok = slice_word(&rest, &verb) && slice_word(&rest, &number) && slice_trim(rest).n == 0 &&
              slice_to_uint(number, UINT32_MAX / 2, &generation);
    if (ok && slice_eq_nocase(verb, SLICE_LITERAL("approve")))
        q->decision = DECISION_APPROVE;
    else if (ok && slice_eq_nocase(verb, SLICE_LITERAL("reject")))
        q->decision = DECISION_REJECT;
    if (q->decision == DECISION_NONE)
        damaged(r, &q->stale_unreadable, ATTR_DECISION, q->decision_text,
                "ignored: expected \"approve <generation>\" or \"reject <generation>\"");
    else
        q->decision_generation = (unsigned)generation;
}

static enum outcome outcome_find(struct slice word)
{
    static const char *const names[] = {[OUTCOME_SUBMITTED] = "submitted",
                                        [OUTCOME_ISSUED] = "issued",
                                        [OUTCOME_REVOKED] = "revoked",
                                        [OUTCOME_FAILED] = "failed"};
    for (unsigned i = OUTCOME_SUBMITTED; i < sizeof names / sizeof *names; i++)
        if (slice_eq_nocase(word, slice_of(names[i])))
            return (enum outcome)i;
    return OUTCOME_NONE;
}

/* "<word> <generation>.<attempt>" */
static void read_outcome(struct reading *r)
{
    struct request *q = r->request;
    struct slice rest = q->outcome_text = text_of(r, ATTR_OUTCOME), word, numbers, first, second;
    uint64_t generation, attempt;
    if (!rest.n)
        return;
    bool ok = slice_word(&rest, &word) && slice_word(&rest, &numbers) && slice_trim(rest).n == 0 &&
              slice_split(&numbers, '.', &first) && slice_split(&numbers, '.', &second) && !numbers.p &&
              slice_to_uint(first, UINT32_MAX / 2, &generation) && slice_to_uint(second, UINT32_MAX / 2, &attempt);
    q->outcome = ok ? outcome_find(word) : OUTCOME_NONE;
    if (q->outcome == OUTCOME_NONE) {
        damaged(r, &q->stale_unreadable, ATTR_OUTCOME, q->outcome_text,
                "ignored: expected submitted, issued, revoked or failed, then <generation>.<attempt>");
        return;
    }
    q->outcome_generation = (unsigned)generation;
    q->outcome_attempt = (unsigned)attempt;
}

static void read_fulfiller(struct reading *r)
{
    struct request *q = r->request;
    bool bad = false;
    q->claimed = entry_first(r->entry, ATTR_CLAIMED_BY).n > 0;
    q->claimed_until_utc = time_of(r, ATTR_CLAIMED_UNTIL, &bad);
    if (bad || !entry_first(r->entry, ATTR_CLAIMED_UNTIL).p)
        q->claimed_until_utc = INT64_MAX; /* nobody knows when it lapses: nothing is taken from the fulfiller */
    q->has_transaction = entry_first(r->entry, ATTR_TRANSACTION_ID).n > 0;
    q->result_certificate = text_of(r, ATTR_RESULT_CERTIFICATE);
    read_outcome(r);
}

#define RECORD_ATTRIBUTES                                                                                              \
    ATTR_REQUEST_ID, ATTR_REQUEST_TYPE, ATTR_SUBJECT_ID, ATTR_OPENED, ATTR_ISSUER, ATTR_SERIAL_NUMBER,                 \
        ATTR_CERTIFICATE, ATTR_SUBJECT_DN, ATTR_CERTIFICATE_SHA256, ATTR_FINDING, ATTR_WANTED_NAME, ATTR_REASON,       \
        ATTR_POLICY_DN, ATTR_POLICY_REVISION, ATTR_GENERATION, ATTR_SUPERSEDES, ATTR_STATE, ATTR_STATE_MESSAGE,        \
        ATTR_STATE_CHANGED, ATTR_CONFIRMED_PASSES, ATTR_CONFIRMED_AT, ATTR_ATTEMPT, ATTR_NEXT_ATTEMPT,                 \
        ATTR_REPLACEMENT_SHA256

static const char *const rendered[] = {RECORD_ATTRIBUTES, NULL};
static const char *const wanted[] = {"objectClass",       RECORD_ATTRIBUTES,       ATTR_DECISION,
                                     ATTR_CLAIMED_BY,     ATTR_CLAIMED_UNTIL,      ATTR_OUTCOME,
                                     ATTR_TRANSACTION_ID, ATTR_RESULT_CERTIFICATE, NULL};

const char *const *record_attributes(void)
{
    return rendered;
}

const char *const *request_attributes(void)
{
    return wanted;
}

static struct entry copy_stored(struct arena *a, const struct entry *e)
{
    struct attribute *attributes = ARENA_ARRAY(a, sizeof rendered / sizeof *rendered, struct attribute);
    struct entry copy = {.dn = arena_copy(a, e->dn), .attributes = attributes};
    for (const char *const *name = rendered; *name; name++) {
        size_t count = entry_count(e, *name), n = 0;
        if (count == 0)
            continue;
        struct slice *values = ARENA_ARRAY(a, count, struct slice), value;
        for (struct entry_cursor at = {0}; entry_next_value(e, *name, &at, &value);)
            values[n++] = arena_copy(a, value);
        attributes[copy.count++] = (struct attribute){.name = slice_of(*name), .values = values, .count = count};
    }
    return copy;
}

static bool is_request(const struct entry *e)
{
    struct slice value;
    bool has_class = false;
    for (struct entry_cursor at = {0}; entry_next_value(e, "objectClass", &at, &value);)
        has_class |= slice_eq_nocase(value, SLICE_LITERAL(CLASS_REQUEST));
    return has_class && hex_is(entry_first(e, ATTR_REQUEST_ID), DIGEST_OCTETS);
}

struct request request_read(struct arena *a, const struct entry *e, problem_list *problems)
{
    struct request q = {.dn = arena_copy(a, e->dn)};
    struct reading r = {.arena = a, .entry = e, .request = &q, .problems = problems};
    if (!is_request(e)) {
        damaged(&r, &q.foreign, "objectClass", entry_first(e, "objectClass"),
                "not a dircertRequest whose id is a SHA-256 in hexadecimal: left alone; remove it from this container");
        q.record.id = text_of(&r, ATTR_REQUEST_ID);
        return q;
    }
    read_basis(&r, &q.record.basis);
    read_identity(&r);
    read_progress(&r);
    read_decision(&r);
    read_fulfiller(&r);
    q.stored = copy_stored(a, e);
    return q;
}

/* Rendering. */

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
