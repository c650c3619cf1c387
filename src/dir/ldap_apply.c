/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

enum { IN_FLIGHT_MAX = 32, DN_CAP = 160 };

struct batch {
    struct ldap_dir *d;
    const struct dir_change *changes;
    size_t count, next; /* the first that was not sent */
    bool *settled;      /* answered in a transaction, by index; NULL: none was */
    dir_written_fn *written;
    void *context;
    struct {
        int id;
        size_t index;
    } flight[IN_FLIGHT_MAX];
    size_t in_flight;
};

static const char *verb_text(enum dir_verb verb)
{
    static const char *const verbs[] = {[DIR_ADD] = "add", [DIR_MODIFY] = "modify", [DIR_DELETE] = "delete"};
    return verbs[verb];
}

/* libldap wants lists of pointers that are not const; it encodes the request at once and changes nothing. */
static struct berval **values_of(struct ldap_dir *d, const struct dir_mod *m)
{
    static char nothing[] = ""; /* an empty value has a place too */
    struct berval *values = ARENA_ARRAY(&d->work, m->count, struct berval);
    struct berval **list = ARENA_ARRAY(&d->work, m->count + 1, struct berval *);
    for (size_t i = 0; i < m->count; i++) {
        values[i] = (struct berval){m->values[i].n, m->values[i].p ? (char *)(uintptr_t)m->values[i].p : nothing};
        list[i] = &values[i];
    }
    return m->count ? list : NULL;
}

LDAPMod **ldap_mods(struct ldap_dir *d, const struct dir_change *c)
{
    static const int verbs[] = {
        [DIR_MOD_ADD] = LDAP_MOD_ADD, [DIR_MOD_DELETE] = LDAP_MOD_DELETE, [DIR_MOD_REPLACE] = LDAP_MOD_REPLACE};
    LDAPMod *mods = ARENA_ARRAY(&d->work, c->count, LDAPMod);
    LDAPMod **list = ARENA_ARRAY(&d->work, c->count + 1, LDAPMod *);
    for (size_t i = 0; i < c->count; i++) {
        mods[i].mod_op = verbs[c->mods[i].verb] | LDAP_MOD_BVALUES;
        mods[i].mod_type = (char *)(uintptr_t)c->mods[i].attribute;
        mods[i].mod_bvalues = values_of(d, &c->mods[i]);
        list[i] = &mods[i];
    }
    return list;
}

static int send_change(struct ldap_dir *d, const struct dir_change *c, const char *dn, int *id)
{
    switch (c->verb) {
    case DIR_ADD:
        return ldap_add_ext(d->ld, dn, ldap_mods(d, c), NULL, NULL, id);
    case DIR_MODIFY:
        return ldap_modify_ext(d->ld, dn, ldap_mods(d, c), NULL, NULL, id);
    case DIR_DELETE:
        return ldap_delete_ext(d->ld, dn, NULL, NULL, id);
    }
    return LDAP_PARAM_ERROR;
}

/* Result codes of RFC 4511 appendix A and RFC 4528, in terms of the façade; anything else is a fault. */
static enum rc rc_of(int code)
{
    static const struct {
        int code;
        enum rc rc;
    } meanings[] = {
        {LDAP_SUCCESS, RC_OK},
        {LDAP_ALREADY_EXISTS, RC_EXISTS},
        {LDAP_NO_SUCH_OBJECT, RC_NOT_FOUND},
        {LDAP_NO_SUCH_ATTRIBUTE, RC_CONFLICT},
        {LDAP_TYPE_OR_VALUE_EXISTS, RC_CONFLICT},
        {LDAP_ASSERTION_FAILED, RC_CONFLICT},
        {LDAP_INSUFFICIENT_ACCESS, RC_DENIED},
        {LDAP_UNDEFINED_TYPE, RC_INVALID},
        {LDAP_INAPPROPRIATE_MATCHING, RC_INVALID},
        {LDAP_CONSTRAINT_VIOLATION, RC_INVALID},
        {LDAP_INVALID_SYNTAX, RC_INVALID},
        {LDAP_INVALID_DN_SYNTAX, RC_INVALID},
        {LDAP_NAMING_VIOLATION, RC_INVALID},
        {LDAP_OBJECT_CLASS_VIOLATION, RC_INVALID},
        {LDAP_NOT_ALLOWED_ON_NONLEAF, RC_INVALID},
        {LDAP_NOT_ALLOWED_ON_RDN, RC_INVALID},
        {LDAP_NO_OBJECT_CLASS_MODS, RC_INVALID},
        {LDAP_PROTOCOL_ERROR, RC_INVALID},
    };
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].code == code)
            return meanings[i].rc;
    return RC_FAULT;
}

static const char *remedy(int code, enum rc rc)
{
    if (code == LDAP_REFERRAL)
        return "; referrals are not followed: name the server that takes writes in directory.uri";
    switch (rc) {
    case RC_NOT_FOUND:
        return "; the entry, or the one above it, is not there, or our account may not see it";
    case RC_DENIED:
        return "; grant our account this right there";
    case RC_INVALID:
        return "; is the schema that the server loaded the one of this version?";
    case RC_FAULT:
        return "; look into the server's log";
    case RC_OK:
    case RC_EXISTS:
    case RC_CONFLICT:
    case RC_TRUNCATED:
        break;
    }
    return "";
}

static void report(const struct batch *b, size_t index, enum rc rc, const char *what)
{
    const struct dir_change *c = &b->changes[index];
    struct fault fault = {0};
    if (rc != RC_OK)
        fault_set(&fault, rc, "%s: %s \"%s\": %s", b->d->uri, verb_text(c->verb),
                  ldap_printable_dn(b->d, c->dn, DN_CAP), what);
    b->written(b->context, index, rc, &fault);
}

static void report_answer(const struct batch *b, size_t index, const struct ldap_answer *answer)
{
    enum rc rc = rc_of(answer->code);
    const char *text = "";
    if (rc != RC_OK)
        text =
            (const char *)arena_format(&b->d->work, "%s%s", ldap_answer_text(b->d, answer), remedy(answer->code, rc)).p;
    report(b, index, rc, text);
}

static void skip_settled(struct batch *b)
{
    while (b->settled && b->next < b->count && b->settled[b->next])
        b->next++;
}

/* Sends the next change, or reports that it can't be.  False: the socket is full; collect an answer first. */
static bool send_next(struct batch *b, struct fault *fault)
{
    struct ldap_dir *d = b->d;
    const struct dir_change *c = &b->changes[b->next];
    const char *dn = ldap_c_string(d, c->dn);
    int id = 0, code = dn ? send_change(d, c, dn, &id) : LDAP_PARAM_ERROR;
    if (code == LDAP_BUSY && b->in_flight)
        return false;
    if (code == LDAP_SUCCESS) {
        b->flight[b->in_flight].id = id;
        b->flight[b->in_flight++].index = b->next++;
    } else if (code == LDAP_PARAM_ERROR || code == LDAP_ENCODING_ERROR)
        report(b, b->next++, RC_INVALID, "it can't be put into a request (a NUL octet in the name?)");
    else
        ldap_broke(d, code, fault);
    return true;
}

static void settle(struct batch *b, LDAPMessage *message, struct fault *fault)
{
    struct ldap_answer answer = {0};
    int id = ldap_msgid(message);
    size_t at = 0;
    while (at < b->in_flight && b->flight[at].id != id)
        at++;
    if (at == b->in_flight || ldap_msgtype(message) == LDAP_RES_INTERMEDIATE)
        return; /* not ours: a notice, or what is left of an abandoned search */
    if (ldap_answer_read(b->d, message, &answer)) {
        size_t index = b->flight[at].index;
        b->flight[at] = b->flight[--b->in_flight];
        report_answer(b, index, &answer);
    } else
        ldap_die(b->d, fault, "the answer to a write does not decode");
    ldap_answer_free(&answer);
}

static void collect(struct batch *b, struct fault *fault)
{
    LDAPMessage *message;
    int type;
    if (ldap_next(b->d, LDAP_RES_ANY, LDAP_PATIENCE, &message, &type, fault) != RC_OK)
        return;
    settle(b, message, fault);
    ldap_msgfree(message);
}

/* Of the dead handle, or of the operation that was interrupted: then nothing is in flight any more. */
static void report_rest(struct batch *b)
{
    const char *why = b->d->dead ? b->d->why_dead : "interrupted";
    for (; b->in_flight; b->in_flight--)
        report(b, b->flight[b->in_flight - 1].index, RC_FAULT,
               (const char *)arena_format(&b->d->work, "no answer, so it may or may not have been carried out: %s", why)
                   .p);
    for (skip_settled(b); b->next < b->count; b->next++, skip_settled(b))
        report(b, b->next, RC_FAULT, (const char *)arena_format(&b->d->work, "not sent: %s", why).p);
}

static bool is_for_transaction(const struct dir_change *c)
{
    return c->verb == DIR_ADD && !memchr(c->dn.p, 0, c->dn.n);
}

/* The next adds, at most so many as go into one transaction; returns how many. */
static size_t gather_adds(const struct batch *b, size_t *from, const struct dir_change **adds)
{
    size_t count = 0;
    for (; *from < b->count && count < b->d->adds_at_once; ++*from)
        if (is_for_transaction(&b->changes[*from]))
            adds[count++] = &b->changes[*from];
    return count;
}

static void settle_adds(const struct batch *b, const struct dir_change *const *adds, size_t count, enum rc rc)
{
    const char *why = "";
    if (rc != RC_OK)
        why = (const char *)arena_format(&b->d->work,
                                         "its transaction was not answered, so it may or may not have been carried "
                                         "out: %s",
                                         b->d->why_dead)
                  .p;
    for (size_t i = 0; i < count; i++) {
        size_t index = (size_t)(adds[i] - b->changes);
        b->settled[index] = true;
        report(b, index, rc, why);
    }
}

/* The adds in transactions, as far as the server goes along; what is left is written one by one. */
static void apply_transactions(struct batch *b, struct fault *fault)
{
    struct ldap_dir *d = b->d;
    const struct dir_change **adds = ARENA_ARRAY(&d->work, d->adds_at_once, const struct dir_change *);
    b->settled = ARENA_ARRAY(&d->work, b->count, bool);
    size_t from = 0, count;
    struct arena_mark mark = arena_mark(&d->work);
    while (!d->dead && d->adds_at_once && ldap_goes_on(d, fault) && (count = gather_adds(b, &from, adds)) > 1) {
        switch (ldap_transaction_run(d, adds, count, fault)) {
        case LDAP_TRANSACTION_DONE:
            settle_adds(b, adds, count, RC_OK);
            break;
        case LDAP_TRANSACTION_UNKNOWN:
            settle_adds(b, adds, count, RC_FAULT);
            break;
        case LDAP_TRANSACTION_REFUSED:
            d->adds_at_once = 0;
            break;
        case LDAP_TRANSACTION_UNDONE:
            break;
        }
        arena_reset(&d->work, mark);
    }
}

enum rc ldap_apply_run(struct dir *dir, const struct dir_change *changes, size_t count, dir_written_fn *written,
                       void *context, struct fault *fault)
{
    struct ldap_dir *d = (struct ldap_dir *)dir;
    struct batch b = {.d = d, .changes = changes, .count = count, .written = written, .context = context};
    struct arena_mark mark = arena_mark(&d->work);
    enum rc rc = ldap_begin(d, fault);
    if (!d->dead && d->adds_at_once && count > 1)
        apply_transactions(&b, fault);
    struct arena_mark each = arena_mark(&d->work);
    for (skip_settled(&b); !d->dead && (b.in_flight || (b.next < count && !d->is_interrupted)); skip_settled(&b)) {
        bool room = b.next < count && b.in_flight < IN_FLIGHT_MAX && ldap_goes_on(d, fault);
        if ((!room || !send_next(&b, fault)) && b.in_flight)
            collect(&b, fault);
        arena_reset(&d->work, each);
    }
    if (d->dead || d->is_interrupted) {
        report_rest(&b);
        rc = RC_FAULT;
    }
    arena_reset(&d->work, mark);
    return rc;
}
