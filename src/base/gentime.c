/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gentime.h"

#include <stdio.h>

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in(int64_t year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01, counting years from March so that the leap day comes last; 400 years more keep all above 0. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    enum { DAYS_IN_400_YEARS = 146097, DAYS_TO_1970 = 719468 };
    uint32_t years = (uint32_t)year + 400 - (month <= 2), months = month + (month <= 2 ? 9 : -3u);
    uint32_t days = years * 365 + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 1;
    return (int64_t)days - DAYS_IN_400_YEARS - DAYS_TO_1970;
}

bool gentime_from_fields(int64_t year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second,
                         int64_t *at_utc)
{
    if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || (day > 28 && day > days_in(year, month)) ||
        hour > 23 || minute > 59 || second > 59)
        return false;
    *at_utc = days_from_civil(year, month, day) * 86400 + (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
    return true;
}

static bool digits(struct slice *s, size_t n, unsigned *value)
{
    if (s->n < n)
        return false;
    unsigned v = 0;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        v = v * 10 + (unsigned)(s->p[i] - '0');
    }
    *s = slice_from(*s, n);
    *value = v;
    return true;
}

static bool is_digit_at(struct slice s)
{
    return s.n && s.p[0] >= '0' && s.p[0] <= '9';
}

static bool read_zone(struct slice s, int64_t *offset_s)
{
    *offset_s = 0;
    if (s.n == 1 && s.p[0] == 'Z')
        return true;
    if ((s.n != 3 && s.n != 5) || (s.p[0] != '+' && s.p[0] != '-'))
        return false;
    bool east = s.p[0] == '+';
    unsigned hours, minutes = 0;
    s = slice_from(s, 1);
    if (!digits(&s, 2, &hours) || (s.n && !digits(&s, 2, &minutes)) || hours > 23 || minutes > 59)
        return false;
    *offset_s = (int64_t)(hours * 3600 + minutes * 60) * (east ? 1 : -1);
    return true;
}

/* What the fraction of a unit comes to in whole seconds; 0 where there is none. */
static bool read_fraction(struct slice *s, int64_t unit_s, int64_t *seconds)
{
    const int64_t enough = 1000000000000; /* an hour in units of 10^-12 fits, and no one writes more digits */
    *seconds = 0;
    if (!s->n || (s->p[0] != '.' && s->p[0] != ','))
        return true;
    *s = slice_from(*s, 1);
    if (!is_digit_at(*s))
        return false;
    int64_t value = 0, scale = 1;
    for (; is_digit_at(*s); *s = slice_from(*s, 1))
        if (scale < enough) {
            value = value * 10 + (s->p[0] - '0');
            scale *= 10;
        }
    *seconds = value * unit_s / scale;
    return true;
}

bool gentime_read(struct slice s, int64_t *at_utc)
{
    unsigned year, month, day, hour, minute = 0, second = 0;
    int64_t unit_s = 3600, fraction_s, offset_s, local;
    if (!digits(&s, 4, &year) || !digits(&s, 2, &month) || !digits(&s, 2, &day) || !digits(&s, 2, &hour))
        return false;
    if (is_digit_at(s)) {
        if (!digits(&s, 2, &minute))
            return false;
        unit_s = 60;
    }
    if (unit_s == 60 && is_digit_at(s)) {
        if (!digits(&s, 2, &second))
            return false;
        unit_s = 1;
    }
    bool leaps = second == 60;
    if (!read_fraction(&s, unit_s, &fraction_s) || !read_zone(s, &offset_s) ||
        !gentime_from_fields(year, month, day, hour, minute, second - leaps, &local))
        return false;
    *at_utc = local + leaps + fraction_s - offset_s;
    return true;
}

void gentime_write(int64_t at_utc, uint8_t out[GENTIME_LEN])
{
    const int64_t first = -62167219200, last = 253402300799; /* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z */
    int64_t t = at_utc < first ? first : at_utc > last ? last : at_utc;
    int64_t days = t / 86400 - (t % 86400 < 0), rest = t - days * 86400;
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, day_of_era = z - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t m = (5 * day_of_year + 2) / 153, day = day_of_year - (153 * m + 2) / 5 + 1;
    int64_t month = m < 10 ? m + 3 : m - 9, year = year_of_era + era * 400 + (month <= 2);
    char text[64];
    snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02dZ", (int)year, (int)month, (int)day, (int)(rest / 3600),
             (int)(rest / 60 % 60), (int)(rest % 60));
    memcpy(out, text, GENTIME_LEN);
}
