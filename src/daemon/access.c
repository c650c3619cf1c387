/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/access.h"

#include "daemon/access_private.h"
#include "daemon/servers.h"
#include "daemon/setup.h"

static void note_server(struct access *a, enum access_verdict verdict, const char *uri, const char *remark)
{
    access_note(a, verdict, ACCESS_REACH, slice_of(uri), "the server", slice_of(remark));
}

/* Kept as the one that is asked, where it is the first. */
static void keep_or_close(struct access *a, struct dir *dir, const struct dir_settings *settings, struct log *log)
{
    const char *uri = settings->uris[0];
    if (servers_is_insecure(settings, dir))
        servers_tell_insecure(log, uri);
    note_server(a, ACCESS_OK, uri, a->dir ? "" : "the rights are asked about here");
    if (a->dir)
        dir_close(dir);
    else
        a->dir = dir;
}

/* Every server by itself.  ACCESS_WELL: a->dir is open, the caller's to close. */
static enum access_code reach(struct access *a, const struct dir_settings *all, struct log *log)
{
    bool is_refused = false, can_work = false;
    struct fault fault = {{0}};
    for (size_t i = 0; all->uris[i]; i++) {
        const char *const uris[] = {all->uris[i], NULL};
        struct dir_settings settings = *all;
        struct dir *dir;
        settings.uris = uris;
        if (is_refused) {
            note_server(a, ACCESS_UNKNOWN, uris[0],
                        "not tried: each refused password counts towards the account's lock");
            continue;
        }
        fault = (struct fault){{0}};
        enum rc rc = dir_open(&settings, &dir, &fault);
        if (rc == RC_OK)
            keep_or_close(a, dir, &settings, log);
        else
            note_server(a, ACCESS_MISSING, uris[0], fault.text);
        is_refused = rc == RC_DENIED;
        can_work |= rc != RC_INVALID;
    }
    if (a->dir)
        return ACCESS_WELL;
    LOG_EVENT(log, EVENT_FAULT, log_text("what", "reach the directory"), log_escaped("detail", slice_of(fault.text)));
    return can_work ? ACCESS_LACKING : ACCESS_USAGE;
}

static enum access_code report(struct access *a, const struct dir_settings *settings, struct log *log, FILE *out)
{
    enum access_code code = reach(a, settings, log);
    if (a->dir) {
        access_read_policies(a);
        access_look(a);
        access_try(a);
    }
    access_print(a, out);
    bool printed = fflush(out) == 0 && !ferror(out), lost = a->dir && !dir_is_alive(a->dir);
    if (lost || !printed)
        LOG_EVENT(log, EVENT_FAULT, log_text("what", "check the account's rights"),
                  log_text("detail", lost ? "the connection was lost meanwhile" : "standard output can't be written"));
    if (code == ACCESS_WELL && (a->totals[ACCESS_MISSING] || lost || !printed))
        code = ACCESS_LACKING;
    dir_close(a->dir);
    return code;
}

enum access_code access_check(const struct conf *conf, const char *conf_path, struct log *log, FILE *out)
{
    const struct dir_settings settings = setup_directory(conf);
    struct arena arena = {0};
    struct access a = {.arena = &arena, .base = conf->base, .instance = conf->instance, .bind_dn = settings.bind_dn};
    enum access_code code = ACCESS_USAGE;
    if (access_look_at_files(&a, conf, conf_path, log))
        code = report(&a, &settings, log, out);
    arena_free(&arena);
    return code;
}
