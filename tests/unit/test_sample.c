/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sample organisation says what is wrong in it.  Here OpenSSL judges the certificates that it really writes, and
 * its list must say the same: findings and requests under contrib/sample-policies.ldif.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "base/idn.h"

#define NOW "20261123120000Z"
enum { NOW_UTC = 1795435200, CERTIFICATES = 2 };

enum judged { J_CN = 1, J_EXPIRED = 2, J_MALFORMED = 4, J_MISSING = 8, J_NOT_YET = 16, J_SAN = 32, J_VERSION = 64 };
static const char *const judged_names[] = {"cn-mismatch", "expired", "malformed", "missing", "not-yet-valid",
                                           "san-mismatch", "version"};

struct subject {
    struct slice dn, host;
    X509 *certificates[CERTIFICATES];
    size_t count;
};

/* What the program prints, in the arena. */
static struct slice output_of(struct arena *a, const char *arguments)
{
    struct slice command = arena_format(a, "'%s/bin/sample-organisation' --at %s %s", BINARY_DIR, NOW, arguments);
    FILE *f = popen((const char *)command.p, "re");
    assert_non_null(f);
    LIST_OF(uint8_t) out = {.items = NULL};
    for (int c; (c = getc(f)) != EOF;)
        *LIST_ADD(a, &out) = (uint8_t)c;
    assert_int_equal(pclose(f), 0);
    return slice_make(out.items, out.count);
}

/* The next logical line of LDIF (RFC 2849: a line that begins with a space goes on with the one before). */
static bool next_line(struct arena *a, struct slice *rest, struct slice *line)
{
    if (!slice_split(rest, '\n', line))
        return false;
    while (rest->n && rest->p[0] == ' ') {
        struct slice more;
        slice_split(rest, '\n', &more);
        *line = arena_format(a, "%.*s%.*s", SLICE_ARGS(*line), SLICE_ARGS(slice_from(more, 1)));
    }
    return true;
}

/* True when the line is of that attribute; its value, decoded. */
static bool value_of(struct arena *a, struct slice line, const char *attribute, struct slice *value)
{
    struct slice name = slice_of(attribute);
    if (!slice_starts(line, name) || line.n < name.n + 2 || line.p[name.n] != ':')
        return false;
    *value = slice_from(line, name.n + 1);
    bool encoded = value->p[0] == ':';
    *value = slice_trim(slice_from(*value, encoded));
    if (!encoded)
        return true;
    uint8_t *out = arena_alloc(a, value->n);
    int n = EVP_DecodeBlock(out, value->p, (int)value->n);
    assert_true(n > 0);
    for (size_t i = value->n; i-- > 0 && value->p[i] == '=';)
        n--;
    *value = slice_make(out, (size_t)n);
    return true;
}

static void add_certificate(struct subject *s, struct slice der)
{
    const unsigned char *p = der.p;
    assert_true(s->count < CERTIFICATES);
    s->certificates[s->count] = d2i_X509(NULL, &p, (long)der.n);
    assert_non_null(s->certificates[s->count]);
    assert_ptr_equal(p, der.p + der.n);
    s->count++;
}

/* The next entry that is no organizationalUnit. */
static bool next_subject(struct arena *a, struct slice *ldif, struct subject *s)
{
    struct slice line, value;
    bool unit = false;
    *s = (struct subject){0};
    while (next_line(a, ldif, &line)) {
        if (value_of(a, line, "dn", &value))
            s->dn = value;
        else if (value_of(a, line, "dNSHostName", &value))
            s->host = value;
        else if (value_of(a, line, "userCertificate;binary", &value))
            add_certificate(s, value);
        else if (value_of(a, line, "objectClass", &value))
            unit = unit || slice_eq(value, slice_of("organizationalUnit"));
        else if (line.n == 0 && s->dn.n && !unit)
            return true;
        else if (line.n == 0)
            unit = false;
    }
    return false;
}

static void free_subject(const struct subject *s)
{
    for (size_t i = 0; i < s->count; i++)
        X509_free(s->certificates[i]);
}

/* The host name as a certificate should have it, as a C string. */
static const char *wanted_name(struct arena *a, struct slice host)
{
    uint8_t ascii[IDN_ROOM];
    if (host.n && host.p[host.n - 1] == '.')
        host.n--;
    size_t n = idn_to_ascii(host, ascii);
    assert_true(n > 0);
    return (const char *)arena_copy(a, slice_make(ascii, n)).p;
}

static bool is_address(const char *name)
{
    struct in_addr address;
    return inet_pton(AF_INET, name, &address) == 1;
}

static bool names_a_host(GENERAL_NAMES *san)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(san); i++) {
        int type = sk_GENERAL_NAME_value(san, i)->type;
        if (type == GEN_DNS || type == GEN_IPADD || type == GEN_URI)
            return true;
    }
    return false;
}

static bool every_common_name_is(X509 *x, const char *name)
{
    const X509_NAME *subject = X509_get_subject_name(x);
    int at = -1, seen = 0;
    while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
        unsigned char *text = NULL;
        int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
        bool same = n == (int)strlen(name) && strncasecmp((const char *)text, name, (size_t)n) == 0;
        OPENSSL_free(text);
        if (!same)
            return false;
        seen++;
    }
    return seen > 0;
}

static unsigned judge_name(X509 *x, const char *name)
{
    int critical;
    GENERAL_NAMES *san = X509_get_ext_d2i(x, NID_subject_alt_name, &critical, NULL);
    bool decides = san && names_a_host(san);
    GENERAL_NAMES_free(san);
    if (!san && critical != -1)
        return J_SAN | J_MALFORMED;
    if (!decides)
        return is_address(name) || !every_common_name_is(x, name) ? J_CN : 0;
    const unsigned flags = X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
    bool covered = is_address(name) ? X509_check_ip_asc(x, name, 0) == 1
                                    : X509_check_host(x, name, strlen(name), flags, NULL) == 1;
    return covered ? 0 : J_SAN;
}

static unsigned judge(struct arena *a, const struct subject *s, size_t i)
{
    X509 *x = s->certificates[i];
    time_t now = NOW_UTC;
    unsigned found = s->host.n ? judge_name(x, wanted_name(a, s->host)) : 0;
    if (X509_get_version(x) != X509_VERSION_3)
        found |= J_VERSION;
    if (X509_cmp_time(X509_get0_notAfter(x), &now) < 0)
        found |= J_EXPIRED;
    if (X509_cmp_time(X509_get0_notBefore(x), &now) > 0)
        found |= J_NOT_YET;
    return found;
}

static bool is_below(const struct subject *s, const char *unit)
{
    return memmem(s->dn.p, s->dn.n, unit, strlen(unit)) != NULL;
}

/* What sample-policies.ldif asks for, weakest first. */
enum wanted { W_NOTHING, W_REISSUE, W_REVOKE, W_REISSUE_THEN_REVOKE };
static const char *const wanted_names[] = {"-", "reissue", "revoke", "reissue-then-revoke"};

static enum wanted want(const struct subject *s, unsigned found, bool stands_in)
{
    if (is_below(s, ",ou=servers,") && (found & (J_VERSION | J_CN | J_SAN)))
        return stands_in ? W_REVOKE : W_REISSUE_THEN_REVOKE;
    if (is_below(s, ",ou=servers,") && (found & (J_EXPIRED | J_MALFORMED)))
        return stands_in ? W_NOTHING : W_REISSUE;
    if (is_below(s, ",ou=people,") && (found & J_VERSION))
        return stands_in ? W_NOTHING : W_REISSUE;
    return W_NOTHING;
}

static unsigned judge_all(struct arena *a, const struct subject *s, enum wanted *wanted)
{
    unsigned all = s->count == 0 && is_below(s, ",ou=servers,") ? J_MISSING : 0;
    bool stands_in = false;
    *wanted = W_NOTHING;
    for (size_t i = 0; i < s->count; i++)
        stands_in = stands_in || judge(a, s, i) == 0;
    for (size_t i = 0; i < s->count; i++) {
        unsigned found = judge(a, s, i);
        enum wanted w = want(s, found, stands_in);
        all |= found;
        *wanted = w > *wanted ? w : *wanted;
    }
    return all;
}

static struct slice names_of(struct arena *a, unsigned found)
{
    struct slice all = {NULL, 0};
    for (size_t i = 0; i < sizeof judged_names / sizeof *judged_names; i++)
        if (found & 1U << i)
            all = arena_format(a, "%.*s%s%s", SLICE_ARGS(all), all.n ? "," : "", judged_names[i]);
    return all.n ? all : slice_of("-");
}

static void test_list_says_what_openssl_sees(void **state)
{
    struct arena a = {NULL};
    struct slice ldif = output_of(&a, ""), list = output_of(&a, "--list"), line, dn, words, policy, checks, request;
    struct subject s;
    size_t subjects = 0, wrong = 0;
    enum wanted wanted;
    (void)state;
    while (next_subject(&a, &ldif, &s)) {
        assert_true(slice_split(&list, '\n', &line));
        assert_true(slice_split(&line, '\t', &dn) && slice_split(&line, '\t', &words) &&
                    slice_split(&line, '\t', &policy) && slice_split(&line, '\t', &checks) &&
                    slice_split(&line, '\t', &request));
        struct slice seen = names_of(&a, judge_all(&a, &s, &wanted));
        subjects++;
        if (!slice_eq(dn, s.dn) || !slice_eq(seen, checks) || !slice_eq(slice_of(wanted_names[wanted]), request)) {
            wrong++;
            print_error("%.*s (%.*s): listed %.*s %.*s, seen %.*s %s\n", SLICE_ARGS(dn), SLICE_ARGS(words),
                        SLICE_ARGS(checks), SLICE_ARGS(request), SLICE_ARGS(seen), wanted_names[wanted]);
        }
        free_subject(&s);
    }
    assert_true(!slice_split(&list, '\n', &line) || line.n == 0);
    assert_true(subjects > 250);
    assert_int_equal(wrong, 0);
    arena_free(&a);
}

/* Each entry for which a new certificate is wanted gets one that OpenSSL finds nothing in. */
static void test_replacements_are_good(void **state)
{
    struct arena a = {NULL};
    struct slice ldif = output_of(&a, "");
    struct subject s, replaced;
    enum wanted wanted;
    size_t tried = 0;
    (void)state;
    while (next_subject(&a, &ldif, &s)) {
        judge_all(&a, &s, &wanted);
        if (is_below(&s, ",ou=servers,") && wanted != W_NOTHING) {
            struct slice arguments = arena_format(&a, "--replacement '%.*s'", SLICE_ARGS(s.dn));
            struct slice change = output_of(&a, (const char *)arguments.p);
            assert_true(next_subject(&a, &change, &replaced));
            replaced.host = s.host;
            assert_true(slice_eq(replaced.dn, s.dn));
            assert_int_equal(replaced.count, 1);
            assert_int_equal(judge(&a, &replaced, 0), 0);
            assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(replaced.certificates[0]),
                                         X509_get0_pubkey(s.certificates[0])), 0);
            free_subject(&replaced);
            tried++;
        }
        free_subject(&s);
    }
    assert_true(tried > 20);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_says_what_openssl_sees),
        cmocka_unit_test(test_replacements_are_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
