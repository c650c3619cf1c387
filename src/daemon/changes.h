/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known to have changed in the directory and was not looked at yet.  By its name an entry is a subject or a
 * request; or it is one that only a full pass can take in: a policy, a waiver, the base itself.
 */
#ifndef DAEMON_CHANGES_H
#define DAEMON_CHANGES_H

#include "daemon/ids.h"

/* Of one look. */
struct change_batch {
    struct ids subjects, requests;
};

struct changes {
    struct arena arena;
    struct slice base, policies, waivers, requests, status; /* DNs */
    struct change_batch pending;
    struct change_batch covered;             /* what a full pass takes in that runs or has to come */
    size_t gone;                             /* subjects that were reported gone since the last full pass */
    bool is_lost;                            /* anything may have changed: only a full pass can tell */
    int64_t policy_first_ms, policy_last_ms; /* policies changed, monotonic; 0: they did not */
};

/* To be closed with changes_close. */
void changes_open(struct changes *c, const char *base);
void changes_close(struct changes *c);

struct change {
    struct slice id; /* as in dircertSubjectId */
    struct slice dn; /* empty: not known */
    bool is_gone;
};
void changes_note(struct changes *c, const struct change *change, int64_t now_ms);
/* Anything may have happened. */
void changes_lose(struct changes *c);
/* That subject is to be looked at, whatever it is.  False: there is no room. */
bool changes_add_subject(struct changes *c, struct slice id);

static inline bool changes_are_pending(const struct changes *c)
{
    return c->pending.subjects.count || c->pending.requests.count;
}
/* The first of those that are pending; they are the caller's, to be handed to one of the two below. */
void changes_take(struct changes *c, size_t most, struct change_batch *out);
/* They were not looked at. */
void changes_give_back(struct changes *c, struct change_batch *batch);
/* They were; `escalated`: a full pass has to see to them. */
void changes_settle(struct changes *c, struct change_batch *batch, bool escalated);

/* What is known now is known to the full pass that begins, and what is not is for it to find. */
void changes_begin_full(struct changes *c);
/* It ended; unless it was whole what was pending is so again. */
void changes_end_full(struct changes *c, bool whole);
/* The subject or the request of these ids (empty: none) has changed, and no look has come since. */
bool changes_expect(const struct changes *c, struct slice subject_id, struct slice request_id);

#endif
