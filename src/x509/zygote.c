/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fork server: forks a worker, hands its socket over, ends it, and ends itself when the program does.  It reads
 * nothing that is foreign.
 */
#include "x509/cage_private.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NOBODY = 65534, STEP_MS = 1, ENDED = 0, BROKEN = 1 };

struct zygote {
    const struct cage_settings *settings;
    pid_t workers[CAGE_WORKERS]; /* 0: free */
    bool follows;                /* it asked for the signal of its parent's death */
};

/* Where that user is not mapped it stays root; what a worker may do does not depend on it. */
static void drop_root(void)
{
    if (geteuid() != 0)
        return;
    bool groups = setgroups(0, NULL) == 0, group = setresgid(NOBODY, NOBODY, NOBODY) == 0,
         user = setresuid(NOBODY, NOBODY, NOBODY) == 0;
    (void)(groups && group && user);
}

/* Terminals and service managers signal everybody, but the program ends in its own time and needs its workers. */
static void be_deaf(void)
{
    static const int ignored[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM};
    /* A death is to be seen as what it is: no handler of the program, nor of a sanitizer. */
    static const int plain[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS, SIGXCPU, SIGCHLD};
    sigset_t none;
    sigemptyset(&none);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        signal(plain[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * What ends us is the end of the socket, which comes with the end of the program however that ends.  The signal is
 * there besides, for when we wait for a worker.  The kernel sends it in the program's name: not where that has another
 * user and no CAP_KILL (root's, once it gave its capabilities away, as we are nobody by then), nor where it went into
 * the background and is not our parent any more.
 */
static void follow(struct zygote *z, pid_t parent)
{
    if (z->follows || getppid() != parent)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    z->follows = true;
    if (getppid() != parent)
        _exit(ENDED);
}

_Noreturn static void begin_worker(const struct zygote *z, enum cage_kind kind, int fd, pid_t parent)
{
    prctl(PR_SET_NAME, kind == CAGE_SECOND ? "cage-second" : "cage-trust");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || !jail_keep_only(fd))
        _exit(BROKEN);
    worker_run(kind, z->settings);
}

static void answer(const struct zygote_answer *a, int fd)
{
    union {
        struct cmsghdr header;
        char octets[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)a, .iov_len = sizeof *a};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        m.msg_control = control.octets;
        m.msg_controllen = sizeof control.octets;
        control.header =
            (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    }
    if (sendmsg(CAGE_FD, &m, MSG_NOSIGNAL) != (ssize_t)sizeof *a)
        _exit(ENDED);
}

static void fork_worker(struct zygote *z, enum cage_kind kind)
{
    int ends[2];
    uint32_t place = 0;
    while (place < CAGE_WORKERS && z->workers[place])
        place++;
    if (place == CAGE_WORKERS || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        answer(&(struct zygote_answer){.worker = -1, .status = place == CAGE_WORKERS ? EAGAIN : errno}, -1);
        return;
    }
    pid_t self = getpid(), child = fork();
    if (child == 0)
        begin_worker(z, kind, ends[1], self);
    close(ends[1]);
    if (child > 0)
        z->workers[place] = child;
    answer(&(struct zygote_answer){.worker = child > 0 ? (int32_t)place : -1, .status = child > 0 ? 0 : errno},
           child > 0 ? ends[0] : -1);
    close(ends[0]);
}

/* One that is dying may need a moment until it can be seen how; any other is killed. */
static void end_worker(struct zygote *z, uint32_t place, uint32_t grace_ms)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    int status = 0;
    pid_t child = place < CAGE_WORKERS ? z->workers[place] : 0, ended = 0;
    if (!child)
        _exit(BROKEN);
    while ((ended = waitpid(child, &status, WNOHANG)) == 0 && grace_ms > 0) {
        nanosleep(&step, NULL);
        grace_ms -= grace_ms < STEP_MS ? grace_ms : STEP_MS;
    }
    if (ended == 0) {
        kill(child, SIGKILL);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    z->workers[place] = 0;
    answer(&(struct zygote_answer){.worker = (int32_t)place, .status = status}, -1);
}

/* Reaped too: not every machine's first process does that for others. */
static void end_all(struct zygote *z)
{
    for (size_t i = 0; i < CAGE_WORKERS; i++)
        if (z->workers[i] && kill(z->workers[i], SIGKILL) == 0)
            while (waitpid(z->workers[i], NULL, 0) < 0 && errno == EINTR) {
            }
}

_Noreturn void zygote_run(int fd, const struct cage_settings *settings)
{
    const struct rlimit no_core = {0};
    const struct cage_settings kept = *settings;
    struct zygote z = {.settings = &kept};
    struct zygote_order order;
    ssize_t n;
    prctl(PR_SET_NAME, "cage-server"); /* for ps(1), as are the names of the workers */
    setsid();
    be_deaf();
    drop_root();
    if (!jail_keep_only(fd) || setrlimit(RLIMIT_CORE, &no_core) != 0 || chdir("/") != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        _exit(BROKEN);
    while ((n = recv(CAGE_FD, &order, sizeof order, 0)) > 0 || (n < 0 && errno == EINTR)) {
        if (n < 0)
            continue;
        if (n != (ssize_t)sizeof order || order.kind >= CAGE_KINDS)
            _exit(BROKEN);
        follow(&z, order.parent);
        if (order.verb == ZYGOTE_FORK)
            fork_worker(&z, (enum cage_kind)order.kind);
        else
            end_worker(&z, order.worker, order.grace_ms);
    }
    end_all(&z);
    _exit(ENDED);
}
