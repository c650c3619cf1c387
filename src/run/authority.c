/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authorities that policies trust and the CRLs of all of them, as this directory publishes them.  Incomplete is
 * never absent: where an anchor can't be used no chain is refused, and where a search did not end whole nothing is
 * decided at all.  What of an entry outside the anchors is hidden from the account can't be noticed: then a chain or a
 * CRL is missing, and the answers say so.
 * @source RFC 4523 sections 2.3 and 3.4; RFC 5280 section 4.2.1.13; RFC 4516
 */
#include "run/authority_private.h"

#include "base/dn.h"
#include "core/schema.h"
#include "core/target.h"

enum {
    ENTRIES_MAX = TRUST_CERTIFICATES,  /* of class pkiCA */
    OCTETS_MAX = 4 * TRUST_CRL_OCTETS, /* of certificates and CRLs together */
};

/* What one search hands over. */
struct harvest {
    struct pass *pass;
    struct slice policy_dn; /* whose anchors are read; empty: nobody's */
    struct slice anchor;    /* as the policy spells it */
    LIST_OF(struct slice) anchors;
    size_t entries, certificates;
    problem_list problems;
};

static struct slice digest_text(struct arena *a, struct slice der)
{
    struct digest d = digest_of(der);
    uint8_t hex[DIGEST_HEX];
    digest_to_hex(&d, hex);
    return arena_format(a, "sha256 %.*s", DIGEST_HEX, (const char *)hex);
}

/* A value that is none.  As an anchor it is the policy's problem, otherwise that of the entry which publishes it. */
static void note_unusable(struct harvest *h, const struct entry *e, const char *attribute, struct slice der,
                          const char *why)
{
    struct arena *a = h->pass->arena;
    if (h->policy_dn.n && slice_eq(slice_of(attribute), SLICE_LITERAL(ATTR_CA_CERTIFICATE)))
        problem_add(
            a, &h->problems, h->policy_dn, ATTR_TRUST_ANCHOR, h->anchor,
            arena_format(a, "a certificate of it can't be used: %s (%.*s)", why, SLICE_ARGS(digest_text(a, der))));
    else
        problem_add(a, &h->problems, e->dn, attribute, digest_text(a, der), arena_format(a, "can't be used: %s", why));
}

static bool has_room(struct authorities *u, struct slice der)
{
    if (der.n > OCTETS_MAX - u->octets)
        return false;
    u->octets += der.n;
    return true;
}

static void take_certificates(struct harvest *h, const struct entry *e)
{
    struct authorities *u = h->pass->authorities;
    struct slice der;
    for (struct entry_cursor at = {0}; entry_next_value(e, ATTR_CA_CERTIFICATE, &at, &der);) {
        h->certificates++;
        const char *why = has_room(u, der) ? trust_pool_add_certificate(u->pool, der) : "there are too many";
        if (why)
            note_unusable(h, e, ATTR_CA_CERTIFICATE, der, why);
        else if (h->policy_dn.n)
            *LIST_ADD(h->pass->arena, &h->anchors) = arena_copy(h->pass->arena, der);
    }
}

static void take_crls(struct harvest *h, const struct entry *e, const char *attribute)
{
    struct authorities *u = h->pass->authorities;
    struct slice der;
    for (struct entry_cursor at = {0}; entry_next_value(e, attribute, &at, &der);) {
        const char *why = has_room(u, der) ? trust_pool_add_crl(u->pool, der) : "there are too many";
        if (why)
            note_unusable(h, e, attribute, der, why);
    }
}

static void take_authority(void *context, const struct entry *e)
{
    struct harvest *h = context;
    if (!pass_goes_on(h->pass))
        return;
    h->entries++;
    authorities_note(h->pass, e->dn);
    past_note_authority(h->pass, subject_id(h->pass->arena, e, dir_capabilities(h->pass->dir)->stable_id_attribute));
    take_certificates(h, e);
    take_crls(h, e, ATTR_CRL);
    take_crls(h, e, ATTR_AUTHORITY_CRL);
}

/* What is in the pool stays there: it is what the directory publishes, and being there makes nothing trusted. */
static void forget_authorities(void *context)
{
    struct harvest *h = context;
    h->entries = h->certificates = h->anchors.count = h->problems.count = 0;
    h->pass->authorities->octets = 0;
}

static enum rc harvest(struct harvest *h, struct slice base, enum dir_scope scope, struct slice filter,
                       struct fault *fault)
{
    const char *const published[] = {dir_capabilities(h->pass->dir)->stable_id_attribute, ATTR_CA_CERTIFICATE, ATTR_CRL,
                                     ATTR_AUTHORITY_CRL, NULL};
    struct dir_search search = {
        .base = base, .scope = scope, .filter = filter, .attributes = published, .most = ENTRIES_MAX};
    struct dir_sink sink = {.restart = forget_authorities, .entry = take_authority, .context = h};
    return dir_search(h->pass->dir, &search, &sink, fault);
}

static void read_pool(struct pass *p)
{
    const struct dir_capabilities *c = dir_capabilities(p->dir);
    struct authorities *u = p->authorities;
    for (size_t i = 0; i < c->suffix_count; i++) {
        struct harvest h = {.pass = p};
        struct fault fault = {{0}};
        enum rc rc = harvest(&h, c->suffixes[i], DIR_SUBTREE, SLICE_LITERAL("(objectClass=pkiCA)"), &fault);
        if (!pass_goes_on(p))
            return; /* what a worker did not take because it ended with its server is no problem of an entry */
        report_problems(p, &h.problems);
        if (rc == RC_NOT_FOUND || (rc == RC_OK && h.certificates <= TRUST_CERTIFICATES && u->octets < OCTETS_MAX))
            continue;
        u->partial = true;
        if (rc == RC_OK || rc == RC_TRUNCATED)
            fault_set(&fault, rc, "there are more than %d authorities below \"%.*s\", or more than %d octets of them",
                      ENTRIES_MAX, SLICE_ARGS(c->suffixes[i]), OCTETS_MAX);
        report_fault(p, "read the authorities", &fault);
    }
}

/* Positively without a certificate, or is it hidden?  For the administrator it is not the same. */
static const char *why_bare(struct pass *p, struct slice dn)
{
    struct fault fault = {{0}};
    size_t count;
    enum rc rc = pass_count(p, dn, DIR_BASE, SLICE_LITERAL("(!(" ATTR_CA_CERTIFICATE "=*))"), 1, &count, &fault);
    return rc == RC_OK && count == 1 ? "has no " ATTR_CA_CERTIFICATE
                                     : "shows no " ATTR_CA_CERTIFICATE
                                       ", and not that it has none: let this account read it";
}

static void read_anchor(struct pass *p, struct harvest *h, struct anchor_set *set)
{
    struct fault fault = {{0}};
    size_t before = h->anchors.count, problems = h->problems.count;
    const char *why = NULL;
    h->entries = 0;
    authorities_note(p, h->anchor);
    enum rc rc = harvest(h, h->anchor, DIR_BASE, SLICE_LITERAL("(objectClass=*)"), &fault);
    if (rc == RC_NOT_FOUND || (rc == RC_OK && h->entries == 0))
        why = "is not there, or this account may not see it";
    else if (rc == RC_INVALID)
        why = "is no name that the directory accepts";
    else if (rc != RC_OK)
        report_fault(p, "read a trust anchor", &fault);
    else if (h->anchors.count == before && h->problems.count == problems)
        why = why_bare(p, h->anchor);
    if (why)
        problem_add(p->arena, &h->problems, h->policy_dn, ATTR_TRUST_ANCHOR, h->anchor,
                    arena_format(p->arena, "%s; no chain is refused for its sake", why));
    set->doubted |= rc != RC_OK || why || h->problems.count > problems;
}

/* One that can't be used is no reason to doubt what the others prove. */
static void read_anchors(struct pass *p, const struct policy *policy, struct anchor_set *set)
{
    struct harvest h = {.pass = p, .policy_dn = policy->dn};
    struct fault fault = {{0}};
    set->asked = true;
    set->wants_anchors = policy->trust_anchor_count > 0;
    LIST_OF(struct slice) all = {0};
    for (size_t i = 0; i < policy->trust_anchor_count && pass_goes_on(p); i++) {
        h.anchor = policy->trust_anchors[i];
        h.anchors.count = 0;
        read_anchor(p, &h, set);
        for (size_t k = 0; k < h.anchors.count; k++)
            *LIST_ADD(p->arena, &all) = h.anchors.items[k];
    }
    if (!pass_goes_on(p))
        return;
    report_subject_problems(p, policy, &h.problems);
    p->doubts |= set->doubted;
    p->incomplete |= set->doubted;
    if (all.count && trust_anchors_open(p->authorities->pool, all.items, all.count, &set->anchors, &fault) != RC_OK) {
        set->doubted = true;
        report_fault(p, "take the trust anchors", &fault);
    }
}

static bool asks(const struct policy *policy)
{
    return !policy->disabled && policy->mode != MODE_OFF && (policy->trust_anchor_count > 0 || policy->check_crl);
}

static void read_for(struct pass *p, const struct policy *only)
{
    struct fault fault = {{0}};
    for (size_t i = 0; i < p->policy_count; i++) {
        const struct policy *policy = p->policies[i].policy;
        if (!asks(policy) || (only ? policy != only : !p->policies[i].complete))
            continue;
        if (!p->authorities) {
            p->authorities = authorities_open(p);
            if (trust_pool_open(&p->authorities->pool, &fault) == RC_OK)
                read_pool(p);
            else
                report_trouble(p, MEMO_NO_TRUST, "read the authorities", &fault);
            if (p->authorities->pool)
                remember_trouble(p, MEMO_NO_TRUST, false);
        }
        if (p->authorities->pool && !p->authorities->sets[i].asked)
            read_anchors(p, policy, &p->authorities->sets[i]);
        p->authorities->sets[i].asked = true;
    }
}

void authority_read_all(struct pass *p)
{
    authority_recall(p);
    read_for(p, NULL);
}

void authority_read_of(struct pass *p, const struct policy *policy)
{
    read_for(p, policy);
}

/* Distribution points. */

static bool is_ours(struct pass *p, struct slice dn)
{
    const struct dir_capabilities *c = dir_capabilities(p->dir);
    for (size_t i = 0; i < c->suffix_count; i++)
        if (dn_may_be_within(dn, c->suffixes[i]))
            return true;
    return false;
}

/* "ldap:///<dn>?<attributes>?base": the entry.  What comes after it, a filter without parentheses too, adds nothing. */
static bool point_of(struct pass *p, struct arena *a, struct slice uri, struct slice *dn)
{
    size_t n = 0, marks = 0;
    while (n < uri.n && (marks += uri.p[n] == '?') < 3)
        n++;
    struct target t;
    struct slice reason;
    if (!target_compile(a, slice_upto(uri, n), &t, &reason) || t.scope != TARGET_BASE || t.base.n == 0)
        return false;
    *dn = t.base;
    return is_ours(p, t.base);
}

static struct crl_point *find_point(struct authorities *u, struct slice dn)
{
    for (size_t i = 0; i < u->points.count; i++)
        if (slice_eq_nocase(u->points.items[i].dn, dn))
            return &u->points.items[i];
    return NULL;
}

/* Nothing may be searched while a search goes on, so what is not read yet is noted for authority_fetch. */
static bool waits_for_point(struct pass *p, struct arena *a, const struct certificate *c)
{
    struct authorities *u = p->authorities;
    if (u->closed || u->partial || c->trust.revocation != REVOCATION_UNDECIDED)
        return false;
    struct slice cursor = facts_crl_points(c->der, &c->facts), uri, dn;
    bool waits = false;
    for (size_t n = 0; n < POINTS_OF_ONE && facts_next_crl_uri(&cursor, &uri); n++) {
        if (!point_of(p, a, uri, &dn))
            continue;
        struct crl_point *point = find_point(u, dn);
        if (!point && u->points.count < POINTS_MAX) {
            point = LIST_ADD(&u->arena, &u->points);
            *point = (struct crl_point){.dn = arena_copy(&u->arena, dn)};
        }
        waits |= point && !point->read;
    }
    u->waits |= waits;
    return waits;
}

/*
 * One that is not there or can't be read leaves the answer undecided, and is no fault of ours: the name comes from a
 * certificate.
 */
bool authority_fetch(struct pass *p)
{
    struct authorities *u = p->authorities;
    if (!u)
        return false;
    for (size_t i = 0; i < u->points.count && pass_goes_on(p); i++) {
        struct crl_point *point = &u->points.items[i];
        struct harvest h = {.pass = p};
        struct fault fault = {{0}};
        size_t octets = u->octets;
        if (point->read)
            continue;
        point->read = true;
        authorities_note(p, point->dn);
        enum rc rc = harvest(&h, point->dn, DIR_BASE, SLICE_LITERAL("(objectClass=*)"), &fault);
        if (rc == RC_OK && pass_goes_on(p))
            report_problems(p, &h.problems);
        u->fleeting |= rc != RC_OK && rc != RC_NOT_FOUND;
        u->octets = u->octets < octets ? octets : u->octets;
    }
    u->closed = u->waits;
    u->waits = false;
    return u->closed;
}

/* Judging. */

static const struct slice not_whole = SLICE_LITERAL("the authorities in the directory could not all be read");
static const struct slice no_anchor = SLICE_LITERAL("not every trust anchor of the policy can be used");

static void doubt(const struct policy *policy, struct slice why, struct trust *t)
{
    if (policy->trust_anchor_count) {
        t->chain = CHAIN_UNDECIDED;
        t->chain_why = why;
    }
    if (policy->check_crl) {
        t->revocation = REVOCATION_UNDECIDED;
        t->revocation_why = why;
    }
}

bool authority_judge(struct pass *p, struct arena *a, const struct policy *policy, struct certificate *c)
{
    struct authorities *u = p->authorities;
    const struct governed *g = u ? pass_governed(p, policy) : NULL;
    const struct anchor_set *set = g ? &u->sets[g - p->governed] : NULL;
    c->trust = (struct trust){0};
    if (!set || !set->asked || !c->facts.readable)
        return true;
    if (!u->pool || u->partial) {
        doubt(policy, not_whole, &c->trust);
        return true;
    }
    if (policy->trust_anchor_count && !set->anchors) {
        doubt(policy, no_anchor, &c->trust);
        return true;
    }
    const struct trust_question q = {.der = c->der,
                                     .facts = &c->facts,
                                     .anchors = set->anchors,
                                     .asks_crl = policy->check_crl,
                                     .crl_max_age_s = policy->crl_max_age_s,
                                     .now_utc = p->now_utc};
    trust_judge(u->pool, a, &q, &c->trust);
    if (set->doubted && c->trust.chain == CHAIN_REFUSED) {
        c->trust.chain = CHAIN_UNDECIDED;
        c->trust.chain_why = no_anchor;
    }
    return !waits_for_point(p, a, c);
}

void authority_judge_now(struct pass *p, struct arena *a, const struct policy *policy, struct certificate *c)
{
    if (authority_judge(p, a, policy, c))
        return;
    authority_fetch(p);
    authority_judge(p, a, policy, c);
    authority_fetch(p);
}

/* Nothing is asked of what has ended, unless it holds certificates whose revocation is still to be asked for. */
static bool is_settled(const struct request *q)
{
    return q->foreign || (q->record.type == REQUEST_REVOKE && state_in(q->record.state, STATES_FINAL));
}

static const struct policy *policy_on_record(const struct pass *p, const struct request *q)
{
    for (size_t i = 0; i < p->policy_count; i++)
        if (slice_eq_nocase(p->policies[i].policy->dn, q->record.basis.policy_dn))
            return p->policies[i].policy;
    return NULL;
}

/* A reissue's by the policy that governs its subject now, as far as it was seen; the others by the one on record. */
void authority_judge_requests(struct pass *p)
{
    for (size_t i = 0; p->authorities && i < p->request_count && pass_goes_on(p); i++) {
        struct plan_request *q = &p->requests[i];
        const struct request *request = &q->request;
        if (is_settled(request))
            continue;
        const struct subject *s =
            request->record.type == REQUEST_REISSUE ? pass_find_subject(p, request->record.subject_id) : NULL;
        const struct policy *policy = s ? s->policy : policy_on_record(p, request);
        for (size_t k = 0; policy && k < q->stored_count; k++)
            authority_judge_now(p, p->arena, policy, &q->stored[k]);
        if (policy && q->result.der.n)
            authority_judge_now(p, p->arena, policy, &q->result);
    }
}

void authority_close(struct pass *p)
{
    authorities_close(p->authorities);
    p->authorities = NULL;
}
