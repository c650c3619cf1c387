/* SPDX-License-Identifier: Apache-2.0 */
/* A policy to begin with: LDIF with every attribute of the table, its meaning and a line to uncomment. */
#ifndef CTL_TEMPLATE_H
#define CTL_TEMPLATE_H

#include "core/policy.h"

/* What a value looks like, in words; in the arena, or static. */
struct slice template_values(struct arena *a, const struct policy_attribute *row);
/*
 * A value that the row's own compiler takes, in the arena: its default, or where it has none, an example.  `suffix`:
 * where the example's targets and authorities are.
 */
struct slice template_example(struct arena *a, const struct policy_attribute *row, struct slice suffix);
/* The LDIF of a policy in audit mode of that cn below ou=policies,<base>; lines of examples begin with "#dircert". */
struct slice template_text(struct arena *a, struct slice cn, struct slice base);

#endif
