/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: simulation FIRST LAST [--verbose]
 * Random histories of a small organisation, one for each seed; each replays by its number.
 */
#include "simulation/invariants.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STEPS = 25 };

/* The connection is lost between any two writes, now and then. */
static void arm_crash(struct world *w, bool *crashes)
{
    *crashes = world_pick(w, 6) == 0;
    memory_fail_after(w->dir, *crashes ? world_pick(w, 6) : SIZE_MAX);
}

static void run_step(struct world *w, struct arena *ledger_arena, struct ledger *ledger)
{
    struct arena a = {0};
    bool crashes;
    world_step(w);
    struct request_list before = world_requests_read(&a, w);
    world_compare_shortcuts(w);
    arm_crash(w, &crashes);
    enum pass_result result = world_pass(w);
    memory_fail_after(w->dir, SIZE_MAX);
    struct request_list after = world_requests_read(&a, w);
    if (w->verbose) {
        printf("            pass: %d%s\n", (int)result, crashes ? " (crash armed)" : "");
        for (size_t i = 0; i < after.count; i++)
            printf("              %.8s %s %s %u.%u decision %.*s outcome %.*s: %.*s\n",
                   (const char *)after.items[i].record.id.p, request_type_name(after.items[i].record.type),
                   state_name(after.items[i].record.state), after.items[i].record.generation,
                   after.items[i].record.attempt, SLICE_ARGS(after.items[i].decision_text),
                   SLICE_ARGS(after.items[i].outcome_text), SLICE_ARGS(after.items[i].record.message));
    }
    invariants_after_pass(w, ledger_arena, ledger, &before, &after);
    if (!crashes)
        invariants_settled(w);
    arena_free(&a);
}

static void run_seed(struct world *w, uint64_t seed)
{
    struct arena ledger_arena = {0};
    struct ledger ledger = {0};
    world_begin(w, seed);
    for (int i = 0; i < STEPS; i++)
        run_step(w, &ledger_arena, &ledger);
    invariants_end(w);
    world_end(w);
    arena_free(&ledger_arena);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: simulation FIRST LAST [--verbose]\n", stderr);
        return 1;
    }
    uint64_t first = strtoull(argv[1], NULL, 10), last = strtoull(argv[2], NULL, 10);
    mallopt(M_TRIM_THRESHOLD, 256 << 20); /* arenas come and go by the thousand */
    setvbuf(stdout, NULL, _IOLBF, 0);     /* in one order with the log */
    struct arena arena = {0};
    struct fault fault = {{0}};
    struct world w = {.verbose = argc > 3, .samples = world_samples(&arena)};
    int log_fd = w.verbose ? STDOUT_FILENO : open("/dev/null", O_WRONLY | O_CLOEXEC);
    w.log = log_open(&(struct log_settings){.fd = log_fd,
                                            .instance = "sim",
                                            .clock = log_system_clock,
                                            .least = w.verbose ? SEVERITY_NOTICE : (enum severity)0});
    if (second_open(&w.second, &fault) != RC_OK)
        world_fail(&w, "%s", fault.text);
    for (uint64_t seed = first; seed <= last; seed++)
        run_seed(&w, seed);
    second_close(w.second);
    log_close(w.log);
    arena_free(&arena);
    printf("%llu seeds, %d steps each: all invariants held\n", (unsigned long long)(last - first + 1), STEPS);
    return 0;
}
