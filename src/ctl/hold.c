/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/hold.h"

static bool take(struct slice *rest, const char *key, struct slice *value)
{
    struct slice word, name = slice_of(key);
    struct slice ahead = *rest;
    if (!slice_word(&ahead, &word) || !slice_starts(word, name))
        return false;
    *value = slice_from(word, name.n);
    *rest = ahead;
    return true;
}

static bool take_quoted(struct slice *rest, const char *key, struct slice *value)
{
    struct slice name = slice_of(key), ahead = slice_trim(*rest);
    if (!slice_starts(ahead, name))
        return false;
    ahead = slice_from(ahead, name.n);
    if (!slice_split(&ahead, '"', value) || !ahead.p)
        return false;
    *rest = ahead;
    return true;
}

bool hold_value_read(struct slice value, struct hold_value *h)
{
    struct slice rest = value, policy = SLICE_LITERAL("policy=");
    *h = (struct hold_value){.guard = value};
    struct hold_value read = {.guard = value};
    if (!take(&rest, "guard=", &read.guard) || !take(&rest, "count=", &read.count) ||
        !take(&rest, "limit=", &read.limit))
        return false;
    rest = slice_trim(rest);
    if (rest.n == 0) {
        *h = read;
        return true;
    }
    if (!take(&rest, "revision=", &read.revision) || !take_quoted(&rest, "release=\"", &read.release))
        return false;
    rest = slice_trim(rest);
    if (!slice_starts(rest, policy))
        return false;
    read.policy = slice_from(rest, policy.n);
    *h = read;
    return true;
}
