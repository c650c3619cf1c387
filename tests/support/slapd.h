/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private slapd for a test: the current user's, in a throw-away folder below TMPDIR, on a socket there and, if asked
 * for, on a free port of 127.0.0.1; no system service is touched.  It dies with the test program, however that ends.
 * The suffix is there from the start, with the entry dc=example,dc=com and nothing below it.  Without "access" lines in
 * `database` everybody may read everything, and the administrator may do everything.
 */
#ifndef SUPPORT_SLAPD_H
#define SUPPORT_SLAPD_H

#include <stdbool.h>
#include <sys/types.h>

#define SLAPD_SUFFIX   "dc=example,dc=com"
#define SLAPD_ADMIN    "cn=admin,dc=example,dc=com"
#define SLAPD_PASSWORD "secret" /* the administrator's, and cn=config's */

enum slapd_schema {
    SLAPD_SCHEMA_PROJECT = 0, /* core, cosine, inetorgperson, and ours as far as the files are there */
    SLAPD_SCHEMA_MSUSER,      /* nis.schema and msuser.schema in the place of our dnshostname.schema */
    SLAPD_SCHEMA_HOST,        /* our dnshostname.schema only */
    SLAPD_SCHEMA_PLAIN,       /* core, cosine and inetorgperson only */
};

/* Paths of PEM files (support/tlsfiles.h). */
struct slapd_tls {
    const char *ca_file, *cert_file, *key_file;
    const char *verify_client; /* NULL: never; else a word of TLSVerifyClient in slapd.conf(5) */
};

struct slapd_options {
    enum slapd_schema schema;
    bool tcp;                    /* listen on 127.0.0.1 too */
    const struct slapd_tls *tls; /* StartTLS on what it listens to, and with tcp a port for ldaps:// too */
    bool accesslog;              /* successful writes are logged below cn=accesslog, which the administrator reads */
    bool syncprov;               /* provide RFC 4533 */
    bool no_index;               /* `database` has its own */
    const char *global;          /* lines of slapd.conf before the first database */
    const char *database;        /* lines of slapd.conf within the database of the suffix: ACLs, limits, overlays */
};

struct slapd;

/* NULL, after saying why on standard error, when it can't be started or does not answer.  options may be NULL. */
struct slapd *slapd_start(const struct slapd_options *options);
/* Ends the server and removes the folder; NULL is fine. */
void slapd_stop(struct slapd *s);

/* True when this machine has slapd and its clients; a suite says plainly that it is skipped where it has not. */
bool slapd_available(void);

const char *slapd_ldapi_uri(const struct slapd *s);
const char *slapd_tcp_uri(const struct slapd *s); /* NULL without the option */
const char *slapd_tls_uri(const struct slapd *s); /* ldaps://127.0.0.1:…; NULL without the option */
const char *slapd_folder(const struct slapd *s);  /* the test may put files of its own there */
const char *slapd_peer_dn(const struct slapd *s); /* who we are in a SASL EXTERNAL bind over the socket */
char *slapd_log(const struct slapd *s);           /* what it logged (level stats) so far; the caller frees it */
pid_t slapd_pid(const struct slapd *s);

/* Who asks.  A NULL pointer in the functions below is the administrator. */
struct slapd_identity {
    const char *dn, *password; /* dn NULL: nobody (anonymous) */
    bool external;             /* SASL EXTERNAL over the socket; dn and password do not count */
};

/* ldapmodify, with and without -a.  The LDAP result code (0: success) as the tool reports it; others are printed. */
int slapd_add_ldif(const struct slapd *s, const char *ldif);
int slapd_modify_ldif(const struct slapd *s, const char *ldif);
/* The same as somebody, silently: for tests that expect a refusal. */
int slapd_try_ldif(const struct slapd *s, const struct slapd_identity *who, const char *ldif);
/*
 * What `ldapsearch -LLL -o ldif-wrap=no` prints; scope is base, one or sub, attributes are separated by spaces (NULL:
 * all user attributes).  *result (may be NULL) is the LDAP result code.  The caller frees the text.
 */
char *slapd_search(const struct slapd *s, const struct slapd_identity *who, const char *base, const char *scope,
                   const char *filter, const char *attributes, int *result);

void slapd_pause(struct slapd *s);    /* it stops answering, connections stay */
void slapd_continue(struct slapd *s); /* the end of that */
void slapd_kill(struct slapd *s);     /* dead at once; the data stay */
/* Ends it orderly where it runs, and starts it with the same data, socket and port; false as slapd_start's NULL. */
bool slapd_restart(struct slapd *s);

#endif
