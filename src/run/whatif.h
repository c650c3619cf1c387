/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would become of the directory under other policies: it is judged and planned twice, as it is and with the
 * drafts in the place of what is stored, by the rooms that a pass consists of, and the difference is told.  Nothing
 * is written.  It sees what the account sees.
 */
#ifndef RUN_WHATIF_H
#define RUN_WHATIF_H

#include "core/guard.h"
#include "run/inspect.h"

struct whatif_settings {
    const char *base;     /* ou=dircertd,… */
    const char *instance; /* whose figures the guards compare with */
    unsigned interval_s;
    int64_t now_utc;
    const struct policy *const *drafts; /* each replaces the stored policy of its DN, or is a further one */
    size_t draft_count;
    const struct slice *deleted; /* DNs of stored policies */
    size_t deleted_count;
};

/* Of what is compared: in both, only under the drafts, or only as it is.  Of a policy also: another content. */
enum whatif_change { WHATIF_SAME, WHATIF_NEW, WHATIF_GONE, WHATIF_CHANGED };
const char *whatif_change_name(enum whatif_change c); /* "unchanged", "new", "gone", "changed" */

struct whatif_policy {
    struct slice dn, revision;   /* of the draft where there is one */
    enum whatif_change change;   /* WHATIF_GONE: the drafts delete it */
    const struct policy *stored; /* NULL: none */
};

struct whatif_finding {
    enum whatif_change change;
    enum check_id check;
    struct slice dn, certificate; /* its digest in hexadecimal; empty: the entry is meant */
    struct slice policy_dn, detail, waiver;
    enum action action;
    bool undecided;
    struct slice key; /* what it is found again by: all of it but policy, detail and action */
};

struct whatif_request {
    enum whatif_change change;
    struct slice verb, id, checks, dn; /* as --dry-run prints them */
    enum request_type type;
    bool held;
    struct slice key; /* the whole line */
};

struct whatif_hold {
    enum whatif_change change; /* WHATIF_SAME: the guard trips either way */
    struct hold hold;
};

struct whatif {
    LIST_OF(struct whatif_policy) policies;  /* by DN */
    LIST_OF(struct whatif_finding) findings; /* NEW and GONE only; by DN and check */
    LIST_OF(struct whatif_request) requests; /* the same of operations; in byte order */
    LIST_OF(struct whatif_hold) holds;
    size_t findings_before, findings_after;
    bool paused; /* dircertPause is TRUE: nothing of all this would be written */
};

/*
 * True when everything was read and judged whole, both times; otherwise sink->fault or sink->policy said what was not.
 * sink->policy is called for policies under the drafts; sink->subject is not called and may be NULL.  What *out points
 * to lives as long as the arena and the drafts.
 */
bool whatif_run(struct dir *d, struct second_reader *second, const struct whatif_settings *settings, struct arena *a,
                const struct inspect_sink *sink, struct whatif *out);

#endif
