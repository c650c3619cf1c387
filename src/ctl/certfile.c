/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/certfile.h"

#include "base/base64.h"
#include "base/der.h"

/*
 * A certificate takes more than 127 octets, so its length does not fit into one; and such an octet follows a "0" in no
 * text.  A name within a certificate may well look like a line of PEM, so this is asked first.
 */
static bool looks_like_der(struct slice octets)
{
    return octets.n >= 2 && octets.p[0] == DER_SEQUENCE && octets.p[1] >= 0x80 && octets.p[1] <= 0x84;
}

/* Nothing but elements that begin as a certificate does: several of them, rather than one with octets behind it. */
static bool is_row_of_certificates(struct slice octets)
{
    struct der_element e;
    size_t count = 0;
    for (; octets.n; count++)
        if (!looks_like_der(octets) || !der_expect(&octets, DER_SEQUENCE, &e) || !looks_like_der(e.content))
            return false;
    return count > 1;
}

static void read_der(struct arena *a, struct slice octets, certfile_list *list)
{
    struct der_element e;
    if (!is_row_of_certificates(octets)) {
        *LIST_ADD(a, list) = (struct certfile_item){.der = octets};
        return;
    }
    while (octets.n && der_next(&octets, &e))
        *LIST_ADD(a, list) = (struct certfile_item){.der = e.whole};
}

/* PEM. */

/* "-----<word> <label>-----" alone on its line, blanks around it allowed. */
static bool is_boundary(struct slice line, const char *word, struct slice *label)
{
    const struct slice dashes = SLICE_LITERAL("-----"), name = slice_of(word);
    struct slice text = slice_trim(line);
    if (!slice_starts(text, dashes) || !slice_starts(slice_from(text, dashes.n), name))
        return false;
    text = slice_from(text, dashes.n + name.n);
    if (text.n < dashes.n || !slice_eq(slice_from(text, text.n - dashes.n), dashes))
        return false;
    *label = slice_trim(slice_upto(text, text.n - dashes.n));
    return true;
}

static bool names_certificate(struct slice label)
{
    return slice_eq(label, SLICE_LITERAL("CERTIFICATE")) || slice_eq(label, SLICE_LITERAL("X509 CERTIFICATE")) ||
           slice_eq(label, SLICE_LITERAL("TRUSTED CERTIFICATE"));
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* OpenSSL's TRUSTED CERTIFICATE has what it is trusted for behind the certificate. */
static struct certfile_item decode(struct arena *a, struct slice label, struct slice body)
{
    uint8_t *text = arena_alloc(a, body.n + 1);
    size_t n = 0;
    struct slice octets;
    struct der_element e;
    for (size_t i = 0; i < body.n; i++)
        if (!is_blank(body.p[i]))
            text[n++] = body.p[i];
    if (!base64_read(a, slice_make(text, n), &octets))
        return (struct certfile_item){.broken = "PEM block: RFC 7468 section 3: what stands in it is not base64"};
    struct slice rest = octets;
    bool trusted = slice_eq(label, SLICE_LITERAL("TRUSTED CERTIFICATE"));
    return (struct certfile_item){.der = trusted && der_next(&rest, &e) ? e.whole : octets};
}

/* Reads on from behind the line that begins a block; a block that does not end ends where the next one begins. */
static struct certfile_item read_block(struct arena *a, struct slice label, struct slice *rest)
{
    const uint8_t *body = rest->p;
    struct slice line, other;
    for (struct slice next = *rest; slice_split(&next, '\n', &line); *rest = next) {
        if (is_boundary(line, "BEGIN ", &other))
            break;
        if (!is_boundary(line, "END ", &other))
            continue;
        *rest = next;
        if (!slice_eq(label, other))
            break;
        return decode(a, label, slice_make(body, (size_t)(line.p - body)));
    }
    return (struct certfile_item){.broken = "PEM block: RFC 7468 section 2: it has no END of its own"};
}

static bool read_pem(struct arena *a, struct slice octets, certfile_list *list)
{
    bool found = false;
    struct slice line, label;
    while (slice_split(&octets, '\n', &line)) {
        if (!is_boundary(line, "BEGIN ", &label))
            continue;
        found = true;
        if (names_certificate(label))
            *LIST_ADD(a, list) = read_block(a, label, &octets);
    }
    if (found && list->count == 0)
        *LIST_ADD(a, list) =
            (struct certfile_item){.broken = "PEM file: RFC 7468 section 5: none of its blocks is a certificate"};
    return found;
}

certfile_list certfile_read(struct arena *a, struct slice octets)
{
    certfile_list list = {0};
    if (looks_like_der(octets) || !read_pem(a, octets, &list))
        read_der(a, octets, &list);
    return list;
}
