/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->key_usage != 0;
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

const struct check check_key_usage = {
    .id = CHECK_KEY_USAGE,
    .name = "key-usage",
    .title = "a key usage that policy asks for is missing",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 section 4.2.1.3",
    .fix = "have the certificate issued again with the key usages that policy names",
    .policy_attributes = ATTR_KEY_USAGE,
    .hidden_by = CHECK_BIT(CHECK_VERSION),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
