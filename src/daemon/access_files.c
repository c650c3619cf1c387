/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the daemon could write the files that the configuration names, as the user that asks.  Nothing is made to
 * find out.  A service manager makes some folders with each start, so a missing one may be right.
 */
#include "daemon/access_private.h"

#include "base/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is there at their start: /run is empty after a boot, and the systemd unit has LogsDirectory=dircertd. */
static bool is_made_at_the_start(const char *folder)
{
    return strncmp(folder, "/run/", 5) == 0 || strncmp(folder, "/var/run/", 9) == 0 ||
           strcmp(folder, "/var/log/dircertd") == 0;
}

static bool may_use(const char *path, int how)
{
    return faccessat(AT_FDCWD, path, how, AT_EACCESS) == 0;
}

/* RC_NOT_FOUND: the folder is not there, and may be when the daemon starts. */
static enum rc look_at_folder(const char *file, struct fault *why)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(file, '/');
    struct stat st;
    size_t n = !slash ? 0 : slash == file ? 1 : (size_t)(slash - file);
    if (n == 0 || n >= sizeof folder)
        return fault_set(why, RC_INVALID, "\"%.200s\" can't be the path of a file", file);
    memcpy(folder, file, n);
    folder[n] = '\0';
    if (stat(folder, &st) != 0 && errno == ENOENT && is_made_at_the_start(folder))
        return fault_set(why, RC_NOT_FOUND,
                         "the folder %.200s is not there now; whatever starts the daemon has to make it first (with "
                         "systemd RuntimeDirectory= or LogsDirectory=)",
                         folder);
    if (stat(folder, &st) != 0)
        return fault_set(why, RC_INVALID, "the folder %.200s can't be used: %s; make it, or name another one", folder,
                         strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return fault_set(why, RC_INVALID, "%.200s is no folder", folder);
    if (!may_use(folder, W_OK | X_OK))
        return fault_set(why, RC_INVALID,
                         "no file can be made in the folder %.200s: %s; let the daemon's user write there, or name "
                         "another one",
                         folder, strerror(errno));
    return RC_OK;
}

/* What is appended to may be there already, and its folder closed; what is replaced is made anew beside it. */
static enum rc look_at_file(const char *file, bool is_appended_to, struct fault *why)
{
    struct stat st;
    bool is_there = stat(file, &st) == 0;
    if (is_there && S_ISDIR(st.st_mode))
        return fault_set(why, RC_INVALID, "%.200s is a folder", file);
    if (!is_there || !is_appended_to)
        return look_at_folder(file, why);
    if (!may_use(file, W_OK))
        return fault_set(why, RC_INVALID, "%.200s can't be written: %s; let the daemon's user do so", file,
                         strerror(errno));
    return RC_OK;
}

bool access_look_at_files(struct access *a, const struct conf *conf, const char *conf_path, struct log *log)
{
    const struct {
        const char *key, *path;
        bool is_appended_to;
    } files[] = {{"log.to", conf->log.target == CONF_LOG_FILE ? conf->log.to : NULL, true},
                 {"pid_file", conf->pid_file, false},
                 {"metrics.textfile", conf->metrics.textfile, false}};
    bool well = true;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct fault why = {{0}};
        enum rc rc = files[i].path ? look_at_file(files[i].path, files[i].is_appended_to, &why) : RC_OK;
        if (rc == RC_NOT_FOUND)
            access_note(a, ACCESS_UNKNOWN, ACCESS_WRITE, slice_of(files[i].path), files[i].key,
                        escape_rest(a->arena, slice_of(why.text), sizeof why.text));
        else if (rc != RC_OK)
            LOG_EVENT(log, EVENT_CONFIG, log_text("file", conf_path), log_text("key", files[i].key),
                      log_escaped("reason", slice_of(why.text)));
        well &= rc == RC_OK || rc == RC_NOT_FOUND;
    }
    return well;
}
