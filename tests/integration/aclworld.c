/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/aclworld.h"

#include "support/certmaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PASSWORD  "only for this test"
#define CONF_FILE SOURCE_DIR "/conf/slapd-acl.conf"

enum { TIMEOUT_S = 20, LINES = 32, VALUES = 4 };

const struct identity identities[IDENTITIES] = {
    [NOBODY] = {"nobody", NULL, NULL},
    [DAEMON] = {"the daemon", "cn=dircertd," ROLES, PASSWORD},
    [APPROVER] = {"an approver", "cn=approver," ROLES, PASSWORD},
    [FULFILLER] = {"a fulfiller", "cn=fulfiller," ROLES, PASSWORD},
    [STEWARD] = {"an administrator", "cn=steward," ROLES, PASSWORD}, /* of dircertd, not of the server */
    [ADMIN] = {"the rootdn", SLAPD_ADMIN, SLAPD_PASSWORD},
};

int modify(LDAP *ld, const char *dn, int verb, const char *attribute, const char *value)
{
    char *type = strdup(attribute);
    struct berval v;
    ber_str2bv(value ? value : "", 0, 1, &v);
    struct berval *values[] = {&v, NULL};
    LDAPMod mod = {.mod_op = verb | LDAP_MOD_BVALUES, .mod_type = type, .mod_bvalues = value ? values : NULL};
    LDAPMod *mods[] = {&mod, NULL};
    int rc = ldap_modify_ext_s(ld, dn, mods, NULL, NULL);
    ber_memfree(v.bv_val);
    free(type);
    return rc;
}

int add(LDAP *ld, const char *dn, const char *const lines[])
{
    char *copies[LINES] = {NULL}, *values[LINES + 1][VALUES + 1] = {{NULL}};
    LDAPMod all[LINES] = {{0}}, *mods[LINES + 1] = {NULL};
    size_t n = 0, count = 0;
    for (size_t same = 0; lines[n] && n < LINES; n++) {
        char *value = copies[n] = strdup(lines[n]), *type = strsep(&value, ":");
        assert_true(value && *value == ' ');
        same = count && strcmp(type, mods[count - 1]->mod_type) == 0 ? same + 1 : 0;
        assert_true(same < VALUES);
        if (same == 0) {
            all[count] = (LDAPMod){.mod_op = LDAP_MOD_ADD, .mod_type = type, .mod_values = values[count]};
            mods[count] = &all[count];
            count++;
        }
        values[count - 1][same] = value + 1;
    }
    int rc = ldap_add_ext_s(ld, dn, mods, NULL, NULL);
    while (n)
        free(copies[--n]);
    return rc;
}

static LDAP *bind_as(const struct slapd *s, const char *dn, const char *password, int *rc)
{
    LDAP *ld;
    int version = LDAP_VERSION3;
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    assert_int_equal(ldap_initialize(&ld, slapd_ldapi_uri(s)), LDAP_SUCCESS);
    ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(ld, LDAP_OPT_TIMEOUT, &timeout);
    ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &timeout);
    struct berval credentials;
    ber_str2bv(password ? password : "", 0, 1, &credentials);
    *rc = ldap_sasl_bind_s(ld, dn, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, NULL);
    ber_memfree(credentials.bv_val);
    return ld;
}

static char *file_text(const char *path)
{
    char *text = calloc(1, 64 * 1024);
    FILE *f = fopen(path, "r");
    if (!f || !text) {
        perror(path);
        abort();
    }
    text[fread(text, 1, 64 * 1024 - 1, f)] = '\0';
    fclose(f);
    return text;
}

static int load(const struct slapd *s, const struct slapd_identity *who, const char *path)
{
    char *text = file_text(path);
    int rc = who ? slapd_try_ldif(s, who, text) : slapd_add_ldif(s, text);
    free(text);
    return rc;
}

/* An account without a password of its own can't be opened, with whatever stands in its place least of all. */
static int expect_no_way_in(const struct slapd *s)
{
    static const char *const guesses[] = {"{SSHA}!", "!", "{SSHA}"};
    for (size_t i = 0; i < 3; i++)
        for (enum who w = DAEMON; w <= FULFILLER; w++) {
            int rc;
            ldap_unbind_ext_s(bind_as(s, identities[w].dn, guesses[i], &rc), NULL, NULL);
            if (rc != LDAP_INVALID_CREDENTIALS)
                return 1;
        }
    return 0;
}

int add_request(LDAP *ld, const char *id, const char *const extra[])
{
    char dn[256], id_line[128];
    const char *lines[LINES] = {"objectClass: dircertRequest", id_line};
    static const char *const required[] = {"dircertRequestType: reissue", "dircertState: proposed"};
    size_t n = 2;
    snprintf(dn, sizeof dn, "dircertRequestId=%s,%s", id, REQUESTS);
    snprintf(id_line, sizeof id_line, "dircertRequestId: %s", id);
    for (size_t i = 0; i < 2; i++) {
        size_t name = strcspn(required[i], ":");
        if (!extra[0] || strncmp(extra[0], required[i], name + 1) != 0)
            lines[n++] = required[i];
    }
    for (; *extra; extra++)
        lines[n++] = *extra;
    return add(ld, dn, lines);
}

int add_policy(LDAP *ld, const char *dn)
{
    return add(ld, dn, (const char *const[]){"objectClass: dircertPolicy", "dircertTarget: ldap:///", NULL});
}

int add_waiver(LDAP *ld, const char *dn)
{
    return add(ld, dn, (const char *const[]){"objectClass: dircertWaiver", "dircertCheck: version", NULL});
}

int add_instance(LDAP *ld, const char *dn)
{
    return add(ld, dn,
               (const char *const[]){"objectClass: dircertInstance", "dircertHeartbeat: 20300101000000Z",
                                     "dircertHold: something", NULL});
}

static int add_der(LDAP *ld, const char *dn, const char *attribute, struct slice der)
{
    struct arena a = {NULL};
    char *type = arena_alloc(&a, strlen(attribute) + 1);
    struct berval value = {.bv_val = arena_alloc(&a, der.n), .bv_len = der.n}, *values[] = {&value, NULL};
    LDAPMod mod = {.mod_op = LDAP_MOD_ADD | LDAP_MOD_BVALUES, .mod_type = type, .mod_bvalues = values};
    memcpy(value.bv_val, der.p, der.n);
    memcpy(type, attribute, strlen(attribute) + 1);
    int rc = ldap_modify_ext_s(ld, dn, (LDAPMod *[]){&mod, NULL}, NULL, NULL);
    arena_free(&a);
    return rc;
}

static int add_certificates(LDAP *ld)
{
    struct arena a = {NULL};
    struct certmaker *m = certmaker_new(NULL);
    struct slice der = cert_make(m, &a, &(struct cert_options){.not_after_utc = 4102444800});
    struct slice crl = cert_crl(m, &a, &(struct cert_crl_options){.this_update_utc = 1577836800});
    int rc = add(ld, SUBJECT,
                 (const char *const[]){"objectClass: device", "objectClass: dircertHost",
                                       "dNSHostName: host.example.com", "serialNumber: hidden", NULL}) |
             add(ld, AUTHORITY,
                 (const char *const[]){"objectClass: device", "objectClass: pkiCA", "serialNumber: hidden", NULL}) |
             add_der(ld, SUBJECT, "userCertificate;binary", der) |
             add_der(ld, AUTHORITY, "cACertificate;binary", cert_authority(m, &a, "Sample CA", CERT_EC_P256)) |
             add_der(ld, AUTHORITY, "certificateRevocationList;binary", crl) |
             add_der(ld, AUTHORITY, "authorityRevocationList;binary", crl);
    certmaker_free(m);
    arena_free(&a);
    return rc;
}

static int populate(struct world *w)
{
    LDAP *admin = w->as[ADMIN];
    int rc = add(admin, identities[STEWARD].dn,
                 (const char *const[]){"objectClass: organizationalRole", "objectClass: simpleSecurityObject",
                                       "userPassword: " PASSWORD, NULL}) |
             modify(admin, "cn=dircertd-administrators," ROLES, LDAP_MOD_ADD, "member", identities[STEWARD].dn);
    for (enum who i = DAEMON; i <= FULFILLER; i++)
        rc |= modify(admin, identities[i].dn, LDAP_MOD_REPLACE, "userPassword", PASSWORD);
    rc |= add(admin, SERVERS, (const char *const[]){"objectClass: organizationalUnit", NULL});
    rc |= add_certificates(admin);
    return rc | add_request(admin, "1", (const char *const[]){NULL}) | add_policy(admin, POLICY) |
           add_waiver(admin, WAIVER) | add_instance(admin, INSTANCE);
}

static int enter(struct world *w, const char *const acl_ldif)
{
    static const struct slapd_identity config = {.dn = "cn=config", .password = SLAPD_PASSWORD};
    int rc = acl_ldif ? load(w->server, &config, acl_ldif) : 0;
    rc |= load(w->server, NULL, SOURCE_DIR "/conf/tree.ldif") | expect_no_way_in(w->server);
    if (rc)
        return rc;
    w->as[ADMIN] = bind_as(w->server, SLAPD_ADMIN, SLAPD_PASSWORD, &rc);
    rc = rc ? rc : populate(w);
    for (enum who i = NOBODY; i < ADMIN && rc == 0; i++)
        w->as[i] = bind_as(w->server, identities[i].dn, identities[i].password, &rc);
    if (rc)
        fprintf(stderr, "the entries of the test can't be made: %s\n", ldap_err2string(rc));
    return rc;
}

int leave(void **state)
{
    struct world *w = *state;
    for (enum who i = NOBODY; i < IDENTITIES; i++)
        if (w->as[i])
            ldap_unbind_ext_s(w->as[i], NULL, NULL);
    slapd_stop(w->server);
    free(w);
    return 0;
}

static int start(void **state, const char *database, const char *acl_ldif)
{
    struct world *w = calloc(1, sizeof *w);
    struct slapd_options options = {.global = "include /etc/ldap/schema/nis.schema", .database = database};
    if (!w)
        abort();
    *state = w;
    w->server = slapd_start(&options);
    return w->server ? enter(w, acl_ldif) : -1;
}

int start_slapd_conf(void **state)
{
    return start(state, "include \"" CONF_FILE "\"", NULL);
}

/* The rules that Debian's package gives to a new database, then the recipe, before the last of them. */
int start_cn_config(void **state)
{
    return start(state,
                 "access to attrs=userPassword by self write by anonymous auth by * none\n"
                 "access to attrs=shadowLastChange by self write by * read\n"
                 "access to * by * read\n",
                 SOURCE_DIR "/conf/slapd-acl.ldif");
}

/* The recipe but for its first line that matters. */
int start_without_content_acl(void **state)
{
    char *text = file_text(CONF_FILE), *line = strstr(text, "\nadd_content_acl on\n");
    if (!line)
        abort();
    line[1] = '#';
    int rc = start(state, text, NULL);
    free(text);
    return rc;
}
