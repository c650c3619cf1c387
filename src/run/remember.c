/* SPDX-License-Identifier: Apache-2.0 */
/* What a pass asks the memory of earlier ones, and what it lets the memory forget once it has ended. */
#include "run/pass_private.h"

#include "run/memo_private.h"

static bool is_new(struct pass *p, const struct memo_fact *f)
{
    if (!p->settings->memory)
        return true;
    bool new = memo_is_new(p->settings->memory, f);
    if (memo_ran_full(p->settings->memory))
        log_event_as(pass_log(p), EVENT_FAULT, SEVERITY_NOTICE,
                     (const struct log_field[]){log_text("what", "remember what was told"),
                                                log_text("detail", "there is more to remember than this program keeps: "
                                                                   "what is beyond is told again in each pass")},
                     2);
    return new;
}

static struct slice dn_of(const struct policy *policy)
{
    return policy ? policy->dn : (struct slice){NULL, 0};
}

static struct memo_fact fact_of(struct slice policy_dn, struct slice subject_dn, struct slice check,
                                struct slice certificate)
{
    return (struct memo_fact){.kind = MEMO_FINDING,
                              .policy_dn = policy_dn,
                              .key = {subject_dn, check, certificate},
                              .subject_dn = subject_dn,
                              .check = check,
                              .certificate = certificate};
}

/* A finding that is undecided in itself is another fact than one about which the readers disagree. */
static struct memo_fact fact_of_finding(struct arena *a, const struct subject *s, const struct finding *f,
                                        bool disagreed, struct slice certificate)
{
    struct memo_fact fact = fact_of(s->policy->dn, s->dn, slice_of(check_get(f->check)->name), certificate);
    fact.value =
        arena_format(a, "%d%d%.*s %.*s", disagreed, f->undecided, SLICE_ARGS(f->detail), SLICE_ARGS(f->waiver));
    fact.is_finding = !disagreed && !f->undecided;
    fact.subject_id = s->id;
    return fact;
}

bool remember_finding(struct pass *p, const struct subject *s, const struct finding *f, bool disagreed,
                      struct slice certificate)
{
    if (!p->settings->memory)
        return true;
    struct arena scratch = {0};
    struct memo_fact fact = fact_of_finding(&scratch, s, f, disagreed, certificate);
    bool new = is_new(p, &fact);
    arena_free(&scratch);
    return new;
}

bool remember_agreement(struct pass *p, const struct subject *s, struct certificate *c)
{
    struct arena scratch = {0};
    uint8_t hex[DIGEST_HEX];
    bool known = p->settings->memory != NULL;
    if (known) {
        certificate_hash(c);
        digest_to_hex(&c->digest, hex);
    }
    for (size_t i = 0; known && i < c->finding_count; i++) {
        const struct finding *f = &c->findings[i];
        struct memo_fact fact = fact_of_finding(&scratch, s, f, false, slice_make(hex, DIGEST_HEX));
        known = memo_knows(p->settings->memory, &fact);
    }
    arena_free(&scratch);
    return known;
}

bool remember_of_subjects(struct pass *p, const struct policy *policy, struct slice dn, const char *what,
                          struct slice value)
{
    return is_new(p,
                  &(struct memo_fact){
                      .kind = MEMO_SUBJECT, .policy_dn = dn_of(policy), .key = {dn, slice_of(what)}, .value = value});
}

bool remember_problem(struct pass *p, const struct policy *policy, const struct problem *problem)
{
    return is_new(p, &(struct memo_fact){.kind = policy ? MEMO_SUBJECT : MEMO_TREE,
                                         .policy_dn = dn_of(policy),
                                         .key = {problem->dn, problem->attribute, problem->value},
                                         .value = problem->reason});
}

bool remember_of_request(struct pass *p, struct slice dn, struct slice attribute, struct slice value,
                         struct slice reason)
{
    return is_new(p, &(struct memo_fact){.kind = MEMO_REQUESTS, .key = {dn, attribute, value}, .value = reason});
}

/* The value that would release it names a time, which runs on; what counts is what it is held for. */
bool remember_hold(struct pass *p, const struct hold *h)
{
    if (!p->settings->memory)
        return true;
    struct arena scratch = {0};
    struct slice revision = h->policy ? h->policy->revision : (struct slice){NULL, 0};
    struct memo_fact fact = {.kind = MEMO_HOLD,
                             .policy_dn = dn_of(h->policy),
                             .key = {slice_of(guard_name(h->guard))},
                             .value = arena_format(&scratch, "%zu %zu %.*s", h->count, h->limit, SLICE_ARGS(revision))};
    bool new = is_new(p, &fact);
    arena_free(&scratch);
    return new;
}

bool remember_pause(struct pass *p)
{
    return p->settings->memory ? memo_pause(p->settings->memory, p->paused) && p->paused : p->paused;
}

bool remember_trouble(struct pass *p, enum memo_trouble trouble, bool lasts)
{
    return p->settings->memory ? memo_trouble(p->settings->memory, trouble, lasts) && lasts : lasts;
}

bool remember_line(struct pass *p, const struct policy *policy, struct slice figures)
{
    return is_new(p, &(struct memo_fact){.kind = MEMO_PASS, .policy_dn = dn_of(policy), .value = figures});
}

void remember_told_ends(struct pass *p, const struct basis *b, struct slice check)
{
    struct arena scratch = {0};
    uint8_t *hex = ARENA_ARRAY(&scratch, DIGEST_HEX, uint8_t);
    struct memo_fact fact = fact_of(b->policy_dn, b->subject_dn, check, (struct slice){NULL, 0});
    if (p->settings->memory)
        memo_end_is_told(p->settings->memory, &fact);
    for (size_t i = 0; p->settings->memory && i < b->certificate_count; i++) {
        digest_to_hex(&b->certificates[i], hex);
        fact = fact_of(b->policy_dn, b->subject_dn, check, slice_make(hex, DIGEST_HEX));
        memo_end_is_told(p->settings->memory, &fact);
    }
    arena_free(&scratch);
}

/* A reissue that is not ended carries that finding: its end is told when the request ends. */
static bool is_carried(struct pass *p, const struct memo_fact *f)
{
    struct arena scratch = {0};
    const struct request_mark *m = marks_find(p->arena, &p->index, f->subject_id);
    if (m && requests_counts_besides(m))
        return !state_in((enum state)m->state, STATES_ENDED) && (m->checks & CHECK_BIT(check_find(f->check)));
    const struct plan_request *q = pass_find_request(p, request_id_of_reissue(&scratch, f->subject_id));
    bool carried = false;
    if (q && q->request.record.type == REQUEST_REISSUE && !state_in(q->request.record.state, STATES_ENDED))
        for (size_t i = 0; i < q->request.record.basis.finding_count && !carried; i++) {
            struct slice rest = q->request.record.basis.findings[i], check;
            carried = slice_word(&rest, &check) && slice_eq(check, f->check);
        }
    arena_free(&scratch);
    return carried;
}

static void tell_ended(void *context, const struct memo_fact *f)
{
    struct pass *p = context;
    if (!is_carried(p, f))
        LOG_EVENT(pass_log(p), EVENT_FINDING_ENDED, log_dn("dn", f->subject_dn), log_dn("policy", f->policy_dn),
                  log_slice("check", f->check), log_slice("certificate", f->certificate));
}

static enum memo_verdict of_policy(const struct pass *p, size_t i, bool of_hold)
{
    const struct policy *policy = p->policies[i].policy;
    if (policy->disabled)
        return of_hold ? MEMO_DROP : MEMO_KEEP;
    if (policy->mode == MODE_OFF)
        return MEMO_DROP;
    if (!p->policies[i].complete || !p->holds)
        return MEMO_KEEP;
    bool concluded = !p->governed[i].blind && p->holds[i] != HOLD_EVERYTHING;
    return of_hold || concluded ? MEMO_LOOKED : MEMO_KEEP;
}

static enum memo_verdict judge(void *context, enum memo_kind kind, struct slice policy_dn)
{
    const struct pass *p = context;
    switch (kind) {
    case MEMO_TREE:
        return p->holds ? MEMO_LOOKED : MEMO_KEEP;
    case MEMO_REQUESTS:
        return p->requests_read ? MEMO_LOOKED : MEMO_KEEP;
    case MEMO_FINDING:
    case MEMO_SUBJECT:
    case MEMO_HOLD:
    case MEMO_PASS:
    case MEMO_KINDS:
        break;
    }
    if (policy_dn.n == 0)
        return kind == MEMO_HOLD && p->status.clock_judged ? MEMO_LOOKED : MEMO_KEEP;
    if (p->policy_count == 0)
        return MEMO_KEEP;
    for (size_t i = 0; i < p->policy_count; i++)
        if (slice_eq_nocase(p->policies[i].policy->dn, policy_dn))
            return kind == MEMO_PASS ? MEMO_KEEP : of_policy(p, i, kind == MEMO_HOLD);
    return MEMO_DROP;
}

void remember_begin(struct pass *p)
{
    if (p->settings->memory)
        memo_begin_pass(p->settings->memory);
}

/* What rests on other entries is not looked at by a look. */
static bool is_about(void *context, const struct memo_fact *f)
{
    const struct pass *p = context;
    enum check_id check = check_find(f->check);
    bool compares =
        check == CHECK_SHARED_CERTIFICATE || check == CHECK_SHARED_KEY || check == CHECK_DUPLICATE_HOST_NAME;
    return !compares && look_is_about(p, f->subject_id);
}

void remember_end(struct pass *p)
{
    if (p->settings->memory && p->look && p->holds)
        memo_end_look(p->settings->memory, judge, is_about, tell_ended, p);
    else if (p->settings->memory && !p->look)
        memo_end_pass(p->settings->memory, judge, tell_ended, p);
}
