/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a handshake failed.  libldap does not tell a certificate that was not accepted from any other failure, and keeps
 * nothing of it.  So a second connection asks for the certificate, accepts whatever comes, says nothing on it, and is
 * closed; what the first one refused stays refused.
 */
#include "base/der.h"
#include "base/gentime.h"
#include "dir/ldap_private.h"

#include <arpa/inet.h>
#include <time.h>

enum { NAME_CAP = 80, PATH_CAP = 120, UTC_TIME_LEN = 13 };

/* What is told of a certificate.  @source RFC 5280 section 4.1 */
struct shown {
    struct slice issuer; /* its last Common Name or, without one, nothing */
    int64_t not_before_utc, not_after_utc;
    struct slice names; /* GeneralNames of its subjectAltName; empty: none */
};

/* @source RFC 5280 section 4.1.2.5.1: two digits of a year below 50 are of this century */
static bool read_time(struct slice *cursor, int64_t *at_utc)
{
    struct der_element e;
    uint8_t text[GENTIME_LEN] = "20";
    if (!der_next(cursor, &e))
        return false;
    if (e.tag == DER_GENERALIZED_TIME)
        return gentime_read(e.content, at_utc);
    if (e.tag != DER_UTC_TIME || e.content.n != UTC_TIME_LEN)
        return false;
    if (e.content.p[0] >= '5')
        text[0] = '1', text[1] = '9';
    memcpy(text + 2, e.content.p, UTC_TIME_LEN);
    return gentime_read(slice_make(text, GENTIME_LEN), at_utc);
}

static struct slice common_name(struct slice name)
{
    static const struct slice cn = SLICE_LITERAL("\x55\x04\x03");
    struct slice found = {NULL, 0};
    struct der_element set, pair, type, value;
    while (der_expect(&name, DER_SET, &set))
        while (der_expect(&set.content, DER_SEQUENCE, &pair))
            if (der_expect(&pair.content, DER_OID, &type) && slice_eq(type.content, cn) &&
                der_next(&pair.content, &value))
                found = value.content;
    return found;
}

/* @source RFC 5280 section 4.2.1.6 */
static struct slice alternative_names(struct slice tbs)
{
    static const struct slice san = SLICE_LITERAL("\x55\x1d\x11");
    struct slice none = {NULL, 0};
    struct der_element e = {0}, list, extension, oid, value, names;
    while (der_next(&tbs, &e) && e.tag != (DER_CONTEXT | DER_CONSTRUCTED | 3))
        ;
    if (e.tag != (DER_CONTEXT | DER_CONSTRUCTED | 3) || !der_expect(&e.content, DER_SEQUENCE, &list))
        return none;
    while (der_expect(&list.content, DER_SEQUENCE, &extension)) {
        bool is_san = der_expect(&extension.content, DER_OID, &oid) && slice_eq(oid.content, san);
        while (is_san && der_next(&extension.content, &value))
            if (value.tag == DER_OCTET_STRING)
                return der_expect(&value.content, DER_SEQUENCE, &names) ? names.content : none;
    }
    return none;
}

/* A wildcard stands for one whole label, the left-most.  @source RFC 9525 section 6.3 */
static bool matches_name(struct slice pattern, struct slice host)
{
    const uint8_t *dot = host.n ? memchr(host.p, '.', host.n) : NULL;
    if (pattern.n > 2 && pattern.p[0] == '*' && pattern.p[1] == '.' && dot)
        return slice_eq_nocase(slice_from(pattern, 1), slice_from(host, (size_t)(dot - host.p)));
    return slice_eq_nocase(pattern, host);
}

static bool is_made_out_to(struct slice names, const char *host)
{
    enum { DNS = DER_CONTEXT | 2, IP = DER_CONTEXT | 7 };
    uint8_t octets[sizeof(struct in6_addr)];
    struct slice address = {NULL, 0};
    struct der_element name;
    if (inet_pton(AF_INET, host, octets) == 1)
        address = slice_make(octets, sizeof(struct in_addr));
    else if (inet_pton(AF_INET6, host, octets) == 1)
        address = slice_make(octets, sizeof(struct in6_addr));
    while (der_next(&names, &name))
        if (address.n ? name.tag == IP && slice_eq(name.content, address)
                      : name.tag == DNS && matches_name(name.content, slice_of(host)))
            return true;
    return false;
}

static bool read_certificate(struct slice der, struct shown *out)
{
    struct der_element certificate, tbs, skipped, issuer, validity;
    if (!der_expect(&der, DER_SEQUENCE, &certificate) || !der_expect(&certificate.content, DER_SEQUENCE, &tbs))
        return false;
    if (der_is(tbs.content, DER_CONTEXT | DER_CONSTRUCTED) && !der_next(&tbs.content, &skipped)) /* version */
        return false;
    if (!der_expect(&tbs.content, DER_INTEGER, &skipped) || !der_expect(&tbs.content, DER_SEQUENCE, &skipped) ||
        !der_expect(&tbs.content, DER_SEQUENCE, &issuer) || !der_expect(&tbs.content, DER_SEQUENCE, &validity))
        return false;
    out->issuer = common_name(issuer.content);
    out->names = alternative_names(tbs.content);
    return read_time(&validity.content, &out->not_before_utc) && read_time(&validity.content, &out->not_after_utc);
}

static const char *time_text(struct ldap_dir *d, int64_t at_utc)
{
    uint8_t text[GENTIME_LEN];
    gentime_write(at_utc, text);
    return (const char *)arena_format(&d->work, "%.4s-%.2s-%.2s", (const char *)text, (const char *)text + 4,
                                      (const char *)text + 6)
        .p;
}

static enum rc wrong_name(struct ldap_dir *d, const char *host, bool has_names, struct fault *fault)
{
    return fault_set(fault, RC_FAULT,
                     "the server's certificate is not made out to \"%s\"%s; write the host in directory.uri as it "
                     "stands in the certificate's subjectAltName%s, or give the server a certificate for that name",
                     ldap_printable(d, slice_of(host), NAME_CAP),
                     strcmp(host, "localhost") == 0 ? " (which libldap takes for this machine's own name)" : "",
                     has_names ? "" : " (it has none, and a Common Name alone does not count)");
}

static enum rc judge(struct ldap_dir *d, const char *host, const struct dir_tls *tls, struct slice der,
                     struct fault *fault)
{
    struct shown c = {0};
    int64_t now_utc = (int64_t)time(NULL);
    if (!read_certificate(der, &c))
        return fault_set(fault, RC_FAULT, "the server's certificate does not decode; give the server another one");
    const char *issuer = ldap_printable(d, c.issuer, NAME_CAP);
    if (c.not_after_utc < now_utc)
        return fault_set(fault, RC_FAULT,
                         "the server's certificate (issuer \"%s\") expired on %s; renew it, or look at this machine's "
                         "clock",
                         issuer, time_text(d, c.not_after_utc));
    if (c.not_before_utc > now_utc)
        return fault_set(
            fault, RC_FAULT,
            "the server's certificate (issuer \"%s\") is not valid before %s; look at this machine's clock", issuer,
            time_text(d, c.not_before_utc));
    if (!is_made_out_to(c.names, host))
        return wrong_name(d, host, c.names.n > 0, fault);
    const char *where = tls->ca_file        ? tls->ca_file
                        : tls->ca_directory ? tls->ca_directory
                                            : ldap_tls_system_authorities();
    return fault_set(fault, RC_FAULT,
                     "no authority in %s vouches for the server's certificate (issuer \"%s\"); name the file of that "
                     "authority in directory.tls.ca_file, and have the server send the certificates in between",
                     where ? ldap_printable(d, slice_of(where), PATH_CAP) : "this system", issuer);
}

/* The certificate that the server shows, to be freed with ber_memfree; empty: there was no handshake. */
static struct berval fetch(struct ldap_dir *d, const char *uri, const struct dir_settings *settings, int64_t until_ms)
{
    struct berval der = {0};
    struct fault unused = {0};
    struct ldap_dir other = {.fd = -1, .timeout_s = d->timeout_s};
    bool is_late;
    memcpy(other.uri, d->uri, sizeof other.uri);
    dir_set_watch(&other.dir, d->dir.watch, d->dir.watch_context);
    if (ldap_open_handle(&other, uri, until_ms, &unused) == RC_OK &&
        (ldap_uri_is(uri, "ldaps://") || ldap_tls_ask(&other, until_ms, &unused) == RC_OK) &&
        ldap_tls_set_options(other.ld, &settings->tls, false) && ldap_tls_handshake(&other, until_ms, &is_late) &&
        ldap_get_option(other.ld, LDAP_OPT_X_TLS_PEERCERT, &der) != LDAP_OPT_SUCCESS)
        der = (struct berval){0};
    if (other.ld)
        ldap_unbind_ext(other.ld, NULL, NULL);
    d->is_interrupted |= other.is_interrupted;
    arena_free(&other.work);
    return der;
}

enum rc ldap_tls_explain(struct ldap_dir *d, const char *uri, const struct dir_settings *settings, int64_t until_ms,
                         const char *said, struct fault *fault)
{
    struct berval der = fetch(d, uri, settings, until_ms);
    LDAPURLDesc *u = NULL;
    bool has_host = ldap_url_parse(uri, &u) == LDAP_URL_SUCCESS && u->lud_host && *u->lud_host;
    if (der.bv_val)
        judge(d, has_host ? u->lud_host : "localhost", &settings->tls, slice_make(der.bv_val, der.bv_len), fault);
    else
        fault_set(fault, RC_FAULT,
                  "TLS can't be started: %s; does the server speak TLS 1.2 or later on this port (ldaps:// usually "
                  "has port 636; ldap:// needs directory.tls.start_tls: required)%s?",
                  said, settings->tls.cert_file ? "" : ", and does it demand a client certificate (tls.cert_file)");
    ldap_free_urldesc(u);
    ber_memfree(der.bv_val);
    return RC_FAULT;
}
