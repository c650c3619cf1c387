/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates for tests and for the sample organisation: small authorities that are made when they are first named,
 * and certificates of any shape, good and bad.  What the options say is written as it stands, also where RFC 5280
 * forbids it; nothing is corrected.  The same options give the same shape; keys and signatures differ from run to run.
 * What can't be done (no room, no such OID, libcrypto refuses) ends the process with a message on standard error.
 * @source RFC 5280 section 4.1 and 4.2
 */
#ifndef SUPPORT_CERTMAKER_H
#define SUPPORT_CERTMAKER_H

#include "base/arena.h"
#include "base/der.h"
#include "core/facts.h"

struct certmaker;

/*
 * Keys and authorities live until certmaker_free.  state_folder NULL: they are in memory only.  Otherwise the keys of
 * authorities are kept there (created with mode 0700 when missing) and found again by the next process.
 */
struct certmaker *certmaker_new(const char *state_folder);
void certmaker_free(struct certmaker *m); /* NULL is fine */

enum cert_key { CERT_EC_P256 = 0, CERT_RSA_2048, CERT_ED25519 };

/* A value in the subject: octets as they shall stand, and their string type (enum der tags); tag 0: UTF8String. */
struct cert_text {
    uint8_t tag;
    struct slice octets;
};
/* Octets of a literal, NUL included, as an initialiser (also of static tables); so are the macros below. */
#define CERT_OCTETS(text) {(const uint8_t *)(text), sizeof(text) - 1}
#define CERT_CN(text)     {0, CERT_OCTETS(text)}

/* One GeneralName: the content octets, for NAME_DIRECTORY and NAME_OTHER those inside the context tag. */
struct cert_name {
    enum general_name kind;
    struct slice octets;
};
#define CERT_DNS(text)    {NAME_DNS, CERT_OCTETS(text)}
#define CERT_EMAIL(text)  {NAME_EMAIL, CERT_OCTETS(text)}
#define CERT_URI(text)    {NAME_URI, CERT_OCTETS(text)}
#define CERT_IP(octets)   {NAME_IP, CERT_OCTETS(octets)} /* 4 or 16 raw octets in a literal */

struct cert_extension {
    const char *oid; /* dotted decimal */
    bool critical;
    struct slice value; /* what stands inside the OCTET STRING */
};

enum cert_basic { CERT_BASIC_NONE = 0, CERT_BASIC_END_ENTITY, CERT_BASIC_CA };

/* KeyUsage bits, named as in RFC 5280 section 4.2.1.3; bit n of the mask is bit n of the BIT STRING. */
enum cert_usage {
    CERT_DIGITAL_SIGNATURE = 1 << 0,
    CERT_NON_REPUDIATION = 1 << 1,
    CERT_KEY_ENCIPHERMENT = 1 << 2,
    CERT_KEY_AGREEMENT = 1 << 4,
    CERT_KEY_CERT_SIGN = 1 << 5,
    CERT_CRL_SIGN = 1 << 6,
};

#define CERT_SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define CERT_CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define CERT_EMAIL_PROTECTION "1.3.6.1.5.5.7.3.4"

/* All zero: a version 3 certificate without extensions and with an empty subject, valid in 1970 for no time at all. */
struct cert_options {
    int version;             /* 1, 2, 3, or what it shall claim; 0: 3 */
    struct slice serial;     /* content octets of the INTEGER; n == 0: the maker's next one, counted from 1000 */
    const char *issuer;      /* the authority's name; NULL: "Sample CA" */
    enum cert_key issuer_key; /* an authority has one key of each kind; the kind decides the signature algorithm */
    int64_t not_before_utc, not_after_utc; /* UTCTime for 1950..2049, else GeneralizedTime */
    const char *organisation;              /* stands before the Common Names; NULL: none */
    const struct cert_text *common_names;
    size_t common_name_count;
    enum cert_key key;
    const char *key_id; /* the same id (and kind) in this maker is the same key; NULL: a new key */
    const struct cert_name *names; /* subjectAltName, critical when the subject is empty */
    size_t name_count;
    const char *const *ekus; /* dotted decimal */
    size_t eku_count;
    unsigned key_usage; /* 0: no such extension */
    enum cert_basic basic;
    const struct cert_extension *extensions; /* after the others, in this order, twice if they stand twice */
    size_t extension_count;
};

/* The DER of a new certificate, in the arena. */
struct slice cert_make(struct certmaker *m, struct arena *a, const struct cert_options *o);
/* The self-signed certificate of an authority, valid from 2000 to 2099, in the arena. */
struct slice cert_authority(struct certmaker *m, struct arena *a, const char *name, enum cert_key key);

struct cert_revoked {
    struct slice serial; /* content octets of the INTEGER */
    int64_t at_utc;
    int reason; /* CRLReason; below 0: no such extension */
};

/* All zero: a version 2 CRL of "Sample CA" from 1970 that revokes nothing and names no nextUpdate. */
struct cert_crl_options {
    const char *issuer; /* NULL: "Sample CA" */
    enum cert_key issuer_key;
    int64_t this_update_utc, next_update_utc; /* next 0: none */
    const struct cert_revoked *revoked;
    size_t revoked_count;
    const struct cert_extension *extensions; /* of the CRL, in this order */
    size_t extension_count;
};
/* @source RFC 5280 section 5.1 */
struct slice cert_crl(struct certmaker *m, struct arena *a, const struct cert_crl_options *o);
/* The issuer name that this authority writes: the whole Name. */
struct slice cert_authority_name(struct arena *a, const char *name);

/* The AlgorithmIdentifier with which an authority's key of that kind signs. */
struct slice cert_algorithm(struct arena *a, enum cert_key key);
/* SEQUENCE { tbs, that algorithm, the authority's signature }: certificates and CRLs of any content. */
struct slice cert_signed(struct certmaker *m, struct arena *a, const char *authority, enum cert_key key,
                         struct slice tbs);

/* One DER element; `content` may be any octets.  For extension values and other raw pieces. */
struct slice cert_der(struct arena *a, uint8_t tag, struct slice content);
/* The content octets of an OID in dotted decimal. */
struct slice cert_oid(struct arena *a, const char *dotted);

#endif
