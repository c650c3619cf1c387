/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cryptography said about one certificate: does its chain lead to an anchor of the policy, and is it on a CRL?
 * Plain data: x509/trust finds it out, the checks only look.  Both texts are printable and name no running quantity.
 */
#ifndef CORE_TRUST_H
#define CORE_TRUST_H

#include "base/slice.h"

enum chain_answer {
    CHAIN_NOT_ASKED, /* the policy names no anchor, or there is no directory to read them from */
    CHAIN_VERIFIED,  /* every signature up to one of the policy's anchors */
    CHAIN_REFUSED,
    CHAIN_UNDECIDED, /* an anchor or the authorities could not be read */
};

enum revocation_answer {
    REVOCATION_NOT_ASKED,
    REVOCATION_GOOD, /* not on a fresh, verified CRL of its issuer which is about certificates like this */
    REVOCATION_REVOKED,
    REVOCATION_ON_HOLD,   /* certificateHold: may be lifted again, so it fulfils no request */
    REVOCATION_UNDECIDED, /* no CRL, a stale one, one that does not verify or that says too little */
};

/* All zero: nobody asked. */
struct trust {
    enum chain_answer chain;
    struct slice chain_why; /* of refused and undecided: why; of verified: the anchor's subject */
    enum revocation_answer revocation;
    struct slice revocation_why; /* of revoked: reason and date; of undecided: why */
    bool quarantined;            /* undecided, because OpenSSL crashed or hung over this certificate */
};

#endif
