/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: each refusal with its place and text, defaults, the example files, files that are no files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/conf.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The least that is accepted, for rows that add one thing to it. */
#define LEAST "directory: {uri: 'ldapi:///', bind: {method: external}}\nbase: dc=x\n"
/* The least but for the directory section. */
#define BASE     "base: dc=x\n"
#define EXTERNAL "bind: {method: external}"

struct expected {
    unsigned line, column; /* column 0: not looked at */
    const char *key;
    const char *text; /* a part of it */
};

struct row {
    const char *name;
    const char *yaml;
    struct expected problems[8]; /* all of them, in this order; the first without text ends them */
};

static const struct row refusals[] = {
    /* keys */
    {"unknown key with a suggestion", LEAST "intervall_s: 5\n", {{3, 1, "intervall_s", "did you mean interval_s?"}}},
    {"unknown key in a section", LEAST "log: {levl: info}\n", {{3, 7, "log.levl", "did you mean log.level?"}}},
    {"unknown key that belongs in a section",
     LEAST "timeout_s: 5\n",
     {{3, 1, "timeout_s", "did you mean directory.timeout_s?"}}},
    {"unknown key like nothing", LEAST "colour: red\n", {{3, 1, "colour", "unknown key"}}},
    {"unknown key in another case", LEAST "Interval_s: 5\n", {{3, 1, "Interval_s", "did you mean interval_s?"}}},
    {"unknown key with dots",
     LEAST "log.level: info\n",
     {{3, 1, "log.level", "write its last part inside its section"}}},
    {"unknown key with NUL", LEAST "\"instance\\0x\": a\n", {{3, 1, "instance\\00x", "unknown key"}}},
    {"unknown key that would forge a line",
     LEAST "\"x\\nevent=start\\e[31m\": a\n",
     {{3, 1, "x\\0aevent=start\\1b[31m", "unknown key"}}},
    {"empty key", LEAST "'': a\n", {{3, 1, "", "unknown key"}}},
    {"merge key", LEAST "<<: {instance: a}\n", {{3, 1, "<<", "unknown key"}}},
    {"key that is a list", LEAST "? [a]\n: b\n", {{3, 3, "", "expected a key, found a list"}}},
    {"duplicate key",
     LEAST "instance: a\ninterval_s: 5\ninstance: a\n",
     {{5, 1, "instance", "given a second time; the first is on line 3"}}},
    {"duplicate key in a section",
     LEAST "log:\n  level: info\n  level: debug\n",
     {{5, 3, "log.level", "given a second time; the first is on line 4"}}},
    {"duplicate section",
     LEAST "log: {level: info}\nlog: {level: info}\n",
     {{4, 1, "log", "given a second time; the first is on line 3"}}},
    /* types */
    {"number with text",
     LEAST "interval_s: 5s\n",
     {{3, 13, "interval_s", "expected a whole number from 1 to 86400, found \"5s\""}}},
    {"number in quotes", LEAST "interval_s: '5'\n", {{3, 0, "interval_s", "without quotes, found the text \"5\""}}},
    {"number with a fraction", LEAST "interval_s: 5.0\n", {{3, 0, "interval_s", "found \"5.0\""}}},
    {"number with a sign", LEAST "interval_s: +5\n", {{3, 0, "interval_s", "found \"+5\""}}},
    {"number in octal", LEAST "interval_s: 0600\n", {{3, 0, "interval_s", "found \"0600\""}}},
    {"number that is nothing", LEAST "interval_s:\n", {{3, 0, "interval_s", "found nothing"}}},
    {"bool as yes",
     "directory: {uri: 'ldapi:///', " EXTERNAL ", allow_plaintext: yes}\n" BASE,
     {{1, 0, "directory.allow_plaintext", "expected true or false, found \"yes\""}}},
    {"bool in capitals",
     "directory: {uri: 'ldapi:///', " EXTERNAL ", allow_plaintext: True}\n" BASE,
     {{1, 0, "directory.allow_plaintext", "expected true or false, found \"True\""}}},
    {"bool in quotes",
     "directory: {uri: 'ldapi:///', " EXTERNAL ", allow_plaintext: 'true'}\n" BASE,
     {{1, 0, "directory.allow_plaintext", "expected true or false without quotes"}}},
    {"list for a scalar", LEAST "instance: [a]\n", {{3, 11, "instance", "found a list"}}},
    {"mapping for a scalar", LEAST "instance: {a: b}\n", {{3, 11, "instance", "found a mapping"}}},
    {"scalar for a section", LEAST "log: info\n", {{3, 6, "log", "expected a mapping of keys, found a single value"}}},
    {"list for a section", LEAST "log: [info]\n", {{3, 6, "log", "expected a mapping of keys, found a list"}}},
    {"section that is nothing", LEAST "log:\n", {{3, 0, "log", "expected a mapping of keys, found nothing"}}},
    {"mapping for a list",
     "directory: {uri: {a: b}, " EXTERNAL "}\n" BASE,
     {{1, 18, "directory.uri", "expected one URI or a list of 1 to 8, found a mapping"}}},
    {"list in a list",
     "directory: {uri: [[a]], " EXTERNAL "}\n" BASE,
     {{1, 19, "directory.uri", "expected a URI, found a list"}}},
    {"choice that is none",
     LEAST "log: {format: xml}\n",
     {{3, 15, "log.format", "expected logfmt or json, found \"xml\""}}},
    {"choice of many that is none",
     LEAST "log: {level: error}\n",
     {{3, 0, "log.level", "expected err, warning, notice, info or debug, found \"error\""}}},
    {"choice in capitals", LEAST "log: {format: JSON}\n", {{3, 0, "log.format", "found \"JSON\""}}},
    {"null", LEAST "instance: null\n", {{3, 0, "instance", "found nothing"}}},
    {"tilde", LEAST "instance: ~\n", {{3, 0, "instance", "found nothing"}}},
    {"empty text", LEAST "instance: ''\n", {{3, 0, "instance", "expected 1 to 64 letters"}}},
    {"value with a control character", LEAST "log: {to: \"/a\\nb\"}\n", {{3, 0, "log.to", "found \"/a\\0ab\""}}},
    {"value with NUL", LEAST "log: {to: \"/a\\0b\"}\n", {{3, 0, "log.to", "found \"/a\\00b\""}}},
    /* ranges */
    {"number too small", LEAST "interval_s: 0\n", {{3, 0, "interval_s", "from 1 to 86400, found \"0\""}}},
    {"full passes more often than passes",
     LEAST "interval_s: 60\nfull_interval_s: 59\n",
     {{4, 18, "full_interval_s", "expected at least interval_s (60), found \"59\""}}},
    {"full passes more often than by default",
     LEAST "full_interval_s: 299\n",
     {{3, 18, "full_interval_s", "expected at least interval_s (300), found \"299\""}}},
    {"no way to follow", LEAST "follow: always\n", {{3, 9, "follow", "found \"always\""}}},
    {"number too large", LEAST "interval_s: 86401\n", {{3, 0, "interval_s", "from 1 to 86400, found \"86401\""}}},
    {"number that would wrap", LEAST "interval_s: 18446744073709551617\n", {{3, 0, "interval_s", "from 1 to 86400"}}},
    {"timeout too large",
     "directory: {uri: 'ldapi:///', " EXTERNAL ", timeout_s: 3601}\n" BASE,
     {{1, 0, "directory.timeout_s", "from 1 to 3600"}}},
    {"too many writes in a transaction",
     "directory: {uri: 'ldapi:///', " EXTERNAL ", writes_per_transaction: 101}\n" BASE,
     {{1, 0, "directory.writes_per_transaction", "from 0 to 100"}}},
    {"instance too long",
     LEAST "instance: a123456789b123456789c123456789d123456789e123456789f123456789-1234\n",
     {{3, 0, "instance", "expected 1 to 64 letters, digits, '.', '_' or '-'"}}},
    {"instance with a comma", LEAST "instance: a,b\n", {{3, 0, "instance", "expected 1 to 64"}}},
    {"no URI", "directory: {uri: [], " EXTERNAL "}\n" BASE, {{1, 0, "directory.uri", "found a list of 0"}}},
    {"nine URIs",
     "directory: {uri: ['ldapi:///', 'ldapi:///', 'ldapi:///', 'ldapi:///', 'ldapi:///', 'ldapi:///', 'ldapi:///', "
     "'ldapi:///', 'ldapi:///'], " EXTERNAL "}\n" BASE,
     {{1, 0, "directory.uri", "a list of 1 to 8, found a list of 9"}}},
    /* URIs, DNs, paths */
    {"URI of another scheme",
     "directory: {uri: 'https://a/', " EXTERNAL "}\n" BASE,
     {{1, 18, "directory.uri", "begins with ldapi://, ldap:// or ldaps://, found \"https://a/\""}}},
    {"URI without a scheme",
     "directory: {uri: ldap.example.com, " EXTERNAL "}\n" BASE,
     {{1, 18, "directory.uri", "begins with"}}},
    {"URI that is wrong in a list",
     "directory:\n  uri:\n  - ldaps://a\n  - ldaps://b:0\n  " EXTERNAL "\n" BASE,
     {{4, 5, "directory.uri", "expected a port from 1 to 65535"}}},
    {"URI without host",
     "directory: {uri: 'ldap:///', " EXTERNAL "}\n" BASE,
     {{1, 0, "directory.uri", "expected a host name"}}},
    {"URI with a base",
     "directory: {uri: 'ldap://a/dc=x', " EXTERNAL "}\n" BASE,
     {{1, 0, "directory.uri", "expected a host name"}}},
    {"URI with a user",
     "directory: {uri: 'ldap://u@a', " EXTERNAL "}\n" BASE,
     {{1, 0, "directory.uri", "expected a host name"}}},
    {"URI with a port too large",
     "directory: {uri: 'ldap://a:65536', " EXTERNAL "}\n" BASE,
     {{1, 0, "directory.uri", "expected a port"}}},
    {"URI with half an address",
     "directory: {uri: 'ldap://[::1', " EXTERNAL "}\n" BASE,
     {{1, 0, "directory.uri", "expected a host name"}}},
    {"URI of a socket that is not escaped",
     "directory: {uri: 'ldapi:///run/slapd/ldapi', " EXTERNAL "}\n" BASE,
     {{1, 0, "directory.uri", "with each '/' as %2F"}}},
    {"URI of a socket with half an escape",
     "directory: {uri: 'ldapi://%2', " EXTERNAL "}\n" BASE,
     {{1, 0, "directory.uri", "with each '/' as %2F"}}},
    {"URI with NUL",
     "directory: {uri: \"ldap://a\\0b\", " EXTERNAL "}\n" BASE,
     {{1, 0, "directory.uri", "found \"ldap://a\\00b\""}}},
    {"base that is no DN",
     "directory: {uri: 'ldapi:///', " EXTERNAL "}\nbase: example.com\n",
     {{2, 7, "base", "expected a distinguished name"}}},
    {"base that is the empty DN",
     "directory: {uri: 'ldapi:///', " EXTERNAL "}\nbase: ''\n",
     {{2, 7, "base", "expected a distinguished name"}}},
    {"relative path",
     LEAST "log: {to: log.txt}\n",
     {{3, 0, "log.to", "expected stderr, syslog or an absolute path to a file, found \"log.txt\""}}},
    {"path of a folder", LEAST "log: {to: /var/log/}\n", {{3, 0, "log.to", "absolute path to a file"}}},
    /* required */
    {"base missing", "directory: {uri: 'ldapi:///', " EXTERNAL "}\n", {{1, 1, "base", "missing: expected a dist"}}},
    {"directory missing", BASE, {{1, 1, "directory", "missing: expected a mapping"}}},
    {"uri and bind missing",
     "log: {level: info}\ndirectory:\n  timeout_s: 5\n" BASE,
     {{3, 3, "directory.uri", "missing: expected one URI"}, {3, 3, "directory.bind", "missing: expected a mapping"}}},
    {"method missing",
     "directory: {uri: 'ldapi:///', bind: {}}\n" BASE,
     {{1, 37, "directory.bind.method", "missing: expected simple or external"}}},
    /* keys that belong together */
    {"simple bind without DN and password",
     "directory:\n  uri: ldapi:///\n  bind:\n    method: simple\n" BASE,
     {{4, 0, "directory.bind.dn", "a simple bind needs a distinguished name"},
      {4, 0, "directory.bind.password_file", "a simple bind needs an absolute path"}}},
    {"external bind with DN and password",
     "directory:\n  uri: ldapi:///\n  bind:\n    method: external\n    dn: cn=x\n    password_file: /p\n" BASE,
     {{5, 9, "directory.bind.dn", "an external bind has no DN"},
      {6, 20, "directory.bind.password_file", "an external bind has no DN"}}},
    {"simple bind with a DN that is none",
     "directory: {uri: 'ldapi:///', bind: {method: simple, dn: x, password_file: /p}}\n" BASE,
     {{1, 0, "directory.bind.dn", "expected a distinguished name such as"}}},
    {"password in clear",
     "directory: {uri: ['ldaps://a', 'LDAP://a'], "
     "bind: {method: simple, dn: cn=x, password_file: /p}}\n" BASE,
     {{1, 18, "directory.uri", "the password would cross \"LDAP://a\" readable"}}},
    {"certificate without key",
     "directory: {uri: 'ldapi:///', " EXTERNAL ", tls: {cert_file: /c}}\n" BASE,
     {{1, 0, "directory.tls.cert_file", "needs directory.tls.key_file too"}}},
    {"key without certificate",
     "directory: {uri: 'ldapi:///', " EXTERNAL ", tls: {key_file: /c}}\n" BASE,
     {{1, 0, "directory.tls.key_file", "needs directory.tls.cert_file too"}}},
    /* YAML */
    {"anchor", LEAST "instance: &a b\n", {{3, 11, "", "anchors are not used here, found \"&a\""}}},
    {"anchor on a section", LEAST "log: &a {level: info}\n", {{3, 0, "", "anchors are not used here"}}},
    {"alias",
     LEAST "instance: &a b\nlog: {to: *a}\n",
     {{3, 11, "", "anchors"}, {4, 11, "", "aliases are not used here, found \"*a\""}}},
    {"alias as a key", LEAST "instance: &a b\n*a : c\n", {{3, 0, "", "anchors"}, {4, 0, "", "aliases"}}},
    {"tag", LEAST "interval_s: !!int 5\n", {{3, 13, "", "tags are not used here, found \"tag:yaml.org,2002:int\""}}},
    {"tag on a section", LEAST "log: !x {level: info}\n", {{3, 0, "", "tags are not used here, found \"!x\""}}},
    {"two documents", LEAST "---\n" LEAST, {{3, 1, "", "expected one document, found a second"}}},
    {"depth over 16",
     LEAST "log: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n",
     {{3, 6, "log", "expected a mapping"}, {3, 21, "", "nested deeper than 16"}}},
    {"broken YAML, and what came before it",
     LEAST "instance: a b,\ncolour: red\nlog: {level: [}\n",
     {{3, 0, "instance", "expected 1 to 64"},
      {4, 1, "colour", "unknown key"},
      {5, 14, "log.level", "found a list"},
      {5, 15, "", "not YAML: "}}},
    {"tabulator as indentation", LEAST "log:\n\tlevel: info\n", {{4, 1, "", "not YAML: "}}},
    {"empty file", "", {{1, 1, "", "expected a mapping that has at least directory and base, found nothing"}}},
    {"comments alone", "# nothing\n", {{1, 1, "", "found nothing"}}},
    {"an empty document", "---\n", {{2, 1, "", "found nothing"}}},
    {"a scalar", "hello\n", {{1, 1, "", "found a single value"}}},
    {"a list", "- a\n", {{1, 1, "", "found a list"}}},
    {"Latin-1", LEAST "instance: M\xfcller\n", {{3, 12, "", "expected printable UTF-8 text, found the octet 0xfc"}}},
    {"overlong UTF-8", LEAST "# \xc0\xaf\n", {{3, 3, "", "found the octet 0xc0"}}},
    {"UTF-16",
     "\xff\xfe"
     "b",
     {{1, 1, "", "found the octet 0xff"}}},
    {"control character", LEAST "# \x1b[2J\n", {{3, 3, "", "found the octet 0x1b"}}},
    {"column in characters", LEAST "instance: \xc3\xbc\xc3\xbc\x01\n", {{3, 13, "", "found the octet 0x01"}}},
    /* all of it at once, by place */
    {"several at once",
     "base: x\ncolour: red\ndirectory: {uri: 'http://a', timeout_s: x}\nlog: {to: 5}\nbase: dc=x\n",
     {{1, 7, "base", "distinguished"},
      {2, 1, "colour", "unknown"},
      {3, 12, "directory.bind", "missing"},
      {3, 18, "directory.uri", "begins with"},
      {3, 41, "directory.timeout_s", "whole number"},
      {4, 11, "log.to", "absolute path"},
      {5, 1, "base", "given a second time"}}},
};

static enum rc parse(struct arena *a, const char *yaml, struct conf *conf, struct conf_problems *problems)
{
    return conf_parse(slice_of(yaml), a, conf, problems);
}

static void print_problems(const struct conf_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        print_message("  found %u:%u: [%s] %s\n", problems->items[i].at.line, problems->items[i].at.column,
                      problems->items[i].key, problems->items[i].text);
}

static bool is_expected(const struct conf_problem *p, const struct expected *e)
{
    return p->at.line == e->line && (e->column == 0 || p->at.column == e->column) && strcmp(p->key, e->key) == 0 &&
           strstr(p->text, e->text);
}

static void refuses(void **state)
{
    const struct row *row = *state;
    struct arena a = {NULL};
    struct conf conf;
    struct conf_problems problems;
    size_t n = 0;
    assert_int_equal(parse(&a, row->yaml, &conf, &problems), RC_INVALID);
    print_problems(&problems);
    for (; n < COUNT(row->problems) && row->problems[n].text; n++)
        assert_true(n < problems.count && is_expected(&problems.items[n], &row->problems[n]));
    assert_int_equal(problems.count, n);
    arena_free(&a);
}

static const char *const accepted[] = {
    "ldapi:///",  "ldapi://",      "ldapi://%2Frun%2Fslapd%2Fldapi/", "LDAPI:///",          "ldap://a",
    "ldap://a/",  "ldap://a:389/", "ldaps://ldap-2.example.com:636",  "ldap://[::1]:3389/", "ldap://127.0.0.1:1",
    "ldap://a_b",
};

static void takes_uris(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(accepted); i++) {
        struct arena a = {NULL};
        struct conf conf;
        struct conf_problems problems;
        struct slice yaml = arena_format(&a, "directory: {uri: '%s', " EXTERNAL "}\n" BASE, accepted[i]);
        assert_int_equal(conf_parse(yaml, &a, &conf, &problems), RC_OK);
        assert_string_equal(conf.uris[0], accepted[i]);
        assert_null(conf.uris[1]);
        arena_free(&a);
    }
}

static void fills_defaults(void **state)
{
    (void)state;
    struct arena a = {NULL};
    struct conf c;
    struct conf_problems problems;
    assert_int_equal(parse(&a, LEAST, &c, &problems), RC_OK);
    assert_int_equal(problems.count, 0);
    assert_int_equal(c.tls.start_tls, CONF_START_TLS_OFF);
    assert_null(c.tls.ca_file);
    assert_int_equal(c.bind.method, CONF_BIND_EXTERNAL);
    assert_null(c.bind.dn);
    assert_false(c.allow_plaintext);
    assert_int_equal(c.timeout_s, 10);
    assert_int_equal(c.writes_per_transaction, 0);
    assert_string_equal(c.base, "dc=x");
    assert_string_equal(c.instance, "default");
    assert_int_equal(c.interval_s, 300);
    assert_int_equal(c.full_interval_s, 300);
    assert_int_equal(c.follow, CONF_FOLLOW_AUTO);
    assert_int_equal(c.log.format, CONF_LOG_LOGFMT);
    assert_int_equal(c.log.level, 6);
    assert_int_equal(c.log.target, CONF_LOG_STDERR);
    arena_free(&a);
}

/* The contract's example, with paths where it has an ellipsis. */
static void reads_the_example(void **state)
{
    (void)state;
    static const char example[] =
        "directory:\n"
        "  uri: [ldapi:///, ldaps://ldap2.example.com]   # tried in order\n"
        "  tls: {start_tls: required, ca_file: /etc/ssl/certs/ca.pem, cert_file: /etc/c.pem, key_file: /etc/k.pem}\n"
        "  bind: {method: simple, dn: \"cn=dircertd,ou=daemons,dc=example,dc=com\", password_file: "
        "/etc/dircertd/password}   # or external\n"
        "  allow_plaintext: false\n"
        "  timeout_s: 10                                 # connect\n"
        "base: ou=dircertd,dc=example,dc=com\n"
        "instance: default\n"
        "interval_s: 300\n"
        "log: {format: logfmt, level: info, to: stderr}  # stderr, syslog, or a file's path\n";
    struct arena a = {NULL};
    struct conf c;
    struct conf_problems problems;
    enum rc rc = parse(&a, example, &c, &problems);
    print_problems(&problems);
    assert_int_equal(rc, RC_OK);
    assert_string_equal(c.uris[0], "ldapi:///");
    assert_string_equal(c.uris[1], "ldaps://ldap2.example.com");
    assert_null(c.uris[2]);
    assert_int_equal(c.tls.start_tls, CONF_START_TLS_REQUIRED);
    assert_string_equal(c.tls.ca_file, "/etc/ssl/certs/ca.pem");
    assert_string_equal(c.tls.cert_file, "/etc/c.pem");
    assert_string_equal(c.tls.key_file, "/etc/k.pem");
    assert_int_equal(c.bind.method, CONF_BIND_SIMPLE);
    assert_string_equal(c.bind.dn, "cn=dircertd,ou=daemons,dc=example,dc=com");
    assert_string_equal(c.bind.password_file, "/etc/dircertd/password");
    assert_string_equal(c.base, "ou=dircertd,dc=example,dc=com");
    arena_free(&a);
}

static void reads_what_is_not_default(void **state)
{
    (void)state;
    struct arena a = {NULL};
    struct conf c;
    struct conf_problems problems;
    assert_int_equal(
        parse(&a,
              "\xef\xbb\xbf%YAML 1.1\n---\n"
              "directory:\n  uri:\n  - ldap://a\n  bind:\n    method: simple\n    dn: cn=J\\, \xc3\xbc,dc=x\n"
              "    password_file: /p\n  allow_plaintext: true\n  timeout_s: 3600\n"
              "  writes_per_transaction: 100\n"
              "base: ou=x\ninstance: A.b_c-1\ninterval_s: 86400\nfull_interval_s: 604800\nfollow: off\n"
              "log:\n  format: json\n  level: err\n  to: /var/log/d.log\n...\n",
              &c, &problems),
        RC_OK);
    assert_string_equal(c.bind.dn, "cn=J\\, \xc3\xbc,dc=x");
    assert_true(c.allow_plaintext);
    assert_int_equal(c.timeout_s, 3600);
    assert_int_equal(c.writes_per_transaction, 100);
    assert_string_equal(c.instance, "A.b_c-1");
    assert_int_equal(c.interval_s, 86400);
    assert_int_equal(c.full_interval_s, 604800);
    assert_int_equal(c.follow, CONF_FOLLOW_OFF);
    assert_int_equal(c.log.format, CONF_LOG_JSON);
    assert_int_equal(c.log.level, 3);
    assert_int_equal(c.log.target, CONF_LOG_FILE);
    assert_string_equal(c.log.to, "/var/log/d.log");
    assert_int_equal(parse(&a, LEAST "log: {to: syslog, level: debug}\n", &c, &problems), RC_OK);
    assert_int_equal(c.log.target, CONF_LOG_SYSLOG);
    assert_int_equal(c.log.level, 7);
    arena_free(&a);
}

static void reads_the_sample_file(void **state)
{
    (void)state;
    static const char path[] = SOURCE_DIR "/conf/dircertd.yaml";
    if (access(path, F_OK) != 0) {
        print_message("skipped: there is no conf/dircertd.yaml in this tree\n");
        skip();
    }
    struct arena a = {NULL};
    struct conf c;
    struct conf_problems problems;
    enum rc rc = conf_read(path, &a, &c, &problems);
    print_problems(&problems);
    assert_int_equal(rc, RC_OK);
    arena_free(&a);
}

static void table_is_sound(void **state)
{
    (void)state;
    size_t count;
    const struct conf_key *keys = conf_keys(&count);
    for (size_t i = 0; i < count; i++) {
        const struct conf_key *k = &keys[i];
        size_t n = strlen(k->meaning);
        const char *last = strrchr(k->path, '.');
        print_message("%s\n", k->path);
        assert_true(n > 10 && k->meaning[n - 1] == '.');
        assert_true(strlen(last ? last + 1 : k->path) <= 24);
        assert_true(k->type != CONF_NUMBER || k->least < k->most);
        assert_int_equal(k->type == CONF_CHOICE || k->type == CONF_TARGET, k->choices != NULL);
        assert_false(k->required && k->by_default);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(k->path, keys[j].path);
        for (size_t j = i + 1; j < count; j++) /* a section comes before what it holds */
            assert_false(strlen(keys[j].path) < strlen(k->path) &&
                         strncmp(k->path, keys[j].path, strlen(keys[j].path)) == 0 &&
                         k->path[strlen(keys[j].path)] == '.');
    }
}

/* The key alone in its sections: "a: {b: value}". */
static struct slice nested(struct arena *a, const char *path, const char *value)
{
    struct slice rest = slice_of(path), part, yaml = {NULL, 0};
    size_t depth = 0;
    while (slice_split(&rest, '.', &part)) {
        yaml = arena_format(a, "%.*s%s%.*s: ", SLICE_ARGS(yaml), depth ? "{" : "", SLICE_ARGS(part));
        depth++;
    }
    yaml = arena_format(a, "%.*s%s", SLICE_ARGS(yaml), value);
    while (--depth)
        yaml = arena_format(a, "%.*s}", SLICE_ARGS(yaml));
    return yaml;
}

static bool has_problem(const struct conf_problems *problems, const char *key, const char *text)
{
    for (size_t i = 0; i < problems->count; i++)
        if (strcmp(problems->items[i].key, key) == 0 && strstr(problems->items[i].text, text))
            return true;
    return false;
}

/* What no key of any type takes, so that a new row is covered from its first day. */
static void every_key_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *value, *text;
    } bad[] = {{"{x: {y: z}}", ""}, {"[[x]]", "expected"}, {"", "found nothing"}, {"\"a\\tb\"", "expected"}};
    size_t count;
    const struct conf_key *keys = conf_keys(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < COUNT(bad); j++) {
            struct arena a = {NULL};
            struct conf c;
            struct conf_problems problems;
            struct slice yaml = nested(&a, keys[i].path, bad[j].value);
            bool section = keys[i].type == CONF_SECTION;
            print_message("%.*s\n", SLICE_ARGS(yaml));
            assert_int_equal(conf_parse(yaml, &a, &c, &problems), RC_INVALID);
            if (section && j == 0)
                assert_true(has_problem(&problems, (const char *)arena_format(&a, "%s.x", keys[i].path).p, "unknown"));
            else
                assert_true(has_problem(&problems, keys[i].path, bad[j].text));
            arena_free(&a);
        }
}

static void ends_after_many_problems(void **state)
{
    (void)state;
    struct arena a = {NULL};
    struct conf c;
    struct conf_problems problems;
    char yaml[60 * 1024];
    size_t n = 0;
    while (n + 8 < sizeof yaml)
        n += (size_t)snprintf(yaml + n, sizeof yaml - n, "zz: 1\n");
    assert_int_equal(parse(&a, yaml, &c, &problems), RC_INVALID);
    assert_int_equal(problems.count, CONF_PROBLEMS_MAX + 1);
    assert_non_null(strstr(problems.items[CONF_PROBLEMS_MAX].text, "more problems follow"));
    arena_free(&a);
}

/* libyaml alone takes seconds for the first of these. */
static void is_quick_with_hostile_text(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "[",  "{",  "- ",  "? ",           "a: ",        "[a,",    "[]",    "{}",      "&a ",     "*a ",      "!a ",
        "\"", "'",  "|\n", "---\n",        "%TAG ! a\n", "a: [\n", "? [\n", "{a: ",    "- - -\n", ",",        "]",
        "#",  "\n", " ",   "\xef\xbb\xbf", "a\n",        "[[],",   "{? ",   "[a: b, ", "x: {",    "\xc2\x85", "<<: "};
    static char yaml[64 * 1024];
    for (size_t i = 0; i < COUNT(patterns); i++) {
        struct arena a = {NULL};
        struct conf c;
        struct conf_problems problems;
        size_t n = 0, m = strlen(patterns[i]);
        for (; n + m <= sizeof yaml; n += m)
            memcpy(yaml + n, patterns[i], m);
        clock_t before = clock();
        assert_int_equal(conf_parse(slice_make(yaml, n), &a, &c, &problems), RC_INVALID);
        double took_s = (double)(clock() - before) / CLOCKS_PER_SEC;
        if (took_s > 0.2)
            print_message("%zu times \"%s\": %.2f s\n", n / m, patterns[i], took_s);
        assert_true(took_s < 3);
        arena_free(&a);
    }
}

/* Octets dropped, doubled or changed anywhere in a good file: an answer, and never a crash. */
static void survives_damage(void **state)
{
    (void)state;
    static const char good[] = LEAST "log: {level: info, to: \"/a\\x20b\"}\ninstance: a\n# end\n";
    static const char octets[] = "\0\n\t:{}[]\"'\\&*!|>%@`#-?, \xff";
    for (size_t at = 0; at < sizeof good - 1; at++)
        for (size_t i = 0; i < sizeof octets - 1; i++) {
            struct arena a = {NULL};
            struct conf c;
            struct conf_problems problems;
            char yaml[sizeof good];
            memcpy(yaml, good, sizeof good);
            yaml[at] = octets[i];
            enum rc rc = conf_parse(slice_make(yaml, sizeof good - 1), &a, &c, &problems);
            assert_true(rc == RC_OK ? problems.count == 0 : rc == RC_INVALID && problems.count > 0);
            rc = conf_parse(slice_make(good, at), &a, &c, &problems);
            assert_true(rc == RC_OK ? problems.count == 0 : rc == RC_INVALID && problems.count > 0);
            arena_free(&a);
        }
}

struct folder {
    char path[64];
    char file[96];
};

static int make_folder(void **state)
{
    static struct folder f;
    snprintf(f.path, sizeof f.path, "/tmp/conf.XXXXXX");
    if (!mkdtemp(f.path))
        return -1;
    snprintf(f.file, sizeof f.file, "%s/x", f.path);
    *state = &f;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *f = *state;
    if (remove(f->file) != 0 && access(f->file, F_OK) == 0)
        return -1;
    return rmdir(f->path);
}

static void write_file(const char *path, const char *text, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void expect_file_problem(const char *path, const char *text)
{
    struct arena a = {NULL};
    struct conf c;
    struct conf_problems problems;
    assert_int_equal(conf_read(path, &a, &c, &problems), RC_INVALID);
    print_problems(&problems);
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.items[0].at.line, 0);
    assert_non_null(strstr(problems.items[0].text, text));
    arena_free(&a);
}

static void reads_a_file(void **state)
{
    const struct folder *f = *state;
    struct arena a = {NULL};
    struct conf c;
    struct conf_problems problems;
    write_file(f->file, LEAST, strlen(LEAST));
    assert_int_equal(conf_read(f->file, &a, &c, &problems), RC_OK);
    assert_string_equal(c.base, "dc=x");
    arena_free(&a);
}

static void refuses_no_file(void **state)
{
    expect_file_problem(((const struct folder *)*state)->file, "can't be read: No such file");
}

static void refuses_a_directory(void **state)
{
    expect_file_problem(((const struct folder *)*state)->path, "expected a file, found a directory");
}

static void refuses_a_fifo(void **state)
{
    const struct folder *f = *state;
    assert_int_equal(mkfifo(f->file, 0600), 0);
    alarm(10); /* waiting for a writer would last for ever */
    expect_file_problem(f->file, "expected a file, found a FIFO");
    alarm(0);
}

static void refuses_a_device(void **state)
{
    (void)state;
    expect_file_problem("/dev/zero", "expected a file, found a device");
}

static void refuses_a_socket(void **state)
{
    const struct folder *f = *state;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, f->file, strlen(f->file) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    close(fd);
    expect_file_problem(f->file, "can't be read");
}

static void refuses_a_large_file(void **state)
{
    const struct folder *f = *state;
    static char text[64 * 1024 + 1];
    memset(text, '[', sizeof text);
    write_file(f->file, text, sizeof text);
    expect_file_problem(f->file, "expected at most 65536 octets");
    /* and one octet less is read, here to the nesting */
    struct arena a = {NULL};
    struct conf c;
    struct conf_problems problems;
    write_file(f->file, text, sizeof text - 1);
    assert_int_equal(conf_read(f->file, &a, &c, &problems), RC_INVALID);
    assert_true(has_problem(&problems, "", "nested deeper than 16"));
    arena_free(&a);
}

static void refuses_an_unreadable_file(void **state)
{
    const struct folder *f = *state;
    bool is_root = geteuid() == 0;
    write_file(f->file, LEAST, strlen(LEAST));
    assert_int_equal(chmod(f->path, 0755), 0);
    assert_int_equal(chmod(f->file, 0), 0);
    if (is_root)
        assert_int_equal(seteuid(65534), 0);
    expect_file_problem(f->file, "can't be read: Permission denied");
    if (is_root)
        assert_int_equal(seteuid(0), 0);
}

/* A limit below ten let 2^64 + 3 through as 3. */
static void numbers_do_not_wrap(void **state)
{
    (void)state;
    uint64_t value;
    assert_false(slice_to_uint(SLICE_LITERAL("18446744073709551619"), 3, &value));
    assert_false(slice_to_uint(SLICE_LITERAL("18446744073709551616"), UINT64_MAX, &value));
    assert_true(slice_to_uint(SLICE_LITERAL("18446744073709551615"), UINT64_MAX, &value) && value == UINT64_MAX);
    assert_true(slice_to_uint(SLICE_LITERAL("3"), 3, &value) && value == 3);
    assert_false(slice_to_uint(SLICE_LITERAL("4"), 3, &value));
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(takes_uris),
        cmocka_unit_test(fills_defaults),
        cmocka_unit_test(reads_the_example),
        cmocka_unit_test(reads_what_is_not_default),
        cmocka_unit_test(reads_the_sample_file),
        cmocka_unit_test(table_is_sound),
        cmocka_unit_test(every_key_refuses),
        cmocka_unit_test(ends_after_many_problems),
        cmocka_unit_test(is_quick_with_hostile_text),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(numbers_do_not_wrap),
        cmocka_unit_test_setup_teardown(reads_a_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refuses_no_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refuses_a_directory, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refuses_a_fifo, make_folder, remove_folder),
        cmocka_unit_test(refuses_a_device),
        cmocka_unit_test_setup_teardown(refuses_a_socket, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refuses_a_large_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refuses_an_unreadable_file, make_folder, remove_folder),
    };
    struct row rows[COUNT(refusals)];
    struct CMUnitTest tests[COUNT(refusals) + COUNT(others)];
    memcpy(rows, refusals, sizeof rows);
    for (size_t i = 0; i < COUNT(refusals); i++)
        tests[i] = (struct CMUnitTest){refusals[i].name, refuses, NULL, NULL, &rows[i]};
    memcpy(tests + COUNT(refusals), others, sizeof others);
    return _cmocka_run_group_tests("conf", tests, COUNT(tests), NULL, NULL);
}
