/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

/*
 * libldap reads a message in two or three read(2)s, and wakes a server on the same machine for each entry.  This layer
 * takes what is there at once.
 */
enum { AHEAD_OCTETS = 256 * 1024, AHEAD_LEVEL = LBER_SBIOD_LEVEL_PROVIDER + 1 };

struct ldap_ahead {
    size_t at, end;
    unsigned reads;
    bool was_short; /* the last read emptied the socket */
    uint8_t octets[AHEAD_OCTETS];
};

static int ahead_setup(Sockbuf_IO_Desc *layer, void *ahead)
{
    layer->sbiod_pvt = ahead;
    return 0;
}

static int ahead_remove(Sockbuf_IO_Desc *layer)
{
    free(layer->sbiod_pvt);
    return 0;
}

static int ahead_ctrl(Sockbuf_IO_Desc *layer, int option, void *value)
{
    const struct ldap_ahead *a = layer->sbiod_pvt;
    if (option == LBER_SB_OPT_DATA_READY && a->at < a->end)
        return 1;
    return LBER_SBIOD_CTRL_NEXT(layer, option, value);
}

static ber_slen_t ahead_read(Sockbuf_IO_Desc *layer, void *buffer, ber_len_t n)
{
    struct ldap_ahead *a = layer->sbiod_pvt;
    if (a->at == a->end) {
        ber_slen_t got = LBER_SBIOD_READ_NEXT(layer, a->octets, AHEAD_OCTETS);
        a->was_short = got < AHEAD_OCTETS;
        a->reads++;
        if (got <= 0)
            return got;
        a->at = 0;
        a->end = (size_t)got;
    }
    size_t here = a->end - a->at, taken = n < here ? n : here;
    memcpy(buffer, a->octets + a->at, taken);
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

struct ldap_ahead *ldap_ahead_add(LDAP *ld)
{
    Sockbuf *socket_buffer = NULL;
    if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &socket_buffer) != LDAP_OPT_SUCCESS || !socket_buffer)
        return NULL;
    struct ldap_ahead *a = malloc(sizeof *a); /* the octets need no initial value */
    if (!a)
        arena_exhausted(sizeof *a);
    a->at = a->end = 0;
    a->reads = 0;
    a->was_short = false;
    if (ber_sockbuf_add_io(socket_buffer, &ahead_layer, AHEAD_LEVEL, a) == 0)
        return a;
    free(a);
    return NULL;
}

unsigned ldap_ahead_reads(const struct ldap_ahead *a)
{
    return a->reads;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

unsigned ldap_ahead_rest_us(int fd)
{
    enum { LOCAL_US = 150, LOOPBACK_US = 200 }; /* less than it takes a server to fill the socket */
    struct sockaddr_storage peer = {0};
    if (getpeername(fd, (struct sockaddr *)&peer, &(socklen_t){sizeof peer}) != 0)
        return 0;
    if (peer.ss_family == AF_UNIX)
        return LOCAL_US;
    return is_loopback((const struct sockaddr *)&peer) ? LOOPBACK_US : 0;
}

void ldap_ahead_rest(const struct ldap_ahead *a, unsigned us)
{
    enum { SLACK_NS = 1 };
    static bool prepared;
    if (us == 0 || a->at < a->end || !a->was_short)
        return;
    if (!prepared) /* else a rest lasts 50 µs longer than was asked for */
        prctl(PR_SET_TIMERSLACK, SLACK_NS);
    prepared = true;
    nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
}
