/* SPDX-License-Identifier: Apache-2.0 */
/* What a process that makes pass after pass tells once, what again, and what it says has ended. */
#include "run/memo_private.h"
#include "run/summary.h"
#include "support/passworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS  PASSWORLD_WORDS
#define POLICY PASSWORLD_POLICY
#define H1     PASSWORLD_HOST("h1")

static int enter(void **state)
{
    int code = passworld_enter(state);
    if (code == 0) {
        struct passworld *w = *state;
        w->settings.memory = memo_open();
        const struct slice bad = passworld_certificate(w, 1, 1), good = passworld_certificate(w, 3, 2);
        passworld_publish(w, "h1", 1, &bad);
        passworld_publish(w, "h2", 1, &good);
    }
    return code;
}

static void expect_silence(struct passworld *w, enum pass_result result)
{
    assert_int_equal(passworld_pass(w), result);
    assert_string_equal(w->log, "");
}

static void pass(struct passworld *w)
{
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
}

static void test_a_steady_state_is_told_once(void **state)
{
    struct passworld *w = *state;
    pass(w);
    passworld_expect(w, 1, WORDS("event=finding ", "check=version", H1));
    passworld_expect(w, 1,
                     WORDS("event=pass ",
                           "policy="
                           "\"" POLICY "\"",
                           "findings=1"));
    passworld_expect(w, 1, WORDS("event=pass ", "policy=- "));
    expect_silence(w, PASS_COMPLETE);
    w->least = SEVERITY_DEBUG;
    pass(w);
    passworld_expect(w, 2, WORDS("event=pass severity=debug"));
    passworld_expect(w, 2, WORDS("event="));
}

static void test_without_memory_each_pass_tells_all(void **state)
{
    struct passworld *w = *state;
    struct memo *memory = w->settings.memory;
    w->settings.memory = NULL;
    for (int i = 0; i < 2; i++) {
        pass(w);
        passworld_expect(w, 1, WORDS("event=finding "));
        passworld_expect(w, 2, WORDS("event=pass severity=info"));
    }
    w->settings.memory = memory;
}

static void test_the_end_of_a_finding_is_told_once(void **state)
{
    struct passworld *w = *state;
    const struct slice good = passworld_certificate(w, 3, 3);
    pass(w);
    passworld_publish(w, "h1", 1, &good);
    pass(w);
    passworld_expect(w, 1, WORDS("event=finding-ended", H1, POLICY, "check=version", "certificate="));
    passworld_expect(w, 2, WORDS("event=pass severity=info", "findings=0"));
    expect_silence(w, PASS_COMPLETE);
    const struct slice bad = passworld_certificate(w, 1, 1);
    passworld_publish(w, "h1", 1, &bad);
    pass(w);
    passworld_expect(w, 1, WORDS("event=finding ", H1));
}

static void test_a_deleted_subject_ends_its_finding(void **state)
{
    struct passworld *w = *state;
    passworld_replace(w, POLICY, "dircertMinSubjectsPercent", "0");
    pass(w);
    passworld_delete(w, H1);
    pass(w);
    passworld_expect(w, 1, WORDS("event=finding-ended", H1));
}

/* Of two certificates one goes: the line says which. */
static void test_one_of_two(void **state)
{
    struct passworld *w = *state;
    const struct slice both[] = {passworld_certificate(w, 1, 1), passworld_certificate(w, 1, 9)};
    passworld_publish(w, "h1", 2, both);
    pass(w);
    passworld_expect(w, 2, WORDS("event=finding ", H1));
    passworld_publish(w, "h1", 1, &both[1]);
    pass(w);
    passworld_expect(w, 1, WORDS("event=finding-ended", H1));
    expect_silence(w, PASS_COMPLETE);
}

static void test_what_is_hidden_has_not_ended(void **state)
{
    struct passworld *w = *state;
    pass(w);
    memory_hide_attribute(w->dir, "userCertificate");
    passworld_pass(w);
    passworld_expect(w, 0, WORDS("event=finding-ended"));
    memory_hide_attribute(w->dir, NULL);
    memory_fail_search(w->dir, "ou=hosts,dc=x");
    passworld_pass(w);
    passworld_expect(w, 0, WORDS("event=finding-ended"));
    memory_fail_search(w->dir, NULL);
    pass(w);
    passworld_expect(w, 0, WORDS("event=finding"));
}

/* The request tells when it ends, and then nobody else does. */
static void test_a_request_tells_the_end(void **state)
{
    struct passworld *w = *state;
    const struct slice good = passworld_certificate(w, 3, 3);
    passworld_replace(w, POLICY, "dircertMode", "enforce");
    passworld_replace(w, POLICY, "dircertOnFinding", "version reissue");
    pass(w);
    passworld_expect(w, 1, WORDS("event=finding ", "action=reissue"));
    passworld_expect(w, 1, WORDS("event=request ", "verb=create"));
    pass(w);
    passworld_expect(w, 1, WORDS("event=request ", "state=pending"));
    passworld_expect(w, 0, WORDS("event=finding"));
    pass(w);
    passworld_expect(w, 0, WORDS("event=request "));
    expect_silence(w, PASS_COMPLETE);
    passworld_publish(w, "h1", 1, &good);
    pass(w);
    passworld_expect(w, 1, WORDS("event=request ", "verb=move"));
    passworld_expect(w, 1, WORDS("event=finding-ended"));
    for (int i = 0; i < 2; i++) {
        pass(w);
        passworld_expect(w, 0, WORDS("event=finding-ended"));
    }
}

/* The request that carries it can't end yet: its end is told when it does, and not before. */
static void test_an_end_during_a_pause(void **state)
{
    struct passworld *w = *state;
    const struct slice good = passworld_certificate(w, 3, 3);
    passworld_replace(w, POLICY, "dircertMode", "enforce");
    passworld_replace(w, POLICY, "dircertOnFinding", "version reissue");
    pass(w);
    pass(w);
    passworld_replace(w, PASSWORLD_BASE, "dircertPause", "TRUE");
    passworld_publish(w, "h1", 1, &good);
    for (int i = 0; i < 2; i++) {
        pass(w);
        passworld_expect(w, 0, WORDS("event=finding"));
    }
    passworld_replace(w, PASSWORLD_BASE, "dircertPause", NULL);
    pass(w);
    passworld_expect(w, 1, WORDS("event=finding-ended"));
    pass(w);
    expect_silence(w, PASS_COMPLETE);
}

/* The request is done while the bad certificate is still published; that it goes, too, is no news. */
static void test_an_end_is_not_told_by_two(void **state)
{
    struct passworld *w = *state;
    const struct slice both[] = {passworld_certificate(w, 1, 1), passworld_certificate(w, 3, 3)};
    passworld_replace(w, POLICY, "dircertMode", "enforce");
    passworld_replace(w, POLICY, "dircertOnFinding", "version reissue");
    pass(w);
    pass(w);
    passworld_publish(w, "h1", 2, both);
    pass(w);
    passworld_expect(w, 1, WORDS("event=request ", "verb=move"));
    passworld_expect(w, 1, WORDS("event=finding-ended"));
    passworld_publish(w, "h1", 1, &both[1]);
    for (int i = 0; i < 2; i++) {
        pass(w);
        passworld_expect(w, 0, WORDS("event=finding"));
    }
}

/* A process that begins finds the request there: it tells from it, and once. */
static void test_a_new_process_finds_requests(void **state)
{
    struct passworld *w = *state;
    const struct slice good = passworld_certificate(w, 3, 3);
    passworld_replace(w, POLICY, "dircertMode", "enforce");
    passworld_replace(w, POLICY, "dircertOnFinding", "version reissue");
    pass(w);
    memo_close(w->settings.memory);
    w->settings.memory = memo_open();
    pass(w);
    passworld_expect(w, 0, WORDS("event=finding"));
    passworld_publish(w, "h1", 1, &good);
    pass(w);
    passworld_expect(w, 1, WORDS("event=finding-ended"));
}

static void test_a_policy_that_is_off_or_gone(void **state)
{
    struct passworld *w = *state;
    pass(w);
    passworld_replace(w, POLICY, "dircertMode", "off");
    pass(w);
    passworld_expect(w, 0, WORDS("event=finding"));
    passworld_replace(w, POLICY, "dircertMode", "audit");
    pass(w);
    passworld_expect(w, 1, WORDS("event=finding "));
    passworld_add(w, "cn=other,ou=policies," PASSWORLD_BASE, "dircertPolicy");
    passworld_replace(w, "cn=other,ou=policies," PASSWORLD_BASE, "dircertTarget", "ldap:///dc=x??base?(objectClass=*)");
    passworld_delete(w, POLICY);
    pass(w);
    passworld_expect(w, 0, WORDS("event=finding"));
}

static void test_a_problem_is_told_until_it_is_mended(void **state)
{
    struct passworld *w = *state;
    pass(w);
    for (int i = 0; i < 2; i++) {
        passworld_replace(w, POLICY, "dircertMaxPercent", "many");
        assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
        passworld_expect(w, 1, WORDS("event=problem ", "dircertMaxPercent", "value=many"));
        expect_silence(w, PASS_INCOMPLETE);
        passworld_replace(w, POLICY, "dircertMaxPercent", "20");
        pass(w);
        passworld_expect(w, 0, WORDS("event=finding"));
    }
}

static void test_an_entry_that_is_no_request(void **state)
{
    struct passworld *w = *state;
    passworld_add(w, "cn=odd," PASSWORLD_REQUESTS, "device");
    pass(w);
    passworld_expect(w, 1, WORDS("event=request-problem"));
    expect_silence(w, PASS_COMPLETE);
}

static void test_a_hold_is_told_when_its_figures_change(void **state)
{
    struct passworld *w = *state;
    passworld_replace(w, POLICY, "dircertMode", "enforce");
    passworld_replace(w, POLICY, "dircertOnFinding", "version reissue");
    passworld_replace(w, POLICY, "dircertConfirmations", "1");
    passworld_replace(w, POLICY, "dircertMaxRequests", "0");
    assert_int_equal(passworld_pass(w), PASS_HELD);
    passworld_expect(w, 1, WORDS("event=hold ", "count=1 limit=0", "release="));
    assert_int_equal(w->survey.policies[0].holds.n, strlen("too-many"));
    expect_silence(w, PASS_HELD);
    const struct slice bad = passworld_certificate(w, 1, 7);
    passworld_publish(w, "h3", 1, &bad);
    assert_int_equal(passworld_pass(w), PASS_HELD);
    passworld_expect(w, 1, WORDS("event=hold ", "count=2 limit=0"));
    passworld_replace(w, POLICY, "dircertMaxRequests", "100");
    pass(w);
    passworld_expect(w, 1, WORDS("event=hold-ended"));
    passworld_expect(w, 2, WORDS("event=request "));
    pass(w); /* what was written is no longer among the figures: that is told */
    expect_silence(w, PASS_COMPLETE);
}

static void test_a_pause_is_told_when_it_begins(void **state)
{
    struct passworld *w = *state;
    pass(w);
    for (int i = 0; i < 2; i++) {
        passworld_replace(w, PASSWORLD_BASE, "dircertPause", "TRUE");
        pass(w);
        passworld_expect(w, 1, WORDS("event=pause"));
        passworld_expect(w, 1, WORDS("event=pass ", "result=paused"));
        expect_silence(w, PASS_COMPLETE);
        passworld_replace(w, PASSWORLD_BASE, "dircertPause", NULL);
        pass(w);
        passworld_expect(w, 1, WORDS("event=pass ", POLICY, "result=complete"));
    }
}

/* Survey and summary. */

static const char *summary_of(struct passworld *w)
{
    int fd = memfd_create("log", 0);
    struct log *log = log_open(
        &(struct log_settings){.fd = fd, .clock = w->settings.clock, .clock_context = w, .least = SEVERITY_INFO});
    summary_log(log, &w->survey);
    log_close(log);
    char *text = arena_alloc(&w->arena, 4096);
    assert_true(pread(fd, text, 4095, 0) >= 0);
    close(fd);
    return w->log = text;
}

static void test_the_survey_and_its_summary(void **state)
{
    struct passworld *w = *state;
    passworld_publish(w, "bare", 0, NULL);
    pass(w);
    const struct policy_survey *s = &w->survey.policies[0];
    assert_int_equal(w->survey.policy_count, 1);
    assert_int_equal(w->survey.entries, 3);
    assert_int_equal(w->survey.begun_utc, w->now_utc);
    assert_false(w->survey.wrote);
    assert_string_equal(w->survey.result, "complete");
    assert_int_equal(s->subjects, 3);
    assert_int_equal(s->with_certificate, 2);
    assert_int_equal(s->compliant, 1);
    assert_int_equal(s->findings[CHECK_VERSION], 1);
    assert_true(slice_eq(s->name, SLICE_LITERAL("hosts")));
    summary_of(w);
    passworld_expect(w, 1,
                     WORDS("event=summary severity=info", POLICY,
                           "mode=audit subjects=3 with-certificate=2 "
                           "compliant=1 findings=version:1 waived=0 requests=- oldest-open=- holds=-"));
    passworld_replace(w, POLICY, "dircertMode", "enforce");
    passworld_replace(w, POLICY, "dircertOnFinding", "version reissue");
    pass(w);
    s = &w->survey.policies[0];
    assert_true(w->survey.wrote);
    assert_int_equal(w->survey.requests_open, 1);
    assert_int_equal(s->requests[REQUEST_REISSUE][STATE_PROPOSED], 1);
    assert_int_equal(s->oldest_open_utc, w->now_utc);
    summary_of(w);
    passworld_expect(w, 1, WORDS("event=summary", "mode=enforce", "requests=proposed:1 oldest-open=2027-"));
}

/* What was not read whole has no figures. */
static void test_the_summary_of_a_policy_that_was_not_read(void **state)
{
    struct passworld *w = *state;
    memory_fail_search(w->dir, "ou=hosts,dc=x");
    assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
    assert_false(w->survey.policies[0].complete);
    summary_of(w);
    passworld_expect(w, 1, WORDS("event=summary", "mode=audit requests=- "));
}

/* The memory alone. */

static enum memo_verdict looked(void *context, enum memo_kind kind, struct slice policy_dn)
{
    (void)context, (void)kind, (void)policy_dn;
    return MEMO_LOOKED;
}

static void count_ended(void *context, const struct memo_fact *f)
{
    assert_true(f->is_finding && f->subject_dn.n > 0);
    ++*(size_t *)context;
}

static bool tell(struct memo *m, unsigned number, const char *value)
{
    char dn[32];
    snprintf(dn, sizeof dn, "cn=%u,dc=x", number);
    return memo_is_new(m, &(struct memo_fact){.kind = MEMO_FINDING,
                                              .policy_dn = SLICE_LITERAL(POLICY),
                                              .key = {slice_of(dn), SLICE_LITERAL("version")},
                                              .value = slice_of(value),
                                              .is_finding = true,
                                              .subject_dn = slice_of(dn)});
}

static void test_the_memory_is_bounded(void **state)
{
    (void)state;
    struct memo *m = memo_open();
    size_t ended = 0;
    memo_begin_pass(m);
    for (unsigned i = 0; i < MEMO_MOST; i++)
        assert_true(tell(m, i, "a"));
    assert_false(memo_ran_full(m));
    assert_false(tell(m, 0, "a"));
    for (int i = 0; i < 2; i++)
        assert_true(tell(m, MEMO_MOST, "a"));
    assert_true(memo_ran_full(m));
    assert_false(memo_ran_full(m));
    assert_int_equal(memo_count(m), MEMO_MOST);
    memo_end_pass(m, looked, count_ended, &ended);
    assert_int_equal(ended, 0);
    memo_begin_pass(m);
    assert_false(tell(m, 5, "a"));
    assert_true(tell(m, 6, "b"));
    memo_end_pass(m, looked, count_ended, &ended);
    assert_int_equal(ended, MEMO_MOST - 2);
    assert_int_equal(memo_count(m), 2);
    memo_begin_pass(m);
    assert_false(tell(m, 5, "a"));
    assert_false(tell(m, 6, "b"));
    assert_true(tell(m, MEMO_MOST, "a"));
    memo_close(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_steady_state_is_told_once, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_without_memory_each_pass_tells_all, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_the_end_of_a_finding_is_told_once, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_a_deleted_subject_ends_its_finding, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_one_of_two, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_what_is_hidden_has_not_ended, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_a_request_tells_the_end, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_an_end_during_a_pause, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_an_end_is_not_told_by_two, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_a_new_process_finds_requests, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_a_policy_that_is_off_or_gone, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_a_problem_is_told_until_it_is_mended, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_an_entry_that_is_no_request, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_a_hold_is_told_when_its_figures_change, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_a_pause_is_told_when_it_begins, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_the_survey_and_its_summary, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_the_summary_of_a_policy_that_was_not_read, enter, passworld_leave),
        cmocka_unit_test(test_the_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
