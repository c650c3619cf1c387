/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One small façade over every kind of directory.  What differs between servers is a capability that is read from the
 * rootDSE when the directory is opened, never an `if` in the callers.  A `struct dir` is for one thread and one
 * operation at a time; nothing may be searched or written from inside a callback.
 * @source RFC 4511, RFC 4512 section 5.1, RFC 2696 (paging)
 */
#ifndef DIR_DIR_H
#define DIR_DIR_H

#include "base/arena.h"
#include "base/fault.h"
#include "core/entry.h"

struct dir;

enum dir_bind { DIR_BIND_SIMPLE, DIR_BIND_EXTERNAL };

/*
 * TLS 1.2 or later, always verified: the chain, and the URI's host against the certificate.
 * @source RFC 4513 section 3, RFC 9525
 */
struct dir_tls {
    bool start_tls;           /* ldap:// turns to TLS before anything else is said on it; ldaps:// is TLS anyway */
    const char *ca_file;      /* PEM; NULL, and ca_directory too: the system's authorities */
    const char *ca_directory; /* of such files, named by their hash */
    const char *cert_file;    /* PEM, shown to the server; NULL: none */
    const char *key_file;     /* of cert_file; nobody but its owner may read it */
};

/*
 * Called while an operation goes on: at least ten times a second, whether it waits or entries stream by (but not while
 * a callback is at work), and before each write.
 * False ends the operation: nothing more is sent but the abandoning of a search, what is in flight of writes is
 * waited for, and RC_FAULT says that it was interrupted; the handle stays usable.  Not to use d.
 */
typedef bool dir_watch_fn(void *context);

/* Everything is borrowed until dir_open returns. */
struct dir_settings {
    const char *const *uris; /* tried in order; NULL-terminated */
    struct dir_tls tls;
    enum dir_bind bind;
    const char *bind_dn; /* DIR_BIND_SIMPLE */
    /*
     * DIR_BIND_SIMPLE, the password, wiped from memory after the bind: the octets given; or else the first line of the
     * credential, where one is named and $CREDENTIALS_DIRECTORY is set; or else the first line of the file.
     */
    struct slice password;
    const char *password_credential, *password_file;
    bool allow_plaintext; /* a simple bind over ldap:// without TLS */
    unsigned timeout_s;   /* to connect, for TLS, to bind, for a write's answer; in a search, between two messages */
    /* Where the server offers transactions: at most so many adds of a dir_apply in one.  0: none. */
    unsigned writes_per_transaction;
    /*
     * Open to the same server with the same settings: what that says of itself is copied from there, not read again.
     * NULL: none is.
     */
    const struct dir *like;
    /*
     * Watches dir_open, and nothing after it; NULL: nobody does.  While a host's address is looked up it is not called:
     * the system's resolver can't be interrupted.
     */
    dir_watch_fn *watch;
    void *watch_context;
};

/*
 * Connects, binds, reads the rootDSE and the schema's attribute names.  On RC_OK *out is the caller's, to be closed
 * with dir_close.  RC_DENIED: wrong credentials.  RC_INVALID: settings that can't work.  RC_FAULT: not reachable,
 * silent, broken.
 */
enum rc dir_open(const struct dir_settings *settings, struct dir **out, struct fault *fault) MUST_USE;
void dir_close(struct dir *d); /* NULL is fine */
/* Whether it may still be used: false once the connection broke, timed out or was ended; nothing is sent to find out.
 */
bool dir_is_alive(const struct dir *d);

/* Of the operations that follow; NULL: nobody watches. */
void dir_set_watch(struct dir *d, dir_watch_fn *watch, void *context);

struct dir_capabilities {
    const char *uri;                 /* where; of those in the settings */
    bool is_secure;                  /* over TLS, or a socket of this machine */
    bool offers_transactions;        /* RFC 5805 */
    bool shows_quiet;                /* and tells when one can be ended safely; asked where they are used */
    const char *kind;                /* what answers, for people: the vendor's name, or "unknown" */
    const char *stable_id_attribute; /* entryUUID, nsUniqueId or objectGUID; also the prefix of a dircertSubjectId */
    const struct slice *suffixes;    /* namingContexts */
    size_t suffix_count;
};
/* Lives as long as d. */
const struct dir_capabilities *dir_capabilities(const struct dir *d);
/* True when the server's schema defines an attribute type of that name or OID (compared case-insensitively). */
bool dir_knows_attribute(const struct dir *d, struct slice name);

enum dir_scope { DIR_BASE, DIR_ONE, DIR_SUBTREE };

struct dir_search {
    struct slice base;
    enum dir_scope scope;
    struct slice filter;           /* RFC 4515 */
    const char *const *attributes; /* NULL-terminated; {"1.1", NULL} for none; NULL for all user attributes */
    size_t most;                   /* 0, or how many entries are enough: then RC_TRUNCATED says that there were more */
};

struct dir_sink {
    /* Forget everything that came: the search starts again from the first entry (paged, this time). */
    void (*restart)(void *context);
    /* The entry and all it points to live until the callback returns. */
    void (*entry)(void *context, const struct entry *entry);
    void *context;
};

/*
 * Streams the entries to the sink, never a whole result in memory.  RC_OK says that the search ended with success and
 * whole; only then does what came count.  RC_TRUNCATED: `most` was reached.  RC_NOT_FOUND: the base is not there or
 * hidden.  RC_INVALID: the server refused the base or the filter.  RC_FAULT: everything else, a referral included.
 */
enum rc dir_search(struct dir *d, const struct dir_search *search, const struct dir_sink *sink,
                   struct fault *fault) MUST_USE;

enum dir_verb { DIR_ADD, DIR_MODIFY, DIR_DELETE };
enum dir_mod_verb { DIR_MOD_ADD, DIR_MOD_DELETE, DIR_MOD_REPLACE };

struct dir_mod {
    enum dir_mod_verb verb; /* in a DIR_ADD: DIR_MOD_ADD */
    const char *attribute;
    const struct slice *values;
    size_t count; /* 0 with DELETE or REPLACE: the whole attribute */
};

struct dir_change {
    enum dir_verb verb;
    struct slice dn;
    const struct dir_mod *mods;
    size_t count;
};

/*
 * Called once for each change, in no certain order.  RC_OK; RC_EXISTS (68); RC_NOT_FOUND (32); RC_CONFLICT (16 or
 * 20: an old value was not there, a new one was); RC_DENIED (50); RC_INVALID (17, 19, 21, 65 and the like: the server
 * refused the content); RC_FAULT, also for what was not sent or not answered.  `fault` is filled unless RC_OK.
 */
typedef void dir_written_fn(void *context, size_t index, enum rc rc, const struct fault *fault);

/*
 * Writes the changes, a bounded number in flight.  RC_OK: each was answered (which need not be success).  RC_FAULT:
 * the connection was lost; those without an answer were reported as RC_FAULT, and whether they were carried out is
 * unknown.
 *
 * With writes_per_transaction the adds go first, and RC_OK is said of one when its transaction was carried out.  Of a
 * transaction that fails nothing was; its adds are then written one by one, so that each has an answer of its own.
 * @source RFC 5805
 */
enum rc dir_apply(struct dir *d, const struct dir_change *changes, size_t count, dir_written_fn *written, void *context,
                  struct fault *fault) MUST_USE;

enum dir_right { DIR_RIGHT_GRANTED, DIR_RIGHT_REFUSED, DIR_RIGHT_UNKNOWN };

enum { DIR_PROBE_NAME = 3000 }; /* octets; a DN may have 8192 in slapd, a key in LMDB no more than half a page */

/*
 * Whether the account might do that; nothing is carried out.  A modify names one attribute in two equal mods, both
 * DELETE of all of it or both ADD of the same values: the second can't succeed after the first, and a modify is carried
 * out whole or not at all.  An add or delete is asked for with the critical No-Op control; a server that doesn't know
 * that refuses it, and a delete is only sent to one that has shown that it does.  The RDN of an add has at least
 * DIR_PROBE_NAME octets, more than an index holds.  DIR_RIGHT_UNKNOWN: *why says why.
 * @source RFC 4511 sections 4.1.11 and 4.6; draft-zeilenga-ldap-noop
 */
enum dir_right dir_probe(struct dir *d, const struct dir_change *change, struct fault *why) MUST_USE;

/*
 * As whom the server takes us: a DN in the arena, empty where that is none.  RC_FAULT: it does not say.
 * @source RFC 4532
 */
enum rc dir_who(struct dir *d, struct arena *a, struct slice *dn, struct fault *why) MUST_USE;

#endif
