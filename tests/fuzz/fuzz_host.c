/* SPDX-License-Identifier: Apache-2.0 */
/* Host name comparison: the reference name, a newline, and the presented one. */
#include "fuzz/fuzz.h"

#include "core/hostname.h"

#include <string.h>

static bool has_wildcard(struct slice presented)
{
    return presented.n && presented.p[0] == '*';
}

/* What RFC 9525 section 6.3 asks for, said once more in the simplest way. */
static void expect_covered(const struct host *h, struct slice presented, bool wildcard)
{
    PROMISE(h->kind == HOST_DNS);
    PROMISE(memchr(presented.p, 0, presented.n) == NULL);
    if (!has_wildcard(presented)) {
        PROMISE(slice_eq_nocase(h->name, presented));
        return;
    }
    PROMISE(wildcard);
    const uint8_t *dot = memchr(h->name.p, '.', h->name.n);
    PROMISE(dot && dot > h->name.p);
    PROMISE(slice_eq_nocase(slice_from(h->name, (size_t)(dot - h->name.p)), slice_from(presented, 1)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct slice presented = slice_make(data, size), name = fuzz_part(&presented, '\n');
    struct host h = host_compile(&a, name);
    if (h.kind == HOST_INVALID) {
        PROMISE(!host_covered_by_dns(&h, presented, true));
        PROMISE(!host_covered_by_ip(&h, presented));
    } else {
        struct host again = host_compile(&a, h.shown);
        PROMISE(again.kind == h.kind);
        PROMISE(slice_eq(again.name, h.name));
        PROMISE(fuzz_is_printable(h.shown));
        PROMISE(h.kind == HOST_IP || host_covered_by_dns(&h, h.name, false));
        PROMISE(h.kind == HOST_DNS || host_covered_by_ip(&h, h.name));
    }
    for (int wildcard = 0; wildcard < 2; wildcard++)
        if (host_covered_by_dns(&h, presented, wildcard))
            expect_covered(&h, presented, wildcard);
    if (host_covered_by_ip(&h, presented))
        PROMISE(h.kind == HOST_IP && slice_eq(h.name, presented));
    arena_free(&a);
    return 0;
}
