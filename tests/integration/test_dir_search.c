/* SPDX-License-Identifier: Apache-2.0 */
/* Searching a real slapd: streams, limits and pages, rights, referrals, servers that die or fall silent. */
#include "dir/ldap_private.h"
#include "support/command.h"
#include "support/dirtest.h"

#include "base/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PEOPLE "ou=people," SLAPD_SUFFIX
#define MANY   3000

static struct slapd *server;

static const char databases[] =
    "access to attrs=userPassword by anonymous auth by * none\n"
    "access to dn.subtree=\"ou=hidden," SLAPD_SUFFIX "\" by * none\n"
    "access to dn.children=\"" PEOPLE "\" by dn.exact=\"cn=blind," SLAPD_SUFFIX "\" none by * read\n"
    "access to * by * read\n"
    "limits dn.exact=\"cn=free," SLAPD_SUFFIX "\" size=unlimited\n"
    "limits dn.exact=\"cn=blind," SLAPD_SUFFIX "\" size=unlimited\n"
    "limits dn.exact=\"cn=pages," SLAPD_SUFFIX "\" size.soft=500 size.hard=500 size.pr=1000 size.prtotal=unlimited\n"
    "limits dn.exact=\"cn=small," SLAPD_SUFFIX "\" size.soft=500 size.hard=500 size.pr=200 size.prtotal=unlimited\n"
    "limits dn.exact=\"cn=tiny," SLAPD_SUFFIX "\" size.soft=500 size.hard=500 size.pr=60 size.prtotal=unlimited\n"
    "limits dn.exact=\"cn=total," SLAPD_SUFFIX "\" size.soft=500 size.hard=500 size.prtotal=700\n"
    "limits dn.exact=\"cn=none," SLAPD_SUFFIX "\" size.soft=500 size.hard=500 size.prtotal=disabled\n";

static int load_people(void)
{
    char *ldif = NULL;
    size_t size;
    FILE *f = open_memstream(&ldif, &size);
    static const char *const accounts[] = {"free", "blind", "pages", "small", "tiny", "total", "none"};
    for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++)
        fprintf(f, "dn: cn=%s,%s\nobjectClass: person\ncn: %s\nsn: x\nuserPassword: x\n\n", accounts[i], SLAPD_SUFFIX,
                accounts[i]);
    fprintf(f, "dn: %s\nobjectClass: organizationalUnit\nou: people\n\n", PEOPLE);
    fprintf(f, "dn: ou=hidden,%s\nobjectClass: organizationalUnit\nou: hidden\n\n", SLAPD_SUFFIX);
    for (int i = 0; i < MANY; i++)
        fprintf(f, "dn: cn=d%04d,%s\nobjectClass: device\ncn: d%04d\ndescription: %0400d\n\n", i, PEOPLE, i, i);
    fclose(f);
    int result = slapd_add_ldif(server, ldif);
    free(ldif);
    return result;
}

static int start_server(void **state)
{
    (void)state;
    server = slapd_start(&(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN, .tcp = true, .database = databases});
    return server && load_people() == 0 ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    slapd_stop(server);
    return 0;
}

static struct dir *open_named(const char *name)
{
    char dn[128];
    snprintf(dn, sizeof dn, "cn=%s,%s", name, SLAPD_SUFFIX);
    struct dir *d = open_as(server, dn, "x\n", 2);
    assert_non_null(d);
    return d;
}

static void assert_says(const struct fault *fault, const char *part)
{
    if (!strstr(fault->text, part))
        fail_msg("the fault does not say \"%s\": %s", part, fault->text);
}

static void assert_each_once(const struct collected *c)
{
    static bool seen[MANY];
    memset(seen, 0, sizeof seen);
    assert_int_equal(c->entries.count, MANY);
    for (size_t i = 0; i < c->entries.count; i++) {
        int number = atoi((const char *)c->entries.items[i].p + strlen("cn=d"));
        assert_false(seen[number]);
        seen[number] = true;
    }
}

static void three_thousand_entries_stream(void **state)
{
    (void)state;
    struct dir *d = open_named("free");
    struct collected c = {0};
    struct fault fault = {0};
    assert_int_equal(collect(d, PEOPLE, DIR_ONE, "(objectClass=device)", 0, NULL, &c, &fault), RC_OK);
    assert_each_once(&c);
    assert_int_equal(c.restarts, 0);
    assert_string_equal(fault.text, "");
    collected_free(&c);
    dir_close(d);
}

/* Once past libldap, once by it: the same entries in the same order, octet for octet. */
static void entries_in_place_are_those_of_libldap(void **state)
{
    (void)state;
    static const char *const all[] = {"*", "+", NULL};
    struct dir *d = open_named("free");
    struct ldap_dir *l = (struct ldap_dir *)d;
    struct collected here = {0}, there = {0};
    struct fault fault = {0};
    assert_int_equal(collect(d, SLAPD_SUFFIX, DIR_SUBTREE, "(objectClass=*)", 0, all, &here, &fault), RC_OK);
    unsigned in_place = ldap_ahead_entries(l->ahead);
    assert_in_range(in_place, MANY / 2, here.entries.count - 1);
    l->by_libldap = true;
    assert_int_equal(collect(d, SLAPD_SUFFIX, DIR_SUBTREE, "(objectClass=*)", 0, all, &there, &fault), RC_OK);
    assert_int_equal(ldap_ahead_entries(l->ahead), in_place);
    assert_int_equal(here.entries.count, there.entries.count);
    for (size_t i = 0; i < here.entries.count; i++)
        assert_true(slice_eq(here.entries.items[i], there.entries.items[i]));
    collected_free(&here);
    collected_free(&there);
    dir_close(d);
}

static size_t count_in_log(const char *what)
{
    char *log = slapd_log(server);
    size_t n = 0;
    for (const char *at = log; (at = strstr(at, what)); at++)
        n++;
    free(log);
    return n;
}

static void limits_are_passed_page_by_page(void **state)
{
    (void)state;
    static const struct {
        const char *account;
        unsigned restarts;
    } rows[] = {{"pages", 1}, {"small", 2}, {"tiny", 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dir *d = open_named(rows[i].account);
        struct collected c = {0}, again = {0};
        struct fault fault = {0};
        enum rc rc = collect(d, PEOPLE, DIR_ONE, "(objectClass=device)", 0, NULL, &c, &fault);
        if (rc != RC_OK)
            fail_msg("%s: %s", rows[i].account, fault.text);
        assert_each_once(&c);
        assert_int_equal(c.restarts, rows[i].restarts);
        assert_int_equal(collect(d, PEOPLE, DIR_ONE, "(objectClass=device)", 0, NULL, &again, &fault), RC_OK);
        assert_each_once(&again);
        assert_int_equal(again.restarts, 0); /* the handle remembers */
        collected_free(&c);
        collected_free(&again);
        dir_close(d);
    }
}

static void a_limit_that_paging_does_not_pass_is_a_fault(void **state)
{
    (void)state;
    static const char *const accounts[] = {"total", "none"};
    for (size_t i = 0; i < 2; i++) {
        struct dir *d = open_named(accounts[i]);
        struct collected c = {0};
        struct fault fault = {0};
        assert_int_equal(collect(d, PEOPLE, DIR_ONE, "(objectClass=device)", 0, NULL, &c, &fault), RC_FAULT);
        assert_says(&fault, "a limit of the server ended it after");
        assert_says(&fault, "size.prtotal");
        assert_says(&fault, PEOPLE);
        assert_says(&fault, "(objectClass=device)");
        fault = (struct fault){0};
        assert_int_equal(collect(d, PEOPLE, DIR_BASE, "(objectClass=*)", 0, NULL, &c, &fault), RC_OK);
        collected_free(&c);
        dir_close(d);
    }
}

static void most_is_enough(void **state)
{
    (void)state;
    static const struct {
        const char *account, *filter;
        size_t most;
        enum rc rc;
        size_t count;
    } rows[] = {
        {"free", "(objectClass=device)", 1, RC_TRUNCATED, 1},
        {"free", "(objectClass=device)", MANY - 1, RC_TRUNCATED, MANY - 1},
        {"free", "(objectClass=device)", MANY, RC_OK, MANY},
        {"free", "(cn=d0007)", 1, RC_OK, 1},
        {"free", "(cn=nobody)", 1, RC_OK, 0},
        {"small", "(objectClass=device)", 1, RC_TRUNCATED, 1},
        {"small", "(objectClass=device)", 700, RC_TRUNCATED, 700}, /* beyond the limit of one page */
        {"small", "(objectClass=device)", MANY, RC_OK, MANY},
        {"small", "(cn=d0007)", 1, RC_OK, 1},
        {"small", "(objectClass=device)", 3, RC_TRUNCATED, 3},
    };
    struct dir *small = open_named("small"), *all = open_named("free");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dir *d = rows[i].account[0] == 's' ? small : all;
        struct collected c = {0};
        struct fault fault = {0};
        enum rc rc = collect(d, PEOPLE, DIR_ONE, rows[i].filter, rows[i].most, NULL, &c, &fault);
        if (rc != rows[i].rc || c.entries.count != rows[i].count)
            fail_msg("row %zu: rc %d, %zu entries: %s", i, rc, c.entries.count, fault.text);
        collected_free(&c);
    }
    dir_close(small);
    dir_close(all);
}

static void rights_that_are_missing_look_like_nothing(void **state)
{
    (void)state;
    struct dir *d = open_named("blind");
    struct collected c = {0};
    struct fault fault = {0};
    assert_int_equal(collect(d, PEOPLE, DIR_ONE, "(objectClass=device)", 0, NULL, &c, &fault), RC_OK);
    assert_int_equal(c.entries.count, 0);
    assert_int_equal(collect(d, "ou=hidden," SLAPD_SUFFIX, DIR_SUBTREE, "(objectClass=*)", 0, NULL, &c, &fault),
                     RC_NOT_FOUND);
    assert_says(&fault, "may not see it");
    assert_says(&fault, "(32)");
    fault = (struct fault){0};
    assert_int_equal(collect(d, "ou=nowhere," SLAPD_SUFFIX, DIR_SUBTREE, "(objectClass=*)", 0, NULL, &c, &fault),
                     RC_NOT_FOUND);
    assert_int_equal(c.entries.count, 0);
    collected_free(&c);
    dir_close(d);
}

static void bases_and_filters_that_are_none_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct slice base, filter;
        const char *says;
    } rows[] = {
        {SLICE_LITERAL(PEOPLE), SLICE_LITERAL("(cn="), "not a filter"},
        {SLICE_LITERAL(PEOPLE), SLICE_LITERAL("(&(cn=a)"), "not a filter"},
        {SLICE_LITERAL(PEOPLE), SLICE_LITERAL(""), "no filter"},
        {SLICE_LITERAL(PEOPLE), SLICE_LITERAL("(cn=a\0)"), "NUL octet"},
        {SLICE_LITERAL(PEOPLE "\0x"), SLICE_LITERAL("(cn=a)"), "NUL octet"},
        {SLICE_LITERAL("nonsense"), SLICE_LITERAL("(cn=a)"), "(34)"},
    };
    struct dir *d = open_named("free");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct collected c = {0};
        struct fault fault = {0};
        const struct dir_search search = {.base = rows[i].base, .scope = DIR_SUBTREE, .filter = rows[i].filter};
        const struct dir_sink sink = collect_into(&c);
        assert_int_equal(dir_search(d, &search, &sink, &fault), RC_INVALID);
        assert_says(&fault, rows[i].says);
        assert_int_equal(c.entries.count, 0);
    }
    struct collected c = {0}; /* and the handle is as good as before */
    assert_int_equal(collect(d, PEOPLE, DIR_BASE, "(objectClass=*)", 0, NULL, &c, NULL), RC_OK);
    assert_int_equal(c.entries.count, 1);
    collected_free(&c);
    dir_close(d);
}

static void referrals_are_named_and_not_followed(void **state)
{
    (void)state;
    struct collected c = {0};
    struct fault fault = {0};
    assert_int_equal(slapd_add_ldif(server, "dn: ou=away," SLAPD_SUFFIX "\nobjectClass: referral\n"
                                            "objectClass: extensibleObject\nou: away\n"
                                            "ref: ldap://elsewhere.example.com/ou=away,dc=example,dc=com\n"),
                     0);
    struct dir *d = open_named("free");
    assert_int_equal(collect(d, SLAPD_SUFFIX, DIR_ONE, "(objectClass=*)", 0, NULL, &c, &fault), RC_FAULT);
    assert_says(&fault, "ldap://elsewhere.example.com/");
    assert_says(&fault, "not followed");
    fault = (struct fault){0};
    assert_int_equal(collect(d, "cn=x,ou=away," SLAPD_SUFFIX, DIR_SUBTREE, "(objectClass=*)", 0, NULL, &c, &fault),
                     RC_FAULT);
    assert_says(&fault, "ldap://elsewhere.example.com/");
    assert_says(&fault, "Referral (10)");
    fault = (struct fault){0};
    assert_int_equal(collect(d, PEOPLE, DIR_BASE, "(objectClass=*)", 0, NULL, &c, &fault), RC_OK);
    collected_free(&c);
    dir_close(d);
    assert_int_equal(slapd_try_ldif(server, NULL,
                                    "dn: ou=away," SLAPD_SUFFIX
                                    "\ncontrol: 2.16.840.1.113730.3.4.2 true\nchangetype: delete\n"),
                     0);
}

static void attributes_come_as_asked(void **state)
{
    (void)state;
    static const char *const none[] = {"1.1", NULL}, *const some[] = {"cn", "entryUUID", NULL};
    struct dir *d = open_named("free");
    struct collected c = {0};
    struct fault fault = {0};
    assert_int_equal(collect(d, PEOPLE, DIR_ONE, "(cn=d0001)", 0, none, &c, &fault), RC_OK);
    assert_true(slice_eq(c.entries.items[0], SLICE_LITERAL("cn=d0001," PEOPLE)));
    assert_int_equal(collect(d, PEOPLE, DIR_ONE, "(cn=d0001)", 0, some, &c, &fault), RC_OK);
    const char *text = (const char *)c.entries.items[1].p;
    assert_non_null(strstr(text, "|cn=6430303031"));
    assert_non_null(strstr(text, "|entryUUID="));
    assert_null(strstr(text, "description"));
    collected_free(&c);
    dir_close(d);
}

static struct command_result make_certificate(void)
{
    static const char *const argv[] = {"openssl",
                                       "req",
                                       "-x509",
                                       "-newkey",
                                       "ec",
                                       "-pkeyopt",
                                       "ec_paramgen_curve:P-256",
                                       "-nodes",
                                       "-keyout",
                                       "/dev/null",
                                       "-subj",
                                       "/CN=mail.example.com",
                                       "-outform",
                                       "DER",
                                       "-days",
                                       "30",
                                       NULL};
    return command_run(argv, NULL, NULL, 30);
}

static void a_certificate_comes_back_binary_in_both_ways_of_asking(void **state)
{
    (void)state;
    struct command_result der = make_certificate();
    assert_int_equal(der.status, 0);
    const struct slice value = slice_make(der.output, der.output_length);
    char *hex = calloc(1, 2 * value.n + 1);
    hex_write(value, (uint8_t *)hex);
    FILE *f;
    char *ldif = NULL, path[512];
    size_t size;
    snprintf(path, sizeof path, "%s/certificate", slapd_folder(server));
    assert_non_null(f = fopen(path, "w"));
    assert_int_equal(fwrite(value.p, 1, value.n, f), value.n);
    fclose(f);
    f = open_memstream(&ldif, &size);
    fprintf(f,
            "dn: cn=d0002,%s\nchangetype: modify\nadd: objectClass\nobjectClass: strongAuthenticationUser\n-\n"
            "add: userCertificate;binary\nuserCertificate;binary:< file://%s\n",
            PEOPLE, path);
    fclose(f);
    assert_int_equal(slapd_modify_ldif(server, ldif), 0);
    static const char *const forms[][2] = {{"userCertificate", NULL}, {"userCertificate;binary", NULL}};
    struct dir *d = open_named("free");
    for (size_t i = 0; i < 2; i++) {
        struct collected c = {0};
        assert_int_equal(collect(d, PEOPLE, DIR_ONE, "(cn=d0002)", 0, forms[i], &c, NULL), RC_OK);
        const char *text = strstr((const char *)c.entries.items[0].p, "|userCertificate;binary=");
        assert_non_null(text);
        assert_string_equal(text + strlen("|userCertificate;binary="), hex);
        collected_free(&c);
    }
    dir_close(d);
    free(hex);
    free(ldif);
    command_free(&der);
}

/* Does something to the server when the tenth entry comes. */
struct blow {
    void (*strike)(struct slapd *s);
    int entries;
};

static void on_tenth(void *context)
{
    struct blow *b = context;
    if (++b->entries == 10)
        b->strike(server);
}

static void assert_dead(struct dir *d)
{
    struct collected c = {0};
    struct fault fault = {0};
    double begin = seconds_now();
    assert_int_equal(collect(d, PEOPLE, DIR_BASE, "(objectClass=*)", 0, NULL, &c, &fault), RC_FAULT);
    assert_says(&fault, "no longer usable");
    assert_true(seconds_now() - begin < 0.2);
    assert_int_equal(c.entries.count, 0);
    collected_free(&c);
}

static void a_server_killed_in_mid_search_is_a_fault(void **state)
{
    (void)state;
    for (int tcp = 0; tcp < 2; tcp++) {
        struct blow blow = {.strike = slapd_kill};
        struct collected c = {.on_entry = on_tenth, .context = &blow};
        struct fault fault = {0};
        const char *const uris[] = {tcp ? slapd_tcp_uri(server) : slapd_ldapi_uri(server), NULL};
        const struct dir_settings settings = {.uris = uris,
                                              .bind = DIR_BIND_SIMPLE,
                                              .bind_dn = "cn=free," SLAPD_SUFFIX,
                                              .password_file = password_file(slapd_folder(server), "x\n"),
                                              .allow_plaintext = true,
                                              .timeout_s = 3};
        struct dir *d = NULL;
        assert_int_equal(dir_open(&settings, &d, &fault), RC_OK);
        assert_int_equal(collect(d, PEOPLE, DIR_ONE, "(objectClass=device)", 0, NULL, &c, &fault), RC_FAULT);
        assert_says(&fault, "the connection broke");
        assert_says(&fault, "none of them counts");
        assert_true(c.entries.count < MANY);
        assert_dead(d);
        collected_free(&c);
        dir_close(d);
        assert_true(slapd_restart(server));
    }
    three_thousand_entries_stream(state); /* a new handle is a new start */
}

static void a_server_silent_in_mid_search_is_a_fault_in_time(void **state)
{
    (void)state;
    struct blow blow = {.strike = slapd_pause};
    struct collected c = {.on_entry = on_tenth, .context = &blow};
    struct fault fault = {0};
    struct dir *d = open_as(server, "cn=free," SLAPD_SUFFIX, "x\n", 1);
    assert_non_null(d);
    double begin = seconds_now();
    enum rc rc = collect(d, PEOPLE, DIR_ONE, "(objectClass=device)", 0, NULL, &c, &fault);
    double took = seconds_now() - begin;
    slapd_continue(server);
    assert_int_equal(rc, RC_FAULT);
    assert_says(&fault, "no answer for 1 s");
    assert_true(took > 0.9 && took < 2.5);
    assert_dead(d);
    collected_free(&c);
    dir_close(d);
}

static void nothing_is_asked_twice_without_need(void **state)
{
    (void)state;
    size_t before = count_in_log(" SRCH base=\"" PEOPLE "\"");
    three_thousand_entries_stream(state);
    assert_int_equal(count_in_log(" SRCH base=\"" PEOPLE "\"") - before, 1);
}

int main(void)
{
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_thousand_entries_stream),
        cmocka_unit_test(entries_in_place_are_those_of_libldap),
        cmocka_unit_test(nothing_is_asked_twice_without_need),
        cmocka_unit_test(limits_are_passed_page_by_page),
        cmocka_unit_test(a_limit_that_paging_does_not_pass_is_a_fault),
        cmocka_unit_test(most_is_enough),
        cmocka_unit_test(rights_that_are_missing_look_like_nothing),
        cmocka_unit_test(bases_and_filters_that_are_none_are_refused),
        cmocka_unit_test(referrals_are_named_and_not_followed),
        cmocka_unit_test(attributes_come_as_asked),
        cmocka_unit_test(a_certificate_comes_back_binary_in_both_ways_of_asking),
        cmocka_unit_test(a_server_killed_in_mid_search_is_a_fault),
        cmocka_unit_test(a_server_silent_in_mid_search_is_a_fault_in_time),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
