/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pass does not look at twice: a request that says of itself that it is stored as it would be written really is,
 * and records that are called the same are written alike, however somebody edited them.
 */
#include "core/request.h"
#include "core/schema.h"
#include "support/entrytext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

#define SUBJECT_ID  "entryUUID:29e3e245-8512-42dd-905e-72ca8b861586"
#define REISSUE_ID  "90817b7f458571dbbd1d418e5bef7668aa7866abb4a85e6dec9511bfe08b4538"
#define REVOKE_ID   "b1446d8eb03441e3766d4d1d35e1c7830848846ff1516f001dfc256bdabd2fb1"
#define CERTIFICATE "a certificate"
#define DIGEST      "81acd762140fa692a142822d2fbe4dc6f54bcaa501f68ab37e5aeed0bafe4d99"
#define DIGEST_2    "0000000000000000000000000000000000000000000000000000000000000001"

static const char *const texts[] = {
    "dn: dircertRequestId=" REISSUE_ID ",ou=requests\n"
    "objectClass: dircertRequest\n"
    "dircertRequestId: " REISSUE_ID "\ndircertRequestType: reissue\ndircertSubjectId: " SUBJECT_ID "\n"
    "dircertOpened: 20250101000000Z\ndircertSubjectDN: cn=h1,dc=example\n"
    "dircertCertificateSHA256: " DIGEST "\ndircertCertificateSHA256: " DIGEST_2 "\n"
    "dircertFinding: version version 1, policy allows 3\ndircertFinding: expired notAfter 20240101000000Z\n"
    "dircertWantedName: h2.example\ndircertWantedName: h1.example\n"
    "dircertReason: superseded\ndircertPolicyDN: cn=p,ou=policies\ndircertPolicyRevision: 0123456789abcdef\n"
    "dircertGeneration: 3\ndircertState: failed\ndircertStateMessage: why\ndircertStateChanged: 20250102000000Z\n"
    "dircertConfirmedPasses: 2\ndircertConfirmedAt: 20250101120000Z\ndircertAttempt: 2\n"
    "dircertNextAttempt: 20250102020000Z\ndircertReplacementSHA256: " DIGEST_2 "\n"
    "dircertCertificate: " CERTIFICATE "\n",
    "dn: dircertRequestId=" REVOKE_ID ",ou=requests\n"
    "objectClass: dircertRequest\n"
    "dircertRequestId: " REVOKE_ID "\ndircertRequestType: revoke\ndircertSubjectId: " SUBJECT_ID "\n"
    "dircertOpened: 20250101000000Z\ndircertIssuer: CN=Example CA\ndircertSerialNumber: 0a\n"
    "dircertCertificate: " CERTIFICATE "\ndircertSubjectDN: cn=h1,dc=example\n"
    "dircertCertificateSHA256: " DIGEST "\ndircertFinding: version version 1, policy allows 3\n"
    "dircertReason: keyCompromise\ndircertPolicyDN: cn=p,ou=policies\ndircertPolicyRevision: 0123456789abcdef\n"
    "dircertSupersedes: " REISSUE_ID "\n"
    "dircertGeneration: 1\ndircertState: pending\ndircertStateChanged: 20250101000000Z\n"
    "dircertConfirmedPasses: 1\ndircertAttempt: 1\n",
};

/* Good ones of another kind, other spellings of good ones, and none at all. */
static const struct slice values[] = {S(""),
                                      S(" "),
                                      S("0"),
                                      S("1"),
                                      S("3"),
                                      S("03"),
                                      S("+3"),
                                      S("3 "),
                                      S("4294967299"),
                                      S("reissue"),
                                      S("Reissue"),
                                      S("revoke"),
                                      S("failed"),
                                      S("Failed"),
                                      S("pending"),
                                      S("purged"),
                                      S("superseded"),
                                      S("Superseded"),
                                      S("keyCompromise"),
                                      S("KEYCOMPROMISE"),
                                      S("20250101000000Z"),
                                      S("20250101000001Z"),
                                      S("20250101000060Z"),
                                      S("20250101000059Z"),
                                      S("202501010000Z"),
                                      S("2025010100Z"),
                                      S("2025010100.000Z"),
                                      S("20250101000000.0Z"),
                                      S("20250101000000+00"),
                                      S("20250101010000+0100"),
                                      S("19700101000000Z"),
                                      S("19700101000001Z"),
                                      S("00000101000000Z"),
                                      S("20251301000000Z"),
                                      S(DIGEST),
                                      S(DIGEST_2),
                                      S("81ACD762140FA692A142822D2FBE4DC6F54BCAA501F68AB37E5AEED0BAFE4D99"),
                                      S("81acd762"),
                                      S("why"),
                                      S("expired notAfter 20240101000000Z"),
                                      S("nonsense"),
                                      S("h1.example"),
                                      S(CERTIFICATE)};

static unsigned next(unsigned *seed, size_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (unsigned)((*seed >> 8) % below);
}

static const char *some_attribute(unsigned *seed)
{
    size_t count = 0;
    while (record_attributes()[count])
        count++;
    return record_attributes()[next(seed, count)];
}

static void edit(struct arena *a, struct entry *e, unsigned *seed)
{
    const char *name = some_attribute(seed);
    struct slice first = arena_copy(a, entry_first(e, name));
    switch (next(seed, 4)) {
    case 0:
        entrytext_drop(e, name);
        return;
    case 1: /* among others */
        break;
    case 2: /* twice */
        if (first.n)
            entrytext_add(a, e, name, first);
        return;
    default:
        entrytext_drop(e, name);
    }
    entrytext_add(a, e, name, values[next(seed, COUNT(values))]);
}

static struct request edited(struct arena *a, unsigned *seed)
{
    problem_list problems = {0};
    struct entry e = entrytext_of(a, texts[next(seed, COUNT(texts))]);
    for (unsigned edits = next(seed, 3); edits; edits--)
        edit(a, &e, seed);
    return request_read(a, &e, &problems);
}

static size_t occurs(const struct attribute *in, struct slice value)
{
    size_t n = 0;
    for (size_t i = 0; i < in->count; i++)
        n += slice_eq(in->values[i], value);
    return n;
}

static const struct attribute *find(const struct entry *e, const char *name)
{
    for (size_t i = 0; i < e->count; i++)
        if (slice_eq(e->attributes[i].name, slice_of(name)))
            return &e->attributes[i];
    return NULL;
}

/* In whatever order. */
static bool same_entry(const struct entry *x, const struct entry *y)
{
    for (const char *const *name = record_attributes(); *name; name++) {
        const struct attribute *p = find(x, *name), *q = find(y, *name);
        if (!p && !q)
            continue;
        if (!p || !q || p->count != q->count)
            return false;
        for (size_t i = 0; i < p->count; i++)
            if (occurs(p, p->values[i]) != occurs(q, p->values[i]))
                return false;
    }
    return true;
}

static void plain_is_as_rendered(void **state)
{
    (void)state;
    unsigned seed = 1;
    size_t plain = 0, other = 0;
    for (unsigned round = 0; round < 40000; round++) {
        struct arena a = {0};
        struct request q = edited(&a, &seed);
        struct entry rendered = record_render(&a, &q.record);
        if (q.is_plain && (q.foreign || request_is_damaged(&q) || !same_entry(&q.stored, &rendered)))
            fail_msg("round %u", round);
        plain += q.is_plain;
        other += !q.is_plain && same_entry(&q.stored, &rendered) && !q.foreign && !request_is_damaged(&q);
        arena_free(&a);
    }
    assert_true(plain > 10000); /* the shortcut is alive, */
    assert_int_equal(other, 0); /* and leaves nothing out */
}

static void same_records_are_rendered_alike(void **state)
{
    (void)state;
    unsigned seed = 2;
    size_t same = 0;
    for (unsigned round = 0; round < 40000; round++) {
        struct arena a = {0};
        struct request q = edited(&a, &seed), r = edited(&a, &seed);
        struct entry one = record_render(&a, &q.record), other = record_render(&a, &r.record);
        assert_true(record_same(&q.record, &q.record));
        if (record_same(&q.record, &r.record) && !same_entry(&one, &other))
            fail_msg("round %u", round);
        same += record_same(&q.record, &r.record);
        arena_free(&a);
    }
    assert_in_range(same, 1000, 30000);
}

/* A server may write the option or leave it out, and spell a name as it likes. */
static void whatever_the_server_calls_them(void **state)
{
    (void)state;
    struct arena a = {0};
    problem_list problems = {0};
    struct entry e = entrytext_of(&a, texts[1]);
    struct attribute *attributes = ARENA_ARRAY(&a, e.count, struct attribute);
    for (size_t i = 0; i < e.count; i++) { /* back to front */
        attributes[e.count - 1 - i] = e.attributes[i];
        if (slice_eq(e.attributes[i].name, S(ATTR_CERTIFICATE)))
            attributes[e.count - 1 - i].options = S("binary");
        if (slice_eq(e.attributes[i].name, S(ATTR_STATE)))
            attributes[e.count - 1 - i].name = S("DIRCERTSTATE");
    }
    e.attributes = attributes;
    struct request q = request_read(&a, &e, &problems);
    assert_true(q.is_plain);
    assert_int_equal(problems.count, 0);
    assert_int_equal(q.record.state, STATE_PENDING);
    assert_true(slice_eq(q.record.basis.certificate, S(CERTIFICATE)));
    arena_free(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_is_as_rendered),
        cmocka_unit_test(same_records_are_rendered_alike),
        cmocka_unit_test(whatever_the_server_calls_them),
    };
    return cmocka_run_group_tests_name("request_plain", tests, NULL, NULL);
}
