/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cutter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 512, QUIET_MS = 60000, GOODBYE_MS = 2000 };

struct cutter {
    pid_t pid;
    char uri[64];
    struct sockaddr_un to;
    size_t limit;
    bool silent;
    atomic_size_t *carried; /* shared with the process */
};

static bool write_all(int fd, const char *at, size_t n)
{
    for (ssize_t w; n; at += w, n -= (size_t)w)
        if ((w = send(fd, at, n, MSG_NOSIGNAL)) <= 0)
            return false;
    return true;
}

/* One chunk; false when the connection is to end.  The count of what came from the server comes before its delivery. */
static bool carry(const struct cutter *c, int from, int to, bool from_server)
{
    char chunk[CHUNK];
    ssize_t n = recv(from, chunk, sizeof chunk, 0);
    if (n <= 0)
        return false;
    size_t all = (size_t)n, before = from_server ? atomic_fetch_add(c->carried, all) : 0;
    if (!from_server || !c->limit || before + all < c->limit)
        return write_all(to, chunk, all);
    write_all(to, chunk, before < c->limit ? c->limit - before : 0);
    if (c->silent)
        pause();
    return false;
}

/* So that what was carried does arrive: to close a socket with octets unread would throw that away. */
static void hang_up(int client)
{
    char rest[CHUNK];
    struct pollfd fd = {.fd = client, .events = POLLIN};
    shutdown(client, SHUT_WR);
    while (poll(&fd, 1, GOODBYE_MS) > 0 && recv(client, rest, sizeof rest, 0) > 0)
        continue;
    close(client);
}

static void serve(const struct cutter *c, int client)
{
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool going = connect(server, (const struct sockaddr *)&c->to, sizeof c->to) == 0;
    while (going) {
        struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        going = poll(fds, 2, QUIET_MS) > 0;
        if (going && fds[1].revents)
            going = carry(c, server, client, true);
        if (going && fds[0].revents)
            going = carry(c, client, server, false);
    }
    close(server);
    hang_up(client);
}

/* A connection has a process of its own, which dies with the one that listens. */
_Noreturn static void serve_alone(const struct cutter *c, int client, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        serve(c, client);
    _exit(0);
}

_Noreturn static void process(const struct cutter *c, int listening, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    signal(SIGCHLD, SIG_IGN);
    for (int client; (client = accept(listening, NULL, NULL)) >= 0;) {
        pid_t self = getpid();
        if (fork() == 0)
            serve_alone(c, client, self);
        close(client);
    }
    _exit(0);
}

static int listen_somewhere(struct cutter *c)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 4) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        return -1;
    snprintf(c->uri, sizeof c->uri, "ldap://127.0.0.1:%u", (unsigned)ntohs(a.sin_port));
    return fd;
}

static struct cutter *start(const char *socket_path, size_t limit, bool silent)
{
    struct cutter *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->limit = limit;
    c->silent = silent;
    c->to.sun_family = AF_UNIX;
    snprintf(c->to.sun_path, sizeof c->to.sun_path, "%s", socket_path);
    void *shared = mmap(NULL, sizeof *c->carried, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
    c->carried = shared;
    int fd = listen_somewhere(c);
    pid_t parent = getpid();
    fflush(NULL);
    c->pid = fd >= 0 ? fork() : -1;
    if (c->pid == 0)
        process(c, fd, parent);
    if (fd >= 0)
        close(fd);
    if (c->pid > 0)
        return c;
    cutter_stop(c);
    return NULL;
}

struct cutter *cutter_start(const char *socket_path, size_t limit)
{
    return start(socket_path, limit, false);
}

struct cutter *cutter_start_silent(const char *socket_path, size_t limit)
{
    return start(socket_path, limit, true);
}

const char *cutter_uri(const struct cutter *c)
{
    return c->uri;
}

size_t cutter_carried(const struct cutter *c)
{
    return atomic_load(c->carried);
}

void cutter_stop(struct cutter *c)
{
    if (!c)
        return;
    if (c->pid > 0) {
        kill(c->pid, SIGKILL);
        waitpid(c->pid, NULL, 0);
    }
    munmap(c->carried, sizeof *c->carried);
    free(c);
}
