/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a reissue on a real server: each move as the directory shows it and the log tells it. */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/gentime.h"

#define A   SERVER("a")
#define FAR "20900101000000Z"

/* A server with a version 1 certificate, and what is asked for about it, which waits for approval. */
static void begin(struct program *p, const char *lines)
{
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_server(p, "b", "b.example.com", program_good(p, "b.example.com"));
    program_add_policy(p, "servers", lines);
    program_pass(p, PROGRAM_COMPLETE);
}

static void begin_pending(struct program *p)
{
    begin(p, ENFORCE VERSION_REISSUE_THEN_REVOKE);
    program_expect_state(p, "reissue", A, "pending");
}

static void begin_approved(struct program *p)
{
    begin_pending(p);
    program_decide(p, "reissue", A, "approve 1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "approved");
}

static void begin_submitted(struct program *p)
{
    begin_approved(p);
    program_claim(p, "reissue", A, FAR, "submitted 1.1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "submitted");
}

/* A pass that has nothing to write. */
static void expect_silence(struct program *p)
{
    size_t before = program_writes(p, REQUESTS);
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_writes(p, REQUESTS), before);
    assert_int_equal(program_lines(p, WORDS("event=request ")), 0);
}

static void test_request_holds_what_it_rests_on(void **state)
{
    struct program *p = *state;
    struct slice der = program_version_1(p, "a.example.com");
    program_add_server(p, "a", "a.example.com", der);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE "dircertNameMatch: cn-or-san\n");
    program_pass(p, PROGRAM_COMPLETE);
    const char *uuid = program_value(p, program_search(p, A, "base", "(objectClass=*)", "entryUUID"), "entryUUID", 0);
    const char *subject_id = (const char *)arena_format(&p->arena, "entryUUID:%s", uuid).p;
    const char *request = program_request(p, "reissue", A);
    assert_string_equal(program_value(p, request, "dircertSubjectId", 0), subject_id);
    assert_string_equal(program_value(p, request, "dircertRequestId", 0), program_id(p, "reissue", subject_id));
    assert_string_equal(program_value(p, request, "dircertCertificateSHA256", 0), program_digest(p, der));
    assert_string_equal(program_value(p, request, "dircertWantedName", 0), "a.example.com");
    assert_string_equal(program_value(p, request, "dircertReason", 0), "superseded");
    assert_string_equal(program_value(p, request, "dircertPolicyDN", 0), POLICY("servers"));
    assert_string_equal(program_value(p, request, "dircertGeneration", 0), "1");
    assert_memory_equal(program_value(p, request, "dircertFinding", 0), "version ", 8);
    assert_null(program_value(p, request, "dircertFinding", 1));
    program_expect(p, WORDS("event=finding", "dn=\"" A "\"", "check=version", "action=reissue"));
    program_expect(p, WORDS("event=request ", "verb=create", "state=pending", "dn=\"" A "\""));
}

static void test_proposed_waits_for_a_second_pass_an_interval_later(void **state)
{
    struct program *p = *state;
    program_configure(p, &(struct program_conf){.interval_s = 3600});
    begin(p, "dircertMode: enforce\ndircertConfirmations: 2\n" VERSION_REISSUE);
    program_expect_state(p, "reissue", A, "proposed");
    program_next_pass(p, PROGRAM_COMPLETE);
    expect_silence(p);
    program_expect_state(p, "reissue", A, "proposed");
    program_configure(p, &(struct program_conf){.interval_s = 1});
    program_next_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    program_expect(p, WORDS("event=request ", "from=proposed", "state=pending"));
    expect_silence(p);
}

static void test_policy_that_approves_needs_nobody(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE "dircertApproval: reissue auto\n");
    program_expect_state(p, "reissue", A, "approved");
}

static void test_approval(void **state)
{
    struct program *p = *state;
    begin_approved(p);
    program_expect(p, WORDS("event=request ", "from=pending", "state=approved"));
    expect_silence(p);
}

static void test_approval_of_another_generation_is_ignored(void **state)
{
    struct program *p = *state;
    begin_pending(p);
    program_decide(p, "reissue", A, "approve 2");
    expect_silence(p);
    program_expect_state(p, "reissue", A, "pending");
    program_expect(p, WORDS("event=decision-ignored", "attribute=dircertDecision", "value=\"approve 2\"", "1.1"));
    program_decide(p, "reissue", A, "yes please");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    program_expect(p, WORDS("attribute=dircertDecision", "yes please", "expected"));
}

/* What was approved is not what is asked for any more: the approval of generation 1 does not carry over. */
static void test_changed_certificate_asks_for_a_new_approval(void **state)
{
    struct program *p = *state;
    begin_approved(p);
    struct slice other = program_version_1(p, "a.example.com");
    program_publish(p, A, 1, &other);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertGeneration"), "2");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertCertificateSHA256"), program_digest(p, other));
    program_pass(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=decision-ignored", "value=\"approve 1\""));
    program_expect_state(p, "reissue", A, "pending");
}

static void test_rejection_stands_until_something_changes(void **state)
{
    struct program *p = *state;
    begin_pending(p);
    program_decide(p, "reissue", A, "reject 1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "rejected");
    expect_silence(p);
    struct slice other = program_version_1(p, "a.example.com");
    program_publish(p, A, 1, &other);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertGeneration"), "2");
    program_expect(p, WORDS("event=request ", "verb=reopen", "from=rejected"));
}

static void test_claim_and_its_end(void **state)
{
    struct program *p = *state;
    begin_submitted(p);
    expect_silence(p);
    program_claim(p, "reissue", A, "20200101000000Z", "submitted 1.1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "approved");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertAttempt"), "1");
    expect_silence(p);
}

static void test_claim_with_a_transaction_does_not_lapse(void **state)
{
    struct program *p = *state;
    begin_submitted(p);
    program_change_as(p, "fulfiller",
                      "dn: %s\nchangetype: modify\nreplace: dircertTransactionId\n"
                      "dircertTransactionId: 4711\n",
                      program_value(p, program_request(p, "reissue", A), "dn", 0));
    program_claim(p, "reissue", A, "20200101000000Z", "submitted 1.1");
    expect_silence(p);
    program_expect_state(p, "reissue", A, "submitted");
}

static int64_t time_of(struct program *p, const char *attribute)
{
    int64_t at_utc;
    assert_true(gentime_read(slice_of(program_request_value(p, "reissue", A, attribute)), &at_utc));
    return at_utc;
}

static void test_failure_backs_off_longer_each_time(void **state)
{
    struct program *p = *state;
    begin_submitted(p);
    program_claim(p, "reissue", A, FAR, "failed 1.1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "failed");
    assert_int_equal(time_of(p, "dircertNextAttempt") - time_of(p, "dircertStateChanged"), 3600);
    expect_silence(p);
    program_change(p, "dn: %s\nchangetype: modify\nreplace: dircertNextAttempt\ndircertNextAttempt: 20200101000000Z\n",
                   program_value(p, program_request(p, "reissue", A), "dn", 0));
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "approved");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertAttempt"), "2");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=decision-ignored", "attribute=dircertOutcome", "value=\"failed 1.1\""));
    program_claim(p, "reissue", A, FAR, "failed 1.2");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "failed");
    assert_int_equal(time_of(p, "dircertNextAttempt") - time_of(p, "dircertStateChanged"), 7200);
}

static void test_bad_replacement_is_the_authoritys_failure(void **state)
{
    struct program *p = *state;
    begin_submitted(p);
    const char *id = program_request_value(p, "reissue", A, "dircertRequestId");
    struct slice other = program_version_1(p, "a.example.com");
    program_publish(p, A, 1, &other);
    program_claim(p, "reissue", A, FAR, "issued 1.1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "failed");
    program_expect(p, WORDS("event=authority-noncompliant", "dn=\"" A "\"", id, "attempt=1"));
    assert_string_equal(program_request_value(p, "reissue", A, "dircertRequestId"), id);
    expect_silence(p);
    assert_int_equal(program_lines(p, WORDS("event=authority-noncompliant")), 0);
}

static void test_issued_and_not_yet_published_waits(void **state)
{
    struct program *p = *state;
    begin_submitted(p);
    program_claim(p, "reissue", A, FAR, "issued 1.1");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "submitted");
    assert_non_null(strstr(program_request_value(p, "reissue", A, "dircertStateMessage"), "waits to be published"));
}

static void test_renamed_host_and_back(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_good(p, "a.example.com"));
    program_add_policy(p, "servers", ENFORCE "dircertNameMatch: cn-or-san\ndircertOnFinding: san-mismatch reissue\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, NULL);
    program_change(p, "dn: " A "\nchangetype: modify\nreplace: dNSHostName\ndNSHostName: new.example.com\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertWantedName"), "new.example.com");
    program_expect(p, WORDS("event=finding", "check=san-mismatch", "new.example.com"));
    program_change(p, "dn: " A "\nchangetype: modify\nreplace: dNSHostName\ndNSHostName: a.example.com\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
    program_expect(p, WORDS("event=finding-ended", "dn=\"" A "\"", "check=san-mismatch"));
}

static void test_moved_entry_keeps_its_request(void **state)
{
    struct program *p = *state;
    begin_approved(p);
    const char *id = program_request_value(p, "reissue", A, "dircertRequestId");
    program_change(p, "dn: " A "\nchangetype: modrdn\nnewrdn: cn=moved\ndeleteoldrdn: 1\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, NULL);
    program_expect_state(p, "reissue", SERVER("moved"), "approved");
    assert_string_equal(program_request_value(p, "reissue", SERVER("moved"), "dircertRequestId"), id);
    assert_int_equal(program_count_requests(p, "(objectClass=dircertRequest)"), 1);
}

static const char hide_servers[] = "to dn.children=\"" SERVERS "\" by dn.exact=\"" DAEMON "\" none by * break";

static void test_deleted_subject_is_believed_only_beside_its_siblings(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE "dircertMinSubjectsPercent: 0\n");
    program_change(p, "dn: " A "\nchangetype: delete\n");
    program_rule(p, hide_servers);
    size_t before = program_writes(p, REQUESTS);
    program_pass(p, PROGRAM_INCOMPLETE);
    assert_int_equal(program_writes(p, REQUESTS), before);
    program_expect_state(p, "reissue", A, "pending");
    program_drop_rule(p);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
    assert_non_null(strstr(program_request_value(p, "reissue", A, "dircertStateMessage"), "deleted"));
}

static void test_removed_certificate_is_believed_only_when_it_is_seen_to_be_gone(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE "dircertMinSubjectsPercent: 0\n");
    program_publish(p, A, 0, NULL);
    program_rule(p, "to dn.exact=\"" A "\" attrs=userCertificate by dn.exact=\"" DAEMON "\" none by * break");
    size_t before = program_writes(p, REQUESTS);
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_writes(p, REQUESTS), before);
    program_expect_state(p, "reissue", A, "pending");
    program_drop_rule(p);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
}

static void test_cured_before_submission_is_withdrawn(void **state)
{
    struct program *p = *state;
    begin_pending(p);
    struct slice good = program_good(p, "a.example.com");
    program_publish(p, A, 1, &good);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
    program_expect(p, WORDS("event=finding-ended", "check=version"));
}

static void test_violation_again_reopens_the_same_request(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE);
    const char *id = program_request_value(p, "reissue", A, "dircertRequestId");
    struct slice good = program_good(p, "a.example.com"), bad = program_version_1(p, "a.example.com");
    program_publish(p, A, 1, &good);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
    program_publish(p, A, 1, &bad);
    assert_non_null(strstr(program_plan(p, PROGRAM_COMPLETE), "reopen reissue "));
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertRequestId"), id);
    assert_string_equal(program_request_value(p, "reissue", A, "dircertGeneration"), "2");
}

static void test_missing_certificate_is_believed_only_when_it_is_seen_to_be_missing(void **state)
{
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", (struct slice){NULL, 0});
    program_add_server(p, "b", "b.example.com", program_good(p, "b.example.com"));
    program_add_policy(p, "servers", ENFORCE "dircertOnFinding: missing reissue\n");
    program_rule(p, "to dn.exact=\"" A "\" attrs=userCertificate by dn.exact=\"" DAEMON "\" none by * break");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=undecided", POLICY("servers"), "check=missing"));
    assert_int_equal(program_count_requests(p, "(objectClass=dircertRequest)"), 0);
    program_drop_rule(p);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    assert_string_equal(program_request_value(p, "reissue", A, "dircertCertificateSHA256"), "");
    expect_silence(p);
    struct slice good = program_good(p, "a.example.com");
    program_publish(p, A, 1, &good);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
}

/* After its end it is kept for the days that policy says: with none, it goes at once. */
static void test_finished_request_is_deleted_after_its_time(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE "dircertRetentionDays: 0\n");
    struct slice good = program_good(p, "a.example.com");
    program_publish(p, A, 1, &good);
    program_pass(p, PROGRAM_COMPLETE);
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(objectClass=dircertRequest)"), 0);
}

/* The status entry is written when the lease is taken, and once more, with what was seen, when it is given back. */
static void test_a_pass_writes_its_status_twice(void **state)
{
    struct program *p = *state;
    begin_pending(p);
    for (size_t i = 0; i < 2; i++) {
        size_t before = program_writes(p, STATUS);
        program_pass(p, PROGRAM_COMPLETE);
        assert_int_equal(program_writes(p, STATUS), before + 2);
        assert_null(program_value(p, program_search(p, INSTANCE, "base", "(objectClass=*)", "dircertLease"),
                                  "dircertLease", 0));
        assert_int_equal(program_lines(p, WORDS("event=lease", "state=held")), 1);
        assert_int_equal(program_lines(p, WORDS("event=lease", "state=released")), 1);
        assert_int_equal(program_lines(p, WORDS("event=fault")), 0);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, program_enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_request_holds_what_it_rests_on),
        CASE(test_proposed_waits_for_a_second_pass_an_interval_later),
        CASE(test_policy_that_approves_needs_nobody),
        CASE(test_approval),
        CASE(test_approval_of_another_generation_is_ignored),
        CASE(test_changed_certificate_asks_for_a_new_approval),
        CASE(test_rejection_stands_until_something_changes),
        CASE(test_claim_and_its_end),
        CASE(test_claim_with_a_transaction_does_not_lapse),
        CASE(test_failure_backs_off_longer_each_time),
        CASE(test_bad_replacement_is_the_authoritys_failure),
        CASE(test_issued_and_not_yet_published_waits),
        CASE(test_renamed_host_and_back),
        CASE(test_moved_entry_keeps_its_request),
        CASE(test_deleted_subject_is_believed_only_beside_its_siblings),
        CASE(test_removed_certificate_is_believed_only_when_it_is_seen_to_be_gone),
        CASE(test_cured_before_submission_is_withdrawn),
        CASE(test_violation_again_reopens_the_same_request),
        CASE(test_missing_certificate_is_believed_only_when_it_is_seen_to_be_missing),
        CASE(test_finished_request_is_deleted_after_its_time),
        CASE(test_a_pass_writes_its_status_twice),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
