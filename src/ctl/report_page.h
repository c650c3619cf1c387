/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as one HTML page that needs nothing else: style and pictures stand in it, there is no script, and it
 * refers to nothing outside itself.  Whatever came from the directory or a certificate is escaped.
 * @source HTML Living Standard, SVG 2, WCAG 2.2 (1.1.1, 1.3.1, 1.4.3, 1.4.10)
 */
#ifndef CTL_REPORT_PAGE_H
#define CTL_REPORT_PAGE_H

#include "base/buffer.h"
#include "ctl/report_data.h"

/* The page, in the arena. */
struct slice report_page_text(struct arena *a, const struct report_data *d);

/* For the pieces of the page. */

/* Markup of our own. */
static inline void report_page_put(struct buffer *b, const char *markup)
{
    buffer_add(b, slice_of(markup));
}
/* Text of whatever origin. */
void report_page_say(struct buffer *b, struct slice text);
/* The same for what is escaped already: a DN, a finding's detail. */
void report_page_say_escaped(struct buffer *b, struct slice text);

/* One part of a bar: how much, and the class that colours it. */
struct report_part {
    size_t count;
    const char *class, *name;
};
/* A horizontal bar of parts, together at most `whole`. */
void report_chart_bar(struct buffer *b, const struct report_part *parts, size_t count, size_t whole);
/* Certificates by the month in which they expire, as columns. */
void report_chart_expiry(struct buffer *b, const struct report_data *d);

/* The style sheet. */
extern const char report_style[];

#endif
