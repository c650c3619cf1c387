/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures for a monitoring system, as a file for node_exporter's textfile collector.  The daemon writes it after each
 * pass, and when the lease changes hands (dircertd_lease_held); where that fails it says so in a fault event, once
 * until it works again.  Times are points in time, not ages: the file stays true while nobody writes it.
 *
 * Every sample bears the label `daemon`, so that the files of two daemons on one machine do not have the same series.
 * @source Prometheus text exposition format 0.0.4
 */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include "run/pass.h"
#include "run/survey.h"

struct metrics_input {
    const char *instance, *version;
    bool lease_held, is_following;
    uint64_t looks, drift;       /* since the program began */
    uint64_t log_lines_lost;     /* and not told of yet */
    const struct survey *survey; /* of the last pass; NULL: there was none yet */
    enum pass_result result;     /* its result */
    int64_t last_pass_utc;       /* when it ended; 0: there was none */
    int64_t last_complete_utc;   /* when the last complete one ended; 0: there was none since the program began, and told */
    int64_t last_contact_utc;    /* when a server was in use last; 0: none was yet, and told */
    unsigned full_interval_s;    /* 0: passes come from elsewhere, by --once */
};

struct metrics;

/* One metric: a row of the README's table, and what writes its samples. */
struct metric {
    const char *name, *type;
    const char *labels; /* beside `daemon`, separated by spaces; "": none */
    const char *help;
    void (*write)(struct metrics *m, const struct metric *row);
};
const struct metric *metrics_rows(size_t *count);

/* The file's text, in the arena. */
struct slice metrics_text(struct arena *a, const struct metrics_input *in);
/* Replaces the file at `path`, mode 0644; what base/wholefile says holds. */
enum rc metrics_write(const char *path, const struct metrics_input *in, struct fault *fault) MUST_USE;

#endif
