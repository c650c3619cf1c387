/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files in schema/ in a real slapd: each form loads, beside msuser too, and what the server then tells over LDAP is
 * the program's table; its matching rules do what their names say.
 */
#include "core/schema.h"
#include "support/command.h"
#include "support/slapd.h"

#include <ldap.h>
#include <ldap_schema.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#define FOLDER   SOURCE_DIR "/schema/"
#define REQUESTS "ou=requests,ou=dircertd,dc=example,dc=com"

enum { TEXT_ROOM = 128 * 1024, TOOL_S = 30 };

static const struct slapd_identity config = {.dn = "cn=config", .password = SLAPD_PASSWORD};

static int start(void **state, const struct slapd_options *options)
{
    *state = slapd_start(options);
    return *state ? 0 : -1;
}

static int stop(void **state)
{
    slapd_stop(*state);
    return 0;
}

static char *file_text(const char *path)
{
    char *text = calloc(1, TEXT_ROOM);
    FILE *f = fopen(path, "r");
    if (!f || !text) {
        perror(path);
        abort();
    }
    text[fread(text, 1, TEXT_ROOM - 1, f)] = '\0';
    fclose(f);
    return text;
}

/* What ldapadd does with the file. */
static int load(const struct slapd *s, const struct slapd_identity *who, const char *path)
{
    char *record = file_text(path), *text = calloc(1, TEXT_ROOM);
    const char *dn = strstr(record, "\ndn: ");
    if (!dn || !text)
        abort();
    const char *rest = strchr(dn + 1, '\n');
    snprintf(text, TEXT_ROOM, "%.*s\nchangetype: add%s", (int)(rest - dn), dn, rest);
    int rc = slapd_try_ldif(s, who, text);
    free(record);
    free(text);
    return rc;
}

/* --- the forms --- */

static int start_slapd_conf(void **state)
{
    return start(state, &(struct slapd_options){.schema = SLAPD_SCHEMA_PROJECT});
}

static int start_slapd_conf_msuser(void **state)
{
    return start(state, &(struct slapd_options){.schema = SLAPD_SCHEMA_MSUSER});
}

static int start_cn_config(void **state)
{
    return start(state, &(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN}) ||
           load(*state, &config, FOLDER "dnshostname.ldif") || load(*state, &config, FOLDER "dircertd.ldif");
}

static int start_cn_config_msuser(void **state)
{
    return start(state, &(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN}) ||
           load(*state, &config, "/etc/ldap/schema/nis.ldif") ||
           load(*state, &config, "/etc/ldap/schema/msuser.ldif") || load(*state, &config, FOLDER "dircertd.ldif");
}

/* --- the subschema, read back --- */

/* The text after "<attribute>: " of each line that ldapsearch printed, one a call; NULL at the end. */
static char *next_value(char **rest, const char *attribute)
{
    size_t n = strlen(attribute);
    for (char *line; (line = strsep(rest, "\n"));)
        if (strncmp(line, attribute, n) == 0 && line[n] == ':' && line[n + 1] == ' ')
            return line + n + 2;
    return NULL;
}

static void assert_same(const char *who, const char *what, const char *server, const char *table)
{
    if (!server != !table || (server && strcmp(server, table) != 0))
        fail_msg("%s: %s is %s in the server and %s in the table", who, what, server ? server : "nothing",
                 table ? table : "nothing");
}

/* msuser brings its own dNSHostName, which has no rules. */
static void assert_attribute(const LDAPAttributeType *t, const struct schema_attribute *a, bool with_rules)
{
    const struct schema_rules *r = schema_rules_of(a->syntax);
    char oid[128];
    snprintf(oid, sizeof oid, "%s.1.%u", SCHEMA_OID, a->number);
    assert_same(a->name, "the OID", t->at_oid, a->number ? oid : SCHEMA_OID_DNSHOST);
    assert_same(a->name, "the syntax", t->at_syntax_oid, r->oid);
    assert_int_equal(t->at_single_value != 0, !a->multi);
    assert_same(a->name, "the equality rule", t->at_equality_oid, with_rules ? r->equality : NULL);
    assert_same(a->name, "the ordering rule", t->at_ordering_oid, with_rules ? r->ordering : NULL);
    assert_same(a->name, "the substrings rule", t->at_substr_oid, with_rules ? r->substrings : NULL);
}

static const char *const dircert = "dircert";

/* Both ways: what the server calls dircert… or dNSHostName has its row, and every row was met. */
static void compare_attributes(struct slapd *s, bool own_hostname)
{
    char *text = slapd_search(s, NULL, "cn=Subschema", "base", "(objectClass=*)", "attributeTypes", NULL), *rest = text;
    size_t met = 0, rows = 0;
    while (schema_attribute_at(rows))
        rows++;
    for (char *value; (value = next_value(&rest, "attributeTypes"));) {
        int code;
        const char *where;
        LDAPAttributeType *t = ldap_str2attributetype(value, &code, &where, LDAP_SCHEMA_ALLOW_ALL);
        assert_non_null(t);
        const struct schema_attribute *a = schema_attribute_find(slice_of(t->at_names[0]));
        if (!a && strncasecmp(t->at_names[0], dircert, strlen(dircert)) == 0)
            fail_msg("%s has no row", t->at_names[0]);
        if (a)
            assert_attribute(t, a, a->number || own_hostname);
        met += a != NULL;
        ldap_attributetype_free(t);
    }
    free(text);
    assert_int_equal(met, rows);
}

static const struct schema_object_class *class_row(const char *name)
{
    const struct schema_object_class *c = NULL;
    for (size_t i = 0; (c = schema_class_at(i)) && strcmp(c->name, name) != 0; i++)
        ;
    return c;
}

static bool is_listed(char *const *list, const char *name)
{
    for (; list && *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

static void assert_class(const LDAPObjectClass *o, const struct schema_object_class *c)
{
    const struct schema_attribute *a;
    char oid[128];
    snprintf(oid, sizeof oid, "%s.2.%u", SCHEMA_OID, c->number);
    assert_same(c->name, "the OID", o->oc_oid, oid);
    assert_int_equal(o->oc_kind, c->auxiliary ? LDAP_SCHEMA_AUXILIARY : LDAP_SCHEMA_STRUCTURAL);
    for (size_t i = 0; (a = schema_attribute_at(i)); i++) {
        bool must = a->required & c->bit, may = !must && a->classes & c->bit;
        if (is_listed(o->oc_at_oids_must, a->name) != must || is_listed(o->oc_at_oids_may, a->name) != may)
            fail_msg("%s in %s: the server and the table disagree", a->name, c->name);
    }
}

static void compare_classes(struct slapd *s)
{
    char *text = slapd_search(s, NULL, "cn=Subschema", "base", "(objectClass=*)", "objectClasses", NULL), *rest = text;
    size_t met = 0, rows = 0;
    while (schema_class_at(rows))
        rows++;
    for (char *value; (value = next_value(&rest, "objectClasses"));) {
        int code;
        const char *where;
        LDAPObjectClass *o = ldap_str2objectclass(value, &code, &where, LDAP_SCHEMA_ALLOW_ALL);
        assert_non_null(o);
        const struct schema_object_class *c = class_row(o->oc_names[0]);
        if (!c && strncasecmp(o->oc_names[0], dircert, strlen(dircert)) == 0)
            fail_msg("%s has no row", o->oc_names[0]);
        if (c)
            assert_class(o, c);
        met += c != NULL;
        ldap_objectclass_free(o);
    }
    free(text);
    assert_int_equal(met, rows);
}

static void the_server_tells_the_table(void **state)
{
    compare_attributes(*state, true);
    compare_classes(*state);
}

static void the_server_tells_the_table_beside_msuser(void **state)
{
    compare_attributes(*state, false);
    compare_classes(*state);
}

/* --- rules --- */

static void make_requests(struct slapd *s)
{
    static const char *const recipes[] = {"tree", "policy-servers", "policy-people"};
    for (size_t i = 0; i < 3; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/conf/%s.ldif", SOURCE_DIR, recipes[i]);
        char *text = file_text(path);
        assert_int_equal(slapd_add_ldif(s, text), 0);
        free(text);
    }
    assert_int_equal(slapd_add_ldif(s, "dn: dircertRequestId=aa," REQUESTS "\nobjectClass: dircertRequest\n"
                                       "dircertRequestType: reissue\ndircertState: pending\n"
                                       "dircertStateChanged: 20260101120000Z\ndircertGeneration: 9\n"
                                       "dircertSubjectDN: cn=\\FF\\FE,ou=servers,dc=example,dc=com\n"
                                       "dircertFinding: version 1\ndircertFinding: cn-mismatch a.example.com\n"
                                       "dircertCertificate:: MAA=\n\n"
                                       "dn: dircertRequestId=bb," REQUESTS "\nobjectClass: dircertRequest\n"
                                       "dircertRequestType: revoke\ndircertState: approved\n"
                                       "dircertStateChanged: 20260601120000Z\ndircertGeneration: 10\n"),
                     0);
    assert_int_equal(slapd_add_ldif(s, "dn: cn=p,ou=policies,ou=dircertd,dc=example,dc=com\n"
                                       "objectClass: dircertPolicy\ndircertAllowCA: FALSE\n"
                                       "dircertTarget: ldap:///ou=A,dc=example,dc=com??sub?(cn=x)\n"
                                       "dircertTarget: ldap:///ou=a,dc=example,dc=com??sub?(cn=x)\n"
                                       "dircertTrustAnchor: cn=CA, dc=example, dc=com\n"),
                     0);
}

static const struct {
    const char *filter;
    size_t found;
} searches[] = {
    {"(dircertState=PENDING)", 1},
    {"(dircertState=pend*)", 1},
    {"(dircertState=held)", 0},
    {"(dircertRequestId=AA)", 1},
    {"(dircertStateChanged>=20260301000000Z)", 1},
    {"(dircertStateChanged<=20260301000000Z)", 1},
    {"(dircertStateChanged>=20250101000000Z)", 2},
    {"(dircertStateChanged=20260601140000+0200)", 1},
    {"(dircertGeneration>=10)", 1}, /* as numbers: 9 is less */
    {"(dircertGeneration<=9)", 1},
    {"(dircertGeneration=10)", 1},
    {"(dircertFinding=VERSION*)", 1},
    {"(dircertSubjectDN=*,ou=servers,dc=example,dc=com)", 1},
    {"(dircertCertificate=0\\00)", 1},
    {"(dircertTarget=ldap:///ou=A,*)", 1},
    {"(dircertTarget=LDAP:///*)", 0},
    {"(dircertTrustAnchor=CN=ca,DC=example,DC=com)", 1},
    {"(dircertAllowCA=FALSE)", 1},
    {"(dircertPause=FALSE)", 1},
    {"(dircertMode=Audit)", 2},
    {"(dircertPrecedence>=101)", 1},
};

static size_t count_entries(const char *text)
{
    size_t n = 0;
    for (; (text = strstr(text, "dn: ")); text += 4)
        n++;
    return n;
}

static void the_rules_do_what_they_say(void **state)
{
    make_requests(*state);
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
        int result = -1;
        char *text = slapd_search(*state, NULL, SLAPD_SUFFIX, "sub", searches[i].filter, "1.1", &result);
        if (result != 0 || count_entries(text) != searches[i].found)
            fail_msg("%s: result %d, %zu entries instead of %zu", searches[i].filter, result, count_entries(text),
                     searches[i].found);
        free(text);
    }
}

#define REQUEST_START "dn: dircertRequestId=cc," REQUESTS "\nobjectClass: dircertRequest\n"
static const struct {
    const char *why, *ldif;
    int result;
} refusals[] = {
    {"no state", REQUEST_START "dircertRequestType: reissue\n", LDAP_OBJECT_CLASS_VIOLATION},
    {"no type", REQUEST_START "dircertState: held\n", LDAP_OBJECT_CLASS_VIOLATION},
    {"two states", REQUEST_START "dircertRequestType: revoke\ndircertState: held\ndircertState: failed\n",
     LDAP_CONSTRAINT_VIOLATION},
    {"a time that is none", REQUEST_START "dircertRequestType: revoke\ndircertState: held\ndircertOpened: yesterday\n",
     LDAP_INVALID_SYNTAX},
    {"a number that is none", REQUEST_START "dircertRequestType: revoke\ndircertState: held\ndircertAttempt: 1.5\n",
     LDAP_INVALID_SYNTAX},
    {"a policy's attribute", REQUEST_START "dircertRequestType: revoke\ndircertState: held\ndircertMode: audit\n",
     LDAP_OBJECT_CLASS_VIOLATION},
    {"a policy without target", "dn: cn=q,ou=policies,ou=dircertd,dc=example,dc=com\nobjectClass: dircertPolicy\n",
     LDAP_OBJECT_CLASS_VIOLATION},
    {"a waiver of nothing", "dn: cn=w,ou=waivers,ou=dircertd,dc=example,dc=com\nobjectClass: dircertWaiver\n",
     LDAP_OBJECT_CLASS_VIOLATION},
    {"two host names",
     "dn: cn=h,dc=example,dc=com\nobjectClass: device\nobjectClass: dircertHost\ndNSHostName: a\ndNSHostName: b\n",
     LDAP_CONSTRAINT_VIOLATION},
};

static void the_server_refuses_what_breaks_the_schema(void **state)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        char ldif[1024];
        const char *rest = strchr(refusals[i].ldif, '\n');
        snprintf(ldif, sizeof ldif, "%.*s\nchangetype: add%s", (int)(rest - refusals[i].ldif), refusals[i].ldif, rest);
        static const struct slapd_identity admin = {.dn = SLAPD_ADMIN, .password = SLAPD_PASSWORD};
        int result = slapd_try_ldif(*state, &admin, ldif);
        if (result != refusals[i].result)
            fail_msg("%s: %d instead of %d", refusals[i].why, result, refusals[i].result);
    }
}

/* The auxiliary class serves with either definition of dNSHostName; only ours finds host names by filter. */
static void add_host(struct slapd *s, size_t found)
{
    assert_int_equal(slapd_add_ldif(s, "dn: cn=mail,dc=example,dc=com\nobjectClass: device\nobjectClass: dircertHost\n"
                                       "dNSHostName: mail.example.com\n"),
                     0);
    char *text = slapd_search(s, NULL, SLAPD_SUFFIX, "sub", "(dNSHostName=MAIL.example.com)", "1.1", NULL);
    assert_int_equal(count_entries(text), found);
    free(text);
}

static void a_host_is_found_by_its_name(void **state)
{
    add_host(*state, 1);
}

static void a_host_is_stored_beside_msuser(void **state)
{
    add_host(*state, 0);
}

static void dnshostname_and_msuser_exclude_each_other(void **state)
{
    assert_int_not_equal(load(*state, &config, FOLDER "dnshostname.ldif"), 0);
}

/* --- a configuration on disk, as Debian has it --- */

static int tool(const char *const argv[])
{
    struct command_result r = command_run(argv, NULL, NULL, TOOL_S);
    int status = r.status;
    if (status)
        print_message("%s: %d\n%s%s", argv[0], status, r.output, r.errors);
    command_free(&r);
    return status;
}

static void slapadd_takes_the_files_into_a_stored_configuration(void **state)
{
    char conf[512], folder[512];
    snprintf(conf, sizeof conf, "%s/slapd.conf", slapd_folder(*state));
    snprintf(folder, sizeof folder, "%s/slapd.d", slapd_folder(*state));
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(tool((const char *const[]){"slaptest", "-f", conf, "-F", folder, NULL}), 0);
    static const char *const files[] = {FOLDER "dnshostname.ldif", FOLDER "dircertd.ldif"};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(tool((const char *const[]){"slapadd", "-n", "0", "-F", folder, "-l", files[i], NULL}), 0);
    assert_int_equal(tool((const char *const[]){"slaptest", "-u", "-F", folder, NULL}), 0);
    assert_int_equal(tool((const char *const[]){"slapschema", "-n", "0", "-F", folder, NULL}), 0);
}

#define TABLE_AND_RULES                                                                                                \
    cmocka_unit_test(the_server_tells_the_table), cmocka_unit_test(the_rules_do_what_they_say),                        \
        cmocka_unit_test(the_server_refuses_what_breaks_the_schema), cmocka_unit_test(a_host_is_found_by_its_name)
#define BESIDE_MSUSER                                                                                                  \
    cmocka_unit_test(the_server_tells_the_table_beside_msuser), cmocka_unit_test(a_host_is_stored_beside_msuser),      \
        cmocka_unit_test(dnshostname_and_msuser_exclude_each_other)

static int start_plain(void **state)
{
    return start(state, &(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN});
}

int main(void)
{
    const struct CMUnitTest own[] = {TABLE_AND_RULES};
    const struct CMUnitTest msuser[] = {BESIDE_MSUSER};
    const struct CMUnitTest stored[] = {cmocka_unit_test(slapadd_takes_the_files_into_a_stored_configuration)};
    if (!slapd_available()) {
        puts("skipped: there is no slapd, or no ldapmodify, on this machine");
        return 77;
    }
    return cmocka_run_group_tests_name("slapd.conf", own, start_slapd_conf, stop) +
           cmocka_run_group_tests_name("cn=config", own, start_cn_config, stop) +
           cmocka_run_group_tests_name("slapd.conf beside msuser", msuser, start_slapd_conf_msuser, stop) +
           cmocka_run_group_tests_name("cn=config beside msuser", msuser, start_cn_config_msuser, stop) +
           cmocka_run_group_tests_name("stored cn=config", stored, start_plain, stop);
}
