/* SPDX-License-Identifier: Apache-2.0 */
/* The connection of dircertctl: the daemon's server, as the person who runs it. */
#ifndef CTL_CONNECT_H
#define CTL_CONNECT_H

#include "ctl/ctl.h"

/*
 * Fills base, instance, who, interval_s and, where the command wants it, dir, from the options and from the daemon's
 * configuration: of that never the bind, the password or the client certificate.  CTL_OK, or the exit code; then
 * everything was told.  The password that was given is wiped from the command line at once, and from memory by
 * connect_close, which has to follow whatever the result is.
 */
int connect_open(struct ctl *ctl, enum ctl_directory directory);
/*
 * After the connection broke: the same anew.  Results and *fault as of dir_open; unless RC_OK, ctl->dir is NULL then,
 * and it may be tried again.
 */
enum rc connect_again(struct ctl *ctl, struct fault *fault) MUST_USE;
void connect_close(struct ctl *ctl);

#endif
