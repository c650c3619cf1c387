/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small organisation in the in-memory directory, its model in plain variables beside it, and everything that can
 * happen to it, driven by one seed.  The model is what the invariants compare with: it never looks at the program.
 */
#ifndef SIMULATION_WORLD_H
#define SIMULATION_WORLD_H

#include "core/request.h"
#include "dir/memory.h"
#include "run/pass.h"

enum { SUBJECTS = 5, VALUES = 3, HOSTS = 4, SERIALS = 4, POLICIES = 2 };
enum kind { KIND_GOOD, KIND_V1, KIND_EXPIRED, KIND_SHORT, KIND_COUNT };

/* A certificate that the world can publish: made once for all seeds. */
struct sample {
    struct slice der;
    struct digest digest;
    int host; /* its dNSName, or of a version 1 certificate its Common Name */
    enum kind kind;
    int serial;
    int64_t not_after_utc;
};

struct model_subject {
    bool exists;
    bool moved; /* below ou=moved, where only the second policy looks */
    int host;
    const struct sample *values[VALUES];
};

enum model_action { DO_REPORT, DO_REISSUE, DO_REVOKE, DO_RTR };

struct model_policy {
    bool exists, malformed, target_malformed;
    int mode; /* 0 off, 1 audit, 2 enforce */
    bool names;
    enum model_action on_version, on_name;
    bool on_expired; /* reissue */
    bool automatic;
    unsigned confirmations, max_requests;
    bool released;
};

struct world {
    uint64_t random;
    uint64_t seed;
    bool verbose;
    struct dir *dir;
    struct second_reader *second;
    struct log *log;
    struct memo *memo;       /* every other seed is one process that remembers what it told */
    struct memo *quick_memo; /* the same of the passes that world_compare_shortcuts draws up with shortcuts */
    const struct sample *samples;
    int64_t now_utc;
    struct model_subject subjects[SUBJECTS];
    struct model_policy policies[POLICIES];
    int waived_subject;          /* whose version is tolerated; -1: nobody's */
    const struct sample *waived; /* the certificate whose version is tolerated; NULL: none */
    bool disturbed;              /* something is hidden, fails or is edited by hand until the next calm */
};

enum { INTERVAL_S = 300 };
extern const char *const world_suffix;
extern const char world_base[], world_requests[];

const struct sample *world_samples(struct arena *a);
void world_begin(struct world *w, uint64_t seed);
void world_end(struct world *w);
/* A number below `below`. */
unsigned world_pick(struct world *w, unsigned below);
/* One thing happens. */
void world_step(struct world *w);
/* A waiver tolerates the version of that certificate there. */
bool world_tolerates(const struct world *w, int subject, const struct sample *c);
/* Nothing is hidden or failing, both policies are well-formed and enforce, and the caps are high. */
void world_calm(struct world *w);
enum pass_result world_pass(struct world *w);
/* A pass that takes requests for settled would do and count what one does that reads them all in full. */
void world_compare_shortcuts(struct world *w);
struct slice world_subject_dn(struct arena *a, const struct world *w, int subject);
struct slice world_subject_id(struct arena *a, struct world *w, int subject); /* "entryUUID:…" */

/* Requests as the directory has them, by id, read without the program's help. */
struct request_list {
    struct request *items;
    size_t count;
};
struct request_list world_requests_read(struct arena *a, struct world *w);
void world_write(struct world *w, const struct dir_change *change);
_Noreturn void world_fail(const struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
