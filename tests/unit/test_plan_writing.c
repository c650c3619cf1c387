/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan writes: the lines of --dry-run to the octet, and the repair of every attribute that the daemon owns. */
#include "support/planworld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DAY = 86400 };

#define REISSUE  PLANWORLD_ASKS_ONCE
#define REVOKE   PLANWORLD_RULES "dircertConfirmations: 1\ndircertOnFinding: version revoke superseded\n"
#define HEX_ONES "1111111111111111111111111111111111111111111111111111111111111111"

/* Lines. */

static struct operation operation_of(enum verb verb, enum request_type type, const char *dn)
{
    return (struct operation){
        .verb = verb, .record = {.id = SLICE_LITERAL(HEX_ONES), .type = type, .basis = {.subject_dn = slice_of(dn)}}};
}

static void assert_line(const struct operation *o, const char *line)
{
    struct arena a = {0};
    struct slice got = plan_line(&a, o);
    if (!slice_eq(got, slice_of(line)))
        fail_msg("got      \"%.*s\"\nexpected \"%s\"", SLICE_ARGS(got), line);
    arena_free(&a);
}

static void a_line_for_each_verb(void **state)
{
    (void)state;
    static const char *const verbs[] = {[VERB_CREATE] = "create",
                                        [VERB_REOPEN] = "reopen",
                                        [VERB_REVISE] = "revise",
                                        [VERB_REPAIR] = "repair",
                                        [VERB_PURGE] = "purge"};
    for (unsigned v = VERB_CREATE; v <= VERB_PURGE; v++)
        for (int held = 0; held < 2 && v != VERB_MOVE; held++) {
            struct operation o = operation_of((enum verb)v, REQUEST_REISSUE, "cn=a,dc=x");
            char line[200];
            o.held = held;
            snprintf(line, sizeof line, "%s%s reissue " HEX_ONES " - cn=a,dc=x", held ? "held-" : "", verbs[v]);
            assert_line(&o, line);
        }
}

static void a_line_for_each_state_that_is_moved_to(void **state)
{
    (void)state;
    for (unsigned s = STATE_PROPOSED; s < STATE_PURGED; s++) {
        struct operation o = operation_of(VERB_MOVE, REQUEST_REVOKE, "cn=a,dc=x");
        char line[200];
        o.record.state = (enum state)s;
        snprintf(line, sizeof line, "move-%s revoke " HEX_ONES " - cn=a,dc=x", state_name((enum state)s));
        assert_line(&o, line);
    }
}

static void checks_stand_in_byte_order(void **state)
{
    (void)state;
    struct operation o = operation_of(VERB_CREATE, REQUEST_REISSUE, "cn=a");
    o.checks = (1u << CHECK_COUNT) - 1;
    assert_line(&o, "create reissue " HEX_ONES
                    " ca-certificate,chain,cn-mismatch,duplicate-host-name,duplicate-value,expired,expiring,"
                    "extended-key-usage,issuer,key-usage,malformed,missing,not-yet-valid,post-quantum,revoked,"
                    "san-mismatch,shared-certificate,shared-key,too-many-values,validity-too-long,version,weak-key,"
                    "weak-signature cn=a");
    o.checks = CHECK_BIT(CHECK_VERSION);
    assert_line(&o, "create reissue " HEX_ONES " version cn=a");
}

static void a_dn_cannot_break_or_forge_a_line(void **state)
{
    (void)state;
    static const char *const dns[][2] = {
        {"cn=a b\\, c\\2B,dc=x", "cn=a b\\, c\\2B,dc=x"},
        {"cn=a\ncreate reissue", "cn=a\\0acreate reissue"},
        {"cn=a\r\t\x1b[31m\x7f", "cn=a\\0d\\09\\1b[31m\\7f"},
        {"cn=\xc3\xa4", "cn=\xc3\xa4"},
        {"cn=\xff\xfe", "cn=\\ff\\fe"},
        {"cn=\xe2\x80\xaegpj.exe", "cn=\\e2\\80\\aegpj.exe"}, /* U+202E turns the direction */
        {"", ""},
    };
    for (size_t i = 0; i < sizeof dns / sizeof *dns; i++) {
        struct operation o = operation_of(VERB_CREATE, REQUEST_REISSUE, dns[i][0]);
        char line[200];
        snprintf(line, sizeof line, "create reissue " HEX_ONES " - %s", dns[i][1]);
        assert_line(&o, line);
    }
}

static void lines_stand_in_byte_order_each_with_a_newline(void **state)
{
    (void)state;
    struct arena a = {0};
    struct operation all[] = {
        operation_of(VERB_REVISE, REQUEST_REVOKE, "cn=b"),       operation_of(VERB_CREATE, REQUEST_REVOKE, "cn=b"),
        operation_of(VERB_CREATE, REQUEST_REISSUE, "cn=b"),      operation_of(VERB_CREATE, REQUEST_REISSUE, "cn=B"),
        operation_of(VERB_CREATE, REQUEST_REISSUE, "cn=b,dc=x"), operation_of(VERB_REOPEN, REQUEST_REVOKE, "cn=b")};
    all[5].held = true;
    struct plan plan = {all, sizeof all / sizeof *all};
    struct slice text = plan_text(&a, &plan);
    assert_true(slice_eq(text, SLICE_LITERAL("create reissue " HEX_ONES " - cn=B\n"
                                             "create reissue " HEX_ONES " - cn=b\n"
                                             "create reissue " HEX_ONES " - cn=b,dc=x\n"
                                             "create revoke " HEX_ONES " - cn=b\n"
                                             "held-reopen revoke " HEX_ONES " - cn=b\n"
                                             "revise revoke " HEX_ONES " - cn=b\n")));
    plan.count = 0;
    assert_int_equal(plan_text(&a, &plan).n, 0);
    arena_free(&a);
}

static void the_lines_of_a_real_plan(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REISSUE, "v1 old");
    planworld_plan(&w);
    struct slice text = plan_text(&w.arena, &w.plan);
    struct slice id = planworld_id(&w, "reissue h1");
    assert_true(slice_eq(text, arena_format(&w.arena, "create reissue %.*s san-mismatch,version cn=h1,ou=hosts,dc=x\n",
                                            SLICE_ARGS(id))));
    planworld_end(&w);
}

/* Repair. */

struct damage {
    const char *attribute, *value; /* NULL: deleted */
    bool begins_anew;              /* where it stood can't be told: a new generation */
};
static const struct damage damages[] = {
    {"dircertRequestType", "both", false},
    {"dircertRequestType", NULL, false},
    {"dircertSubjectId", "entryUUID:h2", false}, /* of a revocation: the first subject, who shows it no more */
    {"dircertSubjectId", NULL, false},
    {"dircertOpened", "yesterday", false},
    {"dircertOpened", NULL, false},
    {"dircertIssuer", "CN=Somebody", false},
    {"dircertIssuer", NULL, false},
    {"dircertSerialNumber", "00", false},
    {"dircertCertificate", "abc", false},
    {"dircertCertificate", NULL, false},
    {"dircertSubjectDN", "cn=elsewhere", false},
    {"dircertCertificateSHA256", NULL, true},
    {"dircertCertificateSHA256", HEX_ONES, true},
    {"dircertFinding", "version who knows", false},
    {"dircertFinding", "nonsense", true},
    {"dircertWantedName", "other.x", true},
    {"dircertReason", "keyCompromise", true},
    {"dircertPolicyDN", "cn=q", false},
    {"dircertPolicyRevision", "0", false},
    {"dircertState", "sideways", true},
    {"dircertState", "approved", false}, /* nobody approved it */
    {"dircertState", "rejected", false},
    {"dircertGeneration", "x", true},
    {"dircertGeneration", NULL, true},
    {"dircertStateMessage", "hello", false},
    {"dircertStateMessage", NULL, false},
    {"dircertStateChanged", "yesterday", false},
    {"dircertStateChanged", NULL, false},
    {"dircertConfirmedPasses", "many", false},
    {"dircertConfirmedAt", "x", false},
    {"dircertAttempt", "0", false},
    {"dircertAttempt", NULL, false},
    {"dircertNextAttempt", "x", false},
    {"dircertReplacementSHA256", "x", false},
};

/* What is written when time passes, and can't be known again once it is lost. */
static bool tells_time(const char *attribute)
{
    static const char *const times[] = {"dircertOpened", "dircertStateChanged", "dircertConfirmedAt",
                                        "dircertConfirmedPasses"};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (strcmp(times[i], attribute) == 0)
            return true;
    return false;
}

static void assert_restored(struct planworld *w, const char *request, const struct entry *before, bool begun_anew)
{
    const struct entry *now = &planworld_request(w, request)->entry;
    for (const char *const *name = record_attributes(); *name; name++) {
        bool generation = begun_anew && strcmp(*name, "dircertGeneration") == 0;
        struct slice was = entry_first(before, *name), is = entry_first(now, *name);
        if (tells_time(*name) ? !is.n != !was.n : !generation && !slice_eq(was, is))
            fail_msg("%s is \"%.*s\", it was \"%.*s\"", *name, SLICE_ARGS(is), SLICE_ARGS(was));
        assert_int_equal(entry_count(now, *name), entry_count(before, *name));
    }
}

/* As it stands now; what is written later does not reach it. */
static struct entry snapshot(struct planworld *w, const char *request)
{
    struct entry e = planworld_request(w, request)->entry;
    struct attribute *copy = ARENA_ARRAY(&w->arena, e.count, struct attribute);
    memcpy(copy, e.attributes, e.count * sizeof *copy);
    e.attributes = copy;
    return e;
}

static void repaired_when_wanted(struct planworld *w, const char *request, const struct damage *d)
{
    struct entry before = snapshot(w, request);
    planworld_put(w, request, d->attribute, d->value);
    bool same = slice_eq(entry_first(&before, d->attribute), slice_of(d->value ? d->value : ""));
    if (same || (!d->value && !entry_first(&before, d->attribute).p))
        return;
    const char *plan = planworld_pass(w, 60);
    if (!*plan)
        fail_msg("%s %s: nothing is repaired", d->attribute, d->value ? d->value : "deleted");
    assert_restored(w, request, &before, d->begins_anew);
    assert_string_equal(planworld_plan(w), "");
}

static void left_alone_when_not_wanted(struct planworld *w, const char *request, const struct damage *d)
{
    planworld_put(w, request, d->attribute, d->value);
    assert_string_equal(planworld_pass(w, 60), "");
    assert_string_equal(planworld_value(w, request, d->attribute), d->value ? d->value : "");
}

static void damaged_reissue(void **state)
{
    struct planworld w;
    planworld_begin_with(&w, REISSUE, "v1");
    assert_string_equal(planworld_pass(&w, 0), "create reissue h1 version");
    repaired_when_wanted(&w, "reissue h1", *state);
    planworld_hide(&w, "h1");
    left_alone_when_not_wanted(&w, "reissue h1", *state);
    planworld_end(&w);
}

static void damaged_revocation(void **state)
{
    struct planworld w;
    planworld_begin_with(&w, REVOKE, "v1");
    assert_string_equal(planworld_pass(&w, 0), "create revoke v1 version");
    const struct damage *d = *state;
    if (d->value && strcmp(d->value, "entryUUID:h2") == 0)
        assert_string_equal((planworld_put(&w, "revoke v1", d->attribute, d->value), planworld_pass(&w, 60)), "");
    else
        repaired_when_wanted(&w, "revoke v1", d);
    planworld_end(&w);
}

static void a_damaged_request_is_not_withdrawn_or_deleted(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REISSUE, "v1");
    planworld_pass(&w, 0);
    planworld_put(&w, "reissue h1", "dircertState", "sideways");
    planworld_subject(&w, "h1", "p", "h1.x", "good");
    assert_string_equal(planworld_pass(&w, 400 * DAY), "");
    planworld_subject(&w, "h1", "p", "h1.x", "v1");
    assert_string_equal(planworld_pass(&w, 0), "repair reissue h1 version");
    assert_string_equal(planworld_value(&w, "reissue h1", "dircertState"), "pending");
    planworld_end(&w);
}

static void what_moves_unwanted_is_damaged_no_further(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REISSUE, "v1");
    planworld_pass(&w, 0);
    planworld_subject(&w, "h1", "p", "h1.x", "good");
    planworld_put(&w, "reissue h1", "dircertStateChanged", "yesterday"); /* damage: it is left as it stands */
    assert_string_equal(planworld_pass(&w, 0), "");
    planworld_put(&w, "reissue h1", "dircertStateChanged", "20270115080000Z");
    planworld_put(&w, "reissue h1", "dircertReason", "whim"); /* no damage, and none of what moves */
    assert_string_equal(planworld_pass(&w, 0), "move-withdrawn reissue h1 -");
    assert_string_equal(planworld_value(&w, "reissue h1", "dircertReason"), "whim");
    planworld_end(&w);
}

static void a_lost_next_attempt_backs_off_from_now(void **state)
{
    (void)state;
    struct planworld w;
    planworld_reissue_at(&w, STATE_FAILED);
    planworld_put(&w, "reissue h1", "dircertNextAttempt", NULL);
    assert_string_equal(planworld_pass(&w, 1800), "repair reissue h1 version");
    assert_string_equal(planworld_value(&w, "reissue h1", "dircertNextAttempt"), "20270115093000Z");
    assert_string_equal(planworld_pass(&w, 3599), "");
    assert_string_equal(planworld_pass(&w, 1), "move-approved reissue h1 version");
    assert_string_equal(planworld_value(&w, "reissue h1", "dircertAttempt"), "2");
    planworld_end(&w);
}

static void a_request_that_begins_anew_stays_ahead_of_old_decisions(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REISSUE, "v1");
    planworld_pass(&w, 0);
    planworld_put(&w, "reissue h1", "dircertDecision", "approve 1");
    planworld_put(&w, "reissue h1", "dircertGeneration", NULL);
    assert_string_equal(planworld_pass(&w, 0), "repair reissue h1 version");
    assert_string_equal(planworld_value(&w, "reissue h1", "dircertGeneration"), "2");
    planworld_put(&w, "reissue h1", "dircertOutcome", "failed 7.1");
    planworld_put(&w, "reissue h1", "dircertGeneration", "none");
    assert_string_equal(planworld_pass(&w, 0), "repair reissue h1 version");
    assert_string_equal(planworld_value(&w, "reissue h1", "dircertGeneration"), "8");
    assert_string_equal(planworld_value(&w, "reissue h1", "dircertState"), "pending");
    planworld_end(&w);
}

static void a_foreign_entry_is_never_touched(void **state)
{
    (void)state;
    struct planworld w;
    planworld_begin_with(&w, REISSUE, "v1");
    planworld_pass(&w, 0);
    planworld_put(&w, "reissue h1", "objectClass", "device");
    assert_string_equal(planworld_pass(&w, DAY), "");
    planworld_end(&w);
}

static void the_others_attributes_are_never_written(void **state)
{
    (void)state;
    for (const char *const *name = record_attributes(); *name; name++) {
        static const char *const theirs[] = {"dircertDecision", "dircertClaimed", "dircertOutcome",
                                             "dircertTransaction", "dircertResult"};
        for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
            assert_int_not_equal(strncmp(*name, theirs[i], strlen(theirs[i])), 0);
    }
}

int main(void)
{
    static const struct CMUnitTest plain[] = {
        cmocka_unit_test(a_line_for_each_verb),
        cmocka_unit_test(a_line_for_each_state_that_is_moved_to),
        cmocka_unit_test(checks_stand_in_byte_order),
        cmocka_unit_test(a_dn_cannot_break_or_forge_a_line),
        cmocka_unit_test(lines_stand_in_byte_order_each_with_a_newline),
        cmocka_unit_test(the_lines_of_a_real_plan),
        cmocka_unit_test(a_damaged_request_is_not_withdrawn_or_deleted),
        cmocka_unit_test(what_moves_unwanted_is_damaged_no_further),
        cmocka_unit_test(a_lost_next_attempt_backs_off_from_now),
        cmocka_unit_test(a_request_that_begins_anew_stays_ahead_of_old_decisions),
        cmocka_unit_test(a_foreign_entry_is_never_touched),
        cmocka_unit_test(the_others_attributes_are_never_written),
    };
    enum { PLAIN = sizeof plain / sizeof *plain, DAMAGES = sizeof damages / sizeof *damages };
    static struct CMUnitTest tests[PLAIN + 2 * DAMAGES];
    static char names[2 * DAMAGES][100];
    memcpy(tests, plain, sizeof plain);
    for (size_t i = 0; i < 2 * DAMAGES; i++) {
        const struct damage *d = &damages[i / 2];
        snprintf(names[i], sizeof names[i], "%s: %s %s", i % 2 ? "revoke" : "reissue", d->attribute,
                 d->value ? d->value : "deleted");
        tests[PLAIN + i] = (struct CMUnitTest){.name = names[i],
                                               .test_func = i % 2 ? damaged_revocation : damaged_reissue,
                                               .initial_state = (void *)(uintptr_t)d};
    }
    return _cmocka_run_group_tests("plan: writing", tests, PLAIN + 2 * DAMAGES, NULL, NULL);
}
