/* SPDX-License-Identifier: Apache-2.0 */
/* explain: one entry, and everything that is thought about it. */
#include "run/explain.h"

#include "base/escape.h"
#include "core/check_names.h"
#include "core/name.h"
#include "ctl/commands.h"
#include "ctl/judging.h"
#include "ctl/table.h"
#include "run/events.h"

enum { NAME_CAP = 512, TEXT_MOST = 2048 };

/* "key   value" lines. */

static const struct column pair_columns[] = {{"key", "", COLUMN_BOTH}, {"value", "", COLUMN_BOTH}};

static struct table pairs(const struct ctl *ctl)
{
    return table_make(ctl->arena, pair_columns, 2);
}

static void pair(struct table *t, const char *key, struct slice value)
{
    if (value.n == 0)
        return;
    struct cell *row = table_row(t);
    row[0] = cell_word(key, TONE_DIM);
    row[1] = cell_text(value);
}

/* A DN, or what was written for people already: its backslashes are escapes. */
static void pair_escaped(struct table *t, const char *key, struct slice value)
{
    size_t before = t->rows.count;
    pair(t, key, value);
    if (t->rows.count > before)
        t->rows.items[before][1].escaped = true;
}

static enum tone tone_of_answer(const struct explained_check *c)
{
    switch (c->answer) {
    case EXPLAIN_MEETS:
        return TONE_GOOD;
    case EXPLAIN_VIOLATES:
        return tone_of_severity(c->check->severity);
    case EXPLAIN_UNDECIDED:
        return TONE_NOTICE;
    case EXPLAIN_NOT_APPLICABLE:
    case EXPLAIN_HIDDEN:
    case EXPLAIN_OFF:
        break;
    }
    return TONE_DIM;
}

/* What is known of a certificate, for both forms. */

struct shown_certificate {
    struct slice subject, issuer, serial, sha256, common_names, names;
    bool agrees;
};

static struct slice hex_of(struct arena *a, const struct digest *d)
{
    uint8_t hex[DIGEST_HEX];
    digest_to_hex(d, hex);
    return arena_copy(a, slice_make(hex, DIGEST_HEX));
}

static struct shown_certificate show(struct arena *a, const struct explained_certificate *e)
{
    const struct certificate *c = &e->certificate;
    struct shown_certificate s = {.sha256 = hex_of(a, &c->digest), .agrees = c->opinion == OPINION_AGREES};
    if (!c->facts.readable)
        return s;
    s.subject = name_text(a, facts_slice(c->der, c->facts.subject), NAME_CAP);
    if (s.subject.n == 0)
        s.subject = slice_of("empty");
    s.issuer = name_text(a, facts_slice(c->der, c->facts.issuer), NAME_CAP);
    s.serial = serial_text(a, facts_slice(c->der, c->facts.serial));
    s.common_names = names_common_shown(a, c->der, &c->facts);
    s.names = names_san_shown(a, c->der, &c->facts);
    return s;
}

/* For people. */

static const char *who_governs(const struct explanation *e)
{
    return e->governing ? NULL : e->undecided ? "could not be decided" : "none governs this entry";
}

static struct slice hosts_shown(struct arena *a, const struct subject *s)
{
    struct slice all = {NULL, 0};
    for (size_t i = 0; i < s->host_count; i++)
        all = arena_format(a, "%.*s%s%.*s%s", SLICE_ARGS(all), i ? ", " : "", SLICE_ARGS(s->hosts[i].written),
                           s->hosts[i].kind == HOST_INVALID ? " (no host name)" : "");
    return all.n ? all : slice_of("none");
}

static const char *waivers_shown(enum explain_waivers w)
{
    switch (w) {
    case WAIVERS_NONE_SEEN:
        return "none";
    case WAIVERS_THERE:
        return "none of them covers it";
    case WAIVERS_COVER:
        return "";
    case WAIVERS_UNKNOWN:
        return "one of them can't be evaluated: no request is written meanwhile";
    case WAIVERS_NOT_READ:
        break;
    }
    return "ou=waivers was not read";
}

static size_t check_names(const struct waiver *w, struct slice names[CHECK_COUNT])
{
    size_t count = 0;
    for (unsigned id = 0; id < CHECK_COUNT; id++)
        if (waiver_covers_check(w, (enum check_id)id))
            names[count++] = slice_of(check_get((enum check_id)id)->name);
    return count;
}

static struct slice waiver_shown(struct arena *a, const struct waiver *w)
{
    struct slice names[CHECK_COUNT], all = {NULL, 0};
    size_t count = check_names(w, names);
    for (size_t i = 0; i < count && count < CHECK_COUNT; i++)
        all = arena_format(a, "%.*s%s%.*s", SLICE_ARGS(all), i ? ", " : "", SLICE_ARGS(names[i]));
    struct slice until = w->until_utc ? time_text(a, w->until_utc) : slice_of("somebody ends it");
    return arena_format(a, "%.*s: %.*s until %.*s: %.*s", SLICE_ARGS(w->dn),
                        SLICE_ARGS(count < CHECK_COUNT ? all : slice_of("every check")), SLICE_ARGS(until),
                        SLICE_ARGS(escape_text(a, w->reason, TEXT_MOST)));
}

static void print_head(const struct ctl *ctl, const struct explanation *e)
{
    struct table t = pairs(ctl);
    const struct policy *p = e->governing;
    pair_escaped(&t, "entry", e->subject.dn);
    pair(&t, "id", e->subject.id);
    pair_escaped(&t, "policy", p ? p->dn : slice_of(who_governs(e)));
    for (size_t i = 0; i < e->policy_count; i++)
        if (e->policies[i].policy == p)
            pair_escaped(&t, "because", e->policies[i].why);
    if (p)
        pair(&t, "mode",
             slice_of(p->disabled           ? "disabled by its problems: it judges nothing"
                      : p->mode == MODE_OFF ? "off: it judges nothing"
                                            : mode_name(p->mode)));
    pair(&t, "host names", hosts_shown(ctl->arena, &e->subject));
    if (e->hidden.n)
        pair(&t, "not shown",
             arena_format(ctl->arena, "%.*s: there may be values that you may not read", SLICE_ARGS(e->hidden)));
    pair(&t, "waivers", slice_of(waivers_shown(e->waivers)));
    for (size_t i = 0; i < e->covering_count; i++)
        pair_escaped(&t, "waiver", waiver_shown(ctl->arena, e->covering[i]));
    table_print_text(ctl, &t, false, 0);
}

static void print_policies(const struct ctl *ctl, const struct explanation *e)
{
    static const struct column columns[] = {{"verdict", "VERDICT", COLUMN_BOTH},
                                            {"precedence", "PRECEDENCE", COLUMN_BOTH},
                                            {"mode", "MODE", COLUMN_BOTH},
                                            {"policy", "POLICY", COLUMN_BOTH},
                                            {"why", "WHY", COLUMN_BOTH}};
    struct table t = table_make(ctl->arena, columns, 5);
    for (size_t i = 0; i < e->policy_count; i++) {
        const struct explained_policy *p = &e->policies[i];
        struct cell *row = table_row(&t);
        row[0] = cell_word(explain_verdict_name(p->verdict), p->verdict == EXPLAIN_GOVERNS ? TONE_GOOD : TONE_DIM);
        row[1] = cell_number(p->policy->precedence);
        row[2] = cell_text(slice_of(p->policy->disabled ? "disabled" : mode_name(p->policy->mode)));
        row[3] = cell_text(p->policy->name);
        row[4] = cell_escaped(p->why);
    }
    fputs("\nPolicies, by precedence:\n", ctl->out);
    table_print_text(ctl, &t, true, 2);
}

static bool is_finding(const struct explained_check *c)
{
    return c->answer == EXPLAIN_VIOLATES || c->answer == EXPLAIN_UNDECIDED;
}

static void print_check(const struct ctl *ctl, const struct explained_check *c)
{
    struct table t = pairs(ctl);
    enum tone tone = tone_of_answer(c);
    fprintf(ctl->out, "  %s: ", c->check->name);
    tone_begin(ctl, tone);
    fputs(explain_answer_name(c->answer), ctl->out);
    tone_end(ctl, tone);
    fputc('\n', ctl->out);
    pair_escaped(&t, is_finding(c) ? "finding" : "because", c->detail);
    pair_escaped(&t, "compared", c->compared);
    if (is_finding(c) || c->answer == EXPLAIN_MEETS)
        pair(&t, "cited", slice_of(c->check->citation));
    if (is_finding(c)) {
        pair(&t, "fix", slice_of(c->check->fix));
        if (c->waiver)
            pair_escaped(&t, "waived by", c->waiver->dn);
        pair(&t, "action", slice_of(action_name(c->action)));
    }
    table_print_text(ctl, &t, false, 4);
}

static void print_certificate(const struct ctl *ctl, const struct explanation *e, size_t index)
{
    const struct explained_certificate *c = &e->certificates[index];
    const struct facts *f = &c->certificate.facts;
    struct arena *a = ctl->arena;
    struct shown_certificate s = show(a, c);
    struct table t = pairs(ctl);
    fprintf(ctl->out, "\nCertificate %zu of %zu:\n", index + 1, e->certificate_count);
    pair_escaped(&t, "subject", s.subject);
    pair_escaped(&t, "issuer", s.issuer);
    pair(&t, "serial number", s.serial);
    if (f->readable)
        pair(&t, "valid",
             arena_format(a, "%.*s to %.*s", SLICE_ARGS(time_text(a, f->not_before_utc)),
                          SLICE_ARGS(time_text(a, f->not_after_utc))));
    if (f->version)
        pair(&t, "version", arena_format(a, "%u", f->version));
    pair_escaped(&t, "Common Names", s.common_names);
    pair_escaped(&t, "subjectAltName", s.names);
    pair(&t, "SHA-256", s.sha256);
    pair(&t, "readers", s.agrees ? slice_of("agree") : arena_format(a, "disagree: %.*s", SLICE_ARGS(c->disagreement)));
    table_print_text(ctl, &t, false, 2);
    for (size_t i = 0; i < c->check_count; i++)
        print_check(ctl, &c->checks[i]);
}

enum { REQUEST_ID, REQUEST_KIND, REQUEST_STATE, REQUEST_GENERATION, REQUEST_OPENED, REQUEST_MESSAGE, REQUEST_COLUMNS };

static struct table requests_of(const struct ctl *ctl, const struct explanation *e)
{
    static const struct column columns[] = {[REQUEST_ID] = {"id", "ID", COLUMN_BOTH},
                                            [REQUEST_KIND] = {"type", "TYPE", COLUMN_BOTH},
                                            [REQUEST_STATE] = {"state", "STATE", COLUMN_BOTH},
                                            [REQUEST_GENERATION] = {"generation", "GENERATION", COLUMN_BOTH},
                                            [REQUEST_OPENED] = {"opened", "OPENED", COLUMN_BOTH},
                                            [REQUEST_MESSAGE] = {"message", "MESSAGE", COLUMN_BOTH}};
    struct table t = table_make(ctl->arena, columns, REQUEST_COLUMNS);
    for (size_t i = 0; i < e->request_count; i++) {
        const struct record *d = &e->requests[i].record;
        struct cell *row = table_row(&t);
        row[REQUEST_ID] = cell_text(d->id);
        row[REQUEST_ID].shown = slice_upto(d->id, 12);
        row[REQUEST_KIND] = cell_text(slice_of(request_type_name(d->type)));
        row[REQUEST_STATE] = cell_word(state_name(d->state), tone_of_state(d->state));
        row[REQUEST_GENERATION] = cell_number(d->generation);
        row[REQUEST_OPENED] = cell_time(d->opened_utc);
        row[REQUEST_MESSAGE] = cell_text(d->message);
    }
    return t;
}

static void print_explanation(const struct ctl *ctl, const struct explanation *e)
{
    print_head(ctl, e);
    print_policies(ctl, e);
    if (e->certificate_count == 0)
        fputs("\nNo certificate is shown.\n", ctl->out);
    for (size_t i = 0; i < e->certificate_count; i++)
        print_certificate(ctl, e, i);
    if (e->check_count)
        fputs("\nThe entry itself:\n", ctl->out);
    for (size_t i = 0; i < e->check_count; i++)
        print_check(ctl, &e->checks[i]);
    if (e->request_count == 0) {
        fputs(e->requests_read ? "\nNo request is about it.\n" : "\nYou may not read the requests.\n", ctl->out);
        return;
    }
    struct table t = requests_of(ctl, e);
    fputs("\nRequests about it:\n", ctl->out);
    table_print_text(ctl, &t, true, 2);
}

/* For programs. */

static void write_checks(struct json *j, const struct explained_check *checks, size_t count)
{
    json_array(j, "checks");
    for (size_t i = 0; i < count; i++) {
        const struct explained_check *c = &checks[i];
        json_object(j, NULL);
        json_text(j, "check", slice_of(c->check->name));
        json_text(j, "answer", slice_of(explain_answer_name(c->answer)));
        json_text(j, "detail", c->detail);
        json_text(j, "compared", c->compared);
        json_text(j, "severity", slice_of(severity_name(c->check->severity)));
        json_text(j, "action", slice_of(action_name(c->action)));
        if (c->waiver)
            json_escaped(j, "waiver", c->waiver->dn);
        else
            json_null(j, "waiver");
        json_text(j, "cited", slice_of(c->check->citation));
        json_text(j, "fix", slice_of(c->check->fix));
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_policies(struct json *j, const struct explanation *e)
{
    json_array(j, "policies");
    for (size_t i = 0; i < e->policy_count; i++) {
        const struct explained_policy *p = &e->policies[i];
        json_object(j, NULL);
        json_escaped(j, "policy", p->policy->dn);
        json_text(j, "verdict", slice_of(explain_verdict_name(p->verdict)));
        json_text(j, "why", p->why);
        json_number(j, "precedence", p->policy->precedence);
        json_text(j, "mode", slice_of(mode_name(p->policy->mode)));
        json_bool(j, "disabled", p->policy->disabled);
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_waivers(struct json *j, const struct explanation *e)
{
    if (e->waivers == WAIVERS_NOT_READ) {
        json_null(j, "waivers");
        return;
    }
    json_array(j, "waivers");
    for (size_t i = 0; i < e->covering_count; i++) {
        const struct waiver *w = e->covering[i];
        struct slice names[CHECK_COUNT];
        size_t count = check_names(w, names);
        json_object(j, NULL);
        json_escaped(j, "waiver", w->dn);
        json_texts(j, "checks", names, count);
        json_time(j, "until", w->until_utc);
        json_text(j, "reason", w->reason);
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_certificates(const struct ctl *ctl, struct json *j, const struct explanation *e)
{
    json_array(j, "certificates");
    for (size_t i = 0; i < e->certificate_count; i++) {
        const struct explained_certificate *c = &e->certificates[i];
        const struct facts *f = &c->certificate.facts;
        struct shown_certificate s = show(ctl->arena, c);
        json_object(j, NULL);
        json_text(j, "sha256", s.sha256);
        json_bool(j, "readable", f->readable);
        json_number(j, "version", f->version);
        json_text(j, "subject", s.subject);
        json_text(j, "issuer", s.issuer);
        json_text(j, "serialNumber", s.serial);
        json_time(j, "notBefore", f->readable ? f->not_before_utc : 0);
        json_time(j, "notAfter", f->readable ? f->not_after_utc : 0);
        json_text(j, "commonNames", s.common_names);
        json_text(j, "subjectAltName", s.names);
        json_bool(j, "readersAgree", s.agrees);
        json_text(j, "disagreement", c->disagreement);
        write_checks(j, c->checks, c->check_count);
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_explanation(const struct ctl *ctl, const struct explanation *e)
{
    struct json j = json_open(ctl->out);
    struct slice *hosts = ARENA_ARRAY(ctl->arena, e->subject.host_count, struct slice);
    for (size_t i = 0; i < e->subject.host_count; i++)
        hosts[i] = e->subject.hosts[i].written;
    json_object(&j, NULL);
    json_escaped(&j, "dn", e->subject.dn);
    json_text(&j, "id", e->subject.id);
    if (e->governing)
        json_escaped(&j, "policy", e->governing->dn);
    else
        json_null(&j, "policy");
    json_bool(&j, "undecided", e->undecided);
    json_bool(&j, "judged", e->judged);
    json_texts(&j, "hostNames", hosts, e->subject.host_count);
    json_text(&j, "notShown", e->hidden);
    write_policies(&j, e);
    write_certificates(ctl, &j, e);
    write_checks(&j, e->checks, e->check_count);
    write_waivers(&j, e);
    struct table requests = requests_of(ctl, e);
    if (e->requests_read)
        table_write_json(&requests, &j, "requests");
    else
        json_null(&j, "requests");
    json_object_end(&j);
    json_close(&j);
}

/* The command. */

static bool has_findings(const struct explained_check *checks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_finding(&checks[i]) && !checks[i].waiver)
            return true;
    return false;
}

static int code_of(const struct explanation *e, const struct judging *judging)
{
    bool findings = has_findings(e->checks, e->check_count);
    for (size_t i = 0; i < e->certificate_count; i++)
        findings |= has_findings(e->certificates[i].checks, e->certificates[i].check_count);
    return judging->faulted || e->undecided ? CTL_INCOMPLETE : findings ? CTL_FINDINGS : CTL_OK;
}

static int explain(struct ctl *ctl, int argc, char **argv)
{
    struct judging judging = {.ctl = ctl};
    struct inspect_sink sink = {.problem = judging_problem, .fault = judging_fault, .context = &judging};
    struct inspect_settings settings = judging_settings(ctl, NULL);
    struct second_reader *second = NULL;
    struct explanation e;
    if (argc != 1)
        return ctl_usage(ctl, "expected the DN of one entry; try --help");
    int code = judging_second(ctl, &second);
    if (code != CTL_OK)
        return code;
    enum rc rc = explain_run(ctl->dir, second, &settings, ctl->arena, slice_of(argv[0]), &sink, &e);
    second_close(second);
    if (rc == RC_INVALID)
        return ctl_usage(ctl, "\"%s\" is not a distinguished name", argv[0]);
    if (rc == RC_NOT_FOUND)
        ctl_tell(ctl, "%s: there is no such entry, or you may not see it", argv[0]);
    if (rc != RC_OK)
        return CTL_INCOMPLETE;
    if (ctl->json)
        write_explanation(ctl, &e);
    else
        print_explanation(ctl, &e);
    return code_of(&e, &judging);
}

const struct ctl_command command_explain = {
    .name = "explain",
    .arguments = "DN",
    .does = "Tells everything that is thought about one entry, and why",
    .help = "Which policies were considered and which governs; host names; each certificate with every check, its\n"
            "answer, the values that were compared, the citation and the cure; waivers and requests.  Everything\n"
            "as you may read it at this moment; nothing is written.  Ends with 4 where there are findings that no "
            "waiver covers, with\n"
            "2 where something could not be read or decided.\n",
    .directory = CTL_NEEDS_DIRECTORY,
    .run = explain,
};
