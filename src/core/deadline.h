/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When time alone changes a verdict: a certificate begins to be valid, is to be renewed, expires; a waiver or a claim
 * ends; a confirmation or an attempt is due.
 */
#ifndef CORE_DEADLINE_H
#define CORE_DEADLINE_H

#include "core/plan.h"

enum {
    DEADLINE_NEVER = 0,
    DEADLINE_TRUST_S = 3600, /* chains and CRLs do not say how long their answer holds: so long it is believed */
};

/*
 * The first time after now_utc at which a check on this judged subject may answer otherwise, or DEADLINE_NEVER.  Too
 * early is allowed, too late is not.  Of waivers those count that mark a finding now.
 */
int64_t deadline_of_subject(const struct subject *s, int64_t now_utc);
/*
 * The same for what happens to a request by itself; policy, whose numbers and rules apply, may be NULL (vanished).
 * Waivers do not count.
 */
int64_t deadline_of_request(const struct plan_request *q, const struct policy *policy, int64_t interval_s,
                            int64_t now_utc);

/*
 * The earliest of many, in bounded memory: what does not fit is not forgotten, but shortens the horizon.  All zero is
 * an empty one.  Owned by whoever declares it; deadlines_free.
 */
struct deadline {
    int64_t at_utc;
    uint8_t id_length;
    uint8_t id[63]; /* the subject's id */
};
enum { DEADLINES_KEPT = 4096 };
struct deadlines {
    struct arena arena;
    struct deadline *items; /* a heap, earliest first; one subject may stand there several times */
    size_t count, room;
    int64_t horizon_utc;   /* at this time a full pass is needed: something due then was not kept; 0: none */
    struct deadline taken; /* the last one */
};
/* Beyond `until_utc` (0: no limit) nothing is kept.  DEADLINE_NEVER is not kept either. */
void deadlines_add(struct deadlines *d, struct slice subject_id, int64_t at_utc, int64_t until_utc);
/* From at_utc on nobody is believed; DEADLINE_NEVER changes nothing. */
void deadlines_shorten(struct deadlines *d, int64_t at_utc);
/* 0: none; the horizon counts. */
int64_t deadlines_next(const struct deadlines *d);
/* Takes one that is due; false: none is.  The id lives until the next call. */
bool deadlines_take(struct deadlines *d, int64_t now_utc, struct slice *subject_id);
/* Is that subject kept with a time that is due? */
bool deadlines_has_due(const struct deadlines *d, struct slice subject_id, int64_t now_utc);
void deadlines_clear(struct deadlines *d);
void deadlines_free(struct deadlines *d);

#endif
