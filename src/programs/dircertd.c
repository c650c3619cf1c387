/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's command line. */
#include "base/nocore.h"
#include "base/standard.h"
#include "daemon/access.h"
#include "daemon/daemon.h"
#include "daemon/harden.h"
#include "daemon/identity.h"
#include "daemon/once.h"
#include "x509/cage.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_USAGE = 1 };

struct options {
    const char *conf_path;
    bool once, dry_run, check_config, foreground;
};

static const char usage[] = "usage: dircertd [-c FILE] [--once] [--dry-run] [--check-config] "
                            "[--foreground] [--version] [--help]\n"
                            "\n"
                            "Keeps the certificates that an LDAP directory publishes in line with the "
                            "policy in that directory.  Without\n"
                            "--once it is a daemon, in the background unless --foreground is given.\n"
                            "\n"
                            "  -c FILE, --config FILE  the local configuration "
                            "(default " CONF_DEFAULT_PATH ")\n"
                            "      --once              one pass, then exit\n"
                            "      --dry-run           one pass that writes nothing; prints the plan "
                            "on standard output\n"
                            "      --check-config      says what is wrong with the configuration; then "
                            "connects to each server, binds, and\n"
                            "                          prints what the account can and cannot read and write, "
                            "what is missing and what is\n"
                            "                          too much; nothing is changed in the directory\n"
                            "      --foreground        stay in the foreground\n"
                            "      --version           prints the version\n"
                            "      --help              prints this\n"
                            "\n"
                            "Signals: SIGTERM and SIGINT end the daemon, SIGHUP has it read its "
                            "configuration and open its log again, SIGUSR1\n"
                            "asks for a pass now.\n"
                            "\n"
                            "Exit codes: 0 the pass was complete, or the daemon was told to end (in "
                            "the background: it has begun); 1 usage or\n"
                            "configuration; 2 the pass was incomplete, a policy is disabled, or "
                            "another daemon is the active one; 3 a guard\n"
                            "holds.  2 outranks 3; 2 and 3 are of --once and --dry-run.  A daemon "
                            "whose fork server is gone ends with 2.\n"
                            "Of --check-config: 0 nothing is missing (what is too much is told and does not "
                            "change the code); 1 the configuration\n"
                            "is wrong, or a file that it names can't be written; 2 a server was not reached or "
                            "refused us, or a right is missing.\n";

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
    return -1;
}

/* Told on standard error, as everything that is wrong with the file. */
static int refuse(const struct options *o, const char *key, const struct fault *fault)
{
    const struct log_settings to_stderr = setup_log(NULL);
    struct log *log = log_open(&to_stderr);
    LOG_EVENT(log, EVENT_CONFIG, log_text("file", o->conf_path), log_text("key", key), log_escaped("reason", slice_of(fault->text)));
    log_close(log);
    return EXIT_USAGE;
}

static int check(const struct conf *conf, const char *conf_path, struct log *log)
{
    struct harden *harden = harden_begin(conf, log);
    int code = (int)access_check(conf, conf_path, log, stdout);
    harden_free(harden);
    return code;
}

static int run(const struct options *o, struct setup *setup)
{
    /* A check tells whoever asked; run by root it would make a log file that the daemon's user can't write. */
    const struct log_settings log_settings = setup_log(o->check_config ? NULL : &setup->conf);
    const struct daemon_settings daemon_settings = {.conf_path = o->conf_path, .foreground = o->foreground};
    struct log *log;
    struct fault fault = {{0}};
    /* Before anything else is opened, so that all is that user's, and what it may not use shows at once. */
    if (setup->conf.user && identity_take(setup->conf.user, &fault) != RC_OK)
        return refuse(o, "user", &fault);
    if (log_open_to(&log_settings, &log, &fault) != RC_OK)
        return refuse(o, "log.to", &fault);
    int code = o->check_config ? check(&setup->conf, o->conf_path, log)
               : o->once       ? once_run(&setup->conf, log, o->dry_run)
                               : daemon_run(&daemon_settings, setup, log);
    log_close(log);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;
    int code = read_options(argc, argv, &options);
    if (code >= 0)
        return code;
    standard_open();
    nocore_set();
    cage_start(NULL); /* before anything is read that a worker must not have */
    const struct log_settings early = setup_log(NULL);
    struct log *log = log_open(&early);
    struct setup setup;
    enum rc rc = setup_read(options.conf_path, log, &setup);
    log_close(log);
    code = rc == RC_OK ? run(&options, &setup) : EXIT_USAGE;
    setup_free(&setup);
    if (options.once || options.check_config || options.foreground)
        cage_stop(); /* otherwise the daemon in the background still has it, and this may be the process before it */
    return code;
}
