/* SPDX-License-Identifier: Apache-2.0 */
/* How entries are compared, for the tests. */
#ifndef RUN_CROSSING_PRIVATE_H
#define RUN_CROSSING_PRIVATE_H

#include "run/pass_private.h"

struct crossing_figures {
    size_t values;         /* certificates and host names that were compared */
    size_t octets;         /* the most that was kept of all of them together */
    size_t candidates;     /* of their truncated digests, how many stand in two entries */
    size_t holders;        /* values that were kept whole for that */
    bool looked_once_more; /* the subjects were streamed for the second time */
};

/* crossing_survey with fewer bits of each digest, so that values meet which are not the same. */
void crossing_survey_within(struct pass *p, uint64_t bits);
/* All zero where nothing was compared. */
struct crossing_figures crossing_figures(const struct pass *p);

#endif
