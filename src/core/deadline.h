/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When time alone changes a verdict: a certificate begins to be valid, is to be renewed, expires; a waiver or a claim
 * ends; a confirmation or an attempt is due.
 */
#ifndef CORE_DEADLINE_H
#define CORE_DEADLINE_H

#include "core/plan.h"

enum { DEADLINE_NEVER = 0 };

/*
 * The first time after now_utc at which a check on this judged subject may answer otherwise, or DEADLINE_NEVER.  Too
 * early is allowed, too late is not.
 */
int64_t deadline_of_subject(const struct subject *s, int64_t now_utc);
/* The same for what happens to a request by itself; policy may be NULL (vanished). */
int64_t deadline_of_request(const struct plan_request *q, const struct policy *policy, int64_t interval_s,
                            int64_t now_utc);

/*
 * The earliest of many, in bounded memory: what does not fit is not forgotten, but shortens the horizon.  Owned by
 * whoever declares it; deadlines_free.
 */
struct deadline {
    int64_t at_utc;
    struct digest subject; /* SHA-256 of its id: see deadlines_take */
    uint8_t id[64];        /* the subject's id, id_length octets */
    uint8_t id_length;
};
enum { DEADLINES_KEPT = 4096 };
struct deadlines {
    struct deadline *items; /* a heap, earliest first */
    size_t count;
    int64_t horizon_utc; /* at this time a full pass is needed: something due then was not kept; 0: none */
};
/* One deadline for each subject: the earlier one stays.  Beyond `until_utc` (0: no limit) nothing is kept. */
void deadlines_add(struct deadlines *d, struct slice subject_id, int64_t at_utc, int64_t until_utc);
/* 0: none; the horizon counts. */
int64_t deadlines_next(const struct deadlines *d);
/* Takes one that is due; false: none is.  The id lives until the next call. */
bool deadlines_take(struct deadlines *d, int64_t now_utc, struct slice *subject_id);
void deadlines_clear(struct deadlines *d);
void deadlines_free(struct deadlines *d);

#endif
