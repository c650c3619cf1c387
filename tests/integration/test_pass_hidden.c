/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an account may not see of the entries that are judged must not pass for what is not there: stable ids, host
 * names, certificates, what exclusions and earlier policies ask for, and the state of a request.
 */
#include "support/program.h"

#include <openssl/evp.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define A          SERVER("a")
#define B          SERVER("b")
#define REQUEST    "(objectClass=dircertRequest)"
#define ANY_FEWER  "dircertMinSubjectsPercent: 0\n"
#define HIDE(what) "to " what " by dn.exact=\"" DAEMON "\" none by * break"
#define SHOW(what) "to attrs=" what " by dn.exact=\"" DAEMON "\" read by * break"
#define OF_A       "dn.exact=\"" A "\" attrs="
#define OF_ALL     "dn.children=\"" SERVERS "\" attrs="

static void expect_no_write(struct program *p, int code)
{
    size_t before = program_writes(p, REQUESTS);
    program_next_pass(p, code);
    if (program_writes(p, REQUESTS) != before)
        fail_msg("something was written: %s", p->log);
}

static void expect_undecided(struct program *p, const char *dn)
{
    program_expect(p, WORDS("event=undecided", dn, "reason="));
}

/* "a" violates, "b" does not; pending, or approved. */
static void begin(struct program *p, const char *policy, bool approved)
{
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_server(p, "b", "b.example.com", program_good(p, "b.example.com"));
    program_add_policy(p, "servers", policy);
    program_pass(p, PROGRAM_COMPLETE);
    if (approved)
        program_decide(p, "reissue", A, "approve 1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, approved ? "approved" : "pending");
}

/* Stable ids. */

static void test_all_ids_hidden(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE_THEN_REVOKE ANY_FEWER, true);
    program_rule(p, HIDE(OF_ALL "entryUUID"));
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=problem", A, "attribute=entryUUID"));
    program_expect(p, WORDS("event=problem", B, "attribute=entryUUID"));
    program_expect_state(p, "reissue", A, "approved");
    program_drop_rule(p);
    expect_no_write(p, PROGRAM_COMPLETE);
}

/* Its siblings still show theirs: that is no evidence that it was deleted. */
static void test_one_id_hidden(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE ANY_FEWER, false);
    program_rule(p, HIDE(OF_A "entryUUID"));
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=problem", A, "attribute=entryUUID"));
    program_expect_state(p, "reissue", A, "pending");
    program_drop_rule(p);
    expect_no_write(p, PROGRAM_COMPLETE);
}

/* The target's filter leaves it out as well, so no search of the policy shows that something is hidden. */
static void test_one_id_hidden_outside_the_target(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE ANY_FEWER "dircertTarget: ldap:///" SERVERS "??sub?(|(cn=a)(cn=b))\n", false);
    program_rule(p, HIDE(OF_A "entryUUID,cn"));
    expect_no_write(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
}

static void test_deleted_subject_beside_siblings_that_show_their_ids(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE ANY_FEWER "dircertTarget: ldap:///" SERVERS "??sub?(|(cn=a)(ou=no such))\n", false);
    program_change(p, "dn: " A "\nchangetype: delete\n");
    program_rule(p, HIDE(OF_ALL "entryUUID"));
    program_next_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    program_drop_rule(p);
    program_next_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
    assert_non_null(strstr(program_request_value(p, "reissue", A, "dircertStateMessage"), "deleted"));
}

/* Host names. */

static void test_host_name_hidden_beside_another_attribute(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "s", 3, program_good);
    program_add_policy(p, "servers", ENFORCE "dircertHostAttribute: dNSHostName cn\ndircertNameMatch: cn\n"
                                     "dircertOnFinding: cn-mismatch revoke superseded\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_rule(p, HIDE(OF_ALL "dNSHostName"));
    expect_no_write(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, REQUEST), 0);
    expect_undecided(p, SERVER("s1"));
    expect_undecided(p, SERVER("s2"));
    expect_undecided(p, SERVER("s3"));
    program_drop_rule(p);
    program_change(p, "dn: " SERVER("s1") "\nchangetype: modify\ndelete: dNSHostName\n"); /* there is positively none */
    program_next_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", SERVER("s1"), "pending");
    assert_int_equal(program_count_requests(p, REQUEST), 1);
}

/* The certificate lacks the alias; without it, it would comply. */
static void test_alias_hidden(void **state)
{
    struct program *p = *state;
    program_rule(p, SHOW("description"));
    program_add_server(p, "a", "a.example.com", program_good(p, "a.example.com"));
    program_change(p, "dn: " A "\nchangetype: modify\nadd: description\ndescription: b.example.com\n");
    program_add_policy(p, "servers", ENFORCE "dircertHostAttribute: dNSHostName description\ndircertNameMatch: san\n"
                                     "dircertOnFinding: san-mismatch reissue superseded\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_decide(p, "reissue", A, "approve 1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "approved");
    program_rule(p, HIDE(OF_A "description"));
    expect_no_write(p, PROGRAM_COMPLETE);
    expect_undecided(p, A);
    program_expect_state(p, "reissue", A, "approved");
    program_drop_rule(p);
    program_change(p, "dn: " A "\nchangetype: modify\ndelete: description\n");
    program_next_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
}

/* Certificates. */

static struct slice certificate(struct program *p, int version, enum cert_key key)
{
    struct cert_text cn = CERT_CN("a.example.com");
    struct cert_name dns = CERT_DNS("a.example.com");
    struct cert_options o = {.version = version, .not_before_utc = 1600000000, .not_after_utc = 2000000000, .key = key,
                             .common_names = &cn, .common_name_count = 1, .names = &dns, .name_count = version == 3};
    return cert_make(p->maker, &p->arena, &o);
}

/* A bad one with one kind of key in userCertificate, a good one with another in cACertificate. */
static void begin_with_two_attributes(struct program *p, const char *policy, bool approved)
{
    program_rule(p, SHOW("cACertificate"));
    struct slice good = certificate(p, 3, CERT_RSA_2048);
    char *encoded = arena_alloc(&p->arena, good.n * 2 + 8);
    EVP_EncodeBlock((unsigned char *)encoded, good.p, (int)good.n);
    program_add_server(p, "a", "a.example.com", certificate(p, 1, CERT_EC_P256));
    program_change(p, "dn: " A "\nchangetype: modify\nadd: objectClass\nobjectClass: pkiCA\n-\n"
                      "add: cACertificate;binary\ncACertificate;binary:: %s\n", encoded);
    program_add_policy(p, "servers", policy);
    program_pass(p, PROGRAM_COMPLETE);
    if (approved)
        program_decide(p, "reissue", A, "approve 1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, approved ? "approved" : "pending");
}

#define TWO_ATTRIBUTES ENFORCE ANY_FEWER "dircertCertificateAttribute: userCertificate cACertificate\n"

static void test_one_certificate_attribute_hidden(void **state)
{
    struct program *p = *state;
    begin_with_two_attributes(p, TWO_ATTRIBUTES VERSION_REISSUE, true);
    program_rule(p, HIDE(OF_ALL "userCertificate"));
    expect_no_write(p, PROGRAM_COMPLETE);
    expect_undecided(p, A);
    program_expect_state(p, "reissue", A, "approved");
    program_drop_rule(p);
    program_publish(p, A, 0, NULL); /* now it is gone, and what is left complies */
    program_next_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "fulfilled");
}

static void test_one_certificate_attribute_hidden_and_to_be_revoked(void **state)
{
    struct program *p = *state;
    begin_with_two_attributes(p, TWO_ATTRIBUTES VERSION_REISSUE_THEN_REVOKE, false);
    program_rule(p, HIDE(OF_ALL "userCertificate"));
    expect_no_write(p, PROGRAM_COMPLETE);
    expect_undecided(p, A);
    program_expect_state(p, "reissue", A, "pending");
    assert_int_equal(program_count_requests(p, REQUEST), 1);
}

/* Who governs. */

static void set(struct program *p, const char *attribute)
{
    program_change(p, "dn: " A "\nchangetype: modify\nadd: %s\n%s: hands off\n", attribute, attribute);
}

/* "a" is left alone by that policy; what says so is hidden on it alone; "b" gets its request nevertheless. */
static void expect_left_alone(struct program *p, const char *attribute)
{
    program_add_server(p, "b", "b.example.com", program_version_1(p, "b.example.com"));
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, NULL);
    program_expect_state(p, "reissue", B, "pending");
    program_rule(p, (const char *)arena_format(&p->arena, HIDE(OF_A "%s"), attribute).p);
    expect_no_write(p, PROGRAM_COMPLETE);
    expect_undecided(p, A);
    program_expect_state(p, "reissue", A, NULL);
    program_add_server(p, "c", "c.example.com", program_version_1(p, "c.example.com"));
    program_next_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, NULL);
    program_expect_state(p, "reissue", SERVER("c"), "pending");
    program_drop_rule(p);
    program_change(p, "dn: " A "\nchangetype: modify\ndelete: %s\n", attribute);
    program_next_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
}

static void test_what_excludes_it_is_hidden(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    set(p, "ou");
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE "dircertExclude: ldap:///" SERVERS "??sub?(ou=hands off)\n");
    expect_left_alone(p, "ou");
}

static void test_what_excludes_it_from_a_revocation_is_hidden(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    set(p, "ou");
    program_add_policy(p, "servers", ENFORCE "dircertAllowedVersion: 3\ndircertOnFinding: version revoke superseded\n"
                                     "dircertExclude: ldap:///" SERVERS "??sub?(ou=hands off)\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_rule(p, HIDE(OF_A "ou"));
    expect_no_write(p, PROGRAM_COMPLETE);
    expect_undecided(p, A);
    assert_int_equal(program_count_requests(p, REQUEST), 0);
}

static void test_description_that_excludes_it_is_hidden(void **state)
{
    struct program *p = *state;
    program_rule(p, SHOW("description"));
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    set(p, "description");
    program_add_policy(p, "servers",
                       ENFORCE VERSION_REISSUE "dircertExclude: ldap:///" SERVERS "??sub?(description=hands off)\n");
    expect_left_alone(p, "description");
}

static void test_what_gives_it_to_an_earlier_policy_is_hidden(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    set(p, "ou");
    program_add_policy(p, "special", "dircertMode: off\ndircertPrecedence: 1\n"
                                     "dircertTarget: ldap:///" SERVERS "??sub?(ou=hands off)\n");
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    expect_left_alone(p, "ou");
}

/* Requests. */

static void test_state_hidden(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE, true);
    program_claim(p, "reissue", A, "20900101000000Z", "submitted 1.1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "submitted");
    program_rule(p, "to dn.one=\"" REQUESTS "\" attrs=dircertState by dn.exact=\"" DAEMON "\" =w by * break");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=request-problem", "attribute=dircertState", "not shown"));
    program_expect_state(p, "reissue", A, "submitted");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, program_enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_all_ids_hidden),
        CASE(test_one_id_hidden),
        CASE(test_one_id_hidden_outside_the_target),
        CASE(test_deleted_subject_beside_siblings_that_show_their_ids),
        CASE(test_host_name_hidden_beside_another_attribute),
        CASE(test_alias_hidden),
        CASE(test_one_certificate_attribute_hidden),
        CASE(test_one_certificate_attribute_hidden_and_to_be_revoked),
        CASE(test_what_excludes_it_is_hidden),
        CASE(test_what_excludes_it_from_a_revocation_is_hidden),
        CASE(test_description_that_excludes_it_is_hidden),
        CASE(test_what_gives_it_to_an_earlier_policy_is_hidden),
        CASE(test_state_hidden),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
