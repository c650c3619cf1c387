/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a certificate says, before anybody judges it: flat data, offsets into the DER that travels beside it.
 * x509/reader fills it; core only looks.  A `struct facts` holds no pointer into the DER, owns nothing and may be
 * copied.
 * @source RFC 5280 section 4.1 and 4.2, ITU-T X.690
 */
#ifndef CORE_FACTS_H
#define CORE_FACTS_H

#include "base/der.h"

/* Octets at `at`, `n` long, in the certificate's DER.  n == 0 and at == 0: absent. */
struct span {
    uint32_t at, n;
};

enum presence {
    FIELD_ABSENT = 0,
    FIELD_PRESENT,   /* once, and it decodes */
    FIELD_MALFORMED, /* there, and it does not decode */
    FIELD_DUPLICATE, /* there more than once (RFC 5280 section 4.2 forbids it): no instance counts */
};

struct extension {
    enum presence presence;
    bool critical;
    struct span value; /* what the extension's OCTET STRING holds; only when FIELD_PRESENT */
};

/* Why a certificate is shown to the second reader although nothing about it violates policy. */
enum unusual {
    UNUSUAL_VERSION = 1 << 0,   /* version 2 */
    UNUSUAL_SERIAL = 1 << 1,    /* zero, negative, or over 20 octets (RFC 5280 section 4.1.2.2) */
    UNUSUAL_SUBJECT = 1 << 2,   /* empty, several Common Names, or a name attribute in an old or broken encoding */
    UNUSUAL_CRITICAL = 1 << 3,  /* a critical extension that we do not know */
    UNUSUAL_EXTENSION = 1 << 4, /* an extension that is malformed or there twice */
    UNUSUAL_KEY = 1 << 5,       /* neither RSA, EC, Ed25519 nor Ed448, an unknown curve, odd parameters, or malformed */
    UNUSUAL_NAME = 1 << 6,      /* NUL, control or non-ASCII octets in a subject or alternative name, odd IP length */
    UNUSUAL_SIZE = 1 << 7,      /* over 64 KiB */
    UNUSUAL_UNIQUE_ID = 1 << 8, /* issuerUniqueID or subjectUniqueID */
    UNUSUAL_VALUE = 1 << 9,     /* decodes, and RFC 5280 forbids it: x509/reader.h says which */
};

struct facts {
    /*
     * readable: the whole outer structure was decoded, so every field below holds.  Otherwise only `malformed` and
     * `malformed_at` count, and `version` where it is not 0.
     */
    bool readable;
    const char *malformed; /* NULL, or the first thing wrong, "what: RFC n section m: what is wrong"; a static string */
    uint32_t malformed_at; /* the octet where it was seen */

    uint8_t version;    /* 1, 2 or 3; 0: is none of these, or could not be read (which is malformed), also where only
                           the default would say it of what is no certificate */
    struct span serial; /* content octets of the INTEGER: big-endian two's complement */
    struct span issuer; /* the whole Name, header included */
    struct span subject;
    int64_t not_before_utc, not_after_utc; /* both ends belong to the validity period (RFC 5280 section 4.1.2.5) */
    struct span spki;                      /* the whole SubjectPublicKeyInfo, header included */
    struct span key_algorithm;             /* content octets of the OID in it */
    struct span key_parameters;            /* the whole parameters of that AlgorithmIdentifier; absent: none */
    /*
     * RSA (also RSASSA-PSS and RSAES-OAEP): bits of the modulus.  EC on a named curve that we know, Ed25519, Ed448:
     * bits of the field. 0: another key, or key_malformed.
     */
    uint32_t key_bits;
    /* RSA, EC or EdDSA by its algorithm, and what the BIT STRING or the parameters hold does not decode; malformed too
     */
    bool key_malformed;
    struct span rsa_modulus, rsa_exponent; /* content octets of the INTEGERs; absent: no RSA key, or key_malformed */
    /* Content octets of the OIDs; where the two AlgorithmIdentifiers are not the same octets, it is malformed. */
    struct span signature_algorithm, outer_signature_algorithm;
    struct span signature_parameters;                /* of the inner one, whole; absent: none */
    struct span issuer_unique_id, subject_unique_id; /* the whole element */
    uint32_t common_names;                           /* how many commonName attributes the subject has */
    uint32_t trailing;                               /* octets after the certificate (which is malformed) */

    /* Each value with its header, as it stands in the extension's OCTET STRING. */
    struct extension san, eku;
    struct extension key_usage, basic_constraints, subject_key_id, authority_key_id, policies, crl_points,
        authority_info, name_constraints;
    struct extension ms_sid;   /* szOID_NTDS_CA_SECURITY_EXT, 1.3.6.1.4.1.311.25.2 */
    uint16_t key_usage_bits;   /* bit n is the n-th of KeyUsage; only where key_usage is FIELD_PRESENT */
    bool is_ca;                /* cA, only where basic_constraints is FIELD_PRESENT */
    int64_t path_length;       /* pathLenConstraint; -1: none */
    uint32_t unknown_critical; /* how many critical extensions we do not know */
    uint32_t unusual;          /* bits of enum unusual; 0: an everyday certificate */
};

static inline struct slice facts_slice(struct slice der, struct span s)
{
    return (uint64_t)s.at + s.n <= der.n ? slice_upto(slice_from(der, s.at), s.n) : slice_make(der.p, 0);
}

/* Into the one SEQUENCE that s is; empty when it is none. */
static inline struct slice facts_in_sequence(struct slice s)
{
    struct der_element e;
    return der_expect(&s, DER_SEQUENCE, &e) ? e.content : slice_make(s.p, 0);
}
/* The same of what an extension holds; empty unless it is FIELD_PRESENT. */
static inline struct slice facts_in_extension(struct slice der, const struct extension *x)
{
    return x->presence == FIELD_PRESENT ? facts_in_sequence(facts_slice(der, x->value)) : slice_make(der.p, 0);
}

/* GeneralName choices by their context tag number (RFC 5280 section 4.2.1.6). */
enum general_name {
    NAME_OTHER = 0,
    NAME_EMAIL = 1,
    NAME_DNS = 2,
    NAME_X400 = 3,
    NAME_DIRECTORY = 4,
    NAME_EDI = 5,
    NAME_URI = 6,
    NAME_IP = 7,
    NAME_REGISTERED_ID = 8
};

/*
 * Walks the subjectAltName.  *cursor starts as facts_san(der, f), which is empty unless the extension is
 * FIELD_PRESENT.  False at the end.  `value` is the name's content octets.
 */
static inline struct slice facts_san(struct slice der, const struct facts *f)
{
    return facts_in_extension(der, &f->san);
}
static inline bool facts_next_name(struct slice *cursor, enum general_name *kind, struct slice *value)
{
    struct der_element e;
    if (!der_next(cursor, &e) || (e.tag & 0xc0) != DER_CONTEXT || (e.tag & 0x1f) > NAME_REGISTERED_ID) {
        *cursor = slice_make(cursor->p, 0);
        return false;
    }
    *kind = (enum general_name)(e.tag & 0x1f);
    *value = e.content;
    return true;
}

/*
 * Walks the Common Names of the subject in the order of the certificate.  *cursor starts as facts_subject(der, f);
 * `tag` is the string type's identifier octet, `value` its content octets.  False at the end.
 */
struct slice facts_subject(struct slice der, const struct facts *f);
bool facts_next_common_name(struct slice *cursor, uint8_t *tag, struct slice *value);
/*
 * A DirectoryString (or IA5String) as UTF-8 into out, at most `room` octets.  Returns false when the octets are not
 * of that type (broken UTF-8, an odd BMPString, a T61 octet over 0x7f, a surrogate) or do not fit: such a name
 * equals nothing.  NUL and control characters pass through.
 */
bool facts_text(uint8_t tag, struct slice value, uint8_t *out, size_t room, size_t *written);

/* Walks the KeyPurposeIds: content octets of each OID.  *cursor starts as facts_eku(der, f). */
static inline struct slice facts_eku(struct slice der, const struct facts *f)
{
    return facts_in_extension(der, &f->eku);
}
static inline bool facts_next_eku(struct slice *cursor, struct slice *oid)
{
    struct der_element e;
    if (!der_expect(cursor, DER_OID, &e)) {
        *cursor = slice_make(cursor->p, 0);
        return false;
    }
    *oid = e.content;
    return true;
}

/*
 * Walks the URIs in the fullName of each cRLDistributionPoint that names neither reasons nor another cRLIssuer.
 * *cursor starts as facts_crl_points(der, f).
 */
struct slice facts_crl_points(struct slice der, const struct facts *f);
bool facts_next_crl_uri(struct slice *cursor, struct slice *uri);

/* Keys that a replacement must share with what it replaces; one value for each algorithm we know, else KEY_OTHER. */
enum key_family { KEY_OTHER = 0, KEY_RSA, KEY_EC, KEY_ED25519, KEY_ED448 };
enum key_family facts_key_family(struct slice der, const struct facts *f);

#endif
