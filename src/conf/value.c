/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/value.h"

#include "base/dn.h"
#include "base/hex.h"

static bool is_alphanumeric(uint8_t c)
{
    c = ascii_lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool consists_of(struct slice s, const char *also)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_alphanumeric(s.p[i]) && (s.p[i] == 0 || !strchr(also, s.p[i])))
            return false;
    return true;
}

static bool has_controls(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] == 0x7f)
            return true;
    return false;
}

static bool is_path(struct slice s)
{
    return s.n > 1 && s.p[0] == '/' && s.p[s.n - 1] != '/';
}

int value_choice(const char *choices, struct slice word)
{
    struct slice rest = slice_of(choices), choice;
    for (int i = 0; slice_split(&rest, ' ', &choice); i++)
        if (slice_eq(choice, word))
            return i;
    return -1;
}

/* "a, b or c" */
static struct slice in_words(const char *choices, const char *last, struct arena *a)
{
    struct slice rest = slice_of(choices), choice, words = {NULL, 0};
    while (slice_split(&rest, ' ', &choice)) {
        const char *between = words.n == 0 ? "" : rest.p || last ? ", " : " or ";
        words = arena_format(a, "%.*s%s%.*s", SLICE_ARGS(words), between, SLICE_ARGS(choice));
    }
    return last ? arena_format(a, "%.*s or %s", SLICE_ARGS(words), last) : words;
}

const char *value_expected(const struct conf_key *key, struct arena *a)
{
    struct slice s = {NULL, 0};
    switch (key->type) {
    case CONF_SECTION:
        return "a mapping of keys";
    case CONF_BOOL:
        return "true or false";
    case CONF_NUMBER:
        s = arena_format(a, "a whole number from %u to %u", key->least, key->most);
        break;
    case CONF_CHOICE:
        s = in_words(key->choices, NULL, a);
        break;
    case CONF_NAME:
        s = arena_format(a, "%u to %u letters, digits, '.', '_' or '-'", key->least, key->most);
        break;
    case CONF_DN:
        return "a distinguished name such as ou=dircertd,dc=example,dc=com";
    case CONF_PATH:
        return "an absolute path to a file";
    case CONF_TARGET:
        s = in_words(key->choices, "an absolute path to a file", a);
        break;
    case CONF_URIS:
        s = arena_format(a, "one URI or a list of %u to %u", key->least, key->most);
        break;
    }
    return (const char *)s.p;
}

/* Takes the scheme and "://" off *rest, case apart. */
static bool take_scheme(struct slice *rest, const char *scheme)
{
    size_t n = strlen(scheme);
    if (!slice_eq_nocase(slice_upto(*rest, n), slice_of(scheme)))
        return false;
    *rest = slice_from(*rest, n);
    return true;
}

static bool percent_escapes_ok(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '%' && (i + 2 >= s.n || hex_digit(s.p[i + 1]) < 0 || hex_digit(s.p[i + 2]) < 0))
            return false;
    return true;
}

static struct slice without_end_slash(struct slice s)
{
    return s.n && s.p[s.n - 1] == '/' ? slice_upto(s, s.n - 1) : s;
}

/* Whatever follows the socket would be a DN, and the socket the default one: a surprise. */
static const char *socket_fault(struct slice rest)
{
    struct slice path = without_end_slash(rest);
    if (!consists_of(path, ".-_~%+@") || !percent_escapes_ok(path))
        return "expected ldapi:/// or ldapi:// and the socket's path with each '/' as %2F";
    return NULL;
}

static bool port_ok(struct slice port)
{
    uint64_t value;
    return slice_to_uint(port, 65535, &value) && value > 0;
}

/* Takes an IPv6 address in brackets, or what comes before the ':', off *rest. */
static bool take_host(struct slice *rest, struct slice *host)
{
    bool bracket = rest->n && rest->p[0] == '[';
    const uint8_t *end = rest->n ? memchr(rest->p, bracket ? ']' : ':', rest->n) : NULL;
    size_t n = end ? (size_t)(end - rest->p) + bracket : rest->n;
    *host = slice_upto(*rest, n);
    *rest = slice_from(*rest, n);
    if (!bracket)
        return host->n && consists_of(*host, ".-_");
    return end && host->n > 2 && consists_of(slice_make(host->p + 1, host->n - 2), ":.");
}

static const char *host_fault(struct slice rest)
{
    struct slice host;
    rest = without_end_slash(rest);
    if (!take_host(&rest, &host))
        return "expected a host name or address, and nothing but a port, after \"://\"";
    if (rest.n && (rest.p[0] != ':' || !port_ok(slice_from(rest, 1))))
        return "expected a port from 1 to 65535 after the host";
    return NULL;
}

const char *value_uri_fault(struct slice uri)
{
    if (take_scheme(&uri, "ldapi://"))
        return socket_fault(uri);
    if (take_scheme(&uri, "ldap://") || take_scheme(&uri, "ldaps://"))
        return host_fault(uri);
    return "expected a URI that begins with ldapi://, ldap:// or ldaps://";
}

bool value_uri_is_plaintext(struct slice uri)
{
    return take_scheme(&uri, "ldap://");
}

static void put(struct conf *conf, const struct conf_key *key, const void *value, size_t size)
{
    memcpy((char *)conf + key->at, value, size);
}

static void put_text(struct conf *conf, const struct conf_key *key, struct slice text, struct arena *a)
{
    const char *s = (const char *)arena_copy(a, text).p;
    put(conf, key, &s, sizeof s);
}

void value_store_uris(const struct conf_key *key, const struct slice *uris, size_t count, struct arena *a,
                      struct conf *conf)
{
    const char **list = ARENA_ARRAY(a, count + 1, const char *);
    for (size_t i = 0; i < count; i++)
        list[i] = (const char *)arena_copy(a, uris[i]).p;
    const char *const *value = list;
    put(conf, key, &value, sizeof value);
}

static bool store_number(const struct conf_key *key, struct slice text, struct conf *conf)
{
    uint64_t value;
    if (!slice_to_uint(text, key->most, &value) || value < key->least)
        return false;
    unsigned number = (unsigned)value;
    put(conf, key, &number, sizeof number);
    return true;
}

static bool store_bool(const struct conf_key *key, struct slice text, struct conf *conf)
{
    bool value = slice_eq(text, SLICE_LITERAL("true"));
    if (!value && !slice_eq(text, SLICE_LITERAL("false")))
        return false;
    put(conf, key, &value, sizeof value);
    return true;
}

_Static_assert(sizeof(enum conf_bind) == sizeof(unsigned) && sizeof(enum conf_start_tls) == sizeof(unsigned) &&
                   sizeof(enum conf_log_format) == sizeof(unsigned),
               "store_choice writes an enum as an unsigned");

static bool store_choice(const struct conf_key *key, struct slice text, struct conf *conf)
{
    int i = value_choice(key->choices, text);
    unsigned value = key->least + (unsigned)i;
    if (i >= 0)
        put(conf, key, &value, sizeof value);
    return i >= 0;
}

static bool text_ok(const struct conf_key *key, struct slice text)
{
    switch (key->type) {
    case CONF_NAME:
        return text.n >= key->least && text.n <= key->most && consists_of(text, "._-");
    case CONF_DN:
        return slice_trim(text).n > 0 && dn_ok(text);
    case CONF_PATH:
        return is_path(text);
    case CONF_TARGET:
        return is_path(text) || value_choice(key->choices, text) >= 0;
    case CONF_SECTION:
    case CONF_BOOL:
    case CONF_NUMBER:
    case CONF_CHOICE:
    case CONF_URIS:
        return false;
    }
    return false;
}

static bool store_text(const struct conf_key *key, struct slice text, struct arena *a, struct conf *conf)
{
    bool ok = !has_controls(text) && text_ok(key, text);
    if (ok)
        put_text(conf, key, text, a);
    return ok;
}

static bool store(const struct conf_key *key, struct slice text, struct arena *a, struct conf *conf)
{
    switch (key->type) {
    case CONF_BOOL:
        return store_bool(key, text, conf);
    case CONF_NUMBER:
        return store_number(key, text, conf);
    case CONF_CHOICE:
        return store_choice(key, text, conf);
    case CONF_NAME:
    case CONF_DN:
    case CONF_PATH:
    case CONF_TARGET:
        return store_text(key, text, a, conf);
    case CONF_URIS:
        value_store_uris(key, &text, 1, a, conf);
        return true;
    case CONF_SECTION:
        return false;
    }
    return false;
}

const char *value_store(const struct conf_key *key, struct slice text, struct arena *a, struct conf *conf)
{
    const char *uri_fault = key->type == CONF_URIS ? value_uri_fault(text) : NULL;
    if (uri_fault)
        return uri_fault;
    if (store(key, text, a, conf))
        return NULL;
    return (const char *)arena_format(a, "expected %s", value_expected(key, a)).p;
}
