/* SPDX-License-Identifier: Apache-2.0 */
#include "core/check_names.h"

#include "base/escape.h"
#include "base/idn.h"

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
