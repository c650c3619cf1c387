/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The octets of LDAP messages, walked in place: BER with definite lengths, minimal or not, as LDAP restricts it.
 * Whatever is not plainly as expected is left to libldap.
 * @source RFC 4511 sections 4.1.1, 4.5.2 and 5.1; X.690 section 8.1
 */
#ifndef DIR_LDAP_MESSAGE_H
#define DIR_LDAP_MESSAGE_H

#include "base/slice.h"

enum { BER_INTEGER = 0x02, BER_OCTET_STRING = 0x04, BER_SEQUENCE = 0x30, BER_SET = 0x31, BER_SEARCH_ENTRY = 0x64 };

/* Takes the element at the front of *rest, if it has that tag and is there whole. */
static inline bool ber_take(struct slice *rest, uint8_t tag, struct slice *content)
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

enum message_kind {
    MESSAGE_PART,  /* more octets are needed to tell */
    MESSAGE_WHOLE, /* its length is known */
    MESSAGE_ENTRY, /* a SearchResultEntry that was asked for, without controls, and there whole */
    MESSAGE_OTHER,
};

/* The name and the list of attributes of a SearchResultEntry; they point into the message. */
struct message_entry {
    struct slice dn, attributes;
    size_t length; /* of the whole message */
};

/* How long the message is that the octets begin with, header included: MESSAGE_PART, MESSAGE_WHOLE or MESSAGE_OTHER. */
enum message_kind message_measure(struct slice octets, size_t *length);

/*
 * What the octets begin with: MESSAGE_ENTRY, and *entry is filled, where it is an entry for the request `id`;
 * MESSAGE_PART where no more is wrong with it than that it is not there whole, and it has not more than `room` octets.
 */
enum message_kind message_walk(struct slice octets, size_t room, int id, struct message_entry *entry);

#endif
