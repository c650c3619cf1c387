/* SPDX-License-Identifier: Apache-2.0 */
/* What a change of an entry may mean for others, so that a look at that entry alone is not enough. */
#include "run/past_private.h"

#include "base/dn.h"
#include "core/schema.h"

#include <stdlib.h>

static bool asks_for_trust(const struct pass *p)
{
    bool asks = false;
    for (size_t i = 0; i < p->policy_count; i++)
        asks |= p->policies[i].policy->trust_anchor_count > 0 || p->policies[i].policy->check_crl;
    return asks;
}

static bool is_there(struct pass *p, struct slice base, enum dir_scope scope, struct slice kind, bool *found)
{
    for (size_t part = 0; part < look_parts(p) && !*found; part++) {
        struct fault fault = {{0}};
        size_t count;
        enum rc rc = pass_count(p, base, scope, look_narrow(p, part, kind), 1, &count, &fault);
        if (rc != RC_OK && rc != RC_TRUNCATED && rc != RC_NOT_FOUND) {
            report_fault(p, "look for what else has changed", &fault);
            return false;
        }
        *found = count > 0;
    }
    return true;
}

/* Some policy looks for subjects there. */
static bool holds_targets(const struct pass *p, struct slice suffix)
{
    bool holds = false;
    for (size_t i = 0; i < p->policy_count; i++)
        for (size_t k = 0; k < p->policies[i].policy->target_count && !holds; k++) {
            struct slice base = p->policies[i].policy->targets[k].base;
            holds = dn_may_be_within(base, suffix) || dn_may_be_within(suffix, base);
        }
    return holds;
}

static bool is_anywhere(struct pass *p, struct slice kind, bool among_targets, bool *found)
{
    const struct dir_capabilities *c = dir_capabilities(p->dir);
    *found = false;
    for (size_t i = 0; i < c->suffix_count && !*found; i++)
        if ((!among_targets || holds_targets(p, c->suffixes[i])) &&
            !is_there(p, c->suffixes[i], DIR_SUBTREE, kind, found))
            return false;
    return true;
}

/* A policy whose subjects, or whose certificates, could not be seen at all: now there are some. */
bool look_at_blind(struct pass *p)
{
    bool found = false;
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct policy *policy = p->policies[i].policy;
        const struct past_policy *before = &p->settings->past->policies[i];
        struct slice shows = {NULL, 0};
        for (const char *const *n = policy->certificate_attributes; before->blind && *n; n++)
            shows = arena_format(p->arena, "%.*s(%s=*)", SLICE_ARGS(shows), *n);
        for (size_t k = 0; before->blind && k < policy->target_count; k++) {
            const struct target *t = &policy->targets[k];
            struct slice filter = before->figures.subjects ? arena_format(p->arena, "(&%.*s(|%.*s))",
                                                                          SLICE_ARGS(t->filter), SLICE_ARGS(shows))
                                                           : t->filter;
            if (!is_there(p, before->bases[k], target_dir_scope(t), filter, &found))
                return false;
        }
    }
    if (found)
        look_escalate(p, ESCALATION_NO_PAST);
    return true;
}

/* Entries below a changed one may have moved with it. */
static bool look_below(struct pass *p, bool among_targets, bool *has_others)
{
    *has_others = false;
    if (dir_knows_attribute(p->dir, SLICE_LITERAL(HAS_SUBORDINATES)) &&
        !is_anywhere(p, SLICE_LITERAL("(" HAS_SUBORDINATES "=TRUE)"), among_targets, has_others))
        return false;
    if (*has_others)
        look_escalate(p, ESCALATION_TREE);
    return true;
}

bool look_around(struct pass *p)
{
    struct past *past = p->settings->past;
    bool has_others = false, is_authority = false;
    if (!asks_for_trust(p))
        return true; /* what is below whom can wait until subjects have shown it */
    if (!look_below(p, false, &has_others))
        return false;
    for (size_t i = 0; i < past->now.authorities.count && !is_authority; i++)
        is_authority = look_is_about(p, past->now.authorities.items[i]);
    if (!is_authority &&
        !is_anywhere(p, SLICE_LITERAL("(|(" ATTR_CA_CERTIFICATE "=*)(" ATTR_CRL "=*)(" ATTR_AUTHORITY_CRL "=*))"),
                     false, &is_authority))
        return false;
    if (is_authority)
        look_escalate(p, ESCALATION_POLICY);
    if (is_authority || has_others)
        authority_drop(past);
    return true;
}

void look_note_leaf(struct pass *p, const struct entry *e, struct slice subject_id)
{
    if (p->look && subject_id.n && slice_eq_nocase(entry_first(e, HAS_SUBORDINATES), SLICE_LITERAL("FALSE")))
        *LIST_ADD(p->arena, &p->look->leaves) = arena_copy(p->arena, subject_id);
}

/* Those of whom it is not known that nothing is below them. */
static struct id_set unseen_of(struct pass *p)
{
    struct looking *l = p->look;
    struct id_set unseen = {ARENA_ARRAY(p->arena, l->subjects.count, struct slice), 0};
    struct id_set leaves = {l->leaves.items, l->leaves.count};
    if (leaves.count)
        qsort(leaves.ids, leaves.count, sizeof *leaves.ids, slice_order);
    for (size_t i = 0; i < l->subjects.count; i++)
        if (!id_set_has(&leaves, l->subjects.ids[i]))
            unseen.ids[unseen.count++] = l->subjects.ids[i];
    return unseen;
}

bool look_below_unseen(struct pass *p)
{
    struct looking *l = p->look;
    struct id_set all = l->subjects, unseen = unseen_of(p);
    bool has_others;
    if (unseen.count == 0 || asks_for_trust(p))
        return true;
    l->subjects = unseen;
    look_make_filters(p);
    bool whole = look_below(p, true, &has_others);
    l->subjects = all;
    look_make_filters(p);
    return whole;
}
