/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be read.  An attribute that is hidden matches neither (A=*) nor (!(A=*)), so their union finds those entries
 * where it may be searched; whether it may be read as well is seen where an entry matches (A=*).
 */
#include "daemon/access_private.h"

#define ANY SLICE_LITERAL("(objectClass=*)")

/* Where something is looked for; `all` is how many entries there are. */
struct access_place {
    struct slice where;
    struct dir_search search;
    size_t all;
};

struct count {
    const char *attribute;
    size_t entries, with_value;
};

static void restart_count(void *context)
{
    struct count *c = context;
    c->entries = c->with_value = 0;
}

static void count_entry(void *context, const struct entry *e)
{
    struct count *c = context;
    c->entries++;
    c->with_value += entry_count(e, c->attribute) > 0;
}

/* A base that is hidden shows nothing, which is an answer; *why is filled where there was none. */
static struct count count_shown(struct access *a, const struct access_place *p, struct slice and, const char *attribute,
                                struct fault *why)
{
    struct count c = {.attribute = attribute};
    const char *const attributes[] = {attribute, NULL};
    struct dir_sink sink = {.restart = restart_count, .entry = count_entry, .context = &c};
    struct dir_search search = p->search;
    struct fault fault = {{0}};
    search.filter =
        and.n ? arena_format(a->arena, "(&%.*s%.*s)", SLICE_ARGS(search.filter), SLICE_ARGS(and)) : search.filter;
    search.attributes = attributes;
    enum rc rc = dir_search(a->dir, &search, &sink, &fault);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        fault_set(why, rc, "%s", fault.text);
    return c;
}

static void look_at(struct access *a, const struct access_place *p, const char *name)
{
    struct fault why = {{0}};
    if (!dir_knows_attribute(a->dir, slice_of(name))) {
        access_note(a, ACCESS_UNKNOWN, ACCESS_READ, p->where, name,
                    SLICE_LITERAL("the server's schema does not define it"));
        return;
    }
    struct count searched = count_shown(a, p, arena_format(a->arena, "(|(%s=*)(!(%s=*)))", name, name), name, &why);
    struct count present = count_shown(a, p, arena_format(a->arena, "(%s=*)", name), name, &why);
    if (why.text[0])
        access_note(a, ACCESS_UNKNOWN, ACCESS_READ, p->where, name, slice_of(why.text));
    else if (searched.entries < p->all)
        access_note(a, ACCESS_MISSING, ACCESS_READ, p->where, name, SLICE_LITERAL("grant our account read"));
    else if (present.with_value < present.entries)
        access_note(a, ACCESS_MISSING, ACCESS_READ, p->where, name,
                    SLICE_LITERAL("it may be searched but not read: grant our account read"));
    else
        access_note(a, ACCESS_OK, ACCESS_READ, p->where, name, SLICE_LITERAL(""));
}

/* False, and noted: the place shows nothing that could be asked about. */
static bool begin(struct access *a, struct access_place *p)
{
    struct fault why = {{0}};
    p->all = count_shown(a, p, SLICE_LITERAL(""), "objectClass", &why).entries;
    if (p->all)
        return true;
    const struct access_place container = {
        .search = {.base = p->search.base, .scope = DIR_BASE, .filter = SLICE_LITERAL("(hasSubordinates=FALSE)")}};
    if (p->search.scope == DIR_ONE && count_shown(a, &container, SLICE_LITERAL(""), "1.1", &why).entries)
        access_note(a, ACCESS_UNKNOWN, ACCESS_READ, p->where, NULL,
                    SLICE_LITERAL("there is none yet that could be asked about"));
    else if (why.text[0])
        access_note(a, ACCESS_UNKNOWN, ACCESS_READ, p->where, NULL, slice_of(why.text));
    else
        access_note(a, ACCESS_MISSING, ACCESS_READ, p->where, NULL,
                    SLICE_LITERAL("it is not there, or our account does not see it: make it, or grant read"));
    return false;
}

struct slice access_child(const struct access *a, const char *rdn)
{
    return arena_format(a->arena, "%s,%s", rdn, a->base);
}

static void look_at_class(struct access *a, struct access_place *p, enum schema_class bit, const char *more)
{
    if (!begin(a, p))
        return;
    look_at(a, p, "objectClass");
    const struct schema_attribute *row;
    for (size_t i = 0; (row = schema_attribute_at(i)); i++)
        if (row->classes & (unsigned)bit)
            look_at(a, p, row->name);
    if (more)
        look_at(a, p, more);
}

static void look_below(struct access *a, const char *rdn, const char *class, enum schema_class bit)
{
    struct slice dn = access_child(a, rdn);
    struct access_place container = {.where = dn, .search = {.base = dn, .scope = DIR_BASE, .filter = ANY}};
    struct access_place below = {
        .where = arena_format(a->arena, "*,%.*s", SLICE_ARGS(dn)),
        .search = {.base = dn, .scope = DIR_ONE, .filter = arena_format(a->arena, "(objectClass=%s)", class)}};
    if (!begin(a, &container))
        return;
    look_at(a, &container, "hasSubordinates");
    look_at_class(a, &below, bit, NULL);
}

static void look_at_own(struct access *a)
{
    struct slice dn = arena_format(a->arena, "cn=%s,ou=status,%s", a->instance, a->base);
    struct access_place own = {.where = dn, .search = {.base = dn, .scope = DIR_BASE, .filter = ANY}};
    struct fault why = {{0}};
    if (count_shown(a, &own, SLICE_LITERAL(""), "1.1", &why).entries)
        look_at_class(a, &own, SCHEMA_INSTANCE, "modifyTimestamp");
    else
        access_note(a, ACCESS_UNKNOWN, ACCESS_READ, dn, NULL, SLICE_LITERAL("not there before the first pass"));
}

/* Finding an entry. */

struct finding_entry {
    struct arena *arena;
    size_t n, seen;
    struct entry *found;
};

static void restart_finding(void *context)
{
    ((struct finding_entry *)context)->seen = 0;
}

static struct slice *copy_values(struct arena *arena, const struct attribute *from)
{
    struct slice *values = ARENA_ARRAY(arena, from->count ? from->count : 1, struct slice);
    for (size_t i = 0; i < from->count; i++)
        values[i] = arena_copy(arena, from->values[i]);
    return values;
}

static void keep_entry(void *context, const struct entry *e)
{
    struct finding_entry *f = context;
    if (++f->seen != f->n)
        return;
    struct attribute *attributes = ARENA_ARRAY(f->arena, e->count ? e->count : 1, struct attribute);
    for (size_t i = 0; i < e->count; i++)
        attributes[i] = (struct attribute){.name = arena_copy(f->arena, e->attributes[i].name),
                                           .options = arena_copy(f->arena, e->attributes[i].options),
                                           .values = copy_values(f->arena, &e->attributes[i]),
                                           .count = e->attributes[i].count};
    *f->found = (struct entry){.dn = arena_copy(f->arena, e->dn), .attributes = attributes, .count = e->count};
}

enum rc access_find(struct access *a, const struct dir_search *where, size_t n, struct entry *found, struct fault *why)
{
    struct finding_entry f = {.arena = a->arena, .n = n, .found = found};
    struct dir_sink sink = {.restart = restart_finding, .entry = keep_entry, .context = &f};
    struct dir_search search = *where;
    search.most = n;
    enum rc rc = dir_search(a->dir, &search, &sink, why);
    if (rc != RC_OK && rc != RC_TRUNCATED)
        return rc;
    return f.seen >= n ? RC_OK : RC_NOT_FOUND;
}

static bool finds(struct access *a, const struct dir_search *where, size_t n, struct entry *found)
{
    struct fault fault = {{0}};
    return access_find(a, where, n, found, &fault) == RC_OK;
}

static enum dir_scope scope_of(const struct target *t)
{
    static const enum dir_scope scopes[] = {
        [TARGET_BASE] = DIR_BASE, [TARGET_ONE] = DIR_ONE, [TARGET_SUBTREE] = DIR_SUBTREE};
    return scopes[t->scope];
}

/* Where the filter's own attributes are hidden it finds nobody; then the entry beside the base has to do. */
bool access_find_subject(struct access *a, const struct policy *policy, const struct target *t, struct entry *found)
{
    struct dir_search search = {.base = t->base, .scope = scope_of(t)};
    for (size_t i = 0; policy->certificate_attributes[i]; i++) {
        search.filter =
            arena_format(a->arena, "(&%.*s(%s=*))", SLICE_ARGS(t->filter), policy->certificate_attributes[i]);
        if (finds(a, &search, 1, found))
            return true;
    }
    search.filter = t->filter;
    if (finds(a, &search, 1, found))
        return true;
    search.filter = ANY;
    return finds(a, &search, 2, found) || finds(a, &search, 1, found);
}

/* Policies, and whom they are about. */

struct policy_reading {
    struct access *access;
    problem_list problems;
};

static bool knows(void *context, struct slice attribute)
{
    return dir_knows_attribute(((struct policy_reading *)context)->access->dir, attribute);
}

static void read_policy(void *context, const struct entry *e)
{
    struct policy_reading *r = context;
    *LIST_ADD(r->access->arena, &r->access->policies) = policy_compile(r->access->arena, e, knows, r, &r->problems);
}

static void forget_policies(void *context)
{
    ((struct policy_reading *)context)->access->policies.count = 0;
}

void access_read_policies(struct access *a)
{
    struct policy_reading r = {.access = a};
    struct dir_search search = {.base = access_child(a, "ou=policies"),
                                .scope = DIR_ONE,
                                .filter = SLICE_LITERAL("(objectClass=" CLASS_POLICY ")")};
    struct dir_sink sink = {.restart = forget_policies, .entry = read_policy, .context = &r};
    struct fault fault = {{0}};
    if (dir_search(a->dir, &search, &sink, &fault) != RC_OK) {
        a->policies.count = 0;
        access_note(a, ACCESS_UNKNOWN, ACCESS_READ, search.base, NULL, slice_of(fault.text));
    }
}

struct looking {
    struct access *access;
    const struct access_place *place;
};

static void look_at_filters(void *context, struct slice attribute)
{
    struct looking *l = context;
    if (attribute.n)
        look_at(l->access, l->place, (const char *)arena_copy(l->access->arena, attribute).p);
}

static void look_at_target(struct access *a, const struct policy *policy, const struct target *t)
{
    struct entry subject;
    if (!access_find_subject(a, policy, t, &subject)) {
        access_note(
            a, ACCESS_MISSING, ACCESS_READ, t->base, NULL,
            SLICE_LITERAL("a policy's target: it is not there, or our account does not see it or what is below"));
        return;
    }
    struct access_place place = {
        .where = subject.dn, .search = {.base = subject.dn, .scope = DIR_BASE, .filter = ANY}, .all = 1};
    struct looking l = {.access = a, .place = &place};
    look_at(a, &place, "objectClass");
    look_at(a, &place, "hasSubordinates");
    look_at(a, &place, dir_capabilities(a->dir)->stable_id_attribute);
    for (size_t i = 0; policy->certificate_attributes[i]; i++)
        look_at(a, &place, policy->certificate_attributes[i]);
    for (size_t i = 0; policy->host_attributes[i]; i++)
        look_at(a, &place, policy->host_attributes[i]);
    filter_attributes(t->tree, look_at_filters, &l);
}

/* What is not there leaves all chains of the policy undecided. */
static void look_at_anchors(struct access *a, const struct policy *policy)
{
    for (size_t i = 0; i < policy->trust_anchor_count; i++) {
        struct slice dn = policy->trust_anchors[i];
        struct access_place place = {.where = dn, .search = {.base = dn, .scope = DIR_BASE, .filter = ANY}};
        if (begin(a, &place))
            look_at(a, &place, ATTR_CA_CERTIFICATE);
    }
}

/* CRLs of whatever authority may be asked for. */
static void look_at_crls(struct access *a)
{
    const struct dir_capabilities *c = dir_capabilities(a->dir);
    for (size_t i = 0; i < c->suffix_count; i++) {
        struct fault why = {{0}};
        struct access_place place = {
            .where = arena_format(a->arena, "objectClass=pkiCA below %.*s", SLICE_ARGS(c->suffixes[i])),
            .search = {.base = c->suffixes[i], .scope = DIR_SUBTREE, .filter = SLICE_LITERAL("(objectClass=pkiCA)")}};
        place.all = count_shown(a, &place, SLICE_LITERAL(""), "objectClass", &why).entries;
        if (place.all == 0)
            continue;
        look_at(a, &place, ATTR_CA_CERTIFICATE);
        look_at(a, &place, ATTR_CRL);
        look_at(a, &place, ATTR_AUTHORITY_CRL);
    }
}

/* Our own entry by the name that a search gives it; empty: there is none, or it is hidden. */
static struct slice own_entry(struct access *a)
{
    struct dir_search search = {.scope = DIR_BASE, .filter = ANY};
    struct entry found = {.dn = SLICE_LITERAL("")};
    struct fault fault = {{0}};
    if (dir_who(a->dir, a->arena, &search.base, &fault) != RC_OK || search.base.n == 0)
        search.base = slice_of(a->bind_dn ? a->bind_dn : "");
    return search.base.n && finds(a, &search, 1, &found) ? found.dn : SLICE_LITERAL("");
}

struct password_search {
    struct arena *arena;
    struct slice own, other; /* other: of somebody else, empty until there is one */
    bool finds_own;
};

static void restart_passwords(void *context)
{
    struct password_search *s = context;
    s->finds_own = false;
    s->other = SLICE_LITERAL("");
}

static void note_password(void *context, const struct entry *e)
{
    struct password_search *s = context;
    if (s->own.n && slice_eq(e->dn, s->own))
        s->finds_own = true;
    else
        s->other = arena_copy(s->arena, e->dn);
}

/*
 * The one thing of others that nobody should be able to read.  Our own password does not count: Debian's rules let
 * everybody change theirs, and so read it.  Of two entries one is another's; a filter that leaves ours out would need
 * an attribute that may be hidden, and would then find nothing.
 */
static void look_for_passwords_below(struct access *a, struct slice suffix, struct slice own)
{
    struct password_search s = {.arena = a->arena, .own = own, .other = SLICE_LITERAL("")};
    struct dir_sink sink = {.restart = restart_passwords, .entry = note_password, .context = &s};
    struct dir_search search = {
        .base = suffix, .scope = DIR_SUBTREE, .filter = SLICE_LITERAL("(userPassword=*)"), .most = 2};
    struct fault why = {{0}};
    enum rc rc = dir_search(a->dir, &search, &sink, &why);
    if (s.other.n)
        access_note(a, ACCESS_TOO_MUCH, ACCESS_READ, s.other, "userPassword",
                    SLICE_LITERAL("our account finds passwords: take read and search away"));
    else if (rc == RC_OK || rc == RC_NOT_FOUND)
        access_note(a, ACCESS_OK, ACCESS_READ, suffix, "userPassword",
                    s.finds_own ? SLICE_LITERAL("hidden, as it should be, but for our own")
                                : SLICE_LITERAL("hidden, as it should be"));
    else
        access_note(a, ACCESS_UNKNOWN, ACCESS_READ, suffix, "userPassword", slice_of(why.text));
}

static void look_for_passwords(struct access *a)
{
    const struct dir_capabilities *c = dir_capabilities(a->dir);
    struct slice own = own_entry(a);
    for (size_t i = 0; i < c->suffix_count; i++)
        look_for_passwords_below(a, c->suffixes[i], own);
}

void access_look(struct access *a)
{
    struct slice base = slice_of(a->base);
    struct access_place control = {.where = base, .search = {.base = base, .scope = DIR_BASE, .filter = ANY}};
    if (begin(a, &control))
        look_at(a, &control, ATTR_PAUSE);
    look_below(a, "ou=policies", CLASS_POLICY, SCHEMA_POLICY);
    look_below(a, "ou=waivers", CLASS_WAIVER, SCHEMA_WAIVER);
    look_below(a, "ou=requests", CLASS_REQUEST, SCHEMA_REQUEST);
    look_at_own(a);
    for (size_t i = 0; i < a->policies.count; i++) {
        const struct policy *policy = a->policies.items[i];
        if (policy->disabled)
            access_note(a, ACCESS_UNKNOWN, ACCESS_READ, policy->dn, NULL,
                        SLICE_LITERAL("the policy is malformed, so whom it is about was not looked at"));
        for (size_t k = 0; !policy->disabled && k < policy->target_count; k++)
            look_at_target(a, policy, &policy->targets[k]);
        if (policy->disabled)
            continue;
        look_at_anchors(a, policy);
        if (policy->check_crl)
            look_at_crls(a);
    }
    look_for_passwords(a);
}
