/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/extent.h"

#include "base/dn.h"
#include "core/schema.h"
#include "core/target.h"

struct reading {
    struct arena *arena;
    const struct dir_capabilities *capabilities;
    bool *wanted; /* for each suffix */
};

/* The naming context that the name is in: the longest, where one holds another. */
static void want(struct reading *r, struct slice dn)
{
    const struct dir_capabilities *c = r->capabilities;
    size_t best = c->suffix_count;
    for (size_t i = 0; i < c->suffix_count; i++)
        if (dn_may_be_within(dn, c->suffixes[i]) && (best == c->suffix_count || c->suffixes[i].n > c->suffixes[best].n))
            best = i;
    if (best < c->suffix_count)
        r->wanted[best] = true;
}

/* A target's base may be above naming contexts, too. */
static void want_target(struct reading *r, struct slice url)
{
    struct target t;
    struct slice reason;
    if (!target_compile(r->arena, url, &t, &reason))
        return; /* a problem of that policy, which governs nobody */
    want(r, t.base);
    for (size_t i = 0; i < r->capabilities->suffix_count; i++)
        r->wanted[i] |= dn_may_be_within(r->capabilities->suffixes[i], t.base);
}

static void take_policy(void *context, const struct entry *e)
{
    struct reading *r = context;
    struct entry_cursor at = {0};
    struct slice value;
    while (entry_next_value(e, ATTR_TARGET, &at, &value))
        want_target(r, value);
    at = (struct entry_cursor){0};
    while (entry_next_value(e, ATTR_TRUST_ANCHOR, &at, &value))
        want(r, value);
}

/* What is wanted once stays so: too much does no harm. */
static void again(void *context)
{
    (void)context;
}

enum rc extent_read(struct arena *a, struct dir *d, const char *base, struct extent *out, struct fault *fault)
{
    static const char *const attributes[] = {ATTR_TARGET, ATTR_TRUST_ANCHOR, NULL};
    struct reading r = {.arena = a, .capabilities = dir_capabilities(d)};
    const struct dir_search search = {.base = arena_format(a, "ou=policies,%s", base),
                                      .scope = DIR_SUBTREE,
                                      .filter = SLICE_LITERAL("(" ATTR_TARGET "=*)"),
                                      .attributes = attributes};
    const struct dir_sink sink = {.restart = again, .entry = take_policy, .context = &r};
    size_t count = r.capabilities->suffix_count, n = 0;
    r.wanted = ARENA_ARRAY(a, count + 1, bool);
    want(&r, slice_of(base));
    enum rc rc = dir_search(d, &search, &sink, fault);
    struct slice *suffixes = ARENA_ARRAY(a, count + 1, struct slice);
    for (size_t i = 0; i < count; i++)
        if (r.wanted[i])
            suffixes[n++] = arena_copy(a, r.capabilities->suffixes[i]);
    *out = (struct extent){suffixes, n};
    return rc;
}

bool extent_eq(const struct extent *a, const struct extent *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = slice_eq(a->suffixes[i], b->suffixes[i]);
    return same;
}
