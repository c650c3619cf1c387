/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request that says what its subject asks for costs nothing more: nobody asks OpenSSL, nobody reads it again, nothing
 * is told.  Whatever changes is seen all the same.
 */
#include "run/pass_private.h"
#include "support/passworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS  PASSWORLD_WORDS
#define POLICY PASSWORLD_POLICY

enum { HOSTS = 150 };

/* Counted on their way: questions to OpenSSL, and reading requests in full after the scan. */
static size_t asked, read_again;
static bool without_index;       /* a search by many ids takes longer than one for all requests */
static int64_t all_requests_ms;  /* how long that took last */
static struct passworld *moving; /* NULL, or h1 changes its policy just before the second policy's subjects are read */

enum second __real_second_read(struct second_reader *s, struct slice der, const struct facts *f, char *why,
                               size_t room);
enum second __wrap_second_read(struct second_reader *s, struct slice der, const struct facts *f, char *why,
                               size_t room);
enum second __wrap_second_read(struct second_reader *s, struct slice der, const struct facts *f, char *why, size_t room)
{
    asked++;
    return __real_second_read(s, der, f, why, room);
}

enum rc __real_dir_search(struct dir *d, const struct dir_search *search, const struct dir_sink *sink,
                          struct fault *fault);
enum rc __wrap_dir_search(struct dir *d, const struct dir_search *search, const struct dir_sink *sink,
                          struct fault *fault);
enum rc __wrap_dir_search(struct dir *d, const struct dir_search *search, const struct dir_sink *sink,
                          struct fault *fault)
{
    bool by_ids = slice_starts(search->filter, SLICE_LITERAL("(|(dircertRequestId="));
    int64_t begun_ms = progress_clock_ms();
    read_again += by_ids;
    if (by_ids && without_index)
        usleep((useconds_t)(2 * all_requests_ms + 200) * 1000);
    if (moving && slice_eq(search->filter, SLICE_LITERAL("(description=b)")) && search->attributes[1]) {
        struct passworld *w = moving;
        moving = NULL;
        passworld_replace(w, PASSWORLD_HOST("h1"), "description", "b");
    }
    enum rc rc = __real_dir_search(d, search, sink, fault);
    if (slice_eq(search->base, SLICE_LITERAL(PASSWORLD_REQUESTS)) && !by_ids)
        all_requests_ms = progress_clock_ms() - begun_ms;
    return rc;
}

static void pass(struct passworld *w, enum pass_result result)
{
    asked = read_again = 0;
    assert_int_equal(passworld_pass(w), result);
}

static const char *host(struct passworld *w, unsigned i)
{
    return (const char *)arena_format(&w->arena, "h%u", i).p;
}

static void enforce(struct passworld *w)
{
    passworld_replace(w, POLICY, "dircertMode", "enforce");
    passworld_replace(w, POLICY, "dircertOnFinding", "version reissue");
    passworld_replace(w, POLICY, "dircertConfirmations", "1");
    passworld_replace(w, POLICY, "dircertMaxRequests", "1000");
    passworld_replace(w, POLICY, "dircertMaxPercent", "100");
}

/* As many subjects whose requests are there, pending. */
static void settle(struct passworld *w)
{
    enforce(w);
    for (unsigned i = 0; i < HOSTS; i++) {
        const struct slice bad = passworld_certificate(w, 1, i + 1);
        passworld_publish(w, host(w, i), 1, &bad);
    }
    pass(w, PASS_COMPLETE);
    assert_int_equal(asked, HOSTS);
    passworld_expect(w, HOSTS, WORDS("event=request ", "verb=create", "state=pending"));
}

static void expect_quiet(struct passworld *w)
{
    passworld_expect(w, 0, WORDS("event=request "));
    passworld_expect(w, 0, WORDS("event=finding"));
}

static void test_what_is_settled_costs_nothing(void **state)
{
    struct passworld *w = *state;
    settle(w);
    for (int i = 0; i < 2; i++) {
        pass(w, PASS_COMPLETE);
        assert_int_equal(asked, 0);
        assert_int_equal(read_again, 0);
        expect_quiet(w);
        assert_int_equal(w->survey.requests_open, HOSTS);
        assert_int_equal(w->survey.policies[0].requests[REQUEST_REISSUE][STATE_PENDING], HOSTS);
        assert_int_equal(w->survey.policies[0].findings[CHECK_VERSION], HOSTS);
        assert_int_equal(w->survey.policies[0].oldest_open_utc, PASSWORLD_NOW + PASSWORLD_INTERVAL_S);
    }
}

static void test_what_changes_is_read_in_full(void **state)
{
    struct passworld *w = *state;
    const struct slice other = passworld_certificate(w, 1, 999), good = passworld_certificate(w, 3, 998);
    settle(w);
    passworld_publish(w, "h7", 1, &other);
    passworld_publish(w, "h8", 1, &good);
    passworld_delete(w, PASSWORLD_HOST("h9"));
    pass(w, PASS_COMPLETE);
    assert_int_equal(asked, 2);
    assert_int_equal(read_again, 1);
    passworld_expect(w, 1, WORDS("event=request ", PASSWORLD_HOST("h7"), "generation=2"));
    passworld_expect(w, 1, WORDS("event=request ", PASSWORLD_HOST("h8"), "state=withdrawn"));
    passworld_expect(w, 1, WORDS("event=request ", PASSWORLD_HOST("h9"), "state=withdrawn"));
    passworld_expect(w, 3, WORDS("event=request "));
    passworld_expect(w, 0, WORDS("event=finding ")); /* the request says the same of the other certificate */
    pass(w, PASS_COMPLETE);
    assert_int_equal(asked, 0);
    assert_int_equal(read_again, 0);
    expect_quiet(w);
}

/* More than half of all: one search for the whole is less work. */
static void test_most_of_them_are_read_at_once(void **state)
{
    struct passworld *w = *state;
    settle(w);
    for (unsigned i = 0; i < HOSTS; i++) {
        const struct slice good = passworld_certificate(w, 3, i + 1);
        passworld_publish(w, host(w, i), 1, &good);
    }
    passworld_replace(w, POLICY, "dircertMaxPercent", "100");
    pass(w, PASS_COMPLETE);
    assert_int_equal(read_again, 0);
    passworld_expect(w, HOSTS, WORDS("event=request ", "state=withdrawn"));
}

/* Where a search by ids is slow, for want of an index, one for the whole takes its place. */
static void test_a_server_without_index_is_not_asked_for_long(void **state)
{
    enum { MANY = 400, CHANGED = 150 };
    struct passworld *w = *state;
    enforce(w);
    for (unsigned i = 0; i < MANY; i++) {
        const struct slice bad = passworld_certificate(w, 1, i + 1);
        passworld_publish(w, host(w, i), 1, &bad);
    }
    pass(w, PASS_COMPLETE);
    for (unsigned i = 0; i < CHANGED; i++) {
        const struct slice good = passworld_certificate(w, 3, i + 1);
        passworld_publish(w, host(w, i), 1, &good);
    }
    without_index = true;
    pass(w, PASS_COMPLETE);
    without_index = false;
    assert_int_equal(read_again, 1);
    passworld_expect(w, CHANGED, WORDS("event=request ", "state=withdrawn"));
    passworld_expect(w, CHANGED, WORDS("event=request "));
}

static void test_a_decision_is_acted_on(void **state)
{
    struct passworld *w = *state;
    struct arena a = {0};
    settle(w);
    struct slice id = request_id_of_reissue(
        &a, arena_format(&a, "entryUUID:%s", passworld_value(w, PASSWORLD_HOST("h3"), "entryUUID")));
    const char *dn = (const char *)arena_format(&a, "dircertRequestId=%.*s," PASSWORLD_REQUESTS, SLICE_ARGS(id)).p;
    assert_string_equal(passworld_value(w, dn, "dircertState"), "pending");
    passworld_replace(w, dn, "dircertDecision", "approve 1");
    pass(w, PASS_COMPLETE);
    passworld_expect(w, 1, WORDS("event=request ", PASSWORLD_HOST("h3"), "state=approved"));
    passworld_expect(w, 1, WORDS("event=request "));
    pass(w, PASS_COMPLETE);
    assert_int_equal(asked, 0);
    /* What the daemon owns is repaired where somebody edits it. */
    passworld_replace(w, dn, "dircertPolicyRevision", "0000000000000000");
    pass(w, PASS_COMPLETE);
    passworld_expect(w, 1, WORDS("event=request ", PASSWORLD_HOST("h3"), "verb=revise"));
    arena_free(&a);
}

static const char *request_of(struct passworld *w, const char *host_dn)
{
    struct slice subject_id = arena_format(&w->arena, "entryUUID:%s", passworld_value(w, host_dn, "entryUUID"));
    struct slice id = request_id_of_reissue(&w->arena, subject_id);
    return (const char *)arena_format(&w->arena, "dircertRequestId=%.*s," PASSWORLD_REQUESTS, SLICE_ARGS(id)).p;
}

/* A request that was edited to name another subject does not stand in front of that subject's own, which has ended. */
static void test_an_ended_request_is_found_behind_an_edited_one(void **state)
{
    struct passworld *w = *state;
    const struct slice good = passworld_certificate(w, 3, 998), bad = passworld_certificate(w, 1, 997);
    settle(w);
    passworld_publish(w, "h20", 1, &good);
    pass(w, PASS_COMPLETE);
    passworld_expect(w, 1, WORDS("event=request ", PASSWORLD_HOST("h20"), "state=withdrawn"));
    const char *h20 = passworld_value(w, request_of(w, PASSWORLD_HOST("h20")), "dircertSubjectId");
    for (unsigned i = 0; i < 10; i++) { /* which are read before that of h20 */
        const char *dn = (const char *)arena_format(&w->arena, "cn=%s,ou=hosts,dc=x", host(w, i)).p;
        passworld_replace(w, request_of(w, dn), "dircertSubjectId", h20);
        passworld_delete(w, dn);
    }
    passworld_publish(w, "h20", 1, &bad);
    w->now_utc += 86400; /* the guard has forgotten the first day */
    pass(w, PASS_COMPLETE);
    passworld_expect(w, 1, WORDS("event=request ", PASSWORLD_HOST("h20"), "verb=reopen"));
    passworld_expect(w, 1, WORDS("event=request "));
}

/* The guard counts those of the last day whose requests nobody reads again. */
static void test_the_guard_counts_what_is_settled(void **state)
{
    struct passworld *w = *state;
    const struct slice bad = passworld_certificate(w, 1, 777);
    char cap[8];
    settle(w);
    snprintf(cap, sizeof cap, "%d", HOSTS);
    passworld_replace(w, POLICY, "dircertMaxRequests", cap);
    pass(w, PASS_COMPLETE);
    passworld_publish(w, "one-more", 1, &bad);
    pass(w, PASS_HELD);
    passworld_expect(w, 1, WORDS("event=hold ", "guard=too-many", "count=151 limit=150"));
    w->now_utc += 86400;
    pass(w, PASS_COMPLETE);
    passworld_expect(w, 1, WORDS("event=request ", "verb=create"));
}

/* What policy only reports of a settled subject is told as ever: each time, or once where that is remembered. */
static void test_what_is_only_reported_is_told(void **state)
{
    struct passworld *w = *state;
    settle(w);
    passworld_replace(w, POLICY, "dircertMinRSABits", "16384");
    pass(w, PASS_COMPLETE); /* another revision */
    pass(w, PASS_COMPLETE);
    assert_int_equal(read_again, 0);
    assert_int_equal(asked, HOSTS);
    passworld_expect(w, HOSTS, WORDS("event=finding ", "check=weak-key"));
    passworld_expect(w, HOSTS, WORDS("event=finding "));
    w->settings.memory = memo_open();
    pass(w, PASS_COMPLETE);
    passworld_expect(w, HOSTS, WORDS("event=finding "));
    for (int i = 0; i < 2; i++) {
        pass(w, PASS_COMPLETE);
        assert_int_equal(asked, 0);
        expect_quiet(w);
    }
}

/* Nothing of what was told is shown to OpenSSL again, as long as it is remembered. */
static void test_what_was_told_is_not_asked_again(void **state)
{
    struct passworld *w = *state;
    const struct slice bad = passworld_certificate(w, 1, 1);
    passworld_publish(w, "h1", 1, &bad);
    for (int i = 0; i < 2; i++) {
        pass(w, PASS_COMPLETE);
        assert_int_equal(asked, 1);
        passworld_expect(w, 1, WORDS("event=finding "));
    }
    w->settings.memory = memo_open();
    pass(w, PASS_COMPLETE);
    assert_int_equal(asked, 1);
    pass(w, PASS_COMPLETE);
    assert_int_equal(asked, 0);
    expect_quiet(w);
}

/* Settled under one policy, and then shown under another too: nobody knows whose it is, and nothing follows. */
static void test_who_is_governed_twice_is_left_alone(void **state)
{
    struct passworld *w = *state;
    static const char second[] = "cn=second,ou=policies," PASSWORLD_BASE;
    const struct slice bad = passworld_certificate(w, 1, 1);
    memory_learn_attribute(w->dir, "description");
    enforce(w);
    passworld_replace(w, POLICY, "dircertTarget", "ldap:///ou=hosts,dc=x??sub?(description=a)");
    passworld_replace(w, POLICY, "dircertMinSubjectsPercent", "0");
    passworld_add(w, second, "dircertPolicy");
    passworld_replace(w, second, "cn", "second");
    passworld_replace(w, second, "dircertTarget", "ldap:///ou=hosts,dc=x??sub?(description=b)");
    passworld_replace(w, second, "dircertAllowedVersion", "3");
    passworld_replace(w, second, "dircertMode", "audit");
    passworld_replace(w, second, "dircertPrecedence", "200");
    passworld_publish(w, "h1", 1, &bad);
    passworld_replace(w, PASSWORLD_HOST("h1"), "description", "a");
    pass(w, PASS_COMPLETE);
    passworld_expect(w, 1, WORDS("event=request ", "verb=create"));
    for (int i = 0; i < 2; i++) {
        w->settings.no_shortcuts = i;
        moving = w;
        pass(w, PASS_COMPLETE);
        assert_null(moving);
        passworld_expect(w, 0, WORDS("event=request "));
        passworld_replace(w, PASSWORLD_HOST("h1"), "description", "a");
        pass(w, PASS_COMPLETE);
        passworld_expect(w, 0, WORDS("event=request "));
    }
    w->settings.no_shortcuts = false;
    passworld_replace(w, PASSWORLD_HOST("h1"), "description", "b");
    pass(w, PASS_COMPLETE);
    passworld_expect(w, 1, WORDS("event=request ", "state=held"));
}

/* The index. */

static struct request_mark *mark_of(struct arena *a, struct request_index *x, struct slice subject_id)
{
    struct request_mark *m = marks_add(a, x);
    m->subject = marks_key(subject_id);
    assert_true(digest_from_hex(request_id_of_reissue(a, subject_id), &m->id));
    return m;
}

static void test_marks_are_found_by_subject(void **state)
{
    enum { MANY = 5000 };
    struct arena a = {0};
    struct request_index x = {0};
    (void)state;
    assert_null(marks_find(&a, &x, SLICE_LITERAL("entryUUID:1")));
    for (unsigned i = 0; i < MANY; i++)
        mark_of(&a, &x, arena_format(&a, "entryUUID:%u", i));
    marks_at(&x, 17)->flags = MARK_REVOKE;
    for (unsigned i = 0; i < MANY; i++) {
        const struct request_mark *m = marks_find(&a, &x, arena_format(&a, "entryUUID:%u", i));
        assert_ptr_equal(m, i == 17 ? NULL : marks_at(&x, i));
    }
    assert_false(x.has_twins); /* so no digest was made */
    assert_null(marks_find(&a, &x, SLICE_LITERAL("entryUUID:x")));
    assert_true(x.room * sizeof *x.slots + MANY * sizeof(struct request_mark) <= (size_t)100 * MANY);
    arena_free(&a);
}

/* As of a request that somebody edited, or of an id that was made to look like another one. */
static void test_marks_of_one_key_are_told_apart(void **state)
{
    const struct slice h1 = SLICE_LITERAL("entryUUID:1"), h2 = SLICE_LITERAL("entryUUID:2");
    struct arena a = {0};
    struct request_index x = {0};
    (void)state;
    struct request_mark *two = mark_of(&a, &x, h2), *one = mark_of(&a, &x, h1);
    two->subject = one->subject;
    assert_ptr_equal(marks_find(&a, &x, h1), one);
    assert_true(x.has_twins);
    assert_null(marks_find(&a, &x, h2)); /* it says somebody else's id: whoever wants it meets it in full */
    arena_free(&a);
}

/* A search that begins again takes back what it showed, and nothing else. */
static void test_a_restart_takes_back_what_was_seen(void **state)
{
    struct arena a = {0};
    struct request_index x = {0};
    (void)state;
    struct request_mark *one = marks_add(&a, &x), *two = marks_add(&a, &x);
    marks_begin_scan(&x);
    assert_false(marks_sight(one, 1, true));
    assert_true(marks_sight(one, 2, false));
    assert_false(marks_sight(two, 2, true));
    marks_forget(&x, 2);
    assert_true(one->first == 1 && one->second == 0 && (one->flags & MARK_SETTLED));
    assert_true(two->first == 0 && !(two->flags & MARK_SETTLED));
    marks_begin_scan(&x);
    assert_true(one->first == 0 && !(one->flags & MARK_SETTLED));
    arena_free(&a);
}

#define PASS(f) cmocka_unit_test_setup_teardown(f, passworld_enter, passworld_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PASS(test_a_server_without_index_is_not_asked_for_long),
        PASS(test_what_is_settled_costs_nothing),
        PASS(test_what_changes_is_read_in_full),
        PASS(test_most_of_them_are_read_at_once),
        PASS(test_a_decision_is_acted_on),
        PASS(test_the_guard_counts_what_is_settled),
        PASS(test_what_is_only_reported_is_told),
        PASS(test_what_was_told_is_not_asked_again),
        PASS(test_who_is_governed_twice_is_left_alone),
        PASS(test_an_ended_request_is_found_behind_an_edited_one),
        cmocka_unit_test(test_marks_of_one_key_are_told_apart),
        cmocka_unit_test(test_marks_are_found_by_subject),
        cmocka_unit_test(test_a_restart_takes_back_what_was_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
