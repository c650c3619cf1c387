/* SPDX-License-Identifier: Apache-2.0 */
/* The holds on record below ou=status, cut into their parts. */
#ifndef CTL_HOLD_H
#define CTL_HOLD_H

#include "core/entry.h"

struct hold_value {
    struct slice guard, count, limit, revision;
    struct slice release; /* empty: nothing lifts it but what its guard asks for */
    struct slice policy;  /* a DN; empty: it holds everything (the clock) */
};

/* A value of dircertHold (hold_write in core/guard.h).  False: it is none; then only `guard` is filled, as it stands.
 */
bool hold_value_read(struct slice value, struct hold_value *h);

#endif
