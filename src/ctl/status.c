/* SPDX-License-Identifier: Apache-2.0 */
/* status: what the daemons last did, what is held and what lifts it, and how many requests stand where. */
#include "base/gentime.h"
#include "core/guard.h"
#include "core/schema.h"
#include "ctl/commands.h"
#include "ctl/connect.h"
#include "ctl/hold.h"
#include "ctl/look.h"
#include "ctl/table.h"

#include <stdlib.h>
#include <time.h>

enum { HEARTBEAT_S = 30, LATE_AFTER_S = 3 * HEARTBEAT_S, NUMBER_MOST = 1000000 };

struct status {
    int64_t now_utc;
    bool paused, held, incomplete;
    bool lost;                                         /* the connection, and that was told */
    bool read_instances, read_policies, read_requests; /* whole */
    entry_list instances;
    size_t requests[REQUEST_TYPES][STATE_COUNT];
    struct table daemons, policies, holds, counts;
};

static const struct column daemon_columns[] = {
    {"instance", "INSTANCE", COLUMN_BOTH},   {"state", "STATE", COLUMN_BOTH},
    {"heartbeat", "HEARTBEAT", COLUMN_BOTH}, {"lease", "LEASE", COLUMN_BOTH},
    {"version", "VERSION", COLUMN_BOTH},     {"last_pass", "LAST PASS (UTC)", COLUMN_BOTH},
    {"pass_result", "RESULT", COLUMN_BOTH},
};
static const struct column policy_columns[] = {
    {"policy", "POLICY", COLUMN_BOTH},
    {"policy_dn", NULL, COLUMN_JSON_ONLY},
    {"mode", "MODE", COLUMN_BOTH},
    {"precedence", "PRECEDENCE", COLUMN_BOTH},
    {"revision", NULL, COLUMN_JSON_ONLY},
    {"subjects", "SUBJECTS", COLUMN_BOTH},
    {"with_certificate", "WITH CERTIFICATE", COLUMN_BOTH},
    {"findings", "FINDINGS", COLUMN_BOTH},
    {"figures_revision", NULL, COLUMN_JSON_ONLY},
    {"unverified", "UNVERIFIED", COLUMN_BOTH}, /* revocations carried out, as is said, and on no CRL */
};
static const struct column hold_columns[] = {
    {"policy", "POLICY", COLUMN_BOTH},     {"policy_dn", NULL, COLUMN_JSON_ONLY}, {"guard", "GUARD", COLUMN_BOTH},
    {"count", "COUNT", COLUMN_BOTH},       {"limit", "LIMIT", COLUMN_BOTH},       {"instance", "INSTANCE", COLUMN_BOTH},
    {"release", "LIFTED BY", COLUMN_BOTH},
};
static const struct column count_columns[] = {
    {"state", "STATE", COLUMN_BOTH}, {"reissue", "REISSUE", COLUMN_BOTH}, {"revoke", "REVOKE", COLUMN_BOTH}};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static int64_t time_in(const struct entry *e, const char *attribute)
{
    int64_t at_utc;
    return gentime_read(entry_first(e, attribute), &at_utc) ? at_utc : 0;
}

/* A connection that is lost is told once, not for each thing that could not be read over it. */
static void failed(const struct ctl *ctl, struct status *s, const char *what, const struct fault *fault)
{
    s->incomplete = true;
    if (!s->lost)
        look_failed(ctl, what, fault);
    s->lost = !dir_is_alive(ctl->dir);
}

static bool search(struct ctl *ctl, struct status *s, const char *below, const char *filter,
                   const char *const *attributes, entry_list *list)
{
    struct fault fault = {{0}};
    struct dir_search in = {.base = below ? look_child(ctl, below) : ctl->base,
                            .scope = below ? DIR_ONE : DIR_BASE,
                            .filter = slice_of(filter),
                            .attributes = attributes};
    if (!s->lost && look_search(ctl, &in, list, &fault) == RC_OK)
        return true;
    failed(ctl, s, below ? below : "the base", &fault);
    return false;
}

/* The daemons. */

/* "host boot-id pid until". */
static struct slice lease_words(struct arena *a, struct slice value, int64_t now_utc, int64_t *until_utc)
{
    struct slice words[4], rest = value;
    *until_utc = 0;
    for (size_t i = 0; i < COUNT(words); i++)
        if (!slice_word(&rest, &words[i]))
            return value;
    if (!gentime_read(words[3], until_utc))
        return value;
    return arena_format(a, "%.*s pid %.*s%s", SLICE_ARGS(words[0]), SLICE_ARGS(words[2]),
                        *until_utc >= now_utc ? "" : ", ran out");
}

static void add_daemon(struct ctl *ctl, struct status *s, const struct entry *e)
{
    int64_t beat_utc = time_in(e, ATTR_HEARTBEAT);
    struct slice lease = entry_first(e, ATTR_LEASE), result = entry_first(e, ATTR_PASS_RESULT);
    int64_t until_utc = 0;
    struct slice words = lease.n ? lease_words(ctl->arena, lease, s->now_utc, &until_utc) : lease;
    /* A lease lasts four heartbeats, however long this daemon's are. */
    int64_t late_after_s = (until_utc - beat_utc) / 4 * 3;
    bool leased = until_utc >= s->now_utc;
    bool late = beat_utc < s->now_utc - (leased && late_after_s > LATE_AFTER_S ? late_after_s : LATE_AFTER_S);
    struct cell *cells = table_row(&s->daemons);
    cells[0] = cell_escaped(look_name(e->dn));
    cells[1] = late ? cell_word("late", TONE_BAD) : cell_word(leased ? "active" : "alive", TONE_GOOD);
    cells[2] = cell_time(beat_utc);
    if (beat_utc)
        cells[2].shown = arena_format(ctl->arena, "%.*s", SLICE_ARGS(age_text(ctl->arena, beat_utc, s->now_utc)));
    cells[2].tone = late ? TONE_BAD : TONE_PLAIN;
    if (lease.n)
        cells[3] = (struct cell){.kind = CELL_TEXT, .text = lease, .shown = words};
    cells[4] = cell_text(entry_first(e, ATTR_VERSION));
    cells[5] = cell_time(time_in(e, ATTR_LAST_PASS));
    cells[6] = cell_text(result);
    cells[6].tone = slice_eq(result, SLICE_LITERAL("complete")) ? TONE_GOOD : TONE_WARNING;
}

static void add_hold(struct ctl *ctl, struct status *s, const struct entry *instance, struct slice value)
{
    struct hold_value h;
    hold_value_read(value, &h);
    struct cell *cells = table_row(&s->holds);
    cells[0] = cell_escaped(h.policy.n ? look_name(h.policy) : SLICE_LITERAL("(all)"));
    if (h.policy.n)
        cells[1] = cell_escaped(h.policy);
    cells[2] = cell_text(h.guard);
    cells[2].tone = TONE_BAD;
    uint64_t n;
    if (slice_to_uint(h.count, UINT64_MAX, &n))
        cells[3] = cell_number(n);
    if (slice_to_uint(h.limit, UINT64_MAX, &n))
        cells[4] = cell_number(n);
    cells[5] = cell_escaped(look_name(instance->dn));
    if (h.release.n) {
        cells[6] = cell_text(h.release);
        cells[6].shown = arena_format(ctl->arena, ATTR_RELEASE ": %.*s", SLICE_ARGS(h.release));
    } else {
        cells[6].shown = SLICE_LITERAL("correcting the clock");
    }
    s->held = true;
}

static void read_instances(struct ctl *ctl, struct status *s)
{
    static const char *const attributes[] = {ATTR_HEARTBEAT, ATTR_LAST_PASS, ATTR_PASS_RESULT, ATTR_POLICY_FIGURES,
                                             ATTR_HOLD,      ATTR_LEASE,     ATTR_VERSION,     NULL};
    if (!search(ctl, s, "ou=status", "(objectClass=" CLASS_INSTANCE ")", attributes, &s->instances))
        return;
    s->read_instances = true;
    size_t kept = 0;
    for (size_t i = 0; i < s->instances.count; i++)
        if (!ctl->one_instance || look_names(ctl->instance, s->instances.items[i].dn))
            s->instances.items[kept++] = s->instances.items[i];
    s->instances.count = kept;
    for (size_t i = 0; i < kept; i++) {
        const struct entry *e = &s->instances.items[i];
        struct slice value;
        add_daemon(ctl, s, e);
        for (struct entry_cursor at = {0}; entry_next_value(e, ATTR_HOLD, &at, &value);)
            add_hold(ctl, s, e, value);
    }
}

/* The policies. */

static bool knows(void *context, struct slice attribute)
{
    const struct ctl *ctl = context;
    return dir_knows_attribute(ctl->dir, attribute);
}

/* Those of the daemon whose pass was last. */
static bool find_figures(const struct status *s, struct slice policy_dn, struct figures *found)
{
    int64_t newest_utc = -1;
    struct figures f;
    struct slice value;
    for (size_t i = 0; i < s->instances.count; i++) {
        const struct entry *e = &s->instances.items[i];
        for (struct entry_cursor at = {0}; entry_next_value(e, ATTR_POLICY_FIGURES, &at, &value);)
            if (time_in(e, ATTR_LAST_PASS) > newest_utc && figures_read(value, &f) &&
                slice_eq_nocase(f.policy_dn, policy_dn)) {
                newest_utc = time_in(e, ATTR_LAST_PASS);
                *found = f;
            }
    }
    return newest_utc >= 0;
}

static void add_policy(struct status *s, const struct policy *p)
{
    static const enum tone tones[] = {[MODE_OFF] = TONE_DIM, [MODE_AUDIT] = TONE_NOTICE, [MODE_ENFORCE] = TONE_GOOD};
    struct figures f;
    struct cell *cells = table_row(&s->policies);
    cells[0] = cell_escaped(look_name(p->dn));
    cells[1] = cell_escaped(p->dn);
    cells[2] = p->disabled ? cell_word("malformed", TONE_BAD) : cell_word(mode_name(p->mode), tones[p->mode]);
    if (!p->disabled) {
        cells[3] = cell_number(p->precedence);
        cells[4] = cell_text(p->revision);
    }
    if (!find_figures(s, p->dn, &f))
        return;
    cells[5] = cell_number(f.subjects);
    cells[6] = cell_number(f.with_certificate);
    cells[7] = cell_number(f.findings);
    cells[7].tone = f.findings ? TONE_WARNING : TONE_GOOD;
    cells[8] = cell_text(f.revision);
    cells[9] = cell_number(f.unverified);
    cells[9].tone = f.unverified ? TONE_WARNING : TONE_GOOD;
}

static int order_policies(const void *a, const void *b)
{
    const struct policy *const *x = a, *const *y = b;
    return policy_order(*x, *y);
}

static void read_policies(struct ctl *ctl, struct status *s)
{
    entry_list list;
    problem_list problems = {0};
    if (!search(ctl, s, "ou=policies", "(objectClass=" CLASS_POLICY ")", NULL, &list))
        return;
    s->read_policies = true;
    const struct policy **policies = ARENA_ARRAY(ctl->arena, list.count, const struct policy *);
    for (size_t i = 0; i < list.count; i++)
        policies[i] = policy_compile(ctl->arena, &list.items[i], knows, ctl, &problems);
    if (list.count)
        qsort(policies, list.count, sizeof(const struct policy *), order_policies);
    for (size_t i = 0; i < list.count; i++)
        add_policy(s, policies[i]);
}

/* The requests: counted as they come, for there may be many. */

static void forget_requests(void *context)
{
    struct status *s = context;
    memset(s->requests, 0, sizeof s->requests);
}

static void count_request(void *context, const struct entry *e)
{
    struct status *s = context;
    struct slice type = entry_first(e, ATTR_REQUEST_TYPE);
    enum request_type t = slice_eq_nocase(type, SLICE_LITERAL("revoke")) ? REQUEST_REVOKE : REQUEST_REISSUE;
    s->requests[t][state_find(entry_first(e, ATTR_STATE))]++;
}

static void read_requests(struct ctl *ctl, struct status *s)
{
    static const char *const attributes[] = {ATTR_STATE, ATTR_REQUEST_TYPE, NULL};
    struct fault fault = {{0}};
    struct dir_search in = {.base = look_child(ctl, "ou=requests"),
                            .scope = DIR_ONE,
                            .filter = SLICE_LITERAL("(objectClass=" CLASS_REQUEST ")"),
                            .attributes = attributes};
    struct dir_sink sink = {.restart = forget_requests, .entry = count_request, .context = s};
    if (s->lost || dir_search(ctl->dir, &in, &sink, &fault) != RC_OK) {
        failed(ctl, s, "ou=requests", &fault);
        return;
    }
    s->read_requests = true;
    for (enum state state = STATE_NONE; state < STATE_COUNT; state++) {
        const size_t reissue = s->requests[REQUEST_REISSUE][state], revoke = s->requests[REQUEST_REVOKE][state];
        if (reissue + revoke == 0)
            continue;
        struct cell *cells = table_row(&s->counts);
        cells[0] = state == STATE_NONE ? cell_word("unreadable", TONE_BAD)
                                       : cell_word(state_name(state), tone_of_state(state));
        cells[1] = cell_number(reissue);
        cells[2] = cell_number(revoke);
    }
}

/* All of it. */

static void read_pause(struct ctl *ctl, struct status *s)
{
    static const char *const attributes[] = {ATTR_PAUSE, NULL};
    entry_list list;
    if (search(ctl, s, NULL, "(objectClass=*)", attributes, &list) && list.count)
        s->paused = slice_eq_nocase(entry_first(&list.items[0], ATTR_PAUSE), SLICE_LITERAL("TRUE"));
}

static void print_json(const struct ctl *ctl, const struct status *s)
{
    struct json j = json_open(ctl->out);
    json_object(&j, NULL);
    json_escaped(&j, "base", ctl->base);
    json_text(&j, "server", slice_of(dir_capabilities(ctl->dir)->uri));
    json_time(&j, "time", s->now_utc);
    json_bool(&j, "complete", !s->incomplete);
    json_bool(&j, "paused", s->paused);
    table_write_json(&s->daemons, &j, "daemons");
    table_write_json(&s->policies, &j, "policies");
    table_write_json(&s->holds, &j, "holds");
    table_write_json(&s->counts, &j, "requests");
    json_object_end(&j);
    json_close(&j);
}

/* What was not read is not told as absent, nor what may only be hidden. */
static void print_section(const struct ctl *ctl, const struct table *t, bool was_read, const char *none)
{
    fputc('\n', ctl->out);
    table_print(ctl, t, was_read ? none : "This could not be read.");
}

static void print_text(const struct ctl *ctl, const struct status *s)
{
    const struct dir_capabilities *c = dir_capabilities(ctl->dir);
    fprintf(ctl->out, "%.*s at %s (%s)\n", SLICE_ARGS(ctl->base), c->uri ? c->uri : "the directory", c->kind);
    if (s->paused) {
        tone_begin(ctl, TONE_BAD);
        fputs("paused: " ATTR_PAUSE " is TRUE, no request is written", ctl->out);
        tone_end(ctl, TONE_BAD);
        fputc('\n', ctl->out);
    }
    print_section(ctl, &s->daemons, s->read_instances, "No daemon has written a status that you may see.");
    print_section(ctl, &s->policies, s->read_policies, "There is no policy that you may see.");
    print_section(ctl, &s->holds, s->read_instances, "Nothing is held.");
    print_section(ctl, &s->counts, s->read_requests, "There is no request that you may see.");
    if (s->held)
        fputs("\nFind out why it is held; then `dircertctl release POLICY` writes what lifts it.\n", ctl->out);
}

static int show_once(struct ctl *ctl)
{
    struct status s = {.now_utc = ctl_now_utc(),
                       .daemons = table_make(ctl->arena, daemon_columns, COUNT(daemon_columns)),
                       .policies = table_make(ctl->arena, policy_columns, COUNT(policy_columns)),
                       .holds = table_make(ctl->arena, hold_columns, COUNT(hold_columns)),
                       .counts = table_make(ctl->arena, count_columns, COUNT(count_columns))};
    read_pause(ctl, &s);
    read_instances(ctl, &s);
    read_policies(ctl, &s);
    read_requests(ctl, &s);
    if (ctl->json)
        print_json(ctl, &s);
    else
        print_text(ctl, &s);
    return s.incomplete ? CTL_INCOMPLETE : s.held ? CTL_HELD : CTL_OK;
}

/* Watching: the server may be restarted meanwhile. */

/* Connects anew where the connection is lost, be it between two looks; anything but RC_OK was told. */
static enum rc be_connected(struct ctl *ctl, int64_t *lost_utc)
{
    struct fault fault = {{0}};
    if (ctl->dir && dir_is_alive(ctl->dir))
        return RC_OK;
    if (*lost_utc == 0)
        *lost_utc = ctl_now_utc();
    enum rc rc = connect_again(ctl, &fault);
    if (rc == RC_FAULT) {
        struct slice age = age_text(ctl->arena, *lost_utc, ctl_now_utc());
        ctl_tell(ctl, "%s (for %.*s now)", fault.text, SLICE_ARGS(age));
    } else if (rc != RC_OK) {
        ctl_tell(ctl, "%s", fault.text);
    }
    return rc;
}

/* A server that refuses us is not asked again: each refusal may count towards a lock of the account. */
static int watch(struct ctl *ctl, uint64_t interval_s, uint64_t count)
{
    int64_t lost_utc = 0; /* since when the connection is */
    for (uint64_t shown = 0;;) {
        struct arena_mark mark = arena_mark(ctl->arena);
        if (ctl->on_terminal && !ctl->json)
            fputs("\033[H\033[2J", ctl->out); /* ECMA-48: home, clear */
        else if (shown && !ctl->json)
            fputc('\n', ctl->out);
        fflush(ctl->out); /* before what is told on standard error */
        enum rc rc = be_connected(ctl, &lost_utc);
        if (rc != RC_OK && rc != RC_FAULT)
            return rc == RC_INVALID ? CTL_USAGE : CTL_INCOMPLETE;
        int code = rc == RC_OK ? show_once(ctl) : CTL_INCOMPLETE;
        if (ctl->dir && dir_is_alive(ctl->dir))
            lost_utc = 0;
        else if (lost_utc == 0)
            lost_utc = ctl_now_utc();
        arena_reset(ctl->arena, mark);
        shown++;
        if (shown == count || fflush(ctl->out) != 0)
            return code;
        nanosleep(&(struct timespec){.tv_sec = (time_t)interval_s}, NULL);
    }
}

static int run_status(struct ctl *ctl, int argc, char **argv)
{
    uint64_t interval_s, count;
    if (argc)
        return ctl_usage(ctl, "unexpected argument \"%s\"; try --help", argv[0]);
    if (ctl_option_number(ctl, "interval", 1, NUMBER_MOST, 2, &interval_s) != RC_OK ||
        ctl_option_number(ctl, "count", 1, NUMBER_MOST, 0, &count) != RC_OK)
        return CTL_USAGE;
    return ctl_option(ctl, "watch") ? watch(ctl, interval_s, count) : show_once(ctl);
}

static const struct ctl_option options[] = {
    {"watch", 0, NULL, "show it again and again, until interrupted"},
    {"interval", 0, "SECONDS", "between two looks (default 2)"},
    {"count", 0, "NUMBER", "of looks, then end"},
    {NULL, 0, NULL, NULL},
};

const struct ctl_command command_status = {
    .name = "status",
    .arguments = "[--watch]",
    .does = "Shows the daemons, the policies, what is held and what lifts it, and the requests by state",
    .help = "A daemon whose heartbeat is older than 90 seconds and three of its own is late.\n"
            "Figures are those of its last complete pass. Ends with 3 where a guard holds.\n"
            "With --watch a server that is gone is told at each look, and connected to anew; Ctrl-C ends it, and\n"
            "after --count looks the exit code is that of the last one. A server that is there and refuses the\n"
            "bind ends it with 2, and settings that can't work with 1: neither is tried again.\n",
    .directory = CTL_NEEDS_DIRECTORY,
    .options = options,
    .run = run_status,
};
