/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests: ou=requests streams by once.  Of those that nothing follows from as long as their subjects ask for the
 * same, a mark is all that stays; the others are kept in full, and after the scan those whose subjects ask for
 * something else are read once more.
 */
#include "run/pass_private.h"

#include "base/der.h"
#include "base/hex.h"
#include "core/schema.h"
#include "x509/reader.h"

#include <stdlib.h>

/* Filters of one operation, and the share of all from which on everything is read instead: 1 of so many. */
enum { FILTERS_AT_ONCE = 100, WHOLE_FROM_ONE_OF = 2 };

struct request_reading {
    struct pass *pass;
    struct arena scratch;       /* dropped after each entry */
    struct plan_input policies; /* as far as plan_is_quiet wants to know */
    bool all_in_full;
    size_t begun, begun_marks; /* how many there were when the search began */
    struct digest *known;      /* ids that are not read once more, ascending */
    size_t known_count;
};

static enum second_opinion ask_second(struct pass *p, const struct certificate *c)
{
    char why[256];
    return second_read(p->second, c->der, &c->facts, why, sizeof why) == SECOND_AGREES ? OPINION_AGREES
                                                                                       : OPINION_DISAGREES;
}

/* The second reader is asked when all are there. */
static struct certificate read_certificate(struct slice der)
{
    struct certificate c = {.der = der};
    facts_read(der, &c.facts);
    certificate_hash(&c);
    return c;
}

/* dircertCertificate holds one certificate of a revocation, or those of a reissue one after the other. */
static void read_stored(struct pass *p, struct plan_request *q)
{
    const struct record *d = &q->request.record;
    struct slice rest = d->basis.certificate;
    struct der_element e;
    LIST_OF(struct certificate) stored = {0};
    while (rest.n && der_next(&rest, &e)) {
        *LIST_ADD(p->arena, &stored) = read_certificate(e.whole);
    }
    q->stored = stored.items;
    q->stored_count = stored.count;
    if (q->request.result_certificate.n)
        q->result = read_certificate(q->request.result_certificate);
}

/* Goes through the certificates that requests hold. */
struct stored_at {
    size_t request, certificate;
};

static struct certificate *next_stored(struct pass *p, struct stored_at *at)
{
    for (; at->request < p->requests_in_full.count; at->request++, at->certificate = 0) {
        struct plan_request *q = &p->requests_in_full.items[at->request];
        if (at->certificate < q->stored_count)
            return &q->stored[at->certificate++];
        if (at->certificate++ == q->stored_count && q->result.der.n)
            return &q->result;
    }
    return NULL;
}

/* Those of the requests from that one on. */
static void ask_about_stored(struct pass *p, size_t first)
{
    struct stored_at now = {.request = first}, ahead = now;
    struct certificate *c, *later;
    bool whole = true;
    for (size_t out = 0; (c = next_stored(p, &now));) {
        whole = whole && pass_goes_on(p);
        for (; whole && out < SECOND_AHEAD && (later = next_stored(p, &ahead)); out++)
            (void)second_ask_ahead(p->second, later->der);
        c->opinion = whole ? ask_second(p, c) : OPINION_DISAGREES;
        c->facts.readable &= c->opinion == OPINION_AGREES; /* nothing rests on what the readers disagree about */
        out -= out > 0;
    }
    if (!whole)
        second_forget_ahead(p->second);
}

static void report_ignored(struct pass *p, const struct request *q)
{
    const struct record *d = &q->record;
    bool open = !state_in(d->state, STATES_FINAL);
    bool decides = q->decision != DECISION_NONE && q->decision_generation != d->generation;
    bool stale = q->outcome_generation != d->generation || q->outcome_attempt != d->attempt;
    bool ends = q->outcome != OUTCOME_NONE && stale;
    if (!open || !(decides || ends))
        return;
    struct slice reason = arena_format(p->arena, "the request is at %u.%u", d->generation, d->attempt);
    if (decides && remember_of_request(p, q->dn, slice_of(ATTR_DECISION), q->decision_text, reason))
        LOG_EVENT(pass_log(p), EVENT_DECISION_IGNORED, log_slice("id", d->id), log_dn("dn", q->dn),
                  log_text("attribute", ATTR_DECISION), log_slice("value", q->decision_text),
                  log_slice("reason", reason));
    if (ends && remember_of_request(p, q->dn, slice_of(ATTR_OUTCOME), q->outcome_text, reason))
        LOG_EVENT(pass_log(p), EVENT_DECISION_IGNORED, log_slice("id", d->id), log_dn("dn", q->dn),
                  log_text("attribute", ATTR_OUTCOME), log_slice("value", q->outcome_text),
                  log_slice("reason", reason));
}

/* Marks. */

static uint16_t policy_on_record(const struct pass *p, struct slice dn)
{
    for (size_t i = 0; i < p->policy_count && i < MARK_NO_POLICY; i++)
        if (slice_eq_nocase(p->policies[i].policy->dn, dn))
            return (uint16_t)i;
    return MARK_NO_POLICY;
}

static bool takes_shortcuts(const struct pass *p)
{
    return !p->observer && !p->settings->no_shortcuts;
}

static void mark(struct request_reading *r, struct request_mark *m, const struct plan_request *q)
{
    struct pass *p = r->pass;
    const struct request *request = &q->request;
    const struct record *d = &request->record;
    bool reissue = d->type == REQUEST_REISSUE, ended = state_in(d->state, STATES_ENDED);
    digest_from_hex(d->id, &m->id);
    if (request->foreign) {
        m->flags = MARK_FOREIGN;
        return;
    }
    m->subject = reissue ? marks_key(d->subject_id) : 0;
    m->opened_utc = d->opened_utc;
    m->counted_utc = guard_counted_utc(request);
    m->checks = d->basis.checks;
    m->policy = policy_on_record(p, d->basis.policy_dn);
    m->state = (uint8_t)d->state;
    m->flags = reissue ? 0 : MARK_REVOKE;
    m->flags |= reissue && (!ended || d->basis.certificate.n) ? MARK_WATCHED : 0;
    if (r->all_in_full || !takes_shortcuts(p) || !plan_is_quiet(&r->scratch, &r->policies, q))
        return;
    m->flags |= MARK_QUIET;
    m->basis = basis_fingerprint(&d->basis, d->subject_id);
}

/* Reading. */

static void keep_in_full(struct pass *p, const struct entry *e, struct request_mark *m)
{
    problem_list told = {0};
    struct plan_request *q = LIST_ADD(p->arena, &p->requests_in_full);
    q->request = request_read(p->arena, e, &told);
    m->flags |= MARK_FULL;
    if (q->request.foreign)
        return;
    read_stored(p, q);
    past_note_request(p, q);
}

/*
 * Where a certificate is published matters once its revocation was asked for, or will be when its reissue is done:
 * whatever the entry that shows it.  After a scan it is too late: what a request that is read then has revoked makes
 * another scan.
 */
static void watch_stored(struct pass *p)
{
    const struct plan_request *q = &p->requests_in_full.items[p->requests_in_full.count - 1];
    for (size_t k = 0; k < q->stored_count; k++)
        watch_certificate(p, &q->stored[k].digest, q->stored[k].der);
}

static void read_one(void *context, const struct entry *e)
{
    struct request_reading *r = context;
    struct pass *p = r->pass;
    struct arena_mark before = arena_mark(&r->scratch);
    problem_list problems = {0};
    struct plan_request q = {.request = request_read(&r->scratch, e, &problems)};
    const struct request *request = &q.request;
    struct request_mark *m = marks_add(p->arena, &p->index);
    mark(r, m, &q);
    if (!request->foreign)
        report_ignored(p, request);
    else if (hex_is(request->record.id, DIGEST_OCTETS))
        p->incomplete = true; /* it takes the name of a request, which could then not be written */
    report_request_problems(p, request->record.id, &problems);
    past_note_opening(p, request);
    if (m->flags & MARK_QUIET) {
        past_note_request(p, &q);
    } else {
        keep_in_full(p, e, m);
        watch_stored(p);
    }
    arena_reset(&r->scratch, before);
}

static void forget_read(void *context)
{
    struct request_reading *r = context;
    r->pass->requests_in_full.count = r->begun;
    r->pass->index.count = r->begun_marks;
    r->pass->index.in_order = false;
    past_forget_requests(r->pass);
}

static int compare_requests(const void *a, const void *b)
{
    const struct plan_request *x = a, *y = b;
    return slice_compare(x->request.record.id, y->request.record.id);
}

static void put_in_order(struct pass *p)
{
    p->requests = p->requests_in_full.items;
    p->request_count = p->requests_in_full.count;
    if (p->request_count)
        qsort(p->requests, p->request_count, sizeof *p->requests, compare_requests);
    watch_in_order(p);
}

static bool search_requests(struct request_reading *r, struct slice filter, void (*entry)(void *, const struct entry *),
                            void (*restart)(void *))
{
    struct pass *p = r->pass;
    struct dir_search search = {
        .base = pass_child(p, "ou=requests"), .scope = DIR_ONE, .filter = filter, .attributes = request_attributes()};
    struct dir_sink sink = {.restart = restart, .entry = entry, .context = r};
    struct fault fault = {{0}};
    r->begun = p->requests_in_full.count;
    r->begun_marks = p->index.count;
    enum rc rc = dir_search(p->dir, &search, &sink, &fault);
    ask_about_stored(p, r->begun);
    if (rc != RC_OK)
        report_fault(p, "read ou=requests", &fault);
    return rc == RC_OK;
}

static struct request_reading reading_of(struct pass *p)
{
    return (struct request_reading){.pass = p,
                                    .policies = {.now_utc = p->now_utc,
                                                 .interval_s = p->settings->interval_s,
                                                 .policies = p->policies,
                                                 .policy_count = p->policy_count}};
}

bool pass_read_requests(struct pass *p)
{
    struct request_reading r = reading_of(p);
    int64_t begun_ms = progress_clock_ms();
    bool whole = search_requests(&r, SLICE_LITERAL("(objectClass=*)"), read_one, forget_read);
    p->requests_ms = progress_clock_ms() - begun_ms;
    arena_free(&r.scratch);
    put_in_order(p);
    p->requests_read = whole;
    return whole;
}

/* Again, in full. */

static bool needs_all(const struct pass *p, const struct request_mark *m)
{
    bool open = !state_in((enum state)m->state, STATES_ENDED);
    if (!(m->flags & MARK_QUIET) || (m->flags & MARK_FULL))
        return false;
    if (m->first)
        return m->second || (open ? !(m->flags & MARK_SETTLED) : m->kept != 0);
    /* Not seen.  Of a policy whose searches did not end whole nothing is concluded. */
    return open && (m->policy == MARK_NO_POLICY || p->policies[m->policy].complete);
}

static int order_by_id(const void *a, const void *b)
{
    const struct request_mark *const *x = a, *const *y = b;
    return digest_order(&(*x)->id, &(*y)->id);
}

struct request_rereading {
    struct request_reading reading;
    struct request_mark **wanted; /* by id */
    size_t count;
};

static struct request_mark *find_wanted(const struct request_rereading *r, struct slice id)
{
    struct request_mark key, *at = &key;
    struct request_mark **found =
        digest_from_hex(id, &key.id) ? bsearch(&at, r->wanted, r->count, sizeof *r->wanted, order_by_id) : NULL;
    return found ? *found : NULL;
}

static void read_again(void *context, const struct entry *e)
{
    struct request_rereading *r = context;
    struct request_mark *m = find_wanted(r, entry_first(e, ATTR_REQUEST_ID));
    if (m && !(m->flags & MARK_FULL))
        keep_in_full(r->reading.pass, e, m);
}

/* What came before this search stays. */
static void forget_again(void *context)
{
    struct request_rereading *r = context;
    struct pass *p = r->reading.pass;
    for (size_t i = r->reading.begun; i < p->requests_in_full.count; i++) {
        struct request_mark *m = find_wanted(r, p->requests_in_full.items[i].request.record.id);
        if (m)
            m->flags &= (uint8_t)~MARK_FULL;
    }
    p->requests_in_full.count = r->reading.begun;
}

static struct slice any_of(struct arena *a, const struct slice *filters, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += filters[i].n;
    uint8_t *text = arena_alloc(a, total + 4), *end = text;
    memcpy(end, "(|", 2);
    end += 2;
    for (size_t i = 0; i < count; end += filters[i++].n)
        memcpy(end, filters[i].p, filters[i].n);
    *end++ = ')';
    return slice_make(text, (size_t)(end - text));
}

/*
 * Where the server has no index of request ids, each of these searches costs it more than showing everything: then it
 * is not asked for long, and what is missing is looked for among all.
 */
static bool read_some_again(struct request_rereading *r)
{
    enum { SHORT_MS = 100 };
    struct pass *p = r->reading.pass;
    struct slice filters[FILTERS_AT_ONCE];
    bool whole = true;
    int64_t until_ms = progress_clock_ms() + p->requests_ms + SHORT_MS;
    for (size_t i = 0, n; i < r->count && whole && pass_goes_on(p) && progress_clock_ms() <= until_ms; i += n) {
        struct arena_mark before = arena_mark(&r->reading.scratch);
        for (n = 0; n < FILTERS_AT_ONCE && i + n < r->count; n++) {
            uint8_t hex[DIGEST_HEX];
            digest_to_hex(&r->wanted[i + n]->id, hex);
            filters[n] = arena_format(&r->reading.scratch, "(" ATTR_REQUEST_ID "=%.*s)", DIGEST_HEX, (char *)hex);
        }
        whole = search_requests(&r->reading, any_of(&r->reading.scratch, filters, n), read_again, forget_again);
        arena_reset(&r->reading.scratch, before);
    }
    return whole;
}

static bool is_missing_some(const struct request_rereading *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (!(r->wanted[i]->flags & MARK_FULL))
            return true;
    return false;
}

bool requests_read_unsettled(struct pass *p)
{
    struct request_rereading r = {.reading = reading_of(p)};
    size_t count = 0;
    for (size_t i = 0; i < p->index.count; i++)
        count += needs_all(p, marks_at(&p->index, i));
    if (count == 0)
        return true;
    r.wanted = ARENA_ARRAY(&r.reading.scratch, count, struct request_mark *);
    for (size_t i = 0; i < p->index.count; i++)
        if (needs_all(p, marks_at(&p->index, i)))
            r.wanted[r.count++] = marks_at(&p->index, i);
    qsort(r.wanted, r.count, sizeof *r.wanted, order_by_id);
    bool few = count <= FILTERS_AT_ONCE || count < p->index.count / WHOLE_FROM_ONE_OF;
    bool whole = !few || read_some_again(&r);
    /* What a filter does not show may be there all the same, for an account that may read it and not search for it. */
    if (whole && is_missing_some(&r) && pass_goes_on(p))
        whole = search_requests(&r.reading, SLICE_LITERAL("(objectClass=*)"), read_again, forget_again);
    arena_free(&r.reading.scratch);
    put_in_order(p);
    return whole;
}

/* For somebody who knows which. */

static void read_new(void *context, const struct entry *e)
{
    struct request_reading *r = context;
    struct digest id;
    bool known = digest_from_hex(entry_first(e, ATTR_REQUEST_ID), &id) && r->known_count &&
                 bsearch(&id, r->known, r->known_count, sizeof id, digest_order);
    if (!known)
        read_one(context, e);
}

/* Those that are there already: within one search nothing comes twice. */
static void note_known(struct request_reading *r)
{
    const struct request_index *x = &r->pass->index;
    r->known = ARENA_ARRAY(&r->scratch, x->count, struct digest);
    for (size_t i = 0; i < x->count; i++)
        r->known[i] = marks_at(x, i)->id;
    r->known_count = sort_digests(r->known, x->count);
}

bool requests_fetch(struct pass *p, const struct slice *filters, size_t count)
{
    struct request_reading r = reading_of(p);
    bool whole = true;
    r.all_in_full = true;
    for (size_t i = 0; i < count && whole && pass_goes_on(p); i += FILTERS_AT_ONCE) {
        struct arena_mark before = arena_mark(&r.scratch);
        size_t n = count - i < FILTERS_AT_ONCE ? count - i : FILTERS_AT_ONCE;
        note_known(&r);
        whole = search_requests(&r, any_of(&r.scratch, &filters[i], n), read_new, forget_read);
        arena_reset(&r.scratch, before);
    }
    arena_free(&r.scratch);
    put_in_order(p);
    return whole;
}

const struct plan_request *pass_find_request(const struct pass *p, struct slice id)
{
    size_t low = 0, high = p->request_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = slice_compare(p->requests[middle].request.record.id, id);
        if (c == 0)
            return &p->requests[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Besides those in full. */

bool requests_counts_besides(const struct request_mark *m)
{
    return !(m->flags & (MARK_FULL | MARK_FOREIGN));
}

const size_t *requests_recent_besides(struct pass *p)
{
    size_t *recent = ARENA_ARRAY(p->arena, p->policy_count, size_t);
    for (size_t i = 0; i < p->index.count; i++) {
        const struct request_mark *m = marks_at(&p->index, i);
        if (requests_counts_besides(m) && m->policy != MARK_NO_POLICY)
            recent[m->policy] += guard_is_recent(m->counted_utc, p->now_utc);
    }
    return recent;
}
