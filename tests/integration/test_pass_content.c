/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that are wrong, containers that are missing, requests that somebody edited: told, and nothing lost. */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define A SERVER("a")
#define REQUEST "(objectClass=dircertRequest)"

static void replace(struct program *p, const char *dn, const char *attribute, const char *value)
{
    program_change(p, "dn: %s\nchangetype: modify\nreplace: %s\n%s: %s\n", dn, attribute, attribute, value);
}

static void expect_no_write(struct program *p, int code)
{
    size_t before = program_writes(p, REQUESTS);
    program_pass(p, code);
    assert_int_equal(program_writes(p, REQUESTS), before);
    assert_int_equal(program_lines(p, WORDS("event=request ")), 0);
}

static void begin(struct program *p)
{
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
}

static const char *request_dn(struct program *p)
{
    return program_value(p, program_request(p, "reissue", A), "dn", 0);
}

/* Policies. */

static void test_malformed_values_are_named(void **state)
{
    static const struct {
        const char *attribute, *value, *reason;
    } rows[] = {
        {"dircertTarget", "ldap://elsewhere/ou=x??sub?(cn=*)", ""},
        {"dircertTarget", "ldap:///" SERVERS "??sub?(cn=*", ""},
        {"dircertTarget", "ldap:///" SERVERS "??below?(cn=*)", ""},
        {"dircertTarget", "ldap:///" SERVERS "??sub?(dNSHostNam=*)", "dNSHostNam"},
        {"dircertExclude", "whoever", ""},
        {"dircertPrecedence", "-1", "whole number"},
        {"dircertMode", "perhaps", "off audit enforce"},
        {"dircertCertificateAttribute", "userCertificate;binary", "without options"},
        {"dircertCertificateAttribute", "userCertificat", "userCertificat"},
        {"dircertHostAttribute", "hostName", "hostName"},
        {"dircertAllowedVersion", "4", "from 1 to 3"},
        {"dircertNameMatch", "maybe", "cn-and-san"},
        {"dircertWildcard", "yes", "refuse allow"},
        {"dircertOnFinding", "version explode", "the action is none of"},
        {"dircertOnFinding", "expired revoke", "no action that revokes"},
        {"dircertOnFinding", "versoin reissue", "no check has this name"},
        {"dircertOnFinding", "too-many-values reissue", "can only be reported"},
        {"dircertOnFinding", "version reissue tired", "the reason is none of"},
        {"dircertApproval", "always", "revoke manual"},
        {"dircertConfirmations", "0", "from 1"},
        {"dircertMaxPercent", "101", "from 0 to 100"},
        {"dircertMinSubjectsPercent", "101", "from 0 to 100"},
        {"dircertRelease", "please", "<policy revision> <count> <until>"},
        {"dircertRetentionDays", "-5", "whole number"},
        {"dircertRenewBefore", "30", "such as 30d"},
        {"dircertMaxValidity", "13m", "or cabf"},
        {"dircertMinRSABits", "511", "from 512 to 65536"},
        {"dircertAllowedCurve", "P-255", "such as P-256"},
        {"dircertAllowedSignature", "1.2.840.113549.1.1.1", "no signature algorithm"},
        {"dircertKeyUsage", "signing", "digitalSignature"},
        {"dircertRequiredEKU", "serverAuth clientAuth", "once for each"},
        {"dircertForbiddenEKU", "server", "such as anyExtendedKeyUsage"},
        {"dircertAllowedIssuer", "Example CA", "RFC 4514"},
        {"dircertRevocationCheck", "ocsp", "none crl"},
        {"dircertCRLMaxAge", "7d", "nothing says that CRLs are looked at"},
        {"dircertMaxValues", "0", "from 1 to 1000000"},
        {"dircertUnique", "name", "host-name key certificate"},
    };
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    size_t before = program_writes(p, REQUESTS);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        program_add_policy(p, "servers", ENFORCE "dircertAllowedVersion: 3\n");
        replace(p, POLICY("servers"), rows[i].attribute, rows[i].value);
        program_pass(p, PROGRAM_INCOMPLETE);
        const char *attribute = (const char *)arena_format(&p->arena, "attribute=%s ", rows[i].attribute).p;
        program_expect(p, WORDS("event=problem", "dn=\"" POLICY("servers") "\"", attribute, rows[i].value, rows[i].reason));
        program_expect(p, WORDS("event=pass ", POLICY("servers"), "result=disabled"));
        program_change(p, "dn: " POLICY("servers") "\nchangetype: delete\n");
    }
    assert_int_equal(program_writes(p, REQUESTS), before);
}

/* What the compiler takes, the directory stores, and the other way round: every attribute in each of its forms. */
static void test_every_attribute_is_stored_and_taken(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_good(p, "a.example.com"));
    program_add_policy(p, "servers",
                       "dircertAllowedVersion: 3\ndircertNameMatch: cn-or-san\ndircertWildcard: allow\n"
                       "dircertRenewBefore: 33%\ndircertMaxValidity: cabf\ndircertMinRSABits: 2048\n"
                       "dircertAllowedCurve: P-256\ndircertAllowedCurve: Ed25519\ndircertAllowedCurve: 1.3.132.0.34\n"
                       "dircertAllowedSignature: sha256WithRSAEncryption\ndircertAllowedSignature: ecdsa-with-SHA256\n"
                       "dircertKeyUsage: digitalSignature\ndircertKeyUsage: contentCommitment\n"
                       "dircertRequiredEKU: serverAuth\ndircertRequiredEKU: 1.3.6.1.5.5.7.3.2\n"
                       "dircertForbiddenEKU: anyExtendedKeyUsage\ndircertAllowCA: FALSE\n"
                       "dircertAllowedIssuer: CN=Issuing CA\\, Berlin+OU=x,O=Example,C=DE\n"
                       "dircertRevocationCheck: none\ndircertCRLMaxAge: 24h\ndircertMaxValues: 3\n"
                       "dircertUnique: host-name\ndircertUnique: key\ndircertUnique: certificate\n"
                       "dircertOnFinding: chain revoke\ndircertOnFinding: weak-key reissue\n"
                       "dircertOnFinding: too-many-values report\ndircertOnFinding: post-quantum report\n");
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_lines(p, WORDS("event=problem")), 0);
    replace(p, POLICY("servers"), "dircertTrustAnchor", "cn=nobody,ou=nowhere,dc=example,dc=com"); /* a name that no entry has */
    program_pass(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=problem", "attribute=dircertTrustAnchor "));
}

static void test_no_policy(void **state)
{
    struct program *p = *state;
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "no policy is seen below ou=policies," BASE, "may not read"));
}

/* Requests exist, and then nobody can see a policy: they are not withdrawn. */
static void test_policies_hidden(void **state)
{
    struct program *p = *state;
    begin(p);
    program_pass(p, PROGRAM_COMPLETE);
    program_rule(p, "to dn.children=\"" POLICIES "\" by dn.exact=\"" DAEMON "\" none by * break");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "no policy is seen"));
    program_expect_state(p, "reissue", A, "pending");
}

static void test_target_base_missing(void **state)
{
    struct program *p = *state;
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE "dircertTarget: ldap:///ou=nowhere," SLAPD_SUFFIX
                                     "??sub?(objectClass=*)\n");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=problem", POLICY("servers"), "attribute=dircertTarget", "ou=nowhere", "is not there"));
}

static void test_waivers_are_not_passed_over(void **state)
{
    struct program *p = *state;
    begin(p);
    program_change(p, "dn: cn=w," WAIVERS "\nchangetype: add\nobjectClass: dircertWaiver\ncn: w\ndircertCheck: version\n"
                      "dircertTarget: ldap:///" SERVERS "??sub?(cn=a)\n");
    expect_no_write(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=problem", "cn=w," WAIVERS, "attribute=dircertWaiverUntil"));
    program_change(p, "dn: cn=w," WAIVERS "\nchangetype: delete\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
}

/* Containers. */

static void test_base_missing(void **state)
{
    struct program *p = *state;
    begin(p);
    program_configure(p, &(struct program_conf){.base = "ou=nowhere," SLAPD_SUFFIX});
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "what=\"read the leases\"", "ou=nowhere," SLAPD_SUFFIX));
}

static void test_policy_container_missing(void **state)
{
    struct program *p = *state;
    program_change(p, "dn: " POLICIES "\nchangetype: delete\n");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "what=\"read ou=policies\"", POLICIES));
}

static void test_request_container_missing(void **state)
{
    struct program *p = *state;
    begin(p);
    program_change(p, "dn: " REQUESTS "\nchangetype: delete\n");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "what=\"read ou=requests\"", REQUESTS));
}

static void test_status_container_missing(void **state)
{
    struct program *p = *state;
    begin(p);
    program_change(p, "dn: " STATUS "\nchangetype: delete\n");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "what=\"read the leases\"", STATUS));
}

static void test_status_not_writable(void **state)
{
    struct program *p = *state;
    begin(p);
    program_rule(p, "to dn.subtree=\"" STATUS "\" by dn.exact=\"" DAEMON "\" read by * break");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "what=\"acquire the lease\"", INSTANCE, "50"));
}

static void test_each_request_that_can_not_be_written_is_told(void **state)
{
    enum { LOST = 3 };
    struct program *p = *state;
    program_add_servers(p, "bad", LOST, program_version_1);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_rule(p, "to dn.subtree=\"" REQUESTS "\" by dn.exact=\"" DAEMON "\" read by * break");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    for (unsigned i = 1; i <= LOST; i++)
        program_expect(p, WORDS("event=fault", "what=\"write a request\"", "create reissue", "let the daemon write",
                                (const char *)arena_format(&p->arena, "cn=bad%u," SERVERS, i).p));
    program_expect(p, WORDS("event=pass ", POLICY("servers"), "created=0", "failed=3", "result=incomplete"));
    program_drop_rule(p);
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, REQUEST), LOST);
}

/* Requests that somebody edited. */

static void test_nonsense_in_a_wanted_request_is_repaired(void **state)
{
    static const struct {
        const char *attribute, *value;
    } rows[] = {
        {"dircertState", "nonsense"},          {"dircertGeneration", "-7"},
        {"dircertSubjectId", "entryUUID:0"},   {"dircertRequestType", "reward"},
        {"dircertSubjectDN", "cn=b," SERVERS}, {"dircertFinding", "version nobody knows"},
        {"dircertPolicyDN", "cn=nobody"},
    };
    struct program *p = *state;
    begin(p);
    program_pass(p, PROGRAM_COMPLETE);
    const char *dn = request_dn(p), *entry = program_search(p, dn, "base", "(objectClass=*)", "*");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        replace(p, dn, rows[i].attribute, rows[i].value);
        assert_non_null(strstr(program_plan(p, PROGRAM_COMPLETE), " reissue "));
        program_pass(p, PROGRAM_COMPLETE);
        const char *now = program_search(p, dn, "base", "(objectClass=*)", "*");
        const char *value = program_value(p, now, rows[i].attribute, 0);
        if (strcmp(rows[i].attribute, "dircertGeneration") != 0)
            assert_string_equal(value, program_value(p, entry, rows[i].attribute, 0));
        assert_string_equal(program_value(p, now, "dircertState", 0), "pending");
        program_expect(p, WORDS("event=request ", A));
    }
    expect_no_write(p, PROGRAM_COMPLETE);
}

/* Who may write the state could else approve without a decision, or end what is wanted. */
static void test_forged_states_do_not_stand(void **state)
{
    static const char *const forged[] = {"approved", "rejected", "fulfilled", "withdrawn", "held"};
    struct program *p = *state;
    begin(p);
    program_pass(p, PROGRAM_COMPLETE);
    const char *dn = request_dn(p);
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        replace(p, dn, "dircertState", forged[i]);
        program_pass(p, PROGRAM_COMPLETE);
        program_expect_state(p, "reissue", A, "pending");
    }
    expect_no_write(p, PROGRAM_COMPLETE);
}

static void test_nonsense_in_an_unwanted_request_is_left(void **state)
{
    struct program *p = *state;
    begin(p);
    program_pass(p, PROGRAM_COMPLETE);
    struct slice good = program_good(p, "a.example.com");
    program_publish(p, A, 1, &good);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
    replace(p, request_dn(p), "dircertState", "nonsense");
    expect_no_write(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=request-problem", "attribute=dircertState", "value=nonsense"));
    program_expect_state(p, "reissue", A, "nonsense");
}

/* Somebody took the name that a request must have; others are made all the same. */
static void test_foreign_entry_in_the_place_of_a_request(void **state)
{
    struct program *p = *state;
    begin(p);
    program_add_servers(p, "bad", 1, program_version_1);
    program_pass(p, PROGRAM_COMPLETE);
    const char *dn = request_dn(p), *id = program_request_value(p, "reissue", A, "dircertRequestId");
    program_change(p, "dn: %s\nchangetype: delete\n", dn);
    program_change(p, "dn: %s\nchangetype: delete\n", program_value(p, program_request(p, "reissue", SERVER("bad1")), "dn", 0));
    program_change(p, "dn: %s\nchangetype: add\nobjectClass: device\nobjectClass: extensibleObject\ncn: mine\n"
                      "dircertRequestId: %s\n", dn, id);
    program_pass(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=request-problem", id));
    program_expect_state(p, "reissue", SERVER("bad1"), "pending");
    assert_string_equal(program_value(p, program_search(p, dn, "base", "(objectClass=*)", "*"), "cn", 0), "mine");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_change(p, "dn: %s\nchangetype: delete\n", dn);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
}

static void test_entry_that_is_no_request_at_all(void **state)
{
    struct program *p = *state;
    begin(p);
    program_pass(p, PROGRAM_COMPLETE);
    program_change(p, "dn: cn=notes," REQUESTS "\nchangetype: add\nobjectClass: device\ncn: notes\n");
    expect_no_write(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=request-problem", "cn=notes," REQUESTS));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, program_enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_malformed_values_are_named),
        CASE(test_every_attribute_is_stored_and_taken),
        CASE(test_no_policy),
        CASE(test_policies_hidden),
        CASE(test_target_base_missing),
        CASE(test_waivers_are_not_passed_over),
        CASE(test_base_missing),
        CASE(test_policy_container_missing),
        CASE(test_request_container_missing),
        CASE(test_status_container_missing),
        CASE(test_status_not_writable),
        CASE(test_each_request_that_can_not_be_written_is_told),
        CASE(test_nonsense_in_a_wanted_request_is_repaired),
        CASE(test_forged_states_do_not_stand),
        CASE(test_nonsense_in_an_unwanted_request_is_left),
        CASE(test_foreign_entry_in_the_place_of_a_request),
        CASE(test_entry_that_is_no_request_at_all),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
