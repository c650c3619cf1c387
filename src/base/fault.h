/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outcomes.  Functions that can fail return an enum rc, and the layer that knows what happened fills the caller's
 * struct fault once; nothing above overwrites it.  A fault means that we could not do our own work; a finding or a
 * problem is a normal result and never travels here.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

enum rc {
    RC_OK = 0,
    RC_NOT_FOUND, /* the entry or base is not there, or is hidden */
    RC_EXISTS,    /* an entry of that name is there already */
    RC_CONFLICT,  /* the old value that the change named is no longer there: somebody else was first */
    RC_DENIED,    /* the account may not do that, or the credentials are wrong */
    RC_TRUNCATED, /* a limit that the caller asked for was reached */
    RC_INVALID,   /* what the caller or the administrator gave is not valid */
    RC_FAULT,     /* everything else: the work could not be done */
};

#define MUST_USE __attribute__((warn_unused_result))

struct fault {
    char text[768]; /* what happened, where, and what to do; empty when nothing was filled in */
};

/* Fills *fault unless it is filled already, and returns rc.  fault may be NULL. */
enum rc fault_set(struct fault *fault, enum rc rc, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
