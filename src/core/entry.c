/* SPDX-License-Identifier: Apache-2.0 */
#include "core/entry.h"

bool attribute_is(const struct attribute *a, struct slice name)
{
    return a->name.n == name.n && (memcmp(a->name.p, name.p, name.n) == 0 || slice_eq_nocase(a->name, name)) &&
           (a->options.n == 0 || slice_eq_nocase(a->options, SLICE_LITERAL("binary")));
}

const struct attribute *entry_next_attribute(const struct entry *e, struct slice type, size_t *index)
{
    while (*index < e->count) {
        const struct attribute *a = &e->attributes[(*index)++];
        if (a->name.n == type.n && attribute_is(a, type))
            return a;
    }
    return NULL;
}

bool entry_next_value(const struct entry *e, const char *name, struct entry_cursor *at, struct slice *value)
{
    size_t next = at->attribute;
    const struct attribute *a = at->value ? &e->attributes[next++] : NULL; /* it is known to be of that type */
    struct slice type = {NULL, 0};
    while (!a || at->value >= a->count) {
        if (!type.p)
            type = slice_of(name);
        a = entry_next_attribute(e, type, &next);
        *at = (struct entry_cursor){a ? next - 1 : next, 0};
        if (!a)
            return false;
    }
    *value = a->values[at->value++];
    return true;
}

size_t entry_count(const struct entry *e, const char *name)
{
    const struct slice type = slice_of(name);
    const struct attribute *a;
    size_t n = 0;
    for (size_t i = 0; (a = entry_next_attribute(e, type, &i));)
        n += a->count;
    return n;
}

struct slice entry_first(const struct entry *e, const char *name)
{
    struct entry_cursor at = {0};
    struct slice value;
    return entry_next_value(e, name, &at, &value) ? value : (struct slice){NULL, 0};
}
