/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->allowed_versions != 0;
}

static struct slice allowed(struct arena *a, unsigned versions)
{
    struct slice text = {NULL, 0};
    for (unsigned v = 1; v <= 3; v++)
        if (versions & 1u << v)
            text = arena_format(a, "%.*s%s%u", SLICE_ARGS(text), text.n ? ", " : "", v);
    return text;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    unsigned version = in->facts->version;
    if (version == 0) {
        out->answer = ANSWER_NOT_APPLICABLE; /* malformed says it */
    } else if (!(in->policy->allowed_versions & 1u << version)) {
        out->answer = ANSWER_VIOLATES;
        out->detail = arena_format(a, "version %u, policy allows %.*s", version,
                                   SLICE_ARGS(allowed(a, in->policy->allowed_versions)));
    }
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    unsigned version = in->facts->version;
    return arena_format(a, version ? "version %u; policy allows %.*s" : "version not read (%u); policy allows %.*s",
                        version, SLICE_ARGS(allowed(a, in->policy->allowed_versions)));
}

const struct check check_version = {
    .id = CHECK_VERSION,
    .name = "version",
    .title = "a version that policy does not allow",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 section 4.1.2.1",
    .fix = "have the certificate issued again in an allowed version, and mend the authority that issued it",
    .policy_attributes = ATTR_ALLOWED_VERSION,
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
