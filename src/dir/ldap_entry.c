/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

/*
 * libldap reads an entry with a small interpreter and an allocation for each attribute, at half the cost of a pass.
 * Here the octets of the list of attributes are walked in place, once where there is room for what most entries have.
 * @source RFC 4511 sections 4.1.7, 4.5.2
 */
struct rooms {
    struct attribute *attributes;
    struct slice *values;
    size_t attribute_room, value_room;
    size_t attribute_count, value_count; /* also of what there was no room for */
};

/* "userCertificate;range=0-1499" holds some of the values; who took them for all would find certificates missing. */
static bool is_fragment(struct slice options)
{
    struct slice option;
    if (!memchr(options.p, '=', options.n)) /* as in nearly all of them */
        return false;
    while (slice_split(&options, ';', &option))
        if (slice_eq_nocase(slice_upto(option, 6), SLICE_LITERAL("range=")))
            return true;
    return false;
}

static struct attribute split_name(struct slice name)
{
    const uint8_t *end = name.n ? memchr(name.p, ';', name.n) : NULL;
    if (!end)
        return (struct attribute){.name = name};
    size_t type = (size_t)(end - name.p);
    return (struct attribute){.name = slice_make(name.p, type), .options = slice_from(name, type + 1)};
}

static bool take_attribute(struct slice *list, struct rooms *r)
{
    struct slice sequence, name, set, value;
    if (!ber_take(list, BER_SEQUENCE, &sequence) || !ber_take(&sequence, BER_OCTET_STRING, &name) ||
        !ber_take(&sequence, BER_SET, &set) || sequence.n)
        return false;
    size_t first = r->value_count;
    for (; set.n; r->value_count++) {
        if (!ber_take(&set, BER_OCTET_STRING, &value))
            return false;
        if (r->value_count < r->value_room)
            r->values[r->value_count] = value;
    }
    if (r->attribute_count < r->attribute_room && r->value_count <= r->value_room) {
        struct attribute *a = &r->attributes[r->attribute_count];
        *a = split_name(name);
        a->values = r->values + first;
        a->count = r->value_count - first;
    }
    r->attribute_count++;
    return true;
}

static bool take_attributes(struct slice list, struct rooms *r)
{
    r->attribute_count = r->value_count = 0;
    while (list.n)
        if (!take_attribute(&list, r))
            return false;
    return true;
}

static bool read_list(struct ldap_dir *d, struct slice list, struct rooms *r)
{
    *r = (struct rooms){d->few_attributes, d->few_values, LDAP_FEW_ATTRIBUTES, LDAP_FEW_VALUES, 0, 0};
    if (!take_attributes(list, r))
        return false;
    if (r->attribute_count <= r->attribute_room && r->value_count <= r->value_room)
        return true;
    r->attribute_room = r->attribute_count;
    r->value_room = r->value_count;
    r->attributes = ARENA_ARRAY(&d->work, r->attribute_room, struct attribute);
    r->values = ARENA_ARRAY(&d->work, r->value_room, struct slice);
    return take_attributes(list, r);
}

enum rc ldap_entry_read(struct ldap_dir *d, const struct message_entry *from, struct entry *entry, struct fault *fault)
{
    struct rooms r;
    if (!read_list(d, from->attributes, &r))
        return fault_set(fault, RC_FAULT, "%s: an entry's attributes do not decode (RFC 4511 section 4.5.2)", d->uri);
    for (size_t i = 0; i < r.attribute_count; i++)
        if (r.attributes[i].options.n && is_fragment(r.attributes[i].options))
            return fault_set(fault, RC_FAULT,
                             "%s: the server sent only a part of the values (%s;%s); raise its limit on values "
                             "(MaxValRange in Active Directory)",
                             d->uri, ldap_printable(d, r.attributes[i].name, 120),
                             ldap_printable(d, r.attributes[i].options, 120));
    *entry = (struct entry){from->dn, r.attributes, r.attribute_count};
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

enum rc ldap_entry_find(struct ldap_dir *d, LDAPMessage *message, struct message_entry *found, struct fault *fault)
{
    BerElement *ber = NULL;
    struct berval dn = {0};
    enum rc rc = RC_OK;
    if (ldap_get_dn_ber(d->ld, message, &ber, &dn) != LDAP_SUCCESS)
        rc = fault_set(fault, RC_FAULT, "%s: an entry's name does not decode (RFC 4511 section 4.5.2)", d->uri);
    else
        *found = (struct message_entry){.dn = slice_make(dn.bv_val, dn.bv_len), .attributes = list_of(ber)};
    ber_free(ber, 0);
    return rc;
}
