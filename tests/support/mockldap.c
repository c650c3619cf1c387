/* SPDX-License-Identifier: Apache-2.0 */
#include "support/mockldap.h"

#include "base/arena.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    BER_SEQUENCE = 0x30,
    BER_SET = 0x31,
    BER_INTEGER = 0x02,
    BER_STRING = 0x04,
    BER_ENUMERATED = 0x0a,
    LDAP_CONTROLS = 0xa0,
    LDAP_REFERRAL_TAG = 0xa3,
    OP_BIND = 0x60,
    OP_SEARCH = 0x63,
    OP_ENTRY = 0x64,
    OP_DONE = 0x65,
    OP_DELETE = 0x4a,
    OP_DELETED = 0x6b,
    OP_REFERENCE = 0x73,
    OP_INTERMEDIATE = 0x79,
    INTERMEDIATE_NAME = 0x80,
    INTERMEDIATE_VALUE = 0x81,
};

struct mockldap {
    char folder[128], socket[160], uri[320];
    pid_t pid;
};

struct conversation {
    int fd;
    unsigned id;  /* of the last request */
    uint8_t kind; /* its protocolOp tag */
    struct arena arena;
};

static struct slice join(struct arena *a, struct slice x, struct slice y)
{
    uint8_t *p = arena_alloc(a, x.n + y.n);
    if (x.n)
        memcpy(p, x.p, x.n);
    if (y.n)
        memcpy(p + x.n, y.p, y.n);
    return slice_make(p, x.n + y.n);
}

static struct slice element(struct arena *a, uint8_t tag, struct slice content)
{
    const uint8_t header[] = {tag, 0x83, (uint8_t)(content.n >> 16), (uint8_t)(content.n >> 8), (uint8_t)content.n};
    return join(a, slice_make(header, sizeof header), content);
}

static struct slice string(struct arena *a, const char *text)
{
    return element(a, BER_STRING, slice_of(text ? text : ""));
}

static struct slice number(struct arena *a, uint8_t tag, unsigned value)
{
    const uint8_t octets[] = {0, (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    return element(a, tag, slice_make(octets, sizeof octets));
}

static struct slice attributes(struct arena *a, const struct mock_pair *pairs)
{
    struct slice list = {0};
    for (const struct mock_pair *p = pairs; p && p->attribute;) {
        const char *name = p->attribute;
        struct slice values = {0};
        for (; p->attribute && strcmp(p->attribute, name) == 0; p++)
            values = join(a, values, string(a, p->value));
        list = join(a, list, element(a, BER_SEQUENCE, join(a, string(a, name), element(a, BER_SET, values))));
    }
    return element(a, BER_SEQUENCE, list);
}

static struct slice result(struct conversation *c, const struct mock_step *s)
{
    struct arena *a = &c->arena;
    struct slice body =
        join(a, number(a, BER_ENUMERATED, (unsigned)s->code), join(a, string(a, s->dn), string(a, s->text)));
    if (s->referral)
        body = join(a, body, element(a, LDAP_REFERRAL_TAG, string(a, s->referral)));
    uint8_t tag = c->kind == OP_DELETE ? OP_DELETED : c->kind == OP_SEARCH ? OP_DONE : (uint8_t)(c->kind + 1);
    return element(a, tag, body);
}

static struct slice control(struct arena *a, const char *oid, struct slice value)
{
    struct slice one = join(a, string(a, oid), value.p ? element(a, BER_STRING, value) : value);
    return element(a, LDAP_CONTROLS, element(a, BER_SEQUENCE, one));
}

static struct slice page_control(struct arena *a, const char *cookie)
{
    struct slice value = element(a, BER_SEQUENCE, join(a, number(a, BER_INTEGER, 0), string(a, cookie)));
    return control(a, "1.2.840.113556.1.4.319", value);
}

static struct slice intermediate(struct arena *a, const struct mock_step *s)
{
    return element(a, OP_INTERMEDIATE,
                   join(a, element(a, INTERMEDIATE_NAME, slice_of(s->oid)),
                        element(a, INTERMEDIATE_VALUE, slice_make(s->octets, s->length))));
}

static struct slice message(struct conversation *c, const struct mock_step *s)
{
    struct arena *a = &c->arena;
    struct slice operation = s->verb == MOCK_ENTRY
                                 ? element(a, OP_ENTRY, join(a, string(a, s->dn), attributes(a, s->pairs)))
                             : s->verb == MOCK_REFERENCE    ? element(a, OP_REFERENCE, string(a, s->referral))
                             : s->verb == MOCK_INTERMEDIATE ? intermediate(a, s)
                                                            : result(c, s);
    if (s->cookie)
        operation = join(a, operation, page_control(a, s->cookie));
    else if (s->oid && s->verb != MOCK_INTERMEDIATE)
        operation = join(a, operation, control(a, s->oid, slice_make(s->octets, s->length)));
    return element(a, BER_SEQUENCE, join(a, number(a, BER_INTEGER, (unsigned)((int)c->id + s->id)), operation));
}

static void rest(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

static bool send_octets(const struct conversation *c, struct slice octets, const struct mock_step *s)
{
    size_t step = s->drip_ms ? 1 : octets.n;
    octets.n = s->cut ? octets.n / 2 : octets.n;
    while (octets.n) {
        ssize_t sent = send(c->fd, octets.p, step < octets.n ? step : octets.n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        octets = slice_from(octets, (size_t)sent);
        rest(s->drip_ms);
    }
    return true;
}

static bool receive(int fd, uint8_t *out, size_t n)
{
    for (size_t got = 0; got < n;) {
        ssize_t r = recv(fd, out + got, n - got, 0);
        if (r <= 0)
            return false;
        got += (size_t)r;
    }
    return true;
}

/* One LDAPMessage: its header, then its body, of which the id and the operation's tag count. */
static bool read_request(struct conversation *c)
{
    uint8_t head[2], more[4], body[8192];
    if (!receive(c->fd, head, 2) || head[0] != BER_SEQUENCE)
        return false;
    size_t length = head[1], octets = head[1] & 0x80 ? head[1] & 0x7f : 0;
    if (octets > sizeof more || (octets && !receive(c->fd, more, octets)))
        return false;
    if (octets)
        length = 0;
    for (size_t i = 0; i < octets; i++)
        length = length << 8 | more[i];
    if (length < 4 || length > sizeof body || !receive(c->fd, body, length) || body[0] != BER_INTEGER)
        return false;
    c->id = 0;
    for (size_t i = 0; i < body[1] && 2 + i < length; i++)
        c->id = c->id << 8 | body[2 + i];
    c->kind = body[2 + body[1]];
    return true;
}

static bool play(struct conversation *c, const struct mock_step *steps);

static bool play_open(struct conversation *c, const struct mock_step *s)
{
    static const struct mock_pair root[] = {{"namingContexts", "dc=example,dc=com"},
                                            {"subschemaSubentry", "cn=Subschema"},
                                            {"vendorName", "Mock"},
                                            {"supportedControl", "1.2.840.113556.1.4.319"},
                                            {0}};
    static const struct mock_pair syncing[] = {{"namingContexts", "dc=example,dc=com"},
                                               {"subschemaSubentry", "cn=Subschema"},
                                               {"supportedControl", "1.3.6.1.4.1.4203.1.9.1.1"},
                                               {0}};
    static const struct mock_pair plain[] = {{"subschemaSubentry", "cn=Subschema"}, {0}};
    static const struct mock_pair schema[] = {
        {"attributeTypes", "( 2.16.840.1.113730.3.1.542 NAME 'nsUniqueId' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )"},
        {"attributeTypes", "( 2.5.4.36 NAME 'userCertificate' SYNTAX 1.3.6.1.4.1.1466.115.121.1.8 )"},
        {"attributeTypes", "( 1.3.6.1.1.16.4 NAME 'entryUUID' SYNTAX 1.3.6.1.1.16.1 SINGLE-VALUE )"},
        {0}};
    const struct mock_step steps[] = {
        {.verb = MOCK_READ},
        {.verb = MOCK_ANSWER},
        {.verb = MOCK_READ},
        {.verb = MOCK_ENTRY,
         .dn = "",
         .pairs = s->pairs    ? s->pairs
                  : s->paging ? root
                  : s->sync   ? syncing
                              : plain},
        {.verb = MOCK_ANSWER},
        {.verb = MOCK_READ},
        {.verb = MOCK_ENTRY, .dn = "cn=Subschema", .pairs = s->unique_id ? schema : schema + 1},
        {.verb = MOCK_ANSWER},
        {.verb = MOCK_END},
    };
    return play(c, steps);
}

static bool play_step(struct conversation *c, const struct mock_step *s)
{
    switch (s->verb) {
    case MOCK_READ:
        return read_request(c);
    case MOCK_OPEN:
        return play_open(c, s);
    case MOCK_RAW:
        return send_octets(c, slice_make(s->octets, s->length), s);
    case MOCK_WAIT:
        rest(s->ms);
        return true;
    case MOCK_ENTRY:
    case MOCK_REFERENCE:
    case MOCK_INTERMEDIATE:
    case MOCK_ANSWER:
        return send_octets(c, message(c, s), s);
    case MOCK_END:
        break;
    }
    return false;
}

static bool play(struct conversation *c, const struct mock_step *steps)
{
    for (; steps->verb != MOCK_END; steps++)
        if (!play_step(c, steps))
            return false;
    return true;
}

_Noreturn static void serve(int listener, const struct mock_step *steps, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    for (;;) {
        struct conversation c = {.fd = accept(listener, NULL, NULL)};
        if (c.fd < 0)
            _exit(1);
        play(&c, steps);
        close(c.fd);
        arena_free(&c.arena);
    }
}

static int listen_at(struct mockldap *m)
{
    const char *below = getenv("TMPDIR");
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(m->folder, sizeof m->folder, "%s/dcd-mock-XXXXXX", below && *below ? below : "/tmp");
    if (!mkdtemp(m->folder))
        return -1;
    snprintf(m->socket, sizeof m->socket, "%s/ldapi", m->folder);
    snprintf(a.sun_path, sizeof a.sun_path, "%.*s", (int)sizeof a.sun_path - 1, m->socket);
    size_t at = (size_t)snprintf(m->uri, sizeof m->uri, "ldapi://");
    for (const char *p = m->socket; *p; p++)
        at += (size_t)snprintf(m->uri + at, sizeof m->uri - at, *p == '/' ? "%%2F" : "%c", *p);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 4) == 0)
        return fd;
    return -1;
}

struct mockldap *mockldap_start(const struct mock_step *steps)
{
    struct mockldap *m = calloc(1, sizeof *m);
    if (!m)
        abort();
    int listener = listen_at(m);
    pid_t parent = getpid();
    if (listener < 0)
        abort();
    fflush(NULL);
    m->pid = fork();
    if (m->pid == 0)
        serve(listener, steps, parent);
    close(listener);
    return m;
}

void mockldap_stop(struct mockldap *m)
{
    if (m->pid > 0) {
        kill(m->pid, SIGKILL);
        waitpid(m->pid, NULL, 0);
    }
    unlink(m->socket);
    rmdir(m->folder);
    free(m);
}

const char *mockldap_uri(const struct mockldap *m)
{
    return m->uri;
}
