/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subject entry and its certificates as one pass saw and judged them.
 */
#ifndef CORE_SUBJECT_H
#define CORE_SUBJECT_H

#include "base/digest.h"
#include "core/entry.h"
#include "core/policy.h"

/* What OpenSSL said about our reading of a certificate. */
enum second_opinion {
    OPINION_NOT_ASKED, /* an everyday certificate that violates nothing */
    OPINION_AGREES,
    OPINION_DISAGREES, /* or could not read at all: nothing may rest on this certificate */
};

struct waiver;

struct certificate {
    struct slice der;
    struct facts facts;
    const struct finding *findings;
    size_t finding_count;
    enum second_opinion opinion;
    struct trust trust;
    struct sharing sharing;
    struct digest digest; /* only where has_digest: certificates nobody asks about are not hashed */
    bool has_digest;
};

struct subject {
    struct slice dn;
    struct slice id; /* "entryUUID:…": dircertSubjectId */
    const struct policy *policy;
    const struct host *hosts;
    size_t host_count;
    struct certificate *certificates;
    size_t certificate_count;
    const struct finding *findings; /* of the subject itself */
    size_t finding_count;
    struct sharing sharing; /* of host names */
    struct holding holding;
    /*
     * Waivers that may cover a finding of it: first those whose target matches the entry, then all that name
     * certificates.  The waivers themselves live as long as the pass.
     */
    const struct waiver *const *waivers;
    size_t waiver_count, waivers_of_entry;
    bool shows_no_certificate; /* positive evidence; false also where nobody looked */
    /*
     * Attributes that showed no value, bit i for the policy's i-th.  Where they may only be hidden, and the difference
     * matters, the whole subject is undecided: nothing follows from it.
     */
    unsigned silent_certificate_attributes, silent_host_attributes;
    bool undecided;
    bool governance_known; /* its policy was asked about this entry alone, and governs it */
};

/*
 * Compiles an entry: host names and certificates of the policy's attributes, values that stand in several of them
 * once.  All of it points into the entry, or the arena.  `kind` is the name of the stable id's attribute; an entry
 * without it has an empty id.  Malformed host names are appended to *problems.
 */
struct subject subject_compile(struct arena *a, const struct entry *e, const struct policy *policy, const char *kind,
                               problem_list *problems);
/* The dircertSubjectId of an entry: "<kind>:<value>", octets that are not text in hexadecimal; empty without one. */
struct slice subject_id(struct arena *a, const struct entry *e, const char *kind);

/*
 * Judges one certificate, whose facts, trust and sharing are filled in, or the subject itself.  Where a host name of
 * the subject is contested, subject_judge marks the findings of its certificates too.
 */
void subject_judge_certificate(struct arena *a, const struct subject *s, struct certificate *c, int64_t now_utc);
void subject_judge(struct arena *a, struct subject *s, int64_t now_utc);

void certificate_hash(struct certificate *c);
/* A deep copy which does not point into the entry any more. */
struct subject subject_copy(struct arena *a, const struct subject *s);

/* What policy asks for in answer to a finding; ACTION_REPORT where the finding may not be acted on. */
enum action finding_action(const struct policy *p, const struct certificate *c, const struct finding *f);
/* A finding that is more than something to know. */
bool certificate_has_fault(const struct certificate *c);
/* No fault, nothing undecided, and both readers agree. */
bool certificate_complies(const struct certificate *c);
/* Something about it could not be decided, so that nothing may be concluded from it. */
bool certificate_is_undecided(const struct certificate *c);
/*
 * Checks whose answer needs other entries and is undecided for this certificate now.  Where a request rests on one of
 * them, nothing follows until somebody can tell again: it would lose its approval for an entry that is hidden a while.
 */
unsigned certificate_doubts(const struct certificate *c);
/*
 * Policy wants host names to be one entry's alone, and one of this entry's is another's too, or nobody could compare:
 * nothing may be issued on the strength of it.
 */
bool subject_is_contested(const struct subject *s);

/*
 * Does `candidate` stand in for `old`?  Another certificate with another serial, compliant on every check, which
 * covers the wanted names, the old extended key usages, in the same key family, and has a new key where a finding of
 * the old one says that the key is at fault.  What the old one does not say (it is malformed, or `old` is NULL because
 * the directory no longer shows it) is not asked for.
 */
bool subject_stands_in(const struct subject *s, const struct certificate *candidate, const struct certificate *old,
                       int64_t now_utc);

/*
 * Those of a subject's certificates that stand in for something, the digests `not_these` (ascending) left out: of each
 * kind, which is what they may be used for and the algorithm of the key, a few that differ in serial number and key.
 * More would answer nothing else.
 */
struct stand_ins {
    struct certificate *const *items;
    size_t count;
};
struct stand_ins stand_ins_of(struct arena *a, const struct subject *s, const struct digest *not_these, size_t count,
                              int64_t now_utc);
/* The same of those that would, if what other entries have to tell of them were known and good: see certificate_doubts.
 */
struct stand_ins stand_ins_doubted(struct arena *a, const struct subject *s, int64_t now_utc);
/* The first that stands in for `old`; or NULL. */
struct certificate *stand_ins_find(const struct stand_ins *s, const struct certificate *old);

#endif
