/* SPDX-License-Identifier: Apache-2.0 */
#include "core/subject.h"

#include "base/escape.h"
#include "base/hex.h"

static bool is_text(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x21 || s.p[i] > 0x7e)
            return false;
    return true;
}

struct slice subject_id(struct arena *a, const struct entry *e, const char *kind)
{
    struct slice value = entry_first(e, kind);
    if (value.n == 0)
        return value;
    if (is_text(value))
        return arena_format(a, "%s:%.*s", kind, SLICE_ARGS(value));
    uint8_t *hex = arena_alloc(a, 2 * value.n + 1);
    hex_write(value, hex);
    return arena_format(a, "%s:%.*s", kind, (int)(2 * value.n), (const char *)hex);
}

static void add_hosts(struct arena *a, const struct entry *e, struct subject *s, problem_list *problems)
{
    LIST_OF(struct host) hosts = {0};
    for (const char *const *name = s->policy->host_attributes; *name; name++) {
        if (entry_count(e, *name) == 0)
            s->silent_host_attributes |= 1u << (name - s->policy->host_attributes);
        struct entry_cursor at = {0};
        struct slice value;
        while (entry_next_value(e, *name, &at, &value)) {
            struct host h = host_compile(a, value);
            *LIST_ADD(a, &hosts) = h;
            if (h.kind == HOST_INVALID)
                problem_add(a, problems, e->dn, *name, value,
                            slice_of("neither a DNS name nor an IP address: no certificate can carry it; correct the "
                                     "entry"));
        }
    }
    s->hosts = hosts.items;
    s->host_count = hosts.count;
}

static bool has_value(const struct subject *s, size_t count, struct slice der)
{
    for (size_t i = 0; i < count; i++)
        if (slice_eq(s->certificates[i].der, der))
            return true;
    return false;
}

/* One attribute holds no value twice; only a value of a further attribute may repeat one of an earlier. */
static void add_certificates(struct arena *a, const struct entry *e, struct subject *s)
{
    size_t total = 0;
    for (const char *const *name = s->policy->certificate_attributes; *name; name++) {
        size_t values = entry_count(e, *name);
        total += values;
        if (values == 0)
            s->silent_certificate_attributes |= 1u << (name - s->policy->certificate_attributes);
    }
    s->certificates = ARENA_ARRAY(a, total, struct certificate);
    struct slice value;
    for (const char *const *name = s->policy->certificate_attributes; *name; name++) {
        size_t earlier = 0, of_attribute = SIZE_MAX;
        for (struct entry_cursor at = {0}; entry_next_value(e, *name, &at, &value);) {
            if (at.attribute != of_attribute)
                earlier = s->certificate_count;
            of_attribute = at.attribute;
            if (!has_value(s, earlier, value))
                s->certificates[s->certificate_count++].der = value;
        }
    }
}

struct subject subject_compile(struct arena *a, const struct entry *e, const struct policy *policy, const char *kind,
                               problem_list *problems)
{
    struct subject s = {.dn = e->dn, .id = subject_id(a, e, kind), .policy = policy};
    add_hosts(a, e, &s, problems);
    add_certificates(a, e, &s);
    return s;
}

static const struct finding *keep_findings(struct arena *a, const struct finding *findings, size_t count)
{
    if (count == 0)
        return NULL;
    struct finding *kept = ARENA_ARRAY(a, count, struct finding);
    memcpy(kept, findings, count * sizeof *kept);
    return kept;
}

void subject_judge_certificate(struct arena *a, const struct subject *s, struct certificate *c, int64_t now_utc)
{
    struct check_input in = {.policy = s->policy,
                             .hosts = s->hosts,
                             .host_count = s->host_count,
                             .der = c->der,
                             .facts = &c->facts,
                             .trust = &c->trust,
                             .sharing = &c->sharing,
                             .now_utc = now_utc};
    struct finding findings[FINDINGS_MAX];
    c->finding_count = check_run(a, &in, findings);
    c->findings = keep_findings(a, findings, c->finding_count);
}

void subject_judge(struct arena *a, struct subject *s, int64_t now_utc)
{
    struct check_input in = {.policy = s->policy,
                             .hosts = s->hosts,
                             .host_count = s->host_count,
                             .sharing = &s->sharing,
                             .holding = &s->holding,
                             .now_utc = now_utc,
                             .shows_no_certificate = s->shows_no_certificate};
    struct finding findings[FINDINGS_MAX];
    s->finding_count = check_run(a, &in, findings);
    s->findings = keep_findings(a, findings, s->finding_count);
}

void certificate_hash(struct certificate *c)
{
    if (!c->has_digest)
        c->digest = digest_of(c->der);
    c->has_digest = true;
}

static const struct finding *copy_findings(struct arena *a, const struct finding *findings, size_t count)
{
    struct finding *copies = ARENA_ARRAY(a, count, struct finding);
    for (size_t i = 0; i < count; i++) {
        copies[i] = findings[i];
        copies[i].detail = arena_copy(a, findings[i].detail);
    }
    return copies;
}

struct subject subject_copy(struct arena *a, const struct subject *s)
{
    struct subject copy = *s;
    copy.dn = arena_copy(a, s->dn);
    copy.id = arena_copy(a, s->id);
    struct host *hosts = ARENA_ARRAY(a, s->host_count, struct host);
    for (size_t i = 0; i < s->host_count; i++) {
        hosts[i] = s->hosts[i];
        hosts[i].written = arena_copy(a, s->hosts[i].written);
        hosts[i].name = arena_copy(a, s->hosts[i].name);
        hosts[i].shown = arena_copy(a, s->hosts[i].shown);
    }
    copy.hosts = hosts;
    copy.certificates = ARENA_ARRAY(a, s->certificate_count, struct certificate);
    for (size_t i = 0; i < s->certificate_count; i++) {
        struct certificate *c = &copy.certificates[i];
        *c = s->certificates[i];
        c->der = arena_copy(a, c->der);
        c->findings = copy_findings(a, c->findings, c->finding_count);
    }
    copy.findings = copy_findings(a, s->findings, s->finding_count);
    return copy;
}

enum action finding_action(const struct policy *p, const struct certificate *c, const struct finding *f)
{
    enum action action = p->on_finding[f->check].action;
    if (p->mode != MODE_ENFORCE || f->undecided || f->report_only || f->waiver.n || (c && c->opinion != OPINION_AGREES))
        return ACTION_REPORT;
    return f->contested && action != ACTION_REVOKE ? ACTION_REPORT : action;
}

bool certificate_complies(const struct certificate *c)
{
    return c->finding_count == 0 && c->opinion == OPINION_AGREES;
}

bool certificate_is_undecided(const struct certificate *c)
{
    if (c->opinion == OPINION_DISAGREES)
        return true;
    for (size_t i = 0; i < c->finding_count; i++)
        if (c->findings[i].undecided || c->findings[i].report_only)
            return true;
    return false;
}

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

bool subject_stands_in(const struct subject *s, const struct certificate *candidate, const struct certificate *old,
                       int64_t now_utc)
{
    if (!certificate_complies(candidate) || !covers_hosts(s, candidate, now_utc))
        return false;
    if (!old)
        return true;
    if (slice_eq(old->der, candidate->der))
        return false;
    if (!old->facts.readable)
        return true;
    return !slice_eq(facts_slice(old->der, old->facts.serial), facts_slice(candidate->der, candidate->facts.serial)) &&
           covers_usages(candidate, old) && same_family(candidate, old);
}

static bool is_one_of(const struct certificate *c, const struct digest *digests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (digest_eq(&c->digest, &digests[i]))
            return true;
    return false;
}

struct certificate *subject_find_stand_in(const struct subject *s, const struct certificate *old,
                                          const struct digest *not_these, size_t count, int64_t now_utc)
{
    for (size_t i = 0; i < s->certificate_count; i++)
        if (!is_one_of(&s->certificates[i], not_these, count) &&
            subject_stands_in(s, &s->certificates[i], old, now_utc))
            return &s->certificates[i];
    return NULL;
}
