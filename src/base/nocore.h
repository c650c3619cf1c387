/* SPDX-License-Identifier: Apache-2.0 */
/* No copy of this process's memory, which may hold a password, by accident or by another process of the same user. */
#ifndef BASE_NOCORE_H
#define BASE_NOCORE_H

/*
 * From here on a crash leaves no core file, and only root may attach a debugger or read /proc/PID/mem.  A change of the
 * user has the kernel forget the second: call it again then.  What is forked inherits both, what is executed the first.
 * @source prctl(2) PR_SET_DUMPABLE, setrlimit(2) RLIMIT_CORE, core(5)
 */
void nocore_set(void);

#endif
