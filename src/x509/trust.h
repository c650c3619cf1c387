/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains and CRLs, by OpenSSL in a worker process behind x509/cage.h.
 * Only what policy states is judged: signatures, validity periods, basic and name constraints, path lengths and
 * critical extensions of the authorities; not key lengths, not usages of the end entity, and not the end entity's own
 * validity period (the checks expired and not-yet-valid say that).
 * @source RFC 5280 sections 5 and 6
 */
#ifndef X509_TRUST_H
#define X509_TRUST_H

#include "base/arena.h"
#include "base/fault.h"
#include "core/facts.h"
#include "core/trust.h"

enum {
    TRUST_CERTIFICATES = 4096,            /* authorities that one pool takes */
    TRUST_CERTIFICATE_OCTETS = 64 * 1024, /* of one authority */
    TRUST_CRL_OCTETS = 64 * 1024 * 1024,  /* of one CRL */
};

/* Certificates of authorities and CRLs, as a directory publishes them.  Being in the pool makes nothing trusted. */
struct trust_pool;
enum rc trust_pool_open(struct trust_pool **out, struct fault *fault) MUST_USE;
void trust_pool_close(struct trust_pool *p); /* NULL is fine; after all its trust_anchors */

/*
 * Copies `der`, so that a new worker can be given it again; what is there already is not added twice.  NULL, or why it
 * was refused, printable, for as long as the pool lives.  The signature of a CRL is verified when it is first asked
 * for.  Where a CRL that can be read was refused, no certificate is good any more: it may be the newest.
 */
const char *trust_pool_add_certificate(struct trust_pool *p, struct slice der);
const char *trust_pool_add_crl(struct trust_pool *p, struct slice der);
/* All that was added is there, and workers have failed too rarely to be given up soon. */
bool trust_pool_is_whole(const struct trust_pool *p);

/* The anchors of one policy; certificates that are not in the pool are added to it. */
struct trust_anchors;
enum rc trust_anchors_open(struct trust_pool *p, const struct slice *ders, size_t count, struct trust_anchors **out,
                           struct fault *fault) MUST_USE;
void trust_anchors_close(struct trust_anchors *t); /* NULL is fine */

struct trust_question {
    struct slice der;
    const struct facts *facts;           /* of der; not readable: everything is undecided */
    const struct trust_anchors *anchors; /* NULL: the chain is not asked for */
    /*
     * The CRL's signature needs the certificate of the issuer: verified up to the anchors where there are any, and
     * otherwise whichever one in the pool verifies the signature on the certificate itself.
     */
    bool asks_crl;
    int64_t crl_max_age_s; /* since thisUpdate; 0: only nextUpdate counts */
    int64_t now_utc;
};
/*
 * The texts live in the arena.  Where no worker answers, what was asked is undecided and the texts say why: of one
 * certificate that workers crash over, or of all that come after too many silences, since each costs a deadline.
 */
void trust_judge(struct trust_pool *p, struct arena *a, const struct trust_question *q, struct trust *out);

#endif
