/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cage with a worker that is told to misbehave: what it does, at which certificate and how often, is in memory that
 * the test, the fork server and the workers share.
 */
#ifndef TESTS_SUPPORT_CAGEWORLD_H
#define TESTS_SUPPORT_CAGEWORLD_H

#include "base/slice.h"
#include "x509/cage.h"

#include <stdatomic.h>
#include <sys/types.h>

enum { CAGEWORLD_FDS = 1024, CAGEWORLD_WORDS = 8192 };

struct cageworld {
    /* Set by the test. */
    enum cage_point point;
    void (*misdeed)(void); /* NULL: none */
    uint8_t victim[65536]; /* at CAGE_AT_QUESTION only where this is asked; none: everywhere */
    size_t victim_octets;
    unsigned times;                 /* that it is done; 0: always */
    uint8_t words[CAGEWORLD_WORDS]; /* for cageworld_say */
    size_t word_octets;
    /* Seen in the workers. */
    atomic_uint workers, asked, done;
    pid_t server, worker; /* the last one */
    unsigned open_fds;
    int limits[4]; /* 1 where it is zero: core, fsize, nofile, nproc */
    uid_t user;
    int no_new_privs;
};
extern struct cageworld *cageworld;

/* cmocka's setup and teardown of each test.  Deadlines are short. */
int cageworld_enter(void **state);
int cageworld_leave(void **state);
/* What cageworld_enter does last: the fork server, in a child of the test for example. */
void cageworld_start(void);
/* The same with another deadline. */
void cageworld_start_with(unsigned deadline_ms);
/* From here on misdeed is done where `victim` is asked about. */
void cageworld_betray(void (*misdeed)(void), struct slice victim);

/* Misdeeds. */
void cageworld_trap(void);  /* SIGILL */
void cageworld_fault(void); /* SIGSEGV */
void cageworld_hang(void);
void cageworld_leave_early(void); /* _exit(7) */
void cageworld_say(void);         /* writes `words`, and nothing more is heard of it */

#endif
