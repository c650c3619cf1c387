/* SPDX-License-Identifier: Apache-2.0 */
/* The alerts that the README recommends, judged by promtool over what the daemon writes. */
#include "daemon/metrics.h"
#include "support/command.h"
#include "support/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define S(text) SLICE_LITERAL(text)

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S, NOW_UTC = 10 * DAY_S, STEP_S = 300, LAST_STEPS = 10, ALERTS = 5 };

enum { NO_PASS = 1 << 0, NO_CONTACT = 1 << 1 }; /* the README's first two, by their place there */

/* What stood in the file for ten days, and for the last of their hours. */
static const struct row_of_figures {
    const char *name;
    int64_t complete_before_utc, complete_utc, contact_before_utc, contact_utc;
    unsigned full_interval_s;
    unsigned alerts;
} rows[] = {
    {"all is well", NOW_UTC - HOUR_S, NOW_UTC - HOUR_S, NOW_UTC - 60, NOW_UTC - 60, DAY_S, 0},
    {"no server was ever reached", 0, 0, 0, 0, DAY_S, NO_PASS | NO_CONTACT},
    {"a server is reached, and no pass is complete", 0, 0, NOW_UTC - 60, NOW_UTC - 60, DAY_S, NO_PASS},
    {"no complete pass for long", 1, 1, NOW_UTC - 60, NOW_UTC - 60, DAY_S, NO_PASS},
    {"no server for long", NOW_UTC - HOUR_S, NOW_UTC - HOUR_S, NOW_UTC - HOUR_S, NOW_UTC - HOUR_S, DAY_S, NO_CONTACT},
    {"started anew just now", NOW_UTC - HOUR_S, 0, NOW_UTC - HOUR_S, NOW_UTC, DAY_S, 0},
    {"started anew, and no server", NOW_UTC - HOUR_S, 0, NOW_UTC - HOUR_S, 0, DAY_S, NO_CONTACT},
    {"by a timer, complete", NOW_UTC - HOUR_S, NOW_UTC - HOUR_S, NOW_UTC - 60, NOW_UTC - 60, 0, 0},
    {"by a timer, never complete", 0, 0, NOW_UTC - 60, NOW_UTC - 60, 0, NO_PASS},
    {"by a timer, complete long ago", 1, 0, NOW_UTC - 60, NOW_UTC - 60, 0, NO_PASS},
};

static struct slice figures(struct arena *a, const struct row_of_figures *row, int64_t complete_utc,
                            int64_t contact_utc)
{
    const struct metrics_input in = {.instance = "default",
                                     .version = "0",
                                     .last_complete_utc = complete_utc,
                                     .last_contact_utc = contact_utc,
                                     .full_interval_s = row->full_interval_s};
    return metrics_text(a, &in);
}

/* The expressions are what is indented. */
static struct slice rules(struct book *b)
{
    struct slice text = book_section(b, "Metrics"), line, all = S("groups: [{name: readme, rules: [\n");
    unsigned count = 0;
    while (slice_split(&text, '\n', &line)) {
        struct slice expression = slice_trim(line);
        if (!slice_eq(slice_upto(line, 4), S("    ")) || !text_holds(expression, S(" > ")))
            continue;
        all = arena_format(&b->arena, "%.*s  {alert: alert%u, expr: '%.*s'},\n", SLICE_ARGS(all), count++,
                           SLICE_ARGS(expression));
    }
    assert_int_equal(count, ALERTS);
    return arena_format(&b->arena, "%.*s]}]\n", SLICE_ARGS(all));
}

static struct slice series(struct arena *a, const struct row_of_figures *row)
{
    struct slice before = figures(a, row, row->complete_before_utc, row->contact_before_utc), was;
    struct slice now = figures(a, row, row->complete_utc, row->contact_utc), is, all = {NULL, 0};
    const int steps = NOW_UTC / STEP_S - LAST_STEPS;
    while (slice_split(&before, '\n', &was) && slice_split(&now, '\n', &is)) {
        struct slice name, earlier;
        if (is.n == 0 || is.p[0] == '#' || !slice_word(&is, &name) || !slice_word(&was, &earlier))
            continue;
        assert_true(slice_eq(name, earlier));
        all =
            arena_format(a, "%.*s  - {series: '%.*s', values: '%.*s+0x%d %.*s+0x%d'}\n", SLICE_ARGS(all),
                         SLICE_ARGS(name), SLICE_ARGS(slice_trim(was)), steps, SLICE_ARGS(slice_trim(is)), LAST_STEPS);
    }
    return all;
}

static struct slice cases(struct arena *a)
{
    struct slice all = S("rule_files: [rules.yml]\nevaluation_interval: 5d\ntests:\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice input = series(a, &rows[i]);
        all = arena_format(a, "%.*s- interval: %ds\n  name: '%s'\n  input_series:\n%.*s  alert_rule_test:\n",
                           SLICE_ARGS(all), STEP_S, rows[i].name, SLICE_ARGS(input));
        for (unsigned k = 0; k < ALERTS; k++)
            all = arena_format(a, "%.*s  - {eval_time: %ds, alertname: alert%u, exp_alerts: [%s]}\n", SLICE_ARGS(all),
                               NOW_UTC, k, rows[i].alerts & 1U << k ? "{exp_labels: {}}" : "");
    }
    return all;
}

static void write_file(const char *path, struct slice text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    assert_int_equal(fclose(f), 0);
}

static void the_alerts_of_the_readme_are_set_off_where_they_should(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    char folder[200], rules_path[256], cases_path[256];
    snprintf(folder, sizeof folder, "%s/alerts.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(rules_path, sizeof rules_path, "%s/rules.yml", folder);
    snprintf(cases_path, sizeof cases_path, "%s/cases.yml", folder);
    struct book b = book_open();
    write_file(rules_path, rules(&b));
    write_file(cases_path, cases(&b.arena));
    struct command_result r =
        command_run((const char *const[]){"promtool", "test", "rules", cases_path, NULL}, NULL, NULL, 60);
    int status = r.status;
    if (status != 0 && status != 127)
        book_complain(&b, "%s%s", r.output, r.errors);
    command_free(&r);
    unlink(rules_path);
    unlink(cases_path);
    rmdir(folder);
    book_close(&b);
    if (status == 127) {
        print_message("promtool is not installed: its opinion is not asked\n");
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_alerts_of_the_readme_are_set_off_where_they_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
