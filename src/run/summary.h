/* SPDX-License-Identifier: Apache-2.0 */
/* Once a day: how things stand, in one line for each policy. */
#ifndef RUN_SUMMARY_H
#define RUN_SUMMARY_H

#include "run/log.h"
#include "run/survey.h"

/* One summary event for each policy of the survey, in its order; a figure of a policy that was not read whole is left
 * out. */
void summary_log(struct log *log, const struct survey *survey);

#endif
