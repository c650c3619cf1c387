/* SPDX-License-Identifier: Apache-2.0 */
/* Writing to a real slapd: what each answer means, many writes in flight, servers that die or fall silent. */
#include "support/dirtest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BASE   "ou=requests," SLAPD_SUFFIX
#define WRITER "cn=writer," SLAPD_SUFFIX

enum { BATCH_MAX = 2000 };

static struct slapd *server;

static const char databases[] = "add_content_acl on\n"
                                "access to attrs=userPassword by anonymous auth by * none\n"
                                "access to dn.subtree=\"" BASE "\" attrs=seeAlso by * read\n"
                                "access to dn.subtree=\"" BASE "\" by dn.exact=\"" WRITER "\" write by * read\n"
                                "access to * by * read\n";

static int start_server(void **state)
{
    (void)state;
    server = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN, .tcp = true, .database = databases});
    return server &&
                   slapd_add_ldif(server, "dn: " WRITER "\nobjectClass: person\ncn: writer\nsn: w\nuserPassword: x\n\n"
                                          "dn: " BASE "\nobjectClass: organizationalUnit\nou: requests\n\n"
                                          "dn: cn=there," BASE "\nobjectClass: device\ncn: there\n"
                                          "description: one\n\n"
                                          "dn: ou=away," SLAPD_SUFFIX "\nobjectClass: referral\n"
                                          "objectClass: extensibleObject\nou: away\n"
                                          "ref: ldap://elsewhere.example.com/ou=away\n") == 0
               ? 0
               : -1;
}

static int stop_server(void **state)
{
    (void)state;
    slapd_stop(server);
    return 0;
}

/* What came back, by the change's index. */
struct outcomes {
    size_t calls, count[BATCH_MAX];
    enum rc rc[BATCH_MAX];
    struct fault fault[BATCH_MAX];
    void (*strike)(struct slapd *s); /* done to the server at the tenth answer */
};
static struct outcomes outcomes;

static void note(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    struct outcomes *o = context;
    assert_true(index < BATCH_MAX);
    o->count[index]++;
    o->rc[index] = rc;
    o->fault[index] = *fault;
    assert_int_equal(rc == RC_OK, fault->text[0] == '\0');
    if (++o->calls == 10 && o->strike)
        o->strike(server);
}

static enum rc apply(struct dir *d, const struct dir_change *changes, size_t count, struct fault *fault)
{
    void (*strike)(struct slapd * s) = outcomes.strike;
    memset(&outcomes, 0, sizeof outcomes);
    outcomes.strike = strike;
    *fault = (struct fault){0};
    enum rc rc = dir_apply(d, changes, count, note, &outcomes, fault);
    outcomes.strike = NULL;
    assert_int_equal(outcomes.calls, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(outcomes.count[i], 1);
    return rc;
}

static void assert_says(const struct fault *fault, const char *part)
{
    if (!strstr(fault->text, part))
        fail_msg("the fault does not say \"%s\": %s", part, fault->text);
}

static struct dir *open_writer(unsigned timeout_s)
{
    struct dir *d = open_as(server, WRITER, "x\n", timeout_s);
    assert_non_null(d);
    return d;
}

/* A slice, as an initialiser. */
#define S(text)                                                                                                        \
    {                                                                                                                  \
        (const uint8_t *)(text), sizeof(text) - 1                                                                      \
    }

static const struct dir_mod device_a[] = {
    {.verb = DIR_MOD_ADD, .attribute = "objectClass", .values = (const struct slice[]){S("device")}, .count = 1},
    {.verb = DIR_MOD_ADD, .attribute = "cn", .values = (const struct slice[]){S("a")}, .count = 1},
    {.verb = DIR_MOD_ADD,
     .attribute = "description",
     .values = (const struct slice[]){S("first"), S("second")},
     .count = 2},
};
static const struct dir_mod device_with_see_also[] = {
    {.verb = DIR_MOD_ADD, .attribute = "objectClass", .values = (const struct slice[]){S("device")}, .count = 1},
    {.verb = DIR_MOD_ADD, .attribute = "cn", .values = (const struct slice[]){S("b")}, .count = 1},
    {.verb = DIR_MOD_ADD, .attribute = "seeAlso", .values = (const struct slice[]){S("cn=x")}, .count = 1},
};
static const struct dir_mod no_class[] = {
    {.verb = DIR_MOD_ADD, .attribute = "cn", .values = (const struct slice[]){S("c")}, .count = 1}};
static const struct dir_mod swap[] = {
    {.verb = DIR_MOD_DELETE, .attribute = "description", .values = (const struct slice[]){S("one")}, .count = 1},
    {.verb = DIR_MOD_ADD, .attribute = "description", .values = (const struct slice[]){S("two")}, .count = 1},
};
static const struct dir_mod swap_stale[] = {
    {.verb = DIR_MOD_DELETE, .attribute = "description", .values = (const struct slice[]){S("never")}, .count = 1},
    {.verb = DIR_MOD_ADD, .attribute = "description", .values = (const struct slice[]){S("three")}, .count = 1},
};
static const struct dir_mod add_again[] = {
    {.verb = DIR_MOD_ADD, .attribute = "description", .values = (const struct slice[]){S("two")}, .count = 1}};
static const struct dir_mod bad_syntax[] = {
    {.verb = DIR_MOD_REPLACE, .attribute = "seeAlso", .values = (const struct slice[]){S("not a DN")}, .count = 1}};
static const struct dir_mod bad_value[] = {
    {.verb = DIR_MOD_ADD, .attribute = "description", .values = (const struct slice[]){S("\xff\xfe")}, .count = 1}};
static const struct dir_mod misspelt[] = {
    {.verb = DIR_MOD_ADD, .attribute = "descripton", .values = (const struct slice[]){S("x")}, .count = 1}};
static const struct dir_mod denied[] = {
    {.verb = DIR_MOD_REPLACE, .attribute = "seeAlso", .values = (const struct slice[]){S("cn=x")}, .count = 1}};
static const struct dir_mod clear[] = {{.verb = DIR_MOD_REPLACE, .attribute = "description"}};
static const struct dir_mod drop[] = {{.verb = DIR_MOD_DELETE, .attribute = "description"}};

#define CHANGE(how, name, list)                                                                                        \
    {                                                                                                                  \
        .verb = (how), .dn = S(name), .mods = (list), .count = sizeof(list) / sizeof *(list)                           \
    }

static void each_answer_has_its_meaning(void **state)
{
    (void)state;
    static const struct {
        struct dir_change change;
        enum rc rc;
        const char *says;
    } rows[] = {
        {CHANGE(DIR_ADD, "cn=a," BASE, device_a), RC_OK, NULL},
        {CHANGE(DIR_ADD, "cn=a," BASE, device_a), RC_EXISTS, "(68)"},
        {CHANGE(DIR_ADD, "cn=b," BASE, device_with_see_also), RC_DENIED, "(50)"},
        {CHANGE(DIR_ADD, "cn=a,ou=nowhere," BASE, device_a), RC_NOT_FOUND, "the nearest entry that is there: " BASE},
        {CHANGE(DIR_ADD, "cn=c," BASE, no_class), RC_INVALID, "(65)"},
        {CHANGE(DIR_ADD, "nonsense", device_a), RC_INVALID, "(34)"},
        {CHANGE(DIR_ADD, "cn=a," SLAPD_SUFFIX, device_a), RC_DENIED, "grant our account"},
        {CHANGE(DIR_MODIFY, "cn=there," BASE, swap), RC_OK, NULL},
        {CHANGE(DIR_MODIFY, "cn=there," BASE, swap), RC_CONFLICT, "(16)"},
        {CHANGE(DIR_MODIFY, "cn=there," BASE, swap_stale), RC_CONFLICT, "(16)"},
        {CHANGE(DIR_MODIFY, "cn=there," BASE, add_again), RC_CONFLICT, "(20)"},
        {CHANGE(DIR_MODIFY, "cn=there," BASE, bad_syntax), RC_INVALID, "(21)"},
        {CHANGE(DIR_MODIFY, "cn=there," BASE, bad_value), RC_INVALID, "(21)"},
        {CHANGE(DIR_MODIFY, "cn=there," BASE, misspelt), RC_INVALID, "descripton"},
        {CHANGE(DIR_MODIFY, "cn=there," BASE, denied), RC_DENIED, "modify \"cn=there," BASE "\""},
        {CHANGE(DIR_MODIFY, "cn=there," BASE, clear), RC_OK, NULL},
        {CHANGE(DIR_MODIFY, "cn=there," BASE, drop), RC_CONFLICT, "(16)"},
        {CHANGE(DIR_MODIFY, "cn=nobody," BASE, swap), RC_NOT_FOUND, "(32)"},
        {CHANGE(DIR_MODIFY, "cn=x,ou=away," SLAPD_SUFFIX, swap), RC_FAULT, "ldap://elsewhere.example.com/"},
        {{.verb = DIR_DELETE, .dn = S("cn=nobody," BASE)}, RC_NOT_FOUND, "(32)"},
        {{.verb = DIR_DELETE, .dn = S(BASE)}, RC_DENIED, "(50)"},
        {{.verb = DIR_DELETE, .dn = S("cn=a\0," BASE)}, RC_INVALID, "NUL"},
        {{.verb = DIR_DELETE, .dn = S("cn=a," BASE)}, RC_OK, NULL},
    };
    struct dir *d = open_writer(5);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fault fault;
        assert_int_equal(apply(d, &rows[i].change, 1, &fault), RC_OK);
        if (outcomes.rc[0] != rows[i].rc)
            fail_msg("row %zu: rc %d: %s", i, outcomes.rc[0], outcomes.fault[0].text);
        if (rows[i].says)
            assert_says(&outcomes.fault[0], rows[i].says);
    }
    dir_close(d);
}

static void no_changes_are_no_work(void **state)
{
    (void)state;
    struct dir *d = open_writer(5);
    struct fault fault;
    assert_int_equal(apply(d, NULL, 0, &fault), RC_OK);
    dir_close(d);
}

/* Adds of devices cn=<prefix>0… with a description of `octets`; the arena owns them. */
static struct dir_change *make_adds(struct arena *a, const char *prefix, size_t count, size_t octets)
{
    static const struct slice class = S("device");
    struct dir_change *changes = ARENA_ARRAY(a, count, struct dir_change);
    uint8_t *text = arena_alloc(a, octets);
    memset(text, 'x', octets);
    for (size_t i = 0; i < count; i++) {
        struct slice *values = ARENA_ARRAY(a, 2, struct slice);
        struct dir_mod *mods = ARENA_ARRAY(a, 3, struct dir_mod);
        values[0] = arena_format(a, "%s%zu", prefix, i);
        values[1] = slice_make(text, octets);
        mods[0] = (struct dir_mod){DIR_MOD_ADD, "objectClass", &class, 1};
        mods[1] = (struct dir_mod){DIR_MOD_ADD, "cn", &values[0], 1};
        mods[2] = (struct dir_mod){DIR_MOD_ADD, "description", &values[1], 1};
        changes[i] = (struct dir_change){DIR_ADD, arena_format(a, "cn=%s%zu,%s", prefix, i, BASE), mods, 3};
    }
    return changes;
}

static void a_thousand_writes_are_each_answered_once(void **state)
{
    (void)state;
    struct arena a = {0};
    struct fault fault;
    struct dir *d = open_writer(10);
    struct dir_change *changes = make_adds(&a, "many", 1000, 100);
    for (size_t i = 7; i < 1000; i += 10)
        changes[i].dn = arena_format(&a, "cn=many%zu,ou=nowhere,%s", i, BASE);
    assert_int_equal(apply(d, changes, 1000, &fault), RC_OK);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(outcomes.rc[i], i % 10 == 7 ? RC_NOT_FOUND : RC_OK);
    struct collected c = {0};
    static const char *const none[] = {"1.1", NULL};
    struct dir *root = open_as(server, SLAPD_ADMIN, SLAPD_PASSWORD "\n", 10);
    assert_int_equal(collect(root, BASE, DIR_ONE, "(cn=many*)", 0, none, &c, &fault), RC_OK);
    assert_int_equal(c.entries.count, 900);
    collected_free(&c);
    dir_close(root);
    dir_close(d);
    arena_free(&a);
}

/* Far more than a socket takes at once, on both kinds of socket: the rest of a request waits for room. */
static void requests_larger_than_the_socket_go_through(void **state)
{
    (void)state;
    struct arena a = {0};
    struct fault fault;
    struct dir *d = open_writer(10);
    assert_int_equal(apply(d, make_adds(&a, "large", 20, 1000000), 20, &fault), RC_OK);
    for (size_t i = 0; i < 20; i++)
        if (outcomes.rc[i] != RC_OK)
            fail_msg("%zu: %s", i, outcomes.fault[i].text);
    dir_close(d);
    arena_free(&a);
}

static size_t count_rc(size_t count, enum rc rc)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += outcomes.rc[i] == rc;
    return n;
}

static void a_server_killed_leaves_the_rest_unanswered(void **state)
{
    (void)state;
    struct arena a = {0};
    struct fault fault;
    struct dir *d = open_writer(3);
    const struct dir_change *changes = make_adds(&a, "killed", 500, 100);
    outcomes.strike = slapd_kill;
    assert_int_equal(apply(d, changes, 500, &fault), RC_FAULT);
    assert_says(&fault, "the connection broke");
    assert_true(count_rc(500, RC_OK) >= 10);
    assert_int_equal(count_rc(500, RC_OK) + count_rc(500, RC_FAULT), 500);
    assert_int_equal(outcomes.rc[499], RC_FAULT);
    assert_says(&outcomes.fault[499], "not sent");
    assert_int_equal(apply(d, changes, 3, &fault), RC_FAULT); /* the dead handle reports each at once */
    assert_int_equal(count_rc(3, RC_FAULT), 3);
    assert_says(&fault, "no longer usable");
    dir_close(d);
    arena_free(&a);
    assert_true(slapd_restart(server));
}

static void a_silent_server_is_left_in_time(void **state)
{
    (void)state;
    struct arena a = {0};
    struct fault fault;
    struct dir *d = open_writer(1);
    outcomes.strike = slapd_pause;
    double begin = seconds_now();
    enum rc rc = apply(d, make_adds(&a, "silent", 100, 100), 100, &fault);
    double took = seconds_now() - begin;
    slapd_continue(server);
    assert_int_equal(rc, RC_FAULT);
    assert_says(&fault, "no answer for 1 s");
    assert_true(took > 0.9 && took < 2.5);
    size_t unknown = 0;
    for (size_t i = 0; i < 100; i++)
        unknown += strstr(outcomes.fault[i].text, "may or may not have been carried out") != NULL;
    assert_in_range(unknown, 1, 32);
    dir_close(d);
    arena_free(&a);
}

int main(void)
{
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_has_its_meaning),
        cmocka_unit_test(no_changes_are_no_work),
        cmocka_unit_test(a_thousand_writes_are_each_answered_once),
        cmocka_unit_test(requests_larger_than_the_socket_go_through),
        cmocka_unit_test(a_server_killed_leaves_the_rest_unanswered),
        cmocka_unit_test(a_silent_server_is_left_in_time),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
