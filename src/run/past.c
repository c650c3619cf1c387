/* SPDX-License-Identifier: Apache-2.0 */
#include "run/past_private.h"

#include <stdlib.h>
#include <time.h>

struct past *past_open(void)
{
    struct past *p = calloc(1, sizeof *p);
    if (!p)
        arena_exhausted(sizeof *p);
    return p;
}

static void drop(struct past_gathering *g)
{
    deadlines_free(&g->deadlines);
    arena_free(&g->arena);
    *g = (struct past_gathering){0};
}

void past_forget(struct past *p)
{
    drop(&p->now);
    drop(&p->next);
    arena_free(&p->write_arena);
    authority_drop(p);
    census_free(&p->census);
    *p = (struct past){.withdrawals = p->withdrawals};
}

void past_close(struct past *p)
{
    if (p) {
        past_forget(p);
        arena_free(&p->withdrawals.arena);
    }
    free(p);
}

bool past_is_ready(const struct past *p)
{
    return p->ready;
}

struct deadlines *past_deadlines(struct past *p)
{
    return &p->now.deadlines;
}

const char *escalation_text(enum escalation e)
{
    switch (e) {
    case ESCALATION_NONE:
        return "none";
    case ESCALATION_NO_PAST:
        return "no-past";
    case ESCALATION_POLICY:
        return "policy";
    case ESCALATION_GUARD:
        return "guard";
    case ESCALATION_REVOCATION:
        return "revocation";
    case ESCALATION_TREE:
        return "tree";
    case ESCALATION_TIME:
        return "time";
    case ESCALATION_REQUEST:
        return "request";
    case ESCALATION_FAULT:
        return "fault";
    }
    return "";
}

int64_t past_steady_s(const struct pass_settings *settings)
{
    struct timespec now;
    if (settings->steady_clock)
        return settings->steady_clock(settings->clock_context);
    return clock_gettime(CLOCK_BOOTTIME, &now) == 0 ? now.tv_sec : 0;
}

/* What the policies are. */

static struct slice add_targets(struct arena *a, struct slice text, const struct target *targets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text = arena_format(a, "%.*s %zu %.*s", SLICE_ARGS(text), targets[i].url.n, SLICE_ARGS(targets[i].url));
    return text;
}

/* The revision leaves releases out, and a policy that is disabled has none. */
struct digest past_print_of(struct pass *p, size_t policy)
{
    const struct governed *g = &p->governed[policy];
    const struct policy *q = g->policy;
    struct arena a = {0};
    struct slice text = arena_format(&a, "%.*s %d %d %d %d %u %.*s", SLICE_ARGS(q->revision), q->disabled,
                                     q->target_unknown, g->suspended, (int)q->mode, q->precedence, SLICE_ARGS(q->dn));
    for (size_t i = 0; i < q->release_count; i++)
        text = arena_format(&a, "%.*s %.*s %llu %lld", SLICE_ARGS(text), SLICE_ARGS(q->releases[i].revision),
                            (unsigned long long)q->releases[i].count, (long long)q->releases[i].until_utc);
    if (q->disabled && !q->target_unknown) {
        text = add_targets(&a, text, q->targets, q->target_count);
        text = add_targets(&a, text, q->excludes, q->exclude_count);
    }
    struct digest d = digest_of(text);
    arena_free(&a);
    return d;
}

struct past_policy *past_find(const struct past *past, struct slice policy_dn)
{
    for (size_t i = 0; i < past->policy_count; i++)
        if (slice_eq_nocase(past->policies[i].dn, policy_dn))
            return &past->policies[i];
    return NULL;
}

static struct digest digest_of_dn(struct slice dn)
{
    struct arena a = {0};
    uint8_t *lower = arena_alloc(&a, dn.n + 1);
    for (size_t i = 0; i < dn.n; i++)
        lower[i] = ascii_lower(dn.p[i]);
    struct digest d = digest_of(slice_make(lower, dn.n));
    arena_free(&a);
    return d;
}

/* Gathering. */

static struct past_gathering *gathering_of(struct pass *p)
{
    struct past *past = p->settings->past;
    return !past ? NULL : p->look ? &past->now : &past->next;
}

void past_begin(struct pass *p)
{
    if (!p->settings->past || p->look)
        return;
    drop(&p->settings->past->next);
    authority_drop(p->settings->past);
    census_free(&p->settings->past->census); /* it counts them anew, and a pass that fails leaves no past */
}

void past_note_subject(struct pass *p, const struct subject *s)
{
    struct past_gathering *g = gathering_of(p);
    if (g && s->id.n)
        deadlines_add(&g->deadlines, s->id, deadline_of_subject(s, p->now_utc), p->settings->full_due_utc);
}

static const struct policy *policy_of(const struct pass *p, struct slice dn)
{
    for (size_t i = 0; i < p->policy_count; i++)
        if (slice_eq_nocase(p->policies[i].policy->dn, dn))
            return p->policies[i].policy;
    return NULL;
}

static void note_deadline(struct pass *p, struct past_gathering *g, const struct plan_request *q)
{
    const struct record *d = &q->request.record;
    const struct policy *policy = policy_of(p, d->basis.policy_dn);
    deadlines_add(&g->deadlines, d->subject_id, deadline_of_request(q, policy, p->settings->interval_s, p->now_utc),
                  p->settings->full_due_utc);
}

/* Of one request the latest counts. */
static void note_opening(struct pass *p, struct past_gathering *g, const struct request *q, bool anew)
{
    struct past_opening o = {.at_utc = guard_counted_utc(q), .policy = digest_of_dn(q->record.basis.policy_dn)};
    if (!guard_is_recent(o.at_utc, p->now_utc) || !digest_from_hex(q->record.id, &o.request))
        return;
    for (size_t i = 0; anew && i < g->openings.count; i++)
        if (digest_eq(&g->openings.items[i].request, &o.request)) {
            g->openings.items[i] = o;
            return;
        }
    *LIST_ADD(&g->arena, &g->openings) = o;
}

void past_note_request(struct pass *p, const struct plan_request *q)
{
    struct past_gathering *g = gathering_of(p);
    if (!g || q->request.foreign)
        return;
    g->has_revocations |= q->request.record.type == REQUEST_REVOKE;
    note_deadline(p, g, q);
}

void past_note_opening(struct pass *p, const struct request *q)
{
    struct past_gathering *g = gathering_of(p);
    if (g && !p->look && !q->foreign)
        note_opening(p, g, q, false);
}

void past_forget_requests(struct pass *p)
{
    struct past_gathering *g = gathering_of(p);
    if (g && !p->look)
        g->openings.count = 0;
}

void past_note_authority(struct pass *p, struct slice id)
{
    struct past_gathering *g = gathering_of(p);
    bool stays = g && (!p->look || (p->authorities && p->authorities == p->settings->past->authorities));
    if (stays && id.n)
        *LIST_ADD(&g->arena, &g->authorities) = arena_copy(&g->arena, id);
}

/* It is there again: whoever deletes it now does so unasked. */
static void forget_purged(struct past_gathering *g, const struct digest *id)
{
    for (size_t i = 0; i < g->purged.count; i++)
        if (digest_eq(&g->purged.items[i], id))
            g->purged.items[i--] = g->purged.items[--g->purged.count];
}

/* Another policy governs its subject now, and its guard counts the request. */
static void hand_over_opening(struct past_gathering *g, const struct record *d)
{
    struct digest id;
    bool is_ours = digest_from_hex(d->id, &id);
    for (size_t i = 0; is_ours && i < g->openings.count; i++)
        if (digest_eq(&g->openings.items[i].request, &id))
            g->openings.items[i].policy = digest_of_dn(d->basis.policy_dn);
}

/* What was written, as it stands now. */
static void note_operation(struct pass *p, struct past_gathering *g, const struct operation *o)
{
    struct plan_request q = o->existing ? *o->existing : (struct plan_request){0};
    struct digest id;
    if (o->verb == VERB_PURGE) {
        if (digest_from_hex(o->record.id, &id))
            *LIST_ADD(&g->arena, &g->purged) = id;
        return;
    }
    if (o->verb == VERB_CREATE && g->purged.count && digest_from_hex(o->record.id, &id))
        forget_purged(g, &id);
    q.request.record = o->record;
    g->has_revocations |= o->record.type == REQUEST_REVOKE;
    note_deadline(p, g, &q);
    if (o->opens)
        note_opening(p, g, &q.request, true);
    else if (o->existing && !slice_eq(o->existing->request.record.basis.policy_dn, o->record.basis.policy_dn))
        hand_over_opening(g, &o->record);
}

/* True when all that was to be written, and no guard held, is written. */
static bool note_operations(struct pass *p, struct past_gathering *g)
{
    bool all = p->written || p->plan.count == 0;
    for (size_t i = 0; p->written && i < p->plan.count; i++)
        if (p->written[i])
            note_operation(p, g, &p->plan.operations[i]);
        else
            all &= p->plan.operations[i].held;
    return all;
}

/* Publications. */

static int compare_publications(const void *a, const void *b)
{
    const struct past_publication *x = a, *y = b;
    int c = slice_compare(x->subject, y->subject);
    return c ? c : digest_order(&x->certificate, &y->certificate);
}

/* Each once, however often its subject is looked at. */
static void put_publications_in_order(publication_list *all)
{
    size_t kept = 0;
    qsort(all->items, all->count, sizeof *all->items, compare_publications);
    for (size_t i = 0; i < all->count; i++)
        if (kept == 0 || compare_publications(&all->items[i], &all->items[kept - 1]) != 0)
            all->items[kept++] = all->items[i];
    all->count = kept;
}

/* The certificates whose revocation is asked for, ascending. */
static size_t revoked_of(struct pass *p, struct arena *a, struct digest **out)
{
    LIST_OF(struct digest) all = {0};
    for (size_t i = 0; i < p->request_count; i++)
        if (p->requests[i].request.record.type == REQUEST_REVOKE && p->requests[i].stored_count)
            *LIST_ADD(a, &all) = p->requests[i].stored[0].digest;
    for (size_t i = 0; p->written && i < p->plan.count; i++)
        if (p->plan.operations[i].record.type == REQUEST_REVOKE && p->plan.operations[i].verb == VERB_CREATE)
            *LIST_ADD(a, &all) = p->plan.operations[i].record.basis.certificates[0];
    *out = all.items;
    return sort_digests(all.items, all.count);
}

/* The first one of that subject, or the next one's. */
static size_t find_publications(const publication_list *all, struct slice subject_id)
{
    size_t low = 0, high = all->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_compare(all->items[middle].subject, subject_id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_noted(const publication_list *all, size_t count, const struct past_publication *one)
{
    return count && bsearch(one, all->items, count, sizeof *one, compare_publications);
}

/* Whoever loses such a certificate does not show it any more when it is looked at. */
static void note_publications(struct pass *p, struct past_gathering *g)
{
    struct arena a = {0};
    struct digest *revoked = NULL;
    size_t count = g->has_revocations ? revoked_of(p, &a, &revoked) : 0, before = g->publications.count;
    for (size_t i = 0; revoked && i < p->subjects.count; i++)
        for (size_t k = 0; k < p->subjects.items[i]->certificate_count; k++) {
            struct certificate *c = &p->subjects.items[i]->certificates[k];
            certificate_hash(c);
            struct past_publication one = {p->subjects.items[i]->id, c->digest};
            if (!bsearch(&c->digest, revoked, count, sizeof *revoked, digest_order) ||
                is_noted(&g->publications, before, &one))
                continue;
            one.subject = arena_copy(&g->arena, one.subject);
            *LIST_ADD(&g->arena, &g->publications) = one;
        }
    if (g->publications.count > before)
        put_publications_in_order(&g->publications);
    arena_free(&a);
}

void past_recall_certificates(struct pass *p, struct slice subject_id)
{
    const publication_list *all = &p->settings->past->now.publications;
    for (size_t i = find_publications(all, subject_id); i < all->count; i++) {
        if (!slice_eq(all->items[i].subject, subject_id))
            return;
        *LIST_ADD(p->arena, &p->look->shown) = all->items[i].certificate;
    }
}

void past_recall_subjects(struct pass *p, const struct digest *certificate, id_list *out)
{
    const publication_list *all = &p->settings->past->now.publications;
    for (size_t i = 0; i < all->count; i++)
        if (digest_eq(&all->items[i].certificate, certificate))
            *LIST_ADD(p->arena, out) = all->items[i].subject;
}

static void keep_policy(struct pass *p, struct arena *a, size_t i, struct past_policy *out)
{
    const struct governed *g = &p->governed[i];
    const struct policy_pass *seen = &p->policies[i];
    *out = (struct past_policy){.print = past_print_of(p, i),
                                .dn = arena_copy(a, g->policy->dn),
                                .reachable = g->reachable,
                                .complete = seen->complete,
                                .blind = g->blind,
                                .hold = p->holds[i],
                                .compares = g->policy->unique != 0};
    out->figures = (struct figures){.policy_dn = out->dn,
                                    .subjects = seen->subjects,
                                    .with_certificate = seen->with_certificate,
                                    .findings = seen->findings};
    out->bases = ARENA_ARRAY(a, g->policy->target_count, struct slice);
    for (size_t k = 0; g->bases && k < g->policy->target_count; k++)
        out->bases[k] = arena_copy(a, g->bases[k]);
}

/* What the first guard held may go on when something that it counts is a day old: that is for a full pass to see. */
static void note_holds(struct past *past, int64_t now_utc)
{
    enum { DAY_S = 86400 };
    bool held = false;
    for (size_t i = 0; i < past->policy_count; i++)
        held |= past->policies[i].hold == HOLD_OPENING;
    for (size_t i = 0; held && i < past->now.openings.count; i++)
        if (past->now.openings.items[i].at_utc + DAY_S > now_utc)
            deadlines_shorten(&past->now.deadlines, past->now.openings.items[i].at_utc + DAY_S);
}

/* From here on looks build on this pass. */
static void keep_full(struct pass *p)
{
    struct past *past = p->settings->past;
    bool all = note_operations(p, &past->next);
    note_publications(p, &past->next);
    drop(&past->now);
    past->now = past->next;
    past->next = (struct past_gathering){0};
    past->wall_utc = p->now_utc;
    past->steady_s = p->steady_s;
    past->until_utc = p->settings->full_due_utc;
    past->paused = p->paused;
    past->waivers = waivers_print(p);
    past->policy_count = p->policy_count;
    past->policies = ARENA_ARRAY(&past->now.arena, p->policy_count, struct past_policy);
    for (size_t i = 0; i < p->policy_count; i++)
        keep_policy(p, &past->now.arena, i, &past->policies[i]);
    census_take(p);
    past->escalated = all && !p->faults && !p->doubts ? 0 : 1u << ESCALATION_FAULT;
    deadlines_shorten(&past->now.deadlines, waivers_next_end(p));
    authority_keep(p);
    pace_note_withdrawals(p);
    pace_note_writes(p);
    note_holds(past, p->now_utc);
    deadlines_shorten(&past->now.deadlines, pace_next_interval_utc(p));
    past->ready = true;
}

void past_end(struct pass *p, bool whole)
{
    struct past *past = p->settings->past;
    if (past && p->look)
        authority_keep(p);
    if (!past || p->settings->dry_run)
        return;
    if (p->look) {
        note_operations(p, &past->now);
        note_publications(p, &past->now);
        census_update(p);
        pace_note_withdrawals(p);
        pace_note_writes(p);
        past->escalated |= 1u << p->look->escalation;
        past->escalated &= ~(1u << ESCALATION_NONE);
    } else if (whole && p->holds && p->requests_read) {
        keep_full(p);
    } else {
        pace_note_withdrawals(p);
        past_forget(past);
    }
}

size_t *past_recent_besides(struct pass *p)
{
    const struct past *past = p->settings->past;
    size_t *counts = ARENA_ARRAY(p->arena, p->policy_count, size_t);
    for (size_t i = 0; i < past->now.openings.count; i++) {
        const struct past_opening *o = &past->now.openings.items[i];
        uint8_t hex[DIGEST_HEX];
        digest_to_hex(&o->request, hex);
        if (!guard_is_recent(o->at_utc, p->now_utc) || pass_find_request(p, slice_make(hex, DIGEST_HEX)))
            continue;
        for (size_t k = 0; k < p->policy_count; k++) {
            struct digest d = digest_of_dn(p->policies[k].policy->dn);
            counts[k] += digest_eq(&d, &o->policy);
        }
    }
    return counts;
}
