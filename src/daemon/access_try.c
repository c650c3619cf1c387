/* SPDX-License-Identifier: Apache-2.0 */
/* What can be written: asked of the server by probes that carry nothing out (dir_probe). */
#include "daemon/access_private.h"

#define ANY SLICE_LITERAL("(objectClass=*)")

enum { MODS_MAX = 64 };

/* What the answer ought to be. */
enum wish { OURS, NOT_OURS };

static struct slice sample_value(const struct access *a, const char *name)
{
    const struct schema_attribute *row = schema_attribute_find(slice_of(name));
    switch (row ? row->syntax : SYNTAX_TEXT) {
    case SYNTAX_TEXT:
    case SYNTAX_TEXT_EXACT:
    case SYNTAX_OCTETS:
        break;
    case SYNTAX_INTEGER:
        return SLICE_LITERAL("1");
    case SYNTAX_TIME:
        return SLICE_LITERAL("20000101000000Z");
    case SYNTAX_BOOLEAN:
        return SLICE_LITERAL("TRUE");
    case SYNTAX_DN:
        return slice_of(a->base);
    }
    return SLICE_LITERAL("access-check");
}

static void note(struct access *a, enum dir_right got, enum wish wish, enum access_right right, struct slice where,
                 const char *attribute, const struct fault *why)
{
    if (got == DIR_RIGHT_UNKNOWN)
        access_note(a, ACCESS_UNKNOWN, right, where, attribute, slice_of(why->text));
    else if ((got == DIR_RIGHT_GRANTED) == (wish == OURS))
        access_note(a, ACCESS_OK, right, where, attribute,
                    wish == OURS ? SLICE_LITERAL("") : SLICE_LITERAL("refused, as it should be"));
    else if (wish == OURS)
        access_note(a, ACCESS_MISSING, right, where, attribute, SLICE_LITERAL("grant our account this right"));
    else
        access_note(a, ACCESS_TOO_MUCH, right, where, attribute, SLICE_LITERAL("take this right from our account"));
}

/* Twice the same, so that it can't succeed; value NULL: to delete the attribute, else to add the value. */
static enum dir_right probe_modify(struct access *a, struct slice dn, const char *name, const struct slice *value,
                                   struct fault *why)
{
    const struct dir_mod mod = {
        .verb = value ? DIR_MOD_ADD : DIR_MOD_DELETE, .attribute = name, .values = value, .count = value ? 1 : 0};
    const struct dir_mod twice[] = {mod, mod};
    const struct dir_change change = {.verb = DIR_MODIFY, .dn = dn, .mods = twice, .count = 2};
    return dir_probe(a->dir, &change, why);
}

/* slapd knows certificates only as ;binary. */
static enum dir_right probe_either(struct access *a, struct slice dn, const char *name, const struct slice *value,
                                   struct fault *why)
{
    enum dir_right right = probe_modify(a, dn, name, value, why);
    if (right != DIR_RIGHT_UNKNOWN || strchr(name, ';'))
        return right;
    struct fault again = {{0}};
    struct slice binary = arena_format(a->arena, "%s;binary", name);
    return probe_modify(a, dn, (const char *)binary.p, value, &again);
}

/* Value NULL: only deleting is asked about, because there is no value that the server would take. */
static void try_attribute(struct access *a, enum wish wish, struct slice dn, const char *name,
                          const struct slice *value)
{
    struct fault why = {{0}}, why_add = {{0}};
    enum dir_right all = probe_either(a, dn, name, NULL, &why);
    enum dir_right add = value ? probe_either(a, dn, name, value, &why_add) : all;
    enum dir_right decisive = wish == OURS ? DIR_RIGHT_REFUSED : DIR_RIGHT_GRANTED;
    if (value && (add == decisive || (add == DIR_RIGHT_UNKNOWN && all != decisive)))
        note(a, add, wish, ACCESS_WRITE, dn, name, &why_add);
    else
        note(a, all, wish, ACCESS_WRITE, dn, name, &why);
}

static void try_delete(struct access *a, enum wish wish, struct slice dn)
{
    struct fault why = {{0}};
    const struct dir_change change = {.verb = DIR_DELETE, .dn = dn};
    enum dir_right right = dir_probe(a->dir, &change, &why);
    note(a, right, wish, ACCESS_DELETE, dn, NULL, &why);
}

/* Adding. */

struct new_entry {
    struct slice dn;
    struct slice values[MODS_MAX];
    struct dir_mod mods[MODS_MAX];
    size_t count;
};

static void put(struct new_entry *n, const char *attribute, struct slice value)
{
    if (n->count == MODS_MAX)
        return;
    n->values[n->count] = value;
    n->mods[n->count] =
        (struct dir_mod){.verb = DIR_MOD_ADD, .attribute = attribute, .values = &n->values[n->count], .count = 1};
    n->count++;
}

/* No entry's, and too long to be one's (dir_probe). */
static struct slice impossible_name(struct arena *a)
{
    uint8_t *p = arena_alloc(a, DIR_PROBE_NAME);
    memset(p, '0', DIR_PROBE_NAME);
    return slice_make(p, DIR_PROBE_NAME);
}

/* The least that the class demands. */
static void begin_entry(struct access *a, struct new_entry *n, struct slice container, const char *class,
                        enum schema_class bit)
{
    const char *naming = bit == SCHEMA_REQUEST ? ATTR_REQUEST_ID : "cn";
    struct slice name = impossible_name(a->arena);
    n->count = 0;
    n->dn = arena_format(a->arena, "%s=%.*s,%.*s", naming, SLICE_ARGS(name), SLICE_ARGS(container));
    put(n, "objectClass", slice_of(class));
    put(n, naming, name);
    const struct schema_attribute *row;
    for (size_t i = 0; (row = schema_attribute_at(i)); i++)
        if ((row->required & (unsigned)bit) && strcmp(row->name, naming) != 0)
            put(n, row->name, sample_value(a, row->name));
}

static enum dir_right probe_add(struct access *a, const struct new_entry *n, struct fault *why)
{
    const struct dir_change change = {.verb = DIR_ADD, .dn = n->dn, .mods = n->mods, .count = n->count};
    return dir_probe(a->dir, &change, why);
}

/* Without add_content_acl slapd lets an Add carry what a modify may not touch. */
static void try_add_with(struct access *a, struct new_entry *n, struct slice container,
                         const struct schema_attribute *row)
{
    enum wish wish = row->owner == OWNER_APPROVER || row->owner == OWNER_FULFILLER ? NOT_OURS : OURS;
    struct fault why = {{0}};
    size_t least = n->count;
    put(n, row->name, sample_value(a, row->name));
    enum dir_right right = probe_add(a, n, &why);
    n->count = least;
    if (right == DIR_RIGHT_GRANTED && wish == NOT_OURS)
        access_note(a, ACCESS_TOO_MUCH, ACCESS_ADD, container, row->name,
                    SLICE_LITERAL("our account may add an entry that holds it: set \"add_content_acl on\", and take "
                                  "this right from our account"));
    else
        note(a, right, wish, ACCESS_ADD, container, row->name, &why);
}

static bool is_in(const struct new_entry *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->mods[i].attribute, name) == 0)
            return true;
    return false;
}

static void try_adds(struct access *a, const char *rdn, const char *class, enum schema_class bit, enum wish wish)
{
    struct slice container = access_child(a, rdn);
    struct new_entry n;
    struct fault why = {{0}};
    begin_entry(a, &n, container, class, bit);
    enum dir_right right = probe_add(a, &n, &why);
    note(a, right, wish, ACCESS_ADD, container, NULL, &why);
    const struct schema_attribute *row;
    for (size_t i = 0; right == DIR_RIGHT_GRANTED && wish == OURS && (row = schema_attribute_at(i)); i++)
        if ((row->classes & (unsigned)bit) && !is_in(&n, row->name))
            try_add_with(a, &n, container, row);
}

/* Modifying. */

static void try_class(struct access *a, struct slice dn, enum schema_class bit)
{
    const struct schema_attribute *row;
    for (size_t i = 0; (row = schema_attribute_at(i)); i++) {
        enum schema_owner owner = schema_owner_in(row, bit);
        bool ours = owner == OWNER_DAEMON_ONCE || owner == OWNER_DAEMON_REVISED || owner == OWNER_DAEMON_MOVING;
        struct slice value = sample_value(a, row->name);
        if ((row->classes & (unsigned)bit) && strcmp(row->name, ATTR_REQUEST_ID) != 0)
            try_attribute(a, ours ? OURS : NOT_OURS, dn, row->name, &value);
    }
}

static void try_first_below(struct access *a, const char *rdn, const char *class, enum schema_class bit, enum wish wish)
{
    struct entry found;
    struct fault why = {{0}};
    struct dir_search search = {
        .base = access_child(a, rdn), .scope = DIR_ONE, .filter = arena_format(a->arena, "(objectClass=%s)", class)};
    if (access_find(a, &search, 1, &found, &why) == RC_OK) {
        try_class(a, found.dn, bit);
        try_delete(a, wish, found.dn);
    } else if (wish == OURS)
        access_note(a, ACCESS_UNKNOWN, ACCESS_WRITE, search.base, NULL,
                    SLICE_LITERAL("no entry is below it that changing and deleting could be asked about"));
}

static void try_own(struct access *a)
{
    struct slice dn = arena_format(a->arena, "cn=%s,ou=status,%s", a->instance, a->base);
    struct dir_search search = {.base = dn, .scope = DIR_BASE, .filter = ANY};
    struct entry found;
    struct fault why = {{0}};
    if (access_find(a, &search, 1, &found, &why) == RC_OK)
        try_class(a, dn, SCHEMA_INSTANCE);
    else
        access_note(a, ACCESS_UNKNOWN, ACCESS_WRITE, dn, NULL, SLICE_LITERAL("not there before the first pass"));
}

static void try_containers(struct access *a)
{
    static const char *const rdns[] = {"ou=policies", "ou=waivers", "ou=requests", "ou=status"};
    struct slice base = slice_of(a->base), value = SLICE_LITERAL("TRUE");
    try_attribute(a, NOT_OURS, base, ATTR_PAUSE, &value);
    try_attribute(a, NOT_OURS, base, "objectClass", NULL);
    for (size_t i = 0; i < sizeof rdns / sizeof *rdns; i++) {
        struct slice dn = access_child(a, rdns[i]), text = SLICE_LITERAL("access-check");
        try_attribute(a, NOT_OURS, dn, "objectClass", NULL);
        try_attribute(a, NOT_OURS, dn, "description", &text);
        try_delete(a, NOT_OURS, dn);
    }
}

/* Nothing of an entry that is judged is the daemon's to write. */
static void try_subject(struct access *a, const struct policy *policy, const struct target *t)
{
    struct entry e;
    if (!access_find_subject(a, policy, t, &e))
        return;
    for (size_t i = 0; i < e.count; i++) {
        const struct attribute *at = &e.attributes[i];
        struct slice name = at->options.n
                                ? arena_format(a->arena, "%.*s;%.*s", SLICE_ARGS(at->name), SLICE_ARGS(at->options))
                                : at->name;
        try_attribute(a, NOT_OURS, e.dn, (const char *)name.p, at->count ? &at->values[0] : NULL);
    }
    for (size_t i = 0; policy->certificate_attributes[i]; i++)
        if (!entry_count(&e, policy->certificate_attributes[i]))
            try_attribute(a, NOT_OURS, e.dn, policy->certificate_attributes[i], NULL);
    for (size_t i = 0; policy->host_attributes[i]; i++)
        if (!entry_count(&e, policy->host_attributes[i]))
            try_attribute(a, NOT_OURS, e.dn, policy->host_attributes[i], NULL);
    try_attribute(a, NOT_OURS, e.dn, "userPassword", NULL);
    try_delete(a, NOT_OURS, e.dn);
}

void access_try(struct access *a)
{
    /* First what is ours to add: the answer shows whether the server knows how to carry out nothing. */
    try_adds(a, "ou=requests", CLASS_REQUEST, SCHEMA_REQUEST, OURS);
    try_first_below(a, "ou=requests", CLASS_REQUEST, SCHEMA_REQUEST, OURS);
    try_adds(a, "ou=status", CLASS_INSTANCE, SCHEMA_INSTANCE, OURS);
    try_own(a);
    try_adds(a, "ou=policies", CLASS_POLICY, SCHEMA_POLICY, NOT_OURS);
    try_first_below(a, "ou=policies", CLASS_POLICY, SCHEMA_POLICY, NOT_OURS);
    try_adds(a, "ou=waivers", CLASS_WAIVER, SCHEMA_WAIVER, NOT_OURS);
    try_first_below(a, "ou=waivers", CLASS_WAIVER, SCHEMA_WAIVER, NOT_OURS);
    try_containers(a);
    for (size_t i = 0; i < a->policies.count; i++)
        for (size_t k = 0; !a->policies.items[i]->disabled && k < a->policies.items[i]->target_count; k++)
            try_subject(a, a->policies.items[i], &a->policies.items[i]->targets[k]);
}
