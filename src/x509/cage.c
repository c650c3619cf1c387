/* SPDX-License-Identifier: Apache-2.0 */
/* The program's side of the cage: the fork server, a worker in each place, and what is in quarantine. */
#include "x509/cage_private.h"

#include "base/escape.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    QUARANTINED_MOST = 1024,
    STARTS_MOST = 5,            /* workers in a row that fail before they were asked anything */
    REST_MS = 30 * 1000,        /* after that, until somebody tries again */
    TURN_US = 60 * 1000 * 1000, /* of answering; then a new worker takes the place */
    GRACE_MS = 1000,
    SERVER_S = 10, /* for the fork server's answer, and for a worker's first word */
    LAST_S = 5,    /* for its end; one that is stopped ends when it goes on */
};

/* One certificate; one CRL or chain, which may be far more work. */
static const unsigned deadlines_ms[CAGE_KINDS] = {[CAGE_SECOND] = 10 * 1000, [CAGE_TRUST] = 20 * 1000};

static struct cage {
    bool started;
    int fd; /* to the fork server; -1: there is none */
    pid_t server;
    struct cage_settings settings;
    struct fault why; /* there is none */
    struct quarantined {
        struct digest digest;
        struct cage_failure failure;
    } quarantined[QUARANTINED_MOST];
    size_t quarantined_count; /* ever; the oldest is overwritten */
    struct broken {
        int64_t until_ms;
        char why[256];
    } broken[CAGE_KINDS];
} cage = {.fd = -1};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Quarantine. */

void cage_quarantine(const struct digest *d, const struct cage_failure *failure)
{
    cage.quarantined[cage.quarantined_count++ % QUARANTINED_MOST] =
        (struct quarantined){.digest = *d, .failure = *failure};
}

bool cage_is_quarantined(const struct digest *d, struct cage_failure *failure)
{
    size_t count = cage.quarantined_count < QUARANTINED_MOST ? cage.quarantined_count : QUARANTINED_MOST;
    for (size_t i = 0; i < count; i++)
        if (digest_eq(&cage.quarantined[i].digest, d)) {
            *failure = cage.quarantined[i].failure;
            return true;
        }
    return false;
}

bool cage_has_quarantined(void)
{
    return cage.quarantined_count > 0;
}

static void write_how(const struct cage_failure *f, char *out, size_t room)
{
    switch (f->how) {
    case CAGE_DIED:
        snprintf(out, room, "died by signal %d", f->number);
        return;
    case CAGE_ENDED:
        snprintf(out, room, "ended with code %d%s", f->number, f->number == 2 ? " (out of memory)" : "");
        return;
    case CAGE_SILENT:
        snprintf(out, room, "did not answer within %d ms", f->number);
        return;
    case CAGE_NONSENSE:
        snprintf(out, room, "answered what is no answer");
        return;
    }
}

void cage_write_failure(const struct cage_failure *failure, char *out, size_t room)
{
    char how[64] = "";
    write_how(failure, how, sizeof how);
    snprintf(out, room, "the worker %s while it read this: quarantined", how);
}

/* The fork server. */

void cage_start(const struct cage_settings *settings)
{
    static const struct cage_settings usual;
    int ends[2];
    if (cage.started)
        return;
    cage.started = true;
    cage.settings = settings ? *settings : usual;
    fflush(NULL); /* what waits to be written is written by one process */
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        fault_set(&cage.why, RC_FAULT, "the cage for OpenSSL: socketpair: %s", strerrorname_np(errno));
        return;
    }
    const struct timeval limit = {.tv_sec = SERVER_S};
    cage.server = fork();
    if (cage.server == 0)
        zygote_run(ends[1], &cage.settings);
    close(ends[1]);
    if (cage.server < 0 || setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) {
        fault_set(&cage.why, RC_FAULT, "the cage for OpenSSL: %s: %s", cage.server < 0 ? "fork" : "setsockopt",
                  strerrorname_np(errno));
        close(ends[0]);
        return;
    }
    cage.fd = ends[0];
}

/* Its signal may have come before it was blocked, or be another child's: then it is looked for again. */
static void await_end(pid_t server)
{
    const struct timespec step = {.tv_nsec = 10L * 1000 * 1000};
    const int64_t until_us = now_us() + LAST_S * INT64_C(1000000);
    sigset_t of_child, before;
    sigemptyset(&of_child);
    sigaddset(&of_child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &of_child, &before);
    while (waitpid(server, NULL, WNOHANG) == 0 && now_us() < until_us)
        sigtimedwait(&of_child, NULL, &step);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

void cage_stop(void)
{
    if (cage.fd >= 0)
        close(cage.fd);
    if (cage.started && cage.server > 0)
        await_end(cage.server);
    cage = (struct cage){.fd = -1};
}

enum rc cage_works(struct fault *fault)
{
    return cage.fd >= 0 ? RC_OK : fault_set(fault, RC_FAULT, "%s", cage.why.text);
}

/* Whatever is wrong with the server stays wrong: it is gone, or it is not known what it answers to. */
static enum rc lose_server(struct fault *fault)
{
    close(cage.fd);
    cage.fd = -1;
    fault_set(&cage.why, RC_FAULT, "the cage for OpenSSL: its fork server is gone; start the program anew");
    return fault_set(fault, RC_FAULT, "%s", cage.why.text);
}

bool cage_is_gone(void)
{
    return cage.started && cage.fd < 0;
}

bool cage_look(void)
{
    struct pollfd p = {.fd = cage.fd}; /* below 0 it is passed over */
    struct fault ignored = {{0}};      /* cage.why has it */
    if (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)))
        (void)!lose_server(&ignored);
    return cage_is_gone();
}

/* *fd is what came with the answer, -1 if nothing did. */
static enum rc order(const struct zygote_order *o, struct zygote_answer *out, int *fd, struct fault *fault)
{
    union {
        struct cmsghdr header;
        char octets[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = out, .iov_len = sizeof *out};
    struct msghdr m = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.octets, .msg_controllen = sizeof control.octets};
    ssize_t n;
    *fd = -1;
    if (cage.fd < 0)
        return fault_set(fault, RC_FAULT, "%s", cage.why.text);
    if (send(cage.fd, o, sizeof *o, MSG_NOSIGNAL) != (ssize_t)sizeof *o)
        return lose_server(fault);
    while ((n = recvmsg(cage.fd, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
    }
    if (n != (ssize_t)sizeof *out)
        return lose_server(fault);
    if (m.msg_controllen >= sizeof control.header && control.header.cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(&control.header), sizeof *fd);
    return RC_OK;
}

static struct zygote_order order_of(enum zygote_verb verb, const struct cage_place *p, unsigned grace_ms)
{
    return (struct zygote_order){
        .verb = verb, .kind = p->kind, .worker = p->worker, .grace_ms = grace_ms, .parent = getpid()};
}

/* Ends the worker and sees how it ended. */
static void bury(struct cage_place *p, unsigned grace_ms, struct cage_failure *failure)
{
    const struct zygote_order o = order_of(ZYGOTE_END, p, grace_ms);
    struct zygote_answer a;
    struct fault ignored = {{0}}; /* whoever begins the next worker is told */
    int fd;
    if (failure)
        *failure = (struct cage_failure){.how = CAGE_ENDED};
    p->waiting = 0;
    if (p->fd < 0)
        return;
    close(p->fd);
    p->fd = -1;
    if (order(&o, &a, &fd, &ignored) != RC_OK || !failure)
        return;
    if (WIFSIGNALED(a.status))
        *failure = (struct cage_failure){.how = CAGE_DIED, .number = WTERMSIG(a.status)};
    else
        *failure = (struct cage_failure){.how = CAGE_ENDED, .number = WEXITSTATUS(a.status)};
}

void cage_end(struct cage_place *p)
{
    bury(p, 0, NULL);
}

void cage_refuse(struct cage_place *p, struct cage_failure *failure)
{
    bury(p, 0, NULL);
    *failure = (struct cage_failure){.how = CAGE_NONSENSE};
}

static void set_silent(struct cage_place *p, unsigned deadline_ms, struct cage_failure *failure)
{
    bury(p, 0, NULL);
    *failure = (struct cage_failure){.how = CAGE_SILENT, .number = (int)deadline_ms};
}

/* Answers. */

/* The text of a worker that somebody took over may be anything: only what escape_write lets pass as it is. */
static bool is_printable(struct slice text)
{
    uint8_t plain[CAGE_TEXT_MOST], escaped[CAGE_TEXT_MOST + 16];
    for (size_t i = 0; i < text.n; i++)
        plain[i] = text.p[i] == '\\' ? '/' : text.p[i]; /* it begins an escape, and may stand */
    size_t n = escape_write(slice_make(plain, text.n), "", escaped, sizeof escaped);
    return slice_eq(slice_make(plain, text.n), slice_make(escaped, n));
}

static unsigned deadline_of(const struct cage_place *p)
{
    return cage.settings.deadline_ms ? cage.settings.deadline_ms : deadlines_ms[p->kind];
}

/* False: the time is up, or the worker is gone (errno). */
static bool receive(struct cage_place *p, uint8_t *to, size_t *have, size_t least, size_t most, int64_t until_us)
{
    while (*have < least) {
        ssize_t n = recv(p->fd, to + *have, most - *have, 0);
        if (n < 0 && errno == EINTR && now_us() < until_us)
            continue;
        if (n <= 0) {
            errno = n == 0 ? ECONNRESET : errno == EINTR ? EAGAIN : errno;
            return false;
        }
        *have += (size_t)n;
        errno = EAGAIN;
        if (*have < least && now_us() >= until_us) /* it drips */
            return false;
    }
    return true;
}

/* The texts directly behind the head, and nothing behind them. */
static bool read_texts(struct cage_answer *out, size_t have)
{
    const struct cage_head *h = &out->head;
    if (h->octets[0] > CAGE_TEXT_MOST || h->octets[1] > CAGE_TEXT_MOST || have != (size_t)h->octets[0] + h->octets[1])
        return false;
    out->text[0] = slice_make(out->room, h->octets[0]);
    out->text[1] = slice_make(out->room + h->octets[0], h->octets[1]);
    return is_printable(out->text[0]) && is_printable(out->text[1]);
}

static bool take_answer(struct cage_place *p, int64_t until_us, struct cage_answer *out, struct cage_failure *failure)
{
    uint8_t octets[sizeof out->head + sizeof out->room + 1]; /* one too many is seen */
    size_t have = 0, whole = sizeof out->head;
    const bool last = p->waiting <= 1; /* else the next answer may stand behind this one */
    bool got = receive(p, octets, &have, whole, last ? sizeof octets : whole, until_us);
    if (got) {
        memcpy(&out->head, octets, sizeof out->head);
        if (out->head.octets[0] > CAGE_TEXT_MOST || out->head.octets[1] > CAGE_TEXT_MOST) {
            cage_refuse(p, failure);
            return false;
        }
        whole += out->head.octets[0] + out->head.octets[1];
        got = receive(p, octets, &have, whole, last ? sizeof octets : whole, until_us);
    }
    if (!got) {
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            set_silent(p, deadline_of(p), failure);
        else
            bury(p, GRACE_MS, failure);
        return false;
    }
    memcpy(out->room, octets + sizeof out->head,
           have - sizeof out->head < sizeof out->room ? have - sizeof out->head : sizeof out->room);
    if (read_texts(out, have - sizeof out->head))
        return true;
    cage_refuse(p, failure);
    return false;
}

/* False: *failure. */
static bool put_question(struct cage_place *p, const struct cage_question *q, struct slice der, int64_t until_us,
                         struct cage_failure *failure)
{
    size_t sent = 0, whole = sizeof *q + der.n;
    while (sent < whole) {
        struct iovec parts[2] = {{.iov_base = (void *)(uintptr_t)q, .iov_len = sizeof *q},
                                 {.iov_base = (void *)(uintptr_t)der.p, .iov_len = der.n}};
        struct msghdr m = {.msg_iov = parts, .msg_iovlen = der.n ? 2 : 1};
        if (sent >= sizeof *q) {
            parts[1].iov_base = (void *)(uintptr_t)(der.p + (sent - sizeof *q));
            parts[1].iov_len = whole - sent;
            m = (struct msghdr){.msg_iov = parts + 1, .msg_iovlen = 1};
        } else if (sent > 0) {
            parts[0].iov_base = (uint8_t *)(uintptr_t)q + sent;
            parts[0].iov_len = sizeof *q - sent;
        }
        ssize_t n = sendmsg(p->fd, &m, MSG_NOSIGNAL);
        bool late = now_us() >= until_us;
        if (n >= 0 && !late) {
            sent += (size_t)n;
        } else if (n >= 0 || (errno == EINTR && late) || errno == EAGAIN || errno == EWOULDBLOCK) {
            set_silent(p, deadline_of(p), failure);
            return false;
        } else if (errno != EINTR) {
            bury(p, GRACE_MS, failure);
            return false;
        }
    }
    return true;
}

static int64_t until_of(const struct cage_place *p)
{
    return now_us() + (int64_t)deadline_of(p) * 1000;
}

static void count_time(struct cage_place *p)
{
    int64_t now = now_us();
    p->spent_us += now - p->since_us;
    p->since_us = now;
}

bool cage_put(struct cage_place *p, const struct cage_question *q, struct slice der, struct cage_failure *failure)
{
    struct cage_question whole = *q;
    whole.octets = (uint32_t)der.n;
    p->asked++;
    if (p->waiting++ == 0)
        p->since_us = now_us();
    if (put_question(p, &whole, der, until_of(p), failure))
        return true;
    count_time(p);
    return false;
}

bool cage_take(struct cage_place *p, struct cage_answer *out, struct cage_failure *failure)
{
    bool taken = take_answer(p, until_of(p), out, failure);
    count_time(p);
    p->waiting -= taken; /* without it nothing waits any more */
    return taken;
}

bool cage_ask(struct cage_place *p, const struct cage_question *q, struct slice der, struct cage_answer *out,
              struct cage_failure *failure)
{
    return cage_put(p, q, der, failure) && cage_take(p, out, failure);
}

bool cage_is_due(const struct cage_place *p)
{
    return p->spent_us >= TURN_US;
}

/* Beginning. */

static enum rc fork_worker(struct cage_place *p, struct fault *fault)
{
    const struct zygote_order o = order_of(ZYGOTE_FORK, p, 0);
    unsigned ms = deadline_of(p);
    const struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000L};
    struct zygote_answer a = {0};
    enum rc rc = order(&o, &a, &p->fd, fault);
    if (rc != RC_OK)
        return rc;
    if (a.worker < 0 || p->fd < 0)
        return fault_set(fault, RC_FAULT, "could not be forked: %s", strerrorname_np(a.status));
    p->worker = (uint32_t)a.worker;
    p->asked = 0;
    p->spent_us = 0;
    if (setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
        setsockopt(p->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0)
        return RC_OK;
    return fault_set(fault, RC_FAULT, "setsockopt: %s", strerrorname_np(errno));
}

/* Its first word: it is behind the filter, and OpenSSL works there. */
static enum rc await_word(struct cage_place *p, struct fault *fault)
{
    struct cage_answer a;
    struct cage_failure failure;
    char how[64] = "";
    if (!take_answer(p, now_us() + SERVER_S * INT64_C(1000000), &a, &failure)) {
        write_how(&failure, how, sizeof how);
        return fault_set(fault, RC_FAULT, "%s", how);
    }
    if (a.head.answer[0] == CAGE_READY)
        return RC_OK;
    return fault_set(fault, RC_FAULT, "%.*s", SLICE_ARGS(a.text[0]));
}

enum rc cage_try(struct cage_place *p, struct fault *fault)
{
    cage_end(p);
    if (fork_worker(p, fault) == RC_OK && await_word(p, fault) == RC_OK)
        return RC_OK;
    cage_end(p);
    return RC_FAULT;
}

enum rc cage_begin(struct cage_place *p, bool *is_new, struct fault *fault)
{
    struct fault last = {{0}};
    *is_new = false;
    if (p->fd >= 0 && !cage_is_due(p))
        return RC_OK;
    cage_end(p);
    cage_start(NULL);
    struct broken *broken = &cage.broken[p->kind];
    if (now_us() / 1000 < broken->until_ms)
        return fault_set(fault, RC_FAULT, "%s", broken->why);
    for (int i = 0; i < STARTS_MOST; i++) {
        last = (struct fault){{0}};
        if (cage_try(p, &last) == RC_OK) {
            *is_new = true;
            return RC_OK;
        }
        if (cage.fd < 0)
            return fault_set(fault, RC_FAULT, "%s", cage.why.text);
    }
    broken->until_ms = now_us() / 1000 + REST_MS;
    snprintf(broken->why, sizeof broken->why,
             "the cage for OpenSSL does not work: %d workers in a row failed before they were asked anything; the last "
             "one: %.120s",
             STARTS_MOST, last.text);
    return fault_set(fault, RC_FAULT, "%s", broken->why);
}
