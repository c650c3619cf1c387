/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/metrics.h"

#include "base/buffer.h"
#include "base/escape.h"
#include "base/wholefile.h"

#include <inttypes.h>
#include <stdio.h>

enum { LABEL_MAX = 256, MODE = 0644 };

struct metrics {
    struct buffer out;
    const struct metrics_input *in;
    struct slice daemon;    /* the label's value as it is written, quotation marks left out */
    struct slice *policies; /* likewise, for each policy of the survey */
    bool begun;             /* the row's HELP and TYPE are written */
};

/* A value for a label: printable as everywhere, then quoted as the format wants it. */
static struct slice quote(struct arena *a, struct slice text)
{
    struct buffer b = {.arena = a};
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\\' || text.p[i] == '"')
            buffer_add(&b, slice_of("\\"));
        buffer_add(&b, slice_make(text.p + i, 1));
    }
    return buffer_slice(&b);
}

static struct slice label(struct arena *a, struct slice value)
{
    return quote(a, escape_text(a, value, LABEL_MAX));
}

/* One sample; `labels` is empty or begins with a comma.  A row without samples has no head either. */
static void sample(struct metrics *m, const struct metric *row, struct slice labels, const char *value)
{
    if (!m->begun)
        buffer_format(&m->out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name, row->type);
    m->begun = true;
    buffer_format(&m->out, "%s{daemon=\"%.*s\"%.*s} %s\n", row->name, SLICE_ARGS(m->daemon), SLICE_ARGS(labels), value);
}

static void sample_number(struct metrics *m, const struct metric *row, struct slice labels, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    sample(m, row, labels, text);
}

static const struct slice no_labels = SLICE_LITERAL("");

/* A point in time; 0 is none, and has no sample. */
static void sample_time(struct metrics *m, const struct metric *row, struct slice labels, int64_t at_utc)
{
    if (at_utc > 0)
        sample_number(m, row, labels, (uint64_t)at_utc);
}

/* The same for what an alert waits for: never is told as 0, very long ago, for over no sample no alert fires. */
static void sample_since(struct metrics *m, const struct metric *row, int64_t at_utc)
{
    sample_number(m, row, no_labels, at_utc > 0 ? (uint64_t)at_utc : 0);
}

static size_t policy_count(const struct metrics *m)
{
    return m->in->survey ? m->in->survey->policy_count : 0;
}

static struct slice policy_label(struct metrics *m, size_t i)
{
    return arena_format(m->out.arena, ",policy=\"%.*s\"", SLICE_ARGS(m->policies[i]));
}

/* The program. */

static void write_build(struct metrics *m, const struct metric *row)
{
    struct slice version = label(m->out.arena, slice_of(m->in->version));
    sample_number(m, row, arena_format(m->out.arena, ",version=\"%.*s\"", SLICE_ARGS(version)), 1);
}

static void write_lease(struct metrics *m, const struct metric *row)
{
    sample_number(m, row, no_labels, m->in->lease_held);
}

static void write_following(struct metrics *m, const struct metric *row)
{
    sample_number(m, row, no_labels, m->in->is_following);
}

static void write_looks(struct metrics *m, const struct metric *row)
{
    sample_number(m, row, no_labels, m->in->looks);
}

static void write_contact(struct metrics *m, const struct metric *row)
{
    sample_since(m, row, m->in->last_contact_utc);
}

static void write_full_interval(struct metrics *m, const struct metric *row)
{
    if (m->in->full_interval_s)
        sample_number(m, row, no_labels, m->in->full_interval_s);
}

static void write_drift(struct metrics *m, const struct metric *row)
{
    sample_number(m, row, no_labels, m->in->drift);
}

static void write_lost(struct metrics *m, const struct metric *row)
{
    sample_number(m, row, no_labels, m->in->log_lines_lost);
}

/* The last pass. */

static void write_last(struct metrics *m, const struct metric *row)
{
    sample_time(m, row, no_labels, m->in->last_pass_utc);
}

static void write_last_complete(struct metrics *m, const struct metric *row)
{
    sample_since(m, row, m->in->last_complete_utc);
}

static void write_duration(struct metrics *m, const struct metric *row)
{
    char text[32];
    if (!m->in->survey)
        return;
    int64_t ms = m->in->survey->duration_ms > 0 ? m->in->survey->duration_ms : 0;
    snprintf(text, sizeof text, "%" PRId64 ".%03" PRId64, ms / 1000, ms % 1000);
    sample(m, row, no_labels, text);
}

static void write_entries(struct metrics *m, const struct metric *row)
{
    if (m->in->survey)
        sample_number(m, row, no_labels, m->in->survey->entries);
}

static void write_result(struct metrics *m, const struct metric *row)
{
    static const struct {
        enum pass_result result;
        const char *name;
    } results[] = {{PASS_COMPLETE, "complete"}, {PASS_INCOMPLETE, "incomplete"}, {PASS_HELD, "held"}};
    for (size_t i = 0; m->in->survey && i < sizeof results / sizeof *results; i++)
        sample_number(m, row, arena_format(m->out.arena, ",result=\"%s\"", results[i].name),
                      m->in->result == results[i].result);
}

/* Each policy. */

static void write_complete(struct metrics *m, const struct metric *row)
{
    for (size_t i = 0; i < policy_count(m); i++)
        sample_number(m, row, policy_label(m, i), m->in->survey->policies[i].complete);
}

static void write_hold(struct metrics *m, const struct metric *row)
{
    for (size_t i = 0; i < policy_count(m); i++)
        sample_number(m, row, policy_label(m, i), m->in->survey->policies[i].holds.n > 0);
}

/* Figures of what was read in part would look like a fall. */
static void write_figure(struct metrics *m, const struct metric *row, size_t at)
{
    for (size_t i = 0; i < policy_count(m); i++) {
        const struct policy_survey *p = &m->in->survey->policies[i];
        size_t figure;
        memcpy(&figure, (const char *)p + at, sizeof figure);
        if (p->complete)
            sample_number(m, row, policy_label(m, i), figure);
    }
}

static void write_subjects(struct metrics *m, const struct metric *row)
{
    write_figure(m, row, offsetof(struct policy_survey, subjects));
}

static void write_with_certificate(struct metrics *m, const struct metric *row)
{
    write_figure(m, row, offsetof(struct policy_survey, with_certificate));
}

static void write_compliant(struct metrics *m, const struct metric *row)
{
    write_figure(m, row, offsetof(struct policy_survey, compliant));
}

static void write_undecided(struct metrics *m, const struct metric *row)
{
    write_figure(m, row, offsetof(struct policy_survey, undecided));
}

static void write_waived(struct metrics *m, const struct metric *row)
{
    write_figure(m, row, offsetof(struct policy_survey, waived));
}

/* Every check has its sample, so that a graph falls to 0 and does not end. */
static void write_findings(struct metrics *m, const struct metric *row)
{
    for (size_t i = 0; i < policy_count(m); i++) {
        const struct policy_survey *p = &m->in->survey->policies[i];
        for (unsigned c = 0; p->complete && c < CHECK_COUNT; c++)
            sample_number(m, row,
                          arena_format(m->out.arena, ",policy=\"%.*s\",check=\"%s\"", SLICE_ARGS(m->policies[i]),
                                       check_get((enum check_id)c)->name),
                          p->findings[c]);
    }
}

/* None and purged are never stored. */
static void write_requests(struct metrics *m, const struct metric *row)
{
    for (size_t i = 0; i < policy_count(m); i++)
        for (unsigned t = 0; t < REQUEST_TYPES; t++)
            for (unsigned s = STATE_NONE + 1; s < STATE_PURGED; s++)
                sample_number(m, row,
                              arena_format(m->out.arena, ",policy=\"%.*s\",type=\"%s\",state=\"%s\"",
                                           SLICE_ARGS(m->policies[i]), request_type_name((enum request_type)t),
                                           state_name((enum state)s)),
                              m->in->survey->policies[i].requests[t][s]);
}

static void write_oldest(struct metrics *m, const struct metric *row)
{
    for (size_t i = 0; i < policy_count(m); i++)
        sample_time(m, row, policy_label(m, i), m->in->survey->policies[i].oldest_open_utc);
}

static const struct metric rows[] = {
    {"dircertd_build_info", "gauge", "version", "The version that runs; always 1.", write_build},
    {"dircertd_lease_held", "gauge", "", "1 while this daemon is the active one, 0 while it stands by.", write_lease},
    {"dircertd_following", "gauge", "", "1 while changes are followed as they happen, 0 while they are not.",
     write_following},
    {"dircertd_last_contact_timestamp_seconds", "gauge", "",
     "When a server of the directory was last in use; renewed every heartbeat_s, but not while a pass goes on; 0: "
     "never yet.",
     write_contact},
    {"dircertd_looks_total", "counter", "", "Looks at what changed, between full passes.", write_looks},
    {"dircertd_drift_total", "counter", "",
     "What full passes found that looks should have; anything but 0 is a fault of the program.", write_drift},
    {"dircertd_log_lines_lost", "gauge", "", "Lines of the log that could not be written and are not told of yet.",
     write_lost},
    {"dircertd_last_pass_timestamp_seconds", "gauge", "", "When the last pass ended.", write_last},
    {"dircertd_last_complete_pass_timestamp_seconds", "gauge", "",
     "When the last complete pass ended, since the program began; 0: none has.", write_last_complete},
    {"dircertd_full_interval_seconds", "gauge", "",
     "How long after a full pass the next one may begin at the latest, but for a tenth; left out by --once.",
     write_full_interval},
    {"dircertd_pass_result", "gauge", "result", "1 for the result of the last pass, 0 for the others.", write_result},
    {"dircertd_pass_duration_seconds", "gauge", "", "How long the last pass took.", write_duration},
    {"dircertd_pass_entries", "gauge", "", "Entries of subjects that the last pass read.", write_entries},
    {"dircertd_policy_complete", "gauge", "policy",
     "1 when all that the policy governs was read; otherwise its figures are left out.", write_complete},
    {"dircertd_hold", "gauge", "policy", "1 while a guard holds the policy.", write_hold},
    {"dircertd_subjects", "gauge", "policy", "Entries that the policy governs.", write_subjects},
    {"dircertd_subjects_with_certificate", "gauge", "policy", "Those of them that show a certificate.",
     write_with_certificate},
    {"dircertd_subjects_compliant", "gauge", "policy", "Those of them without any finding.", write_compliant},
    {"dircertd_subjects_undecided", "gauge", "policy", "Entries about which a check came to no answer.",
     write_undecided},
    {"dircertd_findings", "gauge", "policy check", "Certificates or entries that do not meet the policy.",
     write_findings},
    {"dircertd_findings_waived", "gauge", "policy", "Findings that a waiver covers; they are not among the others.",
     write_waived},
    {"dircertd_requests", "gauge", "policy type state", "Requests on record, as looks know them by now.",
     write_requests},
    {"dircertd_oldest_open_request_timestamp_seconds", "gauge", "policy",
     "When the oldest request that is still open was opened; left out while none is.", write_oldest},
};

const struct metric *metrics_rows(size_t *count)
{
    *count = sizeof rows / sizeof *rows;
    return rows;
}

/* The policy's name, or its DN where it has none or an earlier policy has the same. */
static void name_policies(struct metrics *m)
{
    m->policies = ARENA_ARRAY(m->out.arena, policy_count(m), struct slice);
    for (size_t i = 0; i < policy_count(m); i++) {
        const struct policy_survey *p = &m->in->survey->policies[i];
        struct slice name = label(m->out.arena, p->name);
        bool taken = name.n == 0;
        for (size_t k = 0; k < i && !taken; k++)
            taken = slice_eq(name, m->policies[k]);
        m->policies[i] = taken ? quote(m->out.arena, escape_rest(m->out.arena, p->policy_dn, LABEL_MAX)) : name;
    }
}

struct slice metrics_text(struct arena *a, const struct metrics_input *in)
{
    struct metrics m = {.out = {.arena = a}, .in = in, .daemon = label(a, slice_of(in->instance))};
    name_policies(&m);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        m.begun = false;
        rows[i].write(&m, &rows[i]);
    }
    return buffer_slice(&m.out);
}

enum rc metrics_write(const char *path, const struct metrics_input *in, struct fault *fault)
{
    struct arena a = {0};
    enum rc rc = wholefile_write(path, metrics_text(&a, in), MODE, fault);
    arena_free(&a);
    return rc;
}
