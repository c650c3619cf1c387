/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the process takes from itself once it is set up: capabilities, new privileges, the system calls that it does not
 * need, and writing to files and folders that it has no business with.  Who takes it over can then start no program,
 * make no process, trace none, and write nowhere but where the log and the figures are.  It can still read what its
 * user may read, and talk to the network: that is what it is for.
 *
 * The list of system calls is one of what is allowed.  What is not on it fails, with EPERM where it is known and
 * refused, and with ENOSYS otherwise, as on a kernel that does not have it: a newer C library then takes the older
 * call.  The kernel's audit log names each.  Nothing is killed.
 * @source seccomp(2), landlock(7), no_new_privs of prctl(2)
 */
#ifndef DAEMON_HARDEN_H
#define DAEMON_HARDEN_H

#include "conf/conf.h"
#include "run/log.h"

struct harden;

/*
 * Call it once, when all processes that are needed have been forked, files that need more rights are open and no
 * password is read yet.  It never fails: the sandbox event says what is in force, and what the kernel does not have.
 * What it returns is the caller's, to be freed with harden_free; nothing is undone by that.
 */
struct harden *harden_begin(const struct conf *conf, struct log *log);
void harden_free(struct harden *h); /* NULL is fine */
/* The key of a file that this process can't write to any more, because its folder was not known at the start; or NULL.
 */
const char *harden_outside(const struct harden *h, const struct conf *conf);
/* That file's folder was not there at the start, so that it can't be replaced even when the folder is made. */
bool harden_bars(const struct harden *h, const char *file);
/* What to say of such a file. */
#define HARDEN_RESTART "its folder is not one that dircertd could write to at its start: restart dircertd"

#endif
