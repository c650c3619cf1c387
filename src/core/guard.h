/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stops a pass that would do too much, has seen too little, or does not know the time.  A guard holds; it never
 * changes what is wanted.
 */
#ifndef CORE_GUARD_H
#define CORE_GUARD_H

#include "core/plan.h"

enum guard {
    GUARD_TOO_MANY,
    GUARD_TOO_FEW_SUBJECTS,
    GUARD_TOO_FEW_CERTIFICATES,
    GUARD_TOO_MANY_WITHDRAWALS,
    GUARD_CLOCK
};

const char *guard_name(enum guard g);

/* What the last complete pass recorded of a policy (dircertPolicyFigures). */
struct figures {
    struct slice policy_dn;
    struct slice revision;
    size_t subjects, with_certificate, findings;
    size_t unverified; /* revocations that the fulfiller says are done and that no CRL shows */
};

/* "subjects=… with-certificate=… findings=… unverified=… revision=… policy=<DN>"; unverified where it is not 0 */
struct slice figures_write(struct arena *a, const struct figures *f);
bool figures_read(struct slice value, struct figures *f);

struct hold {
    const struct policy *policy; /* NULL for the clock */
    enum guard guard;
    size_t count, limit;  /* what would happen or is seen, and what is allowed */
    struct slice release; /* the dircertRelease value that would lift it; empty for the clock */
    struct slice message; /* for people */
};

struct guard_input {
    const struct plan_input *seen;
    const struct plan *plan;    /* built without holds */
    const struct figures *last; /* of the last complete pass */
    size_t last_count;
    /* For each policy: requests opened, reopened or approved by it in the last 24 hours that `seen` has not; NULL:
     * none.
     */
    const size_t *recent_besides;
    const size_t
        *withdrawn_before; /* for each policy, in this interval already, or by looks since that pass; NULL: none */
};

typedef LIST_OF(struct hold) hold_list;

/* Appends what holds, and sets scopes[i] for each policy. */
void guard_judge(struct arena *a, const struct guard_input *in, hold_list *holds, enum hold_scope *scopes);

/*
 * When the request last counted for the first guard, as it tells itself: it was opened, reopened or approved by policy.
 * It does for 24 hours.
 */
int64_t guard_counted_utc(const struct request *q);
bool guard_is_recent(int64_t counted_utc, int64_t now_utc);

enum { GUARD_CLOCK_SKEW_S = 300 };
/*
 * True when the clock can't be trusted: it stands before the last recorded pass, or is more than five minutes from
 * the server's own timestamp.  A 0 is not known and not compared.
 */
bool guard_clock(struct arena *a, int64_t now_utc, int64_t last_pass_utc, int64_t server_utc, struct hold *hold);
/* "guard=… count=… limit=… revision=… release="…" policy=<DN>", the value of dircertHold. */
struct slice hold_write(struct arena *a, const struct hold *h);

#endif
