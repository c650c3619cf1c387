/* SPDX-License-Identifier: Apache-2.0 */
/* The plan, carried out: each operation one write, which names the state that it expects to find. */
#include "run/pass_private.h"

#include "base/dn.h"
#include "core/schema.h"

enum { FAILURES_TOLD = 20 };

struct writing {
    struct pass *pass;
    const struct operation **operations; /* in the order of the changes */
    size_t failures;
};

static const struct attribute *find_attribute(const struct entry *e, const char *name)
{
    for (size_t i = 0; i < e->count; i++)
        if (slice_eq(e->attributes[i].name, slice_of(name)))
            return &e->attributes[i];
    return NULL;
}

static struct dir_change to_add(struct pass *p, const struct operation *o)
{
    static const struct slice class = SLICE_LITERAL(CLASS_REQUEST);
    struct dir_mod *mods = ARENA_ARRAY(p->arena, o->attributes.count + 1, struct dir_mod);
    mods[0] = (struct dir_mod){DIR_MOD_ADD, "objectClass", &class, 1};
    for (size_t i = 0; i < o->attributes.count; i++) {
        const struct attribute *a = &o->attributes.attributes[i];
        mods[i + 1] = (struct dir_mod){DIR_MOD_ADD, (const char *)a->name.p, a->values, a->count};
    }
    return (struct dir_change){.verb = DIR_ADD,
                               .mods = mods,
                               .count = o->attributes.count + 1,
                               .dn = dn_child(p->arena, ATTR_REQUEST_ID, o->record.id, pass_child(p, "ou=requests"))};
}

/*
 * Compare and swap: the state that was read is deleted by value before the new one is added, so that the write is
 * refused when somebody else moved the request meanwhile.  A request whose state can't be read has nothing to name.
 */
static struct dir_change to_modify(struct pass *p, const struct operation *o)
{
    struct dir_mod *mods = ARENA_ARRAY(p->arena, o->attributes.count + 2, struct dir_mod);
    const struct attribute *old = find_attribute(&o->existing->request.stored, ATTR_STATE);
    const struct attribute *new = find_attribute(&o->attributes, ATTR_STATE);
    size_t n = 0;
    bool swap = old && !o->existing->request.progress_damaged;
    if (swap) {
        mods[n++] = (struct dir_mod){DIR_MOD_DELETE, ATTR_STATE, old->values, old->count};
        mods[n++] = (struct dir_mod){DIR_MOD_ADD, ATTR_STATE, new ? new->values : old->values, 1};
    }
    for (size_t i = 0; i < o->attributes.count; i++) {
        const struct attribute *a = &o->attributes.attributes[i];
        if (a != new || !swap)
            mods[n++] = (struct dir_mod){DIR_MOD_REPLACE, (const char *)a->name.p, a->values, a->count};
    }
    return (struct dir_change){.verb = DIR_MODIFY, .dn = o->existing->request.dn, .mods = mods, .count = n};
}

static struct dir_change change_of(struct pass *p, const struct operation *o)
{
    if (o->verb == VERB_CREATE)
        return to_add(p, o);
    if (o->verb == VERB_PURGE)
        return (struct dir_change){.verb = DIR_DELETE, .dn = o->existing->request.dn};
    return to_modify(p, o);
}

static const char *advice(enum rc rc)
{
    switch (rc) {
    case RC_EXISTS:
        return "an entry of this name is there although none was seen: another daemon was first, or this account may "
               "not see it";
    case RC_CONFLICT:
        return "somebody else changed it meanwhile; the next pass looks again";
    case RC_DENIED:
        return "let the daemon write below ou=requests, see the access rules in the examples";
    case RC_OK:
    case RC_NOT_FOUND:
    case RC_TRUNCATED:
    case RC_INVALID:
    case RC_FAULT:
        break;
    }
    return "the next pass tries again";
}

/* A full pass tells what it could not write.  Looks come with every change: after a full pass, they tell it once. */
static bool is_news(struct pass *p, const struct operation *o, const struct fault *told)
{
    return !p->look ||
           remember_of_request(p, o->record.id, SLICE_LITERAL("write"), (struct slice){NULL, 0}, slice_of(told->text));
}

static void answered(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    struct writing *w = context;
    struct pass *p = w->pass;
    const struct operation *o = w->operations[index];
    struct governed *g = pass_governed(p, o->policy);
    if (rc == RC_OK) {
        p->written[o - p->plan.operations] = true;
        if (g)
            g->counted[o->verb]++;
        if (p->watches_drift)
            drift_of_operation(p, o);
        report_operation(p, o);
        return;
    }
    p->incomplete = true;
    p->faults++;
    if (g)
        g->failed++;
    struct fault told = {{0}};
    fault_set(&told, rc, "%.*s: %s; %s", SLICE_ARGS(plan_line(p->arena, o)), fault->text, advice(rc));
    if (!is_news(p, o, &told) || w->failures++ >= FAILURES_TOLD)
        return;
    report_fault(p, "write a request", &told);
}

void write_plan(struct pass *p)
{
    struct writing w = {.pass = p, .operations = ARENA_ARRAY(p->arena, p->plan.count, const struct operation *)};
    struct dir_change *changes = ARENA_ARRAY(p->arena, p->plan.count, struct dir_change);
    size_t count = 0;
    p->written = ARENA_ARRAY(p->arena, p->plan.count, bool);
    for (size_t i = 0; i < p->plan.count; i++) {
        const struct operation *o = &p->plan.operations[i];
        struct governed *g = pass_governed(p, o->policy);
        if (o->held) {
            if (g)
                g->held++;
            continue;
        }
        w.operations[count] = o;
        changes[count++] = change_of(p, o);
    }
    struct fault fault = {{0}};
    if (count && dir_apply(p->dir, changes, count, answered, &w, &fault) != RC_OK)
        report_fault(p, "write requests", &fault);
    if (w.failures > FAILURES_TOLD) {
        struct fault more = {{0}};
        fault_set(&more, RC_FAULT, "%zu further writes failed and are not told one by one", w.failures - FAILURES_TOLD);
        report_fault(p, "write requests", &more);
    }
}
