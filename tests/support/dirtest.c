/* SPDX-License-Identifier: Apache-2.0 */
#include "support/dirtest.h"

#include "base/hex.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void restart(void *context)
{
    struct collected *c = context;
    c->entries.count = 0;
    c->restarts++;
}

static struct slice value_text(struct arena *a, struct slice so_far, const struct attribute *at, struct slice value)
{
    uint8_t *hex = arena_alloc(a, 2 * value.n + 1);
    hex_write(value, hex);
    return arena_format(a, "%.*s|%.*s%s%.*s=%s", SLICE_ARGS(so_far), SLICE_ARGS(at->name), at->options.n ? ";" : "",
                        SLICE_ARGS(at->options), (const char *)hex);
}

static void take(void *context, const struct entry *e)
{
    struct collected *c = context;
    struct slice text = arena_copy(&c->arena, e->dn);
    for (size_t i = 0; i < e->count; i++)
        for (size_t j = 0; j < e->attributes[i].count; j++)
            text = value_text(&c->arena, text, &e->attributes[i], e->attributes[i].values[j]);
    *LIST_ADD(&c->arena, &c->entries) = text;
    if (c->on_entry)
        c->on_entry(c->context);
}

struct dir_sink collect_into(struct collected *c)
{
    return (struct dir_sink){.restart = restart, .entry = take, .context = c};
}

void collected_free(struct collected *c)
{
    arena_free(&c->arena);
}

enum rc collect(struct dir *d, const char *base, enum dir_scope scope, const char *filter, size_t most,
                const char *const *attributes, struct collected *c, struct fault *fault)
{
    const struct dir_search search = {
        .base = slice_of(base), .scope = scope, .filter = slice_of(filter), .attributes = attributes, .most = most};
    const struct dir_sink sink = collect_into(c);
    return dir_search(d, &search, &sink, fault);
}

void count_written(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    struct written *w = context;
    (void)index;
    w->calls++;
    w->well += rc == RC_OK;
    w->faults += rc == RC_FAULT;
    if (rc != RC_OK)
        w->last = *fault;
}

const char *password_file(const char *folder, const char *text)
{
    static char path[512];
    char draft[sizeof path + 16];
    snprintf(path, sizeof path, "%s/password", folder);
    snprintf(draft, sizeof draft, "%s.%d", path, (int)getpid()); /* other processes may be reading the path */
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) < 0 || close(fd) != 0 || rename(draft, path) != 0)
        abort();
    return path;
}

struct dir *open_as(const struct slapd *s, const char *dn, const char *password, unsigned timeout_s)
{
    const char *const uris[] = {slapd_ldapi_uri(s), NULL};
    struct dir_settings settings = {.uris = uris, .bind = DIR_BIND_EXTERNAL, .timeout_s = timeout_s};
    if (dn) {
        settings.bind = DIR_BIND_SIMPLE;
        settings.bind_dn = dn;
        settings.password_file = password_file(slapd_folder(s), password);
    }
    struct dir *d = NULL;
    struct fault fault = {0};
    if (dir_open(&settings, &d, &fault) != RC_OK)
        fprintf(stderr, "dir_open: %s\n", fault.text);
    return d;
}

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
