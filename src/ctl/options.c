/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/options.h"

#include "base/escape.h"

#include <getopt.h>

enum { FIRST_LONG = 256, SHOWN_MOST = 80 };

void options_begin(struct ctl_given *given)
{
    *given = (struct ctl_given){.count = 0};
}

void options_add(struct ctl_given *given, const struct ctl_option *rows)
{
    for (; rows && rows->name && given->count < OPTIONS_MAX; rows++)
        given->rows[given->count++] = *rows;
}

const char *options_value(const struct ctl_given *given, const char *name)
{
    for (size_t i = 0; i < given->count; i++)
        if (strcmp(given->rows[i].name, name) == 0)
            return given->values[i];
    return NULL;
}

const char *options_next(const struct ctl_given *given, const char *name, size_t *at)
{
    while (*at < given->all_count) {
        size_t i = (*at)++;
        if (strcmp(given->rows[given->all[i].row].name, name) == 0)
            return given->all[i].value;
    }
    return NULL;
}

/* What getopt_long wants to know. */
struct getopt_rows {
    struct option longs[OPTIONS_MAX + 1];
    char shorts[2 * OPTIONS_MAX + 3];
};

static void translate(const struct ctl_given *given, bool stop_at_word, struct getopt_rows *g)
{
    char *s = g->shorts;
    if (stop_at_word)
        *s++ = '+';
    *s++ = ':';
    for (size_t i = 0; i < given->count; i++) {
        const struct ctl_option *row = &given->rows[i];
        g->longs[i] =
            (struct option){row->name, row->argument ? required_argument : no_argument, NULL, FIRST_LONG + (int)i};
        if (row->letter)
            *s++ = row->letter;
        if (row->letter && row->argument)
            *s++ = ':';
    }
    g->longs[given->count] = (struct option){0};
    *s = '\0';
}

static size_t index_of(const struct ctl_given *given, int c)
{
    for (size_t i = 0; c < FIRST_LONG && i < given->count; i++)
        if (given->rows[i].letter == c)
            return i;
    return (size_t)(c - FIRST_LONG);
}

static enum rc refuse(const struct ctl_given *given, int c, char **argv, struct fault *complaint)
{
    char shown[SHOWN_MOST + 1] = {0}, letter[] = {'-', (char)optopt, '\0'};
    bool is_letter = optopt > 0 && optopt < FIRST_LONG;
    const char *word = is_letter ? letter : argv[optind - 1];
    escape_write(slice_of(word), "", (uint8_t *)shown, SHOWN_MOST);
    if (c == ':')
        return fault_set(complaint, RC_INVALID, "%s needs a value; try --help", shown);
    if (optopt >= FIRST_LONG && (size_t)(optopt - FIRST_LONG) < given->count)
        return fault_set(complaint, RC_INVALID, "%s: --%s takes no value; try --help", shown,
                         given->rows[optopt - FIRST_LONG].name);
    return fault_set(complaint, RC_INVALID, "no such option, or not a whole one: %s; try --help", shown);
}

enum rc options_read(struct ctl_given *given, int argc, char **argv, bool stop_at_word, int *first,
                     struct fault *complaint)
{
    static char none[] = "";
    struct getopt_rows g;
    translate(given, stop_at_word, &g);
    opterr = 0;
    optind = 0; /* begin anew */
    for (int c; (c = getopt_long(argc, argv, g.shorts, g.longs, NULL)) != -1;) {
        if (c == '?' || c == ':')
            return refuse(given, c, argv, complaint);
        if (given->all_count == OPTIONS_GIVEN_MAX)
            return fault_set(complaint, RC_INVALID, "more than %d options", OPTIONS_GIVEN_MAX);
        size_t row = index_of(given, c);
        given->all[given->all_count].row = row;
        given->all[given->all_count++].value = given->values[row] = optarg ? optarg : none;
    }
    *first = optind;
    return RC_OK;
}

void options_print(const struct ctl_option *rows, FILE *to)
{
    for (; rows && rows->name; rows++) {
        char left[64];
        int n = rows->letter ? snprintf(left, sizeof left, "-%c, ", rows->letter) : snprintf(left, sizeof left, "    ");
        snprintf(left + n, sizeof left - (size_t)n, "--%s%s%s", rows->name, rows->argument ? " " : "",
                 rows->argument ? rows->argument : "");
        fprintf(to, "  %-26s  %s\n", left, rows->does);
    }
}
