/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local configuration: a small YAML file that says how to reach the directory, and nothing about policy, which
 * lives in the directory.  One table of keys drives the reader; documents and tests are held to it.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/fault.h"
#include "conf/problem.h"

#define CONF_DEFAULT_PATH DIRCERTD_SYSCONFDIR "/dircertd/dircertd.yaml"

enum { CONF_URIS_MAX = 8 };

/* The order is that of the choices in the table of keys. */
enum conf_start_tls { CONF_START_TLS_OFF, CONF_START_TLS_REQUIRED };
enum conf_bind { CONF_BIND_SIMPLE, CONF_BIND_EXTERNAL };
enum conf_follow { CONF_FOLLOW_AUTO, CONF_FOLLOW_OFF };
enum conf_log_format { CONF_LOG_LOGFMT, CONF_LOG_JSON };
enum conf_log_target { CONF_LOG_STDERR, CONF_LOG_SYSLOG, CONF_LOG_FILE };

/* Every pointer lives in the arena that conf_read was given. */
struct conf {
    const char *const *uris; /* directory.uri: 1 to CONF_URIS_MAX in order, NULL-terminated */
    struct {
        enum conf_start_tls start_tls;
        const char *ca_file, *ca_directory; /* absolute paths or NULL; both NULL: the system's authorities */
        const char *cert_file, *key_file;   /* absolute paths or NULL; they come together */
    } tls;
    struct {
        enum conf_bind method;
        const char *dn; /* CONF_BIND_SIMPLE; else NULL */
        /*
         * CONF_BIND_SIMPLE: at least one of them; else both NULL.  The credential is the name of a file in
         * $CREDENTIALS_DIRECTORY, and is read instead of password_file where that variable is set.
         * @source systemd.exec(5), LoadCredential=
         */
        const char *password_file, *password_credential;
    } bind;
    bool allow_plaintext;
    unsigned timeout_s, writes_per_transaction;
    const char *base; /* a DN, not empty */
    const char *instance;
    unsigned interval_s, heartbeat_s;
    unsigned full_interval_s; /* at least interval_s */
    enum conf_follow follow;
    const char *pid_file; /* NULL: none */
    const char *user;     /* NULL: whoever starts it */
    struct {
        const char *textfile; /* NULL: none */
    } metrics;
    struct {
        enum conf_log_format format;
        unsigned level; /* the least severity that is logged, as RFC 5424 section 6.2.1 numbers it: 3 err to 7 debug */
        enum conf_log_target target;
        const char *to; /* as written; CONF_LOG_FILE: an absolute path */
    } log;
};

enum conf_type {
    CONF_SECTION, /* a mapping of further keys */
    CONF_BOOL,    /* true, false */
    CONF_NUMBER,  /* whole, from least to most */
    CONF_CHOICE,  /* a word of choices */
    CONF_NAME,    /* least to most of letters, digits, '.', '_', '-' */
    CONF_DN,      /* RFC 4514, not empty */
    CONF_PATH,    /* absolute */
    CONF_TARGET,  /* a word of choices, or an absolute path */
    CONF_URIS,    /* one URI, or a list of least to most; RFC 4516 without anything after the host and port */
};

struct conf_key {
    const char *path; /* sections and key joined by '.' */
    enum conf_type type;
    bool required;
    unsigned least, most;   /* CONF_NUMBER, CONF_NAME, CONF_URIS; CONF_CHOICE: least is the first choice's value */
    const char *choices;    /* CONF_CHOICE, CONF_TARGET: words between single spaces; values count up in this order */
    const char *by_default; /* as it would be written; NULL: none */
    const char *meaning;    /* one sentence, for people */
    size_t at;              /* where in struct conf; not for CONF_SECTION */
};

/* All keys, a section before what it holds.  Static. */
const struct conf_key *conf_keys(size_t *count);

/*
 * Reads the file at path.  RC_OK: *conf is filled, defaults included, and *problems is empty.  RC_INVALID: *problems
 * tells everything that is wrong, by its place in the file, and *conf is not to be used.  No file that it names is
 * opened.
 */
enum rc conf_read(const char *path, struct arena *a, struct conf *conf, struct conf_problems *problems) MUST_USE;
/* The same for text in memory, of any length and content. */
enum rc conf_parse(struct slice text, struct arena *a, struct conf *conf, struct conf_problems *problems) MUST_USE;

#endif
