/* SPDX-License-Identifier: Apache-2.0 */
#include "support/score.h"

#include <stdio.h>

void score_tell(const char *file, const char *category, unsigned right, unsigned total, const char *note)
{
    printf("score: %s: %s: %u of %u%s%s%s\n", file, category, right, total, note ? " (" : "", note ? note : "",
           note ? ")" : "");
    fflush(stdout);
}

void score_absent(const char *file)
{
    printf("score: %s: SKIPPED, it is not beside the source tree\n", file);
    fflush(stdout);
}
