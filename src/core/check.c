/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

static const struct check *const table[CHECK_COUNT] = {
    [CHECK_MALFORMED] = &check_malformed,     [CHECK_VERSION] = &check_version,
    [CHECK_CN_MISMATCH] = &check_cn_mismatch, [CHECK_SAN_MISMATCH] = &check_san_mismatch,
    [CHECK_EXPIRED] = &check_expired,         [CHECK_NOT_YET_VALID] = &check_not_yet_valid,
    [CHECK_MISSING] = &check_missing,
};

/* Names that the schema contract gives to checks which are still to come. */
static const char *const reserved[] = {
    "expiring",
    "validity-too-long",
    "weak-key",
    "weak-signature",
    "key-usage",
    "extended-key-usage",
    "ca-certificate",
    "issuer",
    "chain",
    "revoked",
    "duplicate-value",
    "shared-key",
    "shared-certificate",
    "duplicate-host-name",
    "too-many-values",
    "post-quantum",
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

bool check_is_reserved(struct slice name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (slice_eq_nocase(name, slice_of(reserved[i])))
            return true;
    return false;
}

void check_answer(struct arena *a, const struct check_input *in, enum check_id id, struct check_result *out)
{
    *out = (struct check_result){.answer = ANSWER_MEETS};
    table[id]->run(a, in, out);
}

size_t check_run(struct arena *a, const struct check_input *in, struct finding findings[FINDINGS_MAX])
{
    size_t count = 0;
    unsigned violated = 0;
    for (unsigned id = 0; id < CHECK_COUNT; id++) {
        const struct check *c = table[id];
        if (c->of_subject != (in->facts == NULL) || (c->hidden_by & violated) || !c->is_on(in->policy))
            continue;
        struct check_result r;
        check_answer(a, in, (enum check_id)id, &r);
        if (r.answer == ANSWER_VIOLATES)
            violated |= CHECK_BIT(id);
        if (r.answer == ANSWER_VIOLATES || r.answer == ANSWER_UNDECIDED)
            findings[count++] = (struct finding){.check = (enum check_id)id,
                                                 .detail = r.detail,
                                                 .undecided = r.answer == ANSWER_UNDECIDED,
                                                 .report_only = r.report_only};
    }
    return count;
}
