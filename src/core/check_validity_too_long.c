/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->max_validity.rule != VALIDITY_ANY;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    (void)a, (void)in;
    out->answer = ANSWER_NOT_APPLICABLE;
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    (void)a, (void)in;
    return slice_of("");
}

const struct check check_validity_too_long = {
    .id = CHECK_VALIDITY_TOO_LONG,
    .name = "validity-too-long",
    .title = "a longer validity period than policy allows",
    .severity = SEVERITY_WARNING,
    .citation = "RFC 5280 section 4.1.2.5",
    .fix = "have the certificate issued again for a shorter time, and mend the profile of the authority",
    .policy_attributes = ATTR_MAX_VALIDITY,
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
