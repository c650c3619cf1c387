/* SPDX-License-Identifier: Apache-2.0 */
/* What daemon.c and reload.c share. */
#ifndef DAEMON_DAEMON_PRIVATE_H
#define DAEMON_DAEMON_PRIVATE_H

#include "daemon/background.h"
#include "daemon/daemon.h"
#include "daemon/follow.h"
#include "daemon/harden.h"
#include "daemon/lease.h"
#include "daemon/since.h"
#include "daemon/watch.h"
#include "run/pass.h"

enum { STATUS_ROOM = 512, DAEMON_DAY_S = 86400 };

struct daemon {
    const char *conf_path; /* absolute */
    struct setup *setup;
    struct log *log;
    struct background background;
    struct signals signals;
    struct notify *notify;
    struct servers *servers;
    struct keeper *keeper;
    struct memo *memory;
    struct second_reader *second;
    struct harden *harden;
    struct watch watch;
    const char *pid_file; /* that was written, ours to free; NULL: none */

    bool began;           /* a connection was tried */
    unsigned connection;  /* of the servers, that the keeper knows of; 0: none */
    bool shows_progress;  /* somebody may look at standard error */
    int code;             /* to end with */
    int64_t next_pass_ms; /* monotonic */
    int64_t summary_day;  /* of the last daily summary, days since 1970; -1: there was none */
    size_t summary_whole; /* policies that it had figures of */
    char status[STATUS_ROOM], last_pass[STATUS_ROOM / 2];

    /* For the metrics; the survey is of the last full pass that came to its end, and lives in the arena. */
    struct arena last_arena;
    struct survey last_survey;
    struct policy_survey *figures; /* its policies, in which looks carry requests on */
    bool survey_stands;            /* this daemon has been the active one since */
    enum pass_result last_result;
    int64_t last_pass_utc, last_complete_utc, last_contact_utc;
    bool lease_written, following_written, metrics_failed;

    /* Between full passes (daemon/passes.c); times are monotonic. */
    struct past *past;
    struct changes changes;
    struct follow *follow;
    struct since since;
    struct lease_place status_place;
    bool was_active, search_failed;
    bool full_wanted;       /* a look left something to a full pass */
    bool full_was_complete; /* the last one, cut short or not */
    bool is_certain;        /* since the last full pass every change was told: what the next one finds is drift */
    int64_t full_begun_ms, full_not_before_ms, next_search_ms, lag_left_ms, metrics_ms;
    int64_t wanted_not_before_ms, patience_ms; /* of looks that leave something to a full pass */
    int64_t look_not_before_ms, full_took_ms, echoes_until_ms;
    unsigned slow_looks; /* in a row */
    bool slowness_told;
    uint64_t looks, looks_written, drift;
};

/* Servers and keeper as the configuration wants them; nothing is connected yet. */
void daemon_open_servers(struct daemon *d);
void daemon_open_keeper(struct daemon *d);
/* The figures as a file, where the configuration wants one. */
void daemon_write_metrics(struct daemon *d);
/* d->last_pass, after what was read last. */
void daemon_say_last_pass(struct daemon *d);
/* The daily summary, where it is due. */
void daemon_tell_summary(struct daemon *d);
/* SIGHUP: the configuration is read again; a wrong one changes nothing.  The log's file is opened anew either way. */
void daemon_reload(struct daemon *d);

#endif
