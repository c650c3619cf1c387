/* SPDX-License-Identifier: Apache-2.0 */
#include "core/plan_private.h"

#include "base/escape.h"
#include "core/schema.h"

#include <stdlib.h>

/* Where no policy is there to say: the defaults of its attributes. */
enum { CONFIRMATIONS = 2, RETENTION_DAYS = 90 };

size_t sort_slices(struct slice *items, size_t count)
{
    if (count < 2)
        return count;
    qsort(items, count, sizeof *items, slice_order);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++)
        if (!slice_eq(items[i], items[kept - 1]))
            items[kept++] = items[i];
    return kept;
}

size_t sort_digests(struct digest *items, size_t count)
{
    if (count < 2)
        return count;
    qsort(items, count, sizeof *items, digest_order);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++)
        if (!digest_eq(&items[i], &items[kept - 1]))
            items[kept++] = items[i];
    return kept;
}

struct slice finding_text(struct arena *a, const struct finding *f)
{
    struct slice name = slice_of(check_get(f->check)->name);
    uint8_t *text = arena_alloc(a, name.n + 1 + f->detail.n + 1);
    memcpy(text, name.p, name.n);
    text[name.n] = ' ';
    if (f->detail.n)
        memcpy(text + name.n + 1, f->detail.p, f->detail.n);
    return slice_make(text, name.n + 1 + f->detail.n);
}

enum reason reason_stronger(enum reason a, enum reason b)
{
    return a > b ? a : b;
}

unsigned plan_checks_asking(const struct policy *policy, unsigned checks, enum action action)
{
    unsigned asking = 0;
    for (unsigned id = 0; id < CHECK_COUNT; id++)
        if ((checks & CHECK_BIT(id)) && policy->on_finding[id].action == action &&
            check_get((enum check_id)id)->is_on(policy))
            asking |= CHECK_BIT(id);
    return asking;
}

const struct plan_request *planner_find(const struct planner *p, struct slice id)
{
    size_t low = 0, high = p->by_id_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = slice_compare(p->by_id[middle]->request.record.id, id);
        if (c == 0)
            return p->by_id[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct policy_pass *planner_policy(const struct planner *p, struct slice dn)
{
    for (size_t i = 0; i < p->in->policy_count; i++)
        if (slice_eq_nocase(p->in->policies[i].policy->dn, dn))
            return &p->in->policies[i];
    return NULL;
}

static enum hold_scope hold_of(const struct planner *p, const struct policy *policy)
{
    for (size_t i = 0; p->in->holds && i < p->in->policy_count; i++)
        if (p->in->policies[i].policy == policy)
            return p->in->holds[i];
    return HOLD_NOTHING;
}

/* From record to operation. */

static const struct attribute *find_attribute(const struct entry *e, const char *name)
{
    for (size_t i = 0; i < e->count; i++)
        if (slice_eq(e->attributes[i].name, slice_of(name)))
            return &e->attributes[i];
    return NULL;
}

/* Where it is, when both are in one order: looked for from *at on first. */
static const struct attribute *find_next(const struct entry *e, size_t *at, const char *name)
{
    struct slice wanted = slice_of(name);
    if (*at < e->count && slice_eq(e->attributes[*at].name, wanted))
        return &e->attributes[(*at)++];
    return find_attribute(e, name);
}

static struct slice *sorted_values(struct arena *a, const struct attribute *values)
{
    struct slice *sorted = ARENA_ARRAY(a, values->count, struct slice);
    memcpy(sorted, values->values, values->count * sizeof *sorted);
    qsort(sorted, values->count, sizeof *sorted, slice_order);
    return sorted;
}

/* In whatever order. */
static bool same_values(struct arena *a, const struct attribute *x, const struct attribute *y)
{
    size_t count = x ? x->count : 0;
    if (count != (y ? y->count : 0))
        return false;
    if (count == 0)
        return true;
    if (count == 1)
        return slice_eq(x->values[0], y->values[0]);
    const struct slice *xs = sorted_values(a, x), *ys = sorted_values(a, y);
    for (size_t i = 0; i < count; i++)
        if (!slice_eq(xs[i], ys[i]))
            return false;
    return true;
}

/* What moves whether or not the request is wanted; the rest of the record is only written while it is. */
static bool moves(const char *name)
{
    return schema_attribute_find(slice_of(name))->owner == OWNER_DAEMON_MOVING || strcmp(name, ATTR_GENERATION) == 0 ||
           strcmp(name, ATTR_CERTIFICATE) == 0;
}

static struct entry difference(struct arena *a, const struct entry *stored, const struct entry *wanted, bool whole)
{
    LIST_OF(struct attribute) changed = {0};
    size_t at_old = 0, at_new = 0;
    for (const char *const *name = record_attributes(); *name; name++) {
        const struct attribute *old = find_next(stored, &at_old, *name), *new = find_next(wanted, &at_new, *name);
        if ((whole || moves(*name)) && !same_values(a, old, new))
            *LIST_ADD(a, &changed) = new ? *new : (struct attribute){.name = slice_of(*name)};
    }
    return (struct entry){.attributes = changed.items, .count = changed.count};
}

/* A new generation that only led here asks nobody for anything. */
static bool asks_nobody(enum state s)
{
    return state_in(s, STATE_BIT(STATE_WITHDRAWN) | STATE_BIT(STATE_HELD) | STATE_BIT(STATE_PURGED));
}

static enum verb verb_of(const struct plan_request *existing, const struct lifecycle_result *r)
{
    if (!existing)
        return VERB_CREATE;
    if (r->record.state == STATE_PURGED)
        return VERB_PURGE;
    if (request_is_damaged(&existing->request) || (r->effects & EFFECT_REPAIR))
        return VERB_REPAIR;
    bool in_vain = asks_nobody(r->record.state);
    if ((r->effects & EFFECT_REOPEN) && !in_vain)
        return VERB_REOPEN;
    if (r->record.state != r->first_from && !((r->effects & EFFECT_NEW_GENERATION) && !in_vain))
        return VERB_MOVE;
    return r->confirmed ? VERB_MOVE : VERB_REVISE;
}

static void append(struct planner *p, const struct plan_case *c, const struct lifecycle_result *r, bool held)
{
    struct operation o = {.verb = verb_of(c->existing, r),
                          .held = held,
                          .record = r->record,
                          .from = r->first_from,
                          .checks = (c->seen & SEEN_WANTED) ? c->basis.checks : 0,
                          .policy = c->policy,
                          .existing = c->existing,
                          .opens = (r->effects & (EFFECT_OPENS | EFFECT_BY_POLICY)) && !asks_nobody(r->record.state),
                          .noncompliant = (r->effects & EFFECT_NONCOMPLIANT) != 0,
                          .waived = (c->seen & SEEN_WAIVED) != 0};
    const struct request *q = c->existing ? &c->existing->request : NULL;
    if (o.verb != VERB_PURGE && q && q->is_plain && record_same(&o.record, &q->record))
        return; /* nothing differs from what stands there: the usual case, and rendering takes long */
    if (o.verb == VERB_PURGE) {
        o.record = c->existing->request.record;
    } else {
        struct entry wanted = record_render(p->arena, &o.record);
        o.attributes = c->existing
                           ? difference(p->arena, &c->existing->request.stored, &wanted, (c->seen & SEEN_WANTED) != 0)
                           : wanted;
        if (o.attributes.count == 0)
            return;
    }
    *LIST_ADD(p->arena, &p->operations) = o;
}

/* What can't be read of a request that stands somewhere: as if it had come there only now. */
static void mend_details(struct request *q, int64_t now_utc)
{
    struct record *d = &q->record;
    if (d->attempt == 0)
        d->attempt = q->outcome_generation == d->generation && q->outcome_attempt ? q->outcome_attempt : 1;
    if (d->confirmed_utc == 0)
        d->confirmed_utc = now_utc;
    if (d->state_changed_utc == 0)
        d->state_changed_utc = now_utc;
    if (d->state == STATE_FAILED && d->next_attempt_utc == 0)
        d->next_attempt_utc = now_utc + lifecycle_back_off_s(d->attempt);
}

/* The request as the life cycle shall find it: what is written once is put right, what can't be read begins again. */
static struct request mended(const struct plan_case *c, int64_t now_utc)
{
    struct request q = c->existing->request;
    struct record *d = &q.record;
    d->id = c->id;
    d->type = c->type;
    if (c->subject_id.n)
        d->subject_id = c->subject_id;
    d->issuer = c->issuer; /* a reissue has none */
    d->serial = c->serial;
    if (c->type == REQUEST_REVOKE)
        d->basis.certificate = c->basis.certificate;
    if (d->opened_utc == 0)
        d->opened_utc = now_utc;
    mend_details(&q, now_utc);
    if (q.progress_damaged) {
        if (q.decision_generation > d->generation)
            d->generation = q.decision_generation;
        if (q.outcome_generation > d->generation)
            d->generation = q.outcome_generation;
        d->state = STATE_NONE;
        d->has_replacement = false;
    }
    return q;
}

/* By the policy on record, which is the same whether or not the subject is looked at. */
static int64_t retention_s(const struct planner *p, const struct plan_case *c)
{
    const struct policy *policy = c->policy;
    if (c->existing) {
        const struct policy_pass *pass = planner_policy(p, c->existing->request.record.basis.policy_dn);
        policy = pass ? pass->policy : NULL;
    }
    return (int64_t)(policy && !policy->disabled ? policy->retention_days : RETENTION_DAYS) * 86400;
}

static struct lifecycle_result run_case(struct planner *p, const struct plan_case *c, unsigned more_seen)
{
    struct request q;
    struct lifecycle_input in = {.type = c->type,
                                 .seen = c->seen | more_seen,
                                 .basis = &c->basis,
                                 .confirmations =
                                     c->policy && !c->policy->disabled ? c->policy->confirmations : CONFIRMATIONS,
                                 .interval_s = p->in->interval_s,
                                 .retention_s = retention_s(p, c),
                                 .now_utc = p->in->now_utc,
                                 .unverified = c->unverified};
    if (c->existing) {
        q = (c->seen & SEEN_WANTED) ? mended(c, p->in->now_utc) : c->existing->request;
        in.request = &q;
    }
    struct lifecycle_result r = lifecycle_run(&in);
    struct record *d = &r.record;
    if (!c->existing) {
        d->id = c->id;
        d->subject_id = c->subject_id;
        d->issuer = c->issuer;
        d->serial = c->serial;
    }
    if ((c->seen & SEEN_WANTED) && state_in(d->state, STATES_REVISED))
        d->basis = c->basis;
    else if ((c->seen & SEEN_WANTED) && c->type == REQUEST_REISSUE && state_in(d->state, STATES_AT_AUTHORITY))
        d->basis.certificate =
            c->basis.certificate; /* what a bad replacement takes away is held from the first sight on */
    if (d->state == STATE_FULFILLED && r.first_from != STATE_FULFILLED && c->replacement) {
        d->replacement = c->replacement->digest;
        d->has_replacement = true;
    }
    /* Nothing took its place, so nothing is left to be revoked on its account. */
    if (c->type == REQUEST_REISSUE && d->state == STATE_WITHDRAWN && r.first_from != STATE_WITHDRAWN &&
        !(r.seen & SEEN_STAND_IN))
        d->basis.certificate = (struct slice){NULL, 0};
    return r;
}

static bool same_result(const struct lifecycle_result *a, const struct lifecycle_result *b)
{
    return a->record.state == b->record.state && a->record.generation == b->record.generation;
}

/* Its searches did not end whole, so nothing of it may be written; a policy that judges nothing has no searches. */
static bool is_incomplete(const struct planner *p, const struct policy *policy)
{
    for (size_t i = 0; policy && i < p->in->policy_count; i++)
        if (p->in->policies[i].policy == policy)
            return !p->in->policies[i].complete && !policy->disabled && policy->mode != MODE_OFF;
    return false;
}

enum state planner_settle(struct planner *p, const struct plan_case *c)
{
    const struct request *q = c->existing ? &c->existing->request : NULL;
    if (is_incomplete(p, c->policy))
        return q ? q->record.state : STATE_NONE;
    if (q && (q->foreign || (request_is_damaged(q) && !(c->seen & SEEN_WANTED))))
        return STATE_NONE; /* reported when it was read; left alone */
    struct lifecycle_result free = run_case(p, c, 0);
    enum hold_scope hold = hold_of(p, c->policy);
    if (hold == HOLD_EVERYTHING) {
        append(p, c, &free, true);
        return q ? q->record.state : STATE_NONE;
    }
    struct lifecycle_result guarded = hold == HOLD_OPENING ? run_case(p, c, SEEN_GUARDED) : free;
    if (guarded.record.state != STATE_NONE)
        append(p, c, &guarded, false);
    if (!same_result(&free, &guarded))
        append(p, c, &free, true);
    if (c->existing)
        p->after[c->existing - p->in->requests] =
            (struct aftermath){guarded.record.state, guarded.record.basis.certificate};
    return guarded.record.state;
}

/* Preparing. */

static int compare_request_ids(const void *a, const void *b)
{
    const struct plan_request *const *x = a, *const *y = b;
    return slice_compare((*x)->request.record.id, (*y)->request.record.id);
}

static int compare_publications(const void *a, const void *b)
{
    const struct publication *x = a, *y = b;
    int c = memcmp(&x->certificate->digest, &y->certificate->digest, sizeof(struct digest));
    return c ? c : slice_compare(x->subject->id, y->subject->id);
}

static void index_requests(struct planner *p)
{
    const struct plan_input *in = p->in;
    p->by_id = ARENA_ARRAY(p->arena, in->request_count, const struct plan_request *);
    for (size_t i = 0; i < in->request_count; i++)
        if (in->requests[i].request.record.id.n)
            p->by_id[p->by_id_count++] = &in->requests[i];
    if (p->by_id_count)
        qsort(p->by_id, p->by_id_count, sizeof *p->by_id, compare_request_ids);
}

static void index_publications(struct planner *p)
{
    const struct plan_input *in = p->in;
    size_t total = 0;
    for (size_t i = 0; i < in->subject_count; i++)
        total += in->subjects[i]->certificate_count;
    p->publications = ARENA_ARRAY(p->arena, total, struct publication);
    for (size_t i = 0; i < in->subject_count; i++)
        for (size_t k = 0; k < in->subjects[i]->certificate_count; k++)
            p->publications[p->publication_count++] =
                (struct publication){&in->subjects[i]->certificates[k], in->subjects[i]};
    if (total)
        qsort(p->publications, total, sizeof *p->publications, compare_publications);
}

struct plan plan_build(struct arena *a, const struct plan_input *in)
{
    struct planner p = {.arena = a, .in = in, .taken = ARENA_ARRAY(a, in->request_count, bool)};
    p.after = ARENA_ARRAY(a, in->request_count, struct aftermath);
    for (size_t i = 0; i < in->request_count; i++)
        p.after[i] =
            (struct aftermath){in->requests[i].request.record.state, in->requests[i].request.record.basis.certificate};
    index_requests(&p);
    index_publications(&p);
    plan_reissues(&p);
    plan_revokes(&p);
    plan_ended_reissues(&p);
    plan_ended_revokes(&p);
    return (struct plan){p.operations.items, p.operations.count};
}

/* Without the plan. */

bool plan_is_quiet(struct arena *a, const struct plan_input *in, const struct plan_request *q)
{
    const struct request *r = &q->request;
    const struct basis *b = &r->record.basis;
    struct plan_input alone = *in;
    struct policy_pass *policies = ARENA_ARRAY(a, in->policy_count, struct policy_pass);
    struct aftermath after = {0};
    for (size_t i = 0; i < in->policy_count; i++)
        policies[i] = (struct policy_pass){.policy = in->policies[i].policy, .complete = true};
    alone.policies = policies;
    alone.holds = NULL;
    struct plan_request one = {.request = *r};
    alone.requests = &one;
    struct planner p = {.arena = a, .in = &alone, .after = &after};
    const struct policy_pass *pass = planner_policy(&p, b->policy_dn);
    bool ended = state_in(r->record.state, STATES_ENDED);
    bool enforced = pass && !pass->policy->disabled && pass->policy->mode == MODE_ENFORCE;
    if (r->foreign || request_is_damaged(r) || r->record.type != REQUEST_REISSUE || r->result_certificate.n ||
        (ended ? b->certificate.n > 0 : !enforced))
        return false;
    struct plan_case c = {.type = REQUEST_REISSUE,
                          .id = r->record.id,
                          .existing = &one,
                          .policy = pass ? pass->policy : NULL,
                          .subject_id = r->record.subject_id};
    if (!ended) {
        c.seen = SEEN_WANTED | SEEN_ENFORCED | (pass->policy->automatic[REQUEST_REISSUE] ? SEEN_AUTOMATIC : 0);
        c.basis = *b;
    }
    planner_settle(&p, &c);
    return p.operations.count == 0;
}

/* Printing. */

struct slice plan_verb(struct arena *a, const struct operation *o)
{
    static const char *const verbs[] = {[VERB_CREATE] = "create", [VERB_REOPEN] = "reopen", [VERB_REVISE] = "revise",
                                        [VERB_MOVE] = "move-",    [VERB_REPAIR] = "repair", [VERB_PURGE] = "purge"};
    return arena_format(a, "%s%s%s", o->held ? "held-" : "", verbs[o->verb],
                        o->verb == VERB_MOVE ? state_name(o->record.state) : "");
}

struct slice plan_checks(struct arena *a, unsigned checks)
{
    struct slice names[CHECK_COUNT], text = {NULL, 0};
    size_t count = 0;
    for (unsigned id = 0; id < CHECK_COUNT; id++)
        if (checks & CHECK_BIT(id))
            names[count++] = slice_of(check_get((enum check_id)id)->name);
    count = sort_slices(names, count);
    for (size_t i = 0; i < count; i++)
        text = arena_format(a, "%.*s%s%.*s", SLICE_ARGS(text), i ? "," : "", SLICE_ARGS(names[i]));
    return count ? text : slice_of("-");
}

struct slice plan_line(struct arena *a, const struct operation *o)
{
    struct slice verb = plan_verb(a, o), checks = plan_checks(a, o->checks);
    struct slice subject = o->record.basis.subject_dn, dn = escape_rest(a, subject, ESCAPE_ROOM(subject.n) + 1);
    return arena_format(a, "%.*s %s %.*s %.*s %.*s", SLICE_ARGS(verb), request_type_name(o->record.type),
                        SLICE_ARGS(o->record.id), SLICE_ARGS(checks), SLICE_ARGS(dn));
}

struct slice plan_text(struct arena *a, const struct plan *p)
{
    struct slice *lines = ARENA_ARRAY(a, p->count, struct slice);
    size_t total = 0;
    for (size_t i = 0; i < p->count; i++) {
        lines[i] = plan_line(a, &p->operations[i]);
        total += lines[i].n + 1;
    }
    if (p->count)
        qsort(lines, p->count, sizeof *lines, slice_order);
    uint8_t *text = arena_alloc(a, total + 1), *end = text;
    for (size_t i = 0; i < p->count; i++) {
        memcpy(end, lines[i].p, lines[i].n);
        end += lines[i].n;
        *end++ = '\n';
    }
    return slice_make(text, total);
}
