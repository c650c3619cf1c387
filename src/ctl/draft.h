/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies that stand in files and not, or not yet, in the directory: read from LDIF, compiled as a pass compiles
 * them, and what is wrong with them.
 */
#ifndef CTL_DRAFT_H
#define CTL_DRAFT_H

#include "core/policy.h"
#include "ctl/ctl.h"
#include "ctl/json.h"
#include "ctl/ldif.h"

/* A policy of the files, or a stored one beside it. */
struct draft {
    const struct policy *policy;
    const char *file; /* NULL: it is in the directory */
    size_t file_number;
    const struct ldif_record *record;
};

/* What is to be told, in the order of the files and their lines. */
struct draft_note {
    bool warning;
    const char *file;
    size_t file_number, number;
    unsigned line;
    struct problem problem;
};

/* Begin with {.ctl = ctl}; everything lives in its arena. */
struct drafts {
    struct ctl *ctl;
    bool takes_deletes; /* a record that deletes an entry is not refused */
    const char *file;   /* that is being read */
    size_t file_number;
    LIST_OF(struct draft_note) notes;
    LIST_OF(struct draft) policies;
    LIST_OF(struct slice) deleted; /* DNs */
    size_t problems, skipped;      /* notes that are no warnings; entries that are no policies */
    bool unread;                   /* a file could not be read */
    bool broken;                   /* what stands in one is no LDIF, or could not be judged: it was told */
};

/* Reads one file, "-" is standard input; what could not be read or judged is told at once on standard error. */
void draft_read(struct drafts *d, const char *path);
/* For policy_compile, with the drafts as its context: without a directory every attribute is known. */
policy_knows_fn draft_knows;

/* A note about a record of the file whose name and number are in *d. */
void draft_complain(struct drafts *d, const struct ldif_record *r, bool warning, const char *attribute,
                    struct slice value, struct slice reason);
/* By file and line. */
void draft_sort_notes(struct drafts *d);
/* "<file>:<line>: <dn>: <attribute>: <value>: <reason>", one a line. */
void draft_print_notes(const struct drafts *d, FILE *to);
void draft_write_note(struct json *j, const struct draft_note *n);

/* A policy that states nothing but its target: every default, and the checks that are always on. */
const struct policy *draft_default(struct arena *a);

#endif
