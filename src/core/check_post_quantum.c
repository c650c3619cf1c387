/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Would a quantum computer break the key of the certificate, or the signature on it?  A hybrid of both kinds holds as
 * long as one of its parts does, so it meets.  An algorithm that we do not know leaves the question open, unless the
 * other one answers it.
 */
#include "core/check_names.h"

#include "core/check_shown.h"
#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->on_finding[CHECK_POST_QUANTUM].stated;
}

static enum algorithm_class class_of(enum algorithm_kind kind, struct slice oid)
{
    const struct algorithm *found = algorithm_by_oid(kind, oid);
    return found ? found->class_ : CLASS_UNKNOWN;
}

static struct slice shown(struct arena *a, const struct check_input *in)
{
    struct slice key = facts_slice(in->der, in->facts->key_algorithm);
    struct slice signature = facts_slice(in->der, in->facts->signature_algorithm);
    return arena_format(a, "key %.*s (%s), signature %.*s (%s)", SLICE_ARGS(algorithm_text(a, ALGORITHM_KEY, key)),
                        algorithm_class_name(class_of(ALGORITHM_KEY, key)),
                        SLICE_ARGS(algorithm_text(a, ALGORITHM_SIGNATURE, signature)),
                        algorithm_class_name(class_of(ALGORITHM_SIGNATURE, signature)));
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    enum algorithm_class key = class_of(ALGORITHM_KEY, facts_slice(in->der, in->facts->key_algorithm));
    enum algorithm_class signature =
        class_of(ALGORITHM_SIGNATURE, facts_slice(in->der, in->facts->signature_algorithm));
    if (!in->facts->readable)
        out->answer = ANSWER_NOT_APPLICABLE;
    else if (key == CLASS_CLASSICAL || signature == CLASS_CLASSICAL)
        out->answer = ANSWER_VIOLATES;
    else if (key == CLASS_UNKNOWN || signature == CLASS_UNKNOWN)
        out->answer = ANSWER_UNDECIDED;
    if (out->answer == ANSWER_VIOLATES || out->answer == ANSWER_UNDECIDED)
        out->detail = shown(a, in);
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    return shown(a, in);
}

const struct check check_post_quantum = {
    .id = CHECK_POST_QUANTUM,
    .name = "post-quantum",
    .title = "a key or a signature that a quantum computer would break",
    .severity = SEVERITY_NOTICE,
    .citation = "RFC 9881, RFC 9909, RFC 9935",
    .fix = "plan for a key and an authority with ML-DSA, SLH-DSA or a composite of both kinds",
    .policy_attributes = ATTR_ON_FINDING,
    .may_revoke = true,
    .informs = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
