/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Was it issued under a name that policy allows?  A name proves nothing without the signature, which is for `chain`:
 * this finds certificates from elsewhere.
 */
#include "core/check_names.h"

#include "base/buffer.h"
#include "base/escape.h"
#include "core/name.h"
#include "core/name_match.h"
#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->allowed_issuers.count > 0;
}

enum { ISSUER_SHOWN = 300, ISSUERS_LISTED = 4 };

static struct slice issuer_shown(struct arena *a, const struct check_input *in)
{
    struct slice name = name_text(a, facts_slice(in->der, in->facts->issuer), ISSUER_SHOWN);
    return name.n ? name : slice_of("(empty)");
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    const struct name_list *allowed = &in->policy->allowed_issuers;
    struct slice issuer = facts_slice(in->der, in->facts->issuer);
    if (!in->facts->readable) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    for (size_t i = 0; i < allowed->count; i++)
        if (name_equals_text(a, issuer, allowed->items[i]))
            return;
    out->answer = ANSWER_VIOLATES;
    out->detail = arena_format(a, "issued by %.*s, which policy does not name", SLICE_ARGS(issuer_shown(a, in)));
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    const struct name_list *allowed = &in->policy->allowed_issuers;
    struct buffer b = {.arena = a};
    for (size_t i = 0; i < allowed->count && i <= ISSUERS_LISTED; i++) {
        struct slice one = i < ISSUERS_LISTED ? escape_rest(a, allowed->items[i], ISSUER_SHOWN) : slice_of("...");
        buffer_format(&b, "%s\"%.*s\"", i ? ", " : "", SLICE_ARGS(one));
    }
    return arena_format(a, "issuer \"%.*s\"; policy allows %.*s", SLICE_ARGS(issuer_shown(a, in)),
                        SLICE_ARGS(buffer_slice(&b)));
}

const struct check check_issuer = {
    .id = CHECK_ISSUER,
    .name = "issuer",
    .title = "issued under a name that policy does not allow",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 sections 4.1.2.4 and 7.1, RFC 4514 section 3",
    .fix = "have a certificate issued by an authority that policy names",
    .policy_attributes = ATTR_ALLOWED_ISSUER,
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
