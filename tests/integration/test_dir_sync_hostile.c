/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that break RFC 4533: the exchange ends in a fault, and nothing is concluded. */
#include "integration/syncworld.h"
#include "support/mockldap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BASE       "dc=example,dc=com"
#define LONG_MS    20000
#define SYNC_STATE "1.3.6.1.4.1.4203.1.9.1.2"
#define SYNC_DONE  "1.3.6.1.4.1.4203.1.9.1.3"
#define SYNC_INFO  "1.3.6.1.4.1.4203.1.9.1.4"

#define OCTETS(text) .octets = (text), .length = sizeof(text) - 1
#define OPENED                                                                                                         \
    {.verb = MOCK_OPEN, .sync = true},                                                                                 \
    {                                                                                                                  \
        .verb = MOCK_READ                                                                                              \
    }
#define ENTRY(value)                                                                                                   \
    {                                                                                                                  \
        .verb = MOCK_ENTRY, .dn = "cn=a," BASE, .oid = SYNC_STATE, OCTETS(value)                                       \
    }
#define INFO(value)                                                                                                    \
    {                                                                                                                  \
        .verb = MOCK_INTERMEDIATE, .oid = SYNC_INFO, OCTETS(value)                                                     \
    }
#define DONE(value)                                                                                                    \
    {                                                                                                                  \
        .verb = MOCK_ANSWER, .oid = SYNC_DONE, OCTETS(value)                                                           \
    }
#define SILENCE                                                                                                        \
    {                                                                                                                  \
        .verb = MOCK_WAIT, .ms = LONG_MS                                                                               \
    }

/* Sync State Control values. */
#define ID       "0123456789abcdef" /* as octets */
#define OTHER_ID "0123456789abcdeg"
#define STATE(n) "\x30\x15\x0a\x01" n "\x04\x10" ID
#define PRESENT  STATE("\x00")
#define ADDED    STATE("\x01")
#define DELETED  STATE("\x03")
/* Of the end of a refresh. */
#define END_PRESENT                                                                                                    \
    "\x30\x03\x04\x01"                                                                                                 \
    "c"
#define END_DELETES                                                                                                    \
    "\x30\x06\x04\x01"                                                                                                 \
    "c"                                                                                                                \
    "\x01\x01\xff"
#define EMPTY "\x30\x00"
/* Sync Info Message values. */
#define NEW_COOKIE                                                                                                     \
    "\x80\x01"                                                                                                         \
    "n"
#define REFRESH_DELETE                                                                                                 \
    "\xa1\x03\x04\x01"                                                                                                 \
    "c"
#define REFRESH_PRESENT                                                                                                \
    "\xa2\x03\x04\x01"                                                                                                 \
    "c"
#define PHASE_OVER  "\xa2\x03\x01\x01\x00"
#define PRESENT_SET "\xa3\x14\x31\x12\x04\x10" ID
#define DELETED_SET "\xa3\x17\x01\x01\xff\x31\x12\x04\x10" ID

struct row {
    const char *name;
    struct mock_step steps[10];
    bool persists, has_cookie;
    enum rc rc;
    const char *says;
    size_t changed, gone, present, refreshes, wholes, doubts; /* what was told until then */
};

static struct dir *open_mock(const struct mockldap *mock)
{
    const char *const uris[] = {mockldap_uri(mock), NULL};
    const struct dir_settings settings = {.uris = uris, .bind = DIR_BIND_EXTERNAL, .timeout_s = 1};
    struct dir *d = NULL;
    struct fault fault = {0};
    if (dir_open(&settings, &d, &fault) != RC_OK)
        fail_msg("%s", fault.text);
    return d;
}

static enum rc play(struct mirror *m, const struct row *row, struct fault *fault)
{
    const struct dir_sync_settings how = {.persists = row->persists, .cookies = row->has_cookie ? "63" : NULL};
    enum rc rc = mirror_begin(m, &how, BASE, fault);
    double begin = seconds_now();
    while (rc == RC_OK && !(dir_sync_is_refreshed(m->s) && (!row->persists || row->rc == RC_OK))) {
        rc = dir_sync_step(m->s, 100, fault);
        if (seconds_now() - begin > 5)
            fail_msg("%s: it does not end", row->name);
    }
    return rc;
}

static void check(const char *name, const char *what, size_t is, size_t wanted)
{
    if (is != wanted)
        fail_msg("%s: %s %zu, not %zu", name, what, is, wanted);
}

static void run_row(const struct row *row)
{
    struct mockldap *mock = mockldap_start(row->steps);
    struct mirror m = {.d = open_mock(mock)};
    struct fault fault = {0};
    assert_true(dir_sync_is_offered(m.d));
    assert_false(dir_sync_begins_now(m.d));
    enum rc rc = play(&m, row, &fault);
    if (rc != row->rc || (row->says && !strstr(fault.text, row->says)))
        fail_msg("%s: %d %s", row->name, rc, fault.text);
    check(row->name, "changed", m.changed, row->changed);
    check(row->name, "gone", m.gone, row->gone);
    check(row->name, "present", m.present, row->present);
    check(row->name, "refreshes", m.refreshes, row->refreshes);
    check(row->name, "wholes", m.wholes, row->wholes);
    check(row->name, "doubts", m.doubts, row->doubts);
    if (rc == RC_OK)
        assert_non_null(dir_sync_cookies(m.s));
    else if (row->refreshes == 0 && !row->has_cookie)
        assert_null(dir_sync_cookies(m.s));
    mirror_free(&m);
    mockldap_stop(mock);
}

static void what_is_malformed_ends_it(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"no control on an entry",
         {OPENED, {.verb = MOCK_ENTRY, .dn = "cn=a," BASE}, SILENCE},
         .rc = RC_FAULT,
         .says = "without its Sync State Control"},
        {"another control on an entry",
         {OPENED, {.verb = MOCK_ENTRY, .dn = "cn=a," BASE, .oid = "1.2.3", OCTETS(ADDED)}, SILENCE},
         .rc = RC_FAULT,
         .says = "without its Sync State Control"},
        {"a control without a value",
         {OPENED, {.verb = MOCK_ENTRY, .dn = "cn=a," BASE, .oid = SYNC_STATE}, SILENCE},
         .rc = RC_FAULT,
         .says = "does not decode"},
        {"a short id",
         {OPENED,
          ENTRY("\x30\x14\x0a\x01\x01\x04\x0f"
                "0123456789abcde"),
          SILENCE},
         .rc = RC_FAULT,
         .says = "does not decode"},
        {"a long id",
         {OPENED, ENTRY("\x30\x16\x0a\x01\x01\x04\x11" ID "0"), SILENCE},
         .rc = RC_FAULT,
         .says = "does not decode"},
        {"a truncated id",
         {OPENED,
          ENTRY("\x30\x15\x0a\x01\x01\x04\x10"
                "0123456789abcde"),
          SILENCE},
         .rc = RC_FAULT,
         .says = "does not decode"},
        {"an unknown state", {OPENED, ENTRY(STATE("\x04")), SILENCE}, .rc = RC_FAULT, .says = "does not decode"},
        {"a negative state", {OPENED, ENTRY(STATE("\xff")), SILENCE}, .rc = RC_FAULT, .says = "does not decode"},
        {"an INTEGER as the state",
         {OPENED, ENTRY("\x30\x15\x02\x01\x01\x04\x10" ID), SILENCE},
         .rc = RC_FAULT,
         .says = "does not decode"},
        {"octets behind the state", {OPENED, ENTRY(ADDED "\x05"), SILENCE}, .rc = RC_FAULT, .says = "does not decode"},
        {"more in the state",
         {OPENED, ENTRY("\x30\x18\x0a\x01\x01\x04\x10" ID "\x01\x01\x00"), SILENCE},
         .rc = RC_FAULT,
         .says = "does not decode"},
        {"no sequence", {OPENED, ENTRY("\x0a\x01\x01\x04\x10" ID), SILENCE}, .rc = RC_FAULT, .says = "does not decode"},
        {"present without a cookie", {OPENED, ENTRY(PRESENT), SILENCE}, .rc = RC_FAULT, .says = "present phase"},
        {"an unknown intermediate message",
         {OPENED, {.verb = MOCK_INTERMEDIATE, .oid = "1.2.3\x1b", OCTETS("x")}, SILENCE},
         .rc = RC_FAULT,
         .says = "unknown kind (1.2.3\\1b)"},
        {"an empty message", {OPENED, INFO(""), SILENCE}, .rc = RC_FAULT, .says = "does not decode"},
        {"an unknown choice", {OPENED, INFO("\xa4\x00"), SILENCE}, .rc = RC_FAULT, .says = "does not decode"},
        {"a set with a short id",
         {OPENED,
          INFO("\xa3\x25\x31\x23\x04\x10" ID "\x04\x0f"
               "0123456789abcde"),
          SILENCE},
         .has_cookie = true,
         .rc = RC_FAULT,
         .says = "does not decode"}, /* and the good one before it is not told */
        {"a set of another kind",
         {OPENED, INFO("\xa3\x14\x30\x12\x04\x10" ID), SILENCE},
         .has_cookie = true,
         .rc = RC_FAULT,
         .says = "does not decode"},
        {"a set that says to be longer",
         {OPENED, INFO("\xa3\x14\x31\x7f\x04\x10" ID), SILENCE},
         .has_cookie = true,
         .rc = RC_FAULT,
         .says = "does not decode"},
        {"octets behind a message", {OPENED, INFO(NEW_COOKIE "x"), SILENCE}, .rc = RC_FAULT, .says = "does not decode"},
        {"no control at the end",
         {OPENED, ENTRY(ADDED), {.verb = MOCK_ANSWER}, SILENCE},
         .rc = RC_FAULT,
         .says = "without its Sync Done Control",
         .changed = 1},
        {"a broken control at the end",
         {OPENED, ENTRY(ADDED),
          DONE("\x30\x03\x04\x04"
               "c"),
          SILENCE},
         .rc = RC_FAULT,
         .says = "does not decode",
         .changed = 1},
        {"a refresh after the refresh",
         {OPENED, INFO(REFRESH_DELETE), INFO(REFRESH_DELETE), SILENCE},
         .persists = true,
         .rc = RC_FAULT,
         .says = "after the refresh",
         .refreshes = 1,
         .wholes = 1},
        {"present after the refresh",
         {OPENED, INFO(REFRESH_DELETE), ENTRY(PRESENT), SILENCE},
         .persists = true,
         .rc = RC_FAULT,
         .says = "outside of a present phase",
         .refreshes = 1,
         .wholes = 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_row(&rows[i]);
}

static void what_the_server_does_not_do_ends_it(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"silence", {OPENED, ENTRY(ADDED), SILENCE}, .rc = RC_FAULT, .says = "no word", .changed = 1},
        {"a message for nobody",
         {OPENED, {.verb = MOCK_ENTRY, .dn = "cn=a", .id = 5, .oid = SYNC_STATE, OCTETS(ADDED)}, SILENCE},
         .rc = RC_FAULT,
         .says = "no word"},
        {"a set without an end",
         {OPENED, {.verb = MOCK_RAW, OCTETS("\x30\x84\x7f\xff\xff\xff\x02\x01\x04\x79\x84\x7f\xff\xff\xf0")}, SILENCE},
         .rc = RC_FAULT,
         .says = "over the limit"},
        {"a set that drips",
         {OPENED, {.verb = MOCK_INTERMEDIATE, .oid = SYNC_INFO, OCTETS(DELETED_SET), .drip_ms = 100}, SILENCE},
         .rc = RC_FAULT,
         .says = "no word"},
        {"the end of the connection", {OPENED, ENTRY(ADDED)}, .rc = RC_FAULT, .says = "broke", .changed = 1},
        {"the end of what lasts",
         {OPENED, INFO(REFRESH_DELETE), DONE(END_DELETES), SILENCE},
         .persists = true,
         .rc = RC_FAULT,
         .says = "the server ended it",
         .refreshes = 1,
         .wholes = 1},
        {"a reference",
         {OPENED, {.verb = MOCK_REFERENCE, .referral = "ldap://elsewhere/"}, SILENCE},
         .rc = RC_FAULT,
         .says = "ldap://elsewhere/"},
        {"a referral",
         {OPENED, {.verb = MOCK_ANSWER, .code = 10, .referral = "ldap://elsewhere/"}, SILENCE},
         .rc = RC_FAULT,
         .says = "ldap://elsewhere/"},
        {"a limit",
         {OPENED, ENTRY(ADDED), {.verb = MOCK_ANSWER, .code = 4}, SILENCE},
         .rc = RC_FAULT,
         .says = "lift the limits",
         .changed = 1},
        {"a refusal",
         {OPENED, {.verb = MOCK_ANSWER, .code = 53, .text = "no"}, SILENCE},
         .rc = RC_INVALID,
         .says = "overlay syncprov"},
        {"no rights", {OPENED, {.verb = MOCK_ANSWER, .code = 50}, SILENCE}, .rc = RC_INVALID, .says = "entryUUID"},
        {"an old cookie",
         {OPENED, {.verb = MOCK_ANSWER, .code = 4096}, SILENCE},
         .has_cookie = true,
         .rc = RC_CONFLICT,
         .says = "cookie"},
        {"a strange cookie",
         {OPENED, {.verb = MOCK_ANSWER, .code = 2}, SILENCE},
         .has_cookie = true,
         .rc = RC_CONFLICT,
         .says = "cookie"},
        {"a cookie that is too old later",
         {OPENED, INFO(REFRESH_DELETE), ENTRY(ADDED), {.verb = MOCK_ANSWER, .code = 4096}, SILENCE},
         .persists = true,
         .has_cookie = true,
         .rc = RC_CONFLICT,
         .says = "cookie",
         .changed = 1,
         .refreshes = 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_row(&rows[i]);
}

/* 389-ds ends a refresh that held changes only as if a present phase had been. */
static void who_is_gone_is_concluded_from_a_present_phase_only(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"everything", {OPENED, ENTRY(ADDED), DONE(END_PRESENT), SILENCE}, .changed = 1, .refreshes = 1, .wholes = 1},
        {"changes, nobody present",
         {OPENED, ENTRY(ADDED), DONE(END_PRESENT), SILENCE},
         .has_cookie = true,
         .changed = 1,
         .refreshes = 1,
         .doubts = 1},
        {"nothing, nobody present", {OPENED, DONE(EMPTY), SILENCE}, .has_cookie = true, .refreshes = 1, .doubts = 1},
        {"changes and deletes",
         {OPENED, ENTRY(ADDED), INFO(DELETED_SET), ENTRY(DELETED), DONE(END_DELETES), SILENCE},
         .has_cookie = true,
         .changed = 1,
         .gone = 2,
         .refreshes = 1},
        {"a present phase of entries",
         {OPENED, ENTRY(ADDED), ENTRY(PRESENT), DONE(END_PRESENT), SILENCE},
         .has_cookie = true,
         .changed = 1,
         .present = 1,
         .refreshes = 1,
         .wholes = 1},
        {"a present phase of a set",
         {OPENED, INFO(PRESENT_SET), DONE(END_PRESENT), SILENCE},
         .has_cookie = true,
         .present = 1,
         .refreshes = 1,
         .wholes = 1},
        {"both phases",
         {OPENED, INFO(PRESENT_SET), INFO(PHASE_OVER), INFO(DELETED_SET), INFO(REFRESH_DELETE), SILENCE},
         .persists = true,
         .has_cookie = true,
         .gone = 1,
         .present = 1,
         .refreshes = 1,
         .wholes = 1},
        {"a present phase that nobody ended",
         {OPENED, INFO(PRESENT_SET), INFO(REFRESH_DELETE), SILENCE},
         .persists = true,
         .has_cookie = true,
         .present = 1,
         .refreshes = 1,
         .doubts = 1},
        {"the end of a present phase that nobody saw",
         {OPENED, ENTRY(ADDED), INFO(REFRESH_PRESENT), SILENCE},
         .persists = true,
         .has_cookie = true,
         .changed = 1,
         .refreshes = 1,
         .doubts = 1},
        {"deletes, lasting",
         {OPENED, INFO(DELETED_SET), INFO(REFRESH_DELETE), SILENCE},
         .persists = true,
         .has_cookie = true,
         .gone = 1,
         .refreshes = 1},
        {"a cookie that was passed over",
         {OPENED, {.verb = MOCK_ENTRY, .dn = "DC=example,dc=com", .oid = SYNC_STATE, OCTETS(ADDED)}, DONE(END_DELETES)},
         .has_cookie = true,
         .changed = 1,
         .refreshes = 1,
         .doubts = 1},
        {"an empty set",
         {OPENED, INFO("\xa3\x05\x01\x01\xff\x31\x00"), INFO(REFRESH_DELETE), SILENCE},
         .persists = true,
         .has_cookie = true,
         .refreshes = 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_row(&rows[i]);
}

/* What breaks off keeps the cookie with which the refresh began; later each message moves it on. */
static void a_cookie_counts_when_its_refresh_is_over(void **state)
{
    (void)state;
    static const struct mock_step steps[] = {OPENED,
                                             INFO("\xa3\x19\x04\x03"
                                                  "mid"
                                                  "\x31\x12\x04\x10" ID),
                                             INFO(REFRESH_PRESENT),
                                             INFO(NEW_COOKIE),
                                             SILENCE,
                                             {0}};
    struct mockldap *mock = mockldap_start(steps);
    struct mirror m = {.d = open_mock(mock)};
    const struct dir_sync_settings how = {.persists = true, .cookies = "62"};
    struct fault fault = {0};
    assert_int_equal(mirror_begin(&m, &how, BASE, &fault), RC_OK);
    assert_string_equal(dir_sync_cookies(m.s), "62");
    assert_int_equal(mirror_refresh(&m, &fault), RC_OK);
    mirror_linger(&m, 200);
    assert_int_equal(m.wholes, 1);
    assert_string_equal(dir_sync_cookies(m.s), "6e");
    mirror_free(&m);
    mockldap_stop(mock);
}

/* 389-ds knows entries by nsUniqueId, and sends its octets. */
static void ids_have_the_form_of_the_stable_id(void **state)
{
    (void)state;
    static const char *const forms[] = {"entryUUID:30313233-3435-3637-3839-616263646566",
                                        "nsUniqueId:30313233-34353637-38396162-63646566"};
    for (int unique = 0; unique < 2; unique++) {
        const struct mock_step steps[] = {{.verb = MOCK_OPEN, .sync = true, .unique_id = unique},
                                          {.verb = MOCK_READ},
                                          ENTRY(ADDED),
                                          DONE(END_PRESENT),
                                          SILENCE,
                                          {0}};
        struct mockldap *mock = mockldap_start(steps);
        struct mirror m = {.d = open_mock(mock)};
        struct fault fault = {0};
        assert_int_equal(mirror_begin(&m, &(struct dir_sync_settings){0}, BASE, &fault), RC_OK);
        assert_int_equal(mirror_refresh(&m, &fault), RC_OK);
        assert_true(mirror_has(&m, slice_of(forms[unique])));
        mirror_free(&m);
        mockldap_stop(mock);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_malformed_ends_it),
        cmocka_unit_test(what_the_server_does_not_do_ends_it),
        cmocka_unit_test(who_is_gone_is_concluded_from_a_present_phase_only),
        cmocka_unit_test(a_cookie_counts_when_its_refresh_is_over),
        cmocka_unit_test(ids_have_the_form_of_the_stable_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
