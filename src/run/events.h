/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue of events: everything that the log can say, and the only things that it says.  Names, keys and
 * severities are a contract with whoever watches the log; texts are written to be printed as documentation.
 */
#ifndef RUN_EVENTS_H
#define RUN_EVENTS_H

#include "base/severity.h"
#include "base/slice.h"

enum event {
    EVENT_START,
    EVENT_CONFIG,
    EVENT_SANDBOX,
    EVENT_PASS,
    EVENT_FINDING,
    EVENT_FINDING_ENDED,
    EVENT_UNDECIDED,
    EVENT_READERS_DISAGREE,
    EVENT_QUARANTINE,
    EVENT_PROBLEM,
    EVENT_FAULT,
    EVENT_REQUEST,
    EVENT_REQUEST_PROBLEM,
    EVENT_DECISION_IGNORED,
    EVENT_HOLD,
    EVENT_HOLD_ENDED,
    EVENT_PAUSE,
    EVENT_LOOK,
    EVENT_DRIFT,
    EVENT_AUTHORITY_NONCOMPLIANT,
    EVENT_LOG_LOST,
    EVENT_CONNECTED,
    EVENT_DISCONNECTED,
    EVENT_INSECURE,
    EVENT_LEASE,
    EVENT_SYNC,
    EVENT_RELOAD,
    EVENT_PROGRESS,
    EVENT_SUMMARY,
    EVENT_STOP,
    EVENT_COUNT,
};

struct event_row {
    const char *name;
    enum severity severity;
    const char *fields;  /* the keys that a line may carry, between single spaces; each has a row in event_fields */
    const char *meaning; /* one sentence or more: what happened */
    const char *advice;  /* what the administrator should do */
};

/* What a key means, wherever it stands. */
struct event_field {
    const char *key;
    const char *meaning;
};

/* Static. */
const struct event_row *event_row(enum event event);
/* All keys, in alphabetical order.  Static. */
const struct event_field *event_fields(size_t *count);
/* True when a line of that event may carry that key. */
bool event_carries(enum event event, const char *key);
/* "err", "warning", "notice", "info" or "debug". */
const char *severity_name(enum severity severity);
/* False when that is none of these names. */
bool severity_read(struct slice name, enum severity *severity);

#endif
