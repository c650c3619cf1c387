/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which entries changed, as the server tells it: content synchronization.  Only stable ids and names travel; whoever
 * wants to know what an entry holds reads it.  Our own exchange, on a handle that does nothing else.
 * @source RFC 4533
 */
#ifndef DIR_SYNC_H
#define DIR_SYNC_H

#include "dir/dir.h"

enum dir_sync_event {
    DIR_SYNC_CHANGED, /* added, modified, renamed; in a refresh perhaps unchanged */
    DIR_SYNC_GONE,    /* deleted, or no longer to be seen; the name is empty where the server did not say it */
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
     * gone, so look at everything.  May be NULL, then they are found gone by the next full pass.
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

/* The server offers it (supportedControl). */
bool dir_sync_is_offered(const struct dir *d);
bool dir_sync_begins_now(const struct dir *d);
/*
 * Sends the searches.  d is borrowed until dir_sync_close and may do nothing else meanwhile; its watch is asked as in
 * dir_search.  RC_INVALID: the server does not offer it, or refuses it for this account.
 */
enum rc dir_sync_open(struct dir *d, const struct dir_sync_settings *settings, const struct dir_sync_sink *sink,
                      struct dir_sync **out, struct fault *fault) MUST_USE;
/* Abandons the searches. */
void dir_sync_close(struct dir_sync *s); /* NULL is fine */
/*
 * Handles what has come, waiting up to wait_ms for the first message; while a refresh goes on it returns now and then
 * too.  RC_CONFLICT: a cookie was refused (e-syncRefreshRequired, 4096): close it and open one without cookies.
 * RC_FAULT: the connection or the search ended; cookies up to the last message that was handled are good.
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
