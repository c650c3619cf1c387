/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/harden_private.h"

#include "base/arena.h"
#include "base/nocore.h"
#include "daemon/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

struct harden {
    struct harden_files files;
};

static const char *log_file(const struct conf *conf)
{
    return conf->log.target == CONF_LOG_FILE ? conf->log.to : NULL;
}

/* Who it is; true when somebody should know. */
static bool describe_user(const struct conf *conf, char out[2 * IDENTITY_ROOM])
{
    char name[IDENTITY_ROOM];
    identity_name(name);
    bool other = conf->user && strcmp(name, conf->user) != 0;
    snprintf(out, 2 * IDENTITY_ROOM, "%s%s%.64s%s", name, other ? ", and not " : "", other ? conf->user : "",
             other ? ", whom only root can become" : "");
    return other || identity_is_root();
}

struct harden *harden_begin(const struct conf *conf, struct log *log)
{
    char user[2 * IDENTITY_ROOM], capabilities[IDENTITY_ROOM], files[HARDEN_TEXT_ROOM], calls[HARDEN_TEXT_ROOM];
    struct harden *h = calloc(1, sizeof *h);
    if (!h)
        arena_exhausted(sizeof *h);
    harden_files_add(&h->files, log_file(conf), HARDEN_APPEND);
    harden_files_add(&h->files, conf->metrics.textfile, HARDEN_REPLACE);
    harden_files_add(&h->files, conf->pid_file, HARDEN_REMOVE);
    nocore_set();
    bool worth_a_look = describe_user(conf, user);
    identity_drop_capabilities(capabilities);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* where that fails, so do the two that follow, and they say it */
    harden_files_begin(&h->files, files);
    worth_a_look |= !harden_calls_begin(calls);
    const struct log_field fields[] = {log_text("user", user), log_text("capabilities", capabilities),
                                       log_text("seccomp", calls), log_text("landlock", files)};
    log_event_as(log, EVENT_SANDBOX, worth_a_look ? SEVERITY_NOTICE : SEVERITY_INFO, fields,
                 sizeof fields / sizeof fields[0]);
    return h;
}

void harden_free(struct harden *h)
{
    if (h)
        harden_files_free(&h->files);
    free(h);
}

bool harden_bars(const struct harden *h, const char *file)
{
    return h->files.on && !harden_files_know(&h->files, file, HARDEN_REPLACE);
}

const char *harden_outside(const struct harden *h, const struct conf *conf)
{
    if (!harden_files_permit(&h->files, log_file(conf), HARDEN_APPEND))
        return "log.to";
    if (!harden_files_permit(&h->files, conf->metrics.textfile, HARDEN_REPLACE))
        return "metrics.textfile";
    return NULL;
}
