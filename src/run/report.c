/* SPDX-License-Identifier: Apache-2.0 */
/* From what a pass saw and did to events.  Every line that a pass logs is made here, or is a fault of one room. */
#include "run/inspect.h"
#include "run/pass_private.h"

void report_fault(struct pass *p, const char *what, const struct fault *fault)
{
    p->incomplete = true;
    if (p->observer) {
        p->observer->fault(p->observer->context, what, fault->text);
        return;
    }
    LOG_EVENT(p->log, EVENT_FAULT, log_text("what", what), log_text("detail", fault->text));
}

void report_problems(struct pass *p, const problem_list *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        if (!told_first_time(p->arena, &p->told, problem->dn, problem->attribute, problem->value))
            continue;
        if (p->observer) {
            p->observer->problem(p->observer->context, problem);
            continue;
        }
        LOG_EVENT(p->log, EVENT_PROBLEM, log_slice("dn", problem->dn), log_slice("attribute", problem->attribute),
                  log_slice("value", problem->value), log_slice("reason", problem->reason));
    }
}

void report_request_problems(struct pass *p, struct slice id, const problem_list *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        LOG_EVENT(p->log, EVENT_REQUEST_PROBLEM, log_slice("id", id), log_slice("dn", problem->dn),
                  log_slice("attribute", problem->attribute), log_slice("value", problem->value),
                  log_slice("reason", problem->reason));
    }
}

static bool has_finding(const struct plan_request *q, struct slice text)
{
    enum state state = q ? q->request.record.state : STATE_NONE;
    bool ended = state == STATE_WITHDRAWN || (state == STATE_FULFILLED && q->request.record.type == REQUEST_REISSUE);
    for (size_t i = 0; q && !ended && i < q->request.record.basis.finding_count; i++)
        if (slice_eq(q->request.record.basis.findings[i], text))
            return true;
    return false;
}

/* A request on record carries the finding already: it was told when it was new. */
static bool is_on_record(struct pass *p, const struct subject *s, struct certificate *c, const struct finding *f)
{
    if (p->request_count == 0)
        return false;
    struct arena scratch = {0};
    struct slice text = finding_text(&scratch, f);
    bool found = has_finding(pass_find_request(p, request_id_of_reissue(&scratch, s->id)), text);
    if (c && !found) {
        certificate_hash(c);
        found = has_finding(pass_find_request(p, request_id_of_revoke(&scratch, &c->digest)), text);
    }
    arena_free(&scratch);
    return found;
}

static void report_finding(struct pass *p, const struct subject *s, struct certificate *c, const struct finding *f)
{
    const struct check *check = check_get(f->check);
    uint8_t hex[DIGEST_HEX] = {0};
    struct slice digest = {NULL, 0};
    if (c) {
        certificate_hash(c);
        digest_to_hex(&c->digest, hex);
        digest = slice_make(hex, DIGEST_HEX);
    }
    struct arena scratch = {0};
    struct slice text = arena_format(&scratch, "%s %.*s", check->name, SLICE_ARGS(digest));
    bool new = told_first_time(p->arena, &p->told, s->dn, text, f->detail) && !is_on_record(p, s, c, f);
    arena_free(&scratch);
    if (!new)
        return;
    bool disagreed = c && c->opinion == OPINION_DISAGREES;
    if (f->undecided || disagreed) {
        LOG_EVENT(
            p->log, EVENT_UNDECIDED, log_slice("dn", s->dn), log_slice("policy", s->policy->dn),
            log_text("check", check->name), log_slice("certificate", digest),
            log_slice("reason", disagreed ? slice_of("the two readers disagree about this certificate") : f->detail));
        return;
    }
    const struct log_field fields[] = {log_slice("dn", s->dn),
                                       log_slice("policy", s->policy->dn),
                                       log_text("check", check->name),
                                       log_slice("detail", f->detail),
                                       log_text("action", action_name(finding_action(s->policy, c, f))),
                                       log_slice("certificate", digest)};
    log_event_as(p->log, EVENT_FINDING, check->severity, fields, sizeof fields / sizeof *fields);
}

void report_subject(struct pass *p, const struct subject *s)
{
    if (p->observer) {
        p->observer->subject(p->observer->context, s);
        return;
    }
    for (size_t i = 0; i < s->certificate_count; i++)
        for (size_t k = 0; k < s->certificates[i].finding_count; k++)
            report_finding(p, s, &s->certificates[i], &s->certificates[i].findings[k]);
    for (size_t k = 0; k < s->finding_count; k++)
        report_finding(p, s, NULL, &s->findings[k]);
}

void report_disagreement(struct pass *p, const struct subject *s, const struct certificate *c, const char *why)
{
    if (p->observer)
        return; /* the subject that comes next says so itself */
    struct digest d = digest_of(c->der);
    uint8_t hex[DIGEST_HEX];
    digest_to_hex(&d, hex);
    LOG_EVENT(p->log, EVENT_READERS_DISAGREE, log_slice("dn", s->dn),
              log_slice("certificate", slice_make(hex, DIGEST_HEX)), log_text("why", why));
}

void report_hold(struct pass *p, const struct hold *h)
{
    struct slice counts = arena_format(p->arena, "count=%zu limit=%zu", h->count, h->limit);
    LOG_EVENT(p->log, EVENT_HOLD, log_slice("policy", h->policy ? h->policy->dn : slice_of("-")),
              log_text("guard", guard_name(h->guard)), log_slice("counts", counts), log_slice("reason", h->message),
              log_slice("release", h->release));
}

static void report_ended_findings(struct pass *p, const struct operation *o)
{
    const struct basis *b = &o->existing->request.record.basis;
    for (size_t i = 0; i < b->finding_count; i++) {
        struct slice rest = b->findings[i], check;
        slice_word(&rest, &check);
        LOG_EVENT(p->log, EVENT_FINDING_ENDED, log_slice("dn", b->subject_dn), log_slice("policy", b->policy_dn),
                  log_slice("check", check));
    }
}

static void report_noncompliant(struct pass *p, const struct operation *o)
{
    LOG_EVENT(p->log, EVENT_AUTHORITY_NONCOMPLIANT, log_slice("id", o->record.id),
              log_slice("dn", o->record.basis.subject_dn), log_slice("policy", o->record.basis.policy_dn),
              log_uint("attempt", o->record.attempt), log_time("next", o->record.next_attempt_utc));
}

void report_operation(struct pass *p, const struct operation *o)
{
    static const char *const verbs[] = {[VERB_CREATE] = "create", [VERB_REOPEN] = "reopen", [VERB_REVISE] = "revise",
                                        [VERB_MOVE] = "move",     [VERB_REPAIR] = "repair", [VERB_PURGE] = "purge"};
    const struct record *d = &o->record;
    LOG_EVENT(p->log, EVENT_REQUEST, log_slice("id", d->id), log_text("type", request_type_name(d->type)),
              log_text("verb", verbs[o->verb]), log_text("from", state_name(o->from)),
              log_text("state", state_name(d->state)), log_slice("dn", d->basis.subject_dn),
              log_slice("policy", d->basis.policy_dn), log_uint("generation", d->generation),
              log_uint("attempt", d->attempt), log_slice("checks", plan_checks(p->arena, o->checks)),
              log_slice("message", d->message));
    if (o->verb == VERB_MOVE && state_in(d->state, STATES_ENDED) && d->type == REQUEST_REISSUE)
        report_ended_findings(p, o);
    if (o->noncompliant)
        report_noncompliant(p, o);
}

static bool is_open(enum state s)
{
    return s != STATE_NONE && !state_in(s, STATES_FINAL);
}

/* Requests that are not finished, after what was written; of one policy, or with NULL of all. */
static unsigned open_requests(const struct pass *p, const struct policy *policy)
{
    unsigned n = 0;
    for (size_t i = 0; i < p->request_count; i++) {
        const struct record *d = &p->requests[i].request.record;
        n += !p->requests[i].request.foreign && is_open(d->state) &&
             (!policy || slice_eq_nocase(d->basis.policy_dn, policy->dn));
    }
    for (size_t i = 0; p->written && i < p->plan.count; i++) {
        const struct operation *o = &p->plan.operations[i];
        if (!p->written[i])
            continue;
        enum state before = o->existing ? o->existing->request.record.state : STATE_NONE;
        bool was_here =
            !policy || (o->existing && slice_eq_nocase(o->existing->request.record.basis.policy_dn, policy->dn));
        bool is_here = !policy || slice_eq_nocase(o->record.basis.policy_dn, policy->dn);
        n -= is_open(before) && was_here;
        n += o->verb != VERB_PURGE && is_open(o->record.state) && is_here;
    }
    return n;
}

static const char *policy_result(const struct pass *p, size_t i)
{
    const struct governed *g = &p->governed[i];
    if (g->policy->disabled)
        return "disabled";
    if (g->suspended)
        return "suspended";
    if (g->policy->mode == MODE_OFF)
        return "off";
    if (!p->policies[i].complete || g->failed)
        return "incomplete";
    if (p->holds && p->holds[i] != HOLD_NOTHING)
        return "held";
    return g->blind ? "incomplete" : p->paused ? "paused" : "complete";
}

static void report_policy(struct pass *p, size_t i)
{
    const struct governed *g = &p->governed[i];
    const struct policy_pass *f = &p->policies[i];
    LOG_EVENT(p->log, EVENT_PASS, log_slice("policy", g->policy->dn), log_slice("revision", g->policy->revision),
              log_text("mode", mode_name(g->policy->mode)), log_uint("subjects", f->subjects),
              log_uint("with-certificate", f->with_certificate), log_uint("findings", f->findings),
              log_uint("undecided", g->undecided), log_uint("requests-open", open_requests(p, g->policy)),
              log_uint("created", g->counted[VERB_CREATE]), log_uint("reopened", g->counted[VERB_REOPEN]),
              log_uint("revised", g->counted[VERB_REVISE]), log_uint("moved", g->counted[VERB_MOVE]),
              log_uint("repaired", g->counted[VERB_REPAIR]), log_uint("purged", g->counted[VERB_PURGE]),
              log_uint("held", g->held), log_uint("failed", g->failed), log_text("result", policy_result(p, i)));
}

static void report_ended_holds(struct pass *p)
{
    for (size_t i = 0; i < p->status.held_before.count; i++) {
        struct slice rest = p->status.held_before.items[i], guard;
        slice_word(&rest, &guard);
        struct slice policy = slice_trim(rest);
        bool still = false;
        for (size_t k = 0; k < p->held.count && !still; k++)
            still = slice_eq(guard, slice_of(guard_name(p->held.items[k].guard))) &&
                    slice_eq_nocase(policy, p->held.items[k].policy ? p->held.items[k].policy->dn : slice_of("-"));
        if (!still)
            LOG_EVENT(p->log, EVENT_HOLD_ENDED, log_slice("policy", policy), log_slice("guard", guard));
    }
}

void report_passes(struct pass *p, enum pass_result result, int64_t duration_ms)
{
    static const char *const names[] = {
        [PASS_COMPLETE] = "complete", [PASS_INCOMPLETE] = "incomplete", [PASS_HELD] = "held"};
    size_t subjects = 0, with = 0, findings = 0;
    for (size_t i = 0; i < p->policy_count; i++) {
        report_policy(p, i);
        subjects += p->policies[i].subjects;
        with += p->policies[i].with_certificate;
        findings += p->policies[i].findings;
    }
    if (!p->settings->dry_run)
        report_ended_holds(p);
    LOG_EVENT(p->log, EVENT_PASS, log_text("policy", "-"), log_uint("subjects", subjects),
              log_uint("with-certificate", with), log_uint("findings", findings),
              log_uint("requests-open", open_requests(p, NULL)), log_text("result", names[result]),
              log_int("duration_ms", duration_ms));
}
