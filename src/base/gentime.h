/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points in time are int64_t seconds since 1970-01-01T00:00:00Z, as time_t counts them (no leap seconds).
 * The names of such variables end in _utc.
 */
#ifndef BASE_GENTIME_H
#define BASE_GENTIME_H

#include "base/slice.h"

enum { GENTIME_LEN = 15 };

/* Proleptic Gregorian calendar; false when a field is out of its range. */
bool gentime_from_fields(int64_t year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second,
                         int64_t *at_utc);
/*
 * LDAP's Generalized Time: YYYYmmddHH[MM[SS]][(.|,)fraction](Z|(+|-)hh[mm]).  The fraction is one of the last unit
 * that is given, an hour, a minute or a second; what is left of it below a second is cut.  A leap second (SS is 60)
 * is the first second of the next minute.
 * @source RFC 4517 section 3.3.13
 */
bool gentime_read(struct slice s, int64_t *at_utc);
/* YYYYmmddHHMMSSZ; no NUL.  Years outside 0..9999 are cut to that range. */
void gentime_write(int64_t at_utc, uint8_t out[GENTIME_LEN]);

#endif
