/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the documents tell people to use: options and exit codes against the built programs, the example configuration
 * against the keys, the presets; and every file that is named has to be there.
 */
#include "conf/conf.h"
#include "ctl/ctl.h"
#include "run/pass.h"
#include "support/command.h"
#include "support/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* The programs. */

static struct command_result run(const char *program, const char *argument)
{
    struct arena a = {0};
    const char *path = (const char *)arena_format(&a, "%s/bin/%s", BINARY_DIR, program).p;
    struct command_result r = command_run((const char *const[]){path, argument, NULL}, NULL, NULL, 20);
    arena_free(&a);
    return r;
}

/* "--name" at the beginning of text; empty where it is none. */
static struct slice option_at(struct slice text)
{
    size_t n = 2;
    if (!slice_starts(text, SLICE_LITERAL("--")))
        return slice_upto(text, 0);
    while (n < text.n && ((text.p[n] >= 'a' && text.p[n] <= 'z') || text.p[n] == '-'))
        n++;
    return slice_upto(text, n > 2 ? n : 0);
}

static void expect_options(struct book *b, struct slice in, struct slice of, const char *where)
{
    for (size_t i = 0; i < in.n; i++) {
        struct slice option = option_at(slice_from(in, i));
        if (option.n && !text_holds(of, option))
            book_complain(b, "%.*s is in %s and not in the other", SLICE_ARGS(option), where);
        i += option.n;
    }
}

/* Rows of the table of options, and what stands behind "dircertd" anywhere. */
static struct slice options_told(struct book *b)
{
    struct slice all = {NULL, 0}, text = book_section(b, "The command line"), line;
    for (struct row row; row_next(&text, &row);)
        if (slice_starts(row.key, SLICE_LITERAL("-")))
            all = arena_format(&b->arena, "%.*s %.*s", SLICE_ARGS(all), SLICE_ARGS(row.cell[0]));
    text = b->readme;
    while (slice_split(&text, '\n', &line)) {
        const uint8_t *at = text_seek(line, SLICE_LITERAL("dircertd --"));
        struct slice rest = at ? slice_from(line, (size_t)(at - line.p) + 9) : slice_upto(line, 0), word;
        if (at && slice_word(&rest, &word))
            all = arena_format(&b->arena, "%.*s %.*s", SLICE_ARGS(all), SLICE_ARGS(option_at(word)));
    }
    return all;
}

static void test_options_are_those_of_the_program(void **state)
{
    (void)state;
    struct book b = book_open();
    struct command_result help = run("dircertd", "--help");
    assert_int_equal(help.status, 0);
    struct slice told = options_told(&b), usage = slice_of(help.output);
    expect_options(&b, told, usage, "the README");
    expect_options(&b, usage, told, "dircertd --help");
    assert_true(text_holds(told, SLICE_LITERAL("-c FILE")) && text_holds(usage, SLICE_LITERAL("-c FILE")));
    command_free(&help);
    book_close(&b);
}

static void test_exit_codes_are_those_of_the_program(void **state)
{
    (void)state;
    struct book b = book_open();
    struct command_result help = run("dircertd", "--help"), nonsense = run("dircertd", "--nonsense");
    const int codes[] = {PASS_COMPLETE, nonsense.status, PASS_INCOMPLETE, PASS_HELD};
    const uint8_t *at = text_seek(slice_of(help.output), SLICE_LITERAL("Exit codes:"));
    assert_non_null(at);
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct row row;
        book_need_row(&b, "The command line", (const char *)arena_format(&b.arena, "%d", codes[i]).p, &row);
        if (!text_holds(slice_of((const char *)at), arena_format(&b.arena, " %d ", codes[i])))
            book_complain(&b, "--help does not tell exit code %d", codes[i]);
    }
    struct slice text = book_section(&b, "The command line");
    unsigned rows = 0;
    for (struct row row; row_next(&text, &row);)
        rows += row.key.n == 1 && row.key.p[0] >= '0' && row.key.p[0] <= '9';
    assert_int_equal(rows, COUNT(codes));
    command_free(&help);
    command_free(&nonsense);
    book_close(&b);
}

/* What the page tells people to run is a command; its table has each one, and says what its own help says. */
static void test_commands_of_dircertctl_are_told(void **state)
{
    (void)state;
    struct book b = book_open();
    struct slice text = b.readme, prefix = SLICE_LITERAL("`dircertctl ");
    for (const uint8_t *at; (at = text_seek(text, prefix));) {
        struct slice quoted, word;
        text = slice_from(text, (size_t)(at - text.p) + prefix.n);
        assert_true(slice_split(&text, '`', &quoted));
        assert_true(slice_word(&quoted, &word));
        const char *name = (const char *)arena_copy(&b.arena, word).p;
        if (name[0] != '-' && name[0] >= 'a' && !ctl_command_find(name))
            book_complain(&b, "there is no dircertctl %s", name);
    }
    size_t count;
    const struct ctl_command *const *commands = ctl_commands(&count);
    for (size_t i = 0; i < count; i++) {
        struct row row;
        if (book_need_row(&b, "The commands of dircertctl", commands[i]->name, &row) &&
            !text_holds(row.cell[2], slice_of(commands[i]->does)))
            book_complain(&b, "dircertctl %s: the page has not \"%s\"", commands[i]->name, commands[i]->does);
    }
    book_close(&b);
}

static void test_options_of_dircertctl_are_told(void **state)
{
    (void)state;
    struct book b = book_open();
    struct slice section = book_section(&b, "The commands of dircertctl");
    for (const struct ctl_option *o = ctl_options(); o->name; o++)
        if (!text_holds(section, arena_format(&b.arena, "`--%s", o->name)))
            book_complain(&b, "--%s of dircertctl is not on the page", o->name);
    book_close(&b);
}

/* The configuration. */

enum { DEPTH = 4 };

/*
 * The path of the key on a line of the example, commented out or not; false where the line is something else.  The
 * stack holds the columns and paths of the sections that the line stands in.
 */
static bool key_of_line(struct arena *a, struct slice line, size_t columns[DEPTH], struct slice paths[DEPTH],
                        struct slice *path)
{
    struct slice hash = SLICE_LITERAL("# ");
    size_t column = 0, depth = 0, n = 0;
    while (column < line.n && line.p[column] == ' ')
        column++;
    struct slice rest = slice_from(line, column);
    if (slice_starts(rest, hash))
        rest = slice_from(rest, hash.n);
    for (; rest.n && rest.p[0] == ' '; column++)
        rest = slice_from(rest, 1);
    while (n < rest.n && ((rest.p[n] >= 'a' && rest.p[n] <= 'z') || rest.p[n] == '_'))
        n++;
    if (n == 0 || n >= rest.n || rest.p[n] != ':' || (n + 1 < rest.n && rest.p[n + 1] != ' '))
        return false;
    while (depth < DEPTH && paths[depth].n && columns[depth] < column)
        depth++;
    assert_true(depth < DEPTH);
    *path = depth ? arena_format(a, "%.*s.%.*s", SLICE_ARGS(paths[depth - 1]), (int)n, (const char *)rest.p)
                  : slice_upto(rest, n);
    for (size_t i = depth; i < DEPTH; i++)
        paths[i] = (struct slice){NULL, 0};
    columns[depth] = column;
    paths[depth] = *path;
    return true;
}

static size_t find_key(struct slice path)
{
    size_t count, i = 0;
    const struct conf_key *keys = conf_keys(&count);
    while (i < count && !slice_eq(path, slice_of(keys[i].path)))
        i++;
    return i;
}

static void test_the_example_configuration_names_every_key(void **state)
{
    (void)state;
    struct book b = book_open();
    size_t count, columns[DEPTH] = {0};
    struct slice text = book_load(&b, "conf/dircertd.yaml"), paths[DEPTH] = {{NULL, 0}}, line, path;
    const struct conf_key *keys = conf_keys(&count);
    bool *seen = ARENA_ARRAY(&b.arena, count + 1, bool);
    while (slice_split(&text, '\n', &line)) {
        if (!key_of_line(&b.arena, line, columns, paths, &path))
            continue;
        size_t index = find_key(path);
        seen[index] = true;
        if (index == count)
            book_complain(&b, "there is no key %.*s", SLICE_ARGS(path));
    }
    for (size_t i = 0; i < count; i++)
        if (!seen[i])
            book_complain(&b, "conf/dircertd.yaml does not show %s", keys[i].path);
    book_close(&b);
}

/* Files and presets. */

static bool is_path_octet(uint8_t c)
{
    c = ascii_lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '/';
}

/* Words that begin with one of these folders name a file of the source, below `root`. */
static unsigned expect_files(struct book *b, struct slice text, const char *root, const char *const *folders)
{
    unsigned named = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (!is_path_octet(text.p[i]) || (i && is_path_octet(text.p[i - 1])))
            continue;
        struct slice word = slice_from(text, i);
        size_t n = 0;
        while (n < word.n && is_path_octet(word.p[n]))
            n++;
        bool placeholder = n < word.n && word.p[n] == '<';
        while (n && word.p[n - 1] == '.')
            n--;
        word = slice_upto(word, n);
        i += n;
        for (const char *const *folder = folders; *folder && !placeholder; folder++) {
            if (!slice_starts(word, slice_of(*folder)))
                continue;
            named++;
            struct slice path = arena_format(&b->arena, "%s%s/%.*s", SOURCE_DIR, root, SLICE_ARGS(word));
            if (access((const char *)path.p, F_OK) != 0)
                book_complain(b, "%.*s is named and not there", SLICE_ARGS(word));
        }
    }
    return named;
}

static void test_files_that_are_named_are_there(void **state)
{
    (void)state;
    static const char *const top[] = {"src/", "conf/", "contrib/", "schema/", "tests/", NULL};
    static const char *const rooms[] = {"base/", "core/", "conf/", "dir/", "x509/", "run/", "programs/", NULL};
    static const char *const tests[] = {"tests/", NULL};
    struct book b = book_open();
    assert_true(expect_files(&b, b.readme, "", top) > 20);
    assert_true(expect_files(&b, b.source_readme, "/src", rooms) > 30);
    assert_true(expect_files(&b, b.source_readme, "", tests) > 0);
    book_close(&b);
}

static void test_every_room_is_on_the_way(void **state)
{
    (void)state;
    struct book b = book_open();
    static const char *const rooms[] = {"base", "core", "conf", "dir", "x509", "run", "programs"};
    struct slice build = book_load(&b, "src/CMakeLists.txt");
    for (size_t i = 0; i < COUNT(rooms); i++) {
        struct row row;
        assert_true(text_holds(build, slice_of(rooms[i])));
        if (!row_find(b.source_readme, (const char *)arena_format(&b.arena, "%s/", rooms[i]).p, &row))
            book_complain(&b, "src/README.md has no row for %s/", rooms[i]);
    }
    book_close(&b);
}

static void test_every_preset_has_its_row(void **state)
{
    (void)state;
    struct book b = book_open();
    struct slice text = book_load(&b, "CMakePresets.json"), prefix = SLICE_LITERAL("{\"name\": \""), name;
    unsigned presets = 0;
    for (const uint8_t *at; (at = text_seek(text, prefix)); presets++) {
        struct row row;
        text = slice_from(text, (size_t)(at - text.p) + prefix.n);
        assert_true(slice_split(&text, '"', &name));
        book_need_row(&b, "Building and installing", (const char *)arena_copy(&b.arena, name).p, &row);
    }
    assert_true(presets >= 4);
    book_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_are_those_of_the_program),
        cmocka_unit_test(test_exit_codes_are_those_of_the_program),
        cmocka_unit_test(test_commands_of_dircertctl_are_told),
        cmocka_unit_test(test_options_of_dircertctl_are_told),
        cmocka_unit_test(test_the_example_configuration_names_every_key),
        cmocka_unit_test(test_files_that_are_named_are_there),
        cmocka_unit_test(test_every_room_is_on_the_way),
        cmocka_unit_test(test_every_preset_has_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
