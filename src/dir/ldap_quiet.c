/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether slapd's threads have let go of all that was asked on this connection.  No answer tells: a thread sends it
 * and goes on with its operation.  slapd's monitor does: it counts what is being carried out for each connection, and a
 * thread takes itself off that count under the lock under which it touches its operation for the last time.  So a look
 * that finds nothing but itself being carried out is proof, for as long as nothing else is asked.
 */
#include "dir/ldap_private.h"

#include <stdio.h>
#include <time.h>

#define EXECUTING "monitorConnectionOpsExecuting"
#define RECEIVED  "monitorConnectionOpsReceived"

enum {
    SHOWN_MOST = 64,   /* connections that have had just as many requests as ours */
    MISSES_MOST = 3,   /* then the monitor is taken for one that hides ours */
    WAIT_MS = 3000,    /* for a thread that does not get done */
    LOOK_REST_US = 300 /* between two looks */
};

enum look {
    LOOK_QUIET,
    LOOK_BUSY,
    LOOK_MISSED, /* this time it did not tell which connection is ours */
    LOOK_BLIND,  /* it does not show us this connection, or the handle died */
};

struct sight {
    size_t connections, at_one, above_one;
    int code;                                                        /* of the search */
    char a_working_one[sizeof((struct ldap_dir *)NULL)->connection]; /* a DN; empty: none, or too long */
};

static void note_name(struct ldap_dir *d, LDAPMessage *message, struct sight *s)
{
    char *dn = ldap_get_dn(d->ld, message);
    if (dn && strlen(dn) < sizeof s->a_working_one)
        memcpy(s->a_working_one, dn, strlen(dn) + 1);
    ldap_memfree(dn);
}

/* The number is compared as text, and what is no plain 0 or 1 counts as more. */
static void see_connection(struct ldap_dir *d, LDAPMessage *message, struct sight *s)
{
    struct berval **values = ldap_get_values_len(d->ld, message, EXECUTING);
    char digit = '2';
    if (values && values[0] && !values[1] && values[0]->bv_len == 1)
        digit = values[0]->bv_val[0];
    s->connections++;
    s->at_one += digit == '1';
    s->above_one += digit != '0' && digit != '1';
    if (digit != '0')
        note_name(d, message, s);
    ldap_value_free_len(values);
}

static bool see_end(struct ldap_dir *d, LDAPMessage *message, struct sight *s, struct fault *fault)
{
    struct ldap_answer answer = {0};
    bool good = ldap_answer_read(d, message, &answer);
    s->code = answer.code;
    ldap_answer_free(&answer);
    if (!good)
        ldap_die(d, fault, "the end of a search of the monitor does not decode");
    return good;
}

/*
 * Until the search's end; false: the handle is dead.  The watch may have ended the operation: the answer comes first.
 */
static bool see_all(struct ldap_dir *d, int id, struct sight *s, struct fault *fault)
{
    for (int type = 0; type != LDAP_RES_SEARCH_RESULT && !d->dead;) {
        LDAPMessage *message = NULL;
        enum rc rc = ldap_next(d, id, LDAP_PATIENCE, &message, &type, fault);
        if (rc != RC_OK && !d->dead)
            rc = ldap_next(d, id, LDAP_PATIENCE, &message, &type, fault);
        if (rc != RC_OK)
            return false;
        if (type == LDAP_RES_SEARCH_RESULT)
            (void)see_end(d, message, s, fault);
        else if (type == LDAP_RES_SEARCH_ENTRY && s->connections < SHOWN_MOST)
            see_connection(d, message, s);
        else
            ldap_die(d, fault, "the monitor answers with more than was asked for");
        ldap_msgfree(message);
    }
    return !d->dead;
}

static bool send_look(struct ldap_dir *d, int expected, int *id, struct fault *fault)
{
    char filter[64];
    char *attributes[] = {(char *)(uintptr_t)EXECUTING, NULL};
    bool knows = d->connection[0];
    snprintf(filter, sizeof filter, "(" RECEIVED "=%d)", expected);
    int code =
        ldap_search_ext(d->ld, knows ? d->connection : d->connections, knows ? LDAP_SCOPE_BASE : LDAP_SCOPE_ONELEVEL,
                        filter, attributes, 0, NULL, NULL, NULL, SHOWN_MOST, id);
    if (code != LDAP_SUCCESS)
        ldap_broke(d, code, fault);
    return code == LDAP_SUCCESS;
}

/* Once more among all, where it was the one that we took for ours. */
static enum look missed(struct ldap_dir *d)
{
    d->connection[0] = '\0';
    return ++d->misses < MISSES_MOST ? LOOK_MISSED : LOOK_BLIND;
}

/*
 * Which connection is ours is told by how many requests came on it: as many as libldap has numbered, with this one.
 * Where another one has had just as many, both must be quiet.  One that is the only one is remembered: it costs the
 * server far less to show one than to go through all.
 */
static enum look look(struct ldap_dir *d, int *last_id, struct fault *fault)
{
    struct sight s = {0};
    int id = 0, expected = *last_id + 1;
    if (!send_look(d, expected, &id, fault))
        return LOOK_BLIND;
    *last_id = id;
    if (!see_all(d, id, &s, fault))
        return LOOK_BLIND;
    if (s.code != LDAP_SUCCESS && s.code != LDAP_SIZELIMIT_EXCEEDED && !d->connection[0])
        return LOOK_BLIND;
    if (s.code != LDAP_SUCCESS || id != expected || s.at_one + s.above_one == 0)
        return missed(d);
    d->misses = 0;
    if (s.connections == 1)
        memcpy(d->connection, s.a_working_one, sizeof d->connection);
    return s.at_one == 1 && s.above_one == 0 ? LOOK_QUIET : LOOK_BUSY;
}

/* Until one tells; BLIND: it never will. */
static enum look look_until_seen(struct ldap_dir *d, int *last_id, struct fault *fault)
{
    enum look seen = LOOK_MISSED;
    while (d->connections && !d->dead && seen == LOOK_MISSED)
        seen = look(d, last_id, fault);
    if (seen == LOOK_BLIND)
        d->connections = NULL;
    return d->connections && !d->dead ? seen : LOOK_BLIND;
}

bool ldap_sees_quiet(struct ldap_dir *d, struct fault *fault)
{
    int last_id = 0; /* not known: the first look tells it */
    return look_until_seen(d, &last_id, fault) != LOOK_BLIND;
}

enum ldap_quiet ldap_await_quiet(struct ldap_dir *d, int last_id, struct fault *fault)
{
    static const struct timespec step = {.tv_nsec = (long)LOOK_REST_US * 1000};
    const int64_t until_ms = monotonic_ms() + WAIT_MS;
    for (;;) {
        enum look seen = look_until_seen(d, &last_id, fault);
        if (seen == LOOK_QUIET)
            return LDAP_QUIET_CERTAIN;
        if (seen != LOOK_BUSY || !ldap_goes_on(d, fault))
            return LDAP_QUIET_UNKNOWN;
        if (monotonic_ms() >= until_ms)
            return LDAP_QUIET_NOT;
        nanosleep(&step, NULL);
    }
}
