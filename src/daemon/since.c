/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/since.h"

#include "base/dn.h"
#include "base/gentime.h"
#include "daemon/timing.h"

/* A write may be seen a little later than its stamp says. */
enum { MARGIN_S = 2, STAMP_DIGITS = 14, SECOND_MS = 1100 };

static const char csn[] = "entryCSN", timestamp[] = "modifyTimestamp";

struct looking {
    const char *attribute, *id_attribute;
    const struct lease_place *place; /* NULL: it does not matter */
    struct changes *changes;         /* NULL: they are no news */
    const struct since *before;      /* likewise */
    struct ids found, settled;
    struct arena arena;
    int64_t now_ms, newest_utc;
    bool saw_own;
};

/* Both forms begin with the same digits. */
static int64_t stamp_of(const struct entry *e, const char *attribute)
{
    uint8_t text[GENTIME_LEN];
    int64_t at_utc = 0;
    struct slice value = entry_first(e, attribute);
    if (value.n < GENTIME_LEN)
        return 0;
    memcpy(text, value.p, STAMP_DIGITS);
    text[STAMP_DIGITS] = 'Z';
    return gentime_read(slice_make(text, sizeof text), &at_utc) ? at_utc : 0;
}

/* True where this change was noted before and can be no other one. */
static bool is_settled(struct looking *l, struct slice key)
{
    const struct since *before = l->before;
    bool again = ids_has(&before->settled, key);
    bool is_old = ids_has(&before->found, key) && l->now_ms - before->found_ms >= SECOND_MS;
    if (again || is_old || l->attribute == csn)
        (void)ids_add(&l->settled, key); /* where there is no room, it is noted once more */
    else
        (void)ids_add(&l->found, key);
    return again;
}

static void take(void *context, const struct entry *e)
{
    struct looking *l = context;
    int64_t at_utc = stamp_of(e, l->attribute);
    struct slice id = entry_first(e, l->id_attribute);
    if (at_utc > l->newest_utc)
        l->newest_utc = at_utc;
    l->saw_own |= l->place && dn_may_be_within(e->dn, l->place->dn);
    if (!l->before || id.n == 0)
        return;
    struct arena_mark mark = arena_mark(&l->arena);
    const struct change change = {.id = arena_format(&l->arena, "%s:%.*s", l->id_attribute, SLICE_ARGS(id)),
                                  .dn = e->dn};
    struct slice stamp = entry_first(e, l->attribute);
    bool known = is_settled(l, arena_format(&l->arena, "%.*s %.*s", SLICE_ARGS(id), SLICE_ARGS(stamp)));
    if (l->changes && !known)
        changes_note(l->changes, &change, l->now_ms);
    arena_reset(&l->arena, mark);
}

static void again(void *context)
{
    (void)context; /* what was noted has changed either way */
}

static enum rc search(struct looking *l, struct dir *d, struct slice base, enum dir_scope scope, struct slice filter,
                      struct fault *fault)
{
    l->id_attribute = dir_capabilities(d)->stable_id_attribute;
    const char *const attributes[] = {l->id_attribute, l->attribute, NULL};
    const struct dir_search where = {.base = base, .scope = scope, .filter = filter, .attributes = attributes};
    const struct dir_sink sink = {.restart = again, .entry = take, .context = l};
    return dir_search(d, &where, &sink, fault);
}

/* The stamp of one entry; 0: it is not shown. */
static int64_t stamp_at(struct dir *d, struct slice dn, const char *attribute)
{
    struct looking l = {.attribute = attribute};
    struct fault fault = {{0}};
    enum rc rc = search(&l, d, dn, DIR_BASE, SLICE_LITERAL("(objectClass=*)"), &fault);
    arena_free(&l.arena);
    return rc == RC_OK ? l.newest_utc : 0;
}

/* entryCSN has an index where the server replicates; but it has to be shown everywhere, not only in our own entries. */
static const char *choose(struct dir *d, const struct extent *extent)
{
    bool has_csn = extent->count && dir_knows_attribute(d, slice_of(csn));
    for (size_t i = 0; has_csn && i < extent->count; i++)
        has_csn = stamp_at(d, extent->suffixes[i], csn) > 0;
    return has_csn ? csn : timestamp;
}

void since_begin(struct since *s, struct dir *d, const struct lease_place *place, const struct extent *extent)
{
    s->attribute = choose(d, extent);
    s->from_utc = stamp_at(d, place->dn, s->attribute);
    for (size_t i = 0; s->attribute == timestamp && i < extent->count; i++)
        if (!stamp_at(d, extent->suffixes[i], timestamp))
            s->from_utc = 0;
}

void since_close(struct since *s)
{
    ids_clear(&s->found);
    ids_clear(&s->settled);
}

static struct slice filter_of(struct arena *a, const struct since *s)
{
    uint8_t at[GENTIME_LEN];
    gentime_write(s->from_utc - MARGIN_S, at);
    if (s->attribute == timestamp)
        return arena_format(a, "(%s>=%.*s)", s->attribute, GENTIME_LEN, (const char *)at);
    return arena_format(a, "(%s>=%.*s.000000Z#000000#000#000000)", s->attribute, STAMP_DIGITS, (const char *)at);
}

enum rc since_look(struct since *s, struct dir *d, const struct lease_place *place, const struct extent *extent,
                   struct changes *changes, struct fault *fault)
{
    struct looking l = {
        .attribute = s->attribute, .place = place, .changes = changes, .before = s, .now_ms = timing_now_ms()};
    enum rc rc = RC_OK;
    if (!s->from_utc)
        return fault_set(fault, RC_INVALID, "this account is not shown modifyTimestamp of every entry");
    struct slice filter = filter_of(&l.arena, s);
    for (size_t i = 0; rc == RC_OK && i < extent->count; i++)
        rc = search(&l, d, extent->suffixes[i], DIR_SUBTREE, filter, fault);
    if (rc == RC_OK && !l.saw_own)
        rc = fault_set(fault, RC_INVALID, "a search by %s does not even find our own status entry", s->attribute);
    if (rc == RC_OK && l.newest_utc > s->from_utc)
        s->from_utc = l.newest_utc;
    since_close(s);
    s->found = l.found;
    s->settled = l.settled;
    s->found_ms = l.now_ms;
    arena_free(&l.arena);
    return rc;
}
