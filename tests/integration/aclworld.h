/* SPDX-License-Identifier: Apache-2.0 */
/* A slapd with the access control of conf/, entries of each kind, and a connection for each who is told apart there. */
#ifndef INTEGRATION_ACLWORLD_H
#define INTEGRATION_ACLWORLD_H

#include "core/schema.h"
#include "support/slapd.h"

#include <ldap.h>

#define BASE     "ou=dircertd,dc=example,dc=com"
#define REQUESTS "ou=requests," BASE
#define POLICIES "ou=policies," BASE
#define WAIVERS  "ou=waivers," BASE
#define STATUS   "ou=status," BASE
#define ROLES    "ou=daemons,dc=example,dc=com"
#define SERVERS  "ou=servers,dc=example,dc=com"
/* One entry of each kind is there from the start. */
#define REQUEST  "dircertRequestId=1," REQUESTS
#define POLICY   "cn=policy," POLICIES
#define WAIVER   "cn=waiver," WAIVERS
#define INSTANCE "cn=instance," STATUS
#define SUBJECT  "cn=host," SERVERS
#define AUTHORITY "cn=authority," SERVERS

enum who { NOBODY, DAEMON, APPROVER, FULFILLER, STEWARD, ADMIN, IDENTITIES };

struct identity {
    const char *name, *dn, *password;
};
extern const struct identity identities[IDENTITIES];

struct world {
    struct slapd *server;
    LDAP *as[IDENTITIES];
};

/* Setups and teardown of a cmocka group whose state is a struct world. */
int start_slapd_conf(void **state);          /* with conf/slapd-acl.conf included */
int start_cn_config(void **state);           /* with conf/slapd-acl.ldif applied to what Debian's package sets up */
int start_without_content_acl(void **state); /* with conf/slapd-acl.conf, but for add_content_acl */
int leave(void **state);

/* Operations; each returns the LDAP result code. */

/* One modification; value NULL: the whole attribute. */
int modify(LDAP *ld, const char *dn, int verb, const char *attribute, const char *value);
/* Lines are "attribute: value"; several values of one attribute are neighbours. */
int add(LDAP *ld, const char *dn, const char *const lines[]);
/* A request of that dircertRequestId, with what it must hold and further lines. */
int add_request(LDAP *ld, const char *id, const char *const extra[]);
int add_policy(LDAP *ld, const char *dn);
int add_waiver(LDAP *ld, const char *dn);
int add_instance(LDAP *ld, const char *dn);

#endif
