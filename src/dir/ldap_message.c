/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_message.h"

enum message_kind message_measure(struct slice octets, size_t *length)
{
    if (octets.n && octets.p[0] != BER_SEQUENCE)
        return MESSAGE_OTHER;
    if (octets.n < 2)
        return MESSAGE_PART;
    size_t header = 2, content = octets.p[1];
    if (content >= 0x80) {
        size_t more = content & 0x7f;
        if (more == 0 || more > sizeof(uint32_t))
            return MESSAGE_OTHER;
        if (octets.n < 2 + more)
            return MESSAGE_PART;
        for (content = 0; header < 2 + more; header++)
            content = content << 8 | octets.p[header];
    }
    *length = header + content;
    return MESSAGE_WHOLE;
}

/* Of more octets than an int32 has, or negative, no id is: it would not be one of ours. */
static bool is_id(struct slice number, int id)
{
    uint32_t value = 0;
    if (number.n == 0 || number.n > sizeof value || number.p[0] & 0x80)
        return false;
    for (size_t i = 0; i < number.n; i++)
        value = value << 8 | number.p[i];
    return value == (uint32_t)id;
}

enum message_kind message_walk(struct slice octets, size_t room, int id, struct message_entry *entry)
{
    struct slice message, number, operation;
    size_t length;
    enum message_kind kind = message_measure(octets, &length);
    if (kind != MESSAGE_WHOLE)
        return kind;
    if (length > octets.n)
        return length > room ? MESSAGE_OTHER : MESSAGE_PART;
    entry->length = length;
    if (ber_take(&octets, BER_SEQUENCE, &message) && ber_take(&message, BER_INTEGER, &number) && is_id(number, id) &&
        ber_take(&message, BER_SEARCH_ENTRY, &operation) && message.n == 0 &&
        ber_take(&operation, BER_OCTET_STRING, &entry->dn) && ber_take(&operation, BER_SEQUENCE, &entry->attributes) &&
        operation.n == 0)
        return MESSAGE_ENTRY;
    return MESSAGE_OTHER;
}
