/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What full passes leave to the looks between them, in memory only: figures for the guards, and when to look again.
 * Forgetting it costs one full pass and nothing else.
 */
#ifndef RUN_PAST_H
#define RUN_PAST_H

#include "core/deadline.h"
#include "core/guard.h"
#include "run/survey.h"

struct past;
struct past *past_open(void); /* the caller's, to be closed with past_close */
void past_close(struct past *p);
/* A full pass ended whole, and nothing that it does not know of has happened to policies since: looks may go on. */
bool past_is_ready(const struct past *p);
/* All but how much was withdrawn in this interval. */
void past_forget(struct past *p);
/*
 * The figures of requests as they stand after what looks have read and written since that full pass, which these
 * policies are the survey of: by type and state, and the oldest one that is open.  False, and nothing is changed, where
 * they are known to be the same as before, or no full pass is known.
 */
bool past_count_requests(struct past *p, struct policy_survey *policies, size_t count);
/* When somebody has to be looked at because of the time alone. */
struct deadlines *past_deadlines(struct past *p);

/* Whom one look is about. */
struct focus {
    const struct slice *subjects; /* ids ("entryUUID:…"), each once */
    size_t subject_count;
    const struct slice *requests; /* ids of requests that changed: whom they are about is looked at too */
    size_t request_count;
    size_t gone_count; /* subjects that were reported gone since the last full pass, those of this look included */
    /*
     * Naming contexts of which each change since the last full pass has come to a look, to this one at the latest: what
     * was read of the authorities there need not be read again.  None: nobody knows of all changes.
     */
    const struct slice *followed;
    size_t followed_count;
};

/* Why a look could not settle the matter: a full pass has to come at once.  Filled by pass_run with a focus. */
enum escalation {
    ESCALATION_NONE,
    ESCALATION_NO_PAST,    /* no full pass to build on */
    ESCALATION_POLICY,     /* policies, waivers, authorities or rights are others than the full pass saw */
    ESCALATION_GUARD,      /* a guard would hold: that is for a full pass to say */
    ESCALATION_REVOCATION, /* a new revocation: everybody who publishes the certificate has to be seen first */
    ESCALATION_TREE,       /* an entry that has others below it changed: they may be elsewhere now */
    ESCALATION_TIME,       /* the clock was set, or the horizon of the deadlines is reached */
    ESCALATION_REQUEST,    /* somebody deleted a request, and nobody knows whom it was about */
    ESCALATION_FAULT,      /* a search or a write failed */
};
const char *escalation_text(enum escalation e);

/*
 * Drift: what a full pass finds although the looks before it should have.  `is_expected` is asked about each subject
 * for which it opens, reopens or moves something, or tells a finding: true where a change is known and not yet looked
 * at.
 */
struct drift_watch {
    bool (*is_expected)(void *context, struct slice subject_id, struct slice request_id);
    void *context;
    size_t missed; /* how many were not; each is told as a drift event */
};

#endif
