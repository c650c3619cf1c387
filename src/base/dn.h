/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The string form of distinguished names: cutting, joining and a careful comparison.  What a name means is the
 * server's to say; these functions only ever err towards "these two may be the same".
 * @source RFC 4514
 */
#ifndef BASE_DN_H
#define BASE_DN_H

#include "base/arena.h"

/* True when s has the form of a DN: RDNs of attribute=value, escapes whole.  The empty name is one. */
bool dn_ok(struct slice s);
/* The name of the superior entry: without the first RDN; empty when there is none. */
struct slice dn_parent(struct slice dn);
/* The first RDN as it stands. */
struct slice dn_first_rdn(struct slice dn);
/* False only when dn surely is neither `above` nor below it: where spelling could hide equality, true. */
bool dn_may_be_within(struct slice dn, struct slice above);
/* "<attribute>=<value>,<parent>"; the value must need no escaping. */
struct slice dn_child(struct arena *a, const char *attribute, struct slice value, struct slice parent);

#endif
