/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's tool, over the same engine.  So far it prints the tables that the program is made of. */
#include "core/check.h"
#include "core/policy.h"
#include "run/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_checks(void)
{
    for (unsigned id = 0; id < CHECK_COUNT; id++) {
        const struct check *c = check_get((enum check_id)id);
        printf("%s\n  what      %s\n  severity  %s\n  turned on %s\n  cited     %s\n  fix       %s\n", c->name,
               c->title, severity_name(c->severity), c->policy_attributes, c->citation, c->fix);
    }
    return EXIT_SUCCESS;
}

static int print_events(void)
{
    for (unsigned e = 0; e < EVENT_COUNT; e++) {
        const struct event_row *row = event_row((enum event)e);
        printf("%s\n  severity  %s\n  fields    %s\n  meaning   %s\n  advice    %s\n", row->name,
               severity_name(row->severity), row->fields, row->meaning, row->advice);
    }
    return EXIT_SUCCESS;
}

static int print_attributes(void)
{
    size_t count;
    const struct policy_attribute *rows = policy_attributes(&count);
    for (size_t i = 0; i < count; i++)
        printf("%s\n  default   %s\n  values    %s%s\n", rows[i].name, rows[i].fallback ? rows[i].fallback : "-",
               rows[i].multi ? "several" : "one", rows[i].type == POLICY_LATER ? "; not in this version yet" : "");
    return EXIT_SUCCESS;
}

static const struct command {
    const char *name, *does;
    int (*run)(void);
} commands[] = {
    {"checks", "prints what is checked, what turns it on, and what to do about a finding", print_checks},
    {"events", "prints the catalogue of events in the log", print_events},
    {"attributes", "prints the attributes of a policy with their defaults", print_attributes},
};

static void print_help(FILE *to)
{
    fputs("usage: dircertctl COMMAND\n       dircertctl --version | --help\n\n", to);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(to, "  %-12s%s\n", commands[i].name, commands[i].does);
}

int main(int argc, char **argv)
{
    const char *word = argc == 2 ? argv[1] : "";
    if (strcmp(word, "--version") == 0)
        return puts("dircertctl " DIRCERTD_VERSION) < 0;
    if (strcmp(word, "--help") == 0)
        return print_help(stdout), EXIT_SUCCESS;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].run();
    fprintf(stderr, "dircertctl: %s%s\n", *word ? "no such command: " : "expected one command", word);
    print_help(stderr);
    return 1;
}
