/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incomplete is never absent: that a subject is gone, that no policy governs it any more, or that an entry has lost
 * its certificates is only believed on positive evidence.
 */
#include "run/pass_private.h"

#include "base/dn.h"

#include <stdlib.h>

static const struct slice any_entry = SLICE_LITERAL("(objectClass=*)");

static const char looking_for_subject[] = "find out where the subject of a request is";

/* Is an entry of this id anywhere in the directory?  False where a search failed. */
static bool locate(struct pass *p, struct slice id_filter, bool *found)
{
    const struct dir_capabilities *c = dir_capabilities(p->dir);
    *found = false;
    for (size_t i = 0; i < c->suffix_count && !*found; i++) {
        size_t count;
        enum rc rc = pass_ask(p, c->suffixes[i], DIR_SUBTREE, id_filter, looking_for_subject, &count);
        if (rc != RC_NOT_FOUND && rc != RC_OK)
            return false;
        *found = count > 0;
    }
    return c->suffix_count > 0;
}

/*
 * The account still sees what stood beside the entry, stable ids included (the one that is looked for could be hidden
 * with them), or the server says that nothing is left there.
 */
static bool sees_siblings(struct pass *p, struct slice dn)
{
    static const struct slice leaf = SLICE_LITERAL("(hasSubordinates=FALSE)");
    size_t count;
    struct slice parent = dn_parent(dn);
    struct slice with_id = arena_format(p->arena, "(%s=*)", dir_capabilities(p->dir)->stable_id_attribute);
    if (pass_ask(p, parent, DIR_ONE, with_id, looking_for_subject, &count) != RC_OK)
        return false;
    return count > 0 || (pass_ask(p, parent, DIR_BASE, leaf, looking_for_subject, &count) == RC_OK && count > 0);
}

/* An entry stands at that name and does not show its id: it may be the one that is looked for. */
static bool may_stand_there(struct pass *p, struct slice dn)
{
    size_t count;
    struct slice with_id = arena_format(p->arena, "(%s=*)", dir_capabilities(p->dir)->stable_id_attribute);
    enum rc rc = pass_ask(p, dn, DIR_BASE, any_entry, looking_for_subject, &count);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && count == 0))
        return false;
    return rc != RC_OK || pass_ask(p, dn, DIR_BASE, with_id, looking_for_subject, &count) != RC_OK || count == 0;
}

static bool is_gone(struct pass *p, struct slice dn)
{
    return sees_siblings(p, dn) && !may_stand_there(p, dn);
}

static enum whereabouts where_is(struct pass *p, const struct request *q)
{
    bool found;
    const struct governed *g;
    struct slice filter = pass_id_filter(p, q->record.subject_id);
    if (filter.n == 0 || !locate(p, filter, &found))
        return WHERE_UNKNOWN;
    if (!found)
        return is_gone(p, q->record.basis.subject_dn) ? WHERE_GONE : WHERE_UNKNOWN;
    if (!governance_of(p, filter, &g))
        return WHERE_UNKNOWN;
    if (!g)
        return WHERE_UNGOVERNED;
    if (g->policy->disabled)
        return WHERE_WEAK;
    return g->policy->mode == MODE_OFF ? WHERE_OFF : WHERE_UNKNOWN; /* else it appeared only after the scan */
}

static int compare_id_with_subject(const void *id, const void *subject)
{
    return slice_compare(*(const struct slice *)id, (*(const struct subject *const *)subject)->id);
}

struct subject *pass_find_subject(const struct pass *p, struct slice id)
{
    struct subject **found = p->subjects.count ? bsearch(&id, p->subjects.items, p->subjects.count,
                                                         sizeof *p->subjects.items, compare_id_with_subject)
                                               : NULL;
    return found ? *found : NULL;
}

static void report_undecided(struct pass *p, const struct subject *s, const char *reason)
{
    if (!p->interrupted && told_first_time(p->arena, &p->told, s->dn, slice_of("undecided"), slice_of(reason)) &&
        remember_of_subjects(p, s->policy, s->dn, reason, slice_of(reason)))
        LOG_EVENT(pass_log(p), EVENT_UNDECIDED, log_dn("dn", s->dn), log_dn("policy", s->policy->dn),
                  log_text("check", "-"), log_text("reason", reason));
}

static struct slice add_absent(struct pass *p, struct slice filter, const char *const *names, unsigned silent)
{
    for (unsigned i = 0; names[i]; i++)
        if (silent & 1u << i)
            filter = arena_format(p->arena, "%.*s(!(%s=*))", SLICE_ARGS(filter), names[i]);
    return filter;
}

/*
 * Of each attribute that showed nothing, the entry matches the absence too: hidden values match neither.  Host names
 * matter only where a rule compares them.
 */
static void look_behind_silence(struct pass *p, struct subject *s)
{
    size_t count;
    unsigned hosts = s->policy->name_match == MATCH_NONE ? 0 : s->silent_host_attributes;
    if (s->silent_certificate_attributes == 0 && hosts == 0)
        return;
    struct slice filter = arena_format(p->arena, "(&%.*s", SLICE_ARGS(pass_id_filter(p, s->id)));
    filter = add_absent(p, filter, s->policy->certificate_attributes, s->silent_certificate_attributes);
    filter = add_absent(p, filter, s->policy->host_attributes, hosts);
    filter = arena_format(p->arena, "%.*s)", SLICE_ARGS(filter));
    s->undecided =
        pass_ask(p, s->dn, DIR_BASE, filter, "find out what an entry does not have", &count) != RC_OK || count != 1;
    if (s->undecided)
        report_undecided(p, s,
                         "it shows no value of an attribute that is judged, and cannot be shown to have none: this "
                         "account may not read it");
    s->shows_no_certificate |= !s->undecided && s->certificate_count == 0;
}

void evidence_of_subjects(struct pass *p)
{
    for (size_t i = 0; i < p->subjects.count && pass_goes_on(p); i++)
        look_behind_silence(p, p->subjects.items[i]);
}

/* One policy without exclusions governs whatever its own filter matches. */
static bool needs_asking(const struct pass *p)
{
    return p->policy_count > 1 || (p->policy_count == 1 && p->governed[0].policy->exclude_count > 0);
}

/* The policy that its scan was about governs it, also when the directory is asked about this entry alone. */
static void ask_who_governs(struct pass *p, struct subject *s)
{
    const struct governed *g;
    if (!needs_asking(p))
        return;
    s->governance_known = governance_of(p, pass_id_filter(p, s->id), &g) && g && g->policy == s->policy;
    s->undecided = !s->governance_known;
    if (s->undecided)
        report_undecided(p, s, "asked about this entry alone, the directory does not say that this policy governs it");
}

/*
 * A request is only opened where the same policy governs the entry when it is asked about this entry alone: a value
 * that is hidden there could keep it from being excluded, governed by another, or waived.
 */
bool evidence_of_openings(struct pass *p, const struct plan *plan)
{
    bool changed = false;
    for (size_t i = 0; i < plan->count && pass_goes_on(p); i++) {
        const struct operation *o = &plan->operations[i];
        struct subject *s = o->opens ? pass_find_subject(p, o->record.subject_id) : NULL;
        if (!s || s->undecided || s->governance_known)
            continue;
        ask_who_governs(p, s);
        if (!s->undecided && !waivers_decided(p, s)) {
            s->undecided = true;
            report_undecided(p, s,
                             "a waiver may name it: this account may not see all that the waiver's target asks for");
        }
        changed |= s->undecided;
    }
    return changed;
}

/*
 * A full pass finds out whether it sees what the filters of targets and exclusions name; a look takes that over, and it
 * may have been hidden since.  So what it would do to a request of somebody is asked about as well.
 */
bool evidence_of_changes(struct pass *p, const struct plan *plan)
{
    bool changed = false;
    for (size_t i = 0; i < plan->count && pass_goes_on(p); i++) {
        const struct operation *o = &plan->operations[i];
        bool moves = o->existing && o->record.type == REQUEST_REISSUE && o->verb != VERB_PURGE;
        struct subject *s = moves ? pass_find_subject(p, o->record.subject_id) : NULL;
        if (!s || s->undecided || s->governance_known)
            continue;
        ask_who_governs(p, s);
        changed |= s->undecided;
    }
    return changed;
}

/* Of a policy whose searches did not end whole nothing is concluded, wherever its subjects are. */
static bool is_of_incomplete_policy(const struct pass *p, const struct request *q)
{
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct policy *policy = p->policies[i].policy;
        if (slice_eq_nocase(policy->dn, q->record.basis.policy_dn))
            return !p->policies[i].complete && !policy->disabled && policy->mode != MODE_OFF;
    }
    return false;
}

void evidence_gather(struct pass *p)
{
    for (size_t i = 0; i < p->request_count && pass_goes_on(p); i++) {
        struct plan_request *q = &p->requests[i];
        if (q->request.foreign || q->request.record.type != REQUEST_REISSUE ||
            state_in(q->request.record.state, STATES_ENDED) || is_of_incomplete_policy(p, &q->request))
            continue;
        bool seen = pass_find_subject(p, q->request.record.subject_id) != NULL;
        q->where = seen ? WHERE_UNKNOWN : where_is(p, &q->request);
    }
}
