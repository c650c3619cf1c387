/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A point in time as a person types it.
 * @source RFC 3339 section 5.6, RFC 4517 section 3.3.13
 */
#ifndef CTL_MOMENT_H
#define CTL_MOMENT_H

#include "base/gentime.h"

/*
 * "20260131235959Z" (Generalized Time), "2026-01-31T23:59:59Z" (RFC 3339, the seconds may be left out), "2026-01-31"
 * (its midnight in UTC), or "@1769903999" (seconds since 1970).  A fraction of a second is cut.  False: none of these.
 */
bool moment_read(struct slice text, int64_t *at_utc);

#endif
