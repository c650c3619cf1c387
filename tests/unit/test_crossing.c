/* SPDX-License-Identifier: Apache-2.0 */
/* What entries have in common: exact, whoever governs them, whatever collides; and nothing of it where it fails. */
#include "dir/dir_private.h"
#include "run/crossing_private.h"
#include "run/explain.h"
#include "run/inspect_private.h"
#include "support/derbuild.h"
#include "support/passworld.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define WORDS     PASSWORLD_WORDS
#define POLICY    PASSWORLD_POLICY
#define HOST      PASSWORLD_HOST
#define OTHERS    "ou=others,dc=x"
#define OTHER(cn) "cn=" cn "," OTHERS
#define SECOND    "cn=second,ou=policies," PASSWORLD_BASE

/* Certificates. */

/* Of the key of that number. */
static struct slice certificate(struct passworld *w, uint8_t key, uint8_t serial)
{
    struct arena *a = &w->arena;
    struct recipe r;
    recipe_everyday(a, &r);
    uint8_t *spki = arena_alloc(a, r.spki.n);
    memcpy(spki, r.spki.p, r.spki.n);
    spki[r.spki.n - 16] = key; /* within the modulus */
    r.spki = slice_make(spki, r.spki.n);
    r.serial = DER(a, DER_INTEGER, arena_copy(a, DER_OCTETS(1, key, serial)));
    return recipe_build(a, &r);
}

static void publish(struct passworld *w, const char *cn, uint8_t key, uint8_t serial)
{
    const struct slice der = certificate(w, key, serial);
    passworld_publish(w, cn, 1, &der);
}

static void refuse_failure(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    (void)context, (void)index;
    if (rc != RC_OK)
        fail_msg("%s", fault->text);
}

static void set_values(struct passworld *w, const char *dn, const char *attribute, size_t count,
                       const struct slice *values)
{
    const struct dir_mod mod = {DIR_MOD_REPLACE, attribute, values, count};
    const struct dir_change c = {DIR_MODIFY, slice_of(dn), &mod, 1};
    struct fault fault = {{0}};
    assert_int_equal(dir_apply(w->dir, &c, 1, refuse_failure, NULL, &fault), RC_OK);
}

static void add_other(struct passworld *w, const char *dn, uint8_t key, uint8_t serial)
{
    const struct slice der = certificate(w, key, serial);
    passworld_add(w, dn, "device");
    set_values(w, dn, "userCertificate", 1, &der);
}

static void unique(struct passworld *w, size_t count, const char *const words[])
{
    struct slice values[3];
    for (size_t i = 0; i < count; i++)
        values[i] = slice_of(words[i]);
    set_values(w, POLICY, "dircertUnique", count, values);
}
#define UNIQUE(w, ...)                                                                                                 \
    unique((w), sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), (const char *const[]){__VA_ARGS__})

/* A policy over ou=others. */
static void add_second(struct passworld *w, const char *mode)
{
    passworld_add(w, OTHERS, "organizationalUnit");
    passworld_add(w, SECOND, "dircertPolicy");
    passworld_replace(w, SECOND, "cn", "second");
    passworld_replace(w, SECOND, "dircertPrecedence", "50");
    passworld_replace(w, SECOND, "dircertTarget", "ldap:///" OTHERS "??sub?(objectClass=device)");
    passworld_replace(w, SECOND, "dircertMode", mode);
}

static void pass(struct passworld *w)
{
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
}

static void expect_finding(struct passworld *w, const char *check, const char *dn, const char *detail)
{
    const char *word = (const char *)arena_format(&w->arena, "check=%s ", check).p;
    const char *whose = (const char *)arena_format(&w->arena, "dn=\"%s\"", dn).p;
    passworld_expect(w, 1, WORDS("event=finding ", word, whose, detail));
}

static void expect_count(struct passworld *w, size_t count)
{
    passworld_expect(w, count, WORDS("event=finding "));
    passworld_expect(w, 0, WORDS("event=undecided"));
}

/* Who shares what. */

static void test_keys_and_certificates(void **state)
{
    struct passworld *w = *state;
    UNIQUE(w, "key", "certificate");
    publish(w, "h1", 1, 1);
    publish(w, "h2", 1, 2);
    publish(w, "h3", 2, 1);
    publish(w, "h4", 2, 1);
    const struct slice renewed[] = {certificate(w, 3, 1), certificate(w, 3, 2)};
    passworld_publish(w, "h5", 2, renewed);
    publish(w, "h6", 4, 1);
    pass(w);
    expect_finding(w, "shared-key", HOST("h1"), HOST("h2") " has a certificate for the same key");
    expect_finding(w, "shared-key", HOST("h2"), HOST("h1") " has");
    expect_finding(w, "shared-certificate", HOST("h3"), HOST("h4") " publishes the same certificate");
    expect_finding(w, "shared-certificate", HOST("h4"), HOST("h3") " publishes");
    expect_count(w, 4); /* a renewal shares nothing, and who shares a certificate is not told of the key */
    UNIQUE(w, "key");
    pass(w);
    expect_finding(w, "shared-key", HOST("h3"), HOST("h4"));
    expect_count(w, 4);
    UNIQUE(w, "certificate");
    pass(w);
    expect_count(w, 2);
    set_values(w, POLICY, "dircertUnique", 0, NULL);
    pass(w);
    expect_count(w, 0);
}

/* Of many the first in byte order is named, and of that one the second. */
static void test_the_first_other_is_named(void **state)
{
    struct passworld *w = *state;
    UNIQUE(w, "key");
    for (char n = '9'; n >= '1'; n--)
        publish(w, (const char *)arena_format(&w->arena, "h%c", n).p, 1, (uint8_t)n);
    pass(w);
    expect_count(w, 9);
    passworld_expect(w, 8, WORDS("event=finding ", "detail=\"" HOST("h1")));
    expect_finding(w, "shared-key", HOST("h1"), "detail=\"" HOST("h2"));
}

/* What the reader can't read is compared as it stands, and has no key. */
static void test_rubbish_is_shared_too(void **state)
{
    struct passworld *w = *state;
    const struct slice rubbish = SLICE_LITERAL("\x30\x03no certificate");
    UNIQUE(w, "key", "certificate");
    passworld_publish(w, "h1", 1, &rubbish);
    passworld_publish(w, "h2", 1, &rubbish);
    pass(w);
    expect_finding(w, "shared-certificate", HOST("h1"), HOST("h2"));
    passworld_expect(w, 0, WORDS("check=shared-key"));
}

static void name(struct passworld *w, const char *cn, size_t count, const char *const names[])
{
    struct slice values[8];
    const char *dn = (const char *)arena_format(&w->arena, "cn=%s,ou=hosts,dc=x", cn).p;
    for (size_t i = 0; i < count; i++)
        values[i] = slice_of(names[i]);
    set_values(w, dn, "dNSHostName", count, values);
}
#define NAME(w, cn, ...)                                                                                               \
    name((w), (cn), sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), (const char *const[]){__VA_ARGS__})

static const char *const all_hosts[] = {"h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8"};

static void publish_all(struct passworld *w)
{
    for (uint8_t i = 0; i < 8; i++)
        publish(w, all_hosts[i], (uint8_t)(i + 1), 1);
}

static void test_host_names_are_compared_as_names(void **state)
{
    struct passworld *w = *state;
    UNIQUE(w, "host-name");
    publish_all(w);
    NAME(w, "h1", "Web.Example.COM.");
    NAME(w, "h2", "other.example.com", "web.example.com");
    NAME(w, "h3", "2001:db8::1");
    NAME(w, "h4", "2001:0DB8:0:0:0:0:0:1");
    NAME(w, "h5", "twice.example.com", "TWICE.example.com");
    NAME(w, "h6", "no name at all!");
    NAME(w, "h7", "no name at all!");
    pass(w);
    expect_finding(w, "duplicate-host-name", HOST("h1"), HOST("h2") " claims web.example.com too");
    expect_finding(w, "duplicate-host-name", HOST("h2"), HOST("h1") " claims web.example.com too");
    expect_finding(w, "duplicate-host-name", HOST("h3"), HOST("h4") " claims 2001:db8::1 too");
    expect_finding(w, "duplicate-host-name", HOST("h4"), HOST("h3"));
    expect_count(w, 4);
}

/* Four octets may be an address or a name: they are not one value. */
static void test_an_address_is_not_a_name(void **state)
{
    struct passworld *w = *state;
    UNIQUE(w, "host-name");
    publish_all(w);
    NAME(w, "h1", "98.46.97.97");
    NAME(w, "h2", "b.aa");
    pass(w);
    expect_count(w, 0);
}

/* An entry without certificate is looked at twice, and its names are told once. */
static void test_bare_entries_claim_names(void **state)
{
    struct passworld *w = *state;
    UNIQUE(w, "host-name");
    passworld_replace(w, POLICY, "dircertOnFinding", "missing report");
    publish(w, "h1", 1, 1);
    passworld_publish(w, "h2", 0, NULL);
    NAME(w, "h1", "a.example");
    NAME(w, "h2", "a.example");
    pass(w);
    expect_finding(w, "duplicate-host-name", HOST("h1"), HOST("h2"));
    expect_finding(w, "duplicate-host-name", HOST("h2"), HOST("h1"));
    expect_finding(w, "missing", HOST("h2"), "no certificate");
    expect_count(w, 3);
    passworld_expect(w, 1, WORDS("event=pass ", "policy=- ", " findings=3 "));
}

/* Policies. */

static void test_other_policies_count(void **state)
{
    struct passworld *w = *state;
    UNIQUE(w, "key");
    add_second(w, "audit");
    publish(w, "h1", 1, 1);
    add_other(w, OTHER("o1"), 1, 2);
    pass(w);
    expect_finding(w, "shared-key", HOST("h1"), OTHER("o1"));
    expect_count(w, 1); /* the other's policy does not ask */
    passworld_replace(w, SECOND, "dircertMode", "off");
    pass(w);
    expect_count(w, 0);
}

static void test_two_targets_show_one_entry(void **state)
{
    struct passworld *w = *state;
    const struct slice targets[] = {SLICE_LITERAL("ldap:///ou=hosts,dc=x??sub?(objectClass=device)"),
                                    SLICE_LITERAL("ldap:///ou=hosts,dc=x??one?(userCertificate=*)")};
    UNIQUE(w, "key", "certificate", "host-name");
    set_values(w, POLICY, "dircertTarget", 2, targets);
    publish_all(w);
    NAME(w, "h1", "a.example");
    pass(w);
    expect_count(w, 0);
    publish(w, "h8", 1, 1);
    pass(w);
    expect_count(w, 2);
}

/* Whom a policy governs that can't be read nobody knows, so nothing is unique; that is told once. */
static void test_a_disabled_policy_leaves_it_undecided(void **state)
{
    struct passworld *w = *state;
    UNIQUE(w, "key", "host-name");
    add_second(w, "audit");
    add_other(w, OTHER("o1"), 7, 2);
    publish(w, "h1", 1, 1);
    publish(w, "h2", 1, 2);
    passworld_replace(w, SECOND, "dircertConfirmations", "rubbish");
    assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
    passworld_expect(w, 1, WORDS("event=fault", "compare entries with each other", SECOND));
    expect_count(w, 0);
    assert_int_equal(w->survey.policies[1].undecided, 2);
    passworld_replace(w, SECOND, "dircertConfirmations", "1");
    pass(w);
    expect_count(w, 2);
}

static void test_a_search_that_fails_concludes_nothing(void **state)
{
    struct passworld *w = *state;
    UNIQUE(w, "key");
    add_second(w, "audit");
    publish(w, "h1", 1, 1);
    publish(w, "h2", 1, 2);
    add_other(w, OTHER("o1"), 7, 2);
    memory_fail_search(w->dir, OTHERS);
    assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
    expect_count(w, 0);
}

static bool stop_soon(void *context, const struct progress *progress)
{
    unsigned *calls = context;
    (void)progress;
    return (*calls)-- > 0;
}

/* Wherever it is interrupted: no finding that the whole pass would not tell, and no fault. */
static void test_an_interruption_tells_nothing(void **state)
{
    struct passworld *w = *state;
    UNIQUE(w, "key", "host-name");
    publish(w, "h1", 1, 1);
    publish(w, "h2", 1, 2);
    w->settings.watch = stop_soon;
    bool whole = false;
    for (unsigned limit = 0; limit < 200 && !whole; limit++) {
        unsigned calls = limit;
        w->settings.watch_context = &calls;
        whole = passworld_pass(w) == PASS_COMPLETE;
        passworld_expect(w, 0, WORDS("event=fault"));
        passworld_expect(w, 0, WORDS("event=undecided"));
    }
    assert_true(whole);
    expect_count(w, 2);
}

/* A search that begins again. */

static const struct dir_operations *plain;
static unsigned restarts;

static enum rc search_twice(struct dir *d, const struct dir_search *search, const struct dir_sink *sink,
                            struct fault *fault)
{
    enum rc rc = plain->search(d, search, sink, fault);
    if (rc != RC_OK)
        return rc;
    restarts++;
    sink->restart(sink->context);
    return plain->search(d, search, sink, fault);
}

static void test_a_search_that_begins_again_counts_once(void **state)
{
    struct passworld *w = *state;
    plain = w->dir->operations;
    struct dir_operations twice = *plain;
    twice.search = search_twice;
    UNIQUE(w, "key", "certificate", "host-name");
    publish_all(w);
    publish(w, "h8", 1, 1);
    NAME(w, "h7", "a.example");
    w->dir->operations = &twice;
    pass(w);
    w->dir->operations = plain;
    assert_true(restarts > 0);
    expect_finding(w, "shared-certificate", HOST("h8"), HOST("h1"));
    expect_count(w, 2);
}

/* Inside. */

static void ignore_subject(void *context, const struct subject *s)
{
    (void)context, (void)s;
}

static void ignore_problem(void *context, const struct problem *p)
{
    (void)context, (void)p;
}

static void ignore_fault(void *context, const char *what, const char *detail)
{
    (void)context;
    print_message("%s: %s\n", what, detail);
}

static void ignore_policy(void *context, const struct inspect_policy *p)
{
    (void)context, (void)p;
}

static const struct inspect_sink nobody = {ignore_subject, ignore_problem, ignore_fault, ignore_policy, NULL};

static struct crossing_figures survey(struct passworld *w, struct look *l, uint64_t bits)
{
    const struct inspect_settings settings = {.base = PASSWORLD_BASE, .now_utc = w->now_utc};
    look_begin(l, w->dir, w->second, &settings, &w->arena, &nobody);
    assert_true(pass_read_policies(&l->pass));
    governance_resolve(&l->pass);
    crossing_survey_within(&l->pass, bits);
    assert_false(crossing_failed(&l->pass));
    return crossing_figures(&l->pass);
}

static struct sharing sharing_of(struct passworld *w, struct look *l, const char *dn, unsigned id, struct slice der)
{
    struct certificate c = {.der = der};
    struct subject s = {.dn = slice_of(dn),
                        .id = arena_format(&w->arena, "entryUUID:00000000-0000-4000-8000-%012u", id),
                        .policy = l->pass.policies[0].policy,
                        .certificates = &c,
                        .certificate_count = 1};
    facts_read(der, &c.facts);
    crossing_of(&l->pass, &w->arena, &s);
    return c.sharing;
}

/* However much of a digest is compared, what remains is exact. */
static void test_values_that_collide_are_told_apart(void **state)
{
    struct passworld *w = *state;
    static const uint64_t bits[] = {0, 1, 0xff, UINT64_MAX};
    UNIQUE(w, "key", "certificate", "host-name");
    publish_all(w);
    publish(w, "h8", 1, 2);
    NAME(w, "h1", "a.example");
    NAME(w, "h2", "b.example");
    NAME(w, "h3", "a.example");
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        struct look l;
        struct crossing_figures f = survey(w, &l, bits[i]);
        assert_int_equal(f.values, 11);
        if (bits[i] == 0)
            assert_int_equal(f.candidates, 1);
        if (bits[i] == UINT64_MAX)
            assert_int_equal(f.candidates, 2);
        assert_int_equal(f.holders, bits[i] == 0 ? 19 : bits[i] == UINT64_MAX ? 6 : f.holders);
        /* That id is nobody's: the first of those who have it is another. */
        struct sharing s = sharing_of(w, &l, "cn=x", 999, certificate(w, 1, 9));
        assert_true(s.compared && slice_eq(s.key_with, SLICE_LITERAL(HOST("h1"))) && s.certificate_with.n == 0);
        for (uint8_t key = 2; key < 8; key++) {
            s = sharing_of(w, &l, "cn=x", 999, certificate(w, key, 1));
            assert_true(s.compared && s.key_with.n == 0 && s.certificate_with.n == 0);
        }
        look_end(&l);
    }
}

/* 16 octets for each value while nothing is shared, and the subjects are not looked at again. */
static void test_what_is_kept_of_a_value(void **state)
{
    enum { ENTRIES = 40, EACH = 250 };
    struct passworld *w = *state;
    struct look l;
    UNIQUE(w, "key", "certificate");
    for (unsigned i = 0; i < ENTRIES; i++) {
        struct slice ders[EACH];
        for (unsigned k = 0; k < EACH; k++)
            ders[k] = certificate(w, (uint8_t)i, (uint8_t)k);
        passworld_publish(w, (const char *)arena_format(&w->arena, "h%u", i).p, EACH, ders);
    }
    struct crossing_figures f = survey(w, &l, UINT64_MAX);
    look_end(&l);
    assert_int_equal(f.values, ENTRIES * EACH);
    assert_int_equal(f.candidates, 0);
    assert_false(f.looked_once_more);
    assert_true(f.octets < 16 * f.values + 65536);
    print_message("%zu values, %zu octets\n", f.values, f.octets);
}

/* Nothing is compared where nobody asks. */
static void test_nobody_asks(void **state)
{
    struct passworld *w = *state;
    struct look l;
    publish(w, "h1", 1, 1);
    assert_int_equal(survey(w, &l, UINT64_MAX).values, 0);
    assert_null(l.pass.crossing);
    look_end(&l);
}

/* Thousands of certificates in one entry, each of which asks for something: one pass, one request, and then silence. */
static void test_ten_thousand_in_one_entry(void **state)
{
    enum { MANY = 10000 };
    struct passworld *w = *state;
    struct slice *ders = ARENA_ARRAY(&w->arena, MANY, struct slice);
    for (unsigned i = 0; i < MANY; i++)
        ders[i] = certificate(w, (uint8_t)(i >> 8), (uint8_t)i);
    UNIQUE(w, "key", "certificate");
    passworld_replace(w, POLICY, "dircertMode", "enforce");
    passworld_replace(w, POLICY, "dircertConfirmations", "1");
    passworld_replace(w, POLICY, "dircertMaxValues", "100");
    passworld_replace(w, POLICY, "dircertRenewBefore", "99%");
    passworld_replace(w, POLICY, "dircertOnFinding", "expiring reissue-then-revoke superseded");
    passworld_publish(w, "h1", MANY, ders);
    w->least = SEVERITY_ERR; /* thousands of lines */
    pass(w);
    assert_int_equal(w->survey.policies[0].findings[CHECK_TOO_MANY_VALUES], 1);
    assert_int_equal(w->survey.policies[0].findings[CHECK_EXPIRING], MANY);
    assert_int_equal(w->survey.requests_open, 1);
    pass(w);
    assert_false(w->survey.wrote);
}

/* A person who asks about one entry is told what it shares with all others. */
static void test_explain_compares_with_everybody(void **state)
{
    struct passworld *w = *state;
    struct explanation out;
    const struct inspect_settings settings = {.base = PASSWORLD_BASE, .now_utc = w->now_utc};
    UNIQUE(w, "key", "host-name");
    publish(w, "h1", 1, 1);
    publish(w, "h2", 1, 2);
    NAME(w, "h1", "a.example");
    NAME(w, "h2", "a.example");
    assert_int_equal(explain_run(w->dir, w->second, &settings, &w->arena, slice_of(HOST("h1")), &nobody, &out), RC_OK);
    assert_int_equal(out.certificate_count, 1);
    unsigned found = 0;
    for (size_t i = 0; i < out.certificates[0].check_count; i++)
        if (out.certificates[0].checks[i].check->id == CHECK_SHARED_KEY) {
            assert_int_equal(out.certificates[0].checks[i].answer, EXPLAIN_VIOLATES);
            assert_string_equal((const char *)out.certificates[0].checks[i].compared.p, HOST("h2") " has it too");
            found++;
        }
    for (size_t i = 0; i < out.check_count; i++)
        if (out.checks[i].check->id == CHECK_DUPLICATE_HOST_NAME) {
            assert_int_equal(out.checks[i].answer, EXPLAIN_VIOLATES);
            found++;
        }
    assert_int_equal(found, 2);
}

/* Contested names. */

#define H1 HOST("h1")

static const char *requests(struct passworld *w)
{
    struct slice id = arena_format(&w->arena, "entryUUID:%s", passworld_value(w, H1, "entryUUID"));
    return (const char *)arena_format(&w->arena, "dircertRequestId=%.*s," PASSWORLD_REQUESTS,
                                      SLICE_ARGS(request_id_of_reissue(&w->arena, id)))
        .p;
}

static void expect_state(struct passworld *w, const char *state, const char *generation)
{
    assert_string_equal(passworld_value(w, requests(w), "dircertState"), state);
    assert_string_equal(passworld_value(w, requests(w), "dircertGeneration"), generation);
}

static void begin_contest(struct passworld *w)
{
    const struct slice bad = passworld_certificate(w, 1, 1);
    UNIQUE(w, "host-name");
    passworld_replace(w, POLICY, "dircertMode", "enforce");
    passworld_replace(w, POLICY, "dircertConfirmations", "1");
    passworld_replace(w, POLICY, "dircertOnFinding", "version reissue");
    passworld_publish(w, "h1", 1, &bad);
    publish(w, "h2", 2, 1);
    NAME(w, "h1", "h1.example.com");
}

static void test_a_contested_name_is_not_issued(void **state)
{
    struct passworld *w = *state;
    begin_contest(w);
    NAME(w, "h2", "H1.example.com");
    pass(w);
    assert_string_equal(passworld_value(w, requests(w), "dircertState"), "");
    expect_finding(w, "version", H1, "action=report");
    expect_finding(w, "duplicate-host-name", H1, "action=report");
    NAME(w, "h2", "h2.example.com");
    pass(w);
    expect_state(w, "pending", "1");
}

static void test_a_contest_holds_and_its_end_begins_anew(void **state)
{
    struct passworld *w = *state;
    begin_contest(w);
    pass(w);
    expect_state(w, "pending", "1");
    NAME(w, "h2", "H1.example.com");
    for (int i = 0; i < 3; i++) {
        pass(w);
        expect_state(w, "held", "1");
        passworld_expect(w, i == 0, WORDS("event=request "));
    }
    NAME(w, "h2", "h2.example.com");
    pass(w);
    expect_state(w, "pending", "2");
}

/* Nobody knows whether the name is contested: what is asked for stays as it is, and nothing new is. */
static void test_an_unknown_contest_moves_nothing(void **state)
{
    struct passworld *w = *state;
    begin_contest(w);
    add_second(w, "audit");
    add_other(w, OTHER("o1"), 7, 2);
    pass(w);
    expect_state(w, "pending", "1");
    const struct slice bad = passworld_certificate(w, 1, 5);
    passworld_publish(w, "h3", 1, &bad);
    NAME(w, "h3", "h3.example.com");
    passworld_replace(w, SECOND, "dircertConfirmations", "rubbish");
    size_t writes = memory_writes_below(w->dir, SLICE_LITERAL(PASSWORLD_REQUESTS));
    assert_int_equal(passworld_pass(w), PASS_INCOMPLETE);
    assert_int_equal(memory_writes_below(w->dir, SLICE_LITERAL(PASSWORLD_REQUESTS)), writes);
    passworld_replace(w, SECOND, "dircertConfirmations", "1");
    pass(w);
    assert_int_equal(memory_writes_below(w->dir, SLICE_LITERAL(PASSWORLD_REQUESTS)), writes + 1);
    expect_state(w, "pending", "1");
}

/* A revocation issues nothing. */
static void test_a_contested_name_may_be_revoked(void **state)
{
    struct passworld *w = *state;
    begin_contest(w);
    passworld_replace(w, POLICY, "dircertOnFinding", "version revoke keyCompromise");
    NAME(w, "h2", "H1.example.com");
    pass(w);
    expect_finding(w, "version", H1, "action=revoke");
    passworld_expect(w, 1, WORDS("event=request ", "type=revoke", "state=pending"));
}

/* What was issued all the same is seen. */
static void test_a_contest_does_not_hide_a_replacement(void **state)
{
    struct passworld *w = *state;
    begin_contest(w);
    pass(w);
    NAME(w, "h2", "H1.example.com");
    const struct slice both[] = {passworld_certificate(w, 1, 1), passworld_certificate(w, 3, 9)};
    passworld_publish(w, "h1", 2, both);
    pass(w);
    expect_state(w, "withdrawn", "1");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, passworld_enter, passworld_leave)
    const struct CMUnitTest tests[] = {
        TEST(test_keys_and_certificates),
        TEST(test_the_first_other_is_named),
        TEST(test_rubbish_is_shared_too),
        TEST(test_host_names_are_compared_as_names),
        TEST(test_an_address_is_not_a_name),
        TEST(test_bare_entries_claim_names),
        TEST(test_other_policies_count),
        TEST(test_two_targets_show_one_entry),
        TEST(test_a_disabled_policy_leaves_it_undecided),
        TEST(test_a_search_that_fails_concludes_nothing),
        TEST(test_an_interruption_tells_nothing),
        TEST(test_a_search_that_begins_again_counts_once),
        TEST(test_values_that_collide_are_told_apart),
        TEST(test_what_is_kept_of_a_value),
        TEST(test_nobody_asks),
        TEST(test_ten_thousand_in_one_entry),
        TEST(test_explain_compares_with_everybody),
        TEST(test_a_contested_name_is_not_issued),
        TEST(test_a_contest_holds_and_its_end_begins_anew),
        TEST(test_an_unknown_contest_moves_nothing),
        TEST(test_a_contested_name_may_be_revoked),
        TEST(test_a_contest_does_not_hide_a_replacement),
    };
    return cmocka_run_group_tests_name("crossing", tests, NULL, NULL);
}
