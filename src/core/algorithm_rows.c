/* SPDX-License-Identifier: Apache-2.0 */
/* The table of algorithms, curves and key purposes.  tests/unit/test_algorithm holds it to OpenSSL's own. */
#include "core/algorithm.h"

/* The arcs under which they are, as content octets (X.690 section 8.19). */
/* clang-format off: one row, one arc. */
#define PKCS1           "\x2a\x86\x48\x86\xf7\x0d\x01\x01"         /* 1.2.840.113549.1.1 */
#define PKCS3           "\x2a\x86\x48\x86\xf7\x0d\x01\x03"         /* 1.2.840.113549.1.3 */
#define SMIME_ALG       "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03" /* 1.2.840.113549.1.9.16.3 */
#define X957            "\x2a\x86\x48\xce\x38\x04"                 /* 1.2.840.10040.4 */
#define X942            "\x2a\x86\x48\xce\x3e\x02"                 /* 1.2.840.10046.2 */
#define X962_KEY        "\x2a\x86\x48\xce\x3d\x02"                 /* 1.2.840.10045.2 */
#define X962_PRIME      "\x2a\x86\x48\xce\x3d\x03\x01"             /* 1.2.840.10045.3.1 */
#define X962_SIG        "\x2a\x86\x48\xce\x3d\x04"                 /* 1.2.840.10045.4 */
#define CERTICOM        "\x2b\x81\x04"                             /* 1.3.132 */
#define CERTICOM_CURVE  "\x2b\x81\x04\x00"                         /* 1.3.132.0 */
#define BRAINPOOL       "\x2b\x24\x03\x03\x02\x08\x01\x01"         /* 1.3.36.3.3.2.8.1.1 */
#define TELETRUST_RSA   "\x2b\x24\x03\x03\x01"                     /* 1.3.36.3.3.1 */
#define OIW             "\x2b\x0e\x03\x02"                         /* 1.3.14.3.2 */
#define EDWARDS         "\x2b\x65"                                 /* 1.3.101 */
#define GOST_CRYPTOPRO  "\x2a\x85\x03\x02\x02"                     /* 1.2.643.2.2 */
#define GOST_TC26       "\x2a\x85\x03\x07\x01\x01"                 /* 1.2.643.7.1.1 */
#define CHINA           "\x2a\x81\x1c\xcf\x55\x01"                 /* 1.2.156.10197.1 */
#define ANSSI           "\x2a\x81\x7a\x01\x81\x5f\x65\x82\x00"     /* 1.2.250.1.223.101.256 */
#define NIST_SIG        "\x60\x86\x48\x01\x65\x03\x04\x03"         /* 2.16.840.1.101.3.4.3 */
#define NIST_KEM        "\x60\x86\x48\x01\x65\x03\x04\x04"         /* 2.16.840.1.101.3.4.4 */
#define PKIX_ALG        "\x2b\x06\x01\x05\x05\x07\x06"             /* 1.3.6.1.5.5.7.6 */
#define PKIX_KP         "\x2b\x06\x01\x05\x05\x07\x03"             /* 1.3.6.1.5.5.7.3 */
#define CERTIFICATE_EXT "\x55\x1d"                                 /* 2.5.29 */
#define MICROSOFT       "\x2b\x06\x01\x04\x01\x82\x37"             /* 1.3.6.1.4.1.311 */
#define NETSCAPE        "\x60\x86\x48\x01\x86\xf8\x42\x04"         /* 2.16.840.1.113730.4 */
#define KERBEROS        "\x2b\x06\x01\x05\x02\x03"                 /* 1.3.6.1.5.2.3 */
#define IPSEC_IKE       "\x2b\x06\x01\x05\x05\x08\x02"             /* 1.3.6.1.5.5.8.2 */
#define ADOBE           "\x2a\x86\x48\x86\xf7\x2f\x01\x01"         /* 1.2.840.113583.1.1 */
#define GOOGLE_CT       "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04"     /* 1.3.6.1.4.1.11129.2.4 */
#define PIV             "\x60\x86\x48\x01\x65\x03\x06"             /* 2.16.840.1.101.3.6 */

#define ROW(k, o, n, also_, c, b)                                                                                      \
    {                                                                                                                  \
        .kind = ALGORITHM_##k, .oid = {(const uint8_t *)(o), sizeof(o) - 1}, .name = (n), .also = (also_),             \
        .class_ = CLASS_##c, .bits = (b)                                                                               \
    }
#define KEY(o, n, also_, c)               ROW(KEY, o, n, also_, c, 0)
#define SIGNATURE(o, n, also_, c)         ROW(SIGNATURE, o, n, also_, c, 0)
#define KEY_AND_SIGNATURE(o, n, also_, c) KEY(o, n, also_, c), SIGNATURE(o, n, also_, c)
#define CURVE(o, n, also_, b)             ROW(CURVE, o, n, also_, UNKNOWN, b)
#define PURPOSE(o, n, also_)              ROW(PURPOSE, o, n, also_, UNKNOWN, 0)

static const struct algorithm table[] = {
    /* What most certificates have stands first, because it is looked for in each of them. */
    KEY(PKCS1 "\x01", "rsaEncryption", "RSA", CLASSICAL),
    KEY(X962_KEY "\x01", "id-ecPublicKey", "EC", CLASSICAL),
    CURVE(X962_PRIME "\x07", "P-256", "secp256r1 prime256v1", 256),
    CURVE(CERTICOM_CURVE "\x22", "P-384", "secp384r1", 384),
    CURVE(CERTICOM_CURVE "\x23", "P-521", "secp521r1", 521),
    SIGNATURE(PKCS1 "\x0b", "sha256WithRSAEncryption", "RSA-SHA256 SHA256withRSA", CLASSICAL),
    SIGNATURE(X962_SIG "\x03\x02", "ecdsa-with-SHA256", "ECDSA-SHA256 SHA256withECDSA", CLASSICAL),
    /* Keys. RFC 8017, RFC 4055, RFC 5480, RFC 3279, RFC 8410. */
    KEY(PKCS1 "\x0a", "id-RSASSA-PSS", "RSASSA-PSS rsassaPss", CLASSICAL),
    KEY(PKCS1 "\x07", "id-RSAES-OAEP", "RSAES-OAEP rsaesOaep", CLASSICAL),
    KEY(CERTICOM "\x01\x0c", "id-ecDH", "ECDH", CLASSICAL),
    KEY(CERTICOM "\x01\x0d", "id-ecMQV", "ECMQV", CLASSICAL),
    KEY(EDWARDS "\x6e", "X25519", "id-X25519", CLASSICAL),
    KEY(EDWARDS "\x6f", "X448", "id-X448", CLASSICAL),
    KEY(EDWARDS "\x70", "Ed25519", "id-Ed25519", CLASSICAL),
    KEY(EDWARDS "\x71", "Ed448", "id-Ed448", CLASSICAL),
    KEY(X957 "\x01", "id-dsa", "DSA dsaEncryption", CLASSICAL),
    KEY(OIW "\x0c", "dsa-OIW", "DSA-old dsaEncryption-old", CLASSICAL),
    KEY(PKCS3 "\x01", "dhKeyAgreement", "DH", CLASSICAL),
    KEY(X942 "\x01", "dhpublicnumber", "DHX", CLASSICAL),
    /* RFC 4491, RFC 9215. */
    KEY(GOST_CRYPTOPRO "\x14", "id-GostR3410-94", "gost94", CLASSICAL),
    KEY(GOST_CRYPTOPRO "\x13", "id-GostR3410-2001", "gost2001", CLASSICAL),
    KEY(GOST_TC26 "\x01\x01", "id-tc26-gost3410-12-256", "gost2012_256", CLASSICAL),
    KEY(GOST_TC26 "\x01\x02", "id-tc26-gost3410-12-512", "gost2012_512", CLASSICAL),
    /* Signatures with RSA. RFC 3279, RFC 4055, RFC 8017, RFC 8692, FIPS 202. */
    SIGNATURE(PKCS1 "\x02", "md2WithRSAEncryption", "RSA-MD2", CLASSICAL),
    SIGNATURE(PKCS1 "\x03", "md4WithRSAEncryption", "RSA-MD4", CLASSICAL),
    SIGNATURE(PKCS1 "\x04", "md5WithRSAEncryption", "RSA-MD5", CLASSICAL),
    SIGNATURE(PKCS1 "\x05", "sha1WithRSAEncryption", "sha-1WithRSAEncryption RSA-SHA1", CLASSICAL),
    SIGNATURE(PKCS1 "\x0e", "sha224WithRSAEncryption", "RSA-SHA224 SHA224withRSA", CLASSICAL),
    SIGNATURE(PKCS1 "\x0c", "sha384WithRSAEncryption", "RSA-SHA384 SHA384withRSA", CLASSICAL),
    SIGNATURE(PKCS1 "\x0d", "sha512WithRSAEncryption", "RSA-SHA512 SHA512withRSA", CLASSICAL),
    SIGNATURE(PKCS1 "\x0f", "sha512-224WithRSAEncryption", "RSA-SHA512/224", CLASSICAL),
    SIGNATURE(PKCS1 "\x10", "sha512-256WithRSAEncryption", "RSA-SHA512/256", CLASSICAL),
    SIGNATURE(PKCS1 "\x0a", "id-RSASSA-PSS", "RSASSA-PSS rsassaPss", CLASSICAL),
    SIGNATURE(NIST_SIG "\x0d", "id-rsassa-pkcs1-v1_5-with-sha3-224", "RSA-SHA3-224", CLASSICAL),
    SIGNATURE(NIST_SIG "\x0e", "id-rsassa-pkcs1-v1_5-with-sha3-256", "RSA-SHA3-256", CLASSICAL),
    SIGNATURE(NIST_SIG "\x0f", "id-rsassa-pkcs1-v1_5-with-sha3-384", "RSA-SHA3-384", CLASSICAL),
    SIGNATURE(NIST_SIG "\x10", "id-rsassa-pkcs1-v1_5-with-sha3-512", "RSA-SHA3-512", CLASSICAL),
    SIGNATURE(PKIX_ALG "\x1e", "id-RSASSA-PSS-SHAKE128", "RSASSA-PSS-SHAKE128", CLASSICAL),
    SIGNATURE(PKIX_ALG "\x1f", "id-RSASSA-PSS-SHAKE256", "RSASSA-PSS-SHAKE256", CLASSICAL),
    SIGNATURE(OIW "\x03", "md5WithRSA-OIW", "RSA-NP-MD5", CLASSICAL),
    SIGNATURE(OIW "\x1d", "sha1WithRSA-OIW", "RSA-SHA1-2", CLASSICAL),
    SIGNATURE(TELETRUST_RSA "\x02", "rsaSignatureWithripemd160", "RSA-RIPEMD160 ripemd160WithRSA", CLASSICAL),
    SIGNATURE(CHINA "\x83\x78", "sm3WithRSAEncryption", "RSA-SM3", CLASSICAL),
    /* With elliptic curves. RFC 5758, RFC 8692, RFC 8410. */
    SIGNATURE(X962_SIG "\x01", "ecdsa-with-SHA1", "ECDSA-SHA1 SHA1withECDSA", CLASSICAL),
    SIGNATURE(X962_SIG "\x02", "ecdsa-with-Recommended", NULL, CLASSICAL),
    SIGNATURE(X962_SIG "\x03", "ecdsa-with-Specified", NULL, CLASSICAL),
    SIGNATURE(X962_SIG "\x03\x01", "ecdsa-with-SHA224", "ECDSA-SHA224 SHA224withECDSA", CLASSICAL),
    SIGNATURE(X962_SIG "\x03\x03", "ecdsa-with-SHA384", "ECDSA-SHA384 SHA384withECDSA", CLASSICAL),
    SIGNATURE(X962_SIG "\x03\x04", "ecdsa-with-SHA512", "ECDSA-SHA512 SHA512withECDSA", CLASSICAL),
    SIGNATURE(NIST_SIG "\x09", "id-ecdsa-with-sha3-224", "ecdsa-with-SHA3-224 ecdsa_with_SHA3-224 ECDSA-SHA3-224",
              CLASSICAL),
    SIGNATURE(NIST_SIG "\x0a", "id-ecdsa-with-sha3-256", "ecdsa-with-SHA3-256 ecdsa_with_SHA3-256 ECDSA-SHA3-256",
              CLASSICAL),
    SIGNATURE(NIST_SIG "\x0b", "id-ecdsa-with-sha3-384", "ecdsa-with-SHA3-384 ecdsa_with_SHA3-384 ECDSA-SHA3-384",
              CLASSICAL),
    SIGNATURE(NIST_SIG "\x0c", "id-ecdsa-with-sha3-512", "ecdsa-with-SHA3-512 ecdsa_with_SHA3-512 ECDSA-SHA3-512",
              CLASSICAL),
    SIGNATURE(PKIX_ALG "\x20", "id-ecdsa-with-shake128", "ecdsa-with-SHAKE128", CLASSICAL),
    SIGNATURE(PKIX_ALG "\x21", "id-ecdsa-with-shake256", "ecdsa-with-SHAKE256", CLASSICAL),
    SIGNATURE(EDWARDS "\x70", "Ed25519", "id-Ed25519", CLASSICAL),
    SIGNATURE(EDWARDS "\x71", "Ed448", "id-Ed448", CLASSICAL),
    SIGNATURE(CHINA "\x83\x75", "SM2-with-SM3", "SM2-SM3", CLASSICAL),
    /* With DSA. RFC 3279, RFC 5758, FIPS 202. */
    SIGNATURE(X957 "\x03", "id-dsa-with-sha1", "dsaWithSHA1 DSA-SHA1", CLASSICAL),
    SIGNATURE(NIST_SIG "\x01", "id-dsa-with-sha224", "dsa_with_SHA224 DSA-SHA224", CLASSICAL),
    SIGNATURE(NIST_SIG "\x02", "id-dsa-with-sha256", "dsa_with_SHA256 DSA-SHA256", CLASSICAL),
    SIGNATURE(NIST_SIG "\x03", "id-dsa-with-sha384", "dsa_with_SHA384 DSA-SHA384", CLASSICAL),
    SIGNATURE(NIST_SIG "\x04", "id-dsa-with-sha512", "dsa_with_SHA512 DSA-SHA512", CLASSICAL),
    SIGNATURE(NIST_SIG "\x05", "id-dsa-with-sha3-224", "dsa_with_SHA3-224", CLASSICAL),
    SIGNATURE(NIST_SIG "\x06", "id-dsa-with-sha3-256", "dsa_with_SHA3-256", CLASSICAL),
    SIGNATURE(NIST_SIG "\x07", "id-dsa-with-sha3-384", "dsa_with_SHA3-384", CLASSICAL),
    SIGNATURE(NIST_SIG "\x08", "id-dsa-with-sha3-512", "dsa_with_SHA3-512", CLASSICAL),
    SIGNATURE(OIW "\x0d", "dsaWithSHA", "DSA-SHA", CLASSICAL),
    SIGNATURE(OIW "\x1b", "dsaWithSHA1-OIW", "DSA-SHA1-old dsaWithSHA1-old", CLASSICAL),
    /* RFC 4491, RFC 9215. */
    SIGNATURE(GOST_CRYPTOPRO "\x04", "id-GostR3411-94-with-GostR3410-94", NULL, CLASSICAL),
    SIGNATURE(GOST_CRYPTOPRO "\x03", "id-GostR3411-94-with-GostR3410-2001", NULL, CLASSICAL),
    SIGNATURE(GOST_TC26 "\x03\x02", "id-tc26-signwithdigest-gost3410-12-256",
              "id-tc26-signwithdigest-gost3410-2012-256", CLASSICAL),
    SIGNATURE(GOST_TC26 "\x03\x03", "id-tc26-signwithdigest-gost3410-12-512",
              "id-tc26-signwithdigest-gost3410-2012-512", CLASSICAL),
    /* Keys that sign under the same identifier: ML-DSA (RFC 9881). */
    KEY_AND_SIGNATURE(NIST_SIG "\x11", "id-ml-dsa-44", "ML-DSA-44 MLDSA44", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x12", "id-ml-dsa-65", "ML-DSA-65 MLDSA65", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x13", "id-ml-dsa-87", "ML-DSA-87 MLDSA87", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x20", "id-hash-ml-dsa-44-with-sha512", "HashML-DSA-44", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x21", "id-hash-ml-dsa-65-with-sha512", "HashML-DSA-65", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x22", "id-hash-ml-dsa-87-with-sha512", "HashML-DSA-87", POST_QUANTUM),
    /* SLH-DSA (RFC 9909). */
    KEY_AND_SIGNATURE(NIST_SIG "\x14", "id-slh-dsa-sha2-128s", "SLH-DSA-SHA2-128s", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x15", "id-slh-dsa-sha2-128f", "SLH-DSA-SHA2-128f", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x16", "id-slh-dsa-sha2-192s", "SLH-DSA-SHA2-192s", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x17", "id-slh-dsa-sha2-192f", "SLH-DSA-SHA2-192f", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x18", "id-slh-dsa-sha2-256s", "SLH-DSA-SHA2-256s", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x19", "id-slh-dsa-sha2-256f", "SLH-DSA-SHA2-256f", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x1a", "id-slh-dsa-shake-128s", "SLH-DSA-SHAKE-128s", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x1b", "id-slh-dsa-shake-128f", "SLH-DSA-SHAKE-128f", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x1c", "id-slh-dsa-shake-192s", "SLH-DSA-SHAKE-192s", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x1d", "id-slh-dsa-shake-192f", "SLH-DSA-SHAKE-192f", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x1e", "id-slh-dsa-shake-256s", "SLH-DSA-SHAKE-256s", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x1f", "id-slh-dsa-shake-256f", "SLH-DSA-SHAKE-256f", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x23", "id-hash-slh-dsa-sha2-128s-with-sha256", "HashSLH-DSA-SHA2-128s", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x24", "id-hash-slh-dsa-sha2-128f-with-sha256", "HashSLH-DSA-SHA2-128f", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x25", "id-hash-slh-dsa-sha2-192s-with-sha512", "HashSLH-DSA-SHA2-192s", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x26", "id-hash-slh-dsa-sha2-192f-with-sha512", "HashSLH-DSA-SHA2-192f", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x27", "id-hash-slh-dsa-sha2-256s-with-sha512", "HashSLH-DSA-SHA2-256s", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x28", "id-hash-slh-dsa-sha2-256f-with-sha512", "HashSLH-DSA-SHA2-256f", POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x29", "id-hash-slh-dsa-shake-128s-with-shake128", "HashSLH-DSA-SHAKE-128s",
                      POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x2a", "id-hash-slh-dsa-shake-128f-with-shake128", "HashSLH-DSA-SHAKE-128f",
                      POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x2b", "id-hash-slh-dsa-shake-192s-with-shake256", "HashSLH-DSA-SHAKE-192s",
                      POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x2c", "id-hash-slh-dsa-shake-192f-with-shake256", "HashSLH-DSA-SHAKE-192f",
                      POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x2d", "id-hash-slh-dsa-shake-256s-with-shake256", "HashSLH-DSA-SHAKE-256s",
                      POST_QUANTUM),
    KEY_AND_SIGNATURE(NIST_SIG "\x2e", "id-hash-slh-dsa-shake-256f-with-shake256", "HashSLH-DSA-SHAKE-256f",
                      POST_QUANTUM),
    /* Stateful hash-based signatures (RFC 9802). */
    KEY_AND_SIGNATURE(SMIME_ALG "\x11", "id-alg-hss-lms-hashsig", "HSS-LMS HSS LMS", POST_QUANTUM),
    KEY_AND_SIGNATURE(PKIX_ALG "\x22", "id-alg-xmss-hashsig", "XMSS", POST_QUANTUM),
    KEY_AND_SIGNATURE(PKIX_ALG "\x23", "id-alg-xmssmt-hashsig", "XMSSMT", POST_QUANTUM),
    /* ML-DSA together with another algorithm (draft-ietf-lamps-pq-composite-sigs, numbers of the IANA registry). */
    KEY_AND_SIGNATURE(PKIX_ALG "\x25", "id-MLDSA44-RSA2048-PSS-SHA256", "MLDSA44-RSA2048-PSS-SHA256", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x26", "id-MLDSA44-RSA2048-PKCS15-SHA256", "MLDSA44-RSA2048-PKCS15-SHA256", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x27", "id-MLDSA44-Ed25519-SHA512", "MLDSA44-Ed25519-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x28", "id-MLDSA44-ECDSA-P256-SHA256", "MLDSA44-ECDSA-P256-SHA256", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x29", "id-MLDSA65-RSA3072-PSS-SHA512", "MLDSA65-RSA3072-PSS-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x2a", "id-MLDSA65-RSA3072-PKCS15-SHA512", "MLDSA65-RSA3072-PKCS15-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x2b", "id-MLDSA65-RSA4096-PSS-SHA512", "MLDSA65-RSA4096-PSS-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x2c", "id-MLDSA65-RSA4096-PKCS15-SHA512", "MLDSA65-RSA4096-PKCS15-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x2d", "id-MLDSA65-ECDSA-P256-SHA512", "MLDSA65-ECDSA-P256-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x2e", "id-MLDSA65-ECDSA-P384-SHA512", "MLDSA65-ECDSA-P384-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x2f", "id-MLDSA65-ECDSA-brainpoolP256r1-SHA512",
                      "MLDSA65-ECDSA-brainpoolP256r1-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x30", "id-MLDSA65-Ed25519-SHA512", "MLDSA65-Ed25519-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x31", "id-MLDSA87-ECDSA-P384-SHA512", "MLDSA87-ECDSA-P384-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x32", "id-MLDSA87-ECDSA-brainpoolP384r1-SHA512",
                      "MLDSA87-ECDSA-brainpoolP384r1-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x33", "id-MLDSA87-Ed448-SHAKE256", "MLDSA87-Ed448-SHAKE256", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x34", "id-MLDSA87-RSA3072-PSS-SHA512", "MLDSA87-RSA3072-PSS-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x35", "id-MLDSA87-RSA4096-PSS-SHA512", "MLDSA87-RSA4096-PSS-SHA512", HYBRID),
    KEY_AND_SIGNATURE(PKIX_ALG "\x36", "id-MLDSA87-ECDSA-P521-SHA512", "MLDSA87-ECDSA-P521-SHA512", HYBRID),
    /* Keys that only encapsulate: ML-KEM (RFC 9935). */
    KEY(NIST_KEM "\x01", "id-alg-ml-kem-512", "ML-KEM-512 MLKEM512", POST_QUANTUM),
    KEY(NIST_KEM "\x02", "id-alg-ml-kem-768", "ML-KEM-768 MLKEM768", POST_QUANTUM),
    KEY(NIST_KEM "\x03", "id-alg-ml-kem-1024", "ML-KEM-1024 MLKEM1024", POST_QUANTUM),
    /* A certificate that nobody signed (RFC 9925). */
    SIGNATURE(PKIX_ALG "\x24", "id-alg-unsigned", "unsigned", UNKNOWN),
    /* Curves. RFC 5480, SEC 2, FIPS 186-4. */
    CURVE(X962_PRIME "\x01", "P-192", "secp192r1 prime192v1", 192),
    CURVE(X962_PRIME "\x02", "prime192v2", NULL, 192),
    CURVE(X962_PRIME "\x03", "prime192v3", NULL, 192),
    CURVE(X962_PRIME "\x04", "prime239v1", NULL, 239),
    CURVE(X962_PRIME "\x05", "prime239v2", NULL, 239),
    CURVE(X962_PRIME "\x06", "prime239v3", NULL, 239),
    CURVE(CERTICOM_CURVE "\x21", "P-224", "secp224r1", 224),
    CURVE(CERTICOM_CURVE "\x06", "secp112r1", NULL, 112),
    CURVE(CERTICOM_CURVE "\x07", "secp112r2", NULL, 112),
    CURVE(CERTICOM_CURVE "\x1c", "secp128r1", NULL, 128),
    CURVE(CERTICOM_CURVE "\x1d", "secp128r2", NULL, 128),
    CURVE(CERTICOM_CURVE "\x09", "secp160k1", NULL, 160),
    CURVE(CERTICOM_CURVE "\x08", "secp160r1", NULL, 160),
    CURVE(CERTICOM_CURVE "\x1e", "secp160r2", NULL, 160),
    CURVE(CERTICOM_CURVE "\x1f", "secp192k1", NULL, 192),
    CURVE(CERTICOM_CURVE "\x20", "secp224k1", NULL, 224),
    CURVE(CERTICOM_CURVE "\x0a", "secp256k1", NULL, 256),
    CURVE(CERTICOM_CURVE "\x01", "K-163", "sect163k1", 163),
    CURVE(CERTICOM_CURVE "\x0f", "B-163", "sect163r2", 163),
    CURVE(CERTICOM_CURVE "\x1a", "K-233", "sect233k1", 233),
    CURVE(CERTICOM_CURVE "\x1b", "B-233", "sect233r1", 233),
    CURVE(CERTICOM_CURVE "\x10", "K-283", "sect283k1", 283),
    CURVE(CERTICOM_CURVE "\x11", "B-283", "sect283r1", 283),
    CURVE(CERTICOM_CURVE "\x24", "K-409", "sect409k1", 409),
    CURVE(CERTICOM_CURVE "\x25", "B-409", "sect409r1", 409),
    CURVE(CERTICOM_CURVE "\x26", "K-571", "sect571k1", 571),
    CURVE(CERTICOM_CURVE "\x27", "B-571", "sect571r1", 571),
    CURVE(CERTICOM_CURVE "\x02", "sect163r1", NULL, 163),
    CURVE(CERTICOM_CURVE "\x03", "sect239k1", NULL, 239),
    /* RFC 5639. */
    CURVE(BRAINPOOL "\x01", "brainpoolP160r1", NULL, 160),
    CURVE(BRAINPOOL "\x02", "brainpoolP160t1", NULL, 160),
    CURVE(BRAINPOOL "\x03", "brainpoolP192r1", NULL, 192),
    CURVE(BRAINPOOL "\x04", "brainpoolP192t1", NULL, 192),
    CURVE(BRAINPOOL "\x05", "brainpoolP224r1", NULL, 224),
    CURVE(BRAINPOOL "\x06", "brainpoolP224t1", NULL, 224),
    CURVE(BRAINPOOL "\x07", "brainpoolP256r1", NULL, 256),
    CURVE(BRAINPOOL "\x08", "brainpoolP256t1", NULL, 256),
    CURVE(BRAINPOOL "\x09", "brainpoolP320r1", NULL, 320),
    CURVE(BRAINPOOL "\x0a", "brainpoolP320t1", NULL, 320),
    CURVE(BRAINPOOL "\x0b", "brainpoolP384r1", NULL, 384),
    CURVE(BRAINPOOL "\x0c", "brainpoolP384t1", NULL, 384),
    CURVE(BRAINPOOL "\x0d", "brainpoolP512r1", NULL, 512),
    CURVE(BRAINPOOL "\x0e", "brainpoolP512t1", NULL, 512),
    /* GB/T 32918.5, ANSSI FRP256v1, RFC 8410. */
    CURVE(CHINA "\x82\x2d", "curveSM2", "SM2", 256),
    CURVE(ANSSI "\x01", "FRP256v1", NULL, 256),
    CURVE(EDWARDS "\x70", "Ed25519", "id-Ed25519", 255),
    CURVE(EDWARDS "\x71", "Ed448", "id-Ed448", 448),
    CURVE(EDWARDS "\x6e", "X25519", "id-X25519", 255),
    CURVE(EDWARDS "\x6f", "X448", "id-X448", 448),
    /* Key purposes. RFC 5280 section 4.2.1.12 and the IANA registry of extended key purposes. */
    PURPOSE(PKIX_KP "\x01", "serverAuth", "id-kp-serverAuth"),
    PURPOSE(PKIX_KP "\x02", "clientAuth", "id-kp-clientAuth"),
    PURPOSE(PKIX_KP "\x03", "codeSigning", "id-kp-codeSigning"),
    PURPOSE(PKIX_KP "\x04", "emailProtection", "id-kp-emailProtection"),
    PURPOSE(PKIX_KP "\x05", "ipsecEndSystem", "id-kp-ipsecEndSystem"),
    PURPOSE(PKIX_KP "\x06", "ipsecTunnel", "id-kp-ipsecTunnel"),
    PURPOSE(PKIX_KP "\x07", "ipsecUser", "id-kp-ipsecUser"),
    PURPOSE(PKIX_KP "\x08", "timeStamping", "id-kp-timeStamping"),
    PURPOSE(PKIX_KP "\x09", "OCSPSigning", "id-kp-OCSPSigning"),
    PURPOSE(PKIX_KP "\x0a", "dvcs", "id-kp-dvcs"),
    PURPOSE(PKIX_KP "\x0d", "eapOverPPP", "id-kp-eapOverPPP"),
    PURPOSE(PKIX_KP "\x0e", "eapOverLAN", "id-kp-eapOverLAN"),
    PURPOSE(PKIX_KP "\x11", "ipsecIKE", "id-kp-ipsecIKE"),
    PURPOSE(PKIX_KP "\x12", "capwapAC", "id-kp-capwapAC"),
    PURPOSE(PKIX_KP "\x13", "capwapWTP", "id-kp-capwapWTP"),
    PURPOSE(PKIX_KP "\x14", "sipDomain", "id-kp-sipDomain"),
    PURPOSE(PKIX_KP "\x15", "secureShellClient", "id-kp-secureShellClient"),
    PURPOSE(PKIX_KP "\x16", "secureShellServer", "id-kp-secureShellServer"),
    PURPOSE(PKIX_KP "\x17", "sendRouter", "id-kp-sendRouter"),
    PURPOSE(PKIX_KP "\x18", "sendProxiedRouter", "id-kp-sendProxiedRouter"),
    PURPOSE(PKIX_KP "\x19", "sendOwner", "id-kp-sendOwner"),
    PURPOSE(PKIX_KP "\x1a", "sendProxiedOwner", "id-kp-sendProxiedOwner"),
    PURPOSE(PKIX_KP "\x1b", "cmcCA", "id-kp-cmcCA"),
    PURPOSE(PKIX_KP "\x1c", "cmcRA", "id-kp-cmcRA"),
    PURPOSE(PKIX_KP "\x1d", "cmcArchive", "id-kp-cmcArchive"),
    PURPOSE(PKIX_KP "\x1e", "bgpsec-router", "id-kp-bgpsec-router"),
    PURPOSE(PKIX_KP "\x1f", "BrandIndicatorforMessageIdentification", "id-kp-BrandIndicatorforMessageIdentification"),
    PURPOSE(PKIX_KP "\x20", "cmKGA", "id-kp-cmKGA"),
    PURPOSE(PKIX_KP "\x21", "rpcTLSClient", "id-kp-rpcTLSClient"),
    PURPOSE(PKIX_KP "\x22", "rpcTLSServer", "id-kp-rpcTLSServer"),
    PURPOSE(PKIX_KP "\x23", "bundleSecurity", "id-kp-bundleSecurity"),
    PURPOSE(PKIX_KP "\x24", "documentSigning", "id-kp-documentSigning kpDocumentSigning"),
    PURPOSE(CERTIFICATE_EXT "\x25\x00", "anyExtendedKeyUsage", NULL),
    /* RFC 4556, RFC 4945, RFC 6962. */
    PURPOSE(KERBEROS "\x04", "id-pkinit-KPClientAuth", "pkInitClientAuth"),
    PURPOSE(KERBEROS "\x05", "id-pkinit-KPKdc", "pkInitKDC KDC"),
    PURPOSE(IPSEC_IKE "\x02", "iKEIntermediate", "ipsecIKEIntermediate"),
    PURPOSE(GOOGLE_CT "\x04", "ctPrecertificateSigning", "ct_precert_signer"),
    /* Of vendors, by the names in their own registries. */
    PURPOSE(MICROSOFT "\x14\x02\x02", "smartcardLogon", "msSmartcardLogin szOID_KP_SMARTCARD_LOGON"),
    PURPOSE(MICROSOFT "\x0a\x03\x03", "msSGC", NULL),
    PURPOSE(MICROSOFT "\x0a\x03\x04", "msEFS", "szOID_KP_EFS"),
    PURPOSE(MICROSOFT "\x0a\x03\x04\x01", "msEFSRecovery", "msEFSFR szOID_EFS_RECOVERY"),
    PURPOSE(MICROSOFT "\x02\x01\x15", "msCodeInd", NULL),
    PURPOSE(MICROSOFT "\x02\x01\x16", "msCodeCom", NULL),
    PURPOSE(MICROSOFT "\x0a\x03\x01", "msCTLSign", NULL),
    PURPOSE(MICROSOFT "\x0a\x03\x0c", "msDocumentSigning", "szOID_KP_DOCUMENT_SIGNING"),
    PURPOSE(MICROSOFT "\x0a\x03\x0d", "msLifetimeSigning", "szOID_KP_LIFETIME_SIGNING"),
    PURPOSE(MICROSOFT "\x14\x02\x01", "msEnrollmentAgent", "szOID_ENROLLMENT_AGENT"),
    PURPOSE(MICROSOFT "\x15\x05", "msCAExchange", "szOID_KP_CA_EXCHANGE"),
    PURPOSE(MICROSOFT "\x15\x06", "msKeyRecoveryAgent", "szOID_KP_KEY_RECOVERY_AGENT"),
    PURPOSE(MICROSOFT "\x15\x13", "msDSEmailReplication", "szOID_DS_EMAIL_REPLICATION"),
    PURPOSE(MICROSOFT "\x36\x01\x02", "msRemoteDesktop", "remoteDesktopAuthentication"),
    PURPOSE(MICROSOFT "\x43\x01\x01", "msBitLockerDriveEncryption", NULL),
    PURPOSE(MICROSOFT "\x43\x01\x02", "msBitLockerDataRecoveryAgent", NULL),
    PURPOSE(NETSCAPE "\x01", "nsSGC", NULL),
    PURPOSE(ADOBE "\x05", "adobePDFSigning", NULL),
    PURPOSE(PIV "\x07", "id-PIV-content-signing", NULL),
    PURPOSE(PIV "\x08", "id-PIV-cardAuth", NULL),
};
/* clang-format on */

const struct algorithm *algorithm_at(size_t index)
{
    return index < sizeof table / sizeof *table ? &table[index] : NULL;
}

/* Beside the table, because it is asked for each certificate. */
const struct algorithm *algorithm_by_oid(enum algorithm_kind kind, struct slice oid)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].oid.n == oid.n && table[i].kind == kind && memcmp(table[i].oid.p, oid.p, oid.n) == 0)
            return &table[i];
    return NULL;
}
