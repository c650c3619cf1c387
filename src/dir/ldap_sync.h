/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content synchronization in parts: ldap_sync (searches and steps), ldap_sync_take (what a message means),
 * ldap_sync_value (the values that are exchanged).
 * @source RFC 4533
 */
#ifndef DIR_LDAP_SYNC_H
#define DIR_LDAP_SYNC_H

#include "dir/ldap_private.h"
#include "dir/sync.h"

enum { SYNC_ID_OCTETS = 16, SYNC_COOKIE_MAX = 64 * 1024 };

/* Owned octets; p NULL: none. */
struct sync_cookie {
    uint8_t *p;
    size_t n;
};

enum sync_stage { SYNC_REFRESH, SYNC_PERSIST, SYNC_REST };

struct sync_scope {
    struct slice base;
    int id; /* of the message; 0: nothing was sent, or it has ended */
    enum sync_stage stage;
    bool had_cookie;                 /* it was sent with one */
    bool has_named;                  /* something was handled since */
    bool has_base;                   /* in the refresh the base itself was told as changed */
    bool has_present;                /* ids of a present phase came */
    bool is_present_over;            /* the server said that the present phase has ended */
    struct sync_cookie good, coming; /* of the last stage that was whole; of the refresh that goes on */
};

struct dir_sync {
    struct ldap_dir *d;
    struct dir_sync_sink sink;
    bool persists;
    int ldap_scope;
    struct sync_scope *scopes;
    size_t count;
    int64_t silent_since_ms; /* 0: something came at the last look */
    enum rc rc;              /* why nothing more is to be had; RC_OK: it goes on */
    struct fault why;
    struct arena arena; /* as long as it is open */
    struct arena text;  /* of dir_sync_cookies */
};

#define SYNCPROV_REMEDY                                                                                                \
    "load the overlay syncprov into the database (conf/slapd-sync.conf, conf/slapd-sync.ldif), and grant our account " \
    "read on entry, objectClass and entryUUID"

/* ldap_sync_take.c */

/* Takes a copy, unless `from` is empty. */
void sync_cookie_keep(struct sync_cookie *c, struct slice from);
/* "ldapi://…: content synchronization below <base>" */
const char *sync_where(const struct dir_sync *s, const struct sync_scope *scope);
/* Handles one message; RC_OK: it goes on, or the scope is at rest.  Others as dir_sync_step. */
enum rc sync_take(struct dir_sync *s, LDAPMessage *message, int type, struct fault *fault) MUST_USE;

/*
 * ldap_sync_value.c.  Reading is strict: what is not of the expected shape to its last octet is malformed.
 * @source RFC 4533 section 2
 */

/* Sync State Control value; p's of slices point into what was read. */
struct sync_state {
    int state;           /* LDAP_SYNC_PRESENT to LDAP_SYNC_DELETE */
    struct slice id;     /* SYNC_ID_OCTETS */
    struct slice cookie; /* p NULL: none */
};
bool sync_state_read(const struct berval *value, struct sync_state *state);

/* Sync Done Control value. */
struct sync_done {
    struct slice cookie; /* p NULL: none */
    bool refresh_deletes;
};
bool sync_done_read(const struct berval *value, struct sync_done *done);

/* Sync Info Message value. */
struct sync_info {
    ber_tag_t kind;      /* LDAP_TAG_SYNC_NEW_COOKIE to LDAP_TAG_SYNC_ID_SET */
    struct slice cookie; /* p NULL: none */
    bool refresh_done;   /* of REFRESH_DELETE and REFRESH_PRESENT */
    bool deletes;        /* of ID_SET */
};
typedef void sync_id_fn(void *context, struct slice id);
/* Calls `each` for every id of a set, with SYNC_ID_OCTETS; NULL: only looks whether it is well formed. */
bool sync_info_read(const struct berval *value, struct sync_info *info, sync_id_fn *each, void *context);

/* Sync Request Control, critical, to be freed with ldap_control_free; NULL: no memory.  An empty cookie is none. */
LDAPControl *sync_request(bool persists, struct slice cookie);

#endif
