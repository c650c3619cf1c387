/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

#include <limits.h>

enum { BASE_CAP = 120, FILTER_CAP = 120, STREAM_BEGINS = 32 };

struct search {
    struct ldap_dir *d;
    const struct dir_search *asked;
    const struct dir_sink *sink;
    struct fault *fault;
    char *base, *filter;
    size_t count;         /* entries handed over since the last start */
    int page;             /* entries to ask for at once; 0: no paging */
    struct berval cookie; /* where the next page goes on; owned; empty: at the beginning, or at the end */
};

/* "ldapi://…: search below <base> for <filter>" */
static const char *where(const struct search *s)
{
    static const char *const scopes[] = {[DIR_BASE] = "of", [DIR_ONE] = "one level below", [DIR_SUBTREE] = "below"};
    return (const char *)arena_format(&s->d->work, "%s: search %s \"%s\" for %s", s->d->uri, scopes[s->asked->scope],
                                      ldap_printable_dn(s->d, s->asked->base, BASE_CAP),
                                      ldap_printable(s->d, s->asked->filter, FILTER_CAP))
        .p;
}

/* The page to ask for; 0: no paging.  One more than `most` shows whether there are more. */
static int page_size(const struct search *s)
{
    size_t most = s->asked->most;
    return most && most < (size_t)s->page ? (int)most + 1 : s->page;
}

static enum rc not_sent(const struct search *s, int code)
{
    if (code == LDAP_FILTER_ERROR)
        return fault_set(s->fault, RC_INVALID, "%s: that is not a filter (RFC 4515)", where(s));
    return ldap_broke(s->d, code, s->fault);
}

static enum rc send_search(struct search *s, int *id)
{
    static const int scopes[] = {
        [DIR_BASE] = LDAP_SCOPE_BASE, [DIR_ONE] = LDAP_SCOPE_ONELEVEL, [DIR_SUBTREE] = LDAP_SCOPE_SUBTREE};
    int page = page_size(s), most = s->asked->most > INT_MAX ? 0 : (int)s->asked->most;
    LDAPControl *paged = NULL;
    int code = page ? ldap_create_page_control(s->d->ld, page, &s->cookie, 1, &paged) : LDAP_SUCCESS;
    if (code == LDAP_SUCCESS)
        code = ldap_search_ext(s->d->ld, s->base, scopes[s->asked->scope], s->filter,
                               (char **)(uintptr_t)s->asked->attributes, 0, (LDAPControl *[]){paged, NULL}, NULL, NULL,
                               page ? 0 : most, id);
    if (paged)
        ldap_control_free(paged);
    return code == LDAP_SUCCESS ? RC_OK : not_sent(s, code);
}

static bool has_enough(const struct search *s)
{
    return s->asked->most && s->count == s->asked->most;
}

static enum rc hand_over(struct search *s, const struct message_entry *found)
{
    struct entry entry;
    struct fault why;
    why.text[0] = '\0'; /* clearing all of it, for each entry, would show */
    enum rc rc = ldap_entry_read(s->d, found, &entry, &why);
    if (rc != RC_OK)
        return fault_set(s->fault, rc, "%s; while reading the answer to: %s", why.text, where(s));
    s->count++;
    s->d->is_streaming = s->count > STREAM_BEGINS;
    s->sink->entry(s->sink->context, &entry);
    return RC_OK;
}

static enum rc hand_over_message(struct search *s, LDAPMessage *message)
{
    struct message_entry found;
    struct fault why = {0};
    if (has_enough(s))
        return RC_TRUNCATED;
    enum rc rc = ldap_entry_find(s->d, message, &found, &why);
    if (rc != RC_OK)
        return fault_set(s->fault, rc, "%s; while reading the answer to: %s", why.text, where(s));
    return hand_over(s, &found);
}

static enum rc refuse_reference(struct search *s, LDAPMessage *message)
{
    char **urls = NULL;
    if (ldap_parse_reference(s->d->ld, message, &urls, NULL, 0) != LDAP_SUCCESS)
        urls = NULL;
    enum rc rc = fault_set(s->fault, RC_FAULT,
                           "%s: part of it is on another server, %s, and referrals are not "
                           "followed; narrow the base so that it leaves that part out",
                           where(s), urls ? ldap_urls_text(s->d, urls) : "which the answer does not name readably");
    ber_memvfree((void **)urls);
    return rc;
}

static enum rc interrupted(const struct search *s)
{
    return fault_set(s->fault, RC_FAULT, "%s: %s; %zu entries had come, none of them counts", where(s),
                     s->d->dead ? s->d->why_dead : "interrupted", s->count);
}

/* The entries that are here or come, without libldap; RC_OK: the next message is one for it, by *until_ms. */
static enum rc stream(struct search *s, int id, int64_t *until_ms)
{
    struct arena_mark mark = arena_mark(&s->d->work);
    for (enum rc rc = RC_OK; rc == RC_OK; arena_reset(&s->d->work, mark)) {
        struct message_entry found;
        struct fault why;
        bool is_here;
        why.text[0] = '\0';
        *until_ms = LDAP_PATIENCE;
        if (ldap_next_here(s->d, id, until_ms, &found, &is_here, &why) != RC_OK)
            return interrupted(s);
        if (!is_here)
            return RC_OK;
        rc = has_enough(s) ? RC_TRUNCATED : hand_over(s, &found);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

static enum rc receive_message(struct search *s, int id, int64_t until_ms, int *type, struct ldap_answer *answer)
{
    struct ldap_dir *d = s->d;
    struct arena_mark mark = arena_mark(&d->work);
    LDAPMessage *message;
    struct fault why = {0};
    enum rc rc = RC_OK;
    if (ldap_next(d, id, until_ms, &message, type, &why) != RC_OK)
        return interrupted(s);
    if (*type == LDAP_RES_SEARCH_ENTRY)
        rc = hand_over_message(s, message);
    else if (*type == LDAP_RES_SEARCH_REFERENCE)
        rc = refuse_reference(s, message);
    else if (*type != LDAP_RES_SEARCH_RESULT)
        rc = fault_set(s->fault, RC_FAULT, "%s: a message of an unexpected kind (0x%x) came", where(s), *type);
    else if (!ldap_answer_read(d, message, answer))
        rc = ldap_die(d, s->fault, "the end of a search does not decode");
    ldap_msgfree(message);
    arena_reset(&d->work, mark);
    return rc;
}

/* RC_OK and *answer filled at the end of a page; the caller frees it. */
static enum rc receive(struct search *s, int id, struct ldap_answer *answer)
{
    struct ldap_dir *d = s->d;
    enum rc rc = RC_OK;
    int type = 0;
    while (rc == RC_OK && type != LDAP_RES_SEARCH_RESULT) {
        int64_t until_ms = LDAP_PATIENCE;
        if (type == LDAP_RES_SEARCH_ENTRY)
            rc = stream(s, id, &until_ms);
        if (rc == RC_OK)
            rc = receive_message(s, id, until_ms, &type, answer);
    }
    d->is_streaming = false;
    ldap_ahead_forget_pace(d->wire);
    if (rc != RC_OK && type != LDAP_RES_SEARCH_RESULT && !d->dead)
        ldap_abandon_ext(d->ld, id, NULL, NULL);
    return rc;
}

static enum rc over_limit(const struct search *s, const struct ldap_answer *answer)
{
    const char *cure = !s->d->can_page ? "the server offers no paging (RFC 2696): raise the size limit of our account"
                       : s->page == 0  ? "raise the limits of our account"
                                       : "even page by page; raise the limits of our account (slapd: limits "
                                         "dn.exact=\"…\" size.prtotal=unlimited size.pr=1000; 389-ds: "
                                         "nsslapd-sizelimit, nsslapd-lookthroughlimit)";
    return fault_set(s->fault, RC_FAULT,
                     "%s: a limit of the server ended it after %zu entries: %s; none of them counts; "
                     "%s",
                     where(s), s->count, ldap_answer_text(s->d, answer), cure);
}

/* What an answer that is neither success nor a limit on the size means. */
static enum rc judge(const struct search *s, const struct ldap_answer *answer)
{
    const char *text = ldap_answer_text(s->d, answer);
    switch (answer->code) {
    case LDAP_NO_SUCH_OBJECT:
        return fault_set(s->fault, RC_NOT_FOUND, "%s: the base is not there, or our account may not see it: %s",
                         where(s), text);
    case LDAP_INVALID_DN_SYNTAX:
    case LDAP_INVALID_SYNTAX:
    case LDAP_UNDEFINED_TYPE:
    case LDAP_INAPPROPRIATE_MATCHING:
        return fault_set(s->fault, RC_INVALID, "%s: the server refuses the base or the filter: %s", where(s), text);
    case LDAP_INSUFFICIENT_ACCESS:
        return fault_set(s->fault, RC_DENIED, "%s: our account may not do that: %s; grant it search and read", where(s),
                         text);
    case LDAP_TIMELIMIT_EXCEEDED:
        return fault_set(s->fault, RC_FAULT,
                         "%s: the server's time limit ended it after %zu entries: %s; none of them "
                         "counts; raise the time limit of our account, or index what the filter names",
                         where(s), s->count, text);
    case LDAP_REFERRAL:
        return fault_set(s->fault, RC_FAULT,
                         "%s: the server sends us elsewhere, and referrals are not followed: %s; "
                         "name the right server in directory.uri",
                         where(s), text);
    default:
        return fault_set(s->fault, RC_FAULT, "%s: it failed: %s; %zu entries had come, none of them counts", where(s),
                         text, s->count);
    }
}

/* The next way to ask after `code`: smaller pages while the administrative limit is in the way; 0 when there is none.
 */
static int smaller_page(const struct search *s, int code)
{
    static const int pages[] = {1000, 200, 50};
    if (!s->d->can_page || (s->page && code != LDAP_ADMINLIMIT_EXCEEDED))
        return 0;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (s->page == 0 || pages[i] < s->page)
            return pages[i];
    return 0;
}

/* After success with paging: keeps the cookie; a page without its control would hide whether there are more. */
static enum rc keep_cookie(struct search *s, const struct ldap_answer *answer)
{
    LDAPControl *page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, answer->controls, NULL);
    ber_int_t estimate;
    ber_memfree(s->cookie.bv_val);
    s->cookie = (struct berval){0};
    if (page && ldap_parse_pageresponse_control(s->d->ld, page, &estimate, &s->cookie) == LDAP_SUCCESS)
        return RC_OK;
    return fault_set(s->fault, RC_FAULT,
                     "%s: the server answers a paged search without saying whether there are more "
                     "pages (RFC 2696)",
                     where(s));
}

/* What the end of a page means.  *again: nothing counts, start anew with s->page, which was changed. */
static enum rc settle(struct search *s, const struct ldap_answer *answer, bool *again)
{
    if (answer->code == LDAP_SUCCESS)
        return s->page ? keep_cookie(s, answer) : RC_OK;
    if (answer->code != LDAP_SIZELIMIT_EXCEEDED && answer->code != LDAP_ADMINLIMIT_EXCEEDED)
        return judge(s, answer);
    if (s->asked->most && s->count == s->asked->most)
        return RC_TRUNCATED;
    int page = smaller_page(s, answer->code);
    if (page == 0)
        return over_limit(s, answer);
    s->page = page;
    *again = true;
    return RC_OK;
}

/* All pages of the present size. */
static enum rc attempt(struct search *s, bool *again)
{
    enum rc rc;
    do {
        struct ldap_answer answer = {0};
        int id = 0;
        rc = ldap_goes_on(s->d, s->fault) ? send_search(s, &id) : RC_FAULT;
        if (rc == RC_OK)
            rc = receive(s, id, &answer);
        if (rc == RC_OK)
            rc = settle(s, &answer, again);
        ldap_answer_free(&answer);
    } while (rc == RC_OK && !*again && s->cookie.bv_len);
    ber_memfree(s->cookie.bv_val);
    s->cookie = (struct berval){0};
    return rc;
}

static enum rc run(struct search *s)
{
    if (!s->base || !s->filter || !*s->filter)
        return fault_set(s->fault, RC_INVALID, "%s: a NUL octet in the base or the filter, or no filter", where(s));
    for (;;) {
        bool again = false;
        enum rc rc = attempt(s, &again);
        if (!again) {
            if (s->page && (rc == RC_OK || rc == RC_TRUNCATED))
                s->d->page_size = s->page; /* the next search need not find out again */
            return rc;
        }
        s->count = 0;
        if (s->sink->restart)
            s->sink->restart(s->sink->context);
    }
}

enum rc ldap_search_run(struct dir *dir, const struct dir_search *search, const struct dir_sink *sink,
                        struct fault *fault)
{
    struct ldap_dir *d = (struct ldap_dir *)dir;
    if (ldap_begin(d, fault) != RC_OK)
        return RC_FAULT;
    struct arena_mark mark = arena_mark(&d->work);
    struct search s = {.d = d, .asked = search, .sink = sink, .fault = fault};
    s.page = search->scope == DIR_BASE ? 0 : d->page_size;
    s.base = ldap_c_string(d, search->base);
    s.filter = ldap_c_string(d, search->filter);
    enum rc rc = run(&s);
    arena_reset(&d->work, mark);
    return rc;
}
