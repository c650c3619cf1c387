/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding a path to an anchor, and judging it.  The search is ours: it goes from issuer to issuer by verified
 * signatures, may turn back where an authority has several certificates, and is bounded.  Each path that reaches an
 * anchor is put before OpenSSL alone, so that nothing else in the pool can lead it astray.
 */
#include "x509/trust_private.h"

#include "base/der.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

struct outcome {
    bool is_set;
    size_t rank;
    struct slice why;
};

struct search {
    struct trust_local *p;
    const struct trust_local_anchors *t;
    struct arena *a;
    bool judges_end;
    int64_t now_utc;
    struct authority *path[CHAIN_LENGTH]; /* from the end entity upwards */
    size_t n;
    unsigned steps, validations;
    struct outcome refused, undecided;
};

enum { TURNS = 4 };
enum { RANK_PATH = CHAIN_LENGTH + 1 }; /* a path to an anchor says more than a search that ended */

/*
 * Extensions that may be critical although OpenSSL does not process them: they say nothing about whether a path is
 * valid for whom policy speaks.
 */
static const struct slice harmless[] = {
    SLICE_LITERAL("\x2b\x06\x01\x04\x01\x82\x37\x19\x02"), /* szOID_NTDS_CA_SECURITY_EXT */
    SLICE_LITERAL("\x2b\x06\x01\x04\x01\x82\x37\x15\x07"), /* szOID_CERTIFICATE_TEMPLATE */
    SLICE_LITERAL("\x2b\x06\x01\x04\x01\x82\x37\x14\x02"), /* szOID_ENROLL_CERTTYPE_EXTENSION */
    SLICE_LITERAL("\x2b\x06\x01\x05\x05\x07\x01\x01"),     /* authorityInfoAccess */
    SLICE_LITERAL("\x2b\x06\x01\x05\x05\x07\x01\x03"),     /* qcStatements, RFC 3739 */
    SLICE_LITERAL("\x2b\x06\x01\x05\x05\x07\x01\x0b"),     /* subjectInfoAccess */
    SLICE_LITERAL("\x2b\x06\x01\x05\x05\x07\x01\x18"),     /* TLS feature, RFC 7633 */
    SLICE_LITERAL("\x2b\x06\x01\x05\x05\x07\x30\x01\x05"), /* id-pkix-ocsp-nocheck */
    SLICE_LITERAL("\x55\x1d\x09"),                         /* subjectDirectoryAttributes */
    SLICE_LITERAL("\x55\x1d\x0e"),                         /* subjectKeyIdentifier */
    SLICE_LITERAL("\x55\x1d\x12"),                         /* issuerAltName */
    SLICE_LITERAL("\x55\x1d\x23"),                         /* authorityKeyIdentifier */
    SLICE_LITERAL("\x55\x1d\x2e"),                         /* freshestCRL */
};

/* What OpenSSL says of a path, and what we make of it; what is not here is undecided. */
static const struct {
    int error;
    const char *text; /* the name of the certificate in question goes before it */
} refusals[] = {
    {X509_V_ERR_INVALID_CA, "is not the certificate of an authority (RFC 5280 section 6.1.4 (k))"},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, "allows fewer authorities below it (RFC 5280 section 6.1.4 (m))"},
    {X509_V_ERR_PERMITTED_VIOLATION, "is outside the name constraints of its authorities (RFC 5280 section 4.2.1.10)"},
    {X509_V_ERR_EXCLUDED_VIOLATION,
     "is excluded by the name constraints of its authorities (RFC 5280 section 4.2.1.10)"},
    {X509_V_ERR_INVALID_POLICY_EXTENSION,
     "has certificate policies that do not decode or repeat (RFC 5280 section 4.2.1.4)"},
    {X509_V_ERR_NO_EXPLICIT_POLICY,
     "has no policy that is valid along the chain, and an authority demands one (RFC 5280 section 6.1.5)"},
    {X509_V_ERR_INVALID_EXTENSION, "has an extension that does not decode or contradicts itself"},
    {X509_V_ERR_INVALID_NON_CA, "has a key usage that its basic constraints forbid"},
    {X509_V_ERR_UNNESTED_RESOURCE, "has resources that its authority does not have (RFC 3779)"},
    {X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED, "is a proxy certificate (RFC 3820)"},
};

/* Keeps the one with the higher rank, and among equals the same one whatever the order of the pool. */
static void note(struct outcome *o, size_t rank, struct slice why)
{
    if (o->is_set && (rank < o->rank || (rank == o->rank && slice_compare(why, o->why) >= 0)))
        return;
    *o = (struct outcome){true, rank, why};
}

static void note_of(struct search *s, struct outcome *o, const struct authority *c, const char *text)
{
    bool is_end = c == s->path[0];
    note(o, RANK_PATH,
         is_end ? arena_format(s->a, "the certificate %s", text)
                : arena_format(s->a, "%.*s %s", SLICE_ARGS(authority_name(s->a, c)), text));
}

static bool same_octets(const ASN1_OCTET_STRING *a, const ASN1_OCTET_STRING *b)
{
    return a && b && ASN1_OCTET_STRING_cmp(a, b) == 0;
}

/* In which turn a candidate is tried: those first of which there is a reason to think that they are the issuer. */
static unsigned turn_of(const struct authority *child, const struct authority *c)
{
    if (c->is_anchor)
        return 0;
    if (c->is_proven)
        return 1;
    return same_octets(X509_get0_authority_key_id(child->x), X509_get0_subject_key_id(c->x)) ? 2 : 3;
}

static bool is_issuer_name(const struct authority *child, const struct authority *c)
{
    return c->subject_hash == child->issuer_hash &&
           X509_NAME_cmp(X509_get_subject_name(c->x), X509_get_issuer_name(child->x)) == 0;
}

struct trial {
    struct signature_memo memos[ISSUER_KEYS];
    size_t count;
};

/* The same key answers the same; false when no more may be tried. */
static bool try_key(struct trust_local *p, struct trial *trial, const struct authority *child,
                    const struct authority *c, enum signature *answer)
{
    for (size_t i = 0; i < trial->count; i++)
        if (digest_eq(&trial->memos[i].key, &c->key_digest)) {
            *answer = trial->memos[i].answer;
            return true;
        }
    if (trial->count == ISSUER_KEYS || p->signatures_spent >= CHAIN_SIGNATURES)
        return false;
    *answer = signature_on_certificate(p, child, c);
    trial->memos[trial->count++] = (struct signature_memo){c->key_digest, *answer};
    return true;
}

static void try_issuer(struct trust_local *p, struct trial *trial, struct authority *child, size_t place)
{
    struct issuers *found = &child->issuers;
    struct authority *c = p->authorities.items[place];
    enum signature answer;
    if (digest_eq(&c->digest, &child->digest))
        return;
    found->named = true;
    if (found->count == ISSUERS_MOST || !try_key(p, trial, child, c, &answer)) {
        found->more = true;
    } else if (answer == SIGNATURE_GOOD) {
        found->items[found->count++] = (uint16_t)place;
        c->is_proven = true;
    } else {
        found->unknown |= answer == SIGNATURE_UNKNOWN;
    }
}

const struct issuers *chain_issuers(struct trust_local *p, struct authority *c)
{
    struct trial trial = {.count = 0};
    uint8_t turns[TRUST_CERTIFICATES];
    if (c->issuers_generation == p->generation)
        return &c->issuers;
    c->issuers = (struct issuers){.count = 0};
    for (size_t i = 0; i < p->authorities.count; i++)
        turns[i] = is_issuer_name(c, p->authorities.items[i]) ? (uint8_t)turn_of(c, p->authorities.items[i]) : TURNS;
    for (unsigned turn = 0; turn < TURNS; turn++)
        for (size_t i = 0; i < p->authorities.count; i++)
            if (turns[i] == turn)
                try_issuer(p, &trial, c, i);
    if (p->signatures_spent < CHAIN_SIGNATURES) /* otherwise the next search may get further */
        c->issuers_generation = p->generation;
    return &c->issuers;
}

/* Judging a path that reached an anchor. */

static int check_issued(X509_STORE_CTX *ctx, X509 *x, X509 *issuer)
{
    const struct search *s = X509_STORE_CTX_get_app_data(ctx);
    for (size_t i = 0; i + 1 < s->n; i++)
        if (s->path[i]->x == x && s->path[i + 1]->x == issuer)
            return 1;
    return 0;
}

/* Signatures were verified on the way, and times are judged here: OpenSSL takes notAfter for the first bad second. */
static int signatures_known(X509_STORE_CTX *ctx)
{
    (void)ctx;
    return 1;
}

/* An anchor of an old version has no basicConstraints to say that it is one: policy says it. */
static int callback(int ok, X509_STORE_CTX *ctx)
{
    const struct search *s = X509_STORE_CTX_get_app_data(ctx);
    bool at_anchor = (size_t)X509_STORE_CTX_get_error_depth(ctx) == s->n - 1;
    if (!ok && at_anchor && X509_STORE_CTX_get_error(ctx) == X509_V_ERR_INVALID_CA && s->path[s->n - 1]->f.version < 3)
        return 1;
    return ok;
}

/* szOID_APPLICATION_CERT_POLICIES says the same as extKeyUsage, which Windows prefers where both are there. */
static const struct slice application_policies = SLICE_LITERAL("\x2b\x06\x01\x04\x01\x82\x37\x15\x0a");

static bool is_harmless(const struct authority *c, struct slice oid)
{
    if (slice_eq(oid, application_policies))
        return X509_get_extension_flags(c->x) & EXFLAG_XKUSAGE;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (slice_eq(harmless[i], oid))
            return true;
    return false;
}

/* RFC 5280 section 4.2: whoever does not know a critical extension refuses the certificate. */
static bool has_unknown_critical(struct search *s, const struct authority *c)
{
    for (int i = 0; i < X509_get_ext_count(c->x); i++) {
        X509_EXTENSION *e = X509_get_ext(c->x, i);
        const ASN1_OBJECT *object = X509_EXTENSION_get_object(e);
        struct slice oid = slice_make(OBJ_get0_data(object), OBJ_length(object));
        if (!X509_EXTENSION_get_critical(e) || X509_supported_extension(e) || is_harmless(c, oid))
            continue;
        char dotted[100];
        size_t n = der_oid_write(oid, dotted, sizeof dotted);
        struct slice text = arena_format(s->a,
                                         "has the critical extension %.*s, which is not known here "
                                         "(RFC 5280 section 4.2)",
                                         (int)n, dotted);
        note_of(s, &s->refused, c, (const char *)text.p);
        return true;
    }
    return false;
}

static bool is_within_time(struct search *s, const struct authority *c)
{
    if (s->now_utc < c->f.not_before_utc)
        note_of(s, &s->refused, c, "is not valid yet");
    else if (s->now_utc > c->f.not_after_utc)
        note_of(s, &s->refused, c, "has expired");
    else
        return true;
    return false;
}

/* RFC 5280 section 6.1.4 (k) and (n); stricter than OpenSSL, which also takes a key usage for a basic constraint. */
static bool may_issue(struct search *s, const struct authority *c, bool is_anchor)
{
    uint32_t flags = X509_get_extension_flags(c->x);
    bool is_ca = c->f.version == 3 && (flags & EXFLAG_BCONS) && (flags & EXFLAG_CA);
    if (X509_NAME_entry_count(X509_get_subject_name(c->x)) == 0)
        note_of(s, &s->refused, c, "issues certificates without a name of its own (RFC 5280 section 4.1.2.6)");
    else if (!is_ca && !(is_anchor && c->f.version < 3))
        note_of(s, &s->refused, c, "is not the certificate of an authority (RFC 5280 section 6.1.4 (k))");
    else if ((flags & EXFLAG_KUSAGE) && !(X509_get_key_usage(c->x) & KU_KEY_CERT_SIGN))
        note_of(s, &s->refused, c, "may not sign certificates (RFC 5280 section 6.1.4 (n))");
    else
        return true;
    return false;
}

/* Where only OpenSSL cannot decode an extension, the readers differ, and nothing follows from it. */
static bool has_sound_extensions(struct search *s, const struct authority *c)
{
    if (!(X509_get_extension_flags(c->x) & EXFLAG_INVALID))
        return true;
    note_of(s, c->f.malformed ? &s->refused : &s->undecided, c, "has an extension that does not decode");
    return false;
}

static bool constrains_mail(const struct authority *c)
{
    NAME_CONSTRAINTS *constraints = X509_get_ext_d2i(c->x, NID_name_constraints, NULL, NULL);
    bool found = false;
    for (int excluded = 0; constraints && excluded < 2; excluded++) {
        STACK_OF(GENERAL_SUBTREE) *trees = excluded ? constraints->excludedSubtrees : constraints->permittedSubtrees;
        for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees); i++)
            found |= sk_GENERAL_SUBTREE_value(trees, i)->base->type == GEN_EMAIL;
    }
    NAME_CONSTRAINTS_free(constraints);
    return found;
}

/* local@host; what is quoted is left to OpenSSL. */
static bool is_mailbox(struct slice s)
{
    const uint8_t *at = s.n ? memchr(s.p, '@', s.n) : NULL;
    if (s.n && s.p[0] == '"')
        return true;
    return at && at > s.p && at + 1 < s.p + s.n && !memchr(at + 1, '@', (size_t)(s.p + s.n - at - 1));
}

/* OpenSSL takes what follows the last "@" for the host, and so lets an address pass that is none. */
static bool fits_mail_constraints(struct search *s, size_t i)
{
    const struct authority *c = s->path[i];
    struct slice cursor = facts_san(c->der, &c->f), value;
    enum general_name kind;
    bool all = true, constrained = false;
    while (facts_next_name(&cursor, &kind, &value))
        all &= kind != NAME_EMAIL || is_mailbox(value);
    for (size_t up = i + 1; !all && !constrained && up < s->n; up++)
        constrained = constrains_mail(s->path[up]);
    if (constrained)
        note_of(s, &s->refused, c,
                "has an e-mail address that is none, under name constraints (RFC 5280 section "
                "4.2.1.6)");
    return !constrained;
}

static bool is_sound(struct search *s, size_t i)
{
    const struct authority *c = s->path[i];
    bool is_anchor = i == s->n - 1, is_end = i == 0;
    if ((!is_end || s->judges_end) && !is_within_time(s, c))
        return false;
    if (!is_end && !may_issue(s, c, is_anchor))
        return false;
    return (is_anchor && !is_end) ||
           (has_sound_extensions(s, c) && !has_unknown_critical(s, c) && fits_mail_constraints(s, i));
}

static void note_error(struct search *s, int error, int depth)
{
    size_t at = depth >= 0 && (size_t)depth < s->n ? (size_t)depth : 0;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (refusals[i].error == error) {
            note_of(s, &s->refused, s->path[at], refusals[i].text);
            return;
        }
    struct slice text = arena_format(s->a, "could not be judged: %s", X509_verify_cert_error_string(error));
    note_of(s, &s->undecided, s->path[at], (const char *)text.p);
}

static bool push(STACK_OF(X509) * stack, X509 *x)
{
    return stack && sk_X509_push(stack, x) > 0;
}

/* OpenSSL sees this one path and nothing else. */
static bool is_accepted(struct search *s)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(s->p->ctx, NULL);
    STACK_OF(X509) *above = sk_X509_new_null(), *anchor = sk_X509_new_null();
    bool ready = ctx && above && push(anchor, s->path[s->n - 1]->x), ok = false;
    for (size_t i = 1; ready && i + 1 < s->n; i++)
        ready = push(above, s->path[i]->x);
    X509_STORE_set_check_issued(s->p->store, check_issued);
    X509_STORE_set_verify(s->p->store, signatures_known);
    X509_STORE_set_verify_cb(s->p->store, callback);
    if (ready && X509_STORE_CTX_init(ctx, s->p->store, s->path[0]->x, above)) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
        X509_STORE_CTX_set_app_data(ctx, s);
        X509_STORE_CTX_set0_trusted_stack(ctx, anchor);
        X509_VERIFY_PARAM_set_depth(param, CHAIN_LENGTH);
        /* Where an authority demands a policy, any will do (section 6.1.1 (c)); without this none would. */
        (void)X509_VERIFY_PARAM_add0_policy(param, OBJ_nid2obj(NID_any_policy));
        X509_VERIFY_PARAM_set_time(param, (time_t)s->now_utc);
        X509_VERIFY_PARAM_set_flags(param,
                                    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_IGNORE_CRITICAL | X509_V_FLAG_POLICY_CHECK);
        ok = X509_verify_cert(ctx) == 1;
        if (!ok)
            note_error(s, X509_STORE_CTX_get_error(ctx), X509_STORE_CTX_get_error_depth(ctx));
    } else {
        note_error(s, X509_V_ERR_OUT_OF_MEM, 0);
    }
    X509_STORE_CTX_free(ctx);
    sk_X509_free(above);
    sk_X509_free(anchor);
    ERR_clear_error();
    return ok;
}

static bool is_valid(struct search *s)
{
    if (++s->validations > CHAIN_VALIDATIONS) {
        note(&s->undecided, 0, slice_of("too many ways lead to an anchor"));
        return false;
    }
    for (size_t i = s->n; i-- > 0;)
        if (!is_sound(s, i))
            return false;
    return s->n == 1 || is_accepted(s);
}

/* The search. */

static bool is_anchor_here(const struct search *s, const struct authority *c)
{
    for (size_t i = 0; i < s->p->authorities.count; i++)
        if (s->t->is[i] && digest_eq(&s->p->authorities.items[i]->digest, &c->digest))
            return true;
    return false;
}

/* The same name and key again leads nowhere new. */
static bool is_on_path(const struct search *s, const struct authority *c)
{
    for (size_t i = 0; i < s->n; i++)
        if (digest_eq(&s->path[i]->key_digest, &c->key_digest) &&
            X509_NAME_cmp(X509_get_subject_name(s->path[i]->x), X509_get_subject_name(c->x)) == 0)
            return true;
    return false;
}

static bool is_self_signed(struct trust_local *p, struct authority *c)
{
    if (!c->knows_self_signed)
        c->self_signed = c->self_issued && signature_on_certificate(p, c, c) == SIGNATURE_GOOD;
    c->knows_self_signed = true;
    return c->self_signed;
}

static void note_end(struct search *s, struct authority *c, const struct issuers *issuers)
{
    struct slice who = s->n == 1 ? slice_of("") : arena_format(s->a, "%.*s is ", SLICE_ARGS(authority_name(s->a, c)));
    struct slice issuer = authority_issuer_name(s->a, c);
    if (is_self_signed(s->p, c))
        note(&s->refused, s->n, arena_format(s->a, "%.*sself-signed, and not an anchor", SLICE_ARGS(who)));
    else if (issuers->count)
        note(&s->refused, s->n,
             arena_format(s->a, "%.*sissued by %.*s, which leads back to it and to no anchor", SLICE_ARGS(who),
                          SLICE_ARGS(issuer)));
    else if (issuers->more)
        note(&s->undecided, s->n,
             arena_format(s->a,
                          "%.*sissued by %.*s, and there are too many certificates of that "
                          "name",
                          SLICE_ARGS(who), SLICE_ARGS(issuer)));
    else if (issuers->unknown)
        note(&s->undecided, s->n,
             arena_format(s->a,
                          "%.*sissued by %.*s, with a signature algorithm or key that "
                          "cannot be verified here",
                          SLICE_ARGS(who), SLICE_ARGS(issuer)));
    else if (issuers->named)
        note(&s->refused, s->n,
             arena_format(s->a,
                          "%.*ssigned, but the signature does not verify with the key of "
                          "%.*s",
                          SLICE_ARGS(who), SLICE_ARGS(issuer)));
    else
        note(s->p->incomplete ? &s->undecided : &s->refused, s->n,
             arena_format(s->a, "%.*sissued by %.*s, and no certificate of that name is known", SLICE_ARGS(who),
                          SLICE_ARGS(issuer)));
}

/* Upwards from the last of the path; true when a valid path was found, which then is s->path. */
static bool climb(struct search *s)
{
    struct authority *c = s->path[s->n - 1];
    if (is_anchor_here(s, c))
        return is_valid(s);
    const struct issuers *issuers = chain_issuers(s->p, c);
    unsigned followed = 0;
    if (issuers->more)
        note(&s->undecided, 0, slice_of("there are too many authorities of one name"));
    for (unsigned i = 0; i < issuers->count; i++) {
        struct authority *up = s->p->authorities.items[issuers->items[i]];
        if (is_on_path(s, up))
            continue;
        followed++;
        if (s->n == CHAIN_LENGTH || ++s->steps > CHAIN_STEPS) {
            note(&s->undecided, 0, slice_of("the authorities lead too far"));
            return false;
        }
        s->path[s->n++] = up;
        if (climb(s))
            return true;
        s->n--;
    }
    if (!followed)
        note_end(s, c, issuers);
    return false;
}

void chain_find(struct trust_local *p, const struct trust_local_anchors *t, struct arena *a, struct authority *end,
                bool judges_end, int64_t now_utc, struct chain *out)
{
    struct search s = {.p = p, .t = t, .a = a, .judges_end = judges_end, .now_utc = now_utc, .path = {end}, .n = 1};
    p->signatures_spent = 0;
    if (t->count == 0) {
        *out = (struct chain){CHAIN_UNDECIDED, slice_of("none of the policy's anchors could be read")};
    } else if (climb(&s)) {
        *out = (struct chain){CHAIN_VERIFIED, authority_name(a, s.path[s.n - 1])};
    } else if (s.undecided.is_set) {
        *out = (struct chain){CHAIN_UNDECIDED, s.undecided.why};
    } else if (t->incomplete) {
        *out = (struct chain){CHAIN_UNDECIDED, slice_of("not all of the policy's anchors could be read")};
    } else {
        *out = (struct chain){CHAIN_REFUSED, s.refused.why};
    }
}
