/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass: read policy, judge every certificate in scope, derive the requests that are wanted, compare them with
 * those that exist, write the difference.
 */
#ifndef RUN_PASS_H
#define RUN_PASS_H

#include "dir/dir.h"
#include "run/log.h"
#include "run/memo.h"
#include "run/past.h"
#include "run/progress.h"
#include "run/survey.h"
#include "x509/second.h"

/*
 * What goes with the last write of the status entry, so that it needs none of its own.  say: false where there is
 * nothing to say now; the values live until the next call.  said: it was carried out; not called where the server
 * refused it, and the status was written without it.
 */
struct pass_farewell {
    bool (*say)(void *context, struct dir_mod *mod);
    void (*said)(void *context);
    void *context;
};

struct pass_settings {
    const char *base;     /* ou=dircertd,… */
    const char *instance; /* the status entry's cn */
    unsigned interval_s;
    bool dry_run; /* nothing is written */
    log_clock_fn *clock;
    void *clock_context;
    struct memo *memory; /* what earlier passes told; NULL: everything is told */
    /*
     * Called often while the pass goes on; false interrupts it: nothing more is read, concluded or written, the status
     * entry keeps what it says, no fault is told for it, and the result is PASS_INCOMPLETE.  NULL: nobody watches.
     */
    bool (*watch)(void *context, const struct progress *progress);
    void *watch_context;
    bool no_shortcuts;                /* for tests: every request is read in full, whatever becomes of it */
    struct survey *survey;            /* filled where it is wanted, in the caller's arena; NULL: it is not */
    bool show_progress;               /* a line on standard error, where that is a terminal */
    const struct progress_pace *pace; /* NULL: the everyday one */
    /*
     * The caller wrote to the status entry just now, so that a stamp of the server's that is of now by our clock needs
     * no further write to be had.
     */
    bool status_is_fresh;
    const struct pass_farewell *farewell; /* of a full pass that is written; NULL: nothing */

    /* Between full passes.  All of it is borrowed. */
    struct past *past; /* a full pass that is written fills it at its end, a look needs it; NULL: nobody looks */
    const struct focus *focus;   /* NULL: a full pass; otherwise a look at these alone, see pass_run */
    enum escalation *escalation; /* where there is a focus: why a full pass has to come at once */
    struct drift_watch *drift;   /* for full passes; NULL: nobody asks */
    int64_t full_due_utc;        /* of the next full pass: deadlines after it need not be kept; 0: keep all */
    /*
     * Seconds that run on whatever is done to the wall clock, from anywhere; NULL: CLOCK_BOOTTIME.  Whoever hands in a
     * clock that is not the system's hands in one here, too.
     */
    log_clock_fn *steady_clock;
};

/* The values are the exit codes of --once. */
enum pass_result {
    PASS_COMPLETE = 0,
    PASS_INCOMPLETE = 2, /* something was not read or not written, or a policy is disabled */
    PASS_HELD = 3,       /* a guard holds */
};

/*
 * Runs one pass and logs it.  With dry_run, *plan is the plan as --dry-run prints it, in the caller's arena;
 * otherwise it is left empty.  The log, the directory and the second reader are borrowed; while it runs, the pass is
 * the one that watches the directory (dir_set_watch), and nobody does afterwards.
 *
 * With a focus it is a look: the same rooms in the same order, at these subjects alone.  It writes no status, and tells
 * operations and findings as a full pass does.  What it may not settle is in *escalation: then a full pass has to come
 * at once.  Until it has come the matter stays as it is, and nothing is lost.
 */
enum pass_result pass_run(struct dir *d, struct second_reader *second, struct log *log,
                          const struct pass_settings *settings, struct arena *a, struct slice *plan);

#endif
