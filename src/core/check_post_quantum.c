/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->on_finding[CHECK_POST_QUANTUM].stated;
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

const struct check check_post_quantum = {
    .id = CHECK_POST_QUANTUM,
    .name = "post-quantum",
    .title = "a key or a signature that a quantum computer would break",
    .severity = SEVERITY_NOTICE,
    .citation = "RFC 9881, RFC 9909",
    .fix = "plan for a key and an authority with ML-DSA, SLH-DSA or a composite of both kinds",
    .policy_attributes = ATTR_ON_FINDING,
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
