/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what one pass saw to what it would write: a pure function whose result is a value.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "core/lifecycle.h"
#include "core/subject.h"

/* One policy as this pass met it. */
struct policy_pass {
    const struct policy *policy;
    bool complete; /* it was searched, and every search that says whom it governs ended whole */
    size_t subjects, with_certificate, findings;
};

/* Where the subject of a request is, when no policy's search showed it. */
enum whereabouts {
    WHERE_UNKNOWN,    /* not decided: nothing follows */
    WHERE_GONE,       /* its stable id is nowhere, and its siblings are still seen */
    WHERE_UNGOVERNED, /* it is there, and positively no policy governs it */
    WHERE_OFF,        /* it is there, and a policy that is off governs it */
    WHERE_WEAK,       /* it is there, and a policy that is disabled governs it */
};

struct plan_request {
    struct request request;
    struct certificate *stored; /* what dircertCertificate holds, facts read; no digest asked for means not readable */
    size_t stored_count;
    struct certificate result; /* dircertResultCertificate; der empty when there is none */
    enum whereabouts where;    /* of the subject of a reissue */
    unsigned waived;           /* checks that a waiver covers, of its subject, or of the certificate of a revocation */
};

enum hold_scope { HOLD_NOTHING, HOLD_OPENING, HOLD_EVERYTHING };

struct plan_input {
    int64_t now_utc;
    int64_t interval_s;
    const struct policy_pass *policies;
    const enum hold_scope *holds; /* one for each policy, or NULL */
    size_t policy_count;
    struct subject *const
        *subjects; /* whose findings ask for something, or about whom requests exist; by id, all hashed */
    size_t subject_count;
    struct plan_request *requests;
    size_t request_count;
};

enum verb { VERB_CREATE, VERB_REOPEN, VERB_REVISE, VERB_MOVE, VERB_REPAIR, VERB_PURGE };

struct operation {
    enum verb verb;
    bool held;
    struct record record; /* as it shall be; for a purge as it is */
    enum state from;
    unsigned checks;                     /* of the findings that ask for it now; 0 where none do */
    const struct policy *policy;         /* may be NULL: vanished */
    const struct plan_request *existing; /* NULL: create */
    bool opens;                          /* counts for the first guard */
    bool noncompliant;                   /* the authority issued what violates policy */
    bool waived;                         /* a waiver covers what it was made for: that has not ended */
    struct entry attributes;             /* create: all; otherwise those to be replaced, an empty one to be deleted */
};

struct plan {
    struct operation *operations;
    size_t count;
};

/* "<check> <detail>", as dircertFinding has it. */
struct slice finding_text(struct arena *a, const struct finding *f);

/* Sorts ascending, each once; returns how many are left. */
size_t sort_digests(struct digest *items, size_t count);

struct plan plan_build(struct arena *a, const struct plan_input *in);

/*
 * True when nothing would be written of this reissue now if its subject asked for exactly what is on record, or if it
 * has ended, for nothing.  `in` says the time, the interval and the policies, which count as complete.  Of q only the
 * request is looked at.  False is always allowed.
 */
bool plan_is_quiet(struct arena *a, const struct plan_input *in, const struct plan_request *q);
/*
 * What a judged subject asks for, as the basis of its reissue: true only where that is all that plan_build would
 * conclude from it, whatever stands below ou=requests, if the second reader agrees about all of its certificates.
 * Everything lives in the arena.  False is always allowed.
 */
bool plan_asks_only(struct arena *a, const struct subject *s, int64_t now_utc, struct basis *out);

/*
 * `<verb> <type> <request id> <check[,check] or -> <subject DN>`, as --dry-run prints it; checks in byte order, the
 * DN with control characters escaped.
 */
struct slice plan_line(struct arena *a, const struct operation *o);
/* The plan's lines in byte order, each with its newline. */
struct slice plan_text(struct arena *a, const struct plan *p);
/* The names of the checks in byte order with commas between them; "-" for none. */
struct slice plan_checks(struct arena *a, unsigned checks);
/* "create", "move-pending" and so on, with "held-" before it where a guard holds it. */
struct slice plan_verb(struct arena *a, const struct operation *o);

#endif
