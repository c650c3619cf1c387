/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/report_page.h"

#include "base/escape.h"
#include "base/gentime.h"
#include "run/events.h"

#include <stdio.h>

enum { TEXT_MOST = 2048, DIGITS = 16 };

/* As HTML writes what is printable. */
static void put_quoted(struct buffer *b, struct slice text)
{
    for (size_t i = 0, from = 0; i <= text.n; i++) {
        const char *as = i == text.n         ? ""
                         : text.p[i] == '&'  ? "&amp;"
                         : text.p[i] == '<'  ? "&lt;"
                         : text.p[i] == '>'  ? "&gt;"
                         : text.p[i] == '"'  ? "&quot;"
                         : text.p[i] == '\'' ? "&#39;"
                                             : NULL;
        if (!as)
            continue;
        buffer_add(b, slice_make(text.p + from, i - from));
        report_page_put(b, as);
        from = i + 1;
    }
}

void report_page_say(struct buffer *b, struct slice text)
{
    put_quoted(b, escape_text(b->arena, text, TEXT_MOST));
}

void report_page_say_escaped(struct buffer *b, struct slice text)
{
    put_quoted(b, escape_rest(b->arena, text, TEXT_MOST));
}

/* A DN, which may be broken behind each comma. */
static void say_dn(struct buffer *b, struct slice dn)
{
    while (dn.n) {
        const uint8_t *comma = memchr(dn.p, ',', dn.n);
        size_t n = comma ? (size_t)(comma - dn.p) + 1 : dn.n;
        report_page_say_escaped(b, slice_upto(dn, n));
        dn = slice_from(dn, n);
        report_page_put(b, dn.n ? "<wbr>" : "");
    }
}

static void say_policy(struct buffer *b, const struct policy *p)
{
    if (p->name.n)
        report_page_say(b, p->name);
    else
        say_dn(b, p->dn);
}

static void say(struct buffer *b, const char *text)
{
    report_page_say(b, slice_of(text));
}

static const char *class_of(enum severity s)
{
    return s <= SEVERITY_ERR ? "bad" : s == SEVERITY_WARNING ? "warn" : "note";
}

static void put_time(struct buffer *b, int64_t at_utc)
{
    char t[GENTIME_LEN + 1] = {0};
    gentime_write(at_utc, (uint8_t *)t);
    buffer_format(b, "<time datetime=\"%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ\">%.4s-%.2s-%.2s %.2s:%.2s UTC</time>", t, t + 4,
                  t + 6, t + 8, t + 10, t + 12, t, t + 4, t + 6, t + 8, t + 10);
}

static void put_share(struct buffer *b, size_t part, size_t whole)
{
    unsigned permille = report_permille(part, whole);
    if (whole)
        buffer_format(b, "%u.%u&nbsp;%%", permille / 10, permille % 10);
    else
        report_page_put(b, "–");
}

/* The top of the page. */

static void put_tile(struct buffer *b, size_t n, const char *what)
{
    buffer_format(b, "<li><b>%zu</b><span>%s</span></li>", n, what);
}

static void put_head(struct buffer *b, const struct report_data *d)
{
    struct report_policy total = report_data_total(d);
    report_page_put(b, "<header><h1>Certificates under policy</h1><p class=\"soft\">");
    say_dn(b, d->base);
    report_page_put(b, ", as it was on ");
    put_time(b, d->now_utc);
    report_page_put(b, "</p><ul class=\"tiles\"><li><b>");
    put_share(b, total.compliant, total.with_certificate);
    report_page_put(b, "</b><span>compliant</span></li>");
    put_tile(b, total.with_certificate, "entries with certificates");
    put_tile(b, d->entries_with_findings, "entries with findings");
    put_tile(b, d->overdue, "certificates expired");
    put_tile(b, d->months[0] + d->months[1], "expire this month or next");
    put_tile(b, report_data_requests(d, ~(unsigned)STATES_FINAL), "requests open");
    report_page_put(b, "</ul></header>\n");
}

static void put_notes(struct buffer *b, const struct report_data *d)
{
    if (d->complete && d->notes.count == 0)
        return;
    report_page_put(b, "<section class=\"notice\"><h2>");
    report_page_put(b, d->complete ? "Malformed entries" : "Not everything was read");
    report_page_put(b, "</h2><p>");
    report_page_put(b, d->complete ? "These do not parse, and count for less than somebody meant."
                                   : "The figures on this page are too small. What is missing:");
    report_page_put(b, "</p><ul>");
    for (size_t i = 0; i < d->notes.count; i++) {
        report_page_put(b, "<li>");
        report_page_say_escaped(b, d->notes.items[i]);
        report_page_put(b, "</li>");
    }
    if (d->more_notes)
        buffer_format(b, "<li>and %zu more</li>", d->more_notes);
    report_page_put(b, "</ul></section>\n");
}

/* Compliance. */

static void put_policy(struct buffer *b, const struct report_policy *p)
{
    size_t judged = p->with_certificate, wrong = judged > p->compliant ? judged - p->compliant : 0;
    size_t bare = p->subjects > judged ? p->subjects - judged : 0;
    const struct report_part parts[] = {{p->compliant, "good", "compliant"},
                                        {wrong, "bad", "with findings, waived or undecided"},
                                        {bare, "none", "without a certificate"}};
    report_page_put(b, "<tr><th scope=\"row\">");
    say_policy(b, p->policy);
    report_page_put(b, "<br><span class=\"soft\">");
    say(b, p->policy->disabled ? "disabled" : mode_name(p->policy->mode));
    if (strcmp(p->result, "complete") != 0 && strcmp(p->result, "off") != 0 && !p->policy->disabled) {
        report_page_put(b, ", ");
        say(b, p->result);
    }
    report_page_put(b, "</span></th><td class=\"bar wide\">");
    report_chart_bar(b, parts, sizeof parts / sizeof *parts, p->subjects);
    buffer_format(b, "</td><td class=\"n\">%zu of %zu<br>", p->compliant, judged);
    put_share(b, p->compliant, judged);
    report_page_put(b, "</td></tr>");
    if (report_data_findings(p) == 0 && p->waived == 0)
        return;
    report_page_put(b, "<tr class=\"more\"><td colspan=\"3\"><ul class=\"chips\">");
    for (unsigned c = 0; c < CHECK_COUNT; c++)
        if (p->findings[c])
            buffer_format(b, "<li>%s %zu</li>", check_get((enum check_id)c)->name, p->findings[c]);
    if (p->waived)
        buffer_format(b, "<li>waived %zu</li>", p->waived);
    report_page_put(b, "</ul></td></tr>");
}

static void put_compliance(struct buffer *b, const struct report_data *d)
{
    report_page_put(b, "<section><h2>Compliance by policy</h2>");
    if (d->policies.count == 0) {
        report_page_put(b, "<p>There is no policy.</p></section>\n");
        return;
    }
    report_page_put(b, "<table><caption>Entries that each policy governs, and their findings by "
                       "check</caption><thead><tr><th scope=\"col\">Policy"
                       "</th><th scope=\"col\">Entries</th><th scope=\"col\" class=\"n\">"
                       "Compliant</th></tr></thead><tbody>");
    for (size_t i = 0; i < d->policies.count; i++)
        put_policy(b, &d->policies.items[i]);
    report_page_put(b, "</tbody></table><ul class=\"legend\"><li><i class=\"good\"></i>compliant</li><li><i "
                       "class=\"bad\"></i>with findings, waived or undecided</li><li><i class=\"none\"></i>without a "
                       "certificate</li></ul></section>\n");
}

static void put_findings(struct buffer *b, const struct report_data *d)
{
    struct report_policy total = report_data_total(d);
    size_t all = report_data_findings(&total);
    report_page_put(b, "<section><h2>Findings by check</h2>");
    if (all == 0) {
        report_page_put(b, "<p>There is none.</p></section>\n");
        return;
    }
    report_page_put(b, "<table><caption>Of all policies together</caption><thead><tr><th scope=\"col\">Check</th>"
                       "<th scope=\"col\">Share</th><th scope=\"col\" class=\"n\">Findings</th></tr></thead><tbody>");
    for (unsigned id = 0; id < CHECK_COUNT; id++) {
        const struct check *c = check_get((enum check_id)id);
        const struct report_part part = {total.findings[id], class_of(c->severity), "findings"};
        if (total.findings[id] == 0)
            continue;
        buffer_format(b, "<tr><th scope=\"row\">%s <span class=\"tag %s\">%s</span><br><span class=\"soft\">", c->name,
                      class_of(c->severity), severity_name(c->severity));
        say(b, c->title);
        report_page_put(b, "</span></th><td class=\"bar wide\">");
        report_chart_bar(b, &part, 1, all);
        buffer_format(b, "</td><td class=\"n\">%zu</td></tr>", total.findings[id]);
    }
    report_page_put(b, "</tbody></table></section>\n");
}

/* Expiry and requests, side by side where there is room. */

static void put_expiry_row(struct buffer *b, const char *when, size_t count)
{
    buffer_format(b, "<tr><th scope=\"row\">%s</th><td class=\"n\">%zu</td></tr>", when, count);
}

static void put_expiry(struct buffer *b, const struct report_data *d)
{
    report_page_put(b, "<section><h2>Expiry over the coming months</h2>");
    report_chart_expiry(b, d);
    buffer_format(b, "<p class=\"soft\">%zu certificates; %zu of them are valid for longer than this chart shows",
                  d->certificates, d->later);
    if (d->unreadable)
        buffer_format(b, ", and of %zu that do not decode nobody knows", d->unreadable);
    report_page_put(b,
                    ".</p><details><summary>The same as a table</summary><table><caption>Certificates by the month in "
                    "which they expire</caption><thead><tr><th scope=\"col\">Month</th><th scope=\"col\" "
                    "class=\"n\">Certificates</th></tr></thead><tbody>");
    put_expiry_row(b, "past", d->overdue);
    for (size_t i = 0; i < REPORT_MONTHS; i++) {
        unsigned year, month;
        char when[16];
        report_data_month(d, i, &year, &month);
        snprintf(when, sizeof when, "%04u-%02u", year % 10000, month + 1);
        put_expiry_row(b, when, d->months[i]);
    }
    put_expiry_row(b, "later", d->later);
    report_page_put(b, "</tbody></table></details></section>\n");
}

static void put_request_row(struct buffer *b, const size_t counts[REPORT_AGES], enum state s)
{
    size_t all = 0;
    for (unsigned age = 0; age < REPORT_AGES; age++)
        all += counts[age];
    if (all == 0)
        return;
    buffer_format(b, "<tr><th scope=\"row\">%s</th>", state_name(s));
    for (unsigned age = 0; age < REPORT_AGES; age++)
        if (counts[age])
            buffer_format(b, "<td class=\"n%s\">%zu</td>", state_in(s, STATES_FINAL) ? "" : " hit", counts[age]);
        else
            report_page_put(b, "<td class=\"n soft\">–</td>");
    buffer_format(b, "<td class=\"n\">%zu</td></tr>", all);
}

static bool has_requests(const struct report_data *d, unsigned type)
{
    for (unsigned s = 0; s < STATE_COUNT; s++)
        for (unsigned age = 0; age < REPORT_AGES; age++)
            if (d->requests[type][s][age])
                return true;
    return false;
}

static void put_requests_of(struct buffer *b, const struct report_data *d, unsigned type)
{
    static const char *const captions[] = {
        [REQUEST_REISSUE] = "To issue anew, by age", [REQUEST_REVOKE] = "To revoke, by age"};
    if (!has_requests(d, type))
        return;
    buffer_format(b, "<table class=\"ages\"><caption>%s</caption><thead><tr><th scope=\"col\">State</th>",
                  captions[type]);
    for (unsigned age = 0; age < REPORT_AGES; age++)
        buffer_format(b, "<th scope=\"col\" class=\"n\"><abbr title=\"%s\">%s</abbr></th>",
                      report_age_name((enum report_age)age),
                      (const char *const[]){"&lt;1&nbsp;d", "1–7&nbsp;d", "7–30&nbsp;d", "older"}[age]);
    report_page_put(b, "<th scope=\"col\" class=\"n\">all</th></tr></thead><tbody>");
    for (unsigned s = STATE_PROPOSED; s < STATE_PURGED; s++)
        put_request_row(b, d->requests[type][s], (enum state)s);
    report_page_put(b, "</tbody></table>");
}

static void put_requests(struct buffer *b, const struct report_data *d)
{
    report_page_put(b, "<section><h2>Requests by state and age</h2>");
    if (!has_requests(d, REQUEST_REISSUE) && !has_requests(d, REQUEST_REVOKE))
        report_page_put(b, "<p>There is none.</p>");
    for (unsigned type = 0; type < REQUEST_TYPES; type++)
        put_requests_of(b, d, type);
    if (d->oldest_open_utc) {
        report_page_put(b, "<p class=\"soft\">The oldest open one was opened on ");
        put_time(b, d->oldest_open_utc);
        buffer_format(b, ": <code>%.*s</code>, ", DIGITS, (const char *)d->oldest_open_id.p);
        say_dn(b, d->oldest_open_dn);
        report_page_put(b, "</p>");
    }
    report_page_put(b, "</section>\n");
}

/* Issuers and keys. */

static void put_tally_row(struct buffer *b, struct slice name, size_t count, size_t whole, const char *class)
{
    const struct report_part part = {count, class, "certificates"};
    report_page_put(b, "<tr><th scope=\"row\">");
    report_page_say_escaped(b, name.n ? name : slice_of("(an empty name)"));
    report_page_put(b, "</th><td class=\"bar wide\">");
    report_chart_bar(b, &part, 1, whole);
    buffer_format(b, "</td><td class=\"n\">%zu</td></tr>", count);
}

static void put_tally(struct buffer *b, const struct report_tally *t, const char *title, const char *caption)
{
    size_t whole = t->others;
    for (size_t i = 0; i < t->top_count; i++)
        whole += t->top[i].count;
    buffer_format(b, "<section><h2>%s</h2>", title);
    if (whole == 0) {
        report_page_put(b, "<p>No certificate was read.</p></section>\n");
        return;
    }
    buffer_format(b,
                  "<table><caption>%s</caption><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Share</th>"
                  "<th scope=\"col\" class=\"n\">Certificates</th></tr></thead><tbody>",
                  caption);
    for (size_t i = 0; i < t->top_count; i++)
        put_tally_row(b, t->top[i].name, t->top[i].count, whole, "note");
    if (t->others)
        put_tally_row(b, slice_of("all others"), t->others, whole, "none");
    report_page_put(b, "</tbody></table></section>\n");
}

/* The worst entries, and what there is to be said about each. */

static void put_worst_row(struct buffer *b, const struct report_entry *e, size_t number)
{
    buffer_format(b, "<tr><th scope=\"row\"><a href=\"#entry-%zu\">", number);
    say_dn(b, e->dn);
    report_page_put(b, "</a><br><span class=\"soft\">policy ");
    say_policy(b, e->policy);
    report_page_put(b, "</span></th><td class=\"wide\"><ul class=\"chips\">");
    for (size_t i = 0; i < e->finding_count; i++) {
        const struct report_finding *f = &e->findings[i];
        size_t same = 1;
        while (i + 1 < e->finding_count && e->findings[i + 1].check == f->check &&
               e->findings[i + 1].undecided == f->undecided && e->findings[i + 1].waived == f->waived)
            same++, i++;
        buffer_format(b, "<li>%s%s", f->check->name, f->undecided ? " (undecided)" : f->waived ? " (waived)" : "");
        if (same > 1)
            buffer_format(b, " ×&thinsp;%zu", same);
        report_page_put(b, "</li>");
    }
    report_page_put(b, "</ul></td></tr>");
}

static void put_worst(struct buffer *b, const struct report_data *d)
{
    report_page_put(b, "<section id=\"worst\"><h2>Worst entries</h2>");
    if (d->worst_count == 0) {
        report_page_put(b, "<p>No entry has a finding.</p></section>\n");
        return;
    }
    buffer_format(b,
                  "<table><caption>%zu of %zu entries with findings, the most severe first</caption><thead><tr><th "
                  "scope=\"col\">Entry</th><th scope=\"col\">Findings</th></tr></thead><tbody>",
                  d->worst_count, d->entries_with_findings);
    for (size_t i = 0; i < d->worst_count; i++)
        put_worst_row(b, &d->worst[i], i + 1);
    report_page_put(b, "</tbody></table></section>\n");
}

static void put_pair(struct buffer *b, const char *name, struct slice value)
{
    buffer_format(b, "<dt>%s</dt><dd>", name);
    report_page_say_escaped(b, value);
    report_page_put(b, "</dd>");
}

static void put_finding(struct buffer *b, const struct report_finding *f)
{
    const struct check *c = f->check;
    buffer_format(b, "<dl><dt>Finding</dt><dd><strong>%s</strong> <span class=\"tag %s\">%s</span> ", c->name,
                  f->undecided || f->waived ? "none" : class_of(c->severity),
                  f->undecided ? "undecided"
                  : f->waived  ? "waived"
                               : severity_name(c->severity));
    say(b, c->title);
    report_page_put(b, "</dd>");
    put_pair(b, "Seen", f->detail);
    if (f->certificate.n)
        buffer_format(b, "<dt>Certificate</dt><dd><code>%.*s</code></dd>", SLICE_ARGS(f->certificate));
    put_pair(b, "Policy asks", slice_of(action_name(f->action)));
    put_pair(b, "What to do", slice_of(c->fix));
    put_pair(b, "Source", slice_of(c->citation));
    report_page_put(b, "</dl>");
}

static void put_explanation(struct buffer *b, const struct report_entry *e, size_t number)
{
    buffer_format(b, "<article id=\"entry-%zu\"><h3>", number);
    say_dn(b, e->dn);
    report_page_put(b, "</h3><p class=\"soft\">Governed by ");
    say_dn(b, e->policy->dn);
    if (e->host_count)
        report_page_put(b, "; host names: ");
    for (size_t i = 0; i < e->host_count; i++) {
        report_page_put(b, i ? ", " : "");
        report_page_say(b, e->hosts[i]);
    }
    report_page_put(b, "</p>");
    for (size_t i = 0; i < e->finding_count; i++)
        put_finding(b, &e->findings[i]);
    if (e->more_findings)
        buffer_format(b, "<p class=\"soft\">and %zu more findings</p>", e->more_findings);
    report_page_put(b, "<p class=\"soft\"><a href=\"#worst\">Back to the list</a></p></article>\n");
}

static void put_explanations(struct buffer *b, const struct report_data *d)
{
    if (d->worst_count == 0)
        return;
    report_page_put(b, "<h2>What was found, and what to do</h2>\n");
    for (size_t i = 0; i < d->worst_count; i++)
        put_explanation(b, &d->worst[i], i + 1);
}

struct slice report_page_text(struct arena *a, const struct report_data *d)
{
    struct buffer b = {.arena = a};
    report_page_put(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                        "'unsafe-inline'\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                        "<meta name=\"robots\" content=\"noindex\">\n<title>Certificates under policy: ");
    report_page_say_escaped(&b, d->base);
    report_page_put(&b, "</title>\n<style>\n");
    report_page_put(&b, report_style);
    report_page_put(&b, "</style>\n</head>\n<body>\n");
    put_head(&b, d);
    report_page_put(&b, "<main>\n");
    put_notes(&b, d);
    put_compliance(&b, d);
    put_findings(&b, d);
    report_page_put(&b, "<div class=\"pair\">\n");
    put_expiry(&b, d);
    put_requests(&b, d);
    report_page_put(&b, "</div>\n<div class=\"pair\">\n");
    put_tally(&b, &d->issuers, "Issuers", "Who issued the certificates");
    put_tally(&b, &d->keys, "Key types", "The public keys in the certificates");
    report_page_put(&b, "</div>\n");
    put_worst(&b, d);
    put_explanations(&b, d);
    report_page_put(&b, "</main>\n<footer class=\"soft\">Made by dircertctl " DIRCERTD_VERSION " from ");
    report_page_say(&b, d->server);
    report_page_put(&b, " with the rights of ");
    report_page_say(&b, d->who);
    report_page_put(&b, ".</footer>\n</body>\n</html>\n");
    return buffer_slice(&b);
}
