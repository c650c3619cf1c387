/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several adds as one: the server takes them up one after the other and carries all of them out at the end, or none.
 * One is outstanding at a time: adds in flight together inside a transaction have crashed slapd 2.5.13.
 */
#include "dir/ldap_private.h"

#include <time.h>

static int64_t monotonic_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void rest(int64_t slowest_us)
{
    enum { LEAST_US = 2000, TIMES = 4, MOST_US = 90000 };
    int64_t us = LEAST_US + TIMES * slowest_us;
    if (us > MOST_US)
        us = MOST_US;
    nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
}

/*
 * slapd 2.5 answers an add of a transaction before its thread has let go of it, and the end of the transaction uses and
 * frees it: an end that comes at once has crashed the server.  Where its monitor does not tell when the thread is done,
 * that is given a time that grows with what the server's threads were seen to wait for a processor.  Where it tells
 * that the thread does not get done, there is no end: false, and the transaction stays open, with nothing carried out,
 * until the connection ends.
 */
static bool wait_before_end(struct ldap_dir *d, int last_id, int64_t slowest_us, struct fault *fault)
{
    switch (ldap_await_quiet(d, last_id, fault)) {
    case LDAP_QUIET_CERTAIN:
        break;
    case LDAP_QUIET_UNKNOWN:
        if (!d->dead)
            rest(slowest_us);
        break;
    case LDAP_QUIET_NOT:
        d->adds_at_once = 0;
        return false;
    }
    return !d->dead;
}

/* An answer is waited for although the watch has ended the operation meanwhile. */
static bool take_answer(struct ldap_dir *d, int id, struct ldap_answer *answer, struct slice *value,
                        struct fault *fault)
{
    LDAPMessage *message = NULL;
    struct berval *data = NULL;
    int type = 0;
    enum rc rc = ldap_next(d, id, LDAP_PATIENCE, &message, &type, fault);
    if (rc != RC_OK && !d->dead)
        rc = ldap_next(d, id, LDAP_PATIENCE, &message, &type, fault);
    if (rc != RC_OK)
        return false;
    bool good =
        (type != LDAP_RES_EXTENDED || ldap_parse_extended_result(d->ld, message, NULL, &data, 0) == LDAP_SUCCESS) &&
        ldap_answer_read(d, message, answer);
    if (good && value && data)
        *value = arena_copy(&d->work, slice_make(data->bv_val, data->bv_len));
    ber_bvfree(data);
    ldap_msgfree(message);
    if (!good)
        ldap_die(d, fault, "an answer about a transaction does not decode");
    return good;
}

/* LDAP_SUCCESS, or the code of the refusal; -1: the handle is dead. */
static int answer_code(struct ldap_dir *d, int id, struct slice *value, struct fault *fault)
{
    struct ldap_answer answer = {0};
    int code = take_answer(d, id, &answer, value, fault) ? answer.code : -1;
    ldap_answer_free(&answer);
    return code;
}

static int start(struct ldap_dir *d, struct slice *identifier, struct fault *fault)
{
    int id = 0, code = ldap_txn_start(d->ld, NULL, NULL, &id);
    if (code == LDAP_SUCCESS)
        return answer_code(d, id, identifier, fault);
    ldap_broke(d, code, fault);
    return -1;
}

static int end(struct ldap_dir *d, bool commits, struct berval *identifier, struct fault *fault)
{
    int id = 0, code = ldap_txn_end(d->ld, commits, identifier, NULL, NULL, &id);
    if (code == LDAP_SUCCESS)
        return answer_code(d, id, NULL, fault);
    ldap_broke(d, code, fault);
    return -1;
}

static int add(struct ldap_dir *d, const struct dir_change *c, const struct berval *identifier, int *id,
               struct fault *fault)
{
    LDAPControl control = {
        .ldctl_oid = (char *)(uintptr_t)LDAP_CONTROL_TXN_SPEC, .ldctl_value = *identifier, .ldctl_iscritical = 1};
    int code =
        ldap_add_ext(d->ld, ldap_c_string(d, c->dn), ldap_mods(d, c), (LDAPControl *[]){&control, NULL}, NULL, id);
    if (code == LDAP_SUCCESS)
        return answer_code(d, *id, NULL, fault);
    if (code != LDAP_PARAM_ERROR && code != LDAP_ENCODING_ERROR)
        ldap_broke(d, code, fault);
    return code;
}

enum ldap_transaction ldap_transaction_run(struct ldap_dir *d, const struct dir_change *const *adds, size_t count,
                                           struct fault *fault)
{
    static char nothing[] = "";
    struct slice name = {NULL, 0};
    struct arena_mark mark = arena_mark(&d->work);
    int code = start(d, &name, fault);
    if (code != LDAP_SUCCESS)
        return d->dead ? LDAP_TRANSACTION_UNDONE : LDAP_TRANSACTION_REFUSED;
    struct berval identifier = {name.n, name.p ? (char *)(uintptr_t)name.p : nothing};
    struct arena_mark inner = arena_mark(&d->work);
    int64_t slowest_us = 0;
    int last_id = 0;
    for (size_t i = 0; i < count && code == LDAP_SUCCESS && !d->dead && ldap_goes_on(d, fault); i++) {
        int64_t begin_us = monotonic_us();
        code = add(d, adds[i], &identifier, &last_id, fault);
        int64_t took_us = monotonic_us() - begin_us;
        slowest_us = took_us > slowest_us ? took_us : slowest_us;
        arena_reset(&d->work, inner);
    }
    bool commits = false;
    if (!d->dead && (!last_id || wait_before_end(d, last_id, slowest_us, fault))) {
        commits = code == LDAP_SUCCESS && ldap_goes_on(d, fault); /* it may have taken long */
        code = end(d, commits, &identifier, fault);
    }
    arena_reset(&d->work, mark);
    if (d->dead)
        return LDAP_TRANSACTION_UNKNOWN;
    return commits && code == LDAP_SUCCESS ? LDAP_TRANSACTION_DONE : LDAP_TRANSACTION_UNDONE;
}
