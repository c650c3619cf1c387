/* SPDX-License-Identifier: Apache-2.0 */
#include "run/past_private.h"

#include "base/dn.h"

#include <stdlib.h>

struct plan_input pass_input(struct pass *p, bool with_holds)
{
    return (struct plan_input){.now_utc = p->now_utc,
                               .interval_s = p->settings->interval_s,
                               .policies = p->policies,
                               .holds = with_holds ? p->holds : NULL,
                               .policy_count = p->policy_count,
                               .subjects = p->subjects.items,
                               .subject_count = p->subjects.count,
                               .requests = p->requests,
                               .request_count = p->request_count};
}

/*
 * Before a revocation is asked for, every entry that publishes the certificate has to be known, and the scan only
 * kept those that ask for something.  So where a plan makes new revocations, the entries are looked at once more,
 * with an eye on these certificates.
 */
static bool makes_unwatched_revocations(struct pass *p, const struct plan *plan)
{
    size_t before = p->watched.count;
    for (size_t i = 0; i < plan->count; i++)
        if (plan->operations[i].verb == VERB_CREATE && plan->operations[i].record.type == REQUEST_REVOKE)
            watch_certificate(p, &plan->operations[i].record.basis.certificates[0],
                              plan->operations[i].record.basis.certificate);
    watch_in_order(p);
    return p->watched.count > before;
}

/* All that the plan is made of, and the plan as if nothing held it. */
static void look_and_plan(struct pass *p)
{
    scan_policies(p);
    evidence_of_subjects(p);
    waivers_resolve_requests(p);
    authority_judge_requests(p);
    evidence_gather(p);
    struct plan_input in = pass_input(p, false);
    p->plan = plan_build(p->arena, &in);
}

/* Sees all subjects, and sees those again that a first draft of the plan makes worth a second look. */
void pass_see_subjects(struct pass *p)
{
    look_and_plan(p);
    if (!p->interrupted && makes_unwatched_revocations(p, &p->plan))
        look_and_plan(p);
    p->planned = !evidence_of_openings(p, &p->plan);
}

/* A plan as if nothing held it, then the guards, then the plan that they leave. */
void pass_plan(struct pass *p)
{
    struct plan_input in = pass_input(p, false);
    if (!p->planned)
        p->plan = plan_build(p->arena, &in);
    p->withdrawn_before = pace_withdrawn_before(p);
    struct guard_input guard = {.seen = &in,
                                .plan = &p->plan,
                                .last = p->status.figures,
                                .last_count = p->status.figure_count,
                                .recent_besides = requests_recent_besides(p),
                                .withdrawn_before = p->withdrawn_before};
    p->holds = ARENA_ARRAY(p->arena, p->policy_count, enum hold_scope);
    guard_judge(p->arena, &guard, &p->held, p->holds);
    for (size_t i = 0; i < p->held.count; i++)
        report_hold(p, &p->held.items[i]);
    if (p->held.count) {
        in = pass_input(p, true);
        p->plan = plan_build(p->arena, &in);
    }
    for (size_t i = 0; (p->paused || waivers_hold_all(p)) && i < p->plan.count; i++)
        p->plan.operations[i].held = true;
}

/* A blind policy that no guard noticed (there was nothing to compare with) has concluded nothing. */
static enum pass_result result_of(const struct pass *p)
{
    bool incomplete = p->incomplete || waivers_hold_all(p);
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct policy *policy = p->policies[i].policy;
        bool judged = policy->mode != MODE_OFF || policy->disabled;
        incomplete |= judged && !p->policies[i].complete;
        incomplete |= p->governed[i].blind && (!p->holds || p->holds[i] == HOLD_NOTHING);
    }
    return incomplete ? PASS_INCOMPLETE : p->held.count ? PASS_HELD : PASS_COMPLETE;
}

/* As many as last time. */
static void expect_entries(struct pass *p)
{
    for (size_t i = 0; i < p->status.figure_count; i++)
        p->meter.expected += p->status.figures[i].subjects;
}

bool pass_goes_on(struct pass *p)
{
    if (p->interrupted)
        return false;
    progress_look(&p->meter, &p->progress);
    if (p->settings->watch)
        p->interrupted = !p->settings->watch(p->settings->watch_context, &p->progress);
    return !p->interrupted;
}

/* A lease, a connection and the like are told by others, and would stand behind what is drawn. */
static void clear_terminal(void *context)
{
    progress_clear(context);
}

static bool watch(void *context)
{
    return pass_goes_on(context);
}

bool pass_derive(struct pass *p)
{
    if (!pass_read_policies(p) || !pass_read_requests(p))
        return false;
    governance_resolve(p);
    waivers_resolve(p);
    authority_read_all(p);
    crossing_survey(p);
    drift_begin(p);
    pass_see_subjects(p);
    waivers_report(p);
    if (!pass_goes_on(p))
        return false;
    pass_plan(p);
    return true;
}

/* DESIGN's table, row by row: entries, policies, subjects and facts, findings, plan, guards, writes, events. */
static enum pass_result run(struct pass *p, struct slice *plan)
{
    if (!pass_read_control(p) || !status_begin(p))
        return PASS_INCOMPLETE;
    if (status_clock_holds(p))
        return PASS_HELD;
    expect_entries(p);
    if (!pass_derive(p))
        return PASS_INCOMPLETE;
    if (p->settings->dry_run)
        *plan = plan_text(p->arena, &p->plan);
    else
        write_plan(p);
    return result_of(p);
}

enum pass_result pass_run(struct dir *d, struct second_reader *second, struct log *log,
                          const struct pass_settings *settings, struct arena *a, struct slice *plan)
{
    static const char *const names[] = {
        [PASS_COMPLETE] = "complete", [PASS_INCOMPLETE] = "incomplete", [PASS_HELD] = "held"};
    struct pass p = {.dir = d,
                     .second = second,
                     .log = log,
                     .settings = settings,
                     .arena = a,
                     .meter = progress_begin(log, settings->pace, settings->show_progress),
                     .now_utc = settings->clock(settings->clock_context),
                     .steady_s = past_steady_s(settings)};
    struct looking look = {0};
    p.look = settings->focus ? &look : NULL;
    p.progress.begun_utc = p.now_utc;
    *plan = (struct slice){NULL, 0};
    dir_set_watch(d, watch, &p);
    if (p.meter.on_terminal)
        log_set_before(log, clear_terminal, &p.meter);
    remember_begin(&p);
    past_begin(&p);
    enum pass_result result = p.look ? look_run(&p, plan) : run(&p, plan);
    bool whole = pass_goes_on(&p);
    dir_set_watch(d, NULL, NULL); /* the status is one write: it is done, or not begun */
    if (whole) {
        if (!p.look)
            status_end(&p, result);
        remember_end(&p);
    }
    past_end(&p, whole);
    progress_clear(&p.meter);
    if (p.meter.on_terminal)
        log_set_before(log, NULL, NULL);
    authority_close(&p);
    if ((p.incomplete && !p.look) || !whole)
        result = PASS_INCOMPLETE;
    struct survey survey =
        survey_take(&p, whole ? names[result] : "interrupted", progress_clock_ms() - p.meter.begun_ms);
    if (p.look)
        report_look(&p, survey.duration_ms);
    else
        report_passes(&p, &survey);
    if (p.look && settings->escalation)
        *settings->escalation = look.escalation;
    if (settings->survey)
        *settings->survey = survey;
    return result;
}

struct slice pass_child(struct pass *p, const char *rdn)
{
    return arena_format(p->arena, "%s,%s", rdn, p->settings->base);
}

struct governed *pass_governed(struct pass *p, const struct policy *policy)
{
    for (size_t i = 0; i < p->policy_count; i++)
        if (p->governed[i].policy == policy)
            return &p->governed[i];
    return NULL;
}

struct slice pass_id_filter(struct pass *p, struct slice subject_id)
{
    const char *kind = dir_capabilities(p->dir)->stable_id_attribute;
    struct slice prefix = arena_format(p->arena, "%s:", kind);
    if (!slice_starts(subject_id, prefix))
        return (struct slice){NULL, 0};
    struct slice value = filter_escape(p->arena, slice_from(subject_id, prefix.n));
    return arena_format(p->arena, "(%s=%.*s)", kind, SLICE_ARGS(value));
}

static void count_entry(void *context, const struct entry *e)
{
    (void)e;
    ++*(size_t *)context;
}

static void count_again(void *context)
{
    *(size_t *)context = 0;
}

enum rc pass_count(struct pass *p, struct slice base, enum dir_scope scope, struct slice filter, size_t most,
                   size_t *count, struct fault *fault)
{
    static const char *const none[] = {"1.1", NULL};
    struct dir_search search = {.base = base, .scope = scope, .filter = filter, .attributes = none, .most = most};
    struct dir_sink sink = {.restart = count_again, .entry = count_entry, .context = count};
    *count = 0;
    return dir_search(p->dir, &search, &sink, fault);
}

enum rc pass_ask(struct pass *p, struct slice base, enum dir_scope scope, struct slice filter, const char *what,
                 size_t *count)
{
    struct fault fault = {{0}};
    enum rc rc = pass_count(p, base, scope, filter, 1, count, &fault);
    if (rc == RC_OK || rc == RC_TRUNCATED)
        return RC_OK;
    if (rc != RC_NOT_FOUND && rc != RC_INVALID)
        report_fault_once(p, what, &fault);
    return rc;
}
