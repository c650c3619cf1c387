/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/trust_local.h"

#include "core/name.h"
#include "x509/reader.h"
#include "x509/trust_private.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <stdlib.h>

enum rc trust_local_open(struct trust_local **out, struct fault *fault)
{
    *out = NULL;
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    struct trust_local *p = calloc(1, sizeof *p);
    if (!p)
        return fault_set(fault, RC_FAULT, "authorities: out of memory");
    p->generation = 1;
    p->ctx = OSSL_LIB_CTX_new();
    p->provider = p->ctx ? OSSL_PROVIDER_load(p->ctx, "default") : NULL;
    p->store = p->provider ? X509_STORE_new() : NULL;
    if (!p->store) {
        trust_local_close(p);
        return fault_set(fault, RC_FAULT, "authorities: OpenSSL's default provider could not be loaded");
    }
    *out = p;
    return RC_OK;
}

void trust_local_close(struct trust_local *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->authorities.count; i++)
        authority_free(p->authorities.items[i]);
    for (size_t i = 0; i < p->crls.count; i++)
        X509_NAME_free(p->crls.items[i]->issuer);
    arena_free(&p->arena);
    X509_STORE_free(p->store);
    if (p->provider)
        OSSL_PROVIDER_unload(p->provider);
    OSSL_LIB_CTX_free(p->ctx);
    ERR_clear_error();
    free(p);
}

void authority_free(struct authority *c)
{
    X509_free(c->x);
    c->x = NULL;
    c->key = NULL;
}

struct slice authority_name(struct arena *a, const struct authority *c)
{
    return name_text(a, facts_slice(c->der, c->f.subject), NAME_ROOM);
}

struct slice authority_issuer_name(struct arena *a, const struct authority *c)
{
    return name_text(a, facts_slice(c->der, c->f.issuer), NAME_ROOM);
}

static bool hash_name(struct trust_local *p, const X509_NAME *name, unsigned long *hash)
{
    int ok = 0;
    *hash = X509_NAME_hash_ex(name, p->ctx, NULL, &ok);
    return ok;
}

const char *authority_read(struct trust_local *p, struct slice der, struct authority *out)
{
    const unsigned char *at = der.p;
    *out = (struct authority){.der = der};
    facts_read(der, &out->f);
    if (!out->f.readable)
        return "not a certificate that can be read";
    ERR_clear_error();
    out->x = X509_new_ex(p->ctx, NULL);
    bool ok = out->x && d2i_X509(&out->x, &at, (long)der.n) && at == der.p + der.n; /* frees and clears it if not */
    if (ok) {
        X509_check_purpose(out->x, -1, 0); /* so that the extensions are looked at */
        out->key = X509_get0_pubkey(out->x);
        ok = hash_name(p, X509_get_subject_name(out->x), &out->subject_hash) &&
             hash_name(p, X509_get_issuer_name(out->x), &out->issuer_hash);
    }
    ERR_clear_error();
    if (!ok) {
        authority_free(out);
        return "not a certificate that OpenSSL reads";
    }
    out->digest = digest_of(der);
    out->key_digest = digest_of(facts_slice(der, out->f.spki));
    out->self_issued = X509_NAME_cmp(X509_get_subject_name(out->x), X509_get_issuer_name(out->x)) == 0;
    return NULL;
}

static bool find_authority(const struct trust_local *p, const struct digest *digest, size_t *place)
{
    for (size_t i = 0; i < p->authorities.count; i++)
        if (digest_eq(&p->authorities.items[i]->digest, digest)) {
            *place = i;
            return true;
        }
    return false;
}

static const char *add_authority(struct trust_local *p, struct slice der, size_t *place)
{
    struct digest digest = digest_of(der);
    if (find_authority(p, &digest, place))
        return NULL;
    if (der.n > TRUST_CERTIFICATE_OCTETS || p->authorities.count == TRUST_CERTIFICATES) {
        p->incomplete = true;
        return der.n > TRUST_CERTIFICATE_OCTETS ? "too large" : "too many authorities";
    }
    struct arena_mark mark = arena_mark(&p->arena);
    struct authority *c = ARENA_NEW(&p->arena, struct authority);
    const char *wrong = authority_read(p, arena_copy(&p->arena, der), c);
    if (wrong) {
        arena_reset(&p->arena, mark);
        return wrong;
    }
    *place = p->authorities.count;
    *LIST_ADD(&p->arena, &p->authorities) = c;
    p->generation++;
    return NULL;
}

const char *trust_local_add_certificate(struct trust_local *p, struct slice der)
{
    size_t place;
    return add_authority(p, der, &place);
}

static bool has_crl(const struct trust_local *p, const struct digest *digest)
{
    for (size_t i = 0; i < p->crls.count; i++)
        if (digest_eq(&p->crls.items[i]->digest, digest))
            return true;
    return false;
}

static X509_NAME *decode_name(struct slice name)
{
    const unsigned char *at = name.p;
    ERR_clear_error();
    X509_NAME *out = d2i_X509_NAME(NULL, &at, (long)name.n);
    ERR_clear_error();
    return out;
}

static const char *decode_crl(struct trust_local *p, struct slice der, struct pool_crl *c)
{
    const char *wrong = crl_read(der, &c->c);
    if (wrong)
        return wrong;
    c->issuer = decode_name(c->c.issuer);
    if (c->issuer && hash_name(p, c->issuer, &c->issuer_hash))
        return NULL;
    X509_NAME_free(c->issuer);
    return "issuer: OpenSSL does not read the name";
}

const char *trust_local_add_crl(struct trust_local *p, struct slice der)
{
    struct digest digest = digest_of(der);
    if (has_crl(p, &digest))
        return NULL;
    if (der.n > TRUST_CRL_OCTETS || der.n > POOL_CRL_OCTETS - p->crl_octets)
        return "too large, by itself or with the others";
    if (p->crls.count == POOL_CRLS)
        return "too many CRLs";
    struct arena_mark mark = arena_mark(&p->arena);
    struct pool_crl *c = ARENA_NEW(&p->arena, struct pool_crl);
    const char *wrong = decode_crl(p, arena_copy(&p->arena, der), c);
    if (wrong) {
        arena_reset(&p->arena, mark);
        return wrong;
    }
    c->digest = digest;
    p->crl_octets += der.n;
    *LIST_ADD(&p->arena, &p->crls) = c;
    return NULL;
}

bool trust_local_has_crl(const struct trust_local *p, struct slice der, const struct facts *f)
{
    X509_NAME *issuer = f->readable && p->crls.count ? decode_name(facts_slice(der, f->issuer)) : NULL;
    bool found = false;
    for (size_t i = 0; issuer && !found && i < p->crls.count; i++)
        found = X509_NAME_cmp(p->crls.items[i]->issuer, issuer) == 0;
    X509_NAME_free(issuer);
    return found;
}

bool trust_local_is_incomplete(const struct trust_local *p)
{
    return p->incomplete;
}

void trust_local_set_incomplete(struct trust_local *p)
{
    p->incomplete = true;
}

void trust_local_anchors_add(struct trust_local_anchors *t, struct slice der)
{
    struct trust_local *p = t->pool;
    size_t place;
    if (add_authority(p, der, &place)) {
        t->incomplete = true;
    } else if (!t->is[place]) {
        t->is[place] = true;
        t->count++;
        p->generation += !p->authorities.items[place]->is_anchor; /* anchors come first among the issuers */
        p->authorities.items[place]->is_anchor = true;
    }
}

enum rc trust_local_anchors_open(struct trust_local *p, const struct slice *ders, size_t count,
                                 struct trust_local_anchors **out, struct fault *fault)
{
    struct trust_local_anchors *t = calloc(1, sizeof *t);
    *out = t;
    if (!t)
        return fault_set(fault, RC_FAULT, "anchors: out of memory");
    t->pool = p;
    for (size_t i = 0; i < count; i++)
        trust_local_anchors_add(t, ders[i]);
    return RC_OK;
}

void trust_local_anchors_close(struct trust_local_anchors *t)
{
    free(t);
}

static void answer_undecided(const struct trust_local_question *q, const char *why, struct trust *out)
{
    if (q->anchors) {
        out->chain = CHAIN_UNDECIDED;
        out->chain_why = slice_of(why);
    }
    if (q->asks_crl) {
        out->revocation = REVOCATION_UNDECIDED;
        out->revocation_why = slice_of(why);
    }
}

void trust_local_judge(struct trust_local *p, struct arena *a, const struct trust_local_question *q, struct trust *out)
{
    struct authority end;
    *out = (struct trust){0};
    if (!q->anchors && !q->asks_crl)
        return;
    if (!q->facts->readable) {
        answer_undecided(q, "the certificate cannot be read", out);
        return;
    }
    if (q->der.n > LEAF_OCTETS) {
        answer_undecided(q, "the certificate is too large to be verified", out);
        return;
    }
    if (authority_read(p, q->der, &end)) {
        answer_undecided(q, "OpenSSL cannot read the certificate", out);
        return;
    }
    if (q->anchors) {
        struct chain chain;
        chain_find(p, q->anchors, a, &end, false, q->now_utc, &chain);
        out->chain = chain.answer;
        out->chain_why = chain.why;
    }
    if (q->asks_crl)
        revocation_find(p, a, q, &end, out);
    authority_free(&end);
    ERR_clear_error();
}
