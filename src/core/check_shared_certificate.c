/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->unique & UNIQUE_CERTIFICATE;
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

const struct check check_shared_certificate = {
    .id = CHECK_SHARED_CERTIFICATE,
    .name = "shared-certificate",
    .title = "another entry publishes the same certificate",
    .severity = SEVERITY_WARNING,
    .citation = "RFC 5280 section 4.1.2.6",
    .fix = "give each entry a certificate and a key of its own",
    .policy_attributes = ATTR_UNIQUE,
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
