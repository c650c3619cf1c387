/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incomplete is never absent: that a subject is gone, that no policy governs it any more, or that an entry has lost
 * its certificates is only believed on positive evidence.
 */
#include "run/pass_private.h"

#include "base/dn.h"

#include <stdlib.h>

static const struct slice any_entry = SLICE_LITERAL("(objectClass=*)");

static bool counted(enum rc rc)
{
    return rc == RC_OK || rc == RC_TRUNCATED;
}

/* Is an entry of this id anywhere in the directory?  False where a search failed. */
static bool locate(struct pass *p, struct slice id_filter, bool *found)
{
    const struct dir_capabilities *c = dir_capabilities(p->dir);
    *found = false;
    for (size_t i = 0; i < c->suffix_count && !*found; i++) {
        struct fault fault = {{0}};
        size_t count;
        enum rc rc = pass_count(p, c->suffixes[i], DIR_SUBTREE, id_filter, 1, &count, &fault);
        if (rc != RC_NOT_FOUND && !counted(rc))
            return false;
        *found = count > 0;
    }
    return c->suffix_count > 0;
}

/* The account still sees what stood beside the entry, or the server says that nothing is left there. */
static bool sees_siblings(struct pass *p, struct slice dn)
{
    struct fault fault = {{0}};
    size_t count;
    struct slice parent = dn_parent(dn);
    enum rc rc = pass_count(p, parent, DIR_ONE, any_entry, 1, &count, &fault);
    if (!counted(rc))
        return false;
    if (count > 0)
        return true;
    rc = pass_count(p, parent, DIR_BASE, SLICE_LITERAL("(hasSubordinates=FALSE)"), 1, &count, &fault);
    return counted(rc) && count > 0;
}

static enum whereabouts where_is(struct pass *p, const struct request *q)
{
    bool found;
    const struct governed *g;
    struct slice filter = pass_id_filter(p, q->record.subject_id);
    if (filter.n == 0 || !locate(p, filter, &found))
        return WHERE_UNKNOWN;
    if (!found)
        return sees_siblings(p, q->record.basis.subject_dn) ? WHERE_GONE : WHERE_UNKNOWN;
    if (!governance_of(p, filter, &g))
        return WHERE_UNKNOWN;
    if (!g)
        return WHERE_UNGOVERNED;
    if (g->policy->disabled)
        return WHERE_WEAK;
    return g->policy->mode == MODE_OFF ? WHERE_OFF : WHERE_UNKNOWN; /* else it appeared only after the scan */
}

static bool is_finished(enum state s)
{
    return s == STATE_WITHDRAWN || s == STATE_FULFILLED;
}

static int compare_id_with_subject(const void *id, const void *subject)
{
    return slice_compare(*(const struct slice *)id, (*(const struct subject *const *)subject)->id);
}

static struct subject *find_subject(struct pass *p, struct slice id)
{
    struct subject **found = p->subjects.count ? bsearch(&id, p->subjects.items, p->subjects.count,
                                                         sizeof *p->subjects.items, compare_id_with_subject)
                                               : NULL;
    return found ? *found : NULL;
}

/* The entry is read, and it matches the absence of each certificate attribute. */
static bool shows_no_certificate(struct pass *p, const struct subject *s)
{
    struct fault fault = {{0}};
    size_t count;
    struct slice filter = arena_format(p->arena, "(&%.*s", SLICE_ARGS(pass_id_filter(p, s->id)));
    for (const char *const *n = s->policy->certificate_attributes; *n; n++)
        filter = arena_format(p->arena, "%.*s(!(%s=*))", SLICE_ARGS(filter), *n);
    filter = arena_format(p->arena, "%.*s)", SLICE_ARGS(filter));
    return counted(pass_count(p, s->dn, DIR_BASE, filter, 1, &count, &fault)) && count == 1;
}

void evidence_gather(struct pass *p)
{
    for (size_t i = 0; i < p->request_count; i++) {
        struct plan_request *q = &p->requests[i];
        if (q->request.foreign || q->request.record.type != REQUEST_REISSUE || is_finished(q->request.record.state))
            continue;
        struct subject *s = find_subject(p, q->request.record.subject_id);
        if (!s)
            q->where = where_is(p, &q->request);
        else if (s->certificate_count == 0 && !s->shows_no_certificate)
            s->shows_no_certificate = shows_no_certificate(p, s);
    }
}
