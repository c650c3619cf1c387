/* SPDX-License-Identifier: Apache-2.0 */
#include "run/pass_private.h"

#include "core/schema.h"

struct waivers {
    bool any;
};

/* Until waivers are acted on: while there are any, nothing is written. */
bool waivers_read(struct pass *p)
{
    struct fault fault = {{0}};
    size_t count;
    enum rc rc = pass_count(p, pass_child(p, "ou=waivers"), DIR_ONE, SLICE_LITERAL("(objectClass=" CLASS_WAIVER ")"), 1,
                            &count, &fault);
    if (rc != RC_OK && rc != RC_TRUNCATED) {
        report_fault(p, "read ou=waivers", &fault); /* also where it is not there: it may only be hidden */
        return false;
    }
    p->waivers = ARENA_NEW(p->arena, struct waivers);
    p->waivers->any = count > 0;
    if (count == 0)
        return pass_demand(p, pass_child(p, "ou=waivers"), SLICE_LITERAL("(hasSubordinates=FALSE)"), "read ou=waivers",
                           "shows no waiver, and not that it is empty (hasSubordinates): this account may not see "
                           "what is below ou=waivers, or there is something else");
    report_fault(p, "waivers",
                 &(struct fault){"there are entries below ou=waivers, and this version does not act on waivers yet: "
                                 "nothing is written while they are there"});
    return true;
}

void waivers_resolve(struct pass *p)
{
    (void)p;
}

void waivers_apply(struct pass *p, struct arena *a, struct subject *s)
{
    (void)p, (void)a, (void)s;
}

bool waivers_hold_all(const struct pass *p)
{
    return p->waivers && p->waivers->any;
}

void waivers_report(struct pass *p)
{
    (void)p;
}
