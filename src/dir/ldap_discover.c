/* SPDX-License-Identifier: Apache-2.0 */
/* What the server says about itself: the rootDSE (RFC 4512 section 5.1) and the subschema (section 4.2). */
#include "dir/ldap_private.h"

#include <ldap_schema.h>
#include <stdlib.h>

/* supportedCapabilities of Active Directory (LDAP_CAP_ACTIVE_DIRECTORY_OID, MS-ADTS section 3.1.1.3.4.3.1). */
#define ACTIVE_DIRECTORY_OID "1.2.840.113556.1.4.800"

enum { NAME_MAX_OCTETS = 256, VENDOR_CAP = 80 };

typedef LIST_OF(struct slice) slice_list;

struct discovery {
    struct ldap_dir *d;
    size_t entries;
    struct slice subschema;
    const char *vendor; /* NULL: it does not say */
    bool active_directory, openldap, transactions;
    slice_list suffixes, names;
};

static bool holds(const struct entry *e, const char *attribute, const char *value)
{
    struct entry_cursor at = {0};
    struct slice v;
    while (entry_next_value(e, attribute, &at, &v))
        if (slice_eq_nocase(v, slice_of(value)))
            return true;
    return false;
}

static void take_root(void *context, const struct entry *e)
{
    struct discovery *x = context;
    struct arena *keep = &x->d->keep;
    struct entry_cursor at = {0};
    struct slice v;
    x->entries++;
    while (entry_next_value(e, "namingContexts", &at, &v))
        *LIST_ADD(keep, &x->suffixes) = arena_copy(keep, v);
    x->subschema = arena_copy(keep, entry_first(e, "subschemaSubentry"));
    x->d->can_page = holds(e, "supportedControl", LDAP_CONTROL_PAGEDRESULTS);
    x->active_directory = holds(e, "supportedCapabilities", ACTIVE_DIRECTORY_OID);
    x->d->offers_sync = holds(e, "supportedControl", LDAP_CONTROL_SYNC);
    x->transactions = holds(e, "supportedExtension", LDAP_EXOP_TXN_START);
    x->openldap = holds(e, "objectClass", "OpenLDAProotDSE");
    v = entry_first(e, "monitorContext");
    if (v.n && !memchr(v.p, 0, v.n))
        x->d->connections = (const char *)arena_format(keep, "cn=Connections,%.*s", SLICE_ARGS(v)).p;
    v = entry_first(e, "vendorName");
    if (v.n)
        x->vendor = (const char *)arena_copy(keep, slice_of(ldap_printable(x->d, v, VENDOR_CAP))).p;
}

static void add_name(struct discovery *x, const char *name)
{
    struct slice from = slice_of(name);
    if (from.n == 0 || from.n > NAME_MAX_OCTETS)
        return;
    uint8_t *lower = arena_alloc(&x->d->keep, from.n);
    for (size_t i = 0; i < from.n; i++)
        lower[i] = ascii_lower(from.p[i]);
    *LIST_ADD(&x->d->keep, &x->names) = slice_make(lower, from.n);
}

/* A definition that libldap can't parse is left out: its attribute then counts as unknown, which acts on nothing. */
static void take_schema(void *context, const struct entry *e)
{
    struct discovery *x = context;
    struct entry_cursor at = {0};
    struct slice v;
    x->entries++;
    while (entry_next_value(e, "attributeTypes", &at, &v)) {
        struct arena_mark mark = arena_mark(&x->d->work);
        const char *text = ldap_c_string(x->d, v), *error_at;
        int code = 0;
        LDAPAttributeType *type = text ? ldap_str2attributetype(text, &code, &error_at, LDAP_SCHEMA_ALLOW_ALL) : NULL;
        if (type) {
            add_name(x, type->at_oid);
            for (char **name = type->at_names; name && *name; name++)
                add_name(x, *name);
            ldap_attributetype_free(type);
        }
        arena_reset(&x->d->work, mark);
    }
}

static int order(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static void nothing(void *context)
{
    ((struct discovery *)context)->entries = 0;
}

static enum rc look(struct discovery *x, struct slice base, const char *filter, const char *const *attributes,
                    void (*take)(void *, const struct entry *), struct fault *fault)
{
    const struct dir_search search = {
        .base = base, .scope = DIR_BASE, .filter = slice_of(filter), .attributes = attributes};
    const struct dir_sink sink = {.restart = nothing, .entry = take, .context = x};
    x->entries = 0;
    return ldap_search_run(&x->d->dir, &search, &sink, fault);
}

static enum rc read_root(struct discovery *x, struct fault *fault)
{
    static const char *const attributes[] = {"objectClass",      "namingContexts",     "subschemaSubentry",
                                             "supportedControl", "supportedExtension", "supportedCapabilities",
                                             "vendorName",       "monitorContext",     NULL};
    enum rc rc = look(x, SLICE_LITERAL(""), "(objectClass=*)", attributes, take_root, fault);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    if (rc == RC_NOT_FOUND || x->entries == 0 || x->subschema.n == 0) {
        struct fault clear = {0};
        if (fault)
            *fault = clear;
        return fault_set(fault, RC_FAULT,
                         "%s: our account may not read the rootDSE, or it names no subschemaSubentry; "
                         "grant read on it (slapd: access to dn.base=\"\" by * read)",
                         x->d->uri);
    }
    return RC_OK;
}

static enum rc read_schema(struct discovery *x, struct fault *fault)
{
    static const char *const attributes[] = {"attributeTypes", NULL};
    struct fault why = {0};
    enum rc rc = look(x, x->subschema, "(objectClass=subschema)", attributes, take_schema, &why);
    if (rc == RC_FAULT)
        return fault_set(fault, rc, "%s", why.text);
    if (rc != RC_OK || x->names.count == 0)
        return fault_set(fault, RC_FAULT,
                         "%s: our account may not read the schema at \"%s\", and without it a misspelt "
                         "attribute can't be told from an absent one; grant read on it (slapd: access to "
                         "dn.base=\"cn=Subschema\" by * read)%s%s",
                         x->d->uri, ldap_printable(x->d, x->subschema, VENDOR_CAP), why.text[0] ? ": " : "", why.text);
    qsort(x->names.items, x->names.count, sizeof *x->names.items, order);
    x->d->names = x->names.items;
    x->d->name_count = x->names.count;
    return RC_OK;
}

/*
 * The stable id must be the same kind today and tomorrow, so nothing that an administrator turns on later may change
 * it: msuser.schema and dsee.schema define objectGUID and nsUniqueId in an OpenLDAP that fills neither, and 389-ds has
 * a plugin that adds entryUUID to what always had nsUniqueId.
 */
static const char *stable_id(const struct discovery *x)
{
    static const char *const by_schema[] = {"nsUniqueId", "entryUUID", "objectGUID"};
    if (x->active_directory)
        return "objectGUID";
    if (x->openldap)
        return "entryUUID";
    for (size_t i = 0; i < sizeof by_schema / sizeof *by_schema; i++)
        if (ldap_knows_attribute(&x->d->dir, slice_of(by_schema[i])))
            return by_schema[i];
    return NULL;
}

bool ldap_knows_attribute(const struct dir *dir, struct slice name)
{
    const struct ldap_dir *d = (const struct ldap_dir *)dir;
    uint8_t lower[NAME_MAX_OCTETS];
    if (name.n == 0 || name.n > sizeof lower)
        return false;
    for (size_t i = 0; i < name.n; i++)
        lower[i] = ascii_lower(name.p[i]);
    struct slice key = slice_make(lower, name.n);
    return bsearch(&key, d->names, d->name_count, sizeof key, order) != NULL;
}

static const char *copy_text(struct ldap_dir *d, const char *text)
{
    return (const char *)arena_copy(&d->keep, slice_of(text)).p;
}

static const struct slice *copy_slices(struct ldap_dir *d, const struct slice *from, size_t count)
{
    struct slice *copies = ARENA_ARRAY(&d->keep, count, struct slice);
    for (size_t i = 0; i < count; i++)
        copies[i] = arena_copy(&d->keep, from[i]);
    return copies;
}

void ldap_discover_like(struct ldap_dir *d, const struct ldap_dir *other)
{
    const struct dir_capabilities *c = &other->dir.capabilities;
    d->can_page = other->can_page;
    d->offers_sync = other->offers_sync;
    d->is_openldap = other->is_openldap;
    if (!c->offers_transactions)
        d->adds_at_once = 0;
    d->connections = other->connections ? copy_text(d, other->connections) : NULL;
    d->names = copy_slices(d, other->names, other->name_count);
    d->name_count = other->name_count;
    d->dir.capabilities = *c;
    d->dir.capabilities.uri = d->uri;
    d->dir.capabilities.is_secure = d->is_secure;
    d->dir.capabilities.kind = copy_text(d, c->kind);
    d->dir.capabilities.stable_id_attribute = copy_text(d, c->stable_id_attribute);
    d->dir.capabilities.suffixes = copy_slices(d, c->suffixes, c->suffix_count);
}

enum rc ldap_discover(struct ldap_dir *d, struct fault *fault)
{
    struct discovery x = {.d = d};
    enum rc rc = read_root(&x, fault);
    if (rc == RC_OK)
        rc = read_schema(&x, fault);
    if (rc != RC_OK)
        return rc;
    d->is_openldap = x.openldap;
    if (!x.transactions)
        d->adds_at_once = 0;
    d->dir.capabilities = (struct dir_capabilities){
        .uri = d->uri,
        .is_secure = d->is_secure,
        .offers_transactions = x.transactions,
        .shows_quiet = d->adds_at_once > 1 && ldap_sees_quiet(d, fault),
        .kind = x.vendor             ? x.vendor
                : x.openldap         ? "OpenLDAP"
                : x.active_directory ? "Active Directory"
                                     : "unknown",
        .stable_id_attribute = stable_id(&x),
        .suffixes = x.suffixes.items,
        .suffix_count = x.suffixes.count,
    };
    if (d->dead)
        return RC_FAULT;
    if (!d->dir.capabilities.stable_id_attribute)
        return fault_set(fault, RC_FAULT,
                         "%s: its schema has none of entryUUID, nsUniqueId and objectGUID, so entries "
                         "can't be told apart over time; this kind of directory is not supported",
                         d->uri);
    return RC_OK;
}
