/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing to build on yet: stands in for run/past.c until it is there. */
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
