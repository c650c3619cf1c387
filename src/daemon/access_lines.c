/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/access_private.h"

#include "base/escape.h"

enum { WHERE_CAP = 240, REMARK_CAP = 400 };

static struct access_line *find(struct access *a, const struct access_line *like)
{
    for (size_t i = 0; i < a->lines.count; i++) {
        struct access_line *line = &a->lines.items[i];
        if (line->verdict == like->verdict && line->right == like->right && slice_eq(line->where, like->where) &&
            slice_eq(line->remark, like->remark))
            return line;
    }
    struct access_line *line = LIST_ADD(a->arena, &a->lines);
    *line = *like;
    return line;
}

static bool has(const struct access_line *line, struct slice name)
{
    for (size_t i = 0; i < line->attributes.count; i++)
        if (slice_eq_nocase(line->attributes.items[i], name))
            return true;
    return false;
}

void access_note(struct access *a, enum access_verdict verdict, enum access_right right, struct slice where,
                 const char *attribute, struct slice remark)
{
    const struct access_line like = {.verdict = verdict,
                                     .right = right,
                                     .where = escape_rest(a->arena, where, WHERE_CAP),
                                     .remark = arena_copy(a->arena, slice_upto(remark, REMARK_CAP))};
    struct access_line *line = find(a, &like);
    struct slice name = attribute ? arena_copy(a->arena, slice_of(attribute)) : SLICE_LITERAL("the entry");
    if (has(line, name))
        return;
    *LIST_ADD(a->arena, &line->attributes) = name;
    a->totals[verdict]++;
}

void access_print(const struct access *a, FILE *out)
{
    static const char *const verdicts[] = {
        [ACCESS_OK] = "ok", [ACCESS_MISSING] = "missing", [ACCESS_TOO_MUCH] = "too-much", [ACCESS_UNKNOWN] = "unknown"};
    static const char *const rights[] = {[ACCESS_REACH] = "reach",
                                         [ACCESS_READ] = "read",
                                         [ACCESS_WRITE] = "write",
                                         [ACCESS_ADD] = "add",
                                         [ACCESS_DELETE] = "delete"};
    for (size_t i = 0; i < a->lines.count; i++) {
        const struct access_line *line = &a->lines.items[i];
        fprintf(out, "%-8s %-6s %.*s:", verdicts[line->verdict], rights[line->right], SLICE_ARGS(line->where));
        for (size_t k = 0; k < line->attributes.count; k++)
            fprintf(out, "%s %.*s", k ? "," : "", SLICE_ARGS(line->attributes.items[k]));
        if (line->remark.n)
            fprintf(out, " -- %.*s", SLICE_ARGS(line->remark));
        fputc('\n', out);
    }
    fprintf(out, "in all: %zu ok, %zu missing, %zu too much, %zu unknown\n", a->totals[ACCESS_OK],
            a->totals[ACCESS_MISSING], a->totals[ACCESS_TOO_MUCH], a->totals[ACCESS_UNKNOWN]);
}
