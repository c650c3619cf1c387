/* SPDX-License-Identifier: Apache-2.0 */
#include "support/trustworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <stdlib.h>

#include "x509/reader.h"

#define S(text) SLICE_LITERAL(text)

int trustworld_open(void **state)
{
    struct trustworld *w = calloc(1, sizeof *w);
    struct fault fault = {""};
    *state = w;
    if (!w || trust_pool_open(&w->pool, &fault) != RC_OK)
        return -1;
    w->maker = certmaker_new(NULL);
    w->other = certmaker_new(NULL);
    w->now_utc = now;
    return 0;
}

int trustworld_close(void **state)
{
    struct trustworld *w = *state;
    trust_pool_close(w->pool);
    certmaker_free(w->maker);
    certmaker_free(w->other);
    arena_free(&w->arena);
    free(w);
    return 0;
}

/* A root in the pool of anchors. */
struct slice trustworld_root(struct trustworld *w, const char *name, enum cert_key key)
{
    struct slice der = cert_authority(w->maker, &w->arena, name, key);
    w->anchors[w->anchor_count++] = der;
    return der;
}

/* What an authority `name` below `issuer` has; tests change it before they make it. */
struct cert_options trustworld_below(struct trustworld *w, const char *name, const char *issuer)
{
    struct cert_text *common_name = ARENA_NEW(&w->arena, struct cert_text);
    common_name->octets = slice_of(name);
    (void)cert_authority(w->maker, &w->arena, name, CERT_EC_P256); /* so that it has a key */
    return (struct cert_options){
        .issuer = issuer,
        .not_before_utc = now - 100 * day,
        .not_after_utc = now + 100 * day,
        .organisation = "Example",
        .common_names = common_name,
        .common_name_count = 1,
        .key_id = (const char *)arena_format(&w->arena, "authority %s", name).p,
        .key_usage = CERT_KEY_CERT_SIGN | CERT_CRL_SIGN,
        .basic = CERT_BASIC_CA,
    };
}

void trustworld_add(struct trustworld *w, const struct cert_options *o)
{
    assert_null(trust_pool_add_certificate(w->pool, cert_make(w->maker, &w->arena, o)));
}

void trustworld_add_below(struct trustworld *w, const char *name, const char *issuer)
{
    struct cert_options o = trustworld_below(w, name, issuer);
    trustworld_add(w, &o);
}

static const struct cert_text leaf_name = CERT_CN("h1.example.com");
static const struct cert_name leaf_alternative = CERT_DNS("h1.example.com");

struct cert_options trustworld_leaf_options(const char *issuer)
{
    return (struct cert_options){
        .issuer = issuer,
        .serial = S("\x12\x34"),
        .not_before_utc = now - day,
        .not_after_utc = now + day,
        .common_names = &leaf_name,
        .common_name_count = 1,
        .names = &leaf_alternative,
        .name_count = 1,
    };
}

struct slice trustworld_leaf(struct trustworld *w, const char *issuer)
{
    struct cert_options o = trustworld_leaf_options(issuer);
    return cert_make(w->maker, &w->arena, &o);
}

struct trust trustworld_judge(struct trustworld *w, struct slice der, bool asks_chain, bool asks_crl)
{
    struct trust_anchors *t = NULL;
    struct fault fault = {""};
    struct facts f;
    struct trust out;
    facts_read(der, &f);
    if (asks_chain)
        assert_int_equal(trust_anchors_open(w->pool, w->anchors, w->anchor_count, &t, &fault), RC_OK);
    trust_judge(w->pool, &w->arena,
                &(struct trust_question){.der = der,
                                         .facts = &f,
                                         .anchors = t,
                                         .asks_crl = asks_crl,
                                         .crl_max_age_s = w->crl_max_age_s,
                                         .now_utc = w->now_utc},
                &out);
    assert_int_equal(ERR_peek_error(), 0);
    trust_anchors_close(t);
    return out;
}

/* One octet further back than the end, so that the signature still decodes. */
struct slice trustworld_bent(struct trustworld *w, struct slice der)
{
    struct slice copy = arena_copy(&w->arena, der);
    uint8_t *p = (uint8_t *)(uintptr_t)copy.p;
    p[copy.n - 3] ^= 1;
    return copy;
}
