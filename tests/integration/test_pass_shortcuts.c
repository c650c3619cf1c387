/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Over the sample organisation on a real server: a pass that takes requests for settled plans and counts what one does
 * that reads them all in full, while nothing changes and when much does.
 */
#include "run/pass.h"
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const char *sample_organisation(struct program *p)
{
    const char *const argv[] = {BINARY_DIR "/bin/sample-organisation", NULL};
    struct command_result r = command_run(argv, NULL, NULL, 60);
    assert_int_equal(r.status, 0);
    const char *text = (const char *)arena_copy(&p->arena, slice_make(r.output, r.output_length)).p;
    command_free(&r);
    return text;
}

static void load(struct program *p)
{
    char *text = NULL;
    size_t room = 0;
    program_change(p, "dn: " SERVERS "\nchangetype: delete\n\ndn: " PEOPLE "\nchangetype: delete\n");
    assert_int_equal(slapd_add_ldif(p->server, sample_organisation(p)), 0);
    FILE *f = fopen(SOURCE_DIR "/contrib/sample-policies.ldif", "re");
    assert_true(f && getdelim(&text, &room, '\0', f) > 0);
    fclose(f);
    assert_int_equal(slapd_add_ldif(p->server, text), 0);
    free(text);
}

struct drawn_up {
    struct slice plan;
    struct survey survey;
    enum pass_result result;
};

static int64_t clock_at(void *context)
{
    return *(const int64_t *)context;
}

static struct drawn_up draw_up(struct program *p, int64_t now_utc, bool no_shortcuts)
{
    struct drawn_up d = {.result = PASS_INCOMPLETE};
    struct fault fault = {{0}};
    struct dir *dir = NULL;
    struct second_reader *second = NULL;
    const char *const uris[] = {slapd_ldapi_uri(p->server), NULL};
    const struct dir_settings to = {
        .uris = uris, .bind_dn = DAEMON, .password = SLICE_LITERAL(PROGRAM_PASSWORD), .timeout_s = 10};
    const struct pass_settings settings = {.base = BASE,
                                           .instance = "default",
                                           .interval_s = 1,
                                           .dry_run = true,
                                           .clock = clock_at,
                                           .clock_context = &now_utc,
                                           .no_shortcuts = no_shortcuts,
                                           .survey = &d.survey};
    assert_int_equal(dir_open(&to, &dir, &fault), RC_OK);
    assert_int_equal(second_open(&second, &fault), RC_OK);
    struct log *silent = log_open(&(struct log_settings){.fd = -1, .clock = log_system_clock});
    d.result = pass_run(dir, second, silent, &settings, &p->arena, &d.plan);
    log_close(silent);
    second_close(second);
    dir_close(dir);
    return d;
}

/* How many operations there are.  Both at one time: a second later more may be confirmed. */
static size_t compare(struct program *p, int64_t later_s)
{
    const int64_t now_utc = time(NULL) + later_s;
    const struct drawn_up all = draw_up(p, now_utc, true), quick = draw_up(p, now_utc, false);
    size_t lines = 0;
    assert_int_equal(all.result, quick.result);
    assert_string_equal((const char *)arena_copy(&p->arena, all.plan).p,
                        (const char *)arena_copy(&p->arena, quick.plan).p);
    assert_int_equal(all.survey.requests_open, quick.survey.requests_open);
    assert_int_equal(all.survey.policy_count, quick.survey.policy_count);
    for (size_t i = 0; i < all.survey.policy_count; i++) {
        const struct policy_survey *x = &all.survey.policies[i], *y = &quick.survey.policies[i];
        assert_memory_equal(x->requests, y->requests, sizeof x->requests);
        assert_memory_equal(x->findings, y->findings, sizeof x->findings);
        assert_int_equal(x->compliant, y->compliant);
        assert_int_equal(x->undecided, y->undecided);
        assert_int_equal(x->oldest_open_utc, y->oldest_open_utc);
    }
    for (size_t i = 0; i < quick.plan.n; i++)
        lines += quick.plan.p[i] == '\n';
    return lines;
}

static void test_the_plan_is_the_same(void **state)
{
    struct program *p = *state;
    load(p);
    assert_true(compare(p, 0) > 40);
    program_pass(p, PROGRAM_COMPLETE);
    compare(p, 0);
    program_next_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(compare(p, 0), 0);

    program_change(p, "dn: cn=servers," POLICIES "\nchangetype: modify\nreplace: dircertMode\ndircertMode: audit\n");
    assert_true(compare(p, 0) > 20);
    program_change(p, "dn: cn=servers," POLICIES "\nchangetype: modify\nreplace: dircertMode\ndircertMode: enforce\n"
                      "-\nreplace: dircertRetentionDays\ndircertRetentionDays: 1\n");
    assert_true(compare(p, 0) > 20); /* another revision */
    assert_true(compare(p, 400 * (int64_t)86400) > 20);
    program_next_pass(p, PROGRAM_COMPLETE);
    compare(p, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_plan_is_the_same, program_enter, program_leave),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
