/* SPDX-License-Identifier: Apache-2.0 */
/* Subjects: what an entry says, what may be acted on, and which certificate stands in for another; names as text. */
#include "core/name.h"
#include "core/subject.h"
#include "support/derbuild.h"
#include "support/entrytext.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

enum { NOW = 1750000000 };

static const char *const certificate_attributes[] = {"userCertificate", "cACertificate", NULL};
static const char *const host_attributes[] = {"dNSHostName", "cn", NULL};

static struct policy policy_of(enum name_match rule)
{
    return (struct policy){.mode = MODE_ENFORCE,
                           .name_match = rule,
                           .certificate_attributes = certificate_attributes,
                           .host_attributes = host_attributes};
}

static void ids_are_written(void **state)
{
    (void)state;
    struct arena a = {0};
    struct entry e = entrytext_of(&a, "dn: cn=x\ncn: x\nentryUUID: 29e3e245-8512-42dd-905e-72ca8b861586\n");
    entrytext_add(&a, &e, "objectGUID", S("\x00\xff\x41"));
    assert_true(slice_eq(subject_id(&a, &e, "entryUUID"), S("entryUUID:29e3e245-8512-42dd-905e-72ca8b861586")));
    assert_true(slice_eq(subject_id(&a, &e, "objectGUID"), S("objectGUID:00ff41")));
    assert_int_equal(subject_id(&a, &e, "nsUniqueId").n, 0);
    arena_free(&a);
}

static void entries_are_compiled(void **state)
{
    (void)state;
    struct arena a = {0};
    problem_list problems = {0};
    const struct policy p = policy_of(MATCH_SAN);
    struct entry e = entrytext_of(&a, "dn: cn=x\ndNSHostName: H1.example.\ncn: not a host\ncn: 192.0.2.1\n"
                                      "userCertificate: one\nuserCertificate: two\ncACertificate: two\n"
                                      "cACertificate: three\nentryUUID: u\n");
    struct subject s = subject_compile(&a, &e, &p, "entryUUID", &problems);
    assert_int_equal(s.host_count, 3);
    assert_true(slice_eq(s.hosts[0].name, S("h1.example")));
    assert_int_equal(s.hosts[1].kind, HOST_INVALID);
    assert_int_equal(s.hosts[2].kind, HOST_IP);
    assert_int_equal(problems.count, 1);
    assert_true(slice_eq(problems.items[0].attribute, S("cn")));
    assert_true(slice_eq(problems.items[0].value, S("not a host")));
    assert_int_equal(s.certificate_count, 3); /* one that stands in both attributes is one */
    assert_true(slice_eq(s.certificates[2].der, S("three")));
    assert_true(slice_eq(s.id, S("entryUUID:u")));
    arena_free(&a);
}

static void copies_outlive_the_entry(void **state)
{
    (void)state;
    struct arena theirs = {0}, ours = {0};
    problem_list problems = {0};
    const struct policy p = policy_of(MATCH_SAN);
    struct entry e =
        entrytext_of(&theirs, "dn: cn=x\ndNSHostName: h1.example\nuserCertificate: rubbish\nentryUUID: u\n");
    struct subject s = subject_compile(&theirs, &e, &p, "entryUUID", &problems);
    facts_read(s.certificates[0].der, &s.certificates[0].facts);
    subject_judge_certificate(&theirs, &s, &s.certificates[0], NOW);
    struct subject copy = subject_copy(&ours, &s);
    arena_free(&theirs); /* the address sanitizer looks on */
    assert_true(slice_eq(copy.dn, S("cn=x")));
    assert_true(slice_eq(copy.id, S("entryUUID:u")));
    assert_true(slice_eq(copy.hosts[0].shown, S("h1.example")));
    assert_true(slice_eq(copy.certificates[0].der, S("rubbish")));
    assert_int_equal(copy.certificates[0].finding_count, 1);
    assert_true(memchr(copy.certificates[0].findings[0].detail.p, '(', copy.certificates[0].findings[0].detail.n));
    arena_free(&ours);
}

/* What may be acted on: the policy enforces, the finding is certain and of the certificate, and both readers agree. */
static void actions_need_certainty(void **state)
{
    (void)state;
    struct policy p = policy_of(MATCH_NONE);
    p.on_finding[CHECK_VERSION].action = ACTION_REVOKE;
    const struct certificate sure = {.opinion = OPINION_AGREES}, split = {.opinion = OPINION_DISAGREES},
                             unasked = {.opinion = OPINION_NOT_ASKED};
    const struct finding f = {.check = CHECK_VERSION}, doubtful = {.check = CHECK_VERSION, .undecided = true},
                         elsewhere = {.check = CHECK_VERSION, .report_only = true}, other = {.check = CHECK_EXPIRED};
    assert_int_equal(finding_action(&p, &sure, &f), ACTION_REVOKE);
    assert_int_equal(finding_action(&p, NULL, &f), ACTION_REVOKE);
    assert_int_equal(finding_action(&p, &split, &f), ACTION_REPORT);
    assert_int_equal(finding_action(&p, &unasked, &f), ACTION_REPORT);
    assert_int_equal(finding_action(&p, &sure, &doubtful), ACTION_REPORT);
    assert_int_equal(finding_action(&p, &sure, &elsewhere), ACTION_REPORT);
    assert_int_equal(finding_action(&p, &sure, &other), ACTION_REPORT);
    p.mode = MODE_AUDIT;
    assert_int_equal(finding_action(&p, &sure, &f), ACTION_REPORT);
    p.mode = MODE_OFF;
    assert_int_equal(finding_action(&p, &sure, &f), ACTION_REPORT);
}

static void what_complies(void **state)
{
    (void)state;
    const struct finding sure = {.check = CHECK_VERSION}, doubtful = {.check = CHECK_VERSION, .undecided = true},
                         elsewhere = {.check = CHECK_VERSION, .report_only = true};
    struct certificate c = {.opinion = OPINION_AGREES};
    assert_true(certificate_complies(&c) && !certificate_is_undecided(&c));
    c.opinion = OPINION_NOT_ASKED;
    assert_true(!certificate_complies(&c) && !certificate_is_undecided(&c));
    c.opinion = OPINION_DISAGREES;
    assert_true(!certificate_complies(&c) && certificate_is_undecided(&c));
    c = (struct certificate){.opinion = OPINION_AGREES, .findings = &sure, .finding_count = 1};
    assert_true(!certificate_complies(&c) && !certificate_is_undecided(&c));
    c.findings = &doubtful;
    assert_true(!certificate_complies(&c) && certificate_is_undecided(&c));
    c.findings = &elsewhere;
    assert_true(!certificate_complies(&c) && certificate_is_undecided(&c));
}

/* Stand-ins: everyday certificates with one thing changed. */

enum eku { EKU_SERVER, EKU_NONE, EKU_CLIENT, EKU_BOTH, EKU_ANY };
enum key { KEYS_RSA, KEYS_EC, KEYS_ODD, KEYS_ODDER };

struct shape {
    uint8_t serial; /* 0: 1 */
    enum eku eku;
    enum key key;
    const char *dns;  /* NULL: h1.example.com */
    bool old_version; /* version 1 */
};

static struct slice eku_of(struct arena *a, enum eku eku)
{
    struct slice none = {NULL, 0};
    struct slice server = DER(a, DER_OID, DER_OCTETS(0x2b, 6, 1, 5, 5, 7, 3, 1));
    struct slice client = DER(a, DER_OID, DER_OCTETS(0x2b, 6, 1, 5, 5, 7, 3, 2));
    struct slice any = DER(a, DER_OID, DER_OCTETS(0x55, 0x1d, 0x25, 0x00));
    switch (eku) {
    case EKU_NONE:
        return none;
    case EKU_SERVER:
        return der_extension(a, 37, none, DER(a, DER_SEQUENCE, server));
    case EKU_CLIENT:
        return der_extension(a, 37, none, DER(a, DER_SEQUENCE, client));
    case EKU_BOTH:
        return der_extension(a, 37, none, DER(a, DER_SEQUENCE, client, server));
    case EKU_ANY:
        break;
    }
    return der_extension(a, 37, none, DER(a, DER_SEQUENCE, any));
}

/* Only the algorithm counts here. */
static struct slice spki_of(struct arena *a, enum key key, struct slice rsa)
{
    struct slice ec = DER_OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1), odd = DER_OCTETS(0x2a, 3, 4),
                 odder = DER_OCTETS(0x2a, 3, 5);
    struct slice p256 = DER(a, DER_OID, DER_OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7));
    struct slice algorithm = DER(a, DER_SEQUENCE,
                                 DER(a, DER_OID,
                                     key == KEYS_EC    ? ec
                                     : key == KEYS_ODD ? odd
                                                       : odder),
                                 key == KEYS_EC ? p256 : DER_EMPTY(a, DER_NULL));
    return key == KEYS_RSA ? rsa
                           : DER(a, DER_SEQUENCE, algorithm, DER(a, DER_BIT_STRING, DER_OCTETS(0), der_fill(a, 4, 65)));
}

static struct certificate certificate_of(struct arena *a, const struct subject *s, const struct shape *shape)
{
    struct recipe r;
    struct slice none = {NULL, 0}, dns = slice_of(shape->dns ? shape->dns : "h1.example.com");
    recipe_everyday(a, &r);
    r.serial = DER(a, DER_INTEGER, DER_OCTETS(shape->serial ? shape->serial : 1));
    struct slice san = der_extension(a, 17, none, DER(a, DER_SEQUENCE, DER(a, 0x82, dns)));
    r.extensions = DER_JOIN(a, eku_of(a, shape->eku), san);
    r.spki = spki_of(a, shape->key, r.spki);
    if (shape->old_version)
        r.version = r.extensions = none;
    struct certificate c = {.der = recipe_build(a, &r), .opinion = OPINION_AGREES};
    facts_read(c.der, &c.facts);
    assert_null(c.facts.malformed);
    subject_judge_certificate(a, s, &c, NOW);
    certificate_hash(&c);
    return c;
}

static const struct {
    const char *name;
    enum name_match rule;
    struct shape old, candidate;
    bool stands_in;
} stand_ins[] = {
    {"another serial", MATCH_SAN, {0}, {.serial = 2}, true},
    {"the very same", MATCH_SAN, {0}, {0}, false},
    {"the same serial", MATCH_SAN, {0}, {.eku = EKU_BOTH}, false},
    {"for version 1", MATCH_SAN, {.old_version = true}, {.serial = 2}, true},
    {"version 1 itself", MATCH_SAN, {0}, {.serial = 2, .old_version = true}, false},
    {"a wrong name under a rule", MATCH_SAN, {0}, {.serial = 2, .dns = "x.example"}, false},
    {"a wrong name under none", MATCH_NONE, {0}, {.serial = 2, .dns = "x.example"}, false},
    {"a right name under none", MATCH_NONE, {.dns = "x.example"}, {.serial = 2}, true},
    {"without a usage of the old", MATCH_SAN, {.eku = EKU_BOTH}, {.serial = 2}, false},
    {"another usage", MATCH_SAN, {0}, {.serial = 2, .eku = EKU_CLIENT}, false},
    {"more usages", MATCH_SAN, {0}, {.serial = 2, .eku = EKU_BOTH}, true},
    {"any usage", MATCH_SAN, {.eku = EKU_BOTH}, {.serial = 2, .eku = EKU_ANY}, true},
    {"no usages named", MATCH_SAN, {.eku = EKU_BOTH}, {.serial = 2, .eku = EKU_NONE}, true},
    {"the old one named no usages", MATCH_SAN, {.eku = EKU_NONE}, {.serial = 2}, true},
    {"another key family", MATCH_SAN, {0}, {.serial = 2, .key = KEYS_EC}, false},
    {"the same odd algorithm", MATCH_SAN, {.key = KEYS_ODD}, {.serial = 2, .key = KEYS_ODD}, true},
    {"two odd algorithms", MATCH_SAN, {.key = KEYS_ODD}, {.serial = 2, .key = KEYS_ODDER}, false},
};

static void stand_in_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(stand_ins); i++) {
        struct arena a = {0};
        struct policy p = policy_of(stand_ins[i].rule);
        p.allowed_versions = 1U << 3;
        struct host h = host_compile(&a, S("h1.example.com"));
        const struct subject s = {.policy = &p, .hosts = &h, .host_count = 1};
        struct certificate old = certificate_of(&a, &s, &stand_ins[i].old);
        struct certificate new = certificate_of(&a, &s, &stand_ins[i].candidate);
        if (subject_stands_in(&s, &new, &old, NOW) != stand_ins[i].stands_in)
            fail_msg("%s", stand_ins[i].name);
        new.opinion = OPINION_NOT_ASKED;
        assert_false(subject_stands_in(&s, &new, &old, NOW));
        arena_free(&a);
    }
}

static void stand_ins_are_found(void **state)
{
    (void)state;
    struct arena a = {0};
    const struct policy p = policy_of(MATCH_SAN);
    struct host h = host_compile(&a, S("h1.example.com"));
    struct certificate all[3];
    struct subject s = {.policy = &p, .hosts = &h, .host_count = 1, .certificates = all, .certificate_count = 3};
    all[0] = certificate_of(&a, &s, &(struct shape){.dns = "x.example"});
    all[1] = certificate_of(&a, &s, &(struct shape){.serial = 2});
    all[2] = certificate_of(&a, &s, &(struct shape){.serial = 3});
    struct certificate rubbish = {.der = S("rubbish"), .opinion = OPINION_AGREES};
    struct stand_ins found = stand_ins_of(&a, &s, NULL, 0, NOW), but_one = stand_ins_of(&a, &s, &all[1].digest, 1, NOW);
    assert_ptr_equal(stand_ins_find(&found, &all[0]), &all[1]);
    assert_ptr_equal(stand_ins_find(&but_one, &all[0]), &all[2]);
    assert_ptr_equal(stand_ins_find(&found, NULL), &all[1]);
    assert_ptr_equal(stand_ins_find(&found, &rubbish), &all[1]);
    struct digest both[] = {all[1].digest, all[2].digest};
    qsort(both, 2, sizeof *both, digest_order);
    but_one = stand_ins_of(&a, &s, both, 2, NOW);
    assert_null(stand_ins_find(&but_one, &all[0]));
    arena_free(&a);
}

/* Names and serial numbers as text. */

static void names_are_text(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice o = der_attribute(&a, 10, DER_UTF8_STRING, S("A, B + C"));
    struct slice cn = der_attribute(&a, 3, DER_BMP_STRING,
                                    S("\0h\0"
                                      "1")),
                 ou = der_attribute(&a, 11, 0x0c, S("x\n"));
    struct slice odd = DER(&a, DER_SEQUENCE, DER(&a, DER_OID, S("\x2a\x03")), DER(&a, 0x0c, S("\xff\0")));
    struct slice name = DER(&a, DER_SEQUENCE, DER(&a, DER_SET, o), DER(&a, DER_SET, cn, ou), DER(&a, DER_SET, odd));
    assert_true(slice_eq(name_text(&a, name, 200), S("1.2.3=\\ff\\00,CN=h1+OU=x\\0a,O=A\\2c B \\2b C")));
    assert_true(slice_eq(name_text(&a, DER_EMPTY(&a, DER_SEQUENCE), 200), S("")));
    assert_true(slice_eq(name_text(&a, S("\x31\0"), 200), S("?")));
    assert_true(slice_eq(name_text(&a, DER(&a, DER_SEQUENCE, DER(&a, DER_SET, S("\x30\x01x"))), 200), S("?")));
    for (size_t cap = 8; cap < 50; cap++)
        assert_true(name_text(&a, name, cap).n <= cap);
    arena_free(&a);
}

static void serials_are_text(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_true(slice_eq(serial_text(&a, S("\x01")), S("01")));
    assert_true(slice_eq(serial_text(&a, S("\0\xff")), S("ff")));
    assert_true(slice_eq(serial_text(&a, S("\0")), S("00")));
    assert_true(slice_eq(serial_text(&a, S("\x7f\x00\xab")), S("7f00ab")));
    assert_true(slice_eq(serial_text(&a, S("\xff")), S("-01"))); /* which no authority may use */
    assert_true(slice_eq(serial_text(&a, S("\xff\0")), S("-0100")));
    assert_true(slice_eq(serial_text(&a, S("\x80")), S("-80")));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_written),
        cmocka_unit_test(entries_are_compiled),
        cmocka_unit_test(copies_outlive_the_entry),
        cmocka_unit_test(actions_need_certainty),
        cmocka_unit_test(what_complies),
        cmocka_unit_test(stand_in_rows),
        cmocka_unit_test(stand_ins_are_found),
        cmocka_unit_test(names_are_text),
        cmocka_unit_test(serials_are_text),
    };
    return cmocka_run_group_tests_name("subject", tests, NULL, NULL);
}
