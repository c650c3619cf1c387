/* SPDX-License-Identifier: Apache-2.0 */
/* The command line, read twice: up to the command's name, and behind it with the command's own options. */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include "ctl/ctl.h"

enum { OPTIONS_MAX = 48, OPTIONS_GIVEN_MAX = 256 };

struct ctl_given {
    struct ctl_option rows[OPTIONS_MAX]; /* everybody's, then the command's */
    char *values[OPTIONS_MAX];           /* the last one; NULL: not given; points into argv */
    size_t count;
    struct {
        size_t row;
        char *value;
    } all[OPTIONS_GIVEN_MAX]; /* as they came */
    size_t all_count;
};

void options_begin(struct ctl_given *given);
void options_add(struct ctl_given *given, const struct ctl_option *rows);
/*
 * Reads options from argv[1] on, to the first word that is none (stop_at_word) or to the end; then words come last.
 * *first is the index of the first word.  RC_INVALID: *complaint says why, and lives until argv is changed.
 */
enum rc options_read(struct ctl_given *given, int argc, char **argv, bool stop_at_word, int *first,
                     struct fault *complaint) MUST_USE;
const char *options_value(const struct ctl_given *given, const char *name);
/* Each value of an option that may be given several times; *at begins as 0; NULL at the end. */
const char *options_next(const struct ctl_given *given, const char *name, size_t *at);
/* "  -H, --uri URI   what it does", one line for each. */
void options_print(const struct ctl_option *rows, FILE *to);

#endif
