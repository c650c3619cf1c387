/* SPDX-License-Identifier: Apache-2.0 */
#include "core/entry.h"

static bool is_type(const struct attribute *a, struct slice name)
{
    return a->name.n == name.n && (memcmp(a->name.p, name.p, name.n) == 0 || slice_eq_nocase(a->name, name)) &&
           (a->options.n == 0 || slice_eq_nocase(a->options, SLICE_LITERAL("binary")));
}

bool entry_next_value(const struct entry *e, const char *name, struct entry_cursor *at, struct slice *value)
{
    struct slice type = slice_of(name);
    for (; at->attribute < e->count; at->attribute++, at->value = 0) {
        const struct attribute *a = &e->attributes[at->attribute];
        if (at->value < a->count && (at->value || is_type(a, type))) { /* from its second value on, it is known */
            *value = a->values[at->value++];
            return true;
        }
    }
    return false;
}

size_t entry_count(const struct entry *e, const char *name)
{
    struct entry_cursor at = {0};
    struct slice value;
    size_t n = 0;
    while (entry_next_value(e, name, &at, &value))
        n++;
    return n;
}

struct slice entry_first(const struct entry *e, const char *name)
{
    struct entry_cursor at = {0};
    struct slice value;
    return entry_next_value(e, name, &at, &value) ? value : (struct slice){NULL, 0};
}
