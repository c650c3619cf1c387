/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Are the key usages asserted that policy asks for?  Without the extension a key may serve for anything, but nobody has
 * said that it is meant to: policy asks for the statement.  An extension that does not decode, or is there twice,
 * asserts nothing.
 */
#include "core/check_names.h"

#include "base/buffer.h"
#include "core/check_shown.h"
#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->key_usage != 0;
}

static const char *const names[] = {"digitalSignature", "contentCommitment", "keyEncipherment",
                                    "dataEncipherment", "keyAgreement",      "keyCertSign",
                                    "cRLSign",          "encipherOnly",      "decipherOnly"};

static struct slice bits_shown(struct arena *a, unsigned bits)
{
    struct buffer b = {.arena = a};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bits & 1u << i)
            buffer_format(&b, "%s%s", b.n ? ", " : "", names[i]);
    return b.n ? buffer_slice(&b) : slice_of("none");
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    const struct facts *f = in->facts;
    if (!f->readable) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    unsigned missing = in->policy->key_usage & ~(f->key_usage.presence == FIELD_PRESENT ? f->key_usage_bits : 0u);
    if (!missing)
        return;
    struct slice wanted = bits_shown(a, missing);
    out->answer = ANSWER_VIOLATES;
    switch (f->key_usage.presence) {
    case FIELD_ABSENT:
        out->detail = arena_format(a, "no keyUsage extension, policy asks for %.*s", SLICE_ARGS(wanted));
        break;
    case FIELD_MALFORMED:
        out->detail = arena_format(a, "the keyUsage does not decode, policy asks for %.*s", SLICE_ARGS(wanted));
        break;
    case FIELD_DUPLICATE:
        out->detail = arena_format(a, "two keyUsage extensions, policy asks for %.*s", SLICE_ARGS(wanted));
        break;
    case FIELD_PRESENT:
        out->detail = arena_format(a, "%.*s missing (presented: %.*s)", SLICE_ARGS(wanted),
                                   SLICE_ARGS(bits_shown(a, f->key_usage_bits)));
        break;
    }
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    const char *absent = shown_presence(in->facts->key_usage.presence);
    return arena_format(a, "keyUsage %.*s; policy asks for %.*s",
                        SLICE_ARGS(absent ? slice_of(absent) : bits_shown(a, in->facts->key_usage_bits)),
                        SLICE_ARGS(bits_shown(a, in->policy->key_usage)));
}

const struct check check_key_usage = {
    .id = CHECK_KEY_USAGE,
    .name = "key-usage",
    .title = "a key usage that policy asks for is missing",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 section 4.2.1.3",
    .fix = "have the certificate issued again with the key usages that policy names",
    .policy_attributes = ATTR_KEY_USAGE,
    .hidden_by = CHECK_BIT(CHECK_VERSION),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
