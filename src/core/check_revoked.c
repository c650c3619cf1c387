/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->check_crl;
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

const struct check check_revoked = {
    .id = CHECK_REVOKED,
    .name = "revoked",
    .title = "the issuer has revoked the certificate",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 sections 5 and 6.3",
    .fix = "remove the certificate from the entry and have a new one issued",
    .policy_attributes = ATTR_REVOCATION_CHECK " " ATTR_CRL_MAX_AGE,
    .hidden_by = CHECK_BIT(CHECK_CHAIN),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
