/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lifecycle.h"

#include <assert.h>

#define REISSUE   (1u << REQUEST_REISSUE)
#define REVOKE    (1u << REQUEST_REVOKE)
#define BOTH      (REISSUE | REVOKE)
#define PROPOSED  STATE_BIT(STATE_PROPOSED)
#define PENDING   STATE_BIT(STATE_PENDING)
#define APPROVED  STATE_BIT(STATE_APPROVED)
#define REJECTED  STATE_BIT(STATE_REJECTED)
#define SUBMITTED STATE_BIT(STATE_SUBMITTED)
#define FAILED    STATE_BIT(STATE_FAILED)
#define FULFILLED STATE_BIT(STATE_FULFILLED)
#define WITHDRAWN STATE_BIT(STATE_WITHDRAWN)
#define HELD      STATE_BIT(STATE_HELD)
#define NONE      STATE_BIT(STATE_NONE)

/* clang-format off */
static const struct transition table[] = {
    /*
     * What the fulfiller has begun ends by its outcome, whatever else is seen in the same pass: a bad certificate that
     * was issued in between is a failed attempt with its back-off, and not a change that begins anew.
     */
    {.types = BOTH, .from = APPROVED, .all = SEEN_SUBMITTED, .any = SEEN_APPROVED | SEEN_AUTOMATIC,
     .none = SEEN_CLAIM_LAPSED, .to = STATE_SUBMITTED},

    /* Ends that need no policy. */
    {.types = REVOKE, .from = PROPOSED | PENDING | APPROVED | FAILED | SUBMITTED, .all = SEEN_EXPIRED,
     .to = STATE_WITHDRAWN, .message = "the certificate's notAfter has passed"},
    {.types = REISSUE, .from = APPROVED | SUBMITTED, .all = SEEN_STAND_IN, .to = STATE_FULFILLED,
     .message = "a compliant replacement is published"},
    {.types = REVOKE, .from = APPROVED | SUBMITTED, .all = SEEN_ON_CRL, .to = STATE_FULFILLED,
     .message = "the serial number is on a fresh CRL of its issuer"},
    {.types = REISSUE, .from = PROPOSED | PENDING | REJECTED | FAILED, .all = SEEN_STAND_IN,
     .to = STATE_WITHDRAWN, .message = "a compliant replacement appeared"},
    {.types = REISSUE, .from = PROPOSED | PENDING | APPROVED | REJECTED | FAILED, .all = SEEN_CURED,
     .to = STATE_WITHDRAWN, .message = "the violation is cured"},
    {.types = REISSUE, .from = PROPOSED | PENDING | APPROVED | REJECTED | FAILED, .all = SEEN_WAIVED,
     .to = STATE_WITHDRAWN, .message = "a waiver covers the violation"},
    {.types = REISSUE, .from = PROPOSED | PENDING | APPROVED | REJECTED | FAILED, .all = SEEN_POLICY_OFF,
     .to = STATE_WITHDRAWN, .message = "no policy that is on governs the subject"},
    {.types = REISSUE, .from = PROPOSED | PENDING | APPROVED | REJECTED | FAILED, .all = SEEN_GONE,
     .to = STATE_WITHDRAWN, .message = "the subject was deleted"},
    {.types = REVOKE, .from = PROPOSED | PENDING, .all = SEEN_CURED, .to = STATE_WITHDRAWN,
     .message = "the certificate complies now"},
    /* Nobody but policy approved it, which finds nothing wrong now. */
    {.types = REVOKE, .from = APPROVED | FAILED, .all = SEEN_CURED, .none = SEEN_APPROVED, .to = STATE_WITHDRAWN,
     .message = "the certificate complies now"},
    {.types = REVOKE, .from = PROPOSED | PENDING, .all = SEEN_WAIVED, .to = STATE_WITHDRAWN,
     .message = "a waiver covers the violation"},

    /* Waiting for policy. */
    {.types = BOTH, .from = PROPOSED | PENDING | APPROVED | FAILED, .all = SEEN_POLICY_WEAK, .to = STATE_HELD,
     .message = "its policy does not ask for it now"},
    {.types = REVOKE, .from = PROPOSED | PENDING | APPROVED | FAILED, .all = SEEN_COMPLIANT_ELSEWHERE, .to = STATE_HELD,
     .message = "another entry publishes this certificate, and there it complies or is waived"},

    /* Beginning anew. */
    {.types = BOTH, .from = PROPOSED | PENDING | APPROVED, .all = SEEN_BASIS_CHANGED, .to = STATE_PROPOSED,
     .effects = EFFECT_NEW_GENERATION},
    {.types = BOTH, .from = HELD, .all = SEEN_BASIS_CHANGED, .none = SEEN_GUARDED, .to = STATE_PROPOSED,
     .effects = EFFECT_NEW_GENERATION | EFFECT_OPENS | EFFECT_REOPEN},
    {.types = BOTH, .from = HELD, .all = SEEN_ENFORCED,
     .any = SEEN_WANTED | SEEN_CURED | SEEN_STAND_IN | SEEN_GONE | SEEN_WAIVED,
     .none = SEEN_POLICY_WEAK | SEEN_COMPLIANT_ELSEWHERE | SEEN_GUARDED, .to = STATE_PROPOSED,
     .effects = EFFECT_NEW_GENERATION | EFFECT_OPENS | EFFECT_REOPEN},
    {.types = BOTH, .from = REJECTED, .all = SEEN_BASIS_CHANGED, .none = SEEN_ONLY_REASON_CHANGED | SEEN_GUARDED,
     .to = STATE_PROPOSED, .effects = EFFECT_NEW_GENERATION | EFFECT_OPENS | EFFECT_REOPEN},
    {.types = BOTH, .from = WITHDRAWN, .all = SEEN_WANTED, .none = SEEN_GUARDED, .to = STATE_PROPOSED,
     .effects = EFFECT_NEW_GENERATION | EFFECT_OPENS | EFFECT_REOPEN},
    {.types = REISSUE, .from = FULFILLED, .all = SEEN_WANTED, .none = SEEN_GUARDED, .to = STATE_PROPOSED,
     .effects = EFFECT_NEW_GENERATION | EFFECT_OPENS | EFFECT_REOPEN},
    {.types = BOTH, .from = NONE, .all = SEEN_WANTED, .none = SEEN_GUARDED, .to = STATE_PROPOSED,
     .effects = EFFECT_NEW_GENERATION | EFFECT_OPENS},

    /* Decisions. */
    {.types = BOTH, .from = APPROVED, .none = SEEN_APPROVED | SEEN_AUTOMATIC, .to = STATE_PENDING,
     .effects = EFFECT_REPAIR},
    {.types = BOTH, .from = REJECTED, .all = SEEN_WANTED, .none = SEEN_REJECTED, .to = STATE_PENDING,
     .effects = EFFECT_REPAIR},
    {.types = BOTH, .from = PROPOSED, .all = SEEN_WANTED | SEEN_CONFIRMED, .to = STATE_PENDING},
    {.types = BOTH, .from = PENDING, .all = SEEN_REJECTED, .to = STATE_REJECTED},
    {.types = BOTH, .from = PENDING, .all = SEEN_WANTED | SEEN_APPROVED, .to = STATE_APPROVED},
    {.types = BOTH, .from = PENDING, .all = SEEN_WANTED | SEEN_AUTOMATIC, .none = SEEN_GUARDED, .to = STATE_APPROVED,
     .effects = EFFECT_BY_POLICY},

    /* At the authority. */
    {.types = BOTH, .from = SUBMITTED, .all = SEEN_FAILED, .to = STATE_FAILED, .effects = EFFECT_BACK_OFF,
     .message = "the fulfiller reported a failure"},
    {.types = REISSUE, .from = SUBMITTED, .all = SEEN_ISSUED_BAD, .to = STATE_FAILED,
     .effects = EFFECT_BACK_OFF | EFFECT_NONCOMPLIANT, .message = "the authority issued a certificate that violates policy"},
    {.types = BOTH, .from = SUBMITTED, .all = SEEN_CLAIM_LAPSED, .to = STATE_APPROVED},
    {.types = BOTH, .from = FAILED, .all = SEEN_WANTED | SEEN_ATTEMPT_DUE, .to = STATE_APPROVED,
     .effects = EFFECT_NEW_ATTEMPT},

    /* The end. */
    {.types = BOTH, .from = FULFILLED | WITHDRAWN | REJECTED, .all = SEEN_RETENTION_OVER,
     .none = SEEN_WANTED | SEEN_STILL_NEEDED, .to = STATE_PURGED},
};
/* clang-format on */

const struct transition *lifecycle_table(size_t *count)
{
    *count = sizeof table / sizeof *table;
    return table;
}

int64_t lifecycle_back_off_s(unsigned attempt)
{
    unsigned doublings = attempt < 1 ? 0 : attempt - 1;
    return (int64_t)3600 << (doublings < 5 ? doublings : 5);
}

static bool fits(const struct transition *t, enum request_type type, enum state state, unsigned seen)
{
    return (t->types & 1u << type) && (t->from & STATE_BIT(state)) && (seen & t->all) == t->all &&
           (!t->any || (seen & t->any)) && !(seen & t->none);
}

static bool violation_has_ended(unsigned seen)
{
    return !(seen & SEEN_WANTED) &&
           (seen & (SEEN_CURED | SEEN_STAND_IN | SEEN_GONE | SEEN_EXPIRED | SEEN_POLICY_OFF | SEEN_WAIVED));
}

static const char ended_message[] = "the violation has ended";

/* The bits that follow from the record, the decision and the outcome, which change while the table runs. */
static unsigned derive(const struct lifecycle_input *in, const struct record *d)
{
    const struct request *q = in->request;
    unsigned seen = in->seen;
    if ((seen & SEEN_WANTED) && d->state != STATE_NONE && basis_changed(&d->basis, in->basis)) {
        struct basis other = *in->basis;
        other.reason = d->basis.reason;
        seen |= SEEN_BASIS_CHANGED | (basis_changed(&d->basis, &other) ? 0 : SEEN_ONLY_REASON_CHANGED);
    }
    if (d->confirmed_passes >= in->confirmations)
        seen |= SEEN_CONFIRMED;
    if (d->state == STATE_FAILED && in->now_utc >= d->next_attempt_utc)
        seen |= SEEN_ATTEMPT_DUE;
    bool ended = d->state == STATE_WITHDRAWN || (d->state == STATE_FULFILLED && d->type == REQUEST_REISSUE) ||
                 slice_eq(d->message, slice_of(ended_message));
    bool on_record = q && q->record.state == d->state; /* not only reached in this pass */
    if (ended && on_record && in->now_utc - d->state_changed_utc >= in->retention_s)
        seen |= SEEN_RETENTION_OVER;
    if (!q)
        return seen;
    if (q->decision != DECISION_NONE && q->decision_generation == d->generation)
        seen |= q->decision == DECISION_APPROVE ? SEEN_APPROVED : SEEN_REJECTED;
    bool lapsed = !q->has_transaction && (!q->claimed || in->now_utc > q->claimed_until_utc);
    if (q->outcome == OUTCOME_NONE || q->outcome_generation != d->generation || q->outcome_attempt != d->attempt)
        return (seen & ~(unsigned)SEEN_ISSUED_BAD) | (d->state == STATE_SUBMITTED && lapsed ? SEEN_CLAIM_LAPSED : 0);
    if (q->outcome != OUTCOME_SUBMITTED || q->claimed)
        seen |= SEEN_SUBMITTED;
    if (q->outcome == OUTCOME_FAILED)
        seen |= SEEN_FAILED;
    if (q->outcome == OUTCOME_SUBMITTED && in->now_utc > q->claimed_until_utc && !q->has_transaction)
        seen |= SEEN_CLAIM_LAPSED;
    return q->outcome == OUTCOME_ISSUED ? seen : seen & ~(unsigned)SEEN_ISSUED_BAD;
}

static const char *standing_message(const struct lifecycle_input *in, const struct record *d, unsigned seen)
{
    enum outcome outcome = in->request && (seen & SEEN_SUBMITTED) ? in->request->outcome : OUTCOME_NONE;
    switch (d->state) {
    case STATE_PROPOSED:
        return "waits for confirmation by further complete passes";
    case STATE_PENDING:
        return d->type == REQUEST_REVOKE ? "waits for approval by a person" : "waits for approval";
    case STATE_APPROVED:
        return "waits for the fulfiller";
    case STATE_REJECTED:
        return "rejected by the approver";
    case STATE_SUBMITTED:
        if (d->type == REQUEST_REVOKE && outcome == OUTCOME_REVOKED)
            return in->unverified ? in->unverified : LIFECYCLE_UNVERIFIED "no CRL is read";
        if (violation_has_ended(seen))
            return "its reason went away; waits for the outcome";
        return outcome == OUTCOME_ISSUED ? "issued as the fulfiller says; waits to be published"
                                         : "waits for the outcome";
    case STATE_NONE:
    case STATE_FAILED:
    case STATE_FULFILLED:
    case STATE_WITHDRAWN:
    case STATE_HELD:
    case STATE_PURGED:
    case STATE_COUNT:
        break;
    }
    return NULL;
}

/* A new attempt takes what the authority did last into account; other names or another reason ask for a new approval.
 */
static void take_basis(const struct lifecycle_input *in, const struct transition *t, struct record *d)
{
    struct basis was = d->basis;
    d->basis = *in->basis;
    if (t->effects & EFFECT_NEW_ATTEMPT) {
        d->basis.names = was.names;
        d->basis.name_count = was.name_count;
        d->basis.reason = was.reason;
    }
}

static void take(const struct lifecycle_input *in, const struct transition *t, struct record *d)
{
    d->state = t->to;
    d->state_changed_utc = in->now_utc;
    if (t->effects & EFFECT_NEW_GENERATION) {
        d->generation++;
        d->attempt = 1;
        d->confirmed_passes = 1;
        d->confirmed_utc = in->now_utc;
        d->has_replacement = false;
    }
    if (t->effects & EFFECT_NEW_ATTEMPT)
        d->attempt++;
    if (t->effects & EFFECT_BY_POLICY)
        d->confirmed_utc = in->now_utc; /* it was seen to be wanted once more; the guard counts by this time */
    d->next_attempt_utc = t->effects & EFFECT_BACK_OFF ? in->now_utc + lifecycle_back_off_s(d->attempt) : 0;
    if ((t->effects & (EFFECT_NEW_GENERATION | EFFECT_NEW_ATTEMPT)) && (in->seen & SEEN_WANTED))
        take_basis(in, t, d);
    d->message = slice_of(t->message ? t->message : "");
}

/* Of rejected requests and fulfilled revocations, which do not end by themselves: since when nothing violates. */
static void note_end(const struct lifecycle_input *in, struct record *d, unsigned seen)
{
    bool noted = slice_eq(d->message, slice_of(ended_message));
    if (!(d->state == STATE_REJECTED || (d->state == STATE_FULFILLED && d->type == REQUEST_REVOKE)))
        return;
    if (!noted && violation_has_ended(seen)) {
        d->message = slice_of(ended_message);
        d->state_changed_utc = in->now_utc;
    } else if (noted && (seen & SEEN_WANTED)) {
        d->message = slice_of("");
    }
}

struct lifecycle_result lifecycle_run(const struct lifecycle_input *in)
{
    struct lifecycle_result result = {0};
    struct record *d = &result.record;
    if (in->request)
        *d = in->request->record;
    else
        *d = (struct record){.type = in->type, .opened_utc = in->now_utc, .state = STATE_NONE};
    result.first_from = d->state;
    if (d->state == STATE_PROPOSED && (in->seen & SEEN_WANTED) && in->now_utc - d->confirmed_utc >= in->interval_s &&
        d->confirmed_passes < in->confirmations && !basis_changed(&d->basis, in->basis)) {
        d->confirmed_passes++;
        d->confirmed_utc = in->now_utc;
        result.confirmed = true;
    }
    enum { STEPS_MAX = 16 };
    unsigned steps = 0;
    for (bool moved = true; moved && d->state != STATE_PURGED; steps++) {
        assert(steps < STEPS_MAX);
        moved = false;
        unsigned seen = result.seen = derive(in, d);
        for (size_t i = 0; i < sizeof table / sizeof *table && !moved && steps < STEPS_MAX; i++)
            if (fits(&table[i], in->type, d->state, seen)) {
                take(in, &table[i], d);
                result.effects |= table[i].effects;
                moved = true;
            }
    }
    note_end(in, d, result.seen);
    const char *standing = standing_message(in, d, result.seen);
    if (standing && !slice_eq(d->message, slice_of(ended_message)))
        d->message = slice_of(standing);
    return result;
}
