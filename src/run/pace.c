/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pace between full passes.  Whatever is done once in a pass was bounded by the interval, and still has to be: what
 * is withdrawn, which the guard counts, and what is written to one request because of our own writing alone, which goes
 * round in circles where this account may not read what it writes.
 */
#include "run/past_private.h"

#include <stdlib.h>

enum { ECHOES_MOST = 30 }; /* more than any approver and fulfiller write */

/* Withdrawals. */

static bool is_same_interval(const struct pass *p)
{
    const struct past *past = p->settings->past;
    int64_t since_s = past ? p->steady_s - past->withdrawals.begun_s : 0;
    return past && past->withdrawals.began && since_s >= 0 && since_s < p->settings->interval_s;
}

static struct past_withdrawn *withdrawn_of(struct past *past, struct slice policy_dn)
{
    for (size_t i = 0; i < past->withdrawals.policies.count; i++)
        if (slice_eq_nocase(past->withdrawals.policies.items[i].policy_dn, policy_dn))
            return &past->withdrawals.policies.items[i];
    return NULL;
}

size_t *pace_withdrawn(struct pass *p)
{
    size_t *counts = ARENA_ARRAY(p->arena, p->policy_count, size_t);
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct past_withdrawn *w = withdrawn_of(p->settings->past, p->policies[i].policy->dn);
        counts[i] = w ? w->count : 0;
    }
    return counts;
}

size_t *pace_withdrawn_before(struct pass *p)
{
    return is_same_interval(p) ? pace_withdrawn(p) : NULL;
}

static bool withdraws(const struct operation *o)
{
    return o->policy && o->verb == VERB_MOVE && o->record.state == STATE_WITHDRAWN && o->from != STATE_WITHDRAWN;
}

static void begin_interval(struct pass *p)
{
    struct past_withdrawals *all = &p->settings->past->withdrawals;
    arena_free(&all->arena);
    *all = (struct past_withdrawals){.began = true, .begun_s = p->steady_s};
}

void pace_note_withdrawals(struct pass *p)
{
    struct past *past = p->settings->past;
    struct past_withdrawals *all = &past->withdrawals;
    if (!p->look && !is_same_interval(p))
        begin_interval(p);
    for (size_t i = 0; p->written && i < p->plan.count; i++) {
        const struct operation *o = &p->plan.operations[i];
        if (!p->written[i] || !withdraws(o))
            continue;
        struct past_withdrawn *w = withdrawn_of(past, o->policy->dn);
        if (!w) {
            w = LIST_ADD(&all->arena, &all->policies);
            *w = (struct past_withdrawn){arena_copy(&all->arena, o->policy->dn), 0};
        }
        w->count++;
    }
}

int64_t pace_next_interval_utc(const struct pass *p)
{
    struct past *past = p->settings->past;
    bool held = false;
    for (size_t i = 0; i < past->policy_count; i++) {
        const struct past_withdrawn *w = withdrawn_of(past, past->policies[i].dn);
        held |= past->policies[i].hold == HOLD_EVERYTHING && w && w->count > 0;
    }
    return held ? p->now_utc + past->withdrawals.begun_s + p->settings->interval_s - p->steady_s : DEADLINE_NEVER;
}

/*
 * Subjects and certificates that are no more.  Nothing is known of who was compliant before, so whoever might have gone
 * counts: that asks for a full pass too many, and never for one too few.
 */

static uint64_t who_is(struct slice subject_id)
{
    uint64_t who;
    struct digest d = digest_of(subject_id);
    memcpy(&who, d.octets, sizeof who);
    return who;
}

/* The list has it from here on, or has it not. */
static void list_as(struct arena *a, who_list *l, uint64_t who, bool listed)
{
    size_t at = 0;
    while (at < l->count && l->items[at] != who)
        at++;
    if (listed && at == l->count)
        *LIST_ADD(a, l) = who;
    else if (!listed && at < l->count)
        l->items[at] = l->items[--l->count];
}

void pace_note_sight(struct pass *p, const struct subject *s)
{
    struct past_policy *policy = p->look && s->id.n && s->policy ? past_find(p->settings->past, s->policy->dn) : NULL;
    if (!policy)
        return;
    uint64_t who = who_is(s->id);
    list_as(&p->settings->past->now.arena, &policy->bare, who, s->certificate_count == 0);
    *LIST_ADD(p->arena, &p->look->sights) = (struct look_sight){who, s->policy};
}

static bool is_recent(const struct pass *p, const struct past_stray *stray)
{
    return p->steady_s - stray->at_s < p->settings->interval_s;
}

/* Of whom a request tells which policy governed him, only that one counts him.  True where nothing tells. */
static bool note_one(struct pass *p, struct slice subject_id, uint64_t who)
{
    struct past *past = p->settings->past;
    const struct plan_request *q = pass_find_request(p, request_id_of_reissue(p->arena, subject_id));
    const struct past_policy *governed = q ? past_find(past, q->request.record.basis.policy_dn) : NULL;
    bool seen = false;
    if (governed)
        list_as(&past->now.arena, &past->policies[governed - past->policies].left, who, true);
    for (size_t i = 0; i < p->look->sights.count; i++)
        if (p->look->sights.items[i].who == who) {
            seen = true;
            list_as(&past->now.arena, &past_find(past, p->look->sights.items[i].policy->dn)->left, who, false);
        }
    return !seen && !governed;
}

struct bearers {
    struct pass *pass;
    who_list list;
};

static void take_bearer(void *context, const struct entry *e)
{
    struct bearers *b = context;
    struct arena *a = b->pass->arena;
    *LIST_ADD(a, &b->list) = who_is(subject_id(a, e, dir_capabilities(b->pass->dir)->stable_id_attribute));
}

/* Who was told twice counts once. */
static void take_again(void *context)
{
    (void)context;
}

/*
 * Whoever has a certificate among those whom the look is about, wherever they are: most of what changes in a directory,
 * and belongs to no policy, has none.  False: a search failed.
 */
static bool find_bearers(struct pass *p, struct bearers *b)
{
    const struct dir_capabilities *c = dir_capabilities(p->dir);
    const char *const attributes[] = {c->stable_id_attribute, NULL};
    struct slice any = SLICE_LITERAL("");
    for (size_t i = 0; i < p->policy_count; i++)
        for (const char *const *n = p->policies[i].policy->certificate_attributes; n && *n; n++)
            any = arena_format(p->arena, "%.*s(%s=*)", SLICE_ARGS(any), *n);
    any = arena_format(p->arena, "(|%.*s)", SLICE_ARGS(any));
    for (size_t i = 0; i < c->suffix_count; i++)
        for (size_t part = 0; part < look_parts(p); part++) {
            struct fault ignored = {{0}};
            struct dir_search search = {.base = c->suffixes[i],
                                        .scope = DIR_SUBTREE,
                                        .filter = look_narrow(p, part, any),
                                        .attributes = attributes};
            struct dir_sink sink = {.restart = take_again, .entry = take_bearer, .context = b};
            enum rc rc = dir_search(p->dir, &search, &sink, &ignored);
            if (rc != RC_OK && rc != RC_NOT_FOUND)
                return false;
        }
    return true;
}

static int order_of_who(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void put_in_order(who_list *l)
{
    if (l->count)
        qsort(l->items, l->count, sizeof *l->items, order_of_who);
}

static bool is_among(const who_list *l, uint64_t who)
{
    return l->count && bsearch(&who, l->items, l->count, sizeof *l->items, order_of_who);
}

static void note_strays(struct pass *p, const who_list *looked_at, const who_list *unknown)
{
    struct past_gathering *g = &p->settings->past->now;
    struct bearers bearers = {.pass = p};
    bool all = unknown->count && !find_bearers(p, &bearers);
    size_t kept = 0;
    for (size_t i = 0; i < g->strays.count; i++)
        if (!is_among(looked_at, g->strays.items[i].who) && is_recent(p, &g->strays.items[i]))
            g->strays.items[kept++] = g->strays.items[i];
    g->strays.count = kept;
    put_in_order(&bearers.list);
    for (size_t i = 0; i < unknown->count; i++)
        if (all || is_among(&bearers.list, unknown->items[i]))
            *LIST_ADD(&g->arena, &g->strays) = (struct past_stray){unknown->items[i], p->steady_s};
}

void pace_note_leaving(struct pass *p)
{
    who_list looked_at = {0}, unknown = {0};
    for (size_t i = 0; i < p->look->subjects.count; i++) {
        uint64_t who = who_is(p->look->subjects.ids[i]);
        *LIST_ADD(p->arena, &looked_at) = who;
        if (note_one(p, p->look->subjects.ids[i], who))
            *LIST_ADD(p->arena, &unknown) = who;
    }
    put_in_order(&looked_at);
    note_strays(p, &looked_at, &unknown);
}

size_t pace_left(const struct pass *p, const struct past_policy *policy)
{
    const struct past *past = p->settings->past;
    size_t left = policy->left.count;
    for (size_t i = 0; i < past->now.strays.count; i++)
        left += is_recent(p, &past->now.strays.items[i]);
    return left;
}

/* Writes. */

static int compare(const void *a, const void *b)
{
    const struct past_write *x = a, *y = b;
    return digest_order(&x->request, &y->request);
}

static struct past_write *find(const struct past *past, struct slice request_id)
{
    struct past_write one;
    bool is_ours = digest_from_hex(request_id, &one.request);
    return is_ours && past->writes.count ? bsearch(&one, past->writes.items, past->writes.count, sizeof one, compare)
                                         : NULL;
}

bool pace_is_slowed(const struct pass *p, struct slice request_id)
{
    const struct past_write *w = find(p->settings->past, request_id);
    return w && w->echoes >= ECHOES_MOST && p->steady_s - w->last_s < p->settings->interval_s;
}

static bool is_asked_for(const struct pass *p, struct slice subject_id)
{
    const struct focus *f = p->settings->focus;
    for (size_t i = 0; i < f->subject_count; i++)
        if (slice_eq(f->subjects[i], subject_id))
            return true;
    return false;
}

static void tell(struct pass *p, const struct operation *o)
{
    problem_list problems = {0};
    problem_add(p->arena, &problems, o->existing->request.dn, "", (struct slice){NULL, 0},
                SLICE_LITERAL("each write of it asks for another one: let the daemon read all that it writes, and "
                              "nobody else write it; from now on it is written once an interval"));
    report_request_problems(p, o->record.id, &problems);
}

void pace_hold_echoes(struct pass *p)
{
    struct past *past = p->settings->past;
    for (size_t i = 0; i < p->plan.count; i++) {
        struct operation *o = &p->plan.operations[i];
        if (o->held || !o->existing || is_asked_for(p, o->record.subject_id) || !pace_is_slowed(p, o->record.id))
            continue;
        o->held = true;
        int64_t due_s = find(past, o->record.id)->last_s + p->settings->interval_s;
        deadlines_add(&past->now.deadlines, o->record.subject_id, p->now_utc + due_s - p->steady_s,
                      p->settings->full_due_utc);
        tell(p, o);
    }
}

/* What was not written for two intervals is forgotten. */
static void forget_old(struct pass *p)
{
    struct past *past = p->settings->past;
    struct arena a = {0};
    write_list kept = {0};
    for (size_t i = 0; i < past->writes.count; i++)
        if (p->steady_s - past->writes.items[i].last_s < 2 * (int64_t)p->settings->interval_s)
            *LIST_ADD(&a, &kept) = past->writes.items[i];
    arena_free(&past->write_arena);
    past->write_arena = a;
    past->writes = kept;
}

void pace_note_writes(struct pass *p)
{
    struct past *past = p->settings->past;
    write_list fresh = {0};
    for (size_t i = 0; p->look && p->written && i < p->plan.count; i++) {
        const struct operation *o = &p->plan.operations[i];
        struct past_write one = {.last_s = p->steady_s};
        if (!p->written[i] || o->verb == VERB_PURGE || !digest_from_hex(o->record.id, &one.request))
            continue;
        one.echoes = !is_asked_for(p, o->record.subject_id);
        struct past_write *known = find(past, o->record.id);
        if (known)
            *known = (struct past_write){one.request, known->echoes + one.echoes, one.last_s};
        else
            *LIST_ADD(p->arena, &fresh) = one;
    }
    for (size_t i = 0; i < fresh.count; i++)
        *LIST_ADD(&past->write_arena, &past->writes) = fresh.items[i];
    if (fresh.count)
        qsort(past->writes.items, past->writes.count, sizeof *past->writes.items, compare);
    if (!p->look)
        forget_old(p);
}
