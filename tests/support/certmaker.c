/* SPDX-License-Identifier: Apache-2.0 */
#include "support/certmaker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/gentime.h"

enum { ENUMERATED = 0x0a }; /* X.680 section 20 */

static const char default_authority[] = "Sample CA";

struct cached_key {
    const char *id;
    enum cert_key kind;
    EVP_PKEY *key;
};

struct certmaker {
    struct arena arena;
    const char *folder; /* NULL: in memory only */
    LIST_OF(struct cached_key) keys;
    uint32_t next_serial;
};

static _Noreturn void give_up(const char *what, const char *which)
{
    fprintf(stderr, "certmaker: %s: %s\n", what, which);
    ERR_print_errors_fp(stderr);
    exit(1);
}

/* Octets that are put together; the arena owns them. */

static struct slice join(struct arena *a, const struct slice *parts, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += parts[i].n;
    uint8_t *p = arena_alloc(a, n + 1), *at = p;
    for (size_t i = 0; i < count; i++)
        if (parts[i].n) {
            memcpy(at, parts[i].p, parts[i].n);
            at += parts[i].n;
        }
    return slice_make(p, n);
}
#define JOIN(a, ...)                                                                                                   \
    join((a), (const struct slice[]){__VA_ARGS__}, sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice))

struct slice cert_der(struct arena *a, uint8_t tag, struct slice content)
{
    uint8_t header[2 + sizeof(size_t)] = {tag};
    size_t n = 2;
    if (content.n < 0x80) {
        header[1] = (uint8_t)content.n;
    } else {
        size_t octets = 1;
        while (content.n >> (8 * octets))
            octets++;
        header[1] = (uint8_t)(0x80 | octets);
        for (size_t i = octets; i-- > 0;)
            header[n++] = (uint8_t)(content.n >> (8 * i));
    }
    return JOIN(a, slice_make(header, n), content);
}

struct slice cert_oid(struct arena *a, const char *dotted)
{
    ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);
    if (!object)
        give_up("not an OID", dotted);
    struct slice content = arena_copy(a, slice_make(OBJ_get0_data(object), OBJ_length(object)));
    ASN1_OBJECT_free(object);
    return content;
}

static struct slice oid_element(struct arena *a, const char *dotted)
{
    return cert_der(a, DER_OID, cert_oid(a, dotted));
}

/* Non-negative, in the shortest form. */
static struct slice unsigned_integer(struct arena *a, uint32_t value)
{
    const uint8_t octets[5] = {0, (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                               (uint8_t)value};
    size_t skip = 0;
    while (skip < 4 && octets[skip] == 0 && octets[skip + 1] < 0x80)
        skip++;
    return cert_der(a, DER_INTEGER, slice_make(octets + skip, 5 - skip));
}

/* Keys: made when they are first asked for. */

static EVP_PKEY *generate(enum cert_key kind)
{
    EVP_PKEY *key = NULL;
    switch (kind) {
    case CERT_EC_P256:
        key = EVP_EC_gen("P-256");
        break;
    case CERT_RSA_2048:
        key = EVP_RSA_gen(2048);
        break;
    case CERT_ED25519:
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        break;
    }
    if (!key)
        give_up("no key could be made", "libcrypto says");
    return key;
}

static EVP_PKEY *key_load(const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return NULL;
    EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    fclose(f);
    if (!key)
        give_up("not a private key", path);
    return key;
}

static void key_save(const char *path, EVP_PKEY *key)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f || !PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) || fclose(f) != 0)
        give_up("the key could not be kept", path);
}

/* The name of the file, from letters and digits of the id only. */
static const char *key_path(struct certmaker *m, const char *id, enum cert_key kind)
{
    struct slice name = arena_copy(&m->arena, slice_of(id));
    uint8_t *p = arena_alloc(&m->arena, name.n + 1);
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = ascii_lower(name.p[i]);
        p[i] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
    }
    return (const char *)arena_format(&m->arena, "%s/%s-%d.pem", m->folder, (const char *)p, (int)kind).p;
}

static EVP_PKEY *key_make(struct certmaker *m, const char *id, enum cert_key kind, bool kept)
{
    const char *path = kept && m->folder ? key_path(m, id, kind) : NULL;
    EVP_PKEY *key = path ? key_load(path) : NULL;
    if (key)
        return key;
    key = generate(kind);
    if (path)
        key_save(path, key);
    return key;
}

/* Belongs to the maker. */
static EVP_PKEY *key_get(struct certmaker *m, const char *id, enum cert_key kind, bool kept)
{
    for (size_t i = 0; i < m->keys.count; i++)
        if (m->keys.items[i].kind == kind && strcmp(m->keys.items[i].id, id) == 0)
            return m->keys.items[i].key;
    struct cached_key *row = LIST_ADD(&m->arena, &m->keys);
    *row = (struct cached_key){(const char *)arena_copy(&m->arena, slice_of(id)).p, kind, key_make(m, id, kind, kept)};
    return row->key;
}

/* An authority's key has an id that no subject's key has. */
static EVP_PKEY *authority_key(struct certmaker *m, const char *name, enum cert_key kind)
{
    struct slice id = arena_format(&m->arena, "authority %s", name);
    return key_get(m, (const char *)id.p, kind, true);
}

static struct slice spki_of(struct arena *a, EVP_PKEY *key)
{
    uint8_t *der = NULL;
    int n = i2d_PUBKEY(key, &der);
    if (n <= 0)
        give_up("no public key", "libcrypto says");
    struct slice s = arena_copy(a, slice_make(der, (size_t)n));
    OPENSSL_free(der);
    return s;
}

/* RFC 5758 section 3.2, RFC 4055 section 5 (with NULL parameters), RFC 8410 section 3. */
struct slice cert_algorithm(struct arena *a, enum cert_key kind)
{
    static const char *const oids[] = {[CERT_EC_P256] = "1.2.840.10045.4.3.2",
                                       [CERT_RSA_2048] = "1.2.840.113549.1.1.11",
                                       [CERT_ED25519] = "1.3.101.112"};
    struct slice null = kind == CERT_RSA_2048 ? cert_der(a, DER_NULL, slice_of("")) : slice_of("");
    return cert_der(a, DER_SEQUENCE, JOIN(a, oid_element(a, oids[kind]), null));
}

static struct slice bit_string(struct arena *a, uint8_t unused, struct slice octets)
{
    return cert_der(a, DER_BIT_STRING, JOIN(a, slice_make(&unused, 1), octets));
}

static struct slice signature_of(struct arena *a, EVP_PKEY *key, enum cert_key kind, struct slice tbs)
{
    const EVP_MD *digest = kind == CERT_ED25519 ? NULL : EVP_sha256();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t octets[512];
    size_t n = sizeof octets;
    if (!context || EVP_DigestSignInit(context, NULL, digest, NULL, key) != 1 ||
        EVP_DigestSign(context, octets, &n, tbs.p, tbs.n) != 1)
        give_up("signing failed", "libcrypto says");
    EVP_MD_CTX_free(context);
    return bit_string(a, 0, slice_make(octets, n));
}

/* The parts of a TBSCertificate, in the order of RFC 5280 section 4.1.2. */

static struct slice version_field(struct arena *a, const struct cert_options *o)
{
    if (o->version == 1)
        return slice_of("");
    uint32_t number = o->version == 0 ? 2 : (uint32_t)(o->version - 1);
    return cert_der(a, DER_CONTEXT | DER_CONSTRUCTED, unsigned_integer(a, number));
}

static struct slice serial_field(struct certmaker *m, struct arena *a, const struct cert_options *o)
{
    return o->serial.n ? cert_der(a, DER_INTEGER, o->serial) : unsigned_integer(a, m->next_serial++);
}

static struct slice rdn(struct arena *a, const char *type, uint8_t tag, struct slice value)
{
    struct slice typed = JOIN(a, oid_element(a, type), cert_der(a, tag ? tag : DER_UTF8_STRING, value));
    return cert_der(a, DER_SET, cert_der(a, DER_SEQUENCE, typed));
}

static struct slice subject_field(struct arena *a, const struct cert_options *o)
{
    struct slice *rdns = ARENA_ARRAY(a, o->common_name_count + 1, struct slice);
    size_t n = 0;
    if (o->organisation)
        rdns[n++] = rdn(a, "2.5.4.10", 0, slice_of(o->organisation));
    for (size_t i = 0; i < o->common_name_count; i++)
        rdns[n++] = rdn(a, "2.5.4.3", o->common_names[i].tag, o->common_names[i].octets);
    return cert_der(a, DER_SEQUENCE, join(a, rdns, n));
}

/* RFC 5280 section 4.1.2.5: UTCTime through 2049. */
static struct slice time_field(struct arena *a, int64_t at_utc)
{
    const int64_t year_1950 = -631152000, year_2050 = 2524608000;
    uint8_t text[GENTIME_LEN];
    gentime_write(at_utc, text);
    if (at_utc >= year_1950 && at_utc < year_2050)
        return cert_der(a, DER_UTC_TIME, slice_make(text + 2, GENTIME_LEN - 2));
    return cert_der(a, DER_GENERALIZED_TIME, slice_make(text, GENTIME_LEN));
}

static struct slice validity_field(struct arena *a, const struct cert_options *o)
{
    return cert_der(a, DER_SEQUENCE, JOIN(a, time_field(a, o->not_before_utc), time_field(a, o->not_after_utc)));
}

static struct slice subject_key_field(struct certmaker *m, struct arena *a, const struct cert_options *o)
{
    if (o->key_id)
        return spki_of(a, key_get(m, o->key_id, o->key, false));
    EVP_PKEY *key = generate(o->key);
    struct slice spki = spki_of(a, key);
    EVP_PKEY_free(key);
    return spki;
}

/* Extensions. */

static struct slice extension(struct arena *a, const char *oid, bool critical, struct slice value)
{
    static const uint8_t yes[] = {0xff};
    struct slice flag = critical ? cert_der(a, DER_BOOLEAN, slice_make(yes, 1)) : slice_of("");
    return cert_der(a, DER_SEQUENCE, JOIN(a, oid_element(a, oid), flag, cert_der(a, DER_OCTET_STRING, value)));
}

static struct slice basic_constraints(struct arena *a, const struct cert_options *o)
{
    static const uint8_t yes[] = {0xff};
    struct slice ca = o->basic == CERT_BASIC_CA ? cert_der(a, DER_BOOLEAN, slice_make(yes, 1)) : slice_of("");
    return extension(a, "2.5.29.19", true, cert_der(a, DER_SEQUENCE, ca));
}

/* A named BIT STRING without trailing zero bits (X.690 section 11.2.2). */
static struct slice key_usage(struct arena *a, unsigned mask)
{
    uint8_t octets[2] = {0, 0};
    unsigned last = 0;
    for (unsigned bit = 0; bit < 16; bit++)
        if (mask & 1U << bit) {
            octets[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
            last = bit;
        }
    return extension(a, "2.5.29.15", true, bit_string(a, (uint8_t)(7 - last % 8), slice_make(octets, last / 8 + 1)));
}

static struct slice extended_key_usage(struct arena *a, const struct cert_options *o)
{
    struct slice *oids = ARENA_ARRAY(a, o->eku_count, struct slice);
    for (size_t i = 0; i < o->eku_count; i++)
        oids[i] = oid_element(a, o->ekus[i]);
    return extension(a, "2.5.29.37", false, cert_der(a, DER_SEQUENCE, join(a, oids, o->eku_count)));
}

static bool is_constructed(enum general_name kind)
{
    return kind == NAME_OTHER || kind == NAME_X400 || kind == NAME_DIRECTORY || kind == NAME_EDI;
}

static struct slice alternative_names(struct arena *a, const struct cert_options *o)
{
    struct slice *names = ARENA_ARRAY(a, o->name_count, struct slice);
    for (size_t i = 0; i < o->name_count; i++) {
        unsigned form = is_constructed(o->names[i].kind) ? DER_CONSTRUCTED : 0;
        names[i] = cert_der(a, (uint8_t)(DER_CONTEXT | form | (unsigned)o->names[i].kind), o->names[i].octets);
    }
    bool critical = !o->organisation && o->common_name_count == 0;
    return extension(a, "2.5.29.17", critical, cert_der(a, DER_SEQUENCE, join(a, names, o->name_count)));
}

static struct slice extensions_field(struct arena *a, const struct cert_options *o)
{
    struct slice *all = ARENA_ARRAY(a, o->extension_count + 4, struct slice);
    size_t n = 0;
    if (o->basic != CERT_BASIC_NONE)
        all[n++] = basic_constraints(a, o);
    if (o->key_usage)
        all[n++] = key_usage(a, o->key_usage);
    if (o->eku_count)
        all[n++] = extended_key_usage(a, o);
    if (o->name_count)
        all[n++] = alternative_names(a, o);
    for (size_t i = 0; i < o->extension_count; i++)
        all[n++] = extension(a, o->extensions[i].oid, o->extensions[i].critical, o->extensions[i].value);
    if (n == 0)
        return slice_of("");
    return cert_der(a, DER_CONTEXT | DER_CONSTRUCTED | 3, cert_der(a, DER_SEQUENCE, join(a, all, n)));
}

struct certmaker *certmaker_new(const char *state_folder)
{
    struct arena arena = {NULL};
    struct certmaker *m = ARENA_NEW(&arena, struct certmaker);
    m->next_serial = 1000;
    if (state_folder) {
        m->folder = (const char *)arena_copy(&arena, slice_of(state_folder)).p;
        if (mkdir(state_folder, 0700) != 0 && errno != EEXIST)
            give_up("the folder for keys can't be made", state_folder);
    }
    m->arena = arena;
    return m;
}

void certmaker_free(struct certmaker *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->keys.count; i++)
        EVP_PKEY_free(m->keys.items[i].key);
    struct arena arena = m->arena; /* it holds m itself */
    arena_free(&arena);
}

struct slice cert_make(struct certmaker *m, struct arena *a, const struct cert_options *o)
{
    const char *issuer = o->issuer ? o->issuer : default_authority;
    struct slice algorithm = cert_algorithm(a, o->issuer_key);
    struct slice fields = JOIN(a, version_field(a, o), serial_field(m, a, o), algorithm,
                               cert_authority_name(a, issuer), validity_field(a, o), subject_field(a, o),
                               subject_key_field(m, a, o), extensions_field(a, o));
    return cert_signed(m, a, issuer, o->issuer_key, cert_der(a, DER_SEQUENCE, fields));
}

struct slice cert_signed(struct certmaker *m, struct arena *a, const char *authority, enum cert_key key,
                         struct slice tbs)
{
    struct slice signature = signature_of(a, authority_key(m, authority, key), key, tbs);
    return cert_der(a, DER_SEQUENCE, JOIN(a, tbs, cert_algorithm(a, key), signature));
}

static struct slice crl_entry(struct arena *a, const struct cert_revoked *r)
{
    const uint8_t code = (uint8_t)r->reason;
    struct slice extensions = slice_of("");
    if (r->reason >= 0)
        extensions = cert_der(a, DER_SEQUENCE,
                              extension(a, "2.5.29.21", false, cert_der(a, ENUMERATED, slice_make(&code, 1))));
    return cert_der(a, DER_SEQUENCE,
                    JOIN(a, cert_der(a, DER_INTEGER, r->serial), time_field(a, r->at_utc), extensions));
}

static struct slice crl_entries(struct arena *a, const struct cert_crl_options *o)
{
    struct slice *all = ARENA_ARRAY(a, o->revoked_count, struct slice);
    for (size_t i = 0; i < o->revoked_count; i++)
        all[i] = crl_entry(a, &o->revoked[i]);
    return o->revoked_count ? cert_der(a, DER_SEQUENCE, join(a, all, o->revoked_count)) : slice_of("");
}

static struct slice crl_extensions(struct arena *a, const struct cert_crl_options *o)
{
    struct slice *all = ARENA_ARRAY(a, o->extension_count, struct slice);
    for (size_t i = 0; i < o->extension_count; i++)
        all[i] = extension(a, o->extensions[i].oid, o->extensions[i].critical, o->extensions[i].value);
    if (o->extension_count == 0)
        return slice_of("");
    return cert_der(a, DER_CONTEXT | DER_CONSTRUCTED | 0, cert_der(a, DER_SEQUENCE, join(a, all, o->extension_count)));
}

struct slice cert_crl(struct certmaker *m, struct arena *a, const struct cert_crl_options *o)
{
    const char *issuer = o->issuer ? o->issuer : default_authority;
    struct slice algorithm = cert_algorithm(a, o->issuer_key);
    struct slice next = o->next_update_utc ? time_field(a, o->next_update_utc) : slice_of("");
    struct slice tbs = cert_der(a, DER_SEQUENCE,
                                JOIN(a, unsigned_integer(a, 1), algorithm, cert_authority_name(a, issuer),
                                     time_field(a, o->this_update_utc), next, crl_entries(a, o), crl_extensions(a, o)));
    struct slice signature = signature_of(a, authority_key(m, issuer, o->issuer_key), o->issuer_key, tbs);
    return cert_der(a, DER_SEQUENCE, JOIN(a, tbs, algorithm, signature));
}

struct slice cert_authority(struct certmaker *m, struct arena *a, const char *name, enum cert_key key)
{
    authority_key(m, name, key); /* into the cache under the id that key_id names below */
    struct slice id = arena_format(a, "authority %s", name);
    const struct cert_text common_name = {.octets = slice_of(name)};
    return cert_make(m, a, &(struct cert_options){
        .serial = SLICE_LITERAL("\x01"),
        .issuer = name,
        .issuer_key = key,
        .not_before_utc = 946684800,
        .not_after_utc = 4102444799,
        .organisation = "Example",
        .common_names = &common_name,
        .common_name_count = 1,
        .key = key,
        .key_id = (const char *)id.p,
        .key_usage = CERT_KEY_CERT_SIGN | CERT_CRL_SIGN,
        .basic = CERT_BASIC_CA,
    });
}

struct slice cert_authority_name(struct arena *a, const char *name)
{
    const struct cert_text common_name = {.octets = slice_of(name)};
    return subject_field(a, &(struct cert_options){.organisation = "Example", .common_names = &common_name,
                                                   .common_name_count = 1});
}
