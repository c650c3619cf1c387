/* SPDX-License-Identifier: Apache-2.0 */
#include "core/guard.h"

#include "base/gentime.h"

#include <inttypes.h>

enum { SHARE_COUNTS_ABOVE = 10, DAY_S = 86400 };

const char *guard_name(enum guard g)
{
    static const char *const names[] = {[GUARD_TOO_MANY] = "too-many",
                                        [GUARD_TOO_FEW_SUBJECTS] = "too-few-subjects",
                                        [GUARD_TOO_FEW_CERTIFICATES] = "too-few-certificates",
                                        [GUARD_TOO_MANY_WITHDRAWALS] = "too-many-withdrawals",
                                        [GUARD_CLOCK] = "clock"};
    return names[g];
}

/* Figures. */

struct slice figures_write(struct arena *a, const struct figures *f)
{
    struct slice unverified = f->unverified ? arena_format(a, " unverified=%zu", f->unverified) : slice_of("");
    return arena_format(a, "subjects=%zu with-certificate=%zu findings=%zu%.*s revision=%.*s policy=%.*s", f->subjects,
                        f->with_certificate, f->findings, SLICE_ARGS(unverified), SLICE_ARGS(f->revision),
                        SLICE_ARGS(f->policy_dn));
}

static bool take_field(struct slice *rest, const char *key, struct slice *value)
{
    struct slice word, name = slice_of(key);
    if (!slice_word(rest, &word) || !slice_starts(word, name) || word.n <= name.n || word.p[name.n] != '=')
        return false;
    *value = slice_from(word, name.n + 1);
    return true;
}

/* Its absence says 0. */
static bool take_unverified(struct slice *rest, uint64_t *count)
{
    struct slice after = *rest, value;
    *count = 0;
    if (!take_field(&after, "unverified", &value))
        return true;
    *rest = after;
    return slice_to_uint(value, SIZE_MAX, count);
}

bool figures_read(struct slice value, struct figures *f)
{
    struct slice rest = value, subjects, with, findings, prefix = SLICE_LITERAL("policy=");
    uint64_t s, w, n, u;
    if (!take_field(&rest, "subjects", &subjects) || !take_field(&rest, "with-certificate", &with) ||
        !take_field(&rest, "findings", &findings) || !take_unverified(&rest, &u) ||
        !take_field(&rest, "revision", &f->revision))
        return false;
    rest = slice_trim(rest);
    if (!slice_starts(rest, prefix) || !slice_to_uint(subjects, SIZE_MAX, &s) || !slice_to_uint(with, SIZE_MAX, &w) ||
        !slice_to_uint(findings, SIZE_MAX, &n))
        return false;
    f->policy_dn = slice_from(rest, prefix.n);
    f->subjects = s;
    f->with_certificate = w;
    f->findings = n;
    f->unverified = u;
    return true;
}

/* Judging. */

static bool released(const struct policy *p, size_t count, int64_t now_utc)
{
    for (size_t i = 0; i < p->release_count; i++)
        if (slice_eq(p->releases[i].revision, p->revision) && now_utc <= p->releases[i].until_utc &&
            count <= p->releases[i].count)
            return true;
    return false;
}

static void add_hold(struct arena *a, hold_list *holds, const struct policy *p, enum guard g, size_t count,
                     size_t limit, size_t to_release, int64_t now_utc, struct slice message)
{
    uint8_t until[GENTIME_LEN];
    gentime_write(now_utc + DAY_S, until);
    *LIST_ADD(a, holds) = (struct hold){.policy = p,
                                        .guard = g,
                                        .count = count,
                                        .limit = limit,
                                        .message = message,
                                        .release = arena_format(a, "%.*s %zu %.*s", SLICE_ARGS(p->revision), to_release,
                                                                GENTIME_LEN, (const char *)until)};
}

/* dircertConfirmedAt is set when a generation begins, while it is proposed, and when policy approves it. */
int64_t guard_counted_utc(const struct request *q)
{
    const struct record *d = &q->record;
    bool waits = d->state == STATE_PROPOSED || d->state == STATE_PENDING;
    bool counts = d->confirmed_utc > d->opened_utc && (d->generation > 1 || !waits);
    return counts ? d->confirmed_utc : d->opened_utc;
}

bool guard_is_recent(int64_t counted_utc, int64_t now_utc)
{
    return counted_utc > now_utc - DAY_S;
}

struct tally {
    size_t opening, withdrawing;
    bool opens_now;
};

static const struct policy *policy_by_dn(const struct guard_input *in, struct slice dn)
{
    for (size_t i = 0; i < in->seen->policy_count; i++)
        if (slice_eq_nocase(dn, in->seen->policies[i].policy->dn))
            return in->seen->policies[i].policy;
    return NULL;
}

/* Whose count a request belongs to: the policy that will be on record once the plan is carried out. */
static const struct policy **owners_of(struct arena *a, const struct guard_input *in)
{
    const struct policy **owners = ARENA_ARRAY(a, in->seen->request_count, const struct policy *);
    for (size_t i = 0; i < in->seen->request_count; i++)
        owners[i] = policy_by_dn(in, in->seen->requests[i].request.record.basis.policy_dn);
    for (size_t i = 0; i < in->plan->count; i++) {
        const struct operation *o = &in->plan->operations[i];
        if (o->existing)
            owners[o->existing - in->seen->requests] = policy_by_dn(in, o->record.basis.policy_dn);
    }
    return owners;
}

/* A request that was opened today and is to be approved now counts once. */
static struct tally tally_policy(struct arena *a, const struct guard_input *in, const struct policy **owners,
                                 const struct policy *p)
{
    struct tally t = {0};
    bool *counted = ARENA_ARRAY(a, in->seen->request_count, bool);
    for (size_t i = 0; i < in->plan->count; i++) {
        const struct operation *o = &in->plan->operations[i];
        if (o->policy != p)
            continue;
        if (o->opens && o->existing)
            counted[o->existing - in->seen->requests] = true;
        t.opening += o->opens;
        t.opens_now |= o->opens;
        t.withdrawing += o->record.state == STATE_WITHDRAWN && o->from != STATE_WITHDRAWN && o->verb == VERB_MOVE;
    }
    for (size_t i = 0; i < in->seen->request_count; i++) {
        const struct request *q = &in->seen->requests[i].request;
        if (!counted[i] && !q->foreign && owners[i] == p)
            t.opening += guard_is_recent(guard_counted_utc(q), in->seen->now_utc);
    }
    return t;
}

static const struct figures *last_of(const struct guard_input *in, const struct policy *p)
{
    for (size_t i = 0; i < in->last_count; i++)
        if (slice_eq_nocase(in->last[i].policy_dn, p->dn))
            return &in->last[i];
    return NULL;
}

static size_t share(size_t percent, size_t of)
{
    return of / 100 * percent + of % 100 * percent / 100;
}

/* The absolute cap, or the share where it is smaller and more than a handful is at stake. */
static void judge_too_many(struct arena *a, const struct guard_input *in, const struct policy_pass *pass,
                           const struct tally *t, hold_list *holds)
{
    const struct policy *p = pass->policy;
    size_t opening = t->opening, limit = p->max_requests, by_share = share(p->max_percent, pass->subjects);
    if (by_share < SHARE_COUNTS_ABOVE)
        by_share = SHARE_COUNTS_ABOVE;
    if (by_share < limit)
        limit = by_share;
    if (!t->opens_now || opening <= limit || released(p, opening, in->seen->now_utc))
        return;
    add_hold(a, holds, p, GUARD_TOO_MANY, opening, limit, opening, in->seen->now_utc,
             arena_format(a,
                          "%zu requests would be opened, reopened or approved by policy within 24 hours, %zu are "
                          "allowed (dircertMaxRequests %u, dircertMaxPercent %u of %zu subjects)",
                          opening, limit, p->max_requests, p->max_percent, pass->subjects));
}

static void judge_too_few(struct arena *a, const struct guard_input *in, const struct policy *p, enum guard g,
                          size_t before, size_t now, hold_list *holds)
{
    size_t least = share(p->min_subjects_percent, before);
    least += before * p->min_subjects_percent % 100 != 0; /* below the share, not below its floor */
    if (now >= least || released(p, before - now, in->seen->now_utc))
        return;
    add_hold(a, holds, p, g, now, least, before - now, in->seen->now_utc,
             arena_format(a,
                          "%zu %s are seen, the last complete pass saw %zu, and at least %zu are expected "
                          "(dircertMinSubjectsPercent %u); does the account still have its rights?",
                          now, g == GUARD_TOO_FEW_SUBJECTS ? "subjects" : "subjects with a certificate", before, least,
                          p->min_subjects_percent));
}

static void judge_withdrawals(struct arena *a, const struct guard_input *in, const struct policy *p, size_t withdrawing,
                              size_t before, size_t subjects, hold_list *holds)
{
    size_t limit = share(p->max_percent, subjects);
    if (withdrawing <= SHARE_COUNTS_ABOVE || withdrawing <= limit || released(p, withdrawing, in->seen->now_utc))
        return;
    add_hold(a, holds, p, GUARD_TOO_MANY_WITHDRAWALS, withdrawing, limit, withdrawing, in->seen->now_utc,
             arena_format(a,
                          "%zu requests would be withdrawn%s, %zu are allowed (dircertMaxPercent %u of %zu subjects)",
                          withdrawing, before ? " within an interval" : "", limit, p->max_percent, subjects));
}

/* A policy that is off, or audits, opens nothing; but turning it off withdraws, and that may be a slip of the hand. */
static void judge_policy(struct arena *a, const struct guard_input *in, const struct policy **owners, size_t index,
                         hold_list *holds, enum hold_scope *scope)
{
    const struct policy_pass *pass = &in->seen->policies[index];
    const struct policy *p = pass->policy;
    if (p->disabled || (!pass->complete && p->mode != MODE_OFF))
        return;
    struct tally t = tally_policy(a, in, owners, p);
    t.opening += in->recent_besides ? in->recent_besides[index] : 0;
    size_t withdrawn = in->withdrawn_before ? in->withdrawn_before[index] : 0;
    const struct figures *last = last_of(in, p);
    size_t before = holds->count, most = last && last->subjects > pass->subjects ? last->subjects : pass->subjects;
    if (last && p->mode == MODE_ENFORCE) {
        judge_too_few(a, in, p, GUARD_TOO_FEW_SUBJECTS, last->subjects, pass->subjects, holds);
        judge_too_few(a, in, p, GUARD_TOO_FEW_CERTIFICATES, last->with_certificate, pass->with_certificate, holds);
    }
    if (t.withdrawing)
        judge_withdrawals(a, in, p, t.withdrawing + withdrawn, withdrawn, most, holds);
    if (holds->count > before)
        *scope = HOLD_EVERYTHING;
    if (holds->count > before || p->mode != MODE_ENFORCE)
        return;
    judge_too_many(a, in, pass, &t, holds);
    if (holds->count > before)
        *scope = HOLD_OPENING;
}

void guard_judge(struct arena *a, const struct guard_input *in, hold_list *holds, enum hold_scope *scopes)
{
    const struct policy **owners = owners_of(a, in);
    for (size_t i = 0; i < in->seen->policy_count; i++)
        judge_policy(a, in, owners, i, holds, &scopes[i]);
}

bool guard_clock(struct arena *a, int64_t now_utc, int64_t last_pass_utc, int64_t server_utc, struct hold *hold)
{
    *hold = (struct hold){.guard = GUARD_CLOCK};
    int64_t skew = now_utc > server_utc ? now_utc - server_utc : server_utc - now_utc;
    if (last_pass_utc && now_utc < last_pass_utc) {
        hold->count = (size_t)(last_pass_utc - now_utc);
        hold->message =
            arena_format(a,
                         "this machine's clock is %zu seconds before the last recorded pass: correct it, or "
                         "where the record is wrong, delete dircertLastPass from the status entry",
                         hold->count);
        return true;
    }
    if (server_utc && skew > GUARD_CLOCK_SKEW_S) {
        hold->count = (size_t)skew;
        hold->limit = GUARD_CLOCK_SKEW_S;
        hold->message = arena_format(a,
                                     "this machine's clock is %" PRId64 " seconds from the directory server's, %d are "
                                     "allowed: correct whichever is wrong",
                                     skew, GUARD_CLOCK_SKEW_S);
        return true;
    }
    return false;
}

struct slice hold_write(struct arena *a, const struct hold *h)
{
    if (!h->policy)
        return arena_format(a, "guard=%s count=%zu limit=%zu", guard_name(h->guard), h->count, h->limit);
    return arena_format(a, "guard=%s count=%zu limit=%zu revision=%.*s release=\"%.*s\" policy=%.*s",
                        guard_name(h->guard), h->count, h->limit, SLICE_ARGS(h->policy->revision),
                        SLICE_ARGS(h->release), SLICE_ARGS(h->policy->dn));
}
