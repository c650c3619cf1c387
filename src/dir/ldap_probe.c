/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an account might do, found out without doing it: by a modify or an add that can't succeed, because rights are
 * checked first, under slapd's No-Op control, which is to change nothing.  An add may not rely on the control alone:
 * back-mdb (seen in 2.5.13) forgets that it took nothing up and goes on to number attributes that no entry had before
 * as if it had stored their names; what it stores from then on is read back under names of other attributes.  A name
 * that no index holds ends the add before that, and after the rights.
 */
#include "dir/ldap_private.h"

#define NO_OP_OID "1.3.6.1.4.1.4203.666.5.2"

enum { NO_OPERATION = 0x410e }; /* slapd's answer: nothing stood in the way, and nothing was done */

/* The promise of dir.h is kept here, whatever a caller hands over. */
static bool is_harmless(const struct ldap_dir *d, const struct dir_change *c)
{
    struct slice rest = c->dn, name;
    switch (c->verb) {
    case DIR_ADD:
        return slice_split(&rest, ',', &name) && name.n >= DIR_PROBE_NAME;
    case DIR_DELETE:
        return d->knows_no_op;
    case DIR_MODIFY:
        break;
    }
    if (c->count != 2 || c->mods[0].verb != c->mods[1].verb || strcmp(c->mods[0].attribute, c->mods[1].attribute) != 0)
        return false;
    if (c->mods[0].verb == DIR_MOD_DELETE)
        return c->mods[0].count == 0 && c->mods[1].count == 0;
    return c->mods[0].verb == DIR_MOD_ADD && c->mods[0].count == 1 && c->mods[1].count == 1 &&
           slice_eq(c->mods[0].values[0], c->mods[1].values[0]);
}

static int send_probe(struct ldap_dir *d, const struct dir_change *c, const char *dn, bool no_op, int *id)
{
    LDAPControl control = {.ldctl_oid = (char *)(uintptr_t)NO_OP_OID, .ldctl_iscritical = 1};
    LDAPControl *list[] = {&control, NULL}, **controls = no_op ? list : NULL;
    switch (c->verb) {
    case DIR_ADD:
        return ldap_add_ext(d->ld, dn, ldap_mods(d, c), list, NULL, id);
    case DIR_MODIFY:
        return ldap_modify_ext(d->ld, dn, ldap_mods(d, c), controls, NULL, id);
    case DIR_DELETE:
        return ldap_delete_ext(d->ld, dn, list, NULL, id);
    }
    return LDAP_PARAM_ERROR;
}

struct reply {
    int code;
    bool says_why;
    const char *text; /* all of it */
};

/* RC_FAULT: no answer. */
static enum rc ask(struct ldap_dir *d, const struct dir_change *c, bool no_op, struct reply *reply, struct fault *why)
{
    const char *dn = ldap_c_string(d, c->dn);
    struct ldap_answer answer = {0};
    LDAPMessage *message = NULL;
    int id = 0, type = 0;
    int sent = dn ? send_probe(d, c, dn, no_op, &id) : LDAP_PARAM_ERROR;
    if (sent == LDAP_PARAM_ERROR || sent == LDAP_ENCODING_ERROR)
        return fault_set(why, RC_FAULT, "it can't be put into a request");
    if (sent != LDAP_SUCCESS)
        return ldap_broke(d, sent, why);
    enum rc rc = ldap_next(d, id, ldap_patience(d), &message, &type, why);
    if (rc != RC_OK)
        return rc;
    if (ldap_answer_read(d, message, &answer)) {
        *reply = (struct reply){
            .code = answer.code, .says_why = answer.message && *answer.message, .text = ldap_answer_text(d, &answer)};
    } else
        rc = ldap_die(d, why, "the answer to a probe does not decode");
    ldap_answer_free(&answer);
    ldap_msgfree(message);
    return rc;
}

/* Codes that a server gives only after it has looked at the rights. */
static enum dir_right right_of(enum dir_verb verb, const struct reply *reply)
{
    static const int after_rights[] = {LDAP_NO_SUCH_ATTRIBUTE,      LDAP_TYPE_OR_VALUE_EXISTS,
                                       LDAP_INAPPROPRIATE_MATCHING, LDAP_OBJECT_CLASS_VIOLATION,
                                       LDAP_NOT_ALLOWED_ON_RDN,     LDAP_NO_OBJECT_CLASS_MODS};
    const int code = reply->code;
    if (code == NO_OPERATION || (verb == DIR_DELETE && code == LDAP_NOT_ALLOWED_ON_NONLEAF))
        return DIR_RIGHT_GRANTED;
    if (verb == DIR_ADD && code == LDAP_OTHER && !reply->says_why) /* so back-mdb takes a name that is too long */
        return DIR_RIGHT_GRANTED;
    if (code == LDAP_INSUFFICIENT_ACCESS)
        return DIR_RIGHT_REFUSED;
    for (size_t i = 0; verb == DIR_MODIFY && i < sizeof after_rights / sizeof *after_rights; i++)
        if (after_rights[i] == code)
            return DIR_RIGHT_GRANTED;
    return DIR_RIGHT_UNKNOWN;
}

enum dir_right ldap_probe_run(struct dir *dir, const struct dir_change *change, struct fault *why)
{
    struct ldap_dir *d = (struct ldap_dir *)dir;
    enum dir_right right = DIR_RIGHT_UNKNOWN;
    struct reply reply = {.text = ""};
    if (!is_harmless(d, change)) {
        fault_set(why, RC_FAULT,
                  change->verb == DIR_ADD
                      ? "the entry could be stored, so it was not asked"
                      : "the server has not shown that it knows the No-Op control, so it was not asked");
        return right;
    }
    struct arena_mark mark = arena_mark(&d->work);
    enum rc rc = ldap_begin(d, why);
    if (rc == RC_OK)
        rc = ask(d, change, true, &reply, why);
    if (rc == RC_OK && reply.code == LDAP_UNAVAILABLE_CRITICAL_EXTENSION && change->verb == DIR_MODIFY)
        rc = ask(d, change, false, &reply, why);
    if (rc == RC_OK) {
        right = right_of(change->verb, &reply);
        d->knows_no_op |= reply.code == NO_OPERATION || (change->verb == DIR_ADD && right == DIR_RIGHT_GRANTED);
    }
    if (rc == RC_OK && right == DIR_RIGHT_UNKNOWN)
        fault_set(why, RC_FAULT, "the server answers %s", reply.text);
    arena_reset(&d->work, mark);
    return right;
}
