/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a subject that was judged by our own reading.  The second reader costs much more than all the rest,
 * so it is asked last: about what the plan would rest on, what might stand in for that, and what is about to be told.
 */
#include "run/pass_private.h"

#include <stdlib.h>

/* OpenSSL's reading; where it differs, every finding on this certificate becomes undecided. */
static void ask_second(struct pass *p, const struct subject *s, struct certificate *c)
{
    char why[256] = "";
    if (c->opinion != OPINION_NOT_ASKED)
        return;
    pass_goes_on(p); /* each may take as long as workers take that hang */
    c->opinion = second_read(p->second, c->der, &c->facts, why, sizeof why) == SECOND_AGREES ? OPINION_AGREES
                                                                                             : OPINION_DISAGREES;
    if (c->opinion == OPINION_DISAGREES)
        report_disagreement(p, s, c, why);
    else
        remember_trouble(p, MEMO_NO_SECOND, false);
}

static bool is_doubtful(const struct certificate *c)
{
    return c->finding_count || c->facts.unusual || c->facts.malformed;
}

static void ask_about_doubtful(struct pass *p, struct subject *s)
{
    for (size_t i = 0; i < s->certificate_count; i++)
        if (is_doubtful(&s->certificates[i]))
            ask_second(p, s, &s->certificates[i]);
}

/* What earlier passes told with the second reader's agreement is not shown to it again. */
static bool knows_agreement(struct pass *p, const struct subject *s, struct certificate *c)
{
    return c->opinion == OPINION_NOT_ASKED && c->finding_count && remember_agreement(p, s, c);
}

static void ask_about_news(struct pass *p, const struct subject *s, struct certificate *c)
{
    if (!is_doubtful(c))
        return;
    if (knows_agreement(p, s, c))
        c->opinion = OPINION_AGREES;
    ask_second(p, s, c);
}

static bool certificate_asks(const struct policy *policy, const struct certificate *c, bool if_agreed)
{
    struct certificate agreed = {.opinion = OPINION_AGREES};
    const struct certificate *judged = if_agreed && c->opinion == OPINION_NOT_ASKED ? &agreed : c;
    for (size_t k = 0; k < c->finding_count; k++)
        if (finding_action(policy, judged, &c->findings[k]) != ACTION_REPORT)
            return true;
    return false;
}

/* if_agreed: in case the second reader agrees, where it was not asked. */
static bool asks_for_something(const struct subject *s, bool if_agreed)
{
    if (s->policy->mode != MODE_ENFORCE)
        return false;
    for (size_t i = 0; i < s->certificate_count; i++)
        if (certificate_asks(s->policy, &s->certificates[i], if_agreed))
            return true;
    for (size_t k = 0; k < s->finding_count; k++)
        if (finding_action(s->policy, NULL, &s->findings[k]) != ACTION_REPORT)
            return true;
    return false;
}

/* Watched certificates. */

enum { WATCH_BITS = 1 << 16 };

/* Of a certificate's last octets, which are its signature's; and so of who was watched before it is hashed. */
static unsigned watch_bit(struct slice der)
{
    uint64_t last = der.n;
    memcpy(&last, der.n < sizeof last ? der.p : der.p + der.n - sizeof last, der.n < sizeof last ? der.n : sizeof last);
    return (unsigned)((last * 0x9e3779b97f4a7c15u) >> 48) % WATCH_BITS;
}

void watch_certificate(struct pass *p, const struct digest *digest, struct slice der)
{
    if (!p->watch_marks)
        p->watch_marks = ARENA_ARRAY(p->arena, WATCH_BITS / 64, uint64_t);
    unsigned bit = watch_bit(der);
    p->watch_marks[bit / 64] |= (uint64_t)1 << bit % 64;
    *LIST_ADD(p->arena, &p->watched) = *digest;
}

void watch_in_order(struct pass *p)
{
    p->watched.count = sort_digests(p->watched.items, p->watched.count);
}

static bool is_watched(const struct pass *p, struct certificate *c)
{
    unsigned bit = watch_bit(c->der);
    if (!(p->watch_marks[bit / 64] & (uint64_t)1 << bit % 64))
        return false;
    certificate_hash(c);
    return bsearch(&c->digest, p->watched.items, p->watched.count, sizeof(struct digest), digest_order) != NULL;
}

static bool shows_watched_certificate(const struct pass *p, struct subject *s)
{
    for (size_t i = 0; p->watched.count && i < s->certificate_count; i++)
        if (is_watched(p, &s->certificates[i]))
            return true;
    return false;
}

/* Settled. */

/* What shows no value may be hidden, which takes evidence; so nothing is settled then. */
static bool is_silent(const struct subject *s)
{
    return s->silent_certificate_attributes || (s->policy->name_match != MATCH_NONE && s->silent_host_attributes);
}

/* Whoever was seen before in this scan is governed twice, and nobody knows by whom. */
static bool is_settled(struct arena *a, const struct pass *p, const struct subject *s, const struct request_mark *m)
{
    struct basis asked;
    if (!m || !(m->flags & MARK_QUIET) || m->first || p->search >= UINT16_MAX || is_silent(s) ||
        state_in((enum state)m->state, STATES_ENDED) || !plan_asks_only(a, s, p->now_utc, &asked))
        return false;
    struct fingerprint print = basis_fingerprint(&asked, s->id);
    return memcmp(&print, &m->basis, sizeof print) == 0;
}

static const struct finding *only_reported(struct arena *a, const struct policy *policy, const struct finding *all,
                                           size_t *count)
{
    struct finding *kept = ARENA_ARRAY(a, *count, struct finding);
    size_t n = 0;
    for (size_t i = 0; i < *count; i++)
        if (policy->on_finding[all[i].check].action == ACTION_REPORT)
            kept[n++] = all[i];
    *count = n;
    return kept;
}

/*
 * Of a settled subject: what the request does not say, because policy only reports it.  False where the second reader
 * disagrees about such a certificate: then it is not settled.
 */
static bool ask_about_rest(struct pass *p, struct arena *a, const struct subject *s, struct subject *rest)
{
    *rest = *s;
    rest->certificates = ARENA_ARRAY(a, s->certificate_count, struct certificate);
    rest->findings = only_reported(a, s->policy, s->findings, &rest->finding_count);
    for (size_t i = 0; i < s->certificate_count; i++) {
        struct certificate *c = &rest->certificates[i];
        *c = s->certificates[i];
        c->findings = only_reported(a, s->policy, c->findings, &c->finding_count);
        if (c->finding_count)
            ask_about_news(p, rest, c);
        if (c->opinion == OPINION_DISAGREES)
            return false;
    }
    return true;
}

bool fate_is_plain(const struct subject *s)
{
    for (size_t i = 0; i < s->certificate_count; i++)
        if (is_doubtful(&s->certificates[i]))
            return false;
    return s->finding_count == 0;
}

/* A subject that waits is copied: one that takes much room is not worth it, its certificates being asked about or not.
 */
enum { WAITING_OCTETS_MOST = 128 * 1024 };

static size_t octets_of(const struct subject *s)
{
    size_t octets = s->dn.n;
    for (size_t i = 0; i < s->host_count; i++)
        octets += sizeof *s->hosts + s->hosts[i].written.n + s->hosts[i].name.n + s->hosts[i].shown.n;
    for (size_t i = 0; i < s->certificate_count; i++)
        octets += sizeof *s->certificates + s->certificates[i].der.n;
    return octets;
}

/* It guesses what fate_of will ask; one whose request needs nothing is settled, most likely. */
bool fate_asks_ahead(struct pass *p, struct subject *s, const struct request_mark *m)
{
    bool asks = false;
    if (s->certificate_count > SECOND_AHEAD || (!p->observer && m && (m->flags & MARK_QUIET)))
        return false;
    bool matters = !p->observer && s->id.n && !p->judges_only && asks_for_something(s, true);
    for (size_t i = 0; i < s->certificate_count; i++) {
        struct certificate *c = &s->certificates[i];
        if (c->opinion != OPINION_NOT_ASKED || (!matters && !is_doubtful(c)))
            continue;
        if (p->observer || matters || !knows_agreement(p, s, c))
            asks |= second_ask_ahead(p->second, c->der);
    }
    return asks && octets_of(s) <= WAITING_OCTETS_MOST;
}

enum fate fate_of(struct pass *p, struct arena *a, struct subject *s, struct request_mark *m, struct subject *told)
{
    bool shows_watched = s->id.n && !p->judges_only && shows_watched_certificate(p, s);
    bool watched = shows_watched || (s->id.n && !p->judges_only && m && (m->flags & MARK_WATCHED));
    if (p->observer)
        ask_about_doubtful(p, s);
    else if (watched && !shows_watched && is_settled(a, p, s, m) && ask_about_rest(p, a, s, told))
        return FATE_SETTLED;
    bool matters = s->id.n && !p->judges_only && (watched || asks_for_something(s, true));
    for (size_t i = 0; i < s->certificate_count; i++)
        if (matters)
            ask_second(p, s, &s->certificates[i]);
        else
            ask_about_news(p, s, &s->certificates[i]);
    *told = *s;
    return matters && (watched || asks_for_something(s, false)) ? FATE_KEPT : FATE_TOLD;
}
