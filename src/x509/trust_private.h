/* SPDX-License-Identifier: Apache-2.0 */
/* What x509/trust_local, x509/chain, x509/revocation and x509/signature share; nobody else includes it. */
#ifndef X509_TRUST_PRIVATE_H
#define X509_TRUST_PRIVATE_H

#include "base/digest.h"
#include "x509/crl.h"
#include "x509/trust_local.h"

#include <openssl/x509v3.h>

/*
 * Whoever may write authorities into the directory may write thousands of one name: these bound what one question can
 * cost.  What they cut off is undecided, never refused.
 */
enum {
    CHAIN_LENGTH = 10,        /* certificates, both ends included */
    CHAIN_STEPS = 1024,       /* that a search takes upwards */
    CHAIN_VALIDATIONS = 32,   /* of paths that reach an anchor */
    CHAIN_SIGNATURES = 256,   /* verified in one search; those between authorities are remembered */
    ISSUER_KEYS = 16,         /* that are tried on one signature */
    ISSUERS_MOST = 48,        /* certificates of one issuer that are kept in mind */
    LEAF_OCTETS = 512 * 1024, /* of the certificate that is judged */
    NAME_ROOM = 200,          /* octets of a name in a text */
    POOL_CRLS = 1024,
    POOL_CRL_OCTETS = 256 * 1024 * 1024, /* all together; a copy of each is held, and 8 octets for each entry */
};

enum signature { SIGNATURE_GOOD, SIGNATURE_BAD, SIGNATURE_UNKNOWN };

struct signature_memo {
    struct digest key;
    enum signature answer;
};

/* Whose key verifies the signature on a certificate. */
struct issuers {
    uint16_t items[ISSUERS_MOST]; /* places in the pool; anchors, and those that verified something, come first */
    unsigned count;
    bool named;   /* the pool has a certificate of that name, verifying or not */
    bool unknown; /* a key or the algorithm is not one that can be verified here */
    bool more;    /* not all were looked at */
};

/* A certificate that takes part: one of the pool's, or the one that is judged. */
struct authority {
    X509 *x;
    EVP_PKEY *key; /* belongs to x; NULL: OpenSSL cannot use it */
    struct slice der;
    struct facts f;
    struct digest digest, key_digest;
    unsigned long subject_hash, issuer_hash;
    bool is_anchor; /* of any policy */
    bool is_proven; /* its key has verified something */
    bool self_issued;
    bool knows_self_signed, self_signed; /* whether its own key verifies it, once that was asked */
    uint64_t issuers_generation;         /* of the pool when `issuers` was found; 0: never */
    struct issuers issuers;
};

struct pool_crl {
    struct crl c;
    X509_NAME *issuer;
    unsigned long issuer_hash;
    struct digest digest;
    const uint8_t **sorted; /* where each entry starts, by serial; NULL: not yet */
    struct signature_memo memos[ISSUER_KEYS];
    size_t memo_count;
};

struct trust_local {
    OSSL_LIB_CTX *ctx;
    OSSL_PROVIDER *provider;
    X509_STORE *store; /* empty; it carries the callbacks */
    struct arena arena;
    LIST_OF(struct authority *) authorities;
    LIST_OF(struct pool_crl *) crls;
    size_t crl_octets;
    uint64_t generation;       /* grows with each authority */
    bool incomplete;           /* something was refused that is too large or one too many */
    unsigned signatures_spent; /* in this search */
};

struct trust_local_anchors {
    struct trust_local *pool;
    size_t count;
    bool incomplete;                  /* one could not be read */
    bool is[TRUST_CERTIFICATES];      /* by place in the pool */
    uint8_t seen[TRUST_CERTIFICATES]; /* enum chain_answer of an authority as the end of a chain, for CRLs */
    int64_t seen_now_utc;
    uint64_t seen_generation; /* of the pool */
};

/* x509/signature.c: neither leaves an error in the queue. */
enum signature signature_on_certificate(struct trust_local *p, const struct authority *on, const struct authority *by);
enum signature signature_on_crl(struct trust_local *p, const struct crl *c, const struct authority *by);

/* x509/trust_local.c: decodes `der`, which has to outlive *out.  NULL, or why not.  authority_free drops OpenSSL's
 * part. */
const char *authority_read(struct trust_local *p, struct slice der, struct authority *out);
void authority_free(struct authority *c);
/* Its subject (issuer) for people. */
struct slice authority_name(struct arena *a, const struct authority *c);
struct slice authority_issuer_name(struct arena *a, const struct authority *c);

/* x509/chain.c */
struct chain {
    enum chain_answer answer;
    struct slice why;
};
/*
 * With judges_end the last certificate's own validity period counts too: it is an authority that signs a CRL.
 * t is not NULL.
 */
void chain_find(struct trust_local *p, const struct trust_local_anchors *t, struct arena *a, struct authority *end,
                bool judges_end, int64_t now_utc, struct chain *out);
/* Looked up once, until the pool grows. */
const struct issuers *chain_issuers(struct trust_local *p, struct authority *c);

/* x509/revocation.c: fills the answer about revocation. */
void revocation_find(struct trust_local *p, struct arena *a, const struct trust_local_question *q,
                     struct authority *end, struct trust *out);

#endif
