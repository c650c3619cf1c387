/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which entries changed, as the server tells it: content synchronization.  Only stable ids and names travel; whoever
 * wants to know what an entry holds reads it.  Our own exchange, on a handle that does nothing else.
 *
 * What the protocol does not say: of a subtree that was renamed or moved only the top is named, so who finds another
 * name than before looks at all below it.  GONE may name what was never in the scope.  A refresh that was not finished
 * concludes nothing; what it named counts, but not whom it did not name.  A change that is made twice in a short time
 * may be told once or twice.
 * @source RFC 4533
 */
#ifndef DIR_SYNC_H
#define DIR_SYNC_H

#include "dir/dir.h"

enum dir_sync_event {
    DIR_SYNC_CHANGED, /* added, modified, renamed; in a refresh perhaps unchanged */
    DIR_SYNC_GONE, /* deleted, moved out, or no longer to be seen; the name is empty where the server did not say it */
    DIR_SYNC_PRESENT, /* of the present phase of a refresh: still there, unchanged */
};

struct dir_sync_sink {
    /* `id` as in dircertSubjectId ("entryUUID:…"), for the time of the call; `dn` may be empty. */
    void (*entry)(void *context, enum dir_sync_event event, struct slice id, struct slice dn);
    /*
     * A refresh of that scope has ended, and what follows are changes as they happen.  `is_whole`: who was there at the
     * last cookie and was named by neither CHANGED nor PRESENT is gone (the present phase, RFC 4533 section 3.3.1).
     * `from_nothing`: there was no cookie: CHANGED named everything that there is.
     */
    void (*refreshed)(void *context, size_t scope, bool is_whole, bool from_nothing);
    /*
     * Just before `refreshed`, which then says that it is not whole: the server's words leave open whether others are
     * gone (389-ds sends changes only in the form of a present phase; a server that passes over the cookie names
     * everything that there is), so look at everything.  May be NULL, then they are found gone by the next full pass.
     */
    void (*in_doubt)(void *context, size_t scope);
    void *context;
};

/* All entries below a base that the account sees. */
struct dir_sync_settings {
    const struct slice *bases; /* subtrees, one search each; copied */
    size_t base_count;
    bool persists;       /* refreshAndPersist; false: one refresh, then it is at rest */
    const char *cookies; /* of dir_sync_cookies of an earlier one with the same bases; NULL: none */
    /*
     * Without cookies: begin with now where the server's cookies allow it (dir_sync_begins_now), so that nothing is
     * listed; otherwise everything is listed once, as CHANGED.
     */
    bool begins_now;
};

struct dir_sync;

/*
 * The server offers it (supportedControl), and its ids are our stable ids: entryUUID, or nsUniqueId of 389-ds.  That
 * the database has it too is known only when it is asked.
 */
bool dir_sync_is_offered(const struct dir *d);
/* OpenLDAP: its cookies are about the database, whatever was searched for. */
bool dir_sync_begins_now(const struct dir *d);
/*
 * Sends the searches.  d is borrowed until dir_sync_close and may do nothing else meanwhile; its watch is asked as in
 * dir_search.  Without begins_now nothing is waited for, and what the server thinks of it is told by dir_sync_step.
 * RC_INVALID: the server does not offer it, or refuses it for this account or database.  RC_CONFLICT: these are no
 * cookies of so many bases.  RC_NOT_FOUND: a base is not there or hidden.
 */
enum rc dir_sync_open(struct dir *d, const struct dir_sync_settings *settings, const struct dir_sync_sink *sink,
                      struct dir_sync **out, struct fault *fault) MUST_USE;
/* Abandons the searches. */
void dir_sync_close(struct dir_sync *s); /* NULL is fine */
/*
 * Handles what has come, waiting up to wait_ms for the first message; while a refresh goes on it returns now and then
 * too.  RC_CONFLICT: a cookie was refused (e-syncRefreshRequired, 4096): close it and open one without cookies.
 * RC_INVALID and RC_NOT_FOUND as in dir_sync_open.  RC_FAULT: the connection or the search ended, the server broke the
 * protocol, or said nothing in a refresh for timeout_s; cookies up to the last message that was handled are good (in a
 * refresh: those with which it began).  After each of them only dir_sync_cookies and dir_sync_close are of use; but
 * where it was the watch, it goes on with the next step.
 *
 * After the refresh silence is the usual state.  A host that is gone is noticed within about a minute (TCP keepalive);
 * a server that is there and answers nobody only by asking it something on another handle.
 */
enum rc dir_sync_step(struct dir_sync *s, int wait_ms, struct fault *fault) MUST_USE;
/* Every scope is past its refresh. */
bool dir_sync_is_refreshed(const struct dir_sync *s);
/* To be polled for reading; and whether a message is waiting here although the descriptor shows none. */
int dir_sync_fd(const struct dir_sync *s);
bool dir_sync_has_message(const struct dir_sync *s);
/* Opaque text, one line, of the last completed step; NULL where there is none for every scope.  Lives until the next
 * call on s. */
const char *dir_sync_cookies(const struct dir_sync *s);

#endif
