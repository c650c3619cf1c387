/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the certificate signed with an algorithm that policy allows?  The inner identifier is judged, which the signature
 * covers; where the outer one differs the certificate is malformed.
 *
 * The identifier of RSASSA-PSS says nothing of the hash: that is in its parameters, and is SHA-1 where they leave it
 * out (RFC 4055 section 3.1, RFC 8017 appendix A.2.3).  Other names say their hash, so whoever allows `rsassaPss` has
 * not allowed SHA-1 with it: it admits hashes of 256 bits and more.  The hash of the mask generation is not what
 * collisions would have to be found in, and is not judged.
 */
#include "core/check_names.h"

#include "base/der.h"
#include "core/check_shown.h"
#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->allowed_signatures.count > 0;
}

static const struct slice rsassa_pss = SLICE_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a");

/* @source FIPS 180-4 and 202: the OIDs of the register for computer security objects */
static const struct hash {
    struct slice oid;
    const char *name;
    unsigned bits;
} hashes[] = {
    {SLICE_LITERAL("\x2b\x0e\x03\x02\x1a"), "SHA-1", 160},
    {SLICE_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), "SHA-256", 256},
    {SLICE_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x02\x02"), "SHA-384", 384},
    {SLICE_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x02\x03"), "SHA-512", 512},
    {SLICE_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x02\x04"), "SHA-224", 224},
    {SLICE_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x02\x05"), "SHA-512/224", 224},
    {SLICE_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x02\x06"), "SHA-512/256", 256},
    {SLICE_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x02\x07"), "SHA3-224", 224},
    {SLICE_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x02\x08"), "SHA3-256", 256},
    {SLICE_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x02\x09"), "SHA3-384", 384},
    {SLICE_LITERAL("\x60\x86\x48\x01\x65\x03\x04\x02\x0a"), "SHA3-512", 512},
};

static const struct hash *hash_find(struct slice oid)
{
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        if (slice_eq(hashes[i].oid, oid))
            return &hashes[i];
    return NULL;
}

/* What is left of RSASSA-PSS-params: some of [1] to [3], in this order, one element in each. */
static bool is_rest_of_pss(struct slice fields)
{
    struct der_element wrapped, inner;
    for (uint8_t n = 1; n <= 3; n++)
        if (der_is(fields, DER_CONTEXT | DER_CONSTRUCTED | n) &&
            (!der_next(&fields, &wrapped) || !der_next(&wrapped.content, &inner) || wrapped.content.n))
            return false;
    return fields.n == 0;
}

/* RSASSA-PSS-params begins with [0] EXPLICIT hashAlgorithm, or leaves it out.  False: it does not decode. */
static bool pss_hash(struct slice parameters, struct slice *oid)
{
    struct der_element sequence, wrapped, algorithm, type;
    *oid = hashes[0].oid;
    if (!der_expect(&parameters, DER_SEQUENCE, &sequence))
        return false;
    struct slice fields = sequence.content;
    if (!der_is(fields, DER_CONTEXT | DER_CONSTRUCTED))
        return is_rest_of_pss(fields);
    if (!der_next(&fields, &wrapped) || !der_expect(&wrapped.content, DER_SEQUENCE, &algorithm) || wrapped.content.n ||
        !der_expect(&algorithm.content, DER_OID, &type))
        return false;
    *oid = type.content;
    return is_rest_of_pss(fields);
}

/* What the signature is made with, for people; *weak: RSASSA-PSS with a hash that its name does not admit. */
static struct slice signature_shown(struct arena *a, const struct check_input *in, bool *weak)
{
    struct slice algorithm = facts_slice(in->der, in->facts->signature_algorithm), oid;
    struct slice name = algorithm_text(a, ALGORITHM_SIGNATURE, algorithm);
    *weak = slice_eq(algorithm, rsassa_pss);
    if (!*weak)
        return name;
    if (!pss_hash(facts_slice(in->der, in->facts->signature_parameters), &oid))
        return arena_format(a, "%.*s without parameters that decode", SLICE_ARGS(name));
    const struct hash *h = hash_find(oid);
    *weak = !h || h->bits < 256;
    struct slice hash = h ? slice_of(h->name) : oid_text(a, oid);
    return arena_format(a, "%.*s with %.*s", SLICE_ARGS(name), SLICE_ARGS(hash));
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    const struct oid_list *allowed = &in->policy->allowed_signatures;
    bool weak;
    if (!in->facts->readable) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    struct slice algorithm = facts_slice(in->der, in->facts->signature_algorithm);
    bool listed = oid_listed(allowed, algorithm);
    if (listed && !slice_eq(algorithm, rsassa_pss))
        return; /* as most do, without a text */
    struct slice shown = signature_shown(a, in, &weak);
    if (listed && !weak)
        return;
    out->answer = ANSWER_VIOLATES;
    out->detail = arena_format(a, "signed with %.*s, policy allows %.*s%s", SLICE_ARGS(shown),
                               SLICE_ARGS(shown_oids(a, ALGORITHM_SIGNATURE, allowed)),
                               listed ? " (with SHA-256 or a longer hash)" : "");
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    bool weak;
    return arena_format(a, "signed with %.*s; policy allows %.*s", SLICE_ARGS(signature_shown(a, in, &weak)),
                        SLICE_ARGS(shown_oids(a, ALGORITHM_SIGNATURE, &in->policy->allowed_signatures)));
}

const struct check check_weak_signature = {
    .id = CHECK_WEAK_SIGNATURE,
    .name = "weak-signature",
    .title = "a signature algorithm that policy does not allow",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 section 4.1.1.2, RFC 4055 section 3.1",
    .fix = "have the certificate issued again, and mend the signature algorithm of the authority",
    .policy_attributes = ATTR_ALLOWED_SIGNATURE,
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
