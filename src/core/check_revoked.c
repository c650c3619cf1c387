/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->check_crl;
}

static enum revocation_answer answer_of(const struct check_input *in)
{
    return in->trust ? in->trust->revocation : REVOCATION_NOT_ASKED;
}

/* The reason code of an entry on hold is certificateHold, whatever else is told of it. */
static struct slice hold_text(struct arena *a, struct slice why)
{
    const struct slice hold = SLICE_LITERAL("certificateHold");
    return slice_starts(why, hold) ? arena_copy(a, why)
                                   : arena_format(a, "certificateHold%s%.*s", why.n ? ", " : "", SLICE_ARGS(why));
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    if (!in->facts->readable) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    switch (answer_of(in)) {
    case REVOCATION_GOOD:
        break;
    case REVOCATION_NOT_ASKED:
        out->answer = ANSWER_UNDECIDED;
        out->detail = slice_of("needs a directory: CRLs are read from there");
        break;
    case REVOCATION_UNDECIDED:
        out->answer = ANSWER_UNDECIDED;
        out->detail = arena_copy(a, in->trust->revocation_why);
        break;
    case REVOCATION_REVOKED:
        out->answer = ANSWER_VIOLATES;
        out->detail = arena_copy(a, in->trust->revocation_why);
        break;
    case REVOCATION_ON_HOLD:
        out->answer = ANSWER_VIOLATES;
        out->detail = hold_text(a, in->trust->revocation_why);
        break;
    }
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    static const char *const answers[] = {[REVOCATION_NOT_ASKED] = "not asked",
                                          [REVOCATION_GOOD] = "does not list it",
                                          [REVOCATION_REVOKED] = "lists it:",
                                          [REVOCATION_ON_HOLD] = "has it on hold:",
                                          [REVOCATION_UNDECIDED] = "undecided:"};
    struct slice why = in->trust ? in->trust->revocation_why : slice_of("");
    return arena_format(a, "the issuer's CRL: %s%s%.*s", answers[answer_of(in)], why.n ? " " : "", SLICE_ARGS(why));
}

const struct check check_revoked = {
    .id = CHECK_REVOKED,
    .name = "revoked",
    .title = "the issuer has revoked the certificate",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 sections 5 and 6.3",
    .fix = "remove the certificate from the entry and have a new one issued",
    .policy_attributes = ATTR_REVOCATION_CHECK " " ATTR_CRL_MAX_AGE,
    .hidden_by = CHECK_BIT(CHECK_CHAIN),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
