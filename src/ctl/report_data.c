/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/report_data.h"

#include "base/escape.h"
#include "base/gentime.h"
#include "core/name.h"

#include <stdlib.h>

enum {
    NAMES_MOST = 10000, /* distinct issuers that are told apart */
    NAME_MOST = 200,
    TEXT_MOST = 1000,
    DN_MOST = 2048, /* as everywhere in dircertctl */
    DAY_S = 86400,
};

struct report_tally_slot {
    uint64_t key;
    struct report_count of; /* count 0: free */
};

/* Tallies: a table of digests, half full at most. */

static struct report_tally_slot *tally_place(struct report_tally_slot *slots, size_t room, uint64_t key)
{
    size_t at = key & (room - 1);
    while (slots[at].of.count && slots[at].key != key)
        at = (at + 1) & (room - 1);
    return &slots[at];
}

static void tally_grow(struct arena *a, struct report_tally *t)
{
    size_t room = t->room ? 2 * t->room : 64;
    struct report_tally_slot *slots = ARENA_ARRAY(a, room, struct report_tally_slot);
    for (size_t i = 0; i < t->room; i++)
        if (t->slots[i].of.count)
            *tally_place(slots, room, t->slots[i].key) = t->slots[i];
    t->slots = slots;
    t->room = room;
}

/* Counts what has these octets; NULL: there is no room for another name.  A new one has no name yet. */
static struct report_count *tally_count(struct arena *a, struct report_tally *t, struct slice octets)
{
    struct digest d = digest_of(octets);
    uint64_t key;
    memcpy(&key, d.octets, sizeof key);
    if (2 * (t->names + 1) > t->room)
        tally_grow(a, t);
    struct report_tally_slot *slot = tally_place(t->slots, t->room, key);
    if (slot->of.count == 0 && t->names == NAMES_MOST) {
        t->beyond++;
        return NULL;
    }
    t->names += slot->of.count == 0;
    slot->key = key;
    slot->of.count++;
    return &slot->of;
}

static int more_first(const void *a, const void *b)
{
    const struct report_count *x = &((const struct report_tally_slot *)a)->of;
    const struct report_count *y = &((const struct report_tally_slot *)b)->of;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return slice_compare(x->name, y->name);
}

static void tally_end(struct report_tally *t)
{
    if (t->room)
        qsort(t->slots, t->room, sizeof *t->slots, more_first);
    t->others = t->beyond;
    for (size_t i = 0; i < t->room && t->slots[i].of.count; i++)
        if (i < REPORT_TOP)
            t->top[t->top_count++] = t->slots[i].of;
        else
            t->others += t->slots[i].of.count;
}

/* Certificates. */

static size_t months_of(int64_t at_utc)
{
    uint8_t t[GENTIME_LEN];
    uint64_t year = 0;
    gentime_write(at_utc, t);
    for (unsigned i = 0; i < 4; i++)
        year = 10 * year + (uint64_t)(t[i] - '0');
    return (size_t)(12 * year + 10 * (uint64_t)(t[4] - '0') + (uint64_t)(t[5] - '0') - 1);
}

void report_data_month(const struct report_data *d, size_t bucket, unsigned *year, unsigned *month)
{
    size_t months = months_of(d->now_utc) + bucket;
    *year = (unsigned)(months / 12);
    *month = (unsigned)(months % 12);
}

static void take_validity(struct report_data *d, int64_t not_after_utc)
{
    if (not_after_utc < d->now_utc) {
        d->overdue++;
        return;
    }
    size_t ahead = months_of(not_after_utc) - months_of(d->now_utc);
    if (ahead < REPORT_MONTHS)
        d->months[ahead]++;
    else
        d->later++;
}

static void take_certificate(struct report_data *d, const struct certificate *c)
{
    d->certificates++;
    if (!c->facts.readable) {
        d->unreadable++;
        return;
    }
    take_validity(d, c->facts.not_after_utc);
    struct slice issuer = facts_slice(c->der, c->facts.issuer);
    struct report_count *of = tally_count(d->arena, &d->issuers, issuer);
    if (of && of->count == 1)
        of->name = name_text(d->arena, issuer, NAME_MOST);
    /* A name is kept only where it is new. */
    struct slice key = report_key_name(&d->scratch, c->der, &c->facts);
    of = tally_count(d->arena, &d->keys, key);
    if (of && of->count == 1)
        of->name = arena_copy(d->arena, key);
    arena_reset(&d->scratch, (struct arena_mark){0});
}

/* Subjects. */

static struct report_policy *policy_row(struct report_data *d, const struct policy *policy)
{
    for (size_t i = 0; i < d->policies.count; i++)
        if (d->policies.items[i].policy == policy)
            return &d->policies.items[i];
    struct report_policy *row = LIST_ADD(d->arena, &d->policies);
    row->policy = policy;
    row->result = "incomplete"; /* until run/inspect says how it ended */
    return row;
}

/* Walks the findings of an entry: its certificates', then its own. */
struct walk {
    const struct subject *s;
    size_t certificate, finding;
};

static bool walk_next(struct walk *w, const struct certificate **c, const struct finding **f)
{
    for (; w->certificate < w->s->certificate_count; w->certificate++, w->finding = 0) {
        *c = &w->s->certificates[w->certificate];
        if (w->finding < (*c)->finding_count) {
            *f = &(*c)->findings[w->finding++];
            return true;
        }
    }
    *c = NULL;
    *f = w->finding < w->s->finding_count ? &w->s->findings[w->finding] : NULL;
    w->finding += *f != NULL;
    return *f != NULL;
}

static bool is_undecided(const struct certificate *c, const struct finding *f)
{
    return f->undecided || (c && c->opinion == OPINION_DISAGREES);
}

/* The number of errors first, then of warnings, then of notices. */
static uint64_t weight_of(const struct certificate *c, const struct finding *f)
{
    if (is_undecided(c, f) || f->waiver.n)
        return 0;
    switch (check_get(f->check)->severity) {
    case SEVERITY_ERR:
        return (uint64_t)1 << 40;
    case SEVERITY_WARNING:
        return (uint64_t)1 << 20;
    case SEVERITY_NOTICE:
    case SEVERITY_INFO:
    case SEVERITY_DEBUG:
        break;
    }
    return 1;
}

static int severer_first(const void *a, const void *b)
{
    const struct report_finding *x = a, *y = b;
    if (x->undecided != y->undecided)
        return x->undecided ? 1 : -1;
    if (x->waived != y->waived)
        return x->waived ? 1 : -1;
    if (x->check->severity != y->check->severity)
        return x->check->severity < y->check->severity ? -1 : 1;
    return x->check->id != y->check->id ? (x->check->id < y->check->id ? -1 : 1) : slice_compare(x->detail, y->detail);
}

static struct slice digest_text(struct arena *a, const struct certificate *c)
{
    uint8_t hex[DIGEST_HEX];
    struct digest d = c->has_digest ? c->digest : digest_of(c->der);
    digest_to_hex(&d, hex);
    return arena_copy(a, slice_make(hex, DIGEST_HEX));
}

static void copy_findings(struct arena *a, const struct subject *s, struct report_entry *e)
{
    struct report_finding *list = ARENA_ARRAY(a, REPORT_FINDINGS, struct report_finding);
    struct walk w = {.s = s};
    const struct certificate *c;
    const struct finding *f;
    while (walk_next(&w, &c, &f)) {
        if (e->finding_count == REPORT_FINDINGS) {
            e->more_findings++;
            continue;
        }
        list[e->finding_count++] = (struct report_finding){.check = check_get(f->check),
                                                           .detail = escape_rest(a, f->detail, TEXT_MOST),
                                                           .certificate = c ? digest_text(a, c) : slice_of(""),
                                                           .action = finding_action(s->policy, c, f),
                                                           .undecided = is_undecided(c, f),
                                                           .waived = f->waiver.n > 0};
    }
    if (e->finding_count)
        qsort(list, e->finding_count, sizeof *list, severer_first);
    e->findings = list;
}

static void copy_hosts(struct arena *a, const struct subject *s, struct report_entry *e)
{
    size_t count = s->host_count < REPORT_FINDINGS ? s->host_count : REPORT_FINDINGS;
    struct slice *hosts = ARENA_ARRAY(a, count, struct slice);
    for (size_t i = 0; i < count; i++)
        hosts[i] = arena_copy(a, s->hosts[i].kind == HOST_INVALID ? s->hosts[i].written : s->hosts[i].shown);
    e->hosts = hosts;
    e->host_count = count;
}

static bool is_worse(uint64_t weight, struct slice dn, const struct report_entry *than)
{
    return weight != than->weight ? weight > than->weight : slice_compare(dn, than->dn) < 0;
}

/* Keeps the entry where it is among the worst so far; only then is anything copied. */
static void keep_worst(struct report_data *d, const struct subject *s, uint64_t weight)
{
    struct slice dn = escape_rest(&d->scratch, s->dn, DN_MOST);
    size_t at = d->worst_count;
    while (at && is_worse(weight, dn, &d->worst[at - 1]))
        at--;
    struct report_entry e = {.policy = s->policy, .weight = weight};
    if (at < REPORT_WORST)
        e.dn = arena_copy(d->arena, dn);
    arena_reset(&d->scratch, (struct arena_mark){0});
    if (at == REPORT_WORST)
        return;
    copy_findings(d->arena, s, &e);
    copy_hosts(d->arena, s, &e);
    d->worst_count += d->worst_count < REPORT_WORST;
    memmove(&d->worst[at + 1], &d->worst[at], (d->worst_count - at - 1) * sizeof e);
    d->worst[at] = e;
}

/* Findings into the policy's row; true when something about the entry is undecided. */
static bool take_findings(struct report_data *d, const struct subject *s, struct report_policy *row)
{
    struct walk w = {.s = s};
    const struct certificate *c;
    const struct finding *f;
    uint64_t weight = 0;
    bool undecided = s->undecided, found = false;
    while (walk_next(&w, &c, &f)) {
        undecided |= is_undecided(c, f);
        found = true;
        row->waived += f->waiver.n && !is_undecided(c, f);
        row->findings[f->check] += !f->waiver.n && !is_undecided(c, f);
        weight += weight_of(c, f);
    }
    for (size_t i = 0; i < s->certificate_count; i++)
        undecided |= certificate_is_undecided(&s->certificates[i]);
    row->undecided += undecided;
    row->compliant += s->certificate_count && !found && !undecided;
    d->entries_with_findings += weight > 0;
    if (weight)
        keep_worst(d, s, weight);
    return undecided;
}

/*
 * run/inspect may hand an entry over again: after a search had to begin anew, and where it is known by then that the
 * entry has no certificate.  It counts once, and what its lack of a certificate is counts once.
 */
static void take_subject(void *context, const struct subject *s)
{
    struct report_data *d = context;
    struct slice id = s->id.n ? s->id : s->dn;
    bool first = told_first_time(d->arena, &d->told, id, s->policy->dn, slice_of("entry"));
    bool bare =
        s->shows_no_certificate && told_first_time(d->arena, &d->told, id, s->policy->dn, slice_of("no certificate"));
    if (!first && !bare)
        return;
    struct report_policy *row = policy_row(d, s->policy);
    /* What was undecided while nobody had looked is judged anew. */
    if (!first && !told_first_time(d->arena, &d->told, id, s->policy->dn, slice_of("undecided")))
        row->undecided--;
    row->subjects += first;
    row->with_certificate += first && s->certificate_count > 0;
    for (size_t i = 0; first && i < s->certificate_count; i++)
        take_certificate(d, &s->certificates[i]);
    if (take_findings(d, s, row))
        told_first_time(d->arena, &d->told, id, s->policy->dn, slice_of("undecided"));
}

/* What people have to know. */

void report_data_note(struct report_data *d, struct slice text)
{
    if (d->notes.count < REPORT_NOTES)
        *LIST_ADD(d->arena, &d->notes) = escape_rest(d->arena, text, TEXT_MOST);
    else
        d->more_notes++;
}

static void take_problem(void *context, const struct problem *p)
{
    struct report_data *d = context;
    if (!told_first_time(d->arena, &d->told, p->dn, p->attribute, p->reason))
        return;
    report_data_note(d, arena_format(d->arena, "%.*s: %.*s: %.*s", SLICE_ARGS(p->dn), SLICE_ARGS(p->attribute),
                                     SLICE_ARGS(p->reason)));
}

static void take_fault(void *context, const char *what, const char *detail)
{
    struct report_data *d = context;
    d->complete = false;
    report_data_note(d, arena_format(d->arena, "%s: %s", what, detail));
}

static void take_policy(void *context, const struct inspect_policy *p)
{
    struct report_data *d = context;
    policy_row(d, p->policy)->result = p->result;
}

struct inspect_sink report_data_sink(struct report_data *d)
{
    return (struct inspect_sink){
        .subject = take_subject, .problem = take_problem, .fault = take_fault, .policy = take_policy, .context = d};
}

/* Requests. */

static enum report_age age_of(int64_t opened_utc, int64_t now_utc)
{
    int64_t s = now_utc - opened_utc;
    return s < DAY_S ? AGE_DAY : s / 7 < DAY_S ? AGE_WEEK : s / 30 < DAY_S ? AGE_MONTH : AGE_OLDER;
}

void report_data_request(struct report_data *d, const struct request *q)
{
    const struct record *r = &q->record;
    if (q->foreign || r->state == STATE_NONE)
        return;
    d->requests[r->type][r->state][age_of(r->opened_utc, d->now_utc)]++;
    if (state_in(r->state, STATES_FINAL) || (d->oldest_open_utc && d->oldest_open_utc <= r->opened_utc))
        return;
    d->oldest_open_utc = r->opened_utc;
    d->oldest_open_dn = escape_rest(d->arena, r->basis.subject_dn, DN_MOST);
    d->oldest_open_id = arena_copy(d->arena, r->id);
}

/* Beginning, end and sums. */

struct report_data *report_data_new(struct arena *a, int64_t now_utc)
{
    struct report_data *d = ARENA_NEW(a, struct report_data);
    d->arena = a;
    d->now_utc = now_utc;
    d->complete = true;
    return d;
}

static int by_precedence(const void *a, const void *b)
{
    return policy_order(((const struct report_policy *)a)->policy, ((const struct report_policy *)b)->policy);
}

void report_data_end(struct report_data *d, bool complete)
{
    d->complete &= complete;
    arena_free(&d->scratch);
    tally_end(&d->issuers);
    tally_end(&d->keys);
    if (d->policies.count)
        qsort(d->policies.items, d->policies.count, sizeof *d->policies.items, by_precedence);
}

struct report_policy report_data_total(const struct report_data *d)
{
    struct report_policy total = {0};
    for (size_t i = 0; i < d->policies.count; i++) {
        const struct report_policy *p = &d->policies.items[i];
        total.subjects += p->subjects;
        total.with_certificate += p->with_certificate;
        total.compliant += p->compliant;
        total.undecided += p->undecided;
        total.waived += p->waived;
        for (unsigned c = 0; c < CHECK_COUNT; c++)
            total.findings[c] += p->findings[c];
    }
    return total;
}

size_t report_data_findings(const struct report_policy *p)
{
    size_t n = 0;
    for (unsigned c = 0; c < CHECK_COUNT; c++)
        n += p->findings[c];
    return n;
}

size_t report_data_requests(const struct report_data *d, unsigned states)
{
    size_t n = 0;
    for (unsigned t = 0; t < REQUEST_TYPES; t++)
        for (unsigned s = 0; s < STATE_COUNT; s++)
            for (unsigned age = 0; state_in((enum state)s, states) && age < REPORT_AGES; age++)
                n += d->requests[t][s][age];
    return n;
}

unsigned report_permille(size_t part, size_t whole)
{
    return whole ? (unsigned)((uint64_t)part * 1000 / whole) : 1000;
}

const char *report_age_name(enum report_age age)
{
    static const char *const names[REPORT_AGES] = {
        [AGE_DAY] = "under 1 day", [AGE_WEEK] = "1 to 7 days", [AGE_MONTH] = "7 to 30 days", [AGE_OLDER] = "older"};
    return names[age];
}
