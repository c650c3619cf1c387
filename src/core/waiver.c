/* SPDX-License-Identifier: Apache-2.0 */
#include "core/waiver.h"

#include "base/gentime.h"
#include "core/plan.h"
#include "core/schema.h"

#include <stdlib.h>

#define HOLDS "; until that is mended nobody knows whom it names, and no request is written at all"

enum { EVERY_CHECK = (1 << CHECK_COUNT) - 1 };

struct compilation {
    struct arena *arena;
    const struct entry *entry;
    policy_knows_fn *knows;
    void *context;
    struct waiver *waiver;
    problem_list problems;
};

static void complain(struct compilation *c, const char *attribute, struct slice value, struct slice reason)
{
    problem_add(c->arena, &c->problems, c->waiver->dn, attribute, value, reason);
    c->waiver->malformed = true;
}

/* Whom it names is among what can't be read. */
static void complain_of_reach(struct compilation *c, const char *attribute, struct slice value, struct slice reason)
{
    complain(c, attribute, value, arena_format(c->arena, "%.*s" HOLDS, SLICE_ARGS(reason)));
    c->waiver->reach_unknown = true;
}

struct filter_check {
    struct compilation *compilation;
    struct slice url;
};

static void check_filter_attribute(void *context, struct slice attribute)
{
    const struct filter_check *f = context;
    struct compilation *c = f->compilation;
    if (!c->knows(c->context, attribute))
        complain_of_reach(
            c, ATTR_TARGET, f->url,
            arena_format(c->arena, "the directory's schema has no attribute type %.*s", SLICE_ARGS(attribute)));
}

static void compile_targets(struct compilation *c)
{
    LIST_OF(struct target) targets = {0};
    struct slice value, reason;
    for (struct entry_cursor at = {0}; entry_next_value(c->entry, ATTR_TARGET, &at, &value);) {
        struct target t;
        if (!target_compile(c->arena, arena_copy(c->arena, slice_trim(value)), &t, &reason)) {
            complain_of_reach(c, ATTR_TARGET, value, reason);
            continue;
        }
        struct filter_check f = {c, t.url};
        filter_attributes(t.tree, check_filter_attribute, &f);
        *LIST_ADD(c->arena, &targets) = t;
    }
    c->waiver->targets = targets.items;
    c->waiver->target_count = targets.count;
}

static bool read_digest(struct slice value, struct digest *d)
{
    uint8_t lower[DIGEST_HEX];
    if (value.n != DIGEST_HEX)
        return false;
    for (size_t i = 0; i < DIGEST_HEX; i++)
        lower[i] = value.p[i] >= 'A' && value.p[i] <= 'F' ? (uint8_t)(value.p[i] + ('a' - 'A')) : value.p[i];
    return digest_from_hex(slice_make(lower, DIGEST_HEX), d);
}

static void compile_certificates(struct compilation *c)
{
    LIST_OF(struct digest) digests = {0};
    struct slice value;
    for (struct entry_cursor at = {0}; entry_next_value(c->entry, ATTR_CERTIFICATE_SHA256, &at, &value);) {
        struct digest d;
        if (read_digest(slice_trim(value), &d))
            *LIST_ADD(c->arena, &digests) = d;
        else
            complain_of_reach(c, ATTR_CERTIFICATE_SHA256, value,
                              slice_of("expected 64 hexadecimal digits, the SHA-256 of a certificate"));
    }
    c->waiver->certificates = digests.items;
    c->waiver->certificate_count = sort_digests(digests.items, digests.count);
}

static void compile_reach(struct compilation *c)
{
    compile_targets(c);
    compile_certificates(c);
    if (entry_count(c->entry, ATTR_TARGET) + entry_count(c->entry, ATTR_CERTIFICATE_SHA256) == 0)
        complain_of_reach(c, ATTR_TARGET, slice_of(""),
                          slice_of("it needs a " ATTR_TARGET " or a " ATTR_CERTIFICATE_SHA256 ", and shows neither"));
}

static void compile_checks(struct compilation *c)
{
    struct waiver *w = c->waiver;
    struct slice value;
    for (struct entry_cursor at = {0}; entry_next_value(c->entry, ATTR_CHECK, &at, &value);) {
        enum check_id id = check_find(slice_trim(value));
        if (id != CHECK_COUNT) {
            w->checks |= CHECK_BIT(id);
            continue;
        }
        complain(c, ATTR_CHECK, value,
                 slice_of("no check has this name (`dircertctl checks` prints them); until that is mended it covers "
                          "every check"));
        w->checks = EVERY_CHECK;
    }
    if (entry_count(c->entry, ATTR_CHECK))
        return;
    complain(c, ATTR_CHECK, slice_of(""), slice_of("it names no check; until it does it covers every check"));
    w->checks = EVERY_CHECK;
}

static void compile_until(struct compilation *c)
{
    struct slice value = entry_first(c->entry, ATTR_WAIVER_UNTIL);
    struct waiver *w = c->waiver;
    if (entry_count(c->entry, ATTR_WAIVER_UNTIL) > 1)
        complain(c, ATTR_WAIVER_UNTIL, value, slice_of("one of several values: it covers without end; say one end"));
    else if (!value.p)
        complain(c, ATTR_WAIVER_UNTIL, slice_of(""), slice_of("it has no end, and covers without end; say one"));
    else if (!gentime_read(slice_trim(value), &w->until_utc))
        complain(
            c, ATTR_WAIVER_UNTIL, value,
            slice_of("not a Generalized Time such as 20270131235959Z; until that is mended it covers without end"));
}

static void compile_reason(struct compilation *c)
{
    struct slice value = slice_trim(entry_first(c->entry, ATTR_WAIVER_REASON));
    c->waiver->reason = arena_copy(c->arena, value);
    if (value.n == 0)
        complain(c, ATTR_WAIVER_REASON, slice_of(""), slice_of("it gives no reason: say why, and who agreed"));
}

/* Whatever else is wrong with it does not matter any more. */
static void end(struct compilation *c, problem_list *problems)
{
    struct waiver *w = c->waiver;
    uint8_t until[GENTIME_LEN];
    gentime_write(w->until_utc, until);
    w->ended = true;
    w->reach_unknown = w->malformed = false;
    problem_add(c->arena, problems, w->dn, ATTR_WAIVER_UNTIL, entry_first(c->entry, ATTR_WAIVER_UNTIL),
                arena_format(c->arena, "ended %.*s; delete it or give it a later " ATTR_WAIVER_UNTIL, GENTIME_LEN,
                             (const char *)until));
}

const struct waiver *waiver_compile(struct arena *a, const struct entry *e, policy_knows_fn *knows, void *context,
                                    int64_t now_utc, problem_list *problems)
{
    struct waiver *w = ARENA_NEW(a, struct waiver);
    struct compilation c = {.arena = a, .entry = e, .knows = knows, .context = context, .waiver = w};
    w->dn = arena_copy(a, e->dn);
    compile_reach(&c);
    compile_checks(&c);
    compile_until(&c);
    compile_reason(&c);
    if (w->until_utc && now_utc > w->until_utc) {
        end(&c, problems);
        return w;
    }
    for (size_t i = 0; i < c.problems.count; i++)
        *LIST_ADD(a, problems) = c.problems.items[i];
    return w;
}

bool waiver_covers_check(const struct waiver *w, enum check_id check)
{
    return !w->ended && (w->checks & CHECK_BIT(check));
}

bool waiver_names_certificate(const struct waiver *w, const struct digest *digest)
{
    return !w->ended && w->certificate_count &&
           bsearch(digest, w->certificates, w->certificate_count, sizeof *digest, digest_order);
}

const struct waiver *waiver_find(const struct subject *s, const struct certificate *c, enum check_id check)
{
    for (size_t i = 0; i < s->waiver_count; i++) {
        const struct waiver *w = s->waivers[i];
        bool named = i < s->waivers_of_entry || (c && c->has_digest && waiver_names_certificate(w, &c->digest));
        if (named && waiver_covers_check(w, check))
            return w;
    }
    return NULL;
}

static const struct finding *mark(struct arena *a, const struct subject *s, const struct certificate *c,
                                  const struct finding *findings, size_t count)
{
    struct finding *marked = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct waiver *w = waiver_find(s, c, findings[i].check);
        if (!w)
            continue;
        if (!marked) {
            marked = ARENA_ARRAY(a, count, struct finding);
            memcpy(marked, findings, count * sizeof *marked);
        }
        marked[i].waiver = w->dn;
    }
    return marked ? marked : findings;
}

void waiver_mark_certificate(struct arena *a, const struct subject *s, struct certificate *c)
{
    if (c->finding_count == 0 || s->waiver_count == 0)
        return;
    if (s->waiver_count > s->waivers_of_entry)
        certificate_hash(c);
    c->findings = mark(a, s, c, c->findings, c->finding_count);
}

void waiver_mark_subject(struct arena *a, struct subject *s)
{
    if (s->finding_count && s->waiver_count)
        s->findings = mark(a, s, NULL, s->findings, s->finding_count);
}
