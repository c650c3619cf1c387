/* SPDX-License-Identifier: Apache-2.0 */
#include "base/escape.h"
#include "dir/ldap_private.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static void close_handle(struct dir *dir)
{
    struct ldap_dir *d = (struct ldap_dir *)dir;
    if (d->ld)
        ldap_unbind_ext(d->ld, NULL, NULL); /* closes the socket too */
    arena_free(&d->work);
    arena_free(&d->keep);
    free(d);
}

/* A server ends what is idle for too long without a word. */
static bool is_alive(const struct dir *dir)
{
    const struct ldap_dir *d = (const struct ldap_dir *)dir;
    struct pollfd end = {.fd = d->fd, .events = POLLRDHUP};
    return !d->dead && poll(&end, 1, 0) <= 0;
}

/*
 * The ids that travel are entryUUIDs (RFC 4533 section 1.2), in 389-ds those of nsUniqueId, and must be those that we
 * know entries by.  with_now: a cookie is good for other searches than the one that it came with.
 */
static bool offers_sync(const struct dir *dir, bool with_now)
{
    const struct ldap_dir *d = (const struct ldap_dir *)dir;
    const char *id = dir->capabilities.stable_id_attribute;
    return d->offers_sync && (strcmp(id, "entryUUID") == 0 || strcmp(id, "nsUniqueId") == 0) &&
           (d->is_openldap || !with_now);
}

static const struct dir_operations operations = {
    .search = ldap_search_run,
    .apply = ldap_apply_run,
    .who = ldap_who_run,
    .probe = ldap_probe_run,
    .offers_sync = offers_sync,
    .knows_attribute = ldap_knows_attribute,
    .is_alive = is_alive,
    .close = close_handle,
};

static struct ldap_dir *new_handle(const char *uri, const struct dir_settings *settings)
{
    struct ldap_dir *d = calloc(1, sizeof *d);
    if (!d)
        arena_exhausted(sizeof *d);
    d->dir.operations = &operations;
    d->fd = -1;
    d->timeout_s = settings->timeout_s;
    d->adds_at_once = settings->writes_per_transaction;
    dir_set_watch(&d->dir, settings->watch, settings->watch_context);
    size_t n = escape_write(slice_of(uri), "", (uint8_t *)d->uri, sizeof d->uri - 1);
    d->uri[n] = '\0';
    return d;
}

/*
 * libldap reads ldap.conf, ldaprc and LDAP* at its first use unless told not to, and libsasl2 every plug-in of its
 * folder, with libraries of their own, while a bind as EXTERNAL needs none; a lost peer must not end the program.
 */
static void guard_process(void)
{
    struct sigaction now;
    setenv("LDAPNOINIT", "1", 1);
    setenv("SASL_PATH", "/dev/null", 1);
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

static enum rc try_uri(const char *uri, const struct dir_settings *settings, struct slice password,
                       struct ldap_dir **out, struct fault *fault)
{
    struct ldap_dir *d = new_handle(uri, settings);
    struct fault why = {0};
    enum rc rc = ldap_connect_and_bind(d, uri, settings, password, &why);
    if (rc != RC_OK)
        fault_set(fault, rc, "%s: %s", d->uri, why.text);
    else if (settings->like && settings->like->operations == &operations)
        ldap_discover_like(d, (const struct ldap_dir *)settings->like);
    else
        rc = ldap_discover(d, fault);
    if (rc != RC_OK && d->is_interrupted)
        fault_set(fault, rc, "%s: interrupted", d->uri); /* whatever that looked like to the step that it ended */
    dir_set_watch(&d->dir, NULL, NULL);
    if (rc == RC_OK)
        *out = d;
    else
        close_handle(&d->dir);
    return rc;
}

/*
 * The next server is for one that can't be used.  A refused password ends the search for a server: every further try
 * would count towards an account's lock.
 */
static enum rc try_all(const struct dir_settings *settings, struct slice password, struct ldap_dir **out,
                       struct fault *fault)
{
    struct fault all = {0};
    size_t used = 0;
    enum rc rc = RC_FAULT;
    for (size_t i = 0; settings->uris[i] && rc == RC_FAULT; i++) {
        struct fault one = {0};
        rc = try_uri(settings->uris[i], settings, password, out, &one);
        if (used < sizeof all.text)
            used += (size_t)snprintf(all.text + used, sizeof all.text - used, "%s%s", i ? "; " : "", one.text);
    }
    return rc == RC_OK ? rc : fault_set(fault, rc, "%s", all.text);
}

enum rc dir_open(const struct dir_settings *settings, struct dir **out, struct fault *fault)
{
    uint8_t password[LDAP_PASSWORD_ROOM];
    size_t length = 0;
    struct ldap_dir *d = NULL;
    *out = NULL;
    guard_process();
    enum rc rc = ldap_settings_check(settings, fault);
    if (rc == RC_OK && settings->bind == DIR_BIND_SIMPLE)
        rc = ldap_password_read(settings, password, &length, fault);
    if (rc == RC_OK)
        rc = try_all(settings, slice_make(password, length), &d, fault);
    explicit_bzero(password, sizeof password);
    if (rc == RC_OK)
        *out = &d->dir;
    return rc;
}
