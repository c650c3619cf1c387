/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->max_values > 0;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    if (!in->holding) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    if (in->holding->count <= in->policy->max_values)
        return;
    out->answer = ANSWER_VIOLATES;
    out->detail = arena_format(a, "the entry holds more certificates than policy allows, which is at most %u",
                               in->policy->max_values);
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    return arena_format(a, "%zu certificates; at most %u", in->holding ? in->holding->count : 0,
                        in->policy->max_values);
}

const struct check check_too_many_values = {
    .id = CHECK_TOO_MANY_VALUES,
    .name = "too-many-values",
    .title = "the entry holds more certificates than policy allows",
    .severity = SEVERITY_WARNING,
    .citation = "RFC 4523 section 4.1",
    .fix = "remove the certificates that nothing uses any more",
    .policy_attributes = ATTR_MAX_VALUES,
    .of_subject = true,
    .reports_only = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
