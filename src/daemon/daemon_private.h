/* SPDX-License-Identifier: Apache-2.0 */
/* What daemon.c and reload.c share. */
#ifndef DAEMON_DAEMON_PRIVATE_H
#define DAEMON_DAEMON_PRIVATE_H

#include "daemon/background.h"
#include "daemon/daemon.h"
#include "daemon/harden.h"
#include "daemon/watch.h"
#include "run/pass.h"

enum { STATUS_ROOM = 512 };

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
    int code;             /* to end with */
    int64_t next_pass_ms; /* monotonic */
    int64_t summary_day;  /* of the last daily summary, days since 1970; -1: there was none */
    char status[STATUS_ROOM], last_pass[STATUS_ROOM / 2];

    /* For the metrics; the survey of the last pass lives in its arena. */
    struct arena last_arena;
    struct survey last_survey;
    enum pass_result last_result;
    int64_t last_pass_utc, last_complete_utc;
    bool lease_written, metrics_failed;
};

/* Servers and keeper as the configuration wants them; nothing is connected yet. */
void daemon_open_servers(struct daemon *d);
void daemon_open_keeper(struct daemon *d);
/* The figures as a file, where the configuration wants one. */
void daemon_write_metrics(struct daemon *d);
/* SIGHUP: the configuration is read again; a wrong one changes nothing.  The log's file is opened anew either way. */
void daemon_reload(struct daemon *d);

#endif
