/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Just enough JSON for test tables with one object a line: the members of the outermost object, strings unescaped not
 * at all.
 */
#ifndef TESTS_SUPPORT_JSONL_H
#define TESTS_SUPPORT_JSONL_H

#include "base/arena.h"

/* The member's value as it stands, a string without its quotes; empty with p == NULL when there is no such member. */
struct slice jsonl_member(struct slice line, const char *name);

/* A whole file in the arena; p == NULL when it could not be read. */
struct slice jsonl_load(struct arena *a, const char *path);

#endif
