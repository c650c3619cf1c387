/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a pass is: figures for whoever watches it, a line in the log now and then, and on a terminal a line that is
 * drawn again and again on standard error.
 */
#ifndef RUN_PROGRESS_H
#define RUN_PROGRESS_H

#include "run/log.h"

struct progress {
    size_t entries, findings; /* so far */
    int64_t begun_utc;
};

/* When it is shown, in milliseconds of the monotonic clock. */
struct progress_pace {
    unsigned show_after_ms, show_every_ms; /* the terminal's line, and how often it is drawn again */
    unsigned log_after_ms, log_every_ms;   /* the log's first line, and the further ones */
};
extern const struct progress_pace progress_everyday_pace;

/* For one pass.  Plain data; zero is one that shows nothing. */
struct progress_meter {
    struct log *log;                  /* borrowed */
    const struct progress_pace *pace; /* borrowed */
    bool on_terminal;                 /* standard error is one, and somebody wants to see it */
    size_t expected;                  /* entries; 0: not known */
    int64_t begun_ms, log_next_ms, show_next_ms;
    unsigned drawn_columns; /* of the line that stands on the terminal; 0: none */
};

int64_t progress_clock_ms(void);
/* pace NULL: the everyday one.  show: draw on standard error where that is a terminal. */
struct progress_meter progress_begin(struct log *log, const struct progress_pace *pace, bool show);
/* To be called often; shows what is due. */
void progress_look(struct progress_meter *m, const struct progress *now);
/* Before anything else is written to standard error, and at the end: removes the line. */
void progress_clear(struct progress_meter *m);

#endif
