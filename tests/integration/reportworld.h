/* SPDX-License-Identifier: Apache-2.0 */
/* The sample organisation in a private slapd, and `dircertctl report` over it. */
#ifndef INTEGRATION_REPORTWORLD_H
#define INTEGRATION_REPORTWORLD_H

#include "support/program.h"

/* Loads the sample's entries and policies in the place of ou=servers and ou=people, after program_enter. */
void reportworld_load(struct program *p);
/* Runs `dircertctl report` with these arguments as the administrator; code, output and log are the program's. */
void reportworld_run(struct program *p, const char *const arguments[]);
/* The same with one limit of prlimit(1), "--fsize=100". */
void reportworld_run_limited(struct program *p, const char *limit, const char *const arguments[]);
/* A path in the throw-away folder. */
const char *reportworld_path(struct program *p, const char *name);
/* A whole file, ended by NUL. */
struct slice reportworld_file(struct program *p, const char *path);

#endif
