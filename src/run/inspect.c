/* SPDX-License-Identifier: Apache-2.0 */
#include "run/inspect.h"

#include "run/inspect_private.h"

bool inspect_is_named(const struct policy *p, struct slice name)
{
    return slice_eq_nocase(p->name, name) || slice_eq_nocase(p->dn, name);
}

static bool is_asked_for(const struct inspect_settings *settings, const struct policy *policy)
{
    return settings->policy.n == 0 || inspect_is_named(policy, settings->policy);
}

/* What governs whom rests on all policies; judged are the subjects of those that were asked for. */
static size_t keep_asked_for(struct pass *p, const struct inspect_settings *settings)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->policy_count; i++) {
        bool asked = is_asked_for(settings, p->policies[i].policy);
        kept += asked;
        p->policies[i].complete &= asked;
    }
    return kept;
}

static const char *result_of(const struct pass *p, size_t i)
{
    const struct governed *g = &p->governed[i];
    if (g->policy->disabled)
        return "disabled";
    if (g->suspended)
        return "suspended";
    if (g->policy->mode == MODE_OFF)
        return "off";
    return p->policies[i].complete && !g->blind ? "complete" : "incomplete";
}

bool look_tell_policies(struct pass *p, const struct inspect_settings *settings)
{
    bool complete = true;
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct policy_pass *f = &p->policies[i];
        if (!is_asked_for(settings, f->policy))
            continue;
        struct inspect_policy told = {f->policy,
                                      result_of(p, i),
                                      f->subjects,
                                      f->with_certificate,
                                      f->findings,
                                      p->governed[i].undecided,
                                      p->governed[i].tally.waived};
        complete &= strcmp(told.result, "complete") == 0 || strcmp(told.result, "off") == 0;
        p->observer->policy(p->observer->context, &told);
    }
    return complete;
}

static bool inspect(struct pass *p, const struct inspect_settings *settings)
{
    if (!waivers_read(p) || !pass_read_policies(p))
        return false;
    p->incomplete = false; /* a disabled policy is told by its own result, and only where it was asked for */
    governance_resolve(p);
    waivers_resolve(p);
    crossing_survey(p);
    if (keep_asked_for(p, settings) == 0) {
        struct fault fault = {{0}};
        fault_set(&fault, RC_NOT_FOUND, "no policy has the name or DN \"%.*s\"", SLICE_ARGS(settings->policy));
        report_fault(p, "find the policy", &fault);
        return false;
    }
    authority_read_all(p);
    scan_policies(p);
    if (settings->policy.n == 0)
        waivers_report(p);
    return look_tell_policies(p, settings) && !p->incomplete;
}

static int64_t given_clock(void *context)
{
    return *(const int64_t *)context;
}

void look_begin(struct look *l, struct dir *d, struct second_reader *second, const struct inspect_settings *settings,
                struct arena *a, const struct inspect_sink *sink)
{
    *l = (struct look){.now_utc = settings->now_utc};
    struct log_settings silent = {
        .fd = -1, .least = (enum severity)0, .clock = given_clock, .clock_context = &l->now_utc};
    l->settings = (struct pass_settings){
        .base = settings->base, .dry_run = true, .clock = given_clock, .clock_context = &l->now_utc};
    l->pass = (struct pass){.dir = d,
                            .second = second,
                            .log = log_open(&silent),
                            .settings = &l->settings,
                            .observer = sink,
                            .judges_only = true,
                            .arena = a,
                            .now_utc = l->now_utc};
}

void look_end(struct look *l)
{
    authority_close(&l->pass);
    log_close(l->pass.log);
}

bool inspect_run(struct dir *d, struct second_reader *second, const struct inspect_settings *settings, struct arena *a,
                 const struct inspect_sink *sink)
{
    struct look l;
    look_begin(&l, d, second, settings, a, sink);
    bool complete = inspect(&l.pass, settings);
    look_end(&l);
    return complete;
}
