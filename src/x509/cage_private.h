/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the cage share: cage (our side), zygote (the fork server), jail, worker; second and trust ask. */
#ifndef X509_CAGE_PRIVATE_H
#define X509_CAGE_PRIVATE_H

#include "base/digest.h"
#include "base/fault.h"
#include "x509/cage.h"

#include <sys/types.h>

enum {
    CAGE_FD = 3,           /* the only descriptor of the fork server and of each worker */
    CAGE_WORKERS = 64,     /* at once */
    CAGE_TEXT_MOST = 4096, /* octets of one text in an answer */
    CAGE_OCTETS_MOST = 64 * 1024 * 1024,
};

enum cage_kind { CAGE_SECOND, CAGE_TRUST, CAGE_KINDS };

/* To the fork server and back: one packet each, as they are in memory, since both are the same program. */
enum zygote_verb { ZYGOTE_FORK, ZYGOTE_END };
struct zygote_order {
    uint32_t verb, kind, worker, grace_ms; /* how long a worker that is ending may take before it is killed */
    int32_t parent;                        /* the process that asks */
};
struct zygote_answer {
    int32_t worker; /* -1: could not be made */
    int32_t status; /* of ZYGOTE_END as waitpid(2) has it; otherwise errno */
};

/* To a worker: this, and `octets` octets of DER behind it. */
enum cage_verb {
    CAGE_READ, /* the second reader's question; the others are of chains and CRLs */
    CAGE_ADD_CERTIFICATE,
    CAGE_ADD_CRL,
    CAGE_SET_INCOMPLETE,
    CAGE_OPEN_ANCHORS,
    CAGE_ADD_ANCHOR,
    CAGE_CLOSE_ANCHORS,
    CAGE_JUDGE,
};
struct cage_question {
    uint32_t verb, octets;
    uint32_t set;      /* of anchors, from 1; 0: none */
    uint32_t asks_crl; /* 0 or 1 */
    int64_t crl_max_age_s, now_utc;
};
/* And back: this, and the texts behind it. */
struct cage_head {
    uint32_t answer[2], octets[2];
};
enum { CAGE_READY = 0x43414745, CAGE_DONE = 0, CAGE_REFUSED = 1, CAGE_REFUSED_INCOMPLETE = 2 };

struct cage_answer {
    struct cage_head head;
    struct slice text[2]; /* in room: well-formed UTF-8 and printable */
    uint8_t room[2 * CAGE_TEXT_MOST];
};

/* How a worker failed. */
struct cage_failure {
    enum { CAGE_DIED, CAGE_ENDED, CAGE_SILENT, CAGE_NONSENSE } how;
    int number; /* the signal; the exit code; seconds */
};

/* One worker after the other in one place.  Begin with CAGE_PLACE(kind). */
struct cage_place {
    enum cage_kind kind;
    int fd; /* -1: there is none at present */
    uint32_t worker;
    size_t asked;     /* questions to this worker; the owner may set it to 0 */
    size_t waiting;   /* of these: without their answer */
    int64_t spent_us; /* by this worker, over answers */
    int64_t since_us; /* while something waits: when it began to, or when the latest answer came */
};
#define CAGE_PLACE(which) ((struct cage_place){.kind = (which), .fd = -1})

/* RC_FAULT: there is no fork server, and never will be. */
enum rc cage_works(struct fault *fault) MUST_USE;
/*
 * There is a worker: *is_new where it was made just now.  RC_FAULT: the cage does not work, and for some time nobody
 * tries again, in no place of that kind.
 */
enum rc cage_begin(struct cage_place *p, bool *is_new, struct fault *fault) MUST_USE;
/* A new worker for a place that has none, tried once: a failure is nobody's but the caller's. */
enum rc cage_try(struct cage_place *p, struct fault *fault) MUST_USE;
/* Ends the worker, if there is one. */
void cage_end(struct cage_place *p);
/*
 * After cage_begin.  False: *failure says how it failed, and the worker is gone; where the fork server is gone too
 * (cage_is_gone), that says nothing about the question.
 */
bool cage_ask(struct cage_place *p, const struct cage_question *q, struct slice der, struct cage_answer *out,
              struct cage_failure *failure) MUST_USE;
/*
 * The two halves of it: what was put is answered in the same order.  What waits for an answer is to be small enough for
 * the socket to hold all of it, questions and answers.  False: the worker is gone, and with it all that waited.
 */
bool cage_put(struct cage_place *p, const struct cage_question *q, struct slice der,
              struct cage_failure *failure) MUST_USE;
bool cage_take(struct cage_place *p, struct cage_answer *out, struct cage_failure *failure) MUST_USE;
/* The worker answered for so long that cage_begin makes a new one. */
bool cage_is_due(const struct cage_place *p);
/* What came is no answer to that: the worker is ended. */
void cage_refuse(struct cage_place *p, struct cage_failure *failure);

/* Whatever made workers fail is not shown to another one while this process lives; the latest 1024 are remembered. */
void cage_quarantine(const struct digest *d, const struct cage_failure *failure);
bool cage_is_quarantined(const struct digest *d, struct cage_failure *failure);
bool cage_has_quarantined(void);
/* For people, what is quarantined and why: the same text for the same failure. */
void cage_write_failure(const struct cage_failure *failure, char *out, size_t room);

/* zygote.c: is the fork server on CAGE_FD; does not return. */
_Noreturn void zygote_run(int fd, const struct cage_settings *settings);
/* worker.c: is a worker on CAGE_FD; does not return. */
_Noreturn void worker_run(enum cage_kind kind, const struct cage_settings *settings);
/* jail.c.  Closes every other descriptor and moves this one to CAGE_FD. */
bool jail_keep_only(int fd);
bool jail_limit(size_t address_octets, unsigned cpu_s, struct fault *fault) MUST_USE;
/* From here on every system call but a few ends the process. */
bool jail_filter(struct fault *fault) MUST_USE;

#endif
