/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->allowed_signatures.count > 0;
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

const struct check check_weak_signature = {
    .id = CHECK_WEAK_SIGNATURE,
    .name = "weak-signature",
    .title = "a signature algorithm that policy does not allow",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 section 4.1.1.2",
    .fix = "have the certificate issued again, and mend the signature algorithm of the authority",
    .policy_attributes = ATTR_ALLOWED_SIGNATURE,
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
