/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows the changes of the directory as they happen, over a connection of its own to the server that passes use.
 * What it hears goes to the changes (daemon/changes.h).  Where following is not offered or refused, that is said, and
 * asked again with every new connection and now and then.
 * @source RFC 4533
 */
#ifndef DAEMON_FOLLOW_H
#define DAEMON_FOLLOW_H

#include "daemon/changes.h"
#include "daemon/extent.h"
#include "daemon/servers.h"

struct follow_settings {
    bool is_wanted;          /* false: the configuration says that it is not */
    const char *base;        /* copied */
    struct servers *servers; /* borrowed, as are the other pointers */
    struct changes *changes;
    struct log *log;
    bool (*goes_on)(void *context); /* as in servers_settings */
    void *context;
};

struct follow;

enum follow_state {
    FOLLOW_RESTS,      /* nothing is connected, and nobody asked for it */
    FOLLOW_REFRESHING, /* it catches up: no full pass should begin now */
    FOLLOW_ON,         /* changes come as they happen */
    FOLLOW_LOST,       /* it broke, and is tried again soon */
    FOLLOW_FALLBACK,   /* it is not to be had */
};

/* Never NULL; nothing is sent yet. */
struct follow *follow_open(const struct follow_settings *settings);
void follow_close(struct follow *f); /* NULL is fine */

/* With a connection of the servers: begins, begins again, and takes in what has come. */
void follow_attend(struct follow *f);
/* Before a full pass: whether other places count now, as policies are.  Then it begins anew, see follow_state. */
void follow_look_around(struct follow *f);
/* Takes in what has come, waiting up to wait_ms for the first message.  Opens nothing; may be called during a pass. */
void follow_hear(struct follow *f, int wait_ms);
/* This daemon is not the active one: everything is closed and forgotten. */
void follow_rest(struct follow *f);

enum follow_state follow_state(const struct follow *f);
/* Of the naming contexts that count; lives until the next call. */
const struct extent *follow_extent(const struct follow *f);
/* To be polled for reading; -1: there is none. */
int follow_fd(const struct follow *f);
/* Milliseconds until follow_attend has something to do although the descriptor is silent. */
int64_t follow_next_ms(const struct follow *f);

#endif
