/* SPDX-License-Identifier: Apache-2.0 */
/* requests: a table of them; requests show: everything about one. */
#include "base/escape.h"
#include "core/schema.h"
#include "ctl/certificate.h"
#include "ctl/commands.h"
#include "ctl/look.h"
#include "ctl/table.h"

enum { SHORT_ID = 12, VALUE_MOST = 4096 };
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* The table. */

enum { C_ID, C_TYPE, C_STATE, C_GENERATION, C_SINCE, C_SUBJECT, C_POLICY, C_POLICY_DN, C_CHECKS, C_MESSAGE, C_COUNT };
static const struct column columns[C_COUNT] = {
    [C_ID] = {"id", "ID", COLUMN_BOTH},
    [C_TYPE] = {"type", "TYPE", COLUMN_BOTH},
    [C_STATE] = {"state", "STATE", COLUMN_BOTH},
    [C_GENERATION] = {"generation", "GENERATION", COLUMN_BOTH},
    [C_SINCE] = {"since", "SINCE (UTC)", COLUMN_BOTH},
    [C_SUBJECT] = {"subject", "SUBJECT", COLUMN_BOTH},
    [C_POLICY] = {"policy", "POLICY", COLUMN_BOTH},
    [C_POLICY_DN] = {"policy_dn", NULL, COLUMN_JSON_ONLY},
    [C_CHECKS] = {"checks", "CHECKS", COLUMN_BOTH},
    [C_MESSAGE] = {"message", "MESSAGE", COLUMN_BOTH},
};

static struct cell checks_cell(struct arena *a, unsigned checks)
{
    struct slice *names = ARENA_ARRAY(a, CHECK_COUNT, struct slice);
    size_t count = 0;
    for (unsigned id = 0; id < CHECK_COUNT; id++)
        if (checks & CHECK_BIT(id))
            names[count++] = slice_of(check_get((enum check_id)id)->name);
    return cell_list(names, count);
}

static void add_row(const struct ctl *ctl, struct table *t, const struct request *q)
{
    const struct record *r = &q->record;
    struct cell *cells = table_row(t);
    cells[C_ID] = cell_text(r->id);
    if (!ctl_option(ctl, "full"))
        cells[C_ID].shown = slice_upto(r->id, SHORT_ID);
    cells[C_TYPE] = cell_word(request_type_name(r->type), TONE_PLAIN);
    cells[C_STATE] = r->state == STATE_NONE ? cell_word("unreadable", TONE_BAD)
                                            : cell_word(state_name(r->state), tone_of_state(r->state));
    cells[C_GENERATION] = cell_number(r->generation);
    cells[C_SINCE] = cell_time(r->state_changed_utc);
    cells[C_SUBJECT] = cell_escaped(r->basis.subject_dn);
    cells[C_POLICY] = cell_escaped(look_name(r->basis.policy_dn));
    cells[C_POLICY_DN] = cell_escaped(r->basis.policy_dn);
    cells[C_CHECKS] = checks_cell(ctl->arena, r->basis.checks);
    cells[C_MESSAGE] = cell_text(r->message);
}

/* By state in the order of its life, then by age, then by id. */
static int order_rows(const void *a, const void *b)
{
    const struct cell *x = *(struct cell *const *)a, *y = *(struct cell *const *)b;
    enum state sx = state_find(x[C_STATE].text), sy = state_find(y[C_STATE].text);
    if (sx != sy)
        return sx < sy ? -1 : 1;
    if (x[C_SINCE].at_utc != y[C_SINCE].at_utc)
        return x[C_SINCE].at_utc < y[C_SINCE].at_utc ? -1 : 1;
    return slice_compare(x[C_ID].text, y[C_ID].text);
}

struct listing {
    const struct ctl *ctl;
    const char *policy;
    struct table table;
};

static void forget(void *context)
{
    struct listing *l = context;
    l->table.rows.count = 0;
}

static void list_one(void *context, const struct entry *e)
{
    struct listing *l = context;
    problem_list problems = {0};
    if (l->policy && !look_names(l->policy, entry_first(e, ATTR_POLICY_DN)))
        return;
    struct request q = request_read(l->ctl->arena, e, &problems);
    add_row(l->ctl, &l->table, &q);
}

/* What the words of --state and --type allow needs no escaping. */
static enum rc read_filter(const struct ctl *ctl, struct slice *filter)
{
    const char *state = ctl_option(ctl, "state"), *type = ctl_option(ctl, "type");
    if (state && state_find(slice_of(state)) == STATE_NONE) {
        ctl_tell(ctl,
                 "--state: \"%s\" is none; they are proposed, pending, approved, rejected, submitted, failed, "
                 "fulfilled, withdrawn and held",
                 state);
        return RC_INVALID;
    }
    if (type && strcmp(type, "reissue") != 0 && strcmp(type, "revoke") != 0) {
        ctl_tell(ctl, "--type: expected reissue or revoke, found \"%s\"", type);
        return RC_INVALID;
    }
    *filter = arena_format(ctl->arena, "(&(objectClass=" CLASS_REQUEST ")%s%s%s%s%s%s)",
                           state ? "(" ATTR_STATE "=" : "", state ? state : "", state ? ")" : "",
                           type ? "(" ATTR_REQUEST_TYPE "=" : "", type ? type : "", type ? ")" : "");
    return RC_OK;
}

static int list(struct ctl *ctl)
{
    struct fault fault = {{0}};
    struct listing l = {
        .ctl = ctl, .policy = ctl_option(ctl, "policy"), .table = table_make(ctl->arena, columns, C_COUNT)};
    struct dir_search search = {
        .base = look_child(ctl, "ou=requests"), .scope = DIR_ONE, .attributes = request_attributes()};
    struct dir_sink sink = {.restart = forget, .entry = list_one, .context = &l};
    if (read_filter(ctl, &search.filter) != RC_OK)
        return CTL_USAGE;
    if (dir_search(ctl->dir, &search, &sink, &fault) != RC_OK)
        return look_failed(ctl, "ou=requests", &fault);
    table_sort(&l.table, order_rows);
    table_print(ctl, &l.table, "There is no such request that you may see.");
    return CTL_OK;
}

/* One request. */

static struct slice short_id(const struct request *q)
{
    return slice_upto(q->record.id, SHORT_ID);
}

/* What happens next, and who does it. */
static struct slice next_step(struct arena *a, const struct request *q)
{
    struct slice id = short_id(q);
    switch (q->record.state) {
    case STATE_PROPOSED:
        return SLICE_LITERAL("The daemon confirms it in further passes.");
    case STATE_PENDING:
        return arena_format(a, "Somebody decides: dircertctl approve %.*s, or dircertctl reject %.*s --reason TEXT.",
                            SLICE_ARGS(id), SLICE_ARGS(id));
    case STATE_APPROVED:
        return SLICE_LITERAL("Whoever fulfills requests claims it and carries it to the authority.");
    case STATE_REJECTED:
        return SLICE_LITERAL("Nothing, until what it asks for changes.");
    case STATE_SUBMITTED:
        return SLICE_LITERAL("The daemon waits until it sees the outcome in the directory.");
    case STATE_FAILED:
        return SLICE_LITERAL("The daemon approves the next attempt when its time has come.");
    case STATE_FULFILLED:
    case STATE_WITHDRAWN:
        return SLICE_LITERAL("Nothing; the daemon deletes it when its retention is over.");
    case STATE_HELD:
        return SLICE_LITERAL("It begins again when its policy enforces again.");
    case STATE_NONE:
    case STATE_PURGED:
    case STATE_COUNT:
        break;
    }
    return SLICE_LITERAL("Its state can't be read; the daemon repairs it where the request is still wanted.");
}

static struct slice value_shown(struct arena *a, const struct schema_attribute *row, struct slice value)
{
    if (row->syntax == SYNTAX_OCTETS)
        return certificate_line(a, value);
    /* What the daemon writes it has escaped. */
    enum schema_owner owner = schema_owner_in(row, SCHEMA_REQUEST);
    bool escaped = row->syntax == SYNTAX_DN || (owner != OWNER_APPROVER && owner != OWNER_FULFILLER);
    return escaped ? escape_rest(a, value, VALUE_MOST) : escape_text(a, value, VALUE_MOST);
}

/* Each value of an attribute; of octets, each certificate. */
static bool next_value(const struct entry *e, const struct schema_attribute *row, struct entry_cursor *at,
                       struct slice *rest, struct slice *value)
{
    if (row->syntax != SYNTAX_OCTETS)
        return entry_next_value(e, row->name, at, value);
    return (rest->n || entry_next_value(e, row->name, at, rest)) && certificate_next(rest, value);
}

static void print_attribute(const struct ctl *ctl, const struct entry *e, const struct schema_attribute *row)
{
    struct entry_cursor at = {0};
    struct slice value, rest = {NULL, 0};
    unsigned count = 0;
    while (next_value(e, row, &at, &rest, &value)) {
        struct slice shown = value_shown(ctl->arena, row, value);
        fprintf(ctl->out, "  %s: %.*s\n", row->name, SLICE_ARGS(shown));
        count++;
    }
    if (!count)
        return;
    tone_begin(ctl, TONE_DIM);
    fprintf(ctl->out, "      %s", row->meaning);
    tone_end(ctl, TONE_DIM);
    fputc('\n', ctl->out);
}

static const struct {
    enum schema_owner owner;
    const char *title, *key;
} owners[] = {
    {OWNER_DAEMON_ONCE, "Written once by the daemon", "identity"},
    {OWNER_DAEMON_REVISED, "What it rests on, written by the daemon until it is submitted", "basis"},
    {OWNER_DAEMON_MOVING, "How far it has come, written by the daemon", "progress"},
    {OWNER_APPROVER, "The decision, written by an approver", "decision"},
    {OWNER_FULFILLER, "The work, written by whoever fulfills it", "fulfilment"},
};

/* Calls for each attribute of a request that this owner writes and the entry has. */
#define FOR_EACH_ATTRIBUTE(row, i, e, who)                                                                             \
    for ((i) = 0; ((row) = schema_attribute_at(i)); (i)++)                                                             \
        if (((row)->classes & SCHEMA_REQUEST) && schema_owner_in((row), SCHEMA_REQUEST) == (who) &&                    \
            entry_count((e), (row)->name))

static void show_text(const struct ctl *ctl, const struct request *q, const struct entry *e)
{
    const struct schema_attribute *row;
    enum tone tone = tone_of_state(q->record.state);
    struct slice subject = escape_rest(ctl->arena, q->record.basis.subject_dn, VALUE_MOST),
                 next = next_step(ctl->arena, q);
    fprintf(ctl->out, "%s of %.*s: ", request_type_name(q->record.type), SLICE_ARGS(subject));
    tone_begin(ctl, tone);
    fputs(q->record.state == STATE_NONE ? "unreadable" : state_name(q->record.state), ctl->out);
    tone_end(ctl, tone);
    fprintf(ctl->out, "\nnext: %.*s\n", SLICE_ARGS(next));
    size_t i;
    for (size_t o = 0; o < COUNT(owners); o++) {
        bool titled = false;
        FOR_EACH_ATTRIBUTE(row, i, e, owners[o].owner)
        {
            if (!titled)
                fprintf(ctl->out, "\n%s\n", owners[o].title);
            titled = true;
            print_attribute(ctl, e, row);
        }
    }
}

static void write_attribute(const struct ctl *ctl, struct json *j, const struct entry *e,
                            const struct schema_attribute *row)
{
    struct entry_cursor at = {0};
    struct slice value, rest = {NULL, 0};
    bool several = row->multi || row->syntax == SYNTAX_OCTETS;
    if (several)
        json_array(j, row->name);
    while (next_value(e, row, &at, &rest, &value))
        (row->syntax == SYNTAX_DN ? json_escaped : json_text)(
            j, several ? NULL : row->name, row->syntax == SYNTAX_OCTETS ? certificate_line(ctl->arena, value) : value);
    if (several)
        json_array_end(j);
}

static void show_json(const struct ctl *ctl, const struct request *q, const struct entry *e)
{
    const struct schema_attribute *row;
    struct json j = json_open(ctl->out);
    json_object(&j, NULL);
    json_escaped(&j, "dn", e->dn);
    json_text(&j, "id", q->record.id);
    json_text(&j, "type", slice_of(request_type_name(q->record.type)));
    json_text(&j, "state", slice_of(q->record.state == STATE_NONE ? "unreadable" : state_name(q->record.state)));
    json_number(&j, "generation", q->record.generation);
    json_text(&j, "next", next_step(ctl->arena, q));
    size_t i;
    for (size_t o = 0; o < COUNT(owners); o++) {
        json_object(&j, owners[o].key);
        FOR_EACH_ATTRIBUTE(row, i, e, owners[o].owner)
        write_attribute(ctl, &j, e, row);
        json_object_end(&j);
    }
    json_object_end(&j);
    json_close(&j);
}

static int show(struct ctl *ctl, const char *id)
{
    struct request q;
    struct entry e;
    struct fault fault = {{0}};
    enum rc rc = look_request(ctl, id, &q, &e, &fault);
    if (rc != RC_OK) {
        ctl_tell(ctl, "%s: %s", id, fault.text);
        return rc == RC_INVALID ? CTL_USAGE : CTL_INCOMPLETE;
    }
    if (ctl->json)
        show_json(ctl, &q, &e);
    else
        show_text(ctl, &q, &e);
    return CTL_OK;
}

static int run_requests(struct ctl *ctl, int argc, char **argv)
{
    if (argc == 0)
        return list(ctl);
    if (strcmp(argv[0], "show") != 0)
        return ctl_usage(ctl, "requests %s: there is only `show ID`", argv[0]);
    if (argc != 2)
        return ctl_usage(ctl, "requests show: expected one id");
    return show(ctl, argv[1]);
}

static const struct ctl_option options[] = {
    {"state", 0, "STATE", "only those in that state"},
    {"type", 0, "TYPE", "only reissue, or only revoke"},
    {"policy", 0, "POLICY", "only those that this policy asks for: its cn or its DN"},
    {"full", 0, NULL, "whole ids"},
    {NULL, 0, NULL, NULL},
};

const struct ctl_command command_requests = {
    .name = "requests",
    .arguments = "[--state STATE] [--type TYPE] [--policy POLICY] | show ID",
    .does = "Shows the requests, or everything about one",
    .help = "ID is the beginning of a request's id, six digits or more.\n",
    .directory = CTL_NEEDS_DIRECTORY,
    .options = options,
    .run = run_requests,
};
