/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts to verdict, with every check turned on.  The input is one octet of choices, a host name up to the first NUL,
 * and a certificate.
 */
#include "fuzz/fuzz.h"

#include "core/algorithm.h"
#include "core/subject.h"
#include "x509/reader.h"

#include <string.h>

enum { NOW_UTC = 1750000000 };

static struct policy *strict_policy(struct arena *a, uint8_t choice)
{
    struct policy *p = ARENA_NEW(a, struct policy);
    struct slice *oids = ARENA_ARRAY(a, 4, struct slice);
    PROMISE(algorithm_compile(a, ALGORITHM_CURVE, slice_of("P-256"), &oids[0]));
    PROMISE(algorithm_compile(a, ALGORITHM_SIGNATURE, slice_of("sha256WithRSAEncryption"), &oids[1]));
    PROMISE(algorithm_compile(a, ALGORITHM_PURPOSE, slice_of("serverAuth"), &oids[2]));
    PROMISE(algorithm_compile(a, ALGORITHM_PURPOSE, slice_of("codeSigning"), &oids[3]));
    struct slice *issuer = ARENA_NEW(a, struct slice);
    *issuer = slice_of("CN=Sample CA,O=Example");
    static const char *const attributes[] = {"userCertificate", NULL};
    *p = (struct policy){.mode = MODE_ENFORCE,
                         .certificate_attributes = attributes,
                         .host_attributes = attributes,
                         .allowed_versions = 1u << 3,
                         .name_match = (enum name_match)(choice % 5),
                         .wildcard = choice & 8,
                         .max_validity = {.rule = choice & 16 ? VALIDITY_CABF : VALIDITY_AT_MOST, .seconds = 86400},
                         .min_rsa_bits = 2048,
                         .allowed_curves = {&oids[0], 1},
                         .allowed_signatures = {&oids[1], 1},
                         .required_ekus = {&oids[2], 1},
                         .forbidden_ekus = {&oids[3], 1},
                         .key_usage = 1,
                         .ca_rule = CA_REFUSED,
                         .allowed_issuers = {issuer, 1},
                         .trust_anchors = issuer,
                         .trust_anchor_count = 1,
                         .check_crl = true,
                         .max_values = 1,
                         .unique = UNIQUE_HOST_NAME | UNIQUE_KEY | UNIQUE_CERTIFICATE};
    p->renew_before.kind = choice & 32 ? RENEW_PERCENT : RENEW_SECONDS;
    p->renew_before.value = 33;
    for (unsigned id = 0; id < CHECK_COUNT; id++)
        p->on_finding[id].stated = true;
    return p;
}

static void expect_same(const struct certificate *a, const struct certificate *b)
{
    PROMISE(a->finding_count == b->finding_count);
    for (size_t i = 0; i < a->finding_count; i++) {
        PROMISE(a->findings[i].check == b->findings[i].check);
        PROMISE(slice_eq(a->findings[i].detail, b->findings[i].detail));
    }
}

static bool has(const struct certificate *c, enum check_id check)
{
    for (size_t i = 0; i < c->finding_count; i++)
        if (c->findings[i].check == check && !c->findings[i].undecided)
            return true;
    return false;
}

static void explain(struct arena *a, const struct check_input *in)
{
    for (unsigned id = 0; id < CHECK_COUNT; id++) {
        const struct check *c = check_get((enum check_id)id);
        if (!c->of_subject && in->facts->readable && c->is_on(in->policy))
            PROMISE(fuzz_is_printable(c->compared(a, in)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct arena a = {0};
    struct slice rest = slice_make(data + 1, size - 1), name = fuzz_part(&rest, 0);
    struct policy *policy = strict_policy(&a, data[0]);
    struct host host = host_compile(&a, name);
    struct subject s = {.dn = slice_of("cn=fuzz"), .policy = policy, .hosts = &host, .host_count = 1};
    struct certificate c = {.der = rest, .opinion = OPINION_AGREES}, again;
    facts_read(c.der, &c.facts);
    again = c;
    subject_judge_certificate(&a, &s, &c, NOW_UTC);
    subject_judge_certificate(&a, &s, &again, NOW_UTC);
    expect_same(&c, &again);
    for (size_t i = 0; i < c.finding_count; i++) {
        PROMISE(c.findings[i].detail.n > 0);
        PROMISE(fuzz_is_printable(c.findings[i].detail));
    }
    PROMISE(has(&c, CHECK_MALFORMED) == (c.facts.malformed != NULL));
    PROMISE(c.facts.version == 0 || c.facts.version == 3 || has(&c, CHECK_VERSION));
    const struct check_input in = {.policy = policy,
                                   .hosts = &host,
                                   .host_count = 1,
                                   .der = c.der,
                                   .facts = &c.facts,
                                   .trust = &c.trust,
                                   .sharing = &c.sharing,
                                   .now_utc = NOW_UTC};
    explain(&a, &in);
    arena_free(&a);
    return 0;
}
