/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cageworld.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { WORKER_FD = 3, DEADLINE_MS = 1500 };

struct cageworld *cageworld;

void cageworld_trap(void)
{
    __builtin_trap();
}

void cageworld_fault(void)
{
    volatile int *volatile nowhere = (volatile int *)64;
    *nowhere = 1;
}

void cageworld_hang(void)
{
    for (volatile unsigned n = 0;; n++) {
    }
}

void cageworld_leave_early(void)
{
    _exit(7);
}

void cageworld_say(void)
{
    for (size_t at = 0; at < cageworld->word_octets;) {
        ssize_t n = write(WORKER_FD, cageworld->words + at, cageworld->word_octets - at);
        if (n <= 0)
            _exit(1);
        at += (size_t)n;
    }
    cageworld_hang();
}

static int is_zero(__rlimit_resource_t what)
{
    struct rlimit l;
    return getrlimit(what, &l) == 0 && l.rlim_cur == 0 && l.rlim_max == 0;
}

static void look_around(void)
{
    cageworld->workers++;
    cageworld->server = getppid();
    cageworld->worker = getpid();
    cageworld->user = geteuid();
    cageworld->open_fds = 0;
    for (int fd = 0; fd < CAGEWORLD_FDS; fd++)
        cageworld->open_fds += fcntl(fd, F_GETFD) >= 0;
    cageworld->limits[0] = is_zero(RLIMIT_CORE);
    cageworld->limits[1] = is_zero(RLIMIT_FSIZE);
    cageworld->limits[2] = is_zero(RLIMIT_NOFILE);
    cageworld->limits[3] = is_zero(RLIMIT_NPROC);
    cageworld->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

static void hook(enum cage_point point, struct slice der)
{
    struct cageworld *w = cageworld;
    if (point == CAGE_BEFORE_FILTER)
        look_around();
    w->asked += point == CAGE_AT_QUESTION;
    bool here = w->misdeed && point == w->point && (!w->times || w->done < w->times);
    if (!here || (w->victim_octets && !slice_eq(der, slice_make(w->victim, w->victim_octets))))
        return;
    w->done++;
    w->misdeed();
}

void cageworld_start_with(unsigned deadline_ms)
{
    const struct cage_settings settings = {.deadline_ms = deadline_ms, .hook = hook};
    cage_stop();
    cage_start(&settings);
}

void cageworld_start(void)
{
    cageworld_start_with(DEADLINE_MS);
}

int cageworld_enter(void **state)
{
    (void)state;
    cageworld = mmap(NULL, sizeof *cageworld, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (cageworld == MAP_FAILED)
        return -1;
    cageworld->point = CAGE_AT_QUESTION;
    cageworld_start();
    return 0;
}

int cageworld_leave(void **state)
{
    (void)state;
    cage_stop();
    return munmap(cageworld, sizeof *cageworld);
}

void cageworld_betray(void (*misdeed)(void), struct slice victim)
{
    if (victim.n > sizeof cageworld->victim)
        abort();
    if (victim.n)
        memcpy(cageworld->victim, victim.p, victim.n);
    cageworld->victim_octets = victim.n;
    cageworld->misdeed = misdeed;
}
