/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/escape.h"
#include "base/gentime.h"
#include "core/schema.h"
#include "daemon/lease.h"
#include "run/told.h"

enum { VALUE_ROOM = 1024, HOLDER_ROOM = 320, HOST_SHOWN = 256 };

struct keeper {
    struct keeper_settings settings;
    struct arena arena; /* as long as the keeper */
    struct lease_place place;
    struct lease_owner owner;
    struct told told; /* problems */
    enum keeper_state state;
    bool holds;
    bool doubts;            /* what it holds was not looked at over this connection yet */
    char value[VALUE_ROOM]; /* the lease that we hold, as the directory has it */
    struct slice farewell;  /* the same, for keeper_farewell */
    int64_t until_utc;
    int64_t until_boottime; /* the same by a clock that nobody sets */
    int64_t next_utc;
    char said[VALUE_ROOM]; /* the last lease event: its state and its holder */
    struct fault fault;    /* the last one told */
    char holder[HOLDER_ROOM];
};

/* One beat that is due. */
struct beat {
    struct keeper *k;
    struct dir *d;
    struct arena arena;
    int64_t now_utc, now_boottime;
    const struct progress *progress;
};

/* Time. */

static int64_t clock_of(const struct keeper *k)
{
    return k->settings.clock(k->settings.clock_context);
}

/* Goes on while the machine sleeps. */
static int64_t boottime(void)
{
    struct timespec t = {0};
    clock_gettime(CLOCK_BOOTTIME, &t);
    return t.tv_sec;
}

static unsigned lease_s(const struct keeper *k)
{
    unsigned four = 4 * k->settings.heartbeat_s;
    return four > KEEPER_LEASE_LEAST_S ? four : KEEPER_LEASE_LEAST_S;
}

/* A clock that was set back does not put the next one off. */
static bool is_due(const struct keeper *k, int64_t now_utc)
{
    return now_utc >= k->next_utc || k->next_utc - now_utc > (int64_t)k->settings.heartbeat_s;
}

/* Two that keep meeting part ways. */
static void try_again_soon(struct beat *b)
{
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = (uint32_t)b->k->owner.pid;
    b->k->next_utc = b->now_utc + 1 + random % b->k->settings.heartbeat_s;
}

/* Telling. */

static void note_holder(struct keeper *k, struct slice host, int64_t until_utc)
{
    uint8_t shown[HOST_SHOWN], until[GENTIME_LEN];
    size_t n = escape_write(host, "", shown, sizeof shown);
    gentime_write(until_utc, until);
    snprintf(k->holder, sizeof k->holder, "%.*s until %.*s", (int)n, (const char *)shown, GENTIME_LEN,
             (const char *)until);
}

/* holder NULL: nobody known. */
static void tell(struct keeper *k, const char *state, const struct lease_seen *holder, const char *reason)
{
    struct arena scratch = {0};
    struct slice who = !holder ? SLICE_LITERAL("") : !holder->is_readable ? holder->value : holder->lease.owner.host;
    struct slice said =
        arena_format(&scratch, "%s %lld %.*s", state,
                     (long long)(holder && holder->is_readable ? holder->lease.owner.pid : 0), SLICE_ARGS(who));
    said = slice_upto(said, sizeof k->said - 1);
    bool is_new = !slice_eq(said, slice_of(k->said));
    memcpy(k->said, said.p, said.n);
    k->said[said.n] = '\0';
    arena_free(&scratch);
    if (!is_new)
        return;
    struct log_field fields[5] = {log_text("state", state), log_dn("dn", k->place.dn)};
    size_t count = 2;
    if (holder)
        fields[count++] = log_slice("holder", who);
    if (holder && holder->is_readable)
        fields[count++] = log_time("until", holder->lease.until_utc);
    if (reason)
        fields[count++] = log_text("reason", reason);
    log_event(k->settings.log, EVENT_LEASE, fields, count);
}

/* The same fault is told once, until something worked again. */
static enum keeper_state unknown(struct keeper *k, const char *what, const struct fault *fault)
{
    if (strcmp(k->fault.text, fault->text) != 0)
        LOG_EVENT(k->settings.log, EVENT_FAULT, log_text("what", what), log_escaped("detail", slice_of(fault->text)));
    k->fault = *fault;
    return k->state = KEEPER_UNKNOWN;
}

static void report_unreadable(struct keeper *k, const struct lease_view *view)
{
    for (size_t i = 0; i < view->entries.count; i++) {
        const struct lease_seen *seen = &view->entries.items[i];
        if (seen->value.p && !seen->is_readable &&
            told_first_time(&k->arena, &k->told, seen->dn, SLICE_LITERAL("lease"), seen->value))
            LOG_EVENT(k->settings.log, EVENT_PROBLEM, log_dn("dn", seen->dn), log_text("attribute", ATTR_LEASE),
                      log_slice("value", seen->value),
                      log_text("reason",
                               "is not \"host boot-id pid until\": it is taken as held, and no daemon becomes "
                               "active until it is deleted"));
    }
}

/* Changes of state. */

static enum keeper_state stand_by(struct keeper *k, const struct lease_seen *holder)
{
    k->holds = false;
    k->fault.text[0] = '\0';
    if (holder->is_readable)
        note_holder(k, holder->lease.owner.host, holder->lease.until_utc);
    else
        snprintf(k->holder, sizeof k->holder, "-");
    tell(k, "standby", holder, holder->is_readable ? NULL : "its value does not parse");
    return k->state = KEEPER_STANDBY;
}

static void lose(struct keeper *k, const char *reason)
{
    k->holds = false;
    k->state = KEEPER_UNKNOWN;
    snprintf(k->holder, sizeof k->holder, "-");
    tell(k, "lost", NULL, reason);
}

static enum keeper_state hold(struct beat *b, const struct lease *lease, struct slice value)
{
    struct keeper *k = b->k;
    struct lease_seen own = {.is_readable = true, .lease = *lease};
    k->holds = true;
    k->doubts = false;
    snprintf(k->value, sizeof k->value, "%.*s", SLICE_ARGS(value));
    k->until_utc = lease->until_utc;
    k->until_boottime = b->now_boottime + lease_s(k);
    k->fault.text[0] = '\0';
    note_holder(k, lease->owner.host, lease->until_utc);
    tell(k, "held", &own, NULL);
    return k->state = KEEPER_HELD;
}

/* Writing. */

static struct slice time_text(struct arena *a, int64_t at_utc)
{
    uint8_t text[GENTIME_LEN];
    gentime_write(at_utc, text);
    return arena_copy(a, slice_make(text, GENTIME_LEN));
}

static struct slice running(struct beat *b)
{
    const struct progress *p = b->progress;
    if (!p || b->now_utc - p->begun_utc <= KEEPER_LONG_PASS_S)
        return (struct slice){NULL, 0};
    struct slice since = time_text(&b->arena, p->begun_utc);
    return arena_format(&b->arena, "running entries=%zu findings=%zu since=%.*s", p->entries, p->findings,
                        SLICE_ARGS(since));
}

static enum rc swap(struct beat *b, bool exists, struct slice before, const struct lease *lease, struct slice *after,
                    struct fault *fault)
{
    *after = lease_write(&b->arena, lease);
    struct lease_swap change = {.exists = exists,
                                .with_version = !b->k->holds,
                                .before = before,
                                .after = *after,
                                .heartbeat = time_text(&b->arena, b->now_utc),
                                .pass_result = running(b)};
    return lease_swap(b->d, &b->k->place, &change, fault);
}

static enum rc look(struct beat *b, struct lease_view *view, struct fault *fault)
{
    enum rc rc = lease_look(&b->arena, b->d, &b->k->place, &b->k->owner, b->now_utc, view, fault);
    if (rc == RC_OK)
        report_unreadable(b->k, view);
    return rc;
}

static struct lease next_lease(const struct beat *b)
{
    return (struct lease){.owner = b->k->owner, .until_utc = b->now_utc + lease_s(b->k)};
}

/* Acquiring. */

/*
 * What the dead left in other entries goes, so that one who is alive after all learns of it.  An account that may
 * write its own entry only goes on without.  RC_CONFLICT: it is alive.
 */
static enum rc clear_dead(struct beat *b, const struct lease_view *view, struct fault *fault)
{
    for (size_t i = 0; i < view->entries.count; i++) {
        const struct lease_seen *seen = &view->entries.items[i];
        struct fault one = {{0}};
        if (seen->is_own || seen->standing != LEASE_DEAD)
            continue;
        enum rc rc = lease_drop(b->d, seen->dn, seen->value, &one);
        if (rc != RC_OK && rc != RC_DENIED && rc != RC_NOT_FOUND)
            return fault_set(fault, rc, "%s", one.text);
    }
    return RC_OK;
}

/* Somebody else was first, or what is there can't be seen. */
static enum keeper_state concede(struct beat *b, const struct fault *why)
{
    struct lease_view view;
    struct fault fault = {{0}};
    try_again_soon(b);
    if (look(b, &view, &fault) != RC_OK)
        return unknown(b->k, "read the leases", &fault);
    const struct lease_seen *holder = lease_view_holder(&view);
    return holder ? stand_by(b->k, holder) : unknown(b->k, "acquire the lease", why);
}

/* Whoever wrote its lease in the meantime reads ours too: both give way, and try again at different times. */
static enum keeper_state confirm(struct beat *b, const struct lease *lease, struct slice value)
{
    struct lease_view view;
    struct fault fault = {{0}}, ignored = {{0}};
    enum rc rc = look(b, &view, &fault);
    const struct lease_seen *holder = rc == RC_OK ? lease_view_holder(&view) : NULL;
    const struct lease_seen *own = rc == RC_OK ? lease_view_own(&view) : NULL;
    if (rc == RC_OK && !holder && own && slice_eq(own->value, value))
        return hold(b, lease, value);
    try_again_soon(b);
    if (lease_drop(b->d, b->k->place.dn, value, &ignored) != RC_OK)
        ignored.text[0] = '\0'; /* the next beat finds it as our own, and others when its time is up */
    if (holder)
        return stand_by(b->k, holder);
    if (rc == RC_OK)
        fault_set(&fault, RC_DENIED, "\"%.*s\": the lease that was written there just now can't be read",
                  SLICE_ARGS(b->k->place.dn));
    return unknown(b->k, "read the leases", &fault);
}

static enum keeper_state acquire(struct beat *b)
{
    struct lease_view view;
    struct fault fault = {{0}};
    if (look(b, &view, &fault) != RC_OK)
        return unknown(b->k, "read the leases", &fault);
    const struct lease_seen *holder = lease_view_holder(&view), *own = lease_view_own(&view);
    if (holder)
        return stand_by(b->k, holder);
    enum rc rc = clear_dead(b, &view, &fault);
    struct lease lease = next_lease(b);
    struct slice value = {NULL, 0};
    if (rc == RC_OK)
        rc = swap(b, own, own ? own->value : value, &lease, &value, &fault);
    switch (rc) {
    case RC_OK:
        return confirm(b, &lease, value);
    case RC_CONFLICT:
    case RC_EXISTS:
    case RC_NOT_FOUND:
    case RC_INVALID: /* a second value where there may be one only */
        return concede(b, &fault);
    case RC_DENIED:
    case RC_TRUNCATED:
    case RC_FAULT:
        break;
    }
    return unknown(b->k, "acquire the lease", &fault);
}

/* Renewing. */

/*
 * The value that we know is not there.  If an earlier renewal was carried out and only its answer was lost, then one
 * of our own is, and the lease never changed hands.
 */
static enum keeper_state recover(struct beat *b)
{
    struct lease_view view;
    struct fault fault = {{0}};
    struct slice value;
    struct lease lease = next_lease(b);
    if (look(b, &view, &fault) != RC_OK)
        return unknown(b->k, "renew the lease", &fault);
    const struct lease_seen *own = lease_view_own(&view), *holder = lease_view_holder(&view);
    enum rc rc = RC_CONFLICT;
    if (own && own->standing == LEASE_MINE && !holder)
        rc = swap(b, true, own->value, &lease, &value, &fault);
    if (rc == RC_OK)
        return hold(b, &lease, value);
    if (rc != RC_CONFLICT && rc != RC_NOT_FOUND)
        return unknown(b->k, "renew the lease", &fault);
    lose(b->k, own && own->value.p ? "another daemon took it" : "its value was deleted");
    try_again_soon(b);
    return holder ? stand_by(b->k, holder) : b->k->state;
}

static enum keeper_state renew(struct beat *b)
{
    struct fault fault = {{0}};
    struct slice value;
    struct lease lease = next_lease(b);
    switch (swap(b, true, slice_of(b->k->value), &lease, &value, &fault)) {
    case RC_OK:
        return hold(b, &lease, value);
    case RC_CONFLICT:
    case RC_NOT_FOUND:
        return recover(b);
    case RC_EXISTS:
    case RC_DENIED:
    case RC_TRUNCATED:
    case RC_INVALID:
    case RC_FAULT:
        break;
    }
    return unknown(b->k, "renew the lease", &fault);
}

/* What others call. */

struct keeper *keeper_open(const struct keeper_settings *settings)
{
    struct keeper *k = calloc(1, sizeof *k);
    if (!k)
        arena_exhausted(sizeof *k);
    k->settings = *settings;
    if (k->settings.heartbeat_s == 0)
        k->settings.heartbeat_s = 1;
    lease_place_find(&k->arena, settings->base, settings->instance, &k->place);
    k->settings.instance = k->place.instance;
    k->settings.base = (const char *)arena_copy(&k->arena, slice_of(settings->base)).p;
    if (settings->owner)
        k->owner = (struct lease_owner){.host = arena_copy(&k->arena, settings->owner->host),
                                        .boot_id = arena_copy(&k->arena, settings->owner->boot_id),
                                        .pid = settings->owner->pid};
    else
        lease_owner_self(&k->arena, &k->owner);
    k->settings.owner = &k->owner;
    k->state = KEEPER_UNKNOWN;
    k->next_utc = INT64_MIN;
    snprintf(k->holder, sizeof k->holder, "-");
    return k;
}

void keeper_close(struct keeper *k)
{
    if (!k)
        return;
    arena_free(&k->arena);
    free(k);
}

static bool is_in_time(const struct keeper *k)
{
    return clock_of(k) < k->until_utc - KEEPER_MARGIN_S && boottime() < k->until_boottime - KEEPER_MARGIN_S;
}

bool keeper_may_write(const struct keeper *k)
{
    return k->holds && !k->doubts && is_in_time(k);
}

void keeper_doubt(struct keeper *k)
{
    if (!k->holds)
        return;
    k->doubts = true;
    k->next_utc = INT64_MIN;
    snprintf(k->holder, sizeof k->holder, "-");
}

enum keeper_state keeper_beat(struct keeper *k, struct dir *d, const struct progress *progress)
{
    int64_t now = clock_of(k);
    if (k->holds && !is_in_time(k))
        lose(k, "its time was nearly up before it could be renewed");
    if (!is_due(k, now))
        return k->state;
    if (!d) { /* it stays due, so that a new connection is used at once */
        k->state = KEEPER_UNKNOWN;
        return k->state;
    }
    struct beat beat = {.k = k, .d = d, .now_utc = now, .now_boottime = boottime(), .progress = progress};
    k->next_utc = now + k->settings.heartbeat_s;
    if (k->holds && !k->doubts)
        renew(&beat);
    else
        acquire(&beat);
    arena_free(&beat.arena);
    return k->state;
}

unsigned keeper_next_ms(const struct keeper *k)
{
    int64_t now = clock_of(k);
    return is_due(k, now) ? 0 : (unsigned)(k->next_utc - now) * 1000;
}

bool keeper_farewell(struct keeper *k, struct dir_mod *mod)
{
    k->farewell = slice_of(k->value);
    *mod = (struct dir_mod){DIR_MOD_DELETE, ATTR_LEASE, &k->farewell, 1};
    return k->holds;
}

static void let_go(struct keeper *k)
{
    k->holds = false;
    k->state = KEEPER_UNKNOWN;
    k->next_utc = clock_of(k) + k->settings.heartbeat_s;
    snprintf(k->holder, sizeof k->holder, "-");
}

void keeper_is_released(struct keeper *k)
{
    let_go(k);
    tell(k, "released", NULL, NULL);
}

/* It was sent and not answered well, and our entry has no lease any more: only the answer was lost. */
static bool is_farewell_done(struct keeper *k, struct dir *d)
{
    struct beat b = {.k = k, .d = d, .now_utc = clock_of(k)};
    struct lease_view view;
    struct fault ignored = {{0}};
    bool done = false;
    if (k->farewell.n && look(&b, &view, &ignored) == RC_OK) {
        const struct lease_seen *own = lease_view_own(&view);
        done = !own || !own->value.p;
    }
    arena_free(&b.arena);
    return done;
}

void keeper_release(struct keeper *k, struct dir *d)
{
    struct fault fault = {{0}};
    if (!k->holds)
        return;
    let_go(k);
    enum rc rc = d ? lease_drop(d, k->place.dn, slice_of(k->value), &fault)
                   : fault_set(&fault, RC_FAULT, "there is no connection; it runs out by itself");
    if (rc == RC_OK || ((rc == RC_CONFLICT || rc == RC_NOT_FOUND) && is_farewell_done(k, d)))
        tell(k, "released", NULL, NULL);
    else
        unknown(k, "release the lease", &fault);
}

const char *keeper_holder(const struct keeper *k)
{
    return k->holder;
}
