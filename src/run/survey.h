/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one pass saw, in figures: for the daily summary, the metrics, the status and the people.  Filled by pass_run;
 * everything lives in the arena of that pass.  An interrupted pass, and one that could not begin, has no policies here.
 */
#ifndef RUN_SURVEY_H
#define RUN_SURVEY_H

#include "core/check.h"
#include "core/policy.h"
#include "core/request.h"

struct policy_survey {
    struct slice policy_dn, name; /* name: the value of its RDN */
    struct slice revision;
    enum policy_mode mode;
    bool complete; /* all of it was read: only then do the figures count */
    const char *result;
    size_t subjects, with_certificate;
    size_t compliant; /* subjects with certificates, none of which has a finding or is undecided */
    size_t undecided;
    size_t findings[CHECK_COUNT];
    size_t waived;                               /* findings that a waiver covers; they are not among these */
    size_t requests[REQUEST_TYPES][STATE_COUNT]; /* after the writes of this pass; by enum request_type */
    size_t unverified;       /* revocations that the fulfiller says are done and that no CRL shows */
    int64_t oldest_open_utc;                     /* 0: none is open */
    struct slice holds; /* the guards that hold it, between commas; empty: none */
};

struct survey {
    const char *result; /* "complete", "incomplete", "held" or "interrupted" */
    int64_t begun_utc;
    int64_t duration_ms;
    size_t entries;       /* that were read of subjects */
    size_t requests_open; /* not finished, of whatever policy */
    bool wrote;           /* something below ou=requests */
    const struct policy_survey *policies;
    size_t policy_count;
};

#endif
