/* SPDX-License-Identifier: Apache-2.0 */
/* `dircertd --check-config` on a real slapd: what it says of the account's rights, and that it changes nothing. */
#include "support/dirtest.h"
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define A        SERVER("a")
#define GIVE     " by dn.exact=\"" DAEMON "\" write by * break"
#define HIDE     " by dn.exact=\"" DAEMON "\" none by * break"
#define READONLY " by dn.exact=\"" DAEMON "\" read by * break"

static size_t count_lines(const char *text, const char *start)
{
    size_t n = 0;
    for (const char *at = text; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
        n += strncmp(at, start, strlen(start)) == 0;
    return n;
}

/* The report has a line that begins so, and names the place and the attribute. */
static bool told(struct program *p, const char *start, const char *where, const char *attribute)
{
    for (const char *at = p->output; *at;) {
        const char *end = strchr(at, '\n');
        size_t n = end ? (size_t)(end - at) : strlen(at);
        const char *line = (const char *)arena_copy(&p->arena, slice_make(at, n)).p;
        if (strncmp(line, start, strlen(start)) == 0 && strstr(line, where) && strstr(line, attribute))
            return true;
        at += n + (end != NULL);
    }
    return false;
}

static void expect_told(struct program *p, const char *start, const char *where, const char *attribute)
{
    if (!told(p, start, where, attribute))
        fprintf(stderr, "no line \"%s … %s … %s\" in:\n%s%s", start, where, attribute, p->output, p->log);
    assert_true(told(p, start, where, attribute));
}

/* Somebody, a policy, a waiver-free tree, and a request that the first pass made. */
static int enter_world(void **state, bool with_request)
{
    if (program_enter(state) != 0)
        return -1;
    struct program *p = *state;
    program_add_server(p, "a", "a.example.com", program_version_1(p, "a.example.com"));
    program_add_policy(p, "servers", ENFORCE VERSION_REISSUE);
    if (with_request)
        program_pass(p, PROGRAM_COMPLETE);
    return 0;
}

static int enter(void **state)
{
    return enter_world(state, true);
}

static int enter_over_tcp(void **state)
{
    return program_enter_on(state, &(struct slapd_options){.tcp = true, .accesslog = true});
}

static int enter_fresh(void **state)
{
    return enter_world(state, false);
}

/* Each entry with the number of its last change, in order: slapd's own order follows what ids it has handed out. */
static const char *stamps(struct program *p)
{
    struct slice rest = slice_of(program_search(p, SLAPD_SUFFIX, "sub", "(objectClass=*)", "entryCSN")), line;
    LIST_OF(struct slice) entries = {0};
    struct slice dn = {NULL, 0}, all = {NULL, 0};
    while (slice_split(&rest, '\n', &line)) {
        if (slice_starts(line, SLICE_LITERAL("dn: ")))
            dn = line;
        else if (line.n)
            *LIST_ADD(&p->arena, &entries) = arena_format(&p->arena, "%.*s %.*s\n", SLICE_ARGS(dn), SLICE_ARGS(line));
    }
    assert_true(entries.count > 10);
    qsort(entries.items, entries.count, sizeof *entries.items, slice_order);
    for (size_t i = 0; i < entries.count; i++)
        all = arena_format(&p->arena, "%.*s%.*s", SLICE_ARGS(all), SLICE_ARGS(entries.items[i]));
    return (const char *)all.p;
}

/* As every check: nothing is written, whatever the rights. */
static void check(struct program *p, int code)
{
    const char *before = stamps(p);
    size_t writes = program_writes(p, SLAPD_SUFFIX);
    program_run(p, WORDS("--check-config"), NULL);
    assert_int_equal(program_writes(p, SLAPD_SUFFIX), writes);
    assert_string_equal(stamps(p), before);
    if (p->code != code)
        fprintf(stderr, "%d and not %d:\n%s%s", p->code, code, p->output, p->log);
    assert_int_equal(p->code, code);
}

static void check_under(struct program *p, const char *rule, int code)
{
    program_rule(p, rule);
    check(p, code);
    program_drop_rule(p);
}

static void expect_neither(struct program *p)
{
    if (count_lines(p->output, "missing") + count_lines(p->output, "too-much"))
        fputs(p->output, stderr);
    assert_int_equal(count_lines(p->output, "missing"), 0);
    assert_int_equal(count_lines(p->output, "too-much"), 0);
}

static void test_anchors_are_looked_at(void **state)
{
    struct program *p = *state;
    program_add_policy(p, "trusting", "dircertTrustAnchor: cn=ca," SERVERS "\n");
    check(p, 2);
    expect_told(p, "missing  read", "cn=ca," SERVERS, "the entry");
    program_change(p, "dn: cn=ca," SERVERS "\nchangetype: add\nobjectClass: device\ncn: ca\n");
    check(p, 0);
    expect_told(p, "ok       read", "cn=ca," SERVERS, "cACertificate");
    check_under(p, "to dn.exact=\"cn=ca," SERVERS "\" attrs=cACertificate" HIDE, 2);
    expect_told(p, "missing  read", "cn=ca," SERVERS, "cACertificate");
}

static void test_recipe_has_what_is_needed_and_no_more(void **state)
{
    struct program *p = *state;
    check(p, 0);
    expect_neither(p);
    expect_told(p, "ok       read", A, "userCertificate");
    expect_told(p, "ok       read", "*," POLICIES, "dircertMode");
    expect_told(p, "ok       write", REQUESTS, "dircertState");
    expect_told(p, "ok       write", REQUESTS, "dircertDecision");
    expect_told(p, "ok       write", INSTANCE, "dircertHeartbeat");
    expect_told(p, "ok       write", A, "userCertificate;binary");
    expect_told(p, "ok       delete", REQUESTS, "the entry");
    expect_told(p, "ok       add", REQUESTS, "the entry");
    expect_told(p, "ok       add", POLICIES, "refused, as it should be");
    if (count_lines(p->output, "unknown") > 1) /* there is no waiver */
        fputs(p->output, stderr);
    assert_int_equal(count_lines(p->output, "unknown"), 1);
}

static void test_fresh_tree(void **state)
{
    struct program *p = *state;
    check(p, 0);
    expect_neither(p);
    expect_told(p, "unknown  write", REQUESTS, "no entry is below it");
    expect_told(p, "ok       add", REQUESTS, "dircertDecision");
    /* slapd is as it was: what is stored afterwards, in attributes that no entry had before, is read back as that. */
    program_pass(p, PROGRAM_COMPLETE);
    assert_non_null(strstr(program_search(p, INSTANCE, "base", "(objectClass=*)", "dircertPassResult"),
                           "dircertPassResult: complete\n"));
    const char *made = "(&(dircertRequestType=reissue)(dircertState=*)(dircertSubjectId=*)(dircertFinding=version *))";
    assert_int_equal(program_count_requests(p, made), 1);
    program_pass(p, PROGRAM_COMPLETE);
}

static void test_what_is_missing_is_named(void **state)
{
    static const struct {
        const char *rule, *start, *where, *attribute;
    } cases[] = {
        {"to dn.subtree=\"" SERVERS "\" attrs=userCertificate" HIDE, "missing  read", A, "userCertificate"},
        {"to dn.subtree=\"" SERVERS "\" attrs=userCertificate by dn.exact=\"" DAEMON "\" search by * break",
         "missing  read", A, "searched but not read"},
        {"to dn.subtree=\"" REQUESTS "\" attrs=dircertDecision" HIDE, "missing  read", REQUESTS, "dircertDecision"},
        {"to dn.subtree=\"" POLICIES "\" attrs=dircertMaxPercent" HIDE, "missing  read", POLICIES, "dircertMaxPercent"},
        {"to dn.subtree=\"" REQUESTS "\" attrs=dircertState" READONLY, "missing  write", REQUESTS, "dircertState"},
        {"to dn.exact=\"" REQUESTS "\" attrs=children" READONLY, "missing  add", REQUESTS, "the entry"},
        {"to dn.subtree=\"" STATUS "\" attrs=dircertHeartbeat" READONLY, "missing  write", INSTANCE,
         "dircertHeartbeat"},
        {"to dn.subtree=\"" STATUS "\" attrs=modifyTimestamp" HIDE, "missing  read", INSTANCE, "modifyTimestamp"},
        {"to dn.subtree=\"" POLICIES "\"" HIDE, "missing  read", POLICIES, "the entry"},
    };
    struct program *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_under(p, cases[i].rule, 2);
        expect_told(p, cases[i].start, cases[i].where, cases[i].attribute);
    }
    check(p, 0);
}

static void test_what_is_too_much_is_named(void **state)
{
    static const struct {
        const char *rule, *start, *where, *attribute;
    } cases[] = {
        {"to dn.subtree=\"" REQUESTS "\" attrs=dircertDecision" GIVE, "too-much write", REQUESTS, "dircertDecision"},
        {"to dn.subtree=\"" REQUESTS "\" attrs=dircertDecision by dn.exact=\"" DAEMON "\" =arscx by * break",
         "too-much write", REQUESTS, "dircertDecision"},
        {"to dn.subtree=\"" REQUESTS "\" attrs=dircertOutcome" GIVE, "too-much add", REQUESTS, "dircertOutcome"},
        {"to dn.subtree=\"" POLICIES "\"" GIVE, "too-much write", POLICIES, "dircertMode"},
        {"to dn.subtree=\"" POLICIES "\"" GIVE, "too-much add", POLICIES, "the entry"},
        {"to dn.subtree=\"" POLICIES "\"" GIVE, "too-much delete", POLICIES, "the entry"},
        {"to dn.exact=\"" BASE "\" attrs=dircertPause" GIVE, "too-much write", BASE, "dircertPause"},
        {"to dn.subtree=\"" SERVERS "\" attrs=userCertificate" GIVE, "too-much write", A, "userCertificate"},
        {"to dn.subtree=\"" SERVERS "\" attrs=dNSHostName" GIVE, "too-much write", A, "dNSHostName"},
        {"to attrs=userPassword" READONLY, "too-much read", "ou=daemons", "userPassword"},
    };
    struct program *p = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_under(p, cases[i].rule, 0);
        expect_told(p, cases[i].start, cases[i].where, cases[i].attribute);
    }
}

/* Debian's first rule, which lets everybody change their own password, and so find it. */
static void test_own_password_is_no_leak(void **state)
{
    struct program *p = *state;
    const char *approver = "to dn.exact=\"cn=approver,ou=daemons," SLAPD_SUFFIX "\" attrs=userPassword" READONLY;
    check_under(p, "to attrs=userPassword by self write by anonymous auth by * none", 0);
    expect_neither(p);
    expect_told(p, "ok       read", "userPassword", "but for our own");
    program_rule(p, "to attrs=userPassword by self write by * break");
    check_under(p, approver, 0);
    expect_told(p, "too-much read", "cn=approver,ou=daemons", "userPassword");
    program_drop_rule(p);
    check_under(p, approver, 0);
    expect_told(p, "too-much read", "cn=approver,ou=daemons", "userPassword");
    check(p, 0);
    expect_neither(p);
    expect_told(p, "ok       read", "userPassword", "hidden, as it should be");
    assert_false(told(p, "ok       read", "userPassword", "but for our own"));
}

/* A name of many spellings is the server's to compare; and who binds without a DN is whom the server says. */
static void test_own_entry_however_it_is_named(void **state)
{
    struct program *p = *state;
    program_rule(p, "to attrs=userPassword by self write by anonymous auth by * none");
    struct slice yaml =
        arena_format(&p->arena,
                     "directory:\n  uri: \"%s\"\n  bind: {method: simple, dn: \"CN=DirCertD,  "
                     "OU=Daemons,DC=example, dc=com\", password_file: \"%s\"}\nbase: \"" BASE "\"\n",
                     slapd_ldapi_uri(p->server), password_file(slapd_folder(p->server), PROGRAM_PASSWORD));
    FILE *f = fopen(p->configuration, "w");
    assert_non_null(f);
    assert_true(fputs((const char *)yaml.p, f) >= 0);
    assert_int_equal(fclose(f), 0);
    check(p, 0);
    expect_neither(p);
    expect_told(p, "ok       read", "userPassword", "but for our own");
    struct dir *d = open_as(p->server, DAEMON, PROGRAM_PASSWORD, 10), *peer = open_as(p->server, NULL, NULL, 10);
    struct slice dn;
    struct fault why = {{0}};
    assert_int_equal(dir_who(d, &p->arena, &dn, &why), RC_OK);
    assert_true(slice_eq_nocase(dn, slice_of(DAEMON)));
    assert_int_equal(dir_who(peer, &p->arena, &dn, &why), RC_OK);
    assert_true(slice_eq_nocase(dn, slice_of(slapd_peer_dn(p->server))));
    dir_close(d);
    dir_close(peer);
}

static void set_add_content_acl(struct program *p, const char *value)
{
    static const struct slapd_identity configuration = {.dn = "cn=config", .password = SLAPD_PASSWORD};
    struct slice ldif = arena_format(&p->arena,
                                     "dn: olcDatabase={2}mdb,cn=config\nchangetype: modify\n"
                                     "replace: olcAddContentAcl\nolcAddContentAcl: %s\n",
                                     value);
    assert_int_equal(slapd_try_ldif(p->server, &configuration, (const char *)ldif.p), 0);
}

static void test_missing_add_content_acl_is_noticed(void **state)
{
    struct program *p = *state;
    set_add_content_acl(p, "FALSE");
    check(p, 0);
    expect_told(p, "too-much add", REQUESTS, "dircertDecision");
    expect_told(p, "too-much add", REQUESTS, "add_content_acl on");
    set_add_content_acl(p, "TRUE");
    check(p, 0);
    expect_neither(p);
}

static void test_not_reached_or_refused(void **state)
{
    struct program *p = *state;
    program_configure(p, &(struct program_conf){.password = "wrong"});
    check(p, 2);
    program_expect(p, WORDS("event=fault", "reach the directory", "49"));
    program_configure(p, &(struct program_conf){.uri = "ldapi://%2Fnonexistent"});
    check(p, 2);
    expect_told(p, "missing  reach", "ldapi://%2Fnonexistent", "No such file");
    assert_int_equal(count_lines(p->output, "ok"), 0);
    program_configure(p, &(struct program_conf){.base = "ou=nowhere," SLAPD_SUFFIX});
    check(p, 2);
    expect_told(p, "missing  read", "ou=nowhere", "the entry");
}

/* One that can be used does not hide one that can't; which of them answered is told. */
static void test_every_server_is_tried(void **state)
{
    struct program *p = *state;
    const char *good = slapd_ldapi_uri(p->server), *nobody = "ldapi://%2Fnonexistent";
    struct slice both = arena_format(&p->arena, "%s\", \"%s", nobody, good);
    program_configure(p, &(struct program_conf){.uri = (const char *)both.p});
    check(p, 2);
    expect_told(p, "missing  reach", nobody, "No such file");
    expect_told(p, "ok       reach", good, "asked about here");
    expect_told(p, "ok       read", A, "userCertificate");
    assert_int_equal(count_lines(p->output, "missing"), 1);
    program_configure(p, &(struct program_conf){.uri = (const char *)both.p, .password = "wrong"});
    check(p, 2);
    expect_told(p, "missing  reach", good, "49");
    both = arena_format(&p->arena, "%s\", \"%s", good, nobody);
    program_configure(p, &(struct program_conf){.uri = (const char *)both.p, .password = "wrong"});
    check(p, 2);
    expect_told(p, "unknown  reach", nobody, "not tried");
    program_configure(p, &(struct program_conf){.uri = good});
    check(p, 0);
    expect_told(p, "ok       reach", good, "asked about here");
    assert_int_equal(program_lines(p, WORDS("event=insecure")), 0);
}

static void test_plaintext_is_warned_of(void **state)
{
    struct program *p = *state;
    const char *uri = slapd_tcp_uri(p->server);
    program_configure(p, &(struct program_conf){.uri = uri});
    program_run(p, WORDS("--check-config"), NULL);
    program_expect(p, WORDS("event=insecure", uri));
}

static const char *in_folder(struct program *p, const char *name)
{
    return (const char *)arena_format(&p->arena, "%s/%s", slapd_folder(p->server), name).p;
}

/* With what the daemon could not start with, the check does not end well either; and it makes no file. */
static void test_files_that_can_not_be_written(void **state)
{
    struct program *p = *state;
    const char *missing = in_folder(p, "no-such-folder/it.prom"), *fine = in_folder(p, "it.prom");
    struct program_conf c = {.log_to = missing};
    c.more =
        (const char *)arena_format(&p->arena, "pid_file: \"%s\"\nmetrics: {textfile: \"%s\"}\n", missing, missing).p;
    program_configure(p, &c);
    check(p, 1);
    static const char *const keys[] = {"key=log.to", "key=pid_file", "key=metrics.textfile"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        program_expect(p, WORDS("event=config", keys[i], "no-such-folder", "No such file"));
    assert_string_equal(p->output, "");
    c.log_to = slapd_folder(p->server);
    c.more = (const char *)arena_format(&p->arena, "pid_file: \"%s\"\n", in_folder(p, "dircertd.yaml/pid")).p;
    program_configure(p, &c);
    check(p, 1);
    program_expect(p, WORDS("event=config", "key=log.to", "is a folder"));
    program_expect(p, WORDS("event=config", "key=pid_file"));
    c.log_to = fine;
    c.more = (const char *)arena_format(&p->arena, "pid_file: \"/run/dircertd-is-not-there/pid\"\n").p;
    program_configure(p, &c);
    check(p, 0);
    expect_told(p, "unknown  write", "/run/dircertd-is-not-there/pid", "RuntimeDirectory");
    assert_int_not_equal(access(fine, F_OK), 0);
}

/* Root may write anywhere. */
static void test_folders_that_are_closed(void **state)
{
    struct program *p = *state;
    const char *closed = in_folder(p, "closed");
    if (geteuid() == 0)
        skip();
    assert_int_equal(mkdir(closed, 0500), 0);
    const struct program_conf c = {
        .more = (const char *)arena_format(&p->arena, "metrics: {textfile: \"%s/it.prom\"}\n", closed).p};
    program_configure(p, &c);
    check(p, 1);
    program_expect(p, WORDS("event=config", "key=metrics.textfile", "Permission denied"));
}

/* Whoever calls it, and be it with all rights: what might be carried out is not sent. */
static void test_probe_refuses_what_could_succeed(void **state)
{
    struct program *p = *state;
    struct dir *d = open_as(p->server, SLAPD_ADMIN, SLAPD_PASSWORD, 10);
    const struct slice value = SLICE_LITERAL("away.example.com"), class = SLICE_LITERAL("device"),
                       name = SLICE_LITERAL("new");
    const struct dir_mod away = {.verb = DIR_MOD_DELETE, .attribute = "dNSHostName"},
                         other = {.verb = DIR_MOD_DELETE, .attribute = "userCertificate"},
                         set = {.verb = DIR_MOD_REPLACE, .attribute = "dNSHostName", .values = &value, .count = 1};
    const struct dir_mod mods[][2] = {{away, other}, {set, set}, {away, set}, {away, away}};
    const struct dir_mod made[] = {{.verb = DIR_MOD_ADD, .attribute = "objectClass", .values = &class, .count = 1},
                                   {.verb = DIR_MOD_ADD, .attribute = "cn", .values = &name, .count = 1}};
    const struct dir_change add = {.verb = DIR_ADD, .dn = slice_of(SERVER("new")), .mods = made, .count = 2};
    char long_name[DIR_PROBE_NAME + 1] = "", long_dn[sizeof long_name + 64];
    memset(long_name, 'n', DIR_PROBE_NAME);
    snprintf(long_dn, sizeof long_dn, "cn=%s," SERVERS, long_name);
    const struct slice long_value = slice_of(long_name);
    const struct dir_mod made_long[] = {made[0],
                                        {.verb = DIR_MOD_ADD, .attribute = "cn", .values = &long_value, .count = 1}};
    const struct dir_change impossible = {.verb = DIR_ADD, .dn = slice_of(long_dn), .mods = made_long, .count = 2};
    struct dir_change delete = {.verb = DIR_DELETE, .dn = slice_of(A)};
    const char *before = stamps(p);
    for (size_t i = 0; i < 4; i++) {
        struct fault why = {{0}};
        const struct dir_change change = {
            .verb = DIR_MODIFY, .dn = slice_of(A), .mods = mods[i], .count = i == 0 ? 1 : 2};
        assert_int_equal(dir_probe(d, &change, &why), i == 3 ? DIR_RIGHT_GRANTED : DIR_RIGHT_UNKNOWN);
    }
    struct fault why = {{0}}, why_add = {{0}};
    assert_int_equal(dir_probe(d, &delete, &why), DIR_RIGHT_UNKNOWN);
    assert_non_null(strstr(why.text, "No-Op"));
    assert_int_equal(dir_probe(d, &add, &why_add), DIR_RIGHT_UNKNOWN);
    assert_non_null(strstr(why_add.text, "could be stored"));
    assert_int_equal(dir_probe(d, &impossible, &why), DIR_RIGHT_GRANTED);
    assert_int_equal(dir_probe(d, &delete, &why), DIR_RIGHT_GRANTED);
    assert_string_equal(stamps(p), before);
    dir_close(d);
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, enter, program_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(test_recipe_has_what_is_needed_and_no_more),
        WORLD(test_anchors_are_looked_at),
        cmocka_unit_test_setup_teardown(test_fresh_tree, enter_fresh, program_leave),
        WORLD(test_what_is_missing_is_named),
        WORLD(test_what_is_too_much_is_named),
        WORLD(test_own_password_is_no_leak),
        WORLD(test_own_entry_however_it_is_named),
        WORLD(test_missing_add_content_acl_is_noticed),
        WORLD(test_not_reached_or_refused),
        WORLD(test_every_server_is_tried),
        cmocka_unit_test_setup_teardown(test_plaintext_is_warned_of, enter_over_tcp, program_leave),
        WORLD(test_files_that_can_not_be_written),
        WORLD(test_folders_that_are_closed),
        WORLD(test_probe_refuses_what_could_succeed),
    };
    if (!slapd_available()) {
        puts("skipped: there is no slapd, or no ldapmodify, on this machine");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
