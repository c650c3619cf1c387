/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/changes.h"

#include "base/digest.h"
#include "base/dn.h"
#include "core/schema.h"

void changes_open(struct changes *c, const char *base)
{
    *c = (struct changes){.is_lost = true};
    c->base = arena_copy(&c->arena, slice_of(base));
    c->policies = arena_format(&c->arena, "ou=policies,%s", base);
    c->waivers = arena_format(&c->arena, "ou=waivers,%s", base);
    c->requests = arena_format(&c->arena, "ou=requests,%s", base);
    c->status = arena_format(&c->arena, "ou=status,%s", base);
}

static void clear(struct change_batch *b)
{
    ids_clear(&b->subjects);
    ids_clear(&b->requests);
}

void changes_close(struct changes *c)
{
    clear(&c->pending);
    clear(&c->covered);
    arena_free(&c->arena);
}

void changes_lose(struct changes *c)
{
    c->is_lost = true;
}

/* One that may be below ou=requests, or was moved out of it: its RDN says which it is. */
static bool request_id_of(const struct changes *c, struct slice dn, struct slice *id)
{
    struct slice rdn = dn_first_rdn(dn);
    const uint8_t *equals = rdn.n ? memchr(rdn.p, '=', rdn.n) : NULL;
    struct digest ignored;
    if (!equals)
        return false;
    *id = slice_trim(slice_from(rdn, (size_t)(equals - rdn.p) + 1));
    return digest_from_hex(*id, &ignored) &&
           (dn_may_be_within(dn_parent(dn), c->requests) ||
            slice_eq_nocase(slice_trim(slice_upto(rdn, (size_t)(equals - rdn.p))), SLICE_LITERAL(ATTR_REQUEST_ID)));
}

static void note_policy(struct changes *c, int64_t now_ms)
{
    if (!c->policy_first_ms)
        c->policy_first_ms = now_ms;
    c->policy_last_ms = now_ms;
}

/* Everything that is not surely elsewhere: a full pass too many costs little. */
static bool is_policy(const struct changes *c, struct slice dn)
{
    return dn_may_be_within(dn, c->policies) || dn_may_be_within(dn, c->waivers) || dn_may_be_within(c->base, dn);
}

void changes_note(struct changes *c, const struct change *change, int64_t now_ms)
{
    struct slice request_id;
    bool fits = true;
    if (change->dn.n == 0 && change->is_gone)
        c->is_lost = true; /* a policy, a request or a subject: nobody can say */
    else if (request_id_of(c, change->dn, &request_id))
        fits = ids_add(&c->pending.requests, request_id);
    else if (is_policy(c, change->dn) || dn_may_be_within(change->dn, c->requests))
        note_policy(c, now_ms);
    else if (!dn_may_be_within(change->dn, c->status)) {
        fits = ids_add(&c->pending.subjects, change->id);
        c->gone += change->is_gone;
    }
    if (!fits)
        c->is_lost = true;
}

bool changes_add_subject(struct changes *c, struct slice id)
{
    return ids_add(&c->pending.subjects, id);
}

void changes_take(struct changes *c, size_t most, struct change_batch *out)
{
    *out = (struct change_batch){.subjects = {.count = 0}};
    ids_move(&c->pending.subjects, most, &out->subjects);
    ids_move(&c->pending.requests, most, &out->requests);
}

static bool add_all(struct change_batch *to, const struct change_batch *more)
{
    bool subjects = ids_add_all(&to->subjects, &more->subjects);
    return ids_add_all(&to->requests, &more->requests) && subjects;
}

void changes_give_back(struct changes *c, struct change_batch *batch)
{
    if (!add_all(&c->pending, batch))
        c->is_lost = true;
    clear(batch);
}

void changes_settle(struct changes *c, struct change_batch *batch, bool escalated)
{
    if (escalated && !add_all(&c->covered, batch))
        c->is_lost = true;
    clear(batch);
}

void changes_begin_full(struct changes *c)
{
    if (!add_all(&c->covered, &c->pending))
        c->is_lost = true;
    clear(&c->pending);
    c->policy_first_ms = c->policy_last_ms = 0;
    c->gone = 0;
    c->is_lost = false;
}

void changes_end_full(struct changes *c, bool whole)
{
    if (!whole && !add_all(&c->pending, &c->covered))
        c->is_lost = true;
    clear(&c->covered);
}

static bool has(const struct change_batch *b, struct slice subject_id, struct slice request_id)
{
    return ids_has(&b->subjects, subject_id) || ids_has(&b->requests, request_id);
}

bool changes_expect(const struct changes *c, struct slice subject_id, struct slice request_id)
{
    return c->is_lost || c->policy_first_ms || has(&c->pending, subject_id, request_id) ||
           has(&c->covered, subject_id, request_id);
}
