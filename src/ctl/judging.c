/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/judging.h"

void judging_problem(void *context, const struct problem *p)
{
    const struct judging *j = context;
    ctl_tell(j->ctl, "problem: %.*s: %.*s: \"%.*s\": %.*s", SLICE_ARGS(p->dn), SLICE_ARGS(p->attribute),
             SLICE_ARGS(p->value), SLICE_ARGS(p->reason));
}

void judging_fault(void *context, const char *what, const char *detail)
{
    struct judging *j = context;
    j->faulted = true;
    ctl_tell(j->ctl, "%s: %s", what, detail);
}

struct inspect_settings judging_settings(const struct ctl *ctl, const char *policy)
{
    return (struct inspect_settings){.base = (const char *)arena_copy(ctl->arena, ctl->base).p,
                                     .now_utc = ctl_now_utc(),
                                     .policy = slice_of(policy)};
}

int judging_second(const struct ctl *ctl, struct second_reader **second)
{
    struct fault fault = {{0}};
    if (second_open(second, &fault) == RC_OK)
        return CTL_OK;
    ctl_tell(ctl, "start the second reader: %s", fault.text);
    return CTL_INCOMPLETE;
}
