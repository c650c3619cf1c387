/* SPDX-License-Identifier: Apache-2.0 */
/* What is known to have changed: where a change belongs by its name, and what looks and full passes leave of it. */
#include "daemon/changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BASE "ou=dircertd,dc=example,dc=com"
#define HEX  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum where { SUBJECT, REQUEST, POLICY, LOST, NOTHING };

static int enter(void **state)
{
    struct changes *c = calloc(1, sizeof *c);
    if (!c)
        return -1;
    changes_open(c, BASE);
    changes_begin_full(c);
    changes_end_full(c, true);
    *state = c;
    return 0;
}

static int leave(void **state)
{
    changes_close(*state);
    free(*state);
    return 0;
}

static void note(struct changes *c, const char *id, const char *dn, bool is_gone)
{
    const struct change change = {.id = slice_of(id), .dn = slice_of(dn), .is_gone = is_gone};
    changes_note(c, &change, 1000);
}

static enum where where(const struct changes *c)
{
    if (c->is_lost)
        return LOST;
    if (c->policy_first_ms)
        return POLICY;
    if (c->pending.requests.count)
        return REQUEST;
    return c->pending.subjects.count ? SUBJECT : NOTHING;
}

static void a_name_says_what_changed(void **state)
{
    static const struct {
        const char *dn;
        enum where where;
    } rows[] = {
        {"cn=a,ou=servers,dc=example,dc=com", SUBJECT},
        {"dircertRequestId=" HEX ",ou=archive,dc=example,dc=com", REQUEST}, /* it was moved there */
        {"dircertRequestId=1,ou=archive,dc=example,dc=com", SUBJECT},
        {"cn=M\xc3\xbcller\\, Hans,ou=people,dc=example,dc=com", SUBJECT},
        {"cn=x,ou=daemons,dc=example,dc=com", SUBJECT},
        {"ou=policies,dc=example,dc=com", SUBJECT},
        {"dircertRequestId=" HEX ",ou=requests," BASE, REQUEST},
        {"DIRCERTREQUESTID=" HEX ", OU=Requests, OU=dircertd, DC=example, DC=com", REQUEST},
        {"cn=not one,ou=requests," BASE, POLICY},
        {"ou=requests," BASE, POLICY},
        {"cn=servers,ou=policies," BASE, POLICY},
        {"cn=w,ou=waivers," BASE, POLICY},
        {"ou=policies," BASE, POLICY},
        {BASE, POLICY},
        {"dc=example,dc=com", POLICY},
        {"", POLICY},
        {"cn=default,ou=status," BASE, NOTHING},
        {"ou=status," BASE, NOTHING},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct changes *c = NULL;
        assert_int_equal(enter((void **)&c), 0);
        note(c, "entryUUID:1", rows[i].dn, false);
        if (where(c) != rows[i].where)
            fail_msg("\"%s\": %d instead of %d", rows[i].dn, (int)where(c), (int)rows[i].where);
        leave((void **)&c);
    }
}

static void who_is_gone_without_a_name_may_be_anybody(void **state)
{
    struct changes *c = *state;
    note(c, "entryUUID:1", "cn=a,ou=servers,dc=example,dc=com", true);
    assert_int_equal(where(c), SUBJECT);
    assert_int_equal(c->gone, 1);
    note(c, "entryUUID:2", "", true);
    assert_int_equal(where(c), LOST);
}

static bool expects(const struct changes *c, const char *subject, const char *request)
{
    return changes_expect(c, slice_of(subject), slice_of(request));
}

static void a_look_takes_some_and_leaves_the_rest(void **state)
{
    struct changes *c = *state;
    struct change_batch batch;
    char id[32];
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "entryUUID:%d", i % 50);
        note(c, id, "cn=a,ou=servers,dc=example,dc=com", false);
    }
    assert_int_equal(c->pending.subjects.count, 50);
    changes_take(c, 20, &batch);
    assert_int_equal(batch.subjects.count, 20);
    assert_true(slice_eq(batch.subjects.items[0], slice_of("entryUUID:0")));
    assert_true(slice_eq(c->pending.subjects.items[0], slice_of("entryUUID:20")));
    assert_false(expects(c, "entryUUID:3", ""));
    assert_true(expects(c, "entryUUID:23", ""));
    note(c, "entryUUID:3", "cn=a,ou=servers,dc=example,dc=com", false); /* while it is looked at */
    changes_settle(c, &batch, false);
    assert_int_equal(c->pending.subjects.count, 31);
    changes_take(c, 100, &batch);
    assert_false(changes_are_pending(c));
    changes_give_back(c, &batch);
    assert_int_equal(c->pending.subjects.count, 31);
}

static void a_full_pass_knows_what_was_left_to_it(void **state)
{
    struct changes *c = *state;
    struct change_batch batch;
    note(c, "entryUUID:1", "cn=a,ou=servers,dc=example,dc=com", false);
    note(c, "entryUUID:2", "dircertRequestId=" HEX ",ou=requests," BASE, false);
    changes_take(c, 10, &batch);
    changes_settle(c, &batch, true);
    assert_false(changes_are_pending(c));
    assert_true(expects(c, "entryUUID:1", "") && expects(c, "entryUUID:9", HEX));
    changes_begin_full(c);
    assert_true(expects(c, "entryUUID:1", ""));
    note(c, "entryUUID:3", "cn=c,ou=servers,dc=example,dc=com", false);
    assert_true(expects(c, "entryUUID:3", ""));
    changes_end_full(c, true);
    assert_false(expects(c, "entryUUID:1", "") || expects(c, "", HEX));
    assert_int_equal(c->pending.subjects.count, 1);
}

static void a_full_pass_that_was_cut_short_settles_nothing(void **state)
{
    struct changes *c = *state;
    note(c, "entryUUID:1", "cn=a,ou=servers,dc=example,dc=com", false);
    changes_begin_full(c);
    assert_false(changes_are_pending(c));
    changes_end_full(c, false);
    assert_int_equal(c->pending.subjects.count, 1);
}

static void too_many_are_everything(void **state)
{
    struct changes *c = *state;
    char id[32];
    for (int i = 0; i <= IDS_MOST; i++) {
        assert_false(c->is_lost);
        snprintf(id, sizeof id, "entryUUID:%d", i);
        note(c, id, "cn=a,ou=servers,dc=example,dc=com", false);
    }
    assert_true(c->is_lost);
    assert_int_equal(c->pending.subjects.count, IDS_MOST);
    changes_begin_full(c);
    assert_false(c->is_lost || changes_are_pending(c));
}

#define CHANGES_TEST(function) cmocka_unit_test_setup_teardown(function, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_says_what_changed),
        CHANGES_TEST(who_is_gone_without_a_name_may_be_anybody),
        CHANGES_TEST(a_look_takes_some_and_leaves_the_rest),
        CHANGES_TEST(a_full_pass_knows_what_was_left_to_it),
        CHANGES_TEST(a_full_pass_that_was_cut_short_settles_nothing),
        CHANGES_TEST(too_many_are_everything),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
