/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/notify.h"

#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/escape.h"

enum { MESSAGE_ROOM = 1024, STATUS_SHOWN = 512, SEND_TIMEOUT_S = 1 };

struct notify {
    int fd; /* -1: nobody listens */
    struct sockaddr_un address;
    socklen_t address_size;
    uint64_t watchdog_us; /* 0: none */
    uint64_t alive_us;    /* when it was told last */
};

static uint64_t monotonic_us(void)
{
    struct timespec t = {0};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void send_text(const struct notify *n, const char *text)
{
    if (n->fd >= 0 &&
        sendto(n->fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&n->address, n->address_size) < 0)
        return; /* there is nobody else to tell that this one does not listen */
}

/* An abstract name has a NUL where the path would begin, and no NUL at its end. */
static bool find_address(struct notify *n, const char *name)
{
    size_t size = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || size < 2 || size >= sizeof n->address.sun_path)
        return false;
    n->address.sun_family = AF_UNIX;
    memcpy(n->address.sun_path, name, size);
    if (name[0] == '@')
        n->address.sun_path[0] = '\0';
    n->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (name[0] == '/'));
    return true;
}

/* One that is full and that nobody reads must not stop us. */
static int open_socket(void)
{
    const struct timeval timeout = {.tv_sec = SEND_TIMEOUT_S};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* For another process than us: not ours to send. */
static uint64_t watchdog_interval(void)
{
    const char *interval = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    uint64_t us = 0, whose = 0;
    if (!interval || !slice_to_uint(slice_of(interval), UINT64_MAX - 1, &us))
        return 0;
    if (pid && (!slice_to_uint(slice_of(pid), INT_MAX, &whose) || (pid_t)whose != getpid()))
        return 0;
    return us;
}

struct notify *notify_open(void)
{
    struct notify *n = calloc(1, sizeof *n);
    if (!n)
        arena_exhausted(sizeof *n);
    const char *name = getenv("NOTIFY_SOCKET");
    n->fd = name && find_address(n, name) ? open_socket() : -1;
    n->watchdog_us = n->fd >= 0 ? watchdog_interval() : 0;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return n;
}

void notify_close(struct notify *n)
{
    if (n && n->fd >= 0)
        close(n->fd);
    free(n);
}

bool notify_is_on(const struct notify *n)
{
    return n->fd >= 0;
}

void notify_ready(struct notify *n)
{
    send_text(n, "READY=1");
}

void notify_reloading(struct notify *n)
{
    char text[MESSAGE_ROOM];
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_us());
    send_text(n, text);
}

void notify_stopping(struct notify *n)
{
    send_text(n, "STOPPING=1");
}

void notify_status(struct notify *n, const char *text)
{
    char message[MESSAGE_ROOM];
    uint8_t shown[STATUS_SHOWN];
    size_t size = escape_rest_write(slice_of(text), shown, sizeof shown);
    snprintf(message, sizeof message, "STATUS=%.*s", (int)size, (const char *)shown);
    send_text(n, message);
}

void notify_alive(struct notify *n)
{
    if (notify_next_ms(n) != 0)
        return;
    n->alive_us = monotonic_us();
    send_text(n, "WATCHDOG=1");
}

int notify_next_ms(const struct notify *n)
{
    if (n->watchdog_us == 0)
        return -1;
    uint64_t half = n->watchdog_us / 2, gone = monotonic_us() - n->alive_us;
    if (n->alive_us == 0 || gone >= half)
        return 0;
    uint64_t left_ms = (half - gone) / 1000 + 1;
    return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}
