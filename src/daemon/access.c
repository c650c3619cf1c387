/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/access.h"

#include "daemon/access_private.h"
#include "daemon/setup.h"

static enum access_code report(const struct conf *conf, const struct dir_settings *settings, struct dir *dir,
                               struct log *log, FILE *out)
{
    struct arena arena = {0};
    struct access a = {
        .dir = dir, .arena = &arena, .base = conf->base, .instance = conf->instance, .bind_dn = settings->bind_dn};
    access_read_policies(&a);
    access_look(&a);
    access_try(&a);
    access_print(&a, out);
    bool printed = fflush(out) == 0 && !ferror(out);
    if (!dir_is_alive(dir) || !printed)
        LOG_EVENT(
            log, EVENT_FAULT, log_text("what", "check the account's rights"),
            log_text("detail", printed ? "the connection was lost meanwhile" : "standard output can't be written"));
    bool well = a.totals[ACCESS_MISSING] == 0 && dir_is_alive(dir) && printed;
    arena_free(&arena);
    return well ? ACCESS_WELL : ACCESS_LACKING;
}

enum access_code access_check(const struct conf *conf, struct log *log, FILE *out)
{
    const struct dir_settings settings = setup_directory(conf);
    struct fault fault = {{0}};
    struct dir *dir;
    enum rc rc = dir_open(&settings, &dir, &fault);
    if (rc != RC_OK) {
        LOG_EVENT(log, EVENT_FAULT, log_text("what", "reach the directory"),
                  log_escaped("detail", slice_of(fault.text)));
        return rc == RC_INVALID ? ACCESS_USAGE : ACCESS_LACKING;
    }
    enum access_code code = report(conf, &settings, dir, log, out);
    dir_close(dir);
    return code;
}
