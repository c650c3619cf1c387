/* SPDX-License-Identifier: Apache-2.0 */
/* The clock that only goes forward, and chance: what keeps many daemons from doing the same thing at the same time. */
#ifndef DAEMON_TIMING_H
#define DAEMON_TIMING_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t timing_now_ms(void);
/* A number from 0 to limit, both included; limit not negative. */
int64_t timing_chance(int64_t limit);
/*
 * How long to wait after that many failures in a row, in milliseconds: a second, doubling to five minutes, of which up
 * to a half is left to chance.  0 after none.
 */
int64_t timing_backoff_ms(unsigned failures);
/* From the start of one pass to that of the next: the interval and up to a tenth of it more. */
int64_t timing_interval_ms(unsigned interval_s);
/* The longest that it may be. */
int64_t timing_interval_most_ms(unsigned interval_s);

#endif
