/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A world for the plan without a directory: policies compiled from text, subjects with certificates of real DER, and
 * requests as entries, which are read anew in each pass and on which a plan can be carried out.  Everything has a short
 * name: a subject "h1" is cn=h1,ou=hosts,dc=x with the stable id entryUUID:h1; certificates have labels (the table in
 * planworld.c); a request is "reissue <subject>" or "revoke <label>".  What does not exist ends the process.
 */
#ifndef TESTS_SUPPORT_PLANWORLD_H
#define TESTS_SUPPORT_PLANWORLD_H

#include "core/plan.h"
#include "core/waiver.h"

enum { PLANWORLD_NOW = 1800000000, PLANWORLD_INTERVAL_S = 300, PLANWORLD_MOST = 8 };

/* Of version 3, with the right dNSName. */
#define PLANWORLD_RULES     "dircertMode: enforce\ndircertAllowedVersion: 3\ndircertNameMatch: san\n"
#define PLANWORLD_ASKS      PLANWORLD_RULES "dircertOnFinding: version reissue\ndircertOnFinding: san-mismatch reissue\n"
#define PLANWORLD_ASKS_ONCE PLANWORLD_ASKS "dircertConfirmations: 1\n"

struct planworld_subject {
    const char *name, *policy, *hosts, *certificates;
    struct slice dn;
    bool hidden, undecided; /* undecided: values may only be hidden */
};

struct planworld_request {
    struct slice name; /* "reissue h1" */
    struct entry entry;
    enum whereabouts where;
};

struct planworld {
    struct arena arena;
    int64_t now_utc;
    struct policy_pass policies[PLANWORLD_MOST];
    enum hold_scope holds[PLANWORLD_MOST];
    size_t policy_count;
    struct planworld_subject subjects[PLANWORLD_MOST];
    size_t subject_count;
    struct planworld_request requests[PLANWORLD_MOST];
    size_t request_count;
    const char *waived; /* NULL: there is no waiver */
    struct waiver waiver;
    const struct waiver *waivers[1];
    struct trust trust;  /* of every certificate, published or on record */
    bool result_doubted; /* the readers disagree about dircertResultCertificate */
    struct plan plan;    /* the last one */
};

void planworld_begin(struct planworld *w);
void planworld_end(struct planworld *w);

/* Adds the policy or replaces it; the text has the attributes beside cn and dircertTarget.  It is complete, unheld. */
void planworld_policy(struct planworld *w, const char *cn, const char *attributes);
void planworld_forget_policy(struct planworld *w, const char *cn);
struct policy_pass *planworld_policy_pass(struct planworld *w, const char *cn);
void planworld_hold(struct planworld *w, const char *cn, enum hold_scope scope);

/*
 * Adds the subject or replaces it: host names and labels of certificates with spaces between; "?label": the readers
 * disagree about it; "none": there is positively no certificate; "": none is shown.
 */
void planworld_subject(struct planworld *w, const char *name, const char *policy, const char *hosts,
                       const char *certificates);
struct planworld_subject *planworld_find_subject(struct planworld *w, const char *name);
/* No pass sees it any more. */
void planworld_hide(struct planworld *w, const char *name);
struct slice planworld_der(struct planworld *w, const char *label);
/* As a pass has it: read, both readers agree, hashed. */
struct certificate planworld_read(struct planworld *w, struct slice der);

/* The request's id, whether or not there is such a request. */
struct slice planworld_id(struct planworld *w, const char *request);
bool planworld_has(struct planworld *w, const char *request);
struct planworld_request *planworld_request(struct planworld *w, const char *request);
/* The first value, ended by NUL; "" when there is none. */
const char *planworld_value(struct planworld *w, const char *request, const char *attribute);
/* Somebody writes: the value replaces all; NULL deletes. */
void planworld_put(struct planworld *w, const char *request, const char *attribute, const char *value);
void planworld_put_der(struct planworld *w, const char *request, const char *attribute, struct slice der);
/* "approve" or "reject", of the generation that stands there. */
void planworld_decide(struct planworld *w, const char *request, const char *word);
/* A claim for an hour, and an outcome of the generation and attempt that stand there. */
void planworld_report(struct planworld *w, const char *request, const char *word);

/*
 * There is one waiver for that check: of subjects by name, and of certificates as "#label", with spaces between; what
 * NULL: there is none any more.
 */
void planworld_waive(struct planworld *w, const char *what, const char *check);

/* Builds the plan: its lines sorted, "<verb> <type> <name> <checks>", with "; " between. */
const char *planworld_plan(struct planworld *w);
/* Time passes, the plan is built, and what nothing holds is carried out.  The plan as above. */
const char *planworld_pass(struct planworld *w, int64_t after_s);
/* Begins a world in which the subject h1 under the policy "p" shows "v1", and brings its reissue to that state. */
void planworld_reissue_at(struct planworld *w, enum state to);
/* The operation of the last plan about that request, or NULL; where two are, the one that is not held. */
const struct operation *planworld_operation(struct planworld *w, const char *request);

/* What most tests begin with: one policy "p", and one subject "h1" under it with host name h1.x. */
void planworld_begin_with(struct planworld *w, const char *policy, const char *certificates);
/* That subject shows these certificates now. */
void planworld_show(struct planworld *w, const char *certificates);
/* So much later, a pass plans exactly this. */
#define planworld_assert_pass(w, after_s, plan) assert_string_equal(planworld_pass((w), (after_s)), (plan))

#endif
