/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: LDAP URLs without a host. */
#include "core/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct {
    const char *url, *base;
    enum target_scope scope;
    const char *filter;
} good[] = {
    {"ldap:///dc=example,dc=com??sub?(cn=x)", "dc=example,dc=com", TARGET_SUBTREE, "(cn=x)"},
    {"LDAP:///dc=example??SUB?(cn=x)", "dc=example", TARGET_SUBTREE, "(cn=x)"},
    {"ldap:///dc=example", "dc=example", TARGET_BASE, "(objectClass=*)"},
    {"ldap:///dc=example???", "dc=example", TARGET_BASE, "(objectClass=*)"},
    {"ldap:///dc=example??base", "dc=example", TARGET_BASE, "(objectClass=*)"},
    {"ldap:///dc=example??one", "dc=example", TARGET_ONE, "(objectClass=*)"},
    {"ldap:///dc=example?cn,sn?one?(a=b)", "dc=example", TARGET_ONE, "(a=b)"},
    {"ldap:///", "", TARGET_BASE, "(objectClass=*)"},
    {"ldap:///??sub", "", TARGET_SUBTREE, "(objectClass=*)"},
    {"ldap:///ou=two%20words??sub?(cn=a%3fb)", "ou=two words", TARGET_SUBTREE, "(cn=a?b)"},
    {"ldap:///ou=a%5C,b??sub", "ou=a\\,b", TARGET_SUBTREE, "(objectClass=*)"},
    {"ldap:///ou=%C3%A4??sub?(cn=%c3%a4)", "ou=\xc3\xa4", TARGET_SUBTREE, "(cn=\xc3\xa4)"},
};

static const struct {
    struct slice url;
    const char *reason; /* a part of it */
} bad[] = {
    {S(""), "must begin with ldap:///"},
    {S("dc=example"), "must begin with ldap:///"},
    {S("ldap://host/dc=example"), "no host"},
    {S("ldap://localhost"), "no host"},
    {S("ldaps:///dc=example"), "must begin with ldap:///"},
    {S("ldapi:///dc=example"), "must begin with ldap:///"},
    {S(" ldap:///dc=example"), "must begin with ldap:///"},
    {S("ldap:///example??sub"), "not a distinguished name"},
    {S("ldap:///dc=example,??sub"), "not a distinguished name"},
    {S("ldap:///dc=a%00b??sub"), "not a distinguished name"},
    {S("ldap:///dc=a,b??sub"), "not a distinguished name"},
    {S("ldap:///ou=a%2Cb??sub"), "not a distinguished name"}, /* %2C is the comma, not an escaped one */
    {S("ldap:///dc=example????"), "extension"},
    {S("ldap:///dc=a%2??sub"), "hexadecimal"},
    {S("ldap:///dc=a%zz??sub"), "hexadecimal"},
    {S("ldap:///dc=a??sub?(cn=%4)"), "hexadecimal"},
    {S("ldap:///dc=a??tree?(cn=x)"), "the scope is \"tree\""},
    {S("ldap:///dc=a?sub?(cn=x)"), "the scope is"},
    {S("ldap:///dc=a??subtree"), "the scope is"},
    {S("ldap:///dc=a??sub?cn=x"), "the filter is not valid: \"(\" is missing"},
    {S("ldap:///dc=a??sub?(cn=x"), "the filter is not valid"},
    {S("ldap:///dc=a??sub?(cn=a?b)"), "extension"}, /* a question mark must be %3f */
    {S("ldap:///dc=a??sub?(cn=x)?bindname=cn"), "extension"},
    {S("ldap:///dc=a??sub?(cn=x)?"), "extension"},
    {S("ldap:///dc=a??sub?(cn=a%00)"), "NUL"},
};

static void check_good(size_t i)
{
    struct arena a = {0};
    struct target t;
    struct slice reason = {NULL, 0}, url = slice_of(good[i].url);
    bool ok = target_compile(&a, url, &t, &reason);
    if (!ok)
        fail_msg("%s: %.*s", good[i].url, SLICE_ARGS(reason));
    assert_true(slice_eq(t.url, url));
    assert_true(slice_eq(t.base, slice_of(good[i].base)));
    assert_int_equal(t.scope, good[i].scope);
    assert_true(slice_eq(t.filter, slice_of(good[i].filter)));
    assert_non_null(t.tree);
    arena_free(&a);
}

static void good_targets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        check_good(i);
}

static void bad_targets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct arena a = {0};
        struct target t;
        struct slice reason = S("");
        bool ok = target_compile(&a, bad[i].url, &t, &reason);
        if (ok || !memmem(reason.p, reason.n, bad[i].reason, strlen(bad[i].reason)))
            fail_msg("%s: %.*s", (const char *)bad[i].url.p, SLICE_ARGS(reason));
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_targets), cmocka_unit_test(bad_targets)};
    return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
