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

enum look {
    LOOK_QUIET,
    LOOK_BUSY,
    LOOK_BLIND, /* the server does not show us this connection, or the handle died */
};

struct sight {
    size_t connections, at_one, above_one;
};

/* The number is compared as text, and what is no plain 0 or 1 counts as more. */
static void see_connection(struct ldap_dir *d, LDAPMessage *message, struct sight *s)
{
    struct berval **values = ldap_get_values_len(d->ld, message, EXECUTING);
    bool is_digit = values && values[0] && !values[1] && values[0]->bv_len == 1;
    char digit = is_digit ? values[0]->bv_val[0] : '2';
    s->connections++;
    s->at_one += digit == '1';
    s->above_one += digit != '0' && digit != '1';
    ldap_value_free_len(values);
}

/* Until the search's end; false: the handle is dead.  The watch may have ended the operation: the answer comes first.
 */
static bool see_all(struct ldap_dir *d, int id, struct sight *s, struct fault *fault)
{
    int type = 0;
    while (type != LDAP_RES_SEARCH_RESULT) {
        LDAPMessage *message = NULL;
        enum rc rc = ldap_next(d, id, LDAP_PATIENCE, &message, &type, fault);
        if (rc != RC_OK && !d->dead)
            rc = ldap_next(d, id, LDAP_PATIENCE, &message, &type, fault);
        if (rc != RC_OK)
            return false;
        if (type == LDAP_RES_SEARCH_ENTRY)
            see_connection(d, message, s);
        ldap_msgfree(message);
    }
    return true;
}

/*
 * Which connection is ours is told by how many requests came on it: as many as libldap has numbered, with this one.
 * Where another one has had just as many, both must be quiet.
 */
static enum look look(struct ldap_dir *d, int *last_id, struct fault *fault)
{
    char filter[64];
    char *attributes[] = {(char *)(uintptr_t)EXECUTING, NULL};
    struct sight s = {0};
    int id = 0, expected = *last_id + 1;
    snprintf(filter, sizeof filter, "(" RECEIVED "=%d)", expected);
    int code = ldap_search_ext(d->ld, d->connections, LDAP_SCOPE_ONELEVEL, filter, attributes, 0, NULL, NULL, NULL,
                               LDAP_NO_LIMIT, &id);
    if (code != LDAP_SUCCESS) {
        ldap_broke(d, code, fault);
        return LOOK_BLIND;
    }
    *last_id = id;
    if (!see_all(d, id, &s, fault) || id != expected || s.at_one + s.above_one == 0)
        return LOOK_BLIND;
    return s.at_one == 1 && s.above_one == 0 ? LOOK_QUIET : LOOK_BUSY;
}

bool ldap_await_quiet(struct ldap_dir *d, int last_id, struct fault *fault)
{
    static const struct timespec step = {.tv_nsec = 300 * 1000};
    const int64_t until_ms = ldap_patience(d);
    while (d->connections && !d->dead) {
        switch (look(d, &last_id, fault)) {
        case LOOK_QUIET:
            return true;
        case LOOK_BLIND:
            d->connections = NULL;
            return false;
        case LOOK_BUSY:
            if (monotonic_ms() >= until_ms)
                return false;
            nanosleep(&step, NULL);
        }
    }
    return false;
}
