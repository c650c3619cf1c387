/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

/*
 * libldap reads an entry with a small interpreter and an allocation for each attribute, at half the cost of a pass.
 * Here the octets of the message are walked in place: BER with definite lengths, minimal or not, as LDAP restricts it.
 * @source RFC 4511 sections 4.1.7, 4.5.2 and 5.1; X.690 section 8.1
 */
enum { TAG_OCTET_STRING = 0x04, TAG_SEQUENCE = 0x30, TAG_SET = 0x31 };

/* "userCertificate;range=0-1499" holds some of the values; who took them for all would find certificates missing. */
static bool is_fragment(struct slice options)
{
    struct slice option;
    while (slice_split(&options, ';', &option))
        if (slice_eq_nocase(slice_upto(option, 6), SLICE_LITERAL("range=")))
            return true;
    return false;
}

/* Takes the element at the front of *rest, if it has that tag and is there whole. */
static inline bool take(struct slice *rest, uint8_t tag, struct slice *content)
{
    if (rest->n < 2 || rest->p[0] != tag)
        return false;
    size_t header = 2, length = rest->p[1];
    if (length >= 0x80) {
        size_t octets = length & 0x7f;
        if (octets == 0 || octets > sizeof(uint32_t) || octets > rest->n - 2)
            return false;
        for (length = 0; header < 2 + octets; header++)
            length = length << 8 | rest->p[header];
    }
    if (length > rest->n - header)
        return false;
    *content = slice_make(rest->p + header, length);
    *rest = slice_make(rest->p + header + length, rest->n - header - length);
    return true;
}

static struct attribute split_name(struct slice name)
{
    const uint8_t *end = name.n ? memchr(name.p, ';', name.n) : NULL;
    if (!end)
        return (struct attribute){.name = name};
    size_t type = (size_t)(end - name.p);
    return (struct attribute){.name = slice_make(name.p, type), .options = slice_from(name, type + 1)};
}

/* The elements of that tag that *rest is made of; false: it is not made of them. */
static bool count_elements(struct slice rest, uint8_t tag, size_t *count)
{
    struct slice one;
    for (*count = 0; rest.n; ++*count)
        if (!take(&rest, tag, &one))
            return false;
    return true;
}

/* `single` is room for the one value that most attributes have. */
static bool take_values(struct ldap_dir *d, struct slice set, struct slice *single, struct attribute *a)
{
    struct slice rest = set;
    if (take(&rest, TAG_OCTET_STRING, single) && rest.n == 0) {
        a->values = single;
        a->count = 1;
        return true;
    }
    if (!count_elements(set, TAG_OCTET_STRING, &a->count))
        return false;
    struct slice *values = ARENA_ARRAY(&d->work, a->count, struct slice);
    for (size_t i = 0; i < a->count && take(&set, TAG_OCTET_STRING, &values[i]);)
        i++;
    a->values = values;
    return true;
}

static bool take_attribute(struct ldap_dir *d, struct slice *list, struct slice *single, struct attribute *a)
{
    struct slice sequence, name, set;
    if (!take(list, TAG_SEQUENCE, &sequence) || !take(&sequence, TAG_OCTET_STRING, &name) ||
        !take(&sequence, TAG_SET, &set) || sequence.n)
        return false;
    *a = split_name(name);
    return take_values(d, set, single, a);
}

static enum rc take_attributes(struct ldap_dir *d, struct slice list, struct entry *entry, struct fault *fault)
{
    size_t count;
    bool whole = count_elements(list, TAG_SEQUENCE, &count);
    struct attribute *attributes = ARENA_ARRAY(&d->work, whole ? count : 0, struct attribute);
    struct slice *singles = ARENA_ARRAY(&d->work, whole ? count : 0, struct slice);
    for (size_t i = 0; whole && i < count; i++) {
        whole = take_attribute(d, &list, &singles[i], &attributes[i]);
        if (whole && attributes[i].options.n && is_fragment(attributes[i].options))
            return fault_set(fault, RC_FAULT,
                             "%s: the server sent only a part of the values (%s;%s); raise its limit on values "
                             "(MaxValRange in Active Directory)",
                             d->uri, ldap_printable(d, attributes[i].name, 120),
                             ldap_printable(d, attributes[i].options, 120));
    }
    if (!whole)
        return fault_set(fault, RC_FAULT, "%s: an entry's attributes do not decode (RFC 4511 section 4.5.2)", d->uri);
    entry->attributes = attributes;
    entry->count = count;
    return RC_OK;
}

/*
 * The octets of the entry's list of attributes, within the message.  libldap leaves ber within that list and nothing
 * else; its first element is skipped, to learn where it begins.
 */
static struct slice list_of(BerElement *ber)
{
    static const struct slice broken = SLICE_LITERAL("?"); /* which no list of attributes is */
    ber_len_t length = 0;
    struct berval first;
    if (ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &length) != LBER_OPT_SUCCESS)
        return broken;
    if (length == 0)
        return slice_make("", 0);
    return ber_skip_raw(ber, &first) == LBER_DEFAULT ? broken : slice_make(first.bv_val, length);
}

enum rc ldap_entry_read(struct ldap_dir *d, LDAPMessage *message, struct entry *entry, struct fault *fault)
{
    BerElement *ber = NULL;
    struct berval dn = {0};
    enum rc rc = RC_OK;
    if (ldap_get_dn_ber(d->ld, message, &ber, &dn) != LDAP_SUCCESS)
        rc = fault_set(fault, RC_FAULT, "%s: an entry's name does not decode (RFC 4511 section 4.5.2)", d->uri);
    *entry = (struct entry){.dn = slice_make(dn.bv_val, dn.bv_len)};
    if (rc == RC_OK)
        rc = take_attributes(d, list_of(ber), entry, fault);
    ber_free(ber, 0);
    return rc;
}
