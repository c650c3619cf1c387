/* SPDX-License-Identifier: Apache-2.0 */
/* The foundations: slices, arenas, faults, escapes, times, hexadecimal, names, DER, digests, A-labels. */
#include "base/arena.h"
#include "base/der.h"
#include "base/digest.h"
#include "base/dn.h"
#include "base/escape.h"
#include "base/fault.h"
#include "base/gentime.h"
#include "base/hex.h"
#include "base/idn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

static void expect(struct slice got, struct slice wanted, const char *what)
{
    if (!slice_eq(got, wanted))
        fail_msg("%s: got \"%.*s\", wanted \"%.*s\"", what, SLICE_ARGS(got), SLICE_ARGS(wanted));
}

/* Slices. */

static void slices_compare(void **state)
{
    (void)state;
    assert_true(slice_eq(slice_of(NULL), S("")));
    assert_true(slice_eq(S("a\0b"), slice_make("a\0b", 3)));
    assert_false(slice_eq(S("a\0b"), S("a\0c")));
    assert_false(slice_eq(S("a"), S("a\0")));
    assert_true(slice_eq_nocase(S("AbC-1"), S("aBc-1")));
    assert_false(slice_eq_nocase(S("@"), S("`"))); /* 32 apart, and no letters */
    assert_false(slice_eq_nocase(S("\xc3\x84"), S("\xc3\xa4")));
    assert_true(slice_compare(S("a"), S("ab")) < 0);
    assert_true(slice_compare(S("b"), S("ab")) > 0);
    assert_true(slice_compare(S("\xff"), S("a")) > 0);
    assert_int_equal(slice_compare(S(""), slice_of(NULL)), 0);
    assert_true(slice_starts(S("abc"), S("ab")));
    assert_true(slice_starts(S("abc"), S("")));
    assert_false(slice_starts(S("a"), S("ab")));
}

/* Each octet at each place of slices of each length, since eight are looked at at once. */
static void slices_are_plain(void **state)
{
    (void)state;
    for (size_t n = 0; n < 20; n++) {
        uint8_t text[20];
        memset(text, '~', n);
        assert_true(slice_is_plain(slice_make(text, n)));
        for (size_t i = 0; i < n; i++) {
            for (unsigned octet = 0; octet < 256; octet++) {
                text[i] = (uint8_t)octet;
                assert_int_equal(slice_is_plain(slice_make(text, n)), octet >= 0x20 && octet <= 0x7e);
            }
            text[i] = i % 2 ? ' ' : '~';
        }
    }
}

static void slices_are_cut(void **state)
{
    (void)state;
    expect(slice_from(S("abc"), 1), S("bc"), "from");
    expect(slice_from(S("abc"), 9), S(""), "from behind the end");
    assert_null(slice_from(slice_of(NULL), 0).p);
    assert_null(slice_from(slice_of(NULL), 9).p);
    expect(slice_upto(S("abc"), 2), S("ab"), "up to");
    expect(slice_upto(S("abc"), 9), S("abc"), "up to behind the end");
    expect(slice_trim(S(" \t\r\na b\n ")), S("a b"), "trim");
    expect(slice_trim(S(" \n")), S(""), "trim of blanks");
    expect(slice_trim(slice_of(NULL)), S(""), "trim of nothing");
    expect(slice_trim(S("\0")), S("\0"), "NUL is no blank");
}

static void words_are_cut(void **state)
{
    (void)state;
    struct slice rest = S("  one\ttwo  three "), word;
    assert_true(slice_word(&rest, &word));
    expect(word, S("one"), "first");
    assert_true(slice_word(&rest, &word));
    expect(word, S("two"), "second");
    assert_true(slice_word(&rest, &word));
    expect(word, S("three"), "third");
    assert_false(slice_word(&rest, &word));
    rest = slice_of(NULL);
    assert_false(slice_word(&rest, &word));
}

static void parts_are_cut(void **state)
{
    (void)state;
    struct slice rest = S("a,,b,"), part;
    const struct slice wanted[] = {S("a"), S(""), S("b"), S("")};
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_true(slice_split(&rest, ',', &part));
        expect(part, wanted[i], "part");
    }
    assert_false(slice_split(&rest, ',', &part));
    rest = S("");
    assert_true(slice_split(&rest, ',', &part));
    assert_int_equal(part.n, 0);
    assert_false(slice_split(&rest, ',', &part));
}

static const struct {
    const char *text;
    uint64_t max;
    bool ok;
    uint64_t value;
} numbers[] = {
    {"0", 9, true, 0},
    {"10", 10, true, 10},
    {"11", 10, false, 0},
    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
    {"18446744073709551616", UINT64_MAX, false, 0},
    {"99999999999999999999999", UINT64_MAX, false, 0},
    {"5", 4, false, 0},
    {"00", 9, false, 0},
    {"01", 9, false, 0},
    {"", 9, false, 0},
    {"-1", 9, false, 0},
    {"+1", 9, false, 0},
    {" 1", 9, false, 0},
    {"1 ", 9, false, 0},
    {"1.0", 9, false, 0},
    {"0x1", 99, false, 0},
    {"1e1", 99, false, 0},
};

static void numbers_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        uint64_t v = 77;
        bool ok = slice_to_uint(slice_of(numbers[i].text), numbers[i].max, &v);
        if (ok != numbers[i].ok || v != (ok ? numbers[i].value : 77))
            fail_msg("\"%s\"", numbers[i].text);
    }
    uint64_t v;
    assert_false(slice_to_uint(S("1\0"), 9, &v));
}

/* Arenas. */

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena a = {0};
    for (size_t size = 0; size < 200; size++) {
        uint8_t *p = arena_alloc(&a, size);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xaa, size);
    }
    arena_free(&a);
    assert_null(a.head);
}

static void memory_after_a_mark_goes(void **state)
{
    (void)state;
    struct arena a = {0};
    uint8_t *kept = arena_alloc(&a, 100);
    memset(kept, 0x5a, 100);
    struct arena_mark mark = arena_mark(&a);
    uint8_t *first = arena_alloc(&a, 100);
    memset(first, 0xff, 100);
    for (int i = 0; i < 50; i++)
        arena_alloc(&a, 10000);
    uint8_t *large = arena_alloc(&a, 1 << 20);
    large[(1 << 20) - 1] = 1;
    arena_reset(&a, mark);
    uint8_t *again = arena_alloc(&a, 100);
    assert_ptr_equal(again, first);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(again[i], 0);
        assert_int_equal(kept[i], 0x5a);
    }
    arena_free(&a);
}

static void lists_grow(void **state)
{
    (void)state;
    struct arena a = {0};
    LIST_OF(int) list = {0};
    for (int i = 0; i < 1000; i++) {
        int *item = LIST_ADD(&a, &list);
        assert_int_equal(*item, 0);
        *item = i;
    }
    assert_int_equal(list.count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(list.items[i], i);
    arena_free(&a);
}

static void copies_and_formats(void **state)
{
    (void)state;
    struct arena a = {0};
    volatile struct slice unknown = {NULL, 0}; /* gcc would warn of what glibc allows */
    struct slice nothing = unknown;
    struct slice copy = arena_copy(&a, S("a\0b"));
    expect(copy, S("a\0b"), "copy");
    assert_int_equal(copy.p[3], 0);
    copy = arena_copy(&a, slice_of(NULL));
    assert_non_null(copy.p);
    expect(copy, S(""), "copy of nothing");
    expect(arena_format(&a, "%s %d", "n", -5), S("n -5"), "format");
    expect(arena_format(&a, "%.*s|", SLICE_ARGS(nothing)), S("|"), "format of nothing");
    arena_free(&a);
}

/* How a process ends that asks for so much. */
static int exit_code_of(size_t count, size_t size)
{
    pid_t child = fork();
    if (child == 0) {
        struct arena a = {0};
        if (!freopen("/dev/null", "w", stderr))
            _exit(9);
        arena_array(&a, count, size);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void exhaustion_is_exit_code_2(void **state)
{
    (void)state;
    volatile size_t much = SIZE_MAX; /* not known to the compiler, which would warn */
    assert_int_equal(exit_code_of(much / 2, 3), 2);
    assert_int_equal(exit_code_of(much - 3, 1), 2);
    assert_int_equal(exit_code_of(much / 16, 15), 2);
    assert_int_equal(exit_code_of(10, 10), 0);
}

static void the_first_fault_stays(void **state)
{
    (void)state;
    struct fault f = {""};
    assert_int_equal(fault_set(&f, RC_DENIED, "first %d", 1), RC_DENIED);
    assert_int_equal(fault_set(&f, RC_FAULT, "second"), RC_FAULT);
    assert_string_equal(f.text, "first 1");
    assert_int_equal(fault_set(NULL, RC_INVALID, "nobody listens"), RC_INVALID);
    struct fault cut = {""};
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(fault_set(&cut, RC_FAULT, "%s", text), RC_FAULT);
    assert_int_equal(strlen(cut.text), sizeof cut.text - 1);
}

/* Escapes. */

static const struct {
    const char *name;
    struct slice in, out;
} escapes[] = {
    {"plain", S("a b~!"), S("a b~!")},
    {"backslash", S("a\\b"), S("a\\5cb")},
    {"NUL", S("a\0b"), S("a\\00b")},
    {"newline and tab", S("\n\t"), S("\\0a\\09")},
    {"escape sequence", S("\x1b[31m"), S("\\1b[31m")},
    {"delete", S("\x7f"), S("\\7f")},
    {"two octets", S("\xc3\xa4"), S("\xc3\xa4")},
    {"four octets", S("\xf0\x9f\x98\x80"), S("\xf0\x9f\x98\x80")},
    {"a control of C1", S("\xc2\x85"), S("\\c2\\85")},
    {"not UTF-8", S("\xff\xfe"), S("\\ff\\fe")},
    {"a lone continuation", S("\x80z"), S("\\80z")},
    {"cut short", S("z\xe2\x82"), S("z\\e2\\82")},
    {"overlong", S("\xc0\xaf"), S("\\c0\\af")},
    {"overlong of three", S("\xe0\x80\xaf"), S("\\e0\\80\\af")},
    {"surrogate", S("\xed\xa0\x80"), S("\\ed\\a0\\80")},
    {"above Unicode", S("\xf4\x90\x80\x80"), S("\\f4\\90\\80\\80")},
    {"right-to-left override", S("\xe2\x80\xae"), S("\\e2\\80\\ae")},
    {"line separator", S("\xe2\x80\xa8"), S("\\e2\\80\\a8")},
    {"isolates", S("\xe2\x81\xa6"), S("\\e2\\81\\a6")},
    {"soft hyphen", S("\xc2\xad"), S("\\c2\\ad")},
    {"zero width", S("\xe2\x80\x8b"), S("\\e2\\80\\8b")},
    {"byte order mark", S("\xef\xbb\xbf"), S("\\ef\\bb\\bf")},
    {"tag characters", S("\xf3\xa0\x81\x81"), S("\\f3\\a0\\81\\81")},
};

/* Of a text whose backslashes are escapes. */
static const struct {
    const char *name;
    struct slice in, out;
} rests[] = {
    {"plain", S("cn=a b,dc=x"), S("cn=a b,dc=x")},
    {"pairs of hexadecimal digits", S("\\2c\\5C\\00"), S("\\2c\\5C\\00")},
    {"pairs of characters", S("\\,\\\\\\ \\#\\\""), S("\\,\\\\\\ \\#\\\"")},
    {"a backslash, then digits", S("\\\\2c"), S("\\\\2c")},
    {"control characters", S("a\x01\n"), S("a\\01\\0a")},
    {"NUL", S("a\0\\\0"), S("a\\00\\5c\\00")},
    {"right-to-left override", S("\xe2\x80\xae"), S("\\e2\\80\\ae")},
    {"not UTF-8", S("\xff"), S("\\ff")},
    {"UTF-8", S("\xc3\xbc"), S("\xc3\xbc")},
    {"no escape", S("\\q\\2"), S("\\5cq\\5c2")},
    {"no escape before what is escaped", S("\\\n"), S("\\5c\\0a")},
    {"at the end", S("a\\"), S("a\\5c")},
};

static void escapes_of_the_rest(void **state)
{
    (void)state;
    struct arena a = {0};
    for (size_t i = 0; i < COUNT(rests); i++) {
        struct slice once = escape_rest(&a, rests[i].in, 100);
        expect(once, rests[i].out, rests[i].name);
        expect(escape_rest(&a, once, 100), once, "twice");
    }
    for (size_t i = 0; i < COUNT(escapes); i++)
        expect(escape_rest(&a, escapes[i].out, 100), escapes[i].out, escapes[i].name);
    uint8_t out[8];
    expect(slice_make(out, escape_rest_write(S("abc\\2cdefgh"), out, sizeof out)), S("abc..."), "cut whole");
    arena_free(&a);
}

static void escapes_are_written(void **state)
{
    (void)state;
    struct arena a = {0};
    for (size_t i = 0; i < COUNT(escapes); i++)
        expect(escape_text(&a, escapes[i].in, 100), escapes[i].out, escapes[i].name);
    uint8_t out[16];
    expect(slice_make(out, escape_write(S("a,b=c"), ",=", out, sizeof out)), S("a\\2cb\\3dc"), "also");
    arena_free(&a);
}

/* What is written at once is what is written octet by octet, wherever the room ends. */
static void escapes_in_runs(void **state)
{
    (void)state;
    static const uint8_t some[] = {'a', ' ', '~', 0x7f, 0x1f, '\\', ',', 0, 0xc3, 0xa9, 'z'};
    for (unsigned round = 0, seed = 1; round < 20000; round++) {
        uint8_t text[12], once[64], pieces[64], piece[12];
        size_t n = round % (sizeof text + 1), room = round / 7 % 40, written = 0, safe = 0;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = seed & 1u << 30 ? 'b' : some[(seed >> 8) % sizeof some];
        }
        for (size_t i = 0, taken; i < n; i += taken) {
            taken = i + 1 < n && text[i] == 0xc3 && text[i + 1] == 0xa9 ? 2 : 1;
            size_t m = escape_write(slice_make(text + i, taken), ",", piece, sizeof piece);
            bool fits = written + m <= room;
            memcpy(pieces + (fits ? written : safe), fits ? (const char *)piece : "...", fits ? m : 3);
            written = fits ? written + m : room < 3 ? 0 : safe + 3;
            if (!fits)
                break;
            safe = written + 3 <= room ? written : safe;
        }
        size_t got = escape_write(slice_make(text, n), ",", once, room);
        expect(slice_make(once, got), slice_make(pieces, written), "in runs");
    }
}

/* Never half an escape, never half a character, never more than there is room for, and UTF-8 all the way. */
static void escapes_are_cut_whole(void **state)
{
    (void)state;
    static const struct slice texts[] = {S("abcdefghijkl"), S("\xff\xff\xff\xff"),
                                         S("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"),
                                         S("a\xf0\x9f\x98\x80\x01\xf0\x9f\x98\x80")};
    for (size_t t = 0; t < COUNT(texts); t++) {
        uint8_t whole[64];
        size_t full = escape_write(texts[t], "", whole, sizeof whole);
        for (size_t room = 0; room <= full; room++) {
            uint8_t *out = malloc(room + 1); /* so that one octet too many is seen */
            assert_non_null(out);
            size_t n = escape_write(texts[t], "", out, room);
            assert_true(n <= room);
            uint32_t code;
            for (struct slice s = slice_make(out, n); s.n; s = slice_from(s, utf8_read(s, &code)))
                assert_true(utf8_read(s, &code) > 0);
            if (room < full && n) {
                assert_true(n >= 3);
                expect(slice_make(out + n - 3, 3), S("..."), "tail");
                assert_memory_equal(out, whole, n - 3);
            }
            free(out);
        }
    }
}

static void utf8_is_read(void **state)
{
    (void)state;
    uint32_t code = 0;
    assert_int_equal(utf8_read(S(""), &code), 0);
    assert_int_equal(utf8_read(S("\xe2\x82\xac!"), &code), 3);
    assert_int_equal(code, 0x20ac);
    assert_int_equal(utf8_read(S("\xf4\x8f\xbf\xbf"), &code), 4);
    assert_int_equal(code, 0x10ffff);
    assert_int_equal(utf8_read(S("\0"), &code), 1);
    assert_int_equal(code, 0);
    assert_int_equal(utf8_read(S("\xf5\x80\x80\x80"), &code), 0);
    assert_int_equal(utf8_read(S("\xc1\xbf"), &code), 0);
}

/* Times. */

static const struct {
    const char *text;
    bool ok;
    int64_t at_utc;
} times[] = {
    {"19700101000000Z", true, 0},
    {"20240229120000Z", true, 1709208000},
    {"20380119031408Z", true, 2147483648},
    {"19691231235959Z", true, -1},
    {"00000101000000Z", true, -62167219200},
    {"99991231235959Z", true, 253402300799},
    {"202402291200Z", true, 1709208000},
    {"20240229120000.999Z", true, 1709208000},
    {"20240229120000,5Z", true, 1709208000},
    {"20240229130000+0100", true, 1709208000},
    {"20240229063000-0530", true, 1709208000},
    {"2024022912Z", true, 1709208000},
    {"2024022913+01", true, 1709208000},
    {"2024022907-05", true, 1709208000},
    {"20240229120000+00", true, 1709208000},
    {"2024022911.5Z", true, 1709206200},
    {"2024022911,999999999999999999Z", true, 1709207999},
    {"2024022911.0002777Z", true, 1709204400},
    {"2024022911.00027778Z", true, 1709204401},
    {"202402291159.25-0000", true, 1709207955},
    {"20240229115960Z", true, 1709208000},
    {"20240229115960.9Z", true, 1709208000},
    {"19981231235960Z", true, 915148800},
    {"20230229120000Z", false, 0},
    {"20240101Z", false, 0},
    {"2024010124Z", false, 0},
    {"2024010112.Z", false, 0},
    {"202401011Z", false, 0},
    {"20240101120Z", false, 0},
    {"20240101000000+010", false, 0},
    {"20240101000000+01000", false, 0},
    {"20240101000000+24", false, 0},
    {"20240101000000+0160", false, 0},
    {"20240101000000+", false, 0},
    {"21000229120000Z", false, 0},
    {"20240230120000Z", false, 0},
    {"20241301000000Z", false, 0},
    {"20240001000000Z", false, 0},
    {"20240100000000Z", false, 0},
    {"20240101240000Z", false, 0},
    {"20240101006000Z", false, 0},
    {"20240101000061Z", false, 0},
    {"20240101000099Z", false, 0},
    {"20240101000000", false, 0},
    {"20240101000000z", false, 0},
    {"20240101000000ZZ", false, 0},
    {"20240101000000.Z", false, 0},
    {"2024010100000Z", false, 0},
    {"20240101000000+1", false, 0},
    {"20240101000000+2400", false, 0},
    {"240101000000Z", false, 0},
    {"-0240101000000Z", false, 0},
    {"2024-01-01", false, 0},
    {" 20240101000000Z", false, 0},
    {"", false, 0},
    {"never", false, 0},
};

static void times_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(times); i++) {
        int64_t at_utc = 7;
        bool ok = gentime_read(slice_of(times[i].text), &at_utc);
        if (ok != times[i].ok || at_utc != (ok ? times[i].at_utc : 7))
            fail_msg("\"%s\": %d, %lld", times[i].text, ok, (long long)at_utc);
    }
    int64_t at_utc;
    assert_false(gentime_read(S("20240101000000\0Z"), &at_utc));
}

/* Against the C library's calendar, over all the years, in steps that meet every month and the ends of days. */
static void times_agree_with_the_calendar(void **state)
{
    (void)state;
    for (int64_t t = -62167219200; t <= 253402300799; t += 86400 * 13 + 86399) {
        time_t clock = (time_t)t;
        struct tm fields;
        char text[80];
        uint8_t ours[GENTIME_LEN];
        int64_t back;
        assert_non_null(gmtime_r(&clock, &fields));
        snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02dZ", fields.tm_year + 1900, fields.tm_mon + 1,
                 fields.tm_mday, fields.tm_hour, fields.tm_min, fields.tm_sec);
        gentime_write(t, ours);
        assert_memory_equal(ours, text, GENTIME_LEN);
        assert_true(gentime_read(slice_make(ours, GENTIME_LEN), &back));
        assert_true(back == t);
    }
}

static void times_out_of_range_are_cut(void **state)
{
    (void)state;
    uint8_t text[GENTIME_LEN];
    gentime_write(INT64_MIN, text);
    assert_memory_equal(text, "00000101000000Z", GENTIME_LEN);
    gentime_write(INT64_MAX, text);
    assert_memory_equal(text, "99991231235959Z", GENTIME_LEN);
}

/* Hexadecimal and digests. */

static void hexadecimal(void **state)
{
    (void)state;
    uint8_t out[8];
    hex_write(S("\x00\xff\x1a\x80"), out);
    assert_memory_equal(out, "00ff1a80", 8);
    assert_true(hex_is(S("00ff"), 2));
    assert_false(hex_is(S("00fF"), 2));
    assert_false(hex_is(S("00ff"), 1));
    assert_false(hex_is(S("00f"), 1));
    assert_false(hex_is(S("00fg"), 2));
    assert_false(hex_is(S("00\0f"), 2));
    assert_int_equal(hex_digit('f'), 15);
    assert_int_equal(hex_digit('F'), 15);
    assert_int_equal(hex_digit('9'), 9);
    assert_int_equal(hex_digit('g'), -1);
    assert_int_equal(hex_digit('/'), -1);
    assert_int_equal(hex_digit(':'), -1);
    assert_int_equal(hex_digit('@'), -1);
    assert_int_equal(hex_digit(0), -1);
}

/* @source NIST's examples for FIPS 180-4 */
static void digests(void **state)
{
    (void)state;
    static const struct {
        struct slice of;
        const char *hex;
    } vectors[] = {
        {S(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {S("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {S("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < COUNT(vectors); i++) {
        struct digest d = digest_of(vectors[i].of), back;
        uint8_t hex[DIGEST_HEX];
        digest_to_hex(&d, hex);
        expect(slice_make(hex, DIGEST_HEX), slice_of(vectors[i].hex), "digest");
        assert_true(digest_from_hex(slice_make(hex, DIGEST_HEX), &back));
        assert_true(digest_eq(&d, &back));
        assert_false(digest_from_hex(slice_make(hex, DIGEST_HEX - 1), &back));
        hex[5] = 'G';
        assert_false(digest_from_hex(slice_make(hex, DIGEST_HEX), &back));
        hex[5] = 'B';
        assert_false(digest_from_hex(slice_make(hex, DIGEST_HEX), &back));
    }
    struct digest none = digest_of(slice_of(NULL)), empty = digest_of(S(""));
    assert_true(digest_eq(&none, &empty));
}

/* Distinguished names. */

static const struct {
    struct slice text;
    bool ok;
} names[] = {
    {S(""), true},
    {S("cn=a"), true},
    {S("cn=a,dc=example,dc=com"), true},
    {S(" cn = a , dc=b "), true},
    {S("cn=a;dc=b"), true},
    {S("2.5.4.3=a"), true},
    {S("cn=a+sn=b,dc=c"), true},
    {S("cn=a\\,b,dc=c"), true},
    {S("cn=a\\2cb"), true},
    {S("cn=\"a,b\",dc=c"), true},
    {S("cn=,dc=c"), true},
    {S("cn=#0401ff"), true},
    {S("cn=\xc3\xa4"), true},
    {S("a"), false},
    {S("=a"), false},
    {S("cn=a,"), false},
    {S(",cn=a"), false},
    {S("cn=a,,dc=b"), false},
    {S("cn=a\\"), false},
    {S("cn=a\\2"), false},
    {S("cn=a\\2x"), false},
    {S("cn=\"a"), false},
    {S("c n=a"), false},
    {S("c_n=a"), false},
    {S("cn=a\0b"), false},
    {S("c\0n=a"), false},
    {S("cn=a,dc"), false},
};

static void names_are_looked_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        if (dn_ok(names[i].text) != names[i].ok)
            fail_msg("\"%.*s\"", SLICE_ARGS(names[i].text));
}

static void names_are_cut_and_joined(void **state)
{
    (void)state;
    struct arena a = {0};
    expect(dn_parent(S("cn=a,dc=b,dc=c")), S("dc=b,dc=c"), "parent");
    expect(dn_parent(S("cn=a\\,x, dc=b")), S("dc=b"), "escaped comma");
    expect(dn_parent(S("cn=\"a,x\",dc=b")), S("dc=b"), "quoted comma");
    expect(dn_parent(S("cn=a")), S(""), "no parent");
    expect(dn_parent(S("")), S(""), "no name");
    expect(dn_first_rdn(S("cn=a\\,x,dc=b")), S("cn=a\\,x"), "first");
    expect(dn_first_rdn(S("cn=a\\")), S("cn=a\\"), "a backslash at the end");
    expect(dn_child(&a, "cn", S("x"), S("dc=b")), S("cn=x,dc=b"), "child");
    arena_free(&a);
}

static const struct {
    const char *dn, *above;
    bool may;
} within[] = {
    {"cn=a,dc=b,dc=c", "dc=b,dc=c", true},
    {"dc=b,dc=c", "dc=b,dc=c", true},
    {"dc=c", "dc=b,dc=c", false},
    {"cn=a,dc=x,dc=c", "dc=b,dc=c", false},
    {"cn=a,dc=b,dc=x", "dc=b,dc=c", false},
    {"CN=A,DC=B,DC=C", "dc=b,dc=c", true},
    {"cn=a, dc = b , dc=c", "dc=b,dc=c", true},
    {"cn=a,ou=two  words,dc=c", "ou=two words,dc=c", true},
    {"cn=a,ou=twowords,dc=c", "ou=two words,dc=c", false},
    {"cn=a,domainComponent=b,dc=c", "dc=b,dc=c", true},
    {"cn=a,dc=\\62,dc=c", "dc=b,dc=c", true},             /* \62 is b */
    {"cn=a,dc=\xc3\xa4,dc=c", "dc=a\xcc\x88,dc=c", true}, /* one letter in two forms */
    {"cn=a,ou=b+l=c,dc=c", "l=c+ou=b,dc=c", true},
    {"anything", "", true},
    {"", "", true},
    {"", "dc=c", false},
};

static void names_may_be_within(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(within); i++)
        if (dn_may_be_within(slice_of(within[i].dn), slice_of(within[i].above)) != within[i].may)
            fail_msg("\"%s\" in \"%s\"", within[i].dn, within[i].above);
}

/* DER. */

static const struct {
    const char *name;
    struct slice octets;
    bool ok;
    size_t content, rest;
} elements[] = {
    {"an INTEGER", S("\x02\x01\x05"), true, 1, 0},
    {"octets after it", S("\x02\x01\x05\x05\x00"), true, 1, 2},
    {"no content", S("\x05\x00"), true, 0, 0},
    {"nothing", S(""), false, 0, 0},
    {"a tag alone", S("\x02"), false, 0, 0},
    {"content that is cut", S("\x02\x02\x05"), false, 0, 0},
    {"the indefinite length", S("\x30\x80\x00\x00"), false, 0, 0},
    {"a long length of a short", S("\x04\x81\x01\x00"), false, 0, 0},
    {"a length with a leading zero", S("\x04\x82\x00\x81\x00"), false, 0, 0},
    {"five octets of length", S("\x04\x85\x01\x00\x00\x00\x00"), false, 0, 0},
    {"the reserved length", S("\x04\xff\x00"), false, 0, 0},
    {"a length that is cut", S("\x04\x82\x01"), false, 0, 0},
    {"a length beyond the end", S("\x04\x84\xff\xff\xff\xff\x00"), false, 0, 0},
    {"a high tag number", S("\x1f\x81\x01\x00"), false, 0, 0},
};

static void elements_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(elements); i++) {
        struct slice cursor = elements[i].octets;
        struct der_element e;
        bool ok = der_next(&cursor, &e);
        if (ok != elements[i].ok || cursor.n != (ok ? elements[i].rest : elements[i].octets.n) ||
            (ok && (e.content.n != elements[i].content || e.whole.n + cursor.n != elements[i].octets.n)))
            fail_msg("%s", elements[i].name);
    }
    uint8_t *large = calloc(1, 4 + 300);
    assert_non_null(large);
    memcpy(large, "\x04\x82\x01\x2c", 4);
    struct slice cursor = slice_make(large, 304);
    struct der_element e;
    assert_false(der_expect(&cursor, DER_NULL, &e));
    assert_int_equal(cursor.n, 304);
    assert_true(der_expect(&cursor, DER_OCTET_STRING, &e));
    assert_int_equal(e.content.n, 300);
    assert_int_equal(cursor.n, 0);
    free(large);
}

static void primitives_in_shortest_form(void **state)
{
    (void)state;
    assert_true(der_integer_ok(S("\x00")));
    assert_true(der_integer_ok(S("\x00\x80")));
    assert_true(der_integer_ok(S("\xff\x7f")));
    assert_false(der_integer_ok(S("")));
    assert_false(der_integer_ok(S("\x00\x7f")));
    assert_false(der_integer_ok(S("\xff\x80")));
    bool value = false;
    assert_true(der_boolean_ok(S("\xff"), &value) && value);
    assert_true(der_boolean_ok(S("\x00"), &value) && !value);
    assert_false(der_boolean_ok(S("\x01"), &value));
    assert_false(der_boolean_ok(S(""), &value));
    assert_false(der_boolean_ok(S("\xff\xff"), &value));
}

static const struct {
    struct slice content;
    const char *text;
} oids[] = {
    {S("\x55\x04\x03"), "2.5.4.3"},
    {S("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), "1.2.840.113549.1.1.11"},
    {S("\x00"), "0.0"},
    {S("\x27"), "0.39"},
    {S("\x4f"), "1.39"},
    {S("\x88\x37"), "2.999"},
    {S("\x69\x81\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), "2.25.18446744073709551615"},
    {S("\x69\x82\x80\x80\x80\x80\x80\x80\x80\x80\x00"), "?"}, /* 2^64 */
    {S(""), "?"},
    {S("\x55\x80\x03"), "?"},
    {S("\x80\x01"), "?"},
    {S("\x55\x84"), "?"},
};

/* 0x80 at each place of identifiers of each length, in an arc that is open and at the beginning of one. */
static void oids_have_whole_arcs(void **state)
{
    (void)state;
    for (size_t n = 1; n < 20; n++)
        for (size_t i = 0; i < n; i++) {
            uint8_t oid[20];
            memset(oid, 0x2b, n);
            oid[i] = 0x80;
            assert_false(der_oid_ok(slice_make(oid, n)));
            if (i)
                oid[i - 1] = 0x81;
            assert_int_equal(der_oid_ok(slice_make(oid, n)), i > 0 && i < n - 1);
        }
}

static void oids_are_written(void **state)
{
    (void)state;
    char out[64];
    for (size_t i = 0; i < COUNT(oids); i++) {
        size_t n = der_oid_write(oids[i].content, out, sizeof out);
        expect(slice_make(out, n), slice_of(oids[i].text), "OID");
    }
    for (size_t room = 0; room < 7; room++)
        expect(slice_make(out, der_oid_write(oids[0].content, out, room)), slice_upto(S("?"), room), "no room");
    expect(slice_make(out, der_oid_write(oids[0].content, out, 7)), S("2.5.4.3"), "just room");
}

/* A-labels. */

static const struct {
    struct slice name;
    const char *ascii; /* "": it has none */
} labels[] = {
    {S("example.com"), "example.com"},
    {S("b\xc3\xbc"
       "cher.example"),
     "xn--bcher-kva.example"},
    {S("B\xc3\x9c"
       "CHER.example"),
     "xn--bcher-kva.example"},
    {S("bu\xcc\x88"
       "cher.example"),
     "xn--bcher-kva.example"},
    {S("stra\xc3\x9f"
       "e.example"),
     "xn--strae-oqa.example"},
    {S("\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88"), "xn--r8jz45g.xn--zckzah"},
    {S("\xef\xbd\x88\xef\xbc\x91.example"), "h1.example"},
    {S("a\0b"), ""},
    {S("\xff\xfe"), ""},
    {S(""), ""},
    {S("b\xc3\xbc\xe2\x80\xae.example"), ""},
    {S("h1\xc2\xad.example"), ""},     /* a soft hyphen */
    {S("\xef\xbb\xbfh1.example"), ""}, /* a byte order mark */
};

static void labels_are_converted(void **state)
{
    (void)state;
    uint8_t out[IDN_ROOM];
    for (size_t i = 0; i < COUNT(labels); i++)
        expect(slice_make(out, idn_to_ascii(labels[i].name, out)), slice_of(labels[i].ascii), "A-label");
    char long_label[80] = "";
    memset(long_label, 'a', 64);
    assert_int_equal(idn_to_ascii(slice_of(long_label), out), 0);
    char long_name[5000];
    memset(long_name, 'a', sizeof long_name);
    assert_int_equal(idn_to_ascii(slice_make(long_name, sizeof long_name), out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare),
        cmocka_unit_test(slices_are_plain),
        cmocka_unit_test(slices_are_cut),
        cmocka_unit_test(words_are_cut),
        cmocka_unit_test(parts_are_cut),
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(memory_after_a_mark_goes),
        cmocka_unit_test(lists_grow),
        cmocka_unit_test(copies_and_formats),
        cmocka_unit_test(exhaustion_is_exit_code_2),
        cmocka_unit_test(the_first_fault_stays),
        cmocka_unit_test(escapes_are_written),
        cmocka_unit_test(escapes_are_cut_whole),
        cmocka_unit_test(escapes_in_runs),
        cmocka_unit_test(escapes_of_the_rest),
        cmocka_unit_test(utf8_is_read),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(times_agree_with_the_calendar),
        cmocka_unit_test(times_out_of_range_are_cut),
        cmocka_unit_test(hexadecimal),
        cmocka_unit_test(digests),
        cmocka_unit_test(names_are_looked_at),
        cmocka_unit_test(names_are_cut_and_joined),
        cmocka_unit_test(names_may_be_within),
        cmocka_unit_test(elements_are_taken),
        cmocka_unit_test(primitives_in_shortest_form),
        cmocka_unit_test(oids_have_whole_arcs),
        cmocka_unit_test(oids_are_written),
        cmocka_unit_test(labels_are_converted),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
