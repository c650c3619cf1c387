/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/daemon_private.h"

#include "daemon/metrics.h"
#include "daemon/passes.h"
#include "daemon/timing.h"
#include "x509/cage.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LEAST_WAIT_MS = 10,
};

void daemon_open_servers(struct daemon *d)
{
    const struct conf *conf = &d->setup->conf;
    const struct servers_settings settings = {.directory = setup_directory(conf),
                                              .interval_s = conf->interval_s,
                                              .tells = true,
                                              .log = d->log,
                                              .goes_on = watch_connecting,
                                              .is_alive = watch_keep,
                                              .context = &d->watch};
    d->servers = servers_open(&settings);
    d->watch.servers = d->servers;
    d->connection = 0;
}

void daemon_open_keeper(struct daemon *d)
{
    const struct conf *conf = &d->setup->conf;
    const struct keeper_settings settings = {.base = conf->base,
                                             .instance = conf->instance,
                                             .heartbeat_s = conf->heartbeat_s,
                                             .log = d->log,
                                             .clock = log_system_clock};
    d->keeper = keeper_open(&settings);
    d->watch.keeper = d->keeper;
}

/* Figures. */

/* A folder that is made while the daemon runs is none that it may write to. */
static void tell_metrics_fault(const struct daemon *d, const struct fault *fault)
{
    char detail[sizeof fault->text + 64];
    snprintf(detail, sizeof detail, "%s%s", fault->text,
             harden_bars(d->harden, d->setup->conf.metrics.textfile) ? "; then restart dircertd" : "");
    LOG_EVENT(d->log, EVENT_FAULT, log_text("what", "write the metrics"), log_escaped("detail", slice_of(detail)));
}

void daemon_write_metrics(struct daemon *d)
{
    const char *path = d->setup->conf.metrics.textfile;
    const struct metrics_input in = {.instance = d->setup->conf.instance,
                                     .version = DIRCERTD_VERSION,
                                     .lease_held = keeper_may_write(d->keeper),
                                     .is_following = follow_state(d->follow) == FOLLOW_ON,
                                     .looks = d->looks,
                                     .drift = d->drift,
                                     .log_lines_lost = log_lost(d->log),
                                     .survey = d->last_pass_utc ? &d->last_survey : NULL,
                                     .result = d->last_result,
                                     .last_pass_utc = d->last_pass_utc,
                                     .last_complete_utc = d->last_complete_utc,
                                     .last_contact_utc = d->last_contact_utc,
                                     .full_interval_s = d->setup->conf.full_interval_s};
    struct fault fault = {{0}};
    d->lease_written = in.lease_held;
    d->following_written = in.is_following;
    d->looks_written = d->looks;
    d->metrics_ms = timing_now_ms();
    if (!path)
        return;
    bool failed = metrics_write(path, &in, &fault) != RC_OK;
    if (failed && !d->metrics_failed)
        tell_metrics_fault(d, &fault);
    d->metrics_failed = failed;
}

/* So that the file says that somebody lives, however rarely there is anything else to say. */
static int64_t metrics_due_ms(const struct daemon *d)
{
    return d->metrics_ms + (int64_t)d->setup->conf.heartbeat_s * 1000;
}

/* The loop's parts. */

/* A lease is what one server knows of it. */
static void see_to_lease(struct daemon *d, bool connected)
{
    if (connected && d->connection != servers_connection(d->servers)) {
        d->connection = servers_connection(d->servers);
        keeper_doubt(d->keeper);
    }
    keeper_beat(d->keeper, connected ? servers_keep(d->servers) : NULL, NULL);
}

/* True when there is a connection, after the lease was seen to. */
static bool attend(struct daemon *d)
{
    servers_refresh(d->servers);
    bool connected = servers_connect(d->servers, timing_now_ms());
    if (connected && servers_improve_ms(d->servers) <= timing_now_ms())
        servers_improve(d->servers, timing_now_ms());
    see_to_lease(d, connected);
    connected = connected && servers_check(d->servers, timing_now_ms());
    if (connected)
        d->last_contact_utc = log_system_clock(NULL); /* before the first pass, which may take long */
    if (keeper_may_write(d->keeper) != d->lease_written)
        daemon_write_metrics(d);
    return connected;
}

static void tell_status(struct daemon *d, bool connected)
{
    char text[STATUS_ROOM];
    if (!connected)
        snprintf(text, sizeof text, "no server can be used: %s", servers_fault(d->servers));
    else if (!keeper_may_write(d->keeper))
        snprintf(text, sizeof text, "standby, held by host %s", keeper_holder(d->keeper));
    else
        snprintf(text, sizeof text, "%s%s", d->last_pass,
                 follow_state(d->follow) == FOLLOW_ON ? ", following changes" : "");
    if (strcmp(text, d->status) == 0)
        return;
    memcpy(d->status, text, sizeof text);
    notify_status(d->notify, text);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t wait_ms(const struct daemon *d, bool connected)
{
    int64_t now_ms = timing_now_ms(), wait = INT_MAX;
    if (!connected)
        wait = earlier(wait, servers_next_ms(d->servers) - now_ms);
    else
        wait = earlier(keeper_next_ms(d->keeper), earlier(servers_improve_ms(d->servers) - now_ms, wait));
    if (connected && keeper_may_write(d->keeper))
        wait = earlier(wait, passes_next_ms(d));
    if (d->setup->conf.metrics.textfile)
        wait = earlier(wait, metrics_due_ms(d) - now_ms);
    if (notify_next_ms(d->notify) >= 0)
        wait = earlier(wait, notify_next_ms(d->notify));
    return wait < LEAST_WAIT_MS ? LEAST_WAIT_MS : wait;
}

/* Settings that can't work whatever the servers do are the administrator's to mend, before anything is relied on. */
static void refuse_settings(struct daemon *d)
{
    LOG_EVENT(d->log, EVENT_CONFIG, log_text("file", d->conf_path), log_text("key", "directory"),
              log_escaped("reason", slice_of(servers_fault(d->servers))));
    d->code = DAEMON_USAGE;
    d->signals.stop = "settings that can't work";
}

/* Nothing can be judged to the end any more, and a fork server is made by a program that knows nothing yet. */
static void look_at_cage(struct daemon *d)
{
    if (d->signals.stop || !cage_look())
        return;
    LOG_EVENT(d->log, EVENT_FAULT, log_text("what", "ask OpenSSL"),
              log_text("detail", "the fork server of the cage is gone: this daemon ends, and has to be started anew"));
    d->code = DAEMON_CAGELESS;
    d->signals.stop = "no fork server";
}

static void turn(struct daemon *d)
{
    if (d->signals.reload)
        daemon_reload(d);
    if (d->signals.pass_now)
        passes_want_full(d);
    d->signals.pass_now = false;
    bool connected = attend(d);
    if (!d->began && servers_are_invalid(d->servers))
        refuse_settings(d);
    if (!d->began)
        background_begun(&d->background, d->code, d->setup->conf.log.target == CONF_LOG_STDERR);
    d->began = true;
    bool is_active = keeper_may_write(d->keeper);
    if (!is_active)
        passes_rest(d);
    if (connected && is_active) {
        passes_attend(d);
        passes_run(d);
        connected = servers_check(d->servers, timing_now_ms());
    }
    look_at_cage(d);
    if (connected)
        d->last_contact_utc = log_system_clock(NULL);
    if ((follow_state(d->follow) == FOLLOW_ON) != d->following_written || timing_now_ms() >= metrics_due_ms(d))
        daemon_write_metrics(d);
    tell_status(d, connected);
    notify_alive(d->notify);
    signals_wait(&d->signals, wait_ms(d, connected), connected ? passes_fd(d) : -1);
}

/* Beginning and end. */

static enum rc write_pid(struct daemon *d, struct fault *fault)
{
    const char *path = d->setup->conf.pid_file;
    if (!path)
        return RC_OK;
    enum rc rc = background_write_pid(path, fault);
    if (rc == RC_OK)
        d->pid_file = strdup(path);
    return rc;
}

static enum rc begin(struct daemon *d)
{
    struct fault fault = {{0}};
    enum rc rc = signals_open(SIGNALS_DAEMON, &d->signals, &fault);
    if (rc == RC_OK)
        rc = second_open(&d->second, &fault);
    if (rc == RC_OK)
        rc = write_pid(d, &fault);
    if (rc != RC_OK) {
        LOG_EVENT(d->log, EVENT_FAULT, log_text("what", "begin"), log_escaped("detail", slice_of(fault.text)));
        return rc;
    }
    d->notify = d->watch.notify = notify_open();
    d->harden = harden_begin(&d->setup->conf, d->log);
    d->memory = memo_open();
    d->watch.signals = &d->signals;
    d->watch.ends_without_cage = true;
    daemon_open_servers(d);
    daemon_open_keeper(d);
    passes_open(d);
    LOG_EVENT(d->log, EVENT_START, log_text("version", DIRCERTD_VERSION), log_text("mode", "daemon"),
              log_dn("base", slice_of(d->setup->conf.base)));
    notify_ready(d->notify);
    return RC_OK;
}

static void end(struct daemon *d)
{
    if (d->servers)
        servers_renew_keep(d->servers);
    if (d->keeper && d->servers)
        keeper_release(d->keeper, servers_keep(d->servers));
    passes_close(d);
    keeper_close(d->keeper);
    servers_close(d->servers);
    memo_close(d->memory);
    second_close(d->second);
    notify_close(d->notify);
    signals_close(&d->signals);
    harden_free(d->harden);
    arena_free(&d->last_arena);
    if (d->pid_file)
        background_remove_pid(d->pid_file);
    free((void *)(uintptr_t)d->pid_file); /* ours */
}

static int serve(struct daemon *d)
{
    if (begin(d) != RC_OK) {
        background_begun(&d->background, DAEMON_USAGE, true);
        end(d);
        return DAEMON_USAGE;
    }
    while (!d->signals.stop)
        turn(d);
    notify_stopping(d->notify);
    end(d);
    LOG_EVENT(d->log, EVENT_STOP, log_text("reason", d->signals.stop));
    return d->code;
}

/* The daemon changes to /; where the path can't be made whole it is used as it is. */
static const char *absolute(struct arena *a, const char *path)
{
    char here[PATH_MAX];
    if (path[0] == '/' || !getcwd(here, sizeof here))
        return path;
    return (const char *)arena_format(a, "%s/%s", here, path).p;
}

int daemon_run(const struct daemon_settings *settings, struct setup *setup, struct log *log)
{
    struct arena arena = {0};
    struct daemon d = {.setup = setup,
                       .log = log,
                       .background = {.fd = -1},
                       .shows_progress = settings->foreground,
                       .signals = {.fd = -1},
                       .conf_path = absolute(&arena, settings->conf_path),
                       .summary_day = -1,
                       .last_pass = "no pass yet"};
    enum background_side side = BACKGROUND_DAEMON;
    struct fault fault = {{0}};
    int code = DAEMON_USAGE;
    if (!settings->foreground && background_enter(&d.background, &side, &code, &fault) != RC_OK)
        LOG_EVENT(log, EVENT_FAULT, log_text("what", "begin"), log_escaped("detail", slice_of(fault.text)));
    else if (side == BACKGROUND_DAEMON)
        code = serve(&d);
    arena_free(&arena);
    return code;
}
