/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openldap.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Where slapd listens for ldapi:/// on Debian. */
#define DEFAULT_SOCKET "/var/run/slapd/ldapi"

enum { INCOMING_MAX = 64 * 1024 * 1024, BACKLOG_REST_MS = 20 };

static int ms_until(int64_t until_ms)
{
    int64_t left = until_ms - monotonic_ms();
    return left < 0 ? 0 : (int)(left > 3600000 ? 3600000 : left);
}

static bool goes_on(struct ldap_dir *d)
{
    struct fault ignored = {0};
    return ldap_goes_on(d, &ignored);
}

/* 0, or the errno. */
static int await_connection(struct ldap_dir *d, int fd, int64_t until_ms)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int error = 0;
    for (int left_ms, ready = 0; ready == 0;) {
        if (!goes_on(d))
            return ECANCELED;
        left_ms = ms_until(until_ms);
        ready = poll(&wait, 1, left_ms < LDAP_LOOK_MS ? left_ms : LDAP_LOOK_MS);
        if (ready == 0 && left_ms == 0)
            return ETIMEDOUT;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error}) != 0)
        return errno;
    return error;
}

/* 0, or the errno. */
static int connect_bounded(struct ldap_dir *d, int fd, const struct sockaddr *address, socklen_t size, int64_t until_ms)
{
    while (connect(fd, address, size) != 0) {
        if (errno == EISCONN)
            return 0;
        if (errno == EAGAIN && ms_until(until_ms) > 0) { /* a Unix socket whose backlog is full */
            if (!goes_on(d))
                return ECANCELED;
            poll(NULL, 0, BACKLOG_REST_MS);
            continue;
        }
        if (errno != EINPROGRESS && errno != EALREADY && errno != EINTR)
            return errno == EAGAIN ? ETIMEDOUT : errno;
        int error = await_connection(d, fd, until_ms);
        if (error)
            return error;
    }
    return 0;
}

static int open_socket(struct ldap_dir *d, const struct sockaddr *address, socklen_t size, int64_t until_ms, int *error)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 &&
        ldap_is_loopback(address)) /* see ldap_ahead_pace; the kernel takes its scale from it as it connects */
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){LDAP_WINDOW_OCTETS}, sizeof(int));
    *error = fd < 0 ? errno : connect_bounded(d, fd, address, size, until_ms);
    if (*error == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static int open_unix(struct ldap_dir *d, const char *path, int64_t until_ms, struct fault *fault)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int error = ENAMETOOLONG;
    if (strlen(path) < sizeof a.sun_path) {
        memcpy(a.sun_path, path, strlen(path));
        int fd = open_socket(d, (const struct sockaddr *)&a, sizeof a, until_ms, &error);
        if (fd >= 0)
            return fd;
    }
    fault_set(fault, RC_FAULT,
              "can't connect to the socket %.120s: %s; is the server running, and does it listen "
              "there?",
              path, strerror(error));
    return -1;
}

/* One address that drops packets must leave time for those behind it: each has an equal part of what is left. */
static int64_t share_until(const struct addrinfo *a, int64_t until_ms)
{
    int addresses = 0;
    for (const struct addrinfo *at = a; at; at = at->ai_next)
        addresses++;
    return monotonic_ms() + ms_until(until_ms) / addresses;
}

static int open_tcp(struct ldap_dir *d, const char *host, int port, int64_t until_ms, struct fault *fault)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char service[16];
    snprintf(service, sizeof service, "%d", port);
    int code = getaddrinfo(host, service, &hints, &list), error = 0, fd = -1;
    if (code != 0) {
        fault_set(fault, RC_FAULT, "can't find the address of %.120s: %s", host, gai_strerror(code));
        return -1;
    }
    for (const struct addrinfo *a = list; a && fd < 0 && goes_on(d); a = a->ai_next)
        fd = open_socket(d, a->ai_addr, a->ai_addrlen, share_until(a, until_ms), &error);
    freeaddrinfo(list);
    if (fd < 0)
        fault_set(fault, RC_FAULT,
                  "can't connect to %.120s port %d: %s; is the server running, and does it listen "
                  "there?",
                  host, port, strerror(error));
    else {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
    }
    return fd;
}

static int open_uri(struct ldap_dir *d, const char *uri, int64_t until_ms, int *protocol, struct fault *fault)
{
    LDAPURLDesc *u = NULL;
    if (ldap_url_parse(uri, &u) != LDAP_URL_SUCCESS) {
        fault_set(fault, RC_INVALID, "not a URI");
        return -1;
    }
    bool local = strcmp(u->lud_scheme, "ldapi") == 0, named = u->lud_host && *u->lud_host;
    *protocol = local ? LDAP_PROTO_IPC : LDAP_PROTO_TCP;
    int fd = local ? open_unix(d, named ? u->lud_host : DEFAULT_SOCKET, until_ms, fault)
                   : open_tcp(d, named ? u->lud_host : "localhost", u->lud_port, until_ms, fault);
    ldap_free_urldesc(u);
    return fd;
}

/*
 * Every option that a program's defaults, a configuration file or the environment could have changed.  RESTART has
 * libldap look again when a signal came during its poll(2), which is a loss of the connection to it otherwise.
 */
static bool set_options(LDAP *ld, unsigned timeout_s)
{
    const struct timeval timeout = {.tv_sec = (time_t)timeout_s};
    const int version = LDAP_VERSION3, deref = LDAP_DEREF_NEVER, none = 0;
    ber_len_t incoming = INCOMING_MAX;
    Sockbuf *socket_buffer = NULL;
    const struct {
        int option;
        const void *value;
    } options[] = {
        {LDAP_OPT_PROTOCOL_VERSION, &version},
        {LDAP_OPT_REFERRALS, LDAP_OPT_OFF},
        {LDAP_OPT_DEREF, &deref},
        {LDAP_OPT_SIZELIMIT, &none},
        {LDAP_OPT_TIMELIMIT, &none},
        {LDAP_OPT_RESTART, LDAP_OPT_ON},
        {LDAP_OPT_NETWORK_TIMEOUT, &timeout},
        {LDAP_OPT_TIMEOUT, &timeout},
        {LDAP_OPT_SERVER_CONTROLS, NULL},
        {LDAP_OPT_CLIENT_CONTROLS, NULL},
        {LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (ldap_set_option(ld, options[i].option, options[i].value) != LDAP_OPT_SUCCESS)
            return false;
    return ldap_get_option(ld, LDAP_OPT_SOCKBUF, &socket_buffer) == LDAP_OPT_SUCCESS && socket_buffer &&
           ber_sockbuf_ctrl(socket_buffer, LBER_SB_OPT_SET_MAX_INCOMING, &incoming) == 1;
}

enum rc ldap_open_handle(struct ldap_dir *d, const char *uri, int64_t until_ms, struct fault *fault)
{
    int protocol;
    if (!ldap_goes_on(d, fault))
        return RC_FAULT;
    d->fd = open_uri(d, uri, until_ms, &protocol, fault);
    if (d->fd < 0)
        return RC_FAULT;
    int code = ldap_init_fd(d->fd, protocol, uri, &d->ld);
    if (code != LDAP_SUCCESS) {
        close(d->fd);
        d->fd = -1;
        d->ld = NULL;
        return fault_set(fault, RC_FAULT, "libldap refuses the connection: %s", ldap_err2string(code));
    }
    d->pace = ldap_ahead_pace(d->fd);
    d->ahead = d->wire = ldap_ahead_add(d->ld, LDAP_AHEAD_WIRE);
    if (!d->wire || !set_options(d->ld, d->timeout_s))
        return fault_set(fault, RC_FAULT, "libldap refuses an option that this program depends on");
    return RC_OK;
}

/* A server that demands a client certificate says so, since TLS 1.3, only by ending the connection afterwards. */
static const char *hint(const struct ldap_dir *d, const struct dir_settings *settings)
{
    return d->ld && ldap_tls_inplace(d->ld) && !settings->tls.cert_file
               ? "; if it demands a client certificate, set directory.tls.cert_file and key_file"
               : "";
}

static enum rc send_bind(struct ldap_dir *d, const struct dir_settings *settings, struct slice password, int *id,
                         struct fault *fault)
{
    bool simple = settings->bind == DIR_BIND_SIMPLE;
    struct berval secret = {.bv_len = password.n, .bv_val = (char *)(uintptr_t)password.p};
    struct berval nobody_else = {.bv_len = 0, .bv_val = (char[]){""}}; /* no other authorization identity */
    int code = ldap_sasl_bind(d->ld, simple ? settings->bind_dn : NULL, simple ? LDAP_SASL_SIMPLE : "EXTERNAL",
                              simple ? &secret : &nobody_else, NULL, NULL, id);
    if (code == LDAP_SUCCESS)
        return RC_OK;
    struct fault why = {0};
    return fault_set(fault, ldap_broke(d, code, &why), "the bind was not answered: %s%s", d->why_dead,
                     hint(d, settings));
}

static enum rc judge_bind(struct ldap_dir *d, const struct dir_settings *settings, const struct ldap_answer *answer,
                          struct fault *fault)
{
    const char *who = settings->bind == DIR_BIND_SIMPLE ? ldap_printable_dn(d, slice_of(settings->bind_dn), 120)
                                                        : "our own account (SASL EXTERNAL)";
    const char *text = ldap_answer_text(d, answer);
    switch (answer->code) {
    case LDAP_SUCCESS:
        return RC_OK;
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_INAPPROPRIATE_AUTH:
        return fault_set(fault, RC_DENIED, "the bind as %s was refused: %s; check the name and the password", who,
                         text);
    case LDAP_AUTH_METHOD_NOT_SUPPORTED:
    case LDAP_STRONG_AUTH_REQUIRED:
    case LDAP_CONFIDENTIALITY_REQUIRED:
    case LDAP_INVALID_DN_SYNTAX:
        return fault_set(fault, RC_INVALID,
                         "the server does not take this kind of bind as %s: %s; change bind.method, "
                         "bind.dn or the URI",
                         who, text);
    default:
        return fault_set(fault, RC_FAULT, "the bind as %s failed: %s", who, text);
    }
}

static enum rc finish_bind(struct ldap_dir *d, const struct dir_settings *settings, int id, int64_t until_ms,
                           struct fault *fault)
{
    LDAPMessage *message = NULL;
    struct ldap_answer answer = {0};
    int type = 0;
    struct fault why = {0};
    enum rc rc = ldap_next(d, id, until_ms, &message, &type, &why);
    if (rc != RC_OK)
        return fault_set(fault, rc, "the bind was not answered: %s%s", d->why_dead, hint(d, settings));
    if (type != LDAP_RES_BIND || !ldap_answer_read(d, message, &answer))
        rc = fault_set(fault, RC_FAULT, "the answer to the bind can't be read; is this an LDAP server?");
    else
        rc = judge_bind(d, settings, &answer, fault);
    ldap_answer_free(&answer);
    ldap_msgfree(message);
    return rc;
}

/* Before anything else is said. */
static enum rc secure(struct ldap_dir *d, const char *uri, const struct dir_settings *settings, int64_t until_ms,
                      struct fault *fault)
{
    enum rc rc = RC_OK;
    d->is_secure = ldap_uri_is(uri, "ldapi://");
    if (ldap_uri_has_tls(uri, settings)) {
        rc = ldap_tls_begin(d, uri, settings, until_ms, fault);
        d->is_secure = rc == RC_OK && ldap_tls_inplace(d->ld);
        struct ldap_ahead *over_tls = d->is_secure ? ldap_ahead_add(d->ld, LDAP_AHEAD_TLS) : NULL;
        d->ahead = over_tls ? over_tls : d->wire;
    }
    if (rc == RC_OK && !d->is_secure && (settings->bind != DIR_BIND_SIMPLE || !settings->allow_plaintext))
        rc = fault_set(fault, RC_FAULT, "the connection is not secured, and nothing is said on it");
    return rc;
}

enum rc ldap_connect_and_bind(struct ldap_dir *d, const char *uri, const struct dir_settings *settings,
                              struct slice password, struct fault *fault)
{
    int id = 0;
    int64_t until_ms = ldap_patience(d);
    enum rc rc = ldap_open_handle(d, uri, until_ms, fault);
    if (rc == RC_OK)
        rc = secure(d, uri, settings, until_ms, fault);
    if (rc == RC_OK)
        rc = send_bind(d, settings, password, &id, fault);
    if (rc == RC_OK)
        rc = finish_bind(d, settings, id, until_ms, fault);
    return rc;
}
