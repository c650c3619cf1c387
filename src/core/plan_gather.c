/* SPDX-License-Identifier: Apache-2.0 */
/* What the findings of one subject ask for. */
#include "core/plan_private.h"

static bool asks_reissue(enum action a)
{
    return a == ACTION_REISSUE || a == ACTION_REISSUE_THEN_REVOKE;
}

/* An entry may hold thousands of certificates: those that stand in for others are looked for once. */
const struct certificate *gathering_stand_in(struct gathering *g, const struct certificate *old)
{
    if (!g->has_stand_ins) {
        g->stand_ins = stand_ins_of(g->planner->arena, g->subject, NULL, 0, g->planner->in->now_utc);
        g->doubted_stand_ins = stand_ins_doubted(g->planner->arena, g->subject, g->planner->in->now_utc);
    }
    g->has_stand_ins = true;
    return stand_ins_find(&g->stand_ins, old);
}

/*
 * A replacement is there, and for a while nobody can tell whether it counts (a stale CRL, an anchor that is hidden):
 * asking for another one would act on that.
 */
static bool is_stand_in_doubted(struct gathering *g, const struct certificate *old)
{
    if (gathering_stand_in(g, old) || !stand_ins_find(&g->doubted_stand_ins, old))
        return false;
    g->undecided = g->stand_in_doubted = true;
    *LIST_ADD(g->planner->arena, &g->planner->doubted) = old->digest;
    return true;
}

struct revoke_want *gathering_want(struct gathering *g, const struct certificate *c, const struct finding *f,
                                   bool superseded)
{
    struct planner *p = g->planner;
    struct revoke_want *w = NULL;
    if (p->wants.count && p->wants.items[p->wants.count - 1].certificate == c)
        w = &p->wants.items[p->wants.count - 1]; /* findings come certificate by certificate */
    if (!w) {
        w = LIST_ADD(p->arena, &p->wants);
        *w = (struct revoke_want){.digest = c->digest,
                                  .certificate = c,
                                  .subject = g->subject,
                                  .findings = ARENA_ARRAY(p->arena, CHECK_COUNT, struct slice)};
    }
    w->checks |= CHECK_BIT(f->check);
    w->findings[w->finding_count++] = finding_text(p->arena, f);
    w->reason = reason_stronger(w->reason, g->subject->policy->on_finding[f->check].reason);
    if (superseded && g->existing)
        w->supersedes = g->id;
    return w;
}

static void ask_reissue(struct gathering *g, const struct certificate *c, const struct finding *f)
{
    struct arena *a = g->planner->arena;
    const struct policy *policy = g->subject->policy;
    g->checks |= CHECK_BIT(f->check);
    *LIST_ADD(a, &g->findings) = finding_text(a, f);
    g->reason = reason_stronger(g->reason, policy->on_finding[f->check].reason);
    if (!c)
        return;
    *LIST_ADD(a, &g->certificates) = c->digest;
    if (policy->on_finding[f->check].action == ACTION_REISSUE_THEN_REVOKE && c->facts.readable)
        *LIST_ADD(a, &g->to_revoke) = c->der;
}

static void gather_certificate(struct gathering *g, const struct certificate *c)
{
    const struct subject *s = g->subject;
    g->undecided |= certificate_is_undecided(c);
    g->doubted |= certificate_doubts(c);
    const struct certificate *stand_in = NULL;
    bool looked = false, doubted = false;
    for (size_t i = 0; i < c->finding_count; i++) {
        const struct finding *f = &c->findings[i];
        enum action action = finding_action(s->policy, c, f);
        if (asks_reissue(action) && !looked) {
            stand_in = gathering_stand_in(g, c);
            doubted = is_stand_in_doubted(g, c);
            looked = true;
        }
        if (asks_reissue(action) && !stand_in && !doubted)
            ask_reissue(g, c, f);
        if (action == ACTION_REVOKE || (action == ACTION_REISSUE_THEN_REVOKE && stand_in))
            gathering_want(g, c, f, action == ACTION_REISSUE_THEN_REVOKE);
    }
}

void gathering_take(struct gathering *g)
{
    const struct subject *s = g->subject;
    if (s->undecided)
        return;
    for (size_t i = 0; i < s->certificate_count; i++)
        gather_certificate(g, &s->certificates[i]);
    for (size_t i = 0; i < s->finding_count; i++) {
        g->undecided |= s->findings[i].undecided;
        if (asks_reissue(finding_action(s->policy, NULL, &s->findings[i])))
            ask_reissue(g, NULL, &s->findings[i]);
    }
}

static struct slice joined(struct arena *a, struct slice *ders, size_t count)
{
    size_t total = 0;
    count = sort_slices(ders, count);
    for (size_t i = 0; i < count; i++)
        total += ders[i].n;
    uint8_t *all = arena_alloc(a, total + 1), *end = all;
    for (size_t i = 0; i < count; end += ders[i++].n)
        memcpy(end, ders[i].p, ders[i].n);
    return slice_make(all, total);
}

/* The host names that a new certificate has to carry. */
static size_t wanted_names(struct arena *a, const struct subject *s, const struct slice **out)
{
    struct slice *names = ARENA_ARRAY(a, s->host_count, struct slice);
    size_t n = 0;
    for (size_t i = 0; i < s->host_count; i++)
        if (s->hosts[i].kind != HOST_INVALID)
            names[n++] = s->hosts[i].shown;
    *out = names;
    return sort_slices(names, n);
}

struct basis gathering_basis(struct gathering *g)
{
    struct arena *a = g->planner->arena;
    const struct subject *s = g->subject;
    struct basis b = {.certificates = g->certificates.items,
                      .certificate_count = sort_digests(g->certificates.items, g->certificates.count),
                      .checks = g->checks,
                      .findings = g->findings.items,
                      .finding_count = sort_slices(g->findings.items, g->findings.count),
                      .reason = g->reason,
                      .subject_dn = s->dn,
                      .policy_dn = s->policy->dn,
                      .policy_revision = s->policy->revision,
                      .certificate = joined(a, g->to_revoke.items, g->to_revoke.count)};
    b.name_count = wanted_names(a, s, &b.names);
    return b;
}

/* A fault, and of what is found here nothing but reissues follows. */
static bool asks_reissue_only(const struct policy *policy, const struct certificate *c, const struct finding *findings,
                              size_t count)
{
    bool fault = !c;
    for (size_t i = 0; i < count; i++) {
        const struct finding *f = &findings[i];
        if (f->undecided || f->report_only || f->contested || f->waiver.n ||
            policy->on_finding[f->check].action == ACTION_REVOKE)
            return false;
        fault |= !f->informs;
    }
    return fault;
}

/* A certificate without a fault might stand in for another, or turn out to be one that OpenSSL reads otherwise. */
bool plan_asks_only(struct arena *a, const struct subject *s, int64_t now_utc, struct basis *out)
{
    const struct plan_input in = {.now_utc = now_utc};
    struct planner p = {.arena = a, .in = &in};
    struct subject agreed = *s;
    struct gathering g = {.planner = &p, .subject = &agreed};
    if (s->policy->mode != MODE_ENFORCE || s->undecided ||
        !asks_reissue_only(s->policy, NULL, s->findings, s->finding_count))
        return false;
    agreed.certificates = ARENA_ARRAY(a, s->certificate_count, struct certificate);
    for (size_t i = 0; i < s->certificate_count; i++) {
        struct certificate *c = &agreed.certificates[i];
        *c = s->certificates[i];
        if (c->opinion == OPINION_DISAGREES || !asks_reissue_only(s->policy, c, c->findings, c->finding_count))
            return false;
        c->opinion = OPINION_AGREES;
        certificate_hash(c);
    }
    gathering_take(&g);
    if (!g.findings.count || g.undecided || g.doubted || g.stand_in_doubted || p.wants.count)
        return false;
    *out = gathering_basis(&g);
    return true;
}
