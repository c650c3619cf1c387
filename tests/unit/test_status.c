/* SPDX-License-Identifier: Apache-2.0 */
/* What a pass makes of its own status entry, on the directory in memory: it stores what no server would. */
#include "dir/memory.h"
#include "run/pass.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define BASE     "ou=dircertd,dc=x"
#define INSTANCE "cn=one,ou=status," BASE
#define POLICY   "cn=hosts,ou=policies," BASE

enum { NOW_UTC = 1700000000, LOG_ROOM = 1 << 16 };

struct world {
    struct arena arena;
    struct dir *dir;
    struct second_reader *second;
    char *log;
};

static void refuse_failure(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    (void)context, (void)index;
    if (rc != RC_OK)
        fail_msg("%s", fault->text);
}

static void change(struct world *w, enum dir_verb verb, const char *dn, const struct dir_mod *mods, size_t count)
{
    const struct dir_change c = {verb, slice_of(dn), mods, count};
    struct fault fault = {{0}};
    assert_int_equal(dir_apply(w->dir, &c, 1, refuse_failure, NULL, &fault), RC_OK);
}

static void replace(struct world *w, const char *dn, const char *attribute, const char *value)
{
    const struct slice text = slice_of(value);
    change(w, DIR_MODIFY, dn, &(struct dir_mod){DIR_MOD_REPLACE, attribute, &text, value != NULL}, 1);
}

static void add(struct world *w, const char *dn, const char *class)
{
    const struct slice text = slice_of(class);
    change(w, DIR_ADD, dn, &(struct dir_mod){DIR_MOD_ADD, "objectClass", &text, 1}, 1);
}

static int enter(void **state)
{
    static const char *const known[] = {"objectClass",     "dircertPause",    "dNSHostName",
                                        "userCertificate", "hasSubordinates", "entryUUID"};
    static const char *const containers[] = {
        BASE, "ou=policies," BASE, "ou=requests," BASE, "ou=waivers," BASE, "ou=status," BASE, "ou=hosts,dc=x"};
    struct world *w = calloc(1, sizeof *w);
    struct fault fault = {{0}};
    if (!w || second_open(&w->second, &fault) != RC_OK)
        return -1;
    *state = w;
    w->dir = memory_open(SLICE_LITERAL("dc=x"));
    memory_set_clock(w->dir, NOW_UTC);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        memory_learn_attribute(w->dir, known[i]);
    add(w, "dc=x", "domain");
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
        add(w, containers[i], "organizationalUnit");
    add(w, "cn=a,ou=hosts,dc=x", "device");
    add(w, POLICY, "dircertPolicy");
    replace(w, POLICY, "cn", "hosts");
    replace(w, POLICY, "dircertTarget", "ldap:///ou=hosts,dc=x??sub?(objectClass=device)");
    return 0;
}

static int leave(void **state)
{
    struct world *w = *state;
    dir_close(w->dir);
    second_close(w->second);
    arena_free(&w->arena);
    free(w);
    return 0;
}

static int64_t now(void *context)
{
    (void)context;
    return NOW_UTC;
}

static enum pass_result pass_with(struct world *w, const struct pass_settings *more)
{
    struct pass_settings settings = *more;
    settings.base = BASE;
    settings.instance = "one";
    settings.interval_s = 1;
    settings.clock = now;
    int fd = memfd_create("log", 0);
    assert_true(fd >= 0);
    const struct log_settings told = {.fd = fd, .instance = "one", .clock = now, .least = SEVERITY_INFO};
    struct log *log = log_open(&told);
    struct slice plan;
    enum pass_result result = pass_run(w->dir, w->second, log, &settings, &w->arena, &plan);
    log_close(log);
    w->log = arena_alloc(&w->arena, LOG_ROOM);
    ssize_t n = pread(fd, w->log, LOG_ROOM - 1, 0);
    close(fd);
    assert_true(n > 0);
    return result;
}

static enum pass_result pass(struct world *w, bool dry_run)
{
    return pass_with(w, &(struct pass_settings){.dry_run = dry_run});
}

static void expect_pass(struct world *w, enum pass_result result, const char *words)
{
    enum pass_result got = pass(w, false);
    if (got != result || !strstr(w->log, words))
        fail_msg("%d, expected %d and \"%s\":\n%s", (int)got, (int)result, words, w->log);
}

struct taking {
    struct arena *arena;
    struct slice value;
};

static void take_value(void *context, const struct entry *e)
{
    struct taking *t = context;
    struct slice value = entry_first(e, "dircertLastPass");
    if (value.p)
        t->value = arena_copy(t->arena, value);
}

static void take_no_value(void *context)
{
    (void)context;
}

static struct slice last_pass(struct world *w)
{
    struct taking t = {.arena = &w->arena};
    struct fault fault = {{0}};
    const struct dir_search search = {.base = SLICE_LITERAL(INSTANCE), .filter = SLICE_LITERAL("(objectClass=*)")};
    const struct dir_sink sink = {.restart = take_no_value, .entry = take_value, .context = &t};
    assert_int_equal(dir_search(w->dir, &search, &sink, &fault), RC_OK);
    return t.value;
}

static void test_a_last_pass_that_is_no_time_holds_everything(void **state)
{
    struct world *w = *state;
    expect_pass(w, PASS_COMPLETE, "result=complete");
    assert_true(slice_eq(last_pass(w), SLICE_LITERAL("20231114221320Z")));
    replace(w, INSTANCE, "dircertLastPass", "yesterday");
    for (int i = 0; i < 2; i++) {
        expect_pass(w, PASS_HELD, "guard=clock");
        assert_non_null(strstr(w->log, "dircertLastPass in the status entry is not a Generalized Time"));
        assert_true(slice_eq(last_pass(w), SLICE_LITERAL("yesterday")));
    }
    assert_int_equal(pass(w, true), PASS_HELD);
    replace(w, INSTANCE, "dircertLastPass", NULL);
    expect_pass(w, PASS_COMPLETE, "event=hold-ended");
}

static void test_a_server_time_that_is_not_shown_ends_the_pass(void **state)
{
    struct world *w = *state;
    memory_hide_attribute(w->dir, "modifyTimestamp");
    expect_pass(w, PASS_INCOMPLETE, "shows no modifyTimestamp");
    assert_null(last_pass(w).p);
    memory_hide_attribute(w->dir, NULL);
    expect_pass(w, PASS_COMPLETE, "result=complete");
}

/* Not the attributes that govern alone: any default could be the wrong one. */
static void test_no_attribute_of_a_policy_may_be_hidden(void **state)
{
    static const char *const attributes[] = {"dircertPrecedence", "dircertMaxRequests", "dircertRetentionDays"};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        replace(w, POLICY, attributes[i], "1");
        memory_hide_attribute(w->dir, attributes[i]);
        expect_pass(w, PASS_INCOMPLETE, "may not read all of its attributes");
        memory_hide_attribute(w->dir, NULL);
        expect_pass(w, PASS_COMPLETE, "result=complete");
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter, leave)

/* The last word of whoever calls a pass. */

struct word {
    struct slice value;
    bool is_there; /* something is to be said */
    size_t said;
};

static bool say(void *context, struct dir_mod *mod)
{
    struct word *word = context;
    *mod = (struct dir_mod){DIR_MOD_DELETE, "dircertLease", &word->value, 1};
    return word->is_there;
}

static void said(void *context)
{
    ((struct word *)context)->said++;
}

static void count_it(void *context, const struct entry *e)
{
    (void)e;
    ++*(size_t *)context;
}

static bool has(struct world *w, const char *filter)
{
    size_t count = 0;
    const char *const none[] = {"1.1", NULL};
    struct fault fault = {{0}};
    const struct dir_search search = {
        .base = SLICE_LITERAL(INSTANCE), .scope = DIR_BASE, .filter = slice_of(filter), .attributes = none};
    const struct dir_sink sink = {.restart = take_no_value, .entry = count_it, .context = &count};
    assert_int_equal(dir_search(w->dir, &search, &sink, &fault), RC_OK);
    return count > 0;
}

/* Runs a pass and returns how many writes it made to its own entry. */
static size_t writes_of_pass(struct world *w, struct word *word, bool is_fresh)
{
    const struct pass_farewell farewell = {.say = say, .said = said, .context = word};
    size_t before = memory_writes_below(w->dir, SLICE_LITERAL("ou=status," BASE));
    assert_int_equal(
        pass_with(w, &(struct pass_settings){.status_is_fresh = is_fresh, .farewell = word ? &farewell : NULL}),
        PASS_COMPLETE);
    return memory_writes_below(w->dir, SLICE_LITERAL("ou=status," BASE)) - before;
}

static void test_a_lease_goes_with_the_last_write(void **state)
{
    struct word word = {.value = SLICE_LITERAL("ours"), .is_there = true};
    writes_of_pass(*state, NULL, false);
    replace(*state, INSTANCE, "dircertLease", "ours");
    assert_int_equal(writes_of_pass(*state, &word, true), 1);
    assert_int_equal(word.said, 1);
    assert_true(has(*state, "(&(dircertPassResult=complete)(!(dircertLease=*)))"));
}

static void test_a_lease_that_another_took_stays_and_the_status_is_written(void **state)
{
    struct word word = {.value = SLICE_LITERAL("ours"), .is_there = true};
    writes_of_pass(*state, NULL, false);
    replace(*state, INSTANCE, "dircertLease", "theirs");
    replace(*state, INSTANCE, "dircertPassResult", "running");
    assert_int_equal(writes_of_pass(*state, &word, true), 1);
    assert_int_equal(word.said, 0);
    assert_true(has(*state, "(&(dircertPassResult=complete)(dircertLease=theirs))"));
}

static void test_where_nothing_is_to_be_said_the_status_is_written(void **state)
{
    struct word word = {.value = SLICE_LITERAL("ours")};
    writes_of_pass(*state, NULL, false);
    replace(*state, INSTANCE, "dircertLease", "ours");
    assert_int_equal(writes_of_pass(*state, &word, true), 1);
    assert_int_equal(word.said, 0);
    assert_true(has(*state, "(&(dircertPassResult=complete)(dircertLease=ours))"));
}

static void test_a_stamp_of_earlier_is_not_taken_for_one_of_now(void **state)
{
    struct world *w = *state;
    writes_of_pass(w, NULL, false);
    assert_int_equal(writes_of_pass(w, NULL, false), 2);
    assert_int_equal(writes_of_pass(w, NULL, true), 1);
    memory_set_clock(w->dir, NOW_UTC - 6);
    replace(w, INSTANCE, "cn", "one");
    assert_int_equal(writes_of_pass(w, NULL, true), 2);
    memory_set_clock(w->dir, NOW_UTC + 6);
    replace(w, INSTANCE, "cn", "one");
    assert_int_equal(writes_of_pass(w, NULL, true), 2);
}

/* Whoever says that the entry was written just now does not hide a wrong clock. */
static void test_a_wrong_clock_holds_although_the_entry_is_fresh(void **state)
{
    struct world *w = *state;
    writes_of_pass(w, NULL, false);
    memory_set_clock(w->dir, NOW_UTC + 86400);
    replace(w, INSTANCE, "cn", "one");
    assert_int_equal(pass_with(w, &(struct pass_settings){.status_is_fresh = true}), PASS_HELD);
    assert_non_null(strstr(w->log, "seconds from the directory server's"));
}

static void test_an_entry_that_is_not_there_is_not_fresh(void **state)
{
    assert_int_equal(writes_of_pass(*state, NULL, true), 2);
    assert_true(has(*state, "(dircertPassResult=complete)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_last_pass_that_is_no_time_holds_everything),
        CASE(test_a_server_time_that_is_not_shown_ends_the_pass),
        CASE(test_no_attribute_of_a_policy_may_be_hidden),
        CASE(test_a_lease_goes_with_the_last_write),
        CASE(test_a_lease_that_another_took_stays_and_the_status_is_written),
        CASE(test_where_nothing_is_to_be_said_the_status_is_written),
        CASE(test_a_stamp_of_earlier_is_not_taken_for_one_of_now),
        CASE(test_a_wrong_clock_holds_although_the_entry_is_fresh),
        CASE(test_an_entry_that_is_not_there_is_not_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
