/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing to build on yet: stands in for run/past.c and dir/ldap_sync.c until they are there. */
#include "dir/sync.h"
#include "run/past.h"

#define WEAK __attribute__((weak))

static struct deadlines none;

WEAK struct past *past_open(void)
{
    return (struct past *)(void *)&none;
}

WEAK void past_close(struct past *p)
{
    (void)p;
}

WEAK bool past_is_ready(const struct past *p)
{
    (void)p;
    return false;
}

WEAK void past_forget(struct past *p)
{
    (void)p;
}

WEAK struct deadlines *past_deadlines(struct past *p)
{
    (void)p;
    return &none;
}

WEAK bool dir_sync_is_offered(const struct dir *d)
{
    (void)d;
    return false;
}

WEAK bool dir_sync_begins_now(const struct dir *d)
{
    (void)d;
    return false;
}

WEAK enum rc dir_sync_open(struct dir *d, const struct dir_sync_settings *settings, const struct dir_sync_sink *sink,
                           struct dir_sync **out, struct fault *fault)
{
    (void)d, (void)settings, (void)sink, (void)out;
    return fault_set(fault, RC_INVALID, "not there yet");
}

WEAK void dir_sync_close(struct dir_sync *s)
{
    (void)s;
}

WEAK enum rc dir_sync_step(struct dir_sync *s, int wait_ms, struct fault *fault)
{
    (void)s, (void)wait_ms;
    return fault_set(fault, RC_INVALID, "not there yet");
}

WEAK bool dir_sync_is_refreshed(const struct dir_sync *s)
{
    (void)s;
    return false;
}

WEAK int dir_sync_fd(const struct dir_sync *s)
{
    (void)s;
    return -1;
}

WEAK bool dir_sync_has_message(const struct dir_sync *s)
{
    (void)s;
    return false;
}

WEAK const char *dir_sync_cookies(const struct dir_sync *s)
{
    (void)s;
    return NULL;
}
