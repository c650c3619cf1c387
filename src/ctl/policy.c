/* SPDX-License-Identifier: Apache-2.0 */
/* policy: what is wrong with a policy before it is stored, and one to begin with. */
#include "base/dn.h"
#include "base/escape.h"
#include "core/schema.h"
#include "ctl/commands.h"
#include "ctl/ldif.h"
#include "ctl/look.h"
#include "ctl/table.h"
#include "ctl/template.h"

#include <errno.h>
#include <stdlib.h>

enum { FILE_MOST = 4 << 20, VALUE_SHOWN = 512, REASON_SHOWN = 1024 };

/* A policy of the files, or a stored one. */
struct candidate {
    const struct policy *policy;
    const char *file; /* NULL: it is in the directory */
    size_t file_number;
    const struct ldif_record *record;
};

/* What is to be told, in the order of the files and their lines. */
struct note {
    bool warning;
    const char *file;
    size_t file_number, number;
    unsigned line;
    struct problem problem;
};

struct checking {
    struct ctl *ctl;
    const char *file; /* that is being read */
    size_t file_number;
    LIST_OF(struct note) notes;
    LIST_OF(struct candidate) policies;
    size_t problems, skipped;
    bool unread; /* something could not be read, or not be judged */
};

/* Telling. */

static void note(struct checking *c, bool warning, unsigned line, const struct problem *p)
{
    c->problems += !warning;
    struct note *n = LIST_ADD(c->ctl->arena, &c->notes);
    *n = (struct note){warning, c->file, c->file_number, c->notes.count, line, *p};
}

static int note_order(const void *a, const void *b)
{
    const struct note *x = a, *y = b;
    if (x->file_number != y->file_number)
        return x->file_number < y->file_number ? -1 : 1;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static void write_note(struct json *j, const struct note *n)
{
    json_object(j, NULL);
    json_text(j, "file", slice_of(n->file));
    json_number(j, "line", n->line);
    json_text(j, "kind", slice_of(n->warning ? "warning" : "problem"));
    json_text(j, "dn", n->problem.dn);
    json_text(j, "attribute", n->problem.attribute);
    json_text(j, "value", n->problem.value);
    json_text(j, "reason", n->problem.reason);
    json_object_end(j);
}

static void print_note(const struct ctl *ctl, const struct note *n)
{
    struct arena *a = ctl->arena;
    struct slice dn = escape_text(a, n->problem.dn, VALUE_SHOWN),
                 attribute = escape_text(a, n->problem.attribute, VALUE_SHOWN),
                 value = escape_text(a, n->problem.value, VALUE_SHOWN),
                 reason = escape_text(a, n->problem.reason, REASON_SHOWN);
    fprintf(ctl->out, "%s:%u: %s%.*s: %.*s: %.*s: %.*s\n", n->file, n->line, n->warning ? "warning: " : "",
            SLICE_ARGS(dn), SLICE_ARGS(attribute), SLICE_ARGS(value), SLICE_ARGS(reason));
}

static void print_notes(struct checking *c)
{
    struct json j = json_open(c->ctl->out);
    if (c->notes.count)
        qsort(c->notes.items, c->notes.count, sizeof *c->notes.items, note_order);
    if (c->ctl->json)
        json_array(&j, NULL);
    for (size_t i = 0; i < c->notes.count; i++)
        if (c->ctl->json)
            write_note(&j, &c->notes.items[i]);
        else
            print_note(c->ctl, &c->notes.items[i]);
    if (!c->ctl->json)
        return;
    json_array_end(&j);
    json_close(&j);
}

static void complain(struct checking *c, const struct ldif_record *r, bool warning, const char *attribute,
                     struct slice value, struct slice reason)
{
    struct problem p = {r->dn, slice_of(attribute), value, reason};
    note(c, warning, ldif_line_of(r, p.attribute, value), &p);
}

/* What could not even be judged. */
static void refuse(struct checking *c, unsigned line, const char *reason)
{
    c->unread = true;
    ctl_tell(c->ctl, "%s:%u: %s", c->file, line, reason);
}

/* One policy. */

static bool knows(void *context, struct slice attribute)
{
    const struct checking *c = context;
    return !c->ctl->dir || dir_knows_attribute(c->ctl->dir, attribute);
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
static void check_attributes(struct checking *c, const struct ldif_record *r, const struct entry *e)
{
    size_t extra = entry_count(e, "objectClass") - has_class(e, CLASS_POLICY) - has_class(e, "top");
    for (size_t i = 0; i < e->count; i++) {
        struct slice name = e->attributes[i].name;
        bool ours = slice_eq_nocase(slice_upto(name, 7), SLICE_LITERAL("dircert"));
        if (is_policy_attribute(name) || (extra && !ours))
            continue;
        complain(c, r, false, (const char *)arena_copy(c->ctl->arena, name).p, e->attributes[i].values[0],
                 slice_of("the class " CLASS_POLICY " does not have this attribute"));
    }
}

static void check_name(struct checking *c, const struct ldif_record *r, const struct entry *e)
{
    struct arena *a = c->ctl->arena;
    struct slice name = look_name(r->dn), value;
    struct entry_cursor at = {0};
    bool named = false;
    while (entry_next_value(e, "cn", &at, &value))
        named |= slice_eq_nocase(value, name);
    if (!named)
        complain(c, r, false, "cn", entry_first(e, "cn"),
                 arena_format(a, "the entry needs the cn that its name says, %.*s", SLICE_ARGS(name)));
    struct slice place = arena_format(a, "ou=policies,%.*s", SLICE_ARGS(c->ctl->base));
    if (c->ctl->base.n && !slice_eq_nocase(dn_parent(r->dn), place))
        complain(c, r, true, "dn", r->dn,
                 arena_format(a, "not directly below %.*s: the daemon does not read it there", SLICE_ARGS(place)));
}

static void check_policy(struct checking *c, const struct ldif_record *r, const struct entry *e)
{
    problem_list problems = {0};
    struct arena *a = c->ctl->arena;
    if (!dn_ok(r->dn) || r->dn.n == 0) {
        complain(c, r, false, "dn", r->dn, slice_of("not a distinguished name"));
        return;
    }
    check_name(c, r, e);
    check_attributes(c, r, e);
    const struct policy *p = policy_compile(a, e, knows, c, &problems);
    for (size_t i = 0; i < problems.count; i++)
        note(c, false, ldif_line_of(r, problems.items[i].attribute, problems.items[i].value), &problems.items[i]);
    struct ldif_record *kept = ARENA_NEW(a, struct ldif_record);
    *kept = *r;
    *LIST_ADD(a, &c->policies) = (struct candidate){p, c->file, c->file_number, kept};
}

/* An entry of another class is none of ours, unless it looks like a policy that forgot to say so. */
static void check_record(struct checking *c, const struct ldif_record *r)
{
    if (r->change.n && !slice_eq_nocase(r->change, SLICE_LITERAL("add"))) {
        refuse(c, r->line,
               "a change of an entry can't be judged without the rest of it: check the whole entry as it shall be");
        return;
    }
    struct entry e = ldif_entry(c->ctl->arena, r);
    if (has_class(&e, CLASS_POLICY))
        check_policy(c, r, &e);
    else if (entry_count(&e, ATTR_TARGET) && !has_class(&e, CLASS_WAIVER))
        complain(c, r, false, "objectClass", entry_first(&e, "objectClass"),
                 slice_of("has a target like a policy, and not the class " CLASS_POLICY));
    else
        c->skipped++;
}

/* Files. */

static bool load(struct checking *c, FILE *from, struct slice *text)
{
    uint8_t *octets = arena_alloc(c->ctl->arena, FILE_MOST + 1);
    *text = slice_make(octets, fread(octets, 1, FILE_MOST + 1, from));
    if (ferror(from))
        ctl_tell(c->ctl, "%s: can't be read: %s", c->file, strerror(errno));
    else if (text->n > FILE_MOST)
        ctl_tell(c->ctl, "%s: more than %d octets: no file of policies is that long", c->file, FILE_MOST);
    else
        return true;
    return false;
}

static void check_text(struct checking *c, struct slice text)
{
    struct ldif_reader reader = ldif_open(text);
    struct ldif_record record;
    struct ldif_complaint complaint;
    size_t records = 0;
    for (enum ldif_result r; (r = ldif_next(c->ctl->arena, &reader, &record, &complaint)) != LDIF_END; records++) {
        if (r == LDIF_BROKEN)
            refuse(c, complaint.line, complaint.reason);
        else
            check_record(c, &record);
    }
    if (records == 0)
        refuse(c, 1, "there is no entry in it");
}

static void check_file(struct checking *c, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *from = standard ? stdin : fopen(path, "re");
    struct slice text;
    c->file = standard ? "standard input" : path;
    if (!from) {
        c->unread = true;
        ctl_tell(c->ctl, "%s: %s", path, strerror(errno));
        return;
    }
    if (load(c, from, &text))
        check_text(c, text);
    else
        c->unread = true;
    if (!standard)
        fclose(from);
}

/* Policies beside each other. */

static bool may_overlap(const struct policy *a, const struct policy *b)
{
    for (size_t i = 0; i < a->target_count; i++)
        for (size_t k = 0; k < b->target_count; k++)
            if (dn_may_be_within(a->targets[i].base, b->targets[k].base) ||
                dn_may_be_within(b->targets[k].base, a->targets[i].base))
                return true;
    return false;
}

static void compare(struct checking *c, const struct candidate *one, const struct candidate *other)
{
    const struct policy *a = one->policy, *b = other->policy;
    c->file = one->file;
    c->file_number = one->file_number;
    if (other->file && slice_eq_nocase(a->dn, b->dn))
        complain(c, one->record, false, "dn", a->dn,
                 arena_format(c->ctl->arena, "the same entry stands in %s, line %u", other->file, other->record->line));
    else if (!a->target_unknown && !b->target_unknown && a->precedence == b->precedence && may_overlap(a, b))
        complain(c, one->record, true, ATTR_PRECEDENCE, arena_format(c->ctl->arena, "%u", a->precedence),
                 arena_format(c->ctl->arena,
                              "the same as that of %.*s (%s): an entry that both govern is left alone by both",
                              SLICE_ARGS(b->dn), other->file ? other->file : "stored"));
}

static bool is_replaced(const struct checking *c, size_t of_files, struct slice dn)
{
    for (size_t i = 0; i < of_files; i++)
        if (slice_eq_nocase(c->policies.items[i].policy->dn, dn))
            return true;
    return false;
}

static void add_stored(struct checking *c, size_t of_files)
{
    struct dir_search search = {.base = look_child(c->ctl, "ou=policies"),
                                .scope = DIR_ONE,
                                .filter = SLICE_LITERAL("(objectClass=" CLASS_POLICY ")")};
    struct fault fault = {{0}};
    entry_list list;
    if (look_search(c->ctl, &search, &list, &fault) != RC_OK) {
        c->unread = true;
        look_failed(c->ctl, "read the stored policies", &fault);
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        problem_list ignored = {0}; /* they are told where stored policies are judged */
        if (!is_replaced(c, of_files, list.items[i].dn))
            *LIST_ADD(c->ctl->arena, &c->policies) =
                (struct candidate){policy_compile(c->ctl->arena, &list.items[i], knows, c, &ignored), NULL, 0, NULL};
    }
}

static void check_together(struct checking *c)
{
    size_t of_files = c->policies.count;
    if (c->ctl->dir && c->ctl->base.n && of_files)
        add_stored(c, of_files);
    for (size_t i = 0; i < of_files; i++) {
        for (size_t k = 0; k < i; k++)
            compare(c, &c->policies.items[i], &c->policies.items[k]);
        for (size_t k = of_files; k < c->policies.count; k++)
            compare(c, &c->policies.items[i], &c->policies.items[k]);
    }
}

/* What the exit code does not say, on standard error. */
static void tell_limits(const struct checking *c, size_t of_files)
{
    if (c->skipped)
        ctl_tell(c->ctl, "%zu entries are no policies and were passed over", c->skipped);
    if (!c->ctl->dir && of_files)
        ctl_tell(c->ctl, "no directory was asked (-H or -c): whether it knows the attributes that filters name, and "
                         "what other policies are stored, was not looked up");
}

static int check(struct ctl *ctl, int argc, char **argv)
{
    struct checking c = {.ctl = ctl};
    if (argc == 0)
        return ctl_usage(ctl, "policy check: expected a file of LDIF, or - for standard input");
    for (int i = 0; i < argc; i++) {
        c.file_number = (size_t)i;
        check_file(&c, argv[i]);
    }
    size_t count = c.policies.count;
    check_together(&c);
    print_notes(&c);
    tell_limits(&c, count);
    if (count == 0 && !c.problems && !c.unread) {
        ctl_tell(ctl, "there is no policy in it");
        return CTL_INCOMPLETE;
    }
    if (!ctl->json && !c.problems && !c.unread)
        fprintf(ctl->out, "%zu %s, no problems\n", count, count == 1 ? "policy" : "policies");
    return c.unread ? CTL_INCOMPLETE : c.problems ? CTL_FINDINGS : CTL_OK;
}

/* The template. */

/* It stands in a DN and in a line of LDIF as it is. */
static bool is_plain(struct slice cn)
{
    for (size_t i = 0; i < cn.n; i++) {
        uint8_t x = ascii_lower(cn.p[i]);
        if (!((x >= 'a' && x <= 'z') || (x >= '0' && x <= '9') || ((x == '-' || x == '_' || x == '.') && i)))
            return false;
    }
    return cn.n > 0;
}

static int print_template(struct ctl *ctl, int argc, char **argv)
{
    struct slice cn = slice_of(argc ? argv[0] : "servers");
    if (argc > 1)
        return ctl_usage(ctl, "unexpected argument \"%s\"; try --help", argv[1]);
    if (!is_plain(cn))
        return ctl_usage(ctl, "\"%s\": expected a cn of letters, digits, '-', '_' and '.'", argv[0]);
    struct slice base = ctl->base.n ? ctl->base : SLICE_LITERAL("ou=dircertd,dc=example,dc=com");
    struct slice text = template_text(ctl->arena, cn, base);
    fwrite(text.p, 1, text.n, ctl->out);
    return CTL_OK;
}

static int run_policy(struct ctl *ctl, int argc, char **argv)
{
    const char *base = ctl_option(ctl, "base"), *word = argc ? argv[0] : "";
    if (base && ctl->base.n == 0)
        ctl->base = slice_of(base);
    if (!dn_ok(ctl->base))
        return ctl_usage(ctl, "-b: \"%s\" is not a distinguished name", base);
    if (strcmp(word, "check") == 0)
        return check(ctl, argc - 1, argv + 1);
    if (strcmp(word, "template") == 0)
        return print_template(ctl, argc - 1, argv + 1);
    return ctl_usage(ctl, "policy: expected check FILE... or template [NAME]; try --help");
}

const struct ctl_command command_policy = {
    .name = "policy",
    .arguments = "check FILE...|template [NAME]",
    .does = "Tells what is wrong with a policy before it is stored, or prints one to begin with",
    .help =
        "check reads LDIF (- is standard input) and prints one line for each problem,\n"
        "\"<file>:<line>: <dn>: <attribute>: <value>: <reason>\".  With a directory (-H or -c) it also looks up the\n"
        "attributes that filters name, and compares with the policies that are stored.  Ends with 4 where there\n"
        "are problems, with 2 where something could not be read or judged; warnings change nothing.\n"
        "template prints LDIF with every attribute, its values and its default, in audit mode.\n",
    .directory = CTL_MAY_USE_DIRECTORY,
    .run = run_policy,
};
