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
    size_t i = at->attribute, k = at->value;
    for (; i < e->count; i++, k = 0) {
        const struct attribute *a = &e->attributes[i];
        if (k >= a->count || (k == 0 && (a->name.n != type.n || !is_type(a, type))))
            continue; /* from its second value on, it is known */
        *value = a->values[k];
        *at = (struct entry_cursor){i, k + 1};
        return true;
    }
    *at = (struct entry_cursor){i, 0};
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
