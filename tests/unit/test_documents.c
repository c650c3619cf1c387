/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the README says against the tables in the code, both ways; and what approvers and fulfillers are told to write
 * against the reader of requests.
 */
#include "core/guard.h"
#include "core/schema.h"
#include "run/events.h"
#include "support/document.h"
#include "support/entrytext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct slice one_blank(struct arena *a, const char *text)
{
    struct slice words = {NULL, 0}, rest = slice_of(text), word;
    while (slice_word(&rest, &word))
        words = arena_format(a, "%.*s%s%.*s", SLICE_ARGS(words), words.n ? " " : "", SLICE_ARGS(word));
    return words;
}

static void expect_cell(struct book *b, const struct row *row, size_t index, const char *wanted)
{
    struct slice text = one_blank(&b->arena, wanted);
    if (!slice_eq(row->cell[index], text))
        book_complain(b, "the row of %.*s says \"%.*s\" where the program has \"%.*s\"", SLICE_ARGS(row->key),
                 SLICE_ARGS(row->cell[index]), SLICE_ARGS(text));
}

/* Checks and events. */

static const char findings_heading[] = "How to read a finding", requests_heading[] = "How to read a request";

static void expect_turned_on(struct book *b, const struct row *row, const struct check *c)
{
    struct slice rest = slice_of(c->policy_attributes), name;
    if (strcmp(c->policy_attributes, "-") == 0) {
        expect_cell(b, row, 3, "always on");
        return;
    }
    while (slice_word(&rest, &name))
        if (!text_has_span(row->cell[3], name))
            book_complain(b, "the row of %s does not name %.*s", c->name, SLICE_ARGS(name));
}

static void test_every_check_has_its_row(void **state)
{
    (void)state;
    struct book b = book_open();
    for (unsigned id = 0; id < CHECK_COUNT; id++) {
        const struct check *c = check_get((enum check_id)id);
        struct row row;
        if (!book_need_row(&b, findings_heading, c->name, &row))
            continue;
        expect_cell(&b, &row, 1, c->title);
        expect_cell(&b, &row, 2, severity_name(c->severity));
        expect_turned_on(&b, &row, c);
        expect_cell(&b, &row, 4, c->fix);
        expect_cell(&b, &row, 5, c->citation);
    }
    book_close(&b);
}

/* The sentence under the table. */
static void test_checks_that_never_revoke_are_named(void **state)
{
    (void)state;
    struct book b = book_open();
    struct slice text = book_section(&b, findings_heading), end = SLICE_LITERAL("have no action that revokes");
    const uint8_t *at = text_seek(text, end);
    assert_non_null(at);
    struct slice before = slice_upto(text, (size_t)(at - text.p));
    size_t start = before.n;
    while (start > 1 && !(before.p[start - 1] == '\n' && before.p[start - 2] == '\n'))
        start--;
    struct slice sentence = slice_from(before, start);
    for (unsigned id = 0; id < CHECK_COUNT; id++) {
        const struct check *c = check_get((enum check_id)id);
        if (text_has_span(sentence, slice_of(c->name)) == c->may_revoke)
            book_complain(&b, "whether %s may revoke is not what the README says", c->name);
    }
    book_close(&b);
}

static void test_every_event_has_its_row(void **state)
{
    (void)state;
    struct book b = book_open();
    for (unsigned e = 0; e < EVENT_COUNT; e++) {
        const struct event_row *event = event_row((enum event)e);
        struct row row;
        if (!book_need_row(&b, "The log", event->name, &row))
            continue;
        expect_cell(&b, &row, 1, e == EVENT_FINDING ? "of the check" : severity_name(event->severity));
        expect_cell(&b, &row, 2, event->meaning);
        expect_cell(&b, &row, 3, event->advice);
    }
    struct slice text = book_section(&b, "The log");
    unsigned rows = 0;
    for (struct row row; row_next(&text, &row);)
        rows++;
    if (rows != EVENT_COUNT)
        book_complain(&b, "%u rows for %u events", rows, (unsigned)EVENT_COUNT);
    book_close(&b);
}

static void test_every_field_of_a_finding_is_explained(void **state)
{
    (void)state;
    struct book b = book_open();
    struct slice text = book_section(&b, findings_heading), rest = slice_of(event_row(EVENT_FINDING)->fields), key;
    while (slice_word(&rest, &key)) {
        struct row row;
        if (!text_has_span(text, key) || !row_find(text, (const char *)arena_copy(&b.arena, key).p, &row))
            book_complain(&b, "field %.*s of a finding is not explained", SLICE_ARGS(key));
        if (!text_holds(text, arena_format(&b.arena, " %.*s=", SLICE_ARGS(key))))
            book_complain(&b, "field %.*s is not in the example", SLICE_ARGS(key));
    }
    book_close(&b);
}

/* The policy. */

static const char policy_heading[] = "What a policy can say";

static void expect_values(struct book *b, const struct row *row, const struct policy_attribute *a)
{
    if (a->type == POLICY_INTEGER) {
        struct slice range = arena_format(&b->arena, "%lld to %lld", (long long)a->least, (long long)a->most);
        if (!text_holds(row->cell[1], range))
            book_complain(b, "%s: the range is not %.*s", a->name, SLICE_ARGS(range));
        if (!text_holds(row->cell[1], slice_of(a->unit)))
            book_complain(b, "%s: the unit is not %s", a->name, a->unit);
    }
    struct slice rest = slice_of(a->type == POLICY_KEYWORD ? a->keywords : ""), word;
    while (slice_word(&rest, &word))
        if (!text_has_span(row->cell[1], word))
            book_complain(b, "%s: the value %.*s is not named", a->name, SLICE_ARGS(word));
    if (a->example && !text_has_span(row->cell[1], slice_of(a->example)))
        book_complain(b, "%s: the value %s is not named", a->name, a->example);
    bool says_several = text_holds(row->cell[1], SLICE_LITERAL("several")) ||
                        text_holds(row->cell[1], SLICE_LITERAL("one for each"));
    if (says_several != a->multi)
        book_complain(b, "%s: whether it has several values is wrong", a->name);
}

static void test_every_policy_attribute_has_its_row(void **state)
{
    (void)state;
    struct book b = book_open();
    size_t count;
    const struct policy_attribute *all = policy_attributes(&count);
    for (size_t i = 0; i < count; i++) {
        struct row row;
        if (!book_need_row(&b, policy_heading, all[i].name, &row))
            continue;
        if (row.count != 4)
            book_complain(&b, "%s: %zu cells", all[i].name, row.count);
        expect_values(&b, &row, &all[i]);
        expect_cell(&b, &row, 2,
                    all[i].fallback ? (const char *)arena_format(&b.arena, "`%s`", all[i].fallback).p : "–");
    }
    book_close(&b);
}

static void test_the_policy_tables_name_nothing_else(void **state)
{
    (void)state;
    struct book b = book_open();
    size_t count;
    const struct policy_attribute *all = policy_attributes(&count);
    struct slice text = book_section(&b, policy_heading);
    for (struct row row; row_next(&text, &row);) {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known |= slice_eq(row.key, slice_of(all[i].name));
        if (!known)
            book_complain(&b, "the policy has no attribute %.*s", SLICE_ARGS(row.key));
    }
    book_close(&b);
}

static void test_actions_and_reasons_are_named(void **state)
{
    (void)state;
    struct book b = book_open();
    struct row row;
    assert_true(book_need_row(&b, policy_heading, "dircertOnFinding", &row));
    for (unsigned a = ACTION_REPORT; a <= ACTION_REISSUE_THEN_REVOKE; a++)
        if (!text_has_span(row.cell[1], slice_of(action_name((enum action)a))))
            book_complain(&b, "no action %s", action_name((enum action)a));
    for (unsigned r = REASON_NONE + 1; r < REASON_COUNT; r++)
        if (!text_has_span(row.cell[1], slice_of(reason_name((enum reason)r))))
            book_complain(&b, "no reason %s", reason_name((enum reason)r));
    book_close(&b);
}

/* Every dircert... word is an attribute or a class of the schema. */
static void expect_known_names(struct book *b, struct slice text, const char *where)
{
    const struct slice prefix = SLICE_LITERAL("`dircert");
    for (const uint8_t *at; (at = text_seek(text, prefix));) {
        text = slice_from(text, (size_t)(at - text.p) + 1);
        size_t n = 0;
        while (n < text.n && ((text.p[n] >= 'A' && text.p[n] <= 'Z') || (text.p[n] >= 'a' && text.p[n] <= 'z') ||
                              (text.p[n] >= '0' && text.p[n] <= '9')))
            n++;
        struct slice name = slice_upto(text, n);
        bool known = schema_attribute_find(name) || slice_eq(name, slice_of("dircertd")) ||
                     slice_eq(name, slice_of("dircertctl"));
        const struct schema_object_class *class;
        for (size_t i = 0; (class = schema_class_at(i)); i++)
            known |= slice_eq(name, slice_of(class->name));
        if (!known)
            book_complain(b, "%s names %.*s, which the schema does not have", where, SLICE_ARGS(name));
    }
}

static void test_names_are_those_of_the_schema(void **state)
{
    (void)state;
    struct book b = book_open();
    expect_known_names(&b, b.readme, "README.md");
    expect_known_names(&b, b.source_readme, "src/README.md");
    book_close(&b);
}

/* Requests, guards and plans. */

static void test_every_state_has_its_row(void **state)
{
    (void)state;
    struct book b = book_open();
    struct row row;
    for (unsigned s = 0; s < STATE_COUNT; s++)
        if (state_name((enum state)s)[0])
            book_need_row(&b, requests_heading, state_name((enum state)s), &row);
    struct slice text = book_section(&b, requests_heading);
    while (row_next(&text, &row))
        if (row.count == 3 && state_find(row.key) == STATE_NONE)
            book_complain(&b, "there is no state %.*s", SLICE_ARGS(row.key));
    book_close(&b);
}

static void test_every_attribute_of_a_request_is_explained(void **state)
{
    (void)state;
    struct book b = book_open();
    struct slice text = book_section(&b, requests_heading);
    for (const char *const *name = record_attributes(); *name; name++)
        if (strcmp(*name, "dircertRequestId") != 0 && strcmp(*name, "dircertOpened") != 0 &&
            !text_has_span(text, slice_of(*name)))
            book_complain(&b, "%s is not explained", *name);
    for (const char *const *name = request_attributes(); *name; name++)
        if (!text_holds(text, slice_of(*name)))
            book_complain(&b, "%s is not mentioned", *name);
    book_close(&b);
}

/* A line of the README with its two numbers filled in, read as the program reads it. */
static struct request read_as_told(struct arena *a, const char *attribute, struct slice told)
{
    LIST_OF(uint8_t) out = {0};
    struct slice rest = told, part;
    while (slice_split(&rest, '<', &part)) {
        for (size_t i = 0; i < part.n; i++)
            *LIST_ADD(a, &out) = part.p[i];
        if (!rest.p)
            break;
        *LIST_ADD(a, &out) = slice_starts(rest, SLICE_LITERAL("generation>")) ? '3' : '2';
        slice_split(&rest, '>', &part);
    }
    struct entry e = {.dn = slice_of("dircertRequestId=0,dc=x")};
    problem_list problems = {0};
    char id[DIGEST_HEX + 1];
    memset(id, '0', DIGEST_HEX);
    entrytext_add(a, &e, "objectClass", slice_of("dircertRequest"));
    entrytext_add(a, &e, "dircertRequestId", slice_make(id, DIGEST_HEX));
    e.dn = arena_format(a, "dircertRequestId=%.*s,dc=x", DIGEST_HEX, id);
    entrytext_add(a, &e, attribute, slice_make(out.items, out.count));
    return request_read(a, &e, &problems);
}

static void test_decisions_and_outcomes_are_read_as_told(void **state)
{
    (void)state;
    struct book b = book_open();
    unsigned decisions = 0, outcomes = 0;
    const struct slice decision = SLICE_LITERAL("    dircertDecision: ");
    const struct slice outcome = SLICE_LITERAL("    dircertOutcome: ");
    struct slice text = book_section(&b, requests_heading), line;
    while (slice_split(&text, '\n', &line)) {
        if (!text_holds(line, SLICE_LITERAL("<generation>")))
            continue;
        struct request q;
        if (slice_starts(line, decision)) {
            q = read_as_told(&b.arena, "dircertDecision", slice_from(line, decision.n));
            if (q.decision == DECISION_NONE || q.decision_generation != 3)
                book_complain(&b, "not read: %.*s", SLICE_ARGS(line));
            decisions |= 1u << q.decision;
        } else if (slice_starts(line, outcome)) {
            q = read_as_told(&b.arena, "dircertOutcome", slice_from(line, outcome.n));
            if (q.outcome == OUTCOME_NONE || q.outcome_generation != 3 || q.outcome_attempt != 2)
                book_complain(&b, "not read: %.*s", SLICE_ARGS(line));
            outcomes |= 1u << q.outcome;
        }
    }
    assert_int_equal(decisions, 1u << DECISION_APPROVE | 1u << DECISION_REJECT);
    assert_int_equal(outcomes, 1u << OUTCOME_SUBMITTED | 1u << OUTCOME_ISSUED | 1u << OUTCOME_REVOKED |
                                   1u << OUTCOME_FAILED);
    book_close(&b);
}

static void test_every_guard_has_its_row(void **state)
{
    (void)state;
    struct book b = book_open();
    struct row row;
    for (unsigned g = GUARD_TOO_MANY; g <= GUARD_CLOCK; g++)
        book_need_row(&b, "Guards, and how to lift a hold", guard_name((enum guard)g), &row);
    book_close(&b);
}

static void test_every_verb_of_a_plan_has_its_row(void **state)
{
    (void)state;
    struct book b = book_open();
    struct row row;
    for (unsigned v = VERB_CREATE; v <= VERB_PURGE; v++) {
        struct operation o = {.verb = (enum verb)v, .record = {.state = STATE_PENDING}};
        book_need_row(&b, "The command line", (const char *)arena_copy(&b.arena, plan_verb(&b.arena, &o)).p, &row);
        o.held = true;
        assert_true(slice_starts(plan_verb(&b.arena, &o), SLICE_LITERAL("held-")));
    }
    assert_true(text_has_span(book_section(&b, "The command line"), SLICE_LITERAL("held-")));
    book_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_check_has_its_row),
        cmocka_unit_test(test_checks_that_never_revoke_are_named),
        cmocka_unit_test(test_every_event_has_its_row),
        cmocka_unit_test(test_every_field_of_a_finding_is_explained),
        cmocka_unit_test(test_every_policy_attribute_has_its_row),
        cmocka_unit_test(test_the_policy_tables_name_nothing_else),
        cmocka_unit_test(test_actions_and_reasons_are_named),
        cmocka_unit_test(test_names_are_those_of_the_schema),
        cmocka_unit_test(test_every_state_has_its_row),
        cmocka_unit_test(test_every_attribute_of_a_request_is_explained),
        cmocka_unit_test(test_decisions_and_outcomes_are_read_as_told),
        cmocka_unit_test(test_every_guard_has_its_row),
        cmocka_unit_test(test_every_verb_of_a_plan_has_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
