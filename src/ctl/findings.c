/* SPDX-License-Identifier: Apache-2.0 */
/* findings: what does not meet policy now, whatever the daemon has seen of it. */
#include "ctl/commands.h"
#include "ctl/judging.h"
#include "ctl/table.h"
#include "run/events.h"
#include "run/told.h"

enum { SEVERITY, CHECK, ENTRY, POLICY, ACTION, UNDECIDED, WAIVER, CERTIFICATE, DETAIL, COLUMNS };
static const struct column columns[COLUMNS] = {
    [SEVERITY] = {"severity", "SEVERITY", COLUMN_BOTH},
    [CHECK] = {"check", "CHECK", COLUMN_BOTH},
    [ENTRY] = {"dn", "ENTRY", COLUMN_BOTH},
    [POLICY] = {"policy", "POLICY", COLUMN_BOTH},
    [ACTION] = {"action", "ACTION", COLUMN_BOTH},
    [UNDECIDED] = {"undecided", "UNDECIDED", COLUMN_JSON_ONLY},
    [WAIVER] = {"waiver", "WAIVER", COLUMN_JSON_ONLY},
    [CERTIFICATE] = {"certificate", "CERTIFICATE", COLUMN_BOTH},
    [DETAIL] = {"detail", "DETAIL", COLUMN_BOTH},
};

enum { DIGITS_SHOWN = 12 };

struct collecting {
    struct judging judging; /* first: the callbacks of judging.h see it */
    struct table table;
    struct told told; /* an entry may be handed over twice */
    enum check_id only;
    bool unwaived; /* one of them is covered by no waiver */
};

static void fill(struct collecting *c, const struct subject *s, const struct certificate *of, struct slice digest,
                 const struct finding *f)
{
    struct arena *a = c->table.arena;
    const struct check *check = check_get(f->check);
    bool disagreed = of && of->opinion == OPINION_DISAGREES, undecided = f->undecided || disagreed;
    struct cell *row = table_row(&c->table);
    row[SEVERITY] = cell_word(severity_name(check->severity), tone_of_severity(check->severity));
    row[SEVERITY].number = check->severity; /* what the rows are sorted by */
    row[CHECK] = cell_text(slice_of(check->name));
    row[ENTRY] = cell_escaped(arena_copy(a, s->dn));
    row[POLICY] = cell_escaped(s->policy->dn);
    row[POLICY].shown = s->policy->name;
    row[ACTION] = cell_text(slice_of(action_name(finding_action(s->policy, of, f))));
    if (undecided)
        row[ACTION].shown = slice_of("undecided");
    else if (f->waiver.n)
        row[ACTION].shown = slice_of("waived");
    row[UNDECIDED] = cell_bool(undecided);
    if (f->waiver.n)
        row[WAIVER] = cell_escaped(arena_copy(a, f->waiver));
    c->unwaived |= f->waiver.n == 0;
    if (of) {
        row[CERTIFICATE] = cell_text(arena_copy(a, digest));
        row[CERTIFICATE].shown = slice_upto(row[CERTIFICATE].text, DIGITS_SHOWN);
    }
    row[DETAIL] = cell_escaped(arena_copy(a, f->detail));
    if (disagreed)
        row[DETAIL].text =
            arena_format(a, "%.*s (the two readers disagree about this certificate)", SLICE_ARGS(f->detail));
}

static void take_findings(struct collecting *c, const struct subject *s, struct certificate *of,
                          const struct finding *findings, size_t count)
{
    uint8_t hex[DIGEST_HEX];
    struct slice digest = {NULL, 0};
    if (of && count) {
        certificate_hash(of);
        digest_to_hex(&of->digest, hex);
        digest = slice_make(hex, DIGEST_HEX);
    }
    for (size_t i = 0; i < count; i++) {
        struct slice name = slice_of(check_get(findings[i].check)->name);
        if ((c->only == CHECK_COUNT || c->only == findings[i].check) &&
            told_first_time(c->table.arena, &c->told, s->dn, name, digest))
            fill(c, s, of, digest, &findings[i]);
    }
}

static void take_subject(void *context, const struct subject *s)
{
    struct collecting *c = context;
    for (size_t i = 0; i < s->certificate_count; i++)
        take_findings(c, s, &s->certificates[i], s->certificates[i].findings, s->certificates[i].finding_count);
    take_findings(c, s, NULL, s->findings, s->finding_count);
}

static void take_policy(void *context, const struct inspect_policy *p)
{
    const struct collecting *c = context;
    if (strcmp(p->result, "complete") != 0 && strcmp(p->result, "off") != 0)
        ctl_tell(c->judging.ctl, "policy %.*s is %s: its findings are not known, or not all of them",
                 SLICE_ARGS(p->policy->dn), p->result);
}

static int by_severity(const void *a, const void *b)
{
    const struct cell *x = *(struct cell *const *)a, *y = *(struct cell *const *)b;
    int order = (x[SEVERITY].number > y[SEVERITY].number) - (x[SEVERITY].number < y[SEVERITY].number);
    if (order == 0)
        order = slice_compare(x[ENTRY].text, y[ENTRY].text);
    if (order == 0)
        order = slice_compare(x[CHECK].text, y[CHECK].text);
    return order ? order : slice_compare(x[CERTIFICATE].text, y[CERTIFICATE].text);
}

static int read_check(const struct ctl *ctl, enum check_id *check)
{
    const char *name = ctl_option(ctl, "check");
    *check = name ? check_find(slice_of(name)) : CHECK_COUNT;
    if (!name || *check != CHECK_COUNT)
        return CTL_OK;
    return ctl_usage(ctl, "--check %s: no check has that name; `dircertctl checks` prints them", name);
}

static int print_findings(struct ctl *ctl, int argc, char **argv)
{
    struct collecting c = {.judging = {.ctl = ctl}, .table = table_make(ctl->arena, columns, COLUMNS)};
    struct inspect_sink sink = {.subject = take_subject,
                                .problem = judging_problem,
                                .fault = judging_fault,
                                .policy = take_policy,
                                .context = &c};
    struct second_reader *second = NULL;
    if (argc)
        return ctl_usage(ctl, "unexpected argument \"%s\"; try --help", argv[0]);
    if (read_check(ctl, &c.only) != CTL_OK)
        return CTL_USAGE;
    int code = judging_second(ctl, &second);
    if (code != CTL_OK)
        return code;
    struct inspect_settings settings = judging_settings(ctl, ctl_option(ctl, "policy"));
    bool complete = inspect_run(ctl->dir, second, &settings, ctl->arena, &sink) && !c.judging.faulted;
    second_close(second);
    table_sort(&c.table, by_severity);
    table_print(ctl, &c.table, complete ? "no findings" : NULL);
    return !complete ? CTL_INCOMPLETE : c.unwaived ? CTL_FINDINGS : CTL_OK;
}

static const struct ctl_option options[] = {
    {"policy", 'P', "NAME", "only what this policy governs; its cn or its DN"},
    {"check", 'C', "CHECK", "only findings of this check"},
    {NULL, 0, NULL, NULL},
};

const struct ctl_command command_findings = {
    .name = "findings",
    .arguments = "[--policy NAME] [--check CHECK]",
    .does = "Judges every certificate now, and prints what does not meet policy",
    .help =
        "Reads what you may read, as the daemon would judge it at this moment; nothing is written.  The action is\n"
        "what policy asks for; under dircertMode: audit it is always report.  Where the question could not be\n"
        "answered the action is \"undecided\", where a waiver covers the finding \"waived\", and nothing follows from\n"
        "it.  Ends with 4 where there are findings that are not waived, with 2 where not everything was read; what\n"
        "that was is told on standard error.\n",
    .directory = CTL_NEEDS_DIRECTORY,
    .options = options,
    .run = print_findings,
};
