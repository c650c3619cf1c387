/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sample organisation, as LDIF (RFC 2849) below dc=example,dc=com, whose own entry it does not write; or the list
 * of what is wrong in it; or a good new certificate for one of its entries, as its authority would issue it.
 */
#include "sample-kinds.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/digest.h"
#include "base/gentime.h"

#define SUFFIX "dc=example,dc=com"
static const char issuing_authority[] = "Example Issuing CA";
enum { DAY_S = 86400, LINE_OCTETS = 76 };

struct unit {
    const char *name, *policy;
};
static const struct unit units[UNIT_COUNT] = {
    [UNIT_SERVERS] = {"servers", "servers"},
    [UNIT_PEOPLE] = {"people", "people"},
    [UNIT_PARTNERS] = {"partners", "everything-else"},
};

/* One entry: its kind and its number, from 1 within its unit; everything about it follows from these. */
struct entry_id {
    const struct sample_kind *kind;
    unsigned number;
};

struct sample {
    struct arena arena;
    struct certmaker *maker;
    int64_t now_utc;
    struct slice previous; /* the last certificate written */
};

typedef bool visit_fn(struct sample *s, struct entry_id id, const void *context);

/* Names. */

static struct slice label_of(struct arena *a, const struct sample_kind *k, unsigned number)
{
    static const char *const services[] = {"www", "pop3", "imap", "ldap", "smtp", "nntp"};
    if (k->unit == UNIT_SERVERS)
        return arena_format(a, "%s-%02u", services[number % 6], number);
    return arena_format(a, "%c%03u", k->unit == UNIT_PEOPLE ? 'u' : 'x', number);
}

static struct slice dn_of(struct arena *a, struct entry_id id)
{
    return arena_format(a, "%s=%.*s,ou=%s," SUFFIX, id.kind->unit == UNIT_SERVERS ? "cn" : "uid",
                        SLICE_ARGS(label_of(a, id.kind, id.number)), units[id.kind->unit].name);
}

static const char *surname_of(unsigned number)
{
    static const char *const surnames[] = {"Baker", "Carter", "Dyer", "Fuller", "Gonz\xc3\xa1lez", "Mason", "Miller",
                                           "M\xc3\xbcller", "Nov\xc3\xa1k", "Potter", "Sawyer", "Smith", "Taylor"};
    return surnames[number % (sizeof surnames / sizeof *surnames)];
}

static struct slice person_name(struct arena *a, unsigned number)
{
    static const char *const given[] = {"Ada", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry",
                                        "Ida", "Jan", "Karla", "Luis", "Mia", "Noah", "Olga", "Paul"};
    return arena_format(a, "%s %s", given[number % (sizeof given / sizeof *given)], surname_of(number));
}

static struct slice expand(struct arena *a, struct entry_id id, struct slice pattern);

static struct slice right_name(struct arena *a, struct entry_id id)
{
    return expand(a, id, id.kind->right_name.n ? id.kind->right_name : slice_of("$.example.com"));
}

/* What a placeholder of sample-kinds.h stands for; any other octet stands for itself. */
static struct slice stands_for(struct arena *a, struct entry_id id, const uint8_t *octet)
{
    const uint8_t as_octet = (uint8_t)id.number;
    switch (*octet) {
    case '^':
        return right_name(a, id);
    case '$':
        return label_of(a, id.kind, id.number);
    case '>':
        return arena_format(a, "%.*s.example.com", SLICE_ARGS(label_of(a, id.kind, id.number + 1)));
    case '#':
        return arena_format(a, "%u", id.number);
    case '!':
        return arena_copy(a, slice_make(&as_octet, 1));
    case '%':
        return person_name(a, id.number);
    case '~':
        return arena_format(a, "%.*s@example.com", SLICE_ARGS(label_of(a, id.kind, id.number)));
    }
    return slice_make(octet, 1);
}

static struct slice expand(struct arena *a, struct entry_id id, struct slice pattern)
{
    LIST_OF(uint8_t) out = {.items = NULL};
    for (size_t i = 0; i < pattern.n; i++) {
        struct slice part = stands_for(a, id, pattern.p + i);
        for (size_t j = 0; j < part.n; j++)
            *LIST_ADD(a, &out) = part.p[j];
    }
    return slice_make(out.items, out.count);
}

/* LDIF. */

static bool is_safe(struct slice s)
{
    if (s.n && (s.p[0] == ' ' || s.p[0] == ':' || s.p[0] == '<' || s.p[s.n - 1] == ' '))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == 0 || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] >= 0x80)
            return false;
    return true;
}

static void print_folded(struct slice line)
{
    size_t room = LINE_OCTETS;
    while (line.n > room) {
        printf("%.*s\n ", SLICE_ARGS(slice_upto(line, room)));
        line = slice_from(line, room);
        room = LINE_OCTETS - 1;
    }
    printf("%.*s\n", SLICE_ARGS(line));
}

static void print_value(struct arena *a, const char *attribute, struct slice value)
{
    if (is_safe(value)) {
        print_folded(arena_format(a, "%s: %.*s", attribute, SLICE_ARGS(value)));
        return;
    }
    uint8_t *text = arena_alloc(a, 4 * (value.n / 3 + 1) + 1);
    int n = EVP_EncodeBlock(text, value.p, (int)value.n);
    print_folded(arena_format(a, "%s:: %.*s", attribute, n, (const char *)text));
}

/* Certificates. */

static void period_of(const struct sample *s, enum sample_period period, unsigned number, int64_t *from, int64_t *to)
{
    static const struct {
        int from_days, to_days;
    } periods[] = {[PERIOD_NOW] = {-40, 325}, [PERIOD_OVER] = {-400, -35}, [PERIOD_TO_COME] = {14, 379}};
    int64_t midnight = s->now_utc - s->now_utc % DAY_S + (int64_t)(number % 20) * DAY_S;
    *from = midnight + (int64_t)periods[period].from_days * DAY_S;
    *to = midnight + (int64_t)periods[period].to_days * DAY_S - 1;
}

/* Positive and the same in every run, so that a list of serial numbers stays good. */
static struct slice serial_of(struct arena *a, struct entry_id id, size_t ordinal, enum sample_serial form)
{
    struct digest d = digest_of(arena_format(a, "%.*s certificate %zu", SLICE_ARGS(dn_of(a, id)), ordinal));
    d.octets[0] = (uint8_t)((d.octets[0] & 0x3f) | 0x40);
    return arena_copy(a, slice_make(d.octets, form == SERIAL_20 ? 20 : 16));
}

static void set_usage(struct cert_options *o, enum sample_unit unit)
{
    static const char *const server[] = {CERT_SERVER_AUTH}, *const person[] = {CERT_CLIENT_AUTH, CERT_EMAIL_PROTECTION};
    o->ekus = unit == UNIT_SERVERS ? server : person;
    o->eku_count = unit == UNIT_SERVERS ? 1 : 2;
    o->key_usage = CERT_DIGITAL_SIGNATURE | (o->key == CERT_RSA_2048 ? CERT_KEY_ENCIPHERMENT : 0);
    o->basic = CERT_BASIC_END_ENTITY;
}

static struct slice make_certificate(struct sample *s, struct entry_id id, const struct sample_recipe *r,
                                     struct slice serial)
{
    struct arena *a = &s->arena;
    struct cert_text common_names[SAMPLE_NAMES];
    struct cert_name names[SAMPLE_NAMES];
    struct cert_options o = {.version = r->version, .serial = serial, .key = r->key,
                             .issuer = r->issuer ? r->issuer : issuing_authority,
                             .organisation = r->common_name_count ? "Example" : NULL,
                             .common_names = common_names, .common_name_count = r->common_name_count,
                             .names = names, .name_count = r->name_count,
                             .extensions = r->extensions, .extension_count = r->extension_count};
    for (size_t i = 0; i < r->common_name_count; i++) {
        bool is_text = r->common_names[i].tag == 0;
        common_names[i] = r->common_names[i];
        if (is_text)
            common_names[i].octets = expand(a, id, r->common_names[i].octets);
    }
    for (size_t i = 0; i < r->name_count; i++)
        names[i] = (struct cert_name){r->names[i].kind, expand(a, id, r->names[i].octets)};
    period_of(s, r->period, id.number, &o.not_before_utc, &o.not_after_utc);
    if (r->version == 0)
        set_usage(&o, id.kind->unit);
    return cert_make(s->maker, a, &o);
}

static void print_certificates(struct sample *s, struct entry_id id)
{
    for (size_t i = 0; i < SAMPLE_CERTIFICATES && id.kind->certificates[i].there; i++) {
        const struct sample_recipe *r = &id.kind->certificates[i];
        if (!r->repeat)
            s->previous = make_certificate(s, id, r, serial_of(&s->arena, id, i, r->serial));
        print_value(&s->arena, "userCertificate;binary", s->previous);
    }
}

/* Entries. */

static void print_server(struct sample *s, struct entry_id id)
{
    struct arena *a = &s->arena;
    printf("objectClass: %s\nobjectClass: dircertHost\n", id.number % 2 ? "device" : "applicationProcess");
    print_value(a, "cn", label_of(a, id.kind, id.number));
    print_value(a, "dNSHostName", expand(a, id, id.kind->host.n ? id.kind->host : slice_of("$.example.com")));
}

static void print_person(struct sample *s, struct entry_id id)
{
    struct arena *a = &s->arena;
    printf("objectClass: inetOrgPerson\n");
    print_value(a, "uid", label_of(a, id.kind, id.number));
    print_value(a, "cn", person_name(a, id.number));
    print_value(a, "sn", slice_of(surname_of(id.number)));
    print_value(a, "mail", expand(a, id, slice_of("~")));
}

static bool visit_print(struct sample *s, struct entry_id id, const void *context)
{
    (void)context;
    print_value(&s->arena, "dn", dn_of(&s->arena, id));
    if (id.kind->unit == UNIT_SERVERS)
        print_server(s, id);
    else
        print_person(s, id);
    print_value(&s->arena, "description", slice_of(id.kind->words));
    print_certificates(s, id);
    printf("\n");
    return false;
}

static bool visit_list(struct sample *s, struct entry_id id, const void *context)
{
    (void)context;
    printf("%.*s\t%s\t%s\t%s\t%s\n", SLICE_ARGS(dn_of(&s->arena, id)), id.kind->words, units[id.kind->unit].policy,
           id.kind->checks ? id.kind->checks : "-", id.kind->wanted ? id.kind->wanted : "-");
    return false;
}

/* What the authority issues when it is asked properly: version 3, the right name, a new key of the same kind. */
static struct slice make_replacement(struct sample *s, struct entry_id id)
{
    static const struct sample_recipe server = {.there = true, .common_names = {CERT_CN("^")}, .common_name_count = 1,
                                                .names = {CERT_DNS("^")}, .name_count = 1},
                                      address = {.there = true, .names = {CERT_IP("\xc0\x00\x02!")}, .name_count = 1},
                                      person = {.there = true, .common_names = {CERT_CN("%")}, .common_name_count = 1,
                                                .names = {CERT_EMAIL("~")}, .name_count = 1};
    struct sample_recipe r = id.kind->unit != UNIT_SERVERS ? person : id.kind->is_address ? address : server;
    uint8_t serial[16];
    if (RAND_bytes(serial, sizeof serial) != 1) {
        fprintf(stderr, "sample-organisation: no random octets\n");
        exit(1);
    }
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
    r.key = id.kind->certificates[0].key;
    return make_certificate(s, id, &r, slice_make(serial, sizeof serial));
}

static bool visit_replace(struct sample *s, struct entry_id id, const void *context)
{
    struct slice dn = dn_of(&s->arena, id);
    if (!slice_eq_nocase(dn, slice_of(context)))
        return false;
    print_value(&s->arena, "dn", dn);
    printf("changetype: modify\nreplace: userCertificate;binary\n");
    print_value(&s->arena, "userCertificate;binary", make_replacement(s, id));
    printf("\n");
    return true;
}

/* Every entry in the order of the table, until `visit` says that it was the one. */
static bool for_each(struct sample *s, visit_fn *visit, const void *context)
{
    unsigned numbers[UNIT_COUNT] = {0};
    for (size_t i = 0; i < sample_kind_count; i++)
        for (unsigned j = 0; j < sample_kinds[i].count; j++)
            if (visit(s, (struct entry_id){&sample_kinds[i], ++numbers[sample_kinds[i].unit]}, context))
                return true;
    return false;
}

static void print_organisation(struct sample *s)
{
    for (size_t i = 0; i < UNIT_COUNT; i++)
        printf("dn: ou=%s," SUFFIX "\nobjectClass: organizationalUnit\nou: %s\n\n", units[i].name, units[i].name);
    for_each(s, visit_print, NULL);
}

static void print_help(void)
{
    puts("usage: sample-organisation [--at TIME] [--state DIR] [--list | --replacement DN]\n"
         "  --at TIME         what is \"now\": Generalized Time (20261123120000Z); default: the clock's time\n"
         "  --state DIR       keep the authorities' keys there, and use those that are there\n"
         "  --list            one line an entry, tab-separated: DN, kind, governing sample policy, expected checks\n"
         "                    (comma-separated or -), expected request (reissue, reissue-then-revoke, revoke or -)\n"
         "  --replacement DN  an LDIF modification that gives that entry a good new certificate in the place of all\n"
         "                    that it has\n"
         "Without the last two: the organisation as LDIF, to be added below " SUFFIX ".");
}

struct arguments {
    const char *state, *replacement;
    int64_t now_utc;
    bool list, help;
};

static bool read_arguments(int argc, char **argv, struct arguments *args)
{
    static const struct option options[] = {{"at", required_argument, NULL, 'a'},
                                            {"state", required_argument, NULL, 's'},
                                            {"replacement", required_argument, NULL, 'r'},
                                            {"list", no_argument, NULL, 'l'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (c == 'a' && !gentime_read(slice_of(optarg), &args->now_utc))
            return false;
        else if (c == 's')
            args->state = optarg;
        else if (c == 'r')
            args->replacement = optarg;
        else if (c == 'l')
            args->list = true;
        else if (c == 'h')
            args->help = true;
        else if (c == '?')
            return false;
    return optind == argc && !(args->list && args->replacement);
}

static int run(struct sample *s, const struct arguments *args)
{
    if (args->replacement && !for_each(s, visit_replace, args->replacement)) {
        fprintf(stderr, "sample-organisation: no such entry: %s\n", args->replacement);
        return 1;
    }
    if (args->list)
        for_each(s, visit_list, NULL);
    else if (!args->replacement)
        print_organisation(s);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct arguments args = {.now_utc = time(NULL)};
    if (!read_arguments(argc, argv, &args)) {
        print_help();
        return 1;
    }
    if (args.help) {
        print_help();
        return 0;
    }
    struct sample s = {.maker = certmaker_new(args.state), .now_utc = args.now_utc};
    int status = run(&s, &args);
    certmaker_free(s.maker);
    arena_free(&s.arena);
    return status;
}
