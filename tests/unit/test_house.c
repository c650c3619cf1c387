/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The house's own rules: who may include whom, licences, sizes; and tables, schema, documents and build files that
 * have to say the same.
 */
#include "core/policy.h"
#include "core/schema.h"
#include "run/events.h"
#include "support/jsonl.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

enum { LINES_MOST = 500, FUNCTION_LINES_MOST = 60 };

/* Walking files. */

typedef void file_fn(void *context, const char *path, struct slice text); /* the path is below the source folder */

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

/* Calls each() for the files of one folder whose names end so; returns how many there were. */
static unsigned walk_folder(const char *folder, const char *end, file_fn *each, void *context)
{
    struct arena a = {0};
    unsigned count = 0;
    DIR *d = opendir((const char *)arena_format(&a, "%s/%s", SOURCE_DIR, folder).p);
    assert_non_null(d);
    for (struct dirent *entry; (entry = readdir(d));) {
        if (entry->d_name[0] == '.' || !ends_in(entry->d_name, end))
            continue;
        struct arena_mark mark = arena_mark(&a);
        const char *path = (const char *)arena_format(&a, "%s/%s", folder, entry->d_name).p;
        struct slice text = jsonl_load(&a, (const char *)arena_format(&a, "%s/%s", SOURCE_DIR, path).p);
        if (text.p)
            each(context, path, text);
        count += text.p != NULL;
        arena_reset(&a, mark);
    }
    closedir(d);
    arena_free(&a);
    return count;
}

static struct slice load(struct arena *a, const char *path)
{
    struct slice text = jsonl_load(a, (const char *)arena_format(a, "%s/%s", SOURCE_DIR, path).p);
    if (!text.p)
        fail_msg("%s can't be read", path);
    return text;
}

static bool holds(struct slice text, const char *piece)
{
    return memmem(text.p, text.n, piece, strlen(piece)) != NULL;
}

static bool is_word_octet(uint8_t c)
{
    c = ascii_lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The word, and not only as a part of a longer one. */
static bool holds_word(struct slice text, const char *word)
{
    size_t n = strlen(word);
    for (const uint8_t *at; text.n >= n && (at = memmem(text.p, text.n, word, n));) {
        size_t before = (size_t)(at - text.p), after = before + n;
        if ((before == 0 || !is_word_octet(text.p[before - 1])) && (after == text.n || !is_word_octet(text.p[after])))
            return true;
        text = slice_from(text, before + 1);
    }
    return false;
}

static void complain(unsigned *wrong, const char *path, const char *what, struct slice which)
{
    *wrong += 1;
    print_message("  %s: %s %.*s\n", path, what, SLICE_ARGS(which));
}

/* Includes. */

static const struct folder {
    const char *name;
    const char *may;     /* folders whose headers it may include, besides its own */
    const char *foreign; /* libraries that it may know; the C library's headers everyone may, but see below */
} folders[] = {
    {"base", "", "openssl/evp.h idn2.h"},
    {"core", "base", ""},
    {"conf", "base", "yaml.h"},
    {"dir", "base core", "ldap.h ldap_schema.h lber.h openldap.h"},
    {"x509", "base core", "openssl/ seccomp.h"},
    {"run", "base core conf dir x509", ""},
    {"daemon", "base core conf dir x509 run", "seccomp.h"},
    {"ctl", "base core conf dir x509 run", ""},
    {"programs", "base core conf dir x509 run daemon ctl", ""},
};

static const char *const libraries[] = {"openssl/", "ldap", "lber", "openldap", "yaml", "idn2", "sasl/", "seccomp"};
/* A clock, a log, files, sockets, the environment: parameters in core, never its own. */
static const char *const impure[] = {"stdio.h", "time.h", "sys/time.h", "syslog.h", "fcntl.h", "unistd.h", "signal.h",
                                     "poll.h", "sys/socket.h", "sys/stat.h", "netdb.h", "pthread.h", "dirent.h"};

struct scan {
    const struct folder *folder;
    unsigned wrong;
};

static bool list_allows(const char *list, struct slice name)
{
    struct slice rest = slice_of(list), word;
    while (slice_word(&rest, &word))
        if (slice_eq(word, name) || (word.p[word.n - 1] == '/' && slice_starts(name, word)))
            return true;
    return false;
}

static void scan_own(struct scan *s, const char *path, struct slice name)
{
    struct slice rest = name, folder;
    slice_split(&rest, '/', &folder);
    if (!rest.p)
        complain(&s->wrong, path, "an include without its folder:", name);
    else if (!slice_eq(folder, slice_of(s->folder->name)) && !list_allows(s->folder->may, folder))
        complain(&s->wrong, path, "must not include", name);
}

static void scan_foreign(struct scan *s, const char *path, struct slice name)
{
    for (size_t i = 0; i < COUNT(libraries); i++)
        if (slice_starts(name, slice_of(libraries[i])) && !list_allows(s->folder->foreign, name))
            complain(&s->wrong, path, "must not include", name);
    for (size_t i = 0; i < COUNT(impure); i++)
        if (strcmp(s->folder->name, "core") == 0 && slice_eq(name, slice_of(impure[i])))
            complain(&s->wrong, path, "is pure and must not include", name);
}

static void scan_includes(void *context, const char *path, struct slice text)
{
    const struct slice own = S("#include \""), foreign = S("#include <");
    struct scan *s = context;
    struct slice line, name;
    while (slice_split(&text, '\n', &line)) {
        struct slice rest = slice_from(line, own.n);
        if (slice_starts(line, own) && slice_split(&rest, '"', &name))
            scan_own(s, path, name);
        else if (slice_starts(line, foreign) && slice_split(&rest, '>', &name))
            scan_foreign(s, path, name);
        else if (slice_starts(line, S("#include")) || slice_starts(line, S("# include")))
            complain(&s->wrong, path, "an include that this test can't read:", line);
    }
}

static void includes_follow_the_direction(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < COUNT(folders); i++) {
        struct arena a = {0};
        struct scan s = {.folder = &folders[i]};
        const char *path = (const char *)arena_format(&a, "src/%s", folders[i].name).p;
        assert_true(walk_folder(path, ".c", scan_includes, &s) > 0);
        walk_folder(path, ".h", scan_includes, &s);
        wrong += s.wrong;
        arena_free(&a);
    }
    assert_int_equal(wrong, 0);
}

/* A folder that this test does not know would escape it. */
static void every_folder_is_known(void **state)
{
    (void)state;
    DIR *d = opendir(SOURCE_DIR "/src");
    assert_non_null(d);
    for (struct dirent *entry; (entry = readdir(d));) {
        bool known = entry->d_name[0] == '.' || strchr(entry->d_name, '.');
        for (size_t i = 0; i < COUNT(folders); i++)
            known |= strcmp(entry->d_name, folders[i].name) == 0;
        if (!known)
            fail_msg("src/%s is not known to this test", entry->d_name);
    }
    closedir(d);
}

static void scan_calls(void *context, const char *path, struct slice text)
{
    static const char *const calls[] = {"malloc", "calloc", "realloc", "free", "time", "clock_gettime", "getenv",
        "exit",
                                        "abort",  "printf", "fprintf", "fopen", "rand", "random", "strdup"};
    unsigned *wrong = context;
    for (size_t i = 0; i < COUNT(calls); i++) {
        char call[32];
        snprintf(call, sizeof call, "%s(", calls[i]);
        for (struct slice rest = text; holds(rest, call);) {
            const uint8_t *at = memmem(rest.p, rest.n, call, strlen(call));
            if (at > rest.p && !is_word_octet(at[-1]) && at[-1] != '>' && at[-1] != '.')
                complain(wrong, path, "is pure and must not call", slice_of(calls[i]));
            rest = slice_from(rest, (size_t)(at - rest.p) + 1);
        }
    }
}

static void core_is_pure(void **state)
{
    (void)state;
    unsigned wrong = 0;
    walk_folder("src/core", ".c", scan_calls, &wrong);
    walk_folder("src/core", ".h", scan_calls, &wrong);
    assert_int_equal(wrong, 0);
}

/* Licences and sizes. */

static void scan_licence(void *context, const char *path, struct slice text)
{
    struct slice head = slice_upto(text, 400), line;
    for (unsigned i = 0; i < 2 && slice_split(&head, '\n', &line); i++)
        if (holds(line, "SPDX-License-Identifier: Apache-2.0"))
            return;
    complain(context, path, "has no SPDX line", S(""));
}

static void every_file_has_its_licence(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *end;
    } places[] = {{"contrib", ".c"},       {"contrib", ".h"},      {"contrib", ".ldif"},     {"contrib", ".txt"},
                  {"schema", ".schema"},   {"schema", ".ldif"},    {"conf", ".ldif"},        {"conf", ".conf"},
                  {"conf", ".yaml"},       {"tests/unit", ".c"},   {"tests/support", ".c"},  {"tests/support", ".h"},
                  {"tests/integration", ".c"}, {"tests", ".txt"},  {"tests/unit", ".txt"},   {"tests/integration",
                   ".txt"},
                  {"src", ".txt"},         {".", "CMakeLists.txt"}};
    unsigned wrong = 0;
    for (size_t i = 0; i < COUNT(folders); i++) {
        struct arena a = {0};
        const char *path = (const char *)arena_format(&a, "src/%s", folders[i].name).p;
        walk_folder(path, ".c", scan_licence, &wrong);
        walk_folder(path, ".h", scan_licence, &wrong);
        walk_folder(path, ".txt", scan_licence, &wrong);
        arena_free(&a);
    }
    for (size_t i = 0; i < COUNT(places); i++)
        walk_folder(places[i].folder, places[i].end, scan_licence, &wrong);
    assert_int_equal(wrong, 0);
}

static void scan_size(void *context, const char *path, struct slice text)
{
    struct slice line;
    size_t lines = 0, begin = 0;
    for (; slice_split(&text, '\n', &line); lines++) {
        if (slice_eq(line, S("{")))
            begin = lines;
        else if (slice_eq(line, S("}")) && lines - begin > FUNCTION_LINES_MOST + 1)
            complain(context, path, "has a function of over 60 lines", S(""));
    }
    if (lines > LINES_MOST + 1)
        complain(context, path, "has over 500 lines", S(""));
}

static void files_and_functions_are_small(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < COUNT(folders); i++) {
        struct arena a = {0};
        const char *path = (const char *)arena_format(&a, "src/%s", folders[i].name).p;
        walk_folder(path, ".c", scan_size, &wrong);
        walk_folder(path, ".h", scan_size, &wrong);
        arena_free(&a);
    }
    assert_int_equal(wrong, 0);
}

/* Registries: one row, one file, one place in the documents. */

static void policy_table_and_schema_agree(void **state)
{
    (void)state;
    size_t count;
    const struct policy_attribute *rows = policy_attributes(&count);
    unsigned wrong = 0;
    for (size_t i = 0; i < count; i++) {
        const struct schema_attribute *s = schema_attribute_find(slice_of(rows[i].name));
        if (!s || !(s->classes & SCHEMA_POLICY))
            complain(&wrong, "core/schema.c", "has no policy attribute", slice_of(rows[i].name));
        for (size_t k = 0; k < i; k++)
            if (strcmp(rows[i].name, rows[k].name) == 0)
                complain(&wrong, "core/policy.c", "has two rows for", slice_of(rows[i].name));
    }
    for (size_t i = 0; schema_attribute_at(i); i++) {
        const struct schema_attribute *s = schema_attribute_at(i);
        bool found = !(s->classes & SCHEMA_POLICY);
        for (size_t k = 0; k < count; k++)
            found |= strcmp(rows[k].name, s->name) == 0;
        if (!found)
            complain(&wrong, "core/policy.c", "has no row for", slice_of(s->name));
    }
    assert_int_equal(wrong, 0);
}

static void schema_files_have_every_policy_attribute(void **state)
{
    (void)state;
    static const char *const files[] = {"schema/dircertd.schema", "schema/dircertd.ldif"};
    unsigned wrong = 0;
    for (size_t f = 0; f < COUNT(files); f++) {
        struct arena a = {0};
        struct slice text = load(&a, files[f]);
        size_t count;
        const struct policy_attribute *rows = policy_attributes(&count);
        for (size_t i = 0; i < count; i++)
            if (!holds(text, (const char *)arena_format(&a, "NAME '%s'", rows[i].name).p))
                complain(&wrong, files[f], "does not define", slice_of(rows[i].name));
        arena_free(&a);
    }
    assert_int_equal(wrong, 0);
}

static void every_check_has_its_file(void **state)
{
    (void)state;
    for (unsigned id = 0; id < CHECK_COUNT; id++) {
        struct arena a = {0};
        struct slice path = arena_format(&a, "src/core/check_%s.c", check_get((enum check_id)id)->name);
        char *name = (char *)(uintptr_t)path.p; /* ours */
        for (char *c = name; (c = strchr(c, '-'));)
            *c = '_';
        struct slice text = load(&a, name);
        assert_true(holds(text, "const struct check check_"));
        arena_free(&a);
    }
}

/* As a code span, `name` or `name ...`, so that the word in a sentence does not count. */
static bool has_code_span(struct arena *a, struct slice text, const char *name)
{
    return holds(text, (const char *)arena_format(a, "`%s`", name).p) ||
           holds(text, (const char *)arena_format(a, "`%s ", name).p);
}

static void readme_names_every_check(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice readme = load(&a, "README.md");
    unsigned wrong = 0;
    for (unsigned id = 0; id < CHECK_COUNT; id++)
        if (!has_code_span(&a, readme, check_get((enum check_id)id)->name))
            complain(&wrong, "README.md", "does not name the check", slice_of(check_get((enum check_id)id)->name));
    arena_free(&a);
    assert_int_equal(wrong, 0);
}

static void readme_names_every_event(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice readme = load(&a, "README.md");
    unsigned wrong = 0;
    for (unsigned e = 0; e < EVENT_COUNT; e++)
        if (!has_code_span(&a, readme, event_row((enum event)e)->name))
            complain(&wrong, "README.md", "does not name the event", slice_of(event_row((enum event)e)->name));
    arena_free(&a);
    assert_int_equal(wrong, 0);
}

struct suites {
    struct slice build_file;
    unsigned wrong;
};

static void scan_suite(void *context, const char *path, struct slice text)
{
    struct suites *s = context;
    const char *name = strrchr(path, '/') + 1;
    (void)text;
    if (strncmp(name, "test_", 5) == 0 && !holds_word(s->build_file, name))
        complain(&s->wrong, path, "is built by nobody", slice_of(""));
}

static void every_suite_is_run(void **state)
{
    (void)state;
    struct arena a = {0};
    struct suites s = {.build_file = load(&a, "tests/unit/CMakeLists.txt")};
    assert_true(walk_folder("tests/unit", ".c", scan_suite, &s) > 10);
    assert_int_equal(s.wrong, 0);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(includes_follow_the_direction),
        cmocka_unit_test(every_folder_is_known),
        cmocka_unit_test(core_is_pure),
        cmocka_unit_test(every_file_has_its_licence),
        cmocka_unit_test(files_and_functions_are_small),
        cmocka_unit_test(policy_table_and_schema_agree),
        cmocka_unit_test(schema_files_have_every_policy_attribute),
        cmocka_unit_test(every_check_has_its_file),
        cmocka_unit_test(readme_names_every_check),
        cmocka_unit_test(readme_names_every_event),
        cmocka_unit_test(every_suite_is_run),
    };
    return cmocka_run_group_tests_name("house", tests, NULL, NULL);
}
