/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/memory.h"

#include "base/dn.h"
#include "base/gentime.h"
#include "dir/dir_private.h"
#include "dir/memory_match.h"

#include <stdlib.h>

struct stored_attribute {
    struct slice name;
    LIST_OF(struct slice) values;
};

struct stored_entry {
    struct slice dn;
    LIST_OF(struct stored_attribute) attributes;
    bool deleted;
};

struct memory {
    struct dir dir;
    struct arena arena;
    struct slice suffix;
    LIST_OF(struct stored_entry) entries;
    LIST_OF(struct slice) known;
    LIST_OF(struct slice) written; /* the DN of each successful write */
    int64_t now_utc;
    unsigned next_id;
    const char *hidden_attribute, *hidden_below, *failing_base;
    size_t writes_left;
};

static struct memory *memory_of(struct dir *d)
{
    return (struct memory *)d;
}

static bool is_below(struct slice dn, struct slice base, bool or_equal)
{
    if (slice_eq_nocase(dn, base))
        return or_equal;
    if (base.n == 0)
        return true;
    return dn.n > base.n + 1 && dn.p[dn.n - base.n - 1] == ',' && slice_eq_nocase(slice_from(dn, dn.n - base.n), base);
}

static struct stored_entry *find_entry(struct memory *m, struct slice dn)
{
    for (size_t i = 0; i < m->entries.count; i++)
        if (!m->entries.items[i].deleted && slice_eq_nocase(m->entries.items[i].dn, dn))
            return &m->entries.items[i];
    return NULL;
}

static struct stored_attribute *find_stored(struct stored_entry *e, struct slice name)
{
    for (size_t i = 0; i < e->attributes.count; i++)
        if (slice_eq_nocase(e->attributes.items[i].name, name))
            return &e->attributes.items[i];
    return NULL;
}

static bool hidden_attribute(const struct memory *m, struct slice name)
{
    return m->hidden_attribute && slice_eq_nocase(name, slice_of(m->hidden_attribute));
}

static bool hidden_entry(const struct memory *m, struct slice dn)
{
    return m->hidden_below && is_below(dn, slice_of(m->hidden_below), true);
}

/* Filters have three values (RFC 4511 section 4.5.1.7). */

enum truth { FALSE_, TRUE_, UNDEFINED_ };

static bool knows(const struct dir *d, struct slice name)
{
    const struct memory *m = (const struct memory *)d;
    for (size_t i = 0; i < m->known.count; i++)
        if (slice_eq_nocase(m->known.items[i], name))
            return true;
    return false;
}

static void learn(struct memory *m, struct slice name)
{
    if (!knows(&m->dir, name))
        *LIST_ADD(&m->arena, &m->known) = arena_copy(&m->arena, name);
}

/* The server's own count, whatever access rules hide. */
static bool has_subordinates(const struct memory *m, const struct stored_entry *e)
{
    for (size_t i = 0; i < m->entries.count; i++)
        if (!m->entries.items[i].deleted && is_below(m->entries.items[i].dn, e->dn, false))
            return true;
    return false;
}

static enum truth evaluate(struct memory *m, struct arena *a, const struct filter *f, struct stored_entry *e)
{
    if (f->kind == FILTER_NOT) {
        enum truth t = evaluate(m, a, &f->parts[0], e);
        return t == UNDEFINED_ ? UNDEFINED_ : t == TRUE_ ? FALSE_ : TRUE_;
    }
    if (f->kind == FILTER_AND || f->kind == FILTER_OR) {
        enum truth decisive = f->kind == FILTER_AND ? FALSE_ : TRUE_, result = decisive == FALSE_ ? TRUE_ : FALSE_;
        for (size_t i = 0; i < f->part_count; i++) {
            enum truth t = evaluate(m, a, &f->parts[i], e);
            if (t == decisive)
                return decisive;
            if (t == UNDEFINED_)
                result = UNDEFINED_;
        }
        return result;
    }
    if (hidden_attribute(m, f->attribute) || !knows(&m->dir, f->attribute) || f->kind == FILTER_EXTENSIBLE)
        return UNDEFINED_;
    if (slice_eq_nocase(f->attribute, SLICE_LITERAL("hasSubordinates")))
        return memory_matches(a, f, slice_of(has_subordinates(m, e) ? "TRUE" : "FALSE")) ? TRUE_ : FALSE_;
    const struct stored_attribute *s = find_stored(e, f->attribute);
    for (size_t i = 0; s && i < s->values.count; i++)
        if (memory_matches(a, f, s->values.items[i]))
            return TRUE_;
    return FALSE_;
}

static enum rc interrupted(struct fault *fault)
{
    return fault_set(fault, RC_FAULT, "memory: interrupted");
}

/* Searching. */

static bool in_scope(const struct stored_entry *e, const struct dir_search *search)
{
    switch (search->scope) {
    case DIR_BASE:
        return slice_eq_nocase(e->dn, search->base);
    case DIR_ONE:
        return slice_eq_nocase(dn_parent(e->dn), search->base);
    case DIR_SUBTREE:
        return is_below(e->dn, search->base, true);
    }
    return false;
}

static bool is_asked_for(const struct dir_search *search, struct slice name)
{
    for (const char *const *a = search->attributes; a && *a; a++)
        if (strcmp(*a, "*") == 0 || slice_eq_nocase(slice_of(*a), name))
            return true;
    return !search->attributes;
}

static struct entry shown(struct memory *m, struct arena *a, struct stored_entry *e, const struct dir_search *search)
{
    static const struct slice flags[] = {SLICE_LITERAL("FALSE"), SLICE_LITERAL("TRUE")};
    const struct slice below = SLICE_LITERAL("hasSubordinates");
    struct attribute *attributes = ARENA_ARRAY(a, e->attributes.count + 1, struct attribute);
    struct entry out = {.dn = e->dn, .attributes = attributes};
    for (size_t i = 0; i < e->attributes.count; i++) {
        const struct stored_attribute *s = &e->attributes.items[i];
        if (s->values.count && is_asked_for(search, s->name) && !hidden_attribute(m, s->name))
            attributes[out.count++] =
                (struct attribute){.name = s->name, .values = s->values.items, .count = s->values.count};
    }
    if (search->attributes && is_asked_for(search, below) && !hidden_attribute(m, below) && knows(&m->dir, below))
        attributes[out.count++] =
            (struct attribute){.name = below, .values = &flags[has_subordinates(m, e)], .count = 1};
    return out;
}

static enum rc memory_search(struct dir *d, const struct dir_search *search, const struct dir_sink *sink,
                             struct fault *fault)
{
    struct memory *m = memory_of(d);
    if (m->writes_left == 0)
        return fault_set(fault, RC_FAULT, "memory: the connection is lost");
    const char *reason;
    struct arena scratch = {0};
    const struct filter *f = filter_compile(&scratch, search->filter, &reason);
    enum rc rc = RC_OK;
    size_t found = 0;
    if (!f) {
        rc = fault_set(fault, RC_INVALID, "memory: %s", reason);
        goto out;
    }
    if (!find_entry(m, search->base) || hidden_entry(m, search->base)) {
        rc = fault_set(fault, RC_NOT_FOUND, "memory: no such object %.*s", SLICE_ARGS(search->base));
        goto out;
    }
    bool fails = m->failing_base && is_below(search->base, slice_of(m->failing_base), true);
    for (size_t i = 0; i < m->entries.count && rc == RC_OK; i++) {
        struct stored_entry *e = &m->entries.items[i];
        if (e->deleted || hidden_entry(m, e->dn) || !in_scope(e, search) || evaluate(m, &scratch, f, e) != TRUE_)
            continue;
        if (!dir_goes_on(d)) {
            rc = interrupted(fault);
            break;
        }
        if (search->most && found == search->most) {
            rc = RC_TRUNCATED;
            break;
        }
        struct entry entry = shown(m, &scratch, e, search);
        sink->entry(sink->context, &entry);
        found++;
        if (fails)
            rc = fault_set(fault, RC_FAULT, "memory: the search of %.*s broke off", SLICE_ARGS(search->base));
    }
    if (fails && rc == RC_OK)
        rc = fault_set(fault, RC_FAULT, "memory: the search of %.*s broke off", SLICE_ARGS(search->base));
out:
    arena_free(&scratch);
    return rc;
}

/* Writing. */

static struct stored_attribute *need_attribute(struct memory *m, struct stored_entry *e, struct slice name)
{
    struct stored_attribute *s = find_stored(e, name);
    if (s)
        return s;
    learn(m, name);
    s = LIST_ADD(&m->arena, &e->attributes);
    s->name = arena_copy(&m->arena, name);
    return s;
}

static void add_value(struct memory *m, struct stored_attribute *s, struct slice value)
{
    *LIST_ADD(&m->arena, &s->values) = arena_copy(&m->arena, value);
}

static size_t find_value(const struct stored_attribute *s, struct slice value)
{
    size_t i = 0;
    while (i < s->values.count && !slice_eq(s->values.items[i], value))
        i++;
    return i;
}

static void stamp(struct memory *m, struct stored_entry *e, const char *name)
{
    uint8_t text[GENTIME_LEN];
    gentime_write(m->now_utc, text);
    struct stored_attribute *s = need_attribute(m, e, slice_of(name));
    s->values.count = 0;
    s->values.items = NULL;
    s->values.room = 0;
    add_value(m, s, slice_make(text, GENTIME_LEN));
}

static enum rc add_entry(struct memory *m, const struct dir_change *c)
{
    if (find_entry(m, c->dn))
        return RC_EXISTS;
    struct slice parent = dn_parent(c->dn);
    if (!slice_eq_nocase(c->dn, m->suffix) && !find_entry(m, parent))
        return RC_NOT_FOUND;
    struct stored_entry *e = LIST_ADD(&m->arena, &m->entries);
    e->dn = arena_copy(&m->arena, c->dn);
    for (size_t i = 0; i < c->count; i++) {
        struct stored_attribute *s = need_attribute(m, e, slice_of(c->mods[i].attribute));
        for (size_t k = 0; k < c->mods[i].count; k++)
            add_value(m, s, c->mods[i].values[k]);
    }
    unsigned id = ++m->next_id;
    add_value(m, need_attribute(m, e, SLICE_LITERAL("entryUUID")),
              arena_format(&m->arena, "00000000-0000-4000-8000-%012u", id));
    stamp(m, e, "createTimestamp");
    stamp(m, e, "modifyTimestamp");
    return RC_OK;
}

static enum rc check_mod(struct stored_entry *e, const struct dir_mod *mod)
{
    const struct stored_attribute *s = find_stored(e, slice_of(mod->attribute));
    for (size_t i = 0; i < mod->count; i++) {
        bool there = s && find_value(s, mod->values[i]) < s->values.count;
        if ((mod->verb == DIR_MOD_DELETE && !there) || (mod->verb == DIR_MOD_ADD && there))
            return RC_CONFLICT;
    }
    return mod->verb == DIR_MOD_DELETE && mod->count == 0 && !(s && s->values.count) ? RC_CONFLICT : RC_OK;
}

static void apply_mod(struct memory *m, struct stored_entry *e, const struct dir_mod *mod)
{
    struct stored_attribute *s = need_attribute(m, e, slice_of(mod->attribute));
    if (mod->verb == DIR_MOD_REPLACE || mod->count == 0) {
        s->values.items = NULL;
        s->values.count = s->values.room = 0;
    }
    for (size_t i = 0; i < mod->count; i++) {
        if (mod->verb != DIR_MOD_DELETE) {
            add_value(m, s, mod->values[i]);
            continue;
        }
        size_t at = find_value(s, mod->values[i]);
        if (at < s->values.count)
            s->values.items[at] = s->values.items[--s->values.count];
    }
}

/* Modifications apply in order, all or none: the checks run against a copy of what the earlier ones left. */
static enum rc modify_entry(struct memory *m, const struct dir_change *c)
{
    struct stored_entry *e = find_entry(m, c->dn);
    if (!e)
        return RC_NOT_FOUND;
    struct stored_entry trial = {.dn = e->dn};
    for (size_t i = 0; i < e->attributes.count; i++) {
        struct stored_attribute *s = LIST_ADD(&m->arena, &trial.attributes);
        s->name = e->attributes.items[i].name;
        for (size_t k = 0; k < e->attributes.items[i].values.count; k++)
            *LIST_ADD(&m->arena, &s->values) = e->attributes.items[i].values.items[k];
    }
    for (size_t i = 0; i < c->count; i++) {
        enum rc rc = check_mod(&trial, &c->mods[i]);
        if (rc != RC_OK)
            return rc;
        apply_mod(m, &trial, &c->mods[i]);
    }
    *e = trial;
    stamp(m, e, "modifyTimestamp");
    return RC_OK;
}

static enum rc delete_entry(struct memory *m, const struct dir_change *c)
{
    struct stored_entry *e = find_entry(m, c->dn);
    if (!e)
        return RC_NOT_FOUND;
    for (size_t i = 0; i < m->entries.count; i++)
        if (!m->entries.items[i].deleted && is_below(m->entries.items[i].dn, c->dn, false))
            return RC_INVALID;
    e->deleted = true;
    return RC_OK;
}

static enum rc apply_one(struct memory *m, const struct dir_change *c)
{
    if (hidden_entry(m, c->dn))
        return RC_NOT_FOUND;
    switch (c->verb) {
    case DIR_ADD:
        return add_entry(m, c);
    case DIR_MODIFY:
        return modify_entry(m, c);
    case DIR_DELETE:
        return delete_entry(m, c);
    }
    return RC_FAULT;
}

static enum rc memory_apply(struct dir *d, const struct dir_change *changes, size_t count, dir_written_fn *written,
                            void *context, struct fault *fault)
{
    struct memory *m = memory_of(d);
    bool lost = false, ended = false;
    for (size_t i = 0; i < count; i++) {
        struct fault one = {{0}};
        lost |= m->writes_left == 0;
        ended = ended || !dir_goes_on(d);
        enum rc rc = lost || ended ? RC_FAULT : apply_one(m, &changes[i]);
        if (rc == RC_OK) {
            *LIST_ADD(&m->arena, &m->written) = arena_copy(&m->arena, changes[i].dn);
            if (m->writes_left != SIZE_MAX)
                m->writes_left--;
        } else {
            rc = fault_set(&one, rc, "memory: %.*s: %s", SLICE_ARGS(changes[i].dn),
                           lost    ? "the connection is lost"
                           : ended ? "not sent: interrupted"
                                   : "refused");
        }
        written(context, i, rc, &one);
    }
    if (ended)
        return interrupted(fault);
    return lost ? fault_set(fault, RC_FAULT, "memory: the connection is lost") : RC_OK;
}

static void memory_close(struct dir *d)
{
    struct memory *m = memory_of(d);
    arena_free(&m->arena);
    free(m);
}

static bool memory_is_alive(const struct dir *d)
{
    (void)d;
    return true;
}

struct dir *memory_open(struct slice suffix)
{
    static const struct dir_operations operations = {.search = memory_search,
                                                     .apply = memory_apply,
                                                     .knows_attribute = knows,
                                                     .is_alive = memory_is_alive,
                                                     .close = memory_close};
    struct memory *m = calloc(1, sizeof *m);
    if (!m)
        arena_exhausted(sizeof *m);
    m->dir.operations = &operations;
    m->suffix = arena_copy(&m->arena, suffix);
    m->dir.capabilities = (struct dir_capabilities){.uri = "memory:",
                                                    .is_secure = true,
                                                    .kind = "memory",
                                                    .stable_id_attribute = "entryUUID",
                                                    .suffixes = &m->suffix,
                                                    .suffix_count = 1};
    m->writes_left = SIZE_MAX;
    return &m->dir;
}

void memory_set_clock(struct dir *d, int64_t now_utc)
{
    memory_of(d)->now_utc = now_utc;
}

void memory_learn_attribute(struct dir *d, const char *name)
{
    learn(memory_of(d), slice_of(name));
}

enum rc memory_rename(struct dir *d, struct slice dn, struct slice new_dn)
{
    struct memory *m = memory_of(d);
    if (!find_entry(m, dn))
        return RC_NOT_FOUND;
    if (find_entry(m, new_dn))
        return RC_EXISTS;
    for (size_t i = 0; i < m->entries.count; i++) {
        struct stored_entry *e = &m->entries.items[i];
        if (e->deleted || !is_below(e->dn, dn, true))
            continue;
        struct slice head = slice_upto(e->dn, e->dn.n - dn.n);
        e->dn = arena_format(&m->arena, "%.*s%.*s", SLICE_ARGS(head), SLICE_ARGS(new_dn));
    }
    return RC_OK;
}

void memory_hide_attribute(struct dir *d, const char *name)
{
    memory_of(d)->hidden_attribute = name;
}

void memory_hide_below(struct dir *d, const char *dn)
{
    memory_of(d)->hidden_below = dn;
}

void memory_fail_after(struct dir *d, size_t writes)
{
    memory_of(d)->writes_left = writes;
}

void memory_fail_search(struct dir *d, const char *base)
{
    memory_of(d)->failing_base = base;
}

size_t memory_writes_below(const struct dir *d, struct slice dn)
{
    const struct memory *m = (const struct memory *)d;
    size_t n = 0;
    for (size_t i = 0; i < m->written.count; i++)
        n += is_below(m->written.items[i], dn, false);
    return n;
}
