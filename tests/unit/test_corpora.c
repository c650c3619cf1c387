/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Third-party certificates and verdicts, where they are at hand: ../shared/corpora and ../shared/labs/hostile beside
 * the checkout.  Without them each test says that it is skipped.
 */
#include "support/jsonl.h"
#include "support/score.h"
#include "x509/reader.h"
#include "x509/second.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CORPORA SOURCE_DIR "/../shared/corpora"
#define HOSTILE SOURCE_DIR "/../shared/labs/hostile"

static struct second_reader *second;

static void skip_unless_there(const char *path)
{
    if (access(path, R_OK) == 0)
        return;
    print_message("SKIPPED: %s is not there\n", path);
    score_absent(strrchr(path, '/') + 1);
    skip();
}

static struct slice load(struct arena *a, struct slice file)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%.*s", CORPORA, SLICE_ARGS(file));
    struct slice content = jsonl_load(a, path);
    if (!content.p)
        fail_msg("cannot read %s", path);
    return content;
}

/* Calls `row` for each line of the table. */
static void each_row(const char *table, void (*row)(struct arena *a, struct slice line, void *context), void *context)
{
    struct arena table_arena = {0};
    struct slice rest = jsonl_load(&table_arena, table), line;
    while (slice_split(&rest, '\n', &line)) {
        if (line.n == 0)
            continue;
        struct arena a = {0};
        row(&a, line, context);
        arena_free(&a);
    }
    arena_free(&table_arena);
}

static bool is_word(struct slice s, const char *word)
{
    return slice_eq(s, slice_of(word));
}

/* A row where we say something else than upstream does, and why. */
struct exception {
    const char *id, *reason;
};

static const char *find_exception(const struct exception *list, size_t count, struct slice id)
{
    for (size_t i = 0; i < count; i++)
        if (is_word(id, list[i].id))
            return list[i].reason;
    return NULL;
}

struct score {
    unsigned agreed, disagreed, survived;
};

static void count_version(struct arena *a, struct slice line, void *context)
{
    struct score *score = context;
    struct slice id = jsonl_member(line, "id"), expected = jsonl_member(line, "expect_version");
    struct facts f;
    facts_read(load(a, jsonl_member(line, "cert")), &f);
    uint64_t version;
    if (!slice_to_uint(expected, 100, &version))
        version = 0;
    if (is_word(expected, "null"))
        score->survived++;
    else if (f.version == version)
        score->agreed++;
    else {
        score->disagreed++;
        print_message("  %.*s: version %u, expected %.*s\n", SLICE_ARGS(id), f.version, SLICE_ARGS(expected));
    }
}

static void test_versions(void **state)
{
    (void)state;
    struct score score = {0};
    skip_unless_there(CORPORA "/version.jsonl");
    each_row(CORPORA "/version.jsonl", count_version, &score);
    score_tell("version.jsonl", "version", score.agreed, score.agreed + score.disagreed, NULL);
    score_tell("version.jsonl", "without a version: read to an end", score.survived, score.survived, NULL);
    assert_true(score.agreed > 0);
    assert_int_equal(score.disagreed, 0);
}

static const struct exception malformed_exceptions[] = {
    {"mf-ctgo-invalid-0003", "a key on secp192r1 decodes: whether it is too weak is for the policy (weak-key)"},
    {"mf-mbedtls-x509parse-0137", "its serialNumber has the tag [2], which RFC 5280 does not know"},
    {"mf-mbedtls-x509parse-0139", "its version 1 is encoded although it is the default"},
    {"mf-mbedtls-x509parse-0140", "its version 1 is encoded although it is the default"},
    {"mf-mbedtls-x509parse-0141", "its version 1 is encoded although it is the default"},
    {"mf-mbedtls-x509parse-0142", "its version 1 is encoded although it is the default"},
    {"mf-mbedtls-x509parse-0145", "an unknown critical extension: unusual, and for who validates a chain to refuse"},
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* What each verdict of the corpus asks of our reader. */
static bool is_bad(const struct facts *f)
{
    return f->malformed != NULL;
}

static bool is_fine(const struct facts *f)
{
    return f->malformed == NULL;
}

/* It is told from an ordinary certificate: a person or the second reader looks. */
static bool is_noticed(const struct facts *f)
{
    return f->malformed != NULL || f->unusual != 0;
}

static bool is_noticed_and_read(const struct facts *f)
{
    return f->readable && is_noticed(f);
}

static bool is_let_pass(const struct facts *f)
{
    return f->readable && f->malformed == NULL && f->unusual != 0;
}

static bool is_survived(const struct facts *f)
{
    return f->readable || f->malformed != NULL;
}

static const struct wish {
    const char *verdict;
    bool (*holds)(const struct facts *f);
} wishes[] = {
    {"bad", is_bad},
    {"ok", is_fine},
    {"warn", is_let_pass},
    {"ok-outer", is_noticed_and_read},
    {"see-name", is_survived},
    {"bad-or-nonfatal", is_noticed},
    {"survive-only", is_survived},
};

enum { CATEGORIES_MOST = 64, CATEGORY_ROOM = 96 };

struct malformed_score {
    struct {
        char name[CATEGORY_ROOM];
        unsigned right, excepted, total;
    } categories[CATEGORIES_MOST];
    size_t count;
    unsigned disagreed;
};

/* The part of the id before its number, and the verdict. */
static size_t category_of(struct malformed_score *score, struct slice id, const char *verdict)
{
    char name[CATEGORY_ROOM];
    size_t n = id.n, i = 0;
    while (n && id.p[n - 1] != '-')
        n--;
    snprintf(name, sizeof name, "%.*s %s", n ? (int)n - 1 : 0, (const char *)id.p, verdict);
    while (i < score->count && strcmp(score->categories[i].name, name) != 0)
        i++;
    assert_true(i < CATEGORIES_MOST);
    if (i == score->count) {
        score->count++;
        snprintf(score->categories[i].name, CATEGORY_ROOM, "%s", name);
    }
    return i;
}

/* A CRL where a certificate is wanted is no certificate, whatever it is worth as a CRL. */
static const struct wish *wish_of(struct slice line)
{
    static const struct wish no_certificate = {"crl-as-certificate", is_bad};
    struct slice verdict = jsonl_member(line, "expect_parse");
    if (!is_word(jsonl_member(line, "kind"), "cert"))
        return &no_certificate;
    for (size_t i = 0; i < COUNT(wishes); i++)
        if (is_word(verdict, wishes[i].verdict))
            return &wishes[i];
    fail_msg("an unknown verdict: %.*s", SLICE_ARGS(verdict));
    return NULL;
}

static void count_malformed(struct arena *a, struct slice line, void *context)
{
    struct malformed_score *score = context;
    struct slice id = jsonl_member(line, "id");
    const struct wish *wish = wish_of(line);
    struct facts f;
    facts_read(load(a, jsonl_member(line, "file")), &f);
    size_t i = category_of(score, id, wish->verdict);
    score->categories[i].total++;
    if (wish->holds(&f)) {
        score->categories[i].right++;
        return;
    }
    const char *reason = find_exception(malformed_exceptions, COUNT(malformed_exceptions), id);
    score->categories[i].excepted += reason != NULL;
    score->disagreed += reason == NULL;
    print_message("  %.*s: expected %s, ours is \"%s\", unusual %#x (%s)\n", SLICE_ARGS(id), wish->verdict,
                  f.malformed ? f.malformed : "not malformed", f.unusual, reason ? reason : "NOT KNOWN");
}

static void test_malformed(void **state)
{
    (void)state;
    struct malformed_score score = {.count = 0};
    skip_unless_there(CORPORA "/malformed.jsonl");
    each_row(CORPORA "/malformed.jsonl", count_malformed, &score);
    for (size_t i = 0; i < score.count; i++) {
        char note[64];
        snprintf(note, sizeof note, "%u with a reason", score.categories[i].excepted);
        score_tell("malformed.jsonl", score.categories[i].name, score.categories[i].right, score.categories[i].total,
                   score.categories[i].excepted ? note : NULL);
    }
    assert_true(score.count > 0);
    assert_int_equal(score.disagreed, 0);
}

/* What is documented for each file of the hostile lab. */
static const struct hostile {
    const char *file;
    const char *malformed; /* how the text begins; NULL: not malformed */
    bool readable;
    uint8_t version;
    enum presence san;
    uint32_t unusual;
} hostile[] = {
    {"algmismatch", "signatureAlgorithm", true, 3, FIELD_PRESENT, 0},
    {"badsan", "subjectAltName", true, 3, FIELD_MALFORMED, UNUSUAL_EXTENSION},
    {"badsig", NULL, true, 3, FIELD_PRESENT, 0},
    {"badspki", "subjectPublicKeyInfo", false, 3, FIELD_ABSENT, 0},
    {"badtime", "notAfter", false, 3, FIELD_ABSENT, 0},
    {"badutf8cn", "issuer", true, 3, FIELD_PRESENT, 0},
    {"bigserial", NULL, true, 3, FIELD_ABSENT, UNUSUAL_SERIAL},
    {"bmp", NULL, true, 3, FIELD_ABSENT, UNUSUAL_NAME},
    {"dupsan", "extensions", true, 3, FIELD_DUPLICATE, UNUSUAL_EXTENSION},
    {"ec", NULL, true, 3, FIELD_ABSENT, 0},
    {"ed", NULL, true, 3, FIELD_ABSENT, 0},
    {"empty", "certificate", false, 0, FIELD_ABSENT, 0},
    {"emptysubj", NULL, true, 3, FIELD_ABSENT, UNUSUAL_SUBJECT},
    {"garbage", "certificate", false, 0, FIELD_ABSENT, 0},
    {"neg", NULL, true, 3, FIELD_ABSENT, UNUSUAL_SERIAL},
    {"noz", "notAfter", false, 3, FIELD_ABSENT, 0},
    {"nul", NULL, true, 3, FIELD_ABSENT, UNUSUAL_NAME},
    {"nulsan", NULL, true, 3, FIELD_PRESENT, UNUSUAL_NAME},
    {"ok", NULL, true, 3, FIELD_ABSENT, 0},
    {"pem", "certificate: RFC 5280 section 4.1: PEM", false, 0, FIELD_ABSENT, 0},
    {"rsa1m", NULL, true, 3, FIELD_ABSENT, UNUSUAL_SIZE},
    {"seqnull", "tbsCertificate", false, 0, FIELD_ABSENT, 0},
    {"serial100k", NULL, true, 3, FIELD_ABSENT, UNUSUAL_SERIAL | UNUSUAL_SIZE},
    {"tail", "certificate", true, 3, FIELD_ABSENT, 0},
    {"trail", "certificate", true, 3, FIELD_PRESENT, 0},
    {"trunc", "certificate", false, 0, FIELD_ABSENT, 0},
    {"v1", NULL, true, 1, FIELD_ABSENT, 0},
    {"v3", NULL, true, 3, FIELD_PRESENT, 0},
    {"ver9", "version", true, 0, FIELD_PRESENT, 0},
    {"weak", NULL, true, 3, FIELD_ABSENT, 0},
    {"y1950", NULL, true, 3, FIELD_ABSENT, 0},
    {"y9999", NULL, true, 3, FIELD_ABSENT, 0},
};

static bool is_as_documented(const struct hostile *h, const struct facts *f)
{
    bool same_text = h->malformed ? f->malformed && strncmp(f->malformed, h->malformed, strlen(h->malformed)) == 0
                                  : f->malformed == NULL;
    return same_text && f->readable == h->readable && f->version == h->version && f->san.presence == h->san &&
           f->unusual == h->unusual;
}

static void test_hostile(void **state)
{
    (void)state;
    unsigned wrong = 0;
    skip_unless_there(HOSTILE);
    for (size_t i = 0; i < COUNT(hostile); i++) {
        char path[512], why[512];
        struct arena a = {0};
        struct facts f;
        snprintf(path, sizeof path, "%s/%s.der", HOSTILE, hostile[i].file);
        struct slice der = jsonl_load(&a, path);
        facts_read(der, &f);
        bool agrees = second_read(second, der, &f, why, sizeof why) == SECOND_AGREES;
        if (!is_as_documented(&hostile[i], &f) || !agrees) {
            wrong++;
            print_message("  %s: %s; readable %d, version %d, san %d, unusual %#x; %s\n", hostile[i].file,
                          f.malformed ? f.malformed : "not malformed", f.readable, f.version, (int)f.san.presence,
                          f.unusual, why);
        }
        arena_free(&a);
    }
    score_tell("labs/hostile", "as documented, by both readers", (unsigned)COUNT(hostile) - wrong,
               (unsigned)COUNT(hostile), NULL);
    assert_int_equal(wrong, 0);
}

static int open_second(void **state)
{
    (void)state;
    struct fault fault = {""};
    return second_open(&second, &fault) == RC_OK ? 0 : -1;
}

static int close_second(void **state)
{
    (void)state;
    second_close(second);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_hostile),
    };
    return score_result(cmocka_run_group_tests_name("corpora", tests, open_second, close_second));
}
