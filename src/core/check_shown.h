/* SPDX-License-Identifier: Apache-2.0 */
/* What several checks say in the same words; all of it printable, and in the arena. */
#ifndef CORE_CHECK_SHOWN_H
#define CORE_CHECK_SHOWN_H

#include "core/algorithm.h"
#include "core/facts.h"
#include "core/policy.h"

/* "sha256WithRSAEncryption, ecdsa-with-SHA384, ..." */
struct slice shown_oids(struct arena *a, enum algorithm_kind kind, const struct oid_list *list);
/* "397 days", "1 day and 5 seconds" */
struct slice shown_duration(struct arena *a, int64_t seconds);
/* "20240101000000Z" */
struct slice shown_time(struct arena *a, int64_t at_utc);
/* Of an extension that shows nothing: "none", "does not decode" or "there twice"; NULL where it is present. */
const char *shown_presence(enum presence presence);

bool oid_listed(const struct oid_list *list, struct slice oid);

#endif
