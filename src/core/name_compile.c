/* SPDX-License-Identifier: Apache-2.0 */
#include "core/name_compile.h"

#include "base/der.h"
#include "base/escape.h"
#include "base/hex.h"
#include "core/algorithm.h"
#include "core/name_type.h"

struct reader {
    struct arena *arena;
    struct slice rest;
    uint8_t *out; /* where the next octet of a value goes; in all there are never more than the text has */
};

static bool at(const struct reader *r, uint8_t octet)
{
    return r->rest.n && r->rest.p[0] == octet;
}

static void skip(struct reader *r, size_t n)
{
    r->rest = slice_from(r->rest, n);
}

static void skip_blanks(struct reader *r)
{
    while (at(r, ' '))
        skip(r, 1);
}

static bool read_type(struct reader *r, struct slice *oid)
{
    struct slice word;
    size_t n = r->rest.n;
    if (!slice_split(&r->rest, '=', &word) || word.n == n)
        return false; /* no "=" at all */
    word = slice_trim(word);
    if (word.n && word.p[0] >= '0' && word.p[0] <= '2')
        return algorithm_compile(r->arena, ALGORITHM_PURPOSE, word, oid);
    return name_type_find(word, oid);
}

/* Two hexadecimal digits. */
static bool read_pair(struct reader *r)
{
    int high = r->rest.n >= 2 ? hex_digit(r->rest.p[0]) : -1, low = high >= 0 ? hex_digit(r->rest.p[1]) : -1;
    if (low < 0)
        return false;
    *r->out++ = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    skip(r, 2);
    return true;
}

static bool read_hexadecimal(struct reader *r, struct name_value *v)
{
    struct der_element e;
    uint8_t *begin = r->out;
    skip(r, 1);
    while (read_pair(r))
        continue;
    struct slice all = slice_make(begin, (size_t)(r->out - begin));
    if (!der_next(&all, &e) || all.n)
        return false;
    v->tag = e.tag;
    v->octets = e.content;
    skip_blanks(r);
    return e.content.n <= NAME_VALUE_OCTETS;
}

static bool read_escaped(struct reader *r)
{
    skip(r, 1);
    if (!r->rest.n || !r->rest.p[0] || !strchr(" \"#+,;<=>\\", r->rest.p[0]))
        return read_pair(r);
    *r->out++ = r->rest.p[0];
    skip(r, 1);
    return true;
}

static bool is_utf8(struct slice s)
{
    uint32_t code;
    for (size_t n; s.n; s = slice_from(s, n))
        if ((n = utf8_read(s, &code)) == 0)
            return false;
    return true;
}

static bool read_string(struct reader *r, struct name_value *v)
{
    uint8_t *begin = r->out, *end = begin; /* the end without the blanks before a separator */
    while (r->rest.n && !at(r, ',') && !at(r, '+')) {
        uint8_t c = r->rest.p[0];
        if (c == '\\') {
            if (!read_escaped(r))
                return false;
            end = r->out;
            continue;
        }
        if (c == 0 || strchr("\";<>", c))
            return false;
        *r->out++ = c;
        skip(r, 1);
        if (c != ' ')
            end = r->out;
    }
    v->tag = DER_UTF8_STRING;
    v->octets = slice_make(begin, (size_t)(end - begin));
    return v->octets.n <= NAME_VALUE_OCTETS && is_utf8(v->octets);
}

static bool read_value(struct reader *r, struct name_value *v)
{
    if (!read_type(r, &v->type))
        return false;
    skip_blanks(r);
    return at(r, '#') ? read_hexadecimal(r, v) : read_string(r, v);
}

bool name_compile(struct arena *a, struct slice text, struct name_values *values)
{
    struct reader r = {a, text, arena_alloc(a, text.n + 1)};
    size_t in_rdn = 0;
    bool joined = false;
    *values = (struct name_values){NULL, 0, 0};
    for (;;) {
        struct name_value *v = LIST_ADD(a, values);
        v->joined = joined;
        in_rdn = joined ? in_rdn + 1 : 1;
        if (!read_value(&r, v) || in_rdn > NAME_RDN_MOST || values->count > NAME_VALUES_MOST)
            return false;
        if (!r.rest.n)
            return true;
        if (!at(&r, ',') && !at(&r, '+'))
            return false;
        joined = at(&r, '+');
        skip(&r, 1);
    }
}

bool name_parse_ok(struct slice text)
{
    struct arena a = {0};
    struct name_values values;
    bool ok = name_compile(&a, text, &values);
    arena_free(&a);
    return ok;
}
