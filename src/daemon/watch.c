/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watch.h"

#include "daemon/timing.h"
#include "x509/cage.h"

bool watch_servers(void *context)
{
    struct watch *w = context;
    if (w->notify)
        notify_alive(w->notify);
    signals_look(w->signals);
    return !w->signals->stop;
}

bool watch_connecting(void *context)
{
    struct watch *w = context;
    struct dir *keep = w->servers ? servers_keep(w->servers) : NULL;
    if (!watch_servers(w))
        return false;
    if (w->keeper && keep && dir_is_alive(keep))
        keeper_beat(w->keeper, keep, NULL);
    return true;
}

bool watch_keep(void *context)
{
    struct watch *w = context;
    if (w->notify)
        notify_alive(w->notify);
    return true;
}

bool watch_pass(void *context, const struct progress *progress)
{
    struct watch *w = context;
    int64_t now_ms = timing_now_ms();
    w->interrupted |= w->ends_without_cage && cage_is_gone();
    if (w->interrupted)
        return false;
    if (now_ms - w->looked_ms < WATCH_EVERY_MS)
        return true;
    w->looked_ms = now_ms;
    w->interrupted = !watch_servers(w);
    if (w->keeper && !w->interrupted) {
        if (keeper_next_ms(w->keeper) == 0)
            servers_renew_keep(w->servers);
        keeper_beat(w->keeper, servers_keep(w->servers), progress);
        w->interrupted = !keeper_may_write(w->keeper);
    }
    if (w->follow)
        follow_hear(w->follow, 0); /* whoever writes to the directory should not wait for us */
    return !w->interrupted;
}
