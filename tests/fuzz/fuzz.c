/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

#include "base/escape.h"

/* Backslashes are what an earlier escaping made; between them escaping changes nothing. */
bool fuzz_is_printable(struct slice s)
{
    struct arena a = {0};
    struct slice part;
    bool same = true;
    while (same && slice_split(&s, '\\', &part))
        same = slice_eq(part, escape_text(&a, part, ESCAPE_ROOM(part.n) + 1));
    arena_free(&a);
    return same;
}

struct slice fuzz_part(struct slice *rest, uint8_t separator)
{
    struct slice part;
    if (!slice_split(rest, (char)separator, &part))
        return slice_make(rest->p, 0);
    return part;
}

struct entry fuzz_entry(struct arena *a, struct slice text)
{
    LIST_OF(struct attribute) attributes = {0};
    struct slice line;
    while (slice_split(&text, '\n', &line)) {
        struct slice value = line, name = fuzz_part(&value, ':');
        struct slice options = name;
        name = fuzz_part(&options, ';');
        if (value.n && value.p[0] == ' ')
            value = slice_from(value, 1);
        struct slice *kept = ARENA_NEW(a, struct slice);
        *kept = arena_copy(a, value);
        *LIST_ADD(a, &attributes) = (struct attribute){
            .name = arena_copy(a, name), .options = arena_copy(a, options), .values = kept, .count = 1};
    }
    return (struct entry){
        .dn = SLICE_LITERAL("cn=fuzz,dc=example,dc=com"), .attributes = attributes.items, .count = attributes.count};
}
