/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->allowed_issuers.count > 0;
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

const struct check check_issuer = {
    .id = CHECK_ISSUER,
    .name = "issuer",
    .title = "issued under a name that policy does not allow",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 sections 4.1.2.4 and 7.1",
    .fix = "have a certificate issued by an authority that policy names",
    .policy_attributes = ATTR_ALLOWED_ISSUER,
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
