/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/parts.h"

void parts_keep(struct parts *parts, enum part_kind kind, struct slice whole, const struct part *says)
{
    if (!parts || whole.n < PART_LEAST || whole.n > PART_MOST)
        return;
    uint64_t key = parts_key(kind, whole);
    struct parts_set *set = &parts->sets[PARTS_SET_OF(key)];
    struct part *p = &set->parts[set->next];
    set->keys[set->next] = key;
    set->next = (set->next + 1) % PARTS_IN_SET;
    *p = *says;
    p->kind = (uint8_t)kind;
    p->n = (uint8_t)whole.n;
    memcpy(p->octets, whole.p, whole.n);
}

void parts_keep_run(struct parts *parts, struct slice whole, const struct run *says)
{
    if (!parts || whole.n < PART_LEAST || whole.n > RUN_MOST)
        return;
    struct run *run = &parts->runs[parts->oldest];
    parts->oldest = (parts->oldest + 1) % RUNS;
    run->n = whole.n;
    run->last = octets_at(whole.p + whole.n - PART_LEAST);
    run->seen = says->seen;
    run->count = says->count;
    parts->count += parts->count < RUNS;
    memcpy(run->extensions, says->extensions, says->count * sizeof *run->extensions);
    memcpy(run->octets, whole.p, whole.n);
}
