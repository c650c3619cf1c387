/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built dircertd against a private slapd with the access control and the tree of conf/, an accesslog, three
 * identities with passwords, and ou=servers and ou=people to be judged.  What fails here fails the cmocka test that
 * called; texts that are returned live until program_leave.
 */
#ifndef SUPPORT_PROGRAM_H
#define SUPPORT_PROGRAM_H

#include "support/certmaker.h"
#include "support/command.h"
#include "support/slapd.h"

#define BASE        "ou=dircertd," SLAPD_SUFFIX
#define POLICIES    "ou=policies," BASE
#define REQUESTS    "ou=requests," BASE
#define WAIVERS     "ou=waivers," BASE
#define STATUS      "ou=status," BASE
#define INSTANCE    "cn=default," STATUS
#define SERVERS     "ou=servers," SLAPD_SUFFIX
#define PEOPLE      "ou=people," SLAPD_SUFFIX
#define DAEMON      "cn=dircertd,ou=daemons," SLAPD_SUFFIX
#define POLICY(cn)  "cn=" cn "," POLICIES
#define SERVER(cn)  "cn=" cn "," SERVERS
#define PERSON(uid) "uid=" uid "," PEOPLE

#define PROGRAM_PASSWORD "only for this test" /* of the identities below ou=daemons */

enum { PROGRAM_COMPLETE = 0, PROGRAM_USAGE = 1, PROGRAM_INCOMPLETE = 2, PROGRAM_HELD = 3 };

struct program {
    struct slapd *server;
    struct certmaker *maker;
    struct arena arena;
    const char *configuration; /* the path of dircertd.yaml */
    int code;                  /* of the last run: exit code, standard output, standard error */
    const char *output, *log;
};

/* Setup and teardown of one test: each has a directory of its own. */
int program_enter(void **state);
int program_leave(void **state);
/* The same with lines of slapd.conf before the first database and before the access control. */
int program_enter_with(void **state, const char *global, const char *database);
/* The same with a server of these options; their `database` comes before the access control, and may be NULL. */
int program_enter_on(void **state, const struct slapd_options *options);

struct program_conf {
    const char *uri, *base; /* NULL: the server's socket; BASE */
    const char *bind_dn;    /* NULL: DAEMON; what a quoted string of YAML holds */
    const char *password;   /* NULL: the right one */
    unsigned timeout_s;     /* 0: 10 */
    unsigned interval_s;    /* 0: 1 */
    unsigned writes_per_transaction;
    const char *tls;    /* what stands within directory.tls: {...}, NULL: none */
    const char *level;  /* NULL: info */
    const char *log_to; /* NULL: stderr */
    const char *more;   /* further lines, NULL: none */
};
/* Writes dircertd.yaml anew. */
void program_configure(struct program *p, const struct program_conf *c);

/* Runs dircertd with -c and these arguments, at most a minute; environment is added, may be NULL. */
void program_run(struct program *p, const char *const arguments[], const char *const environment[]);
/* `--once`, which has to end with that code. */
void program_pass(struct program *p, int code);
/* The next pass counts as a confirmation: as program_pass, but in a later second than anything before. */
void program_next_pass(struct program *p, int code);
/* `--dry-run`, which has to end with that code; what it prints. */
const char *program_plan(struct program *p, int code);

/* How many lines of the last run's log contain all of these words (NULL-terminated). */
size_t program_lines(const struct program *p, const char *const words[]);
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
/* The log has such a line; otherwise it is shown and the test fails. */
void program_expect(const struct program *p, const char *const words[]);
/* The value of a key in the first such line, unquoted. */
const char *program_field(struct program *p, const char *const words[], const char *key);

/* LDIF with changetype lines, carried out as the administrator; has to succeed. */
void program_change(struct program *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same as somebody below ou=daemons. */
void program_change_as(struct program *p, const char *cn, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* An access rule before all others; and away with it again. */
void program_rule(struct program *p, const char *rule);
void program_drop_rule(struct program *p);
/* What ldapsearch prints for the administrator. */
const char *program_search(struct program *p, const char *base, const char *scope, const char *filter,
                           const char *attributes);
/* The value of the n-th line of that attribute in LDIF; NULL: there is none. */
const char *program_value(struct program *p, const char *ldif, const char *attribute, size_t n);
/* How many successful writes the accesslog holds at and below that entry. */
size_t program_writes(struct program *p, const char *base);

/* Certificates: version 3 with the name in CN and SAN; version 1; version 3 with the name only in the CN; expired. */
struct slice program_good(struct program *p, const char *name);
struct slice program_version_1(struct program *p, const char *name);
struct slice program_common_name(struct program *p, const char *name);
struct slice program_expired(struct program *p, const char *name);
/* An entry below ou=servers; host NULL: no dNSHostName; der empty: no certificate. */
void program_add_server(struct program *p, const char *cn, const char *host, struct slice der);
/* The same for many: each <prefix><number>, from 1, with a host name of its own below example.com. */
void program_add_servers(struct program *p, const char *prefix, unsigned count,
                         struct slice (*make)(struct program *p, const char *name));
/* The entry's certificates, replaced; count 0: none. */
void program_publish(struct program *p, const char *dn, size_t count, const struct slice ders[]);
/* Acts on what it sees once, and is held only by what a test sets. */
#define ENFORCE         "dircertMode: enforce\ndircertConfirmations: 1\ndircertMaxPercent: 100\n"
#define VERSION_REISSUE "dircertAllowedVersion: 3\ndircertOnFinding: version reissue superseded\n"
#define VERSION_REISSUE_THEN_REVOKE                                                                                    \
    "dircertAllowedVersion: 3\ndircertOnFinding: version reissue-then-revoke superseded\n"
/* The entry's only certificate; false when the server refuses it. */
bool program_try_publish(struct program *p, const char *dn, struct slice der);
/* A policy below ou=policies, over ou=servers unless they name a target; `lines` are further attributes. */
void program_add_policy(struct program *p, const char *cn, const char *lines);

/* The request of that type about that subject; "" when there is none, which a test may compare with. */
const char *program_request(struct program *p, const char *type, const char *subject);
/* One of its attributes, "" when it has none. */
const char *program_request_value(struct program *p, const char *type, const char *subject, const char *attribute);
/* It is in that state; state NULL: there is none. */
void program_expect_state(struct program *p, const char *type, const char *subject, const char *state);
/* How many requests match. */
size_t program_count_requests(struct program *p, const char *filter);
/* The approver's and the fulfiller's writes; the number is "<generation>" and "<generation>.<attempt>". */
void program_decide(struct program *p, const char *type, const char *subject, const char *decision);
void program_claim(struct program *p, const char *type, const char *subject, const char *until, const char *outcome);

/* The id that a request about this must have: SHA-256 of the type, a NUL and the identity, in hexadecimal. */
const char *program_id(struct program *p, const char *type, const char *identity);
const char *program_digest(struct program *p, struct slice der);

#endif
