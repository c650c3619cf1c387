/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public key inside a SubjectPublicKeyInfo, as far as its algorithm says what is in it: RSA, EC and EdDSA.  What
 * is inside the key is measured, not judged.
 * @source RFC 3279 section 2.3.1, RFC 4055 section 1.2, RFC 5480 section 2, RFC 8410 sections 3 and 4,
 *         RFC 4055 section 2.1, RFC 5758 section 3.2
 */
#ifndef X509_KEY_H
#define X509_KEY_H

#include "core/facts.h"

/*
 * `bits` is the content of the BIT STRING.  Wants key_algorithm and key_parameters in *f; fills key_bits, rsa_modulus,
 * rsa_exponent and key_malformed, and adds UNUSUAL_KEY.  Returns NULL, or what is wrong: a static string as in
 * f->malformed.  Takes no time for the size of the key.
 */
const char *key_read(struct slice der, struct facts *f, struct slice bits);

/* Whether signature_algorithm has signature_parameters that it should not have. */
bool key_signature_is_odd(struct slice der, const struct facts *f);

#endif
