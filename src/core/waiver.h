/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A waiver entry, compiled: findings that are tolerated for a time.
 * @source the schema's class dircertWaiver
 */
#ifndef CORE_WAIVER_H
#define CORE_WAIVER_H

#include "base/digest.h"
#include "core/policy.h"

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

/* Compiles one entry into the arena; what is wrong is appended to *problems, and so is that it has ended. */
const struct waiver *waiver_compile(struct arena *a, const struct entry *e, policy_knows_fn *knows, void *context,
                                    int64_t now_utc, problem_list *problems);

/* Does it cover that check at all, and that certificate by its digest? */
bool waiver_covers_check(const struct waiver *w, enum check_id check);
bool waiver_names_certificate(const struct waiver *w, const struct digest *digest);

#endif
