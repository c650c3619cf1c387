/* SPDX-License-Identifier: Apache-2.0 */
#include "run/explain.h"

#include "base/buffer.h"
#include "base/dn.h"
#include "core/schema.h"
#include "run/inspect_private.h"
#include "x509/reader.h"

struct explaining {
    struct pass *pass;
    struct slice dn;
    struct slice id_filter;
    struct entry entry;
    size_t entries;
    struct explanation *out;
};

const char *explain_verdict_name(enum explain_verdict v)
{
    static const char *const names[] = {
        [EXPLAIN_GOVERNS] = "governs",     [EXPLAIN_OUTRANKED] = "outranked", [EXPLAIN_TIED] = "tied",
        [EXPLAIN_SUSPENDED] = "suspended", [EXPLAIN_EXCLUDED] = "excluded",   [EXPLAIN_FILTER] = "filter",
        [EXPLAIN_OUTSIDE] = "outside",     [EXPLAIN_UNKNOWN] = "unknown"};
    return names[v];
}

const char *explain_answer_name(enum explain_answer a)
{
    static const char *const names[] = {
        [EXPLAIN_MEETS] = "meets",         [EXPLAIN_VIOLATES] = "violates", [EXPLAIN_NOT_APPLICABLE] = "not applicable",
        [EXPLAIN_UNDECIDED] = "undecided", [EXPLAIN_HIDDEN] = "hidden",     [EXPLAIN_OFF] = "off"};
    return names[a];
}

/* The entry. */

static struct entry copy_entry(struct arena *a, const struct entry *e)
{
    struct attribute *attributes = ARENA_ARRAY(a, e->count, struct attribute);
    for (size_t i = 0; i < e->count; i++) {
        const struct attribute *from = &e->attributes[i];
        struct slice *values = ARENA_ARRAY(a, from->count, struct slice);
        for (size_t k = 0; k < from->count; k++)
            values[k] = arena_copy(a, from->values[k]);
        attributes[i] =
            (struct attribute){arena_copy(a, from->name), arena_copy(a, from->options), values, from->count};
    }
    return (struct entry){arena_copy(a, e->dn), attributes, e->count};
}

static void take_entry(void *context, const struct entry *e)
{
    struct explaining *x = context;
    x->entry = copy_entry(x->pass->arena, e);
    x->entries++;
}

static void forget_entry(void *context)
{
    ((struct explaining *)context)->entries = 0;
}

static enum rc read_entry(struct explaining *x)
{
    const char *kind = dir_capabilities(x->pass->dir)->stable_id_attribute;
    const char *attributes[] = {"*", kind, NULL};
    struct dir_search search = {
        .base = x->dn, .scope = DIR_BASE, .filter = SLICE_LITERAL("(objectClass=*)"), .attributes = attributes};
    struct dir_sink sink = {.restart = forget_entry, .entry = take_entry, .context = x};
    struct fault fault = {{0}};
    enum rc rc = dir_search(x->pass->dir, &search, &sink, &fault);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && x->entries != 1))
        return RC_NOT_FOUND;
    if (rc != RC_OK) {
        report_fault(x->pass, "read the entry", &fault);
        return RC_FAULT;
    }
    x->dn = x->entry.dn;
    x->id_filter = pass_id_filter(x->pass, subject_id(x->pass->arena, &x->entry, kind));
    if (x->id_filter.n)
        return RC_OK;
    fault_set(&fault, RC_DENIED, "it shows no %s, and what is not known by that the daemon does not judge", kind);
    report_fault(x->pass, "read the entry", &fault);
    return RC_FAULT;
}

/* Who governs it. */

static void decide(struct explained_policy *e, enum explain_verdict verdict, struct slice why)
{
    e->verdict = verdict;
    e->why = why;
}

/* The first of the targets that is true of the entry, or NULL; false where one could not be evaluated. */
static bool find_match(struct explaining *x, const struct target *targets, const struct slice *bases, size_t count,
                       const struct target **match, const struct target **around)
{
    *match = *around = NULL;
    for (size_t i = 0; i < count && !*match; i++) {
        bool within, yes;
        if (!governance_target_of(x->pass, &targets[i], bases ? bases[i] : targets[i].base, x->id_filter, &within,
                                  &yes))
            return false;
        if (within)
            *around = &targets[i];
        if (yes)
            *match = &targets[i];
    }
    return true;
}

/* What the policy itself says of the entry, as if there were no other. */
static void consider(struct explaining *x, const struct governed *g, struct explained_policy *e)
{
    struct arena *a = x->pass->arena;
    const struct policy *p = g->policy;
    const struct target *match, *around, *excludes, *unused;
    *e = (struct explained_policy){.policy = p};
    if (p->target_unknown)
        decide(e, EXPLAIN_UNKNOWN,
               slice_of("a target, an exclusion or its precedence does not parse, so nobody knows "
                        "what it governs"));
    else if (!g->reachable || !find_match(x, p->targets, g->bases, p->target_count, &match, &around))
        decide(e, EXPLAIN_UNKNOWN, slice_of("a target or an exclusion can't be evaluated"));
    else if (!match && !around)
        decide(e, EXPLAIN_OUTSIDE, slice_of("the entry is outside the base and scope of its targets"));
    else if (!match)
        decide(e, EXPLAIN_FILTER,
               arena_format(a, "the filter %.*s is not true of the entry", SLICE_ARGS(around->filter)));
    else if (!find_match(x, p->excludes, NULL, p->exclude_count, &excludes, &unused))
        decide(e, EXPLAIN_UNKNOWN, slice_of("an exclusion can't be evaluated"));
    else if (excludes)
        decide(e, EXPLAIN_EXCLUDED, arena_format(a, "excluded by %.*s", SLICE_ARGS(excludes->url)));
    else
        decide(e, EXPLAIN_GOVERNS, arena_format(a, "its target %.*s matches", SLICE_ARGS(match->url)));
}

/* The first that claims the entry; the others of its precedence are counted. */
static struct explained_policy *find_claim(struct explanation *out, size_t *claims)
{
    struct explained_policy *first = NULL;
    *claims = 0;
    for (size_t i = 0; i < out->policy_count; i++) {
        struct explained_policy *e = &out->policies[i];
        if (e->verdict != EXPLAIN_GOVERNS)
            continue;
        if (!first)
            first = e;
        *claims += e->policy->precedence == first->policy->precedence;
    }
    return first;
}

static const struct policy *find_obstacle(const struct explanation *out, const struct explained_policy *claim)
{
    for (size_t i = 0; i < out->policy_count; i++) {
        const struct policy *p = out->policies[i].policy;
        if (out->policies[i].verdict == EXPLAIN_UNKNOWN && (!claim || p->precedence <= claim->policy->precedence))
            return p;
    }
    return NULL;
}

static void settle_loser(struct arena *a, struct explained_policy *e, const struct explained_policy *claim, bool tie,
                         const struct policy *obstacle)
{
    const struct policy *first = claim->policy;
    if (obstacle)
        decide(e, EXPLAIN_SUSPENDED,
               arena_format(a, "%.*s, and %.*s, which may come before it, can't be evaluated", SLICE_ARGS(e->why),
                            SLICE_ARGS(obstacle->dn)));
    else if (e->policy->precedence != first->precedence)
        decide(e, EXPLAIN_OUTRANKED,
               arena_format(a, "%.*s, and %.*s comes first with precedence %u", SLICE_ARGS(e->why),
                            SLICE_ARGS(first->dn), first->precedence));
    else if (tie)
        decide(e, EXPLAIN_TIED,
               arena_format(a, "%.*s, and another policy of precedence %u claims the entry too: neither acts on it",
                            SLICE_ARGS(e->why), first->precedence));
}

static void settle(struct explaining *x)
{
    struct explanation *out = x->out;
    size_t claims;
    struct explained_policy *claim = find_claim(out, &claims);
    const struct policy *obstacle = find_obstacle(out, claim);
    out->undecided = obstacle != NULL;
    if (claim && claims == 1 && !obstacle)
        out->governing = claim->policy;
    if (!claim)
        return;
    struct explained_policy first = *claim; /* settling changes what it compares with */
    for (size_t i = 0; i < out->policy_count; i++)
        if (out->policies[i].verdict == EXPLAIN_GOVERNS && out->policies[i].policy != out->governing)
            settle_loser(x->pass->arena, &out->policies[i], &first, claims > 1, obstacle);
}

static void find_governor(struct explaining *x)
{
    struct pass *p = x->pass;
    governance_find_bases(p);
    x->out->policy_count = p->policy_count;
    x->out->policies = ARENA_ARRAY(p->arena, p->policy_count, struct explained_policy);
    for (size_t i = 0; i < p->policy_count; i++)
        consider(x, &p->governed[i], &x->out->policies[i]);
    settle(x);
    const struct policy *g = x->out->governing;
    x->out->judged = g && !g->disabled && g->mode != MODE_OFF;
}

/* Judging. */

/* Where nobody governs the entry, it is shown by the attributes that a policy has when it names none. */
static const struct policy *as_by_default(struct arena *a)
{
    static const char *const certificates[] = {ATTR_USER_CERTIFICATE, NULL};
    static const char *const hosts[] = {ATTR_DNS_HOST_NAME, NULL};
    struct policy *p = ARENA_NEW(a, struct policy);
    p->certificate_attributes = certificates;
    p->host_attributes = hosts;
    return p;
}

/* The server says that the entry has no value of that attribute: what is hidden is neither there nor absent. */
static bool surely_lacks(struct explaining *x, const char *attribute)
{
    struct fault fault = {{0}};
    size_t count;
    struct slice filter = arena_format(x->pass->arena, "(!(%s=*))", attribute);
    return pass_count(x->pass, x->dn, DIR_BASE, filter, 0, &count, &fault) == RC_OK && count == 1;
}

static bool note_hidden(struct explaining *x, const char *const *names, unsigned silent)
{
    bool all_shown = true;
    for (size_t i = 0; names[i]; i++) {
        if (!(silent & 1u << i) || surely_lacks(x, names[i]))
            continue;
        all_shown = false;
        struct slice h = x->out->hidden;
        x->out->hidden = arena_format(x->pass->arena, "%.*s%s%s", SLICE_ARGS(h), h.n ? " " : "", names[i]);
    }
    return all_shown;
}

static void answer(struct explaining *x, const struct check_input *in, const struct certificate *c, unsigned *violated,
                   struct explained_check *e)
{
    static const enum explain_answer answers[] = {[ANSWER_MEETS] = EXPLAIN_MEETS,
                                                  [ANSWER_VIOLATES] = EXPLAIN_VIOLATES,
                                                  [ANSWER_NOT_APPLICABLE] = EXPLAIN_NOT_APPLICABLE,
                                                  [ANSWER_UNDECIDED] = EXPLAIN_UNDECIDED};
    const struct check *check = e->check;
    struct arena *a = x->pass->arena;
    struct check_result r;
    if (!check->is_on(in->policy)) {
        e->answer = EXPLAIN_OFF;
        e->detail = arena_format(a, "turned on by %s", check->policy_attributes);
        return;
    }
    unsigned hidden = check->hidden_by & *violated;
    if (hidden) {
        e->answer = EXPLAIN_HIDDEN;
        for (unsigned id = 0; id < CHECK_COUNT && !e->detail.n; id++)
            if (hidden & CHECK_BIT(id))
                e->detail = arena_format(a, "hidden by %s, which explains it", check_get((enum check_id)id)->name);
        return;
    }
    check_answer(a, in, check->id, &r);
    e->answer = answers[r.answer];
    e->detail = r.detail;
    if (!in->facts || in->facts->readable || r.answer != ANSWER_NOT_APPLICABLE)
        e->compared = check->compared(a, in);
    if (r.answer == ANSWER_VIOLATES)
        *violated |= CHECK_BIT(check->id);
    struct finding finding = {.check = check->id,
                              .detail = r.detail,
                              .undecided = r.answer == ANSWER_UNDECIDED,
                              .report_only = r.report_only,
                              .contested = subject_is_contested(&x->out->subject)};
    if (r.answer == ANSWER_VIOLATES)
        e->waiver = waiver_find(&x->out->subject, c, check->id);
    if (e->waiver)
        finding.waiver = e->waiver->dn;
    if (r.answer == ANSWER_VIOLATES)
        e->action = finding_action(in->policy, c, &finding);
    if (e->answer == EXPLAIN_VIOLATES && c && c->opinion == OPINION_DISAGREES)
        e->answer = EXPLAIN_UNDECIDED;
    if (e->answer == EXPLAIN_NOT_APPLICABLE)
        e->detail = slice_of(in->facts && !in->facts->readable ? "the certificate can't be read"
                                                               : "does not apply to it under this policy");
}

static size_t answer_all(struct explaining *x, const struct check_input *in, const struct certificate *c,
                         struct explained_check checks[CHECK_COUNT])
{
    size_t count = 0;
    unsigned violated = 0;
    for (unsigned id = 0; x->out->judged && id < CHECK_COUNT; id++) {
        const struct check *check = check_get((enum check_id)id);
        if (check->of_subject != (c == NULL))
            continue;
        checks[count] = (struct explained_check){.check = check};
        answer(x, in, c, &violated, &checks[count++]);
    }
    return count;
}

/* Its certificates side by side, and beside those of all others. */
static void compare(struct explaining *x)
{
    struct subject *s = &x->out->subject;
    for (size_t i = 0; i < s->certificate_count; i++)
        facts_read(s->certificates[i].der, &s->certificates[i].facts);
    holding_describe(x->pass->arena, s);
    if (!s->policy->unique)
        return;
    governance_resolve(x->pass);
    crossing_survey(x->pass);
    crossing_of(x->pass, x->pass->arena, s);
}

static void explain_certificate(struct explaining *x, const struct certificate *c, struct explained_certificate *e)
{
    const struct subject *s = &x->out->subject;
    char why[256] = "";
    e->certificate = *c;
    certificate_hash(&e->certificate);
    authority_judge_now(x->pass, x->pass->arena, s->policy, &e->certificate);
    bool agrees = second_read(x->pass->second, c->der, &e->certificate.facts, why, sizeof why) == SECOND_AGREES;
    e->certificate.opinion = agrees ? OPINION_AGREES : OPINION_DISAGREES;
    e->disagreement = arena_copy(x->pass->arena, slice_of(why));
    struct check_input in = {.policy = s->policy,
                             .hosts = s->hosts,
                             .host_count = s->host_count,
                             .der = c->der,
                             .facts = &e->certificate.facts,
                             .trust = &e->certificate.trust,
                             .sharing = &e->certificate.sharing,
                             .now_utc = x->pass->now_utc};
    e->check_count = answer_all(x, &in, &e->certificate, e->checks);
}

static void judge(struct explaining *x)
{
    struct explanation *out = x->out;
    struct pass *p = x->pass;
    problem_list problems = {0};
    const struct policy *policy = out->judged ? out->governing : as_by_default(p->arena);
    out->subject =
        subject_compile(p->arena, &x->entry, policy, dir_capabilities(p->dir)->stable_id_attribute, &problems);
    struct subject *s = &out->subject;
    bool shown = note_hidden(x, policy->certificate_attributes, s->silent_certificate_attributes);
    note_hidden(x, policy->host_attributes, s->silent_host_attributes);
    s->shows_no_certificate = s->certificate_count == 0 && shown;
    waivers_apply(p, p->arena, s);
    compare(x);
    report_problems(p, &problems);
    out->certificate_count = s->certificate_count;
    out->certificates = ARENA_ARRAY(p->arena, s->certificate_count, struct explained_certificate);
    for (size_t i = 0; i < s->certificate_count; i++)
        explain_certificate(x, &s->certificates[i], &out->certificates[i]);
    struct check_input in = {.policy = policy,
                             .hosts = s->hosts,
                             .host_count = s->host_count,
                             .sharing = &s->sharing,
                             .holding = &s->holding,
                             .now_utc = p->now_utc,
                             .shows_no_certificate = s->shows_no_certificate};
    out->check_count = answer_all(x, &in, NULL, out->checks);
}

/* What else the directory holds about it. */

/* Before it is judged: the subject knows its waivers from then on. */
static void find_waivers(struct explaining *x)
{
    struct pass *p = x->pass;
    x->out->waivers = WAIVERS_NOT_READ;
    if (!waivers_read(p))
        return;
    waivers_resolve_for(p, x->id_filter);
    x->out->waivers = waivers_hold_all(p) ? WAIVERS_UNKNOWN : waivers_any(p) ? WAIVERS_THERE : WAIVERS_NONE_SEEN;
}

static bool names_one(const struct waiver *w, const struct explanation *e)
{
    for (size_t i = 0; i < e->certificate_count; i++)
        if (waiver_names_certificate(w, &e->certificates[i].certificate.digest))
            return true;
    return false;
}

/* After it was judged: its certificates are hashed by then.  A waiver may name both the entry and a certificate. */
static void list_waivers(struct explaining *x)
{
    struct explanation *out = x->out;
    const struct subject *s = &out->subject;
    LIST_OF(const struct waiver *) list = {0};
    for (size_t i = 0; i < s->waiver_count; i++) {
        bool covers = i < s->waivers_of_entry || names_one(s->waivers[i], out);
        for (size_t k = 0; k < list.count; k++)
            covers &= list.items[k] != s->waivers[i];
        if (covers)
            *LIST_ADD(x->pass->arena, &list) = s->waivers[i];
    }
    out->covering = list.items;
    out->covering_count = list.count;
    if (list.count && out->waivers == WAIVERS_THERE)
        out->waivers = WAIVERS_COVER;
}

struct request_reading {
    struct pass *pass;
    LIST_OF(struct request) requests;
};

static void take_request(void *context, const struct entry *e)
{
    struct request_reading *r = context;
    problem_list problems = {0};
    struct request q = request_read(r->pass->arena, e, &problems);
    report_problems(r->pass, &problems);
    if (!q.foreign)
        *LIST_ADD(r->pass->arena, &r->requests) = q;
}

static void forget_requests(void *context)
{
    ((struct request_reading *)context)->requests.count = 0;
}

/* Requests about the entry, under whatever name, and about the certificates that it shows. */
static struct slice request_filter(struct explaining *x)
{
    struct arena *a = x->pass->arena;
    struct buffer f = {.arena = a};
    buffer_format(&f, "(&(objectClass=" CLASS_REQUEST ")(|(" ATTR_SUBJECT_DN "=%.*s)(" ATTR_SUBJECT_ID "=%.*s)",
                  SLICE_ARGS(filter_escape(a, x->dn)), SLICE_ARGS(filter_escape(a, x->out->subject.id)));
    for (size_t i = 0; i < x->out->certificate_count; i++) {
        uint8_t hex[DIGEST_HEX];
        digest_to_hex(&x->out->certificates[i].certificate.digest, hex);
        buffer_format(&f, "(" ATTR_CERTIFICATE_SHA256 "=%.*s)", DIGEST_HEX, (const char *)hex);
    }
    buffer_add(&f, SLICE_LITERAL("))"));
    return buffer_slice(&f);
}

static void look_for_requests(struct explaining *x)
{
    struct request_reading r = {.pass = x->pass};
    struct dir_search search = {.base = pass_child(x->pass, "ou=requests"),
                                .scope = DIR_ONE,
                                .filter = request_filter(x),
                                .attributes = request_attributes()};
    struct dir_sink sink = {.restart = forget_requests, .entry = take_request, .context = &r};
    struct fault fault = {{0}};
    x->out->requests_read = dir_search(x->pass->dir, &search, &sink, &fault) == RC_OK;
    x->out->requests = r.requests.items;
    x->out->request_count = x->out->requests_read ? r.requests.count : 0;
}

static enum rc explain(struct explaining *x)
{
    if (!dn_ok(x->dn) || x->dn.n == 0)
        return RC_INVALID;
    enum rc rc = read_entry(x);
    if (rc != RC_OK)
        return rc;
    if (!pass_read_policies(x->pass))
        return RC_FAULT;
    find_governor(x);
    if (x->out->judged)
        authority_read_of(x->pass, x->out->governing);
    find_waivers(x);
    judge(x);
    list_waivers(x);
    look_for_requests(x);
    return RC_OK;
}

enum rc explain_run(struct dir *d, struct second_reader *second, const struct inspect_settings *settings,
                    struct arena *a, struct slice dn, const struct inspect_sink *sink, struct explanation *out)
{
    struct look l;
    look_begin(&l, d, second, settings, a, sink);
    *out = (struct explanation){0};
    struct explaining x = {.pass = &l.pass, .dn = dn, .out = out};
    enum rc rc = explain(&x);
    look_end(&l);
    return rc;
}
