/* SPDX-License-Identifier: Apache-2.0 */
/* What run/authority reads, and run/authority_kept keeps for looks; nobody else includes it. */
#ifndef RUN_AUTHORITY_PRIVATE_H
#define RUN_AUTHORITY_PRIVATE_H

#include "run/past_private.h"

#include "x509/trust.h"

enum {
    POINTS_MAX = 256,  /* distribution points that are read into one pool */
    POINTS_OF_ONE = 8, /* ... and that one certificate may name */
};

struct crl_point {
    struct slice dn;
    bool read;
};

struct anchor_set {
    bool asked;         /* the policy's certificates are judged */
    bool wants_anchors; /* up to its anchors */
    bool doubted;       /* an anchor that it names can't be used */
    struct trust_anchors *anchors;
};

/* A naming context of the server. */
struct authority_place {
    struct slice suffix;
    bool publishes; /* something was read there, or looked for by its name */
};

struct authorities {
    struct arena arena;
    struct trust_pool *pool;
    struct anchor_set *sets; /* one for each policy */
    size_t set_count;
    struct authority_place *places;
    size_t place_count;
    bool partial;  /* not all was read */
    bool fleeting; /* of something in it no change would be told: it is of no use to a later look */
    size_t octets;
    LIST_OF(struct crl_point) points;
    bool waits;  /* somebody was not judged: a distribution point has to be read first */
    bool closed; /* nobody waits any more */
};

/* An empty one for this pass, to be closed with authorities_close; its pool is not open. */
struct authorities *authorities_open(struct pass *p);
/* Something is read there by its name, whether it is there or not. */
void authorities_note(struct pass *p, struct slice dn);
/* What the past has, if it is still what the directory has; else nothing, and the past has nothing any more. */
void authority_recall(struct pass *p);

#endif
