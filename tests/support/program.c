/* SPDX-License-Identifier: Apache-2.0 */
#include "support/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include <openssl/evp.h>

#define PASSWORD PROGRAM_PASSWORD

enum { LIMIT_S = 60, ARGUMENTS = 16 };
enum { VALID_FROM_UTC = 1577836800, EXPIRED_UTC = 1609459200 };
static const int64_t valid_until_utc = 4102444800;

static const char *text(struct slice s)
{
    return (const char *)s.p;
}

__attribute__((format(printf, 2, 0))) static const char *formatted(struct arena *a, const char *format,
                                                                   va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    assert_true(n >= 0);
    char *out = arena_alloc(a, (size_t)n + 1);
    vsnprintf(out, (size_t)n + 1, format, arguments);
    return out;
}

static const char *taken(struct program *p, char *allocated)
{
    struct slice copy = arena_copy(&p->arena, slice_of(allocated));
    free(allocated);
    return text(copy);
}

static const char *file_in_folder(struct program *p, const char *name, const char *content)
{
    const char *path = text(arena_format(&p->arena, "%s/%s", slapd_folder(p->server), name));
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(content, f);
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    assert_int_equal(fclose(f), 0);
    return path;
}

/* Entering and leaving. */

static void load_tree(struct program *p)
{
    static const char *const accounts[] = {"dircertd", "approver", "fulfiller"};
    char *tree = NULL;
    size_t room = 0;
    FILE *f = fopen(SOURCE_DIR "/conf/tree.ldif", "re");
    assert_true(f && getdelim(&tree, &room, '\0', f) > 0);
    fclose(f);
    assert_int_equal(slapd_add_ldif(p->server, tree), 0);
    free(tree);
    for (size_t i = 0; i < 3; i++)
        program_change(p,
                       "dn: cn=%s,ou=daemons," SLAPD_SUFFIX "\nchangetype: modify\nreplace: userPassword\n"
                       "userPassword: " PASSWORD "\n",
                       accounts[i]);
    program_change(p, "dn: " SERVERS "\nchangetype: add\nobjectClass: organizationalUnit\nou: servers\n\n"
                      "dn: " PEOPLE "\nchangetype: add\nobjectClass: organizationalUnit\nou: people\n");
}

int program_enter_on(void **state, const struct slapd_options *options)
{
    struct program *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    *state = p;
    const char *lines = text(arena_format(&p->arena, "%s\ninclude \"%s/conf/slapd-acl.conf\"",
                                          options->database ? options->database : "", SOURCE_DIR));
    struct slapd_options with_access = *options;
    with_access.database = lines;
    p->server = slapd_start(&with_access);
    if (!p->server)
        return -1;
    p->maker = certmaker_new(NULL);
    p->log = p->output = "";
    load_tree(p);
    program_configure(p, &(struct program_conf){0});
    return 0;
}

int program_enter_with(void **state, const char *global, const char *database)
{
    return program_enter_on(state, &(struct slapd_options){.accesslog = true, .global = global, .database = database});
}

int program_enter(void **state)
{
    return program_enter_with(state, NULL, NULL);
}

int program_leave(void **state)
{
    struct program *p = *state;
    slapd_stop(p->server);
    certmaker_free(p->maker);
    arena_free(&p->arena);
    free(p);
    return 0;
}

void program_configure(struct program *p, const struct program_conf *c)
{
    const char *password = file_in_folder(p, "password", c->password ? c->password : PASSWORD);
    struct slice yaml =
        arena_format(&p->arena,
                     "directory:\n  uri: [\"%s\"]\n  bind: {method: simple, dn: \"%s\", password_file: \"%s\"}\n"
                     "  tls: {%s}\n  allow_plaintext: true\n  timeout_s: %u\n  writes_per_transaction: %u\nbase: "
                     "\"%s\"\ninterval_s: %u\n"
                     "log: {format: logfmt, level: %s, to: \"%s\"}\n%s",
                     c->uri ? c->uri : slapd_ldapi_uri(p->server), c->bind_dn ? c->bind_dn : DAEMON, password,
                     c->tls ? c->tls : "", c->timeout_s ? c->timeout_s : 10, c->writes_per_transaction,
                     c->base ? c->base : BASE, c->interval_s ? c->interval_s : 1, c->level ? c->level : "info",
                     c->log_to ? c->log_to : "stderr", c->more ? c->more : "");
    p->configuration = file_in_folder(p, "dircertd.yaml", text(yaml));
}

/* Running. */

void program_run(struct program *p, const char *const arguments[], const char *const environment[])
{
    const char *argv[ARGUMENTS] = {BINARY_DIR "/bin/dircertd", "-c", p->configuration};
    for (size_t i = 0; arguments[i] && i < ARGUMENTS - 4; i++)
        argv[i + 3] = arguments[i];
    struct command_result r = command_run(argv, environment, NULL, LIMIT_S);
    p->code = r.status;
    p->output = text(arena_copy(&p->arena, slice_of(r.output)));
    p->log = text(arena_copy(&p->arena, slice_of(r.errors)));
    command_free(&r);
}

static void expect_code(const struct program *p, int code)
{
    if (p->code != code)
        fprintf(stderr, "dircertd ended with %d and not %d:\n%s%s", p->code, code, p->output, p->log);
    assert_int_equal(p->code, code);
}

void program_pass(struct program *p, int code)
{
    program_run(p, (const char *const[]){"--once", NULL}, NULL);
    expect_code(p, code);
}

void program_next_pass(struct program *p, int code)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    nanosleep(&(struct timespec){.tv_nsec = 999999999 - now.tv_nsec}, NULL);
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    program_pass(p, code);
}

const char *program_plan(struct program *p, int code)
{
    program_run(p, (const char *const[]){"--dry-run", NULL}, NULL);
    expect_code(p, code);
    return p->output;
}

/* The log. */

static bool has_all(const char *line, const char *const words[])
{
    for (; *words; words++)
        if (!strstr(line, *words))
            return false;
    return true;
}

/* The next line of the log that has all the words, in the arena; NULL: there is none. */
static const char *next_line(struct arena *a, struct slice *rest, const char *const words[])
{
    struct slice line;
    while (slice_split(rest, '\n', &line)) {
        const char *copy = text(arena_copy(a, line));
        if (line.n && has_all(copy, words))
            return copy;
    }
    return NULL;
}

size_t program_lines(const struct program *p, const char *const words[])
{
    struct arena scratch = {NULL};
    struct slice rest = slice_of(p->log);
    size_t n = 0;
    while (next_line(&scratch, &rest, words))
        n++;
    arena_free(&scratch);
    return n;
}

void program_expect(const struct program *p, const char *const words[])
{
    if (program_lines(p, words))
        return;
    fprintf(stderr, "the log has no line with:");
    for (; *words; words++)
        fprintf(stderr, " [%s]", *words);
    fprintf(stderr, "\n%s", p->log);
    fail();
}

const char *program_field(struct program *p, const char *const words[], const char *key)
{
    program_expect(p, words);
    struct slice rest = slice_of(p->log);
    const char *line = next_line(&p->arena, &rest, words);
    const char *at = strstr(line, text(arena_format(&p->arena, " %s=", key)));
    assert_non_null(at);
    at += strlen(key) + 2;
    bool quoted = *at == '"';
    at += quoted;
    return text(arena_copy(&p->arena, slice_make(at, strcspn(at, quoted ? "\"" : " "))));
}

/* The directory. */

void program_change(struct program *p, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *ldif = formatted(&p->arena, format, arguments);
    va_end(arguments);
    int rc = slapd_modify_ldif(p->server, ldif);
    if (rc)
        fprintf(stderr, "refused: %s\n", ldif);
    assert_int_equal(rc, 0);
}

void program_change_as(struct program *p, const char *cn, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *ldif = formatted(&p->arena, format, arguments);
    va_end(arguments);
    const struct slapd_identity who = {.dn = text(arena_format(&p->arena, "cn=%s,ou=daemons," SLAPD_SUFFIX, cn)),
                                       .password = PASSWORD};
    int rc = slapd_try_ldif(p->server, &who, ldif);
    if (rc)
        fprintf(stderr, "refused to %s: %s\n", cn, ldif);
    assert_int_equal(rc, 0);
}

static const struct slapd_identity server_configuration = {.dn = "cn=config", .password = SLAPD_PASSWORD};

void program_rule(struct program *p, const char *rule)
{
    struct slice ldif = arena_format(&p->arena,
                                     "dn: olcDatabase={2}mdb,cn=config\nchangetype: modify\nadd: olcAccess\n"
                                     "olcAccess: {0}%s\n",
                                     rule);
    assert_int_equal(slapd_try_ldif(p->server, &server_configuration, text(ldif)), 0);
}

void program_drop_rule(struct program *p)
{
    assert_int_equal(slapd_try_ldif(p->server, &server_configuration,
                                    "dn: olcDatabase={2}mdb,cn=config\nchangetype: modify\ndelete: olcAccess\n"
                                    "olcAccess: {0}\n"),
                     0);
}

const char *program_search(struct program *p, const char *base, const char *scope, const char *filter,
                           const char *attributes)
{
    int rc;
    char *found = slapd_search(p->server, NULL, base, scope, filter, attributes, &rc);
    if (rc)
        fprintf(stderr, "ldapsearch ended with %d\n", rc);
    assert_int_equal(rc, 0);
    return taken(p, found);
}

const char *program_value(struct program *p, const char *ldif, const char *attribute, size_t n)
{
    struct slice rest = slice_of(ldif), line, name = arena_format(&p->arena, "%s: ", attribute);
    while (slice_split(&rest, '\n', &line))
        if (slice_starts(line, name) && n-- == 0)
            return text(arena_copy(&p->arena, slice_from(line, name.n)));
    return NULL;
}

static size_t count_entries(const char *ldif)
{
    size_t n = strncmp(ldif, "dn:", 3) == 0;
    for (const char *at = ldif; (at = strstr(at, "\ndn:")); at++)
        n++;
    return n;
}

size_t program_writes(struct program *p, const char *base)
{
    struct slice filter = arena_format(&p->arena, "(&(objectClass=auditWriteObject)(reqDN:dnSubtreeMatch:=%s))", base);
    return count_entries(program_search(p, "cn=accesslog", "one", text(filter), "reqDN"));
}

/* Certificates and the entries that carry them. */

static struct slice make(struct program *p, const char *name, int version, bool san, int64_t not_after_utc)
{
    struct cert_text cn = {0, slice_of(name)};
    struct cert_name dns = {NAME_DNS, slice_of(name)};
    struct cert_options o = {.version = version,
                             .not_before_utc = VALID_FROM_UTC,
                             .not_after_utc = not_after_utc,
                             .common_names = &cn,
                             .common_name_count = 1,
                             .names = &dns,
                             .name_count = san};
    return cert_make(p->maker, &p->arena, &o);
}

struct slice program_good(struct program *p, const char *name)
{
    return make(p, name, 3, true, valid_until_utc);
}

struct slice program_version_1(struct program *p, const char *name)
{
    return make(p, name, 1, false, valid_until_utc);
}

struct slice program_common_name(struct program *p, const char *name)
{
    return make(p, name, 3, false, valid_until_utc);
}

struct slice program_expired(struct program *p, const char *name)
{
    return make(p, name, 3, true, EXPIRED_UTC);
}

static const char *certificate_line(struct arena *a, struct slice der)
{
    if (der.n == 0)
        return "";
    char *encoded = arena_alloc(a, der.n * 4 / 3 + 8);
    EVP_EncodeBlock((unsigned char *)encoded, der.p, (int)der.n);
    return text(arena_format(a, "userCertificate;binary:: %s\n", encoded));
}

static const char *server_ldif(struct arena *a, const char *cn, const char *host, struct slice der)
{
    struct slice name = host ? arena_format(a, "dNSHostName: %s\n", host) : slice_of("");
    return text(arena_format(a,
                             "dn: cn=%s," SERVERS "\nchangetype: add\nobjectClass: device\nobjectClass: dircertHost\n"
                             "cn: %s\n%.*s%s\n",
                             cn, cn, SLICE_ARGS(name), certificate_line(a, der)));
}

void program_add_server(struct program *p, const char *cn, const char *host, struct slice der)
{
    program_change(p, "%s", server_ldif(&p->arena, cn, host, der));
}

void program_add_servers(struct program *p, const char *prefix, unsigned count,
                         struct slice (*make_one)(struct program *p, const char *name))
{
    struct slice all = {NULL, 0};
    for (unsigned i = 1; i <= count; i++) {
        const char *cn = text(arena_format(&p->arena, "%s%u", prefix, i));
        const char *host = text(arena_format(&p->arena, "%s.example.com", cn));
        all = arena_format(&p->arena, "%.*s%s", SLICE_ARGS(all), server_ldif(&p->arena, cn, host, make_one(p, host)));
    }
    program_change(p, "%s", text(all));
}

void program_publish(struct program *p, const char *dn, size_t count, const struct slice ders[])
{
    struct slice lines = slice_of("");
    for (size_t i = 0; i < count; i++)
        lines = arena_format(&p->arena, "%.*s%s", SLICE_ARGS(lines), certificate_line(&p->arena, ders[i]));
    program_change(p, "dn: %s\nchangetype: modify\nreplace: userCertificate;binary\n%.*s", dn, SLICE_ARGS(lines));
}

bool program_try_publish(struct program *p, const char *dn, struct slice der)
{
    struct slice ldif = arena_format(&p->arena, "dn: %s\nchangetype: modify\nreplace: userCertificate;binary\n%s", dn,
                                     certificate_line(&p->arena, der));
    static const struct slapd_identity admin = {.dn = SLAPD_ADMIN, .password = SLAPD_PASSWORD};
    return der.n && slapd_try_ldif(p->server, &admin, text(ldif)) == 0;
}

void program_add_policy(struct program *p, const char *cn, const char *lines)
{
    bool targets = strstr(lines, "dircertTarget:") != NULL;
    program_change(p, "dn: cn=%s," POLICIES "\nchangetype: add\nobjectClass: dircertPolicy\ncn: %s\n%s%s", cn, cn,
                   targets ? "" : "dircertTarget: ldap:///" SERVERS "??sub?(objectClass=dircertHost)\n", lines);
}

/* Requests. */

const char *program_request(struct program *p, const char *type, const char *subject)
{
    struct slice filter = arena_format(&p->arena,
                                       "(&(objectClass=dircertRequest)(dircertRequestType=%s)"
                                       "(dircertSubjectDN=%s))",
                                       type, subject);
    const char *found = program_search(p, REQUESTS, "one", text(filter), "*");
    assert_true(count_entries(found) <= 1);
    return found;
}

const char *program_request_value(struct program *p, const char *type, const char *subject, const char *attribute)
{
    const char *value = program_value(p, program_request(p, type, subject), attribute, 0);
    return value ? value : "";
}

void program_expect_state(struct program *p, const char *type, const char *subject, const char *state)
{
    const char *is = program_request_value(p, type, subject, "dircertState");
    if (strcmp(is, state ? state : "") != 0)
        fprintf(stderr, "the %s of %s: \"%s\" (%s); the last log:\n%s", type, subject, is,
                program_request_value(p, type, subject, "dircertStateMessage"), p->log);
    assert_string_equal(is, state ? state : "");
}

size_t program_count_requests(struct program *p, const char *filter)
{
    return count_entries(program_search(p, REQUESTS, "one", filter, "1.1"));
}

static const char *request_dn(struct program *p, const char *type, const char *subject)
{
    const char *dn = program_value(p, program_request(p, type, subject), "dn", 0);
    assert_non_null(dn);
    return dn;
}

void program_decide(struct program *p, const char *type, const char *subject, const char *decision)
{
    program_change_as(p, "approver", "dn: %s\nchangetype: modify\nreplace: dircertDecision\ndircertDecision: %s\n",
                      request_dn(p, type, subject), decision);
}

void program_claim(struct program *p, const char *type, const char *subject, const char *until, const char *outcome)
{
    program_change_as(p, "fulfiller",
                      "dn: %s\nchangetype: modify\nreplace: dircertClaimedBy\n"
                      "dircertClaimedBy: the test\n-\nreplace: dircertClaimedUntil\ndircertClaimedUntil: %s\n-\n"
                      "replace: dircertOutcome\ndircertOutcome: %s\n",
                      request_dn(p, type, subject), until, outcome);
}

static const char *sha256(struct program *p, struct slice octets)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char *hex = arena_alloc(&p->arena, 2 * sizeof digest + 1);
    assert_int_equal(EVP_Digest(octets.p, octets.n, digest, &n, EVP_sha256(), NULL), 1);
    for (unsigned i = 0; i < n; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return hex;
}

const char *program_id(struct program *p, const char *type, const char *identity)
{
    size_t room = strlen(type) + 1 + strlen(identity);
    uint8_t *octets = arena_alloc(&p->arena, room);
    memcpy(octets, type, strlen(type));
    memcpy(octets + strlen(type) + 1, identity, strlen(identity));
    return sha256(p, slice_make(octets, room));
}

const char *program_digest(struct program *p, struct slice der)
{
    return sha256(p, der);
}
