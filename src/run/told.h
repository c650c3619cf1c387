/* SPDX-License-Identifier: Apache-2.0 */
/* What was logged already, so that nothing is said twice: a set of digests, 16 octets each. */
#ifndef RUN_TOLD_H
#define RUN_TOLD_H

#include "base/arena.h"

struct told {
    uint64_t (*slots)[2];
    size_t count, room;
};

/* True the first time it is asked for these three together. */
bool told_first_time(struct arena *a, struct told *t, struct slice one, struct slice two, struct slice three);

#endif
