/* SPDX-License-Identifier: Apache-2.0 */
#include "base/escape.h"

#include "base/hex.h"

size_t utf8_read(struct slice s, uint32_t *code)
{
    if (s.n == 0)
        return 0;
    uint8_t first = s.p[0];
    size_t n = first < 0x80                    ? 1
               : first >= 0xc2 && first < 0xe0 ? 2
               : first >= 0xe0 && first < 0xf0 ? 3
               : first >= 0xf0 && first < 0xf5 ? 4
                                               : 0;
    if (n == 0 || s.n < n)
        return 0;
    uint32_t c = n == 1 ? first : first & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s.p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s.p[i] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *code = c;
    return n;
}

/* Control characters, separators that break lines, and controls that reorder or hide what is beside them. */
static bool is_printable(uint32_t c)
{
    return !(c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
             (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
             (c >= 0xfff0 && c <= 0xffff) || (c >= 0xe0000 && c <= 0xe007f));
}

/* The octets of the escape that begins s, or 0. */
static size_t escape_length(struct slice s)
{
    if (s.n < 2 || s.p[0] != '\\')
        return 0;
    if (s.n >= 3 && hex_digit(s.p[1]) >= 0 && hex_digit(s.p[2]) >= 0)
        return 3;
    return s.p[1] && strchr(" \"#+,;<=>\\", s.p[1]) ? 2 : 0;
}

/* What stays as it is and what is escaped. */
struct rule {
    const char *also;
    bool keeps_escapes;
};

static size_t escape_one(struct slice s, const struct rule *rule, uint8_t *piece, size_t *taken)
{
    uint32_t code = 0;
    size_t n = rule->keeps_escapes ? escape_length(s) : 0;
    if (n) {
        memcpy(piece, s.p, n);
        *taken = n;
        return n;
    }
    n = utf8_read(s, &code);
    if (n && is_printable(code) && code != '\\' && !(code < 0x80 && strchr(rule->also, (int)code))) {
        memcpy(piece, s.p, n);
        *taken = n;
        return n;
    }
    size_t octets = n ? n : 1;
    for (size_t i = 0; i < octets; i++) {
        piece[3 * i] = '\\';
        hex_write(slice_make(s.p + i, 1), piece + 3 * i + 1);
    }
    *taken = octets;
    return 3 * octets;
}

/* How many octets from the beginning on stand for themselves, of those that most texts are made of. */
static size_t plain_run(struct slice s, const char *also, size_t most)
{
    size_t n = 0;
    most = s.n < most ? s.n : most;
    while (n < most && s.p[n] >= 0x20 && s.p[n] < 0x7f && s.p[n] != '\\' && !(*also && strchr(also, s.p[n])))
        n++;
    return n;
}

static size_t write_text(struct slice s, const struct rule *rule, uint8_t *out, size_t room)
{
    static const char more[] = "...";
    const size_t tail = sizeof more - 1;
    size_t written = 0, safe = 0; /* safe: how much can stay when "..." has to follow */
    while (s.n) {
        size_t run = plain_run(s, rule->also, room - written);
        if (run) {
            memcpy(out + written, s.p, run);
            if (written + tail <= room)
                safe = written + run + tail <= room ? written + run : room - tail;
            written += run;
            s = slice_from(s, run);
            continue;
        }
        uint8_t piece[12];
        size_t taken, n = escape_one(s, rule, piece, &taken);
        if (written + n > room) {
            if (room < tail)
                return 0;
            memcpy(out + safe, more, tail);
            return safe + tail;
        }
        memcpy(out + written, piece, n);
        written += n;
        if (written + tail <= room)
            safe = written;
        s = slice_from(s, taken);
    }
    return written;
}

size_t escape_write(struct slice s, const char *also, uint8_t *out, size_t room)
{
    return write_text(s, &(struct rule){.also = also}, out, room);
}

size_t escape_rest_write(struct slice s, uint8_t *out, size_t room)
{
    return write_text(s, &(struct rule){.also = "", .keeps_escapes = true}, out, room);
}

static size_t room_of(struct slice s, size_t cap)
{
    return s.n > cap ? cap : ESCAPE_ROOM(s.n) < cap ? ESCAPE_ROOM(s.n) : cap;
}

struct slice escape_text(struct arena *a, struct slice s, size_t cap)
{
    size_t room = room_of(s, cap);
    uint8_t *out = arena_alloc(a, room + 1);
    return slice_make(out, escape_write(s, "", out, room));
}

struct slice escape_rest(struct arena *a, struct slice s, size_t cap)
{
    size_t room = room_of(s, cap);
    uint8_t *out = arena_alloc(a, room + 1);
    return slice_make(out, escape_rest_write(s, out, room));
}
