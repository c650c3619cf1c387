/* SPDX-License-Identifier: Apache-2.0 */
#include "core/subject.h"

#include "base/escape.h"
#include "base/hex.h"
#include "core/holding.h"
#include "core/waiver.h"

static bool is_text(struct slice s)
{
    return slice_is_plain(s) && !(s.n && memchr(s.p, ' ', s.n));
}

struct slice subject_id(struct arena *a, const struct entry *e, const char *kind)
{
    struct slice value = entry_first(e, kind), prefix = slice_of(kind);
    if (value.n == 0)
        return value;
    bool text = is_text(value);
    size_t n = prefix.n + 1 + (text ? value.n : 2 * value.n);
    uint8_t *id = arena_alloc(a, n + 1);
    memcpy(id, prefix.p, prefix.n);
    id[prefix.n] = ':';
    if (text)
        memcpy(id + prefix.n + 1, value.p, value.n);
    else
        hex_write(value, id + prefix.n + 1);
    return slice_make(id, n);
}

static struct host compile_host(struct arena *a, const struct entry *e, const char *name, struct slice value,
                                problem_list *problems)
{
    struct host h = host_compile(a, value);
    if (h.kind == HOST_INVALID)
        problem_add(a, problems, e->dn, name, value,
                    slice_of("neither a DNS name nor an IP address: no certificate can carry it; correct the entry"));
    return h;
}

/* Nearly all entries have their host names in one attribute. */
static struct host *room_for(struct arena *a, const struct host *hosts, size_t count, size_t more)
{
    struct host *wider = ARENA_ARRAY(a, count + more, struct host);
    if (count)
        memcpy(wider, hosts, count * sizeof *wider);
    return wider;
}

static void add_hosts(struct arena *a, const struct entry *e, struct subject *s, problem_list *problems)
{
    const char *const *names = s->policy->host_attributes;
    struct host *hosts = NULL;
    for (size_t n = 0; names[n]; n++) {
        const struct slice type = slice_of(names[n]);
        const struct attribute *in;
        size_t before = s->host_count;
        for (size_t i = 0; (in = entry_next_attribute(e, type, &i));) {
            hosts = room_for(a, hosts, s->host_count, in->count);
            for (size_t k = 0; k < in->count; k++)
                hosts[s->host_count++] = compile_host(a, e, names[n], in->values[k], problems);
        }
        if (s->host_count == before)
            s->silent_host_attributes |= 1u << n;
    }
    s->hosts = hosts;
}

struct subject subject_compile(struct arena *a, const struct entry *e, const struct policy *policy, const char *kind,
                               problem_list *problems)
{
    struct subject s = {.dn = e->dn, .id = subject_id(a, e, kind), .policy = policy};
    add_hosts(a, e, &s, problems);
    holding_take(a, e, &s);
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
    waiver_mark_certificate(a, s, c);
}

bool subject_is_contested(const struct subject *s)
{
    return (s->policy->unique & UNIQUE_HOST_NAME) && s->host_count &&
           (!s->sharing.compared || s->sharing.host_with.n > 0);
}

static const struct finding *mark_contested(struct arena *a, const struct finding *findings, size_t count)
{
    struct finding *marked = ARENA_ARRAY(a, count, struct finding);
    for (size_t i = 0; i < count; i++) {
        marked[i] = findings[i];
        marked[i].contested = true;
    }
    return marked;
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
    waiver_mark_subject(a, s);
    if (!subject_is_contested(s))
        return;
    s->findings = mark_contested(a, s->findings, s->finding_count);
    for (size_t i = 0; i < s->certificate_count; i++)
        s->certificates[i].findings = mark_contested(a, s->certificates[i].findings, s->certificates[i].finding_count);
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
        copies[i].waiver = arena_copy(a, findings[i].waiver);
    }
    return copies;
}

static void copy_slice(struct arena *a, struct slice *s)
{
    *s = arena_copy(a, *s);
}

static void copy_sharing(struct arena *a, struct sharing *s)
{
    copy_slice(a, &s->certificate_with);
    copy_slice(a, &s->key_with);
    copy_slice(a, &s->host);
    copy_slice(a, &s->host_with);
}

static void copy_certificate(struct arena *a, struct certificate *c)
{
    copy_slice(a, &c->der);
    copy_slice(a, &c->trust.chain_why);
    copy_slice(a, &c->trust.revocation_why);
    copy_sharing(a, &c->sharing);
    c->findings = copy_findings(a, c->findings, c->finding_count);
}

static void copy_holding(struct arena *a, struct holding *h)
{
    copy_slice(a, &h->twice);
    copy_slice(a, &h->twice_in[0]);
    copy_slice(a, &h->twice_in[1]);
    copy_slice(a, &h->repeated);
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
        copy.certificates[i] = s->certificates[i];
        copy_certificate(a, &copy.certificates[i]);
    }
    copy_sharing(a, &copy.sharing);
    copy_holding(a, &copy.holding);
    copy.findings = copy_findings(a, s->findings, s->finding_count);
    const struct waiver **waivers = ARENA_ARRAY(a, s->waiver_count, const struct waiver *);
    for (size_t i = 0; i < s->waiver_count; i++)
        waivers[i] = s->waivers[i];
    copy.waivers = waivers;
    return copy;
}

enum action finding_action(const struct policy *p, const struct certificate *c, const struct finding *f)
{
    enum action action = p->on_finding[f->check].action;
    if (p->mode != MODE_ENFORCE || f->undecided || f->report_only || f->waiver.n || (c && c->opinion != OPINION_AGREES))
        return ACTION_REPORT;
    return f->contested && action != ACTION_REVOKE ? ACTION_REPORT : action;
}

bool certificate_has_fault(const struct certificate *c)
{
    for (size_t i = 0; i < c->finding_count; i++)
        if (!c->findings[i].informs)
            return true;
    return false;
}

bool certificate_complies(const struct certificate *c)
{
    return !certificate_has_fault(c) && c->opinion == OPINION_AGREES;
}

bool certificate_is_undecided(const struct certificate *c)
{
    if (c->opinion == OPINION_DISAGREES)
        return true;
    for (size_t i = 0; i < c->finding_count; i++)
        if (!c->findings[i].informs && (c->findings[i].undecided || c->findings[i].report_only))
            return true;
    return false;
}

unsigned certificate_doubts(const struct certificate *c)
{
    const unsigned others = CHECK_BIT(CHECK_CHAIN) | CHECK_BIT(CHECK_REVOKED) | CHECK_BIT(CHECK_SHARED_KEY) |
                            CHECK_BIT(CHECK_SHARED_CERTIFICATE);
    unsigned doubted = 0;
    for (size_t i = 0; i < c->finding_count; i++)
        if (c->findings[i].undecided)
            doubted |= CHECK_BIT(c->findings[i].check) & others;
    return doubted;
}
