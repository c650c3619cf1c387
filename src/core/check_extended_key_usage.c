/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Are the key purposes there that policy requires, and none that it forbids?
 *
 * anyExtendedKeyUsage stands for no particular purpose: an application that needs one may refuse it (RFC 5280 section
 * 4.2.1.12), so it satisfies a requirement only where policy names it.  But it asserts every purpose, and so every
 * forbidden one, unless policy requires it.
 *
 * Without the extension there is no statement: what is required is missing; what is forbidden was not asserted, and a
 * private authority that writes no such extension does not mean all purposes by it.  An extension that does not decode,
 * or is there twice, satisfies nothing and leaves open what it forbids.
 */
#include "core/check_names.h"

#include "base/buffer.h"
#include "core/check_shown.h"
#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->required_ekus.count || policy->forbidden_ekus.count;
}

enum { PURPOSES_LISTED = 8 };

static const struct slice any_purpose = SLICE_LITERAL("\x55\x1d\x25\x00");

static bool presents(const struct check_input *in, struct slice purpose)
{
    struct slice cursor = facts_eku(in->der, in->facts), oid;
    while (facts_next_eku(&cursor, &oid))
        if (slice_eq(oid, purpose))
            return true;
    return false;
}

static struct slice presented(struct arena *a, const struct check_input *in)
{
    const char *absent = shown_presence(in->facts->eku.presence);
    struct slice cursor = facts_eku(in->der, in->facts), oid;
    struct buffer b = {.arena = a};
    if (absent)
        return slice_of(absent);
    for (size_t i = 0; i <= PURPOSES_LISTED && facts_next_eku(&cursor, &oid); i++) {
        struct slice name = i < PURPOSES_LISTED ? algorithm_text(a, ALGORITHM_PURPOSE, oid) : slice_of("...");
        buffer_format(&b, "%s%.*s", i ? ", " : "", SLICE_ARGS(name));
    }
    return b.n ? buffer_slice(&b) : slice_of("none");
}

static struct slice first_missing(const struct check_input *in)
{
    const struct oid_list *required = &in->policy->required_ekus;
    for (size_t i = 0; i < required->count; i++)
        if (!presents(in, required->items[i]))
            return required->items[i];
    return slice_of("");
}

static struct slice first_forbidden(const struct check_input *in)
{
    const struct oid_list *forbidden = &in->policy->forbidden_ekus;
    for (size_t i = 0; i < forbidden->count; i++)
        if (presents(in, forbidden->items[i]))
            return forbidden->items[i];
    bool any = forbidden->count && !oid_listed(&in->policy->required_ekus, any_purpose) && presents(in, any_purpose);
    return any ? any_purpose : slice_of("");
}

static void judge(struct arena *a, const struct check_input *in, struct check_result *out)
{
    struct slice missing = first_missing(in), forbidden = first_forbidden(in);
    if (missing.n) {
        out->answer = ANSWER_VIOLATES;
        out->detail =
            arena_format(a, "%.*s is missing (presented: %.*s)",
                         SLICE_ARGS(algorithm_text(a, ALGORITHM_PURPOSE, missing)), SLICE_ARGS(presented(a, in)));
    } else if (forbidden.n) {
        out->answer = ANSWER_VIOLATES;
        out->detail = arena_format(a, "%.*s is there, policy forbids %.*s",
                                   SLICE_ARGS(algorithm_text(a, ALGORITHM_PURPOSE, forbidden)),
                                   SLICE_ARGS(shown_oids(a, ALGORITHM_PURPOSE, &in->policy->forbidden_ekus)));
    } else if (in->facts->eku.presence == FIELD_ABSENT) {
        out->answer = ANSWER_NOT_APPLICABLE;
    } else if (in->facts->eku.presence != FIELD_PRESENT) {
        out->answer = ANSWER_UNDECIDED;
        out->detail = slice_of("the extKeyUsage does not decode or is there twice");
    }
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    if (in->facts->readable)
        judge(a, in, out);
    else
        out->answer = ANSWER_NOT_APPLICABLE;
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    return arena_format(a, "extended key usages %.*s; policy requires %.*s, forbids %.*s", SLICE_ARGS(presented(a, in)),
                        SLICE_ARGS(shown_oids(a, ALGORITHM_PURPOSE, &in->policy->required_ekus)),
                        SLICE_ARGS(shown_oids(a, ALGORITHM_PURPOSE, &in->policy->forbidden_ekus)));
}

const struct check check_extended_key_usage = {
    .id = CHECK_EXTENDED_KEY_USAGE,
    .name = "extended-key-usage",
    .title = "an extended key usage is missing, or one is there that policy forbids",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 section 4.2.1.12",
    .fix = "have the certificate issued again with the extended key usages that policy names",
    .policy_attributes = ATTR_REQUIRED_EKU " " ATTR_FORBIDDEN_EKU,
    .hidden_by = CHECK_BIT(CHECK_VERSION),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
