/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cage for OpenSSL.  No octet of a certificate or CRL reaches OpenSSL's parsers in a process that knows anything:
 * workers read them, processes without a file, without a socket but the one to us, and with a handful of system calls.
 * A small fork server makes the workers, so that the program itself may give up fork before it reads what is foreign.
 * What a worker answers is taken as hostile: a number out of a few, and text that is capped and printable.
 * @source seccomp(2), setrlimit(2), prctl(2), unix(7)
 */
#ifndef X509_CAGE_H
#define X509_CAGE_H

#include "base/slice.h"

enum cage_point {
    CAGE_BEFORE_FILTER, /* limits are set, the system calls are still all allowed; `der` is empty */
    CAGE_AFTER_FILTER,  /* before anything foreign; `der` is empty */
    CAGE_AT_QUESTION,   /* about to read `der` */
};

/* For tests. */
struct cage_settings {
    unsigned deadline_ms;                                  /* for each answer; 0: what is usual */
    void (*hook)(enum cage_point point, struct slice der); /* is called in the workers; NULL: none */
};

/*
 * Starts the fork server of this process.  Programs call it first of all, as long as nothing is in memory or open that
 * a worker must not have; where nobody did, the first reader that is opened does.  settings: NULL is what is usual.
 * Where it can't be done, those who open a reader get the reason.  For one thread.
 */
void cage_start(const struct cage_settings *settings);
/*
 * Ends the fork server and all its workers, and forgets what was quarantined; after all readers and pools.  Programs
 * call it last of all, so that no dead process waits for somebody to look at it; without it they end with the program
 * too.
 */
void cage_stop(void);

/*
 * The fork server is gone: it ended, or did not answer.  It is not started again, since this program holds by now what
 * no worker may have; whoever lives long ends, and is started anew.  cage_is_gone is what was noticed so far and costs
 * nothing, cage_look asks.
 */
bool cage_is_gone(void);
bool cage_look(void);

#endif
