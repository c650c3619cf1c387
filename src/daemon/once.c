/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/once.h"

#include "daemon/harden.h"
#include "daemon/metrics.h"
#include "daemon/setup.h"
#include "daemon/timing.h"
#include "daemon/watch.h"
#include "run/pass.h"

#include <stdio.h>

/* What one pass needs; opened in this order, closed in the other. */
struct once {
    const struct conf *conf;
    struct log *log;
    bool dry_run;
    struct arena arena;
    struct signals signals;
    struct servers *servers;
    struct keeper *keeper;
    struct second_reader *second;
    struct harden *harden;
    struct watch watch;
    struct survey survey; /* of the pass; it lives in the arena */
};

static void tell_fault(struct log *log, const char *what, const char *detail)
{
    LOG_EVENT(log, EVENT_FAULT, log_text("what", what), log_escaped("detail", slice_of(detail)));
}

static struct slice suffixes_of(struct arena *a, const struct dir_capabilities *c)
{
    struct slice all = {NULL, 0};
    for (size_t i = 0; i < c->suffix_count; i++)
        all = arena_format(a, "%.*s%s%.*s", SLICE_ARGS(all), i ? " " : "", SLICE_ARGS(c->suffixes[i]));
    return all;
}

static void tell_start(struct once *o)
{
    const struct dir_capabilities *c = dir_capabilities(servers_work(o->servers));
    LOG_EVENT(o->log, EVENT_START, log_text("version", DIRCERTD_VERSION),
              log_text("mode", o->dry_run ? "dry-run" : "pass"), log_dn("base", slice_of(o->conf->base)),
              log_text("server", c->kind), log_dn("suffixes", suffixes_of(&o->arena, c)));
}

/* PASS_COMPLETE, or the exit code. */
static int connect_to_one(struct once *o)
{
    const struct servers_settings settings = {.directory = setup_directory(o->conf),
                                              .interval_s = o->conf->interval_s,
                                              .only_work = o->dry_run,
                                              .log = o->log,
                                              .goes_on = watch_servers,
                                              .context = &o->watch};
    o->servers = servers_open(&settings);
    o->watch.servers = o->servers;
    if (servers_connect(o->servers, timing_now_ms())) {
        tell_start(o);
        return PASS_COMPLETE;
    }
    tell_fault(o->log, "reach the directory", o->signals.stop ? "interrupted" : servers_fault(o->servers));
    return servers_are_invalid(o->servers) ? ONCE_USAGE : PASS_INCOMPLETE;
}

static int take_lease(struct once *o)
{
    const struct keeper_settings settings = {.base = o->conf->base,
                                             .instance = o->conf->instance,
                                             .heartbeat_s = o->conf->heartbeat_s,
                                             .log = o->log,
                                             .clock = log_system_clock};
    o->keeper = keeper_open(&settings);
    o->watch.keeper = o->keeper;
    enum keeper_state state = keeper_beat(o->keeper, servers_keep(o->servers), NULL);
    if (state == KEEPER_HELD)
        return PASS_COMPLETE;
    struct slice why = state == KEEPER_STANDBY
                           ? arena_format(&o->arena, "another daemon holds it: %s", keeper_holder(o->keeper))
                           : slice_of("the directory does not let us know whether it is ours");
    LOG_EVENT(o->log, EVENT_FAULT, log_text("what", "take the lease"), log_escaped("detail", why));
    return PASS_INCOMPLETE;
}

static bool say_farewell(void *context, struct dir_mod *mod)
{
    return keeper_farewell(((struct once *)context)->keeper, mod);
}

static void said_farewell(void *context)
{
    keeper_is_released(((struct once *)context)->keeper);
}

/* Whoever runs passes by a timer wants their figures, too. */
static bool write_metrics(struct once *o, int result)
{
    const char *path = o->conf->metrics.textfile;
    const int64_t now_utc = log_system_clock(NULL);
    struct fault fault = {{0}};
    const struct metrics_input in = {.instance = o->conf->instance,
                                     .version = DIRCERTD_VERSION,
                                     .log_lines_lost = log_lost(o->log),
                                     .survey = &o->survey,
                                     .result = (enum pass_result)result,
                                     .last_pass_utc = now_utc,
                                     .last_complete_utc = result == PASS_COMPLETE ? now_utc : 0,
                                     .last_contact_utc = now_utc};
    if (!path || o->dry_run || o->watch.interrupted || metrics_write(path, &in, &fault) == RC_OK)
        return true;
    tell_fault(o->log, "write the metrics", fault.text);
    return false;
}

/* The lease is in the status entry: it was taken just now, and goes with the last write there. */
static int pass(struct once *o)
{
    struct slice plan;
    const struct pass_farewell farewell = {.say = say_farewell, .said = said_farewell, .context = o};
    const struct pass_settings settings = {.base = o->conf->base,
                                           .instance = o->conf->instance,
                                           .interval_s = o->conf->interval_s,
                                           .dry_run = o->dry_run,
                                           .clock = log_system_clock,
                                           .watch = watch_pass,
                                           .watch_context = &o->watch,
                                           .survey = &o->survey,
                                           .show_progress = true,
                                           .status_is_fresh = o->keeper,
                                           .farewell = o->keeper ? &farewell : NULL};
    int code = (int)pass_run(servers_work(o->servers), o->second, o->log, &settings, &o->arena, &plan);
    if (plan.n && (fwrite(plan.p, 1, plan.n, stdout) != plan.n || fflush(stdout) != 0)) {
        tell_fault(o->log, "print the plan", "standard output can't be written");
        code = PASS_INCOMPLETE;
    }
    return write_metrics(o, code) ? code : PASS_INCOMPLETE;
}

static int run(struct once *o)
{
    struct fault fault = {{0}};
    o->harden = harden_begin(o->conf, o->log);
    int code = connect_to_one(o);
    if (code != PASS_COMPLETE)
        return code;
    if (second_open(&o->second, &fault) != RC_OK) {
        tell_fault(o->log, "start the second reader", fault.text);
        return PASS_INCOMPLETE;
    }
    if (!o->dry_run)
        code = take_lease(o);
    return code == PASS_COMPLETE ? pass(o) : code;
}

int once_run(const struct conf *conf, struct log *log, bool dry_run)
{
    struct once o = {.conf = conf, .log = log, .dry_run = dry_run};
    struct fault fault = {{0}};
    int code = PASS_INCOMPLETE;
    o.watch.signals = &o.signals;
    if (signals_open(SIGNALS_ONCE, &o.signals, &fault) == RC_OK)
        code = run(&o);
    else
        tell_fault(log, "begin", fault.text);
    if (o.keeper && servers_keep(o.servers))
        keeper_release(o.keeper, servers_keep(o.servers));
    keeper_close(o.keeper);
    second_close(o.second);
    servers_close(o.servers);
    signals_close(&o.signals);
    harden_free(o.harden);
    arena_free(&o.arena);
    return code;
}
