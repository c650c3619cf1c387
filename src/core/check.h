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
#include "core/trust.h"

struct policy;

/* In the order in which they run: a cause stands before what it hides. */
enum check_id {
    CHECK_MALFORMED,
    CHECK_VERSION,
    CHECK_CN_MISMATCH,
    CHECK_SAN_MISMATCH,
    CHECK_EXPIRED,
    CHECK_NOT_YET_VALID,
    CHECK_EXPIRING,
    CHECK_VALIDITY_TOO_LONG,
    CHECK_WEAK_KEY,
    CHECK_WEAK_SIGNATURE,
    CHECK_POST_QUANTUM,
    CHECK_CA_CERTIFICATE,
    CHECK_KEY_USAGE,
    CHECK_EXTENDED_KEY_USAGE,
    CHECK_ISSUER,
    CHECK_CHAIN,
    CHECK_REVOKED,
    CHECK_SHARED_CERTIFICATE,
    CHECK_SHARED_KEY,
    CHECK_DUPLICATE_HOST_NAME, /* from here on they are of the entry, and no certificate is asked them */
    CHECK_DUPLICATE_VALUE,
    CHECK_TOO_MANY_VALUES,
    CHECK_MISSING,
    CHECK_COUNT,
    CHECK_FIRST_OF_SUBJECT = CHECK_DUPLICATE_HOST_NAME
};
#define CHECK_BIT(id) (1u << (id))

enum answer { ANSWER_MEETS, ANSWER_VIOLATES, ANSWER_NOT_APPLICABLE, ANSWER_UNDECIDED };

/*
 * What other entries of this pass hold too: each a DN, the first of them in byte order; empty: no other has it.  Of a
 * certificate: its octets and its key.  Of an entry: a host name of it that another entry claims, and whose.
 */
struct sharing {
    bool compared; /* false: nobody did, and the checks are undecided */
    struct slice certificate_with, key_with;
    struct slice host, host_with;
};

/* How an entry holds its certificates. */
struct holding {
    size_t count;             /* certificates, each once */
    struct slice twice;       /* DER that stands in two attributes; empty: none */
    struct slice twice_in[2]; /* in which, with their options */
    struct slice repeated;    /* empty, or what stands there twice, for people */
};

struct check_input {
    const struct policy *policy;
    const struct host *hosts; /* the subject's host names */
    size_t host_count;
    struct slice der; /* empty, and facts NULL, when the subject is judged and not a certificate */
    const struct facts *facts;
    const struct trust *trust;     /* of the certificate; NULL: nobody asked */
    const struct sharing *sharing; /* of the certificate or of the entry; NULL: nobody compared */
    const struct holding *holding; /* of the entry; NULL: not known */
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
    bool reports_only;             /* no new certificate would mend it: report is its only action */
    bool informs;                  /* with the action report it is something to know, and no fault of a certificate */
    bool (*is_on)(const struct policy *policy);
    void (*run)(struct arena *a, const struct check_input *in, struct check_result *out);
    /* The values that run looks at, for people, whatever it answers: printable; only asked for when it is on. */
    struct slice (*compared)(struct arena *a, const struct check_input *in);
};

/* The record, never NULL. */
const struct check *check_get(enum check_id id);
/* CHECK_COUNT when this version has no check of that name. */
enum check_id check_find(struct slice name);
struct finding {
    enum check_id check;
    struct slice detail;
    bool undecided;   /* reported, never acted on */
    bool report_only; /* likewise */
    /*
     * Another entry claims a host name of this one, so nothing may be issued on the strength of it: an action that
     * reissues is only reported.
     */
    bool contested;
    bool informs;        /* policy only wants to know it: the certificate complies all the same */
    struct slice waiver; /* DN of the waiver that covers it: reported, never acted on; empty: none */
};

/* Bits of the checks that the policy turns on; never 0, as some always are. */
unsigned check_those_on(const struct policy *policy);
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
