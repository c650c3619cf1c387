/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "base/escape.h"
#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->unique & UNIQUE_CERTIFICATE;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    if (names_not_compared(in, out) || in->sharing->certificate_with.n == 0)
        return;
    out->answer = ANSWER_VIOLATES;
    out->detail = arena_format(a, "%.*s publishes the same certificate",
                               SLICE_ARGS(escape_text(a, in->sharing->certificate_with, ENTRY_SHOWN)));
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    return names_sharing_shown(a, in, in->sharing ? in->sharing->certificate_with : slice_of(""));
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
