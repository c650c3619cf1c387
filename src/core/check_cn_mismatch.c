/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the Common Name a host name of the entry?  Where there are several, each has to be: readers of certificates
 * differ over which of them counts.  A name with NUL or control octets, or whose octets are not of its string type,
 * equals no host name.
 */
#include "core/check_names.h"

#include "base/escape.h"

static bool is_on(const struct policy *policy)
{
    return policy->name_match == MATCH_CN || policy->name_match == MATCH_CN_AND_SAN ||
           policy->name_match == MATCH_CN_OR_SAN;
}

/* Under cn-or-san the Common Name decides only where a SAN is absent or names nothing; a broken one never yields. */
static bool applies(const struct check_input *in)
{
    const struct facts *f = in->facts;
    if (in->policy->name_match == MATCH_CN_AND_SAN)
        return f->common_names > 0;
    if (in->policy->name_match == MATCH_CN_OR_SAN)
        return (f->san.presence == FIELD_ABSENT || f->san.presence == FIELD_PRESENT) && !names_san_decides(in);
    return true;
}

static void run(struct arena *a, const struct check_input *in, struct check_result *out)
{
    if (!in->facts->readable || !applies(in)) {
        out->answer = ANSWER_NOT_APPLICABLE;
        return;
    }
    if (names_lack_hosts(in, out))
        return;
    struct slice cursor = facts_subject(in->der, in->facts), value, shown = {NULL, 0};
    uint8_t tag;
    size_t names = 0;
    bool wrong = false;
    while (!wrong && facts_next_common_name(&cursor, &tag, &value)) {
        names++;
        wrong = !names_cn_is_host(in, tag, value);
        shown = escape_text(a, value, NAME_SHOWN);
    }
    if (names && !wrong)
        return;
    out->answer = ANSWER_VIOLATES;
    out->report_only = !names_all_hosts_valid(in);
    out->detail =
        names ? arena_format(a, "Common Name \"%.*s\" is not a host name of the entry (%.*s)", SLICE_ARGS(shown),
                             SLICE_ARGS(names_hosts_shown(a, in)))
              : arena_format(a, "no Common Name, the entry's host name is %.*s", SLICE_ARGS(names_hosts_shown(a, in)));
}

static struct slice compared(struct arena *a, const struct check_input *in)
{
    return arena_format(a, "Common Names %.*s; %.*s", SLICE_ARGS(names_common_shown(a, in->der, in->facts)),
                        SLICE_ARGS(names_wanted_shown(a, in)));
}

const struct check check_cn_mismatch = {
    .id = CHECK_CN_MISMATCH,
    .name = "cn-mismatch",
    .title = "the Common Name is not a host name of the entry",
    .severity = SEVERITY_ERR,
    .citation = "RFC 9525 section 2, RFC 6125 section 6.4.4",
    .fix = "delete the certificate and make a new key and request with the registered host name",
    .policy_attributes = "dircertNameMatch dircertHostAttribute dircertWildcard",
    .may_revoke = true,
    .is_on = is_on,
    .run = run,
    .compared = compared,
};
