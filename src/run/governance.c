/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which policy governs which entry.  The server evaluates every filter; a filter that came from a policy is never
 * negated, because "not" over an attribute the server does not know matches nothing.  Only the ids of the overlaps
 * are collected, and nothing is remembered for the other entries.
 */
#include "run/pass_private.h"

#include "base/dn.h"
#include "core/schema.h"
#include "core/subject.h"

#include <stdlib.h>

static const enum dir_scope scope_of[] = {
    [TARGET_BASE] = DIR_BASE, [TARGET_ONE] = DIR_ONE, [TARGET_SUBTREE] = DIR_SUBTREE};

enum dir_scope target_dir_scope(const struct target *t)
{
    return scope_of[t->scope];
}

/* A target whose base was looked up. */
struct region {
    const struct target *target;
    struct slice base;
};

bool id_set_has(const struct id_set *set, struct slice id)
{
    return set->count && bsearch(&id, set->ids, set->count, sizeof id, slice_order);
}

struct collecting {
    struct pass *pass;
    LIST_OF(struct slice) ids;
    size_t begun; /* how many there were when this search began */
};

static void collect_id(void *context, const struct entry *e)
{
    struct collecting *c = context;
    struct slice id = subject_id(c->pass->arena, e, dir_capabilities(c->pass->dir)->stable_id_attribute);
    if (id.n)
        *LIST_ADD(c->pass->arena, &c->ids) = arena_copy(c->pass->arena, id);
}

static void collect_again(void *context)
{
    struct collecting *c = context;
    c->ids.count = c->begun;
}

static bool collect(struct pass *p, const struct region *at, struct slice filter, struct id_set *out)
{
    const char *attributes[] = {dir_capabilities(p->dir)->stable_id_attribute, NULL};
    struct collecting c = {.pass = p};
    struct dir_search search = {.base = at->base, .scope = scope_of[at->target->scope], .attributes = attributes};
    struct dir_sink sink = {.restart = collect_again, .entry = collect_id, .context = &c};
    for (size_t part = 0; part < look_parts(p); part++) {
        struct fault fault = {{0}};
        search.filter = look_narrow(p, part, filter);
        c.begun = c.ids.count;
        if (dir_search(p->dir, &search, &sink, &fault) == RC_OK)
            continue;
        report_fault(p, "find out which policy governs", &fault);
        return false;
    }
    if (c.ids.count)
        qsort(c.ids.items, c.ids.count, sizeof *c.ids.items, slice_order);
    *out = (struct id_set){c.ids.items, c.ids.count};
    return true;
}

/* Everything in `inner` surely is in `outer`'s region: the names say so octet by octet. */
static bool surely_within(const struct region *inner, const struct region *outer)
{
    struct slice i = inner->base, o = outer->base;
    if (outer->target->scope != TARGET_SUBTREE || i.n < o.n || !slice_eq_nocase(slice_from(i, i.n - o.n), o))
        return false;
    return i.n == o.n || o.n == 0 || i.p[i.n - o.n - 1] == ',';
}

/* The ids of the entries in both regions. */
static bool overlap(struct pass *p, const struct region *a, const struct region *b, struct id_set *out)
{
    *out = (struct id_set){0};
    if (!dn_may_be_within(a->base, b->base) && !dn_may_be_within(b->base, a->base))
        return true;
    struct slice filter =
        arena_format(p->arena, "(&%.*s%.*s)", SLICE_ARGS(a->target->filter), SLICE_ARGS(b->target->filter));
    if (surely_within(a, b))
        return collect(p, a, filter, out);
    if (surely_within(b, a))
        return collect(p, b, filter, out);
    struct id_set in_a, in_b;
    if (!collect(p, a, filter, &in_a) || !collect(p, b, filter, &in_b))
        return false;
    for (size_t i = 0; i < in_a.count; i++)
        if (id_set_has(&in_b, in_a.ids[i]))
            in_a.ids[out->count++] = in_a.ids[i];
    out->ids = in_a.ids;
    return true;
}

static void id_set_add(struct pass *p, struct id_set *set, const struct id_set *more, const struct id_set *but)
{
    if (more->count == 0)
        return;
    struct slice *all = ARENA_ARRAY(p->arena, set->count + more->count, struct slice);
    size_t n = set->count;
    if (n)
        memcpy(all, set->ids, n * sizeof *all);
    for (size_t i = 0; i < more->count; i++)
        if (!but || !id_set_has(but, more->ids[i]))
            all[n++] = more->ids[i];
    if (n)
        qsort(all, n, sizeof *all, slice_order);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !slice_eq(all[i], all[kept - 1]))
            all[kept++] = all[i];
    *set = (struct id_set){all, kept};
}

/* The base of an exclusion is compared as it was written: an error there only makes the search wider. */
static struct region region_of(const struct governed *g, size_t index)
{
    return (struct region){&g->policy->targets[index], g->bases[index]};
}

/* Entries in `g`'s targets that any of these targets matches too. */
static bool overlap_all(struct pass *p, const struct governed *g, const struct target *targets,
                        const struct slice *bases, size_t count, struct id_set *out)
{
    *out = (struct id_set){0};
    for (size_t i = 0; i < g->policy->target_count; i++)
        for (size_t k = 0; k < count; k++) {
            struct region mine = region_of(g, i), other = {&targets[k], bases ? bases[k] : targets[k].base};
            struct id_set both;
            if (!overlap(p, &mine, &other, &both))
                return false;
            id_set_add(p, out, &both, NULL);
        }
    return true;
}

/* Entries in `g`'s targets that `other` governs, as far as its own targets and exclusions say. */
static bool claimed_by(struct pass *p, const struct governed *g, const struct governed *other, struct id_set *out)
{
    struct id_set theirs, excluded;
    *out = (struct id_set){0};
    if (!overlap_all(p, g, other->policy->targets, other->bases, other->policy->target_count, &theirs))
        return false;
    if (theirs.count && !overlap_all(p, g, other->policy->excludes, NULL, other->policy->exclude_count, &excluded))
        return false;
    id_set_add(p, out, &theirs, theirs.count ? &excluded : NULL);
    return true;
}

bool governance_repeats(struct pass *p, const struct governed *g, size_t target, struct id_set *out)
{
    *out = (struct id_set){0};
    for (size_t i = 0; i < target; i++) {
        struct region earlier = region_of(g, i), mine = region_of(g, target);
        struct id_set both;
        if (!overlap(p, &mine, &earlier, &both))
            return false;
        id_set_add(p, out, &both, NULL);
    }
    return true;
}

static void report_ties(struct pass *p, const struct governed *g, const struct governed *other,
                        const struct id_set *ties)
{
    for (size_t i = 0; i < ties->count; i++) {
        problem_list problems = {0};
        if (id_set_has(&g->not_mine, ties->ids[i]))
            continue;
        problem_add(p->arena, &problems, g->policy->dn, ATTR_PRECEDENCE, ties->ids[i],
                    arena_format(p->arena,
                                 "this entry is governed by %.*s with the same precedence: neither policy acts on "
                                 "it; give them different precedences",
                                 SLICE_ARGS(other->policy->dn)));
        report_problems(p, &problems);
    }
}

static bool resolve_one(struct pass *p, size_t index)
{
    struct governed *g = &p->governed[index];
    struct id_set set;
    if (!overlap_all(p, g, g->policy->excludes, NULL, g->policy->exclude_count, &set))
        return false;
    id_set_add(p, &g->not_mine, &set, NULL);
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct governed *other = &p->governed[i];
        if (other->policy->precedence >= g->policy->precedence || other->policy->target_unknown)
            continue;
        if (!other->reachable || !claimed_by(p, g, other, &set))
            return false;
        id_set_add(p, &g->not_mine, &set, NULL);
    }
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct governed *other = &p->governed[i];
        if (other == g || other->policy->precedence != g->policy->precedence || other->policy->target_unknown)
            continue;
        if (!other->reachable || !claimed_by(p, g, other, &set))
            return false;
        report_ties(p, g, other, &set);
        id_set_add(p, &g->not_mine, &set, NULL);
    }
    return true;
}

/* What a filter rests on. */

struct visibility {
    struct arena *arena;
    struct slice filter, names;
};

static void add_visible(void *context, struct slice attribute)
{
    struct visibility *v = context;
    if (attribute.n == 0)
        return;
    v->filter = arena_format(v->arena, "%.*s(|(%.*s=*)(!(%.*s=*)))", SLICE_ARGS(v->filter), SLICE_ARGS(attribute),
                             SLICE_ARGS(attribute));
    v->names = arena_format(v->arena, "%.*s%s%.*s", SLICE_ARGS(v->names), v->names.n ? " " : "", SLICE_ARGS(attribute));
}

/*
 * A filter that is true of an entry where this account sees, of each attribute that the target's filter names, its
 * values or that it has none.  Where an attribute is hidden neither half is true, and what the target's own filter
 * says of that entry means nothing.
 */
static struct visibility visibility_of(struct pass *p, const struct target *t)
{
    struct visibility v = {.arena = p->arena, .filter = SLICE_LITERAL("(&"), .names = {NULL, 0}};
    filter_attributes(t->tree, add_visible, &v);
    v.filter = arena_format(p->arena, "%.*s%s)", SLICE_ARGS(v.filter), v.names.n ? "" : "(objectClass=*)");
    return v;
}

struct slice governance_shown_filter(struct pass *p, const struct target *t)
{
    return visibility_of(p, t).filter;
}

/* Such a filter would quietly match nobody: the entries would change hands, or an exclusion be without effect. */
static bool sees_attributes(struct pass *p, const struct policy *policy, const char *attribute, const struct region *at)
{
    struct fault fault = {{0}};
    problem_list problems = {0};
    size_t count, visible;
    enum dir_scope scope = scope_of[at->target->scope];
    struct visibility v = visibility_of(p, at->target);
    enum rc rc = pass_count(p, at->base, scope, v.filter, 1, &visible, &fault);
    if ((rc != RC_OK && rc != RC_TRUNCATED) || visible > 0)
        return true; /* a search that fails here fails again where it counts */
    rc = pass_count(p, at->base, scope, SLICE_LITERAL("(objectClass=*)"), 1, &count, &fault);
    if ((rc != RC_OK && rc != RC_TRUNCATED) || count == 0)
        return true;
    problem_add(p->arena, &problems, policy->dn, attribute, at->target->url,
                arena_format(p->arena,
                             "this account may not see every attribute that the filter names (%.*s): nothing is "
                             "concluded about this policy's subjects; let the daemon read them",
                             SLICE_ARGS(v.names)));
    report_problems(p, &problems);
    return false;
}

/* Looking bases up. */

static void take_dn(void *context, const struct entry *e)
{
    struct collecting *c = context;
    *LIST_ADD(c->pass->arena, &c->ids) = arena_copy(c->pass->arena, e->dn);
}

static bool find_base(struct pass *p, const struct policy *policy, const struct target *t, struct slice *base)
{
    static const char *const none[] = {"1.1", NULL};
    struct collecting c = {.pass = p};
    struct dir_search search = {
        .base = t->base, .scope = DIR_BASE, .filter = SLICE_LITERAL("(objectClass=*)"), .attributes = none};
    struct dir_sink sink = {.restart = collect_again, .entry = take_dn, .context = &c};
    struct fault fault = {{0}};
    *base = t->base;
    enum rc rc = dir_search(p->dir, &search, &sink, &fault);
    if (rc == RC_OK && c.ids.count == 1) {
        *base = c.ids.items[0];
        return sees_attributes(p, policy, ATTR_TARGET, &(struct region){t, *base});
    }
    if (rc == RC_OK || rc == RC_NOT_FOUND || rc == RC_INVALID) {
        problem_list problems = {0};
        problem_add(p->arena, &problems, policy->dn, ATTR_TARGET, t->url,
                    slice_of("its base is not there, or this account may not see it: nothing is concluded about this "
                             "policy's subjects"));
        report_problems(p, &problems);
    } else {
        report_fault(p, "look up a target's base", &fault);
    }
    return false;
}

static void find_bases(struct pass *p, struct governed *g)
{
    g->bases = ARENA_ARRAY(p->arena, g->policy->target_count, struct slice);
    g->reachable = true;
    for (size_t i = 0; i < g->policy->target_count; i++)
        g->reachable &= find_base(p, g->policy, &g->policy->targets[i], &g->bases[i]);
    for (size_t i = 0; i < g->policy->exclude_count; i++)
        g->reachable &= sees_attributes(p, g->policy, ATTR_EXCLUDE,
                                        &(struct region){&g->policy->excludes[i], g->policy->excludes[i].base});
}

void governance_find_bases(struct pass *p)
{
    for (size_t i = 0; !p->look && i < p->policy_count && pass_goes_on(p); i++)
        if (!p->governed[i].policy->target_unknown)
            find_bases(p, &p->governed[i]);
}

void governance_resolve(struct pass *p)
{
    governance_find_bases(p);
    for (size_t i = 0; i < p->policy_count && pass_goes_on(p); i++) {
        struct governed *g = &p->governed[i];
        bool judged = !g->policy->disabled && g->policy->mode != MODE_OFF && !g->suspended;
        if (judged && g->reachable)
            p->policies[i].complete = resolve_one(p, i);
    }
}

/* One entry. */

static bool count_there(struct pass *p, const struct region *at, struct slice filter, struct slice id_filter,
                        size_t *count)
{
    struct slice both = arena_format(p->arena, "(&%.*s%.*s)", SLICE_ARGS(filter), SLICE_ARGS(id_filter));
    return pass_ask(p, at->base, scope_of[at->target->scope], both, "find out which policy governs an entry", count) ==
           RC_OK;
}

/* "No" is only believed of an entry outside the target's reach, or of one that shows what the filter asks for. */
static bool matches(struct pass *p, const struct region *at, struct slice id_filter, bool *yes)
{
    size_t count;
    if (!count_there(p, at, at->target->filter, id_filter, &count))
        return false;
    *yes = count > 0;
    if (*yes || !count_there(p, at, SLICE_LITERAL("(objectClass=*)"), id_filter, &count))
        return *yes;
    return count == 0 || (count_there(p, at, visibility_of(p, at->target).filter, id_filter, &count) && count > 0);
}

bool governance_target_of(struct pass *p, const struct target *t, struct slice base, struct slice id_filter,
                          bool *within, bool *yes)
{
    const struct region at = {t, base};
    size_t count = 0;
    *within = *yes = false;
    if (!count_there(p, &at, SLICE_LITERAL("(objectClass=*)"), id_filter, &count))
        return false;
    *within = count > 0;
    return !*within || matches(p, &at, id_filter, yes);
}

static bool matches_any(struct pass *p, const struct target *targets, const struct slice *bases, size_t count,
                        struct slice id_filter, bool *yes)
{
    *yes = false;
    for (size_t i = 0; i < count && !*yes; i++) {
        struct region at = {&targets[i], bases ? bases[i] : targets[i].base};
        if (!matches(p, &at, id_filter, yes))
            return false;
    }
    return true;
}

bool governance_of(struct pass *p, struct slice id_filter, const struct governed **out)
{
    *out = NULL;
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct governed *g = &p->governed[i];
        bool targeted, excluded = false;
        if (g->suspended || g->policy->target_unknown || !g->reachable ||
            !matches_any(p, g->policy->targets, g->bases, g->policy->target_count, id_filter, &targeted) ||
            (targeted && !matches_any(p, g->policy->excludes, NULL, g->policy->exclude_count, id_filter, &excluded)))
            return false;
        if (targeted && !excluded) {
            *out = g;
            return true;
        }
    }
    return true;
}
