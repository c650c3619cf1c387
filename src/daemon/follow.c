/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/follow.h"

#include "daemon/timing.h"
#include "dir/sync.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    ASK_AGAIN_MS = 3600000,    /* where it was refused */
    CATCH_UP_MOST_MS = 600000, /* a refresh that lasts longer keeps full passes from beginning for too long */
};

struct follow {
    struct follow_settings settings;
    struct arena arena; /* for as long as it is open */
    struct arena extent_arena;
    struct extent extent;
    struct dir *dir;
    struct dir_sync *sync;
    unsigned connection; /* of the servers, when it was begun */
    char *uri;           /* that the cookies are of; ours */
    char *cookies;       /* ours; NULL: none */
    size_t listing;      /* scopes of which everything is listed: a full pass sees that too */
    enum follow_state state, told;
    unsigned failures; /* in a row */
    int64_t not_before_ms, begun_ms;
    char reason[sizeof((struct fault){0}).text];
};

struct follow *follow_open(const struct follow_settings *settings)
{
    struct follow *f = calloc(1, sizeof *f);
    if (!f)
        arena_exhausted(sizeof *f);
    f->settings = *settings;
    f->settings.base = (const char *)arena_copy(&f->arena, slice_of(settings->base)).p;
    return f;
}

static void disconnect(struct follow *f)
{
    dir_sync_close(f->sync);
    dir_close(f->dir);
    f->sync = NULL;
    f->dir = NULL;
    f->listing = 0;
}

static void forget_cookies(struct follow *f)
{
    free(f->cookies);
    f->cookies = NULL;
}

void follow_close(struct follow *f)
{
    if (!f)
        return;
    disconnect(f);
    forget_cookies(f);
    free(f->uri);
    arena_free(&f->extent_arena);
    arena_free(&f->arena);
    free(f);
}

/* States. */

static void tell(struct follow *f, enum follow_state state, const char *reason)
{
    static const char *const names[] = {
        [FOLLOW_ON] = "following", [FOLLOW_LOST] = "lost", [FOLLOW_FALLBACK] = "fallback"};
    bool is_new = state != f->told || (state == FOLLOW_FALLBACK && strcmp(f->reason, reason) != 0);
    f->state = f->told = state;
    snprintf(f->reason, sizeof f->reason, "%s", reason);
    if (is_new)
        LOG_EVENT(f->settings.log, EVENT_SYNC, log_text("state", names[state]),
                  log_text("uri", servers_uri(f->settings.servers)), log_escaped("reason", slice_of(reason)));
}

/* It broke: with the cookies it goes on where it was. */
static void lose(struct follow *f, const struct fault *fault)
{
    disconnect(f);
    f->not_before_ms = timing_now_ms() + timing_backoff_ms(f->failures);
    f->failures++;
    tell(f, FOLLOW_LOST, fault->text);
}

static void fall_back(struct follow *f, const char *reason)
{
    disconnect(f);
    forget_cookies(f);
    f->not_before_ms = timing_now_ms() + ASK_AGAIN_MS;
    tell(f, FOLLOW_FALLBACK, reason);
}

static void begin_anew(struct follow *f)
{
    disconnect(f);
    forget_cookies(f);
    f->not_before_ms = 0;
    f->state = FOLLOW_RESTS;
}

void follow_rest(struct follow *f)
{
    begin_anew(f);
    f->told = FOLLOW_RESTS;
    f->failures = 0;
}

/*
 * With cookies a refusal may be of them alone: a directory that came back from a backup is older than they are, and
 * slapd says to that that it is unwilling.
 */
static void fail(struct follow *f, enum rc rc, const struct fault *fault)
{
    bool refused = rc == RC_CONFLICT || rc == RC_INVALID || rc == RC_DENIED;
    if (refused)
        changes_lose(f->settings.changes);
    if (refused && f->cookies)
        begin_anew(f);
    else if (refused && rc != RC_CONFLICT)
        fall_back(f, fault->text);
    else
        lose(f, fault);
}

/* What comes. */

static void take(void *context, enum dir_sync_event event, struct slice id, struct slice dn)
{
    struct follow *f = context;
    const struct change change = {.id = id, .dn = dn, .is_gone = event == DIR_SYNC_GONE};
    if (!f->listing && event != DIR_SYNC_PRESENT)
        changes_note(f->settings.changes, &change, timing_now_ms());
}

/* Who is gone because nobody named him can't be told without a memory of everybody: a full pass finds him. */
static void end_refresh(void *context, size_t scope, bool is_whole, bool from_nothing)
{
    struct follow *f = context;
    (void)scope;
    if (f->listing)
        f->listing--;
    else if (is_whole || from_nothing)
        changes_lose(f->settings.changes);
}

static void doubt(void *context, size_t scope)
{
    struct follow *f = context;
    (void)scope;
    changes_lose(f->settings.changes);
}

/* Beginning. */

static enum rc read_extent(struct follow *f, struct extent *out, struct arena *a, struct fault *fault)
{
    struct dir *d = servers_work(f->settings.servers);
    dir_set_watch(d, f->settings.goes_on, f->settings.context);
    enum rc rc = extent_read(a, d, f->settings.base, out, fault);
    dir_set_watch(d, NULL, NULL);
    return rc;
}

/* The arena is taken over. */
static void take_extent(struct follow *f, const struct extent *extent, struct arena *a)
{
    arena_free(&f->extent_arena);
    f->extent_arena = *a;
    f->extent = *extent;
}

/* Cookies are of one server, and so is how far what changed was searched for: another may know old changes late. */
static void note_server(struct follow *f)
{
    const char *uri = servers_uri(f->settings.servers);
    if (f->uri && strcmp(f->uri, uri) == 0)
        return;
    forget_cookies(f);
    changes_lose(f->settings.changes);
    free(f->uri);
    f->uri = strdup(uri);
    if (!f->uri)
        arena_exhausted(strlen(uri));
}

static enum rc open_sync(struct follow *f, struct fault *fault)
{
    enum rc rc = servers_open_further(f->settings.servers, &f->dir, fault);
    if (rc != RC_OK)
        return RC_FAULT;
    const struct dir_sync_settings settings = {.bases = f->extent.suffixes,
                                               .base_count = f->extent.count,
                                               .persists = true,
                                               .cookies = f->cookies,
                                               .begins_now = dir_sync_begins_now(f->dir)};
    const struct dir_sync_sink sink = {.entry = take, .refreshed = end_refresh, .in_doubt = doubt, .context = f};
    f->listing = f->cookies ? 0 : f->extent.count;
    dir_set_watch(f->dir, f->settings.goes_on, f->settings.context);
    return dir_sync_open(f->dir, &settings, &sink, &f->sync, fault);
}

static void begin(struct follow *f)
{
    struct fault fault = {{0}};
    struct arena a = {NULL};
    struct extent extent;
    f->connection = servers_connection(f->settings.servers);
    note_server(f);
    enum rc rc = read_extent(f, &extent, &a, &fault);
    take_extent(f, &extent, &a);
    if (!f->settings.is_wanted) {
        fall_back(f, "the configuration says follow: off");
        return;
    }
    if (!dir_sync_is_offered(servers_work(f->settings.servers))) {
        fall_back(f, "the server does not offer content synchronization (slapd: overlay syncprov)");
        return;
    }
    if (rc != RC_OK) {
        lose(f, &fault);
        return;
    }
    bool had_cookies = f->cookies != NULL;
    rc = open_sync(f, &fault);
    if (!had_cookies)
        changes_lose(f->settings.changes);
    if (rc == RC_OK)
        f->state = FOLLOW_REFRESHING;
    else
        fail(f, rc, &fault);
    f->begun_ms = timing_now_ms();
}

/* The longest-lived thing that is known of it: what was handled is never asked for again. */
static void keep_cookies(struct follow *f)
{
    const char *cookies = dir_sync_cookies(f->sync);
    if (!cookies || (f->cookies && strcmp(f->cookies, cookies) == 0))
        return;
    forget_cookies(f);
    f->cookies = strdup(cookies);
    if (!f->cookies)
        arena_exhausted(strlen(cookies));
}

static void conclude(struct follow *f, enum rc rc, const struct fault *fault)
{
    if (rc == RC_OK && f->state == FOLLOW_REFRESHING && dir_sync_is_refreshed(f->sync)) {
        f->failures = 0;
        f->listing = 0;
        tell(f, FOLLOW_ON, f->told == FOLLOW_LOST ? "it goes on where it was" : "it begins now");
    } else if (rc != RC_OK) {
        fail(f, rc, fault);
    }
}

void follow_hear(struct follow *f, int wait_ms)
{
    struct fault fault = {{0}};
    if (!f->sync)
        return;
    enum rc rc = dir_sync_step(f->sync, wait_ms, &fault);
    keep_cookies(f);
    if (rc == RC_OK && f->state == FOLLOW_REFRESHING && timing_now_ms() - f->begun_ms > CATCH_UP_MOST_MS &&
        !dir_sync_is_refreshed(f->sync))
        rc = fault_set(&fault, RC_FAULT, "the refresh does not end");
    conclude(f, rc, &fault);
}

void follow_attend(struct follow *f)
{
    bool is_other = f->connection != servers_connection(f->settings.servers);
    if (is_other && f->sync)
        disconnect(f);
    if (!f->sync && (is_other || timing_now_ms() >= f->not_before_ms))
        begin(f);
    follow_hear(f, 0);
}

void follow_look_around(struct follow *f)
{
    struct fault fault = {{0}};
    struct arena a = {NULL};
    struct extent extent;
    if (read_extent(f, &extent, &a, &fault) != RC_OK || extent_eq(&extent, &f->extent)) {
        arena_free(&a); /* what can't be read now keeps its place; the pass will say why */
        return;
    }
    take_extent(f, &extent, &a);
    if (f->sync) {
        begin_anew(f);
        follow_attend(f);
    }
}

enum follow_state follow_state(const struct follow *f)
{
    return f->state;
}

const struct extent *follow_extent(const struct follow *f)
{
    return &f->extent;
}

int follow_fd(const struct follow *f)
{
    return f->sync ? dir_sync_fd(f->sync) : -1;
}

int64_t follow_next_ms(const struct follow *f)
{
    if (!f->sync)
        return f->not_before_ms - timing_now_ms();
    return dir_sync_has_message(f->sync) ? 0 : f->state == FOLLOW_REFRESHING ? CATCH_UP_MOST_MS / 600 : INT32_MAX;
}
