/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: bench_sync LDAPI-URI PASSWORD-FILE
 * What following changes costs, over the benchmark's directory, by the daemon's own parts and account: a refresh with a
 * cookie after which nothing changed; and one after 100 servers got other certificates that comply too, with the look
 * at them.  Prints the medians of many turns: "idle_ms N 100_changes_ms N".
 */
#include "bench/certificates.h"

#include "dir/sync.h"
#include "run/pass.h"
#include "run/past.h"
#include "x509/cage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SUFFIX  "dc=example,dc=com"
#define BASE    "ou=dircertd," SUFFIX
#define SERVERS "ou=servers," SUFFIX
#define ADMIN   "cn=admin," SUFFIX
#define DAEMON  "cn=dircertd,ou=daemons," SUFFIX

enum { TURNS = 21, CHANGES = 100, FIRST = 50, STEP = 100, WAIT_MS = 1000 };

struct bench {
    struct arena turn;
    struct dir *work, *follow, *admin;
    struct second_reader *second;
    struct log *log;
    struct past *past;
    struct bench_authority *authority[2];
    char *cookies;
    LIST_OF(struct slice) changed; /* in the turn's arena */
};

static void must(enum rc rc, const char *what, const struct fault *fault)
{
    if (rc == RC_OK)
        return;
    fprintf(stderr, "bench_sync: %s: %s\n", what, fault->text);
    exit(1);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Told as in everyday operation, to nobody. */
static struct log *open_log(void)
{
    const struct log_settings settings = {.target = LOG_TO_FD,
                                          .fd = open("/dev/null", O_WRONLY | O_CLOEXEC),
                                          .least = SEVERITY_INFO,
                                          .instance = "default",
                                          .clock = log_system_clock};
    return log_open(&settings);
}

static struct dir *open_as(const char *uri, const char *dn, const char *password_file)
{
    struct fault fault = {{0}};
    const char *const uris[] = {uri, NULL};
    struct dir *d = NULL;
    const struct dir_settings settings = {
        .uris = uris, .bind = DIR_BIND_SIMPLE, .bind_dn = dn, .password_file = password_file, .timeout_s = 60};
    must(dir_open(&settings, &d, &fault), "connect", &fault);
    return d;
}

/* The refresh. */

static void take_entry(void *context, enum dir_sync_event event, struct slice id, struct slice dn)
{
    struct bench *b = context;
    (void)dn;
    if (event == DIR_SYNC_CHANGED && b->cookies)
        *LIST_ADD(&b->turn, &b->changed) = arena_copy(&b->turn, id);
}

static void ignore_refresh(void *context, size_t scope, bool is_whole, bool from_nothing)
{
    (void)context, (void)scope, (void)is_whole, (void)from_nothing;
}

/* From the last cookies to now. */
static void refresh(struct bench *b)
{
    struct fault fault = {{0}};
    const struct slice bases[] = {SLICE_LITERAL(SERVERS)};
    const struct dir_sync_settings settings = {
        .bases = bases, .base_count = 1, .cookies = b->cookies, .begins_now = b->cookies == NULL};
    const struct dir_sync_sink sink = {.entry = take_entry, .refreshed = ignore_refresh, .context = b};
    struct dir_sync *s = NULL;
    must(dir_sync_open(b->follow, &settings, &sink, &s, &fault), "follow", &fault);
    while (!dir_sync_is_refreshed(s))
        must(dir_sync_step(s, WAIT_MS, &fault), "refresh", &fault);
    const char *cookies = dir_sync_cookies(s);
    if (!cookies) {
        fprintf(stderr, "bench_sync: a refresh without a cookie\n");
        exit(1);
    }
    char *copy = strdup(cookies);
    free(b->cookies);
    b->cookies = copy;
    dir_sync_close(s);
}

/* The look. */

static void run_pass(struct bench *b, const struct focus *focus)
{
    enum escalation escalation = ESCALATION_NONE;
    struct slice plan;
    const struct pass_settings settings = {.base = BASE,
                                           .instance = "default",
                                           .interval_s = 300,
                                           .clock = log_system_clock,
                                           .past = b->past,
                                           .focus = focus,
                                           .escalation = focus ? &escalation : NULL};
    enum pass_result result = pass_run(b->work, b->second, b->log, &settings, &b->turn, &plan);
    if (result == PASS_COMPLETE && escalation == ESCALATION_NONE)
        return;
    fprintf(stderr, "bench_sync: %s ended with %d (%s)\n", focus ? "a look" : "the full pass", (int)result,
            escalation_text(escalation));
    exit(1);
}

/* The changes. */

static void expect_written(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    (void)context, (void)index;
    must(rc, "modify", fault);
}

/* The same hundred servers get a certificate of the one authority, and the next time of the other. */
static void change(struct bench *b, unsigned turn)
{
    struct fault fault = {{0}};
    struct dir_change changes[CHANGES];
    struct dir_mod mods[CHANGES];
    struct slice ders[CHANGES];
    for (unsigned i = 0; i < CHANGES; i++) {
        unsigned server = FIRST + i * STEP;
        ders[i] = bench_certificate(b->authority[turn % 2], &b->turn, server, BENCH_GOOD);
        mods[i] = (struct dir_mod){DIR_MOD_REPLACE, "userCertificate;binary", &ders[i], 1};
        changes[i] = (struct dir_change){DIR_MODIFY, arena_format(&b->turn, "cn=h%07u," SERVERS, server), &mods[i], 1};
    }
    must(dir_apply(b->admin, changes, CHANGES, expect_written, NULL, &fault), "modify", &fault);
}

static int order(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *ms)
{
    qsort(ms, TURNS, sizeof *ms, order);
    return ms[TURNS / 2];
}

static void begin_turn(struct bench *b)
{
    arena_free(&b->turn);
    memset(&b->changed, 0, sizeof b->changed);
}

static double idle(struct bench *b)
{
    begin_turn(b);
    double begun = now_ms();
    refresh(b);
    double took = now_ms() - begun;
    if (b->changed.count)
        fprintf(stderr, "bench_sync: %zu changes although nothing changed\n", b->changed.count);
    return took;
}

static double hundred(struct bench *b, unsigned turn)
{
    begin_turn(b);
    change(b, turn);
    double begun = now_ms();
    refresh(b);
    const struct focus focus = {.subjects = b->changed.items, .subject_count = b->changed.count};
    run_pass(b, &focus);
    double took = now_ms() - begun;
    if (b->changed.count != CHANGES) {
        fprintf(stderr, "bench_sync: %zu changes instead of %d\n", b->changed.count, CHANGES);
        exit(1);
    }
    return took;
}

static void open_all(struct bench *b, const char *uri, const char *password_file)
{
    struct fault fault = {{0}};
    must(second_open(&b->second, &fault), "the second reader", &fault);
    b->log = open_log();
    b->past = past_open();
    b->work = open_as(uri, DAEMON, password_file);
    b->follow = open_as(uri, DAEMON, password_file);
    b->admin = open_as(uri, ADMIN, password_file);
    b->authority[0] = bench_authority_new(2);
    b->authority[1] = bench_authority_new(3);
}

static void close_all(struct bench *b)
{
    bench_authority_free(b->authority[0]);
    bench_authority_free(b->authority[1]);
    dir_close(b->work);
    dir_close(b->follow);
    dir_close(b->admin);
    second_close(b->second);
    log_close(b->log);
    past_close(b->past);
    free(b->cookies);
    arena_free(&b->turn);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    double still[TURNS], busy[TURNS];
    if (argc != 3) {
        fprintf(stderr, "usage: bench_sync LDAPI-URI PASSWORD-FILE\n");
        return 1;
    }
    cage_start(NULL); /* before anything is read that a worker must not have */
    open_all(&b, argv[1], argv[2]);
    run_pass(&b, NULL);
    refresh(&b);
    for (unsigned i = 0; i < TURNS; i++)
        still[i] = idle(&b);
    for (unsigned i = 0; i < TURNS; i++)
        busy[i] = hundred(&b, i);
    printf("idle_ms %.3f 100_changes_ms %.3f\n", median(still), median(busy));
    close_all(&b);
    return 0;
}
