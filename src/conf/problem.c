/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/escape.h"

static bool is_after(struct place a, struct place b)
{
    return a.line != b.line ? a.line > b.line : a.column > b.column;
}

bool problem_full(const struct conf_problems *problems)
{
    return problems->count > CONF_PROBLEMS_MAX;
}

void conf_problem_add(struct arena *a, struct conf_problems *problems, struct place at, const char *key,
                      const char *format, ...)
{
    if (problem_full(problems))
        return;
    struct conf_problem *p = LIST_ADD(a, problems);
    if (problem_full(problems)) {
        *p = (struct conf_problem){.at = at, .key = "", .text = "more problems follow; mend these first"};
        return;
    }
    char text[768];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *p = (struct conf_problem){.at = at, .key = key ? key : "", .text = (const char *)arena_copy(a, slice_of(text)).p};
}

/* Insertion: there are few, and most are in order already. */
void problem_sort(struct conf_problems *problems)
{
    for (size_t i = 1; i < problems->count; i++) {
        struct conf_problem p = problems->items[i];
        size_t j = i;
        for (; j && is_after(problems->items[j - 1].at, p.at); j--)
            problems->items[j] = problems->items[j - 1];
        problems->items[j] = p;
    }
}

const char *problem_show(struct arena *a, struct slice text)
{
    uint8_t room[CONF_SHOWN_MAX];
    size_t n = escape_write(text, "\"", room, sizeof room);
    return (const char *)arena_copy(a, slice_make(room, n)).p;
}
