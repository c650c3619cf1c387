/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/memory_match.h"

static int compare_nocase(struct slice a, struct slice b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++)
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
            return ascii_lower(a.p[i]) < ascii_lower(b.p[i]) ? -1 : 1;
    return (a.n > b.n) - (a.n < b.n);
}

static bool find_piece(struct slice *rest, struct slice piece)
{
    for (size_t i = 0; i + piece.n <= rest->n; i++)
        if (slice_eq_nocase(slice_make(rest->p + i, piece.n), piece)) {
            *rest = slice_from(*rest, i + piece.n);
            return true;
        }
    return false;
}

static bool matches_substring(struct arena *a, struct slice value, struct slice pattern)
{
    struct slice rest = pattern, raw, piece;
    bool first = true;
    while (slice_split(&rest, '*', &raw)) {
        if (!filter_decode(a, raw, &piece) || value.n < piece.n)
            return false;
        if (first && !slice_eq_nocase(slice_upto(value, piece.n), piece))
            return false;
        if (first)
            value = slice_from(value, piece.n);
        else if (!rest.p)
            return slice_eq_nocase(slice_from(value, value.n - piece.n), piece);
        else if (!find_piece(&value, piece))
            return false;
        first = false;
    }
    return true;
}

bool memory_matches(struct arena *a, const struct filter *f, struct slice value)
{
    switch (f->kind) {
    case FILTER_EQUAL:
    case FILTER_APPROX:
        return slice_eq_nocase(value, f->value);
    case FILTER_GREATER:
        return compare_nocase(value, f->value) >= 0;
    case FILTER_LESS:
        return compare_nocase(value, f->value) <= 0;
    case FILTER_SUBSTRING:
        return matches_substring(a, value, f->value);
    case FILTER_PRESENT:
        return true;
    case FILTER_AND:
    case FILTER_OR:
    case FILTER_NOT:
    case FILTER_EXTENSIBLE:
        break;
    }
    return false;
}
