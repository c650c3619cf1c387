/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sample organisation is made of: one table of kinds, from which the entries, their certificates and what a
 * person would expect a pass over them to say are all derived.
 */
#ifndef CONTRIB_SAMPLE_KINDS_H
#define CONTRIB_SAMPLE_KINDS_H

#include "support/certmaker.h"

enum sample_unit { UNIT_SERVERS, UNIT_PEOPLE, UNIT_PARTNERS, UNIT_COUNT };
enum sample_period { PERIOD_NOW = 0, PERIOD_OVER, PERIOD_TO_COME };
enum sample_serial { SERIAL_16 = 0, SERIAL_20 };

enum { SAMPLE_NAMES = 4, SAMPLE_CERTIFICATES = 2 };

/*
 * One certificate of a kind.  In names these octets stand for what belongs to the entry:
 *   ^ its right name for a certificate   $ its first label         > the next entry's right name
 *   # its number in decimal              ! that number as an octet  % a person's name    ~ a person's mail address
 */
struct sample_recipe {
    bool there;
    bool repeat; /* the certificate of the entry before, octet for octet */
    int version; /* 0: 3 */
    enum sample_period period;
    enum sample_serial serial;
    enum cert_key key;
    const char *issuer; /* NULL: "Example Issuing CA" */
    struct cert_text common_names[SAMPLE_NAMES];
    struct cert_name names[SAMPLE_NAMES];
    size_t common_name_count, name_count;
    const struct cert_extension *extensions;
    size_t extension_count;
};

struct sample_kind {
    enum sample_unit unit;
    unsigned count;
    const char *words;       /* the entries' description */
    struct slice host;       /* dNSHostName; n == 0: "$.example.com" */
    struct slice right_name; /* what a good certificate names; n == 0: "$.example.com" */
    bool is_address;         /* the host name is 192.0.2.# */
    struct sample_recipe certificates[SAMPLE_CERTIFICATES];
    const char *checks; /* the findings under the sample policies, in byte order, separated by commas; NULL: none */
    /*
     * The request under the sample policies: "reissue", "reissue-then-revoke" (the reissue first), "revoke" (something
     * stands in already), NULL: none.
     */
    const char *wanted;
};

extern const struct sample_kind sample_kinds[];
extern const size_t sample_kind_count;

#endif
