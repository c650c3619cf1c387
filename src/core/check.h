/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks: each judges one thing about a certificate (or about a subject) under one policy.  A check is one file with
 * one record, and one row in check.c's table; it looks, and says what it saw; it never logs and never decides what
 * is done about it.
 */
#ifndef CORE_CHECK_H
#define CORE_CHECK_H

#include "base/severity.h"
#include "core/facts.h"
#include "core/hostname.h"

struct policy;

/* In the order in which they run: a cause stands before what it hides. */
enum check_id {
    CHECK_MALFORMED,
    CHECK_VERSION,
    CHECK_CN_MISMATCH,
    CHECK_SAN_MISMATCH,
    CHECK_EXPIRED,
    CHECK_NOT_YET_VALID,
    CHECK_MISSING,
    CHECK_COUNT
};
#define CHECK_BIT(id) (1u << (id))

enum answer { ANSWER_MEETS, ANSWER_VIOLATES, ANSWER_NOT_APPLICABLE, ANSWER_UNDECIDED };

struct check_input {
    const struct policy *policy;
    const struct host *hosts; /* the subject's host names */
    size_t host_count;
    struct slice der; /* empty, and facts NULL, when the subject is judged and not a certificate */
    const struct facts *facts;
    int64_t now_utc;
    bool shows_no_certificate; /* positive evidence that the entry has none (not: that none was seen) */
};

struct check_result {
    enum answer answer;
    struct slice detail; /* printable, no running quantities: the same as long as the finding is the same */
    bool report_only;    /* violates, but the fault is not in the certificate: never acted on */
};

struct check {
    enum check_id id;
    const char *name;
    const char *title;
    enum severity severity;
    const char *citation;
    const char *fix;               /* what an administrator does about it */
    const char *policy_attributes; /* what turns it on and what it reads, separated by spaces; "-": always on */
    unsigned hidden_by;            /* bits of checks whose violation explains this one */
    bool of_subject;               /* judges the entry, not a certificate */
    bool may_revoke;               /* the actions revoke and reissue-then-revoke make sense */
    bool (*is_on)(const struct policy *policy);
    void (*run)(struct arena *a, const struct check_input *in, struct check_result *out);
    /* The values that run looks at, for people, whatever it answers: printable; only asked for when it is on. */
    struct slice (*compared)(struct arena *a, const struct check_input *in);
};

/* The record, never NULL. */
const struct check *check_get(enum check_id id);
/* CHECK_COUNT when this version has no check of that name. */
enum check_id check_find(struct slice name);
/* True for the names that the schema reserves for checks that this version does not have yet. */
bool check_is_reserved(struct slice name);

struct finding {
    enum check_id check;
    struct slice detail;
    bool undecided;   /* reported, never acted on */
    bool report_only; /* likewise */
};

/* One check's answer, whatever other checks say; to be asked only of one that is on and judges what `in` is about. */
void check_answer(struct arena *a, const struct check_input *in, enum check_id id, struct check_result *out);

/* Most findings that one run can give. */
enum { FINDINGS_MAX = CHECK_COUNT };
/*
 * Runs every check that the policy turns on: those of a certificate, or where in->facts is NULL those of the subject.
 * Returns how many findings were written; details live in the arena.
 */
size_t check_run(struct arena *a, const struct check_input *in, struct finding findings[FINDINGS_MAX]);

/*
 * Does the certificate name the host at all: by its SAN, or by its Common Names where the SAN names nothing?  For
 * judging replacements under a policy that has no name rule.
 */
bool check_covers(const struct check_input *in, const struct host *h);

#endif
