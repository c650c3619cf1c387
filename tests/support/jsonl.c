/* SPDX-License-Identifier: Apache-2.0 */
#include "support/jsonl.h"

#include <stdio.h>
#include <sys/stat.h>

/* The end of the string whose opening quote is at `at`: the index of its closing quote. */
static size_t string_end(struct slice s, size_t at)
{
    for (at++; at < s.n && s.p[at] != '"'; at++)
        if (s.p[at] == '\\')
            at++;
    return at < s.n ? at : s.n;
}

/* The end of the value that begins at `at`: the index of the comma or brace after it. */
static size_t value_end(struct slice s, size_t at)
{
    int depth = 0;
    for (; at < s.n; at++) {
        uint8_t c = s.p[at];
        if (c == '"')
            at = string_end(s, at);
        else if (c == '{' || c == '[')
            depth++;
        else if (depth == 0 && (c == ',' || c == '}'))
            return at;
        else if (c == '}' || c == ']')
            depth--;
    }
    return s.n;
}

static struct slice unquote(struct slice v)
{
    v = slice_trim(v);
    return v.n >= 2 && v.p[0] == '"' ? slice_make(v.p + 1, v.n - 2) : v;
}

struct slice jsonl_member(struct slice line, const char *name)
{
    struct slice wanted = slice_of(name);
    size_t at = 1;
    while (at < line.n) {
        while (at < line.n && line.p[at] != '"')
            at++;
        size_t end = string_end(line, at), colon = end + 1;
        if (end >= line.n)
            break;
        struct slice key = slice_make(line.p + at + 1, end - at - 1);
        while (colon < line.n && line.p[colon] != ':')
            colon++;
        size_t stop = value_end(line, colon + 1 < line.n ? colon + 1 : line.n);
        if (slice_eq(key, wanted) && colon < line.n)
            return unquote(slice_make(line.p + colon + 1, stop - colon - 1));
        at = stop;
    }
    return (struct slice){NULL, 0};
}

struct slice jsonl_load(struct arena *a, const char *path)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    struct slice content = {NULL, 0};
    if (!f)
        return content;
    if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode)) {
        uint8_t *octets = arena_alloc(a, (size_t)st.st_size + 1);
        size_t n = fread(octets, 1, (size_t)st.st_size, f);
        content = slice_make(octets, n);
    }
    fclose(f);
    return content;
}
