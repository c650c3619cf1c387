/* SPDX-License-Identifier: Apache-2.0 */
/* approve and reject: the approver's attributes, for the generation that was read. */
#include "core/schema.h"
#include "ctl/commands.h"
#include "ctl/look.h"
#include "ctl/table.h"

enum { SHORT_ID = 12 };
enum { C_ID, C_RESULT, C_GENERATION, C_SUBJECT, C_DETAIL, C_COUNT };
static const struct column columns[C_COUNT] = {
    [C_ID] = {"id", "ID", COLUMN_BOTH},
    [C_RESULT] = {"result", "RESULT", COLUMN_BOTH},
    [C_GENERATION] = {"generation", "GENERATION", COLUMN_BOTH},
    [C_SUBJECT] = {"subject", "SUBJECT", COLUMN_BOTH},
    [C_DETAIL] = {"detail", "DETAIL", COLUMN_BOTH},
};

static const struct verb {
    enum decision decision;
    const char *word, *done;
} approve = {DECISION_APPROVE, "approve", "approved"}, reject = {DECISION_REJECT, "reject", "rejected"};

struct deciding {
    struct ctl *ctl;
    const struct verb *verb;
    const char *reason; /* NULL: none */
    struct cell *cells; /* of the request at hand */
    bool failed;
};

static void result(struct deciding *d, const char *word, enum tone tone, struct slice detail)
{
    d->cells[C_RESULT] = cell_word(word, tone);
    d->cells[C_DETAIL] = cell_text(detail);
    d->failed |= tone == TONE_BAD;
}

static void refuse(struct deciding *d, struct slice why)
{
    result(d, "refused", TONE_BAD, why);
}

/* "<id>" or "<id>@<generation>"; 0: not named. */
static bool cut_generation(struct arena *a, const char *word, const char **id, uint64_t *generation)
{
    struct slice rest = slice_of(word), before;
    *generation = 0;
    if (!slice_split(&rest, '@', &before))
        return false;
    *id = (const char *)arena_copy(a, before).p;
    return !rest.p || (slice_to_uint(rest, UINT32_MAX, generation) && *generation);
}

/* NULL: a decision counts there. */
static const char *why_not(const struct deciding *d, const struct request *q)
{
    if (q->foreign || request_is_damaged(q))
        return "the entry does not hold together; the daemon repairs it first";
    switch (q->record.state) {
    case STATE_PENDING:
        return NULL;
    case STATE_PROPOSED:
        return ctl_option(d->ctl, "early") ? NULL
                                           : "it is only proposed: further passes confirm it; --early decides already";
    case STATE_APPROVED:
        return "it is approved already, and may be on its way";
    case STATE_REJECTED:
        return "it is rejected already";
    case STATE_SUBMITTED:
    case STATE_FAILED:
        return "it is with the authority already";
    case STATE_FULFILLED:
    case STATE_WITHDRAWN:
        return "it has ended";
    case STATE_HELD:
        return "its policy does not ask for it at present; when it does again, a new generation begins";
    case STATE_NONE:
    case STATE_PURGED:
    case STATE_COUNT:
        break;
    }
    return "its state can't be read";
}

/* The decision that was read is named as the old value: whoever was first wins. */
static enum rc write_decision(struct deciding *d, const struct request *q, struct slice value, struct fault *fault)
{
    const struct slice reason = slice_of(d->reason), who = slice_of(d->ctl->who);
    struct dir_mod mods[4];
    size_t count = 0;
    if (q->decision_text.n)
        mods[count++] = (struct dir_mod){DIR_MOD_DELETE, ATTR_DECISION, &q->decision_text, 1};
    mods[count++] = (struct dir_mod){DIR_MOD_ADD, ATTR_DECISION, &value, 1};
    mods[count++] = (struct dir_mod){DIR_MOD_REPLACE, ATTR_DECISION_REASON, &reason, reason.n != 0};
    mods[count++] = (struct dir_mod){DIR_MOD_REPLACE, ATTR_DECISION_BY, &who, 1};
    return look_write(d->ctl, &(struct dir_change){DIR_MODIFY, q->dn, mods, count}, fault);
}

/* A decision names its generation, so one that came too late counts for nothing: but whoever decided has to know. */
static void verify(struct deciding *d, const struct request *before)
{
    struct request now;
    struct fault fault = {{0}};
    const char *id = (const char *)arena_copy(d->ctl->arena, before->record.id).p;
    if (look_request(d->ctl, id, &now, NULL, &fault) != RC_OK)
        return refuse(d, arena_format(d->ctl->arena, "written, but then: %s", fault.text));
    if (now.record.generation != before->record.generation)
        return refuse(d, arena_format(d->ctl->arena,
                                      "what it asks for has changed meanwhile (generation %u now): the decision does "
                                      "not count, look at it again",
                                      now.record.generation));
    bool replaced = before->decision != DECISION_NONE && before->decision_generation == before->record.generation;
    result(d, d->verb->done, TONE_GOOD,
           replaced ? arena_format(d->ctl->arena,
                                   "in the place of \"%.*s\"; the daemon takes it up at its next look or pass",
                                   SLICE_ARGS(before->decision_text))
                    : SLICE_LITERAL("the daemon takes it up at its next look or pass"));
}

static void decide_read(struct deciding *d, const struct request *q, uint64_t generation)
{
    struct arena *a = d->ctl->arena;
    struct fault fault = {{0}};
    const char *no = why_not(d, q);
    if (generation && generation != q->record.generation)
        return refuse(d, arena_format(a,
                                      "what it asks for has changed since: this is generation %u, not %u; look at it "
                                      "again",
                                      q->record.generation, (unsigned)generation));
    if (no)
        return refuse(d, slice_of(no));
    if (q->decision == d->verb->decision && q->decision_generation == q->record.generation)
        return result(d, "unchanged", TONE_PLAIN,
                      SLICE_LITERAL("it was decided so before; the daemon takes it up at its next look or pass"));
    struct slice value = arena_format(a, "%s %u", d->verb->word, q->record.generation);
    enum rc rc = write_decision(d, q, value, &fault);
    /* slapd calls a second value of a single-valued attribute a violated constraint (19), others 20. */
    if (rc == RC_CONFLICT || (rc == RC_INVALID && q->decision_text.n == 0))
        return refuse(d, SLICE_LITERAL("somebody else decided at the same time, or you may not see the decision that "
                                       "stands: look at it again"));
    if (rc != RC_OK)
        return refuse(d, arena_copy(a, slice_of(fault.text)));
    verify(d, q);
}

static void decide_one(struct deciding *d, const char *word)
{
    struct request q;
    struct fault fault = {{0}};
    uint64_t generation;
    const char *id = word;
    d->cells[C_ID] = cell_text(slice_of(word));
    if (!cut_generation(d->ctl->arena, word, &id, &generation))
        return refuse(d, SLICE_LITERAL("expected ID or ID@GENERATION"));
    if (look_request(d->ctl, id, &q, NULL, &fault) != RC_OK)
        return refuse(d, arena_copy(d->ctl->arena, slice_of(fault.text)));
    d->cells[C_ID] = cell_text(q.record.id);
    d->cells[C_ID].shown = slice_upto(q.record.id, SHORT_ID);
    d->cells[C_GENERATION] = cell_number(q.record.generation);
    d->cells[C_SUBJECT] = cell_escaped(q.record.basis.subject_dn);
    decide_read(d, &q, generation);
}

static int decide(struct ctl *ctl, const struct verb *verb, int argc, char **argv)
{
    struct deciding d = {.ctl = ctl, .verb = verb, .reason = ctl_option(ctl, "reason")};
    struct table t = table_make(ctl->arena, columns, C_COUNT);
    if (argc == 0)
        return ctl_usage(ctl, "%s: expected the id of a request, or several", verb->word);
    if (d.reason && slice_trim(slice_of(d.reason)).n == 0)
        return ctl_usage(ctl, "--reason: expected some words");
    if (verb->decision == DECISION_REJECT && !d.reason)
        return ctl_usage(ctl, "reject: say why, with --reason TEXT; whoever looks at the server next will ask");
    for (int i = 0; i < argc; i++) {
        d.cells = table_row(&t);
        decide_one(&d, argv[i]);
    }
    table_print(ctl, &t, NULL);
    return d.failed ? CTL_INCOMPLETE : CTL_OK;
}

static int run_approve(struct ctl *ctl, int argc, char **argv)
{
    return decide(ctl, &approve, argc, argv);
}

static int run_reject(struct ctl *ctl, int argc, char **argv)
{
    return decide(ctl, &reject, argc, argv);
}

static const struct ctl_option options[] = {
    {"reason", 0, "TEXT", "why it is decided so"},
    {"early", 0, NULL, "decide what is only proposed too"},
    {NULL, 0, NULL, NULL},
};

#define HELP                                                                                                           \
    "ID is the beginning of a request's id, six digits or more. ID@GENERATION decides only where the request still "   \
    "is\n"                                                                                                             \
    "of the generation that you looked at. The daemon takes a decision up at its next look or pass.\n"

const struct ctl_command command_approve = {
    .name = "approve",
    .arguments = "ID[@GENERATION]... [--reason TEXT]",
    .does = "Approves requests that are pending",
    .help = HELP,
    .directory = CTL_NEEDS_DIRECTORY,
    .options = options,
    .run = run_approve,
};
const struct ctl_command command_reject = {
    .name = "reject",
    .arguments = "ID[@GENERATION]... --reason TEXT",
    .does = "Rejects requests that are pending",
    .help = HELP,
    .directory = CTL_NEEDS_DIRECTORY,
    .options = options,
    .run = run_reject,
};
