/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the check of rights: access (in order), access_files (of this machine), access_look (reading),
 * access_try (writing), access_lines.
 */
#ifndef DAEMON_ACCESS_PRIVATE_H
#define DAEMON_ACCESS_PRIVATE_H

#include "daemon/access.h"

#include "core/policy.h"
#include "core/schema.h"
#include "dir/dir.h"

enum access_verdict { ACCESS_OK, ACCESS_MISSING, ACCESS_TOO_MUCH, ACCESS_UNKNOWN, ACCESS_VERDICTS };
enum access_right { ACCESS_REACH, ACCESS_READ, ACCESS_WRITE, ACCESS_ADD, ACCESS_DELETE };

struct access_line {
    enum access_verdict verdict;
    enum access_right right;
    struct slice where, remark;
    LIST_OF(struct slice) attributes;
};

/* Everything lives in the arena. */
struct access {
    struct dir *dir;
    struct arena *arena;
    const char *base, *instance;
    const char *bind_dn; /* NULL: the configuration names none */
    LIST_OF(const struct policy *) policies;
    LIST_OF(struct access_line) lines;
    size_t totals[ACCESS_VERDICTS];
};

/* access_lines.c */

/* Notes one answer; attribute NULL: about the entry as a whole.  Equal ones become one line. */
void access_note(struct access *a, enum access_verdict verdict, enum access_right right, struct slice where,
                 const char *attribute, struct slice remark);
void access_print(const struct access *a, FILE *out);

/* access_files.c */

/* False: a file can't be written, which was told as a config event; what nobody knows yet is noted. */
bool access_look_at_files(struct access *a, const struct conf *conf, const char *conf_path, struct log *log);

/* access_look.c */

/* ou=…,<base> */
struct slice access_child(const struct access *a, const char *rdn);
/*
 * RC_OK: the n-th entry (from 1) that is found, with all that it shows.  RC_NOT_FOUND: there are fewer.  Otherwise the
 * search failed, and *why says how.
 */
enum rc access_find(struct access *a, const struct dir_search *where, size_t n, struct entry *found, struct fault *why);
/* An entry that the target governs; else any below its base. */
bool access_find_subject(struct access *a, const struct policy *policy, const struct target *target,
                         struct entry *found);
void access_read_policies(struct access *a);
void access_look(struct access *a);

/* access_try.c */

void access_try(struct access *a);

#endif
