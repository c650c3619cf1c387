/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/certificate.h"

#include "base/der.h"
#include "base/digest.h"
#include "base/escape.h"
#include "base/hex.h"
#include "ctl/table.h"
#include "x509/reader.h"

enum { NAME_MOST = 256, SERIAL_MOST = 40 };

static struct slice append(struct arena *a, struct slice all, const char *label, struct slice name)
{
    struct slice shown = escape_text(a, name, NAME_MOST);
    return arena_format(a, "%.*s, %s %.*s", SLICE_ARGS(all), label, SLICE_ARGS(shown));
}

static struct slice names_of(struct arena *a, struct slice der, const struct facts *f)
{
    uint8_t text[NAME_MOST], tag;
    size_t n;
    enum general_name kind;
    struct slice all = {NULL, 0}, value, cursor = facts_subject(der, f);
    while (facts_next_common_name(&cursor, &tag, &value))
        all =
            append(a, all, "CN",
                   facts_text(tag, value, text, sizeof text, &n) ? slice_make(text, n) : SLICE_LITERAL("(unreadable)"));
    cursor = facts_san(der, f);
    while (facts_next_name(&cursor, &kind, &value))
        if (kind == NAME_DNS)
            all = append(a, all, "dNSName", value);
    return all;
}

struct slice certificate_line(struct arena *a, struct slice der)
{
    struct facts f;
    uint8_t digest[DIGEST_HEX], serial[2 * SERIAL_MOST];
    struct digest d = digest_of(der);
    digest_to_hex(&d, digest);
    facts_read(der, &f);
    if (!f.readable)
        return arena_format(a, "not readable (%s), SHA-256 %.*s", f.malformed ? f.malformed : "?", DIGEST_HEX,
                            (const char *)digest);
    struct slice number = slice_upto(facts_slice(der, f.serial), SERIAL_MOST);
    hex_write(number, serial);
    struct slice from = time_text(a, f.not_before_utc), until = time_text(a, f.not_after_utc),
                 names = names_of(a, der, &f);
    return arena_format(a, "version %u, serial %.*s, %.*s to %.*s%.*s, SHA-256 %.*s", f.version, (int)(2 * number.n),
                        (const char *)serial, SLICE_ARGS(from), SLICE_ARGS(until), SLICE_ARGS(names), DIGEST_HEX,
                        (const char *)digest);
}

bool certificate_next(struct slice *ders, struct slice *der)
{
    struct der_element e;
    if (ders->n == 0)
        return false;
    *der = *ders;
    if (der_next(ders, &e))
        *der = e.whole;
    else
        *ders = slice_from(*ders, ders->n);
    return true;
}
