/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the process is, and with which capabilities: what it has and does not need it gives away for good.
 * @source credentials(7), capabilities(7)
 */
#ifndef DAEMON_IDENTITY_H
#define DAEMON_IDENTITY_H

#include "base/fault.h"

enum { IDENTITY_ROOM = 128 };

/*
 * Started as root: this process is that user, with that user's groups, and can't return.  Started as anybody else: it
 * stays what it is.  RC_INVALID: there is no such account, or it is root's; RC_FAULT: the system refuses.
 */
enum rc identity_take(const char *user, struct fault *fault) MUST_USE;
/* The effective user's name; its number where it has none. */
void identity_name(char out[IDENTITY_ROOM]);
bool identity_is_root(void);
/*
 * No capability is left, nor any that a program which it starts could get.  Root keeps CAP_DAC_OVERRIDE, because log,
 * figures and keys may belong to others.  `out` says in words what is left.
 */
void identity_drop_capabilities(char out[IDENTITY_ROOM]);

#endif
