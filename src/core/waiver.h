/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A waiver entry, compiled: findings that are tolerated for a time.
 * @source the schema's class dircertWaiver
 */
#ifndef CORE_WAIVER_H
#define CORE_WAIVER_H

#include "base/digest.h"
#include "core/policy.h"
#include "core/subject.h"

struct waiver {
    struct slice dn;
    const struct target *targets;
    size_t target_count;
    const struct digest *certificates; /* ascending, each once */
    size_t certificate_count;
    unsigned checks;   /* bits of enum check_id */
    int64_t until_utc; /* both ends belong to it; 0: not known */
    struct slice reason;
    bool ended; /* its time is up: it covers nothing */
    /*
     * Something of it does not parse, or is missing.  What can be read of it still covers what it names, for whatever
     * check where the checks are what can't be read: nobody is acted on against what an administrator meant.
     */
    bool malformed;
    bool reach_unknown; /* ... whom it names is among that: nothing may be acted on at all */
};

/*
 * Compiles one entry into the arena; what is wrong is appended to *problems.  Of one that has ended, that is the only
 * thing that is wrong.
 */
const struct waiver *waiver_compile(struct arena *a, const struct entry *e, policy_knows_fn *knows, void *context,
                                    int64_t now_utc, problem_list *problems);

/* Does it cover that check at all, and that certificate by its digest? */
bool waiver_covers_check(const struct waiver *w, enum check_id check);
bool waiver_names_certificate(const struct waiver *w, const struct digest *digest);

/*
 * Which of the subject's waivers covers that check: of a certificate, which has to be hashed where a waiver names
 * certificates, or where c is NULL of the entry itself, which only a target reaches.  The first one; NULL: none.
 */
const struct waiver *waiver_find(const struct subject *s, const struct certificate *c, enum check_id check);
/* Marks the findings that one of the subject's waivers covers; the marked ones live in the arena. */
void waiver_mark_certificate(struct arena *a, const struct subject *s, struct certificate *c);
void waiver_mark_subject(struct arena *a, struct subject *s);

#endif
