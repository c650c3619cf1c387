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

/* How many there are; *attributes: in how many attributes, and *last is one of those. */
static size_t count_values(const struct entry *e, struct subject *s, size_t *attributes, const struct attribute **last)
{
    const char *const *names = s->policy->certificate_attributes;
    size_t total = 0;
    *attributes = 0;
    for (size_t n = 0; names[n]; n++) {
        const struct slice type = slice_of(names[n]);
        const struct attribute *in;
        size_t before = total;
        for (size_t i = 0; (in = entry_next_attribute(e, type, &i)); total += in->count)
            if (in->count) {
                *last = in;
                ++*attributes;
            }
        if (total == before)
            s->silent_certificate_attributes |= 1u << n;
    }
    return total;
}

static void place_values(const struct entry *e, const struct policy *policy, struct placed *all)
{
    size_t count = 0;
    for (const char *const *name = policy->certificate_attributes; *name; name++) {
        const struct attribute *in;
        for (size_t i = 0; (in = entry_next_attribute(e, slice_of(*name), &i));)
            for (size_t k = 0; k < in->count; k++, count++)
                all[count] = (struct placed){in->values[k], in, count};
    }
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

static void take_unrepeated(struct arena *a, const struct entry *e, struct subject *s, size_t total)
{
    struct placed *all = ARENA_ARRAY(a, total, struct placed);
    place_values(e, s->policy, all);
    const bool *repeats = find_repeats(a, all, total, &s->holding);
    for (size_t i = 0; i < total; i++)
        if (!repeats[i])
            s->certificates[s->certificate_count++].der = all[i].der;
}

void holding_take(struct arena *a, const struct entry *e, struct subject *s)
{
    const struct attribute *only = NULL;
    size_t attributes, total = count_values(e, s, &attributes, &only);
    s->certificates = ARENA_ARRAY(a, total, struct certificate);
    if (attributes > 1)
        take_unrepeated(a, e, s, total);
    else
        for (; s->certificate_count < total; s->certificate_count++)
            s->certificates[s->certificate_count].der = only->values[s->certificate_count];
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
