/* SPDX-License-Identifier: Apache-2.0 */
/* report: how things stand, for people to look at. */
#include "base/wholefile.h"
#include "ctl/commands.h"
#include "ctl/judging.h"
#include "ctl/look.h"
#include "ctl/report_page.h"
#include "ctl/report_text.h"

#include <signal.h>
#include <sys/stat.h>

struct reading {
    struct report_data *data;
    struct arena scratch; /* dropped after each request */
};

static void forget_requests(void *context)
{
    const struct reading *r = context;
    memset(r->data->requests, 0, sizeof r->data->requests);
    r->data->oldest_open_utc = 0;
}

static void take_request(void *context, const struct entry *e)
{
    struct reading *r = context;
    problem_list problems = {0};
    struct request q = request_read(&r->scratch, e, &problems);
    report_data_request(r->data, &q);
    arena_free(&r->scratch);
}

static void read_requests(const struct ctl *ctl, struct report_data *d)
{
    struct reading r = {.data = d};
    const struct dir_search search = {.base = look_child(ctl, "ou=requests"),
                                      .scope = DIR_ONE,
                                      .filter = SLICE_LITERAL("(objectClass=dircertRequest)"),
                                      .attributes = request_attributes()};
    const struct dir_sink sink = {.restart = forget_requests, .entry = take_request, .context = &r};
    struct fault fault = {{0}};
    if (dir_search(ctl->dir, &search, &sink, &fault) == RC_OK)
        return;
    d->complete = false;
    report_data_note(d, arena_format(d->arena, "read the requests: %s", fault.text));
}

/* CTL_OK, also where not all could be read: then the data say so. */
static int gather(const struct ctl *ctl, struct report_data **out)
{
    struct second_reader *second = NULL;
    int code = judging_second(ctl, &second);
    if (code != CTL_OK)
        return code;
    struct inspect_settings settings = judging_settings(ctl, NULL);
    struct report_data *d = report_data_new(ctl->arena, settings.now_utc);
    struct inspect_sink sink = report_data_sink(d);
    d->base = ctl->base;
    d->server = slice_of(dir_capabilities(ctl->dir)->uri);
    d->who = slice_of(ctl->who);
    bool complete = inspect_run(ctl->dir, second, &settings, ctl->arena, &sink);
    second_close(second);
    read_requests(ctl, d);
    report_data_end(d, complete);
    *out = d;
    return CTL_OK;
}

static unsigned new_file_mode(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~(unsigned)mask;
}

static int write_page(const struct ctl *ctl, const char *path, const struct report_data *d)
{
    struct slice page = report_page_text(ctl->arena, d);
    struct fault fault = {{0}};
    if (strcmp(path, "-") == 0) {
        if (fwrite(page.p, 1, page.n, ctl->out) == page.n && fflush(ctl->out) == 0)
            return CTL_OK;
        ctl_tell(ctl, "standard output can't be written");
        return CTL_INCOMPLETE;
    }
    signal(SIGXFSZ, SIG_IGN); /* a limit is told as what it is */
    if (wholefile_write(path, page, new_file_mode(), &fault) != RC_OK) {
        ctl_tell(ctl, "%s", fault.text);
        return CTL_INCOMPLETE;
    }
    fprintf(ctl->out, "%s: written, %zu entries with findings\n", path, d->entries_with_findings);
    return CTL_OK;
}

static int print_report(struct ctl *ctl, int argc, char **argv)
{
    const char *path = ctl_option(ctl, "html");
    struct report_data *d = NULL;
    if (argc)
        return ctl_usage(ctl, "unexpected argument \"%s\"; try --help", argv[0]);
    if (path && ctl->json)
        return ctl_usage(ctl, "--html and --json: one of them at a time");
    int code = gather(ctl, &d);
    if (code != CTL_OK)
        return code;
    if (path)
        code = write_page(ctl, path, d);
    else if (ctl->json)
        report_text_json(ctl, d);
    else
        report_text_print(ctl, d);
    if (!d->complete)
        ctl_tell(ctl, "not everything was read; the report says what is missing");
    return d->complete ? code : CTL_INCOMPLETE;
}

static const struct ctl_option options[] = {
    {"html", 0, "FILE", "write one HTML page to FILE, \"-\" for standard output"},
    {NULL, 0, NULL, NULL},
};

const struct ctl_command command_report = {
    .name = "report",
    .arguments = "[--html FILE]",
    .does = "Shows how things stand: compliance, expiry, requests, issuers, keys, the worst entries",
    .help =
        "Reads what you may read, judges it as the daemon would at this moment, and writes nothing to the directory.\n"
        "Without --html it prints tables.  The page of --html needs nothing but itself: it can be mailed, or put on a\n"
        "web server.  It names entries and certificates of the directory, so mind who may see it.  An existing FILE "
        "is\n"
        "replaced as a whole, or stays as it was.  Ends with 2 where not everything was read, or FILE can't be "
        "written.\n",
    .directory = CTL_NEEDS_DIRECTORY,
    .options = options,
    .run = print_report,
};
