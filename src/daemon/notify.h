/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells the service manager how the daemon is.  Each message is one datagram to the socket that it named in the
 * environment; without one, or where it can't be sent, nothing happens: a daemon does not depend on who started it.
 * @source sd_notify(3), sd_watchdog_enabled(3)
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdbool.h>

struct notify;

/*
 * Reads NOTIFY_SOCKET (a path, or @name for an abstract one), WATCHDOG_USEC and WATCHDOG_PID, and removes them from
 * the environment, so that no child speaks for us.  Call it in the process that stays, after any fork.  Never NULL;
 * the caller's, to be closed with notify_close.
 */
struct notify *notify_open(void);
void notify_close(struct notify *n); /* NULL is fine */
/* Whether there is somebody to tell. */
bool notify_is_on(const struct notify *n);

/* Begun, or a reload is done. */
void notify_ready(struct notify *n);
/* A reload has begun; notify_ready ends it. */
void notify_reloading(struct notify *n);
void notify_stopping(struct notify *n);
/* One line for people; octets that are not printable are escaped, and escapes stay: see escape_rest_write. */
void notify_status(struct notify *n, const char *text);
/* Call it often: it sends a sign of life once a half of the watchdog's interval has gone since the last one. */
void notify_alive(struct notify *n);
/* Milliseconds until notify_alive has something to send; -1: never, there is no watchdog. */
int notify_next_ms(const struct notify *n);

#endif
