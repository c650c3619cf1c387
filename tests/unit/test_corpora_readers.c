/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every certificate and every byte string of ../shared/corpora under both readers, and what OpenSSL's default provider
 * makes of the keys and usages in them.  Without the corpora each test says that it is skipped.
 */
#include "support/jsonl.h"
#include "support/score.h"
#include "x509/reader.h"
#include "x509/second.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <cmocka.h>

#define CORPORA     SOURCE_DIR "/../shared/corpora"
#define COUNT(list) (sizeof(list) / sizeof *(list))

static struct second_reader *second;

static void skip_unless_there(const char *path)
{
    if (access(path, R_OK) == 0)
        return;
    print_message("SKIPPED: %s is not there\n", path);
    score_absent(strrchr(path, '/') + 1);
    skip();
}

/* Files over which the readers differ: never acted on, which is safe.  All are from fuzzing. */
static const struct {
    const char *file, *reason;
} reader_exceptions[] = {
    {"989ea157ef7ab093615bdfa5.bin", "a relative distribution point name that OpenSSL cannot attach to the issuer"},
    {"8954a2a5f400f90dacb93f82.bin", "name constraints that OpenSSL calls invalid"},
    {"aa151b7cbad575291ff79fe3.bin", "a name attribute of a type that OpenSSL does not take for a string"},
    {"faf6baca27892e8ba404b4a1.bin", "a name attribute of a type that OpenSSL does not take for a string"},
    {"c328bb4bff0fffb546ad6107.bin", "a name in a distribution point that is BER, which OpenSSL keeps as it stands"},
    {"00f273efd53c687f8d54a2f9.bin", "a name in a distribution point that is BER, which OpenSSL keeps as it stands"},
    {"dbd7c9b3dee07335f1d6b028.bin", "a name in a distribution point that is BER, which OpenSSL keeps as it stands"},
    {"cc6e9fdcb5ace225eee24b09.bin", "values of policy qualifiers that OpenSSL would encode otherwise"},
    {"d1a22d9bf4651377e39a9764.bin", "a name attribute of a type that OpenSSL does not take for a string"},
};

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
    for (size_t i = 0; name && i < COUNT(reader_exceptions); i++)
        if (strcmp(name + 1, reader_exceptions[i].file) == 0)
            return true;
    return false;
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
        assert_in_range(snprintf(path, sizeof path, "%s/%s", folder, e->d_name), 1, sizeof path - 1);
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
    char note[64];
    snprintf(note, sizeof note, "%u disagree with a reason", t.excepted);
    score_tell("certs, blobs", "both readers agree", t.read - t.excepted - t.disagreed - t.faults, t.read, note);
    for (size_t i = 0; i < t.field_count; i++)
        print_message("  %s: %u times; %s\n", t.fields[i].field, t.fields[i].count, t.fields[i].example);
    assert_int_equal(t.disagreed, 0);
    assert_int_equal(t.faults, 0);
}

/* What the default provider makes of a certificate that we call well-formed. */

struct usual {
    unsigned read, keys, unusable, wrong;
};

static int field_bits(const EVP_PKEY *key)
{
    char name[80];
    size_t n;
    if (!EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name, sizeof name, &n))
        return 0; /* described, not named */
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_txt2nid(name));
    int degree = group ? EC_GROUP_get_degree(group) : 0;
    EC_GROUP_free(group);
    return degree;
}

static int usual_bits(const EVP_PKEY *key)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        return EVP_PKEY_get_bits(key);
    case EVP_PKEY_EC:
        return field_bits(key);
    case EVP_PKEY_ED25519:
        return 255;
    case EVP_PKEY_ED448:
        return 448;
    }
    return 0;
}

/* OpenSSL keeps the first two octets as they stand, the first in the low half. */
static uint32_t usual_key_usage(uint32_t usage)
{
    uint32_t bits = 0;
    for (unsigned n = 0; usage != UINT32_MAX && n < 16; n++)
        bits |= usage & ((n < 8 ? 0x80u : 0x8000u) >> n % 8) ? 1u << n : 0;
    return bits;
}

static bool is_same(const char *path, const char *field, int64_t ours, int64_t theirs)
{
    if (ours != theirs)
        print_message("  %s: %s is %lld, OpenSSL's %lld\n", path, field, (long long)ours, (long long)theirs);
    return ours == theirs;
}

static bool is_as_usual(const char *path, const struct facts *f, X509 *x, struct usual *u)
{
    EVP_PKEY *key = X509_get_pubkey(x);
    bool same = true;
    if (key && f->key_bits) /* OpenSSL finds the name of a curve that is described */
        same = is_same(path, "key bits", f->key_bits, usual_bits(key));
    u->keys += key != NULL;
    u->unusable += !key && f->key_bits > 0;
    EVP_PKEY_free(key);
    uint32_t flags = X509_get_extension_flags(x);
    if (flags & EXFLAG_INVALID)
        return is_same(path, "invalid", 0, 1) && same;
    same = is_same(path, "key usage", f->key_usage_bits, usual_key_usage(X509_get_key_usage(x))) && same;
    same = is_same(path, "cA", f->is_ca, (flags & EXFLAG_CA) != 0) && same;
    return is_same(path, "path length", f->path_length, X509_get_pathlen(x)) && same;
}

static void read_usual(const char *path, void *context)
{
    struct usual *u = context;
    struct arena a = {0};
    struct slice der = jsonl_load(&a, path);
    struct facts f;
    facts_read(der, &f);
    const unsigned char *p = der.p;
    X509 *x = f.malformed || is_excepted(path) ? NULL : d2i_X509(NULL, &p, (long)der.n);
    if (x) {
        u->read++;
        u->wrong += !is_as_usual(path, &f, x, u);
    }
    X509_free(x);
    ERR_clear_error();
    arena_free(&a);
}

static void test_default_provider(void **state)
{
    (void)state;
    struct usual u = {0};
    skip_unless_there(CORPORA "/certs");
    each_file(CORPORA "/certs", 2, read_usual, &u);
    each_file(CORPORA "/blobs", 2, read_usual, &u);
    print_message("default provider: %u read, %u keys, %u that it cannot use, %u otherwise\n", u.read, u.keys,
                  u.unusable, u.wrong);
    score_tell("certs, blobs", "key bits and usages as OpenSSL's default provider says", u.read - u.wrong, u.read,
               NULL);
    assert_true(u.keys > 0);
    assert_int_equal(u.wrong, 0);
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
        cmocka_unit_test(test_readers_agree),
        cmocka_unit_test(test_default_provider),
    };
    return score_result(cmocka_run_group_tests_name("corpora's readers", tests, open_second, close_second));
}
