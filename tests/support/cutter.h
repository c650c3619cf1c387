/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A wire that breaks: listens on 127.0.0.1, carries each connection to a Unix socket, and once so many octets have come
 * back from there cuts it, or carries nothing more.  It runs in a process of its own, which dies with the test program.
 */
#ifndef SUPPORT_CUTTER_H
#define SUPPORT_CUTTER_H

#include <stddef.h>

struct cutter;

/* limit: octets from the server, over all connections together; 0: never cut.  NULL: can't be started. */
struct cutter *cutter_start(const char *socket_path, size_t limit);
/* The same, and in the place of a cut there is silence. */
struct cutter *cutter_start_silent(const char *socket_path, size_t limit);
const char *cutter_uri(const struct cutter *c); /* ldap://127.0.0.1:port */
/* Octets that came from the server so far. */
size_t cutter_carried(const struct cutter *c);
void cutter_stop(struct cutter *c); /* NULL is fine */

#endif
