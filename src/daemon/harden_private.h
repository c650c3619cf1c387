/* SPDX-License-Identifier: Apache-2.0 */
/* What harden.c has others do. */
#ifndef DAEMON_HARDEN_PRIVATE_H
#define DAEMON_HARDEN_PRIVATE_H

#include "daemon/harden.h"

#include <stdint.h>

enum { HARDEN_TEXT_ROOM = 128, HARDEN_PLACES_MOST = 4 };

/* What is done with a file, or in its folder. */
enum harden_use {
    HARDEN_APPEND,  /* opened to append, and made where it is missing */
    HARDEN_REPLACE, /* made anew beside, and renamed */
    HARDEN_REMOVE,  /* deleted */
};

/* A folder with all below it, or a file that is no regular one. */
struct harden_place {
    char *path; /* without symbolic links; ours */
    enum harden_use use;
};

struct harden_files {
    struct harden_place places[HARDEN_PLACES_MOST];
    size_t count;
    bool on;
};

/*
 * harden_files_add: the file (NULL: none) may be used so; where its folder is missing nothing is added.
 * harden_files_begin: from now on nothing else may be written, made, removed or executed, nor a TCP port be listened
 * to; `text` says so, or why not.
 */
void harden_files_add(struct harden_files *f, const char *file, enum harden_use use);
void harden_files_begin(struct harden_files *f, char text[HARDEN_TEXT_ROOM]);
/* harden_files_permit: nothing here is in the way of it; harden_files_know: it was added, or is below what was. */
bool harden_files_know(const struct harden_files *f, const char *file, enum harden_use use);
bool harden_files_permit(const struct harden_files *f, const char *file, enum harden_use use);
void harden_files_free(struct harden_files *f);

/* The filter of system calls; false: it is not in force although it should be.  `text` says which. */
bool harden_calls_begin(char text[HARDEN_TEXT_ROOM]);

#endif
