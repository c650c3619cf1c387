/* SPDX-License-Identifier: Apache-2.0 */
/* Names as administrators write them against names as certificates hold them. */
#include "core/name.h"
#include "core/name_match.h"
#include "support/derbuild.h"
#include "support/jsonl.h"
#include "support/score.h"
#include "x509/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/x509.h>

#include <cmocka.h>

#define CORPORA     SOURCE_DIR "/../shared/corpora"
#define COUNT(list) (sizeof(list) / sizeof *(list))
#define S(text)     SLICE_LITERAL(text)

/* What parses. */

static const struct {
    struct slice text;
    bool ok;
} texts[] = {
    {S("CN=Example CA"), true},
    {S("cn=Example CA,o=Example,c=DE"), true},
    {S("CN = Example CA , O = Example , C = DE"), true},
    {S("CN="), true},
    {S("CN=a+OU=b,DC=example,DC=com"), true},
    {S("CN=a=b"), true},
    {S("CN=a\\,b\\+c\\\"d\\\\e\\;f\\<g\\>h\\=i\\ "), true},
    {S("CN=\\ a\\ "), true},
    {S("CN=B\\c3\\BCcher"), true},
    {S("CN=B\xc3\xbc"
       "cher"),
     true},
    {S("2.5.4.3=x"), true},
    {S("1.2.3.4.5.6=#130161"), true},
    {S("CN=#0C0161"), true},
    {S("CN=#0c0161 , O=x"), true},
    {S("CN=a\\00b"), true},
    {S("2.999.1180591620717411303424=x"), true}, /* an arc of more than 64 bits */

    {S(""), false},
    {S(" "), false},
    {S("Example CA"), false},
    {S("=x"), false},
    {S("CN=a,"), false},
    {S("CN=a,,O=b"), false},
    {S(",CN=a"), false},
    {S("CN=a+"), false},
    {S("CN=a;O=b"), false},
    {S("CN=\"a\""), false},
    {S("CN=a<b"), false},
    {S("CN=a>b"), false},
    {S("CN=a\0b"), false},
    {S("CN=a\\"), false},
    {S("CN=a\\g"), false},
    {S("CN=a\\c"), false},
    {S("CN=\\ff\\fe"), false}, /* not UTF-8 */
    {S("CN=\xff"), false},
    {S("CN=\xed\xa0\x80"), false}, /* a surrogate */
    {S("CN=#"), false},
    {S("CN=#0"), false},
    {S("CN=#0c"), false},
    {S("CN=#0c0261"), false},
    {S("CN=#0c016100"), false},
    {S("CN=#0c0161x"), false},
    {S("CN=#xyz"), false},
    {S("nobodysName=x"), false},
    {S("OID.2.5.4.3=x"), false},
    {S("2.5.4.=x"), false},
    {S("2=x"), false},
    {S("3.1=x"), false},
    {S("2.5.04.3=x"), false},
};

static void parses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        if (name_parse_ok(texts[i].text) != texts[i].ok)
            fail_msg("\"%.*s\" %s", SLICE_ARGS(texts[i].text), texts[i].ok ? "refused" : "accepted");
}

/* No more than can be compared, so that no name that policy accepts silently equals nothing. */
static void bounds(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice longest = der_fill(&a, 'x', NAME_VALUE_OCTETS), one = S("x"), many = S("CN=a"), joined = S("CN=a");
    assert_true(name_parse_ok(DER_JOIN(&a, S("CN="), longest)));
    assert_false(name_parse_ok(DER_JOIN(&a, S("CN="), longest, one)));
    assert_false(name_parse_ok(DER_JOIN(&a, S("CN=\\20"), longest)));
    for (size_t i = 1; i < NAME_VALUES_MOST; i++)
        many = DER_JOIN(&a, many, S(",CN=a"));
    for (size_t i = 1; i < NAME_RDN_MOST; i++)
        joined = DER_JOIN(&a, joined, S("+CN=a"));
    assert_true(name_parse_ok(many) && name_parse_ok(joined));
    assert_false(name_parse_ok(DER_JOIN(&a, many, S(",CN=a"))));
    assert_false(name_parse_ok(DER_JOIN(&a, joined, S("+CN=a"))));
    struct slice name = der_common_name(&a, DER_UTF8_STRING, longest);
    assert_true(name_equals_text(&a, name, DER_JOIN(&a, S("CN="), longest)));
    arena_free(&a);
}

/* One value. */

static const struct value {
    const char *name;
    uint8_t tag;
    struct slice octets;
    struct slice text;
    bool equal;
} values[] = {
#define UTF8(text) DER_UTF8_STRING, S(text)
    {"the same", UTF8("Example CA"), S("CN=Example CA"), true},
    {"another", UTF8("Example CB"), S("CN=Example CA"), false},
    {"the begin of it", UTF8("Example"), S("CN=Example CA"), false},
    {"and more", UTF8("Example CA 2"), S("CN=Example CA"), false},
    {"in another case", UTF8("EXAMPLE ca"), S("CN=Example CA"), true},
    {"another attribute", UTF8("Example CA"), S("O=Example CA"), false},
    {"its OID", UTF8("Example CA"), S("2.5.4.3=Example CA"), true},
    {"PrintableString", DER_PRINTABLE_STRING, S("Example CA"), S("CN=Example CA"), true},
    {"IA5String", DER_IA5_STRING, S("Example CA"), S("CN=Example CA"), true},
    {"TeletexString", DER_TELETEX_STRING, S("Example CA"), S("CN=Example CA"), true},
    {"BMPString", DER_BMP_STRING, S("\0C\0A"), S("CN=ca"), true},
    {"BMPString of odd length", DER_BMP_STRING, S("\0C\0A\0"), S("CN=ca"), false},
    {"UniversalString", DER_UNIVERSAL_STRING, S("\0\0\0C\0\0\0A"), S("CN=ca"), true},
    {"OCTET STRING of the same octets", DER_OCTET_STRING, S("CA"), S("CN=CA"), false},
    {"OCTET STRING in hexadecimal", DER_OCTET_STRING, S("CA"), S("CN=#04024341"), true},
    {"other octets in hexadecimal", DER_OCTET_STRING, S("CA"), S("CN=#04024342"), false},
    {"UTF8String in hexadecimal", UTF8("CA"), S("CN=#0c024341"), true},
    {"a string in hexadecimal is a string", UTF8("ca"), S("CN=#13024341"), true},
    {"broken UTF-8", UTF8("CA\xff"), S("CN=CA"), false},
    {"broken UTF-8 in hexadecimal", UTF8("CA\xff"), S("CN=#0c034341ff"), true},
    {"T61 beyond ASCII", DER_TELETEX_STRING,
     S("B\xfc"
       "cher"),
     S("CN=B\xc3\xbc"
       "cher"),
     false},
    {"blanks around", UTF8("  Example CA "), S("CN=Example CA"), true},
    {"blanks within", UTF8("Example    CA"), S("CN=Example CA"), true},
    {"blanks of policy", UTF8("Example CA"), S("CN=\\ \\ Example \\  CA\\ "), true},
    {"no blank", UTF8("ExampleCA"), S("CN=Example CA"), false},
    {"a tabulator and a line feed", UTF8("Example\t\nCA"), S("CN=Example CA"), true},
    {"a no-break space",
     UTF8("Example\xc2\xa0"
          "CA"),
     S("CN=Example CA"), true},
    {"only blanks", UTF8("   "), S("CN="), true},
    {"empty", UTF8(""), S("CN="), true},
    {"empty and not", UTF8("x"), S("CN="), false},
    {"NUL", UTF8("Example CA\0"), S("CN=Example CA"), false},
    {"NUL within", UTF8("Exam\0ple CA"), S("CN=Example CA"), false},
    {"NUL on both sides", UTF8("Example CA\0"), S("CN=Example CA\\00"), true},
    {"a zero width space", UTF8("Exam\xe2\x80\x8bple"), S("CN=Example"), false},
    {"umlauts",
     UTF8("B\xc3\x9c"
          "CHER"),
     S("CN=b\xc3\xbc"
       "cher"),
     true},
    {"umlauts, escaped",
     UTF8("B\xc3\x9c"
          "CHER"),
     S("CN=b\\c3\\bccher"), true},
    {"umlauts, composed and not",
     UTF8("Bu\xcc\x88"
          "cher"),
     S("CN=B\xc3\xbc"
       "cher"),
     false},
    {"the sign of multiplication is no letter", UTF8("\xc3\x97"), S("CN=\xc3\xb7"), false},
    {"Polish",
     UTF8("\xc5\x81\xc3\x93"
          "D\xc5\xb9"),
     S("CN=\xc5\x82\xc3\xb3"
       "d\xc5\xba"),
     true},
    {"Greek", UTF8("\xce\x91\xce\xa3"), S("CN=\xce\xb1\xcf\x82"), true},
    {"Cyrillic", UTF8("\xd0\x81\xd0\x96\xd0\x98\xd0\x9a"), S("CN=\xd1\x91\xd0\xb6\xd0\xb8\xd0\xba"), true},
    {"Cyrillic is not Latin", UTF8("\xd0\xa1\xd0\x90"), S("CN=CA"), false},
    {"special characters", UTF8("a,b+c\"d\\e;f<g>h=i#"), S("CN=a\\,b\\+c\\\"d\\\\e\\;f\\<g\\>h=i#"), true},
    {"a number sign in front", UTF8("#1"), S("CN=\\#1"), true},
};

static void test_value(void **state)
{
    const struct value *v = *state;
    struct arena a = {0};
    struct slice name = der_common_name(&a, v->tag, v->octets);
    assert_true(name_parse_ok(v->text));
    assert_int_equal(name_equals_text(&a, name, v->text), v->equal);
    arena_free(&a);
}

/* Several. */

static struct slice rdn(struct arena *a, size_t count, const struct slice *pairs)
{
    return der_build(a, DER_SET, count, pairs);
}

static void several_values(void **state)
{
    (void)state;
    struct arena a = {0};
    struct slice country = der_attribute(&a, 6, DER_PRINTABLE_STRING, S("DE"));
    struct slice organisation = der_attribute(&a, 10, DER_UTF8_STRING, S("Example"));
    struct slice pair[] = {der_attribute(&a, 11, DER_UTF8_STRING, S("u")),
                           der_attribute(&a, 3, DER_UTF8_STRING, S("c"))};
    struct slice twice[] = {pair[1], pair[1]};
    struct slice name = DER(&a, DER_SEQUENCE, rdn(&a, 1, &country), rdn(&a, 1, &organisation), rdn(&a, 2, pair));
    assert_true(name_equals_text(&a, name, S("CN=c+OU=u,O=Example,C=DE")));
    assert_true(name_equals_text(&a, name, S("OU=u + CN=c, O=example, C=de")));
    assert_false(name_equals_text(&a, name, S("C=DE,O=Example,CN=c+OU=u"))); /* the other way round */
    assert_false(name_equals_text(&a, name, S("CN=c,OU=u,O=Example,C=DE")));
    assert_false(name_equals_text(&a, name, S("CN=c+OU=u+O=Example,C=DE")));
    assert_false(name_equals_text(&a, name, S("CN=c+OU=u,O=Example")));
    assert_false(name_equals_text(&a, name, S("O=Example,C=DE")));
    assert_false(name_equals_text(&a, name, S("CN=c+OU=u,O=Example,C=DE,DC=x")));
    assert_false(name_equals_text(&a, name, S("CN=c+CN=c,O=Example,C=DE")));
    assert_false(name_equals_text(&a, name, S("CN=c,O=Example,C=DE")));
    name = DER(&a, DER_SEQUENCE, rdn(&a, 2, twice));
    assert_true(name_equals_text(&a, name, S("CN=c+CN=c")));
    assert_false(name_equals_text(&a, name, S("CN=c")));
    assert_false(name_equals_text(&a, name, S("CN=c+OU=u")));
    assert_false(name_equals_text(&a, DER_EMPTY(&a, DER_SEQUENCE), S("CN=c")));
    assert_false(name_equals_text(&a, S(""), S("CN=c")));
    assert_false(name_equals_text(&a, DER(&a, DER_SEQUENCE, DER_EMPTY(&a, DER_SET)), S("CN=c")));
    arena_free(&a);
}

/* Against OpenSSL: it writes a name, we read it; and both say which of two names are the same. */

enum { NAMES_MOST = 2000 };

struct issuer {
    X509_NAME *name;
    struct slice der, text;
};

struct issuers {
    struct arena arena;
    struct issuer items[NAMES_MOST];
    size_t count;
};

static struct slice written(struct arena *a, X509_NAME *name)
{
    unsigned long flags = (XN_FLAG_RFC2253 & ~(unsigned long)XN_FLAG_FN_MASK) | XN_FLAG_FN_OID;
    BIO *out = BIO_new(BIO_s_mem());
    char *p;
    assert_true(X509_NAME_print_ex(out, name, 0, flags) >= 0);
    long n = BIO_get_mem_data(out, &p);
    struct slice text = arena_copy(a, slice_make(p, (size_t)n));
    BIO_free(out);
    return text;
}

/* That is malformed, and has no text: OpenSSL writes it as if it were not there. */
static bool has_empty_rdn(struct slice name)
{
    struct der_element sequence, set;
    bool empty = !der_expect(&name, DER_SEQUENCE, &sequence) || !sequence.content.n;
    while (!empty && der_next(&sequence.content, &set))
        empty = set.content.n == 0;
    return empty;
}

static void collect(struct issuers *all, struct slice line)
{
    struct facts f;
    struct slice path = arena_format(&all->arena, "%s/%.*s", CORPORA, SLICE_ARGS(jsonl_member(line, "cert")));
    struct slice der = jsonl_load(&all->arena, (const char *)path.p);
    const uint8_t *p = der.p;
    if (!der.p || all->count == NAMES_MOST)
        return;
    facts_read(der, &f);
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    struct slice name = f.readable ? facts_slice(der, f.issuer) : S("");
    bool known = !x || has_empty_rdn(name);
    for (size_t i = 0; i < all->count && !known; i++)
        known = slice_eq(all->items[i].der, name);
    if (!known) {
        X509_NAME *copy = X509_NAME_dup(X509_get_issuer_name(x));
        all->items[all->count++] = (struct issuer){copy, name, written(&all->arena, copy)};
    }
    X509_free(x);
}

static void collect_file(struct issuers *all, const char *file)
{
    struct slice path = arena_format(&all->arena, "%s/%s", CORPORA, file), line;
    struct slice rest = jsonl_load(&all->arena, (const char *)path.p);
    while (rest.p && slice_split(&rest, '\n', &line))
        if (line.n)
            collect(all, line);
}

/* OpenSSL folds ASCII only, and its canonical form knows no other spaces. */
static bool has_other_than_ascii(struct slice text)
{
    return memchr(text.p, '\\', text.n) != NULL; /* which OpenSSL was asked to escape */
}

static void agrees_with_openssl(void **state)
{
    (void)state;
    struct issuers *all = calloc(1, sizeof *all);
    unsigned wrong = 0, unwritten = 0;
    assert_non_null(all);
    collect_file(all, "zlint.jsonl");
    collect_file(all, "version.jsonl");
    if (!all->count) {
        arena_free(&all->arena);
        free(all);
        score_absent("issuers of zlint.jsonl, version.jsonl");
        skip();
    }
    for (size_t i = 0; i < all->count; i++) {
        struct issuer *one = &all->items[i];
        if (!name_equals_text(&all->arena, one->der, one->text)) {
            unwritten++;
            print_message("  not itself: %.*s\n", SLICE_ARGS(one->text));
        }
        for (size_t k = 0; k < all->count; k++) {
            bool theirs = X509_NAME_cmp(one->name, all->items[k].name) == 0;
            bool ours = name_equals_text(&all->arena, one->der, all->items[k].text);
            if (i == k || theirs == ours || has_other_than_ascii(one->text))
                continue;
            wrong++;
            print_message("  %.*s, %.*s: %d here, %d by OpenSSL\n", SLICE_ARGS(one->text),
                          SLICE_ARGS(all->items[k].text), ours, theirs);
        }
    }
    score_tell("issuers of zlint.jsonl, version.jsonl", "read back from RFC 4514", (unsigned)all->count - unwritten,
               (unsigned)all->count, NULL);
    unsigned pairs = (unsigned)(all->count * (all->count - 1));
    score_tell("issuers of zlint.jsonl, version.jsonl", "pairs equal as OpenSSL says", pairs - wrong, pairs, NULL);
    assert_true(all->count > 50);
    assert_int_equal(wrong, 0);
    assert_int_equal(unwritten, 0);
    for (size_t i = 0; i < all->count; i++)
        X509_NAME_free(all->items[i].name);
    arena_free(&all->arena);
    free(all);
}

/* What we write ourselves, an administrator may copy into a policy. */
static void reads_what_it_writes(void **state)
{
    (void)state;
    struct arena a = {0};
    for (size_t i = 0; i < COUNT(values); i++) {
        const struct value *v = &values[i];
        uint8_t utf8[256];
        size_t n;
        struct slice name = der_common_name(&a, v->tag, v->octets);
        bool text = facts_text(v->tag, v->octets, utf8, sizeof utf8, &n);
        if (text && !name_equals_text(&a, name, name_text(&a, name, 1000)))
            fail_msg("%s: %.*s", v->name, SLICE_ARGS(name_text(&a, name, 1000)));
    }
    arena_free(&a);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(parses),
        cmocka_unit_test(bounds),
        cmocka_unit_test(several_values),
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(agrees_with_openssl),
    };
    struct CMUnitTest tests[COUNT(values) + COUNT(others)];
    for (size_t i = 0; i < COUNT(values); i++)
        tests[i] = (struct CMUnitTest){values[i].name, test_value, NULL, NULL, (void *)(uintptr_t)&values[i]};
    memcpy(tests + COUNT(values), others, sizeof others);
    return cmocka_run_group_tests_name("names compared", tests, NULL, NULL);
}
