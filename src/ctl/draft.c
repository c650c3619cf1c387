/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/draft.h"

#include "base/dn.h"
#include "base/escape.h"
#include "core/schema.h"
#include "ctl/look.h"

#include <errno.h>
#include <stdlib.h>

enum { FILE_MOST = 4 << 20, VALUE_SHOWN = 512, REASON_SHOWN = 1024 };

/* Telling. */

static void note(struct drafts *d, bool warning, unsigned line, const struct problem *p)
{
    d->problems += !warning;
    struct draft_note *n = LIST_ADD(d->ctl->arena, &d->notes);
    *n = (struct draft_note){warning, d->file, d->file_number, d->notes.count, line, *p};
}

static int note_order(const void *a, const void *b)
{
    const struct draft_note *x = a, *y = b;
    if (x->file_number != y->file_number)
        return x->file_number < y->file_number ? -1 : 1;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

void draft_sort_notes(struct drafts *d)
{
    if (d->notes.count)
        qsort(d->notes.items, d->notes.count, sizeof *d->notes.items, note_order);
}

void draft_write_note(struct json *j, const struct draft_note *n)
{
    json_object(j, NULL);
    json_text(j, "file", slice_of(n->file));
    json_number(j, "line", n->line);
    json_text(j, "kind", slice_of(n->warning ? "warning" : "problem"));
    json_escaped(j, "dn", n->problem.dn);
    json_text(j, "attribute", n->problem.attribute);
    json_text(j, "value", n->problem.value);
    json_text(j, "reason", n->problem.reason);
    json_object_end(j);
}

static void print_note(struct arena *a, const struct draft_note *n, FILE *to)
{
    struct slice dn = escape_rest(a, n->problem.dn, VALUE_SHOWN),
                 attribute = escape_text(a, n->problem.attribute, VALUE_SHOWN),
                 value = escape_text(a, n->problem.value, VALUE_SHOWN),
                 reason = escape_text(a, n->problem.reason, REASON_SHOWN);
    fprintf(to, "%s:%u: %s%.*s: %.*s: %.*s: %.*s\n", n->file, n->line, n->warning ? "warning: " : "", SLICE_ARGS(dn),
            SLICE_ARGS(attribute), SLICE_ARGS(value), SLICE_ARGS(reason));
}

void draft_print_notes(const struct drafts *d, FILE *to)
{
    for (size_t i = 0; i < d->notes.count; i++)
        print_note(d->ctl->arena, &d->notes.items[i], to);
}

void draft_complain(struct drafts *d, const struct ldif_record *r, bool warning, const char *attribute,
                    struct slice value, struct slice reason)
{
    struct problem p = {r->dn, slice_of(attribute), value, reason};
    note(d, warning, ldif_line_of(r, p.attribute, value), &p);
}

/* What could not even be judged. */
static void refuse(struct drafts *d, unsigned line, const char *reason)
{
    d->broken = true;
    ctl_tell(d->ctl, "%s:%u: %s", d->file, line, reason);
}

/* One policy. */

bool draft_knows(void *context, struct slice attribute)
{
    const struct drafts *d = context;
    return !d->ctl->dir || dir_knows_attribute(d->ctl->dir, attribute);
}

static bool has_class(const struct entry *e, const char *name)
{
    struct entry_cursor at = {0};
    struct slice value;
    while (entry_next_value(e, "objectClass", &at, &value))
        if (slice_eq_nocase(value, slice_of(name)))
            return true;
    return false;
}

static bool is_policy_attribute(struct slice name)
{
    const struct schema_attribute *a = schema_attribute_find(name);
    return slice_eq_nocase(name, SLICE_LITERAL("objectClass")) || slice_eq_nocase(name, SLICE_LITERAL("cn")) ||
           slice_eq_nocase(name, SLICE_LITERAL("description")) || (a && (a->classes & SCHEMA_POLICY));
}

/* With further classes an entry may have further attributes, which only the server knows; misspelled ones of ours not.
 */
static void check_attributes(struct drafts *d, const struct ldif_record *r, const struct entry *e)
{
    size_t extra = entry_count(e, "objectClass") - has_class(e, CLASS_POLICY) - has_class(e, "top");
    for (size_t i = 0; i < e->count; i++) {
        struct slice name = e->attributes[i].name;
        bool ours = slice_eq_nocase(slice_upto(name, 7), SLICE_LITERAL("dircert"));
        if (is_policy_attribute(name) || (extra && !ours))
            continue;
        draft_complain(d, r, false, (const char *)arena_copy(d->ctl->arena, name).p, e->attributes[i].values[0],
                       slice_of("the class " CLASS_POLICY " does not have this attribute"));
    }
}

static void check_name(struct drafts *d, const struct ldif_record *r, const struct entry *e)
{
    struct arena *a = d->ctl->arena;
    struct slice name = look_name(r->dn), value;
    struct entry_cursor at = {0};
    bool named = false;
    while (entry_next_value(e, "cn", &at, &value))
        named |= slice_eq_nocase(value, name);
    if (!named)
        draft_complain(d, r, false, "cn", entry_first(e, "cn"),
                       arena_format(a, "the entry needs the cn that its name says, %.*s", SLICE_ARGS(name)));
    struct slice place = arena_format(a, "ou=policies,%.*s", SLICE_ARGS(d->ctl->base));
    if (d->ctl->base.n && !slice_eq_nocase(dn_parent(r->dn), place))
        draft_complain(
            d, r, true, "dn", r->dn,
            arena_format(a, "not directly below %.*s: the daemon does not read it there", SLICE_ARGS(place)));
}

static void check_policy(struct drafts *d, const struct ldif_record *r, const struct entry *e)
{
    problem_list problems = {0};
    struct arena *a = d->ctl->arena;
    if (!dn_ok(r->dn) || r->dn.n == 0) {
        draft_complain(d, r, false, "dn", r->dn, slice_of("not a distinguished name"));
        return;
    }
    check_name(d, r, e);
    check_attributes(d, r, e);
    const struct policy *p = policy_compile(a, e, draft_knows, d, &problems);
    for (size_t i = 0; i < problems.count; i++)
        note(d, false, ldif_line_of(r, problems.items[i].attribute, problems.items[i].value), &problems.items[i]);
    struct ldif_record *kept = ARENA_NEW(a, struct ldif_record);
    *kept = *r;
    *LIST_ADD(a, &d->policies) = (struct draft){p, d->file, d->file_number, kept};
}

/* An entry of another class is none of ours, unless it looks like a policy that forgot to say so. */
static void check_record(struct drafts *d, const struct ldif_record *r)
{
    if (d->takes_deletes && slice_eq_nocase(r->change, SLICE_LITERAL("delete"))) {
        *LIST_ADD(d->ctl->arena, &d->deleted) = r->dn;
        return;
    }
    if (r->change.n && !slice_eq_nocase(r->change, SLICE_LITERAL("add"))) {
        refuse(d, r->line,
               "a change of an entry can't be judged without the rest of it: check the whole entry as it shall be");
        return;
    }
    struct entry e = ldif_entry(d->ctl->arena, r);
    if (has_class(&e, CLASS_POLICY))
        check_policy(d, r, &e);
    else if (entry_count(&e, ATTR_TARGET) && !has_class(&e, CLASS_WAIVER))
        draft_complain(d, r, false, "objectClass", entry_first(&e, "objectClass"),
                       slice_of("has a target like a policy, and not the class " CLASS_POLICY));
    else
        d->skipped++;
}

/* Files. */

static bool load(struct drafts *d, FILE *from, struct slice *text)
{
    uint8_t *octets = arena_alloc(d->ctl->arena, FILE_MOST + 1);
    *text = slice_make(octets, fread(octets, 1, FILE_MOST + 1, from));
    if (ferror(from))
        ctl_tell(d->ctl, "%s: can't be read: %s", d->file, strerror(errno));
    else if (text->n > FILE_MOST)
        ctl_tell(d->ctl, "%s: more than %d octets: no file of policies is that long", d->file, FILE_MOST);
    else
        return true;
    return false;
}

static void check_text(struct drafts *d, struct slice text)
{
    struct ldif_reader reader = ldif_open(text);
    struct ldif_record record;
    struct ldif_complaint complaint;
    size_t records = 0;
    for (enum ldif_result r; (r = ldif_next(d->ctl->arena, &reader, &record, &complaint)) != LDIF_END; records++) {
        if (r == LDIF_BROKEN)
            refuse(d, complaint.line, complaint.reason);
        else
            check_record(d, &record);
    }
    if (records == 0)
        refuse(d, 1, "there is no entry in it");
}

void draft_read(struct drafts *d, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *from = standard ? stdin : fopen(path, "re");
    struct slice text;
    d->file = standard ? "standard input" : path;
    if (!from) {
        d->unread = true;
        ctl_tell(d->ctl, "%s: %s", path, strerror(errno));
        return;
    }
    if (load(d, from, &text))
        check_text(d, text);
    else
        d->unread = true;
    if (!standard)
        fclose(from);
}

static bool knows_all(void *context, struct slice attribute)
{
    (void)context, (void)attribute;
    return true;
}

const struct policy *draft_default(struct arena *a)
{
    static const struct slice cn = SLICE_LITERAL("default"), target = SLICE_LITERAL("ldap:///??sub?(objectClass=*)");
    static const struct attribute attributes[] = {{SLICE_LITERAL("cn"), SLICE_LITERAL(""), &cn, 1},
                                                  {SLICE_LITERAL(ATTR_TARGET), SLICE_LITERAL(""), &target, 1}};
    const struct entry entry = {SLICE_LITERAL("cn=default"), attributes, 2};
    problem_list none = {0};
    return policy_compile(a, &entry, knows_all, NULL, &none);
}
