/* SPDX-License-Identifier: Apache-2.0 */
/* How things stand, in words: for the service manager, and once a day for the log. */
#include "base/gentime.h"
#include "daemon/daemon_private.h"
#include "run/summary.h"

#include <stdio.h>

static size_t open_requests(const struct survey *survey)
{
    size_t n = 0;
    for (size_t i = 0; i < survey->policy_count; i++)
        for (unsigned type = 0; type < REQUEST_TYPES; type++)
            for (unsigned s = STATE_PROPOSED; s < STATE_PURGED; s++)
                if (!state_in((enum state)s, STATES_FINAL))
                    n += survey->policies[i].requests[type][s];
    return n;
}

void daemon_say_last_pass(struct daemon *d)
{
    static const char *const words[] = {
        [PASS_COMPLETE] = "complete", [PASS_INCOMPLETE] = "incomplete", [PASS_HELD] = "held"};
    uint8_t at[GENTIME_LEN];
    gentime_write(d->last_pass_utc, at);
    snprintf(d->last_pass, sizeof d->last_pass, "last pass %s %.*s, %zu requests open", words[d->last_result],
             GENTIME_LEN, (const char *)at, open_requests(&d->last_survey));
}

/*
 * Once a day of UTC, with a full pass or without one.  It tells of holds and faults, and so does not wait for a pass
 * that reads everything; once one reads what an earlier one could not, it is told anew.
 */
void daemon_tell_summary(struct daemon *d)
{
    int64_t day = log_system_clock(NULL) / DAEMON_DAY_S;
    size_t whole = 0;
    for (size_t i = 0; i < d->last_survey.policy_count; i++)
        whole += d->last_survey.policies[i].complete;
    if (d->last_survey.policy_count == 0 || (d->summary_day == day && whole <= d->summary_whole))
        return;
    summary_log(d->log, &d->last_survey);
    d->summary_day = day;
    d->summary_whole = whole;
}
