/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "base/escape.h"
#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->unique & UNIQUE_KEY;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    if (!in->facts->readable) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    if (names_not_compared(in, out) || in->sharing->key_with.n == 0)
        return;
    out->answer = ANSWER_VIOLATES;
    out->detail = arena_format(a, "%.*s has a certificate for the same key",
                               SLICE_ARGS(escape_text(a, in->sharing->key_with, ENTRY_SHOWN)));
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    return names_sharing_shown(a, in, in->sharing ? in->sharing->key_with : slice_of(""));
}

const struct check check_shared_key = {
    .id = CHECK_SHARED_KEY,
    .name = "shared-key",
    .title = "another entry has a certificate for the same key",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 section 4.1.2.7",
    .fix = "make a new key for each entry",
    .policy_attributes = ATTR_UNIQUE,
    .hidden_by = CHECK_BIT(CHECK_SHARED_CERTIFICATE),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
