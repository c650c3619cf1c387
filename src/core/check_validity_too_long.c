/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the validity period longer than policy allows?  Both ends belong to it (RFC 5280 section 4.1.2.5), so it lasts
 * notAfter - notBefore + 1 seconds, and a day has 86,400 of them.
 *
 * Under "cabf" the date of issue decides, for which notBefore stands: the limits of section 6.3.2 of the CA/Browser
 * Forum's Baseline Requirements, of their ballots SC-081 (200, 100 and 47 days), SC-31 (398), 193 (825), and before
 * that 39 and 60 calendar months.  Before the first Baseline Requirements there was no limit.  The months are added to
 * notBefore by the calendar, past the end of a shorter month, and notAfter may be that very second.
 *
 * Where notAfter is before notBefore there is no period to measure: such a certificate is never valid, and `expired` or
 * `not-yet-valid` says so.
 */
#include "core/check_names.h"

#include "base/gentime.h"
#include "core/check_shown.h"
#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->max_validity.rule != VALIDITY_ANY;
}

static const struct limit {
    int64_t from_utc;
    unsigned days, months; /* one of them */
} limits[] = {
    {1868227200, 47, 0},  /* 2029-03-15 */
    {1805068800, 100, 0}, /* 2027-03-15 */
    {1773532800, 200, 0}, /* 2026-03-15 */
    {1598918400, 398, 0}, /* 2020-09-01 */
    {1519862400, 825, 0}, /* 2018-03-01 */
    {1467331200, 0, 39},  /* 2016-07-01 */
    {1341100800, 0, 60},  /* 2012-07-01 */
};

static const struct limit *limit_at(int64_t issued_utc)
{
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (issued_utc >= limits[i].from_utc)
            return &limits[i];
    return NULL;
}

static unsigned digits(const uint8_t *p, size_t n)
{
    unsigned value = 0;
    while (n--)
        value = value * 10 + (unsigned)(*p++ - '0');
    return value;
}

static int64_t months_later(int64_t at_utc, unsigned months)
{
    uint8_t text[GENTIME_LEN];
    int64_t first_utc = at_utc;
    gentime_write(at_utc, text);
    unsigned month = digits(text, 4) * 12 + digits(text + 4, 2) - 1 + months;
    (void)gentime_from_fields(month / 12, month % 12 + 1, 1, digits(text + 8, 2), digits(text + 10, 2),
                              digits(text + 12, 2), &first_utc);
    return first_utc + (int64_t)(digits(text + 6, 2) - 1) * 86400;
}

/* The longest period in seconds; false: there is no limit. */
static bool allowed(const struct check_input *in, int64_t *most_s)
{
    int64_t begin_utc = in->facts->not_before_utc;
    if (in->policy->max_validity.rule != VALIDITY_CABF) {
        *most_s = in->policy->max_validity.seconds;
        return true;
    }
    const struct limit *l = limit_at(begin_utc);
    if (!l)
        return false;
    *most_s = l->days ? (int64_t)l->days * 86400 : months_later(begin_utc, l->months) - begin_utc + 1;
    return true;
}

/* The same in words, where there is a limit. */
static struct slice words(struct arena *a, const struct check_input *in)
{
    if (in->policy->max_validity.rule != VALIDITY_CABF)
        return arena_format(a, "policy allows %.*s", SLICE_ARGS(shown_duration(a, in->policy->max_validity.seconds)));
    const struct limit *l = limit_at(in->facts->not_before_utc);
    return arena_format(a, "the CA/Browser Forum allows %u %s from %.*s on", l->days ? l->days : l->months,
                        l->days ? "days" : "months", 8, (const char *)shown_time(a, l->from_utc).p);
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    const struct facts *f = in->facts;
    int64_t lasts_s = f->not_after_utc - f->not_before_utc + 1, most_s;
    if (!f->readable || lasts_s <= 0 || !allowed(in, &most_s)) {
        out->answer = ANSWER_NOT_APPLICABLE;
    } else if (lasts_s > most_s) {
        out->answer = ANSWER_VIOLATES;
        out->detail =
            arena_format(a, "valid for %.*s, %.*s", SLICE_ARGS(shown_duration(a, lasts_s)), SLICE_ARGS(words(a, in)));
    }
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    int64_t most_s;
    struct slice limit = allowed(in, &most_s) ? words(a, in) : slice_of("the CA/Browser Forum had no limit then");
    return arena_format(a, "notBefore %.*s, notAfter %.*s; %.*s", SLICE_ARGS(shown_time(a, in->facts->not_before_utc)),
                        SLICE_ARGS(shown_time(a, in->facts->not_after_utc)), SLICE_ARGS(limit));
}

const struct check check_validity_too_long = {
    .id = CHECK_VALIDITY_TOO_LONG,
    .name = "validity-too-long",
    .title = "a longer validity period than policy allows",
    .severity = SEVERITY_WARNING,
    .citation = "RFC 5280 section 4.1.2.5, CA/Browser Forum Baseline Requirements section 6.3.2",
    .fix = "have the certificate issued again for a shorter time, and mend the profile of the authority",
    .policy_attributes = ATTR_MAX_VALIDITY,
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
