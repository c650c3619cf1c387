/* SPDX-License-Identifier: Apache-2.0 */
#include "core/holding.h"

#include "base/escape.h"
#include "core/name.h"

#include <stdlib.h>

enum { NAME_SHOWN_OCTETS = 256, SERIAL_SHOWN_OCTETS = 32 };

/* One value: in which attribute of the entry, and as which of all. */
struct placed {
    struct slice der;
    const struct attribute *in;
    size_t order;
};

static int compare_placed(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    int c = slice_compare(x->der, y->der);
    return c ? c : (x->order > y->order) - (x->order < y->order);
}

static size_t count_values(const struct entry *e, struct subject *s)
{
    size_t total = 0;
    for (const char *const *name = s->policy->certificate_attributes; *name; name++) {
        size_t values = entry_count(e, *name);
        total += values;
        if (values == 0)
            s->silent_certificate_attributes |= 1u << (name - s->policy->certificate_attributes);
    }
    return total;
}

/* Returns in how many attributes they are. */
static size_t place_values(const struct entry *e, const struct policy *policy, struct placed *all)
{
    const struct attribute *last = NULL;
    size_t count = 0, attributes = 0;
    struct slice value;
    for (const char *const *name = policy->certificate_attributes; *name; name++)
        for (struct entry_cursor at = {0}; entry_next_value(e, *name, &at, &value);) {
            const struct attribute *in = &e->attributes[at.attribute];
            attributes += in != last;
            last = in;
            all[count] = (struct placed){value, in, count};
            count++;
        }
    return attributes;
}

static struct slice label(struct arena *a, const struct attribute *in)
{
    return arena_format(a, "%.*s%s%.*s", SLICE_ARGS(in->name), in->options.n ? ";" : "", SLICE_ARGS(in->options));
}

/* The attributes in the order of their names: a server may show them in any. */
static void note_twice(struct arena *a, struct holding *h, const struct placed *x, const struct placed *y)
{
    if (h->twice.n || x->in == y->in)
        return;
    struct slice first = label(a, x->in), second = label(a, y->in);
    bool ordered = slice_compare(first, second) <= 0;
    h->twice = x->der;
    h->twice_in[0] = ordered ? first : second;
    h->twice_in[1] = ordered ? second : first;
}

/* One attribute holds no value twice; only a value of a further attribute may repeat one of an earlier. */
static bool *find_repeats(struct arena *a, const struct placed *all, size_t count, struct holding *h)
{
    bool *repeats = ARENA_ARRAY(a, count, bool);
    struct placed *sorted = ARENA_ARRAY(a, count, struct placed);
    memcpy(sorted, all, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_placed);
    for (size_t i = 1; i < count; i++)
        if (slice_eq(sorted[i].der, sorted[i - 1].der)) {
            repeats[sorted[i].order] = true;
            note_twice(a, h, &sorted[i - 1], &sorted[i]);
        }
    return repeats;
}

void holding_take(struct arena *a, const struct entry *e, struct subject *s)
{
    size_t total = count_values(e, s);
    struct placed *all = ARENA_ARRAY(a, total, struct placed);
    const bool *repeats =
        place_values(e, s->policy, all) > 1 ? find_repeats(a, all, total, &s->holding) : ARENA_ARRAY(a, total, bool);
    s->certificates = ARENA_ARRAY(a, total, struct certificate);
    for (size_t i = 0; i < total; i++)
        if (!repeats[i])
            s->certificates[s->certificate_count++].der = all[i].der;
    s->holding.count = s->certificate_count;
}

static struct slice serial_shown(struct arena *a, struct slice serial)
{
    struct slice text = serial_text(a, slice_upto(serial, SERIAL_SHOWN_OCTETS));
    return serial.n > SERIAL_SHOWN_OCTETS ? arena_format(a, "%.*s...", SLICE_ARGS(text)) : text;
}

static struct slice say_twice(struct arena *a, const struct subject *s)
{
    const struct holding *h = &s->holding;
    struct slice first = escape_text(a, h->twice_in[0], NAME_SHOWN_OCTETS);
    struct slice second = escape_text(a, h->twice_in[1], NAME_SHOWN_OCTETS);
    for (size_t i = 0; i < s->certificate_count; i++) {
        const struct certificate *c = &s->certificates[i];
        if (c->facts.readable && slice_eq(c->der, h->twice))
            return arena_format(a, "%.*s and %.*s hold the same certificate, serial %.*s", SLICE_ARGS(first),
                                SLICE_ARGS(second), SLICE_ARGS(serial_shown(a, facts_slice(c->der, c->facts.serial))));
    }
    return arena_format(a, "%.*s and %.*s hold the same octets, which are no certificate", SLICE_ARGS(first),
                        SLICE_ARGS(second));
}

struct numbered {
    struct slice issuer, serial;
};

static int compare_numbers(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;
    int c = slice_compare(x->issuer, y->issuer);
    return c ? c : slice_compare(x->serial, y->serial);
}

static struct slice find_one_number(struct arena *a, const struct subject *s)
{
    struct numbered *all = ARENA_ARRAY(a, s->certificate_count, struct numbered);
    size_t count = 0;
    for (size_t i = 0; i < s->certificate_count; i++) {
        const struct certificate *c = &s->certificates[i];
        if (c->facts.readable)
            all[count++] =
                (struct numbered){facts_slice(c->der, c->facts.issuer), facts_slice(c->der, c->facts.serial)};
    }
    if (count)
        qsort(all, count, sizeof *all, compare_numbers);
    for (size_t i = 1; i < count; i++)
        if (compare_numbers(&all[i - 1], &all[i]) == 0)
            return arena_format(a, "two certificates of %.*s with serial %.*s",
                                SLICE_ARGS(name_text(a, all[i].issuer, NAME_SHOWN_OCTETS)),
                                SLICE_ARGS(serial_shown(a, all[i].serial)));
    return (struct slice){NULL, 0};
}

void holding_describe(struct arena *a, struct subject *s)
{
    if (!s->policy->on_finding[CHECK_DUPLICATE_VALUE].stated)
        return;
    s->holding.repeated = s->holding.twice.n ? say_twice(a, s) : find_one_number(a, s);
}
