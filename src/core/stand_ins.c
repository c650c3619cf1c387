/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificate of an entry takes the place of which other. */
#include "core/subject.h"

#include <stdlib.h>

static bool has_eku(const struct certificate *c, struct slice wanted)
{
    static const uint8_t any_extended_key_usage[] = {0x55, 0x1d, 0x25, 0x00};
    struct slice cursor = facts_eku(c->der, &c->facts), oid;
    while (facts_next_eku(&cursor, &oid))
        if (slice_eq(oid, wanted) || slice_eq(oid, slice_make(any_extended_key_usage, sizeof any_extended_key_usage)))
            return true;
    return false;
}

/* A certificate without the extension may be used for everything (RFC 5280 section 4.2.1.12). */
static bool covers_usages(const struct certificate *candidate, const struct certificate *old)
{
    if (candidate->facts.eku.presence == FIELD_ABSENT)
        return true;
    struct slice cursor = facts_eku(old->der, &old->facts), oid;
    while (facts_next_eku(&cursor, &oid))
        if (!has_eku(candidate, oid))
            return false;
    return true;
}

static bool same_family(const struct certificate *a, const struct certificate *b)
{
    enum key_family fa = facts_key_family(a->der, &a->facts), fb = facts_key_family(b->der, &b->facts);
    return fa == fb && (fa != KEY_OTHER || slice_eq(facts_slice(a->der, a->facts.key_algorithm),
                                                    facts_slice(b->der, b->facts.key_algorithm)));
}

/* Under a name rule, compliance says so already. */
static bool covers_hosts(const struct subject *s, const struct certificate *c, int64_t now_utc)
{
    struct check_input in = {.policy = s->policy, .der = c->der, .facts = &c->facts, .now_utc = now_utc};
    if (s->policy->name_match != MATCH_NONE)
        return true;
    for (size_t i = 0; i < s->host_count; i++)
        if (!check_covers(&in, &s->hosts[i]))
            return false;
    return true;
}

/*
 * A weak key was given away or may be, a shared one is known to somebody else: whatever is judged today, it is not to
 * go on.  (Under post-quantum a certificate with the same key does not comply.)
 */
static bool key_was_the_finding(const struct certificate *c)
{
    for (size_t i = 0; i < c->finding_count; i++)
        if (!c->findings[i].undecided &&
            (CHECK_BIT(c->findings[i].check) & (CHECK_BIT(CHECK_WEAK_KEY) | CHECK_BIT(CHECK_SHARED_KEY))))
            return true;
    return false;
}

static bool same_key(const struct certificate *a, const struct certificate *b)
{
    return slice_eq(facts_slice(a->der, a->facts.spki), facts_slice(b->der, b->facts.spki));
}

static bool may_stand_in(const struct subject *s, const struct certificate *c, int64_t now_utc)
{
    return certificate_complies(c) && covers_hosts(s, c, now_utc);
}

/* Nothing is wrong with it but what other entries would have to tell. */
static bool might_stand_in(const struct subject *s, const struct certificate *c, int64_t now_utc)
{
    unsigned doubted = certificate_doubts(c);
    for (size_t i = 0; i < c->finding_count; i++)
        if (!c->findings[i].undecided || !(CHECK_BIT(c->findings[i].check) & doubted))
            return false;
    return doubted && c->opinion == OPINION_AGREES && covers_hosts(s, c, now_utc);
}

/* The candidate may stand in for something: for this one too? */
static bool replaces(const struct certificate *candidate, const struct certificate *old)
{
    if (!old)
        return true;
    if (slice_eq(old->der, candidate->der))
        return false;
    if (!old->facts.readable)
        return true;
    return !slice_eq(facts_slice(old->der, old->facts.serial), facts_slice(candidate->der, candidate->facts.serial)) &&
           covers_usages(candidate, old) && same_family(candidate, old) &&
           !(key_was_the_finding(old) && same_key(candidate, old));
}

bool subject_stands_in(const struct subject *s, const struct certificate *candidate, const struct certificate *old,
                       int64_t now_utc)
{
    return may_stand_in(s, candidate, now_utc) && replaces(candidate, old);
}

/* A candidate, and what of it decides for whom it stands in: its kind, and what an old one must not have too. */
struct candidate {
    struct certificate *certificate;
    struct slice usages, algorithm;
    struct slice serial, spki;
    size_t order;
};

static int compare_kinds(const struct candidate *x, const struct candidate *y)
{
    int c = (int)x->certificate->facts.eku.presence - (int)y->certificate->facts.eku.presence;
    c = c ? c : slice_compare(x->usages, y->usages);
    return c ? c : slice_compare(x->algorithm, y->algorithm);
}

static int compare_orders(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

static int compare_candidates(const void *a, const void *b)
{
    int c = compare_kinds(a, b);
    return c ? c : compare_orders(a, b);
}

static struct candidate candidate_of(struct certificate *c, size_t order)
{
    return (struct candidate){.certificate = c,
                              .usages = facts_slice(c->der, c->facts.eku.value),
                              .algorithm = facts_slice(c->der, c->facts.key_algorithm),
                              .serial = facts_slice(c->der, c->facts.serial),
                              .spki = facts_slice(c->der, c->facts.spki),
                              .order = order};
}

/*
 * Whatever serial number and key an old one has, one of those that are kept has neither, if any of the kind has: two of
 * one number have two keys, and two of one key two numbers; and of seven, where no number and no key occurs more than
 * twice, three have nothing in common.
 */
static bool adds_something(const struct candidate *kept, size_t count, const struct candidate *c)
{
    enum { ENOUGH = 7 };
    size_t same_serial = 0, same_spki = 0;
    for (size_t i = 0; i < count; i++) {
        bool serial = slice_eq(kept[i].serial, c->serial), spki = slice_eq(kept[i].spki, c->spki);
        if (serial && spki)
            return false;
        same_serial += serial;
        same_spki += spki;
    }
    return count < ENOUGH && same_serial < 2 && same_spki < 2;
}

static size_t thin_out(struct candidate *all, size_t count)
{
    size_t kept = 0, kind = 0; /* where the candidates of the kind at hand begin */
    qsort(all, count, sizeof *all, compare_candidates);
    for (size_t i = 0; i < count; i++) {
        if (kind == kept || compare_kinds(&all[kind], &all[i]) != 0)
            kind = kept;
        if (adds_something(&all[kind], kept - kind, &all[i]))
            all[kept++] = all[i];
    }
    qsort(all, kept, sizeof *all, compare_orders);
    return kept;
}

static bool is_one_of(const struct certificate *c, const struct digest *digests, size_t count)
{
    return count && bsearch(&c->digest, digests, count, sizeof *digests, digest_order);
}

typedef bool candidate_fn(const struct subject *s, const struct certificate *c, int64_t now_utc);

static struct stand_ins collect(struct arena *a, const struct subject *s, candidate_fn *is_candidate,
                                const struct digest *not_these, size_t count, int64_t now_utc)
{
    size_t found = 0;
    struct candidate *all = ARENA_ARRAY(a, s->certificate_count, struct candidate);
    for (size_t i = 0; i < s->certificate_count; i++)
        if (is_candidate(s, &s->certificates[i], now_utc) && !is_one_of(&s->certificates[i], not_these, count))
            all[found++] = candidate_of(&s->certificates[i], i);
    if (found)
        found = thin_out(all, found);
    struct certificate **items = ARENA_ARRAY(a, found, struct certificate *);
    for (size_t i = 0; i < found; i++)
        items[i] = all[i].certificate;
    return (struct stand_ins){items, found};
}

struct stand_ins stand_ins_of(struct arena *a, const struct subject *s, const struct digest *not_these, size_t count,
                              int64_t now_utc)
{
    return collect(a, s, may_stand_in, not_these, count, now_utc);
}

struct stand_ins stand_ins_doubted(struct arena *a, const struct subject *s, int64_t now_utc)
{
    return collect(a, s, might_stand_in, NULL, 0, now_utc);
}

struct certificate *stand_ins_find(const struct stand_ins *s, const struct certificate *old)
{
    for (size_t i = 0; i < s->count; i++)
        if (replaces(s->items[i], old))
            return s->items[i];
    return NULL;
}
