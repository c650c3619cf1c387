/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/timing.h"

#include <sys/random.h>
#include <time.h>

enum { BACKOFF_FIRST_MS = 1000, BACKOFF_MOST_MS = 300000, BACKOFF_DOUBLINGS = 9 };

int64_t timing_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Where the kernel has no random number to give, the clock's last digits do: nothing secret rests on this. */
int64_t timing_chance(int64_t limit)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        number = (uint64_t)t.tv_nsec;
    }
    return limit > 0 ? (int64_t)(number % ((uint64_t)limit + 1)) : 0;
}

int64_t timing_backoff_ms(unsigned failures)
{
    if (failures == 0)
        return 0;
    unsigned doublings = failures - 1 < BACKOFF_DOUBLINGS ? failures - 1 : BACKOFF_DOUBLINGS;
    int64_t whole = (int64_t)BACKOFF_FIRST_MS << doublings;
    if (whole > BACKOFF_MOST_MS)
        whole = BACKOFF_MOST_MS;
    return whole / 2 + timing_chance(whole / 2);
}

int64_t timing_interval_ms(unsigned interval_s)
{
    int64_t whole = (int64_t)interval_s * 1000;
    return whole + timing_chance(whole / 10);
}

int64_t timing_interval_most_ms(unsigned interval_s)
{
    int64_t whole = (int64_t)interval_s * 1000;
    return whole + whole / 10;
}
