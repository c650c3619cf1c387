/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the report shows, gathered subject by subject: plain figures, and the few entries that are worst.  Pure: the
 * time is a parameter, and how it is printed is report_text.h's and report_page.h's.
 */
#ifndef CTL_REPORT_DATA_H
#define CTL_REPORT_DATA_H

#include "core/request.h"
#include "core/subject.h"
#include "run/inspect.h"
#include "run/told.h"

enum {
    REPORT_MONTHS = 12,   /* this one and the next eleven */
    REPORT_TOP = 10,      /* issuers and kinds of key that are named */
    REPORT_WORST = 20,    /* entries that are explained */
    REPORT_FINDINGS = 50, /* findings of one of them that are told */
    REPORT_NOTES = 20,    /* problems that are told */
};

/* How long ago a request was opened. */
enum report_age { AGE_DAY, AGE_WEEK, AGE_MONTH, AGE_OLDER, REPORT_AGES };
/* "under 1 day" and so on. */
const char *report_age_name(enum report_age age);

struct report_policy {
    const struct policy *policy;
    const char *result; /* as run/inspect names it */
    size_t subjects, with_certificate;
    size_t compliant; /* entries with certificates, about which there is no finding and nothing undecided */
    size_t undecided; /* entries about which something is */
    size_t waived;    /* findings that a waiver covers; they are not among the others */
    size_t findings[CHECK_COUNT];
};

struct report_finding {
    const struct check *check;
    struct slice detail;      /* escaped, as DNs, names and notes are here */
    struct slice certificate; /* its digest in hexadecimal; empty: the entry is meant */
    enum action action;
    bool undecided, waived;
};

struct report_entry {
    const struct policy *policy;
    struct slice dn;
    const struct slice *hosts; /* not escaped */
    size_t host_count;
    const struct report_finding *findings; /* the heaviest first, at most REPORT_FINDINGS */
    size_t finding_count, more_findings;
    uint64_t weight;
};

struct report_count {
    struct slice name;
    size_t count;
};

/* How often each name was seen.  Beyond a bound, new names are counted together. */
struct report_tally {
    struct report_tally_slot *slots;
    size_t names, room, beyond;
    /* After report_data_end: the most frequent first, at most REPORT_TOP, and how many all others are. */
    struct report_count top[REPORT_TOP];
    size_t top_count, others;
};

struct report_data {
    struct arena *arena;
    int64_t now_utc;
    struct slice base, server, who; /* the caller's to fill */
    bool complete;                  /* everything was read */
    LIST_OF(struct slice) notes;    /* what was not read, what is malformed */
    size_t more_notes;

    LIST_OF(struct report_policy) policies; /* by precedence */
    size_t certificates, unreadable;
    size_t overdue, months[REPORT_MONTHS], later; /* certificates by the end of their validity */
    size_t requests[REQUEST_TYPES][STATE_COUNT][REPORT_AGES];
    int64_t oldest_open_utc; /* 0: none is open */
    struct slice oldest_open_dn, oldest_open_id;
    struct report_tally issuers, keys;
    size_t entries_with_findings;
    struct report_entry worst[REPORT_WORST]; /* the worst first */
    size_t worst_count;

    struct told told;
    struct arena scratch; /* empty but within a call; report_data_end frees it */
};

/* Everything lives in the arena. */
struct report_data *report_data_new(struct arena *a, int64_t now_utc);
/* For inspect_run: subjects, problems, faults and policies go into the data. */
struct inspect_sink report_data_sink(struct report_data *d);
void report_data_request(struct report_data *d, const struct request *q);
/* Something that people have to know about the figures; what can't be printed is escaped. */
void report_data_note(struct report_data *d, struct slice text);
/* Sorts and cuts; to be called once, when all was gathered. */
void report_data_end(struct report_data *d, bool complete);

/* The figures of all policies together. */
struct report_policy report_data_total(const struct report_data *d);
size_t report_data_findings(const struct report_policy *p);
size_t report_data_requests(const struct report_data *d, unsigned states);
/* The month of a bucket: year, and 0 to 11 for January to December. */
void report_data_month(const struct report_data *d, size_t bucket, unsigned *year, unsigned *month);
/* 0 to 1000; never 1000 unless it is all, and 1000 of nothing. */
unsigned report_permille(size_t part, size_t whole);

/* What kind of key a certificate has, for people: "RSA 2048", "EC P-256", "Ed25519", an OID. */
struct slice report_key_name(struct arena *a, struct slice der, const struct facts *f);

#endif
