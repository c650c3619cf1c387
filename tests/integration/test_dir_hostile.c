/* SPDX-License-Identifier: Apache-2.0 */
/* Servers that break the protocol, fall silent, or end early: always a fault in time, never a result. */
#include "support/dirtest.h"
#include "support/leaks.h"
#include "support/mockldap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define LONG_MS 20000

static enum rc open_mock(const struct mockldap *m, struct dir **d, struct fault *fault)
{
    const char *const uris[] = {mockldap_uri(m), NULL};
    const struct dir_settings settings = {.uris = uris, .bind = DIR_BIND_EXTERNAL, .timeout_s = 1};
    *fault = (struct fault){0};
    return dir_open(&settings, d, fault);
}

static void check_text(const char *name, const struct fault *fault, const char *says)
{
    if (!strstr(fault->text, says))
        fail_msg("%s: the fault does not say \"%s\": %s", name, says, fault->text);
}

static const struct mock_pair one_pair[] = {{"cn", "a"}, {0}};
static const struct mock_pair range[] = {{"member;range=0-1499", "cn=a"}, {0}};
static const struct mock_pair lang[] = {{"cn;lang-de;x-a", "a"}, {"cn;binary", "b"}, {"cn", "c"}, {"cn", "d"}, {0}};

#define ENTRY                                                                                                          \
    {                                                                                                                  \
        .verb = MOCK_ENTRY, .dn = "cn=a,dc=example,dc=com", .pairs = one_pair                                          \
    }
#define READ                                                                                                           \
    {                                                                                                                  \
        .verb = MOCK_READ                                                                                              \
    }
#define OPENED                                                                                                         \
    {                                                                                                                  \
        .verb = MOCK_OPEN                                                                                              \
    }
#define OPENED_PAGED                                                                                                   \
    {                                                                                                                  \
        .verb = MOCK_OPEN, .paging = true                                                                              \
    }
#define DONE(c, ...)                                                                                                   \
    {                                                                                                                  \
        .verb = MOCK_ANSWER, .code = (c), __VA_ARGS__                                                                  \
    }
#define SILENCE                                                                                                        \
    {                                                                                                                  \
        .verb = MOCK_WAIT, .ms = LONG_MS                                                                               \
    }
#define RAW(text)                                                                                                      \
    {                                                                                                                  \
        .verb = MOCK_RAW, .octets = (text), .length = sizeof(text) - 1                                                 \
    }
#define HALF_GARBAGE RAW("HTTP/1.1 400") /* read as the header of a message that never ends */
#define GARBAGE                                                                                                        \
    RAW("HTTP/1.1 400 Bad Request\r\nServer: example\r\nContent-Length: 0\r\nConnection: close\r\n"                    \
        "Cache-Control: no-store\r\n\r\n")

static void opening_ends_in_a_fault(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct mock_step steps[8];
        enum rc rc;
        const char *says;
        double at_least_s, at_most_s;
    } rows[] = {
        {"never answers the bind", {READ, SILENCE}, RC_FAULT, "the bind was not answered: no answer for 1 s", 0.9, 2},
        {"closes at once", {{.verb = MOCK_END}}, RC_FAULT, "broke", 0, 1},
        {"closes instead of an answer", {READ}, RC_FAULT, "broke", 0, 1},
        {"speaks HTTP", {READ, GARBAGE, SILENCE}, RC_FAULT, "broke", 0, 1},
        {"speaks a little HTTP", {READ, HALF_GARBAGE, SILENCE}, RC_FAULT, "no answer for 1 s", 0.9, 2},
        {"drips the answer", {READ, DONE(0, .drip_ms = 200), SILENCE}, RC_FAULT, "no answer for 1 s", 0.9, 2},
        {"answers another request", {READ, DONE(0, .id = 7), SILENCE}, RC_FAULT, "no answer for 1 s", 0.9, 2},
        {"answers half", {READ, DONE(0, .cut = true)}, RC_FAULT, "broke", 0, 1},
        {"wants TLS", {READ, DONE(13, .text = "confidentiality required")}, RC_INVALID, "confidentiality", 0, 1},
        {"has no EXTERNAL", {READ, DONE(7)}, RC_INVALID, "bind.method", 0, 1},
        {"refuses", {READ, DONE(49)}, RC_DENIED, "(49)", 0, 1},
        {"is going down", {READ, DONE(52)}, RC_FAULT, "(52)", 0, 1},
        {"asks for more SASL", {READ, DONE(14)}, RC_FAULT, "(14)", 0, 1},
        {"is silent on the rootDSE", {READ, DONE(0), READ, SILENCE}, RC_FAULT, "no answer for 1 s", 0.9, 2},
        {"shows no rootDSE", {READ, DONE(0), READ, DONE(0), SILENCE}, RC_FAULT, "may not read the rootDSE", 0, 1},
        {"hides the rootDSE", {READ, DONE(0), READ, DONE(32), SILENCE}, RC_FAULT, "may not read the rootDSE", 0, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mockldap *m = mockldap_start(rows[i].steps);
        struct dir *d = NULL;
        struct fault fault;
        double begin = seconds_now();
        enum rc rc = open_mock(m, &d, &fault);
        double took = seconds_now() - begin;
        mockldap_stop(m);
        if (rc != rows[i].rc || took < rows[i].at_least_s || took > rows[i].at_most_s)
            fail_msg("%s: rc %d after %.2f s: %s", rows[i].name, rc, took, fault.text);
        assert_null(d);
        check_text(rows[i].name, &fault, rows[i].says);
    }
}

static size_t peak_kib(void)
{
    char line[256];
    size_t kib = 0;
    FILE *f = fopen("/proc/self/status", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "VmPeak: %zu", &kib) == 1)
            break;
    fclose(f);
    assert_true(kib > 0);
    return kib;
}

struct search_row {
    const char *name;
    struct mock_step steps[12];
    size_t most;
    enum rc rc;
    size_t count; /* of entries, when RC_OK or RC_TRUNCATED */
    const char *says;
    bool survives; /* the handle can be used on */
    double at_least_s;
};

static void run_search_row(const struct search_row *row)
{
    struct mockldap *m = mockldap_start(row->steps);
    struct dir *d = NULL;
    struct fault fault;
    struct collected c = {0};
    if (open_mock(m, &d, &fault) != RC_OK)
        fail_msg("%s: %s", row->name, fault.text);
    size_t before = peak_kib();
    double begin = seconds_now();
    enum rc rc = collect(d, "dc=example,dc=com", DIR_SUBTREE, "(objectClass=*)", row->most, NULL, &c, &fault);
    double took = seconds_now() - begin;
    if (rc != row->rc || took < row->at_least_s || took > row->at_least_s + 1.2)
        fail_msg("%s: rc %d after %.2f s: %s", row->name, rc, took, fault.text);
    if ((rc == RC_OK || rc == RC_TRUNCATED) && c.entries.count != row->count)
        fail_msg("%s: %zu entries", row->name, c.entries.count);
    if (row->says)
        check_text(row->name, &fault, row->says);
    if (rc == RC_FAULT)
        check_text(row->name, &fault, "dc=example,dc=com");
    assert_true(peak_kib() - before < 256 * 1024);
    if (!row->survives) {
        struct fault later = {0};
        assert_int_equal(collect(d, "", DIR_BASE, "(objectClass=*)", 0, NULL, &c, &later), RC_FAULT);
        check_text(row->name, &later, "no longer usable");
    }
    collected_free(&c);
    dir_close(d);
    mockldap_stop(m);
}

/* One entry of these octets. */
#define UNDECODABLE(what, octets)                                                                                      \
    {                                                                                                                  \
        (what), {OPENED, READ, RAW(octets), DONE(0), SILENCE}, 0, RC_FAULT, 0, "decode", true, 0                       \
    }

static void searches_end_in_a_fault(void **state)
{
    (void)state;
    static const struct search_row rows[] = {
        {"silent", {OPENED, READ, ENTRY, SILENCE}, 0, RC_FAULT, 0, "no answer for 1 s", false, 0.9},
        {"drips",
         {OPENED, READ, ENTRY, {.verb = MOCK_ENTRY, .dn = "cn=a", .pairs = one_pair, .drip_ms = 150}, SILENCE},
         0,
         RC_FAULT,
         0,
         "no answer for 1 s",
         false,
         0.9},
        {"a header only",
         {OPENED, READ, RAW("\x30\x84\x00\x00\x10\x00"), SILENCE},
         0,
         RC_FAULT,
         0,
         "no answer for 1 s",
         false,
         0.9},
        {"2 GiB",
         {OPENED, READ, RAW("\x30\x84\x7f\xff\xff\xff\x02\x01\x04\x64\x84\x7f\xff\xff\xf0"), SILENCE},
         0,
         RC_FAULT,
         0,
         "over the limit",
         false,
         0},
        {"4 GiB",
         {OPENED, READ, RAW("\x30\x84\xff\xff\xff\xff\x02\x01\x04\x64\x84\xff\xff\xff\xf0"), SILENCE},
         0,
         RC_FAULT,
         0,
         "broke",
         false,
         0},
        {"a header only, behind an entry",
         {OPENED, READ, ENTRY, RAW("\x30\x84\x00\x00\x10\x00"), SILENCE},
         0,
         RC_FAULT,
         0,
         "no answer for 1 s",
         false,
         0.9},
        {"2 GiB, behind an entry",
         {OPENED, READ, ENTRY, RAW("\x30\x84\x7f\xff\xff\xff\x02\x01\x04\x64\x84\x7f\xff\xff\xf0"), SILENCE},
         0,
         RC_FAULT,
         0,
         "over the limit",
         false,
         0},
        {"garbage", {OPENED, READ, ENTRY, GARBAGE, SILENCE}, 0, RC_FAULT, 0, "broke", false, 0},
        {"half an entry",
         {OPENED, READ, ENTRY, {.verb = MOCK_ENTRY, .dn = "cn=a", .pairs = one_pair, .cut = true}},
         0,
         RC_FAULT,
         0,
         "none of them counts",
         false,
         0},
        {"no end", {OPENED, READ, ENTRY, ENTRY}, 0, RC_FAULT, 0, "2 entries had come", false, 0},
        {"half an end", {OPENED, READ, ENTRY, DONE(0, .cut = true)}, 0, RC_FAULT, 0, "broke", false, 0},
        {"undecodable entry",
         {OPENED, READ,
          RAW("\x30\x0c\x02\x01\x04\x64\x07\x04\x02"
              "a=\x30\x7f\x00"),
          DONE(0), SILENCE},
         0,
         RC_FAULT,
         0,
         "decode",
         true,
         0},
        UNDECODABLE("a list cut short", "\x30\x12\x02\x01\x04\x64\x0d\x04\x02"
                                        "a=\x30\x07\x30\x09\x04\x01"
                                        "a\x31\x00"),
        UNDECODABLE("a length of indefinite form", "\x30\x14\x02\x01\x04\x64\x0f\x04\x02"
                                                   "a=\x30\x09\x30\x80\x04\x01"
                                                   "a\x31\x00\x00\x00"),
        UNDECODABLE("a length of five octets", "\x30\x17\x02\x01\x04\x64\x12\x04\x02"
                                               "a=\x30\x0c\x30\x85\x00\x00\x00\x00\x05\x04\x01"
                                               "a\x31\x00"),
        UNDECODABLE("a value that is none", "\x30\x15\x02\x01\x04\x64\x10\x04\x02"
                                            "a=\x30\x0a\x30\x08\x04\x01"
                                            "a\x31\x03\x02\x01\x00"),
        UNDECODABLE("a name that is none", "\x30\x12\x02\x01\x04\x64\x0d\x04\x02"
                                           "a=\x30\x07\x30\x05\x02\x01"
                                           "a\x31\x00"),
        UNDECODABLE("octets behind the values", "\x30\x14\x02\x01\x04\x64\x0f\x04\x02"
                                                "a=\x30\x09\x30\x07\x04\x01"
                                                "a\x31\x00\x04\x00"),
        UNDECODABLE("an attribute without values", "\x30\x10\x02\x01\x04\x64\x0b\x04\x02"
                                                   "a=\x30\x05\x30\x03\x04\x01"
                                                   "a"),
        {"time limit", {OPENED, READ, ENTRY, DONE(3), SILENCE}, 0, RC_FAULT, 0, "raise the time limit", true, 0},
        {"size limit", {OPENED, READ, ENTRY, DONE(4), SILENCE}, 0, RC_FAULT, 0, "raise the size limit", true, 0},
        {"admin limit", {OPENED, READ, ENTRY, DONE(11), SILENCE}, 0, RC_FAULT, 0, "offers no paging", true, 0},
        {"busy", {OPENED, READ, ENTRY, DONE(51, .text = "try later"), SILENCE}, 0, RC_FAULT, 0, "try later", true, 0},
        {"referral",
         {OPENED, READ, DONE(10, .referral = "ldap://elsewhere/"), SILENCE},
         0,
         RC_FAULT,
         0,
         "ldap://elsewhere/",
         true,
         0},
        {"reference",
         {OPENED, READ, ENTRY, {.verb = MOCK_REFERENCE, .referral = "ldap://elsewhere/"}, DONE(0), SILENCE},
         0,
         RC_FAULT,
         0,
         "ldap://elsewhere/",
         true,
         0},
        {"fragment",
         {OPENED, READ, {.verb = MOCK_ENTRY, .dn = "cn=a", .pairs = range}, DONE(0), SILENCE},
         0,
         RC_FAULT,
         0,
         "member;range=0-1499",
         true,
         0},
        {"hostile text",
         {OPENED, READ, DONE(1, .text = "a\x1b[2J\r\nevent=\xe2\x80\xae"), SILENCE},
         0,
         RC_FAULT,
         0,
         "a\\1b[2J\\0d\\0aevent=\\e2\\80\\ae",
         true,
         0},
        {"page without its control",
         {OPENED_PAGED, READ, DONE(4), READ, ENTRY, DONE(0), SILENCE},
         0,
         RC_FAULT,
         0,
         "without saying whether there are more",
         true,
         0},
        {"second page fails",
         {OPENED_PAGED, READ, ENTRY, DONE(4), READ, ENTRY, DONE(0, .cookie = "more"), READ, ENTRY, DONE(51), SILENCE},
         0,
         RC_FAULT,
         0,
         "(51)",
         true,
         0},
        {"size limit of pages",
         {OPENED_PAGED, READ, DONE(4), READ, ENTRY, DONE(4), SILENCE},
         0,
         RC_FAULT,
         0,
         "size.prtotal",
         true,
         0},
        {"no page is small enough",
         {OPENED_PAGED, READ, DONE(11), READ, DONE(11), READ, DONE(11), READ, DONE(11), SILENCE},
         0,
         RC_FAULT,
         0,
         "size.prtotal",
         true,
         0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_search_row(&rows[i]);
}

/* @source RFC 4511 section 4.4.1 */
static void a_notice_of_disconnection_is_a_fault(void **state)
{
    (void)state;
    static const struct search_row row = {"notice of disconnection",
                                          {OPENED, READ, ENTRY,
                                           RAW("\x30\x24\x02\x01\x00\x78\x1f\x0a\x01\x34\x04\x00\x04\x00\x8a\x16"
                                               "1.3.6.1.4.1.1466.20036")},
                                          0,
                                          RC_FAULT,
                                          0,
                                          "broke",
                                          false,
                                          0};
    /* For the one case where libldap 2.5 itself loses memory: it never frees a notice of disconnection. */
    forgive_leaks(true);
    run_search_row(&row);
    forgive_leaks(false);
}

static void searches_end_well_in_spite_of_oddities(void **state)
{
    (void)state;
    static const struct search_row rows[] = {
        {"lengths in long form, as Active Directory writes them",
         {OPENED, READ,
          RAW("\x30\x84\x00\x00\x00\x27\x02\x01\x04\x64\x84\x00\x00\x00\x1e\x04\x02"
              "a=\x30\x84\x00\x00\x00\x14\x30\x84\x00\x00\x00\x0e\x04\x01"
              "a\x31\x84\x00\x00\x00\x05\x04\x01x\x04\x00"),
          DONE(0), SILENCE},
         0,
         RC_OK,
         1,
         NULL,
         true,
         0},
        {"no attributes",
         {OPENED, READ,
          RAW("\x30\x0b\x02\x01\x04\x64\x06\x04\x02"
              "a=\x30\x00"),
          DONE(0), SILENCE},
         0,
         RC_OK,
         1,
         NULL,
         true,
         0},
        {"an answer to nobody",
         {OPENED,
          READ,
          ENTRY,
          {.verb = MOCK_ENTRY, .dn = "cn=b", .pairs = one_pair, .id = 9},
          DONE(0, .id = 9),
          DONE(0),
          SILENCE},
         0,
         RC_OK,
         1,
         NULL,
         true,
         0},
        {"slow but whole",
         {OPENED, READ, {.verb = MOCK_WAIT, .ms = 600}, ENTRY, {.verb = MOCK_WAIT, .ms = 600}, DONE(0), SILENCE},
         0,
         RC_OK,
         1,
         NULL,
         true,
         1.1},
        {"two pages",
         {OPENED_PAGED, READ, ENTRY, DONE(4), READ, ENTRY, DONE(0, .cookie = "more"), READ, ENTRY, ENTRY,
          DONE(0, .cookie = ""), SILENCE},
         0,
         RC_OK,
         3,
         NULL,
         true,
         0},
        {"most is ignored", {OPENED, READ, ENTRY, ENTRY, ENTRY, DONE(0), SILENCE}, 2, RC_TRUNCATED, 2, NULL, true, 0},
        {"most exactly", {OPENED, READ, ENTRY, ENTRY, DONE(0), SILENCE}, 2, RC_OK, 2, NULL, true, 0},
        {"most by the server", {OPENED, READ, ENTRY, ENTRY, DONE(4), SILENCE}, 2, RC_TRUNCATED, 2, NULL, true, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_search_row(&rows[i]);
}

static void options_are_split_off(void **state)
{
    (void)state;
    static const struct mock_step steps[] = {OPENED,  READ,    {.verb = MOCK_ENTRY, .dn = "cn=a", .pairs = lang},
                                             DONE(0), SILENCE, {.verb = MOCK_END}};
    struct mockldap *m = mockldap_start(steps);
    struct dir *d = NULL;
    struct fault fault;
    struct collected c = {0};
    assert_int_equal(open_mock(m, &d, &fault), RC_OK);
    assert_int_equal(collect(d, "cn=a", DIR_BASE, "(objectClass=*)", 0, NULL, &c, &fault), RC_OK);
    assert_int_equal(c.entries.count, 1);
    assert_string_equal((const char *)c.entries.items[0].p, "cn=a|cn;lang-de;x-a=61|cn;binary=62|cn=63|cn=64");
    collected_free(&c);
    dir_close(d);
    mockldap_stop(m);
}

/* What answers decides which attribute names an entry for ever, however many of them the schema defines. */
static void the_kind_of_directory_decides_the_stable_id(void **state)
{
    (void)state;
#define ID(name) "( 1.2.3 NAME '" name "' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )"
    static const struct mock_pair all_ids[] = {{"attributeTypes", ID("entryUUID")},
                                               {"attributeTypes", ID("nsUniqueId")},
                                               {"attributeTypes", ID("objectGUID")},
                                               {0}},
                                  uuid[] = {{"attributeTypes", ID("entryUUID")}, {0}},
                                  none[] = {{"attributeTypes", ID("cn")}, {0}};
    static const struct mock_pair openldap[] = {{"objectClass", "OpenLDAProotDSE"},
                                                {"subschemaSubentry", "cn=Subschema"},
                                                {0}},
                                  ds389[] = {{"vendorName", "389 Project"}, {"subschemaSubentry", "cn=schema"}, {0}},
                                  ad[] = {{"supportedCapabilities", "1.2.840.113556.1.4.800"},
                                          {"subschemaSubentry", "cn=aggregate"},
                                          {0}};
    static const struct {
        const struct mock_pair *root, *schema;
        const char *kind, *id;
    } rows[] = {
        {openldap, all_ids, "OpenLDAP", "entryUUID"},
        {ds389, all_ids, "389 Project", "nsUniqueId"},
        {ad, all_ids, "Active Directory", "objectGUID"},
        {ds389, uuid, "389 Project", "entryUUID"},
        {ds389, none, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct mock_step steps[] = {READ,
                                          DONE(0),
                                          READ,
                                          {.verb = MOCK_ENTRY, .dn = "", .pairs = rows[i].root},
                                          DONE(0),
                                          READ,
                                          {.verb = MOCK_ENTRY, .dn = "cn=schema", .pairs = rows[i].schema},
                                          DONE(0),
                                          SILENCE,
                                          {.verb = MOCK_END}};
        struct mockldap *m = mockldap_start(steps);
        struct dir *d = NULL;
        struct fault fault;
        enum rc rc = open_mock(m, &d, &fault);
        assert_int_equal(rc, rows[i].id ? RC_OK : RC_FAULT);
        if (rows[i].id) {
            assert_string_equal(dir_capabilities(d)->kind, rows[i].kind);
            assert_string_equal(dir_capabilities(d)->stable_id_attribute, rows[i].id);
        } else
            check_text("none", &fault, "has none of entryUUID");
        dir_close(d);
        mockldap_stop(m);
    }
}

static void note(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    (void)index;
    struct fault *last = context;
    *last = *fault;
    assert_int_equal(rc, RC_FAULT);
}

static void writes_end_in_a_fault(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct mock_step steps[6];
        enum rc rc;
        const char *says;
    } rows[] = {
        {"referral", {OPENED, READ, DONE(10, .referral = "ldap://elsewhere/"), SILENCE}, RC_OK, "ldap://elsewhere/"},
        {"closed before", {OPENED}, RC_FAULT, "broke"}, /* SIGPIPE would end the program here */
        {"closed after", {OPENED, READ}, RC_FAULT, "may or may not have been carried out"},
        {"silent", {OPENED, READ, SILENCE}, RC_FAULT, "no answer for 1 s"},
        {"answers another", {OPENED, READ, DONE(0, .id = 3), SILENCE}, RC_FAULT, "no answer for 1 s"},
        {"garbage", {OPENED, READ, GARBAGE, SILENCE}, RC_FAULT, "broke"},
        {"half", {OPENED, READ, DONE(0, .cut = true)}, RC_FAULT, "broke"},
        {"unwilling", {OPENED, READ, DONE(53, .text = "shadow"), SILENCE}, RC_OK, "shadow"},
    };
    static const struct dir_change change = {.verb = DIR_DELETE, .dn = {(const uint8_t *)"cn=a", 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mockldap *m = mockldap_start(rows[i].steps);
        struct dir *d = NULL;
        struct fault fault, last = {0};
        assert_int_equal(open_mock(m, &d, &fault), RC_OK);
        if (i == 1)
            mockldap_stop(m); /* certainly closed by now */
        enum rc rc = dir_apply(d, &change, 1, note, &last, &fault);
        if (rc != rows[i].rc)
            fail_msg("%s: rc %d: %s", rows[i].name, rc, fault.text);
        check_text(rows[i].name, &last, rows[i].says);
        dir_close(d);
        if (i != 1)
            mockldap_stop(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_ends_in_a_fault),
        cmocka_unit_test(searches_end_in_a_fault),
        cmocka_unit_test(a_notice_of_disconnection_is_a_fault),
        cmocka_unit_test(searches_end_well_in_spite_of_oddities),
        cmocka_unit_test(options_are_split_off),
        cmocka_unit_test(the_kind_of_directory_decides_the_stable_id),
        cmocka_unit_test(writes_end_in_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
