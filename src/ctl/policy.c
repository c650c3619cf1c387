/* SPDX-License-Identifier: Apache-2.0 */
/* policy: what is wrong with a policy before it is stored, and one to begin with. */
#include "base/dn.h"
#include "core/schema.h"
#include "ctl/commands.h"
#include "ctl/draft.h"
#include "ctl/look.h"
#include "ctl/template.h"

static void print_notes(struct drafts *d)
{
    struct json j = json_open(d->ctl->out);
    draft_sort_notes(d);
    if (!d->ctl->json) {
        draft_print_notes(d, d->ctl->out);
        return;
    }
    json_array(&j, NULL);
    for (size_t i = 0; i < d->notes.count; i++)
        draft_write_note(&j, &d->notes.items[i]);
    json_array_end(&j);
    json_close(&j);
}

/* Policies beside each other. */

static bool may_overlap(const struct policy *a, const struct policy *b)
{
    for (size_t i = 0; i < a->target_count; i++)
        for (size_t k = 0; k < b->target_count; k++)
            if (dn_may_be_within(a->targets[i].base, b->targets[k].base) ||
                dn_may_be_within(b->targets[k].base, a->targets[i].base))
                return true;
    return false;
}

static void compare(struct drafts *d, const struct draft *one, const struct draft *other)
{
    const struct policy *a = one->policy, *b = other->policy;
    d->file = one->file;
    d->file_number = one->file_number;
    if (other->file && slice_eq_nocase(a->dn, b->dn))
        draft_complain(
            d, one->record, false, "dn", a->dn,
            arena_format(d->ctl->arena, "the same entry stands in %s, line %u", other->file, other->record->line));
    else if (!a->target_unknown && !b->target_unknown && a->precedence == b->precedence && may_overlap(a, b))
        draft_complain(d, one->record, true, ATTR_PRECEDENCE, arena_format(d->ctl->arena, "%u", a->precedence),
                       arena_format(d->ctl->arena,
                                    "the same as that of %.*s (%s): an entry that both govern is left alone by both",
                                    SLICE_ARGS(b->dn), other->file ? other->file : "stored"));
}

static bool is_replaced(const struct drafts *d, size_t of_files, struct slice dn)
{
    for (size_t i = 0; i < of_files; i++)
        if (slice_eq_nocase(d->policies.items[i].policy->dn, dn))
            return true;
    return false;
}

static void add_stored(struct drafts *d, size_t of_files)
{
    struct dir_search search = {.base = look_child(d->ctl, "ou=policies"),
                                .scope = DIR_ONE,
                                .filter = SLICE_LITERAL("(objectClass=" CLASS_POLICY ")")};
    struct fault fault = {{0}};
    entry_list list;
    if (look_search(d->ctl, &search, &list, &fault) != RC_OK) {
        d->unread = true;
        look_failed(d->ctl, "read the stored policies", &fault);
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        problem_list ignored = {0}; /* they are told where stored policies are judged */
        if (!is_replaced(d, of_files, list.items[i].dn))
            *LIST_ADD(d->ctl->arena, &d->policies) =
                (struct draft){policy_compile(d->ctl->arena, &list.items[i], draft_knows, d, &ignored), NULL, 0, NULL};
    }
}

static void check_together(struct drafts *d)
{
    size_t of_files = d->policies.count;
    if (d->ctl->dir && d->ctl->base.n && of_files)
        add_stored(d, of_files);
    for (size_t i = 0; i < of_files; i++) {
        for (size_t k = 0; k < i; k++)
            compare(d, &d->policies.items[i], &d->policies.items[k]);
        for (size_t k = of_files; k < d->policies.count; k++)
            compare(d, &d->policies.items[i], &d->policies.items[k]);
    }
}

/* What the exit code does not say, on standard error. */
static void tell_limits(const struct drafts *d, size_t of_files)
{
    if (d->skipped)
        ctl_tell(d->ctl, "%zu entries are no policies and were passed over", d->skipped);
    if (!d->ctl->dir && of_files)
        ctl_tell(d->ctl, "no directory was asked (-H or -c): whether it knows the attributes that filters name, and "
                         "what other policies are stored, was not looked up");
}

static int check(struct ctl *ctl, int argc, char **argv)
{
    struct drafts d = {.ctl = ctl};
    if (argc == 0)
        return ctl_usage(ctl, "policy check: expected a file of LDIF, or - for standard input");
    for (int i = 0; i < argc; i++) {
        d.file_number = (size_t)i;
        draft_read(&d, argv[i]);
    }
    size_t count = d.policies.count;
    check_together(&d);
    bool unread = d.unread || d.broken;
    print_notes(&d);
    tell_limits(&d, count);
    if (count == 0 && !d.problems && !unread) {
        ctl_tell(ctl, "there is no policy in it");
        return CTL_INCOMPLETE;
    }
    if (!ctl->json && !d.problems && !unread)
        fprintf(ctl->out, "%zu %s, no problems\n", count, count == 1 ? "policy" : "policies");
    return unread ? CTL_INCOMPLETE : d.problems ? CTL_FINDINGS : CTL_OK;
}

/* The template. */

/* It stands in a DN and in a line of LDIF as it is. */
static bool is_plain(struct slice cn)
{
    for (size_t i = 0; i < cn.n; i++) {
        uint8_t x = ascii_lower(cn.p[i]);
        if (!((x >= 'a' && x <= 'z') || (x >= '0' && x <= '9') || ((x == '-' || x == '_' || x == '.') && i)))
            return false;
    }
    return cn.n > 0;
}

static int print_template(struct ctl *ctl, int argc, char **argv)
{
    struct slice cn = slice_of(argc ? argv[0] : "servers");
    if (argc > 1)
        return ctl_usage(ctl, "unexpected argument \"%s\"; try --help", argv[1]);
    if (!is_plain(cn))
        return ctl_usage(ctl, "\"%s\": expected a cn of letters, digits, '-', '_' and '.'", argv[0]);
    struct slice base = ctl->base.n ? ctl->base : SLICE_LITERAL("ou=dircertd,dc=example,dc=com");
    struct slice text = template_text(ctl->arena, cn, base);
    fwrite(text.p, 1, text.n, ctl->out);
    return CTL_OK;
}

static int run_policy(struct ctl *ctl, int argc, char **argv)
{
    const char *base = ctl_option(ctl, "base"), *word = argc ? argv[0] : "";
    if (base && ctl->base.n == 0)
        ctl->base = slice_of(base);
    if (!dn_ok(ctl->base))
        return ctl_usage(ctl, "-b: \"%s\" is not a distinguished name", base);
    if (strcmp(word, "check") == 0)
        return check(ctl, argc - 1, argv + 1);
    if (strcmp(word, "template") == 0)
        return print_template(ctl, argc - 1, argv + 1);
    return ctl_usage(ctl, "policy: expected check FILE... or template [NAME]; try --help");
}

const struct ctl_command command_policy = {
    .name = "policy",
    .arguments = "check FILE...|template [NAME]",
    .does = "Tells what is wrong with a policy before it is stored, or prints one to begin with",
    .help =
        "check reads LDIF (- is standard input) and prints one line for each problem,\n"
        "\"<file>:<line>: <dn>: <attribute>: <value>: <reason>\".  With a directory (-H or -c) it also looks up the\n"
        "attributes that filters name, and compares with the policies that are stored.  Ends with 4 where there\n"
        "are problems, with 2 where something could not be read or judged; warnings change nothing.\n"
        "template prints LDIF with every attribute, its values and its default, in audit mode.\n",
    .directory = CTL_MAY_USE_DIRECTORY,
    .run = run_policy,
};
