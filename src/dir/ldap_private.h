/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory over libldap, in parts: ldap_connect (sockets, binds), ldap_ahead (what has come is read at once),
 * ldap_tls (TLS), ldap_wait (one message in bounded time), ldap_message (entries taken without libldap), ldap_entry,
 * ldap_discover (rootDSE and schema), ldap_search, ldap_apply, ldap_transaction, ldap_quiet, ldap_sync, ldap_text
 * (words for result codes), ldap (the façade).
 *
 * The socket is ours: connected without blocking, handed to libldap, and kept non-blocking, so that libldap can't sleep
 * in a read or write and every wait is measured against a monotonic clock here.  libldap never opens a connection by
 * itself, so it can't come back on one that nobody has bound.
 */
#ifndef DIR_LDAP_PRIVATE_H
#define DIR_LDAP_PRIVATE_H

#include "dir/dir_private.h"
#include "dir/ldap_message.h"

#include <ldap.h>
#include <sys/socket.h>

/*
 * A server on this machine gets a moment to write more than one entry before it is looked for more; no other does, as
 * that would be on top of the way there and back.  The rest grows and shrinks between the two until what comes in it
 * is about so many octets.
 */
struct ldap_pace {
    unsigned least_us, most_us; /* 0: no rest */
    size_t octets;
    size_t much; /* a read that found so many is followed by the next one at once */
};

enum { LDAP_FEW_ATTRIBUTES = 32, LDAP_FEW_VALUES = 128 };

struct ldap_dir {
    struct dir dir;
    LDAP *ld;
    int fd;                   /* libldap's own, to wait on */
    unsigned timeout_s;       /* between two messages */
    int page_size;            /* with which a search ended well; 0: paging was not needed so far */
    bool is_secure;           /* over TLS, or a socket of this machine */
    bool can_page;            /* the server offers RFC 2696 */
    unsigned adds_at_once;    /* in one transaction, where the server offers RFC 5805; 0: never */
    const char *connections;  /* DN of slapd's monitor of them; NULL: it has none, or does not show us ours */
    char connection[128];     /* DN of ours there; empty: not known, or not yet */
    unsigned misses;          /* in a row: the monitor did not show ours */
    struct ldap_ahead *wire;  /* over the socket; NULL before that is libldap's; goes with ld */
    struct ldap_ahead *ahead; /* where messages pass: over TLS, or the same */
    struct ldap_pace pace;    /* of reading */
    bool is_streaming;        /* many entries are coming: rest before looking again */
    unsigned unwatched;       /* messages since the watch was asked */
    unsigned watched_reads;   /* of the layer, when the watch was asked */
    bool by_libldap;          /* for tests: every entry is read by libldap */
    bool is_interrupted;      /* the watch has ended the operation, and is not asked again in it */
    bool knows_no_op;         /* it has answered that it carried nothing out, as it was asked */
    bool dead;                /* after which every operation is refused at once */
    bool offers_sync;         /* the server knows RFC 4533 */
    bool is_openldap;
    struct arena keep;         /* as long as the handle: capabilities, schema names */
    struct arena work;         /* within one operation; reset after each entry or request */
    const struct slice *names; /* attribute names and OIDs, lower-case, in order */
    size_t name_count;
    char uri[256]; /* who answers, escaped, for fault texts */
    char why_dead[256];
    struct attribute
        few_attributes[LDAP_FEW_ATTRIBUTES]; /* room for those of the entry at hand, which has seldom more */
    struct slice few_values[LDAP_FEW_VALUES];
};

/* ldap_text.c */

/* What the server said besides the code; freed by ldap_answer_free. */
struct ldap_answer {
    int code;      /* LDAPResult.resultCode (RFC 4511 section 4.1.9) */
    char *matched; /* matchedDN, or NULL */
    char *message; /* diagnosticMessage, or NULL */
    char **urls;   /* referral, or NULL */
    LDAPControl **controls;
};
/* Takes the answer out of a response message; false when it does not decode. */
bool ldap_answer_read(struct ldap_dir *d, LDAPMessage *message, struct ldap_answer *answer);
void ldap_answer_free(struct ldap_answer *answer);
/* `answer` as printable text: the code's name and number, the message, what matched, where a referral pointed. */
const char *ldap_answer_text(struct ldap_dir *d, const struct ldap_answer *answer);
/* Foreign octets as printable text, capped; in d->work. */
const char *ldap_printable(struct ldap_dir *d, struct slice s, size_t cap);
/* The same for a DN, which stays one. */
const char *ldap_printable_dn(struct ldap_dir *d, struct slice dn, size_t cap);
/* URLs as printable text, separated by spaces; in d->work. */
const char *ldap_urls_text(struct ldap_dir *d, char *const *urls);
/* s as a C string in d->work; NULL when there is a NUL in it. */
char *ldap_c_string(struct ldap_dir *d, struct slice s);

/* ldap_ahead.c */

enum {
    LDAP_AHEAD_OCTETS = 256 * 1024, /* that it holds at most */
    LDAP_WINDOW_OCTETS = 64 * 1024, /* that a server on the loopback interface may send before we read */
};
enum ldap_ahead_place { LDAP_AHEAD_WIRE, LDAP_AHEAD_TLS };
/* The layer over the fresh socket, or the fresh TLS; NULL: libldap refuses it.  It belongs to ld. */
struct ldap_ahead *ldap_ahead_add(LDAP *ld, enum ldap_ahead_place place);
/* How often it has read; how many entries were taken from it; whether octets are in it. */
unsigned ldap_ahead_reads(const struct ldap_ahead *a);
unsigned ldap_ahead_entries(const struct ldap_ahead *a);
bool ldap_ahead_holds(const struct ldap_ahead *a);
/*
 * Takes the next message past libldap, where that is an entry for `id`, which lives until the layer reads again:
 * MESSAGE_ENTRY.  MESSAGE_OTHER: the next message is libldap's to read.  MESSAGE_PART: it is not here whole.
 */
enum message_kind ldap_ahead_next(struct ldap_ahead *a, int id, struct message_entry *entry);
/* Reads once more, without waiting.  LDAP_AHEAD_BROKEN: the connection is at its end, as libldap will find too. */
enum ldap_ahead_outcome { LDAP_AHEAD_MORE, LDAP_AHEAD_NOTHING, LDAP_AHEAD_BROKEN };
enum ldap_ahead_outcome ldap_ahead_fill(struct ldap_ahead *a);
/* How to read from the peer of fd; no rest for one that may be on another machine. */
struct ldap_pace ldap_ahead_pace(int fd);
/* Rests where the last read found little. */
void ldap_ahead_rest(struct ldap_ahead *a, const struct ldap_pace *pace);
/* What comes next may come at another pace. */
void ldap_ahead_forget_pace(struct ldap_ahead *a);
bool ldap_is_loopback(const struct sockaddr *address);

/* ldap_wait.c */

/* The longest rest between two questions to the watch. */
enum { LDAP_LOOK_MS = 100 };
int64_t monotonic_ms(void);
/* The end of the time that one answer may take from now on. */
int64_t ldap_patience(const struct ldap_dir *d);
enum { LDAP_PATIENCE = 0 };
/*
 * The next message for `id` (LDAP_RES_ANY: any), the caller's to free with ldap_msgfree, and its type.  RC_FAULT, and
 * the handle is dead: no complete message by until_ms, however many octets came, or the connection broke; LDAP_PATIENCE
 * is the time that one answer may take, and costs no look at the clock where the message is there.  RC_FAULT,
 * and the handle lives: the watch has ended the operation; a further call waits on without asking it again.
 */
enum rc ldap_next(struct ldap_dir *d, int id, int64_t until_ms, LDAPMessage **message, int *type,
                  struct fault *fault) MUST_USE;
/*
 * The next entry for `id`, without libldap: *is_here, and it lives until the next call of this kind.  Only after
 * libldap has handed over one for that id, so that the request is sent and nothing for it is kept in libldap.  RC_OK
 * without it: the next message is one for ldap_next with *until_ms, which is LDAP_PATIENCE at the beginning and the end
 * of what was waited for.  RC_FAULT as in ldap_next.
 */
enum rc ldap_next_here(struct ldap_dir *d, int id, int64_t *until_ms, struct message_entry *entry, bool *is_here,
                       struct fault *fault) MUST_USE;
/*
 * The next message that is whole here already, without waiting: *message stays NULL where there is none.  RC_FAULT as
 * in ldap_next, but for the time.
 */
enum rc ldap_look(struct ldap_dir *d, int id, LDAPMessage **message, int *type, struct fault *fault) MUST_USE;
/* Waits for octets, up to ms and not so long that the watch would have to wait. */
void ldap_rest(const struct ldap_dir *d, int64_t ms);
/* Octets are here that the descriptor does not show. */
bool ldap_holds_octets(const struct ldap_dir *d);
/* False, and RC_FAULT is in *fault: the watch, now or before, has ended the operation. */
bool ldap_goes_on(struct ldap_dir *d, struct fault *fault) MUST_USE;
/* The beginning of an operation.  RC_FAULT when the handle is dead. */
enum rc ldap_begin(struct ldap_dir *d, struct fault *fault) MUST_USE;
/* libldap reported `code` where only a lost connection can be the cause: the handle is dead. */
enum rc ldap_broke(struct ldap_dir *d, int code, struct fault *fault);
/* Ends the usefulness of the handle; the text says why, and is also the fault. */
enum rc ldap_die(struct ldap_dir *d, struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ldap_password.c */

enum { LDAP_PASSWORD_ROOM = 1024 };
/*
 * The password that the settings give or name, without its line end, into out, which the caller wipes.  RC_INVALID:
 * none is named; or its file is not a regular file, readable by others, empty, too long, or not there.
 * @source systemd.exec(5), LoadCredential=
 */
enum rc ldap_password_read(const struct dir_settings *settings, uint8_t out[LDAP_PASSWORD_ROOM], size_t *length,
                           struct fault *fault) MUST_USE;

/* ldap_settings.c */

/* Whether the URI begins with the scheme, given with its slashes. */
bool ldap_uri_is(const char *uri, const char *scheme);
/* What is said on a connection to this URI goes over TLS. */
bool ldap_uri_has_tls(const char *uri, const struct dir_settings *settings);

/* RC_INVALID, with the reason and the remedy, for settings that can't work or would be unsafe. */
enum rc ldap_settings_check(const struct dir_settings *settings, struct fault *fault) MUST_USE;

/* ldap_connect.c */

/* Connects to uri (already checked) and binds, both within d->timeout_s.  The fault's text does not name the URI. */
enum rc ldap_connect_and_bind(struct ldap_dir *d, const char *uri, const struct dir_settings *settings,
                              struct slice password, struct fault *fault) MUST_USE;

/* Connects and sets every option but those of TLS.  d->ld and d->fd stay unset where there is no connection. */
enum rc ldap_open_handle(struct ldap_dir *d, const char *uri, int64_t until_ms, struct fault *fault) MUST_USE;

/* ldap_tls_files.c */

/* Where this system keeps the authorities that it trusts, in one file; NULL: nowhere that is known. */
const char *ldap_tls_system_authorities(void);
/*
 * RC_INVALID: a file of the settings is missing, can't be read or holds something else; or the key is open to others,
 * or somebody else's.
 */
enum rc ldap_tls_check_files(const struct dir_tls *tls, struct fault *fault) MUST_USE;
/* The path is that of a file in $CREDENTIALS_DIRECTORY. */
bool ldap_is_credential(const char *path);
/*
 * RC_INVALID: the open file is not a regular one, others than its owner may open it, or its owner is neither root nor
 * the account that runs this program.
 */
enum rc ldap_secret_check(const char *what, const char *path, int fd, struct fault *fault) MUST_USE;

/* ldap_tls.c, ldap_tls_explain.c */

/*
 * Turns the fresh connection to TLS, asking for it first where the URI is ldap://, by until_ms.  On RC_OK TLS is in
 * place and the server is the one of the URI.  RC_FAULT: refused, silent, not to be trusted; RC_INVALID: files that do
 * not belong together.  Unless RC_OK nothing may be said on the connection.
 */
enum rc ldap_tls_begin(struct ldap_dir *d, const char *uri, const struct dir_settings *settings, int64_t until_ms,
                       struct fault *fault) MUST_USE;
/* Its steps: StartTLS is asked for and granted; the options; the handshake, which fails late at until_ms. */
enum rc ldap_tls_ask(struct ldap_dir *d, int64_t until_ms, struct fault *fault) MUST_USE;
bool ldap_tls_set_options(LDAP *ld, const struct dir_tls *tls, bool verify) MUST_USE;
bool ldap_tls_handshake(struct ldap_dir *d, int64_t until_ms, bool *is_late) MUST_USE;
/* The fault, in words that help, of a handshake that failed; `said` is libldap's reason.  RC_FAULT. */
enum rc ldap_tls_explain(struct ldap_dir *d, const char *uri, const struct dir_settings *settings, int64_t until_ms,
                         const char *said, struct fault *fault);

/* ldap_discover.c */

enum rc ldap_discover(struct ldap_dir *d, struct fault *fault) MUST_USE;
/* The same, copied from a handle of the same server; d->uri and d->is_secure are its own. */
void ldap_discover_like(struct ldap_dir *d, const struct ldap_dir *other);
bool ldap_knows_attribute(const struct dir *dir, struct slice name);

/* ldap_entry.c */

/* Where name and attributes are in libldap's message, which they point into.  RC_FAULT: it does not decode. */
enum rc ldap_entry_find(struct ldap_dir *d, LDAPMessage *message, struct message_entry *found,
                        struct fault *fault) MUST_USE;
/*
 * Takes an entry apart; it points into the message, and into d until the next one or a reset of d->work.  RC_FAULT: it
 * does not decode, or is a fragment.
 */
enum rc ldap_entry_read(struct ldap_dir *d, const struct message_entry *from, struct entry *entry,
                        struct fault *fault) MUST_USE;

/* ldap_search.c, ldap_apply.c */

enum rc ldap_search_run(struct dir *dir, const struct dir_search *search, const struct dir_sink *sink,
                        struct fault *fault) MUST_USE;
/* The mods of an add or a modify for libldap, in d->work. */
LDAPMod **ldap_mods(struct ldap_dir *d, const struct dir_change *c);
enum rc ldap_apply_run(struct dir *dir, const struct dir_change *changes, size_t count, dir_written_fn *written,
                       void *context, struct fault *fault) MUST_USE;

/* ldap_transaction.c */

enum ldap_transaction {
    LDAP_TRANSACTION_DONE,    /* all of it was carried out */
    LDAP_TRANSACTION_UNDONE,  /* nothing of it was: an add was refused, the watch ended it, the handle was dead */
    LDAP_TRANSACTION_REFUSED, /* not even begun: the server grants none */
    LDAP_TRANSACTION_UNKNOWN, /* the handle died with it */
};
/*
 * Carries the adds out as one; no name has a NUL octet.  Which of them stood in the way is not told: the caller learns
 * that by sending each by itself.  *fault is filled when the handle dies or the watch ends it.
 * @source RFC 5805
 */
enum ldap_transaction ldap_transaction_run(struct ldap_dir *d, const struct dir_change *const *adds, size_t count,
                                           struct fault *fault) MUST_USE;

/* ldap_quiet.c */

enum ldap_quiet {
    LDAP_QUIET_CERTAIN, /* until something is asked */
    LDAP_QUIET_UNKNOWN, /* it can't be known; or the watch ended the waiting, or the handle died: *fault is filled */
    LDAP_QUIET_NOT,     /* a thread was still at work when the time was up */
};
/*
 * Waits a few seconds at most until the server's threads have let go of everything that was asked on this connection.
 * last_id: of the message that was sent last.
 * @source slapd-monitor(5)
 */
enum ldap_quiet ldap_await_quiet(struct ldap_dir *d, int last_id, struct fault *fault) MUST_USE;
/* Whether ldap_await_quiet will know.  A few searches; false also when the handle died, and *fault is filled. */
bool ldap_sees_quiet(struct ldap_dir *d, struct fault *fault) MUST_USE;

/* ldap_probe.c */

enum dir_right ldap_probe_run(struct dir *dir, const struct dir_change *change, struct fault *why);

/* ldap_who.c */

enum rc ldap_who_run(struct dir *dir, struct arena *a, struct slice *dn, struct fault *why) MUST_USE;

#endif
