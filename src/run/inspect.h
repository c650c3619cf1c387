/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading half of a pass, for a person who wants to know: policies, who governs whom, and every subject judged.
 * Nothing is planned, written or logged; what a pass would log goes to the caller.  It sees what the account sees.
 */
#ifndef RUN_INSPECT_H
#define RUN_INSPECT_H

#include "core/subject.h"
#include "dir/dir.h"
#include "x509/second.h"

/* How one policy fared. */
struct inspect_policy {
    const struct policy *policy;
    const char
        *result; /* "complete", "incomplete", "off", "disabled" or "suspended" (an earlier one is not understood) */
    size_t subjects, with_certificate, findings, undecided,
        waived; /* good for something where the result is "complete" */
};

/*
 * All callbacks have to be there.  What they are handed lives until they return, policies as long as the arena; the
 * directory must not be used from inside.  An entry without certificates may be handed over twice, the second time
 * with shows_no_certificate; and after a search had to begin again, any entry.
 */
struct inspect_sink {
    void (*subject)(void *context, const struct subject *s);
    void (*problem)(void *context, const struct problem *p);
    void (*fault)(void *context, const char *what, const char *detail); /* something was not read, or not judged */
    void (*policy)(void *context, const struct inspect_policy *p);      /* after its subjects, by precedence */
    void *context;
};

struct inspect_settings {
    const char *base; /* ou=dircertd,… */
    int64_t now_utc;
    struct slice policy; /* empty, or the DN or cn of the only policy whose subjects are judged */
};

/*
 * True when everything was read and every policy asked for was judged whole, or is off.  A policy that is named and
 * not there is a fault.
 */
bool inspect_run(struct dir *d, struct second_reader *second, const struct inspect_settings *settings, struct arena *a,
                 const struct inspect_sink *sink);

/* Is it the policy that a person names: its cn, or its DN as the directory spells it, case ignored? */
bool inspect_is_named(const struct policy *p, struct slice name);

#endif
