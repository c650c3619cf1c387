/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

typedef LIST_OF(struct attribute) attribute_list;

/* "userCertificate;range=0-1499" holds some of the values; who took them for all would find certificates missing. */
static bool is_fragment(struct slice options)
{
    struct slice option;
    while (slice_split(&options, ';', &option))
        if (slice_eq_nocase(slice_upto(option, 6), SLICE_LITERAL("range=")))
            return true;
    return false;
}

static struct attribute split_name(const struct berval *name)
{
    struct slice rest = slice_make(name->bv_val, name->bv_len), type = {0};
    if (!slice_split(&rest, ';', &type))
        return (struct attribute){.name = rest};
    return (struct attribute){.name = type, .options = slice_from(slice_make(name->bv_val, name->bv_len), type.n + 1)};
}

static void take_values(struct ldap_dir *d, const struct berval *values, struct attribute *a)
{
    while (values && values[a->count].bv_val)
        a->count++;
    struct slice *copy = ARENA_ARRAY(&d->work, a->count, struct slice);
    for (size_t i = 0; i < a->count; i++)
        copy[i] = slice_make(values[i].bv_val, values[i].bv_len);
    a->values = copy;
}

/* One attribute from ber; *end at the end of the list. */
static enum rc next_attribute(struct ldap_dir *d, LDAPMessage *message, BerElement *ber, attribute_list *list,
                              bool *end, struct fault *fault)
{
    struct berval name = {0}, *values = NULL;
    if (ldap_get_attribute_ber(d->ld, message, ber, &name, &values) != LDAP_SUCCESS)
        return fault_set(fault, RC_FAULT, "%s: an entry's attributes do not decode (RFC 4511 section 4.5.2)", d->uri);
    *end = name.bv_val == NULL;
    if (*end)
        return RC_OK;
    struct attribute a = split_name(&name);
    if (!is_fragment(a.options)) {
        take_values(d, values, &a);
        *LIST_ADD(&d->work, list) = a;
    }
    ber_memfree(values);
    if (is_fragment(a.options))
        return fault_set(fault, RC_FAULT,
                         "%s: the server sent only a part of the values (%s); raise its limit on values "
                         "(MaxValRange in Active Directory)",
                         d->uri, ldap_printable(d, slice_make(name.bv_val, name.bv_len), 120));
    return RC_OK;
}

enum rc ldap_entry_read(struct ldap_dir *d, LDAPMessage *message, struct entry *entry, struct fault *fault)
{
    BerElement *ber = NULL;
    struct berval dn = {0};
    attribute_list list = {0};
    bool end = false;
    enum rc rc = RC_OK;
    if (ldap_get_dn_ber(d->ld, message, &ber, &dn) != LDAP_SUCCESS)
        rc = fault_set(fault, RC_FAULT, "%s: an entry's name does not decode (RFC 4511 section 4.5.2)", d->uri);
    while (rc == RC_OK && !end)
        rc = next_attribute(d, message, ber, &list, &end, fault);
    ber_free(ber, 0);
    *entry = (struct entry){slice_make(dn.bv_val, dn.bv_len), list.items, list.count};
    return rc;
}
