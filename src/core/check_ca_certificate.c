/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->ca_rule != CA_ANY;
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

const struct check check_ca_certificate = {
    .id = CHECK_CA_CERTIFICATE,
    .name = "ca-certificate",
    .title = "the certificate of an authority where policy wants none",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 section 4.2.1.9",
    .fix = "have a certificate for an end entity issued, and find out why this one may sign others",
    .policy_attributes = ATTR_ALLOW_CA,
    .hidden_by = CHECK_BIT(CHECK_VERSION),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
