/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a full pass has read of authorities stays for the looks after it: the pool with its worker, and the anchors of
 * the policies.  A look takes it only where each change of an entry behind it would have come to a look: then whoever
 * changed came to this one or to an earlier one, which has dropped it (run/focus.c).  Whether CRLs are fresh is asked
 * anew with each certificate.  As in a full pass, what is published while subjects are read comes too late for these.
 */
#include "run/authority_private.h"

#include "base/dn.h"

#include <stdlib.h>

struct authorities *authorities_open(struct pass *p)
{
    const struct dir_capabilities *c = dir_capabilities(p->dir);
    struct authorities *u = calloc(1, sizeof *u);
    if (!u)
        arena_exhausted(sizeof *u);
    u->set_count = p->policy_count;
    u->sets = ARENA_ARRAY(&u->arena, u->set_count, struct anchor_set);
    u->place_count = c->suffix_count;
    u->places = ARENA_ARRAY(&u->arena, u->place_count, struct authority_place);
    for (size_t i = 0; i < u->place_count; i++)
        u->places[i].suffix = arena_copy(&u->arena, c->suffixes[i]);
    return u;
}

void authorities_close(struct authorities *u)
{
    if (!u)
        return;
    for (size_t i = 0; i < u->set_count; i++)
        trust_anchors_close(u->sets[i].anchors);
    trust_pool_close(u->pool);
    arena_free(&u->arena);
    free(u);
}

/* The naming context is the longest one, where one holds another.  Changes of our own entries are told as such alone.
 */
void authorities_note(struct pass *p, struct slice dn)
{
    struct authorities *u = p->authorities;
    struct authority_place *best = NULL;
    for (size_t i = 0; i < u->place_count; i++)
        if (dn_may_be_within(dn, u->places[i].suffix) && (!best || u->places[i].suffix.n > best->suffix.n))
            best = &u->places[i];
    if (best)
        best->publishes = true;
    u->fleeting |= !best || dn_may_be_within(dn, slice_of(p->settings->base));
}

/* Nothing in it is in doubt: what is missing may come without an entry changing, such as by another access rule. */
static bool may_stay(const struct authorities *u)
{
    bool may = u->pool && !u->partial && !u->fleeting && u->points.count < POINTS_MAX && trust_pool_is_whole(u->pool);
    for (size_t i = 0; i < u->set_count; i++)
        may &= !u->sets[i].doubted && (!u->sets[i].asked || u->sets[i].anchors || !u->sets[i].wants_anchors);
    return may;
}

/* A look that ended before it saw what its subjects are may have had a changed authority among them. */
static bool saw_all(const struct looking *look)
{
    return look->escalation == ESCALATION_NONE || look->escalation == ESCALATION_GUARD ||
           look->escalation == ESCALATION_REVOCATION;
}

void authority_keep(struct pass *p)
{
    struct past *past = p->settings->past;
    bool stays = !p->interrupted && (!p->look || saw_all(p->look));
    if (p->look &&
        p->authorities != past->authorities) { /* not all entries that this look read are known to the past */
        if (!stays)
            authority_drop(past);
        return;
    }
    past->authorities = NULL;
    if (!p->authorities || !stays || !may_stay(p->authorities))
        return;
    past->authorities = p->authorities;
    p->authorities = NULL;
}

void authority_drop(struct past *past)
{
    authorities_close(past->authorities);
    past->authorities = NULL;
}

/* Recalling. */

static bool is_followed(const struct focus *f, struct slice suffix)
{
    bool found = false;
    for (size_t i = 0; i < f->followed_count && !found; i++)
        found = slice_eq(f->followed[i], suffix);
    return found;
}

/* Of a place that is not followed it is known only that nothing was there. */
static bool is_still_empty(struct pass *p, struct slice suffix)
{
    struct fault fault = {{0}};
    size_t count;
    enum rc rc = pass_count(p, suffix, DIR_SUBTREE, SLICE_LITERAL("(objectClass=pkiCA)"), 1, &count, &fault);
    return rc == RC_NOT_FOUND || (rc == RC_OK && count == 0);
}

static bool still_counts(struct pass *p, const struct authorities *u)
{
    const struct dir_capabilities *c = dir_capabilities(p->dir);
    const struct focus *f = p->settings->focus;
    bool counts = f->followed_count && u->set_count == p->policy_count && u->place_count == c->suffix_count &&
                  dir_knows_attribute(p->dir, SLICE_LITERAL("hasSubordinates"));
    for (size_t i = 0; counts && i < u->place_count; i++) {
        const struct authority_place *place = &u->places[i];
        counts = slice_eq(place->suffix, c->suffixes[i]) &&
                 (is_followed(f, place->suffix) || (!place->publishes && is_still_empty(p, place->suffix)));
    }
    return counts;
}

void authority_recall(struct pass *p)
{
    struct past *past = p->settings->past;
    if (!p->look || !past->authorities)
        return;
    if (!still_counts(p, past->authorities)) {
        authority_drop(past);
        return;
    }
    p->authorities = past->authorities;
    p->authorities->waits = p->authorities->closed = false;
}
