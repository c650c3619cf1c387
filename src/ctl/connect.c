/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/connect.h"

#include "base/dn.h"
#include "conf/conf.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

enum { TIMEOUT_S = 10, INTERVAL_S = 300, PASSWORD_MOST = 1024, HOST_MOST = 256 };

struct connection {
    struct dir_settings settings;
    const char *uris[CONF_URIS_MAX + 1];
    char typed[PASSWORD_MOST];
    struct slice argument; /* our copy of the password that stood on the command line */
};

static bool given(const struct ctl *ctl, const char *name)
{
    return ctl_option(ctl, name) != NULL;
}

/* Where and what: the configuration first, then what was said here. */

/* A file that can't be read has no line, and a line that is no YAML no key. */
static void tell_problem(const struct ctl *ctl, const char *path, const struct conf_problem *problem)
{
    struct slice at = {NULL, 0}, key = {NULL, 0};
    if (problem->at.line)
        at = arena_format(ctl->arena, ":%u:%u", problem->at.line, problem->at.column);
    if (problem->key && *problem->key)
        key = arena_format(ctl->arena, "%s: ", problem->key);
    ctl_tell(ctl, "%s%.*s: %.*s%s", path, SLICE_ARGS(at), SLICE_ARGS(key), problem->text);
}

static int read_configuration(struct ctl *ctl, const char *path, struct connection *c)
{
    struct conf conf;
    struct conf_problems problems = {0};
    if (conf_read(path, ctl->arena, &conf, &problems) != RC_OK) {
        for (size_t i = 0; i < problems.count; i++)
            tell_problem(ctl, path, &problems.items[i]);
        return CTL_USAGE;
    }
    for (size_t i = 0; conf.uris[i] && i < CONF_URIS_MAX; i++)
        c->uris[i] = conf.uris[i];
    c->settings.tls = (struct dir_tls){.start_tls = conf.tls.start_tls == CONF_START_TLS_REQUIRED,
                                       .ca_file = conf.tls.ca_file,
                                       .ca_directory = conf.tls.ca_directory};
    c->settings.timeout_s = conf.timeout_s;
    ctl->base = slice_of(conf.base);
    ctl->instance = conf.instance;
    ctl->interval_s = conf.interval_s;
    return CTL_OK;
}

static int read_uris(struct ctl *ctl, struct connection *c)
{
    struct slice rest = slice_of(ctl_option(ctl, "uri")), word;
    size_t count = 0;
    memset(c->uris, 0, sizeof c->uris);
    while (slice_word(&rest, &word)) {
        if (count == CONF_URIS_MAX)
            return ctl_usage(ctl, "-H: more than %d servers", CONF_URIS_MAX);
        c->uris[count++] = (const char *)arena_copy(ctl->arena, word).p;
    }
    return count ? CTL_OK : ctl_usage(ctl, "-H: expected a URI");
}

static void read_tls(const struct ctl *ctl, struct dir_tls *tls)
{
    if (given(ctl, "start-tls"))
        tls->start_tls = true;
    if (given(ctl, "ca-file") || given(ctl, "ca-directory")) {
        tls->ca_file = ctl_option(ctl, "ca-file");
        tls->ca_directory = ctl_option(ctl, "ca-directory");
    }
    tls->cert_file = ctl_option(ctl, "cert-file");
    tls->key_file = ctl_option(ctl, "key-file");
}

static int read_place(struct ctl *ctl, enum ctl_directory directory, struct connection *c)
{
    const char *path = ctl_option(ctl, "config");
    int code = CTL_OK;
    c->settings.timeout_s = TIMEOUT_S;
    if (!path && !given(ctl, "uri") && access(CONF_DEFAULT_PATH, R_OK) == 0)
        path = CONF_DEFAULT_PATH;
    if (path)
        code = read_configuration(ctl, path, c);
    if (code == CTL_OK && given(ctl, "uri"))
        code = read_uris(ctl, c);
    if (code != CTL_OK)
        return code;
    read_tls(ctl, &c->settings.tls);
    if (given(ctl, "base"))
        ctl->base = slice_of(ctl_option(ctl, "base"));
    if (directory == CTL_NEEDS_DIRECTORY && !c->uris[0])
        return ctl_usage(ctl, "no directory is named: give -H URI and -b BASE, or -c FILE (" CONF_DEFAULT_PATH
                              " is not there, or not for you to read)");
    if (directory == CTL_NEEDS_DIRECTORY && ctl->base.n == 0)
        return ctl_usage(ctl, "the base is not known: give -b ou=dircertd,..., or -c FILE");
    if (!dn_ok(ctl->base))
        return ctl_usage(ctl, "-b: \"%.*s\" is not a distinguished name", SLICE_ARGS(ctl->base));
    return CTL_OK;
}

/* Who. */

static bool all_are(const struct connection *c, const char *scheme)
{
    for (size_t i = 0; c->uris[i]; i++)
        if (!slice_eq_nocase(slice_upto(slice_of(c->uris[i]), strlen(scheme)), slice_of(scheme)))
            return false;
    return true;
}

static int ask_password(struct ctl *ctl, struct connection *c)
{
    struct termios shown, silent;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || tcgetattr(fd, &shown) != 0) {
        if (fd >= 0)
            close(fd);
        return ctl_usage(ctl, "-W: there is no terminal to ask on; use -y FILE");
    }
    silent = shown;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &silent); /* before the prompt: nothing of the answer is shown or lost */
    dprintf(fd, "Password: ");
    ssize_t n = read(fd, c->typed, sizeof c->typed); /* a line, as the terminal gives it */
    tcsetattr(fd, TCSAFLUSH, &shown);
    dprintf(fd, "\n");
    close(fd);
    while (n > 0 && (c->typed[n - 1] == '\n' || c->typed[n - 1] == '\r'))
        n--;
    if (n <= 0)
        return ctl_usage(ctl, "-W: no password was given");
    c->settings.password = slice_make(c->typed, (size_t)n);
    return CTL_OK;
}

static int read_simple(struct ctl *ctl, struct connection *c)
{
    int ways = given(ctl, "ask-password") + given(ctl, "password-file") + given(ctl, "password");
    if (!given(ctl, "bind-dn"))
        return ctl_usage(ctl, "a password is of no use without -D DN");
    if (ways != 1)
        return ctl_usage(ctl, ways ? "give one of -W, -y and -w" : "-D needs the password: -W, -y FILE or -w PASSWORD");
    c->settings.bind = DIR_BIND_SIMPLE;
    c->settings.bind_dn = ctl->who = ctl_option(ctl, "bind-dn");
    c->settings.password_file = ctl_option(ctl, "password-file");
    c->settings.allow_plaintext = given(ctl, "allow-plaintext");
    if (given(ctl, "password") && *ctl_option(ctl, "password") == '\0')
        return ctl_usage(ctl, "-w: the password is empty; a bind without one would succeed as nobody");
    if (given(ctl, "password"))
        c->settings.password = c->argument = arena_copy(ctl->arena, slice_of(ctl_option(ctl, "password")));
    for (size_t i = 0; c->uris[i]; i++)
        if (slice_eq_nocase(slice_upto(slice_of(c->uris[i]), 7), SLICE_LITERAL("ldap://")) &&
            !c->settings.tls.start_tls && !c->settings.allow_plaintext)
            return ctl_usage(ctl,
                             "%s: the password would travel in the clear; use -Z, ldaps:// or ldapi://, or say "
                             "--allow-plaintext",
                             c->uris[i]);
    return given(ctl, "ask-password") ? ask_password(ctl, c) : CTL_OK;
}

/* The server knows us by the kernel or by our certificate; people know us by this. */
static const char *own_name(struct ctl *ctl)
{
    char host[HOST_MOST] = "?";
    const struct passwd *user = getpwuid(geteuid());
    gethostname(host, sizeof host - 1);
    if (user)
        return (const char *)arena_format(ctl->arena, "%s@%s (EXTERNAL)", user->pw_name, host).p;
    return (const char *)arena_format(ctl->arena, "uid %ju@%s (EXTERNAL)", (uintmax_t)geteuid(), host).p;
}

static int read_person(struct ctl *ctl, struct connection *c)
{
    const char *mechanism = ctl_option(ctl, "mechanism");
    if (mechanism && strcmp(mechanism, "EXTERNAL") != 0)
        return ctl_usage(ctl, "-Y %s: of SASL this version has EXTERNAL only; use it, or -D with -W or -y", mechanism);
    bool asks_simple = given(ctl, "bind-dn") || given(ctl, "ask-password") || given(ctl, "password-file") ||
                       given(ctl, "password") || given(ctl, "simple");
    if (mechanism && asks_simple)
        return ctl_usage(ctl, "-Y EXTERNAL goes without -x, -D and a password");
    if (asks_simple)
        return read_simple(ctl, c);
    if (!mechanism && !all_are(c, "ldapi://") && !given(ctl, "cert-file"))
        return ctl_usage(ctl, "who are you? Give -D DN with -W or -y FILE, or -Y EXTERNAL with --cert-file; nothing is "
                              "done as nobody");
    c->settings.bind = DIR_BIND_EXTERNAL;
    ctl->who = own_name(ctl);
    return CTL_OK;
}

static void wipe_argument(const struct ctl *ctl)
{
    const char *password = ctl_option(ctl, "password");
    if (password)
        explicit_bzero((char *)(uintptr_t)password, strlen(password)); /* where ps looks */
}

enum rc connect_again(struct ctl *ctl, struct fault *fault)
{
    dir_close(ctl->dir);
    ctl->dir = NULL;
    return dir_open(&ctl->connection->settings, &ctl->dir, fault);
}

void connect_close(struct ctl *ctl)
{
    struct connection *c = ctl->connection;
    dir_close(ctl->dir);
    ctl->dir = NULL;
    if (!c)
        return;
    explicit_bzero(c->typed, sizeof c->typed);
    if (c->argument.n)
        explicit_bzero((uint8_t *)(uintptr_t)c->argument.p, c->argument.n);
}

int connect_open(struct ctl *ctl, enum ctl_directory directory)
{
    struct connection *c = ctl->connection = ARENA_NEW(ctl->arena, struct connection);
    struct fault fault = {{0}};
    bool named = given(ctl, "uri") || given(ctl, "config");
    ctl->interval_s = INTERVAL_S;
    if (directory == CTL_WITHOUT_DIRECTORY || (directory == CTL_MAY_USE_DIRECTORY && !named))
        return CTL_OK;
    int code = read_place(ctl, directory, c);
    if (code == CTL_OK && given(ctl, "instance")) {
        ctl->instance = ctl_option(ctl, "instance");
        ctl->one_instance = true;
    }
    if (code == CTL_OK)
        code = read_person(ctl, c);
    if (code == CTL_OK) {
        c->settings.uris = c->uris;
        enum rc rc = connect_again(ctl, &fault);
        if (rc != RC_OK) {
            ctl_tell(ctl, "%s", fault.text);
            code = rc == RC_INVALID ? CTL_USAGE : CTL_INCOMPLETE;
        }
    }
    wipe_argument(ctl);
    return code;
}
