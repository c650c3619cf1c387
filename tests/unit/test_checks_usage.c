/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate is for, and whose: ca-certificate, key-usage, extended-key-usage, issuer. */
#include "core/policy.h"
#include "support/sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define S(text)     SLICE_LITERAL(text)

#define SERVER "1.3.6.1.5.5.7.3.1"
#define CLIENT "1.3.6.1.5.5.7.3.2"
#define CODE   "1.3.6.1.5.5.7.3.3"
#define ANY    "2.5.29.37.0"

enum { DIGITAL = 1 << 0, ENCIPHER = 1 << 2, CERT_SIGN = 1 << 5, DECIPHER_ONLY = 1 << 8 };

static const struct row {
    const char *name;
    enum check_id check;
    enum ca_rule rule;
    unsigned wanted; /* key usages */
    const char *required[3], *forbidden[3];
    uint8_t version; /* 0: 3 */
    bool unreadable, self_issued;
    enum presence constraints, usage, purposes;
    bool is_ca;
    uint16_t bits;
    const char *eku[3];
    const char *answer, *detail;
} rows[] = {
#define CA .check = CHECK_CA_CERTIFICATE, .rule = CA_REFUSED
    {"CA: neither extension", CA, .answer = "meets"},
    {"CA: cA false", CA, .constraints = FIELD_PRESENT, .answer = "meets"},
    {"CA: cA", CA, .constraints = FIELD_PRESENT, .is_ca = true, .answer = "violates",
     .detail = "basicConstraints says cA"},
    {"CA: cA where allowed", .check = CHECK_CA_CERTIFICATE, .rule = CA_ALLOWED, .constraints = FIELD_PRESENT,
     .is_ca = true, .answer = "n/a"},
    {"CA: keyCertSign alone", CA, .usage = FIELD_PRESENT, .bits = CERT_SIGN, .answer = "violates",
     .detail = "keyCertSign"},
    {"CA: both", CA, .constraints = FIELD_PRESENT, .is_ca = true, .usage = FIELD_PRESENT, .bits = CERT_SIGN,
     .answer = "violates", .detail = "cA, the key usage has keyCertSign"},
    {"CA: every other key usage", CA, .usage = FIELD_PRESENT, .bits = 0x1ff & ~CERT_SIGN, .answer = "meets"},
    {"CA: constraints do not decode", CA, .constraints = FIELD_MALFORMED, .is_ca = true, .answer = "undecided"},
    {"CA: constraints twice", CA, .constraints = FIELD_DUPLICATE, .answer = "undecided"},
    {"CA: constraints do not decode, keyCertSign", CA, .constraints = FIELD_MALFORMED, .usage = FIELD_PRESENT,
     .bits = CERT_SIGN, .answer = "violates"},
    {"CA: key usage does not decode", CA, .usage = FIELD_MALFORMED, .bits = CERT_SIGN, .answer = "undecided"},
    {"CA: key usage twice, cA", CA, .usage = FIELD_DUPLICATE, .constraints = FIELD_PRESENT, .is_ca = true,
     .answer = "violates"},
    {"CA: version 1", CA, .version = 1, .answer = "meets"},
    {"CA: version 1, self-issued", CA, .version = 1, .self_issued = true, .answer = "undecided",
     .detail = "self-issued"},
    {"CA: version 2, self-issued", CA, .version = 2, .self_issued = true, .answer = "undecided"},
    {"CA: version 3, self-issued", CA, .self_issued = true, .answer = "meets"},
    {"CA: not readable", CA, .unreadable = true, .constraints = FIELD_PRESENT, .is_ca = true, .answer = "n/a"},

#define USAGE(bits_) .check = CHECK_KEY_USAGE, .wanted = (bits_)
#define HAS(bits_)   .usage = FIELD_PRESENT, .bits = (bits_)
    {"usage: the only one", USAGE(DIGITAL), HAS(DIGITAL), .answer = "meets"},
    {"usage: one of more", USAGE(DIGITAL), HAS(0x1ff), .answer = "meets"},
    {"usage: the last bit", USAGE(DECIPHER_ONLY), HAS(DECIPHER_ONLY), .answer = "meets"},
    {"usage: the last bit missing", USAGE(DECIPHER_ONLY), HAS(0xff), .answer = "violates",
     .detail = "decipherOnly missing"},
    {"usage: both", USAGE(DIGITAL | ENCIPHER), HAS(DIGITAL | ENCIPHER), .answer = "meets"},
    {"usage: one of both", USAGE(DIGITAL | ENCIPHER), HAS(DIGITAL | CERT_SIGN), .answer = "violates",
     .detail = "keyEncipherment missing (presented: digitalSignature, keyCertSign)"},
    {"usage: none asserted", USAGE(DIGITAL), HAS(0), .answer = "violates", .detail = "(presented: none)"},
    {"usage: no extension", USAGE(DIGITAL), .answer = "violates", .detail = "no keyUsage extension"},
    {"usage: does not decode", USAGE(DIGITAL), .usage = FIELD_MALFORMED, .bits = DIGITAL, .answer = "violates",
     .detail = "does not decode"},
    {"usage: twice", USAGE(DIGITAL), .usage = FIELD_DUPLICATE, .bits = DIGITAL, .answer = "violates",
     .detail = "two keyUsage"},
    {"usage: not readable", USAGE(DIGITAL), .unreadable = true, .answer = "n/a"},

#define PURPOSE .check = CHECK_EXTENDED_KEY_USAGE
#define SHOWS   .purposes = FIELD_PRESENT, .eku
    {"purpose: required", PURPOSE, .required = {SERVER}, SHOWS = {SERVER}, .answer = "meets"},
    {"purpose: required, the last", PURPOSE, .required = {SERVER}, SHOWS = {CODE, CLIENT, SERVER}, .answer = "meets"},
    {"purpose: both required", PURPOSE, .required = {SERVER, CLIENT}, SHOWS = {CLIENT, SERVER}, .answer = "meets"},
    {"purpose: one of two required", PURPOSE, .required = {SERVER, CLIENT}, SHOWS = {SERVER}, .answer = "violates",
     .detail = "clientAuth is missing (presented: serverAuth)"},
    {"purpose: no extension where required", PURPOSE, .required = {SERVER}, .answer = "violates",
     .detail = "serverAuth is missing (presented: none)"},
    {"purpose: any is not the one required", PURPOSE, .required = {SERVER}, SHOWS = {ANY}, .answer = "violates"},
    {"purpose: any, which is required", PURPOSE, .required = {ANY}, SHOWS = {ANY}, .answer = "meets"},
    {"purpose: forbidden", PURPOSE, .forbidden = {CODE}, SHOWS = {SERVER, CODE}, .answer = "violates",
     .detail = "codeSigning is there, policy forbids codeSigning"},
    {"purpose: not forbidden", PURPOSE, .forbidden = {CODE, CLIENT}, SHOWS = {SERVER}, .answer = "meets"},
    {"purpose: any asserts what is forbidden", PURPOSE, .forbidden = {CODE}, SHOWS = {SERVER, ANY},
     .answer = "violates", .detail = "anyExtendedKeyUsage is there"},
    {"purpose: any, required, asserts nothing forbidden", PURPOSE, .required = {ANY}, .forbidden = {CODE},
     SHOWS = {ANY}, .answer = "meets"},
    {"purpose: any alone is forbidden", PURPOSE, .forbidden = {ANY}, SHOWS = {ANY}, .answer = "violates"},
    {"purpose: no extension where some are forbidden", PURPOSE, .forbidden = {CODE}, .answer = "n/a"},
    {"purpose: no extension, required and forbidden", PURPOSE, .required = {SERVER}, .forbidden = {CODE},
     .answer = "violates"},
    {"purpose: required and forbidden, both there", PURPOSE, .required = {SERVER}, .forbidden = {CODE},
     SHOWS = {SERVER, CODE}, .answer = "violates"},
    {"purpose: does not decode where required", PURPOSE, .required = {SERVER}, .purposes = FIELD_MALFORMED,
     .answer = "violates", .detail = "(presented: does not decode)"},
    {"purpose: does not decode where forbidden", PURPOSE, .forbidden = {CODE}, .purposes = FIELD_MALFORMED,
     .answer = "undecided"},
    {"purpose: twice where forbidden", PURPOSE, .forbidden = {CODE}, .purposes = FIELD_DUPLICATE,
     .answer = "undecided"},
    {"purpose: twice where required", PURPOSE, .required = {SERVER}, .purposes = FIELD_DUPLICATE, .answer = "violates"},
    {"purpose: not readable", PURPOSE, .required = {SERVER}, .unreadable = true, .answer = "n/a"},
};

static struct oid_list oids_of(struct arena *a, const char *const dotted[3])
{
    struct slice *items = ARENA_ARRAY(a, 3, struct slice);
    size_t n = 0;
    for (; n < 3 && dotted[n]; n++)
        items[n] = sketch_oid(a, dotted[n]);
    return (struct oid_list){items, n};
}

static struct span place_purposes(struct sketch *s, const char *const dotted[3])
{
    struct oid_list list = oids_of(s->arena, dotted);
    struct slice whole[3];
    for (size_t i = 0; i < list.count; i++)
        whole[i] = DER(s->arena, DER_OID, list.items[i]);
    return sketch_place(s, der_build(s->arena, DER_SEQUENCE, list.count, whole));
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct arena a = {0};
    struct sketch s;
    const struct policy p = {.ca_rule = row->rule,
                             .key_usage = row->wanted,
                             .required_ekus = oids_of(&a, row->required),
                             .forbidden_ekus = oids_of(&a, row->forbidden)};
    sketch_begin(&s, &a);
    s.facts.readable = !row->unreadable;
    s.facts.version = row->version ? row->version : 3;
    s.facts.issuer = sketch_place(&s, der_common_name(&a, DER_UTF8_STRING, S("Example CA")));
    s.facts.subject =
        sketch_place(&s, der_common_name(&a, DER_UTF8_STRING, row->self_issued ? S("Example CA") : S("h")));
    s.facts.basic_constraints.presence = row->constraints;
    s.facts.is_ca = row->is_ca;
    s.facts.key_usage.presence = row->usage;
    s.facts.key_usage_bits = row->bits;
    s.facts.eku.presence = row->purposes;
    if (row->purposes == FIELD_PRESENT)
        s.facts.eku.value = place_purposes(&s, row->eku);
    sketch_expect(&s, &p, 0, row->check, row->answer, row->detail);
    arena_free(&a);
}

/* Issuers: how names are compared is test_name_match's; here only what follows. */
static void issuers(void **state)
{
    (void)state;
    static const struct slice two[] = {S("CN=Other CA"), S("cn = example  ca")}, one[] = {S("CN=Other CA")};
    const struct policy allows = {.allowed_issuers = {two, 2}}, refuses = {.allowed_issuers = {one, 1}};
    struct arena a = {0};
    struct sketch s;
    sketch_begin(&s, &a);
    s.facts.issuer = sketch_place(&s, der_common_name(&a, DER_PRINTABLE_STRING, S("Example CA")));
    sketch_expect(&s, &allows, 0, CHECK_ISSUER, "meets", NULL);
    sketch_expect(&s, &refuses, 0, CHECK_ISSUER, "violates", "issued by CN=Example CA, which policy does not name");
    s.facts.issuer = sketch_place(&s, der_common_name(&a, DER_UTF8_STRING, S("Example CA\0\x1b[2J\n")));
    sketch_expect(&s, &allows, 0, CHECK_ISSUER, "violates", "CN=Example CA\\00\\1b[2J\\0a");
    s.facts.issuer = sketch_place(&s, DER_EMPTY(&a, DER_SEQUENCE));
    sketch_expect(&s, &allows, 0, CHECK_ISSUER, "violates", "issued by (empty)");
    s.facts.issuer = sketch_place(&s, der_common_name(&a, DER_UTF8_STRING, der_fill(&a, 'x', 1 << 20)));
    sketch_expect(&s, &allows, 0, CHECK_ISSUER, "violates", "xxx");
    s.facts.readable = false;
    sketch_expect(&s, &refuses, 0, CHECK_ISSUER, "n/a", NULL);
    arena_free(&a);
}

/* A value without octets: no check of a certificate has anything to say, and explain still shows something. */
static void nothing_at_all(void **state)
{
    (void)state;
    struct arena a = {0};
    static const struct slice one = SLICE_LITERAL("CN=x");
    const struct oid_list list = {&one, 1};
    struct policy p = {.renew_before = {RENEW_SECONDS, 1},
                       .max_validity = {VALIDITY_CABF, 0},
                       .min_rsa_bits = 1,
                       .allowed_curves = list,
                       .allowed_signatures = list,
                       .key_usage = 1,
                       .required_ekus = list,
                       .ca_rule = CA_REFUSED,
                       .allowed_issuers = {&one, 1}};
    p.on_finding[CHECK_POST_QUANTUM].stated = true;
    struct sketch s = {.arena = &a};
    for (unsigned id = CHECK_EXPIRING; id <= CHECK_ISSUER; id++)
        sketch_expect(&s, &p, 0, (enum check_id)id, "n/a", NULL);
    arena_free(&a);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(rows) + 2];
    for (size_t i = 0; i < COUNT(rows); i++)
        tests[i] = (struct CMUnitTest){rows[i].name, test_row, NULL, NULL, (void *)(uintptr_t)&rows[i]};
    tests[COUNT(rows)] = (struct CMUnitTest)cmocka_unit_test(issuers);
    tests[COUNT(rows) + 1] = (struct CMUnitTest)cmocka_unit_test(nothing_at_all);
    return cmocka_run_group_tests_name("checks of usages", tests, NULL, NULL);
}
