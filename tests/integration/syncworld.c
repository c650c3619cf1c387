/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/syncworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PATIENCE_S = 10, BASES = 4 };

static size_t find(const struct mirror *m, struct slice id)
{
    size_t i = 0;
    while (i < m->ids.count && !slice_eq(m->ids.items[i], id))
        i++;
    return i;
}

bool mirror_has(const struct mirror *m, struct slice id)
{
    return find(m, id) < m->ids.count;
}

static void drop(struct mirror *m, size_t i)
{
    m->ids.items[i] = m->ids.items[--m->ids.count];
}

static void hear(void *context, enum dir_sync_event event, struct slice id, struct slice dn)
{
    struct mirror *m = context;
    struct told *told = LIST_ADD(&m->arena, &m->told);
    *told = (struct told){event, arena_copy(&m->arena, id), arena_copy(&m->arena, dn)};
    size_t at = find(m, id);
    m->changed += event == DIR_SYNC_CHANGED;
    m->gone += event == DIR_SYNC_GONE;
    m->present += event == DIR_SYNC_PRESENT;
    if (event == DIR_SYNC_GONE && at < m->ids.count)
        drop(m, at);
    else if (event == DIR_SYNC_CHANGED && at == m->ids.count)
        *LIST_ADD(&m->arena, &m->ids) = told->id;
}

static bool was_named(const struct mirror *m, struct slice id)
{
    return mirror_was_told(m, m->refresh_from, DIR_SYNC_CHANGED, id) ||
           mirror_was_told(m, m->refresh_from, DIR_SYNC_PRESENT, id);
}

/* For one scope: with several, a whole refresh says nothing of the others, so only the counts are of use there. */
static void hear_end(void *context, size_t scope, bool is_whole, bool from_nothing)
{
    struct mirror *m = context;
    (void)scope;
    m->refreshes++;
    m->wholes += is_whole;
    m->beginnings += from_nothing;
    for (size_t i = 0; is_whole && i < m->ids.count;)
        if (was_named(m, m->ids.items[i]))
            i++;
        else
            drop(m, i);
}

static void hear_doubt(void *context, size_t scope)
{
    (void)scope;
    ((struct mirror *)context)->doubts++;
}

enum rc mirror_begin(struct mirror *m, const struct dir_sync_settings *how, const char *bases, struct fault *fault)
{
    const struct dir_sync_sink sink = {.entry = hear, .refreshed = hear_end, .in_doubt = hear_doubt, .context = m};
    struct dir_sync_settings settings = *how;
    struct slice rest = slice_of(bases), list[BASES];
    settings.bases = list;
    while (settings.base_count < BASES && slice_split(&rest, '|', &list[settings.base_count]))
        settings.base_count++;
    m->refresh_from = m->told.count;
    return dir_sync_open(m->d, &settings, &sink, &m->s, fault);
}

enum rc mirror_try(struct mirror *m, const struct slapd *server, const char *dn, const struct dir_sync_settings *how,
                   const char *bases, struct fault *fault)
{
    m->d = open_as(server, dn ? dn : SLAPD_ADMIN, SLAPD_PASSWORD "\n", PATIENCE_S);
    assert_non_null(m->d);
    return mirror_begin(m, how, bases, fault);
}

void mirror_open(struct mirror *m, const struct slapd *server, const struct dir_sync_settings *how, const char *bases)
{
    struct fault fault = {0};
    if (mirror_try(m, server, NULL, how, bases, &fault) != RC_OK || mirror_refresh(m, &fault) != RC_OK)
        fail_msg("%s", fault.text);
}

void mirror_close(struct mirror *m)
{
    dir_sync_close(m->s);
    dir_close(m->d);
    m->s = NULL;
    m->d = NULL;
}

void mirror_free(struct mirror *m)
{
    mirror_close(m);
    arena_free(&m->arena);
}

enum rc mirror_refresh(struct mirror *m, struct fault *fault)
{
    enum rc rc = RC_OK;
    for (double begin = seconds_now(); rc == RC_OK && !dir_sync_is_refreshed(m->s);) {
        rc = dir_sync_step(m->s, 100, fault);
        if (seconds_now() - begin > PATIENCE_S)
            fail_msg("the refresh does not end");
    }
    return rc;
}

void mirror_await(struct mirror *m, size_t from, size_t count)
{
    struct fault fault = {0};
    for (double begin = seconds_now(); m->told.count < from + count;) {
        if (dir_sync_step(m->s, 100, &fault) != RC_OK)
            fail_msg("%s", fault.text);
        if (seconds_now() - begin > PATIENCE_S)
            fail_msg("%zu of %zu were told", m->told.count - from, count);
    }
}

void mirror_linger(struct mirror *m, int ms)
{
    struct fault fault = {0};
    for (double end = seconds_now() + ms / 1000.0; seconds_now() < end;)
        if (dir_sync_step(m->s, 20, &fault) != RC_OK)
            fail_msg("%s", fault.text);
}

const char *mirror_cookies(struct mirror *m)
{
    const char *now = dir_sync_cookies(m->s);
    return now ? (const char *)arena_copy(&m->arena, slice_of(now)).p : NULL;
}

bool mirror_was_told(const struct mirror *m, size_t from, enum dir_sync_event event, struct slice id)
{
    for (size_t i = from; i < m->told.count; i++)
        if (m->told.items[i].event == event && slice_eq(m->told.items[i].id, id))
            return true;
    return false;
}

/* The next "entryUUID: …" of LDIF as an id. */
static bool next_id(struct mirror *m, const char **at, struct slice *id)
{
    static const char name[] = "\nentryUUID: ";
    const char *line = strstr(*at, name);
    if (!line)
        return false;
    line += strlen(name);
    *at = line + strcspn(line, "\n");
    *id = arena_format(&m->arena, "entryUUID:%.*s", (int)(*at - line), line);
    return true;
}

void mirror_check(struct mirror *m, const struct slapd *server, const char *base)
{
    int result = -1;
    size_t count = 0;
    char *text = slapd_search(server, NULL, base, "sub", "(objectClass=*)", "entryUUID", &result);
    const char *at = text;
    struct slice id;
    assert_int_equal(result, 0);
    for (; next_id(m, &at, &id); count++)
        if (!mirror_has(m, id))
            fail_msg("the mirror lacks %.*s", SLICE_ARGS(id));
    free(text);
    if (m->ids.count != count)
        fail_msg("the mirror holds %zu, the directory %zu", m->ids.count, count);
}

struct slice mirror_id_of(struct mirror *m, const struct slapd *server, const char *dn)
{
    int result = -1;
    char *text = slapd_search(server, NULL, dn, "base", "(objectClass=*)", "entryUUID", &result);
    const char *at = text;
    struct slice id = {0};
    if (result != 0 || !next_id(m, &at, &id))
        fail_msg("%s has no id", dn);
    free(text);
    return id;
}
