/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/ctl.h"

#include "base/escape.h"
#include "ctl/connect.h"
#include "ctl/options.h"

#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MOST = 4096 };

static const struct ctl_option everybody[] = {
    {"uri", 'H', "URI", "the directory server: ldapi://, ldaps:// or ldap://; several between blanks, tried in order"},
    {"bind-dn", 'D', "DN", "who you are, for a simple bind"},
    {"ask-password", 'W', NULL, "ask for the password on the terminal"},
    {"password-file", 'y', "FILE", "read the password from FILE, which nobody else may read"},
    {"password", 'w', "PASSWORD", "the password; others on this machine may see it"},
    {"mechanism", 'Y', "EXTERNAL", "bind by the socket's peer, or by --cert-file; without -D it is the default there"},
    {"simple", 'x', NULL, "simple bind; it is meant by -D anyway"},
    {"start-tls", 'Z', NULL, "ldap:// turns to TLS first, or nothing is sent; -ZZ is the same"},
    {"base", 'b', "DN", "the base of dircertd's tree: ou=dircertd,..."},
    {"config", 'c', "FILE", "take server, TLS and base from the daemon's configuration, but never its account"},
    {"ca-file", 0, "FILE", "authorities that may have issued the server's certificate, in PEM"},
    {"ca-directory", 0, "FOLDER", "the same, a folder of files named by their hash"},
    {"cert-file", 0, "FILE", "your certificate, for -Y EXTERNAL over TLS"},
    {"key-file", 0, "FILE", "its key"},
    {"allow-plaintext", 0, NULL, "let the password travel in the clear"},
    {"instance", 0, "NAME", "the daemon's instance (default: the configuration's, or \"default\")"},
    {"json", 0, NULL, "print JSON"},
    {"color", 0, "WHEN", "auto (on a terminal, unless NO_COLOR is set), always or never"},
    {"version", 0, NULL, "print the version"},
    {"help", 0, NULL, "print this, or the help of a command"},
    {NULL, 0, NULL, NULL},
};

/* Not told in the help: the shell's completion asks with it. */
static const struct ctl_option hidden[] = {{"complete", 0, NULL, ""}, {NULL, 0, NULL, NULL}};

const struct ctl_option *ctl_options(void)
{
    return everybody;
}

const char *ctl_option(const struct ctl *ctl, const char *name)
{
    return options_value(ctl->given, name);
}

const char *ctl_option_next(const struct ctl *ctl, const char *name, size_t *at)
{
    return options_next(ctl->given, name, at);
}

enum rc ctl_option_number(const struct ctl *ctl, const char *name, uint64_t least, uint64_t most, uint64_t fallback,
                          uint64_t *value)
{
    const char *given = ctl_option(ctl, name);
    *value = fallback;
    if (!given || (slice_to_uint(slice_of(given), most, value) && *value >= least))
        return RC_OK;
    ctl_tell(ctl, "--%s: expected a whole number from %ju to %ju, found \"%s\"", name, (uintmax_t)least,
             (uintmax_t)most, given);
    return RC_INVALID;
}

__attribute__((format(printf, 2, 0))) static void tell(const struct ctl *ctl, const char *format, va_list arguments)
{
    char line[LINE_MOST];
    uint8_t shown[LINE_MOST];
    vsnprintf(line, sizeof line, format, arguments);
    /* Not the backslash: faults come with their foreign parts escaped already. */
    fputs("dircertctl: ", ctl->error);
    struct slice rest = slice_of(line), part;
    for (bool more = false; slice_split(&rest, '\\', &part); more = true) {
        size_t n = escape_write(part, "", shown, sizeof shown);
        fprintf(ctl->error, "%s%.*s", more ? "\\" : "", (int)n, (const char *)shown);
    }
    fputc('\n', ctl->error);
}

void ctl_tell(const struct ctl *ctl, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(ctl, format, arguments);
    va_end(arguments);
}

int ctl_usage(const struct ctl *ctl, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    tell(ctl, format, arguments);
    va_end(arguments);
    return CTL_USAGE;
}

int64_t ctl_now_utc(void)
{
    return (int64_t)time(NULL);
}

/* Help. */

static const char exit_codes[] =
    "Exit codes: 0 done; 1 usage, configuration, or not confirmed; 2 the directory was not reached, or not all was\n"
    "read or written; 3 a guard holds, or would (status, what-if); 4 there are findings, problems or differences\n"
    "(findings, explain, lint, policy check, what-if).\n";

static void print_help(FILE *to)
{
    size_t count;
    const struct ctl_command *const *commands = ctl_commands(&count);
    fputs("usage: dircertctl [-H URI -D DN -W|-y FILE|-Y EXTERNAL | -c FILE] [OPTION...] COMMAND ...\n"
          "\n"
          "Shows and decides what dircertd does, as the person who runs it.\n"
          "\n",
          to);
    for (size_t i = 0; i < count; i++)
        fprintf(to, "  %-12s%s\n", commands[i]->name, commands[i]->does);
    fputs("\nOptions, before or behind the command:\n", to);
    options_print(everybody, to);
    fputs("\nWithout -H and -c, " DIRCERTD_SYSCONFDIR "/dircertd/dircertd.yaml is read where you may read it.\n"
          "`dircertctl COMMAND --help` tells more about a command.\n\n",
          to);
    fputs(exit_codes, to);
}

static void print_command_help(const struct ctl_command *command, FILE *to)
{
    fprintf(to, "usage: dircertctl [OPTION...] %s%s%s\n\n%s.\n", command->name, *command->arguments ? " " : "",
            command->arguments, command->does);
    if (command->help && *command->help)
        fprintf(to, "\n%s", command->help);
    if (command->options) {
        fputs("\nOptions:\n", to);
        options_print(command->options, to);
    }
    fputs("\n`dircertctl --help` tells the options that every command has.\n", to);
    fputs(exit_codes, to);
}

static void print_options_for_completion(const struct ctl_option *rows, FILE *to)
{
    for (; rows && rows->name; rows++)
        fprintf(to, "--%s\n", rows->name);
}

/* Without a command: their names; with one: the options that may follow. */
static int complete(const struct ctl *ctl, const char *name)
{
    size_t count;
    const struct ctl_command *const *commands = ctl_commands(&count);
    const struct ctl_command *command = name ? ctl_command_find(name) : NULL;
    for (size_t i = 0; !name && i < count; i++)
        fprintf(ctl->out, "%s\n", commands[i]->name);
    if (command)
        print_options_for_completion(command->options, ctl->out);
    if (name)
        print_options_for_completion(everybody, ctl->out);
    return CTL_OK;
}

/* Running. */

static int read_color(struct ctl *ctl)
{
    const char *when = ctl_option(ctl, "color"), *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    bool is_auto = !when || strcmp(when, "auto") == 0;
    if (!is_auto && strcmp(when, "always") != 0 && strcmp(when, "never") != 0)
        return ctl_usage(ctl, "--color: expected auto, always or never, found \"%s\"", when);
    if (is_auto)
        ctl->color = ctl->on_terminal && !(none && *none) && !(terminal && strcmp(terminal, "dumb") == 0);
    else
        ctl->color = strcmp(when, "always") == 0;
    ctl->color &= !ctl->json;
    return CTL_OK;
}

/* Whoever read has seen enough, as head does. */
static bool reader_is_gone(const struct ctl *ctl)
{
    struct pollfd out = {.fd = fileno(ctl->out)};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/* What was printed must have arrived. */
static int finish(const struct ctl *ctl, int code)
{
    if ((fflush(ctl->out) == 0 && !ferror(ctl->out)) || reader_is_gone(ctl))
        return code;
    ctl_tell(ctl, "standard output can't be written");
    return CTL_INCOMPLETE;
}

static int run_command(struct ctl *ctl, const struct ctl_command *command, int argc, char **argv)
{
    struct fault complaint = {{0}};
    int first, code;
    options_add(ctl->given, command->options);
    if (options_read(ctl->given, argc, argv, false, &first, &complaint) != RC_OK)
        return ctl_usage(ctl, "%s: %s", command->name, complaint.text);
    if (ctl_option(ctl, "help"))
        return print_command_help(command, ctl->out), CTL_OK;
    ctl->json = ctl_option(ctl, "json") != NULL;
    if ((code = read_color(ctl)) != CTL_OK)
        return code;
    code = connect_open(ctl, command->directory);
    if (code == CTL_OK)
        code = command->run(ctl, argc - first, argv + first);
    connect_close(ctl);
    return code;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct fault complaint = {{0}};
    int first;
    options_begin(ctl->given);
    options_add(ctl->given, hidden);
    options_add(ctl->given, everybody);
    if (options_read(ctl->given, argc, argv, true, &first, &complaint) != RC_OK)
        return ctl_usage(ctl, "%s", complaint.text);
    if (ctl_option(ctl, "complete"))
        return complete(ctl, first < argc ? argv[first] : NULL);
    if (ctl_option(ctl, "version"))
        return fputs("dircertctl " DIRCERTD_VERSION "\n", ctl->out), CTL_OK;
    if (first == argc && ctl_option(ctl, "help"))
        return print_help(ctl->out), CTL_OK;
    if (first == argc)
        return ctl_usage(ctl, "expected a command; try --help");
    const struct ctl_command *command = ctl_command_find(argv[first]);
    if (!command)
        return ctl_usage(ctl, "no such command: %s; try --help", argv[first]);
    return run_command(ctl, command, argc - first, argv + first);
}

int ctl_main(int argc, char **argv)
{
    struct arena arena = {0};
    struct ctl_given given;
    struct ctl ctl = {.arena = &arena,
                      .instance = "default",
                      .who = "",
                      .can_ask = isatty(STDIN_FILENO),
                      .on_terminal = isatty(STDOUT_FILENO),
                      .out = stdout,
                      .error = stderr,
                      .given = &given};
    int code = finish(&ctl, run(&ctl, argc, argv));
    arena_free(&arena);
    return code;
}
