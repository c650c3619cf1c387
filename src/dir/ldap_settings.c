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
                         "%s: not the URI of a server; write ldapi://%%2Fpath%%2Fto%%2Fsocket or "
                         "ldap://host:port",
                         shown);
    return RC_OK;
}

static bool has_scheme(const char *uri, const char *scheme)
{
    struct slice s = slice_of(uri), with = slice_of(scheme);
    return slice_eq_nocase(slice_upto(s, with.n), with);
}

static enum rc check_uri(const char *uri, const struct dir_settings *settings, struct fault *fault)
{
    char shown[TEXT_CAP + 1] = {0};
    escape_write(slice_of(uri), "", (uint8_t *)shown, TEXT_CAP);
    if (has_scheme(uri, "ldapi://"))
        return check_form(uri, shown, fault);
    if (has_scheme(uri, "ldaps://"))
        return fault_set(fault, RC_INVALID, "%s: TLS is not supported yet; use ldapi:// on the directory's own host",
                         shown);
    if (!has_scheme(uri, "ldap://"))
        return fault_set(fault, RC_INVALID, "%s: unknown kind of URI; ldapi:// and ldap:// are supported", shown);
    if (settings->bind == DIR_BIND_EXTERNAL)
        return fault_set(fault, RC_INVALID,
                         "%s: a bind of method external needs ldapi://, where the server asks the "
                         "kernel who we are",
                         shown);
    if (!settings->allow_plaintext)
        return fault_set(fault, RC_INVALID,
                         "%s: the password would travel in the clear; use ldapi://, or set "
                         "allow_plaintext: true if you accept that",
                         shown);
    return check_form(uri, shown, fault);
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
    if (!settings->password_file || !*settings->password_file)
        return fault_set(fault, RC_INVALID, "a simple bind needs a password file: set bind.password_file");
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
    return rc;
}
