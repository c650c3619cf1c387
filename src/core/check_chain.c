/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->trust_anchor_count > 0;
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

const struct check check_chain = {
    .id = CHECK_CHAIN,
    .name = "chain",
    .title = "the chain does not lead to an authority that policy trusts",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 section 6.1",
    .fix = "have a certificate issued by a trusted authority, or publish the missing authority in the directory",
    .policy_attributes = ATTR_TRUST_ANCHOR,
    .hidden_by = CHECK_BIT(CHECK_EXPIRED) | CHECK_BIT(CHECK_NOT_YET_VALID),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
