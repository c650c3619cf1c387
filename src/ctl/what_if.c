/* SPDX-License-Identifier: Apache-2.0 */
/* what-if: what would become of the directory under other policies than those that are stored. */
#include "base/dn.h"
#include "base/escape.h"
#include "ctl/commands.h"
#include "ctl/draft.h"
#include "ctl/json.h"
#include "ctl/judging.h"
#include "ctl/look.h"
#include "run/events.h"
#include "run/whatif.h"

struct asking {
    struct judging judging; /* first: the callbacks of judging.h see it */
    struct drafts drafts;
    struct whatif result;
};

/* What is tried. */

static bool stands_below_policies(const struct asking *q, struct slice dn)
{
    if (slice_eq_nocase(dn_parent(dn), look_child(q->drafts.ctl, "ou=policies")))
        return true;
    struct slice shown = escape_rest(q->drafts.ctl->arena, dn, 512);
    ctl_tell(q->drafts.ctl, "%.*s: not directly below ou=policies,%.*s: the daemon would not read it there",
             SLICE_ARGS(shown), SLICE_ARGS(q->drafts.ctl->base));
    return false;
}

/* One entry can't be put in two ways, or be put and deleted. */
static bool is_first(const struct asking *q, size_t index, struct slice dn)
{
    const struct drafts *d = &q->drafts;
    bool first = true;
    for (size_t i = 0; i < index; i++)
        first &= !slice_eq_nocase(d->policies.items[i].policy->dn, dn);
    for (size_t i = 0; i < d->deleted.count; i++)
        first &= !slice_eq_nocase(d->deleted.items[i], dn);
    if (!first)
        ctl_tell(d->ctl, "%.*s: it stands in the drafts more than once", SLICE_ARGS(dn));
    return first;
}

static int read_drafts(struct asking *q, int argc, char **argv)
{
    struct drafts *d = &q->drafts;
    bool good = true;
    for (int i = 0; i < argc; i++) {
        d->file_number = (size_t)i;
        draft_read(d, argv[i]);
    }
    draft_sort_notes(d);
    draft_print_notes(d, d->ctl->error);
    if (d->unread)
        return CTL_INCOMPLETE;
    for (size_t i = 0; i < d->policies.count; i++) {
        struct slice dn = d->policies.items[i].policy->dn;
        good &= stands_below_policies(q, dn) && is_first(q, i, dn);
    }
    for (size_t i = 0; i < d->deleted.count; i++)
        good &= stands_below_policies(q, d->deleted.items[i]);
    if (d->problems || d->broken || !good)
        return ctl_usage(d->ctl, "what-if: drafts with problems are not tried");
    if (d->policies.count + d->deleted.count == 0)
        return ctl_usage(d->ctl, "what-if: there is no policy in it");
    return CTL_OK;
}

/* For people. */

static const char *sign_of(enum whatif_change c)
{
    return c == WHATIF_NEW ? "+" : c == WHATIF_GONE ? "-" : " ";
}

static size_t count_findings(const struct whatif *w, enum whatif_change change)
{
    size_t count = 0;
    for (size_t i = 0; i < w->findings.count; i++)
        count += w->findings.items[i].change == change;
    return count;
}

static size_t count_requests(const struct whatif *w, enum whatif_change change)
{
    size_t count = 0;
    for (size_t i = 0; i < w->requests.count; i++)
        count += w->requests.items[i].change == change;
    return count;
}

static void print_policies(const struct ctl *ctl, const struct whatif *w)
{
    fputs("Policies:\n", ctl->out);
    for (size_t i = 0; i < w->policies.count; i++) {
        const struct whatif_policy *p = &w->policies.items[i];
        struct slice dn = escape_rest(ctl->arena, p->dn, 512);
        fprintf(ctl->out, "  %-10s %.*s\n", p->change == WHATIF_GONE ? "deleted" : whatif_change_name(p->change),
                SLICE_ARGS(dn));
    }
}

static void print_findings(const struct ctl *ctl, const struct whatif *w)
{
    fprintf(ctl->out, "\nFindings: %zu new, %zu gone; %zu now, %zu then\n", count_findings(w, WHATIF_NEW),
            count_findings(w, WHATIF_GONE), w->findings_before, w->findings_after);
    for (size_t i = 0; i < w->findings.count; i++) {
        struct arena a = {0};
        const struct whatif_finding *f = &w->findings.items[i];
        struct slice dn = escape_rest(&a, f->dn, 512);
        fprintf(ctl->out, "  %s %s: %.*s: %s%s%.*s [%s]\n", sign_of(f->change), check_get(f->check)->name,
                SLICE_ARGS(dn), f->waiver.n ? "waived: " : "", f->undecided ? "undecided: " : "", SLICE_ARGS(f->detail),
                action_name(f->action));
        arena_free(&a);
    }
}

static void print_requests(const struct ctl *ctl, const struct whatif *w)
{
    fprintf(ctl->out, "\nRequests: %zu operations more, %zu fewer\n", count_requests(w, WHATIF_NEW),
            count_requests(w, WHATIF_GONE));
    for (size_t i = 0; i < w->requests.count; i++)
        fprintf(ctl->out, "  %s %.*s\n", sign_of(w->requests.items[i].change), SLICE_ARGS(w->requests.items[i].key));
}

static void print_holds(const struct ctl *ctl, const struct whatif *w)
{
    fprintf(ctl->out, "\nGuards:%s\n", w->holds.count ? "" : " none trips");
    for (size_t i = 0; i < w->holds.count; i++) {
        const struct hold *h = &w->holds.items[i].hold;
        struct slice dn = escape_rest(ctl->arena, h->policy->dn, 512);
        fprintf(ctl->out, "  %s %s: %.*s: count %zu, limit %zu: %.*s\n", sign_of(w->holds.items[i].change),
                guard_name(h->guard), SLICE_ARGS(dn), h->count, h->limit, SLICE_ARGS(h->message));
        if (w->holds.items[i].change != WHATIF_GONE && h->release.n)
            fprintf(ctl->out, "      dircertRelease: %.*s\n", SLICE_ARGS(h->release));
    }
}

/* For programs. */

static void write_policies(struct json *j, const struct whatif *w)
{
    json_array(j, "policies");
    for (size_t i = 0; i < w->policies.count; i++) {
        const struct whatif_policy *p = &w->policies.items[i];
        json_object(j, NULL);
        json_escaped(j, "dn", p->dn);
        json_text(j, "change", slice_of(p->change == WHATIF_GONE ? "deleted" : whatif_change_name(p->change)));
        json_text(j, "revision", p->revision);
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_finding(struct json *j, const struct whatif_finding *f)
{
    const struct check *check = check_get(f->check);
    json_object(j, NULL);
    json_escaped(j, "dn", f->dn);
    json_text(j, "check", slice_of(check->name));
    json_text(j, "severity", slice_of(severity_name(check->severity)));
    json_escaped(j, "policy", f->policy_dn);
    if (f->certificate.n)
        json_text(j, "certificate", f->certificate);
    else
        json_null(j, "certificate");
    json_text(j, "detail", f->detail);
    json_text(j, "action", slice_of(action_name(f->action)));
    json_bool(j, "undecided", f->undecided);
    if (f->waiver.n)
        json_escaped(j, "waiver", f->waiver);
    else
        json_null(j, "waiver");
    json_object_end(j);
}

static void write_findings(struct json *j, const char *key, const struct whatif *w, enum whatif_change change)
{
    json_array(j, key);
    for (size_t i = 0; i < w->findings.count; i++)
        if (w->findings.items[i].change == change)
            write_finding(j, &w->findings.items[i]);
    json_array_end(j);
}

static void write_requests(struct json *j, const char *key, const struct whatif *w, enum whatif_change change)
{
    json_array(j, key);
    for (size_t i = 0; i < w->requests.count; i++) {
        const struct whatif_request *q = &w->requests.items[i];
        if (q->change != change)
            continue;
        json_object(j, NULL);
        json_text(j, "verb", q->verb);
        json_text(j, "type", slice_of(request_type_name(q->type)));
        json_text(j, "id", q->id);
        json_text(j, "checks", q->checks);
        json_escaped(j, "dn", q->dn);
        json_bool(j, "held", q->held);
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_holds(struct json *j, const struct whatif *w)
{
    json_array(j, "guards");
    for (size_t i = 0; i < w->holds.count; i++) {
        const struct hold *h = &w->holds.items[i].hold;
        json_object(j, NULL);
        json_text(j, "change", slice_of(whatif_change_name(w->holds.items[i].change)));
        json_text(j, "guard", slice_of(guard_name(h->guard)));
        json_escaped(j, "policy", h->policy->dn);
        json_number(j, "count", h->count);
        json_number(j, "limit", h->limit);
        json_text(j, "release", h->release);
        json_text(j, "message", h->message);
        json_object_end(j);
    }
    json_array_end(j);
}

static void write_count(struct json *j, const char *key, size_t count, bool known)
{
    if (known)
        json_number(j, key, count);
    else
        json_null(j, key);
}

/* Of what was not read whole no difference is certain, so none is written. */
static void write_all(const struct ctl *ctl, const struct whatif *whole, bool complete)
{
    const struct whatif nothing = {.policies = whole->policies, .paused = whole->paused},
                        *w = complete ? whole : &nothing;
    struct json j = json_open(ctl->out);
    json_object(&j, NULL);
    json_bool(&j, "complete", complete);
    json_bool(&j, "paused", w->paused);
    write_policies(&j, w);
    json_object(&j, "findings");
    write_count(&j, "now", w->findings_before, complete);
    write_count(&j, "then", w->findings_after, complete);
    write_findings(&j, "new", w, WHATIF_NEW);
    write_findings(&j, "gone", w, WHATIF_GONE);
    json_object_end(&j);
    json_object(&j, "requests");
    write_requests(&j, "new", w, WHATIF_NEW);
    write_requests(&j, "gone", w, WHATIF_GONE);
    json_object_end(&j);
    write_holds(&j, w);
    json_object_end(&j);
    json_close(&j);
}

/* The command. */

static void take_policy(void *context, const struct inspect_policy *p)
{
    const struct asking *q = context;
    if (strcmp(p->result, "complete") != 0 && strcmp(p->result, "off") != 0)
        ctl_tell(q->judging.ctl, "policy %.*s is %s: what becomes of it is not known", SLICE_ARGS(p->policy->dn),
                 p->result);
}

static bool ask(struct asking *q, struct second_reader *second)
{
    struct ctl *ctl = q->drafts.ctl;
    struct inspect_sink sink = {
        .problem = judging_problem, .fault = judging_fault, .policy = take_policy, .context = q};
    const struct inspect_settings now = judging_settings(ctl, NULL);
    const struct policy **policies = ARENA_ARRAY(ctl->arena, q->drafts.policies.count, const struct policy *);
    for (size_t i = 0; i < q->drafts.policies.count; i++)
        policies[i] = q->drafts.policies.items[i].policy;
    const struct whatif_settings settings = {.base = now.base,
                                             .instance = ctl->instance,
                                             .interval_s = ctl->interval_s,
                                             .now_utc = now.now_utc,
                                             .drafts = policies,
                                             .draft_count = q->drafts.policies.count,
                                             .deleted = q->drafts.deleted.items,
                                             .deleted_count = q->drafts.deleted.count};
    return whatif_run(ctl->dir, second, &settings, ctl->arena, &sink, &q->result);
}

static void print_all(const struct ctl *ctl, const struct whatif *w)
{
    print_policies(ctl, w);
    print_findings(ctl, w);
    print_requests(ctl, w);
    print_holds(ctl, w);
    if (w->paused)
        fputs("\ndircertPause is TRUE: nothing of it would be written until that ends\n", ctl->out);
}

static int code_of(const struct whatif *w, bool complete)
{
    bool trips = false, differs = w->findings.count || w->requests.count;
    for (size_t i = 0; i < w->holds.count; i++) {
        trips |= w->holds.items[i].change != WHATIF_GONE;
        differs |= w->holds.items[i].change != WHATIF_SAME;
    }
    return !complete ? CTL_INCOMPLETE : trips ? CTL_HELD : differs ? CTL_FINDINGS : CTL_OK;
}

static int what_if(struct ctl *ctl, int argc, char **argv)
{
    struct asking q = {.judging = {.ctl = ctl}, .drafts = {.ctl = ctl, .takes_deletes = true}};
    struct second_reader *second = NULL;
    if (argc == 0)
        return ctl_usage(ctl, "what-if: expected a file of LDIF with policies, or - for standard input");
    int code = read_drafts(&q, argc, argv);
    if (code != CTL_OK || (code = judging_second(ctl, &second)) != CTL_OK)
        return code;
    bool complete = ask(&q, second) && !q.judging.faulted;
    second_close(second);
    if (ctl->json)
        write_all(ctl, &q.result, complete);
    else if (complete)
        print_all(ctl, &q.result);
    else
        ctl_tell(ctl, "not everything was read, so nothing can be said of what would change");
    return code_of(&q.result, complete);
}

const struct ctl_command command_what_if = {
    .name = "what-if",
    .arguments = "FILE...",
    .does = "Judges the directory under draft policies, and prints what would change",
    .help =
        "FILE is LDIF, - is standard input: an entry replaces the stored policy of its DN, or is a further one, and\n"
        "changetype: delete takes a stored one away.  Prints findings that are new (+) and gone (-), operations on\n"
        "requests that the next pass would carry out then and not now (+), and now and not then (-), as --dry-run\n"
        "prints them, and the guards that would trip.  Nothing is written.  Guards compare with the figures of the\n"
        "daemon's last complete pass.\n"
        "Ends with 4 where there is a difference, with 3 where a guard would trip, with 1 where the drafts have\n"
        "problems, with 2 where not everything was read: then no difference is printed.\n",
    .directory = CTL_NEEDS_DIRECTORY,
    .run = what_if,
};
