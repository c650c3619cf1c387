/* SPDX-License-Identifier: Apache-2.0 */
#include "support/planworld.h"

#include "base/gentime.h"
#include "core/facts.h"
#include "support/derbuild.h"
#include "support/entrytext.h"
#include "x509/reader.h"

#include <stdio.h>
#include <stdlib.h>

static _Noreturn void give_up(const char *what, const char *name)
{
    fprintf(stderr, "planworld: no %s \"%s\"\n", what, name);
    abort();
}

/* Certificates. */

enum { DAY = 86400 };

struct spec {
    const char *label;
    unsigned version;
    const char *host; /* the Common Name, and in version 3 the dNSName */
    uint8_t serial;
    const char *usages; /* letters: s serverAuth, c clientAuth, a any; NULL: no such extension */
    enum key_family key;
    int from_days, to_days; /* 0: long ago, and far away */
};

static const struct spec specs[] = {
    {"v1", 1, "h1.x", 1, NULL, KEY_RSA, 0, 0},           {"v1b", 1, "h1.x", 2, NULL, KEY_RSA, 0, 0},
    {"v1soon", 1, "h1.x", 3, NULL, KEY_RSA, 0, 10},      {"v1other", 1, "h2.x", 4, NULL, KEY_RSA, 0, 0},
    {"good", 3, "h1.x", 10, "s", KEY_RSA, 0, 0},         {"good2", 3, "h1.x", 11, "s", KEY_RSA, 0, 0},
    {"good-h2", 3, "h2.x", 12, "s", KEY_RSA, 0, 0},      {"old", 3, "was.x", 40, "sc", KEY_RSA, 0, 0},
    {"both-usages", 3, "h1.x", 41, "sc", KEY_RSA, 0, 0}, {"same-serial", 3, "h1.x", 40, "sc", KEY_RSA, 0, 0},
    {"server-only", 3, "h1.x", 42, "s", KEY_RSA, 0, 0},  {"any-usage", 3, "h1.x", 43, "a", KEY_RSA, 0, 0},
    {"no-usage", 3, "h1.x", 44, NULL, KEY_RSA, 0, 0},    {"ec-key", 3, "h1.x", 45, "sc", KEY_EC, 0, 0},
    {"ed-key", 3, "h1.x", 46, "sc", KEY_ED25519, 0, 0},  {"old-ec", 3, "was.x", 47, "sc", KEY_EC, 0, 0},
    {"expired", 3, "h1.x", 48, "sc", KEY_RSA, 0, -1},    {"not-yet", 3, "h1.x", 49, "sc", KEY_RSA, 1, 0},
    {"other-name", 3, "h2.x", 50, "sc", KEY_RSA, 0, 0},
};

static struct slice time_of(struct arena *a, int64_t at_utc)
{
    uint8_t text[GENTIME_LEN];
    gentime_write(at_utc, text);
    return DER(a, DER_UTC_TIME, arena_copy(a, slice_make(text + 2, GENTIME_LEN - 2)));
}

static struct slice usages_of(struct arena *a, const char *letters)
{
    struct slice all = {NULL, 0};
    for (; *letters; letters++) {
        uint8_t last = *letters == 's' ? 1 : 2;
        struct slice oid = *letters == 'a' ? DER(a, DER_OID, DER_OCTETS(0x55, 0x1d, 0x25, 0x00))
                                           : DER(a, DER_OID, DER_OCTETS(0x2b, 6, 1, 5, 5, 7, 3, last));
        all = DER_JOIN(a, all, oid);
    }
    return der_extension(a, 37, (struct slice){NULL, 0}, DER(a, DER_SEQUENCE, all));
}

static struct slice key_of(struct arena *a, enum key_family family, struct slice rsa)
{
    if (family == KEY_RSA)
        return rsa;
    struct slice p256 = DER(a, DER_OID, DER_OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7));
    struct slice ec = DER(a, DER_SEQUENCE, DER(a, DER_OID, DER_OCTETS(0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1)), p256);
    struct slice ed = DER(a, DER_SEQUENCE, DER(a, DER_OID, DER_OCTETS(0x2b, 0x65, 0x70)));
    return DER(a, DER_SEQUENCE, family == KEY_EC ? ec : ed,
               DER(a, DER_BIT_STRING, DER_OCTETS(0), der_fill(a, 4, family == KEY_EC ? 65 : 32)));
}

static struct slice build(struct arena *a, const struct spec *s)
{
    struct recipe r;
    struct slice none = {NULL, 0}, host = slice_of(s->host);
    recipe_everyday(a, &r);
    r.serial = DER(a, DER_INTEGER, DER_OCTETS(s->serial));
    r.subject = der_common_name(a, DER_UTF8_STRING, host);
    int64_t from = s->from_days ? s->from_days : -1000, to = s->to_days ? s->to_days : 3650;
    r.validity = DER(a, DER_SEQUENCE, time_of(a, PLANWORLD_NOW + from * DAY), time_of(a, PLANWORLD_NOW + to * DAY));
    r.spki = key_of(a, s->key, r.spki);
    r.extensions = none;
    if (s->version == 1)
        r.version = none;
    else
        r.extensions = DER_JOIN(a, der_extension(a, 17, none, DER(a, DER_SEQUENCE, DER(a, 0x82, host))),
                                s->usages ? usages_of(a, s->usages) : none);
    return recipe_build(a, &r);
}

struct slice planworld_der(struct planworld *w, const char *label)
{
    if (strcmp(label, "broken") == 0)
        return slice_of("0 this is no certificate");
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        if (strcmp(specs[i].label, label) == 0)
            return build(&w->arena, &specs[i]);
    give_up("certificate", label);
}

struct certificate planworld_read(struct planworld *w, struct slice der)
{
    struct certificate c = {.der = der, .opinion = OPINION_AGREES, .trust = w->trust};
    facts_read(der, &c.facts);
    certificate_hash(&c);
    return c;
}

/* Policies. */

static bool knows_all(void *context, struct slice attribute)
{
    (void)context;
    (void)attribute;
    return true;
}

static size_t policy_index(const struct planworld *w, const char *cn)
{
    size_t i = 0;
    while (i < w->policy_count && !slice_eq(w->policies[i].policy->name, slice_of(cn)))
        i++;
    return i;
}

void planworld_policy(struct planworld *w, const char *cn, const char *attributes)
{
    struct arena *a = &w->arena;
    problem_list problems = {0};
    size_t i = policy_index(w, cn);
    struct slice text = arena_format(a,
                                     "dn: cn=%s,ou=policies,ou=dircertd,dc=x\ncn: %s\n"
                                     "dircertTarget: ldap:///dc=x??sub?(objectClass=device)\n%s",
                                     cn, cn, attributes);
    struct entry e = entrytext_of(a, (const char *)text.p);
    w->policies[i] =
        (struct policy_pass){.policy = policy_compile(a, &e, knows_all, NULL, &problems), .complete = true};
    w->policies[i].complete = !w->policies[i].policy->disabled && w->policies[i].policy->mode != MODE_OFF;
    w->policy_count += i == w->policy_count;
}

void planworld_forget_policy(struct planworld *w, const char *cn)
{
    size_t i = policy_index(w, cn);
    if (i == w->policy_count)
        give_up("policy", cn);
    w->policies[i] = w->policies[--w->policy_count];
    w->holds[i] = w->holds[w->policy_count];
}

struct policy_pass *planworld_policy_pass(struct planworld *w, const char *cn)
{
    size_t i = policy_index(w, cn);
    if (i == w->policy_count)
        give_up("policy", cn);
    return &w->policies[i];
}

void planworld_hold(struct planworld *w, const char *cn, enum hold_scope scope)
{
    w->holds[planworld_policy_pass(w, cn) - w->policies] = scope;
}

/* Subjects. */

struct planworld_subject *planworld_find_subject(struct planworld *w, const char *name)
{
    for (size_t i = 0; i < w->subject_count; i++)
        if (strcmp(w->subjects[i].name, name) == 0)
            return &w->subjects[i];
    give_up("subject", name);
}

void planworld_subject(struct planworld *w, const char *name, const char *policy, const char *hosts,
                       const char *certificates)
{
    size_t i = 0;
    while (i < w->subject_count && strcmp(w->subjects[i].name, name) != 0)
        i++;
    struct slice dn = i < w->subject_count ? w->subjects[i].dn : arena_format(&w->arena, "cn=%s,ou=hosts,dc=x", name);
    w->subject_count += i == w->subject_count;
    w->subjects[i] = (struct planworld_subject){name, policy, hosts, certificates, dn, false, false};
}

void planworld_hide(struct planworld *w, const char *name)
{
    planworld_find_subject(w, name)->hidden = true;
}

static void add_certificate(struct planworld *w, struct entry *e, struct slice word)
{
    if (slice_eq(word, SLICE_LITERAL("none")))
        return;
    const char *label = (const char *)arena_copy(&w->arena, word).p;
    entrytext_add(&w->arena, e, "userCertificate", planworld_der(w, label + (*label == '?')));
}

static struct entry entry_of(struct planworld *w, const struct planworld_subject *s)
{
    struct entry e = {.dn = s->dn};
    struct slice rest = slice_of(s->hosts), word;
    entrytext_add(&w->arena, &e, "entryUUID", slice_of(s->name));
    while (slice_word(&rest, &word))
        entrytext_add(&w->arena, &e, "dNSHostName", word);
    for (rest = slice_of(s->certificates); slice_word(&rest, &word);)
        add_certificate(w, &e, word);
    return e;
}

/* Waivers. */

void planworld_waive(struct planworld *w, const char *what, const char *check)
{
    LIST_OF(struct digest) digests = {0};
    struct slice rest = slice_of(what), word;
    while (slice_word(&rest, &word))
        if (word.p[0] == '#')
            *LIST_ADD(&w->arena, &digests) =
                digest_of(planworld_der(w, (const char *)arena_copy(&w->arena, slice_from(word, 1)).p));
    w->waived = what;
    w->waiver = (struct waiver){.dn = SLICE_LITERAL("cn=w,ou=waivers,ou=dircertd,dc=x"),
                                .checks = what ? CHECK_BIT(check_find(slice_of(check))) : 0,
                                .certificates = digests.items,
                                .certificate_count = sort_digests(digests.items, digests.count)};
    w->waivers[0] = &w->waiver;
}

static bool is_waived(const struct planworld *w, struct slice name)
{
    struct slice rest = slice_of(w->waived), word;
    bool found = false;
    while (slice_word(&rest, &word))
        found |= slice_eq(word, name);
    return found;
}

static struct subject *see_subject(struct planworld *w, const struct planworld_subject *from)
{
    struct arena *a = &w->arena;
    struct entry *e = ARENA_NEW(a, struct entry);
    struct subject *s = ARENA_NEW(a, struct subject);
    problem_list problems = {0};
    struct slice rest = slice_of(from->certificates), word;
    *e = entry_of(w, from);
    *s = subject_compile(a, e, planworld_policy_pass(w, from->policy)->policy, "entryUUID", &problems);
    s->waivers = w->waivers;
    s->waiver_count = w->waived != NULL;
    s->waivers_of_entry = is_waived(w, slice_of(from->name));
    for (size_t i = 0; i < s->certificate_count && slice_word(&rest, &word); i++) {
        s->certificates[i] = planworld_read(w, s->certificates[i].der);
        subject_judge_certificate(a, s, &s->certificates[i], w->now_utc);
        s->certificates[i].opinion = word.p[0] == '?' ? OPINION_DISAGREES : OPINION_AGREES;
    }
    s->shows_no_certificate = slice_eq(slice_of(from->certificates), SLICE_LITERAL("none"));
    subject_judge(a, s, w->now_utc);
    s->undecided = from->undecided;
    return s;
}

static int compare_subjects(const void *a, const void *b)
{
    const struct subject *const *x = a, *const *y = b;
    return slice_compare((*x)->id, (*y)->id);
}

static struct subject **see_subjects(struct planworld *w, size_t *count)
{
    struct subject **all = ARENA_ARRAY(&w->arena, PLANWORLD_MOST, struct subject *);
    *count = 0;
    for (size_t i = 0; i < w->subject_count; i++)
        if (!w->subjects[i].hidden)
            all[(*count)++] = see_subject(w, &w->subjects[i]);
    qsort(all, *count, sizeof *all, compare_subjects);
    return all;
}

/* Requests. */

static struct slice reissue_id(struct planworld *w, const char *name)
{
    return request_id_of_reissue(&w->arena, arena_format(&w->arena, "entryUUID:%s", name));
}

static struct slice revoke_id(struct planworld *w, const char *label)
{
    struct digest d = digest_of(planworld_der(w, label));
    return request_id_of_revoke(&w->arena, &d);
}

struct slice planworld_id(struct planworld *w, const char *request)
{
    if (strncmp(request, "reissue ", 8) == 0)
        return reissue_id(w, request + 8);
    if (strncmp(request, "revoke ", 7) == 0)
        return revoke_id(w, request + 7);
    give_up("kind of request", request);
}

static struct slice name_of(struct planworld *w, struct slice id)
{
    for (size_t i = 0; i < w->subject_count; i++)
        if (slice_eq(id, reissue_id(w, w->subjects[i].name)))
            return arena_format(&w->arena, "reissue %s", w->subjects[i].name);
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        if (slice_eq(id, revoke_id(w, specs[i].label)))
            return arena_format(&w->arena, "revoke %s", specs[i].label);
    return arena_format(&w->arena, "unknown %.*s", SLICE_ARGS(id));
}

static struct planworld_request *find_request(struct planworld *w, struct slice name)
{
    for (size_t i = 0; i < w->request_count; i++)
        if (slice_eq(w->requests[i].name, name))
            return &w->requests[i];
    return NULL;
}

bool planworld_has(struct planworld *w, const char *request)
{
    return find_request(w, slice_of(request)) != NULL;
}

struct planworld_request *planworld_request(struct planworld *w, const char *request)
{
    struct planworld_request *r = find_request(w, slice_of(request));
    if (!r)
        give_up("request", request);
    return r;
}

const char *planworld_value(struct planworld *w, const char *request, const char *attribute)
{
    struct slice value = entry_first(&planworld_request(w, request)->entry, attribute);
    return value.p ? (const char *)arena_copy(&w->arena, value).p : "";
}

void planworld_put_der(struct planworld *w, const char *request, const char *attribute, struct slice der)
{
    struct planworld_request *r = planworld_request(w, request);
    entrytext_drop(&r->entry, attribute);
    if (der.p)
        entrytext_add(&w->arena, &r->entry, attribute, der);
}

void planworld_put(struct planworld *w, const char *request, const char *attribute, const char *value)
{
    planworld_put_der(w, request, attribute, slice_of(value));
}

void planworld_decide(struct planworld *w, const char *request, const char *word)
{
    const char *generation = planworld_value(w, request, "dircertGeneration");
    planworld_put_der(w, request, "dircertDecision", arena_format(&w->arena, "%s %s", word, generation));
}

void planworld_report(struct planworld *w, const char *request, const char *word)
{
    uint8_t until[GENTIME_LEN];
    gentime_write(w->now_utc + 3600, until);
    planworld_put(w, request, "dircertClaimedBy", "cn=fulfiller");
    planworld_put_der(w, request, "dircertClaimedUntil", slice_make(until, sizeof until));
    planworld_put_der(w, request, "dircertOutcome",
                      arena_format(&w->arena, "%s %s.%s", word, planworld_value(w, request, "dircertGeneration"),
                                   planworld_value(w, request, "dircertAttempt")));
}

/* As a pass reads them. */
static struct plan_request read_request(struct planworld *w, const struct planworld_request *from)
{
    problem_list problems = {0};
    struct plan_request q = {.request = request_read(&w->arena, &from->entry, &problems), .where = from->where};
    struct slice rest = q.request.record.basis.certificate, id = q.request.record.subject_id;
    struct der_element e;
    q.stored = ARENA_ARRAY(&w->arena, PLANWORLD_MOST, struct certificate);
    while (rest.n && der_next(&rest, &e))
        q.stored[q.stored_count++] = planworld_read(w, e.whole);
    bool named = q.request.record.type == REQUEST_REVOKE && q.stored_count &&
                 waiver_names_certificate(&w->waiver, &q.stored[0].digest);
    if (w->waived && (named || is_waived(w, slice_from(id, id.n < 10 ? id.n : 10)))) /* "entryUUID:" */
        q.waived = w->waiver.checks;
    if (q.request.result_certificate.n) {
        q.result = planworld_read(w, q.request.result_certificate);
        q.result.opinion = w->result_doubted ? OPINION_DISAGREES : OPINION_AGREES;
    }
    return q;
}

/* Planning. */

static int compare_lines(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static const char *plan_shown(struct planworld *w)
{
    struct arena *a = &w->arena;
    struct slice *lines = ARENA_ARRAY(a, w->plan.count, struct slice), text = slice_of("");
    for (size_t i = 0; i < w->plan.count; i++) {
        const struct operation *o = &w->plan.operations[i];
        lines[i] = arena_format(a, "%.*s %.*s %.*s", SLICE_ARGS(plan_verb(a, o)), SLICE_ARGS(name_of(w, o->record.id)),
                                SLICE_ARGS(plan_checks(a, o->checks)));
    }
    if (w->plan.count)
        qsort(lines, w->plan.count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < w->plan.count; i++)
        text = arena_format(a, "%.*s%s%.*s", SLICE_ARGS(text), i ? "; " : "", SLICE_ARGS(lines[i]));
    return (const char *)text.p;
}

const char *planworld_plan(struct planworld *w)
{
    struct plan_request *requests = ARENA_ARRAY(&w->arena, PLANWORLD_MOST, struct plan_request);
    for (size_t i = 0; i < w->request_count; i++)
        requests[i] = read_request(w, &w->requests[i]);
    size_t subject_count;
    struct subject **subjects = see_subjects(w, &subject_count);
    struct plan_input in = {.now_utc = w->now_utc,
                            .interval_s = PLANWORLD_INTERVAL_S,
                            .policies = w->policies,
                            .holds = w->holds,
                            .policy_count = w->policy_count,
                            .subjects = subjects,
                            .subject_count = subject_count,
                            .requests = requests,
                            .request_count = w->request_count};
    w->plan = plan_build(&w->arena, &in);
    return plan_shown(w);
}

static void write_attributes(struct planworld *w, struct entry *e, const struct entry *changes)
{
    for (size_t i = 0; i < changes->count; i++) {
        const struct attribute *c = &changes->attributes[i];
        const char *name = (const char *)arena_copy(&w->arena, c->name).p;
        entrytext_drop(e, name);
        for (size_t k = 0; k < c->count; k++)
            entrytext_add(&w->arena, e, name, c->values[k]);
    }
}

static void carry_out(struct planworld *w, const struct operation *o)
{
    struct planworld_request *r = find_request(w, name_of(w, o->record.id));
    if (o->verb == VERB_CREATE) {
        if (r || w->request_count == PLANWORLD_MOST)
            give_up("room for a request", (const char *)o->record.id.p);
        r = &w->requests[w->request_count++];
        *r = (struct planworld_request){.name = name_of(w, o->record.id)};
        r->entry.dn =
            arena_format(&w->arena, "dircertRequestId=%.*s,ou=requests,ou=dircertd,dc=x", SLICE_ARGS(o->record.id));
        entrytext_add(&w->arena, &r->entry, "objectClass", SLICE_LITERAL("dircertRequest"));
    }
    if (!r)
        give_up("request", (const char *)o->record.id.p);
    if (o->verb == VERB_PURGE)
        *r = w->requests[--w->request_count];
    else
        write_attributes(w, &r->entry, &o->attributes);
}

const char *planworld_pass(struct planworld *w, int64_t after_s)
{
    w->now_utc += after_s;
    const char *shown = planworld_plan(w);
    for (size_t i = 0; i < w->plan.count; i++)
        if (!w->plan.operations[i].held)
            carry_out(w, &w->plan.operations[i]);
    return shown;
}

const struct operation *planworld_operation(struct planworld *w, const char *request)
{
    const struct operation *found = NULL;
    for (size_t i = 0; i < w->plan.count; i++)
        if (slice_eq(name_of(w, w->plan.operations[i].record.id), slice_of(request)) && (!found || found->held))
            found = &w->plan.operations[i];
    return found;
}

void planworld_begin(struct planworld *w)
{
    *w = (struct planworld){.now_utc = PLANWORLD_NOW};
}

void planworld_end(struct planworld *w)
{
    arena_free(&w->arena);
}

void planworld_reissue_at(struct planworld *w, enum state to)
{
    static const char request[] = "reissue h1";
    planworld_begin(w);
    planworld_policy(w, "p", to == STATE_PROPOSED ? PLANWORLD_ASKS : PLANWORLD_ASKS_ONCE);
    planworld_subject(w, "h1", "p", "h1.x", "v1");
    planworld_pass(w, 0);
    if (to == STATE_APPROVED || to == STATE_REJECTED || to == STATE_SUBMITTED || to == STATE_FAILED)
        planworld_decide(w, request, to == STATE_REJECTED ? "reject" : "approve");
    planworld_pass(w, 0);
    if (to == STATE_SUBMITTED || to == STATE_FAILED)
        planworld_report(w, request, to == STATE_FAILED ? "failed" : "submitted");
    if (to == STATE_HELD)
        planworld_policy(w, "p", "dircertMode: audit\ndircertAllowedVersion: 3\n");
    planworld_pass(w, 0);
    if (strcmp(planworld_value(w, request, "dircertState"), state_name(to)) != 0 || *planworld_plan(w))
        give_up("way to", state_name(to));
}

void planworld_begin_with(struct planworld *w, const char *policy, const char *certificates)
{
    planworld_begin(w);
    planworld_policy(w, "p", policy);
    planworld_show(w, certificates);
}

void planworld_show(struct planworld *w, const char *certificates)
{
    planworld_subject(w, "h1", "p", "h1.x", certificates);
}
