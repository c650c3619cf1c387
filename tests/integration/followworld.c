/* SPDX-License-Identifier: Apache-2.0 */
#include "followworld.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { TRIES = 100, TRY_MS = 50 };

static int enter_with(void **state, const char *database)
{
    int failed = program_enter_on(state, &(struct slapd_options){.accesslog = true, .database = database});
    struct program *p = *state;
    if (failed)
        return failed;
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_add_server(p, "fine", "fine.example.com", program_good(p, "fine.example.com"));
    program_configure(p, &(struct program_conf){.interval_s = FOLLOW_HOUR_S, .level = "debug", .timeout_s = 3});
    return 0;
}

int follow_enter(void **state)
{
    return enter_with(state, "overlay syncprov\nsyncprov-sessionlog 1000\n");
}

int follow_enter_without_log(void **state)
{
    return enter_with(state, "overlay syncprov\n");
}

int follow_enter_without_overlay(void **state)
{
    return enter_with(state, NULL);
}

struct daemon_process follow_start(struct program *p)
{
    struct daemon_process d = daemon_start(p, NULL);
    daemon_wait(&d, FOLLOWING);
    daemon_wait(&d, WHOLE_PASS);
    return d;
}

void follow_stop(struct daemon_process *d, size_t full_passes)
{
    daemon_rest(FOLLOW_SETTLE_MS);
    size_t looks = daemon_lines(d, WORDS("event=look"));
    daemon_rest(FOLLOW_SETTLE_MS);
    assert_int_equal(daemon_lines(d, WORDS("event=look")), looks);
    daemon_stop(d);
    assert_int_equal(daemon_lines(d, WHOLE_PASS), full_passes);
    assert_int_equal(daemon_lines(d, WORDS("event=drift")), 0);
    assert_int_equal(daemon_lines(d, WORDS("event=fault")), 0);
}

void follow_wait_state(struct program *p, const char *subject, const char *state)
{
    for (int i = 0; i < TRIES; i++) {
        if (strcmp(program_request_value(p, "reissue", subject, "dircertState"), state) == 0)
            return;
        daemon_rest(TRY_MS);
    }
    program_expect_state(p, "reissue", subject, state);
}

void follow_publish(struct program *p, const char *dn, struct slice der)
{
    program_publish(p, dn, 1, &der);
}
