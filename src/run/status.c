/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's own entry below ou=status: what the last pass saw, and the server's idea of the time. */
#include "run/pass_private.h"

#include "base/dn.h"
#include "base/gentime.h"
#include "core/schema.h"

static void report_figures(struct pass *p, const struct entry *e, struct slice value)
{
    p->status.figures_unreadable = true;
    const struct problem problem = {.dn = e->dn, .attribute = SLICE_LITERAL(ATTR_POLICY_FIGURES), .value = value};
    if (told_first_time(p->arena, &p->told, problem.dn, problem.attribute, value) &&
        remember_problem(p, NULL, &problem))
        LOG_EVENT(pass_log(p), EVENT_PROBLEM, log_dn("dn", e->dn), log_text("attribute", ATTR_POLICY_FIGURES),
                  log_slice("value", value),
                  log_text("reason", "does not parse: a policy has no earlier figures to compare with"));
}

static void read_figures(struct pass *p, const struct entry *e)
{
    size_t count = entry_count(e, ATTR_POLICY_FIGURES);
    p->status.figures = ARENA_ARRAY(p->arena, count, struct figures);
    struct slice value;
    for (struct entry_cursor at = {0}; entry_next_value(e, ATTR_POLICY_FIGURES, &at, &value);) {
        if (figures_read(arena_copy(p->arena, value), &p->status.figures[p->status.figure_count]))
            p->status.figure_count++;
        else
            report_figures(p, e, value);
    }
}

static void read_holds(struct pass *p, const struct entry *e)
{
    struct slice value;
    for (struct entry_cursor at = {0}; entry_next_value(e, ATTR_HOLD, &at, &value);)
        *LIST_ADD(p->arena, &p->status.holds) = arena_copy(p->arena, value);
}

static void read_status(void *context, const struct entry *e)
{
    struct pass *p = context;
    struct slice last = entry_first(e, ATTR_LAST_PASS);
    p->status.exists = true;
    p->status.last_pass_unreadable = last.p && !gentime_read(last, &p->status.last_pass_utc);
    if (!gentime_read(entry_first(e, "modifyTimestamp"), &p->status.server_utc))
        p->status.server_utc = 0;
    read_figures(p, e);
    read_holds(p, e);
}

static void forget_status(void *context)
{
    struct pass *p = context;
    p->status = (struct status){.dn = p->status.dn};
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
    forget_status(p);
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

static bool try_write(struct pass *p, const struct dir_change *change, struct fault *fault)
{
    struct answer_of_write answer = {.rc = RC_FAULT};
    if (dir_apply(p->dir, change, 1, remember_answer, &answer, fault) == RC_OK && answer.rc == RC_OK)
        return true;
    if (answer.fault.text[0])
        *fault = answer.fault;
    return false;
}

static bool write_one(struct pass *p, const struct dir_change *change)
{
    struct fault fault = {{0}};
    if (try_write(p, change, &fault))
        return true;
    report_fault(p, "write the status entry", &fault);
    return false;
}

/* False: there was nothing to say, or it was refused, and so was all that would have been written with it. */
static bool write_with_farewell(struct pass *p, const struct dir_change *change)
{
    enum { MODS_MOST = 8 };
    const struct pass_farewell *f = p->settings->farewell;
    struct dir_mod mods[MODS_MOST];
    struct dir_change with = *change;
    struct fault ignored = {{0}}; /* the write without it tells */
    if (!f || change->count >= MODS_MOST || !f->say(f->context, &mods[0]))
        return false;
    memcpy(mods + 1, change->mods, change->count * sizeof *mods);
    with.mods = mods;
    with.count++;
    if (!try_write(p, &with, &ignored))
        return false;
    f->said(f->context);
    return true;
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
    return write_one(p, &change);
}

/* A stamp that is not of now by our clock is of an earlier write, or one of the clocks is wrong: that is found out. */
static bool has_fresh_stamp(const struct pass *p)
{
    enum { NOW_S = 5 };
    const int64_t age_s = p->now_utc - p->status.server_utc;
    return p->settings->status_is_fresh && p->status.exists && age_s <= NOW_S && age_s >= -NOW_S;
}

/* What is hidden from us would pass for what was never written: no earlier pass, nothing to compare with, no hold. */
static bool shows_all(struct pass *p)
{
    static const char *const attributes[] = {ATTR_LAST_PASS, ATTR_POLICY_FIGURES, ATTR_HOLD};
    struct slice parts = {NULL, 0};
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        struct slice part = pass_shown_filter(p, attributes[i]);
        parts = arena_format(p->arena, "%.*s%.*s", SLICE_ARGS(parts), SLICE_ARGS(part));
    }
    struct fault fault = {{0}};
    size_t count = 0;
    enum rc rc = RC_OK;
    if (p->status.exists)
        rc = pass_count(p, p->status.dn, DIR_BASE,
                        arena_format(p->arena, "(&(objectClass=dircertInstance)%.*s)", SLICE_ARGS(parts)), 0, &count,
                        &fault);
    if (rc == RC_OK && count == p->status.exists)
        return true;
    p->status.hidden = true;
    if (rc == RC_OK)
        fault_set(&fault, RC_DENIED,
                  "\"%.*s\": this account may not read all that it writes there (" ATTR_LAST_PASS
                  ", " ATTR_POLICY_FIGURES ", " ATTR_HOLD "); nothing was concluded",
                  SLICE_ARGS(p->status.dn));
    report_fault(p, "read the status entry", &fault);
    return false;
}

/* Without the server's stamp nobody would notice that our clock is wrong. */
static bool shows_server_time(struct pass *p)
{
    struct fault fault = {{0}};
    if (p->status.server_utc)
        return true;
    fault_set(&fault, RC_FAULT,
              "\"%.*s\" was written just now and shows no modifyTimestamp, with which the clock is "
              "compared: let this account read it there; nothing was concluded",
              SLICE_ARGS(p->status.dn));
    report_fault(p, "read the status entry", &fault);
    return false;
}

/* Without earlier figures a policy would pass every guard that compares. */
static bool has_all_figures(struct pass *p)
{
    struct fault fault = {{0}};
    if (!p->status.figures_unreadable)
        return true;
    fault_set(&fault, RC_INVALID,
              "a value of " ATTR_POLICY_FIGURES " in \"%.*s\" does not parse, so the guards have "
              "nothing to compare with: delete that value; nothing was concluded",
              SLICE_ARGS(p->status.dn));
    report_fault(p, "read the status entry", &fault);
    return false;
}

bool status_begin(struct pass *p)
{
    p->status.dn = dn_child(p->arena, "cn", slice_of(p->settings->instance), pass_child(p, "ou=status"));
    if (!search_status(p))
        return false;
    if (p->settings->dry_run)
        p->status.server_utc = 0; /* that stamp is of an earlier write: it tells nothing about now */
    else if (!has_fresh_stamp(p) && (!touch(p) || !search_status(p)))
        return false;
    return shows_all(p) && (p->settings->dry_run || shows_server_time(p)) && has_all_figures(p);
}

bool status_clock_holds(struct pass *p)
{
    struct hold hold = {.guard = GUARD_CLOCK,
                        .message = SLICE_LITERAL(ATTR_LAST_PASS
                                                 " in the status entry is not a Generalized Time, so "
                                                 "nobody knows whether this machine's clock went back: delete it")};
    p->status.clock_judged = true;
    if (!p->status.last_pass_unreadable &&
        !guard_clock(p->arena, p->now_utc, p->status.last_pass_utc, p->status.server_utc, &hold))
        return false;
    *LIST_ADD(p->arena, &p->held) = hold;
    report_hold(p, &hold);
    return true;
}

static bool clock_holds(const struct pass *p)
{
    return p->held.count && p->held.items[0].guard == GUARD_CLOCK;
}

/* "guard=… … policy=<DN>", see hold_write(); "-" stands for the clock's.  False: it is none of ours. */
static bool hold_read(struct slice value, struct slice *guard, struct slice *policy)
{
    struct slice rest = value, word;
    if (!slice_word(&rest, guard) || !slice_starts(*guard, SLICE_LITERAL("guard=")))
        return false;
    *guard = slice_from(*guard, 6);
    *policy = SLICE_LITERAL("-");
    while (slice_word(&rest, &word))
        if (slice_starts(word, SLICE_LITERAL("policy="))) {
            *policy = slice_make(word.p + 7, word.n - 7 + rest.n);
            break;
        }
    return true;
}

/* Did this pass find out whether that hold still holds?  A policy that is gone, or off, or malformed has none. */
static bool is_judged(const struct pass *p, struct slice policy_dn)
{
    if (slice_eq(policy_dn, SLICE_LITERAL("-")))
        return p->status.clock_judged;
    if (p->policy_count == 0)
        return false;
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct policy_pass *pass = &p->policies[i];
        if (slice_eq_nocase(pass->policy->dn, policy_dn))
            return pass->complete || pass->policy->disabled || pass->policy->mode == MODE_OFF;
    }
    return true;
}

/* This pass's holds, and those on record that it could not judge: a fulfiller obeys them until they are lifted. */
static size_t holds_next(struct pass *p, struct slice *values)
{
    size_t count = 0;
    struct slice guard, policy;
    for (size_t i = 0; i < p->held.count; i++)
        values[count++] = hold_write(p->arena, &p->held.items[i]);
    for (size_t i = 0; i < p->status.holds.count; i++) {
        struct slice recorded = p->status.holds.items[i];
        bool readable = hold_read(recorded, &guard, &policy);
        if (!is_judged(p, readable ? policy : (struct slice){NULL, 0}))
            values[count++] = recorded;
        else if (readable)
            *LIST_ADD(p->arena, &p->status.held_before) =
                arena_format(p->arena, "%.*s %.*s", SLICE_ARGS(guard), SLICE_ARGS(policy));
    }
    return count;
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
                            .findings = pass->findings,
                            .unverified = survey_unverified(p, pass->policy)};
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
    if (p->settings->dry_run || !p->status.exists || p->status.hidden)
        return; /* what is hidden would be overwritten */
    struct slice *holds = ARENA_ARRAY(p->arena, p->held.count + p->status.holds.count, struct slice);
    size_t hold_count = holds_next(p, holds);
    uint8_t now[GENTIME_LEN];
    gentime_write(p->now_utc, now);
    struct slice time = slice_make(now, GENTIME_LEN), outcome = slice_of(names[result]);
    struct slice *figures = ARENA_ARRAY(p->arena, p->policy_count, struct slice);
    size_t figure_count = p->policy_count ? figures_next(p, figures) : 0;
    /* A clock that can't be trusted or was not judged leaves no time, a pass that read no policies no figures. */
    const struct dir_mod mods[] = {{DIR_MOD_REPLACE, ATTR_HOLD, holds, hold_count},
                                   {DIR_MOD_REPLACE, ATTR_PASS_RESULT, &outcome, 1},
                                   {DIR_MOD_REPLACE, ATTR_HEARTBEAT, &time, 1},
                                   {DIR_MOD_REPLACE, ATTR_LAST_PASS, &time, 1},
                                   {DIR_MOD_REPLACE, ATTR_POLICY_FIGURES, figures, figure_count}};
    struct dir_change change = {.verb = DIR_MODIFY,
                                .dn = p->status.dn,
                                .mods = mods,
                                .count = !p->status.clock_judged || clock_holds(p) ? 2
                                         : p->policy_count                         ? 5
                                                                                   : 4};
    if (!write_with_farewell(p, &change))
        write_one(p, &change);
}
