/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory's servers in the order of the configuration: the first that can be used is, one that can't is tried
 * more and more rarely, and an earlier one is returned to.  There are two connections to the same server, because a
 * handle is for one operation at a time: one for passes, and one for the signs of life that go on during a pass.
 */
#ifndef DAEMON_SERVERS_H
#define DAEMON_SERVERS_H

#include "dir/dir.h"
#include "run/log.h"

struct servers_settings {
    struct dir_settings directory; /* what it points to is borrowed until servers_close */
    unsigned interval_s;           /* after a refused password, the next try */
    bool only_work;                /* no second connection */
    struct log *log;               /* borrowed */
    bool tells; /* transitions, and when the next try is; a server beside a good one is told anyway */
    bool (*goes_on)(void *context); /* asked before each server and while connecting; false ends it.  NULL: always on */
    bool (*is_alive)(void *context); /* called while the second connection waits; always true.  NULL: nobody wants to */
    void *context;
};

struct servers;

/* Connects to nothing yet.  The caller's, to be closed with servers_close. */
struct servers *servers_open(const struct servers_settings *settings);
void servers_close(struct servers *s); /* NULL is fine */

/*
 * True when there is a connection.  If there is none, those servers are tried in order that are due.  When the last of
 * them failed too, that is told once, and once when it is over.
 */
bool servers_connect(struct servers *s, int64_t now_ms);
/* After a rest: a connection that the server ended meanwhile is forgotten; that is no loss that puts the next one off.
 */
void servers_refresh(struct servers *s);
/*
 * While the first connection is at work: the second, where it ended, is made anew to the same server, if it can be; a
 * refused password is not said again for an interval.
 */
void servers_renew_keep(struct servers *s);
/* With a connection to another than the first: those before it that are due are tried, and the first that answers is
 * taken.  What is wrong with one is told once. */
void servers_improve(struct servers *s, int64_t now_ms);
/* When that is due again, an interval after the last time or later, where the password was refused more and more
 * rarely; in monotonic milliseconds.  INT64_MAX: there is nothing to improve. */
int64_t servers_improve_ms(const struct servers *s);
/* Asks the server for nothing; false, and both connections are closed, when it does not answer. */
bool servers_probe(struct servers *s, int64_t now_ms);
/* False, and both connections are closed, when one of them broke.  Nothing is sent to find out. */
bool servers_check(struct servers *s, int64_t now_ms);

/* Without a connection: when the next try is due, in monotonic milliseconds. */
int64_t servers_next_ms(const struct servers *s);
/* Why there is no connection, server by server; lives until the next call. */
const char *servers_fault(const struct servers *s);
/* None of the settings can work, whatever the servers do (RC_INVALID of dir_open). */
bool servers_are_invalid(const struct servers *s);
/* A further connection to the server that is connected, the caller's.  Results of dir_open. */
enum rc servers_open_further(const struct servers *s, struct dir **out, struct fault *fault) MUST_USE;
/* Grows with each connection that is made: with another number, it is another one. */
unsigned servers_connection(const struct servers *s);
/* Of the server that is connected; NULL without a connection. */
const char *servers_uri(const struct servers *s);
/* NULL without a connection. */
struct dir *servers_work(const struct servers *s);
struct dir *servers_keep(const struct servers *s);

/* Told where a password is said to a server that may be listened to; whoever binds to one by itself asks too. */
bool servers_is_insecure(const struct dir_settings *settings, const struct dir *d);
void servers_tell_insecure(struct log *log, const char *uri);

#endif
