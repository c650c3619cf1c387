/* SPDX-License-Identifier: Apache-2.0 */
/* Guards: what each lets through, exactly where it begins to hold, and what lifts it. */
#include "base/gentime.h"
#include "core/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

#define REVISION "0123456789abcdef"
#define OTHER    "fedcba9876543210"
enum { MOST = 3000, NOW = 1750000000, HOUR = 3600, DAY = 24 * HOUR };

/* Figures. */

static void figures_round_trip(void **state)
{
    (void)state;
    static const struct figures all[] = {
        {.policy_dn = S("cn=p,ou=policies"), .revision = S(REVISION), .subjects = 5, .with_certificate = 4,
         .findings = 3},
        {.policy_dn = S("cn=p"), .revision = S(REVISION), .subjects = 5, .unverified = 2},
        {.policy_dn = S("cn=two words = odd,ou=policy=x"), .revision = S(REVISION)},
        {.policy_dn = S("cn=\xc3\xa4,dc=b"), .revision = S(REVISION), .subjects = SIZE_MAX, .findings = SIZE_MAX},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct arena a = {0};
        struct figures back;
        assert_true(figures_read(figures_write(&a, &all[i]), &back));
        assert_true(slice_eq(back.policy_dn, all[i].policy_dn));
        assert_true(slice_eq(back.revision, all[i].revision));
        assert_true(back.subjects == all[i].subjects);
        assert_true(back.with_certificate == all[i].with_certificate);
        assert_true(back.findings == all[i].findings);
        assert_true(back.unverified == all[i].unverified);
        arena_free(&a);
    }
}

static void figures_refuse(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "subjects=5",
        "subjects=5 with-certificate=4 findings=3 revision=" REVISION,
        "subjects=5 with-certificate=4 revision=" REVISION " policy=cn=p",
        "subjects=x with-certificate=4 findings=3 revision=" REVISION " policy=cn=p",
        "subjects=-5 with-certificate=4 findings=3 revision=" REVISION " policy=cn=p",
        "subjects=5 with-certificate= findings=3 revision=" REVISION " policy=cn=p",
        "subjects=5 with-certificate=4 findings=18446744073709551616 revision=" REVISION " policy=cn=p",
        "with-certificate=4 subjects=5 findings=3 revision=" REVISION " policy=cn=p",
        "subjects=5 with-certificate=4 findings=3 revision=" REVISION " dn=cn=p",
        "subjects=5 with-certificate=4 findings=3 unverified=x revision=" REVISION " policy=cn=p",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct figures f;
        if (figures_read(slice_of(texts[i]), &f))
            fail_msg("\"%s\"", texts[i]);
    }
}

/* One policy in one pass. */

struct release_row {
    const char *revision;
    uint64_t count;
    int64_t lasts_s; /* from now */
};

struct row {
    const char *name;
    unsigned max_requests, max_percent, min_subjects;
    size_t subjects, with_certificate, last_subjects, last_with_certificate; /* last_subjects 0: no earlier pass */
    size_t opening, recent, withdrawing;
    int64_t recent_age_s;
    struct release_row releases[2];
    const char *holds;  /* "guard count/limit", separated by commas */
    const char *release; /* the first hold's, without its time */
    enum hold_scope scope;
    bool not_enforcing, off, disabled, incomplete;
};

#define CAPS(requests, percent) .max_requests = (requests), .max_percent = (percent), .min_subjects = 90
#define SEEN(n)                 .subjects = (n), .with_certificate = (n)
#define TURNED_OFF(last)        FEWER(90), .last_subjects = (last), .last_with_certificate = (last), .off = true, .incomplete = true
#define FEWER(percent)          .max_requests = 100, .max_percent = 10, .min_subjects = (percent)

static const struct row rows[] = {
    {"nothing to do", CAPS(100, 10), SEEN(100), .holds = ""},

    /* Too many: the absolute cap. */
    {"one below the cap", CAPS(50, 100), SEEN(1000), .opening = 49, .holds = ""},
    {"at the cap", CAPS(50, 100), SEEN(1000), .opening = 50, .holds = ""},
    {"one above the cap", CAPS(50, 100), SEEN(1000), .opening = 51, .holds = "too-many 51/50",
     .release = REVISION " 51",
     .scope = HOLD_OPENING},
    {"a cap below 10 counts too", CAPS(5, 100), SEEN(1000), .opening = 6, .holds = "too-many 6/5",
     .scope = HOLD_OPENING},
    {"a cap of 0", CAPS(0, 100), SEEN(1000), .opening = 1, .holds = "too-many 1/0", .scope = HOLD_OPENING},
    {"a cap of 0 and nothing to open", CAPS(0, 0), SEEN(1000), .holds = ""},

    /* Too many: the share, which counts only above 10. */
    {"10 of 20 subjects", CAPS(100, 10), SEEN(20), .opening = 10, .holds = ""},
    {"11 of 20 subjects", CAPS(100, 10), SEEN(20), .opening = 11, .holds = "too-many 11/10", .scope = HOLD_OPENING},
    {"at the share", CAPS(100, 10), SEEN(200), .opening = 20, .holds = ""},
    {"one above the share", CAPS(100, 10), SEEN(200), .opening = 21, .holds = "too-many 21/20",
     .release = REVISION " 21",
     .scope = HOLD_OPENING},
    {"a share is rounded down", CAPS(100, 10), SEEN(209), .opening = 21, .holds = "too-many 21/20",
     .scope = HOLD_OPENING},
    {"a share of 0", CAPS(100, 0), SEEN(1000), .opening = 11, .holds = "too-many 11/10", .scope = HOLD_OPENING},
    {"a share of 0 and 10", CAPS(100, 0), SEEN(1000), .opening = 10, .holds = ""},
    {"the cap where it is the smaller", CAPS(15, 10), SEEN(1000), .opening = 16, .holds = "too-many 16/15",
     .scope = HOLD_OPENING},
    {"a small cap beside a smaller share", CAPS(5, 1), SEEN(100), .opening = 12, .holds = "too-many 12/5",
     .scope = HOLD_OPENING},

    /* Too many: what was opened within a day counts with it. */
    {"with those of today", CAPS(10, 100), SEEN(1000), .opening = 1, .recent = 10, .recent_age_s = HOUR,
     .holds = "too-many 11/10", .release = REVISION " 11", .scope = HOLD_OPENING},
    {"a second less than a day ago", CAPS(10, 100), SEEN(1000), .opening = 1, .recent = 10, .recent_age_s = DAY - 1,
     .holds = "too-many 11/10", .scope = HOLD_OPENING},
    {"a day ago", CAPS(10, 100), SEEN(1000), .opening = 1, .recent = 10, .recent_age_s = DAY, .holds = ""},
    {"those of today alone hold nothing", CAPS(10, 100), SEEN(1000), .recent = 20, .recent_age_s = HOUR, .holds = ""},
    {"filled up to the cap", CAPS(10, 100), SEEN(1000), .opening = 5, .recent = 5, .recent_age_s = HOUR, .holds = ""},

    /* Too few subjects. */
    {"no earlier pass to compare with", FEWER(90), SEEN(1), .holds = ""},
    {"as many as before", FEWER(90), SEEN(100), .last_subjects = 100, .last_with_certificate = 100, .holds = ""},
    {"more than before", FEWER(90), SEEN(300), .last_subjects = 100, .last_with_certificate = 100, .holds = ""},
    {"at the least share", FEWER(90), SEEN(90), .last_subjects = 100, .last_with_certificate = 90, .holds = ""},
    {"one below the least share", FEWER(90), .subjects = 89, .with_certificate = 50, .last_subjects = 100,
     .last_with_certificate = 50, .holds = "too-few-subjects 89/90", .release = REVISION " 11",
     .scope = HOLD_EVERYTHING},
    {"a share that is no whole number", FEWER(90), .subjects = 13, .with_certificate = 1, .last_subjects = 15,
     .last_with_certificate = 1, .holds = "too-few-subjects 13/14", .scope = HOLD_EVERYTHING},
    {"just above a share that is no whole number", FEWER(90), .subjects = 14, .with_certificate = 1,
     .last_subjects = 15,
     .last_with_certificate = 1, .holds = ""},
    {"all gone", FEWER(90), .last_subjects = 1, .holds = "too-few-subjects 0/1", .release = REVISION " 1",
     .scope = HOLD_EVERYTHING},
    {"the guard is off at 0", FEWER(0), .last_subjects = 100, .last_with_certificate = 100, .holds = ""},
    {"all are asked for at 100", FEWER(100), SEEN(99), .last_subjects = 100, .last_with_certificate = 99,
     .holds = "too-few-subjects 99/100", .scope = HOLD_EVERYTHING},

    /* Too few that show a certificate: subjects are all there, their values are hidden. */
    {"certificates at the least share", FEWER(90), .subjects = 100, .with_certificate = 45, .last_subjects = 100,
     .last_with_certificate = 50, .holds = ""},
    {"certificates below it", FEWER(90), .subjects = 100, .with_certificate = 44, .last_subjects = 100,
     .last_with_certificate = 50, .holds = "too-few-certificates 44/45", .release = REVISION " 6",
     .scope = HOLD_EVERYTHING},
    {"both", FEWER(90), .last_subjects = 100, .last_with_certificate = 50,
     .holds = "too-few-subjects 0/90, too-few-certificates 0/45", .scope = HOLD_EVERYTHING},

    /* Withdrawals. */
    {"10 withdrawals of 20", FEWER(90), SEEN(20), .withdrawing = 10, .holds = ""},
    {"11 withdrawals of 20", FEWER(90), SEEN(20), .withdrawing = 11, .holds = "too-many-withdrawals 11/2",
     .release = REVISION " 11", .scope = HOLD_EVERYTHING},
    {"withdrawals at the share", FEWER(90), SEEN(200), .withdrawing = 20, .holds = ""},
    {"withdrawals above the share", FEWER(90), SEEN(200), .withdrawing = 21, .holds = "too-many-withdrawals 21/20",
     .scope = HOLD_EVERYTHING},
    {"withdrawals against the larger number of subjects", FEWER(90), SEEN(190), .last_subjects = 210,
     .last_with_certificate = 190, .withdrawing = 21, .holds = ""},
    {"withdrawals hold before too many is asked", FEWER(90), SEEN(100), .withdrawing = 11, .opening = 50,
     .holds = "too-many-withdrawals 11/10", .scope = HOLD_EVERYTHING},

    /* Turning a policy off withdraws; it is searched no more, so the last pass tells how many subjects it had. */
    {"turned off with 11 of 20", TURNED_OFF(20), .withdrawing = 11, .holds = "too-many-withdrawals 11/2",
     .release = REVISION " 11", .scope = HOLD_EVERYTHING},
    {"turned off with 10 of 20", TURNED_OFF(20), .withdrawing = 10, .holds = ""},
    {"turned off at the share", TURNED_OFF(200), .withdrawing = 20, .holds = ""},
    {"turned off above the share", TURNED_OFF(200), .withdrawing = 21, .holds = "too-many-withdrawals 21/20",
     .scope = HOLD_EVERYTHING},
    {"turned off and released", TURNED_OFF(20), .withdrawing = 11, .releases = {{REVISION, 11, DAY}}, .holds = ""},
    {"turned off with nothing open", TURNED_OFF(200), .holds = ""},
    {"turned to audit above the share", FEWER(90), .last_subjects = 20, .withdrawing = 11, .not_enforcing = true,
     .holds = "too-many-withdrawals 11/2", .scope = HOLD_EVERYTHING},

    /* Releases. */
    {"released", CAPS(50, 100), SEEN(1000), .opening = 60, .releases = {{REVISION, 60, DAY}}, .holds = ""},
    {"released for one less", CAPS(50, 100), SEEN(1000), .opening = 60, .releases = {{REVISION, 59, DAY}},
     .holds = "too-many 60/50", .release = REVISION " 60", .scope = HOLD_OPENING},
    {"released until now", CAPS(50, 100), SEEN(1000), .opening = 60, .releases = {{REVISION, 60, 0}}, .holds = ""},
    {"released until a second ago", CAPS(50, 100), SEEN(1000), .opening = 60, .releases = {{REVISION, 60, -1}},
     .holds = "too-many 60/50", .scope = HOLD_OPENING},
    {"released in another revision", CAPS(50, 100), SEEN(1000), .opening = 60, .releases = {{OTHER, 60, DAY}},
     .holds = "too-many 60/50", .scope = HOLD_OPENING},
    {"the second release counts", CAPS(50, 100), SEEN(1000), .opening = 60,
     .releases = {{REVISION, 60, -1}, {REVISION, 70, DAY}}, .holds = ""},
    {"two releases do not add up", CAPS(50, 100), SEEN(1000), .opening = 60,
     .releases = {{REVISION, 30, DAY}, {REVISION, 31, DAY}}, .holds = "too-many 60/50", .scope = HOLD_OPENING},
    {"too few, released", FEWER(90), .subjects = 89, .with_certificate = 89, .last_subjects = 100,
     .last_with_certificate = 89, .releases = {{REVISION, 11, DAY}}, .holds = ""},
    {"too few, released for one less", FEWER(90), .subjects = 89, .with_certificate = 89, .last_subjects = 100,
     .last_with_certificate = 89, .releases = {{REVISION, 10, DAY}}, .holds = "too-few-subjects 89/90",
     .scope = HOLD_EVERYTHING},
    {"withdrawals, released", FEWER(90), SEEN(100), .withdrawing = 11, .releases = {{REVISION, 11, DAY}}, .holds = ""},
    {"too few released, too many not", FEWER(90), .subjects = 89, .with_certificate = 89, .last_subjects = 100,
     .last_with_certificate = 89, .opening = 30, .releases = {{REVISION, 11, DAY}}, .holds = "too-many 30/10",
     .scope = HOLD_OPENING},

    /* Who is not guarded, because nothing of it is written anyway. */
    {"audit", CAPS(0, 0), SEEN(1), .opening = 50, .not_enforcing = true, .holds = ""},
    {"disabled", CAPS(0, 0), SEEN(1), .opening = 50, .disabled = true, .holds = ""},
    {"not read whole", CAPS(0, 0), .last_subjects = 100, .incomplete = true, .holds = ""},
};

struct world {
    struct arena a;
    struct policy policy;
    struct release releases[2];
    struct policy_pass pass;
    struct plan_request requests[MOST];
    struct operation operations[MOST];
    struct plan plan;
    struct plan_input seen;
    struct figures last;
};

static void set_policy(struct world *w, const struct row *row)
{
    w->policy = (struct policy){.dn = S("cn=p,ou=policies"),
                                .revision = S(REVISION),
                                .mode = row->off ? MODE_OFF : row->not_enforcing ? MODE_AUDIT : MODE_ENFORCE,
                                .disabled = row->disabled,
                                .max_requests = row->max_requests,
                                .max_percent = row->max_percent,
                                .min_subjects_percent = row->min_subjects,
                                .releases = w->releases};
    for (size_t i = 0; i < COUNT(row->releases) && row->releases[i].revision; i++)
        w->releases[w->policy.release_count++] = (struct release){
            slice_of(row->releases[i].revision), row->releases[i].count, NOW + row->releases[i].lasts_s};
    w->pass = (struct policy_pass){.policy = &w->policy,
                                   .complete = !row->incomplete,
                                   .subjects = row->subjects,
                                   .with_certificate = row->with_certificate};
}

static struct plan_request *add_request(struct world *w, enum state state, int64_t age_s)
{
    struct plan_request *r = &w->requests[w->seen.request_count++];
    r->request.record = (struct record){.type = REQUEST_REISSUE,
                                        .state = state,
                                        .generation = 1,
                                        .opened_utc = NOW - age_s,
                                        .confirmed_utc = NOW - age_s,
                                        .state_changed_utc = NOW - age_s,
                                        .basis = {.policy_dn = S("CN=P,ou=policies")}};
    return r;
}

static struct world *world_of(const struct row *row)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    set_policy(w, row);
    w->plan.operations = w->operations;
    w->seen = (struct plan_input){.now_utc = NOW, .policies = &w->pass, .policy_count = 1, .requests = w->requests};
    for (size_t i = 0; i < row->opening; i++)
        w->operations[w->plan.count++] = (struct operation){
            .verb = VERB_CREATE, .record = {.state = STATE_PROPOSED}, .policy = &w->policy, .opens = true};
    for (size_t i = 0; i < row->recent; i++)
        add_request(w, STATE_PENDING, row->recent_age_s);
    for (size_t i = 0; i < row->withdrawing; i++)
        w->operations[w->plan.count++] = (struct operation){.verb = VERB_MOVE,
                                                            .record = {.state = STATE_WITHDRAWN},
                                                            .from = STATE_PENDING,
                                                            .policy = &w->policy,
                                                            .existing = add_request(w, STATE_PENDING, 10 * DAY)};
    w->last = (struct figures){.policy_dn = S("cn=P,ou=Policies"), .subjects = row->last_subjects,
                               .with_certificate = row->last_with_certificate};
    return w;
}

static void world_free(struct world *w)
{
    arena_free(&w->a);
    free(w);
}

static struct slice show(struct world *w, const hold_list *holds)
{
    struct slice all = S("");
    for (size_t i = 0; i < holds->count; i++)
        all = arena_format(&w->a, "%.*s%s%s %zu/%zu", SLICE_ARGS(all), i ? ", " : "", guard_name(holds->items[i].guard),
                           holds->items[i].count, holds->items[i].limit);
    return all;
}

static enum hold_scope judge(struct world *w, const struct row *row, hold_list *holds)
{
    enum hold_scope scope = HOLD_NOTHING;
    struct guard_input in = {
        .seen = &w->seen, .plan = &w->plan, .last = &w->last, .last_count = row->last_subjects ? 1 : 0};
    guard_judge(&w->a, &in, holds, &scope);
    return scope;
}

/* A hold's release is what would lift this very hold: "<revision> <count> <until>", a day from now. */
static void assert_release_lifts(const struct row *row, const hold_list *holds)
{
    struct row released = *row;
    for (size_t i = 0; i < holds->count && i < COUNT(released.releases); i++) {
        struct slice rest = holds->items[i].release, revision, count, until;
        int64_t until_utc;
        slice_word(&rest, &revision);
        slice_word(&rest, &count);
        assert_true(slice_word(&rest, &until));
        assert_true(slice_eq(revision, S(REVISION)));
        assert_true(gentime_read(until, &until_utc));
        assert_int_equal(until_utc, NOW + DAY);
        released.releases[i] = (struct release_row){REVISION, strtoull((const char *)count.p, NULL, 10), DAY};
    }
    struct world *again = world_of(&released);
    hold_list left = {0};
    judge(again, &released, &left);
    for (size_t i = 0; i < left.count; i++)
        for (size_t k = 0; k < holds->count; k++)
            assert_int_not_equal(left.items[i].guard, holds->items[k].guard);
    world_free(again);
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct world *w = world_of(row);
    hold_list holds = {0};
    enum hold_scope scope = judge(w, row, &holds);
    struct slice shown = show(w, &holds);
    if (!slice_eq(shown, slice_of(row->holds)))
        fail_msg("held: %.*s", SLICE_ARGS(shown));
    assert_int_equal(scope, row->scope);
    for (size_t i = 0; i < holds.count; i++) {
        struct slice written = hold_write(&w->a, &holds.items[i]);
        assert_ptr_equal(holds.items[i].policy, &w->policy);
        assert_true(holds.items[i].message.n > 20);
        /* The status entry's value holds the release as it has to be written, octet by octet. */
        assert_non_null(memmem(written.p, written.n, holds.items[i].release.p, holds.items[i].release.n));
        assert_true(slice_starts(written, arena_format(&w->a, "guard=%s ", guard_name(holds.items[i].guard))));
        assert_non_null(strstr((const char *)written.p, " revision=" REVISION " release=\"" REVISION " "));
        assert_non_null(strstr((const char *)written.p, "policy=cn=p,ou=policies"));
    }
    if (row->release)
        assert_true(slice_starts(holds.items[0].release, slice_of(row->release)));
    assert_release_lifts(row, &holds);
    world_free(w);
}

/* One policy that is held does not hold another, and each hold names its own. */
static void policies_are_held_apart(void **state)
{
    (void)state;
    const struct row row = {.name = "", CAPS(50, 100), SEEN(1000), .opening = 60};
    struct world *w = world_of(&row);
    struct policy calm = w->policy, few = w->policy;
    calm.dn = S("cn=calm,ou=policies");
    few.dn = S("cn=few,ou=policies");
    const struct policy_pass passes[] = {{.policy = &calm, .complete = true, .subjects = 10, .with_certificate = 10},
                                         w->pass,
                                         {.policy = &few, .complete = true, .subjects = 1, .with_certificate = 1}};
    const struct figures last[] = {{.policy_dn = few.dn, .subjects = 100, .with_certificate = 100},
                                   {.policy_dn = S("cn=gone,ou=policies"), .subjects = 100, .with_certificate = 100}};
    w->operations[w->plan.count++] =
        (struct operation){.verb = VERB_CREATE, .record = {.state = STATE_PROPOSED}, .policy = &calm, .opens = true};
    w->seen.policies = passes;
    w->seen.policy_count = COUNT(passes);
    enum hold_scope scopes[COUNT(passes)] = {HOLD_NOTHING};
    hold_list holds = {0};
    guard_judge(&w->a, &(struct guard_input){.seen = &w->seen, .plan = &w->plan, .last = last,
        .last_count = COUNT(last)},
                &holds, scopes);
    assert_int_equal(scopes[0], HOLD_NOTHING);
    assert_int_equal(scopes[1], HOLD_OPENING);
    assert_int_equal(scopes[2], HOLD_EVERYTHING);
    assert_int_equal(holds.count, 3);
    assert_ptr_equal(holds.items[0].policy, &w->policy);
    assert_ptr_equal(holds.items[1].policy, &few);
    assert_ptr_equal(holds.items[2].policy, &few);
    world_free(w);
}

/* A request that was opened today and moves on today is one request; foreign entries are none. */
static void one_request_counts_once(void **state)
{
    (void)state;
    const struct row row = {.name = "", CAPS(10, 100), SEEN(1000), .recent = 10, .recent_age_s = HOUR};
    struct world *w = world_of(&row);
    hold_list holds = {0};
    for (size_t i = 0; i < 10; i++)
        w->operations[w->plan.count++] = (struct operation){.verb = VERB_MOVE, .record = {.state = STATE_APPROVED},
                                                            .from = STATE_PENDING, .policy = &w->policy, .opens = true,
                                                            .existing = &w->requests[i]};
    add_request(w, STATE_PENDING, HOUR)->request.foreign = true;
    assert_int_equal(judge(w, &row, &holds), HOLD_NOTHING);
    add_request(w, STATE_PENDING, HOUR);
    assert_int_equal(judge(w, &row, &holds), HOLD_OPENING);
    assert_int_equal(holds.items[0].count, 11);
    world_free(w);
}

/* A request that only waits for its confirmation is not opened again by that; one that policy approved counts. */
static void what_counts_as_recent(void **state)
{
    (void)state;
    static const struct {
        enum state state;
        unsigned generation;
        int64_t opened_s, confirmed_s;
        bool counts;
    } cases[] = {
        {STATE_PENDING, 1, HOUR, HOUR, true},          {STATE_PENDING, 1, 9 * DAY, HOUR, false},
        {STATE_PROPOSED, 1, 9 * DAY, HOUR, false},     {STATE_PROPOSED, 2, 9 * DAY, HOUR, true},
        {STATE_PENDING, 2, 9 * DAY, DAY + 1, false},   {STATE_APPROVED, 1, 9 * DAY, HOUR, true},
        {STATE_APPROVED, 1, 9 * DAY, 8 * DAY, false},  {STATE_SUBMITTED, 1, 9 * DAY, HOUR, true},
        {STATE_FULFILLED, 1, HOUR, 9 * DAY, true},     {STATE_WITHDRAWN, 3, 9 * DAY, 9 * DAY, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct row row = {.name = "", CAPS(1, 100), SEEN(1000), .opening = 1};
        struct world *w = world_of(&row);
        hold_list holds = {0};
        struct record *d = &add_request(w, cases[i].state, cases[i].opened_s)->request.record;
        d->generation = cases[i].generation;
        d->confirmed_utc = NOW - cases[i].confirmed_s;
        if ((judge(w, &row, &holds) == HOLD_OPENING) != cases[i].counts)
            fail_msg("case %zu", i);
        world_free(w);
    }
}

/* The clock. */

static void clock_rows(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t last_pass, server; /* from now; INT64_MAX: not known */
        bool holds;
        size_t count, limit;
    } cases[] = {
        {"nothing known", INT64_MAX, INT64_MAX, false, 0, 0},
        {"a pass a second ago", -1, INT64_MAX, false, 0, 0},
        {"a pass now", 0, 0, false, 0, 0},
        {"a pass in a second", 1, INT64_MAX, true, 1, 0},
        {"a pass next year", 365 * (int64_t)DAY, 0, true, 365 * (size_t)DAY, 0},
        {"five minutes behind the server", INT64_MAX, 300, false, 0, 0},
        {"a second more behind it", INT64_MAX, 301, true, 301, 300},
        {"five minutes ahead of the server", INT64_MAX, -300, false, 0, 0},
        {"a second more ahead of it", INT64_MAX, -301, true, 301, 300},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena a = {0};
        struct hold h;
        int64_t last = cases[i].last_pass == INT64_MAX ? 0 : NOW + cases[i].last_pass;
        int64_t server = cases[i].server == INT64_MAX ? 0 : NOW + cases[i].server;
        if (guard_clock(&a, NOW, last, server, &h) != cases[i].holds)
            fail_msg("%s", cases[i].name);
        assert_null(h.policy);
        assert_int_equal(h.guard, GUARD_CLOCK);
        assert_int_equal(h.release.n, 0);
        if (cases[i].holds) {
            assert_int_equal(h.count, cases[i].count);
            assert_int_equal(h.limit, cases[i].limit);
            assert_non_null(memmem(h.message.p, h.message.n, "clock", 5));
            struct slice wanted = arena_format(&a, "guard=clock count=%zu limit=%zu", cases[i].count, cases[i].limit);
            assert_true(slice_eq(hold_write(&a, &h), wanted));
        }
        arena_free(&a);
    }
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(figures_round_trip),      cmocka_unit_test(figures_refuse),
        cmocka_unit_test(policies_are_held_apart), cmocka_unit_test(one_request_counts_once),
        cmocka_unit_test(what_counts_as_recent),   cmocka_unit_test(clock_rows),
    };
    struct CMUnitTest tests[COUNT(rows) + COUNT(others)];
    for (size_t i = 0; i < COUNT(rows); i++)
        tests[i] = (struct CMUnitTest){rows[i].name, test_row, NULL, NULL, (void *)(uintptr_t)&rows[i]};
    memcpy(tests + COUNT(rows), others, sizeof others);
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
