/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Octets from a server, of which entries are taken without libldap: what is taken as an entry lies in those octets, and
 * liblber reads the same from them.
 */
#include "fuzz/fuzz.h"

#include "dir/ldap_private.h"

#include <string.h>

enum { ROOM = 2048, ID = 1 };

static void expect_inside(struct slice part, struct slice whole)
{
    if (part.n)
        PROMISE(part.p >= whole.p && part.n <= whole.n && (size_t)(part.p - whole.p) <= whole.n - part.n);
}

static void expect_equal(struct slice here, const struct berval *there)
{
    PROMISE(slice_eq(here, slice_make(there->bv_val, there->bv_len)));
}

static void expect_attribute(BerElement *ber, const struct attribute *a)
{
    struct berval name;
    BerVarray values = NULL;
    PROMISE(ber_scanf(ber, "{m[W]}", &name, &values) != LBER_ERROR);
    size_t shown = a->name.n + (a->options.n ? 1 + a->options.n : 0), count = 0;
    PROMISE(name.bv_len == shown || (a->options.n == 0 && name.bv_len == shown + 1)); /* "cn;" */
    expect_equal(a->name, &(struct berval){.bv_val = name.bv_val, .bv_len = a->name.n});
    for (; values && values[count].bv_val; count++) {
        PROMISE(count < a->count);
        expect_equal(a->values[count], &values[count]);
    }
    PROMISE(count == a->count);
    ber_bvarray_free(values);
}

/* What an entry is to liblber. */
static void expect_same(struct slice message, const struct message_entry *found, const struct entry *entry)
{
    struct berval octets = {.bv_len = message.n, .bv_val = (char *)(uintptr_t)message.p};
    BerElement *ber = ber_init(&octets);
    ber_int_t id;
    struct berval dn;
    ber_len_t length;
    PROMISE(ber);
    PROMISE(ber_scanf(ber, "{it", &id, &length) != LBER_ERROR && id == ID && length == LDAP_RES_SEARCH_ENTRY);
    PROMISE(ber_scanf(ber, "{m{", &dn) != LBER_ERROR);
    expect_equal(found->dn, &dn);
    for (size_t i = 0; i < entry->count; i++)
        expect_attribute(ber, &entry->attributes[i]);
    PROMISE(ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &length) == LBER_OPT_SUCCESS && length == 0);
    ber_free(ber, 1);
}

static void try_entry(struct slice message, const struct message_entry *found)
{
    struct ldap_dir d = {.uri = "ldap://fuzz"};
    struct entry entry;
    struct fault fault = {0};
    expect_inside(found->dn, message);
    expect_inside(found->attributes, message);
    if (ldap_entry_read(&d, found, &entry, &fault) == RC_OK) {
        for (size_t i = 0; i < entry.count; i++) {
            expect_inside(entry.attributes[i].name, message);
            expect_inside(entry.attributes[i].options, message);
            for (size_t j = 0; j < entry.attributes[i].count; j++)
                expect_inside(entry.attributes[i].values[j], message);
        }
        expect_same(message, found, &entry);
    } else
        PROMISE(fault.text[0]);
    arena_free(&d.work);
}

/* Of a message that is not whole nothing is taken, and no beginning of one that will be taken is refused. */
static void try_parts(struct slice octets, enum message_kind whole, size_t length)
{
    struct message_entry found;
    for (size_t n = 0; n < length; n++) {
        enum message_kind kind = message_walk(slice_upto(octets, n), ROOM, ID, &found);
        PROMISE(kind == MESSAGE_PART || (kind == MESSAGE_OTHER && whole == MESSAGE_OTHER));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message_entry found;
    uint8_t *copy = malloc(size ? size : 1); /* of just this size, so that reading on is noticed */
    PROMISE(copy);
    if (size)
        memcpy(copy, data, size);
    struct slice rest = slice_make(copy, size);
    enum message_kind kind = MESSAGE_ENTRY;
    while (kind == MESSAGE_ENTRY) {
        size_t length = 0;
        kind = message_walk(rest, ROOM, ID, &found);
        PROMISE(kind != MESSAGE_WHOLE);
        enum message_kind measured = message_measure(rest, &length);
        PROMISE(measured == MESSAGE_WHOLE || measured == kind);
        PROMISE(kind != MESSAGE_PART || measured == MESSAGE_PART || (length > rest.n && length <= ROOM));
        try_parts(rest, kind, kind == MESSAGE_ENTRY && length < rest.n ? length : rest.n < ROOM ? rest.n : ROOM);
        if (kind == MESSAGE_ENTRY) {
            PROMISE(found.length == length && length <= rest.n);
            try_entry(slice_upto(rest, length), &found);
            rest = slice_from(rest, length);
        }
    }
    PROMISE(size == 0 || memcmp(copy, data, size) == 0); /* nothing is written into what was sent */
    free(copy);
    return 0;
}
