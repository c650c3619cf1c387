/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions through the cage: the answers are those of the same code in this process, and a worker that crashes, hangs
 * or talks nonsense costs one certificate and nothing else.
 */
#include "support/cageworld.h"
#include "support/certmaker.h"
#include "support/derbuild.h"
#include "support/jsonl.h"
#include "x509/cage_private.h"
#include "x509/crl.h"
#include "x509/reader.h"
#include "x509/second_local.h"
#include "x509/trust_local.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))
#define CORPORA     SOURCE_DIR "/../shared/corpora"

enum { CORPUS_OF_EACH = 2, QUESTIONS = 500, NOW = 1800000000, DAY = 86400 };

static struct second_reader *open_second(void)
{
    struct second_reader *s;
    struct fault fault = {""};
    assert_int_equal(second_open(&s, &fault), RC_OK);
    return s;
}

static enum second ask(struct second_reader *s, struct slice der, char why[512])
{
    struct facts f;
    facts_read(der, &f);
    return second_read(s, der, &f, why, 512);
}

static struct slice everyday(struct arena *a)
{
    struct recipe r;
    recipe_everyday(a, &r);
    return recipe_build(a, &r);
}

/* The same one with another serial number. */
static struct slice another(struct arena *a)
{
    struct recipe r;
    recipe_everyday(a, &r);
    r.serial = DER(a, DER_INTEGER, S("\x05"));
    return recipe_build(a, &r);
}

/* Equal answers. */

static unsigned compared[3];

static void compare(struct second_reader *caged, struct second_local *local, struct slice der)
{
    char ours[512], theirs[512];
    struct facts f;
    facts_read(der, &f);
    enum second answer = second_local_read(local, der, &f, ours, sizeof ours);
    assert_int_equal(second_read(caged, der, &f, theirs, sizeof theirs), answer);
    assert_string_equal(theirs, ours);
    compared[answer]++;
}

static void compare_mutations(struct second_reader *caged, struct second_local *local, struct slice der)
{
    uint8_t *copy = malloc(der.n);
    for (size_t at = 0; at < der.n; at++) {
        memcpy(copy, der.p, der.n);
        copy[at] ^= (uint8_t)(1u << at % 8);
        compare(caged, local, slice_make(copy, der.n));
    }
    for (size_t n = 0; n < der.n; n += 23)
        compare(caged, local, slice_upto(der, n));
    free(copy);
}

static void compare_made(struct second_reader *caged, struct second_local *local, struct arena *a)
{
    struct certmaker *m = certmaker_new(NULL);
    const struct cert_text name = CERT_CN("h1.example.com");
    const struct cert_name alternative = CERT_DNS("h1.example.com");
    for (enum cert_key key = CERT_EC_P256; key <= CERT_ED25519; key++) {
        struct cert_options o = {.issuer = "Root",
                                 .not_before_utc = NOW - DAY,
                                 .not_after_utc = NOW + DAY,
                                 .common_names = &name,
                                 .common_name_count = 1,
                                 .names = &alternative,
                                 .name_count = 1,
                                 .key = key};
        compare(caged, local, cert_make(m, a, &o));
        compare(caged, local, cert_authority(m, a, "Root", key));
    }
    certmaker_free(m);
}

/* Some of each folder: they are named for digests. */
static unsigned compare_folder(struct second_reader *caged, struct second_local *local, const char *path)
{
    DIR *d = opendir(path);
    unsigned taken = 0;
    for (struct dirent *e; d && taken < CORPUS_OF_EACH && (e = readdir(d));) {
        struct arena a = {0};
        if (e->d_name[0] != '.') {
            compare(caged, local, jsonl_load(&a, (const char *)arena_format(&a, "%s/%s", path, e->d_name).p));
            taken++;
        }
        arena_free(&a);
    }
    if (d)
        closedir(d);
    return taken;
}

static void compare_corpora(struct second_reader *caged, struct second_local *local)
{
    static const char *const folders[] = {CORPORA "/certs", CORPORA "/blobs"};
    unsigned taken = 0;
    for (size_t i = 0; i < COUNT(folders); i++)
        for (unsigned n = 0; n < 256; n++) {
            char path[512];
            snprintf(path, sizeof path, "%s/%02x", folders[i], n);
            taken += compare_folder(caged, local, path);
        }
    print_message("%u of the corpora\n", taken);
}

static void test_same_answers(void **state)
{
    (void)state;
    struct arena a = {0};
    struct fault fault = {""};
    struct second_reader *caged = open_second();
    struct second_local *local;
    assert_int_equal(second_local_open(&local, &fault), RC_OK);
    compare(caged, local, S(""));
    compare(caged, local, S("-----BEGIN CERTIFICATE-----"));
    compare_mutations(caged, local, everyday(&a));
    compare_made(caged, local, &a);
    compare_corpora(caged, local);
    compare(caged, local, der_fill(&a, 0x30, SECOND_OCTETS_MOST));
    compare(caged, local, der_fill(&a, 0x30, SECOND_OCTETS_MOST + 1));
    print_message("%u agree, %u disagree, %u could not be done\n", compared[0], compared[1], compared[2]);
    assert_true(compared[SECOND_AGREES] > 100);
    assert_int_equal(cageworld->workers, 1);
    second_local_close(local);
    second_close(caged);
    arena_free(&a);
}

/* Workers that fail. */

static const struct misdeed_row {
    const char *name;
    void (*misdeed)(void);
    const char *why;
} misdeeds[] = {
    {"a trap", cageworld_trap, "the worker died by signal 4 while it read this: quarantined"},
    {"a fault", cageworld_fault, "the worker died by signal 11 while it read this: quarantined"},
    {"silence", cageworld_hang, "the worker did not answer within 1500 ms while it read this: quarantined"},
    {"an end", cageworld_leave_early, "the worker ended with code 7 while it read this: quarantined"},
};

static void test_failure(void **state)
{
    const struct misdeed_row *row = *state;
    struct arena a = {0};
    char why[512];
    struct slice bad = everyday(&a), good = another(&a);
    cageworld_enter(NULL);
    struct second_reader *s = open_second();
    cageworld_betray(row->misdeed, bad);
    assert_int_equal(ask(s, good, why), SECOND_AGREES);
    assert_int_equal(ask(s, bad, why), SECOND_FAULT);
    assert_string_equal(why, row->why);
    assert_int_equal(cageworld->done, 2); /* the worker that had read another one, and a new one */
    const struct digest d = digest_of(bad), fine = digest_of(good);
    assert_int_equal(second_trouble(s, &d), SECOND_QUARANTINED);
    assert_int_equal(second_trouble(s, &fine), SECOND_WELL);
    assert_int_equal(ask(s, good, why), SECOND_AGREES);
    assert_int_equal(ask(s, bad, why), SECOND_FAULT);
    assert_string_equal(why, row->why);
    assert_int_equal(cageworld->done, 2);
    assert_int_equal(cageworld->workers, 3);
    second_close(s);
    s = open_second(); /* as long as the process lives */
    assert_int_equal(ask(s, bad, why), SECOND_FAULT);
    assert_int_equal(cageworld->workers, 3);
    second_close(s);
    cageworld_leave(NULL);
    arena_free(&a);
}

/* What another certificate did to the worker, or whoever killed it, is not this one's fault. */
static void test_innocent(void **state)
{
    (void)state;
    struct arena a = {0};
    char why[512];
    struct slice der = everyday(&a);
    struct second_reader *s = open_second();
    cageworld->times = 1;
    assert_int_equal(ask(s, another(&a), why), SECOND_AGREES);
    cageworld_betray(cageworld_trap, der);
    assert_int_equal(ask(s, der, why), SECOND_AGREES);
    assert_int_equal(cageworld->done, 1);
    assert_int_equal(kill(cageworld->worker, SIGKILL), 0);
    assert_int_equal(ask(s, der, why), SECOND_AGREES);
    assert_int_equal(cageworld->workers, 3);
    second_close(s);
    arena_free(&a);
}

/* Words of a worker that somebody took over. */

struct words {
    uint32_t answer[2], octets[2];
    const char *text;
    size_t text_octets, cut; /* of the head; 0: whole */
};
static const struct words nonsense[] = {
    {{7, 0}, {0, 0}, "", 0, 0},                                   /* no such answer */
    {{SECOND_AGREES, 0}, {3, 0}, "but", 3, 0},                    /* no text belongs to it */
    {{SECOND_DISAGREES, 0}, {0, 0}, "", 0, 0},                    /* one does */
    {{SECOND_DISAGREES, 1}, {3, 0}, "why", 3, 0},                 /* a second answer */
    {{SECOND_DISAGREES, 0}, {5, 0}, "\x1b[31m", 5, 0},            /* for a terminal */
    {{SECOND_DISAGREES, 0}, {5, 0}, "a\nb=c", 5, 0},              /* another line of the log */
    {{SECOND_DISAGREES, 0}, {2, 0}, "\xc3\xa9", 2, 0},            /* not ASCII */
    {{SECOND_DISAGREES, 0}, {2, 0}, "\xc3\x28", 2, 0},            /* not UTF-8 */
    {{SECOND_DISAGREES, 0}, {3, 0}, "a\0b", 3, 0},                /* shorter than it seems */
    {{SECOND_DISAGREES, 0}, {3, 0}, "whynot", 6, 0},              /* more than it says */
    {{SECOND_DISAGREES, 0}, {CAGE_TEXT_MOST + 1, 0}, "", 0, 0},   /* too long */
    {{SECOND_DISAGREES, 0}, {0xffffffff, 0xffffffff}, "x", 1, 0}, /* far too long */
    {{SECOND_AGREES, 0}, {0, 0}, "", 0, 5},                       /* less than a head */
    {{SECOND_DISAGREES, 0}, {100, 0}, "less", 4, 0},              /* less than it says */
};

static void test_nonsense(void **state)
{
    (void)state;
    struct arena a = {0};
    char why[512];
    struct second_reader *s = open_second();
    for (size_t i = 0; i < COUNT(nonsense); i++) {
        const struct words *w = &nonsense[i];
        const struct cage_head head = {{w->answer[0], w->answer[1]}, {w->octets[0], w->octets[1]}};
        struct recipe r;
        recipe_everyday(&a, &r);
        r.serial = DER(&a, DER_INTEGER, slice_make((uint8_t[]){1, (uint8_t)(i + 1)}, 2));
        struct slice der = recipe_build(&a, &r);
        memcpy(cageworld->words, &head, sizeof head);
        memcpy(cageworld->words + sizeof head, w->text, w->text_octets);
        cageworld->word_octets = w->cut ? w->cut : sizeof head + w->text_octets;
        cageworld_betray(cageworld_say, der);
        assert_int_equal(ask(s, der, why), SECOND_FAULT);
        const char *expected = w->cut || w->octets[0] == 100 ? "did not answer within" : "answered what is no answer";
        if (!strstr(why, expected))
            fail_msg("words %zu: %s", i, why);
    }
    assert_int_equal(ask(s, everyday(&a), why), SECOND_AGREES);
    second_close(s);
    arena_free(&a);
}

/* The cage itself fails: that is told, and nothing is read in this process. */
static void test_broken(void **state)
{
    (void)state;
    struct arena a = {0};
    char why[512];
    struct slice der = everyday(&a);
    const struct digest d = digest_of(der);
    struct second_reader *s = open_second();
    cageworld->point = CAGE_AFTER_FILTER;
    cageworld_betray(cageworld_trap, S(""));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(s, der, why), SECOND_FAULT);
        assert_non_null(strstr(why, "the cage for OpenSSL does not work: 5 workers in a row"));
        assert_non_null(strstr(why, "died by signal 4"));
        assert_int_equal(second_trouble(s, &d), SECOND_BROKEN);
        assert_int_equal(cageworld->workers, 5);
    }
    struct trust_pool *p;
    struct fault fault = {""};
    assert_int_equal(trust_pool_open(&p, &fault), RC_FAULT);
    assert_non_null(strstr(fault.text, "the cage for OpenSSL does not work"));
    second_close(s);
    arena_free(&a);
}

static void test_server_gone(void **state)
{
    (void)state;
    struct arena a = {0};
    char why[512];
    struct fault fault = {""};
    struct second_reader *s = open_second(), *other;
    assert_int_equal(ask(s, everyday(&a), why), SECOND_AGREES);
    assert_int_equal(kill(cageworld->server, SIGKILL), 0);
    for (int i = 0; i < 2; i++) {
        while (ask(s, everyday(&a), why) == SECOND_AGREES) /* its workers take a moment to follow it */
            usleep(1000);
        assert_string_equal(why, "the cage for OpenSSL: its fork server is gone; start the program anew");
    }
    assert_true(cage_is_gone());
    assert_int_equal(second_open(&other, &fault), RC_FAULT);
    second_close(s);
    arena_free(&a);
}

/* A worker that ends with its server ends over nothing, be it alone with a certificate. */
static pid_t kill_server_once_it_is_asked(void)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    while (cageworld->done == 0)
        usleep(1000);
    kill(cageworld->server, SIGKILL);
    _exit(0);
}

static void test_server_gone_meanwhile(void **state)
{
    (void)state;
    struct arena a = {0};
    char why[512];
    struct slice der = everyday(&a);
    const struct digest d = digest_of(der);
    struct cage_failure failure;
    struct second_reader *s = open_second();
    assert_false(cage_look());
    cageworld_betray(cageworld_hang, der);
    pid_t killer = kill_server_once_it_is_asked();
    assert_int_equal(ask(s, der, why), SECOND_FAULT);
    assert_int_equal(waitpid(killer, NULL, 0), killer);
    assert_string_equal(why, "the cage for OpenSSL: its fork server is gone; start the program anew");
    assert_int_equal(second_trouble(s, &d), SECOND_BROKEN);
    assert_false(cage_is_quarantined(&d, &failure));
    assert_true(cage_look());
    second_close(s);
    arena_free(&a);
}

/* Chains. */

static struct trust judge(struct trust_pool *p, const struct trust_anchors *t, struct arena *a, struct slice der)
{
    struct facts f;
    struct trust out;
    facts_read(der, &f);
    trust_judge(p, a, &(struct trust_question){.der = der, .facts = &f, .anchors = t, .asks_crl = true, .now_utc = NOW},
                &out);
    return out;
}

static struct slice leaf(struct certmaker *m, struct arena *a, const char *serial)
{
    const struct cert_text name = CERT_CN("h1.example.com");
    const struct cert_options o = {.issuer = "Root",
                                   .serial = slice_of(serial),
                                   .not_before_utc = NOW - DAY,
                                   .not_after_utc = NOW + DAY,
                                   .common_names = &name,
                                   .common_name_count = 1};
    return cert_make(m, a, &o);
}

static void expect_good(struct trust t)
{
    assert_int_equal(t.chain, CHAIN_VERIFIED);
    assert_int_equal(t.revocation, REVOCATION_GOOD);
    assert_false(t.quarantined);
}

/* A new worker knows what the old one was told; an authority that makes workers fail is not told again. */
static void test_chain(void **state)
{
    (void)state;
    struct arena a = {0};
    struct certmaker *m = certmaker_new(NULL), *others = certmaker_new(NULL);
    struct fault fault = {""};
    struct trust_pool *p;
    struct trust_anchors *t;
    struct slice root = cert_authority(m, &a, "Root", CERT_EC_P256);
    struct slice hostile = cert_authority(others, &a, "Hostile", CERT_EC_P256);
    struct slice bad = leaf(m, &a, "\x11"), good = leaf(m, &a, "\x12"), revoked = leaf(m, &a, "\x13");
    const struct cert_revoked entry = {S("\x13"), NOW - DAY, 1};
    const struct cert_crl_options o = {.issuer = "Root",
                                       .this_update_utc = NOW - DAY,
                                       .next_update_utc = NOW + DAY,
                                       .revoked = &entry,
                                       .revoked_count = 1};
    assert_int_equal(trust_pool_open(&p, &fault), RC_OK);
    assert_null(trust_pool_add_certificate(p, root));
    cageworld_betray(cageworld_trap, hostile);
    assert_string_equal(trust_pool_add_certificate(p, hostile), misdeeds[0].why);
    assert_null(trust_pool_add_crl(p, cert_crl(m, &a, &o)));
    assert_int_equal(trust_anchors_open(p, &root, 1, &t, &fault), RC_OK);
    expect_good(judge(p, t, &a, good));
    cageworld_betray(cageworld_trap, bad);
    struct trust out = judge(p, t, &a, bad);
    assert_int_equal(out.chain, CHAIN_UNDECIDED);
    assert_int_equal(out.revocation, REVOCATION_UNDECIDED);
    assert_true(out.quarantined);
    assert_true(slice_eq(out.chain_why, slice_of(misdeeds[0].why)));
    expect_good(judge(p, t, &a, good));
    assert_int_equal(judge(p, t, &a, revoked).revocation, REVOCATION_REVOKED);
    unsigned workers = cageworld->workers;
    assert_true(judge(p, t, &a, bad).quarantined);
    assert_int_equal(cageworld->workers, workers);
    trust_anchors_close(t);
    trust_pool_close(p);
    certmaker_free(m);
    certmaker_free(others);
    arena_free(&a);
}

/* However many certificates crash workers, each costs itself. */
static void test_many_crashes(void **state)
{
    (void)state;
    enum { CRASHES = 20, BETWEEN = 5 };
    struct arena a = {0};
    struct certmaker *m = certmaker_new(NULL);
    struct fault fault = {""};
    struct trust_pool *p;
    struct trust_anchors *t;
    struct slice root = cert_authority(m, &a, "Root", CERT_EC_P256), good = leaf(m, &a, "\x7f");
    const struct cert_crl_options o = {.issuer = "Root", .this_update_utc = NOW - DAY, .next_update_utc = NOW + DAY};
    assert_int_equal(trust_pool_open(&p, &fault), RC_OK);
    assert_null(trust_pool_add_crl(p, cert_crl(m, &a, &o)));
    assert_int_equal(trust_anchors_open(p, &root, 1, &t, &fault), RC_OK);
    for (int i = 0; i < CRASHES; i++) {
        struct slice bad = leaf(m, &a, (const char *)arena_format(&a, "%c", 1 + i).p);
        cageworld_betray(cageworld_trap, bad);
        assert_true(judge(p, t, &a, bad).quarantined);
        if (i % BETWEEN == 0) /* then two workers fail over the next one */
            expect_good(judge(p, t, &a, good));
    }
    expect_good(judge(p, t, &a, good));
    trust_anchors_close(t);
    trust_pool_close(p);
    certmaker_free(m);
    arena_free(&a);
}

/* Silences cost time: there are so many and no more. */
static void test_many_silences(void **state)
{
    (void)state;
    enum { SILENCES = 8, HASTY_MS = 700 };
    struct arena a = {0};
    struct certmaker *m = certmaker_new(NULL);
    struct fault fault = {""};
    struct trust_pool *p;
    cageworld_start_with(HASTY_MS);
    assert_int_equal(trust_pool_open(&p, &fault), RC_OK);
    for (int i = 0; i < SILENCES; i++) {
        struct slice bad = leaf(m, &a, (const char *)arena_format(&a, "%c", 1 + i).p);
        cageworld_betray(cageworld_hang, bad);
        assert_true(judge(p, NULL, &a, bad).quarantined);
    }
    struct trust out = judge(p, NULL, &a, leaf(m, &a, "\x7f"));
    assert_int_equal(out.revocation, REVOCATION_UNDECIDED);
    assert_false(out.quarantined);
    assert_true(slice_eq(out.revocation_why, S("OpenSSL's workers did not answer 8 times: the rest is not asked")));
    trust_pool_close(p);
    certmaker_free(m);
    arena_free(&a);
}

/* Workers that fail before anything was asked: each time over the first thing that they are told. */
static void test_failures_of_a_pool(void **state)
{
    (void)state;
    enum { AUTHORITIES = 20 };
    struct arena a = {0};
    struct certmaker *m = certmaker_new(NULL);
    struct fault fault = {""};
    struct trust_pool *p;
    assert_int_equal(trust_pool_open(&p, &fault), RC_OK);
    for (int i = 0; i < AUTHORITIES; i++)
        assert_null(trust_pool_add_certificate(
            p, cert_authority(m, &a, (const char *)arena_format(&a, "Authority %d", i).p, CERT_EC_P256)));
    cageworld_betray(cageworld_trap, S(""));
    struct trust out = judge(p, NULL, &a, leaf(m, &a, "\x01"));
    assert_int_equal(out.revocation, REVOCATION_UNDECIDED);
    assert_false(out.quarantined);
    assert_true(slice_eq(out.revocation_why, S("OpenSSL's workers failed 16 times over these authorities")));
    assert_int_equal(cageworld->done, 1 + 16);
    trust_pool_close(p);
    certmaker_free(m);
    arena_free(&a);
}

/* An older CRL does not stand in for the newer one that makes workers fail. */
static void test_crl_lost(void **state)
{
    (void)state;
    struct arena a = {0};
    struct certmaker *m = certmaker_new(NULL);
    struct fault fault = {""};
    struct trust_pool *p;
    struct trust_anchors *t;
    struct slice root = cert_authority(m, &a, "Root", CERT_EC_P256), der = leaf(m, &a, "\x14");
    const struct cert_revoked entry = {S("\x14"), NOW - DAY, 1};
    struct cert_crl_options o = {.issuer = "Root", .this_update_utc = NOW - 2 * DAY, .next_update_utc = NOW + DAY};
    struct slice older = cert_crl(m, &a, &o);
    o.this_update_utc = NOW - DAY;
    o.revoked = &entry;
    o.revoked_count = 1;
    struct slice newer = cert_crl(m, &a, &o);
    assert_int_equal(trust_pool_open(&p, &fault), RC_OK);
    assert_null(trust_pool_add_crl(p, older));
    assert_int_equal(trust_anchors_open(p, &root, 1, &t, &fault), RC_OK);
    assert_string_equal(trust_pool_add_crl(p, S("no CRL")), crl_read(S("no CRL"), &(struct crl){0}));
    expect_good(judge(p, t, &a, der));
    cageworld_betray(cageworld_trap, newer);
    assert_string_equal(trust_pool_add_crl(p, newer), misdeeds[0].why);
    struct trust out = judge(p, t, &a, der);
    assert_int_equal(out.chain, CHAIN_VERIFIED);
    assert_int_equal(out.revocation, REVOCATION_UNDECIDED);
    trust_anchors_close(t);
    trust_pool_close(p);
    certmaker_free(m);
    arena_free(&a);
}

/* An answer about a chain that nobody asked for, or that there is none of. */
static void test_chain_nonsense(void **state)
{
    (void)state;
    static const uint32_t answers[][2] = {{0, 1}, {1, 0}, {9, 1}, {1, 9}};
    struct arena a = {0};
    struct certmaker *m = certmaker_new(NULL);
    struct fault fault = {""};
    struct slice root = cert_authority(m, &a, "Root", CERT_EC_P256);
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct trust_pool *p;
        struct trust_anchors *t;
        struct slice der = leaf(m, &a, (const char *)arena_format(&a, "%c", (int)(1 + i)).p);
        assert_int_equal(trust_pool_open(&p, &fault), RC_OK);
        assert_int_equal(trust_anchors_open(p, &root, 1, &t, &fault), RC_OK);
        const struct cage_head head = {{answers[i][0], answers[i][1]}, {0, 0}};
        memcpy(cageworld->words, &head, sizeof head);
        cageworld->word_octets = sizeof head;
        cageworld_betray(cageworld_say, der);
        struct trust out = judge(p, t, &a, der);
        assert_int_equal(out.chain, CHAIN_UNDECIDED);
        assert_true(out.quarantined);
        cageworld_betray(NULL, S(""));
        trust_anchors_close(t);
        trust_pool_close(p);
    }
    certmaker_free(m);
    arena_free(&a);
}

/* What it costs, for people. */

static long resident_kib(pid_t pid)
{
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    if (f)
        fclose(f);
    return kib;
}

static void test_cost(void **state)
{
    (void)state;
    struct arena a = {0};
    struct timespec before, after;
    char why[512];
    struct slice der = everyday(&a);
    struct second_reader *s = open_second();
    assert_int_equal(ask(s, der, why), SECOND_AGREES);
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 0; i < QUESTIONS; i++)
        assert_int_equal(ask(s, der, why), SECOND_AGREES);
    clock_gettime(CLOCK_MONOTONIC, &after);
    double us = (double)(after.tv_sec - before.tv_sec) * 1e6 + (double)(after.tv_nsec - before.tv_nsec) / 1e3;
    print_message("%.1f us a question; resident: fork server %ld KiB, worker %ld KiB\n", us / QUESTIONS,
                  resident_kib(cageworld->server), resident_kib(cageworld->worker));
    assert_int_equal(cageworld->workers, 1);
    second_close(s);
    arena_free(&a);
}

#define CAGE_TEST(name) cmocka_unit_test_setup_teardown(name, cageworld_enter, cageworld_leave)

int main(void)
{
    const struct CMUnitTest others[] = {CAGE_TEST(test_same_answers),
                                        CAGE_TEST(test_innocent),
                                        CAGE_TEST(test_nonsense),
                                        CAGE_TEST(test_broken),
                                        CAGE_TEST(test_server_gone),
                                        CAGE_TEST(test_server_gone_meanwhile),
                                        CAGE_TEST(test_chain),
                                        CAGE_TEST(test_cost),
                                        CAGE_TEST(test_crl_lost),
                                        CAGE_TEST(test_chain_nonsense),
                                        CAGE_TEST(test_many_crashes),
                                        CAGE_TEST(test_many_silences),
                                        CAGE_TEST(test_failures_of_a_pool)};
    struct CMUnitTest tests[COUNT(misdeeds) + COUNT(others)];
    for (size_t i = 0; i < COUNT(misdeeds); i++)
        tests[i] = (struct CMUnitTest){
            .name = misdeeds[i].name, .test_func = test_failure, .initial_state = (void *)(uintptr_t)&misdeeds[i]};
    memcpy(tests + COUNT(misdeeds), others, sizeof others);
    return cmocka_run_group_tests_name("cage", tests, NULL, NULL);
}
