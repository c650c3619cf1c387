/* SPDX-License-Identifier: Apache-2.0 */
/* Revocations on a real server, and a directory in which every state is present and nothing is left to write. */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define A SERVER("a")
#define B SERVER("b")
#define FAR "20900101000000Z"
#define VERSION_REVOKE "dircertAllowedVersion: 3\ndircertOnFinding: version revoke privilegeWithdrawn\n"

static void expect_silence(struct program *p)
{
    size_t before = program_writes(p, REQUESTS);
    program_next_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_writes(p, REQUESTS), before);
    assert_int_equal(program_lines(p, WORDS("event=request ")), 0);
}

/* Approves what is pending about the subject, and takes it to the authority. */
static void submit(struct program *p, const char *type, const char *subject)
{
    program_decide(p, type, subject, "approve 1");
    program_claim(p, type, subject, FAR, "submitted 1.1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, type, subject, "submitted");
}

/* A server whose old certificate was replaced: returns the old one. */
static struct slice replaced(struct program *p, const char *policy)
{
    struct slice old = program_version_1(p, "a.example.com"), new = program_good(p, "a.example.com");
    program_add_server(p, "a", "a.example.com", old);
    program_add_policy(p, "servers", policy);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", A, NULL);
    submit(p, "reissue", A);
    program_expect_state(p, "revoke", A, NULL);
    program_publish(p, A, 1, &new);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "fulfilled");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertReplacementSHA256"), program_digest(p, new));
    return old;
}

static void test_revocation_follows_the_replacement(void **state)
{
    struct program *p = *state;
    struct slice old = replaced(p, ENFORCE VERSION_REISSUE_THEN_REVOKE);
    const char *digest = program_digest(p, old), *request;
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", A, "pending");
    request = program_request(p, "revoke", A);
    assert_string_equal(program_value(p, request, "dircertRequestId", 0), program_id(p, "revoke", digest));
    assert_string_equal(program_value(p, request, "dircertCertificateSHA256", 0), digest);
    assert_string_equal(program_value(p, request, "dircertSupersedes", 0),
                        program_request_value(p, "reissue", A, "dircertRequestId"));
    assert_string_equal(program_value(p, request, "dircertReason", 0), "superseded");
    assert_non_null(program_value(p, request, "dircertSerialNumber", 0));
    assert_non_null(strstr(program_value(p, request, "dircertIssuer", 0), "Sample CA"));
    assert_non_null(strstr(request, "\ndircertCertificate:: "));
    expect_silence(p);
}

/* A replacement that violates policy takes the first certificate from the entry: both are to be revoked in the end. */
static void test_a_bad_replacement_makes_no_certificate_forgotten(void **state)
{
    struct program *p = *state;
    struct slice first = program_version_1(p, "a.example.com"), bad = program_version_1(p, "a.example.com");
    struct slice good = program_good(p, "a.example.com");
    program_add_server(p, "a", "a.example.com", first);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE_THEN_REVOKE);
    program_pass(p, PROGRAM_COMPLETE);
    program_publish(p, A, 1, &bad);
    program_pass(p, PROGRAM_COMPLETE);
    program_publish(p, A, 1, &good);
    program_pass(p, PROGRAM_COMPLETE);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
    const char *wanted[] = {program_digest(p, first), program_digest(p, bad)};
    for (size_t i = 0; i < 2; i++) {
        struct slice filter = arena_format(&p->arena, "(&(dircertRequestType=revoke)(dircertState=pending)"
                                                      "(dircertCertificateSHA256=%s))", wanted[i]);
        assert_int_equal(program_count_requests(p, (const char *)filter.p), 1);
    }
    expect_silence(p);
}

static void test_carried_out_revocation_stays_submitted_and_says_so(void **state)
{
    struct program *p = *state;
    replaced(p, ENFORCE VERSION_REISSUE_THEN_REVOKE);
    program_pass(p, PROGRAM_COMPLETE);
    submit(p, "revoke", A);
    program_claim(p, "revoke", A, FAR, "revoked 1.1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", A, "submitted");
    assert_non_null(strstr(program_request_value(p, "revoke", A, "dircertStateMessage"), "not verified"));
    expect_silence(p);
}

/* The approval of revocations is a person's until an issuer's signature is verified, whatever policy says. */
static void test_policy_does_not_approve_revocations(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_policy(p, "servers", ENFORCE VERSION_REVOKE "dircertApproval: revoke auto\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", A, "pending");
    assert_non_null(strstr(program_request_value(p, "revoke", A, "dircertStateMessage"), "by a person"));
    assert_string_equal(program_request_value(p, "revoke", A, "dircertReason"), "privilegeWithdrawn");
    program_expect_state(p, "reissue", A, NULL);
}

static void test_one_certificate_under_two_entries_is_revoked_once(void **state)
{
    struct program *p = *state;
    struct slice der = program_version_1(p, "a.example.com");
    program_add_server(p, "a", "a.example.com", der);
    program_add_server(p, "b", "b.example.com", der);
    program_add_policy(p, "servers", ENFORCE VERSION_REVOKE);
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(dircertRequestType=revoke)"), 1);
    const char *filter = (const char *)arena_format(&p->arena, "(dircertRequestId=%s)",
                                                    program_id(p, "revoke", program_digest(p, der))).p;
    assert_int_equal(program_count_requests(p, filter), 1);
    expect_silence(p);
}

static void test_unpublishing_and_deleting_cure_no_revocation(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_server(p, "b", "b.example.com", program_version_1(p, "b.example.com"));
    program_add_server(p, "c", "c.example.com", program_good(p, "c.example.com"));
    program_add_policy(p, "servers", ENFORCE VERSION_REVOKE "dircertMinSubjectsPercent: 0\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_publish(p, A, 0, NULL);
    program_change(p, "dn: " B "\nchangetype: delete\n");
    expect_silence(p);
    program_expect_state(p, "revoke", A, "pending");
    program_expect_state(p, "revoke", B, "pending");
}

static void test_complying_before_approval_ends_a_revocation(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_policy(p, "servers", ENFORCE VERSION_REVOKE);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", A, "pending");
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nadd: dircertAllowedVersion\n"
                      "dircertAllowedVersion: 1\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", A, "withdrawn");
}

/* To revoke it would break the entry where it is right. */
static void test_complying_under_another_entry_holds_a_revocation(void **state)
{
    struct program *p = *state;
    struct slice der = program_common_name(p, "a.example.com");
    program_add_server(p, "b", "b.example.com", der);
    program_add_policy(p, "servers", ENFORCE "dircertNameMatch: cn-or-san\ndircertOnFinding: cn-mismatch revoke\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", B, "pending");
    program_add_server(p, "a", "a.example.com", der);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", B, "held");
    expect_silence(p);
    program_change(p, "dn: " A "\nchangetype: delete\n");
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMinSubjectsPercent\n"
                      "dircertMinSubjectsPercent: 0\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "revoke", B, "pending");
}

/* While a revocation waits for it, a finished reissue is kept, whatever its days. */
static void test_reissue_is_kept_for_its_revocation(void **state)
{
    struct program *p = *state;
    replaced(p, ENFORCE VERSION_REISSUE_THEN_REVOKE "dircertRetentionDays: 0\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "fulfilled");
    program_expect_state(p, "revoke", A, "pending");
    program_decide(p, "revoke", A, "reject 1");
    program_pass(p, PROGRAM_COMPLETE);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, NULL);
}

static void make_every_state(struct program *p)
{
    static const char *const states[] = {"pending",   "approved",  "rejected", "submitted", "failed",
                                         "fulfilled", "withdrawn", "held",     "proposed"};
    struct slice good = program_good(p, "fulfilled.example.com");
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        const char *host = (const char *)arena_format(&p->arena, "%s.example.com", states[i]).p;
        program_add_server(p, states[i], host, program_version_1(p, host));
    }
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE_THEN_REVOKE);
    program_add_policy(p, "holding", ENFORCE VERSION_REISSUE "dircertPrecedence: 10\n"
                                     "dircertTarget: ldap:///" SERVERS "??sub?(cn=held)\n");
    program_add_policy(p, "slow", ENFORCE VERSION_REISSUE "dircertPrecedence: 20\n"
                                  "dircertTarget: ldap:///" SERVERS "??sub?(cn=proposed)\n");
    program_change(p, "dn: " POLICY("slow") "\nchangetype: modify\nreplace: dircertConfirmations\n"
                      "dircertConfirmations: 2\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_decide(p, "reissue", SERVER("approved"), "approve 1");
    program_decide(p, "reissue", SERVER("rejected"), "reject 1");
    submit(p, "reissue", SERVER("submitted"));
    submit(p, "reissue", SERVER("failed"));
    submit(p, "reissue", SERVER("fulfilled"));
    program_claim(p, "reissue", SERVER("failed"), FAR, "failed 1.1");
    program_publish(p, SERVER("fulfilled"), 1, &good);
    program_publish(p, SERVER("withdrawn"), 0, NULL);
    program_change(p, "dn: " POLICY("holding") "\nchangetype: modify\nreplace: dircertMode\ndircertMode: audit\n");
}

static void test_settled_pass_is_silent_with_every_state_present(void **state)
{
    struct program *p = *state;
    static const char *const states[] = {"pending",   "approved",  "rejected", "submitted", "failed",
                                         "fulfilled", "withdrawn", "held",     "proposed"};
    program_configure(p, &(struct program_conf){.interval_s = 3600});
    make_every_state(p);
    program_change(p, "dn: " POLICY("servers") "\nchangetype: modify\nreplace: dircertMinSubjectsPercent\n"
                      "dircertMinSubjectsPercent: 0\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_pass(p, PROGRAM_COMPLETE);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        program_expect_state(p, "reissue", (const char *)arena_format(&p->arena, "cn=%s," SERVERS, states[i]).p, states[i]);
    program_expect_state(p, "revoke", SERVER("fulfilled"), "pending");
    size_t findings = program_lines(p, WORDS("event=finding "));
    expect_silence(p);
    assert_int_equal(program_lines(p, WORDS("event=finding ")), findings);
    assert_string_equal(program_plan(p, PROGRAM_COMPLETE), "");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, program_enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_revocation_follows_the_replacement),
        CASE(test_a_bad_replacement_makes_no_certificate_forgotten),
        CASE(test_carried_out_revocation_stays_submitted_and_says_so),
        CASE(test_policy_does_not_approve_revocations),
        CASE(test_one_certificate_under_two_entries_is_revoked_once),
        CASE(test_unpublishing_and_deleting_cure_no_revocation),
        CASE(test_complying_before_approval_ends_a_revocation),
        CASE(test_complying_under_another_entry_holds_a_revocation),
        CASE(test_reissue_is_kept_for_its_revocation),
        CASE(test_settled_pass_is_silent_with_every_state_present),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
