/* SPDX-License-Identifier: Apache-2.0 */
/* The pool as the program has it: what went into it, in order, so that each new worker can be told the same. */
#include "x509/trust.h"

#include "x509/cage_private.h"
#include "x509/crl.h"

#include <stdlib.h>

/* Of the workers of one pool.  One that fails over a question costs that certificate alone, and is not counted. */
enum {
    FAILURES_MOST = 16, /* while it is being told what the pool knows */
    SILENCES_MOST = 8,  /* over anything; each costs a deadline */
    RETOLD_S = 160,     /* spent on telling those that came after one that failed */
};

struct trust_anchors {
    struct trust_pool *pool;
    uint32_t number;
};

struct entry_told {
    enum cage_verb verb;
    uint32_t set;
    struct slice der;
    struct digest digest;
    bool dropped;
};

struct trust_pool {
    struct arena arena;
    struct cage_place place;
    LIST_OF(struct entry_told) told;
    uint32_t sets;   /* opened so far */
    bool incomplete; /* something was refused that might have mattered */
    bool lacks_crl;  /* and a CRL, which may be newer than those that are there */
    bool failed;     /* the last worker did, and the next one is told everything for that */
    unsigned failures, silences;
    int64_t retold_us;
};

/* Talking with a worker. */

static const char *text_of(struct trust_pool *p, const struct cage_failure *f)
{
    char text[128];
    cage_write_failure(f, text, sizeof text);
    return (const char *)arena_format(&p->arena, "%s", text).p;
}

/* Texts where there have to be some, answers that there are. */
static bool is_judgement(const struct cage_question *q, const struct cage_answer *a)
{
    uint32_t chain = a->head.answer[0], revocation = a->head.answer[1];
    return (q->set ? chain >= CHAIN_VERIFIED && chain <= CHAIN_UNDECIDED : chain == CHAIN_NOT_ASKED) &&
           (q->asks_crl ? revocation >= REVOCATION_GOOD && revocation <= REVOCATION_UNDECIDED
                        : revocation == REVOCATION_NOT_ASKED);
}

static bool is_answer(const struct cage_question *q, const struct cage_answer *a)
{
    if (q->verb == CAGE_JUDGE)
        return is_judgement(q, a);
    uint32_t word = a->head.answer[0];
    bool refuses = q->verb == CAGE_ADD_CERTIFICATE || q->verb == CAGE_ADD_CRL;
    return word <= (refuses ? CAGE_REFUSED_INCOMPLETE : CAGE_DONE) &&
           (refuses && word != CAGE_DONE) == (a->text[0].n > 0) && a->head.answer[1] == 0 && a->text[1].n == 0;
}

static bool ask(struct trust_pool *p, const struct cage_question *q, struct slice der, struct cage_answer *a,
                struct cage_failure *failure)
{
    bool answered = cage_ask(&p->place, q, der, a, failure);
    if (answered && is_answer(q, a))
        return true;
    if (answered)
        cage_refuse(&p->place, failure);
    p->failed = true;
    p->silences += failure->how == CAGE_SILENT;
    return false;
}

/* Tells a new worker what the earlier ones were told.  False: it failed over something, which is not told again. */
static bool tell_all(struct trust_pool *p)
{
    struct cage_answer a;
    struct cage_failure failure;
    for (size_t i = 0; i < p->told.count; i++) {
        struct entry_told *t = &p->told.items[i];
        const struct cage_question q = {.verb = t->verb, .set = t->set};
        if (t->dropped || ask(p, &q, t->der, &a, &failure))
            continue;
        if (cage_is_gone()) /* it ended over nothing */
            return false;
        t->dropped = p->incomplete = true;
        p->lacks_crl |= t->verb == CAGE_ADD_CRL;
        if (t->der.n)
            cage_quarantine(&t->digest, &failure);
        return false;
    }
    const struct cage_question lacks = {.verb = CAGE_SET_INCOMPLETE};
    return !p->incomplete || ask(p, &lacks, slice_of(NULL), &a, &failure);
}

/* Whatever certificates there are, a pool takes so much time from others and no more. */
static enum rc allows_another(const struct trust_pool *p, struct fault *fault)
{
    if (p->failures >= FAILURES_MOST)
        return fault_set(fault, RC_FAULT, "OpenSSL's workers failed %d times over these authorities", FAILURES_MOST);
    if (p->silences >= SILENCES_MOST)
        return fault_set(fault, RC_FAULT, "OpenSSL's workers did not answer %d times: the rest is not asked",
                         SILENCES_MOST);
    if (p->retold_us >= (int64_t)RETOLD_S * 1000000)
        return fault_set(fault, RC_FAULT, "OpenSSL's workers failed, and telling new ones took over %d s", RETOLD_S);
    return RC_OK;
}

/* There is a worker, and it knows everything. */
static enum rc begin(struct trust_pool *p, struct fault *fault)
{
    bool is_new, knows;
    do {
        bool again = p->failed;
        enum rc rc = p->place.fd >= 0 ? RC_OK : allows_another(p, fault);
        if (rc == RC_OK)
            rc = cage_begin(&p->place, &is_new, fault);
        if (rc != RC_OK)
            return rc;
        p->failed = false;
        knows = !is_new || tell_all(p);
        p->failures += !knows;
        if (is_new && again)
            p->retold_us += p->place.spent_us;
    } while (!knows);
    if (is_new)
        p->place.asked = 0;
    return RC_OK;
}

/*
 * True: answered.  Otherwise *why says why not, and *guilty whether it is this DER that workers fail over: in a worker
 * that was asked about others too, it may be one of those.  d NULL: there is no DER.
 */
static bool ask_twice(struct trust_pool *p, const struct cage_question *q, struct slice der, const struct digest *d,
                      struct cage_answer *a, const char **why, bool *guilty)
{
    struct cage_failure failure;
    struct fault fault = {{0}};
    bool alone;
    *guilty = d && cage_is_quarantined(d, &failure);
    while (!*guilty) {
        if (begin(p, &fault) != RC_OK) {
            *why = (const char *)arena_format(&p->arena, "%s", fault.text).p;
            return false;
        }
        alone = p->place.asked == 0;
        if (ask(p, q, der, a, &failure))
            return true;
        *guilty = alone && !cage_is_gone();
        if (*guilty && d)
            cage_quarantine(d, &failure);
    }
    *why = text_of(p, &failure);
    return false;
}

/* The pool. */

enum rc trust_pool_open(struct trust_pool **out, struct fault *fault)
{
    bool is_new;
    *out = NULL;
    struct trust_pool *p = calloc(1, sizeof *p);
    if (!p)
        return fault_set(fault, RC_FAULT, "authorities: out of memory");
    p->place = CAGE_PLACE(CAGE_TRUST);
    enum rc rc = cage_begin(&p->place, &is_new, fault);
    if (rc != RC_OK)
        trust_pool_close(p);
    else
        *out = p;
    return rc;
}

void trust_pool_close(struct trust_pool *p)
{
    if (!p)
        return;
    cage_end(&p->place);
    arena_free(&p->arena);
    free(p);
}

static bool was_told(const struct trust_pool *p, enum cage_verb verb, const struct digest *d)
{
    for (size_t i = 0; i < p->told.count; i++)
        if (p->told.items[i].verb == verb && !p->told.items[i].dropped && digest_eq(&p->told.items[i].digest, d))
            return true;
    return false;
}

static void note_told(struct trust_pool *p, const struct cage_question *q, struct slice der, const struct digest *d)
{
    *LIST_ADD(&p->arena, &p->told) = (struct entry_told){.verb = (enum cage_verb)q->verb,
                                                         .set = q->set,
                                                         .der = arena_copy(&p->arena, der),
                                                         .digest = d ? *d : (struct digest){{0}}};
}

/* NULL, or why not. */
static const char *add(struct trust_pool *p, const struct cage_question *q, struct slice der, const struct digest *d)
{
    struct cage_answer a;
    const char *why;
    bool guilty;
    if (!ask_twice(p, q, der, d, &a, &why, &guilty)) {
        p->incomplete = true;
        return why;
    }
    if (a.head.answer[0] == CAGE_REFUSED_INCOMPLETE)
        p->incomplete = true;
    if (a.head.answer[0] != CAGE_DONE)
        return (const char *)arena_copy(&p->arena, a.text[0]).p;
    note_told(p, q, der, d);
    return NULL;
}

const char *trust_pool_add_certificate(struct trust_pool *p, struct slice der)
{
    const struct cage_question q = {.verb = CAGE_ADD_CERTIFICATE};
    const struct digest d = digest_of(der);
    if (der.n > CAGE_OCTETS_MOST) {
        p->incomplete = true;
        return "too large";
    }
    return was_told(p, CAGE_ADD_CERTIFICATE, &d) ? NULL : add(p, &q, der, &d);
}

const char *trust_pool_add_crl(struct trust_pool *p, struct slice der)
{
    const struct cage_question q = {.verb = CAGE_ADD_CRL};
    const struct digest d = digest_of(der);
    if (was_told(p, CAGE_ADD_CRL, &d))
        return NULL;
    const char *why = der.n > TRUST_CRL_OCTETS ? "too large" : add(p, &q, der, &d);
    struct crl c;
    p->lacks_crl |= why && (der.n > TRUST_CRL_OCTETS || !crl_read(der, &c));
    return why;
}

bool trust_pool_is_whole(const struct trust_pool *p)
{
    bool has_patience = p->failures < FAILURES_MOST / 2 && p->silences < SILENCES_MOST / 2 &&
                        p->retold_us < (int64_t)RETOLD_S * 1000000 / 2;
    return !p->incomplete && !p->lacks_crl && has_patience;
}

/* Anchors. */

enum rc trust_anchors_open(struct trust_pool *p, const struct slice *ders, size_t count, struct trust_anchors **out,
                           struct fault *fault)
{
    struct cage_question q = {.verb = CAGE_OPEN_ANCHORS, .set = p->sets + 1};
    struct trust_anchors *t = calloc(1, sizeof *t);
    const char *why = t ? add(p, &q, slice_of(NULL), NULL) : "out of memory";
    *out = NULL;
    if (why) {
        free(t);
        return fault_set(fault, RC_FAULT, "anchors: %s", why);
    }
    *t = (struct trust_anchors){.pool = p, .number = q.set};
    p->sets = q.set;
    q.verb = CAGE_ADD_ANCHOR;
    for (size_t i = 0; !why && i < count; i++) {
        const struct digest d = digest_of(ders[i]);
        why = ders[i].n > CAGE_OCTETS_MOST ? "too large" : add(p, &q, ders[i], &d);
    }
    *out = t;
    if (!why)
        return RC_OK;
    trust_anchors_close(t);
    *out = NULL;
    return fault_set(fault, RC_FAULT, "anchors: %s", why);
}

/* A worker that is no more needs not be told. */
void trust_anchors_close(struct trust_anchors *t)
{
    struct cage_answer ignored;
    struct cage_failure failure;
    if (!t)
        return;
    const struct cage_question q = {.verb = CAGE_CLOSE_ANCHORS, .set = t->number};
    struct trust_pool *p = t->pool;
    for (size_t i = 0; i < p->told.count; i++)
        p->told.items[i].dropped |= p->told.items[i].set == t->number;
    if (p->place.fd >= 0)
        (void)!ask(p, &q, slice_of(NULL), &ignored, &failure);
    free(t);
}

/* Judging. */

static void answer_undecided(const struct trust_question *q, const char *why, struct trust *out)
{
    if (q->anchors) {
        out->chain = CHAIN_UNDECIDED;
        out->chain_why = slice_of(why);
    }
    if (q->asks_crl) {
        out->revocation = REVOCATION_UNDECIDED;
        out->revocation_why = slice_of(why);
    }
}

void trust_judge(struct trust_pool *p, struct arena *a, const struct trust_question *q, struct trust *out)
{
    struct cage_answer answer;
    const char *why;
    bool guilty = false;
    *out = (struct trust){0};
    if (!q->anchors && !q->asks_crl)
        return;
    if (!q->facts->readable || q->der.n > CAGE_OCTETS_MOST) {
        answer_undecided(q, "the certificate cannot be read", out);
        return;
    }
    const struct digest d = digest_of(q->der);
    const struct cage_question question = {.verb = CAGE_JUDGE,
                                           .set = q->anchors ? q->anchors->number : 0,
                                           .asks_crl = q->asks_crl,
                                           .crl_max_age_s = q->crl_max_age_s,
                                           .now_utc = q->now_utc};
    if (!ask_twice(p, &question, q->der, &d, &answer, &why, &guilty)) {
        answer_undecided(q, (const char *)arena_format(a, "%s", why).p, out);
        out->quarantined = guilty;
        return;
    }
    out->chain = (enum chain_answer)answer.head.answer[0];
    out->revocation = (enum revocation_answer)answer.head.answer[1];
    if (out->revocation == REVOCATION_GOOD && p->lacks_crl) {
        out->revocation = REVOCATION_UNDECIDED;
        out->revocation_why = slice_of("a CRL could not be taken, and may be newer than the one that was");
    }
    if (answer.text[0].n)
        out->chain_why = arena_copy(a, answer.text[0]);
    if (answer.text[1].n)
        out->revocation_why = arena_copy(a, answer.text[1]);
}
