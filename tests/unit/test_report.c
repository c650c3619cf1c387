/* SPDX-License-Identifier: Apache-2.0 */
/* What the report counts: months, issuers and keys of real certificates, entries that come twice, the worst of many. */
#include "ctl/report_data.h"
#include "support/certmaker.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define S(text) SLICE_LITERAL(text)

enum {
    NOW = 1767323045, /* 2026-01-02T03:04:05Z */
    DAY = 86400,
    ENTRIES = 60,
};

struct world {
    struct arena arena;
    struct certmaker *maker;
    struct report_data *data;
    struct inspect_sink sink;
    struct policy policy;
};

static void begin(struct world *w)
{
    *w = (struct world){.maker = certmaker_new(NULL), .policy = {.dn = S("cn=p"), .name = S("p"), .mode = MODE_AUDIT}};
    w->data = report_data_new(&w->arena, NOW);
    w->sink = report_data_sink(w->data);
}

static void end(struct world *w)
{
    certmaker_free(w->maker);
    arena_free(&w->arena);
}

static struct certificate make(struct world *w, const char *issuer, enum cert_key key, int64_t until_utc)
{
    const struct cert_options o = {.issuer = issuer, .key = key, .not_after_utc = until_utc};
    struct certificate c = {.der = cert_make(w->maker, &w->arena, &o)};
    facts_read(c.der, &c.facts);
    assert_true(c.facts.readable);
    return c;
}

static void show(struct world *w, struct slice dn, struct certificate *c, size_t count)
{
    const struct subject s = {.dn = dn, .id = dn, .policy = &w->policy, .certificates = c, .certificate_count = count};
    w->sink.subject(w->sink.context, &s);
}

static void finish(struct world *w)
{
    w->sink.policy(w->sink.context, &(struct inspect_policy){.policy = &w->policy, .result = "complete"});
    report_data_end(w->data, true);
}

static void test_months_are_those_of_the_calendar(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    struct certificate c[] = {
        make(&w, NULL, CERT_EC_P256, NOW - 1),    make(&w, NULL, CERT_EC_P256, NOW),
        make(&w, NULL, CERT_EC_P256, 1769903999), /* 2026-01-31T23:59:59Z */
        make(&w, NULL, CERT_EC_P256, 1769904000), /* a second later */
        make(&w, NULL, CERT_EC_P256, 1798761599), /* 2026-12-31T23:59:59Z */
        make(&w, NULL, CERT_EC_P256, 1798761600), make(&w, NULL, CERT_EC_P256, INT64_C(253402300799)),
    };
    show(&w, S("cn=a"), c, sizeof c / sizeof *c);
    finish(&w);
    assert_int_equal(w.data->overdue, 1);
    assert_int_equal(w.data->months[0], 2);
    assert_int_equal(w.data->months[1], 1);
    assert_int_equal(w.data->months[11], 1);
    assert_int_equal(w.data->later, 2);
    unsigned year, month;
    report_data_month(w.data, 11, &year, &month);
    assert_true(year == 2026 && month == 11);
    end(&w);
}

static void test_keys_have_their_names(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    static const struct {
        enum cert_key key;
        const char *name;
    } rows[] = {{CERT_EC_P256, "EC P-256"}, {CERT_RSA_2048, "RSA 2048"}, {CERT_ED25519, "Ed25519"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct certificate c = make(&w, NULL, rows[i].key, NOW);
        struct slice name = report_key_name(&w.arena, c.der, &c.facts);
        assert_true(slice_eq(name, slice_of(rows[i].name)));
        /* Broken anywhere, it is still a name. */
        for (size_t k = c.facts.spki.at; k < c.facts.spki.at + c.facts.spki.n; k++) {
            struct slice copy = arena_copy(&w.arena, c.der);
            ((uint8_t *)(uintptr_t)copy.p)[k] ^= 0x55;
            assert_true(report_key_name(&w.arena, copy, &c.facts).n > 0);
        }
    }
    finish(&w);
    end(&w);
}

/* Ten are named, the most frequent first; the rest is counted. */
static void test_issuers_beyond_ten_are_counted_together(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    for (unsigned i = 0; i < 13; i++) {
        char issuer[16];
        snprintf(issuer, sizeof issuer, "CA %02u", i);
        struct certificate c[2] = {make(&w, issuer, CERT_EC_P256, NOW), make(&w, issuer, CERT_EC_P256, NOW)};
        show(&w, arena_format(&w.arena, "cn=%u", i), c, i == 12 ? 2 : 1);
    }
    finish(&w);
    assert_int_equal(w.data->issuers.top_count, REPORT_TOP);
    assert_int_equal(w.data->issuers.top[0].count, 2);
    assert_non_null(memmem(w.data->issuers.top[0].name.p, w.data->issuers.top[0].name.n, "CN=CA 12", 8));
    assert_int_equal(w.data->issuers.others, 3);
    assert_int_equal(w.data->keys.top_count, 1);
    assert_int_equal(w.data->keys.top[0].count, 14);
    end(&w);
}

/* Undecided at first, then known to have none: one entry, one finding, nothing undecided; and once more: nothing. */
static void test_an_entry_that_comes_twice_counts_once(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    struct finding f = {.check = CHECK_MISSING, .detail = S("no certificate"), .undecided = true};
    struct subject s = {.dn = S("cn=a"), .id = S("id:a"), .policy = &w.policy, .findings = &f, .finding_count = 1};
    w.sink.subject(w.sink.context, &s);
    assert_int_equal(report_data_total(w.data).undecided, 1);
    f.undecided = false;
    s.shows_no_certificate = true;
    w.sink.subject(w.sink.context, &s);
    w.sink.subject(w.sink.context, &s);
    finish(&w);
    struct report_policy total = report_data_total(w.data);
    assert_int_equal(total.subjects, 1);
    assert_int_equal(total.undecided, 0);
    assert_int_equal(total.findings[CHECK_MISSING], 1);
    assert_int_equal(w.data->entries_with_findings, 1);
    assert_int_equal(w.data->worst_count, 1);
    end(&w);
}

/* Errors before warnings, more before fewer, then by name; what is undecided is no reason to be here. */
static void test_the_worst_are_kept(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    struct finding f[3] = {{.check = CHECK_EXPIRED, .detail = S("x")},
                           {.check = CHECK_VERSION, .detail = S("x")},
                           {.check = CHECK_VERSION, .detail = S("y")}};
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct certificate c = make(&w, NULL, CERT_EC_P256, NOW);
        c.findings = f;
        c.finding_count = i == 30 ? 3 : i == 40 ? 2 : 1;
        show(&w, arena_format(&w.arena, "cn=%02u", ENTRIES - i), &c, 1);
    }
    struct certificate doubtful = make(&w, NULL, CERT_EC_P256, NOW);
    doubtful.findings = &f[1];
    doubtful.finding_count = 1;
    doubtful.opinion = OPINION_DISAGREES;
    show(&w, S("cn=00"), &doubtful, 1);
    finish(&w);
    assert_int_equal(w.data->entries_with_findings, ENTRIES);
    assert_int_equal(w.data->worst_count, REPORT_WORST);
    assert_true(slice_eq(w.data->worst[0].dn, S("cn=30")));
    assert_true(slice_eq(w.data->worst[1].dn, S("cn=20")));
    assert_true(slice_eq(w.data->worst[2].dn, S("cn=01")));
    assert_int_equal(w.data->worst[0].findings[0].check->id, CHECK_VERSION);
    assert_int_equal(w.data->worst[0].findings[2].check->id, CHECK_EXPIRED);
    struct report_policy total = report_data_total(w.data);
    assert_int_equal(total.undecided, 1);
    assert_int_equal(total.compliant, 0);
    end(&w);
}

static void test_shares_are_never_rounded_up(void **state)
{
    (void)state;
    assert_int_equal(report_permille(9999, 10000), 999);
    assert_int_equal(report_permille(10000, 10000), 1000);
    assert_int_equal(report_permille(0, 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_months_are_those_of_the_calendar),
        cmocka_unit_test(test_keys_have_their_names),
        cmocka_unit_test(test_issuers_beyond_ten_are_counted_together),
        cmocka_unit_test(test_an_entry_that_comes_twice_counts_once),
        cmocka_unit_test(test_the_worst_are_kept),
        cmocka_unit_test(test_shares_are_never_rounded_up),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
