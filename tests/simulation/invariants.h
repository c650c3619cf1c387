/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold whatever happens: checked after each step, against the model and the directory alone. */
#ifndef SIMULATION_INVARIANTS_H
#define SIMULATION_INVARIANTS_H

#include "simulation/world.h"

/* Openings that the first guard counts, as this file saw them happen. */
struct ledger {
    LIST_OF(struct opening {
        int64_t at_utc;
        int policy;
        struct slice id;
    })
    openings;
};

/* What changed from `before` to `after`, by a pass that may have broken off. */
void invariants_after_pass(struct world *w, struct arena *ledger_arena, struct ledger *ledger,
                           const struct request_list *before, const struct request_list *after);
/* A second pass at the same moment writes nothing below ou=requests. */
void invariants_settled(struct world *w);
/* At the end: what stands is what a fresh pass over the same directory derives, and what the model derives. */
void invariants_end(struct world *w);

#endif
