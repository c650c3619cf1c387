/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/reader_private.h"

/* An extension that does not count, because of `what`. */
static void spoil(struct reading *r, const uint8_t *where, const char *what)
{
    note(r, where, what);
    r->f->unusual |= UNUSUAL_EXTENSION;
}

/* Is one of the extensions that were read of this type? */
static bool was_read(const struct reading *r, struct slice oid)
{
    struct slice list = r->list;
    struct der_element e, id;
    for (uint32_t i = 0; i < r->extensions && der_next(&list, &e); i++)
        if (der_next(&e.content, &id) && slice_eq(id.content, oid))
            return true;
    return false;
}

/* Keeps what the extensions that core looks into hold. */
static void keep(struct extension *x, bool ok, bool critical, struct span value)
{
    x->critical |= critical;
    if (x->presence != FIELD_ABSENT)
        *x = (struct extension){FIELD_DUPLICATE, x->critical, {0, 0}};
    else if (!ok)
        x->presence = FIELD_MALFORMED;
    else
        *x = (struct extension){FIELD_PRESENT, critical, value};
}

static struct extension *field_of(struct facts *f, const struct extension_type *type)
{
    return (struct extension *)(void *)((char *)f + type->field);
}

/* What an extension says that counts; nothing as soon as it is there twice. */
static void look_into(struct facts *f, enum extension_kind kind, bool counts, const struct extension_value *v)
{
    switch (kind) {
    case EXTENSION_KEY_USAGE:
        f->key_usage_bits = counts ? v->key_usage_bits : 0;
        break;
    case EXTENSION_BASIC_CONSTRAINTS:
        f->is_ca = counts && v->is_ca;
        f->path_length = counts ? v->path_length : -1;
        break;
    case EXTENSION_SAN:
    case EXTENSION_PLAIN:
        break;
    }
}

static void count_slowly(struct reading *r, const uint8_t *where, struct slice oid)
{
    if (r->extensions == READER_EXTENSIONS)
        spoil(r, where, "extensions: RFC 5280 section 4.2: more than 64, which is our limit");
    else if (was_read(r, oid))
        spoil(r, where, "extensions: RFC 5280 section 4.2: one extension is there twice");
    r->extensions += r->extensions < READER_EXTENSIONS;
}

static uint64_t bit_of(struct slice oid)
{
    return UINT64_C(1) << (oid.p[oid.n - 1] & 63);
}

static inline void count_extension(struct reading *r, const uint8_t *where, struct slice oid)
{
    uint64_t bit = bit_of(oid), seen = r->seen;
    r->seen = seen | bit;
    if ((seen & bit) || r->extensions == READER_EXTENSIONS)
        count_slowly(r, where, oid);
    else
        r->extensions++;
}

/* Whether it decodes, and what it says. */
static void read_value(struct reading *r, struct read_extension *x)
{
    const struct extension_type *type = x->type;
    x->says = (struct extension_value){.odd = 0};
    x->decodes = true;
    if (!type) {
        r->f->unusual |= x->critical ? UNUSUAL_CRITICAL : 0;
        r->f->unknown_critical += x->critical;
        return;
    }
    struct slice value = slice_make(r->der.p + x->value.at, x->value.n);
    x->decodes = type->read(value, &x->says);
    if (!x->decodes)
        spoil(r, value.p, type->flaw);
    if (x->says.odd)
        r->f->unusual |=
            (x->says.odd & ODD_VALUE ? UNUSUAL_VALUE : 0u) | (type->kind == EXTENSION_SAN ? UNUSUAL_NAME : 0u);
}

/* `at` is what its spans are counted from: in the certificate. */
static inline void keep_value(struct reading *r, const struct read_extension *x, uint32_t at)
{
    if (!x->type || !x->type->field)
        return;
    struct extension *field = field_of(r->f, x->type);
    keep(field, x->decodes, x->critical, (struct span){at + x->value.at, x->value.n});
    look_into(r->f, x->type->kind, field->presence == FIELD_PRESENT, &x->says);
}

static const char extension_form[] = "extensions: RFC 5280 section 4.1.2.9: not an Extension";

static bool read_critical(struct reading *r, struct slice *extension, bool *critical)
{
    struct der_element e;
    *critical = false;
    if (!der_is(*extension, DER_BOOLEAN))
        return true;
    if (!der_next(extension, &e) || e.content.n != 1)
        return false;
    if (!der_boolean_ok(e.content, critical)) {
        *critical = true;
        spoil(r, e.content.p, "extensions: RFC 5280 section 4.1: critical is neither TRUE nor FALSE in DER");
    } else if (!*critical) {
        spoil(r, e.content.p, "extensions: RFC 5280 section 4.1: critical is encoded although FALSE is its default");
    }
    return true;
}

static bool read_parts(struct reading *r, struct slice inside, struct read_extension *x)
{
    struct der_element id, value;
    if (!der_expect(&inside, DER_OID, &id))
        return broken(r, inside, extension_form);
    x->oid = span_of(r, id.content);
    x->type = extension_find(id.content);
    if ((!x->type && !der_oid_ok(id.content)) || !read_critical(r, &inside, &x->critical) ||
        !der_expect(&inside, DER_OCTET_STRING, &value) || inside.n)
        return broken(r, inside, extension_form);
    x->value = span_of(r, value.content);
    return true;
}

static bool read_extension(struct reading *r, struct slice *list, struct read_extension *x)
{
    struct der_element e;
    if (!der_expect(list, DER_SEQUENCE, &e))
        return broken(r, *list, extension_form);
    x->at = span_of(r, e.whole).at;
    if (!read_parts(r, e.content, x))
        return false;
    count_extension(r, e.whole.p, (struct slice){r->der.p + x->oid.at, x->oid.n});
    read_value(r, x);
    keep_value(r, x, 0);
    return true;
}

/* An extension of the run, or another one that only looks like it, was there before; or there are very many. */
static void take_slowly(struct reading *r, const struct run *run, const uint8_t *at)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct read_extension *x = &run->extensions[i];
        count_extension(r, at + x->at, (struct slice){at + x->oid.at, x->oid.n});
        keep_value(r, x, (uint32_t)(at - r->der.p));
    }
}

/* None of its types was there before, and within the run none is there twice: so no field is filled in yet. */
static void take_run(struct reading *r, const struct run *run, const uint8_t *at)
{
    if ((r->seen & run->seen) || r->extensions + run->count > READER_EXTENSIONS) {
        take_slowly(r, run, at);
        return;
    }
    r->seen |= run->seen;
    r->extensions += (uint32_t)run->count;
    uint32_t from = (uint32_t)(at - r->der.p);
    for (const struct read_extension *x = run->extensions, *end = x + run->count; x < end; x++) {
        if (!x->type->field)
            continue;
        *field_of(r->f, x->type) = (struct extension){FIELD_PRESENT, x->critical, {from + x->value.at, x->value.n}};
        if (x->type->kind != EXTENSION_PLAIN)
            look_into(r->f, x->type->kind, true, &x->says);
    }
}

/*
 * The subjectKeyIdentifier as almost all certificates have it: of 20 octets, which may be any, and not critical. False:
 * another extension, or another form of it, or this certificate is read by itself.
 */
static bool take_usual_key_id(struct reading *r, struct slice *list)
{
    static const uint8_t head[] = {0x30, 29, 0x06, 3, 0x55, 0x1d, 14, 0x04, 22, 0x04, 20};
    enum { OID_AT = 4, OID_OCTETS = 3, VALUE_AT = 9, VALUE_OCTETS = 22, OCTETS = 31 };
    const uint8_t *p = list->p;
    if (!r->parts || list->n < OCTETS || memcmp(p, head, sizeof head) != 0)
        return false;
    count_extension(r, p, (struct slice){p + OID_AT, OID_OCTETS});
    keep(&r->f->subject_key_id, true, false, span_of(r, (struct slice){p + VALUE_AT, VALUE_OCTETS}));
    *list = slice_from(*list, OCTETS);
    return true;
}

/* Extensions that were read one after the other, and which other certificates may have too. */
struct gathered {
    const uint8_t *at, *end;
    struct run run;
};

static void keep_gathered(struct reading *r, struct gathered *g)
{
    if (g->run.count && is_plain_so_far(r))
        parts_keep_run(r->parts, slice_make(g->at, (size_t)(g->end - g->at)), &g->run);
    g->run.count = 0;
}

static void gather(struct reading *r, struct gathered *g, const struct read_extension *x, struct slice whole)
{
    bool full = g->run.count == RUN_EXTENSIONS || (g->run.count && (size_t)(whole.p + whole.n - g->at) > RUN_MOST);
    if (!x->type || x->type->differs || full)
        keep_gathered(r, g);
    if (!x->type || x->type->differs)
        return;
    if (g->run.count == 0) {
        g->at = whole.p;
        g->run.seen = 0;
    }
    g->run.seen |= bit_of(slice_make(r->der.p + x->oid.at, x->oid.n));
    g->end = whole.p + whole.n;
    struct read_extension *kept = &g->run.extensions[g->run.count++];
    *kept = *x;
    uint32_t from = (uint32_t)(g->at - r->der.p);
    kept->at -= from;
    kept->oid.at -= from;
    kept->value.at -= from;
}

static bool read_list(struct reading *r, struct slice list)
{
    struct gathered g;
    struct read_extension x;
    g.run.count = 0;
    while (list.n) {
        if (take_usual_key_id(r, &list)) {
            keep_gathered(r, &g);
            continue;
        }
        const struct run *run = parts_find_run(r->parts, list);
        const uint8_t *at = list.p;
        if (run) {
            take_run(r, run, at);
            list = slice_from(list, run->n);
            keep_gathered(r, &g); /* which may be in the place of this run */
        } else if (!read_extension(r, &list, &x)) {
            return false;
        } else if (r->parts) {
            gather(r, &g, &x, slice_make(at, (size_t)(list.p - at)));
        }
    }
    keep_gathered(r, &g);
    return true;
}

/* Sections 4.2.1.3 and 4.2.1.10: only an authority may have these. */
static bool says_more_than_it_is(const struct facts *f)
{
    enum { KEY_CERT_SIGN = 1 << 5 };
    return !f->is_ca && (f->key_usage_bits & KEY_CERT_SIGN || f->name_constraints.presence == FIELD_PRESENT);
}

/* Section 4.1.2.9: [3] EXPLICIT SEQUENCE SIZE (1..MAX) OF Extension. */
bool reader_extensions(struct reading *r, struct slice *tbs)
{
    static const char form[] = "extensions: RFC 5280 section 4.1.2.9: not a SEQUENCE of extensions";
    struct der_element wrapper, list;
    if (!der_is(*tbs, DER_CONTEXT | DER_CONSTRUCTED | 3))
        return true;
    if (!der_next(tbs, &wrapper))
        return broken(r, *tbs, form);
    struct slice inside = wrapper.content;
    if (!der_expect(&inside, DER_SEQUENCE, &list) || inside.n)
        return broken(r, wrapper.content, form);
    if (r->f->version == 1 || r->f->version == 2)
        note(r, wrapper.whole.p, "extensions: RFC 5280 section 4.1.2.9: only version 3 has them");
    if (list.content.n == 0)
        spoil(r, wrapper.whole.p, "extensions: RFC 5280 section 4.1.2.9: the SEQUENCE is empty");
    r->list = list.content;
    if (!read_list(r, list.content))
        return false;
    if (says_more_than_it_is(r->f))
        r->f->unusual |= UNUSUAL_VALUE;
    return true;
}
