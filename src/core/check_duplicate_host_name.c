/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "base/escape.h"
#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->unique & UNIQUE_HOST_NAME;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    if (in->host_count == 0) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    if (names_not_compared(in, out) || in->sharing->host_with.n == 0)
        return;
    out->answer = ANSWER_VIOLATES;
    out->detail =
        arena_format(a, "%.*s claims %.*s too", SLICE_ARGS(escape_text(a, in->sharing->host_with, ENTRY_SHOWN)),
                     SLICE_ARGS(escape_text(a, in->sharing->host, ENTRY_SHOWN)));
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    struct slice with = names_sharing_shown(a, in, in->sharing ? in->sharing->host_with : slice_of(""));
    return arena_format(a, "%.*s; %.*s", SLICE_ARGS(names_wanted_shown(a, in)), SLICE_ARGS(with));
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
