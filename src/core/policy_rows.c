/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes of a policy, one row each, and how a value of each kind is compiled. */
#include "core/policy_private.h"

#include "base/gentime.h"
#include "base/hex.h"
#include "core/schema.h"

#include <inttypes.h>

static const char *const action_names[] = {[ACTION_REPORT] = "report",
                                           [ACTION_REISSUE] = "reissue",
                                           [ACTION_REVOKE] = "revoke",
                                           [ACTION_REISSUE_THEN_REVOKE] = "reissue-then-revoke"};
static const char *const reason_names[] = {[REASON_NONE] = "",
                                           [REASON_UNSPECIFIED] = "unspecified",
                                           [REASON_SUPERSEDED] = "superseded",
                                           [REASON_CESSATION] = "cessationOfOperation",
                                           [REASON_AFFILIATION] = "affiliationChanged",
                                           [REASON_PRIVILEGE] = "privilegeWithdrawn",
                                           [REASON_KEY_COMPROMISE] = "keyCompromise"};
static const char *const mode_names[] = {[MODE_OFF] = "off", [MODE_AUDIT] = "audit", [MODE_ENFORCE] = "enforce"};
static const char *const type_names[] = {[REQUEST_REISSUE] = "reissue", [REQUEST_REVOKE] = "revoke"};

const char *action_name(enum action a)
{
    return action_names[a];
}

const char *reason_name(enum reason r)
{
    return reason_names[r];
}

const char *mode_name(enum policy_mode m)
{
    return mode_names[m];
}

const char *request_type_name(enum request_type t)
{
    return type_names[t];
}

static bool find_word(const char *const *words, size_t count, struct slice word, unsigned *index)
{
    for (size_t i = 0; i < count; i++)
        if (words[i][0] && slice_eq_nocase(word, slice_of(words[i]))) {
            *index = (unsigned)i;
            return true;
        }
    return false;
}
#define FIND_WORD(words, word, index) find_word((words), sizeof(words) / sizeof *(words), (word), (index))

bool reason_find(struct slice name, enum reason *r)
{
    unsigned index;
    if (!FIND_WORD(reason_names, name, &index))
        return false;
    *r = (enum reason)index;
    return true;
}

/* The compilers of one value each, one for every type of attribute. */

#define ROW_COMPILER(name)                                                                                             \
    static bool name(struct arena *a, const struct policy_attribute *row, struct slice value, struct policy *p,        \
                     struct slice *reason)

static bool refuse(struct slice *reason, struct slice why)
{
    *reason = why;
    return false;
}

static bool read_integer(struct arena *a, const struct policy_attribute *row, struct slice value, unsigned *out,
                         struct slice *reason)
{
    uint64_t v;
    if (!slice_to_uint(value, (uint64_t)row->most, &v) || v < (uint64_t)row->least)
        return refuse(reason, arena_format(a, "expected a whole number from %" PRId64 " to %" PRId64 "%s%s", row->least,
                                           row->most, row->unit[0] ? " " : "", row->unit));
    *out = (unsigned)v;
    return true;
}

static bool add_target(struct arena *a, struct slice value, const struct target **list, size_t *count,
                       struct slice *reason)
{
    struct target *grown = ARENA_ARRAY(a, *count + 1, struct target);
    if (*count)
        memcpy(grown, *list, *count * sizeof *grown);
    if (!target_compile(a, arena_copy(a, value), &grown[*count], reason))
        return false;
    *list = grown;
    *count += 1;
    return true;
}

ROW_COMPILER(compile_target)
{
    (void)row;
    return add_target(a, value, &p->targets, &p->target_count, reason);
}

ROW_COMPILER(compile_exclude)
{
    (void)row;
    return add_target(a, value, &p->excludes, &p->exclude_count, reason);
}

ROW_COMPILER(compile_precedence)
{
    return read_integer(a, row, value, &p->precedence, reason);
}

ROW_COMPILER(compile_version)
{
    unsigned v = 0;
    if (!read_integer(a, row, value, &v, reason))
        return false;
    p->allowed_versions |= 1u << v;
    return true;
}

static bool read_keyword(struct arena *a, const struct policy_attribute *row, const char *const *words, size_t count,
                         struct slice value, unsigned *index, struct slice *reason)
{
    return find_word(words, count, value, index) ||
           refuse(reason, arena_format(a, "expected one of: %s", row->keywords));
}
#define READ_KEYWORD(words, index)                                                                                     \
    read_keyword(a, row, (words), sizeof(words) / sizeof *(words), value, (index), reason)

ROW_COMPILER(compile_mode)
{
    unsigned index;
    if (!READ_KEYWORD(mode_names, &index))
        return false;
    p->mode = (enum policy_mode)index;
    return true;
}

ROW_COMPILER(compile_name_match)
{
    static const char *const words[] = {[MATCH_NONE] = "none",
                                        [MATCH_CN] = "cn",
                                        [MATCH_SAN] = "san",
                                        [MATCH_CN_AND_SAN] = "cn-and-san",
                                        [MATCH_CN_OR_SAN] = "cn-or-san"};
    unsigned index;
    if (!READ_KEYWORD(words, &index))
        return false;
    p->name_match = (enum name_match)index;
    return true;
}

ROW_COMPILER(compile_wildcard)
{
    static const char *const words[] = {"refuse", "allow"};
    unsigned index;
    if (!READ_KEYWORD(words, &index))
        return false;
    p->wildcard = index == 1;
    return true;
}

/* An attribute type without options: the union of plain and ;binary is taken anyway. */
static bool attribute_name_ok(struct slice word)
{
    for (size_t i = 0; i < word.n; i++) {
        uint8_t c = ascii_lower(word.p[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
            return false;
    }
    return word.n > 0;
}

static bool read_names(struct arena *a, struct slice value, const char *const **out, struct slice *reason)
{
    LIST_OF(const char *) names = {0};
    struct slice rest = value, word;
    while (slice_word(&rest, &word)) {
        if (!attribute_name_ok(word))
            return refuse(reason, arena_format(a, "expected attribute names separated by spaces, without options"));
        *LIST_ADD(a, &names) = (const char *)arena_copy(a, word).p;
    }
    if (names.count == 0 || names.count > 8)
        return refuse(reason, arena_format(a, "expected 1 to 8 attribute names separated by spaces"));
    *LIST_ADD(a, &names) = NULL;
    *out = names.items;
    return true;
}

ROW_COMPILER(compile_certificate_attribute)
{
    (void)row;
    return read_names(a, value, &p->certificate_attributes, reason);
}

ROW_COMPILER(compile_host_attribute)
{
    (void)row;
    return read_names(a, value, &p->host_attributes, reason);
}

static bool read_finding_check(struct arena *a, struct slice word, enum check_id *check, struct slice *reason)
{
    *check = check_find(word);
    if (*check != CHECK_COUNT)
        return true;
    return refuse(reason, arena_format(a, "no check has this name; expected \"<check> <action> [reason]\""));
}

ROW_COMPILER(compile_on_finding)
{
    (void)row;
    struct slice rest = value, word;
    enum check_id check;
    unsigned action;
    enum reason crl_reason = REASON_NONE;
    if (!slice_word(&rest, &word))
        return refuse(reason, slice_of("expected \"<check> <action> [reason]\""));
    if (!read_finding_check(a, word, &check, reason))
        return false;
    if (!slice_word(&rest, &word) || !FIND_WORD(action_names, word, &action))
        return refuse(reason, slice_of("the action is none of: report, reissue, revoke, reissue-then-revoke"));
    if (action != ACTION_REPORT && check_get(check)->reports_only)
        return refuse(reason, arena_format(a, "%s can only be reported: no new certificate would mend it",
                                           check_get(check)->name));
    if ((action == ACTION_REVOKE || action == ACTION_REISSUE_THEN_REVOKE) && !check_get(check)->may_revoke)
        return refuse(reason,
                      arena_format(a, "%s has no action that revokes: use report or reissue", check_get(check)->name));
    if (slice_word(&rest, &word) && !reason_find(word, &crl_reason))
        return refuse(reason, slice_of("the reason is none of: unspecified, keyCompromise, affiliationChanged, "
                                       "superseded, cessationOfOperation, privilegeWithdrawn"));
    if (slice_trim(rest).n)
        return refuse(reason, slice_of("text follows \"<check> <action> [reason]\""));
    if (p->on_finding[check].stated)
        return refuse(reason,
                      arena_format(a, "a second value for %s: one check has one action", check_get(check)->name));
    if (crl_reason == REASON_NONE && action == ACTION_REVOKE)
        crl_reason = REASON_UNSPECIFIED;
    if (crl_reason == REASON_NONE && action == ACTION_REISSUE_THEN_REVOKE)
        crl_reason = REASON_SUPERSEDED;
    p->on_finding[check].action = (enum action)action;
    p->on_finding[check].reason = crl_reason;
    p->on_finding[check].stated = true;
    return true;
}

ROW_COMPILER(compile_approval)
{
    (void)a;
    (void)row;
    static const char *const words[] = {"manual", "auto"};
    struct slice rest = value, type_word, how_word;
    unsigned type, how;
    if (!slice_word(&rest, &type_word) || !slice_word(&rest, &how_word) || slice_trim(rest).n ||
        !FIND_WORD(type_names, type_word, &type) || !FIND_WORD(words, how_word, &how))
        return refuse(reason, slice_of("expected \"reissue auto\", \"reissue manual\", \"revoke auto\" or "
                                       "\"revoke manual\""));
    p->automatic[type] = how == 1;
    return true;
}

ROW_COMPILER(compile_confirmations)
{
    return read_integer(a, row, value, &p->confirmations, reason);
}

ROW_COMPILER(compile_max_requests)
{
    return read_integer(a, row, value, &p->max_requests, reason);
}

ROW_COMPILER(compile_max_percent)
{
    return read_integer(a, row, value, &p->max_percent, reason);
}

ROW_COMPILER(compile_min_subjects)
{
    return read_integer(a, row, value, &p->min_subjects_percent, reason);
}

ROW_COMPILER(compile_retention)
{
    return read_integer(a, row, value, &p->retention_days, reason);
}

ROW_COMPILER(compile_release)
{
    (void)row;
    struct slice rest = value, revision, count_word, until;
    struct release r;
    if (!slice_word(&rest, &revision) || !slice_word(&rest, &count_word) || !slice_word(&rest, &until) ||
        slice_trim(rest).n || !hex_is(revision, revision.n / 2) || revision.n != 16 ||
        !slice_to_uint(count_word, UINT32_MAX, &r.count) || !gentime_read(until, &r.until_utc))
        return refuse(reason, slice_of("expected \"<policy revision> <count> <until>\", exactly as the hold names it "
                                       "(until is a Generalized Time such as 20300131120000Z)"));
    r.revision = arena_copy(a, revision);
    struct release *grown = ARENA_ARRAY(a, p->release_count + 1, struct release);
    if (p->release_count)
        memcpy(grown, p->releases, p->release_count * sizeof *grown);
    grown[p->release_count++] = r;
    p->releases = grown;
    return true;
}

/*
 * An attribute that turns on a check this version does not have.  To pass over it would call certificates good that
 * nobody looked at, so it disables the policy.
 */
ROW_COMPILER(compile_later)
{
    (void)a;
    (void)row;
    (void)value;
    (void)p;
    return refuse(reason, slice_of("this version does not have the check that this attribute turns on yet; remove it"));
}

#define LATER(n)                                                                                                       \
    {                                                                                                                  \
        .name = (n), .type = POLICY_LATER, .multi = true, .unit = "", .citation = "", .compile = compile_later         \
    }

/* clang-format off */
static const struct policy_attribute rows[] = {
    {.name = ATTR_TARGET, .type = POLICY_TARGET, .multi = true, .governs = true, .unit = "",
     .citation = "RFC 4516", .compile = compile_target},
    {.name = ATTR_EXCLUDE, .type = POLICY_TARGET, .multi = true, .governs = true, .unit = "",
     .citation = "RFC 4516", .compile = compile_exclude},
    {.name = ATTR_PRECEDENCE, .type = POLICY_INTEGER, .governs = true, .unit = "", .least = 0, .most = 1000000,
     .fallback = "100", .citation = "-", .compile = compile_precedence},
    {.name = ATTR_MODE, .type = POLICY_KEYWORD, .unit = "", .keywords = "off audit enforce", .fallback = "audit",
     .citation = "-", .compile = compile_mode},
    {.name = ATTR_CERTIFICATE_ATTRIBUTE, .type = POLICY_NAMES, .unit = "", .fallback = "userCertificate",
     .citation = "RFC 4523 section 4.1", .compile = compile_certificate_attribute},
    {.name = ATTR_HOST_ATTRIBUTE, .type = POLICY_NAMES, .unit = "", .fallback = "dNSHostName",
     .citation = "MS-ADA1 section 2.185", .compile = compile_host_attribute},
    {.name = ATTR_ALLOWED_VERSION, .type = POLICY_INTEGER, .multi = true, .unit = "", .least = 1, .most = 3,
     .citation = "RFC 5280 section 4.1.2.1", .compile = compile_version},
    {.name = ATTR_NAME_MATCH, .type = POLICY_KEYWORD, .unit = "", .keywords = "none cn san cn-and-san cn-or-san",
     .fallback = "none", .citation = "RFC 9525 section 6", .compile = compile_name_match},
    {.name = ATTR_WILDCARD, .type = POLICY_KEYWORD, .unit = "", .keywords = "refuse allow", .fallback = "refuse",
     .citation = "RFC 9525 section 6.3", .compile = compile_wildcard},
    {.name = ATTR_ON_FINDING, .type = POLICY_FINDING, .multi = true, .unit = "",
     .citation = "RFC 5280 section 5.3.1", .compile = compile_on_finding},
    {.name = ATTR_APPROVAL, .type = POLICY_APPROVAL, .multi = true, .unit = "",
     .keywords = "reissue auto, reissue manual, revoke auto, revoke manual", .citation = "-",
     .compile = compile_approval},
    {.name = ATTR_CONFIRMATIONS, .type = POLICY_INTEGER, .unit = "passes", .least = 1, .most = 1000,
     .fallback = "2", .citation = "-", .compile = compile_confirmations},
    {.name = ATTR_MAX_REQUESTS, .type = POLICY_INTEGER, .unit = "requests in 24 hours", .least = 0,
     .most = 100000000, .fallback = "100", .citation = "-", .compile = compile_max_requests},
    {.name = ATTR_MAX_PERCENT, .type = POLICY_INTEGER, .unit = "per cent of the subjects", .least = 0, .most = 100,
     .fallback = "10", .citation = "-", .compile = compile_max_percent},
    {.name = ATTR_MIN_SUBJECTS_PERCENT, .type = POLICY_INTEGER, .unit = "per cent of the last complete pass",
     .least = 0, .most = 100, .fallback = "90", .citation = "-", .compile = compile_min_subjects},
    {.name = ATTR_RELEASE, .type = POLICY_RELEASE, .multi = true, .unit = "", .citation = "RFC 4517 section 3.3.13",
     .compile = compile_release},
    {.name = ATTR_RETENTION_DAYS, .type = POLICY_INTEGER, .unit = "days", .least = 0, .most = 36500,
     .fallback = "90", .citation = "-", .compile = compile_retention},
    LATER(ATTR_RENEW_BEFORE),
    LATER(ATTR_MAX_VALIDITY),
    LATER(ATTR_MIN_RSA_BITS),
    LATER(ATTR_ALLOWED_CURVE),
    LATER(ATTR_ALLOWED_SIGNATURE),
    LATER(ATTR_KEY_USAGE),
    LATER(ATTR_REQUIRED_EKU),
    LATER(ATTR_FORBIDDEN_EKU),
    LATER(ATTR_ALLOW_CA),
    LATER(ATTR_ALLOWED_ISSUER),
    LATER(ATTR_TRUST_ANCHOR),
    LATER(ATTR_REVOCATION_CHECK),
    LATER(ATTR_CRL_MAX_AGE),
    LATER(ATTR_MAX_VALUES),
    LATER(ATTR_UNIQUE),
};
/* clang-format on */

const struct policy_attribute *policy_attributes(size_t *count)
{
    *count = sizeof rows / sizeof *rows;
    return rows;
}

bool request_type_find(struct slice name, enum request_type *type)
{
    unsigned index;
    if (!FIND_WORD(type_names, name, &index))
        return false;
    *type = (enum request_type)index;
    return true;
}
