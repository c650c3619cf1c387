/* SPDX-License-Identifier: Apache-2.0 */
/* A server that is down, silent, cut off, limited, or hides what it has: told, and nothing concluded from it. */
#include "support/cutter.h"
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#define A SERVER("a")
enum { MANY = 12, CUTS = 10 };

/* A pass that ends with this code and writes nothing below ou=requests. */
static void expect_no_write(struct program *p, int code)
{
    size_t before = program_writes(p, REQUESTS);
    program_pass(p, code);
    assert_int_equal(program_writes(p, REQUESTS), before);
    assert_int_equal(program_lines(p, WORDS("event=request ")), 0);
}

static void begin(struct program *p)
{
    program_add_servers(p, "bad", MANY, program_version_1);
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
}

/* And when the cause is gone, everything is there that was lost. */
static void expect_all_made_up_for(struct program *p)
{
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(dircertState=pending)"), MANY);
}

static void test_server_down(void **state)
{
    struct program *p = *state;
    begin(p);
    slapd_kill(p->server);
    program_pass(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "what=\"reach the directory\"", "ldapi"));
    assert_true(slapd_restart(p->server));
    assert_int_equal(program_writes(p, REQUESTS), 1); /* the container's own */
    expect_all_made_up_for(p);
}

static void test_wrong_password(void **state)
{
    struct program *p = *state;
    begin(p);
    program_configure(p, &(struct program_conf){.password = "not the right one"});
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "what=\"reach the directory\"", DAEMON, "nvalid credentials"));
    assert_null(strstr(p->log, "not the right one"));
    program_configure(p, &(struct program_conf){0});
    expect_all_made_up_for(p);
}

static void test_silent_server(void **state)
{
    struct program *p = *state;
    begin(p);
    program_configure(p, &(struct program_conf){.timeout_s = 1});
    slapd_pause(p->server);
    time_t begun = time(NULL);
    program_pass(p, PROGRAM_INCOMPLETE);
    assert_true(time(NULL) - begun < 10);
    program_expect(p, WORDS("event=fault", "what=\"reach the directory\"", "1 s"));
    slapd_continue(p->server);
    program_configure(p, &(struct program_conf){0});
    expect_all_made_up_for(p);
}

static struct cutter *cut_after(struct program *p, size_t limit)
{
    const char *path = (const char *)arena_format(&p->arena, "%s/ldapi", slapd_folder(p->server)).p;
    struct cutter *c = cutter_start(path, limit);
    assert_non_null(c);
    program_configure(p, &(struct program_conf){.uri = cutter_uri(c), .timeout_s = 2});
    return c;
}

/* What a pass reads is what a dry run reads, so a cut within that length is a cut before the first write. */
static void test_connection_cut_anywhere_while_it_reads(void **state)
{
    struct program *p = *state;
    begin(p);
    struct cutter *c = cut_after(p, 0);
    program_plan(p, PROGRAM_COMPLETE);
    size_t whole = cutter_carried(c);
    cutter_stop(c);
    for (size_t i = 1; i < CUTS; i++) {
        c = cut_after(p, whole * i / CUTS);
        expect_no_write(p, PROGRAM_INCOMPLETE);
        program_expect(p, WORDS("event=fault"));
        cutter_stop(c);
    }
    program_configure(p, &(struct program_conf){0});
    expect_all_made_up_for(p);
}

static void forget_requests(struct program *p)
{
    const char *all = program_search(p, REQUESTS, "one", "(objectClass=*)", "1.1");
    const char *dn;
    for (size_t i = 0; (dn = program_value(p, all, "dn", i)); i++)
        program_change(p, "dn: %s\nchangetype: delete\n", dn);
}

/* The server's answer to a write takes 14 octets, and the last is about the status: some answers are lost. */
static void test_connection_cut_while_it_writes(void **state)
{
    enum { ANSWER = 14, LOST = 7 };
    struct program *p = *state;
    begin(p);
    program_pass(p, PROGRAM_COMPLETE);
    forget_requests(p);
    struct cutter *c = cut_after(p, 0);
    program_pass(p, PROGRAM_COMPLETE);
    size_t whole = cutter_carried(c);
    cutter_stop(c);
    forget_requests(p);
    c = cut_after(p, whole - LOST * ANSWER);
    program_run(p, WORDS("--once"), NULL);
    cutter_stop(c);
    assert_int_equal(p->code, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=request ", "verb=create"));
    program_expect(p, WORDS("event=fault", "what=\"write", "create reissue"));
    program_configure(p, &(struct program_conf){0});
    expect_all_made_up_for(p);
}

static int enter_with_limit(void **state)
{
    return program_enter_with(state, NULL, "limits dn.exact=\"" DAEMON "\" size=5 size.prtotal=disabled");
}

static void test_size_limit_without_a_way_round(void **state)
{
    struct program *p = *state;
    begin(p);
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "a limit of the server", SERVERS, "prtotal"));
    program_expect(p, WORDS("event=pass ", POLICY("servers"), "result=incomplete"));
}

static int enter_with_paging(void **state)
{
    return program_enter_with(state, NULL, "limits dn.exact=\"" DAEMON "\" size=5 size.prtotal=unlimited");
}

static void test_size_limit_that_paging_gets_round(void **state)
{
    struct program *p = *state;
    begin(p);
    expect_all_made_up_for(p);
    program_expect(p, WORDS("event=pass ", POLICY("servers"), " subjects=12 ", "findings=12 "));
    expect_no_write(p, PROGRAM_COMPLETE);
}

#define HIDE_SERVERS      "to dn.children=\"" SERVERS "\" by dn.exact=\"" DAEMON "\" none by * break"
#define HIDE_CERTIFICATES "to attrs=userCertificate by dn.exact=\"" DAEMON "\" none by * break"

static void test_no_entries_for_want_of_rights(void **state)
{
    struct program *p = *state;
    begin(p);
    program_rule(p, HIDE_SERVERS);
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=problem", POLICY("servers"), "attribute=dircertTarget", "no rights"));
    program_drop_rule(p);
    expect_all_made_up_for(p);
    program_rule(p, HIDE_SERVERS);
    expect_no_write(p, PROGRAM_HELD);
    program_expect(p, WORDS("event=hold", "guard=too-few-subjects"));
}

static void test_certificates_hidden_from_the_start(void **state)
{
    struct program *p = *state;
    begin(p);
    program_rule(p, HIDE_CERTIFICATES);
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p,
                   WORDS("event=problem", POLICY("servers"), "attribute=dircertCertificateAttribute", "may not read"));
    program_drop_rule(p);
    expect_all_made_up_for(p);
}

static void test_certificates_hidden_later(void **state)
{
    struct program *p = *state;
    begin(p);
    expect_all_made_up_for(p);
    program_rule(p, HIDE_CERTIFICATES);
    expect_no_write(p, PROGRAM_HELD);
    program_expect(p, WORDS("event=hold", "guard=too-few-certificates", "count=0 limit=11"));
    program_drop_rule(p);
    expect_no_write(p, PROGRAM_COMPLETE);
    program_expect(p, WORDS("event=hold-ended", "guard=too-few-certificates"));
}

static void add_referral(struct program *p, const char *cn)
{
    program_change(p,
                   "dn: cn=%s," SERVERS "\nchangetype: add\nobjectClass: referral\nobjectClass: extensibleObject\n"
                   "cn: %s\nref: ldap://127.0.0.1:9/cn=elsewhere\n",
                   cn, cn);
}

static void test_referral_among_the_subjects(void **state)
{
    struct program *p = *state;
    begin(p);
    add_referral(p, "elsewhere");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "referral"));
    program_expect(p, WORDS("event=pass ", POLICY("servers"), "result=incomplete"));
}

static void test_referral_as_a_base(void **state)
{
    struct program *p = *state;
    program_add_servers(p, "bad", 1, program_version_1);
    add_referral(p, "elsewhere");
    program_add_policy(
        p, "servers", ENFORCE VERSION_REISSUE "dircertTarget: ldap:///cn=elsewhere," SERVERS "??sub?(objectClass=*)\n");
    expect_no_write(p, PROGRAM_INCOMPLETE);
    program_expect(p, WORDS("event=fault", "referral"));
}

static void test_environment_of_other_clients_has_no_say(void **state)
{
    struct program *p = *state;
    begin(p);
    program_run(p, WORDS("--once"),
                WORDS("LDAPURI=ldap://127.0.0.1:9", "LDAPSIZELIMIT=1", "LDAPBINDDN=cn=nobody", "LDAPDEREF=always",
                      "LDAPTLS_REQCERT=never"));
    assert_int_equal(p->code, PROGRAM_COMPLETE);
    assert_int_equal(program_count_requests(p, "(dircertState=pending)"), MANY);
}

/* Not even what was planned gets lost without a word. */
static void test_plan_that_can_not_be_printed(void **state)
{
    struct program *p = *state;
    begin(p);
    const char *command = (const char *)arena_format(&p->arena, "exec '%s/bin/dircertd' -c '%s' --dry-run >/dev/full",
                                                     BINARY_DIR, p->configuration)
                              .p;
    const char *const argv[] = {"sh", "-c", command, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 60);
    assert_int_equal(r.status, PROGRAM_INCOMPLETE);
    assert_non_null(strstr(r.errors, "event=fault"));
    assert_non_null(strstr(r.errors, "what=\"print the plan\""));
    command_free(&r);
}

static int enter_on_tcp(void **state)
{
    return program_enter_on(state, &(struct slapd_options){.accesslog = true, .tcp = true});
}

/* The tests' configuration says allow_plaintext: over TCP a warning, once; over a socket of this machine none. */
static void test_a_password_in_the_clear_is_warned_of(void **state)
{
    struct program *p = *state;
    program_add_policy(p, "servers", "dircertAllowedVersion: 3\n");
    program_add_server(p, "h1", "h1.example.com", program_good(p, "h1.example.com"));
    program_configure(p, &(struct program_conf){.uri = slapd_tcp_uri(p->server)});
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_lines(p, WORDS("event=insecure", "severity=warning", slapd_tcp_uri(p->server))), 1);
    program_configure(p, &(struct program_conf){.uri = NULL});
    program_pass(p, PROGRAM_COMPLETE);
    assert_int_equal(program_lines(p, WORDS("event=insecure")), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, program_enter, program_leave)

/* The octets that a name hides are told with the escapes of the name, in each form of the program. */
static void test_a_name_in_a_fault_is_escaped_once(void **state)
{
    static const struct {
        const char *option, *bind_dn, *event;
    } rows[] = {
        {"--once", "cn=a\\\\2cb," SLAPD_SUFFIX, "event=fault"},
        {"--check-config", "cn=a\\\\2cb," SLAPD_SUFFIX, "event=fault"},
        {"--foreground", "nosuch=a\\\\2cb," SLAPD_SUFFIX, "event=config"},
    };
    struct program *p = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        program_configure(p, &(struct program_conf){.bind_dn = rows[i].bind_dn});
        program_run(p, WORDS(rows[i].option), NULL);
        program_expect(p, WORDS(rows[i].event, "bind as", "=a\\\\2cb,"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_server_down),
        CASE(test_wrong_password),
        CASE(test_silent_server),
        CASE(test_connection_cut_anywhere_while_it_reads),
        CASE(test_connection_cut_while_it_writes),
        cmocka_unit_test_setup_teardown(test_a_password_in_the_clear_is_warned_of, enter_on_tcp, program_leave),
        cmocka_unit_test_setup_teardown(test_size_limit_without_a_way_round, enter_with_limit, program_leave),
        cmocka_unit_test_setup_teardown(test_size_limit_that_paging_gets_round, enter_with_paging, program_leave),
        CASE(test_no_entries_for_want_of_rights),
        CASE(test_certificates_hidden_from_the_start),
        CASE(test_certificates_hidden_later),
        CASE(test_referral_among_the_subjects),
        CASE(test_referral_as_a_base),
        CASE(test_environment_of_other_clients_has_no_say),
        CASE(test_plan_that_can_not_be_printed),
        CASE(test_a_name_in_a_fault_is_escaped_once),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
