/* SPDX-License-Identifier: Apache-2.0 */
/* What a server sends in content synchronization: an octet that chooses the kind of value, and the value. */
#include "fuzz/fuzz.h"

#include "dir/ldap_sync.h"

#include <string.h>

struct look {
    struct slice whole;
    size_t ids;
};

static void expect_inside(struct slice part, struct slice whole)
{
    if (part.n)
        PROMISE(part.p >= whole.p && part.n <= whole.n && (size_t)(part.p - whole.p) <= whole.n - part.n);
}

static void take_id(void *context, struct slice id)
{
    struct look *l = context;
    PROMISE(id.n == SYNC_ID_OCTETS);
    expect_inside(id, l->whole);
    l->ids++;
}

static void try_state(const struct berval *value, struct slice whole)
{
    struct sync_state s;
    if (!sync_state_read(value, &s))
        return;
    PROMISE(s.state >= LDAP_SYNC_PRESENT && s.state <= LDAP_SYNC_DELETE);
    PROMISE(s.id.n == SYNC_ID_OCTETS);
    expect_inside(s.id, whole);
    expect_inside(s.cookie, whole);
}

static void try_done(const struct berval *value, struct slice whole)
{
    struct sync_done d;
    if (sync_done_read(value, &d))
        expect_inside(d.cookie, whole);
}

/* What is well formed at the first look is so at the second, which tells the ids. */
static void try_info(const struct berval *value, struct slice whole)
{
    struct sync_info first, second;
    struct look look = {.whole = whole};
    bool ok = sync_info_read(value, &first, NULL, NULL);
    PROMISE(sync_info_read(value, &second, take_id, &look) == ok);
    if (!ok)
        return;
    PROMISE(first.kind == second.kind && first.deletes == second.deletes && first.refresh_done == second.refresh_done);
    PROMISE(first.kind == LDAP_TAG_SYNC_ID_SET || look.ids == 0);
    PROMISE(slice_eq(first.cookie, second.cookie));
    expect_inside(first.cookie, whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(const struct berval *, struct slice) = {try_state, try_done, try_info};
    if (size == 0)
        return 0;
    uint8_t *copy = malloc(size); /* of just this size, so that reading on is noticed */
    PROMISE(copy);
    memcpy(copy, data + 1, size - 1);
    const struct berval value = {.bv_len = size - 1, .bv_val = (char *)copy};
    kinds[data[0] % 3](&value, slice_make(copy, size - 1));
    PROMISE(memcmp(copy, data + 1, size - 1) == 0); /* nothing is written into what was sent */
    free(copy);
    return 0;
}
