/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at a few subjects: what they must leave to a full pass, which alone knows how many there are. */
#include "support/passworld.h"

#include "run/memo.h"
#include "run/past.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DESCRIBED "ldap:///ou=hosts,dc=x??sub?(description=managed)"

enum { HOSTS = 40, BAD = 10, LEAVE = 8, DAY_S = 86400 };

static int64_t steady(void *context)
{
    return ((struct passworld *)context)->now_utc;
}

static const char *host(struct passworld *w, unsigned i)
{
    return (const char *)arena_format(&w->arena, "h%02u", i).p;
}

static const char *dn_of(struct passworld *w, unsigned i)
{
    return (const char *)arena_format(&w->arena, "cn=%s,ou=hosts,dc=x", host(w, i)).p;
}

static struct slice id_of(struct passworld *w, const char *dn)
{
    return arena_format(&w->arena, "entryUUID:%s", passworld_value(w, dn, "entryUUID"));
}

/* 40 hosts, ten of which have a request that waits for a person. */
static int enter(void **state)
{
    if (passworld_enter(state) != 0)
        return -1;
    struct passworld *w = *state;
    w->settings.memory = memo_open();
    w->settings.past = past_open();
    w->settings.steady_clock = steady;
    memory_learn_attribute(w->dir, "description");
    passworld_replace(w, PASSWORLD_POLICY, "dircertMode", "enforce");
    passworld_replace(w, PASSWORLD_POLICY, "dircertConfirmations", "1");
    passworld_replace(w, PASSWORLD_POLICY, "dircertMaxPercent", "100");
    passworld_replace(w, PASSWORLD_POLICY, "dircertRetentionDays", "1");
    passworld_replace(w, PASSWORLD_POLICY, "dircertOnFinding", "version reissue");
    passworld_replace(w, PASSWORLD_POLICY, "dircertTarget", DESCRIBED);
    for (unsigned i = 0; i < HOSTS; i++) {
        struct slice der = passworld_certificate(w, i < BAD ? 1 : 3, i + 1);
        passworld_publish(w, host(w, i), 1, &der);
        passworld_replace(w, dn_of(w, i), "description", "managed");
    }
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    passworld_expect(w, BAD, PASSWORLD_WORDS("event=request", "verb=create"));
    return 0;
}

static int leave(void **state)
{
    struct passworld *w = *state;
    past_close(w->settings.past);
    return passworld_leave(state);
}

static enum escalation look(struct passworld *w, const struct slice *subjects, size_t count,
                            const struct slice *requests, size_t request_count)
{
    enum escalation escalation = ESCALATION_NONE;
    const struct focus focus = {
        .subjects = subjects, .subject_count = count, .requests = requests, .request_count = request_count};
    const struct pass_settings before = w->settings;
    w->settings.focus = &focus;
    w->settings.escalation = &escalation;
    w->settings.survey = NULL;
    passworld_pass(w);
    w->settings = before;
    return escalation;
}

static enum escalation look_at(struct passworld *w, unsigned i)
{
    struct slice id = id_of(w, dn_of(w, i));
    return look(w, &id, 1, NULL, 0);
}

static const char *request_of(struct passworld *w, unsigned i, struct slice *id)
{
    *id = request_id_of_reissue(&w->arena, id_of(w, dn_of(w, i)));
    return (const char *)arena_format(&w->arena, "dircertRequestId=%.*s," PASSWORLD_REQUESTS, SLICE_ARGS(*id)).p;
}

/* Those with requests leave what the policy governs, by an edit that may be a mistake: a full pass would hold that. */
static void leave_policy(struct passworld *w, bool one_by_one, bool moved)
{
    struct slice ids[LEAVE];
    unsigned withdrawn = 0;
    for (unsigned i = 0; i < LEAVE; i++) {
        struct slice to = arena_format(&w->arena, "cn=%s,dc=x", host(w, i));
        ids[i] = id_of(w, dn_of(w, i));
        if (moved)
            assert_int_equal(memory_rename(w->dir, slice_of(dn_of(w, i)), to), RC_OK);
        else
            passworld_replace(w, dn_of(w, i), "description", "oops");
    }
    for (unsigned i = 0; i < LEAVE && one_by_one; i++) {
        withdrawn += look(w, &ids[i], 1, NULL, 0) == ESCALATION_NONE;
        passworld_expect(w, i < withdrawn, PASSWORLD_WORDS("event=request", "state=withdrawn"));
    }
    if (one_by_one) {
        assert_in_range(withdrawn, 1, LEAVE - 1); /* 36 of 40 are enough */
        return;
    }
    assert_int_equal(look(w, ids, LEAVE, NULL, 0), ESCALATION_GUARD);
    passworld_expect(w, 0, PASSWORLD_WORDS("event=request", "state=withdrawn"));
    assert_int_equal(passworld_pass(w), PASS_HELD);
}

static void test_leaving_the_filter(void **state)
{
    struct passworld *w = *state;
    passworld_replace(w, PASSWORLD_POLICY, "dircertMinSubjectsPercent", "90");
    passworld_pass(w);
    leave_policy(w, false, false);
}

static void test_leaving_the_base(void **state)
{
    struct passworld *w = *state;
    passworld_replace(w, PASSWORLD_POLICY, "dircertMinSubjectsPercent", "90");
    passworld_pass(w);
    leave_policy(w, false, true);
}

static void test_leaving_one_by_one(void **state)
{
    struct passworld *w = *state;
    passworld_replace(w, PASSWORLD_POLICY, "dircertMinSubjectsPercent", "90");
    passworld_replace(w, PASSWORLD_POLICY, "dircertMaxPercent", "100");
    passworld_pass(w);
    leave_policy(w, true, false);
}

/* Others, of whom nothing is on record, leave first: they count while the interval lasts. */
static void test_leaving_of_the_compliant(void **state)
{
    struct passworld *w = *state;
    struct slice ids[LEAVE + 1];
    passworld_replace(w, PASSWORLD_POLICY, "dircertMinSubjectsPercent", "90");
    w->settings.interval_s = 4 * PASSWORLD_INTERVAL_S;
    passworld_pass(w);
    for (unsigned i = 0; i < LEAVE; i++) {
        passworld_replace(w, dn_of(w, BAD + i), "description", "oops");
        ids[i] = id_of(w, dn_of(w, BAD + i));
    }
    assert_int_equal(look(w, ids, LEAVE, NULL, 0), ESCALATION_NONE); /* nothing follows from that */
    passworld_replace(w, dn_of(w, 0), "description", "oops");
    assert_int_equal(look_at(w, 0), ESCALATION_GUARD);
    for (unsigned i = 0; i < LEAVE; i++)
        passworld_replace(w, dn_of(w, BAD + i), "description", "managed");
    ids[LEAVE] = id_of(w, dn_of(w, 0));
    assert_int_equal(look(w, ids, LEAVE + 1, NULL, 0), ESCALATION_NONE); /* they are back */
    passworld_expect(w, 1, PASSWORLD_WORDS("event=request", "state=withdrawn"));
}

/* What changes in a directory and has to do with no policy costs no full pass. */
static void test_others_come_and_go(void **state)
{
    struct passworld *w = *state;
    struct slice ids[HOSTS], good = passworld_certificate(w, 3, 999);
    passworld_replace(w, PASSWORLD_POLICY, "dircertMinSubjectsPercent", "90");
    passworld_pass(w);
    for (unsigned i = 0; i < HOSTS; i++) {
        const char *dn = (const char *)arena_format(&w->arena, "cn=p%02u,dc=x", i).p;
        passworld_add(w, dn, "person");
        ids[i] = id_of(w, dn);
    }
    assert_int_equal(look(w, ids, HOSTS, NULL, 0), ESCALATION_NONE);
    passworld_publish(w, host(w, 0), 1, &good);
    assert_int_equal(look_at(w, 0), ESCALATION_NONE);
    passworld_expect(w, 1, PASSWORLD_WORDS("event=request", "state=withdrawn"));
}

/* A request that looks purged and made again is missed when somebody deletes it. */
static void test_made_again(void **state)
{
    struct passworld *w = *state;
    struct slice id, good = passworld_certificate(w, 3, 999), bad = passworld_certificate(w, 1, 998);
    const char *dn = request_of(w, 0, &id);
    passworld_publish(w, host(w, 0), 1, &good);
    assert_int_equal(look_at(w, 0), ESCALATION_NONE);
    assert_string_equal(passworld_value(w, dn, "dircertState"), "withdrawn");
    w->now_utc += 2 * DAY_S;
    assert_int_equal(look_at(w, 0), ESCALATION_NONE);
    passworld_expect(w, 1, PASSWORLD_WORDS("event=request", "verb=purge"));
    assert_int_equal(look(w, NULL, 0, &id, 1), ESCALATION_NONE); /* which is known */
    passworld_publish(w, host(w, 0), 1, &bad);
    assert_int_equal(look_at(w, 0), ESCALATION_NONE);
    assert_string_equal(passworld_value(w, dn, "dircertState"), "pending");
    passworld_delete(w, dn);
    assert_int_equal(look(w, NULL, 0, &id, 1), ESCALATION_REQUEST);
}

/* Whom a request is about says its id, and not what somebody wrote into it. */
static void test_edited(void **state)
{
    struct passworld *w = *state;
    struct slice id;
    const char *dn = request_of(w, 0, &id);
    passworld_replace(w, dn, "dircertSubjectId", "entryUUID:00000000-0000-0000-0000-000000000000");
    assert_int_equal(look(w, NULL, 0, &id, 1), ESCALATION_REQUEST);
    passworld_pass(w);
    passworld_expect(w, 1, PASSWORLD_WORDS("event=request", "verb=repair"));
    assert_int_equal(look(w, NULL, 0, &id, 1), ESCALATION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_leaving_the_filter, enter, leave),
        cmocka_unit_test_setup_teardown(test_leaving_the_base, enter, leave),
        cmocka_unit_test_setup_teardown(test_leaving_one_by_one, enter, leave),
        cmocka_unit_test_setup_teardown(test_leaving_of_the_compliant, enter, leave),
        cmocka_unit_test_setup_teardown(test_others_come_and_go, enter, leave),
        cmocka_unit_test_setup_teardown(test_made_again, enter, leave),
        cmocka_unit_test_setup_teardown(test_edited, enter, leave),
    };
    return cmocka_run_group_tests_name("pass_look", tests, NULL, NULL);
}
