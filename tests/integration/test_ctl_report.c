/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `dircertctl report` by its output, over the sample organisation: its figures against those that a pass logs, the page
 * against a reader of markup of this file's own, and everything that can be wrong with where it is written.
 */
#include "reportworld.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int enter(void **state)
{
    return slapd_available() ? program_enter(state) : -1;
}

static void expect(const struct program *p, int code, const char *piece)
{
    if (p->code != code || !strstr(p->output, piece))
        fail_msg("code %d, expected %d and \"%s\":\n%s\n%s", p->code, code, piece, p->output, p->log);
}

static void expect_error(const struct program *p, int code, const char *piece)
{
    if (p->code != code || !strstr(p->log, piece))
        fail_msg("code %d, expected %d and \"%s\":\n%s\n%s", p->code, code, piece, p->output, p->log);
}

/* What python3 prints for an expression over the report r. */
static const char *json_of(struct program *p, const char *expression)
{
    const char *code =
        (const char *)arena_format(&p->arena, "import json,sys\nr=json.load(sys.stdin)\nprint(%s)", expression).p;
    const char *const argv[] = {"python3", "-c", code, NULL};
    struct command_result r = command_run(argv, NULL, p->output, 60);
    if (r.status != 0)
        fail_msg("%s: %s", expression, r.errors);
    struct slice text = arena_copy(&p->arena, slice_trim(slice_of(r.output)));
    command_free(&r);
    return (const char *)text.p;
}

static void test_figures_are_those_of_a_pass(void **state)
{
    struct program *p = *state;
    reportworld_load(p);
    program_pass(p, PROGRAM_COMPLETE);
    const char *const line[] = {"event=pass", "policy=-", NULL};
    const char *subjects = program_field(p, line, "subjects"), *with = program_field(p, line, "with-certificate");
    const char *findings = program_field(p, line, "findings"), *open = program_field(p, line, "requests-open");
    reportworld_run(p, WORDS("--json"));
    assert_int_equal(p->code, 0);
    assert_string_equal(json_of(p, "sum(x['subjects'] for x in r['policies'])"), subjects);
    assert_string_equal(json_of(p, "sum(x['with_certificate'] for x in r['policies'])"), with);
    assert_string_equal(json_of(p, "sum(x['findings'] for x in r['policies'])"), findings);
    assert_string_equal(json_of(p, "sum(x['findings'] for x in r['findings'])"), findings);
    assert_string_equal(json_of(p, "sum(x['requests'] for x in r['requests'])"), open);
    assert_string_equal(json_of(p, "r['complete']"), "True");
    assert_string_equal(json_of(p, "len(r['expiry'])"), "14");
    assert_string_equal(json_of(p, "len(r['worst'])"), "20");
    /* Each certificate is in one of the columns, or does not decode. */
    assert_string_equal(json_of(p, "sum(x['certificates'] for x in r['keys'])==sum(x['certificates'] for x in "
                                   "r['expiry'])==sum(x['certificates'] for x in r['issuers'])"),
                        "True");
    assert_string_equal(json_of(p, "all(f['fix'] and f['citation'] and f['detail'] for w in r['worst'] for f in "
                                   "w['findings'])"),
                        "True");
}

static void test_text_has_every_section(void **state)
{
    struct program *p = *state;
    reportworld_load(p);
    program_pass(p, PROGRAM_COMPLETE);
    reportworld_run(p, WORDS(NULL));
    expect(p, 0, "Certificates under policy below " BASE ", ");
    static const char *const pieces[] = {"\nCompliance by policy\n\n",
                                         "\nFindings by check\n\n",
                                         "\nExpiry\n\n",
                                         "  overdue",
                                         "\nRequests by state and age\n\n",
                                         "  reissue  proposed",
                                         "The oldest open one is ",
                                         "\nIssuers\n\n",

                                         "\nKey types\n\n",
                                         "EC P-256",
                                         "\nWorst entries\n\n",
                                         "`dircertctl explain DN`"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        expect(p, 0, pieces[i]);
}

/* No policy may be the rights of who asks, so it is told as something that was not read. */
static void test_a_tree_without_policies(void **state)
{
    struct program *p = *state;
    reportworld_run(p, WORDS(NULL));
    expect(p, 2, "There is no policy.");
    expect(p, 2, "no policy is seen below ou=policies," BASE);
    reportworld_run(p, WORDS("--html", "-"));
    expect(p, 2, "<p>There is no policy.</p>");
    expect(p, 2, "</html>");
}

/* The page. */

static size_t count_of(const char *text, const char *piece)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, piece)); at += strlen(piece))
        n++;
    return n;
}

/* Tags open and close in order; nothing in it could run or load anything. */
static void expect_sound(struct program *p, const char *path)
{
    static const char checker[] =
        "import sys,re\n"
        "from html.parser import HTMLParser\n"
        "void={'meta','br','wbr','rect','line'}\n"
        "bad=[]; ids=[]; refs=[]; tags=[]\n"
        "class C(HTMLParser):\n"
        "    def handle_starttag(s,t,a):\n"
        "        if t not in void: tags.append(t)\n"
        "        for k,v in a:\n"
        "            if k.startswith('on') or k in('src','srcset','action','data','xlink:href','style','background'): "
        "bad.append((t,k,v))\n"
        "            if k=='href': refs.append(v)\n"
        "            if k=='id': ids.append(v)\n"
        "        if t in('script','iframe','object','embed','link','base','form','img','image','use'): bad.append(t)\n"
        "    def handle_startendtag(s,t,a):\n"
        "        pass\n"
        "    def handle_endtag(s,t):\n"
        "        if not tags or tags.pop()!=t: bad.append(('end',t,s.getpos()))\n"
        "text=open(sys.argv[1],encoding='utf-8').read()\n"
        "C(convert_charrefs=True).feed(text)\n"
        "bad+=tags+[i for i in ids if ids.count(i)>1]+[r for r in refs if r[:1]!='#' or r[1:] not in ids]\n"
        "bad+=re.findall(r'url\\(|@import|https?:',text)\n"
        "print(bad[:20]); sys.exit(bool(bad) or not refs)\n";
    const char *const argv[] = {"python3", "-c", checker, path, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 60);
    if (r.status != 0)
        fail_msg("%s %s", r.output, r.errors);
    command_free(&r);
    (void)p;
}

static void test_page_stands_alone(void **state)
{
    struct program *p = *state;
    const char *path = reportworld_path(p, "report.html");
    reportworld_load(p);
    program_pass(p, PROGRAM_COMPLETE);
    reportworld_run(p, WORDS("--html", path));
    expect(p, 0, "written, ");
    const char *page = (const char *)reportworld_file(p, path).p;
    expect_sound(p, path);
    assert_int_equal(count_of(page, "<article id=\"entry-"), 20);
    assert_int_equal(count_of(page, "<a href=\"#entry-"), 20);
    assert_non_null(strstr(page, "<html lang=\"en\">"));
    assert_non_null(strstr(page, "name=\"viewport\""));
    assert_non_null(strstr(page, "prefers-color-scheme:dark"));
    assert_int_equal(count_of(page, "<table"), count_of(page, "<caption"));
    assert_int_equal(count_of(page, "<svg"), count_of(page, "<title") - 1);
    assert_null(strstr(page, "<script"));
}

/* Names that would like to be markup, in the entry, the host name and the certificate. */
static void test_foreign_text_stays_text(void **state)
{
    struct program *p = *state;
    const char *path = reportworld_path(p, "report.html");
    program_change(p, "dn: cn=p\\3cb\\3e," POLICIES "\nchangetype: add\nobjectClass: dircertPolicy\ncn: p<b>\n"
                      "dircertTarget: ldap:///" SERVERS "??sub?(objectClass=dircertHost)\n"
                      "dircertAllowedVersion: 3\ndircertNameMatch: cn\n");
    program_add_server(p, "'onload' &amp", "h.example.com",
                       program_common_name(p, "<script>alert(1)</script>\"><img src=x onerror=alert(2)>&amp;"));
    program_add_server(p, "two", "<i>.example.com", program_common_name(p, "</style><script>"));
    reportworld_run(p, WORDS("--html", path));
    assert_int_equal(p->code, 0);
    const char *page = (const char *)reportworld_file(p, path).p;
    expect_sound(p, path);
    assert_non_null(strstr(page, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert_non_null(strstr(page, "p&lt;b&gt;"));
    assert_non_null(strstr(page, "&#39;onload&#39; &amp;amp,<wbr>ou="));
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "<img"));
}

/* Where it is written. */

static unsigned hidden_files(struct program *p)
{
    unsigned n = 0;
    DIR *d = opendir(slapd_folder(p->server));
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += strncmp(e->d_name, ".report", 7) == 0;
    closedir(d);
    return n;
}

static void test_places_that_can_not_be_written(void **state)
{
    struct program *p = *state;
    const char *path = reportworld_path(p, "report.html");
    program_add_policy(p, "one", "dircertAllowedVersion: 3\n");
    program_add_server(p, "h", "h.example.com", program_good(p, "h.example.com"));
    reportworld_run(p, WORDS("--html", reportworld_path(p, "nowhere/report.html")));
    expect_error(p, 2, "/nowhere/ is not there; make it, or name another");
    reportworld_run(p, WORDS("--html", slapd_folder(p->server)));
    expect_error(p, 2, "can't be written: ");
    reportworld_run(p, WORDS("--html", path));
    expect(p, 0, "written, 0 entries with findings");
    struct slice before = reportworld_file(p, path);
    reportworld_run_limited(p, "--fsize=1000", WORDS("--html", path));
    expect_error(p, 2, "still stands");
    assert_true(slice_eq(before, reportworld_file(p, path)));
    assert_int_equal(hidden_files(p), 0);
    reportworld_run(p, WORDS("--html", "/dev/full/x"));
    expect_error(p, 2, "is not there");
}

static void test_command_line_is_checked(void **state)
{
    struct program *p = *state;
    reportworld_run(p, WORDS("--html", "x", "--json"));
    expect_error(p, 1, "one of them at a time");
    reportworld_run(p, WORDS("surplus"));
    expect_error(p, 1, "unexpected argument \"surplus\"");
}

/* A subject tree that is not there, a policy that does not parse: said in the report, with exit code 2. */
static void test_what_was_not_read_is_told(void **state)
{
    struct program *p = *state;
    program_add_policy(p, "good", "dircertAllowedVersion: 3\n");
    program_change(p, "dn: cn=bad," POLICIES "\nchangetype: add\nobjectClass: dircertPolicy\ncn: bad\n"
                      "dircertTarget: ldap:///ou=nowhere,dc=example,dc=com??sub?(objectClass=*)\n"
                      "dircertMinRSABits: 511\n");
    reportworld_run(p, WORDS(NULL));
    expect(p, 2, "Not everything was read: these figures are too small.");
    expect(p, 2, "dircertMinRSABits");
    expect_error(p, 2, "not everything was read; the report says what is missing");
    reportworld_run(p, WORDS("--html", "-"));
    expect(p, 2, "<h2>Not everything was read</h2>");
    expect(p, 2, "dircertMinRSABits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_figures_are_those_of_a_pass, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_text_has_every_section, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_a_tree_without_policies, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_page_stands_alone, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_foreign_text_stays_text, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_places_that_can_not_be_written, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_command_line_is_checked, enter, program_leave),
        cmocka_unit_test_setup_teardown(test_what_was_not_read_is_told, enter, program_leave),
    };
    if (!slapd_available()) {
        print_message("skipped: slapd is not installed\n");
        return 77;
    }
    return cmocka_run_group_tests_name("ctl_report", tests, NULL, NULL);
}
