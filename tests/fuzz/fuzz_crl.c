/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CRL through the strict reader, and then as the CRL of an authority that is made in the first call: with its name,
 * algorithm and signature in their places, every second one with a signature that is wrong.
 */
#include "fuzz/fuzz.h"

#include "base/der.h"
#include "support/certmaker.h"
#include "x509/crl.h"
#include "x509/reader.h"
#include "x509/trust_local.h"

#include <string.h>

enum { MAX_AGE_S = 86400, LENGTH_OF_SERIAL_MOST = 20 };

static struct certmaker *maker;
static struct arena lasting;
static struct slice authority;

static void expect_inside(struct slice part, struct slice whole)
{
    if (part.n)
        PROMISE(part.p >= whole.p && part.n <= whole.n && (size_t)(part.p - whole.p) <= whole.n - part.n);
}

static void expect_sound(struct slice der, const struct crl *c)
{
    struct crl_entry e;
    size_t count = 0;
    const struct slice parts[] = {c->tbs, c->algorithm, c->signature, c->issuer, c->number, c->revoked, c->point};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        expect_inside(parts[i], der);
    for (struct slice cursor = c->revoked; crl_next_entry(&cursor, &e); count++) {
        expect_inside(e.serial, c->revoked);
        PROMISE(e.serial.n > 0);
        PROMISE(e.reason >= CRL_REASON_ABSENT && e.reason <= 10);
    }
    PROMISE(count == c->entry_count);
    PROMISE(c->users + c->authorities + c->attributes <= 1);
    PROMISE(c->issuer.n > 2);
}

static struct slice joined(struct arena *a, const struct slice *parts, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += parts[i].n;
    uint8_t *out = arena_alloc(a, total + 1), *end = out;
    for (size_t i = 0; i < count; end += parts[i++].n)
        if (parts[i].n)
            memcpy(end, parts[i].p, parts[i].n);
    return slice_make(out, total);
}

/* What the CRL says, said by our authority. */
static struct slice made_ours(struct arena *a, const struct crl *c)
{
    struct der_element tbs, version = {0}, e;
    struct slice cursor = c->tbs;
    PROMISE(der_next(&cursor, &tbs));
    cursor = tbs.content;
    if (der_is(cursor, DER_INTEGER))
        PROMISE(der_next(&cursor, &version));
    PROMISE(der_next(&cursor, &e)); /* signature */
    PROMISE(der_next(&cursor, &e)); /* issuer */
    const struct slice parts[] = {version.whole, cert_algorithm(a, CERT_EC_P256), cert_authority_name(a, "Root"),
                                  cursor};
    return cert_signed(maker, a, "Root", CERT_EC_P256, cert_der(a, DER_SEQUENCE, joined(a, parts, 4)));
}

/* The last octet but two, so that the signature still decodes. */
static struct slice bent(struct arena *a, struct slice der)
{
    struct slice copy = arena_copy(a, der);
    ((uint8_t *)(uintptr_t)copy.p)[copy.n - 3] ^= 1;
    return copy;
}

/* A certificate of the authority with the serial number of the CRL's last entry, where it has one. */
static struct slice leaf_of(struct arena *a, const struct crl *c)
{
    static const struct cert_text name = CERT_CN("h1.example.com");
    struct cert_options o = {
        .issuer = "Root", .not_after_utc = INT32_MAX, .common_names = &name, .common_name_count = 1, .key_id = "leaf"};
    struct crl_entry e;
    for (struct slice cursor = c->revoked; crl_next_entry(&cursor, &e);)
        if (e.serial.n <= LENGTH_OF_SERIAL_MOST)
            o.serial = e.serial;
    return cert_make(maker, a, &o);
}

static bool is_listed(const struct crl *c, struct slice serial, int reason)
{
    struct crl_entry e;
    for (struct slice cursor = c->revoked; crl_next_entry(&cursor, &e);)
        if (slice_eq(e.serial, serial) && (reason == CRL_REASON_ABSENT || e.reason == reason))
            return true;
    return false;
}

static bool says_too_little(const struct crl *c, int64_t now_utc)
{
    return c->is_delta || c->is_unknown || c->is_indirect || c->some_reasons || c->authorities || c->attributes ||
           (c->has_next_update && c->next_update_utc < now_utc);
}

static void expect_answer(const struct crl *c, const struct trust *out, struct slice serial, int64_t now_utc)
{
    PROMISE(out->chain == CHAIN_VERIFIED);
    PROMISE(fuzz_is_printable(out->revocation_why));
    if (says_too_little(c, now_utc))
        PROMISE(out->revocation == REVOCATION_UNDECIDED);
    switch (out->revocation) {
    case REVOCATION_NOT_ASKED:
        PROMISE(false);
    case REVOCATION_GOOD:
        PROMISE(!is_listed(c, serial, CRL_REASON_ABSENT));
        break;
    case REVOCATION_REVOKED:
        PROMISE(is_listed(c, serial, CRL_REASON_ABSENT));
        break;
    case REVOCATION_ON_HOLD:
        PROMISE(is_listed(c, serial, CRL_REASON_HOLD));
        break;
    case REVOCATION_UNDECIDED:
        PROMISE(out->revocation_why.n > 0);
    }
}

static void judge(struct arena *a, struct slice der, bool is_bent)
{
    struct trust_local *pool;
    struct trust_local_anchors *anchors;
    struct fault fault = {""};
    struct facts f;
    struct trust out;
    struct crl c;
    PROMISE(crl_read(der, &c) == NULL);
    PROMISE(trust_local_open(&pool, &fault) == RC_OK);
    PROMISE(trust_local_add_crl(pool, der) == NULL);
    PROMISE(trust_local_anchors_open(pool, &authority, 1, &anchors, &fault) == RC_OK);
    struct slice leaf = leaf_of(a, &c);
    facts_read(leaf, &f);
    PROMISE(trust_local_has_crl(pool, leaf, &f));
    const struct trust_local_question q = {.der = leaf,
                                           .facts = &f,
                                           .anchors = anchors,
                                           .asks_crl = true,
                                           .crl_max_age_s = MAX_AGE_S,
                                           .now_utc = c.this_update_utc + 1};
    trust_local_judge(pool, a, &q, &out);
    if (is_bent)
        PROMISE(out.revocation == REVOCATION_UNDECIDED);
    else if (out.chain == CHAIN_VERIFIED) /* not in a year in which the authority is not valid */
        expect_answer(&c, &out, facts_slice(leaf, f.serial), q.now_utc);
    trust_local_anchors_close(anchors);
    trust_local_close(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct slice der = slice_make(data, size);
    struct crl c;
    if (!maker) {
        maker = certmaker_new(NULL);
        authority = cert_authority(maker, &lasting, "Root", CERT_EC_P256);
    }
    const char *wrong = crl_read(der, &c);
    if (wrong) {
        PROMISE(wrong[0] != '\0');
    } else {
        bool is_bent = size & 1;
        expect_sound(der, &c);
        struct slice ours = made_ours(&a, &c);
        judge(&a, is_bent ? bent(&a, ours) : ours, is_bent);
    }
    arena_free(&a);
    return 0;
}
