/* SPDX-License-Identifier: Apache-2.0 */
#include "support/entrytext.h"

#include <stdio.h>
#include <stdlib.h>

/* One line with those that continue it, without its newline; false at the end. */
static bool next_line(struct arena *a, struct slice *rest, struct slice *line)
{
    struct slice part;
    if (rest->n == 0 || !slice_split(rest, '\n', line))
        return false;
    while (rest->n && rest->p[0] == ' ' && slice_split(rest, '\n', &part))
        *line = arena_format(a, "%.*s%.*s", SLICE_ARGS(*line), SLICE_ARGS(slice_from(part, 1)));
    return true;
}

static bool cut_line(struct slice line, struct slice *name, struct slice *value)
{
    struct slice rest = line;
    if (!slice_split(&rest, ':', name) || !rest.p || name->n == 0 || (rest.n && (rest.p[0] == ':' || rest.p[0] == '<')))
        return false;
    *value = rest.n && rest.p[0] == ' ' ? slice_from(rest, 1) : rest;
    return true;
}

void entrytext_add(struct arena *a, struct entry *e, const char *attribute, struct slice value)
{
    size_t at = 0;
    while (at < e->count && !slice_eq_nocase(e->attributes[at].name, slice_of(attribute)))
        at++;
    struct attribute *grown = ARENA_ARRAY(a, e->count + 1, struct attribute);
    if (e->count)
        memcpy(grown, e->attributes, e->count * sizeof *grown);
    if (at == e->count)
        grown[e->count++] = (struct attribute){.name = arena_copy(a, slice_of(attribute))};
    struct slice *values = ARENA_ARRAY(a, grown[at].count + 1, struct slice);
    if (grown[at].count)
        memcpy(values, grown[at].values, grown[at].count * sizeof *values);
    values[grown[at].count++] = arena_copy(a, value);
    grown[at].values = values;
    e->attributes = grown;
}

void entrytext_drop(struct entry *e, const char *attribute)
{
    size_t kept = 0;
    struct attribute *all = (struct attribute *)(uintptr_t)e->attributes; /* ours: entrytext_add made it */
    for (size_t i = 0; i < e->count; i++)
        if (!slice_eq_nocase(all[i].name, slice_of(attribute)))
            all[kept++] = all[i];
    e->count = kept;
}

bool entrytext_next(struct arena *a, struct slice *rest, struct entry *e)
{
    struct slice line, name, value, before = *rest;
    *e = (struct entry){0};
    while (next_line(a, rest, &line)) {
        if (line.n == 0 && e->dn.n)
            return true;
        if (line.n == 0 || line.p[0] == '#') {
            before = *rest;
            continue;
        }
        if (!cut_line(line, &name, &value) || slice_eq(name, SLICE_LITERAL("dn")) != (e->dn.n == 0)) {
            *rest = before;
            return false;
        }
        if (e->dn.n == 0)
            e->dn = arena_copy(a, value);
        else
            entrytext_add(a, e, (const char *)arena_copy(a, name).p, value);
        before = *rest;
    }
    *rest = (struct slice){NULL, 0};
    return e->dn.n > 0;
}

struct entry entrytext_of(struct arena *a, const char *text)
{
    struct slice rest = slice_of(text);
    struct entry e;
    if (!entrytext_next(a, &rest, &e)) {
        fprintf(stderr, "entrytext: not an entry: %s\n", text);
        exit(1);
    }
    return e;
}
