/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A search for evidence that fails is a fault: a full pass is incomplete, and a look leaves the matter to a full pass.
 */
#include "run/past.h"
#include "support/passworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define WORDS  PASSWORLD_WORDS
#define POLICY PASSWORLD_POLICY
#define H1     PASSWORLD_HOST("h1")
#define RACK   "ou=rack,ou=hosts,dc=x"
#define WAIVER "cn=w,ou=waivers," PASSWORLD_BASE

static struct past *past;

static int64_t steady(void *context)
{
    return ((struct passworld *)context)->now_utc;
}

/* h1 and h2 comply. */
static int enter(void **state)
{
    int code = passworld_enter(state);
    if (code)
        return code;
    struct passworld *w = *state;
    const struct slice first = passworld_certificate(w, 3, 1), second = passworld_certificate(w, 3, 2);
    w->settings.steady_clock = steady;
    w->settings.past = past = past_open();
    passworld_replace(w, POLICY, "dircertMode", "enforce");
    passworld_replace(w, POLICY, "dircertOnFinding", "missing reissue");
    passworld_replace(w, POLICY, "dircertConfirmations", "1");
    passworld_replace(w, POLICY, "dircertMaxRequests", "1000");
    passworld_replace(w, POLICY, "dircertMaxPercent", "100");
    passworld_replace(w, POLICY, "dircertMinSubjectsPercent", "0");
    passworld_publish(w, "h1", 1, &first);
    passworld_publish(w, "h2", 1, &second);
    return 0;
}

static int leave(void **state)
{
    past_close(past);
    return passworld_leave(state);
}

static struct slice id_of(struct passworld *w, const char *dn)
{
    return arena_format(&w->arena, "entryUUID:%s", passworld_value(w, dn, "entryUUID"));
}

static enum escalation look(struct passworld *w, struct slice id)
{
    enum escalation why = ESCALATION_NONE;
    const struct focus focus = {.subjects = &id, .subject_count = 1};
    w->settings.focus = &focus;
    w->settings.escalation = &why;
    passworld_pass(w);
    w->settings.focus = NULL;
    w->settings.escalation = NULL;
    return why;
}

/* While searches there fail neither a look nor a full pass settles it, and each tells so once; then a look does. */
static void expect_fault(struct passworld *w, const char *where, struct slice id, const char *what, const char *then)
{
    memory_fail_search(w->dir, where);
    assert_int_equal(look(w, id), ESCALATION_FAULT);
    passworld_expect(w, 1, WORDS("event=fault", what));
    passworld_expect(w, 1, WORDS("event=fault"));
    passworld_expect(w, 0, WORDS("event=request "));
    assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
    passworld_expect(w, 1, WORDS("event=fault", what));
    passworld_expect(w, 1, WORDS("event=fault"));
    passworld_expect(w, 0, WORDS("event=request "));
    memory_fail_search(w->dir, NULL);
    assert_int_equal(look(w, id), ESCALATION_NONE);
    passworld_expect(w, 1, WORDS("event=request ", then));
}

static void test_what_an_entry_does_not_have(void **state)
{
    struct passworld *w = *state;
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    passworld_publish(w, "h1", 0, NULL);
    expect_fault(w, H1, id_of(w, H1), "find out what an entry does not have", "state=pending");
}

static void test_where_a_subject_is(void **state)
{
    struct passworld *w = *state;
    passworld_add(w, RACK, "organizationalUnit");
    passworld_add(w, "cn=h3," RACK, "device");
    passworld_add(w, "cn=sibling," RACK, "person");
    const struct slice id = id_of(w, "cn=h3," RACK);
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    passworld_expect(w, 1, WORDS("event=request ", "state=pending"));
    passworld_delete(w, "cn=h3," RACK);
    expect_fault(w, RACK, id, "find out where the subject of a request is", "state=withdrawn");
}

static void test_whom_a_waiver_names(void **state)
{
    struct passworld *w = *state;
    const struct slice bad = passworld_certificate(w, 1, 3);
    passworld_replace(w, POLICY, "dircertOnFinding", "version reissue");
    memory_learn_attribute(w->dir, "description");
    passworld_add(w, WAIVER, "dircertWaiver");
    passworld_replace(w, WAIVER, "cn", "w");
    passworld_replace(w, WAIVER, "dircertTarget", "ldap:///ou=hosts,dc=x??sub?(description=tolerated)");
    passworld_replace(w, WAIVER, "dircertCheck", "version");
    passworld_replace(w, WAIVER, "dircertWaiverUntil", "20990101000000Z");
    passworld_replace(w, WAIVER, "dircertWaiverReason", "agreed");
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    passworld_publish(w, "h1", 1, &bad);
    expect_fault(w, H1, id_of(w, H1), "find out whether a waiver names an entry", "state=pending");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_an_entry_does_not_have, enter, leave),
        cmocka_unit_test_setup_teardown(test_where_a_subject_is, enter, leave),
        cmocka_unit_test_setup_teardown(test_whom_a_waiver_names, enter, leave),
    };
    return cmocka_run_group_tests_name("pass-evidence", tests, NULL, NULL);
}
