/* SPDX-License-Identifier: Apache-2.0 */
/* release: shows what holds a policy, asks, and writes the dircertRelease values that lift it. */
#include "base/escape.h"
#include "base/gentime.h"
#include "core/schema.h"
#include "ctl/commands.h"
#include "ctl/hold.h"
#include "ctl/look.h"
#include "ctl/table.h"

enum { ANSWER_ROOM = 16, TEXT_MOST = 1024 };

/* A value that is to be written, and what it lifts. */
struct lift {
    struct hold_value hold;
    bool stands;  /* the policy has it already */
    bool is_over; /* its time has passed: the next pass names another */
};
typedef LIST_OF(struct lift) lift_list;

static int find_policy(struct ctl *ctl, const char *asked, struct entry *policy)
{
    static const char *const attributes[] = {ATTR_RELEASE, NULL};
    struct fault fault = {{0}};
    struct dir_search search = {.base = look_child(ctl, "ou=policies"),
                                .scope = DIR_ONE,
                                .filter = SLICE_LITERAL("(objectClass=" CLASS_POLICY ")"),
                                .attributes = attributes};
    entry_list list;
    if (look_search(ctl, &search, &list, &fault) != RC_OK)
        return look_failed(ctl, "ou=policies", &fault);
    for (size_t i = 0; i < list.count; i++)
        if (look_names(asked, list.items[i].dn)) {
            *policy = list.items[i];
            return CTL_OK;
        }
    ctl_tell(ctl, "there is no policy \"%s\", or you may not see it", asked);
    return CTL_INCOMPLETE;
}

static bool has_value(const struct entry *e, const char *attribute, struct slice wanted)
{
    struct slice value;
    for (struct entry_cursor at = {0}; entry_next_value(e, attribute, &at, &value);)
        if (slice_eq_nocase(value, wanted))
            return true;
    return false;
}

static bool is_listed(const lift_list *lifts, struct slice release)
{
    for (size_t i = 0; i < lifts->count; i++)
        if (slice_eq(lifts->items[i].hold.release, release))
            return true;
    return false;
}

/* "<revision> <count> <until>". */
static bool is_over(struct slice release)
{
    struct slice rest = release, word = {NULL, 0};
    int64_t until_utc;
    while (slice_word(&rest, &word))
        ;
    return gentime_read(word, &until_utc) && until_utc < ctl_now_utc();
}

static int find_holds(struct ctl *ctl, const struct entry *policy, lift_list *lifts)
{
    static const char *const attributes[] = {ATTR_HOLD, NULL};
    struct fault fault = {{0}};
    struct dir_search search = {.base = look_child(ctl, "ou=status"),
                                .scope = DIR_ONE,
                                .filter = SLICE_LITERAL("(objectClass=" CLASS_INSTANCE ")"),
                                .attributes = attributes};
    entry_list list;
    struct slice value;
    struct hold_value h = {0};
    if (look_search(ctl, &search, &list, &fault) != RC_OK)
        return look_failed(ctl, "ou=status", &fault);
    for (size_t i = 0; i < list.count; i++)
        for (struct entry_cursor at = {0}; entry_next_value(&list.items[i], ATTR_HOLD, &at, &value);) {
            if (!hold_value_read(value, &h) || !slice_eq_nocase(h.policy, policy->dn) || !h.release.n ||
                is_listed(lifts, h.release))
                continue;
            *LIST_ADD(ctl->arena, lifts) = (struct lift){
                .hold = h, .stands = has_value(policy, ATTR_RELEASE, h.release), .is_over = is_over(h.release)};
        }
    return CTL_OK;
}

static const struct column columns[] = {
    {"guard", "GUARD", COLUMN_BOTH},       {"count", "COUNT", COLUMN_BOTH},  {"limit", "LIMIT", COLUMN_BOTH},
    {"release", "LIFTED BY", COLUMN_BOTH}, {"result", "STATE", COLUMN_BOTH},
};

static struct table tabulate(const struct ctl *ctl, const lift_list *lifts, const char *otherwise)
{
    struct table t = table_make(ctl->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < lifts->count; i++) {
        const struct lift *l = &lifts->items[i];
        struct cell *cells = table_row(&t);
        uint64_t n;
        cells[0] = cell_text(l->hold.guard);
        if (slice_to_uint(l->hold.count, UINT64_MAX, &n))
            cells[1] = cell_number(n);
        if (slice_to_uint(l->hold.limit, UINT64_MAX, &n))
            cells[2] = cell_number(n);
        cells[3] = cell_text(l->hold.release);
        cells[3].shown = arena_format(ctl->arena, ATTR_RELEASE ": %.*s", SLICE_ARGS(l->hold.release));
        cells[4] = cell_word(l->stands    ? "released; waits for the next pass"
                             : l->is_over ? "too old; the next pass names another"
                                          : otherwise,
                             TONE_PLAIN);
    }
    return t;
}

static size_t count_open(const lift_list *lifts)
{
    size_t n = 0;
    for (size_t i = 0; i < lifts->count; i++)
        n += !lifts->items[i].stands && !lifts->items[i].is_over;
    return n;
}

/* CTL_OK: yes. */
static int ask(const struct ctl *ctl, const struct entry *policy, const lift_list *lifts)
{
    char answer[ANSWER_ROOM] = {0};
    if (ctl_option(ctl, "yes"))
        return CTL_OK;
    if (!ctl->can_ask)
        return ctl_usage(ctl, "there is no terminal to ask on: look at the hold, and say --yes");
    struct slice dn = escape_rest(ctl->arena, policy->dn, TEXT_MOST);
    fprintf(ctl->error, "To %.*s:\n", SLICE_ARGS(dn));
    for (size_t i = 0; i < lifts->count; i++)
        if (!lifts->items[i].stands && !lifts->items[i].is_over)
            fprintf(ctl->error, "write " ATTR_RELEASE ": %.*s",
                    SLICE_ARGS(escape_text(ctl->arena, lifts->items[i].hold.release, TEXT_MOST))),
                fputs(i + 1 < lifts->count ? "\n" : "", ctl->error);
    fputs("? [y/N] ", ctl->error);
    fflush(ctl->error);
    if (fgets(answer, sizeof answer, stdin) && (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0))
        return CTL_OK;
    return ctl_usage(ctl, "nothing was written");
}

static int write_releases(struct ctl *ctl, const struct entry *policy, const lift_list *lifts)
{
    struct slice *values = ARENA_ARRAY(ctl->arena, lifts->count, struct slice);
    struct fault fault = {{0}};
    size_t count = 0;
    for (size_t i = 0; i < lifts->count; i++)
        if (!lifts->items[i].stands && !lifts->items[i].is_over)
            values[count++] = lifts->items[i].hold.release;
    struct dir_mod mod = {DIR_MOD_ADD, ATTR_RELEASE, values, count};
    enum rc rc = look_write(ctl, &(struct dir_change){DIR_MODIFY, policy->dn, &mod, 1}, &fault);
    if (rc == RC_OK)
        return CTL_OK;
    ctl_tell(ctl, "%s", rc == RC_CONFLICT ? "somebody else has just released it" : fault.text);
    return CTL_INCOMPLETE;
}

static int release_held(struct ctl *ctl, const struct entry *policy, const lift_list *lifts)
{
    int code = CTL_OK;
    size_t open = count_open(lifts);
    if (!ctl->json) {
        struct table t = tabulate(ctl, lifts, "not released");
        table_print(ctl, &t, NULL);
        fflush(ctl->out);
    }
    if (open && ((code = ask(ctl, policy, lifts)) != CTL_OK || (code = write_releases(ctl, policy, lifts)) != CTL_OK))
        return code;
    if (ctl->json) {
        struct table t = tabulate(ctl, lifts, "written");
        table_print(ctl, &t, NULL);
    } else {
        fputs(open ? "Written; the next pass goes on.\n" : "Nothing was written.\n", ctl->out);
    }
    return CTL_OK;
}

static int run_release(struct ctl *ctl, int argc, char **argv)
{
    struct entry policy = {0};
    lift_list lifts = {0};
    if (argc != 1)
        return ctl_usage(ctl, "release: expected one policy, by its cn or its DN");
    int code = find_policy(ctl, argv[0], &policy);
    if (code == CTL_OK)
        code = find_holds(ctl, &policy, &lifts);
    if (code != CTL_OK)
        return code;
    if (lifts.count)
        return release_held(ctl, &policy, &lifts);
    fputs(ctl->json ? "[]\n" : "Nothing of that policy is held.\n", ctl->out);
    return CTL_OK;
}

static const struct ctl_option options[] = {
    {"yes", 0, NULL, "do not ask"},
    {NULL, 0, NULL, NULL},
};

const struct ctl_command command_release = {
    .name = "release",
    .arguments = "POLICY [--yes]",
    .does = "Shows what holds a policy, asks, and writes the dircertRelease that lifts it",
    .help =
        "POLICY is its cn or its DN. Find out first why it is held: a release holds for this content of the policy,\n"
        "up to this count, until this time.\n",
    .directory = CTL_NEEDS_DIRECTORY,
    .options = options,
    .run = run_release,
};
