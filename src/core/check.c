/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

static const struct check *const table[CHECK_COUNT] = {
    [CHECK_MALFORMED] = &check_malformed,
    [CHECK_VERSION] = &check_version,
    [CHECK_CN_MISMATCH] = &check_cn_mismatch,
    [CHECK_SAN_MISMATCH] = &check_san_mismatch,
    [CHECK_EXPIRED] = &check_expired,
    [CHECK_NOT_YET_VALID] = &check_not_yet_valid,
    [CHECK_EXPIRING] = &check_expiring,
    [CHECK_VALIDITY_TOO_LONG] = &check_validity_too_long,
    [CHECK_WEAK_KEY] = &check_weak_key,
    [CHECK_WEAK_SIGNATURE] = &check_weak_signature,
    [CHECK_POST_QUANTUM] = &check_post_quantum,
    [CHECK_CA_CERTIFICATE] = &check_ca_certificate,
    [CHECK_KEY_USAGE] = &check_key_usage,
    [CHECK_EXTENDED_KEY_USAGE] = &check_extended_key_usage,
    [CHECK_ISSUER] = &check_issuer,
    [CHECK_CHAIN] = &check_chain,
    [CHECK_REVOKED] = &check_revoked,
    [CHECK_SHARED_CERTIFICATE] = &check_shared_certificate,
    [CHECK_SHARED_KEY] = &check_shared_key,
    [CHECK_DUPLICATE_HOST_NAME] = &check_duplicate_host_name,
    [CHECK_DUPLICATE_VALUE] = &check_duplicate_value,
    [CHECK_TOO_MANY_VALUES] = &check_too_many_values,
    [CHECK_MISSING] = &check_missing,
};

const struct check *check_get(enum check_id id)
{
    return table[id];
}

enum check_id check_find(struct slice name)
{
    unsigned id = 0;
    while (id < CHECK_COUNT && !slice_eq_nocase(name, slice_of(table[id]->name)))
        id++;
    return (enum check_id)id;
}

void check_answer(struct arena *a, const struct check_input *in, enum check_id id, struct check_result *out)
{
    *out = (struct check_result){.answer = ANSWER_MEETS};
    table[id]->run(a, in, out);
}

unsigned check_those_on(const struct policy *policy)
{
    unsigned on = 0;
    for (unsigned id = 0; id < CHECK_COUNT; id++)
        on |= table[id]->is_on(policy) ? CHECK_BIT(id) : 0;
    return on;
}

size_t check_run(struct arena *a, const struct check_input *in, struct finding findings[FINDINGS_MAX])
{
    size_t count = 0;
    unsigned violated = 0;
    const unsigned of_certificate = CHECK_BIT(CHECK_FIRST_OF_SUBJECT) - 1;
    unsigned on = in->policy->checks ? in->policy->checks : check_those_on(in->policy);
    for (on &= in->facts ? of_certificate : ~of_certificate; on; on &= on - 1) {
        unsigned id = (unsigned)__builtin_ctz(on);
        const struct check *c = table[id];
        if (c->hidden_by & violated)
            continue;
        struct check_result r = {.answer = ANSWER_MEETS};
        c->run(a, in, &r);
        if (r.answer == ANSWER_MEETS || r.answer == ANSWER_NOT_APPLICABLE)
            continue;
        if (r.answer == ANSWER_VIOLATES)
            violated |= CHECK_BIT(id);
        findings[count++] =
            (struct finding){.check = (enum check_id)id,
                             .detail = r.detail,
                             .undecided = r.answer == ANSWER_UNDECIDED,
                             .report_only = r.report_only,
                             .informs = c->informs && in->policy->on_finding[id].action == ACTION_REPORT};
    }
    return count;
}
