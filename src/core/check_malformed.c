/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    if (!in->facts->malformed)
        return;
    out->answer = ANSWER_VIOLATES;
    out->detail = arena_format(a, "%s (octet %u)", in->facts->malformed, in->facts->malformed_at);
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    return arena_format(a, "%zu octets of DER, %s", in->der.n, in->facts->readable ? "readable" : "not readable");
}

const struct check check_malformed = {
    .id = CHECK_MALFORMED,
    .name = "malformed",
    .title = "not a well-formed certificate",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 section 4.1",
    .fix = "remove the value and have a certificate issued by an authority that encodes DER",
    .policy_attributes = "-",
    .is_on = check_always_on,
    .run = run,
    .compared = compared,
};
