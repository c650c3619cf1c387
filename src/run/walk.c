/* SPDX-License-Identifier: Apache-2.0 */
/* The subjects of a policy as they stream by: for the scan that judges them, and for comparing them before. */
#include "run/pass_private.h"

/* The attributes that are looked at, and no others. */
static const char *const *attributes_of(const struct walk *w)
{
    struct pass *p = w->pass;
    const struct policy *policy = w->governed->policy;
    LIST_OF(const char *) names = {0};
    *LIST_ADD(p->arena, &names) = dir_capabilities(p->dir)->stable_id_attribute;
    for (const char *const *n = policy->certificate_attributes; *n && !w->no_certificates; n++)
        *LIST_ADD(p->arena, &names) = *n;
    for (const char *const *n = policy->host_attributes; *n && !w->no_hosts; n++)
        *LIST_ADD(p->arena, &names) = *n;
    if (p->look && dir_knows_attribute(p->dir, SLICE_LITERAL(HAS_SUBORDINATES)))
        *LIST_ADD(p->arena, &names) = HAS_SUBORDINATES;
    *LIST_ADD(p->arena, &names) = NULL;
    return names.items;
}

static void take_entry(void *context, const struct entry *e)
{
    struct walk *w = context;
    struct pass *p = w->pass;
    problem_list problems = {0};
    if (!pass_goes_on(p))
        return;
    struct arena_mark mark = arena_mark(&w->arena);
    struct subject s =
        subject_compile(&w->arena, e, w->governed->policy, dir_capabilities(p->dir)->stable_id_attribute, &problems);
    look_note_leaf(p, e, s.id);
    if (!id_set_has(&w->governed->not_mine, s.id) && !id_set_has(&w->repeats, s.id))
        w->subject(w->context, &s, &problems);
    arena_reset(&w->arena, mark);
}

static void restart(void *context)
{
    struct walk *w = context;
    w->restart(w->context);
}

static bool search_target(struct walk *w, size_t target, struct slice filter)
{
    struct pass *p = w->pass;
    struct dir_search search = {.base = w->governed->bases[target],
                                .scope = target_dir_scope(&w->governed->policy->targets[target]),
                                .filter = filter,
                                .attributes = attributes_of(w)};
    struct dir_sink sink = {.restart = restart, .entry = take_entry, .context = w};
    struct fault fault = {{0}};
    w->begin(w->context);
    if (dir_search(p->dir, &search, &sink, &fault) == RC_OK)
        return true;
    fault_set(&fault, RC_FAULT, "the search of %.*s did not end whole", SLICE_ARGS(search.base));
    report_fault(p, "read the subjects of a policy", &fault);
    return false;
}

bool walk_target(struct walk *w, size_t target, struct slice filter)
{
    struct pass *p = w->pass;
    if (!governance_repeats(p, w->governed, target, &w->repeats))
        return false;
    for (size_t part = 0; part < look_parts(p); part++)
        if (!search_target(w, target, look_narrow(p, part, filter)))
            return false;
    return true;
}

bool walk_targets(struct walk *w)
{
    const struct policy *policy = w->governed->policy;
    for (size_t i = 0; i < policy->target_count; i++)
        if (!walk_target(w, i, policy->targets[i].filter))
            return false;
    return true;
}

void walk_end(struct walk *w)
{
    arena_free(&w->arena);
}
