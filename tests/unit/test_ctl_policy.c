/* SPDX-License-Identifier: Apache-2.0 */
/* policy template and policy check without a directory, by what the built program prints. */
#include "core/schema.h"
#include "ctl/template.h"
#include "support/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEAD "dn: cn=a,ou=policies,ou=dircertd,dc=example,dc=com\nobjectClass: dircertPolicy\ncn: a\n"
#define TARGET "dircertTarget: ldap:///ou=servers,dc=example,dc=com??sub?(cn=*)\n"
#define DN "cn=a,ou=policies,ou=dircertd,dc=example,dc=com"
#define FILE_NAME "standard input"

static struct command_result check(const char *input, const char *option)
{
    const char *argv[] = {BINARY_DIR "/bin/dircertctl", "policy", "check", "-", option, NULL};
    return command_run(argv, NULL, input, 20);
}

static const struct row {
    const char *name, *input;
    int code;
    const char *output;
} rows[] = {
    {"fine", HEAD TARGET, 0, "1 policy, no problems\n"},
    {"a value that does not parse", HEAD TARGET "dircertMode: per\n haps\n", 4,
     FILE_NAME ":5: " DN ": dircertMode: perhaps: expected one of: off audit enforce\n"},
    {"in the order of the lines", HEAD "dircertMode: x\ndircertPrecedence: y\n" TARGET "dircertMod: z\n", 4,
     FILE_NAME ":4: " DN ": dircertMode: x: expected one of: off audit enforce\n" FILE_NAME ":5: " DN
     ": dircertPrecedence: y: expected a whole number from 0 to 1000000\n" FILE_NAME ":7: " DN
     ": dircertMod: z: the class dircertPolicy does not have this attribute\n"},
    {"no target", HEAD, 4, FILE_NAME ":1: " DN ": dircertTarget: : the policy has no target that this account can read\n"},
    {"a second value", HEAD TARGET "dircertMode: audit\ndircertMode: off\n", 4,
     FILE_NAME ":6: " DN ": dircertMode: off: a second value; this attribute has one\n"},
    {"without its cn", "dn: " DN "\nobjectClass: dircertPolicy\n" TARGET, 4,
     FILE_NAME ":1: " DN ": cn: : the entry needs the cn that its name says, a\n"},
    {"control characters", HEAD TARGET "dircertMode:: G1szMW0=\n", 4,
     FILE_NAME ":5: " DN ": dircertMode: \\1b[31m: expected one of: off audit enforce\n"},
    {"not a DN", "dn: nonsense\nobjectClass: dircertPolicy\ncn: a\n" TARGET, 4,
     FILE_NAME ":1: nonsense: dn: nonsense: not a distinguished name\n"},
    {"without the class", "dn: " DN "\nobjectClass: top\ncn: a\n" TARGET, 4,
     FILE_NAME ":2: " DN ": objectClass: top: has a target like a policy, and not the class dircertPolicy\n"},
    {"twice", HEAD TARGET "\n" HEAD TARGET, 4,
     FILE_NAME ":6: " DN ": dn: " DN ": the same entry stands in " FILE_NAME ", line 1\n"},
    {"a tie", HEAD TARGET "dircertPrecedence: 7\n\ndn: cn=b,ou=x\nobjectClass: dircertPolicy\ncn: b\n" TARGET
     "dircertPrecedence: 7\n", 0,
     FILE_NAME ":11: warning: cn=b,ou=x: dircertPrecedence: 7: the same as that of " DN " (" FILE_NAME
     "): an entry that both govern is left alone by both\n2 policies, no problems\n"},
    {"no tie where the bases are apart",
     HEAD TARGET "\ndn: cn=b,ou=x\nobjectClass: dircertPolicy\ncn: b\ndircertTarget: ldap:///ou=people,dc=example,dc=com??sub\n",
     0, "2 policies, no problems\n"},
    {"a change", "dn: " DN "\nchangetype: modify\nreplace: dircertMode\ndircertMode: off\n-\n", 2, ""},
    {"not LDIF", "hello\n", 2, ""},
    {"a URL", HEAD "dircertTarget:< file:///etc/passwd\n", 2, ""},
    {"nothing", "", 2, ""},
    {"another entry", "dn: ou=policies\nobjectClass: organizationalUnit\nou: policies\n", 2, ""},
};

static void checks(void **state)
{
    const struct row *row = *state;
    struct command_result r = check(row->input, NULL);
    assert_string_equal(r.output, row->output);
    assert_int_equal(r.status, row->code);
    if (row->code == 2)
        assert_true(strstr(r.errors, "dircertctl: ") == r.errors);
    command_free(&r);
}

static void json_is_json(void **state)
{
    (void)state;
    struct command_result r = check(HEAD TARGET "dircertMode:: G1szMW0i\n", "--json");
    assert_int_equal(r.status, 4);
    const char *const argv[] = {"python3", "-c", "import json,sys; d=json.load(sys.stdin); "
                                "print(len(d), d[0]['line'], d[0]['kind'], d[0]['attribute'], repr(d[0]['value']))", NULL};
    struct command_result parsed = command_run(argv, NULL, r.output, 20);
    if (parsed.status != 127)
        assert_string_equal(parsed.output, "1 5 problem dircertMode '\\x1b[31m\"'\n");
    command_free(&parsed);
    command_free(&r);
}

static void usage(void **state)
{
    (void)state;
    static const char *const wrong[][3] = {{"policy", NULL}, {"policy", "chekc", NULL}, {"policy", "check", NULL}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *argv[] = {BINARY_DIR "/bin/dircertctl", wrong[i][0], wrong[i][1], i == 2 ? NULL : wrong[i][2], NULL};
        struct command_result r = command_run(argv, NULL, NULL, 20);
        assert_int_equal(r.status, 1);
        assert_string_equal(r.output, "");
        command_free(&r);
    }
    const char *const missing[] = {BINARY_DIR "/bin/dircertctl", "policy", "check", "/nonexistent/x.ldif", NULL};
    struct command_result r = command_run(missing, NULL, NULL, 20);
    assert_int_equal(r.status, 2);
    assert_string_equal(r.errors, "dircertctl: /nonexistent/x.ldif: No such file or directory\n");
    command_free(&r);
}

/* The template. */

static struct command_result template(const char *name, const char *base)
{
    const char *const argv[] = {BINARY_DIR "/bin/dircertctl", "policy", "template", name, "-b", base, NULL};
    return command_run(argv, NULL, NULL, 20);
}

static void template_is_a_policy(void **state)
{
    (void)state;
    struct command_result r = template("mail.hosts", "ou=certificates,o=Sample");
    assert_int_equal(r.status, 0);
    assert_non_null(strstr(r.output, "\ndn: cn=mail.hosts,ou=policies,ou=certificates,o=Sample\n"));
    assert_non_null(strstr(r.output, "\ndircertTarget: ldap:///ou=servers,o=Sample??sub?(objectClass=dircertHost)\n"));
    assert_non_null(strstr(r.output, "\ndircertMode: audit\n"));
    struct command_result c = check(r.output, NULL);
    assert_string_equal(c.output, "1 policy, no problems\n");
    assert_int_equal(c.status, 0);
    command_free(&c);
    command_free(&r);
}

/* Also with every line taken in that the table has an example for. */
static void every_example_compiles(void **state)
{
    (void)state;
    struct command_result r = template("servers", "ou=dircertd,dc=example,dc=com");
    char *to = r.output;
    size_t lines = 0, count;
    for (const char *from = r.output; *from; from++) {
        bool begins = from == r.output || from[-1] == '\n';
        if (begins && strncmp(from, "#dircert", 8) == 0) {
            lines++;
            continue;
        }
        *to++ = *from;
    }
    *to = '\0';
    policy_attributes(&count);
    assert_int_equal(lines, count - 2); /* the target and the mode stand there anyway */
    struct command_result c = check(r.output, NULL);
    assert_string_equal(c.output, "1 policy, no problems\n");
    command_free(&c);
    command_free(&r);
}

/* Each attribute is named with its meaning and its default. */
static void template_tells_the_table(void **state)
{
    (void)state;
    struct arena a = {0};
    size_t count;
    const struct policy_attribute *row = policy_attributes(&count);
    struct slice text = template_text(&a, slice_of("x"), slice_of("ou=dircertd,dc=example,dc=com"));
    for (size_t i = 0; i < count; i++) {
        assert_non_null(strstr((const char *)text.p, (const char *)arena_format(&a, "\n# %s: ", row[i].name).p));
        assert_non_null(schema_attribute_find(slice_of(row[i].name)));
    }
    for (struct slice rest = text, line; slice_split(&rest, '\n', &line);)
        assert_true(line.n <= 100);
    arena_free(&a);
}

static void refuses_odd_names(void **state)
{
    (void)state;
    static const char *const names[] = {"a,b", "", "a b", "x\ny", ".x"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct command_result r = template(names[i], "ou=dircertd,dc=example,dc=com");
        assert_int_equal(r.status, 1);
        assert_string_equal(r.output, "");
        command_free(&r);
    }
    struct command_result r = template("x", "no base");
    assert_int_equal(r.status, 1);
    command_free(&r);
}

enum { ROWS = sizeof rows / sizeof *rows };

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(json_is_json),         cmocka_unit_test(usage),
        cmocka_unit_test(template_is_a_policy), cmocka_unit_test(every_example_compiles),
        cmocka_unit_test(template_tells_the_table), cmocka_unit_test(refuses_odd_names),
    };
    struct CMUnitTest tests[ROWS + sizeof others / sizeof *others];
    for (size_t i = 0; i < ROWS; i++)
        tests[i] = (struct CMUnitTest){.name = rows[i].name, .test_func = checks, .initial_state = (void *)(uintptr_t)&rows[i]};
    memcpy(tests + ROWS, others, sizeof others);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
