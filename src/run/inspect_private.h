/* SPDX-License-Identifier: Apache-2.0 */
/* A pass that only looks, for a person: nothing is written, and what its rooms log by themselves goes nowhere. */
#ifndef RUN_INSPECT_PRIVATE_H
#define RUN_INSPECT_PRIVATE_H

#include "run/inspect.h"
#include "run/pass_private.h"

struct look {
    int64_t now_utc;
    struct pass_settings settings;
    struct pass pass;
};

/* *l must stay where it is until look_end; what is given is borrowed until then. */
void look_begin(struct look *l, struct dir *d, struct second_reader *second, const struct inspect_settings *settings,
                struct arena *a, const struct inspect_sink *sink);
void look_end(struct look *l);
/* Tells the observer how the policies fared that were asked for; true when each was judged whole, or is off. */
bool look_tell_policies(struct pass *p, const struct inspect_settings *settings);

#endif
