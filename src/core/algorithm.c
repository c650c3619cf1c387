/* SPDX-License-Identifier: Apache-2.0 */
#include "core/algorithm.h"

#include "base/buffer.h"
#include "base/hex.h"

/* Octets of an OID that are shown or compiled at most: nothing in use comes near, and the work stays bounded. */
enum { OID_MAX = 128, ARC_DIGITS = OID_MAX * 7 / 3 };

const char *algorithm_class_name(enum algorithm_class c)
{
    static const char *const names[] = {[CLASS_UNKNOWN] = "unknown",
                                        [CLASS_CLASSICAL] = "classical",
                                        [CLASS_HYBRID] = "hybrid",
                                        [CLASS_POST_QUANTUM] = "post-quantum"};
    return names[c];
}

static bool is_named(const struct algorithm *row, struct slice name)
{
    if (slice_eq_nocase(name, slice_of(row->name)))
        return true;
    struct slice rest = slice_of(row->also), word;
    while (slice_word(&rest, &word))
        if (slice_eq_nocase(name, word))
            return true;
    return false;
}

/*
 * An arc in decimal to base 128, the least first.  Returns the number of digits; 0: no number, a leading zero, or too
 * long.
 */
static size_t read_arc(struct slice text, uint8_t septets[OID_MAX])
{
    size_t n = 1;
    if (text.n == 0 || (text.n > 1 && text.p[0] == '0'))
        return 0;
    septets[0] = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return 0;
        unsigned carry = text.p[i] - '0';
        for (size_t k = 0; k < n; k++, carry >>= 7) {
            carry += septets[k] * 10u;
            septets[k] = carry & 0x7f;
        }
        if (carry && n == OID_MAX)
            return 0;
        if (carry)
            septets[n++] = (uint8_t)carry;
    }
    return n;
}

/* The second arc is counted on top of 40 for each of the first, which is 0, 1 or 2 (X.690 section 8.19.4). */
static size_t join_first_arcs(unsigned first, uint8_t septets[OID_MAX], size_t n)
{
    if (first < 2 && (n > 1 || septets[0] >= 40))
        return 0;
    unsigned carry = first * 40;
    for (size_t k = 0; k < n; k++, carry >>= 7) {
        carry += septets[k];
        septets[k] = carry & 0x7f;
    }
    if (carry && n == OID_MAX)
        return 0;
    if (carry)
        septets[n++] = (uint8_t)carry;
    return n;
}

static bool compile_dotted(struct slice text, uint8_t out[OID_MAX], size_t *written)
{
    struct slice rest = text, part;
    uint64_t first;
    if (!slice_split(&rest, '.', &part) || !slice_to_uint(part, 2, &first))
        return false;
    *written = 0;
    for (size_t arcs = 0; slice_split(&rest, '.', &part); arcs++) {
        uint8_t septets[OID_MAX];
        size_t n = read_arc(part, septets);
        if (n && arcs == 0)
            n = join_first_arcs((unsigned)first, septets, n);
        if (n == 0 || *written + n > OID_MAX)
            return false;
        while (n--)
            out[(*written)++] = (uint8_t)(septets[n] | (n ? 0x80 : 0));
    }
    return *written > 0;
}

bool algorithm_compile(struct arena *a, enum algorithm_kind kind, struct slice text, struct slice *oid)
{
    const struct algorithm *row;
    for (size_t i = 0; (row = algorithm_at(i)); i++)
        if (row->kind == kind && is_named(row, text)) {
            *oid = row->oid;
            return true;
        }
    uint8_t octets[OID_MAX];
    size_t n;
    if (!compile_dotted(text, octets, &n))
        return false;
    *oid = arena_copy(a, slice_make(octets, n));
    return true;
}

struct slice algorithm_text(struct arena *a, enum algorithm_kind kind, struct slice oid)
{
    const struct algorithm *row = algorithm_by_oid(kind, oid);
    return row ? slice_of(row->name) : oid_text(a, oid);
}

static struct slice hex_text(struct arena *a, struct slice oid)
{
    struct slice shown = slice_upto(oid, OID_MAX);
    uint8_t digits[2 * OID_MAX];
    hex_write(shown, digits);
    return arena_format(a, "#%.*s%s", (int)(2 * shown.n), (const char *)digits, shown.n < oid.n ? "..." : "");
}

/* Every arc ends, and none begins with a digit that says nothing (X.690 section 8.19.2). */
static bool is_oid(struct slice oid)
{
    if (oid.n == 0 || oid.n > OID_MAX || oid.p[oid.n - 1] & 0x80)
        return false;
    for (size_t i = 0; i < oid.n; i++)
        if (oid.p[i] == 0x80 && (i == 0 || !(oid.p[i - 1] & 0x80)))
            return false;
    return true;
}

/* Cuts the next arc off *rest and adds it in decimal, less `less`, which it must not be under. */
static void add_arc(struct buffer *out, struct slice *rest, unsigned less)
{
    uint8_t digits[ARC_DIGITS] = {0}; /* the least first */
    size_t n = 1;
    for (bool more = true; more; *rest = slice_from(*rest, 1)) {
        unsigned carry = rest->p[0] & 0x7f;
        more = rest->p[0] & 0x80;
        for (size_t k = 0; k < n || carry; k++, carry /= 10) {
            carry += digits[k] * 128u;
            digits[k] = (uint8_t)(carry % 10);
            n = k < n ? n : k + 1;
        }
    }
    for (size_t k = 1; less && k < n; k++) { /* only ever 40 or 80: nothing to take from the units */
        unsigned take = less / 10;
        less = digits[k] < take;
        digits[k] = (uint8_t)(digits[k] + (less ? 10 : 0) - take);
        less *= 10;
    }
    while (n > 1 && digits[n - 1] == 0)
        n--;
    buffer_add(out, SLICE_LITERAL("."));
    while (n--)
        buffer_format(out, "%u", (unsigned)digits[n]);
}

struct slice oid_text(struct arena *a, struct slice oid)
{
    if (!is_oid(oid))
        return hex_text(a, oid);
    struct buffer out = {.arena = a};
    unsigned first = oid.p[0] < 40 ? 0 : oid.p[0] < 80 ? 1 : 2;
    buffer_format(&out, "%u", first);
    add_arc(&out, &oid, first * 40);
    while (oid.n)
        add_arc(&out, &oid, 0);
    return buffer_slice(&out);
}
