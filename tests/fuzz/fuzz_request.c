/* SPDX-License-Identifier: Apache-2.0 */
/* Request entries: what was read and rendered is read again as the same record. */
#include "fuzz/fuzz.h"

#include "core/request.h"

static void expect_same(const struct record *a, const struct record *b)
{
    PROMISE(a->type == b->type && a->state == b->state && a->generation == b->generation);
    PROMISE(a->attempt == b->attempt && a->confirmed_passes == b->confirmed_passes);
    PROMISE(a->opened_utc == b->opened_utc && a->next_attempt_utc == b->next_attempt_utc);
    PROMISE(slice_eq(a->id, b->id) && slice_eq(a->subject_id, b->subject_id));
    PROMISE(!basis_changed(&a->basis, &b->basis));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    problem_list problems = {0};
    struct entry e = fuzz_entry(&a, slice_make(data, size));
    struct request q = request_read(&a, &e, &problems);
    PROMISE(!request_is_damaged(&q) || problems.count > 0 || q.foreign);
    if (!q.foreign && !request_is_damaged(&q)) {
        struct entry rendered = record_render(&a, &q.record);
        struct attribute *attributes = ARENA_ARRAY(&a, rendered.count + 1, struct attribute);
        for (size_t i = 0; i < rendered.count; i++)
            attributes[i] = rendered.attributes[i];
        static const struct slice class = SLICE_LITERAL("dircertRequest");
        attributes[rendered.count] =
            (struct attribute){.name = SLICE_LITERAL("objectClass"), .values = &class, .count = 1};
        struct entry whole = {.dn = e.dn, .attributes = attributes, .count = rendered.count + 1};
        struct request again = request_read(&a, &whole, &problems);
        PROMISE(!again.foreign && !request_is_damaged(&again));
        expect_same(&q.record, &again.record);
    }
    arena_free(&a);
    return 0;
}
