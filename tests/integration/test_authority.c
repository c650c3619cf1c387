/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authorities and CRLs in a real directory: chains, what policy approves because of them, and revocations that a CRL
 * proves; and an authority that keeps issuing what policy forbids.
 */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include <openssl/evp.h>

#define A           SERVER("a")
#define B           SERVER("b")
#define FAR         "20900101000000Z"
#define AUTHORITIES "ou=authorities," SLAPD_SUFFIX
#define ANCHOR      "cn=Sample CA," AUTHORITIES
#define POINT       "cn=crl," AUTHORITIES
#define TRUST       "dircertTrustAnchor: " ANCHOR "\n"
#define CRL         "dircertRevocationCheck: crl\n"
#define AUTO        "dircertApproval: revoke auto\n"
#define REVOKE      "dircertAllowedVersion: 3\ndircertOnFinding: version revoke privilegeWithdrawn\n"

enum { FROM_UTC = 1577836800, DAY = 86400 };
static const int64_t until_utc = 4102444800;

static const char *line_of(struct program *p, const char *attribute, struct slice der)
{
    char *encoded = arena_alloc(&p->arena, der.n * 4 / 3 + 8);
    EVP_EncodeBlock((unsigned char *)encoded, der.p, (int)der.n);
    return (const char *)arena_format(&p->arena, "%s;binary:: %s\n", attribute, encoded).p;
}

static int enter(void **state)
{
    if (program_enter(state) != 0)
        return -1;
    struct program *p = *state;
    program_change(p, "dn: " AUTHORITIES "\nchangetype: add\nobjectClass: organizationalUnit\nou: authorities\n");
    program_change(p, "dn: " ANCHOR "\nchangetype: add\nobjectClass: device\nobjectClass: pkiCA\ncn: Sample CA\n%s",
                   line_of(p, "cACertificate", cert_authority(p->maker, &p->arena, "Sample CA", CERT_EC_P256)));
    return 0;
}

/* A certificate of that authority; points: the content of a cRLDistributionPoints extension, may be empty. */
static struct slice issue(struct program *p, const char *name, int version, const char *issuer, const char *serial,
                          struct slice points)
{
    struct cert_text cn = {0, slice_of(name)};
    struct cert_name dns = {NAME_DNS, slice_of(name)};
    struct cert_extension extension = {.oid = "2.5.29.31", .value = points};
    return cert_make(p->maker, &p->arena,
                     &(struct cert_options){.version = version,
                                            .serial = slice_of(serial),
                                            .issuer = issuer,
                                            .not_before_utc = FROM_UTC,
                                            .not_after_utc = until_utc,
                                            .common_names = &cn,
                                            .common_name_count = 1,
                                            .names = &dns,
                                            .name_count = version == 3,
                                            .extensions = &extension,
                                            .extension_count = points.n > 0});
}

static struct slice plain(struct program *p, const char *name, int version, const char *issuer)
{
    return issue(p, name, version, issuer, "", (struct slice){NULL, 0});
}

static void expect_no_request_written(struct program *p, int code)
{
    size_t before = program_writes(p, REQUESTS);
    program_next_pass(p, code);
    assert_int_equal(program_writes(p, REQUESTS), before);
}

/* Chains. */

static void test_chain_is_judged_by_the_anchors_of_the_policy(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", plain(p, "a.example.com", 3, NULL));
    program_add_server(p, "b", "b.example.com", plain(p, "b.example.com", 3, "Foreign CA"));
    program_add_policy(p, "servers", TRUST);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=finding", "check=chain", "dn=\"" B "\"", "Foreign CA"));
    assert_int_equal(program_lines(p, WORDS("event=finding ")), 1);
}

static void expect_undecided(struct program *p, const char *reason)
{
    expect_no_request_written(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=problem", "attribute=dircertTrustAnchor", ANCHOR, reason));
    program_expect(p, WORDS("event=undecided", "check=chain", "dn=\"" B "\""));
    assert_int_equal(program_lines(p, WORDS("event=finding ", "check=chain")), 0);
}

static void test_anchor_that_is_not_read_refuses_nothing(void **state)
{
    struct program *p = *state;
    program_add_server(p, "b", "b.example.com", plain(p, "b.example.com", 3, "Foreign CA"));
    program_add_policy(p, "servers", ENFORCE TRUST "dircertOnFinding: chain reissue\n");
    program_rule(p, "to dn.exact=\"" ANCHOR "\" attrs=cACertificate by dn.exact=\"" DAEMON "\" none by * break");
    expect_undecided(p, "let this account read it");
    program_drop_rule(p);
    program_rule(p, "to dn.exact=\"" ANCHOR "\" by dn.exact=\"" DAEMON "\" none by * break");
    expect_undecided(p, "may not see it");
    program_drop_rule(p);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", B, "pending");
}

static void test_entry_without_a_certificate_is_no_anchor(void **state)
{
    struct program *p = *state;
    program_add_server(p, "b", "b.example.com", plain(p, "b.example.com", 3, "Foreign CA"));
    program_change(p, "dn: " ANCHOR "\nchangetype: modify\ndelete: cACertificate;binary\n");
    program_add_policy(p, "servers", TRUST);
    expect_undecided(p, "has no cACertificate");
}

/* Policy's approval. */

static void test_policy_approves_where_the_chain_is_verified(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", plain(p, "a.example.com", 1, NULL));
    program_add_server(p, "b", "b.example.com", plain(p, "b.example.com", 1, "Foreign CA"));
    program_add_policy(p, "servers", ENFORCE REVOKE TRUST AUTO);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", A, "approved");
    program_expect_state(p, "revoke", B, "pending");
    expect_no_request_written(p, PROGRAM_COMPLETE);
}

static void test_policy_approves_nothing_on_a_name_alone(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", plain(p, "other.example.com", 3, NULL));
    program_add_policy(p, "servers",
                       ENFORCE TRUST AUTO "dircertNameMatch: cn-and-san\ndircertOnFinding: cn-mismatch revoke\n"
                                          "dircertOnFinding: san-mismatch revoke\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", A, "pending");
}

/* CRLs. */

static void publish_crl(struct program *p, const char *dn, const char *serial, int reason, int64_t from_days,
                        int64_t to_days)
{
    const int64_t now_utc = time(NULL);
    const struct cert_revoked revoked = {slice_of(serial), now_utc + (from_days - 1) * DAY, reason};
    struct slice crl = cert_crl(p->maker, &p->arena,
                                &(struct cert_crl_options){.this_update_utc = now_utc + from_days * DAY,
                                                           .next_update_utc = now_utc + to_days * DAY,
                                                           .revoked = &revoked,
                                                           .revoked_count = serial != NULL});
    program_change(p, "dn: %s\nchangetype: modify\nreplace: certificateRevocationList;binary\n%s", dn,
                   line_of(p, "certificateRevocationList", crl));
}

static void submit(struct program *p, struct slice points)
{
    program_add_server(p, "a", "a.example.com", issue(p, "a.example.com", 3, NULL, "\x11", points));
    program_add_policy(p, "servers",
                       ENFORCE TRUST CRL "dircertNameMatch: cn-or-san\ndircertOnFinding: san-mismatch revoke\n");
    program_change(p, "dn: " A "\nchangetype: modify\nreplace: dNSHostName\ndNSHostName: b.example.com\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_decide(p, "revoke", A, "approve 1");
    program_pass(p, PROGRAM_COMPLETE);
    program_claim(p, "revoke", A, FAR, "revoked 1.1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", A, "submitted");
}

static void expect_unverified(struct program *p, const char *why)
{
    program_expect_state(p, "revoke", A, "submitted");
    const char *message = program_request_value(p, "revoke", A, "dircertStateMessage");
    if (!strstr(message, "not verified") || !strstr(message, why))
        fail_msg("\"%s\" does not say \"%s\"", message, why);
    const char *figures = program_value(
        p, program_search(p, INSTANCE, "base", "(objectClass=*)", "dircertPolicyFigures"), "dircertPolicyFigures", 0);
    assert_non_null(strstr(figures, " unverified=1 "));
    expect_no_request_written(p, PROGRAM_COMPLETE);
}

static void test_crl_fulfils_a_revocation(void **state)
{
    struct program *p = *state;
    submit(p, (struct slice){NULL, 0});
    expect_unverified(p, "");
    publish_crl(p, ANCHOR, "\x12", -1, -1, 30);
    program_pass(p, PROGRAM_COMPLETE);
    expect_unverified(p, "does not list it");
    publish_crl(p, ANCHOR, "\x11", 6, -1, 30); /* certificateHold */
    program_pass(p, PROGRAM_COMPLETE);
    expect_unverified(p, "on hold");
    program_expect(p, WORDS("event=pass"));
    publish_crl(p, ANCHOR, "\x11", 1, -30, -1);
    program_pass(p, PROGRAM_COMPLETE);
    expect_unverified(p, "");
    publish_crl(p, ANCHOR, "\x11", 1, -1, 30);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", A, "fulfilled");
    expect_no_request_written(p, PROGRAM_COMPLETE);
}

static void test_crl_is_a_finding(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", issue(p, "a.example.com", 3, NULL, "\x11", (struct slice){NULL, 0}));
    program_add_policy(p, "servers", TRUST CRL);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=undecided", "check=revoked", "dn=\"" A "\""));
    publish_crl(p, ANCHOR, "\x11", 1, -1, 30);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=finding", "check=revoked", "dn=\"" A "\"", "keyCompromise"));
}

/* GeneralName [6] in fullName [0] of distributionPoint [0]. */
static struct slice point(struct program *p, const char *uri)
{
    struct arena *a = &p->arena;
    struct slice name = cert_der(a, 0x86, slice_of(uri));
    return cert_der(a, DER_SEQUENCE, cert_der(a, DER_SEQUENCE, cert_der(a, 0xa0, cert_der(a, 0xa0, name))));
}

static void test_crl_comes_from_a_distribution_point_of_this_directory(void **state)
{
    struct program *p = *state;
    submit(p, point(p, "ldap:///"
                       "cn=crl,ou=authorities,dc=example,dc=com"
                       "?certificateRevocationList?base?objectClass=cRLDistributionPoint"));
    expect_unverified(p, "");
    program_change(p, "dn: " POINT "\nchangetype: add\nobjectClass: cRLDistributionPoint\ncn: crl\n");
    publish_crl(p, ANCHOR, NULL, -1, -30, -2); /* what the authority itself publishes has become stale */
    program_pass(p, PROGRAM_COMPLETE);
    expect_unverified(p, "stale");
    publish_crl(p, POINT, "\x11", 1, -1, 30);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", A, "fulfilled");
}

static void test_point_elsewhere_is_not_asked(void **state)
{
    struct program *p = *state;
    submit(p, point(p, "ldap:///cn=crl,dc=elsewhere?certificateRevocationList"));
    expect_unverified(p, "");
    char *log = slapd_log(p->server);
    assert_null(strstr(log, "dc=elsewhere\" scope"));
    free(log);
}

/* An authority that issues version 1 whatever it is asked for. */

static void make_due(struct program *p)
{
    program_change(p, "dn: %s\nchangetype: modify\nreplace: dircertNextAttempt\ndircertNextAttempt: 20200101000000Z\n",
                   program_value(p, program_request(p, "reissue", A), "dn", 0));
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "approved");
}

static void fulfil(struct program *p, unsigned attempt, int version)
{
    struct slice der = plain(p, "a.example.com", version, NULL);
    program_claim(p, "reissue", A, FAR, (const char *)arena_format(&p->arena, "issued 1.%u", attempt).p);
    program_publish(p, A, 1, &der);
    program_pass(p, PROGRAM_COMPLETE);
}

static void test_authority_that_issues_version_1_again_and_again(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE "dircertApproval: reissue auto\n");
    program_pass(p, PROGRAM_COMPLETE);
    for (unsigned attempt = 1; attempt <= 3; attempt++) {
        const char *text = (const char *)arena_format(&p->arena, "attempt=%u", attempt).p;
        fulfil(p, attempt, 1);
        program_expect_state(p, "reissue", A, "failed");
        program_expect(p, WORDS("event=authority-noncompliant", "dn=\"" A "\"", text));
        expect_no_request_written(p, PROGRAM_COMPLETE);
        assert_int_equal(program_lines(p, WORDS("event=authority-noncompliant")), 0);
        make_due(p);
    }
    fulfil(p, 4, 3);
    program_expect_state(p, "reissue", A, "fulfilled");
    assert_int_equal(program_count_requests(p, "(objectClass=dircertRequest)"), 1);
    expect_no_request_written(p, PROGRAM_COMPLETE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_chain_is_judged_by_the_anchors_of_the_policy),
        CASE(test_anchor_that_is_not_read_refuses_nothing),
        CASE(test_entry_without_a_certificate_is_no_anchor),
        CASE(test_policy_approves_where_the_chain_is_verified),
        CASE(test_policy_approves_nothing_on_a_name_alone),
        CASE(test_crl_fulfils_a_revocation),
        CASE(test_crl_is_a_finding),
        CASE(test_crl_comes_from_a_distribution_point_of_this_directory),
        CASE(test_point_elsewhere_is_not_asked),
        CASE(test_authority_that_issues_version_1_again_and_again),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
