/* SPDX-License-Identifier: Apache-2.0 */
/* checks, events, attributes: the tables that the program is made of. */
#include "core/policy.h"
#include "ctl/commands.h"
#include "ctl/draft.h"
#include "ctl/json.h"
#include "ctl/template.h"
#include "run/events.h"

/* One thing of a table: its name, and what is told about it. */
struct fact {
    const char *key, *text;
};

static int refuse_words(const struct ctl *ctl, int argc, char **argv)
{
    return argc ? ctl_usage(ctl, "unexpected argument \"%s\"; try --help", argv[0]) : CTL_OK;
}

static void print_item(const struct ctl *ctl, struct json *j, const char *name, const struct fact facts[], size_t count)
{
    if (!ctl->json) {
        fprintf(ctl->out, "%s\n", name);
        for (size_t i = 0; i < count; i++)
            fprintf(ctl->out, "  %-10s%s\n", facts[i].key, facts[i].text);
        return;
    }
    json_object(j, NULL);
    json_text(j, "name", slice_of(name));
    for (size_t i = 0; i < count; i++)
        json_text(j, facts[i].key, slice_of(facts[i].text));
    json_object_end(j);
}

static struct json begin(const struct ctl *ctl)
{
    struct json j = json_open(ctl->out);
    if (ctl->json)
        json_array(&j, NULL);
    return j;
}

static int end(const struct ctl *ctl, struct json *j)
{
    if (ctl->json) {
        json_array_end(j);
        json_close(j);
    }
    return CTL_OK;
}

/* Is it on where a policy does not say, and what do the attributes mean then that it reads? */
static const char *default_of(struct arena *a, const struct check *c, const struct policy *nothing_stated)
{
    struct slice rest = slice_of(c->policy_attributes), word, values = SLICE_LITERAL("");
    if (strcmp(c->policy_attributes, "-") == 0)
        return "always on";
    while (slice_word(&rest, &word)) {
        size_t count;
        const struct policy_attribute *rows = policy_attributes(&count);
        for (size_t i = 0; i < count; i++)
            if (slice_eq(word, slice_of(rows[i].name)) && rows[i].fallback)
                values = arena_format(a, "%.*s; %s: %s", SLICE_ARGS(values), rows[i].name, rows[i].fallback);
    }
    const char *on = c->is_on(nothing_stated) ? "on" : "off";
    return (const char *)arena_format(a, "%s%.*s", on, SLICE_ARGS(values)).p;
}

static const char *actions_of(const struct check *c)
{
    return c->reports_only ? "report" : c->may_revoke ? "report reissue revoke reissue-then-revoke" : "report reissue";
}

static int print_checks(struct ctl *ctl, int argc, char **argv)
{
    if (refuse_words(ctl, argc, argv) != CTL_OK)
        return CTL_USAGE;
    struct json j = begin(ctl);
    const struct policy *nothing_stated = draft_default(ctl->arena);
    for (unsigned id = 0; id < CHECK_COUNT; id++) {
        const struct check *c = check_get((enum check_id)id);
        const struct fact facts[] = {{"what", c->title},
                                     {"severity", severity_name(c->severity)},
                                     {"turned on", c->policy_attributes},
                                     {"default", default_of(ctl->arena, c, nothing_stated)},
                                     {"actions", actions_of(c)},
                                     {"citation", c->citation},
                                     {"fix", c->fix}};
        print_item(ctl, &j, c->name, facts, sizeof facts / sizeof *facts);
    }
    return end(ctl, &j);
}

static int print_events(struct ctl *ctl, int argc, char **argv)
{
    if (refuse_words(ctl, argc, argv) != CTL_OK)
        return CTL_USAGE;
    struct json j = begin(ctl);
    for (unsigned e = 0; e < EVENT_COUNT; e++) {
        const struct event_row *row = event_row((enum event)e);
        const struct fact facts[] = {{"severity", severity_name(row->severity)},
                                     {"fields", row->fields},
                                     {"meaning", row->meaning},
                                     {"advice", row->advice}};
        print_item(ctl, &j, row->name, facts, sizeof facts / sizeof *facts);
    }
    return end(ctl, &j);
}

static int print_attributes(struct ctl *ctl, int argc, char **argv)
{
    if (refuse_words(ctl, argc, argv) != CTL_OK)
        return CTL_USAGE;
    struct json j = begin(ctl);
    size_t count;
    const struct policy_attribute *rows = policy_attributes(&count);
    for (size_t i = 0; i < count; i++) {
        struct slice form = template_values(ctl->arena, &rows[i]);
        const struct fact facts[] = {{"default", rows[i].fallback ? rows[i].fallback : "-"},
                                     {"values", rows[i].multi ? "several" : "one"},
                                     {"form", (const char *)arena_copy(ctl->arena, form).p}};
        print_item(ctl, &j, rows[i].name, facts, sizeof facts / sizeof *facts);
    }
    return end(ctl, &j);
}

const struct ctl_command command_checks = {.name = "checks",
                                           .arguments = "",
                                           .does = "Prints what is checked, what turns it on, and what to do about it",
                                           .run = print_checks};
const struct ctl_command command_events = {
    .name = "events", .arguments = "", .does = "Prints the catalogue of events in the log", .run = print_events};
const struct ctl_command command_attributes = {.name = "attributes",
                                               .arguments = "",
                                               .does = "Prints the attributes of a policy with their defaults",
                                               .run = print_attributes};
