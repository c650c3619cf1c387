/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts without a certificate: what a check looks at is put together by hand, so that it is tried on every answer that
 * a reader may give, and not only on certificates that can be made.
 */
#ifndef TESTS_SUPPORT_SKETCH_H
#define TESTS_SUPPORT_SKETCH_H

#include "core/check.h"
#include "support/derbuild.h"

struct sketch {
    struct arena *arena;
    struct slice der; /* the pieces one after the other */
    struct facts facts;
};

/* Version 3, readable, all else absent. */
void sketch_begin(struct sketch *s, struct arena *a);
struct span sketch_place(struct sketch *s, struct slice octets);
/* An OID in dotted decimal, which must be right: its content octets. */
struct slice sketch_oid(struct arena *a, const char *dotted);
/* "meets", "violates", "n/a" or "undecided"; *detail is what it says. */
const char *sketch_answer(const struct sketch *s, const struct policy *p, int64_t now_utc, enum check_id id,
                          struct slice *detail);
/*
 * Fails the test unless the check answers so, and its detail has `part` in it (NULL: whatever it is); looks also
 * whether the detail is printable, is there exactly when it has to be, and whether explain has values to show.
 */
void sketch_expect(const struct sketch *s, const struct policy *p, int64_t now_utc, enum check_id id,
                   const char *answer, const char *part);

#endif
