/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->required_ekus.count || policy->forbidden_ekus.count;
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

const struct check check_extended_key_usage = {
    .id = CHECK_EXTENDED_KEY_USAGE,
    .name = "extended-key-usage",
    .title = "an extended key usage is missing, or one is there that policy forbids",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 section 4.2.1.12",
    .fix = "have the certificate issued again with the extended key usages that policy names",
    .policy_attributes = ATTR_REQUIRED_EKU " " ATTR_FORBIDDEN_EKU,
    .hidden_by = CHECK_BIT(CHECK_VERSION),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
