/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/passes.h"

#include "daemon/daemon_private.h"
#include "daemon/timing.h"

#include <stdio.h>
#include <time.h>

enum {
    LOOK_MOST = 256,      /* subjects, and requests, of one look: so that signals and the lease are seen to between */
    QUIET_MS = 200,       /* whoever edits policies edits several */
    QUIET_MOST_MS = 2000, /* but not for ever */
    FULL_GAP_MS = 100,
    LAG_MOST_MS = 500,  /* for what the server has done and not told yet, once in a full pass */
    SLOW_LOOK_MS = 250, /* what lasts longer gets at most half of the time */
    ECHO_MS = 50, /* our own writes come back: what only requests ask for waits that long after one, and gathers */
    SEARCH_ALL_MS = 1000,
    METRICS_EVERY_MS = 10000,
};

static const int64_t never_ms = INT64_MAX;

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Beginning and end. */

static void open_follow(struct daemon *d)
{
    const struct conf *conf = &d->setup->conf;
    const struct follow_settings settings = {.is_wanted = conf->follow == CONF_FOLLOW_AUTO,
                                             .base = conf->base,
                                             .servers = d->servers,
                                             .changes = &d->changes,
                                             .log = d->log,
                                             .goes_on = watch_servers,
                                             .context = &d->watch};
    d->follow = d->watch.follow = follow_open(&settings);
}

void passes_open(struct daemon *d)
{
    const struct conf *conf = &d->setup->conf;
    d->past = past_open();
    changes_open(&d->changes, conf->base);
    lease_place_find(&d->changes.arena, conf->base, conf->instance, &d->status_place);
    open_follow(d);
    d->since = (struct since){.from_utc = 0};
    d->was_active = d->full_wanted = d->full_was_complete = d->is_certain = d->survey_stands = false;
    d->full_not_before_ms = d->full_begun_ms = d->next_search_ms = 0;
    d->wanted_not_before_ms = d->patience_ms = d->look_not_before_ms = d->full_took_ms = d->echoes_until_ms = 0;
}

void passes_close(struct daemon *d)
{
    if (!d->past)
        return;
    follow_close(d->follow);
    changes_close(&d->changes);
    since_close(&d->since);
    past_close(d->past);
    d->follow = d->watch.follow = NULL;
    d->past = NULL;
}

void passes_rest(struct daemon *d)
{
    if (!d->was_active)
        return;
    d->was_active = d->is_certain = d->survey_stands = false;
    follow_rest(d->follow);
    past_forget(d->past);
    changes_lose(&d->changes);
}

void passes_want_full(struct daemon *d)
{
    d->next_pass_ms = timing_now_ms();
}

/* How changes are known. */

/* Otherwise full passes alone find them. */
static bool searches(const struct daemon *d)
{
    return d->setup->conf.full_interval_s > d->setup->conf.interval_s;
}

static bool follows(const struct daemon *d)
{
    switch (follow_state(d->follow)) {
    case FOLLOW_REFRESHING:
    case FOLLOW_ON:
        return true;
    case FOLLOW_RESTS:
    case FOLLOW_LOST:
    case FOLLOW_FALLBACK:
        break;
    }
    return false;
}

/* What a full pass could not do, or a guard held, no look may do: the next full pass tries again soon. */
static unsigned interval_s(const struct daemon *d)
{
    const struct conf *conf = &d->setup->conf;
    bool knows = past_is_ready(d->past) && d->full_was_complete && (follows(d) || (searches(d) && d->since.from_utc));
    return knows ? conf->full_interval_s : conf->interval_s;
}

/* The one that tries again gets at most half of the time, as others out of turn do. */
static int64_t in_turn_ms(const struct daemon *d, int64_t interval_ms)
{
    int64_t due_ms = d->full_begun_ms + interval_ms;
    bool tries_again = past_is_ready(d->past) && !d->full_was_complete && searches(d);
    return tries_again ? later(due_ms, d->full_not_before_ms) : due_ms;
}

static bool search_is_due(const struct daemon *d)
{
    return searches(d) && !follows(d) && d->since.from_utc && past_is_ready(d->past) &&
           timing_now_ms() >= d->next_search_ms;
}

/*
 * Where the search fails, full passes come as often as it would.  Before a full pass nothing that it finds is news.
 */
static void search(struct daemon *d, bool before_full)
{
    struct fault fault = {{0}};
    struct dir *work = servers_work(d->servers);
    d->next_search_ms = timing_now_ms() + timing_interval_ms(d->setup->conf.interval_s);
    dir_set_watch(work, watch_servers, &d->watch);
    enum rc rc = since_look(&d->since, work, &d->status_place, follow_extent(d->follow),
                            before_full ? NULL : &d->changes, &fault);
    dir_set_watch(work, NULL, NULL);
    if (rc == RC_OK || d->signals.stop) {
        d->search_failed = false;
        return;
    }
    d->since.from_utc = 0;
    if (!d->search_failed && dir_is_alive(work))
        LOG_EVENT(d->log, EVENT_FAULT, log_text("what", "search for what changed"),
                  log_escaped("detail", slice_of(fault.text)));
    d->search_failed = true;
}

void passes_attend(struct daemon *d)
{
    if (!d->was_active)
        passes_want_full(d);
    d->was_active = true;
    follow_attend(d->follow);
    d->is_certain &= follow_state(d->follow) == FOLLOW_ON && !d->changes.is_lost && !d->changes.policy_first_ms;
    if (search_is_due(d))
        search(d, false);
    d->next_pass_ms = earlier(d->next_pass_ms, in_turn_ms(d, timing_interval_most_ms(interval_s(d))));
}

/* What is due. */

/* Monotonic, of a time by the wall clock. */
static int64_t to_monotonic_ms(int64_t at_utc)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    int64_t wall_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    return timing_now_ms() + (at_utc * 1000 - wall_ms);
}

/*
 * What calls for a full pass out of turn may call again and again: it gets at most half of the time, and looks that
 * leave something to one again and again get it more and more rarely, but once in an interval.
 */
static int64_t full_due_ms(const struct daemon *d)
{
    const struct changes *c = &d->changes;
    int64_t due_ms = d->next_pass_ms, out_of_turn_ms = never_ms;
    enum follow_state state = follow_state(d->follow);
    if (state == FOLLOW_RESTS || state == FOLLOW_REFRESHING)
        return never_ms; /* what happens before it follows would be missed */
    if (d->full_wanted)
        out_of_turn_ms = d->wanted_not_before_ms;
    if (c->is_lost)
        out_of_turn_ms = 0;
    if (c->policy_first_ms)
        out_of_turn_ms =
            earlier(out_of_turn_ms, earlier(c->policy_first_ms + QUIET_MOST_MS, c->policy_last_ms + QUIET_MS));
    if (past_is_ready(d->past) && past_deadlines(d->past)->horizon_utc)
        out_of_turn_ms = earlier(out_of_turn_ms, to_monotonic_ms(past_deadlines(d->past)->horizon_utc));
    if (out_of_turn_ms != never_ms)
        due_ms = earlier(due_ms, later(out_of_turn_ms, d->full_not_before_ms));
    return due_ms;
}

static int64_t look_due_ms(const struct daemon *d)
{
    if (!past_is_ready(d->past) || d->changes.policy_first_ms || d->changes.is_lost)
        return never_ms; /* a full pass comes first */
    const struct deadlines *deadlines = past_deadlines(d->past);
    if (changes_are_pending(&d->changes))
        return d->changes.pending.subjects.count ? d->look_not_before_ms
                                                 : later(d->look_not_before_ms, d->echoes_until_ms);
    return deadlines->count ? later(to_monotonic_ms(deadlines->items[0].at_utc), d->look_not_before_ms) : never_ms;
}

int64_t passes_next_ms(const struct daemon *d)
{
    int64_t now_ms = timing_now_ms(), due_ms = earlier(full_due_ms(d), look_due_ms(d));
    if (searches(d) && !follows(d) && d->since.from_utc)
        due_ms = earlier(due_ms, d->next_search_ms);
    if (d->looks != d->looks_written)
        due_ms = earlier(due_ms, d->metrics_ms + METRICS_EVERY_MS);
    if (d->survey_stands)
        due_ms = earlier(due_ms, to_monotonic_ms((log_system_clock(NULL) / DAEMON_DAY_S + 1) * DAEMON_DAY_S));
    int64_t next_ms = earlier(due_ms == never_ms ? never_ms : due_ms - now_ms, follow_next_ms(d->follow));
    return next_ms < 0 ? 0 : next_ms;
}

int passes_fd(const struct daemon *d)
{
    return d->was_active ? follow_fd(d->follow) : -1;
}

/* A full pass. */

/* What looks have read and written is counted for what is told between full passes. */
static void carry_requests_on(struct daemon *d)
{
    if (past_count_requests(d->past, d->figures, d->last_survey.policy_count))
        daemon_say_last_pass(d);
}

/* Into memory of its own, in the place of the one before: nothing else of a pass stays. */
static void keep_survey(struct daemon *d, const struct survey *survey)
{
    struct arena a = {0};
    struct policy_survey *figures = ARENA_ARRAY(&a, survey->policy_count, struct policy_survey);
    for (size_t i = 0; i < survey->policy_count; i++) {
        struct policy_survey *s = &figures[i];
        *s = survey->policies[i];
        s->policy_dn = arena_copy(&a, s->policy_dn);
        s->name = arena_copy(&a, s->name);
        s->revision = arena_copy(&a, s->revision);
        s->holds = arena_copy(&a, s->holds);
    }
    arena_free(&d->last_arena);
    d->last_arena = a;
    d->last_survey = *survey;
    d->last_survey.policies = d->figures = figures;
}

static void note_pass(struct daemon *d, enum pass_result result, const struct survey *survey)
{
    int64_t now_utc = log_system_clock(NULL);
    keep_survey(d, survey);
    d->survey_stands = true;
    d->last_result = result;
    d->last_pass_utc = now_utc;
    daemon_say_last_pass(d);
    if (result == PASS_COMPLETE)
        d->last_complete_utc = now_utc;
    daemon_tell_summary(d);
    daemon_write_metrics(d);
}

/* For drift_watch: the server may have done what it has not told yet. */
static bool is_expected(void *context, struct slice subject_id, struct slice request_id)
{
    struct daemon *d = context;
    follow_hear(d->follow, 0);
    while (!changes_expect(&d->changes, subject_id, request_id)) {
        if (follow_state(d->follow) != FOLLOW_ON)
            return true;
        if (d->lag_left_ms <= 0)
            return false;
        int64_t begun_ms = timing_now_ms();
        follow_hear(d->follow, (int)d->lag_left_ms);
        d->lag_left_ms -= later(timing_now_ms() - begun_ms, 1);
    }
    return true;
}

/* Some time after the next full pass; what is due later is found by that one. */
static int64_t full_due_utc(const struct daemon *d)
{
    unsigned most_s = d->setup->conf.full_interval_s;
    return log_system_clock(NULL) + (int64_t)most_s + most_s / 4 + 60;
}

static struct pass_settings settings_of(struct daemon *d)
{
    const struct conf *conf = &d->setup->conf;
    return (struct pass_settings){.base = conf->base,
                                  .instance = conf->instance,
                                  .interval_s = conf->interval_s,
                                  .clock = log_system_clock,
                                  .memory = d->memory,
                                  .watch = watch_pass,
                                  .watch_context = &d->watch,
                                  .past = d->past,
                                  .full_due_utc = full_due_utc(d)};
}

/*
 * For how long looks have to wait for the next full pass that they want.  It is doubled where they wanted this one as
 * soon as they might, and they may want the next one as well.
 */
static int64_t patience_ms(struct daemon *d, bool was_wanted, int64_t took_ms)
{
    int64_t least_ms = took_ms + FULL_GAP_MS, most_ms = later(timing_interval_ms(d->setup->conf.interval_s), least_ms);
    bool was_soon = was_wanted && d->full_begun_ms < d->wanted_not_before_ms + d->patience_ms;
    d->patience_ms = was_soon ? earlier(later(2 * d->patience_ms, least_ms), most_ms) : least_ms;
    return d->patience_ms;
}

static void end_full(struct daemon *d, enum pass_result result, bool was_wanted, bool connected)
{
    bool cut = d->watch.interrupted || !connected;
    int64_t now_ms = timing_now_ms();
    d->full_was_complete = result == PASS_COMPLETE;
    changes_end_full(&d->changes, !cut && past_is_ready(d->past));
    d->full_not_before_ms = now_ms + (now_ms - d->full_begun_ms) + FULL_GAP_MS;
    d->full_took_ms = now_ms - d->full_begun_ms;
    d->wanted_not_before_ms = now_ms + patience_ms(d, was_wanted, now_ms - d->full_begun_ms);
    d->next_search_ms = d->full_begun_ms + timing_interval_ms(d->setup->conf.interval_s);
    d->is_certain = !cut && past_is_ready(d->past) && follow_state(d->follow) == FOLLOW_ON;
    /* What was cut short is begun again as soon as it can be. */
    if (cut)
        changes_lose(&d->changes);
    else
        d->next_pass_ms = in_turn_ms(d, timing_interval_ms(interval_s(d)));
}

static void run_full(struct daemon *d)
{
    struct slice plan;
    struct arena arena = {0};
    struct survey survey = {0};
    bool was_wanted = d->full_wanted;
    struct drift_watch drift = {.is_expected = is_expected, .context = d};
    struct pass_settings settings = settings_of(d);
    settings.survey = &survey;
    settings.show_progress = d->shows_progress;
    settings.drift = d->is_certain ? &drift : NULL;
    if (!follows(d) && !searches(d)) { /* nobody would tell what changed */
        settings.past = NULL;
        past_forget(d->past);
    }
    if (searches(d))
        since_begin(&d->since, servers_work(d->servers), &d->status_place, follow_extent(d->follow));
    if (searches(d) && !follows(d))
        search(d, true);
    d->watch.interrupted = d->full_wanted = false;
    d->lag_left_ms = LAG_MOST_MS;
    changes_begin_full(&d->changes);
    d->full_begun_ms = timing_now_ms();
    enum pass_result result = pass_run(servers_work(d->servers), d->second, d->log, &settings, &arena, &plan);
    d->drift += drift.missed;
    end_full(d, result, was_wanted, servers_check(d->servers, timing_now_ms()));
    if (!d->watch.interrupted) /* otherwise what the last one saw is told on */
        note_pass(d, result, &survey);
    arena_free(&arena);
}

/* Before a full pass: sure that the server answers. */
static bool settle_on_server(struct daemon *d)
{
    if (!servers_probe(d->servers, timing_now_ms()))
        return false;
    follow_attend(d->follow);
    follow_look_around(d->follow);
    return servers_check(d->servers, timing_now_ms()) && full_due_ms(d) != never_ms;
}

/* A look. */

static void take_due(struct daemon *d)
{
    struct slice id;
    int64_t now_utc = log_system_clock(NULL);
    while (d->changes.pending.subjects.count < LOOK_MOST && deadlines_take(past_deadlines(d->past), now_utc, &id))
        if (!changes_add_subject(&d->changes, id))
            changes_lose(&d->changes);
}

/* A look that has to leave something to a full pass; what that finds besides is no fault of ours. */
static void escalate(struct daemon *d, enum escalation why)
{
    d->full_wanted = true;
    d->is_certain &= why == ESCALATION_GUARD || why == ESCALATION_REVOCATION;
}

/* Without an index every search for a few entries reads all of them, and a look is many searches. */
static void rest_after_look(struct daemon *d, size_t asked, int64_t begun_ms)
{
    enum { FEW = 4, IN_A_ROW = 5 };
    int64_t now_ms = timing_now_ms(), took_ms = now_ms - begun_ms;
    d->look_not_before_ms = took_ms > SLOW_LOOK_MS ? now_ms + took_ms : 0;
    if (asked > FEW)
        return; /* that is no wonder */
    bool is_slow = took_ms >= SEARCH_ALL_MS && took_ms >= d->full_took_ms;
    d->slow_looks = is_slow ? d->slow_looks + 1 : 0;
    if (d->slow_looks != IN_A_ROW || d->slowness_told)
        return;
    char detail[256];
    snprintf(detail, sizeof detail,
             "it took %lld ms, and a full pass %lld ms: let the server have an index (eq) of %s, dircertRequestId and "
             "dircertSubjectId",
             (long long)took_ms, (long long)d->full_took_ms,
             dir_capabilities(servers_work(d->servers))->stable_id_attribute);
    LOG_EVENT(d->log, EVENT_FAULT, log_text("what", "look at what changed"), log_text("detail", detail));
    d->slowness_told = true;
}

/* Whatever has changed and been told is in the looks up to this one. */
static bool knows_all_changes(const struct daemon *d)
{
    const struct changes *c = &d->changes;
    return follow_state(d->follow) == FOLLOW_ON && !c->is_lost && !c->policy_first_ms && !changes_are_pending(c);
}

static void run_look(struct daemon *d)
{
    int64_t begun_ms = timing_now_ms();
    struct slice plan;
    struct arena arena = {NULL};
    struct change_batch batch;
    enum escalation why = ESCALATION_NONE;
    take_due(d);
    changes_take(&d->changes, LOOK_MOST, &batch);
    const size_t asked = batch.subjects.count + batch.requests.count;
    const struct focus focus = {.subjects = batch.subjects.items,
                                .subject_count = batch.subjects.count,
                                .requests = batch.requests.items,
                                .request_count = batch.requests.count,
                                .gone_count = d->changes.gone,
                                .followed = follow_extent(d->follow)->suffixes,
                                .followed_count = knows_all_changes(d) ? follow_extent(d->follow)->count : 0};
    struct survey survey = {0};
    struct pass_settings settings = settings_of(d);
    settings.survey = &survey;
    settings.focus = &focus;
    settings.escalation = &why;
    d->watch.interrupted = false;
    enum pass_result result = pass_run(servers_work(d->servers), d->second, d->log, &settings, &arena, &plan);
    if (result == PASS_INCOMPLETE && why == ESCALATION_NONE)
        why = ESCALATION_FAULT;
    if (d->watch.interrupted)
        changes_give_back(&d->changes, &batch);
    else
        changes_settle(&d->changes, &batch, why != ESCALATION_NONE);
    if (why != ESCALATION_NONE)
        escalate(d, why);
    carry_requests_on(d);
    if (survey.wrote)
        d->echoes_until_ms = timing_now_ms() + ECHO_MS;
    d->looks++;
    rest_after_look(d, asked, begun_ms);
    arena_free(&arena);
}

void passes_run(struct daemon *d)
{
    int64_t now_ms = timing_now_ms();
    if (full_due_ms(d) <= now_ms) {
        if (settle_on_server(d) && !d->signals.stop)
            run_full(d);
    } else if (look_due_ms(d) <= now_ms) {
        run_look(d);
    }
    if (d->survey_stands)
        daemon_tell_summary(d);
    if (d->looks != d->looks_written && timing_now_ms() >= d->metrics_ms + METRICS_EVERY_MS)
        daemon_write_metrics(d);
}
