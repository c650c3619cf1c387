/* SPDX-License-Identifier: Apache-2.0 */
#include "support/passworld.h"

#include "support/derbuild.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOG_ROOM = 1 << 20 };

static void refuse_failure(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    (void)context, (void)index;
    if (rc != RC_OK)
        fail_msg("%s", fault->text);
}

static void change(struct passworld *w, enum dir_verb verb, const char *dn, const struct dir_mod *mods, size_t count)
{
    const struct dir_change c = {verb, slice_of(dn), mods, count};
    struct fault fault = {{0}};
    assert_int_equal(dir_apply(w->dir, &c, 1, refuse_failure, NULL, &fault), RC_OK);
}

void passworld_replace(struct passworld *w, const char *dn, const char *attribute, const char *value)
{
    const struct slice text = slice_of(value);
    change(w, DIR_MODIFY, dn, &(struct dir_mod){DIR_MOD_REPLACE, attribute, &text, value != NULL}, 1);
}

void passworld_add(struct passworld *w, const char *dn, const char *class)
{
    const struct slice text = slice_of(class);
    change(w, DIR_ADD, dn, &(struct dir_mod){DIR_MOD_ADD, "objectClass", &text, 1}, 1);
}

void passworld_delete(struct passworld *w, const char *dn)
{
    change(w, DIR_DELETE, dn, NULL, 0);
}

static int64_t now(void *context)
{
    return ((struct passworld *)context)->now_utc;
}

int passworld_enter(void **state)
{
    static const char *const known[] = {"objectClass",     "dircertPause",    "dNSHostName",
                                        "userCertificate", "hasSubordinates", "entryUUID"};
    static const char *const containers[] = {PASSWORLD_BASE,
                                             "ou=policies," PASSWORLD_BASE,
                                             PASSWORLD_REQUESTS,
                                             "ou=waivers," PASSWORLD_BASE,
                                             "ou=status," PASSWORLD_BASE,
                                             "ou=hosts,dc=x"};
    struct passworld *w = calloc(1, sizeof *w);
    struct fault fault = {{0}};
    if (!w || second_open(&w->second, &fault) != RC_OK)
        return -1;
    *state = w;
    w->dir = memory_open(SLICE_LITERAL("dc=x"));
    w->now_utc = PASSWORLD_NOW;
    w->least = SEVERITY_INFO;
    w->settings = (struct pass_settings){.base = PASSWORLD_BASE,
                                         .instance = "one",
                                         .interval_s = PASSWORLD_INTERVAL_S,
                                         .clock = now,
                                         .clock_context = w,
                                         .survey = &w->survey};
    memory_set_clock(w->dir, w->now_utc);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        memory_learn_attribute(w->dir, known[i]);
    passworld_add(w, "dc=x", "domain");
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
        passworld_add(w, containers[i], "organizationalUnit");
    passworld_add(w, PASSWORLD_POLICY, "dircertPolicy");
    passworld_replace(w, PASSWORLD_POLICY, "cn", "hosts");
    passworld_replace(w, PASSWORLD_POLICY, "dircertTarget", "ldap:///ou=hosts,dc=x??sub?(objectClass=device)");
    passworld_replace(w, PASSWORLD_POLICY, "dircertAllowedVersion", "3");
    return 0;
}

int passworld_leave(void **state)
{
    struct passworld *w = *state;
    memo_close(w->settings.memory);
    dir_close(w->dir);
    second_close(w->second);
    arena_free(&w->arena);
    free(w);
    return 0;
}

struct taking {
    struct arena *arena;
    const char *attribute;
    struct slice value;
    bool there;
};

static void take_value(void *context, const struct entry *e)
{
    struct taking *t = context;
    struct slice value = entry_first(e, t->attribute);
    t->there = true;
    if (value.p)
        t->value = arena_copy(t->arena, value);
}

static void take_again(void *context)
{
    (void)context;
}

static struct taking take(struct passworld *w, const char *dn, const char *attribute)
{
    struct taking t = {.arena = &w->arena, .attribute = attribute, .value = SLICE_LITERAL("")};
    struct fault fault = {{0}};
    const struct dir_search search = {.base = slice_of(dn), .filter = SLICE_LITERAL("(objectClass=*)")};
    const struct dir_sink sink = {.restart = take_again, .entry = take_value, .context = &t};
    enum rc rc = dir_search(w->dir, &search, &sink, &fault);
    assert_true(rc == RC_OK || rc == RC_NOT_FOUND);
    return t;
}

const char *passworld_value(struct passworld *w, const char *dn, const char *attribute)
{
    return (const char *)take(w, dn, attribute).value.p;
}

void passworld_publish(struct passworld *w, const char *cn, size_t count, const struct slice *ders)
{
    const char *dn = (const char *)arena_format(&w->arena, "cn=%s,ou=hosts,dc=x", cn).p;
    if (!take(w, dn, "cn").there)
        passworld_add(w, dn, "device");
    change(w, DIR_MODIFY, dn, &(struct dir_mod){DIR_MOD_REPLACE, "userCertificate", ders, count}, 1);
}

struct slice passworld_certificate(struct passworld *w, int version, unsigned serial)
{
    struct recipe r;
    recipe_everyday(&w->arena, &r);
    r.serial =
        DER(&w->arena, DER_INTEGER, arena_copy(&w->arena, DER_OCTETS(1, (uint8_t)(serial >> 8), (uint8_t)serial)));
    if (version == 1)
        r.version = r.extensions = (struct slice){NULL, 0};
    return recipe_build(&w->arena, &r);
}

enum pass_result passworld_pass(struct passworld *w)
{
    int fd = memfd_create("log", 0);
    assert_true(fd >= 0);
    const struct log_settings told = {.fd = fd, .instance = "one", .clock = now, .clock_context = w, .least = w->least};
    struct log *log = log_open(&told);
    struct slice plan;
    w->now_utc += PASSWORLD_INTERVAL_S;
    memory_set_clock(w->dir, w->now_utc);
    enum pass_result result = pass_run(w->dir, w->second, log, &w->settings, &w->arena, &plan);
    log_close(log);
    char *text = arena_alloc(&w->arena, LOG_ROOM);
    ssize_t n = pread(fd, text, LOG_ROOM - 1, 0);
    close(fd);
    assert_true(n >= 0 && n < LOG_ROOM - 1);
    w->log = text;
    return result;
}

static bool has_all(struct slice line, const char *const words[])
{
    for (; *words; words++)
        if (!memmem(line.p, line.n, *words, strlen(*words)))
            return false;
    return true;
}

void passworld_expect(const struct passworld *w, size_t count, const char *const words[])
{
    struct slice rest = slice_of(w->log), line;
    size_t found = 0;
    while (slice_split(&rest, '\n', &line))
        found += line.n > 0 && has_all(line, words);
    if (found != count)
        fail_msg("%zu lines with \"%s\" and so on, expected %zu:\n%s", found, words[0] ? words[0] : "", count, w->log);
}
