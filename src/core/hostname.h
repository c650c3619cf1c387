/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names and the names a certificate presents.
 *
 * A reference name (from the directory) is an IP address or a DNS name; one trailing dot is dropped, U-labels become
 * A-labels, ASCII case does not count.  A presented name (dNSName, or a Common Name as UTF-8) must be letters, digits,
 * "-" and "_" in labels of 1 to 63 octets without a trailing dot, or "*" as its whole left-most label before at least
 * one label more; anything else equals nothing.  All of them carry their length: NUL is a wrong octet.
 * @source RFC 9525 section 6, RFC 1123 section 2.1, RFC 5890
 */
#ifndef CORE_HOSTNAME_H
#define CORE_HOSTNAME_H

#include "base/arena.h"

enum host_kind { HOST_INVALID, HOST_DNS, HOST_IP };

struct host {
    enum host_kind kind;
    struct slice written; /* as the directory has it */
    struct slice name;    /* HOST_DNS: A-labels in lower case, no trailing dot; HOST_IP: 4 or 16 octets */
    struct slice shown;   /* for people and for dircertWantedName: the name, or the address as text */
};

/*
 * Compiles a host attribute's value; kind is HOST_INVALID where it is neither an address nor a DNS name.  What it says
 * lives as long as the arena and the value, whichever ends first.
 */
struct host host_compile(struct arena *a, struct slice value);
/* True when the presented DNS name covers the host.  Never for an IP address. */
bool host_covered_by_dns(const struct host *h, struct slice presented, bool wildcard);
/* True when the octets of an iPAddress are the host's.  Never for a DNS name. */
bool host_covered_by_ip(const struct host *h, struct slice octets);

#endif
