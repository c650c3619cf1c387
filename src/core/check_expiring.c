/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->renew_before.kind != RENEW_NEVER;
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

const struct check check_expiring = {
    .id = CHECK_EXPIRING,
    .name = "expiring",
    .title = "the validity period ends soon",
    .severity = SEVERITY_NOTICE,
    .citation = "RFC 5280 section 4.1.2.5",
    .fix = "renew the certificate before its notAfter",
    .policy_attributes = ATTR_RENEW_BEFORE,
    .hidden_by = CHECK_BIT(CHECK_EXPIRED),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
