/* SPDX-License-Identifier: Apache-2.0 */
/* What entries have in common, and what one entry holds twice or too often: the built program and a real server. */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define A        SERVER("a")
#define B        SERVER("b")
#define REISSUES "(dircertRequestType=reissue)"

/* A policy may name cACertificate; the recipe lets the daemon read userCertificate. */
#define SHOW_CA "to attrs=cACertificate by dn.exact=\"" DAEMON "\" read by * break"

/* A certificate of version 3 for the key of that id; serial 0: the maker's next one. */
static struct slice certificate(struct program *p, const char *host, const char *key_id, uint8_t serial)
{
    const struct cert_text cn = {0, slice_of(host)};
    const struct cert_name names[] = {{NAME_DNS, slice_of(host)}};
    const struct cert_options o = {.serial = serial ? slice_make(&serial, 1) : (struct slice){NULL, 0},
                                   .not_before_utc = 1700000000,
                                   .not_after_utc = 4000000000,
                                   .common_names = &cn,
                                   .common_name_count = 1,
                                   .key_id = key_id,
                                   .names = names,
                                   .name_count = 1};
    return cert_make(p->maker, &p->arena, &o);
}

static void expect_finding(const struct program *p, const char *check, const char *dn, const char *words)
{
    program_expect(p, WORDS("event=finding ", check, dn, words));
}

static size_t findings(const struct program *p)
{
    return program_lines(p, WORDS("event=finding "));
}

static void test_keys_and_certificates(void **state)
{
    struct program *p = *state;
    struct slice shared = certificate(p, "shared.example.com", "shared", 0);
    const struct slice renewed[] = {certificate(p, "r.example.com", "renewed", 0),
                                    certificate(p, "r.example.com", "renewed", 0)};
    program_add_server(p, "a", "a.example.com", certificate(p, "a.example.com", "one", 0));
    program_add_server(p, "b", "b.example.com", certificate(p, "b.example.com", "one", 0));
    program_add_server(p, "c", "c.example.com", shared);
    program_add_server(p, "d", "d.example.com", shared);
    program_add_server(p, "r", "r.example.com", renewed[0]);
    program_publish(p, SERVER("r"), 2, renewed);
    program_add_policy(p, "servers", "dircertUnique: key\ndircertUnique: certificate\n");
    program_pass(p, PROGRAM_COMPLETE);
    expect_finding(p, "check=shared-key", "dn=\"" A "\"", "detail=\"" B " has a certificate for the same key\"");
    expect_finding(p, "check=shared-key", "dn=\"" B "\"", "detail=\"" A " has");
    expect_finding(p, "check=shared-certificate", "dn=\"" SERVER("c") "\"", "detail=\"" SERVER("d") " publishes");
    expect_finding(p, "check=shared-certificate", "dn=\"" SERVER("d") "\"", "detail=\"" SERVER("c") " publishes");
    assert_int_equal(findings(p), 4);
    program_change(p, "dn: " B "\nchangetype: delete\n");
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(findings(p), 2);
}

/* A key that two entries have is one that somebody gave away: new keys for both, and the old certificates revoked. */
static void test_a_shared_key_is_replaced(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "good", 12, program_good);
    program_add_server(p, "a", "a.example.com", certificate(p, "a.example.com", "one", 0));
    program_add_server(p, "b", "b.example.com", certificate(p, "b.example.com", "one", 0));
    program_add_policy(p, "servers",
                       ENFORCE "dircertUnique: key\ndircertOnFinding: shared-key reissue-then-revoke keyCompromise\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    program_expect_state(p, "reissue", B, "pending");
    struct slice same_key = certificate(p, "a.example.com", "one", 0);
    program_publish(p, A, 1, &same_key);
    program_next_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending"); /* another certificate for the same key cures nothing */
    struct slice a = program_good(p, "a.example.com"), b = program_good(p, "b.example.com");
    program_publish(p, A, 1, &a);
    program_publish(p, B, 1, &b);
    program_next_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
    program_expect_state(p, "reissue", B, "withdrawn");
    program_next_pass(p, PROGRAM_COMPLETE);
    assert_true(program_count_requests(p, "(&(dircertRequestType=revoke)(dircertReason=keyCompromise))") >= 2);
}

static void test_contested_names(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "good", 12, program_good);
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_server(p, "b", "b.example.com", program_version_1(p, "b.example.com"));
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE "dircertUnique: host-name\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    program_expect_state(p, "reissue", B, "pending");
    program_change(p, "dn: " B "\nchangetype: modify\nreplace: dNSHostName\ndNSHostName: A.Example.COM.\n");
    program_pass(p, PROGRAM_COMPLETE);
    expect_finding(p, "check=duplicate-host-name", "dn=\"" A "\"", "detail=\"" B " claims a.example.com too\"");
    expect_finding(p, "check=duplicate-host-name", "dn=\"" B "\"", "detail=\"" A " claims a.example.com too\"");
    program_expect_state(p, "reissue", A, "held");
    program_expect_state(p, "reissue", B, "held");
    size_t writes = program_writes(p, REQUESTS);
    program_next_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_writes(p, REQUESTS), writes);
    program_change(p, "dn: " B "\nchangetype: modify\nreplace: dNSHostName\ndNSHostName: b.example.com\n");
    program_next_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertGeneration"), "2");
    program_expect_state(p, "reissue", B, "pending");
}

/* A revocation issues nothing, so it needs no name. */
static void test_contested_names_are_revoked(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "good", 12, program_good);
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_server(p, "b", "a.example.com", program_good(p, "a.example.com"));
    program_add_policy(p, "servers",
                       ENFORCE "dircertAllowedVersion: 3\ndircertUnique: host-name\n"
                               "dircertOnFinding: version revoke keyCompromise\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", A, "pending");
    assert_int_equal(program_count_requests(p, REISSUES), 0);
}

/* slapd tells the values of one attribute apart by issuer and serial number; of two attributes it does not. */
static void test_held_twice(void **state)
{
    struct program *p = *state;
    struct slice first = certificate(p, "a.example.com", "one", 0x21),
                 second = certificate(p, "a.example.com", "two", 0x21);
    program_add_server(p, "a", "a.example.com", first);
    program_add_server(p, "b", "b.example.com", first);
    for (int i = 0; i < 2; i++) {
        const char *dn = i ? B : A;
        struct slice der = i ? second : first;
        program_change(p, "dn: %s\nchangetype: modify\nadd: objectClass\nobjectClass: pkiCA\n", dn);
        program_publish(p, dn, 1, &der);
        const char *line = strstr(program_search(p, dn, "base", "(objectClass=*)", "userCertificate"), ":: ");
        assert_non_null(line);
        program_change(p, "dn: %s\nchangetype: modify\nadd: cACertificate;binary\ncACertificate;binary:: %.*s\n", dn,
                       (int)strcspn(line + 3, "\n"), line + 3);
    }
    program_publish(p, B, 1, &first);
    program_rule(p, SHOW_CA);
    program_add_policy(p, "servers",
                       "dircertCertificateAttribute: userCertificate cACertificate\n"
                       "dircertOnFinding: duplicate-value report\ndircertMaxValues: 1\n");
    program_pass(p, PROGRAM_COMPLETE);
    expect_finding(p, "check=duplicate-value", "dn=\"" A "\"",
                   "detail=\"cACertificate;binary and userCertificate;binary hold the same certificate, serial 21\"");
    expect_finding(p, "check=duplicate-value", "dn=\"" B "\"",
                   "detail=\"two certificates of CN=Sample CA,O=Example with serial 21\"");
    expect_finding(p, "check=too-many-values", "dn=\"" B "\"", "at most 1\"");
    assert_int_equal(findings(p), 3);
}

static void add_certificates(struct program *p, const char *dn, unsigned count)
{
    struct slice *ders = ARENA_ARRAY(&p->arena, count, struct slice);
    for (unsigned i = 0; i < count; i++)
        ders[i] = certificate(p, "many.example.com", "many", 0);
    program_publish(p, dn, count, ders);
}

/* One entry with thousands of certificates, each of which violates, is one request. */
static void test_thousands_of_certificates(void **state)
{
    enum { MANY = 800 };
    struct program *p = *state;
    program_add_servers(p, "good", 12, program_good);
    program_add_server(p, "a", "a.example.com", program_good(p, "a.example.com"));
    add_certificates(p, A, MANY);
    program_add_policy(p, "servers",
                       ENFORCE "dircertMaxValues: 100\ndircertNameMatch: san\ndircertUnique: key\n"
                               "dircertOnFinding: san-mismatch reissue\n");
    program_pass(p, PROGRAM_COMPLETE);
    expect_finding(p, "check=too-many-values", "dn=\"" A "\"", "at most 100\"");
    assert_int_equal(program_lines(p, WORDS("event=finding ", "check=san-mismatch")), MANY);
    program_expect_state(p, "reissue", A, "pending");
    program_next_pass(p, PROGRAM_COMPLETE);
    size_t writes = program_writes(p, REQUESTS);
    program_next_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_writes(p, REQUESTS), writes);
}

int main(void)
{
    if (!slapd_available()) {
        printf("skipped: no slapd on this machine\n");
        return 77;
    }
#define TEST(f) cmocka_unit_test_setup_teardown(f, program_enter, program_leave)
    const struct CMUnitTest tests[] = {
        TEST(test_keys_and_certificates),
        TEST(test_a_shared_key_is_replaced),
        TEST(test_contested_names),
        TEST(test_contested_names_are_revoked),
        TEST(test_held_twice),
        TEST(test_thousands_of_certificates),
    };
    return cmocka_run_group_tests_name("pass_shared", tests, NULL, NULL);
}
