/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An LDAP server that misbehaves to order: a child process on a Unix socket in a throw-away folder that plays the same
 * script on each connection.  It reads no more of a request than its message id and kind.
 * @source RFC 4511
 */
#ifndef SUPPORT_MOCKLDAP_H
#define SUPPORT_MOCKLDAP_H

#include "base/slice.h"

enum mock_verb {
    MOCK_END = 0,      /* the script's end: the connection is closed */
    MOCK_READ,         /* wait for a request; what follows answers it */
    MOCK_OPEN,         /* what dir_open asks, answered well: bind, rootDSE, schema */
    MOCK_ENTRY,        /* SearchResultEntry: dn, pairs */
    MOCK_REFERENCE,    /* SearchResultReference: referral */
    MOCK_INTERMEDIATE, /* IntermediateResponse: oid, octets */
    MOCK_ANSWER,       /* the request's result: code, text, referral, cookie */
    MOCK_RAW,          /* octets as they are */
    MOCK_WAIT,         /* do nothing for `ms`, then go on */
};

struct mock_pair {
    const char *attribute, *value;
};

struct mock_step {
    enum mock_verb verb;
    const char *dn;
    const struct mock_pair *pairs; /* ended by one without attribute; equal names in sequence are one attribute;
                                      MOCK_OPEN: the rootDSE, NULL is what the flags say */
    int code;
    const char *text, *referral;
    const char *cookie; /* adds the paged results control (RFC 2696); "" is the last page */
    const char *octets;
    size_t length;
    const char *oid; /* of an entry or answer: a control of that name goes along, whose value the octets are */
    bool paging;     /* MOCK_OPEN: the server offers paging */
    bool sync;       /* MOCK_OPEN: the server offers content synchronization (RFC 4533) */
    bool unique_id;  /* MOCK_OPEN: its schema has nsUniqueId, like that of 389-ds */

    bool cut;         /* only the first half of the message is sent */
    unsigned drip_ms; /* the message goes octet by octet, with a rest after each */
    int id;           /* added to the message id, which then nobody asked for */
    unsigned ms;      /* MOCK_WAIT */
};

struct mockldap;

/* steps are borrowed until mockldap_stop. */
struct mockldap *mockldap_start(const struct mock_step *steps);
void mockldap_stop(struct mockldap *m);
const char *mockldap_uri(const struct mockldap *m);

#endif
