/* SPDX-License-Identifier: Apache-2.0 */
/* Waiver values: a waiver that does not parse never covers less than what could be read of it. */
#include "fuzz/fuzz.h"

#include "core/waiver.h"

enum { NOW_UTC = 1750000000 };

static bool knows(void *context, struct slice attribute)
{
    (void)context;
    return attribute.n > 0 && attribute.p[0] != 'x';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    problem_list problems = {0};
    struct entry e = fuzz_entry(&a, slice_make(data, size));
    const struct waiver *w = waiver_compile(&a, &e, knows, NULL, NOW_UTC, &problems);
    PROMISE(!w->malformed || problems.count > 0);
    PROMISE(!w->reach_unknown || w->malformed);
    PROMISE(!w->ended || problems.count > 0);
    PROMISE(w->malformed || w->ended || w->target_count > 0 || w->certificate_count > 0);
    for (unsigned id = 0; id < CHECK_COUNT; id++)
        if (waiver_covers_check(w, (enum check_id)id))
            PROMISE(!w->ended);
    arena_free(&a);
    return 0;
}
