/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a request, as one table: from which states, on what that is seen, to which state.  Everything that a
 * row asks for is a bit; the bits are derived from the directory anew in each pass, so that a request moves on from
 * wherever it stands, and stands still once nothing changes.
 */
#ifndef CORE_LIFECYCLE_H
#define CORE_LIFECYCLE_H

#include "core/request.h"

/* What is seen.  Only what was positively seen sets a bit; what could not be decided sets none. */
enum seen {
    SEEN_WANTED = 1 << 0,   /* an enforcing policy governs the subject, a finding's action asks, nothing waives it */
    SEEN_CURED = 1 << 1,    /* no longer wanted: removed with evidence, or compliant now */
    SEEN_STAND_IN = 1 << 2, /* reissue: every recorded certificate is replaced or gone, and a replacement is there */
    SEEN_ON_CRL = 1 << 3,   /* revoke: the serial is on a fresh CRL of its issuer */
    SEEN_WAIVED = 1 << 4,
    SEEN_POLICY_OFF = 1 << 5,  /* the subject's policy is off, or it left its policy and none governs it */
    SEEN_GONE = 1 << 6,        /* the subject was deleted */
    SEEN_POLICY_WEAK = 1 << 7, /* the policy does not ask for it: audit, malformed, vanished, another action; for a
                                  revocation also off, or its replacement is no longer there */
    SEEN_COMPLIANT_ELSEWHERE = 1 << 8,  /* revoke: another entry has the certificate; there it complies or is waived */
    SEEN_ENFORCED = 1 << 9,             /* its policy enforces */
    SEEN_EXPIRED = 1 << 10,             /* revoke: notAfter has passed */
    SEEN_BASIS_CHANGED = 1 << 11,       /* wanted, with other certificates, checks, names or reason than recorded */
    SEEN_ONLY_REASON_CHANGED = 1 << 12, /* ... and it is the reason alone */
    SEEN_CONFIRMED = 1 << 13,           /* enough complete passes agree */
    SEEN_AUTOMATIC = 1 << 14,           /* policy approves this type by itself */
    SEEN_APPROVED = 1 << 15,            /* a decision of this generation approves */
    SEEN_REJECTED = 1 << 16,            /* a decision of this generation rejects */
    SEEN_SUBMITTED = 1 << 17,           /* the fulfiller has claimed it and reports an outcome of this attempt */
    SEEN_CLAIM_LAPSED = 1 << 18,        /* nothing but `submitted` (or no outcome of this attempt any more), the claim
                                           ran out, there is no transaction id */
    SEEN_FAILED = 1 << 19,              /* the outcome of this attempt is `failed` */
    SEEN_ISSUED_BAD = 1 << 20,          /* the outcome is `issued`, and the new certificate violates policy */
    SEEN_ATTEMPT_DUE = 1 << 21,
    SEEN_GUARDED = 1 << 22, /* a guard holds what opens, reopens or approves by policy */
    SEEN_RETENTION_OVER = 1 << 23,
    SEEN_STILL_NEEDED = 1 << 24, /* reissue: a revocation waits for it */
};

enum effect {
    EFFECT_NEW_GENERATION = 1 << 0,
    EFFECT_NEW_ATTEMPT = 1 << 1,
    EFFECT_BACK_OFF = 1 << 2,
    EFFECT_OPENS = 1 << 3,        /* counts for the first guard */
    EFFECT_BY_POLICY = 1 << 4,    /* likewise: approved without a person */
    EFFECT_REPAIR = 1 << 5,       /* the state could not have come about by itself */
    EFFECT_NONCOMPLIANT = 1 << 6, /* the authority issued what violates policy */
    EFFECT_REOPEN = 1 << 7,       /* for people: it had ended or was held */
};

struct transition {
    unsigned types; /* bits of 1 << enum request_type */
    unsigned from;  /* bits of STATE_BIT */
    unsigned all;   /* each of these must be seen */
    unsigned any;   /* and one of these, where there are some */
    unsigned none;  /* and none of these */
    enum state to;
    unsigned effects;
    const char *message; /* dircertStateMessage from then on; NULL where it follows from the state */
};
/* In the order in which they are tried. */
const struct transition *lifecycle_table(size_t *count);

/* dircertStateMessage of a revocation that the fulfiller says is done and that no CRL shows begins so. */
#define LIFECYCLE_UNVERIFIED "carried out as the fulfiller says, not verified: "

struct lifecycle_input {
    const struct request *request; /* NULL: there is none yet */
    enum request_type type;
    unsigned seen;             /* what the observation gave; bits that follow from the record are derived here */
    const struct basis *basis; /* now; only with SEEN_WANTED */
    unsigned confirmations;    /* of the policy */
    int64_t interval_s;
    int64_t retention_s;
    int64_t now_utc;
    const char *unverified; /* revoke: LIFECYCLE_UNVERIFIED and why; NULL: because no CRL is read */
};

struct lifecycle_result {
    struct record record;  /* as it should be stored; state STATE_PURGED: delete it; STATE_NONE: there is nothing */
    enum state first_from; /* where it started */
    unsigned effects;      /* of all rows that were taken */
    unsigned seen;         /* as derived in the end */
    bool confirmed;        /* the count of confirmations went up */
};

/* Runs the table until it stands still. */
struct lifecycle_result lifecycle_run(const struct lifecycle_input *in);

/* Seconds to wait after that many failed attempts: 1 h, doubling to 32 h. */
int64_t lifecycle_back_off_s(unsigned attempt);

#endif
