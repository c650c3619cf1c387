/* SPDX-License-Identifier: Apache-2.0 */
/* Names that break programs, what an account may only half see, and a server that falls silent halfway. */
#include "support/cutter.h"
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include <glob.h>

#define A SERVER("a")
#define REQUEST "(objectClass=dircertRequest)"
#define FAR "20900101000000Z"

enum { DER_ROOM = 1 << 20 };

static void expect_no_write(struct program *p, int code)
{
    size_t before = program_writes(p, REQUESTS);
    program_pass(p, code);
    assert_int_equal(program_writes(p, REQUESTS), before);
}

static void begin(struct program *p, const char *policy)
{
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_servers(p, "good", 11, program_good);
    program_add_policy(p, "servers", policy);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
}

static const char *const awkward[] = {
    "cn=Doe\\2C John", "cn=\\23 a \\22b\\22 \\5C c", "cn=two\\0Alines", "cn=a\\2Bb+serialNumber=1", "cn=B\\C3\\BCcher",
    "cn=\\20 spaces \\20", "cn=a\\3Db*()",
};
enum { AWKWARD = sizeof awkward / sizeof *awkward };

static void add_awkward(struct program *p)
{
    for (size_t i = 0; i < AWKWARD; i++) {
        const char *dn = (const char *)arena_format(&p->arena, "%s," SERVERS, awkward[i]).p;
        struct slice der = program_version_1(p, "a.example.com");
        program_change(p, "dn: %s\nchangetype: add\nobjectClass: device\nobjectClass: dircertHost\n", dn);
        program_publish(p, dn, 1, &der);
    }
}

static void test_awkward_names(void **state)
{
    struct program *p = *state;
    add_awkward(p);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE "dircertMinSubjectsPercent: 0\n");
    struct slice plan = slice_of(program_plan(p, PROGRAM_COMPLETE)), line;
    size_t lines = 0;
    for (; slice_split(&plan, '\n', &line) && line.n; lines++) {
        assert_true(slice_starts(line, SLICE_LITERAL("create reissue ")));
        for (size_t i = 0; i < line.n; i++)
            assert_true(line.p[i] >= ' ' && line.p[i] != 0x7f);
    }
    assert_int_equal(lines, AWKWARD);
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(dircertState=pending)"), AWKWARD);
    expect_no_write(p, PROGRAM_COMPLETE);
    for (size_t i = 1; i < AWKWARD; i++)
        program_change(p, "dn: %s," SERVERS "\nchangetype: delete\n", awkward[i]);
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(dircertState=withdrawn)"), AWKWARD - 1);
}

static void test_two_bad_certificates_are_one_reissue(void **state)
{
    struct program *p = *state;
    struct slice both[] = {program_version_1(p, "a.example.com"), program_version_1(p, "a.example.com")};
    program_add_server(p, "a", "a.example.com", both[0]);
    program_publish(p, A, 2, both);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_pass(p, PROGRAM_COMPLETE);
    const char *request = program_request(p, "reissue", A);
    assert_non_null(strstr(request, program_digest(p, both[0])));
    assert_non_null(strstr(request, program_digest(p, both[1])));
    assert_int_equal(program_count_requests(p, REQUEST), 1);
}

/* What is at the authority ends by an outcome; that its reason went away is said. */
static void test_submitted_is_not_taken_back(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE);
    program_decide(p, "reissue", A, "approve 1");
    program_claim(p, "reissue", A, FAR, "submitted 1.1");
    program_pass(p, PROGRAM_COMPLETE);
    program_publish(p, A, 0, NULL);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "submitted");
    assert_non_null(strstr(program_request_value(p, "reissue", A, "dircertStateMessage"), "reason went away"));
    expect_no_write(p, PROGRAM_COMPLETE);
}

/* A replacement that came without being asked for: the reissue is over, the old certificate still to be revoked. */
static void test_unasked_replacement_leads_to_the_revocation(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE_THEN_REVOKE);
    struct slice good = program_good(p, "a.example.com");
    program_publish(p, A, 1, &good);
    program_pass(p, PROGRAM_COMPLETE);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
    program_expect_state(p, "revoke", A, "pending");
}

/* To be unable to see that a filter matches is no evidence that it does not. */
static void test_hidden_certificate_does_not_lead_out_of_a_policy(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE "dircertTarget: ldap:///" SERVERS "??sub?(userCertificate=*)\n");
    program_rule(p, "to dn.exact=\"" A "\" attrs=userCertificate by dn.exact=\"" DAEMON "\" none by * break");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    program_drop_rule(p);
    program_publish(p, A, 0, NULL);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "withdrawn");
}

static void test_hidden_filter_attribute_does_not_lead_out_of_a_policy(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE "dircertTarget: ldap:///" SERVERS "??sub?(|(cn=a)(cn=good*))\n");
    program_rule(p, "to dn.exact=\"" A "\" attrs=cn by dn.exact=\"" DAEMON "\" none by * break");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", A, "pending");
    program_drop_rule(p);
    program_change(p, "dn: " A "\nchangetype: modrdn\nnewrdn: cn=left\ndeleteoldrdn: 1\n");
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(dircertState=withdrawn)"), 1);
}

/* The recipe lets the daemon read what it names, and the description is not among that. */
#define SHOW_DESCRIPTION "to attrs=description by dn.exact=\"" DAEMON "\" read by * break"

static void test_exclusion_by_an_attribute_that_is_hidden(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 2, program_version_1);
    program_change(p, "dn: " SERVER("bad1") "\nchangetype: modify\nadd: description\ndescription: leave it\n");
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE
                       "dircertExclude: ldap:///" SERVERS "??sub?(description=leave it)\n");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=problem", POLICY("servers"), "attribute=dircertExclude", "may not see", "(description)"));
    program_rule(p, SHOW_DESCRIPTION);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", SERVER("bad1"), NULL);
    program_expect_state(p, "reissue", SERVER("bad2"), "pending");
}

static void test_target_by_an_attribute_that_is_hidden(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 2, program_version_1);
    program_change(p, "dn: " SERVER("bad1") "\nchangetype: modify\nadd: description\ndescription: special\n");
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_add_policy(p, "first", "dircertMode: off\ndircertPrecedence: 1\n"
                                   "dircertTarget: ldap:///" SERVERS "??sub?(description=special)\n");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=problem", POLICY("first"), "attribute=dircertTarget", "may not see", "(description)"));
    program_rule(p, SHOW_DESCRIPTION);
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", SERVER("bad1"), NULL);
    program_expect_state(p, "reissue", SERVER("bad2"), "pending");
}

static void test_waivers_that_can_not_be_seen_are_not_absent(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE);
    program_add_servers(p, "bad", 1, program_version_1);
    program_rule(p, "to dn.subtree=\"" WAIVERS "\" by dn.exact=\"" DAEMON "\" none by * break");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "ou=waivers"));
}

static void test_foreign_entry_in_the_place_of_the_status(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 1, program_version_1);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    program_change(p, "dn: " INSTANCE "\nchangetype: add\nobjectClass: device\ncn: default\n");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "what=\"acquire the lease\"", INSTANCE));
}

/* Figures that nobody can compare with would let everything pass: the pass ends, until they are deleted. */
static void test_nonsense_in_the_figures_ends_the_pass(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE);
    program_add_servers(p, "bad", 1, program_version_1);
    program_change(p, "dn: " INSTANCE "\nchangetype: modify\nreplace: dircertPolicyFigures\n"
                      "dircertPolicyFigures: many\n");
    for (int i = 0; i < 2; i++) {
        expect_no_write(p, PROGRAM_INCOMPLETE);
        program_expect(p, WORDS("event=fault", INSTANCE, "dircertPolicyFigures", "delete that value"));
        assert_int_equal(
            program_lines(p, WORDS("event=problem", INSTANCE, "attribute=dircertPolicyFigures", "value=many")), 1);
    }
    assert_string_equal(program_plan(p, PROGRAM_INCOMPLETE), "");
    program_change(p, "dn: " INSTANCE "\nchangetype: modify\ndelete: dircertPolicyFigures\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect_state(p, "reissue", SERVER("bad1"), "pending");
}

static void test_nonsense_in_a_hold_is_replaced(void **state)
{
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE);
    program_change(p, "dn: " INSTANCE "\nchangetype: modify\nreplace: dircertHold\ndircertHold: on tight\n");
    program_pass(p, PROGRAM_COMPLETE);
    assert_null(program_value(p, program_search(p, INSTANCE, "base", "(objectClass=*)", "dircertHold"), "dircertHold", 0));
}

static void test_silence_in_the_middle(void **state)
{
    enum { CUTS = 4 };
    struct program *p = *state;
    begin(p, ENFORCE VERSION_REISSUE);
    program_add_servers(p, "bad", 1, program_version_1);
    const char *path = (const char *)arena_format(&p->arena, "%s/ldapi", slapd_folder(p->server)).p;
    struct cutter *c = cutter_start(path, 0);
    program_configure(p, &(struct program_conf){.uri = cutter_uri(c)});
    program_plan(p, PROGRAM_COMPLETE);
    size_t whole = cutter_carried(c);
    cutter_stop(c);
    for (size_t i = 1; i < CUTS; i++) {
        c = cutter_start_silent(path, whole * i / CUTS);
        program_configure(p, &(struct program_conf){.uri = cutter_uri(c), .timeout_s = 1});
        time_t begun = time(NULL);
        expect_no_write(p, PROGRAM_INCOMPLETE);
        assert_true(time(NULL) - begun < 10);
        program_expect(p, WORDS("event=fault"));
        cutter_stop(c);
    }
}

/* Certificates that break parsers, as far as the server takes them. */
static size_t load_hostile(struct program *p)
{
    glob_t found;
    size_t loaded = 0;
    if (glob(SOURCE_DIR "/../shared/labs/hostile/*.der", 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        uint8_t *der = arena_alloc(&p->arena, DER_ROOM);
        FILE *f = fopen(found.gl_pathv[i], "re");
        assert_non_null(f);
        size_t n = fread(der, 1, DER_ROOM, f);
        fclose(f);
        const char *cn = (const char *)arena_format(&p->arena, "h%zu", i).p;
        program_add_server(p, cn, "hostile.example.com", (struct slice){NULL, 0});
        loaded += program_try_publish(p, (const char *)arena_format(&p->arena, "cn=%s," SERVERS, cn).p, slice_make(der, n));
    }
    globfree(&found);
    return loaded;
}

static void test_hostile_certificates(void **state)
{
    struct program *p = *state;
    size_t loaded = load_hostile(p);
    if (loaded == 0) {
        print_message("skipped: ../shared/labs/hostile is not there\n");
        skip();
    }
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE_THEN_REVOKE
                       "dircertNameMatch: cn-or-san\ndircertOnFinding: malformed reissue\ndircertOnFinding: expired reissue\n"
                       "dircertOnFinding: san-mismatch reissue\ndircertOnFinding: cn-mismatch reissue\n");
    program_pass(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=pass ", POLICY("servers"),
                            (const char *)arena_format(&p->arena, "with-certificate=%zu ", loaded).p, "result=complete"));
    size_t disagreed = program_lines(p, WORDS("event=readers-disagree"));
    assert_int_equal(program_count_requests(p, REQUEST), loaded - disagreed);
    expect_no_write(p, PROGRAM_COMPLETE);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, program_enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_awkward_names),
        CASE(test_two_bad_certificates_are_one_reissue),
        CASE(test_submitted_is_not_taken_back),
        CASE(test_unasked_replacement_leads_to_the_revocation),
        CASE(test_hidden_certificate_does_not_lead_out_of_a_policy),
        CASE(test_hidden_filter_attribute_does_not_lead_out_of_a_policy),
        CASE(test_exclusion_by_an_attribute_that_is_hidden),
        CASE(test_target_by_an_attribute_that_is_hidden),
        CASE(test_waivers_that_can_not_be_seen_are_not_absent),
        CASE(test_foreign_entry_in_the_place_of_the_status),
        CASE(test_nonsense_in_the_figures_ends_the_pass),
        CASE(test_nonsense_in_a_hold_is_replaced),
        CASE(test_silence_in_the_middle),
        CASE(test_hostile_certificates),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
