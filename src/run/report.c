/* SPDX-License-Identifier: Apache-2.0 */
/* From what a pass saw and did to events.  Every line that a pass logs is made here, or is a fault of one room. */
#include "run/inspect.h"
#include "run/pass_private.h"

void report_fault(struct pass *p, const char *what, const struct fault *fault)
{
    p->incomplete = true;
    p->faults++;
    if (p->interrupted)
        return; /* what does not work then says nothing */
    if (p->observer) {
        p->observer->fault(p->observer->context, what, fault->text);
        return;
    }
    LOG_EVENT(pass_log(p), EVENT_FAULT, log_text("what", what), log_escaped("detail", slice_of(fault->text)));
}

void report_fault_once(struct pass *p, const char *what, const struct fault *fault)
{
    p->incomplete = true;
    if (told_first_time(p->arena, &p->told, slice_of("fault"), slice_of(what), (struct slice){NULL, 0}))
        report_fault(p, what, fault);
    else
        p->faults++;
}

void report_subject_problems(struct pass *p, const struct policy *policy, const problem_list *problems)
{
    for (size_t i = 0; !p->interrupted && i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        if (!told_first_time(p->arena, &p->told, problem->dn, problem->attribute, problem->value) ||
            !remember_problem(p, policy, problem))
            continue;
        if (p->observer) {
            p->observer->problem(p->observer->context, problem);
            continue;
        }
        LOG_EVENT(pass_log(p), EVENT_PROBLEM, log_dn("dn", problem->dn), log_slice("attribute", problem->attribute),
                  log_slice("value", problem->value), log_slice("reason", problem->reason));
    }
}

void report_problems(struct pass *p, const problem_list *problems)
{
    report_subject_problems(p, NULL, problems);
}

void report_request_problems(struct pass *p, struct slice id, const problem_list *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *problem = &problems->items[i];
        if (!remember_of_request(p, problem->dn, problem->attribute, problem->value, problem->reason))
            continue;
        LOG_EVENT(pass_log(p), EVENT_REQUEST_PROBLEM, log_slice("id", id), log_dn("dn", problem->dn),
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

/* That they could not be compared is told once, and not of every entry. */
static bool rests_on_others(enum check_id id)
{
    return id == CHECK_SHARED_CERTIFICATE || id == CHECK_SHARED_KEY || id == CHECK_DUPLICATE_HOST_NAME;
}

/* c is NULL where the finding is about the entry; otherwise its digest is there. */
static struct slice why_undecided(const struct pass *p, const struct certificate *c, const struct finding *f)
{
    if (!c || c->opinion != OPINION_DISAGREES)
        return f->detail;
    switch (second_trouble(p->second, &c->digest)) {
    case SECOND_QUARANTINED:
        return SLICE_LITERAL("this certificate is quarantined, and the second reader did not read it");
    case SECOND_BROKEN:
        return SLICE_LITERAL("the second reader can't be asked");
    case SECOND_WELL:
        break;
    }
    return SLICE_LITERAL("the two readers disagree about this certificate");
}

static void report_finding(struct pass *p, const struct subject *s, struct certificate *c, const struct finding *f)
{
    const struct check *check = check_get(f->check);
    if (p->look && f->undecided && rests_on_others(f->check))
        return; /* the full pass said what there is to say */
    uint8_t hex[DIGEST_HEX] = {0};
    struct slice digest = SLICE_LITERAL("");
    if (c) {
        certificate_hash(c);
        digest_to_hex(&c->digest, hex);
        digest = slice_make(hex, DIGEST_HEX);
    }
    struct arena scratch = {0};
    struct slice text = arena_format(&scratch, "%s %.*s", check->name, SLICE_ARGS(digest));
    bool disagreed = c && c->opinion == OPINION_DISAGREES;
    bool new = told_first_time(p->arena, &p->told, s->dn, text, f->detail) &&
               remember_finding(p, s, f, disagreed, digest) &&
               (f->waiver.n || !is_on_record(p, s, c, f));
    arena_free(&scratch);
    if (!new || (f->undecided && rests_on_others(f->check) && crossing_failed(p)))
        return;
    if (f->undecided || disagreed) {
        LOG_EVENT(pass_log(p), EVENT_UNDECIDED, log_dn("dn", s->dn), log_dn("policy", s->policy->dn),
                  log_text("check", check->name), log_slice("certificate", digest),
                  log_escaped("reason", why_undecided(p, c, f)));
        return;
    }
    if (p->watches_drift)
        drift_of_finding(p, s, f);
    const struct log_field fields[] = {log_dn("dn", s->dn),
                                       log_dn("policy", s->policy->dn),
                                       log_text("check", check->name),
                                       log_escaped("detail", f->detail),
                                       log_text("action", action_name(finding_action(s->policy, c, f))),
                                       log_slice("certificate", digest),
                                       log_dn("waiver", f->waiver)};
    size_t count = sizeof fields / sizeof *fields;
    log_event_as(pass_log(p), EVENT_FINDING, check->severity, fields, f->waiver.n ? count : count - 1);
}

/* Once for each certificate, and again only when a later worker fails over it in another way. */
static void report_quarantine(struct pass *p, const struct subject *s, const struct digest *d, struct slice reason)
{
    uint8_t hex[DIGEST_HEX];
    digest_to_hex(d, hex);
    struct slice digest = slice_make(hex, DIGEST_HEX);
    struct arena scratch = {0};
    struct slice all = arena_format(&scratch, "%.*s %.*s", SLICE_ARGS(digest), SLICE_ARGS(reason));
    if (told_first_time(p->arena, &p->told, s->dn, digest, SLICE_LITERAL("quarantine")) &&
        remember_of_subjects(p, s->policy, s->dn, (const char *)all.p, all))
        LOG_EVENT(pass_log(p), EVENT_QUARANTINE, log_dn("dn", s->dn), log_dn("policy", s->policy->dn),
                  log_slice("certificate", digest), log_slice("reason", reason));
    arena_free(&scratch);
}

void report_subject(struct pass *p, const struct subject *s)
{
    if (p->observer) {
        p->observer->subject(p->observer->context, s);
        return;
    }
    if (p->interrupted)
        return; /* what could not be asked then is undecided for no reason of its own */
    for (size_t i = 0; i < s->certificate_count; i++) {
        struct certificate *c = &s->certificates[i];
        if (c->trust.quarantined) {
            certificate_hash(c);
            report_quarantine(p, s, &c->digest, c->trust.chain_why.n ? c->trust.chain_why : c->trust.revocation_why);
        }
    }
    for (size_t i = 0; i < s->certificate_count; i++)
        for (size_t k = 0; k < s->certificates[i].finding_count; k++)
            report_finding(p, s, &s->certificates[i], &s->certificates[i].findings[k]);
    for (size_t k = 0; k < s->finding_count; k++)
        report_finding(p, s, NULL, &s->findings[k]);
}

void report_trouble(struct pass *p, enum memo_trouble trouble, const char *what, const struct fault *fault)
{
    if (pass_goes_on(p) && remember_trouble(p, trouble, true)) {
        report_fault(p, what, fault);
        return;
    }
    p->incomplete = true;
    p->faults++;
}

/* Nobody can be judged to the end while that lasts: the pass is not complete. */
static void report_broken_cage(struct pass *p, const char *why)
{
    const struct slice what = SLICE_LITERAL("ask the second reader");
    struct fault fault = {{0}};
    if (!told_first_time(p->arena, &p->told, what, what, what))
        return;
    fault_set(&fault, RC_FAULT, "%s", why);
    report_trouble(p, MEMO_NO_SECOND, "ask the second reader", &fault);
}

void report_disagreement(struct pass *p, const struct subject *s, const struct certificate *c, const char *why)
{
    struct digest d = digest_of(c->der);
    uint8_t hex[DIGEST_HEX];
    switch (second_trouble(p->second, &d)) {
    case SECOND_BROKEN:
        report_broken_cage(p, why);
        return;
    case SECOND_QUARANTINED:
        if (!p->observer)
            report_quarantine(p, s, &d, slice_of(why));
        return;
    case SECOND_WELL:
        break;
    }
    if (p->observer)
        return; /* the subject that comes next says so itself */
    digest_to_hex(&d, hex);
    struct slice digest = slice_make(hex, DIGEST_HEX);
    struct arena scratch = {0};
    struct slice all = arena_format(&scratch, "%.*s %s", SLICE_ARGS(digest), why);
    bool new = remember_of_subjects(p, s->policy, s->dn, (const char *)all.p, all);
    arena_free(&scratch);
    if (new)
        LOG_EVENT(pass_log(p), EVENT_READERS_DISAGREE, log_dn("dn", s->dn), log_slice("certificate", digest),
                  log_text("why", why));
}

void report_hold(struct pass *p, const struct hold *h)
{
    if (!remember_hold(p, h))
        return;
    struct slice counts = arena_format(p->arena, "count=%zu limit=%zu", h->count, h->limit);
    LOG_EVENT(pass_log(p), EVENT_HOLD, log_dn("policy", h->policy ? h->policy->dn : slice_of("-")),
              log_text("guard", guard_name(h->guard)), log_slice("counts", counts), log_slice("reason", h->message),
              log_slice("release", h->release));
}

static void report_ended_findings(struct pass *p, const struct operation *o)
{
    const struct basis *b = &o->existing->request.record.basis;
    for (size_t i = 0; i < b->finding_count; i++) {
        struct slice rest = b->findings[i], check;
        slice_word(&rest, &check);
        remember_told_ends(p, b, check);
        LOG_EVENT(pass_log(p), EVENT_FINDING_ENDED, log_dn("dn", b->subject_dn), log_dn("policy", b->policy_dn),
                  log_slice("check", check));
    }
}

static void report_noncompliant(struct pass *p, const struct operation *o)
{
    LOG_EVENT(pass_log(p), EVENT_AUTHORITY_NONCOMPLIANT, log_slice("id", o->record.id),
              log_dn("dn", o->record.basis.subject_dn), log_dn("policy", o->record.basis.policy_dn),
              log_uint("attempt", o->record.attempt), log_time("next", o->record.next_attempt_utc));
}

void report_operation(struct pass *p, const struct operation *o)
{
    static const char *const verbs[] = {[VERB_CREATE] = "create", [VERB_REOPEN] = "reopen", [VERB_REVISE] = "revise",
                                        [VERB_MOVE] = "move",     [VERB_REPAIR] = "repair", [VERB_PURGE] = "purge"};
    const struct record *d = &o->record;
    LOG_EVENT(pass_log(p), EVENT_REQUEST, log_slice("id", d->id), log_text("type", request_type_name(d->type)),
              log_text("verb", verbs[o->verb]), log_text("from", state_name(o->from)),
              log_text("state", state_name(d->state)), log_dn("dn", d->basis.subject_dn),
              log_dn("policy", d->basis.policy_dn), log_uint("generation", d->generation),
              log_uint("attempt", d->attempt), log_slice("checks", plan_checks(p->arena, o->checks)),
              log_slice("message", d->message));
    if (o->verb == VERB_MOVE && state_in(d->state, STATES_ENDED) && d->type == REQUEST_REISSUE && !o->waived)
        report_ended_findings(p, o);
    if (o->noncompliant)
        report_noncompliant(p, o);
}

/*
 * A steady state is not repeated: where the earlier passes are remembered, a line is only worth its severity when one
 * of its figures is another than last time, or something was written.
 */
static void report_line(struct pass *p, const struct policy *policy, bool wrote, const struct log_field *fields,
                        size_t count)
{
    struct arena scratch = {0};
    struct slice figures = SLICE_LITERAL("");
    for (size_t i = 0; i < count; i++)
        if (!slice_eq(slice_of(fields[i].key), SLICE_LITERAL("duration_ms")))
            figures = arena_format(&scratch, "%.*s %.*s %llu", SLICE_ARGS(figures), SLICE_ARGS(fields[i].text),
                                   (unsigned long long)fields[i].count);
    bool new = remember_line(p, policy, figures);
    log_event_as(pass_log(p), EVENT_PASS, new || wrote ? event_row(EVENT_PASS)->severity : SEVERITY_DEBUG, fields,
                 count);
    arena_free(&scratch);
}

static void report_policy(struct pass *p, size_t i, const struct policy_survey *s)
{
    const struct governed *g = &p->governed[i];
    bool wrote = false;
    for (unsigned verb = 0; verb <= VERB_PURGE; verb++)
        wrote |= g->counted[verb] > 0;
    const struct log_field fields[] = {log_dn("policy", s->policy_dn),
                                       log_slice("revision", s->revision),
                                       log_text("mode", mode_name(s->mode)),
                                       log_uint("subjects", s->subjects),
                                       log_uint("with-certificate", s->with_certificate),
                                       log_uint("findings", p->policies[i].findings),
                                       log_uint("waived", s->waived),
                                       log_uint("undecided", s->undecided),
                                       log_uint("requests-open", survey_open_requests(s)),
                                       log_uint("created", g->counted[VERB_CREATE]),
                                       log_uint("reopened", g->counted[VERB_REOPEN]),
                                       log_uint("revised", g->counted[VERB_REVISE]),
                                       log_uint("moved", g->counted[VERB_MOVE]),
                                       log_uint("repaired", g->counted[VERB_REPAIR]),
                                       log_uint("purged", g->counted[VERB_PURGE]),
                                       log_uint("held", g->held),
                                       log_uint("failed", g->failed),
                                       log_text("result", s->result)};
    report_line(p, g->policy, wrote, fields, sizeof fields / sizeof *fields);
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
            LOG_EVENT(pass_log(p), EVENT_HOLD_ENDED, log_dn("policy", policy), log_slice("guard", guard));
    }
}

static void report_whole(struct pass *p, const struct survey *survey)
{
    size_t subjects = 0, with = 0, findings = 0, waived = 0;
    for (size_t i = 0; i < p->policy_count; i++) {
        subjects += p->policies[i].subjects;
        with += p->policies[i].with_certificate;
        findings += p->policies[i].findings;
        waived += p->governed[i].tally.waived;
    }
    const struct log_field fields[] = {log_text("policy", "-"),
                                       log_uint("subjects", subjects),
                                       log_uint("with-certificate", with),
                                       log_uint("findings", findings),
                                       log_uint("waived", waived),
                                       log_uint("requests-open", survey->requests_open),
                                       log_text("result", survey->result),
                                       log_int("duration_ms", survey->duration_ms)};
    report_line(p, NULL, survey->wrote, fields, sizeof fields / sizeof *fields);
}

void report_passes(struct pass *p, const struct survey *survey)
{
    if (p->interrupted) {
        LOG_EVENT(pass_log(p), EVENT_PASS, log_text("policy", "-"), log_text("result", survey->result),
                  log_int("duration_ms", survey->duration_ms));
        return;
    }
    for (size_t i = 0; i < survey->policy_count; i++)
        report_policy(p, i, &survey->policies[i]);
    if (!p->settings->dry_run)
        report_ended_holds(p);
    report_whole(p, survey);
}
