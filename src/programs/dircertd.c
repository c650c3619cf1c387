/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's command line, over run/pass. */
#include "conf/conf.h"
#include "run/pass.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_USAGE = 1 };

struct options {
    const char *conf_path;
    bool once, dry_run, check_config, foreground;
};

static const char usage[] =
    "usage: dircertd [-c FILE] [--once] [--dry-run] [--check-config] [--foreground] [--version] [--help]\n"
    "\n"
    "Keeps the certificates that an LDAP directory publishes in line with the policy in that directory.\n"
    "\n"
    "  -c FILE, --config FILE  the local configuration (default " CONF_DEFAULT_PATH ")\n"
    "      --once              one pass, then exit\n"
    "      --dry-run           one pass that writes nothing; prints the plan on standard output\n"
    "      --check-config      reads the configuration, says what is wrong with it, and exits\n"
    "      --foreground        stay in the foreground\n"
    "      --version           prints the version\n"
    "      --help              prints this\n"
    "\n"
    "Exit codes: 0 the pass was complete; 1 usage or configuration; 2 the pass was incomplete, or a policy is\n"
    "disabled; 3 a guard holds.  2 outranks 3.\n";

/* -1: go on; otherwise the exit code. */
static int read_options(int argc, char **argv, struct options *o)
{
    enum { ONCE = 256, DRY_RUN, CHECK_CONFIG, FOREGROUND, VERSION, HELP };
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"once", no_argument, NULL, ONCE},
                                          {"dry-run", no_argument, NULL, DRY_RUN},
                                          {"check-config", no_argument, NULL, CHECK_CONFIG},
                                          {"foreground", no_argument, NULL, FOREGROUND},
                                          {"version", no_argument, NULL, VERSION},
                                          {"help", no_argument, NULL, HELP},
                                          {NULL, 0, NULL, 0}};
    *o = (struct options){.conf_path = CONF_DEFAULT_PATH};
    for (int c; (c = getopt_long(argc, argv, "c:", longs, NULL)) != -1;)
        switch (c) {
        case 'c':
            o->conf_path = optarg;
            break;
        case ONCE:
            o->once = true;
            break;
        case DRY_RUN:
            o->dry_run = o->once = true;
            break;
        case CHECK_CONFIG:
            o->check_config = true;
            break;
        case FOREGROUND:
            o->foreground = true;
            break;
        case VERSION:
            puts("dircertd " DIRCERTD_VERSION);
            return EXIT_SUCCESS;
        case HELP:
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            fputs("dircertd: try --help\n", stderr);
            return EXIT_USAGE;
        }
    if (optind < argc) {
        fprintf(stderr, "dircertd: unexpected argument \"%s\"; try --help\n", argv[optind]);
        return EXIT_USAGE;
    }
    if (!o->once && !o->check_config) {
        fputs("dircertd: this version runs one pass at a time: use --once (or --dry-run), from a timer if need be\n",
              stderr);
        return EXIT_USAGE;
    }
    return -1;
}

static struct log *open_log(const struct conf *conf)
{
    struct log_settings settings = {
        .fd = STDERR_FILENO, .least = SEVERITY_INFO, .clock = log_system_clock, .instance = "default"};
    if (conf) {
        settings.format = conf->log.format == CONF_LOG_JSON ? LOG_JSON : LOG_LOGFMT;
        settings.least = (enum severity)conf->log.level;
        settings.instance = conf->instance;
    }
    return log_open(&settings);
}

static void report_conf_problems(const char *path, const struct conf_problems *problems)
{
    struct log *log = open_log(NULL);
    for (size_t i = 0; i < problems->count; i++) {
        const struct conf_problem *problem = &problems->items[i];
        LOG_EVENT(log, EVENT_CONFIG, log_text("file", path), log_uint("line", problem->at.line),
                  log_uint("column", problem->at.column), log_text("key", problem->key),
                  log_text("reason", problem->text));
    }
    log_close(log);
}

/* What the configuration may say and this version does not do yet: better refused than passed over. */
static const char *unsupported(const struct conf *conf)
{
    if (conf->log.target != CONF_LOG_STDERR)
        return "log.to: this version logs to stderr only";
    return NULL;
}

static enum rc open_directory(const struct conf *conf, struct dir **dir, struct fault *fault)
{
    const struct dir_settings settings = {.uris = conf->uris,
                                          .tls = {.start_tls = conf->tls.start_tls == CONF_START_TLS_REQUIRED,
                                                  .ca_file = conf->tls.ca_file,
                                                  .ca_directory = conf->tls.ca_directory,
                                                  .cert_file = conf->tls.cert_file,
                                                  .key_file = conf->tls.key_file},
                                          .bind = conf->bind.method == CONF_BIND_EXTERNAL ? DIR_BIND_EXTERNAL
                                                                                          : DIR_BIND_SIMPLE,
                                          .bind_dn = conf->bind.dn,
                                          .password_credential = conf->bind.password_credential,
                                          .password_file = conf->bind.password_file,
                                          .allow_plaintext = conf->allow_plaintext,
                                          .timeout_s = conf->timeout_s};
    return dir_open(&settings, dir, fault);
}

static void warn_of_plaintext(const struct conf *conf, const struct dir *dir, struct log *log)
{
    const struct dir_capabilities *c = dir_capabilities(dir);
    if (conf->bind.method == CONF_BIND_SIMPLE && !c->is_secure)
        LOG_EVENT(log, EVENT_INSECURE, log_text("uri", c->uri),
                  log_text("reason", "a simple bind over ldap:// without TLS"));
}

static struct slice suffixes_of(struct arena *a, const struct dir *dir)
{
    const struct dir_capabilities *c = dir_capabilities(dir);
    struct slice all = {NULL, 0};
    for (size_t i = 0; i < c->suffix_count; i++)
        all = arena_format(a, "%.*s%s%.*s", SLICE_ARGS(all), i ? " " : "", SLICE_ARGS(c->suffixes[i]));
    return all;
}

static int run_once(const struct conf *conf, struct log *log, bool dry_run)
{
    struct arena arena = {0};
    struct dir *dir = NULL;
    struct second_reader *second = NULL;
    struct fault fault = {{0}};
    struct slice plan;
    int code = PASS_INCOMPLETE;
    enum rc rc = open_directory(conf, &dir, &fault);
    if (rc != RC_OK) {
        LOG_EVENT(log, EVENT_FAULT, log_text("what", "reach the directory"), log_text("detail", fault.text));
        code = rc == RC_INVALID ? EXIT_USAGE : PASS_INCOMPLETE;
        goto out;
    }
    warn_of_plaintext(conf, dir, log);
    LOG_EVENT(log, EVENT_START, log_text("version", DIRCERTD_VERSION), log_text("mode", dry_run ? "dry-run" : "pass"),
              log_text("base", conf->base), log_text("server", dir_capabilities(dir)->kind),
              log_slice("suffixes", suffixes_of(&arena, dir)));
    if (second_open(&second, &fault) != RC_OK) {
        LOG_EVENT(log, EVENT_FAULT, log_text("what", "start the second reader"), log_text("detail", fault.text));
        goto out;
    }
    struct pass_settings settings = {.base = conf->base,
                                     .instance = conf->instance,
                                     .interval_s = conf->interval_s,
                                     .dry_run = dry_run,
                                     .clock = log_system_clock};
    code = (int)pass_run(dir, second, log, &settings, &arena, &plan);
    if (plan.n && (fwrite(plan.p, 1, plan.n, stdout) != plan.n || fflush(stdout) != 0)) {
        LOG_EVENT(log, EVENT_FAULT, log_text("what", "print the plan"),
                  log_text("detail", "standard output can't be written"));
        code = PASS_INCOMPLETE;
    }
out:
    second_close(second);
    dir_close(dir);
    arena_free(&arena);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;
    int code = read_options(argc, argv, &options);
    if (code >= 0)
        return code;
    struct arena arena = {0};
    struct conf conf;
    struct conf_problems problems = {0};
    if (conf_read(options.conf_path, &arena, &conf, &problems) != RC_OK) {
        report_conf_problems(options.conf_path, &problems);
        arena_free(&arena);
        return EXIT_USAGE;
    }
    struct log *log = open_log(&conf);
    const char *refused = unsupported(&conf);
    if (refused) {
        LOG_EVENT(log, EVENT_CONFIG, log_text("file", options.conf_path), log_text("reason", refused));
        code = EXIT_USAGE;
    } else {
        code = options.check_config ? EXIT_SUCCESS : run_once(&conf, log, options.dry_run);
    }
    log_close(log);
    arena_free(&arena);
    return code;
}
