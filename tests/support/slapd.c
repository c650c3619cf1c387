/* SPDX-License-Identifier: Apache-2.0 */
#include "support/slapd.h"

#include "support/command.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_TRIES = 3, START_SLICES = 1000, CLIENT_S = 30, STOP_SLICES = 500, SLICE_NS = 10000000, WORDS = 64 };

struct slapd {
    char folder[128], socket[160], uri[320], tcp[64], ldaps[64], peer[128];
    bool has_tcp, has_tls;
    pid_t pid; /* 0: not running */
};

static const char *const schema_files[] = {"core", "cosine", "inetorgperson"};

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = SLICE_NS}, NULL);
}

static void write_schema_lines(FILE *f, enum slapd_schema schema)
{
    static const char *const ours[] = {"dnshostname", "dircertd"};
    static const bool wanted[][2] = {
        [SLAPD_SCHEMA_PROJECT] = {true, true},
        [SLAPD_SCHEMA_MSUSER] = {false, true},
        [SLAPD_SCHEMA_HOST] = {true, false},
        [SLAPD_SCHEMA_PLAIN] = {false, false},
    };
    for (size_t i = 0; i < sizeof schema_files / sizeof *schema_files; i++)
        fprintf(f, "include /etc/ldap/schema/%s.schema\n", schema_files[i]);
    if (schema == SLAPD_SCHEMA_MSUSER)
        fprintf(f, "include /etc/ldap/schema/nis.schema\ninclude /etc/ldap/schema/msuser.schema\n");
    for (size_t i = 0; i < 2; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/schema/%s.schema", SOURCE_DIR, ours[i]);
        if (wanted[schema][i] && access(path, R_OK) == 0)
            fprintf(f, "include \"%s\"\n", path);
    }
}

static void write_tls(FILE *f, const struct slapd_tls *tls)
{
    fprintf(f, "TLSCACertificateFile %s\nTLSCertificateFile %s\nTLSCertificateKeyFile %s\nTLSVerifyClient %s\n",
            tls->ca_file, tls->cert_file, tls->key_file, tls->verify_client ? tls->verify_client : "never");
}

static void write_databases(FILE *f, const struct slapd *s, const struct slapd_options *o)
{
    fprintf(f, "database config\nrootdn cn=config\nrootpw %s\n", SLAPD_PASSWORD);
    if (o->accesslog)
        fprintf(f,
                "database mdb\nsuffix cn=accesslog\ndirectory %s/accesslog\nmaxsize 1073741824\ndbnosync\n"
                "rootdn \"%s\"\nindex reqStart eq\n",
                s->folder, SLAPD_ADMIN);
    fprintf(f,
            "database mdb\nsuffix \"%s\"\ndirectory %s/data\nmaxsize 1073741824\ndbnosync\nrootdn \"%s\"\nrootpw %s\n%s",
            SLAPD_SUFFIX, s->folder, SLAPD_ADMIN, SLAPD_PASSWORD,
            o->no_index ? "" : "index objectClass,entryUUID,entryCSN,cn eq\n");
    fprintf(f, "%s\n", o->database ? o->database : "");
    if (o->syncprov)
        fprintf(f, "overlay syncprov\nsyncprov-sessionlog 1000\n");
    if (o->accesslog)
        fprintf(f, "overlay accesslog\nlogdb cn=accesslog\nlogops writes\nlogsuccess TRUE\n");
}

static bool write_configuration(const struct slapd *s, const struct slapd_options *o)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/slapd.conf", s->folder);
    FILE *f = fopen(path, "w");
    if (!f)
        return false;
    write_schema_lines(f, o->schema);
    fprintf(f, "modulepath /usr/lib/ldap\nmoduleload back_mdb\nmoduleload syncprov\nmoduleload accesslog\n");
    fprintf(f, "pidfile %s/slapd.pid\nargsfile %s/slapd.args\n%s\n", s->folder, s->folder, o->global ? o->global : "");
    if (o->tls)
        write_tls(f, o->tls);
    write_databases(f, s, o);
    return fclose(f) == 0;
}

static bool make_folder(struct slapd *s)
{
    const char *below = getenv("TMPDIR");
    snprintf(s->folder, sizeof s->folder, "%s/dcd-slapd-XXXXXX", below && *below ? below : "/tmp");
    if (!mkdtemp(s->folder))
        return false;
    static const char *const parts[] = {"data", "accesslog"};
    for (size_t i = 0; i < 2; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", s->folder, parts[i]);
        if (mkdir(path, 0700) != 0)
            return false;
    }
    return true;
}

static void name_socket(struct slapd *s)
{
    snprintf(s->socket, sizeof s->socket, "%s/ldapi", s->folder);
    size_t at = (size_t)snprintf(s->uri, sizeof s->uri, "ldapi://");
    for (const char *c = s->socket; *c && at + 4 < sizeof s->uri; c++)
        at += (size_t)snprintf(s->uri + at, sizeof s->uri - at, *c == '/' ? "%%2F" : "%c", *c);
    snprintf(s->peer, sizeof s->peer, "gidNumber=%u+uidNumber=%u,cn=peercred,cn=external,cn=auth", (unsigned)getegid(),
             (unsigned)geteuid());
}

/* Somebody may take the port before slapd does: then the start is tried again with another one. */
static bool choose_port(char uri[64], const char *scheme)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof a) == 0 &&
              getsockname(fd, (struct sockaddr *)&a, &n) == 0;
    if (fd >= 0)
        close(fd);
    snprintf(uri, 64, "%s://127.0.0.1:%u", scheme, (unsigned)ntohs(a.sin_port));
    return ok;
}

_Noreturn static void server(const struct slapd *s, pid_t parent)
{
    char configuration[PATH_MAX], log[PATH_MAX], listen_on[512];
    snprintf(configuration, sizeof configuration, "%s/slapd.conf", s->folder);
    snprintf(log, sizeof log, "%s/slapd.log", s->folder);
    snprintf(listen_on, sizeof listen_on, "%s %s %s", s->uri, s->has_tcp ? s->tcp : "", s->has_tls ? s->ldaps : "");
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    close_range(3, ~0U, 0);
    execl("/usr/sbin/slapd", "slapd", "-f", configuration, "-h", listen_on, "-d", "stats", (char *)NULL);
    _exit(127);
}

static bool has_ended(struct slapd *s)
{
    if (s->pid && waitpid(s->pid, NULL, WNOHANG) == s->pid)
        s->pid = 0;
    return s->pid == 0;
}

static bool answers(struct slapd *s)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%.*s", (int)sizeof a.sun_path - 1, s->socket);
    for (int i = 0; i < START_SLICES && !has_ended(s); i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool up = connect(fd, (const struct sockaddr *)&a, sizeof a) == 0;
        close(fd);
        int result = -1;
        if (up)
            free(slapd_search(s, NULL, "", "base", "(objectClass=*)", "1.1", &result));
        if (result == 0)
            return !has_ended(s);
        rest();
    }
    return false;
}

static bool launch(struct slapd *s)
{
    pid_t parent = getpid();
    unlink(s->socket);
    fflush(NULL);
    s->pid = fork();
    if (s->pid == 0)
        server(s, parent);
    if (s->pid < 0)
        s->pid = 0;
    if (answers(s))
        return true;
    slapd_kill(s);
    return false;
}

static void complain(const struct slapd *s)
{
    char *log = slapd_log(s);
    size_t n = strlen(log);
    fprintf(stderr, "slapd did not start; its last words:\n%s\n", log + (n > 2000 ? n - 2000 : 0));
    free(log);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/slapd.conf", s->folder);
    const char *const argv[] = {"slaptest", "-u", "-f", path, NULL};
    struct command_result r = command_run(argv, NULL, NULL, CLIENT_S);
    fprintf(stderr, "slaptest on its configuration: %d\n%s%s\n", r.status, r.output, r.errors);
    command_free(&r);
}

static bool start(struct slapd *s, const struct slapd_options *o)
{
    if (!make_folder(s))
        return false;
    name_socket(s);
    if (strlen(s->socket) >= sizeof((struct sockaddr_un){0}).sun_path || !write_configuration(s, o))
        return false;
    for (int i = 0; i < START_TRIES; i++) {
        if ((s->has_tcp && !choose_port(s->tcp, "ldap")) || (s->has_tls && !choose_port(s->ldaps, "ldaps")))
            return false;
        if (launch(s))
            return slapd_add_ldif(s, "dn: " SLAPD_SUFFIX "\nobjectClass: dcObject\nobjectClass: organization\n"
                                     "dc: example\no: Example\n") == 0;
        if (!s->has_tcp)
            break;
    }
    complain(s);
    return false;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

/* The tools' arguments that say where the server is and who asks; returns how many. */
static size_t client_arguments(const struct slapd *s, const struct slapd_identity *who, const char *argv[])
{
    static const struct slapd_identity admin = {.dn = SLAPD_ADMIN, .password = SLAPD_PASSWORD};
    size_t n = 0;
    if (!who)
        who = &admin;
    argv[n++] = "-H";
    argv[n++] = s->uri;
    if (who->external) {
        argv[n++] = "-Q";
        argv[n++] = "-Y";
        argv[n++] = "EXTERNAL";
        return n;
    }
    argv[n++] = "-x";
    if (who->dn) {
        argv[n++] = "-D";
        argv[n++] = who->dn;
        argv[n++] = "-w";
        argv[n++] = who->password;
    }
    return n;
}

static const char *const client_environment[] = {"LDAPNOINIT=1", "LC_ALL=C", NULL};

static int change(const struct slapd *s, const struct slapd_identity *who, bool add, bool loud, const char *ldif)
{
    const char *argv[WORDS] = {"ldapmodify"};
    size_t n = 1;
    if (add)
        argv[n++] = "-a";
    client_arguments(s, who, argv + n);
    struct command_result r = command_run(argv, client_environment, ldif, CLIENT_S);
    int status = r.status;
    if (status && loud)
        fprintf(stderr, "ldapmodify: %d\n%s%s", status, r.output, r.errors);
    command_free(&r);
    return status;
}

struct slapd *slapd_start(const struct slapd_options *options)
{
    static const struct slapd_options usual = {0};
    struct slapd *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    const struct slapd_options *o = options ? options : &usual;
    s->has_tcp = o->tcp;
    s->has_tls = o->tcp && o->tls;
    if (start(s, o))
        return s;
    slapd_stop(s);
    return NULL;
}

void slapd_stop(struct slapd *s)
{
    if (!s)
        return;
    slapd_kill(s);
    if (s->folder[0])
        nftw(s->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(s);
}

bool slapd_available(void)
{
    return access("/usr/sbin/slapd", X_OK) == 0 && access("/usr/bin/ldapmodify", X_OK) == 0;
}

const char *slapd_ldapi_uri(const struct slapd *s)
{
    return s->uri;
}

const char *slapd_tcp_uri(const struct slapd *s)
{
    return s->has_tcp ? s->tcp : NULL;
}

const char *slapd_tls_uri(const struct slapd *s)
{
    return s->has_tls ? s->ldaps : NULL;
}

const char *slapd_folder(const struct slapd *s)
{
    return s->folder;
}

const char *slapd_peer_dn(const struct slapd *s)
{
    return s->peer;
}

pid_t slapd_pid(const struct slapd *s)
{
    return s->pid;
}

char *slapd_log(const struct slapd *s)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/slapd.log", s->folder);
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    if (!f || getdelim(&text, &room, '\0', f) < 0) {
        free(text);
        text = strdup("");
    }
    if (f)
        fclose(f);
    return text;
}

int slapd_add_ldif(const struct slapd *s, const char *ldif)
{
    return change(s, NULL, true, true, ldif);
}

int slapd_modify_ldif(const struct slapd *s, const char *ldif)
{
    return change(s, NULL, false, true, ldif);
}

int slapd_try_ldif(const struct slapd *s, const struct slapd_identity *who, const char *ldif)
{
    return change(s, who, false, false, ldif);
}

char *slapd_search(const struct slapd *s, const struct slapd_identity *who, const char *base, const char *scope,
                   const char *filter, const char *attributes, int *result)
{
    const char *argv[WORDS] = {"ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", base, "-s", scope};
    size_t n = 8;
    char words[1024], *rest_of_words = NULL;
    n += client_arguments(s, who, argv + n);
    argv[n++] = filter;
    snprintf(words, sizeof words, "%s", attributes ? attributes : "*");
    for (char *w = strtok_r(words, " ", &rest_of_words); w && n < WORDS - 1; w = strtok_r(NULL, " ", &rest_of_words))
        argv[n++] = w;
    struct command_result r = command_run(argv, client_environment, NULL, CLIENT_S);
    if (result)
        *result = r.status;
    char *text = r.output;
    r.output = NULL;
    command_free(&r);
    return text;
}

void slapd_pause(struct slapd *s)
{
    /* It goes on for a moment after kill(2) has returned. */
    if (s->pid && kill(s->pid, SIGSTOP) == 0)
        waitpid(s->pid, NULL, WUNTRACED);
}

void slapd_continue(struct slapd *s)
{
    if (s->pid)
        kill(s->pid, SIGCONT);
}

void slapd_kill(struct slapd *s)
{
    if (!s->pid)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

bool slapd_restart(struct slapd *s)
{
    if (s->pid) {
        kill(s->pid, SIGCONT);
        kill(s->pid, SIGTERM);
    }
    for (int i = 0; i < STOP_SLICES && !has_ended(s); i++)
        rest();
    slapd_kill(s);
    if (launch(s))
        return true;
    complain(s);
    return false;
}
