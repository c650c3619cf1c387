/* SPDX-License-Identifier: Apache-2.0 */
/* A pass that somebody watches: interrupted wherever it stands, and shown on a terminal. */
#include "support/passworld.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS PASSWORLD_WORDS

enum { HOSTS = 3, MANY = 10000, STEPS_MOST = 100000 };

struct watcher {
    size_t asked, patience; /* answers false once it was asked more often than that */
    struct progress last;
};

static bool watch(void *context, const struct progress *progress)
{
    struct watcher *w = context;
    w->last = *progress;
    return w->asked++ < w->patience;
}

static int enter(void **state)
{
    int code = passworld_enter(state);
    if (code == 0) {
        struct passworld *w = *state;
        w->settings.watch = watch;
        passworld_replace(w, PASSWORLD_POLICY, "dircertMode", "enforce");
        passworld_replace(w, PASSWORLD_POLICY, "dircertConfirmations", "1");
        /* Of the second nobody has a value: whether they really have none is asked of each entry. */
        memory_learn_attribute(w->dir, "cACertificate");
        passworld_replace(w, PASSWORLD_POLICY, "dircertCertificateAttribute", "userCertificate cACertificate");
        passworld_replace(w, PASSWORLD_POLICY, "dircertOnFinding", "version reissue");
        for (unsigned i = 0; i < HOSTS; i++) {
            const struct slice bad = passworld_certificate(w, 1, 1 + i);
            passworld_publish(w, (const char *)arena_format(&w->arena, "h%u", i).p, 1, &bad);
        }
    }
    return code;
}

static size_t requests(const struct passworld *w)
{
    return memory_writes_below(w->dir, SLICE_LITERAL(PASSWORLD_REQUESTS));
}

/* Interrupted at each step in turn, until one goes through: what was written is told, and nothing else. */
static void test_interrupted_anywhere(void **state)
{
    struct passworld *w = *state;
    struct watcher watcher = {0};
    size_t interrupted = 0;
    w->settings.memory = memo_open();
    w->settings.watch_context = &watcher;
    for (;; interrupted++) {
        assert_true(interrupted < STEPS_MOST);
        size_t before = requests(w);
        watcher = (struct watcher){.patience = interrupted};
        enum pass_result result = passworld_pass(w);
        passworld_expect(w, requests(w) - before, WORDS("event=request "));
        passworld_expect(w, 0, WORDS("event=fault"));
        passworld_expect(w, 0, WORDS("event=problem"));
        passworld_expect(w, 0, WORDS("event=undecided"));
        if (result == PASS_COMPLETE)
            break;
        assert_int_equal(result, PASS_INCOMPLETE);
        assert_string_equal(w->survey.result, "interrupted");
        assert_int_equal(w->survey.policy_count, 0);
        passworld_expect(w, 1, WORDS("event=pass severity=info policy=- result=interrupted"));
        passworld_expect(w, 1, WORDS("event=pass "));
        assert_string_equal(passworld_value(w, PASSWORLD_STATUS, "dircertLastPass"), "");
        assert_string_equal(passworld_value(w, PASSWORLD_STATUS, "dircertPassResult"), "");
    }
    assert_true(interrupted > HOSTS);
    assert_int_equal(requests(w), HOSTS);
    assert_string_equal(passworld_value(w, PASSWORLD_STATUS, "dircertPassResult"), "complete");
    assert_int_equal(watcher.last.entries, HOSTS);
    assert_int_equal(watcher.last.findings, HOSTS);
    passworld_expect(w, 0, WORDS("event=finding-ended"));
}

/* What was held stays held for whoever reads the status. */
static void test_the_status_keeps_what_it_says(void **state)
{
    static const char *const kept[] = {"dircertHold", "dircertLastPass", "dircertPolicyFigures", "dircertPassResult"};
    const char *before[sizeof kept / sizeof *kept];
    struct passworld *w = *state;
    struct watcher watcher = {.patience = SIZE_MAX};
    w->settings.watch_context = &watcher;
    passworld_replace(w, PASSWORLD_POLICY, "dircertMaxRequests", "0");
    assert_int_equal(passworld_pass(w), PASS_HELD);
    size_t steps = watcher.asked;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        before[i] = passworld_value(w, PASSWORLD_STATUS, kept[i]);
        assert_string_not_equal(before[i], "");
    }
    passworld_replace(w, PASSWORLD_POLICY, "dircertMaxRequests", "100");
    for (size_t patience = 0; patience < steps; patience++) {
        watcher = (struct watcher){.patience = patience};
        if (passworld_pass(w) != PASS_INCOMPLETE)
            break;
        passworld_expect(w, 0, WORDS("event=hold"));
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
            assert_string_equal(passworld_value(w, PASSWORLD_STATUS, kept[i]), before[i]);
    }
}

/* An entry with very many certificates does not keep whoever watches waiting until all of them are judged. */
static void test_one_entry_with_many_certificates(void **state)
{
    struct passworld *w = *state;
    struct watcher watcher = {.patience = SIZE_MAX};
    struct slice *all = ARENA_ARRAY(&w->arena, MANY, struct slice);
    for (unsigned i = 0; i < MANY; i++)
        all[i] = passworld_certificate(w, 3, i);
    w->settings.watch_context = &watcher;
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    size_t without = watcher.asked;
    passworld_publish(w, "many", MANY, all);
    watcher.asked = 0;
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    assert_true(watcher.asked > without + MANY / 100);
    watcher = (struct watcher){.patience = without + MANY / 200};
    assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
    passworld_expect(w, 1, WORDS("result=interrupted"));
    passworld_expect(w, 0, WORDS("event=finding-ended"));
}

static const struct progress_pace at_once = {0};

static void test_progress_in_the_log(void **state)
{
    struct passworld *w = *state;
    w->settings.watch = NULL;
    w->settings.pace = &at_once;
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    passworld_expect(w, 0, WORDS("event=progress severity=notice"));
    if (!strstr(w->log, "event=progress severity=info entries=1 rate="))
        fail_msg("%s", w->log);
    w->settings.pace = NULL;
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    passworld_expect(w, 0, WORDS("event=progress"));
}

/* What a terminal shows of two passes whose log goes there too. */
static _Noreturn void show(struct passworld *w, int terminal)
{
    dup2(terminal, STDERR_FILENO);
    w->settings.show_progress = true;
    w->settings.watch = NULL;
    w->settings.pace = &(struct progress_pace){.log_after_ms = 60000, .log_every_ms = 60000};
    for (int i = 0; i < 2; i++) {
        struct log *log = log_open(&(struct log_settings){
            .fd = STDERR_FILENO, .clock = w->settings.clock, .clock_context = w, .least = SEVERITY_INFO});
        struct slice plan;
        w->now_utc += PASSWORLD_INTERVAL_S;
        memory_set_clock(w->dir, w->now_utc);
        pass_run(w->dir, w->second, log, &w->settings, &w->arena, &plan);
        log_close(log);
    }
    _exit(0);
}

static size_t read_terminal(int fd, char *text, size_t room)
{
    size_t n = 0;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    while (n + 1 < room && poll(&wait, 1, 10000) > 0) {
        ssize_t got = read(fd, text + n, room - 1 - n);
        if (got <= 0)
            break; /* the other end is closed: EIO */
        n += (size_t)got;
    }
    return n;
}

static void test_a_line_on_the_terminal(void **state)
{
    struct passworld *w = *state;
    struct winsize size = {.ws_row = 24, .ws_col = 100};
    int ours, terminal;
    assert_int_equal(openpty(&ours, &terminal, NULL, NULL, &size), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        show(w, terminal);
    close(terminal);
    size_t room = 1 << 18;
    char *text = arena_alloc(&w->arena, room);
    text[read_terminal(ours, text, room)] = 0;
    close(ours);
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    if (!strstr(text, "\r0 entries, 0/s, 0 findings") ||
        !strstr(text, "\r[                        ]   0 %  0 entries") ||
        !strstr(text, "\r[########################] 100 %  3 entries, ") || !strstr(text, "/s, 3 findings\r"))
        fail_msg("%s", text);
    /* Each line of the log begins at the left edge, after the blanks that wiped what stood there. */
    size_t lines = 0;
    for (const char *at = text; (at = strstr(at, "time=")); at++, lines++)
        assert_true(at == text || at[-1] == '\r' || at[-1] == '\n');
    assert_true(lines >= 4);
    assert_null(strstr(text, "findingstime="));
    assert_int_equal(text[strlen(text) - 1], '\n');
}

/* Until so much below ou=requests was written. */
struct limit {
    const struct passworld *w;
    size_t writes;
};

static bool watch_writes(void *context, const struct progress *progress)
{
    const struct limit *l = context;
    (void)progress;
    return requests(l->w) < l->writes;
}

static void publish_all(struct passworld *w, unsigned from, unsigned to, int version)
{
    for (unsigned i = from; i < to; i++) {
        const struct slice one = passworld_certificate(w, version, 1 + i);
        passworld_publish(w, (const char *)arena_format(&w->arena, "h%u", i).p, 1, &one);
    }
}

/* All of it within one interval: ten may be withdrawn, whatever becomes of the passes. */
static void test_withdrawals_are_counted_however_passes_end(void **state)
{
    enum { ALL = 30, ALLOWED = 10, CUT = 5 };
    struct passworld *w = *state;
    struct limit limit = {.w = w, .writes = SIZE_MAX};
    w->settings.watch = watch_writes;
    w->settings.watch_context = &limit;
    w->settings.past = past_open();
    publish_all(w, 0, ALL, 1);
    passworld_replace(w, PASSWORLD_POLICY, "dircertMaxPercent", "100");
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    passworld_replace(w, PASSWORLD_POLICY, "dircertMaxPercent", "10");
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    publish_all(w, 0, ALLOWED, 3);
    limit.writes = requests(w) + CUT;
    assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
    passworld_expect(w, 1, WORDS("event=pass ", "result=interrupted"));
    passworld_expect(w, CUT, WORDS("event=request ", "state=withdrawn"));
    limit.writes = SIZE_MAX;
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    passworld_expect(w, ALLOWED - CUT, WORDS("event=request ", "state=withdrawn"));
    memory_fail_search(w->dir, PASSWORLD_REQUESTS);
    assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
    memory_fail_search(w->dir, NULL);
    past_forget(w->settings.past); /* as a daemon does that stands by */
    publish_all(w, ALLOWED, ALLOWED + 1, 3);
    assert_int_equal(passworld_pass(w), PASS_HELD);
    passworld_expect(w, 1, WORDS("event=hold ", "too-many-withdrawals", "count=11 limit=3", "within an interval"));
    passworld_expect(w, 0, WORDS("event=request ", "state=withdrawn"));
    past_close(w->settings.past);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_interrupted_anywhere, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_the_status_keeps_what_it_says, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_withdrawals_are_counted_however_passes_end, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_one_entry_with_many_certificates, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_progress_in_the_log, enter, passworld_leave),
        cmocka_unit_test_setup_teardown(test_a_line_on_the_terminal, enter, passworld_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
