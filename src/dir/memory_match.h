/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the in-memory directory only: one value against one item of a filter, all attributes caseIgnoreMatch. */
#ifndef DIR_MEMORY_MATCH_H
#define DIR_MEMORY_MATCH_H

#include "core/filter.h"

/* False for AND, OR, NOT and extensible matches, which are not about one value. */
bool memory_matches(struct arena *a, const struct filter *f, struct slice value);

#endif
