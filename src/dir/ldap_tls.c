/* SPDX-License-Identifier: Apache-2.0 */
#include "dir/ldap_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

enum { SAID_CAP = 160 };

/*
 * libldap bounds the TLS handshake by none of its timeouts: it sleeps in it, or spins.  So during the handshake a layer
 * of ours lies between TLS and the socket; it does the waiting, and breaks the connection when the time is up.
 */
struct hurry {
    struct ldap_dir *d; /* whose watch is asked */
    int64_t until_ms;
    bool is_late;
};

static bool await(struct hurry *h, short events)
{
    struct fault ignored = {0};
    for (;;) {
        if (!ldap_goes_on(h->d, &ignored)) {
            errno = ECANCELED;
            return false;
        }
        int64_t left_ms = h->until_ms - monotonic_ms();
        if (left_ms <= 0) {
            h->is_late = true;
            errno = ETIMEDOUT;
            return false;
        }
        struct pollfd wait = {.fd = h->d->fd, .events = events};
        int ready = poll(&wait, 1, left_ms < LDAP_LOOK_MS ? (int)left_ms : LDAP_LOOK_MS);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

static bool would_block(ber_slen_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static int hurry_setup(Sockbuf_IO_Desc *layer, void *hurry)
{
    layer->sbiod_pvt = hurry;
    return 0;
}

static int hurry_ctrl(Sockbuf_IO_Desc *layer, int option, void *value)
{
    return LBER_SBIOD_CTRL_NEXT(layer, option, value);
}

static bool is_in_time(struct hurry *h)
{
    h->is_late |= monotonic_ms() >= h->until_ms;
    errno = ETIMEDOUT;
    return !h->is_late && !h->d->is_interrupted;
}

/* What was read ahead is not in the socket any more, so reading comes before waiting. */
static ber_slen_t hurry_read(Sockbuf_IO_Desc *layer, void *buffer, ber_len_t n)
{
    while (is_in_time(layer->sbiod_pvt)) {
        ber_slen_t got = LBER_SBIOD_READ_NEXT(layer, buffer, n);
        if (!would_block(got))
            return got;
        if (!await(layer->sbiod_pvt, POLLIN))
            break;
    }
    return -1;
}

static ber_slen_t hurry_write(Sockbuf_IO_Desc *layer, void *buffer, ber_len_t n)
{
    while (await(layer->sbiod_pvt, POLLOUT)) {
        ber_slen_t put = LBER_SBIOD_WRITE_NEXT(layer, buffer, n);
        if (!would_block(put))
            return put;
    }
    return -1;
}

static Sockbuf_IO hurry_layer = {
    .sbi_setup = hurry_setup, .sbi_ctrl = hurry_ctrl, .sbi_read = hurry_read, .sbi_write = hurry_write};
enum { HURRY_LEVEL = (LBER_SBIOD_LEVEL_PROVIDER + LBER_SBIOD_LEVEL_TRANSPORT) / 2 };

/* libldap makes the socket blocking after a handshake. */
static bool keep_from_blocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

bool ldap_tls_handshake(struct ldap_dir *d, int64_t until_ms, bool *is_late)
{
    Sockbuf *socket_buffer = NULL;
    struct hurry hurry = {.d = d, .until_ms = until_ms};
    *is_late = false;
    if (ldap_get_option(d->ld, LDAP_OPT_SOCKBUF, &socket_buffer) != LDAP_OPT_SUCCESS || !socket_buffer ||
        ber_sockbuf_add_io(socket_buffer, &hurry_layer, HURRY_LEVEL, &hurry) != 0)
        return false;
    int code = ldap_install_tls(d->ld);
    bool removed = ber_sockbuf_remove_io(socket_buffer, &hurry_layer, HURRY_LEVEL) == 0;
    *is_late = hurry.is_late;
    return code == LDAP_SUCCESS && removed && keep_from_blocking(d->fd) && ldap_tls_inplace(d->ld);
}

static const char *authorities_file(const struct dir_tls *tls)
{
    return tls->ca_file || tls->ca_directory ? tls->ca_file : ldap_tls_system_authorities();
}

/* NEWCTX is the last: what is set after it does not count, and what was set before stays in force. */
bool ldap_tls_set_options(LDAP *ld, const struct dir_tls *tls, bool verify)
{
    const int how = verify ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER, least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2,
              is_server = 0;
    const struct {
        int option;
        const void *value;
    } options[] = {
        {LDAP_OPT_X_TLS_REQUIRE_CERT, &how},
        {LDAP_OPT_X_TLS_REQUIRE_SAN, &how},
        {LDAP_OPT_X_TLS_PROTOCOL_MIN, &least},
        {LDAP_OPT_X_TLS_CACERTFILE, verify ? authorities_file(tls) : NULL},
        {LDAP_OPT_X_TLS_CACERTDIR, verify ? tls->ca_directory : NULL},
        {LDAP_OPT_X_TLS_CERTFILE, verify ? tls->cert_file : NULL},
        {LDAP_OPT_X_TLS_KEYFILE, verify ? tls->key_file : NULL},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].value && ldap_set_option(ld, options[i].option, options[i].value) != LDAP_OPT_SUCCESS)
            return false;
    return ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &is_server) == LDAP_OPT_SUCCESS;
}

/* @source RFC 4511 section 4.14 */
enum rc ldap_tls_ask(struct ldap_dir *d, int64_t until_ms, struct fault *fault)
{
    LDAPMessage *message = NULL;
    struct ldap_answer answer = {0};
    struct fault why = {0};
    int id = 0, type = 0, code = ldap_start_tls(d->ld, NULL, NULL, &id);
    enum rc rc = code == LDAP_SUCCESS ? ldap_next(d, id, until_ms, &message, &type, &why) : ldap_broke(d, code, &why);
    if (rc != RC_OK)
        return fault_set(fault, rc, "StartTLS was not answered: %s", d->why_dead);
    if (type != LDAP_RES_EXTENDED || !ldap_answer_read(d, message, &answer))
        rc = fault_set(fault, RC_FAULT, "the answer to StartTLS can't be read; is this an LDAP server?");
    else if (answer.code != LDAP_SUCCESS)
        rc = fault_set(fault, RC_FAULT,
                       "the server refuses StartTLS: %s; give it a certificate and key, or use ldaps://; nothing is "
                       "said to it without TLS",
                       ldap_answer_text(d, &answer));
    ldap_answer_free(&answer);
    ldap_msgfree(message);
    return rc;
}

static const char *what_it_said(struct ldap_dir *d)
{
    char *said = NULL;
    if (ldap_get_option(d->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said) != LDAP_OPT_SUCCESS || !said)
        return "no reason is given";
    const char *text = ldap_printable(d, slice_of(said), SAID_CAP);
    ldap_memfree(said);
    return text;
}

/*
 * PROTOCOL_MIN has no effect in libldap over GnuTLS, and priorities that would have one are never freed by it.  Nothing
 * was said yet.
 */
static enum rc check_version(struct ldap_dir *d, struct fault *fault)
{
    static const char *const good[] = {"TLS1.2", "TLSv1.2", "TLS1.3", "TLSv1.3"}; /* as GnuTLS and OpenSSL write it */
    char *version = NULL;
    bool ok = false;
    if (ldap_get_option(d->ld, LDAP_OPT_X_TLS_VERSION, &version) != LDAP_OPT_SUCCESS || !version)
        return fault_set(fault, RC_FAULT, "libldap does not tell the version of TLS");
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ok = ok || strcmp(version, good[i]) == 0;
    if (!ok)
        fault_set(fault, RC_FAULT, "the server speaks %s; have it speak TLS 1.2 or later",
                  ldap_printable(d, slice_of(version), SAID_CAP));
    ldap_memfree(version);
    return ok ? RC_OK : RC_FAULT;
}

enum rc ldap_tls_begin(struct ldap_dir *d, const char *uri, const struct dir_settings *settings, int64_t until_ms,
                       struct fault *fault)
{
    bool is_late = false;
    if (!ldap_uri_is(uri, "ldaps://") && ldap_tls_ask(d, until_ms, fault) != RC_OK)
        return RC_FAULT;
    if (!ldap_tls_set_options(d->ld, &settings->tls, true))
        return fault_set(fault, RC_INVALID,
                         "TLS can't be prepared from the files of directory.tls: each must be in PEM, and the key must "
                         "be the one of the certificate, without a passphrase");
    if (ldap_tls_handshake(d, until_ms, &is_late))
        return check_version(d, fault);
    if (d->is_interrupted)
        return fault_set(fault, RC_FAULT, "interrupted");
    const char *said = what_it_said(d);
    if (is_late)
        return fault_set(fault, RC_FAULT,
                         "the TLS handshake was not finished within %u s; does the server speak TLS on this port? "
                         "(directory.timeout_s says how long to wait)",
                         d->timeout_s);
    return ldap_tls_explain(d, uri, settings, until_ms, said, fault);
}
