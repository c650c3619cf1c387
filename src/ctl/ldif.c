/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/ldif.h"

#include "base/base64.h"

struct ldif_reader ldif_open(struct slice text)
{
    return (struct ldif_reader){.rest = text, .line = 1};
}

/* Lines. */

static struct slice next_physical(struct ldif_reader *r)
{
    struct slice line = {r->rest.p, 0};
    while (line.n < r->rest.n && line.p[line.n] != '\n')
        line.n++;
    r->rest = slice_from(r->rest, line.n + (line.n < r->rest.n));
    r->line++;
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

static bool is_continued(const struct ldif_reader *r)
{
    return r->rest.n && r->rest.p[0] == ' ';
}

/* A line with all that was folded onto the following ones; those are then used up. */
static struct slice next_logical(struct arena *a, struct ldif_reader *r)
{
    struct slice line = next_physical(r);
    if (!is_continued(r))
        return line;
    size_t n = line.n, room = line.n + 1;
    for (struct ldif_reader ahead = *r; is_continued(&ahead);)
        room += next_physical(&ahead).n;
    uint8_t *whole = arena_alloc(a, room);
    if (n)
        memcpy(whole, line.p, n);
    while (is_continued(r)) {
        struct slice more = slice_from(next_physical(r), 1);
        if (more.n)
            memcpy(whole + n, more.p, more.n);
        n += more.n;
    }
    return slice_make(whole, n);
}

/* The next line that is no comment; false at the end of the record.  *at is its number. */
static bool next_line(struct arena *a, struct ldif_reader *r, struct slice *line, unsigned *at)
{
    while (r->rest.n) {
        *at = r->line;
        *line = next_logical(a, r);
        if (line->n == 0)
            return false;
        if (line->p[0] != '#')
            return true;
    }
    return false;
}

static void skip_record(struct arena *a, struct ldif_reader *r)
{
    struct slice line;
    unsigned at;
    while (next_line(a, r, &line, &at))
        ;
}

/* Values. */

static bool is_attribute(struct slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = ascii_lower(name.p[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ';'))
            return false;
    }
    return name.n > 0 && name.p[0] != '-' && name.p[0] != ';';
}

/* NULL, or what is wrong with the line. */
static const char *read_value(struct arena *a, struct slice line, struct ldif_value *v)
{
    struct slice rest = line;
    slice_split(&rest, ':', &v->attribute);
    if (v->attribute.n == line.n || !is_attribute(v->attribute))
        return "expected \"attribute: value\"";
    rest = slice_from(line, v->attribute.n + 1);
    bool encoded = rest.n && rest.p[0] == ':';
    if (rest.n && rest.p[0] == '<')
        return "a value that a URL names is not read: write the value itself";
    rest = slice_from(rest, encoded);
    while (rest.n && rest.p[0] == ' ')
        rest = slice_from(rest, 1);
    v->value = rest;
    if (encoded)
        return base64_read(a, rest, &v->value) ? NULL : "the value after \"::\" is not base64";
    return rest.n && memchr(rest.p, 0, rest.n) ? "a NUL in the value: write it as base64, after \"::\"" : NULL;
}

/* Records. */

static bool is_named(const struct ldif_value *v, const char *name)
{
    return slice_eq_nocase(v->attribute, slice_of(name));
}

static enum ldif_result broken(struct arena *a, struct ldif_reader *r, struct ldif_complaint *c, unsigned line,
                               const char *reason)
{
    *c = (struct ldif_complaint){line, reason};
    skip_record(a, r);
    return LDIF_BROKEN;
}

/* What begins the next record, behind blank lines, comments, and "version: 1" at the very beginning. */
static enum ldif_result find_record(struct arena *a, struct ldif_reader *r, struct ldif_value *v,
                                    struct ldif_complaint *c)
{
    struct slice line;
    while (r->rest.n) {
        if (!next_line(a, r, &line, &v->line))
            continue;
        const char *wrong = read_value(a, line, v);
        if (wrong)
            return broken(a, r, c, v->line, wrong);
        bool first = !r->begun;
        r->begun = true;
        if (first && is_named(v, "version")) {
            if (!slice_eq(v->value, SLICE_LITERAL("1")))
                return broken(a, r, c, v->line, "only version 1 of LDIF is known");
            continue;
        }
        return is_named(v, "dn") ? LDIF_RECORD : broken(a, r, c, v->line, "a record begins with \"dn:\"");
    }
    return LDIF_END;
}

enum ldif_result ldif_next(struct arena *a, struct ldif_reader *r, struct ldif_record *record,
                           struct ldif_complaint *complaint)
{
    LIST_OF(struct ldif_value) values = {0};
    struct ldif_value v = {0};
    struct slice line;
    *record = (struct ldif_record){0};
    enum ldif_result found = find_record(a, r, &v, complaint);
    if (found != LDIF_RECORD)
        return found;
    record->dn = v.value;
    record->line = v.line;
    while (next_line(a, r, &line, &v.line)) {
        const char *wrong = read_value(a, line, &v);
        if (wrong)
            return broken(a, r, complaint, v.line, wrong);
        if (values.count == 0 && is_named(&v, "control"))
            continue; /* says how the server shall act, not what the entry holds */
        if (values.count == 0 && is_named(&v, "changetype") && record->change.n == 0) {
            record->change = slice_trim(v.value);
            if (slice_eq_nocase(record->change, SLICE_LITERAL("add")))
                continue;
            skip_record(a, r);
            return LDIF_RECORD;
        }
        if (is_named(&v, "dn"))
            return broken(a, r, complaint, v.line, "a second \"dn:\": an empty line ends a record");
        *LIST_ADD(a, &values) = v;
    }
    record->values = values.items;
    record->count = values.count;
    return LDIF_RECORD;
}

static struct slice type_of(struct slice attribute, struct slice *options)
{
    struct slice type;
    *options = attribute;
    slice_split(options, ';', &type);
    if (type.n == attribute.n)
        *options = slice_make(attribute.p, 0);
    return type;
}

struct entry ldif_entry(struct arena *a, const struct ldif_record *record)
{
    struct attribute *attributes = ARENA_ARRAY(a, record->count, struct attribute);
    size_t count = 0;
    for (size_t i = 0; i < record->count; i++) {
        const struct slice name = record->values[i].attribute;
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = slice_eq_nocase(record->values[k].attribute, name);
        if (seen)
            continue;
        struct slice *values = ARENA_ARRAY(a, record->count, struct slice);
        struct attribute *to = &attributes[count++];
        to->name = type_of(name, &to->options);
        to->values = values;
        for (size_t k = i; k < record->count; k++)
            if (slice_eq_nocase(record->values[k].attribute, name))
                values[to->count++] = record->values[k].value;
    }
    return (struct entry){record->dn, attributes, count};
}

unsigned ldif_line_of(const struct ldif_record *record, struct slice attribute, struct slice value)
{
    unsigned line = 0;
    for (size_t i = 0; i < record->count; i++) {
        const struct ldif_value *v = &record->values[i];
        struct slice options;
        if (!slice_eq_nocase(type_of(v->attribute, &options), attribute))
            continue;
        if (slice_eq(v->value, value))
            line = v->line; /* the last of them: where a value is there twice, it is the second that is wrong */
        else if (line == 0 && value.n == 0)
            line = v->line;
    }
    return line ? line : record->line;
}
