/* SPDX-License-Identifier: Apache-2.0 */
#include "core/filter.h"

#include "base/hex.h"

enum { FILTER_DEPTH = 32 };

struct reader {
    struct arena *arena;
    struct slice rest;
    const char *reason;
};

static bool fail(struct reader *r, const char *reason)
{
    if (!r->reason)
        r->reason = reason;
    return false;
}

static bool take(struct reader *r, uint8_t c)
{
    if (r->rest.n == 0 || r->rest.p[0] != c)
        return false;
    r->rest = slice_from(r->rest, 1);
    return true;
}

bool filter_decode(struct arena *a, struct slice piece, struct slice *decoded)
{
    uint8_t *out = arena_alloc(a, piece.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < piece.n; i++) {
        if (piece.p[i] != '\\') {
            out[n++] = piece.p[i];
            continue;
        }
        int high = i + 2 < piece.n ? hex_digit(piece.p[i + 1]) : -1;
        int low = i + 2 < piece.n ? hex_digit(piece.p[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        out[n++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *decoded = slice_make(out, n);
    return true;
}

/* An attribute description; options alone would name no attribute that anybody could look up. */
static bool attribute_ok(struct slice name)
{
    if (name.n == 0 || name.p[0] == ';')
        return false;
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = ascii_lower(name.p[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ';'))
            return false;
    }
    return true;
}

static struct slice without_options(struct slice description)
{
    struct slice name;
    slice_split(&description, ';', &name);
    return name;
}

static bool read_filter(struct reader *r, unsigned depth, struct filter *f);

static bool read_set(struct reader *r, unsigned depth, enum filter_kind kind, struct filter *f)
{
    LIST_OF(struct filter) parts = {0};
    while (r->rest.n && r->rest.p[0] == '(')
        if (!read_filter(r, depth + 1, LIST_ADD(r->arena, &parts)))
            return false;
    if (kind == FILTER_NOT && parts.count != 1)
        return fail(r, "\"!\" takes exactly one filter");
    if (parts.count == 0)
        return fail(r, "an empty \"&\" or \"|\": write (objectClass=*) for every entry");
    *f = (struct filter){.kind = kind, .parts = parts.items, .part_count = parts.count};
    return true;
}

/* Parentheses in values are escaped (RFC 4515), so an item ends at the next ")". */
static struct slice take_item(struct reader *r)
{
    size_t n = 0;
    while (n < r->rest.n && r->rest.p[n] != ')' && r->rest.p[n] != '(')
        n++;
    struct slice item = slice_upto(r->rest, n);
    r->rest = slice_from(r->rest, n);
    return item;
}

static enum filter_kind operator_kind(struct slice *description)
{
    uint8_t last = description->n ? description->p[description->n - 1] : 0;
    enum filter_kind kind = last == '~'   ? FILTER_APPROX
                            : last == '>' ? FILTER_GREATER
                            : last == '<' ? FILTER_LESS
                            : last == ':' ? FILTER_EXTENSIBLE
                                          : FILTER_EQUAL;
    if (kind != FILTER_EQUAL)
        description->n--;
    return kind;
}

static bool read_item(struct reader *r, struct filter *f)
{
    struct slice item = take_item(r);
    const uint8_t *equals = item.n ? memchr(item.p, '=', item.n) : NULL;
    if (!equals)
        return fail(r, "an item has no \"=\"");
    struct slice description = slice_upto(item, (size_t)(equals - item.p));
    struct slice raw = slice_from(item, description.n + 1), rule = {NULL, 0};
    enum filter_kind kind = operator_kind(&description);
    if (kind == FILTER_EXTENSIBLE) { /* attr[:dn][:rule]:=value, or [:dn]:rule:=value */
        rule = description;
        slice_split(&rule, ':', &description);
    }
    if (!attribute_ok(description) && !(description.n == 0 && rule.n))
        return fail(r, "an attribute name is missing or not valid");
    if (raw.n && memchr(raw.p, 0, raw.n)) /* whoever handles it as a C string would see another filter */
        return fail(r, "a NUL octet in a value; write it as \\00");
    *f = (struct filter){.kind = kind, .attribute = without_options(description), .value = raw};
    if (kind == FILTER_EQUAL && slice_eq(raw, SLICE_LITERAL("*")))
        f->kind = FILTER_PRESENT;
    else if (kind == FILTER_EQUAL && raw.n && memchr(raw.p, '*', raw.n))
        f->kind = FILTER_SUBSTRING;
    struct slice decoded;
    if (!filter_decode(r->arena, raw, &decoded))
        return fail(r, "a \"\\\" is not followed by two hexadecimal digits");
    if (f->kind != FILTER_SUBSTRING)
        f->value = decoded;
    return true;
}

static bool read_filter(struct reader *r, unsigned depth, struct filter *f)
{
    if (depth > FILTER_DEPTH)
        return fail(r, "nested more than 32 deep");
    if (!take(r, '('))
        return fail(r, "\"(\" is missing");
    bool ok = take(r, '&')   ? read_set(r, depth, FILTER_AND, f)
              : take(r, '|') ? read_set(r, depth, FILTER_OR, f)
              : take(r, '!') ? read_set(r, depth, FILTER_NOT, f)
                             : read_item(r, f);
    return ok && (take(r, ')') || fail(r, "\")\" is missing"));
}

const struct filter *filter_compile(struct arena *a, struct slice text, const char **reason)
{
    struct reader r = {.arena = a, .rest = arena_copy(a, text)};
    struct filter *f = ARENA_NEW(a, struct filter);
    bool ok = read_filter(&r, 0, f) && (r.rest.n == 0 || fail(&r, "text follows the filter"));
    *reason = r.reason;
    return ok ? f : NULL;
}

void filter_attributes(const struct filter *f, void (*name)(void *context, struct slice attribute), void *context)
{
    if (f->attribute.n)
        name(context, f->attribute);
    for (size_t i = 0; i < f->part_count; i++)
        filter_attributes(&f->parts[i], name, context);
}

struct slice filter_escape(struct arena *a, struct slice value)
{
    uint8_t *out = arena_alloc(a, 3 * value.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        uint8_t c = value.p[i];
        if (c == '*' || c == '(' || c == ')' || c == '\\' || c < 0x20 || c >= 0x7f) {
            out[n++] = '\\';
            hex_write(slice_make(&c, 1), out + n);
            n += 2;
        } else {
            out[n++] = c;
        }
    }
    return slice_make(out, n);
}
