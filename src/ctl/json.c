/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/json.h"

#include "base/escape.h"
#include "base/gentime.h"

#include <inttypes.h>

struct json json_open(FILE *to)
{
    return (struct json){.to = to};
}

void json_close(struct json *j)
{
    fputc('\n', j->to);
}

static void new_line(const struct json *j)
{
    fprintf(j->to, "\n%*s", (int)(2 * j->depth), "");
}

static void escape(FILE *to, uint32_t code)
{
    if (code > 0xffff) {
        fprintf(to, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((code - 0x10000) >> 10),
                0xdc00 + ((code - 0x10000) & 0x3ff));
        return;
    }
    fprintf(to, "\\u%04" PRIx32, code);
}

/* Printable where escape_write lets it pass. */
static bool passes(struct slice character)
{
    uint8_t out[ESCAPE_ROOM(4)];
    return escape_write(character, "", out, sizeof out) == character.n;
}

static void write_string(const struct json *j, struct slice s)
{
    fputc('"', j->to);
    while (s.n) {
        uint32_t code = 0;
        size_t n = utf8_read(s, &code);
        if (n == 0)
            escape(j->to, 0xfffd);
        else if (code == '"' || code == '\\')
            fprintf(j->to, "\\%c", (char)code);
        else if (passes(slice_upto(s, n)))
            fwrite(s.p, 1, n, j->to);
        else
            escape(j->to, code);
        s = slice_from(s, n ? n : 1);
    }
    fputc('"', j->to);
}

static void begin_value(struct json *j, const char *key)
{
    if (j->filled)
        fputc(',', j->to);
    if (j->depth)
        new_line(j);
    j->filled = true;
    if (key) {
        write_string(j, slice_of(key));
        fputs(": ", j->to);
    }
}

static void begin(struct json *j, const char *key, char bracket)
{
    begin_value(j, key);
    fputc(bracket, j->to);
    j->depth++;
    j->filled = false;
}

static void end(struct json *j, char bracket)
{
    j->depth--;
    if (j->filled)
        new_line(j);
    fputc(bracket, j->to);
    j->filled = true;
}

void json_object(struct json *j, const char *key)
{
    begin(j, key, '{');
}

void json_object_end(struct json *j)
{
    end(j, '}');
}

void json_array(struct json *j, const char *key)
{
    begin(j, key, '[');
}

void json_array_end(struct json *j)
{
    end(j, ']');
}

void json_text(struct json *j, const char *key, struct slice text)
{
    begin_value(j, key);
    write_string(j, text);
}

void json_escaped(struct json *j, const char *key, struct slice text)
{
    struct arena a = {0};
    json_text(j, key, escape_rest(&a, text, ESCAPE_ROOM(text.n)));
    arena_free(&a);
}

void json_number(struct json *j, const char *key, uint64_t n)
{
    begin_value(j, key);
    fprintf(j->to, "%" PRIu64, n);
}

void json_bool(struct json *j, const char *key, bool b)
{
    begin_value(j, key);
    fputs(b ? "true" : "false", j->to);
}

void json_null(struct json *j, const char *key)
{
    begin_value(j, key);
    fputs("null", j->to);
}

void json_time(struct json *j, const char *key, int64_t at_utc)
{
    char t[GENTIME_LEN + 1] = {0};
    if (at_utc == 0) {
        json_null(j, key);
        return;
    }
    gentime_write(at_utc, (uint8_t *)t);
    begin_value(j, key);
    fprintf(j->to, "\"%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ\"", t, t + 4, t + 6, t + 8, t + 10, t + 12);
}

void json_texts(struct json *j, const char *key, const struct slice *items, size_t count)
{
    json_array(j, key);
    for (size_t i = 0; i < count; i++)
        json_text(j, NULL, items[i]);
    json_array_end(j);
}
