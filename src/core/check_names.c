/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "base/escape.h"
#include "base/gentime.h"
#include "base/idn.h"

#include <arpa/inet.h>

bool check_always_on(const struct policy *policy)
{
    (void)policy;
    return true;
}

bool names_lack_hosts(const struct check_input *in, struct check_result *out)
{
    if (in->host_count)
        return false;
    out->answer = ANSWER_UNDECIDED;
    out->detail = slice_of("the entry shows no host name: it has none, or this account may not read it");
    return true;
}

bool names_san_decides(const struct check_input *in)
{
    struct slice cursor = facts_san(in->der, in->facts), value;
    enum general_name kind;
    while (facts_next_name(&cursor, &kind, &value))
        if (kind == NAME_DNS || kind == NAME_IP || kind == NAME_URI)
            return true;
    return false;
}

bool names_san_covers(const struct check_input *in, const struct host *h, bool wildcard)
{
    struct slice cursor = facts_san(in->der, in->facts), value;
    enum general_name kind;
    while (facts_next_name(&cursor, &kind, &value))
        if ((kind == NAME_DNS && host_covered_by_dns(h, value, wildcard)) ||
            (kind == NAME_IP && host_covered_by_ip(h, value)))
            return true;
    return false;
}

bool names_cn_is_host(const struct check_input *in, uint8_t tag, struct slice value)
{

    uint8_t text[4 * IDN_ROOM], ascii[IDN_ROOM];
    size_t n;
    if (!facts_text(tag, value, text, sizeof text, &n))
        return false;
    struct slice name = slice_make(text, n);
    for (size_t i = 0; i < n; i++)
        if (text[i] >= 0x80) {
            name = slice_make(ascii, idn_to_ascii(name, ascii));
            break;
        }
    for (size_t i = 0; i < in->host_count; i++)
        if (host_covered_by_dns(&in->hosts[i], name, in->policy->wildcard))
            return true;
    return false;
}

struct slice names_hosts_shown(struct arena *a, const struct check_input *in)
{
    struct slice all = {NULL, 0};
    for (size_t i = 0; i < in->host_count && i < 4; i++) {
        struct slice shown = escape_text(a, in->hosts[i].written, NAME_SHOWN);
        all = arena_format(a, "%.*s%s%.*s", SLICE_ARGS(all), i ? ", " : "", SLICE_ARGS(shown));
    }
    return in->host_count > 4 ? arena_format(a, "%.*s, ...", SLICE_ARGS(all)) : all;
}

/* How many names of a certificate are shown: an entry with thousands of them would bury the rest. */
enum { NAMES_LISTED = 16 };

static struct slice listed(struct arena *a, struct slice all, size_t index, const char *kind, struct slice shown)
{
    if (index >= NAMES_LISTED)
        return index == NAMES_LISTED ? arena_format(a, "%.*s, ...", SLICE_ARGS(all)) : all;
    return arena_format(a, "%.*s%s%s%.*s", SLICE_ARGS(all), index ? ", " : "", kind, SLICE_ARGS(shown));
}

struct slice names_common_shown(struct arena *a, struct slice der, const struct facts *f)
{
    struct slice cursor = facts_subject(der, f), value, all = {NULL, 0};
    uint8_t tag;
    for (size_t i = 0; facts_next_common_name(&cursor, &tag, &value) && i <= NAMES_LISTED; i++)
        all = listed(a, all, i, "", arena_format(a, "\"%.*s\"", SLICE_ARGS(escape_text(a, value, NAME_SHOWN))));
    return all.n ? all : slice_of("none");
}

static const char *kind_shown(enum general_name kind)
{
    switch (kind) {
    case NAME_OTHER:
        return "otherName ";
    case NAME_EMAIL:
        return "email ";
    case NAME_DNS:
        return "DNS ";
    case NAME_X400:
        return "x400Address ";
    case NAME_DIRECTORY:
        return "directoryName ";
    case NAME_EDI:
        return "ediPartyName ";
    case NAME_URI:
        return "URI ";
    case NAME_IP:
        return "IP ";
    case NAME_REGISTERED_ID:
        return "registeredID ";
    }
    return "";
}

static struct slice address_shown(struct arena *a, struct slice octets)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (octets.n != 4 && octets.n != 16)
        return arena_format(a, "of %zu octets", octets.n);
    inet_ntop(octets.n == 4 ? AF_INET : AF_INET6, octets.p, text, sizeof text);
    return arena_copy(a, slice_of(text));
}

/* Names that are structures are told by their kind alone. */
static struct slice general_name_shown(struct arena *a, enum general_name kind, struct slice value)
{
    if (kind == NAME_IP)
        return address_shown(a, value);
    bool is_text = kind == NAME_DNS || kind == NAME_EMAIL || kind == NAME_URI;
    return is_text ? escape_text(a, value, NAME_SHOWN) : arena_format(a, "of %zu octets", value.n);
}

struct slice names_san_shown(struct arena *a, struct slice der, const struct facts *f)
{
    switch (f->san.presence) {
    case FIELD_ABSENT:
        return slice_of("none");
    case FIELD_MALFORMED:
        return slice_of("does not decode");
    case FIELD_DUPLICATE:
        return slice_of("there twice");
    case FIELD_PRESENT:
        break;
    }
    struct slice cursor = facts_san(der, f), value, all = {NULL, 0};
    enum general_name kind;
    for (size_t i = 0; facts_next_name(&cursor, &kind, &value) && i <= NAMES_LISTED; i++)
        all = listed(a, all, i, kind_shown(kind), general_name_shown(a, kind, value));
    return all.n ? all : slice_of("empty");
}

struct slice names_wanted_shown(struct arena *a, const struct check_input *in)
{
    return arena_format(a, "host names %.*s; wildcards %s",
                        SLICE_ARGS(in->host_count ? names_hosts_shown(a, in) : slice_of("none")),
                        in->policy->wildcard ? "allowed" : "refused");
}

struct slice names_times_shown(struct arena *a, const char *what, int64_t at_utc, int64_t now_utc)
{
    uint8_t at[GENTIME_LEN], now[GENTIME_LEN];
    gentime_write(at_utc, at);
    gentime_write(now_utc, now);
    return arena_format(a, "%s %.*s, now %.*s", what, GENTIME_LEN, (const char *)at, GENTIME_LEN, (const char *)now);
}

bool names_all_hosts_valid(const struct check_input *in)
{
    for (size_t i = 0; i < in->host_count; i++)
        if (in->hosts[i].kind == HOST_INVALID)
            return false;
    return true;
}

bool check_covers(const struct check_input *in, const struct host *h)
{
    if (in->facts->san.presence != FIELD_ABSENT && in->facts->san.presence != FIELD_PRESENT)
        return false;
    if (names_san_decides(in))
        return names_san_covers(in, h, in->policy->wildcard);
    struct check_input one = *in;
    one.hosts = h;
    one.host_count = 1;
    struct slice cursor = facts_subject(in->der, in->facts), value;
    uint8_t tag;
    while (facts_next_common_name(&cursor, &tag, &value))
        if (names_cn_is_host(&one, tag, value))
            return true;
    return false;
}

bool names_not_compared(const struct check_input *in, struct check_result *out)
{
    if (in->sharing && in->sharing->compared)
        return false;
    out->answer = ANSWER_UNDECIDED;
    out->detail = slice_of("not compared with all other entries");
    return true;
}

struct slice names_sharing_shown(struct arena *a, const struct check_input *in, struct slice with)
{
    if (!in->sharing || !in->sharing->compared)
        return slice_of("not compared with all other entries");
    if (with.n == 0)
        return slice_of("no other entry has it");
    return arena_format(a, "%.*s has it too", SLICE_ARGS(escape_text(a, with, ENTRY_SHOWN)));
}
