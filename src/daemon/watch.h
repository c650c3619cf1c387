/* SPDX-License-Identifier: Apache-2.0 */
/* What has to go on while a pass does: signals are looked at, the lease is renewed, the service manager is told. */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include "daemon/follow.h"
#include "daemon/keeper.h"
#include "daemon/notify.h"
#include "daemon/servers.h"
#include "daemon/signals.h"

enum { WATCH_EVERY_MS = 50 };

/* All borrowed. */
struct watch {
    struct signals *signals;
    struct servers *servers;
    struct keeper *keeper;  /* NULL: no lease is needed */
    struct notify *notify;  /* NULL: nobody is told */
    struct follow *follow;  /* NULL: nothing is followed */
    bool ends_without_cage; /* then nothing can be judged to the end, and nobody is to be told so again and again */
    int64_t looked_ms;
    bool interrupted; /* it said that the pass must end; whoever starts a pass sets it to false */
};

/* For pass_settings: false when a signal asks to end, the lease is lost, or the cage. */
bool watch_pass(void *context, const struct progress *progress);
/* While something is waited for: false when a signal asks to end. */
bool watch_servers(void *context);
/*
 * For servers_settings: the same, and while another server is tried or a further connection made, the lease is renewed
 * on the connection that there is.
 */
bool watch_connecting(void *context);
/* For servers_settings: a sign of life, and true. */
bool watch_keep(void *context);

#endif
