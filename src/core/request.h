/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request entry as data, read from the directory and rendered back.
 * @source the schema's class dircertRequest
 */
#ifndef CORE_REQUEST_H
#define CORE_REQUEST_H

#include "base/digest.h"
#include "core/entry.h"
#include "core/policy.h"

enum state {
    STATE_NONE,
    STATE_PROPOSED,
    STATE_PENDING,
    STATE_APPROVED,
    STATE_REJECTED,
    STATE_SUBMITTED,
    STATE_FAILED,
    STATE_FULFILLED,
    STATE_WITHDRAWN,
    STATE_HELD,
    STATE_PURGED,
    STATE_COUNT
};
#define STATE_BIT(s) (1u << (s))
/* Nothing is to be done any more, until it is wanted again; a rejection is an end only as long as nothing changes. */
#define STATES_ENDED        (STATE_BIT(STATE_FULFILLED) | STATE_BIT(STATE_WITHDRAWN))
#define STATES_FINAL        (STATES_ENDED | STATE_BIT(STATE_REJECTED))
#define STATES_AT_AUTHORITY (STATE_BIT(STATE_SUBMITTED) | STATE_BIT(STATE_FAILED))
/* What it rests on may still be revised. */
#define STATES_REVISED                                                                                                 \
    (STATE_BIT(STATE_PROPOSED) | STATE_BIT(STATE_PENDING) | STATE_BIT(STATE_APPROVED) | STATE_BIT(STATE_HELD))

static inline bool state_in(enum state s, unsigned states)
{
    return (STATE_BIT(s) & states) != 0;
}

const char *state_name(enum state s);
/* STATE_NONE when there is no state of that name; none and purged are never stored and have no name. */
enum state state_find(struct slice name);

/* What a request rests on.  A change of certificates, checks, names or reason asks for a new generation. */
struct basis {
    const struct digest *certificates; /* ascending, each once */
    size_t certificate_count;
    unsigned checks;              /* bits of enum check_id */
    const struct slice *findings; /* "<check> <detail>", ascending, each once */
    size_t finding_count;
    const struct slice *names; /* ascending, each once */
    size_t name_count;
    enum reason reason;
    struct slice subject_dn;
    struct slice policy_dn;
    struct slice policy_revision;
    struct slice supersedes; /* revoke: the id of the reissue that it completes; may be empty */
    /*
     * revoke: the certificate.  reissue: the certificates that are to be revoked once they are replaced, DER, one
     * after the other; by then the directory may no longer show them.
     */
    struct slice certificate;
};
bool basis_changed(const struct basis *recorded, const struct basis *now);

/* Of all that a basis says and the subject it is about, for comparing without keeping it: half of a SHA-256 value. */
struct fingerprint {
    uint64_t halves[2];
};
struct fingerprint basis_fingerprint(const struct basis *b, struct slice subject_id);

/* The attributes that the daemon owns. */
struct record {
    struct slice id;
    enum request_type type;
    struct slice subject_id;
    int64_t opened_utc;
    struct slice issuer, serial; /* revoke: both as text */
    struct basis basis;
    unsigned generation;
    enum state state;
    struct slice message;
    int64_t state_changed_utc;
    unsigned confirmed_passes;
    int64_t confirmed_utc;
    unsigned attempt;
    int64_t next_attempt_utc; /* 0: none */
    struct digest replacement;
    bool has_replacement;
};

enum decision { DECISION_NONE, DECISION_APPROVE, DECISION_REJECT };
enum outcome { OUTCOME_NONE, OUTCOME_SUBMITTED, OUTCOME_ISSUED, OUTCOME_REVOKED, OUTCOME_FAILED };

struct request {
    struct slice dn;
    struct record record;

    enum decision decision;
    unsigned decision_generation;
    bool claimed;
    int64_t claimed_until_utc; /* INT64_MAX when the claim names no end */
    enum outcome outcome;
    unsigned outcome_generation, outcome_attempt;
    bool has_transaction;
    struct slice result_certificate;
    struct slice decision_text, outcome_text; /* as written, for messages */

    bool foreign;          /* not of the class, its RDN is no request id, or its state is hidden: never touched */
    bool identity_damaged; /* what is written once does not hold together */
    bool progress_damaged; /* state or generation can't be read: it has to begin again */
    bool detail_damaged;   /* something else that moves can't be read: it is put right where the request stands */
    bool stale_unreadable; /* a decision or outcome that is none; ignored */
    bool is_plain;         /* `stored` is, value by value, what record_render makes of the record; false: perhaps too */
    struct entry stored;   /* the daemon-owned attributes as they stand */
};

/* True when both are rendered alike; false is always allowed. */
bool record_same(const struct record *a, const struct record *b);

/* SHA-256 of `reissue NUL subjectId` and of `revoke NUL certificate digest`, as hexadecimal. */
struct slice request_id_of_reissue(struct arena *a, struct slice subject_id);
struct slice request_id_of_revoke(struct arena *a, const struct digest *certificate);

/* Reads an entry below ou=requests; copies what it keeps.  What does not hold together is appended to *problems. */
struct request request_read(struct arena *a, const struct entry *e, problem_list *problems);
/* True when something that the daemon owns can't be read. */
static inline bool request_is_damaged(const struct request *q)
{
    return q->identity_damaged || q->progress_damaged || q->detail_damaged;
}
/* The attributes that request_read wants, NULL-terminated; they name no more than the daemon may read. */
const char *const *request_attributes(void);

/* The record as attributes, only those that have values; objectClass is not among them. */
struct entry record_render(struct arena *a, const struct record *r);
/* The names of the attributes that record_render may give, NULL-terminated. */
const char *const *record_attributes(void);

#endif
