/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that the daemon would think about one entry, as a value: which policy governs it and why, and what every
 * check answers about each of its certificates.  Nothing is planned, written or logged.
 */
#ifndef RUN_EXPLAIN_H
#define RUN_EXPLAIN_H

#include "core/request.h"
#include "core/waiver.h"
#include "run/inspect.h"

enum explain_verdict {
    EXPLAIN_GOVERNS,
    EXPLAIN_OUTRANKED, /* it would, and one of an earlier precedence does */
    EXPLAIN_TIED,      /* it would, and so would another of the same precedence: neither does */
    EXPLAIN_SUSPENDED, /* it would, if an earlier policy that can't be evaluated leaves the entry to it */
    EXPLAIN_EXCLUDED,
    EXPLAIN_FILTER,  /* the entry is in a target's base and scope, and the filter is not true of it */
    EXPLAIN_OUTSIDE, /* of the base and scope of every target */
    EXPLAIN_UNKNOWN, /* could not be evaluated */
};
/* "governs", "outranked", "tied", "suspended", "excluded", "filter", "outside" or "unknown". */
const char *explain_verdict_name(enum explain_verdict v);

struct explained_policy {
    const struct policy *policy;
    enum explain_verdict verdict;
    struct slice why;
};

enum explain_answer {
    EXPLAIN_MEETS,
    EXPLAIN_VIOLATES,
    EXPLAIN_NOT_APPLICABLE,
    EXPLAIN_UNDECIDED,
    EXPLAIN_HIDDEN, /* not asked: the violation of another check explains it */
    EXPLAIN_OFF,    /* this policy does not turn it on */
};
/* "meets", "violates", "not applicable", "undecided", "hidden" or "off". */
const char *explain_answer_name(enum explain_answer a);

struct explained_check {
    const struct check *check;
    enum explain_answer answer;
    struct slice detail;         /* of a finding, as everywhere else; otherwise why there is no answer, or empty */
    struct slice compared;       /* the values that were looked at; may be empty */
    enum action action;          /* what policy asks for; ACTION_REPORT where it is no finding that may be acted on */
    const struct waiver *waiver; /* that covers the finding; NULL: none, or there is no finding */
};

struct explained_certificate {
    struct certificate certificate; /* hashed; both readers were asked */
    struct slice disagreement;      /* why the second reader disagrees; empty: it does not */
    struct explained_check checks[CHECK_COUNT];
    size_t check_count; /* 0: no policy judges the entry */
};

enum explain_waivers {
    WAIVERS_NONE_SEEN,
    WAIVERS_THERE,   /* none of them names the entry or a certificate of it */
    WAIVERS_COVER,   /* some do, if only for checks that find nothing */
    WAIVERS_UNKNOWN, /* one can't be evaluated: while that is so, no request is written about anybody */
    WAIVERS_NOT_READ,
};

/* Everything lives in the arena. */
struct explanation {
    struct subject subject; /* with the governing policy's attributes, or where none governs with the defaults */
    struct explained_policy *policies; /* by precedence */
    size_t policy_count;
    const struct policy *governing; /* NULL: none, or it could not be decided */
    bool undecided;                 /* ... and that is why */
    bool judged;                    /* the governing policy is neither off nor disabled: the checks have answers */
    struct slice hidden; /* attributes that showed nothing and may only be hidden from this account, between blanks */
    struct explained_certificate *certificates;
    size_t certificate_count;
    struct explained_check checks[CHECK_COUNT]; /* about the entry itself */
    size_t check_count;
    enum explain_waivers waivers;
    const struct waiver *const *covering; /* those that name the entry, or a certificate of it */
    size_t covering_count;
    bool requests_read; /* otherwise the account may not */
    struct request *requests;
    size_t request_count;
};

/*
 * RC_OK: *out is filled; what was not read was told to the sink, of which only `problem` and `fault` are used.
 * RC_NOT_FOUND: no such entry, or it is hidden; RC_INVALID: not a DN; RC_FAULT: told to the sink.
 */
enum rc explain_run(struct dir *d, struct second_reader *second, const struct inspect_settings *settings,
                    struct arena *a, struct slice dn, const struct inspect_sink *sink,
                    struct explanation *out) MUST_USE;

#endif
