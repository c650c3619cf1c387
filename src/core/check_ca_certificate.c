/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May the certificate sign others, where policy wants none of that kind?  It says so by cA in basicConstraints, or by
 * keyCertSign in the key usage, which may be asserted only with it (RFC 5280 section 4.2.1.9) but is obeyed by some
 * without.  An extension of these two that does not decode, or is there twice, leaves the question open.
 *
 * A certificate of version 1 or 2 has no place to say it, and no software takes it for an authority's without being
 * told (RFC 5280 section 6.1.4 (k)); one that was issued under its own name, though, becomes one for whoever trusts it:
 * that is undecided.
 */
#include "core/check_names.h"

#include "core/schema.h"

static bool is_on(const struct policy *policy)
{
    return policy->ca_rule != CA_ANY;
}

enum { BIT_KEY_CERT_SIGN = 5 };

static bool is_unclear(const struct extension *x)
{
    return x->presence == FIELD_MALFORMED || x->presence == FIELD_DUPLICATE;
}

static bool may_sign(const struct facts *f)
{
    return f->key_usage.presence == FIELD_PRESENT && (f->key_usage_bits & 1u << BIT_KEY_CERT_SIGN);
}

static bool says_ca(const struct facts *f)
{
    return f->basic_constraints.presence == FIELD_PRESENT && f->is_ca;
}

static bool is_self_issued(const struct check_input *in)
{
    return slice_eq(facts_slice(in->der, in->facts->issuer), facts_slice(in->der, in->facts->subject));
}

static const char *violation(const struct facts *f)
{
    if (says_ca(f))
        return may_sign(f) ? "basicConstraints says cA, the key usage has keyCertSign" : "basicConstraints says cA";
    return may_sign(f) ? "the key usage has keyCertSign" : NULL;
}

static const char *doubt(const struct check_input *in)
{
    if (is_unclear(&in->facts->basic_constraints))
        return "the basicConstraints do not decode or are there twice";
    if (is_unclear(&in->facts->key_usage))
        return "the keyUsage does not decode or is there twice";
    if (in->facts->version && in->facts->version < 3 && is_self_issued(in))
        return "self-issued in a version that can't say whether it is an authority's";
    return NULL;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    (void)a;
    if (!in->facts->readable || in->policy->ca_rule != CA_REFUSED) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    const char *why = violation(in->facts);
    if (why)
        out->answer = ANSWER_VIOLATES;
    else if ((why = doubt(in)))
        out->answer = ANSWER_UNDECIDED;
    out->detail = slice_of(why);
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    return arena_format(a, "cA %s, keyCertSign %s, %s; policy %s authorities", says_ca(in->facts) ? "yes" : "no",
                        may_sign(in->facts) ? "yes" : "no", is_self_issued(in) ? "self-issued" : "not self-issued",
                        in->policy->ca_rule == CA_REFUSED ? "refuses" : "allows");
}

const struct check check_ca_certificate = {
    .id = CHECK_CA_CERTIFICATE,
    .name = "ca-certificate",
    .title = "the certificate of an authority where policy wants none",
    .severity = SEVERITY_ERR,
    .citation = "RFC 5280 sections 4.2.1.9, 4.2.1.3 and 6.1.4",
    .fix = "have a certificate for an end entity issued, and find out why this one may sign others",
    .policy_attributes = ATTR_ALLOW_CA,
    .hidden_by = CHECK_BIT(CHECK_VERSION),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
