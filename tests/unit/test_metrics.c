/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics: their text under a checker of the format that is this file's own (and promtool, where there is one),
 * the file that is replaced as a whole or not at all, and the documents and the dashboard that name them.
 */
#include "base/wholefile.h"
#include "daemon/metrics.h"
#include "support/command.h"
#include "support/document.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define S(text) SLICE_LITERAL(text)

enum { DASHBOARD_METRICS_LEAST = 8 };

/* A survey with all that is difficult: names that quote, repeat, are missing or hostile; a policy read in part. */
static struct policy_survey policies[] = {
    {.policy_dn = {(const uint8_t *)"cn=servers,ou=p", 15},
     .name = {(const uint8_t *)"servers", 7},
     .mode = MODE_ENFORCE,
     .complete = true,
     .subjects = 40,
     .with_certificate = 38,
     .compliant = 31,
     .undecided = 1,
     .oldest_open_utc = 1700000000},
    {.policy_dn = {(const uint8_t *)"cn=servers,ou=q", 15}, .name = {(const uint8_t *)"servers", 7}, .complete = true},
    {.policy_dn = {(const uint8_t *)"cn=a", 4},
     .name = {(const uint8_t *)"a\"} 1\n\\b\0c", 10},
     .complete = false,
     .subjects = 7,
     .holds = {(const uint8_t *)"too-many", 8}},
    {.policy_dn = {(const uint8_t *)"cn=none", 7}, .complete = true},
};

static struct metrics_input input(const struct survey *survey)
{
    return (struct metrics_input){.instance = "default",
                                  .version = "0.1.0",
                                  .lease_held = true,
                                  .survey = survey,
                                  .result = PASS_HELD,
                                  .last_pass_utc = 1700000100,
                                  .last_complete_utc = 1700000050};
}

static const struct survey survey = {
    .begun_utc = 1700000099, .duration_ms = 1042, .entries = 47, .policies = policies, .policy_count = 4};

/* The checker. */

static bool is_name_octet(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

static struct slice take_name(struct slice *rest)
{
    size_t n = 0;
    while (n < rest->n && is_name_octet(rest->p[n]))
        n++;
    struct slice name = slice_upto(*rest, n);
    *rest = slice_from(*rest, n);
    return name;
}

static bool take(struct slice *rest, uint8_t c)
{
    bool is = rest->n && rest->p[0] == c;
    if (is)
        *rest = slice_from(*rest, 1);
    return is;
}

/* A label's value behind its opening quotation mark. */
static bool take_value(struct slice *rest)
{
    while (rest->n && rest->p[0] != '"') {
        if (take(rest, '\\') && !(rest->n && strchr("\\\"n", rest->p[0])))
            return false;
        if (rest->p[0] < 0x20)
            return false;
        *rest = slice_from(*rest, 1);
    }
    return take(rest, '"');
}

static bool sample_ok(struct slice line, struct slice name)
{
    bool more = true;
    if (!slice_eq(take_name(&line), name))
        return false;
    if (take(&line, '{')) {
        while (more) {
            if (take_name(&line).n == 0 || !take(&line, '=') || !take(&line, '"') || !take_value(&line))
                return false;
            more = take(&line, ',');
        }
        if (!take(&line, '}'))
            return false;
    }
    if (!take(&line, ' '))
        return false;
    char value[64] = "", *end;
    snprintf(value, sizeof value, "%.*s", SLICE_ARGS(line));
    strtod(value, &end);
    return line.n > 0 && *end == '\0';
}

static struct slice series_of(struct slice line)
{
    size_t n = line.n;
    while (n && line.p[n - 1] != ' ')
        n--;
    return slice_upto(line, n);
}

static void expect_once(struct slice text, struct slice line)
{
    unsigned count = 0;
    struct slice other;
    while (slice_split(&text, '\n', &other))
        count += slice_eq(series_of(other), series_of(line));
    if (count != 1)
        fail_msg("%u times: %.*s", count, SLICE_ARGS(line));
}

/* HELP, then TYPE, then samples of that name and no other, each series once; the last line ends. */
static void expect_format(struct slice text)
{
    struct slice rest = text, line, name = {NULL, 0};
    assert_true(text.n > 0 && text.p[text.n - 1] == '\n');
    while (slice_split(&rest, '\n', &line)) {
        struct slice words = line, word;
        if (line.n == 0)
            continue;
        if (line.p[0] != '#') {
            if (!sample_ok(line, name))
                fail_msg("no sample of %.*s: %.*s", SLICE_ARGS(name), SLICE_ARGS(line));
            expect_once(text, line);
            continue;
        }
        assert_true(slice_word(&words, &word) && slice_eq(word, S("#")) && slice_word(&words, &word));
        bool is_help = slice_eq(word, S("HELP"));
        assert_true(is_help || slice_eq(word, S("TYPE")));
        assert_true(slice_word(&words, &word));
        assert_true(is_help ? !slice_eq(word, name) : slice_eq(word, name));
        name = word;
        assert_true(slice_trim(words).n > 0);
        assert_true(is_help || slice_eq(slice_trim(words), S("gauge")) || slice_eq(slice_trim(words), S("counter")));
    }
}

static void expect_line(struct slice text, const char *wanted)
{
    struct slice rest = text, line;
    while (slice_split(&rest, '\n', &line))
        if (slice_eq(line, slice_of(wanted)))
            return;
    fail_msg("no such line: %s\n%.*s", wanted, SLICE_ARGS(text));
}

static void fill(void)
{
    policies[0].findings[CHECK_VERSION] = 5;
    policies[0].requests[REQUEST_REVOKE][STATE_PENDING] = 3;
}

static void test_text_has_the_figures(void **state)
{
    (void)state;
    struct arena a = {0};
    struct metrics_input in = input(&survey);
    fill();
    struct slice text = metrics_text(&a, &in);
    expect_format(text);
    expect_line(text, "dircertd_build_info{daemon=\"default\",version=\"0.1.0\"} 1");
    expect_line(text, "dircertd_lease_held{daemon=\"default\"} 1");
    expect_line(text, "dircertd_last_pass_timestamp_seconds{daemon=\"default\"} 1700000100");
    expect_line(text, "dircertd_last_complete_pass_timestamp_seconds{daemon=\"default\"} 1700000050");
    expect_line(text, "dircertd_pass_result{daemon=\"default\",result=\"held\"} 1");
    expect_line(text, "dircertd_pass_result{daemon=\"default\",result=\"complete\"} 0");
    expect_line(text, "dircertd_pass_duration_seconds{daemon=\"default\"} 1.042");
    expect_line(text, "dircertd_subjects_compliant{daemon=\"default\",policy=\"servers\"} 31");
    expect_line(text, "dircertd_findings{daemon=\"default\",policy=\"servers\",check=\"version\"} 5");
    expect_line(text, "dircertd_requests{daemon=\"default\",policy=\"servers\",type=\"revoke\",state=\"pending\"} 3");
    expect_line(text,
                "dircertd_oldest_open_request_timestamp_seconds{daemon=\"default\",policy=\"servers\"} 1700000000");
    arena_free(&a);
}

/* The second "servers" and the nameless one are told by DN; nothing breaks out of a label. */
static void test_labels_are_distinct_and_quoted(void **state)
{
    (void)state;
    struct arena a = {0};
    struct metrics_input in = input(&survey);
    in.instance = "a\"b\nc";
    struct slice text = metrics_text(&a, &in);
    expect_format(text);
    expect_line(text, "dircertd_subjects{daemon=\"a\\\"b\\\\0ac\",policy=\"cn=servers,ou=q\"} 0");
    expect_line(text, "dircertd_subjects{daemon=\"a\\\"b\\\\0ac\",policy=\"cn=none\"} 0");
    expect_line(text, "dircertd_hold{daemon=\"a\\\"b\\\\0ac\",policy=\"a\\\"} 1\\\\0a\\\\5cb\\\\00c\"} 1");
    arena_free(&a);
}

static void test_figures_read_in_part_are_left_out(void **state)
{
    (void)state;
    struct arena a = {0};
    struct survey part = survey;
    part.policies = &policies[2];
    part.policy_count = 1;
    struct metrics_input in = input(&part);
    struct slice text = metrics_text(&a, &in);
    expect_format(text);
    assert_false(text_holds(text, S("dircertd_subjects")));
    assert_false(text_holds(text, S("dircertd_findings")));
    assert_true(text_holds(text, S("dircertd_policy_complete{daemon=\"default\",policy=\"a")));
    arena_free(&a);
}

static void test_before_the_first_pass(void **state)
{
    (void)state;
    struct arena a = {0};
    struct metrics_input in = {.instance = "default", .version = "0.1.0"};
    struct slice text = metrics_text(&a, &in);
    expect_format(text);
    expect_line(text, "dircertd_lease_held{daemon=\"default\"} 0");
    expect_line(text, "dircertd_last_contact_timestamp_seconds{daemon=\"default\"} 0"); /* what alerts wait for */
    expect_line(text, "dircertd_last_complete_pass_timestamp_seconds{daemon=\"default\"} 0");
    assert_false(text_holds(text, S("dircertd_last_pass_timestamp")));
    assert_false(text_holds(text, S("dircertd_oldest")));
    assert_false(text_holds(text, S("dircertd_pass")));
    arena_free(&a);
}

static void test_promtool_takes_it(void **state)
{
    (void)state;
    struct arena a = {0};
    struct metrics_input in = input(&survey);
    struct slice text = metrics_text(&a, &in);
    const char *input_text = (const char *)arena_copy(&a, text).p;
    struct command_result r =
        command_run((const char *const[]){"promtool", "check", "metrics", NULL}, NULL, input_text, 60);
    int status = r.status;
    if (status != 0 && status != 127)
        print_message("%s%s\n", r.output, r.errors);
    command_free(&r);
    arena_free(&a);
    if (status == 127) {
        print_message("promtool is not installed: its opinion is not asked\n");
        skip();
    }
    assert_int_equal(status, 0);
}

/* The file. */

static int enter(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char *folder = calloc(1, 4096);
    snprintf(folder, 4096, "%s/metrics.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    *state = folder;
    return mkdtemp(folder) ? 0 : -1;
}

static int leave(void **state)
{
    const char *const argv[] = {"rm", "-rf", *state, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 20);
    command_free(&r);
    free(*state);
    return 0;
}

static const char *within(struct arena *a, void **state, const char *name)
{
    return (const char *)arena_format(a, "%s/%s", (const char *)*state, name).p;
}

static unsigned files_in(void **state)
{
    unsigned count = 0;
    DIR *d = opendir(*state);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return count;
}

static char *content(const char *path)
{
    static char text[1 << 16];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static void test_file_is_replaced(void **state)
{
    struct arena a = {0};
    struct fault fault = {{0}};
    struct metrics_input in = input(&survey);
    const char *path = within(&a, state, "dircertd.prom");
    mode_t before = umask(077);
    assert_int_equal(metrics_write(path, &in, &fault), RC_OK);
    struct stat first, second;
    assert_int_equal(stat(path, &first), 0);
    in.last_pass_utc += 60;
    assert_int_equal(metrics_write(path, &in, &fault), RC_OK);
    umask(before);
    assert_int_equal(stat(path, &second), 0);
    assert_int_equal(second.st_mode & 07777, 0644);
    assert_true(first.st_ino != second.st_ino);
    assert_non_null(strstr(content(path), "1700000160"));
    assert_int_equal(files_in(state), 1);
    arena_free(&a);
}

static void test_missing_folder_is_told(void **state)
{
    struct arena a = {0};
    struct fault fault = {{0}};
    struct metrics_input in = input(&survey);
    assert_int_equal(metrics_write(within(&a, state, "nowhere/dircertd.prom"), &in, &fault), RC_NOT_FOUND);
    assert_non_null(strstr(fault.text, "/nowhere/ is not there; make it, or name another"));
    assert_int_equal(files_in(state), 0);
    arena_free(&a);
}

static void test_a_folder_in_its_place_is_told(void **state)
{
    struct arena a = {0};
    struct fault fault = {{0}};
    struct metrics_input in = input(&survey);
    const char *path = within(&a, state, "dircertd.prom");
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(metrics_write(path, &in, &fault), RC_FAULT);
    assert_non_null(strstr(fault.text, "directory"));
    assert_int_equal(files_in(state), 1);
    arena_free(&a);
}

static void test_what_is_no_file_is_never_replaced(void **state)
{
    struct arena a = {0};
    struct fault fault = {{0}};
    struct stat there;
    const char *path = within(&a, state, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(wholefile_write(path, S("x\n"), 0644, &fault), RC_FAULT);
    assert_non_null(strstr(fault.text, "that is no file"));
    assert_true(lstat(path, &there) == 0 && S_ISFIFO(there.st_mode));
    assert_int_equal(files_in(state), 1);
    arena_free(&a);
}

/* In a child, because the limit stays; its exit code says what happened. */
static int write_under_limit(const char *path, rlim_t most)
{
    pid_t child = fork();
    if (child == 0) {
        struct fault fault = {{0}};
        struct metrics_input in = input(&survey);
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){most, most});
        enum rc rc = metrics_write(path, &in, &fault);
        _exit(rc == RC_OK ? 1 : strstr(fault.text, "still stands") ? 0 : 2);
    }
    int status = -1;
    assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_full_disk_leaves_the_old_file(void **state)
{
    struct arena a = {0};
    struct fault fault = {{0}};
    const char *path = within(&a, state, "dircertd.prom");
    assert_int_equal(wholefile_write(path, S("old\n"), 0644, &fault), RC_OK);
    assert_int_equal(write_under_limit(path, 1000), 0);
    assert_int_equal(write_under_limit(path, 0), 0);
    assert_string_equal(content(path), "old\n");
    assert_int_equal(files_in(state), 1);
    arena_free(&a);
}

/* Who reads while it is written sees whole files only. */
static void test_readers_see_whole_files(void **state)
{
    enum { TURNS = 300 };
    struct arena a = {0};
    struct metrics_input in = input(&survey);
    struct fault fault = {{0}};
    const char *path = within(&a, state, "dircertd.prom");
    assert_int_equal(metrics_write(path, &in, &fault), RC_OK);
    size_t whole = strlen(content(path));
    pid_t child = fork();
    if (child == 0) {
        for (unsigned i = 0; i < TURNS; i++)
            if (metrics_write(path, &in, NULL) != RC_OK)
                _exit(1);
        _exit(0);
    }
    for (unsigned i = 0; i < TURNS; i++)
        assert_int_equal(strlen(content(path)), whole);
    int status = -1;
    assert_true(waitpid(child, &status, 0) == child && WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    arena_free(&a);
}

/* The documents. */

static void test_every_metric_has_its_row(void **state)
{
    (void)state;
    struct book b = book_open();
    size_t count;
    const struct metric *rows = metrics_rows(&count);
    for (size_t i = 0; i < count; i++) {
        struct row row;
        if (!book_need_row(&b, "Metrics", rows[i].name, &row))
            continue;
        struct slice rest = slice_of(rows[i].labels), word;
        while (slice_word(&rest, &word))
            if (!text_has_span(row.cell[2], word))
                book_complain(&b, "the row of %s does not name %.*s", rows[i].name, SLICE_ARGS(word));
        if (!slice_eq(row.cell[1], slice_of(rows[i].type)) || !slice_eq(row.cell[3], slice_of(rows[i].help)))
            book_complain(&b, "the row of %s says something else than the program", rows[i].name);
    }
    struct slice text = book_section(&b, "Metrics");
    for (struct row row; row_next(&text, &row);) {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known |= slice_eq(row.key, slice_of(rows[i].name));
        if (!known)
            book_complain(&b, "there is no metric %.*s", SLICE_ARGS(row.key));
    }
    book_close(&b);
}

static void test_dashboard_names_metrics_that_exist(void **state)
{
    (void)state;
    static const char path[] = "contrib/grafana-dashboard.json";
    struct book b = book_open();
    size_t count, seen = 0;
    const struct metric *rows = metrics_rows(&count);
    struct slice text = book_load(&b, path);
    for (const uint8_t *at; (at = text_seek(text, S("dircertd_")));) {
        bool known = false;
        text = slice_from(text, (size_t)(at - text.p));
        struct slice name = take_name(&text);
        for (size_t i = 0; i < count; i++)
            known |= slice_eq(name, slice_of(rows[i].name));
        if (!known)
            book_complain(&b, "%s: there is no metric %.*s", path, SLICE_ARGS(name));
        seen++;
    }
    assert_true(seen >= DASHBOARD_METRICS_LEAST);
    struct command_result r =
        command_run((const char *const[]){"python3", "-m", "json.tool", SOURCE_DIR "/contrib/grafana-dashboard.json",
                                          "/dev/null", NULL},
                    NULL, NULL, 60);
    if (r.status != 0 && r.status != 127)
        book_complain(&b, "%s: %s", path, r.errors);
    command_free(&r);
    book_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_has_the_figures),
        cmocka_unit_test(test_labels_are_distinct_and_quoted),
        cmocka_unit_test(test_figures_read_in_part_are_left_out),
        cmocka_unit_test(test_before_the_first_pass),
        cmocka_unit_test(test_promtool_takes_it),
        cmocka_unit_test_setup_teardown(test_file_is_replaced, enter, leave),
        cmocka_unit_test_setup_teardown(test_missing_folder_is_told, enter, leave),
        cmocka_unit_test_setup_teardown(test_a_folder_in_its_place_is_told, enter, leave),
        cmocka_unit_test_setup_teardown(test_what_is_no_file_is_never_replaced, enter, leave),
        cmocka_unit_test_setup_teardown(test_full_disk_leaves_the_old_file, enter, leave),
        cmocka_unit_test_setup_teardown(test_readers_see_whole_files, enter, leave),
        cmocka_unit_test(test_every_metric_has_its_row),
        cmocka_unit_test(test_dashboard_names_metrics_that_exist),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
