/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

/* "dn:<DN>"; other forms, and none for who is anonymous, name no entry. */
static struct slice dn_of(struct slice identity)
{
    static const struct slice form = SLICE_LITERAL("dn:");
    return slice_starts(identity, form) ? slice_from(identity, form.n) : SLICE_LITERAL("");
}

static enum rc take(struct ldap_dir *d, LDAPMessage *message, struct arena *a, struct slice *dn, struct fault *why)
{
    struct ldap_answer answer = {0};
    struct berval *data = NULL;
    enum rc rc = RC_OK;
    if (ldap_parse_extended_result(d->ld, message, NULL, &data, 0) != LDAP_SUCCESS ||
        !ldap_answer_read(d, message, &answer))
        rc = ldap_die(d, why, "the answer to \"who am I\" does not decode");
    else if (answer.code != LDAP_SUCCESS)
        rc = fault_set(why, RC_FAULT, "the server answers %s", ldap_answer_text(d, &answer));
    else if (data)
        *dn = arena_copy(a, dn_of(slice_make(data->bv_val, data->bv_len)));
    ldap_answer_free(&answer);
    ber_bvfree(data);
    return rc;
}

enum rc ldap_who_run(struct dir *dir, struct arena *a, struct slice *dn, struct fault *why)
{
    struct ldap_dir *d = (struct ldap_dir *)dir;
    struct arena_mark mark = arena_mark(&d->work);
    LDAPMessage *message = NULL;
    int id = 0, type = 0;
    *dn = SLICE_LITERAL("");
    enum rc rc = ldap_begin(d, why);
    int sent = rc == RC_OK ? ldap_whoami(d->ld, NULL, NULL, &id) : LDAP_SUCCESS;
    if (sent != LDAP_SUCCESS)
        rc = ldap_broke(d, sent, why);
    if (rc == RC_OK)
        rc = ldap_next(d, id, ldap_patience(d), &message, &type, why);
    if (rc == RC_OK)
        rc = take(d, message, a, dn, why);
    ldap_msgfree(message);
    arena_reset(&d->work, mark);
    return rc;
}
