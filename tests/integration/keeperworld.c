/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/keeperworld.h"

#include "support/dirtest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define PASSWORD "only for this test"

enum { TIMEOUT_S = 5 };

struct keeper_world world;

int64_t clock_of_side(void *context)
{
    return ((const struct side *)context)->now_utc;
}

int keeper_enter(void **state)
{
    int rc = program_enter(state);
    world.log_fd = memfd_create("log", MFD_CLOEXEC);
    world.log = log_open(&(struct log_settings){
        .fd = world.log_fd, .least = SEVERITY_DEBUG, .instance = "test", .clock = log_system_clock});
    return world.log_fd < 0 ? -1 : rc;
}

void side_close(struct side *s)
{
    keeper_close(s->k);
    dir_close(s->d);
    *s = (struct side){0};
}

int keeper_leave(void **state)
{
    side_close(&world.a);
    side_close(&world.b);
    log_close(world.log);
    close(world.log_fd);
    return program_leave(state);
}

struct dir *connect_as_daemon(const struct program *p)
{
    return open_as(p->server, DAEMON, PASSWORD, TIMEOUT_S);
}

void side_connect(const struct program *p, struct side *s)
{
    dir_close(s->d);
    s->d = connect_as_daemon(p);
    assert_non_null(s->d);
}

void side_open(const struct program *p, struct side *s, const char *instance, int64_t pid)
{
    const struct lease_owner owner = {SLICE_LITERAL(HOST), SLICE_LITERAL(BOOT), pid};
    s->now_utc = NOW;
    s->k = keeper_open(&(struct keeper_settings){.base = BASE,
                                                 .instance = instance,
                                                 .heartbeat_s = HEARTBEAT_S,
                                                 .log = world.log,
                                                 .clock = clock_of_side,
                                                 .clock_context = s,
                                                 .owner = &owner});
    side_connect(p, s);
}

void both_open(const struct program *p, const char *first, const char *second)
{
    side_open(p, &world.a, first, getpid());
    side_open(p, &world.b, second, getppid());
}

void expect_beat(struct side *s, enum keeper_state wanted)
{
    assert_int_equal(keeper_beat(s->k, s->d, NULL), wanted);
    assert_int_equal(keeper_may_write(s->k), wanted == KEEPER_HELD);
}

void later(int64_t s)
{
    world.a.now_utc += s;
    world.b.now_utc += s;
}

const char *lease_at(struct program *p, const char *entry)
{
    const char *ldif = program_search(p, STATUS, "one", "(objectClass=dircertInstance)", "dircertLease");
    const char *at = strstr(ldif, (const char *)arena_format(&p->arena, "dn: %s\n", entry).p);
    const char *end = at ? strstr(at, "\n\n") : NULL;
    if (!at)
        return NULL;
    struct slice one = arena_copy(&p->arena, end ? slice_make(at, (size_t)(end - at)) : slice_of(at));
    return program_value(p, (const char *)one.p, "dircertLease", 0);
}

void put_lease(struct program *p, const char *cn, const char *value)
{
    program_change(p, "dn: cn=%s," STATUS "\nchangetype: add\nobjectClass: dircertInstance\ncn: %s\ndircertLease: %s\n",
                   cn, cn, value);
}

void replace_lease(struct program *p, const char *cn, const char *value)
{
    program_change(p, "dn: cn=%s," STATUS "\nchangetype: modify\nreplace: dircertLease\n%s%s\n", cn,
                   value ? "dircertLease: " : "", value ? value : "");
}

const char *lease_text(struct program *p, const char *host, const char *boot, int64_t pid, int64_t until_utc)
{
    const struct lease lease = {{slice_of(host), slice_of(boot), pid}, until_utc};
    return (const char *)lease_write(&p->arena, &lease).p;
}

static void read_log(struct program *p)
{
    off_t size = lseek(world.log_fd, 0, SEEK_END);
    char *text = arena_alloc(&p->arena, (size_t)size + 1);
    assert_true(pread(world.log_fd, text, (size_t)size, 0) == size);
    p->log = text;
}

void expect_events(struct program *p, const char *const words[], size_t count)
{
    read_log(p);
    if (program_lines(p, words) != count)
        fail_msg("%zu lines with %s and not %zu:\n%s", program_lines(p, words), words[0], count, p->log);
}
