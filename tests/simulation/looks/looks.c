/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: simulation_looks FIRST LAST [--verbose]
 * The random histories again, where most steps are followed by a look at what changed and not by a full pass.  After a
 * look that asks for nothing more a full pass has nothing to do, and whatever full passes find is known to them.
 */
#include "simulation/invariants.h"

#include "run/past.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STEPS = 25 };

/* One entry, as somebody who follows the directory sees it. */
struct mark {
    struct slice id;
    struct digest content;
};
struct picture {
    struct mark subjects[SUBJECTS];
    LIST_OF(struct mark) requests;
    struct digest policies; /* and waivers */
};

struct changes {
    LIST_OF(struct slice) subjects;
    LIST_OF(struct slice) requests;
    size_t gone;
    bool of_policy;
};

struct course {
    struct world *world;
    struct past *past;
    size_t gone;          /* since the last full pass */
    int64_t full_due_utc; /* of the next one */
    bool held; /* by a guard, which only a full pass lifts: when somebody else is cured, or a day has passed */
    struct changes *changes;
    size_t looks, settled, escalated[ESCALATION_FAULT + 1];
};

/* What changed. */

struct taking {
    struct arena *a;
    struct slice text;
    LIST_OF(struct mark) marks;
    const char *id; /* the attribute that names an entry */
};

static struct slice text_of(struct arena *a, const struct entry *e)
{
    struct slice text = arena_format(a, "%.*s", SLICE_ARGS(e->dn));
    for (size_t i = 0; i < e->count; i++)
        for (size_t k = 0; k < e->attributes[i].count; k++) {
            struct digest d = digest_of(e->attributes[i].values[k]);
            uint8_t hex[DIGEST_HEX];
            digest_to_hex(&d, hex);
            if (!slice_eq_nocase(e->attributes[i].name, SLICE_LITERAL("modifyTimestamp")))
                text = arena_format(a, "%.*s %.*s=%.*s", SLICE_ARGS(text), SLICE_ARGS(e->attributes[i].name),
                                    DIGEST_HEX, (const char *)hex);
        }
    return text;
}

static void take_entry(void *context, const struct entry *e)
{
    struct taking *t = context;
    struct slice text = text_of(t->a, e), id = entry_first(e, t->id);
    t->text = arena_format(t->a, "%.*s\n%.*s", SLICE_ARGS(t->text), SLICE_ARGS(text));
    *LIST_ADD(t->a, &t->marks) = (struct mark){arena_copy(t->a, id), digest_of(text)};
}

static struct taking take(struct arena *a, struct world *w, struct slice base, enum dir_scope scope, const char *id)
{
    struct taking t = {.a = a, .id = id};
    struct dir_search search = {.base = base, .scope = scope, .filter = SLICE_LITERAL("(objectClass=*)")};
    struct dir_sink sink = {.entry = take_entry, .context = &t};
    struct fault fault = {{0}};
    enum rc rc = dir_search(w->dir, &search, &sink, &fault);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        world_fail(w, "%s", fault.text);
    return t;
}

static struct picture draw(struct arena *a, struct world *w)
{
    struct picture p = {0};
    for (int i = 0; i < SUBJECTS; i++) {
        if (!w->subjects[i].exists)
            continue;
        struct taking t = take(a, w, world_subject_dn(a, w, i), DIR_BASE, "cn");
        if (t.marks.count)
            p.subjects[i] = (struct mark){world_subject_id(a, w, i), t.marks.items[0].content};
    }
    struct taking t = take(a, w, slice_of(world_requests), DIR_ONE, "dircertRequestId");
    for (size_t i = 0; i < t.marks.count; i++)
        *LIST_ADD(a, &p.requests) = t.marks.items[i];
    struct taking policies = take(a, w, SLICE_LITERAL("ou=policies,ou=dircertd,dc=x"), DIR_ONE, "cn");
    struct taking waivers = take(a, w, SLICE_LITERAL("ou=waivers,ou=dircertd,dc=x"), DIR_ONE, "cn");
    p.policies = digest_of(arena_format(a, "%.*s\n%.*s", SLICE_ARGS(policies.text), SLICE_ARGS(waivers.text)));
    return p;
}

static const struct mark *find(const struct picture *p, struct slice id)
{
    for (size_t i = 0; i < p->requests.count; i++)
        if (slice_eq(p->requests.items[i].id, id))
            return &p->requests.items[i];
    return NULL;
}

static struct changes compare(struct arena *a, const struct picture *before, const struct picture *after)
{
    struct changes c = {.of_policy = !digest_eq(&before->policies, &after->policies)};
    for (int i = 0; i < SUBJECTS; i++) {
        const struct mark *was = &before->subjects[i], *is = &after->subjects[i];
        if (slice_eq(was->id, is->id) && digest_eq(&was->content, &is->content))
            continue;
        if (is->id.n)
            *LIST_ADD(a, &c.subjects) = is->id;
        if (was->id.n && !slice_eq(was->id, is->id)) {
            *LIST_ADD(a, &c.subjects) = was->id;
            c.gone++;
        }
    }
    for (size_t i = 0; i < after->requests.count; i++) {
        const struct mark *is = &after->requests.items[i], *was = find(before, is->id);
        if (!was || !digest_eq(&was->content, &is->content))
            *LIST_ADD(a, &c.requests) = is->id;
    }
    for (size_t i = 0; i < before->requests.count; i++)
        if (!find(after, before->requests.items[i].id))
            *LIST_ADD(a, &c.requests) = before->requests.items[i].id;
    return c;
}

/* Passes. */

static int64_t clock_of(void *context)
{
    return ((struct world *)context)->now_utc;
}

static struct pass_settings settings_of(struct course *c)
{
    struct world *w = c->world;
    memory_set_clock(w->dir, w->now_utc);
    return (struct pass_settings){.base = world_base,
                                  .instance = "sim",
                                  .interval_s = INTERVAL_S,
                                  .clock = clock_of,
                                  .steady_clock = clock_of,
                                  .clock_context = w,
                                  .memory = w->memo,
                                  .past = c->past};
}

static bool has(const struct slice *ids, size_t count, struct slice id)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(ids[i], id))
            return true;
    return false;
}

static bool is_expected(void *context, struct slice subject_id, struct slice request_id)
{
    const struct changes *c = ((struct course *)context)->changes;
    return has(c->subjects.items, c->subjects.count, subject_id) ||
           has(c->requests.items, c->requests.count, request_id);
}

static void pass_full(struct course *c, bool disturbed)
{
    struct world *w = c->world;
    struct arena a = {0};
    struct slice plan;
    struct drift_watch drift = {.is_expected = is_expected, .context = c};
    struct pass_settings settings = settings_of(c);
    settings.drift = disturbed ? NULL : &drift;
    settings.full_due_utc = c->full_due_utc = w->now_utc + (world_pick(w, 2) ? 100 * 86400 : world_pick(w, 7200));
    c->held = pass_run(w->dir, w->second, w->log, &settings, &a, &plan) == PASS_HELD;
    arena_free(&a);
    c->gone = 0;
    if (drift.missed)
        world_fail(w, "a full pass found %zu things that a look should have found", drift.missed);
}

/* What a full pass would write now, besides what guards hold. */
static struct slice left_over(struct course *c, struct arena *a)
{
    struct world *w = c->world;
    struct slice plan, line, left = {NULL, 0};
    struct pass_settings settings = settings_of(c);
    settings.past = NULL;
    settings.dry_run = true;
    settings.memory = NULL;
    pass_run(w->dir, w->second, w->log, &settings, a, &plan);
    while (slice_split(&plan, '\n', &line))
        if (line.n && !slice_starts(line, SLICE_LITERAL("held-")))
            left = arena_format(a, "%.*s%.*s\n", SLICE_ARGS(left), SLICE_ARGS(line));
    return left;
}

static enum escalation look(struct course *c, struct arena *a)
{
    struct world *w = c->world;
    struct slice id, plan;
    enum escalation escalation = ESCALATION_NONE;
    while (deadlines_take(past_deadlines(c->past), w->now_utc, &id))
        if (!has(c->changes->subjects.items, c->changes->subjects.count, id))
            *LIST_ADD(a, &c->changes->subjects) = arena_copy(a, id);
    const struct focus focus = {.subjects = c->changes->subjects.items,
                                .subject_count = c->changes->subjects.count,
                                .requests = c->changes->requests.items,
                                .request_count = c->changes->requests.count,
                                .gone_count = c->gone};
    struct pass_settings settings = settings_of(c);
    settings.focus = &focus;
    settings.escalation = &escalation;
    pass_run(w->dir, w->second, w->log, &settings, a, &plan);
    c->looks++;
    c->escalated[escalation]++;
    if (w->verbose)
        printf("            look at %zu subjects and %zu requests: %s\n", focus.subject_count, focus.request_count,
               escalation_text(escalation));
    return escalation;
}

/* As the next step does it. */
static void show_all(struct world *w)
{
    memory_hide_attribute(w->dir, NULL);
    memory_hide_below(w->dir, NULL);
    memory_fail_search(w->dir, NULL);
}

static void run_step(struct course *c, struct arena *ledger_arena, struct ledger *ledger)
{
    struct world *w = c->world;
    struct arena a = {0};
    show_all(w);
    struct picture was = draw(&a, w);
    world_step(w);
    struct picture is = w->disturbed ? was : draw(&a, w);
    struct changes changes = compare(&a, &was, &is);
    c->changes = &changes;
    c->gone += changes.gone;
    struct request_list before = world_requests_read(&a, w);
    bool looks = past_is_ready(c->past) && !w->disturbed && w->now_utc < c->full_due_utc &&
                 (!changes.of_policy || world_pick(w, 8) == 0);
    bool crashes = world_pick(w, 10) == 0;
    memory_fail_after(w->dir, crashes ? world_pick(w, 4) : SIZE_MAX);
    enum escalation escalation = looks ? look(c, &a) : ESCALATION_NONE;
    memory_fail_after(w->dir, SIZE_MAX);
    if (!looks || escalation != ESCALATION_NONE)
        pass_full(c, w->disturbed);
    struct request_list after = world_requests_read(&a, w);
    invariants_after_pass(w, ledger_arena, ledger, &before, &after);
    if (w->disturbed)
        past_forget(c->past); /* what it saw was not all there is */
    struct slice left = looks && escalation == ESCALATION_NONE && !c->held ? left_over(c, &a) : (struct slice){NULL, 0};
    if (left.n)
        world_fail(w, "a look left to a full pass:\n%.*s", SLICE_ARGS(left));
    c->settled += looks && escalation == ESCALATION_NONE;
    arena_free(&a);
}

static void run_seed(struct course *c, uint64_t seed)
{
    struct arena ledger_arena = {0};
    struct ledger ledger = {0};
    world_begin(c->world, seed);
    past_forget(c->past);
    c->gone = 0;
    for (int i = 0; i < STEPS; i++)
        run_step(c, &ledger_arena, &ledger);
    invariants_end(c->world);
    world_end(c->world);
    arena_free(&ledger_arena);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: simulation_looks FIRST LAST [--verbose]\n", stderr);
        return 1;
    }
    uint64_t first = strtoull(argv[1], NULL, 10), last = strtoull(argv[2], NULL, 10);
    mallopt(M_TRIM_THRESHOLD, 256 << 20); /* arenas come and go by the thousand */
    setvbuf(stdout, NULL, _IOLBF, 0);     /* in one order with the log */
    struct arena arena = {0};
    struct fault fault = {{0}};
    struct world w = {.verbose = argc > 3, .samples = world_samples(&arena)};
    struct course c = {.world = &w, .past = past_open()};
    int log_fd = w.verbose ? STDOUT_FILENO : open("/dev/null", O_WRONLY | O_CLOEXEC);
    w.log = log_open(&(struct log_settings){.fd = log_fd,
                                            .instance = "sim",
                                            .clock = log_system_clock,
                                            .least = w.verbose ? SEVERITY_NOTICE : (enum severity)0});
    if (second_open(&w.second, &fault) != RC_OK)
        world_fail(&w, "%s", fault.text);
    for (uint64_t seed = first; seed <= last; seed++)
        run_seed(&c, seed);
    printf("%llu seeds, %d steps each: %zu looks, of which %zu settled everything\n",
           (unsigned long long)(last - first + 1), STEPS, c.looks, c.settled);
    for (int e = 1; e <= ESCALATION_FAULT; e++)
        if (c.escalated[e])
            printf("  asked for a full pass: %s %zu times\n", escalation_text((enum escalation)e), c.escalated[e]);
    past_close(c.past);
    second_close(w.second);
    log_close(w.log);
    arena_free(&arena);
    return 0;
}
