/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a CRL, read strictly and in place: every element in DER, nothing after anything, each entry looked
 * at once.  Whether its signature holds and whether it is fresh is asked elsewhere.
 * Let pass: names that are merely unusual, a GeneralizedTime before 2050, entries that are there twice.
 * @source RFC 5280 section 5
 */
#ifndef X509_CRL_H
#define X509_CRL_H

#include "base/slice.h"

enum { CRL_REASON_ABSENT = -1, CRL_REASON_HOLD = 6, CRL_REASON_REMOVE = 8 };

struct crl_entry {
    struct slice serial; /* content octets of the INTEGER */
    int64_t revoked_utc;
    int reason; /* CRLReason (section 5.3.1), or CRL_REASON_ABSENT */
};

/* Slices into the CRL's octets, which have to live as long. */
struct crl {
    struct slice tbs;       /* what is signed, whole */
    struct slice algorithm; /* AlgorithmIdentifier, whole; inside and outside are the same octets */
    struct slice signature; /* without the octet that counts unused bits, which is 0 */
    struct slice issuer;    /* the whole Name */
    int64_t this_update_utc;
    int64_t next_update_utc; /* only with has_next_update */
    bool has_next_update;
    struct slice number;  /* cRLNumber, content octets; empty: none */
    struct slice revoked; /* the entries; crl_next_entry walks them */
    size_t entry_count;
    bool is_delta;           /* says only what changed: by itself it answers nothing */
    bool is_unknown;         /* a critical extension, of the list or of an entry, that we do not process */
    bool is_indirect;        /* entries of several issuers */
    bool some_reasons;       /* onlySomeReasons: not being on it says too little */
    bool users, authorities; /* onlyContainsUserCerts, onlyContainsCACerts; never both */
    bool attributes;         /* onlyContainsAttributeCerts */
    struct slice point;      /* the issuing distribution point's DistributionPointName, whole; empty: none */
};

/* Reads `der` into *c.  NULL, or what is wrong: a static string, and *c is good for nothing. */
const char *crl_read(struct slice der, struct crl *c);
/* Walks c->revoked in its order; the cursor starts as a copy of it.  False at the end. */
bool crl_next_entry(struct slice *cursor, struct crl_entry *e);
/*
 * Does a certificate belong to the distribution point that the CRL names?  `points` is the value of the certificate's
 * cRLDistributionPoints, or empty, `issuer` its issuer.  Points with reasons or another cRLIssuer do not count.
 * @source RFC 5280 section 6.3.3 (b) (2) (i)
 */
bool crl_is_for_point(const struct crl *c, struct slice points, struct slice issuer);

#endif
