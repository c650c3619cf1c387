/* SPDX-License-Identifier: Apache-2.0 */
/* Streaming the subjects of a policy: read, judge, and keep only those that the plan needs. */
#include "run/inspect.h"
#include "run/past_private.h"

#include "core/schema.h"

#include "x509/parts.h"
#include "x509/reader.h"

#include <stdlib.h>

struct scan {
    struct pass *pass;
    struct governed *governed;
    struct policy_pass *figures;
    struct walk walk; /* its arena holds the entry at hand */
    size_t target_subjects, target_with, target_findings, target_undecided, target_bare,
        kept_before; /* to take back on a restart */
    struct tally target_tally;
    struct progress target_progress;
    size_t bare;         /* entries that positively have no certificate */
    bool without_id;     /* an entry showed no stable id: nobody can tell whose it is */
    bool looks_for_bare; /* this search finds entries that positively have no certificate */
    struct waiting {
        struct arena arena;
        struct subject subject;
    } waiting[SECOND_AHEAD]; /* for the second reader: a ring */
    size_t first_waiting, waiting_count;
};

/* An entry may hold thousands of certificates; whoever watches is not to wait for all of them. */
static bool goes_on(struct scan *s, size_t certificate)
{
    enum { BATCH = 64 };
    return certificate % BATCH != BATCH - 1 || pass_goes_on(s->pass);
}

/* Reads the certificates, and looks at them side by side and beside other entries'.  False: interrupted. */
static bool read_certificates(struct scan *s, struct subject *subject)
{
    for (size_t i = 0; i < subject->certificate_count; i++) {
        if (!goes_on(s, i))
            return false;
        facts_read_next(s->pass->parts, subject->certificates[i].der, &subject->certificates[i].facts);
    }
    holding_describe(&s->walk.arena, subject);
    crossing_of(s->pass, &s->walk.arena, subject);
    return true;
}

/* False: interrupted, or a CRL has to be read before this entry is looked at again. */
static bool judge(struct scan *s, struct subject *subject)
{
    struct pass *p = s->pass;
    if (!read_certificates(s, subject))
        return false;
    for (size_t i = 0; i < subject->certificate_count; i++) {
        struct certificate *c = &subject->certificates[i];
        if (!goes_on(s, i))
            return false;
        if (!authority_judge(p, &s->walk.arena, subject->policy, c))
            return false;
        subject_judge_certificate(&s->walk.arena, subject, c, p->now_utc);
    }
    subject_judge(&s->walk.arena, subject, p->now_utc);
    waivers_apply(p, &s->walk.arena, subject);
    return true;
}

static struct subject *keep_copy(struct pass *p, const struct subject *subject)
{
    struct subject *kept = ARENA_NEW(p->arena, struct subject);
    *kept = subject_copy(p->arena, subject);
    *LIST_ADD(p->arena, &p->subjects) = kept;
    return kept;
}

/*
 * Governed twice, and the first time it was settled: then nothing of it is kept, and somebody has to stand there as the
 * one who was seen under the policy on record, so that the plan knows and leaves it alone.
 */
static void keep_twin(struct pass *p, const struct subject *subject, const struct request_mark *m)
{
    const struct subject twin = {.dn = subject->dn, .id = subject->id, .policy = p->policies[m->policy].policy};
    keep_copy(p, &twin);
}

static void keep(struct scan *s, struct subject *subject, struct request_mark *m)
{
    struct pass *p = s->pass;
    for (size_t i = 0; i < subject->certificate_count; i++)
        certificate_hash(&subject->certificates[i]);
    if (m && m->first && (m->flags & MARK_SETTLED) && m->second == (uint16_t)p->search)
        keep_twin(p, subject, m);
    keep_copy(p, subject);
    if (m)
        m->kept = (unsigned)p->subjects.count;
}

/* An everyday certificate was not shown to the second reader: that is no reason to doubt it. */
static bool is_compliant(const struct subject *subject)
{
    bool compliant = subject->certificate_count > 0 && subject->finding_count == 0;
    for (size_t i = 0; i < subject->certificate_count && compliant; i++)
        compliant =
            !certificate_has_fault(&subject->certificates[i]) && !certificate_is_undecided(&subject->certificates[i]);
    return compliant;
}

static void count_finding(struct scan *s, const struct finding *f, bool disagreed)
{
    struct tally *tally = &s->governed->tally;
    if (f->undecided || disagreed) {
        s->governed->undecided++;
        return;
    }
    if (f->waiver.n) {
        tally->waived++;
        return;
    }
    s->figures->findings++;
    tally->findings[f->check]++;
}

/* The search for entries without certificates shows them for the second time, to say this one thing about them. */
static bool is_news(const struct scan *s, const struct finding *f)
{
    return !s->looks_for_bare || f->check == CHECK_MISSING;
}

static void count_findings(struct scan *s, const struct subject *subject)
{
    size_t before = s->figures->findings;
    for (size_t i = 0; i < subject->certificate_count; i++) {
        const struct certificate *c = &subject->certificates[i];
        for (size_t k = 0; k < c->finding_count; k++)
            count_finding(s, &c->findings[k], c->opinion == OPINION_DISAGREES);
    }
    for (size_t k = 0; k < subject->finding_count; k++)
        if (is_news(s, &subject->findings[k]))
            count_finding(s, &subject->findings[k], false);
    s->governed->tally.compliant += !s->looks_for_bare && is_compliant(subject);
    if (!s->pass->seen_once)
        s->pass->progress.findings += s->figures->findings - before;
}

/* The watched subject that the search before showed without a certificate, among those that are kept. */
static struct subject *find_bare(const struct pass *p, const struct subject *subject, const struct request_mark *m)
{
    if (!m || !(m->flags & MARK_WATCHED) || m->kept == 0 || m->kept > p->subjects.count)
        return NULL;
    struct subject *kept = p->subjects.items[m->kept - 1];
    return slice_eq(kept->id, subject->id) && kept->certificate_count == 0 ? kept : NULL;
}

static void tell(struct scan *s, const struct subject *subject)
{
    struct subject news = *subject;
    size_t i = 0;
    while (i < subject->finding_count && !is_news(s, &subject->findings[i]))
        i++;
    news.findings = i == subject->finding_count ? NULL : &subject->findings[i];
    news.finding_count = i == subject->finding_count ? 0 : s->looks_for_bare ? 1 : subject->finding_count;
    report_subject(s->pass, &news);
}

static void note_no_id(struct scan *s, const struct subject *subject, problem_list *problems)
{
    s->without_id = true;
    problem_add(&s->walk.arena, problems, subject->dn, dir_capabilities(s->pass->dir)->stable_id_attribute,
                slice_of(""),
                slice_of("the entry shows no stable id: no request can be made for it; let the daemon read this "
                         "attribute"));
}

/* A search for entries without certificates shows them again; true where one of them is replaced. */
static bool take_bare(struct scan *s, const struct subject *subject, const struct request_mark *m)
{
    struct pass *p = s->pass;
    struct subject *kept = find_bare(p, subject, m);
    s->bare++;
    if (!kept)
        return false;
    *kept = subject_copy(p->arena, subject);
    if (p->observer)
        tell(s, kept);
    return true;
}

static void count_subject(struct scan *s, const struct subject *subject, const problem_list *problems)
{
    report_subject_problems(s->pass, s->governed->policy, problems);
    s->figures->subjects++;
    s->pass->progress.entries++;
    s->figures->with_certificate += subject->certificate_count > 0;
}

static struct request_mark *mark_of(struct pass *p, const struct subject *subject)
{
    return subject->id.n ? marks_find(p->arena, &p->index, subject->id) : NULL;
}

static void settle(struct scan *s, struct subject *subject)
{
    struct pass *p = s->pass;
    struct request_mark *m = mark_of(p, subject);
    struct subject told;
    enum fate fate = fate_of(p, &s->walk.arena, subject, m, &told);
    if (m && !s->looks_for_bare)
        marks_sight(m, p->search, fate == FATE_SETTLED);
    count_findings(s, subject);
    if (s->looks_for_bare && take_bare(s, subject, m))
        return;
    if (fate == FATE_KEPT)
        keep(s, subject, m);
    if (fate != FATE_KEPT || p->observer)
        tell(s, &told);
}

/* Waiting: the second reader is asked about some at once while the server sends the next ones. */

static void settle_first(struct scan *s)
{
    struct waiting *w = &s->waiting[s->first_waiting];
    s->first_waiting = (s->first_waiting + 1) % SECOND_AHEAD;
    s->waiting_count--;
    settle(s, &w->subject);
    arena_reset(&w->arena, (struct arena_mark){0});
}

static void settle_waiting(struct scan *s)
{
    while (s->waiting_count && pass_goes_on(s->pass))
        settle_first(s);
}

static void forget_waiting(struct scan *s)
{
    for (size_t i = 0; i < SECOND_AHEAD; i++)
        arena_reset(&s->waiting[i].arena, (struct arena_mark){0});
    s->waiting_count = 0;
    second_forget_ahead(s->pass->second);
}

static void end_waiting(struct scan *s)
{
    forget_waiting(s);
    for (size_t i = 0; i < SECOND_AHEAD; i++)
        arena_free(&s->waiting[i].arena);
}

/* Findings are told in the order in which the server shows who has them. */
static void settle_in_turn(struct scan *s, struct subject *subject)
{
    if (s->waiting_count == SECOND_AHEAD)
        settle_first(s);
    if (fate_asks_ahead(s->pass, subject, mark_of(s->pass, subject))) {
        struct waiting *w = &s->waiting[(s->first_waiting + s->waiting_count++) % SECOND_AHEAD];
        w->subject = subject_copy(&w->arena, subject);
        return;
    }
    if (!fate_is_plain(subject))
        settle_waiting(s);
    settle(s, subject);
}

static void take_subject(void *context, struct subject *subject, problem_list *problems)
{
    struct scan *s = context;
    struct pass *p = s->pass;
    if (subject->id.n == 0)
        note_no_id(s, subject, problems);
    subject->shows_no_certificate = s->looks_for_bare;
    if (!judge(s, subject))
        return;
    past_note_subject(p, subject);
    pace_note_sight(p, subject);
    look_note_certificates(p, subject);
    if (!s->looks_for_bare)
        count_subject(s, subject, problems);
    settle_in_turn(s, subject);
}

static void begin_target(void *context)
{
    struct scan *s = context;
    settle_waiting(s);
    s->target_subjects = s->figures->subjects;
    s->target_with = s->figures->with_certificate;
    s->target_findings = s->figures->findings;
    s->target_undecided = s->governed->undecided;
    s->target_bare = s->bare;
    s->target_tally = s->governed->tally;
    s->target_progress = s->pass->progress;
    s->kept_before = s->pass->subjects.count;
    s->pass->search++;
}

static void restart(void *context)
{
    struct scan *s = context;
    forget_waiting(s);
    s->figures->subjects = s->target_subjects;
    s->figures->with_certificate = s->target_with;
    s->figures->findings = s->target_findings;
    s->governed->undecided = s->target_undecided;
    s->bare = s->target_bare;
    s->governed->tally = s->target_tally;
    s->pass->progress = s->target_progress;
    s->pass->subjects.count = s->kept_before;
    marks_forget(&s->pass->index, s->pass->search);
}

/* "(!(userCertificate=*))" and so on: true of an entry only where the server knows that it has no value. */
static struct slice bare_filter(struct pass *p, const struct policy *policy)
{
    struct slice all = {NULL, 0};
    for (const char *const *n = policy->certificate_attributes; *n; n++)
        all = arena_format(p->arena, "%.*s(!(%s=*))", SLICE_ARGS(all), *n);
    return all;
}

/* Some show no certificate, and the server does not say either that they have none. */
static void report_hidden(struct scan *s, size_t count)
{
    struct slice reason = arena_format(s->pass->arena,
                                       "%zu entries show no certificate, and cannot be shown to have none: "
                                       "this account may not read theirs",
                                       count);
    s->governed->undecided += count;
    if (s->pass->observer) {
        s->pass->observer->fault(s->pass->observer->context, "judge every entry", (const char *)reason.p);
        return;
    }
    if (!s->pass->interrupted &&
        remember_of_subjects(s->pass, s->governed->policy, s->governed->policy->dn, "hidden", reason))
        LOG_EVENT(pass_log(s->pass), EVENT_UNDECIDED, log_text("dn", "-"), log_dn("policy", s->governed->policy->dn),
                  log_text("check", check_get(CHECK_MISSING)->name), log_slice("reason", reason));
}

/* Entries that show no certificate: which of them have none, and which may only hide it? */
static bool look_for_bare(struct scan *s)
{
    const struct policy *policy = s->governed->policy;
    struct pass *p = s->pass;
    size_t bare = s->figures->subjects - s->figures->with_certificate;
    settle_waiting(s);
    bool judged = policy->on_finding[CHECK_MISSING].stated;
    if (bare == 0 || (!judged && (s->figures->with_certificate || p->look)))
        return true;
    s->looks_for_bare = true;
    for (size_t i = 0; i < policy->target_count; i++) {
        struct slice filter = arena_format(p->arena, "(&%.*s%.*s)", SLICE_ARGS(policy->targets[i].filter),
                                           SLICE_ARGS(bare_filter(p, policy)));
        if (!walk_target(&s->walk, i, filter))
            return false;
    }
    settle_waiting(s);
    if (p->look)
        return true; /* whether one is hidden is asked of each; what that says of the rest is for full passes */
    s->governed->blind = s->bare == 0 && s->figures->with_certificate == 0;
    if (judged && bare > s->bare && !s->governed->blind)
        report_hidden(s, bare - s->bare);
    return true;
}

static void report_blindness(struct scan *s)
{
    const struct policy *policy = s->governed->policy;
    problem_list problems = {0};
    struct slice names = {NULL, 0};
    for (const char *const *n = policy->certificate_attributes; *n; n++)
        names = arena_format(s->pass->arena, "%.*s%s%s", SLICE_ARGS(names), names.n ? " " : "", *n);
    problem_add(s->pass->arena, &problems, policy->dn, ATTR_CERTIFICATE_ATTRIBUTE, names,
                arena_format(s->pass->arena,
                             "%zu of %zu entries show no certificate, and none of these can be shown to have none: "
                             "this account most likely may not read the attribute; nothing is concluded about them",
                             s->figures->subjects - s->figures->with_certificate, s->figures->subjects));
    report_subject_problems(s->pass, policy, &problems);
}

/* No subject at all: is nothing there, or may this account not see it? */
static bool sees_something(struct scan *s)
{
    struct pass *p = s->pass;
    for (size_t i = 0; i < s->governed->policy->target_count; i++) {
        struct fault fault = {{0}};
        size_t count;
        enum rc rc =
            pass_count(p, s->governed->bases[i], DIR_SUBTREE, SLICE_LITERAL("(objectClass=*)"), 2, &count, &fault);
        if ((rc == RC_OK || rc == RC_TRUNCATED) && count > 1)
            return true;
    }
    return false;
}

static void report_emptiness(struct scan *s)
{
    problem_list problems = {0};
    const struct policy *policy = s->governed->policy;
    bool sees = sees_something(s);
    problem_add(s->pass->arena, &problems, policy->dn, ATTR_TARGET, policy->targets[0].url,
                slice_of(sees
                             ? "matches no entry that this account may see: is the filter right?"
                             : "shows no entry, and neither does anything below its base: this account most likely has "
                               "no rights there; nothing is concluded"));
    report_subject_problems(s->pass, policy, &problems);
    s->governed->blind = !sees;
}

static void scan_policy(struct pass *p, size_t index)
{
    struct scan s = {.pass = p, .governed = &p->governed[index], .figures = &p->policies[index]};
    s.walk = (struct walk){.pass = p,
                           .governed = s.governed,
                           .begin = begin_target,
                           .restart = restart,
                           .subject = take_subject,
                           .context = &s};
    const struct policy *policy = s.governed->policy;
    if (!p->parts)
        p->parts = ARENA_NEW(p->arena, struct parts);
    *s.figures = (struct policy_pass){.policy = policy};
    s.governed->undecided = 0;
    s.governed->tally = (struct tally){0};
    bool whole = walk_targets(&s.walk) && look_for_bare(&s);
    if (whole && s.governed->blind)
        report_blindness(&s);
    if (whole && s.figures->subjects == 0 && !p->look)
        report_emptiness(&s);
    s.figures->complete = whole && !s.without_id;
    settle_waiting(&s);
    end_waiting(&s);
    walk_end(&s.walk);
}

/* What an unfinished search showed counts for nothing: its subjects are forgotten. */
static void forget_incomplete(struct pass *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->subjects.count; i++) {
        const struct governed *g = pass_governed(p, p->subjects.items[i]->policy);
        if (g && p->policies[g - p->governed].complete)
            p->subjects.items[kept++] = p->subjects.items[i];
    }
    p->subjects.count = kept;
}

static int compare_subjects(const void *a, const void *b)
{
    const struct subject *const *x = a, *const *y = b;
    return slice_compare((*x)->id, (*y)->id);
}

static void scan_all(struct pass *p)
{
    p->subjects.count = 0;
    p->search = 0;
    marks_begin_scan(&p->index);
    for (size_t i = 0; i < p->policy_count && pass_goes_on(p); i++)
        if (p->policies[i].complete)
            scan_policy(p, i);
    p->seen_once = true;
}

/* Whether a request carries a finding already is known now: then it was told when it was new. */
static void tell_kept(struct pass *p)
{
    for (size_t i = 0; !p->observer && i < p->subjects.count; i++)
        report_subject(p, p->subjects.items[i]);
}

/* Not all requests could be read, so nothing may follow from any subject. */
static void forget_all(struct pass *p)
{
    for (size_t i = 0; i < p->policy_count; i++)
        p->policies[i].complete = false;
}

void scan_policies(struct pass *p)
{
    scan_all(p);
    if (authority_fetch(p)) {
        scan_all(p);
        authority_fetch(p);
    }
    if (!p->interrupted && !requests_read_unsettled(p))
        forget_all(p);
    tell_kept(p);
    forget_incomplete(p);
    if (p->subjects.count)
        qsort(p->subjects.items, p->subjects.count, sizeof *p->subjects.items, compare_subjects);
}
