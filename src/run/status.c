/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's own entry below ou=status: what the last pass saw, and the server's idea of the time. */
#include "run/pass_private.h"

#include "base/dn.h"
#include "base/gentime.h"
#include "core/schema.h"

static void read_figures(struct pass *p, const struct entry *e)
{
    size_t count = entry_count(e, ATTR_POLICY_FIGURES);
    p->status.figures = ARENA_ARRAY(p->arena, count, struct figures);
    p->status.figure_count = 0;
    struct slice value;
    for (struct entry_cursor at = {0}; entry_next_value(e, ATTR_POLICY_FIGURES, &at, &value);) {
        if (figures_read(arena_copy(p->arena, value), &p->status.figures[p->status.figure_count]))
            p->status.figure_count++;
        else
            LOG_EVENT(p->log, EVENT_PROBLEM, log_slice("dn", e->dn), log_text("attribute", ATTR_POLICY_FIGURES),
                      log_slice("value", value),
                      log_text("reason", "does not parse: this policy has no earlier figures to compare with"));
    }
}

/* "guard policy DN", to tell when a hold has ended. */
static void read_holds(struct pass *p, const struct entry *e)
{
    p->status.held_before.count = 0;
    struct slice value, guard;
    for (struct entry_cursor at = {0}; entry_next_value(e, ATTR_HOLD, &at, &value);) {
        struct slice rest = value, word, policy = SLICE_LITERAL("-");
        if (!slice_word(&rest, &guard) || !slice_starts(guard, SLICE_LITERAL("guard=")))
            continue;
        while (slice_word(&rest, &word))
            if (slice_starts(word, SLICE_LITERAL("policy="))) {
                policy = slice_make(word.p + 7, word.n - 7 + rest.n);
                break;
            }
        guard = slice_from(guard, 6);
        *LIST_ADD(p->arena, &p->status.held_before) =
            arena_format(p->arena, "%.*s %.*s", SLICE_ARGS(guard), SLICE_ARGS(policy));
    }
}

static void read_status(void *context, const struct entry *e)
{
    struct pass *p = context;
    p->status.exists = true;
    if (!gentime_read(entry_first(e, ATTR_LAST_PASS), &p->status.last_pass_utc))
        p->status.last_pass_utc = 0;
    if (!gentime_read(entry_first(e, "modifyTimestamp"), &p->status.server_utc))
        p->status.server_utc = 0;
    read_figures(p, e);
    read_holds(p, e);
}

static void forget_status(void *context)
{
    ((struct pass *)context)->status.exists = false;
}

static bool search_status(struct pass *p)
{
    static const char *const attributes[] = {ATTR_LAST_PASS, ATTR_POLICY_FIGURES, ATTR_HOLD, "modifyTimestamp", NULL};
    struct dir_search search = {.base = p->status.dn,
                                .scope = DIR_BASE,
                                .filter = SLICE_LITERAL("(objectClass=dircertInstance)"),
                                .attributes = attributes};
    struct dir_sink sink = {.restart = forget_status, .entry = read_status, .context = p};
    struct fault fault = {{0}};
    enum rc rc = dir_search(p->dir, &search, &sink, &fault);
    if (rc == RC_OK || rc == RC_NOT_FOUND)
        return true;
    report_fault(p, "read the status entry", &fault);
    return false;
}

struct answer_of_write {
    enum rc rc;
    struct fault fault;
};

static void remember_answer(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    (void)index;
    struct answer_of_write *a = context;
    a->rc = rc;
    a->fault = *fault;
}

static bool write_one(struct pass *p, const struct dir_change *change, const char *what)
{
    struct answer_of_write answer = {.rc = RC_FAULT};
    struct fault fault = {{0}};
    if (dir_apply(p->dir, change, 1, remember_answer, &answer, &fault) == RC_OK && answer.rc == RC_OK)
        return true;
    report_fault(p, what, answer.fault.text[0] ? &answer.fault : &fault);
    return false;
}

/*
 * A write that carries no time of ours makes the server stamp the entry with its own.  It also shows at once whether
 * the entry can be written: without it the guards would have no memory.
 */
static bool touch(struct pass *p)
{
    const struct slice class = SLICE_LITERAL(CLASS_INSTANCE), cn = slice_of(p->settings->instance),
                       version = slice_of(DIRCERTD_VERSION);
    const struct dir_mod add[] = {
        {DIR_MOD_ADD, "objectClass", &class, 1}, {DIR_MOD_ADD, "cn", &cn, 1}, {DIR_MOD_ADD, ATTR_VERSION, &version, 1}};
    const struct dir_mod replace = {DIR_MOD_REPLACE, ATTR_VERSION, &version, 1};
    struct dir_change change = {.verb = p->status.exists ? DIR_MODIFY : DIR_ADD,
                                .dn = p->status.dn,
                                .mods = p->status.exists ? &replace : add,
                                .count = p->status.exists ? 1 : 3};
    return write_one(p, &change, "write the status entry");
}

bool status_begin(struct pass *p)
{
    p->status.dn = dn_child(p->arena, "cn", slice_of(p->settings->instance), pass_child(p, "ou=status"));
    if (!search_status(p))
        return false;
    if (p->settings->dry_run) {
        p->status.server_utc = 0; /* that stamp is of an earlier write: it tells nothing about now */
        return true;
    }
    return touch(p) && search_status(p);
}

bool status_clock_holds(struct pass *p)
{
    struct hold hold;
    if (!guard_clock(p->arena, p->now_utc, p->status.last_pass_utc, p->status.server_utc, &hold))
        return false;
    *LIST_ADD(p->arena, &p->held) = hold;
    report_hold(p, &hold);
    return true;
}

/* The figures to compare with next time: this pass's where it was whole, else those that stand. */
static size_t figures_next(struct pass *p, struct slice *values)
{
    size_t count = 0;
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct policy_pass *pass = &p->policies[i];
        struct figures f = {.policy_dn = pass->policy->dn,
                            .revision = pass->policy->revision,
                            .subjects = pass->subjects,
                            .with_certificate = pass->with_certificate,
                            .findings = pass->findings};
        bool keep = !pass->complete || p->governed[i].blind || (p->holds && p->holds[i] == HOLD_EVERYTHING);
        bool known = !keep;
        for (size_t k = 0; keep && !known && k < p->status.figure_count; k++)
            if (slice_eq_nocase(p->status.figures[k].policy_dn, pass->policy->dn)) {
                f = p->status.figures[k];
                known = true;
            }
        if (known)
            values[count++] = figures_write(p->arena, &f);
    }
    return count;
}

void status_end(struct pass *p, enum pass_result result)
{
    static const char *const names[] = {
        [PASS_COMPLETE] = "complete", [PASS_INCOMPLETE] = "incomplete", [PASS_HELD] = "held"};
    if (p->settings->dry_run || !p->status.exists)
        return;
    bool clock_holds = p->held.count && p->held.items[0].guard == GUARD_CLOCK;
    struct slice *holds = ARENA_ARRAY(p->arena, p->held.count, struct slice);
    for (size_t i = 0; i < p->held.count; i++)
        holds[i] = hold_write(p->arena, &p->held.items[i]);
    uint8_t now[GENTIME_LEN];
    gentime_write(p->now_utc, now);
    struct slice time = slice_make(now, GENTIME_LEN), outcome = slice_of(names[result]);
    struct slice *figures = ARENA_ARRAY(p->arena, p->policy_count, struct slice);
    size_t figure_count = p->policy_count ? figures_next(p, figures) : 0;
    /* A clock that can't be trusted leaves no time behind, and a pass that read no policies no figures. */
    const struct dir_mod mods[] = {{DIR_MOD_REPLACE, ATTR_HOLD, holds, p->held.count},
                                   {DIR_MOD_REPLACE, ATTR_PASS_RESULT, &outcome, 1},
                                   {DIR_MOD_REPLACE, ATTR_HEARTBEAT, &time, 1},
                                   {DIR_MOD_REPLACE, ATTR_LAST_PASS, &time, 1},
                                   {DIR_MOD_REPLACE, ATTR_POLICY_FIGURES, figures, figure_count}};
    struct dir_change change = {.verb = DIR_MODIFY,
                                .dn = p->status.dn,
                                .mods = mods,
                                .count = clock_holds       ? 1
                                         : p->policy_count ? 5
                                                           : 4};
    write_one(p, &change, "write the status entry");
}
