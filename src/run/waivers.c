/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waivers: read whole or not at all, for what is hidden would be acted on.  The server evaluates their filters; of the
 * entries that match, the ids are kept.
 */
#include "run/pass_private.h"

#include "base/dn.h"
#include "core/schema.h"
#include "core/waiver.h"

#include <stdlib.h>

/* One target of one waiver. */
struct aim {
    const struct target *target;
    struct id_set ids;
    bool missing; /* its base is not there, or is hidden */
};

struct waived {
    const struct waiver *waiver;
    struct aim *aims;   /* one for each of its targets */
    bool *certificates; /* for each digest: something has it */
};

struct waivers {
    struct waived *items; /* those that have not ended, by DN */
    size_t count;
    const struct waiver **by_digest; /* those of them that name certificates */
    size_t by_digest_count, unseen_digests;
    size_t entries; /* all that were read */
    bool hold_all;
};

static const char *const attributes[] = {ATTR_TARGET,       ATTR_CERTIFICATE_SHA256, ATTR_CHECK,
                                         ATTR_WAIVER_UNTIL, ATTR_WAIVER_REASON,      NULL};

/* Reading. */

struct reading {
    struct pass *pass;
    LIST_OF(const struct waiver *) waivers;
    LIST_OF(struct slice) readable; /* DNs of those that hide nothing */
    problem_list problems;
};

static bool knows(void *context, struct slice attribute)
{
    return dir_knows_attribute(context, attribute);
}

static void read_waiver(void *context, const struct entry *e)
{
    struct reading *r = context;
    struct pass *p = r->pass;
    *LIST_ADD(p->arena, &r->waivers) = waiver_compile(p->arena, e, knows, p->dir, p->now_utc, &r->problems);
}

static void forget_waivers(void *context)
{
    struct reading *r = context;
    r->waivers.count = r->problems.count = 0;
}

static void read_name(void *context, const struct entry *e)
{
    struct reading *r = context;
    *LIST_ADD(r->pass->arena, &r->readable) = arena_copy(r->pass->arena, e->dn);
}

static void forget_names(void *context)
{
    ((struct reading *)context)->readable.count = 0;
}

static bool search_waivers(struct reading *r, struct slice filter, const char *const *names, struct dir_sink sink)
{
    struct pass *p = r->pass;
    struct fault fault = {{0}};
    struct dir_search search = {
        .base = pass_child(p, "ou=waivers"), .scope = DIR_ONE, .filter = filter, .attributes = names};
    sink.context = r;
    if (dir_search(p->dir, &search, &sink, &fault) == RC_OK)
        return true;
    report_fault(p, "read ou=waivers", &fault); /* also where it is not there: it may only be hidden */
    return false;
}

static bool is_readable(const struct reading *r, struct slice dn)
{
    for (size_t i = 0; i < r->readable.count; i++)
        if (slice_eq_nocase(r->readable.items[i], dn))
            return true;
    return false;
}

/* A hidden target or digest would leave somebody without the waiver that covers him. */
static bool hide_nothing(struct reading *r)
{
    static const char *const none[] = {"1.1", NULL};
    struct pass *p = r->pass;
    struct slice filter = SLICE_LITERAL("(&(objectClass=" CLASS_WAIVER ")");
    for (const char *const *name = attributes; *name; name++)
        filter = arena_format(p->arena, "%.*s%.*s", SLICE_ARGS(filter), SLICE_ARGS(pass_shown_filter(p, *name)));
    filter = arena_format(p->arena, "%.*s)", SLICE_ARGS(filter));
    if (!search_waivers(r, filter, none, (struct dir_sink){.restart = forget_names, .entry = read_name}))
        return false;
    bool all = true;
    for (size_t i = 0; i < r->waivers.count; i++) {
        struct fault fault = {{0}};
        struct slice dn = r->waivers.items[i]->dn;
        if (is_readable(r, dn))
            continue;
        fault_set(&fault, RC_DENIED,
                  "\"%.*s\": this account may not read all of its attributes, and a hidden one would be taken for "
                  "absent; nothing was concluded",
                  SLICE_ARGS(dn));
        report_fault(p, "read ou=waivers", &fault);
        all = false;
    }
    return all;
}

static int compare_waivers(const void *a, const void *b)
{
    const struct waived *x = a, *y = b;
    return slice_compare(x->waiver->dn, y->waiver->dn);
}

static void arrange(struct pass *p, const struct reading *r)
{
    struct waivers *all = p->waivers;
    all->entries = r->waivers.count;
    all->items = ARENA_ARRAY(p->arena, all->entries, struct waived);
    all->by_digest = ARENA_ARRAY(p->arena, all->entries, const struct waiver *);
    for (size_t i = 0; i < all->entries; i++)
        if (!r->waivers.items[i]->ended)
            all->items[all->count++].waiver = r->waivers.items[i];
    if (all->count)
        qsort(all->items, all->count, sizeof *all->items, compare_waivers);
    for (size_t i = 0; i < all->count; i++) {
        struct waived *w = &all->items[i];
        w->aims = ARENA_ARRAY(p->arena, w->waiver->target_count, struct aim);
        w->certificates = ARENA_ARRAY(p->arena, w->waiver->certificate_count, bool);
        for (size_t k = 0; k < w->waiver->target_count; k++)
            w->aims[k].target = &w->waiver->targets[k];
        all->hold_all |= w->waiver->reach_unknown;
        all->unseen_digests += w->waiver->certificate_count;
        if (w->waiver->certificate_count)
            all->by_digest[all->by_digest_count++] = w->waiver;
    }
}

bool waivers_read(struct pass *p)
{
    struct reading r = {.pass = p};
    if (!search_waivers(&r, SLICE_LITERAL("(objectClass=" CLASS_WAIVER ")"), attributes,
                        (struct dir_sink){.restart = forget_waivers, .entry = read_waiver}))
        return false;
    if (r.waivers.count == 0 &&
        !pass_demand(p, pass_child(p, "ou=waivers"), SLICE_LITERAL("(hasSubordinates=FALSE)"), "read ou=waivers",
                     "shows no waiver, and not that it is empty (hasSubordinates): this account may not see "
                     "what is below ou=waivers, or there is something else"))
        return false;
    if (r.waivers.count && !p->look && !hide_nothing(&r)) /* what is hidden since the full pass makes them others */
        return false;
    report_problems(p, &r.problems);
    p->waivers = ARENA_NEW(p->arena, struct waivers);
    arrange(p, &r);
    return true;
}

/* Whom they name. */

struct collecting {
    struct pass *pass;
    LIST_OF(struct slice) ids;
    size_t begun; /* how many there were when this search began */
};

static void collect_id(void *context, const struct entry *e)
{
    struct collecting *c = context;
    struct slice id = subject_id(c->pass->arena, e, dir_capabilities(c->pass->dir)->stable_id_attribute);
    if (id.n)
        *LIST_ADD(c->pass->arena, &c->ids) = arena_copy(c->pass->arena, id);
}

static void collect_again(void *context)
{
    struct collecting *c = context;
    c->ids.count = c->begun;
}

/* A filter that came from an administrator is never negated: where it can't be evaluated, "not" matches nothing. */
static void resolve(struct pass *p, const struct waiver *w, struct aim *aim, struct slice id_filter)
{
    const char *names[] = {dir_capabilities(p->dir)->stable_id_attribute, NULL};
    struct collecting c = {.pass = p};
    struct slice filter = aim->target->filter;
    if (id_filter.n)
        filter = arena_format(p->arena, "(&%.*s%.*s)", SLICE_ARGS(filter), SLICE_ARGS(id_filter));
    struct dir_search search = {
        .base = aim->target->base, .scope = target_dir_scope(aim->target), .attributes = names};
    struct dir_sink sink = {.restart = collect_again, .entry = collect_id, .context = &c};
    struct fault fault = {{0}};
    enum rc rc = RC_OK;
    for (size_t part = 0; rc == RC_OK && part < look_parts(p); part++) {
        search.filter = look_narrow(p, part, filter);
        c.begun = c.ids.count;
        rc = dir_search(p->dir, &search, &sink, &fault);
    }
    aim->missing = rc == RC_NOT_FOUND || rc == RC_INVALID;
    if (rc != RC_OK && !aim->missing) {
        struct fault told = {{0}};
        fault_set(&told, rc, "\"%.*s\": %s; no request is written meanwhile", SLICE_ARGS(w->dn), fault.text);
        report_fault(p, "find out whom a waiver names", &told);
        p->waivers->hold_all = true;
        return;
    }
    if (c.ids.count)
        qsort(c.ids.items, c.ids.count, sizeof *c.ids.items, slice_order);
    aim->ids = (struct id_set){c.ids.items, rc == RC_OK ? c.ids.count : 0};
}

static bool names_entry(const struct waived *w, struct slice id)
{
    for (size_t i = 0; i < w->waiver->target_count; i++)
        if (id_set_has(&w->aims[i].ids, id))
            return true;
    return false;
}

/* Somebody has a certificate that waivers name. */
static bool note_certificate(struct waivers *all, const struct digest *digest)
{
    bool named = false;
    for (size_t i = 0; i < all->count; i++) {
        const struct waiver *w = all->items[i].waiver;
        const struct digest *found =
            w->certificate_count ? bsearch(digest, w->certificates, w->certificate_count, sizeof *digest, digest_order)
                                 : NULL;
        bool *seen = found ? &all->items[i].certificates[found - w->certificates] : NULL;
        all->unseen_digests -= seen && !*seen;
        if (seen)
            *seen = named = true;
    }
    return named;
}

/* What covers the subject of a request, or the certificate of a revocation, wherever they are now. */
static void resolve_request(struct waivers *all, struct plan_request *q)
{
    q->waived = 0;
    for (size_t k = 0; k < q->stored_count; k++)
        note_certificate(all, &q->stored[k].digest);
    for (size_t i = 0; i < all->count; i++) {
        const struct waiver *w = all->items[i].waiver;
        bool revocation = q->request.record.type == REQUEST_REVOKE && q->stored_count == 1;
        if (names_entry(&all->items[i], q->request.record.subject_id) ||
            (revocation && waiver_names_certificate(w, &q->stored[0].digest)))
            q->waived |= w->checks;
    }
}

void waivers_resolve_for(struct pass *p, struct slice id_filter)
{
    struct waivers *all = p->waivers;
    for (size_t i = 0; all && i < all->count && pass_goes_on(p); i++)
        for (size_t k = 0; k < all->items[i].waiver->target_count; k++)
            resolve(p, all->items[i].waiver, &all->items[i].aims[k], id_filter);
}

void waivers_resolve(struct pass *p)
{
    waivers_resolve_for(p, (struct slice){NULL, 0});
}

void waivers_resolve_requests(struct pass *p)
{
    for (size_t i = 0; p->waivers && i < p->request_count; i++)
        resolve_request(p->waivers, &p->requests[i]);
}

bool waivers_decided(struct pass *p, const struct subject *s)
{
    size_t count;
    struct slice filter = {NULL, 0};
    if (waivers_hold_all(p))
        return true; /* nothing is written anyway */
    for (size_t i = 0; p->waivers && i < p->waivers->count; i++)
        for (size_t k = 0; k < p->waivers->items[i].waiver->target_count; k++) {
            const struct aim *aim = &p->waivers->items[i].aims[k];
            if (!dn_may_be_within(s->dn, aim->target->base))
                continue;
            if (aim->missing)
                return false; /* so its base is there, and only hidden */
            filter = arena_format(p->arena, "%.*s%.*s", SLICE_ARGS(filter),
                                  SLICE_ARGS(governance_shown_filter(p, aim->target)));
        }
    if (filter.n == 0)
        return true;
    filter = arena_format(p->arena, "(&%.*s%.*s)", SLICE_ARGS(pass_id_filter(p, s->id)), SLICE_ARGS(filter));
    return pass_ask(p, s->dn, DIR_BASE, filter, "find out whether a waiver names an entry", &count) == RC_OK &&
           count == 1;
}

/* Marking. */

/* Until each digest was met, every certificate could be the one. */
static void note_certificates(struct waivers *all, struct subject *s)
{
    for (size_t i = 0; i < s->certificate_count && all->unseen_digests; i++) {
        certificate_hash(&s->certificates[i]);
        note_certificate(all, &s->certificates[i].digest);
    }
}

void waivers_apply(struct pass *p, struct arena *a, struct subject *s)
{
    struct waivers *all = p->waivers;
    size_t matches = 0;
    if (!all || all->count == 0)
        return;
    note_certificates(all, s);
    for (size_t i = 0; i < all->count; i++)
        matches += names_entry(&all->items[i], s->id);
    s->waivers = all->by_digest;
    s->waiver_count = matches + all->by_digest_count;
    s->waivers_of_entry = matches;
    if (matches) {
        const struct waiver **list = ARENA_ARRAY(a, s->waiver_count, const struct waiver *);
        size_t n = 0;
        for (size_t i = 0; i < all->count; i++)
            if (names_entry(&all->items[i], s->id))
                list[n++] = all->items[i].waiver;
        for (size_t i = 0; i < all->by_digest_count; i++)
            list[n++] = all->by_digest[i];
        s->waivers = list;
    }
    for (size_t i = 0; i < s->certificate_count; i++)
        waiver_mark_certificate(a, s, &s->certificates[i]);
    waiver_mark_subject(a, s);
}

struct digest waivers_print(const struct pass *p)
{
    struct arena a = {0};
    struct slice text = {NULL, 0};
    for (size_t i = 0; p->waivers && i < p->waivers->count; i++) {
        const struct waiver *w = p->waivers->items[i].waiver;
        text = arena_format(&a, "%.*s%.*s %u %lld %d %d", SLICE_ARGS(text), SLICE_ARGS(w->dn), w->checks,
                            (long long)w->until_utc, w->malformed, w->reach_unknown);
        for (size_t k = 0; k < w->target_count; k++)
            text = arena_format(&a, "%.*s %zu %.*s", SLICE_ARGS(text), w->targets[k].url.n,
                                SLICE_ARGS(w->targets[k].url));
        for (size_t k = 0; k < w->certificate_count; k++) {
            uint8_t hex[DIGEST_HEX];
            digest_to_hex(&w->certificates[k], hex);
            text = arena_format(&a, "%.*s %.*s", SLICE_ARGS(text), DIGEST_HEX, (const char *)hex);
        }
    }
    struct digest d = digest_of(text);
    arena_free(&a);
    return d;
}

int64_t waivers_next_end(const struct pass *p)
{
    int64_t first = DEADLINE_NEVER;
    for (size_t i = 0; p->waivers && i < p->waivers->count; i++) {
        int64_t until = p->waivers->items[i].waiver->until_utc;
        if (until && (first == DEADLINE_NEVER || until < first))
            first = until + 1;
    }
    return first;
}

bool waivers_hold_all(const struct pass *p)
{
    return p->waivers && p->waivers->hold_all;
}

bool waivers_any(const struct pass *p)
{
    return p->waivers && p->waivers->entries > 0;
}

/* What names nothing. */

static bool all_was_seen(const struct pass *p)
{
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct policy *policy = p->policies[i].policy;
        if (policy->disabled || (policy->mode != MODE_OFF && !p->policies[i].complete) || p->governed[i].blind)
            return false;
    }
    return true;
}

static void report_vain_targets(struct pass *p, const struct waived *w, problem_list *problems)
{
    for (size_t i = 0; i < w->waiver->target_count; i++) {
        const struct aim *aim = &w->aims[i];
        if (aim->missing)
            problem_add(p->arena, problems, w->waiver->dn, ATTR_TARGET, aim->target->url,
                        slice_of("names nothing: its base is not there, or this account may not see it; correct or "
                                 "delete it"));
        else if (aim->ids.count == 0)
            problem_add(p->arena, problems, w->waiver->dn, ATTR_TARGET, aim->target->url,
                        slice_of("names nothing: no entry that this account may see matches; correct or delete it"));
    }
}

void waivers_report(struct pass *p)
{
    bool seen = all_was_seen(p);
    problem_list problems = {0};
    for (size_t i = 0; p->waivers && !p->waivers->hold_all && i < p->waivers->count; i++) {
        const struct waived *w = &p->waivers->items[i];
        report_vain_targets(p, w, &problems);
        for (size_t k = 0; seen && k < w->waiver->certificate_count; k++) {
            uint8_t hex[DIGEST_HEX];
            digest_to_hex(&w->waiver->certificates[k], hex);
            if (!w->certificates[k])
                problem_add(p->arena, &problems, w->waiver->dn, ATTR_CERTIFICATE_SHA256, slice_make(hex, DIGEST_HEX),
                            slice_of("names nothing: no entry that a policy governs shows this certificate; correct or "
                                     "delete it"));
        }
    }
    report_problems(p, &problems);
}
