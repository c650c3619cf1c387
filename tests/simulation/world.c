/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/world.h"

#include "base/gentime.h"
#include "core/facts.h"
#include "support/derbuild.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *const world_suffix = "dc=x";
const char world_base[] = "ou=dircertd,dc=x";
const char world_requests[] = "ou=requests,ou=dircertd,dc=x";

enum { EPOCH = 1800000000, DAY = 86400 };

_Noreturn void world_fail(const struct world *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "seed %llu, t+%lld s: ", (unsigned long long)w->seed, (long long)(w->now_utc - EPOCH));
    vfprintf(stderr, format, args);
    fprintf(stderr, "\nreplay: simulation %llu %llu --verbose\n", (unsigned long long)w->seed,
            (unsigned long long)w->seed);
    va_end(args);
    abort();
}

/* splitmix64 (Steele, Lea and Flood, 2014). */
static uint64_t next_random(struct world *w)
{
    uint64_t z = w->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

unsigned world_pick(struct world *w, unsigned below)
{
    return (unsigned)(next_random(w) % below);
}

static void say(const struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct world *w, const char *format, ...)
{
    if (!w->verbose)
        return;
    va_list args;
    va_start(args, format);
    printf("t+%-9lld ", (long long)(w->now_utc - EPOCH));
    vprintf(format, args);
    putchar('\n');
    va_end(args);
}

/* Certificates. */

static const char *const hosts[HOSTS] = {"a.example", "b.example", "c.example", "d.example"};

static struct slice time_of(struct arena *a, int64_t at_utc)
{
    uint8_t text[GENTIME_LEN];
    gentime_write(at_utc, text);
    return DER(a, DER_UTC_TIME, arena_copy(a, slice_make(text + 2, GENTIME_LEN - 2)));
}

/* Octet for octet the same in every run, so that a seed replays: the order of digests decides, too. */
static struct sample make_sample(struct arena *a, int host, enum kind kind, int serial)
{
    struct sample s = {.host = host, .kind = kind, .serial = serial};
    int64_t lifetime_s = kind == KIND_EXPIRED ? -(int64_t)DAY : kind == KIND_SHORT ? 40 * DAY : 3650 * (int64_t)DAY;
    struct recipe r;
    recipe_everyday(a, &r);
    s.not_after_utc = EPOCH + lifetime_s;
    r.serial =
        DER(a, DER_INTEGER, arena_copy(a, DER_OCTETS((uint8_t)(1 + host * KIND_COUNT + kind), (uint8_t)(1 + serial))));
    r.subject = der_common_name(a, DER_UTF8_STRING, slice_of(hosts[host]));
    r.validity = DER(a, DER_SEQUENCE, time_of(a, EPOCH - 1000 * (int64_t)DAY), time_of(a, s.not_after_utc));
    struct slice dns = DER(a, DER_SEQUENCE, DER(a, DER_CONTEXT | NAME_DNS, slice_of(hosts[host])));
    const struct slice none = {NULL, 0}, critical = DER(a, DER_BOOLEAN, DER_OCTETS(0xff));
    r.extensions = none;
    if (kind != KIND_V1) /* keyUsage and basicConstraints are the same in all */
        r.extensions =
            DER_JOIN(a, der_extension(a, 15, critical, DER(a, DER_BIT_STRING, DER_OCTETS(0x05, 0xa0))),
                     der_extension(a, 19, critical, DER_EMPTY(a, DER_SEQUENCE)), der_extension(a, 17, none, dns));
    if (kind == KIND_V1)
        r.version = (struct slice){NULL, 0};
    s.der = recipe_build(a, &r);
    s.digest = digest_of(s.der);
    return s;
}

const struct sample *world_samples(struct arena *a)
{
    struct sample *all = ARENA_ARRAY(a, HOSTS * KIND_COUNT * SERIALS, struct sample);
    for (int i = 0; i < HOSTS * KIND_COUNT * SERIALS; i++)
        all[i] = make_sample(a, i / (KIND_COUNT * SERIALS), (enum kind)(i / SERIALS % KIND_COUNT), i % SERIALS);
    return all;
}

static const struct sample *any_sample(struct world *w, int host)
{
    enum kind kind = world_pick(w, 2) ? (enum kind)world_pick(w, KIND_COUNT) : KIND_GOOD;
    return &w->samples[(host * KIND_COUNT + (int)kind) * SERIALS + (int)world_pick(w, SERIALS)];
}

/* Writing. */

static void ignore_answer(void *context, size_t index, enum rc rc, const struct fault *fault)
{
    (void)index;
    (void)fault;
    *(enum rc *)context = rc;
}

void world_write(struct world *w, const struct dir_change *change)
{
    enum rc rc = RC_OK;
    struct fault fault = {{0}};
    memory_set_clock(w->dir, w->now_utc);
    if (dir_apply(w->dir, change, 1, ignore_answer, &rc, &fault) != RC_OK || rc != RC_OK)
        world_fail(w, "the world itself could not write %.*s (%d)", SLICE_ARGS(change->dn), (int)rc);
}

static void put_entry(struct world *w, struct slice dn, const char *const (*pairs)[2])
{
    struct dir_mod mods[24];
    struct slice values[24];
    size_t n = 0;
    for (; pairs[n][0]; n++) {
        values[n] = slice_of(pairs[n][1]);
        mods[n] = (struct dir_mod){DIR_MOD_ADD, pairs[n][0], &values[n], 1};
    }
    world_write(w, &(struct dir_change){DIR_ADD, dn, mods, n});
}

static void replace(struct world *w, struct slice dn, const char *attribute, const struct slice *values, size_t count)
{
    struct dir_mod mod = {DIR_MOD_REPLACE, attribute, values, count};
    world_write(w, &(struct dir_change){DIR_MODIFY, dn, &mod, 1});
}

static void replace_text(struct world *w, struct slice dn, const char *attribute, const char *value)
{
    struct slice s = slice_of(value);
    replace(w, dn, attribute, &s, value != NULL);
}

/* Subjects. */

struct slice world_subject_dn(struct arena *a, const struct world *w, int i)
{
    return arena_format(a, "cn=s%d,ou=%s,dc=x", i, w->subjects[i].moved ? "moved" : "hosts");
}

static void take_id(void *context, const struct entry *e)
{
    struct {
        struct arena *a;
        struct slice id;
    } *found = context;
    found->id = arena_copy(found->a, entry_first(e, "entryUUID"));
}

struct slice world_subject_id(struct arena *a, struct world *w, int i)
{
    static const char *const attributes[] = {"entryUUID", NULL};
    struct {
        struct arena *a;
        struct slice id;
    } found = {a, {NULL, 0}};
    struct dir_search search = {.base = world_subject_dn(a, w, i),
                                .scope = DIR_BASE,
                                .filter = SLICE_LITERAL("(objectClass=*)"),
                                .attributes = attributes};
    struct dir_sink sink = {.entry = take_id, .context = &found};
    struct fault fault = {{0}};
    if (dir_search(w->dir, &search, &sink, &fault) != RC_OK)
        world_fail(w, "subject %d is not in the directory", i);
    return arena_format(a, "entryUUID:%.*s", SLICE_ARGS(found.id));
}

static void publish(struct world *w, int i)
{
    struct arena a = {0};
    struct slice values[VALUES];
    size_t n = 0;
    for (int k = 0; k < VALUES; k++)
        if (w->subjects[i].values[k])
            values[n++] = w->subjects[i].values[k]->der;
    replace(w, world_subject_dn(&a, w, i), "userCertificate", values, n);
    arena_free(&a);
}

static bool shows(const struct model_subject *s, const struct sample *c)
{
    for (int k = 0; k < VALUES; k++)
        if (s->values[k] == c)
            return true;
    return false;
}

static void set_value(struct world *w, int i, int k, const struct sample *c)
{
    if (c && shows(&w->subjects[i], c))
        return;
    w->subjects[i].values[k] = c;
    publish(w, i);
    if (c)
        say(w, "subject %d shows kind %d host %d serial %d at %d", i, c->kind, c->host, c->serial, k);
    else
        say(w, "subject %d shows nothing at %d", i, k);
}

static void add_subject(struct world *w, int i)
{
    struct arena a = {0};
    const char *name = (const char *)arena_format(&a, "s%d", i).p;
    w->subjects[i] = (struct model_subject){.exists = true, .host = (int)world_pick(w, HOSTS)};
    say(w, "subject %d appears as host %d", i, w->subjects[i].host);
    put_entry(w, world_subject_dn(&a, w, i),
              (const char *const[][2]){
                  {"objectClass", "device"}, {"cn", name}, {"dNSHostName", hosts[w->subjects[i].host]}, {NULL, NULL}});
    set_value(w, i, 0, any_sample(w, w->subjects[i].host));
    arena_free(&a);
}

static void delete_subject(struct world *w, int i)
{
    struct arena a = {0};
    say(w, "subject %d is deleted", i);
    world_write(w, &(struct dir_change){DIR_DELETE, world_subject_dn(&a, w, i), NULL, 0});
    w->subjects[i].exists = false;
    arena_free(&a);
}

static void move_subject(struct world *w, int i)
{
    struct arena a = {0};
    struct slice from = world_subject_dn(&a, w, i);
    w->subjects[i].moved = !w->subjects[i].moved;
    say(w, "subject %d moves", i);
    if (memory_rename(w->dir, from, world_subject_dn(&a, w, i)) != RC_OK)
        world_fail(w, "subject %d could not be moved", i);
    arena_free(&a);
}

static void change_subject(struct world *w)
{
    int i = (int)world_pick(w, SUBJECTS), k = (int)world_pick(w, VALUES);
    struct model_subject *s = &w->subjects[i];
    if (!s->exists) {
        add_subject(w, i);
        return;
    }
    switch (world_pick(w, 9)) {
    case 0:
        delete_subject(w, i);
        break;
    case 1:
        move_subject(w, i);
        break;
    case 2: { /* the host is renamed */
        struct arena a = {0};
        s->host = (int)world_pick(w, HOSTS);
        say(w, "subject %d is host %d now", i, s->host);
        replace_text(w, world_subject_dn(&a, w, i), "dNSHostName", hosts[s->host]);
        arena_free(&a);
        break;
    }
    case 3:
        set_value(w, i, k, NULL);
        break;
    case 4: { /* one certificate under two entries */
        int other = (int)world_pick(w, SUBJECTS);
        if (w->subjects[other].exists && w->subjects[other].values[0])
            set_value(w, i, k, w->subjects[other].values[0]);
        break;
    }
    case 5: /* all replaced by a good one */
        s->values[0] = s->values[1] = s->values[2] = NULL;
        set_value(w, i, 0, &w->samples[s->host * KIND_COUNT * SERIALS + (int)world_pick(w, SERIALS)]);
        break;
    default:
        set_value(w, i, k, any_sample(w, world_pick(w, 4) ? s->host : (int)world_pick(w, HOSTS)));
        break;
    }
}

/* Policies. */

static const char *const policy_dns[POLICIES] = {"cn=first,ou=policies,ou=dircertd,dc=x",
                                                 "cn=second,ou=policies,ou=dircertd,dc=x"};

static void write_policy(struct world *w, int i)
{
    static const char *const modes[] = {"off", "audit", "enforce"};
    static const char *const actions[] = {"report", "reissue", "revoke", "reissue-then-revoke"};
    struct model_policy *p = &w->policies[i];
    struct arena a = {0};
    struct slice dn = slice_of(policy_dns[i]);
    struct slice findings[3] = {arena_format(&a, "version %s", actions[p->on_version]),
                                arena_format(&a, "san-mismatch %s", actions[p->on_name]),
                                arena_format(&a, "expired %s", p->on_expired ? "reissue" : "report")};
    replace_text(w, dn, "dircertTarget",
                 p->target_malformed ? "ldap://elsewhere/"
                 : i == 0            ? "ldap:///ou=hosts,dc=x??sub?(objectClass=device)"
                                     : "ldap:///dc=x??sub?(objectClass=device)");
    replace_text(w, dn, "dircertPrecedence", i == 0 ? "10" : "20");
    replace_text(w, dn, "dircertMode", p->malformed ? "sideways" : modes[p->mode]);
    replace_text(w, dn, "dircertAllowedVersion", "3");
    replace_text(w, dn, "dircertNameMatch", p->names ? "san" : "none");
    replace(w, dn, "dircertOnFinding", findings, 3);
    replace_text(w, dn, "dircertApproval", p->automatic ? "reissue auto" : "reissue manual");
    replace_text(w, dn, "dircertConfirmations", (const char *)arena_format(&a, "%u", p->confirmations).p);
    replace_text(w, dn, "dircertMaxRequests", (const char *)arena_format(&a, "%u", p->max_requests).p);
    replace_text(w, dn, "dircertMinSubjectsPercent", "0");
    replace_text(w, dn, "dircertRetentionDays", "30");
    say(w, "policy %d: mode %s%s%s names %d version %s name %s expired %d auto %d confirmations %u max %u", i,
        modes[p->mode], p->malformed ? " malformed" : "", p->target_malformed ? " target malformed" : "", p->names,
        actions[p->on_version], actions[p->on_name], p->on_expired, p->automatic, p->confirmations, p->max_requests);
    arena_free(&a);
}

static void add_policy(struct world *w, int i)
{
    put_entry(w, slice_of(policy_dns[i]),
              (const char *const[][2]){{"objectClass", "dircertPolicy"}, {"cn", i ? "second" : "first"}, {NULL, NULL}});
    w->policies[i].exists = true;
    write_policy(w, i);
}

static void change_policy(struct world *w)
{
    int i = (int)world_pick(w, POLICIES);
    struct model_policy *p = &w->policies[i];
    if (!p->exists) {
        add_policy(w, i);
        return;
    }
    switch (world_pick(w, 10)) {
    case 0:
        say(w, "policy %d is deleted", i);
        world_write(w, &(struct dir_change){DIR_DELETE, slice_of(policy_dns[i]), NULL, 0});
        p->exists = false;
        return;
    case 1:
        p->malformed = !p->malformed;
        break;
    case 2:
        p->target_malformed = world_pick(w, 3) == 0;
        break;
    case 3:
        p->mode = (int)world_pick(w, 3);
        break;
    case 4:
        p->names = !p->names;
        break;
    case 5:
        p->on_version = (enum model_action)world_pick(w, 4);
        break;
    case 6:
        p->on_name = (enum model_action)world_pick(w, 4);
        break;
    case 7:
        p->on_expired = !p->on_expired;
        break;
    case 8:
        p->automatic = !p->automatic;
        break;
    default:
        p->confirmations = 1 + world_pick(w, 3);
        p->max_requests = world_pick(w, 4) ? 1000 : 1 + world_pick(w, 3);
        break;
    }
    if (p->malformed || p->target_malformed || p->mode != 2) /* do not stay there for long */
        if (world_pick(w, 3) == 0) {
            p->malformed = p->target_malformed = false;
            p->mode = 2;
        }
    write_policy(w, i);
}

/* Waivers: at most one for an entry, and one for a certificate. */

static const char waiver_of_entry[] = "cn=entry,ou=waivers,ou=dircertd,dc=x",
                  waiver_of_certificate[] = "cn=certificate,ou=waivers,ou=dircertd,dc=x";

bool world_tolerates(const struct world *w, int subject, const struct sample *c)
{
    return w->waived == c || w->waived_subject == subject;
}

static void put_waiver(struct world *w, const char *dn, const char *attribute, const char *value)
{
    put_entry(w, slice_of(dn),
              (const char *const[][2]){{"objectClass", "dircertWaiver"},
                                       {attribute, value},
                                       {"dircertCheck", "version"},
                                       {"dircertWaiverUntil", "99991231235959Z"},
                                       {"dircertWaiverReason", "agreed"},
                                       {NULL, NULL}});
}

static void waive_entry(struct world *w, int subject)
{
    struct arena a = {0};
    if (w->waived_subject >= 0)
        world_write(w, &(struct dir_change){DIR_DELETE, slice_of(waiver_of_entry), NULL, 0});
    w->waived_subject = subject;
    say(w, "the waiver of an entry: %d", subject);
    if (subject >= 0)
        put_waiver(w, waiver_of_entry, "dircertTarget",
                   (const char *)arena_format(&a, "ldap:///dc=x??sub?(cn=s%d)", subject).p);
    arena_free(&a);
}

static void waive_certificate(struct world *w, const struct sample *c)
{
    char hex[DIGEST_HEX + 1] = {0};
    if (w->waived)
        world_write(w, &(struct dir_change){DIR_DELETE, slice_of(waiver_of_certificate), NULL, 0});
    w->waived = c;
    say(w, "the waiver of a certificate: %s", c ? "another" : "none");
    if (!c)
        return;
    digest_to_hex(&c->digest, (uint8_t *)hex);
    put_waiver(w, waiver_of_certificate, "dircertCertificateSHA256", hex);
}

static void change_waiver(struct world *w)
{
    int i = (int)world_pick(w, SUBJECTS);
    switch (world_pick(w, 5)) {
    case 0:
        waive_entry(w, i);
        break;
    case 1:
        waive_certificate(w, w->subjects[i].values[world_pick(w, VALUES)]);
        break;
    case 2:
        waive_certificate(w, NULL);
        break;
    default:
        waive_entry(w, -1);
        break;
    }
}

/* People and the authority. */

static const struct request *any_request(struct world *w, const struct request_list *all)
{
    return all->count ? &all->items[world_pick(w, (unsigned)all->count)] : NULL;
}

static void decide(struct world *w)
{
    struct arena a = {0};
    struct request_list all = world_requests_read(&a, w);
    const struct request *q = any_request(w, &all);
    if (q) {
        unsigned generation = q->record.generation + (world_pick(w, 5) == 0 ? world_pick(w, 3) - 1u : 0u);
        struct slice text = arena_format(&a, "%s %u", world_pick(w, 4) ? "approve" : "reject", generation);
        say(w, "%.8s: decision %s", (const char *)q->record.id.p, (const char *)text.p);
        replace(w, q->dn, "dircertDecision", &text, 1);
    }
    arena_free(&a);
}

static int subject_of(struct world *w, struct arena *a, const struct request *q)
{
    for (int i = 0; i < SUBJECTS; i++)
        if (w->subjects[i].exists && slice_eq(world_subject_id(a, w, i), q->record.subject_id))
            return i;
    return -1;
}

/* The authority's answer arrives in the directory: often good, sometimes as bad as before. */
static void issue(struct world *w, struct arena *a, const struct request *q)
{
    int i = subject_of(w, a, q);
    if (i < 0)
        return;
    struct model_subject *s = &w->subjects[i];
    const struct sample *c = world_pick(w, 3)
                                 ? &w->samples[s->host * KIND_COUNT * SERIALS + (int)world_pick(w, SERIALS)]
                                 : any_sample(w, s->host);
    if (world_pick(w, 2))
        replace(w, q->dn, "dircertResultCertificate", &c->der, 1);
    if (world_pick(w, 2))
        s->values[0] = s->values[1] = s->values[2] = NULL;
    set_value(w, i, (int)world_pick(w, VALUES), c);
    publish(w, i);
}

static void fulfil(struct world *w)
{
    static const char *const outcomes[] = {"submitted", "submitted", "submitted", "issued",
                                           "issued",    "revoked",   "failed"};
    struct arena a = {0};
    struct request_list all = world_requests_read(&a, w);
    const struct request *q = any_request(w, &all);
    if (q) {
        const char *word = outcomes[world_pick(w, 7)];
        unsigned generation = q->record.generation, attempt = q->record.attempt;
        if (world_pick(w, 6) == 0)
            attempt += world_pick(w, 2);
        struct slice text = arena_format(&a, "%s %u.%u", word, generation, attempt);
        uint8_t until[15];
        gentime_write(w->now_utc + (world_pick(w, 2) ? 3600 : 30 * DAY), until);
        struct slice end = slice_make(until, 15);
        say(w, "%.8s: outcome %s", (const char *)q->record.id.p, (const char *)text.p);
        if (world_pick(w, 8))
            replace_text(w, q->dn, "dircertClaimedBy", "fulfiller");
        replace(w, q->dn, "dircertClaimedUntil", &end, 1);
        replace_text(w, q->dn, "dircertTransactionId", world_pick(w, 2) ? "7" : NULL);
        replace(w, q->dn, "dircertOutcome", &text, 1);
        if (word[0] == 'i' && q->record.type == REQUEST_REISSUE)
            issue(w, &a, q);
    }
    arena_free(&a);
}

/* Hand edits of what only the daemon should write. */
static void tamper(struct world *w)
{
    static const char *const edits[][2] = {{"dircertState", "pending"},
                                           {"dircertState", "approved"},
                                           {"dircertState", "rejected"},
                                           {"dircertState", "nonsense"},
                                           {"dircertState", "withdrawn"},
                                           {"dircertGeneration", "x"},
                                           {"dircertGeneration", NULL},
                                           {"dircertSubjectId", "entryUUID:none"},
                                           {"dircertRequestType", "both"},
                                           {"dircertFinding", "who knows"},
                                           {"dircertCertificateSHA256", NULL},
                                           {"dircertConfirmedAt", "yesterday"},
                                           {"dircertSubjectDN", "cn=elsewhere"},
                                           {"dircertStateMessage", "hello"},
                                           {"dircertAttempt", "-1"},
                                           {"dircertSerialNumber", "00"},
                                           {"dircertPolicyRevision", "no"}};
    struct arena a = {0};
    struct request_list all = world_requests_read(&a, w);
    const struct request *q = any_request(w, &all);
    unsigned k = world_pick(w, sizeof edits / sizeof *edits);
    if (q) {
        say(w, "%.8s: by hand %s=%s", (const char *)q->record.id.p, edits[k][0], edits[k][1] ? edits[k][1] : "(none)");
        replace_text(w, q->dn, edits[k][0], edits[k][1]);
        w->disturbed = true;
    }
    arena_free(&a);
}

static void disturb(struct world *w)
{
    w->disturbed = true;
    static const char *const hidden[] = {"userCertificate", "entryUUID", "dNSHostName", "dircertState", "dircertPause"};
    switch (world_pick(w, 5)) {
    case 0: {
        const char *name = hidden[world_pick(w, sizeof hidden / sizeof *hidden)];
        say(w, "%s is hidden", name);
        memory_hide_attribute(w->dir, name);
        break;
    }
    case 1:
        say(w, "ou=hosts is hidden");
        memory_hide_below(w->dir, "ou=hosts,dc=x");
        break;
    case 2:
        say(w, "searches below ou=hosts fail");
        memory_fail_search(w->dir, "ou=hosts,dc=x");
        break;
    case 3:
        say(w, "subject 0 is hidden");
        memory_hide_below(w->dir, "cn=s0,ou=hosts,dc=x");
        break;
    default:
        tamper(w);
        break;
    }
}

static void undisturb(struct world *w)
{
    memory_hide_attribute(w->dir, NULL);
    memory_hide_below(w->dir, NULL);
    memory_fail_search(w->dir, NULL);
    w->disturbed = false;
}

static void let_time_pass(struct world *w)
{
    static const int64_t spans[] = {1, 60, 300, 300, 300, 600, 3600, 7200, 86400, 40 * DAY};
    w->now_utc += spans[world_pick(w, sizeof spans / sizeof *spans)];
}

void world_step(struct world *w)
{
    undisturb(w);
    let_time_pass(w);
    for (unsigned n = 1 + world_pick(w, 3); n; n--)
        switch (world_pick(w, 10)) {
        case 0:
            change_policy(w);
            break;
        case 1:
            change_waiver(w);
            break;
        case 2:
        case 3:
            decide(w);
            break;
        case 4:
        case 5:
            fulfil(w);
            break;
        default:
            change_subject(w);
            break;
        }
    if (world_pick(w, 8) == 0)
        disturb(w);
}

void world_calm(struct world *w)
{
    undisturb(w);
    for (int i = 0; i < POLICIES; i++) {
        struct model_policy *p = &w->policies[i];
        p->malformed = p->target_malformed = false;
        p->mode = 2;
        p->max_requests = 100000;
        if (!p->exists)
            add_policy(w, i);
        else
            write_policy(w, i);
    }
}

static int64_t clock_of(void *context)
{
    return ((struct world *)context)->now_utc;
}

enum pass_result world_pass(struct world *w)
{
    struct arena a = {0};
    struct slice plan;
    struct pass_settings settings = {.base = world_base,
                                     .instance = "sim",
                                     .interval_s = INTERVAL_S,
                                     .clock = clock_of,
                                     .clock_context = w,
                                     .memory = w->memo};
    memory_set_clock(w->dir, w->now_utc);
    enum pass_result result = pass_run(w->dir, w->second, w->log, &settings, &a, &plan);
    arena_free(&a);
    return result;
}

struct drawn_up {
    struct slice plan;
    struct survey survey;
    enum pass_result result;
};

static struct drawn_up draw_up(struct world *w, struct arena *a, bool no_shortcuts, struct memo *memory)
{
    struct drawn_up d = {.result = PASS_COMPLETE};
    struct pass_settings settings = {.base = world_base,
                                     .instance = "sim",
                                     .interval_s = INTERVAL_S,
                                     .dry_run = true,
                                     .clock = clock_of,
                                     .clock_context = w,
                                     .no_shortcuts = no_shortcuts,
                                     .memory = memory,
                                     .survey = &d.survey};
    struct log *silent = log_open(&(struct log_settings){.fd = -1, .clock = log_system_clock});
    d.result = pass_run(w->dir, w->second, silent, &settings, a, &d.plan);
    log_close(silent);
    return d;
}

static bool same_figures(const struct policy_survey *x, const struct policy_survey *y)
{
    return x->subjects == y->subjects && x->with_certificate == y->with_certificate && x->compliant == y->compliant &&
           x->undecided == y->undecided && x->waived == y->waived && x->unverified == y->unverified &&
           x->oldest_open_utc == y->oldest_open_utc && slice_eq(x->holds, y->holds) &&
           memcmp(x->findings, y->findings, sizeof x->findings) == 0 &&
           memcmp(x->requests, y->requests, sizeof x->requests) == 0 && strcmp(x->result, y->result) == 0;
}

void world_compare_shortcuts(struct world *w)
{
    struct arena a = {0};
    memory_set_clock(w->dir, w->now_utc);
    struct drawn_up all = draw_up(w, &a, true, NULL), quick = draw_up(w, &a, false, w->quick_memo);
    if (!slice_eq(all.plan, quick.plan) || all.result != quick.result)
        world_fail(w, "with everything in full (%d):\n%.*swithout (%d):\n%.*s", (int)all.result, SLICE_ARGS(all.plan),
                   (int)quick.result, SLICE_ARGS(quick.plan));
    bool same =
        all.survey.requests_open == quick.survey.requests_open && all.survey.policy_count == quick.survey.policy_count;
    for (size_t i = 0; same && i < all.survey.policy_count; i++)
        same = same_figures(&all.survey.policies[i], &quick.survey.policies[i]);
    if (!same)
        world_fail(w, "figures are others with everything in full");
    arena_free(&a);
}

static void take_request(void *context, const struct entry *e)
{
    struct {
        struct arena *a;
        LIST_OF(struct request) list;
    } *all = context;
    problem_list problems = {0};
    *LIST_ADD(all->a, &all->list) = request_read(all->a, e, &problems);
}

static int compare_ids(const void *a, const void *b)
{
    const struct request *x = a, *y = b;
    return slice_compare(x->record.id, y->record.id);
}

struct request_list world_requests_read(struct arena *a, struct world *w)
{
    struct {
        struct arena *a;
        LIST_OF(struct request) list;
    } all = {.a = a};
    struct dir_search search = {.base = slice_of(world_requests),
                                .scope = DIR_ONE,
                                .filter = SLICE_LITERAL("(objectClass=*)"),
                                .attributes = request_attributes()};
    struct dir_sink sink = {.entry = take_request, .context = &all};
    struct fault fault = {{0}};
    if (dir_search(w->dir, &search, &sink, &fault) != RC_OK)
        world_fail(w, "ou=requests can't be read: %s", fault.text);
    if (all.list.count)
        qsort(all.list.items, all.list.count, sizeof *all.list.items, compare_ids);
    return (struct request_list){all.list.items, all.list.count};
}

void world_begin(struct world *w, uint64_t seed)
{
    static const char *const containers[] = {"ou=dircertd,dc=x",
                                             "ou=policies,ou=dircertd,dc=x",
                                             "ou=requests,ou=dircertd,dc=x",
                                             "ou=status,ou=dircertd,dc=x",
                                             "ou=waivers,ou=dircertd,dc=x",
                                             "ou=hosts,dc=x",
                                             "ou=moved,dc=x"};
    static const char *const known[] = {"objectClass",     "dircertPause",    "dNSHostName", "cn",
                                        "userCertificate", "hasSubordinates", "entryUUID"};
    w->seed = w->random = seed;
    w->waived_subject = -1;
    w->waived = NULL;
    w->now_utc = EPOCH;
    w->dir = memory_open(slice_of(world_suffix));
    w->memo = seed % 2 ? memo_open() : NULL;
    w->quick_memo = seed % 2 ? memo_open() : NULL;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        memory_learn_attribute(w->dir, known[i]);
    put_entry(w, slice_of(world_suffix), (const char *const[][2]){{"objectClass", "domain"}, {NULL, NULL}});
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
        put_entry(w, slice_of(containers[i]),
                  (const char *const[][2]){{"objectClass", "organizationalUnit"}, {NULL, NULL}});
    for (int i = 0; i < POLICIES; i++) {
        w->policies[i] = (struct model_policy){.mode = 2,
                                               .names = world_pick(w, 2),
                                               .on_expired = world_pick(w, 2),
                                               .on_version = (enum model_action)world_pick(w, 4),
                                               .on_name = (enum model_action)world_pick(w, 4),
                                               .automatic = world_pick(w, 2),
                                               .confirmations = 1 + world_pick(w, 2),
                                               .max_requests = 1000};
        add_policy(w, i);
    }
    memset(w->subjects, 0, sizeof w->subjects);
    for (int i = 0; i < SUBJECTS; i++)
        add_subject(w, i);
}

void world_end(struct world *w)
{
    dir_close(w->dir);
    memo_close(w->memo);
    memo_close(w->quick_memo);
    w->memo = w->quick_memo = NULL;
}
