/* SPDX-License-Identifier: Apache-2.0 */
/* What a pass reads before it looks at any subject: the control entry and policies. */
#include "run/pass_private.h"

#include "core/schema.h"
#include <stdlib.h>

/*
 * Evidence: the entry has to match that filter.  On what is hidden from us a filter is neither true nor false, however
 * it is turned, so only what is really so matches.
 * @source RFC 4511 section 4.5.1.7
 */
bool pass_demand(struct pass *p, struct slice dn, struct slice filter, const char *what, const char *otherwise)
{
    struct fault fault = {{0}};
    size_t count = 0;
    enum rc rc = pass_count(p, dn, DIR_BASE, filter, 0, &count, &fault);
    if (rc == RC_OK && count == 1)
        return true;
    if (rc == RC_OK)
        fault_set(&fault, RC_DENIED, "\"%.*s\" %s; nothing was concluded", SLICE_ARGS(dn), otherwise);
    report_fault(p, what, &fault);
    return false;
}

struct control {
    size_t entries;
    bool shows_pause, paused;
};

static void forget_control(void *context)
{
    *(struct control *)context = (struct control){0};
}

static void read_control(void *context, const struct entry *e)
{
    struct control *c = context;
    struct slice pause = entry_first(e, ATTR_PAUSE);
    c->entries++;
    c->shows_pause = pause.p;
    c->paused = slice_eq_nocase(pause, SLICE_LITERAL("TRUE"));
}

bool pass_read_control(struct pass *p)
{
    static const char *const attributes[] = {ATTR_PAUSE, NULL};
    const struct slice base = slice_of(p->settings->base);
    struct control c = {0};
    struct dir_search search = {
        .base = base, .scope = DIR_BASE, .filter = SLICE_LITERAL("(objectClass=*)"), .attributes = attributes};
    struct dir_sink sink = {.restart = forget_control, .entry = read_control, .context = &c};
    struct fault fault = {{0}};
    enum rc rc = dir_search(p->dir, &search, &sink, &fault);
    if (rc == RC_OK && c.entries != 1)
        rc = fault_set(&fault, RC_DENIED, "\"%s\" is not shown: let this account read it; nothing was concluded",
                       p->settings->base);
    if (rc != RC_OK) {
        report_fault(p, "read the base entry", &fault);
        return false;
    }
    if (!c.shows_pause &&
        !pass_demand(p, base, SLICE_LITERAL("(!(" ATTR_PAUSE "=*))"), "read the base entry",
                     "shows no " ATTR_PAUSE ", and not that it has none: this account may not read that "
                     "attribute there"))
        return false;
    p->paused = c.paused;
    if (remember_pause(p))
        LOG_EVENT(pass_log(p), EVENT_PAUSE, log_dn("dn", slice_of(p->settings->base)));
    return waivers_read(p);
}

/* Policies. */

struct policy_reading {
    struct pass *pass;
    LIST_OF(const struct policy *) policies;
    problem_list problems;
};

static bool knows(void *context, struct slice attribute)
{
    return dir_knows_attribute(context, attribute);
}

static void read_policy(void *context, const struct entry *e)
{
    struct policy_reading *r = context;
    *LIST_ADD(r->pass->arena, &r->policies) = policy_compile(r->pass->arena, e, knows, r->pass->dir, &r->problems);
}

static void forget_policies(void *context)
{
    struct policy_reading *r = context;
    r->policies.count = r->problems.count = 0;
}

struct slice pass_shown_filter(struct pass *p, const char *attribute)
{
    if (!dir_knows_attribute(p->dir, slice_of(attribute)))
        return (struct slice){NULL, 0};
    return arena_format(p->arena, "(|(%s=*)(!(%s=*)))", attribute, attribute);
}

struct policy_names {
    struct pass *pass;
    LIST_OF(struct slice) dns;
};

static void read_policy_name(void *context, const struct entry *e)
{
    struct policy_names *n = context;
    *LIST_ADD(n->pass->arena, &n->dns) = arena_copy(n->pass->arena, e->dn);
}

static void forget_policy_names(void *context)
{
    ((struct policy_names *)context)->dns.count = 0;
}

/* Matches a policy of which every attribute that a policy can have is there, or is not there, for us to see. */
static struct slice filter_of_readable(struct pass *p)
{
    size_t rows;
    const struct policy_attribute *row = policy_attributes(&rows);
    struct slice parts = {NULL, 0};
    for (size_t i = 0; i < rows; i++) {
        struct slice part = pass_shown_filter(p, row[i].name);
        parts = arena_format(p->arena, "%.*s%.*s", SLICE_ARGS(parts), SLICE_ARGS(part));
    }
    return arena_format(p->arena, "(&(objectClass=dircertPolicy)%.*s)", SLICE_ARGS(parts));
}

static bool is_named(const struct policy_names *n, struct slice dn)
{
    for (size_t i = 0; i < n->dns.count; i++)
        if (slice_eq_nocase(n->dns.items[i], dn))
            return true;
    return false;
}

/* An attribute that is hidden from us would quietly have its default: another cap, another exclusion. */
static bool are_readable(const struct policy_reading *r)
{
    static const char *const none[] = {"1.1", NULL};
    struct pass *p = r->pass;
    struct policy_names names = {.pass = p};
    struct dir_search search = {
        .base = pass_child(p, "ou=policies"), .scope = DIR_ONE, .filter = filter_of_readable(p), .attributes = none};
    struct dir_sink sink = {.restart = forget_policy_names, .entry = read_policy_name, .context = &names};
    struct fault fault = {{0}};
    if (dir_search(p->dir, &search, &sink, &fault) != RC_OK) {
        report_fault(p, "read ou=policies", &fault);
        return false;
    }
    bool all = true;
    for (size_t i = 0; i < r->policies.count; i++) {
        struct slice dn = r->policies.items[i]->dn;
        if (is_named(&names, dn))
            continue;
        fault = (struct fault){{0}};
        fault_set(&fault, RC_DENIED,
                  "\"%.*s\": this account may not read all of its attributes, and a hidden one "
                  "would be taken for absent; nothing was concluded",
                  SLICE_ARGS(dn));
        report_fault(p, "read ou=policies", &fault);
        all = false;
    }
    return all;
}

static int compare_policies(const void *a, const void *b)
{
    const struct policy *const *x = a, *const *y = b;
    return policy_order(*x, *y);
}

/* A policy whose targets, exclusions or rank are not understood could govern anything that comes after it. */
static bool is_suspended(const struct policy_reading *r, size_t index)
{
    const struct policy *p = r->policies.items[index];
    for (size_t i = 0; i < r->policies.count; i++)
        if (i != index && r->policies.items[i]->target_unknown && r->policies.items[i]->precedence <= p->precedence)
            return true;
    return false;
}

static void arrange(struct pass *p, struct policy_reading *r)
{
    if (r->policies.count)
        qsort(r->policies.items, r->policies.count, sizeof *r->policies.items, compare_policies);
    p->policy_count = r->policies.count;
    p->governed = ARENA_ARRAY(p->arena, p->policy_count, struct governed);
    p->policies = ARENA_ARRAY(p->arena, p->policy_count, struct policy_pass);
    for (size_t i = 0; i < p->policy_count; i++) {
        p->governed[i].policy = p->policies[i].policy = r->policies.items[i];
        p->governed[i].suspended = is_suspended(r, i);
        p->incomplete |= r->policies.items[i]->disabled || p->governed[i].suspended;
    }
}

static bool is_dropped(const struct policy_drafts *d, struct slice dn)
{
    for (size_t i = 0; i < d->dropped_count; i++)
        if (slice_eq_nocase(d->dropped[i], dn))
            return true;
    for (size_t i = 0; i < d->put_count; i++)
        if (slice_eq_nocase(d->put[i]->dn, dn))
            return true;
    return false;
}

/* What a person tries stands in the place of what is stored. */
static void put_drafts(struct policy_reading *r)
{
    const struct policy_drafts *d = r->pass->drafts;
    size_t kept = 0;
    if (!d)
        return;
    for (size_t i = 0; i < r->policies.count; i++)
        if (!is_dropped(d, r->policies.items[i]->dn))
            r->policies.items[kept++] = r->policies.items[i];
    r->policies.count = kept;
    for (size_t i = 0; i < d->put_count; i++)
        *LIST_ADD(r->pass->arena, &r->policies) = d->put[i];
}

bool pass_read_policies(struct pass *p)
{
    size_t rows;
    const struct policy_attribute *row = policy_attributes(&rows);
    const char **attributes = ARENA_ARRAY(p->arena, rows + 2, const char *);
    attributes[0] = "cn";
    for (size_t i = 0; i < rows; i++)
        attributes[i + 1] = row[i].name;
    struct policy_reading r = {.pass = p};
    struct dir_search search = {.base = pass_child(p, "ou=policies"),
                                .scope = DIR_ONE,
                                .filter = SLICE_LITERAL("(objectClass=dircertPolicy)"),
                                .attributes = attributes};
    struct dir_sink sink = {.restart = forget_policies, .entry = read_policy, .context = &r};
    struct fault fault = {{0}};
    if (dir_search(p->dir, &search, &sink, &fault) != RC_OK) {
        report_fault(p, "read ou=policies", &fault);
        return false;
    }
    report_problems(p, &r.problems);
    if (r.policies.count && !p->look && !are_readable(&r)) /* what is hidden since the full pass makes them others */
        return false;
    put_drafts(&r);
    if (r.policies.count == 0) {
        fault_set(&fault, RC_NOT_FOUND,
                  "no policy is %s below ou=policies,%s: either there is none yet (load one with "
                  "ldapadd), or this account may not read it; nothing was concluded",
                  p->drafts ? "left" : "seen", p->settings->base);
        report_fault(p, "read ou=policies", &fault);
        return false;
    }
    arrange(p, &r);
    return true;
}
