/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The access control that conf/ gives to administrators, as it stands there, on a real slapd and in both forms: who
 * may write which attribute of a request is taken from the schema table and tried out, operation by operation.
 */
#include "integration/aclworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ALLOWED = LDAP_SUCCESS, REFUSED = LDAP_INSUFFICIENT_ACCESS };

static const char *const no_extra[] = {NULL};

/* Values of the shape that a syntax asks for; `other` picks a second one. */
static struct berval sample(const struct schema_attribute *a, bool other)
{
    static const char *const values[][2] = {
        [SYNTAX_TEXT] = {"one", "two"},
        [SYNTAX_TEXT_EXACT] = {"one", "two"},
        [SYNTAX_INTEGER] = {"1", "2"},
        [SYNTAX_TIME] = {"20300101000000Z", "20310101000000Z"},
        [SYNTAX_BOOLEAN] = {"TRUE", "FALSE"},
        [SYNTAX_OCTETS] = {"0\x01", "0\x02"},
        [SYNTAX_DN] = {"cn=one", "cn=two"},
    };
    struct berval v;
    ber_str2bv(values[a->syntax][other], 0, 1, &v);
    return v;
}

static void expect(enum who who, const char *what, const char *object, int seen, int wanted)
{
    /* Without a name nobody gets as far as the access rules. */
    if (wanted == REFUSED && who == NOBODY && seen == LDAP_STRONG_AUTH_REQUIRED)
        return;
    if (seen != wanted)
        fail_msg("%s: %s %s: %d (%s) instead of %d (%s)", identities[who].name, what, object, seen,
                 ldap_err2string(seen), wanted, ldap_err2string(wanted));
}

static bool owns(enum who who, const struct schema_attribute *a)
{
    switch (schema_owner_in(a, SCHEMA_REQUEST)) {
    case OWNER_DAEMON_ONCE:
    case OWNER_DAEMON_REVISED:
    case OWNER_DAEMON_MOVING:
        return who == DAEMON;
    case OWNER_APPROVER:
        return who == APPROVER;
    case OWNER_FULFILLER:
        return who == FULFILLER;
    case OWNER_ADMINISTRATOR:
        break;
    }
    return false;
}

/* What an owner gets: an attribute that must be there can't go away, and the one in the RDN stays as it is. */
static int wanted_result(enum who who, const struct schema_attribute *a, int verb)
{
    bool required = a->required & SCHEMA_REQUEST;
    if (!owns(who, a))
        return REFUSED;
    if (strcmp(a->name, ATTR_REQUEST_ID) == 0)
        return LDAP_NAMING_VIOLATION;
    return verb == LDAP_MOD_DELETE && required ? LDAP_OBJECT_CLASS_VIOLATION : ALLOWED;
}

static void try_one(const struct world *w, enum who who, const struct schema_attribute *a)
{
    bool required = a->required & SCHEMA_REQUEST, id = strcmp(a->name, ATTR_REQUEST_ID) == 0;
    struct berval one = sample(a, false), two = sample(a, true);
    if (!required) {
        int rc = modify(w->as[ADMIN], REQUEST, LDAP_MOD_REPLACE, a->name, NULL);
        assert_int_equal(rc, LDAP_SUCCESS);
        rc = modify(w->as[who], REQUEST, LDAP_MOD_ADD, a->name, one.bv_val);
        expect(who, "adds", a->name, rc, wanted_result(who, a, LDAP_MOD_ADD));
    }
    if (!id)
        assert_int_equal(modify(w->as[ADMIN], REQUEST, LDAP_MOD_REPLACE, a->name, one.bv_val), LDAP_SUCCESS);
    int rc = modify(w->as[who], REQUEST, LDAP_MOD_REPLACE, a->name, two.bv_val);
    expect(who, "replaces", a->name, rc, wanted_result(who, a, LDAP_MOD_REPLACE));
    rc = modify(w->as[who], REQUEST, LDAP_MOD_DELETE, a->name, NULL);
    expect(who, "deletes", a->name, rc, wanted_result(who, a, LDAP_MOD_DELETE));
    ber_memfree(one.bv_val);
    ber_memfree(two.bv_val);
}

static void only_the_owner_modifies_an_attribute(void **state)
{
    const struct schema_attribute *a;
    size_t tried = 0;
    for (size_t i = 0; (a = schema_attribute_at(i)); i++)
        for (enum who who = NOBODY; a->classes & SCHEMA_REQUEST && who < ADMIN; who++, tried++)
            try_one(*state, who, a);
    assert_true(tried >= 30 * (ADMIN - NOBODY));
}

/* Adds a request that holds the attribute; only the daemon adds requests at all, and only with what is its own. */
static int add_with(const struct world *w, enum who who, const struct schema_attribute *a)
{
    struct berval value = sample(a, false);
    char line[256];
    const char *const extra[] = {line, NULL};
    bool id = strcmp(a->name, ATTR_REQUEST_ID) == 0;
    snprintf(line, sizeof line, "%s: %s", a->name, value.bv_val);
    int rc = add_request(w->as[who], "2", id ? no_extra : extra);
    ber_memfree(value.bv_val);
    return rc;
}

static void only_the_daemon_adds_and_only_its_own(void **state)
{
    const struct world *w = *state;
    const struct schema_attribute *a;
    for (size_t i = 0; (a = schema_attribute_at(i)); i++)
        for (enum who who = NOBODY; a->classes & SCHEMA_REQUEST && who < ADMIN; who++) {
            bool allowed = who == DAEMON && owns(who, a);
            expect(who, "adds a request with", a->name, add_with(w, who, a), allowed ? ALLOWED : REFUSED);
            if (allowed)
                expect(who, "deletes a request with", a->name,
                       ldap_delete_ext_s(w->as[who], "dircertRequestId=2," REQUESTS, NULL, NULL), ALLOWED);
        }
}

static void without_content_acl_the_daemon_adds_a_decision(void **state)
{
    const struct world *w = *state;
    const struct schema_attribute *decision = schema_attribute_find(SLICE_LITERAL(ATTR_DECISION));
    expect(DAEMON, "modifies", ATTR_DECISION, modify(w->as[DAEMON], REQUEST, LDAP_MOD_ADD, ATTR_DECISION, "approve 1"),
           REFUSED);
    expect(DAEMON, "adds a request with", ATTR_DECISION, add_with(w, DAEMON, decision), ALLOWED);
}

/* One row, one attempt to modify: who succeeds.  Nobody never does. */
#define BIT(who) (1u << (who))
static const struct {
    const char *dn, *attribute, *value;
    unsigned allowed;
} modifications[] = {
    {POLICY, "dircertMode", "enforce", BIT(STEWARD)},
    {POLICY, "description", "text", BIT(STEWARD)},
    {WAIVER, "dircertWaiverReason", "text", BIT(STEWARD)},
    {BASE, "dircertPause", "TRUE", BIT(STEWARD)},
    {BASE, "description", "text", 0},
    {REQUESTS, "description", "text", 0},
    {STATUS, "description", "text", 0},
    {INSTANCE, "dircertLease", "one", BIT(DAEMON)},
    {INSTANCE, "dircertHeartbeat", "20300101000000Z", BIT(DAEMON)},
    {INSTANCE, "description", "text", 0},
    {REQUEST, "userPassword", "text", 0},
    {REQUEST, "description", "text", 0},
    {SUBJECT, "userCertificate;binary", NULL, 0},
    {AUTHORITY, "cACertificate;binary", NULL, 0},
    {AUTHORITY, "certificateRevocationList;binary", NULL, 0},
    {SUBJECT, "dNSHostName", "evil.example.com", 0},
    {SUBJECT, "description", "text", 0},
    {"cn=dircertd-approvers," ROLES, "member", "cn=dircertd," ROLES, 0},
    {"cn=dircertd-administrators," ROLES, "member", "cn=approver," ROLES, 0},
    {"dc=example,dc=com", "description", "text", 0},
};

static void nobody_modifies_what_is_not_theirs(void **state)
{
    const struct world *w = *state;
    for (size_t i = 0; i < sizeof modifications / sizeof *modifications; i++)
        for (enum who who = NOBODY; who < ADMIN; who++)
            expect(who, modifications[i].attribute, modifications[i].dn,
                   modify(w->as[who], modifications[i].dn, LDAP_MOD_REPLACE, modifications[i].attribute,
                          modifications[i].value),
                   modifications[i].allowed & BIT(who) ? ALLOWED : REFUSED);
}

/* One row, one kind of entry that is made and deleted again: who may. */
static const struct {
    const char *dn;
    int (*make)(LDAP *ld, const char *dn);
    unsigned allowed;
} entries[] = {
    {"cn=new," POLICIES, add_policy, BIT(STEWARD)},
    {"cn=new," WAIVERS, add_waiver, BIT(STEWARD)},
    {"cn=new," STATUS, add_instance, BIT(DAEMON)},
    {"cn=new," BASE, add_policy, 0},
    {"cn=new," REQUESTS, add_policy, 0},
    {"cn=new," SERVERS, add_instance, 0},
    {"cn=new,dc=example,dc=com", add_instance, 0},
};

static void entries_are_made_and_deleted_by_their_writer(void **state)
{
    const struct world *w = *state;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        for (enum who who = NOBODY; who < ADMIN; who++) {
            int wanted = entries[i].allowed & BIT(who) ? ALLOWED : REFUSED;
            expect(who, "adds", entries[i].dn, entries[i].make(w->as[who], entries[i].dn), wanted);
            if (wanted == REFUSED)
                assert_int_equal(entries[i].make(w->as[ADMIN], entries[i].dn), LDAP_SUCCESS);
            expect(who, "deletes", entries[i].dn, ldap_delete_ext_s(w->as[who], entries[i].dn, NULL, NULL), wanted);
            if (wanted == REFUSED)
                assert_int_equal(ldap_delete_ext_s(w->as[ADMIN], entries[i].dn, NULL, NULL), LDAP_SUCCESS);
        }
}

static void requests_go_by_the_daemon_only(void **state)
{
    const struct world *w = *state;
    assert_int_equal(add_request(w->as[ADMIN], "3", no_extra), LDAP_SUCCESS);
    static const enum who order[] = {NOBODY, APPROVER, FULFILLER, STEWARD, DAEMON};
    for (size_t i = 0; i < 5; i++)
        expect(order[i], "deletes", "a request",
               ldap_delete_ext_s(w->as[order[i]], "dircertRequestId=3," REQUESTS, NULL, NULL),
               order[i] == DAEMON ? ALLOWED : REFUSED);
    expect(DAEMON, "moves", "a request into the policies",
           ldap_rename_s(w->as[DAEMON], REQUEST, "dircertRequestId=1", POLICIES, 0, NULL, NULL), REFUSED);
    expect(DAEMON, "adds", "an object class with attributes of its own",
           add(w->as[DAEMON], "dircertRequestId=4," REQUESTS,
               (const char *const[]){"objectClass: dircertRequest", "objectClass: extensibleObject",
                                     "dircertRequestType: reissue", "dircertState: proposed", "description: text",
                                     NULL}),
           REFUSED);
    assert_int_equal(add_policy(w->as[ADMIN], "cn=stranger," REQUESTS), LDAP_SUCCESS);
    expect(DAEMON, "gives an object class to", "what is no request",
           modify(w->as[DAEMON], "cn=stranger," REQUESTS, LDAP_MOD_ADD, "objectClass", "extensibleObject"), REFUSED);
    expect(DAEMON, "deletes", "what is no request",
           ldap_delete_ext_s(w->as[DAEMON], "cn=stranger," REQUESTS, NULL, NULL), REFUSED);
    assert_int_equal(ldap_delete_ext_s(w->as[ADMIN], "cn=stranger," REQUESTS, NULL, NULL), LDAP_SUCCESS);
}

/* One row, one entry: who sees it, and which attribute of it is seen and which is not. */
static const struct {
    const char *dn, *shown, *hidden;
    unsigned readers;
} readings[] = {
    {BASE, "dircertPause", NULL, BIT(DAEMON) | BIT(APPROVER) | BIT(FULFILLER) | BIT(STEWARD)},
    {POLICY, "dircertTarget", NULL, BIT(DAEMON) | BIT(APPROVER) | BIT(FULFILLER) | BIT(STEWARD)},
    {WAIVER, "dircertCheck", NULL, BIT(DAEMON) | BIT(APPROVER) | BIT(FULFILLER) | BIT(STEWARD)},
    {REQUEST, "dircertState", NULL, BIT(DAEMON) | BIT(APPROVER) | BIT(FULFILLER) | BIT(STEWARD)},
    {REQUEST, "dircertRequestType", NULL, BIT(DAEMON) | BIT(APPROVER) | BIT(FULFILLER) | BIT(STEWARD)},
    {REQUEST, "modifyTimestamp", NULL, BIT(DAEMON) | BIT(APPROVER) | BIT(FULFILLER) | BIT(STEWARD)},
    {SUBJECT, "userCertificate;binary", "serialNumber", BIT(DAEMON) | BIT(FULFILLER)},
    {SUBJECT, "dNSHostName", "serialNumber", BIT(DAEMON) | BIT(FULFILLER)},
    {SUBJECT, "entryUUID", "serialNumber", BIT(DAEMON) | BIT(FULFILLER)},
    {SUBJECT, "objectClass", "serialNumber", BIT(DAEMON) | BIT(FULFILLER)},
    {AUTHORITY, "cACertificate;binary", "serialNumber", BIT(DAEMON)},
    {AUTHORITY, "certificateRevocationList;binary", "serialNumber", BIT(DAEMON)},
    {AUTHORITY, "authorityRevocationList;binary", "serialNumber", BIT(DAEMON)},
    {SERVERS, "hasSubordinates", NULL, BIT(DAEMON) | BIT(FULFILLER)},
    {"cn=dircertd," ROLES, "objectClass", "userPassword", BIT(DAEMON) | BIT(FULFILLER)},
};

static bool sees(LDAP *ld, const char *dn, const char *attribute)
{
    char *names[] = {strdup(attribute), NULL};
    LDAPMessage *result = NULL;
    int rc = ldap_search_ext_s(ld, dn, LDAP_SCOPE_BASE, "(objectClass=*)", names, 0, NULL, NULL, NULL, 0, &result);
    assert_true(rc == LDAP_SUCCESS || rc == LDAP_NO_SUCH_OBJECT || rc == LDAP_INSUFFICIENT_ACCESS);
    LDAPMessage *entry = rc == LDAP_SUCCESS ? ldap_first_entry(ld, result) : NULL;
    struct berval **values = entry ? ldap_get_values_len(ld, entry, attribute) : NULL;
    bool seen = values != NULL;
    ldap_value_free_len(values);
    ldap_msgfree(result);
    free(names[0]);
    return seen;
}

static void expect_seen(const struct world *w, enum who who, const char *dn, const char *attribute, bool wanted)
{
    if (attribute && sees(w->as[who], dn, attribute) != wanted)
        fail_msg("%s %s %s of %s", identities[who].name, wanted ? "does not see" : "sees", attribute, dn);
}

static void each_reads_what_it_needs(void **state)
{
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++)
        for (enum who who = NOBODY; who < ADMIN; who++) {
            expect_seen(*state, who, readings[i].dn, readings[i].shown, readings[i].readers & BIT(who));
            expect_seen(*state, who, readings[i].dn, readings[i].hidden, false);
        }
}

/* Where everybody may read the rest of the directory, what lies below the base is hidden all the same. */
static void nobody_else_looks_below_the_base(void **state)
{
    for (size_t i = 0; i < 6; i++)
        for (enum who who = NOBODY; who < ADMIN; who++)
            expect_seen(*state, who, readings[i].dn, readings[i].shown, readings[i].readers & BIT(who));
    expect_seen(*state, NOBODY, SUBJECT, "serialNumber", true);
    expect_seen(*state, DAEMON, SUBJECT, "dNSHostName", true);
    expect_seen(*state, NOBODY, "cn=dircertd," ROLES, "userPassword", false);
}

#define WRITE_TESTS                                                                                                    \
    cmocka_unit_test(only_the_owner_modifies_an_attribute), cmocka_unit_test(only_the_daemon_adds_and_only_its_own),   \
        cmocka_unit_test(nobody_modifies_what_is_not_theirs),                                                          \
        cmocka_unit_test(entries_are_made_and_deleted_by_their_writer), cmocka_unit_test(requests_go_by_the_daemon_only)

int main(void)
{
    const struct CMUnitTest slapd_conf[] = {WRITE_TESTS, cmocka_unit_test(each_reads_what_it_needs)};
    const struct CMUnitTest cn_config[] = {WRITE_TESTS, cmocka_unit_test(nobody_else_looks_below_the_base)};
    const struct CMUnitTest trap[] = {cmocka_unit_test(without_content_acl_the_daemon_adds_a_decision)};
    if (!slapd_available()) {
        puts("skipped: there is no slapd, or no ldapmodify, on this machine");
        return 77;
    }
    setenv("LDAPNOINIT", "1", 1);
    return cmocka_run_group_tests_name("conf/slapd-acl.conf", slapd_conf, start_slapd_conf, leave) +
           cmocka_run_group_tests_name("conf/slapd-acl.ldif", cn_config, start_cn_config, leave) +
           cmocka_run_group_tests_name("without add_content_acl", trap, start_without_content_acl, leave);
}
