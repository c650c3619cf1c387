/* SPDX-License-Identifier: Apache-2.0 */
/* The command line and the local configuration: what can't be used is named, ends with 1, and reaches no directory. */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* No server is needed: nothing here gets that far. */
static int enter(void **state)
{
    struct program *p = calloc(1, sizeof *p);
    char folder[] = "/tmp/dcd-input-XXXXXX";
    if (!p || !mkdtemp(folder))
        return -1;
    p->configuration = (const char *)arena_format(&p->arena, "%s/dircertd.yaml", folder).p;
    *state = p;
    return 0;
}

static const char *folder_of(struct program *p)
{
    const char *end = strrchr(p->configuration, '/');
    return (const char *)arena_copy(&p->arena, slice_make(p->configuration, (size_t)(end - p->configuration))).p;
}

static int leave(void **state)
{
    struct program *p = *state;
    unlink(p->configuration);
    rmdir(p->configuration);
    unlink((const char *)arena_format(&p->arena, "%s/password", folder_of(p)).p);
    int rc = rmdir(folder_of(p));
    arena_free(&p->arena);
    free(p);
    return rc;
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void expect_refused(struct program *p, const char *const words[])
{
    program_run(p, WORDS("--once"), NULL);
    program_expect(p, words);
    assert_int_equal(p->code, PROGRAM_USAGE);
    assert_string_equal(p->output, "");
    program_run(p, WORDS("--check-config"), NULL);
    assert_int_equal(p->code, PROGRAM_USAGE);
}

static void test_configuration_missing(void **state)
{
    struct program *p = *state;
    expect_refused(p, WORDS("event=config", p->configuration, "No such file"));
}

static void test_configuration_is_a_directory(void **state)
{
    struct program *p = *state;
    assert_int_equal(mkdir(p->configuration, 0700), 0);
    expect_refused(p, WORDS("event=config", p->configuration, "directory"));
}

/* Root reads every file by two capabilities: without them it is like anybody else. */
static void test_configuration_unreadable(void **state)
{
    struct program *p = *state;
    const char *const argv[] = {"setpriv", "--bounding-set", "-dac_override,-dac_read_search",
                                BINARY_DIR "/bin/dircertd", "-c", p->configuration, "--once", NULL};
    write_file(p->configuration, "base: x\n");
    assert_int_equal(chmod(p->configuration, 0), 0);
    struct command_result r = command_run(argv + (geteuid() == 0 ? 0 : 3), NULL, NULL, 60);
    assert_int_equal(r.status, PROGRAM_USAGE);
    assert_non_null(strstr(r.errors, "event=config"));
    assert_non_null(strstr(r.errors, p->configuration));
    assert_non_null(strstr(r.errors, "Permission denied"));
    command_free(&r);
}

static void test_configuration_is_not_yaml(void **state)
{
    struct program *p = *state;
    write_file(p->configuration, "base: [unfinished\n: }\n");
    expect_refused(p, WORDS("event=config", p->configuration, "line="));
}

static void test_configuration_is_empty(void **state)
{
    struct program *p = *state;
    write_file(p->configuration, "");
    expect_refused(p, WORDS("event=config", p->configuration));
}

#define GOOD                                                                                                           \
    "directory:\n  uri: ldapi:///\n  bind: {method: external}\nbase: ou=dircertd,dc=example,dc=com\n"

static void test_each_wrong_key_is_named_with_its_line(void **state)
{
    struct program *p = *state;
    write_file(p->configuration, GOOD "intervall_s: 5\ninterval_s: soon\ninterval_s: 6\n");
    expect_refused(p, WORDS("event=config", "line=5 ", "key=intervall_s"));
    program_run(p, WORDS("--check-config"), NULL);
    program_expect(p, WORDS("event=config", "line=6 ", "key=interval_s"));
    program_expect(p, WORDS("event=config", "line=7 ", "key=interval_s"));
}

static void write_configuration_with_log(struct program *p, const char *path)
{
    write_file(p->configuration, (const char *)arena_format(&p->arena, GOOD "log: {to: \"%s\"}\n", path).p);
}

static void test_log_that_can_not_be_opened(void **state)
{
    struct program *p = *state;
    const char *none = (const char *)arena_format(&p->arena, "%s/none/log", folder_of(p)).p;
    write_configuration_with_log(p, none);
    program_run(p, WORDS("--once"), NULL);
    program_expect(p, WORDS("event=config", "key=log.to", none, "No such file"));
    assert_int_equal(p->code, PROGRAM_USAGE);
    write_configuration_with_log(p, folder_of(p));
    program_run(p, WORDS("--once"), NULL);
    program_expect(p, WORDS("event=config", "key=log.to", folder_of(p), "directory"));
    assert_int_equal(p->code, PROGRAM_USAGE);
}

/* What the pass says is in the file, and standard error has nothing. */
static void test_log_goes_to_its_file(void **state)
{
    struct program *p = *state;
    const char *file = (const char *)arena_format(&p->arena, "%s/log", folder_of(p)).p;
    struct slice yaml = arena_format(&p->arena, "directory:\n  uri: \"ldapi://%%2Fnonexistent\"\n"
                                                "  bind: {method: external}\nbase: ou=x\nlog: {to: \"%s\"}\n", file);
    write_file(p->configuration, (const char *)yaml.p);
    program_run(p, WORDS("--once"), NULL);
    assert_int_equal(p->code, PROGRAM_INCOMPLETE);
    assert_string_equal(p->log, "");
    FILE *f = fopen(file, "r");
    char line[1000] = "";
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    assert_non_null(strstr(line, " event=sandbox "));
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    unlink(file);
    assert_non_null(strstr(line, " event=fault severity=err "));
}

/* With the file all is well; then it is the directory's turn, which test_access is about. */
static void test_good_configuration(void **state)
{
    struct program *p = *state;
    write_file(p->configuration, "directory:\n  uri: \"ldapi://%2Fnonexistent\"\n  bind: {method: external}\nbase: ou=x\n");
    program_run(p, WORDS("--check-config"), NULL);
    assert_int_equal(p->code, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "reach the directory"));
    assert_int_equal(program_lines(p, WORDS("event=config")), 0);
}

static void test_password_file_missing(void **state)
{
    struct program *p = *state;
    const char *path = (const char *)arena_format(&p->arena, "%s/password", folder_of(p)).p;
    struct slice yaml = arena_format(&p->arena, "directory:\n  uri: ldapi:///\n  bind: {method: simple, dn: \"cn=x\", "
                                                "password_file: \"%s\"}\nbase: ou=x\n", path);
    write_file(p->configuration, (const char *)yaml.p);
    program_run(p, WORDS("--once"), NULL);
    assert_int_equal(p->code, PROGRAM_USAGE);
    program_expect(p, WORDS("event=fault", path, "No such file"));
    write_file(path, "secret\n");
    assert_int_equal(chmod(path, 0644), 0);
    program_run(p, WORDS("--once"), NULL);
    assert_int_equal(p->code, PROGRAM_USAGE);
    program_expect(p, WORDS("event=fault", path));
    assert_null(strstr(p->log, "secret"));
}

static void test_command_line(void **state)
{
    static const struct {
        const char *const arguments[4];
        int code;
        const char *output, *errors;
    } rows[] = {
        {{"--frobnicate", NULL}, PROGRAM_USAGE, "", "frobnicate"},
        {{"--once", "surplus", NULL}, PROGRAM_USAGE, "", "unexpected argument \"surplus\""},
        {{"--once", "-c", NULL}, PROGRAM_USAGE, "", "requires an argument"},
        {{"--version", NULL}, 0, "dircertd ", ""},
        {{"--help", NULL}, 0, "--dry-run", ""},
    };
    struct program *p = *state;
    write_file(p->configuration, GOOD);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        program_run(p, rows[i].arguments, NULL);
        assert_int_equal(p->code, rows[i].code);
        assert_non_null(strstr(p->output, rows[i].output));
        assert_non_null(strstr(p->log, rows[i].errors));
        if (rows[i].code == 0)
            assert_string_equal(p->log, "");
        else
            assert_string_equal(p->output, "");
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_configuration_missing),
        CASE(test_configuration_is_a_directory),
        CASE(test_configuration_unreadable),
        CASE(test_configuration_is_not_yaml),
        CASE(test_configuration_is_empty),
        CASE(test_each_wrong_key_is_named_with_its_line),
        CASE(test_log_that_can_not_be_opened),
        CASE(test_log_goes_to_its_file),
        CASE(test_good_configuration),
        CASE(test_password_file_missing),
        CASE(test_command_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
