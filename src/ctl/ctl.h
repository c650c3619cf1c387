/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame of dircertctl: the command line, the connection as the person who runs it, and one table of commands.  A
 * command is one file with one `const struct ctl_command`, and one row in commands.c.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "dir/dir.h"

#include <stdio.h>

/* The exit codes. */
enum ctl_code {
    CTL_OK = 0,
    CTL_USAGE = 1,      /* the command line, the configuration, or a question that was not answered with yes */
    CTL_INCOMPLETE = 2, /* the directory: not reached, not all that was asked for was read or written */
    CTL_HELD = 3,       /* a guard holds */
    CTL_FINDINGS = 4,   /* there are findings, or problems in what was checked */
};

struct ctl_option {
    const char *name;     /* without the dashes */
    char letter;          /* 0: it has none */
    const char *argument; /* NULL: it takes none */
    const char *does;
};

enum ctl_directory {
    CTL_WITHOUT_DIRECTORY,
    CTL_MAY_USE_DIRECTORY, /* ctl->dir is there when -H or -c was given */
    CTL_NEEDS_DIRECTORY,
};

struct ctl_given;  /* the options of this run */
struct connection; /* what it takes to connect anew: ctl/connect.h */

/* What a command works with; all of it is borrowed from ctl_main. */
struct ctl {
    struct arena *arena; /* lives as long as the run */
    struct dir *dir;     /* NULL: not connected */
    struct connection *connection;
    struct slice base;    /* of dircertd's tree; empty: not known, which never is so with CTL_NEEDS_DIRECTORY */
    const char *instance; /* never NULL */
    bool one_instance;    /* --instance was given */
    const char *who;      /* the name under which we are bound, for people; never NULL */
    unsigned interval_s;  /* between two passes, where the configuration tells it; else the daemon's default */
    bool json;
    bool color;
    bool can_ask;      /* standard input is a terminal */
    bool on_terminal;  /* so is standard output */
    FILE *out, *error; /* results; everything else */
    struct ctl_given *given;
};

struct ctl_command {
    const char *name;
    const char *arguments; /* as in the usage line; "" when there are none */
    const char *does;      /* one line */
    const char *help;      /* what is to be known besides; whole lines */
    enum ctl_directory directory;
    const struct ctl_option *options; /* of its own, ended by a row without a name; NULL: none */
    /* Returns the exit code (enum ctl_code).  argv: what is no option, without the command's name. */
    int (*run)(struct ctl *ctl, int argc, char **argv);
};

/* In the order of the help.  Static. */
const struct ctl_command *const *ctl_commands(size_t *count);
/* NULL: there is none of that name. */
const struct ctl_command *ctl_command_find(const char *name);
/* The options that every command has, ended by a row without a name.  Static. */
const struct ctl_option *ctl_options(void);

/* What was given with the option of that name: NULL, it was not given; "", it takes no argument. */
const char *ctl_option(const struct ctl *ctl, const char *name);
/* The values of one that may be given several times, one after the other; *at begins as 0; NULL at the end. */
const char *ctl_option_next(const struct ctl *ctl, const char *name, size_t *at);
/* The same as a number from least to most; not given: fallback.  RC_INVALID was told on standard error. */
enum rc ctl_option_number(const struct ctl *ctl, const char *name, uint64_t least, uint64_t most, uint64_t fallback,
                          uint64_t *value) MUST_USE;

/* A line on standard error, "dircertctl: …", with everything in it that can't be printed escaped. */
void ctl_tell(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same; returns CTL_USAGE. */
int ctl_usage(const struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Seconds since 1970-01-01T00:00:00Z. */
int64_t ctl_now_utc(void);

/* The program.  Returns the exit code. */
int ctl_main(int argc, char **argv);

#endif
