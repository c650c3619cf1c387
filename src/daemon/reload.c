/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/daemon_private.h"

#include "daemon/passes.h"

/* The lease stays with the one who has it, unless it is another lease now. */
static bool is_other_lease(const struct conf *was, const struct conf *is)
{
    return strcmp(was->base, is->base) != 0 || strcmp(was->instance, is->instance) != 0 ||
           was->heartbeat_s != is->heartbeat_s;
}

static void take(struct daemon *d, struct setup *fresh)
{
    passes_close(d);
    bool other_lease = is_other_lease(&d->setup->conf, &fresh->conf);
    bool other_base = strcmp(d->setup->conf.base, fresh->conf.base) != 0;
    if (other_lease) {
        keeper_release(d->keeper, servers_keep(d->servers));
        keeper_close(d->keeper);
    }
    servers_close(d->servers);
    setup_free(d->setup);
    *d->setup = *fresh;
    daemon_open_servers(d);
    if (other_lease)
        daemon_open_keeper(d);
    if (other_base) {
        memo_close(d->memory);
        d->memory = memo_open();
    }
    passes_open(d);
    passes_want_full(d);
}

/* What the process took from itself at its start it can't give back. */
static bool is_within_reach(const struct daemon *d, const struct conf *conf)
{
    const char *key = harden_outside(d->harden, conf);
    if (key)
        LOG_EVENT(d->log, EVENT_CONFIG, log_text("file", d->conf_path), log_text("key", key),
                  log_text("reason", HARDEN_RESTART));
    return !key;
}

/* The files that it names may have changed even where it has not: certificates, passwords; so it connects anew. */
void daemon_reload(struct daemon *d)
{
    struct setup fresh;
    struct fault fault = {{0}};
    d->signals.reload = false;
    notify_reloading(d->notify);
    enum rc rc = setup_read(d->conf_path, d->log, &fresh);
    if (rc == RC_OK && !is_within_reach(d, &fresh.conf))
        rc = RC_INVALID;
    if (rc == RC_OK) {
        const struct log_settings settings = setup_log(&fresh.conf);
        rc = log_move(d->log, &settings, &fault);
    } else if (log_reopen(d->log, &fault) != RC_OK) {
        rc = RC_INVALID; /* which it was: the log said both */
    }
    if (rc == RC_OK)
        take(d, &fresh);
    else
        setup_free(&fresh);
    LOG_EVENT(d->log, EVENT_RELOAD, log_text("file", d->conf_path),
              log_text("result", rc == RC_OK ? "taken" : "refused"));
    notify_ready(d->notify);
}
