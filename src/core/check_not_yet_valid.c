/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/check_shown.h"

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    if (!in->facts->readable) {
        out->answer = ANSWER_NOT_APPLICABLE;
    } else if (in->now_utc < in->facts->not_before_utc) {
        out->answer = ANSWER_VIOLATES;
        out->detail = arena_format(a, "notBefore %.*s", SLICE_ARGS(shown_time(a, in->facts->not_before_utc)));
    }
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    return names_times_shown(a, "notBefore", in->facts->not_before_utc, in->now_utc);
}

const struct check check_not_yet_valid = {
    .id = CHECK_NOT_YET_VALID,
    .name = "not-yet-valid",
    .title = "the validity period has not begun",
    .severity = SEVERITY_NOTICE,
    .citation = "RFC 5280 section 4.1.2.5",
    .fix = "wait, or look at the clock of the authority",
    .policy_attributes = "-",
    .may_revoke = true,
    .is_on = check_always_on,
    .run = run,
    .compared = compared,
};
