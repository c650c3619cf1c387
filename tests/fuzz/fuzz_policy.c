/* SPDX-License-Identifier: Apache-2.0 */
/* Policy values: lines of an entry.  What does not compile disables the policy and says why; nothing in between. */
#include "fuzz/fuzz.h"

#include "core/policy.h"

static bool knows(void *context, struct slice attribute)
{
    (void)context;
    return attribute.n > 0 && attribute.p[0] != 'x';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    problem_list problems = {0};
    struct entry e = fuzz_entry(&a, slice_make(data, size));
    const struct policy *p = policy_compile(&a, &e, knows, NULL, &problems);
    PROMISE(p->disabled == (problems.count > 0));
    PROMISE(!p->target_unknown || p->disabled);
    PROMISE(p->revision.n == 16);
    for (size_t i = 0; i < problems.count; i++)
        PROMISE(problems.items[i].reason.n > 0 && problems.items[i].attribute.n > 0);
    if (!p->disabled) {
        PROMISE(p->renew_before.kind == RENEW_NEVER || p->renew_before.value > 0);
        PROMISE(p->renew_before.kind != RENEW_PERCENT || p->renew_before.value < 100);
        PROMISE((p->max_validity.rule == VALIDITY_AT_MOST) == (p->max_validity.seconds > 0));
        for (size_t i = 0; i < p->required_ekus.count; i++)
            for (size_t k = 0; k < p->forbidden_ekus.count; k++)
                PROMISE(!slice_eq(p->required_ekus.items[i], p->forbidden_ekus.items[k]));
        PROMISE(p->target_count > 0);
        PROMISE(p->certificate_attributes && p->certificate_attributes[0]);
        PROMISE(p->max_percent <= 100 && p->confirmations >= 1);
        for (unsigned id = 0; id < CHECK_COUNT; id++) {
            enum action action = p->on_finding[id].action;
            PROMISE(action == ACTION_REPORT || !check_get((enum check_id)id)->reports_only);
            PROMISE(action == ACTION_REPORT || action == ACTION_REISSUE || check_get((enum check_id)id)->may_revoke);
        }
    }
    arena_free(&a);
    return 0;
}
