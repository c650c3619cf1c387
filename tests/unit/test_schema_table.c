/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files in schema/ against the table in core/schema.c.  Rendered: each file must be what the table says, octet by
 * octet; `test_schema_table --write` makes them anew.  Read back, with libldap's parser and not our own writer: every
 * definition has its row and every row its definition, in both forms.
 */
#include "core/policy.h"
#include "core/schema.h"

#include <ldap.h>
#include <ldap_schema.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT_ROOM = 64 * 1024, DEFINITIONS = 128 };

struct text {
    char *p;
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    t->n += (size_t)vsnprintf(t->p + t->n, TEXT_ROOM - t->n, format, ap);
    va_end(ap);
    assert_true(t->n < TEXT_ROOM);
}

struct form {
    const char *file;
    bool ldif;     /* cn=config's form, otherwise slapd.conf's */
    bool hostname; /* dNSHostName alone, otherwise all but that */
};

static const struct form forms[] = {
    {"dircertd.schema", false, false},
    {"dircertd.ldif", true, false},
    {"dnshostname.schema", false, true},
    {"dnshostname.ldif", true, true},
};

/* Headings, each before the first number of its group. */
static const struct {
    unsigned from;
    const char *text;
} headings[] = {
    {1, "dircertPolicy: whom it governs, and how; in parentheses what holds without it"},
    {20, "dircertPolicy: what follows from a finding, and the guards"},
    {40, "dircertPolicy: what is checked; nothing is unless an attribute turns it on"},
    {100, "dircertRequest: written by the daemon when the entry is made"},
    {120, "dircertRequest: revised by the daemon until submission"},
    {140, "dircertRequest: written by the daemon as the request moves"},
    {160, "dircertRequest: written by the approver"},
    {180, "dircertRequest: written by the fulfiller"},
    {200, "dircertInstance: written by the daemon"},
    {220, "dircertWaiver: written by administrators"},
    {240, "dircertControl: written by administrators"},
};

/* An empty line would end the entry in LDIF. */
static void put_heading(struct text *t, const struct form *f, unsigned before, unsigned number)
{
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        if (headings[i].from > before && headings[i].from <= number)
            put(t, "%s# %s\n", f->ldif ? "" : "\n", headings[i].text);
}

static void put_preamble(struct text *t, const struct form *f)
{
    put(t, "# SPDX-License-Identifier: Apache-2.0\n# Made from src/core/schema.c by test_schema_table --write; ");
    put(t, f->ldif ? "for cn=config (ldapadd).\n" : "for slapd.conf (include).\n");
    if (f->hostname)
        put(t, "# dNSHostName with the OID and syntax that Active Directory gave it, and with matching rules, so that\n"
               "# filters find it.  Not beside msuser, which defines it too (without rules: there only dircertd itself\n"
               "# compares host names).\n");
    else
        put(t, "# Needs core, and dnshostname or msuser (for dNSHostName) before it.\n");
    if (f->ldif)
        put(t, "dn: cn=%s,cn=schema,cn=config\nobjectClass: olcSchemaConfig\ncn: %s\n",
            f->hostname ? "dnshostname" : "dircertd", f->hostname ? "dnshostname" : "dircertd");
}

static void put_attribute(struct text *t, const struct form *f, const struct schema_attribute *a)
{
    const struct schema_rules *r = schema_rules_of(a->syntax);
    put(t, "%s", f->ldif ? "olcAttributeTypes: ( " : "attributetype ( ");
    if (a->number)
        put(t, "%s.1.%u\n", SCHEMA_OID, a->number);
    else
        put(t, "%s\n", SCHEMA_OID_DNSHOST);
    put(t, "  NAME '%s'\n  DESC '%s'\n  EQUALITY %s\n", a->name, a->meaning, r->equality);
    if (r->ordering)
        put(t, "  ORDERING %s\n", r->ordering);
    if (r->substrings)
        put(t, "  SUBSTR %s\n", r->substrings);
    put(t, "  SYNTAX %s%s )\n", r->oid, a->multi ? "" : "\n  SINGLE-VALUE");
}

/* The names of a class, in the order of the table: first those defined elsewhere, then ours. */
static void put_names(struct text *t, const char *keyword, const struct schema_object_class *c, bool required)
{
    const char *first = required ? c->must : c->may, *mark = "";
    struct text list = {.p = test_malloc(TEXT_ROOM)};
    if (first) {
        put(&list, "%s", first);
        mark = " $\n    ";
    }
    const struct schema_attribute *a;
    for (size_t i = 0; (a = schema_attribute_at(i)); i++)
        if (a->classes & c->bit && !(a->required & c->bit) == !required) {
            put(&list, "%s%s", mark, a->name);
            mark = " $\n    ";
        }
    if (list.n)
        put(t, "\n  %s ( %s )", keyword, list.p);
    test_free(list.p);
}

static void put_class(struct text *t, const struct form *f, const struct schema_object_class *c)
{
    put(t, "%s%s.2.%u\n  NAME '%s'\n  DESC '%s'\n  SUP top\n  %s", f->ldif ? "olcObjectClasses: ( " : "objectclass ( ",
        SCHEMA_OID, c->number, c->name, c->meaning, c->auxiliary ? "AUXILIARY" : "STRUCTURAL");
    put_names(t, "MUST", c, true);
    put_names(t, "MAY", c, false);
    put(t, " )\n");
}

static void render(struct text *t, const struct form *f)
{
    const struct schema_attribute *a;
    unsigned before = 0;
    put_preamble(t, f);
    for (size_t i = 0; (a = schema_attribute_at(i)); i++) {
        if ((a->number == 0) != f->hostname)
            continue;
        put_heading(t, f, before, a->number);
        put_attribute(t, f, a);
        before = a->number;
    }
    if (f->hostname)
        return;
    put(t, "%s# The object classes\n", f->ldif ? "" : "\n");
    const struct schema_object_class *c;
    for (size_t i = 0; (c = schema_class_at(i)); i++)
        put_class(t, f, c);
}

static FILE *file_open(const struct form *f, const char *mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/schema/%s", SOURCE_DIR, f->file);
    FILE *file = fopen(path, mode);
    if (!file)
        perror(path);
    return file;
}

static struct text file_text(const struct form *f)
{
    struct text t = {.p = test_calloc(1, TEXT_ROOM)};
    FILE *file = file_open(f, "r");
    assert_non_null(file);
    t.n = fread(t.p, 1, TEXT_ROOM - 1, file);
    fclose(file);
    return t;
}

static void files_are_what_the_table_says(void **state)
{
    const struct form *f = *state;
    struct text file = file_text(f), table = {.p = test_calloc(1, TEXT_ROOM)};
    render(&table, f);
    if (strcmp(file.p, table.p) != 0)
        fail_msg("schema/%s is not what src/core/schema.c says; run test_schema_table --write", f->file);
    test_free(file.p);
    test_free(table.p);
}

/* What stands in a file: the definitions, each on one line of its own. */
struct definitions {
    LDAPAttributeType *attributes[DEFINITIONS];
    LDAPObjectClass *classes[DEFINITIONS];
    size_t attribute_count, class_count;
};

static void read_definition(struct definitions *d, const char *line)
{
    static const char *const attribute_words[] = {"attributetype ", "olcAttributeTypes: "};
    static const char *const class_words[] = {"objectclass ", "olcObjectClasses: "};
    const char *where = "";
    int code = 0;
    assert_true(d->attribute_count < DEFINITIONS && d->class_count < DEFINITIONS);
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(attribute_words[i]), m = strlen(class_words[i]);
        if (strncmp(line, attribute_words[i], n) == 0) {
            d->attributes[d->attribute_count++] = ldap_str2attributetype(line + n, &code, &where, LDAP_SCHEMA_ALLOW_NONE);
            assert_non_null(d->attributes[d->attribute_count - 1]);
        } else if (strncmp(line, class_words[i], m) == 0) {
            d->classes[d->class_count++] = ldap_str2objectclass(line + m, &code, &where, LDAP_SCHEMA_ALLOW_NONE);
            assert_non_null(d->classes[d->class_count - 1]);
        }
    }
}

/* Drops comments, unfolds (a continuation begins with a blank), hands on each logical line. */
static void read_definitions(struct definitions *d, const struct form *f)
{
    struct text file = file_text(f), line = {.p = test_calloc(1, TEXT_ROOM)};
    char *rest = file.p;
    for (char *part; (part = strsep(&rest, "\n"));) {
        if (*part == '#')
            continue;
        if (*part != ' ') {
            read_definition(d, line.p);
            line.n = 0;
        }
        put(&line, "%s", part);
    }
    read_definition(d, line.p);
    test_free(file.p);
    test_free(line.p);
}

static void free_definitions(struct definitions *d)
{
    for (size_t i = 0; i < d->attribute_count; i++)
        ldap_attributetype_free(d->attributes[i]);
    for (size_t i = 0; i < d->class_count; i++)
        ldap_objectclass_free(d->classes[i]);
}

static void assert_same(const char *who, const char *what, const char *file, const char *table)
{
    if (!file != !table || (file && strcmp(file, table) != 0))
        fail_msg("%s: %s is %s in the file and %s in the table", who, what, file ? file : "nothing",
                 table ? table : "nothing");
}

static void assert_attribute(const LDAPAttributeType *t)
{
    const struct schema_attribute *a = schema_attribute_find(slice_of(t->at_names[0]));
    if (!a)
        fail_msg("%s has no row", t->at_names[0]);
    const struct schema_rules *r = schema_rules_of(a->syntax);
    char oid[128];
    snprintf(oid, sizeof oid, "%s.1.%u", SCHEMA_OID, a->number);
    assert_null(t->at_names[1]);
    assert_same(a->name, "the name", t->at_names[0], a->name);
    assert_same(a->name, "the OID", t->at_oid, a->number ? oid : SCHEMA_OID_DNSHOST);
    assert_same(a->name, "DESC", t->at_desc, a->meaning);
    assert_same(a->name, "SYNTAX", t->at_syntax_oid, r->oid);
    assert_same(a->name, "EQUALITY", t->at_equality_oid, r->equality);
    assert_same(a->name, "ORDERING", t->at_ordering_oid, r->ordering);
    assert_same(a->name, "SUBSTR", t->at_substr_oid, r->substrings);
    assert_int_equal(t->at_single_value != 0, !a->multi);
    assert_int_equal(t->at_usage, LDAP_SCHEMA_USER_APPLICATIONS);
}

static bool is_listed(char *const *list, const char *name)
{
    for (; list && *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

static size_t length(char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

static size_t words(const char *text)
{
    struct slice rest = slice_of(text), word;
    size_t n = 0;
    while (slice_word(&rest, &word))
        n++;
    return n;
}

static void assert_class(const LDAPObjectClass *o, const struct schema_object_class *c)
{
    size_t must = words(c->must), may = words(c->may);
    const struct schema_attribute *a;
    assert_string_equal(o->oc_names[0], c->name);
    assert_int_equal(o->oc_kind, c->auxiliary ? LDAP_SCHEMA_AUXILIARY : LDAP_SCHEMA_STRUCTURAL);
    for (size_t i = 0; (a = schema_attribute_at(i)); i++) {
        bool required = (a->required & c->bit) != 0, optional = !required && (a->classes & c->bit);
        if (is_listed(o->oc_at_oids_must, a->name) != required || is_listed(o->oc_at_oids_may, a->name) != optional)
            fail_msg("%s in %s: the file and the table disagree", a->name, c->name);
        must += required, may += optional;
    }
    assert_int_equal(length(o->oc_at_oids_must), must);
    assert_int_equal(length(o->oc_at_oids_may), may);
}

static size_t count_attributes(bool hostname)
{
    const struct schema_attribute *a;
    size_t n = 0;
    for (size_t i = 0; (a = schema_attribute_at(i)); i++)
        n += (a->number == 0) == hostname;
    return n;
}

/* The names are different (a server would not load the file otherwise), so equal numbers mean the same set. */
static void files_hold_the_table_and_nothing_else(void **state)
{
    const struct form *f = *state;
    struct definitions d = {0};
    read_definitions(&d, f);
    assert_int_equal(d.attribute_count, count_attributes(f->hostname));
    for (size_t i = 0; i < d.attribute_count; i++) {
        assert_attribute(d.attributes[i]);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(d.attributes[k]->at_names[0], d.attributes[i]->at_names[0]);
    }
    for (size_t i = 0; i < d.class_count; i++)
        assert_class(d.classes[i], schema_class_at(i));
    assert_true(f->hostname ? d.class_count == 0 : schema_class_at(d.class_count) == NULL);
    free_definitions(&d);
}

static void the_table_is_sound(void **state)
{
    (void)state;
    const struct schema_attribute *a, *before = NULL;
    for (size_t i = 0; (a = schema_attribute_at(i)); before = a, i++) {
        assert_true(!before || before->number < a->number);
        assert_ptr_equal(schema_attribute_find(slice_of(a->name)), a);
        assert_true(a->classes != 0 && (a->required & ~a->classes) == 0);
        assert_null(strpbrk(a->meaning, "'\\\n"));
        bool daemon_or_person = a->classes & (SCHEMA_REQUEST | SCHEMA_INSTANCE);
        assert_true(daemon_or_person == (a->owner != OWNER_ADMINISTRATOR));
    }
    assert_null(schema_attribute_find(SLICE_LITERAL("dircertStat")));
    assert_null(schema_attribute_find(SLICE_LITERAL("")));
    assert_non_null(schema_attribute_find(SLICE_LITERAL("DIRCERTSTATE")));
    a = schema_attribute_find(SLICE_LITERAL(ATTR_CERTIFICATE_SHA256));
    assert_int_equal(schema_owner_in(a, SCHEMA_REQUEST), OWNER_DAEMON_REVISED);
    assert_int_equal(schema_owner_in(a, SCHEMA_WAIVER), OWNER_ADMINISTRATOR);
}

/* The compiler of policies has a table of its own: the same attributes, and what takes one value takes one there. */
static void policies_know_the_same_attributes(void **state)
{
    (void)state;
    size_t count, ours = 0;
    const struct policy_attribute *rows = policy_attributes(&count);
    const struct schema_attribute *a;
    for (size_t i = 0; (a = schema_attribute_at(i)); i++)
        ours += (a->classes & SCHEMA_POLICY) != 0;
    assert_int_equal(count, ours);
    for (size_t i = 0; i < count; i++) {
        a = schema_attribute_find(slice_of(rows[i].name));
        if (!a || !(a->classes & SCHEMA_POLICY))
            fail_msg("%s is no attribute of a policy in the schema", rows[i].name);
        if (rows[i].multi != a->multi)
            fail_msg("%s: several values in one table, one in the other", rows[i].name);
    }
}

static int write_files(void)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct text t = {.p = calloc(1, TEXT_ROOM)};
        FILE *file = file_open(&forms[i], "w");
        if (!t.p || !file)
            return 1;
        render(&t, &forms[i]);
        fputs(t.p, file);
        free(t.p);
        if (fclose(file) != 0)
            return 1;
    }
    return 0;
}

#define FORM_TEST(test, form) {#test ": " form_name_##form, test, NULL, NULL, (void *)(uintptr_t)&forms[form]}
#define form_name_0           "dircertd.schema"
#define form_name_1           "dircertd.ldif"
#define form_name_2           "dnshostname.schema"
#define form_name_3           "dnshostname.ldif"

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(policies_know_the_same_attributes),
        FORM_TEST(files_are_what_the_table_says, 0),
        FORM_TEST(files_are_what_the_table_says, 1),
        FORM_TEST(files_are_what_the_table_says, 2),
        FORM_TEST(files_are_what_the_table_says, 3),
        FORM_TEST(files_hold_the_table_and_nothing_else, 0),
        FORM_TEST(files_hold_the_table_and_nothing_else, 1),
        FORM_TEST(files_hold_the_table_and_nothing_else, 2),
        FORM_TEST(files_hold_the_table_and_nothing_else, 3),
    };
    if (argc == 2 && strcmp(argv[1], "--write") == 0)
        return write_files();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
