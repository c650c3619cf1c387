/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/signals.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum rc signals_open(enum signals_kind kind, struct signals *s, struct fault *fault)
{
    sigset_t set;
    *s = (struct signals){.fd = -1, .kind = kind};
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return fault_set(fault, RC_FAULT, "signals can't be blocked: %s", strerror(errno));
    if (kind == SIGNALS_ONCE)
        sigdelset(&set, SIGUSR1);
    s->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (s->fd < 0)
        return fault_set(fault, RC_FAULT, "signals can't be waited for: %s", strerror(errno));
    return RC_OK;
}

static void take(struct signals *s, uint32_t number)
{
    switch (number) {
    case SIGTERM:
        s->stop = "SIGTERM";
        break;
    case SIGINT:
        s->stop = "SIGINT";
        break;
    case SIGHUP:
        if (s->kind == SIGNALS_ONCE)
            s->stop = "SIGHUP";
        else
            s->reload = true;
        break;
    default:
        s->pass_now = true;
        break;
    }
}

void signals_look(struct signals *s)
{
    struct signalfd_siginfo info;
    while (read(s->fd, &info, sizeof info) == (ssize_t)sizeof info)
        take(s, info.ssi_signo);
}

void signals_wait(struct signals *s, int64_t ms, int fd)
{
    struct pollfd p[] = {{.fd = s->fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    if (!s->stop && !s->reload && !s->pass_now)
        poll(p, 2, ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms);
    signals_look(s);
}

void signals_close(struct signals *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}
