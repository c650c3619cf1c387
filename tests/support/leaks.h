/* SPDX-License-Identifier: Apache-2.0 */
/* For the few cases where a library loses memory that we can't give back.  Nothing without a leak checker. */
#ifndef SUPPORT_LEAKS_H
#define SUPPORT_LEAKS_H

#include <stdbool.h>

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define WITH_LSAN 1
#endif
#elif defined __SANITIZE_ADDRESS__
#define WITH_LSAN 1
#endif
#ifdef WITH_LSAN
#include <sanitizer/lsan_interface.h>
#endif

/* What is allocated from true to false is not missed at the end. */
static inline void forgive_leaks(bool forgive)
{
#ifdef WITH_LSAN
    if (forgive)
        __lsan_disable();
    else
        __lsan_enable();
#else
    (void)forgive;
#endif
}

#endif
