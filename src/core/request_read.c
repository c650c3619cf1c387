/* SPDX-License-Identifier: Apache-2.0 */
/* From an entry below ou=requests to a request. */
#include "core/request.h"

#include "base/gentime.h"
#include "base/hex.h"
#include "core/schema.h"

#include <stdlib.h>

/* What is read.  From _ID to _REPLACEMENT_SHA256 in the order of record_attributes, as directories give them back. */
enum field {
    FIELD_OBJECT_CLASS,
    FIELD_REQUEST_ID,
    FIELD_REQUEST_TYPE,
    FIELD_SUBJECT_ID,
    FIELD_OPENED,
    FIELD_ISSUER,
    FIELD_SERIAL_NUMBER,
    FIELD_CERTIFICATE,
    FIELD_SUBJECT_DN,
    FIELD_CERTIFICATE_SHA256,
    FIELD_FINDING,
    FIELD_WANTED_NAME,
    FIELD_REASON,
    FIELD_POLICY_DN,
    FIELD_POLICY_REVISION,
    FIELD_GENERATION,
    FIELD_SUPERSEDES,
    FIELD_STATE,
    FIELD_STATE_MESSAGE,
    FIELD_STATE_CHANGED,
    FIELD_CONFIRMED_PASSES,
    FIELD_CONFIRMED_AT,
    FIELD_ATTEMPT,
    FIELD_NEXT_ATTEMPT,
    FIELD_REPLACEMENT_SHA256,
    FIELD_DECISION,
    FIELD_CLAIMED_BY,
    FIELD_CLAIMED_UNTIL,
    FIELD_OUTCOME,
    FIELD_TRANSACTION_ID,
    FIELD_RESULT_CERTIFICATE,
    FIELD_COUNT,
    FIELDS_RENDERED = FIELD_REQUEST_ID,
    FIELDS_RENDERED_END = FIELD_DECISION
};

static const char *const names[FIELD_COUNT + 1] = {
    [FIELD_OBJECT_CLASS] = "objectClass",
    [FIELD_REQUEST_ID] = ATTR_REQUEST_ID,
    [FIELD_REQUEST_TYPE] = ATTR_REQUEST_TYPE,
    [FIELD_SUBJECT_ID] = ATTR_SUBJECT_ID,
    [FIELD_OPENED] = ATTR_OPENED,
    [FIELD_ISSUER] = ATTR_ISSUER,
    [FIELD_SERIAL_NUMBER] = ATTR_SERIAL_NUMBER,
    [FIELD_CERTIFICATE] = ATTR_CERTIFICATE,
    [FIELD_SUBJECT_DN] = ATTR_SUBJECT_DN,
    [FIELD_CERTIFICATE_SHA256] = ATTR_CERTIFICATE_SHA256,
    [FIELD_FINDING] = ATTR_FINDING,
    [FIELD_WANTED_NAME] = ATTR_WANTED_NAME,
    [FIELD_REASON] = ATTR_REASON,
    [FIELD_POLICY_DN] = ATTR_POLICY_DN,
    [FIELD_POLICY_REVISION] = ATTR_POLICY_REVISION,
    [FIELD_GENERATION] = ATTR_GENERATION,
    [FIELD_SUPERSEDES] = ATTR_SUPERSEDES,
    [FIELD_STATE] = ATTR_STATE,
    [FIELD_STATE_MESSAGE] = ATTR_STATE_MESSAGE,
    [FIELD_STATE_CHANGED] = ATTR_STATE_CHANGED,
    [FIELD_CONFIRMED_PASSES] = ATTR_CONFIRMED_PASSES,
    [FIELD_CONFIRMED_AT] = ATTR_CONFIRMED_AT,
    [FIELD_ATTEMPT] = ATTR_ATTEMPT,
    [FIELD_NEXT_ATTEMPT] = ATTR_NEXT_ATTEMPT,
    [FIELD_REPLACEMENT_SHA256] = ATTR_REPLACEMENT_SHA256,
    [FIELD_DECISION] = ATTR_DECISION,
    [FIELD_CLAIMED_BY] = ATTR_CLAIMED_BY,
    [FIELD_CLAIMED_UNTIL] = ATTR_CLAIMED_UNTIL,
    [FIELD_OUTCOME] = ATTR_OUTCOME,
    [FIELD_TRANSACTION_ID] = ATTR_TRANSACTION_ID,
    [FIELD_RESULT_CERTIFICATE] = ATTR_RESULT_CERTIFICATE,
};

const char *const *request_attributes(void)
{
    return names;
}

/* Reading.  One small function for each kind of value; each says whether the stored value is good. */

struct reading {
    struct arena *arena;
    const struct entry *entry;
    struct request *request;
    problem_list *problems;
    struct attribute at[FIELD_COUNT]; /* copies, together whatever options the server wrote them with */
};

/* Directories show attributes in the order in which they were written: most often it is the one behind the last. */
static unsigned field_of(const struct attribute *a, unsigned expected)
{
    for (unsigned i = 0; i < FIELD_COUNT; i++) {
        unsigned field = expected + i < FIELD_COUNT ? expected + i : expected + i - FIELD_COUNT;
        if (attribute_is(a, slice_of(names[field])))
            return field;
    }
    return FIELD_COUNT;
}

/* Each value ends in a NUL that is not counted. */
static void gather(struct reading *r)
{
    const struct entry *e = r->entry;
    uint8_t *fields = ARENA_ARRAY(r->arena, e->count, uint8_t);
    size_t counts[FIELD_COUNT + 1] = {0}, octets = 0, values = 0;
    for (size_t i = 0, next = 0; i < e->count; i++, next = fields[i - 1] + 1u) {
        fields[i] = (uint8_t)field_of(&e->attributes[i], next < FIELD_COUNT ? (unsigned)next : 0);
        counts[fields[i]] += e->attributes[i].count;
        for (size_t k = 0; fields[i] < FIELD_COUNT && k < e->attributes[i].count; k++, values++)
            octets += e->attributes[i].values[k].n + 1;
    }
    struct slice *room[FIELD_COUNT], *next_room = ARENA_ARRAY(r->arena, values, struct slice);
    uint8_t *to = ARENA_ARRAY(r->arena, octets, uint8_t);
    for (unsigned f = 0; f < FIELD_COUNT; next_room += counts[f++]) {
        room[f] = next_room;
        if (counts[f])
            r->at[f] = (struct attribute){.name = slice_of(names[f]), .values = room[f]};
    }
    for (size_t i = 0; i < e->count; i++)
        for (size_t k = 0; fields[i] < FIELD_COUNT && k < e->attributes[i].count; k++) {
            struct slice value = e->attributes[i].values[k];
            if (value.n)
                memcpy(to, value.p, value.n);
            room[fields[i]][r->at[fields[i]].count++] = slice_make(to, value.n);
            to += value.n + 1;
        }
}

/* The first value; p is NULL where there is none. */
static struct slice first_of(const struct reading *r, enum field f)
{
    return r->at[f].count ? r->at[f].values[0] : (struct slice){NULL, 0};
}

static void damaged(struct reading *r, bool *flag, const char *attribute, struct slice value, const char *expected)
{
    *flag = true;
    problem_add(r->arena, r->problems, r->entry->dn, attribute, value, slice_of(expected));
}

static unsigned number_of(struct reading *r, enum field f, unsigned absent, bool *flag)
{
    struct slice value = first_of(r, f);
    uint64_t v;
    if (!value.p)
        return absent;
    if (slice_to_uint(value, UINT32_MAX / 2, &v))
        return (unsigned)v;
    damaged(r, flag, names[f], value, "not a whole number");
    return absent;
}

static int64_t time_of(struct reading *r, enum field f, bool *flag)
{
    struct slice value = first_of(r, f);
    int64_t at_utc = 0;
    if (value.p && !gentime_read(value, &at_utc))
        damaged(r, flag, names[f], value, "not a Generalized Time");
    return at_utc;
}

static void read_certificates(struct reading *r, struct basis *b)
{
    const struct attribute *hex = &r->at[FIELD_CERTIFICATE_SHA256];
    struct digest *digests = ARENA_ARRAY(r->arena, hex->count, struct digest);
    for (size_t i = 0; i < hex->count; i++)
        if (digest_from_hex(hex->values[i], &digests[b->certificate_count]))
            b->certificate_count++;
    if (b->certificate_count > 1)
        qsort(digests, b->certificate_count, sizeof *digests, digest_order);
    b->certificates = digests;
}

static size_t read_texts(struct reading *r, enum field f, const struct slice **out)
{
    const struct attribute *at = &r->at[f];
    struct slice *texts = ARENA_ARRAY(r->arena, at->count, struct slice);
    if (at->count)
        memcpy(texts, at->values, at->count * sizeof *texts);
    if (at->count > 1)
        qsort(texts, at->count, sizeof *texts, slice_order);
    *out = texts;
    return at->count;
}

static void read_basis(struct reading *r, struct basis *b)
{
    read_certificates(r, b);
    b->finding_count = read_texts(r, FIELD_FINDING, &b->findings);
    b->name_count = read_texts(r, FIELD_WANTED_NAME, &b->names);
    for (size_t i = 0; i < b->finding_count; i++) {
        struct slice rest = b->findings[i], word;
        enum check_id check = slice_word(&rest, &word) ? check_find(word) : CHECK_COUNT;
        if (check != CHECK_COUNT)
            b->checks |= CHECK_BIT(check);
    }
    if (!reason_find(first_of(r, FIELD_REASON), &b->reason))
        b->reason = REASON_NONE;
    b->subject_dn = first_of(r, FIELD_SUBJECT_DN);
    b->policy_dn = first_of(r, FIELD_POLICY_DN);
    b->policy_revision = first_of(r, FIELD_POLICY_REVISION);
    b->supersedes = first_of(r, FIELD_SUPERSEDES);
    b->certificate = first_of(r, FIELD_CERTIFICATE);
}

/* RDN, type and what the id is the digest of have to fit together. */
static void read_identity(struct reading *r)
{
    struct request *q = r->request;
    struct record *d = &q->record;
    struct slice type = first_of(r, FIELD_REQUEST_TYPE);
    d->subject_id = first_of(r, FIELD_SUBJECT_ID);
    d->issuer = first_of(r, FIELD_ISSUER);
    d->serial = first_of(r, FIELD_SERIAL_NUMBER);
    d->opened_utc = time_of(r, FIELD_OPENED, &q->identity_damaged);
    if (d->opened_utc == 0 && !q->identity_damaged)
        damaged(r, &q->identity_damaged, ATTR_OPENED, first_of(r, FIELD_OPENED), "no time is given");
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
    struct slice state = first_of(r, FIELD_STATE);
    bool *detail = &q->detail_damaged;
    d->state = state_find(state);
    if (!state.p) /* the schema demands one, so it is not absent but hidden: what can't be seen can't be mended */
        damaged(r, &q->foreign, ATTR_STATE, state, "not shown: let the daemon read what it writes; left alone");
    else if (d->state == STATE_NONE)
        damaged(r, &q->progress_damaged, ATTR_STATE, state, "not a state of the life cycle");
    d->generation = number_of(r, FIELD_GENERATION, 0, &q->progress_damaged);
    if (d->generation == 0)
        damaged(r, &q->progress_damaged, ATTR_GENERATION, first_of(r, FIELD_GENERATION), "not a whole number from 1");
    d->attempt = number_of(r, FIELD_ATTEMPT, 0, detail);
    if (d->attempt == 0)
        damaged(r, detail, ATTR_ATTEMPT, first_of(r, FIELD_ATTEMPT), "not a whole number from 1");
    d->confirmed_passes = number_of(r, FIELD_CONFIRMED_PASSES, 0, detail);
    d->confirmed_utc = time_of(r, FIELD_CONFIRMED_AT, detail);
    d->state_changed_utc = time_of(r, FIELD_STATE_CHANGED, detail);
    if (!first_of(r, FIELD_STATE_CHANGED).p)
        damaged(r, detail, ATTR_STATE_CHANGED, (struct slice){NULL, 0}, "missing");
    d->next_attempt_utc = time_of(r, FIELD_NEXT_ATTEMPT, detail);
    if (d->state == STATE_FAILED && !first_of(r, FIELD_NEXT_ATTEMPT).p)
        damaged(r, detail, ATTR_NEXT_ATTEMPT, (struct slice){NULL, 0}, "missing in a failed request");
    d->message = first_of(r, FIELD_STATE_MESSAGE);
    d->has_replacement = digest_from_hex(first_of(r, FIELD_REPLACEMENT_SHA256), &d->replacement);
}

/* "<word> <generation>" */
static void read_decision(struct reading *r)
{
    struct request *q = r->request;
    struct slice rest = q->decision_text = first_of(r, FIELD_DECISION), verb, number;
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
    static const char *const words[] = {[OUTCOME_SUBMITTED] = "submitted",
                                        [OUTCOME_ISSUED] = "issued",
                                        [OUTCOME_REVOKED] = "revoked",
                                        [OUTCOME_FAILED] = "failed"};
    for (unsigned i = OUTCOME_SUBMITTED; i < sizeof words / sizeof *words; i++)
        if (slice_eq_nocase(word, slice_of(words[i])))
            return (enum outcome)i;
    return OUTCOME_NONE;
}

/* "<word> <generation>.<attempt>" */
static void read_outcome(struct reading *r)
{
    struct request *q = r->request;
    struct slice rest = q->outcome_text = first_of(r, FIELD_OUTCOME), word, numbers, first, second;
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
    q->claimed = first_of(r, FIELD_CLAIMED_BY).n > 0;
    q->claimed_until_utc = time_of(r, FIELD_CLAIMED_UNTIL, &bad);
    if (bad || !first_of(r, FIELD_CLAIMED_UNTIL).p)
        q->claimed_until_utc = INT64_MAX; /* nobody knows when it lapses: nothing is taken from the fulfiller */
    q->has_transaction = first_of(r, FIELD_TRANSACTION_ID).n > 0;
    q->result_certificate = first_of(r, FIELD_RESULT_CERTIFICATE);
    read_outcome(r);
}

/* As record_render would give it back? */

static bool is_plain_text(const struct attribute *at)
{
    return at->count == 0 || (at->count == 1 && at->values[0].n);
}

static bool is_word(const struct attribute *at, const char *word)
{
    return *word ? at->count == 1 && slice_eq(at->values[0], slice_of(word)) : at->count == 0;
}

/* YYYYMMDDhhmmssZ, and no leap second, which is read as the next one. */
static bool is_plain_time(const struct attribute *at, int64_t at_utc)
{
    if (at->count != 1 || at_utc == 0)
        return at->count == 0 && at_utc == 0;
    const uint8_t *text = at->values[0].p;
    bool plain = at->values[0].n == GENTIME_LEN && text[GENTIME_LEN - 1] == 'Z' && text[GENTIME_LEN - 3] != '6';
    for (size_t i = 0; plain && i < GENTIME_LEN - 1; i++)
        plain = text[i] >= '0' && text[i] <= '9';
    return plain;
}

static bool is_plain(const struct reading *r)
{
    static const enum field texts[] = {FIELD_REQUEST_ID,  FIELD_SUBJECT_ID,   FIELD_ISSUER,    FIELD_SERIAL_NUMBER,
                                       FIELD_CERTIFICATE, FIELD_SUBJECT_DN,   FIELD_POLICY_DN, FIELD_POLICY_REVISION,
                                       FIELD_SUPERSEDES,  FIELD_STATE_MESSAGE};
    const struct attribute *at = r->at;
    const struct record *d = &r->request->record;
    bool plain = !r->request->foreign && !request_is_damaged(r->request); /* each number that is there is one */
    for (size_t i = 0; plain && i < sizeof texts / sizeof *texts; i++)
        plain = is_plain_text(&at[texts[i]]);
    return plain && is_word(&at[FIELD_REQUEST_TYPE], request_type_name(d->type)) &&
           is_word(&at[FIELD_REASON], reason_name(d->basis.reason)) &&
           is_word(&at[FIELD_STATE], state_name(d->state)) && at[FIELD_GENERATION].count == 1 &&
           at[FIELD_ATTEMPT].count == 1 && at[FIELD_CONFIRMED_PASSES].count == 1 &&
           is_plain_time(&at[FIELD_OPENED], d->opened_utc) &&
           is_plain_time(&at[FIELD_STATE_CHANGED], d->state_changed_utc) &&
           is_plain_time(&at[FIELD_CONFIRMED_AT], d->confirmed_utc) &&
           is_plain_time(&at[FIELD_NEXT_ATTEMPT], d->next_attempt_utc) &&
           at[FIELD_CERTIFICATE_SHA256].count == d->basis.certificate_count &&
           at[FIELD_REPLACEMENT_SHA256].count == d->has_replacement;
}

/* What record_render writes. */
static struct entry stored_of(const struct reading *r)
{
    struct attribute *attributes = ARENA_ARRAY(r->arena, FIELDS_RENDERED_END - FIELDS_RENDERED, struct attribute);
    struct entry stored = {.dn = r->request->dn, .attributes = attributes};
    for (unsigned f = FIELDS_RENDERED; f < FIELDS_RENDERED_END; f++)
        if (r->at[f].count)
            attributes[stored.count++] = r->at[f];
    return stored;
}

static bool is_request(const struct reading *r)
{
    const struct attribute *classes = &r->at[FIELD_OBJECT_CLASS];
    bool has_class = false;
    for (size_t i = 0; i < classes->count; i++)
        has_class |= slice_eq_nocase(classes->values[i], SLICE_LITERAL(CLASS_REQUEST));
    return has_class && hex_is(first_of(r, FIELD_REQUEST_ID), DIGEST_OCTETS);
}

struct request request_read(struct arena *a, const struct entry *e, problem_list *problems)
{
    struct request q = {.dn = arena_copy(a, e->dn)};
    struct reading r = {.arena = a, .entry = e, .request = &q, .problems = problems};
    gather(&r);
    q.record.id = first_of(&r, FIELD_REQUEST_ID);
    if (!is_request(&r)) {
        damaged(&r, &q.foreign, names[FIELD_OBJECT_CLASS], first_of(&r, FIELD_OBJECT_CLASS),
                "not a dircertRequest whose id is a SHA-256 in hexadecimal: left alone; remove it from this container");
        return q;
    }
    read_basis(&r, &q.record.basis);
    read_identity(&r);
    read_progress(&r);
    read_decision(&r);
    read_fulfiller(&r);
    q.stored = stored_of(&r);
    q.is_plain = is_plain(&r);
    return q;
}
