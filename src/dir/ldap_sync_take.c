/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hex.h"
#include "dir/ldap_sync.h"

#include <stdlib.h>

enum { BASE_CAP = 120, NAME_CAP = 120 };

/* One message while it is handled. */
struct turn {
    struct dir_sync *s;
    struct sync_scope *scope;
    LDAPMessage *message;
    enum dir_sync_event event; /* of the ids of a set */
    struct fault *fault;
};

void sync_cookie_keep(struct sync_cookie *c, struct slice from)
{
    if (from.n == 0)
        return;
    uint8_t *p = realloc(c->p, from.n);
    if (!p)
        arena_exhausted(from.n);
    memcpy(p, from.p, from.n);
    *c = (struct sync_cookie){p, from.n};
}

const char *sync_where(const struct dir_sync *s, const struct sync_scope *scope)
{
    return (const char *)arena_format(&s->d->work, "%s: content synchronization below \"%s\"", s->d->uri,
                                      ldap_printable_dn(s->d, scope->base, BASE_CAP))
        .p;
}

static enum rc malformed(const struct turn *t, const char *what)
{
    return fault_set(t->fault, RC_FAULT, "%s: %s (RFC 4533); nothing is concluded from it", sync_where(t->s, t->scope),
                     what);
}

static enum rc keep_cookie(const struct turn *t, struct slice cookie)
{
    if (cookie.n > SYNC_COOKIE_MAX)
        return malformed(t, "the server sent a cookie of more than 64 KiB");
    sync_cookie_keep(t->scope->stage == SYNC_REFRESH ? &t->scope->coming : &t->scope->good, cookie);
    return RC_OK;
}

/*
 * What a dircertSubjectId says: the attribute, and its value as the directory writes it.  The ids that 389-ds sends are
 * the octets of nsUniqueId, which is written in four groups.
 */
static void tell(const struct dir_sync *s, enum dir_sync_event event, struct slice id, struct slice dn)
{
    enum { OF_UUID = 1, OF_UNIQUE_ID = 2 };
    static const uint8_t dash_before[SYNC_ID_OCTETS] = {
        [4] = OF_UUID | OF_UNIQUE_ID, [6] = OF_UUID, [8] = OF_UUID | OF_UNIQUE_ID, [10] = OF_UUID, [12] = OF_UNIQUE_ID};
    uint8_t text[64];
    struct slice name = slice_of(s->d->dir.capabilities.stable_id_attribute);
    uint8_t form = slice_eq(name, SLICE_LITERAL("nsUniqueId")) ? OF_UNIQUE_ID : OF_UUID;
    size_t n = name.n;
    memcpy(text, name.p, n);
    text[n++] = ':';
    for (size_t i = 0; i < SYNC_ID_OCTETS; i++) {
        if (dash_before[i] & form)
            text[n++] = '-';
        hex_write(slice_make(id.p + i, 1), text + n);
        n += 2;
    }
    s->sink.entry(s->sink.context, event, slice_make(text, n), dn);
}

/*
 * What nobody named is gone only after a present phase (section 3.3.1).  389-ds ends a refresh that held changes only
 * with the words that end a present phase; so without one id of it, where it is not known what the server means,
 * nothing is concluded but that somebody has to look.  So too where the base itself was told as changed, which it
 * seldom is: a slapd that can make nothing of a cookie names all entries and says that deletes were named.
 */
static void end_refresh(const struct turn *t, bool deletes)
{
    struct sync_scope *scope = t->scope;
    const struct dir_sync_sink *sink = &t->s->sink;
    bool is_over = scope->is_present_over || !deletes;
    bool is_believed = scope->has_present || (scope->is_present_over && t->s->d->is_openldap);
    bool is_whole = !scope->had_cookie || (is_over && is_believed);
    scope->stage = t->s->persists ? SYNC_PERSIST : SYNC_REST;
    sync_cookie_keep(&scope->good, slice_make(scope->coming.p, scope->coming.n));
    if (!is_whole && (is_over || scope->has_present || scope->has_base) && sink->in_doubt)
        sink->in_doubt(sink->context, (size_t)(scope - t->s->scopes));
    if (sink->refreshed)
        sink->refreshed(sink->context, (size_t)(scope - t->s->scopes), is_whole, !scope->had_cookie);
}

/* Whether an entry may be told as present now: in a refresh that began with a cookie. */
static enum rc take_present(const struct turn *t)
{
    if (t->scope->stage != SYNC_REFRESH || !t->scope->had_cookie)
        return malformed(t, "an entry was named as present outside of a present phase");
    t->scope->has_present = true;
    return RC_OK;
}

static enum rc take_state(const struct turn *t, const struct sync_state *state, struct slice dn)
{
    static const enum dir_sync_event events[] = {[LDAP_SYNC_PRESENT] = DIR_SYNC_PRESENT,
                                                 [LDAP_SYNC_ADD] = DIR_SYNC_CHANGED,
                                                 [LDAP_SYNC_MODIFY] = DIR_SYNC_CHANGED,
                                                 [LDAP_SYNC_DELETE] = DIR_SYNC_GONE};
    enum rc rc = state->state == LDAP_SYNC_PRESENT ? take_present(t) : RC_OK;
    if (rc != RC_OK)
        return rc;
    t->scope->has_base |= t->scope->stage == SYNC_REFRESH && slice_eq_nocase(dn, t->scope->base);
    tell(t->s, events[state->state], state->id, dn);
    return keep_cookie(t, state->cookie);
}

static enum rc take_entry(const struct turn *t)
{
    LDAP *ld = t->s->d->ld;
    BerElement *ber = NULL;
    struct berval dn = {0};
    LDAPControl **controls = NULL;
    struct sync_state state;
    enum rc rc;
    if (ldap_get_dn_ber(ld, t->message, &ber, &dn) != LDAP_SUCCESS ||
        ldap_get_entry_controls(ld, t->message, &controls) != LDAP_SUCCESS)
        rc = malformed(t, "an entry does not decode");
    else {
        const LDAPControl *c = ldap_control_find(LDAP_CONTROL_SYNC_STATE, controls, NULL);
        if (!c)
            rc = malformed(t, "an entry came without its Sync State Control");
        else if (!sync_state_read(&c->ldctl_value, &state))
            rc = malformed(t, "a Sync State Control does not decode");
        else
            rc = take_state(t, &state, slice_make(dn.bv_val, dn.bv_len));
    }
    ldap_controls_free(controls);
    ber_free(ber, 0);
    return rc;
}

static void take_id(void *context, struct slice id)
{
    const struct turn *t = context;
    tell(t->s, t->event, id, slice_make("", 0));
}

static enum rc take_phase(const struct turn *t, const struct sync_info *info)
{
    bool deletes = info->kind == LDAP_TAG_SYNC_REFRESH_DELETE;
    if (t->scope->stage != SYNC_REFRESH)
        return malformed(t, "a phase of the refresh ended after the refresh");
    t->scope->is_present_over |= !deletes;
    enum rc rc = keep_cookie(t, info->cookie);
    if (rc == RC_OK && info->refresh_done && t->s->persists)
        end_refresh(t, deletes);
    return rc;
}

static enum rc take_set(struct turn *t, const struct sync_info *info, const struct berval *value)
{
    struct sync_info again;
    enum rc rc = info->deletes ? RC_OK : take_present(t);
    if (rc != RC_OK)
        return rc;
    t->event = info->deletes ? DIR_SYNC_GONE : DIR_SYNC_PRESENT;
    if (!sync_info_read(value, &again, take_id, t))
        return malformed(t, "a set of ids does not decode");
    return keep_cookie(t, info->cookie);
}

static enum rc take_value(struct turn *t, const struct berval *value)
{
    struct sync_info info;
    if (!sync_info_read(value, &info, NULL, NULL))
        return malformed(t, "a Sync Info Message does not decode");
    switch (info.kind) {
    case LDAP_TAG_SYNC_NEW_COOKIE:
        return keep_cookie(t, info.cookie);
    case LDAP_TAG_SYNC_ID_SET:
        return take_set(t, &info, value);
    default:
        return take_phase(t, &info);
    }
}

static enum rc take_intermediate(struct turn *t)
{
    char *oid = NULL;
    struct berval *value = NULL;
    enum rc rc;
    if (ldap_parse_intermediate(t->s->d->ld, t->message, &oid, &value, NULL, 0) != LDAP_SUCCESS)
        rc = malformed(t, "an intermediate message does not decode");
    else if (!oid || strcmp(oid, LDAP_SYNC_INFO) != 0)
        rc = fault_set(t->fault, RC_FAULT, "%s: an intermediate message of an unknown kind (%s) came",
                       sync_where(t->s, t->scope), ldap_printable(t->s->d, slice_of(oid), NAME_CAP));
    else
        rc = take_value(t, value);
    ldap_memfree(oid);
    ber_bvfree(value);
    return rc;
}

/* A reference means that a part of the tree is elsewhere, and that its changes would be missed. */
static enum rc take_reference(const struct turn *t)
{
    char **urls = NULL;
    if (ldap_parse_reference(t->s->d->ld, t->message, &urls, NULL, 0) != LDAP_SUCCESS)
        urls = NULL;
    enum rc rc = fault_set(
        t->fault, RC_FAULT,
        "%s: part of it is on another server, %s, and referrals are not followed; narrow the base so "
        "that it leaves that part out",
        sync_where(t->s, t->scope), urls ? ldap_urls_text(t->s->d, urls) : "which the answer does not name readably");
    ber_memvfree((void **)urls);
    return rc;
}

/* The answer that ends a search, when it is not success. */
static enum rc judge(const struct turn *t, const struct ldap_answer *answer)
{
    const char *text = ldap_answer_text(t->s->d, answer), *at = sync_where(t->s, t->scope);
    bool is_cookie = t->scope->had_cookie && !t->scope->has_named;
    switch (answer->code) {
    case LDAP_SYNC_REFRESH_REQUIRED:
        return fault_set(t->fault, RC_CONFLICT, "%s: the cookie is of no use any more: %s", at, text);
    case LDAP_PROTOCOL_ERROR:
    case LDAP_UNWILLING_TO_PERFORM:
        if (is_cookie)
            return fault_set(t->fault, RC_CONFLICT, "%s: the cookie was refused: %s", at, text);
        return fault_set(t->fault, RC_INVALID, "%s: the server refuses it: %s; " SYNCPROV_REMEDY, at, text);
    case LDAP_UNAVAILABLE_CRITICAL_EXTENSION:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_INAPPROPRIATE_AUTH:
        return fault_set(t->fault, RC_INVALID, "%s: the server refuses it: %s; " SYNCPROV_REMEDY, at, text);
    case LDAP_NO_SUCH_OBJECT:
        return fault_set(t->fault, RC_NOT_FOUND, "%s: the base is not there, or our account may not see it: %s", at,
                         text);
    case LDAP_SIZELIMIT_EXCEEDED:
    case LDAP_TIMELIMIT_EXCEEDED:
    case LDAP_ADMINLIMIT_EXCEEDED:
        return fault_set(t->fault, RC_FAULT, "%s: a limit of the server ended it: %s; lift the limits of our account",
                         at, text);
    case LDAP_REFERRAL:
        return fault_set(t->fault, RC_FAULT,
                         "%s: the server sends us elsewhere, and referrals are not followed: %s; name the right server "
                         "in directory.uri",
                         at, text);
    default:
        return fault_set(t->fault, RC_FAULT, "%s: it ended: %s", at, text);
    }
}

static enum rc take_success(const struct turn *t, LDAPControl **controls)
{
    struct sync_done done;
    const LDAPControl *c = ldap_control_find(LDAP_CONTROL_SYNC_DONE, controls, NULL);
    if (t->s->persists)
        return fault_set(t->fault, RC_FAULT, "%s: the server ended it", sync_where(t->s, t->scope));
    if (!c)
        return malformed(t, "the end came without its Sync Done Control");
    if (!sync_done_read(&c->ldctl_value, &done))
        return malformed(t, "a Sync Done Control does not decode");
    enum rc rc = keep_cookie(t, done.cookie);
    if (rc == RC_OK)
        end_refresh(t, done.refresh_deletes);
    return rc;
}

static enum rc take_end(const struct turn *t)
{
    struct ldap_answer answer = {0};
    enum rc rc;
    t->scope->id = 0;
    if (!ldap_answer_read(t->s->d, t->message, &answer))
        rc = ldap_die(t->s->d, t->fault, "the end of a content synchronization does not decode");
    else
        rc = answer.code == LDAP_SUCCESS ? take_success(t, answer.controls) : judge(t, &answer);
    ldap_answer_free(&answer);
    return rc;
}

static struct sync_scope *scope_of(const struct dir_sync *s, int id)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->scopes[i].id == id && id > 0)
            return &s->scopes[i];
    return NULL;
}

enum rc sync_take(struct dir_sync *s, LDAPMessage *message, int type, struct fault *fault)
{
    struct turn t = {.s = s, .scope = scope_of(s, ldap_msgid(message)), .message = message, .fault = fault};
    enum rc rc = RC_OK;
    if (!t.scope) /* to a search that was abandoned on this handle before */
        return RC_OK;
    if (type == LDAP_RES_SEARCH_ENTRY)
        rc = take_entry(&t);
    else if (type == LDAP_RES_INTERMEDIATE)
        rc = take_intermediate(&t);
    else if (type == LDAP_RES_SEARCH_REFERENCE)
        rc = take_reference(&t);
    else if (type == LDAP_RES_SEARCH_RESULT)
        rc = take_end(&t);
    else
        rc =
            fault_set(fault, RC_FAULT, "%s: a message of an unexpected kind (0x%x) came", sync_where(s, t.scope), type);
    t.scope->has_named = true;
    return rc;
}
