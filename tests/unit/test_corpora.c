/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Third-party certificates and verdicts, where they are at hand: ../shared/corpora and ../shared/labs/hostile beside
 * the checkout.  Without them each test says that it is skipped.
 */
#include "support/jsonl.h"
#include "x509/reader.h"
#include "x509/second.h"

#include <dirent.h>
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
    unsigned agreed, excepted, disagreed, survived;
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
    print_message("version.jsonl: %u agree, %u disagree, %u without a verdict\n", score.agreed, score.disagreed,
                  score.survived);
    assert_true(score.agreed > 0);
    assert_int_equal(score.disagreed, 0);
}

static const struct exception malformed_exceptions[] = {
    {"mf-boringssl-parsecert-0030", "an ampersand in a PrintableString is widespread: unusual, not malformed"},
    {"mf-mbedtls-x509parse-0137", "its serialNumber has the tag [2], which RFC 5280 does not know"},
    {"mf-mbedtls-x509parse-0139", "its version 1 is encoded although it is the default"},
    {"mf-mbedtls-x509parse-0140", "its version 1 is encoded although it is the default"},
    {"mf-mbedtls-x509parse-0141", "its version 1 is encoded although it is the default"},
    {"mf-mbedtls-x509parse-0142", "its version 1 is encoded although it is the default"},
    {"mf-mbedtls-x509parse-0145", "an unknown critical extension: unusual, and for who validates a chain to refuse"},
};

/* Files over which the readers differ: never acted on, which is safe.  All are from fuzzing. */
static const struct exception reader_exceptions[] = {
    {"989ea157ef7ab093615bdfa5.bin", "a relative distribution point name that OpenSSL cannot attach to the issuer"},
    {"8954a2a5f400f90dacb93f82.bin", "name constraints that OpenSSL calls invalid"},
    {"aa151b7cbad575291ff79fe3.bin", "a name attribute of a type that OpenSSL does not take for a string"},
    {"faf6baca27892e8ba404b4a1.bin", "a name attribute of a type that OpenSSL does not take for a string"},
    {"c328bb4bff0fffb546ad6107.bin", "a name in a distribution point that is BER, which OpenSSL keeps as it stands"},
    {"00f273efd53c687f8d54a2f9.bin", "a name in a distribution point that is BER, which OpenSSL keeps as it stands"},
    {"dbd7c9b3dee07335f1d6b028.bin", "a name in a distribution point that is BER, which OpenSSL keeps as it stands"},
    {"cc6e9fdcb5ace225eee24b09.bin", "values of policy qualifiers that OpenSSL would encode otherwise"},
    {"d1a22d9bf4651377e39a9764.bin", "a name attribute of a type that OpenSSL does not take for a string"},
    {"b9377f307da5db9c364b1ad9.bin", "a name attribute of a type that OpenSSL does not take for a string"},
};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static void count_malformed(struct arena *a, struct slice line, void *context)
{
    struct score *score = context;
    struct slice id = jsonl_member(line, "id"), expected = jsonl_member(line, "expect_parse");
    struct facts f;
    facts_read(load(a, jsonl_member(line, "file")), &f);
    bool wants_bad = is_word(expected, "bad");
    if (!is_word(jsonl_member(line, "kind"), "cert") || (!wants_bad && !is_word(expected, "ok"))) {
        score->survived++;
        return;
    }
    if (wants_bad == (f.malformed != NULL)) {
        score->agreed++;
        return;
    }
    const char *reason = find_exception(malformed_exceptions, COUNT(malformed_exceptions), id);
    *(reason ? &score->excepted : &score->disagreed) += 1;
    print_message("  %.*s: expected %.*s, ours is \"%s\" (%s)\n", SLICE_ARGS(id), SLICE_ARGS(expected),
                  f.malformed ? f.malformed : "not malformed", reason ? reason : "NOT KNOWN");
}

static void test_malformed(void **state)
{
    (void)state;
    struct score score = {0};
    skip_unless_there(CORPORA "/malformed.jsonl");
    each_row(CORPORA "/malformed.jsonl", count_malformed, &score);
    print_message("malformed.jsonl: %u agree, %u known exceptions, %u disagree, %u without a verdict\n", score.agreed,
                  score.excepted, score.disagreed, score.survived);
    assert_true(score.agreed > 0);
    assert_int_equal(score.disagreed, 0);
}

enum { FIELDS_MOST = 32, FIELD_ROOM = 48 };

/* How often the readers differ, by the first words of `why`. */
struct tally {
    unsigned read, malformed, disagreed, excepted, faults;
    struct {
        char field[FIELD_ROOM];
        unsigned count;
        char example[768];
    } fields[FIELDS_MOST];
    size_t field_count;
};

static void tally_field(struct tally *t, const char *why, const char *path)
{
    char field[FIELD_ROOM];
    size_t i = 0, n = strcspn(why, ":");
    snprintf(field, sizeof field, "%.*s", (int)n, why);
    while (i < t->field_count && strcmp(t->fields[i].field, field) != 0)
        i++;
    if (i == FIELDS_MOST)
        return;
    if (i == t->field_count) {
        t->field_count++;
        snprintf(t->fields[i].field, sizeof t->fields[i].field, "%s", field);
        snprintf(t->fields[i].example, sizeof t->fields[i].example, "%s: %s", path, why);
    }
    t->fields[i].count++;
}

static bool is_excepted(const char *path)
{
    const char *name = strrchr(path, '/');
    return name && find_exception(reader_exceptions, COUNT(reader_exceptions), slice_of(name + 1));
}

static void read_both(const char *path, void *context)
{
    struct tally *t = context;
    struct arena a = {0};
    struct slice der = jsonl_load(&a, path);
    struct facts f;
    char why[512];
    facts_read(der, &f);
    enum second verdict = second_read(second, der, &f, why, sizeof why);
    t->read++;
    t->malformed += f.malformed != NULL;
    t->faults += verdict == SECOND_FAULT;
    if (verdict == SECOND_DISAGREES && is_excepted(path)) {
        t->excepted++;
    } else if (verdict == SECOND_DISAGREES) {
        t->disagreed++;
        tally_field(t, why, path);
    }
    arena_free(&a);
}

/* Every file of a folder of folders. */
static void each_file(const char *folder, unsigned depth, void (*visit)(const char *path, void *context), void *context)
{
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        char path[1024];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (depth > 1)
            each_file(path, depth - 1, visit, context);
        else
            visit(path, context);
    }
    closedir(d);
}

static void test_readers_agree(void **state)
{
    (void)state;
    struct tally t = {0};
    skip_unless_there(CORPORA "/certs");
    each_file(CORPORA "/certs", 2, read_both, &t);
    each_file(CORPORA "/blobs", 2, read_both, &t);
    print_message("both readers: %u read, %u malformed, %u faults, %u known disagreements, %u others\n", t.read,
                  t.malformed, t.faults, t.excepted, t.disagreed);
    for (size_t i = 0; i < t.field_count; i++)
        print_message("  %s: %u times; %s\n", t.fields[i].field, t.fields[i].count, t.fields[i].example);
    assert_int_equal(t.disagreed, 0);
    assert_int_equal(t.faults, 0);
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
    skip_unless_there(HOSTILE "/ok.der");
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
        cmocka_unit_test(test_readers_agree),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests_name("corpora", tests, open_second, close_second);
}
