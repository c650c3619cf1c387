/* SPDX-License-Identifier: Apache-2.0 */
/* The pictures of the page.  They are drawn for a phone's width, so that they only ever grow. */
#include "ctl/report_page.h"

enum {
    COLUMN = 28, /* units of the drawing */
    BAR = 18,
    COLUMNS = REPORT_MONTHS + 1,
    WIDTH = COLUMN * COLUMNS,
    HEIGHT = 148,
    FLOOR = 116,
    TALLEST = 96,
};

static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void report_chart_bar(struct buffer *b, const struct report_part *parts, size_t count, size_t whole)
{
    size_t at = 0;
    report_page_put(b, "<svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\"><title>");
    for (size_t i = 0; i < count; i++)
        buffer_format(b, "%s%zu %s", i ? ", " : "", parts[i].count, parts[i].name);
    report_page_put(b, "</title>");
    for (size_t i = 0; i < count; i++) {
        /* What is there at all is seen. */
        size_t wide = whole ? parts[i].count * 1000 / whole : 0;
        wide = parts[i].count && wide < 8 ? 8 : wide;
        if (wide)
            buffer_format(b, "<rect class=\"%s\" x=\"%zu\" width=\"%zu\" height=\"10\"/>", parts[i].class, at, wide);
        at += wide;
    }
    report_page_put(b, "</svg>");
}

static void draw_column(struct buffer *b, size_t at, size_t count, size_t most, const char *class)
{
    size_t x = at * COLUMN, tall = most ? count * TALLEST / most : 0;
    tall = count && tall < 2 ? 2 : tall;
    if (count)
        buffer_format(b,
                      "<rect class=\"%s\" x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%zu\" rx=\"2\"/>"
                      "<text class=\"v\" x=\"%zu\" y=\"%zu\">%zu</text>",
                      class, x + (COLUMN - BAR) / 2, FLOOR - tall, BAR, tall, x + COLUMN / 2, FLOOR - tall - 4, count);
}

static void name_column(struct buffer *b, size_t at, const char *name, unsigned year)
{
    buffer_format(b, "<text x=\"%zu\" y=\"%d\">%s</text>", at * COLUMN + COLUMN / 2, FLOOR + 13, name);
    if (year)
        buffer_format(b, "<text x=\"%zu\" y=\"%d\">%u</text>", at * COLUMN + COLUMN / 2, FLOOR + 25, year);
}

void report_chart_expiry(struct buffer *b, const struct report_data *d)
{
    size_t most = d->overdue;
    for (size_t i = 0; i < REPORT_MONTHS; i++)
        most = d->months[i] > most ? d->months[i] : most;
    buffer_format(b,
                  "<svg class=\"columns\" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"expiry-title "
                  "expiry-desc\"><title id=\"expiry-title\">Certificates by the month in which they expire</title>"
                  "<desc id=\"expiry-desc\">%zu have expired already; the table below has the figures of each "
                  "month.</desc>",
                  WIDTH, HEIGHT, d->overdue);
    buffer_format(b, "<line x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", WIDTH, FLOOR, FLOOR);
    draw_column(b, 0, d->overdue, most, "bad");
    name_column(b, 0, "past", 0);
    for (size_t i = 0; i < REPORT_MONTHS; i++) {
        unsigned year, month;
        report_data_month(d, i, &year, &month);
        draw_column(b, i + 1, d->months[i], most, i < 2 ? "warn" : "note");
        name_column(b, i + 1, month_names[month], i == 0 || month == 0 ? year : 0);
    }
    report_page_put(b, "</svg>");
}
