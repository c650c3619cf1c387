/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/keys.h"

#define AT(member) offsetof(struct conf, member)

static const struct conf_key keys[] = {
    {.path = "directory", .type = CONF_SECTION, .required = true, .meaning = "How the directory is reached."},
    {.path = "directory.uri",
     .type = CONF_URIS,
     .required = true,
     .least = 1,
     .most = CONF_URIS_MAX,
     .meaning = "The directory's servers, tried in this order.",
     .at = AT(uris)},
    {.path = "directory.tls", .type = CONF_SECTION, .meaning = "Transport Layer Security."},
    {.path = "directory.tls.start_tls",
     .type = CONF_CHOICE,
     .choices = "off required",
     .by_default = "off",
     .meaning = "Whether an ldap:// connection must turn to TLS before anything else is said on it.",
     .at = AT(tls.start_tls)},
    {.path = "directory.tls.ca_file",
     .type = CONF_PATH,
     .meaning = "The authorities (PEM) that a server's certificate is verified against.",
     .at = AT(tls.ca_file)},
    {.path = "directory.tls.ca_directory",
     .type = CONF_PATH,
     .meaning = "The same as a folder of such files, each named by its hash as openssl rehash does.",
     .at = AT(tls.ca_directory)},
    {.path = "directory.tls.cert_file",
     .type = CONF_PATH,
     .meaning = "The certificate (PEM) that the daemon shows; needs key_file.",
     .at = AT(tls.cert_file)},
    {.path = "directory.tls.key_file",
     .type = CONF_PATH,
     .meaning = "The private key (PEM) of cert_file.",
     .at = AT(tls.key_file)},
    {.path = "directory.bind", .type = CONF_SECTION, .required = true, .meaning = "Who the daemon is."},
    {.path = "directory.bind.method",
     .type = CONF_CHOICE,
     .required = true,
     .choices = "simple external",
     .meaning = "simple: a DN and a password; external: who the socket or the certificate says it is.",
     .at = AT(bind.method)},
    {.path = "directory.bind.dn",
     .type = CONF_DN,
     .meaning = "The DN of a simple bind; required there, refused elsewhere.",
     .at = AT(bind.dn)},
    {.path = "directory.bind.password_file",
     .type = CONF_PATH,
     .meaning = "A file whose first line is the password of a simple bind, and which its owner alone may read.",
     .at = AT(bind.password_file)},
    {.path = "directory.bind.password_credential",
     .type = CONF_NAME,
     .least = 1,
     .most = 255,
     .meaning = "The systemd credential with the password; read instead of password_file under LoadCredential=.",
     .at = AT(bind.password_credential)},
    {.path = "directory.allow_plaintext",
     .type = CONF_BOOL,
     .by_default = "false",
     .meaning = "Whether a password may cross an ldap:// connection without TLS.",
     .at = AT(allow_plaintext)},
    {.path = "directory.timeout_s",
     .type = CONF_NUMBER,
     .least = 1,
     .most = 3600,
     .by_default = "10",
     .meaning = "Seconds to connect, to bind and for a write's answer; in a search, between two messages.",
     .at = AT(timeout_s)},
    {.path = "directory.writes_per_transaction",
     .type = CONF_NUMBER,
     .least = 0,
     .most = 100,
     .by_default = "0",
     .meaning = "New requests that are written in one transaction where the server offers it (RFC 5805); 0: none.",
     .at = AT(writes_per_transaction)},
    {.path = "base",
     .type = CONF_DN,
     .required = true,
     .meaning = "The entry that holds ou=policies, ou=requests, ou=waivers and ou=status.",
     .at = AT(base)},
    {.path = "instance",
     .type = CONF_NAME,
     .least = 1,
     .most = 64,
     .by_default = "default",
     .meaning = "This daemon's name: of its status entry and in its log.",
     .at = AT(instance)},
    {.path = "interval_s",
     .type = CONF_NUMBER,
     .least = 1,
     .most = 86400,
     .by_default = "300",
     .meaning = "Seconds from the start of one pass to the start of the next.",
     .at = AT(interval_s)},
    {.path = "full_interval_s",
     .type = CONF_NUMBER,
     .least = 1,
     .most = 604800,
     .meaning = "Seconds between two full passes, at least interval_s and without it the same; between them only what "
                "changed is looked at.  After a full pass that was incomplete or held the next one comes after "
                "interval_s.",
     .at = AT(full_interval_s)},
    {.path = "follow",
     .type = CONF_CHOICE,
     .choices = "auto off",
     .by_default = "auto",
     .meaning = "auto: changes are followed as they happen where the server offers it (RFC 4533); off: they are not.",
     .at = AT(follow)},
    {.path = "heartbeat_s",
     .type = CONF_NUMBER,
     .least = 1,
     .most = 3600,
     .by_default = "30",
     .meaning = "Seconds between two signs of life in the status entry; the lease lasts four of them.",
     .at = AT(heartbeat_s)},
    {.path = "pid_file",
     .type = CONF_PATH,
     .meaning = "Where the running daemon writes its process id.",
     .at = AT(pid_file)},
    {.path = "user",
     .type = CONF_NAME,
     .least = 1,
     .most = 64,
     .meaning = "The account that a daemon started by root becomes at once; its files must be that account's to use.",
     .at = AT(user)},
    {.path = "metrics", .type = CONF_SECTION, .meaning = "Figures for a monitoring system."},
    {.path = "metrics.textfile",
     .type = CONF_PATH,
     .meaning = "The file, ending in .prom, that is replaced after each pass and between, for node_exporter's textfile "
                "collector.",
     .at = AT(metrics.textfile)},
    {.path = "log", .type = CONF_SECTION, .meaning = "Where and how events are told."},
    {.path = "log.format",
     .type = CONF_CHOICE,
     .choices = "logfmt json",
     .by_default = "logfmt",
     .meaning = "The form of a line.",
     .at = AT(log.format)},
    {.path = "log.level",
     .type = CONF_CHOICE,
     .least = 3,
     .choices = "err warning notice info debug",
     .by_default = "info",
     .meaning = "The least severe events that are told.",
     .at = AT(log.level)},
    {.path = "log.to",
     .type = CONF_TARGET,
     .choices = "stderr syslog",
     .by_default = "stderr",
     .meaning = "Standard error, syslog, or the file of that absolute path.",
     .at = AT(log.to)},
};

_Static_assert(sizeof keys / sizeof keys[0] == KEY_COUNT, "KEY_COUNT is the number of keys");

const struct conf_key *conf_keys(size_t *count)
{
    *count = KEY_COUNT;
    return keys;
}

const struct conf_key *keys_find(struct slice path)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (slice_eq(path, slice_of(keys[i].path)))
            return &keys[i];
    return NULL;
}

/* The key's own name, without its sections. */
static struct slice last_part(struct slice path)
{
    size_t n = path.n;
    while (n && path.p[n - 1] != '.')
        n--;
    return slice_from(path, n);
}

enum { NAME_MAX_LEN = 24 };

static size_t least_of(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* How many octets must be added, dropped or changed to make b of a (Levenshtein), case apart. */
static size_t distance(struct slice a, struct slice b)
{
    size_t row[NAME_MAX_LEN + 1];
    for (size_t j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t above = row[j];
            size_t change = diagonal + (ascii_lower(a.p[i - 1]) != ascii_lower(b.p[j - 1]));
            row[j] = least_of(above + 1, row[j - 1] + 1, change);
            diagonal = above;
        }
    }
    return row[b.n];
}

static bool is_beside(struct slice path, struct slice other)
{
    size_t section = path.n - last_part(path).n;
    return section == other.n - last_part(other).n && slice_eq(slice_upto(path, section), slice_upto(other, section));
}

const struct conf_key *keys_nearest(struct slice path)
{
    struct slice name = last_part(path);
    if (name.n == 0 || name.n > NAME_MAX_LEN)
        return NULL;
    const struct conf_key *nearest = NULL;
    size_t least = 2 * (name.n / 3 + 1) + 1; /* a third may differ; a key of another section counts one half further */
    for (size_t i = 0; i < KEY_COUNT; i++) {
        struct slice known = slice_of(keys[i].path);
        size_t d = 2 * distance(name, last_part(known)) + !is_beside(path, known);
        if (d < least) {
            least = d;
            nearest = &keys[i];
        }
    }
    return nearest;
}
