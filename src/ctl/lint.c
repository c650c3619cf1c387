/* SPDX-License-Identifier: Apache-2.0 */
/* lint: judges certificate files as the daemon judges entries, without a directory. */
#include "base/escape.h"
#include "core/schema.h"
#include "core/subject.h"
#include "ctl/certfile.h"
#include "ctl/commands.h"
#include "ctl/draft.h"
#include "ctl/json.h"
#include "ctl/judging.h"
#include "ctl/moment.h"
#include "run/events.h"
#include "x509/reader.h"

#include <errno.h>
#include <sys/stat.h>

enum { FILE_MOST = 64 << 20, READ_ROOM = 64 << 10, FILE_SHOWN = 4096 };

/* What only a directory, or the entry that holds the certificate, could tell. */
static const unsigned not_judged = CHECK_BIT(CHECK_CHAIN) | CHECK_BIT(CHECK_REVOKED) |
                                   CHECK_BIT(CHECK_SHARED_CERTIFICATE) | CHECK_BIT(CHECK_SHARED_KEY) |
                                   CHECK_BIT(CHECK_DUPLICATE_HOST_NAME) | CHECK_BIT(CHECK_DUPLICATE_VALUE) |
                                   CHECK_BIT(CHECK_TOO_MANY_VALUES) | CHECK_BIT(CHECK_MISSING);

struct linting {
    struct ctl *ctl;
    struct second_reader *second;
    struct policy policy;
    struct subject subject; /* whose policy that is, and the host names that were given */
    int64_t now_utc;
    struct json json;
    bool found, unread;
    struct slice file;    /* at hand, for people */
    const char *path;     /* the same as it was given */
    size_t number, count; /* of its certificates the one at hand, from 1, and how many there are */
};

/* Printing. */

struct line {
    const char *check, *severity, *citation, *fix;
    struct slice detail;
    bool undecided;
};

static void print_line(struct linting *l, struct arena *a, const struct line *line)
{
    struct slice which = l->count > 1 ? arena_format(a, "certificate %zu: ", l->number) : slice_of("");
    fprintf(l->ctl->out, "%.*s: %s: %.*s%s%.*s [%s]\n", SLICE_ARGS(l->file), line->check, SLICE_ARGS(which),
            line->undecided ? "undecided: " : "", SLICE_ARGS(line->detail), line->citation);
}

static void write_line(struct linting *l, const struct line *line)
{
    json_object(&l->json, NULL);
    json_text(&l->json, "file", slice_of(l->path));
    json_number(&l->json, "certificate", l->number);
    json_text(&l->json, "check", slice_of(line->check));
    json_text(&l->json, "severity", slice_of(line->severity));
    json_bool(&l->json, "undecided", line->undecided);
    json_text(&l->json, "detail", line->detail);
    json_text(&l->json, "citation", slice_of(line->citation));
    json_text(&l->json, "fix", slice_of(line->fix));
    json_object_end(&l->json);
}

static void tell(struct linting *l, struct arena *a, const struct line *line)
{
    l->found = true;
    if (l->ctl->json)
        write_line(l, line);
    else
        print_line(l, a, line);
}

static struct line line_of(enum check_id id, struct slice detail)
{
    const struct check *c = check_get(id);
    return (struct line){.check = c->name,
                         .severity = severity_name(c->severity),
                         .citation = c->citation,
                         .fix = c->fix,
                         .detail = detail};
}

/* Judging. */

/* Every finding on it is undecided then, and so it is where there is none. */
static void tell_disagreement(struct linting *l, struct arena *a, const struct certificate *c, const char *why)
{
    const struct digest d = digest_of(c->der);
    enum second_trouble trouble = second_trouble(l->second, &d);
    l->unread |= trouble == SECOND_BROKEN;
    const struct line line = {.check = "undecided",
                              .severity = severity_name(SEVERITY_WARNING),
                              .citation = "RFC 5280 section 4.1",
                              .fix = "look at the certificate with other tools too; nothing is ever done about it",
                              .detail = arena_format(a, "%s: %s",
                                                     trouble == SECOND_WELL
                                                         ? "the two readers disagree about this certificate"
                                                         : "this certificate was not read a second time",
                                                     why)};
    tell(l, a, &line);
}

static bool is_judged(const struct linting *l, const struct finding *f)
{
    bool lacks_host = l->subject.host_count == 0 && (f->check == CHECK_CN_MISMATCH || f->check == CHECK_SAN_MISMATCH);
    return !(CHECK_BIT(f->check) & not_judged) && !(lacks_host && f->undecided);
}

static void judge(struct linting *l, struct arena *a, const struct certfile_item *item)
{
    struct certificate c = {.der = item->der};
    char why[256] = "";
    if (item->broken) {
        struct line line = line_of(CHECK_MALFORMED, slice_of(item->broken));
        tell(l, a, &line);
        return;
    }
    facts_read(c.der, &c.facts);
    subject_judge_certificate(a, &l->subject, &c, l->now_utc);
    bool agrees = second_read(l->second, c.der, &c.facts, why, sizeof why) == SECOND_AGREES;
    for (size_t i = 0; i < c.finding_count; i++) {
        struct line line = line_of(c.findings[i].check, c.findings[i].detail);
        line.undecided = c.findings[i].undecided || (l->ctl->json && !agrees);
        if (is_judged(l, &c.findings[i]))
            tell(l, a, &line);
    }
    if (!agrees)
        tell_disagreement(l, a, &c, why);
}

/* Files. */

/* False: *why says why not. */
static bool load(struct arena *a, FILE *from, struct slice *octets, const char **why)
{
    struct stat st;
    bool regular = fstat(fileno(from), &st) == 0 && S_ISREG(st.st_mode);
    size_t room = regular && st.st_size < FILE_MOST ? (size_t)st.st_size + 1 : READ_ROOM, n = 0;
    uint8_t *p = arena_alloc(a, room);
    for (size_t got; n <= FILE_MOST && (got = fread(p + n, 1, room - n, from)) > 0;) {
        n += got;
        if (n < room)
            continue;
        room = 2 * room < FILE_MOST ? 2 * room : FILE_MOST + 1 + n / FILE_MOST;
        uint8_t *larger = arena_alloc(a, room);
        memcpy(larger, p, n);
        p = larger;
    }
    *octets = slice_make(p, n);
    *why = ferror(from)    ? strerror(errno)
           : n > FILE_MOST ? "more than 64 MiB: no file of certificates is that long"
                           : NULL;
    return *why == NULL;
}

static void lint_file(struct linting *l, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *from = standard ? stdin : fopen(path, "re");
    struct arena a = {0};
    struct slice octets;
    const char *why = from ? NULL : strerror(errno);
    l->path = path;
    l->file = escape_text(&a, slice_of(path), FILE_SHOWN);
    if (!from || !load(&a, from, &octets, &why)) {
        l->unread = true;
        ctl_tell(l->ctl, "%.*s: can't be read: %s", SLICE_ARGS(l->file), why);
    } else {
        certfile_list list = certfile_read(&a, octets);
        l->count = list.count;
        for (size_t i = 0; i < list.count; i++) {
            struct arena_mark mark = arena_mark(&a);
            l->number = i + 1;
            judge(l, &a, &list.items[i]);
            arena_reset(&a, mark);
        }
    }
    if (from && !standard)
        fclose(from);
    arena_free(&a);
}

/* What to judge by. */

/* CTL_OK, or the exit code after everything was told. */
static int read_policy(struct linting *l, struct drafts *d, const char *path)
{
    draft_read(d, path);
    draft_sort_notes(d);
    draft_print_notes(d, l->ctl->error);
    if (d->unread)
        return CTL_INCOMPLETE;
    if (d->problems || d->broken)
        return ctl_usage(l->ctl, "--policy %s: it is not judged by a policy with problems", path);
    if (d->policies.count != 1)
        return ctl_usage(l->ctl, "--policy %s: expected one policy, found %zu", path, d->policies.count);
    l->policy = *d->policies.items[0].policy;
    return CTL_OK;
}

static bool states(const struct drafts *d, const char *attribute)
{
    const struct ldif_record *r = d->policies.count ? d->policies.items[0].record : NULL;
    for (size_t i = 0; r && i < r->count; i++)
        if (slice_eq_nocase(r->values[i].attribute, slice_of(attribute)))
            return true;
    return false;
}

static void tell_invalid_host(const struct linting *l, const char *name)
{
    ctl_tell(l->ctl, "--host \"%s\": neither a DNS name nor an IP address: no certificate can carry it", name);
}

/* A host name asks for a comparison; how it is made is the policy's to say, where it says anything of it. */
static void read_hosts(struct linting *l, const struct drafts *d)
{
    LIST_OF(struct host) hosts = {0};
    size_t at = 0;
    for (const char *name; (name = ctl_option_next(l->ctl, "host", &at));) {
        *LIST_ADD(l->ctl->arena, &hosts) = host_compile(l->ctl->arena, slice_of(name));
        if (hosts.items[hosts.count - 1].kind == HOST_INVALID)
            tell_invalid_host(l, name);
    }
    l->subject.hosts = hosts.items;
    l->subject.host_count = hosts.count;
    if (hosts.count && !states(d, ATTR_NAME_MATCH))
        l->policy.name_match = MATCH_CN_OR_SAN;
    if (hosts.count && !states(d, ATTR_WILDCARD))
        l->policy.wildcard = l->policy.wildcard || !states(d, ATTR_NAME_MATCH);
    if (hosts.count == 0 && l->policy.name_match != MATCH_NONE)
        ctl_tell(l->ctl, "the policy compares names, and no --host was given: names are not judged");
    if (hosts.count && l->policy.name_match == MATCH_NONE)
        ctl_tell(l->ctl, "the policy has " ATTR_NAME_MATCH ": none: names are not judged");
}

/* A check that nothing turns on would be named to everybody, so it is not. */
static void tell_limits(const struct linting *l)
{
    struct slice names = SLICE_LITERAL("");
    for (unsigned id = 0; id < CHECK_COUNT; id++) {
        const struct check *c = check_get((enum check_id)id);
        if ((CHECK_BIT(id) & not_judged) && strcmp(c->policy_attributes, "-") != 0 && c->is_on(&l->policy))
            names = arena_format(l->ctl->arena, "%.*s%s%s", SLICE_ARGS(names), names.n ? ", " : "", c->name);
    }
    if (names.n)
        ctl_tell(l->ctl, "not judged, because it takes the directory: %.*s", SLICE_ARGS(names));
}

static int read_question(struct linting *l)
{
    const char *path = ctl_option(l->ctl, "policy"), *at = ctl_option(l->ctl, "at");
    struct drafts drafts = {.ctl = l->ctl};
    int code = CTL_OK;
    if (at && !moment_read(slice_of(at), &l->now_utc))
        return ctl_usage(l->ctl,
                         "--at \"%s\": expected a time, as 2026-01-31T23:59:59Z, 20260131235959Z, 2026-01-31 or "
                         "@SECONDS since 1970",
                         at);
    if (path)
        code = read_policy(l, &drafts, path);
    else
        l->policy = *draft_default(l->ctl->arena);
    if (code != CTL_OK)
        return code;
    l->policy.checks = 0; /* --host may turn some on */
    l->subject.policy = &l->policy;
    read_hosts(l, &drafts);
    tell_limits(l);
    return CTL_OK;
}

static int lint(struct ctl *ctl, int argc, char **argv)
{
    struct linting l = {.ctl = ctl, .now_utc = ctl_now_utc(), .json = json_open(ctl->out)};
    if (argc == 0)
        return ctl_usage(ctl, "lint: expected a file of certificates, or - for standard input");
    int code = read_question(&l);
    if (code != CTL_OK || (code = judging_second(ctl, &l.second)) != CTL_OK)
        return code;
    if (ctl->json)
        json_array(&l.json, NULL);
    for (int i = 0; i < argc; i++)
        lint_file(&l, argv[i]);
    if (ctl->json) {
        json_array_end(&l.json);
        json_close(&l.json);
    }
    second_close(l.second);
    return l.unread ? CTL_INCOMPLETE : l.found ? CTL_FINDINGS : CTL_OK;
}

static const struct ctl_option options[] = {
    {"policy", 'P', "FILE", "judge by this policy: LDIF with one dircertPolicy entry, whatever its mode"},
    {"host", 0, "NAME", "a host name or IP address that the certificate is for; may be given several times"},
    {"at", 0, "TIME", "judge as at that time: 2026-01-31T23:59:59Z, 20260131235959Z, 2026-01-31, or @SECONDS"},
    {NULL, 0, NULL, NULL},
};

const struct ctl_command command_lint = {
    .name = "lint",
    .arguments = "[--policy FILE] [--host NAME]... [--at TIME] FILE...",
    .does = "Judges certificate files as the daemon would, without a directory",
    .help =
        "A file is DER or PEM (- is standard input), may hold several certificates, and is at most 64 MiB long; text\n"
        "around PEM blocks and blocks of other kinds are passed over.  Prints one line for each finding,\n"
        "\"<file>: <check>: <detail> [<citation>]\"; where the file has several certificates the detail begins with\n"
        "which one.  Without --policy only what is always checked is checked.  Without dircertNameMatch, --host\n"
        "compares as cn-or-san does, wildcards allowed.  What only the directory knows (chain, CRL, other entries)\n"
        "is not judged, and named on standard error where the policy asks for it.  What the two readers disagree\n"
        "about is a line with the check \"undecided\".\n"
        "Ends with 4 where there are findings, with 2 where a file could not be read; the others are judged anyway.\n",
    .directory = CTL_WITHOUT_DIRECTORY,
    .options = options,
    .run = lint,
};
