/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manual pages against the tables in the code.  Between `.\" table NAME` and `.\" end of table` a page must be what
 * its table says, octet by octet; `test_manual --write` makes these parts anew and leaves the rest alone.  All pages
 * are read by mandoc, and what it warns of fails.
 */
#include "conf/conf.h"
#include "core/check.h"
#include "core/policy.h"
#include "core/schema.h"
#include "ctl/ctl.h"
#include "run/events.h"
#include "support/command.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT_ROOM = 256 * 1024, COLUMNS = 78 };

#define COUNT(list) (sizeof(list) / sizeof *(list))

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
    if (t->n >= TEXT_ROOM)
        abort();
}

/*
 * A word in running text.  A control character of roff at the beginning of a line would make it a request; a plain
 * hyphen may be broken behind, or be printed as one that is no ASCII, and nobody could copy the name then.
 */
static void put_word(struct text *t, struct slice word, bool first)
{
    if (first && (word.p[0] == '.' || word.p[0] == '\''))
        put(t, "\\&");
    for (size_t i = 0; i < word.n; i++)
        if (word.p[i] == '\\')
            put(t, "\\e");
        else if (word.p[i] == '-')
            put(t, "\\-");
        else
            put(t, "%c", word.p[i]);
}

/* Ends a sentence: a stop, and behind it a blank and a capital letter, two blanks, or nothing. */
static bool is_end(struct slice word, struct slice rest)
{
    if (word.p[word.n - 1] != '.')
        return false;
    return rest.n < 2 || rest.p[0] == '\n' || rest.p[1] == ' ' || (rest.p[1] >= 'A' && rest.p[1] <= 'Z');
}

/* Lines of a page: a new one for each sentence. */
__attribute__((format(printf, 2, 3))) static void put_prose(struct text *t, const char *format, ...)
{
    char text[4096];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    struct slice rest = slice_of(text), word;
    size_t column = 0;
    while (slice_word(&rest, &word)) {
        if (column && column + 1 + word.n > COLUMNS) {
            put(t, "\n");
            column = 0;
        }
        put(t, "%s", column ? " " : "");
        put_word(t, word, column == 0);
        column += word.n + (column > 0);
        if (is_end(word, rest)) {
            put(t, "\n");
            column = 0;
        }
    }
    if (column)
        put(t, "\n");
}

/* "a, b, c" of "a b c". */
static const char *listed(const char *words)
{
    static char list[2048];
    struct slice rest = slice_of(words), word;
    size_t n = 0;
    list[0] = '\0';
    while (slice_word(&rest, &word) && n < sizeof list)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%.*s", n ? ", " : "", SLICE_ARGS(word));
    return list;
}

static void put_list(struct text *t, bool begins)
{
    put(t, "%s", begins ? ".Bl -tag -width Ds\n" : ".El\n");
}

static void put_events(struct text *t)
{
    put_list(t, true);
    for (unsigned e = 0; e < EVENT_COUNT; e++) {
        const struct event_row *row = event_row((enum event)e);
        put(t, ".It Sy %s Pq %s\n", row->name, e == EVENT_FINDING ? "of the check" : severity_name(row->severity));
        put_prose(t, "%s", row->meaning);
        if (strcmp(row->advice, "None.") != 0) {
            put(t, ".Pp\n.Em To do :\n");
            put_prose(t, "%s", row->advice);
        }
        put(t, ".Pp\n.Em Fields :\n");
        put_prose(t, "%s.", listed(row->fields));
    }
    put_list(t, false);
}

static void put_fields(struct text *t)
{
    size_t count;
    const struct event_field *fields = event_fields(&count);
    put_list(t, true);
    for (size_t i = 0; i < count; i++) {
        put(t, ".It Sy %s\n", fields[i].key);
        put_prose(t, "%s.", fields[i].meaning);
    }
    put_list(t, false);
}

static void put_policy_values(struct text *t, const struct policy_attribute *a)
{
    switch (a->type) {
    case POLICY_TARGET:
        put_prose(t,
                  "Values: LDAP URLs without a host; the scope is base, one or sub, and base where it is not given.");
        break;
    case POLICY_INTEGER:
        put_prose(t, "Values: %lld to %lld%s%s.", (long long)a->least, (long long)a->most, a->unit[0] ? " " : "",
                  a->unit);
        break;
    case POLICY_KEYWORD:
        put_prose(t, "Values: %s.", listed(a->keywords));
        break;
    case POLICY_NAMES:
        put_prose(t, "Values: 1 to 8 attribute names between blanks.");
        break;
    case POLICY_FINDING:
        put_prose(t, "Values: <check> <action> [<reason>], one for each check.");
        put_prose(t, "Reasons:");
        for (unsigned r = REASON_NONE + 1; r < REASON_COUNT; r++)
            put_prose(t, "%s%s", reason_name((enum reason)r), r + 1 < REASON_COUNT ? "," : ".");
        break;
    case POLICY_APPROVAL:
        put_prose(t, "Values: %s.", a->keywords);
        break;
    case POLICY_RELEASE:
        put_prose(t, "Values: <revision> <count> <until>, as a hold names them.");
        break;
    case POLICY_DURATION:
    case POLICY_ALGORITHM:
    case POLICY_DISTINGUISHED_NAME:
        put_prose(t, "Values: %s.", a->form);
        break;
    }
}

static void put_policy(struct text *t)
{
    size_t count;
    const struct policy_attribute *rows = policy_attributes(&count);
    put_list(t, true);
    for (size_t i = 0; i < count; i++) {
        const struct schema_attribute *s = schema_attribute_find(slice_of(rows[i].name));
        put(t, ".It Sy %s Pq %s\n", rows[i].name, s->multi ? "several values" : "one value");
        put_prose(t, "%s.", s->meaning);
        put(t, ".Pp\n");
        put_policy_values(t, &rows[i]);
        if (rows[i].fallback)
            put_prose(t, "Default: %s.", rows[i].fallback);
        if (rows[i].citation[0] && strcmp(rows[i].citation, "-") != 0)
            put_prose(t, "Source: %s.", rows[i].citation);
    }
    put_list(t, false);
}

static void put_checks(struct text *t)
{
    put_list(t, true);
    for (unsigned id = 0; id < CHECK_COUNT; id++) {
        const struct check *c = check_get((enum check_id)id);
        bool always = strcmp(c->policy_attributes, "-") == 0;
        put(t, ".It Sy %s Pq %s\n", c->name, severity_name(c->severity));
        put_prose(t, "It says: %s.", c->title);
        put_prose(t, "%s%s.", always ? "It is always on" : "It depends on ",
                  always ? "" : listed(c->policy_attributes));
        put_prose(t, "%s", c->may_revoke ? "" : "No action of it revokes.");
        put(t, ".Pp\n.Em To do :\n");
        put_prose(t, "%s.", c->fix);
        put_prose(t, "Source: %s.", c->citation);
    }
    put_list(t, false);
}

static const char *syntax_words(enum schema_syntax s)
{
    switch (s) {
    case SYNTAX_TEXT:
        return "text";
    case SYNTAX_TEXT_EXACT:
        return "text in which case counts";
    case SYNTAX_INTEGER:
        return "a number";
    case SYNTAX_TIME:
        return "Generalized Time";
    case SYNTAX_BOOLEAN:
        return "TRUE or FALSE";
    case SYNTAX_OCTETS:
        return "octets";
    case SYNTAX_DN:
        return "a DN";
    }
    return "";
}

static const char *owner_words(enum schema_owner o)
{
    switch (o) {
    case OWNER_ADMINISTRATOR:
        return "an administrator";
    case OWNER_DAEMON_ONCE:
        return "the daemon, when the entry is made";
    case OWNER_DAEMON_REVISED:
        return "the daemon, until submission";
    case OWNER_DAEMON_MOVING:
        return "the daemon, with every step";
    case OWNER_APPROVER:
        return "the approver";
    case OWNER_FULFILLER:
        return "the fulfiller";
    }
    return "";
}

static void put_attributes(struct text *t, enum schema_class class)
{
    const struct schema_attribute *a;
    put_list(t, true);
    for (size_t i = 0; (a = schema_attribute_at(i)); i++) {
        if (!(a->classes & class))
            continue;
        put(t, ".It Sy %s Pq %s%s\n", a->name, syntax_words(a->syntax), a->multi ? ", several values" : "");
        put_prose(t, "%s.", a->meaning);
        put_prose(t, "Written by %s.", owner_words(schema_owner_in(a, class)));
    }
    put_list(t, false);
}

static void put_requests(struct text *t)
{
    put_attributes(t, SCHEMA_REQUEST);
}

static void put_others(struct text *t)
{
    const struct schema_object_class *c;
    for (size_t i = 0; (c = schema_class_at(i)); i++) {
        if (c->bit == SCHEMA_POLICY || c->bit == SCHEMA_REQUEST)
            continue;
        put(t, ".Ss %s\n", c->name);
        put_attributes(t, c->bit);
    }
}

static void put_members(struct text *t, const char *word, const struct schema_object_class *c, bool required)
{
    char names[4096];
    const char *elsewhere = required ? c->must : c->may;
    const struct schema_attribute *a;
    size_t n = (size_t)snprintf(names, sizeof names, "%s", elsewhere ? elsewhere : "");
    for (size_t i = 0; (a = schema_attribute_at(i)) && n < sizeof names; i++)
        if (a->classes & c->bit && !(a->required & c->bit) == !required)
            n += (size_t)snprintf(names + n, sizeof names - n, " %s", a->name);
    if (n)
        put_prose(t, "%s %s.", word, listed(names));
}

static void put_classes(struct text *t)
{
    const struct schema_object_class *c;
    put_prose(t, "OIDs are those below %s: .1 with the number of an attribute, .2 with that of a class.", SCHEMA_OID);
    put_list(t, true);
    for (size_t i = 0; (c = schema_class_at(i)); i++) {
        put(t, ".It Sy %s Pq %s, .2.%u\n", c->name, c->auxiliary ? "auxiliary" : "structural", c->number);
        put_prose(t, "%s.", c->meaning);
        put_members(t, "It must have", c, true);
        put_members(t, "It may have", c, false);
    }
    put_list(t, false);
}

static void put_key_values(struct text *t, const struct conf_key *k)
{
    switch (k->type) {
    case CONF_SECTION:
        put_prose(t, "A mapping of the keys that follow.");
        break;
    case CONF_BOOL:
        put_prose(t, "true or false.");
        break;
    case CONF_NUMBER:
        put_prose(t, "A number from %u to %u.", k->least, k->most);
        break;
    case CONF_CHOICE:
        put_prose(t, "One of %s.", listed(k->choices));
        break;
    case CONF_NAME:
        put_prose(t, "%u to %u letters, digits, dots, hyphens and underscores.", k->least, k->most);
        break;
    case CONF_DN:
        put_prose(t, "A DN.");
        break;
    case CONF_PATH:
        put_prose(t, "An absolute path.");
        break;
    case CONF_TARGET:
        put_prose(t, "One of %s, or an absolute path.", listed(k->choices));
        break;
    case CONF_URIS:
        put_prose(t, "A URI or a list of %u to %u: ldap://, ldaps:// or ldapi://, with nothing after host and port.",
                  k->least, k->most);
        break;
    }
}

static void put_keys(struct text *t)
{
    size_t count;
    const struct conf_key *keys = conf_keys(&count);
    put_list(t, true);
    for (size_t i = 0; i < count; i++) {
        put(t, ".It Sy %s\n", keys[i].path);
        put_prose(t, "%s", keys[i].meaning);
        put_key_values(t, &keys[i]);
        if (keys[i].required)
            put_prose(t, "Required.");
        if (keys[i].by_default)
            put_prose(t, "Default: %s.", keys[i].by_default);
    }
    put_list(t, false);
}

static void put_options(struct text *t, const struct ctl_option *o)
{
    for (; o && o->name; o++) {
        put(t, ".It ");
        if (o->letter)
            put(t, "Fl %c , ", o->letter);
        put(t, "Fl \\-%s", o->name);
        put(t, o->argument ? " Ar %s\n" : "\n", o->argument);
        put_prose(t, "%s.", o->does);
    }
}

static void put_ctl_options(struct text *t)
{
    put_list(t, true);
    put_options(t, ctl_options());
    put_list(t, false);
}

static void put_commands(struct text *t)
{
    size_t count;
    const struct ctl_command *const *commands = ctl_commands(&count);
    put_list(t, true);
    for (size_t i = 0; i < count; i++) {
        put(t, ".It Sy %s", commands[i]->name);
        put(t, *commands[i]->arguments ? " No %s\n" : "\n", commands[i]->arguments);
        put_prose(t, "%s.", commands[i]->does);
        if (commands[i]->help)
            put_prose(t, "%s", commands[i]->help);
        if (commands[i]->options && commands[i]->options->name) {
            put_list(t, true);
            put_options(t, commands[i]->options);
            put_list(t, false);
        }
    }
    put_list(t, false);
}

static const struct table {
    const char *name;
    void (*put)(struct text *t);
} tables[] = {
    {"events", put_events},       {"fields", put_fields},     {"policy", put_policy}, {"checks", put_checks},
    {"others", put_others},       {"requests", put_requests}, {"keys", put_keys},     {"classes", put_classes},
    {"options", put_ctl_options}, {"commands", put_commands},
};

static const char *const pages[] = {"dircertd-events.7", "dircertd-schema.5", "dircertd.yaml.5", "dircertctl.8"};

static const struct table *find_table(struct slice name)
{
    for (size_t i = 0; i < COUNT(tables); i++)
        if (slice_eq(name, slice_of(tables[i].name)))
            return &tables[i];
    return NULL;
}

static FILE *page_open(const char *page, const char *mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/src/programs/%s", SOURCE_DIR, page);
    FILE *file = fopen(path, mode);
    if (!file)
        perror(path);
    return file;
}

static bool page_read(const char *page, struct text *t)
{
    FILE *file = page_open(page, "r");
    if (!file)
        return false;
    t->n = fread(t->p, 1, TEXT_ROOM - 1, file);
    t->p[t->n] = '\0';
    return fclose(file) == 0;
}

/* The page with its tables made anew; the number of tables, or -1 for one that nobody knows or that does not end. */
static int render(const struct text *page, struct text *out)
{
    const struct slice begin = SLICE_LITERAL(".\\\" table "), end = SLICE_LITERAL(".\\\" end of table");
    struct slice rest = slice_make(page->p, page->n), line;
    bool inside = false;
    int made = 0;
    while (slice_split(&rest, '\n', &line)) {
        if (slice_eq(line, end))
            inside = false;
        if (inside)
            continue;
        put(out, "%.*s%s", SLICE_ARGS(line), rest.p ? "\n" : "");
        if (!slice_starts(line, begin))
            continue;
        const struct table *table = find_table(slice_from(line, begin.n));
        if (!table)
            return -1;
        table->put(out);
        inside = true;
        made++;
    }
    return inside ? -1 : made;
}

static struct text text_make(void)
{
    struct text t = {.p = calloc(1, TEXT_ROOM)};
    if (!t.p)
        abort();
    return t;
}

static void pages_are_what_the_tables_say(void **state)
{
    (void)state;
    int made = 0;
    for (size_t i = 0; i < COUNT(pages); i++) {
        struct text page = text_make(), wanted = text_make();
        assert_true(page_read(pages[i], &page));
        int tables_here = render(&page, &wanted);
        assert_true(tables_here > 0);
        if (strcmp(page.p, wanted.p) != 0)
            fail_msg("src/programs/%s is not what the tables say; run test_manual --write", pages[i]);
        made += tables_here;
        free(page.p);
        free(wanted.p);
    }
    assert_int_equal(made, COUNT(tables)); /* each in one place */
}

static void mandoc_warns_of_nothing(void **state)
{
    (void)state;
    glob_t found;
    unsigned wrong = 0;
    assert_int_equal(glob(SOURCE_DIR "/src/programs/*.[1-9]", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= COUNT(pages));
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct command_result r = command_run(
            (const char *const[]){"mandoc", "-T", "lint", "-W", "warning", found.gl_pathv[i], NULL}, NULL, NULL, 20);
        if (r.status == 127) {
            print_message("skipped: there is no mandoc on this machine\n");
            command_free(&r);
            globfree(&found);
            skip();
        }
        if (r.status != 0) {
            print_message("%s%s", r.output, r.errors);
            wrong++;
        }
        command_free(&r);
    }
    globfree(&found);
    assert_int_equal(wrong, 0);
}

/* What a reader sees: every name of every table, and nothing that roff took for its own. */
static void a_reader_sees_every_name(void **state)
{
    (void)state;
    static const char *const seen[][2] = {
        {"dircertd-events.7", "log-lost"},         {"dircertd-events.7", "\\xx"},
        {"dircertd-schema.5", "dircertOnFinding"}, {"dircertd-schema.5", "dircertClaimedUntil"},
        {"dircertd-schema.5", "cn-mismatch"},      {"dircertd.yaml.5", "directory.tls.ca_directory"},
        {"dircertctl.8", "--ask-password"},        {"dircertctl.8", "findings"}};
    for (size_t i = 0; i < COUNT(seen); i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/src/programs/%s", SOURCE_DIR, seen[i][0]);
        struct command_result r =
            command_run((const char *const[]){"mandoc", "-T", "ascii", path, NULL}, NULL, NULL, 20);
        if (r.status == 127) {
            print_message("skipped: there is no mandoc on this machine\n");
            command_free(&r);
            skip();
        }
        struct text plain = text_make(); /* a terminal's bold: a letter, a backspace and the letter again */
        for (const char *c = r.output; *c; c++)
            if (c[1] == '\b')
                c++;
            else
                put(&plain, "%c", *c);
        if (!strstr(plain.p, seen[i][1]))
            fail_msg("%s does not show %s", seen[i][0], seen[i][1]);
        free(plain.p);
        command_free(&r);
    }
}

static int write_pages(void)
{
    int code = 0;
    for (size_t i = 0; i < COUNT(pages) && code == 0; i++) {
        struct text page = text_make(), wanted = text_make();
        FILE *file = NULL;
        if (!page_read(pages[i], &page) || render(&page, &wanted) <= 0 || !(file = page_open(pages[i], "w")) ||
            fwrite(wanted.p, 1, wanted.n, file) != wanted.n)
            code = 1;
        if (file && fclose(file) != 0)
            code = 1;
        free(page.p);
        free(wanted.p);
    }
    return code;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_what_the_tables_say),
        cmocka_unit_test(mandoc_warns_of_nothing),
        cmocka_unit_test(a_reader_sees_every_name),
    };
    if (argc == 2 && strcmp(argv[1], "--write") == 0)
        return write_pages();
    return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
