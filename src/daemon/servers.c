/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/servers.h"

#include "daemon/timing.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    /* A connection that lasted so long was a good one: what broke it says nothing about the next. */
    GOOD_AFTER_MS = 60000,
    DAY_S = 86400,
    NONE = -1,
    DOWN = -2, /* of what was told */
};

struct server {
    const char *uri;
    unsigned failures; /* in a row, to connect */
    unsigned losses;   /* in a row, of connections that did not last */
    int64_t not_before_ms;
    bool insecure_told;
    enum rc rc; /* of the last try */
    struct fault fault;
    struct fault told; /* of `fault`, the last that was told */
};

struct servers {
    struct servers_settings settings;
    struct server *items;
    int count;
    struct dir *work, *keep;
    int current, told; /* which is connected; which was told to be */
    int64_t since_ms, improve_ms;
    unsigned refusals; /* in a row, of the password by an earlier server */
    unsigned connection;
    char fault[sizeof((struct fault){0}).text], told_fault[sizeof((struct fault){0}).text];
};

struct servers *servers_open(const struct servers_settings *settings)
{
    struct servers *s = calloc(1, sizeof *s);
    int count = 0;
    while (settings->directory.uris[count])
        count++;
    if (s)
        s->items = calloc((size_t)count + 1, sizeof *s->items);
    if (!s || !s->items)
        arena_exhausted(sizeof *s);
    s->settings = *settings;
    s->count = count;
    s->current = s->told = NONE;
    for (int i = 0; i < count; i++)
        s->items[i].uri = settings->directory.uris[i];
    return s;
}

static void drop(struct servers *s)
{
    dir_close(s->keep);
    dir_close(s->work);
    s->keep = s->work = NULL;
    s->current = NONE;
}

void servers_close(struct servers *s)
{
    if (!s)
        return;
    drop(s);
    free(s->items);
    free(s);
}

static bool goes_on(const struct servers *s)
{
    return !s->settings.goes_on || s->settings.goes_on(s->settings.context);
}

/* Both connections, or none. */
static enum rc open_both(struct servers *s, struct server *server, struct dir **work, struct dir **keep)
{
    const char *const uris[] = {server->uri, NULL};
    struct dir_settings settings = s->settings.directory;
    settings.uris = uris;
    settings.watch = s->settings.goes_on;
    settings.watch_context = s->settings.context;
    *work = *keep = NULL;
    enum rc rc = dir_open(&settings, work, &server->fault);
    settings.like = *work;
    if (rc == RC_OK && !s->settings.only_work)
        rc = dir_open(&settings, keep, &server->fault);
    if (rc != RC_OK)
        dir_close(*work);
    else if (*keep)
        dir_set_watch(*keep, s->settings.is_alive, s->settings.context);
    return rc;
}

/*
 * A refused password is refused everywhere, and each further try counts towards an account's lock; so all servers wait
 * for an interval, but the one that has taken it.
 */
static void after_failure(struct servers *s, struct server *server, int64_t now_ms)
{
    server->failures++;
    server->not_before_ms = now_ms + timing_backoff_ms(server->failures);
    for (int i = 0; server->rc == RC_DENIED && i < s->count; i++)
        if (i != s->current)
            s->items[i].not_before_ms = now_ms + timing_interval_ms(s->settings.interval_s);
}

/*
 * Each refusal may count towards the lock of an account that works here: then an earlier server is asked more and more
 * rarely, up to once a day.
 */
static int64_t improve_wait_ms(const struct servers *s)
{
    uint64_t wait_s = s->settings.interval_s;
    for (unsigned i = 0; i < s->refusals && wait_s < DAY_S; i++)
        wait_s = 2 * wait_s < DAY_S ? 2 * wait_s : DAY_S;
    return timing_interval_ms((unsigned)wait_s);
}

static bool is_refused_earlier(const struct servers *s)
{
    for (int i = 0; i < s->current; i++)
        if (s->items[i].rc == RC_DENIED)
            return true;
    return false;
}

static const char *transactions(const struct servers *s, const struct dir_capabilities *c)
{
    if (s->settings.directory.writes_per_transaction < 2)
        return "off";
    if (!c->offers_transactions)
        return "missing";
    return c->shows_quiet ? "on" : "unwatched";
}

static int64_t seconds_until(int64_t at_ms)
{
    int64_t wait_ms = at_ms - timing_now_ms();
    return wait_ms > 0 ? (wait_ms + 999) / 1000 : 0;
}

static void tell_one(const struct servers *s, const struct server *server)
{
    int64_t next_ms = server->not_before_ms > s->improve_ms ? server->not_before_ms : s->improve_ms;
    struct log_field fields[3] = {log_text("uri", server->uri), log_escaped("detail", slice_of(server->fault.text))};
    size_t count = 2;
    if (s->settings.tells) /* otherwise nothing is tried again */
        fields[count++] = log_int("retry_s", seconds_until(next_ms));
    log_event(s->settings.log, EVENT_DISCONNECTED, fields, count);
}

/* What can't be used while another server can; each again when the reason is another. */
static void tell_unusable(struct servers *s)
{
    for (int i = 0; i < s->count; i++) {
        struct server *server = &s->items[i];
        bool is_told = strcmp(server->told.text, server->fault.text) == 0;
        server->told = server->fault;
        if (!is_told && server->fault.text[0])
            tell_one(s, server);
    }
}

bool servers_is_insecure(const struct dir_settings *settings, const struct dir *d)
{
    return settings->bind == DIR_BIND_SIMPLE && !dir_capabilities(d)->is_secure;
}

void servers_tell_insecure(struct log *log, const char *uri)
{
    LOG_EVENT(log, EVENT_INSECURE, log_text("uri", uri),
              log_text("reason", "the password crosses the network without TLS"));
}

static void tell_connected(struct servers *s)
{
    struct server *server = &s->items[s->current];
    const struct dir_capabilities *c = dir_capabilities(s->work);
    if (s->settings.tells && s->told != s->current)
        LOG_EVENT(s->settings.log, EVENT_CONNECTED, log_text("uri", server->uri), log_text("server", c->kind),
                  log_text("secure", c->is_secure ? "yes" : "no"), log_text("transactions", transactions(s, c)));
    s->told = s->current;
    if (servers_is_insecure(&s->settings.directory, s->work) && !server->insecure_told) {
        servers_tell_insecure(s->settings.log, server->uri);
        server->insecure_told = true;
    }
}

/* True when this server is the one that is connected now; it replaces another. */
static bool try_one(struct servers *s, int index)
{
    struct server *server = &s->items[index];
    struct dir *work, *keep;
    server->fault = (struct fault){{0}};
    server->rc = open_both(s, server, &work, &keep);
    int64_t now_ms = timing_now_ms(); /* a try may have taken long */
    if (server->rc != RC_OK) {
        after_failure(s, server, now_ms);
        return false;
    }
    drop(s);
    s->work = work;
    s->keep = keep;
    s->current = index;
    s->since_ms = now_ms;
    s->refusals = is_refused_earlier(s);
    s->improve_ms = now_ms + improve_wait_ms(s);
    s->connection++;
    server->failures = 0;
    for (int i = index; i < s->count; i++) /* nobody asks those behind it any more */
        s->items[i].fault = (struct fault){{0}};
    tell_unusable(s);
    tell_connected(s);
    return true;
}

/* Tries those before `end` that are due; how many were tried is added to *tries. */
static bool try_due(struct servers *s, int end, int64_t now_ms, unsigned *tries)
{
    for (int i = 0; i < end; i++) {
        struct server *server = &s->items[i];
        if (server->not_before_ms > now_ms)
            continue;
        if (!goes_on(s))
            return false;
        ++*tries;
        if (try_one(s, i))
            return true;
        if (server->rc == RC_DENIED)
            return false;
    }
    return false;
}

static void gather_faults(struct servers *s)
{
    size_t used = 0;
    s->fault[0] = '\0';
    for (int i = 0; i < s->count && used < sizeof s->fault; i++)
        if (s->items[i].fault.text[0])
            used += (size_t)snprintf(s->fault + used, sizeof s->fault - used, "%s%s", used ? "; " : "",
                                     s->items[i].fault.text);
}

/* Again when the reason is another: a server that was away may come back with a certificate that can't be trusted. */
static void tell_disconnected(struct servers *s)
{
    for (int i = 0; i < s->count; i++)
        s->items[i].told = s->items[i].fault;
    if (!s->settings.tells || (s->told == DOWN && strcmp(s->told_fault, s->fault) == 0))
        return;
    memcpy(s->told_fault, s->fault, sizeof s->told_fault);
    LOG_EVENT(s->settings.log, EVENT_DISCONNECTED, log_escaped("detail", slice_of(s->fault)),
              log_int("retry_s", seconds_until(servers_next_ms(s))));
    s->told = DOWN;
}

void servers_refresh(struct servers *s)
{
    if (s->work && (!dir_is_alive(s->work) || (s->keep && !dir_is_alive(s->keep))))
        drop(s);
}

/* The watch ends it unless it would have begun so: what is to be done before the end is done. */
enum rc servers_open_further(const struct servers *s, struct dir **out, struct fault *fault)
{
    const char *const uris[] = {s->current >= 0 ? s->items[s->current].uri : NULL, NULL};
    struct dir_settings settings = s->settings.directory;
    *out = NULL;
    if (!s->work)
        return fault_set(fault, RC_FAULT, "there is no connection");
    settings.uris = uris;
    settings.watch = goes_on(s) ? s->settings.goes_on : s->settings.is_alive;
    settings.watch_context = s->settings.context;
    return dir_open(&settings, out, fault);
}

void servers_renew_keep(struct servers *s)
{
    struct fault fault = {{0}};
    struct dir *keep;
    if (!s->work || !s->keep || dir_is_alive(s->keep))
        return;
    struct server *server = &s->items[s->current];
    int64_t now_ms = timing_now_ms();
    if (server->not_before_ms > now_ms)
        return;
    enum rc rc = servers_open_further(s, &keep, &fault);
    if (rc == RC_DENIED)
        server->not_before_ms = now_ms + timing_interval_ms(s->settings.interval_s);
    if (rc != RC_OK)
        return; /* whoever uses the old one is told that it broke */
    dir_close(s->keep);
    s->keep = keep;
    dir_set_watch(keep, s->settings.is_alive, s->settings.context);
}

bool servers_connect(struct servers *s, int64_t now_ms)
{
    unsigned tries = 0;
    if (s->work || try_due(s, s->count, now_ms, &tries))
        return true;
    gather_faults(s);
    if (tries && goes_on(s))
        tell_disconnected(s);
    return false;
}

void servers_improve(struct servers *s, int64_t now_ms)
{
    unsigned tries = 0;
    if (s->current <= 0 || try_due(s, s->current, now_ms, &tries))
        return;
    s->refusals = is_refused_earlier(s) ? s->refusals + (tries > 0) : 0;
    s->improve_ms = now_ms + improve_wait_ms(s);
    if (goes_on(s))
        tell_unusable(s);
}

int64_t servers_improve_ms(const struct servers *s)
{
    int64_t due_ms = INT64_MAX;
    for (int i = 0; i < s->current; i++)
        if (s->items[i].not_before_ms < due_ms)
            due_ms = s->items[i].not_before_ms;
    return due_ms > s->improve_ms ? due_ms : s->improve_ms; /* with nothing before it, never */
}

/*
 * At once to the same server after a connection that lasted (it was idle for too long, or the server restarted); later
 * and later where each one breaks soon, and not before a password that it refused meanwhile may be said again.
 */
static void lose(struct servers *s, int64_t now_ms)
{
    struct server *server = &s->items[s->current];
    if (now_ms - s->since_ms >= GOOD_AFTER_MS)
        server->losses = 0;
    int64_t not_before_ms = now_ms + timing_backoff_ms(server->losses);
    if (server->not_before_ms < not_before_ms)
        server->not_before_ms = not_before_ms;
    server->losses++;
    server->rc = fault_set(&server->fault, RC_FAULT, "%s: the connection was lost", server->uri);
    drop(s);
    gather_faults(s);
}

bool servers_check(struct servers *s, int64_t now_ms)
{
    if (s->work && (!dir_is_alive(s->work) || (s->keep && !dir_is_alive(s->keep))))
        lose(s, now_ms);
    return s->work != NULL;
}

static void ignore_restart(void *context)
{
    (void)context;
}

static void ignore_entry(void *context, const struct entry *e)
{
    (void)context;
    (void)e;
}

bool servers_probe(struct servers *s, int64_t now_ms)
{
    static const char *const nothing[] = {"1.1", NULL};
    const struct dir_search search = {.base = SLICE_LITERAL(""),
                                      .scope = DIR_BASE,
                                      .filter = SLICE_LITERAL("(objectClass=*)"),
                                      .attributes = nothing};
    const struct dir_sink sink = {.restart = ignore_restart, .entry = ignore_entry};
    struct fault fault = {{0}};
    if (!s->work)
        return false;
    dir_set_watch(s->work, s->settings.goes_on, s->settings.context);
    enum rc rc = dir_search(s->work, &search, &sink, &fault);
    dir_set_watch(s->work, NULL, NULL);
    return servers_check(s, now_ms) && rc == RC_OK;
}

int64_t servers_next_ms(const struct servers *s)
{
    int64_t next_ms = INT64_MAX;
    for (int i = 0; i < s->count; i++)
        if (s->items[i].not_before_ms < next_ms)
            next_ms = s->items[i].not_before_ms;
    return next_ms;
}

const char *servers_fault(const struct servers *s)
{
    return s->fault;
}

bool servers_are_invalid(const struct servers *s)
{
    for (int i = 0; i < s->count; i++)
        if (s->items[i].rc != RC_INVALID)
            return false;
    return s->count > 0;
}

unsigned servers_connection(const struct servers *s)
{
    return s->connection;
}

const char *servers_uri(const struct servers *s)
{
    return s->work ? s->items[s->current].uri : NULL;
}

struct dir *servers_work(const struct servers *s)
{
    return s->work;
}

struct dir *servers_keep(const struct servers *s)
{
    return s->keep;
}
