/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->min_rsa_bits || policy->allowed_curves.count;
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

const struct check check_weak_key = {
    .id = CHECK_WEAK_KEY,
    .name = "weak-key",
    .title = "a key that is shorter than policy asks for, or on another curve",
    .severity = SEVERITY_ERR,
    .citation = "RFC 8017 section 3.1, RFC 5480 section 2.1.1",
    .fix = "make a new key that policy allows and have a certificate issued for it",
    .policy_attributes = ATTR_MIN_RSA_BITS " " ATTR_ALLOWED_CURVE,
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
