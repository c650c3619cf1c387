/* SPDX-License-Identifier: Apache-2.0 */
#include "support/score.h"

#include <stdbool.h>
#include <stdio.h>

static bool tried, lacked;

void score_tell(const char *file, const char *category, unsigned right, unsigned total, const char *note)
{
    tried = true;
    printf("score: %s: %s: %u of %u%s%s%s\n", file, category, right, total, note ? " (" : "", note ? note : "",
           note ? ")" : "");
    fflush(stdout);
}

void score_absent(const char *file)
{
    lacked = true;
    printf("score: %s: SKIPPED, it is not beside the source tree\n", file);
    fflush(stdout);
}

int score_result(int failed)
{
    return failed ? failed : lacked && !tried ? 77 : 0;
}
