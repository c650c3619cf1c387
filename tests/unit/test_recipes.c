/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files in conf/ that administrators take as they stand: both forms of the access control say the same, and the
 * first policies compile, also with the lines that they offer in comments.
 */
#include "core/policy.h"
#include "core/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT_ROOM = 32 * 1024, LINES = 128 };

static char *file_text(const char *name)
{
    char path[4096], *text = test_calloc(1, TEXT_ROOM);
    snprintf(path, sizeof path, "%s/conf/%s", SOURCE_DIR, name);
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s can't be read", path);
    text[fread(text, 1, TEXT_ROOM - 1, f)] = '\0';
    fclose(f);
    return text;
}

/* Logical lines: comments dropped, continuations joined, runs of blanks made one. */
struct lines {
    char *text[LINES];
    size_t count;
};

static void append(char *to, size_t room, const char *from)
{
    size_t n = strlen(to);
    for (; *from && n + 1 < room; from++)
        if (*from != ' ' || (n && to[n - 1] != ' '))
            to[n++] = *from;
    to[n] = '\0';
}

static void read_lines(struct lines *l, const char *file)
{
    char *text = file_text(file), *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (*line == '#' || *line == '\0')
            continue;
        if (*line != ' ')
            l->text[l->count++] = test_calloc(1, TEXT_ROOM);
        assert_true(l->count && l->count < LINES);
        append(l->text[l->count - 1], TEXT_ROOM, line);
    }
    test_free(text);
}

static void free_lines(struct lines *l)
{
    while (l->count)
        test_free(l->text[--l->count]);
}

/* The rest of the next line from *at that begins so; NULL when there is none. */
static const char *next_line(const struct lines *l, size_t *at, const char *start)
{
    size_t n = strlen(start);
    while (*at < l->count) {
        const char *line = l->text[(*at)++];
        if (strncmp(line, start, n) == 0)
            return line + n;
    }
    return NULL;
}

/* Debian's own first rules stay before the recipe in cn=config, so the one about passwords is in slapd.conf's form only. */
static void both_forms_of_the_access_control_agree(void **state)
{
    (void)state;
    struct lines conf = {0}, ldif = {0};
    size_t at = 0, there = 0, number = 2;
    read_lines(&conf, "slapd-acl.conf");
    read_lines(&ldif, "slapd-acl.ldif");
    for (const char *rule; (rule = next_line(&conf, &at, "access ")); ) {
        if (strstr(rule, "to attrs=userPassword"))
            continue;
        char start[32];
        snprintf(start, sizeof start, "olcAccess: {%zu}", number++);
        const char *twin = next_line(&ldif, &there, start);
        if (!twin || strcmp(rule, twin) != 0)
            fail_msg("%s\nis not the same as %s\n%s", rule, start, twin ? twin : "nothing");
    }
    assert_true(number > 10);
    assert_null(next_line(&ldif, &there, "olcAccess: "));
    at = there = 0;
    assert_string_equal(next_line(&conf, &at, "limits "), next_line(&ldif, &there, "olcLimits: {0}"));
    at = there = 0;
    assert_string_equal(next_line(&conf, &at, "add_content_acl "), "on");
    assert_string_equal(next_line(&ldif, &there, "olcAddContentAcl: "), "TRUE");
    free_lines(&conf);
    free_lines(&ldif);
}

#define BIT(owner) (1u << (owner))

/* The rules that name attributes of requests name those that the schema gives to these owners, and no others. */
static void access_control_names_the_owners_attributes(void **state)
{
    (void)state;
    static const struct {
        unsigned owners;
        const char *who;
    } rows[] = {{BIT(OWNER_DAEMON_ONCE) | BIT(OWNER_DAEMON_REVISED) | BIT(OWNER_DAEMON_MOVING), "dn.exact=\"cn=dircertd,"},
                {BIT(OWNER_APPROVER), "group.exact=\"cn=dircertd-approvers,"},
                {BIT(OWNER_FULFILLER), "group.exact=\"cn=dircertd-fulfillers,"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lines conf = {0};
        const struct schema_attribute *a;
        char expected[1024] = "attrs=";
        size_t at = 0;
        for (size_t k = 0; (a = schema_attribute_at(k)); k++)
            if (a->classes & SCHEMA_REQUEST && BIT(a->owner) & rows[i].owners) {
                append(expected, sizeof expected, expected[6] ? "," : "");
                append(expected, sizeof expected, a->name);
            }
        append(expected, sizeof expected, " by ");
        append(expected, sizeof expected, rows[i].who);
        read_lines(&conf, "slapd-acl.conf");
        const char *rule;
        do
            rule = next_line(&conf, &at, "access to dn.children=");
        while (rule && !strstr(rule, expected));
        if (!rule)
            fail_msg("no rule of conf/slapd-acl.conf has: %s", expected);
        free_lines(&conf);
    }
}

/* One entry in LDIF without folded or base64 lines; `offered`: with the lines that "## " turns into comments. */
static struct entry read_entry(struct arena *a, const char *file, bool offered)
{
    char *text = file_text(file), *rest = text;
    LIST_OF(struct attribute) attributes = {0};
    struct slice dn = {NULL, 0};
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (offered && strncmp(line, "## dircert", 10) == 0)
            line += 3;
        char *value = strstr(line, ": ");
        if (*line == '#' || !value)
            continue;
        struct slice *copy = ARENA_NEW(a, struct slice), name = arena_copy(a, slice_make(line, (size_t)(value - line)));
        *copy = arena_copy(a, slice_of(value + 2));
        if (slice_eq(name, SLICE_LITERAL("dn")))
            dn = *copy;
        else
            *LIST_ADD(a, &attributes) = (struct attribute){.name = name, .values = copy, .count = 1};
    }
    test_free(text);
    return (struct entry){dn, attributes.items, attributes.count};
}

static bool knows_all(void *context, struct slice attribute)
{
    (void)context;
    return attribute.n > 0;
}

static void compile(const char *file, bool offered)
{
    struct arena a = {NULL};
    problem_list problems = {0};
    struct entry e = read_entry(&a, file, offered);
    const struct policy *p = policy_compile(&a, &e, knows_all, NULL, &problems);
    for (size_t i = 0; i < problems.count; i++)
        print_error("%s: %.*s: %.*s\n", file, SLICE_ARGS(problems.items[i].attribute),
                    SLICE_ARGS(problems.items[i].reason));
    assert_int_equal(problems.count, 0);
    assert_int_equal(p->mode, MODE_AUDIT);
    assert_true(p->target_count > 0);
    for (size_t i = 0; i < e.count; i++) {
        const struct schema_attribute *row = schema_attribute_find(e.attributes[i].name);
        assert_true(row ? row->classes & SCHEMA_POLICY : !slice_starts(e.attributes[i].name, SLICE_LITERAL("dircert")));
    }
    arena_free(&a);
}

static void the_first_policies_compile(void **state)
{
    (void)state;
    static const char *const files[] = {"policy-servers.ldif", "policy-people.ldif"};
    for (size_t i = 0; i < 2; i++) {
        compile(files[i], false);
        compile(files[i], true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_of_the_access_control_agree),
        cmocka_unit_test(access_control_names_the_owners_attributes),
        cmocka_unit_test(the_first_policies_compile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
