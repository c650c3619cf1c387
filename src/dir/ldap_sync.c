/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_sync.h"
#include "base/hex.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

/* A step returns after as many messages, or as long: the caller has other things to do too. */
enum { STEP_MESSAGES = 1000, STEP_MS = 50 };
/* A host that is gone is noticed after a minute (tcp(7)). */
enum { KEEP_IDLE_S = 30, KEEP_INTERVAL_S = 10, KEEP_PROBES = 3 };

static bool is_at_rest(const struct dir_sync *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->scopes[i].stage != SYNC_REST)
            return false;
    return true;
}

/* Nothing whole is here.  In a refresh that is silence, which ends; afterwards it is the usual state. */
static enum rc bear_silence(struct dir_sync *s, struct fault *fault)
{
    int64_t now_ms = monotonic_ms();
    if (dir_sync_is_refreshed(s) || s->silent_since_ms == 0) {
        s->silent_since_ms = now_ms;
        return RC_OK;
    }
    if (now_ms - s->silent_since_ms < (int64_t)s->d->timeout_s * 1000)
        return RC_OK;
    return ldap_die(s->d, fault,
                    "no word of a content synchronization for %u s; is the server overloaded or stopped? "
                    "(directory.timeout_s says how long to wait)",
                    s->d->timeout_s);
}

static enum rc work(struct dir_sync *s, int wait_ms, struct fault *fault)
{
    struct arena_mark mark = arena_mark(&s->d->work);
    int64_t begin_ms = monotonic_ms();
    for (size_t handled = 0; handled < STEP_MESSAGES && !is_at_rest(s);) {
        LDAPMessage *message;
        int type;
        enum rc rc = ldap_look(s->d, LDAP_RES_ANY, &message, &type, fault);
        int64_t gone_ms = monotonic_ms() - begin_ms;
        if (rc == RC_OK && !message) {
            rc = bear_silence(s, fault);
            if (rc == RC_OK && (handled || gone_ms >= wait_ms))
                return RC_OK;
            if (rc == RC_OK)
                ldap_rest(s->d, wait_ms - gone_ms);
        } else if (rc == RC_OK) {
            s->silent_since_ms = 0;
            handled++;
            rc = sync_take(s, message, type, fault);
            ldap_msgfree(message);
            arena_reset(&s->d->work, mark);
        }
        if (rc != RC_OK)
            return rc;
        if (handled && gone_ms >= (wait_ms > STEP_MS ? wait_ms : STEP_MS))
            return RC_OK;
    }
    return RC_OK;
}

enum rc dir_sync_step(struct dir_sync *s, int wait_ms, struct fault *fault)
{
    struct fault why = {0};
    if (s->rc != RC_OK)
        return fault_set(fault, s->rc, "%s", s->why.text);
    enum rc rc = ldap_begin(s->d, &why);
    if (rc == RC_OK)
        rc = work(s, wait_ms, &why);
    if (rc == RC_OK)
        return rc;
    if (!s->d->is_interrupted || s->d->dead) {
        s->rc = rc;
        s->why = why;
    }
    return fault_set(fault, rc, "%s", why.text);
}

static void outlive_a_dead_host(int fd)
{
    static const int options[][2] = {
        {TCP_KEEPIDLE, KEEP_IDLE_S}, {TCP_KEEPINTVL, KEEP_INTERVAL_S}, {TCP_KEEPCNT, KEEP_PROBES}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) /* on a socket of this machine they do nothing */
        setsockopt(fd, IPPROTO_TCP, options[i][0], &options[i][1], sizeof options[i][1]);
}

static enum rc send_search(struct dir_sync *s, struct sync_scope *scope, struct fault *fault)
{
    char none[] = LDAP_NO_ATTRS, *attributes[] = {none, NULL};
    char *base = ldap_c_string(s->d, scope->base);
    if (!base)
        return fault_set(fault, RC_INVALID, "%s: a NUL octet in the base", sync_where(s, scope));
    if (!ldap_goes_on(s->d, fault))
        return RC_FAULT;
    scope->had_cookie = scope->good.n > 0;
    LDAPControl *control = sync_request(s->persists, slice_make(scope->good.p, scope->good.n));
    if (!control)
        arena_exhausted(scope->good.n);
    int code = ldap_search_ext(s->d->ld, base, s->ldap_scope, "(objectClass=*)", attributes, 0,
                               (LDAPControl *[]){control, NULL}, NULL, NULL, 0, &scope->id);
    ldap_control_free(control);
    return code == LDAP_SUCCESS ? RC_OK : ldap_broke(s->d, code, fault);
}

static struct dir_sync *new_sync(struct ldap_dir *d, const struct dir_sync_settings *settings,
                                 const struct dir_sync_sink *sink)
{
    struct dir_sync *s = calloc(1, sizeof *s);
    if (!s)
        arena_exhausted(sizeof *s);
    s->d = d;
    s->sink = *sink;
    s->persists = settings->persists;
    s->ldap_scope = LDAP_SCOPE_SUBTREE;
    s->count = settings->base_count;
    s->scopes = ARENA_ARRAY(&s->arena, s->count, struct sync_scope);
    for (size_t i = 0; i < s->count; i++)
        s->scopes[i].base = arena_copy(&s->arena, settings->bases[i]);
    return s;
}

static bool read_hex(struct dir_sync *s, struct slice hex, struct sync_scope *scope)
{
    uint8_t *octets = arena_alloc(&s->arena, hex.n / 2 + 1);
    if (hex.n == 0 || hex.n > 2 * SYNC_COOKIE_MAX || !hex_is(hex, hex.n / 2))
        return false;
    for (size_t i = 0; i < hex.n / 2; i++)
        octets[i] = (uint8_t)(hex_digit(hex.p[2 * i]) << 4 | hex_digit(hex.p[2 * i + 1]));
    sync_cookie_keep(&scope->good, slice_make(octets, hex.n / 2));
    return true;
}

/* What dir_sync_cookies wrote: one word of hexadecimal for each scope. */
static enum rc read_cookies(struct dir_sync *s, const char *text, struct fault *fault)
{
    struct slice rest = slice_of(text), word;
    size_t i = 0;
    for (; i < s->count && slice_word(&rest, &word) && read_hex(s, word, &s->scopes[i]); i++)
        ;
    if (i == s->count && !slice_word(&rest, &word))
        return RC_OK;
    return fault_set(fault, RC_CONFLICT, "%s: these are not the cookies of a content synchronization of %zu bases",
                     s->d->uri, s->count);
}

static void ignore(void *context, enum dir_sync_event event, struct slice id, struct slice dn)
{
    (void)context, (void)event, (void)id, (void)dn;
}

/*
 * In OpenLDAP a cookie says how far the database is, whatever was searched for, so one that came with the base alone
 * is good for all below it.
 */
static enum rc begin_with_now(struct dir_sync *s, struct sync_scope *scope, struct fault *fault)
{
    enum { WAIT_MS = 100 };
    const struct dir_sync_settings one = {.bases = &scope->base, .base_count = 1};
    struct dir_sync *probe = new_sync(s->d, &one, &(struct dir_sync_sink){.entry = ignore});
    probe->ldap_scope = LDAP_SCOPE_BASE;
    enum rc rc = send_search(probe, probe->scopes, fault);
    while (rc == RC_OK && !is_at_rest(probe))
        rc = dir_sync_step(probe, WAIT_MS, fault);
    if (rc == RC_OK)
        sync_cookie_keep(&scope->good, slice_make(probe->scopes->good.p, probe->scopes->good.n));
    dir_sync_close(probe);
    return rc;
}

static enum rc start(struct dir_sync *s, const struct dir_sync_settings *settings, struct fault *fault)
{
    enum rc rc = settings->cookies ? read_cookies(s, settings->cookies, fault) : RC_OK;
    bool begins_now = !settings->cookies && settings->begins_now && dir_sync_begins_now(&s->d->dir);
    for (size_t i = 0; i < s->count && rc == RC_OK; i++) {
        if (begins_now)
            rc = begin_with_now(s, &s->scopes[i], fault);
        if (rc == RC_OK)
            rc = send_search(s, &s->scopes[i], fault);
    }
    return rc;
}

enum rc dir_sync_open(struct dir *dir, const struct dir_sync_settings *settings, const struct dir_sync_sink *sink,
                      struct dir_sync **out, struct fault *fault)
{
    *out = NULL;
    if (!dir_sync_is_offered(dir))
        return fault_set(fault, RC_INVALID, "%s: it offers no content synchronization (RFC 4533); " SYNCPROV_REMEDY,
                         dir->capabilities.uri);
    struct ldap_dir *d = (struct ldap_dir *)dir;
    if (ldap_begin(d, fault) != RC_OK)
        return RC_FAULT;
    struct arena_mark mark = arena_mark(&d->work);
    struct dir_sync *s = new_sync(d, settings, sink);
    outlive_a_dead_host(d->fd);
    enum rc rc = start(s, settings, fault);
    arena_reset(&d->work, mark);
    if (rc == RC_OK)
        *out = s;
    else
        dir_sync_close(s);
    return rc;
}

void dir_sync_close(struct dir_sync *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++) {
        if (s->scopes[i].id > 0 && !s->d->dead)
            ldap_abandon_ext(s->d->ld, s->scopes[i].id, NULL, NULL);
        free(s->scopes[i].good.p);
        free(s->scopes[i].coming.p);
    }
    arena_free(&s->text);
    arena_free(&s->arena);
    free(s);
}

bool dir_sync_is_refreshed(const struct dir_sync *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->scopes[i].stage == SYNC_REFRESH)
            return false;
    return true;
}

int dir_sync_fd(const struct dir_sync *s)
{
    return s->d->fd;
}

bool dir_sync_has_message(const struct dir_sync *s)
{
    return s->rc == RC_OK && !s->d->dead && !is_at_rest(s) && ldap_holds_octets(s->d);
}

const char *dir_sync_cookies(const struct dir_sync *s)
{
    struct arena *a = (struct arena *)(uintptr_t)&s->text;
    struct slice text = {0};
    arena_free(a);
    for (size_t i = 0; i < s->count; i++) {
        const struct sync_cookie *c = &s->scopes[i].good;
        uint8_t *hex = arena_alloc(a, 2 * c->n + 1);
        if (c->n == 0)
            return NULL;
        hex_write(slice_make(c->p, c->n), hex);
        text = i ? arena_format(a, "%.*s %s", SLICE_ARGS(text), (const char *)hex) : slice_make(hex, 2 * c->n);
    }
    return (const char *)text.p;
}
