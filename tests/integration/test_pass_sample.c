/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sample organisation, from its entries to its requests.  What a pass must ask for is derived here twice without
 * the program: by OpenSSL from the certificates as the directory shows them, under the policies as the table below
 * states them; and from the list that the sample's own author made.  Program, OpenSSL and list have to agree on each.
 */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/idn.h"

enum { CERTIFICATES = 4, LINE_ROOM = 1024 };
enum found { F_CN = 1, F_EXPIRED = 2, F_MALFORMED = 4, F_NOT_YET = 8, F_SAN = 16, F_VERSION = 32, F_COUNT = 6 };
static const char *const found_names[] = {"cn-mismatch",   "expired",      "malformed",
                                          "not-yet-valid", "san-mismatch", "version"};

/* contrib/sample-policies.ldif, as a person reads it: what each policy does about which finding. */
static const struct {
    const char *below, *name;
    bool judges_names;
    unsigned reissue, reissue_then_revoke;
} policies[] = {
    {"," SERVERS, "servers", true, F_EXPIRED | F_MALFORMED, F_VERSION | F_CN | F_SAN},
    {"," PEOPLE, "people", false, F_VERSION, 0},
    {",ou=partners," SLAPD_SUFFIX, "everything-else", false, 0, 0},
};

struct one {
    struct slice der;
    X509 *x;
    unsigned found;
};

struct subject {
    const char *dn, *id, *host;
    size_t policy;
    struct one certificates[CERTIFICATES];
    size_t count;
};

struct wanted {
    const char *type, *id, *checks, *dn;
};

struct sample {
    struct program *p;
    const char *list;
    LIST_OF(struct wanted) wanted;
};

/* What OpenSSL sees in one certificate. */

static bool is_address(const char *name)
{
    struct in_addr a;
    return inet_pton(AF_INET, name, &a) == 1;
}

static bool common_names_are(X509 *x, const char *host)
{
    const X509_NAME *subject = X509_get_subject_name(x);
    int at = -1, seen = 0, same = 0;
    while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
        unsigned char *utf8 = NULL;
        int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
        same += n == (int)strlen(host) && strncasecmp((const char *)utf8, host, (size_t)n) == 0;
        seen++;
        OPENSSL_free(utf8);
    }
    return seen > 0 && same == seen;
}

static bool decides(const GENERAL_NAMES *san)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(san); i++) {
        int type = sk_GENERAL_NAME_value(san, i)->type;
        if (type == GEN_DNS || type == GEN_IPADD || type == GEN_URI)
            return true;
    }
    return false;
}

static unsigned judge_name(X509 *x, const char *host)
{
    const unsigned strict = X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
    int critical;
    GENERAL_NAMES *san = X509_get_ext_d2i(x, NID_subject_alt_name, &critical, NULL);
    bool by_san = san && decides(san);
    GENERAL_NAMES_free(san);
    if (!san && critical != -1)
        return F_SAN | F_MALFORMED; /* it is there, twice or not to be decoded */
    if (!by_san)
        return !is_address(host) && common_names_are(x, host) ? 0 : F_CN;
    if (is_address(host))
        return X509_check_ip_asc(x, host, 0) == 1 ? 0 : F_SAN;
    return X509_check_host(x, host, strlen(host), strict, NULL) == 1 ? 0 : F_SAN;
}

static unsigned judge(const struct subject *s, X509 *x)
{
    unsigned found = policies[s->policy].judges_names && s->host ? judge_name(x, s->host) : 0;
    found |= X509_get_version(x) == X509_VERSION_3 ? 0 : F_VERSION;
    found |= X509_cmp_time(X509_get0_notAfter(x), NULL) < 0 ? F_EXPIRED : 0;
    return found | (X509_cmp_time(X509_get0_notBefore(x), NULL) > 0 ? F_NOT_YET : 0);
}

/* Entries, as ldapsearch prints them. */

static struct slice decoded(struct arena *a, const char *base64)
{
    size_t n = strlen(base64);
    uint8_t *out = arena_alloc(a, n + 1);
    int length = EVP_DecodeBlock(out, (const unsigned char *)base64, (int)n);
    assert_true(length > 0);
    for (size_t i = n; i > 0 && base64[i - 1] == '='; i--)
        length--;
    return slice_make(out, (size_t)length);
}

/* As a certificate should have it: an A-label, without the root's dot. */
static const char *name_of_host(struct arena *a, struct slice host)
{
    uint8_t ascii[IDN_ROOM];
    if (host.n && host.p[host.n - 1] == '.')
        host.n--;
    size_t n = idn_to_ascii(host, ascii);
    assert_true(n > 0);
    return (const char *)arena_copy(a, slice_make(ascii, n)).p;
}

static void take_line(struct arena *a, struct subject *s, const char *line)
{
    static const char dn[] = "dn: ", uuid[] = "entryUUID: ", host[] = "dNSHostName: ", host64[] = "dNSHostName:: ",
                      der[] = "userCertificate;binary:: ";
    if (strncmp(line, dn, sizeof dn - 1) == 0) {
        s->dn = line + sizeof dn - 1;
    } else if (strncmp(line, uuid, sizeof uuid - 1) == 0) {
        s->id = (const char *)arena_format(a, "entryUUID:%s", line + sizeof uuid - 1).p;
    } else if (strncmp(line, host, sizeof host - 1) == 0) {
        s->host = name_of_host(a, slice_of(line + sizeof host - 1));
    } else if (strncmp(line, host64, sizeof host64 - 1) == 0) {
        s->host = name_of_host(a, decoded(a, line + sizeof host64 - 1));
    } else if (strncmp(line, der, sizeof der - 1) == 0) {
        assert_true(s->count < CERTIFICATES);
        struct one *c = &s->certificates[s->count++];
        c->der = decoded(a, line + sizeof der - 1);
        const unsigned char *at = c->der.p;
        c->x = d2i_X509(NULL, &at, (long)c->der.n);
        assert_non_null(c->x);
    }
}

static bool next_subject(struct arena *a, struct slice *rest, struct subject *s)
{
    struct slice line;
    *s = (struct subject){0};
    while (slice_split(rest, '\n', &line)) {
        if (line.n)
            take_line(a, s, (const char *)arena_copy(a, line).p);
        else if (s->dn)
            return true;
    }
    return false;
}

/* What follows from it. */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static const char *names_of(struct arena *a, unsigned found)
{
    struct slice all = slice_of("");
    for (size_t i = 0; i < F_COUNT; i++)
        if (found & 1u << i)
            all = arena_format(a, "%.*s%s%s", SLICE_ARGS(all), all.n ? "," : "", found_names[i]);
    return all.n ? (const char *)all.p : "-";
}

static void want(struct sample *s, const struct wanted *w)
{
    *LIST_ADD(&s->p->arena, &s->wanted) = *w;
}

/* Returns which kind of request, in the words of the sample's list, is asked for. */
static const char *derive(struct sample *s, const struct subject *subject)
{
    struct program *p = s->p;
    const unsigned then_revoke = policies[subject->policy].reissue_then_revoke;
    const unsigned reissue = policies[subject->policy].reissue | then_revoke;
    unsigned asked = 0, revoked = 0;
    bool stands_in = false;
    for (size_t i = 0; i < subject->count; i++)
        stands_in |= subject->certificates[i].found == 0;
    for (size_t i = 0; i < subject->count; i++) {
        const struct one *c = &subject->certificates[i];
        if (!stands_in)
            asked |= c->found & reissue;
        else if (c->found & then_revoke) {
            revoked |= c->found & then_revoke;
            want(s, &(struct wanted){"revoke", program_id(p, "revoke", program_digest(p, c->der)),
                                     names_of(&p->arena, c->found & then_revoke), subject->dn});
        }
    }
    if (asked)
        want(s, &(struct wanted){"reissue", program_id(p, "reissue", subject->id), names_of(&p->arena, asked), subject->dn});
    return asked & then_revoke ? "reissue-then-revoke" : asked ? "reissue" : revoked ? "revoke" : "-";
}

/* The sample's author has the same request for it, and no check that OpenSSL does not see; "missing" only here. */
static void compare_with_list(const struct sample *s, const struct subject *subject, const char *request)
{
    char dn[LINE_ROOM], words[LINE_ROOM], policy[LINE_ROOM], checks[LINE_ROOM], listed[LINE_ROOM];
    const char *at = strstr(s->list, (const char *)arena_format(&s->p->arena, "%s\t", subject->dn).p);
    assert_non_null(at);
    assert_int_equal(sscanf(at, "%1023[^\t]\t%1023[^\t]\t%1023[^\t]\t%1023[^\t]\t%1023[^\n]", dn, words, policy, checks,
                            listed), 5);
    unsigned found = 0;
    for (size_t i = 0; i < subject->count; i++)
        found |= subject->certificates[i].found;
    bool server = policies[subject->policy].judges_names;
    const char *seen = subject->count == 0 && server ? "missing" : names_of(&s->p->arena, found);
    if (strcmp(listed, request) != 0 || strcmp(checks, seen) != 0)
        fprintf(stderr, "%s (%s): the list has %s %s, OpenSSL sees %s %s\n", dn, words, listed, checks, request, seen);
    assert_string_equal(policy, policies[subject->policy].name);
    assert_string_equal(listed, request);
    assert_string_equal(checks, seen);
}

static size_t derive_all(struct sample *s)
{
    struct slice rest = slice_of(program_search(s->p, SLAPD_SUFFIX, "sub",
                                                "(|(objectClass=dircertHost)(objectClass=inetOrgPerson))",
                                                "entryUUID dNSHostName userCertificate"));
    struct subject subject;
    size_t count = 0;
    for (; next_subject(&s->p->arena, &rest, &subject); count++) {
        while (!ends_with(subject.dn, policies[subject.policy].below))
            assert_true(++subject.policy < sizeof policies / sizeof *policies);
        for (size_t i = 0; i < subject.count; i++)
            subject.certificates[i].found = judge(&subject, subject.certificates[i].x);
        compare_with_list(s, &subject, derive(s, &subject));
        for (size_t i = 0; i < subject.count; i++)
            X509_free(subject.certificates[i].x);
    }
    return count;
}

static int by_octets(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* The plan as the contract of the command line has it, in byte order. */
static const char *expected_plan(struct sample *s)
{
    struct arena *a = &s->p->arena;
    const char **lines = ARENA_ARRAY(a, s->wanted.count, const char *);
    struct slice all = slice_of("");
    for (size_t i = 0; i < s->wanted.count; i++) {
        const struct wanted *w = &s->wanted.items[i];
        lines[i] = (const char *)arena_format(a, "create %s %s %s %s\n", w->type, w->id, w->checks, w->dn).p;
    }
    qsort(lines, s->wanted.count, sizeof *lines, by_octets);
    for (size_t i = 0; i < s->wanted.count; i++)
        all = arena_format(a, "%.*s%s", SLICE_ARGS(all), lines[i]);
    return (const char *)all.p;
}

static bool word_is_in(const char *list, const char *word, size_t n)
{
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, word, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return true;
    return false;
}

static void expect_entry(struct program *p, const struct wanted *w, const char *state)
{
    const char *filter = (const char *)arena_format(&p->arena, "(dircertRequestId=%s)", w->id).p, *finding;
    const char *entry = program_search(p, REQUESTS, "one", filter, "*");
    if (!*entry)
        fprintf(stderr, "no %s (%s) for %s\n", w->type, w->checks, w->dn);
    assert_string_equal(program_value(p, entry, "dircertRequestType", 0), w->type);
    assert_string_equal(program_value(p, entry, "dircertSubjectDN", 0), w->dn);
    assert_string_equal(program_value(p, entry, "dircertState", 0), state);
    size_t commas = 0, n = 0;
    for (const char *at = w->checks; *at; at++)
        commas += *at == ',';
    for (; (finding = program_value(p, entry, "dircertFinding", n)); n++)
        assert_true(word_is_in(w->checks, finding, strcspn(finding, " ")));
    assert_int_equal(n, commas + 1);
}

/* Loading it. */

static const char *sample_output(struct program *p, const char *argument)
{
    const char *const argv[] = {BINARY_DIR "/bin/sample-organisation", argument, NULL};
    struct command_result r = command_run(argv, NULL, NULL, 60);
    assert_int_equal(r.status, 0);
    const char *text = (const char *)arena_copy(&p->arena, slice_make(r.output, r.output_length)).p;
    command_free(&r);
    return text;
}

static void load(struct program *p)
{
    char *text = NULL;
    size_t room = 0;
    program_change(p, "dn: " SERVERS "\nchangetype: delete\n\ndn: " PEOPLE "\nchangetype: delete\n");
    assert_int_equal(slapd_add_ldif(p->server, sample_output(p, NULL)), 0);
    FILE *f = fopen(SOURCE_DIR "/contrib/sample-policies.ldif", "re");
    assert_true(f && getdelim(&text, &room, '\0', f) > 0);
    fclose(f);
    assert_int_equal(slapd_add_ldif(p->server, text), 0);
    free(text);
}

static void expect_state_of(struct sample *s, const char *servers, const char *people)
{
    for (size_t i = 0; i < s->wanted.count; i++)
        expect_entry(s->p, &s->wanted.items[i], ends_with(s->wanted.items[i].dn, "," PEOPLE) ? people : servers);
    assert_int_equal(program_count_requests(s->p, "(objectClass=*)"), s->wanted.count);
}

static void test_sample_from_entries_to_requests(void **state)
{
    struct sample s = {.p = *state};
    load(s.p);
    s.list = sample_output(s.p, "--list");
    assert_true(derive_all(&s) > 250);
    assert_true(s.wanted.count > 40);

    size_t before = program_writes(s.p, SLAPD_SUFFIX);
    assert_string_equal(program_plan(s.p, PROGRAM_COMPLETE), expected_plan(&s));
    assert_int_equal(program_writes(s.p, SLAPD_SUFFIX), before);

    program_pass(s.p, PROGRAM_COMPLETE);
    expect_state_of(&s, "proposed", "proposed");
    assert_int_equal(program_lines(s.p, WORDS("event=request ", "verb=create")), s.wanted.count);
    program_next_pass(s.p, PROGRAM_COMPLETE);
    expect_state_of(&s, "pending", "approved");

    before = program_writes(s.p, REQUESTS);
    program_next_pass(s.p, PROGRAM_COMPLETE);
    assert_int_equal(program_writes(s.p, REQUESTS), before);
    assert_string_equal(program_plan(s.p, PROGRAM_COMPLETE), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sample_from_entries_to_requests, program_enter, program_leave),
    };
    if (!slapd_available()) {
        print_message("skipped: this machine has no slapd, or no ldap-utils\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
