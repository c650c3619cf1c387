/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/moment.h"

/* Exactly that many digits. */
static bool take_digits(struct slice *rest, size_t digits, unsigned *value)
{
    uint64_t n = 0;
    if (rest->n < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (rest->p[i] < '0' || rest->p[i] > '9')
            return false;
        n = 10 * n + (rest->p[i] - (unsigned)'0');
    }
    *value = (unsigned)n;
    *rest = slice_from(*rest, digits);
    return true;
}

static bool take(struct slice *rest, const char *one_of)
{
    if (rest->n == 0 || rest->p[0] == '\0' || !strchr(one_of, rest->p[0]))
        return false;
    *rest = slice_from(*rest, 1);
    return true;
}

static bool take_fraction(struct slice *rest)
{
    unsigned digit, digits = 0;
    if (!take(rest, "."))
        return true;
    while (take_digits(rest, 1, &digit))
        digits++;
    return digits > 0;
}

/* "Z", or how far local time is ahead of UTC. */
static bool take_offset(struct slice *rest, int64_t *offset_s)
{
    unsigned hours, minutes;
    *offset_s = 0;
    if (take(rest, "Zz"))
        return true;
    bool behind = rest->n && rest->p[0] == '-';
    if (!take(rest, "+-") || !take_digits(rest, 2, &hours) || !take(rest, ":") || !take_digits(rest, 2, &minutes) ||
        hours > 23 || minutes > 59)
        return false;
    *offset_s = (behind ? -1 : 1) * (int64_t)(3600 * hours + 60 * minutes);
    return true;
}

static bool read_rfc_3339(struct slice rest, int64_t *at_utc)
{
    unsigned year, month, day, hour = 0, minute = 0, second = 0;
    int64_t offset_s = 0;
    if (!take_digits(&rest, 4, &year) || !take(&rest, "-") || !take_digits(&rest, 2, &month) || !take(&rest, "-") ||
        !take_digits(&rest, 2, &day))
        return false;
    if (rest.n) {
        if (!take(&rest, "Tt ") || !take_digits(&rest, 2, &hour) || !take(&rest, ":") ||
            !take_digits(&rest, 2, &minute))
            return false;
        if (take(&rest, ":") && (!take_digits(&rest, 2, &second) || !take_fraction(&rest)))
            return false;
        if (!take_offset(&rest, &offset_s))
            return false;
    }
    if (rest.n || !gentime_from_fields(year, month, day, hour, minute, second, at_utc))
        return false;
    *at_utc -= offset_s;
    return true;
}

bool moment_read(struct slice text, int64_t *at_utc)
{
    uint64_t seconds;
    if (slice_starts(text, SLICE_LITERAL("@")) && slice_to_uint(slice_from(text, 1), INT64_MAX / 4, &seconds)) {
        *at_utc = (int64_t)seconds;
        return true;
    }
    return gentime_read(text, at_utc) || read_rfc_3339(text, at_utc);
}
