/* SPDX-License-Identifier: Apache-2.0 */
#include "run/whatif.h"

#include "core/schema.h"
#include "run/inspect_private.h"

#include <stdlib.h>

/* One time round. */
struct round {
    struct arena *arena;
    const struct inspect_sink *sink;
    struct told *told; /* problems, of both rounds */
    bool faulted;
    LIST_OF(struct whatif_finding) findings;
    LIST_OF(struct whatif_request) requests;
    hold_list holds;
    const struct policy **policies;
    size_t policy_count;
    bool paused;
};

const char *whatif_change_name(enum whatif_change c)
{
    static const char *const names[] = {
        [WHATIF_SAME] = "unchanged", [WHATIF_NEW] = "new", [WHATIF_GONE] = "gone", [WHATIF_CHANGED] = "changed"};
    return names[c];
}

/* Gathering. */

static void take_finding(struct round *r, const struct subject *s, const struct certificate *c, struct slice digest,
                         const struct finding *f)
{
    bool undecided = f->undecided || (c && c->opinion == OPINION_DISAGREES);
    const char *check = check_get(f->check)->name;
    struct slice key = arena_format(r->arena, "%.*s\n%s\n%.*s\n%d\n%.*s", SLICE_ARGS(s->dn), check, SLICE_ARGS(digest),
                                    undecided, SLICE_ARGS(f->waiver));
    *LIST_ADD(r->arena, &r->findings) =
        (struct whatif_finding){.check = f->check,
                                .dn = slice_upto(key, s->dn.n),
                                .certificate = slice_upto(slice_from(key, s->dn.n + strlen(check) + 2), digest.n),
                                .policy_dn = s->policy->dn,
                                .detail = arena_copy(r->arena, f->detail),
                                .waiver = slice_from(key, key.n - f->waiver.n),
                                .action = finding_action(s->policy, c, f),
                                .undecided = undecided,
                                .key = key};
}

static void take_subject(void *context, const struct subject *s)
{
    struct round *r = context;
    uint8_t hex[DIGEST_HEX];
    for (size_t i = 0; i < s->certificate_count; i++) {
        struct certificate *c = &s->certificates[i];
        if (c->finding_count == 0)
            continue;
        certificate_hash(c);
        digest_to_hex(&c->digest, hex);
        for (size_t k = 0; k < c->finding_count; k++)
            take_finding(r, s, c, slice_make(hex, DIGEST_HEX), &c->findings[k]);
    }
    for (size_t k = 0; k < s->finding_count; k++)
        take_finding(r, s, NULL, slice_of(""), &s->findings[k]);
}

static void take_problem(void *context, const struct problem *p)
{
    const struct round *r = context;
    if (told_first_time(r->arena, r->told, p->dn, p->attribute, p->value))
        r->sink->problem(r->sink->context, p);
}

static void take_fault(void *context, const char *what, const char *detail)
{
    struct round *r = context;
    r->faulted = true;
    if (told_first_time(r->arena, r->told, slice_of("fault"), slice_of(what), slice_of(detail)))
        r->sink->fault(r->sink->context, what, detail);
}

static void take_policy(void *context, const struct inspect_policy *p)
{
    const struct round *r = context;
    r->sink->policy(r->sink->context, p);
}

/* Each open request carries the revision of its policy: that it follows a draft's is no news about the request. */
static bool follows_revision_only(const struct operation *o)
{
    return o->verb == VERB_REVISE && o->attributes.count == 1 &&
           slice_eq(o->attributes.attributes[0].name, slice_of(ATTR_POLICY_REVISION));
}

static void take_plan(struct round *r, const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct operation *o = &plan->operations[i];
        if (follows_revision_only(o))
            continue;
        *LIST_ADD(r->arena, &r->requests) = (struct whatif_request){.verb = plan_verb(r->arena, o),
                                                                    .type = o->record.type,
                                                                    .id = o->record.id,
                                                                    .checks = plan_checks(r->arena, o->checks),
                                                                    .dn = o->record.basis.subject_dn,
                                                                    .held = o->held,
                                                                    .key = plan_line(r->arena, o)};
    }
}

static void take_policies(struct round *r, const struct pass *p)
{
    r->policies = ARENA_ARRAY(r->arena, p->policy_count, const struct policy *);
    r->policy_count = p->policy_count;
    for (size_t i = 0; i < p->policy_count; i++)
        r->policies[i] = p->policies[i].policy;
}

/* Comparing. */

static int finding_order(const void *a, const void *b)
{
    const struct whatif_finding *x = a, *y = b;
    return slice_compare(x->key, y->key);
}

static int request_order(const void *a, const void *b)
{
    const struct whatif_request *x = a, *y = b;
    return slice_compare(x->key, y->key);
}

/* A search that began again, and one for entries without a certificate, show an entry twice. */
static void sort_findings(struct round *r)
{
    size_t kept = 0;
    if (r->findings.count)
        qsort(r->findings.items, r->findings.count, sizeof *r->findings.items, finding_order);
    for (size_t i = 0; i < r->findings.count; i++)
        if (kept == 0 || finding_order(&r->findings.items[kept - 1], &r->findings.items[i]) != 0)
            r->findings.items[kept++] = r->findings.items[i];
    r->findings.count = kept;
    if (r->requests.count)
        qsort(r->requests.items, r->requests.count, sizeof *r->requests.items, request_order);
}

/* Which of two sorted lists the next difference is in; both are at their first items that were not looked at. */
static enum whatif_change next_of(const struct slice *before, const struct slice *after)
{
    int order = !before ? 1 : !after ? -1 : slice_compare(*before, *after);
    return order == 0 ? WHATIF_SAME : order < 0 ? WHATIF_GONE : WHATIF_NEW;
}

static void compare_findings(struct whatif *out, const struct round *before, const struct round *after)
{
    size_t i = 0, k = 0;
    while (i < before->findings.count || k < after->findings.count) {
        const struct whatif_finding *x = i < before->findings.count ? &before->findings.items[i] : NULL,
                                    *y = k < after->findings.count ? &after->findings.items[k] : NULL;
        enum whatif_change change = next_of(x ? &x->key : NULL, y ? &y->key : NULL);
        i += change != WHATIF_NEW;
        k += change != WHATIF_GONE;
        if (change == WHATIF_SAME)
            continue;
        struct whatif_finding *f = LIST_ADD(before->arena, &out->findings);
        *f = change == WHATIF_NEW ? *y : *x;
        f->change = change;
    }
}

static void compare_requests(struct whatif *out, const struct round *before, const struct round *after)
{
    size_t i = 0, k = 0;
    while (i < before->requests.count || k < after->requests.count) {
        const struct whatif_request *x = i < before->requests.count ? &before->requests.items[i] : NULL,
                                    *y = k < after->requests.count ? &after->requests.items[k] : NULL;
        enum whatif_change change = next_of(x ? &x->key : NULL, y ? &y->key : NULL);
        i += change != WHATIF_NEW;
        k += change != WHATIF_GONE;
        if (change == WHATIF_SAME)
            continue;
        struct whatif_request *q = LIST_ADD(before->arena, &out->requests);
        *q = change == WHATIF_NEW ? *y : *x;
        q->change = change;
    }
}

static bool has_hold(const hold_list *holds, const struct hold *h)
{
    for (size_t i = 0; i < holds->count; i++)
        if (holds->items[i].guard == h->guard && slice_eq_nocase(holds->items[i].policy->dn, h->policy->dn))
            return true;
    return false;
}

static void compare_holds(struct whatif *out, const struct round *before, const struct round *after)
{
    for (size_t i = 0; i < after->holds.count; i++) {
        const struct hold *h = &after->holds.items[i];
        *LIST_ADD(before->arena, &out->holds) =
            (struct whatif_hold){has_hold(&before->holds, h) ? WHATIF_SAME : WHATIF_NEW, *h};
    }
    for (size_t i = 0; i < before->holds.count; i++)
        if (!has_hold(&after->holds, &before->holds.items[i]))
            *LIST_ADD(before->arena, &out->holds) = (struct whatif_hold){WHATIF_GONE, before->holds.items[i]};
}

static const struct policy *find_policy(const struct round *r, struct slice dn)
{
    for (size_t i = 0; i < r->policy_count; i++)
        if (slice_eq_nocase(r->policies[i]->dn, dn))
            return r->policies[i];
    return NULL;
}

static int policy_by_dn(const void *a, const void *b)
{
    const struct whatif_policy *x = a, *y = b;
    return slice_compare(x->dn, y->dn);
}

static void compare_policies(struct whatif *out, const struct round *before, const struct round *after)
{
    for (size_t i = 0; i < after->policy_count; i++) {
        const struct policy *p = after->policies[i], *stored = find_policy(before, p->dn);
        enum whatif_change change = !stored                                   ? WHATIF_NEW
                                    : slice_eq(stored->revision, p->revision) ? WHATIF_SAME
                                                                              : WHATIF_CHANGED;
        *LIST_ADD(before->arena, &out->policies) = (struct whatif_policy){p->dn, p->revision, change, stored};
    }
    for (size_t i = 0; i < before->policy_count; i++) {
        const struct policy *p = before->policies[i];
        if (!find_policy(after, p->dn))
            *LIST_ADD(before->arena, &out->policies) = (struct whatif_policy){p->dn, p->revision, WHATIF_GONE, p};
    }
    if (out->policies.count)
        qsort(out->policies.items, out->policies.count, sizeof *out->policies.items, policy_by_dn);
}

/* The rounds. */

/* Nothing is judged where no policy is stored yet; that there is none takes evidence, as in a pass. */
static bool nothing_is_stored(struct pass *p, bool *nothing)
{
    struct fault fault = {{0}};
    size_t count;
    struct slice policies = pass_child(p, "ou=policies");
    enum rc rc = pass_count(p, policies, DIR_ONE, SLICE_LITERAL("(objectClass=dircertPolicy)"), 1, &count, &fault);
    *nothing = rc == RC_OK && count == 0;
    if (rc != RC_OK && rc != RC_TRUNCATED)
        report_fault(p, "read ou=policies", &fault);
    else if (*nothing)
        return pass_demand(p, policies, SLICE_LITERAL("(hasSubordinates=FALSE)"), "read ou=policies",
                           "shows no policy, and not that it is empty (hasSubordinates): this account may not see "
                           "what is below ou=policies, or there is something else");
    return rc == RC_OK || rc == RC_TRUNCATED;
}

static bool derive(struct round *r, struct pass *p)
{
    bool nothing = false;
    if (!pass_read_control(p) || !status_begin(p) || (!p->drafts && !nothing_is_stored(p, &nothing)))
        return false;
    r->paused = p->paused;
    if (nothing)
        return true;
    if (!pass_derive(p))
        return false;
    take_policies(r, p);
    take_plan(r, &p->plan);
    r->holds = p->held;
    sort_findings(r);
    return true;
}

static bool go_round(struct round *r, struct dir *d, struct second_reader *second,
                     const struct whatif_settings *settings, const struct policy_drafts *drafts)
{
    const struct inspect_settings inspect = {.base = settings->base, .now_utc = settings->now_utc};
    struct inspect_sink sink = {
        .subject = take_subject, .problem = take_problem, .fault = take_fault, .policy = take_policy, .context = r};
    struct look l;
    look_begin(&l, d, second, &inspect, r->arena, &sink);
    l.settings.instance = settings->instance;
    l.settings.interval_s = settings->interval_s;
    l.pass.judges_only = false;
    l.pass.drafts = drafts;
    bool whole = derive(r, &l.pass) && !r->faulted;
    if (whole && drafts)
        whole = look_tell_policies(&l.pass, &inspect);
    look_end(&l);
    return whole;
}

bool whatif_run(struct dir *d, struct second_reader *second, const struct whatif_settings *settings, struct arena *a,
                const struct inspect_sink *sink, struct whatif *out)
{
    const struct policy_drafts drafts = {settings->drafts, settings->draft_count, settings->deleted,
                                         settings->deleted_count};
    struct told told = {0};
    struct round before = {.arena = a, .sink = sink, .told = &told}, after = before;
    *out = (struct whatif){0};
    bool whole = go_round(&before, d, second, settings, NULL);
    whole = whole && go_round(&after, d, second, settings, &drafts);
    compare_policies(out, &before, &after);
    compare_findings(out, &before, &after);
    compare_requests(out, &before, &after);
    compare_holds(out, &before, &after);
    out->findings_before = before.findings.count;
    out->findings_after = after.findings.count;
    out->paused = before.paused;
    return whole;
}
