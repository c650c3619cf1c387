/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that judge have in common: how problems and faults are told. */
#ifndef CTL_JUDGING_H
#define CTL_JUDGING_H

#include "ctl/ctl.h"
#include "run/inspect.h"

/* For an inspect_sink; each is a line on standard error.  `context` begins with a `struct judging`. */
struct judging {
    const struct ctl *ctl;
    bool faulted; /* something was not read, or not judged */
};
void judging_problem(void *context, const struct problem *p);
void judging_fault(void *context, const char *what, const char *detail);

/* The settings for now; policy may be NULL. */
struct inspect_settings judging_settings(const struct ctl *ctl, const char *policy);
/* CTL_OK, or what to end with after it was told. */
int judging_second(const struct ctl *ctl, struct second_reader **second);

#endif
