/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

int64_t monotonic_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t ldap_patience(const struct ldap_dir *d)
{
    return monotonic_ms() + (int64_t)d->timeout_s * 1000;
}

enum rc ldap_begin(struct ldap_dir *d, struct fault *fault)
{
    d->is_interrupted = false;
    if (!d->dead)
        return RC_OK;
    return fault_set(fault, RC_FAULT, "%s: the connection is no longer usable: %s", d->uri, d->why_dead);
}

enum rc ldap_die(struct ldap_dir *d, struct fault *fault, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(d->why_dead, sizeof d->why_dead, format, args);
    va_end(args);
    d->dead = true;
    return fault_set(fault, RC_FAULT, "%s: %s", d->uri, d->why_dead);
}

enum rc ldap_broke(struct ldap_dir *d, int code, struct fault *fault)
{
    if (code == LDAP_SERVER_DOWN)
        return ldap_die(d, fault,
                        "the connection broke: the server ended it, or sent what is not LDAP or a message over the "
                        "limit; look into the server's log");
    return ldap_die(d, fault, "the connection broke: %s (%d); look into the server's log", ldap_err2string(code), code);
}

static enum rc broken(struct ldap_dir *d, struct fault *fault)
{
    int code = LDAP_OTHER;
    ldap_get_option(d->ld, LDAP_OPT_RESULT_CODE, &code);
    return ldap_broke(d, code, fault);
}

bool ldap_goes_on(struct ldap_dir *d, struct fault *fault)
{
    if (!d->is_interrupted && dir_goes_on(&d->dir))
        return true;
    d->is_interrupted = true;
    fault_set(fault, RC_FAULT, "%s: interrupted", d->uri);
    return false;
}

/* TLS takes whole records from the socket, so a message may be here although the socket is empty. */
bool ldap_holds_octets(const struct ldap_dir *d)
{
    Sockbuf *socket_buffer = NULL;
    return ldap_get_option(d->ld, LDAP_OPT_SOCKBUF, &socket_buffer) == LDAP_OPT_SUCCESS && socket_buffer &&
           ber_sockbuf_ctrl(socket_buffer, LBER_SB_OPT_DATA_READY, NULL) == 1;
}

/*
 * Entries come by the hundred thousand, and looking at a clock costs as much as reading one: the watch is asked with
 * each read of the socket, which is of bounded size, and at least with each so many messages.
 */
static bool is_watch_due(struct ldap_dir *d)
{
    enum { UNWATCHED_MAX = 16 };
    unsigned reads = d->ahead ? ldap_ahead_reads(d->ahead) : 0;
    if (d->is_streaming && reads == d->watched_reads && ++d->unwatched < UNWATCHED_MAX)
        return false;
    d->watched_reads = reads;
    d->unwatched = 0;
    return !d->is_interrupted;
}

static enum rc too_late(struct ldap_dir *d, struct fault *fault)
{
    return ldap_die(d, fault,
                    "no answer for %u s; is the server overloaded or stopped? (directory.timeout_s says how long to "
                    "wait)",
                    d->timeout_s);
}

enum rc ldap_look(struct ldap_dir *d, int id, LDAPMessage **message, int *type, struct fault *fault)
{
    *message = NULL;
    if (!d->is_interrupted && !ldap_goes_on(d, fault))
        return RC_FAULT;
    *type = ldap_result(d->ld, id, LDAP_MSG_ONE, &(struct timeval){0}, message);
    return *type < 0 ? broken(d, fault) : RC_OK;
}

/* A request that did not fit the socket's buffer is sent on by the next look, so the rest between looks is short. */
static void wait_for_octets(const struct ldap_dir *d, int64_t ms)
{
    struct pollfd wait = {.fd = d->fd, .events = POLLIN};
    poll(&wait, 1, ms < LDAP_LOOK_MS ? (int)ms : LDAP_LOOK_MS);
}

void ldap_rest(const struct ldap_dir *d, int64_t ms)
{
    if (!ldap_holds_octets(d))
        wait_for_octets(d, ms);
}

/* Of what one answer may take; the time begins with the first look at it. */
static int64_t time_left(const struct ldap_dir *d, int64_t *until_ms)
{
    if (*until_ms == LDAP_PATIENCE)
        *until_ms = ldap_patience(d);
    return *until_ms - monotonic_ms();
}

/* Not while TLS has octets to make a message of. */
static void rest_in_stream(const struct ldap_dir *d)
{
    if (d->is_streaming && (d->wire == d->ahead || !ldap_ahead_holds(d->wire)))
        ldap_ahead_rest(d->wire, &d->pace);
}

enum rc ldap_next(struct ldap_dir *d, int id, int64_t until_ms, LDAPMessage **message, int *type, struct fault *fault)
{
    for (bool waited = false;; waited = true) {
        *message = NULL;
        if ((waited ? !d->is_interrupted : is_watch_due(d)) && !ldap_goes_on(d, fault))
            return RC_FAULT;
        if (!ldap_ahead_holds(d->ahead))
            rest_in_stream(d);
        *type = ldap_result(d->ld, id, LDAP_MSG_ONE, &(struct timeval){0}, message);
        if (*type > 0)
            return RC_OK;
        if (*type < 0)
            return broken(d, fault);
        int64_t left_ms = time_left(d, &until_ms);
        if (left_ms <= 0)
            return too_late(d, fault);
        ldap_rest(d, left_ms);
    }
}

enum rc ldap_next_here(struct ldap_dir *d, int id, int64_t *until_ms, struct message_entry *entry, bool *is_here,
                       struct fault *fault)
{
    for (bool waited = false;; waited = true) {
        if (is_watch_due(d) && !ldap_goes_on(d, fault))
            return RC_FAULT;
        enum message_kind kind = d->by_libldap ? MESSAGE_OTHER : ldap_ahead_next(d->ahead, id, entry);
        *is_here = kind == MESSAGE_ENTRY;
        if (kind != MESSAGE_PART)
            return RC_OK;
        rest_in_stream(d);
        enum ldap_ahead_outcome outcome = ldap_ahead_fill(d->ahead);
        if (outcome == LDAP_AHEAD_BROKEN)
            return RC_OK;
        if (outcome == LDAP_AHEAD_MORE && !waited)
            continue;
        int64_t left_ms = time_left(d, until_ms);
        if (left_ms <= 0)
            return too_late(d, fault);
        if (outcome == LDAP_AHEAD_NOTHING)
            wait_for_octets(d, left_ms);
    }
}
