/* SPDX-License-Identifier: Apache-2.0 */
/* A distinguished name as an administrator writes it, a newline, and a Name as a certificate holds it. */
#include "fuzz/fuzz.h"

#include "base/der.h"
#include "core/name.h"
#include "core/name_match.h"
#include "x509/name.h"

enum { SHOWN_MOST = 64 * 1024 };

static void expect_sound(const struct name_values *values)
{
    PROMISE(values->count > 0 && values->count <= NAME_VALUES_MOST);
    PROMISE(!values->items[0].joined);
    for (size_t i = 0; i < values->count; i++) {
        PROMISE(der_oid_ok(values->items[i].type));
        PROMISE(values->items[i].octets.n <= NAME_VALUE_OCTETS);
    }
}

/* The letters of ASCII as small ones where they are capital, and the other way round. */
static struct slice other_case(struct arena *a, struct slice text)
{
    uint8_t *out = arena_alloc(a, text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        uint8_t lower = text.p[i] | 0x20;
        out[i] = lower >= 'a' && lower <= 'z' ? text.p[i] ^ 0x20 : text.p[i];
    }
    return slice_make(out, text.n);
}

static bool is_plain_type(uint8_t tag)
{
    return tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_IA5_STRING;
}

/* A Name of the string types of today, with few enough values, none of them long, and no RDN without attributes. */
static bool is_plain(struct slice name)
{
    struct der_element sequence, rdn, pair, type, value;
    struct name read;
    size_t values = 0;
    if (!der_expect(&name, DER_SEQUENCE, &sequence) || name.n)
        return false;
    name_read(sequence.content, NULL, &read);
    if (read.flaw != NAME_FINE)
        return false;
    for (struct slice rdns = sequence.content; der_next(&rdns, &rdn);) {
        size_t pairs = 0;
        for (struct slice rest = rdn.content; der_next(&rest, &pair); values++, pairs++) {
            struct slice parts = pair.content;
            if (!der_next(&parts, &type) || !der_next(&parts, &value) || !is_plain_type(value.tag) ||
                value.content.n > NAME_VALUE_OCTETS)
                return false;
        }
        if (pairs > NAME_RDN_MOST)
            return false;
    }
    return values > 0 && values <= NAME_VALUES_MOST;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct slice name = slice_make(data, size), text = fuzz_part(&name, '\n');
    struct name_values values;
    bool compiles = name_compile(&a, text, &values);
    PROMISE(compiles == name_parse_ok(text));
    bool equal = name_equals_text(&a, name, text);
    if (compiles) {
        expect_sound(&values);
        PROMISE(equal == name_equals(name, &values));
    } else {
        PROMISE(!equal);
    }
    PROMISE(equal == name_equals_text(&a, name, other_case(&a, text)));
    struct slice shown = name_text(&a, name, SHOWN_MOST);
    PROMISE(shown.n <= SHOWN_MOST);
    PROMISE(fuzz_is_printable(shown));
    if (is_plain(name) && shown.n < SHOWN_MOST)
        PROMISE(name_equals_text(&a, name, shown));
    arena_free(&a);
    return 0;
}
