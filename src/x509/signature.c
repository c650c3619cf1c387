/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One signature under one key.  That a signature is wrong is only said where OpenSSL can do the algorithm: what it
 * cannot do is unknown.
 */
#include "x509/trust_private.h"

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/evp.h>

static bool is_out_of_memory(void)
{
    bool found = false;
    for (unsigned long e = ERR_get_error(); e; e = ERR_get_error())
        found |= ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
    return found;
}

/* Could OpenSSL have verified such a signature at all? */
static bool is_possible(struct trust_local *p, const X509_ALGOR *algorithm, int result)
{
    const ASN1_OBJECT *oid;
    int digest_nid, key_nid;
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    if (!OBJ_find_sigid_algs(OBJ_obj2nid(oid), &digest_nid, &key_nid))
        return false;
    if (key_nid == NID_rsassaPss) /* the digest is in the parameters, which OpenSSL judges before the signature */
        return result == 0;
    if (digest_nid == NID_undef)
        return key_nid == NID_ED25519 || key_nid == NID_ED448;
    EVP_MD *digest = EVP_MD_fetch(p->ctx, OBJ_nid2sn(digest_nid), NULL);
    EVP_MD_free(digest);
    return digest != NULL;
}

static enum signature answer_of(struct trust_local *p, const X509_ALGOR *algorithm, const EVP_PKEY *key, int result)
{
    bool exhausted = is_out_of_memory();
    if (result == 1)
        return SIGNATURE_GOOD;
    bool possible = !exhausted && !EVP_PKEY_missing_parameters(key) && is_possible(p, algorithm, result);
    ERR_clear_error();
    return possible ? SIGNATURE_BAD : SIGNATURE_UNKNOWN;
}

enum signature signature_on_certificate(struct trust_local *p, const struct authority *on, const struct authority *by)
{
    const X509_ALGOR *algorithm;
    p->signatures_spent++;
    ERR_clear_error();
    X509_get0_signature(NULL, &algorithm, on->x);
    if (!by->key)
        return SIGNATURE_UNKNOWN;
    return answer_of(p, algorithm, by->key, X509_verify(on->x, by->key));
}

enum signature signature_on_crl(struct trust_local *p, const struct crl *c, const struct authority *by)
{
    const unsigned char *at = c->algorithm.p;
    enum signature answer = SIGNATURE_UNKNOWN;
    ERR_clear_error();
    X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &at, (long)c->algorithm.n);
    ASN1_BIT_STRING *signature = ASN1_BIT_STRING_new();
    ASN1_STRING *content = ASN1_STRING_type_new(V_ASN1_SEQUENCE); /* held, and encoded again, as it stands */
    if (by->key && algorithm && signature && content &&
        ASN1_STRING_set(signature, c->signature.p, (int)c->signature.n) &&
        ASN1_STRING_set(content, c->tbs.p, (int)c->tbs.n))
        answer = answer_of(p, algorithm, by->key,
                           ASN1_item_verify_ex(ASN1_ITEM_rptr(ASN1_SEQUENCE), algorithm, signature, content, NULL,
                                               by->key, p->ctx, NULL));
    X509_ALGOR_free(algorithm);
    ASN1_BIT_STRING_free(signature);
    ASN1_STRING_free(content);
    ERR_clear_error();
    return answer;
}
