/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "base/escape.h"
#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->trust_anchor_count > 0;
}

static enum chain_answer answer_of(const struct check_input *in)
{
    return in->trust ? in->trust->chain : CHAIN_NOT_ASKED;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    if (!in->facts->readable) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    switch (answer_of(in)) {
    case CHAIN_VERIFIED:
        break;
    case CHAIN_NOT_ASKED:
        out->answer = ANSWER_UNDECIDED;
        out->detail = slice_of("needs a directory: the trusted authorities are read from there");
        break;
    case CHAIN_REFUSED:
        out->answer = ANSWER_VIOLATES;
        out->detail = arena_copy(a, in->trust->chain_why);
        break;
    case CHAIN_UNDECIDED:
        out->answer = ANSWER_UNDECIDED;
        out->detail = arena_copy(a, in->trust->chain_why);
        break;
    }
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    static const char *const answers[] = {[CHAIN_NOT_ASKED] = "not asked",
                                          [CHAIN_VERIFIED] = "verified up to",
                                          [CHAIN_REFUSED] = "refused:",
                                          [CHAIN_UNDECIDED] = "undecided:"};
    struct slice why = in->trust ? in->trust->chain_why : slice_of("");
    struct slice text =
        arena_format(a, "%s%s%.*s; trust anchors", answers[answer_of(in)], why.n ? " " : "", SLICE_ARGS(why));
    for (size_t i = 0; i < in->policy->trust_anchor_count; i++)
        text = arena_format(a, "%.*s%s \"%.*s\"", SLICE_ARGS(text), i ? "," : "",
                            SLICE_ARGS(escape_text(a, in->policy->trust_anchors[i], NAME_SHOWN)));
    return text;
}

const struct check check_chain = {
    .id = CHECK_CHAIN,
    .name = "chain",
    .title = "the chain does not lead to an authority that policy trusts",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 section 6.1",
    .fix = "have a certificate issued by a trusted authority, or publish the missing authority in the directory",
    .policy_attributes = ATTR_TRUST_ANCHOR,
    .hidden_by = CHECK_BIT(CHECK_EXPIRED) | CHECK_BIT(CHECK_NOT_YET_VALID),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
