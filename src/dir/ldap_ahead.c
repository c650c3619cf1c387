/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

/*
 * libldap reads a message in two or three read(2)s, and wakes a server on the same machine for each entry.  This layer
 * takes what is there at once.
 *
 * Entries are also taken from it without libldap, which costs four times as much for each.  That may only be where
 * libldap stands between two messages, so the lengths of those that it takes are followed; it takes no octet beyond
 * the message that it reads.
 */
enum { LENGTH_ROOM = 6 }; /* a tag, and a length of up to five octets */

struct ldap_ahead {
    Sockbuf_IO_Desc *layer;
    size_t at, end;
    unsigned reads, entries;
    bool was_short; /* the last read emptied the socket */
    size_t got;     /* with it */
    size_t found;   /* since the last rest */
    unsigned rest_us;
    bool is_lost; /* what libldap took is not made of messages, as TLS is not */
    size_t left;  /* of the message that libldap is in */
    uint8_t begun[LENGTH_ROOM];
    size_t begun_count; /* of a message whose length is not known yet */
    uint8_t octets[LDAP_AHEAD_OCTETS];
};

static int ahead_setup(Sockbuf_IO_Desc *layer, void *ahead)
{
    layer->sbiod_pvt = ahead;
    ((struct ldap_ahead *)ahead)->layer = layer;
    return 0;
}

static int ahead_remove(Sockbuf_IO_Desc *layer)
{
    free(layer->sbiod_pvt);
    return 0;
}

static int ahead_ctrl(Sockbuf_IO_Desc *layer, int option, void *value)
{
    if (option == LBER_SB_OPT_DATA_READY && ldap_ahead_holds(layer->sbiod_pvt))
        return 1;
    return LBER_SBIOD_CTRL_NEXT(layer, option, value);
}

static void begin_message(struct ldap_ahead *a, uint8_t octet)
{
    size_t length = 0;
    a->begun[a->begun_count++] = octet;
    enum message_kind kind = message_measure(slice_make(a->begun, a->begun_count), &length);
    a->is_lost = kind == MESSAGE_OTHER;
    if (kind != MESSAGE_WHOLE)
        return;
    a->left = length - a->begun_count;
    a->begun_count = 0;
}

/* What libldap takes, message by message. */
static void follow(struct ldap_ahead *a, struct slice taken)
{
    while (taken.n && !a->is_lost) {
        size_t n = a->left < taken.n ? a->left : taken.n;
        a->left -= n;
        taken = slice_from(taken, n);
        if (taken.n) {
            begin_message(a, *taken.p);
            taken = slice_from(taken, 1);
        }
    }
}

static ber_slen_t read_on(struct ldap_ahead *a)
{
    if (a->at > 0) {
        a->end -= a->at;
        memmove(a->octets, a->octets + a->at, a->end);
        a->at = 0;
    }
    size_t room = LDAP_AHEAD_OCTETS - a->end;
    ber_slen_t got = LBER_SBIOD_READ_NEXT(a->layer, a->octets + a->end, room);
    a->reads++;
    a->was_short = got < (ber_slen_t)room;
    a->got = got > 0 ? (size_t)got : 0;
    a->found += a->got;
    a->end += a->got;
    return got;
}

static ber_slen_t ahead_read(Sockbuf_IO_Desc *layer, void *buffer, ber_len_t n)
{
    struct ldap_ahead *a = layer->sbiod_pvt;
    if (!ldap_ahead_holds(a)) {
        ber_slen_t got = read_on(a);
        if (got <= 0)
            return got;
    }
    size_t here = a->end - a->at, taken = n < here ? n : here;
    memcpy(buffer, a->octets + a->at, taken);
    follow(a, slice_make(a->octets + a->at, taken));
    a->at += taken;
    return (ber_slen_t)taken;
}

static ber_slen_t ahead_write(Sockbuf_IO_Desc *layer, void *buffer, ber_len_t n)
{
    return LBER_SBIOD_WRITE_NEXT(layer, buffer, n);
}

static Sockbuf_IO ahead_layer = {.sbi_setup = ahead_setup,
                                 .sbi_remove = ahead_remove,
                                 .sbi_ctrl = ahead_ctrl,
                                 .sbi_read = ahead_read,
                                 .sbi_write = ahead_write};

struct ldap_ahead *ldap_ahead_add(LDAP *ld, enum ldap_ahead_place place)
{
    static const int levels[] = {
        [LDAP_AHEAD_WIRE] = LBER_SBIOD_LEVEL_PROVIDER + 1, [LDAP_AHEAD_TLS] = LBER_SBIOD_LEVEL_TRANSPORT + 1};
    Sockbuf *socket_buffer = NULL;
    if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &socket_buffer) != LDAP_OPT_SUCCESS || !socket_buffer)
        return NULL;
    struct ldap_ahead *a = malloc(sizeof *a); /* the octets need no initial value */
    if (!a)
        arena_exhausted(sizeof *a);
    memset(a, 0, offsetof(struct ldap_ahead, octets));
    if (ber_sockbuf_add_io(socket_buffer, &ahead_layer, levels[place], a) == 0)
        return a;
    free(a);
    return NULL;
}

bool ldap_ahead_holds(const struct ldap_ahead *a)
{
    return a->at < a->end;
}

unsigned ldap_ahead_reads(const struct ldap_ahead *a)
{
    return a->reads;
}

unsigned ldap_ahead_entries(const struct ldap_ahead *a)
{
    return a->entries;
}

enum message_kind ldap_ahead_next(struct ldap_ahead *a, int id, struct message_entry *entry)
{
    if (a->is_lost || a->left || a->begun_count)
        return MESSAGE_OTHER;
    enum message_kind kind = message_walk(slice_make(a->octets + a->at, a->end - a->at), LDAP_AHEAD_OCTETS, id, entry);
    if (kind == MESSAGE_ENTRY) {
        a->at += entry->length;
        a->entries++;
    }
    return kind;
}

enum ldap_ahead_outcome ldap_ahead_fill(struct ldap_ahead *a)
{
    errno = 0;
    ber_slen_t got = read_on(a);
    if (got > 0)
        return LDAP_AHEAD_MORE;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? LDAP_AHEAD_NOTHING : LDAP_AHEAD_BROKEN;
}

bool ldap_is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/*
 * A Unix socket takes some 100 kB: a server that finds it full sleeps, so half of that is waited for.  On the loopback
 * interface what the server writes while our window is closed waits on its side, where an entry costs it a third less
 * than one that is delivered at once, and comes in large pieces as soon as we read: so the window is small
 * (ldap_connect.c), the rest long, and what waits is read without one.
 */
struct ldap_pace ldap_ahead_pace(int fd)
{
    enum { KB = 1024 };
    static const struct ldap_pace
        of_socket = {.least_us = 100, .most_us = 600, .octets = (size_t)48 * KB, .much = LDAP_AHEAD_OCTETS},
        of_loopback = {.least_us = 200, .most_us = 3000, .octets = (size_t)512 * KB, .much = LDAP_WINDOW_OCTETS / 2},
        of_network = {0};
    struct sockaddr_storage peer = {0};
    if (getpeername(fd, (struct sockaddr *)&peer, &(socklen_t){sizeof peer}) != 0)
        return of_network;
    if (peer.ss_family == AF_UNIX)
        return of_socket;
    return ldap_is_loopback((const struct sockaddr *)&peer) ? of_loopback : of_network;
}

/* How long to rest now; what the last rest brought says so. */
static unsigned steer(struct ldap_ahead *a, const struct ldap_pace *pace)
{
    unsigned us = a->rest_us ? a->rest_us : pace->least_us;
    if (a->found < pace->octets)
        us += us / 4;
    else if (a->found > pace->octets + pace->octets / 2)
        us -= us / 4;
    us = us < pace->least_us ? pace->least_us : us > pace->most_us ? pace->most_us : us;
    a->rest_us = us;
    a->found = 0;
    return us;
}

void ldap_ahead_rest(struct ldap_ahead *a, const struct ldap_pace *pace)
{
    enum { SLACK_NS = 1 };
    static bool prepared;
    if (pace->least_us == 0 || !a->was_short || a->got >= pace->much)
        return;
    if (!prepared) /* else a rest lasts 50 µs longer than was asked for */
        prctl(PR_SET_TIMERSLACK, SLACK_NS);
    prepared = true;
    nanosleep(&(struct timespec){.tv_nsec = (long)steer(a, pace) * 1000}, NULL);
}

void ldap_ahead_forget_pace(struct ldap_ahead *a)
{
    a->rest_us = 0;
    a->found = 0;
}
