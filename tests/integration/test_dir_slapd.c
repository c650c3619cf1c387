/* SPDX-License-Identifier: Apache-2.0 */
/* The fixture itself: it starts, answers, forgets nothing over a restart, and leaves nothing behind. */
#include "support/slapd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void starts_answers_and_leaves_nothing(void **state)
{
    (void)state;
    struct slapd *s = slapd_start(
        &(struct slapd_options){.schema = SLAPD_SCHEMA_PLAIN, .tcp = true, .accesslog = true, .syncprov = true});
    assert_non_null(s);
    assert_int_equal(slapd_add_ldif(s, "dn: ou=a," SLAPD_SUFFIX "\nobjectClass: organizationalUnit\nou: a\n"), 0);
    assert_int_equal(
        slapd_modify_ldif(s, "dn: ou=a," SLAPD_SUFFIX "\nchangetype: modify\nadd: description\ndescription: x\n"), 0);
    assert_true(slapd_restart(s));
    int result = -1;
    char *text = slapd_search(s, NULL, SLAPD_SUFFIX, "sub", "(ou=a)", "ou description", &result);
    assert_int_equal(result, 0);
    assert_non_null(strstr(text, "description: x\n"));
    free(text);
    text = slapd_search(s, NULL, "cn=accesslog", "sub", "(objectClass=auditModify)", "reqDN", &result);
    assert_non_null(strstr(text, "reqDN: ou=a," SLAPD_SUFFIX));
    free(text);
    assert_non_null(slapd_tcp_uri(s));
    char folder[256];
    snprintf(folder, sizeof folder, "%s", slapd_folder(s));
    slapd_stop(s);
    assert_int_not_equal(access(folder, F_OK), 0);
}

static void identities_differ(void **state)
{
    (void)state;
    struct slapd *s = slapd_start(&(struct slapd_options){
        .schema = SLAPD_SCHEMA_PLAIN,
        .database = "access to attrs=userPassword by anonymous auth by * none\n"
                    "access to * by dn.exact=\"cn=reader,dc=example,dc=com\" read by * none\n"});
    assert_non_null(s);
    assert_int_equal(slapd_add_ldif(s, "dn: cn=reader," SLAPD_SUFFIX "\nobjectClass: person\ncn: reader\nsn: r\n"
                                       "userPassword: r\n"),
                     0);
    static const struct slapd_identity reader = {.dn = "cn=reader," SLAPD_SUFFIX, .password = "r"};
    static const struct slapd_identity external = {.external = true}, nobody = {0};
    int result = -1;
    free(slapd_search(s, &reader, SLAPD_SUFFIX, "base", "(objectClass=*)", "1.1", &result));
    assert_int_equal(result, 0);
    free(slapd_search(s, &nobody, SLAPD_SUFFIX, "base", "(objectClass=*)", "1.1", &result));
    assert_int_equal(result, 32);
    free(slapd_search(s, &external, SLAPD_SUFFIX, "base", "(objectClass=*)", "1.1", &result));
    assert_int_equal(result, 32);
    assert_int_equal(slapd_try_ldif(s, &reader, "dn: " SLAPD_SUFFIX "\nchangetype: modify\nreplace: o\no: x\n"), 50);
    slapd_stop(s);
}

int main(void)
{
    if (!slapd_available()) {
        puts("SKIPPED: slapd and ldap-utils are not installed");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_answers_and_leaves_nothing),
        cmocka_unit_test(identities_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
