/* SPDX-License-Identifier: Apache-2.0 */
/* How the rooms of a pass ask the memory. */
#ifndef RUN_MEMO_PRIVATE_H
#define RUN_MEMO_PRIVATE_H

#include "base/arena.h"
#include "run/memo.h"

/* Of what it is, and so which search has to end whole before it may be forgotten. */
enum memo_kind {
    MEMO_FINDING,  /* what a check said of a subject; undecided, too */
    MEMO_SUBJECT,  /* anything else about the subjects of one policy */
    MEMO_TREE,     /* about policies and their targets */
    MEMO_REQUESTS, /* about what stands below ou=requests */
    MEMO_HOLD,
    MEMO_PASS, /* the figures of a pass line */
    MEMO_KINDS,
};

/* Kind, policy and key say what it is about, value what is said of it.  Everything is borrowed for the call. */
struct memo_fact {
    enum memo_kind kind;
    struct slice policy_dn; /* empty where it belongs to none */
    struct slice key[3];
    struct slice value;
    /* A finding whose end is to be told: then these say of what. */
    bool is_finding;
    struct slice subject_dn, subject_id, check, certificate;
};

/* True when it is not known, or is known with another value: then it is to be told.  It counts as seen in this pass. */
bool memo_is_new(struct memo *m, const struct memo_fact *f);
/* It is known with this value; nothing is noted. */
bool memo_knows(struct memo *m, const struct memo_fact *f);
/* Somebody else told the end of that finding: it is still known, and its end is not told again. */
void memo_end_is_told(struct memo *m, const struct memo_fact *f);
/* True once, when there was no room for something. */
bool memo_ran_full(struct memo *m);
/* True when that is not what it said before; at first nothing is paused. */
bool memo_pause(struct memo *m, bool paused);
/* What does not work for everybody, until it works again. */
enum memo_trouble { MEMO_NO_SECOND, MEMO_NO_TRUST, MEMO_TROUBLES };
/* True when that is not what it said before; at first there is none. */
bool memo_trouble(struct memo *m, enum memo_trouble trouble, bool lasts);

/* What a pass says of one kind of things of one policy, once it has ended. */
enum memo_verdict {
    MEMO_KEEP,   /* it did not look, or not everywhere */
    MEMO_LOOKED, /* it looked: what was not seen is no more */
    MEMO_DROP,   /* nobody looks for them any more */
};
typedef enum memo_verdict memo_judge_fn(void *context, enum memo_kind kind, struct slice policy_dn);
/* Called for each finding that is no more.  The fact's kind, policy and texts are filled, not its key and value. */
typedef void memo_ended_fn(void *context, const struct memo_fact *f);

void memo_begin_pass(struct memo *m);
/* Forgets what is no more. */
void memo_end_pass(struct memo *m, memo_judge_fn *judge, memo_ended_fn *ended, void *context);
/* Of a pass that looked at some subjects only: is it about one of these, as far as it could tell? */
typedef bool memo_about_fn(void *context, const struct memo_fact *f);
/* The same, but nothing ends except findings that it is about. */
void memo_end_look(struct memo *m, memo_judge_fn *judge, memo_about_fn *about, memo_ended_fn *ended, void *context);

#endif
