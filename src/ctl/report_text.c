/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/report_text.h"

#include "ctl/table.h"
#include "run/events.h"

enum { BAR = 40 };

static struct cell policy_cell(const struct policy *p)
{
    struct cell c = cell_escaped(p->dn);
    c.shown = p->name;
    return c;
}

static struct cell percent_cell(struct arena *a, size_t part, size_t whole)
{
    unsigned permille = report_permille(part, whole);
    if (whole == 0)
        return (struct cell){.kind = CELL_NONE};
    return cell_text(arena_format(a, "%u.%u %%", permille / 10, permille % 10));
}

/* At least one mark for what is there at all. */
static struct cell bar_cell(struct arena *a, size_t part, size_t most, enum tone tone)
{
    static const char marks[] = "########################################";
    size_t n = most ? (part * BAR + most - 1) / most : 0;
    return (struct cell){.kind = CELL_TEXT,
                         .tone = tone,
                         .text = arena_copy(a, slice_make(marks, n)),
                         .shown = n ? (struct slice){NULL, 0} : slice_of(" ")};
}

static struct table compliance(const struct report_data *d)
{
    enum { POLICY, MODE, RESULT, ENTRIES, WITH, COMPLIANT, SHARE, FINDINGS, WAIVED, UNDECIDED, COLUMNS };
    static const struct column columns[COLUMNS] = {
        [POLICY] = {"policy", "POLICY", COLUMN_BOTH},
        [MODE] = {"mode", "MODE", COLUMN_BOTH},
        [RESULT] = {"result", "READ", COLUMN_BOTH},
        [ENTRIES] = {"subjects", "ENTRIES", COLUMN_BOTH},
        [WITH] = {"with_certificate", "WITH CERTIFICATE", COLUMN_BOTH},
        [COMPLIANT] = {"compliant", "COMPLIANT", COLUMN_BOTH},
        [SHARE] = {"share", "SHARE", COLUMN_TABLE_ONLY},
        [FINDINGS] = {"findings", "FINDINGS", COLUMN_BOTH},
        [WAIVED] = {"waived", "WAIVED", COLUMN_BOTH},
        [UNDECIDED] = {"undecided", "UNDECIDED", COLUMN_BOTH},
    };
    struct table t = table_make(d->arena, columns, COLUMNS);
    for (size_t i = 0; i < d->policies.count; i++) {
        const struct report_policy *p = &d->policies.items[i];
        bool whole = strcmp(p->result, "complete") == 0;
        struct cell *row = table_row(&t);
        row[POLICY] = policy_cell(p->policy);
        row[MODE] = cell_word(p->policy->disabled ? "" : mode_name(p->policy->mode), TONE_PLAIN);
        row[RESULT] = cell_word(p->result, whole ? TONE_GOOD : TONE_WARNING);
        row[ENTRIES] = cell_number(p->subjects);
        row[WITH] = cell_number(p->with_certificate);
        row[COMPLIANT] = cell_number(p->compliant);
        row[SHARE] = percent_cell(d->arena, p->compliant, p->with_certificate);
        row[FINDINGS] = cell_number(report_data_findings(p));
        row[WAIVED] = cell_number(p->waived);
        row[UNDECIDED] = cell_number(p->undecided);
    }
    return t;
}

static struct table findings(const struct report_data *d)
{
    enum { POLICY, CHECK, SEVERITY, COUNT, COLUMNS };
    static const struct column columns[COLUMNS] = {
        [POLICY] = {"policy", "POLICY", COLUMN_BOTH},
        [CHECK] = {"check", "CHECK", COLUMN_BOTH},
        [SEVERITY] = {"severity", "SEVERITY", COLUMN_BOTH},
        [COUNT] = {"findings", "FINDINGS", COLUMN_BOTH},
    };
    struct table t = table_make(d->arena, columns, COLUMNS);
    for (size_t i = 0; i < d->policies.count; i++)
        for (unsigned id = 0; id < CHECK_COUNT; id++) {
            const struct check *c = check_get((enum check_id)id);
            if (d->policies.items[i].findings[id] == 0)
                continue;
            struct cell *row = table_row(&t);
            row[POLICY] = policy_cell(d->policies.items[i].policy);
            row[CHECK] = cell_word(c->name, TONE_PLAIN);
            row[SEVERITY] = cell_word(severity_name(c->severity), tone_of_severity(c->severity));
            row[COUNT] = cell_number(d->policies.items[i].findings[id]);
        }
    return t;
}

static struct table expiry(const struct report_data *d)
{
    enum { WHEN, COUNT, BARS, COLUMNS };
    static const struct column columns[COLUMNS] = {
        [WHEN] = {"when", "VALID UNTIL", COLUMN_BOTH},
        [COUNT] = {"certificates", "CERTIFICATES", COLUMN_BOTH},
        [BARS] = {"bar", "", COLUMN_TABLE_ONLY},
    };
    struct table t = table_make(d->arena, columns, COLUMNS);
    size_t most = d->overdue;
    for (size_t i = 0; i < REPORT_MONTHS; i++)
        most = d->months[i] > most ? d->months[i] : most;
    for (size_t i = 0; i < REPORT_MONTHS + 2; i++) {
        unsigned year, month;
        bool past = i == 0, later = i == REPORT_MONTHS + 1;
        size_t count = past ? d->overdue : later ? d->later : d->months[i - 1];
        struct cell *row = table_row(&t);
        report_data_month(d, past || later ? 0 : i - 1, &year, &month);
        row[WHEN] = past    ? cell_word("overdue", TONE_PLAIN)
                    : later ? cell_word("later", TONE_PLAIN)
                            : cell_text(arena_format(d->arena, "%04u-%02u", year, month + 1));
        row[COUNT] = cell_number(count);
        row[BARS] = bar_cell(d->arena, later ? 0 : count, most, past ? TONE_BAD : i <= 2 ? TONE_WARNING : TONE_GOOD);
    }
    return t;
}

static struct table requests(const struct report_data *d)
{
    enum { TYPE, STATE, AGES, TOTAL = AGES + REPORT_AGES, COLUMNS };
    static const struct column columns[COLUMNS] = {
        [TYPE] = {"type", "TYPE", COLUMN_BOTH},
        [STATE] = {"state", "STATE", COLUMN_BOTH},
        [AGES + AGE_DAY] = {"under_1_day", "UNDER 1 DAY", COLUMN_BOTH},
        [AGES + AGE_WEEK] = {"1_to_7_days", "1 TO 7 DAYS", COLUMN_BOTH},
        [AGES + AGE_MONTH] = {"7_to_30_days", "7 TO 30 DAYS", COLUMN_BOTH},
        [AGES + AGE_OLDER] = {"older", "OLDER", COLUMN_BOTH},
        [TOTAL] = {"requests", "ALL", COLUMN_BOTH},
    };
    struct table t = table_make(d->arena, columns, COLUMNS);
    for (unsigned type = 0; type < REQUEST_TYPES; type++)
        for (unsigned s = STATE_PROPOSED; s < STATE_PURGED; s++) {
            size_t all = 0;
            for (unsigned age = 0; age < REPORT_AGES; age++)
                all += d->requests[type][s][age];
            if (all == 0)
                continue;
            struct cell *row = table_row(&t);
            row[TYPE] = cell_word(request_type_name((enum request_type)type), TONE_PLAIN);
            row[STATE] = cell_word(state_name((enum state)s), tone_of_state((enum state)s));
            for (unsigned age = 0; age < REPORT_AGES; age++)
                row[AGES + age] = cell_number(d->requests[type][s][age]);
            row[TOTAL] = cell_number(all);
        }
    return t;
}

static struct table tally(const struct report_data *d, const struct report_tally *of, const struct column columns[2])
{
    struct table t = table_make(d->arena, columns, 2);
    for (size_t i = 0; i < of->top_count; i++) {
        struct cell *row = table_row(&t);
        row[0] = cell_escaped(of->top[i].name.n ? of->top[i].name : slice_of("(an empty name)"));
        row[1] = cell_number(of->top[i].count);
    }
    if (of->others) {
        struct cell *row = table_row(&t);
        row[0] = cell_word("all others", TONE_DIM);
        row[1] = cell_number(of->others);
    }
    return t;
}

static const struct column issuer_columns[] = {{"issuer", "ISSUER", COLUMN_BOTH},
                                               {"certificates", "CERTIFICATES", COLUMN_BOTH}};
static const struct column key_columns[] = {{"key", "KEY", COLUMN_BOTH}, {"certificates", "CERTIFICATES", COLUMN_BOTH}};

/* One row a finding; an entry's name stands before its first one only. */
static struct table worst(const struct report_data *d)
{
    enum { ENTRY, POLICY, SEVERITY, CHECK, DETAIL, COLUMNS };
    static const struct column columns[COLUMNS] = {
        [ENTRY] = {"dn", "ENTRY", COLUMN_BOTH},
        [POLICY] = {"policy", "POLICY", COLUMN_BOTH},
        [SEVERITY] = {"severity", "SEVERITY", COLUMN_BOTH},
        [CHECK] = {"check", "CHECK", COLUMN_BOTH},
        [DETAIL] = {"detail", "DETAIL", COLUMN_BOTH},
    };
    struct table t = table_make(d->arena, columns, COLUMNS);
    for (size_t i = 0; i < d->worst_count; i++)
        for (size_t k = 0; k < d->worst[i].finding_count; k++) {
            const struct report_finding *f = &d->worst[i].findings[k];
            struct cell *row = table_row(&t);
            row[ENTRY] = cell_escaped(d->worst[i].dn);
            row[POLICY] = policy_cell(d->worst[i].policy);
            if (k)
                row[ENTRY].shown = row[POLICY].shown = slice_of(" ");
            row[SEVERITY] = f->undecided || f->waived
                                ? cell_word(f->undecided ? "undecided" : "waived", TONE_DIM)
                                : cell_word(severity_name(f->check->severity), tone_of_severity(f->check->severity));
            row[CHECK] = cell_word(f->check->name, TONE_PLAIN);
            row[DETAIL] = cell_escaped(f->detail);
        }
    return t;
}

static void print_section(const struct ctl *ctl, const char *title, const struct table *t, const char *nothing)
{
    fprintf(ctl->out, "\n%s\n\n", title);
    if (t->rows.count)
        table_print_text(ctl, t, true, 2);
    else
        fprintf(ctl->out, "  %s\n", nothing);
}

static void print_head(const struct ctl *ctl, const struct report_data *d)
{
    struct report_policy total = report_data_total(d);
    unsigned permille = report_permille(total.compliant, total.with_certificate);
    fprintf(ctl->out, "Certificates under policy below %.*s, %.*s UTC\n", SLICE_ARGS(d->base),
            SLICE_ARGS(time_text(d->arena, d->now_utc)));
    if (total.with_certificate)
        fprintf(ctl->out, "%zu of %zu entries with certificates are compliant (%u.%u %%); %zu findings\n",
                total.compliant, total.with_certificate, permille / 10, permille % 10, report_data_findings(&total));
    else
        fprintf(ctl->out, "No entry with a certificate was seen.\n");
    if (!d->complete)
        fprintf(ctl->out, "Not everything was read: these figures are too small.\n");
    for (size_t i = 0; i < d->notes.count; i++)
        fprintf(ctl->out, "  %.*s\n", SLICE_ARGS(d->notes.items[i]));
    if (d->more_notes)
        fprintf(ctl->out, "  and %zu more\n", d->more_notes);
}

void report_text_print(const struct ctl *ctl, const struct report_data *d)
{
    struct table t = compliance(d);
    print_head(ctl, d);
    print_section(ctl, "Compliance by policy", &t, "There is no policy.");
    t = findings(d);
    print_section(ctl, "Findings by check", &t, "There is none.");
    t = expiry(d);
    print_section(ctl, "Expiry", &t, "");
    t = requests(d);
    print_section(ctl, "Requests by state and age", &t, "There is none.");
    if (d->oldest_open_utc)
        fprintf(ctl->out, "\n  The oldest open one is %.*s old: %.12s, %.*s\n",
                SLICE_ARGS(age_text(d->arena, d->oldest_open_utc, d->now_utc)), (const char *)d->oldest_open_id.p,
                SLICE_ARGS(d->oldest_open_dn));
    t = tally(d, &d->issuers, issuer_columns);
    print_section(ctl, "Issuers", &t, "No certificate was read.");
    t = tally(d, &d->keys, key_columns);
    print_section(ctl, "Key types", &t, "No certificate was read.");
    t = worst(d);
    print_section(ctl, "Worst entries", &t, "There is none.");
    if (t.rows.count)
        fprintf(ctl->out, "\n  %zu entries have findings. `dircertctl explain DN` tells all about one of them.\n",
                d->entries_with_findings);
}

/* JSON. */

static void write_entry(struct json *j, const struct report_entry *e)
{
    json_object(j, NULL);
    json_escaped(j, "dn", e->dn);
    json_escaped(j, "policy", e->policy->dn);
    json_texts(j, "hosts", e->hosts, e->host_count);
    json_array(j, "findings");
    for (size_t i = 0; i < e->finding_count; i++) {
        const struct report_finding *f = &e->findings[i];
        json_object(j, NULL);
        json_text(j, "check", slice_of(f->check->name));
        json_text(j, "severity", slice_of(severity_name(f->check->severity)));
        json_bool(j, "undecided", f->undecided);
        json_bool(j, "waived", f->waived);
        json_text(j, "detail", f->detail);
        json_text(j, "certificate", f->certificate);
        json_text(j, "action", slice_of(action_name(f->action)));
        json_text(j, "citation", slice_of(f->check->citation));
        json_text(j, "fix", slice_of(f->check->fix));
        json_object_end(j);
    }
    json_array_end(j);
    json_number(j, "more_findings", e->more_findings);
    json_object_end(j);
}

static void write_tables(struct json *j, const struct report_data *d)
{
    struct table t = compliance(d);
    table_write_json(&t, j, "policies");
    t = findings(d);
    table_write_json(&t, j, "findings");
    t = expiry(d);
    table_write_json(&t, j, "expiry");
    t = requests(d);
    table_write_json(&t, j, "requests");
    json_time(j, "oldest_open_request", d->oldest_open_utc);
    t = tally(d, &d->issuers, issuer_columns);
    table_write_json(&t, j, "issuers");
    t = tally(d, &d->keys, key_columns);
    table_write_json(&t, j, "keys");
}

void report_text_json(const struct ctl *ctl, const struct report_data *d)
{
    struct json j = json_open(ctl->out);
    json_object(&j, NULL);
    json_escaped(&j, "base", d->base);
    json_time(&j, "time", d->now_utc);
    json_bool(&j, "complete", d->complete);
    json_texts(&j, "notes", d->notes.items, d->notes.count);
    json_number(&j, "more_notes", d->more_notes);
    write_tables(&j, d);
    json_number(&j, "entries_with_findings", d->entries_with_findings);
    json_array(&j, "worst");
    for (size_t i = 0; i < d->worst_count; i++)
        write_entry(&j, &d->worst[i]);
    json_array_end(&j);
    json_object_end(&j);
    json_close(&j);
}
