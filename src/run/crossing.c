/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What entries have in common.  All subjects stream by twice before they are judged.  The first time 16 octets are kept
 * of each value: half of its digest and half of its owner's.  A certificate is one value, its key; whoever publishes
 * the same certificate has the same key, and what can't be read is compared as it stands.  The second time, which only
 * comes where two owners seem to have one value, those values are kept whole, and what remains of them is exact.  After
 * that only what is shared is remembered.
 */
#include "run/crossing_private.h"

#include "x509/reader.h"

#include <stdlib.h>

enum shared_kind { SHARED_KEY, SHARED_CERTIFICATE, SHARED_NAME, SHARED_ADDRESS };

struct mark {
    uint64_t what, whose;
};
enum { MARKS_IN_BLOCK = 4095 }; /* with the arena's own header, 64 KiB */

/* In blocks, so that growing copies nothing. */
struct marks {
    LIST_OF(struct mark *) blocks;
    size_t count;
};

/* A value that two subjects seem to have, and one of them. */
struct holder {
    struct digest what;
    enum shared_kind kind;
    struct slice dn, id;
};

/* A value that several subjects have, and the first two of them by DN. */
struct common {
    struct digest what;
    enum shared_kind kind;
    struct slice dns[2], ids[2];
};

struct crossing {
    bool compared;
    struct common *commons; /* by kind and digest */
    size_t count;
    struct crossing_figures figures;
};

struct comparison {
    struct pass *pass;
    struct arena arena; /* dropped when all are compared */
    uint64_t bits;
    bool certificates, hosts; /* what is compared */
    struct marks marks;
    uint64_t *candidates; /* ascending */
    size_t candidate_count;
    bool exact; /* the second time */
    LIST_OF(struct holder) holders;
    struct slice dn, id; /* of the subject at hand, once they are needed */
    size_t begun;        /* how many there were when this search began */
};

/* Marks. */

static struct mark *mark_at(const struct marks *m, size_t i)
{
    return &m->blocks.items[i / MARKS_IN_BLOCK][i % MARKS_IN_BLOCK];
}

static void add_mark(struct arena *a, struct marks *m, struct mark mark)
{
    if (m->count == m->blocks.count * MARKS_IN_BLOCK)
        *LIST_ADD(a, &m->blocks) = ARENA_ARRAY(a, MARKS_IN_BLOCK, struct mark);
    *mark_at(m, m->count++) = mark;
}

static bool is_before(const struct mark *x, const struct mark *y)
{
    return x->what < y->what || (x->what == y->what && x->whose < y->whose);
}

static void sift_down(const struct marks *m, size_t from, size_t end)
{
    struct mark moved = *mark_at(m, from);
    for (size_t child; (child = 2 * from + 1) < end; from = child) {
        if (child + 1 < end && is_before(mark_at(m, child), mark_at(m, child + 1)))
            child++;
        if (!is_before(&moved, mark_at(m, child)))
            break;
        *mark_at(m, from) = *mark_at(m, child);
    }
    *mark_at(m, from) = moved;
}

/* A heap sort needs no second copy, and no order of the values makes it slow. */
static void sort_marks(const struct marks *m)
{
    for (size_t i = m->count / 2; i > 0; i--)
        sift_down(m, i - 1, m->count);
    for (size_t end = m->count; end > 1; end--) {
        struct mark largest = *mark_at(m, 0);
        *mark_at(m, 0) = *mark_at(m, end - 1);
        *mark_at(m, end - 1) = largest;
        sift_down(m, 0, end - 1);
    }
}

/* What stands there under two owners. */
static void find_candidates(struct comparison *c)
{
    LIST_OF(uint64_t) found = {0};
    sort_marks(&c->marks);
    for (size_t i = 1; i < c->marks.count; i++) {
        const struct mark *before = mark_at(&c->marks, i - 1), *m = mark_at(&c->marks, i);
        if (m->what == before->what && m->whose != before->whose &&
            (found.count == 0 || found.items[found.count - 1] != m->what))
            *LIST_ADD(&c->arena, &found) = m->what;
    }
    c->candidates = found.items;
    c->candidate_count = found.count;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool is_candidate(const struct comparison *c, uint64_t what)
{
    return c->candidate_count &&
           bsearch(&what, c->candidates, c->candidate_count, sizeof *c->candidates, compare_numbers);
}

/* Values. */

static uint64_t half_of(const struct digest *d)
{
    uint64_t half;
    memcpy(&half, d->octets, sizeof half);
    return half;
}

static void keep_whole(struct comparison *c, const struct subject *s, enum shared_kind kind, const struct digest *what)
{
    if (!c->dn.p) {
        c->dn = arena_copy(&c->arena, s->dn);
        c->id = arena_copy(&c->arena, s->id);
    }
    *LIST_ADD(&c->arena, &c->holders) = (struct holder){*what, kind, c->dn, c->id};
}

/* True where the second look found a candidate. */
static bool take_value(struct comparison *c, const struct subject *s, uint64_t whose, enum shared_kind kind,
                       struct slice value)
{
    struct digest d = digest_of(value);
    uint64_t what = half_of(&d) & c->bits;
    if (!c->exact)
        add_mark(&c->arena, &c->marks, (struct mark){what, whose});
    else if (is_candidate(c, what))
        keep_whole(c, s, kind, &d);
    else
        return false;
    return c->exact;
}

static void take_certificate(struct comparison *c, const struct subject *s, uint64_t whose, struct certificate *one)
{
    facts_read(one->der, &one->facts);
    if (!one->facts.readable) {
        take_value(c, s, whose, SHARED_CERTIFICATE, one->der);
        return;
    }
    if (take_value(c, s, whose, SHARED_KEY, facts_slice(one->der, one->facts.spki))) {
        struct digest d = digest_of(one->der);
        keep_whole(c, s, SHARED_CERTIFICATE, &d);
    }
}

static enum shared_kind kind_of(const struct host *h)
{
    return h->kind == HOST_IP ? SHARED_ADDRESS : SHARED_NAME;
}

static void take_subject(void *context, struct subject *s, problem_list *problems)
{
    enum { BATCH = 64 };
    struct comparison *c = context;
    struct digest id = digest_of(s->id);
    (void)problems; /* told when they are judged */
    if (s->id.n == 0)
        return; /* nobody knows whose they are: its policy will not be complete */
    c->dn = c->id = (struct slice){NULL, 0};
    for (size_t i = 0; c->certificates && i < s->certificate_count; i++) {
        if (i % BATCH == BATCH - 1 && !pass_goes_on(c->pass))
            return;
        take_certificate(c, s, half_of(&id), &s->certificates[i]);
    }
    for (size_t i = 0; c->hosts && i < s->host_count; i++)
        if (s->hosts[i].kind != HOST_INVALID)
            take_value(c, s, half_of(&id), kind_of(&s->hosts[i]), s->hosts[i].name);
}

/* Streaming. */

static void begin(void *context)
{
    struct comparison *c = context;
    c->begun = c->exact ? c->holders.count : c->marks.count;
}

static void restart(void *context)
{
    struct comparison *c = context;
    *(c->exact ? &c->holders.count : &c->marks.count) = c->begun;
}

static bool stream_all(struct comparison *c)
{
    struct pass *p = c->pass;
    bool whole = true;
    for (size_t i = 0; i < p->policy_count && whole; i++) {
        if (!p->policies[i].complete)
            continue;
        struct walk w = {.pass = p,
                         .governed = &p->governed[i],
                         .begin = begin,
                         .restart = restart,
                         .subject = take_subject,
                         .context = c,
                         .no_certificates = !c->certificates,
                         .no_hosts = !c->hosts};
        whole = walk_targets(&w);
        walk_end(&w);
    }
    return whole && pass_goes_on(p);
}

/* What remains. */

static int compare_kinds(enum shared_kind x, const struct digest *a, enum shared_kind y, const struct digest *b)
{
    return x != y ? (x > y) - (x < y) : memcmp(a->octets, b->octets, DIGEST_OCTETS);
}

static int compare_holders(const void *a, const void *b)
{
    const struct holder *x = a, *y = b;
    int c = compare_kinds(x->kind, &x->what, y->kind, &y->what);
    c = c ? c : slice_compare(x->dn, y->dn);
    return c ? c : slice_compare(x->id, y->id);
}

static int compare_commons(const void *a, const void *b)
{
    const struct common *x = a, *y = b;
    return compare_kinds(x->kind, &x->what, y->kind, &y->what);
}

/* The holders of one value, in order: two subjects are enough. */
static void keep_common(struct comparison *c, struct crossing *kept, const struct holder *holders, size_t count)
{
    struct arena *a = c->pass->arena;
    const struct holder *first = &holders[0];
    for (size_t i = 1; i < count; i++)
        if (!slice_eq(holders[i].id, first->id)) {
            kept->commons[kept->count++] = (struct common){first->what,
                                                           first->kind,
                                                           {arena_copy(a, first->dn), arena_copy(a, holders[i].dn)},
                                                           {arena_copy(a, first->id), arena_copy(a, holders[i].id)}};
            return;
        }
}

static void keep_commons(struct comparison *c, struct crossing *kept)
{
    const struct holder *all = c->holders.items;
    size_t count = c->holders.count;
    if (count)
        qsort(c->holders.items, count, sizeof *all, compare_holders);
    kept->commons = ARENA_ARRAY(c->pass->arena, count / 2, struct common);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i; next < count && compare_kinds(all[i].kind, &all[i].what, all[next].kind, &all[next].what) == 0;)
            next++;
        keep_common(c, kept, &all[i], next - i);
    }
}

static bool compare_all(struct comparison *c, struct crossing *kept)
{
    struct crossing_figures *f = &kept->figures;
    if (!stream_all(c))
        return false;
    f->values = c->marks.count;
    f->octets = c->marks.blocks.count * MARKS_IN_BLOCK * sizeof(struct mark);
    find_candidates(c);
    f->candidates = c->candidate_count;
    if (c->candidate_count == 0)
        return true;
    c->exact = f->looked_once_more = true;
    if (!stream_all(c))
        return false;
    f->holders = c->holders.count;
    keep_commons(c, kept);
    return true;
}

/* What the judging policies ask for together. */
static unsigned asked_for(const struct pass *p)
{
    unsigned unique = 0;
    for (size_t i = 0; i < p->policy_count; i++)
        if (p->policies[i].complete)
            unique |= p->policies[i].policy->unique;
    return unique;
}

/* Who governs whom is known of every policy that judges; those that are off do not count. */
static bool everybody_is_known(struct pass *p)
{
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct policy *policy = p->policies[i].policy;
        if (p->policies[i].complete || (policy->mode == MODE_OFF && !policy->disabled))
            continue;
        struct fault fault = {{0}};
        fault_set(&fault, RC_FAULT, "whom %.*s governs is not known, so what entries share stays undecided",
                  SLICE_ARGS(policy->dn));
        report_fault(p, "compare entries with each other", &fault);
        return false;
    }
    return true;
}

void crossing_survey_within(struct pass *p, uint64_t bits)
{
    unsigned unique = asked_for(p);
    if (!unique)
        return;
    struct comparison c = {.pass = p,
                           .bits = bits,
                           .certificates = unique & (UNIQUE_KEY | UNIQUE_CERTIFICATE),
                           .hosts = unique & UNIQUE_HOST_NAME};
    p->crossing = ARENA_NEW(p->arena, struct crossing);
    if (p->look)
        return; /* whom they share it with would have to be seen: that is for full passes */
    p->crossing->compared = everybody_is_known(p) && compare_all(&c, p->crossing);
    arena_free(&c.arena);
}

void crossing_survey(struct pass *p)
{
    crossing_survey_within(p, UINT64_MAX);
}

bool crossing_failed(const struct pass *p)
{
    return p->crossing && !p->crossing->compared;
}

struct crossing_figures crossing_figures(const struct pass *p)
{
    return p->crossing ? p->crossing->figures : (struct crossing_figures){0};
}

/* Asking. */

/* The first other subject that has the value too; empty: none. */
static struct slice other_holder(const struct crossing *c, struct slice id, enum shared_kind kind, struct slice value)
{
    struct common key = {.what = digest_of(value), .kind = kind};
    const struct common *found =
        c->count ? bsearch(&key, c->commons, c->count, sizeof *c->commons, compare_commons) : NULL;
    return found ? found->dns[slice_eq(found->ids[0], id)] : (struct slice){NULL, 0};
}

static void look_at_certificate(const struct crossing *c, struct slice id, struct certificate *one)
{
    one->sharing.compared = c->compared;
    if (!c->count)
        return;
    one->sharing.certificate_with = other_holder(c, id, SHARED_CERTIFICATE, one->der);
    if (one->facts.readable)
        one->sharing.key_with = other_holder(c, id, SHARED_KEY, facts_slice(one->der, one->facts.spki));
}

/* Of several names the first in byte order: an entry may show them in any. */
static void look_at_hosts(const struct crossing *c, struct subject *s)
{
    s->sharing.compared = c->compared;
    for (size_t i = 0; c->count && i < s->host_count; i++) {
        const struct host *h = &s->hosts[i];
        struct slice with =
            h->kind == HOST_INVALID ? (struct slice){NULL, 0} : other_holder(c, s->id, kind_of(h), h->name);
        if (with.n == 0 || (s->sharing.host.n && slice_compare(s->sharing.host, h->shown) <= 0))
            continue;
        s->sharing.host = h->shown;
        s->sharing.host_with = with;
    }
}

void crossing_of(struct pass *p, struct arena *a, struct subject *s)
{
    (void)a; /* what is shared is known as long as the pass */
    if (!p->crossing || !s->policy->unique)
        return;
    for (size_t i = 0; i < s->certificate_count; i++)
        look_at_certificate(p->crossing, s->id, &s->certificates[i]);
    look_at_hosts(p->crossing, s);
}
