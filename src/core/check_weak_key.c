/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the key what policy asks for?  dircertMinRSABits speaks of RSA keys, whether they are bound to RSASSA-PSS or
 * RSAES-OAEP or not: of their length, and that they can be RSA keys at all, with a modulus and an exponent that are odd
 * and an exponent above 1 (RFC 8017 section 3.1);
 * dircertAllowedCurve of keys on elliptic curves: named ones by the curve's OID, Ed25519, Ed448, X25519 and X448 by the
 * OID of their algorithm.  A curve that is written out in parameters has no name, so it is never an allowed one
 * (RFC 5480 section 2.1.1).  A rule that is not stated judges nothing, and no rule speaks of DSA or ML-DSA.  Only a key
 * of an algorithm that we do not know at all, under a policy that states both rules, is left undecided: it may be of
 * either kind in a disguise.
 */
#include "core/check_names.h"

#include "base/der.h"
#include "core/check_shown.h"
#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->min_rsa_bits || policy->allowed_curves.count;
}

enum kind { KIND_RSA, KIND_EC, KIND_NAMED, KIND_OTHER };

static const struct {
    struct slice oid;
    enum kind kind;
} kinds[] = {
    {SLICE_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), KIND_RSA}, /* rsaEncryption */
    {SLICE_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), KIND_RSA}, /* id-RSASSA-PSS */
    {SLICE_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07"), KIND_RSA}, /* id-RSAES-OAEP */
    {SLICE_LITERAL("\x2a\x86\x48\xce\x3d\x02\x01"), KIND_EC},
    {SLICE_LITERAL("\x2b\x65\x6e"), KIND_NAMED}, /* X25519, X448, Ed25519, Ed448 */
    {SLICE_LITERAL("\x2b\x65\x6f"), KIND_NAMED},
    {SLICE_LITERAL("\x2b\x65\x70"), KIND_NAMED},
    {SLICE_LITERAL("\x2b\x65\x71"), KIND_NAMED},
};

static enum kind kind_of(struct slice oid)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_eq(kinds[i].oid, oid))
            return kinds[i].kind;
    return KIND_OTHER;
}

static bool is_even(struct slice number)
{
    return number.n && !(number.p[number.n - 1] & 1);
}

/* What no RSA key has, and whoever finds it can sign; NULL: nothing of the kind. */
static const char *impossible_rsa(const struct check_input *in)
{
    struct slice exponent = facts_slice(in->der, in->facts->rsa_exponent);
    if (is_even(facts_slice(in->der, in->facts->rsa_modulus)))
        return "an RSA key whose modulus is even";
    if (is_even(exponent) || (exponent.n == 1 && exponent.p[0] == 1))
        return "an RSA key whose exponent is even or 1";
    return NULL;
}

static void judge_rsa(struct arena *a, const struct check_input *in, struct check_result *out)
{
    unsigned least = in->policy->min_rsa_bits;
    const char *impossible = impossible_rsa(in);
    if (!least) {
        out->answer = ANSWER_NOT_APPLICABLE;
    } else if (in->facts->key_malformed) {
        out->answer = ANSWER_VIOLATES;
        out->detail = slice_of("an RSA key that does not decode");
    } else if (in->facts->key_bits < least) {
        out->answer = ANSWER_VIOLATES;
        out->detail = arena_format(a, "RSA key of %u bits, policy asks for %u", in->facts->key_bits, least);
    } else if (impossible) {
        out->answer = ANSWER_VIOLATES;
        out->detail = slice_of(impossible);
    }
}

/* The OID that stands for the curve; empty where there is none. */
static struct slice curve_of(const struct check_input *in, struct slice algorithm, enum kind kind)
{
    struct slice parameters = facts_slice(in->der, in->facts->key_parameters);
    struct der_element e;
    if (kind == KIND_NAMED)
        return algorithm;
    return der_expect(&parameters, DER_OID, &e) ? e.content : slice_of("");
}

static struct slice curve_text(struct arena *a, struct slice curve, enum kind kind)
{
    return algorithm_text(a, kind == KIND_NAMED ? ALGORITHM_KEY : ALGORITHM_CURVE, curve);
}

static void judge_curve(struct arena *a, const struct check_input *in, struct slice algorithm, enum kind kind,
                        struct check_result *out)
{
    const struct oid_list *curves = &in->policy->allowed_curves;
    struct slice curve = curve_of(in, algorithm, kind);
    if (!curves->count) {
        out->answer = ANSWER_NOT_APPLICABLE;
    } else if (in->facts->key_malformed) {
        out->answer = ANSWER_VIOLATES;
        out->detail = slice_of("a key on an elliptic curve that does not decode");
    } else if (!curve.n || !oid_listed(curves, curve)) {
        struct slice allowed = shown_oids(a, ALGORITHM_CURVE, curves);
        struct slice shown = curve.n ? curve_text(a, curve, kind) : slice_of("in explicit parameters");
        out->answer = ANSWER_VIOLATES;
        out->detail =
            arena_format(a, "key on the curve %.*s, policy allows %.*s", SLICE_ARGS(shown), SLICE_ARGS(allowed));
    }
}

static void judge_other(struct arena *a, const struct check_input *in, struct slice algorithm, struct check_result *out)
{
    out->answer = ANSWER_NOT_APPLICABLE;
    if (!in->policy->min_rsa_bits || !in->policy->allowed_curves.count || algorithm_by_oid(ALGORITHM_KEY, algorithm))
        return;
    out->answer = ANSWER_UNDECIDED;
    out->detail = arena_format(a, "a key of the unknown algorithm %.*s", SLICE_ARGS(oid_text(a, algorithm)));
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    struct slice algorithm = facts_slice(in->der, in->facts->key_algorithm);
    enum kind kind = kind_of(algorithm);
    if (!in->facts->readable) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    switch (kind) {
    case KIND_RSA:
        judge_rsa(a, in, out);
        break;
    case KIND_EC:
    case KIND_NAMED:
        judge_curve(a, in, algorithm, kind, out);
        break;
    case KIND_OTHER:
        judge_other(a, in, algorithm, out);
        break;
    }
}

static struct slice key_shown(struct arena *a, const struct check_input *in)
{
    struct slice algorithm = facts_slice(in->der, in->facts->key_algorithm);
    struct slice name = algorithm_text(a, ALGORITHM_KEY, algorithm);
    if (kind_of(algorithm) == KIND_EC) {
        struct slice curve = curve_of(in, algorithm, KIND_EC);
        struct slice shown = curve.n ? curve_text(a, curve, KIND_EC) : slice_of("explicit parameters");
        return arena_format(a, "%.*s, %.*s", SLICE_ARGS(name), SLICE_ARGS(shown));
    }
    return arena_format(a, in->facts->key_bits ? "%.*s, %u bits" : "%.*s", SLICE_ARGS(name), in->facts->key_bits);
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    struct slice key = key_shown(a, in), rsa = slice_of("any length"), curves = slice_of("any");
    if (in->policy->min_rsa_bits)
        rsa = arena_format(a, "%u bits", in->policy->min_rsa_bits);
    if (in->policy->allowed_curves.count)
        curves = shown_oids(a, ALGORITHM_CURVE, &in->policy->allowed_curves);
    return arena_format(a, "key %.*s; policy asks for RSA of %.*s, allows the curves %.*s", SLICE_ARGS(key),
                        SLICE_ARGS(rsa), SLICE_ARGS(curves));
}

const struct check check_weak_key = {
    .id = CHECK_WEAK_KEY,
    .name = "weak-key",
    .title = "a key that is shorter than policy asks for, or on another curve",
    .severity = SEVERITY_ERR,
    .citation = "RFC 8017 section 3.1, RFC 5480 section 2.1.1, RFC 8410 section 3",
    .fix = "make a new key that policy allows and have a certificate issued for it",
    .policy_attributes = ATTR_MIN_RSA_BITS " " ATTR_ALLOWED_CURVE,
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
