/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does the subjectAltName cover every host name of the entry?  An extension that is there twice or does not decode
 * covers nothing.
 */
#include "core/check_names.h"

#include "base/escape.h"

static bool is_on(const struct policy *policy)
{
    return policy->name_match == MATCH_SAN || policy->name_match == MATCH_CN_AND_SAN ||
           policy->name_match == MATCH_CN_OR_SAN;
}

static bool applies(const struct check_input *in)
{
    if (in->policy->name_match != MATCH_CN_OR_SAN)
        return true;
    switch (in->facts->san.presence) {
    case FIELD_ABSENT:
        return false;
    case FIELD_PRESENT:
        return names_san_decides(in);
    case FIELD_MALFORMED:
    case FIELD_DUPLICATE:
        break;
    }
    return true;
}

static struct slice names_presented(struct arena *a, const struct check_input *in)
{
    struct slice cursor = facts_san(in->der, in->facts), value, all = {NULL, 0};
    enum general_name kind;
    size_t count = 0;
    while (facts_next_name(&cursor, &kind, &value)) {
        if (kind != NAME_DNS)
            continue;
        if (count++ == 3)
            return arena_format(a, "%.*s, ...", SLICE_ARGS(all));
        struct slice shown = escape_text(a, value, NAME_SHOWN);
        all = arena_format(a, "%.*s%s%.*s", SLICE_ARGS(all), all.n ? ", " : "", SLICE_ARGS(shown));
    }
    return all.n ? all : slice_of("none");
}

static struct slice detail_of(struct arena *a, const struct check_input *in, const struct host *missed)
{
    struct slice host = escape_text(a, missed->written, NAME_SHOWN);
    switch (in->facts->san.presence) {
    case FIELD_ABSENT:
        return arena_format(a, "no subjectAltName, the entry's host name is %.*s", SLICE_ARGS(host));
    case FIELD_MALFORMED:
        return arena_format(a, "the subjectAltName does not decode, so it does not cover %.*s", SLICE_ARGS(host));
    case FIELD_DUPLICATE:
        return arena_format(a, "two subjectAltName extensions, so neither covers %.*s", SLICE_ARGS(host));
    case FIELD_PRESENT:
        break;
    }
    if (missed->kind == HOST_IP)
        return arena_format(a, "no iPAddress covers %.*s", SLICE_ARGS(host));
    return arena_format(a, "no dNSName covers %.*s (presented: %.*s)", SLICE_ARGS(host),
                        SLICE_ARGS(names_presented(a, in)));
}

/* The first host name that the extension does not cover; NULL: none. */
static const struct host *first_missed(const struct check_input *in)
{
    for (size_t i = 0; i < in->host_count; i++)
        if (!names_san_covers(in, &in->hosts[i], in->policy->wildcard))
            return &in->hosts[i];
    return NULL;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    if (!in->facts->readable) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    const struct host *missed = first_missed(in);
    if (in->host_count && !missed)
        return; /* as most do; what covers a host name applies */
    if (!applies(in)) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    if (names_lack_hosts(in, out))
        return;
    out->answer = ANSWER_VIOLATES;
    out->report_only = !names_all_hosts_valid(in);
    out->detail = detail_of(a, in, missed);
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    return arena_format(a, "subjectAltName %.*s; %.*s", SLICE_ARGS(names_san_shown(a, in->der, in->facts)),
                        SLICE_ARGS(names_wanted_shown(a, in)));
}

const struct check check_san_mismatch = {
    .id = CHECK_SAN_MISMATCH,
    .name = "san-mismatch",
    .title = "the subjectAltName does not cover every host name of the entry",
    .severity = SEVERITY_ERR,
    .citation = "RFC 9525 section 6.3, RFC 5280 section 4.2.1.6",
    .fix = "delete the certificate and make a new key and request whose dNSName or iPAddress is the registered name",
    .policy_attributes = "dircertNameMatch dircertHostAttribute dircertWildcard",
    .hidden_by = CHECK_BIT(CHECK_VERSION),
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
