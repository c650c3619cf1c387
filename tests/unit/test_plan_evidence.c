/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: what may be concluded from what is seen of a subject, from what is not, and from where it is then. */
#include "support/planworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define POLICY PLANWORLD_ASKS_ONCE
#define AUTO   POLICY "dircertApproval: reissue auto\n"
#define R      "reissue h1"

static void assert_has(struct planworld *w, const char *attribute, const char *value)
{
    assert_string_equal(planworld_value(w, R, attribute), value);
}

/* Once written, a second pass at the same moment plans nothing. */
static void assert_settled(struct planworld *w)
{
    assert_string_equal(planworld_plan(w), "");
}

struct evidence {
    const char *name;
    enum whereabouts where;
    enum { ENFORCES, VANISHED, DISABLED } policy;
    enum state from, to;
};
static const struct evidence evidence_rows[] = {
    {"gone", WHERE_GONE, ENFORCES, STATE_PENDING, STATE_WITHDRAWN},
    {"gone, and its policy too", WHERE_GONE, VANISHED, STATE_PENDING, STATE_WITHDRAWN},
    {"gone, rejected", WHERE_GONE, ENFORCES, STATE_REJECTED, STATE_WITHDRAWN},
    {"gone, held", WHERE_GONE, ENFORCES, STATE_HELD, STATE_WITHDRAWN},
    {"gone, submitted", WHERE_GONE, ENFORCES, STATE_SUBMITTED, STATE_SUBMITTED},
    {"left its policy, and none governs it", WHERE_UNGOVERNED, ENFORCES, STATE_PENDING, STATE_WITHDRAWN},
    {"its policy vanished, and none governs it", WHERE_UNGOVERNED, VANISHED, STATE_PENDING, STATE_HELD},
    {"its policy is malformed, and none governs it", WHERE_UNGOVERNED, DISABLED, STATE_APPROVED, STATE_HELD},
    {"a policy that is off governs it", WHERE_OFF, ENFORCES, STATE_APPROVED, STATE_WITHDRAWN},
    {"a policy that is malformed governs it", WHERE_WEAK, ENFORCES, STATE_PENDING, STATE_HELD},
    {"not known", WHERE_UNKNOWN, ENFORCES, STATE_PENDING, STATE_PENDING},
    {"not known, its policy vanished", WHERE_UNKNOWN, VANISHED, STATE_PENDING, STATE_PENDING},
    {"not known, its policy is malformed", WHERE_UNKNOWN, DISABLED, STATE_PENDING, STATE_HELD},
    {"not known, approved", WHERE_UNKNOWN, ENFORCES, STATE_APPROVED, STATE_APPROVED},
    {"not known, held", WHERE_UNKNOWN, ENFORCES, STATE_HELD, STATE_HELD},
};

static void the_subject_is_not_seen(void **state)
{
    const struct evidence *e = *state;
    struct planworld w;
    planworld_reissue_at(&w, e->from);
    planworld_policy(&w, "p", e->policy == DISABLED ? POLICY "dircertNameMatch: sideways\n" : POLICY);
    if (e->policy == VANISHED)
        planworld_forget_policy(&w, "p");
    planworld_hide(&w, "h1");
    planworld_request(&w, R)->where = e->where;
    planworld_pass(&w, 0);
    assert_has(&w, "dircertState", state_name(e->to));
    assert_settled(&w);
    planworld_end(&w);
}

struct sight {
    const char *name, *hosts, *certificates;
    bool decided;
};
static const struct sight sights[] = {
    {"no certificate, with evidence", "h1.x", "none", true},
    {"no certificate is shown", "h1.x", "", false},
    {"a compliant one", "h1.x", "good", true},
    {"the readers disagree about a bad one", "h1.x", "?v1", false},
    {"the readers disagree about a good one", "h1.x", "?good", false},
    {"a good one, and the readers disagree about another", "h1.x", "good ?v1", false},
    {"the host name is not to be seen", "", "good", false},
    {"the host name is none", "not..a-name", "good", false},
};

static void seen_and_not_wanted(void **state)
{
    const struct sight *s = *state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_PENDING);
    planworld_subject(&w, "h1", "p", s->hosts, s->certificates);
    planworld_assert_pass(&w, 0, s->decided ? "move-withdrawn reissue h1 -" : "");
    planworld_end(&w);
    planworld_begin_with(&w, AUTO, s->certificates); /* and nothing opens one */
    planworld_subject(&w, "h1", "p", s->hosts, s->certificates);
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

static void missing_needs_positive_evidence(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, POLICY "dircertOnFinding: missing reissue\n", "");
    planworld_assert_pass(&w, 0, "");
    planworld_show(&w, "none");
    planworld_assert_pass(&w, 0, "create reissue h1 missing");
    planworld_show(&w, "");
    planworld_assert_pass(&w, 0, "");
    planworld_show(&w, "good");
    planworld_assert_pass(&w, 0, "move-withdrawn reissue h1 -");
    planworld_end(&w);
}

static void two_entries_with_one_id_decide_nothing(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, POLICY, "v1");
    planworld_subject(&w, "h2", "p", "h1.x", "v1b");
    w.subjects[1].name = "h1";
    planworld_assert_pass(&w, 0, "");
    planworld_end(&w);
}

/* Submitted, and its reason went away. */

static void a_submitted_reissue_waits_for_its_outcome(void **state)
{
    (void)state;
    static const char *const ends[][2] = {{"failed", "move-withdrawn reissue h1 -"}, {"issued", ""}};
    for (size_t i = 0; i < 2; i++) {
        struct planworld w;
        planworld_reissue_at(&w, STATE_SUBMITTED);
        planworld_show(&w, "none");
        planworld_assert_pass(&w, 0, "revise reissue h1 -");
        assert_has(&w, "dircertState", "submitted");
        assert_has(&w, "dircertStateMessage", "its reason went away; waits for the outcome");
        planworld_report(&w, R, ends[i][0]);
        planworld_assert_pass(&w, 0, ends[i][1]);
        assert_settled(&w);
        planworld_end(&w);
    }
}

#define ROWS(list) (sizeof(list) / sizeof *(list))

static void add_rows(struct CMUnitTest *tests, size_t *count, const char *name, CMUnitTestFunction run, const void *row)
{
    tests[(*count)++] = (struct CMUnitTest){.name = name, .test_func = run, .initial_state = (void *)(uintptr_t)row};
}

int main(void)
{
    static const struct CMUnitTest plain[] = {
        cmocka_unit_test(missing_needs_positive_evidence),
        cmocka_unit_test(two_entries_with_one_id_decide_nothing),
        cmocka_unit_test(a_submitted_reissue_waits_for_its_outcome),
    };
    static struct CMUnitTest tests[ROWS(plain) + ROWS(evidence_rows) + ROWS(sights)];
    size_t count = ROWS(plain);
    memcpy(tests, plain, sizeof plain);
    for (size_t i = 0; i < ROWS(evidence_rows); i++)
        add_rows(tests, &count, evidence_rows[i].name, the_subject_is_not_seen, &evidence_rows[i]);
    for (size_t i = 0; i < ROWS(sights); i++)
        add_rows(tests, &count, sights[i].name, seen_and_not_wanted, &sights[i]);
    return _cmocka_run_group_tests("plan: evidence", tests, count, NULL, NULL);
}
