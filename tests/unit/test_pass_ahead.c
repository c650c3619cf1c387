/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked about ahead, and what earlier passes told, change how long a pass takes and nothing else: not what
 * becomes of requests, not the figures, and not how much room it takes.
 */
#include "support/cageworld.h"
#include "support/derbuild.h"
#include "support/passworld.h"

#include "run/memo.h"
#include "x509/second.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int enter(void **state)
{
    if (cageworld_enter(NULL) != 0 || passworld_enter(state) != 0)
        return -1;
    struct passworld *w = *state;
    w->settings.memory = memo_open();
    passworld_replace(w, PASSWORLD_POLICY, "dircertMode", "enforce");
    passworld_replace(w, PASSWORLD_POLICY, "dircertMinSubjectsPercent", "0");
    return 0;
}

static int leave(void **state)
{
    passworld_leave(state);
    return cageworld_leave(NULL);
}

/* Certificates of algorithms that nobody knows: whether they would withstand a quantum computer is undecided. */

enum shape {
    STRANGE,     /* nothing else is wrong with it */
    STRANGE_ODD, /* the readers disagree about its subject */
    STRANGE_V1,
};

static struct slice strange(struct passworld *w, unsigned char serial, enum shape shape)
{
    struct arena *a = &w->arena;
    struct recipe r;
    recipe_everyday(a, &r);
    struct slice oid = DER(a, DER_OID, DER_OCTETS(0x2b, 0x06, 0x01, 0x04, 0x01, 0x86, 0x8d, 0x1f, 0x01));
    r.serial = DER(a, DER_INTEGER, arena_copy(a, DER_OCTETS(serial)));
    r.inner_algorithm = r.outer_algorithm = DER(a, DER_SEQUENCE, oid);
    r.spki =
        DER(a, DER_SEQUENCE, DER(a, DER_SEQUENCE, oid), DER(a, DER_BIT_STRING, DER_OCTETS(0), der_fill(a, 0x33, 64)));
    if (shape == STRANGE_ODD)
        r.subject = DER(a, DER_SEQUENCE, DER(a, DER_SET, der_attribute(a, 11, DER_OCTET_STRING, SLICE_LITERAL("x"))));
    if (shape == STRANGE_V1)
        r.version = r.extensions = (struct slice){NULL, 0};
    return recipe_build(a, &r);
}

static void refuse(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    (void)context, (void)index;
    if (rc != RC_OK)
        fail_msg("%s", fault->text);
}

static void modify(struct passworld *w, const char *dn, const char *attribute, const struct slice *values, size_t count)
{
    const struct dir_mod mod = {DIR_MOD_REPLACE, attribute, values, count};
    const struct dir_change c = {DIR_MODIFY, slice_of(dn), &mod, 1};
    struct fault fault = {{0}};
    assert_int_equal(dir_apply(w->dir, &c, 1, refuse, NULL, &fault), RC_OK);
}

static void set_actions(struct passworld *w, const char *version)
{
    const struct slice actions[] = {slice_of(version), SLICE_LITERAL("post-quantum report")};
    modify(w, PASSWORLD_POLICY, "dircertOnFinding", actions, 2);
}

/* Nothing is asked for and nothing ends, in this pass or in those that know what it told. */
static void expect_no_request_moves(struct passworld *w)
{
    for (int i = 0; i < 4; i++) {
        assert_int_equal(passworld_pass(w), PASS_COMPLETE);
        passworld_expect(w, 0, PASSWORLD_WORDS("event=request", "verb="));
    }
}

static void publish_good_for_nothing(struct passworld *w, enum shape shape)
{
    struct slice bad = passworld_certificate(w, 1, 1), replacement = strange(w, 2, shape);
    passworld_replace(w, PASSWORLD_POLICY, "dircertConfirmations", "5");
    set_actions(w, "version reissue superseded");
    passworld_publish(w, "h1", 1, &bad);
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    passworld_expect(w, 1, PASSWORLD_WORDS("event=request", "verb=create"));
    if (shape != STRANGE_ODD)
        cageworld_betray(cageworld_trap, replacement);
    passworld_publish(w, "h1", 1, &replacement);
    expect_no_request_moves(w);
}

/* A proposed request is not withdrawn for a certificate over which OpenSSL crashes, or has another opinion. */
static void test_crash_is_no_replacement(void **state)
{
    publish_good_for_nothing(*state, STRANGE);
}

static void test_disagreement_is_no_replacement(void **state)
{
    publish_good_for_nothing(*state, STRANGE_ODD);
}

static const char *dn_of_request(struct passworld *w)
{
    const char *at = strstr(w->log, " id=");
    assert_non_null(at);
    return (const char *)arena_format(&w->arena, "dircertRequestId=%.64s," PASSWORLD_REQUESTS, at + 4).p;
}

/* Nor is a submitted one fulfilled by what its fulfiller handed in, which would have the old certificate revoked. */
static void test_disagreement_fulfils_nothing(void **state)
{
    struct passworld *w = *state;
    struct slice bad = strange(w, 1, STRANGE_V1), odd = strange(w, 2, STRANGE_ODD);
    passworld_replace(w, PASSWORLD_POLICY, "dircertConfirmations", "1");
    passworld_replace(w, PASSWORLD_POLICY, "dircertApproval", "reissue auto");
    set_actions(w, "version reissue-then-revoke superseded");
    passworld_publish(w, "h1", 1, &bad);
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    const char *dn = dn_of_request(w);
    passworld_replace(w, dn, "dircertClaimedBy", "me");
    passworld_replace(w, dn, "dircertTransactionId", "7");
    passworld_replace(w, dn, "dircertOutcome", "submitted 1.1");
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    assert_string_equal(passworld_value(w, dn, "dircertState"), "submitted");
    modify(w, dn, "dircertResultCertificate", &odd, 1);
    passworld_publish(w, "h1", 1, &odd);
    expect_no_request_moves(w);
    assert_string_equal(passworld_value(w, dn, "dircertState"), "submitted");
}

/* What nobody could read to the end is not compliant, in the passes that don't tell it again neither. */
static void test_figures(void **state)
{
    struct passworld *w = *state;
    struct slice hostile = strange(w, 2, STRANGE);
    set_actions(w, "version report");
    passworld_replace(w, PASSWORLD_POLICY, "dircertMode", "audit");
    cageworld_betray(cageworld_trap, hostile);
    passworld_publish(w, "h1", 1, &hostile);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(passworld_pass(w), PASS_COMPLETE);
        passworld_expect(w, i == 0, PASSWORLD_WORDS("event=undecided"));
        assert_int_equal(w->survey.policies[0].compliant, 0);
        assert_int_equal(w->survey.policies[0].undecided, 1);
    }
}

/* Of a request that is none of ours nobody is asked about anything. */
static void test_foreign_request(void **state)
{
    struct passworld *w = *state;
    struct slice bad = passworld_certificate(w, 1, 1);
    passworld_replace(w, PASSWORLD_POLICY, "dircertConfirmations", "1");
    set_actions(w, "version reissue superseded");
    passworld_publish(w, "h1", 1, &bad);
    assert_int_equal(passworld_pass(w), PASS_COMPLETE);
    const char *dn = dn_of_request(w);
    passworld_publish(w, "h1", 0, NULL);
    passworld_replace(w, dn, "dircertState", NULL);
    modify(w, dn, "dircertResultCertificate", &bad, 1);
    unsigned asked = cageworld->asked;
    passworld_pass(w);
    assert_int_equal(cageworld->asked, asked);
}

/* Room. */

static long kib_of(const char *what)
{
    char line[200];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, what, strlen(what)) == 0)
            kib = strtol(line + strlen(what), NULL, 10);
    fclose(file);
    return kib;
}

/* From here on VmHWM is what memory is at most. */
static void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    assert_non_null(file);
    fputs("5", file);
    assert_int_equal(fclose(file), 0);
}

/* Large entries are not kept while others are waited for, although each has a certificate that is asked about ahead. */
static void test_room(void **state)
{
    enum { HOSTS = 33, EACH = 4, OCTETS = 500000 };
    struct passworld *w = *state;
    struct arena a = {0};
    struct slice der[EACH];
    passworld_replace(w, PASSWORLD_POLICY, "dircertMode", "audit");
    for (unsigned h = 0; h < HOSTS; h++) {
        der[0] = passworld_certificate(w, 1, h * EACH + 1);
        for (unsigned k = 1; k < EACH; k++)
            der[k] = DER_JOIN(&a, passworld_certificate(w, 1, h * EACH + k + 1), der_fill(&a, 0x55, OCTETS));
        passworld_publish(w, (const char *)arena_format(&w->arena, "m%02u", h).p, EACH, der);
    }
    arena_free(&a);
    forget_peak();
    long before = kib_of("VmRSS:");
    passworld_pass(w);
    passworld_expect(w, HOSTS * (EACH - 1), PASSWORLD_WORDS("event=finding", "check=malformed"));
    long taken = kib_of("VmHWM:") - before;
    print_message("%ld KiB for %d entries of %d octets\n", taken, HOSTS, EACH * OCTETS);
    assert_true(taken < (long)HOSTS * EACH * OCTETS / 1024);
}

/* Searches that begin again. */

static struct {
    unsigned after; /* entries; 0: none is cut */
    unsigned left;
    const struct dir_sink *to;
} cut;

static void cut_entry(void *context, const struct entry *e)
{
    (void)context;
    if (cut.left == 0)
        return;
    cut.left--;
    cut.to->entry(cut.to->context, e);
}

static void cut_restart(void *context)
{
    (void)context;
}

enum rc __real_dir_search(struct dir *d, const struct dir_search *search, const struct dir_sink *sink,
                          struct fault *fault);
enum rc __wrap_dir_search(struct dir *d, const struct dir_search *search, const struct dir_sink *sink,
                          struct fault *fault);
enum rc __wrap_dir_search(struct dir *d, const struct dir_search *search, const struct dir_sink *sink,
                          struct fault *fault)
{
    const struct dir_sink part = {.restart = cut_restart, .entry = cut_entry};
    if (!cut.after || search->scope == DIR_BASE || !slice_eq(search->base, SLICE_LITERAL("ou=hosts,dc=x")))
        return __real_dir_search(d, search, sink, fault);
    cut.to = sink;
    cut.left = cut.after;
    enum rc rc = __real_dir_search(d, search, &part, fault);
    if (rc != RC_OK)
        return rc;
    sink->restart(sink->context);
    return __real_dir_search(d, search, sink, fault);
}

static void test_restart(void **state)
{
    enum { HOSTS = 100 };
    static const unsigned cuts[] = {1, 20, 32, 33, 50, 99};
    struct passworld *w = *state;
    memo_close(w->settings.memory);
    w->settings.memory = NULL;
    passworld_replace(w, PASSWORLD_POLICY, "dircertMode", "audit");
    for (unsigned h = 0; h < HOSTS; h++) {
        struct slice der = passworld_certificate(w, 1, h + 1);
        passworld_publish(w, (const char *)arena_format(&w->arena, "m%03u", h).p, 1, &der);
    }
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        cut.after = cuts[i];
        assert_int_equal(passworld_pass(w), PASS_COMPLETE);
        cut.after = 0;
        passworld_expect(w, HOSTS, PASSWORLD_WORDS("event=finding"));
        assert_int_equal(w->survey.policies[0].findings[CHECK_VERSION], HOSTS);
        assert_int_equal(w->survey.policies[0].subjects, HOSTS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_crash_is_no_replacement, enter, leave),
        cmocka_unit_test_setup_teardown(test_disagreement_is_no_replacement, enter, leave),
        cmocka_unit_test_setup_teardown(test_disagreement_fulfils_nothing, enter, leave),
        cmocka_unit_test_setup_teardown(test_figures, enter, leave),
        cmocka_unit_test_setup_teardown(test_foreign_request, enter, leave),
        cmocka_unit_test_setup_teardown(test_room, enter, leave),
        cmocka_unit_test_setup_teardown(test_restart, enter, leave),
    };
    return cmocka_run_group_tests_name("pass_ahead", tests, NULL, NULL);
}
