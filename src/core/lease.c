/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lease.h"

#include "base/gentime.h"

#include <inttypes.h>

bool lease_read(struct slice value, struct lease *out)
{
    struct slice rest = value, pid, until, more;
    uint64_t number;
    *out = (struct lease){0};
    if (!slice_word(&rest, &out->owner.host) || !slice_word(&rest, &out->owner.boot_id) || !slice_word(&rest, &pid) ||
        !slice_word(&rest, &until) || slice_word(&rest, &more))
        return false;
    if (!slice_to_uint(pid, INT32_MAX, &number) || number == 0)
        return false;
    out->owner.pid = (int64_t)number;
    return gentime_read(until, &out->until_utc);
}

struct slice lease_write(struct arena *a, const struct lease *lease)
{
    uint8_t until[GENTIME_LEN];
    gentime_write(lease->until_utc, until);
    return arena_format(a, "%.*s %.*s %" PRId64 " %.*s", SLICE_ARGS(lease->owner.host),
                        SLICE_ARGS(lease->owner.boot_id), lease->owner.pid, GENTIME_LEN, (const char *)until);
}

/* Names that many machines have: another boot id there is no sign that this one was started anew. */
static bool names_one_machine(struct slice host)
{
    struct slice rest = host, first;
    return slice_split(&rest, '.', &first) && first.n && !slice_eq_nocase(first, SLICE_LITERAL("localhost")) &&
           !slice_eq_nocase(first, SLICE_LITERAL("(none)")) && !slice_eq(host, SLICE_LITERAL("-"));
}

enum lease_standing lease_judge(const struct lease *lease, const struct lease_owner *self, bool pid_is_alive,
                                int64_t now_utc)
{
    const struct slice unknown = SLICE_LITERAL(LEASE_BOOT_UNKNOWN);
    if (!lease)
        return LEASE_FREE;
    if (now_utc >= lease->until_utc)
        return LEASE_DEAD;
    struct slice space = lease->owner.boot_id, boot = {NULL, 0}, own_space = self->boot_id, own_boot = {NULL, 0};
    slice_split(&space, '/', &boot);
    slice_split(&own_space, '/', &own_boot);
    if (!slice_eq_nocase(lease->owner.host, self->host) || slice_eq(boot, unknown) || slice_eq(own_boot, unknown))
        return LEASE_HELD;
    if (!slice_eq_nocase(boot, own_boot))
        return names_one_machine(self->host) ? LEASE_DEAD : LEASE_HELD;
    if (!slice_eq(space, own_space))
        return LEASE_HELD;
    if (lease->owner.pid == self->pid)
        return LEASE_MINE;
    return pid_is_alive ? LEASE_HELD : LEASE_DEAD;
}
