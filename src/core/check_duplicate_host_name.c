/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->unique & UNIQUE_HOST_NAME;
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

const struct check check_duplicate_host_name = {
    .id = CHECK_DUPLICATE_HOST_NAME,
    .name = "duplicate-host-name",
    .title = "another entry claims the same host name",
    .severity = SEVERITY_ERR,
    .citation = "RFC 9525 section 2",
    .fix = "find out whose name it is and correct the other entry; until then neither gets a new certificate",
    .policy_attributes = ATTR_UNIQUE,
    .of_subject = true,
    .reports_only = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
