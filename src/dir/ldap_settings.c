/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dn.h"
#include "base/escape.h"
#include "dir/ldap_private.h"

enum { TEXT_CAP = 120 };

/* A URI of ours names a server and nothing else (RFC 4516 would allow a base, a filter and extensions). */
static enum rc check_form(const char *uri, const char *shown, struct fault *fault)
{
    LDAPURLDesc *u = NULL;
    bool ok = ldap_url_parse(uri, &u) == LDAP_URL_SUCCESS;
    bool plain = ok && !(u->lud_dn && *u->lud_dn) && !u->lud_attrs && !u->lud_filter && !u->lud_exts;
    ldap_free_urldesc(u);
    if (!plain)
        return fault_set(fault, RC_INVALID,
                         "%s: not the URI of a server; write ldapi://%%2Fpath%%2Fto%%2Fsocket, "
                         "ldaps://host:port or ldap://host:port",
                         shown);
    return RC_OK;
}

bool ldap_uri_is(const char *uri, const char *scheme)
{
    struct slice s = slice_of(uri), with = slice_of(scheme);
    return slice_eq_nocase(slice_upto(s, with.n), with);
}

bool ldap_uri_has_tls(const char *uri, const struct dir_settings *settings)
{
    return ldap_uri_is(uri, "ldaps://") || (settings->tls.start_tls && ldap_uri_is(uri, "ldap://"));
}

/* @source RFC 4513 section 5.2.3: SASL EXTERNAL takes the identity from below LDAP */
static enum rc check_bind(const char *uri, const char *shown, const struct dir_settings *settings, struct fault *fault)
{
    bool has_tls = ldap_uri_has_tls(uri, settings);
    if (settings->bind == DIR_BIND_EXTERNAL && !(has_tls && settings->tls.cert_file))
        return fault_set(fault, RC_INVALID,
                         "%s: a bind of method external needs ldapi://, where the server asks the kernel who we are, "
                         "or TLS with a client certificate: set directory.tls.cert_file and key_file",
                         shown);
    if (!has_tls && !settings->allow_plaintext)
        return fault_set(fault, RC_INVALID,
                         "%s: the password would travel in the clear; use ldaps://, or ldapi:// on the directory's own "
                         "host, or set directory.tls.start_tls: required; or allow_plaintext: true if you accept that",
                         shown);
    return RC_OK;
}

static enum rc check_uri(const char *uri, const struct dir_settings *settings, struct fault *fault)
{
    char shown[TEXT_CAP + 1] = {0};
    enum rc rc = RC_OK;
    escape_write(slice_of(uri), "", (uint8_t *)shown, TEXT_CAP);
    if (!ldap_uri_is(uri, "ldapi://")) {
        if (!ldap_uri_is(uri, "ldap://") && !ldap_uri_is(uri, "ldaps://"))
            return fault_set(fault, RC_INVALID, "%s: unknown kind of URI; ldaps://, ldapi:// and ldap:// are supported",
                             shown);
        rc = check_bind(uri, shown, settings, fault);
    }
    return rc == RC_OK ? check_form(uri, shown, fault) : rc;
}

/* Where no connection is to be over TLS, what is said of it does not matter. */
static enum rc check_tls(const struct dir_settings *settings, struct fault *fault)
{
    for (size_t i = 0; settings->uris[i]; i++)
        if (ldap_uri_has_tls(settings->uris[i], settings))
            return ldap_tls_check_files(&settings->tls, fault);
    return RC_OK;
}

static enum rc check_simple(const struct dir_settings *settings, struct fault *fault)
{
    struct slice dn = slice_of(settings->bind_dn);
    if (dn.n == 0)
        return fault_set(fault, RC_INVALID,
                         "the bind DN is empty; a simple bind without a name would succeed as "
                         "nobody: set bind.dn, or use method external");
    if (!dn_ok(dn)) {
        char shown[TEXT_CAP + 1] = {0};
        escape_write(dn, "", (uint8_t *)shown, TEXT_CAP);
        return fault_set(fault, RC_INVALID, "the bind DN \"%s\" is not a distinguished name (RFC 4514)", shown);
    }
    return RC_OK;
}

enum rc ldap_settings_check(const struct dir_settings *settings, struct fault *fault)
{
    if (!settings->uris || !settings->uris[0])
        return fault_set(fault, RC_INVALID, "no directory server is named; set directory.uri");
    if (settings->timeout_s == 0)
        return fault_set(fault, RC_INVALID, "timeout_s is 0; it must be at least 1");
    enum rc rc = settings->bind == DIR_BIND_SIMPLE ? check_simple(settings, fault) : RC_OK;
    for (size_t i = 0; rc == RC_OK && settings->uris[i]; i++)
        rc = check_uri(settings->uris[i], settings, fault);
    return rc == RC_OK ? check_tls(settings, fault) : rc;
}
