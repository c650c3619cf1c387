/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates of one entry side by side: what stands there twice, how many there are, and what replaces what. */
#include "core/holding.h"
#include "support/derbuild.h"
#include "support/entrytext.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text) SLICE_LITERAL(text)

enum { NOW = 1750000000 };

static const char *const attributes[] = {"userCertificate", "cACertificate", NULL};
static const char *const hosts[] = {"dNSHostName", NULL};

static struct policy policy_with(unsigned max_values)
{
    struct policy p = {.certificate_attributes = attributes, .host_attributes = hosts, .max_values = max_values};
    p.on_finding[CHECK_DUPLICATE_VALUE].stated = true;
    return p;
}

static struct slice certificate(struct arena *a, uint8_t key, uint8_t serial, bool client)
{
    struct recipe r;
    recipe_everyday(a, &r);
    uint8_t *spki = arena_alloc(a, r.spki.n);
    memcpy(spki, r.spki.p, r.spki.n);
    spki[r.spki.n - 16] = key;
    r.spki = slice_make(spki, r.spki.n);
    r.serial = DER(a, DER_INTEGER, arena_copy(a, DER_OCTETS(1, serial)));
    struct slice none = {NULL, 0}, purpose = DER_OCTETS(0x2b, 6, 1, 5, 5, 7, 3, client ? 2 : 1);
    r.extensions = DER_JOIN(a, der_extension(a, 17, none, DER(a, DER_SEQUENCE, DER(a, 0x82, S("h1.example.com")))),
                            der_extension(a, 37, none, DER(a, DER_SEQUENCE, DER(a, DER_OID, purpose))));
    return recipe_build(a, &r);
}

struct stands {
    const char *name, *options;
    struct slice value;
};

static struct subject subject_of(struct arena *a, const struct policy *p, size_t count, const struct stands *all)
{
    problem_list problems = {0};
    struct attribute *list = ARENA_ARRAY(a, count, struct attribute);
    struct slice *values = ARENA_ARRAY(a, count, struct slice);
    for (size_t i = 0; i < count; i++) {
        values[i] = all[i].value;
        list[i] = (struct attribute){slice_of(all[i].name), slice_of(all[i].options), &values[i], 1};
    }
    struct entry *e = ARENA_NEW(a, struct entry);
    *e = (struct entry){.dn = S("cn=x"), .attributes = list, .count = count};
    struct subject s = subject_compile(a, e, p, "entryUUID", &problems);
    for (size_t i = 0; i < s.certificate_count; i++)
        facts_read(s.certificates[i].der, &s.certificates[i].facts);
    holding_describe(a, &s);
    subject_judge(a, &s, NOW);
    return s;
}
#define SUBJECT(a, p, ...)                                                                                             \
    subject_of((a), (p), sizeof((struct stands[]){__VA_ARGS__}) / sizeof(struct stands), (struct stands[]){__VA_ARGS__})

static void expect(const struct subject *s, enum check_id check, const char *detail)
{
    for (size_t i = 0; i < s->finding_count; i++)
        if (s->findings[i].check == check) {
            assert_non_null(detail);
            assert_string_equal((const char *)s->findings[i].detail.p, detail);
            return;
        }
    assert_null(detail);
}

/* One certificate under two descriptions of one attribute, as some servers keep it. */
static void the_same_octets_twice(void **state)
{
    struct arena a = {0};
    const struct policy p = policy_with(1);
    struct slice one = certificate(&a, 1, 0x2a, false), two = certificate(&a, 1, 0x2b, false);
    (void)state;
    const char said[] = "userCertificate and userCertificate;binary hold the same certificate, serial 012a";
    struct subject s = SUBJECT(&a, &p, {"userCertificate", "", one}, {"userCertificate", "binary", one});
    assert_int_equal(s.certificate_count, 1);
    expect(&s, CHECK_DUPLICATE_VALUE, said);
    expect(&s, CHECK_TOO_MANY_VALUES, NULL); /* it is one */
    s = SUBJECT(&a, &p, {"userCertificate", "binary", one}, {"userCertificate", "", one});
    expect(&s, CHECK_DUPLICATE_VALUE, said); /* in whatever order */
    s = SUBJECT(&a, &p, {"userCertificate", "", one}, {"cACertificate", "binary", two},
                {"userCertificate", "x-y", one});
    assert_int_equal(s.certificate_count, 2);
    expect(&s, CHECK_DUPLICATE_VALUE, NULL); /* other options are other things */
    expect(&s, CHECK_TOO_MANY_VALUES, "the entry holds more certificates than policy allows, which is at most 1");
    s = SUBJECT(&a, &p, {"userCertificate", "", S("rubbish\n")}, {"cACertificate", "", S("rubbish\n")});
    expect(&s, CHECK_DUPLICATE_VALUE,
           "cACertificate and userCertificate hold the same octets, which are no certificate");
    arena_free(&a);
}

static void two_of_one_number(void **state)
{
    struct arena a = {0};
    const struct policy p = policy_with(0);
    (void)state;
    struct subject s = SUBJECT(&a, &p, {"userCertificate", "", certificate(&a, 1, 0x2a, false)},
                               {"userCertificate", "binary", certificate(&a, 2, 0x2a, false)},
                               {"cACertificate", "", certificate(&a, 2, 0x2b, false)});
    assert_int_equal(s.finding_count, 1);
    assert_true(slice_starts(s.findings[0].detail, S("two certificates of ")));
    assert_non_null(strstr((const char *)s.findings[0].detail.p, " with serial 012a"));
    s = SUBJECT(&a, &p, {"userCertificate", "", certificate(&a, 1, 0x2a, false)},
                {"userCertificate", "binary", certificate(&a, 2, 0x2b, false)});
    assert_int_equal(s.finding_count, 0);
    arena_free(&a);
}

/* A huge serial number makes no huge finding. */
static void a_huge_number_is_cut(void **state)
{
    struct arena a = {0};
    const struct policy p = policy_with(0);
    struct recipe r;
    (void)state;
    recipe_everyday(&a, &r);
    r.serial = DER(&a, DER_INTEGER, der_fill(&a, 0x11, 100000));
    struct slice one = recipe_build(&a, &r);
    struct subject s = SUBJECT(&a, &p, {"userCertificate", "", one}, {"userCertificate", "binary", one});
    assert_int_equal(s.finding_count, 1);
    assert_true(s.findings[0].detail.n < 200);
    arena_free(&a);
}

static unsigned next(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % below;
}

/* Those that are kept answer for everybody as all of them would. */
static void few_stand_in_for_all(void **state)
{
    unsigned seed = 1;
    (void)state;
    for (int round = 0; round < 60; round++) {
        enum { MOST = 24 };
        struct arena a = {0};
        const struct policy p = policy_with(0);
        struct certificate all[MOST], olds[MOST];
        struct subject s = {.policy = &p, .certificates = all, .certificate_count = 1 + next(&seed, MOST)};
        unsigned keys = 1 + next(&seed, 6), serials = 1 + next(&seed, 6);
        for (unsigned i = 0; i < 2 * MOST; i++) {
            struct certificate *c = i < MOST ? &all[i] : &olds[i - MOST];
            *c = (struct certificate){
                .der = certificate(&a, (uint8_t)next(&seed, keys), (uint8_t)next(&seed, serials), next(&seed, 2)),
                .opinion = OPINION_AGREES};
            facts_read(c->der, &c->facts);
            certificate_hash(c);
        }
        static const struct finding weak = {.check = CHECK_WEAK_KEY};
        struct stand_ins kept = stand_ins_of(&a, &s, NULL, 0, NOW);
        for (unsigned i = 0; i < MOST; i++) {
            bool any = false;
            olds[i].findings = &weak;
            olds[i].finding_count = next(&seed, 2);
            for (size_t k = 0; k < s.certificate_count; k++)
                any |= subject_stands_in(&s, &all[k], &olds[i], NOW);
            const struct certificate *found = stand_ins_find(&kept, &olds[i]);
            assert_int_equal(found != NULL, any);
            assert_true(!found || subject_stands_in(&s, found, &olds[i], NOW));
        }
        assert_true(kept.count <= 14);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_octets_twice),
        cmocka_unit_test(two_of_one_number),
        cmocka_unit_test(a_huge_number_is_cut),
        cmocka_unit_test(few_stand_in_for_all),
    };
    return cmocka_run_group_tests_name("holding", tests, NULL, NULL);
}
