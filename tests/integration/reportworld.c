/* SPDX-License-Identifier: Apache-2.0 */
#include "reportworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { ARGUMENTS = 24, LIMIT_S = 60 };

static const char *text(struct slice s)
{
    return (const char *)s.p;
}

struct slice reportworld_file(struct program *p, const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        fail_msg("%s is not there", path);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    long n = ftell(f);
    assert_true(n >= 0);
    rewind(f);
    uint8_t *content = arena_alloc(&p->arena, (size_t)n + 1);
    assert_int_equal(fread(content, 1, (size_t)n, f), n);
    fclose(f);
    return slice_make(content, (size_t)n);
}

void reportworld_load(struct program *p)
{
    const char *const argv[] = {BINARY_DIR "/bin/sample-organisation", NULL};
    struct command_result r = command_run(argv, NULL, NULL, LIMIT_S);
    assert_int_equal(r.status, 0);
    program_change(p, "dn: " SERVERS "\nchangetype: delete\n\ndn: " PEOPLE "\nchangetype: delete\n");
    assert_int_equal(slapd_add_ldif(p->server, r.output), 0);
    command_free(&r);
    struct slice policies = reportworld_file(p, SOURCE_DIR "/contrib/sample-policies.ldif");
    assert_int_equal(slapd_add_ldif(p->server, text(policies)), 0);
}

const char *reportworld_path(struct program *p, const char *name)
{
    return text(arena_format(&p->arena, "%s/%s", slapd_folder(p->server), name));
}

void reportworld_run_limited(struct program *p, const char *limit, const char *const arguments[])
{
    const char *argv[ARGUMENTS] = {"prlimit", limit, "--"};
    size_t n = limit ? 3 : 0;
    argv[n++] = BINARY_DIR "/bin/dircertctl";
    const char *const who[] = {"-H",    slapd_ldapi_uri(p->server), "-b", BASE, "-D", SLAPD_ADMIN, "-w", SLAPD_PASSWORD,
                               "report"};
    for (size_t i = 0; i < sizeof who / sizeof *who; i++)
        argv[n++] = who[i];
    for (size_t i = 0; arguments[i] && n + 1 < ARGUMENTS; i++)
        argv[n++] = arguments[i];
    argv[n] = NULL;
    struct command_result r = command_run(argv, NULL, NULL, LIMIT_S);
    p->code = r.status;
    p->output = text(arena_copy(&p->arena, slice_make(r.output, r.output_length)));
    p->log = text(arena_copy(&p->arena, slice_of(r.errors)));
    command_free(&r);
}

void reportworld_run(struct program *p, const char *const arguments[])
{
    reportworld_run_limited(p, NULL, arguments);
}
