/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stays of the requests that nothing follows from: less than a hundred octets each, so that memory is flat however
 * many there are.  All others are in p->requests, in full.
 */
#ifndef RUN_REQUESTS_H
#define RUN_REQUESTS_H

#include "core/guard.h"

/* One request on record, whether or not it is in p->requests too. */
struct request_mark {
    struct digest id;         /* as it is written in hexadecimal */
    uint64_t subject;         /* marks_key() of its subject's id; of a revocation 0 */
    struct fingerprint basis; /* with MARK_QUIET, of an open one: what its subject has to ask for */
    int64_t opened_utc;
    int64_t counted_utc; /* guard_counted_utc() */
    unsigned checks;     /* of its findings on record */
    unsigned kept;       /* 1 + where in p->subjects its subject stands while the scan goes on; 0: nowhere */
    /* The searches that showed its subject, numbered from 1 within a scan: the first one, and another; 0: none. */
    uint16_t first, second;
    uint16_t policy; /* index of the policy on record; MARK_NO_POLICY */
    uint8_t state;   /* enum state */
    uint8_t flags;   /* type REQUEST_REVOKE, and so on */
};
_Static_assert(sizeof(struct request_mark) <= 88, "with its slot, a request takes at most a hundred octets");

enum { MARK_NO_POLICY = UINT16_MAX };
enum mark_flag {
    MARK_REVOKE = 1 << 0,
    MARK_QUIET = 1 << 1,   /* plan_is_quiet() */
    MARK_FULL = 1 << 2,    /* it is in p->requests */
    MARK_WATCHED = 1 << 3, /* a reissue that is not ended, or holds certificates: its subject matters whatever it has */
    MARK_SETTLED = 1 << 4, /* this scan showed its subject, which asks for what is on record and nothing else */
    MARK_FOREIGN = 1 << 5, /* none of ours: it counts nowhere */
};

/* In blocks, so that growing copies nothing; and a table of them by their subject. */
struct request_index {
    LIST_OF(struct request_mark *) blocks;
    size_t count;
    unsigned *slots; /* index + 1 of a mark; 0: free */
    size_t room;     /* of slots: a power of two, or 0 */
    bool in_order;   /* slots know all marks */
    bool has_twins;  /* two of them have one key: one was edited, or an id was made to look like another one */
};

struct pass;

uint64_t marks_key(struct slice subject_id);
struct request_mark *marks_at(const struct request_index *x, size_t i);
/* The new mark lives in the arena. */
struct request_mark *marks_add(struct arena *a, struct request_index *x);
/*
 * The reissue that is about this subject; NULL: there is none.  Where several say so, after somebody edited them, it is
 * the one whose id is made of the subject's.
 */
struct request_mark *marks_find(struct arena *a, struct request_index *x, struct slice subject_id);
/* A scan begins: nobody was seen. */
void marks_begin_scan(struct request_index *x);
/* The search of that number shows the mark's subject; true when this scan showed it already. */
bool marks_sight(struct request_mark *m, unsigned search, bool settled);
/* What that search showed counts for nothing. */
void marks_forget(struct request_index *x, unsigned search);

#endif
