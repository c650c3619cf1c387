/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as entries: identities, reading what is whole and what is damaged, rendering and reading back. */
#include "core/request.h"
#include "core/schema.h"
#include "support/entrytext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text)     SLICE_LITERAL(text)
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* sha256sum of `reissue NUL <subject id>`, and of `revoke NUL <sha256sum of "a certificate">`. */
#define SUBJECT_ID  "entryUUID:29e3e245-8512-42dd-905e-72ca8b861586"
#define REISSUE_ID  "90817b7f458571dbbd1d418e5bef7668aa7866abb4a85e6dec9511bfe08b4538"
#define REVOKE_ID   "b1446d8eb03441e3766d4d1d35e1c7830848846ff1516f001dfc256bdabd2fb1"
#define CERTIFICATE "a certificate"
#define DIGEST      "81acd762140fa692a142822d2fbe4dc6f54bcaa501f68ab37e5aeed0bafe4d99"
#define DIGEST_2    "0000000000000000000000000000000000000000000000000000000000000001"

static void identities(void **state)
{
    (void)state;
    struct arena a = {0};
    struct digest d = digest_of(S(CERTIFICATE)), empty = digest_of(S(""));
    assert_true(slice_eq(request_id_of_reissue(&a, S(SUBJECT_ID)), S(REISSUE_ID)));
    assert_true(slice_eq(request_id_of_reissue(&a, S("")),
                         S("e655ab4962baddea2340e71823eec3940110ca05cabcb22c1d96e17a4de1e4cc")));
    assert_true(slice_eq(request_id_of_revoke(&a, &d), S(REVOKE_ID)));
    assert_true(slice_eq(request_id_of_revoke(&a, &empty),
                         S("363bb3f2b3bf7503174c57eacf9e94b990f23dd71f4a6d11ce4394e1b734dd17")));
    arena_free(&a);
}

static void states_have_names(void **state)
{
    (void)state;
    for (unsigned s = STATE_PROPOSED; s < STATE_COUNT; s++)
        if (s != STATE_PURGED) {
            assert_int_equal(state_find(slice_of(state_name((enum state)s))), s);
            assert_true(strlen(state_name((enum state)s)) > 3);
        }
    assert_int_equal(state_find(S("Proposed")), STATE_PROPOSED);
    assert_int_equal(state_find(S("")), STATE_NONE);
    assert_int_equal(state_find(S("purged")), STATE_NONE);
    assert_int_equal(state_find(S("done")), STATE_NONE);
}

/* Whole records. */

static const char reissue_text[] =
    "dn: dircertRequestId=" REISSUE_ID ",ou=requests\n"
    "objectClass: top\nobjectClass: dircertRequest\n"
    "dircertRequestId: " REISSUE_ID "\ndircertRequestType: reissue\ndircertSubjectId: " SUBJECT_ID "\n"
    "dircertOpened: 20250101000000Z\n"
    "dircertSubjectDN: cn=h1,dc=example\n"
    "dircertCertificateSHA256: " DIGEST "\ndircertCertificateSHA256: " DIGEST_2 "\n"
    "dircertFinding: version version 1, policy allows 3\ndircertFinding: expired notAfter 20240101000000Z\n"
    "dircertWantedName: h2.example\ndircertWantedName: h1.example\n"
    "dircertReason: superseded\ndircertPolicyDN: cn=p,ou=policies\ndircertPolicyRevision: 0123456789abcdef\n"
    "dircertGeneration: 3\ndircertState: failed\ndircertStateMessage: why\ndircertStateChanged: 20250102000000Z\n"
    "dircertConfirmedPasses: 2\ndircertConfirmedAt: 20250101120000Z\ndircertAttempt: 2\n"
    "dircertNextAttempt: 20250102020000Z\ndircertReplacementSHA256: " DIGEST_2 "\n"
    "dircertCertificate: " CERTIFICATE "\n";

static const char revoke_text[] =
    "dn: dircertRequestId=" REVOKE_ID ",ou=requests\n"
    "objectClass: dircertRequest\n"
    "dircertRequestId: " REVOKE_ID "\ndircertRequestType: revoke\ndircertSubjectId: " SUBJECT_ID "\n"
    "dircertOpened: 20250101000000Z\ndircertIssuer: CN=Example CA\ndircertSerialNumber: 0a\n"
    "dircertCertificate: " CERTIFICATE "\ndircertSubjectDN: cn=h1,dc=example\n"
    "dircertCertificateSHA256: " DIGEST "\ndircertFinding: version version 1, policy allows 3\n"
    "dircertReason: keyCompromise\ndircertPolicyDN: cn=p,ou=policies\ndircertPolicyRevision: 0123456789abcdef\n"
    "dircertSupersedes: " REISSUE_ID "\n"
    "dircertGeneration: 1\ndircertState: pending\ndircertStateChanged: 20250101000000Z\n"
    "dircertConfirmedPasses: 1\ndircertAttempt: 1\n";

static struct request read_whole(struct arena *a, const struct entry *e)
{
    problem_list problems = {0};
    struct request q = request_read(a, e, &problems);
    if (problems.count)
        fail_msg("%.*s: %.*s", SLICE_ARGS(problems.items[0].attribute), SLICE_ARGS(problems.items[0].reason));
    assert_false(q.foreign || q.identity_damaged || q.progress_damaged || q.detail_damaged || q.stale_unreadable);
    return q;
}

static void reads_a_reissue(void **state)
{
    (void)state;
    struct arena a = {0};
    struct entry e = entrytext_of(&a, reissue_text);
    struct request q = read_whole(&a, &e);
    const struct record *d = &q.record;
    assert_true(slice_eq(q.dn, S("dircertRequestId=" REISSUE_ID ",ou=requests")));
    assert_int_equal(d->type, REQUEST_REISSUE);
    assert_true(slice_eq(d->id, S(REISSUE_ID)));
    assert_true(slice_eq(d->subject_id, S(SUBJECT_ID)));
    assert_int_equal(d->opened_utc, 1735689600);
    assert_int_equal(d->basis.certificate_count, 2);
    assert_int_equal(d->basis.certificates[0].octets[31], 1); /* ascending */
    assert_int_equal(d->basis.checks, CHECK_BIT(CHECK_VERSION) | CHECK_BIT(CHECK_EXPIRED));
    assert_int_equal(d->basis.finding_count, 2);
    assert_true(slice_starts(d->basis.findings[0], S("expired")));
    assert_int_equal(d->basis.name_count, 2);
    assert_true(slice_eq(d->basis.names[0], S("h1.example")));
    assert_int_equal(d->basis.reason, REASON_SUPERSEDED);
    assert_int_equal(d->generation, 3);
    assert_int_equal(d->state, STATE_FAILED);
    assert_true(slice_eq(d->message, S("why")));
    assert_int_equal(d->state_changed_utc, 1735776000);
    assert_int_equal(d->confirmed_passes, 2);
    assert_int_equal(d->confirmed_utc, 1735732800);
    assert_int_equal(d->attempt, 2);
    assert_int_equal(d->next_attempt_utc, 1735783200);
    assert_true(d->has_replacement);
    assert_int_equal(d->replacement.octets[31], 1);
    assert_true(q.decision == DECISION_NONE && q.outcome == OUTCOME_NONE && !q.claimed && !q.has_transaction);
    arena_free(&a);
}

static void reads_a_revocation(void **state)
{
    (void)state;
    struct arena a = {0};
    struct entry e = entrytext_of(&a, revoke_text);
    struct request q = read_whole(&a, &e);
    assert_int_equal(q.record.type, REQUEST_REVOKE);
    assert_true(slice_eq(q.record.issuer, S("CN=Example CA")));
    assert_true(slice_eq(q.record.serial, S("0a")));
    assert_true(slice_eq(q.record.basis.certificate, S(CERTIFICATE)));
    assert_true(slice_eq(q.record.basis.supersedes, S(REISSUE_ID)));
    assert_int_equal(q.record.basis.reason, REASON_KEY_COMPROMISE);
    assert_false(q.record.has_replacement);
    arena_free(&a);
}

/* Nothing of what was read points into the entry, which the directory takes back. */
static void keeps_copies(void **state)
{
    (void)state;
    struct arena theirs = {0}, ours = {0};
    struct entry e = entrytext_of(&theirs, reissue_text);
    entrytext_add(&theirs, &e, "dircertDecision", S("approve 3"));
    struct request q = read_whole(&ours, &e);
    arena_free(&theirs); /* the address sanitizer looks on */
    struct entry again = record_render(&ours, &q.record);
    assert_true(again.count > 10);
    for (size_t i = 0; i < q.stored.count; i++)
        for (size_t k = 0; k < q.stored.attributes[i].count; k++)
            assert_true(q.stored.attributes[i].values[k].n > 0);
    assert_true(slice_eq(q.decision_text, S("approve 3")));
    arena_free(&ours);
}

/* Values of one attribute in any order. */
static void assert_same_values(const struct attribute *one, const struct entry *other)
{
    const char *name = (const char *)one->name.p;
    if (entry_count(other, name) != one->count)
        fail_msg("%s: %zu values, not %zu", name, one->count, entry_count(other, name));
    for (size_t i = 0; i < one->count; i++) {
        struct slice value;
        bool found = false;
        for (struct entry_cursor at = {0}; entry_next_value(other, name, &at, &value);)
            found |= slice_eq(value, one->values[i]);
        if (!found)
            fail_msg("%s: %.*s", name, SLICE_ARGS(one->values[i]));
    }
}

/* Every attribute that the texts above hold comes back, and no other. */
static void renders_what_it_read(void **state)
{
    (void)state;
    const char *const texts[] = {reissue_text, revoke_text};
    for (size_t t = 0; t < COUNT(texts); t++) {
        struct arena a = {0};
        struct entry e = entrytext_of(&a, texts[t]);
        struct request q = read_whole(&a, &e);
        struct entry rendered = record_render(&a, &q.record);
        for (size_t i = 0; i < rendered.count; i++)
            assert_same_values(&rendered.attributes[i], &e);
        for (size_t i = 0; i < e.count; i++)
            if (!slice_eq(e.attributes[i].name, S("objectClass")))
                assert_same_values(&e.attributes[i], &rendered);
        assert_int_equal(q.stored.count, rendered.count);
        arena_free(&a);
    }
}

/* The texts above leave no attribute out, and the lists of names say the same as the schema. */
static void names_of_attributes(void **state)
{
    (void)state;
    int rendered = 0, read = 0;
    for (size_t i = 0; schema_attribute_at(i); i++) {
        const struct schema_attribute *s = schema_attribute_at(i);
        if (!(s->classes & SCHEMA_REQUEST))
            continue;
        bool ours = s->owner == OWNER_DAEMON_ONCE || s->owner == OWNER_DAEMON_REVISED || s->owner == OWNER_DAEMON_MOVING;
        bool in_record = false, in_request = false;
        for (const char *const *name = record_attributes(); *name; name++)
            in_record |= strcmp(*name, s->name) == 0;
        for (const char *const *name = request_attributes(); *name; name++)
            in_request |= strcmp(*name, s->name) == 0;
        if (in_record != ours || (ours && !in_request))
            fail_msg("%s", s->name);
        if (ours && !strstr(reissue_text, s->name) && !strstr(revoke_text, s->name))
            fail_msg("%s is in no text of this test", s->name);
        rendered += in_record;
        read += in_request;
    }
    for (const char *const *name = record_attributes(); *name; name++)
        rendered--;
    for (const char *const *name = request_attributes(); *name; name++)
        read--;
    assert_int_equal(rendered, 0);
    assert_int_equal(read, -1); /* objectClass */
}

/* Damage: one attribute's values replaced by others. */

enum flag { WHOLE, FOREIGN, IDENTITY, PROGRESS, DETAIL, STALE };

struct damage_row {
    const char *name;
    bool revoke;
    const char *attribute;
    const char *value; /* NULL: none */
    enum flag flag;
    bool silent; /* the flag, but no problem names that very attribute */
};

static const struct damage_row damage_rows[] = {
    {"class missing", false, "objectClass", "person", FOREIGN, false},
    {"class in another case", false, "objectClass", "DIRCERTREQUEST", WHOLE, false},
    {"id missing", false, "dircertRequestId", NULL, FOREIGN, true},
    {"id too short", false, "dircertRequestId", "90817b", FOREIGN, true},
    {"id in capitals", false, "dircertRequestId", "90817B7F458571DBBD1D418E5BEF7668AA7866ABB4A85E6DEC9511BFE08B4538",
     FOREIGN, true},
    {"id of another subject", false, "dircertRequestId", REVOKE_ID, IDENTITY, true},
    {"subject id of another", false, "dircertSubjectId", "entryUUID:x", IDENTITY, false},
    {"subject id missing", false, "dircertSubjectId", NULL, IDENTITY, false},
    {"type nonsense", false, "dircertRequestType", "renew", IDENTITY, false},
    {"type missing", false, "dircertRequestType", NULL, IDENTITY, false},
    {"type turned to revoke", false, "dircertRequestType", "revoke", IDENTITY, true},
    {"type in another case", false, "dircertRequestType", "REISSUE", WHOLE, false},
    {"opened nonsense", false, "dircertOpened", "yesterday", IDENTITY, false},
    {"opened in 1970", false, "dircertOpened", "19700101000000Z", IDENTITY, false},
    {"opened missing", false, "dircertOpened", NULL, IDENTITY, false},
    {"revoke: type turned to reissue", true, "dircertRequestType", "reissue", IDENTITY, true},
    {"revoke: type nonsense", true, "dircertRequestType", "burn", IDENTITY, false},
    {"revoke: certificate of another", true, "dircertCertificate", "another", IDENTITY, true},
    {"revoke: certificate missing", true, "dircertCertificate", NULL, IDENTITY, true},
    {"state nonsense", false, "dircertState", "done", PROGRESS, false},
    {"state not shown", false, "dircertState", NULL, FOREIGN, false},
    {"state purged", false, "dircertState", "purged", PROGRESS, false},
    {"state in another case", false, "dircertState", "Failed", WHOLE, false},
    {"generation nonsense", false, "dircertGeneration", "three", PROGRESS, false},
    {"generation missing", false, "dircertGeneration", NULL, PROGRESS, false},
    {"generation 0", false, "dircertGeneration", "0", PROGRESS, false},
    {"generation negative", false, "dircertGeneration", "-1", PROGRESS, false},
    {"generation too large", false, "dircertGeneration", "4294967296", PROGRESS, false},
    {"attempt nonsense", false, "dircertAttempt", "two", DETAIL, false},
    {"attempt 0", false, "dircertAttempt", "0", DETAIL, false},
    {"attempt missing", false, "dircertAttempt", NULL, DETAIL, false},
    {"confirmed passes nonsense", false, "dircertConfirmedPasses", "many", DETAIL, false},
    {"confirmed passes missing", false, "dircertConfirmedPasses", NULL, WHOLE, false},
    {"confirmed at nonsense", false, "dircertConfirmedAt", "noon", DETAIL, false},
    {"state changed nonsense", false, "dircertStateChanged", "noon", DETAIL, false},
    {"state changed missing", false, "dircertStateChanged", NULL, DETAIL, false},
    {"next attempt nonsense", false, "dircertNextAttempt", "soon", DETAIL, false},
    {"next attempt missing in a failed one", false, "dircertNextAttempt", NULL, DETAIL, false},
    {"decision nonsense", false, "dircertDecision", "yes", STALE, false},
    {"outcome nonsense", false, "dircertOutcome", "ok", STALE, false},
    {"findings missing", false, "dircertFinding", NULL, WHOLE, false},
    {"certificates missing", false, "dircertCertificateSHA256", NULL, WHOLE, false},
};

static bool names_value(const problem_list *problems, const struct damage_row *row)
{
    for (size_t i = 0; i < problems->count; i++)
        if (slice_eq(problems->items[i].attribute, slice_of(row->attribute)) &&
            slice_eq(problems->items[i].value, slice_of(row->value)) && problems->items[i].reason.n)
            return true;
    return false;
}

static void test_damage(void **state)
{
    const struct damage_row *row = *state;
    struct arena a = {0};
    problem_list problems = {0};
    struct entry e = entrytext_of(&a, row->revoke ? revoke_text : reissue_text);
    entrytext_drop(&e, row->attribute);
    if (row->value)
        entrytext_add(&a, &e, row->attribute, slice_of(row->value));
    struct request q = request_read(&a, &e, &problems);
    assert_int_equal(q.foreign, row->flag == FOREIGN);
    assert_int_equal(q.identity_damaged, row->flag == IDENTITY);
    assert_int_equal(q.progress_damaged, row->flag == PROGRESS);
    assert_int_equal(q.detail_damaged, row->flag == DETAIL);
    assert_int_equal(q.stale_unreadable, row->flag == STALE);
    assert_int_equal(request_is_damaged(&q), row->flag == IDENTITY || row->flag == PROGRESS || row->flag == DETAIL);
    assert_int_equal(problems.count > 0, row->flag != WHOLE);
    if (row->flag != WHOLE && !row->silent)
        assert_true(names_value(&problems, row));
    if (problems.count)
        assert_true(slice_eq(problems.items[0].dn, e.dn));
    arena_free(&a);
}

/* The id tells what a request was whose type is nonsense, so that it is not taken for the other kind. */
static void the_id_tells_the_type(void **state)
{
    (void)state;
    struct arena a = {0};
    problem_list problems = {0};
    struct entry e = entrytext_of(&a, revoke_text);
    entrytext_drop(&e, "dircertRequestType");
    assert_int_equal(request_read(&a, &e, &problems).record.type, REQUEST_REVOKE);
    e = entrytext_of(&a, reissue_text);
    entrytext_drop(&e, "dircertRequestType");
    assert_int_equal(request_read(&a, &e, &problems).record.type, REQUEST_REISSUE);
    arena_free(&a);
}

static void foreign_entries(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "dn: cn=notes,ou=requests\nobjectClass: device\ncn: notes\n",
        "dn: ou=old,ou=requests\nobjectClass: organizationalUnit\nou: old\n",
        "dn: dircertRequestId=x,ou=requests\nobjectClass: dircertRequest\ndircertRequestId: x\ndircertState: pending\n",
        "dn: dircertRequestId=" REISSUE_ID ",ou=requests\nobjectClass: person\ndircertRequestId: " REISSUE_ID "\n",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct arena a = {0};
        problem_list problems = {0};
        struct entry e = entrytext_of(&a, texts[i]);
        struct request q = request_read(&a, &e, &problems);
        assert_true(q.foreign);
        assert_int_equal(problems.count, 1);
        assert_true(slice_eq(q.dn, e.dn));
        arena_free(&a);
    }
}

/* Octets of no meaning never come back as good, and never break anything. */
static void nonsense_everywhere(void **state)
{
    (void)state;
    static const struct slice values[] = {S("\xff\xfe\0"), S(" "), S("-1"), S("\0"), S("99999999999999999999999999")};
    for (const char *const *name = request_attributes(); *name; name++)
        for (size_t i = 0; i < COUNT(values); i++) {
            struct arena a = {0};
            problem_list problems = {0};
            struct entry e = entrytext_of(&a, reissue_text);
            entrytext_drop(&e, *name);
            entrytext_add(&a, &e, *name, values[i]);
            struct request q = request_read(&a, &e, &problems);
            struct entry rendered = record_render(&a, &q.record);
            assert_true(q.foreign || rendered.count > 0);
            arena_free(&a);
        }
}

/* Decisions, outcomes and claims. */

static const struct {
    const char *text;
    enum decision decision;
    unsigned generation;
} decisions[] = {
    {"approve 3", DECISION_APPROVE, 3},
    {"reject 3", DECISION_REJECT, 3},
    {"APPROVE 3", DECISION_APPROVE, 3},
    {"  approve   3 ", DECISION_APPROVE, 3},
    {"approve\t3", DECISION_APPROVE, 3},
    {"approve 2", DECISION_APPROVE, 2}, /* stale: its number says so */
    {"approve 0", DECISION_APPROVE, 0},
    {"approve", DECISION_NONE, 0},
    {"approve three", DECISION_NONE, 0},
    {"approve 3 please", DECISION_NONE, 0},
    {"approve 3.1", DECISION_NONE, 0},
    {"approve 03", DECISION_NONE, 0},
    {"approve -3", DECISION_NONE, 0},
    {"approve 4294967299", DECISION_NONE, 0}, /* 3 in 32 bits */
    {"3 approve", DECISION_NONE, 0},
    {"approved 3", DECISION_NONE, 0},
    {"3", DECISION_NONE, 0},
    {" ", DECISION_NONE, 0},
};

static void decision_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(decisions); i++) {
        struct arena a = {0};
        problem_list problems = {0};
        struct entry e = entrytext_of(&a, reissue_text);
        entrytext_add(&a, &e, "dircertDecision", slice_of(decisions[i].text));
        struct request q = request_read(&a, &e, &problems);
        if (q.decision != decisions[i].decision || q.decision_generation != decisions[i].generation ||
            q.stale_unreadable != (decisions[i].decision == DECISION_NONE) ||
            problems.count != (decisions[i].decision == DECISION_NONE))
            fail_msg("\"%s\"", decisions[i].text);
        assert_false(request_is_damaged(&q));
        arena_free(&a);
    }
}

static const struct {
    const char *text;
    enum outcome outcome;
    unsigned generation, attempt;
} outcomes[] = {
    {"submitted 3.2", OUTCOME_SUBMITTED, 3, 2},
    {"issued 3.2", OUTCOME_ISSUED, 3, 2},
    {"revoked 3.2", OUTCOME_REVOKED, 3, 2},
    {"failed 3.2", OUTCOME_FAILED, 3, 2},
    {"Failed  3.2 ", OUTCOME_FAILED, 3, 2},
    {"failed 3.1", OUTCOME_FAILED, 3, 1},
    {"failed 3.10", OUTCOME_FAILED, 3, 10},
    {"failed 3", OUTCOME_NONE, 0, 0},
    {"failed 3.", OUTCOME_NONE, 0, 0},
    {"failed .2", OUTCOME_NONE, 0, 0},
    {"failed 3.2.1", OUTCOME_NONE, 0, 0},
    {"failed 3 .2", OUTCOME_NONE, 0, 0},
    {"failed 3.02", OUTCOME_NONE, 0, 0},
    {"failed 3,2", OUTCOME_NONE, 0, 0},
    {"failed -3.2", OUTCOME_NONE, 0, 0},
    {"failed 4294967299.2", OUTCOME_NONE, 0, 0},
    {"failed", OUTCOME_NONE, 0, 0},
    {"rejected 3.2", OUTCOME_NONE, 0, 0},
    {"3.2", OUTCOME_NONE, 0, 0},
    {"failed 3.2 badly", OUTCOME_NONE, 0, 0},
};

static void outcome_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        struct arena a = {0};
        problem_list problems = {0};
        struct entry e = entrytext_of(&a, reissue_text);
        entrytext_add(&a, &e, "dircertOutcome", slice_of(outcomes[i].text));
        struct request q = request_read(&a, &e, &problems);
        if (q.outcome != outcomes[i].outcome || q.outcome_generation != outcomes[i].generation ||
            q.outcome_attempt != outcomes[i].attempt || q.stale_unreadable != (outcomes[i].outcome == OUTCOME_NONE) ||
            problems.count != (outcomes[i].outcome == OUTCOME_NONE))
            fail_msg("\"%s\"", outcomes[i].text);
        arena_free(&a);
    }
}

static void claims(void **state)
{
    (void)state;
    struct arena a = {0};
    struct entry e = entrytext_of(&a, reissue_text);
    entrytext_add(&a, &e, "dircertClaimedBy", S("cn=ca"));
    entrytext_add(&a, &e, "dircertTransactionId", S("t-1"));
    entrytext_add(&a, &e, "dircertResultCertificate", S("der"));
    struct request q = read_whole(&a, &e);
    assert_true(q.claimed && q.has_transaction);
    assert_true(q.claimed_until_utc == INT64_MAX);
    assert_true(slice_eq(q.result_certificate, S("der")));
    entrytext_add(&a, &e, "dircertClaimedUntil", S("20250101000000Z"));
    q = read_whole(&a, &e);
    assert_int_equal(q.claimed_until_utc, 1735689600);
    arena_free(&a);
}

/* A claim whose end can't be read never lapses, and that is said. */
static void claim_until_nonsense(void **state)
{
    (void)state;
    struct arena a = {0};
    struct entry e = entrytext_of(&a, reissue_text);
    entrytext_add(&a, &e, "dircertClaimedBy", S("cn=ca"));
    entrytext_add(&a, &e, "dircertClaimedUntil", S("tomorrow"));
    problem_list problems = {0};
    struct request q = request_read(&a, &e, &problems);
    assert_false(q.foreign);
    assert_true(q.claimed_until_utc == INT64_MAX);
    assert_int_equal(problems.count, 1);
    assert_true(slice_eq(problems.items[0].attribute, S("dircertClaimedUntil")));
    arena_free(&a);
}

/* What asks for a new generation, and what does not. */
static void changes_of_the_basis(void **state)
{
    (void)state;
    const struct digest d = digest_of(S("a")), e = digest_of(S("b"));
    const struct slice names[] = {S("h1"), S("h2")}, findings[] = {S("version x")};
    const struct basis was = {.certificates = &d, .certificate_count = 1, .checks = 1, .names = names, .name_count = 1,
                              .reason = REASON_SUPERSEDED};
    struct basis now = was;
    assert_false(basis_changed(&was, &now));
    now.findings = findings;
    now.finding_count = 1;
    now.subject_dn = S("cn=moved");
    now.policy_revision = S("other");
    now.policy_dn = S("cn=other");
    assert_false(basis_changed(&was, &now));
    now = was, now.certificates = &e;
    assert_true(basis_changed(&was, &now));
    now = was, now.certificate_count = 0;
    assert_true(basis_changed(&was, &now));
    now = was, now.checks = 2;
    assert_true(basis_changed(&was, &now));
    now = was, now.name_count = 2;
    assert_true(basis_changed(&was, &now));
    now = was, now.names = names + 1;
    assert_true(basis_changed(&was, &now));
    now = was, now.reason = REASON_KEY_COMPROMISE;
    assert_true(basis_changed(&was, &now));
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(identities),          cmocka_unit_test(states_have_names),
        cmocka_unit_test(reads_a_reissue),     cmocka_unit_test(reads_a_revocation),
        cmocka_unit_test(keeps_copies),        cmocka_unit_test(renders_what_it_read),
        cmocka_unit_test(names_of_attributes), cmocka_unit_test(the_id_tells_the_type),
        cmocka_unit_test(foreign_entries),     cmocka_unit_test(nonsense_everywhere),
        cmocka_unit_test(decision_rows),       cmocka_unit_test(outcome_rows),
        cmocka_unit_test(claims),              cmocka_unit_test(claim_until_nonsense),
        cmocka_unit_test(changes_of_the_basis),
    };
    struct CMUnitTest tests[COUNT(damage_rows) + COUNT(others)];
    for (size_t i = 0; i < COUNT(damage_rows); i++)
        tests[i] = (struct CMUnitTest){damage_rows[i].name, test_damage, NULL, NULL,
            (void *)(uintptr_t)&damage_rows[i]};
    memcpy(tests + COUNT(damage_rows), others, sizeof others);
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
