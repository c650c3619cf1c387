/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_shown.h"

#include "base/buffer.h"
#include "base/gentime.h"

enum { OIDS_LISTED = 16, DAY_S = 86400 };

struct slice shown_oids(struct arena *a, enum algorithm_kind kind, const struct oid_list *list)
{
    struct buffer b = {.arena = a};
    for (size_t i = 0; i < list->count && i <= OIDS_LISTED; i++) {
        struct slice name = i < OIDS_LISTED ? algorithm_text(a, kind, list->items[i]) : slice_of("...");
        buffer_format(&b, "%s%.*s", i ? ", " : "", SLICE_ARGS(name));
    }
    return b.n ? buffer_slice(&b) : slice_of("none");
}

struct slice shown_duration(struct arena *a, int64_t seconds)
{
    long long days = seconds / DAY_S, rest = seconds % DAY_S;
    struct slice whole = arena_format(a, "%lld day%s", days, days == 1 ? "" : "s");
    struct slice part = arena_format(a, "%lld second%s", rest, rest == 1 ? "" : "s");
    if (rest == 0)
        return whole;
    return days ? arena_format(a, "%.*s and %.*s", SLICE_ARGS(whole), SLICE_ARGS(part)) : part;
}

struct slice shown_time(struct arena *a, int64_t at_utc)
{
    uint8_t text[GENTIME_LEN];
    gentime_write(at_utc, text);
    return arena_copy(a, slice_make(text, GENTIME_LEN));
}

const char *shown_presence(enum presence presence)
{
    switch (presence) {
    case FIELD_ABSENT:
        return "none";
    case FIELD_MALFORMED:
        return "does not decode";
    case FIELD_DUPLICATE:
        return "there twice";
    case FIELD_PRESENT:
        break;
    }
    return NULL;
}

bool oid_listed(const struct oid_list *list, struct slice oid)
{
    for (size_t i = 0; i < list->count; i++)
        if (slice_eq(list->items[i], oid))
            return true;
    return false;
}
