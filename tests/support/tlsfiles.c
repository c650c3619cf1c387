/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tlsfiles.h"

#include "support/command.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATHS_MAX = 64, TOOL_S = 30 };

struct tlsfiles {
    char folder[128];
    char *paths[PATHS_MAX];
    size_t count;
};

struct tlsfiles *tlsfiles_new(void)
{
    const char *below = getenv("TMPDIR");
    struct tlsfiles *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    snprintf(t->folder, sizeof t->folder, "%s/dcd-tls-XXXXXX", below && *below ? below : "/tmp");
    if (!mkdtemp(t->folder)) {
        perror(t->folder);
        abort();
    }
    return t;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

void tlsfiles_free(struct tlsfiles *t)
{
    if (!t)
        return;
    nftw(t->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < t->count; i++)
        free(t->paths[i]);
    free(t);
}

const char *tlsfiles_path(struct tlsfiles *t, const char *file)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", t->folder, file);
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->paths[i], path) == 0)
            return t->paths[i];
    if (t->count == PATHS_MAX || !(t->paths[t->count] = strdup(path)))
        abort();
    return t->paths[t->count++];
}

const char *tlsfiles_write(struct tlsfiles *t, const char *file, const char *text, unsigned mode)
{
    const char *path = tlsfiles_path(t, file);
    unlink(path);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, (mode_t)mode) != 0)
        abort();
    return path;
}

static const char *named(struct tlsfiles *t, const char *name, const char *suffix)
{
    char file[128];
    snprintf(file, sizeof file, "%s%s", name, suffix);
    return tlsfiles_path(t, file);
}

static void run(const char *const argv[])
{
    struct command_result r = command_run(argv, NULL, NULL, TOOL_S);
    if (r.status != 0) {
        fprintf(stderr, "openssl %s: %d\n%s%s", argv[1], r.status, r.output, r.errors);
        abort();
    }
    command_free(&r);
}

void tlsfiles_authority(struct tlsfiles *t, const char *name)
{
    char subject[128];
    snprintf(subject, sizeof subject, "/CN=%s", name);
    run((const char *const[]){"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                              "-nodes", "-keyout", named(t, name, ".key"), "-out", named(t, name, ".pem"), "-subj",
                              subject, "-days", "30", "-addext", "keyUsage=critical,keyCertSign", NULL});
}

void tlsfiles_issue(struct tlsfiles *t, const char *authority, const char *name, const char *san, int days)
{
    char subject[128], extensions[256], for_days[16];
    snprintf(subject, sizeof subject, "/CN=%s", name);
    snprintf(extensions, sizeof extensions, "basicConstraints=critical,CA:FALSE\n%s%s\n", san ? "subjectAltName=" : "",
             san ? san : "");
    snprintf(for_days, sizeof for_days, "%d", days);
    run((const char *const[]){"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                              "-keyout", named(t, name, ".key"), "-out", named(t, name, ".csr"), "-subj", subject,
                              NULL});
    run((const char *const[]){"openssl", "x509", "-req", "-in", named(t, name, ".csr"), "-CA",
                              named(t, authority, ".pem"), "-CAkey", named(t, authority, ".key"), "-CAcreateserial",
                              "-days", for_days, "-extfile", tlsfiles_write(t, "extensions", extensions, 0600), "-out",
                              named(t, name, ".pem"), NULL});
}
