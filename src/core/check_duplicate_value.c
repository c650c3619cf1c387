/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->on_finding[CHECK_DUPLICATE_VALUE].stated;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    (void)a;
    if (!in->holding || in->holding->count == 0) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    if (in->holding->repeated.n == 0)
        return;
    out->answer = ANSWER_VIOLATES;
    out->detail = in->holding->repeated;
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    return arena_format(a, "%zu certificates, each with its octets, issuer and serial number",
                        in->holding ? in->holding->count : 0);
}

const struct check check_duplicate_value = {
    .id = CHECK_DUPLICATE_VALUE,
    .name = "duplicate-value",
    .title = "the entry holds a certificate twice",
    .severity = SEVERITY_NOTICE,
    .citation = "RFC 4512 section 2.2, RFC 5280 section 4.1.2.2",
    .fix = "remove one of the two values",
    .policy_attributes = ATTR_ON_FINDING,
    .of_subject = true,
    .reports_only = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
